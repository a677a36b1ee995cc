// SPDX-License-Identifier: GPL-2.0-or-later
/* Namespaces that bind mounts keep, in mount namespaces that lead to each other. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "held.h"

/* The common part of the system call table. */
#define NR_OPEN_TREE 428
#define CLONE_TREE 1		/* OPEN_TREE_CLONE */
#define RECURSIVE 0x8000	/* AT_RECURSIVE */

/* Whether it is one holder's work to have a namespace that nothing shows. */
enum { SHOWN, HIDDEN };

static void own_mounts(struct fix *f)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("nsfix", mount_point(), "tmpfs", 0, "size=64k"))
		fix_die(f, "mount a tmpfs");
}

/* Mounts what the descriptor is of, which is closed then. */
static void pin(struct fix *f, int fd, const char *dir, const char *name, int how)
{
	char source[64], path[96], of[LINK_SIZE];
	struct holder *h;
	int file;

	held_link(f, fd, of);
	snprintf(source, sizeof(source), "/proc/thread-self/fd/%d", fd);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0)
		fix_die(f, "make a mount point");
	close(file);
	if (mount(source, path, NULL, MS_BIND, NULL))
		fix_die(f, "pin a namespace");
	close(fd);
	if (how == HIDDEN)
		return;
	h = held_note(f, "mount", of);
	snprintf(h->path, sizeof(h->path), "%s", path);
	held_own(f, "mnt", h->in);
}

static void pin_new(struct fix *f, const char *dir, const char *name)
{
	pin(f, held_new(f, CLONE_NEWNET, "ns/net", NULL), dir, name, SHOWN);
}

static char shared_dir[64];

static void body_pin_here(struct fix *f, int slot)
{
	(void)slot;
	pin_new(f, shared_dir, "net");
}

/* The mounts are others' too: they are taken down even if nsfix is killed. */
static void body_mount(struct fix *f, int slot)
{
	const char *tmp = getenv("TMPDIR");
	char path[96];
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, 0);
	snprintf(shared_dir, sizeof(shared_dir), "%s/nsfix.XXXXXX",
		 tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	if (!mkdtemp(shared_dir))
		fix_die(f, "make a directory");
	pid = fix_spawn(f, slot, 0, body_pin_here);
	close(f->report_w);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	snprintf(path, sizeof(path), "%s/net", shared_dir);
	umount2(path, MNT_DETACH);
	unlink(path);
	rmdir(shared_dir);
	_exit(0);
}

int build_held_mount(struct fix *f)
{
	return held_build(f, 0, body_mount, 1);
}

static void body_mount_other(struct fix *f, int slot)
{
	(void)slot;
	own_mounts(f);
	pin_new(f, mount_point(), "net");
	/* Names that mountinfo, a terminal and JSON each have a way of their own for. */
	pin_new(f, mount_point(), "a b\n\033[2J\\040\"");
}

int build_held_mount_other(struct fix *f)
{
	return held_build(f, CLONE_NEWNS, body_mount_other, 1);
}

/* A mount namespace can be pinned only in an older one. Linux 6.18 tells which is older
   by the id, and each processor has a batch of these. */
static int stay_on_this_cpu(struct fix *f)
{
	cpu_set_t set;
	int cpu = sched_getcpu();

	CPU_ZERO(&set);
	if (cpu >= 0)
		CPU_SET((size_t)cpu, &set);
	if (cpu < 0 || sched_setaffinity(0, sizeof(set), &set))
		return fix_fail(f, errno, "stay on one processor");
	return 0;
}

static void dig(struct fix *f)
{
	own_mounts(f);
	if (f->aux[0]-- <= 0)
		pin_new(f, mount_point(), "net");
	else
		pin(f, held_new(f, CLONE_NEWNS, "ns/mnt", dig), mount_point(), "mnt",
		    SHOWN);
}

static void body_mount_nested(struct fix *f, int slot)
{
	(void)slot;
	f->aux[0] = (int)fix_number(f, 0, 2) - 1;
	dig(f);
}

int build_held_mount_nested(struct fix *f)
{
	if (stay_on_this_cpu(f))
		return -1;
	return held_build(f, CLONE_NEWNS, body_mount_nested, 1);
}

static void body_mntns_fd(struct fix *f, int slot)
{
	char of[LINK_SIZE];
	int fd;

	(void)slot;
	f->aux[0] = 0;
	fd = held_new(f, CLONE_NEWNS, "ns/mnt", dig);
	held_link(f, fd, of);
	held_note_fd(f, "fd", of, fd, false);
}

int build_held_mntns_fd(struct fix *f)
{
	return held_build(f, 0, body_mntns_fd, 1);
}

static void body_orphan_pin(struct fix *f, int slot)
{
	char of[LINK_SIZE], owner[LINK_SIZE];
	int fd, user;

	(void)slot;
	own_mounts(f);
	fd = held_new(f, CLONE_NEWUSER | CLONE_NEWNET, "ns/net", NULL);
	user = ioctl(fd, NS_GET_USERNS);
	if (user < 0)
		fix_die(f, "ask for the owner");
	held_link(f, user, owner);
	held_link(f, fd, of);
	close(user);
	held_note_ns(f, "owned", owner, of);
	pin(f, fd, mount_point(), "net", SHOWN);
}

int build_held_orphan_pin(struct fix *f)
{
	return held_build(f, CLONE_NEWNS, body_orphan_pin, 1);
}

/* By its path: of a mount that is there, and of one that is not any more. */
static void body_opened(struct fix *f, int slot)
{
	static const char *const names[] = { "there", "gone" };
	char path[96], of[LINK_SIZE];

	(void)slot;
	own_mounts(f);
	for (int i = 0; i < 2; i++) {
		int fd = held_new(f, CLONE_NEWNET, "ns/net", NULL);

		held_link(f, fd, of);
		pin(f, fd, mount_point(), names[i], i ? HIDDEN : SHOWN);
		snprintf(path, sizeof(path), "%s/%s", mount_point(), names[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fix_die(f, "open a pin");
		held_note_fd(f, "fd", of, fd, false);
	}
	if (umount2(path, MNT_DETACH))
		fix_die(f, "detach a pin");
}

int build_held_opened(struct fix *f)
{
	return held_build(f, CLONE_NEWNS, body_opened, 1);
}

/* As one mount, and as a pin in a tree of mounts that is attached nowhere. */
static void body_detached(struct fix *f, int slot)
{
	char of[LINK_SIZE];
	int fd, tree;

	(void)slot;
	own_mounts(f);
	fd = held_new(f, CLONE_NEWNET, "ns/net", NULL);
	held_link(f, fd, of);
	tree = syscall(NR_OPEN_TREE, fd, "", CLONE_TREE | O_CLOEXEC | AT_EMPTY_PATH);
	if (tree < 0)
		fix_die(f, "clone a mount");
	held_note_fd(f, "fd", of, tree, false);
	close(fd);
	fd = held_new(f, CLONE_NEWNET, "ns/net", NULL);
	held_link(f, fd, of);
	held_note(f, "kernel", of);
	pin(f, fd, mount_point(), "net", HIDDEN);
	if (syscall(NR_OPEN_TREE, AT_FDCWD, mount_point(),
		    CLONE_TREE | O_CLOEXEC | RECURSIVE) < 0)
		fix_die(f, "clone mounts");
	if (umount2(mount_point(), MNT_DETACH))
		fix_die(f, "detach mounts");
}

int build_held_detached(struct fix *f)
{
	return held_build(f, CLONE_NEWNS, body_detached, 1);
}
