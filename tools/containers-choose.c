// SPDX-License-Identifier: GPL-2.0-or-later
/* Which containers --containers shows, and how they hang together. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "containers.h"
#include "target.h"
#include "view.h"

/* By whatever order pointers have: those of one container are together. */
static int by_above(const void *a, const void *b)
{
	const struct below *x = a, *y = b;
	uintptr_t p = (uintptr_t)x->above, q = (uintptr_t)y->above;
	int order;

	if (p != q)
		return p < q ? -1 : 1;
	order = strcmp(nsu_container_get_word(x->container),
		       nsu_container_get_word(y->container));
	p = (uintptr_t)x->container, q = (uintptr_t)y->container;
	return order != 0 ? order : p < q ? -1 : p > q;
}

size_t containers_first_below(const struct containers_view *v,
			      const struct nsu_container *container)
{
	size_t low = 0, high = v->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((uintptr_t)v->below[middle].above < (uintptr_t)container)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int gather(struct containers_view *v, bool all)
{
	size_t n = nsu_snapshot_count_containers(v->snap);
	const struct nsu_container *container;

	v->below = calloc(n + 1, sizeof(*v->below));
	if (v->below == NULL)
		return -ENOMEM;
	nsu_foreach_container(container, v->snap) {
		struct below *below = &v->below[v->count];

		/* Its pod's line stands for it. */
		if (nsu_container_get_kind(container) == NSU_POD_PAUSE &&
		    nsu_container_get_pod(container, &below->above) == 0) {
			below->above = NULL;
			continue;
		}
		below->container = container;
		if (nsu_container_get_pod(container, &below->above) < 0 &&
		    nsu_container_get_outer(container, &below->above) < 0)
			below->above = NULL;
		below->chosen = all && below->above == NULL;
		v->count++;
	}
	qsort(v->below, v->count, sizeof(*v->below), by_above);
	return 0;
}

static void choose(struct containers_view *v, const struct nsu_container *container)
{
	const struct nsu_container *pod;

	if (nsu_container_get_kind(container) == NSU_POD_PAUSE &&
	    nsu_container_get_pod(container, &pod) == 0)
		container = pod;
	for (size_t i = 0; i < v->count; i++)
		if (v->below[i].container == container)
			v->below[i].chosen = true;
}

/* The container that a word means, or that of a process. Whether there is one. */
static bool choose_target(struct containers_view *v, const struct target *target)
{
	const struct nsu_container *container = NULL;
	const struct nsu_task *task = NULL;
	const struct nsu_ns *ns;
	int r = nsu_target_find_container(target->target, v->snap, &container);

	if (r == -ENOENT) {
		if (target_find(v->app, target, v->snap, &task, &ns) < 0)
			return false;
		r = task != NULL ? nsu_task_get_container(task, &container) : r;
	}
	if (r == -ENOENT)
		msg(&v->app->out, "%s: not a container, and in none", target->word);
	else if (r < 0)
		target_complain(v->app, target, r);
	else
		choose(v, container);
	return r == 0;
}

/* A container whose pod or outer one is chosen too has its line below that. */
static void drop_inner(struct containers_view *v)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct nsu_container *above = v->below[i].above;

		for (size_t k = 0; above != NULL && k < v->count; k++)
			if (v->below[k].chosen && v->below[k].container == above)
				v->below[i].chosen = false;
	}
}

int containers_choose(struct containers_view *v)
{
	struct targets targets;
	int r = targets_open(v->app, &targets), status = 0;

	if (r == 0 && (targets.count > 0 || !targets.failed))
		v->snap = targets_scan(v->app, &targets, NSU_PART_DEFAULT |
				       NSU_PART_PIDS | NSU_PART_CONTAINERS, 0);
	if (v->snap == NULL || targets.failed)
		status = 1;
	if (v->snap != NULL) {
		r = gather(v, targets.count == 0);
		for (size_t i = 0; r == 0 && i < targets.count; i++)
			if (!choose_target(v, &targets.target[i]))
				status = 1;
		if (targets.count > 0)
			drop_inner(v);
		if (r < 0)
			status = view_failed(v->app, r);
	}
	targets_close(&targets);
	return status;
}
