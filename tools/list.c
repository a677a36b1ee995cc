// SPDX-License-Identifier: GPL-2.0-or-later
/* nstree -l: a line for each namespace, or each process of one, as lsns prints them. */
#include <errno.h>
#include <stdlib.h>
#include "cells.h"
#include "cli.h"
#include "list.h"
#include "target.h"
#include "view.h"

int list_get_cell(struct list *list, const struct column *column, const struct row *row)
{
	int r;

	list->text.len = 0;
	text_add(&list->text, "", 0);
	r = column->get(&list->facts, row, &list->text);
	return list->text.failed ? -ENOMEM : r;
}

const char *list_get_text(const struct list *list, int result)
{
	if (result == 0)
		return list->text.data;
	return result == -ENOENT ? "-" : "?";
}

static int add_row(struct list *list, const struct nsu_ns *ns,
		   const struct nsu_task *task, bool heir)
{
	if (list->count == list->size) {
		size_t size = list->size > 0 ? list->size * 2 : 64;
		struct row *rows = reallocarray(list->rows, size, sizeof(*rows));

		if (rows == NULL)
			return -ENOMEM;
		list->rows = rows;
		list->size = size;
	}
	list->rows[list->count++] = (struct row){
		.ns = ns, .task = task, .heir = heir,
		.parent = -1, .first = -1, .last = -1, .next = -1,
	};
	return 0;
}

/* The process with the lowest number stands for a namespace, zombies as in lsns; where
   there is none a thread, and where no task is in it one whose next child will be. */
static int add_ns(struct list *list, const struct nsu_ns *ns)
{
	const struct nsu_task *task, *zombie = nsu_ns_get_zombie(ns, 0);
	size_t i = 0;

	while ((task = nsu_ns_get_task(ns, i)) != NULL && nsu_task_is_thread(task))
		i++;
	if (zombie != NULL &&
	    (task == NULL || nsu_task_get_tid(zombie) < nsu_task_get_tid(task)))
		task = zombie;
	if (task == NULL)
		task = nsu_ns_get_task(ns, 0);
	if (task != NULL)
		return add_row(list, ns, task, false);
	task = nsu_ns_get_heir(ns, 0);
	return add_row(list, ns, task, task != NULL);
}

static bool is_wanted(const struct opts *opts, const struct nsu_ns *ns)
{
	if (opts->types != 0 && (opts->types & 1U << nsu_ns_get_type(ns)) == 0)
		return false;
	return !opts->persistent ||
		nsu_ns_count_processes(ns) + nsu_ns_count_zombies(ns) == 0;
}

static int add_all(struct list *list)
{
	const struct nsu_ns *ns;

	nsu_foreach_ns(ns, list->snap)
		if (is_wanted(&list->app->opts, ns) && add_ns(list, ns) < 0)
			return -ENOMEM;
	return 0;
}

/* The namespaces of the process of -p. */
static int add_of_process(struct list *list)
{
	const struct app *app = list->app;
	const struct nsu_task *task;
	const struct nsu_ns *ns;

	if (nsu_snapshot_find_task(list->snap, app->opts.pid, &task) < 0) {
		msg(&app->out, "%d: no such process", (int)app->opts.pid);
		return -ESRCH;
	}
	for (enum nsu_type type = 0; type < NSU_TYPE_COUNT; type++)
		if (nsu_task_get_ns(task, type, &ns) == 0 && is_wanted(&app->opts, ns) &&
		    add_ns(list, ns) < 0)
			return -ENOMEM;
	if (list->count > 0 || nsu_task_get_error(task) == 0)
		return 0;
	msg_errno(&app->out, nsu_task_get_error(task), "process %d: read namespaces",
		  (int)app->opts.pid);
	return -EACCES;
}

static int compare_tasks(const void *a, const void *b)
{
	pid_t x = nsu_task_get_tid(((const struct row *)a)->task);
	pid_t y = nsu_task_get_tid(((const struct row *)b)->task);

	return (x > y) - (x < y);
}

/* Another thread of the same process stands for it already. */
static bool is_counted(const struct list *list, const struct nsu_task *task)
{
	if (list->app->opts.threads || !nsu_task_is_thread(task))
		return false;
	for (size_t i = list->count; i-- > 0;)
		if (nsu_task_get_pid(list->rows[i].task) == nsu_task_get_pid(task))
			return true;
	return false;
}

/* What NPROCS counts: the processes of the namespace, zombies, and of a process that is
   in it only by threads the first of them. */
static int add_members_of(struct list *list, const struct nsu_ns *ns)
{
	const struct nsu_task *task;

	for (size_t i = 0; (task = nsu_ns_get_task(ns, i)) != NULL; i++)
		if (!is_counted(list, task) && add_row(list, ns, task, false) < 0)
			return -ENOMEM;
	for (size_t i = 0; (task = nsu_ns_get_zombie(ns, i)) != NULL; i++)
		if (add_row(list, ns, task, false) < 0)
			return -ENOMEM;
	return 0;
}

/* Of a set each once, whatever of it it is in. */
static void sort_members(struct list *list)
{
	size_t kept = 0;

	if (list->count > 1)
		qsort(list->rows, list->count, sizeof(*list->rows), compare_tasks);
	for (size_t i = 0; i < list->count; i++)
		if (kept == 0 || list->rows[kept - 1].task != list->rows[i].task)
			list->rows[kept++] = list->rows[i];
	list->count = kept;
}

static int add_members(struct list *list, const struct target *target)
{
	const struct app *app = list->app;
	const struct nsu_ns *of[NSU_TYPE_COUNT];
	bool any = false;
	int count = target_list(app, target, list->snap, of), r = 0;

	for (int i = 0; i < count && r == 0; i++) {
		if (app->opts.types != 0 &&
		    (app->opts.types & 1U << nsu_ns_get_type(of[i])) == 0)
			continue;
		any = true;
		r = add_members_of(list, of[i]);
	}
	if (count > 0 && !any)
		return target_other_type(app, target->word,
					 count > 1 ? NULL : of[0]);
	sort_members(list);
	return count < 0 ? count : r;
}

static int compare_rows(const void *a, const void *b)
{
	uint64_t x = nsu_ns_get_inode(((const struct row *)a)->ns);
	uint64_t y = nsu_ns_get_inode(((const struct row *)b)->ns);

	return (x > y) - (x < y);
}

static int fill(struct list *list, const struct target *target)
{
	int r;

	if (target != NULL)
		return add_members(list, target);
	r = list->app->opts.pid != 0 ? add_of_process(list) : add_all(list);
	if (list->count > 1)
		qsort(list->rows, list->count, sizeof(*list->rows), compare_rows);
	return r;
}

/* Reads no more than what is shown. */
static struct nsu_snapshot *scan(struct list *list, const struct target *target)
{
	const struct nsu_target *handle;
	const struct opts *opts = &list->app->opts;
	unsigned parts = NSU_PART_TASKS | columns_get_parts(&list->columns);
	unsigned reads = columns_get_reads(&list->columns), types = opts->types;
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;

	if (target != NULL) {
		handle = target->target;
		options.parts = parts | NSU_PART_DEFAULT | FIND_PARTS;
		options.targets = &handle;
		options.target_count = 1;
		return app_scan_by(list->app, &options, NULL);
	}
	if (opts->tree == TREE_OWNER || opts->tree == TREE_PARENT)
		parts |= NSU_PART_RELATIONS;
	if (opts->filter != NULL)
		parts |= NSU_PART_DEFAULT;
	if (opts->tree == TREE_PROCESS || opts->filter != NULL)
		reads |= READ_TASK;
	/* Which mounts are the caller's own its mount namespace tells. */
	if (types != 0 && reads & READ_BINDS)
		types |= 1U << NSU_MNT;
	if (opts->pid == 0)
		return app_scan(list->app, parts | NSU_PART_DEFAULT | FIND_PARTS, types);
	if (reads & (READ_TASK | READ_ALL))
		return app_scan(list->app, parts | NSU_PART_THREADS, types);
	options.parts = parts & ~NSU_PART_THREADS;
	options.types = opts->types;
	options.pids = &opts->pid;
	options.pid_count = 1;
	return app_scan_by(list->app, &options, NULL);
}

static int prepare(struct list *list)
{
	const struct opts *opts = &list->app->opts;

	list->facts.app = list->app;
	list->facts.form = opts->json ? FORM_JSON : opts->raw ? FORM_RAW : FORM_TABLE;
	list->facts.shown = shown_new(&list->app->out);
	list->facts.snap = list->snap;
	list->facts.cache = fact_cache_new();
	list->facts.net = net_facts_new();
	if (list->facts.shown == NULL || list->facts.cache == NULL ||
	    list->facts.net == NULL)
		return -ENOMEM;
	if ((columns_get_reads(&list->columns) & READ_BINDS) || opts->filter != NULL) {
		list->facts.own = view_task_ns(view_self(list->app, list->snap), NSU_MNT);
		list->facts.binds_error = nsu_binds_new(list->app->ctx, NULL,
							&list->facts.binds);
		if (list->facts.binds_error == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

static int print(struct list *list)
{
	switch (list->facts.form) {
	case FORM_JSON:
		return list_print_json(list);
	case FORM_RAW:
		return list_print_raw(list);
	case FORM_TABLE:
		break;
	}
	return list_is_plain(list) ? list_print_plain(list) : list_print_table(list);
}

/* What has told its own error is not told again. */
static int report(struct list *list, int error)
{
	int status;

	if (error == -ENOMEM)
		msg_errno(&list->app->out, error, "list");
	if (error == -EINVAL)
		return 2;	/* the expression of -Q */
	/* What was not found may be among what could not be read. */
	if (error < 0 && error != -ENOENT)
		return 1;
	status = app_remark_gaps(list->app, list->snap);
	return error < 0 ? 1 : status;
}

static int run(struct list *list, const struct target *target)
{
	struct nsu_snapshot *snap = scan(list, target);
	int r;

	if (snap == NULL)
		return 1;
	list->snap = snap;
	r = prepare(list);
	if (r == 0)
		r = fill(list, target);
	if (r == 0 && list->app->opts.filter != NULL)
		r = list_filter(list);
	if (r == 0)
		r = list_link(list);
	if (r == 0)
		r = print(list);
	r = report(list, r);
	free(list->rows);
	free(list->text.data);
	shown_free(list->facts.shown);
	nsu_binds_free(list->facts.binds);
	fact_cache_free(list->facts.cache);
	net_facts_free(list->facts.net);
	nsu_snapshot_free(snap);
	return r;
}

int view_list(struct app *app)
{
	struct list list = { .app = app, .first = -1, .last = -1 };
	const char *word = app->opts.operands[0];
	struct target target = { .word = word };
	int status;
	pid_t pid;

	if (columns_choose(app, &list.columns) < 0)
		return 2;
	if (app->opts.operand_count > 1) {
		cli_wrong(&app->out, NULL, "%s: the list is of one namespace at a time",
			  app->opts.operands[1]);
		return 2;
	}
	if (word != NULL && app_target(app, word, &target.target) < 0)
		return 1;
	if (word != NULL && nsu_target_get_pid(target.target, &pid) != -ENOENT) {
		msg(&app->out, "%s: a %s, not a namespace", word,
		    nsu_target_is_container(target.target) ? "container" : "process");
		if (nsu_target_get_pid(target.target, &pid) == 0)
			msg(&app->out, "try: nstree -l -p %d", (int)pid);
		status = 1;
	} else {
		status = run(&list, word != NULL ? &target : NULL);
	}
	nsu_target_free(target.target);
	return status;
}
