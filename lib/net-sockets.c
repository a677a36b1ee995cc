/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets of a network namespace that wait for others: sock_diag(7). */
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include "net.h"

#define OVERFLOW_UID	65534

static const struct kind {
	const char *name;
	uint8_t protocol;
	uint8_t state;		/* of one that waits; unconnected ones have TCP_CLOSE */
} kinds[] = {
	{ "tcp", IPPROTO_TCP, TCP_LISTEN },
	{ "udp", IPPROTO_UDP, TCP_CLOSE },
	{ "sctp", IPPROTO_SCTP, TCP_LISTEN },
	{ "raw", IPPROTO_RAW, TCP_CLOSE },
};

struct dump {
	struct nsi_net_reader *reader;
	const struct kind *kind;
	int family;
};

static uid_t map_uid(const struct nsi_net_reader *reader, uint32_t uid)
{
	if (!reader->maps_uids)
		return uid;
	for (size_t i = 0; i < reader->uid_count; i++) {
		const struct nsu_id_range *range = &reader->uids[i];

		if (uid - range->inside < range->count && range->outside != UINT32_MAX)
			return range->outside + (uid - range->inside);
	}
	return OVERFLOW_UID;
}

static int add(struct nsi_net_reader *reader, const char *protocol, int family,
	       struct nsi_net_listener **ret)
{
	struct nsu_net *net = reader->net;
	struct nsi_net_listener *item;
	int r = nsi_net_add((void **)&net->listeners, &net->listener_size,
			    &net->listener_count, sizeof(*item));

	if (r < 0)
		return r;
	item = &net->listeners[net->listener_count - 1];
	item->order = net->listener_count;
	item->listener.protocol = protocol;
	item->listener.family = family;
	*ret = item;
	return 0;
}

/* "%eth0", or "%2" where links were not asked for: such an address means nothing
   without. */
static void write_scope(const struct nsu_net *net, const struct inet_diag_sockid *id,
			int family, char *to, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)id->idiag_src;

	*to = '\0';
	if (family != AF_INET6 || bytes[0] != 0xfe || (bytes[1] & 0xc0) != 0x80 ||
	    !id->idiag_if)
		return;
	snprintf(to, size, "%%%u", id->idiag_if);
	for (size_t i = 0; i < net->link_count; i++)
		if (net->links[i].link.index == (int)id->idiag_if)
			snprintf(to, size, "%%%s", net->links[i].name);
}

static int write_local(const struct nsu_net *net, const struct inet_diag_msg *body,
		       bool both, struct nsi_net_listener *item)
{
	static const unsigned char any[16];
	int family = body->idiag_family;
	unsigned port = ntohs(body->id.idiag_sport);
	char text[48], scope[20];
	int r = nsi_net_text(family, body->id.idiag_src, family == AF_INET ? 4 : 16, text,
			     sizeof(text));

	if (r < 0)
		return r;
	write_scope(net, &body->id, family, scope, sizeof(scope));
	if (both && !memcmp(body->id.idiag_src, any, sizeof(any)))
		snprintf(item->local, sizeof(item->local), "*:%u", port);
	else if (family == AF_INET)
		snprintf(item->local, sizeof(item->local), "%s:%u", text, port);
	else
		snprintf(item->local, sizeof(item->local), "[%s%s]:%u", text, scope,
			 port);
	return 0;
}

static int find_v6only(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == INET_DIAG_SKV6ONLY &&
	    mnl_attr_validate(attr, MNL_TYPE_U8) >= 0)
		*(int *)data = mnl_attr_get_u8(attr);
	return MNL_CB_OK;
}

static int take_inet(const struct nlmsghdr *head, void *data)
{
	const struct dump *dump = data;
	const struct inet_diag_msg *body = mnl_nlmsg_get_payload(head);
	struct nsi_net_listener *item;
	int v6only = -1, r;

	if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    mnl_nlmsg_get_payload_len(head) < sizeof(*body) ||
	    body->idiag_family != dump->family || body->idiag_state != dump->kind->state)
		return 0;
	mnl_attr_parse(head, sizeof(*body), find_v6only, &v6only);
	r = add(dump->reader, dump->kind->name, dump->family, &item);
	if (r < 0)
		return r;
	item->listener.inode = body->idiag_inode;
	item->listener.uid = map_uid(dump->reader, body->idiag_uid);
	/* Of a raw socket it is the number of its protocol. */
	if (dump->kind->protocol != IPPROTO_RAW)
		item->listener.port = ntohs(body->id.idiag_sport);
	return write_local(dump->reader->net, body,
			   dump->family == AF_INET6 && v6only == 0 &&
			   dump->kind->protocol != IPPROTO_RAW, item);
}

static int ask_inet(struct nsi_net_reader *reader, const struct kind *kind, int family)
{
	char buf[NSI_NL_REQUEST] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct inet_diag_req_v2 *body = nsi_nl_put(buf, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP,
						   sizeof(*body));
	struct dump dump = { .reader = reader, .kind = kind, .family = family };

	body->sdiag_family = family;
	body->sdiag_protocol = kind->protocol;
	body->idiag_states = 1u << kind->state;
	return nsi_nl_dump(&reader->diag, buf, take_inet, &dump,
			   &reader->net->listener_count);
}

struct unix_found {
	const struct nlattr *name;
	uint32_t uid;
	bool has_uid;
};

static int each_of_unix(const struct nlattr *attr, void *data)
{
	struct unix_found *found = data;

	if (mnl_attr_get_type(attr) == UNIX_DIAG_NAME)
		found->name = attr;
	found->has_uid |= mnl_attr_get_type(attr) == UNIX_DIAG_UID;
	if (mnl_attr_get_type(attr) == UNIX_DIAG_UID &&
	    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
		found->uid = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

/* An abstract name begins with NUL and may have more of them: as in /proc/net/unix. */
static void write_name(const struct nlattr *attr, char *to, size_t size)
{
	const char *name = mnl_attr_get_payload(attr);
	size_t length = mnl_attr_get_payload_len(attr);

	if (length >= size)
		length = size - 1;
	if (length && name[0])
		length = strnlen(name, length);
	for (size_t i = 0; i < length; i++)
		to[i] = name[i] ? name[i] : '@';
	to[length] = '\0';
}

static int take_unix(const struct nlmsghdr *head, void *data)
{
	const struct dump *dump = data;
	const struct unix_diag_msg *body = mnl_nlmsg_get_payload(head);
	struct unix_found found = { .uid = OVERFLOW_UID };
	struct nsi_net_listener *item;
	int r;

	if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    mnl_nlmsg_get_payload_len(head) < sizeof(*body) ||
	    body->udiag_state != TCP_LISTEN)
		return 0;
	r = add(dump->reader, "unix", AF_UNIX, &item);
	if (r < 0)
		return r;
	mnl_attr_parse(head, sizeof(*body), each_of_unix, &found);
	item->listener.inode = body->udiag_ino;
	item->listener.uid = found.has_uid ? map_uid(dump->reader, found.uid) : found.uid;
	if (found.name)
		write_name(found.name, item->local, sizeof(item->local));
	return 0;
}

static int ask_unix(struct nsi_net_reader *reader)
{
	char buf[NSI_NL_REQUEST] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct unix_diag_req *body = nsi_nl_put(buf, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP,
						sizeof(*body));
	struct dump dump = { .reader = reader, .family = AF_UNIX };

	body->sdiag_family = AF_UNIX;
	body->udiag_states = 1u << TCP_LISTEN;
	body->udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_UID;
	return nsi_nl_dump(&reader->diag, buf, take_unix, &dump,
			   &reader->net->listener_count);
}

static int by_protocol(const void *a, const void *b)
{
	const struct nsi_net_listener *x = a, *y = b;
	int r = strcmp(x->listener.protocol, y->listener.protocol);

	if (r)
		return r;
	if (x->listener.port != y->listener.port)
		return x->listener.port < y->listener.port ? -1 : 1;
	r = strcmp(x->local, y->local);
	if (r)
		return r;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* The module, or what it tells of, is not in this kernel. */
static bool is_absent(int r)
{
	return r == -ENOENT || r == -EPROTONOSUPPORT || r == -EOPNOTSUPP ||
		r == -EAFNOSUPPORT || r == -EINVAL;
}

static int ask_all(struct nsi_net_reader *reader, size_t *answered)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(kinds) * 2; i++) {
		r = ask_inet(reader, &kinds[i / 2], i % 2 ? AF_INET6 : AF_INET);
		if (r < 0 && !is_absent(r))
			return r;
		*answered += !r;
	}
	r = ask_unix(reader);
	*answered += !r;
	return r < 0 && !is_absent(r) ? r : 0;
}

int nsi_net_read_sockets(struct nsi_net_reader *reader)
{
	struct nsu_net *net = reader->net;
	size_t answered = 0;
	int r;

	if (reader->diag.fd < 0)
		return -EPROTONOSUPPORT;
	r = ask_all(reader, &answered);
	if (r < 0)
		return r;
	if (!answered)
		return -EPROTONOSUPPORT;
	if (net->listener_count)
		qsort(net->listeners, net->listener_count, sizeof(*net->listeners),
		      by_protocol);
	for (size_t i = 0; i < net->listener_count; i++)
		net->listeners[i].listener.local = net->listeners[i].local;
	return 0;
}
