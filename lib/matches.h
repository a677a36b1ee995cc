/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words for containers, pods and units: match-words.c understands them, matches.c finds
   what they mean. */
#ifndef NSI_MATCHES_H
#define NSI_MATCHES_H

#include "container.h"

enum nsi_query_kind {
	QUERY_ENGINE,		/* docker:web */
	QUERY_CRI,		/* cri:1b6dc0f2e8aa */
	QUERY_POD,		/* pod:shop/cart/envoy */
	QUERY_UNIT,		/* unit:nginx.service */
	QUERY_IMAGE,		/* image:nginx */
	QUERY_NAME,		/* web */
};

struct nsi_query {
	enum nsi_query_kind kind;
	const char *word;	/* all of it */
	size_t prefix_length;	/* ENGINE: that of "docker" */
	const char *rest;	/* what follows the colon */
	bool many;		/* all that begin so */
};

/* How well something fits; the best of what fits is meant. */
enum nsi_rank { RANK_NONE, RANK_ID, RANK_NAME };

/* -EINVAL: no word of this kind. Bare names are of it. */
int nsi_query_parse(const char *word, struct nsi_query *ret);
enum nsi_rank nsi_query_rank(const struct nsi_query *query,
			     const struct nsu_container *container);
/* unit: as a service manager calls it. */
enum nsi_rank nsi_query_rank_unit(const struct nsi_query *query, const char *unit);

/* A picture in which names are looked up. */
int nsi_matches_scan(struct nsu_ctx *ctx, struct nsu_snapshot **ret);
/* The containers, pods and units that a query means. -ENOENT: none. */
int nsi_matches_find(const struct nsu_snapshot *snap, const struct nsi_query *query,
		     struct nsu_matches **ret);
/* All of them are in the same namespaces, so that it does not matter which is meant. */
bool nsi_matches_agree(const struct nsu_matches *matches);
/* Nothing but containers within others is called so: no fact gives way to that. */
bool nsi_matches_are_claims(const struct nsu_matches *matches);
/* The context of one that nsu_matches_get() gave. */
struct nsu_ctx *nsi_match_ctx(const struct nsu_match *match);

#endif
