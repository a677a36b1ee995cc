/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nstree -x: the process trees, with what each process does not share with its parent. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"
#include "target.h"
#include "view.h"

enum { NAME, FIELD, USER, COMMAND };

static const struct grid_column columns[] = {
	[NAME] = { "PROCESS", GRID_TREE | GRID_CUT_MIDDLE },
	[FIELD] = { "muinpCUT", GRID_SPARE },
	[USER] = { "USER", GRID_DROP | GRID_SPARE },
	[COMMAND] = { "COMMAND", GRID_CUT_END | GRID_DROP | GRID_SPARE },
};

struct proc {
	const struct nsu_task *task, *parent;
	struct proc *first;	/* of like zombies of one parent; NULL: of none */
	size_t alike;		/* how many more this line stands for */
	long row;
	bool shown, busy;
};

/* Whose processes are shown. */
struct scope {
	/* those in one of them, and in pid namespaces below it */
	const struct nsu_ns *ns[NSU_TYPE_COUNT];
	int count;
	const struct nsu_task *root;	/* this one and those that descend from it */
	const struct nsu_container *container; /* those within it, or in the pod */
};

struct procs {
	struct app *app;
	const struct nsu_snapshot *snap;
	struct shown_cache *cache;
	struct grid *grid;
	struct proc *proc;	/* sorted by tid, as the snapshot is */
	size_t count;
	bool wide;
};

static bool is_in(const struct nsu_task *task, const struct nsu_ns *ns)
{
	pid_t pid;

	/* One that is numbered in a pid namespace is in it, or in one below. */
	if (nsu_ns_get_type(ns) == NSU_PID && nsu_task_get_pid_in(task, ns, &pid) == 0)
		return true;
	return view_task_ns(task, nsu_ns_get_type(ns)) == ns;
}

static struct proc *find_proc(const struct procs *procs, const struct nsu_task *task)
{
	size_t low = 0, high = procs->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (nsu_task_get_tid(procs->proc[middle].task) < nsu_task_get_tid(task))
			low = middle + 1;
		else
			high = middle;
	}
	return low < procs->count && procs->proc[low].task == task ? &procs->proc[low] :
								     NULL;
}

static const struct nsu_task *find_parent(const struct procs *procs,
					  const struct nsu_task *task)
{
	const struct nsu_task *parent;
	const struct shown *shown;
	pid_t pid = nsu_task_get_pid(task);

	if (!nsu_task_is_thread(task)) {
		shown = shown_get(procs->cache, task, false);
		pid = shown && !shown->error ? shown->stat.ppid : 0;
	}
	if (pid <= 0 || nsu_snapshot_find_task(procs->snap, pid, &parent) < 0)
		return NULL;
	return parent;
}

/* Threads are shown where asked, and where they are all that is left of their process. */
static bool is_wanted(const struct procs *procs, const struct nsu_task *task)
{
	const struct nsu_task *leader;

	if (!nsu_task_is_thread(task) || procs->app->opts.threads)
		return true;
	return nsu_snapshot_find_task(procs->snap, nsu_task_get_pid(task), &leader) < 0 ||
	       nsu_task_is_dead_leader(leader);
}

/* Numbers that were given again may make a ring of parents. */
static bool descends(const struct procs *procs, const struct nsu_task *task,
		     const struct nsu_task *root)
{
	size_t steps = nsu_snapshot_count_tasks(procs->snap);

	for (; task && task != root && steps > 0; steps--)
		task = find_parent(procs, task);
	return task == root;
}

static bool is_in_scope(const struct procs *procs, const struct nsu_task *task,
			const struct scope *scope)
{
	for (int i = 0; i < scope->count; i++)
		if (is_in(task, scope->ns[i]))
			return true;
	if (scope->count)
		return false;
	if (scope->container)
		return view_is_within(view_task_container(task), scope->container);
	return !scope->root || descends(procs, task, scope->root);
}

static int collect(struct procs *procs, const struct scope *scope)
{
	const struct nsu_task *task;

	procs->proc =
		calloc(nsu_snapshot_count_tasks(procs->snap) + 1, sizeof(struct proc));
	if (!procs->proc)
		return -ENOMEM;
	nsu_foreach_task(task, procs->snap) {
		if (!is_in_scope(procs, task, scope) || !is_wanted(procs, task))
			continue;
		procs->proc[procs->count++] = (struct proc) {
			.task = task, .parent = find_parent(procs, task), .row = -1 };
	}
	return 0;
}

/* All its namespaces are the host's. */
static bool is_the_hosts(const struct procs *procs, const struct nsu_task *task)
{
	for (int t = 0; t < NSU_TYPE_COUNT; t++)
		if (view_task_ns(task, (enum nsu_type)t) !=
		    view_host_ns(procs->snap, (enum nsu_type)t))
			return false;
	return true;
}

/* Of one that could not be read: how many numbers it has tells whether it is in the
   procfs's pid namespace, and whether in another one than its parent. */
static char pid_letter(const struct proc *proc)
{
	const pid_t *pids;
	int n = nsu_task_get_pids(proc->task, &pids);
	int up = proc->parent ? nsu_task_get_pids(proc->parent, &pids) : 1;

	return n < 1 ? '?' : n == 1 ? '.' : n == up ? '^' : 'p';
}

/* muinpCUT as in the picture: below a process of the host what is shared is the host's,
   below another one that line's. */
static void set_field(struct procs *procs, const struct proc *proc)
{
	const struct nsu_task *up = proc->parent && find_proc(procs, proc->parent) &&
				    !is_the_hosts(procs, proc->parent) ?
					    proc->parent : NULL;
	char field[NSU_TYPE_COUNT + 1] = "";

	for (int t = 0; t < NSU_TYPE_COUNT; t++) {
		enum nsu_type type = (enum nsu_type)t;
		const struct nsu_ns *ns, *host = view_host_ns(procs->snap, type);
		int r = nsu_task_get_ns(proc->task, type, &ns);

		if (r == -EACCES && type == NSU_PID)
			field[t] = pid_letter(proc);
		else if (r < 0)
			field[t] = r == -ENOENT ? '-' : '?';
		else if (up && view_task_ns(up, type) == ns)
			field[t] = '^';
		else if (ns == host)
			field[t] = '.';
		else if (nsu_ns_count_tasks(ns) && nsu_ns_get_task(ns, 0) != proc->task)
			field[t] = '&';
		else
			field[t] = nsu_type_get_info(type)->letter;
	}
	grid_set(procs->grid, proc->row, FIELD, field);
	if (strspn(field, ".^-") < NSU_TYPE_COUNT)
		grid_color(procs->grid, proc->row, FIELD, GRID_BOLD);
}

static void fill_row(struct procs *procs, const struct proc *proc)
{
	const struct shown *shown = shown_get(procs->cache, proc->task, procs->wide);
	const char *name = shown && shown->name ? shown->name : "?";
	char *pids = view_pids(proc->task, true), user[64];
	const char *state = nsu_task_is_thread(proc->task) ? " (thread)" :
		nsu_task_is_dead_leader(proc->task) ? " (leader ended)" :
		nsu_task_is_zombie(proc->task) ? " (zombie)" :
		shown && !shown->error && shown->stat.state == 'D' ? " (D)" : "";

	if (proc->alike) {
		grid_setf(procs->grid, proc->row, NAME, "%s %s%zu (zombies)", name,
			  procs->app->out.utf8 ? "×" : "x", proc->alike + 1);
	} else {
		grid_setf(procs->grid, proc->row, NAME, "%s (%s)%s", name,
			  pids ? pids : "?", state);
		grid_keep(procs->grid, proc->row, NAME,
			  (pids ? strlen(pids) : 1) + strlen(" ()") + strlen(state));
	}
	free(pids);
	set_field(procs, proc);
	if (!procs->wide)
		return;
	grid_set(procs->grid, proc->row, USER,
		 view_user(user, procs->app, procs->snap, proc->task, shown));
	grid_set(procs->grid, proc->row, COMMAND,
		 shown && shown->command ? shown->command : "?");
}

static bool is_like(const struct procs *procs, const struct proc *x,
		    const struct proc *y)
{
	const struct shown *a = shown_get(procs->cache, x->task, false);
	const struct shown *b = shown_get(procs->cache, y->task, false);

	return x->parent == y->parent && a && b && a->name && b->name &&
	       strcmp(a->name, b->name) == 0;
}

/* Zombies of one parent and name, one after the other: a line that counts them. */
static void fold_zombies(struct procs *procs)
{
	struct proc *last = NULL;

	for (size_t i = 0; i < procs->count && !procs->app->opts.all; i++) {
		struct proc *proc = &procs->proc[i];

		if (!nsu_task_is_zombie(proc->task) ||
		    nsu_task_is_dead_leader(proc->task))
			continue;
		if (last && is_like(procs, last, proc)) {
			proc->first = last;
			last->alike++;
		} else {
			last = proc;
		}
	}
}

/* Parents first. What is read one after another may seem to go in a ring: it is cut. */
static void add_row(struct procs *procs, struct proc *proc)
{
	struct proc *up = proc->parent ? find_proc(procs, proc->parent) : NULL;

	if (proc->shown || proc->busy || proc->first)
		return;
	proc->busy = true;
	if (up)
		add_row(procs, up);
	proc->row = grid_add(procs->grid, up ? up->row : -1);
	proc->shown = true;
	fill_row(procs, proc);
}

static int print_procs(struct app *app, const struct nsu_snapshot *snap,
		       struct shown_cache *cache, const struct scope *scope,
		       const char *word)
{
	struct procs procs = { .app = app, .snap = snap, .cache = cache,
			       .wide = view_is_wide(app, 100) };
	int r = collect(&procs, scope);

	if (r == 0 && !procs.count) {
		free(procs.proc);
		msg(&app->out, "%s: no process is in it%s", word,
		    view_knows_tasks(snap) ? "" : " that can be read");
		return 0;
	}
	fold_zombies(&procs);
	procs.grid = grid_new(app, columns, sizeof(columns) / sizeof(columns[0]));
	if (r == 0 && procs.grid) {
		for (size_t i = 0; i < procs.count; i++)
			add_row(&procs, &procs.proc[i]);
		r = grid_print(procs.grid);
	}
	if (!procs.grid)
		r = -ENOMEM;
	grid_free(procs.grid);
	free(procs.proc);
	return r;
}

/* Of a namespace or a container all that is in it, of a set all that is in one of them;
   of a process all in its pid namespace, which stands for its container, and where that
   is the host's itself and what descends from it. */
static int find_scope(struct app *app, const struct target *target,
		      const struct nsu_snapshot *snap, struct scope *ret)
{
	const struct nsu_task *task;
	const struct nsu_ns *ns;
	int r;

	*ret = (struct scope) { .count = 0 };
	if (target_is_set(target)) {
		ret->count = target_list(app, target, snap, ret->ns);
		return 0;
	}
	if (nsu_target_find_container(target->target, snap, &ret->container) == 0)
		return 0;
	r = target_find(app, target, snap, &task, &ns);
	if (r < 0)
		return r;
	if (task)
		ns = view_task_ns(task, NSU_PID);
	if (task && (!ns || ns == view_host_ns(snap, NSU_PID)))
		ret->root = task;
	else
		ret->ns[ret->count++] = ns;
	return 0;
}

static int print_targets(struct app *app, const struct nsu_snapshot *snap,
			 struct shown_cache *cache, const struct targets *targets)
{
	int r = 0, status = targets->failed ? 1 : 0;
	bool first = true;

	for (size_t i = 0; i < targets->count && r == 0; i++) {
		struct scope scope;

		if (find_scope(app, &targets->target[i], snap, &scope) < 0) {
			status = 1;
			continue;
		}
		if (!first)
			putchar('\n');
		first = false;
		r = print_procs(app, snap, cache, &scope, targets->target[i].word);
	}
	return r < 0 ? r : status;
}

static bool names_container(const struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		if (nsu_target_is_container(targets->target[i].target))
			return true;
	return false;
}

int view_processes(struct app *app)
{
	struct targets targets;
	struct nsu_snapshot *snap = NULL;
	struct shown_cache *cache;
	int r = targets_open(app, &targets), status;

	if (r == 0 && (targets.count || !targets.failed))
		snap = targets_scan(app, &targets, NSU_PART_DEFAULT | NSU_PART_PIDS |
				    (names_container(&targets) ? NSU_PART_CONTAINERS : 0),
				    0);
	if (!snap) {
		targets_close(&targets);
		return 1;
	}
	cache = shown_new(&app->out);
	if (!cache)
		r = -ENOMEM;
	else if (targets.count)
		r = print_targets(app, snap, cache, &targets);
	else
		r = print_procs(app, snap, cache, &(struct scope) { .count = 0 },
				"/proc");
	shown_free(cache);
	targets_close(&targets);
	fflush(stdout);
	if (r < 0)
		r = view_failed(app, r);
	app_remark_reference(app, snap);
	status = app_remark_gaps(app, snap);
	nsu_snapshot_free(snap);
	return r ? r : status;
}
