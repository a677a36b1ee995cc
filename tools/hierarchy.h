/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hierarchy.c has the tree, hierarchy-rows.c what stands in each line of it. */
#ifndef NSTREE_HIERARCHY_H
#define NSTREE_HIERARCHY_H

#include "grid.h"

enum init_state { INIT_UNKNOWN, INIT_LIVES, INIT_ENDED };

struct entry {
	const struct nsu_ns *ns;
	struct entry *above;	/* NULL: nothing is */
	const struct nsu_task *task; /* its init, or its oldest task; NULL: none */
	const char *name;	/* of task, borrowed from the cache */
	enum init_state init_state; /* of a pid namespace */
	size_t children;
	struct entry *fold;	/* counted with this one */
	size_t folded;		/* how many are counted here */
	size_t fold_processes, fold_zombies;
	bool needed, host;
	long row;		/* -1: none yet */
};

struct hierarchy {
	struct app *app;
	const struct nsu_snapshot *snap;
	struct shown_cache *cache;
	struct grid *grid;
	struct nsu_binds *binds; /* NULL: not wanted, or not readable */
	unsigned types;		/* to show */
	unsigned skeleton;	/* to show where one of those hangs from it */
	enum tree_mode mode;
	struct entry *entry;	/* by address of the namespace */
	struct entry **order;
	size_t count;
};

/* Finds e->task and e->name. */
enum init_state hierarchy_find_init(struct hierarchy *h, struct entry *e);
/* The namespace of the same type that the nearest ancestor outside it is in. */
const struct nsu_ns *hierarchy_find_outer(struct hierarchy *h, const struct nsu_ns *ns);
struct grid *hierarchy_grid(const struct hierarchy *h);
void hierarchy_fill(struct hierarchy *h, const struct entry *e);

/* "0+65536 = 100000", of a longer map the first line and " +3", "all ids", "none", "?";
   malloc'ed. all: every line, separated by ", ". */
char *idmap_text(const struct nsu_ns *user, bool gid, bool all);

#endif
