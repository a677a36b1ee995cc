// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nstree --uid, --gid: what an id is inside and here, at every level between. The kernel
 * gives the map of each user namespace relative to who reads it, so that no level needs
 * the one above it: a map in the middle that nobody can tell spoils its own line only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "grid.h"
#include "json.h"
#include "view.h"

#define MAX_LEVELS 33

enum { IN, PLACE, OUTWARDS, INWARDS, COLUMNS };

struct question {
	struct app *app;
	const struct nsu_snapshot *snap;
	struct shown_cache *cache;
	const struct nsu_ns *home;
	uint32_t id, overflow;
	bool gid;
	int unread;		/* maps; error: why the first */
	int error;
	struct grid *grid;
	struct json_writer *json; /* one of the two */
};

/* What the id of the target's inside is in a namespace at or above it, and what the id
   here is there. */
struct level {
	const struct nsu_ns *ns;
	struct ask_map map;
	uint32_t from_inside, from_here;
	int inside_state, here_state;
};

struct answer {
	const char *word;	/* NULL: of a user namespace of the picture */
	const struct nsu_ns *ns;
	struct level level[MAX_LEVELS]; /* the target's own, then those above it */
	size_t count;
	uint32_t here;		/* the id inside, here */
	int here_state;
};

static void find_levels(const struct question *q, struct answer *a)
{
	const struct nsu_ns *ns = a->ns, *up;

	for (a->count = 0; a->count < MAX_LEVELS; ns = up) {
		struct level *level = &a->level[a->count++];

		level->ns = ns;
		ask_map_read(&level->map, ns, q->home, q->gid);
		if (ns == q->home || nsu_ns_get_parent(ns, &up) < 0 || up == q->home)
			break;
	}
}

static void translate(struct question *q, struct answer *a)
{
	find_levels(q, a);
	a->here_state = ask_map_outside(&a->level[0].map, q->id, &a->here);
	if (a->here_state < 0 && a->here_state != -ENOENT)
		q->error = q->unread++ ? q->error : a->here_state;
	for (size_t i = 0; i < a->count; i++) {
		struct level *level = &a->level[i];

		level->here_state = ask_map_inside(&level->map, q->id, &level->from_here);
		level->inside_state = a->here_state < 0 ? a->here_state :
			ask_map_inside(&level->map, a->here, &level->from_inside);
		ask_map_free(&level->map);
	}
}

static void put_here(struct question *q, long row, const struct answer *a)
{
	const char *name;

	if (a->here_state < 0) {
		grid_set(q->grid, row, OUTWARDS, a->here_state == -ENOENT ?
			 "not mapped" : "?");
		return;
	}
	name = ask_id_name(a->here, q->gid);
	grid_setf(q->grid, row, OUTWARDS, "%u here%s%s%s", (unsigned)a->here,
		  name ? " (" : "", name ? name : "", name ? ")" : "");
}

static void put_inside(struct question *q, long row, const struct level *level,
		       const char *where)
{
	if (level->here_state == 0) {
		grid_setf(q->grid, row, INWARDS, "%u %s", (unsigned)level->from_here,
			  where);
	} else if (level->here_state == -ENOENT) {
		grid_setf(q->grid, row, INWARDS, "not mapped %s (shown there as %u)",
			  where, (unsigned)q->overflow);
	} else {
		grid_set(q->grid, row, INWARDS, "?");
	}
}

static void put_rows(struct question *q, const struct answer *a)
{
	char name[NS_TEXT_SIZE];
	long row = grid_add(q->grid, -1);

	grid_take(q->grid, row, IN, a->word ? text_escape(&q->app->out, a->word) :
		  strdup(view_ns(name, a->ns)));
	if (!a->word)
		grid_take(q->grid, row, PLACE, ask_place(q->snap, q->cache, a->ns));
	put_here(q, row, a);
	put_inside(q, row, &a->level[0], "inside");
	for (size_t i = 1; i < a->count; i++) {
		const struct level *level = &a->level[i];
		long below = grid_add(q->grid, row);

		grid_set(q->grid, below, IN, view_ns(name, level->ns));
		if (level->inside_state == 0)
			grid_setf(q->grid, below, OUTWARDS, "%u there",
				  (unsigned)level->from_inside);
		else
			grid_set(q->grid, below, OUTWARDS,
				 level->inside_state == -ENOENT ? "not mapped" : "?");
		put_inside(q, below, level, "there");
	}
}

/* null: unknown, "none": not mapped. */
static struct json_object *id_value(int state, uint32_t id)
{
	if (state == 0)
		return json_object_new_int64(id);
	return state == -ENOENT ? json_object_new_string("none") : NULL;
}

static void put_entry(struct question *q, const struct answer *a)
{
	struct json_object *o = json_object_new_object();
	struct json_object *levels = json_object_new_array();

	json_object_object_add(o, "target", a->word ? json_text(a->word) : NULL);
	json_object_object_add(o, "namespace", json_object_new_int64(
			(int64_t)nsu_ns_get_inode(a->ns)));
	json_object_object_add(o, "inside_is", id_value(a->here_state, a->here));
	json_object_object_add(o, "here_is", id_value(a->level[0].here_state,
						      a->level[0].from_here));
	for (size_t i = 1; i < a->count; i++) {
		const struct level *level = &a->level[i];
		struct json_object *one = json_object_new_object();

		json_object_object_add(one, "namespace", json_object_new_int64(
				(int64_t)nsu_ns_get_inode(level->ns)));
		json_object_object_add(one, "inside_is", id_value(level->inside_state,
								  level->from_inside));
		json_object_object_add(one, "here_is", id_value(level->here_state,
								level->from_here));
		json_object_array_add(levels, one);
	}
	json_object_object_add(o, "levels", levels);
	json_entry(q->json, o);
}

static void answer(struct question *q, const char *word, const struct nsu_ns *ns)
{
	struct answer a = { .word = word, .ns = ns };

	translate(q, &a);
	if (q->json)
		put_entry(q, &a);
	else
		put_rows(q, &a);
}

static int answer_all(struct question *q)
{
	const struct nsu_ns **list;
	size_t count;

	list = ask_list(q->snap, NSU_USER, q->home, &count);
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		answer(q, NULL, list[i]);
	free(list);
	return 0;
}

/* Of a namespace of another type the one that owns it. */
static int answer_target(struct question *q, const struct target *target)
{
	const struct nsu_ns *ns, *user = NULL;
	const struct nsu_task *task;
	bool set = target_is_set(target);
	int r = set ? 0 : target_find(q->app, target, q->snap, &task, &ns);

	if (r < 0)
		return r;
	if (set)
		user = target_get_user(target, q->snap);
	if (set)
		r = user ? 0 : -ENODATA;
	else if (task)
		r = nsu_task_get_ns(task, NSU_USER, &user);
	else if (nsu_ns_get_type(ns) == NSU_USER)
		user = ns;
	else
		r = nsu_ns_get_owner(ns, &user);
	if (r < 0) {
		msg_errno(&q->app->out, r, "%s: read its user namespace", target->word);
		return r;
	}
	answer(q, target->word, user);
	return 0;
}

static int answer_each(struct question *q, const struct targets *targets)
{
	int status = targets->failed;

	if (targets->count == 0 && !targets->failed)
		return answer_all(q);
	for (size_t i = 0; i < targets->count; i++)
		if (answer_target(q, &targets->target[i]) < 0)
			status = 1;
	return status;
}

static int print_text(struct question *q, const struct targets *targets)
{
	const char *what = q->gid ? "GID" : "UID";
	char outwards[40], inwards[40];
	const struct grid_column columns[COLUMNS] = {
		[IN] = { "IN", GRID_TREE | GRID_CUT_MIDDLE },
		[PLACE] = { "FIRST PROCESS", GRID_CUT_END | GRID_DROP },
		[OUTWARDS] = { outwards, 0 },
		[INWARDS] = { inwards, 0 },
	};
	int status, r;

	snprintf(outwards, sizeof(outwards), "%s %u INSIDE IS", what, (unsigned)q->id);
	snprintf(inwards, sizeof(inwards), "%s %u HERE IS", what, (unsigned)q->id);
	q->grid = grid_new(q->app, columns, COLUMNS);
	status = q->grid ? answer_each(q, targets) : -ENOMEM;
	r = status >= 0 ? grid_print(q->grid) : status;
	grid_free(q->grid);
	return r < 0 ? view_failed(q->app, r) : status;
}

static int print_json(struct question *q, const struct targets *targets)
{
	struct json_writer w = { .app = q->app, .snap = q->snap };
	int status;

	q->json = &w;
	json_put_question(&w, q->gid ? "gid" : "uid", json_object_new_int64(q->id));
	json_open(&w, "answers");
	status = answer_each(q, targets);
	json_close(&w);
	json_end_question(&w);
	return status < 0 || w.failed ? view_failed(q->app, -ENOMEM) : status;
}

static void remark(const struct question *q)
{
	const struct output *out = &q->app->out;

	fflush(stdout);
	if (q->unread)
		msg(out, "the map%s of %d user namespace%s could not be read: %s",
		    q->unread == 1 ? "" : "s", q->unread, q->unread == 1 ? "" : "s",
		    q->error == -ENODATA ? "no process is in it that tells" :
		    strerror(-q->error));
	if (q->id == q->overflow && !q->json)
		msg(out, "%u is also what is shown where an id is not mapped: a file or "
		    "process that shows it may be anyone's", (unsigned)q->id);
}

int view_ask_id(struct app *app)
{
	struct question q = { .app = app, .id = app->opts.id, .gid = app->opts.asks_gid };
	struct nsu_snapshot *snap = NULL;
	struct targets targets;
	int r = targets_open(app, &targets), status = 1;

	if (r < 0)
		view_failed(app, r);
	else if (targets.count || !targets.failed)
		snap = targets_scan(app, &targets, NSU_PART_DEFAULT | NSU_PART_PIDS,
				    1U << NSU_USER);
	q.cache = shown_new(&app->out);
	if (snap && q.cache) {
		q.snap = snap;
		q.home = ask_home(app, snap);
		q.overflow = ask_overflow_id(app, q.gid);
		status = app->opts.json ? print_json(&q, &targets) :
			print_text(&q, &targets);
		remark(&q);
		r = app_remark_gaps(app, snap);
		status = status ? status : r;
	}
	shown_free(q.cache);
	targets_close(&targets);
	nsu_snapshot_free(snap);
	return status;
}
