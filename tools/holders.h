/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keeps a namespace alive, sorted by kind and in words. */
#ifndef NSTREE_HOLDERS_H
#define NSTREE_HOLDERS_H

#include "nstree.h"

struct held {
	struct nsu_holder holder;
	size_t order;
	size_t more;		/* further descriptors of the same socket */
};

struct holder_words;

/* All of a namespace. A socket is one holder however many descriptors show it. */
struct holders {
	struct held *held;	/* by kind, then in the library's order */
	size_t count;
	size_t first[NSU_HOLDER_COUNT + 1]; /* where each kind begins in it */
};

/* What words are made of. */
struct holder_words {
	struct app *app;
	const struct nsu_snapshot *snap;
	struct shown_cache *cache;
	/* whose the namespace is: that is not said of each holder; NULL: nobody's */
	const struct nsu_container *container;
};

/* Without what the tool itself has open, mostly descriptors of the shell that it was
   started from, unless nothing else is left. 0 or -ENOMEM. holders_free() takes one of
   zeroes, too. */
int holders_get(const struct app *app, const struct nsu_ns *ns, struct holders *ret);
void holders_free(struct holders *holders);
/* Of the mounts those in the caller's mount namespace come first. */
void holders_own_first(const struct holder_words *words, struct holders *holders);

/* "2 mounts", as the head of a line of that kind; in buf. */
const char *holders_head(char buf[static 32], enum nsu_holder_kind kind, size_t count);
/* What follows such a head: "27 of 912 dockerd"; of a mount the path alone. Read now
   where it is a socket. malloc'ed, fit to print, NULL: no memory. */
char *holder_text(const struct holder_words *words, const struct held *held);
/* The same without a head: "descriptor 27 of 912 dockerd". */
char *holder_phrase(const struct holder_words *words, const struct held *held);
/* "in mnt:[4026531841], host"; malloc'ed. */
char *holder_place(const struct holder_words *words, const struct nsu_holder *mount);
/* What was not searched for holders, "" if nothing. malloc'ed, NULL: no memory. */
char *holders_unsearched(const struct nsu_snapshot *snap);

#endif
