/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The number that the caller's network namespace has for another: rtnetlink(7). */
#include <linux/netlink.h>
#include <sys/socket.h>
#include "netlink.h"

static int ask(const struct nsu_ctx *ctx, int netns)
{
	struct nsi_nl nl = { .fd = -1 };
	int fd, r;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return nsi_errno();
	r = nsi_nl_open(&nl, ctx, fd);
	if (r < 0)
		return r;
	r = nsi_nl_get_nsid(&nl, netns);
	nsi_nl_close(&nl);
	return r;
}

int nsu_ns_read_nsid(const struct nsu_ns *net, int *ret)
{
	nsi_autoclose int fd = -1;
	int r;

	if (!net || !ret)
		return -EINVAL;
	if (net->type != NSU_NET)
		return -EMEDIUMTYPE;
	if (!net->snap->ctx->procfs.real)
		return -EOPNOTSUPP;
	fd = nsu_ns_open(net);
	if (fd < 0)
		return fd;
	r = ask(net->snap->ctx, fd);
	if (r < 0)
		return r;
	*ret = r;
	return 0;
}
