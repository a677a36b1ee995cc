/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links of a network namespace, and their addresses. */
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include "net.h"

#define NSID_NONE	-1
#define NSID_UNKNOWN	-2

/* IF_OPER_*, RFC 2863 */
static const char *const states[] = {
	"unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up",
};

/* One link while its message is read. */
struct taking {
	struct nsi_net_link *item;
	const struct nlattr *data;	/* IFLA_INFO_DATA, which the kind explains */
	bool has_peer;			/* IFLA_LINK */
};

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
	struct taking *taking = data;

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
		take_text(attr, taking->item->kind, sizeof(taking->item->kind));
	if (mnl_attr_get_type(attr) == IFLA_INFO_DATA)
		taking->data = attr;
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
	link->rx_packets = stats.rx_packets;
	link->tx_packets = stats.tx_packets;
	link->rx_errors = stats.rx_errors;
	link->tx_errors = stats.tx_errors;
	link->rx_dropped = stats.rx_dropped;
	link->tx_dropped = stats.tx_dropped;
}

static void take_state(const struct nlattr *attr, struct nsu_link *link)
{
	uint8_t state = mnl_attr_validate(attr, MNL_TYPE_U8) < 0 ? 0 :
		mnl_attr_get_u8(attr);

	if (state < ARRAY_SIZE(states))
		link->state = states[state];
}

static int each_of_link(const struct nlattr *attr, void *data)
{
	struct taking *taking = data;
	struct nsi_net_link *item = taking->item;
	struct nsu_link *link = &item->link;
	bool number = mnl_attr_validate(attr, MNL_TYPE_U32) >= 0;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		take_text(attr, item->name, sizeof(item->name));
		break;
	case IFLA_LINKINFO:
		mnl_attr_parse_nested(attr, each_info, taking);
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
		taking->has_peer = true;
		break;
	case IFLA_OPERSTATE:
		take_state(attr, link);
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

static void parse_link(const struct nlmsghdr *head, struct nsi_net_link *item)
{
	const struct ifinfomsg *body = mnl_nlmsg_get_payload(head);
	struct nsu_link *link = &item->link;
	struct taking taking = { .item = item };

	link->index = body->ifi_index;
	link->up = body->ifi_flags & IFF_UP;
	link->carrier = body->ifi_flags & IFF_LOWER_UP;
	link->peer_nsid = NSID_NONE;
	link->state = states[0];
	mnl_attr_parse(head, sizeof(*body), each_of_link, &taking);
	/* Before Linux 5.12 it was left out where both ends have the same number. */
	if (!taking.has_peer && link->peer_nsid != NSID_NONE &&
	    nsi_net_is_pair(item->kind))
		link->peer = link->index;
	nsi_net_take_kind(taking.data, item);
}

static bool is_link(const struct nlmsghdr *head)
{
	return head->nlmsg_type == RTM_NEWLINK &&
		mnl_nlmsg_get_payload_len(head) >= sizeof(struct ifinfomsg);
}

static int take_link(const struct nlmsghdr *head, void *data)
{
	struct nsu_net *net = data;
	int r;

	if (!is_link(head))
		return 0;
	r = nsi_net_add((void **)&net->links, &net->link_size, &net->link_count,
			sizeof(*net->links));
	if (!r)
		parse_link(head, &net->links[net->link_count - 1]);
	return r;
}

static int take_one(const struct nlmsghdr *head, void *data)
{
	if (is_link(head))
		parse_link(head, data);
	return 0;
}

int nsi_net_ask_link(struct nsi_nl *nl, int nsid, int index, struct nsi_net_link *ret)
{
	char buf[NSI_NL_REQUEST] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct ifinfomsg *body = nsi_nl_put(buf, RTM_GETLINK, 0, sizeof(*body));
	struct nsi_net_link found = { .link.index = 0 };
	int r;

	body->ifi_index = index;
	mnl_attr_put_u32((struct nlmsghdr *)buf, IFLA_TARGET_NETNSID, nsid);
	mnl_attr_put_u32((struct nlmsghdr *)buf, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	r = nsi_nl_ask(nl, buf, take_one, &found);
	if (r < 0)
		return r;
	/* A kernel that does not know the attribute tells of its own. */
	if (found.link.index != index)
		return -ENODEV;
	*ret = found;
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
		item->link.local = item->local;
		item->link.remote = item->remote;
		if (item->link.peer && item->link.peer_nsid == NSID_NONE)
			item->link.peer_ns = reader->ns;
	}
	return 0;
}

const struct nsi_net_link *nsi_net_find_link(const struct nsu_net *net, int index)
{
	struct nsi_net_link key = { .link.index = index };

	return net->link_count ? bsearch(&key, net->links, net->link_count,
					 sizeof(key), by_index) : NULL;
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
