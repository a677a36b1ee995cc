/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directories of pins: where they are, whose they have to be, and the lock. */
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/file.h>
#include "pin-store.h"
#include "pinroom.h"

#define PINS "/run/nsutil/pins"
#define MNT "/run/nsutil/mnt"

static struct nsu_pin_report report;

static int open_store(enum nsi_store_use use, struct nsi_store *ret)
{
	report = (struct nsu_pin_report)NSU_PIN_REPORT_INIT;
	*ret = (struct nsi_store)NSI_STORE_INIT;
	return nsi_store_open(ctx, use, ret, &report);
}

/* Opens and closes it. */
static int try_store(enum nsi_store_use use)
{
	struct nsi_store store;
	int r = open_store(use, &store);

	nsi_store_close(&store);
	return r;
}

static void test_names(void)
{
	static const char *const good[] = { "a", "blue", "A.b_c+d-e", "0", "_x", "+" };
	static const char *const bad[] = {
		"", ".", "..", ".a", "-a", "a/b", "/", "a b", "a\tb", "a\x1b[m",
		"\xc3\xa9", "a:b", "a@b", "a\n", "*", "~",
	};
	char longest[NSI_PIN_NAME_MAX + 2];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		is_int(nsi_pin_check_name(good[i]), 0, "good name %zu", i);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		is_int(nsi_pin_check_name(bad[i]), -EINVAL, "bad name %zu", i);
	is_int(nsi_pin_check_name(NULL), -EINVAL, "no name");
	memset(longest, 'a', sizeof(longest) - 1);
	longest[NSI_PIN_NAME_MAX + 1] = '\0';
	is_int(nsi_pin_check_name(longest), -EINVAL, "201 bytes");
	longest[NSI_PIN_NAME_MAX] = '\0';
	is_int(nsi_pin_check_name(longest), 0, "200 bytes");
}

static int mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? -errno : (int)(st.st_mode & 07777);
}

static void test_system(const char *how, unsigned long propagation)
{
	struct nsi_store store;
	char line[4096] = "";

	if (!is_int(pinroom_renew(propagation, ""), 0, "%s: an empty /run", how))
		return;
	is_int(try_store(NSI_STORE_LOOK), -ENOENT, "%s: look: never used", how);
	is_int(pinroom_count("/run"), 0, "%s: look makes nothing", how);
	is_int(open_store(NSI_STORE_CHANGE, &store), 0, "%s: change", how);
	ok(store.system && store.pins >= 0 && store.mnt >= 0, "%s: is root's", how);
	is_str(store.path, PINS, "%s: its path", how);
	nsi_store_close(&store);
	is_int(store.pins, -1, "%s: closed", how);
	is_int(mode_of("/run/nsutil"), 0700, "%s: mode of the first directory", how);
	is_int(mode_of(PINS), 0700, "%s: mode of pins", how);
	is_int(mode_of(MNT), 0700, "%s: mode of mnt", how);
	is_int(pinroom_mounts(" " PINS " ", line, sizeof(line)), 1, "%s: a mount", how);
	ok(strstr(line, " shared:"), "%s: pins are shared", how);
	is_int(pinroom_mounts(" " MNT " ", line, sizeof(line)), 1, "%s: a mount", how);
	ok(!strstr(line, " shared:"), "%s: mount namespaces are not", how);
	is_int(try_store(NSI_STORE_CHANGE), 0, "%s: again", how);
	is_int(pinroom_mounts("/nsutil/", NULL, 0), 2, "%s: mounts nothing again", how);
	is_int(try_store(NSI_STORE_LOOK), 0, "%s: look", how);
}

static void test_group(void)
{
	struct nsi_store store;
	nsi_autoclose int net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), dir = -1;

	pinroom_renew(MS_SHARED, "");
	open_store(NSI_STORE_CHANGE, &store);
	dir = nsi_store_open_pin(&store, "blue", true);
	is_int(nsi_pin_mount(ctx, net, NSU_NET, dir, "net", &report), 0, "a pin");
	is_int(pinroom_mounts(PINS "/blue/net", NULL, 0), 1, "is mounted once");
	is_int(nsi_pin_unmount(ctx, dir, "net", &report), 0, "removed");
	is_int(pinroom_mounts("/blue/net", NULL, 0), 0, "it is mounted nowhere");
	nsi_store_close(&store);
}

/* Without mount_setattr(2), Linux 5.12, and what statx(2) knows since 5.8. */
static void test_older(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mount_setattr, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_statx, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0) {
		skip("an older kernel", "no filters here");
		return;
	}
	test_system("older, /run is private", MS_PRIVATE);
	test_system("older, /run is shared", MS_SHARED);
	test_group();
}

static void test_propagation(void)
{
	char line[4096] = "";

	pinroom_renew(MS_PRIVATE, "");
	try_store(NSI_STORE_CHANGE);
	mount(NULL, MNT, NULL, MS_SHARED, NULL);
	mount(NULL, PINS, NULL, MS_PRIVATE, NULL);
	is_int(try_store(NSI_STORE_LOOK), 0, "look");
	pinroom_mounts(" " MNT " ", line, sizeof(line));
	ok(strstr(line, " shared:"), "to look changes nothing");
	is_int(try_store(NSI_STORE_CHANGE), 0, "change");
	pinroom_mounts(" " MNT " ", line, sizeof(line));
	ok(!strstr(line, " shared:"), "mnt is made private again");
	pinroom_mounts(" " PINS " ", line, sizeof(line));
	ok(!strstr(line, " shared:"), "pins stay as somebody wanted them");
}

static void unsafe(const char *what, int error, const char *object)
{
	int fds = pinroom_fds();

	for (int use = NSI_STORE_LOOK; use <= NSI_STORE_CHANGE; use++) {
		is_int(try_store(use), error, "%s: refused", what);
		is_int(report.cause, NSU_PIN_CAUSE_UNSAFE, "%s: unsafe", what);
		is_int(report.step, NSU_PIN_STEP_STORE, "%s: the step", what);
		is_str(report.object, object, "%s: where", what);
	}
	is_int(pinroom_fds(), fds, "%s: no descriptor is left", what);
}

static void test_unsafe(void)
{
	setenv("XDG_RUNTIME_DIR", "/run/user", 1);
	pinroom_renew(MS_PRIVATE, "");
	mkdir("/run/user", 0700);
	try_store(NSI_STORE_CHANGE);
	chmod(PINS, 0770);
	unsafe("group may write pins", -EPERM, PINS);
	chmod(PINS, 0700);
	chmod(MNT, 0702);
	unsafe("others may write mnt", -EPERM, MNT);
	chmod(MNT, 0700);
	if (chown("/run/nsutil", 1, 1) == 0)
		unsafe("another's", -EPERM, "/run/nsutil");
	else
		skip("another's", "no other user here");
	pinroom_renew(MS_PRIVATE, "");
	mkdir("/run/other", 0700);
	if (symlink("other", "/run/nsutil") == 0)
		unsafe("a link", -ELOOP, "/run/nsutil");
	is_int(pinroom_count("/run/other"), 0, "nothing is made where a link leads");
	unlink("/run/nsutil");
	close(open("/run/nsutil", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	unsafe("a file", -ENOTDIR, "/run/nsutil");
	unsetenv("XDG_RUNTIME_DIR");
}

static void test_full(void)
{
	int fds = pinroom_fds();

	pinroom_renew(MS_PRIVATE, ",nr_inodes=3");
	is_int(try_store(NSI_STORE_CHANGE), -ENOSPC, "no room");
	is_int(report.cause, NSU_PIN_CAUSE_FULL, "no room: the cause");
	is_int(pinroom_count("/run"), 0, "no room: nothing is left");
	is_int(pinroom_mounts("/nsutil/", NULL, 0) > 0, 0, "no room: no mount is left");
	is_int(pinroom_fds(), fds, "no room: no descriptor is left");
}

static void test_lock(void)
{
	struct nsi_store store, other;
	pid_t child;
	int go[2];

	pinroom_renew(MS_PRIVATE, "");
	open_store(NSI_STORE_CHANGE, &store);
	open_store(NSI_STORE_LOOK, &other);
	is_int(nsi_store_lock(&store, false, &report), 0, "shared");
	is_int(nsi_store_lock(&other, false, &report), 0, "shared by two");
	is_int(nsi_store_flock(store.pins, LOCK_EX, 20), -EBUSY, "not by one");
	nsi_store_close(&other);
	is_int(nsi_store_lock(&store, true, &report), 0, "by one");
	open_store(NSI_STORE_LOOK, &other);
	is_int(nsi_store_flock(other.pins, LOCK_SH, 20), -EBUSY, "not by two then");
	/* A child that was forked and did not close it yet. */
	if (pipe2(go, O_CLOEXEC) < 0)
		return;
	child = fork();
	if (!child) {
		close(go[1]);
		_exit(read(go[0], go, 1) != 0);
	}
	nsi_store_close(&store);
	is_int(nsi_store_flock(other.pins, LOCK_EX, 20), 0,
	       "closed: though a child has it");
	close(go[0]);
	close(go[1]);
	waitpid(child, NULL, 0);
	is_int(nsi_store_lock(&(struct nsi_store){ .pins = -1 }, true, &report), -EBADF,
	       "no store");
	is_int(report.step, NSU_PIN_STEP_LOCK, "no store: the step");
	nsi_store_close(&other);
}

static int close_dir(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static void test_pins(void)
{
	struct nsi_store store;
	int fd = -1;

	pinroom_renew(MS_PRIVATE, "");
	open_store(NSI_STORE_CHANGE, &store);
	is_int(close_dir(nsi_store_open_pin(&store, "a", false)), -ENOENT, "no pin");
	is_int(close_dir(nsi_store_open_pin(&store, "a", true)), 0, "made");
	is_int(mode_of(PINS "/a"), 0700, "made: its mode");
	is_int(close_dir(nsi_store_open_pin(&store, "a", true)), -EEXIST, "made again");
	is_int(close_dir(nsi_store_open_pin(&store, "a", false)), 0, "opened");
	is_int(close_dir(nsi_store_open_pin(&store, "../pins", false)), -EINVAL,
	       "no name");
	is_int(symlink("a", PINS "/b"), 0, "a link");
	is_int(close_dir(nsi_store_open_pin(&store, "b", false)), -ELOOP,
	       "not followed");
	chmod(PINS "/a", 0720);
	is_int(close_dir(nsi_store_open_pin(&store, "a", false)), -EPERM,
	       "others may write");
	chmod(PINS "/a", 0700);
	is_int(nsi_store_open_place(&store, "a", NSU_MNT, &fd), -ENOENT, "mnt: apart");
	is_int(fd, -1, "the result is untouched");
	is_int(close_dir(nsi_store_open_mnt(&store, "a", true)), 0, "mnt: made");
	is_int(nsi_store_open_place(&store, "a", NSU_MNT, &fd), 0, "mnt: there");
	ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "closed on exec");
	close(fd);
	is_int(nsi_store_open_place(&store, "a", NSU_UTS, &fd), 0, "uts");
	close(fd);
	store.system = false;
	is_int(nsi_store_open_place(&store, "a", NSU_MNT, &fd), 0,
	       "a user's mnt: with all");
	close(fd);
	nsi_store_close(&store);
}

/* Several at once, and one that removes what is empty as nsattach does. */
static void test_at_once(void)
{
	int failed = 0, status;
	pid_t children[6];

	for (int round = 0; round < 10; round++) {
		pinroom_renew(MS_SHARED, "");
		for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
			children[i] = fork();
			if (children[i])
				continue;
			if (i)
				_exit(try_store(NSI_STORE_CHANGE) < 0);
			for (int n = 0; n < 300; n++) {
				mkdir("/run/nsutil", 0700);
				rmdir("/run/nsutil");
			}
			_exit(0);
		}
		for (size_t i = 0; i < ARRAY_SIZE(children); i++)
			if (waitpid(children[i], &status, 0) < 0 || status)
				failed++;
		if (pinroom_mounts(" " PINS " ", NULL, 0) != 1 ||
		    pinroom_mounts(" " MNT " ", NULL, 0) != 1)
			failed++;
	}
	is_int(failed, 0, "five at once: each is mounted once");
}

/* What a child says: its body's value, up to 255. */
static int in_child(int (*body)(void))
{
	int status;
	pid_t child = fork();

	if (!child)
		_exit(body());
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define NOT_TRIED	200	/* it could not be tried */
static const char *user_dir;

static int user_body(void)
{
	struct nsi_store store;
	int r;

	if (setgid(65534) < 0 || setuid(65534) < 0)
		return NOT_TRIED;
	if (user_dir)
		setenv("XDG_RUNTIME_DIR", user_dir, 1);
	else
		unsetenv("XDG_RUNTIME_DIR");
	r = open_store(NSI_STORE_CHANGE, &store);
	if (r < 0)
		return report.cause == NSU_PIN_CAUSE_NO_RUNTIME ? 100 :
			report.cause == NSU_PIN_CAUSE_UNSAFE ? 101 : -r;
	if (store.system || store.mnt != -1)
		return 102;
	r = strcmp(store.path, fmt("%s/nsutil/pins", user_dir && *user_dir == '/' &&
				   !strstr(user_dir, "root") ? user_dir :
				   "/run/user/65534")) ? 103 : 0;
	nsi_store_close(&store);
	if (try_store(NSI_STORE_LOOK) < 0)
		r = 104;
	return r;
}

static int as_user(const char *dir)
{
	user_dir = dir;
	return in_child(user_body);
}

static void test_user(void)
{
	pinroom_renew(MS_PRIVATE, "");
	mkdir("/run/mine", 0700);
	mkdir("/run/root", 0755);
	mkdir("/run/user", 0755);
	if (chown("/run/mine", 65534, 65534) < 0 || as_user("/run/mine") == NOT_TRIED) {
		skip("a user's store", "no other user here");
		return;
	}
	is_int(as_user("/run/mine"), 0, "a user's: where the environment says");
	is_int(mode_of("/run/mine/nsutil/pins"), 0700, "a user's: its mode");
	is_int(pinroom_mounts("/mine/", NULL, 0), 0, "a user's: no mounts");
	is_int(as_user(NULL), 100, "none: no runtime directory");
	is_int(as_user("mine"), 100, "a relative one is none");
	is_int(as_user("/run/none"), 100, "one that is not there");
	is_int(as_user("/run/root"), 101, "another's");
	is_int(symlink("mine", "/run/link"), 0, "a link");
	is_int(as_user("/run/link"), 101, "a link");
	chmod("/run/mine", 0770);
	is_int(as_user("/run/mine"), 101, "others may write to it");
	mkdir("/run/user/65534", 0700);
	if (chown("/run/user/65534", 65534, 65534) < 0)
		return;
	is_int(as_user(NULL), 0, "by number");
	is_int(as_user("/run/root"), 0, "by number, for another's");
	is_int(as_user(fmt("/run/root/%0200d", 0)), 0, "by number, for one not there");
}

static int userns_body(void)
{
	struct nsi_store store;

	box_uid = geteuid();
	box_gid = getegid();
	if (unshare(CLONE_NEWUSER) < 0 || put_file("/proc/self/setgroups", "deny") < 0 ||
	    put_file("/proc/self/uid_map", fmt("0 %d 1", box_uid)) < 0 ||
	    put_file("/proc/self/gid_map", fmt("0 %d 1", box_gid)) < 0)
		return NOT_TRIED;
	if (try_store(NSI_STORE_LOOK) != -ENOENT)
		return 1;
	if (open_store(NSI_STORE_CHANGE, &store) < 0)
		return 2;
	return store.system || strcmp(store.path, "/run/mine/nsutil/pins") ? 3 : 0;
}

static int user_in_userns(void)
{
	/* Else /proc/self is root's. */
	return setgid(65534) < 0 || setuid(65534) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0 ?
		NOT_TRIED : userns_body();
}

static int drop_admin(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &head, data) < 0)
		return NOT_TRIED;
	data[0].effective &= ~(1u << CAP_SYS_ADMIN);
	data[0].permitted &= ~(1u << CAP_SYS_ADMIN);
	return syscall(SYS_capset, &head, data) < 0 ? NOT_TRIED : 0;
}

static int no_admin(void)
{
	int r = drop_admin();

	unsetenv("XDG_RUNTIME_DIR");
	return r ? r : -try_store(NSI_STORE_CHANGE);
}

static int no_admin_but_own(void)
{
	struct nsi_store store;
	int r = drop_admin();

	setenv("XDG_RUNTIME_DIR", "/run/own", 1);
	if (!r)
		r = -open_store(NSI_STORE_CHANGE, &store);
	if (r || store.system)
		return r ? r : 1;
	/* and finds it again */
	nsi_store_close(&store);
	r = -open_store(NSI_STORE_LOOK, &store);
	return r || store.system ? 2 : 0;
}

static void test_no_root(void)
{
	int r;

	pinroom_renew(MS_PRIVATE, "");
	mkdir("/run/mine", 0700);
	mkdir("/run/own", 0700);
	setenv("XDG_RUNTIME_DIR", "/run/mine", 1);
	r = chown("/run/mine", 65534, 65534) < 0 ? NOT_TRIED : in_child(user_in_userns);
	if (r == NOT_TRIED)
		skip("root of a user namespace", "no other user here");
	else
		is_int(r, 0, "root of a user namespace: a user's");
	unsetenv("XDG_RUNTIME_DIR");
	is_int(in_child(no_admin), EPERM, "root that may not mount");
	is_int(access("/run/nsutil", F_OK), -1,
	       "root that may not mount: nothing is left");
	is_int(in_child(no_admin_but_own), 0, "root that may not mount: a user's");
}

int main(void)
{
	const char *reason;
	int fds;

	if (nsu_ctx_new(NULL, &ctx) == 0 && !nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	reason = pinroom_enter();
	if (reason)
		skip_all(reason);
	fds = pinroom_fds();
	test_names();
	test_system("/run is private", MS_PRIVATE);
	test_system("/run is shared", MS_SHARED);
	test_group();
	pinroom_fork(test_older);
	test_propagation();
	test_unsafe();
	test_full();
	test_lock();
	test_pins();
	test_at_once();
	test_user();
	test_no_root();
	is_int(pinroom_fds(), fds, "no descriptor is left");
	nsu_ctx_free(ctx);
	return done();
}
