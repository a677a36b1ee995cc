/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a live system shows by chance only: tasks that move while they are read, numbers
   that mean two things, and names of net namespaces. */
#include <libmnl/libmnl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include "walk.h"
#include "kid.h"
#include "../tap.h"

#define NSID		7
#define FIRST_NUMBER	20000
#define SCAN_FAILED	99
#define OTHER_NUMBER	98

static struct nsu_ctx *ctx;

static struct nsu_snapshot *scan_one(struct nsu_ctx *in, pid_t pid)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;

	options.pids = &pid;
	options.pid_count = 1;
	return nsu_snapshot_new(in, &options, &snap) < 0 ? NULL : snap;
}

/* The link said another namespace than the one that is there when it is opened. */
static void test_moved(void)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	struct nsi_builder b = { .ctx = ctx, .opts = &options };
	struct nsi_walk w = { .b = &b };
	struct nsu_task task = { .child_pid = NSI_NONE, .child_time = NSI_NONE };
	uint32_t *net = &task.ns[NSU_NET];
	struct nsi_mark mark;
	int state;

	memset(task.ns, 0xff, sizeof(task.ns));
	b.types = NSU_TYPES_DEFAULT;
	b.snap = calloc(1, sizeof(*b.snap));
	b.snap->ctx = ctx;
	is_int(nsi_walk_open(&w, "self/ns"), 0, "moved: our links");
	is_int(nsi_builder_add_ns(&b, NSU_NET, 1, net), 0, "moved: we were elsewhere");
	mark = nsi_builder_mark(&b);
	is_int(nsi_walk_ask(&w, &task), 0, "moved: asked");
	is_int(b.snap->ns[*net].inode, link_inode(getpid(), "net"),
	       "moved: what was opened counts");
	ok(!b.snap->ns[0].asked && b.snap->ns[*net].asked,
	   "moved: the other one was not asked");
	state = b.snap->ns[*net].owner_state;
	nsi_builder_roll_back(&b, &mark);
	is_int(b.snap->ns[*net].owner_state, -ENODATA, "rolled back: nothing is known");
	is_int(nsi_walk_ask(&w, &task), 0, "rolled back: asked again");
	ok(b.snap->ns[*net].asked && b.snap->ns[*net].owner_state == state,
	   "rolled back: and answered");
	close(w.nsdir);
	nsi_builder_free(&b);
	nsu_snapshot_free(b.snap);
}

/* Who began after the scan has the number of one that was in it. */
static void test_reused(void)
{
	struct nsu_snapshot *snap = scan_one(ctx, getpid());
	struct nsu_task_stat st = NSU_TASK_STAT_INIT;
	const struct nsu_task *task = NULL;

	is_int(nsu_snapshot_find_task(snap, getpid(), &task), 0, "reused: a task");
	is_int(nsu_task_read_stat(task, &st), 0, "reused: it is there");
	snap->time = 1;
	is_int(nsu_task_read_stat(task, &st), -ESRCH, "reused: a later one is another");
	nsu_snapshot_free(snap);
}

/* Has this number in its own pid namespace and in the one above. */
static pid_t fork_numbered(pid_t number)
{
	pid_t numbers[] = { number, number };
	struct clone_args args = {
		.exit_signal = SIGCHLD, .set_tid = (uintptr_t)numbers, .set_tid_size = 2,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

__attribute__((noreturn))
static void say_own_pids(void)
{
	const struct nsu_procfs *procfs;
	struct nsu_ctx *own;

	if (nsu_ctx_new(NULL, &own) < 0)
		_exit(SCAN_FAILED);
	procfs = nsu_ctx_get_procfs(own);
	_exit(procfs->self == getpid() ? procfs->own_pids : OTHER_NUMBER);
}

static int look_by_chance(void)
{
	pid_t number = FIRST_NUMBER, pid;
	int status;

	do
		pid = fork_numbered(number++);
	while (pid < 0 && errno == EEXIST && number < FIRST_NUMBER + 100);
	if (pid < 0)
		return -errno;
	if (!pid)
		say_own_pids();
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

/* A /proc of another pid namespace, in which our number is by chance the same. */
static void test_own_pids(void)
{
	struct kid kid;

	if (kid_start(&kid, CLONE_NEWPID, look_by_chance) < 0) {
		skip("the same number in two pid namespaces",
		     "no number can be chosen here");
		return;
	}
	if (kid.said < 0)
		skip("the same number in two pid namespaces",
		     "no number can be chosen here");
	else
		is_int(kid.said, 0, "the same number does not make a /proc our own");
	kid_end(&kid);
}

static int name_net(pid_t pid)
{
	char buf[1024] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *head = mnl_nlmsg_put_header(buf);
	struct mnl_socket *sock = mnl_socket_open(NETLINK_ROUTE);
	struct rtgenmsg *body;
	int r = -1;

	if (!sock)
		return -errno;
	head->nlmsg_type = RTM_NEWNSID;
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	body = mnl_nlmsg_put_extra_header(head, sizeof(*body));
	body->rtgen_family = AF_UNSPEC;
	mnl_attr_put_u32(head, NETNSA_PID, pid);
	mnl_attr_put_u32(head, NETNSA_NSID, NSID);
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_sendto(sock, head, head->nlmsg_len) > 0)
		r = mnl_socket_recvfrom(sock, buf, sizeof(buf));
	if (r > 0)
		r = mnl_cb_run(buf, r, 0, mnl_socket_get_portid(sock), NULL, NULL);
	r = r < 0 ? -errno : 0;
	mnl_socket_close(sock);
	return r;
}

static int read_nsid(pid_t pid)
{
	const struct nsu_task *task;
	struct nsu_snapshot *snap;
	const struct nsu_ns *net;
	struct nsu_ctx *own;
	int nsid, r = nsu_ctx_new(NULL, &own);

	if (r < 0)
		return r;
	snap = scan_one(own, pid);
	r = snap ? nsu_snapshot_find_task(snap, pid, &task) : -EIO;
	if (!r)
		r = nsu_task_get_ns(task, NSU_NET, &net);
	if (!r)
		r = nsu_ns_read_nsid(net, &nsid);
	nsu_snapshot_free(snap);
	nsu_ctx_free(own);
	return r < 0 ? r : nsid;
}

static struct kid inner;		/* of a kid: in a net namespace of its own */

static int find_unnamed(void)
{
	int r = kid_start(&inner, CLONE_NEWNET, NULL);

	return r < 0 ? r : read_nsid(inner.pid);
}

static int find_named(void)
{
	int r = kid_start(&inner, CLONE_NEWNET, NULL);

	if (!r)
		r = name_net(inner.pid);
	return r < 0 ? r : read_nsid(inner.pid);
}

static void test_nsid(int (*body)(void), int want, const char *what)
{
	struct kid kid;

	if (kid_start(&kid, CLONE_NEWUSER | CLONE_NEWNET, body) < 0) {
		skip(what, "user namespaces are not allowed here");
		return;
	}
	is_int(kid.said, want, "%s", what);
	kid_end(&kid);
}

int main(void)
{
	if (nsu_ctx_new(NULL, &ctx) < 0)
		skip_all("no /proc");
	if (!nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	test_moved();
	test_reused();
	test_own_pids();
	test_nsid(find_unnamed, -ENOENT, "a net namespace without a number here");
	test_nsid(find_named, NSID, "one that was given a number");
	nsu_ctx_free(ctx);
	return done();
}
