/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Containers in the picture. One is the line of the sandbox of its first process; where
 * it has none of its own, a line beside that of whoever it shares it with. A pod is the
 * line of its pause process.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"
#include "view.h"

static int by_container(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;

	return ((uintptr_t)x->container > (uintptr_t)y->container) -
	       ((uintptr_t)x->container < (uintptr_t)y->container);
}

static struct owned *find_owned(const struct picture *picture,
				const struct nsu_container *container)
{
	struct owned key = { .container = container };

	return picture->owned_count ? bsearch(&key, picture->owned, picture->owned_count,
					      sizeof(key), by_container) : NULL;
}

struct line *picture_container_line(const struct picture *picture,
				    const struct nsu_container *container)
{
	struct owned *owned = container ? find_owned(picture, container) : NULL;

	return owned ? owned->line : NULL;
}

void picture_own(struct picture *picture, const struct nsu_container *container,
		 struct line *line)
{
	struct owned *owned = find_owned(picture, container);

	if (owned)
		owned->line = line;
	line->container = container;
}

/* The process that stands for it: the first, else the oldest that has a sandbox. */
static const struct nsu_task *shown_task(const struct nsu_container *container,
					 const struct nsu_sandbox **ret)
{
	const struct nsu_task *task;

	if (nsu_container_get_init(container, &task) == 0 &&
	    nsu_task_get_sandbox(task, ret) == 0)
		return task;
	for (size_t i = 0; (task = nsu_container_get_task(container, i)); i++)
		if (nsu_task_get_sandbox(task, ret) == 0)
			return task;
	return NULL;
}

static size_t count_in(const struct nsu_container *container,
		       const struct nsu_sandbox *box)
{
	const struct nsu_sandbox *other;
	const struct nsu_task *task;
	size_t count = 0;

	for (size_t i = 0; (task = nsu_container_get_task(container, i)); i++)
		count += !nsu_task_is_thread(task) &&
			 nsu_task_get_sandbox(task, &other) == 0 && other == box;
	return count;
}

static struct line *add_loose(struct picture *picture)
{
	struct line *line = picture_add_line(NULL, LINE_BOX);

	if (line)
		picture->loose[picture->loose_count++] = line;
	return line;
}

static int add_container(struct picture *picture, const struct nsu_container *container)
{
	const struct nsu_sandbox *box;
	const struct nsu_task *task = shown_task(container, &box);
	struct line *line = task ? picture_find_line(picture, box) : NULL, *more;

	if (!line)
		return 0;
	if (line == picture->root || line->container) {
		more = add_loose(picture);
		if (!more)
			return -ENOMEM;
		more->box = box;
		more->beside = line;
		more->processes = count_in(container, box);
		line = more;
	}
	line->task = task;
	picture_own(picture, container, line);
	return 0;
}

const struct nsu_container *picture_find_pause(const struct nsu_container *pod)
{
	const struct nsu_container *pause;
	const struct nsu_task *init;

	if (nsu_container_get_init(pod, &init) < 0)
		return NULL;
	pause = view_task_container(init);
	return pause && nsu_container_get_kind(pause) == NSU_POD_PAUSE ? pause : NULL;
}

static bool has_lines(const struct picture *picture, const struct nsu_container *pod)
{
	const struct nsu_task *task;

	for (size_t i = 0; (task = nsu_container_get_task(pod, i)); i++)
		if (picture_container_line(picture, view_task_container(task)))
			return true;
	return false;
}

/* A pod without a pause process is a line without a process. */
static int add_pod(struct picture *picture, const struct nsu_container *pod)
{
	struct line *line = picture_container_line(picture, picture_find_pause(pod));

	if (!view_names_pod(pod) || (!line && !has_lines(picture, pod)))
		return 0;
	if (!line) {
		line = add_loose(picture);
		if (!line)
			return -ENOMEM;
		memset(line->field, '-', NSU_TYPE_COUNT);
	}
	picture_own(picture, pod, line);
	return 0;
}

int picture_add_containers(struct picture *picture)
{
	size_t n = nsu_snapshot_count_containers(picture->snap);
	const struct nsu_container *container;
	int r = 0;

	if (!n)
		return 0;
	picture->owned = calloc(n, sizeof(*picture->owned));
	picture->loose = calloc(n, sizeof(*picture->loose));
	if (!picture->owned || !picture->loose)
		return -ENOMEM;
	nsu_foreach_container(container, picture->snap)
		picture->owned[picture->owned_count++].container = container;
	qsort(picture->owned, n, sizeof(*picture->owned), by_container);
	/* A claim never takes the line of the container that it is made in. */
	for (int claims = 0; claims < 2; claims++)
		nsu_foreach_container(container, picture->snap)
			if (r == 0 && nsu_container_get_kind(container) != NSU_POD &&
			    nsu_container_is_claim(container) == claims)
				r = add_container(picture, container);
	nsu_foreach_container(container, picture->snap)
		if (r == 0 && nsu_container_get_kind(container) == NSU_POD)
			r = add_pod(picture, container);
	return r;
}

struct line *picture_find_place(const struct picture *picture, const struct line *line)
{
	const struct nsu_container *container = line->container, *up;
	struct line *place;

	if (!container) {
		container = view_task_container(line->task);
		return picture_container_line(picture, container);
	}
	if (nsu_container_get_pod(container, &up) == 0) {
		place = picture_container_line(picture, up);
		if (place && place != line)
			return place;
	}
	return nsu_container_get_outer(container, &up) == 0 ?
		picture_container_line(picture, up) : NULL;
}

char *picture_container_name(const struct picture *picture, const struct line *line)
{
	const struct nsu_container *pod;
	char *name = NULL;

	if (line->parent && nsu_container_get_pod(line->container, &pod) == 0 &&
	    line->parent->container == pod)
		name = view_name_in_pod(picture->out, line->container);
	/* Whether it is a claim the line says, where no width can cut it away. */
	return name ? name : text_escape(picture->out,
					 nsu_container_get_word(line->container));
}
