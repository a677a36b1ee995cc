/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Namespaces mounted on files: by descriptor, never by a path that could change. */
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "open.h"
#include "pin.h"
#include "plan.h"
#include "view.h"

#define MAX_MOUNTS	1000	/* on one file, one over the other */

static bool is_own_mntns(const struct nsu_ctx *ctx, uint64_t inode, uint64_t *ret_own)
{
	nsi_autoclose int self = nsi_ctx_open_self(ctx);

	return self >= 0 && !nsi_plan_read_ns(self, "mnt", NSU_MNT, ret_own) &&
		*ret_own == inode;
}

/* Do kernels number namespaces by CPU, and compare those numbers? They have ids, and not
   yet listns(2), which came with numbers in order. */
static bool has_order_defect(struct nsu_ctx *ctx, int ns)
{
	struct nsi_ns_id_req req = { .size = sizeof(req) };
	uint64_t id;

	if (nsi_nsfs_id(ctx, ns, &id) < 0)
		return false;
	return syscall(SYS_listns, &req, &id, 1, 0) < 0 && errno == ENOSYS;
}

static bool is_shared(const struct nsu_ctx *ctx, int dir)
{
	nsi_autofree char *text = NULL;
	struct nsi_mount mount;

	return !nsi_mount_of(ctx, dir, &text, &mount) &&
		mount.propagation & NSU_PROP_SHARED;
}

/* Why a mount namespace is refused: it could keep itself alive. All reasons but that of a
   shared mount have one errno. */
static int explain(struct nsu_ctx *ctx, int ns, int dir, int r, enum nsu_pin_cause *ret)
{
	uint64_t inode, own = 0;
	dev_t dev;

	if ((r != -EINVAL && r != -ELOOP) || nsi_nsfs_inode(ns, &inode, &dev) < 0)
		return r;
	if (is_own_mntns(ctx, inode, &own)) {
		*ret = NSU_PIN_CAUSE_OWN_MNTNS;
		return -ELOOP;
	}
	if (r == -EINVAL && is_shared(ctx, dir)) {
		*ret = NSU_PIN_CAUSE_SHARED;
		return r;
	}
	if (r == -EINVAL)
		return r;
	/* With the initial one at either end the numbers are right. */
	*ret = own != NSI_INIT_MNT && inode != NSI_INIT_MNT && has_order_defect(ctx, ns) ?
		NSU_PIN_CAUSE_ORDER : NSU_PIN_CAUSE_OLDER_MNTNS;
	return r;
}

static int attach(int ns, int file)
{
	nsi_autoclose int tree = nsi_open_tree(ns, "", AT_EMPTY_PATH);

	if (tree < 0 || nsi_move_mount(tree, file, "") < 0)
		return nsi_errno();
	return 0;
}

int nsi_pin_mount(struct nsu_ctx *ctx, int ns, enum nsu_type type, int dir,
		  const char *file, struct nsu_pin_report *report)
{
	enum nsu_pin_cause cause = NSU_PIN_CAUSE_NONE;
	nsi_autoclose int fd = -1;
	int r;

	fd = openat(dir, file, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0) {
		r = nsi_errno();
		return nsi_pin_fail_at(report, NSU_PIN_STEP_MOUNT, r, cause, type);
	}
	r = attach(ns, fd);
	if (r == 0)
		return 0;
	if (type == NSU_MNT)
		r = explain(ctx, ns, dir, r, &cause);
	unlinkat(dir, file, 0);
	return nsi_pin_fail_at(report, NSU_PIN_STEP_MOUNT, r, cause, type);
}

static bool is_nsfs(int dir, const char *file)
{
	nsi_autoclose int fd = openat(dir, file, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;

	return fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == NSFS_MAGIC;
}

/* A plain file stays, with nothing on it any more. */
static int unmount_all(int dir, const char *file)
{
	char path[64 + NAME_MAX];
	struct stat st;
	int n = snprintf(path, sizeof(path), "/proc/thread-self/fd/%d/%s", dir, file);

	if (n >= (int)sizeof(path))
		return -ENAMETOOLONG;
	for (int i = 0; i < MAX_MOUNTS; i++) {
		int r;

		if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
			continue;
		r = nsi_errno();
		/* Of a user, who cannot mount: what is not on nsfs is a plain file. */
		if (r == -EPERM && !is_nsfs(dir, file))
			return 0;
		if (r == -ENOENT && fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return -EOPNOTSUPP;	/* there is no /proc */
		return r == -EINVAL ? 0 : r;
	}
	return -EBUSY;
}

/* By a descriptor of the very mount: whoever the directory belongs to may have put
   something else there, and below the namespace there may be a mount of other things. */
static int unmount_ns(int dir, const char *file)
{
	for (int i = 0; i < MAX_MOUNTS; i++) {
		nsi_autoclose int fd = openat(dir, file, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		char path[48];
		struct statfs fs;
		int r;

		if (fd < 0 || fstatfs(fd, &fs) < 0)
			return nsi_errno();
		if (fs.f_type != NSFS_MAGIC)
			return 0;
		snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
		if (umount2(path, MNT_DETACH) == 0)
			continue;
		r = nsi_errno();
		return r == -ENOENT ? -EOPNOTSUPP : r;	/* there is no /proc */
	}
	return -EBUSY;
}

int nsi_pin_detach(struct nsu_ctx *ctx, int dir, const char *file,
		   struct nsu_pin_report *report)
{
	int r = unmount_ns(dir, file);

	(void)ctx;
	return !r ? 0 : nsi_pin_fail(report, NSU_PIN_STEP_UNMOUNT, r, NSU_PIN_CAUSE_NONE,
				     "%s", file);
}

int nsi_pin_unmount(struct nsu_ctx *ctx, int dir, const char *file,
		    struct nsu_pin_report *report)
{
	struct stat st;
	int r = 0;

	(void)ctx;
	if (fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		r = nsi_errno();
	else if (!S_ISLNK(st.st_mode))
		r = unmount_all(dir, file);
	if (!r && unlinkat(dir, file, 0) < 0)
		r = nsi_errno();
	if (!r || r == -ENOENT)
		return r;
	return nsi_pin_fail(report, NSU_PIN_STEP_UNMOUNT, r, NSU_PIN_CAUSE_NONE, "%s",
			    file);
}

/* Opens nothing but what is on nsfs. */
static int open_mounted(const struct nsu_ctx *ctx, int dir, const char *file,
			enum nsu_type type, int *ret)
{
	nsi_autoclose int path = openat(dir, file, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	nsi_autoclose int fd = -1;
	enum nsu_type found;
	struct statfs fs;
	struct stat st;
	int r;

	if (path < 0 || fstat(path, &st) < 0)
		return nsi_errno();
	if (!S_ISREG(st.st_mode))
		return -EBADF;
	if (fstatfs(path, &fs) < 0)
		return nsi_errno();
	if (fs.f_type != NSFS_MAGIC)
		return -ENODATA;
	r = nsi_reopen_ns(ctx, path, &fd, &found);
	/* No procfs shows the caller. */
	if (r == -ENOENT)
		r = -EACCES;
	if (!r && found != type)
		r = -EMEDIUMTYPE;
	if (r < 0)
		return r;
	*ret = fd;
	fd = -1;
	return 0;
}

int nsi_pin_look(struct nsu_ctx *ctx, int dir, const char *file, enum nsu_type type,
		 int *ret_fd, uint64_t *ret_inode, uint64_t *ret_id)
{
	uint64_t inode, id = 0;
	nsi_autoclose int fd = -1;
	dev_t dev;
	int r;

	r = open_mounted(ctx, dir, file, type, &fd);
	if (!r)
		r = nsi_nsfs_inode(fd, &inode, &dev);
	if (r < 0)
		return r;
	if (nsi_nsfs_id(ctx, fd, &id) < 0)
		id = 0;
	*ret_inode = inode;
	*ret_id = id;
	if (ret_fd) {
		*ret_fd = fd;
		fd = -1;
	}
	return 0;
}
