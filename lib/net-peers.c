/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which namespaces a network namespace means by its numbers: where links lead to. */
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include "net.h"

static int each_of_nsid(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NETNSA_NSID &&
	    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
		*(int *)data = (int)mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int take_nsid(const struct nlmsghdr *head, void *data)
{
	struct nsu_net *net = data;
	int nsid = -1, r;

	if (head->nlmsg_type != RTM_NEWNSID)
		return 0;
	mnl_attr_parse(head, sizeof(struct rtgenmsg), each_of_nsid, &nsid);
	if (nsid < 0)
		return 0;
	r = nsi_net_add((void **)&net->nsids, &net->nsid_size, &net->nsid_count,
			sizeof(*net->nsids));
	if (!r)
		net->nsids[net->nsid_count - 1].nsid = nsid;
	return r;
}

static int by_number(const void *a, const void *b)
{
	const struct nsu_nsid *x = a, *y = b;

	return (x->nsid > y->nsid) - (x->nsid < y->nsid);
}

int nsi_net_read_nsids(struct nsi_net_reader *reader)
{
	char buf[NSI_NL_REQUEST] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nsu_net *net = reader->net;
	struct rtgenmsg *body = nsi_nl_put(buf, RTM_GETNSID, NLM_F_DUMP, sizeof(*body));
	int r;

	body->rtgen_family = AF_UNSPEC;
	r = nsi_nl_dump(&reader->route, buf, take_nsid, net, &net->nsid_count);
	if (r < 0)
		return r;
	if (net->nsid_count)
		qsort(net->nsids, net->nsid_count, sizeof(*net->nsids), by_number);
	return 0;
}

/* That namespace is the one with this number. */
static void set_peer(struct nsu_net *net, int nsid, const struct nsu_ns *ns)
{
	for (size_t i = 0; i < net->link_count; i++)
		if (net->links[i].link.peer_nsid == nsid)
			net->links[i].link.peer_ns = ns;
	for (size_t i = 0; i < net->nsid_count; i++)
		if (net->nsids[i].nsid == nsid)
			net->nsids[i].ns = ns;
}

static size_t count_open(const struct nsu_net *net)
{
	size_t n = 0;

	for (size_t i = 0; i < net->link_count; i++)
		n += net->links[i].link.peer_nsid >= 0 && !net->links[i].link.peer_ns;
	for (size_t i = 0; i < net->nsid_count; i++)
		n += !net->nsids[i].ns;
	return n;
}

static void match(struct nsi_net_reader *reader, const struct nsu_ns *ns)
{
	nsi_autoclose int fd = nsu_ns_open(ns);
	int nsid = fd < 0 ? fd : nsi_nl_get_nsid(&reader->route, fd);

	if (nsid >= 0)
		set_peer(reader->net, nsid, ns);
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
	/* It may have a number for itself. */
	if (count_open(reader->net))
		match(reader, reader->ns);
	return 0;
}
