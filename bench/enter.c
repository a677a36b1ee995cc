/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * enter target                 a process with all namespaces but user and time of its
 *                              own and a resolv.conf and hosts unlike the host's; prints
 *                              its pid, ends with standard input
 * enter PID FLAGS COMMAND...   the floor of entering: pidfd_open, setns with these
 *                              CLONE_NEW* flags (a number), fork where a pid namespace is
 *                              among them, exec
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

#define OWN (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWPID | \
	     CLONE_NEWCGROUP)

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	close(fd);
}

/* Over the host's files, in a mount namespace of its own. */
static void bind_text(const char *path, const char *text)
{
	write_file("/tmp/bench-file", text);
	if (mount("/tmp/bench-file", path, NULL, MS_BIND, NULL) < 0)
		err(1, "bind %s", path);
	if (unlink("/tmp/bench-file") < 0)
		err(1, "unlink");
}

static int be_target(void)
{
	pid_t pid;
	char end;

	if (unshare(OWN) < 0)
		err(1, "unshare");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid > 0) {
		printf("%d\n", (int)pid);
		fflush(stdout);
		if (read(STDIN_FILENO, &end, 1) < 0)
			err(1, "read");
		kill(pid, SIGKILL);
		return waitpid(pid, NULL, 0) != pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0)
		err(1, "mount");
	bind_text("/etc/resolv.conf", "nameserver 192.0.2.1\n");
	bind_text("/etc/hosts", "192.0.2.2 inside\n");
	for (;;)
		pause();
}

static int enter(int argc, char **argv)
{
	int flags = (int)strtol(argv[2], NULL, 0), status;
	int fd = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);
	pid_t pid;

	(void)argc;
	if (fd < 0 || setns(fd, flags) < 0)
		err(1, "enter %s", argv[1]);
	if (flags & CLONE_NEWPID) {
		pid = fork();
		if (pid > 0 && waitpid(pid, &status, 0) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
		if (pid != 0)
			err(1, "fork");
	}
	execvp(argv[3], argv + 3);
	err(127, "%s", argv[3]);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "target") == 0)
		return be_target();
	if (argc < 4)
		errx(2, "usage: enter target | enter PID FLAGS COMMAND...");
	return enter(argc, argv);
}
