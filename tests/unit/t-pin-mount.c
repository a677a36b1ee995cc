/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces mounted on files: each type, and what is refused for which reason. */
#include <sys/vfs.h>
#include "open.h"
#include "pinroom.h"

static struct nsu_pin_report report;
static int dir;

static int mount_ns(int ns, enum nsu_type type, const char *file)
{
	report = (struct nsu_pin_report)NSU_PIN_REPORT_INIT;
	return nsi_pin_mount(ctx, ns, type, dir, file, &report);
}

static int unmount(const char *file)
{
	report = (struct nsu_pin_report)NSU_PIN_REPORT_INIT;
	return nsi_pin_unmount(ctx, dir, file, &report);
}

static int look(const char *file, enum nsu_type type)
{
	uint64_t inode, id;

	return nsi_pin_look(ctx, dir, file, type, NULL, &inode, &id);
}

static int open_ns(pid_t pid, const char *name)
{
	return open(fmt("/proc/%d/ns/%s", pid, name), O_RDONLY | O_CLOEXEC);
}

static void check_pinned(const char *name, enum nsu_type type, uint64_t inode)
{
	uint64_t found = 1, id = 1, again, want = 0;
	nsi_autoclose int fd = -1;
	dev_t dev;

	is_int(nsi_pin_look(ctx, dir, name, type, &fd, &found, &id), 0, "%s: is there",
	       name);
	is_int(found, inode, "%s: its inode", name);
	ok(fd >= 0 && !nsi_nsfs_inode(fd, &again, &dev) && again == inode,
	   "%s: a descriptor of it", name);
	ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "%s: closed on exec", name);
	if (nsi_nsfs_id(ctx, fd, &want) < 0)
		want = 0;
	is_int(id, want, "%s: its id", name);
	is_int(look(name, type == NSU_USER ? NSU_UTS : NSU_USER), -EMEDIUMTYPE,
	       "%s: of another type", name);
	is_int(unlinkat(dir, name, 0), -1, "%s: cannot be deleted", name);
}

/* pid_for_children and time_for_children: the kid itself is in the old ones. */
static const char *link_of(enum nsu_type type)
{
	return type == NSU_TIME ? "time_for_children" : nsu_type_get_name(type);
}

static void test_type(enum nsu_type type)
{
	const char *name = nsu_type_get_name(type);
	int flag = nsu_type_get_info(type)->clone_flag, fds = pinroom_fds(), r;
	struct kid kid;
	uint64_t inode;
	int ns;

	r = type == NSU_TIME ? unshare(flag) : kid_start(&kid, flag, NULL);
	if (r < 0) {
		skip(name, "no such namespaces here");
		return;
	}
	ns = open_ns(type == NSU_TIME ? getpid() : kid.pid, link_of(type));
	inode = link_inode(type == NSU_TIME ? getpid() : kid.pid, link_of(type));
	is_int(look(name, type), -ENOENT, "%s: not there yet", name);
	is_int(mount_ns(ns, type, name), 0, "%s: pinned", name);
	if (ns >= 0)
		close(ns);
	if (type != NSU_TIME)
		kid_end(&kid);
	check_pinned(name, type, inode);
	is_int(mount_ns(ns, type, name), -EEXIST, "%s: there is one", name);
	is_int(unmount(name), 0, "%s: removed", name);
	is_int(look(name, type), -ENOENT, "%s: not there any more", name);
	is_int(unmount(name), -ENOENT, "%s: removed again", name);
	is_int(pinroom_fds(), fds, "%s: no descriptor is left", name);
}

static void test_odd_files(void)
{
	nsi_autoclose int uts = open_ns(getpid(), "uts"), plain = -1;
	struct stat st;

	close(openat(dir, "plain", O_CREAT | O_WRONLY | O_CLOEXEC, 0));
	is_int(look("plain", NSU_UTS), -ENODATA, "a plain file");
	is_int(unmount("plain"), 0, "a plain file is removed");
	is_int(symlinkat("/proc/self/ns/uts", dir, "link"), 0, "a link");
	is_int(look("link", NSU_UTS), -EBADF, "a link is not followed");
	is_int(mount_ns(uts, NSU_UTS, "link"), -EEXIST, "nor mounted on");
	is_int(unmount("link"), 0, "a link is removed");
	is_int(fstatat(dir, "link", &st, AT_SYMLINK_NOFOLLOW), -1, "it is gone");
	is_int(mkfifoat(dir, "fifo", 0600), 0, "a FIFO");
	is_int(look("fifo", NSU_UTS), -EBADF, "a FIFO is not opened");
	is_int(unmount("fifo"), 0, "a FIFO is removed");
	is_int(mkdirat(dir, "dir", 0700), 0, "a directory");
	is_int(look("dir", NSU_UTS), -EBADF, "a directory");
	is_int(unmount("dir"), -EISDIR, "a directory stays");
	is_int(report.step, NSU_PIN_STEP_UNMOUNT, "the step");
	is_str(report.object, "dir", "the object");
	unlinkat(dir, "dir", AT_REMOVEDIR);
	plain = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok(mount_ns(plain, NSU_UTS, "bad") < 0, "no namespace");
	is_int(report.step, NSU_PIN_STEP_MOUNT, "no namespace: the step");
	is_int(report.type, NSU_UTS, "no namespace: the type");
	is_int(look("bad", NSU_UTS), -ENOENT, "no namespace: the file is removed");
	is_int(mount_ns(-1, NSU_UTS, "bad"), -EBADF, "no descriptor");
	is_int(look("bad", NSU_UTS), -ENOENT, "no descriptor: the file is removed");
}

/* A link to a pin must not unmount that, and what is mounted twice goes at once. */
static void test_stacked(void)
{
	nsi_autoclose int uts = open_ns(getpid(), "uts");
	struct stat st;

	is_int(mount_ns(uts, NSU_UTS, "uts"), 0, "pinned");
	is_int(symlinkat("uts", dir, "link"), 0, "a link to it");
	is_int(unmount("link"), 0, "the link is removed");
	is_int(look("uts", NSU_UTS), 0, "not what it leads to");
	is_int(mount("/proc/self/ns/ipc", "/run/here/uts", NULL, MS_BIND, NULL), 0,
	       "another one over it");
	is_int(look("uts", NSU_UTS), -EMEDIUMTYPE, "it is seen");
	is_int(unmount("uts"), 0, "both are unmounted");
	is_int(fstatat(dir, "uts", &st, 0), -1, "it is gone");
	is_int(pinroom_mounts("/run/here/uts", NULL, 0), 0, "no mount is left");
}

static int see_copy(void)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return -errno;
	return pinroom_mounts("/run/here/uts", NULL, 0);
}

static void test_slave(void)
{
	nsi_autoclose int uts = open_ns(getpid(), "uts");
	nsi_autofree char *text = NULL;
	struct kid kid;
	nsi_autoclose int proc = -1;

	is_int(mount(NULL, "/run", NULL, MS_SHARED, NULL), 0, "a shared mount");
	is_int(mount_ns(uts, NSU_UTS, "uts"), 0, "pinned");
	if (!is_int(kid_start(&kid, 0, see_copy), 0, "a slave"))
		return;
	is_int(kid.said, 1, "the slave has a copy");
	is_int(unmount("uts"), 0, "removed");
	proc = open(fmt("/proc/%d", kid.pid), O_PATH | O_DIRECTORY | O_CLOEXEC);
	ok(nsi_read_all_at(proc, "mountinfo", 1 << 20, &text) > 0 &&
	   !strstr(text, "/run/here/uts"), "the copy is gone");
	kid_end(&kid);
	mount(NULL, "/run", NULL, MS_PRIVATE, NULL);
}

/* A copy that is not reached by unmounting: deleting the file ends it, too. */
static int see_private(void)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	return pinroom_mounts("/run/here/uts", NULL, 0);
}

static void test_private_copy(void)
{
	nsi_autoclose int uts = open_ns(getpid(), "uts"), proc = -1;
	nsi_autofree char *text = NULL;
	struct kid kid;

	is_int(mount_ns(uts, NSU_UTS, "uts"), 0, "pinned");
	if (!is_int(kid_start(&kid, 0, see_private), 0, "another mount namespace"))
		return;
	is_int(kid.said, 1, "it has a copy of its own");
	is_int(unmount("uts"), 0, "removed");
	proc = open(fmt("/proc/%d", kid.pid), O_PATH | O_DIRECTORY | O_CLOEXEC);
	ok(nsi_read_all_at(proc, "mountinfo", 1 << 20, &text) > 0 &&
	   !strstr(text, "/run/here/uts"), "that copy is gone, too");
	kid_end(&kid);
}

static void refused(const char *what, int ns, int error, int cause)
{
	is_int(mount_ns(ns, NSU_MNT, "mnt"), error, "%s: refused", what);
	is_int(report.cause, cause, "%s: the cause", what);
	is_int(report.type, NSU_MNT, "%s: the type", what);
	is_int(look("mnt", NSU_MNT), -ENOENT, "%s: no file is left", what);
}

static void use_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		diag("cannot use cpu %d: %s", cpu, strerror(errno));
}

static int own_mounts(void)
{
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

/* A younger mount namespace that one is from a CPU with higher numbers: wrong on kernels
   of 6.18 only, where this test's own is from the other. */
static void test_order(void)
{
	struct kid kid;
	nsi_autoclose int younger = -1;
	uint64_t own_id, id;
	nsi_autoclose int own = open_ns(getpid(), "mnt");

	if (kid_start(&kid, CLONE_NEWNS, own_mounts) < 0) {
		skip("a younger one", "no mount namespaces here");
		return;
	}
	younger = open_ns(kid.pid, "mnt");
	if (!nsi_nsfs_id(ctx, own, &own_id) && !nsi_nsfs_id(ctx, younger, &id) &&
	    id < own_id) {
		refused("numbered by CPU", younger, -ELOOP, NSU_PIN_CAUSE_ORDER);
	} else {
		is_int(mount_ns(younger, NSU_MNT, "mnt"), 0, "a younger one");
		is_int(unmount("mnt"), 0, "a younger one: removed");
	}
	kid_end(&kid);
}

/* A child whose namespace is from CPU 1, and its child's from CPU 0. */
static void test_cpus(void)
{
	int r;

	use_cpu(1);
	r = unshare(CLONE_NEWNS) < 0 ? -errno : 0;
	use_cpu(0);
	dir = open("/run/here", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r < 0)
		skip("another CPU", "no mount namespaces here");
	else
		test_order();
}

/* Who made it may have been on another CPU. */
static void older_one(int before)
{
	int r = mount_ns(before, NSU_MNT, "mnt");

	if (!r) {
		skip("an older one", "this kernel numbers mount namespaces by CPU");
		umount2("/run/here/mnt", MNT_DETACH);
		unlink("/run/here/mnt");
		return;
	}
	is_int(r, -ELOOP, "an older one");
	ok(report.cause == NSU_PIN_CAUSE_ORDER ||
	   report.cause == NSU_PIN_CAUSE_OLDER_MNTNS, "an older one: the cause");
}

static void test_mntns(int before)
{
	nsi_autoclose int own = open_ns(getpid(), "mnt"), younger = -1;
	uint64_t older;
	dev_t dev;
	struct kid kid;

	refused("its own", own, -ELOOP, NSU_PIN_CAUSE_OWN_MNTNS);
	if (!nsi_nsfs_inode(before, &older, &dev) && older == NSI_INIT_MNT) {
		refused("the initial one", before, -ELOOP, NSU_PIN_CAUSE_OLDER_MNTNS);
	} else {
		older_one(before);
	}
	if (kid_start(&kid, CLONE_NEWNS, own_mounts) < 0) {
		skip("a younger one", "no mount namespaces here");
		return;
	}
	kid_end(&kid);
	/* A peer of the mount that it would lie on. */
	mount(NULL, "/run", NULL, MS_SHARED, NULL);
	for (int cpu = 0; cpu < 2; cpu++) {
		use_cpu(cpu);
		if (kid_start(&kid, CLONE_NEWNS, NULL) < 0)
			break;
		younger = open_ns(kid.pid, "mnt");
		if (mount_ns(younger, NSU_MNT, "mnt") == -EINVAL)
			cpu = 2;
		kid_end(&kid);
		if (cpu < 2)
			nsi_closep(&younger);
	}
	if (younger >= 0)
		refused("on a shared mount", younger, -EINVAL, NSU_PIN_CAUSE_SHARED);
	else
		ok(false, "on a shared mount: refused by EINVAL");
	mount(NULL, "/run", NULL, MS_PRIVATE, NULL);
}

/* Of this /run: the host's own lies below. */
#define NETNS " /netns /run/netns "

static void test_netns_dir(void)
{
	char line[4096] = "";
	nsi_autoclose int fd = -1, net = open_ns(getpid(), "net"), again = -1;
	int fds;

	pinroom_renew(MS_SHARED, "");
	fds = pinroom_fds();
	is_int(nsi_netns_dir(ctx, NSI_STORE_LOOK, &report), -ENOENT, "look: not there");
	is_int(pinroom_count("/run"), 0, "look: makes nothing");
	fd = nsi_netns_dir(ctx, NSI_STORE_CHANGE, &report);
	ok(fd >= 0, "made");
	is_int(pinroom_mounts(NETNS, line, sizeof(line)), 1, "is mounted");
	ok(strstr(line, " shared:"), "is shared");
	is_int(nsi_pin_mount(ctx, net, NSU_NET, fd, "blue", &report), 0, "a pin in it");
	is_int(pinroom_mounts("/netns/blue", NULL, 0), 1, "mounted once");
	again = nsi_netns_dir(ctx, NSI_STORE_CHANGE, &report);
	is_int(nsi_pin_look(ctx, again, "blue", NSU_NET, NULL, &(uint64_t){ 0 },
			    &(uint64_t){ 0 }), 0, "is seen by the next");
	is_int(pinroom_mounts(NETNS, line, sizeof(line)), 1, "is mounted once");
	is_int(nsi_pin_unmount(ctx, again, "blue", &report), 0, "removed");
	nsi_closep(&fd);
	nsi_closep(&again);
	fd = again = -1;
	chmod("/run/netns", 0777);
	is_int(nsi_netns_dir(ctx, NSI_STORE_CHANGE, &report), -EPERM, "others may write");
	is_int(report.cause, NSU_PIN_CAUSE_UNSAFE, "others may write: unsafe");
	is_int(pinroom_fds(), fds, "no descriptor is left");
}

/* Behind all others: it makes this process's children be in a time namespace. */
static void test_types(void)
{
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (type != NSU_MNT && type != NSU_TIME)
			test_type(type);
	test_type(NSU_TIME);
}

int main(void)
{
	nsi_autoclose int before = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	const char *reason;

	if (nsu_ctx_new(NULL, &ctx) == 0 && !nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	use_cpu(0);
	reason = pinroom_enter();
	if (reason)
		skip_all(reason);
	mkdir("/run/here", 0700);
	dir = open("/run/here", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_odd_files();
	test_stacked();
	test_slave();
	test_private_copy();
	test_mntns(before);
	use_cpu(0);
	test_order();
	pinroom_fork(test_cpus);
	test_type(NSU_MNT);
	test_types();
	close(dir);
	test_netns_dir();
	nsu_ctx_free(ctx);
	return done();
}
