/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A network namespace from inside. A socket belongs to the namespace that it was made in,
 * wherever it is used: a courier makes them there and sends them.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include "courier.h"
#include "net.h"
#include "uapi.h"

#define PARTS	(NSU_NET_LINKS | NSU_NET_ADDRESSES | NSU_NET_ROUTES | \
		 NSU_NET_SOCKETS)
#define PATIENCE 5000		/* ms until the courier is there */

struct way_in {
	int ns;
	bool by_owner;			/* the interface may be used */
	bool diag;
};

struct report {
	int error;
	bool by_owner;			/* it is in another user namespace now */
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

static int enter(const struct way_in *way, bool *by_owner)
{
	int owner, r;

	if (!setns(way->ns, CLONE_NEWNET))
		return 0;
	r = nsi_errno();
	if (r != -EPERM || !way->by_owner)
		return r;
	owner = ioctl(way->ns, NS_GET_USERNS);
	if (owner < 0 || setns(owner, CLONE_NEWUSER) < 0)
		return r;
	*by_owner = true;
	return setns(way->ns, CLONE_NEWNET) < 0 ? nsi_errno() : 0;
}

static void fetch_sockets(int fd, void *data)
{
	const struct way_in *way = data;
	struct report report = { 0 };
	int fds[2] = { -1, -1 }, keep[] = { fd, way->ns };
	char c;

	nsi_courier_keep(keep, ARRAY_SIZE(keep));
	/* Who is root in that user namespace must not see our memory by ptrace(2). */
	prctl(PR_SET_DUMPABLE, 0);
	report.error = enter(way, &report.by_owner);
	if (!report.error)
		report.error = make_sockets(way->diag, fds);
	nsi_courier_send(fd, &report, sizeof(report), fds,
			 report.error ? 0 : fds[1] < 0 ? 1 : 2);
	/* Its user namespace is asked for by its number. */
	while (read(fd, &c, 1) < 0 && errno == EINTR)
		;
}

/* Owners of sockets are told as whoever made the socket that asks sees them. That the
   numbers cannot be had is no reason to tell nothing: all are nobody's then. */
static void read_uids(struct nsi_net_reader *reader, pid_t pid)
{
	nsi_autoclose int dir = -1;
	char path[16];
	ssize_t n = -1;

	snprintf(path, sizeof(path), "%d", (int)pid);
	dir = openat(reader->ctx->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0)
		n = nsi_read_idmap(dir, false, &reader->uids);
	reader->uid_count = n < 0 ? 0 : n;
	reader->maps_uids = true;
}

static int receive_sockets(struct nsi_net_reader *reader, struct nsi_courier *courier,
			   int fds[2])
{
	struct report report;
	struct nsi_parcel parcel;
	int r = nsi_courier_receive(courier, &report, sizeof(report), &parcel, PATIENCE);

	if (r < 0)
		return r;
	if (!r || parcel.length != sizeof(report))
		r = -EIO;
	else
		r = report.error;
	if (!r && parcel.fd_count < 1)
		r = -EMFILE;
	if (r < 0) {
		nsi_parcel_close(&parcel);
		return r;
	}
	if (report.by_owner)
		read_uids(reader, courier->pid);
	fds[0] = parcel.fds[0];
	fds[1] = parcel.fd_count > 1 ? parcel.fds[1] : -1;
	return 0;
}

/* Of the calling thread: its own namespace may be read without any privilege. */
static bool is_own(const struct nsi_net_reader *reader)
{
	char text[64];
	uint64_t inode;
	ssize_t n = readlinkat(reader->ctx->proc_fd, "thread-self/ns/net", text,
			       sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return !nsi_parse_link(text, NSU_NET, &inode) && inode == reader->ns->inode;
}

static int fetch(struct nsi_net_reader *reader, bool diag, int fds[2])
{
	nsi_autoclose int ns = -1;
	struct way_in way = { .diag = diag };
	struct nsi_courier courier;
	int r;

	if (is_own(reader))
		return make_sockets(diag, fds);
	ns = nsu_ns_open(reader->ns);
	if (ns < 0)
		return ns;
	way.ns = ns;
	way.by_owner = nsi_if_usable(reader->ctx, NSU_IF_OWNER);
	r = nsi_courier_start(reader->ctx, &courier, fetch_sockets, &way);
	if (r < 0)
		return r;
	r = receive_sockets(reader, &courier, fds);
	nsi_courier_end(&courier);
	return r;
}

static int connect_reader(struct nsi_net_reader *reader, bool diag)
{
	int fds[2], r = fetch(reader, diag, fds);

	if (r < 0)
		return r;
	r = nsi_nl_open(&reader->route, reader->ctx, fds[0]);
	if (fds[1] >= 0 && r < 0)
		close(fds[1]);
	else if (fds[1] >= 0)
		r = nsi_nl_open(&reader->diag, reader->ctx, fds[1]);
	return r;
}

/* Sockets come last: their addresses may name links. */
static int read_parts(struct nsi_net_reader *reader, unsigned parts)
{
	int r = 0;

	if (parts & (NSU_NET_LINKS | NSU_NET_ADDRESSES))
		r = nsi_net_read_links(reader);
	if (!r && parts & NSU_NET_LINKS)
		r = nsi_net_find_peers(reader);
	if (!r && parts & NSU_NET_ADDRESSES)
		r = nsi_net_read_addresses(reader);
	if (!r && parts & NSU_NET_ROUTES)
		r = nsi_net_read_routes(reader);
	if (!r && parts & NSU_NET_SOCKETS)
		r = nsi_net_read_sockets(reader);
	return r;
}

int nsu_net_new(const struct nsu_ns *net, unsigned parts, struct nsu_net **ret)
{
	struct nsu_ctx *ctx;
	struct nsi_net_reader reader = { .ns = net, .route.fd = -1,
					 .diag.fd = -1 };
	int r;

	if (!net || !ret || !parts || parts & ~PARTS)
		return -EINVAL;
	ctx = reader.ctx = net->snap->ctx;
	if (net->type != NSU_NET)
		return -EMEDIUMTYPE;
	if (!ctx->procfs.real || !ctx->procfs.own_pids)
		return -EOPNOTSUPP;
	reader.net = calloc(1, sizeof(*reader.net));
	if (!reader.net)
		return -ENOMEM;
	r = connect_reader(&reader, parts & NSU_NET_SOCKETS);
	if (!r)
		r = read_parts(&reader, parts);
	nsi_nl_close(&reader.route);
	nsi_nl_close(&reader.diag);
	free(reader.uids);
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
