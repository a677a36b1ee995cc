// SPDX-License-Identifier: GPL-2.0-or-later
/* Files below the root of a target: found as it finds them, opened if harmless. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "enter.h"
#include "uapi.h"
#include "../tap.h"
#include "kid.h"

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static void make(int dir, const char *path, const char *text, mode_t mode)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		diag("cannot make %s", path);
	if (fd >= 0)
		close(fd);
}

/* A socket, bound from within: its path is short there. */
static void make_socket(int dir, const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s", dir, name);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		diag("cannot make %s", name);
	close(fd);
}

static void read_is(const struct nsu_ctx *ctx, int root, const char *path,
		    const char *want)
{
	char *text = NULL;
	ssize_t n = nsi_inroot_read(ctx, root, path, 100, &text);

	is_int(n, strlen(want), "inroot: read %s", path);
	is_str(text, want, "inroot: its text");
	free(text);
}

static void test_read(const struct nsu_ctx *ctx, int root)
{
	char *text = NULL;
	int fd;

	read_is(ctx, root, "etc/file", "inside");
	read_is(ctx, root, "/etc/file", "inside");
	read_is(ctx, root, "/../../etc/file", "inside");
	read_is(ctx, root, "etc/absolute", "inside");
	read_is(ctx, root, "etc/climbing", "inside");
	read_is(ctx, root, "etc/empty", "");
	is_int(nsi_inroot_read(ctx, root, "etc/file", 5, &text), -EFBIG, "inroot: large");
	is_str(text, NULL, "inroot: untouched");
	is_int(nsi_inroot_read(ctx, root, "etc/file", 6, &text), 6, "inroot: just fits");
	free(text);
	text = NULL;
	is_int(nsi_inroot_read(ctx, root, "etc/sparse", 100000, &text), -EFBIG,
	       "inroot: much larger");
	is_int(nsi_inroot_read(ctx, root, "etc/none", 5, &text), -ENOENT, "inroot: none");
	is_int(nsi_inroot_open(ctx, -1, "etc/file"), -EBADF, "inroot: no root");
	is_int(nsi_inroot_open(ctx, AT_FDCWD, "."), -EBADF, "inroot: our own directory");
	fd = nsi_inroot_open(ctx, root, "etc/file");
	is_int(fcntl(fd, F_GETFD), FD_CLOEXEC, "inroot: closed on exec");
	ok((fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK | O_PATH)) == O_NONBLOCK,
	   "inroot: for reading");
	close(fd);
}

/* A procfs in which a descriptor is another file than the one we hold. */
static void test_other_file(int root)
{
	struct nsu_ctx_options opts = NSU_CTX_OPTIONS_INIT;
	struct nsu_ctx *ctx = NULL;
	char path[40];

	opts.proc_fd = root;
	mkdirat(root, "self", 0700);
	mkdirat(root, "self/fd", 0700);
	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "self/fd/%d", fd);
		make(root, path, "other", 0600);
	}
	if (ok(!nsu_ctx_new(&opts, &ctx), "inroot: a context of a tree"))
		is_int(nsi_inroot_open(ctx, root, "etc/file"), -ESTALE,
		       "inroot: another file is not handed out");
	nsu_ctx_free(ctx);
	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "self/fd/%d", fd);
		unlinkat(root, path, 0);
	}
	unlinkat(root, "self/fd", AT_REMOVEDIR);
	unlinkat(root, "self", AT_REMOVEDIR);
}

static void refused(const struct nsu_ctx *ctx, int root, const char *path, int want)
{
	is_int(nsi_inroot_open(ctx, root, path), want, "inroot: refused: %s", path);
}

static void test_refused(const struct nsu_ctx *ctx, int root)
{
	nsi_autoclose int own = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	nsi_autoclose int watch = -1;

	refused(ctx, root, "etc", -EISDIR);
	refused(ctx, root, "/", -EISDIR);
	refused(ctx, root, "etc/fifo", -ENXIO);
	watch = openat(root, "etc/fifo", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	ok(watch < 0 && errno == ENXIO, "inroot: nobody holds the FIFO");
	refused(ctx, root, "etc/socket", -ENXIO);
	refused(ctx, root, "etc/outside", -ENOENT);
	refused(ctx, root, "etc/loop", -ELOOP);
	refused(ctx, root, "etc/file/", -ENOTDIR);
	refused(ctx, own, "/dev/null", -ENXIO);
	refused(ctx, own, "/proc/self/exe", -ELOOP);
	refused(ctx, own, "/proc/self/root/etc/passwd", -ELOOP);
	refused(ctx, own, "/proc/self/environ", -EMEDIUMTYPE);
	refused(ctx, own, "/sys/kernel/uevent_seqnum", -EMEDIUMTYPE);
	is_int(nsi_inroot_check_exec(ctx, root, "etc/run"), 0, "exec: may be");
	is_int(nsi_inroot_check_exec(ctx, root, "etc/link-run"), 0, "exec: by a link");
	is_int(nsi_inroot_check_exec(ctx, root, "etc/file"), -EACCES, "exec: no bit");
	is_int(nsi_inroot_check_exec(ctx, root, "etc"), -EACCES, "exec: a directory");
	is_int(nsi_inroot_check_exec(ctx, root, "etc/fifo"), -EACCES, "exec: a FIFO");
	is_int(nsi_inroot_check_exec(ctx, root, "etc/none"), -ENOENT, "exec: none");
	is_int(nsi_inroot_check_exec(ctx, root, "etc/file/x"), -ENOTDIR, "exec: below");
}

/* In a child: openat2(2) fails with that errno; the negative of it is what comes back. */
static int open_without(const struct nsu_ctx *ctx, int root, int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		alarm(30); /* fork(2) leaves the parent's behind */
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
			_exit(0);
		_exit(-nsi_inroot_open(ctx, root, "etc/file") & 0xff);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? -WEXITSTATUS(status) : 1;
}

static char dir_name[] = "/tmp/nsutil-inroot.XXXXXX";

/* No server answers: who asked one would wait until the alarm. It is another user's. */
static int mount_fuse(void)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char options[80], path[80];

	if (fd < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	snprintf(options, sizeof(options), "fd=%d,rootmode=100644,user_id=1,group_id=1",
		 fd);
	snprintf(path, sizeof(path), "%s/etc/file", dir_name);
	return mount("x", path, "fuse", MS_NOSUID | MS_NODEV, options) ? -errno : 0;
}

static void test_fuse(const struct nsu_ctx *ctx)
{
	static const char what[] = "inroot: refused: a file on FUSE";
	struct kid kid = { 0 };
	char path[80];
	int root;

	if (kid_start(&kid, CLONE_NEWNS, mount_fuse) < 0) {
		skip(what, "may not make a mount namespace");
		return;
	}
	snprintf(path, sizeof(path), "/proc/%d/root", kid.pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/etc/file", dir_name);
	if (kid.said < 0)
		skip(what, "cannot mount FUSE");
	else
		is_int(nsi_inroot_open(ctx, root, path), -EMEDIUMTYPE, "%s", what);
	close(root);
	kid_end(&kid);
}

static const char *const made[] = {
	"etc/file", "etc/empty", "etc/run", "etc/sparse", "etc/fifo", "etc/socket",
	"etc/absolute", "etc/climbing", "etc/outside", "etc/loop", "etc/link-run",
};

static int make_root(void)
{
	int dir = mkdtemp(dir_name) ? open(dir_name, O_PATH | O_DIRECTORY | O_CLOEXEC)
				    : -1;

	if (dir < 0 || mkdirat(dir, "etc", 0700) < 0)
		return -1;
	make(dir, "etc/file", "inside", 0644);
	make(dir, "etc/empty", "", 0644);
	make(dir, "etc/run", "#!/bin/sh\n", 0700);
	make(dir, "etc/sparse", "x", 0600);
	make_socket(dir, "etc/socket");
	ok(!mkfifoat(dir, "etc/fifo", 0600) &&
	   !symlinkat("/etc/file", dir, "etc/absolute") &&
	   !symlinkat("../../../../../../etc/file", dir, "etc/climbing") &&
	   !symlinkat("/etc/passwd", dir, "etc/outside") &&
	   !symlinkat("loop", dir, "etc/loop") &&
	   !symlinkat("/etc/run", dir, "etc/link-run"), "inroot: made");
	return dir;
}

static void test_inroot(void)
{
	nsi_autoclose int root = make_root();
	struct nsu_ctx *ctx = NULL;
	int fds, r, large;

	/* Whatever waits for the target fails here, loudly. */
	alarm(60);
	ok(root >= 0 && !nsu_ctx_new(NULL, &ctx), "inroot: a root and a context");
	large = openat(root, "etc/sparse", O_WRONLY | O_CLOEXEC);
	ok(!ftruncate(large, 1 << 30), "inroot: a large file");
	close(large);
	fds = count_fds();
	r = nsi_inroot_check_exec(ctx, root, "etc/run");
	if (r == -ENOSYS || r == -EPERM) {
		skip("inroot", "no openat2(2) here");
	} else {
		test_read(ctx, root);
		test_refused(ctx, root);
		r = open_without(ctx, root, ENOSYS);
		if (r == 0)
			skip("inroot: without openat2(2)", "no seccomp filters here");
		else
			is_int(r, -ENOSYS, "inroot: nothing less safe is tried");
		if (r != 0)
			is_int(open_without(ctx, root, EAGAIN), -EAGAIN,
			       "inroot: renames without end have one");
		test_fuse(ctx);
		test_other_file(root);
	}
	is_int(count_fds(), fds, "inroot: nothing stays open");
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		unlinkat(root, made[i], 0);
	unlinkat(root, "etc", AT_REMOVEDIR);
	rmdir(dir_name);
	nsu_ctx_free(ctx);
}

int main(void)
{
	test_inroot();
	return done();
}
