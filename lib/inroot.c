/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files below the root of a target. Whoever owns that root chooses what a path leads to:
 * a FIFO nobody writes to, a device whose open does something, a link to a file of ours.
 * So the path is resolved once, without opening, and then that very file is opened.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "enter.h"
#include "uapi.h"

static int open_path(int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd, r = -EBADF;

	/* AT_FDCWD is negative as well, and would be our own directory. A ".." that meets
	   a rename gives EAGAIN: the target could go on renaming for ever. */
	for (int tries = 0; root >= 0 && tries < 32; tries++) {
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd >= 0)
			return fd;
		r = nsi_errno();
		if (r != -EAGAIN)
			break;
	}
	return r;
}

/*
 * A FUSE server is the target's process: it may never answer. The kernel's own file
 * systems would answer us, with our privileges, what the target may not read itself, and
 * some of their files change state when read.
 */
static int check_filesystem(int fd)
{
	static const unsigned refused[] = {
		FUSE_SUPER_MAGIC, PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP_SUPER_MAGIC,
		CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC, SECURITYFS_MAGIC,
		SELINUX_MAGIC, SMACK_MAGIC, BPF_FS_MAGIC, PSTOREFS_MAGIC, EFIVARFS_MAGIC,
		BINFMTFS_MAGIC, NSFS_MAGIC,
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return nsi_errno();
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if ((unsigned)fs.f_type == refused[i])
			return -EMEDIUMTYPE;
	return 0;
}

/* By its descriptor: no path is walked a second time. */
static int reopen(const struct nsu_ctx *ctx, int fd, const struct stat *want)
{
	nsi_autoclose int self = nsi_ctx_open_self(ctx);
	nsi_autoclose int file = -1;
	char link[32];
	struct stat st;
	int r;

	if (self < 0)
		return self;
	snprintf(link, sizeof(link), "fd/%d", fd);
	/* O_NONBLOCK: neither does a lease that the target holds make us wait. */
	file = openat(self, link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file < 0)
		return nsi_errno();
	if (fstat(file, &st) < 0)
		return nsi_errno();
	if (st.st_dev != want->st_dev || st.st_ino != want->st_ino)
		return -ESTALE;
	r = file;
	file = -1;
	return r;
}

int nsi_inroot_open(const struct nsu_ctx *ctx, int root, const char *path)
{
	nsi_autoclose int fd = open_path(root, path);
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	/* Before fstat(2): for the FUSE of another user namespace this asks no server. */
	r = check_filesystem(fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return nsi_errno();
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -ENXIO;
	return reopen(ctx, fd, &st);
}

/* Its size is no promise: it may grow while it is read. */
static ssize_t read_all(int fd, size_t limit, char **ret)
{
	nsi_autofree char *buf = NULL;
	size_t len = 0, size = 0;
	ssize_t n;

	do {
		/* One byte for the NUL, one to see that there is more than the limit. */
		if (len + 2 > size) {
			size_t wanted = size ? size * 2 : 4096;
			char *more = realloc(buf, wanted);

			if (!more)
				return -ENOMEM;
			buf = more;
			size = wanted;
		}
		n = read(fd, buf + len, size - 1 - len);
		if (n < 0 && errno != EINTR)
			return nsi_errno();
		if (n > 0)
			len += n;
		if (len > limit)
			return -EFBIG;
	} while (n);
	buf[len] = '\0';
	*ret = buf;
	buf = NULL;
	return len;
}

ssize_t nsi_inroot_read(const struct nsu_ctx *ctx, int root, const char *path,
			size_t limit, char **ret)
{
	nsi_autoclose int fd = nsi_inroot_open(ctx, root, path);

	return fd < 0 ? fd : read_all(fd, limit, ret);
}

int nsi_inroot_check_exec(const struct nsu_ctx *ctx, int root, const char *path)
{
	nsi_autoclose int fd = open_path(root, path);
	struct stat st;

	(void)ctx;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return nsi_errno();
	/* As execve(2) would say it. */
	return S_ISREG(st.st_mode) && st.st_mode & 0111 ? 0 : -EACCES;
}
