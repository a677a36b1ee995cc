/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the views print alike: numbers, namespaces, users, the field of eight letters. */
#ifndef NSTREE_VIEW_H
#define NSTREE_VIEW_H

#include "nstree.h"

/* "net:[4026531840]"; in buf. */
#define NS_TEXT_SIZE 40
const char *view_ns(char buf[static NS_TEXT_SIZE], const struct nsu_ns *ns);

/* "4711/1", or with every level "4711/12/1"; malloc'ed, NULL: no memory. */
char *view_pids(const struct nsu_task *task, bool every_level);
/* "nginx (4711/1)"; malloc'ed. */
char *view_process(struct shown_cache *cache, const struct nsu_task *task,
		   bool every_level);

/* The age of what is shown; "?" if it is unknown. */
const char *view_age(char buf[static 16], const struct nsu_snapshot *snap,
		     const struct shown *shown);
/* The user: by name where the host's database holds, else the number, 0 is root. */
const char *view_user(char buf[static 64], const struct app *app,
		      const struct nsu_snapshot *snap, const struct nsu_task *task,
		      const struct shown *shown);

/* The caller's process in the picture, NULL: not there. */
const struct nsu_task *view_self(const struct app *app, const struct nsu_snapshot *snap);
/* A namespace of a task, NULL: none or unread; task may be NULL. */
const struct nsu_ns *view_task_ns(const struct nsu_task *task, enum nsu_type type);
/* A namespace of a sandbox, NULL: the kernel lacks the type. */
const struct nsu_ns *view_box_ns(const struct nsu_sandbox *box, enum nsu_type type);
/* The namespace of the reference, NULL: unread. */
const struct nsu_ns *view_host_ns(const struct nsu_snapshot *snap, enum nsu_type type);
/* Who stands for the tasks of a namespace or sandbox, which are sorted by tid: the lowest
   number inside its pid namespace, so that a command run in a container later does not,
   whatever number it was given here. NULL: there is none. */
const struct nsu_task *view_first_of_ns(const struct nsu_ns *ns);
const struct nsu_task *view_first_of_box(const struct nsu_sandbox *box);
/* The first process of a pid namespace. -ENOENT: has ended; -ENODATA: unknown. A zombie
   is given as the task it is. */
int view_init(const struct nsu_snapshot *snap, const struct nsu_ns *pidns,
	      const struct nsu_task **ret);
/* The init has ended: nothing can start in the namespace any more. */
bool view_init_ended(const struct nsu_snapshot *snap, const struct nsu_ns *pidns);
/* "m4 u2 i1" of what a user namespace owns, its children as U; "-": nothing. malloc'ed.
 */
char *view_owns(const struct nsu_ns *user);
/* From how many on zombies are worth a word. */
#define MANY_ZOMBIES 10
/* The index of the first of the sorted binds whose inode is not below this one. */
size_t view_first_bind(const struct nsu_binds *binds, uint64_t inode);
/* Every task was read, whatever else was not: which namespaces have none is known. */
bool view_knows_tasks(const struct nsu_snapshot *snap);
/* No process is in it, not even an ended one. */
bool view_is_orphan(const struct nsu_ns *ns);
/* "blue" for a network namespace that is named in /run/netns; borrowed, not escaped. */
const char *view_netns_find(const struct nsu_binds *binds, const struct nsu_ns *net);
/* "netns:blue" for a network namespace that is named in /run/netns, as a target word;
   escaped, malloc'ed. NULL: it is not, or no memory. binds may be NULL. */
char *view_netns_name(const struct app *app, const struct nsu_binds *binds,
		      const struct nsu_ns *net);
/* "pin:blue" where the path of a mount is in the store of root's pins, as it is seen from
   here; in buf. NULL: it is not. */
#define PIN_WORD_SIZE 256
const char *view_pin_word(char buf[static PIN_WORD_SIZE], const char *path);
/* "netns:blue", "pin:blue/net": by a mount that the binds tell of. malloc'ed; NULL: it
   has no name, or no memory. */
char *view_ns_name(const struct app *app, const struct nsu_binds *binds,
		   const struct nsu_ns *ns);
/* Some line is broad enough for the columns that 80 columns have no room for. */
bool view_is_wide(const struct app *app, int columns);
/* Says that a view failed; returns the exit status 1. */
int view_failed(const struct app *app, int error);

/* The positive errno of a source's refusal; 0: it was used, or not asked for. */
int view_refused(const struct nsu_snapshot *snap, const char *source);

/* whose.c. The innermost container of a task, NULL: none; task may be NULL. */
const struct nsu_container *view_task_container(const struct nsu_task *task);
/* The one, or the pod, that all its members that are in any are in, else that of the
   first; never of the host's. NULL: none. */
const struct nsu_container *view_ns_container(const struct nsu_snapshot *snap,
					      const struct nsu_ns *ns);
/* It is the other one, or lies within it or that pod; inner may be NULL. */
bool view_is_within(const struct nsu_container *inner, const struct nsu_container *outer);
/* The service that the whole sandbox is of, and that has nothing outside of sandboxes;
   not escaped, borrowed. NULL: none. */
const char *view_box_unit(const struct nsu_snapshot *snap, const struct nsu_sandbox *box);
/* What follows the word of a container of which another one tells. */
#define VIEW_CLAIMED " (claimed)"
/* The pod has a name, by which it can be told. */
bool view_names_pod(const struct nsu_container *pod);
/* "docker:web", "pod:shop/cart/envoy", of a claim with VIEW_CLAIMED; "unit:x.service".
   All of these are escaped and malloc'ed; NULL: no memory, of the latter two also that it
   is nobody's. */
char *view_container_word(const struct output *out,
			  const struct nsu_container *container);
char *view_unit_word(const struct output *out, const char *unit);
char *view_task_whose(const struct output *out, const struct nsu_task *task);
char *view_ns_whose(const struct output *out, const struct nsu_snapshot *snap,
		    const struct nsu_ns *ns);
/* The same of one of its texts; NULL: also that it is not known. */
char *view_container_text(const struct output *out, const struct nsu_container *container,
			  enum nsu_container_text what);
/* "/envoy": what its pod calls a container, of Podman its name; malloc'ed. NULL: not
   known, or no memory. */
char *view_name_in_pod(const struct output *out, const struct nsu_container *container);

#endif
