// SPDX-License-Identifier: GPL-2.0-or-later
/* What confines one process is read, given to another, and read again. */
#include <grp.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include "filtered.h"
#include "../tap.h"

#define BIT(cap)	(1ull << (cap))
#define NOBODY		65534

static struct nsu_ctx *ctx;
static bool privileged;
static struct nsi_confine meant;	/* what body_same gives itself */

static int getsid_errno(void)
{
	return syscall(SYS_getsid, 0) < 0 ? errno : 0;
}

static int write_own(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int body_odd(void)
{
	static const gid_t groups[] = { 5, 7, 70000 };
	struct rlimit64 files = { 77, 99 }, cpu = { 1000, RLIM64_INFINITY }, core = { 0 };
	struct sched_param none = { 0 };
	cpu_set_t cpus, one;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
		if (CPU_ISSET(i, &cpus))
			CPU_SET(i, &one);
	umask(0137);
	if (setrlimit64(RLIMIT_NOFILE, &files) < 0 ||
	    setrlimit64(RLIMIT_CPU, &cpu) < 0 || setrlimit64(RLIMIT_CORE, &core) < 0 ||
	    write_own("/proc/self/oom_score_adj", "321") < 0 ||
	    personality(ADDR_NO_RANDOMIZE) < 0 ||
	    sched_setaffinity(0, sizeof(one), &one) < 0 ||
	    sched_setscheduler(0, SCHED_BATCH, &none) < 0 || nice(7) < 0 ||
	    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		    IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6)) < 0)
		return -errno;
	if (privileged) {
		uint64_t eff, all, bound;

		nsi_get_caps(&eff, &all, &bound);
		if (setgroups(3, groups) < 0)
			return -errno;
		nsi_set_bounding(bound & ~(BIT(CAP_SYS_BOOT) | BIT(CAP_AUDIT_READ)));
		nsi_set_caps(all & ~BIT(CAP_SYS_BOOT),
			     BIT(CAP_CHOWN) | BIT(CAP_KILL), BIT(CAP_CHOWN));
	}
	return filter_twice();
}

/* As an attach would, from a caller with less and more than the target. */
static int body_same(void)
{
	int procfs = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), r = 0, got;

#define TRY(call) (got = (call), r = r ? r : got)
	TRY(nsi_set_limits_up(&meant));
	TRY(nsi_set_oom(&meant, procfs));
	TRY(nsi_set_personality(&meant));
	TRY(nsi_set_sched(&meant));
	TRY(nsi_set_label(&meant, procfs));
	umask(meant.umask);
	if (privileged) {
		TRY(setgroups(meant.group_count, meant.groups) ? -errno : 0);
		TRY(nsi_set_bounding(meant.bounding));
		TRY(nsi_set_caps(meant.permitted, meant.inheritable, meant.ambient));
	}
	TRY(nsi_set_limits(&meant));
	TRY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0);
	TRY(nsi_set_seccomp(&meant));
#undef TRY
	return r ? r : getsid_errno();
}

static void check_odd(const struct nsi_confine *c, const char *what, int seccomp)
{
	is_int(c->status_error, 0, "%s: status", what);
	ok(c->uid == geteuid() && c->gid == getegid(), "%s: ids", what);
	is_int(c->umask, 0137, "%s: umask", what);
	ok(c->no_new_privs && c->seccomp == seccomp, "%s: nnp and seccomp", what);
	ok(c->filter_count == (seccomp ? 2 : 0), "%s: filters are counted", what);
	is_int(c->limits_error, 0, "%s: limits", what);
	ok(c->limits[RLIMIT_NOFILE].rlim_cur == 77 &&
	   c->limits[RLIMIT_NOFILE].rlim_max == 99, "%s: of files", what);
	ok(c->limits[RLIMIT_CPU].rlim_cur == 1000 &&
	   c->limits[RLIMIT_CPU].rlim_max == RLIM64_INFINITY, "%s: of cpu time", what);
	is_int(c->oom_error ? c->oom_error : c->oom_score_adj, 321, "%s: oom", what);
	is_int(c->personality_error, 0, "%s: personality", what);
	is_int(c->personality, ADDR_NO_RANDOMIZE, "%s: which", what);
	is_int(c->sched_error, 0, "%s: sched", what);
	ok(c->sched.policy == SCHED_BATCH && c->sched.nice == 7, "%s: policy", what);
	is_int(CPU_COUNT(&c->cpus), 1, "%s: cpus", what);
	ok(c->ioprio == IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6) || c->ioprio == -1,
	   "%s: ioprio", what);
	is_int(c->label_error, 0, "%s: label", what);
	if (!privileged) {
		skip(what, "needs root");
		return;
	}
	ok(c->group_count == 3 && c->groups[0] == 5 && c->groups[2] == 70000,
	   "%s: groups", what);
	ok(!(c->bounding & (BIT(CAP_SYS_BOOT) | BIT(CAP_AUDIT_READ))) &&
	   c->bounding & BIT(CAP_CHOWN), "%s: bounding", what);
	ok(!(c->permitted & BIT(CAP_SYS_BOOT)) && c->permitted & BIT(CAP_AUDIT_READ) &&
	   c->effective == c->permitted, "%s: permitted, effective", what);
	ok(c->inheritable == (BIT(CAP_CHOWN) | BIT(CAP_KILL)) &&
	   c->ambient == BIT(CAP_CHOWN), "%s: inheritable, ambient", what);
}

static void test_same(void)
{
	struct nsi_confine first = { 0 }, second = { 0 };
	struct kid odd, same;
	struct nsi_hold hold;
	int r;

	if (!is_int(kid_start(&odd, 0, body_odd), 0, "an odd process"))
		return;
	is_int(odd.said, 0, "is as it was meant to be");
	hold = hold_of(odd.pid);
	is_int(nsi_confine_read(ctx, &hold, &first), 0, "read it");
	check_odd(&first, "odd", 2);
	r = nsi_confine_copy_seccomp(&hold, &first);
	if (!privileged || r == -EOPNOTSUPP) {
		skip("its filters", privileged ? "this kernel cannot copy filters" :
		     "needs root");
		is_int(nsi_set_seccomp(&first), -ENODATA, "filters that were not copied");
		first.seccomp = 0;
	} else if (is_int(r, 0, "its filters") &&
		   is_int(first.filters_copied, 2, "both of them")) {
		ok(is_filter(&first.filters[0], older, ARRAY_SIZE(older)), "the older");
		ok(is_filter(&first.filters[1], newer, ARRAY_SIZE(newer)), "the newer");
		is_int(nsi_confine_copy_seccomp(&hold, &first), 0, "again");
		is_int(first.filters_copied, 2, "in place of the first copy");
	}
	meant = first;
	is_int(kid_start(&same, 0, body_same), 0, "a process like it");
	is_int(same.said, first.filters ? 102 : 0, "the newer filter is heard");
	kid_end(&odd);
	is_int(nsi_confine_read(ctx, &hold, &second), -ESRCH, "the odd one has ended");
	ok(!second.groups && !second.uid, "and leaves the result alone");
	is_int(nsi_confine_copy_seccomp(&hold, &first), first.filters ? -ESRCH : 0,
	       "no filters of it");
	hold_end(&hold);
	hold = hold_of(same.pid);
	is_int(nsi_confine_read(ctx, &hold, &second), 0, "read the one like it");
	check_odd(&second, "same", first.filters ? 2 : 0);
	ok(!memcmp(first.limits, second.limits, sizeof(first.limits)), "every limit");
	ok(!memcmp(&first.sched, &second.sched, sizeof(first.sched)), "all of sched");
	ok(CPU_EQUAL(&first.cpus, &second.cpus), "the same cpu");
	kid_end(&same);
	hold_end(&hold);
	nsi_confine_free(&first);
	nsi_confine_free(&second);
}

/* In a kid: no longer privileged, and not dumpable since its ids changed. */
static int become_nobody(void)
{
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -errno;
	return 0;
}

static int body_oom(void)
{
	int procfs = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), r;
	int tree = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (nsi_set_oom(&meant, tree) != -ENODEV)
		return -1000;
	r = become_nobody();
	if (!r)
		r = nsi_set_oom(&meant, procfs);
	return r ? r : prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}

static int body_limits(void)
{
	struct rlimit64 files = { 10, 20 }, core = { 5, 30 };
	struct rlimit64 now[2];
	int r = become_nobody(), up, set;

	if (r < 0 || setrlimit64(RLIMIT_NOFILE, &files) < 0 ||
	    setrlimit64(RLIMIT_CORE, &core) < 0)
		return -errno;
	up = nsi_set_limits_up(&meant);
	set = nsi_set_limits(&meant);
	getrlimit64(RLIMIT_NOFILE, &now[0]);
	getrlimit64(RLIMIT_CORE, &now[1]);
	if (up != -EPERM || set != -EPERM)
		return -1000;
	return now[0].rlim_cur == 20 && now[0].rlim_max == 20 && now[1].rlim_cur == 1 &&
		now[1].rlim_max == 2 ? 0 : -1001;
}

static int body_limits_up(void)
{
	struct rlimit64 files = { 10, 20 }, now;
	uint64_t eff, perm, bound;
	int r = nsi_get_caps(&eff, &perm, &bound);

	/* A container's root has no CAP_SYS_RESOURCE. */
	if (r < 0 || !(eff & BIT(CAP_SYS_RESOURCE)))
		return r;
	setrlimit64(RLIMIT_NOFILE, &files);
	r = nsi_set_limits_up(&meant);
	getrlimit64(RLIMIT_NOFILE, &now);
	return r ? r : now.rlim_cur == 10 && now.rlim_max == 1000 ? 0 : -1000;
}

static int body_caps(void)
{
	uint64_t eff, perm, bound, chown = BIT(CAP_CHOWN), all;
	int r = nsi_get_caps(&eff, &all, &bound);

	if (r < 0 || nsi_set_caps(all, all & ~chown, chown) != -EPERM)
		return -1000;
	if (nsi_set_caps(chown, 0, 0) || nsi_get_caps(&eff, &perm, &bound) ||
	    eff != chown || perm != chown || bound != (bound | all))
		return -1001;
	/* Nothing to drop: no CAP_SETPCAP is needed. */
	if (nsi_set_bounding(bound) || nsi_set_bounding(UINT64_MAX))
		return -1002;
	return nsi_set_bounding(0) == -EPERM ? 0 : -1003;
}

static void run(int (*body)(void), const char *what)
{
	struct kid kid;

	if (!is_int(kid_start(&kid, 0, body), 0, "%s: a process", what))
		return;
	is_int(kid.said, 0, "%s", what);
	kid_end(&kid);
}

static void test_set(void)
{
	if (!privileged) {
		skip("what a process may not", "needs root");
		return;
	}
	meant = (struct nsi_confine){ .oom_score_adj = 777 };
	run(body_oom, "oom of one that is nobody and not dumpable");
	for (int i = 0; i < RLIM_NLIMITS; i++)
		getrlimit64(i, &meant.limits[i]);
	meant.limits[RLIMIT_NOFILE] = (struct rlimit64){ 25, 1000 };
	meant.limits[RLIMIT_CORE] = (struct rlimit64){ 1, 2 };
	run(body_limits, "limits that are above what may be");
	run(body_limits_up, "hard limits are raised");
	run(body_caps, "capabilities that may not be");
}

static void test_unread(void)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct nsi_confine c = {
		.limits_error = -EACCES, .oom_error = -EBADMSG, .seccomp = -1,
		.personality_error = -EPERM, .sched_error = -EOPNOTSUPP, .ioprio = -1,
		.label_error = -EIO, .label = (char *)"x",
	};

	is_int(nsi_set_limits_up(&c), -EACCES, "unread: limits up");
	is_int(nsi_set_limits(&c), -EACCES, "unread: limits");
	is_int(nsi_set_oom(&c, -1), -EBADMSG, "unread: oom");
	is_int(nsi_set_personality(&c), -EPERM, "unread: personality");
	is_int(nsi_set_sched(&c), -EOPNOTSUPP, "unread: sched");
	is_int(nsi_set_label(&c, -1), -EIO, "unread: label");
	is_int(nsi_set_seccomp(&c), -ENODATA, "unread: filters");
	c.seccomp = 1;
	is_int(nsi_set_seccomp(&c), -EOPNOTSUPP, "strict mode cannot be given");
	c.label_error = 0;
	c.lsm = NSI_LSM_OTHER;
	is_int(nsi_set_label(&c, -1), -EOPNOTSUPP, "an unknown module's label");
	c.lsm = NSI_LSM_APPARMOR;
	is_int(nsi_set_label(&c, root), -ENODEV, "a label to no procfs");
	c.label = NULL;
	is_int(nsi_set_label(&c, -1), 0, "no label");
	close(root);
}

/* Root that may take on any id, and copy filters: not that of a user namespace. */
static bool is_privileged(void)
{
	static const gid_t some[] = { 70000, NOBODY };

	return !geteuid() && link_inode(getpid(), "user") == NSI_INIT_USER &&
		!setgroups(ARRAY_SIZE(some), some) && !setgroups(0, NULL) &&
		prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0;
}

int main(void)
{
	nsu_ctx_new(NULL, &ctx);
	if (!ctx || !nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	privileged = is_privileged();
	test_same();
	test_set();
	test_unread();
	nsu_ctx_free(ctx);
	return done();
}
