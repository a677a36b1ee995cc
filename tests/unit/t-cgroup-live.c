/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real cgroups: opened, joined, and whatever stands in the way of that. */
#include <poll.h>
#include "cgtree.h"

static struct nsi_cgroups held;		/* for kids that join */

static int drop(int which, const char *below)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", top[which], below);
	return rmdir(path) < 0 ? -errno : 0;
}

static void hold(void)
{
	nsi_cgroups_free(&held);
	is_int(nsi_cgroups_open(ctx, target, &held), 0, "its cgroups");
}

static int join_held(void)
{
	int r = 0;

	for (size_t i = 0; i < held.count && !r; i++)
		r = nsi_cgroup_join(&held.list[i]);
	return r;
}

static void test_self(void)
{
	struct nsi_cgroups groups = { 0 };

	look_at(getpid());
	is_int(nsi_cgroups_open(ctx, target, &groups), 0, "the caller's own cgroups");
	ok(groups.same && !groups.frozen, "are the same, and run");
	for (size_t i = 0; i < groups.count; i++)
		ok(groups.list[i].fd == -1 && !groups.list[i].error, "%s%s is no work",
		   groups.list[i].controllers, groups.list[i].path);
	nsi_cgroups_free(&groups);
}

static bool same_text(pid_t a, pid_t b)
{
	nsi_autofree char *x = NULL, *y = NULL;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/cgroup", a);
	if (nsi_read_all_at(AT_FDCWD, path, 65536, &x) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", b);
	return nsi_read_all_at(AT_FDCWD, path, 65536, &y) > 0 && !strcmp(x, y);
}

static void test_join(int which)
{
	struct kid kid, joiner = { .pid = -1 };
	char link[64], path[PATH_MAX], want[PATH_MAX];
	ssize_t n;

	make(which, "a");
	make(which, "a/b: (deleted) \\040");
	kid = kid_in(which, "a/b: (deleted) \\040");
	hold();
	ok(!held.same && !held.frozen, "it is elsewhere");
	for (int i = 0; i < MEMORY; i++)
		if (*top[i])
			is_int(outcome(&held, i), i == which, "in %s", controller[i]);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", find(&held, which)->fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	snprintf(want, sizeof(want), "%.4000s/a/b: (deleted) \\040/cgroup.procs",
		 top[which]);
	is_str(path, want, "the file that is held");
	is_int(fcntl(find(&held, which)->fd, F_GETFD), FD_CLOEXEC, "until the exec");
	is_int(kid_start(&joiner, 0, join_held), 0, "another process");
	is_int(joiner.said, 0, "joins");
	ok(same_text(kid.pid, joiner.pid), "and is where the first is");
	ok(!same_text(kid.pid, getpid()), "where this one is not");
	kid_end(&joiner);
	kid_end(&kid);
	is_int(drop(which, "a/b: (deleted) \\040"), 0, "the cgroup goes");
	is_int(said_by(join_held), -ENODEV, "and cannot be joined");
}

static void test_deleted(void)
{
	siginfo_t end;
	struct kid kid;

	make(UNIFIED, "gone");
	kid = kid_in(UNIFIED, "gone");
	kill(kid.pid, SIGKILL);
	waitid(P_PID, kid.pid, &end, WEXITED | WNOWAIT);
	is_int(drop(UNIFIED, "gone"), 0, "the cgroup of a zombie goes");
	hold();
	is_int(outcome(&held, UNIFIED), -ENOENT, "it is said to be deleted");
	kid_end(&kid);
	is_int(nsi_cgroups_open(ctx, target, &held), -ESRCH, "the zombie is gone");
}

static void test_limits(int which)
{
	struct kid kid;

	make(which, "p");
	put("+pids", "%s/cgroup.subtree_control", top[which]);
	put("+pids", "%s/p/cgroup.subtree_control", top[which]);
	make(which, "p/q");
	is_int(put("1000", "%s/p/pids.max", top[which]), 0, "a limit of processes");
	put("7", "%s/p/q/pids.max", top[which]);
	kid = kid_in(which, "p/q");
	hold();
	ok(held.pids_max == 7 && held.pids_current == 1, "one process of seven");
	put("max", "%s/p/q/pids.max", top[which]);
	hold();
	ok(held.pids_max == 1000 && held.pids_current == 1, "one of a thousand");
	put("0", "%s/p/q/pids.max", top[which]);
	hold();
	ok(held.pids_max == 0 && held.pids_current == 1, "one, where none is allowed");
	is_int(said_by(join_held), 0, "to join is allowed nevertheless");
	kid_end(&kid);
	put("-pids", "%s/p/cgroup.subtree_control", top[which]);
	put("-pids", "%s/cgroup.subtree_control", top[which]);
}

static void test_frozen_v1(void)
{
	struct kid kid;

	make(FREEZER, "f");
	make(FREEZER, "f/g");
	kid = kid_in(FREEZER, "f/g");
	hold();
	ok(!held.frozen, "v1: it runs");
	is_int(put("FROZEN", "%s/f/freezer.state", top[FREEZER]), 0, "v1: freeze");
	hold();
	ok(held.frozen, "v1: it is frozen by the cgroup above");
	is_int(put("THAWED", "%s/f/freezer.state", top[FREEZER]), 0, "v1: thaw");
	hold();
	ok(!held.frozen, "v1: it runs again");
	kid_end(&kid);
}

/* Frozen is what has all its processes stopped: until then the kernel writes 0. */
static bool wait_frozen(const char *below)
{
	char path[PATH_MAX + 64], text[256];
	nsi_autoclose int fd = -1;

	snprintf(path, sizeof(path), "%s/%s/cgroup.events", top[UNIFIED], below);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLPRI };
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

		text[n < 0 ? 0 : n] = '\0';
		if (strstr(text, "populated 1") && strstr(text, "frozen 1"))
			return true;
		if (n < 0 || poll(&wait, 1, 5000) <= 0)
			return false;
	}
}

static void test_frozen_v2(void)
{
	struct kid kid;
	int status = 0;
	pid_t joiner;

	make(UNIFIED, "f");
	make(UNIFIED, "f/g");
	kid = kid_in(UNIFIED, "f/g");
	if (put("0", "%s/f/cgroup.freeze", top[UNIFIED]) < 0) {
		skip("v2: frozen", "no cgroup.freeze before Linux 5.2");
		kid_end(&kid);
		return;
	}
	hold();
	ok(!held.frozen, "v2: it runs");
	is_int(put("1", "%s/f/cgroup.freeze", top[UNIFIED]), 0, "v2: freeze above");
	hold();
	ok(held.frozen, "v2: freezing counts");
	ok(wait_frozen("f/g"), "v2: it stops");
	hold();
	ok(held.frozen, "v2: frozen");
	fflush(stdout);
	joiner = fork();
	if (!joiner)
		_exit(join_held() ? 1 : 0);
	kid_end(&kid);
	ok(wait_frozen("f/g"), "v2: what joins it stops");
	kill(joiner, SIGKILL);
	ok(waitpid(joiner, &status, 0) == joiner && WIFSIGNALED(status),
	   "v2: and can be killed");
	kid = kid_in(UNIFIED, "f");
	put("0", "%s/f/cgroup.freeze", top[UNIFIED]);
	hold();
	ok(!held.frozen, "v2: it runs again");
	kid_end(&kid);
}

/* Its own place in v2's tree, and whether the test may give controllers to children. */
static void test_busy(void)
{
	static const char *const names[] = { "hugetlb", "misc", "rdma", "pids" };
	char on[16] = "", off[16], root[PATH_MAX + 8];
	struct kid kid;
	bool lent = false;

	make(UNIFIED, "inner");
	kid = kid_in(UNIFIED, "inner");
	hold();
	kid_end(&kid);
	make(UNIFIED, "inner/x");
	is_int(said_by(join_held), 0, "inner: children without controllers");
	snprintf(root, sizeof(root), "%s/..", top[UNIFIED]);
	for (size_t i = 0; i < ARRAY_SIZE(names) && !*on; i++) {
		snprintf(on, sizeof(on), "+%s", names[i]);
		snprintf(off, sizeof(off), "-%s", names[i]);
		if (!put(on, "%s/cgroup.subtree_control", top[UNIFIED]))
			break;
		lent = !put(on, "%s/cgroup.subtree_control", root);
		if (lent && !put(on, "%s/cgroup.subtree_control", top[UNIFIED]))
			break;
		*on = '\0';
	}
	if (*on && !put(on, "%s/inner/cgroup.subtree_control", top[UNIFIED]))
		is_int(said_by(join_held), -EBUSY, "inner: children with %s", on);
	else
		skip("inner: children with controllers", "none can be given to them");
	put(off, "%s/inner/cgroup.subtree_control", top[UNIFIED]);
	put(off, "%s/cgroup.subtree_control", top[UNIFIED]);
	if (lent)
		put(off, "%s/cgroup.subtree_control", root);
}

static void test_threaded(void)
{
	struct kid kid;

	make(UNIFIED, "t");
	make(UNIFIED, "t/bad");
	kid = kid_in(UNIFIED, "t/bad");
	hold();
	kid_end(&kid);
	make(UNIFIED, "t/good");
	if (put("threaded", "%s/t/good/cgroup.type", top[UNIFIED]) < 0) {
		skip("threaded", "no cgroup.type before Linux 4.14");
		return;
	}
	is_int(said_by(join_held), -EOPNOTSUPP, "threaded: a domain beside");
	kid = kid_in(UNIFIED, "t/good");
	hold();
	is_int(said_by(join_held), 0, "threaded: it is joined by the process");
	kid_end(&kid);
}

static int as_nobody(int (*body)(void))
{
	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		return -ENODATA;
	return body();
}

static int nobody_opens(void)
{
	return as_nobody(open_asked);
}

static int nobody_joins(void)
{
	return as_nobody(open_and_join);
}

static int nobody_joins_beside(void)
{
	int r = put_pid(getpid(), asked, "own/a");

	return r ? r : as_nobody(open_and_join);
}

static void give(int which, const char *below)
{
	char path[PATH_MAX + 64];

	make(which, below);
	snprintf(path, sizeof(path), "%s/%s", top[which], below);
	if (chown(path, 65534, 65534) < 0)
		diag("chown %s: %s", path, strerror(errno));
	snprintf(path, sizeof(path), "%s/%s/cgroup.procs", top[which], below);
	if (chown(path, 65534, 65534) < 0)
		diag("chown %s: %s", path, strerror(errno));
}

static void test_nobody(int which)
{
	struct kid kid;

	asked = which;
	make(which, "root's");
	give(which, "own");
	give(which, "own/a");
	give(which, "own/b");
	kid = kid_in(which, "root's");
	is_int(said_by(nobody_opens), -EACCES, "nobody: not its own");
	kid_end(&kid);
	kid = kid_in(which, "own/b");
	is_int(said_by(nobody_opens), 1, "nobody: its own is opened");
	is_int(said_by(nobody_joins_beside), 0, "nobody: and joined from beside");
	is_int(said_by(nobody_joins), which == UNIFIED ? -EACCES : 0,
	       "nobody: and from elsewhere");
	kid_end(&kid);
}

static void checks(void)
{
	ok(!nsu_ctx_new(NULL, &ctx), "a context");
	test_self();
	for (int i = 0; i < MEMORY; i++) {
		if (!*top[i]) {
			skip(*controller[i] ? controller[i] : "v2", "no such hierarchy");
			continue;
		}
		test_join(i);
		test_nobody(i);
	}
	if (*top[UNIFIED]) {
		test_deleted();
		test_frozen_v2();
		test_busy();
		test_threaded();
	}
	if (*top[PIDS])
		test_limits(PIDS);
	else if (!put("+pids", "%s/cgroup.subtree_control", top[UNIFIED]))
		test_limits(UNIFIED);
	else
		skip("limits of processes", "no hierarchy has the controller");
	if (*top[FREEZER])
		test_frozen_v1();
	nsi_cgroups_free(&held);
	close(target);
	nsu_ctx_free(ctx);
}

int main(void)
{
	return supervise(checks);
}
