// SPDX-License-Identifier: GPL-2.0-or-later
/* nstree --diff: two targets, line by line. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "ask-diff.h"
#include "target.h"
#include "view.h"

enum { WHAT, RESULT, FIRST, SECOND, COLUMNS };

char *diff_text(const char *format, ...)
{
	va_list args;
	char *text;
	int r;

	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	return r < 0 ? NULL : text;
}

static void put_row(struct diff *d, const char *what, const char *a, const char *b,
		    const char *result)
{
	const struct output *out = &d->app->out;
	bool other = strcmp(result, "other") == 0;
	long row = grid_add(d->grid, -1);

	grid_set(d->grid, row, WHAT, what);
	grid_set(d->grid, row, RESULT, result);
	grid_color(d->grid, row, RESULT, other ? GRID_BOLD : GRID_DIM);
	grid_take(d->grid, row, FIRST, text_escape(out, a ? a : "?"));
	grid_take(d->grid, row, SECOND, text_escape(out, b ? b : "?"));
}

static void put_entry(struct diff *d, const char *what, const char *a, const char *b)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "what", json_object_new_string(what));
	json_object_object_add(o, "a", a ? json_text(a) : NULL);
	json_object_object_add(o, "b", b ? json_text(b) : NULL);
	json_object_object_add(o, "same", a && b ?
			       json_object_new_boolean(strcmp(a, b) == 0) : NULL);
	json_entry(d->json, o);
}

static void put(struct diff *d, const char *what, char *a, char *b, bool always)
{
	bool known = a && b, same = known && strcmp(a, b) == 0;

	d->differ += known && !same;
	d->unknown += !known;
	if (d->json)
		put_entry(d, what, a, b);
	else if (always || (known && !same) || d->app->opts.all)
		put_row(d, what, a, b, same ? "same" : known ? "other" : "?");
	free(a);
	free(b);
}

void diff_line(struct diff *d, const char *what, char *take_a, char *take_b)
{
	put(d, what, take_a, take_b, true);
}

void diff_detail(struct diff *d, const char *what, char *take_a, char *take_b)
{
	put(d, what, take_a, take_b, false);
}

/* What of a pair is compared: tasks, or namespaces of one type. A task and a namespace:
   the one of that type that the task is in. */
struct pair {
	const struct target *target[2];
	const struct nsu_task *task[2];
	const struct nsu_ns *ns[2];
	bool sets;		/* one is a set, or both are */
};

/* NULL: it has none, or it could not be read. */
static const struct nsu_ns *side_ns(const struct diff *d, const struct pair *pair, int i,
				    enum nsu_type type)
{
	const struct nsu_ns *ns = NULL;

	if (pair->task[i])
		return view_task_ns(pair->task[i], type);
	if (pair->ns[i])
		return nsu_ns_get_type(pair->ns[i]) == type ? pair->ns[i] : NULL;
	nsu_target_find_ns_of(pair->target[i]->target, d->snap, type, &ns);
	return ns;
}

/* A namespace beside a set is compared with the one of its type. */
static int check_sets(const struct diff *d, const struct pair *pair)
{
	for (int i = 0; i < 2; i++) {
		const struct nsu_task *task;
		const struct nsu_ns *ns = pair->ns[i];

		if (ns && target_find_type(d->app, pair->target[!i], d->snap,
					   nsu_ns_get_type(ns), &task, &ns) < 0)
			return 1;
	}
	return 0;
}

static char *side_text(const struct pair *pair, int i, const struct nsu_ns *ns)
{
	char name[NS_TEXT_SIZE];

	if (ns)
		return strdup(view_ns(name, ns));
	return pair->task[i] ? NULL : strdup("-");
}

/* The types that a set has; of a namespace beside it just its own. */
static void compare_sets(struct diff *d, const struct pair *pair)
{
	const struct nsu_ns *a, *b;

	for (enum nsu_type type = 0; type < NSU_TYPE_COUNT; type++) {
		a = side_ns(d, pair, 0, type);
		b = side_ns(d, pair, 1, type);
		if ((pair->ns[0] && !a) || (pair->ns[1] && !b) ||
		    ((pair->task[0] || !a) && (pair->task[1] || !b)))
			continue;
		diff_line(d, nsu_type_get_name(type), side_text(pair, 0, a),
			  side_text(pair, 1, b));
	}
	for (enum nsu_type type = 0; type < NSU_TYPE_COUNT; type++) {
		a = side_ns(d, pair, 0, type);
		b = side_ns(d, pair, 1, type);
		if (a && b && a != b)
			diff_facts(d, a, b);
	}
}

static int find_pair(struct diff *d, struct pair *pair)
{
	enum nsu_type type;

	for (int i = 0; i < 2; i++) {
		if (target_is_set(pair->target[i]))
			pair->sets = true;
		else if (target_find(d->app, pair->target[i], d->snap, &pair->task[i],
				     &pair->ns[i]) < 0)
			return 1;
	}
	if (pair->sets)
		return check_sets(d, pair);
	if (pair->task[0] && pair->task[1])
		return 0;
	type = nsu_ns_get_type(pair->ns[pair->ns[0] ? 0 : 1]);
	for (int i = 0; i < 2; i++) {
		if (pair->ns[i])
			continue;
		pair->ns[i] = view_task_ns(pair->task[i], type);
		if (!pair->ns[i]) {
			msg(&d->app->out, "%s: its %s namespace could not be read",
			    pair->target[i]->word, nsu_type_get_name(type));
			return 1;
		}
	}
	if (nsu_ns_get_type(pair->ns[0]) != nsu_ns_get_type(pair->ns[1])) {
		msg(&d->app->out, "--diff %s %s: one is of type %s, the other of type %s",
		    pair->target[0]->word, pair->target[1]->word,
		    nsu_type_get_name(nsu_ns_get_type(pair->ns[0])),
		    nsu_type_get_name(nsu_ns_get_type(pair->ns[1])));
		msg(&d->app->out, "try: nstree --diff %s, and a second namespace of that "
		    "type", pair->target[0]->word);
		return 2;
	}
	return 0;
}

static void compare(struct diff *d, const struct pair *pair)
{
	char a[NS_TEXT_SIZE], b[NS_TEXT_SIZE];

	if (pair->sets) {
		compare_sets(d, pair);
		return;
	}
	if (pair->task[0] && pair->task[1]) {
		diff_tasks(d, pair->task[0], pair->task[1]);
		return;
	}
	view_ns(a, pair->ns[0]);
	view_ns(b, pair->ns[1]);
	diff_line(d, "namespace", strdup(a), strdup(b));
	diff_facts(d, pair->ns[0], pair->ns[1]);
}

/* The heading of a column: the word, and the name of a process. */
static char *heading(struct diff *d, const struct pair *pair, int i)
{
	const struct shown *shown = pair->task[i] && !pair->ns[i] ?
		shown_get(d->cache, pair->task[i], false) : NULL;
	char *word = text_escape(&d->app->out, pair->target[i]->word), *text;

	if (!shown || !shown->name)
		return word;
	text = diff_text("%s %s", word ? word : "?", shown->name);
	free(word);
	return text;
}

static int print_text(struct diff *d, const struct pair *pair)
{
	char *a = heading(d, pair, 0), *b = heading(d, pair, 1);
	const struct grid_column columns[COLUMNS] = {
		[WHAT] = { "WHAT", 0 },
		[RESULT] = { "IS", 0 },
		[FIRST] = { a ? a : "?", GRID_CUT_END },
		[SECOND] = { b ? b : "?", GRID_CUT_END },
	};
	int r;

	d->grid = grid_new(d->app, columns, COLUMNS);
	if (d->grid)
		compare(d, pair);
	r = d->grid ? grid_print(d->grid) : -ENOMEM;
	grid_free(d->grid);
	free(a);
	free(b);
	return r;
}

static int print_json(struct diff *d, const struct pair *pair)
{
	struct json_writer w = { .app = d->app, .snap = d->snap };
	struct json_object *about = json_object_new_array();

	for (int i = 0; i < 2; i++)
		json_object_array_add(about, json_text(pair->target[i]->word));
	d->json = &w;
	json_put_question(&w, "diff", about);
	json_open(&w, "lines");
	compare(d, pair);
	json_close(&w);
	json_put(&w, "same", d->differ ? json_object_new_boolean(false) :
		 d->unknown ? NULL : json_object_new_boolean(true));
	json_end_question(&w);
	return w.failed ? -ENOMEM : 0;
}

static int print(struct diff *d, struct pair *pair)
{
	int status = find_pair(d, pair), r;

	if (status)
		return status;
	r = d->app->opts.json ? print_json(d, pair) : print_text(d, pair);
	if (r < 0)
		return view_failed(d->app, r);
	fflush(stdout);
	if (d->unknown)
		msg(&d->app->out, "%zu thing%s could not be compared: unread%s",
		    d->unknown, d->unknown == 1 ? "" : "s",
		    geteuid() ? ", run as root" : "");
	return d->differ ? ANSWER_NO : 0;
}

static int open_pair(struct app *app, struct target target[2])
{
	int r = 0;

	target[0].word = app->opts.diff;
	target[1].word = app->opts.operands[0];
	for (int i = 0; i < 2 && r == 0; i++)
		r = app_target(app, target[i].word, &target[i].target);
	return r;
}

static int diff_targets(struct app *app)
{
	struct target target[2] = { 0 };
	struct pair pair = { .target = { &target[0], &target[1] } };
	struct diff d = { .app = app, .cache = shown_new(&app->out) };
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	const struct nsu_target *both[2];
	struct nsu_snapshot *snap = NULL;
	int status = 1, r;

	if (d.cache && open_pair(app, target) == 0) {
		both[0] = target[0].target;
		both[1] = target[1].target;
		opts.parts = NSU_PART_DEFAULT | NSU_PART_PIDS;
		opts.targets = both;
		opts.target_count = 2;
		snap = app_scan_by(app, &opts, NULL);
	}
	if (snap) {
		d.snap = snap;
		status = print(&d, &pair);
		r = app_remark_gaps(app, snap);
		if (app->opts.strict && d.unknown)
			r = 3;
		status = status ? status : r;
	}
	shown_free(d.cache);
	nsu_snapshot_free(snap);
	nsu_target_free(target[0].target);
	nsu_target_free(target[1].target);
	return status;
}

int view_ask_diff(struct app *app)
{
	const char *a = app->opts.diff, *b = app->opts.operands[0];
	bool first = diff_is_document(a), second = diff_is_document(b);

	if (first && second)
		return diff_documents(app, a, b);
	if (first != second) {
		cli_wrong(&app->out,
			  "nstree --json > FILE, which makes a document of now",
			  "--diff %s %s: one is a document, the other is not", a, b);
		return 2;
	}
	return diff_targets(app);
}
