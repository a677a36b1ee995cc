/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operands, opened before anything is scanned, and what is said where one is wrong.
 */
#ifndef NSTREE_TARGET_H
#define NSTREE_TARGET_H

#include "nstree.h"

/* One process, one namespace, or a set of them: of a pin that has several types. */
struct target {
	const char *word;
	char *own_word;		/* word, where it was found and not typed; else NULL */
	struct nsu_target *target;
};

struct targets {
	struct target *target;
	const struct nsu_target **handle; /* of each, as a scan takes them */
	size_t count, size;
	bool failed;		/* some word named nothing, and that was said */
	char pid[16];		/* the word that -p PID stands for */
};

/* -p PID and the operands; one that means many is each of these. 0 or negative errno. */
int targets_open(struct app *app, struct targets *targets);
void targets_close(struct targets *targets);
/* A picture in which all of them are found. NULL: that was said. */
struct nsu_snapshot *targets_scan(struct app *app, const struct targets *targets,
				  unsigned parts, unsigned types);
/* Exactly one of the two is set, the other NULL. On failure it says why, so of a set that
   it is several. */
int target_find(const struct app *app, const struct target *target,
		const struct nsu_snapshot *snap, const struct nsu_task **task,
		const struct nsu_ns **ns);
/* The namespaces of a set, or the one that the target is, by type. Their count; -ESRCH:
   it is a process. On other failure it says why. */
int target_list(const struct app *app, const struct target *target,
		const struct nsu_snapshot *snap,
		const struct nsu_ns *list[static NSU_TYPE_COUNT]);
bool target_is_set(const struct target *target);
/* As target_find(), of a set the namespace of this type, which a message calls so. */
int target_find_type(const struct app *app, const struct target *target,
		     const struct nsu_snapshot *snap, enum nsu_type type,
		     const struct nsu_task **task, const struct nsu_ns **ns);
/* The user namespace of a set, or the one that owns the others; NULL: unread. */
const struct nsu_ns *target_get_user(const struct target *target,
				     const struct nsu_snapshot *snap);
/* Some of them is a namespace. */
bool targets_name_ns(const struct targets *targets);
/* Says that --type leaves out the namespace, NULL: all of a set; -ENOENT. */
int target_other_type(const struct app *app, const char *word, const struct nsu_ns *ns);
/* Says that a target cannot be shown, in the words of its error. */
void target_complain(const struct app *app, const struct target *target, int error);

#endif
