/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a namespace's own file tells: its link's text and the ioctls of ioctl_ns(2). */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include "open.h"
#include "uapi.h"

int nsi_parse_link(const char *text, enum nsu_type type, uint64_t *ret)
{
	return nsi_parse_inode(text, nsu_type_get_name(type), ret);
}

int nsi_parse_inode(const char *text, const char *name, uint64_t *ret)
{
	size_t len = strlen(name);
	uint64_t inode = 0;

	if (strncmp(text, name, len) || text[len] != ':' || text[len + 1] != '[')
		return -EBADMSG;
	text += len + 2;
	if (*text < '1' || *text > '9')
		return -EBADMSG;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (inode > (UINT64_MAX - 9) / 10)
			return -EBADMSG;
		inode = inode * 10 + (*text - '0');
	}
	if (text[0] != ']' || text[1])
		return -EBADMSG;
	*ret = inode;
	return 0;
}

int nsi_nsfs_inode(int fd, uint64_t *ret_inode, dev_t *ret_dev)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return nsi_errno();
	*ret_inode = st.st_ino;
	*ret_dev = st.st_dev;
	return 0;
}

/* The kernel lacks an ioctl: ENOTTY; EINVAL is what some answer that know others. */
static bool lacks(int r)
{
	return r == -ENOTTY || r == -EINVAL;
}

/* Returns a descriptor or 0, or a negative errno; -ENODATA where it cannot be had. */
static int ask(struct nsu_ctx *ctx, int fd, enum nsu_interface what,
	       unsigned long request, void *answer)
{
	int r;

	if (!nsi_if_usable(ctx, what))
		return -ENODATA;
	r = ioctl(fd, request, answer);
	if (r < 0)
		r = nsi_errno();
	nsi_if_tell(ctx, what, !lacks(r));
	return lacks(r) ? -ENODATA : r;
}

static int ask_relation(struct nsu_ctx *ctx, int fd, unsigned long request, int *ret_fd)
{
	int r = ask(ctx, fd, NSU_IF_OWNER, request, NULL);

	if (r < 0)
		return r;
	*ret_fd = r;
	return 0;
}

void nsi_nsfs_ask(struct nsu_ctx *ctx, int fd, enum nsu_type type, struct nsi_facts *ret)
{
	const struct nsu_type_info *info = nsu_type_get_info(type);

	*ret = (struct nsi_facts){ .owner_fd = -1, .parent_fd = -1 };
	ret->id_state = ask(ctx, fd, NSU_IF_NS_ID, NS_GET_ID, &ret->id);
	ret->mntns_state = type != NSU_MNT ? -ENOENT :
		ask(ctx, fd, NSU_IF_MNTNS_ID, NS_GET_MNTNS_ID, &ret->mntns_id);
	ret->creator_state = type != NSU_USER ? -ENOENT :
		ask(ctx, fd, NSU_IF_OWNER_UID, NS_GET_OWNER_UID, &ret->creator);
	ret->parent_state = -ENOENT;
	if (info->nested)
		ret->parent_state = ask_relation(ctx, fd, NS_GET_PARENT, &ret->parent_fd);
	/* A user namespace's owner is its parent: one question answers both. */
	ret->owner_state = ret->parent_state;
	if (type != NSU_USER)
		ret->owner_state = ask_relation(ctx, fd, NS_GET_USERNS, &ret->owner_fd);
}

int nsi_ask_type(int fd, enum nsu_type *ret)
{
	int flag = ioctl(fd, NS_GET_NSTYPE);

	if (flag < 0)
		return nsi_errno();
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (nsu_type_get_info(type)->clone_flag == flag) {
			*ret = type;
			return 0;
		}
	return -EMEDIUMTYPE;	/* of a type of a newer kernel */
}

int nsi_reopen_ns(const struct nsu_ctx *ctx, int path_fd, int *ret_fd,
		  enum nsu_type *ret_type)
{
	nsi_autoclose int self = -1, fd = -1;
	enum nsu_type type;
	char name[32];
	int r;

	snprintf(name, sizeof(name), "fd/%d", path_fd);
	self = nsi_ctx_open_self(ctx);
	if (self < 0)
		return self;
	fd = openat(self, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return nsi_errno();
	r = nsi_ask_type(fd, &type);
	if (r < 0)
		return r;
	*ret_fd = fd;
	fd = -1;
	*ret_type = type;
	return 0;
}

int nsi_nsfs_id(struct nsu_ctx *ctx, int fd, uint64_t *ret)
{
	int r = ask(ctx, fd, NSU_IF_NS_ID, NS_GET_ID, ret);

	return r < 0 ? r : 0;
}

int nsi_take_ns(int fd, uint64_t inode, int *ret)
{
	uint64_t found;
	dev_t dev;
	int r;

	if (fd < 0)
		return nsi_errno();
	r = nsi_nsfs_inode(fd, &found, &dev);
	if (!r && found != inode)
		r = -ESRCH;
	if (r < 0)
		close(fd);
	else
		*ret = fd;
	return r;
}

/* struct nsfs_file_handle behind struct file_handle, include/uapi/linux/nsfs.h */
union handle {
	struct file_handle head;
	struct {
		unsigned bytes;
		int type;
		uint64_t ns_id;
		uint32_t ns_type, ns_inum;
	} ns;
};

int nsi_open_id(struct nsu_ctx *ctx, uint64_t id, int type, uint64_t inode, int *ret)
{
	union handle handle = { .ns = {
		.bytes = 16, .type = FILEID_NSFS, .ns_id = id,
		.ns_type = type < 0 ? 0 : nsu_type_get_info(type)->clone_flag,
		.ns_inum = type < 0 ? 0 : inode,
	} };
	int fd, r;

	if (!nsi_if_usable(ctx, NSU_IF_NSFS_HANDLE))
		return -EOPNOTSUPP;
	fd = open_by_handle_at(FD_NSFS_ROOT, &handle.head, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? nsi_errno() : 0;
	/* A kernel without it takes the descriptor for one, and there is none such. */
	if (r == -EBADF || r == -EOPNOTSUPP || r == -ENOSYS) {
		nsi_if_tell(ctx, NSU_IF_NSFS_HANDLE, false);
		return -EOPNOTSUPP;
	}
	if (!r || r == -ESTALE)
		nsi_if_tell(ctx, NSU_IF_NSFS_HANDLE, true);
	if (!r && type >= 0)
		return nsi_take_ns(fd, inode, ret);
	if (!r)
		*ret = fd;
	return r == -ESTALE ? -ESRCH : r;
}
