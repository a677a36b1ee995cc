/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces that only a bind mount keeps, also in mount namespaces that one keeps. */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "open.h"
#include "plan.h"
#include "box.h"

#define DEPTH	3
#define ODD	"/tmp/a\n\033[1m\\040 \xff" "b"

/* What the box has made: it shares this with us. */
static struct world {
	uint64_t mnt[DEPTH + 1];	/* [0]: the box's, each next pinned in the last */
	uint64_t uts[DEPTH + 1];	/* a pin in each */
	uint64_t orphan, owner;		/* an uts whose user namespace has no task */
	uint64_t covered;		/* what is mounted there is not to be seen */
} *world;
static int depth;			/* of the mount namespace that is being made */

static int touch(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Binds a namespace of a process and ends that one. */
static int pin(struct kid *kid, const char *type, const char *path, uint64_t *ret)
{
	int r = touch(path);

	*ret = link_inode(kid->pid, type);
	if (!r && mount(fmt("/proc/%d/ns/%s", kid->pid, type), path, NULL, MS_BIND,
			NULL) < 0)
		r = -errno;
	kid_end(kid);
	return r;
}

static int pin_new(int flags, const char *path, uint64_t *ret)
{
	struct kid kid;
	int r = kid_start(&kid, flags, NULL);

	return r < 0 ? r : pin(&kid, "uts", path, ret);
}

static int make_own_tmp(void)
{
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0)
		return -errno;
	return 0;
}

/* A mount namespace that pins the next. */
static int nest(void)
{
	struct kid kid;
	int r = make_own_tmp();

	if (!r && depth < DEPTH) {
		depth++;
		r = kid_start(&kid, CLONE_NEWNS, nest);
		depth--;
		if (!r && kid.said < 0) {
			r = kid.said;
			kid_end(&kid);
		}
		if (!r)
			r = pin(&kid, "mnt", "/tmp/nested", &world->mnt[depth + 1]);
	}
	return r < 0 ? r : pin_new(CLONE_NEWUTS, "/tmp/pin", &world->uts[depth]);
}

static int add_orphan(void)
{
	struct kid kid;
	nsi_autoclose int fd = -1;
	nsi_autoclose int owner = -1;
	dev_t dev;
	int r = kid_start(&kid, CLONE_NEWUSER | CLONE_NEWUTS, NULL);

	if (r < 0)
		return r;
	fd = open(fmt("/proc/%d/ns/uts", kid.pid), O_RDONLY | O_CLOEXEC);
	owner = ioctl(fd, NS_GET_USERNS);
	if (owner < 0 || nsi_nsfs_inode(owner, &world->owner, &dev) < 0) {
		kid_end(&kid);
		return -EIO;
	}
	return pin(&kid, "uts", ODD, &world->orphan);
}

static int build(void)
{
	int r = box_map();

	world->mnt[0] = link_inode(getpid(), "mnt");
	if (!r)
		r = nest();
	if (!r)
		r = add_orphan();
	return r;
}

static struct nsu_snapshot *scan(const char *disable, unsigned parts)
{
	struct nsu_ctx_options options = NSU_CTX_OPTIONS_INIT;
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;

	options.disable = disable;
	nsu_ctx_free(ctx);
	ctx = NULL;
	opts.parts = parts;
	if (nsu_ctx_new(&options, &ctx) == 0)
		nsu_snapshot_new(ctx, &opts, &snap);
	return snap;
}

/* A mount holds it there, by that path; where it was not opened, by no other means. */
static bool is_pinned(const struct nsu_ns *ns, uint64_t in, const char *path)
{
	struct nsu_holder holder = NSU_HOLDER_INIT;

	for (size_t i = 0; !nsu_ns_get_holder(ns, i, &holder); i++)
		if (holder.kind == NSU_HOLDER_MOUNT && holder.ns &&
		    nsu_ns_get_inode(holder.ns) == in && holder.path &&
		    !strcmp(holder.path, path) && holder.fd == -1 && !holder.task)
			return true;
	return false;
}

static bool opens(const struct nsu_ns *ns)
{
	int fd = nsu_ns_open(ns);
	uint64_t inode = 0;
	dev_t dev;

	if (fd < 0) {
		diag("open: %s", strerror(-fd));
		return false;
	}
	nsi_nsfs_inode(fd, &inode, &dev);
	close(fd);
	return inode == nsu_ns_get_inode(ns);
}

/* Found, told and to be opened. */
static void check_pin(const struct nsu_snapshot *snap, enum nsu_type type, uint64_t inode,
		      uint64_t in, const char *path, const char *what)
{
	const struct nsu_ns *ns, *owner;

	if (!inode || nsu_snapshot_find_ns(snap, type, inode, &ns) < 0) {
		ok(false, "%s: not found", what);
		return;
	}
	ok(is_pinned(ns, in, path), "%s: held by its mount", what);
	is_int(nsu_ns_get_owner(ns, &owner), 0, "%s: asked for its owner", what);
	ok(opens(ns), "%s: opened", what);
}

static int source_error(const struct nsu_snapshot *snap, const char *name)
{
	const struct nsu_source *source;
	int found = -1;

	for (size_t i = 0; (source = nsu_snapshot_get_source(snap, i)); i++)
		if (!strcmp(source->name, name))
			found = found == -1 ? source->error : -2;
	return found;
}

static const struct nsu_gap *find_gap(const struct nsu_snapshot *snap, uint64_t inode,
				      const char *step)
{
	const struct nsu_gap *gap;

	for (size_t i = 0; (gap = nsu_snapshot_get_gap(snap, i)); i++)
		if (gap->inode == inode && !strcmp(gap->step, step))
			return gap;
	return NULL;
}

static void check_world(const char *disable)
{
	struct nsu_snapshot *snap = scan(disable, NSU_PART_DEFAULT | NSU_PART_MOUNTS);
	const struct nsu_ns *ns, *owner;

	if (!ok(snap != NULL, "a scan without \"%s\"", disable))
		return;
	for (int i = 0; i <= DEPTH; i++)
		check_pin(snap, NSU_UTS, world->uts[i], world->mnt[i], "/tmp/pin",
			  fmt("%s: a pin %d deep", disable, i));
	for (int i = 1; i <= DEPTH; i++)
		check_pin(snap, NSU_MNT, world->mnt[i], world->mnt[i - 1], "/tmp/nested",
			  fmt("%s: a mount namespace %d deep", disable, i));
	check_pin(snap, NSU_UTS, world->orphan, world->mnt[0], ODD,
		  fmt("%s: an odd path", disable));
	ok(!nsu_snapshot_find_ns(snap, NSU_UTS, world->orphan, &ns) &&
	   !nsu_ns_get_owner(ns, &owner) && nsu_ns_get_inode(owner) == world->owner &&
	   !nsu_ns_count_tasks(owner), "%s: its owner without a task", disable);
	ok(!find_gap(snap, world->mnt[0], "mounts"), "%s: no gap", disable);
	if (strstr(disable, "mnt-next"))
		is_int(source_error(snap, "mnt-next"), ENOSYS, "mnt-next absent");
	if (strstr(disable, "statmount")) {
		is_int(source_error(snap, "statmount"), ENOSYS, "statmount absent");
		is_int(source_error(snap, "mountinfo"), 0, "mountinfo used");
		is_int(source_error(snap, "enter"), 0, "entered");
	}
	nsu_snapshot_free(snap);
}

/* Neither asked for relations nor for those types. */
static void check_less(void)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = scan(NULL, NSU_PART_TASKS | NSU_PART_MOUNTS);
	const struct nsu_ns *ns;
	uint64_t id;

	ok(!nsu_snapshot_find_ns(snap, NSU_UTS, world->orphan, &ns) &&
	   is_pinned(ns, world->mnt[0], ODD) && nsu_ns_get_id(ns, &id) == -ENODATA,
	   "without relations: found, not asked");
	nsu_snapshot_free(snap);
	opts.parts = NSU_PART_DEFAULT | NSU_PART_MOUNTS;
	opts.types = 1u << NSU_NET;
	is_int(nsu_snapshot_new(ctx, &opts, &snap), 0, "of net only");
	is_int(nsu_snapshot_find_ns(snap, NSU_UTS, world->orphan, &ns), -ENODATA,
	       "no other is there");
	ok(nsu_snapshot_get_asked(snap) & 1u << NSU_MNT, "but mount namespaces");
	nsu_snapshot_free(snap);
}

static void check_limited(pid_t pid)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;
	const struct nsu_ns *ns;

	opts.parts = NSU_PART_DEFAULT | NSU_PART_MOUNTS;
	opts.pids = &pid;
	opts.pid_count = 1;
	is_int(nsu_snapshot_new(ctx, &opts, &snap), 0, "of one process");
	is_int(source_error(snap, "mnt-next"), -1, "no walk of all mount namespaces");
	is_int(nsu_snapshot_find_ns(snap, NSU_UTS, world->uts[0], &ns), 0,
	       "the pin in its mount namespace");
	is_int(nsu_snapshot_find_ns(snap, NSU_UTS, world->uts[1], &ns), -ENOENT,
	       "not in the one behind it");
	nsu_snapshot_free(snap);
}

static void check_word(void)
{
	struct nsu_target *target = NULL;
	int fd = -1, r;

	r = nsu_target_new(ctx, fmt("uts:%ju", (uintmax_t)world->uts[DEPTH]), &target);
	if (!r)
		r = nsi_target_open_ns(target, NSU_UTS, &fd);
	is_int(r, 0, "a word finds the deepest pin");
	if (fd >= 0)
		close(fd);
	nsu_target_free(target);
}

static char *read_mounts(pid_t pid)
{
	char *text = NULL;

	nsi_read_all_at(AT_FDCWD, fmt("/proc/%d/mountinfo", pid), 1 << 20, &text);
	return text;
}

static void test_world(void)
{
	char *before, *after;
	struct kid kid;
	int r = box_start_as(&kid, CLONE_NEWNS, build);

	if (r < 0) {
		skip("pins", fmt("clone, mount: %s", strerror(-r)));
		return;
	}
	before = read_mounts(kid.pid);
	check_world("");
	check_world("mnt-next");
	check_world("statmount");
	check_world("mnt-next,statmount");
	check_world("mnt-next,statmount,nsfs-handle");
	check_world("mnt-next,nsfs-handle,mntns-id,ns-id");
	check_less();
	check_limited(kid.pid);
	check_word();
	after = read_mounts(kid.pid);
	ok(before && after && !strcmp(before, after), "its mounts are as they were");
	free(before);
	free(after);
	kid_end(&kid);
}

/* All that is in it has another root; the pin is outside of that. */
static int hide(void)
{
	int r = box_map();

	world->mnt[0] = link_inode(getpid(), "mnt");
	if (!r)
		r = make_own_tmp();
	if (!r)
		r = pin_new(CLONE_NEWUTS, "/tmp/pin", &world->uts[0]);
	if (!r && (mkdir("/tmp/root", 0755) < 0 || chroot("/tmp/root") < 0))
		r = -errno;
	return r;
}

static void test_chroot(void)
{
	struct nsu_snapshot *snap;
	struct kid kid;
	int r = box_start_as(&kid, CLONE_NEWNS, hide);

	if (r < 0) {
		skip("a member with another root", strerror(-r));
		return;
	}
	snap = scan("statmount", NSU_PART_DEFAULT | NSU_PART_MOUNTS);
	check_pin(snap, NSU_UTS, world->uts[0], world->mnt[0], "/tmp/pin",
		  "outside of its member's root");
	nsu_snapshot_free(snap);
	kid_end(&kid);
}

/* Covered: the way leads elsewhere. */
static int cover(void)
{
	int r = box_map();

	world->mnt[0] = link_inode(getpid(), "mnt");
	if (!r)
		r = make_own_tmp();
	if (!r && mkdir("/tmp/a", 0755) < 0)
		r = -errno;
	if (!r)
		r = pin_new(CLONE_NEWUTS, "/tmp/a/pin", &world->covered);
	return r;
}

static int cover_by_tmpfs(void)
{
	int r = cover();

	return r < 0 || !mount("tmpfs", "/tmp/a", "tmpfs", 0, NULL) ? r : -errno;
}

/* By one whose server never answers. */
static int cover_by_fuse(void)
{
	int r = cover(), fd;

	if (r < 0)
		return r;
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return mount("fuse", "/tmp/a", "fuse", 0,
		     fmt("fd=%d,rootmode=40000,user_id=0,group_id=0", fd)) ? -errno : 0;
}

static void test_covered(const char *what, int (*body)(void), int error, int other)
{
	const struct nsu_gap *gap;
	const struct nsu_ns *ns;
	struct nsu_snapshot *snap;
	struct kid kid;
	uint64_t id;
	int r = box_start_as(&kid, CLONE_NEWNS, body);

	if (r < 0) {
		skip(what, strerror(-r));
		return;
	}
	snap = scan("", NSU_PART_DEFAULT | NSU_PART_MOUNTS);
	ok(!nsu_snapshot_find_ns(snap, NSU_UTS, world->covered, &ns) &&
	   is_pinned(ns, world->mnt[0], "/tmp/a/pin"), "%s: found and named", what);
	gap = find_gap(snap, world->covered, "open pin");
	ok(gap && gap->type == NSU_UTS && (gap->error == error || gap->error == other),
	   "%s: a gap: %d", what, gap ? gap->error : 0);
	ok(gap && nsu_ns_get_id(ns, &id) == -gap->error, "%s: not asked", what);
	ok(!nsu_snapshot_is_complete(snap), "%s: not complete", what);
	nsu_snapshot_free(snap);
	kid_end(&kid);
}

/* A descriptor that was opened by the path of a mount: its link is no namespace's. */
static int hold_path(void)
{
	int r = cover(), fd;

	if (r < 0)
		return r;
	fd = open("/tmp/a/pin", O_RDONLY | O_CLOEXEC);
	return fd < 0 || umount2("/tmp/a/pin", MNT_DETACH) < 0 ? -errno : fd;
}

static void test_descriptors(void)
{
	struct kid kid;
	uint64_t inode;
	dev_t dev;
	int r = box_start_as(&kid, CLONE_NEWNS, hold_path), fd = -1, own;

	own = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	nsi_nsfs_inode(own, &inode, &dev);
	is_int(nsi_open_task_fd(ctx, getpid(), 0, own, inode, &fd), 0, "a descriptor");
	close(fd);
	fd = -1;
	is_int(nsi_open_task_fd(ctx, getpid(), 0, own, inode + 1, &fd), -ESRCH,
	       "of another namespace");
	is_int(nsi_open_task_fd(ctx, getpid(), 0, 1, inode, &fd), -ESRCH, "of none");
	is_int(nsi_open_task_fd(ctx, getpid(), 0, 999, inode, &fd), -ESRCH, "not open");
	is_int(fd, -1, "results untouched");
	close(own);
	if (r < 0) {
		skip("a descriptor by a mount", strerror(-r));
		return;
	}
	is_int(nsi_open_task_fd(ctx, kid.pid, 0, kid.said, world->covered, &fd), 0,
	       "a descriptor that was opened by a mount");
	if (fd >= 0)
		close(fd);
	kid_end(&kid);
}

/* A mount namespace pins those with higher numbers only. Linux 6.18 numbers them by
   processor: the younger one gets the higher one on the same processor alone. */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int main(void)
{
	int before;

	if (nsu_ctx_new(NULL, &ctx) == 0 && !nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (world == MAP_FAILED)
		skip_all("no memory to share");
	stay_on_one_cpu();
	before = count_fds();
	test_world();
	test_chroot();
	test_covered("under a mount", cover_by_tmpfs, ENOENT, ESTALE);
	test_covered("under a dead FUSE", cover_by_fuse, ETIMEDOUT, ETIMEDOUT);
	test_descriptors();
	is_int(count_fds(), before, "no descriptor was left open");
	ok(waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD, "nor a child");
	nsu_ctx_free(ctx);
	return done();
}
