/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a task or a namespace is: the word of a container, a pod or a unit. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

const struct nsu_container *view_task_container(const struct nsu_task *task)
{
	const struct nsu_container *container;

	return task && nsu_task_get_container(task, &container) == 0 ? container : NULL;
}

/* The pod, or the container that it lies within; NULL: neither. */
static const struct nsu_container *above(const struct nsu_container *container)
{
	const struct nsu_container *up;

	if (nsu_container_get_pod(container, &up) == 0 ||
	    nsu_container_get_outer(container, &up) == 0)
		return up;
	return NULL;
}

bool view_is_within(const struct nsu_container *inner, const struct nsu_container *outer)
{
	for (; inner; inner = above(inner))
		if (inner == outer)
			return true;
	return false;
}

const struct nsu_container *view_ns_container(const struct nsu_snapshot *snap,
					      const struct nsu_ns *ns)
{
	const struct nsu_container *first, *common, *last = NULL;
	const struct nsu_task *task;

	if (!ns || ns == view_host_ns(snap, nsu_ns_get_type(ns)))
		return NULL;
	first = common = view_task_container(view_first_of_ns(ns));
	for (size_t i = 0; common && (task = nsu_ns_get_task(ns, i)); i++) {
		const struct nsu_container *it = view_task_container(task);

		if (!it || it == last)
			continue;
		last = it;
		while (common && !view_is_within(it, common))
			common = above(common);
	}
	/* Of two that have nothing to do with each other it is the older's. */
	return common ? common : first;
}

/* Some process of the unit is in the host's own sandbox: then it is not the unit that is
   apart, but something that it started. */
static bool is_of_host(const struct nsu_snapshot *snap, const char *unit)
{
	const struct nsu_sandbox *box;
	const struct nsu_task *host = NULL, *task;
	const char *other;

	nsu_snapshot_get_reference(snap, &host);
	if (!host || nsu_task_get_sandbox(host, &box) < 0)
		return true;
	for (size_t i = 0; (task = nsu_sandbox_get_task(box, i)); i++)
		if (nsu_task_get_place(task, NSU_PLACE_UNIT, &other) == 0 &&
		    (other == unit || strcmp(other, unit) == 0))
			return true;
	return false;
}

/* "thumbd.service". A user's manager is a service too, but what it starts is not. */
static const char *service_of(const struct nsu_task *task)
{
	static const char end[] = ".service";
	const char *unit;
	size_t len;

	if (!task || view_task_container(task) ||
	    nsu_task_get_place(task, NSU_PLACE_UNIT, &unit) < 0)
		return NULL;
	len = strlen(unit);
	return len >= sizeof(end) && strcmp(unit + len - (sizeof(end) - 1), end) == 0 &&
	       strncmp(unit, "user@", strlen("user@")) != 0 ? unit : NULL;
}

static bool is_in_unit(const struct nsu_task *task, const char *unit)
{
	const char *other = service_of(task);

	return other && strcmp(other, unit) == 0;
}

const char *view_box_unit(const struct nsu_snapshot *snap, const struct nsu_sandbox *box)
{
	const char *unit = service_of(nsu_sandbox_get_task(box, 0));
	const struct nsu_task *task;

	for (size_t i = 1; unit && (task = nsu_sandbox_get_task(box, i)); i++)
		if (!is_in_unit(task, unit))
			return NULL;
	return unit && !is_of_host(snap, unit) ? unit : NULL;
}

static const char *ns_unit(const struct nsu_snapshot *snap, const struct nsu_ns *ns)
{
	const char *unit = service_of(nsu_ns_get_task(ns, 0));
	const struct nsu_task *task;

	for (size_t i = 1; unit && (task = nsu_ns_get_task(ns, i)); i++)
		if (!is_in_unit(task, unit))
			return NULL;
	return unit && !is_of_host(snap, unit) ? unit : NULL;
}

bool view_names_pod(const struct nsu_container *pod)
{
	const char *name;

	return nsu_container_get_text(pod, NSU_CONTAINER_POD, &name) == 0 ||
	       nsu_container_get_text(pod, NSU_CONTAINER_NAME, &name) == 0;
}

char *view_container_word(const struct output *out,
			  const struct nsu_container *container)
{
	const struct nsu_container *pod;
	char *word, *text;

	/* What only holds its namespaces stands for the pod. */
	if (nsu_container_get_kind(container) == NSU_POD_PAUSE &&
	    nsu_container_get_pod(container, &pod) == 0 && view_names_pod(pod))
		container = pod;
	word = text_quote_word(out, nsu_container_get_word(container));

	if (!word || !nsu_container_is_claim(container))
		return word;
	if (asprintf(&text, "%s%s", word, VIEW_CLAIMED) < 0)
		text = NULL;
	free(word);
	return text;
}

char *view_unit_word(const struct output *out, const char *unit)
{
	char *word, *text = NULL;

	if (asprintf(&word, "unit:%s", unit) < 0)
		return NULL;
	/* A unit has \x2d in its name where that is made of a path. */
	text = text_quote_word(out, word);
	free(word);
	return text;
}

char *view_task_whose(const struct output *out, const struct nsu_task *task)
{
	const struct nsu_container *container = view_task_container(task);

	return container ? view_container_word(out, container) : NULL;
}

char *view_ns_whose(const struct output *out, const struct nsu_snapshot *snap,
		    const struct nsu_ns *ns)
{
	const struct nsu_container *container = view_ns_container(snap, ns);
	const char *unit;

	if (container)
		return view_container_word(out, container);
	if (!ns || ns == view_host_ns(snap, nsu_ns_get_type(ns)))
		return NULL;
	unit = ns_unit(snap, ns);
	return unit ? view_unit_word(out, unit) : NULL;
}

char *view_container_text(const struct output *out, const struct nsu_container *container,
			  enum nsu_container_text what)
{
	const char *text;

	return nsu_container_get_text(container, what, &text) == 0 ?
		text_escape(out, text) : NULL;
}
