/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a container's cgroup uses, wherever in it its tasks are. */
#include <string.h>
#include "container.h"
#include "usage.h"

/* Where a part of a path ends that begins with a slash; NULL: it has no such part. */
static char *end_of(char *path, const char *part)
{
	size_t len = strlen(part);

	for (char *at = path; (at = strstr(at, part)) != NULL; at++)
		if (!at[len] || at[len] == '/')
			return at + len;
	return NULL;
}

/* Its cgroup has the same path in every hierarchy, or the same name, below whatever is
   above it there. */
static bool cut_at(char *path, void *data)
{
	const char *own = data;
	char *end = end_of(path, own);

	if (!end)
		end = end_of(path, strrchr(own, '/'));
	if (end)
		*end = '\0';
	return end;
}

/* Any task of it will do: all are in its cgroup, or below it. */
static const struct nsu_task *some_task(const struct nsu_container *c)
{
	const struct nsu_task *task;

	if (nsu_container_get_init(c, &task) == 0 && !nsu_task_is_zombie(task))
		return task;
	return nsu_container_get_task(c, 0);
}

/* As it was in the scan; a task that was not looked at for that is asked now. */
static int read_groups(const struct nsu_task *task, char **ret)
{
	nsi_autoclose int dir = -1;

	if (task->cgroup != NSI_NONE) {
		*ret = strdup(task->snap->cgroups[task->cgroup]);
		return *ret ? 0 : -ENOMEM;
	}
	dir = nsi_task_open(task);
	return dir < 0 ? dir : nsi_cgroup_read_groups(dir, ret);
}

int nsu_container_read_usage(const struct nsu_container *container,
			     struct nsu_cgroup *ret)
{
	struct nsu_cgroup found = NSI_USAGE_UNKNOWN;
	nsi_autofree char *text = NULL;
	const struct nsu_task *task;
	const char *path, *name;
	int r;

	if (!container || !ret || ret->size < NSI_USAGE_FIRST_SIZE)
		return -EINVAL;
	r = nsu_container_get_text(container, NSU_CONTAINER_CGROUP, &path);
	if (r < 0)
		return r;
	name = strrchr(path, '/');
	if (!name || !name[1])
		return -ENOENT;
	task = some_task(container);
	if (!task)
		return -ESRCH;
	r = read_groups(task, &text);
	if (!r)
		r = nsi_usage_read(container->snap, text, cut_at, (char *)path, ret->size,
				   &found);
	if (!r)
		nsi_give(ret, &found, sizeof(found));
	return r;
}
