// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of nstree -l that say what a network namespace has. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "cells.h"
#include "net.h"
#include "view.h"

/* The namespace of the row before: what its columns need is read together, as far as the
   rows before have shown what that is. */
struct net_facts {
	const struct nsu_ns *ns;
	struct nsu_net *net;
	unsigned parts, wanted;
	int error;
};

struct net_facts *net_facts_new(void)
{
	return calloc(1, sizeof(struct net_facts));
}

void net_facts_free(struct net_facts *net)
{
	if (net == NULL)
		return;
	nsu_net_free(net->net);
	free(net);
}

static int get_net(const struct facts *facts, const struct row *row, unsigned parts,
		   const struct nsu_net **ret)
{
	struct net_facts *net = facts->net;

	if (nsu_ns_get_type(row->ns) != NSU_NET)
		return -ENOENT;
	if (net->ns != row->ns || (parts & ~net->wanted) != 0) {
		net->wanted |= parts;
		nsu_net_free(net->net);
		net->net = NULL;
		net->ns = row->ns;
		net->parts = net->wanted;
		net->error = net_read(row->ns, &net->parts, &net->net);
	}
	if (net->error < 0)
		return net->error == -ENOENT ? -ESRCH : net->error;
	*ret = net->net;
	return (parts & ~net->parts) != 0 ? -EPROTONOSUPPORT : 0;
}

/* Several values in a cell: on lines of their own where lines may be broken. */
static void add_value(const struct facts *facts, struct text *text, size_t start,
		      const char *value)
{
	if (text->len > start)
		text_add(text, facts->form == FORM_RAW || facts->app->opts.nowrap ?
			 "," : "\n", 1);
	text_add_foreign(facts, text, value);
}

int cell_links(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct nsu_net *net;
	int r = get_net(facts, row, NSU_NET_LINKS, &net);

	if (r == 0)
		text_format(text, "%zu", nsu_net_count_links(net));
	return r;
}

/* Every namespace may have those of lo: they tell nothing. */
static bool is_loopback(const struct nsu_address *address)
{
	static const unsigned char one[16] = { [15] = 1 };

	return address->family == AF_INET ? address->bytes[0] == 127 :
		memcmp(address->bytes, one, sizeof(one)) == 0;
}

int cell_addresses(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct nsu_address *address;
	const struct nsu_net *net;
	size_t start = text->len;
	int r = get_net(facts, row, NSU_NET_LINKS | NSU_NET_ADDRESSES, &net);

	if (r < 0)
		return r;
	for (size_t i = 0; (address = nsu_net_get_address(net, i)) != NULL; i++)
		if (!is_loopback(address))
			add_value(facts, text, start, address->text);
	return text->len > start ? 0 : -ENOENT;
}

int cell_routes(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct nsu_route *route;
	const struct nsu_net *net;
	size_t start = text->len;
	int r = get_net(facts, row, NSU_NET_LINKS | NSU_NET_ROUTES, &net);

	if (r < 0)
		return r;
	for (size_t i = 0; (route = nsu_net_get_route(net, i)) != NULL &&
	     strcmp(route->to, "default") == 0; i++) {
		char *one = net_route_text(net, route);

		if (one == NULL)
			return -ENOMEM;
		add_value(facts, text, start, one);
		free(one);
	}
	return text->len > start ? 0 : -ENOENT;
}

int cell_listens(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct nsu_listener *listener;
	const struct nsu_net *net;
	char last[160] = "", one[160];
	size_t start = text->len;
	int r = get_net(facts, row, NSU_NET_SOCKETS, &net);

	if (r < 0)
		return r;
	for (size_t i = 0; (listener = nsu_net_get_listener(net, i)) != NULL; i++) {
		snprintf(one, sizeof(one), "%s %s", listener->protocol, listener->local);
		if (listener->family == AF_UNIX || strcmp(one, last) == 0)
			continue;
		add_value(facts, text, start, one);
		memcpy(last, one, sizeof(last));
	}
	return text->len > start ? 0 : -ENOENT;
}

int cell_netname(const struct facts *facts, const struct row *row, struct text *text)
{
	const char *name;

	if (nsu_ns_get_type(row->ns) != NSU_NET)
		return -ENOENT;
	if (facts->binds == NULL)
		return facts->binds_error == -ENOENT ? -ENODATA : facts->binds_error;
	name = view_netns_find(facts->binds, row->ns);
	if (name == NULL)
		return -ENOENT;
	text_add_foreign(facts, text, name);
	return 0;
}
