/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two network namespaces with something of everything in the first: made by t-net. */
#ifndef NSU_MADE_NET_H
#define NSU_MADE_NET_H

#include <netinet/in.h>
#include <sys/un.h>
#include "kid.h"
#include "wires.h"

#define HOSTILE "e\033[1m\377\303"	/* a link's name */

static char dir[] = "/tmp/t-net-XXXXXX";	/* where its sockets are */
static uid_t outer_uid;			/* of whoever made it, as seen from outside */

/* A socket that is bound; it stays open as long as its process. */
static int bound(int family, int type, int protocol, const void *address, size_t size,
		 int v6only)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -errno;
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only,
					     sizeof(v6only)) < 0)
		return -errno;
	return bind(fd, address, (socklen_t)size) < 0 ? -errno : fd;
}

static int listening4(int type, unsigned port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = bound(AF_INET, type, 0, &in, sizeof(in), 0);

	if (fd >= 0 && type == SOCK_STREAM)
		listen(fd, 1);
	return fd;
}

static int listening6(const char *address, int v6only, unsigned port)
{
	struct sockaddr_in6 in = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd;

	inet_pton(AF_INET6, address, &in.sin6_addr);
	if (in.sin6_addr.s6_addr[0] == 0xfe)
		in.sin6_scope_id = (unsigned)wire_index("in0");
	fd = bound(AF_INET6, SOCK_STREAM, 0, &in, sizeof(in), v6only);
	if (fd >= 0)
		listen(fd, 1);
	return fd;
}

static int bound_unix(int type, const char *name, size_t length)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	memcpy(un.sun_path, name, length);
	return bound(AF_UNIX, type, 0, &un, offsetof(struct sockaddr_un, sun_path) +
		     length, 0);
}

static int listening_unix(const char *name, size_t length)
{
	int fd = bound_unix(SOCK_STREAM, name, length);

	if (fd >= 0)
		listen(fd, 1);
	return fd;
}

static int make_sockets(void)
{
	struct sockaddr_in raw = { .sin_family = AF_INET };
	char path[64];
	int fd;

	if (listening4(SOCK_STREAM, 8001) < 0 || listening6("::", 0, 8002) < 0 ||
	    listening6("::", 1, 8003) < 0 || listening4(SOCK_DGRAM, 8004) < 0)
		return -errno;
	/* A connected one waits for nobody. */
	fd = listening4(SOCK_DGRAM, 8005);
	raw.sin_port = htons(8004);
	raw.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&raw, sizeof(raw)) < 0)
		return -errno;
	raw = (struct sockaddr_in){ .sin_family = AF_INET };
	if (bound(AF_INET, SOCK_RAW, IPPROTO_ICMP, &raw, sizeof(raw), 0) < 0)
		return -errno;
	snprintf(path, sizeof(path), "%s/un", dir);
	if (listening_unix(path, strlen(path) + 1) < 0 ||
	    listening_unix("\0t-\0net\n", 8) < 0)
		return -errno;
	/* Of those for datagrams one has a name, one none; and one that is only bound. */
	if (bound_unix(SOCK_DGRAM, "\0t-log", 6) < 0 ||
	    bound_unix(SOCK_STREAM, "\0t-idle", 7) < 0 ||
	    socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0)
		return -errno;
	return 0;
}

static int make_links(pid_t far)
{
	static const char *const one[] = { "10.1.2.1", NULL };
	static const char *const two[] = { "10.1.2.1", "10.1.2.2", NULL };
	static const char *const none[] = { NULL };
	int r = wire_veth(HOSTILE, "far0", far);

	if (!r)
		r = wire_veth("in0", "in1", 0);
	if (!r)
		r = wire_bridge("br0");
	if (!r)
		r = wire_up("in0", NULL);
	if (!r)
		r = wire_up("lo", NULL);
	if (!r)
		r = wire_up("in1", "br0");
	if (!r)
		r = wire_up(HOSTILE, NULL);
	if (!r)
		r = wire_address(RTM_NEWADDR, wire_index(HOSTILE), "fd00::1", NULL, 64,
				 0);
	if (!r)
		r = wire_address(RTM_NEWADDR, wire_index(HOSTILE), "10.1.2.3", NULL, 24,
				 0);
	if (!r)
		r = wire_address(RTM_NEWADDR, wire_index("in0"), "10.9.0.1", "10.9.0.2",
				 32, 0);
	if (!r)
		r = wire_address(RTM_NEWADDR, wire_index("in0"), "fe80::99", NULL, 64,
				 0);
	if (!r)
		r = wire_route("10.66.0.0", 16, none);
	if (!r)
		r = wire_route("10.77.0.0", 16, two);
	if (!r)
		r = wire_route("0.0.0.0", 0, one);
	if (!r)
		r = wire_route_by_ipv6("10.88.0.0", 16, "fe80::98", wire_index("in0"));
	return r;
}

static int map_uid(void)
{
	char text[32];
	int fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC), r = 0;

	snprintf(text, sizeof(text), "0 %u 1", (unsigned)outer_uid);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* Here and in a child's namespace; says the child's number as this one counts. */
static int make(void)
{
	pid_t far = kid_clone(CLONE_NEWNET);
	int r;

	if (far == 0)
		kid_wait();
	r = far < 0 ? -errno : make_links(far);
	if (!r && listening6("fe80::99", 1, 8006) < 0)
		r = -errno;
	if (!r)
		r = make_sockets();
	return r ? r : far;
}

__attribute__((unused))
static int make_as_user(void)
{
	int r = map_uid();

	return r ? r : make();
}

#endif
