// SPDX-License-Identifier: GPL-2.0-or-later
/* nstree --containers: a line for each container, with its limits and what it uses. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "containers.h"
#include "grid.h"
#include "list.h"
#include "target.h"
#include "view.h"

enum {
	NAME, PID, PROCS, AGE, CPU, MEMORY, MEMORY_MAX, SHARE, OOM, TASKS, CPU_MAX,
	THROTTLED, SET_AT, IMAGE,
};

/* OOM stays where there is no room for all: it is what one looks for first. */
static const struct grid_column columns[] = {
	[NAME] = { "NAME", GRID_TREE | GRID_CUT_MIDDLE },
	[PID] = { "PID", 0 },
	[PROCS] = { "PROCS", GRID_RIGHT },
	[AGE] = { "AGE", GRID_RIGHT },
	[CPU] = { "CPU", GRID_RIGHT },
	[MEMORY] = { "MEM", GRID_RIGHT },
	[MEMORY_MAX] = { "MEMMAX", GRID_RIGHT },
	[SHARE] = { "MEM%", GRID_RIGHT },
	[OOM] = { "OOM", GRID_RIGHT },
	[TASKS] = { "TASKS", GRID_RIGHT | GRID_SPARE },
	[CPU_MAX] = { "CPUMAX", GRID_RIGHT | GRID_SPARE },
	[THROTTLED] = { "THROTTLED", GRID_RIGHT | GRID_DROP | GRID_SPARE },
	[SET_AT] = { "LIMIT SET AT", GRID_DROP | GRID_SPARE },
	[IMAGE] = { "IMAGE", GRID_CUT_MIDDLE | GRID_DROP | GRID_SPARE },
};

const char *container_state(const struct nsu_snapshot *snap,
			    const struct nsu_container *container,
			    const struct nsu_cgroup *usage)
{
	const struct nsu_task *init;
	const struct nsu_ns *pidns;

	if (usage != NULL && usage->frozen > 0)
		return "paused";
	if (nsu_container_get_init(container, &init) < 0)
		return "init ended";
	pidns = view_task_ns(init, NSU_PID);
	if (pidns != NULL && pidns != view_host_ns(snap, NSU_PID) &&
	    view_init_ended(snap, pidns))
		return "init ended";
	return "running";
}

static bool has(int64_t value)
{
	return value >= 0 && value != INT64_MAX;
}

/* "512M", "-": no limit, "?" */
static void set_size(struct grid *grid, long row, size_t column, int64_t bytes)
{
	char text[16];

	grid_set(grid, row, column, bytes < 0 ? "?" : bytes == INT64_MAX ? "-" :
		 text_size(text, (uint64_t)bytes));
}

static void set_share(struct grid *grid, long row, const struct nsu_cgroup *usage)
{
	int64_t percent;

	if (usage->memory < 0 || usage->memory_max < 0) {
		grid_set(grid, row, SHARE, "?");
	} else if (!has(usage->memory_max) || usage->memory_max == 0) {
		grid_set(grid, row, SHARE, "-");
	} else {
		percent = (int64_t)(100.0 * (double)usage->memory /
				    (double)usage->memory_max + 0.5);
		grid_setf(grid, row, SHARE, "%" PRId64 "%%", percent);
		if (percent >= 90)
			grid_color(grid, row, SHARE, GRID_TROUBLE);
	}
}

static void set_tasks(struct grid *grid, long row, const struct nsu_cgroup *usage)
{
	if (usage->pids < 0)
		grid_set(grid, row, TASKS, "?");
	else if (has(usage->pids_max))
		grid_setf(grid, row, TASKS, "%" PRId64 "/%" PRId64, usage->pids,
			  usage->pids_max);
	else
		grid_setf(grid, row, TASKS, "%" PRId64, usage->pids);
	if (has(usage->pids) && has(usage->pids_max) &&
	    usage->pids >= usage->pids_max - usage->pids_max / 10)
		grid_color(grid, row, TASKS, GRID_TROUBLE);
}

/* Processors: "2", "0.5", "-": no limit. */
static void set_cpus(struct grid *grid, long row, const struct nsu_cgroup *usage)
{
	int64_t max = usage->cpu_max;

	if (!has(max))
		grid_set(grid, row, CPU_MAX, max < 0 ? "?" : "-");
	else if (max % 1000 == 0)
		grid_setf(grid, row, CPU_MAX, "%" PRId64, max / 1000);
	else
		grid_setf(grid, row, CPU_MAX, "%.3g", (double)max / 1000);
	if (usage->cpu_periods <= 0 || usage->cpu_throttled < 0)
		return;
	grid_setf(grid, row, THROTTLED, "%.0f%%", 100.0 * (double)usage->cpu_throttled /
		  (double)usage->cpu_periods);
	if (usage->cpu_throttled > usage->cpu_periods / 10)
		grid_color(grid, row, THROTTLED, GRID_TROUBLE);
}

/* The name of the cgroup that many levels above the path; malloc'ed. */
static char *level_name(const struct output *out, const char *path, int level)
{
	size_t len = strlen(path), start;
	char *part, *text;

	for (; level > 0 && len > 0; level--)
		while (len > 0 && path[--len] != '/')
			;
	for (start = len; start > 0 && path[start - 1] != '/'; start--)
		;
	part = len == 0 ? strdup("/") : strndup(path + start, len - start);
	text = part != NULL ? text_escape(out, part) : NULL;
	free(part);
	return text;
}

/* Which limits come from above, and from where: "kubepods.slice: mem, tasks". */
char *container_set_at(const struct output *out, const struct nsu_container *container,
		       const struct nsu_cgroup *usage)
{
	const struct {
		const char *word;
		int level;
	} limits[] = {
		{ "mem", usage->memory_level }, { "tasks", usage->pids_level },
		{ "cpu", usage->cpu_level },
	};
	const char *path, *between = "";
	char *text = NULL;
	bool said[3] = { false };
	size_t size;
	FILE *f;

	if (nsu_container_get_text(container, NSU_CONTAINER_CGROUP, &path) < 0)
		return NULL;
	f = open_memstream(&text, &size);
	for (int i = 0; f != NULL && i < 3; i++) {
		char *name;

		if (limits[i].level <= 0 || said[i])
			continue;
		name = level_name(out, path, limits[i].level);
		fprintf(f, "%s%s: %s", between, name != NULL ? name : "?",
			limits[i].word);
		for (int k = i + 1; k < 3; k++)
			if (limits[k].level == limits[i].level) {
				fprintf(f, ", %s", limits[k].word);
				said[k] = true;
			}
		between = "; ";
		free(name);
	}
	if (f == NULL || fclose(f) != 0 || *text == '\0') {
		free(text);
		return NULL;
	}
	return text;
}

static void set_usage(struct containers_view *v, long row,
		      const struct nsu_container *container,
		      const struct nsu_cgroup *usage)
{
	char age[16], *set_at;

	grid_set(v->grid, row, CPU, usage->cpu_usage < 0 ? "?" :
		 text_age(age, (uint64_t)usage->cpu_usage / 1000000));
	set_size(v->grid, row, MEMORY, usage->memory);
	set_size(v->grid, row, MEMORY_MAX, usage->memory_max);
	set_share(v->grid, row, usage);
	set_tasks(v->grid, row, usage);
	set_cpus(v->grid, row, usage);
	if (usage->oom_kills < 0)
		grid_set(v->grid, row, OOM, "?");
	else
		grid_setf(v->grid, row, OOM, "%" PRId64, usage->oom_kills);
	if (usage->oom_kills > 0)
		grid_color(v->grid, row, OOM, GRID_BROKEN);
	set_at = container_set_at(&v->app->out, container, usage);
	if (set_at != NULL)
		grid_take(v->grid, row, SET_AT, set_at);
}

static void set_name(struct containers_view *v, long row,
		     const struct nsu_container *container,
		     const struct nsu_container *above, const char *state)
{
	char *name = NULL, *text = NULL;

	if (above != NULL && nsu_container_get_kind(above) == NSU_POD)
		name = view_name_in_pod(&v->app->out, container);
	if (name == NULL)
		name = text_escape(&v->app->out, nsu_container_get_word(container));
	if (name != NULL && asprintf(&text, "%s%s%s%s%s", name,
				     nsu_container_is_claim(container) ?
					     " (claimed)" : "",
				     strcmp(state, "running") != 0 ? " (" : "",
				     strcmp(state, "running") != 0 ? state : "",
				     strcmp(state, "running") != 0 ? ")" : "") < 0)
		text = NULL;
	if (name != NULL && text != NULL)
		grid_keep(v->grid, row, NAME, strlen(text) - strlen(name));
	free(name);
	grid_take(v->grid, row, NAME, text);
	if (strcmp(state, "running") != 0)
		grid_color(v->grid, row, NAME, GRID_TROUBLE);
}

static void set_process(struct containers_view *v, long row,
			const struct nsu_container *container)
{
	const struct nsu_task *init = NULL;
	char age[16], *pids = NULL;

	if (nsu_container_get_init(container, &init) == 0)
		pids = view_pids(init, false);
	grid_take(v->grid, row, PID, pids != NULL ? pids : strdup("-"));
	grid_setf(v->grid, row, PROCS, "%zu", nsu_container_count_processes(container));
	grid_set(v->grid, row, AGE, init == NULL ? "-" :
		 view_age(age, v->snap, shown_get(v->cache, init, false)));
}

/* "-": it has no cgroup of its own; "?": one that is not to be seen from here. */
static const char *no_usage(const struct nsu_container *container, int error)
{
	const char *path;

	if (error == -ENOENT &&
	    nsu_container_get_text(container, NSU_CONTAINER_CGROUP, &path) == -ENOENT)
		return "-";
	return "?";
}

static void add_row(struct containers_view *v, long parent,
		    const struct nsu_container *container,
		    const struct nsu_container *above)
{
	struct nsu_cgroup usage = NSU_CGROUP_BRIEF_INIT;
	int r = nsu_container_read_usage(container, &usage);
	long row = grid_add(v->grid, parent);
	const char *image;

	set_name(v, row, container, above,
		 container_state(v->snap, container, r == 0 ? &usage : NULL));
	set_process(v, row, container);
	if (r == 0)
		set_usage(v, row, container, &usage);
	else
		for (size_t i = CPU; i <= CPU_MAX; i++)
			grid_set(v->grid, row, i, no_usage(container, r));
	if (nsu_container_get_text(container, NSU_CONTAINER_IMAGE, &image) == 0)
		grid_take(v->grid, row, IMAGE, text_escape(&v->app->out, image));
	for (size_t i = containers_first_below(v, container);
	     i < v->count && v->below[i].above == container; i++)
		add_row(v, row, v->below[i].container, container);
}

static int print_table(struct containers_view *v)
{
	int r;

	v->grid = grid_new(v->app, columns, sizeof(columns) / sizeof(columns[0]));
	if (v->grid == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < v->count; i++)
		if (v->below[i].chosen)
			add_row(v, -1, v->below[i].container, NULL);
	r = grid_print(v->grid);
	grid_free(v->grid);
	return r;
}

static void put_text(const struct nsu_container *container, enum nsu_container_text what)
{
	const char *text;
	int r = nsu_container_get_text(container, what, &text);

	putchar(' ');
	if (r == 0)
		list_put_raw(text);
	else
		putchar(r == -ENOENT ? '-' : '?');
}

static void put_number(int64_t value)
{
	if (has(value))
		printf(" %" PRId64, value);
	else
		printf(" %c", value < 0 ? '?' : '-');
}

static void put_level(int64_t max, int level)
{
	if (level >= 0)
		printf(" %d", level);
	else
		printf(" %c", max < 0 ? '?' : '-');
}

/* The headings of the raw form; print_raw_row() has the order. */
static const char raw_heading[] = "NAME KIND ENGINE ID IMAGE STATE PID PROCS AGE CPU "
	"CPUMAX PERIODS THROTTLED MEM MEMMAX MEMLEVEL TASKS TASKSMAX TASKSLEVEL OOM";

static void print_raw_row(struct containers_view *v,
			  const struct nsu_container *container)
{
	static const char *const kinds[] = { "container", "pod", "pause" };
	struct nsu_cgroup usage = NSU_CGROUP_BRIEF_INIT, unknown = usage;
	bool read = nsu_container_read_usage(container, &usage) == 0;
	const struct nsu_task *init = NULL;
	const struct shown *shown = NULL;

	memset((char *)&unknown + sizeof(unknown.size), 0xff,
	       sizeof(unknown) - sizeof(unknown.size));
	if (!read)
		usage = unknown;
	if (nsu_container_get_init(container, &init) == 0)
		shown = shown_get(v->cache, init, false);
	list_put_raw(nsu_container_get_word(container));
	printf(" %s", kinds[nsu_container_get_kind(container)]);
	put_text(container, NSU_CONTAINER_ENGINE);
	put_text(container, NSU_CONTAINER_ID);
	put_text(container, NSU_CONTAINER_IMAGE);
	putchar(' ');
	list_put_raw(container_state(v->snap, container, &usage));
	if (init != NULL)
		printf(" %d", (int)nsu_task_get_tid(init));
	else
		fputs(" -", stdout);
	printf(" %zu", nsu_container_count_processes(container));
	put_number(shown == NULL || shown->error ? -1 :
		   ((int64_t)nsu_snapshot_get_time(v->snap) - shown->stat.start) /
		   1000000000);
	put_number(usage.cpu_usage);
	put_number(usage.cpu_max);
	put_number(usage.cpu_periods);
	put_number(usage.cpu_throttled);
	put_number(usage.memory);
	put_number(usage.memory_max);
	put_level(usage.memory_max, usage.memory_level);
	put_number(usage.pids);
	put_number(usage.pids_max);
	put_level(usage.pids_max, usage.pids_level);
	put_number(usage.oom_kills);
	putchar('\n');
}

static void print_raw_below(struct containers_view *v,
			    const struct nsu_container *container)
{
	print_raw_row(v, container);
	for (size_t i = containers_first_below(v, container);
	     i < v->count && v->below[i].above == container; i++)
		print_raw_below(v, v->below[i].container);
}

static int print_raw(struct containers_view *v)
{
	if (!v->app->opts.noheadings)
		puts(raw_heading);
	for (size_t i = 0; i < v->count; i++)
		if (v->below[i].chosen)
			print_raw_below(v, v->below[i].container);
	return 0;
}

int view_containers(struct app *app)
{
	struct containers_view v = { .app = app };
	int status = containers_choose(&v), r = 0;

	if (v.count > 0) {
		v.cache = shown_new(&app->out);
		r = v.cache == NULL ? -ENOMEM :
			app->opts.raw ? print_raw(&v) : print_table(&v);
		shown_free(v.cache);
	} else if (v.snap != NULL && status == 0) {
		msg(&app->out, "no container is running%s",
		    nsu_snapshot_is_complete(v.snap) ? "" :
		    ", of what could be read");
	}
	fflush(stdout);
	if (r < 0)
		status = view_failed(app, r);
	else if (v.snap != NULL && status == 0)
		status = app_remark_gaps(app, v.snap);
	free(v.below);
	nsu_snapshot_free(v.snap);
	return status;
}
