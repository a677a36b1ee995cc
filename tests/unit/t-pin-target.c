/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pins as target words: what is found, what is not, and what is no longer the same. */
#include <dirent.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "pin.h"
#include "plan.h"
#include "kid.h"
#include "place.h"
#include "../tap.h"

#define TYPES (1u << NSU_NET | 1u << NSU_UTS | 1u << NSU_PID)

static struct nsu_ctx *ctx;
static struct kid kid;			/* in its own net, uts and pid namespace */

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

/* What the word is: its types, or an error. */
static int types_of(const char *word)
{
	struct nsu_target *target = NULL;
	unsigned types = 0;
	int r = nsu_target_new(ctx, word, &target);

	if (!r)
		r = nsu_target_get_types(target, &types);
	nsu_target_free(target);
	return r < 0 ? r : (int)types;
}

static int kind_of(const char *word)
{
	struct nsu_target *target = NULL;
	enum nsu_target_kind kind = NSU_TARGET_TASK;
	int r = nsu_target_new(ctx, word, &target);

	if (!r)
		r = nsu_target_get_kind(target, &kind);
	nsu_target_free(target);
	return r < 0 ? r : (int)kind;
}

/* As if "nspin add" had made it. mounted: of the record's types those that are there. */
static bool make_pin(const char *name, unsigned types, unsigned mounted, bool record)
{
	struct nsi_store store = NSI_STORE_INIT;
	struct nsi_record made = { .stage = NSI_STAGE_MADE, .types = types };
	nsi_autoclose int dir = -1;
	int r = nsi_store_open(ctx, NSI_STORE_CHANGE, &store, NULL);

	if (!r)
		r = dir = nsi_store_open_pin(&store, name, true);
	for (unsigned type = 0; type < NSU_TYPE_COUNT && r >= 0; type++) {
		nsi_autoclose int ns = -1;
		char path[64];

		made.fd[type] = -1;
		if (!(types & 1u << type))
			continue;
		made.inode[type] = link_inode(kid.pid, nsu_type_get_name(type));
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", kid.pid,
			 nsu_type_get_name(type));
		ns = open(path, O_RDONLY | O_CLOEXEC);
		if (mounted & 1u << type)
			r = nsi_pin_mount(ctx, ns, type, dir, nsu_type_get_name(type),
					  NULL);
	}
	if (r >= 0 && record)
		r = nsi_record_write(dir, &made);
	nsi_store_close(&store);
	return ok(r >= 0, "the pin %s is made (%d)", name, r);
}

static void test_words(void)
{
	int fds = count_fds();

	is_int(types_of("pin:set"), TYPES, "a pin of three types");
	is_int(kind_of("pin:set"), NSU_TARGET_SET, "is a set");
	is_int(types_of("pin:set/net"), 1u << NSU_NET, "one of them");
	is_int(kind_of("pin:set/net"), NSU_TARGET_NS, "is a namespace");
	is_int(types_of("pin:set/network"), 1u << NSU_NET, "by its title");
	is_int(types_of("set"), TYPES, "the name alone");
	is_int(kind_of("pin:one"), NSU_TARGET_NS, "a pin of one type is a namespace");
	is_int(types_of("pin:set/user"), -ENOENT, "a type that it lacks");
	is_int(types_of("pin:set/"), -EINVAL, "no type");
	is_int(types_of("pin:set/nett"), -EINVAL, "what is no type");
	is_int(types_of("pin:set/net/net"), -EINVAL, "two types");
	is_int(types_of("pin:none"), -ENOENT, "no such pin");
	is_int(types_of("pin:"), -EINVAL, "no name");
	is_int(types_of("pin:.."), -EINVAL, "a name with dots");
	is_int(types_of("pin:../set"), -EINVAL, "a path");
	is_int(types_of("pin:a b"), -EINVAL, "a blank");
	is_int(types_of("1@pin:one"), -EINVAL, "what numbers no process");
	is_int(kind_of("1@pin:set"), NSU_TARGET_TASK, "a process by number");
	is_int(types_of("pin:part"), 1u << NSU_NET, "what is left of it");
	is_int(kind_of("pin:part"), NSU_TARGET_NS, "is a namespace");
	is_int(types_of("pin:empty"), -ENOENT, "nothing is left");
	is_int(types_of("pin:bare"), 1u << NSU_UTS, "without a record what is mounted");
	is_int(count_fds(), fds, "no descriptor is left");
}

/* The name of a namespace is given to another. */
static void test_stale(void)
{
	struct nsi_store store = NSI_STORE_INIT;
	struct nsi_record record = { 0 };
	nsi_autoclose int dir = -1;
	int fds = count_fds(), r;

	nsi_store_open(ctx, NSI_STORE_LOOK, &store, NULL);
	dir = nsi_store_open_pin(&store, "stale", false);
	r = nsi_record_read(dir, &record);
	is_int(r, 0, "its record");
	is_int(types_of("pin:stale"), TYPES, "is right");
	record.id[NSU_UTS] = 1;
	nsi_record_write(dir, &record);
	r = types_of("pin:stale");
	ok(r == -ESTALE || r == TYPES, "another id, where there are such (%d)", r);
	record.id[NSU_UTS] = 0;
	record.inode[NSU_UTS]++;
	nsi_record_write(dir, &record);
	is_int(types_of("pin:stale"), -ESTALE, "another inode");
	is_int(types_of("stale"), -ESTALE, "by its name alone");
	record.types = 1u << NSU_UTS;
	nsi_record_write(dir, &record);
	nsi_record_free(&record);
	umount2("/run/nsutil/pins/stale/uts", MNT_DETACH);
	is_int(mount("/proc/self/ns/ipc", "/run/nsutil/pins/stale/uts", NULL, MS_BIND,
		     NULL), 0, "another type");
	is_int(types_of("pin:stale"), -ESTALE, "is stale");
	close(dir);
	dir = -1;
	nsi_store_close(&store);
	is_int(count_fds(), fds, "no descriptor is left");
}

/* A bare name is a pin or one of /run/netns. */
static void test_both(void)
{
	static const char *const names[] = { "set", "one", "two", "empty" };

	mkdir("/run/netns", 0755);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[64], from[64] = "/proc/self/ns/net";

		if (i < 2)
			snprintf(from, sizeof(from), "/proc/%d/ns/net", kid.pid);
		snprintf(path, sizeof(path), "/run/netns/%s", names[i]);
		close(open(path, O_CREAT | O_RDONLY | O_CLOEXEC, 0444));
		mount(from, path, NULL, MS_BIND, NULL);
	}
	is_int(types_of("set"), TYPES, "both, and the same: the pin");
	is_int(types_of("one"), 1u << NSU_NET, "both, and just the same");
	is_int(types_of("two"), -ENOTUNIQ, "both, and not the same");
	is_int(types_of("pin:two"), 1u << NSU_UTS | 1u << NSU_NET, "as a pin");
	is_int(types_of("netns:two"), 1u << NSU_NET, "as the other");
	is_int(types_of("empty"), 1u << NSU_NET, "a pin of which nothing is left");
}

static bool is_held_by_us(const struct nsu_ns *ns)
{
	struct nsu_holder holder = NSU_HOLDER_INIT;

	for (size_t i = 0; nsu_ns_get_holder(ns, i, &holder) == 0; i++)
		if (holder.kind == NSU_HOLDER_FD && holder.task &&
		    nsu_task_get_pid(holder.task) == getpid())
			return true;
	return false;
}

/* The descriptors of a set are the caller's because it asks; others it just has. */
static void test_own(void)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	const struct nsu_target *only[1];
	struct nsu_target *target = NULL;
	struct nsu_snapshot *snap = NULL;
	nsi_autoclose int other = -1;
	const struct nsu_ns *ns;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/uts", kid.pid);
	other = open(path, O_RDONLY | O_CLOEXEC);
	is_int(nsu_target_new(ctx, "pin:set", &target), 0, "the set");
	only[0] = target;
	opts.parts = NSU_PART_TASKS | NSU_PART_FDS | NSU_PART_MOUNTS;
	opts.types = TYPES;
	opts.targets = only;
	opts.target_count = 1;
	is_int(nsu_snapshot_new(ctx, &opts, &snap), 0, "a scan of its types");
	for (unsigned type = 0; type < NSU_TYPE_COUNT && snap; type++)
		if (TYPES & 1u << type && !nsu_target_find_ns_of(target, snap, type, &ns))
			is_int(is_held_by_us(ns), type == NSU_UTS, "held by us: its %s",
			       nsu_type_get_name(type));
	nsu_snapshot_free(snap);
	snap = NULL;
	opts.targets = NULL;
	opts.target_count = 0;
	is_int(nsu_snapshot_new(ctx, &opts, &snap), 0, "a scan of all");
	is_int(nsu_snapshot_find_ns(snap, NSU_NET, link_inode(kid.pid, "net"), &ns), 0,
	       "its net");
	ok(is_held_by_us(ns), "is held by us where nobody asks for the set");
	nsu_snapshot_free(snap);
	nsu_target_free(target);
}

static void test_picture(void)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	struct nsu_target *target = NULL, *inner = NULL;
	struct nsu_snapshot *snap = NULL;
	const struct nsu_task *task;
	const struct nsu_ns *ns;
	const struct nsu_target *both[2];
	pid_t pid;

	is_int(nsu_target_new(ctx, "pin:set", &target), 0, "the set");
	is_int(nsu_target_new(ctx, "1@pin:set", &inner), 0, "its process 1");
	is_int(nsu_target_get_pid(target, &pid), -ENOENT, "has no pid");
	both[0] = target;
	both[1] = inner;
	opts.parts = NSU_PART_TASKS | NSU_PART_FDS;
	opts.types = 1u << NSU_MNT;
	opts.targets = both;
	opts.target_count = 2;
	is_int(nsu_snapshot_new(ctx, &opts, &snap), 0, "a scan for them");
	is_int(nsu_target_find_ns(target, snap, &ns), -ENOTUNIQ, "are several");
	is_int(nsu_target_find_task(target, snap, &task), -ENOENT, "and no process");
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		int r = nsu_target_find_ns_of(target, snap, type, &ns);

		if (!(TYPES & 1u << type)) {
			is_int(r, -ENOENT, "no %s", nsu_type_get_name(type));
			continue;
		}
		ok(!r && nsu_ns_get_inode(ns) ==
			   link_inode(kid.pid, nsu_type_get_name(type)),
		   "its %s", nsu_type_get_name(type));
		ok(!r && !is_held_by_us(ns), "is not told to be held by who asks");
	}
	is_int(nsu_target_find_ns_of(target, snap, NSU_TYPE_COUNT, &ns), -EINVAL,
	       "of no type");
	ok(!nsu_target_find_task(inner, snap, &task) &&
		   nsu_task_get_pid(task) == kid.pid, "1@pin:set");
	nsu_snapshot_free(snap);
	nsu_target_free(inner);
	nsu_target_free(target);
}

/* What a plan enters, or an error. */
static int entered(const char *word, unsigned types, const char *net)
{
	struct nsu_plan_options opts = NSU_PLAN_OPTIONS_INIT;
	struct nsu_target *target = NULL, *other = NULL;
	struct nsu_plan *plan = NULL;
	int r = nsu_target_new(ctx, word, &target);

	opts.types = types;
	opts.force = true;	/* its process has all capabilities */
	if (!r && net)
		r = nsu_target_new(ctx, net, &other);
	opts.ns[NSU_NET] = other;
	if (!r)
		r = nsu_plan_new(ctx, target, &opts, &plan);
	nsu_target_free(other);
	nsu_target_free(target);
	if (!r)
		r = nsu_plan_check(plan);
	if (!r)
		r = nsu_plan_get_outlook(plan)->entered;
	nsu_plan_free(plan);
	return r;
}

/* Nobody waits for it: its number stays, and yet nothing can be started there. */
static void test_zombie(void)
{
	uint64_t inode = link_inode(kid.pid, "pid");
	nsi_autoclose int net = -1, pid = -1;
	char path[64];
	siginfo_t info;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", kid.pid);
	pid = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", kid.pid);
	net = open(path, O_RDONLY | O_CLOEXEC);
	is_int(nsi_ask_init(ctx, pid, inode, false), kid.pid, "its init");
	is_int(nsi_ask_init(ctx, net, inode, false), kid.pid, "by a picture of all");
	is_int(nsi_ask_init(ctx, net, inode, true), 0, "or not at all");
	kill(kid.pid, SIGKILL);
	waitid(P_PID, kid.pid, &info, WEXITED | WNOWAIT);
	is_int(nsi_ask_init(ctx, pid, inode, false), -ESRCH, "one that is a zombie");
	is_int(nsi_ask_init(ctx, net, inode, false), -ESRCH, "also in a picture");
	is_int(entered("pin:set", 0, NULL), -EPERM, "nothing enters it");
}

static void test_plans(void)
{
	int fds = count_fds();

	is_int(entered("pin:set", 0, NULL), TYPES, "all of the set are entered");
	is_int(entered("pin:set", 1u << NSU_NET, NULL), 1u << NSU_NET, "or one");
	is_int(entered("pin:set", 1u << NSU_MNT, NULL), -EINVAL, "which it has");
	is_int(entered("pin:set", 1u << NSU_UTS, "pin:two"),
	       1u << NSU_UTS | 1u << NSU_NET, "or one and another's");
	is_int(entered("pin:set", 1u << NSU_UTS, "pin:bare"), -EMEDIUMTYPE,
	       "of the type that is asked for");
	is_int(entered("pin:one", 1u << NSU_UTS, NULL), -EINVAL, "of one just that");
	test_zombie();
	is_int(count_fds(), fds, "no descriptor is left");
	kid_end(&kid);
	is_int(entered("pin:set", 0, NULL), -EPERM, "not without an init");
	is_int(entered("pin:set", 1u << NSU_NET, NULL), 1u << NSU_NET, "but the others");
}

/* Without root's store: an ordinary user's, in which there is nothing. */
static void test_user(void)
{
	char dir[] = "/tmp/nsutil-pins.XXXXXX";

	if (!mkdtemp(dir)) {
		ok(false, "a directory");
		return;
	}
	setenv("XDG_RUNTIME_DIR", dir, 1);
	is_int(types_of("pin:nsutil-none"), -ENOENT, "a user's store without any");
	is_int(types_of("nsutil-none"), -ENOENT, "or by the name alone");
	rmdir(dir);
	is_int(types_of("pin:nsutil-none"), -ENOENT, "no store at all");
}

int main(void)
{
	int r;

	if (nsu_ctx_new(NULL, &ctx) < 0)
		skip_all("no /proc");
	place_need_host();
	if (geteuid()) {
		test_user();
		nsu_ctx_free(ctx);
		return done();
	}
	/* Before the mounts, which it is not to keep. */
	r = kid_start(&kid, CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWPID, NULL);
	if (r < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=755") < 0)
		skip_all("no namespaces may be made here");
	nsu_ctx_free(ctx);
	if (nsu_ctx_new(NULL, &ctx) < 0)
		skip_all("no /proc");
	is_int(types_of("pin:set"), -ENOENT, "no store yet");
	if (make_pin("set", TYPES, TYPES, true) &&
	    make_pin("one", 1u << NSU_NET, TYPES, true) &&
	    make_pin("two", 1u << NSU_UTS | 1u << NSU_NET, TYPES, true) &&
	    make_pin("part", TYPES, 1u << NSU_NET, true) &&
	    make_pin("empty", TYPES, 0, true) &&
	    make_pin("bare", 1u << NSU_UTS, TYPES, false) &&
	    make_pin("stale", TYPES, TYPES, true)) {
		test_words();
		test_stale();
		test_both();
		test_own();
		test_picture();
		test_plans();
	}
	nsu_ctx_free(ctx);
	return done();
}
