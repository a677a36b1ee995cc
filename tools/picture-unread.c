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

struct group {
	const struct nsu_task *init;
	struct line *line;
};

struct groups {
	struct picture *picture;
	struct group *group;	/* sorted by init's number: tasks come sorted, inits first
				   seen when a task needs them */
	size_t count, allocated;
	struct line *rest;
};

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

static struct group *find_group(struct groups *groups, const struct nsu_task *init)
{
	for (size_t i = groups->count; i-- > 0;)
		if (groups->group[i].init == init)
			return &groups->group[i];
	return NULL;
}

static struct line *group_line(struct groups *groups, const struct nsu_task *init,
			       unsigned depth);

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

static struct line *group_line(struct groups *groups, const struct nsu_task *init,
			       unsigned depth)
{
	struct group *group = find_group(groups, init);
	const struct shown *shown;
	struct line *line, *parent;

	if (group)
		return group->line;
	parent = hang_from(groups, init, depth);
	if (!parent)
		return NULL;
	if (groups->count == groups->allocated) {
		size_t n = groups->allocated ? groups->allocated * 2 : 16;

		group = reallocarray(groups->group, n, sizeof(*group));
		if (!group)
			return NULL;
		groups->group = group;
		groups->allocated = n;
	}
	line = picture_add_line(parent, LINE_UNREAD);
	if (!line)
		return NULL;
	line->task = init;
	line->field[NSU_PID] = 'p';
	shown = shown_get(groups->picture->cache, init, false);
	line->name = strdup(shown && shown->name ? shown->name : "?");
	if (!line->name)
		return NULL;
	groups->group[groups->count++] = (struct group) { .init = init, .line = line };
	return line;
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

int picture_add_unread(struct picture *picture)
{
	struct groups groups = { .picture = picture };
	const struct nsu_task *task;
	int r = 0;

	nsu_foreach_task(task, picture->snap) {
		const pid_t *pids;
		struct line *line;
		int level;

		if (r < 0 || !is_unread(task) || task == picture->root->task)
			continue;
		level = nsu_task_get_pids(task, &pids);
		line = level > 1 ? group_line(&groups, init_of(picture, task), 0) :
			rest_line(&groups, task);
		r = line ? picture_add_task(line, task) : -ENOMEM;
		if (r < 0)
			continue;
		line->processes++;
		/* Without NSpid no one can say that it is the host's. */
		if (level < 0 && line == groups.rest)
			line->field[NSU_PID] = '?';
	}
	free(groups.group);
	return r;
}
