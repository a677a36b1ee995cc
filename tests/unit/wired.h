/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network namespaces that are joined, and how they are looked at: for t-wiring*. */
#ifndef NSU_WIRED_H
#define NSU_WIRED_H

#include <dirent.h>
#include <sys/mman.h>
#include "wiring.h"
#include "../tap.h"
#include "kid.h"
#include "wires.h"

#define NO_USER	77
#define FAR	100

/* What kids tell of theirs: pids, and what the kernel did not let them make. */
static struct {
	pid_t far[FAR];
	int macvlan, vlan, vxlan, ipvlan, loose;
	int held;			/* a descriptor of a namespace that has no one */
	uint64_t held_inode;
} *told;

__attribute__((unused))
static int count_fds(void)
{
	DIR *fds = opendir("/proc/self/fd");
	int n = 0;

	while (fds && readdir(fds))
		n++;
	if (fds)
		closedir(fds);
	return n;
}

__attribute__((unused))
static int open_net(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

__attribute__((unused))
static int go(pid_t pid)
{
	int fd = open_net(pid), r;

	r = fd < 0 || setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
	close(fd);
	return r;
}

__attribute__((unused))
static pid_t make_far(void)
{
	pid_t pid = kid_clone(CLONE_NEWNET);

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	kid_wait();
	return 0;
}

__attribute__((unused))
static int make_fars(int count)
{
	for (int i = 0; i < count; i++) {
		told->far[i] = make_far();
		if (told->far[i] < 0)
			return -errno;
	}
	return 0;
}

/* In the namespace of one, a pair whose other end is in that of the next. */
__attribute__((unused))
static int join(pid_t one, pid_t other, const char *name, const char *far)
{
	nsi_autoclose int own = open_net(getpid());
	int r = own < 0 ? -errno : go(one);

	if (!r)
		r = wire_veth(name, far, other);
	return setns(own, CLONE_NEWNET) < 0 ? -errno : r;
}

struct seen {
	struct nsu_snapshot *snap;
	struct nsu_wiring *wiring;
};

__attribute__((unused))
static const struct nsu_ns *net_of(const struct seen *seen, pid_t pid)
{
	const struct nsu_task *task;
	const struct nsu_ns *ns = NULL;

	if (!nsu_snapshot_find_task(seen->snap, pid, &task))
		nsu_task_get_ns(task, NSU_NET, &ns);
	return ns;
}

__attribute__((unused))
static const struct nsu_link *find_link(const struct nsu_wiring *wiring,
					const struct nsu_ns *ns, const char *name)
{
	const struct nsu_net *net;

	if (!ns || nsu_wiring_get_net(wiring, ns, &net) < 0)
		return NULL;
	for (size_t i = 0; i < nsu_net_count_links(net); i++)
		if (!strcmp(nsu_net_get_link(net, i)->name, name))
			return nsu_net_get_link(net, i);
	return NULL;
}

__attribute__((unused))
static int look(struct nsu_ctx *ctx, struct nsu_wiring_options *opts, struct seen *ret)
{
	struct nsu_scan_options scan = NSU_SCAN_OPTIONS_INIT;
	int r;

	scan.parts = NSU_PART_TASKS | NSU_PART_THREADS | NSU_PART_RELATIONS |
		     NSU_PART_FDS;
	*ret = (struct seen){ NULL, NULL };
	r = nsu_snapshot_new(ctx, &scan, &ret->snap);
	return r < 0 ? r : nsu_wiring_new(ret->snap, opts, &ret->wiring);
}

__attribute__((unused))
static void forget(struct seen *seen)
{
	nsu_wiring_free(seen->wiring);
	nsu_snapshot_free(seen->snap);
}

__attribute__((unused))
static void with_kid(struct nsu_ctx *ctx, const char *name, int (*body)(void),
		     void (*const *tests)(struct nsu_ctx *, struct kid *), size_t count)
{
	struct kid kid;
	int flags = getuid() ? CLONE_NEWUSER | CLONE_NEWNET : CLONE_NEWNET, r;

	memset(told, 0, sizeof(*told));
	r = kid_start(&kid, flags, body);
	if (r < 0) {
		skip(name, "such namespaces may not be made here");
		return;
	}
	if (kid.said < 0)
		skip(name, strerror(-kid.said));
	for (size_t i = 0; i < count && !kid.said; i++)
		tests[i](ctx, &kid);
	kid_end(&kid);
}

static int run_as_user(void (*test)(struct nsu_ctx *))
{
	struct nsu_ctx *ctx = NULL;
	uid_t uid = 65533;

	if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		return NO_USER;
	/* The new ids made /proc/self root's. */
	prctl(PR_SET_DUMPABLE, 1);
	tap.run = tap.failed = 0;
	if (ok(!nsu_ctx_new(NULL, &ctx), "user: a context"))
		test(ctx);
	nsu_ctx_free(ctx);
	return tap.failed;
}

static void test_user(void (*test)(struct nsu_ctx *))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		/* Its lines are no checks of this program. */
		dup2(2, 1);
		_exit(run_as_user(test));
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_USER)
		skip("as another user", "no other user can be taken on here");
	else
		is_int(status, 0, "all of it as another user, who enters by the owner");
}

/* All of it, and again as another user. */
static int run_wired(void (*test)(struct nsu_ctx *))
{
	struct nsu_ctx *ctx = NULL;

	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED || nsu_ctx_new(NULL, &ctx) < 0)
		skip_all("no memory, or no procfs");
	if (!nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	test(ctx);
	nsu_ctx_free(ctx);
	if (getuid() == 0)
		test_user(test);
	return done();
}

#endif
