/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Children that fetch what this process must not touch itself. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "courier.h"
#include "plan.h"
#include "uapi.h"

#define PATIENCE 200		/* ms for a killed child to be gone */

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int) * NSI_COURIER_FDS)];
};

struct errand {
	void (*body)(int fd, void *data);
	void *data;
	pid_t parent;
	int theirs, ours;
};

__attribute__((noreturn))
static void be_courier(const struct errand *errand)
{
	close(errand->ours);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == errand->parent)
		errand->body(errand->theirs, errand->data);
	syscall(SYS_exit_group, 0);
	__builtin_unreachable();
}

/* Without a signal at its end: no wait of the caller's finds it (__WALL). All signals
   stay blocked in it: the caller's handlers are not for this process. */
static pid_t fork_quietly(const struct errand *errand)
{
	sigset_t all, before;
	pid_t pid;
	int r;

	sigfillset(&all);
	r = -pthread_sigmask(SIG_BLOCK, &all, &before);
	if (r < 0)
		return r;
	pid = syscall(SYS_clone, 0, 0, 0, 0, 0);
	if (pid == 0)
		be_courier(errand);
	if (pid < 0)
		pid = nsi_errno();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

/* After unshare(CLONE_NEWPID) the first child is the init of another pid namespace, and
   with its end the caller could fork no more. No link: there is no such init yet. */
static bool forks_elsewhere(const struct nsu_ctx *ctx)
{
	nsi_autoclose int self = nsi_ctx_open_self(ctx);
	uint64_t own = 0, next = 0;
	struct stat st;

	if (!ctx->procfs.real || self < 0 ||
	    fstatat(self, "ns/pid_for_children", &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    nsi_plan_read_ns(self, "pid", NSU_PID, &own) < 0)
		return false;
	nsi_plan_read_ns(self, "pid_for_children", NSU_PID, &next);
	return own != next;
}

void nsi_courier_reap(struct nsu_ctx *ctx)
{
	int kept = 0;

	for (int i = 0; i < ctx->stuck_count; i++)
		if (!waitpid(ctx->stuck[i], NULL, __WALL | WNOHANG))
			ctx->stuck[kept++] = ctx->stuck[i];
	ctx->stuck_count = kept;
}

int nsi_courier_start(struct nsu_ctx *ctx, struct nsi_courier *ret,
		      void (*body)(int fd, void *data), void *data)
{
	struct errand errand = { .body = body, .data = data, .parent = getpid() };
	struct nsi_courier courier = { .ctx = ctx, .pidfd = -1 };
	int pair[2];

	if (ctx)
		nsi_courier_reap(ctx);
	if (ctx && ctx->stuck_count == NSI_MAX_STUCK)
		return -EAGAIN;
	if (ctx && forks_elsewhere(ctx))
		return -EOPNOTSUPP;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return nsi_errno();
	errand.ours = pair[0];
	errand.theirs = pair[1];
	courier.pid = fork_quietly(&errand);
	close(pair[1]);
	if (courier.pid < 0) {
		close(pair[0]);
		return courier.pid;
	}
	courier.fd = pair[0];
	courier.pidfd = syscall(SYS_pidfd_open, courier.pid, 0);
	*ret = courier;
	return 0;
}

void nsi_courier_keep(int *keep, size_t count)
{
	nsi_close_except(keep, count);
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		size_t i = 0;

		while (i < count && keep[i] != fd)
			i++;
		if (i == count)
			close(fd);
	}
}

int nsi_courier_send(int fd, const void *text, size_t length, const int *fds,
		     size_t fd_count)
{
	struct iovec part = { .iov_base = (void *)text, .iov_len = length };
	union control control = { 0 };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;

	if (fd_count > NSI_COURIER_FDS)
		return -E2BIG;
	if (fd_count) {
		size_t size = sizeof(int) * fd_count;

		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(size);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(&control.head), fds, size);
	}
	do
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? nsi_errno() : 0;
}

static void take_fds(struct msghdr *msg, struct nsi_parcel *ret)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(msg);

	if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
		return;
	ret->fd_count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(ret->fds, CMSG_DATA(head), ret->fd_count * sizeof(int));
}

int nsi_courier_receive(struct nsi_courier *courier, void *text, size_t size,
			struct nsi_parcel *ret, int milliseconds)
{
	struct pollfd pfd = { .fd = courier->fd, .events = POLLIN };
	struct iovec part = { .iov_base = text, .iov_len = size };
	union control control;
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct nsi_parcel parcel = { 0 };
	ssize_t n;
	int r;

	do
		r = poll(&pfd, 1, milliseconds);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return nsi_errno();
	if (!r)
		return -ETIMEDOUT;
	do
		n = recvmsg(courier->fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return nsi_errno();
	take_fds(&msg, &parcel);
	parcel.length = n;
	*ret = parcel;
	return n > 0;
}

void nsi_parcel_close(struct nsi_parcel *parcel)
{
	for (size_t i = 0; i < parcel->fd_count; i++)
		close(parcel->fds[i]);
	parcel->fd_count = 0;
}

static bool has_ended(const struct nsi_courier *courier)
{
	return waitpid(courier->pid, NULL, __WALL | WNOHANG) != 0;
}

void nsi_courier_end(struct nsi_courier *courier)
{
	struct pollfd pfd = { .fd = courier->pidfd, .events = POLLIN };
	struct nsu_ctx *ctx = courier->ctx;
	bool ended = false;

	if (courier->pid <= 0)
		return;
	close(courier->fd);
	/* It is our child and not waited for: its number is its own. */
	kill(courier->pid, SIGKILL);
	if (courier->pidfd >= 0) {
		poll(&pfd, 1, PATIENCE);
		ended = has_ended(courier);
		close(courier->pidfd);
	} else {
		for (int i = 0; i < PATIENCE && !(ended = has_ended(courier)); i++)
			poll(NULL, 0, 1);
	}
	if (!ended && ctx && ctx->stuck_count < NSI_MAX_STUCK)
		ctx->stuck[ctx->stuck_count++] = courier->pid;
	*courier = (struct nsi_courier){ .pidfd = -1, .fd = -1 };
}
