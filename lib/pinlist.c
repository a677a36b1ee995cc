/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which namespaces are mounted somewhere in a mount namespace. */
#include <string.h>
#include "open.h"
#include "uapi.h"

#define IDS		1024	/* of mounts, at a time */
#define MAX_CLIMB	64	/* roots below the one that is seen */
#define FIRST_SIZE	(16 << 10)
#define LAST_SIZE	(256 << 10)

void nsi_pins_free(struct nsi_pins *pins)
{
	for (size_t i = 0; i < pins->count; i++)
		free(pins->pin[i].path);
	free(pins->pin);
	*pins = (struct nsi_pins){ 0 };
}

static int add_pin(struct nsi_pins *pins, enum nsu_type type, uint64_t inode,
		   const char *path)
{
	struct nsi_pin *pin;
	int r = nsi_grow((void **)&pins->pin, &pins->size, pins->count,
			 sizeof(*pins->pin));

	if (r < 0)
		return r;
	pin = &pins->pin[pins->count];
	*pin = (struct nsi_pin){ .inode = inode, .type = type };
	if (path && pins->bytes >= NSI_PATHS_LIMIT) {
		pins->cut = true;
	} else if (path) {
		pins->bytes += strlen(path) + 1;
		pin->path = strdup(path);
		if (!pin->path)
			return -ENOMEM;
	}
	pins->count++;
	return 0;
}

int nsi_pins_by_mountinfo(int fd, struct nsi_pins *ret)
{
	struct nsu_binds *binds;
	char *text = NULL;
	ssize_t n = nsi_read_all(fd, NSI_MOUNTS_LIMIT, &text);
	int r;

	if (n < 0)
		return n;
	if (n == NSI_MOUNTS_LIMIT) {
		free(text);
		return -EFBIG;
	}
	ret->rooted = nsi_has_root_mount(text);
	r = nsi_binds_parse(text, &binds);
	if (r < 0)
		return r;
	for (size_t i = 0; i < nsu_binds_count(binds) && !r; i++) {
		const struct nsu_bind *bind = nsu_binds_get(binds, i);

		r = add_pin(ret, bind->type, bind->inode, bind->path);
	}
	nsu_binds_free(binds);
	return r;
}

struct list {
	struct nsu_ctx *ctx;
	uint64_t ns;
	struct nsi_statmount *mount;	/* room for an answer */
	size_t size;
	struct nsi_pins *pins;
};

static int stat_mount(struct list *list, uint64_t id, uint64_t mask)
{
	struct nsi_mnt_id_req req = { .size = sizeof(req), .mnt_id = id, .param = mask,
				      .mnt_ns_id = list->ns };

	if (syscall(SYS_statmount, &req, list->mount, list->size, 0) < 0)
		return nsi_errno();
	return (list->mount->mask & mask) == mask ? 0 : -ENODATA;
}

static ssize_t list_mounts(struct list *list, uint64_t below, uint64_t after,
			   uint64_t *ids, size_t count)
{
	struct nsi_mnt_id_req req = { .size = sizeof(req), .mnt_id = below,
				      .param = after, .mnt_ns_id = list->ns };
	long n = syscall(SYS_listmount, &req, ids, count, 0);

	return n < 0 ? nsi_errno() : n;
}

/* A text of the answer; NULL where it is none. */
static const char *text_at(const struct list *list, uint64_t field, uint32_t offset)
{
	size_t room = list->size - sizeof(*list->mount);

	if (!(list->mount->mask & field) || offset >= room ||
	    !memchr(list->mount->str + offset, '\0', room - offset))
		return NULL;
	return list->mount->str + offset;
}

/* The texts of a mount; of one that lies below no root the path is not there. */
static int read_texts(struct list *list, uint64_t id)
{
	int r;

	do {
		struct nsi_statmount *more;

		r = stat_mount(list, id, STATMOUNT_MNT_ROOT | STATMOUNT_MNT_POINT);
		if (r != -EOVERFLOW || list->size >= LAST_SIZE)
			break;
		more = realloc(list->mount, list->size * 4);
		if (!more)
			return -ENOMEM;
		list->mount = more;
		list->size *= 4;
	} while (1);
	if (r == -EOVERFLOW)
		r = stat_mount(list, id, STATMOUNT_MNT_ROOT);
	return r == -ENODATA ? 0 : r;
}

static int take_mount(struct list *list, uint64_t id)
{
	const char *root, *path;
	uint64_t inode;
	int r = stat_mount(list, id, STATMOUNT_SB_BASIC);

	if (!r && list->mount->sb_magic != NSFS_MAGIC)
		return 0;
	if (!r)
		r = read_texts(list, id);
	if (r < 0)	/* unmounted meanwhile */
		return r == -ENOENT || r == -ENODATA ? 0 : r;
	root = text_at(list, STATMOUNT_MNT_ROOT, list->mount->mnt_root);
	path = text_at(list, STATMOUNT_MNT_POINT, list->mount->mnt_point);
	for (unsigned type = 0; root && type < NSU_TYPE_COUNT; type++)
		if (!nsi_parse_link(root, type, &inode))
			return add_pin(list->pins, type, inode,
				       path && *path ? path : NULL);
	return 0;
}

/*
 * The mount that all others lie below. What is seen from the root may be not all: the
 * namespace's own root has been covered, and more may be mounted on that.
 */
static int find_top(struct list *list, uint64_t *ret)
{
	uint64_t id = 0, top = LSMT_ROOT;
	ssize_t n = list_mounts(list, LSMT_ROOT, 0, &id, 1);

	if (n < 0)
		return n;
	for (int i = 0; n && i < MAX_CLIMB; i++) {
		if (stat_mount(list, id, STATMOUNT_MNT_BASIC) < 0)
			break;
		top = id;
		if (list->mount->mnt_parent_id == id)
			break;
		id = list->mount->mnt_parent_id;
	}
	if (top != LSMT_ROOT && list_mounts(list, top, 0, &id, 1) < 0)
		top = LSMT_ROOT;
	*ret = top;
	return 0;
}

static int take_all(struct list *list, uint64_t *ids)
{
	uint64_t top = 0, last = 0;
	ssize_t n;
	int r = find_top(list, &top);

	if (r < 0)
		return r;
	do {
		n = list_mounts(list, top, last, ids, IDS);
		for (ssize_t i = 0; i < n; i++) {
			r = take_mount(list, ids[i]);
			if (r < 0)
				return r;
		}
		last = n > 0 ? ids[n - 1] : 0;
	} while (n == IDS);
	return n < 0 ? n : 0;
}

int nsi_pins_by_id(struct nsu_ctx *ctx, uint64_t mntns_id, struct nsi_pins *ret)
{
	struct list list = { .ctx = ctx, .ns = mntns_id, .size = FIRST_SIZE };
	struct nsi_pins pins = { 0 };
	uint64_t *ids;
	int r = -ENOMEM;

	if (!nsi_if_usable(ctx, NSU_IF_STATMOUNT))
		return -ENOSYS;
	ids = calloc(IDS, sizeof(*ids));
	list.mount = calloc(1, list.size);
	list.pins = &pins;
	if (ids && list.mount)
		r = take_all(&list, ids);
	free(list.mount);
	free(ids);
	/* A kernel that knows no ids of mount namespaces yet. */
	if (r == -EINVAL || r == -E2BIG)
		r = -ENOSYS;
	if (r != -ENOMEM)
		nsi_if_tell(ctx, NSU_IF_STATMOUNT, r != -ENOSYS);
	if (r < 0) {
		nsi_pins_free(&pins);
		return r == -ENOENT ? -EPERM : r;
	}
	*ret = pins;
	return 0;
}
