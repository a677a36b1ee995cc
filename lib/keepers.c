/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a namespace is alive: its tasks, what holds it beside them, what depends on it. */
#include <string.h>
#include "nsi.h"

/* of struct nsu_holder in release 0.1 */
#define FIRST_SIZE (offsetof(struct nsu_holder, path) + sizeof(const char *))

static const char *const names[NSU_HOLDER_COUNT] = {
	[NSU_HOLDER_PROCESS] = "process",
	[NSU_HOLDER_THREAD] = "thread",
	[NSU_HOLDER_ZOMBIE] = "zombie",
	[NSU_HOLDER_HEIR] = "children",
	[NSU_HOLDER_FD] = "fd",
	[NSU_HOLDER_SOCKET] = "socket",
	[NSU_HOLDER_TUN] = "tun",
	[NSU_HOLDER_MESSAGE] = "message",
	[NSU_HOLDER_MOUNT] = "mount",
	[NSU_HOLDER_CHILD] = "child",
	[NSU_HOLDER_OWNED] = "owned",
	[NSU_HOLDER_KERNEL] = "kernel",
};

const char *nsu_holder_get_name(enum nsu_holder_kind kind)
{
	return (unsigned)kind < NSU_HOLDER_COUNT ? names[kind] : NULL;
}

#define COMPARE(a, b)		\
	do {				\
		if ((a) != (b))		\
			return (a) < (b) ? -1 : 1; \
	} while (0)

static int in_order(const void *a, const void *b, void *data)
{
	const struct nsi_keeper *x = a, *y = b;
	const char *paths = data;

	COMPARE(x->ns, y->ns);
	COMPARE(x->kind, y->kind);
	COMPARE(x->tid, y->tid);
	COMPARE(x->fd, y->fd);
	COMPARE(x->in, y->in);
	if (x->path == NSI_NONE || y->path == NSI_NONE)
		return (x->path == NSI_NONE) - (y->path == NSI_NONE);
	return strcmp(paths + x->path, paths + y->path);
}

/* One that a source tells after the process has ended, or that two sources tell. */
static bool is_superfluous(const struct nsu_snapshot *snap, struct nsi_keeper *keeper,
			   const struct nsi_keeper *last)
{
	const struct nsu_task *task;

	if (keeper->ns == NSI_NONE)
		return true;
	if (last && !in_order(last, keeper, snap->paths))
		return true;
	if (!keeper->pid)
		return false;
	if (nsu_snapshot_find_task(snap, keeper->pid, &task) < 0)
		return true;
	keeper->task = task - snap->tasks;
	/* A member's own sockets go with it. */
	return keeper->kind == NSU_HOLDER_SOCKET && task->ns[NSU_NET] == keeper->ns;
}

int nsi_snapshot_link_keepers(struct nsu_snapshot *snap)
{
	size_t kept = 0;

	if (!snap->keeper_count)
		return 0;
	qsort_r(snap->keepers, snap->keeper_count, sizeof(*snap->keepers), in_order,
		snap->paths);
	for (size_t i = 0; i < snap->keeper_count; i++) {
		struct nsi_keeper keeper = snap->keepers[i];
		struct nsi_list *list;

		if (is_superfluous(snap, &keeper, kept ? &snap->keepers[kept - 1] : NULL))
			continue;
		list = &snap->ns[keeper.ns].keepers;
		if (!list->count)
			list->first = kept;
		list->count++;
		snap->keepers[kept++] = keeper;
	}
	snap->keeper_count = kept;
	return 0;
}

/* Descriptors and sockets have no second way, should the first be refused or absent. */
static bool was_searched(const struct nsu_snapshot *snap)
{
	for (size_t i = 0; i < snap->source_count; i++)
		if (snap->sources[i].error && (!strcmp(snap->sources[i].name, "fds") ||
					       !strcmp(snap->sources[i].name, "sockets")))
			return false;
	return true;
}

/* All was searched and read, and yet nothing explains why it is there. */
static bool only_kernel(const struct nsu_ns *ns)
{
	const struct nsu_snapshot *snap = ns->snap;

	return !ns->tasks.count && !ns->zombies.count && !ns->heirs.count &&
		!ns->keepers.count && !ns->children.count && !ns->owned.count &&
		(snap->parts & NSU_PART_HOLDERS) == NSU_PART_HOLDERS &&
		!snap->limited && was_searched(snap) && nsu_snapshot_is_complete(snap);
}

size_t nsu_ns_count_holders(const struct nsu_ns *ns)
{
	if (!ns)
		return 0;
	return ns->tasks.count + ns->zombies.count + ns->heirs.count + ns->keepers.count +
		ns->children.count + ns->owned.count + only_kernel(ns);
}

static void set_task(struct nsu_holder *ret, enum nsu_holder_kind kind,
		     const struct nsu_task *task)
{
	ret->kind = kind;
	ret->task = task;
	ret->tid = nsu_task_get_tid(task);
}

static void set_keeper(struct nsu_holder *ret, const struct nsu_snapshot *snap,
		       const struct nsi_keeper *keeper)
{
	ret->kind = keeper->kind;
	ret->task = keeper->task == NSI_NONE ? NULL : &snap->tasks[keeper->task];
	ret->tid = keeper->tid;
	ret->fd = keeper->fd;
	ret->socket = keeper->socket;
	ret->ns = keeper->in == NSI_NONE ? NULL : &snap->ns[keeper->in];
	ret->path = keeper->path == NSI_NONE ? NULL : snap->paths + keeper->path;
}

/* The index among those behind a list, true: it is in the list. */
static bool is_in(size_t *index, const struct nsi_list *list)
{
	if (*index < list->count)
		return true;
	*index -= list->count;
	return false;
}

static int get_holder(const struct nsu_ns *ns, size_t i, struct nsu_holder *ret)
{
	if (is_in(&i, &ns->tasks)) {
		const struct nsu_task *task = nsu_ns_get_task(ns, i);

		set_task(ret, nsu_task_is_thread(task) ? NSU_HOLDER_THREAD :
			 NSU_HOLDER_PROCESS, task);
	} else if (is_in(&i, &ns->zombies)) {
		set_task(ret, NSU_HOLDER_ZOMBIE, nsu_ns_get_zombie(ns, i));
	} else if (is_in(&i, &ns->heirs)) {
		set_task(ret, NSU_HOLDER_HEIR, nsu_ns_get_heir(ns, i));
	} else if (is_in(&i, &ns->keepers)) {
		set_keeper(ret, ns->snap, &ns->snap->keepers[ns->keepers.first + i]);
	} else if (is_in(&i, &ns->children)) {
		ret->kind = NSU_HOLDER_CHILD;
		ret->ns = nsu_ns_get_child(ns, i);
	} else if (is_in(&i, &ns->owned)) {
		ret->kind = NSU_HOLDER_OWNED;
		ret->ns = nsu_ns_get_owned(ns, i);
	} else if (!i && only_kernel(ns)) {
		ret->kind = NSU_HOLDER_KERNEL;
	} else {
		return -ENOENT;
	}
	return 0;
}

int nsu_ns_get_holder(const struct nsu_ns *ns, size_t index, struct nsu_holder *ret)
{
	struct nsu_holder holder = NSU_HOLDER_INIT;
	int r;

	if (!ns || !ret || ret->size < FIRST_SIZE)
		return -EINVAL;
	holder.fd = -1;
	r = get_holder(ns, index, &holder);
	if (r < 0)
		return r;
	nsi_give(ret, &holder, sizeof(holder));
	return 0;
}
