/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of uts, ipc, time and cgroup namespaces, against what was set inside. */
#include <grp.h>
#include <mqueue.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include "facts.h"
#include "visit.h"

static int name_it(void)
{
	if (sethostname("inner host\n", 11) < 0 || setdomainname("inner.example", 13) < 0)
		return -errno;
	return 0;
}

static int map_and_name(void)
{
	int r = box_map();

	return r < 0 ? r : name_it();
}

static void check_names(const struct nsu_ns *ns, const char *what)
{
	struct nsu_uts uts = NSU_UTS_INIT;

	is_int(nsu_ns_read_uts(ns, &uts), 0, "%s", what);
	is_str(uts.hostname, "inner host\n", "%s: hostname", what);
	is_str(uts.domainname, "inner.example", "%s: domainname", what);
}

static void check_own_names(struct nsu_snapshot *snap)
{
	struct nsu_uts uts = NSU_UTS_INIT;
	char name[65] = "";

	gethostname(name, sizeof(name));
	is_int(nsu_ns_read_uts(ns_of(snap, getpid(), NSU_UTS), &uts), 0, "own uts");
	is_str(uts.hostname, name, "own hostname");
	getdomainname(name, sizeof(name));
	is_str(uts.domainname, name, "own domainname");
}

/* Programs of other releases have smaller or larger structs. */
static void check_sizes(const struct nsu_ns *ns)
{
	struct {
		struct nsu_uts uts;
		char later[8];
	} large = { .later = "1234567" };
	struct nsu_uts small = { .size = 64, .hostname = "kept" };

	large.uts.size = sizeof(large);
	is_int(nsu_ns_read_uts(ns, &large.uts), 0, "a larger struct");
	is_int(large.uts.size, sizeof(large), "a larger struct: its size stays");
	is_str(large.later, "", "a larger struct: what is unknown is 0");
	is_int(nsu_ns_read_uts(ns, &small), -EINVAL, "a struct that is too small");
	is_str(small.hostname, "kept", "a struct that is too small is left alone");
}

static void test_uts(void)
{
	struct traces traces;
	struct nsu_snapshot *snap;
	struct kid kid;

	if (kid_start(&kid, CLONE_NEWUTS, name_it) < 0) {
		skip("uts", "no uts namespace can be made");
		return;
	}
	snap = picture(kid.pid, 0);
	traces = traces_before(kid.pid);
	check_names(ns_of(snap, kid.pid, NSU_UTS), "uts");
	check_own_names(snap);
	check_sizes(ns_of(snap, kid.pid, NSU_UTS));
	traces_check(&traces, kid.pid, "uts");
	kid_end(&kid);
	is_int(nsu_ns_read_uts(ns_of(snap, kid.pid, NSU_UTS),
			       &(struct nsu_uts)NSU_UTS_INIT), -ESRCH, "uts: is gone");
	nsu_snapshot_free(snap);
}

static int fill_ipc(void)
{
	struct {
		long type;
		char text[100];
	} message = { .type = 1 };
	int a = msgget(IPC_PRIVATE, 0600), b = msgget(7, IPC_CREAT | 0600);
	int shm = shmget(8, 5000, IPC_CREAT | 0600);
	mqd_t dot = mq_open("/.dot", O_CREAT | O_RDWR, 0600, NULL);
	mqd_t other = mq_open("/other", O_CREAT | O_RDWR, 0600, NULL);
	char *at;

	if (a < 0 || b < 0 || shm < 0 || shmget(IPC_PRIVATE, 7000, 0600) < 0 ||
	    semget(9, 3, IPC_CREAT | 0600) < 0 || semget(IPC_PRIVATE, 4, 0600) < 0)
		return -errno;
	if (msgsnd(a, &message, 100, 0) < 0 || msgsnd(b, &message, 30, 0) < 0 ||
	    msgsnd(b, &message, 20, 0) < 0)
		return -errno;
	at = shmat(shm, NULL, 0);
	at[4999] = 1;
	/* 1: there are no POSIX queues */
	if (dot < 0 || other < 0)
		return errno == ENOSYS ? 1 : -errno;
	return mq_send(dot, "hello", 5, 0) < 0 || mq_send(dot, "you", 3, 0) < 0 ||
		mq_send(other, "x", 1, 0) < 0 ? -errno : 0;
}

static int map_and_fill(void)
{
	int r = box_map();

	return r < 0 ? r : fill_ipc();
}

static int fill_and_limit(void)
{
	int r = fill_ipc();

	if (r < 0)
		return r;
	put_file("/proc/sys/kernel/msgmni", "77");
	put_file("/proc/sys/kernel/msgmax", "4000");
	put_file("/proc/sys/kernel/msgmnb", "5000");
	put_file("/proc/sys/kernel/shmmni", "88");
	put_file("/proc/sys/kernel/shmmax", "123456789");
	put_file("/proc/sys/kernel/shmall", "18446744073692774399");
	put_file("/proc/sys/kernel/sem", "11 222 33 44");
	put_file("/proc/sys/fs/mqueue/queues_max", "55");
	return r;
}

static void check_ipc(const struct nsu_ns *ns, bool posix, struct nsu_ipc *ipc,
		      const char *what)
{
	if (!is_int(nsu_ns_read_ipc(ns, ipc), 0, "%s", what))
		return;
	is_int(ipc->queues, 2, "%s: queues", what);
	is_int(ipc->queue_messages, 3, "%s: messages", what);
	is_int(ipc->queue_bytes, 150, "%s: bytes in them", what);
	is_int(ipc->segments, 2, "%s: segments", what);
	is_int(ipc->segment_bytes, 12000, "%s: their bytes", what);
	is_int(ipc->segment_rss, sysconf(_SC_PAGESIZE), "%s: one page in memory", what);
	is_int(ipc->semaphore_sets, 2, "%s: sets", what);
	is_int(ipc->semaphores, 7, "%s: semaphores", what);
	if (!posix)
		return;
	is_int(ipc->posix_queues, 2, "%s: POSIX queues", what);
	is_int(ipc->posix_bytes, 9, "%s: bytes in them", what);
}

static void check_limits(const struct nsu_ipc *ipc)
{
	is_int(ipc->max_queues, 77, "msgmni");
	is_int(ipc->max_message, 4000, "msgmax");
	is_int(ipc->max_queue_bytes, 5000, "msgmnb");
	is_int(ipc->max_segments, 88, "shmmni");
	is_int(ipc->max_segment, 123456789, "shmmax");
	ok(ipc->max_pages == 18446744073692774399u, "shmall");
	is_int(ipc->max_per_set, 11, "SEMMSL");
	is_int(ipc->max_semaphores, 222, "SEMMNS");
	is_int(ipc->max_operations, 33, "SEMOPM");
	is_int(ipc->max_sets, 44, "SEMMNI");
	if (ipc->posix_queues >= 0)
		is_int(ipc->max_posix_queues, 55, "fs.mqueue.queues_max");
}

static void test_ipc(void)
{
	struct nsu_ipc ipc = NSU_IPC_INIT;
	struct traces traces;
	struct nsu_snapshot *snap;
	struct kid kid;

	if (kid_start(&kid, CLONE_NEWIPC, fill_and_limit) < 0) {
		skip("ipc", "no ipc namespace can be made");
		return;
	}
	ok(kid.said >= 0, "ipc: there is something in it (%d)", kid.said);
	snap = picture(kid.pid, 0);
	traces = traces_before(kid.pid);
	check_ipc(ns_of(snap, kid.pid, NSU_IPC), kid.said == 0, &ipc, "ipc");
	check_limits(&ipc);
	traces_check(&traces, kid.pid, "ipc");
	nsu_snapshot_free(snap);
	kid_end(&kid);
}

/* Offsets for the children to come; then a child that is in that namespace, while its own
   children will be in another. */
static volatile pid_t *inner;		/* its number, and that it is ready */
static int in_time(void)
{
	pid_t pid;

	if (unshare(CLONE_NEWTIME) < 0)
		return -errno;
	if (put_file("/proc/self/timens_offsets",
		     "monotonic 1000 5\nboottime -7 250000000\n") < 0)
		return -errno;
	pid = fork();
	if (pid > 0)
		*inner = pid;
	if (pid)
		return pid < 0 ? -errno : 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWTIME) < 0 ||
	    put_file("/proc/self/timens_offsets", "boottime 99 0\n") < 0)
		_exit(1);
	/* The parent may have told already: this one has to be waited for. */
	inner[1] = 1;
	kid_wait();
	_exit(0);
}

static void check_clocks(const struct nsu_ns *ns, int64_t monotonic, int64_t boottime,
			 const char *what)
{
	struct nsu_clocks clocks = NSU_CLOCKS_INIT;

	is_int(nsu_ns_read_clocks(ns, &clocks), 0, "%s", what);
	is_int(clocks.monotonic, monotonic, "%s: monotonic", what);
	is_int(clocks.boottime, boottime, "%s: boottime", what);
}

static void check_time(const struct kid *kid)
{
	struct nsu_snapshot *snap = picture(kid->pid, *inner);
	const struct nsu_task *task = NULL;
	const struct nsu_ns *ns = NULL;
	struct traces traces = traces_before(kid->pid);

	check_clocks(ns_of(snap, kid->pid, NSU_TIME), 0, 0, "time: the kernel's first");
	check_clocks(ns_of(snap, *inner, NSU_TIME), 1000000000005, -6750000000,
		     "time: by a file or entered");
	is_int(nsu_snapshot_find_task(snap, *inner, &task), 0, "time: the inner one");
	is_int(nsu_task_get_child_ns(task, NSU_TIME, &ns), 0, "time: of its children");
	check_clocks(ns, 1000000000005, 99000000000, "time: without a member");
	traces_check(&traces, kid->pid, "time");
	nsu_snapshot_free(snap);
	/* Without the outer one there is no file that tells: who is in it has children in
	   another. */
	snap = picture(*inner, 0);
	check_clocks(ns_of(snap, *inner, NSU_TIME), 1000000000005, -6750000000,
		     "time: entered");
	nsu_snapshot_free(snap);
}

static void test_time(void)
{
	struct kid kid;

	inner = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (inner == MAP_FAILED || kid_start(&kid, 0, in_time) < 0) {
		skip("time", "no process");
		return;
	}
	if (kid.said < 0) {
		skip("time", "no time namespace can be made");
		kid_end(&kid);
		return;
	}
	while (!inner[1] && !kill(*inner, 0))
		sched_yield();
	check_time(&kid);
	/* It ends with the kid, which is its parent. */
	kid_end(&kid);
}

static void test_box(void)
{
	struct nsu_ipc ipc = NSU_IPC_INIT;
	struct traces traces;
	struct nsu_snapshot *snap;
	struct kid names, queues;

	if (box_start_as(&names, CLONE_NEWUTS, map_and_name) < 0) {
		skip("in a user namespace", "none can be made");
		return;
	}
	if (box_start_as(&queues, CLONE_NEWIPC, map_and_fill) < 0) {
		skip("ipc in a user namespace", "none can be made");
		kid_end(&names);
		return;
	}
	snap = picture(names.pid, queues.pid);
	traces = traces_before(queues.pid);
	check_names(ns_of(snap, names.pid, NSU_UTS), "uts of a user namespace");
	check_ipc(ns_of(snap, queues.pid, NSU_IPC), queues.said == 0, &ipc,
		  "ipc of a user namespace");
	ok(ipc.max_queues && ipc.max_segment && ipc.max_sets, "its limits");
	traces_check(&traces, queues.pid, "in a user namespace");
	nsu_snapshot_free(snap);
	kid_end(&names);
	kid_end(&queues);
}

/* Own namespaces take no capability; those of another's, and here nobody's, do. */
static int look_as_nobody(void)
{
	struct nsu_clocks clocks = { .size = sizeof(clocks), .monotonic = 1 };
	struct nsu_uts uts = NSU_UTS_INIT;
	struct nsu_ipc ipc = NSU_IPC_INIT;
	struct nsu_mounts *mounts = NULL;
	struct nsu_snapshot *snap;
	char *root = NULL, name[65] = "";
	int failed = 0;

	nsu_ctx_free(ctx);
	if (!geteuid() && (setgroups(0, NULL) < 0 || setresgid(65534, 65534, 65534) < 0 ||
			   setresuid(65534, 65534, 65534) < 0))
		return -errno;
	prctl(PR_SET_DUMPABLE, 1);
	if (nsu_ctx_new(NULL, &ctx) < 0)
		return -ENODEV;
	snap = picture(0, 0);
	gethostname(name, sizeof(name));
	if (nsu_ns_read_uts(ns_of(snap, getpid(), NSU_UTS), &uts) < 0 ||
	    strcmp(uts.hostname, name))
		failed |= 1;
	if (nsu_ns_read_ipc(ns_of(snap, getpid(), NSU_IPC), &ipc) < 0 ||
	    !ipc.max_queues)
		failed |= 2;
	if (ns_of(snap, getpid(), NSU_TIME) &&
	    (nsu_ns_read_clocks(ns_of(snap, getpid(), NSU_TIME), &clocks) < 0))
		failed |= 4;
	if (nsu_ns_read_cgroup_root(ns_of(snap, getpid(), NSU_CGROUP), &root) < 0 ||
	    strcmp(root, "/"))
		failed |= 8;
	if (nsu_mounts_new(ns_of(snap, getpid(), NSU_MNT), &mounts) < 0 ||
	    !nsu_mounts_count(mounts))
		failed |= 16;
	return failed;
}

/* A user's own containers: by the user namespace, which is entered first. */
static int look_into_own(void)
{
	struct nsu_uts uts = NSU_UTS_INIT;
	struct nsu_ipc ipc = NSU_IPC_INIT;
	struct nsu_mounts *mounts = NULL;
	struct kid names, queues;
	struct nsu_snapshot *snap;
	int failed = look_as_nobody();

	if (failed < 0)
		return failed;
	failed <<= 8;
	if (box_start_as(&names, CLONE_NEWUTS | CLONE_NEWNS, map_and_name) < 0 ||
	    box_start_as(&queues, CLONE_NEWIPC, map_and_fill) < 0)
		return -ENOSYS;
	snap = picture(names.pid, queues.pid);
	if (nsu_ns_read_uts(ns_of(snap, names.pid, NSU_UTS), &uts) < 0 ||
	    strcmp(uts.domainname, "inner.example"))
		failed |= 1;
	if (nsu_ns_read_ipc(ns_of(snap, queues.pid, NSU_IPC), &ipc) < 0 ||
	    ipc.semaphores != 7)
		failed |= 2;
	if (queues.said == 0 && (ipc.posix_queues != 2 || ipc.posix_bytes != 9))
		failed |= 4;
	if (nsu_mounts_new(ns_of(snap, names.pid, NSU_MNT), &mounts) < 0)
		failed |= 8;
	kid_end(&names);
	kid_end(&queues);
	return failed;
}

static void test_nobody(void)
{
	struct kid kid;

	if (kid_start(&kid, 0, look_as_nobody) < 0)
		return;
	is_int(kid.said, 0, "an ordinary user's own namespaces");
	kid_end(&kid);
	if (kid_start(&kid, 0, look_into_own) < 0)
		return;
	if (kid.said == -ENOSYS)
		skip("an ordinary user's container", "no user namespace can be made");
	else
		is_int(kid.said, 0, "an ordinary user's container");
	kid_end(&kid);
}

static int end_there(struct nsi_visit *visit)
{
	(void)visit;
	_exit(0);
}

static int fail_there(struct nsi_visit *visit)
{
	(void)visit;
	return -EXDEV;
}

static void test_errors(void)
{
	struct nsi_visit visit = { .look = end_there };
	struct nsu_snapshot *snap = picture(0, 0);
	const struct nsu_ns *net = ns_of(snap, getpid(), NSU_NET);
	struct nsu_clocks clocks = NSU_CLOCKS_INIT;
	struct nsu_uts uts = NSU_UTS_INIT;
	struct nsu_ipc ipc = NSU_IPC_INIT;
	char kept[] = "kept", *root = kept;
	int fds = count_fds(), error;

	is_int(nsu_ns_read_uts(net, &uts), -EMEDIUMTYPE, "net is no uts");
	is_int(nsu_ns_read_ipc(net, &ipc), -EMEDIUMTYPE, "net is no ipc");
	is_int(nsu_ns_read_clocks(net, &clocks), -EMEDIUMTYPE, "net is no time");
	is_int(nsu_ns_read_cgroup_root(net, &root), -EMEDIUMTYPE, "no cgroup");
	is_int(nsu_ns_read_uts(NULL, &uts), -EINVAL, "no namespace");
	is_str(root, "kept", "results are left alone");
	net = ns_of(snap, getpid(), NSU_UTS);
	is_int(nsi_visit_ask(ctx, net, &visit, &error, sizeof(error), NULL), -EIO,
	       "a child that says nothing");
	visit.look = fail_there;
	is_int(nsi_visit_ask(ctx, net, &visit, &error, sizeof(error), NULL), -EXDEV,
	       "a child that fails");
	is_int(count_fds(), fds, "errors leave no descriptor");
	nsu_snapshot_free(snap);
}

int main(void)
{
	if (nsu_ctx_new(NULL, &ctx) < 0 || !nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	test_errors();
	test_uts();
	test_ipc();
	test_time();
	test_box();
	test_nobody();
	nsu_ctx_free(ctx);
	return done();
}
