/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a namespace of a snapshot to a descriptor of it, by whatever leads there. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "open.h"
#include "plan.h"
#include "uapi.h"

#define MAX_DEPTH 40		/* user and pid namespaces nest 32 deep */
#define MAX_HUNG 3		/* bind mounts that may hang */
#define MAX_FETCHED 64		/* bind mounts that are tried, one child for each */

/* To open one namespace. Who makes mounts could make as many as he likes that lead to
   nothing, each inside of a mount namespace that is only to be reached by such. */
struct trial {
	int depth, hung, fetched;
};

/* What the ways tried so far came to: a refusal says more than that a way has ended, and
   that more than that there is none. */
static int worse(int was, int now)
{
	return was == -ENODATA || (was == -ESRCH && now != -ENODATA) ? now : was;
}

static int open_link(const struct nsu_task *task, const char *name, uint64_t inode,
		     int *ret)
{
	nsi_autoclose int dir = nsi_task_open(task);
	char path[32];
	int fd;

	if (dir < 0)
		return dir;
	snprintf(path, sizeof(path), "ns/%s", name);
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : nsi_errno();
	return nsi_take_ns(fd, inode, ret);
}

/* Says the link that this is a namespace? A file can have no such name: its begins with
   a slash. */
static bool is_ns_link(int dir, const char *name, uint64_t inode)
{
	char text[64];
	uint64_t found;
	ssize_t n = readlinkat(dir, name, text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (!nsi_parse_link(text, type, &found))
			return found == inode;
	return false;
}

/* Opened by the path of a bind mount, its link says that one: not to be touched here. */
static int fetch_task_fd(struct nsu_ctx *ctx, const char *path, uint64_t inode, int *ret)
{
	struct nsi_place place = NSI_PLACE_INIT;
	char dir[64];
	int len = strrchr(path, '/') - path, r;

	snprintf(dir, sizeof(dir), "%.*s", len, path);
	place.fd_dir = openat(ctx->proc_fd, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place.fd_dir < 0)
		return errno == ENOENT ? -ESRCH : nsi_errno();
	r = nsi_fetch_pin(ctx, &place, inode, path + len + 1, ret);
	nsi_place_close(&place);
	return r == -ENOENT || r == -ESTALE ? -ESRCH : r;
}

int nsi_open_task_fd(struct nsu_ctx *ctx, pid_t pid, pid_t tid, int fd, uint64_t inode,
		     int *ret)
{
	nsi_autoclose int self = nsi_ctx_open_self(ctx);
	nsi_autoclose int held = -1;
	char path[64];

	if (self < 0)
		return self;
	snprintf(path, sizeof(path), "%d/task/%d/fd/%d", pid, tid ? tid : pid, fd);
	if (!is_ns_link(ctx->proc_fd, path, inode))
		return fetch_task_fd(ctx, path, inode, ret);
	held = openat(ctx->proc_fd, path, O_PATH | O_CLOEXEC);
	if (held < 0)
		return errno == ENOENT ? -ESRCH : nsi_errno();
	/* It may be another file's number by now. */
	snprintf(path, sizeof(path), "fd/%d", held);
	if (!is_ns_link(self, path, inode))
		return -ESRCH;
	return nsi_take_ns(openat(self, path, O_RDONLY | O_CLOEXEC), inode, ret);
}

static uint64_t mntns_of(int task_dir)
{
	uint64_t inode = 0;

	nsi_plan_read_ns(task_dir, "mnt", NSU_MNT, &inode);
	return inode;
}

int nsi_open_task_dir(struct nsu_ctx *ctx, const struct nsu_task *task)
{
	char path[48];
	int dir;

	if (task->flags & NSI_TASK_THREAD)
		snprintf(path, sizeof(path), "%d/task/%d", task->pid, task->tid);
	else
		snprintf(path, sizeof(path), "%d", task->tid);
	dir = openat(ctx->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? -ESRCH : nsi_errno();
	return dir;
}

int nsi_open_member(struct nsu_ctx *ctx, const struct nsu_task *task, uint64_t inode)
{
	int dir = nsi_open_task_dir(ctx, task);

	if (dir < 0 || mntns_of(dir) == inode)
		return dir;
	close(dir);
	return -ESRCH;
}

bool nsi_has_whole_root(int task_dir)
{
	char text[2];

	return readlinkat(task_dir, "root", text, sizeof(text)) == 1 && *text == '/';
}

/* A file of the caller's mount namespace, where the snapshot tells of no mounts. */
static int open_bound(struct nsu_ctx *ctx, uint64_t inode, int *ret)
{
	struct nsi_place place = NSI_PLACE_INIT;
	struct nsu_binds *binds;
	int r = nsu_binds_new(ctx, NULL, &binds);

	if (r < 0)
		return r == -ENOENT ? -ENODATA : r;
	place.own = true;
	r = -ENODATA;
	for (size_t i = 0; i < nsu_binds_count(binds) && r < 0; i++) {
		const struct nsu_bind *bind = nsu_binds_get(binds, i);

		if (bind->inode == inode)
			r = nsi_fetch_pin(ctx, &place, inode, bind->path, ret);
	}
	nsu_binds_free(binds);
	return r;
}

static int open_by_task(const struct nsu_ns *ns, int *ret)
{
	const struct nsu_type_info *info = nsu_type_get_info(ns->type);
	int r = -ENODATA;

	for (size_t i = 0; i < nsu_ns_count_tasks(ns) && r < 0; i++)
		r = worse(r, open_link(nsu_ns_get_task(ns, i), info->name, ns->inode,
				       ret));
	for (size_t i = 0; i < nsu_ns_count_zombies(ns) && r < 0; i++)
		r = worse(r, open_link(nsu_ns_get_zombie(ns, i), info->name, ns->inode,
				       ret));
	for (size_t i = 0; i < nsu_ns_count_heirs(ns) && r < 0; i++)
		r = worse(r, open_link(nsu_ns_get_heir(ns, i), info->for_children,
				       ns->inode, ret));
	return r;
}

static int open_found(struct nsu_ctx *ctx, const struct nsu_ns *ns, struct trial *trial,
		      int *ret);

/* How to get among the files of a mount namespace. */
static int find_place(struct nsu_ctx *ctx, const struct nsu_ns *mnt, struct trial *trial,
		      struct nsi_place *ret)
{
	nsi_autoclose int self = nsi_ctx_open_self(ctx);
	struct nsi_place place = NSI_PLACE_INIT;
	int r = 0;

	place.own = self >= 0 && mntns_of(self) == mnt->inode;
	for (size_t i = 0; i < nsu_ns_count_tasks(mnt) && !place.own; i++) {
		int dir = nsi_open_member(ctx, nsu_ns_get_task(mnt, i), mnt->inode);

		if (dir >= 0 && nsi_has_whole_root(dir)) {
			place.task_dir = dir;
			break;
		}
		nsi_closep(&dir);
	}
	if (!place.own && place.task_dir < 0)
		r = open_found(ctx, mnt, trial, &place.ns);
	if (!r)
		*ret = place;
	return r;
}

static int open_pinned(struct nsu_ctx *ctx, const struct nsu_ns *ns,
		       const struct nsi_keeper *keeper, struct trial *trial, int *ret)
{
	struct nsi_place place;
	int r;

	if (keeper->in == NSI_NONE || keeper->path == NSI_NONE)
		return -ENODATA;
	if (trial->hung >= MAX_HUNG || trial->fetched >= MAX_FETCHED)
		return -ETIMEDOUT;
	trial->fetched++;
	r = find_place(ctx, &ns->snap->ns[keeper->in], trial, &place);
	if (r < 0)
		return r;
	r = nsi_fetch_pin(ctx, &place, ns->inode, ns->snap->paths + keeper->path, ret);
	nsi_place_close(&place);
	trial->hung += r == -ETIMEDOUT;
	return r == -ENOENT || r == -ESTALE ? -ESRCH : r;
}

static int open_by_keeper(struct nsu_ctx *ctx, const struct nsu_ns *ns,
			  struct trial *trial, int *ret)
{
	int r = -ENODATA;

	for (uint32_t i = 0; i < ns->keepers.count && r < 0; i++) {
		const struct nsi_keeper *keeper =
			&ns->snap->keepers[ns->keepers.first + i];
		int r2 = -ENODATA;

		if (keeper->kind == NSU_HOLDER_FD)
			r2 = nsi_open_task_fd(ctx, keeper->pid, keeper->tid, keeper->fd,
					      ns->inode, ret);
		else if (keeper->kind == NSU_HOLDER_MOUNT)
			r2 = open_pinned(ctx, ns, keeper, trial, ret);
		r = worse(r, r2);
	}
	return r;
}

/* By a namespace that knows it: a child's parent, an owned one's owner. */
static int open_through(struct nsu_ctx *ctx, const struct nsu_ns *from,
			unsigned long request, uint64_t inode,
			struct trial *trial, int *ret)
{
	nsi_autoclose int fd = -1;
	int r = open_found(ctx, from, trial, &fd);

	return r < 0 ? r : nsi_take_ns(ioctl(fd, request), inode, ret);
}

static int try_all(struct nsu_ctx *ctx, const struct nsu_ns *ns, struct trial *trial,
		   int *ret)
{
	int r = open_by_task(ns, ret);

	if (r < 0 && ns->id_state == 0 &&
	    nsi_open_id(ctx, ns->id, ns->type, ns->inode, ret) == 0)
		return 0;
	if (r < 0)
		r = worse(r, open_by_keeper(ctx, ns, trial, ret));
	if (r < 0 && !(ns->snap->parts & NSU_PART_MOUNTS))
		r = worse(r, open_bound(ctx, ns->inode, ret));
	for (size_t i = 0; i < nsu_ns_count_children(ns) && r < 0; i++)
		r = worse(r, open_through(ctx, nsu_ns_get_child(ns, i), NS_GET_PARENT,
					  ns->inode, trial, ret));
	for (size_t i = 0; i < nsu_ns_count_owned(ns) && r < 0; i++)
		r = worse(r, open_through(ctx, nsu_ns_get_owned(ns, i), NS_GET_USERNS,
					  ns->inode, trial, ret));
	return r;
}

static int open_found(struct nsu_ctx *ctx, const struct nsu_ns *ns, struct trial *trial,
		      int *ret)
{
	int r = -ELOOP;

	if (trial->depth <= MAX_DEPTH) {
		trial->depth++;
		r = try_all(ctx, ns, trial, ret);
		trial->depth--;
	}
	return r;
}

/* Its inode may have become another's since the snapshot; its id cannot. */
static bool is_same(const struct nsu_ns *ns, int fd)
{
	uint64_t id;

	return ns->id_state < 0 || ioctl(fd, NS_GET_ID, &id) < 0 || id == ns->id;
}

int nsu_ns_open(const struct nsu_ns *ns)
{
	struct nsu_ctx *ctx;
	struct trial trial = { 0 };
	int fd = -1, r;

	if (!ns)
		return -EINVAL;
	ctx = ns->snap->ctx;
	if (!ctx->procfs.real)
		return -EOPNOTSUPP;
	r = open_found(ctx, ns, &trial, &fd);
	if (r < 0)
		return r;
	if (is_same(ns, fd))
		return fd;
	close(fd);
	return -ESRCH;
}

int nsi_open_pidfd(struct nsu_ctx *ctx, pid_t pid, int *ret_fd, uint64_t *ret_inode)
{
	nsi_autoclose int fd = -1;
	struct statfs fs;
	struct stat st;

	if (!ctx->procfs.own_pids || !nsi_if_usable(ctx, NSU_IF_PIDFD))
		return -EOPNOTSUPP;
	fd = syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0) {
		int r = nsi_errno();

		/* EPERM: what old filters of system calls say */
		if (r == -EPERM)
			r = -ENOSYS;
		nsi_if_tell(ctx, NSU_IF_PIDFD, r != -ENOSYS);
		if (r == -EINVAL)	/* has just been reaped, before 6.9 */
			return -ESRCH;
		return r == -ENOSYS ? -EOPNOTSUPP : r;
	}
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return nsi_errno();
	nsi_if_tell(ctx, NSU_IF_PIDFD, true);
	nsi_if_tell(ctx, NSU_IF_PIDFS_INODE, fs.f_type == PID_FS_MAGIC);
	*ret_inode = fs.f_type == PID_FS_MAGIC &&
		nsi_if_usable(ctx, NSU_IF_PIDFS_INODE) ? st.st_ino : 0;
	*ret_fd = fd;
	fd = -1;
	return 0;
}
