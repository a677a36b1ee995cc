/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network namespace while it is read: net.c has the way in, net-*.c what is read. */
#ifndef NSI_NET_H
#define NSI_NET_H

#include "netlink.h"

/* Of each kind: some 45 MB of memory. More is -EFBIG. */
#define NSI_NET_LIMIT	(1 << 18)
/* "[ADDRESS%LINK]:PORT/PREFIX", or a path of sockaddr_un */
#define NSI_NET_TEXT	112

/* What the library gives out, with room for what it points to. order: as it came. */
struct nsi_net_link {
	struct nsu_link link;
	char name[16], kind[48];
};

struct nsi_net_address {
	struct nsu_address address;
	uint32_t order;
	char text[56];
};

struct nsi_net_route {
	struct nsu_route route;
	uint32_t order;
	char to[56], via[48];
};

struct nsi_net_listener {
	struct nsu_listener listener;
	uint32_t order;
	char local[NSI_NET_TEXT];
};

struct nsu_net {
	struct nsi_net_link *links;
	struct nsi_net_address *addresses;
	struct nsi_net_route *routes;
	struct nsi_net_listener *listeners;
	size_t link_count, address_count, route_count, listener_count;
	size_t link_size, address_size, route_size, listener_size;
};

struct nsi_net_reader {
	struct nsu_ctx *ctx;
	const struct nsu_ns *ns;
	struct nsu_net *net;
	struct nsi_nl route, diag;	/* diag.fd -1: this kernel has none */
	/* The sockets were made in another user namespace: what its uids are here. */
	bool maps_uids;
	struct nsu_id_range *uids;
	size_t uid_count;
};

/* Room for one more, zeroed, the last then. -EFBIG. */
int nsi_net_add(void **items, size_t *size, size_t *count, size_t item);
/* "10.0.0.1", "fe80::1". -EBADMSG: length is not the family's. */
int nsi_net_text(int family, const void *bytes, size_t length, char *to, size_t size);

int nsi_net_read_links(struct nsi_net_reader *reader);
int nsi_net_find_peers(struct nsi_net_reader *reader);
int nsi_net_read_addresses(struct nsi_net_reader *reader);
int nsi_net_read_routes(struct nsi_net_reader *reader);
/* -EPROTONOSUPPORT: no kind of sockets could be read. */
int nsi_net_read_sockets(struct nsi_net_reader *reader);

#endif
