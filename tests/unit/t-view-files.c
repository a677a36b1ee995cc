// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of the target's shown in a mount namespace of the command's own. */
#include <sys/socket.h>
#include "enter.h"
#include "inside.h"

#define SWITCH_PATH	"/etc/nsswitch.conf"
#define RESOLV_TEXT	"nameserver 10.1.1.1\n$(reboot)\n"

static struct nsu_ctx *ctx;

static size_t count_mounts(void)
{
	char *text = mounts_of(0);
	size_t count = 0;

	for (char *line = text; (line = strchr(line, '\n')); line++)
		count++;
	free(text);
	return count;
}

/*
 * A host in /tmp/host, entered with chroot(2), and the target's root in /target of it.
 * The host's files are as with systemd: links out of /etc.
 */
static int build_host(void)
{
	static const char *const dirs[] = {
		"/tmp/host", "/tmp/host/etc", "/tmp/host/run", "/tmp/host/run/nscd",
		"/tmp/host/var", "/tmp/host/dev", "/tmp/host/target",
		"/tmp/host/target/etc", "/tmp/host/target/run",
	};
	int root;

	need_mounts();
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		need(!mkdir(dirs[i], 0755), dirs[i]);
	need(!chroot("/tmp/host") && !chdir("/"), "chroot");
	need(!symlink("../run/stub.conf", "/etc/resolv.conf") &&
	     !symlink("/run", "/var/run"), "symlink");
	write_text("/run/stub.conf", "nameserver 127.0.0.53\n");
	write_text("/run/nscd/socket", "");
	write_text("/etc/hosts", "127.0.0.1 host\n");
	write_text(SWITCH_PATH, "passwd: files sss\nhosts: resolve mymachines\nfoo: x");
	write_text("/target/etc/resolv.conf", RESOLV_TEXT);
	need(!symlink("/run/hosts", "/target/etc/hosts"), "symlink");
	write_text("/target/run/hosts", "10.1.1.2 target\n");
	root = open("/target", O_PATH | O_DIRECTORY | O_CLOEXEC);
	need(root >= 0, "open the target's root");
	return root;
}

static void check_text(const char *path, const char *want, const char *what)
{
	char *text = read_text(AT_FDCWD, path);

	check_str(text, want, "%s: %s", path, what);
	free(text);
}

static void check_switch(int root, const char *text, const char *want, const char *what)
{
	struct nsi_view view = NSI_VIEW_INIT;

	write_text(SWITCH_PATH, text);
	check_int(nsi_view_plan_resolv(ctx, root, &view), 0, "nsswitch: %s: plan", what);
	check_int(view.files[2].len, strlen(want), "nsswitch: %s: length", what);
	check(!memcmp(view.files[2].text, want, strlen(want)), "nsswitch: %s", what);
	nsi_view_free(&view);
}

static void in_switch(void)
{
	static const char line[] = "hosts: files dns\n";
	int root = build_host();

	check_switch(root, "", line, "empty");
	check_switch(root, "a: b", "a: b\nhosts: files dns\n", "no end of line");
	check_switch(root, "hosts:", line, "nothing but it");
	check_switch(root, " \thosts : mdns [NOTFOUND=return]\nb: c\n",
		     "hosts: files dns\nb: c\n", "blanks");
	check_switch(root, "#hosts: x\nhostsx: y\n", "#hosts: x\nhostsx: y\n"
		     "hosts: files dns\n", "others");
	check_switch(root, "hosts:\nhosts:\nhosts:", "hosts: files dns\n"
		     "hosts: files dns\nhosts: files dns\n", "all of them");
	check_switch(root, "hosts", "hosts\nhosts: files dns\n", "the word alone");
}

static void in_files(void)
{
	struct nsi_view view = NSI_VIEW_INIT;
	size_t mounts;
	struct stat st;
	int root = build_host(), fds = open_count();

	umask(0777);
	check_int(nsi_view_plan_resolv(ctx, root, &view), 0, "plan");
	check(view.nscd, "nscd is seen");
	check_int(nsi_view_unshare(), 0, "unshare");
	mounts = count_mounts();
	check_int(nsi_view_mount_files(&view), 0, "mount");
	check_text("/etc/resolv.conf", RESOLV_TEXT, "the target's");
	check_text("/run/stub.conf", RESOLV_TEXT, "behind the link");
	check_text("/etc/hosts", "10.1.1.2 target\n", "the target's");
	check_text(SWITCH_PATH, "passwd: files sss\nhosts: files dns\nfoo: x", "changed");
	check_text("/target/etc/resolv.conf", RESOLV_TEXT, "stays");
	check(!lstat("/etc/resolv.conf", &st) && S_ISLNK(st.st_mode), "the link stays");
	check_int(access("/run/nscd/socket", F_OK), -1, "nscd is hidden");
	check_int(count_mounts(), mounts + 4, "three files and one directory");
	check(!stat("/etc/hosts", &st) && st.st_mode == (S_IFREG | 0444), "mode");
	check_int(open("/etc/hosts", O_WRONLY), -1, "not writable");
	check_int(errno, EROFS, "not writable: why");
	check_int(mount(NULL, "/etc/hosts", NULL, MS_REMOUNT | MS_BIND, NULL), 0,
		  "remount");
	check_int(open("/etc/hosts", O_WRONLY), -1, "not writable then either");
	errno = 0;
	check_int(mkdir("/run/nscd/x", 0755) < 0 ? errno : 0, EROFS,
		  "nor is what hides nscd");
	check_int(open_count(), fds, "descriptors");
	nsi_view_free(&view);
}

static void map_root(void)
{
	write_text("/proc/self/uid_map", "0 0 1");
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/gid_map", "0 0 1");
}

static void in_userns_files(void)
{
	map_root();
	in_files();
}

/* The target's files are whatever it likes; the host's are not what one expects. */
static void in_odd_files(void)
{
	static char big[(64 << 10) + 2];
	struct nsi_view view = NSI_VIEW_INIT;
	int root = build_host(), fds = open_count();
	size_t mounts;

	need(!unlink("/target/etc/resolv.conf") && !unlink(SWITCH_PATH), "unlink");
	check_int(nsi_view_plan_resolv(ctx, root, &view), 0, "the target has none");
	check(!view.files[0].text && view.files[1].text, "only that is left out");
	check(!view.files[2].text, "nor has the host a nsswitch.conf");
	nsi_view_free(&view);

	need(!mkfifo("/target/etc/resolv.conf", 0644), "mkfifo");
	write_text(SWITCH_PATH, "a: b\n");
	check_int(nsi_view_plan_resolv(ctx, root, &view), -ENXIO, "it has a fifo");
	check(!view.files[0].text && view.files[1].text && view.files[2].text,
	      "the others are planned");
	nsi_view_free(&view);

	need(!unlink("/target/etc/resolv.conf"), "unlink");
	memset(big, 'x', sizeof(big) - 1);
	write_text("/target/etc/resolv.conf", big);
	check_int(nsi_view_plan_resolv(ctx, root, &view), -EFBIG, "one byte too long");
	nsi_view_free(&view);
	need(!unlink("/target/etc/resolv.conf"), "unlink");
	write_text(SWITCH_PATH, big);
	check_int(nsi_view_plan_resolv(ctx, root, &view), -EFBIG, "so is nsswitch.conf");
	check(!view.files[2].text, "which stays");
	nsi_view_free(&view);
	big[sizeof(big) - 2] = '\0';
	write_text("/target/etc/resolv.conf", big);
	write_text(SWITCH_PATH, big);
	check_int(nsi_view_plan_resolv(ctx, root, &view), 0, "as long as may be");

	need(!unlink("/run/stub.conf") && !unlink("/etc/hosts") &&
	     !mkfifo("/etc/hosts", 0644), "change the host");
	mounts = count_mounts();
	check_int(nsi_view_mount_files(&view), -ENOENT, "a dangling link and a fifo");
	check_int(count_mounts(), mounts + 2, "the rest is mounted");
	check_int(view.files[2].len, sizeof(big) - 2 + 18, "all of it: length");
	check(!memcmp(view.files[2].text, big, sizeof(big) - 2), "all of it");
	need(!unlink("/etc/resolv.conf"), "unlink");
	write_text("/etc/resolv.conf", "");
	check_int(nsi_view_mount_files(&view), -ENXIO, "a fifo");
	check_text("/etc/resolv.conf", view.files[0].text, "the rest is mounted");
	check_int(open_count(), fds, "descriptors");
	nsi_view_free(&view);
	check_int(nsi_view_mount_files(&view), 0, "not asked for");
	check_int(access("/run/nscd/socket", F_OK), -1, "nscd is hidden still");
}

/* Where /var/run is no link to /run. */
static void in_two_nscd(void)
{
	struct nsi_view view = NSI_VIEW_INIT;
	int root = build_host();
	size_t mounts;

	need(!unlink("/var/run") && !mkdir("/var/run", 0755) &&
	     !mkdir("/var/run/nscd", 0755), "mkdir");
	write_text("/var/run/nscd/socket", "");
	check_int(nsi_view_plan_resolv(ctx, root, &view), 0, "plan");
	for (size_t i = 0; i < ARRAY_SIZE(view.files); i++)
		free(view.files[i].text);
	memset(view.files, 0, sizeof(view.files));
	mounts = count_mounts();
	check_int(nsi_view_mount_files(&view), 0, "mount");
	check_int(access("/run/nscd/socket", F_OK), -1, "the first is hidden");
	check_int(access("/var/run/nscd/socket", F_OK), -1, "the second is hidden");
	check_int(count_mounts(), mounts + 2, "and nothing else");
}

struct place {
	struct stat root, cwd, ns;
};

static struct place where(void)
{
	struct place place = { 0 };

	need(!stat("/", &place.root) && !stat(".", &place.cwd) &&
	     !fstatat(inside_proc, "self/ns/mnt", &place.ns, 0), "stat");
	return place;
}

static void check_place(const struct place *was, const char *when)
{
	struct place is = where();

	check(is.root.st_ino == was->root.st_ino && is.root.st_dev == was->root.st_dev,
	      "%s: the same root", when);
	check(is.cwd.st_ino == was->cwd.st_ino && is.cwd.st_dev == was->cwd.st_dev,
	      "%s: the same working directory", when);
	check_int(is.ns.st_ino, was->ns.st_ino, "%s: the same mount namespace", when);
}

static int to_target[2], from_target[2];

/* A target with shared mounts, chrooted to /tmp/root of them, which mounts on demand. */
static void target_kid(bool userns)
{
	char c = 0;

	need(!unshare(CLONE_NEWNS | (userns ? CLONE_NEWUSER : 0)), "unshare");
	if (userns)
		map_root();
	need(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make / private");
	need(!mount("tmpfs", "/tmp", "tmpfs", 0, NULL), "mount a tmpfs");
	need(!mkdir("/tmp/root", 0755) && !mkdir("/tmp/root/sub", 0755) &&
	     !mkdir("/tmp/root/late", 0755), "mkdir");
	write_text("/tmp/root/file", "target\n");
	need(!mount("tmpfs", "/tmp/root/sub", "tmpfs", 0, NULL), "mount a tmpfs");
	write_text("/tmp/root/sub/file", "below\n");
	need(!mount(NULL, "/tmp", NULL, MS_REC | MS_SHARED, NULL), "make it shared");
	need(!chroot("/tmp/root") && !chdir("/"), "chroot");
	need(write(from_target[1], &c, 1) == 1 && read(to_target[0], &c, 1) == 1, "pipe");
	need(!mount("tmpfs", "/late", "tmpfs", 0, NULL), "mount a tmpfs");
	need(write(from_target[1], &c, 1) == 1, "pipe");
	if (read(to_target[0], &c, 1) == 1)
		_exit(1);
}

static int open_at(pid_t pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	fd = openat(inside_proc, path, O_RDONLY | O_CLOEXEC);
	need(fd >= 0, path);
	return fd;
}

static void check_failures(struct nsi_view *view, int mntns, int root, int own)
{
	struct place was = where();
	int fds = open_count(), odd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	check_int(nsi_view_take_tree(view, odd, root, own), -EINVAL, "no namespace");
	check_place(&was, "no namespace");
	check_int(nsi_view_take_tree(view, mntns, odd, own), -EINVAL, "no directory");
	check_place(&was, "no directory");
	check_int(view->tree, -1, "no tree");
	close(odd);
	check_int(open_count(), fds, "failures: descriptors");
}

static void check_shown(struct nsi_view *view)
{
	struct place was = where(), is;
	int fds = open_count();
	char *text;

	check_int(nsi_view_unshare(), 0, "unshare");
	is = where();
	check(is.ns.st_ino != was.ns.st_ino, "it is another mount namespace");
	was.ns = is.ns;
	check_place(&was, "unshared");
	check_int(nsi_view_mount_tree(view), 0, "mount");
	check_int(view->tree, -1, "the descriptor is gone");
	check_int(open_count(), fds - 1, "it is closed");
	check_text("/shown/file", "target\n", "shown");
	check_text("/shown/sub/file", "below\n", "shown");
	text = mounts_of(0);
	check(!strstr(text, " shared:") && !strstr(text, " master:"), "all is private");
	/* kernels without mount_setattr(2) set neither */
	check(!strstr(text, " /shown rw,nosuid") ==
	      !strstr(text, " /shown/sub rw,nosuid"), "nosuid all the way down");
	check(strstr(text, " /shown rw,nosuid") ||
	      (syscall(SYS_mount_setattr, -1, "", 0, NULL, 0) < 0 && errno == ENOSYS),
	      "nosuid where that can be set");
	free(text);
}

static void check_apart(pid_t kid)
{
	char *before = mounts_of(kid), *after, *own = mounts_of(0), c = 0;
	char *later;

	need(!mount("tmpfs", "/shown/sub", "tmpfs", 0, NULL) &&
	     !umount2("/shown/sub", MNT_DETACH) && !umount2("/shown/sub", MNT_DETACH),
	     "change what is shown");
	after = mounts_of(kid);
	check(!strcmp(before, after), "what is done to it does not reach the target");
	need(!mount("tmpfs", "/shown/sub", "tmpfs", 0, NULL), "mount a tmpfs");
	free(own);
	own = mounts_of(0);
	need(write(to_target[1], &c, 1) == 1 && read(from_target[0], &c, 1) == 1, "pipe");
	later = mounts_of(0);
	check(!strcmp(own, later), "nor does the target reach it");
	free(before);
	free(after);
	free(own);
	free(later);
}

/* The caller is chrooted, and its working directory is not its root. */
static void show_tree(bool userns)
{
	struct nsi_view view = NSI_VIEW_INIT;
	char *before, *after, c;
	int mntns, root, own;
	struct place was;
	pid_t kid;

	need_mounts();
	need(!mkdir("/tmp/own", 0755) && !mkdir("/tmp/own/shown", 0755) &&
	     !mkdir("/tmp/own/cwd", 0755) && !symlink("shown", "/tmp/own/link"), "mkdir");
	need(!pipe2(to_target, O_CLOEXEC) && !pipe2(from_target, O_CLOEXEC), "pipe");
	kid = fork();
	if (!kid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(to_target[1]);
		target_kid(userns);
		_exit(0);
	}
	close(from_target[1]);
	need(read(from_target[0], &c, 1) == 1, "start a target");
	mntns = open_at(kid, "ns/mnt");
	root = open_at(kid, "root");
	own = open_at(getpid(), "ns/mnt");
	before = mounts_of(kid);
	need(!chroot("/tmp/own") && !chdir("/cwd"), "chroot");
	was = where();
	check_failures(&view, mntns, root, own);
	check_int(nsi_view_take_tree(&view, mntns, root, own), 0, "take");
	check_place(&was, "taken");
	check(view.tree >= 0 && fcntl(view.tree, F_GETFD) == FD_CLOEXEC, "close-on-exec");
	after = mounts_of(kid);
	check(!strcmp(before, after), "the target has not changed");
	check_int(nsi_view_mount_tree(&view), 0, "not asked for");
	view.tree_dir = strdup("/link");
	check_int(nsi_view_mount_tree(&view), -ENOTDIR, "no link is followed");
	free(view.tree_dir);
	view.tree_dir = strdup("/shown");
	check_shown(&view);
	check_apart(kid);
	free(before);
	free(after);
	nsi_view_free(&view);
	close(to_target[1]);
	waitpid(kid, NULL, 0);
}

static void in_tree(void)
{
	show_tree(false);
}

static void in_userns_tree(void)
{
	show_tree(true);
}

static void in_no_way_back(void)
{
	struct nsi_view view = NSI_VIEW_INIT;
	int mntns, root, odd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	need_mounts();
	mntns = open_at(getpid(), "ns/mnt");
	root = open_at(getpid(), "root");
	check_int(nsi_view_take_tree(&view, mntns, root, odd), -ENOTRECOVERABLE,
		  "is told apart");
	check_int(view.tree, -1, "no tree");
}

int main(void)
{
	char *before, *after;

	if (geteuid())
		skip_all("not root");
	inside_start();
	if (nsu_ctx_new(NULL, &ctx) < 0)
		skip_all("no context");
	before = mounts_of(0);
	inside_test("switch", 0, in_switch);
	inside_test("files", 0, in_files);
	inside_test("files in a user namespace", CLONE_NEWUSER, in_userns_files);
	inside_test("odd files", 0, in_odd_files);
	inside_test("two nscd", 0, in_two_nscd);
	inside_test("tree", 0, in_tree);
	inside_test("tree of a user namespace", 0, in_userns_tree);
	inside_test("no way back", 0, in_no_way_back);
	after = mounts_of(0);
	ok(!strcmp(before, after), "nothing is left mounted");
	free(before);
	free(after);
	nsu_ctx_free(ctx);
	return done();
}
