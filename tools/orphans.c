/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nstree --orphans: namespaces without a process, and what holds them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"
#include "holders.h"
#include "view.h"

#define WIDE 100	/* columns from which on the owner has room */
#define SHORT_NAME 24	/* on a terminal; what holds it is the longer text */
#define LONG_NAME 40
#define NAMED 3		/* holders of each where there is room for several */

enum { NAMESPACE, NAME, OWNER, HELD };

static const struct grid_column columns[] = {
	[NAMESPACE] = { "NAMESPACE", 0 },
	[NAME] = { "NAME", GRID_CUT_MIDDLE },
	[OWNER] = { "OWNER", GRID_DROP | GRID_SPARE },
	[HELD] = { "HELD BY", GRID_CUT_END },
};

struct orphans {
	struct holder_words words;
	struct nsu_binds *binds;	/* the caller's own; NULL: could not be read */
	struct grid *grid;
	size_t count;
	bool wide;
};

/* "netns:blue", "pin:blue/net", else the path here that it is mounted at. malloc'ed. */
static char *whole_name(const struct orphans *o, const struct nsu_ns *ns)
{
	uint64_t inode = nsu_ns_get_inode(ns);
	const struct nsu_bind *bind;
	char *name = view_ns_name(o->words.app, o->binds, ns);

	if (name)
		return name;
	bind = nsu_binds_get(o->binds, view_first_bind(o->binds, inode));
	if (bind && bind->inode == inode)
		return text_escape(&o->words.app->out, bind->path);
	return strdup("-");
}

static char *name_of(const struct orphans *o, const struct nsu_ns *ns)
{
	const struct app *app = o->words.app;
	char *name = whole_name(o, ns), *cut;
	size_t room = view_is_wide(app, WIDE) ? LONG_NAME : SHORT_NAME;

	if (!name || app->out.width <= 0 || text_width(name) <= room)
		return name;
	cut = text_cut_middle(&app->out, name, room);
	free(name);
	return cut;
}

static void set_owner(const struct orphans *o, long row, const struct nsu_ns *ns)
{
	const struct nsu_ns *owner;
	char name[NS_TEXT_SIZE];
	int r;

	if (!view_is_wide(o->words.app, WIDE))
		return;
	r = nsu_ns_get_owner(ns, &owner);
	grid_set(o->grid, row, OWNER, r == 0 ? view_ns(name, owner) :
		 r == -ENOENT ? "-" : "?");
}

/* A name in /run/netns is in each mount namespace that was made after it. */
static bool is_named(const struct holders *holders, size_t index)
{
	const struct nsu_holder *holder = &holders->held[index].holder, *before;

	for (size_t i = holders->first[NSU_HOLDER_MOUNT]; i < index; i++) {
		before = &holders->held[i].holder;
		if (holder->kind == NSU_HOLDER_MOUNT && holder->path && before->path &&
		    strcmp(holder->path, before->path) == 0)
			return true;
	}
	return false;
}

/* The first of them in words, then how many more, which a terminal does not cut. */
static int set_held(const struct orphans *o, long row, const struct nsu_ns *ns)
{
	struct holders holders;
	char *text = NULL, more[24] = "";
	size_t most = o->words.app->opts.all ? SIZE_MAX : o->wide ? NAMED : 1, size;
	size_t named = 0;
	FILE *f;
	int r = holders_get(o->words.app, ns, &holders);

	if (r < 0)
		return r;
	holders_own_first(&o->words, &holders);
	f = open_memstream(&text, &size);
	for (size_t i = 0; f && i < holders.count && named < most; i++) {
		char *one;

		if (most != SIZE_MAX && is_named(&holders, i))
			continue;
		one = holder_phrase(&o->words, &holders.held[i]);
		/* A comma may be in one. */
		fprintf(f, "%s%s", named++ ? "; " : "", one ? one : "?");
		free(one);
	}
	if (holders.count > named)
		snprintf(more, sizeof(more), " +%zu", holders.count - named);
	if (f)
		fprintf(f, "%s%s", holders.count ? "" : "?", more);
	if (!f || fclose(f) != 0) {
		free(text);
		text = NULL;
	}
	grid_take(o->grid, row, HELD, text);
	grid_keep(o->grid, row, HELD, strlen(more));
	holders_free(&holders);
	return 0;
}

static int add(struct orphans *o, const struct nsu_ns *ns)
{
	long row = grid_add(o->grid, -1);
	char name[NS_TEXT_SIZE];

	o->count++;
	grid_set(o->grid, row, NAMESPACE, view_ns(name, ns));
	grid_take(o->grid, row, NAME, name_of(o, ns));
	set_owner(o, row, ns);
	return set_held(o, row, ns);
}

static int print(struct orphans *o)
{
	unsigned types = o->words.app->opts.types;
	const struct nsu_ns *ns;
	int r = 0;

	o->grid = grid_new(o->words.app, columns, sizeof(columns) / sizeof(columns[0]));
	if (!o->grid)
		return -ENOMEM;
	nsu_foreach_ns(ns, o->words.snap) {
		if (!view_is_orphan(ns) ||
		    (types && !(types & 1U << nsu_ns_get_type(ns))))
			continue;
		r = add(o, ns);
		if (r < 0)
			break;
	}
	if (r == 0 && o->count)
		r = grid_print(o->grid);
	grid_free(o->grid);
	return r;
}

int view_orphans(struct app *app)
{
	unsigned parts = NSU_PART_DEFAULT | NSU_PART_PIDS | NSU_PART_HOLDERS |
			 NSU_PART_CONTAINERS;
	struct nsu_snapshot *snap = app_scan(app, parts, 0);
	struct orphans o = { .words = { app, snap, shown_new(&app->out), NULL },
			     .wide = view_is_wide(app, 140) };
	int r = -ENOMEM;

	if (snap && o.words.cache) {
		nsu_binds_new(app->ctx, NULL, &o.binds);
		r = print(&o);
	}
	fflush(stdout);
	if (r == 0 && !o.count)
		msg(&app->out, view_knows_tasks(snap) ?
		    "no namespace is without a process" :
		    "no namespace is without a process, of what could be read");
	if (snap)
		r = r < 0 ? view_failed(app, r) : app_remark_gaps(app, snap);
	nsu_binds_free(o.binds);
	shown_free(o.words.cache);
	nsu_snapshot_free(snap);
	return snap ? r : 1;
}
