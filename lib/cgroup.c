/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroups of a process, opened so that another one can join them; cgroups(7). */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "enter.h"

#define GROUPS_LIMIT	(256 << 10)	/* a path has up to 4 KiB, hierarchies are few */
#define MOUNTS_LIMIT	(64 << 20)
#define TRIES		8
#define DELETED		" (deleted)"

void nsi_cgroup_here_free(struct nsi_cgroup_here *here)
{
	nsi_closep(&here->self);
	free(here->groups);
	free(here->mounts);
	free(here->places);
}

int nsi_cgroup_read_groups(int dir, char **ret)
{
	struct stat st;
	ssize_t n;

	n = nsi_read_all_at(dir, "cgroup", GROUPS_LIMIT, ret);
	if (n >= 0)
		return n < GROUPS_LIMIT ? 0 : -EFBIG;
	if (n != -ENOENT)
		return n;
	if (fstatat(dir, "stat", &st, 0) < 0)
		return -ESRCH;
	/* A kernel without cgroups: every process is in all of the none. */
	*ret = strdup("");
	return *ret ? 0 : -ENOMEM;
}

static int add_place(struct nsi_cgroup_here *here, char *line)
{
	struct nsi_cgroup_place place = { 0 };
	int r;

	/* Of 100,000 mounts few are worth a closer look. */
	if (!strstr(line, " - cgroup") || nsi_parse_mount(line, &place.mount) < 0)
		return 0;
	if (strcmp(place.mount.fstype, "cgroup") && strcmp(place.mount.fstype, "cgroup2"))
		return 0;
	place.dev = makedev(place.mount.major, place.mount.minor);
	r = nsi_grow((void **)&here->places, &here->size, here->count,
		     sizeof(*here->places));
	if (r < 0)
		return r;
	here->places[here->count++] = place;
	return 0;
}

int nsi_cgroup_here_read_mounts(struct nsi_cgroup_here *here)
{
	char *save = NULL;
	ssize_t n;
	int r = 0;

	n = nsi_read_all_at(here->self, "mountinfo", MOUNTS_LIMIT, &here->mounts);
	if (n < 0)
		return n;
	if (n >= MOUNTS_LIMIT)
		return -EFBIG;
	for (char *line = strtok_r(here->mounts, "\n", &save); line && !r;
	     line = strtok_r(NULL, "\n", &save))
		r = add_place(here, line);
	return r;
}

int nsi_cgroup_parse(char *line, struct nsi_cgroup *ret)
{
	size_t digits = strspn(line, "0123456789");
	char *controllers = line + digits + 1, *path;

	if (!digits || line[digits] != ':')
		return -EBADMSG;
	/* No controller's or hierarchy's name has a colon; a path may. */
	path = strchr(controllers, ':');
	if (!path || path[1] != '/')
		return -EBADMSG;
	*path++ = '\0';
	ret->unified = digits == 1 && *line == '0' && !*controllers;
	if (!ret->unified && !*controllers)
		return -EBADMSG;
	ret->controllers = controllers;
	ret->path = path;
	return 0;
}

bool nsi_cgroup_has(const struct nsi_cgroup *group, const char *controller)
{
	return nsi_has_word(group->controllers, controller, strlen(controller));
}

bool nsi_cgroup_match(const struct nsi_cgroup *group, const struct nsi_mount *mount)
{
	const char *word = group->controllers;
	size_t len;

	if (group->unified)
		return !strcmp(mount->fstype, "cgroup2");
	if (strcmp(mount->fstype, "cgroup"))
		return false;
	for (; *word; word += len + (word[len] == ',')) {
		len = strcspn(word, ",");
		if (!nsi_has_word(mount->super, word, len))
			return false;
	}
	return true;
}

int nsi_cgroup_get_below(const char *root, const char *path, const char **ret)
{
	size_t len = strcmp(root, "/") ? strlen(root) : 0;
	const char *rest = path + len;

	if (strncmp(path, root, len) || (*rest != '/' && *rest))
		return -EXDEV;
	rest += *rest == '/';
	for (const char *name = rest; *name; name += strcspn(name, "/")) {
		size_t n;

		name += name != rest;
		n = strcspn(name, "/");
		if (!n || (name[0] == '.' && (n == 1 || (n == 2 && name[1] == '.'))))
			return -EXDEV;
	}
	*ret = rest;
	return 0;
}

static int open_procs(int dir)
{
	int fd;

	fd = openat(dir, "cgroup.procs", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0)
		return fd;
	/* Its directory was there a moment ago. */
	return errno == ENODEV ? -ENOENT : nsi_errno();
}

/*
 * Opens what can be opened of one hierarchy: its first mount that shows the cgroup tells
 * its state, the first that is writable takes the process. Of many errors that is kept
 * which says most: nothing mounted, outside of it, the first one met within.
 */
static void open_group(const struct nsi_cgroup_here *here, struct nsi_cgroup *group,
		       struct nsi_cgroups *groups)
{
	int error = -ENODEV;
	bool known = false;

	/* Written for v2 alone, where a v1 cgroup may be called just that. */
	if (group->unified && strlen(group->path) >= strlen(DELETED) &&
	    !strcmp(group->path + strlen(group->path) - strlen(DELETED), DELETED)) {
		group->error = -ENOENT;
		return;
	}
	for (size_t i = 0; i < here->count; i++) {
		nsi_autoclose int dir = -1;
		unsigned depth;
		int r;

		if (!nsi_cgroup_match(group, &here->places[i].mount))
			continue;
		dir = nsi_cgroup_open_dir(here->self, &here->places[i], group, &depth);
		r = dir;
		if (dir >= 0 && !known) {
			nsi_cgroup_read_state(group, dir, depth, groups);
			known = true;
		}
		if (dir >= 0)
			r = open_procs(dir);
		if (r >= 0) {
			group->fd = r;
			return;
		}
		if (error == -ENODEV || (error == -EXDEV && r != -ENODEV))
			error = r;
	}
	group->error = error;
}

static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	while (*text) {
		size_t here = strcspn(text, "\n");

		if (here == len && !memcmp(text, line, len))
			return true;
		text += here + (text[here] == '\n');
	}
	return false;
}

static int add_group(const struct nsi_cgroup_here *here, char *line, size_t *size,
		     struct nsi_cgroups *groups)
{
	/* Its path and the caller's are told from the same root. */
	bool join = !has_line(here->groups, line);
	struct nsi_cgroup *group, parsed = { .fd = -1 };
	int r;

	r = nsi_cgroup_parse(line, &parsed);
	if (r < 0)
		return r;
	r = nsi_grow((void **)&groups->list, size, groups->count, sizeof(*groups->list));
	if (r < 0)
		return r;
	group = &groups->list[groups->count];
	*group = parsed;
	group->controllers = strdup(parsed.controllers);
	group->path = strdup(parsed.path);
	groups->count++;
	if (!group->controllers || !group->path)
		return -ENOMEM;
	/* Where the caller is already there is nothing to open, and nothing that is
	   frozen. */
	if (!join)
		return 0;
	groups->same = false;
	open_group(here, group, groups);
	return 0;
}

/* -EAGAIN: the target or the caller was moved meanwhile. */
static int try_open(const struct nsu_ctx *ctx, int dir, struct nsi_cgroups *groups)
{
	__attribute__((cleanup(nsi_cgroup_here_free)))
	struct nsi_cgroup_here here = { .self = -1 };
	nsi_autofree char *text = NULL, *again = NULL, *own = NULL, *lines = NULL;
	char *save = NULL;
	size_t size = 0;
	int r;

	r = nsi_cgroup_read_groups(dir, &text);
	if (r < 0)
		return r;
	here.self = nsi_ctx_open_self(ctx);
	if (here.self < 0)
		return here.self;
	r = nsi_cgroup_read_groups(here.self, &here.groups);
	/* Most often the target is a service's or a shell's own child. */
	if (!r && strcmp(text, here.groups))
		r = nsi_cgroup_here_read_mounts(&here);
	if (r < 0)
		return r;
	lines = strdup(text);
	if (!lines)
		return -ENOMEM;
	for (char *line = strtok_r(lines, "\n", &save); line && !r;
	     line = strtok_r(NULL, "\n", &save))
		r = add_group(&here, line, &size, groups);
	if (!r)
		r = nsi_cgroup_read_groups(dir, &again);
	if (!r)
		r = nsi_cgroup_read_groups(here.self, &own);
	if (r < 0)
		return r;
	return strcmp(text, again) || strcmp(here.groups, own) ? -EAGAIN : 0;
}

int nsi_cgroups_open(const struct nsu_ctx *ctx, int dir, struct nsi_cgroups *ret)
{
	int r = -EAGAIN;

	for (int i = 0; i < TRIES && r == -EAGAIN; i++) {
		struct nsi_cgroups groups = {
			.same = true, .pids_max = -1, .pids_current = -1,
		};

		r = try_open(ctx, dir, &groups);
		if (!r)
			*ret = groups;
		else
			nsi_cgroups_free(&groups);
	}
	return r;
}

void nsi_cgroups_free(struct nsi_cgroups *groups)
{
	if (!groups)
		return;
	for (size_t i = 0; i < groups->count; i++) {
		nsi_closep(&groups->list[i].fd);
		free(groups->list[i].controllers);
		free(groups->list[i].path);
	}
	free(groups->list);
	*groups = (struct nsi_cgroups){ .pids_max = -1, .pids_current = -1 };
}

const struct nsi_cgroup *nsi_cgroups_get_main(const struct nsi_cgroups *groups)
{
	const struct nsi_cgroup *first = NULL;

	for (size_t i = 0; i < groups->count; i++) {
		const struct nsi_cgroup *group = &groups->list[i];

		if (!strcmp(group->path, "/"))
			continue;
		if (group->unified)
			return group;
		if (!first)
			first = group;
	}
	return first;
}

int nsi_cgroup_join(const struct nsi_cgroup *group)
{
	ssize_t n;

	if (group->fd < 0)
		return group->error;
	do
		n = write(group->fd, "0", 1);
	while (n < 0 && errno == EINTR);
	return n < 0 ? nsi_errno() : 0;
}
