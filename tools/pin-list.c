// SPDX-License-Identifier: GPL-2.0-or-later
/* nspin list: a line for each pin. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "grid.h"
#include "holders.h"
#include "pin-set.h"
#include "view.h"

#define WIDE 120	/* columns from which on there is room for all */

enum { NAME, FIELD, STATE, PROCS, HOLDERS, AGE, BY, ABOUT };

static const struct grid_column columns[] = {
	[NAME] = { "NAME", GRID_CUT_MIDDLE },
	[FIELD] = { "muinpCUT", 0 },
	[STATE] = { "STATE", 0 },
	[PROCS] = { "PROCS", GRID_RIGHT },
	[HOLDERS] = { "HOLDERS", GRID_RIGHT | GRID_DROP },
	[AGE] = { "AGE", GRID_RIGHT },
	[BY] = { "BY", 0 },
	[ABOUT] = { "ABOUT", GRID_CUT_END },
};

struct listing {
	struct app app;		/* nstree's, whose parts print this */
	const struct pin_set *set;
	struct nsu_snapshot *snap; /* NULL: it could not be taken */
	struct shown_cache *cache;
	struct grid *grid;
	bool wide;
	uint64_t now;
};

/* The namespace of a pin in the picture. NULL: nothing there has to do with it. */
static const struct nsu_ns *find_ns(const struct listing *l, const struct nsu_pin *pin,
				    enum nsu_type type)
{
	const struct nsu_ns *ns;

	if (!l->snap || !(pin->types & 1U << type) || !pin->ns[type].inode ||
	    nsu_snapshot_find_ns(l->snap, type, pin->ns[type].inode, &ns) < 0)
		return NULL;
	return ns;
}

/* Our own init is there for its sake: nobody uses the pin by it. */
static bool has_init(const struct listing *l, const struct nsu_pin *pin,
		     const struct nsu_ns *ns, enum nsu_type type)
{
	const struct nsu_task *task;

	return pin->init > 0 && nsu_snapshot_find_task(l->snap, pin->init, &task) == 0 &&
	       view_task_ns(task, type) == ns;
}

static bool has_any(const struct nsu_pin *pin)
{
	for (int type = 0; type < NSU_TYPE_COUNT; type++)
		if (pin->types & 1U << type && pin->ns[type].inode)
			return true;
	return false;
}

/* How many are in that one of its namespaces in which most are. */
static size_t count_processes(const struct listing *l, const struct nsu_pin *pin)
{
	size_t most = 0;

	for (int type = 0; type < NSU_TYPE_COUNT; type++) {
		const struct nsu_ns *ns = find_ns(l, pin, type);
		size_t count = ns ? nsu_ns_count_processes(ns) : 0;

		if (count && has_init(l, pin, ns, type))
			count--;
		if (count > most)
			most = count;
	}
	return most;
}

/* What but tasks keeps its namespaces, its own mounts included. */
static size_t count_holders(const struct listing *l, const struct nsu_pin *pin)
{
	size_t count = 0;

	for (int type = 0; type < NSU_TYPE_COUNT; type++) {
		const struct nsu_ns *ns = find_ns(l, pin, type);
		struct holders holders;

		if (!ns || holders_get(&l->app, ns, &holders) < 0)
			continue;
		count += holders.count - holders.first[NSU_HOLDER_FD];
		holders_free(&holders);
	}
	return count;
}

static void set_numbers(const struct listing *l, long row, const struct nsu_pin *pin)
{
	bool any = has_any(pin);
	char age[16];

	if (!any || !l->snap)
		grid_set(l->grid, row, PROCS, any ? "?" : "-");
	else
		grid_setf(l->grid, row, PROCS, "%zu", count_processes(l, pin));
	if (l->wide && (!any || !l->snap))
		grid_set(l->grid, row, HOLDERS, any ? "?" : "-");
	else if (l->wide)
		grid_setf(l->grid, row, HOLDERS, "%zu", count_holders(l, pin));
	if (pin->made)
		grid_set(l->grid, row, AGE, text_age(age, l->now > pin->made ?
						    l->now - pin->made : 0));
	else
		grid_set(l->grid, row, AGE, any ? "?" : "-");
}

/* The words that it was asked for by; where room is scarce without those that the line
   has already. malloc'ed. */
static char *make_args(const struct listing *l, const struct nsu_pin *pin)
{
	size_t count = 0, kept = 0;
	const char **words;
	char *text;

	if (l->wide)
		return text_quote_words(&l->app.out, pin->args);
	while (pin->args[count])
		count++;
	words = calloc(count + 1, sizeof(*words));
	if (!words)
		return NULL;
	for (size_t i = 1, names = 0; i < count; i++)
		if (i == 1 || names > 0 || strcmp(pin->args[i], pin->name) != 0)
			words[kept++] = pin->args[i];
		else
			names++;
	text = text_quote_words(&l->app.out, words);
	free(words);
	return text;
}

/* Who is in it: a container, a service or the first process. */
static char *make_member(const struct listing *l, const struct nsu_pin *pin)
{
	for (int type = 0; type < NSU_TYPE_COUNT; type++) {
		const struct nsu_ns *ns = find_ns(l, pin, type);
		const struct nsu_task *first = ns ? view_first_of_ns(ns) : NULL;
		const struct shown *shown;
		char *whose;

		if (!first)
			continue;
		if (ns == view_host_ns(l->snap, type))
			return strdup(nsu_snapshot_sees_host(l->snap) > 0 ? "host" :
				      "here");
		whose = view_ns_whose(&l->app.out, l->snap, ns);
		if (whose)
			return whose;
		shown = shown_get(l->cache, first, l->wide);
		if (!shown)
			return NULL;
		return strdup(l->wide && shown->command ? shown->command : shown->name);
	}
	return strdup(l->snap ? "no process" : "?");
}

static void set_about(const struct listing *l, long row, const struct nsu_pin *pin)
{
	if (pin->state != NSU_PIN_OK)
		grid_set(l->grid, row, ABOUT, pin_why(pin, NULL, l->wide));
	else if (pin->maker != NSU_PIN_BY_NSUTIL)
		grid_take(l->grid, row, ABOUT, make_member(l, pin));
	else if (pin->args)
		grid_take(l->grid, row, ABOUT, make_args(l, pin));
	else
		grid_set(l->grid, row, ABOUT, "-");
}

static void set_maker(const struct listing *l, long row, const struct nsu_pin *pin)
{
	const char *name = nsu_pin_maker_get_name(pin->maker);

	if (pin->maker != NSU_PIN_BY_NSUTIL)
		grid_set(l->grid, row, BY, pin->maker == NSU_PIN_BY_OTHER || !name ? "?" :
			 name);
	else
		grid_take(l->grid, row, BY, text_escape(&l->app.out, pin->user ?
							pin->user : user_name(pin->uid)));
}

static void add(const struct listing *l, const struct nsu_pin *pin)
{
	enum grid_color color = pin->state == NSU_PIN_OK ? GRID_PLAIN :
		pin->state == NSU_PIN_STALE || pin->state == NSU_PIN_DEAD ? GRID_BROKEN :
		GRID_TROUBLE;
	const char *state = nsu_pin_state_get_name(pin->state);
	long row = grid_add(l->grid, -1);
	char field[PIN_FIELD_SIZE];

	grid_take(l->grid, row, NAME, text_escape(&l->app.out, pin_word(pin)));
	grid_color(l->grid, row, NAME, GRID_BOLD);
	grid_set(l->grid, row, FIELD, pin_field(field, pin->types));
	grid_set(l->grid, row, STATE, state ? state : "?");
	grid_color(l->grid, row, STATE, color);
	set_numbers(l, row, pin);
	set_maker(l, row, pin);
	set_about(l, row, pin);
	grid_color(l->grid, row, ABOUT, color);
}

/* What is wrong may have been cut, and what helps is not in the table. */
static void remark_trouble(const struct listing *l)
{
	size_t count = 0;

	for (size_t i = 0; i < l->set->count; i++)
		count += l->set->chosen[i]->state != NSU_PIN_OK;
	if (count)
		msg(&l->app.out, "%zu %s not ok; why, and what cures it: nspin check",
		    count, count == 1 ? "is" : "are");
}

static int print(struct listing *l)
{
	unsigned types = 0, parts = NSU_PART_TASKS;
	int r;

	/* Not the sockets, which have to be asked one by one. */
	if (l->wide)
		parts = NSU_PART_DEFAULT | FIND_PARTS;
	for (size_t i = 0; i < l->set->count; i++) {
		types |= l->set->chosen[i]->types;
		if (l->set->chosen[i]->maker != NSU_PIN_BY_NSUTIL)
			parts |= NSU_PART_CONTAINERS;
	}
	/* They would open each mount anew, and only these are kept by what they own. */
	if (!(types & (1U << NSU_USER | 1U << NSU_PID)))
		parts &= ~(unsigned)NSU_PART_RELATIONS;
	l->snap = app_scan(&l->app, parts, l->wide ? 0 : types);
	l->cache = shown_new(&l->app.out);
	l->grid = grid_new(&l->app, columns, sizeof(columns) / sizeof(columns[0]));
	if (!l->cache || !l->grid)
		return -ENOMEM;
	for (size_t i = 0; i < l->set->count; i++)
		add(l, l->set->chosen[i]);
	r = grid_print(l->grid);
	fflush(stdout);
	if (r == 0 && l->snap && !l->app.out.quiet)
		app_remark_gaps(&l->app, l->snap);
	if (r == 0)
		remark_trouble(l);
	return r;
}

static int print_table(struct pin_app *app, const struct pin_set *set)
{
	struct listing l = {
		.app = { .ctx = app->ctx, .out = app->out,
			 .opts = { .noheadings = app->opts.noheadings,
				   .notruncate = app->opts.notruncate,
				   .verbose = app->opts.verbose } },
		.set = set, .wide = app->out.width <= 0 || app->out.width >= WIDE ||
			app->opts.notruncate,
		.now = (uint64_t)time(NULL),
	};
	int r = print(&l);

	grid_free(l.grid);
	shown_free(l.cache);
	nsu_snapshot_free(l.snap);
	if (r < 0)
		msg_errno(&app->out, r, "list");
	return r < 0 ? 1 : 0;
}

static void print_names(const struct pin_app *app, const struct pin_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		char *name = text_escape(&app->out, pin_word(set->chosen[i]));

		if (name)
			puts(name);
		free(name);
	}
}

int pin_list(struct pin_app *app)
{
	struct pin_set set;
	int status = pin_set_open(app, &set);

	if (status != 0)
		return status;
	if (app->opts.json)
		status = pin_print_json(app, &set);
	else if (app->opts.quiet)
		print_names(app, &set);
	else if (set.count)
		status = print_table(app, &set);
	else if (!set.missing)
		msg(&app->out, "there are no pins; to make one: nspin create NAME -n, "
		    "or nspin add NAME TARGET");
	fflush(stdout);
	pin_set_gaps(app, &set);
	if (set.missing)
		status = 1;
	pin_set_close(&set);
	return status;
}
