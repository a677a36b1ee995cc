/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pins that other programs made: unmounted when that is asked for by force. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "pin-list.h"

struct foreign {
	char path[PATH_MAX];
	const char *file;		/* its last part */
	int dir;			/* the directory that it is in */
	bool plain;			/* nothing is mounted there */
	enum nsu_pin_maker maker;
	struct nsi_record found;	/* types, inodes and ids of what is there */
};

bool nsi_pin_is_netns(struct nsu_ctx *ctx, const char *name)
{
	char path[sizeof(NSI_NETNS_DIR) + NSI_PIN_NAME_MAX + 1];
	struct stat st;

	(void)ctx;
	snprintf(path, sizeof(path), "%s/%s", NSI_NETNS_DIR, name);
	return nsi_pin_check_name(name) == 0 && lstat(path, &st) == 0;
}

/* /var/run is a link to /run wherever there is a /run, and no other link is followed. */
static int take_path(struct foreign *foreign, const char *word)
{
	const char *prefix = "";
	char *slash;
	int n;

	if (!strncmp(word, "netns:", 6)) {
		word += 6;
		if (strchr(word, '/'))
			return -EINVAL;
		prefix = NSI_NETNS_DIR "/";
	} else if (!strncmp(word, "/var/run/", 9)) {
		word += 4;
	} else if (*word != '/') {
		if (strchr(word, '/') || strchr(word, ':'))
			return -EINVAL;
		prefix = NSI_NETNS_DIR "/";
	}
	n = snprintf(foreign->path, sizeof(foreign->path), "%s%s", prefix, word);
	if (n >= (int)sizeof(foreign->path))
		return -ENAMETOOLONG;
	/* By such words it would not be known what is ours. */
	if (strstr(foreign->path, "//") || strstr(foreign->path, "/./") ||
	    strstr(foreign->path, "/../"))
		return -EINVAL;
	slash = strrchr(foreign->path, '/');
	foreign->file = slash + 1;
	if (!slash[1] || !strcmp(slash + 1, ".") || !strcmp(slash + 1, ".."))
		return -EINVAL;
	return !strncmp(foreign->path, NSI_RUN "/", sizeof(NSI_RUN)) ? -EINVAL : 0;
}

static int open_parent(struct foreign *foreign)
{
	nsi_autoclose int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char parent[PATH_MAX];

	if (root < 0)
		return nsi_errno();
	snprintf(parent, sizeof(parent), "%.*s", (int)(foreign->file - foreign->path),
		 foreign->path);
	foreign->dir = nsi_walk_dirs(root, parent);
	return foreign->dir < 0 ? foreign->dir : 0;
}

/* Empty, and nobody's but the caller's. */
static bool is_left_over(int dir, const char *file)
{
	struct stat st;

	return fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       !st.st_size && st.st_nlink == 1 && st.st_uid == geteuid();
}

/* Is it one of the directories in which programs have nothing else? */
static bool is_place(const struct foreign *foreign)
{
	static const char users[] = "/" NSI_USER_NETNS;
	size_t len = foreign->file - foreign->path - 1;
	const struct nsi_pin_place *place;

	for (size_t i = 0; (place = nsi_pin_get_place(i)); i++)
		if (strlen(place->dir) == len && !memcmp(place->dir, foreign->path, len))
			return true;
	return foreign->maker != NSU_PIN_BY_OTHER && len >= sizeof(users) - 1 &&
	       !memcmp(foreign->path + len - (sizeof(users) - 1), users,
		       sizeof(users) - 1);
}

static int look(struct nsu_ctx *ctx, struct foreign *foreign)
{
	struct nsi_record *found = &foreign->found;
	int r = -EMEDIUMTYPE;

	for (unsigned type = 0; type < NSU_TYPE_COUNT && r == -EMEDIUMTYPE; type++) {
		r = nsi_pin_look(ctx, foreign->dir, foreign->file, type, NULL,
				 &found->inode[type], &found->id[type]);
		if (!r)
			found->types = 1u << type;
	}
	foreign->maker = nsi_pin_maker_of(foreign->path);
	foreign->plain = r == -ENODATA;
	/* Whose file it is where nothing is mounted only the place tells. */
	if (foreign->plain && is_place(foreign) &&
	    is_left_over(foreign->dir, foreign->file))
		return 0;
	return r == -ENODATA || r == -EBADF ? -EMEDIUMTYPE : r;
}

/* What it was mounted on may be a file that was there before, with something in it. */
static int drop(struct nsu_ctx *ctx, struct foreign *foreign,
		struct nsu_pin_report *report)
{
	int r = 0;

	if (!foreign->plain)
		r = nsi_pin_detach(ctx, foreign->dir, foreign->file, report);
	if (r < 0 || !is_left_over(foreign->dir, foreign->file))
		return r;
	/* EBUSY: something else is still mounted there. */
	if (unlinkat(foreign->dir, foreign->file, 0) == 0 || errno == ENOENT ||
	    errno == EBUSY)
		return 0;
	r = nsi_errno();
	return nsi_pin_fail(report, NSU_PIN_STEP_UNMOUNT, r, NSU_PIN_CAUSE_NONE, "%s",
			    foreign->path);
}

static int remove_found(struct nsu_ctx *ctx, struct foreign *foreign, bool force,
			struct nsu_pin_report *report)
{
	int r = open_parent(foreign);

	if (!r)
		r = look(ctx, foreign);
	if (r == -ENOENT || r == -ENOTDIR)
		return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, -ENOENT,
				    NSU_PIN_CAUSE_ABSENT, "%s", foreign->path);
	if (r < 0)
		return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, r, r == -ELOOP ?
				    NSU_PIN_CAUSE_UNSAFE : NSU_PIN_CAUSE_NONE, "%s",
				    foreign->path);
	if (!force)
		return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, -EPERM,
				    NSU_PIN_CAUSE_FOREIGN, "%s",
				    nsu_pin_maker_get_name(foreign->maker));
	nsi_pin_tell(&foreign->found, report);
	return drop(ctx, foreign, report);
}

int nsi_pin_remove_foreign(struct nsu_ctx *ctx, const char *word, bool force,
			   struct nsu_pin_report *report)
{
	struct foreign foreign = { .dir = -1 };
	int r = take_path(&foreign, word);

	if (r < 0)
		return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, r, NSU_PIN_CAUSE_NAME,
				    "%s", word);
	r = remove_found(ctx, &foreign, force, report);
	if (foreign.dir >= 0)
		close(foreign.dir);
	return r;
}
