/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hierarchy.h"
#include "view.h"

enum { NAMESPACE, PROCS, INIT, CREATOR, MAP, SETGROUPS, OWNER, OWNS, NAME };

/* The three tables differ in what the first process is called, and in which columns are
   never filled. */
#define TABLE(heading, init, init_flags, user_flags) { \
	[NAMESPACE] = { heading, GRID_TREE }, \
	[PROCS] = { "PROCS", GRID_RIGHT | GRID_SPARE }, \
	[INIT] = { init, init_flags }, \
	[CREATOR] = { "CREATOR", user_flags }, \
	[MAP] = { "INSIDE = HERE", user_flags }, \
	[SETGROUPS] = { "SETGROUPS", GRID_DROP }, \
	[OWNER] = { "OWNER", GRID_DROP }, \
	[OWNS] = { "OWNS", GRID_DROP }, \
	[NAME] = { "NAME", GRID_CUT_END }, \
}

static const struct grid_column
	pid_columns[] = TABLE("PID NAMESPACE", "INIT", GRID_SPARE, GRID_DROP),
	user_columns[] = TABLE("USER NAMESPACE", "INIT", GRID_DROP, GRID_SPARE),
	other_columns[] = TABLE("NAMESPACE", "FIRST", GRID_SPARE, GRID_DROP);

#define COLUMNS (sizeof(pid_columns) / sizeof(pid_columns[0]))

static bool is_of(const struct hierarchy *h, enum nsu_type type)
{
	return h->types == 1U << type && h->mode != TREE_OWNER;
}

struct grid *hierarchy_grid(const struct hierarchy *h)
{
	return grid_new(h->app, is_of(h, NSU_PID) ? pid_columns :
			is_of(h, NSU_USER) ? user_columns : other_columns, COLUMNS);
}

enum init_state hierarchy_find_init(struct hierarchy *h, struct entry *e)
{
	const struct shown *shown;
	enum init_state state = INIT_UNKNOWN;

	if (nsu_ns_count_tasks(e->ns))
		e->task = view_first_of_ns(e->ns);
	if (nsu_ns_get_type(e->ns) == NSU_PID) {
		const struct nsu_task *init;
		int r = view_init(h->snap, e->ns, &init);

		if (r == 0) {
			state = INIT_LIVES;
			e->task = init;
		}
		if (view_init_ended(h->snap, e->ns))
			state = INIT_ENDED;
	}
	if (!e->task)
		return state;
	shown = shown_get(h->cache, e->task, false);
	e->name = shown && !shown->error ? shown->name : NULL;
	return state;
}

const struct nsu_ns *hierarchy_find_outer(struct hierarchy *h, const struct nsu_ns *ns)
{
	enum nsu_type type = nsu_ns_get_type(ns);
	const struct nsu_task *task;

	if (!nsu_ns_count_tasks(ns))
		return NULL;
	task = nsu_ns_get_task(ns, 0);
	if (nsu_task_is_thread(task)) {
		const struct nsu_ns *outer = NULL;

		if (nsu_snapshot_find_task(h->snap, nsu_task_get_pid(task), &task) == 0)
			outer = view_task_ns(task, type);
		return outer != ns ? outer : NULL;
	}
	/* Ancestors are as many as the process tree is deep; ended ones lead to init. */
	for (int depth = 0; depth < 4096; depth++) {
		const struct shown *shown = shown_get(h->cache, task, false);
		const struct nsu_ns *outer;

		if (!shown || shown->error || shown->stat.ppid <= 0 ||
		    nsu_snapshot_find_task(h->snap, shown->stat.ppid, &task) < 0)
			return NULL;
		outer = view_task_ns(task, type);
		/* The oldest task of the outer one is an ancestor too, or there is a
		 * ring. */
		if (outer && outer != ns && nsu_ns_count_tasks(outer))
			return nsu_task_get_tid(nsu_ns_get_task(outer, 0)) <
				nsu_task_get_tid(nsu_ns_get_task(ns, 0)) ? outer : NULL;
	}
	return NULL;
}

static char *range_text(const struct nsu_id_range *range, ssize_t count, bool all)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (ssize_t i = 0; i < (all ? count : 1); i++) {
		fprintf(f, "%s%u", i ? ", " : "", (unsigned)range[i].inside);
		if (range[i].count != 1)
			fprintf(f, "+%u", (unsigned)range[i].count);
		fprintf(f, " = %u", (unsigned)range[i].outside);
	}
	if (!all && count > 1)
		fprintf(f, " +%zd", count - 1);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

char *idmap_text(const struct nsu_ns *user, bool gid, bool all)
{
	size_t n = nsu_ns_count_tasks(user);
	struct nsu_id_range *range = NULL;
	ssize_t count = -ENODATA;
	char *text;

	/* The first that still lives knows; a few tries are enough to outlive a race. */
	for (size_t i = 0; i < n && i < 4 && count < 0; i++)
		count = nsu_task_read_idmap(nsu_ns_get_task(user, i), gid, &range);
	if (count < 0)
		return strdup("?");
	if (count == 0)
		text = strdup("none");
	else if (count == 1 && range->inside == 0 && range->outside == 0 &&
		 range->count == UINT32_MAX)
		text = strdup("all ids");
	else
		text = range_text(range, count, all);
	free(range);
	return text;
}

static void fill_user(struct hierarchy *h, const struct entry *e)
{
	bool wide = view_is_wide(h->app, 120);
	int setgroups = e->task ? nsu_task_read_setgroups(e->task) : -ENODATA;
	uid_t creator;
	int r;

	r = nsu_ns_get_creator(e->ns, &creator);
	grid_set(h->grid, e->row, CREATOR, r == 0 ? user_name(creator) :
		 r == -ENOENT ? "-" : "?");
	grid_take(h->grid, e->row, MAP, idmap_text(e->ns, false, false));
	if (!wide)
		return;
	grid_set(h->grid, e->row, SETGROUPS, setgroups < 0 ? "?" :
		 setgroups ? "allow" : "deny");
	grid_take(h->grid, e->row, OWNS, view_owns(e->ns));
}

#define NAME_WIDTH 15	/* what a name has before escapes make it longer */

/* The numbers in front of it may not be cut, so the column cannot be. */
static void set_init(struct hierarchy *h, const struct entry *e, const char *pids)
{
	bool cuts = h->app->out.width > 0 && !h->app->opts.notruncate;
	const char *more = h->app->out.utf8 ? " …" : " ...";
	char *cut = NULL;

	if (cuts && e->name)
		cut = text_cut_end(&h->app->out, e->name, NAME_WIDTH);
	grid_setf(h->grid, e->row, INIT, "%s %s%s", pids,
		  cut ? cut : e->name ? e->name : "?", e->folded ? more : "");
	free(cut);
}

static void fill_init(struct hierarchy *h, const struct entry *e)
{
	char *pids = e->task ? view_pids(e->task, true) : NULL;
	bool pid = nsu_ns_get_type(e->ns) == NSU_PID;

	if (pid && e->init_state == INIT_ENDED)
		grid_set(h->grid, e->row, INIT, "ended");
	else if (pid && e->init_state == INIT_UNKNOWN)
		grid_set(h->grid, e->row, INIT, "?");
	else if (pids)
		set_init(h, e, pids);
	else
		grid_set(h->grid, e->row, INIT, "-");
	if (pid && e->init_state == INIT_ENDED)
		grid_color(h->grid, e->row, INIT, GRID_BROKEN);
	free(pids);
}

static void fill_owner(struct hierarchy *h, const struct entry *e)
{
	const struct nsu_ns *owner;
	char text[NS_TEXT_SIZE];
	int r = nsu_ns_get_owner(e->ns, &owner);

	grid_set(h->grid, e->row, OWNER, r == 0 ? view_ns(text, owner) :
		 r == -ENOENT ? "-" : "?");
}

/* Nobody is in it, but somebody's next child will be. */
static char *heirs_text(struct hierarchy *h, const struct nsu_ns *ns)
{
	const struct nsu_task *heir = nsu_ns_get_heir(ns, 0);
	size_t more = nsu_ns_count_heirs(ns) - 1;
	char *process = view_process(h->cache, heir, false), *text;
	int r = more ? asprintf(&text, "for children of %s and %zu more",
				process ? process : "?", more) :
		asprintf(&text, "for children of %s", process ? process : "?");

	free(process);
	return r < 0 ? NULL : text;
}

/* What can be typed, where it has a name; and what is unusual about it. */
static void set_name(struct hierarchy *h, const struct entry *e)
{
	size_t zombies = e->fold_zombies + nsu_ns_count_zombies(e->ns);
	const char *name = NULL;
	char *text = NULL;

	if (e->ns == view_host_ns(h->snap, nsu_ns_get_type(e->ns)))
		name = nsu_snapshot_sees_host(h->snap) > 0 ? "host" : "here";
	else if (view_ns_container(h->snap, e->ns))
		name = text = view_ns_whose(&h->app->out, h->snap, e->ns);
	else if (nsu_ns_get_type(e->ns) == NSU_NET || !nsu_ns_count_tasks(e->ns))
		name = text = view_ns_name(h->app, h->binds, e->ns);
	if (!name)
		name = text = view_ns_whose(&h->app->out, h->snap, e->ns);
	if (!name && is_of(h, NSU_USER) && nsu_ns_count_tasks(e->ns))
		name = e->name;
	if (!name && nsu_ns_count_tasks(e->ns) == 0 && nsu_ns_count_heirs(e->ns))
		name = text = heirs_text(h, e->ns);
	if (zombies >= MANY_ZOMBIES)
		grid_setf(h->grid, e->row, NAME, "%s (%zu zombies)", name ? name : "-",
			  zombies);
	else
		grid_set(h->grid, e->row, NAME, name ? name : "-");
	free(text);
}

void hierarchy_fill(struct hierarchy *h, const struct entry *e)
{
	char text[NS_TEXT_SIZE];

	if (e->folded)
		grid_setf(h->grid, e->row, NAMESPACE, "%zu more", e->folded + 1);
	else
		grid_set(h->grid, e->row, NAMESPACE, view_ns(text, e->ns));
	grid_setf(h->grid, e->row, PROCS, "%zu",
		  nsu_ns_count_processes(e->ns) + e->fold_processes);
	set_name(h, e);
	if (is_of(h, NSU_USER)) {
		fill_user(h, e);
		return;
	}
	fill_init(h, e);
	if (h->mode != TREE_OWNER && view_is_wide(h->app, 120) &&
	    (is_of(h, NSU_PID) || h->mode != TREE_DEFAULT))
		fill_owner(h, e);
}
