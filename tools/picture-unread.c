/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes whose namespaces may not be read keep a place in the picture: NSpid tells
 * that a process is in another pid namespace, and the parents lead to the first one in
 * it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"
#include "view.h"

struct group {
	const void *of;		/* the init, or the container */
	struct line *line;
};

struct groups {
	struct picture *picture;
	struct group *group;
	size_t count, allocated;
	struct line *rest;
};

bool picture_is_named(const struct line *line)
{
	return line->kind == LINE_UNREAD &&
	       (line->container || line->field[NSU_PID] == 'p');
}

static bool is_unread(const struct nsu_task *task)
{
	const struct nsu_sandbox *box;

	return nsu_task_get_error(task) < 0 && !nsu_task_is_zombie(task) &&
	       !nsu_task_is_thread(task) && nsu_task_get_sandbox(task, &box) < 0;
}

static int level_of(const struct nsu_task *task, pid_t *inside)
{
	const pid_t *pids;
	int n = nsu_task_get_pids(task, &pids);

	if (n < 1)
		return 1;
	*inside = pids[n - 1];
	return n;
}

static const struct nsu_task *parent_of(const struct picture *picture,
					const struct nsu_task *task)
{
	const struct shown *shown = shown_get(picture->cache, task, false);
	const struct nsu_task *parent;

	if (!shown || shown->error || shown->stat.ppid <= 0 ||
	    nsu_snapshot_find_task(picture->snap, shown->stat.ppid, &parent) < 0)
		return NULL;
	return parent;
}

/* The number 1 of the namespace, or the highest of its ancestors that is still in it:
   one that was put there by setns(2) has its parent outside. */
static const struct nsu_task *init_of(const struct picture *picture,
				      const struct nsu_task *task)
{
	size_t steps = nsu_snapshot_count_tasks(picture->snap);
	pid_t inside = 0;
	int level = level_of(task, &inside);

	/* Numbers that were given again may make a ring of parents. */
	for (; inside != 1 && steps > 0; steps--) {
		const struct nsu_task *up = parent_of(picture, task);

		if (!up || level_of(up, &inside) != level)
			break;
		task = up;
	}
	return task;
}

static struct group *find_group(struct groups *groups, const void *of)
{
	for (size_t i = groups->count; i-- > 0;)
		if (groups->group[i].of == of)
			return &groups->group[i];
	return NULL;
}

static struct line *group_line(struct groups *groups, const struct nsu_task *init,
			       unsigned depth);
static struct line *container_line(struct groups *groups,
				   const struct nsu_container *container,
				   const struct nsu_task *task, unsigned depth);

/* What the init's parent is in: a group again, the line of its sandbox, or the root. */
static struct line *hang_from(struct groups *groups, const struct nsu_task *init,
			      unsigned depth)
{
	const struct picture *picture = groups->picture;
	const struct nsu_task *up = parent_of(picture, init);
	pid_t inside = 0;

	if (up && is_unread(up) && depth < 32 && level_of(up, &inside) > 1)
		return group_line(groups, init_of(picture, up), depth + 1);
	return picture->root;
}

/* A new line, remembered as that of a container or an init. */
static struct line *add_group(struct groups *groups, const void *of, struct line *parent)
{
	struct line *line;

	if (!parent)
		return NULL;
	if (groups->count == groups->allocated) {
		size_t n = groups->allocated ? groups->allocated * 2 : 16;
		struct group *group = reallocarray(groups->group, n, sizeof(*group));

		if (!group)
			return NULL;
		groups->group = group;
		groups->allocated = n;
	}
	line = picture_add_line(parent, LINE_UNREAD);
	if (line)
		groups->group[groups->count++] = (struct group) { of, line };
	return line;
}

static struct line *group_line(struct groups *groups, const struct nsu_task *init,
			       unsigned depth)
{
	const struct nsu_container *container = view_task_container(init);
	struct group *group = find_group(groups, init);
	const struct shown *shown;
	struct line *line;

	if (container)
		return container_line(groups, container, init, depth);
	if (group)
		return group->line;
	line = add_group(groups, init, hang_from(groups, init, depth));
	if (!line)
		return NULL;
	line->task = init;
	line->field[NSU_PID] = 'p';
	shown = shown_get(groups->picture->cache, init, false);
	line->name = strdup(shown && shown->name ? shown->name : "?");
	return line->name ? line : NULL;
}

/* Some of it could be read, and has a line: the others hang from that. */
static struct line *rest_of(struct groups *groups, struct line *line,
			    const struct nsu_container *container,
			    const struct nsu_task *task)
{
	struct line *rest = add_group(groups, container, line);

	if (!rest)
		return NULL;
	rest->task = task;
	rest->name = strdup("unread");
	return rest->name ? rest : NULL;
}

/* Below its pod, where that has a name, or the container that it lies in. */
static struct line *place_of(struct groups *groups, const struct nsu_container *container,
			     const struct nsu_task *task, unsigned depth)
{
	struct picture *picture = groups->picture;
	const struct nsu_container *up = NULL, *pause;
	struct line *line;

	if (depth > 32)
		return picture->root;
	if (nsu_container_get_pod(container, &up) == 0 && view_names_pod(up)) {
		pause = picture_find_pause(up);
		line = picture_container_line(picture, up);
		if (line || pause == container)
			return line ? line : picture->root;
		if (pause)
			return container_line(groups, pause, task, depth + 1);
	}
	if (nsu_container_get_outer(container, &up) < 0)
		return picture->root;
	line = picture_container_line(picture, up);
	return line ? line : container_line(groups, up, task, depth + 1);
}

/* Of those that the processes are told of which could not be read. */
static struct line *container_line(struct groups *groups,
				   const struct nsu_container *container,
				   const struct nsu_task *task, unsigned depth)
{
	struct picture *picture = groups->picture;
	struct line *line = picture_container_line(picture, container);
	struct group *group = find_group(groups, container);
	const struct nsu_container *pod;
	const pid_t *pids;
	int level;

	if (group)
		return group->line;
	if (line)
		return rest_of(groups, line, container, task);
	line = add_group(groups, container, place_of(groups, container, task, depth));
	if (!line)
		return NULL;
	if (nsu_container_get_init(container, &line->task) < 0)
		line->task = task;
	level = nsu_task_get_pids(line->task, &pids);
	line->field[NSU_PID] = level > 1 ? 'p' : level == 1 ? '.' : '?';
	picture_own(picture, container, line);
	if (nsu_container_get_kind(container) == NSU_POD_PAUSE &&
	    nsu_container_get_pod(container, &pod) == 0 && view_names_pod(pod))
		picture_own(picture, pod, line);
	line->name = picture_container_name(picture, line);
	return line->name ? line : NULL;
}

static struct line *rest_line(struct groups *groups, const struct nsu_task *task)
{
	struct line *line = groups->rest;

	if (line)
		return line;
	line = picture_add_line(groups->picture->root, LINE_UNREAD);
	if (!line)
		return NULL;
	line->task = task;
	line->field[NSU_PID] = '.';
	line->name = strdup("unread");
	groups->rest = line;
	return line->name ? line : NULL;
}

static struct line *line_of(struct groups *groups, const struct nsu_task *task)
{
	const struct nsu_container *container = view_task_container(task);
	const pid_t *pids;
	int level = nsu_task_get_pids(task, &pids);

	if (container)
		return container_line(groups, container, task, 0);
	return level > 1 ? group_line(groups, init_of(groups->picture, task), 0) :
		rest_line(groups, task);
}

int picture_add_unread(struct picture *picture)
{
	struct groups groups = { .picture = picture };
	const struct nsu_task *task;
	const pid_t *pids;
	int r = 0;

	nsu_foreach_task(task, picture->snap) {
		struct line *line;

		if (r < 0 || !is_unread(task) || task == picture->root->task)
			continue;
		line = line_of(&groups, task);
		r = line ? picture_add_task(line, task) : -ENOMEM;
		if (r < 0)
			continue;
		line->processes++;
		/* Without NSpid no one can say that it is the host's. */
		if (line == groups.rest && nsu_task_get_pids(task, &pids) < 0)
			line->field[NSU_PID] = '?';
	}
	free(groups.group);
	return r;
}
