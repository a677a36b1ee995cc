/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What sockets and tun devices of other processes tell, asked in a courier: whoever has
 * one may put another file in its place at any time, and even to close a copy of that may
 * take for ever. Nothing here allocates.
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include "courier.h"
#include "open.h"
#include "sockets.h"
#include "uapi.h"

/* Copies of strange files that are not closed before all else is done. */
#define MAX_STRANGE 256
/* For the scan before: times, ms. */
#define TURN_TRIES 30
#define TURN_WAIT 10

int nsi_open_table(pid_t pid, pid_t tid)
{
	int fd = syscall(SYS_pidfd_open, tid, tid == pid ? 0 : PIDFD_THREAD);
	int r;

	if (fd >= 0)
		return fd;
	r = nsi_errno();
	if (r != -EINVAL)
		return r;
	/* Before 6.9 there is none of a thread; and that of a process just reaped is
	   refused so. */
	return tid == pid ? -ESRCH : -EOPNOTSUPP;
}

/* "fd/7" */
static const char *path_of(char *buf, const char *dir, unsigned fd)
{
	char digits[12], *at = digits + sizeof(digits);
	size_t n = strlen(dir);

	*--at = '\0';
	do
		*--at = '0' + fd % 10;
	while (fd /= 10);
	memcpy(buf, dir, n);
	memcpy(buf + n, at, digits + sizeof(digits) - at);
	return buf;
}

static void remember(struct nsi_idmap *map, uint64_t key, uint64_t value)
{
	if (nsi_idmap_has_room(map) && value < NSI_NONE)
		nsi_idmap_add(map, key, value);
}

/* That the parent can ask the namespace itself it gets a descriptor, once. */
static bool is_wanted(const struct nsi_asking *a, enum nsu_type type, uint64_t inode)
{
	const struct nsu_snapshot *snap = a->b->snap;
	uint32_t index = nsi_idmap_find(&a->b->inodes, inode);

	if (!(snap->parts & NSU_PART_RELATIONS))
		return false;
	if (index != NSI_NONE && snap->ns[index].type == type && snap->ns[index].asked)
		return false;
	return nsi_idmap_find(&a->sent, inode) == NSI_NONE;
}

static void tell(struct nsi_asking *a, const struct nsi_word *word, int fd)
{
	int r = -EBADF;

	if (is_wanted(a, word->type, word->ns)) {
		r = nsi_courier_send(a->fd, word, sizeof(*word), &fd, 1);
		if (!r)
			remember(&a->sent, word->ns, 1);
	}
	if (r < 0 && word->in_message)
		nsi_courier_send(a->fd, word, sizeof(*word), NULL, 0);
}

/* SIOCGSKNS: of a socket, and of a tun device, which keeps the one it was opened in. */
static int ask_ns(struct nsi_asking *a, size_t i, int fd, uint64_t *ret)
{
	struct nsi_word word = { .candidate = i, .type = NSU_NET };
	nsi_autoclose int ns = ioctl(fd, SIOCGSKNS);
	struct stat st;

	if (ns < 0 || fstat(ns, &st) < 0)
		return nsi_errno();
	*ret = word.ns = st.st_ino;
	tell(a, &word, ns);
	return 0;
}

static int ask_socket_ns(struct nsi_asking *a, size_t i, int fd, uint64_t *ret)
{
	uint64_t cookie = 0;
	socklen_t n = sizeof(cookie);
	uint32_t known;
	int r;

	if (nsi_if_usable(a->b->ctx, NSU_IF_NETNS_COOKIE) &&
	    getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &n) < 0)
		cookie = 0;
	known = nsi_idmap_find(&a->cookies, cookie);
	if (known != NSI_NONE) {
		*ret = known;
		return 0;
	}
	r = ask_ns(a, i, fd, ret);
	if (!r)
		remember(&a->cookies, cookie, *ret);
	return r;
}

/* A server of FUSE files may keep whoever closes one waiting: the end of the child will
   do, when all answers are out. */
static void drop(struct nsi_asking *a, int fd)
{
	if (a->strange++ >= MAX_STRANGE)
		close(fd);
}

/* One that came with a message. It is on nsfs, or it is left alone. */
static void look_at(struct nsi_asking *a, size_t i, int fd)
{
	struct nsi_word word = { .candidate = i, .in_message = true };
	struct nsi_statx st;

	if (fd < 0)
		return;
	if (nsi_stat_cached(fd, &st) < 0 ||
	    makedev(st.dev_major, st.dev_minor) != a->device ||
	    nsi_ask_type(fd, &word.type) < 0) {
		drop(a, fd);
		return;
	}
	word.ns = st.ino;
	if (a->b->types & 1u << word.type)
		tell(a, &word, fd);
	close(fd);
}

/* Returns how many there were. */
static size_t look_at_all(struct nsi_asking *a, size_t i, struct msghdr *msg)
{
	size_t all = 0;

	for (struct cmsghdr *head = CMSG_FIRSTHDR(msg); head;
	     head = CMSG_NXTHDR(msg, head)) {
		size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (head->cmsg_level != SOL_SOCKET ||
		    (head->cmsg_type != SCM_RIGHTS && head->cmsg_type != SCM_PIDFD))
			continue;
		all += head->cmsg_type == SCM_RIGHTS ? count : 0;
		for (size_t k = 0; k < count; k++) {
			int fd;

			memcpy(&fd, CMSG_DATA(head) + k * sizeof(fd), sizeof(fd));
			look_at(a, i, fd);
		}
	}
	return all;
}

/* fdinfo has such a line, of a file that is below the directory of its process. */
static bool has_info(int dir, int fd, const char *name, size_t *ret)
{
	char path[24], text[1024];
	const char *line;

	if (nsi_read_at(dir, path_of(path, "fdinfo/", fd), text, sizeof(text)) < 0)
		return false;
	line = strstr(text, name);
	if (line && ret) {
		*ret = 0;
		for (line += strlen(name); *line >= '0' && *line <= '9'; line++)
			*ret = *ret * 10 + (*line - '0');
	}
	return line;
}

/* How many descriptors wait in a socket. */
static size_t count_waiting(const struct nsi_asking *a, int fd)
{
	size_t count = 0;

	return has_info(a->self, fd, "scm_fds: ", &count) ? count : 0;
}

/* Only to look must change nothing for the owner: an error that waits would be taken, and
   where there is an offset for peeking it would move. */
static bool may_peek(const struct nsi_asking *a, const struct pollfd *held)
{
	int offset = -1;
	socklen_t n = sizeof(offset);

	if (!(held->revents & POLLIN) || held->revents & POLLERR)
		return false;
	if (!count_waiting(a, held->fd))
		return false;
	return !getsockopt(held->fd, SOL_SOCKET, SO_PEEK_OFF, &offset, &n) && offset < 0;
}

/*
 * What comes with a message may be a file whose server keeps waiting whoever closes it,
 * and so the child at its end, until that server goes. One such child is enough: while it
 * has this name, no other looks into messages. A scan that is at work has it for an
 * instant.
 */
static bool have_turn(struct nsi_asking *a)
{
	static const char name[] = "nsutil-messages";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = offsetof(struct sockaddr_un, sun_path) + 1 + sizeof(name) - 1;

	if (a->turn > 0)
		return true;
	if (!a->turn)
		a->turn = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	memcpy(address.sun_path + 1, name, sizeof(name) - 1);
	for (int i = 0; i < TURN_TRIES && a->turn > 0; i++) {
		if (bind(a->turn, (struct sockaddr *)&address, size) == 0)
			return true;
		poll(NULL, 0, TURN_WAIT);
	}
	if (a->turn > 0)
		close(a->turn);
	a->turn = -1;
	return false;
}

static void peek(struct nsi_asking *a, size_t i, int fd)
{
	struct iovec part = { .iov_base = a->peek, .iov_len = NSI_PEEK_DATA };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1,
			      .msg_control = a->peek + NSI_PEEK_DATA,
			      .msg_controllen = NSI_PEEK_CONTROL };

	if (!have_turn(a)) {
		a->shared->answers[i].error = -EBUSY;
		a->shared->answers[i].stuck = true;
		return;
	}
	if (recvmsg(fd, &msg, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return;
	/* The others are behind the first message that has any: no one can see those. */
	if (look_at_all(a, i, &msg) < count_waiting(a, fd)) {
		a->shared->answers[i].error = -EMSGSIZE;
		a->shared->answers[i].stuck = true;
	}
}

/* Few have a message at any time: many are asked at once whether they do. */
static void look_into_held(struct nsi_asking *a)
{
	poll(a->held, a->held_count, 0);
	for (size_t k = 0; k < a->held_count; k++) {
		__atomic_store_n(&a->shared->at, a->held_as[k], __ATOMIC_RELEASE);
		if (may_peek(a, &a->held[k]))
			peek(a, a->held_as[k], a->held[k].fd);
		close(a->held[k].fd);
	}
	a->held_count = 0;
}

static void hold(struct nsi_asking *a, size_t i, int fd)
{
	a->held[a->held_count] = (struct pollfd){ .fd = fd, .events = POLLIN };
	a->held_as[a->held_count++] = i;
	if (a->held_count == NSI_HELD)
		look_into_held(a);
}

/* Returns 0 also where it is no socket any more, or another one. */
static int ask_socket(struct nsi_asking *a, size_t i, int fd)
{
	struct nsi_answer *answer = nsi_answer_of(a, i);
	int domain = 0, r = 0;
	socklen_t n = sizeof(domain);
	struct stat st;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) < 0) {
		drop(a, fd);
		return 0;
	}
	if (fstat(fd, &st) < 0 || st.st_ino != a->b->candidates[i].socket) {
		close(fd);
		return 0;
	}
	if (a->b->types & 1u << NSU_NET)
		r = ask_socket_ns(a, i, fd, &answer->ns);
	if (domain == AF_UNIX)
		hold(a, i, fd);
	else
		close(fd);
	return r;
}

static bool is_tun(int dir, int fd)
{
	return has_info(dir, fd, "\niff:\t", NULL);
}

/* Before a copy is taken: any file may be called so. */
static bool may_be_tun(const struct nsi_asking *a, const struct nsi_candidate *c)
{
	nsi_autoclose int process = -1, task = -1;
	char path[24];

	if (!(a->b->types & 1u << NSU_NET))
		return false;
	process = openat(a->b->ctx->proc_fd, path_of(path, "", c->pid),
			 O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process >= 0)
		task = openat(process, path_of(path, "task/", c->tid),
			      O_PATH | O_DIRECTORY | O_CLOEXEC);
	return task >= 0 && is_tun(task, c->fd);
}

static int ask_tun(struct nsi_asking *a, size_t i, int fd)
{
	int r;

	if (!is_tun(a->self, fd)) {
		drop(a, fd);
		return 0;
	}
	r = ask_ns(a, i, fd, &nsi_answer_of(a, i)->ns);
	close(fd);
	return r;
}

static int ask_one(struct nsi_asking *a, size_t i, int pidfd)
{
	const struct nsi_candidate *c = &a->b->candidates[i];
	int fd;

	if (!c->socket && !may_be_tun(a, c))
		return 0;
	fd = syscall(SYS_pidfd_getfd, pidfd, c->fd, 0);
	if (fd < 0)
		return errno == EBADF ? 0 : nsi_errno();
	a->shared->answers[i].error = c->socket ? ask_socket(a, i, fd) :
		ask_tun(a, i, fd);
	return 0;
}

static void ask_table(struct nsi_asking *a, size_t i, size_t end)
{
	const struct nsi_candidate *c = &a->b->candidates[i];
	nsi_autoclose int pidfd = -1;
	int r = 0;

	for (; i < end && r != -ESRCH; i++) {
		if (nsi_answer_of(a, i)->ns)
			continue;
		__atomic_store_n(&a->shared->at, i, __ATOMIC_RELEASE);
		if (!r && pidfd < 0) {
			pidfd = nsi_open_table(c->pid, c->tid);
			r = pidfd < 0 ? pidfd : 0;
		}
		if (!r)
			r = ask_one(a, i, pidfd);
		if (r < 0 && r != -ESRCH)
			a->shared->answers[i].error = r;
	}
}

void nsi_ask_candidates(int fd, void *data)
{
	struct nsi_asking *a = data;
	int keep[] = { fd, a->b->ctx->proc_fd };

	nsi_courier_keep(keep, ARRAY_SIZE(keep));
	a->fd = fd;
	a->self = openat(a->b->ctx->proc_fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = a->first, end; i < a->b->candidate_count; i = end) {
		end = nsi_end_of_table(a->b, i);
		ask_table(a, i, end);
		/* With none of a table that is behind it, should it be held up. */
		look_into_held(a);
	}
	__atomic_store_n(&a->shared->done, true, __ATOMIC_RELEASE);
	/* Before the end, which may take its time. */
	close(fd);
}
