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
#include <sys/socket.h>
#include "net.h"

#define OVERFLOW_UID	65534
#define ALL_STATES	UINT32_MAX

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

/* TCP's, which SCTP's are told by as well; the last two of newer kernels: a request that
   is shown for a socket (Linux 4.4), a socket that is bound and no more (Linux 6.8). */
static const char *const states[] = {
	[TCP_ESTABLISHED] = "established", [TCP_SYN_SENT] = "syn-sent",
	[TCP_SYN_RECV] = "syn-received", [TCP_FIN_WAIT1] = "fin-wait-1",
	[TCP_FIN_WAIT2] = "fin-wait-2", [TCP_TIME_WAIT] = "time-wait",
	[TCP_CLOSE] = "bound", [TCP_CLOSE_WAIT] = "close-wait",
	[TCP_LAST_ACK] = "last-ack", [TCP_LISTEN] = "listen", [TCP_CLOSING] = "closing",
	[TCP_CLOSING + 1] = "syn-received", [TCP_CLOSING + 2] = "bound",
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
	item->listener.state = states[TCP_LISTEN];
	*ret = item;
	return 0;
}

/* "%eth0", or "%2" where links were not asked for: such an address means nothing
   without. */
static void write_scope(const struct nsu_net *net, const struct inet_diag_sockid *id,
			const void *address, int family, char *to, size_t size)
{
	const unsigned char *bytes = address;
	const struct nsi_net_link *link;

	*to = '\0';
	if (family != AF_INET6 || bytes[0] != 0xfe || (bytes[1] & 0xc0) != 0x80 ||
	    !id->idiag_if)
		return;
	link = nsi_net_find_link(net, id->idiag_if);
	if (link)
		snprintf(to, size, "%%%s", link->name);
	else
		snprintf(to, size, "%%%u", id->idiag_if);
}

/* far: the other end's. both: IPv4 comes to it as well. */
static int write_end(const struct nsu_net *net, const struct inet_diag_msg *body,
		     bool far, bool both, char *to)
{
	static const unsigned char any[16];
	const void *address = far ? body->id.idiag_dst : body->id.idiag_src;
	unsigned port = ntohs(far ? body->id.idiag_dport : body->id.idiag_sport);
	int family = body->idiag_family;
	char text[48], scope[20];
	int r = nsi_net_text(family, address, family == AF_INET ? 4 : 16, text,
			     sizeof(text));

	if (r < 0)
		return r;
	write_scope(net, &body->id, address, family, scope, sizeof(scope));
	if (both && !memcmp(address, any, sizeof(any)))
		snprintf(to, NSI_NET_TEXT, "*:%u", port);
	else if (family == AF_INET)
		snprintf(to, NSI_NET_TEXT, "%s:%u", text, port);
	else
		snprintf(to, NSI_NET_TEXT, "[%s%s]:%u", text, scope, port);
	return 0;
}

static int find_v6only(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == INET_DIAG_SKV6ONLY &&
	    mnl_attr_validate(attr, MNL_TYPE_U8) >= 0)
		*(int *)data = mnl_attr_get_u8(attr);
	return MNL_CB_OK;
}

static bool is_wanted(const struct dump *dump, const struct inet_diag_msg *body)
{
	unsigned port = dump->reader->port;

	if (body->idiag_family != dump->family)
		return false;
	return port ? ntohs(body->id.idiag_sport) == port :
		body->idiag_state == dump->kind->state;
}

static int take_inet(const struct nlmsghdr *head, void *data)
{
	const struct dump *dump = data;
	const struct kind *kind = dump->kind;
	const struct inet_diag_msg *body = mnl_nlmsg_get_payload(head);
	struct nsi_net_listener *item;
	int v6only = -1, r;

	if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    mnl_nlmsg_get_payload_len(head) < sizeof(*body) || !is_wanted(dump, body))
		return 0;
	mnl_attr_parse(head, sizeof(*body), find_v6only, &v6only);
	r = add(dump->reader, kind->name, dump->family, &item);
	if (r < 0)
		return r;
	item->listener.inode = body->idiag_inode;
	/* Of one that waits for its time to pass it is told for root's. */
	item->listener.uid = body->idiag_inode ?
		map_uid(dump->reader, body->idiag_uid) : OVERFLOW_UID;
	if (body->idiag_state != kind->state && body->idiag_state < ARRAY_SIZE(states) &&
	    states[body->idiag_state])
		item->listener.state = states[body->idiag_state];
	/* Of a raw socket it is the number of its protocol. */
	if (kind->protocol != IPPROTO_RAW)
		item->listener.port = ntohs(body->id.idiag_sport);
	if (body->id.idiag_dport && kind->protocol != IPPROTO_RAW)
		write_end(dump->reader->net, body, true, false, item->remote);
	return write_end(dump->reader->net, body, false,
			 dump->family == AF_INET6 && v6only == 0 &&
			 kind->protocol != IPPROTO_RAW, item->local);
}

static int ask_inet(struct nsi_net_reader *reader, const struct kind *kind, int family)
{
	char buf[NSI_NL_REQUEST] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct inet_diag_req_v2 *body = nsi_nl_put(buf, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP,
						   sizeof(*body));
	struct dump dump = { .reader = reader, .kind = kind, .family = family };

	body->sdiag_family = family;
	body->sdiag_protocol = kind->protocol;
	body->idiag_states = reader->port ? ALL_STATES : 1u << kind->state;
	body->id.idiag_sport = htons(reader->port);
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

/* Of those for datagrams, as /dev/log, nothing but a name says that they wait. */
static bool waits(const struct unix_diag_msg *body, const struct unix_found *found)
{
	return body->udiag_state == TCP_LISTEN ||
		(body->udiag_state == TCP_CLOSE && body->udiag_type == SOCK_DGRAM &&
		 found->name && mnl_attr_get_payload_len(found->name));
}

static int take_unix(const struct nlmsghdr *head, void *data)
{
	const struct dump *dump = data;
	const struct unix_diag_msg *body = mnl_nlmsg_get_payload(head);
	struct unix_found found = { .uid = OVERFLOW_UID };
	struct nsi_net_listener *item;
	int r;

	if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    mnl_nlmsg_get_payload_len(head) < sizeof(*body))
		return 0;
	mnl_attr_parse(head, sizeof(*body), each_of_unix, &found);
	if (!waits(body, &found))
		return 0;
	r = add(dump->reader, "unix", AF_UNIX, &item);
	if (r < 0)
		return r;
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
	body->udiag_states = 1u << TCP_LISTEN | 1u << TCP_CLOSE;
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
		if (reader->port && kinds[i / 2].protocol == IPPROTO_RAW)
			continue;
		r = ask_inet(reader, &kinds[i / 2], i % 2 ? AF_INET6 : AF_INET);
		if (r < 0 && !is_absent(r))
			return r;
		*answered += !r;
	}
	if (reader->port || reader->no_unix)
		return 0;
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
	for (size_t i = 0; i < net->listener_count; i++) {
		net->listeners[i].listener.local = net->listeners[i].local;
		net->listeners[i].listener.remote = net->listeners[i].remote;
	}
	return 0;
}
