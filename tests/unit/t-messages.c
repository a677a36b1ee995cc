/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces in messages; sockets that are many, or traps. */
#include <netinet/in.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include "courier.h"
#include "fuse.h"
#include "holders.h"
#include "userfault.h"

#define PARTS	(NSU_PART_DEFAULT | NSU_PART_FDS | NSU_PART_SOCKETS)
#define HIGH	50		/* a descriptor that nothing else has */
#define KID	(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWUTS)

static struct nsu_ctx *ctx;
static uint32_t *shared;		/* with a kid: an inode */

#define MANY 3

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(MANY * sizeof(int))];
};

static bool send_fds(int to, const char *text, const int *fds, size_t count)
{
	struct iovec part = { .iov_base = (void *)text, .iov_len = strlen(text) };
	union control control = { 0 };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };

	if (count) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, count * sizeof(int));
	}
	return sendmsg(to, &msg, 0) == (ssize_t)strlen(text);
}

/* The text that comes next, and the inodes of what comes with it. */
static size_t receive(int from, char *text, size_t size, uint64_t *inodes)
{
	struct iovec part = { .iov_base = text, .iov_len = size - 1 };
	union control control;
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(from, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
	size_t count = n >= 0 && head ? (head->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;

	text[n < 0 ? 0 : n] = '\0';
	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(head) + i * sizeof(fd), sizeof(fd));
		inodes[i] = inode_of_fd(fd);
		close(fd);
	}
	return count;
}

static int hold_two(void)
{
	int net = -1, uts = -1;

	make_ns("net", CLONE_NEWNET, &net);
	make_ns("uts", CLONE_NEWUTS, &uts);
	dup2(net, HIGH);
	dup2(uts, HIGH + 1);
	return 0;
}

static int open_of(const struct kid *kid, int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", kid->pid, fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int in_message(const struct nsu_snapshot *snap, uint64_t inode, int fd)
{
	return holders_of(snap, inode, NSU_HOLDER_MESSAGE, getpid(), fd, NULL);
}

/* The message is ours: when the scan is over all of it must be there. */
static void test_message(int type, const char *what)
{
	uint64_t inodes[2], got[MANY] = { 0 };
	pid_t self = getpid();
	struct nsu_snapshot *snap;
	int pair[2], fds[MANY];
	char text[64];
	struct kid kid;

	if (!start(&kid, KID, hold_two, what))
		return;
	for (int i = 0; i < 2; i++) {
		fds[i] = open_of(&kid, HIGH + i);
		inodes[i] = inode_of_fd(fds[i]);
	}
	fds[2] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	kid_end(&kid);
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	/* In a stream what comes first need not have it. */
	if (type == SOCK_STREAM)
		ok(send_fds(pair[0], "before ", NULL, 0), "%s: first another", what);
	ok(send_fds(pair[0], "this", fds, 3), "%s: sent", what);
	ok(send_fds(pair[0], " after", NULL, 0), "%s: then another", what);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	snap = scan_these(ctx, PARTS, &self, 1);
	is_int(in_message(snap, inodes[0], pair[1]), 1, "%s: of a network", what);
	is_int(in_message(snap, inodes[1], pair[1]), 1, "%s: of names", what);
	is_int(holders_by_fd(snap, NSU_HOLDER_MESSAGE, self, -1), 2, "%s: no more", what);
	is_int(gap_error(snap, self, "sockets"), no_cookies(ctx), "%s: no gap", what);
	nsu_snapshot_free(snap);
	is_int(receive(pair[1], text, sizeof(text), got), 3, "%s: all came", what);
	is_str(text, type == SOCK_STREAM ? "before this" : "this", "%s: the text", what);
	ok(got[0] == inodes[0] && got[1] == inodes[1], "%s: the very ones", what);
	is_int(receive(pair[1], text, sizeof(text), got), 0, "%s: next", what);
	is_str(text, " after", "%s: its text", what);
	close(pair[0]);
	close(pair[1]);
}

/* Where to look would change what the owner sees, it is left alone. */
static void test_untouched(void)
{
	int pair[2], offset = 3, fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	socklen_t n = sizeof(offset);
	uint64_t got[MANY];
	pid_t self = getpid();
	struct nsu_snapshot *snap;
	char text[64];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ||
	    setsockopt(pair[1], SOL_SOCKET, SO_PEEK_OFF, &offset, n) < 0)
		return skip("an offset for peeking", "no SO_PEEK_OFF here");
	send_fds(pair[0], "abcdef", &fd, 1);
	snap = scan_these(ctx, PARTS, &self, 1);
	is_int(holders_by_fd(snap, NSU_HOLDER_MESSAGE, self, pair[1]), 0,
	       "an offset for peeking: left alone");
	nsu_snapshot_free(snap);
	ok(!getsockopt(pair[1], SOL_SOCKET, SO_PEEK_OFF, &offset, &n) && offset == 3,
	   "it stands where it stood");
	is_int(receive(pair[1], text, sizeof(text), got), 1, "all came");
	close(pair[0]);
	close(pair[1]);
	close(fd);
}

/* ---- enemies ---------------------------------------------------------------------- */

static int hold_stuck(void)
{
	int pair[2], fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	send_fds(pair[0], "data", NULL, 0);
	send_fds(pair[0], "more", &fd, 1);
	send_fds(pair[0], "more", &fd, 1);
	/* Whoever reads now waits for the one that reads into a page that never comes. */
	return stick(pair[1]);
}

static int hold_socket(void)
{
	int home = -1;
	uint64_t inode = go_to_new_net(&home);

	dup2(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), HIGH);
	go_back(home);
	return (int)inode;
}

/* A message with a namespace, and with a file that holds up whoever closes it. */
static int hold_trap(void)
{
	int pair[2], fds[2], home = -1;
	pid_t server = 0;

	fds[1] = open_fuse(&server);
	if (fds[1] < 0)
		return fds[1];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	*shared = go_to_new_net(&home);
	fds[0] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	go_back(home);
	if (!send_fds(pair[0], "trap", fds, 2))
		return -errno;
	close(fds[0]);
	dup2(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), HIGH);
	return server;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Only the first message with a descriptor can be seen. */
static void test_behind(int type, const char *what)
{
	int pair[2], fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct nsu_snapshot *snap;
	pid_t self = getpid();

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	send_fds(pair[0], "this", &fd, 1);
	send_fds(pair[0], "that", &fd, 1);
	close(fd);
	snap = scan_these(ctx, PARTS, &self, 1);
	is_int(gap_error(snap, self, "sockets"), EMSGSIZE, "%s: one behind it", what);
	nsu_snapshot_free(snap);
	close(pair[0]);
	close(pair[1]);
}

/* The kernel did not let go of a child that was killed before: now it does. */
static void reap(void)
{
	for (int i = 0; i < 500 && ctx->stuck_count; i++) {
		nsi_courier_reap(ctx);
		usleep(10000);
	}
	is_int(ctx->stuck_count, 0, "what it held up has ended");
	ok(waitpid(-1, NULL, __WALL | WNOHANG) < 0 && errno == ECHILD,
	   "and no child is left");
}

static void test_trap(void)
{
	struct nsu_snapshot *snap;
	struct kid kid;
	int64_t took;

	if (kid_start(&kid, CLONE_NEWNS, hold_trap) < 0)
		return skip("a trap", "needs root");
	if (kid.said < 0) {
		skip("a trap", strerror(-kid.said));
	} else {
		took = now_ms();
		snap = scan_these(ctx, PARTS, &kid.pid, 1);
		took = now_ms() - took;
		ok(took < 1000, "a file that may not be closed: %d ms", (int)took);
		is_int(holders_of(snap, *shared, NSU_HOLDER_MESSAGE, kid.pid, -1, NULL),
		       1, "what came with it is told");
		ok(!has_gap(snap, kid.pid), "no gap");
		nsu_snapshot_free(snap);
		ok(ctx->stuck_count <= 1, "one child waits for it, or none");
		kill(kid.said, SIGKILL);
	}
	kid_end(&kid);
	reap();
}

static void test_stuck(void)
{
	struct nsu_snapshot *snap;
	struct kid stuck, kid;
	pid_t pids[2];
	int64_t took;

	/* In a user namespace one may not have it for what the kernel itself misses. */
	if (kid_start(&stuck, 0, hold_stuck) < 0)
		return;
	if (stuck.said < 0) {
		skip("a socket that is stuck", "no userfaultfd(2), or not allowed");
		kid_end(&stuck);
		return;
	}
	start(&kid, KID, hold_socket, "beside one that is stuck");
	pids[0] = stuck.pid;
	pids[1] = kid.pid;
	took = now_ms();
	snap = scan_these(ctx, PARTS, pids, 2);
	took = now_ms() - took;
	ok(took < 5000, "it does not hold up the scan: %d ms", (int)took);
	if (!no_cookies(ctx))
		is_int(gap_error(snap, stuck.pid, "sockets"), ETIMEDOUT, "a gap");
	is_int(nsu_snapshot_get_totals(snap)->sockets_unread, 1, "that is counted");
	is_int(holders_of(snap, said_inode(&kid), NSU_HOLDER_SOCKET, kid.pid, -1, NULL),
	       2, "those behind it are asked");
	nsu_snapshot_free(snap);
	kid_end(&kid);
	kid_end(&stuck);
	reap();
}

static int swap_for_ever(void)
{
	int home = -1, zero = 0, fds[4], pair[2];

	*shared = go_to_new_net(&home);
	fds[0] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	fds[1] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	go_back(home);
	fds[2] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	fds[3] = pair[0];
	/* Behind the one that changes: that is asked first. */
	for (int i = 0; i < 4; i++) {
		int low = fds[i];

		fds[i] = fcntl(low, F_DUPFD_CLOEXEC, HIGH + 10);
		close(low);
	}
	if (write(kid_output, &zero, sizeof(zero)) < 0)
		_exit(1);
	for (unsigned i = 0;; i++)
		dup2(fds[i % 4], HIGH);
	return 0;
}

/* What is at a number by then is told only if it is the socket that was there before. */
static void test_swapped(void)
{
	int wrong = 0;
	struct kid kid;

	if (!start(&kid, KID, swap_for_ever, "swapped"))
		return;
	for (int i = 0; i < 50; i++) {
		struct nsu_snapshot *snap = NULL;
		struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
		struct nsu_holder first = NSU_HOLDER_INIT, holder = NSU_HOLDER_INIT;
		int n;

		options.parts = PARTS;
		options.pids = &kid.pid;
		options.pid_count = 1;
		if (nsu_snapshot_new(ctx, &options, &snap) < 0) {
			wrong++;
			continue;
		}
		n = holders_of(snap, *shared, NSU_HOLDER_SOCKET, kid.pid, -1, &first);
		wrong += n < 1 || n > 2;
		if (holders_of(snap, *shared, NSU_HOLDER_SOCKET, kid.pid, HIGH,
			       &holder) > 0)
			wrong += holder.socket != first.socket;
		wrong += holders_by_fd(snap, NSU_HOLDER_SOCKET, kid.pid, -1) != n;
		wrong += has_gap(snap, kid.pid);
		nsu_snapshot_free(snap);
	}
	is_int(wrong, 0, "swapped while they are asked");
	kid_end(&kid);
}

/* ---- many ------------------------------------------------------------------------- */

static int hold_many(void)
{
	struct rlimit limit = { 0 };
	int home = -1, n = 0;
	rlim_t most;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	most = limit.rlim_cur > 10064 ? 10000 : limit.rlim_cur - 64;
	*shared = go_to_new_net(&home);
	while ((rlim_t)n < most && socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0)
		n++;
	go_back(home);
	return n;
}

static void test_many(void)
{
	int64_t best[2] = { INT64_MAX, INT64_MAX };
	struct kid kid;

	if (!start(&kid, KID, hold_many, "many sockets"))
		return;
	for (int i = 0; i < 6; i++) {
		bool with = i % 2;
		int64_t begin = now_ms();
		struct nsu_snapshot *snap;

		snap = scan_these(ctx, with ? PARTS : PARTS & ~NSU_PART_SOCKETS, &kid.pid,
				  1);
		begin = now_ms() - begin;
		if (begin < best[with])
			best[with] = begin;
		if (with)
			is_int(holders_of(snap, *shared, NSU_HOLDER_SOCKET, kid.pid, -1,
					  NULL), kid.said, "each of many");
		nsu_snapshot_free(snap);
	}
	diag("%d sockets: %d ms, descriptors alone %d ms", kid.said, (int)best[1],
	     (int)best[0]);
	kid_end(&kid);
}

static void map_shared(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		exit(99);
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
	map_shared();
	test_message(SOCK_STREAM, "stream");
	test_message(SOCK_DGRAM, "datagram");
	test_message(SOCK_SEQPACKET, "packets");
	test_behind(SOCK_STREAM, "stream");
	test_behind(SOCK_DGRAM, "datagram");
	test_untouched();
	test_swapped();
	test_many();
	test_trap();
	test_stuck();
	nsu_ctx_free(ctx);
	return done();
}
