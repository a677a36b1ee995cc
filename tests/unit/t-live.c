/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scans of the running kernel: its answers against readlink(2) and what was made. */
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "nsi.h"
#include "kid.h"
#include "../tap.h"

#define PARTS (NSU_PART_DEFAULT | NSU_PART_PIDS)

static struct nsu_ctx *ctx;
static struct kid kid;			/* in its own user, pid and net namespace */
static bool have_kid;

static struct nsu_snapshot *scan(struct nsu_ctx *in, unsigned parts, bool just_these)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	pid_t pids[] = { getpid(), kid.pid };
	struct nsu_snapshot *snap = NULL;
	int r;

	options.parts = parts;
	if (just_these) {
		options.pids = pids;
		options.pid_count = have_kid ? 2 : 1;
	}
	r = nsu_snapshot_new(in, &options, &snap);
	if (r < 0) {
		printf("Bail out! scan: %s\n", strerror(-r));
		exit(1);
	}
	return snap;
}

static const struct nsu_task *task_of(const struct nsu_snapshot *snap, pid_t pid)
{
	const struct nsu_task *task = NULL;

	is_int(nsu_snapshot_find_task(snap, pid, &task), 0, "task %d is found", pid);
	return task;
}

static const struct nsu_ns *ns_of(const struct nsu_snapshot *snap, pid_t pid,
				  enum nsu_type type)
{
	const struct nsu_ns *ns = NULL;

	is_int(nsu_task_get_ns(task_of(snap, pid), type, &ns), 0, "%s of %d",
	       nsu_type_get_name(type), pid);
	return ns;
}

static void check_links(const struct nsu_snapshot *snap, pid_t pid)
{
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		const char *name = nsu_type_get_name(type);
		uint64_t inode = link_inode(pid, name);

		if (inode)
			is_int(nsu_ns_get_inode(ns_of(snap, pid, type)), inode,
			       "%s of %d is what readlink says", name, pid);
		else
			ok(!(nsu_snapshot_get_types(snap) & 1u << type), "no %s", name);
	}
}

static void test_own(void)
{
	struct nsu_snapshot *snap = scan(ctx, 0, false);
	const struct nsu_source *source = nsu_snapshot_get_source(snap, 0);
	struct nsu_task_stat st = NSU_TASK_STAT_INIT;
	struct stat nsfs;

	check_links(snap, getpid());
	ok(nsu_snapshot_get_time(snap) > 0, "a time");
	is_str(source->name, "procfs", "the source");
	is_int(source->error, 0, "was used");
	ok(!stat("/proc/self/ns/user", &nsfs) &&
		   nsfs.st_dev == nsu_snapshot_get_device(snap),
	   "the device of nsfs");
	is_int(nsu_task_read_stat(task_of(snap, getpid()), &st), 0, "stat");
	ok(st.ppid == getppid() && st.uid == geteuid() && !st.kernel, "of ourselves");
	is_str(nsu_version(), PACKAGE_VERSION, "version");
	nsu_snapshot_free(snap);
}

static void test_kid(void)
{
	const struct nsu_ns *user, *net, *pidns, *found;
	struct nsu_snapshot *snap;
	const struct nsu_task *task;
	uid_t creator = -1;
	pid_t pid = 0;

	if (!have_kid) {
		skip("a child in its own namespaces",
		     "user namespaces are not allowed here");
		return;
	}
	snap = scan(ctx, PARTS, false);
	check_links(snap, kid.pid);
	user = ns_of(snap, kid.pid, NSU_USER);
	net = ns_of(snap, kid.pid, NSU_NET);
	pidns = ns_of(snap, kid.pid, NSU_PID);
	ok(!nsu_ns_get_parent(user, &found) && found == ns_of(snap, getpid(), NSU_USER),
	   "its user namespace's parent is ours");
	ok(!nsu_ns_get_owner(user, &found) && found == ns_of(snap, getpid(), NSU_USER),
	   "which is its owner, too");
	ok(!nsu_ns_get_parent(pidns, &found) && found == ns_of(snap, getpid(), NSU_PID),
	   "its pid namespace's parent is ours");
	ok(!nsu_ns_get_owner(net, &found) && found == user,
	   "its user namespace owns its net");
	ok(!nsu_ns_get_owner(pidns, &found) && found == user, "and pid");
	is_int(nsu_ns_count_owned(user), 2, "owned");
	ok(!nsu_ns_get_creator(user, &creator) && creator == geteuid(), "creator");
	is_int(nsu_ns_get_level(user), nsu_ns_get_level(found = ns_of(snap, getpid(),
	       NSU_USER)) + 1, "level");
	is_int(nsu_ns_count_processes(net), 1, "alone in its net");
	ok(!nsu_snapshot_find_pid(snap, pidns, 1, &task) &&
		   task == task_of(snap, kid.pid),
	   "process 1 in there");
	ok(!nsu_task_get_pid_in(task_of(snap, kid.pid), pidns, &pid) && pid == 1,
	   "and back");
	ok(!nsu_task_get_pid_in(task_of(snap, kid.pid), ns_of(snap, getpid(), NSU_PID),
				&pid) &&
		   pid == kid.pid,
	   "and here");
	is_int(nsu_task_get_pid_in(task_of(snap, getpid()), pidns, &pid), -ENOENT,
	       "we have no number in there");
	nsu_snapshot_free(snap);
}

static void test_relations(void)
{
	struct nsu_snapshot *snap = scan(ctx, 0, true);
	const struct nsu_ns *net = ns_of(snap, getpid(), NSU_NET), *found = NULL;
	const struct nsu_ns *user = ns_of(snap, getpid(), NSU_USER);
	bool first = nsu_ns_get_inode(user) == nsu_type_get_info(NSU_USER)->initial;
	uint64_t id = 0;
	uid_t uid;
	int r;

	is_int(nsu_ns_get_parent(net, &found), -ENOENT, "net has no parent");
	is_int(nsu_ns_get_creator(net, &uid), -ENOENT, "nor a creator");
	is_int(nsu_ns_get_mntns_id(net, &id), -ENOENT, "nor a mount id");
	r = nsu_ns_get_parent(user, &found);
	ok(first ? r == -ENOENT : r == -EPERM || r == 0,
	   "our user namespace's parent: %d", r);
	is_int(nsu_ns_get_owner(net, NULL), -EINVAL, "no result");
	is_int(nsu_ns_get_parent(NULL, &found), -EINVAL, "no namespace");
	r = nsu_ns_get_id(net, &id);
	ok(r == 0 || r == -ENODATA, "id: %d", r);
	if (!r)
		ok(!nsu_snapshot_find_id(snap, id, &found) && found == net,
		   "found by it");
	is_int(nsu_snapshot_find_id(snap, UINT64_MAX, &found), r ? r : -ENOENT,
	       "no such id");
	ok(!nsu_snapshot_find_inode(snap, net->inode, &found) && found == net,
	   "by inode");
	is_int(nsu_snapshot_find_inode(snap, 1, &found), -ENOENT, "no such inode");
	is_int(nsu_snapshot_find_ns(snap, NSU_UTS, net->inode, &found), -ENOENT,
	       "other type");
	is_int(nsu_snapshot_find_ns(snap, 8, 1, &found), -EINVAL, "no such type");
	nsu_snapshot_free(snap);
	snap = scan(ctx, NSU_PART_TASKS, true);
	net = ns_of(snap, getpid(), NSU_NET);
	is_int(nsu_ns_get_owner(net, &found), -ENODATA, "owner: not asked for");
	is_int(nsu_ns_get_id(net, &id), -ENODATA, "id: not asked for");
	is_int(nsu_snapshot_find_id(snap, 1, &found), -ENODATA, "by id: not asked for");
	nsu_snapshot_free(snap);
}

static bool same_ns(const struct nsu_ns *a, const struct nsu_ns *b, const char *off)
{
	bool owner = !strcmp(off, "owner");

	return a->type == b->type && a->inode == b->inode &&
	       a->processes == b->processes && a->tasks.count == b->tasks.count &&
	       a->heirs.count == b->heirs.count &&
	       (strcmp(off, "ns-id") ? a->id == b->id : b->id_state == -ENODATA) &&
	       (a->mntns_id == b->mntns_id || !strcmp(off, "mntns-id")) &&
	       (a->creator == b->creator || !strcmp(off, "owner-uid")) &&
	       (owner || (a->owner == b->owner && a->parent == b->parent &&
			  a->owner_state == b->owner_state));
}

static bool same(const struct nsu_snapshot *a, const struct nsu_snapshot *b,
		 const char *off)
{
	bool right = a->ns_count == b->ns_count && a->task_count == b->task_count &&
		a->box_count == b->box_count && a->gap_count == b->gap_count;

	for (size_t i = 0; right && i < a->ns_count; i++)
		right = same_ns(&a->ns[i], &b->ns[i], off);
	for (size_t i = 0; right && i < a->task_count; i++)
		right = a->tasks[i].tid == b->tasks[i].tid &&
			!memcmp(a->tasks[i].ns, b->tasks[i].ns, sizeof(a->tasks[i].ns)) &&
			(a->tasks[i].pid_count == b->tasks[i].pid_count ||
			 !strcmp(off, "nspid"));
	return right;
}

static void test_disable(void)
{
	struct nsu_snapshot *whole = scan(ctx, PARTS, true);
	struct nsu_ctx_options options = NSU_CTX_OPTIONS_INIT;
	struct nsu_ctx *other = NULL;

	for (unsigned i = 0; i < NSU_INTERFACE_COUNT; i++) {
		const char *name = nsu_interface_get_name(i);
		struct nsu_snapshot *snap;

		options.disable = name;
		is_int(nsu_ctx_new(&options, &other), 0, "without %s", name);
		is_int(nsu_ctx_get_interface(other, i), NSU_IF_DISABLED, "%s is off",
		       name);
		snap = scan(other, PARTS, true);
		ok(same(whole, snap, name), "the same but for what %s tells", name);
		nsu_ctx_probe(other);
		is_int(nsu_ctx_get_interface(other, i), NSU_IF_DISABLED, "%s stays off",
		       name);
		nsu_snapshot_free(snap);
		nsu_ctx_free(other);
	}
	options.disable = "ns-id,pidfd";
	is_int(nsu_ctx_new(&options, &other), 0, "without two");
	nsu_ctx_free(other);
	options.disable = "ns-id,nonsense";
	is_int(nsu_ctx_new(&options, &other), -EINVAL, "what is no interface");
	nsu_snapshot_free(whole);
}

static void test_ctx(void)
{
	struct nsu_ctx_options options = NSU_CTX_OPTIONS_INIT;
	struct nsu_ctx *other = NULL;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	options.proc_fd = fd;
	is_int(nsu_ctx_new(&options, &other), -ENOTDIR, "a context on a file");
	close(fd);
	options.proc_fd = 9999;
	is_int(nsu_ctx_new(&options, &other), -EBADF, "on a closed descriptor");
	options.size = 1;
	is_int(nsu_ctx_new(&options, &other), -EINVAL, "options cut off");
	is_int(nsu_ctx_new(NULL, NULL), -EINVAL, "no result");
	ok(!other, "which is untouched");
	nsu_ctx_free(NULL);
	nsu_snapshot_free(NULL);
	nsu_target_free(NULL);
	nsu_binds_free(NULL);
	for (unsigned i = 0; i < NSU_INTERFACE_COUNT; i++)
		ok(nsu_ctx_get_interface(ctx, i) != NSU_IF_UNTRIED ||
		   i == NSU_IF_PIDFS_INODE, "probed: %s", nsu_interface_get_name(i));
	ok(!nsu_interface_get_name(NSU_INTERFACE_COUNT), "no more interfaces");
}

static pid_t thread_tid;
static pthread_barrier_t barrier;

static void *run_thread(void *flags)
{
	thread_tid = unshare((int)(intptr_t)flags) < 0 ? -errno
						       : (pid_t)syscall(SYS_gettid);
	/* A pid namespace is seen from its first process on. */
	if ((intptr_t)flags & CLONE_NEWPID && !fork())
		kid_wait();
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
	return NULL;
}

static int start_thread(int flags)
{
	pthread_t thread;
	int r;

	pthread_barrier_init(&barrier, NULL, 2);
	r = pthread_create(&thread, NULL, run_thread, (void *)(intptr_t)flags);
	if (r)
		return -r;
	pthread_barrier_wait(&barrier);
	return thread_tid;
}

static int with_net_thread(void)
{
	return start_thread(CLONE_NEWNET);
}

static int with_pid_thread(void)
{
	return start_thread(CLONE_NEWPID);
}

static void test_thread(int (*body)(void), enum nsu_type type)
{
	const char *name = nsu_type_get_name(type);
	struct kid proc = { .pid = 0 };
	struct nsu_snapshot *snap;
	const struct nsu_task *task = NULL;
	const struct nsu_sandbox *box = NULL;

	if (kid_start(&proc, CLONE_NEWUSER, body) < 0) {
		skip(name, "user namespaces are not allowed here");
		return;
	}
	snap = scan(ctx, 0, false);
	is_int(nsu_snapshot_find_task(snap, proc.said, &task), 0,
	       "a thread with %s of its own is found", name);
	if (task) {
		ok(nsu_task_is_thread(task) && nsu_task_get_pid(task) == proc.pid,
		   "as one");
		is_int(nsu_task_get_sandbox(task, &box), 0, "in a sandbox");
		is_int(nsu_sandbox_count_processes(box), 1, "of one process");
	}
	if (task && type == NSU_NET) {
		ok(nsu_ns_get_inode(ns_of(snap, proc.said, type)) !=
		   link_inode(proc.pid, name), "not where its process is");
		is_int(nsu_ns_count_processes(ns_of(snap, proc.said, type)), 1, "alone");
	}
	nsu_snapshot_free(snap);
	kid_end(&proc);
}

/* With no descriptor left a scan fails or is whole; it never leaves out in silence. */
static void test_descriptors(void)
{
	struct nsu_snapshot *whole = scan(ctx, PARTS, true), *snap = NULL;
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	pid_t pids[] = { getpid(), kid.pid };
	int next = fcntl(0, F_DUPFD_CLOEXEC, 3), failed = 0;
	struct rlimit saved, limit;
	bool right = true;

	close(next);
	getrlimit(RLIMIT_NOFILE, &saved);
	options.parts = PARTS;
	options.pids = pids;
	options.pid_count = have_kid ? 2 : 1;
	for (int more = 0; more < 10; more++) {
		int r;

		limit = (struct rlimit){ next + more, saved.rlim_max };
		setrlimit(RLIMIT_NOFILE, &limit);
		r = nsu_snapshot_new(ctx, &options, &snap);
		setrlimit(RLIMIT_NOFILE, &saved);
		failed += r == -EMFILE;
		right &= r == -EMFILE || (!r && same(whole, snap, ""));
		if (!r)
			nsu_snapshot_free(snap);
	}
	ok(right && failed > 0 && failed < 10, "%d scans without descriptors", failed);
	nsu_snapshot_free(whole);
}

static void test_cancel(void)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;
	volatile int cancel = 1;
	pid_t none = 4194304;

	options.cancel = &cancel;
	is_int(nsu_snapshot_new(ctx, &options, &snap), -ECANCELED, "cancelled");
	options.cancel = NULL;
	options.pids = &none;
	options.pid_count = 1;
	is_int(nsu_snapshot_new(ctx, &options, &snap), -ESRCH, "no such process");
	options.types = 1u << 8;
	is_int(nsu_snapshot_new(ctx, &options, &snap), -EINVAL, "no such type");
	ok(!snap, "the result is untouched");
}

int main(void)
{
	if (nsu_ctx_new(NULL, &ctx) < 0)
		skip_all("no /proc");
	if (!nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	have_kid = !kid_start(&kid, CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET, NULL);
	nsu_ctx_probe(ctx);
	test_own();
	test_kid();
	test_relations();
	test_disable();
	test_ctx();
	test_thread(with_net_thread, NSU_NET);
	test_thread(with_pid_thread, NSU_PID);
	test_descriptors();
	test_cancel();
	if (have_kid)
		kid_end(&kid);
	nsu_ctx_free(ctx);
	return done();
}
