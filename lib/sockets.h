/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which network namespaces sockets are in: sockets.c wants to know, ask.c asks. */
#ifndef NSI_SOCKETS_H
#define NSI_SOCKETS_H

#include <poll.h>
#include "builder.h"

#define NSI_PEEK_DATA		(64 << 10)
#define NSI_PEEK_CONTROL	(8 << 10)
#define NSI_HELD		32

/* What came of a candidate. */
struct nsi_answer {
	uint64_t ns;			/* inode of its network namespace, 0: not known */
	int error;			/* why not; 0: it was none */
	bool stuck;			/* the child got no further than this */
};

/* Written by the child, read by its parent when that has ended, or does not go on. */
struct nsi_shared {
	size_t at;			/* the candidate that it is with */
	bool done;
	struct nsi_answer answers[];
};

struct nsi_asking {
	struct nsi_builder *b;
	struct nsi_shared *shared;
	size_t shared_size;
	struct nsi_idmap sockets;	/* inode -> the first candidate that shows it */
	size_t first;			/* where to begin */
	dev_t device;			/* of nsfs */
	/* Of the child, which cannot allocate. */
	struct nsi_idmap cookies;	/* -> inode of the network namespace */
	struct nsi_idmap sent;		/* inodes of namespaces that the parent has got */
	char *peek;			/* NSI_PEEK_DATA + NSI_PEEK_CONTROL */
	int fd, self;
	int turn;			/* at messages; 0: not asked for; -1: not had */
	size_t strange;			/* files that it has not closed */
	struct pollfd held[NSI_HELD];	/* UNIX sockets that wait to be looked into */
	size_t held_as[NSI_HELD], held_count;	/* their candidates */
};

/* What the child says of a namespace, with a descriptor where that is a new one. */
struct nsi_word {
	uint64_t ns;
	size_t candidate;
	enum nsu_type type;
	bool in_message;
};

static inline size_t nsi_end_of_table(const struct nsi_builder *b, size_t i)
{
	const struct nsi_candidate *c = b->candidates;
	size_t end = i + 1;

	while (end < b->candidate_count && c[end].pid == c[i].pid &&
	       c[end].tid == c[i].tid)
		end++;
	return end;
}

/* Where the answer about a candidate is. */
static inline struct nsi_answer *nsi_answer_of(const struct nsi_asking *a, size_t i)
{
	uint64_t socket = a->b->candidates[i].socket;

	return &a->shared->answers[socket ? nsi_idmap_find(&a->sockets, socket) : i];
}

/* sockets.c: whether this kernel, and whoever guards it, lets sockets be asked: 0 or a
   negative errno. Tries it on the caller's own; tells what there is. *ret_cookie: that of
   the caller's own network namespace, 0: not known. */
int nsi_sockets_check(struct nsu_ctx *ctx, uint64_t *ret_cookie);

/* ask.c, which runs in a courier: the body of that, data is a struct nsi_asking. */
void nsi_ask_candidates(int fd, void *data);
/* A pidfd by which a table of descriptors can be reached. -EOPNOTSUPP: of a thread, and
   the kernel has none for these. */
int nsi_open_table(pid_t pid, pid_t tid);

#endif
