// SPDX-License-Identifier: GPL-2.0-or-later
/* A task's own pids and namespaces, as /proc/thread-self tells them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nsfix.h"

const char *const link_names[LINKS] = {
	"mnt", "uts", "ipc", "net", "pid", "cgroup", "user", "time",
	"pid_for_children", "time_for_children",
};

static const struct {
	char letter;
	unsigned int flag;
} letters[] = {
	{ 'm', CLONE_NEWNS },
	{ 'u', CLONE_NEWUTS },
	{ 'i', CLONE_NEWIPC },
	{ 'n', CLONE_NEWNET },
	{ 'p', CLONE_NEWPID },
	{ 'C', CLONE_NEWCGROUP },
	{ 'U', CLONE_NEWUSER },
	{ 'T', CLONE_NEWTIME },
};

/* Returns 0 if there is a letter that names no type. */
unsigned int letters_to_flags(const char *text)
{
	unsigned int flags = 0;

	for (; *text; text++) {
		size_t i = 0;

		while (i < TYPES && letters[i].letter != *text)
			i++;
		if (i == TYPES)
			return 0;
		flags |= letters[i].flag;
	}
	return flags;
}

/* The numbers of one line of status, without the first `skip`; returns how many. */
static int read_numbers(const char *status, const char *key, int skip, int *ret)
{
	const char *p = strstr(status, key);
	int count = 0;

	if (!p)
		return 0;
	p += strlen(key);
	while (*p != '\n' && *p && count < LEVELS_MAX) {
		char *end;
		long n = strtol(p, &end, 10);

		if (end == p)
			break;
		if (skip-- <= 0)
			ret[count++] = (int)n;
		p = end;
	}
	return count;
}

static int read_status(struct task *t, int depth)
{
	char buf[8192];
	ssize_t len;
	int fd, first[LEVELS_MAX];

	fd = open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (len <= 0)
		return -EIO;
	buf[len] = '\0';
	if (!read_numbers(buf, "\nNStgid:", 0, first))
		return -EIO;
	t->proc_pid = first[0];
	if (!read_numbers(buf, "\nNSpid:", 0, first))
		return -EIO;
	t->proc_tid = first[0];
	t->levels = read_numbers(buf, "\nNStgid:", depth - 1, t->pids);
	if (read_numbers(buf, "\nNSpid:", depth - 1, t->tids) != t->levels || !t->levels)
		return -EIO;
	return 0;
}

/*
 * Fills pids and identities. `depth` is how many levels of pid namespaces lie between the
 * one of /proc and nsfix, plus 1: in a child pid namespace with an old /proc the kernel
 * lists levels there that nsfix does not see. Returns 0 or a negative errno.
 */
int task_read(struct task *t, int depth)
{
	int r = read_status(t, depth);

	if (r < 0)
		return r;
	for (int i = 0; i < LINKS; i++) {
		char path[64];
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", link_names[i]);
		len = readlink(path, t->ns[i], sizeof(t->ns[i]) - 1);
		/* Absent: a type that this kernel lacks, or no child yet. */
		if (len < 0 && errno != ENOENT)
			return -errno;
		t->ns[i][len < 0 ? 0 : len] = '\0';
	}
	return 0;
}
