// SPDX-License-Identifier: GPL-2.0-or-later
/* Network namespaces from inside: what was made there is what is read. */
#include <dirent.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include "net.h"
#include "../tap.h"
#include "kid.h"
#include "made-net.h"

#define ALL (NSU_NET_LINKS | NSU_NET_ADDRESSES | NSU_NET_ROUTES | NSU_NET_SOCKETS)
#define STEADY 600
#define NO_USER 77

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

static const struct nsu_link *find_link(const struct nsu_net *net, const char *name)
{
	for (size_t i = 0; i < nsu_net_count_links(net); i++)
		if (!strcmp(nsu_net_get_link(net, i)->name, name))
			return nsu_net_get_link(net, i);
	return NULL;
}

static void test_links(const struct nsu_net *net, const struct nsu_ns *own,
		       const struct nsu_ns *far)
{
	const struct nsu_link *link = find_link(net, "lo"), *bridge;
	int last = 0;

	ok(link && link->up && link->mtu && !*link->kind && !link->peer &&
	   link->peer_nsid == -1 && !link->peer_ns, "link: lo");
	link = find_link(net, HOSTILE);
	if (ok(link != NULL, "link: any bytes")) {
		is_str(link->kind, "veth", "link: its kind");
		ok(link->up && link->mtu == 1500 && link->mac_length == 6, "link: facts");
		ok(link->peer_nsid >= 0 && link->peer, "link: its peer is elsewhere");
		ok(link->peer_ns == far, "link: namely there");
	}
	link = find_link(net, "in0");
	bridge = find_link(net, "br0");
	if (ok(link && bridge, "link: a pair and a bridge")) {
		const struct nsu_link *other = find_link(net, "in1");

		is_str(bridge->kind, "bridge", "link: kind of a bridge");
		is_int(link->peer, other->index, "link: peer in the same namespace");
		is_int(link->peer_nsid, -1, "link: its own");
		ok(link->peer_ns == own && other->peer_ns == own, "link: which is told");
		is_int(other->master, bridge->index, "link: in a bridge");
		ok(!link->master && link->carrier && !bridge->up, "link: states");
	}
	for (size_t i = 0; i < nsu_net_count_links(net); i++) {
		ok(nsu_net_get_link(net, i)->index > last, "link: sorted");
		last = nsu_net_get_link(net, i)->index;
	}
	ok(!nsu_net_get_link(net, nsu_net_count_links(net)), "link: none behind");
}

/* "NAME ADDRESS ..." of all but lo, as one text. */
static void test_addresses(const struct nsu_net *net)
{
	int hostile = find_link(net, HOSTILE)->index, in0 = find_link(net, "in0")->index;
	char text[512] = "";

	for (size_t i = 0; i < nsu_net_count_addresses(net); i++) {
		const struct nsu_address *a = nsu_net_get_address(net, i);
		size_t used = strlen(text);

		if (a->link == hostile || a->link == in0)
			snprintf(text + used, sizeof(text) - used, "%s%d:%s",
				 used ? " " : "", a->link == in0, a->text);
	}
	ok(strstr(text, "0:10.1.2.3/24 0:fd00::1/64") == text, "address: by family");
	ok(strstr(text, " 1:10.9.0.1/32 1:fe80::") != NULL,
	   "address: the own end of two, then the next family");
	ok(strstr(text, " 1:fe80::99/64") != NULL, "address: of a link alone");
	if (tap.failed)
		diag("%s", text);
}

static const struct nsu_route *find_route(const struct nsu_net *net, const char *to)
{
	for (size_t i = 0; i < nsu_net_count_routes(net); i++)
		if (!strcmp(nsu_net_get_route(net, i)->to, to))
			return nsu_net_get_route(net, i);
	return NULL;
}

static void test_routes(const struct nsu_net *net)
{
	const struct nsu_route *route = nsu_net_get_route(net, 0);
	int hostile = find_link(net, HOSTILE)->index;

	ok(route && !strcmp(route->to, "default") && !strcmp(route->via, "10.1.2.1") &&
	   route->link == hostile && route->table == 254, "route: default, first");
	route = find_route(net, "10.1.2.0/24");
	ok(route && !*route->via && route->link == hostile, "route: directly");
	route = find_route(net, "10.66.0.0/16");
	ok(route && !*route->via && !route->link, "route: nowhere");
	route = find_route(net, "10.77.0.0/16");
	ok(route && !strcmp(route->via, "10.1.2.1") && !route->link,
	   "route: two ways");
	route = find_route(net, "10.88.0.0/16");
	ok(route && !strcmp(route->via, "fe80::98") && route->family == AF_INET,
	   "route: by the other family");
	route = find_route(net, "fd00::/64");
	ok(route && route->family == AF_INET6 && route->link == hostile, "route: IPv6");
	ok(!find_route(net, "10.1.2.3/32") && !find_route(net, "127.0.0.0/8"),
	   "route: of table main alone");
}

static const struct nsu_listener *find_listener(const struct nsu_net *net,
						const char *protocol, const char *local)
{
	for (size_t i = 0; i < nsu_net_count_listeners(net); i++) {
		const struct nsu_listener *l = nsu_net_get_listener(net, i);

		if (!strcmp(l->protocol, protocol) && !strcmp(l->local, local))
			return l;
	}
	return NULL;
}

/* Does the process have such a socket open? */
static bool has_socket(pid_t pid, uint64_t inode)
{
	char path[64], want[64], text[64];

	snprintf(want, sizeof(want), "socket:[%llu]", (unsigned long long)inode);
	for (int fd = 0; fd < 64; fd++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		n = readlink(path, text, sizeof(text) - 1);
		if (n > 0 && (size_t)n == strlen(want) && !memcmp(text, want, (size_t)n))
			return true;
	}
	return false;
}

static void test_listener(const struct nsu_net *net, pid_t pid, const char *protocol,
			  const char *local, int family, unsigned port)
{
	const struct nsu_listener *l = find_listener(net, protocol, local);

	if (!ok(l != NULL, "listener: %s on port %u", protocol, port))
		return;
	is_int(l->port, port, "listener: its port");
	is_int(l->family, family, "listener: its family");
	is_int(l->uid, outer_uid, "listener: its owner");
	ok(has_socket(pid, l->inode), "listener: its inode");
}

static int take_nothing(const struct nlmsghdr *head, void *data)
{
	(void)head;
	++*(int *)data;
	return 0;
}

/* Not every kernel has the module for raw sockets. */
static bool has_raw(void)
{
	char buf[NSI_NL_REQUEST] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct inet_diag_req_v2 *body = nsi_nl_put(buf, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP,
						   sizeof(*body));
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int count, r = -1;
	struct nsi_nl nl = { .fd = -1 };

	body->sdiag_family = AF_INET;
	body->sdiag_protocol = IPPROTO_RAW;
	if (fd >= 0 && !nsi_nl_open(&nl, NULL, fd)) {
		r = nsi_nl_ask(&nl, buf, take_nothing, &count);
		nsi_nl_close(&nl);
	}
	return !r;
}

static void test_listeners(const struct nsu_net *net, pid_t pid)
{
	size_t raw = has_raw();
	char path[64];

	test_listener(net, pid, "tcp", "127.0.0.1:8001", AF_INET, 8001);
	test_listener(net, pid, "tcp", "*:8002", AF_INET6, 8002);
	test_listener(net, pid, "tcp", "[::]:8003", AF_INET6, 8003);
	test_listener(net, pid, "tcp", "[fe80::99%in0]:8006", AF_INET6, 8006);
	test_listener(net, pid, "udp", "127.0.0.1:8004", AF_INET, 8004);
	if (raw)
		test_listener(net, pid, "raw", "0.0.0.0:1", AF_INET, 0);
	else
		skip("listener: raw", "this kernel lacks sock_diag(7) of raw sockets");
	test_listener(net, pid, "unix", "@t-@net\n", AF_UNIX, 0);
	test_listener(net, pid, "unix", "@t-log", AF_UNIX, 0);
	snprintf(path, sizeof(path), "%s/un", dir);
	test_listener(net, pid, "unix", path, AF_UNIX, 0);
	ok(!find_listener(net, "udp", "127.0.0.1:8005"), "listener: not a connected one");
	is_int(nsu_net_count_listeners(net), 8 + raw, "listener: no others");
	is_str(nsu_net_get_listener(net, raw)->local, "127.0.0.1:8001",
	       "listener: sorted by port");
	is_str(nsu_net_get_listener(net, raw + 4)->protocol, "udp",
	       "listener: and by protocol first");
}

static int open_snapshot(struct nsu_ctx *ctx, struct kid *kid,
			 struct nsu_snapshot **ret_snap, const struct nsu_ns **ret)
{
	uint64_t inode = link_inode(kid->pid, "net");

	if (nsu_snapshot_new(ctx, NULL, ret_snap) < 0)
		return -1;
	return nsu_snapshot_find_ns(*ret_snap, NSU_NET, inode, ret);
}

/* The child of the kid that is in the other namespace. */
static const struct nsu_ns *find_far(const struct nsu_snapshot *snap, pid_t kid,
				     const struct nsu_ns *own)
{
	struct nsu_task_stat stat = NSU_TASK_STAT_INIT;
	const struct nsu_task *task;
	const struct nsu_ns *net;

	nsu_foreach_task(task, snap)
		if (nsu_task_get_ns(task, NSU_NET, &net) == 0 && net != own &&
		    nsu_task_read_stat(task, &stat) == 0 && stat.ppid == kid)
			return net;
	return NULL;
}

static void test_far(const struct nsu_ns *far, const struct nsu_ns *own)
{
	const struct nsu_link *link;
	struct nsu_net *net = NULL;

	is_int(nsu_net_new(far, NSU_NET_LINKS, &net), 0, "far: read");
	link = net ? find_link(net, "far0") : NULL;
	ok(link && link->peer_ns == own && !link->up, "far: its peer is here");
	is_int(nsu_net_count_addresses(net) + nsu_net_count_routes(net) +
	       nsu_net_count_listeners(net), 0, "far: no more than was asked for");
	nsu_net_free(net);
}

static void test_made(struct nsu_ctx *ctx, struct kid *kid)
{
	struct nsu_snapshot *snap = NULL;
	const struct nsu_ns *own = NULL, *far;
	struct nsu_net *net = NULL;
	int before = count_fds();

	if (!ok(!open_snapshot(ctx, kid, &snap, &own), "made: in the picture"))
		return;
	far = find_far(snap, kid->pid, own);
	ok(far != NULL, "made: the other too");
	is_int(nsu_net_new(own, ALL, &net), 0, "made: read");
	if (net) {
		test_links(net, own, far);
		test_addresses(net);
		test_routes(net);
		test_listeners(net, kid->pid);
	}
	nsu_net_free(net);
	if (far)
		test_far(far, own);
	nsu_snapshot_free(snap);
	is_int(count_fds(), before, "made: no descriptor left");
	is_int(waitpid(-1, NULL, WNOHANG | __WALL), 0, "made: no child left");
}

/* More addresses than one message holds. For as long as they are read, one comes and goes
   at their front, where the kernel puts those of the smallest scope: whoever counts on
   misses one of the others. */
static int churn(void)
{
	pid_t child;
	int r = wire_up("lo", NULL);

	for (unsigned i = 0; !r && i < STEADY; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.5.%u.%u", i >> 8, i & 255);
		r = wire_address(RTM_NEWADDR, 1, text, NULL, 32, RT_SCOPE_UNIVERSE);
	}
	if (r)
		return r;
	child = kid_clone(0);
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		wire_address(RTM_NEWADDR, 1, "10.6.0.1", NULL, 32, RT_SCOPE_HOST);
		wire_address(RTM_DELADDR, 1, "10.6.0.1", NULL, 32, RT_SCOPE_HOST);
	}
}

static size_t count_steady(const struct nsu_net *net)
{
	size_t n = 0;

	for (size_t i = 0; i < nsu_net_count_addresses(net); i++) {
		const unsigned char *bytes = nsu_net_get_address(net, i)->bytes;

		n += bytes[0] == 10 && bytes[1] == 5;
	}
	return n;
}

static void test_churn(struct nsu_ctx *ctx, int flags)
{
	struct nsu_snapshot *snap = NULL;
	const struct nsu_ns *own;
	struct kid kid;
	int whole = 0, unsteady = 0, rounds = getenv("TEST_QUICK") ? 10 : 100, r;

	if (kid_start(&kid, flags, churn) < 0) {
		skip("churn", "no network namespace may be made here");
		return;
	}
	if (ok(kid.said > 0 && !open_snapshot(ctx, &kid, &snap, &own), "churn: made"))
		for (int i = 0; i < rounds; i++) {
			struct nsu_net *net = NULL;

			r = nsu_net_new(own, NSU_NET_ADDRESSES, &net);
			unsteady += r == -EAGAIN;
			whole += !r && count_steady(net) == STEADY;
			nsu_net_free(net);
		}
	diag("churn: %d whole, %d told that they are not", whole, unsteady);
	is_int(whole + unsteady, rounds, "churn: whole, or told that it is not");
	ok(whole > 0, "churn: whole in the end");
	nsu_snapshot_free(snap);
	kill(kid.said, SIGKILL);
	kid_end(&kid);
}

static void test_errors(struct nsu_ctx *ctx)
{
	struct nsu_snapshot *snap = NULL;
	struct nsu_net *net = (struct nsu_net *)&snap, *none = NULL;
	const struct nsu_ns *user = NULL, *own = NULL;
	const struct nsu_task *self;
	size_t size = 0, count = NSI_NET_LIMIT;
	void *items = NULL;

	if (!ok(!nsu_snapshot_new(ctx, NULL, &snap) &&
		!nsu_snapshot_find_task(snap, getpid(), &self) &&
		!nsu_task_get_ns(self, NSU_USER, &user) &&
		!nsu_task_get_ns(self, NSU_NET, &own), "errors: a picture"))
		return;
	is_int(nsu_net_new(user, ALL, &net), -EMEDIUMTYPE, "errors: other type");
	is_int(nsu_net_new(own, 0, &net), -EINVAL, "errors: no part");
	is_int(nsu_net_new(own, 32, &net), -EINVAL, "errors: unknown part");
	is_int(nsu_net_new(NULL, ALL, &net), -EINVAL, "errors: no namespace");
	ok(net == (struct nsu_net *)&snap, "errors: untouched");
	is_int(nsu_net_new(own, ALL & ~NSU_NET_SOCKETS, &none), 0,
	       "own: read without entering");
	ok(find_link(none, "lo") != NULL, "own: lo");
	nsu_net_free(none);
	nsu_net_free(NULL);
	is_int(nsi_net_add(&items, &size, &count, 8), -EFBIG, "errors: too many");
	count = 0;
	is_int(nsi_net_add(&items, &size, &count, 8), 0, "add: one");
	is_int(count, 1, "add: counted");
	free(items);
	nsu_snapshot_free(snap);
}

/* Root of the namespace may send to any netlink socket in it, but not to ours. */
static void test_spoof(struct nsu_ctx *ctx)
{
	struct sockaddr_nl ours = { 0 };
	char buf[NSI_NL_REQUEST] __attribute__((aligned(NLMSG_ALIGNTO)));
	socklen_t size = sizeof(ours);
	struct nsi_nl nl = { .fd = -1 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), count = 0;
	size_t zero = 0;

	if (!ok(!nsi_nl_open(&nl, ctx, fd) &&
		!getsockname(nl.fd, (struct sockaddr *)&ours, &size), "spoof: a socket"))
		return;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	nsi_nl_put(buf, NLMSG_DONE, NLM_F_MULTI, 4);
	((struct nlmsghdr *)buf)->nlmsg_seq = nl.seq + 1;
	ok(sendto(fd, buf, ((struct nlmsghdr *)buf)->nlmsg_len, 0,
		  (struct sockaddr *)&ours, sizeof(ours)) < 0, "spoof: refused");
	close(fd);
	nsi_nl_put(buf, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	is_int(nsi_nl_dump(&nl, buf, take_nothing, &count, &zero), 0, "spoof: an answer");
	ok(count > 0, "spoof: the kernel's");
	nsi_nl_put(buf, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)mnl_nlmsg_get_payload((struct nlmsghdr *)buf))->ifi_index =
		INT32_MAX;
	is_int(nsi_nl_ask(&nl, buf, take_nothing, &count), -ENODEV,
	       "ask: an error of the kernel's");
	nsi_nl_close(&nl);
}

static void test_all(struct nsu_ctx *ctx, const char *name, int flags, int (*body)(void))
{
	struct kid kid;
	int r = kid_start(&kid, flags, body);

	if (r < 0) {
		skip(name, "such namespaces may not be made here");
		return;
	}
	diag("%s", name);
	if (kid.said < 0)
		skip(name, strerror(-kid.said));
	else
		test_made(ctx, &kid);
	kid_end(&kid);
}

/* Who is not root enters by the user namespace that owns it. */
static int run_as_user(void)
{
	struct nsu_ctx *ctx = NULL;
	uid_t uid = 65533;

	outer_uid = uid;
	if (chown(dir, uid, uid) < 0 || setresgid(uid, uid, uid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return NO_USER;
	/* The new ids made /proc/self root's. */
	prctl(PR_SET_DUMPABLE, 1);
	tap.run = tap.failed = 0;
	if (ok(!nsu_ctx_new(NULL, &ctx), "user: a context"))
		test_all(ctx, "user", CLONE_NEWUSER | CLONE_NEWNET, make_as_user);
	nsu_ctx_free(ctx);
	return tap.failed;
}

static void test_user(void)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		/* Its lines are no checks of this program. */
		dup2(2, 1);
		_exit(run_as_user());
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_USER)
		skip("as another user", "no other user can be taken on here");
	else
		is_int(status, 0, "all of it as another user, who enters by the owner");
}

int main(void)
{
	struct nsu_ctx *ctx = NULL;
	char path[64];

	outer_uid = getuid();
	if (!mkdtemp(dir) || nsu_ctx_new(NULL, &ctx) < 0)
		skip_all("no directory, or no procfs");
	if (!nsu_ctx_get_procfs(ctx)->own_pids) {
		rmdir(dir);
		skip_all("/proc shows another pid namespace than ours");
	}
	snprintf(path, sizeof(path), "%s/un", dir);
	test_errors(ctx);
	test_spoof(ctx);
	if (outer_uid == 0) {
		test_all(ctx, "root", CLONE_NEWNET, make);
		unlink(path);
	}
	test_all(ctx, "user namespace", CLONE_NEWUSER | CLONE_NEWNET, make_as_user);
	unlink(path);
	test_churn(ctx, outer_uid ? CLONE_NEWUSER | CLONE_NEWNET : CLONE_NEWNET);
	nsu_ctx_free(ctx);
	if (outer_uid == 0)
		test_user();
	unlink(path);
	rmdir(dir);
	return done();
}
