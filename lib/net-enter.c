/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way into network namespaces. A socket belongs to the namespace that it was made in,
 * wherever it is used: a courier goes from one namespace to the next, makes sockets there
 * and sends them. It takes several namespaces with it at a time: to wait for it costs
 * more than what it does.
 */
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include "net.h"
#include "uapi.h"

#define PATIENCE 5000		/* ms until the courier is there */
_Static_assert(2 * NSI_NET_BATCH <= NSI_COURIER_FDS, "one message has all sockets");

struct order {
	bool by_owner;			/* the interface may be used */
	bool diag;
};

struct report {
	size_t done;			/* how many of the batch */
	int error[NSI_NET_BATCH];
	bool diag[NSI_NET_BATCH];	/* it has that socket, too */
	bool by_owner[NSI_NET_BATCH];	/* made in another user namespace */
};

/* [0] NETLINK_ROUTE, [1] NETLINK_SOCK_DIAG or -1. */
static int make_sockets(bool diag, int fds[2])
{
	int route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (route < 0)
		return nsi_errno();
	fds[0] = route;
	fds[1] = -1;
	if (diag)
		fds[1] = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	return 0;
}

static int enter(int ns, bool may_by_owner, bool *by_owner)
{
	int owner, r;

	if (!setns(ns, CLONE_NEWNET))
		return 0;
	r = nsi_errno();
	if (r != -EPERM || *by_owner || !may_by_owner)
		return r;
	owner = ioctl(ns, NS_GET_USERNS);
	if (owner < 0)
		return r;
	*by_owner = setns(owner, CLONE_NEWUSER) == 0;
	close(owner);
	if (!*by_owner)
		return r;
	return setns(ns, CLONE_NEWNET) < 0 ? nsi_errno() : 0;
}

/* Child: the namespaces of one message. From the first on that it cannot enter for being
   in a user namespace already it leaves them to another courier. */
static void visit(const struct order *order, const struct nsi_parcel *parcel,
		  bool *by_owner, struct report *report, int *fds, size_t *fd_count)
{
	for (size_t i = 0; i < parcel->fd_count && i < NSI_NET_BATCH; i++) {
		bool before = *by_owner;
		int pair[2] = { -1, -1 };
		int r = enter(parcel->fds[i], order->by_owner, by_owner);

		if (r == -EPERM && before)
			return;
		if (!r)
			r = make_sockets(order->diag, pair);
		report->error[i] = r;
		report->by_owner[i] = *by_owner;
		report->diag[i] = pair[1] >= 0;
		for (int k = 0; k < 2; k++)
			if (pair[k] >= 0)
				fds[(*fd_count)++] = pair[k];
		report->done++;
	}
}

static void run_errands(int fd, void *data)
{
	struct nsi_courier home = { .fd = fd };
	struct nsi_parcel parcel;
	bool by_owner = false;
	struct order order;
	int keep[] = { fd };

	(void)data;
	nsi_courier_keep(keep, ARRAY_SIZE(keep));
	/* Who is root in that user namespace must not see our memory by ptrace(2). */
	prctl(PR_SET_DUMPABLE, 0);
	while (nsi_courier_receive(&home, &order, sizeof(order), &parcel, -1) > 0) {
		struct report report = { 0 };
		int fds[2 * NSI_NET_BATCH];
		size_t count = 0;

		visit(&order, &parcel, &by_owner, &report, fds, &count);
		nsi_parcel_close(&parcel);
		if (nsi_courier_send(fd, &report, sizeof(report), fds, count) < 0)
			return;
		while (count)
			close(fds[--count]);
	}
}

/* Owners of sockets are told as whoever made the socket that asks sees them. That the
   numbers cannot be had is no reason to tell nothing: all are nobody's then. */
static void read_uids(struct nsi_net_way *way)
{
	nsi_autoclose int dir = -1;
	char path[16];
	ssize_t n = -1;

	if (way->has_uids)
		return;
	way->has_uids = true;
	snprintf(path, sizeof(path), "%d", (int)way->courier.pid);
	dir = openat(way->ctx->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0)
		n = nsi_read_idmap(dir, false, &way->uids);
	way->uid_count = n < 0 ? 0 : n;
}

void nsi_net_way_close(struct nsi_net_way *way)
{
	nsi_courier_end(&way->courier);
	free(way->uids);
	*way = (struct nsi_net_way){ .ctx = way->ctx };
}

static int take_report(struct nsi_net_way *way, const struct report *report,
		       struct nsi_parcel *parcel, struct nsi_net_entry *entries,
		       size_t count)
{
	size_t at = 0;

	if (report->done > count)
		return -EIO;
	for (size_t i = 0; i < report->done; i++) {
		struct nsi_net_entry *entry = &entries[i];
		size_t wanted = report->error[i] ? 0 : report->diag[i] ? 2 : 1;

		entry->error = report->error[i];
		entry->by_owner = report->by_owner[i];
		/* What did not fit into our table was left out at the end. */
		if (at + wanted > parcel->fd_count)
			entry->error = -EMFILE;
		if (entry->error)
			continue;
		if (entry->by_owner)
			read_uids(way);
		entry->route = parcel->fds[at];
		entry->diag = wanted > 1 ? parcel->fds[at + 1] : -1;
		parcel->fds[at] = -1;
		if (wanted > 1)
			parcel->fds[at + 1] = -1;
		at += wanted;
	}
	return (int)report->done;
}

static int send_out(struct nsi_net_way *way, struct nsi_net_entry *entries, size_t count,
		    bool diag)
{
	struct order order = { .diag = diag,
			       .by_owner = nsi_if_usable(way->ctx, NSU_IF_OWNER) };
	struct report report;
	struct nsi_parcel parcel;
	int fds[NSI_NET_BATCH], r;

	for (size_t i = 0; i < count; i++)
		fds[i] = entries[i].ns;
	r = nsi_courier_send(way->courier.fd, &order, sizeof(order), fds, count);
	if (r < 0)
		return r;
	r = nsi_courier_receive(&way->courier, &report, sizeof(report), &parcel,
				PATIENCE);
	if (r <= 0)
		return r < 0 ? r : -EIO;
	r = parcel.length == sizeof(report) ?
		take_report(way, &report, &parcel, entries, count) : -EIO;
	for (size_t i = 0; i < parcel.fd_count; i++)
		nsi_closep(&parcel.fds[i]);
	return r;
}

int nsi_net_enter(struct nsi_net_way *way, struct nsi_net_entry *entries, size_t count,
		  bool diag)
{
	int r = -EIO;

	if (!count || count > NSI_NET_BATCH)
		return -EINVAL;
	/* One that went into a user namespace comes out of it no more. */
	for (int i = 0; i < 2; i++) {
		if (way->courier.pid <= 0) {
			r = nsi_courier_start(way->ctx, &way->courier, run_errands,
					      NULL);
			if (r < 0)
				return r;
		}
		r = send_out(way, entries, count, diag);
		if (r > 0)
			return r;
		nsi_net_way_close(way);
		if (r < 0)
			return r;
	}
	return -EIO;
}

uint64_t nsi_net_own(const struct nsu_ctx *ctx)
{
	char text[64];
	uint64_t inode = 0;
	ssize_t n = readlinkat(ctx->proc_fd, "thread-self/ns/net", text,
			       sizeof(text) - 1);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	nsi_parse_link(text, NSU_NET, &inode);
	return inode;
}

int nsi_net_make(bool diag, struct nsi_net_entry *ret)
{
	int fds[2], r = make_sockets(diag, fds);

	if (r < 0)
		return r;
	ret->route = fds[0];
	ret->diag = fds[1];
	return 0;
}
