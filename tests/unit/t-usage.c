/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits and usage of cgroups, and roots of cgroup namespaces. */
#include "cgtree.h"
#include "proctree.h"
#include "usage.h"

#define UNKNOWN NSI_USAGE_UNKNOWN

static char none[] = "", memory_v1[] = "memory", cpu_v1[] = "cpu,cpuacct",
	pids_v1[] = "pids", freezer_v1[] = "freezer", blkio_v1[] = "blkio";

static struct nsu_cgroup read_files(const char *controllers, const char *path,
				    unsigned depth, struct nsu_cgroup usage)
{
	char *words = strdup(controllers);
	struct nsi_cgroup group = { .unified = !*controllers, .controllers = words };
	int dir = openat(tree_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct nsi_limits *above = NULL;
	struct nsi_limits room;
	unsigned has;

	has = nsi_usage_has(&group);
	if (depth)
		above = nsi_usage_read_above(NULL, 0, has, path, dir, depth, &room);
	nsi_usage_add(has, dir, above, &usage);
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
	is_int(usage.memory_level, 0, "v2: the limit of memory is its own");
	is_int(usage.pids_level, 1, "v2: that of tasks is one level above");
	is_int(usage.cpu_level, 1, "v2: so is that of processors");
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

static void test_counts_v2(void)
{
	struct nsu_cgroup usage = UNKNOWN;

	tree_begin();
	tree_file("anon 5\nfile 4096\n", "a/memory.stat");
	tree_file("9000\n", "a/memory.peak");
	tree_file("low 0\noom 4\noom_kill 3\noom_group_kill 7\n", "a/memory.events");
	tree_file("usage_usec 50\nnr_periods 10\nnr_throttled 4\nthrottled_usec 777\n",
		  "a/cpu.stat");
	tree_file("8:0 rbytes=100 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n"
		  "8:16 rbytes=1 wbytes=2 rios=1\n", "a/io.stat");
	tree_file("some avg10=1.53 avg60=0.00 avg300=0.00 total=99\n"
		  "full avg10=9.99 avg60=0.00 avg300=0.00 total=1\n", "a/cpu.pressure");
	tree_file("some avg10=100.00 avg60=0.00\n", "a/memory.pressure");
	tree_file("rubbish\n", "a/io.pressure");
	usage = read_files(none, "a", 0, usage);
	is_int(usage.memory_cache, 4096, "counts v2: file cache");
	is_int(usage.memory_peak, 9000, "counts v2: the peak");
	is_int(usage.oom_kills, 3, "counts v2: kills, no other word");
	is_int(usage.cpu_periods, 10, "counts v2: periods");
	is_int(usage.cpu_throttled, 4, "counts v2: those throttled");
	is_int(usage.cpu_throttled_time, 777, "counts v2: for how long");
	is_int(usage.io_read, 101, "counts v2: bytes read of all devices");
	is_int(usage.io_written, 22, "counts v2: and written");
	is_int(usage.cpu_pressure, 153, "counts v2: pressure in hundredths");
	is_int(usage.memory_pressure, 10000, "counts v2: all of it");
	is_int(usage.io_pressure, -1, "counts v2: rubbish is unknown");
	usage = read_files(none, ".", 0, (struct nsu_cgroup)UNKNOWN);
	ok(usage.oom_kills == -1 && usage.io_read == -1 && usage.cpu_periods == -1 &&
	   usage.cpu_pressure == -1 && usage.memory_level == -1,
	   "counts v2: without files nothing is known");
}

static void test_counts_v1(void)
{
	struct nsu_cgroup usage = UNKNOWN;

	tree_begin();
	tree_file("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
		  "m/memory.oom_control");
	tree_file("cache 1\ntotal_cache 512\n", "m/memory.stat");
	tree_file("7000\n", "m/memory.max_usage_in_bytes");
	tree_file("nr_periods 8\nnr_throttled 2\nthrottled_time 5000000\n", "c/cpu.stat");
	tree_file("8:0 Read 10\n8:0 Write 20\n8:0 Total 30\n8:16 Read 5\nTotal 35\n",
		  "b/blkio.throttle.io_service_bytes_recursive");
	usage = read_files(memory_v1, "m", 0, usage);
	usage = read_files(cpu_v1, "c", 0, usage);
	usage = read_files(blkio_v1, "b", 0, usage);
	is_int(usage.oom_kills, 2, "counts v1: kills");
	is_int(usage.memory_cache, 512, "counts v1: file cache");
	is_int(usage.memory_peak, 7000, "counts v1: the peak");
	is_int(usage.cpu_throttled, 2, "counts v1: periods throttled");
	is_int(usage.cpu_throttled_time, 5000, "counts v1: in microseconds");
	is_int(usage.io_read, 15, "counts v1: bytes read");
	is_int(usage.io_written, 20, "counts v1: and written");
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

#define X16(c)	c c c c c c c c c c c c c c c c
#define X64(c)	X16(c) X16(c) X16(c) X16(c)
#define A	"docker/" X64("a")
#define B	"docker/" X64("b")

static struct nsu_cgroup usage_in(const struct nsu_snapshot *snap, pid_t pid, bool brief)
{
	struct nsu_cgroup full = NSU_CGROUP_INIT, some = NSU_CGROUP_BRIEF_INIT;
	struct nsu_cgroup *usage = brief ? &some : &full;
	const struct nsu_container *container = NULL;
	const struct nsu_task *task = NULL;

	some.memory_peak = full.memory_peak = 77;
	nsu_snapshot_find_task(snap, pid, &task);
	is_int(nsu_task_get_container(task, &container), 0, "container of %d", pid);
	is_int(nsu_container_read_usage(container, usage), 0, "usage of it");
	return *usage;
}

/* Of two in one cgroup, which has a limit; the task of one is below the container's. */
static void check_container(int which)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;
	struct nsu_cgroup usage;
	struct kid kids[2];
	pid_t pids[2];

	make(which, "docker");
	make(which, A);
	make(which, A "/below");
	make(which, B);
	kids[0] = kid_in(which, A "/below");
	kids[1] = kid_in(which, B);
	pids[0] = kids[0].pid;
	pids[1] = kids[1].pid;
	put("40", "%s/docker/pids.max", top[which]);
	put("30", "%s/" A "/pids.max", top[which]);
	put("20", "%s/" A "/below/pids.max", top[which]);
	options.parts = NSU_PART_CONTAINERS;
	options.pids = pids;
	options.pid_count = 2;
	is_int(nsu_snapshot_new(ctx, &options, &snap), 0, "a scan");
	usage = usage_in(snap, pids[0], false);
	is_int(usage.pids_max, 30, "container: its limit, not that of a cgroup below");
	is_int(usage.pids_level, 0, "container: set there");
	is_int(usage.pids, 1, "container: with what is below");
	ok(usage.memory_peak != 77, "container: all is told");
	usage = usage_in(snap, pids[1], true);
	is_int(usage.pids_max, 40, "its neighbour: the limit above");
	is_int(usage.pids_level, 1, "its neighbour: set there");
	is_int(usage.memory_peak, 77, "its neighbour: what was not asked for");
	ok(ctx->here, "the mounts are kept");
	nsu_snapshot_free(snap);
	ok(!ctx->here, "until the snapshot is freed");
	put("max", "%s/docker/pids.max", top[which]);
	is_int(nsu_snapshot_new(ctx, &options, &snap), 0, "a scan");
	usage = usage_in(snap, pids[1], false);
	ok(usage.pids_max != 40, "another snapshot looks again");
	nsu_snapshot_free(snap);
	kid_end(&kids[0]);
	kid_end(&kids[1]);
}

static void checks(void)
{
	if (nsu_ctx_new(NULL, &ctx) < 0)
		exit(1);
	test_v2();
	test_v1();
	test_counts_v2();
	test_counts_v1();
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
	if (*top[PIDS])
		check_container(PIDS);
	else
		skip("usage of a container", "no hierarchy of pids");
	nsu_ctx_free(ctx);
}

int main(void)
{
	return supervise(checks);
}
