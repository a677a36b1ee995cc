/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Situations in which a namespace is kept alive by one thing alone. Each holder notes
 * itself as nstree has to tell it; in the line of JSON that is
 *
 *	"holders":[{"of":"net:[1]","kind":"fd","pid":2,"tid":2,"fd":3}, ...]
 *
 * where numbers are those of /proc and what does not apply is left out. A namespace that
 * nothing can find has a holder without a kind.
 */
#ifndef HELD_H
#define HELD_H

#include "nsfix.h"

#define LINK_SIZE 32

struct holder {
	const char *kind;	/* as nsu_holder_get_name() has them: a literal */
	char of[LINK_SIZE];	/* what it keeps: "net:[4026531840]" */
	int pid, tid, fd;
	uint64_t socket;
	char path[96];		/* a mount: where */
	char in[LINK_SIZE];	/* a mount: in which mount namespace */
	char ns[LINK_SIZE];	/* the child or owned namespace that holds it */
};

#define HOLDERS 64

struct board {			/* shared by all processes of a situation */
	unsigned int count;
	int left;		/* a descriptor that a child left to its parent */
	char text[LINK_SIZE];	/* what one of them tells another */
	struct holder holders[HOLDERS];
};

/* Builds a situation of a process with `tasks` reports; prints tasks and holders. */
int held_build(struct fix *f, unsigned int flags, fix_body *body, size_t tasks);

/* For bodies, which a failure ends. */
/* The text of the caller's own link, of a descriptor's; LINK_SIZE bytes. */
void held_own(struct fix *f, const char *type, char *ret);
void held_link(struct fix *f, int fd, char *ret);
struct holder *held_note(struct fix *f, const char *kind, const char *of);
struct holder *held_note_task(struct fix *f, const char *kind, const char *of);
struct holder *held_note_fd(struct fix *f, const char *kind, const char *of, int fd,
			    bool own_table);
void held_note_ns(struct fix *f, const char *kind, const char *of, const char *ns);
/*
 * A descriptor of a namespace that nobody is in: a child in new namespaces `flags` calls
 * `inside`, opens `link` ("ns/net", or any file below its directory in /proc, or an
 * absolute path) and ends.
 */
int held_new(struct fix *f, unsigned int flags, const char *link,
	     void (*inside)(struct fix *f));

#endif
