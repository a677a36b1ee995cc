/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Namespaces that are bind-mounted somewhere, by /proc/PID/mountinfo. */
#include <string.h>
#include "open.h"

struct nsu_binds {
	char *text;			/* owns the paths */
	struct nsu_bind *entry;
	size_t count, size;
};

static int by_inode(const void *a, const void *b)
{
	const struct nsu_bind *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return strcmp(x->path, y->path);
}

static int take_line(struct nsu_binds *binds, char *line)
{
	struct nsi_mount mount;
	int r;

	if (nsi_parse_mount(line, &mount) < 0 || strcmp(mount.fstype, "nsfs"))
		return 0;
	r = nsi_grow((void **)&binds->entry, &binds->size, binds->count,
		     sizeof(*binds->entry));
	if (r < 0)
		return r;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		struct nsu_bind *bind = &binds->entry[binds->count];

		if (nsi_parse_link(mount.root, type, &bind->inode) < 0)
			continue;
		bind->type = type;
		bind->path = mount.point;
		binds->count++;
		break;
	}
	return 0;
}

static int read_mounts(struct nsu_ctx *ctx, const struct nsu_task *in, char **ret)
{
	nsi_autoclose int dir = -1;
	ssize_t n;

	dir = in ? nsi_task_open(in) : nsi_ctx_open_self(ctx);
	if (dir < 0)
		return dir;
	n = nsi_read_all_at(dir, "mountinfo", NSI_MOUNTS_LIMIT, ret);
	if (n < 0)
		return in && n == -ENOENT ? -ESRCH : n;
	return n < NSI_MOUNTS_LIMIT ? 0 : -EFBIG;
}

int nsi_binds_parse(char *take_text, struct nsu_binds **ret)
{
	struct nsu_binds *binds = calloc(1, sizeof(*binds));
	char *save = NULL;
	int r = binds ? 0 : -ENOMEM;

	if (!binds) {
		free(take_text);
		return r;
	}
	binds->text = take_text;
	for (char *line = strtok_r(take_text, "\n", &save); line && !r;
	     line = strtok_r(NULL, "\n", &save))
		r = take_line(binds, line);
	if (r < 0) {
		nsu_binds_free(binds);
		return r;
	}
	if (binds->count)
		qsort(binds->entry, binds->count, sizeof(*binds->entry), by_inode);
	*ret = binds;
	return 0;
}

int nsu_binds_new(struct nsu_ctx *ctx, const struct nsu_task *in, struct nsu_binds **ret)
{
	char *text = NULL;
	int r;

	if (!ctx || !ret)
		return -EINVAL;
	r = read_mounts(ctx, in, &text);
	if (!r)
		return nsi_binds_parse(text, ret);
	free(text);
	return r;
}

void nsu_binds_free(struct nsu_binds *binds)
{
	if (!binds)
		return;
	free(binds->entry);
	free(binds->text);
	free(binds);
}

size_t nsu_binds_count(const struct nsu_binds *binds)
{
	return binds ? binds->count : 0;
}

const struct nsu_bind *nsu_binds_get(const struct nsu_binds *binds, size_t index)
{
	return binds && index < binds->count ? &binds->entry[index] : NULL;
}
