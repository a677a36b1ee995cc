/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processes of one attach. nsattach stays outside, relays the terminal and signals,
 * and waits. Its child, the supervisor, stays outside as well: it leads the session, is
 * the command's parent, and kills the command should nsattach be killed. The command is
 * the only one inside.
 */
#ifndef NSATTACH_RUN_H
#define NSATTACH_RUN_H

#include <signal.h>
#include "attach.h"
#include "attach-tty.h"

struct note {			/* between nsattach and the supervisor, one a packet */
	enum {
		NOTE_PROBLEM,	/* value: step; error */
		NOTE_FAILURE,	/* value: step; error; types */
		NOTE_STARTED,	/* value: pid of the command */
		NOTE_STOPPED,	/* value: the signal */
		NOTE_ENDED,	/* value: as waitpid(2) says it */
		NOTE_SIGNAL,	/* to the supervisor. value: the signal; group: to all */
	} kind;
	int value, error;
	unsigned types;
	bool group;
};

struct run {
	struct attach *app;
	struct tty *tty;	/* NULL: no terminal is passed on */
	int supervisor;		/* the other end */
	sigset_t mask;		/* as it was when the program began */
};

/* In the fork that becomes it. */
void supervise(struct run *run) __attribute__((noreturn));

#endif
