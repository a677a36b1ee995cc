/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "grid.h"
#include "usage.h"
#include "view.h"

enum { TYPE, NAMESPACE, ID, PROCS, PARENT, HOST, OWNER, CHILDREN };

static const struct grid_column columns[] = {
	[TYPE] = { "TYPE", 0 },
	[NAMESPACE] = { "NAMESPACE", 0 },
	[ID] = { "ID", GRID_DROP },
	[PROCS] = { "PROCS", GRID_RIGHT | GRID_DROP },
	[PARENT] = { "PARENT", 0 },
	[HOST] = { "HOST", 0 },
	[OWNER] = { "OWNER", GRID_DROP },
	[CHILDREN] = { "CHILDREN GET", GRID_DROP },
};

struct card {
	struct app *app;
	const struct nsu_snapshot *snap;
	struct shown_cache *cache;
	const struct nsu_task *task;
	const struct nsu_task *parent;	/* NULL: none here */
	const struct shown *shown;
};

static int print_heading(const struct card *card)
{
	const struct nsu_task *task = card->task;
	char age[16], user[64], *left, *right;
	bool thread = nsu_task_is_thread(task);
	char state = card->shown->stat.state;
	int r;

	r = thread ? asprintf(&left, "%d %s, thread of %d", (int)nsu_task_get_tid(task),
			      card->shown->name, (int)nsu_task_get_pid(task)) :
		asprintf(&left, "%d %s", (int)nsu_task_get_tid(task), card->shown->name);
	if (r < 0)
		return -ENOMEM;
	r = asprintf(&right, "%c  %s  %s %s", state,
		     view_user(user, card->app, card->snap, task, card->shown),
		     strchr("ZXTt", state) ? "age" : "running",
		     view_age(age, card->snap, card->shown));
	if (r >= 0) {
		card_heading(card->app, left, right);
		free(right);
	}
	free(left);
	return r < 0 ? -ENOMEM : 0;
}

static void print_parent(const struct card *card)
{
	const struct shown *up =
		card->parent ? shown_get(card->cache, card->parent, true) : NULL;
	char *text;

	if (!card->parent) {
		card_fact(card->app, "parent", card->shown->stat.ppid ? "?" : "-");
		return;
	}
	if (asprintf(&text, "%d %s", (int)nsu_task_get_tid(card->parent),
		     up && up->name ? up->name : "?") < 0)
		text = NULL;
	card_fact_take(card->app, "parent", text);
}

/* "8934 here, 20 in pid:[4026533314], 1 in pid:[4026533401]" */
static void print_pids(const struct card *card)
{
	const struct nsu_ns *ns = view_task_ns(card->task, NSU_PID), *up;
	const pid_t *pids;
	int n = nsu_task_get_pids(card->task, &pids);
	char *text = NULL, name[NS_TEXT_SIZE];
	const struct nsu_ns *level[64];
	size_t size;
	FILE *f;

	if (n < 0) {
		card_fact(card->app, "pids", "?");
		return;
	}
	f = open_memstream(&text, &size);
	if (!f)
		return;
	for (int i = n - 1; i > 0 && i < 64; i--) {
		level[i] = ns;
		ns = ns && nsu_ns_get_parent(ns, &up) == 0 ? up : NULL;
	}
	fprintf(f, "%d here", (int)pids[0]);
	for (int i = 1; i < n && i < 64; i++)
		fprintf(f, ", %d in %s", (int)pids[i],
			level[i] ? view_ns(name, level[i]) : "?");
	if (fclose(f) == 0)
		card_fact(card->app, "pids", text);
	free(text);
}

/* An id of the caller's as the task's user namespace has it; -1: has none there. */
static int64_t inside_of(const struct nsu_id_range *range, ssize_t count, uid_t uid)
{
	for (ssize_t i = 0; i < count; i++)
		if (uid >= range[i].outside && uid - range[i].outside < range[i].count)
			return (int64_t)range[i].inside + (uid - range[i].outside);
	return -1;
}

static void print_uid(const struct card *card)
{
	const struct nsu_ns *user = view_task_ns(card->task, NSU_USER);
	const struct nsu_task *self = view_self(card->app, card->snap);
	const struct nsu_ns *home = view_task_ns(self, NSU_USER);
	struct nsu_id_range *range = NULL;
	uid_t uid = card->shown->stat.uid;
	char *text, name[NS_TEXT_SIZE];
	ssize_t count;
	int64_t inside;
	int r;

	if (!home)
		home = view_host_ns(card->snap, NSU_USER);
	if (!user || user == home) {
		r = asprintf(&text, "%u here%s", (unsigned)uid, user ? "" : ", ? inside");
		card_fact_take(card->app, "uid", r < 0 ? NULL : text);
		return;
	}
	count = nsu_task_read_idmap(card->task, false, &range);
	inside = count > 0 ? inside_of(range, count, uid) : -1;
	view_ns(name, user);
	if (count < 0)
		r = asprintf(&text, "%u here, ? in %s", (unsigned)uid, name);
	else if (inside < 0)
		r = asprintf(&text, "%u here, none in %s", (unsigned)uid, name);
	else
		r = asprintf(&text, "%u here, %" PRId64 " in %s", (unsigned)uid, inside,
			     name);
	free(range);
	card_fact_take(card->app, "uid", r < 0 ? NULL : text);
}

static void print_state(const struct card *card)
{
	char *wchan, *escaped, *text;

	if (nsu_task_is_dead_leader(card->task)) {
		card_fact(card->app, "state", "ended, its threads live");
	} else if (nsu_task_is_zombie(card->task)) {
		card_fact(card->app, "state",
			  "zombie: ended, and its parent has not asked");
	} else if (card->shown->stat.state == 'T' || card->shown->stat.state == 't') {
		card_fact(card->app, "state", card->shown->stat.state == 'T' ? "stopped" :
			  "stopped by a tracer");
	} else if (card->shown->stat.state == 'D') {
		if (nsu_task_read_wchan(card->task, &wchan) < 0) {
			card_fact(card->app, "state", "D: waits, and where is not told");
			return;
		}
		escaped = text_escape(&card->app->out, wchan);
		free(wchan);
		if (!escaped || asprintf(&text, "D: waits in %s", escaped) < 0)
			text = NULL;
		free(escaped);
		card_fact_take(card->app, "state", text);
	}
}

/* The letters of what a thread does not share with its leader, if that still has any. */
static void put_own(FILE *f, const struct nsu_task *leader, const struct nsu_task *task)
{
	const char *blank = " (own";

	if (nsu_task_is_dead_leader(leader))
		return;
	for (int t = 0; t < NSU_TYPE_COUNT; t++) {
		enum nsu_type type = (enum nsu_type)t;

		if (view_task_ns(task, type) == view_task_ns(leader, type))
			continue;
		fprintf(f, "%s %c", blank, nsu_type_get_info(type)->letter);
		blank = "";
	}
	fputs(*blank ? " (for its children)" : ")", f);
}

/* How many, and of those that are elsewhere the number, name and letters:
   "5, 287 netthread (own u n)". */
static char *threads_text(const struct card *card)
{
	const struct nsu_task *task;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fprintf(f, "%lu", card->shown->stat.threads);
	nsu_foreach_task(task, card->snap) {
		const struct shown *shown;

		if (!nsu_task_is_thread(task) ||
		    nsu_task_get_pid(task) != nsu_task_get_pid(card->task))
			continue;
		shown = shown_get(card->cache, task, false);
		fprintf(f, ", %d %s", (int)nsu_task_get_tid(task),
			shown && shown->name ? shown->name : "?");
		put_own(f, card->task, task);
	}
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void print_more(const struct card *card)
{
	struct nsu_cgroup usage = NSU_CGROUP_INIT;
	char *path = NULL, *escaped;
	int r = nsu_task_read_cgroup(card->task, &path);

	if (r == 0) {
		escaped = text_escape(&card->app->out, path);
		card_line(card->app, "cgroup", escaped);
		free(escaped);
	} else if (r != -ENOENT) {
		card_fact(card->app, "cgroup", "?");
	}
	free(path);
	if (nsu_task_read_cgroup_usage(card->task, &usage) == 0 &&
	    (escaped = usage_text(&usage)) != NULL)
		card_fact_take(card->app, "used there", escaped);
	if (card->shown->stat.threads > 1 && !nsu_task_is_thread(card->task))
		card_fact_take(card->app, "threads", threads_text(card));
	if (card->shown->command && card->shown->stat.kernel)
		card_fact(card->app, "command", "a kernel thread");
	else if (card->shown->command && *card->shown->command &&
		 strcmp(card->shown->command, card->shown->name) != 0)
		card_line(card->app, "command", card->shown->command);
}

static const char *compare(const struct nsu_ns *ns, const struct nsu_task *with,
			   enum nsu_type type, const char *differs)
{
	const struct nsu_ns *other;
	int r;

	if (!with)
		return "-";
	r = nsu_task_get_ns(with, type, &other);
	if (r < 0)
		return r == -ENOENT ? "-" : "?";
	return ns == other ? "same" : differs;
}

static void set_relations(const struct card *card, struct grid *grid, long row,
			  const struct nsu_ns *ns)
{
	const struct nsu_ns *owner, *child;
	enum nsu_type type = nsu_ns_get_type(ns);
	char text[NS_TEXT_SIZE];
	uint64_t id;
	int r = nsu_ns_get_id(ns, &id);

	if (r == 0)
		grid_setf(grid, row, ID, "%" PRIu64, id);
	else if (r != -ENODATA)
		grid_set(grid, row, ID, "?");
	r = nsu_ns_get_owner(ns, &owner);
	grid_set(grid, row, OWNER,
		 r == 0 ? view_ns(text, owner) : r == -ENOENT ? "-" : "?");
	if (!nsu_type_get_info(type)->for_children)
		return;
	r = nsu_task_get_child_ns(card->task, type, &child);
	if (r == 0)
		grid_set(grid, row, CHILDREN, child == ns ? "the same" :
			 view_ns(text, child));
	else
		grid_set(grid, row, CHILDREN, r != -ENOENT ? "?" :
			 nsu_task_is_zombie(card->task) ? "-" : "a new one");
}

static void set_compared(struct grid *grid, long row, size_t column, const char *word)
{
	grid_set(grid, row, column, word);
	grid_color(grid, row, column, strcmp(word, "same") == 0 ? GRID_DIM :
		   strcmp(word, "own") == 0 ? GRID_BOLD : GRID_PLAIN);
}

static int print_table(const struct card *card)
{
	struct grid *grid =
		grid_new(card->app, columns, sizeof(columns) / sizeof(*columns));
	const struct nsu_task *host = NULL;
	char text[NS_TEXT_SIZE];
	int r;

	if (!grid)
		return -ENOMEM;
	nsu_snapshot_get_reference(card->snap, &host);
	for (int t = 0; t < NSU_TYPE_COUNT; t++) {
		enum nsu_type type = (enum nsu_type)t;
		unsigned wanted = card->app->opts.types;
		const struct nsu_ns *ns;
		long row;

		if (wanted && !(wanted & 1U << t))
			continue;
		row = grid_add(grid, -1);
		grid_set(grid, row, TYPE, nsu_type_get_name(type));
		r = nsu_task_get_ns(card->task, type, &ns);
		if (r < 0) {
			const char *sign = r == -ENOENT ? "-" : "?";

			grid_set(grid, row, NAMESPACE, sign);
			grid_set(grid, row, PARENT, sign);
			grid_set(grid, row, HOST, sign);
			continue;
		}
		grid_set(grid, row, NAMESPACE, view_ns(text, ns));
		set_compared(grid, row, PARENT, compare(ns, card->parent, type, "own"));
		set_compared(grid, row, HOST, compare(ns, host, type, "other"));
		if (card->app->opts.all)
			grid_setf(grid, row, PROCS, "%zu", nsu_ns_count_processes(ns));
		if (view_is_wide(card->app, 100))
			set_relations(card, grid, row, ns);
	}
	putchar('\n');
	r = grid_print(grid);
	grid_free(grid);
	return r;
}

int card_process(struct app *app, const struct nsu_snapshot *snap,
		 struct shown_cache *cache, const struct nsu_task *task)
{
	struct card card = { .app = app, .snap = snap, .cache = cache, .task = task,
			     .shown = shown_get(cache, task, true) };
	char *whose;
	int r;

	if (!card.shown)
		return -ENOMEM;
	if (card.shown->error)
		return card.shown->error;
	if (nsu_task_is_thread(task))
		nsu_snapshot_find_task(snap, nsu_task_get_pid(task), &card.parent);
	else if (card.shown->stat.ppid > 0)
		nsu_snapshot_find_task(snap, card.shown->stat.ppid, &card.parent);
	r = print_heading(&card);
	if (r < 0)
		return r;
	whose = view_task_whose(&app->out, task);
	if (whose)
		card_line(app, "in", whose);
	free(whose);
	print_parent(&card);
	print_pids(&card);
	print_uid(&card);
	print_state(&card);
	print_more(&card);
	return print_table(&card);
}
