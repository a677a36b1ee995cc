/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cgroups of our own, nsutil/NAME in each hierarchy, for what outlives its caller. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "enter.h"
#include "pin.h"

#define OURS	"nsutil"
#define TRIES	4	/* another removes it when it is empty for a moment */
#define DIR_FLAGS	(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* The directory of the hierarchy's mount, where that can be reached. */
static int open_top(int self, const struct nsi_cgroup_place *place)
{
	struct nsi_cgroup top = {
		.unified = !strcmp(place->mount.fstype, "cgroup2"),
		.path = place->mount.root,
	};
	unsigned depth;

	return nsi_cgroup_open_dir(self, place, &top, &depth);
}

static int put(int dir, const char *file, const char *text, size_t len)
{
	nsi_autoclose int fd = openat(dir, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return nsi_errno();
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? nsi_errno() : 0;
}

/* A new cpuset of v1 has no processors and no memory, and takes no process then. */
static int inherit_cpuset(int from, int to)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && !r; i++) {
		char text[4096];
		ssize_t n = nsi_read_at(to, files[i], text, sizeof(text));

		if (n >= 0 && *text && *text != '\n')
			continue;
		n = nsi_read_at(from, files[i], text, sizeof(text));
		r = n < 0 ? (int)n : put(to, files[i], text, n);
	}
	return r;
}

static int make_below(int parent, const char *name, bool cpuset, int *ret)
{
	nsi_autoclose int dir = -1;
	int r = 0;

	if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
		return nsi_errno();
	dir = openat(parent, name, DIR_FLAGS);
	if (dir < 0)
		return nsi_errno();
	if (cpuset)
		r = inherit_cpuset(parent, dir);
	if (r < 0)
		return r;
	*ret = dir;
	dir = -1;
	return 0;
}

static int try_put(int top, bool cpuset, pid_t pid, const char *name)
{
	nsi_autoclose int ours = -1, dir = -1;
	char number[16];
	int r;

	r = make_below(top, OURS, cpuset, &ours);
	if (!r)
		r = make_below(ours, name, cpuset, &dir);
	if (r < 0)
		return r;
	snprintf(number, sizeof(number), "%d", pid);
	return put(dir, "cgroup.procs", number, strlen(number));
}

static int leave_hierarchy(const struct nsi_cgroup_here *here,
			   const struct nsi_cgroup *group, pid_t pid, const char *name)
{
	bool cpuset = nsi_cgroup_has(group, "cpuset");
	int r = -ENODEV;

	for (size_t i = 0; i < here->count && r < 0; i++) {
		nsi_autoclose int top = -1;

		if (!nsi_cgroup_match(group, &here->places[i].mount))
			continue;
		top = open_top(here->self, &here->places[i]);
		if (top < 0)
			continue;
		r = -ENOENT;
		for (int j = 0; j < TRIES && (r == -ENOENT || r == -ENODEV); j++)
			r = try_put(top, cpuset, pid, name);
	}
	return r;
}

static int leave_each(const struct nsu_ctx *ctx, const struct nsi_cgroup_here *here,
		      char *groups, pid_t pid, const char *name)
{
	char *save = NULL;
	int error = 0;

	for (char *line = strtok_r(groups, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct nsi_cgroup group;
		int r = nsi_cgroup_parse(line, &group);

		/* The topmost is no session's. */
		if (r < 0 || !strcmp(group.path, "/"))
			continue;
		r = leave_hierarchy(here, &group, pid, name);
		if (r < 0) {
			nsi_log_errno(ctx, NSU_LOG_INFO, r, "process %d: leave cgroup "
				      "%s:%s", pid, group.controllers, group.path);
			error = -EOPNOTSUPP;
		}
	}
	return error;
}

static int look_here(const struct nsu_ctx *ctx, struct nsi_cgroup_here *here)
{
	here->self = nsi_ctx_open_self(ctx);
	return here->self < 0 ? here->self : nsi_cgroup_here_read_mounts(here);
}

int nsi_cgroup_leave(struct nsu_ctx *ctx, pid_t pid, const char *name)
{
	__attribute__((cleanup(nsi_cgroup_here_free)))
	struct nsi_cgroup_here here = { .self = -1 };
	nsi_autofree char *groups = NULL;
	nsi_autoclose int dir = -1;
	char path[16];
	int r;

	snprintf(path, sizeof(path), "%d", pid);
	dir = openat(ctx->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? -ESRCH : nsi_errno();
	r = nsi_cgroup_read_groups(dir, &groups);
	if (!r)
		r = look_here(ctx, &here);
	if (!r)
		r = leave_each(ctx, &here, groups, pid, name);
	if (r < 0)
		nsi_cgroup_leave_clean(ctx, name);
	return r;
}

/* Those of pins that have another name now: the kernel lets only the empty ones go. */
static void sweep(int ours)
{
	DIR *stream = nsi_open_entries(ours);

	if (!stream)
		return;
	for (struct dirent *entry; (entry = readdir(stream));)
		if (entry->d_type == DT_DIR && *entry->d_name != '.')
			unlinkat(ours, entry->d_name, AT_REMOVEDIR);
	closedir(stream);
}

void nsi_cgroup_leave_clean(struct nsu_ctx *ctx, const char *name)
{
	__attribute__((cleanup(nsi_cgroup_here_free)))
	struct nsi_cgroup_here here = { .self = -1 };

	if (look_here(ctx, &here) < 0)
		return;
	for (size_t i = 0; i < here.count; i++) {
		nsi_autoclose int top = open_top(here.self, &here.places[i]);
		nsi_autoclose int ours = -1;

		if (top < 0)
			continue;
		ours = openat(top, OURS, DIR_FLAGS);
		if (ours < 0)
			continue;
		if (unlinkat(ours, name, AT_REMOVEDIR) < 0 && errno == ENOENT)
			sweep(ours);
		unlinkat(top, OURS, AT_REMOVEDIR);
	}
}
