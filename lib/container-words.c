/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words that name containers, their order, and the lists of their tasks. */
#include <stdio.h>
#include <string.h>
#include "containers.h"

/* Of an id that is digits the first dozen are the name; any other is a name itself. */
static int digits_of(const char *id)
{
	return nsi_is_hex_id(id) ? NSI_ID_DIGITS : (int)strlen(id);
}

static int keep_word(struct nsi_naming *n, struct nsu_container *c, const char *prefix,
		     const char *a, const char *b, const char *last, int last_length)
{
	size_t size = strlen(prefix) + (a ? strlen(a) + 1 : 0) + (b ? strlen(b) + 1 : 0) +
		last_length + 2;
	nsi_autofree char *word = malloc(size);
	int length;

	if (!word)
		return -ENOMEM;
	length = snprintf(word, size, "%s:%s%s%s%s%.*s", prefix, a ? a : "", a ? "/" : "",
			  b ? b : "", b ? "/" : "", last_length, last);
	c->word = nsi_naming_keep(n, word, length);
	return c->word ? 0 : -ENOMEM;
}

static int make_pod_word(struct nsi_naming *n, struct nsu_container *c)
{
	const char *name = c->text[NSU_CONTAINER_NAME], *id = c->text[NSU_CONTAINER_ID];
	const char *space = c->text[NSU_CONTAINER_POD_NAMESPACE];

	if (name)
		return keep_word(n, c, "pod", space, NULL, name, strlen(name));
	return keep_word(n, c, "pod", NULL, NULL, id ? id : "?", id ? digits_of(id) : 1);
}

static int make_word(struct nsi_naming *n, struct nsu_container *c)
{
	const char *name = c->text[NSU_CONTAINER_NAME], *id = c->text[NSU_CONTAINER_ID];
	const char *pod = c->text[NSU_CONTAINER_POD];
	const char *in_pod = c->text[NSU_CONTAINER_POD_CONTAINER];
	char number[16];

	if (c->kind == NSU_POD)
		return make_pod_word(n, c);
	if (c->engine->kubernetes && !in_pod && c->kind != NSU_POD_PAUSE)
		in_pod = name;
	if (pod && in_pod && c->kind != NSU_POD_PAUSE && !c->engine->own_pods)
		return keep_word(n, c, "pod", c->text[NSU_CONTAINER_POD_NAMESPACE], pod,
				 in_pod, strlen(in_pod));
	if (name && !c->engine->kubernetes)
		return keep_word(n, c, c->engine->word, NULL, NULL, name, strlen(name));
	if (id)
		return keep_word(n, c, c->engine->word, NULL, NULL, id, digits_of(id));
	snprintf(number, sizeof(number), "%d", c->init == NSI_NONE ? 0 :
		 n->snap->tasks[c->init].pid);
	return keep_word(n, c, c->engine->word, NULL, NULL, number, strlen(number));
}

int nsi_containers_make_words(struct nsi_naming *n)
{
	int r = 0;

	for (size_t i = 0; i < n->snap->container_count && !r; i++)
		r = make_word(n, &n->snap->containers[i]);
	return r;
}

struct place {
	const struct nsu_container *container;
	uint32_t index;
};

static int by_word(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = strcmp(x->container->word, y->container->word);

	if (order)
		return order;
	if (x->container->init != y->container->init)
		return x->container->init < y->container->init ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static uint32_t moved(const uint32_t *to, uint32_t index)
{
	return index == NSI_NONE ? NSI_NONE : to[index];
}

static int sort(struct nsu_snapshot *snap)
{
	size_t count = snap->container_count;
	nsi_autofree struct place *places = calloc(count + 1, sizeof(*places));
	nsi_autofree uint32_t *to = calloc(count + 1, sizeof(*to));
	struct nsu_container *sorted = calloc(count + 1, sizeof(*sorted));

	if (!places || !to || !sorted) {
		free(sorted);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++)
		places[i] = (struct place){ &snap->containers[i], i };
	qsort(places, count, sizeof(*places), by_word);
	for (uint32_t i = 0; i < count; i++) {
		sorted[i] = *places[i].container;
		to[places[i].index] = i;
	}
	for (size_t i = 0; i < count; i++) {
		sorted[i].outer = moved(to, sorted[i].outer);
		sorted[i].pod = moved(to, sorted[i].pod);
	}
	for (size_t i = 0; i < snap->task_count; i++)
		snap->tasks[i].container = moved(to, snap->tasks[i].container);
	for (size_t i = 0; i < snap->cgroup_count; i++)
		snap->places[i].container = moved(to, snap->places[i].container);
	free(snap->containers);
	snap->containers = sorted;
	return 0;
}

/* Calls for each task and each list that it belongs into. */
static void each_task(struct nsu_snapshot *snap,
		      void (*link)(struct nsu_snapshot *, struct nsi_list *, uint32_t))
{
	for (uint32_t i = 0; i < snap->task_count; i++) {
		uint32_t container = snap->tasks[i].container, pod;

		if (container == NSI_NONE)
			continue;
		link(snap, &snap->containers[container].tasks, i);
		pod = snap->containers[container].pod;
		if (pod != NSI_NONE)
			link(snap, &snap->containers[pod].tasks, i);
	}
}

static void count_one(struct nsu_snapshot *snap, struct nsi_list *list, uint32_t index)
{
	(void)snap, (void)index;
	list->count++;
}

static void fill_one(struct nsu_snapshot *snap, struct nsi_list *list, uint32_t index)
{
	snap->refs[list->first + list->count++] = index;
}

static int make_lists(struct nsu_snapshot *snap)
{
	/* Behind those of namespaces and of sandboxes, which are one for each task. */
	size_t next = snap->ref_count + snap->task_count;
	uint32_t *refs = reallocarray(snap->refs, next + 2 * snap->task_count + 1,
				      sizeof(*refs));

	if (!refs)
		return -ENOMEM;
	snap->refs = refs;
	each_task(snap, count_one);
	for (size_t i = 0; i < snap->container_count; i++) {
		struct nsi_list *list = &snap->containers[i].tasks;

		list->first = next;
		next += list->count;
		list->count = 0;
	}
	each_task(snap, fill_one);
	for (size_t i = 0; i < snap->container_count; i++) {
		long processes = nsi_count_processes(snap, &snap->containers[i].tasks);

		if (processes < 0)
			return processes;
		snap->containers[i].processes = processes;
	}
	return 0;
}

int nsi_containers_sort(struct nsi_naming *n)
{
	int r = sort(n->snap);

	return r < 0 ? r : make_lists(n->snap);
}
