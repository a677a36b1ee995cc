/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The number that the caller's network namespace has for another: rtnetlink(7). */
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include "nsi.h"

static int each_attribute(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NETNSA_NSID &&
	    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
		*(int *)data = (int)mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int take_answer(const struct nlmsghdr *head, void *data)
{
	mnl_attr_parse(head, sizeof(struct rtgenmsg), each_attribute, data);
	return MNL_CB_STOP;
}

/* Receives until the answer with our number and port came; errors are negative errnos. */
static int exchange(struct mnl_socket *sock, struct nlmsghdr *head, char *buf,
		    size_t size, int *nsid)
{
	unsigned seq = head->nlmsg_seq, port = mnl_socket_get_portid(sock);
	ssize_t n;
	int r;

	if (mnl_socket_sendto(sock, head, head->nlmsg_len) < 0)
		return nsi_errno();
	n = mnl_socket_recvfrom(sock, buf, size);
	if (n < 0)
		return nsi_errno();
	r = mnl_cb_run(buf, n, seq, port, take_answer, nsid);
	return r < 0 ? nsi_errno() : 0;
}

static int ask(int netns)
{
	char buf[1024] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *head = mnl_nlmsg_put_header(buf);
	struct mnl_socket *sock;
	struct rtgenmsg *body;
	int nsid = -1, r;

	sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!sock)
		return nsi_errno();
	head->nlmsg_type = RTM_GETNSID;
	head->nlmsg_flags = NLM_F_REQUEST;
	head->nlmsg_seq = 1;
	body = mnl_nlmsg_put_extra_header(head, sizeof(*body));
	body->rtgen_family = AF_UNSPEC;
	mnl_attr_put_u32(head, NETNSA_FD, netns);
	r = mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0 ? nsi_errno() :
		exchange(sock, head, buf, sizeof(buf), &nsid);
	mnl_socket_close(sock);
	if (r < 0)
		return r;
	return nsid < 0 ? -ENOENT : nsid;
}

/* A task may have moved or ended since the scan: the identity decides. */
static int open_by_task(const struct nsu_ns *net, const struct nsu_task *task)
{
	nsi_autoclose int dir = nsi_task_open(task);
	uint64_t inode;
	dev_t dev;
	int fd, r;

	if (dir < 0)
		return dir;
	fd = openat(dir, "ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : nsi_errno();
	r = nsi_nsfs_inode(fd, &inode, &dev);
	if (r < 0 || inode != net->inode) {
		close(fd);
		return r < 0 ? r : -ESRCH;
	}
	return fd;
}

int nsu_ns_read_nsid(const struct nsu_ns *net, int *ret)
{
	nsi_autoclose int fd = -ENODATA;
	int r;

	if (!net || !ret || net->type != NSU_NET)
		return -EINVAL;
	if (!net->snap->ctx->procfs.real)
		return -ENODATA;
	for (size_t i = 0; i < net->tasks.count && fd < 0; i++)
		fd = open_by_task(net, nsu_ns_get_task(net, i));
	if (fd < 0)
		return fd;
	r = ask(fd);
	if (r < 0)
		return r;
	*ret = r;
	return 0;
}
