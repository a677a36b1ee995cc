/* SPDX-License-Identifier: GPL-2.0-or-later */
/* containers.c prints what containers-choose.c has chosen. */
#ifndef NSTREE_CONTAINERS_H
#define NSTREE_CONTAINERS_H

#include "nstree.h"

/* A container and the line that it hangs from. */
struct below {
	const struct nsu_container *above; /* its pod, else its outer one; NULL: none */
	const struct nsu_container *container;
	bool chosen;		/* has a line that hangs from none */
};

struct containers_view {
	struct app *app;
	struct nsu_snapshot *snap;
	struct shown_cache *cache;
	struct grid *grid;
	struct below *below;	/* sorted by above, then by word; no pause containers */
	size_t count;
};

/* Scans and chooses by the operands. The exit status; what is wrong it says. */
int containers_choose(struct containers_view *v);
/* The first that hangs from it; those that follow may hang from another. */
size_t containers_first_below(const struct containers_view *v,
			      const struct nsu_container *container);

/* "running", "paused", "init ended". usage NULL: unread. */
const char *container_state(const struct nsu_snapshot *snap,
			    const struct nsu_container *container,
			    const struct nsu_cgroup *usage);
/* Where the limits are set that come from above it: "kubepods.slice: mem, tasks".
   malloc'ed; NULL: none does. */
char *container_set_at(const struct output *out, const struct nsu_container *container,
		       const struct nsu_cgroup *usage);

#endif
