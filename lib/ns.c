/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of one namespace of a snapshot, and of one task. */
#include "nsi.h"

size_t nsu_snapshot_count_ns(const struct nsu_snapshot *snap)
{
	return snap ? snap->ns_count : 0;
}

const struct nsu_ns *nsu_snapshot_get_ns(const struct nsu_snapshot *snap, size_t index)
{
	return snap && index < snap->ns_count ? &snap->ns[index] : NULL;
}

static int by_inode(const void *key, const void *item)
{
	const uint64_t *inode = key;
	const struct nsu_ns *ns = item;

	return *inode < ns->inode ? -1 : *inode > ns->inode;
}

int nsu_snapshot_find_ns(const struct nsu_snapshot *snap, enum nsu_type type,
			 uint64_t inode, const struct nsu_ns **ret)
{
	const struct nsu_ns *found;
	size_t first, count;

	if (!snap || !ret || (unsigned)type >= NSU_TYPE_COUNT)
		return -EINVAL;
	if (!(snap->types_asked & 1u << type))
		return -ENODATA;
	first = snap->by_type[type];
	count = snap->by_type[type + 1] - first;
	if (!count)
		return -ENOENT;
	found = bsearch(&inode, snap->ns + first, count, sizeof(*found), by_inode);
	if (!found)
		return -ENOENT;
	*ret = found;
	return 0;
}

int nsu_snapshot_find_inode(const struct nsu_snapshot *snap, uint64_t inode,
			    const struct nsu_ns **ret)
{
	int missed = -ENOENT;

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		int r = nsu_snapshot_find_ns(snap, type, inode, ret);

		if (r == -ENODATA)
			missed = r;
		else if (r != -ENOENT)
			return r;
	}
	return missed;
}

int nsu_snapshot_find_id(const struct nsu_snapshot *snap, uint64_t id,
			 const struct nsu_ns **ret)
{
	bool any = false;

	if (!snap || !ret)
		return -EINVAL;
	for (size_t i = 0; i < snap->ns_count; i++) {
		if (snap->ns[i].id_state < 0)
			continue;
		any = true;
		if (snap->ns[i].id != id)
			continue;
		*ret = &snap->ns[i];
		return 0;
	}
	return any ? -ENOENT : -ENODATA;
}

enum nsu_type nsu_ns_get_type(const struct nsu_ns *ns)
{
	return ns->type;
}

uint64_t nsu_ns_get_inode(const struct nsu_ns *ns)
{
	return ns->inode;
}

static int get_number(const struct nsu_ns *ns, int state, uint64_t value, uint64_t *ret)
{
	if (!ns || !ret)
		return -EINVAL;
	if (state < 0)
		return state;
	*ret = value;
	return 0;
}

int nsu_ns_get_id(const struct nsu_ns *ns, uint64_t *ret)
{
	return ns ? get_number(ns, ns->id_state, ns->id, ret) : -EINVAL;
}

int nsu_ns_get_mntns_id(const struct nsu_ns *ns, uint64_t *ret)
{
	if (ns && ns->type != NSU_MNT)
		return -ENOENT;
	return ns ? get_number(ns, ns->mntns_state, ns->mntns_id, ret) : -EINVAL;
}

int nsu_ns_get_creator(const struct nsu_ns *ns, uid_t *ret)
{
	if (!ns || !ret)
		return -EINVAL;
	if (ns->type != NSU_USER)
		return -ENOENT;
	if (ns->creator_state < 0)
		return ns->creator_state;
	*ret = ns->creator;
	return 0;
}

static int get_relation(const struct nsu_ns *ns, int state, uint32_t index,
			const struct nsu_ns **ret)
{
	if (!ret)
		return -EINVAL;
	if (state < 0)
		return state;
	if (index == NSI_NONE)
		return -ENODATA;
	*ret = &ns->snap->ns[index];
	return 0;
}

int nsu_ns_get_parent(const struct nsu_ns *ns, const struct nsu_ns **ret)
{
	if (!ns)
		return -EINVAL;
	if (!nsu_type_get_info(ns->type)->nested)
		return -ENOENT;
	return get_relation(ns, ns->parent_state, ns->parent, ret);
}

int nsu_ns_get_owner(const struct nsu_ns *ns, const struct nsu_ns **ret)
{
	return ns ? get_relation(ns, ns->owner_state, ns->owner, ret) : -EINVAL;
}

int nsu_ns_get_level(const struct nsu_ns *ns)
{
	const struct nsu_ns *top;

	if (!ns)
		return -EINVAL;
	if (!nsu_type_get_info(ns->type)->nested)
		return -ENOENT;
	/* What is above the topmost one is none, out of sight, or unknown. */
	top = ns;
	for (unsigned i = 0; i < ns->level; i++)
		top = &ns->snap->ns[top->parent];
	if (top->parent_state != -ENOENT && top->parent_state != -EPERM)
		return top->parent_state < 0 ? top->parent_state : -ENODATA;
	return ns->level;
}

size_t nsu_ns_count_processes(const struct nsu_ns *ns)
{
	return ns->processes;
}

size_t nsu_ns_count_zombies(const struct nsu_ns *ns)
{
	return ns->zombies.count;
}

static const struct nsu_task *task_at(const struct nsu_ns *ns,
				      const struct nsi_list *list, size_t index)
{
	if (index >= list->count)
		return NULL;
	return &ns->snap->tasks[ns->snap->refs[list->first + index]];
}

static const struct nsu_ns *ns_at(const struct nsu_ns *ns, const struct nsi_list *list,
				  size_t index)
{
	if (index >= list->count)
		return NULL;
	return &ns->snap->ns[ns->snap->refs[list->first + index]];
}

size_t nsu_ns_count_tasks(const struct nsu_ns *ns)
{
	return ns->tasks.count;
}

const struct nsu_task *nsu_ns_get_task(const struct nsu_ns *ns, size_t index)
{
	return task_at(ns, &ns->tasks, index);
}

const struct nsu_task *nsu_ns_get_zombie(const struct nsu_ns *ns, size_t index)
{
	return task_at(ns, &ns->zombies, index);
}

size_t nsu_ns_count_heirs(const struct nsu_ns *ns)
{
	return ns->heirs.count;
}

const struct nsu_task *nsu_ns_get_heir(const struct nsu_ns *ns, size_t index)
{
	return task_at(ns, &ns->heirs, index);
}

size_t nsu_ns_count_children(const struct nsu_ns *ns)
{
	return ns->children.count;
}

const struct nsu_ns *nsu_ns_get_child(const struct nsu_ns *ns, size_t index)
{
	return ns_at(ns, &ns->children, index);
}

size_t nsu_ns_count_owned(const struct nsu_ns *ns)
{
	return ns->owned.count;
}

const struct nsu_ns *nsu_ns_get_owned(const struct nsu_ns *ns, size_t index)
{
	return ns_at(ns, &ns->owned, index);
}

pid_t nsu_task_get_tid(const struct nsu_task *task)
{
	return task->tid;
}

pid_t nsu_task_get_pid(const struct nsu_task *task)
{
	return task->pid;
}

bool nsu_task_is_thread(const struct nsu_task *task)
{
	return task->flags & NSI_TASK_THREAD;
}

bool nsu_task_is_zombie(const struct nsu_task *task)
{
	return task->flags & NSI_TASK_ZOMBIE;
}

bool nsu_task_is_dead_leader(const struct nsu_task *task)
{
	return task->flags & NSI_TASK_DEAD_LEADER;
}

int nsu_task_get_error(const struct nsu_task *task)
{
	return task->error;
}

int nsu_task_get_ns(const struct nsu_task *task, enum nsu_type type,
		    const struct nsu_ns **ret)
{
	if (!task || !ret || (unsigned)type >= NSU_TYPE_COUNT)
		return -EINVAL;
	if (task->ns[type] != NSI_NONE) {
		*ret = &task->snap->ns[task->ns[type]];
		return 0;
	}
	if (task->unread & 1u << type)
		return task->error ? task->error : -EACCES;
	if (!(task->snap->types_asked & 1u << type))
		return -ENODATA;
	return -ENOENT;
}

int nsu_task_get_child_ns(const struct nsu_task *task, enum nsu_type type,
			  const struct nsu_ns **ret)
{
	uint32_t index = NSI_NONE;

	if (!task || !ret || (unsigned)type >= NSU_TYPE_COUNT)
		return -EINVAL;
	if (task->flags & NSI_TASK_ZOMBIE)
		return -ENOENT;
	if (type == NSU_PID || type == NSU_TIME) {
		if (!(task->snap->parts & NSU_PART_CHILDREN))
			return -ENODATA;
		if (task->child & NSI_CHILD_UNREAD(type))
			return -task->child_error;
		if (task->child & NSI_CHILD_NONE(type))
			return -ENOENT;
		index = type == NSU_PID ? task->child_pid : task->child_time;
	}
	if (index == NSI_NONE)
		return nsu_task_get_ns(task, type, ret);
	*ret = &task->snap->ns[index];
	return 0;
}
