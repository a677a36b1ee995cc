/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The source that is always there: /proc/PID/ns of every process. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "walk.h"

static struct nsu_task new_task(pid_t pid)
{
	struct nsu_task task = {
		.tid = pid, .pid = pid, .sandbox = NSI_NONE,
		.child_pid = NSI_NONE, .child_time = NSI_NONE,
	};

	memset(task.ns, 0xff, sizeof(task.ns));
	return task;
}

/*
 * Its links are gone: it has ended, is a zombie, or its leader is one and other threads
 * live on. A zombie keeps its pid and user namespaces until it is reaped.
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
		if (r < 0)
			return r;
		if (w->b->snap->task_count == before)
			task->flags &= ~NSI_TASK_DEAD_LEADER;
	}
	if (!(task->flags & NSI_TASK_DEAD_LEADER))
		w->b->snap->totals.zombies++;
	return 0;
}

/*
 * Not ours to look into: what /proc/PID/status tells everybody is still taken, which
 * also shows whether it is there at all, and no zombie.
 */
static int take_unread(struct nsi_walk *w, struct nsu_task *task, const char *step,
		       int error)
{
	pid_t pids[NSI_MAX_LEVELS];
	char path[32];
	const char *state;
	ssize_t n;

	snprintf(path, sizeof(path), "%d/status", w->pid);
	n = nsi_read_at(w->b->ctx->proc_fd, path, w->text, sizeof(w->text));
	if (n == -ENOENT || n == -ESRCH)
		return -ESRCH;
	if (nsi_is_fatal(n))
		return n;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (task->ns[type] == NSI_NONE && w->b->types & 1u << type)
			task->unread |= 1u << type;
	task->error = error;
	w->b->snap->totals.unread++;
	if (n > 0) {
		bool whole = n < (ssize_t)sizeof(w->text) - 1;

		n = !nsi_if_usable(w->b->ctx, NSU_IF_NSPID) ? 0 :
			whole ? nsi_parse_nspid(w->text, pids, NSI_MAX_LEVELS) :
			nsi_read_nspid(w->b->ctx->proc_fd, path, pids);
		n = n > 0 ? nsi_builder_add_pids(w->b, task, pids, n) : 0;
		if (n < 0)
			return n;
		state = strstr(w->text, "\nState:\t");
		if (state && state[8] == 'Z') {
			task->flags |= NSI_TASK_ZOMBIE;
			task->error = 0;
			w->b->snap->totals.zombies++;
			w->b->snap->totals.unread--;
			return 0;
		}
	}
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
	int r = 0;

	if (parts & NSU_PART_CHILDREN)
		r = nsi_walk_children(w, task);
	if (!r && parts & NSU_PART_RELATIONS)
		r = nsi_walk_ask(w, task);
	if (!r && parts & NSU_PART_PIDS)
		r = nsi_walk_pids(w, task);
	if (!r && parts & NSU_PART_THREADS)
		r = take_threads(w, task);
	return r;
}

static int read_process(struct nsi_walk *w, struct nsu_task *task)
{
	char path[32];
	int r;

	snprintf(path, sizeof(path), "%d/ns", w->pid);
	r = nsi_walk_open(w, path);
	if (r < 0)
		return r == -ESRCH || nsi_is_fatal(r) ? r : take_unread(w, task, "ns", r);
	r = nsi_walk_links(w, task, w->b->types);
	if (!r)
		r = take_living(w, task);
	if (r == -ESRCH)
		r = take_dead(w, task);
	if (r < 0 && r != -ESRCH && !nsi_is_fatal(r))
		r = take_unread(w, task, "ns/user", r);
	close(w->nsdir);
	return r;
}

static int each_process(void *data, pid_t pid)
{
	struct nsi_walk *w = data;
	struct nsu_totals *totals = &w->b->snap->totals, before = *totals;
	struct nsu_snapshot *snap = w->b->snap;
	size_t tasks = snap->task_count, gaps = snap->gap_count, ns = snap->ns_count;
	struct nsu_task task = new_task(pid);
	int r;

	if (nsi_builder_cancelled(w->b))
		return -ECANCELED;
	w->pid = w->tid = pid;
	r = read_process(w, &task);
	if (!r)
		r = nsi_builder_add_task(w->b, &task);
	if (!r)
		totals->processes++;
	if (r != -ESRCH)
		return r;
	/* Ended while it was read: its threads, if any were taken, have too. */
	snap->task_count = tasks;
	snap->gap_count = gaps;
	*totals = before;
	/* What it was the first to show may be gone as well, and its inode another's. */
	for (; ns < snap->ns_count; ns++)
		snap->ns[ns].asked = false;
	totals->vanished++;
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

static bool asked_already(const struct nsu_scan_options *opts, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (opts->pids[i] == pid)
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
static bool is_thread(struct nsi_walk *w, pid_t pid)
{
	const char *tgid;
	char path[32];

	snprintf(path, sizeof(path), "%d/status", pid);
	if (nsi_read_at(w->b->ctx->proc_fd, path, w->text, sizeof(w->text)) < 0)
		return false;
	tgid = strstr(w->text, "\nTgid:\t");
	return tgid && strtol(tgid + 7, NULL, 10) != pid;
}

/* Just these, and the reference: process 1, and where that cannot be read the caller. */
static int scan_some(struct nsi_walk *w)
{
	const struct nsu_scan_options *opts = w->b->opts;
	pid_t self = w->b->ctx->procfs.self;
	long found;
	int r = 0;

	for (size_t i = 0; i < opts->pid_count && !r; i++)
		if (!asked_already(opts, i, opts->pids[i]) &&
		    !is_thread(w, opts->pids[i]))
			r = each_process(w, opts->pids[i]);
	found = w->b->snap->totals.processes;
	if (!r && !found)
		return -ESRCH;
	if (!r && !asked_already(opts, opts->pid_count, 1))
		r = each_process(w, 1);
	if (!r && !is_read(w->b, 1) && self &&
	    !asked_already(opts, opts->pid_count, self))
		r = each_process(w, self);
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

static int scan(struct nsi_builder *b)
{
	struct nsi_walk *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->b = b;
	b->proc_pidns_inode = read_pidns(b->ctx, b->ctx->procfs.own_pids ?
					 "self/ns/pid" : "1/ns/pid");
	r = b->opts->pids ? scan_some(w) : scan_all(w);
	free(w);
	return r;
}

const struct nsi_source nsi_source_procfs = { "procfs", scan };
