/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nstree without arguments: prints the picture. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"
#include "picture.h"
#include "view.h"

#define MIN_IMAGE 8	/* what is left of an image's name at least */

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
		       (line->kind == LINE_UNREAD && !picture_is_named(line) &&
			line->task_count > 1);

	/* A pod may have no process of its own. */
	if (!line->task && line->container) {
		grid_set(tree->grid, row, AGE, "-");
		if (tree->wide)
			grid_set(tree->grid, row, USER, "-");
		grid_set(tree->grid, row, COMMAND, "-");
		return;
	}
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

/* " (nginx:1.25)" of a container, as much of it as leaves room for the rest; malloc'ed,
   NULL: none. */
static char *image_of(const struct tree *tree, const struct line *line, size_t used)
{
	const struct output *out = &tree->app->out;
	bool cuts = out->width > 0 && !tree->app->opts.notruncate;
	size_t most = (size_t)out->width * 2 / 5;
	char *image, *cut, *text = NULL;

	if (!tree->wide || !line->container)
		return NULL;
	image = view_container_text(out, line->container, NSU_CONTAINER_IMAGE);
	cut = image;
	if (image && cuts && used + strlen(" ()") + text_width(image) > most)
		cut = used + MIN_IMAGE + strlen(" ()") > most ? NULL :
			text_cut_middle(out, image, most - used - strlen(" ()"));
	if (cut && asprintf(&text, " (%s)", cut) < 0)
		text = NULL;
	if (cut != image)
		free(cut);
	free(image);
	return text;
}

static void set_name(struct tree *tree, long row, const struct line *line, size_t depth)
{
	bool claim = line->container && nsu_container_is_claim(line->container);
	char *image = image_of(tree, line, depth * 2 + text_width(line->name)), *kept;

	if (asprintf(&kept, "%s%s%s%s", claim ? VIEW_CLAIMED : "",
		     line->thread ? " (thread)" : "", line->state ? " " : "",
		     line->state ? line->state : "") < 0)
		kept = NULL;
	if (kept) {
		grid_setf(tree->grid, row, NAME, "%s%s%s", line->name,
			  image ? image : "", kept);
		grid_keep(tree->grid, row, NAME, strlen(kept));
	} else {
		grid_take(tree->grid, row, NAME, NULL);
	}
	free(kept);
	free(image);
}

static void add_line(struct tree *tree, const struct line *line, long parent,
		     size_t depth)
{
	struct grid *grid = tree->grid;
	long row = grid_add(grid, parent);

	set_name(tree, row, line, depth);
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
		add_line(tree, line->children[i], row, depth + 1);
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
		add_line(&tree, picture->root, -1, 0);
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
