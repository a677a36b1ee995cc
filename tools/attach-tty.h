/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pseudo-terminal between the user's terminal, which stays outside, and a command.
 * attach-tty.c: what it is and in which mode; attach-relay.c: what goes through it.
 */
#ifndef NSATTACH_TTY_H
#define NSATTACH_TTY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#define TTY_AUTO	~0u	/* wanted: the descriptors that are terminals */
#define TTY_BUFFER	65536
#define TTY_EVENTS	3

struct tty_flow {		/* from start to end in data is what waits */
	size_t start, end;
	char data[TTY_BUFFER];
};

/*
 * 128 KiB: not for a small stack. Both processes have it after a fork; only one calls
 * anything but tty_restore_by(). Descriptors are close-on-exec, -1: none.
 */
struct tty {
	int master;
	int slave;		/* for the command; the relay closes it after the fork */
	int terminal;		/* the user's, the first of 0, 1, 2 that is one */
	int in, out;		/* in may be the same as terminal */
	unsigned slaves;	/* bit n: the command's descriptor n is the slave */
	size_t out_most;	/* what one write(2) to out takes without blocking */
	bool full;		/* 0 and 1 are the terminal: no pipeline uses it too */
	bool started;
	bool reads;		/* in is for us to read now */
	bool raw;		/* the terminal sends keys, not lines */
	bool changed;		/* its modes are not saved but applied, by us */
	bool in_ended, out_gone, told_gone, ended;
	char last;		/* read from in */
	size_t pulled;		/* bytes, from the master so far */
	struct termios saved, applied;
	struct tty_flow keys, output;
};

enum {				/* what tty_step() tells; may be both */
	TTY_END = 1,		/* the slave is closed, and all it gave was written */
	TTY_GONE = 2,		/* the user's terminal or pipe is: once, for a SIGHUP */
};

/*
 * wanted: TTY_AUTO, or bit n for each descriptor that is to be the slave. 1: there is a
 * pseudo-terminal; 0: nothing is to be one, and there is none. A negative errno.
 */
int tty_open(struct tty *tty, unsigned wanted);
void tty_close(struct tty *tty);

/* Takes over the modes of the terminal as far as they are needed, now and from then on.
   To be called again after SIGCONT. */
int tty_start(struct tty *tty);
/* Gives the terminal back as it was, e.g. before the process stops itself. */
int tty_stop(struct tty *tty);
/* After SIGWINCH. */
int tty_resize(struct tty *tty);

/* One turn of a loop: fills fds[TTY_EVENTS], returns their number. */
int tty_events(struct tty *tty, struct pollfd *fds);
/* Milliseconds that poll(2) may wait at most; -1: no end. To ask after tty_events. */
int tty_timeout(const struct tty *tty);
/* After poll(2), with the same fds. A mask of TTY_*; a negative errno. */
int tty_step(struct tty *tty, const struct pollfd *fds, int count);
/* SIGINT, SIGQUIT or SIGTSTP came from the keyboard: the foreground of the slave gets it,
   or its character where that is a key like others. false: it came another way. */
bool tty_signal(struct tty *tty, int sig);
/* After the command's end: writes all that it left and gives the terminal back. Waits
   where the output is stopped: -EINTR once wake, a descriptor or -1, can be read; it may
   be called again. */
int tty_drain(struct tty *tty, int wake);

/* In another process, when the one that relays was killed: gives the terminal back if it
   still has the modes that this leaves behind. Signal-safe. */
int tty_restore_by(const struct tty *tty);

/* Between the two files: looks at whose the terminal is and what the slave wants. */
void tty_settle(struct tty *tty);
/* The process may read the terminal and change its modes without being stopped. */
bool tty_in_front(const struct tty *tty);

#endif
