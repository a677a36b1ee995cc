// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of situations, and the command line. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "leaks.h"
#include "nsfix.h"
#include "probe.h"

#define SKIP 77

const struct situation situations[] = {
	{ "sandbox", "[LETTERS]", "a process and two children in namespaces of their own",
	  can_sandbox, CONTAINER, build_sandbox },
	{ "host-and-two", "", "two container-like sandboxes", can_unshare, CONTAINER,
	  build_host_and_two },
	{ "service", "", "a process with its own mnt and uts", can_unshare,
	  CLONE_NEWNS | CLONE_NEWUTS, build_service },
	{ "service-net", "", "a process with its own mnt and net", can_unshare,
	  CLONE_NEWNS | CLONE_NEWNET, build_service },
	{ "pod", "", "a pause process and a member that shares uts, ipc and net with it",
	  can_unshare, CONTAINER, build_pod },
	{ "nested5", "", "five nested pid and user namespaces", can_by_building, 0,
	  build_nested5 },
	{ "memberless-user", "", "user namespaces A > B > C of which B has no process",
	  can_unshare, CLONE_NEWUSER, build_memberless_user },
	{ "memberless-owner", "", "a net namespace whose owner has no process",
	  can_unshare, CLONE_NEWUSER | CLONE_NEWNET, build_memberless_owner },
	{ "thread-ns", "", "a thread with its own net and uts", can_unshare,
	  CLONE_NEWNET | CLONE_NEWUTS, build_thread_ns },
	{ "time-children", "", "a time namespace that only time_for_children names",
	  can_unshare, CLONE_NEWTIME, build_time_children },
	{ "pid-children", "", "pid_for_children with a live init, and with an ended one",
	  can_unshare, CLONE_NEWPID, build_pid_children },
	{ "clock", "", "a process in a time namespace with offsets", can_unshare,
	  CLONE_NEWTIME, build_clock },
	{ "bubble", "[UID]",
	  "a container in two nested user namespaces, as UID in the inner",
	  can_unshare, CONTAINER | CLONE_NEWUSER, build_bubble },
	{ "socket", "",
	  "a process with a socket of another network namespace than its own",
	  can_unshare, CLONE_NEWNET, build_socket },
	{ "dead-leader", "", "a process whose leader ended before its thread",
	  can_unshare, CLONE_NEWNET, build_dead_leader },
	{ "zombies", "[N=500]", "N zombies in a pid namespace of their own", can_unshare,
	  CLONE_NEWPID, build_zombies },
	{ "hostile-name", "", "processes with hostile names and command lines",
	  can_unshare, CLONE_NEWNET, build_hostile_name },
	{ "uidmap340", "", "a user namespace with 340 lines of uid_map", can_by_building,
	  0, build_uidmap340 },
	{ "dead-fuse", "", "a process that holds a file of a dead FUSE server",
	  can_by_building, 0, build_dead_fuse },
	{ "twins", "[N=9]",
	  "N like children of one parent, each with its own pid namespace", can_unshare,
	  CLONE_NEWPID, build_twins },
	{ "churn", "LOOPS [SECONDS]", "20 lasting processes among LOOPS that come and go",
	  can_unshare, CONTAINER, build_churn },
	{ "waiting", "", "a process with its own net that no signal reaches (state D)",
	  can_unshare, CLONE_NEWNET, build_waiting },
	{ "bystander", "UID", "a sandbox whose tasks run as UID", can_by_building, 0,
	  build_bystander },
	{ "inside", "[NAME=VALUE...]",
	  "a container as odd as that says, see sit-inside.c",
	  can_by_building, 0, build_inside },
	{ "dead-fuse-pin", "", "a net namespace pinned below a dead FUSE server",
	  can_by_building, 0, build_dead_fuse_pin },
	{ "fuse-swap", "",
	  "a descriptor that is a socket and a file of a dead FUSE server by turns",
	  can_by_building, 0, build_fuse_swap },
	{ "held-tasks", "", "a net and a uts namespace kept by a process and a thread",
	  can_unshare, CLONE_NEWNET | CLONE_NEWUTS, build_held_tasks },
	{ "held-zombie", "", "a pid and a user namespace kept by a zombie",
	  can_unshare, CLONE_NEWUSER, build_held_zombie },
	{ "held-children", "", "a pid and a time namespace kept for children to come",
	  can_unshare, CLONE_NEWPID | CLONE_NEWTIME, build_held_children },
	{ "held-fd", "", "a namespace of each type kept by a descriptor",
	  can_unshare, CONTAINER | CLONE_NEWTIME, build_held_fd },
	{ "held-thread-fd", "", "... by a descriptor in a thread's own table",
	  can_unshare, CLONE_NEWNET, build_held_thread_fd },
	{ "held-dead-leader-fd", "", "... by one behind a dead leader",
	  can_unshare, CLONE_NEWNET, build_held_dead_leader_fd },
	{ "held-socket", "", "net namespaces kept by sockets of several kinds",
	  can_by_building, 0, build_held_socket },
	{ "held-shared-socket", "", "... by one socket of two processes",
	  can_by_building, 0, build_held_shared_socket },
	{ "held-tun", "", "... by a tun device",
	  can_by_building, 0, build_held_tun },
	{ "held-message", "", "... by descriptors in messages in flight",
	  can_unshare, CLONE_NEWNET, build_held_message },
	{ "held-second-message", "", "... by one in the message behind another",
	  can_unshare, CLONE_NEWNET, build_held_second_message },
	{ "held-mount", "", "net namespaces pinned in the mount namespace we are in",
	  can_by_building, 0, build_held_mount },
	{ "held-mount-other", "", "net namespaces pinned in another mount namespace",
	  can_by_building, 0, build_held_mount_other },
	{ "held-mount-nested", "[N=2]", "... pinned where only a pin leads to, N deep",
	  can_by_building, 0, build_held_mount_nested },
	{ "held-mntns-fd", "", "... pinned where only a descriptor leads to",
	  can_by_building, 0, build_held_mntns_fd },
	{ "held-orphan-pin", "", "... pinned, its owner has no process",
	  can_by_building, 0, build_held_orphan_pin },
	{ "held-opened", "", "... open by the path of a pin, one of which is gone",
	  can_by_building, 0, build_held_opened },
	{ "held-detached", "", "... pinned in mounts that are nowhere",
	  can_by_building, 0, build_held_detached },
	{ "held-child", "", "a pid and a user namespace kept by their children",
	  can_by_building, 0, build_held_child },
	{ "held-owned", "", "a user namespace kept by a net namespace",
	  can_unshare, CLONE_NEWUSER | CLONE_NEWNET, build_held_owned },
	{ "held-cred", "", "a user namespace kept by a file's credentials",
	  can_by_building, 0, build_held_cred },
	{ NULL, NULL, NULL, NULL, 0, NULL },
};

static int usage(void)
{
	fputs("usage: nsfix list | can SITUATION [ARG...] | wait PID... | who [N...] | "
	      "inode PID | SITUATION [ARG...]\n"
	      "Situations are built until standard input closes.\n",
	      stderr);
	return 2;
}

static int list(void)
{
	for (const struct situation *s = situations; s->name; s++)
		printf("%-17s %-16s %s\n", s->name, s->args, s->help);
	return 0;
}

static const struct situation *find(const char *name)
{
	for (const struct situation *s = situations; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

/* Waits until these processes have ended; for tests, which must not poll. */
static int wait_pids(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		pid_t pid = (pid_t)strtol(argv[i], NULL, 10);
		struct pollfd p = { .events = POLLIN };

		p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
		if (p.fd < 0 && errno == ESRCH)
			continue;
		if (p.fd < 0) {
			fprintf(stderr, "nsfix: process %d: %s\n", pid, strerror(errno));
			return 1;
		}
		while (poll(&p, 1, -1) < 0 && errno == EINTR)
			;
		close(p.fd);
	}
	return 0;
}

/* The inode of a pidfd, which is the process's own where they lie on pidfs; for tests,
   which have no other way to it. */
static int print_inode(int argc, char **argv)
{
	int fd = argc == 1 ? (int)syscall(SYS_pidfd_open, atoi(argv[0]), 0) : -1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		fprintf(stderr, "nsfix: pidfd: %s\n", strerror(errno));
		return 1;
	}
	printf("%llu\n", (unsigned long long)st.st_ino);
	close(fd);
	return 0;
}

/* Returns the exit status: a signal is told as the shell tells it. */
static int wait_for_end(struct fix *f)
{
	struct pollfd p[2] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = f->signals, .events = POLLIN },
	};
	struct signalfd_siginfo info;
	char buf[256];

	for (;;) {
		if (poll(p, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return 1;
		}
		if (p[1].revents && read(f->signals, &info, sizeof(info)) > 0)
			return 128 + (int)info.ssi_signo;
		if (p[0].revents && read(STDIN_FILENO, buf, sizeof(buf)) <= 0)
			return 0;
	}
}

static int can(struct fix *f)
{
	const char *reason = f->why;

	if (!fix_open(f))
		reason = f->sit->can(f);
	fix_close(f);
	if (!reason)
		return 0;
	printf("%s: %s\n", f->sit->name, reason);
	return SKIP;
}

static int build(struct fix *f)
{
	char *text = NULL;
	size_t len = 0;
	int r = fix_open(f), status = 1;

	f->out = open_memstream(&text, &len);
	if (!f->out)
		r = fix_fail(f, errno, "allocate");
	if (!r) {
		fputc('{', f->out);
		r = f->sit->build(f);
		json_key_string(f->out, "situation", f->sit->name);
		json_member(f->out, "self", &f->self);
		fputs("}\n", f->out);
	}
	if (f->out)
		fclose(f->out);
	if (r)
		fprintf(stderr, "nsfix: %s: %s\n", f->sit->name, f->why);
	else if (fwrite(text, 1, len, stdout) == len && !fflush(stdout))
		status = wait_for_end(f);
	free(text);
	fix_close(f);
	return status;
}

int main(int argc, char **argv)
{
	struct fix f = { .report_w = -1 };
	bool ask;

	resume_hostile();
	if (argc < 2)
		return usage();
	if (!strcmp(argv[1], "list"))
		return list();
	if (!strcmp(argv[1], "who"))
		return probe_who(argc - 2, argv + 2);
	if (!strcmp(argv[1], "wait"))
		return wait_pids(argc - 2, argv + 2);
	if (!strcmp(argv[1], "inode"))
		return print_inode(argc - 2, argv + 2);
	ask = !strcmp(argv[1], "can");
	if (argc < 2 + ask)
		return usage();
	f.sit = find(argv[1 + ask]);
	if (!f.sit)
		return usage();
	f.argc = argc - 2 - ask;
	f.argv = argv + 2 + ask;
	/* What the script has open, such as another fixture's input, must not live on. */
	syscall(SYS_close_range, 3U, ~0U, 0U);
	return ask ? can(&f) : build(&f);
}
