/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose the cgroups are in which a container's was made: a user who was given a part of
   the tree calls there what he makes as he likes. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "containers.h"
#include "usage.h"

#define MAX_DEPTH	128
#define DIR_FLAGS	(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* The line's beginning up to the cgroup above: "5:pids:/docker". NULL: no memory. */
static char *line_above(const struct nsi_cgroup_claims *claims)
{
	const char *begin = claims->path;
	size_t length = claims->claim[0].path_length;

	while (begin > claims->buf && begin[-1])
		begin--;
	while (length > 1 && claims->path[length - 1] != '/')
		length--;
	length -= length > 1;
	return strndup(begin, claims->path - begin + length);
}

/* From a directory up to that of the mount: the first, seen from there, which another
   than the top's owner may write. */
static int judge(int take_dir, unsigned depth, uid_t *ret)
{
	struct stat st[MAX_DEPTH + 1];
	nsi_autoclose int dir = take_dir;

	if (depth > MAX_DEPTH)
		return -EPERM;
	for (unsigned i = 0; i <= depth; i++) {
		nsi_autoclose int below = dir;

		dir = -1;
		if (fstat(below, &st[i]) < 0)
			return nsi_errno();
		if (i < depth)
			dir = openat(below, "..", DIR_FLAGS);
		if (i < depth && dir < 0)
			return nsi_errno();
	}
	for (unsigned i = depth; i-- > 0;) {
		if (st[i].st_uid != st[depth].st_uid) {
			*ret = st[i].st_uid;
			return 0;
		}
		if (st[i].st_mode & S_IWOTH ||
		    (st[i].st_mode & S_IWGRP && st[i].st_gid != st[depth].st_gid))
			return -EPERM;
	}
	return -ENOENT;
}

static int look(struct nsi_naming *n, const char *line, uid_t *ret)
{
	nsi_autofree char *copy = strdup(line);
	struct nsi_cgroup group = { .fd = -1 };
	struct nsi_usage_here *kept;
	const struct nsi_cgroup_here *here;
	int r;

	if (!copy)
		return -ENOMEM;
	r = nsi_usage_look_here(n->snap, &kept);
	if (r < 0 || nsi_cgroup_parse(copy, &group) < 0)
		return r == -ENOMEM ? r : -ENOENT;
	here = &kept->mounts;
	for (size_t i = 0; i < here->count; i++) {
		unsigned depth;
		int dir;

		if (!nsi_cgroup_match(&group, &here->places[i].mount))
			continue;
		dir = nsi_cgroup_open_dir(here->self, &here->places[i], &group, &depth);
		if (dir >= 0)
			return judge(dir, depth, ret);
	}
	return -ENOENT;
}

int nsi_container_find_maker(struct nsi_naming *n, const struct nsi_cgroup_claims *claims,
			     uid_t *ret)
{
	struct nsi_maker *last = &nsi_finder(n)->maker;
	char *line;

	if (!n->ctx->procfs.real || !n->ctx->procfs.self)
		return -ENOENT;
	line = line_above(claims);
	if (!line)
		return -ENOMEM;
	/* Those of one engine lie beside each other. */
	if (last->line && !strcmp(last->line, line)) {
		free(line);
	} else {
		free(last->line);
		last->line = line;
		last->error = look(n, line, &last->uid);
	}
	if (!last->error)
		*ret = last->uid;
	return last->error;
}
