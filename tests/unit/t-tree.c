/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scans of fixture trees. Relations need nsfs, which plain links do not lead to. */
#include "proctree.h"

#define OWN(type) (1u << NSU_##type)
#define ALL 0xffu

static struct nsu_ctx *ctx;
static struct nsu_snapshot *snap;

static void scan(unsigned parts, unsigned types)
{
	snap = tree_scan_with(parts, types, NULL, &ctx);
}

static void end(void)
{
	nsu_snapshot_free(snap);
	nsu_ctx_free(ctx);
	snap = NULL;
	ctx = NULL;
}

static const struct nsu_task *task(pid_t tid)
{
	const struct nsu_task *found = NULL;

	is_int(nsu_snapshot_find_task(snap, tid, &found), 0, "task %d is there", tid);
	return found;
}

static const struct nsu_ns *ns(enum nsu_type type, uint64_t inode)
{
	const struct nsu_ns *found = NULL;

	is_int(nsu_snapshot_find_ns(snap, type, inode, &found), 0, "%s:[%ju] is there",
	       nsu_type_get_name(type), (uintmax_t)inode);
	return found;
}

static uint64_t inode_of(pid_t tid, enum nsu_type type)
{
	const struct nsu_task *t = task(tid);
	const struct nsu_ns *found;
	int r = nsu_task_get_ns(t, type, &found);

	return r < 0 ? (uint64_t)r : nsu_ns_get_inode(found);
}

static void test_several(void)
{
	const struct nsu_totals *totals;
	const struct nsu_task *ref;

	tree_begin();
	tree_process(1, 0, 0);
	tree_process(20, 0, 0);
	tree_process(300, OWN(NET) | OWN(UTS), 5000);
	tree_process(4000, OWN(NET) | OWN(UTS), 5000);
	tree_process(50000, OWN(NET), 6000);
	tree_file("", "sys/kernel/x");
	tree_file("", "12x/ns/net");
	tree_file("", "99999999999999/ns/net");
	scan(TREE_PARTS, 0);
	totals = nsu_snapshot_get_totals(snap);
	is_int(totals->processes, 5, "processes");
	ok(!totals->threads && !totals->zombies && !totals->unread && !totals->vanished &&
	   !totals->hidden, "and nothing else");
	ok(nsu_snapshot_is_complete(snap), "complete");
	is_int(nsu_snapshot_get_types(snap), ALL, "all types");
	is_int(nsu_snapshot_count_ns(snap), 8 + 3, "namespaces");
	is_int(nsu_ns_count_processes(ns(NSU_NET, 5000 + NSU_NET)), 2, "members");
	is_int(nsu_task_get_tid(nsu_ns_get_task(ns(NSU_NET, 5000 + NSU_NET), 1)), 4000,
	       "sorted");
	ok(!nsu_ns_get_task(ns(NSU_NET, 5000 + NSU_NET), 2), "none above the count");
	is_int(nsu_ns_count_processes(ns(NSU_USER, TREE_FIRST(NSU_USER))), 5,
	       "user: all");
	is_int(inode_of(50000, NSU_NET), 6000 + NSU_NET, "of a task");
	is_int(nsu_snapshot_count_sandboxes(snap), 3, "sandboxes");
	is_int(nsu_sandbox_count_processes(nsu_snapshot_get_sandbox(snap, 1)), 2,
	       "a pair");
	is_int(nsu_task_get_tid(
		       nsu_sandbox_get_task(nsu_snapshot_get_sandbox(snap, 1), 0)),
	       300, "with its lowest first");
	is_int(nsu_snapshot_get_reference(snap, &ref), NSU_REF_INIT, "reference");
	is_int(nsu_task_get_tid(ref), 1, "is process 1");
	is_int(nsu_snapshot_sees_host(snap), 1, "the host");
	end();
}

static void check_sorted(void)
{
	const struct nsu_ns *a, *b;
	bool right = true;

	for (size_t i = 1; (b = nsu_snapshot_get_ns(snap, i)); i++) {
		a = nsu_snapshot_get_ns(snap, i - 1);
		right &= a->type < b->type || (a->type == b->type && a->inode < b->inode);
	}
	for (size_t i = 1; i < nsu_snapshot_count_tasks(snap); i++)
		right &= nsu_snapshot_get_task(snap, i - 1)->tid <
			nsu_snapshot_get_task(snap, i)->tid;
	ok(right, "sorted");
}

static void test_threads(void)
{
	const struct nsu_ns *own;

	tree_begin();
	tree_process(1, 0, 0);
	tree_process(10, 0, 0);
	tree_task("10/task/11", 0, 0);
	tree_task("10/task/12", OWN(NET), 7000);
	tree_task("10/task/13", OWN(NET), 7000);
	tree_task("10/task/14", 0, 0);
	tree_link("pid:[7777]", "10/task/14/ns/pid_for_children");
	scan(TREE_PARTS, 0);
	is_int(nsu_snapshot_get_totals(snap)->processes, 2, "processes");
	is_int(nsu_snapshot_get_totals(snap)->threads, 3, "threads that differ");
	own = ns(NSU_NET, 7000 + NSU_NET);
	is_int(nsu_ns_count_tasks(own), 2, "two threads are in it");
	is_int(nsu_ns_count_processes(own), 1, "of one process");
	is_int(nsu_ns_count_processes(ns(NSU_NET, TREE_FIRST(NSU_NET))), 2,
	       "its leader too");
	is_int(nsu_ns_count_tasks(ns(NSU_USER, TREE_FIRST(NSU_USER))), 2,
	       "no thread is told where its process is");
	ok(nsu_task_is_thread(task(12)) && !nsu_task_is_thread(task(10)),
	   "a thread is one");
	is_int(nsu_task_get_pid(task(13)), 10, "of its process");
	is_int(nsu_snapshot_find_task(snap, 11, &(const struct nsu_task *){ NULL }),
	       -ENOENT, "one like its leader is left out");
	is_int(nsu_snapshot_count_sandboxes(snap), 2, "sandboxes");
	is_int(nsu_sandbox_count_processes(nsu_snapshot_get_sandbox(snap, 0)), 2,
	       "one that differs in its children only is no process more");
	is_int(nsu_ns_count_heirs(ns(NSU_PID, 7777)), 1, "an heir");
	check_sorted();
	end();
	scan(NSU_PART_TASKS, 0);
	is_int(nsu_snapshot_count_ns(snap), 8, "threads that are not asked for");
	end();
}

/* A thread ended, and a process got its number, before the scan came there. */
static void test_twice(void)
{
	tree_begin();
	tree_process(1, 0, 0);
	tree_process(30, 0, 0);
	tree_task("30/task/20", OWN(NET), 7000);
	tree_process(20, OWN(NET), 8000);
	scan(TREE_PARTS, 0);
	is_int(nsu_snapshot_count_tasks(snap), 3, "a number is one task's");
	ok(!nsu_task_is_thread(task(20)), "the process's");
	is_int(inode_of(20, NSU_NET), 8000 + NSU_NET, "with its namespaces");
	check_sorted();
	end();
}

static void test_dead(void)
{
	const struct nsu_ns *user;

	tree_begin();
	tree_process(1, 0, 0);
	for (int pid = 30; pid < 33; pid++) {		/* zombies */
		tree_link("pid:[9004]", "%d/ns/pid", pid);
		tree_link("user:[4026531837]", "%d/ns/user", pid);
		tree_link("pid:[9004]", "%d/task/%d/ns/pid", pid, pid);
	}
	tree_file("Name:\tz\nState:\tZ (zombie)\nNSpid:\t30\t1\n", "30/status");
	tree_link("pid:[9004]", "40/ns/pid");		/* a dead leader */
	tree_link("user:[4026531837]", "40/ns/user");
	tree_link("pid:[9004]", "40/task/40/ns/pid");
	tree_task("40/task/41", OWN(NET), 8000);
	tree_file("", "50/task/x");			/* ended between two steps */
	tree_file("", "51/ns/x");
	scan(TREE_PARTS, 0);
	user = ns(NSU_USER, TREE_FIRST(NSU_USER));
	is_int(nsu_snapshot_get_totals(snap)->zombies, 3, "zombies");
	is_int(nsu_snapshot_get_totals(snap)->vanished, 2, "vanished");
	is_int(nsu_snapshot_get_totals(snap)->processes, 5, "processes");
	is_int(nsu_snapshot_count_gaps(snap), 0, "none of them is a gap");
	is_int(nsu_ns_count_zombies(ns(NSU_PID, 9004)), 3, "in their pid namespace");
	is_int(nsu_ns_count_processes(ns(NSU_PID, 9004)), 0,
	       "where they are no processes");
	is_int(nsu_ns_count_zombies(user), 3, "in their user namespace");
	is_int(nsu_ns_count_processes(user), 2, "beside the living");
	ok(nsu_task_is_zombie(task(30)) && !nsu_task_is_dead_leader(task(30)),
	   "a zombie");
	ok(nsu_task_is_zombie(task(40)) && nsu_task_is_dead_leader(task(40)),
	   "a dead leader");
	is_int(inode_of(30, NSU_NET), -ENOENT, "a zombie's net");
	is_int(inode_of(30, NSU_PID), 9004, "a zombie's pid");
	is_int(inode_of(41, NSU_NET), 8000 + NSU_NET, "the thread that lives on");
	is_int(nsu_ns_count_processes(ns(NSU_NET, 8000 + NSU_NET)), 1,
	       "counts as its process");
	is_int(nsu_task_get_sandbox(task(30), &(const struct nsu_sandbox *){ NULL }),
	       -ENOENT, "a zombie is in no sandbox");
	is_int(nsu_task_get_pids(task(30), &(const pid_t *){ NULL }), 2,
	       "numbers of a zombie");
	end();
}

static void test_lacking(void)
{
	static const char *const late[] = { "cgroup", "time", "time_for_children" };

	tree_begin();
	tree_process(1, 0, 0);
	tree_process(2, OWN(NET), 100);
	for (size_t i = 0; i < ARRAY_SIZE(late); i++)
		for (int pid = 1; pid <= 2; pid++) {
			char path[64];

			snprintf(path, sizeof(path), "%d/ns/%s", pid, late[i]);
			unlinkat(tree_fd, path, 0);
		}
	scan(TREE_PARTS, 0);
	is_int(nsu_snapshot_get_types(snap), ALL & ~OWN(CGROUP) & ~OWN(TIME), "types");
	is_int(nsu_snapshot_count_gaps(snap), 0, "a type that is not there is no gap");
	is_int(inode_of(2, NSU_TIME), -ENOENT, "none");
	is_int(nsu_snapshot_get_totals(snap)->processes, 2, "nobody vanished");
	is_int(nsu_sandbox_get_ns(nsu_snapshot_get_sandbox(snap, 0), NSU_TIME,
				  &(const struct nsu_ns *){ NULL }), -ENOENT,
	       "in no sandbox");
	is_int(nsu_snapshot_count_sandboxes(snap), 2, "sandboxes");
	end();
}

static void test_malformed(void)
{
	static const char *const texts[] = {
		"user:[x]",
		"user:[4026531846",
		"net:[4026531846]",
		"/etc/passwd",
		"user:[]",
		"user:[99999999999999999999999999999]",
		"x",
		"user:[4026531846]aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	const struct nsu_gap *gap;
	bool right = true;

	tree_begin();
	tree_process(1, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		tree_process(10 + i, 0, 0);
		tree_link(texts[i], "%zu/ns/user", 10 + i);
		tree_file("Name:\tx\nState:\tS (sleeping)\n", "%zu/status", 10 + i);
	}
	tree_process(70, 0, 0);
	tree_link("junk", "70/ns/net");
	tree_file("Name:\tx\nState:\tS (sleeping)\n", "70/status");
	tree_file("", "80/ns");					/* a file */
	tree_file("Name:\tx\nState:\tS (sleeping)\n", "80/status");
	scan(TREE_PARTS, 0);
	is_int(nsu_snapshot_count_gaps(snap), ARRAY_SIZE(texts) + 2, "gaps");
	is_int(nsu_snapshot_get_totals(snap)->unread, ARRAY_SIZE(texts) + 2, "unread");
	for (size_t i = 0; (gap = nsu_snapshot_get_gap(snap, i)); i++)
		right &= gap->error > 0 && gap->pid >= 10 && gap->tid == gap->pid &&
			gap->step && *gap->step;
	ok(right, "each says who, what and why");
	ok(!nsu_snapshot_is_complete(snap), "not complete");
	is_int(inode_of(10, NSU_USER), -EBADMSG, "unread is not none");
	is_int(inode_of(70, NSU_USER), TREE_FIRST(NSU_USER), "what was read is kept");
	is_int(nsu_task_get_error(task(70)), -EBADMSG, "and the error told");
	is_int(nsu_ns_count_processes(ns(NSU_USER, TREE_FIRST(NSU_USER))), 2,
	       "and counted");
	is_int(nsu_task_get_sandbox(task(70), &(const struct nsu_sandbox *){ NULL }),
	       -ENOENT, "in no sandbox");
	end();
}

static void test_unreadable(void)
{
	if (!geteuid()) {
		skip("a directory that may not be read", "root may read all");
		return;
	}
	tree_begin();
	tree_process(1, 0, 0);
	tree_process(5, 0, 0);
	tree_file("Name:\tx\nState:\tS\nNSpid:\t5\t2\n", "5/status");
	fchmodat(tree_fd, "5/ns", 0, 0);
	scan(TREE_PARTS, 0);
	fchmodat(tree_fd, "5/ns", 0700, 0);
	is_int(nsu_snapshot_count_gaps(snap), 1, "one gap");
	is_int(nsu_snapshot_get_gap(snap, 0)->error, EACCES, "its reason");
	is_int(nsu_snapshot_get_totals(snap)->processes, 2, "it is in the picture");
	is_int(inode_of(5, NSU_NET), -EACCES, "with nothing known");
	is_int(nsu_task_get_pids(task(5), &(const pid_t *){ NULL }), 2,
	       "but its numbers");
	end();
}

static void test_children(void)
{
	const struct nsu_ns *found;

	tree_begin();
	tree_process(1, 0, 0);
	tree_process(2, 0, 0);
	tree_process(3, 0, 0);
	tree_process(4, 0, 0);
	tree_link("pid:[400]", "2/ns/pid_for_children");
	tree_link("time:[401]", "2/ns/time_for_children");
	unlinkat(tree_fd, "3/ns/pid_for_children", 0);
	tree_link("what", "4/ns/pid_for_children");
	scan(TREE_PARTS, 0);
	is_int(nsu_task_get_child_ns(task(2), NSU_PID, &found), 0, "pid_for_children");
	is_int(nsu_ns_get_inode(found), 400, "its inode");
	is_int(nsu_ns_count_heirs(found), 1, "an heir");
	is_int(nsu_ns_count_tasks(found), 0, "but no member");
	is_int(nsu_task_get_tid(nsu_ns_get_heir(ns(NSU_TIME, 401), 0)), 2, "of time too");
	is_int(nsu_task_get_child_ns(task(3), NSU_PID, &found), -ENOENT, "none yet");
	is_int(nsu_task_get_child_ns(task(4), NSU_PID, &found), -EBADMSG, "unread");
	is_int(nsu_snapshot_count_gaps(snap), 1, "which is a gap");
	is_str(nsu_snapshot_get_gap(snap, 0)->step, "ns/pid_for_children", "its step");
	is_int(nsu_task_get_child_ns(task(1), NSU_PID, &found), 0, "the same as its own");
	is_int(nsu_ns_count_heirs(found), 0, "which is no heir");
	end();
	scan(NSU_PART_TASKS, 0);
	is_int(nsu_task_get_child_ns(task(2), NSU_PID, &found), -ENODATA,
	       "not asked for");
	end();
}

/* The parents of pid namespaces come from nsfs: here each has but its own level. */
static void test_pids(void)
{
	char status[20000] = "Name:\tx\nGroups:\t";
	const pid_t *pids = NULL;
	const struct nsu_task *found;
	pid_t pid = 0;

	tree_begin();
	tree_process(1, 0, 0);
	tree_process(100, OWN(PID), 500);
	tree_file("Name:\ta\\nNSpid:\t9\t9\nNSpid:\t100\t7\t1\nNSpgid:\t1\n",
		  "100/status");
	tree_process(101, OWN(PID), 500);
	while (strlen(status) < 15000)
		strcat(status, "4294967295 ");
	strcat(status, "\nNSpid:\t101\t8\t2\n");
	tree_file(status, "101/status");
	tree_process(103, OWN(PID), 600);
	tree_file("Name:\tx\nNSpid:\t103\t99999999999\n", "103/status");
	scan(TREE_PARTS, 0);
	is_int(nsu_task_get_pids(task(100), &pids), 3, "numbers");
	ok(pids[0] == 100 && pids[1] == 7 && pids[2] == 1, "one for each level");
	is_int(nsu_task_get_pids(task(1), &pids), 1, "one for the host's own");
	is_int(pids[0], 1, "its pid");
	is_int(nsu_task_get_pid_in(task(100), ns(NSU_PID, 504), &pid), 0, "inside");
	is_int(pid, 1, "its number there");
	is_int(nsu_task_get_pid_in(task(1), ns(NSU_PID, 504), &pid), -ENOENT,
	       "not in there");
	is_int(nsu_snapshot_find_pid(snap, ns(NSU_PID, 504), 2, &found), 0, "and back");
	is_int(nsu_task_get_tid(found), 101, "whatever the length of its groups");
	is_int(nsu_snapshot_find_pid(snap, ns(NSU_PID, 504), 3, &found), -ENODATA,
	       "who knows, without relations");
	is_int(nsu_snapshot_find_pid(snap, ns(NSU_NET, TREE_FIRST(NSU_NET)), 1, &found),
	       -EINVAL, "of what is no pid namespace");
	is_int(nsu_task_get_pids(task(103), &pids), -ENODATA, "one that is malformed");
	is_int(nsu_snapshot_count_gaps(snap), 1, "is a gap");
	is_str(nsu_snapshot_get_gap(snap, 0)->step, "status", "of its status");
	end();
}

static void test_no_nspid(void)
{
	const struct nsu_task *found;

	tree_begin();
	tree_process(1, 0, 0);
	tree_process(102, OWN(PID), 600);
	tree_file("Name:\tx\nState:\tS\n", "102/status");
	scan(TREE_PARTS, 0);
	is_int(nsu_task_get_pids(task(102), &(const pid_t *){ NULL }), -ENODATA,
	       "a status without NSpid");
	is_int(nsu_ctx_get_interface(ctx, NSU_IF_NSPID), NSU_IF_ABSENT,
	       "is an old kernel's");
	is_int(nsu_snapshot_find_pid(snap, ns(NSU_PID, 604), 1, &found), -ENODATA,
	       "which cannot tell");
	is_int(nsu_snapshot_count_gaps(snap), 0, "and no gap");
	end();
}

static void test_types(void)
{
	tree_begin();
	tree_process(1, 0, 0);
	tree_process(2, OWN(NET) | OWN(UTS), 70);
	scan(NSU_PART_TASKS, OWN(NET));
	is_int(nsu_snapshot_get_types(snap), OWN(NET) | OWN(USER), "user comes along");
	is_int(inode_of(2, NSU_UTS), -ENODATA,
	       "not asked for is neither none nor unread");
	is_int(inode_of(2, NSU_NET), 70 + NSU_NET, "asked for");
	end();
	scan(NSU_PART_TASKS | NSU_PART_PIDS, OWN(NET));
	is_int(nsu_snapshot_get_types(snap), OWN(NET) | OWN(USER) | OWN(PID),
	       "so does pid");
	end();
}

static void test_read(void)
{
	struct nsu_task_stat st = NSU_TASK_STAT_INIT;
	struct nsu_id_range *map = NULL;
	char *text = NULL;

	tree_begin();
	tree_process(1, 0, 0);
	tree_file("1 (a) b) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 3 0 77 0", "1/stat");
	tree_file("0 100000 65536\n65536 7 1\n", "1/uid_map");
	tree_file("0 x 1\n", "1/gid_map");
	tree_file("deny\n", "1/setgroups");
	tree_file("2:cpu:/c\n1:x:/\n0::/a\n", "1/cgroup");
	tree_file("do_a_very_long_wait", "1/wchan");
	scan(NSU_PART_TASKS, 0);
	is_int(nsu_task_read_stat(task(1), &st), 0, "stat");
	is_str(st.comm, "a) b", "its name");
	is_int(nsu_task_read_idmap(task(1), false, &map), 2, "uid_map");
	ok(map[0].outside == 100000 && map[1].inside == 65536 && map[1].count == 1,
	   "lines");
	is_int(nsu_task_read_idmap(task(1), true, &map), -EBADMSG, "gid_map: malformed");
	free(map);
	is_int(nsu_task_read_setgroups(task(1)), 0, "setgroups");
	is_int(nsu_task_read_cgroup(task(1), &text), 0, "cgroup");
	is_str(text, "/a", "the cgroup2 line");
	free(text);
	tree_file("2:cpu:/\n1:name=systemd:/s\n0::/\n", "1/cgroup");
	is_int(nsu_task_read_cgroup(task(1), &text), 0, "cgroup of a hybrid");
	is_str(text, "/s", "what says more than the root");
	free(text);
	is_int(nsu_task_read_wchan(task(1), &text), 0, "wchan");
	is_str(text, "do_a_very_long_wait", "whole");
	free(text);
	tree_file("0", "1/wchan");
	is_int(nsu_task_read_wchan(task(1), &text), -ENOENT, "it waits nowhere");
	is_int(nsu_task_read_cmdline(task(1), 0, &text), -ESRCH,
	       "no cmdline: it has ended");
	tree_file("long", "1/cmdline");
	is_int(nsu_task_read_cmdline(task(1), 2, &text), 2, "cut where it was asked");
	free(text);
	tree_file("", "1/cmdline");
	is_int(nsu_task_read_cmdline(task(1), 0, &text), 0, "an empty one");
	free(text);
	end();
}

int main(void)
{
	test_several();
	test_threads();
	test_twice();
	test_dead();
	test_lacking();
	test_malformed();
	test_unreadable();
	test_children();
	test_pids();
	test_no_nspid();
	test_types();
	test_read();
	return done();
}
