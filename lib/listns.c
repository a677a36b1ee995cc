/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel lists itself, listns(2). To those who may not see all it lists but
 * their own, and says so by nothing: only what is missing tells.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/ioctl.h>
#include "open.h"
#include "plan.h"
#include "uapi.h"
#include "walk.h"

#define PAGE		4096		/* ids at a time */
#define MAX_LISTED	(4 << 20)

struct list {
	struct nsi_builder *b;
	struct nsi_idmap known;		/* id -> index of a namespace */
	uint8_t *listed;		/* of each namespace */
	size_t listed_size;
	uint64_t *ids;			/* that are listed */
	size_t count, size;
};

static long list_ids(const struct nsi_builder *b, uint64_t after, uint64_t *ids, size_t n)
{
	struct nsi_ns_id_req req = { .size = sizeof(req), .ns_id = after };
	long count;

	if (b->ctx->listns)
		return b->ctx->listns(after, ids, n);
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (b->types & 1u << type)
			req.ns_type |= nsu_type_get_info(type)->clone_flag;
	count = syscall(SYS_listns, &req, ids, n, 0);
	return count < 0 ? nsi_errno() : count;
}

static int mark_listed(struct list *list, uint32_t index)
{
	if (index >= list->listed_size) {
		size_t size = (size_t)index * 2 + 64;
		uint8_t *more = realloc(list->listed, size);

		if (!more)
			return -ENOMEM;
		memset(more + list->listed_size, 0, size - list->listed_size);
		list->listed = more;
		list->listed_size = size;
	}
	list->listed[index] = 1;
	list->b->snap->ns[index].wanted = true;
	return 0;
}

/* One that nothing else has shown. */
static int take_new(struct list *list, uint64_t id)
{
	struct nsu_snapshot *snap = list->b->snap;
	nsi_autoclose int fd = -1;
	enum nsu_type type;
	uint32_t index;
	uint64_t inode;
	int r = nsi_open_id(list->b->ctx, id, -1, 0, &fd);

	/* It has gone meanwhile, or we may not. */
	if (r == -ESRCH || r == -EPERM)
		return 0;
	if (!r)
		r = nsi_ask_type(fd, &type);
	if (r == -EMEDIUMTYPE || (!r && !(list->b->types & 1u << type)))
		return 0;
	if (!r)
		r = nsi_nsfs_inode(fd, &inode, &snap->device);
	if (!r)
		r = nsi_builder_add_ns(list->b, type, inode, &index);
	if (!r && !snap->ns[index].asked)
		r = nsi_builder_ask(list->b, index, fd);
	return r < 0 ? r : mark_listed(list, index);
}

static int take_ids(struct list *list)
{
	int r = 0;

	for (size_t i = 0; i < list->count && !r; i++) {
		uint32_t index = nsi_idmap_find(&list->known, list->ids[i]);

		if (nsi_builder_cancelled(list->b))
			return -ECANCELED;
		r = index != NSI_NONE ? mark_listed(list, index) :
			take_new(list, list->ids[i]);
	}
	return r;
}

/* Ids ascend; a page that does not is no list. The call after the last is ENOENT. Who
   goes on making new ones must not keep us here: to list takes less time than to make
   one, to open each takes more. */
static int read_list(struct list *list)
{
	uint64_t last = 0;

	for (;;) {
		long n;

		if (list->count + PAGE > list->size) {
			size_t size = (list->count + PAGE) * 2;
			uint64_t *more = realloc(list->ids, size * sizeof(*more));

			if (!more)
				return -ENOMEM;
			list->ids = more;
			list->size = size;
		}
		n = list_ids(list->b, last, list->ids + list->count, PAGE);
		if (n <= 0)
			return n == -ENOENT ? 0 : n;
		if (n > PAGE || list->ids[list->count + n - 1] <= last)
			return -EBADMSG;
		if (list->count > MAX_LISTED || nsi_builder_cancelled(list->b))
			return list->count > MAX_LISTED ? -EFBIG : -ECANCELED;
		list->count += n;
		last = list->ids[list->count - 1];
	}
}

static int learn(struct list *list)
{
	const struct nsu_snapshot *snap = list->b->snap;
	int r = 0;

	for (uint32_t i = 0; i < snap->ns_count && !r; i++)
		if (snap->ns[i].id_state == 0 && snap->ns[i].id)
			r = nsi_idmap_add(&list->known, snap->ns[i].id, i);
	return r;
}

/* The task is in it still, so that it was there when the list was made. */
static bool is_still_in(const struct list *list, const struct nsu_task *task,
			const struct nsu_ns *ns)
{
	nsi_autoclose int dir = -1;
	nsi_autoclose int fd = -1;
	char path[16] = "ns/";
	uint64_t inode, id;
	dev_t dev;

	dir = nsi_open_task_dir(list->b->ctx, task);
	if (dir < 0)
		return false;
	fd = openat(dir, strcat(path, nsu_type_get_name(ns->type)), O_RDONLY | O_CLOEXEC);
	if (fd < 0 || nsi_nsfs_inode(fd, &inode, &dev) < 0 || inode != ns->inode)
		return false;
	return ns->id_state < 0 || ioctl(fd, NS_GET_ID, &id) < 0 || id == ns->id;
}

/* As the kernel decides it: by its first pid namespace and CAP_SYS_ADMIN over that.
   Whoever sees no tasks but his own would miss nothing in a list of his own. */
static bool may_see_all(const struct nsu_ctx *ctx)
{
	nsi_autoclose int self = nsi_ctx_open_self(ctx);
	uint64_t pidns = 0, user = 0, effective = 0, permitted;

	if (self < 0 || nsi_plan_read_ns(self, "pid", NSU_PID, &pidns) < 0 ||
	    nsi_plan_read_ns(self, "user", NSU_USER, &user) < 0)
		return false;
	return pidns == NSI_INIT_PID && user == NSI_INIT_USER &&
		nsi_get_caps(&effective, &permitted, NULL) == 0 &&
		effective & 1u << CAP_SYS_ADMIN;
}

/* Is one missing that a task is in? */
static bool is_partial(const struct list *list)
{
	const struct nsu_snapshot *snap = list->b->snap;

	for (size_t i = 0; i < snap->task_count; i++) {
		const struct nsu_task *task = &snap->tasks[i];

		for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
			uint32_t index = task->ns[type];

			if (index == NSI_NONE || task->flags & NSI_TASK_ZOMBIE ||
			    (index < list->listed_size && list->listed[index]))
				continue;
			if (is_still_in(list, task, &snap->ns[index]))
				return true;
		}
	}
	return false;
}

int nsi_scan_listed(struct nsi_builder *b)
{
	struct list *list;
	int r;

	if (b->snap->limited || !b->ctx->procfs.real ||
	    !(b->snap->parts & NSU_PART_RELATIONS))
		return 0;
	if (!nsi_if_usable(b->ctx, NSU_IF_LISTNS))
		return nsi_builder_tell_source(b, "listns", -ENOSYS);
	list = calloc(1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	list->b = b;
	r = learn(list);
	if (!r)
		r = read_list(list);
	if (!nsi_is_fatal(r)) {
		int r2 = take_ids(list);

		r = r2 < 0 ? r2 : r;
	}
	if (!r && (!may_see_all(b->ctx) || is_partial(list)))
		r = -EPERM;
	nsi_idmap_free(&list->known);
	free(list->listed);
	free(list->ids);
	free(list);
	if (nsi_is_fatal(r))
		return r;
	nsi_if_tell(b->ctx, NSU_IF_LISTNS, r != -ENOSYS);
	return nsi_builder_tell_source(b, "listns", r);
}
