/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to many cgroups: mounts, and what is above of them, once for a snapshot. */
#include <fcntl.h>
#include <string.h>
#include "usage.h"

#define DIR_FLAGS	(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define MAX_HIERARCHIES	64	/* a kernel has no more; a file that is made up may */
#define MAX_ABOVE	4096
#define UNOPENED	(-1)	/* there is no such error of a mount */
#define HAS_ABOVE	(NSI_HAS_MEMORY | NSI_HAS_PIDS | NSI_HAS_CPU | NSI_HAS_UNIFIED)

static void free_here(struct nsi_usage_here *here)
{
	for (size_t i = 0; here->fd && i < here->mounts.count; i++)
		if (here->fd[i] >= 0)
			close(here->fd[i]);
	for (size_t i = 0; i < here->hierarchy_count; i++)
		free(here->hierarchies[i].controllers);
	for (size_t i = 0; i < here->above_count; i++)
		free(here->above[i].path);
	nsi_cgroup_here_free(&here->mounts);
	nsi_idmap_free(&here->paths);
	free(here->fd);
	free(here->hierarchies);
	free(here->above);
	free(here);
}

/* With a thousand containers the table of mounts is long. One that was replaced since is
   not taken for another: nsi_cgroup_open_mount() looks at what it finds there. */
int nsi_usage_look_here(const struct nsu_snapshot *snap, struct nsi_usage_here **ret)
{
	struct nsu_ctx *ctx = snap->ctx;
	struct nsi_usage_here *here;
	int r;

	if (ctx->here && ctx->here_time == snap->time) {
		*ret = ctx->here;
		return 0;
	}
	nsi_usage_forget(ctx);
	here = calloc(1, sizeof(*here));
	if (!here)
		return -ENOMEM;
	here->mounts.self = r = nsi_ctx_open_self(ctx);
	if (r >= 0)
		r = nsi_cgroup_here_read_mounts(&here->mounts);
	if (r >= 0) {
		here->fd = calloc(here->mounts.count + 1, sizeof(*here->fd));
		r = here->fd ? 0 : -ENOMEM;
	}
	for (size_t i = 0; r >= 0 && i < here->mounts.count; i++)
		here->fd[i] = UNOPENED;
	if (r < 0) {
		free_here(here);
		return r;
	}
	ctx->here = here;
	ctx->here_time = snap->time;
	*ret = here;
	return 0;
}

void nsi_usage_forget(struct nsu_ctx *ctx)
{
	if (ctx->here)
		free_here(ctx->here);
	ctx->here = NULL;
}

void nsi_usage_end(const struct nsu_snapshot *snap)
{
	if (snap->ctx && snap->ctx->here && snap->ctx->here_time == snap->time)
		nsi_usage_forget(snap->ctx);
}

/* NULL: it tells nothing, is mounted nowhere here, or there is no memory. */
static const struct nsi_hierarchy *hierarchy_of(struct nsi_usage_here *here,
						const struct nsi_cgroup *group)
{
	struct nsi_hierarchy *h;
	size_t i;

	for (i = 0; i < here->hierarchy_count; i++) {
		h = &here->hierarchies[i];
		if (h->unified == group->unified &&
		    !strcmp(h->controllers, group->controllers))
			return h->has ? h : NULL;
	}
	if (i == MAX_HIERARCHIES ||
	    nsi_grow((void **)&here->hierarchies, &here->hierarchy_size, i,
		     sizeof(*h)) < 0)
		return NULL;
	h = &here->hierarchies[i];
	*h = (struct nsi_hierarchy){
		.controllers = strdup(group->controllers), .unified = group->unified,
		.has = nsi_usage_has(group),
	};
	if (!h->controllers)
		return NULL;
	here->hierarchy_count++;
	while (h->first < here->mounts.count &&
	       !nsi_cgroup_match(group, &here->mounts.places[h->first].mount))
		h->first++;
	return h->has ? h : NULL;
}

static int mount_of(struct nsi_usage_here *here, size_t place)
{
	int *fd = &here->fd[place];

	if (*fd == UNOPENED)
		*fd = nsi_cgroup_open_mount(here->mounts.self,
					    &here->mounts.places[place]);
	return *fd;
}

static uint64_t key_of(size_t place, const char *path, size_t length)
{
	uint64_t key = 0xcbf29ce484222325ull ^ place;

	for (size_t i = 0; i < length; i++)
		key = (key ^ (unsigned char)path[i]) * 0x100000001b3ull;
	return key;
}

/* *key: where it is, or belongs. */
static const struct nsi_limits *find(const struct nsi_usage_here *here, size_t place,
				     const char *path, size_t length, uint64_t *key)
{
	for (*key = key_of(place, path, length);; ++*key) {
		uint32_t i = nsi_idmap_find(&here->paths, *key);
		const struct nsi_above *above;

		if (!*key)
			continue;
		if (i == NSI_NONE)
			return NULL;
		above = &here->above[i];
		if (above->place == place && strlen(above->path) == length &&
		    !memcmp(above->path, path, length))
			return &above->limits;
	}
}

static const struct nsi_limits *keep(struct nsi_usage_here *here, size_t place,
				     const char *path, size_t length, uint64_t key,
				     const struct nsi_limits *limits)
{
	struct nsi_above *above;
	char *copy;

	if (here->above_count == MAX_ABOVE ||
	    nsi_grow((void **)&here->above, &here->above_size, here->above_count,
		     sizeof(*above)) < 0)
		return limits;
	copy = strndup(path, length);
	if (!copy || nsi_idmap_add(&here->paths, key, here->above_count) < 0) {
		free(copy);
		return limits;
	}
	above = &here->above[here->above_count++];
	*above = (struct nsi_above){ place, copy, *limits };
	return &above->limits;
}

static size_t parent_length(const char *path, size_t length)
{
	while (length && path[length - 1] != '/')
		length--;
	return length ? length - 1 : 0;
}

const struct nsi_limits *nsi_usage_read_above(struct nsi_usage_here *here, size_t place,
					      unsigned has, const char *path, int dir,
					      unsigned depth, struct nsi_limits *room)
{
	size_t length = parent_length(path, strlen(path)), at = length;
	const struct nsi_limits *known = NULL;
	nsi_autoclose int level = -1;
	uint64_t key = 0, upper;

	if (here)
		known = find(here, place, path, length, &key);
	if (known)
		return known;
	*room = (struct nsi_limits)NSI_LIMITS_UNKNOWN;
	level = openat(dir, "..", DIR_FLAGS);
	if (level >= 0 && has & NSI_HAS_UNIFIED)
		room->gives = nsi_usage_listed(level, "cgroup.subtree_control");
	for (int up = 0; level >= 0 && !known; up++) {
		nsi_autoclose int below = level;

		level = -1;
		nsi_limits_read(has, below, up, !--depth, room);
		if (!depth)
			break;
		at = parent_length(path, at);
		if (here)
			known = find(here, place, path, at, &upper);
		if (known)
			nsi_limits_lower(room, known, up + 1);
		else
			level = openat(below, "..", DIR_FLAGS);
	}
	return here ? keep(here, place, path, length, key, room) : room;
}

bool nsi_usage_read_group(struct nsi_usage_here *here, const struct nsi_cgroup *group,
			  bool brief, struct nsu_cgroup *ret)
{
	const struct nsi_hierarchy *h = hierarchy_of(here, group);
	unsigned has = h ? h->has | (brief ? NSI_BRIEF : 0) : 0;

	/* Bytes read and written are all that it has. */
	if (has == (NSI_HAS_IO | NSI_BRIEF))
		return false;

	for (size_t i = h ? h->first : here->mounts.count; i < here->mounts.count; i++) {
		const struct nsi_cgroup_place *place = &here->mounts.places[i];
		const struct nsi_limits *above = NULL;
		struct nsi_limits room;
		nsi_autoclose int dir = -1;
		const char *path;
		unsigned depth;

		if ((i > h->first && !nsi_cgroup_match(group, &place->mount)) ||
		    nsi_cgroup_get_below(place->mount.root, group->path, &path) < 0 ||
		    mount_of(here, i) < 0)
			continue;
		dir = nsi_cgroup_open_below(here->mounts.self, place, mount_of(here, i),
					    path);
		if (dir < 0)
			continue;
		depth = nsi_cgroup_count_levels(path);
		if (depth && has & HAS_ABOVE)
			above = nsi_usage_read_above(here, i, has, path, dir, depth,
						     &room);
		nsi_usage_add(has, dir, above, ret);
		return true;
	}
	return false;
}
