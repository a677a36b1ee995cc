/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A visit: a courier goes into a namespace, looks at something there and sends what it
 * saw. Each of its messages is a struct that begins with an int: 0, or a negative errno,
 * and then nothing else of it is meant.
 */
#ifndef NSI_VISIT_H
#define NSI_VISIT_H

#include "courier.h"

#define NSI_VISIT_PATIENCE 1000		/* ms for each message */

struct nsi_visit {
	/* In the child, inside: looks and sends. A negative errno is sent for it. Only
	   what is async-signal-safe may be called. */
	int (*look)(struct nsi_visit *visit);
	void *data;
	/* the rest is filled in */
	enum nsu_type type;
	int ns;
	int procfs;		/* that of the context, held from before */
	int out;
};

/* Errors as those of "Facts by type" in nsutil.h; of entering they come as a message. */
int nsi_visit_start(struct nsu_ctx *ctx, const struct nsu_ns *ns, struct nsi_visit *visit,
		    struct nsi_courier *ret);
/* By a descriptor, which stays the caller's. */
int nsi_visit_start_fd(struct nsu_ctx *ctx, int fd, enum nsu_type type,
		       struct nsi_visit *visit, struct nsi_courier *ret);
/* The next message, which must have that size; fds may come with it where parcel is not
   NULL. Returns what the message says, or why there is none. */
int nsi_visit_receive(struct nsi_courier *courier, void *message, size_t size,
		      struct nsi_parcel *parcel);
/* All of it for one message. */
int nsi_visit_ask(struct nsu_ctx *ctx, const struct nsu_ns *ns, struct nsi_visit *visit,
		  void *message, size_t size, struct nsi_parcel *parcel);

#endif
