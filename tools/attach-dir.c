// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -H: the directory that the target's files are shown at. It has to be on the host, where
 * nothing is left behind: the last of those who use it at a time removes it. Each holds a
 * shared lock, which its supervisor has as well; who gets the exclusive one is the last.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "attach.h"

static const char *const made[] = { "/run/nsutil", "/run/nsutil/target" };

/* The directory of this user alone, or one that nobody else can have prepared. */
static int check_owner(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)) ? 0 : -EPERM;
}

/* -EAGAIN: it was removed while we came. */
static int make_dir(int at, const char *path)
{
	int fd, r;

	if (mkdirat(at, path, 0700) < 0 && errno != EEXIST)
		return errno == ENOENT ? -EAGAIN : -errno;
	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	r = check_owner(fd);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static int take(void)
{
	int top = make_dir(AT_FDCWD, made[0]), fd, r = 0;
	struct stat held, found;

	if (top < 0)
		return top;
	fd = make_dir(top, strrchr(made[1], '/') + 1);
	close(top);
	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_SH) < 0)
		r = -errno;
	if (r == 0 && (fstat(fd, &held) < 0 || stat(made[1], &found) < 0 ||
		       held.st_ino != found.st_ino))
		r = -EAGAIN;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int target_dir_open(struct attach *app)
{
	int r;

	app->dir = -1;
	if (!app->opts.host_tools || app->opts.target_dir != NULL)
		return 0;
	app->opts.target_dir = made[1];
	/* Lost only to somebody who removes it at that very moment, again and again. */
	for (int tries = 0; tries < 1000; tries++) {
		r = take();
		if (r != -EAGAIN)
			break;
	}
	if (r < 0) {
		msg_errno(&app->out, r, "%s: make a place for the target's files",
			  made[1]);
		if (geteuid() != 0)
			msg(&app->out, "-H needs root of the host: sudo nsattach -H ...");
		else
			msg(&app->out, "try another, an empty directory: "
			    "--target-dir=DIR");
		return r;
	}
	app->dir = r;
	return 0;
}

void target_dir_close(struct attach *app)
{
	if (app->dir < 0)
		return;
	/* Ours is one of the locks: turned into the exclusive one it was the last. */
	if (flock(app->dir, LOCK_EX | LOCK_NB) == 0) {
		rmdir(made[1]);
		rmdir(made[0]);	/* fails where others have something there */
	}
	close(app->dir);
	app->dir = -1;
}
