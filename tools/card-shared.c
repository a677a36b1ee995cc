/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables in the card of a container: its namespaces, and who else is in them; of a
   pod its containers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "card-container.h"
#include "grid.h"
#include "view.h"

#define NAMED 3		/* of those that share a namespace, unless all are asked for */

/* Who else is in a namespace: containers, each once, and processes of none. */
struct others {
	const struct nsu_container **list;
	size_t count, processes;
};

static int by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)*(const struct nsu_container *const *)a;
	uintptr_t y = (uintptr_t)*(const struct nsu_container *const *)b;

	return (x > y) - (x < y);
}

static int by_word(const void *a, const void *b)
{
	return strcmp(nsu_container_get_word(*(const struct nsu_container *const *)a),
		      nsu_container_get_word(*(const struct nsu_container *const *)b));
}

/* All others of its pod are the pod: the pod's own card has them. */
static const struct nsu_container *stands_for(const struct nsu_container *container,
					      const struct nsu_container *other)
{
	const struct nsu_container *pod;

	return nsu_container_get_pod(container, &pod) == 0 && view_is_within(other, pod) ?
		pod : other;
}

/* What lies within it is it; it lies within its outer one, which is told. */
static int find_others(const struct container_card *card, const struct nsu_ns *ns,
		       struct others *ret)
{
	const struct nsu_container *it;
	const struct nsu_task *task;
	size_t kept = 0;

	*ret = (struct others){ .list = calloc(nsu_ns_count_tasks(ns) + 1,
					       sizeof(struct nsu_container *)) };
	if (!ret->list)
		return -ENOMEM;
	for (size_t i = 0; (task = nsu_ns_get_task(ns, i)); i++) {
		it = view_task_container(task);
		if (!it)
			ret->processes += !nsu_task_is_thread(task);
		else if (!view_is_within(it, card->container))
			ret->list[ret->count++] = stands_for(card->container, it);
	}
	if (ret->count)
		qsort(ret->list, ret->count, sizeof(struct nsu_container *), by_address);
	for (size_t i = 0; i < ret->count; i++)
		if (!i || ret->list[i] != ret->list[kept - 1])
			ret->list[kept++] = ret->list[i];
	ret->count = kept;
	if (kept)
		qsort(ret->list, kept, sizeof(struct nsu_container *), by_word);
	return 0;
}

/* The only one of its type: nobody has another. */
static bool is_only(const struct nsu_snapshot *snap, const struct nsu_ns *ns)
{
	const struct nsu_ns *other;

	nsu_foreach_ns(other, snap)
		if (other != ns && nsu_ns_get_type(other) == nsu_ns_get_type(ns))
			return false;
	return true;
}

static void put_others(const struct container_card *card, FILE *f,
		       const struct others *others)
{
	size_t most = card->app->opts.all ? SIZE_MAX : NAMED, shown = 0;
	const char *comma = "";

	for (; shown < others->count && shown < most; shown++) {
		char *word = view_container_word(&card->app->out, others->list[shown]);

		fprintf(f, "%s%s", comma, word ? word : "?");
		free(word);
		comma = ", ";
	}
	if (shown < others->count)
		fprintf(f, "%s%zu more", comma, others->count - shown);
	if (others->processes)
		fprintf(f, "%s%zu process%s of no container", others->count ? ", " : "",
			others->processes, others->processes == 1 ? "" : "es");
	if (!others->count && !others->processes)
		fputc('-', f);
}

/* "-", "the host and 8 more", "everything", "docker:side"; malloc'ed. */
static char *shared_text(const struct container_card *card, const struct nsu_ns *ns)
{
	bool host = ns == view_host_ns(card->snap, nsu_ns_get_type(ns));
	struct others others;
	char *text = NULL;
	size_t size;
	FILE *f;

	if (host && is_only(card->snap, ns))
		return strdup("everything");
	if (find_others(card, ns, &others) < 0)
		return NULL;
	f = open_memstream(&text, &size);
	if (f && host) {
		fputs(nsu_snapshot_sees_host(card->snap) > 0 ? "the host" :
		      "process 1 here", f);
		if (others.count)
			fprintf(f, " and %zu more", others.count);
	} else if (f) {
		put_others(card, f, &others);
	}
	free(others.list);
	if (f && fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

int card_shared(const struct container_card *card)
{
	enum { TYPE, NAMESPACE, PROCS, SHARED };
	static const struct grid_column columns[] = {
		[TYPE] = { "TYPE", 0 },
		[NAMESPACE] = { "NAMESPACE", 0 },
		[PROCS] = { "PROCS", GRID_RIGHT },
		[SHARED] = { "SHARED WITH", GRID_CUT_END },
	};
	struct grid *grid = grid_new(card->app, columns,
				     sizeof(columns) / sizeof(*columns));
	unsigned wanted = card->app->opts.types;
	char name[NS_TEXT_SIZE];
	int r;

	if (!grid)
		return -ENOMEM;
	for (enum nsu_type type = 0; type < NSU_TYPE_COUNT; type++) {
		const struct nsu_ns *ns;
		long row;

		if (wanted && !(wanted & 1U << type))
			continue;
		row = grid_add(grid, -1);
		grid_set(grid, row, TYPE, nsu_type_get_name(type));
		r = nsu_task_get_ns(card->init, type, &ns);
		if (r < 0) {
			for (size_t c = NAMESPACE; c <= SHARED; c++)
				grid_set(grid, row, c, r == -ENOENT ? "-" : "?");
			continue;
		}
		grid_set(grid, row, NAMESPACE, view_ns(name, ns));
		grid_setf(grid, row, PROCS, "%zu", nsu_ns_count_processes(ns));
		grid_take(grid, row, SHARED, shared_text(card, ns));
	}
	putchar('\n');
	r = grid_print(grid);
	grid_free(grid);
	return r;
}

enum { MEMBER, PID, PROCESSES, AGE, IMAGE, COMMAND };

static void set_member(const struct container_card *card, struct grid *grid,
		       const struct nsu_container *member)
{
	const struct nsu_task *init;
	const struct shown *shown;
	char *image, *pids, age[16];
	long row = grid_add(grid, -1);

	grid_take(grid, row, MEMBER, view_container_word(&card->app->out, member));
	grid_setf(grid, row, PROCESSES, "%zu", nsu_container_count_processes(member));
	image = view_container_text(&card->app->out, member, NSU_CONTAINER_IMAGE);
	grid_set(grid, row, IMAGE, image ? image : "-");
	free(image);
	if (nsu_container_get_init(member, &init) < 0) {
		grid_set(grid, row, PID, "-");
		grid_set(grid, row, AGE, "-");
		grid_set(grid, row, COMMAND, "-");
		return;
	}
	shown = shown_get(card->cache, init, false);
	pids = view_pids(init, false);
	grid_set(grid, row, PID, pids ? pids : "?");
	free(pids);
	grid_set(grid, row, AGE, view_age(age, card->snap, shown));
	grid_set(grid, row, COMMAND, shown && shown->name ? shown->name : "?");
}

int card_members(const struct container_card *card)
{
	static const struct grid_column columns[] = {
		[MEMBER] = { "CONTAINER", GRID_CUT_MIDDLE },
		[PID] = { "PID", 0 },
		[PROCESSES] = { "PROCS", GRID_RIGHT },
		[AGE] = { "AGE", GRID_RIGHT },
		[IMAGE] = { "IMAGE", GRID_CUT_MIDDLE | GRID_SPARE },
		[COMMAND] = { "COMMAND", GRID_CUT_END | GRID_SPARE },
	};
	struct grid *grid = grid_new(card->app, columns,
				     sizeof(columns) / sizeof(*columns));
	const struct nsu_container *member, *pod;
	int r;

	if (!grid)
		return -ENOMEM;
	nsu_foreach_container(member, card->snap)
		if (nsu_container_get_pod(member, &pod) == 0 && pod == card->container &&
		    nsu_container_get_kind(member) != NSU_POD_PAUSE)
			set_member(card, grid, member);
	putchar('\n');
	r = grid_print(grid);
	grid_free(grid);
	return r;
}
