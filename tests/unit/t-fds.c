/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces that nothing but a descriptor keeps. */
#include <pthread.h>
#include "holders.h"

#define PARTS	(NSU_PART_DEFAULT | NSU_PART_FDS)
#define HIGH	50		/* a descriptor that nothing else has */
#define KID	(CLONE_NEWUSER | CLONE_NEWUTS)

static struct nsu_ctx *ctx;

static int hold_one(void)
{
	int fd = -1;
	uint64_t inode = make_ns("uts", CLONE_NEWUTS, &fd);

	/* The lowest of all is a descriptor, too. */
	dup2(fd, 0);
	dup2(fd, HIGH);
	close(fd);
	return (int)inode;
}

static void test_held(void)
{
	struct nsu_holder holder = NSU_HOLDER_INIT;
	struct nsu_snapshot *snap;
	const struct nsu_ns *ns = NULL, *owner = NULL;
	struct kid kid;
	uint64_t inode;

	if (!start(&kid, KID, hold_one, "held by a descriptor"))
		return;
	inode = said_inode(&kid);
	snap = scan_these(ctx, NSU_PART_DEFAULT, &kid.pid, 1);
	is_int(nsu_snapshot_find_inode(snap, inode, &ns), -ENOENT, "not a task's");
	nsu_snapshot_free(snap);
	snap = scan_these(ctx, PARTS, &kid.pid, 1);
	is_int(holders_of(snap, inode, NSU_HOLDER_FD, kid.pid, -1, NULL), 2, "two");
	is_int(holders_of(snap, inode, NSU_HOLDER_FD, kid.pid, 0, NULL), 1, "one is 0");
	is_int(holders_of(snap, inode, NSU_HOLDER_FD, kid.pid, HIGH, &holder), 1,
	       "one is high");
	is_int(holder.tid, kid.pid, "of the process");
	is_int(nsu_snapshot_find_ns(snap, NSU_UTS, inode, &ns), 0, "a uts namespace");
	is_int(nsu_ns_count_holders(ns), 2, "nothing else holds it");
	ok(!nsu_ns_get_owner(ns, &owner) &&
	   nsu_ns_get_inode(owner) == link_inode(kid.pid, "user"), "its owner was asked");
	is_int(source_error(snap, "fds"), 0, "the source was used");
	is_int(nsu_snapshot_get_totals(snap)->fds_unread, 0, "all was read");
	nsu_snapshot_free(snap);
	snap = scan_these(ctx, NSU_PART_TASKS | NSU_PART_FDS, &kid.pid, 1);
	is_int(holders_of(snap, inode, NSU_HOLDER_FD, kid.pid, -1, NULL), 2,
	       "the same without relations");
	nsu_snapshot_free(snap);
	kid_end(&kid);
}

static void test_types(void)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;
	struct kid kid;

	if (!start(&kid, KID, hold_one, "of some types"))
		return;
	options.parts = PARTS;
	options.types = 1u << NSU_NET;
	options.pids = &kid.pid;
	options.pid_count = 1;
	is_int(nsu_snapshot_new(ctx, &options, &snap), 0, "a scan without uts");
	is_int(holders_by_fd(snap, NSU_HOLDER_FD, kid.pid, HIGH), 0,
	       "what was not asked for is left out");
	nsu_snapshot_free(snap);
	kid_end(&kid);
}

/* The caller's own: what it opened itself is told, what it asks about is not. */
static void test_own(void)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	const struct nsu_target *targets[1];
	struct nsu_target *target = NULL;
	struct nsu_snapshot *snap = NULL;
	pid_t self = getpid();
	char path[64];
	struct kid kid;
	uint64_t inode;
	int fd;

	if (!start(&kid, KID, hold_one, "our own"))
		return;
	inode = said_inode(&kid);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", kid.pid, HIGH);
	is_int(nsu_target_new(ctx, path, &target), 0, "a target");
	targets[0] = target;
	options.parts = PARTS;
	options.pids = &self;
	options.pid_count = 1;
	options.targets = targets;
	options.target_count = 1;
	is_int(nsu_snapshot_new(ctx, &options, &snap), 0, "a scan of ourselves");
	is_int(holders_of(snap, inode, NSU_HOLDER_FD, self, -1, NULL), 0,
	       "a target is no holder");
	nsu_snapshot_free(snap);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	is_int(nsu_snapshot_new(ctx, &options, &snap), 0, "again");
	is_int(holders_of(snap, inode, NSU_HOLDER_FD, self, -1, NULL), 1,
	       "what we opened is one");
	is_int(holders_of(snap, inode, NSU_HOLDER_FD, self, fd, NULL), 1, "the very one");
	nsu_snapshot_free(snap);
	close(fd);
	nsu_target_free(target);
	kid_end(&kid);
}

/* ---- threads ---------------------------------------------------------------------- */

static int say_pipe[2];

__attribute__((noreturn))
static void sit(void)
{
	for (;;)
		pause();
}

static void *sit_along(void *unused)
{
	(void)unused;
	if (write(say_pipe[1], "", 1) < 0)
		_exit(1);
	sit();
}

/* A table of its own, which a further thread has as well. */
static void *keep_apart(void *unused)
{
	uint64_t said[2] = { 0 };
	pthread_t other;
	int fd = -1;
	char c;

	(void)unused;
	if (!unshare(CLONE_FILES))
		said[0] = make_ns("uts", CLONE_NEWUTS, &fd);
	dup2(fd, HIGH + 1);
	close(fd);
	said[1] = syscall(SYS_gettid);
	pthread_create(&other, NULL, sit_along, NULL);
	if (read(say_pipe[0], &c, 1) != 1 || write(kid_output, said, sizeof(said)) < 0)
		_exit(1);
	sit();
}

static void start_apart(void)
{
	pthread_t thread;

	if (pipe2(say_pipe, O_CLOEXEC) < 0 ||
	    pthread_create(&thread, NULL, keep_apart, NULL))
		_exit(1);
}

static int live_apart(void)
{
	hold_one();
	start_apart();
	sit();
}

static int die_before(void)
{
	start_apart();
	syscall(SYS_exit, 0);
	return 0;
}

/* Two numbers, since the body of such a kid does not return. */
static int kid_start_apart(struct kid *kid, int (*body)(void), uint64_t said[2])
{
	int hold[2], say[2], r = 0;

	if (pipe2(hold, O_CLOEXEC) < 0 || pipe2(say, O_CLOEXEC) < 0)
		return -errno;
	kid->pid = kid_clone(KID);
	if (!kid->pid) {
		close(hold[1]);
		close(say[0]);
		kid_live(hold[0], say[1], body);
	}
	if (kid->pid < 0)
		r = -errno;
	close(hold[0]);
	close(say[1]);
	kid->hold = hold[1];
	if (!r && read(say[0], said, 2 * sizeof(*said)) != 2 * sizeof(*said))
		r = -EIO;
	close(say[0]);
	return r;
}

/* A leader that ends is seen to be dead only some time later. */
static void wait_for_zombie(pid_t pid)
{
	char path[64], text[256] = "";

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (int i = 0; i < 1000000; i++) {
		const char *end;

		if (nsi_read_at(AT_FDCWD, path, text, sizeof(text)) < 0)
			return;
		end = strrchr(text, ')');
		if (end && end[2] == 'Z')
			return;
		sched_yield();
	}
}

static void check_thread(const struct nsu_snapshot *snap, const struct kid *kid,
			 const uint64_t said[2], const char *how)
{
	struct nsu_holder holder = NSU_HOLDER_INIT;

	is_int(holders_of(snap, said[0], NSU_HOLDER_FD, kid->pid, -1, &holder), 1,
	       "%s: one descriptor", how);
	is_int(holder.tid, said[1], "%s: of the thread", how);
	is_int(holder.fd, HIGH + 1, "%s: its number", how);
}

static void test_threads(bool dead)
{
	static const char *const off[] = { NULL, "kcmp", "task-nlink" };
	uint64_t said[2];
	struct kid kid;

	if (kid_start_apart(&kid, dead ? die_before : live_apart, said) < 0) {
		skip("threads with a table of their own",
		     "user namespaces are not allowed here");
		return;
	}
	if (dead)
		wait_for_zombie(kid.pid);
	for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
		struct nsu_ctx_options options = NSU_CTX_OPTIONS_INIT;
		struct nsu_ctx *other = NULL;
		struct nsu_snapshot *snap;
		const struct nsu_task *task = NULL;

		options.disable = off[i];
		is_int(nsu_ctx_new(&options, &other), 0, "without %s", off[i]);
		snap = scan_these(other, PARTS, &kid.pid, 1);
		check_thread(snap, &kid, said, dead ? "behind a dead leader" : "alive");
		is_int(nsu_snapshot_find_task(snap, kid.pid, &task), 0, "the leader");
		is_int(nsu_task_is_dead_leader(task), dead, "is dead or not");
		/* A table that was copied holds it as well: told where it can be told. */
		if (!dead)
			is_int(holders_by_fd(snap, NSU_HOLDER_FD, kid.pid, HIGH),
			       off[i] && !strcmp(off[i], "kcmp") ? 1 : 2,
			       "what the leader has, too");
		nsu_snapshot_free(snap);
		nsu_ctx_free(other);
	}
	kid_end(&kid);
}

/* Descriptors told to be of a process that is not there. */
static int count_orphans(const struct nsu_snapshot *snap)
{
	const struct nsu_task *task;
	const struct nsu_ns *ns;
	int wrong = 0;

	nsu_foreach_ns(ns, snap) {
		struct nsu_holder holder = NSU_HOLDER_INIT;

		for (size_t k = 0; !nsu_ns_get_holder(ns, k, &holder); k++)
			if (holder.kind == NSU_HOLDER_FD && (!holder.task ||
			    nsu_snapshot_find_task(snap, holder.tid, &task) < 0))
				wrong++;
	}
	return wrong;
}

/* Processes that end while they are read leave nothing behind. */
static void test_ended(void)
{
	int wrong = 0, r;

	for (int i = 0; i < 30; i++) {
		struct nsu_snapshot *snap = NULL;
		struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
		struct kid kid;

		if (kid_start(&kid, KID, hold_one) < 0)
			return skip("ended", "user namespaces are not allowed here");
		options.parts = PARTS;
		options.pids = &kid.pid;
		options.pid_count = 1;
		close(kid.hold);
		if (i % 2)
			kill(kid.pid, SIGKILL);
		r = nsu_snapshot_new(ctx, &options, &snap);
		wrong += r < 0 && r != -ESRCH;
		if (!r)
			wrong += has_gap(snap, kid.pid) + count_orphans(snap);
		nsu_snapshot_free(snap);
		waitpid(kid.pid, NULL, 0);
	}
	is_int(wrong, 0, "ended meanwhile: no holder without its process, no gap");
}

int main(void)
{
	int open_before;

	alarm(60);		/* what hangs fails */
	if (nsu_ctx_new(NULL, &ctx) < 0)
		skip_all("no procfs here");
	if (!nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	open_before = count_open();
	test_held();
	test_types();
	test_own();
	test_threads(false);
	test_threads(true);
	test_ended();
	is_int(count_open(), open_before, "no descriptor is left open");
	ok(waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD, "nor a child");
	nsu_ctx_free(ctx);
	return done();
}
