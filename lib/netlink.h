/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netlink(7), over sockets that may be of another network namespace. */
#ifndef NSI_NETLINK_H
#define NSI_NETLINK_H

#include <libmnl/libmnl.h>
#include <time.h>
#include "nsi.h"

struct nsi_nl {
	int fd;				/* -1: none */
	unsigned seq;
	char *buf;
	const struct nsu_ctx *ctx;
	time_t repeated;		/* s that went into dumping again */
};

/* What is done with one answer; 0, or the negative errno for which the rest is left. */
typedef int nsi_nl_fn(const struct nlmsghdr *head, void *data);

/* Takes a socket that nothing was done with yet. nl is { .fd = -1 }, or was open before:
   then the socket is closed that it has, and its memory used again. */
int nsi_nl_open(struct nsi_nl *nl, const struct nsu_ctx *ctx, int take_fd);
/* Closes the socket alone. */
void nsi_nl_hang_up(struct nsi_nl *nl);
void nsi_nl_close(struct nsi_nl *nl);
/* A request in buf; the caller adds its attributes. */
#define NSI_NL_REQUEST	512
void *nsi_nl_put(char *buf, unsigned type, unsigned flags, size_t body);
/*
 * Sends the request in buf and takes the answers. -EINTR: they were taken, but changed
 * meanwhile. -ETIMEDOUT: nothing came for so long. Others: of the kernel, of each.
 */
int nsi_nl_ask(struct nsi_nl *nl, char *buf, nsi_nl_fn *each, void *data);
/* The same of a dump, again where it changed; *count is put back before. -EAGAIN: it
   changed all the time, or dumping again has taken long enough. */
int nsi_nl_dump(struct nsi_nl *nl, char *buf, nsi_nl_fn *each, void *data, size_t *count);
/* The number that the socket's namespace has for that of an open file. -ENOENT: none. */
int nsi_nl_get_nsid(struct nsi_nl *nl, int netns);

#endif
