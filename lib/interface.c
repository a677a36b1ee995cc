/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of the newer kernel interfaces are there: learnt by using them. */
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "nsi.h"
#include "open.h"
#include "sockets.h"
#include "uapi.h"

static const char *const names[NSU_INTERFACE_COUNT] = {
	[NSU_IF_NS_ID] = "ns-id",
	[NSU_IF_MNTNS_ID] = "mntns-id",
	[NSU_IF_OWNER] = "owner",
	[NSU_IF_OWNER_UID] = "owner-uid",
	[NSU_IF_TASK_NLINK] = "task-nlink",
	[NSU_IF_NSPID] = "nspid",
	[NSU_IF_PIDFD] = "pidfd",
	[NSU_IF_PIDFS_INODE] = "pidfs-inode",
	[NSU_IF_SETNS_PIDFD] = "setns-pidfd",
	[NSU_IF_LISTNS] = "listns",
	[NSU_IF_NSFS_HANDLE] = "nsfs-handle",
	[NSU_IF_STATMOUNT] = "statmount",
	[NSU_IF_MNT_NEXT] = "mnt-next",
	[NSU_IF_PIDFD_GETFD] = "pidfd-getfd",
	[NSU_IF_SOCKET_NS] = "socket-ns",
	[NSU_IF_NETNS_COOKIE] = "netns-cookie",
	[NSU_IF_KCMP] = "kcmp",
};

const char *nsu_interface_get_name(enum nsu_interface what)
{
	return (unsigned)what < NSU_INTERFACE_COUNT ? names[what] : NULL;
}

enum nsu_interface_state nsu_ctx_get_interface(const struct nsu_ctx *ctx,
					       enum nsu_interface what)
{
	if (!ctx || (unsigned)what >= NSU_INTERFACE_COUNT)
		return NSU_IF_UNTRIED;
	return ctx->interface[what];
}

bool nsi_if_usable(const struct nsu_ctx *ctx, enum nsu_interface what)
{
	return ctx->interface[what] <= NSU_IF_PRESENT;
}

void nsi_if_tell(struct nsu_ctx *ctx, enum nsu_interface what, bool present)
{
	if (ctx->interface[what] != NSU_IF_UNTRIED)
		return;
	ctx->interface[what] = present ? NSU_IF_PRESENT : NSU_IF_ABSENT;
	nsi_log(ctx, NSU_LOG_DEBUG, "interface %s: %s", names[what],
		present ? "present" : "absent");
}

int nsi_if_disable(struct nsu_ctx *ctx, const char *words)
{
	while (words && *words) {
		size_t len = strcspn(words, ","), i;

		for (i = 0; i < NSU_INTERFACE_COUNT; i++)
			if (strlen(names[i]) == len && !strncmp(names[i], words, len))
				break;
		if (i == NSU_INTERFACE_COUNT)
			return -EINVAL;
		ctx->interface[i] = NSU_IF_DISABLED;
		words += len + (words[len] == ',');
	}
	return 0;
}

static int open_own(const struct nsu_ctx *ctx, int self, enum nsu_type type)
{
	char path[32] = "ns/";

	/* In a tree of plain files it may be anything, such as a FIFO. */
	if (!ctx->procfs.real)
		return -1;
	return openat(self, strcat(path, nsu_type_get_name(type)), O_RDONLY | O_CLOEXEC);
}

static void probe_own(struct nsu_ctx *ctx, int self, enum nsu_type type)
{
	nsi_autoclose int fd = open_own(ctx, self, type);
	struct nsi_facts facts;

	if (fd < 0)
		return;
	nsi_nsfs_ask(ctx, fd, type, &facts);
	if (facts.owner_fd >= 0)
		close(facts.owner_fd);
	if (facts.parent_fd >= 0)
		close(facts.parent_fd);
}

static void probe_pidfd(struct nsu_ctx *ctx)
{
	nsi_autoclose int fd = -1;
	struct statfs fs;

	if (!nsi_if_usable(ctx, NSU_IF_PIDFD))
		return;
	fd = syscall(SYS_pidfd_open, getpid(), 0);
	if (fd >= 0 || errno == ENOSYS)
		nsi_if_tell(ctx, NSU_IF_PIDFD, fd >= 0);
	if (fd >= 0 && !fstatfs(fd, &fs))
		nsi_if_tell(ctx, NSU_IF_PIDFS_INODE, fs.f_type == PID_FS_MAGIC);
	if (fd < 0 && nsi_if_usable(ctx, NSU_IF_SETNS_PIDFD))
		nsi_if_tell(ctx, NSU_IF_SETNS_PIDFD, false);
	/* Into what the caller is in already. A kernel without it takes the pidfd for a
	   file that is no namespace; who may not do it is told so by one that has it. */
	if (fd >= 0 && nsi_if_usable(ctx, NSU_IF_SETNS_PIDFD))
		nsi_if_tell(ctx, NSU_IF_SETNS_PIDFD,
			    !setns(fd, CLONE_NEWUTS) || errno != EINVAL);
}

/* `lacks`: the errno of a kernel without it, beside ENOSYS and ENOTTY; any other refusal
   comes from one that has it. */
static void tell(struct nsu_ctx *ctx, enum nsu_interface what, long r, int lacks)
{
	nsi_if_tell(ctx, what, r >= 0 || (errno != ENOSYS && errno != ENOTTY &&
					  errno != lacks));
}

static void probe_mounts(struct nsu_ctx *ctx, int self)
{
	nsi_autoclose int fd = open_own(ctx, self, NSU_MNT);
	nsi_autoclose int next = -1;
	struct nsi_mnt_id_req req = { .size = sizeof(req), .mnt_id = LSMT_ROOT };
	struct mnt_ns_info info = { .size = sizeof(info) };
	uint64_t id;

	if (fd < 0)
		return;
	next = ioctl(fd, NS_MNT_GET_NEXT, &info);
	tell(ctx, NSU_IF_MNT_NEXT, next, EINVAL);
	/* The id came with the calls that take one. */
	if (ioctl(fd, NS_GET_MNTNS_ID, &req.mnt_ns_id) < 0)
		nsi_if_tell(ctx, NSU_IF_STATMOUNT, false);
	else
		tell(ctx, NSU_IF_STATMOUNT, syscall(SYS_listmount, &req, &id, 1, 0),
		     E2BIG);
}

static void probe_handle(struct nsu_ctx *ctx, int self)
{
	nsi_autoclose int fd = open_own(ctx, self, NSU_NET);
	nsi_autoclose int found = -1;
	uint64_t id, inode;
	dev_t dev;

	if (fd < 0 || nsi_nsfs_inode(fd, &inode, &dev) < 0)
		return;
	if (ioctl(fd, NS_GET_ID, &id) < 0)
		nsi_if_tell(ctx, NSU_IF_NSFS_HANDLE, false);
	else
		nsi_open_id(ctx, id, NSU_NET, inode, &found);
}

static void probe_kcmp(struct nsu_ctx *ctx)
{
	pid_t self = getpid();
	long r;

	if (!nsi_if_usable(ctx, NSU_IF_KCMP))
		return;
	r = syscall(SYS_kcmp, self, self, KCMP_FILES, 0L, 0L);
	/* EPERM: seccomp(2) guards it. */
	nsi_if_tell(ctx, NSU_IF_KCMP, r >= 0 || errno != ENOSYS);
}

static void probe_proc(struct nsu_ctx *ctx, int self)
{
	pid_t pids[NSI_MAX_LEVELS];
	struct stat st;
	int n = nsi_read_nspid(self, "status", pids);

	if (n > 0 || n == -ENODATA)
		nsi_if_tell(ctx, NSU_IF_NSPID, n > 0);
	/* A thread's directory has none, but stands in it. */
	if (!fstatat(self, "task", &st, 0) || !fstatat(self, "..", &st, 0))
		nsi_if_tell(ctx, NSU_IF_TASK_NLINK, st.st_nlink > 2);
}

int nsu_ctx_probe(struct nsu_ctx *ctx)
{
	nsi_autoclose int self = -1;
	uint64_t cookie;

	if (!ctx)
		return -EINVAL;
	probe_pidfd(ctx);
	probe_kcmp(ctx);
	nsi_sockets_check(ctx, &cookie);
	tell(ctx, NSU_IF_LISTNS, syscall(SYS_listns, NULL, NULL, 0, 0), 0);
	self = nsi_ctx_open_self(ctx);
	if (self < 0)
		return 0;
	probe_own(ctx, self, NSU_MNT);
	probe_own(ctx, self, NSU_USER);
	probe_mounts(ctx, self);
	probe_handle(ctx, self);
	probe_proc(ctx, self);
	return 0;
}
