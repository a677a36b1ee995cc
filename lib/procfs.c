/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The source that is always there: /proc/PID/ns of every process. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "walk.h"

static struct nsu_task new_task(pid_t pid)
{
	struct nsu_task task = {
		.tid = pid, .pid = pid, .sandbox = NSI_NONE,
		.child_pid = NSI_NONE, .child_time = NSI_NONE,
		.cgroup = NSI_NONE, .container = NSI_NONE,
	};

	memset(task.ns, 0xff, sizeof(task.ns));
	return task;
}

/*
 * Its links are gone: it has ended, is a zombie, or its leader is one and other threads
 * live on. A zombie keeps its pid and user namespaces until it is reaped. -EAGAIN: it
 * lives again, since a thread that executed a program has taken its number over.
 */
static int take_dead(struct nsi_walk *w, struct nsu_task *task)
{
	unsigned types = w->b->types & (1u << NSU_PID | 1u << NSU_USER);
	int threads, r;

	*task = new_task(w->pid);
	task->flags = NSI_TASK_ZOMBIE;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		if (!(types & 1u << type))
			continue;
		r = nsi_walk_link(w, type, &task->ns[type]);
		if (r < 0)
			return r;
	}
	r = nsi_walk_cgroup(w, task);
	if (r < 0)
		return r;
	threads = nsi_walk_count_threads(w);
	if (threads == -ESRCH)
		return threads;
	/* Its owners and numbers are still told; to be reaped meanwhile is no loss. */
	r = 0;
	if (w->b->snap->parts & NSU_PART_RELATIONS)
		r = nsi_walk_ask(w, task);
	if (!nsi_is_fatal(r) && w->b->snap->parts & NSU_PART_PIDS)
		r = nsi_walk_pids(w, task);
	if (nsi_is_fatal(r))
		return r;
	if (threads > 1 || threads == -ENODATA) {
		size_t before = w->b->snap->task_count;

		task->flags |= NSI_TASK_DEAD_LEADER;
		r = nsi_walk_threads(w, task, true);
		if (!r)
			r = nsi_walk_fds(w, true);
		if (r < 0)
			return r;
		if (w->b->snap->task_count == before)
			task->flags &= ~NSI_TASK_DEAD_LEADER;
	}
	if (nsi_walk_is_alive(w))
		return -EAGAIN;
	if (!(task->flags & NSI_TASK_DEAD_LEADER))
		w->b->snap->totals.zombies++;
	return 0;
}

/* "\nName:\tVALUE", name with all before VALUE; -1: no such line. */
static long number_in(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at ? strtol(at + strlen(name), NULL, 10) : -1;
}

static int take_status(struct nsi_walk *w, struct nsu_task *task, int dir,
		       const char *path, bool whole)
{
	const char *state = strstr(w->text, "\nState:\t");
	pid_t pids[NSI_MAX_LEVELS];
	int n = 0;

	if (state && state[8] == 'Z')
		task->flags |= NSI_TASK_ZOMBIE;
	/* The status of a dead leader still counts the threads that live on. */
	if (task->flags & NSI_TASK_ZOMBIE && number_in(w->text, "\nThreads:\t") > 1)
		task->flags |= NSI_TASK_DEAD_LEADER;
	if (nsi_if_usable(w->b->ctx, NSU_IF_NSPID))
		n = whole ? nsi_parse_nspid(w->text, pids, NSI_MAX_LEVELS) :
			nsi_read_nspid(dir, path, pids);
	return n > 0 ? nsi_builder_add_pids(w->b, task, pids, n) : 0;
}

/*
 * Not ours to look into: what /proc/PID/status tells everybody is still taken, which
 * also shows whether it is there at all, and no zombie.
 */
static int take_unread(struct nsi_walk *w, struct nsu_task *task, const char *step,
		       int error)
{
	int dir = w->nsdir;
	char path[32] = "../status";
	unsigned missing = 0;
	ssize_t n = -EACCES;
	int r = 0;

	if (w->nsdir >= 0)
		n = nsi_read_at(dir, path, w->text, sizeof(w->text));
	if (n == -EACCES) {	/* or it may not be passed through */
		dir = w->b->ctx->proc_fd;
		snprintf(path, sizeof(path), "%d/status", w->pid);
		n = nsi_read_at(dir, path, w->text, sizeof(w->text));
	}
	if (n == -ENOENT || n == -ESRCH)
		return -ESRCH;
	if (nsi_is_fatal(n))
		return n;
	if (n > 0)
		r = take_status(w, task, dir, path, n < (ssize_t)sizeof(w->text) - 1);
	if (!r)
		r = nsi_walk_cgroup(w, task);
	if (r < 0)
		return r;
	/* It was seen to live and to be a zombie by turns: neither can be told. */
	if (error == -EAGAIN)
		task->flags = 0;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (task->ns[type] == NSI_NONE && w->b->types & 1u << type)
			missing |= 1u << type;
	if (task->flags & NSI_TASK_ZOMBIE && !(task->flags & NSI_TASK_DEAD_LEADER)) {
		/* The other six it has lost, whoever asks. */
		task->unread = missing & (1u << NSU_PID | 1u << NSU_USER);
		w->b->snap->totals.zombies++;
		return 0;
	}
	task->unread = missing;
	task->error = error;
	w->b->snap->totals.unread++;
	if (w->fds)
		nsi_walk_refuse_fds(w);
	return nsi_builder_add_gap(w->b, w->pid, w->tid, step, error);
}

static int take_threads(struct nsi_walk *w, const struct nsu_task *task)
{
	int n = nsi_walk_count_threads(w);

	if (n == 1 || n == -ESRCH)
		return n == 1 ? 0 : n;
	return nsi_walk_threads(w, task, false);
}

static int take_living(struct nsi_walk *w, struct nsu_task *task)
{
	unsigned parts = w->b->snap->parts;
	int r = nsi_walk_cgroup(w, task);

	if (!r && parts & NSU_PART_CHILDREN)
		r = nsi_walk_children(w, task);
	if (!r && parts & NSU_PART_RELATIONS)
		r = nsi_walk_ask(w, task);
	if (!r && parts & NSU_PART_PIDS)
		r = nsi_walk_pids(w, task);
	if (!r)
		r = nsi_walk_fds(w, false);
	if (!r && parts & NSU_PART_THREADS)
		r = take_threads(w, task);
	return r;
}

/* How often a process may execute a program from a thread while it is read. */
#define MAX_TRIES 100

static int read_open(struct nsi_walk *w, struct nsu_task *task)
{
	struct nsi_mark mark = nsi_builder_mark(w->b);
	int r = -EAGAIN;

	for (int i = 0; i < MAX_TRIES && r == -EAGAIN; i++) {
		nsi_builder_roll_back(w->b, &mark);
		*task = new_task(w->pid);
		w->threads = 0;
		r = nsi_walk_links(w, task, w->b->types);
		if (!r)
			r = take_living(w, task);
		if (r == -ESRCH) {
			nsi_builder_roll_back(w->b, &mark);
			r = take_dead(w, task);
		}
	}
	if (r == -ESRCH || nsi_is_fatal(r) || !r)
		return r;
	return take_unread(w, task, w->step, r);
}

static int read_process(struct nsi_walk *w, struct nsu_task *task)
{
	char path[32];
	int r;

	snprintf(path, sizeof(path), "%d/ns", w->pid);
	r = nsi_walk_open(w, path);
	if (r < 0)
		return r == -ESRCH || nsi_is_fatal(r) ? r : take_unread(w, task, "ns", r);
	r = read_open(w, task);
	close(w->nsdir);
	w->nsdir = -1;
	return r;
}

static int each_process(void *data, pid_t pid)
{
	struct nsi_walk *w = data;
	struct nsi_mark mark = nsi_builder_mark(w->b);
	struct nsu_task task = new_task(pid);
	int r;

	if (!pid)
		return 0;
	if (nsi_builder_cancelled(w->b))
		return -ECANCELED;
	w->pid = w->tid = pid;
	r = read_process(w, &task);
	if (!r)
		r = nsi_builder_add_task(w->b, &task);
	if (!r)
		w->b->snap->totals.processes++;
	if (r != -ESRCH)
		return r;
	/* Ended while it was read: its threads, if any were taken, have too. */
	nsi_builder_roll_back(w->b, &mark);
	w->b->snap->totals.vanished++;
	return 0;
}

static uint64_t read_pidns(const struct nsu_ctx *ctx, const char *path)
{
	char text[64];
	uint64_t inode = 0;
	ssize_t n = readlinkat(ctx->proc_fd, path, text, sizeof(text) - 1);

	if (n > 0) {
		text[n] = '\0';
		nsi_parse_link(text, NSU_PID, &inode);
	}
	return inode;
}

static bool is_among(const pid_t *pids, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

static bool is_read(const struct nsi_builder *b, pid_t pid)
{
	for (size_t i = 0; i < b->snap->task_count; i++)
		if (b->snap->tasks[i].tid == pid)
			return !b->snap->tasks[i].error;
	return false;
}

/* /proc/TID is there too, but a thread's number is not that of a process. */
int nsi_check_process(const struct nsu_ctx *ctx, pid_t pid)
{
	const char *tgid;
	char path[32], text[1024];
	struct stat st;
	long leader;
	ssize_t n;

	snprintf(path, sizeof(path), "%d/status", pid);
	n = nsi_read_at(ctx->proc_fd, path, text, sizeof(text));
	/* hidepid=1: what may not be looked into is there; so is one of a tree of plain
	   files that has no such file. */
	snprintf(path, sizeof(path), "%d", pid);
	if (n < 0)
		return fstatat(ctx->proc_fd, path, &st, 0) < 0 ? -ESRCH : 0;
	tgid = strstr(text, "\nTgid:\t");
	leader = tgid ? strtol(tgid + 7, NULL, 10) : pid;
	/* 0: it was waited for while this was read. */
	return leader == pid ? 0 : leader == 0 ? -ESRCH : -ECHILD;
}

static int by_number(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Just these, and the reference: process 1, and where that cannot be read the caller. */
static int scan_some(struct nsi_walk *w)
{
	const struct nsu_ctx *ctx = w->b->ctx;
	size_t count = w->b->opts->pid_count;
	nsi_autofree pid_t *pids = calloc(count + 1, sizeof(*pids));
	int r = 0;

	if (!pids)
		return -ENOMEM;
	memcpy(pids, w->b->opts->pids, count * sizeof(*pids));
	qsort(pids, count, sizeof(*pids), by_number);
	for (size_t i = 0; i < count && !r; i++)
		if ((!i || pids[i] != pids[i - 1]) && !nsi_check_process(ctx, pids[i]))
			r = each_process(w, pids[i]);
	if (!r && !w->b->snap->totals.processes)
		return -ESRCH;
	w->fds = false;
	if (!r && !is_among(pids, count, 1))
		r = each_process(w, 1);
	if (!r && !is_read(w->b, 1) && ctx->procfs.self &&
	    !is_among(pids, count, ctx->procfs.self))
		r = each_process(w, ctx->procfs.self);
	return r;
}

static int scan_all(struct nsi_walk *w)
{
	nsi_autofree char *names = malloc(64 << 10);
	nsi_autoclose int fd = -1;

	if (!names)
		return -ENOMEM;
	fd = openat(w->b->ctx->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return nsi_errno();
	return nsi_each_number(fd, names, 64 << 10, each_process, w);
}

int nsi_scan_procfs(struct nsi_builder *b)
{
	struct nsi_walk *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->b = b;
	w->nsdir = -1;
	w->fds = b->snap->parts & NSU_PART_FDS;
	b->proc_pidns_inode = read_pidns(b->ctx, b->ctx->procfs.own_pids ?
					 "self/ns/pid" : "1/ns/pid");
	r = b->opts->pids ? scan_some(w) : scan_all(w);
	free(w->large.tids);
	free(w);
	if (!r)
		r = nsi_builder_tell_source(b, "procfs", 0);
	if (!r && b->snap->parts & NSU_PART_FDS)
		r = nsi_builder_tell_source(b, "fds", b->fds_refused && !b->fds_used ?
					    -EACCES : 0);
	return r;
}
