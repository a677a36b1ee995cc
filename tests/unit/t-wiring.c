// SPDX-License-Identifier: GPL-2.0-or-later
/* Network namespaces and what joins them: each link leads where it was made to lead. */
#include <poll.h>
#include "wired.h"

#define HOSTILE "e\033[1m\377\303"	/* a link's name */

static void make_others(void)
{
	uint32_t bridge = MACVLAN_MODE_BRIDGE;
	uint16_t l3 = IPVLAN_MODE_L3, tag = 42;

	told->macvlan = wire_above("macvlan", "mac0", "loop1", told->far[1],
				   IFLA_MACVLAN_MODE, &bridge, sizeof(bridge));
	told->vlan = wire_above("vlan", "a0.42", "a0", told->far[2], IFLA_VLAN_ID, &tag,
				sizeof(tag));
	/* A link that has another of these above it takes no ipvlan. */
	told->ipvlan = wire_above("ipvlan", "ipv0", "loop0", told->far[3],
				  IFLA_IPVLAN_MODE, &l3, sizeof(l3));
	told->vxlan = wire_vxlan("vx0", 7, "a0", "192.0.2.9", told->far[3]);
	told->loose = wire_vxlan("vx1", 8, NULL, "192.0.2.8", 0);
	if (!told->loose)
		told->loose = wire_move("vx1", told->far[2]);
}

static int make_held(void)
{
	pid_t pid = make_far();
	int r = pid < 0 ? -errno : wire_veth("toheld", "held0", pid);

	if (r)
		return r;
	told->held = open_net(pid);
	told->held_inode = link_inode(pid, "net");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return told->held < 0 ? -errno : 0;
}

/* Five in a chain, a bridge and a pair in the first, a link that was made in the first
   and moved, one namespace that nothing but a descriptor holds. */
static int make_chain(void)
{
	int r = make_fars(4);

	if (!r)
		r = wire_veth("a0", "b0", told->far[0]);
	for (int i = 0; i < 3 && !r; i++)
		r = join(told->far[i], told->far[i + 1], "next", "last");
	if (!r)
		r = wire_bridge("br0");
	if (!r)
		r = wire_up("a0", "br0");
	if (!r)
		r = wire_veth("loop0", "loop1", 0);
	if (!r)
		r = wire_veth(HOSTILE, "moved", 0);
	if (!r)
		r = wire_move("moved", told->far[3]);
	if (!r)
		r = make_held();
	if (!r)
		make_others();
	return r;
}

/* It leads to the link with that name there, NULL: to the namespace alone. */
static void leads(const struct seen *seen, const struct nsu_ns *from, const char *name,
		  const struct nsu_ns *to, const char *end)
{
	const struct nsu_link *link = find_link(seen->wiring, from, name);
	struct nsu_far_end far = { NULL, NULL, NULL };
	const struct nsu_net *net = NULL;

	if (!ok(link && from && to, "%s: there", *name == 'e' ? "link" : name))
		return;
	is_int(nsu_wiring_find_end(seen->wiring, from, link, &far), 0,
	       "end: it has one");
	ok(far.ns == to && link->peer_ns == to, "end: there");
	nsu_wiring_get_net(seen->wiring, to, &net);
	ok(far.net == net && net, "end: with all that is there");
	if (end)
		is_str(far.link ? far.link->name : NULL, end, "end: namely");
	else
		ok(far.ns && !far.link, "end: of no link");
}

static void test_others(const struct seen *seen, const struct nsu_ns *net[5])
{
	const struct nsu_link *link;

	if (told->macvlan) {
		skip("macvlan", strerror(-told->macvlan));
	} else {
		leads(seen, net[2], "mac0", net[0], "loop1");
		link = find_link(seen->wiring, net[2], "mac0");
		is_str(link ? link->mode : NULL, "bridge", "macvlan: its mode");
	}
	if (told->vlan) {
		skip("vlan", strerror(-told->vlan));
	} else {
		leads(seen, net[3], "a0.42", net[0], "a0");
		link = find_link(seen->wiring, net[3], "a0.42");
		is_int(link ? link->tag : 0, 42, "vlan: its tag");
	}
	if (told->ipvlan) {
		skip("ipvlan", strerror(-told->ipvlan));
	} else {
		leads(seen, net[4], "ipv0", net[0], "loop0");
		link = find_link(seen->wiring, net[4], "ipv0");
		is_str(link ? link->mode : NULL, "l3", "ipvlan: its mode");
	}
	if (told->vxlan) {
		skip("vxlan", strerror(-told->vxlan));
	} else {
		leads(seen, net[4], "vx0", net[0], "a0");
		link = find_link(seen->wiring, net[4], "vx0");
		ok(link && link->tag == 7 && !strcmp(link->remote, "192.0.2.9"),
		   "vxlan: its number, its other end");
	}
	if (told->loose)
		skip("vxlan, bound to no link", strerror(-told->loose));
	else
		leads(seen, net[3], "vx1", net[0], NULL);
}

static void test_ends(const struct seen *seen, const struct nsu_ns *net[5],
		      const struct nsu_ns *held)
{
	const struct nsu_link *link;
	struct nsu_far_end far;

	leads(seen, net[0], "a0", net[1], "b0");
	leads(seen, net[1], "b0", net[0], "a0");
	for (int i = 1; i < 4; i++) {
		leads(seen, net[i], "next", net[i + 1], "last");
		leads(seen, net[i + 1], "last", net[i], "next");
	}
	leads(seen, net[0], "loop0", net[0], "loop1");
	leads(seen, net[0], HOSTILE, net[4], "moved");
	leads(seen, net[4], "moved", net[0], HOSTILE);
	leads(seen, net[0], "toheld", held, "held0");
	leads(seen, held, "held0", net[0], "toheld");
	link = find_link(seen->wiring, net[0], "br0");
	if (ok(link != NULL, "bridge: there")) {
		is_int(find_link(seen->wiring, net[0], "a0")->master, link->index,
		       "bridge: has its port");
		is_int(nsu_wiring_find_end(seen->wiring, net[0], link, &far), -ENOENT,
		       "bridge: leads nowhere");
		is_int(link->tag, -1, "bridge: no tag");
		is_str(link->mode, "", "bridge: no mode");
	}
	link = find_link(seen->wiring, net[0], "loop0");
	is_str(link ? link->state : NULL, "down", "state: down");
	test_others(seen, net);
}

/* The numbers: of those that a link led to it is known which they mean. */
static void test_nsids(const struct seen *seen, const struct nsu_ns *net[5])
{
	const struct nsu_link *link = find_link(seen->wiring, net[0], "a0");
	const struct nsu_net *read = NULL;
	int last = -1, known = 0;

	nsu_wiring_get_net(seen->wiring, net[0], &read);
	for (size_t i = 0; i < nsu_net_count_nsids(read); i++) {
		const struct nsu_nsid *nsid = nsu_net_get_nsid(read, i);

		ok(nsid->nsid > last, "nsid: sorted");
		last = nsid->nsid;
		known += nsid->ns == net[1] && link && nsid->nsid == link->peer_nsid;
	}
	is_int(known, 1, "nsid: which it means");
	ok(!nsu_net_get_nsid(read, nsu_net_count_nsids(read)), "nsid: none behind");
}

/* The same of one namespace alone. */
static void test_alone(const struct nsu_ns *net[5])
{
	struct nsu_net *one = NULL;
	size_t right = 0;

	is_int(nsu_net_new(net[1], NSU_NET_LINKS | NSU_NET_NSIDS, &one), 0,
	       "alone: read");
	for (size_t i = 0; i < nsu_net_count_links(one); i++) {
		const struct nsu_link *link = nsu_net_get_link(one, i);

		right += !strcmp(link->name, "b0") && link->peer_ns == net[0];
		right += !strcmp(link->name, "next") && link->peer_ns == net[2];
	}
	for (size_t i = 0; i < nsu_net_count_nsids(one); i++) {
		const struct nsu_ns *ns = nsu_net_get_nsid(one, i)->ns;

		right += ns == net[0] || ns == net[2];
	}
	is_int(right, 4, "alone: both ends, and their numbers");
	nsu_net_free(one);
}

static void test_chain(struct nsu_ctx *ctx, struct kid *kid)
{
	struct nsu_wiring_options opts = NSU_WIRING_OPTIONS_INIT;
	const struct nsu_ns *net[5], *held = NULL;
	int before = count_fds();
	struct seen seen;

	opts.parts = NSU_NET_LINKS | NSU_NET_ADDRESSES | NSU_NET_NSIDS;
	if (!ok(!look(ctx, &opts, &seen), "chain: read")) {
		forget(&seen);
		return;
	}
	net[0] = net_of(&seen, kid->pid);
	for (int i = 0; i < 4; i++)
		net[i + 1] = net_of(&seen, told->far[i]);
	nsu_snapshot_find_ns(seen.snap, NSU_NET, told->held_inode, &held);
	test_ends(&seen, net, held);
	test_nsids(&seen, net);
	test_alone(net);
	forget(&seen);
	is_int(count_fds(), before, "chain: no descriptor left");
	is_int(waitpid(-1, NULL, WNOHANG | __WALL), told->far[0] ? 0 : -1,
	       "chain: no child left");
}

/* Of links of the kid's namespace that go: where a namespace is held by nobody any more,
   its pairs do. -1: it cannot be entered. */
static int watch(const struct kid *kid)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK,
				       .nl_groups = RTMGRP_LINK };
	nsi_autoclose int own = open_net(getpid());
	int fd;

	if (go(kid->pid) < 0)
		return -1;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ok(!bind(fd, (struct sockaddr *)&address, sizeof(address)) &&
	   !setns(own, CLONE_NEWNET), "watch: links");
	return fd;
}

static bool is_gone(int take_fd, int index)
{
	struct pollfd pfd = { .fd = take_fd, .events = POLLIN };
	char buf[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool gone = false;

	while (!gone && poll(&pfd, 1, 10000) > 0) {
		ssize_t n = recv(pfd.fd, buf, sizeof(buf), 0);
		const struct nlmsghdr *head = (const struct nlmsghdr *)buf;
		const struct ifinfomsg *body = mnl_nlmsg_get_payload(head);

		gone = n > 0 && head->nlmsg_type == RTM_DELLINK &&
			body->ifi_index == index && body->ifi_family == AF_UNSPEC;
	}
	close(take_fd);
	return gone;
}

/* One goes between the picture and the wiring: it alone is missing. */
static void test_vanishing(struct nsu_ctx *ctx, struct kid *kid)
{
	struct seen seen, after = { NULL, NULL };
	const struct nsu_net *read = NULL;
	const struct nsu_ns *hub;
	int fd = watch(kid), r;

	if (fd < 0) {
		skip("vanishing", "a namespace cannot be entered here");
		return;
	}
	ok(!look(ctx, NULL, &seen), "vanishing: a picture");
	hub = net_of(&seen, kid->pid);
	kill(told->far[3], SIGKILL);
	ok(is_gone(fd, find_link(seen.wiring, hub, HOSTILE)->index), "vanishing: gone");
	after.snap = seen.snap;
	is_int(nsu_wiring_new(seen.snap, NULL, &after.wiring), 0, "vanishing: read");
	r = nsu_wiring_get_net(after.wiring, net_of(&seen, told->far[3]), &read);
	ok(r < 0 && !read, "vanishing: not there: %s", strerror(-r));
	r = nsu_wiring_get_net(after.wiring, net_of(&seen, told->far[2]), &read);
	ok(!r && read, "vanishing: the next");
	ok(!find_link(after.wiring, hub, HOSTILE), "vanishing: nor what led there");
	leads(&after, hub, "a0", net_of(&after, told->far[0]), "b0");
	nsu_wiring_free(after.wiring);
	forget(&seen);
}

static void test_release(struct nsu_ctx *ctx, struct kid *kid)
{
	struct seen seen;
	int fd = watch(kid), index;

	if (fd < 0) {
		skip("release", "a namespace cannot be entered here");
		return;
	}
	ok(!look(ctx, NULL, &seen), "release: read");
	index = find_link(seen.wiring, net_of(&seen, kid->pid), "a0")->index;
	kill(told->far[0], SIGKILL);
	ok(is_gone(fd, index), "release: nothing keeps a namespace that was read");
	forget(&seen);
}

static void test_errors(struct nsu_ctx *ctx)
{
	struct nsu_wiring_options opts = NSU_WIRING_OPTIONS_INIT;
	volatile sig_atomic_t cancel = 1;
	const struct nsu_net *net = NULL;
	const struct nsu_ns *user = NULL;
	struct nsu_wiring *none = NULL;
	struct seen seen;

	if (!ok(!look(ctx, NULL, &seen), "errors: a picture"))
		return;
	opts.parts = 32;
	is_int(nsu_wiring_new(seen.snap, &opts, &none), -EINVAL, "errors: unknown part");
	opts.parts = NSU_NET_SOCKETS;
	opts.port = 65536;
	is_int(nsu_wiring_new(seen.snap, &opts, &none), -EINVAL, "errors: no such port");
	opts = (struct nsu_wiring_options)NSU_WIRING_OPTIONS_INIT;
	opts.cancel = &cancel;
	is_int(nsu_wiring_new(seen.snap, &opts, &none), -ECANCELED, "errors: cancelled");
	is_int(nsu_wiring_new(NULL, NULL, &none), -EINVAL, "errors: no picture");
	ok(!none, "errors: untouched");
	nsu_foreach_ns(user, seen.snap)
		if (nsu_ns_get_type(user) == NSU_USER)
			break;
	is_int(nsu_wiring_get_net(seen.wiring, user, &net), -ENOENT,
	       "errors: of another type");
	is_int(nsu_wiring_count_owners(seen.wiring, 4711), 0, "errors: no owners asked");
	nsu_wiring_free(NULL);
	forget(&seen);
}

static void test_all(struct nsu_ctx *ctx)
{
	static void (*const chain[])(struct nsu_ctx *, struct kid *) = {
		test_chain, test_vanishing, test_release,
	};

	test_errors(ctx);
	with_kid(ctx, "chain", make_chain, chain, ARRAY_SIZE(chain));
}

int main(void)
{
	return run_wired(test_all);
}
