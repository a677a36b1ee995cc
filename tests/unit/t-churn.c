/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scans while processes and namespaces come and go: each succeeds, and has every process
 * that was there throughout, with its true namespaces and owners, also one that executes
 * a program from a thread, again and again. TEST_QUICK=1: fewer.
 */
#include <dirent.h>
#include <pthread.h>
#include <sys/resource.h>
#include "nsi.h"
#include "kid.h"
#include "../tap.h"

#define SCANS	2000
#define LOOPS	8

static const int kinds[] = {	/* of the stable: what is their own */
	0,
	CLONE_NEWUSER,
	CLONE_NEWUSER | CLONE_NEWNET,
	CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS,
	CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWNS,
	CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC,
};
#define STABLE	(ARRAY_SIZE(kinds) + 1)	/* and the one that executes */

struct stable {
	struct kid kid;
	int flags;
	uint64_t inode[NSU_TYPE_COUNT];
	bool executes, missed;
};

static struct stable stable[STABLE];
static size_t stable_count;
static struct kid loops[LOOPS];
static size_t loop_count;

/* Counts of what went wrong; each must stay 0. */
static struct {
	int failed, absent, wrong, owner, gaps, twice;
} seen;

static int fds_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

__attribute__((noreturn))
static void come_and_go(int turn)
{
	static const int flags[] = {
		0, CLONE_NEWUSER,
		0, CLONE_NEWUSER | CLONE_NEWUTS,
		0, CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWPID,
		0, CLONE_NEWUSER | CLONE_NEWNS,
	};
	int mine = flags[turn % ARRAY_SIZE(flags)];

	/* Fails where it may not; then this is but one more process. */
	if (mine && !unshare(mine) && mine & CLONE_NEWPID) {
		pid_t inner = fork();

		if (!inner)
			_exit(0);
		if (inner > 0)
			waitpid(inner, NULL, 0);
	}
	_exit(0);
}

/* A child of the kid, which ends with it, so that kid_start() returns. */
static int loop(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)	/* ended before it could signal */
		_exit(1);
	/* The scans are to take the time, not the loops. */
	setpriority(PRIO_PROCESS, 0, 19);
	for (int turn = getpid(); ; turn++) {
		pid = fork();
		if (!pid)
			come_and_go(turn);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	return 0;
}

/*
 * The leader has ended when a thread executes a program, which then takes over its
 * number: for a moment the process looks like a zombie. It ends when its parent has.
 */
static void *execute(void *parent)
{
	execl("/proc/self/exe", "t-churn", "execute", (char *)parent, (char *)NULL);
	_exit(1);
}

__attribute__((noreturn))
static void execute_from_thread(char *parent)
{
	pthread_t thread;

	if (getppid() != atoi(parent) ||
	    pthread_create(&thread, NULL, execute, parent) != 0)
		_exit(0);
	for (;;)
		pause();
}

static int start_executing(void)
{
	static char parent[16];
	int said = 0;

	setpriority(PRIO_PROCESS, 0, 19);
	snprintf(parent, sizeof(parent), "%d", getppid());
	if (write(kid_output, &said, sizeof(said)) < 0)
		_exit(1);
	execute_from_thread(parent);
}

static bool in_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

static void start_all(void)
{
	for (size_t i = 0; i < STABLE; i++) {
		struct stable *one = &stable[stable_count];
		bool executes = i == STABLE - 1;

		/* /proc/self/exe is valgrind there */
		if (executes && in_valgrind())
			continue;
		if (kid_start(&one->kid, executes ? 0 : kinds[i],
			      executes ? start_executing : NULL) < 0)
			continue;
		one->flags = executes ? 0 : kinds[i];
		one->executes = executes;
		for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
			one->inode[type] = link_inode(one->kid.pid,
						      nsu_type_get_name(type));
		stable_count++;
	}
	for (loop_count = 0; loop_count < LOOPS; loop_count++)
		if (kid_start(&loops[loop_count], 0, loop) < 0)
			break;
}

static void end_all(void)
{
	for (; loop_count > 0; loop_count--)
		kid_end(&loops[loop_count - 1]);
	for (; stable_count > 0; stable_count--)
		kid_end(&stable[stable_count - 1].kid);
}

static void check_owner(const struct stable *one, const struct nsu_ns *ns)
{
	const struct nsu_ns *owner = NULL;
	uint64_t want = one->inode[NSU_USER];

	if (!(one->flags & nsu_type_get_info(ns->type)->clone_flag))
		return;
	if (ns->type == NSU_USER)
		want = stable[0].inode[NSU_USER];
	if (nsu_ns_get_owner(ns, &owner) < 0 || nsu_ns_get_inode(owner) != want)
		seen.owner++;
}

/* A process whose leader has ended, as one does that executes, is there by its thread. */
static const struct nsu_task *find_living(const struct nsu_snapshot *snap, pid_t pid)
{
	const struct nsu_task *task;

	if (nsu_snapshot_find_task(snap, pid, &task) < 0)
		return NULL;
	if (!nsu_task_is_zombie(task))
		return task;
	if (!nsu_task_is_dead_leader(task))
		return NULL;
	nsu_foreach_task(task, snap)
		if (nsu_task_is_thread(task) && nsu_task_get_pid(task) == pid)
			return task;
	return NULL;
}

/*
 * Who executes from a thread over and over may be caught between two of them: the leader
 * had ended when it was read, and its thread had become the leader when that was. On a
 * busy host it happens once in thousands of scans, but never twice in a row.
 */
static void check_stable(const struct nsu_snapshot *snap, struct stable *one)
{
	const struct nsu_task *task = find_living(snap, one->kid.pid);

	if (!task) {
		seen.absent += !one->executes || one->missed;
		one->missed = true;
		return;
	}
	one->missed = false;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		const struct nsu_ns *ns;

		if (!one->inode[type])
			continue;
		if (nsu_task_get_ns(task, type, &ns) < 0 ||
		    nsu_ns_get_inode(ns) != one->inode[type])
			seen.wrong++;
		else
			check_owner(one, ns);
	}
}

/* What ended is no gap; only what may not be read is one. */
static void check_picture(const struct nsu_snapshot *snap)
{
	const struct nsu_gap *gap;
	const struct nsu_task *task;
	pid_t last = 0;

	for (size_t i = 0; (gap = nsu_snapshot_get_gap(snap, i)); i++)
		if (gap->error != EACCES && gap->error != EPERM) {
			diag("gap: %d/%d %s: %s", gap->pid, gap->tid, gap->step,
			     strerror(gap->error));
			seen.gaps++;
		}
	nsu_foreach_task(task, snap) {
		seen.twice += nsu_task_get_tid(task) <= last;
		last = nsu_task_get_tid(task);
	}
}

static long scan_once(struct nsu_ctx *ctx)
{
	struct nsu_snapshot *snap;
	int r = nsu_snapshot_new(ctx, NULL, &snap);
	long vanished;

	if (r < 0) {
		diag("scan: %s", strerror(-r));
		seen.failed++;
		return 0;
	}
	for (size_t i = 0; i < stable_count; i++)
		check_stable(snap, &stable[i]);
	check_picture(snap);
	vanished = nsu_snapshot_get_totals(snap)->vanished;
	nsu_snapshot_free(snap);
	return vanished;
}

static int scans_to_make(void)
{
	if (in_valgrind())
		return SCANS / 40;
	return getenv("TEST_QUICK") ? SCANS / 10 : SCANS;
}

int main(int argc, char **argv)
{
	struct nsu_ctx *ctx;
	int before, scans = scans_to_make();
	long vanished = 0;

	if (argc == 3 && !strcmp(argv[1], "execute"))
		execute_from_thread(argv[2]);
	if (nsu_ctx_new(NULL, &ctx) < 0)
		skip_all("no /proc");
	if (!nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	start_all();
	is_int(loop_count, LOOPS, "loops that fork and exit");
	ok(stable_count > 0, "%zu processes that stay", stable_count);
	if (stable_count < STABLE - 1)
		skip("processes in namespaces of their own",
		     "user namespaces are not allowed here");
	before = fds_open();
	for (int i = 0; i < scans && loop_count == LOOPS; i++)
		vanished += scan_once(ctx);
	is_int(fds_open(), before, "no descriptor is left open");
	end_all();
	is_int(seen.failed, 0, "%d scans succeed", scans);
	is_int(seen.absent, 0, "who stays is in each");
	is_int(seen.wrong, 0, "with the true namespaces");
	is_int(seen.owner, 0, "and the true owners");
	is_int(seen.gaps, 0, "who ended is no gap");
	is_int(seen.twice, 0, "nobody is there twice");
	/* One processor may have no time for anybody but the scans. */
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1 && !in_valgrind())
		ok(vanished > 0, "%ld processes ended while they were read", vanished);
	nsu_ctx_free(ctx);
	return done();
}
