/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All network namespaces of a snapshot: wiring-read.c reads them one by one,
 * wiring-ends.c finds out where their links lead to, wiring-owners.c whose sockets are.
 */
#ifndef NSI_WIRING_H
#define NSI_WIRING_H

#include "net.h"

struct nsi_wired {
	const struct nsu_ns *ns;
	struct nsu_net *net;		/* NULL: see error */
	int error;
};

struct nsi_owner {
	uint64_t socket;
	uint32_t task;			/* in nsu_snapshot.tasks */
};

struct nsu_wiring {
	const struct nsu_snapshot *snap;
	struct nsi_wired *nets;		/* in the order of the snapshot */
	size_t count;
	struct nsi_owner *owners;	/* by socket, then task */
	size_t owner_count, owner_size;
	bool lacks_owners;
	size_t questions;		/* that it took to find the ends */
};

/* Each returns 0, or the negative errno for which there is no wiring at all. */
int nsi_wiring_read(struct nsu_wiring *wiring, const struct nsu_wiring_options *opts);
int nsi_wiring_join(struct nsu_wiring *wiring, const struct nsu_wiring_options *opts);
int nsi_wiring_find_owners(struct nsu_wiring *wiring,
			   const struct nsu_wiring_options *opts);

static inline bool nsi_wiring_is_cancelled(const struct nsu_wiring_options *opts)
{
	return opts->cancel && *opts->cancel;
}

#endif
