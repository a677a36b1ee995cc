/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A /run of the test's own: an empty tmpfs in a mount namespace that ends with it. */
#ifndef NSU_PINROOM_H
#define NSU_PINROOM_H

#include <dirent.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "pin.h"
#include "box.h"

/* NULL, or why there can be none. */
__attribute__((unused))
static const char *pinroom_enter(void)
{
	bool root = geteuid() == 0;

	box_uid = geteuid();
	box_gid = getegid();
	if (unshare(CLONE_NEWNS | (root ? 0 : CLONE_NEWUSER)) < 0)
		return "needs root, or user namespaces";
	if (!root && box_map() < 0)
		return "cannot map the user";
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("room", "/run", "tmpfs", 0, "mode=755") < 0)
		return "cannot mount a /run of its own";
	return NULL;
}

/* An empty /run in place of the last one. options: of tmpfs */
__attribute__((unused))
static int pinroom_renew(unsigned long propagation, const char *options)
{
	if (umount2("/run", MNT_DETACH) < 0 ||
	    mount("room", "/run", "tmpfs", 0, fmt("mode=755%s", options)) < 0 ||
	    mount(NULL, "/run", NULL, propagation, NULL) < 0)
		return -errno;
	return 0;
}

/* The lines of mountinfo with the word; the last of them to text, which may be NULL. */
__attribute__((unused))
static int pinroom_mounts(const char *word, char *text, size_t size)
{
	FILE *file = fopen("/proc/thread-self/mountinfo", "re");
	char line[4096];
	int count = 0;

	while (file && fgets(line, sizeof(line), file)) {
		if (!strstr(line, word))
			continue;
		count++;
		if (text)
			snprintf(text, size, "%s", line);
	}
	if (file)
		fclose(file);
	return count;
}

__attribute__((unused))
static int pinroom_count(const char *path)
{
	DIR *dir = opendir(path);
	int count = 0;

	while (dir && readdir(dir))
		count++;
	if (!dir)
		return -errno;
	closedir(dir);
	return count - 2;
}

/* Descriptors that are open: a call that fails leaves none behind. */
#define pinroom_fds() pinroom_count("/proc/self/fd")

/* In a child, whose checks count as ours: what it did to itself ends with it. */
__attribute__((unused))
static void pinroom_fork(void (*body)(void))
{
	nsi_autoclose int out = -1;
	pid_t child;
	int say[2];

	if (pipe2(say, O_CLOEXEC) < 0)
		return;
	out = say[0];
	fflush(stdout);
	child = fork();
	if (!child) {
		body();
		_exit(write(say[1], &tap, sizeof(tap)) != sizeof(tap));
	}
	close(say[1]);
	if (read(out, &tap, sizeof(tap)) != sizeof(tap))
		ok(false, "a child came to its end");
	waitpid(child, NULL, 0);
}

#endif
