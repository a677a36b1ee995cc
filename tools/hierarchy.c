/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nstree -t TYPE: user and pid namespaces below their parents, those of other types below
 * the user namespace that owns them; -T chooses another tree.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"
#include "hierarchy.h"
#include "view.h"

#define USERS (1U << NSU_USER)
#define PIDS (1U << NSU_PID)

/* What stands above a namespace in this tree; NULL: nothing does. */
static const struct nsu_ns *find_above(struct hierarchy *h, const struct nsu_ns *ns)
{
	const struct nsu_ns *up;
	enum nsu_type type = nsu_ns_get_type(ns);
	bool nested = nsu_type_get_info(type)->nested;

	switch (h->mode) {
	case TREE_PROCESS:
		return hierarchy_find_outer(h, ns);
	case TREE_NONE:
		return NULL;
	case TREE_PARENT:
		if (!nested)
			return NULL;
		break;
	case TREE_OWNER:
		nested = false;
		break;
	default:
		break;
	}
	if (type == NSU_USER || nested)
		return nsu_ns_get_parent(ns, &up) == 0 ? up : NULL;
	return nsu_ns_get_owner(ns, &up) == 0 ? up : NULL;
}

static int compare_entry(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->ns == y->ns ? 0 : (uintptr_t)x->ns < (uintptr_t)y->ns ? -1 : 1;
}

static struct entry *find_entry(const struct hierarchy *h, const struct nsu_ns *ns)
{
	struct entry key = { .ns = ns };

	return ns ? bsearch(&key, h->entry, h->count, sizeof(key), compare_entry) : NULL;
}

/* By type, first process and number, the host's first, what hangs from nothing but its
   owner before user namespaces, and counted lines last. */
static int compare_shown(const void *a, const void *b)
{
	const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
	enum nsu_type s = nsu_ns_get_type(x->ns), t = nsu_ns_get_type(y->ns);

	if (s != t)
		return s == NSU_USER ? 1 : t == NSU_USER ? -1 : (int)s - (int)t;
	if (x->host != y->host)
		return x->host ? -1 : 1;
	if (!x->folded != !y->folded)
		return x->folded ? 1 : -1;
	if (!x->task != !y->task)
		return x->task ? -1 : 1;
	if (x->task && nsu_task_get_tid(x->task) != nsu_task_get_tid(y->task))
		return nsu_task_get_tid(x->task) < nsu_task_get_tid(y->task) ? -1 : 1;
	return nsu_ns_get_inode(x->ns) < nsu_ns_get_inode(y->ns) ? -1 : 1;
}

static int collect(struct hierarchy *h)
{
	size_t n = nsu_snapshot_count_ns(h->snap);

	h->entry = calloc(n + 1, sizeof(*h->entry));
	h->order = calloc(n + 1, sizeof(struct entry *));
	if (!h->entry || !h->order)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct nsu_ns *ns = nsu_snapshot_get_ns(h->snap, i);
		unsigned bit = 1U << nsu_ns_get_type(ns);

		if (bit & (h->types | h->skeleton))
			h->entry[h->count++] = (struct entry) {
				.ns = ns, .row = -1,
				.host = ns == view_host_ns(h->snap, nsu_ns_get_type(ns)),
			};
	}
	qsort(h->entry, h->count, sizeof(*h->entry), compare_entry);
	for (size_t i = 0; i < h->count; i++) {
		h->entry[i].above = find_entry(h, find_above(h, h->entry[i].ns));
		h->order[i] = &h->entry[i];
	}
	/* A user namespace that only carries others is shown if it carries any. */
	for (size_t i = 0; i < h->count; i++) {
		struct entry *e = &h->entry[i];

		if (!(h->types & (1U << nsu_ns_get_type(e->ns))))
			continue;
		for (; e && !e->needed; e = e->above)
			e->needed = true;
		if (h->entry[i].above)
			h->entry[i].above->children++;
	}
	return 0;
}

/* One whose init has a root of its own is a container, and stays a line. */
static bool is_minor(const struct entry *e)
{
	const struct nsu_ns *up = e->above ? e->above->ns : NULL;

	return !e->children && e->name && up && nsu_ns_count_tasks(up) &&
	       view_task_ns(e->task, NSU_MNT) ==
	       view_task_ns(nsu_ns_get_task(up, 0), NSU_MNT);
}

static bool is_alike(const struct entry *x, const struct entry *y)
{
	return x->above == y->above && is_minor(y) && strcmp(x->name, y->name) == 0;
}

/* Brings together what may be folded, the lowest inode of it first. */
static int compare_alike(const void *a, const void *b)
{
	const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
	bool minor = is_minor(x);
	int order;

	if (minor != is_minor(y))
		return minor ? -1 : 1;
	if (minor && x->above != y->above)
		return (uintptr_t)x->above < (uintptr_t)y->above ? -1 : 1;
	order = minor ? strcmp(x->name, y->name) : 0;
	return order ? order : compare_shown(a, b);
}

/* Leaves of one parent whose inits are called the same: nine renderers of a browser. */
static void mark_folds(struct hierarchy *h)
{
	for (size_t i = 0; i < h->count; i++)
		h->entry[i].init_state = hierarchy_find_init(h, &h->entry[i]);
	if (h->app->opts.all || h->types != PIDS || h->mode != TREE_DEFAULT)
		return;
	qsort(h->order, h->count, sizeof(struct entry *), compare_alike);
	for (size_t i = 0; i < h->count; i++) {
		struct entry *first = h->order[i];

		if (!is_minor(first))
			continue;
		for (; i + 1 < h->count && is_alike(first, h->order[i + 1]); i++) {
			struct entry *e = h->order[i + 1];

			e->fold = first;
			first->folded++;
			first->fold_processes += nsu_ns_count_processes(e->ns);
			first->fold_zombies += nsu_ns_count_zombies(e->ns);
		}
	}
}

static void add_rows(struct hierarchy *h, struct entry *e)
{
	if (e->row >= 0 || !e->needed || e->fold)
		return;
	if (e->above)
		add_rows(h, e->above);
	e->row = grid_add(h->grid, e->above ? e->above->row : -1);
	hierarchy_fill(h, e);
}

static int print_table(struct app *app, const struct nsu_snapshot *snap,
		       struct shown_cache *cache, unsigned types, enum tree_mode mode)
{
	struct hierarchy h = { .app = app, .snap = snap, .cache = cache, .types = types,
			       .mode = mode };
	int r;

	if (mode == TREE_OWNER || (mode == TREE_DEFAULT && types & ~(USERS | PIDS)))
		h.skeleton = USERS;
	nsu_binds_new(app->ctx, NULL, &h.binds);
	r = collect(&h);
	if (r == 0) {
		mark_folds(&h);
		h.grid = hierarchy_grid(&h);
		r = h.grid ? 0 : -ENOMEM;
	}
	if (r == 0) {
		qsort(h.order, h.count, sizeof(struct entry *), compare_shown);
		for (size_t i = 0; i < h.count; i++)
			add_rows(&h, h.order[i]);
		r = grid_print(h.grid);
	}
	grid_free(h.grid);
	nsu_binds_free(h.binds);
	free(h.entry);
	free(h.order);
	return r;
}

/* One table for each tree that there is. */
static int print_tables(struct app *app, const struct nsu_snapshot *snap,
			struct shown_cache *cache, unsigned types)
{
	enum tree_mode mode = app->opts.tree;
	unsigned rest = types;
	bool first = true;
	int r = 0;

	while (rest && r == 0) {
		unsigned part = rest & -rest;

		if (mode == TREE_OWNER)
			part = rest;
		else if (mode != TREE_PROCESS && !(part & (USERS | PIDS)))
			part = rest & ~(USERS | PIDS);
		rest &= ~part;
		if (!first)
			putchar('\n');
		first = false;
		r = print_table(app, snap, cache, part, mode);
	}
	return r;
}

int view_hierarchy(struct app *app)
{
	unsigned types = app->opts.types ? app->opts.types : (1U << NSU_TYPE_COUNT) - 1;
	unsigned parts = NSU_PART_DEFAULT | FIND_PARTS | NSU_PART_CONTAINERS |
			 (types & PIDS ? NSU_PART_PIDS : 0);
	struct nsu_snapshot *snap = app_scan(app, parts, 0);
	struct shown_cache *cache;
	int r;

	if (!snap)
		return 1;
	types &= nsu_snapshot_get_types(snap);
	cache = shown_new(&app->out);
	r = !cache ? -ENOMEM : print_tables(app, snap, cache, types);
	shown_free(cache);
	fflush(stdout);
	if (r == 0)
		app_remark_reference(app, snap);
	r = r < 0 ? view_failed(app, r) : app_remark_gaps(app, snap);
	nsu_snapshot_free(snap);
	return r;
}
