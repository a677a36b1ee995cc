// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets of all network namespaces: whose they are, and who uses a port. */
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include "wired.h"
#include "made-net.h"

static const struct nsu_listener *find_listener(const struct nsu_net *net,
						const char *local, const char *remote)
{
	for (size_t i = 0; i < nsu_net_count_listeners(net); i++) {
		const struct nsu_listener *l = nsu_net_get_listener(net, i);

		if (!strcmp(l->local, local) && !strcmp(l->remote, remote))
			return l;
	}
	return NULL;
}

/* A listening socket that two processes have, a connection to it, a UDP one. */
static int make_talk(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(8001),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	pid_t pid;
	int fd;

	if (wire_up("lo", NULL) || listening4(SOCK_STREAM, 8001) < 0 ||
	    listening4(SOCK_DGRAM, 8001) < 0 || listening4(SOCK_STREAM, 8002) < 0 ||
	    listening_unix("\0t-wiring", 9) < 0)
		return -errno;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&in, sizeof(in)) < 0)
		return -errno;
	pid = kid_clone(0);
	if (!pid)
		kid_wait();
	told->far[0] = pid;
	return pid < 0 ? -errno : 0;
}

/* Modules of a kernel that is only booted may not be there. */
static bool tells_tcp(struct nsu_ctx *ctx)
{
	struct nsu_wiring_options opts = NSU_WIRING_OPTIONS_INIT;
	nsi_autoclose int fd = listening4(SOCK_STREAM, 0);
	const struct nsu_net *net = NULL;
	const struct nsu_listener *l;
	struct seen seen;
	bool any = false;

	opts.parts = NSU_NET_SOCKETS;
	opts.no_unix = true;
	if (fd < 0 || look(ctx, &opts, &seen))
		return false;
	nsu_wiring_get_net(seen.wiring, net_of(&seen, getpid()), &net);
	for (size_t i = 0; (l = nsu_net_get_listener(net, i)) != NULL; i++)
		any |= !strcmp(l->protocol, "tcp");
	forget(&seen);
	return any;
}

static void test_owners(struct nsu_ctx *ctx, struct kid *kid)
{
	struct nsu_wiring_options opts = NSU_WIRING_OPTIONS_INIT;
	const struct nsu_net *net = NULL;
	const struct nsu_listener *l;
	struct seen seen;

	opts.parts = NSU_NET_SOCKETS;
	opts.owners = opts.no_unix = true;
	ok(!look(ctx, &opts, &seen), "owners: read");
	nsu_wiring_get_net(seen.wiring, net_of(&seen, kid->pid), &net);
	is_int(nsu_net_count_listeners(net), 3, "owners: those that listen, no unix");
	l = find_listener(net, "127.0.0.1:8001", "");
	if (ok(l != NULL, "owners: a socket")) {
		is_str(l->state, "listen", "owners: listens");
		is_int(nsu_wiring_count_owners(seen.wiring, l->inode), 2,
		       "owners: two have it");
		is_int(nsu_task_get_pid(nsu_wiring_get_owner(seen.wiring, l->inode, 0)),
		       kid->pid < told->far[0] ? kid->pid : told->far[0],
		       "owners: sorted");
		ok(!nsu_wiring_get_owner(seen.wiring, l->inode, 2), "owners: no third");
	}
	is_int(nsu_wiring_count_owners(seen.wiring, 1), 0, "owners: of none");
	forget(&seen);
}

static void test_port(struct nsu_ctx *ctx, struct kid *kid)
{
	struct nsu_wiring_options opts = NSU_WIRING_OPTIONS_INIT;
	const struct nsu_net *net = NULL;
	struct seen seen;
	size_t open = 0;

	opts.parts = NSU_NET_SOCKETS;
	opts.port = 8001;
	ok(!look(ctx, &opts, &seen), "port: read");
	nsu_wiring_get_net(seen.wiring, net_of(&seen, kid->pid), &net);
	for (size_t i = 0; i < nsu_net_count_listeners(net); i++) {
		const struct nsu_listener *l = nsu_net_get_listener(net, i);

		is_int(l->port, 8001, "port: no other");
		if (!strcmp(l->state, "established"))
			open += !strncmp(l->remote, "127.0.0.1:", 10);
	}
	ok(find_listener(net, "127.0.0.1:8001", ""), "port: who listens");
	is_int(open, 1, "port: who is connected, and to whom");
	is_int(nsu_net_count_listeners(net), 3, "port: UDP as well");
	forget(&seen);
}

/* The whole of it is a thread's own: namespace, descriptors, the socket among them. */
static void *listen_alone(void *ready)
{
	int *fd = ready, r = unshare(CLONE_NEWNET | CLONE_FILES) < 0 ? -errno : 0;

	r = r < 0 ? r : wire_up("lo", NULL) ? -errno : listening4(SOCK_STREAM, 8005);
	told->far[0] = gettid();
	__atomic_store_n(fd, r, __ATOMIC_RELEASE);
	syscall(SYS_futex, fd, FUTEX_WAKE, 1, NULL, NULL, 0);
	kid_wait();
	return NULL;
}

static int make_thread(void)
{
	static int fd = INT_MIN;
	pthread_t thread;

	if (pthread_create(&thread, NULL, listen_alone, &fd))
		return -EAGAIN;
	while (__atomic_load_n(&fd, __ATOMIC_ACQUIRE) == INT_MIN)
		syscall(SYS_futex, &fd, FUTEX_WAIT, INT_MIN, NULL, NULL, 0);
	return fd < 0 ? fd : 0;
}

static void test_thread(struct nsu_ctx *ctx, struct kid *kid)
{
	struct nsu_wiring_options opts = NSU_WIRING_OPTIONS_INIT;
	const struct nsu_net *net = NULL;
	const struct nsu_listener *l = NULL;
	struct seen seen;

	opts.parts = NSU_NET_SOCKETS;
	opts.owners = true;
	ok(!look(ctx, &opts, &seen), "thread: read");
	if (!nsu_wiring_get_net(seen.wiring, net_of(&seen, told->far[0]), &net))
		l = find_listener(net, "127.0.0.1:8005", "");
	if (!nsi_if_usable(ctx, NSU_IF_KCMP)) {
		skip("thread: whose it is", "no kcmp(2) here");
	} else if (ok(l != NULL, "thread: its socket")) {
		is_int(nsu_wiring_count_owners(seen.wiring, l->inode), 1,
		       "thread: one has it");
		is_int(nsu_task_get_pid(nsu_wiring_get_owner(seen.wiring, l->inode, 0)),
		       kid->pid, "thread: its process");
	}
	forget(&seen);
}

static void test_all(struct nsu_ctx *ctx)
{
	static void (*const alone[])(struct nsu_ctx *, struct kid *) = { test_thread };
	static void (*const talk[])(struct nsu_ctx *, struct kid *) = {
		test_owners, test_port,
	};

	if (!tells_tcp(ctx)) {
		skip("sockets", "this kernel does not tell of TCP sockets");
		return;
	}
	with_kid(ctx, "talk", make_talk, talk, ARRAY_SIZE(talk));
	with_kid(ctx, "thread", make_thread, alone, ARRAY_SIZE(alone));
}

int main(void)
{
	return run_wired(test_all);
}
