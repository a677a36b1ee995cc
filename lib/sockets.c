/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network namespaces that sockets and tun devices hold, and namespaces in messages. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "courier.h"
#include "sockets.h"
#include "uapi.h"
#include "walk.h"

/* A child that makes no step for so many milliseconds is held up: at first there may be
   other reasons, but who sets such traps shall not hold up the scan for long. */
#define PATIENCE	1000
#define LITTLE_PATIENCE	100
#define LOOKS		4	/* at its progress in that time */
#define PATIENT_FOR	4	/* children */
#define MAX_CHILDREN	64

/* -EPERM: there is such a call, but not for us (seccomp(2)). */
static int check_getfd(struct nsu_ctx *ctx)
{
	nsi_autoclose int pidfd = -1, fd = -1;
	int r = -ENOSYS;

	if (nsi_if_usable(ctx, NSU_IF_PIDFD)) {
		pidfd = syscall(SYS_pidfd_open, getpid(), 0);
		r = pidfd < 0 ? nsi_errno() : 0;
		if (!r || r == -ENOSYS)
			nsi_if_tell(ctx, NSU_IF_PIDFD, !r);
	}
	if (!nsi_if_usable(ctx, NSU_IF_PIDFD_GETFD))
		return -ENOSYS;
	if (!r) {
		fd = syscall(SYS_pidfd_getfd, pidfd, ctx->proc_fd, 0);
		r = fd < 0 ? nsi_errno() : 0;
	}
	if (!r || r == -ENOSYS)
		nsi_if_tell(ctx, NSU_IF_PIDFD_GETFD, !r);
	return r;
}

static int check_socket(struct nsu_ctx *ctx, uint64_t *ret_cookie)
{
	nsi_autoclose int fd = -1, ns = -1;
	uint64_t cookie = 0;
	socklen_t n = sizeof(cookie);
	int r;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return nsi_errno();
	if (nsi_if_usable(ctx, NSU_IF_NETNS_COOKIE)) {
		r = getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &n);
		nsi_if_tell(ctx, NSU_IF_NETNS_COOKIE, !r);
	}
	if (!nsi_if_usable(ctx, NSU_IF_SOCKET_NS))
		return -ENOSYS;
	ns = ioctl(fd, SIOCGSKNS);
	r = ns < 0 ? nsi_errno() : 0;
	if (nsi_is_fatal(r))
		return r;
	/* EPERM: it has it, but answers only who has CAP_NET_ADMIN there. */
	nsi_if_tell(ctx, NSU_IF_SOCKET_NS, !r || r == -EPERM);
	*ret_cookie = cookie;
	return nsi_if_usable(ctx, NSU_IF_SOCKET_NS) ? 0 : -ENOSYS;
}

int nsi_sockets_check(struct nsu_ctx *ctx, uint64_t *ret_cookie)
{
	int getfd = check_getfd(ctx), r = check_socket(ctx, ret_cookie);

	return getfd < 0 ? getfd : r;
}

/*
 * Cookies that are known without asking: that of the caller's own network namespace; and
 * if that is also its id (Linux 6.18), the ids of all others. Then also who may not use
 * SIOCGSKNS learns most.
 */
static int learn_cookies(struct nsi_asking *a, uint64_t own)
{
	const struct nsu_snapshot *snap = a->b->snap;
	nsi_autoclose int self = nsi_ctx_open_self(a->b->ctx);
	uint64_t inode = 0;
	char text[64];
	uint32_t index;
	ssize_t n;
	int r = 0;

	if (!own || self < 0)
		return 0;
	n = readlinkat(self, "ns/net", text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	if (nsi_parse_link(text, NSU_NET, &inode) < 0 || inode >= NSI_NONE)
		return 0;
	r = nsi_idmap_add(&a->cookies, own, inode);
	index = nsi_idmap_find(&a->b->inodes, inode);
	if (index == NSI_NONE || snap->ns[index].id_state || snap->ns[index].id != own)
		return r;
	for (size_t i = 0; i < snap->ns_count && !r; i++) {
		const struct nsu_ns *ns = &snap->ns[i];

		if (ns->type == NSU_NET && !ns->id_state && ns->id &&
		    ns->inode < NSI_NONE)
			r = nsi_idmap_add(&a->cookies, ns->id, ns->inode);
	}
	return r;
}

static int prepare(struct nsi_asking *a, uint64_t cookie)
{
	const struct nsi_builder *b = a->b;
	size_t count = b->candidate_count;
	void *shared;
	int r = 0;

	if (count >= NSI_NONE)
		return -ENOMEM;
	a->peek = malloc(NSI_PEEK_DATA + NSI_PEEK_CONTROL);
	if (!a->peek)
		return -ENOMEM;
	a->shared_size = sizeof(*a->shared) + count * sizeof(*a->shared->answers);
	shared = mmap(NULL, a->shared_size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return nsi_errno();
	a->shared = shared;
	for (size_t i = 0; i < count && !r; i++)
		if (b->candidates[i].socket && nsi_idmap_find(&a->sockets,
		    b->candidates[i].socket) == NSI_NONE)
			r = nsi_idmap_add(&a->sockets, b->candidates[i].socket, i);
	if (!r)
		r = learn_cookies(a, cookie);
	if (!r)
		r = nsi_idmap_reserve(&a->cookies, a->cookies.count + count);
	if (!r)
		r = nsi_idmap_reserve(&a->sent, count);
	return r;
}

static void release(struct nsi_asking *a)
{
	if (a->shared)
		munmap(a->shared, a->shared_size);
	nsi_idmap_free(&a->sockets);
	nsi_idmap_free(&a->cookies);
	nsi_idmap_free(&a->sent);
	free(a->peek);
}

static int add_keeper(struct nsi_builder *b, size_t i, uint32_t ns,
		      enum nsu_holder_kind kind)
{
	const struct nsi_candidate *c = &b->candidates[i];
	struct nsi_keeper keeper = {
		.ns = ns, .kind = kind, .pid = c->pid, .tid = c->tid, .fd = c->fd,
		.socket = c->socket, .in = NSI_NONE,
	};

	return nsi_builder_add_keeper(b, &keeper, NULL);
}

static int take_word(struct nsi_builder *b, const struct nsi_word *word,
		     const struct nsi_parcel *parcel)
{
	uint64_t inode = word->ns;
	uint32_t index;
	int r = 0;

	if (parcel->length < sizeof(*word))
		return 0;
	if (parcel->fd_count)
		r = nsi_nsfs_inode(parcel->fds[0], &inode, &b->snap->device);
	if (!r)
		r = nsi_builder_add_ns(b, word->type, inode, &index);
	if (!r && parcel->fd_count && !b->snap->ns[index].asked)
		r = nsi_builder_ask(b, index, parcel->fds[0]);
	if (!r && word->in_message)
		r = add_keeper(b, word->candidate, index, NSU_HOLDER_MESSAGE);
	return r;
}

static int listen_to(struct nsi_asking *a, struct nsi_courier *courier, int patience)
{
	size_t last = a->first, at;
	struct nsi_parcel parcel;
	struct nsi_word word;
	int idle = 0;

	for (;;) {
		int r = nsi_courier_receive(courier, &word, sizeof(word), &parcel,
					    patience / LOOKS);

		if (nsi_builder_cancelled(a->b)) {
			if (r > 0)
				nsi_parcel_close(&parcel);
			return -ECANCELED;
		}
		if (r > 0) {
			r = take_word(a->b, &word, &parcel);
			nsi_parcel_close(&parcel);
			if (r < 0)
				return r;
			idle = 0;
			continue;
		}
		/* Someone may have ended it. */
		if (!r && !__atomic_load_n(&a->shared->done, __ATOMIC_ACQUIRE))
			return -EIO;
		if (!r)
			return 0;
		at = __atomic_load_n(&a->shared->at, __ATOMIC_ACQUIRE);
		idle = at == last ? idle + 1 : 0;
		if (r != -ETIMEDOUT || idle == LOOKS)
			return r;
		last = at;
	}
}

/* What the child was with, and the rest of that table, stays unknown. */
static void give_up(struct nsi_asking *a, size_t from, size_t end, int error)
{
	a->shared->answers[from].stuck = true;
	for (size_t i = from; i < end; i++)
		if (!a->shared->answers[i].error)
			a->shared->answers[i].error = error;
	a->first = end;
}

static int ask_all(struct nsi_asking *a)
{
	size_t count = a->b->candidate_count;
	struct nsi_courier courier;
	int r = 0;

	for (int i = 0; a->first < count && i < MAX_CHILDREN; i++) {
		a->shared->at = a->first;
		r = nsi_courier_start(a->b->ctx, &courier, nsi_ask_candidates, a);
		if (r < 0)
			break;
		r = listen_to(a, &courier, i < PATIENT_FOR ? PATIENCE : LITTLE_PATIENCE);
		nsi_courier_end(&courier);
		if (!r || nsi_is_fatal(r))
			return r;
		give_up(a, a->shared->at, nsi_end_of_table(a->b, a->shared->at), r);
	}
	if (nsi_is_fatal(r))
		return r;
	if (a->first < count)
		give_up(a, a->first, count, r);
	return 0;
}

/* The first error of a table for which something of it stays unknown. */
static int error_of(const struct nsi_asking *a, size_t i, size_t end)
{
	for (; i < end; i++) {
		const struct nsi_answer *answer = &a->shared->answers[i];

		if (answer->error && (answer->stuck || !nsi_answer_of(a, i)->ns))
			return answer->error;
	}
	return 0;
}

/* Tables and tasks come in the same order: one way through both will do. */
static bool was_read(const struct nsu_snapshot *snap, pid_t pid, size_t *at)
{
	for (size_t i = *at; i < snap->task_count; i++) {
		if (snap->tasks[i].tid != pid || snap->tasks[i].pid != pid)
			continue;
		*at = i;
		return !snap->tasks[i].error;
	}
	return true;
}

static int add_gaps(struct nsi_asking *a)
{
	struct nsi_builder *b = a->b;
	size_t task = 0;
	pid_t last = 0;
	int r = 0;

	for (size_t i = 0, end; i < b->candidate_count && !r; i = end) {
		const struct nsi_candidate *c = &b->candidates[i];
		char path[48];
		int error;

		end = nsi_end_of_table(b, i);
		error = error_of(a, i, end);
		snprintf(path, sizeof(path), "%d/task/%d", c->pid, c->tid);
		if (!error || faccessat(b->ctx->proc_fd, path, F_OK, 0) < 0)
			continue;
		b->snap->totals.sockets_unread += c->pid != last;
		last = c->pid;
		if (was_read(b->snap, c->pid, &task))
			r = nsi_builder_add_gap(b, c->pid, c->tid, "sockets", error);
	}
	return r;
}

static int add_keepers(struct nsi_asking *a)
{
	struct nsi_builder *b = a->b;
	int r = 0;

	for (size_t i = 0; i < b->candidate_count && !r; i++) {
		uint64_t inode = nsi_answer_of(a, i)->ns;
		uint32_t index;

		if (!inode)
			continue;
		r = nsi_builder_add_ns(b, NSU_NET, inode, &index);
		if (!r)
			r = add_keeper(b, i, index, b->candidates[i].socket ?
				       NSU_HOLDER_SOCKET : NSU_HOLDER_TUN);
	}
	return r;
}

int nsi_scan_sockets(struct nsi_builder *b)
{
	struct nsi_asking a = { .b = b };
	uint64_t cookie = 0;
	int r = -EOPNOTSUPP;

	if (b->ctx->procfs.own_pids)
		r = nsi_sockets_check(b->ctx, &cookie);
	if (nsi_is_fatal(r))
		return r;
	if (r < 0 || !b->candidate_count)
		return nsi_builder_tell_source(b, "sockets", r);
	a.device = nsi_nsfs_device(b);
	r = prepare(&a, cookie);
	if (!r)
		r = ask_all(&a);
	if (!r)
		r = add_keepers(&a);
	if (!r)
		r = add_gaps(&a);
	release(&a);
	return r < 0 ? r : nsi_builder_tell_source(b, "sockets", 0);
}
