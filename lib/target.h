/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a target word was understood as: target-words.c makes it, target.c finds it in a
   picture, hold.c opens it. */
#ifndef NSI_TARGET_H
#define NSI_TARGET_H

#include "nsi.h"
#include "pin.h"

enum nsi_form { FORM_TASK, FORM_HOST, FORM_NS, FORM_INODE, FORM_ID, FORM_INNER,
		FORM_SET };

/* What a process was named by. */
enum nsi_by { BY_NUMBER, BY_CONTAINER, BY_POD, BY_UNIT };

struct nsu_target {
	struct nsu_ctx *ctx;
	enum nsi_form form;
	enum nsi_by by;			/* TASK */
	char *word;			/* TASK, but BY_NUMBER: what means it alone */
	pid_t pid;			/* TASK, and INNER: the number inside */
	uint64_t number;		/* NS, INODE: inode; ID: id */
	enum nsu_type type;		/* NS */
	/* TASK: /proc/PID, which keeps "ended" and "another's" apart. NS by a path: the
	   namespace. */
	int fd;
	struct nsi_pinned set;		/* SET: more than one */
	struct nsu_target *outer;	/* INNER: where that number counts */
};

static inline bool nsi_target_is_task(const struct nsu_target *target)
{
	return target->form == FORM_TASK || target->form == FORM_HOST ||
	       target->form == FORM_INNER;
}
/* The namespace of this type that it holds open, borrowed; -1: it holds none. */
int nsi_target_get_fd(const struct nsu_target *target, enum nsu_type type,
		      uint64_t *ret_inode);
/* As nsu_target_new(), but a name is only that of a pin or in /run/netns: nothing is
   scanned. */
int nsi_target_new_direct(struct nsu_ctx *ctx, const char *word, struct nsu_target **ret);
/* The word names nothing directly: matches.h has what it may mean. */
bool nsi_target_is_name(const char *word);
/* By this very descriptor. */
bool nsi_target_holds(const struct nsu_target *target, int fd, uint64_t inode);

#endif
