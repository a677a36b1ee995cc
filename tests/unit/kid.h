/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Children in namespaces of their own, which wait until they are ended. */
#ifndef NSU_KID_H
#define NSU_KID_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct kid {
	pid_t pid;
	int hold;		/* its standard input: closed, it ends */
	int said; /* what its body returned: a number, or a negative errno */
};

/* In a child: what it waits on, for those that it forks. */
static int kid_input = -1;
/* In a child whose body does not return: where it says its number. */
static int kid_output = -1;

static void kid_wait(void)
{
	char c;

	while (read(kid_input, &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

/* fork(2) with flags: the new process is the first in its new namespaces. */
static pid_t kid_clone(int flags)
{
	fflush(stdout);
#ifdef __s390__
	return syscall(SYS_clone, 0, flags | SIGCHLD, 0, 0, 0);
#else
	return syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
#endif
}

__attribute__((noreturn))
static void kid_live(int hold, int say, int (*body)(void))
{
	int said;

	kid_input = hold;
	kid_output = say;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	said = body ? body() : 0;
	if (write(say, &said, sizeof(said)) < 0)
		_exit(1);
	kid_wait();
	_exit(0);
}

/* Returns 0, or a negative errno where it may not have such namespaces. */
__attribute__((unused))
static int kid_start(struct kid *kid, int flags, int (*body)(void))
{
	int hold[2], say[2], r = 0;

	if (pipe2(hold, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(say, O_CLOEXEC) < 0)
		return -errno;
	kid->pid = kid_clone(flags);
	if (kid->pid < 0)
		r = -errno;
	if (!kid->pid) {
		close(hold[1]);
		close(say[0]);
		kid_live(hold[0], say[1], body);
	}
	close(hold[0]);
	close(say[1]);
	if (!r && read(say[0], &kid->said, sizeof(kid->said)) != sizeof(kid->said))
		r = -EIO;
	close(say[0]);
	kid->hold = hold[1];
	if (r < 0)
		close(hold[1]);
	return r;
}

__attribute__((unused))
static void kid_end(struct kid *kid)
{
	close(kid->hold);
	kill(kid->pid, SIGKILL);
	waitpid(kid->pid, NULL, 0);
}

/* The inode in /proc/PID/ns/NAME, 0: cannot be read. */
__attribute__((unused))
static uint64_t link_inode(pid_t pid, const char *name)
{
	char path[64], text[64];
	unsigned long long inode = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	n = readlink(path, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return sscanf(text, "%*[a-z]:[%llu]", &inode) == 1 ? inode : 0;
}

#endif
