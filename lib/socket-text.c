/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One socket of a process in words, asked by a courier: see ask.c. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "courier.h"
#include "sockets.h"
#include "uapi.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

#define PATIENCE 1000	/* ms for the child to answer */
/* of struct nsu_holder in release 0.1 */
#define FIRST_SIZE (offsetof(struct nsu_holder, path) + sizeof(const char *))

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage room;
};

struct answer {
	int error, domain, type, protocol;
	socklen_t local_length, peer_length;	/* 0: none */
	union address local, peer;
};

struct question {
	pid_t pid, tid;
	int fd;
	uint64_t inode;
};

static int ask_int(int fd, int option)
{
	int value = 0;
	socklen_t n = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &n) < 0 ? -1 : value;
}

static int ask(const struct question *q, struct answer *ret)
{
	nsi_autoclose int pidfd = nsi_open_table(q->pid, q->tid);
	struct stat st;
	int fd, r = 0;

	if (pidfd < 0)
		return pidfd == -ENOSYS ? -EOPNOTSUPP : pidfd;
	fd = syscall(SYS_pidfd_getfd, pidfd, q->fd, 0);
	if (fd < 0) {
		r = nsi_errno();
		return r == -EBADF ? -ESRCH : r == -ENOSYS ? -EOPNOTSUPP : r;
	}
	ret->domain = ask_int(fd, SO_DOMAIN);
	if (ret->domain < 0 || fstat(fd, &st) < 0 || st.st_ino != q->inode) {
		r = -ESRCH;
	} else {
		ret->type = ask_int(fd, SO_TYPE);
		ret->protocol = ask_int(fd, SO_PROTOCOL);
		ret->local_length = ret->peer_length = sizeof(ret->local);
		if (getsockname(fd, &ret->local.any, &ret->local_length) < 0)
			ret->local_length = 0;
		if (getpeername(fd, &ret->peer.any, &ret->peer_length) < 0)
			ret->peer_length = 0;
	}
	return r;
}

/* Ends without having closed the copy, should it not be what it was taken for: the answer
   is out by then. */
static void answer(int fd, void *data)
{
	struct answer found = { 0 };
	int keep[] = { fd };

	nsi_courier_keep(keep, ARRAY_SIZE(keep));
	found.error = ask(data, &found);
	nsi_courier_send(fd, &found, sizeof(found), NULL, 0);
}

static const char *name_of(const struct answer *a)
{
	static const struct { int type, protocol; const char *name; } inet[] = {
		{ SOCK_STREAM, IPPROTO_TCP, "tcp" },
		{ SOCK_DGRAM, IPPROTO_UDP, "udp" },
		{ SOCK_DGRAM, IPPROTO_UDPLITE, "udplite" },
		{ SOCK_STREAM, IPPROTO_SCTP, "sctp" },
		{ SOCK_SEQPACKET, IPPROTO_SCTP, "sctp" },
		{ SOCK_STREAM, IPPROTO_MPTCP, "mptcp" },
		{ SOCK_DGRAM, IPPROTO_ICMP, "icmp" },
		{ SOCK_DGRAM, IPPROTO_ICMPV6, "icmp6" },
	};
	static const struct { int domain; const char *name; } others[] = {
		{ AF_UNIX, "unix" }, { AF_NETLINK, "netlink" }, { AF_PACKET, "packet" },
		{ AF_VSOCK, "vsock" }, { AF_ALG, "alg" }, { AF_CAN, "can" },
		{ AF_BLUETOOTH, "bluetooth" }, { AF_TIPC, "tipc" }, { AF_KEY, "key" },
		{ AF_XDP, "xdp" }, { AF_SMC, "smc" }, { AF_RXRPC, "rxrpc" },
		{ AF_INET, "inet" }, { AF_INET6, "inet" },
	};

	if (a->domain == AF_INET || a->domain == AF_INET6) {
		for (size_t i = 0; i < ARRAY_SIZE(inet); i++)
			if (a->type == inet[i].type && a->protocol == inet[i].protocol)
				return inet[i].name;
		if (a->type == SOCK_RAW)
			return "raw";
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (a->domain == others[i].domain)
			return others[i].name;
	return NULL;
}

/* A name in the abstract space may hold anything: what is NUL in it is shown as @, as
   ss(8) does. */
static void put_unix(char *buf, size_t size, const struct sockaddr_un *un,
		     socklen_t length)
{
	size_t n = length - offsetof(struct sockaddr_un, sun_path);

	if (un->sun_path[0])
		n = strnlen(un->sun_path, n);
	if (n >= size)
		n = size - 1;
	memcpy(buf, un->sun_path, n);
	for (size_t i = 0; i < n; i++)
		if (!buf[i])
			buf[i] = '@';
	buf[n] = '\0';
}

/* "": it has none. */
static void put_address(char *buf, size_t size, const union address *a, socklen_t length)
{
	char text[INET6_ADDRSTRLEN];

	*buf = '\0';
	if (length > sizeof(*a))
		length = sizeof(*a);
	if (length >= sizeof(a->in) && a->any.sa_family == AF_INET &&
	    inet_ntop(AF_INET, &a->in.sin_addr, text, sizeof(text)))
		snprintf(buf, size, "%s:%u", text, ntohs(a->in.sin_port));
	if (length >= sizeof(a->in6) && a->any.sa_family == AF_INET6 &&
	    inet_ntop(AF_INET6, &a->in6.sin6_addr, text, sizeof(text)))
		snprintf(buf, size, "[%s]:%u", text, ntohs(a->in6.sin6_port));
	if (length > offsetof(struct sockaddr_un, sun_path) &&
	    a->any.sa_family == AF_UNIX)
		put_unix(buf, size, &a->un, length);
}

static int put_answer(const struct answer *a, char **ret)
{
	char local[160], peer[160], other[32];
	const char *name = name_of(a);

	if (!name) {
		snprintf(other, sizeof(other), "family %d", a->domain);
		name = other;
	}
	put_address(local, sizeof(local), &a->local, a->local_length);
	put_address(peer, sizeof(peer), &a->peer, a->peer_length);
	return asprintf(ret, "%s%s%s%s%s", name, *local ? " " : "", local,
			*peer ? " -> " : "", peer) < 0 ? -ENOMEM : 0;
}

int nsu_holder_read_socket(const struct nsu_holder *holder, char **ret)
{
	struct nsu_ctx *ctx;
	struct nsi_courier courier;
	struct nsi_parcel parcel;
	struct question question;
	struct answer found;
	char *text;
	int r;

	if (!holder || holder->size < FIRST_SIZE || !ret)
		return -EINVAL;
	if ((holder->kind != NSU_HOLDER_SOCKET && holder->kind != NSU_HOLDER_MESSAGE) ||
	    !holder->task || !holder->socket)
		return -ENOENT;
	ctx = holder->task->snap->ctx;
	if (!ctx->procfs.own_pids || !nsi_if_usable(ctx, NSU_IF_PIDFD) ||
	    !nsi_if_usable(ctx, NSU_IF_PIDFD_GETFD))
		return -EOPNOTSUPP;
	question = (struct question){ nsu_task_get_pid(holder->task), holder->tid,
				      holder->fd, holder->socket };
	r = nsi_courier_start(ctx, &courier, answer, &question);
	if (r < 0)
		return r;
	r = nsi_courier_receive(&courier, &found, sizeof(found), &parcel, PATIENCE);
	nsi_courier_end(&courier);
	if (r < 0)
		return r;
	if (!r || parcel.length < sizeof(found))
		return -EIO;
	if (found.error)
		return found.error;
	r = put_answer(&found, &text);
	if (!r)
		*ret = text;
	return r;
}
