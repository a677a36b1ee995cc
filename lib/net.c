/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network namespace from inside. */
#include <arpa/inet.h>
#include <string.h>
#include "net.h"

int nsi_net_connect(struct nsi_net_reader *reader, const struct nsi_net_entry *entry,
		    const struct nsi_net_way *way)
{
	int r = nsi_nl_open(&reader->route, reader->ctx, entry->route);

	reader->maps_uids = entry->by_owner;
	reader->uids = way->uids;
	reader->uid_count = way->uid_count;
	if (entry->diag < 0)
		nsi_nl_hang_up(&reader->diag);
	else if (r < 0)
		close(entry->diag);
	else
		r = nsi_nl_open(&reader->diag, reader->ctx, entry->diag);
	return r;
}

/* Sockets come last: their addresses may name links. */
int nsi_net_read(struct nsi_net_reader *reader, unsigned parts)
{
	int r = 0;

	if (parts & (NSU_NET_LINKS | NSU_NET_ADDRESSES))
		r = nsi_net_read_links(reader);
	if (!r && parts & NSU_NET_NSIDS)
		r = nsi_net_read_nsids(reader);
	if (!r && parts & NSU_NET_ADDRESSES)
		r = nsi_net_read_addresses(reader);
	if (!r && parts & NSU_NET_ROUTES)
		r = nsi_net_read_routes(reader);
	if (!r && parts & NSU_NET_SOCKETS)
		r = nsi_net_read_sockets(reader);
	return r;
}

static int fetch(struct nsi_net_way *way, const struct nsu_ns *ns, bool diag,
		 struct nsi_net_entry *ret)
{
	nsi_autoclose int fd = -1;
	int r;

	if (nsi_net_own(way->ctx) == ns->inode)
		return nsi_net_make(diag, ret);
	ret->ns = fd = nsu_ns_open(ns);
	if (fd < 0)
		return fd;
	r = nsi_net_enter(way, ret, 1, diag);
	return r < 0 ? r : ret->error;
}

static int read_one(struct nsi_net_reader *reader, struct nsi_net_way *way,
		    unsigned parts)
{
	struct nsi_net_entry entry = { .diag = -1 };
	int r = fetch(way, reader->ns, parts & NSU_NET_SOCKETS, &entry);

	if (!r)
		r = nsi_net_connect(reader, &entry, way);
	if (!r)
		r = nsi_net_read(reader, parts);
	if (!r && parts & (NSU_NET_LINKS | NSU_NET_NSIDS))
		r = nsi_net_find_peers(reader);
	return r;
}

int nsu_net_new(const struct nsu_ns *net, unsigned parts, struct nsu_net **ret)
{
	struct nsu_ctx *ctx;
	struct nsi_net_reader reader = { .ns = net, .route.fd = -1,
					 .diag.fd = -1 };
	struct nsi_net_way way = { 0 };
	int r;

	if (!net || !ret || !parts || parts & ~NSI_NET_PARTS)
		return -EINVAL;
	way.ctx = ctx = reader.ctx = net->snap->ctx;
	if (net->type != NSU_NET)
		return -EMEDIUMTYPE;
	if (!ctx->procfs.real || !ctx->procfs.own_pids)
		return -EOPNOTSUPP;
	reader.net = calloc(1, sizeof(*reader.net));
	if (!reader.net)
		return -ENOMEM;
	r = read_one(&reader, &way, parts);
	nsi_nl_close(&reader.route);
	nsi_nl_close(&reader.diag);
	nsi_net_way_close(&way);
	if (r < 0)
		nsu_net_free(reader.net);
	else
		*ret = reader.net;
	return r;
}

void nsu_net_free(struct nsu_net *net)
{
	if (!net)
		return;
	free(net->links);
	free(net->addresses);
	free(net->routes);
	free(net->listeners);
	free(net->nsids);
	free(net);
}

int nsi_net_add(void **items, size_t *size, size_t *count, size_t item)
{
	int r;

	if (*count >= NSI_NET_LIMIT)
		return -EFBIG;
	r = nsi_grow(items, size, *count, item);
	if (r < 0)
		return r;
	memset((char *)*items + item * (*count)++, 0, item);
	return 0;
}

int nsi_net_text(int family, const void *bytes, size_t length, char *to, size_t size)
{
	if (length != (family == AF_INET ? 4 : 16))
		return -EBADMSG;
	return inet_ntop(family, bytes, to, size) ? 0 : -EBADMSG;
}

size_t nsu_net_count_links(const struct nsu_net *net)
{
	return net ? net->link_count : 0;
}

const struct nsu_link *nsu_net_get_link(const struct nsu_net *net, size_t index)
{
	return net && index < net->link_count ? &net->links[index].link : NULL;
}

size_t nsu_net_count_addresses(const struct nsu_net *net)
{
	return net ? net->address_count : 0;
}

const struct nsu_address *nsu_net_get_address(const struct nsu_net *net, size_t index)
{
	return net && index < net->address_count ? &net->addresses[index].address : NULL;
}

size_t nsu_net_count_routes(const struct nsu_net *net)
{
	return net ? net->route_count : 0;
}

const struct nsu_route *nsu_net_get_route(const struct nsu_net *net, size_t index)
{
	return net && index < net->route_count ? &net->routes[index].route : NULL;
}

size_t nsu_net_count_listeners(const struct nsu_net *net)
{
	return net ? net->listener_count : 0;
}

const struct nsu_listener *nsu_net_get_listener(const struct nsu_net *net, size_t index)
{
	return net && index < net->listener_count ? &net->listeners[index].listener :
		NULL;
}

size_t nsu_net_count_nsids(const struct nsu_net *net)
{
	return net ? net->nsid_count : 0;
}

const struct nsu_nsid *nsu_net_get_nsid(const struct nsu_net *net, size_t index)
{
	return net && index < net->nsid_count ? &net->nsids[index] : NULL;
}
