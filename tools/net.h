/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the views print of network namespaces: card-net.c, cells-net.c, json-net.c. */
#ifndef NSTREE_NET_H
#define NSTREE_NET_H

#include <json-c/json.h>
#include "nstree.h"

#define NET_ALL (NSU_NET_LINKS | NSU_NET_ADDRESSES | NSU_NET_ROUTES | NSU_NET_SOCKETS)

/* nsu_net_new() with as much as this kernel tells; *parts is that then. */
int net_read(const struct nsu_ns *ns, unsigned *parts, struct nsu_net **ret);
/* The link of that index, NULL: there is none. */
const struct nsu_link *net_find_link(const struct nsu_net *net, int index);
/* "default via 10.0.0.1 dev eth0", links by their names as they are; malloc'ed. */
char *net_route_text(const struct nsu_net *net, const struct nsu_route *route);

/* A process that has a socket open: by its inode, then the task's number. */
struct net_owner {
	uint64_t inode;
	const struct nsu_task *task;
};
struct net_owners {
	struct net_owner *list;
	size_t count, size;
	bool partial;		/* some descriptors could not be read */
};
/* Among the members and holders of the namespace. 0 or negative errno. */
int net_find_owners(const struct nsu_ns *ns, const struct nsu_net *net,
		    struct net_owners *ret);
/* Adds who beyond them has open what none of them has, as dockerd has the sockets of its
   name service. 0, or negative errno and there are none. */
int net_find_others(const struct nsu_snapshot *snap, const struct nsu_ns *ns,
		    const struct nsu_net *net, struct net_owners *owners);
void net_free_owners(struct net_owners *owners);
/* Where those of a socket begin; they end where the inode is another. */
size_t net_owners_of(const struct net_owners *owners, uint64_t inode);

/* proxy.c: by which addresses of the host docker-proxy lets others reach it, as "host
   0.0.0.0:443, [::]:8080 -> 80"; escaped, malloc'ed. net: with its addresses. NULL:
   none. */
char *net_reached_by(const struct app *app, const struct nsu_snapshot *snap,
		     struct shown_cache *cache, const struct nsu_net *net);

/* json-net.c: the facts of a network namespace, NULL: they could not be read. */
struct json_object *json_net(const struct nsu_ns *ns);
/* A socket, without its processes. */
struct json_object *json_listener(const struct nsu_listener *listener);
/* The processes that have it open. */
struct json_object *json_socket_owners(const struct nsu_wiring *wiring, uint64_t inode);
/* The document of nstree --json with "networks": what each has, and where its links lead;
   of words those that they leave. 0 or negative errno. */
struct wires;
int json_networks(struct wires *wires);

#endif
