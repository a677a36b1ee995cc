/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links of a network namespace, where their other ends are, and addresses. */
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include "net.h"

#define NSID_NONE	-1
#define NSID_UNKNOWN	-2

/* A name may be any bytes but NUL, '/', ':' and blanks. */
static void take_text(const struct nlattr *attr, char *to, size_t size)
{
	size_t length = mnl_attr_get_payload_len(attr);

	if (length >= size)
		length = size - 1;
	memcpy(to, mnl_attr_get_payload(attr), length);
	to[length] = '\0';
}

static int each_info(const struct nlattr *attr, void *data)
{
	struct nsi_net_link *link = data;

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
		take_text(attr, link->kind, sizeof(link->kind));
	return MNL_CB_OK;
}

static void take_mac(const struct nlattr *attr, struct nsu_link *link)
{
	size_t length = mnl_attr_get_payload_len(attr);

	if (length > sizeof(link->mac))
		length = sizeof(link->mac);
	memcpy(link->mac, mnl_attr_get_payload(attr), length);
	link->mac_length = length;
}

static void take_stats(const struct nlattr *attr, struct nsu_link *link)
{
	struct rtnl_link_stats64 stats = { 0 };
	size_t length = mnl_attr_get_payload_len(attr);

	/* Longer in newer kernels; and 64-bit numbers are aligned to 4 in a message. */
	memcpy(&stats, mnl_attr_get_payload(attr),
	       length < sizeof(stats) ? length : sizeof(stats));
	link->rx_bytes = stats.rx_bytes;
	link->tx_bytes = stats.tx_bytes;
}

static int each_of_link(const struct nlattr *attr, void *data)
{
	struct nsi_net_link *item = data;
	struct nsu_link *link = &item->link;
	bool number = mnl_attr_validate(attr, MNL_TYPE_U32) >= 0;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		take_text(attr, item->name, sizeof(item->name));
		break;
	case IFLA_LINKINFO:
		mnl_attr_parse_nested(attr, each_info, item);
		break;
	case IFLA_ADDRESS:
		take_mac(attr, link);
		break;
	case IFLA_STATS64:
		take_stats(attr, link);
		break;
	case IFLA_MTU:
		link->mtu = number ? mnl_attr_get_u32(attr) : 0;
		break;
	case IFLA_MASTER:
		link->master = number ? mnl_attr_get_u32(attr) : 0;
		break;
	case IFLA_LINK:
		link->peer = number ? mnl_attr_get_u32(attr) : 0;
		break;
	case IFLA_LINK_NETNSID:
		/* There, and yet none: the other namespace is going away. */
		link->peer_nsid = number ? (int)mnl_attr_get_u32(attr) : NSID_NONE;
		if (link->peer_nsid < 0)
			link->peer_nsid = NSID_UNKNOWN;
		break;
	}
	return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *head, void *data)
{
	struct nsu_net *net = data;
	const struct ifinfomsg *body = mnl_nlmsg_get_payload(head);
	struct nsi_net_link *item;
	int r;

	if (head->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(head) < sizeof(*body))
		return 0;
	r = nsi_net_add((void **)&net->links, &net->link_size, &net->link_count,
			sizeof(*item));
	if (r < 0)
		return r;
	item = &net->links[net->link_count - 1];
	item->link.index = body->ifi_index;
	item->link.up = body->ifi_flags & IFF_UP;
	item->link.carrier = body->ifi_flags & IFF_LOWER_UP;
	item->link.peer_nsid = NSID_NONE;
	mnl_attr_parse(head, sizeof(*body), each_of_link, item);
	return 0;
}

static int by_index(const void *a, const void *b)
{
	const struct nsi_net_link *x = a, *y = b;

	return (x->link.index > y->link.index) - (x->link.index < y->link.index);
}

int nsi_net_read_links(struct nsi_net_reader *reader)
{
	char buf[NSI_NL_REQUEST] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nsu_net *net = reader->net;
	int r;

	nsi_nl_put(buf, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	r = nsi_nl_dump(&reader->route, buf, take_link, net, &net->link_count);
	if (r < 0)
		return r;
	if (net->link_count)
		qsort(net->links, net->link_count, sizeof(*net->links), by_index);
	for (size_t i = 0; i < net->link_count; i++) {
		struct nsi_net_link *item = &net->links[i];

		item->link.name = item->name;
		item->link.kind = item->kind;
		if (item->link.peer && item->link.peer_nsid == NSID_NONE)
			item->link.peer_ns = reader->ns;
	}
	return 0;
}

static size_t count_open(const struct nsu_net *net)
{
	size_t n = 0;

	for (size_t i = 0; i < net->link_count; i++)
		n += net->links[i].link.peer_nsid >= 0 && !net->links[i].link.peer_ns;
	return n;
}

static void match(struct nsi_net_reader *reader, const struct nsu_ns *ns)
{
	nsi_autoclose int fd = nsu_ns_open(ns);
	int nsid = fd < 0 ? fd : nsi_nl_get_nsid(&reader->route, fd);

	for (size_t i = 0; nsid >= 0 && i < reader->net->link_count; i++)
		if (reader->net->links[i].link.peer_nsid == nsid)
			reader->net->links[i].link.peer_ns = ns;
}

/* Nothing turns the number of a namespace into the namespace: each that there is is asked
   for its number, the host's first, where most wires end. */
int nsi_net_find_peers(struct nsi_net_reader *reader)
{
	const struct nsu_snapshot *snap = reader->ns->snap;
	const struct nsu_task *host = NULL;
	const struct nsu_ns *first = NULL;

	if (!count_open(reader->net))
		return 0;
	nsu_snapshot_get_reference(snap, &host);
	if (host && !nsu_task_get_ns(host, NSU_NET, &first) && first != reader->ns)
		match(reader, first);
	for (size_t i = snap->by_type[NSU_NET]; i < snap->by_type[NSU_NET + 1] &&
	     count_open(reader->net); i++)
		if (&snap->ns[i] != first && &snap->ns[i] != reader->ns)
			match(reader, &snap->ns[i]);
	return 0;
}

static int each_of_address(const struct nlattr *attr, void *data)
{
	const struct nlattr **found = data;

	if (mnl_attr_get_type(attr) <= IFA_LOCAL)
		found[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static int take_address(const struct nlmsghdr *head, void *data)
{
	struct nsu_net *net = data;
	const struct ifaddrmsg *body = mnl_nlmsg_get_payload(head);
	const struct nlattr *found[IFA_LOCAL + 1] = { NULL }, *own;
	struct nsi_net_address *item;
	char text[48];
	int r;

	if (head->nlmsg_type != RTM_NEWADDR ||
	    mnl_nlmsg_get_payload_len(head) < sizeof(*body) ||
	    (body->ifa_family != AF_INET && body->ifa_family != AF_INET6))
		return 0;
	mnl_attr_parse(head, sizeof(*body), each_of_address, found);
	/* Of a point-to-point link IFA_ADDRESS is the other end's. */
	own = found[IFA_LOCAL] ? found[IFA_LOCAL] : found[IFA_ADDRESS];
	if (!own || nsi_net_text(body->ifa_family, mnl_attr_get_payload(own),
				 mnl_attr_get_payload_len(own), text, sizeof(text)) < 0)
		return 0;
	r = nsi_net_add((void **)&net->addresses, &net->address_size,
			&net->address_count, sizeof(*item));
	if (r < 0)
		return r;
	item = &net->addresses[net->address_count - 1];
	item->order = net->address_count;
	item->address.link = body->ifa_index;
	item->address.family = body->ifa_family;
	item->address.prefix = body->ifa_prefixlen;
	memcpy(item->address.bytes, mnl_attr_get_payload(own),
	       mnl_attr_get_payload_len(own));
	snprintf(item->text, sizeof(item->text), "%s/%u", text, body->ifa_prefixlen);
	return 0;
}

static int by_link(const void *a, const void *b)
{
	const struct nsi_net_address *x = a, *y = b;

	if (x->address.link != y->address.link)
		return x->address.link < y->address.link ? -1 : 1;
	if (x->address.family != y->address.family)
		return x->address.family < y->address.family ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

int nsi_net_read_addresses(struct nsi_net_reader *reader)
{
	char buf[NSI_NL_REQUEST] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nsu_net *net = reader->net;
	int r;

	nsi_nl_put(buf, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	r = nsi_nl_dump(&reader->route, buf, take_address, net, &net->address_count);
	if (r < 0)
		return r;
	if (net->address_count)
		qsort(net->addresses, net->address_count, sizeof(*net->addresses),
		      by_link);
	for (size_t i = 0; i < net->address_count; i++)
		net->addresses[i].address.text = net->addresses[i].text;
	return 0;
}
