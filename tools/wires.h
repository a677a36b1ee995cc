/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nstree --net: wires.c says which links are one wire and which hangs from which,
 * wires-narrow.c what words leave of it, wires-out.c prints it, wires-dot.c draws it.
 */
#ifndef NSTREE_WIRES_H
#define NSTREE_WIRES_H

#include "networks.h"

#define NO_WIRE SIZE_MAX

/* A link. */
struct wire {
	struct network *network;
	const struct nsu_link *link;
	size_t far;		/* where it leads; NO_WIRE: nowhere, or far_error */
	int far_error;		/* as of nsu_wiring_find_end() */
	const struct network *under; /* of a tunnel bound to no link: whose packets it
				   sends, where that is another's; NULL: no such */
	bool pair;		/* the other end leads back: both are one wire */
	bool hidden;		/* shown by the other end */
	bool idle;		/* lo, or what the kernel puts into each namespace: not of
				   interface */
	size_t parent;		/* the line it hangs from; NO_WIRE: the namespace */
	bool wanted, needed;	/* by the words: itself; by a line below it */
	bool whole;		/* wanted with all that hangs from it */
};

struct wires {
	struct networks *nets;
	struct wire *list;	/* by namespace, as in nets, then by index */
	size_t count;
	size_t *first;		/* of each of nets; one more for the end */
	bool narrow;		/* words were given, */
	bool link_local;	/* and link-local addresses among them */
};

int wires_new(struct networks *nets, struct wires *ret);
void wires_free(struct wires *wires);
/* The line that shows a link: its own, or that of the other end. */
size_t wires_shown(const struct wires *wires, size_t wire);
/* Nothing but what every namespace has. */
bool wires_are_idle(const struct wires *wires, const struct network *network);

/* Marks what the words mean; says of each that means nothing. 0, or ANSWER_NO, 1. */
int wires_narrow(struct wires *wires, struct net_words *words);
/* Each 0 or negative errno. */
int wires_print(const struct wires *wires);
int wires_draw(const struct wires *wires);

#endif
