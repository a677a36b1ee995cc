/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions: one long option with the value that is asked about; operands are the targets
   that it is asked of. */
#ifndef NSTREE_ASK_H
#define NSTREE_ASK_H

#include "cli.h"
#include "nstree.h"

#define ANSWER_NO 4		/* exit status: may not, differs, nobody */

/* --uid, --gid: a number, or a name of the host's database. 0, or -EINVAL when it has
   told what is wrong. */
int ask_parse_id(const struct cli *cli, struct opts *opts, bool gid, const char *arg);

/* The map of a user namespace: ids inside and here. */
struct ask_map {
	bool same;		/* it is the caller's own: nothing to translate */
	struct nsu_id_range *range;
	ssize_t count;		/* negative errno: could not be read */
};
/* home: the caller's own user namespace, NULL: unknown. */
void ask_map_read(struct ask_map *map, const struct nsu_ns *user,
		  const struct nsu_ns *home, bool gid);
void ask_map_free(struct ask_map *map);
/* 0; -ENOENT: it has none there; or why the map could not be read. */
int ask_map_outside(const struct ask_map *map, uint32_t inside, uint32_t *ret);
int ask_map_inside(const struct ask_map *map, uint32_t outside, uint32_t *ret);

/* The caller's own user namespace, as far as it can be told. NULL: it cannot. */
const struct nsu_ns *ask_home(const struct app *app, const struct nsu_snapshot *snap);
/* The name of an id here where the database has one, else NULL. */
const char *ask_id_name(uint32_t id, bool gid);
/* What is shown of an id that has no number in a user namespace: 65534. */
uint32_t ask_overflow_id(const struct app *app, bool gid);
/* The namespaces of a type: `first`, then those with the oldest tasks, then those
   without. malloc'ed; NULL: no memory. */
const struct nsu_ns **ask_list(const struct nsu_snapshot *snap, enum nsu_type type,
			       const struct nsu_ns *first, size_t *ret_count);
/* "4711/1 nginx", "host", "no process"; malloc'ed. */
char *ask_place(const struct nsu_snapshot *snap, struct shown_cache *cache,
		const struct nsu_ns *ns);

#endif
