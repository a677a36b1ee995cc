/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks made by children in mount namespaces of their own. They leave them in memory
 * that is shared, and the parent says them: a child that dies takes nothing along.
 */
#ifndef NSU_INSIDE_H
#define NSU_INSIDE_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../tap.h"

static struct inside {
	size_t count;
	struct {
		char name[120], got[120], want[120];
	} check[200];
	char lacking[200];	/* what the host has not: the rest was left out */
} *inside;
static int inside_proc = -1;	/* the procfs of the test: children see others, or none */

__attribute__((unused, format(printf, 3, 4)))
static void check_str(const char *got, const char *want, const char *fmt, ...)
{
	size_t i = inside->count++;
	va_list ap;

	if (i >= sizeof(inside->check) / sizeof(*inside->check))
		_exit(3);
	va_start(ap, fmt);
	vsnprintf(inside->check[i].name, sizeof(inside->check[i].name), fmt, ap);
	va_end(ap);
	snprintf(inside->check[i].got, sizeof(inside->check[i].got), "%s", got);
	snprintf(inside->check[i].want, sizeof(inside->check[i].want), "%s", want);
}

#define check_int(value, wanted, ...) do { \
	char check_got[32], check_want[32]; \
	snprintf(check_got, sizeof(check_got), "%lld", (long long)(value)); \
	snprintf(check_want, sizeof(check_want), "%lld", (long long)(wanted)); \
	check_str(check_got, check_want, __VA_ARGS__); \
} while (0)
#define check(condition, ...) check_int(!!(condition), 1, __VA_ARGS__)

/* For what the test itself needs. */
__attribute__((unused))
static void need(bool there, const char *what)
{
	if (there)
		return;
	snprintf(inside->lacking, sizeof(inside->lacking), "%s: %s", what,
		 strerror(errno));
	_exit(0);
}

/* fork(2) with flags, runs the body there and waits; the wait status. */
__attribute__((unused))
static int inside_run(int flags, void (*body)(void))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
#ifdef __s390__
	pid = syscall(SYS_clone, 0, flags | SIGCHLD, 0, 0, 0);
#else
	pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
#endif
	if (pid < 0)
		return -1;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		body();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

/* The same, of the test's main process: then says what was checked there. */
__attribute__((unused))
static void inside_test(const char *name, int flags, void (*body)(void))
{
	int status;

	inside->count = 0;
	inside->lacking[0] = '\0';
	status = inside_run(flags, body);
	for (size_t i = 0; i < inside->count; i++)
		is_str(inside->check[i].got, inside->check[i].want, "%s: %s", name,
		       inside->check[i].name);
	if (inside->lacking[0])
		skip(name, inside->lacking);
	is_int(status, 0, "%s: ended well", name);
}

/* A mount namespace with a tmpfs at /tmp, from which nothing gets out. */
__attribute__((unused))
static void need_mounts(void)
{
	need(!unshare(CLONE_NEWNS), "unshare");
	need(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make / private");
	need(!mount("tmpfs", "/tmp", "tmpfs", 0, NULL), "mount a tmpfs");
}

__attribute__((unused))
static char *read_text(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	size_t size = 1 << 20, len = 0;
	char *text = malloc(size);
	ssize_t n;

	while (fd >= 0 && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	close(fd);
	return text;
}

__attribute__((unused))
static char *mounts_of(pid_t pid)
{
	char path[64] = "self/mountinfo";

	if (pid)
		snprintf(path, sizeof(path), "%d/mountinfo", pid);
	return read_text(inside_proc, path);
}

__attribute__((unused))
static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	need(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
	close(fd);
}

__attribute__((unused))
static int open_count(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void inside_start(void)
{
	inside = mmap(NULL, sizeof(*inside), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	inside_proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (inside == MAP_FAILED || inside_proc < 0)
		skip_all("no /proc");
}

#endif
