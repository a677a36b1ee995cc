/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All mounts of a mount namespace. */
#include <fcntl.h>
#include <string.h>
#include "plan.h"
#include "visit.h"

#define LIMIT	(64 << 20)
#define MEMBERS	64		/* that are looked at before the namespace is entered */

struct nsu_mounts {
	char *text;			/* owns the words */
	struct nsu_mount *list;
	size_t count, size;
};

static int add_line(struct nsu_mounts *mounts, char *line)
{
	struct nsi_mount mount;
	int r;

	r = nsi_parse_mount(line, &mount);
	if (!r)
		r = nsi_grow((void **)&mounts->list, &mounts->size, mounts->count,
			     sizeof(*mounts->list));
	if (r < 0)
		return r;
	mounts->list[mounts->count++] = (struct nsu_mount){
		.id = mount.id, .parent = mount.parent, .major = mount.major,
		.minor = mount.minor, .root = mount.root, .point = mount.point,
		.options = mount.options, .fstype = mount.fstype, .source = mount.source,
		.super = mount.super, .propagation = mount.propagation,
		.peers = mount.peers, .master = mount.master,
		.idmapped = nsi_has_word(mount.options, "idmapped", strlen("idmapped")),
	};
	return 0;
}

/* After pivot_root(2) the root is not the one that was mounted first. */
static void put_root_first(struct nsu_mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++) {
		struct nsu_mount root = mounts->list[i];

		if (strcmp(root.point, "/"))
			continue;
		memmove(mounts->list + 1, mounts->list, i * sizeof(root));
		mounts->list[0] = root;
		return;
	}
}

int nsi_mounts_parse(char *take_text, struct nsu_mounts **ret)
{
	struct nsu_mounts *mounts = calloc(1, sizeof(*mounts));
	char *save = NULL;
	int r = 0;

	if (!mounts) {
		free(take_text);
		return -ENOMEM;
	}
	mounts->text = take_text;
	for (char *line = strtok_r(take_text, "\n", &save); line && !r;
	     line = strtok_r(NULL, "\n", &save))
		r = add_line(mounts, line);
	if (r < 0) {
		nsu_mounts_free(mounts);
		return r;
	}
	put_root_first(mounts);
	*ret = mounts;
	return 0;
}

/* A task with another root does not see all mounts. */
static int read_by_task(const struct nsu_ns *mnt, const struct nsu_task *task, char **ret)
{
	nsi_autoclose int dir = nsi_task_open(task);
	char *text, root[2];
	uint64_t inode;
	ssize_t n;

	if (dir < 0)
		return dir;
	n = readlinkat(dir, "root", root, sizeof(root));
	if (n < 0)
		return nsi_errno();
	if (n != 1 || *root != '/')
		return -ENODATA;
	n = nsi_read_all_at(dir, "mountinfo", LIMIT, &text);
	if (n >= 0 && n < LIMIT && nsi_has_root_mount(text) &&
	    !nsi_plan_read_ns(dir, "mnt", NSU_MNT, &inode) &&
	    inode == mnt->inode) {
		*ret = text;
		return 0;
	}
	if (n < 0)
		return n;
	free(text);
	return n >= LIMIT ? -EFBIG : -ESRCH;
}

/* An open mountinfo goes on telling of whom it was opened for. */
static int look_at_mounts(struct nsi_visit *visit)
{
	nsi_autoclose int fd = -1;
	int error = 0;

	fd = openat(visit->procfs, "self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return nsi_errno();
	return nsi_courier_send(visit->out, &error, sizeof(error), &fd, 1);
}

static int read_inside(struct nsu_ctx *ctx, const struct nsu_ns *mnt, char **ret)
{
	struct nsi_visit visit = { .look = look_at_mounts };
	struct nsi_parcel parcel = { 0 };
	char *text;
	ssize_t n;
	int r, error;

	r = nsi_visit_ask(ctx, mnt, &visit, &error, sizeof(error), &parcel);
	if (r < 0)
		return r;
	n = parcel.fd_count == 1 ? nsi_read_all(parcel.fds[0], LIMIT, &text) : -EMFILE;
	nsi_parcel_close(&parcel);
	if (n < 0)
		return n;
	if (n < LIMIT) {
		*ret = text;
		return 0;
	}
	free(text);
	return -EFBIG;
}

int nsu_mounts_new(const struct nsu_ns *mnt, struct nsu_mounts **ret)
{
	struct nsu_ctx *ctx;
	char *text = NULL;
	int r = -ENODATA;

	if (!mnt || !ret)
		return -EINVAL;
	ctx = mnt->snap->ctx;
	if (mnt->type != NSU_MNT)
		return -EMEDIUMTYPE;
	if (!ctx->procfs.real)
		return -EOPNOTSUPP;
	for (size_t i = 0; i < mnt->tasks.count && i < MEMBERS && r < 0; i++) {
		r = read_by_task(mnt, nsu_ns_get_task(mnt, i), &text);
		if (r == -ENOMEM || r == -EFBIG)
			return r;
	}
	if (r < 0)
		r = read_inside(ctx, mnt, &text);
	return r < 0 ? r : nsi_mounts_parse(text, ret);
}

void nsu_mounts_free(struct nsu_mounts *mounts)
{
	if (!mounts)
		return;
	free(mounts->list);
	free(mounts->text);
	free(mounts);
}

size_t nsu_mounts_count(const struct nsu_mounts *mounts)
{
	return mounts ? mounts->count : 0;
}

const struct nsu_mount *nsu_mounts_get(const struct nsu_mounts *mounts, size_t index)
{
	return mounts && index < mounts->count ? &mounts->list[index] : NULL;
}
