// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program in a container that is a script with the interpreter /proc/self/exe makes
 * the process that executes it run its own file again, and may open that for writing
 * through /proc/PID/exe (CVE-2019-5736). What is found there must not be the host's.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include "attach-self.h"
#include "nsi.h"
#include "uapi.h"

#define NAME	"nsattach"
#define SEALS	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define LOCKED	(ST_RDONLY | ST_NOSUID | ST_NODEV)

static bool is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS;
}

static bool is_locked(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) == 0 && (fs.f_flag & LOCKED) == LOCKED;
}

/*
 * A mount that hangs nowhere, of a regular file: its path is "/". Read-only alone would
 * not do: a mount that is part of some namespace is made writable again one day, by an
 * upgrade of the system, and a descriptor that was kept until then with it.
 */
static bool is_detached(int fd)
{
	char link[32], path[32];
	struct stat st;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	path[n] = '\0';
	return strcmp(path, "/") == 0 || strcmp(path, "/ (deleted)") == 0;
}

static bool is_safe(int fd)
{
	return is_sealed(fd) || (is_locked(fd) && is_detached(fd));
}

/* Takes over fd. A number below 3 is what the second image has closed, for the user. */
static int move_up(int take_fd)
{
	nsi_autoclose int fd = take_fd;
	int moved, r = take_fd;

	if (fd >= 0 && fd <= STDERR_FILENO) {
		moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		return moved < 0 ? nsi_errno() : moved;
	}
	fd = -1;
	return r;
}

static int open_exe(void)
{
	nsi_autoclose int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	int fd;

	if (self < 0 || fstatfs(self, &fs) < 0)
		return nsi_errno();
	if (fs.f_type != PROC_SUPER_MAGIC)
		return -ENODEV;
	fd = openat(self, "exe", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? nsi_errno() : move_up(fd);
}

static int copy_all(int to, int from)
{
	struct stat st;
	off_t left;

	if (fstat(from, &st) < 0)
		return nsi_errno();
	for (left = st.st_size; left > 0;) {
		ssize_t n = sendfile(to, from, NULL, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nsi_errno();
		if (n == 0)
			return -EIO;
		left -= n;
	}
	return 0;
}

/* A memfd that holds the program, sealed. */
static int make_copy(int exe)
{
	nsi_autoclose int fd = -1;
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int r;

	fd = memfd_create(NAME, flags | MFD_EXEC);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(NAME, flags);
	if (fd < 0)
		return nsi_errno();
	r = move_up(fd);
	fd = r;
	if (r >= 0)
		r = copy_all(fd, exe);
	if (r < 0)
		return r;
	if (fchmod(fd, 0555) < 0 || fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return nsi_errno();
	if (!is_safe(fd))
		return -EOPNOTSUPP;
	r = fd;
	fd = -1;
	return r;
}

/* A read-only mount of the program's file that is part of no namespace. */
static int make_mount(int exe)
{
	const char *by = (const char *)getauxval(AT_EXECFN);
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
	};
	nsi_autoclose int fd = -1;
	int r;

	/* It runs from such a mount and was not recognised: so would be the next. */
	if (by && strncmp(by, "/dev/fd/", 8) == 0 && is_locked(exe))
		return -ELOOP;
	fd = syscall(SYS_open_tree, exe, "",
		     AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		return nsi_errno();
	r = move_up(fd);
	fd = r;
	if (r < 0)
		return r;
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return nsi_errno();
	if (!is_safe(fd))
		return -EOPNOTSUPP;
	r = fd;
	fd = -1;
	return r;
}

/* Returns only if it failed. */
static int run(int take_fd, char **argv)
{
	nsi_autoclose int fd = take_fd;

	if (fd < 0)
		return fd;
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return nsi_errno();
}

int self_seal(char **argv)
{
	nsi_autoclose int exe = open_exe();

	if (exe < 0)
		return exe;
	if (is_safe(exe)) {
		/* The kernel named the process after the descriptor or the memfd. */
		prctl(PR_SET_NAME, NAME);
		return 0;
	}
	/* The mount costs a twentieth of the copy, and nobody can make it writable again:
	   it hangs in no namespace once its descriptor is closed, which exec does. It
	   takes CAP_SYS_ADMIN; others have the copy. */
	run(make_mount(exe), argv);
	/* The reason to tell is that of the way that everybody has: vm.memfd_noexec=2, or
	   a policy that forbids it. */
	return run(make_copy(exe), argv);
}
