/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers as they are found in a snapshot. */
#include "containers.h"

static const char *const text_names[NSU_CONTAINER_TEXTS] = {
	[NSU_CONTAINER_ENGINE] = "engine", [NSU_CONTAINER_ID] = "id",
	[NSU_CONTAINER_NAME] = "name", [NSU_CONTAINER_IMAGE] = "image",
	[NSU_CONTAINER_POD] = "pod", [NSU_CONTAINER_POD_NAMESPACE] = "pod-namespace",
	[NSU_CONTAINER_POD_UID] = "pod-uid",
	[NSU_CONTAINER_POD_CONTAINER] = "pod-container",
	[NSU_CONTAINER_PROJECT] = "project", [NSU_CONTAINER_SERVICE] = "service",
	[NSU_CONTAINER_RUNTIME] = "runtime", [NSU_CONTAINER_CGROUP] = "cgroup",
	[NSU_CONTAINER_SOURCE] = "source",
};

const char *nsu_container_text_get_name(enum nsu_container_text what)
{
	return (unsigned)what < NSU_CONTAINER_TEXTS ? text_names[what] : NULL;
}

static const char *const place_names[NSU_PLACES] = {
	[NSU_PLACE_CGROUP] = "cgroup", [NSU_PLACE_UNIT] = "unit",
	[NSU_PLACE_USER_UNIT] = "user-unit", [NSU_PLACE_SLICE] = "slice",
	[NSU_PLACE_MACHINE] = "machine", [NSU_PLACE_SESSION] = "session",
};

const char *nsu_place_get_name(enum nsu_place what)
{
	return (unsigned)what < NSU_PLACES ? place_names[what] : NULL;
}

size_t nsu_snapshot_count_containers(const struct nsu_snapshot *snap)
{
	return snap ? snap->container_count : 0;
}

const struct nsu_container *nsu_snapshot_get_container(const struct nsu_snapshot *snap,
						       size_t index)
{
	return snap && index < snap->container_count ? &snap->containers[index] : NULL;
}

enum nsu_container_kind nsu_container_get_kind(const struct nsu_container *container)
{
	return container ? container->kind : NSU_CONTAINER;
}

const char *nsu_container_get_word(const struct nsu_container *container)
{
	return container ? container->word : NULL;
}

int nsu_container_get_text(const struct nsu_container *container,
			   enum nsu_container_text what, const char **ret)
{
	if (!container || !ret || (unsigned)what >= NSU_CONTAINER_TEXTS)
		return -EINVAL;
	if (!container->text[what])
		return container->state[what] ? container->state[what] : -ENODATA;
	*ret = container->text[what];
	return 0;
}

int nsu_container_get_uid(const struct nsu_container *container, uid_t *ret)
{
	if (!container || !ret)
		return -EINVAL;
	if (!container->has_uid)
		return -ENODATA;
	*ret = container->uid;
	return 0;
}

bool nsu_container_is_claim(const struct nsu_container *container)
{
	return container && container->claim;
}

static int get_one(const struct nsu_snapshot *snap, uint32_t index,
		   const struct nsu_container **ret)
{
	if (index == NSI_NONE)
		return -ENOENT;
	*ret = &snap->containers[index];
	return 0;
}

int nsu_container_get_outer(const struct nsu_container *container,
			    const struct nsu_container **ret)
{
	if (!container || !ret)
		return -EINVAL;
	return get_one(container->snap, container->outer, ret);
}

int nsu_container_get_pod(const struct nsu_container *container,
			  const struct nsu_container **ret)
{
	if (!container || !ret)
		return -EINVAL;
	return get_one(container->snap, container->pod, ret);
}

int nsu_container_get_init(const struct nsu_container *container,
			   const struct nsu_task **ret)
{
	if (!container || !ret)
		return -EINVAL;
	if (container->init == NSI_NONE)
		return -ENOENT;
	*ret = &container->snap->tasks[container->init];
	return 0;
}

size_t nsu_container_count_tasks(const struct nsu_container *container)
{
	return container ? container->tasks.count : 0;
}

const struct nsu_task *nsu_container_get_task(const struct nsu_container *container,
					      size_t index)
{
	const struct nsu_snapshot *snap;

	if (!container || index >= container->tasks.count)
		return NULL;
	snap = container->snap;
	return &snap->tasks[snap->refs[container->tasks.first + index]];
}

size_t nsu_container_count_processes(const struct nsu_container *container)
{
	return container ? container->processes : 0;
}

int nsu_task_get_container(const struct nsu_task *task, const struct nsu_container **ret)
{
	if (!task || !ret)
		return -EINVAL;
	if (!(task->snap->parts & NSU_PART_CONTAINERS))
		return -ENODATA;
	if (task->container == NSI_NONE && task->cgroup_error)
		return -task->cgroup_error;
	return get_one(task->snap, task->container, ret);
}

int nsu_task_get_place(const struct nsu_task *task, enum nsu_place what, const char **ret)
{
	const struct nsi_cgroup_claims *claims;
	const char *text = NULL;

	if (!task || !ret || (unsigned)what >= NSU_PLACES)
		return -EINVAL;
	if (!(task->snap->parts & NSU_PART_CONTAINERS))
		return -ENODATA;
	if (task->cgroup == NSI_NONE)
		return task->cgroup_error ? -task->cgroup_error : -ENOENT;
	claims = &task->snap->places[task->cgroup].claims;
	switch (what) {
	case NSU_PLACE_CGROUP:
		text = claims->shown;
		break;
	case NSU_PLACE_UNIT:
		text = claims->unit;
		break;
	case NSU_PLACE_USER_UNIT:
		text = claims->user_unit;
		break;
	case NSU_PLACE_SLICE:
		text = claims->slice;
		break;
	case NSU_PLACE_MACHINE:
		text = claims->machine;
		break;
	case NSU_PLACE_SESSION:
		text = claims->session;
		break;
	}
	if (!text)
		return -ENOENT;
	*ret = text;
	return 0;
}
