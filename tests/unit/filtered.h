/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes with filters, and how a test holds them. */
#ifndef NSU_FILTERED_H
#define NSU_FILTERED_H

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include "enter.h"
#include "uapi.h"
#include "kid.h"

__attribute__((unused))
static struct nsi_hold hold_of(pid_t pid)
{
	struct nsi_hold hold = { .pid = pid };
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	hold.dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	hold.pidfd = syscall(SYS_pidfd_open, pid, 0);
	return hold;
}

__attribute__((unused))
static void hold_end(struct nsi_hold *hold)
{
	close(hold->dir);
	if (hold->pidfd >= 0)
		close(hold->pidfd);
}

/* Filters that answer getsid(2) with an error: the newest filter is the one heard. */
static struct sock_filter older[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 101),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
}, newer[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 102),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 103),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

__attribute__((unused))
static int filter_self(struct sock_filter *code, size_t count)
{
	struct sock_fprog program = { .len = count, .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return -errno;
	return 0;
}

__attribute__((unused))
static int filter_twice(void)
{
	int r = filter_self(older, ARRAY_SIZE(older));

	return r < 0 ? r : filter_self(newer, ARRAY_SIZE(newer));
}

__attribute__((unused))
static bool is_filter(const struct nsi_filter *filter, const void *code, size_t count)
{
	return filter->count == count && !memcmp(filter->code, code, count * 8);
}

#endif
