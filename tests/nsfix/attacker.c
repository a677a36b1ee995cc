// SPDX-License-Identifier: GPL-2.0-or-later
/* What a hostile container does to who enters it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "leaks.h"

#define SKIP 77
#define KEY "nsutil-test"

static int say_errno(const char *what)
{
	fprintf(stderr, "attacker: %s: %s\n", what, strerror(errno));
	return 1;
}

static void be_ready(void)
{
	dprintf(1, "ready\n");
}

static void say_wanted(int sig)
{
	static const char text[] = "wanted\n";

	(void)sig;
	if (write(1, text, sizeof(text) - 1) < 0)
		_exit(1);
}

/* Until the end of its input whoever opens FILE waits, by a lease: of the ways to hold up
   an exec the one that needs no file system and no module. Says when somebody does. */
static int do_lease(char **argv)
{
	const struct sigaction action = { .sa_handler = say_wanted };
	int fd = open(argv[0], O_RDWR | O_CLOEXEC);
	ssize_t n;
	char c;

	sigaction(SIGIO, &action, NULL);
	if (fd < 0)
		return say_errno(argv[0]);
	if (fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
		return SKIP;
	be_ready();
	do
		n = read(0, &c, 1);
	while (n > 0 || (n < 0 && errno == EINTR));
	return 0;
}

/* Runs a command with a key in its session keyring. */
static int do_with_key(char **argv)
{
	long ring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);

	if (ring < 0 || syscall(SYS_add_key, "user", KEY, "secret", 6,
				KEY_SPEC_SESSION_KEYRING) < 0)
		return SKIP;
	execvp(argv[0], argv);
	return say_errno(argv[0]);
}

/* 0: there is that key, and it can be read. */
static int do_key(char **argv)
{
	long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user",
			   KEY, 0);
	char text[16];

	(void)argv;
	return key < 0 || syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof(text)) < 0;
}

static int set_writable(int fd)
{
	struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };

	return (int)syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr,
			    sizeof(attr));
}

static int clone_writable(int fd, const char *path, const char *over)
{
	int tree = (int)syscall(SYS_open_tree, fd, "",
				AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	(void)path;
	(void)over;
	return tree < 0 ? -1 : set_writable(tree);
}

static int open_writable(int fd, const char *path, const char *over)
{
	int tree = (int)syscall(SYS_open_tree, fd, "", AT_EMPTY_PATH | OPEN_TREE_CLOEXEC);

	(void)path;
	(void)over;
	return tree < 0 ? -1 : set_writable(tree);
}

static int setattr_writable(int fd, const char *path, const char *over)
{
	(void)path;
	(void)over;
	return set_writable(fd);
}

static int remount(int fd, const char *path, const char *over)
{
	(void)fd;
	(void)over;
	return mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL);
}

static int bind_mount(int fd, const char *path, const char *over)
{
	(void)fd;
	return mount(path, over, NULL, MS_BIND, NULL);
}

static int move(int fd, const char *path, const char *over)
{
	(void)path;
	return (int)syscall(SYS_move_mount, fd, "", AT_FDCWD, over,
			    MOVE_MOUNT_F_EMPTY_PATH);
}

static int handle(int fd, const char *path, const char *over)
{
	struct {
		struct file_handle head;
		char data[MAX_HANDLE_SZ];
	} h = { .head.handle_bytes = MAX_HANDLE_SZ };
	int id;

	(void)path;
	(void)over;
	if (name_to_handle_at(fd, "", &h.head, &id, AT_EMPTY_PATH))
		return -1;
	return open_by_handle_at(fd, &h.head, O_WRONLY | O_CLOEXEC);
}

static const struct {
	const char *name;
	int (*run)(int fd, const char *path, const char *over);
} tricks[] = {
	{ "mount_setattr", setattr_writable },
	{ "remount", remount },
	{ "clone", clone_writable },
	{ "open_tree", open_writable },
	{ "bind", bind_mount },
	{ "move", move },
	{ "handle", handle },
};

/* Each of the ways to a writable mount, in mounts of its own. */
static int try_all(int fd, const char *over)
{
	char path[32];
	int done = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++) {
		if (tricks[i].run(fd, path, over) < 0)
			continue;
		dprintf(1, "loosened by %s\n", tricks[i].name);
		done++;
	}
	return done;
}

/*
 * EXE is a link to what runs; over: a file to mount it over. Tries to get the right to
 * write to it while it runs, and after the next line of input, by when it has ended.
 */
static int do_loosen(char **argv)
{
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC), done = 0;
	char line[16], path[32];

	if (fd < 0)
		return say_errno(argv[0]);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return SKIP;
	done = try_all(fd, argv[1]);
	be_ready();
	if (read(0, line, sizeof(line)) <= 0)
		return SKIP;
	done += try_all(fd, argv[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	done += open(path, O_WRONLY | O_CLOEXEC) >= 0;
	dprintf(1, "result %d\n", done);
	return 0;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **argv);
} acts[] = {
	{ "lease", 1, do_lease },
	{ "with-key", 1, do_with_key },
	{ "key", 0, do_key },
	{ "loosen", 2, do_loosen },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]) && argc > 1; i++)
		if (!strcmp(argv[1], acts[i].name) && argc - 2 >= acts[i].args)
			return acts[i].run(argv + 2);
	fputs("usage: attacker lease FILE | with-key COMMAND [ARG...] | key |\n"
	      "  loosen EXE FILE\n", stderr);
	return 2;
}
