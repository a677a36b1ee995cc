/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces that nothing but a socket, a tun device or a message keeps. */
#include <netinet/in.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "holders.h"

#define PARTS	(NSU_PART_DEFAULT | NSU_PART_FDS | NSU_PART_SOCKETS)
#define HIGH	50		/* a descriptor that nothing else has */
#define KID	(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWUTS)

static struct nsu_ctx *ctx;

/* ---- sockets ---------------------------------------------------------------------- */

static struct sockaddr_in any_port(in_port_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
}

static int hold_socket(void)
{
	struct sockaddr_in in = any_port(1234);
	int home = -1, fd;
	uint64_t inode = go_to_new_net(&home);

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) < 0)
		return -errno;
	dup2(fd, HIGH);
	dup2(fd, 0);
	close(fd);
	go_back(home);
	/* Whoever inherits it has it as well. */
	if (!kid_clone(0)) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		kid_wait();
	}
	return (int)inode;
}

static pid_t only_child(pid_t pid)
{
	char path[64], text[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	return nsi_read_at(AT_FDCWD, path, text, sizeof(text)) > 0 ? atoi(text) : 0;
}

static void check_socket(const struct nsu_snapshot *snap, const struct kid *kid,
			 const char *how)
{
	struct nsu_holder holder = NSU_HOLDER_INIT;
	const struct nsu_ns *ns = NULL, *owner = NULL;
	uint64_t inode = said_inode(kid);

	is_int(holders_of(snap, inode, NSU_HOLDER_SOCKET, kid->pid, -1, NULL), 2,
	       "%s: two descriptors of it", how);
	is_int(holders_of(snap, inode, NSU_HOLDER_SOCKET, kid->pid, 0, NULL), 1,
	       "%s: one is 0", how);
	is_int(holders_of(snap, inode, NSU_HOLDER_SOCKET, kid->pid, HIGH, &holder), 1,
	       "%s: one is high", how);
	is_int(holder.tid, kid->pid, "%s: of the process", how);
	ok(holder.socket > 0, "%s: its inode", how);
	is_int(nsu_snapshot_find_ns(snap, NSU_NET, inode, &ns), 0, "%s: its type", how);
	ok(!nsu_ns_get_owner(ns, &owner) &&
	   nsu_ns_get_inode(owner) == link_inode(kid->pid, "user"), "%s: its owner", how);
	is_int(gap_error(snap, kid->pid, "sockets"), 0, "%s: no gap", how);
	is_int(source_error(snap, "sockets"), 0, "%s: the source was used", how);
}

static void check_text(const struct nsu_snapshot *snap, const struct kid *kid)
{
	struct nsu_holder holder = NSU_HOLDER_INIT;
	char *text = NULL;

	holders_of(snap, said_inode(kid), NSU_HOLDER_SOCKET, kid->pid, HIGH, &holder);
	is_int(nsu_holder_read_socket(&holder, &text), 0, "it is read");
	is_str(text, "udp 0.0.0.0:1234", "what it is");
	free(text);
	text = NULL;
	holder.socket++;
	is_int(nsu_holder_read_socket(&holder, &text), -ESRCH, "another one");
	holder.socket--;
	holder.fd = 9999;
	is_int(nsu_holder_read_socket(&holder, &text), -ESRCH, "one that is closed");
	holder.kind = NSU_HOLDER_TUN;
	is_int(nsu_holder_read_socket(&holder, &text), -ENOENT, "no socket");
	ok(!text, "the result is untouched");
	is_int(nsu_holder_read_socket(NULL, &text), -EINVAL, "no holder");
}

static void test_socket(void)
{
	static const char *const off[] = { NULL, "netns-cookie", "ns-id" };
	struct nsu_holder holder = NSU_HOLDER_INIT;
	char *text = NULL;
	struct nsu_snapshot *snap;
	const struct nsu_ns *ns;
	struct kid kid;
	pid_t pids[2];

	if (!start(&kid, KID, hold_socket, "held by a socket"))
		return;
	pids[0] = kid.pid;
	pids[1] = only_child(kid.pid);
	snap = scan_these(ctx, NSU_PART_DEFAULT | NSU_PART_FDS, pids, 2);
	is_int(nsu_snapshot_find_inode(snap, said_inode(&kid), &ns), -ENOENT,
	       "nothing else shows it");
	nsu_snapshot_free(snap);
	for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
		struct nsu_ctx_options options = NSU_CTX_OPTIONS_INIT;
		struct nsu_ctx *other = NULL;

		options.disable = off[i];
		is_int(nsu_ctx_new(&options, &other), 0, "without %s", off[i]);
		snap = scan_these(other, PARTS, pids, 2);
		check_socket(snap, &kid, off[i] ? off[i] : "with all");
		if (pids[1])
			is_int(holders_of(snap, said_inode(&kid), NSU_HOLDER_SOCKET,
					  pids[1], -1, NULL), 2, "inherited");
		nsu_snapshot_free(snap);
		nsu_ctx_free(other);
	}
	snap = scan_these(ctx, PARTS, pids, 2);
	check_text(snap, &kid);
	kid_end(&kid);
	holders_of(snap, said_inode(&kid), NSU_HOLDER_SOCKET, kid.pid, HIGH, &holder);
	is_int(nsu_holder_read_socket(&holder, &text), -ESRCH, "it has ended");
	nsu_snapshot_free(snap);
}

static void test_off(void)
{
	static const char *const off[] = { "pidfd", "pidfd-getfd", "socket-ns" };
	pid_t self = getpid();

	for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
		struct nsu_ctx_options options = NSU_CTX_OPTIONS_INIT;
		struct nsu_ctx *other = NULL;
		struct nsu_snapshot *snap;

		options.disable = off[i];
		is_int(nsu_ctx_new(&options, &other), 0, "without %s", off[i]);
		snap = scan_these(other, PARTS, &self, 1);
		is_int(source_error(snap, "sockets"), ENOSYS, "the source is absent");
		nsu_snapshot_free(snap);
		nsu_ctx_free(other);
	}
}

/* A member's own sockets go with it. */
static void test_member(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t self = getpid();
	struct nsu_snapshot *snap = scan_these(ctx, PARTS, &self, 1);

	is_int(holders_by_fd(snap, NSU_HOLDER_SOCKET, self, fd), 0, "a member's own");
	is_int(gap_error(snap, self, "sockets"), no_cookies(ctx), "no gap");
	nsu_snapshot_free(snap);
	close(fd);
}

/* ---- threads: reached by a pidfd of their own, Linux 6.9 -------------------------- */

static int ready[2];

static void *keep_apart(void *unused)
{
	uint32_t said[2] = { 0 };
	int home = -1;

	(void)unused;
	if (!unshare(CLONE_FILES))
		said[0] = go_to_new_net(&home);
	dup2(socket(AF_INET, SOCK_STREAM, 0), HIGH + 1);
	go_back(home);
	said[1] = syscall(SYS_gettid);
	if (write(ready[1], said, sizeof(said)) < 0)
		_exit(1);
	for (;;)
		pause();
	return NULL;
}

static uint32_t *apart;		/* shared with the kid: inode, tid */

static int live_apart(void)
{
	pthread_t thread;

	if (pipe2(ready, O_CLOEXEC) < 0 ||
	    pthread_create(&thread, NULL, keep_apart, NULL) ||
	    read(ready[0], apart, 2 * sizeof(*apart)) < 0)
		return -errno;
	return 0;
}

static bool has_thread_pidfd(void)
{
	int fd = syscall(SYS_pidfd_open, getpid(), O_EXCL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void test_thread(void)
{
	struct nsu_holder holder = NSU_HOLDER_INIT;
	struct nsu_snapshot *snap;
	struct kid kid;

	apart = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (!start(&kid, KID, live_apart, "held by a thread's socket"))
		return;
	snap = scan_these(ctx, PARTS, &kid.pid, 1);
	if (has_thread_pidfd()) {
		is_int(holders_of(snap, apart[0], NSU_HOLDER_SOCKET, kid.pid, HIGH + 1,
				  &holder), 1, "held by a thread's socket");
		is_int(holder.tid, apart[1], "which is named");
	} else {
		is_int(gap_error(snap, kid.pid, "sockets"), EOPNOTSUPP,
		       "no pidfd of a thread: a gap");
		is_int(nsu_snapshot_get_totals(snap)->sockets_unread, 1, "counted");
	}
	nsu_snapshot_free(snap);
	kid_end(&kid);
	munmap(apart, 4096);
}

/* ---- tun -------------------------------------------------------------------------- */

static int hold_tun(void)
{
	int home = -1, fd;
	uint64_t inode = go_to_new_net(&home);

	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dup2(fd, HIGH);
	close(fd);
	go_back(home);
	return (int)inode;
}

static void test_tun(void)
{
	struct nsu_snapshot *snap;
	struct kid kid;

	if (!start(&kid, KID, hold_tun, "held by a tun device"))
		return;
	if (kid.said < 0 && kid.said > -4096) {
		skip("held by a tun device", strerror(-kid.said));
	} else {
		snap = scan_these(ctx, PARTS, &kid.pid, 1);
		is_int(holders_of(snap, said_inode(&kid), NSU_HOLDER_TUN, kid.pid, HIGH,
				  NULL), 1, "held by a tun device");
		is_int(gap_error(snap, kid.pid, "sockets"), 0, "no gap");
		nsu_snapshot_free(snap);
	}
	kid_end(&kid);
}

/* ---- what sockets are called ------------------------------------------------------ */

static int new_socket(int domain, int type, int protocol, const void *name, socklen_t n)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, protocol);

	if (fd >= 0 && n && bind(fd, name, n) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void check_name(const struct nsu_task *task, int fd, const char *want)
{
	struct nsu_holder holder = NSU_HOLDER_INIT;
	char *text = NULL;

	if (fd < 0) {
		skip(want, "no such socket can be made here");
		return;
	}
	holder.kind = NSU_HOLDER_SOCKET;
	holder.task = task;
	holder.tid = getpid();
	holder.fd = fd;
	holder.socket = inode_of_fd(fd);
	is_int(nsu_holder_read_socket(&holder, &text), 0, "read");
	is_str(text, want, "its name");
	free(text);
	close(fd);
}

static void test_names(void)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = any_port(0);
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "\0nsutil\0\033[m" };
	socklen_t n = sizeof(in);
	pid_t self = getpid();
	struct nsu_snapshot *snap = scan_these(ctx, PARTS, &self, 1);
	const struct nsu_task *task = NULL;
	int fd, peer;
	char want[128];

	nsu_snapshot_find_task(snap, self, &task);
	check_name(task, new_socket(AF_NETLINK, SOCK_RAW, 0, NULL, 0), "netlink");
	check_name(task, new_socket(AF_UNIX, SOCK_STREAM, 0, NULL, 0), "unix");
	check_name(task, new_socket(AF_UNIX, SOCK_STREAM, 0, &un,
				    offsetof(struct sockaddr_un, sun_path) + 11),
		   "unix @nsutil@\033[m");
	check_name(task, new_socket(AF_INET6, SOCK_DGRAM, 0, NULL, 0), "udp [::]:0");
	check_name(task, new_socket(AF_INET, SOCK_RAW, IPPROTO_RAW, NULL, 0),
		   "raw 0.0.0.0:255");
	fd = new_socket(AF_INET6, SOCK_STREAM, 0, &in6, sizeof(in6));
	n = sizeof(in6);
	if (fd >= 0)
		getsockname(fd, (struct sockaddr *)&in6, &n);
	snprintf(want, sizeof(want), "tcp [::]:%u", ntohs(in6.sin6_port));
	check_name(task, fd, want);
	peer = new_socket(AF_INET, SOCK_DGRAM, 0, &in, sizeof(in));
	n = sizeof(in);
	getsockname(peer, (struct sockaddr *)&in, &n);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (!connect(fd, (struct sockaddr *)&in, sizeof(in))) {
		struct sockaddr_in own;

		n = sizeof(own);
		getsockname(fd, (struct sockaddr *)&own, &n);
		snprintf(want, sizeof(want), "udp 127.0.0.1:%u -> 127.0.0.1:%u",
			 ntohs(own.sin_port), ntohs(in.sin_port));
		check_name(task, fd, want);
	}
	close(peer);
	nsu_snapshot_free(snap);
}

static volatile sig_atomic_t got_sigchld;

static void on_sigchld(int number)
{
	(void)number;
	got_sigchld = 1;
}

/* Our own sockets alone, so that no child of the test's ends meanwhile. */
static void test_polite(void)
{
	pid_t self = getpid();
	struct nsu_snapshot *snap;
	int before = count_open(), fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	signal(SIGCHLD, on_sigchld);
	got_sigchld = 0;
	snap = scan_these(ctx, PARTS, &self, 1);
	nsu_snapshot_free(snap);
	ok(!got_sigchld, "no SIGCHLD");
	signal(SIGCHLD, SIG_DFL);
	close(fd);
	is_int(count_open(), before, "no descriptor is left open");
	ok(waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD, "nor a child");
}

int main(void)
{

	alarm(60);		/* what hangs fails */
	if (nsu_ctx_new(NULL, &ctx) < 0)
		skip_all("no procfs here");
	if (!nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	nsu_ctx_probe(ctx);
	if (nsu_ctx_get_interface(ctx, NSU_IF_PIDFD_GETFD) != NSU_IF_PRESENT)
		skip_all("no pidfd_getfd(2) here");
	test_polite();
	test_socket();
	test_off();
	test_member();
	test_thread();
	test_tun();
	test_names();
	test_polite();
	nsu_ctx_free(ctx);
	return done();
}
