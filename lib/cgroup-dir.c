/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory of a cgroup: the way there, and what its files tell. */
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "enter.h"
#include "uapi.h"

#define DIR_FLAGS	(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/*
 * Whether fd is on that very mount: another one may cover it. Without an own fdinfo to
 * read (a process that is not dumpable, before Linux 5.14) the hierarchy must do.
 */
static bool is_on(int self, int fd, const struct nsi_cgroup_place *place)
{
	bool unified = !strcmp(place->mount.fstype, "cgroup2");
	char path[48], info[256], *line;
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return false;
	if (fs.f_type != (unified ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC) ||
	    st.st_dev != place->dev)
		return false;
	snprintf(path, sizeof(path), "fdinfo/%d", fd);
	if (nsi_read_at(self, path, info, sizeof(info)) < 0)
		return true;
	line = strstr(info, "\nmnt_id:");
	return !line || strtoul(line + strlen("\nmnt_id:"), NULL, 10) == place->mount.id;
}

int nsi_cgroup_open_mount(int self, const struct nsi_cgroup_place *place)
{
	int fd = open(place->mount.point, DIR_FLAGS);

	if (fd >= 0 && is_on(self, fd, place))
		return fd;
	nsi_closep(&fd);
	return -ENODEV;
}

int nsi_cgroup_open_below(int self, const struct nsi_cgroup_place *place, int mount,
			  const char *path)
{
	struct open_how how = {
		.flags = DIR_FLAGS,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	int fd;

	fd = syscall(SYS_openat2, mount, *path ? path : ".", &how, sizeof(how));
	if (fd >= 0)
		return fd;
	/* EPERM: what container managers' filters said to calls they did not know */
	if (errno != ENOSYS && errno != EPERM)
		return nsi_errno();
	fd = nsi_walk_dirs(mount, path);
	if (fd < 0 || is_on(self, fd, place))
		return fd;
	close(fd);
	return -EXDEV;
}

unsigned nsi_cgroup_count_levels(const char *path)
{
	unsigned depth = 0;

	for (const char *p = path; *p; p++)
		depth += p == path || *p == '/';
	return depth;
}

int nsi_cgroup_open_dir(int self, const struct nsi_cgroup_place *place,
			const struct nsi_cgroup *group, unsigned *ret_depth)
{
	nsi_autoclose int mount = -1;
	const char *below;
	int fd, r;

	r = nsi_cgroup_get_below(place->mount.root, group->path, &below);
	if (r < 0)
		return r;
	mount = nsi_cgroup_open_mount(self, place);
	if (mount < 0)
		return mount;
	fd = nsi_cgroup_open_below(self, place, mount, below);
	if (fd >= 0)
		*ret_depth = nsi_cgroup_count_levels(below);
	return fd;
}

bool nsi_cgroup_says(int dir, const char *path, const char *what)
{
	char text[32];

	if (nsi_read_once_at(dir, path, text, sizeof(text)) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return !strcmp(text, what);
}

static bool has_frozen(int dir)
{
	char text[1024];

	if (nsi_read_at(dir, "cgroup.events", text, sizeof(text)) < 0)
		return false;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "frozen 1", 8) && (line[8] == '\n' || !line[8]))
			return true;
	}
	return false;
}

int64_t nsi_cgroup_read_count(int dir, const char *path)
{
	char text[32], *end;
	long long value;

	if (nsi_read_once_at(dir, path, text, sizeof(text)) < 0)
		return -1;
	if (!strcmp(text, "max\n"))
		return INT64_MAX;
	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	value = strtoll(text, &end, 10);
	return errno || (*end && *end != '\n') ? -1 : value;
}

static void take_level(int dir, struct nsi_cgroups *groups)
{
	int64_t max = nsi_cgroup_read_count(dir, "pids.max");
	int64_t current = max < 0 || max == INT64_MAX ? -1 :
		nsi_cgroup_read_count(dir, "pids.current");

	if (current < 0)
		return;
	if (groups->pids_max >= 0 &&
	    max - current >= groups->pids_max - groups->pids_current)
		return;
	groups->pids_max = max;
	groups->pids_current = current;
}

void nsi_cgroup_read_state(const struct nsi_cgroup *group, int dir, unsigned depth,
			   struct nsi_cgroups *groups)
{
	bool pids = group->unified || nsi_cgroup_has(group, "pids");
	nsi_autoclose int level = -1;

	if (nsi_cgroup_has(group, "freezer") &&
	    (nsi_cgroup_says(dir, "freezer.state", "FROZEN") ||
	     nsi_cgroup_says(dir, "freezer.state", "FREEZING")))
		groups->frozen = true;
	if (group->unified && has_frozen(dir))
		groups->frozen = true;
	level = openat(dir, ".", DIR_FLAGS);
	while (level >= 0 && (pids || group->unified)) {
		nsi_autoclose int below = level;

		level = -1;
		if (pids)
			take_level(below, groups);
		/* Of an ancestor, "frozen 1" comes late: when all are that should be. */
		if (group->unified && nsi_cgroup_says(below, "cgroup.freeze", "1"))
			groups->frozen = true;
		if (depth--)
			level = openat(below, "..", DIR_FLAGS);
		else
			break;
	}
}
