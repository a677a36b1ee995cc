/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plain files where other programs have one for each namespace that they pin. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "open.h"
#include "pin-list.h"
#include "uapi.h"

#define RUN_USER	"/run/user"
#define MAX_FILES	100000	/* of root's; the kernel's limit of mounts */
#define MAX_USERS_FILES	1000	/* someone may fill his directory to fill our list */

struct search {
	struct nsu_ctx *ctx;
	int (*each)(void *data, const char *path, enum nsu_type type);
	int (*gap)(void *data, const char *path, int error);
	void *data;
	char *mounts;			/* mountinfo; NULL: not read yet */
};

static bool is_plain(int dir, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_REG;
	return fstatat(dir, entry->d_name, &st,
		       AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0 &&
	       S_ISREG(st.st_mode);
}

static int take_files(struct search *search, DIR *dir, const char *path,
		      enum nsu_type type, unsigned limit)
{
	const struct dirent *entry;
	char file[PATH_MAX];
	int r = 0;

	while (!r && (errno = 0, entry = readdir(dir))) {
		if (!is_plain(dirfd(dir), entry))
			continue;
		if (!limit--)
			return search->gap(search->data, path, -E2BIG);
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		r = search->each(search->data, file, type);
	}
	return r || !errno ? r : search->gap(search->data, path, nsi_errno());
}

/* Takes over fd, which may be a negative errno. */
static int take_dir(struct search *search, int fd, const char *path, enum nsu_type type,
		    unsigned limit)
{
	DIR *dir;
	int r = fd;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return search->gap(search->data, path, r);
	dir = fdopendir(fd);
	if (!dir) {
		r = nsi_errno();
		close(fd);
		return r;
	}
	r = take_files(search, dir, path, type, limit);
	closedir(dir);
	return r;
}

static int open_plainly(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? nsi_errno() : fd;
}

/* ---- users' directories, as root ------------------------------------------------- */

/* Does the kernel itself have what is on that device? Then nothing there can hang. */
static int is_tmpfs(struct search *search, const struct nsi_statx *st)
{
	nsi_autoclose int self = -1;
	nsi_autofree char *text = NULL;
	char *save = NULL;
	ssize_t n;

	if (!search->mounts) {
		self = nsi_ctx_open_self(search->ctx);
		n = self < 0 ? self : nsi_read_all_at(self, "mountinfo", NSI_MOUNTS_LIMIT,
						      &search->mounts);
		if (n < 0)
			return n;
	}
	text = strdup(search->mounts);
	if (!text)
		return -ENOMEM;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct nsi_mount mount;

		if (!nsi_parse_mount(line, &mount) && !strcmp(mount.fstype, "tmpfs") &&
		    mount.major == st->dev_major && mount.minor == st->dev_minor)
			return 1;
	}
	return 0;
}

/* What a user has mounted on his directory is asked nothing. */
static int open_users(struct search *search, int users, const char *uid)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_CACHED,
	};
	nsi_autoclose int dir = -1;
	struct nsi_statx st;
	char path[64];
	int fd, r;

	if (snprintf(path, sizeof(path), "%s/" NSI_USER_NETNS, uid) >= (int)sizeof(path))
		return -ENOENT;
	/* Of a tmpfs all that is there is cached. */
	dir = syscall(SYS_openat2, users, path, &how, sizeof(how));
	if (dir < 0)
		return -ENOENT;
	r = nsi_stat_cached(dir, &st);
	if (!r)
		r = is_tmpfs(search, &st);
	if (r <= 0)
		return r ? r : -ENOENT;
	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? nsi_errno() : fd;
}

static int take_users(struct search *search)
{
	int users = open_plainly(RUN_USER), r = 0;
	const struct dirent *entry;
	DIR *dir;

	if (users < 0)
		return users == -ENOENT ? 0 : search->gap(search->data, RUN_USER, users);
	dir = fdopendir(users);
	if (!dir) {
		r = nsi_errno();
		close(users);
		return r;
	}
	while (!r && (entry = readdir(dir))) {
		char path[PATH_MAX];

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), RUN_USER "/%s/" NSI_USER_NETNS,
			 entry->d_name);
		r = take_dir(search, open_users(search, users, entry->d_name), path,
			     NSU_NET, MAX_USERS_FILES);
	}
	closedir(dir);
	return r;
}

static int take_own(struct search *search)
{
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
	char path[PATH_MAX];
	int len;

	if (runtime && *runtime == '/')
		len = snprintf(path, sizeof(path), "%s/" NSI_USER_NETNS, runtime);
	else
		len = snprintf(path, sizeof(path), RUN_USER "/%u/" NSI_USER_NETNS,
			       geteuid());
	return len >= (int)sizeof(path) ? 0 :
		take_dir(search, open_plainly(path), path, NSU_NET, MAX_FILES);
}

int nsi_each_left_file(struct nsu_ctx *ctx,
		       int (*each)(void *data, const char *path, enum nsu_type type),
		       int (*gap)(void *data, const char *path, int error), void *data)
{
	struct search search = { .ctx = ctx, .each = each, .gap = gap, .data = data };
	const struct nsi_pin_place *place;
	int r = 0;

	for (size_t i = 0; !r && (place = nsi_pin_get_place(i)); i++)
		r = take_dir(&search, open_plainly(place->dir), place->dir, place->type,
			     MAX_FILES);
	if (!r)
		r = geteuid() ? take_own(&search) : take_users(&search);
	free(search.mounts);
	return r;
}
