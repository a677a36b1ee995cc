/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Containers of real cgroups, while their processes change them. */
#include "cgtree.h"

#define X16(c)	c c c c c c c c c c c c c c c c
#define X64(c)	X16(c) X16(c) X16(c) X16(c)
#define A	X64("a")
#define B	X64("b")
#define MIN_SCANS	200
#define MAX_SCANS	20000

static struct nsu_snapshot *snap;
static struct nsu_ctx *own;

static int scan(const pid_t *pids, size_t count)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;

	options.parts = NSU_PART_CONTAINERS;
	options.pids = pids;
	options.pid_count = count;
	nsu_snapshot_free(snap);
	snap = NULL;
	return nsu_snapshot_new(own, &options, &snap);
}

static const struct nsu_container *of(pid_t pid)
{
	const struct nsu_container *found = NULL;
	const struct nsu_task *task;

	if (nsu_snapshot_find_task(snap, pid, &task) < 0)
		return NULL;
	return nsu_task_get_container(task, &found) ? NULL : found;
}

static const char *text(const struct nsu_container *c, enum nsu_container_text what)
{
	const char *found = NULL;

	return nsu_container_get_text(c, what, &found) ? NULL : found;
}

/* Moves the process to and fro until it is killed. */
static pid_t start_mover(int which, pid_t pid)
{
	pid_t mover = fork();

	if (mover)
		return mover;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		if (put_pid(pid, which, "docker/" A) < 0 ||
		    put_pid(pid, which, "docker/" B) < 0)
			_exit(1);
	}
}

/* All that is told of it is of the one or of the other. */
static bool is_whole(pid_t pid, bool *seen)
{
	const struct nsu_container *c = of(pid);
	const char *id = c ? text(c, NSU_CONTAINER_ID) : NULL, *path, *shown;
	const struct nsu_task *task = NULL;

	if (!id || nsu_snapshot_find_task(snap, pid, &task) < 0)
		return false;
	path = text(c, NSU_CONTAINER_CGROUP);
	if (!path || nsu_task_get_place(task, NSU_PLACE_CGROUP, &shown) < 0)
		return false;
	seen[id[0] == 'b'] = true;
	return (!strcmp(id, A) || !strcmp(id, B)) && strstr(path, id) &&
		!strcmp(path, shown) && nsu_container_count_tasks(c) == 1 &&
		nsu_snapshot_count_containers(snap) == 1;
}

static void test_move(int which)
{
	bool seen[2] = { false, false }, whole = true;
	struct kid kid = { .pid = -1 };
	int scans = 0, r = 0;
	pid_t mover;

	make(which, "docker");
	make(which, "docker/" A);
	make(which, "docker/" B);
	kid = kid_in(which, "docker/" A);
	mover = start_mover(which, kid.pid);
	while (!r && whole && scans < MAX_SCANS &&
	       (scans < MIN_SCANS || !seen[0] || !seen[1])) {
		r = scan(&kid.pid, 1);
		whole = !r && is_whole(kid.pid, seen);
		scans++;
	}
	is_int(r, 0, "%s: scans while it moves", controller[which]);
	ok(whole, "tell it before or after, %d times", scans);
	ok(seen[0] && seen[1], "and both were seen");
	kill(mover, SIGKILL);
	waitpid(mover, NULL, 0);
	kid_end(&kid);
}

/* A zombie in a cgroup2 that is removed: the kernel says so in its path. */
static void test_removed(void)
{
	struct kid kid = kid_in(UNIFIED, "docker/" A);
	char path[PATH_MAX + 128];
	siginfo_t info;

	kill(kid.pid, SIGKILL);
	waitid(P_PID, kid.pid, &info, WEXITED | WNOWAIT);
	snprintf(path, sizeof(path), "%s/docker/" A, top[UNIFIED]);
	is_int(rmdir(path), 0, "a cgroup goes while a zombie is in it");
	is_int(scan(&kid.pid, 1), 0, "a scan");
	if (ok(of(kid.pid), "the zombie is in its container"))
		is_str(text(of(kid.pid), NSU_CONTAINER_ID), A, "which has its id");
	kid_end(&kid);
	make(UNIFIED, "docker/" A);
}

static pid_t inner_pid;

static int begin_inner(void)
{
	inner_pid = kid_clone(CLONE_NEWPID);
	if (!inner_pid)
		kid_wait();
	return inner_pid < 0 ? -errno : 0;
}

/* The child of a process, as this /proc numbers it. */
static pid_t child_of(pid_t pid)
{
	char path[64], list[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	return nsi_read_at(AT_FDCWD, path, list, sizeof(list)) > 0 ? atoi(list) : -1;
}

/* What an engine within a container began, with the host's whole tree to put it into: its
   cgroup does not tell that it is within another, but its pid namespace does. */
static void test_within(int which)
{
	const struct nsu_container *found = NULL;
	struct kid kid = { .pid = -1 };
	pid_t pids[2];
	int r = kid_start(&kid, CLONE_NEWPID, begin_inner);

	if (r < 0 || kid.said < 0) {
		skip("one within another", "no pid namespaces");
		return;
	}
	pids[0] = kid.pid;
	pids[1] = child_of(kid.pid);
	if (pids[1] < 0) {
		skip("one within another", "this kernel lists no children");
		kid_end(&kid);
		return;
	}
	is_int(put_pid(pids[0], which, "docker/" A), 0, "%s: the outer is put there",
	       controller[which]);
	is_int(put_pid(pids[1], which, "docker/" B), 0, "the inner beside it");
	is_int(scan(pids, 2), 0, "a scan");
	ok(of(pids[0]) && !nsu_container_is_claim(of(pids[0])), "the outer is a fact");
	if (ok(of(pids[1]) && nsu_container_is_claim(of(pids[1])), "the inner a claim"))
		is_int(nsu_container_get_outer(of(pids[1]), &found), 0, "within");
	ok(found && found == of(pids[0]), "the outer");
	is_int(put_pid(pids[1], which, "."), 0, "the inner leaves its cgroup");
	is_int(scan(pids, 2), 0, "a scan");
	ok(of(pids[1]) && of(pids[1]) == of(pids[0]), "and is told by its pid namespace");
	kid_end(&kid);
}

static void give(int which, uid_t uid, mode_t mode)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/given", top[which]);
	if (chown(path, uid, -1) < 0 || chmod(path, mode) < 0)
		diag("%s: %s", path, strerror(errno));
}

/* A part of the tree that a user was given: what is called so there is that user's. */
static void test_given(int which)
{
	struct kid kid;
	uid_t uid = 7;

	if (geteuid()) {
		skip("a part of the tree that is a user's", "needs root");
		return;
	}
	make(which, "given");
	make(which, "given/docker");
	make(which, "given/docker/" A);
	kid = kid_in(which, "given/docker/" A);
	is_int(scan(&kid.pid, 1), 0, "a scan");
	is_int(nsu_container_get_uid(of(kid.pid), &uid), 0, "root's tree");
	is_int(uid, 0, "has root's containers");
	give(which, 65533, 0755);
	is_int(scan(&kid.pid, 1), 0, "a scan");
	is_int(nsu_container_get_uid(of(kid.pid), &uid), 0, "a user's part of it");
	is_int(uid, 65533, "the user's");
	ok(!nsu_container_is_claim(of(kid.pid)), "which are facts");
	give(which, 0, 0777);
	is_int(scan(&kid.pid, 1), 0, "a scan");
	ok(nsu_container_is_claim(of(kid.pid)), "anybody's part of it has but claims");
	kid_end(&kid);
}

static void checks(void)
{
	is_int(nsu_ctx_new(NULL, &own), 0, "a context");
	for (int which = UNIFIED; which < FREEZER; which++) {
		if (!*top[which]) {
			skip(which == UNIFIED ? "cgroup2" : controller[which],
			     "the host has no such hierarchy to use");
			continue;
		}
		test_move(which);
		if (which == UNIFIED)
			test_removed();
		test_within(which);
		test_given(which);
	}
	nsu_snapshot_free(snap);
	nsu_ctx_free(own);
}

int main(void)
{
	return supervise(checks);
}
