/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes of a network namespace: rtnetlink(7), the tables that ip-route(8) shows. */
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include "net.h"

/* Of one message or one way. Newer types than RTA_VIA are of no interest. */
struct found {
	const struct nlattr *attr[RTA_VIA + 1];
};
_Static_assert((int)RTA_TABLE < (int)RTA_VIA, "the last that is looked at");

struct dump {
	struct nsu_net *net;
	int family;
};

static int each(const struct nlattr *attr, void *data)
{
	struct found *found = data;

	if (mnl_attr_get_type(attr) <= RTA_VIA)
		found->attr[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static uint32_t get_number(const struct found *found, int type, uint32_t otherwise)
{
	const struct nlattr *attr = found->attr[type];

	return attr && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0 ?
		mnl_attr_get_u32(attr) : otherwise;
}

static void take_via(const struct found *found, int family, char *to, size_t size)
{
	const struct nlattr *gateway = found->attr[RTA_GATEWAY];
	const struct nlattr *via = found->attr[RTA_VIA];
	const struct rtvia *of_family;
	size_t length;

	if (gateway) {
		nsi_net_text(family, mnl_attr_get_payload(gateway),
			     mnl_attr_get_payload_len(gateway), to, size);
	} else if (via && mnl_attr_get_payload_len(via) > sizeof(*of_family)) {
		/* IPv4 by a neighbour that has an IPv6 address. */
		of_family = mnl_attr_get_payload(via);
		length = mnl_attr_get_payload_len(via) - sizeof(*of_family);
		if (of_family->rtvia_family == AF_INET ||
		    of_family->rtvia_family == AF_INET6)
			nsi_net_text(of_family->rtvia_family, of_family->rtvia_addr,
				     length, to, size);
	}
}

/* Of several ways the first stands for all. */
static void take_first_way(const struct nlattr *ways, int family, char *to, size_t size)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(ways);
	struct found found = { { NULL } };
	size_t length = mnl_attr_get_payload_len(ways);

	if (length < sizeof(*hop) || hop->rtnh_len < sizeof(*hop) ||
	    hop->rtnh_len > length)
		return;
	mnl_attr_parse_payload(hop + 1, hop->rtnh_len - sizeof(*hop), each, &found);
	take_via(&found, family, to, size);
}

static bool is_shown(const struct nlmsghdr *head, const struct rtmsg *body, int family,
		     const struct found *found)
{
	if (head->nlmsg_type != RTM_NEWROUTE || body->rtm_family != family ||
	    body->rtm_flags & RTM_F_CLONED ||
	    get_number(found, RTA_TABLE, body->rtm_table) != RT_TABLE_MAIN)
		return false;
	/* Where IPv6 has one table for all, the host's own addresses are in it too. */
	switch (body->rtm_type) {
	case RTN_UNICAST:
	case RTN_BLACKHOLE:
	case RTN_UNREACHABLE:
	case RTN_PROHIBIT:
	case RTN_THROW:
	case RTN_NAT:
		return true;
	}
	return false;
}

static int take_to(const struct rtmsg *body, const struct found *found, char *to,
		   size_t size)
{
	const struct nlattr *attr = found->attr[RTA_DST];
	char text[48] = "";
	unsigned char none[16] = { 0 };
	int r;

	if (!body->rtm_dst_len) {
		snprintf(to, size, "default");
		return 0;
	}
	r = attr ? nsi_net_text(body->rtm_family, mnl_attr_get_payload(attr),
				mnl_attr_get_payload_len(attr), text, sizeof(text)) :
		nsi_net_text(body->rtm_family, none,
			     body->rtm_family == AF_INET ? 4 : 16, text, sizeof(text));
	if (!r)
		snprintf(to, size, "%s/%u", text, body->rtm_dst_len);
	return r;
}

static int take_route(const struct nlmsghdr *head, void *data)
{
	const struct dump *dump = data;
	struct nsu_net *net = dump->net;
	const struct rtmsg *body = mnl_nlmsg_get_payload(head);
	struct found found = { { NULL } };
	struct nsi_net_route *item;
	char to[sizeof(item->to)];
	int r;

	if (mnl_nlmsg_get_payload_len(head) < sizeof(*body))
		return 0;
	mnl_attr_parse(head, sizeof(*body), each, &found);
	if (!is_shown(head, body, dump->family, &found) ||
	    take_to(body, &found, to, sizeof(to)) < 0)
		return 0;
	r = nsi_net_add((void **)&net->routes, &net->route_size, &net->route_count,
			sizeof(*item));
	if (r < 0)
		return r;
	item = &net->routes[net->route_count - 1];
	memcpy(item->to, to, sizeof(to));
	item->order = net->route_count;
	item->route.family = body->rtm_family;
	item->route.table = RT_TABLE_MAIN;
	item->route.metric = get_number(&found, RTA_PRIORITY, 0);
	if (body->rtm_type == RTN_UNICAST && !found.attr[RTA_MULTIPATH])
		item->route.link = get_number(&found, RTA_OIF, 0);
	if (found.attr[RTA_MULTIPATH])
		take_first_way(found.attr[RTA_MULTIPATH], body->rtm_family, item->via,
			       sizeof(item->via));
	else
		take_via(&found, body->rtm_family, item->via, sizeof(item->via));
	return 0;
}

static int default_first(const void *a, const void *b)
{
	const struct nsi_net_route *x = a, *y = b;
	bool x_default = x->to[0] == 'd', y_default = y->to[0] == 'd';

	if (x_default != y_default)
		return x_default ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static int dump_family(struct nsi_net_reader *reader, int family)
{
	char buf[NSI_NL_REQUEST] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct rtmsg *body = nsi_nl_put(buf, RTM_GETROUTE, NLM_F_DUMP, sizeof(*body));
	struct dump dump = { .net = reader->net, .family = family };
	int r;

	body->rtm_family = family;
	/* The kernel leaves the other tables out, where it checks what it is asked. */
	body->rtm_table = RT_TABLE_MAIN;
	r = nsi_nl_dump(&reader->route, buf, take_route, &dump,
			&reader->net->route_count);
	/* No table yet; no such family in this kernel. */
	return r == -ENOENT || r == -EAFNOSUPPORT || r == -EOPNOTSUPP ? 0 : r;
}

int nsi_net_read_routes(struct nsi_net_reader *reader)
{
	struct nsu_net *net = reader->net;
	int r = dump_family(reader, AF_INET);

	if (!r)
		r = dump_family(reader, AF_INET6);
	if (r < 0)
		return r;
	if (net->route_count)
		qsort(net->routes, net->route_count, sizeof(*net->routes), default_first);
	for (size_t i = 0; i < net->route_count; i++) {
		net->routes[i].route.to = net->routes[i].to;
		net->routes[i].route.via = net->routes[i].via;
	}
	return 0;
}
