/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the card of a container. */
#ifndef NSTREE_CARD_CONTAINER_H
#define NSTREE_CARD_CONTAINER_H

#include "card.h"

struct container_card {
	struct app *app;
	const struct nsu_snapshot *snap;
	struct shown_cache *cache;
	const struct nsu_container *container;
	const struct nsu_task *init;	/* NULL: none is left */
	struct nsu_cgroup usage;
	int usage_error;		/* negative errno: usage is not known */
};

/* card-usage.c: what its cgroup uses and may, a line each. */
void card_usage(const struct container_card *card);
/* card-shared.c. The table of its namespaces, and who else is in them; of a pod that of
   its containers. 0 or negative errno. */
int card_shared(const struct container_card *card);
int card_members(const struct container_card *card);

#endif
