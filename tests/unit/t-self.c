// SPDX-License-Identifier: GPL-2.0-or-later
/* The program runs from a copy that cannot be written, or says that it does not. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../../tools/attach-self.h"
#include "../tap.h"

/* sys/mount.h and linux/mount.h exclude each other in glibc 2.36. */
int mount(const char *source, const char *target, const char *type, unsigned long flags,
	  const void *data);
int umount2(const char *target, int flags);
#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif

/* What the second image tells, by way of the descriptor that argv[2] names. */
struct report {
	int sealed;		/* what self_seal() returned */
	int fds;		/* open ones, without standard ones and the report's */
	int standard;		/* a mask of those that are open */
	int write_error;	/* of opening /proc/self/exe for writing; 0: it opened */
	int access_error;
	int seals;
	char exe[64], comm[16], argument[16], env[16];
};

static void count_fds(struct report *r, int own)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] == '.' || fd == own || fd == dirfd(dir))
			continue;
		if (fd <= 2)
			r->standard |= 1 << fd;
		else
			r->fds++;
	}
	if (dir)
		closedir(dir);
}

static int probe(char **argv)
{
	struct report r = { .sealed = self_seal(argv) };
	int own = atoi(argv[2]), fd;
	const char *env = getenv("T_SELF");

	count_fds(&r, own);
	if (readlink("/proc/self/exe", r.exe, sizeof(r.exe) - 1) < 0)
		strcpy(r.exe, "?");
	prctl(PR_GET_NAME, r.comm);
	snprintf(r.argument, sizeof(r.argument), "%s", argv[3] ? argv[3] : "");
	snprintf(r.env, sizeof(r.env), "%s", env ? env : "");
	fd = open("/proc/self/exe", O_WRONLY | O_CLOEXEC);
	r.write_error = fd < 0 ? errno : 0;
	r.access_error = access("/proc/self/exe", W_OK) < 0 ? errno : 0;
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	r.seals = fcntl(fd, F_GET_SEALS);
	return write(own, &r, sizeof(r)) != sizeof(r);
}

struct how {
	bool closed;		/* without standard descriptors */
	bool no_memfd;		/* vm.memfd_noexec=2 in a pid namespace of its own */
	bool nobody;		/* no privilege left */
	int exe;		/* executed instead of this file; 0: this */
};

static void become(const struct how *how)
{
	int fd;

	if (how->no_memfd) {
		fd = open("/proc/sys/vm/memfd_noexec", O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, "2", 1) != 1)
			_exit(77);
	}
	if (how->nobody && !geteuid() && setresuid(65534, 65534, 65534) < 0)
		_exit(77);
	for (fd = 0; how->closed && fd <= 2; fd++)
		close(fd);
}

static void start(const struct how *how, int out)
{
	char number[16], argument[] = "x y", name[] = "t-self", mode[] = "probe";
	char *argv[] = { name, mode, number, argument, NULL };
	int exe = how->exe ? how->exe : open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	/* Its number is one that nothing opened later gets. */
	out = fcntl(out, F_DUPFD, 50);
	snprintf(number, sizeof(number), "%d", out);
	become(how);
	fexecve(exe, argv, environ);
	_exit(126);
}

/* The exit status, 77 where the host lacks what it takes. */
static int run(const struct how *how, struct report *r)
{
	int out[2], status = -1;
	pid_t pid;

	memset(r, 0, sizeof(*r));
	if (pipe2(out, O_CLOEXEC) < 0)
		return -1;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		/* The setting is that of the pid namespace: of a grandchild's. */
		if (how->no_memfd && unshare(CLONE_NEWPID) < 0)
			_exit(77);
		if (!how->no_memfd)
			start(how, out[1]);
		pid = fork();
		if (pid == 0)
			start(how, out[1]);
		waitpid(pid, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
	}
	close(out[1]);
	if (read(out[0], r, sizeof(*r)) != sizeof(*r))
		r->sealed = -999;
	close(out[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_copy(void)
{
	struct report r;
	int status;

	setenv("T_SELF", "kept", 1);
	/* Who may not mount has a copy. */
	status = run(&(struct how){ .nobody = true }, &r);
	if (status == 77) {
		skip("copy", "no other user can be taken on here");
		return;
	}
	is_int(status, 0, "copy: it runs");
	is_int(r.sealed, 0, "copy: sealed");
	is_str(r.exe, "/memfd:nsattach (deleted)", "copy: a memfd");
	is_int(r.seals & 15, 15, "copy: all seals");
	ok(r.write_error == EPERM || r.write_error == ETXTBSY || r.write_error == EACCES,
	   "copy: not writable: %d", r.write_error);
	is_int(r.fds, 0, "copy: nothing leaks");
	is_int(r.standard, 7, "copy: standard descriptors");
	is_str(r.comm, "nsattach", "copy: its name");
	is_str(r.argument, "x y", "copy: arguments");
	is_str(r.env, "kept", "copy: environment");
}

static void test_closed(void)
{
	struct report r;

	is_int(run(&(struct how){ .closed = true }, &r), 0, "closed: it runs");
	is_int(r.sealed, 0, "closed: sealed");
	is_int(r.standard, 0, "closed: still are");
	is_int(r.fds, 0, "closed: nothing leaks");
}

static bool may_clone(void)
{
	int fd = syscall(SYS_open_tree, AT_FDCWD, "/proc/self/exe",
			 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	bool may = fd >= 0 && syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr,
				      sizeof(attr)) == 0;

	if (fd >= 0)
		close(fd);
	return may;
}

static void test_mount(void)
{
	struct report r;
	int status = run(&(struct how){ .no_memfd = true }, &r);

	if (status == 77 || !may_clone()) {
		skip("mount", "needs root, vm.memfd_noexec and mount_setattr(2)");
		return;
	}
	is_int(status, 0, "mount: it runs");
	is_int(r.sealed, 0, "mount: sealed");
	is_str(r.exe, "/", "mount: hangs nowhere");
	ok(r.write_error == EROFS || r.write_error == ETXTBSY, "mount: not writable: %d",
	   r.write_error);
	is_int(r.access_error, EROFS, "mount: read-only");
	is_int(r.fds, 0, "mount: nothing leaks");
	is_str(r.comm, "nsattach", "mount: its name");
	status = run(&(struct how){ .no_memfd = true, .closed = true }, &r);
	ok(!status && !r.sealed && !r.standard, "mount: closed ones still are");
	status = run(&(struct how){ .no_memfd = true, .nobody = true }, &r);
	ok(r.sealed == -EACCES || r.sealed == -EPERM, "neither: refused: %d", r.sealed);
	ok(r.exe[0] == '/' && r.exe[1], "neither: the file itself: %s", r.exe);
}

/* A copy of this program in a new file. */
static int copy_to(int to)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, n) != n)
			return -1;
	close(from);
	return n < 0 ? -1 : fchmod(to, 0755);
}

/* A memfd that lacks one seal: through it the program could be changed. */
static void test_unsealed(int seals)
{
	int fd = memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct report r;

	if (fd < 0 || copy_to(fd) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0) {
		skip("unsealed", "no memfd");
		return;
	}
	is_int(run(&(struct how){ .exe = fd }, &r), 0, "seals %d: it runs", seals);
	is_str(r.exe, "/memfd:nsattach (deleted)", "seals %d: a new copy", seals);
	is_int(r.seals & 15, 15, "seals %d: sealed", seals);
	close(fd);
}

/* Mounted read-only where it can be mounted writable again: not a protection. */
static void test_bound(void)
{
	char path[] = "/tmp/t-self-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC), exe = -1;
	unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV;
	struct report r;

	if (fd < 0 || copy_to(fd) < 0)
		return;
	close(fd);
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(path, path, "none", MS_BIND, NULL) < 0 ||
	    mount("none", path, "none", MS_BIND | MS_REMOUNT | flags, NULL) < 0) {
		skip("bound", "needs root");
		unlink(path);
		return;
	}
	exe = open(path, O_RDONLY | O_CLOEXEC);
	is_int(run(&(struct how){ .exe = exe }, &r), 0, "bound: it runs");
	ok(!strcmp(r.exe, may_clone() ? "/" : "/memfd:nsattach (deleted)"),
	   "bound: a mount or a copy of its own: %s", r.exe);
	umount2(path, MNT_DETACH);
	is_int(run(&(struct how){ .exe = exe }, &r), 0, "unmounted: it runs");
	is_int(r.sealed, 0, "unmounted: protected");
	is_str(r.exe, "/", "unmounted: as it is");
	close(exe);
	unlink(path);
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "probe") == 0)
		return probe(argv);
	if (strstr(getenv("LD_PRELOAD") ? getenv("LD_PRELOAD") : "", "vgpreload"))
		skip_all("valgrind executes no descriptors");
	/* Whoever started this may leave some open: they are not what leaks. */
	syscall(SYS_close_range, 3, ~0u, 0);
	test_copy();
	test_closed();
	test_mount();
	test_unsealed(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	test_unsealed(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	test_unsealed(F_SEAL_SHRINK | F_SEAL_WRITE | F_SEAL_SEAL);
	test_bound();
	return done();
}
