/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Targets in a picture: what finding them takes, and what they are there. */
#include <sys/stat.h>
#include "builder.h"
#include "target.h"

void nsi_target_widen(const struct nsu_target *target, unsigned *parts, unsigned *types)
{
	switch (target->form) {
	case FORM_TASK:
	case FORM_HOST:
		return;
	case FORM_INNER:
		*parts |= NSU_PART_RELATIONS | NSU_PART_PIDS;
		*types |= 1u << NSU_PID;
		nsi_target_widen(target->outer, parts, types);
		return;
	case FORM_NS:
		*parts |= NSU_PART_DEFAULT;
		*types |= 1u << target->type;
		return;
	case FORM_SET:
		*parts |= NSU_PART_DEFAULT;
		*types |= target->set.types;
		return;
	case FORM_INODE:
	case FORM_ID:
		*parts |= NSU_PART_DEFAULT;
		*types |= NSU_TYPES_DEFAULT;
		return;
	}
}

int nsi_target_get_fd(const struct nsu_target *target, enum nsu_type type,
		      uint64_t *ret_inode)
{
	if (target->form == FORM_SET && target->set.types & 1u << type) {
		*ret_inode = target->set.inode[type];
		return target->set.fd[type];
	}
	if (target->form != FORM_NS || target->type != type)
		return -1;
	*ret_inode = target->number;
	return target->fd;
}

bool nsi_target_holds(const struct nsu_target *target, int fd, uint64_t inode)
{
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		uint64_t held;

		if (nsi_target_get_fd(target, type, &held) == fd && held == inode)
			return true;
	}
	return false;
}

static int add_open(struct nsi_builder *b, enum nsu_type type, uint64_t inode, int fd)
{
	uint32_t index;
	int r = nsi_builder_add_ns(b, type, inode, &index);

	if (!r && b->snap->parts & NSU_PART_RELATIONS && !b->snap->ns[index].asked)
		r = nsi_builder_ask(b, index, fd);
	if (!r)
		b->snap->ns[index].wanted = true;
	return r;
}

int nsi_target_add(const struct nsu_target *target, struct nsi_builder *b)
{
	int r = 0;

	if (target->form == FORM_INNER)
		return nsi_target_add(target->outer, b);
	for (unsigned type = 0; type < NSU_TYPE_COUNT && !r; type++) {
		uint64_t inode;
		int fd = nsi_target_get_fd(target, type, &inode);

		if (fd >= 0)
			r = add_open(b, type, inode, fd);
	}
	return r;
}

int nsu_target_get_kind(const struct nsu_target *target, enum nsu_target_kind *ret)
{
	if (!target || !ret)
		return -EINVAL;
	*ret = nsi_target_is_task(target) ? NSU_TARGET_TASK :
		target->form == FORM_SET ? NSU_TARGET_SET : NSU_TARGET_NS;
	return 0;
}

int nsu_target_get_types(const struct nsu_target *target, unsigned *ret)
{
	if (!target || !ret)
		return -EINVAL;
	if (target->form == FORM_INODE || target->form == FORM_ID)
		return -ENODATA;
	*ret = target->form == FORM_SET ? target->set.types :
		target->form == FORM_NS ? 1u << target->type : NSU_TYPES_DEFAULT;
	return 0;
}

int nsu_target_get_pid(const struct nsu_target *target, pid_t *ret)
{
	if (!target || !ret)
		return -EINVAL;
	if (!nsi_target_is_task(target))
		return -ENOENT;
	if (target->form == FORM_INNER)
		return -ENODATA;
	/* "the topmost visible init" is process 1 of the procfs */
	*ret = target->form == FORM_HOST ? 1 : target->pid;
	return 0;
}

static int find_inner(const struct nsu_target *target, const struct nsu_snapshot *snap,
		      const struct nsu_task **ret)
{
	const struct nsu_task *outer;
	const struct nsu_ns *pidns;
	int r;

	if (nsi_target_is_task(target->outer)) {
		r = nsu_target_find_task(target->outer, snap, &outer);
		if (!r)
			r = nsu_task_get_ns(outer, NSU_PID, &pidns);
	} else {
		r = target->outer->form == FORM_SET ?
			nsu_target_find_ns_of(target->outer, snap, NSU_PID, &pidns) :
			nsu_target_find_ns(target->outer, snap, &pidns);
	}
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	/* By inode or id it may have turned out to be of another type. */
	r = nsu_snapshot_find_pid(snap, pidns, target->pid, ret);
	return r == -EINVAL ? -ESRCH : r;
}

int nsu_target_find_task(const struct nsu_target *target, const struct nsu_snapshot *snap,
			 const struct nsu_task **ret)
{
	struct stat st;
	pid_t pid;
	int r;

	if (!target || !snap || !ret)
		return -EINVAL;
	if (target->form == FORM_INNER)
		return find_inner(target, snap, ret);
	r = nsu_target_get_pid(target, &pid);
	if (r < 0)
		return r;
	/* Looked up below the held directory: fails once its process was reaped. */
	if (target->fd >= 0 && fstatat(target->fd, "stat", &st, 0) < 0 &&
	    (errno == ENOENT || errno == ESRCH))
		return -ESRCH;
	return nsu_snapshot_find_task(snap, pid, ret);
}

bool nsu_target_is_container(const struct nsu_target *target)
{
	return target && target->form == FORM_TASK &&
		(target->by == BY_CONTAINER || target->by == BY_POD);
}

const char *nsu_target_get_word(const struct nsu_target *target)
{
	return target ? target->word : NULL;
}

bool nsu_target_is_pod(const struct nsu_target *target)
{
	return target && target->form == FORM_TASK && target->by == BY_POD;
}

int nsu_target_find_container(const struct nsu_target *target,
			      const struct nsu_snapshot *snap,
			      const struct nsu_container **ret)
{
	const struct nsu_container *found;
	const struct nsu_task *task;
	int r;

	if (!target || !snap || !ret)
		return -EINVAL;
	if (!nsu_target_is_container(target))
		return -ENOENT;
	r = nsu_target_find_task(target, snap, &task);
	if (!r)
		r = nsu_task_get_container(task, &found);
	if (!r && target->by == BY_POD)
		r = nsu_container_get_pod(found, &found);
	if (!r)
		*ret = found;
	return r == -ENOENT ? -ESRCH : r;
}

int nsu_target_find_ns(const struct nsu_target *target, const struct nsu_snapshot *snap,
		       const struct nsu_ns **ret)
{
	if (!target || !snap || !ret)
		return -EINVAL;
	switch (target->form) {
	case FORM_NS:
		return nsu_snapshot_find_ns(snap, target->type, target->number, ret);
	case FORM_INODE:
		return nsu_snapshot_find_inode(snap, target->number, ret);
	case FORM_ID:
		return nsu_snapshot_find_id(snap, target->number, ret);
	case FORM_SET:
		return -ENOTUNIQ;
	default:
		return -ENOENT;
	}
}

int nsu_target_find_ns_of(const struct nsu_target *target,
			  const struct nsu_snapshot *snap, enum nsu_type type,
			  const struct nsu_ns **ret)
{
	const struct nsu_ns *ns;
	int r;

	if (!target || !snap || !ret || (unsigned)type >= NSU_TYPE_COUNT)
		return -EINVAL;
	if (target->form == FORM_SET)
		return target->set.types & 1u << type ?
			nsu_snapshot_find_ns(snap, type, target->set.inode[type], ret) :
			-ENOENT;
	r = nsu_target_find_ns(target, snap, &ns);
	if (!r && nsu_ns_get_type(ns) != type)
		r = -ENOENT;
	if (!r)
		*ret = ns;
	return r;
}
