/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A courier: a short-lived child process that goes where this process must not (into a
 * namespace, or among the files of a stranger, where any call may hang) and sends back
 * messages of a few bytes, each with up to NSI_COURIER_FDS descriptors.
 */
#ifndef NSI_COURIER_H
#define NSI_COURIER_H

#include "nsi.h"

#define NSI_COURIER_FDS	16	/* with one message */

struct nsi_courier {
	struct nsu_ctx *ctx;
	pid_t pid;
	int pidfd;			/* -1: this kernel has none */
	int fd;				/* our end */
};

struct nsi_parcel {			/* what came */
	size_t length;			/* of the text */
	int fds[NSI_COURIER_FDS];	/* the receiver's */
	size_t fd_count;
};

/*
 * Forks; body runs in the child, whose end is its return. It ends with this process, and
 * raises no SIGCHLD. Since this process may have other threads, body calls nothing but
 * what is async-signal-safe: no malloc, no stdio. It has copies of all our memory and
 * descriptors. ctx is to know those that do not end, NULL: no one does. -EAGAIN: they
 * are too many. -EOPNOTSUPP: children of ours are in another pid namespace.
 */
int nsi_courier_start(struct nsu_ctx *ctx, struct nsi_courier *ret,
		      void (*body)(int fd, void *data), void *data);
/*
 * Child, before it does what may hang: closes all but what it needs. What it keeps open
 * while the kernel does not let it go, others wait for: a pipe for its end, a lock.
 */
void nsi_courier_keep(int *keep, size_t count);
/* Child: sends. Returns 0 or a negative errno; -EPIPE: no one listens any more. */
int nsi_courier_send(int fd, const void *text, size_t length, const int *fds,
		     size_t fd_count);
/*
 * The next message. 1: here it is; 0: the child has ended, or closed its end. -ETIMEDOUT:
 * nothing came for so long: end it. The text is cut to size.
 */
int nsi_courier_receive(struct nsi_courier *courier, void *text, size_t size,
			struct nsi_parcel *ret, int milliseconds);
void nsi_parcel_close(struct nsi_parcel *parcel);
/* Kills the child if it is still there and waits for it, but not for one that the kernel
   does not let go: that one ends by itself when what holds it up is gone, and
   nsi_courier_reap() waits for it, as does the start of the context's next. */
void nsi_courier_end(struct nsi_courier *courier);
/* Waits for all that have ended since. */
void nsi_courier_reap(struct nsu_ctx *ctx);

#endif
