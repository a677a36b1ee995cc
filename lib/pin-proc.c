/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that a record names: by a number that another may have some day. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "open.h"
#include "pin.h"
#include "plan.h"

/* What the clock of the caller's time namespace is ahead of the kernel's first, in ticks:
   start times are told by it. timens_offsets are of the one that its children get, which
   differs while it has made one and is in the first itself. */
static int64_t ticks_ahead(const struct nsu_ctx *ctx)
{
	nsi_autoclose int self = nsi_ctx_open_self(ctx);
	struct nsu_clocks clocks;
	char text[256];
	uint64_t inode;

	if (self < 0 || nsi_plan_read_ns(self, "time", NSU_TIME, &inode) < 0 ||
	    inode == NSI_INIT_TIME)
		return 0;
	if (nsi_read_at(ctx->proc_fd, "self/timens_offsets", text, sizeof(text)) < 0 ||
	    nsi_parse_offsets(text, &clocks) < 0)
		return 0;
	return clocks.boottime / (int64_t)ctx->tick_ns;
}

static int read_start(const struct nsu_ctx *ctx, pid_t pid, uint64_t *ret)
{
	struct nsu_task_stat stat;
	char path[32], text[1024];
	ssize_t n;
	int r;

	snprintf(path, sizeof(path), "%d/stat", pid);
	n = nsi_read_at(ctx->proc_fd, path, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : n;
	r = nsi_parse_stat(text, &stat, 1);
	if (r < 0)
		return r;
	if (stat.state == 'Z' || stat.state == 'X')
		return -ESRCH;
	*ret = stat.start;
	return 0;
}

/* The pidfd that is to be held while the number is looked up. 0 also where there are
   none: then it is -1, and the inode 0. */
static int hold(struct nsu_ctx *ctx, pid_t pid, int *ret_fd, uint64_t *ret_inode)
{
	int r = nsi_open_pidfd(ctx, pid, ret_fd, ret_inode);

	return r == -EOPNOTSUPP ? 0 : r;
}

static bool has_ended(int pidfd)
{
	struct pollfd fds = { .fd = pidfd, .events = POLLIN };

	return pidfd >= 0 && poll(&fds, 1, 0) > 0;
}

static int describe(struct nsu_ctx *ctx, pid_t pid, int *ret_fd, struct nsi_proc *ret)
{
	struct nsi_proc found = { .pid = pid };
	nsi_autoclose int fd = -1;
	int r;

	if (pid <= 0)
		return -ESRCH;
	r = hold(ctx, pid, &fd, &found.inode);
	if (!r)
		r = read_start(ctx, pid, &found.start);
	/* If it still runs it had the number all the time. */
	if (!r && has_ended(fd))
		r = -ESRCH;
	if (r < 0)
		return r;
	*ret_fd = fd;
	fd = -1;
	*ret = found;
	return 0;
}

int nsi_proc_describe(struct nsu_ctx *ctx, pid_t pid, struct nsi_proc *ret)
{
	nsi_autoclose int fd = -1;
	struct nsi_proc found;
	int r = describe(ctx, pid, &fd, &found);

	if (r < 0)
		return r;
	found.start -= ticks_ahead(ctx);
	*ret = found;
	return 0;
}

/* The clock is told in ticks, and an offset cuts some: it may be one off. */
static bool is_near(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) <= 1;
}

/* Linux before 5.11 tells start times by its first clock to all. */
static bool is_same(const struct nsu_ctx *ctx, const struct nsi_proc *found,
		    const struct nsi_proc *wanted)
{
	if (found->inode && wanted->inode && found->inode != wanted->inode)
		return false;
	return is_near(found->start, wanted->start) ||
		is_near(found->start - ticks_ahead(ctx), wanted->start);
}

int nsi_proc_find(struct nsu_ctx *ctx, const struct nsi_proc *proc, int *ret_pidfd)
{
	struct nsi_proc found;
	nsi_autoclose int fd = -1;
	int r = describe(ctx, proc->pid, &fd, &found);

	if (r < 0)
		return r;
	if (!is_same(ctx, &found, proc))
		return -ESRCH;
	if (ret_pidfd) {
		*ret_pidfd = fd;
		fd = -1;
	}
	return 0;
}

int nsi_proc_check_title(const struct nsu_ctx *ctx, pid_t pid, const char *title)
{
	char path[32], comm[32];
	ssize_t n;

	snprintf(path, sizeof(path), "%d/comm", pid);
	n = nsi_read_at(ctx->proc_fd, path, comm, sizeof(comm));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : n;
	return n > 0 && !strncmp(comm, title, n - 1) && !title[n - 1] ? 0 : -ESRCH;
}
