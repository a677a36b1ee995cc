/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes of the host that listen for a container: docker-proxy, Podman's conmon. */
#ifndef NSTREE_PROXY_H
#define NSTREE_PROXY_H

#include "networks.h"

struct proxy {
	/* The words of docker-proxy; "": of conmon, which tells none. They live as long
	   as the cache, and are not escaped. */
	const char *host_ip, *host_port, *ip, *port;
	struct net_prefix to;		/* ip */
	const char *id;			/* of the container, by conmon; "": not told */
};

/* false: it is none, or could be forged: only root's are believed that are in no
   namespaces but the host's. */
bool proxy_read(const struct nsu_snapshot *snap, struct shown_cache *cache,
		const struct nsu_task *task, struct proxy *ret);
/* It is for that port of the host that it does so. */
bool proxy_has_port(const struct proxy *proxy, unsigned port);
/* "docker:web:80": where it leads, escaped, malloc'ed; *ret_to: its network namespace,
   NULL: unknown. NULL: no memory. */
char *proxy_target(const struct networks *nets, const struct proxy *proxy,
		   const struct network **ret_to);

#endif
