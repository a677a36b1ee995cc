/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The links in one task's ns directory. */
#include <fcntl.h>
#include <string.h>
#include "walk.h"

/* User first: it tells "ended" from "zombie", and every task has one. Then mnt, which a
   zombie has lost and every kernel has. */
static const enum nsu_type order[NSU_TYPE_COUNT] = {
	NSU_USER, NSU_MNT, NSU_PID, NSU_NET, NSU_UTS, NSU_IPC, NSU_CGROUP, NSU_TIME,
};

static const char *const steps[NSU_TYPE_COUNT] = {
	[NSU_MNT] = "ns/mnt", [NSU_UTS] = "ns/uts", [NSU_IPC] = "ns/ipc",
	[NSU_NET] = "ns/net", [NSU_PID] = "ns/pid", [NSU_CGROUP] = "ns/cgroup",
	[NSU_USER] = "ns/user", [NSU_TIME] = "ns/time",
};

/* A directory descriptor stays with its task: once the task has ended, and whoever gets
   its number, all below answers ENOENT or ESRCH. */
int nsi_walk_open(struct nsi_walk *w, const char *path)
{
	w->nsdir = openat(w->b->ctx->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w->nsdir >= 0)
		return 0;
	return errno == ENOENT ? -ESRCH : nsi_errno();
}

static int read_link(struct nsi_walk *w, const char *name, enum nsu_type type,
		     uint32_t *ret)
{
	struct nsi_last *last = &w->last[type];
	char text[sizeof(last->text)];
	uint64_t inode;
	ssize_t n;
	int r;

	n = readlinkat(w->nsdir, name, text, sizeof(text) - 1);
	if (n < 0)
		return errno == ESRCH ? -ENOENT : nsi_errno();
	/* Some kernels (Debian's 5.10) refuse by an empty text instead of an errno. */
	if (n == 0)
		return -EACCES;
	if ((size_t)n == last->len && !memcmp(text, last->text, n)) {
		*ret = last->ns;
		return 0;
	}
	text[n] = '\0';
	r = nsi_parse_link(text, type, &inode);
	if (!r)
		r = nsi_builder_add_ns(w->b, type, inode, ret);
	if (r < 0)
		return r;
	memcpy(last->text, text, n + 1);
	last->len = n;
	last->ns = *ret;
	return 0;
}

/*
 * A link that is not there: the task has ended, or this kernel has no such type. The
 * latter if the task's mnt link, which each has until it ends, is there still, and no
 * other task has shown one. Where a thread executes a program it takes over the number of
 * its leader, which has ended: what was missing a moment ago is there again.
 */
static int judge_absence(struct nsi_walk *w, enum nsu_type type, uint32_t *ret)
{
	int r;

	if (type == NSU_MNT || !nsi_walk_is_alive(w))
		return -ESRCH;
	r = read_link(w, nsu_type_get_name(type), type, ret);
	if (r != -ENOENT)
		return r;
	if (w->last[type].len)
		return -ESRCH;
	*ret = NSI_NONE;
	if (w->b->types & 1u << type)
		w->b->lacking |= 1u << type;
	return 0;
}

bool nsi_walk_is_alive(struct nsi_walk *w)
{
	uint32_t ns;

	return read_link(w, "mnt", NSU_MNT, &ns) == 0;
}

int nsi_walk_link(struct nsi_walk *w, enum nsu_type type, uint32_t *ret)
{
	int r = read_link(w, nsu_type_get_name(type), type, ret);

	w->step = steps[type];
	return r == -ENOENT ? judge_absence(w, type, ret) : r;
}

int nsi_walk_links(struct nsi_walk *w, struct nsu_task *task, unsigned types)
{
	for (size_t i = 0; i < NSU_TYPE_COUNT; i++) {
		enum nsu_type type = order[i];
		int r;

		if (!(types & ~w->b->lacking & 1u << type))
			continue;
		r = nsi_walk_link(w, type, &task->ns[type]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_child(struct nsi_walk *w, struct nsu_task *task, enum nsu_type type,
		      uint32_t *ret)
{
	int r;

	if (!(w->b->types & ~w->b->lacking & 1u << type))
		return 0;
	r = read_link(w, nsu_type_get_info(type)->for_children, type, ret);
	if (*ret == task->ns[type])
		*ret = NSI_NONE;
	if (!r || nsi_is_fatal(r))
		return r;
	/* A pid namespace before its first process has no link here, below Linux 7.1. */
	if (r == -ENOENT && type == NSU_TIME && !nsi_walk_is_alive(w))
		return -ESRCH;
	if (r == -ENOENT) {
		task->child |= NSI_CHILD_NONE(type);
		return 0;
	}
	task->child |= NSI_CHILD_UNREAD(type);
	task->child_error = -r;
	return nsi_builder_add_gap(w->b, w->pid, w->tid, type == NSU_PID ?
				   "ns/pid_for_children" : "ns/time_for_children", r);
}

int nsi_walk_children(struct nsi_walk *w, struct nsu_task *task)
{
	int r = read_child(w, task, NSU_PID, &task->child_pid);

	return r < 0 ? r : read_child(w, task, NSU_TIME, &task->child_time);
}

/* The task may have moved since its link was read: what was opened is the truth. */
static int ask_one(struct nsi_walk *w, const char *name, enum nsu_type type,
		   uint32_t *index)
{
	struct nsu_snapshot *snap = w->b->snap;
	nsi_autoclose int fd = -1;
	uint64_t inode;
	int r;

	fd = openat(w->nsdir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		r = nsi_errno();
		if (r == -ENOENT || r == -ESRCH)
			return -ESRCH;
		if (nsi_is_fatal(r))
			return r;
		if (nsi_builder_set_asked(w->b, *index) < 0)
			return -ENOMEM;
		snap->ns[*index].id_state = snap->ns[*index].owner_state = r;
		snap->ns[*index].mntns_state = snap->ns[*index].creator_state = r;
		snap->ns[*index].parent_state = r;
		return nsi_builder_add_gap(w->b, w->pid, w->tid, "open ns", r);
	}
	r = nsi_nsfs_inode(fd, &inode, &snap->device);
	if (r < 0)
		return r;
	if (inode != snap->ns[*index].inode)
		r = nsi_builder_add_ns(w->b, type, inode, index);
	if (r < 0 || snap->ns[*index].asked)
		return r;
	return nsi_builder_ask(w->b, *index, fd);
}

/* Asks those of the task's namespaces that are new. */
int nsi_walk_ask(struct nsi_walk *w, struct nsu_task *task)
{
	const struct nsu_ns *ns = w->b->snap->ns;
	int r = 0;

	/* In a tree of plain files the links lead nowhere. */
	if (!w->b->ctx->procfs.real)
		return 0;
	for (unsigned type = 0; type < NSU_TYPE_COUNT && !r; type++) {
		if (task->ns[type] == NSI_NONE || ns[task->ns[type]].asked)
			continue;
		r = ask_one(w, nsu_type_get_name(type), type, &task->ns[type]);
		ns = w->b->snap->ns;
	}
	if (!r && task->child_pid != NSI_NONE && !ns[task->child_pid].asked)
		r = ask_one(w, "pid_for_children", NSU_PID, &task->child_pid);
	ns = w->b->snap->ns;
	if (!r && task->child_time != NSI_NONE && !ns[task->child_time].asked)
		r = ask_one(w, "time_for_children", NSU_TIME, &task->child_time);
	return r;
}

/* Groups: stands before NSpid:, and there may be 65,536 of them (setgroups(2)). */
int nsi_read_nspid(int dirfd, const char *path, pid_t *pids)
{
	nsi_autofree char *text = NULL;
	ssize_t n = nsi_read_all_at(dirfd, path, 1 << 20, &text);

	return n < 0 ? n : nsi_parse_nspid(text, pids, NSI_MAX_LEVELS);
}

/* Only a task below the procfs's own pid namespace has more than one number. */
int nsi_walk_pids(struct nsi_walk *w, struct nsu_task *task)
{
	const struct nsu_ns *ns = w->b->snap->ns;
	uint64_t own = w->b->proc_pidns_inode;
	pid_t pids[NSI_MAX_LEVELS];
	ssize_t n;

	if (task->ns[NSU_PID] != NSI_NONE && own && ns[task->ns[NSU_PID]].inode == own)
		return 0;
	if (!nsi_if_usable(w->b->ctx, NSU_IF_NSPID))
		return 0;
	n = nsi_read_once_at(w->nsdir, "../status", w->text, sizeof(w->text));
	if (n == sizeof(w->text) - 1)
		n = nsi_read_nspid(w->nsdir, "../status", pids);
	else if (n >= 0)
		n = nsi_parse_nspid(w->text, pids, NSI_MAX_LEVELS);
	if (n == -ENOENT || n == -ESRCH || nsi_is_fatal(n))
		return n == -ENOENT ? -ESRCH : n;
	if (n < 0 && n != -ENODATA)
		return nsi_builder_add_gap(w->b, w->pid, w->tid, "status", n);
	nsi_if_tell(w->b->ctx, NSU_IF_NSPID, n > 0);
	if (n == 1 && task->ns[NSU_PID] != NSI_NONE && !own)
		w->b->proc_pidns_inode = ns[task->ns[NSU_PID]].inode;
	return n > 0 ? nsi_builder_add_pids(w->b, task, pids, n) : 0;
}
