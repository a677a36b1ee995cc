/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads that are not where their process is, and those whose leader has ended. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "uapi.h"
#include "walk.h"

/* A thread can leave these alone: unshare(2) and setns(2) refuse the others to it. */
#define OWN_OF_THREAD (1u << NSU_MNT | 1u << NSU_UTS | 1u << NSU_IPC | 1u << NSU_NET | \
		       1u << NSU_CGROUP)

struct linux_dirent64_head {		/* of getdents64(2); the name follows */
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
};

/* -1: it is none. */
static int parse_number(const char *name)
{
	uint64_t number = 0;

	for (; *name >= '0' && *name <= '9' && number < INT32_MAX; name++)
		number = number * 10 + (*name - '0');
	return *name || number > INT32_MAX ? -1 : (int)number;
}

int nsi_each_number(int dirfd, char *buf, size_t size,
		    int (*each)(void *data, int number), void *data)
{
	for (;;) {
		long n = syscall(SYS_getdents64, dirfd, buf, size);

		if (n <= 0)
			return n < 0 ? nsi_errno() : 0;
		for (long at = 0; at < n;) {
			struct linux_dirent64_head head;
			int number, r;

			memcpy(&head, buf + at, sizeof(head));
			number = parse_number(buf + at +
					      offsetof(struct linux_dirent64_head, type) +
					      1);
			at += head.reclen;
			r = number >= 0 ? each(data, number) : 0;
			if (r < 0)
				return r;
		}
	}
}

/* st_nlink of task/ is the number of threads and 2, in a procfs. */
int nsi_walk_count_threads(struct nsi_walk *w)
{
	struct stat st;

	if (w->threads)
		return w->threads;
	if (!w->b->ctx->procfs.real || !nsi_if_usable(w->b->ctx, NSU_IF_TASK_NLINK))
		return -ENODATA;
	if (fstatat(w->nsdir, "../task", &st, 0) < 0)
		return errno == ENOENT ? -ESRCH : nsi_errno();
	if (st.st_nlink < 3)
		return -ENODATA;
	nsi_if_tell(w->b->ctx, NSU_IF_TASK_NLINK, true);
	w->threads = st.st_nlink - 2;
	return w->threads;
}

struct threads {
	struct nsi_walk *w;
	const struct nsu_task *leader;
	bool all;
};

static bool differs(const struct nsu_task *a, const struct nsu_task *b)
{
	return memcmp(a->ns, b->ns, sizeof(a->ns)) || a->child_pid != b->child_pid ||
		a->child_time != b->child_time;
}

static int read_thread(struct nsi_walk *w, const struct threads *t, struct nsu_task *task)
{
	unsigned parts = w->b->snap->parts;
	int r = nsi_walk_links(w, task,
			       t->all ? w->b->types : w->b->types & OWN_OF_THREAD);

	if (!r && parts & NSU_PART_CHILDREN)
		r = nsi_walk_children(w, task);
	if (r < 0 || (!t->all && !differs(task, t->leader)))
		return r;
	if (t->all)
		r = nsi_walk_cgroup(w, task);
	if (r < 0)
		return r;
	if (parts & NSU_PART_RELATIONS)
		r = nsi_walk_ask(w, task);
	if (!r && parts & NSU_PART_PIDS)
		r = nsi_walk_pids(w, task);
	if (!r)
		r = nsi_builder_add_task(w->b, task);
	if (!r)
		w->b->snap->totals.threads++;
	return r;
}

static int each_thread(void *data, pid_t tid)
{
	struct threads *t = data;
	struct nsi_walk *w = t->w;
	struct nsu_task task = *t->leader;
	int leader_dir = w->nsdir, r;
	char path[32];

	if (!tid || tid == t->leader->pid)
		return 0;
	if (nsi_builder_cancelled(w->b))
		return -ECANCELED;
	task.tid = w->tid = tid;
	task.flags = NSI_TASK_THREAD;
	task.pid_count = 0;
	task.child_pid = task.child_time = NSI_NONE;
	task.child = 0;
	if (t->all) {
		memset(task.ns, 0xff, sizeof(task.ns));
		task.cgroup = NSI_NONE;
	}
	snprintf(path, sizeof(path), "../task/%d/ns", tid);
	w->nsdir = openat(leader_dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = w->nsdir < 0 ? nsi_errno() : read_thread(w, t, &task);
	if (w->nsdir >= 0)
		close(w->nsdir);
	w->nsdir = leader_dir;
	if (r < 0 && r != -ENOENT && r != -ESRCH && !nsi_is_fatal(r))
		r = nsi_builder_add_gap(w->b, w->pid, tid, "task", r);
	w->tid = w->pid;
	return nsi_is_fatal(r) ? r : 0;
}

/* all: every thread, in full, since the leader has no namespaces left to compare with. */
int nsi_walk_threads(struct nsi_walk *w, const struct nsu_task *leader, bool all)
{
	struct threads t = { w, leader, all };
	nsi_autoclose int fd = -1;
	char names[4096];
	int r;

	fd = openat(w->nsdir, "../task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		r = nsi_errno();
		return r == -ENOENT ? -ESRCH : r;
	}
	r = nsi_each_number(fd, names, sizeof(names), each_thread, &t);
	return r == -ENOENT ? -ESRCH : r;
}
