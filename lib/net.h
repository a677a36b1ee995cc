/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network namespace while it is read: net.c has the way in, net-*.c what is read. */
#ifndef NSI_NET_H
#define NSI_NET_H

#include "courier.h"
#include "netlink.h"

/* Of each kind: some 45 MB of memory. More is -EFBIG. */
#define NSI_NET_LIMIT	(1 << 18)
/* "[ADDRESS%LINK]:PORT/PREFIX", or a path of sockaddr_un */
#define NSI_NET_TEXT	112

/* What the library gives out, with room for what it points to. order: as it came. */
struct nsi_net_link {
	struct nsu_link link;
	char name[16], kind[48], local[48], remote[48];
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
	char local[NSI_NET_TEXT], remote[NSI_NET_TEXT];
};

struct nsu_net {
	struct nsi_net_link *links;
	struct nsi_net_address *addresses;
	struct nsi_net_route *routes;
	struct nsi_net_listener *listeners;
	struct nsu_nsid *nsids;
	size_t link_count, address_count, route_count, listener_count, nsid_count;
	size_t link_size, address_size, route_size, listener_size, nsid_size;
};

struct nsi_net_reader {
	struct nsu_ctx *ctx;
	const struct nsu_ns *ns;
	struct nsu_net *net;
	struct nsi_nl route, diag;	/* diag.fd -1: this kernel has none */
	/* The sockets were made in another user namespace: what its uids are here. */
	bool maps_uids;
	const struct nsu_id_range *uids; /* not owned */
	size_t uid_count;
	unsigned port;			/* just its sockets, in every state; 0: all */
	bool no_unix;
};

/* net-enter.c */
#define NSI_NET_BATCH	8
/* A namespace to be entered, and what comes of it. */
struct nsi_net_entry {
	int ns;				/* open; stays the caller's */
	int error;
	int route, diag;		/* the caller's where error is 0; diag -1: none */
	bool by_owner;			/* made in another user namespace, see way */
};
/* Into one namespace after the other; begins with its ctx. */
struct nsi_net_way {
	struct nsu_ctx *ctx;
	struct nsi_courier courier;	/* pid 0: none yet */
	bool has_uids;
	struct nsu_id_range *uids;	/* of the user namespace that it is in now */
	size_t uid_count;
};
/* Enters the first of them, at least one; how many: the rest takes another call. */
int nsi_net_enter(struct nsi_net_way *way, struct nsi_net_entry *entries, size_t count,
		  bool diag);
void nsi_net_way_close(struct nsi_net_way *way);
/* The inode of the calling thread's, which may be read without any privilege; 0. */
uint64_t nsi_net_own(const struct nsu_ctx *ctx);
int nsi_net_make(bool diag, struct nsi_net_entry *ret);

/* net.c */
#define NSI_NET_PARTS	((unsigned)(NSU_NET_LINKS | NSU_NET_ADDRESSES | \
			 NSU_NET_ROUTES | NSU_NET_SOCKETS | NSU_NET_NSIDS))
/* Takes over the sockets of an entry. */
int nsi_net_connect(struct nsi_net_reader *reader, const struct nsi_net_entry *entry,
		    const struct nsi_net_way *way);
/* All but where the links lead to. */
int nsi_net_read(struct nsi_net_reader *reader, unsigned parts);

/* Room for one more, zeroed, the last then. -EFBIG. */
int nsi_net_add(void **items, size_t *size, size_t *count, size_t item);
/* "10.0.0.1", "fe80::1". -EBADMSG: length is not the family's. */
int nsi_net_text(int family, const void *bytes, size_t length, char *to, size_t size);

int nsi_net_read_links(struct nsi_net_reader *reader);
/* One link of the namespace that has this number in nl's. -EPERM; -ENODEV: none. */
int nsi_net_ask_link(struct nsi_nl *nl, int nsid, int index, struct nsi_net_link *ret);
const struct nsi_net_link *nsi_net_find_link(const struct nsu_net *net, int index);
/* net-peers.c: what a number means, of one namespace alone. */
int nsi_net_find_peers(struct nsi_net_reader *reader);
int nsi_net_read_nsids(struct nsi_net_reader *reader);
/* net-kinds.c: tag, mode, ends, of IFLA_INFO_DATA; NULL: it has none */
void nsi_net_take_kind(const struct nlattr *data, struct nsi_net_link *link);
/* One end of two that are made together: "veth", ... */
bool nsi_net_is_pair(const char *kind);
int nsi_net_read_addresses(struct nsi_net_reader *reader);
int nsi_net_read_routes(struct nsi_net_reader *reader);
/* -EPROTONOSUPPORT: no kind of sockets could be read. */
int nsi_net_read_sockets(struct nsi_net_reader *reader);

#endif
