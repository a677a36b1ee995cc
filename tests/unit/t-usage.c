/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits and usage of cgroups, and roots of cgroup namespaces. */
#include "cgtree.h"
#include "proctree.h"

#define UNKNOWN { .size = sizeof(struct nsu_cgroup), .memory = -1, .memory_max = -1, \
	.pids = -1, .pids_max = -1, .cpu_usage = -1, .cpu_max = -1, .frozen = -1 }

static char none[] = "", memory_v1[] = "memory", cpu_v1[] = "cpu,cpuacct",
	pids_v1[] = "pids", freezer_v1[] = "freezer";

static struct nsu_cgroup read_files(const char *controllers, const char *path,
				    unsigned depth, struct nsu_cgroup usage)
{
	char *words = strdup(controllers);
	struct nsi_cgroup group = { .unified = !*controllers, .controllers = words };
	int dir = openat(tree_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	nsi_cgroup_read_usage(&group, dir, depth, &usage);
	close(dir);
	free(words);
	return usage;
}

static void test_v2(void)
{
	struct nsu_cgroup usage = UNKNOWN;

	tree_begin();
	tree_file("cpu memory pids\n", "cgroup.controllers");
	tree_file("usage_usec 99\n", "cpu.stat");
	tree_file("max\n", "a/memory.max");
	tree_file("70\n", "a/pids.max");
	tree_file("50000 100000\n", "a/cpu.max");
	tree_file("4096\n", "a/b/memory.current");
	tree_file("8192\n", "a/b/memory.max");
	tree_file("max\n", "a/b/pids.max");
	tree_file("3\n", "a/b/pids.current");
	tree_file("max 100000\n", "a/b/cpu.max");
	tree_file("nr_x 1\nusage_usec 1234567\nuser_usec 5\n", "a/b/cpu.stat");
	tree_file("populated 1\nfrozen 0\n", "a/b/cgroup.events");
	usage = read_files(none, "a/b", 2, usage);
	is_int(usage.memory, 4096, "v2: memory");
	is_int(usage.memory_max, 8192, "v2: its limit");
	is_int(usage.pids, 3, "v2: tasks");
	is_int(usage.pids_max, 70, "v2: the limit above is tighter");
	is_int(usage.cpu_usage, 1234567, "v2: processor time");
	is_int(usage.cpu_max, 500, "v2: half a processor");
	is_int(usage.frozen, 0, "v2: not frozen");
	tree_file("1\n", "a/cgroup.freeze");
	usage = read_files(none, "a/b", 2, (struct nsu_cgroup)UNKNOWN);
	is_int(usage.frozen, 1, "v2: frozen above");
	usage = read_files(none, ".", 0, (struct nsu_cgroup)UNKNOWN);
	is_int(usage.memory, -1, "v2: the topmost has no number");
	ok(usage.memory_max == INT64_MAX && usage.pids_max == INT64_MAX &&
	   usage.cpu_max == INT64_MAX, "v2: the topmost has no limits");
	is_int(usage.cpu_usage, 99, "v2: but processor time");
	tree_file("hugetlb\n", "cgroup.controllers");
	usage = read_files(none, ".", 0, (struct nsu_cgroup)UNKNOWN);
	ok(usage.memory_max == -1 && usage.pids_max == -1 && usage.cpu_max == -1,
	   "v2: without controllers nothing is known");
}

static void test_v1(void)
{
	struct nsu_cgroup usage = UNKNOWN;

	tree_begin();
	tree_file("9223372036854771712\n", "m/memory.limit_in_bytes");
	tree_file("1000000\n", "m/x/memory.limit_in_bytes");
	tree_file("2000000\n", "m/x/y/memory.limit_in_bytes");
	tree_file("555\n", "m/x/y/memory.usage_in_bytes");
	tree_file("-1\n", "c/cpu.cfs_quota_us");
	tree_file("250000\n", "c/x/cpu.cfs_quota_us");
	tree_file("100000\n", "c/x/cpu.cfs_period_us");
	tree_file("7654321\n", "c/x/cpuacct.usage");
	tree_file("FREEZING\n", "f/freezer.state");
	tree_file("2\n", "p/pids.current");
	usage = read_files(memory_v1, "m/x/y", 2, usage);
	usage = read_files(cpu_v1, "c/x", 1, usage);
	usage = read_files(freezer_v1, "f", 0, usage);
	usage = read_files(pids_v1, "p", 0, usage);
	is_int(usage.memory, 555, "v1: memory");
	is_int(usage.memory_max, 1000000, "v1: the limit above is tighter");
	is_int(usage.cpu_max, 2500, "v1: two and a half processors");
	is_int(usage.cpu_usage, 7654, "v1: processor time in microseconds");
	is_int(usage.frozen, 1, "v1: frozen");
	is_int(usage.pids, 2, "v1: tasks");
	ok(usage.pids_max == INT64_MAX, "v1: no limit");
	usage = read_files(memory_v1, "m", 0, (struct nsu_cgroup)UNKNOWN);
	ok(usage.memory_max == INT64_MAX, "v1: a huge limit is none");
	usage = read_files(cpu_v1, "c", 0, (struct nsu_cgroup)UNKNOWN);
	ok(usage.cpu_max == INT64_MAX, "v1: no quota");
}

static void test_odd(void)
{
	static const char *const odd[] = {
		"", "x\n", "-5\n", "99999999999999999999\n", "maximal\n", "7 8\n",
	};
	struct nsu_cgroup usage;

	tree_begin();
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		tree_file(odd[i], "a/memory.max");
		tree_file(odd[i], "a/memory.current");
		tree_file(odd[i], "a/pids.max");
		usage = read_files(none, "a", 0, (struct nsu_cgroup)UNKNOWN);
		ok(usage.memory == -1 && usage.memory_max == -1 && usage.pids_max == -1,
		   "odd text %zu is unknown", i);
	}
	tree_file("1 0\n", "a/cpu.max");
	usage = read_files(none, "a", 0, (struct nsu_cgroup)UNKNOWN);
	is_int(usage.cpu_max, -1, "a period of 0");
	tree_file("9223372036854775807 100000\n", "a/cpu.max");
	usage = read_files(none, "a", 0, (struct nsu_cgroup)UNKNOWN);
	ok(usage.cpu_max == INT64_MAX, "a quota beyond all");
}

static struct nsu_snapshot *picture(pid_t pid)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;

	options.pids = &pid;
	options.pid_count = 1;
	is_int(nsu_snapshot_new(ctx, &options, &snap), 0, "a scan");
	return snap;
}

static struct nsu_cgroup usage_of(pid_t pid)
{
	struct nsu_snapshot *snap = picture(pid);
	struct nsu_cgroup usage = NSU_CGROUP_INIT;
	const struct nsu_task *task = NULL;

	nsu_snapshot_find_task(snap, pid, &task);
	is_int(nsu_task_read_cgroup_usage(task, &usage), 0, "usage of %d", pid);
	nsu_snapshot_free(snap);
	return usage;
}

static void check_live(int which)
{
	struct nsu_cgroup usage;
	struct kid kid;

	make(which, "u");
	make(which, "u/v");
	kid = kid_in(which, "u/v");
	if (which == PIDS) {
		put("40", "%s/u/pids.max", top[which]);
		put("90", "%s/u/v/pids.max", top[which]);
		usage = usage_of(kid.pid);
		is_int(usage.pids, 1, "pids: one task");
		is_int(usage.pids_max, 40, "pids: the tightest limit");
	} else if (which == MEMORY) {
		put("50000000", "%s/u/memory.limit_in_bytes", top[which]);
		usage = usage_of(kid.pid);
		is_int(usage.memory_max / 4096, 50000000 / 4096, "memory: the limit");
		ok(usage.memory >= 0, "memory: used");
	} else if (which == CPU) {
		put("30000", "%s/u/cpu.cfs_quota_us", top[which]);
		usage = usage_of(kid.pid);
		is_int(usage.cpu_max, 300, "cpu: the limit");
	} else if (which == FREEZER) {
		put("FROZEN", "%s/u/freezer.state", top[which]);
		usage = usage_of(kid.pid);
		is_int(usage.frozen, 1, "freezer: frozen");
		put("THAWED", "%s/u/freezer.state", top[which]);
		usage = usage_of(kid.pid);
		is_int(usage.frozen, 0, "freezer: thawed");
	} else {
		put("1", "%s/u/cgroup.freeze", top[which]);
		usage = usage_of(kid.pid);
		is_int(usage.frozen, 1, "unified: frozen");
		put("0", "%s/u/cgroup.freeze", top[which]);
		ok(usage.cpu_usage >= 0, "unified: processor time");
	}
	kid_end(&kid);
}

/* Waits until it was put into a cgroup, then is at the root of a namespace. */
static int new_root(void)
{
	return unshare(CLONE_NEWCGROUP) < 0 ? -errno : 0;
}

static int join_and_new_root(void)
{
	int r = put_pid(getpid(), asked, "r");

	return r < 0 ? r : new_root();
}

static const char *root_text(pid_t pid, int *ret)
{
	static char text[PATH_MAX];
	struct nsu_snapshot *snap = picture(pid);
	const struct nsu_task *task = NULL;
	const struct nsu_ns *ns = NULL;
	char *root = NULL;

	nsu_snapshot_find_task(snap, pid, &task);
	nsu_task_get_ns(task, NSU_CGROUP, &ns);
	*ret = nsu_ns_read_cgroup_root(ns, &root);
	snprintf(text, sizeof(text), "%s", root ? root : "?");
	free(root);
	nsu_snapshot_free(snap);
	return text;
}

static void check_root(int which)
{
	const char *want = strrchr(top[which], '/');
	struct kid kid;
	char text[128];
	int r;

	asked = which;
	make(which, "r");
	make(which, "r/s");
	is_int(kid_start(&kid, 0, join_and_new_root), 0, "a process");
	if (kid.said < 0) {
		skip("root of a cgroup namespace", "none can be made");
		kid_end(&kid);
		return;
	}
	snprintf(text, sizeof(text), "%.100s/r", want);
	is_str(root_text(kid.pid, &r), text, "root: a member is at it");
	put_pid(kid.pid, which, "r/s");
	is_str(root_text(kid.pid, &r), text, "root: a member is below it");
	put_pid(kid.pid, which, "");
	is_str(root_text(kid.pid, &r), "?", "root: a member is outside");
	is_int(r, -ENODATA, "root: that tells nothing");
	is_str(root_text(getpid(), &r), "/", "root: own");
	kid_end(&kid);
}

static void checks(void)
{
	if (nsu_ctx_new(NULL, &ctx) < 0)
		exit(1);
	test_v2();
	test_v1();
	test_odd();
	/* What a cpuset allows is no usage. */
	for (int i = 0; i < CPUSET; i++) {
		if (*top[i])
			check_live(i);
		else
			skip(i == UNIFIED ? "unified" : controller[i],
			     "no such hierarchy here");
	}
	if (*top[UNIFIED])
		check_root(UNIFIED);
	nsu_ctx_free(ctx);
}

int main(void)
{
	return supervise(checks);
}
