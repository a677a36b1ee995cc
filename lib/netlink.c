/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include "netlink.h"

/* A link's alternative names alone may fill a message of 64 KiB. */
#define BUFFER		(128 << 10)
#define PATIENCE	1		/* s until the next message */
#define LIMIT		5		/* s for one question */
#define TRIES		10
#define REPEATING	10		/* s for all repeated dumps, of all namespaces */

/*
 * Connected to the kernel: root of that network namespace may write to any netlink socket
 * in it, and could answer in the kernel's place.
 */
static int prepare(int fd)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int on = 1;

	/* Of Linux 4.3, 4.12 and 4.20, and but a help. */
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return nsi_errno();
	if (connect(fd, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return nsi_errno();
	return 0;
}

void nsi_nl_hang_up(struct nsi_nl *nl)
{
	nsi_closep(&nl->fd);
	nl->fd = -1;
}

int nsi_nl_open(struct nsi_nl *nl, const struct nsu_ctx *ctx, int take_fd)
{
	int r = prepare(take_fd);

	nsi_nl_hang_up(nl);
	nl->ctx = ctx;
	nl->fd = take_fd;
	if (!r && !nl->buf) {
		nl->buf = malloc(BUFFER);
		r = nl->buf ? 0 : -ENOMEM;
	}
	if (r < 0)
		nsi_nl_close(nl);
	return r;
}

void nsi_nl_close(struct nsi_nl *nl)
{
	if (nl->fd >= 0)
		close(nl->fd);
	free(nl->buf);
	*nl = (struct nsi_nl){ .fd = -1 };
}

void *nsi_nl_put(char *buf, unsigned type, unsigned flags, size_t body)
{
	struct nlmsghdr *head = mnl_nlmsg_put_header(buf);

	head->nlmsg_type = type;
	head->nlmsg_flags = NLM_F_REQUEST | flags;
	return mnl_nlmsg_put_extra_header(head, body);
}

/* The length of what came; 0: not from the kernel, sent before we were connected. */
static ssize_t receive(struct nsi_nl *nl)
{
	struct sockaddr_nl from = { 0 };
	struct iovec part = { .iov_base = nl->buf, .iov_len = BUFFER };
	struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from),
			      .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n = recvmsg(nl->fd, &msg, 0);

	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : nsi_errno();
	if (msg.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	return from.nl_pid ? 0 : n;
}

struct question {
	nsi_nl_fn *each;
	void *data;
	bool done, changed;
};

static int find_message(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		*(const char **)data = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

/* The last message: NLMSG_ERROR, or NLMSG_DONE, which may bear an error too. */
static int take_end(const struct nsi_nl *nl, const struct nlmsghdr *head)
{
	const char *why = NULL;
	size_t fixed = sizeof(int);
	int error;

	if (mnl_nlmsg_get_payload_len(head) < sizeof(error))
		return head->nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	memcpy(&error, mnl_nlmsg_get_payload(head), sizeof(error));
	if (error >= 0)
		return 0;
	if (head->nlmsg_type == NLMSG_ERROR)
		fixed = sizeof(struct nlmsgerr);
	if (head->nlmsg_flags & NLM_F_ACK_TLVS &&
	    (head->nlmsg_type == NLMSG_DONE || head->nlmsg_flags & NLM_F_CAPPED) &&
	    mnl_nlmsg_get_payload_len(head) >= fixed)
		mnl_attr_parse(head, fixed, find_message, &why);
	if (why)
		nsi_log_errno(nl->ctx, NSU_LOG_DEBUG, error, "netlink: %s", why);
	return error;
}

static int take(struct nsi_nl *nl, int length, struct question *q)
{
	const struct nlmsghdr *head = (const struct nlmsghdr *)nl->buf;
	int r = 0;

	for (; !q->done && !r && mnl_nlmsg_ok(head, length);
	     head = mnl_nlmsg_next(head, &length)) {
		/* The rest of an answer to what was asked before. */
		if (head->nlmsg_seq != nl->seq)
			continue;
		q->changed |= head->nlmsg_flags & NLM_F_DUMP_INTR;
		switch (head->nlmsg_type) {
		case NLMSG_NOOP:
			break;
		case NLMSG_OVERRUN:
			q->changed = true;
			break;
		case NLMSG_ERROR:
		case NLMSG_DONE:
			q->done = true;
			r = take_end(nl, head);
			break;
		default:
			q->done = !(head->nlmsg_flags & NLM_F_MULTI);
			r = q->each(head, q->data);
		}
	}
	return r;
}

static time_t now(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

int nsi_nl_ask(struct nsi_nl *nl, char *buf, nsi_nl_fn *each, void *data)
{
	struct nlmsghdr *head = (struct nlmsghdr *)buf;
	struct question q = { .each = each, .data = data };
	time_t end = now() + LIMIT;
	int r = 0;

	head->nlmsg_seq = ++nl->seq;
	if (send(nl->fd, buf, head->nlmsg_len, MSG_NOSIGNAL) < 0)
		return nsi_errno();
	while (!q.done && !r) {
		ssize_t n = receive(nl);

		/* What did not fit was dropped: the end comes all the same. */
		if (n == -ENOBUFS)
			q.changed = true;
		else if (n < 0 && n != -EINTR)
			r = n;
		else if (n > 0)
			r = take(nl, n, &q);
		if (!r && !q.done && now() > end)
			r = -ETIMEDOUT;
	}
	return r ? r : q.changed ? -EINTR : 0;
}

int nsi_nl_dump(struct nsi_nl *nl, char *buf, nsi_nl_fn *each, void *data, size_t *count)
{
	size_t before = *count;
	time_t begin = 0;
	int r = -EINTR;

	/* Who changes what he has all the time does not let all others wait. */
	for (int i = 0; i < TRIES && r == -EINTR; i++) {
		if (i == 1)
			begin = now();
		if (i && nl->repeated + now() - begin >= REPEATING)
			break;
		*count = before;
		r = nsi_nl_ask(nl, buf, each, data);
	}
	nl->repeated += begin ? now() - begin : 0;
	return r == -EINTR ? -EAGAIN : r;
}

static int find_nsid(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NETNSA_NSID &&
	    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
		*(int *)data = (int)mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int take_nsid(const struct nlmsghdr *head, void *data)
{
	if (head->nlmsg_type == RTM_NEWNSID)
		mnl_attr_parse(head, sizeof(struct rtgenmsg), find_nsid, data);
	return 0;
}

int nsi_nl_get_nsid(struct nsi_nl *nl, int netns)
{
	char buf[NSI_NL_REQUEST] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct rtgenmsg *body = nsi_nl_put(buf, RTM_GETNSID, 0, sizeof(*body));
	int nsid = -1, r;

	body->rtgen_family = AF_UNSPEC;
	mnl_attr_put_u32((struct nlmsghdr *)buf, NETNSA_FD, netns);
	r = nsi_nl_ask(nl, buf, take_nsid, &nsid);
	if (r < 0)
		return r;
	return nsid < 0 ? -ENOENT : nsid;
}
