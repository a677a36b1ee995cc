/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a target word to descriptors: of a process, or of a namespace. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "open.h"
#include "plan.h"
#include "target.h"
#include "uapi.h"

void nsi_hold_close(struct nsi_hold *hold)
{
	if (hold->dir >= 0)
		close(hold->dir);
	if (hold->pidfd >= 0)
		close(hold->pidfd);
	*hold = (struct nsi_hold){ .dir = -1, .pidfd = -1 };
}

int nsi_hold_check(const struct nsi_hold *hold)
{
	struct stat st;

	/* Looked up below the directory: fails once its process was reaped. */
	if (fstatat(hold->dir, "stat", &st, 0) == 0)
		return 0;
	return errno == ENOENT || errno == ESRCH ? -ESRCH : nsi_errno();
}

int nsi_hold_check_alive(const struct nsi_hold *hold)
{
	struct pollfd fds = { .fd = hold->pidfd, .events = POLLIN };
	char stat[512], *end;
	ssize_t n;

	if (hold->pidfd >= 0 && poll(&fds, 1, 0) > 0)
		return -ESRCH;
	n = nsi_read_at(hold->dir, "stat", stat, sizeof(stat));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : n;
	/* A leader that ended before its threads has no namespaces to give either. */
	end = strrchr(stat, ')');
	return end && (end[2] == 'Z' || end[2] == 'X') ? -ESRCH : 0;
}

/* The directory first, then the pidfd, then the directory again: if that still answers,
   its process had the number all the time, and the pidfd is its. */
static int verify(struct nsu_ctx *ctx, struct nsi_hold *hold)
{
	int fd;

	if (!ctx->procfs.own_pids || !nsi_if_usable(ctx, NSU_IF_PIDFD))
		return nsi_hold_check(hold);
	fd = syscall(SYS_pidfd_open, hold->pid, 0);
	if (fd < 0) {
		int r = nsi_errno();

		nsi_if_tell(ctx, NSU_IF_PIDFD, r != -ENOSYS);
		/* What kernels before 6.9 say of a process that has just been reaped. */
		if (r != -ENOSYS)
			return r == -EINVAL ? -ESRCH : r;
	}
	hold->pidfd = fd;
	return nsi_hold_check(hold);
}

/* The task of 7@WORD, by a picture of all. */
static int find_inner(const struct nsu_target *target, int *ret_dir, pid_t *ret_pid)
{
	struct nsu_scan_options scan = NSU_SCAN_OPTIONS_INIT;
	struct nsu_task_stat stat = NSU_TASK_STAT_INIT;
	struct nsu_snapshot *snap = NULL;
	const struct nsu_task *task;
	nsi_autoclose int dir = -1;
	int r;

	scan.parts = NSU_PART_TASKS;
	scan.types = 1u << NSU_PID;
	scan.targets = &target;
	scan.target_count = 1;
	r = nsu_snapshot_new(target->ctx, &scan, &snap);
	if (r < 0)
		return r;
	r = nsu_target_find_task(target, snap, &task);
	if (!r) {
		dir = nsi_task_open(task);
		r = dir < 0 ? dir : nsu_task_read_stat(task, &stat);
	}
	if (!r) {
		*ret_pid = nsu_task_get_pid(task);
		*ret_dir = dir;
		dir = -1;
	}
	nsu_snapshot_free(snap);
	return r;
}

int nsi_target_hold(const struct nsu_target *target, struct nsi_hold *ret)
{
	struct nsi_hold hold = { .dir = -1, .pidfd = -1 };
	char path[16] = "1";
	int r = 0;

	if (target->form == FORM_INNER) {
		r = find_inner(target, &hold.dir, &hold.pid);
	} else {
		r = nsu_target_get_pid(target, &hold.pid);
		if (r < 0)
			return r;
		/* FORM_HOST holds nothing: process 1 does not end while the host runs. */
		hold.dir = target->fd >= 0 ? fcntl(target->fd, F_DUPFD_CLOEXEC, 3) :
			openat(target->ctx->proc_fd, path,
			       O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (hold.dir < 0)
			r = errno == ENOENT ? -ESRCH : nsi_errno();
	}
	if (!r)
		r = verify(target->ctx, &hold);
	if (r < 0) {
		nsi_hold_close(&hold);
		return r;
	}
	*ret = hold;
	return 0;
}

static int scan_parts(const struct nsu_target *target, unsigned parts,
		      struct nsu_snapshot **ret_snap, const struct nsu_ns **ret)
{
	struct nsu_scan_options scan = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap;
	int r;

	scan.parts = parts;
	scan.targets = &target;
	scan.target_count = 1;
	r = nsu_snapshot_new(target->ctx, &scan, &snap);
	if (r < 0)
		return r;
	r = nsu_target_find_ns(target, snap, ret);
	if (r < 0)
		nsu_snapshot_free(snap);
	else
		*ret_snap = snap;
	return r;
}

/* Most have a task. For the others all is searched that may hold one. */
static int scan_for(const struct nsu_target *target, struct nsu_snapshot **ret_snap,
		    const struct nsu_ns **ret)
{
	int r = scan_parts(target, 0, ret_snap, ret);

	if (r != -ENOENT)
		return r;
	return scan_parts(target, NSU_PART_DEFAULT | NSU_PART_FDS | NSU_PART_MOUNTS |
			  NSU_PART_LISTED, ret_snap, ret);
}

int nsi_target_get_type(const struct nsu_target *target, enum nsu_type *ret)
{
	struct nsu_snapshot *snap;
	const struct nsu_ns *ns;
	int r;

	if (nsi_target_is_task(target))
		return -ENOENT;
	if (target->form == FORM_SET)
		return -ENOTUNIQ;
	if (target->form == FORM_NS) {
		*ret = target->type;
		return 0;
	}
	r = scan_for(target, &snap, &ns);
	if (r < 0)
		return r;
	*ret = nsu_ns_get_type(ns);
	nsu_snapshot_free(snap);
	return 0;
}

static int open_by_scan(const struct nsu_target *target, enum nsu_type type, int *ret)
{
	struct nsu_snapshot *snap;
	const struct nsu_ns *ns;
	int r = scan_for(target, &snap, &ns);

	if (r < 0)
		return r;
	r = nsu_ns_get_type(ns) != type ? -EMEDIUMTYPE : nsu_ns_open(ns);
	nsu_snapshot_free(snap);
	if (r < 0)
		return r == -ENODATA ? -ENOENT : r;
	*ret = r;
	return 0;
}

/* A namespace named by inode alone may be of any type: then the type is asked of it. */
static int open_any(const struct nsu_target *target, enum nsu_type type, int *ret)
{
	uint64_t inode;
	int fd = nsi_target_get_fd(target, type, &inode);

	if (fd >= 0)
		return nsi_take_ns(fcntl(fd, F_DUPFD_CLOEXEC, 3), inode, ret);
	if (target->form == FORM_SET || (target->form == FORM_NS && target->type != type))
		return -EMEDIUMTYPE;
	return open_by_scan(target, type, ret);
}

int nsi_target_open_ns(const struct nsu_target *target, enum nsu_type type, int *ret_fd)
{
	struct nsi_hold hold;
	char path[32];
	int r, fd;

	if (!nsi_target_is_task(target))
		return open_any(target, type, ret_fd);
	r = nsi_target_hold(target, &hold);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "ns/%s", nsu_type_get_name(type));
	fd = openat(hold.dir, path, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? nsi_errno() : 0;
	nsi_hold_close(&hold);
	if (!r)
		*ret_fd = fd;
	return r;
}
