/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links, addresses and routes, made in the caller's network namespace. */
#ifndef NSU_WIRES_H
#define NSU_WIRES_H

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct wire_request {
	char buf[1024] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static void *wire_put(struct wire_request *request, unsigned type, unsigned flags,
		      size_t body)
{
	struct nlmsghdr *head = mnl_nlmsg_put_header(request->buf);

	head->nlmsg_type = type;
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	return mnl_nlmsg_put_extra_header(head, body);
}

static struct nlmsghdr *wire_head(struct wire_request *request)
{
	return (struct nlmsghdr *)request->buf;
}

/* 0 or the negative errno of the kernel's answer. */
static int wire_send(struct wire_request *request)
{
	char answer[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *head = (struct nlmsghdr *)answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), r;

	if (fd < 0)
		return -errno;
	if (send(fd, request->buf, wire_head(request)->nlmsg_len, 0) < 0 ||
	    recv(fd, answer, sizeof(answer), 0) < 0)
		r = -errno;
	else
		r = head->nlmsg_type == NLMSG_ERROR ?
			((struct nlmsgerr *)mnl_nlmsg_get_payload(head))->error : -EPROTO;
	close(fd);
	return r;
}

static int wire_index(const char *name)
{
	struct ifreq ifr = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

	strncpy(ifr.ifr_name, name, sizeof(ifr.ifr_name) - 1);
	r = ioctl(fd, SIOCGIFINDEX, &ifr) < 0 ? -errno : ifr.ifr_ifindex;
	close(fd);
	return r;
}

/* A veth pair, its other end in the network namespace of a process, 0: in this one. */
__attribute__((unused))
static int wire_veth(const char *name, const char *far, pid_t pid)
{
	struct wire_request request;
	struct nlattr *info, *data, *peer;
	struct nlmsghdr *head;

	wire_put(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
		 sizeof(struct ifinfomsg));
	head = wire_head(&request);
	mnl_attr_put_strz(head, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(head, IFLA_LINKINFO);
	mnl_attr_put_strz(head, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(head, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(head, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(head, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(head, IFLA_IFNAME, far);
	if (pid)
		mnl_attr_put_u32(head, IFLA_NET_NS_PID, (uint32_t)pid);
	mnl_attr_nest_end(head, peer);
	mnl_attr_nest_end(head, data);
	mnl_attr_nest_end(head, info);
	return wire_send(&request);
}

__attribute__((unused))
static int wire_bridge(const char *name)
{
	struct wire_request request;
	struct nlattr *info;

	wire_put(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
		 sizeof(struct ifinfomsg));
	mnl_attr_put_strz(wire_head(&request), IFLA_IFNAME, name);
	info = mnl_attr_nest_start(wire_head(&request), IFLA_LINKINFO);
	mnl_attr_put_strz(wire_head(&request), IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(wire_head(&request), info);
	return wire_send(&request);
}

/* A link above another of this namespace, put into that of a process, 0: left in this
   one. attr, value: one thing that its kind wants. */
__attribute__((unused))
static int wire_above(const char *kind, const char *name, const char *lower, pid_t pid,
		      uint16_t attr, const void *value, size_t size)
{
	struct wire_request request;
	struct nlattr *info, *data;
	struct nlmsghdr *head;

	wire_put(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
		 sizeof(struct ifinfomsg));
	head = wire_head(&request);
	mnl_attr_put_strz(head, IFLA_IFNAME, name);
	if (lower)
		mnl_attr_put_u32(head, IFLA_LINK, (uint32_t)wire_index(lower));
	if (pid)
		mnl_attr_put_u32(head, IFLA_NET_NS_PID, (uint32_t)pid);
	info = mnl_attr_nest_start(head, IFLA_LINKINFO);
	mnl_attr_put_strz(head, IFLA_INFO_KIND, kind);
	data = mnl_attr_nest_start(head, IFLA_INFO_DATA);
	mnl_attr_put(head, attr, size, value);
	mnl_attr_nest_end(head, data);
	mnl_attr_nest_end(head, info);
	return wire_send(&request);
}

/* remote: IPv4. lower NULL: bound to no link. */
__attribute__((unused))
static int wire_vxlan(const char *name, uint32_t vni, const char *lower,
		      const char *remote, pid_t pid)
{
	struct wire_request request;
	struct nlattr *info, *data;
	struct nlmsghdr *head;
	struct in_addr address;

	wire_put(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
		 sizeof(struct ifinfomsg));
	head = wire_head(&request);
	inet_pton(AF_INET, remote, &address);
	mnl_attr_put_strz(head, IFLA_IFNAME, name);
	if (pid)
		mnl_attr_put_u32(head, IFLA_NET_NS_PID, (uint32_t)pid);
	info = mnl_attr_nest_start(head, IFLA_LINKINFO);
	mnl_attr_put_strz(head, IFLA_INFO_KIND, "vxlan");
	data = mnl_attr_nest_start(head, IFLA_INFO_DATA);
	mnl_attr_put_u32(head, IFLA_VXLAN_ID, vni);
	mnl_attr_put(head, IFLA_VXLAN_GROUP, sizeof(address), &address);
	if (lower)
		mnl_attr_put_u32(head, IFLA_VXLAN_LINK, (uint32_t)wire_index(lower));
	mnl_attr_nest_end(head, data);
	mnl_attr_nest_end(head, info);
	return wire_send(&request);
}

/* Into the network namespace of a process. */
__attribute__((unused))
static int wire_move(const char *name, pid_t pid)
{
	struct wire_request request;
	struct ifinfomsg *body = wire_put(&request, RTM_NEWLINK, 0, sizeof(*body));

	body->ifi_index = wire_index(name);
	mnl_attr_put_u32(wire_head(&request), IFLA_NET_NS_PID, (uint32_t)pid);
	return wire_send(&request);
}

/* Up, and into a bridge unless that is NULL. */
__attribute__((unused))
static int wire_up(const char *name, const char *bridge)
{
	struct wire_request request;
	struct ifinfomsg *body = wire_put(&request, RTM_NEWLINK, 0, sizeof(*body));

	body->ifi_index = wire_index(name);
	body->ifi_flags = body->ifi_change = IFF_UP;
	if (bridge)
		mnl_attr_put_u32(wire_head(&request), IFLA_MASTER,
				 (uint32_t)wire_index(bridge));
	return wire_send(&request);
}

/* far: the other end's address of a point-to-point link, NULL: none. */
__attribute__((unused))
static int wire_address(unsigned type, int index, const char *own, const char *far,
			unsigned prefix, unsigned scope)
{
	struct wire_request request;
	struct ifaddrmsg *body = wire_put(&request, type, type == RTM_NEWADDR ?
					  NLM_F_CREATE | NLM_F_EXCL : 0, sizeof(*body));
	int family = strchr(own, ':') ? AF_INET6 : AF_INET;
	size_t size = family == AF_INET ? 4 : 16;
	unsigned char bytes[16];

	body->ifa_family = (unsigned char)family;
	body->ifa_prefixlen = (unsigned char)prefix;
	body->ifa_index = (unsigned)index;
	body->ifa_flags = IFA_F_NODAD;
	body->ifa_scope = (unsigned char)scope;
	inet_pton(family, own, bytes);
	mnl_attr_put(wire_head(&request), IFA_LOCAL, size, bytes);
	if (far)
		inet_pton(family, far, bytes);
	mnl_attr_put(wire_head(&request), IFA_ADDRESS, size, bytes);
	return wire_send(&request);
}

/* IPv4. ways: of the gateways, NULL at the end; none: a blackhole. */
__attribute__((unused))
static int wire_route(const char *to, unsigned prefix, const char *const *ways)
{
	struct wire_request request;
	struct rtmsg *body = wire_put(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
				      sizeof(*body));
	struct nlmsghdr *head = wire_head(&request);
	struct in_addr address;
	struct nlattr *several;

	body->rtm_family = AF_INET;
	body->rtm_dst_len = (unsigned char)prefix;
	body->rtm_table = RT_TABLE_MAIN;
	body->rtm_protocol = RTPROT_STATIC;
	body->rtm_type = *ways ? RTN_UNICAST : RTN_BLACKHOLE;
	inet_pton(AF_INET, to, &address);
	if (prefix)
		mnl_attr_put(head, RTA_DST, sizeof(address), &address);
	if (ways[0] && !ways[1]) {
		inet_pton(AF_INET, ways[0], &address);
		mnl_attr_put(head, RTA_GATEWAY, sizeof(address), &address);
	} else if (ways[0]) {
		several = mnl_attr_nest_start(head, RTA_MULTIPATH);
		for (; *ways; ways++) {
			struct rtnexthop *hop = mnl_nlmsg_put_extra_header(head,
									   sizeof(*hop));

			inet_pton(AF_INET, *ways, &address);
			mnl_attr_put(head, RTA_GATEWAY, sizeof(address), &address);
			hop->rtnh_len = sizeof(*hop) + 8;
		}
		mnl_attr_nest_end(head, several);
	}
	return wire_send(&request);
}

/* IPv4 by a neighbour that has an IPv6 address. */
__attribute__((unused))
static int wire_route_by_ipv6(const char *to, unsigned prefix, const char *way, int link)
{
	struct wire_request request;
	struct rtmsg *body = wire_put(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
				      sizeof(*body));
	struct { uint16_t family; unsigned char address[16]; } via = { AF_INET6, { 0 } };
	struct in_addr address;

	body->rtm_family = AF_INET;
	body->rtm_dst_len = (unsigned char)prefix;
	body->rtm_table = RT_TABLE_MAIN;
	body->rtm_protocol = RTPROT_STATIC;
	body->rtm_type = RTN_UNICAST;
	inet_pton(AF_INET, to, &address);
	mnl_attr_put(wire_head(&request), RTA_DST, sizeof(address), &address);
	inet_pton(AF_INET6, way, via.address);
	mnl_attr_put(wire_head(&request), RTA_VIA, sizeof(via), &via);
	mnl_attr_put_u32(wire_head(&request), RTA_OIF, (uint32_t)link);
	return wire_send(&request);
}

#endif
