/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nstree without arguments: prints the picture. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"
#include "picture.h"
#include "view.h"

enum { NAME, FIELD, PID, PROCS, AGE, USER, COMMAND };

static const struct grid_column columns[] = {
	[NAME] = { "NAME", GRID_TREE | GRID_CUT_MIDDLE },
	[FIELD] = { "muinpCUT", 0 },
	[PID] = { "PID", 0 },
	[PROCS] = { "PROCS", GRID_RIGHT | GRID_SPARE },
	[AGE] = { "AGE", GRID_RIGHT | GRID_SPARE },
	[USER] = { "USER", GRID_DROP | GRID_SPARE },
	[COMMAND] = { "COMMAND", GRID_CUT_END | GRID_SPARE },
};

struct tree {
	struct app *app;
	struct picture *picture;
	struct grid *grid;
	bool wide;
};

static void set_pid(struct tree *tree, long row, const struct line *line)
{
	char *pids;

	if (line->kind == LINE_MORE || !line->task) {
		grid_set(tree->grid, row, PID, "-");
		return;
	}
	pids = view_pids(line->task, false);
	if (line->kind == LINE_TWINS && pids)
		grid_setf(tree->grid, row, PID, "%s %s", pids,
			  tree->app->out.utf8 ? "…" : "...");
	else
		grid_set(tree->grid, row, PID, pids ? pids : "");
	free(pids);
}

static void set_shown(struct tree *tree, long row, const struct line *line)
{
	const struct shown *shown = NULL;
	char age[16], user[64];
	bool several = line->kind == LINE_MORE ||
		       (line->kind == LINE_UNREAD && line->field[NSU_PID] != 'p' &&
			line->task_count > 1);

	if (line->task)
		shown = shown_get(tree->picture->cache, line->task,
				  tree->wide && !several);
	grid_set(tree->grid, row, AGE, line->kind == LINE_MORE ? "-" :
		 view_age(age, tree->picture->snap, shown));
	if (tree->wide)
		grid_set(tree->grid, row, USER,
			 several ? "-" :
				   view_user(user, tree->app, tree->picture->snap,
					     line->task, shown));
	if (several)
		grid_take(tree->grid, row, COMMAND, picture_names(tree->picture, line));
	else if (tree->wide && shown && shown->command)
		grid_set(tree->grid, row, COMMAND, shown->command);
	else
		grid_set(tree->grid, row, COMMAND,
			 shown && shown->name ? shown->name : "?");
}

static void add_line(struct tree *tree, const struct line *line, long parent)
{
	struct grid *grid = tree->grid;
	long row = grid_add(grid, parent);

	grid_setf(grid, row, NAME, "%s%s%s%s", line->name,
		  line->thread ? " (thread)" : "", line->state ? " " : "",
		  line->state ? line->state : "");
	grid_keep(grid, row, NAME, (line->thread ? strlen(" (thread)") : 0) +
				   (line->state ? strlen(line->state) + 1 : 0));
	grid_set(grid, row, FIELD, line->field);
	set_pid(tree, row, line);
	grid_setf(grid, row, PROCS, "%zu", line->processes);
	set_shown(tree, row, line);
	if (line->state || line->kind == LINE_UNREAD)
		grid_color(grid, row, NAME, line->state ? GRID_BROKEN : GRID_TROUBLE);
	else if (line->kind == LINE_MORE)
		grid_color(grid, row, NAME, GRID_DIM);
	if (strspn(line->field, ".^-") == NSU_TYPE_COUNT)
		grid_color(grid, row, FIELD, GRID_DIM);
	else if (line->kind == LINE_BOX || line->kind == LINE_TWINS)
		grid_color(grid, row, FIELD, GRID_BOLD);
	for (size_t i = 0; i < line->child_count; i++)
		add_line(tree, line->children[i], row);
}

/* The picture is one of processes: their threads are said, and drawn where asked. */
static void remark_threads(const struct app *app, const struct nsu_snapshot *snap)
{
	const struct nsu_task *task, *leader;
	size_t count = 0;

	if (app->opts.threads)
		return;
	nsu_foreach_task(task, snap)
		count += nsu_task_is_thread(task) &&
			 nsu_snapshot_find_task(snap, nsu_task_get_pid(task),
						&leader) == 0 &&
			 !nsu_task_is_zombie(leader);
	if (count)
		msg(&app->out, "%zu thread%s namespaces of %s own: nstree --threads",
		    count, count == 1 ? " has" : "s have", count == 1 ? "its" : "their");
}

/* Those mounted in the caller's mount namespace that nothing in the picture is in. */
static size_t count_pinned(const struct app *app, const struct nsu_snapshot *snap)
{
	const struct nsu_bind *bind;
	struct nsu_binds *binds;
	const struct nsu_ns *ns;
	uint64_t last = 0;
	size_t n = 0;

	if (nsu_binds_new(app->ctx, NULL, &binds) < 0)
		return 0;
	for (size_t i = 0; (bind = nsu_binds_get(binds, i)); i++) {
		if (bind->inode != last &&
		    nsu_snapshot_find_inode(snap, bind->inode, &ns) == -ENOENT)
			n++;
		last = bind->inode;
	}
	nsu_binds_free(binds);
	return n;
}

/* Held by a descriptor, a mount or a child alone, as far as the picture knows them. */
static void remark_memberless(const struct app *app, const struct nsu_snapshot *snap)
{
	const struct nsu_ns *ns;
	size_t n;

	if (!view_knows_tasks(snap))
		return;
	n = count_pinned(app, snap);
	nsu_foreach_ns(ns, snap)
		n += view_is_orphan(ns);
	if (n)
		msg(&app->out, n == 1 ? "%zu namespace has no process: nstree --orphans" :
		    "%zu namespaces have no process: nstree --orphans", n);
}

static int print_tree(struct app *app, struct picture *picture)
{
	struct tree tree = { .app = app, .picture = picture,
			     .wide = view_is_wide(app, 100) };
	int r = -ENOMEM;

	tree.grid = grid_new(app, columns, sizeof(columns) / sizeof(columns[0]));
	if (tree.grid) {
		add_line(&tree, picture->root, -1);
		r = grid_print(tree.grid);
	}
	grid_free(tree.grid);
	return r;
}

static void remark(struct app *app, const struct nsu_snapshot *snap)
{
	remark_threads(app, snap);
	remark_memberless(app, snap);
	app_remark_reference(app, snap);
}

int view_tree(struct app *app)
{
	return picture_show(app, 0, print_tree, remark);
}
