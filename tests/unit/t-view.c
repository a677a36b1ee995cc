// SPDX-License-Identifier: GPL-2.0-or-later
/* The command's own mount namespace: what is mounted in it, and that no one sees it. */
#include <net/if.h>
#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include "enter.h"
#include "inside.h"

static struct nsu_ctx *ctx;
static int to_kid[2], from_kid[2];

static bool hear(int fd)
{
	char c;

	return read(fd, &c, 1) == 1;
}

static void tell(int fd)
{
	need(write(fd, "x", 1) == 1, "write to a pipe");
}

/* The last mount at a point: its options, type, source, and those of the superblock. */
static const char *options_at(const char *point)
{
	static char ret[256];
	char *text = mounts_of(0), *save = NULL;

	strcpy(ret, "none");
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct nsi_mount mount;

		if (!nsi_parse_mount(line, &mount) && !strcmp(mount.point, point))
			snprintf(ret, sizeof(ret), "%s %s %s %s", mount.options,
				 mount.fstype, mount.source, mount.super);
	}
	free(text);
	return ret;
}

static void unshared_kid(void)
{
	char *text;

	check_int(nsi_view_unshare(), 0, "unshare");
	need(!mount("tmpfs", "/tmp/a", "tmpfs", 0, NULL), "mount a tmpfs");
	tell(from_kid[1]);
	hear(to_kid[0]);
	text = mounts_of(0);
	check(strstr(text, " /tmp/a "), "its own mount is there");
	check(!strstr(text, " /tmp/b "), "another's later mount does not come in");
	check(!strstr(text, " shared:") && !strstr(text, " master:"), "all is private");
}

static void in_unshare(void)
{
	char *before, *after;
	pid_t kid;

	need_mounts();
	need(!mkdir("/tmp/a", 0755) && !mkdir("/tmp/b", 0755), "mkdir");
	need(!mount(NULL, "/tmp", NULL, MS_SHARED, NULL), "make /tmp shared");
	need(!pipe2(to_kid, O_CLOEXEC) && !pipe2(from_kid, O_CLOEXEC), "pipe");
	before = mounts_of(0);
	check(strstr(before, " shared:"), "there is something shared");
	kid = fork();
	if (!kid) {
		unshared_kid();
		_exit(0);
	}
	close(from_kid[1]);
	check(hear(from_kid[0]), "it has mounted");
	after = mounts_of(0);
	check(!strcmp(before, after), "nothing of it gets out");
	need(!mount("tmpfs", "/tmp/b", "tmpfs", 0, NULL), "mount a tmpfs");
	tell(to_kid[1]);
	waitpid(kid, NULL, 0);
}

/* Its root is a plain directory on a shared mount, which it cannot name. */
static void chrooted_kid(void)
{
	struct stat st, cwd;

	need(!chroot("/tmp/a") && !chdir("/x") && !stat(".", &cwd), "chroot");
	check_int(nsi_view_unshare(), 0, "unshare");
	check(!stat(".", &st) && st.st_ino == cwd.st_ino, "the same working directory");
	check(!stat("/x", &st) && st.st_ino == cwd.st_ino, "the same root");
	need(!mount("tmpfs", "/x", "tmpfs", 0, NULL), "mount a tmpfs");
}

static void in_chrooted_unshare(void)
{
	char *before, *after;

	need_mounts();
	need(!mkdir("/tmp/a", 0755) && !mkdir("/tmp/a/x", 0755), "mkdir");
	need(!mount(NULL, "/tmp", NULL, MS_SHARED, NULL), "make /tmp shared");
	before = mounts_of(0);
	check_int(inside_run(0, chrooted_kid), 0, "the child ended well");
	after = mounts_of(0);
	check(!strcmp(before, after), "nothing of it gets out");
}

static void in_proc(void)
{
	struct nsi_view view = NSI_VIEW_INIT;
	char link[16] = "", *before, *after;
	int fds = open_count();

	need_mounts();
	before = mounts_of(0);
	check_int(nsi_view_mount_proc(&view), 0, "not asked for");
	after = mounts_of(0);
	check(!strcmp(before, after), "not asked for: nothing is mounted");
	view.proc = true;
	need(!mount("tmpfs", "/proc/sys", "tmpfs", 0, NULL), "cover /proc/sys");
	check_int(nsi_view_mount_proc(&view), 0, "over one with mounts in it");
	need(readlink("/proc/self", link, sizeof(link) - 1) > 0, "read /proc/self");
	check_str(link, "1", "shows the pid namespace");
	check_int(access("/proc/sys/kernel", F_OK), 0, "it is a whole one");
	check_str(options_at("/proc"), "rw,nosuid,nodev,noexec,relatime proc proc rw",
		  "options");
	view.hidepid = NSU_HIDEPID_INVISIBLE;
	check_int(nsi_view_mount_proc(&view), 0, "hidepid");
	check(strstr(options_at("/proc"), "proc proc rw,hidepid="), "hidepid is set");
	view.subset = true;
	check_int(nsi_view_mount_proc(&view), 0, "subset");
	check(strstr(options_at("/proc"), "subset=pid"), "subset is set");
	check_int(open_count(), fds, "descriptors");
}

/* What stands at /proc of a root that is another's. */
static void in_odd_proc(void)
{
	struct nsi_view view = { .proc = true, .shared_procfs = true, .tree = -1 };

	need_mounts();
	need(!mkdir("/tmp/elsewhere", 0755) && !chroot("/tmp") && !chdir("/"), "chroot");
	check_int(nsi_view_mount_proc(&view), -ENOENT, "no /proc");
	need(!symlink("elsewhere", "/proc"), "symlink");
	check_int(nsi_view_mount_proc(&view), -ENOTDIR, "a link is not followed");
	check_str(options_at("/elsewhere"), "none", "nothing is mounted there");
	need(!unlink("/proc"), "unlink");
	write_text("/proc", "");
	check_int(nsi_view_mount_proc(&view), -ENOTDIR, "a file");
}

static void in_planned_proc(void)
{
	struct nsi_view view = NSI_VIEW_INIT;
	struct nsu_ctx *other;

	need_mounts();
	need(!mount("proc", "/proc", "proc", 0, "hidepid=2,subset=pid"),
	     "mount a procfs");
	need(!nsu_ctx_new(NULL, &other), "open it");
	nsi_view_plan_proc(other, &view);
	check(view.proc && view.subset, "subset is planned");
	check_int(view.hidepid, NSU_HIDEPID_INVISIBLE, "hidepid is planned");
	nsi_view_plan_proc(ctx, &view);
	check_int(view.hidepid, ctx->procfs.hidepid, "from the context");
	nsu_ctx_free(other);
}

static void in_masked_userns(void)
{
	struct nsi_view view = { .proc = true, .tree = -1 };
	char *before, *after;

	check_int(nsi_view_unshare(), 0, "unshare");
	before = mounts_of(0);
	check_int(nsi_view_mount_proc(&view), -EPERM, "the kernel refuses it");
	after = mounts_of(0);
	check(!strcmp(before, after), "nothing is mounted");
}

static void in_masked_proc(void)
{
	int status;

	need_mounts();
	need(!mount("tmpfs", "/proc/sys", "tmpfs", 0, NULL), "cover /proc/sys");
	status = inside_run(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID, in_masked_userns);
	need(status >= 0, "make a user namespace");
	check_int(status, 0, "the child ended well");
}

static const char *below[] = {
	"/sys/fs/cgroup", "/sys/kernel", "/sys/kernel/x",
	"/sys/devices/virtual/net/nsview0", "/sys/power/state",
};

static void stat_below(struct stat *st)
{
	for (size_t i = 0; i < ARRAY_SIZE(below); i++)
		if (stat(below[i], &st[i]) < 0)
			st[i].st_ino = 0;
}

/* 1: all interfaces of this net namespace are shown and no other is. */
static bool shows_interfaces(void)
{
	struct if_nameindex *names = if_nameindex();
	DIR *dir = opendir("/sys/class/net");
	size_t have = 0, shown = 0;
	bool same = dir && names;
	char path[300];

	for (; same && names[have].if_name; have++) {
		snprintf(path, sizeof(path), "/sys/class/net/%s", names[have].if_name);
		same = !access(path, F_OK);
	}
	/* what is no directory are attributes, as of bonding */
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		shown += entry->d_name[0] != '.' && entry->d_type == DT_LNK;
	if_freenameindex(names);
	if (dir)
		closedir(dir);
	return same && shown == have;
}

/* An interface that the entered net namespace will not have, and mounts on all sorts. */
static void build_sys(void)
{
	struct ifreq request = { .ifr_flags = 0x0002 /* IFF_TAP */ };
	int tun;

	need_mounts();
	need(!unshare(CLONE_NEWNET), "make a net namespace");
	need(!mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NOEXEC, NULL),
	     "mount a sysfs");
	mkdir("/tmp/x", 0755);
	write_text("/tmp/file", "masked\n");
	mount("/tmp", "/sys/fs/cgroup", NULL, MS_BIND, NULL);
	/* three on each other, and one that the last of them hides */
	need(!mount("/tmp/x", "/sys/kernel/debug", NULL, MS_BIND, NULL) &&
	     !mount("/tmp", "/sys/kernel", NULL, MS_BIND, NULL) &&
	     !mount("tmpfs", "/sys/kernel", "tmpfs", MS_NOEXEC, NULL) &&
	     !mkdir("/sys/kernel/x", 0755) &&
	     !mount("tmpfs", "/sys/kernel/x", "tmpfs", 0, NULL), "mount below /sys");
	if (!access("/sys/power/state", F_OK))
		need(!mount("/tmp/file", "/sys/power/state", NULL, MS_BIND, NULL),
		     "mount over a file");
	strcpy(request.ifr_name, "nsview0");
	tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (tun < 0 || ioctl(tun, 0x400454ca /* TUNSETIFF */, &request) < 0)
		return;
	need(!mount("tmpfs", below[3], "tmpfs", 0, NULL), "mount on an interface");
}

static void in_sys(void)
{
	struct stat old[ARRAY_SIZE(below)], new[ARRAY_SIZE(below)];
	struct nsi_view view = NSI_VIEW_INIT;
	bool hidden = false;
	int fds, kernel = 0;

	build_sys();
	check_int(nsi_view_plan_sys(ctx, &view), 0, "plan");
	check(view.sys, "planned");
	check_int(view.sys_flags & (MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY),
		  MS_NOSUID | MS_NOEXEC, "flags");
	for (size_t i = 0; i < view.below_count; i++) {
		hidden |= !strncmp(view.below_sys[i].path, "/sys/kernel/", 12);
		kernel += !strcmp(view.below_sys[i].path, "/sys/kernel");
	}
	check(!hidden, "only what is on top is planned");
	check_int(kernel, 1, "and once");
	stat_below(old);
	fds = open_count();
	check_int(nsi_view_unshare(), 0, "unshare");
	need(!unshare(CLONE_NEWNET), "make a net namespace");
	check(!shows_interfaces() || !old[3].st_ino, "before: sysfs shows another one");
	check_int(nsi_view_mount_sys(&view), 0, "mount");
	check(shows_interfaces(), "sysfs shows the net namespace");
	check_str(options_at("/sys"), "rw,nosuid,noexec,relatime sysfs sysfs rw",
		  "options");
	stat_below(new);
	for (size_t i = 0; i < ARRAY_SIZE(below); i++) {
		bool kept = old[i].st_ino && i != 3;

		check_int(new[i].st_ino, kept ? old[i].st_ino : 0, "%s", below[i]);
		check(!kept || old[i].st_dev == new[i].st_dev, "%s: device", below[i]);
	}
	check(strstr(options_at("/sys/kernel"), "noexec"), "the flags of those below");
	check_int(access("/sys/kernel/vmcoreinfo", F_OK), -1, "a mask masks still");
	check_int(open_count(), fds, "descriptors");
	nsi_view_free(&view);
}

static void in_readonly_sys(void)
{
	struct nsi_view view = NSI_VIEW_INIT;

	need_mounts();
	need(!mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NODEV |
		    MS_NOATIME, NULL), "remount /sys");
	check_int(nsi_view_plan_sys(ctx, &view), 0, "plan");
	check_int(nsi_view_mount_sys(&view), 0, "mount");
	check_str(options_at("/sys"), "ro,nodev,noatime sysfs sysfs rw", "options");
	nsi_view_free(&view);
	need(!mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND | MS_STRICTATIME, NULL),
	     "remount /sys");
	check_int(nsi_view_plan_sys(ctx, &view), 0, "strictatime: plan");
	check_int(nsi_view_mount_sys(&view), 0, "strictatime: mount");
	check_str(options_at("/sys"), "rw sysfs sysfs rw", "strictatime: options");
	nsi_view_free(&view);
}

static void in_no_sys(void)
{
	struct nsi_view view = { .sys = true, .tree = -1 };

	need_mounts();
	need(!mkdir("/tmp/sys", 0755) &&
	     !mount("/sys/kernel", "/sys", NULL, MS_BIND, NULL), "bind a part of sysfs");
	check_int(nsi_view_plan_sys(ctx, &view), -ENODEV, "a part of a sysfs");
	check(!view.sys && !view.below_sys, "is not planned");
	need(!mount("tmpfs", "/sys", "tmpfs", 0, NULL), "mount over /sys");
	check_int(nsi_view_plan_sys(ctx, &view), -ENODEV, "a tmpfs");
	check_int(nsi_view_mount_sys(&view), 0, "not asked for");
	check(strstr(options_at("/sys"), "tmpfs"), "not asked for: untouched");
	need(!chroot("/tmp"), "chroot");
	check_int(nsi_view_plan_sys(ctx, &view), -ENODEV, "a directory");
	need(!rmdir("/sys") && !symlink("tmp", "/sys"), "symlink");
	check_int(nsi_view_plan_sys(ctx, &view), -ENODEV, "a link");
	need(!unlink("/sys"), "unlink");
	check_int(nsi_view_plan_sys(ctx, &view), -ENODEV, "none");
}

/* The net namespace stays the host's, whose sysfs a user namespace may not mount. */
static void in_refused_sys(void)
{
	struct nsi_view view = NSI_VIEW_INIT;
	char *before, *after;
	int fds = open_count();

	check_int(nsi_view_unshare(), 0, "unshare");
	check_int(nsi_view_plan_sys(ctx, &view), 0, "plan");
	before = mounts_of(0);
	check_int(nsi_view_mount_sys(&view), -EPERM, "mount");
	after = mounts_of(0);
	check(!strcmp(before, after), "/sys is as it was");
	check_int(open_count(), fds, "descriptors");
	nsi_view_free(&view);
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
	inside_test("unshare", 0, in_unshare);
	inside_test("chrooted unshare", 0, in_chrooted_unshare);
	inside_test("proc", CLONE_NEWPID, in_proc);
	inside_test("odd proc", CLONE_NEWPID, in_odd_proc);
	inside_test("planned proc", CLONE_NEWPID, in_planned_proc);
	inside_test("masked proc", 0, in_masked_proc);
	inside_test("sys", 0, in_sys);
	inside_test("read-only sys", 0, in_readonly_sys);
	inside_test("no sys", 0, in_no_sys);
	inside_test("refused sys", CLONE_NEWUSER, in_refused_sys);
	after = mounts_of(0);
	ok(!strcmp(before, after), "nothing is left mounted");
	free(before);
	free(after);
	nsu_ctx_free(ctx);
	return done();
}
