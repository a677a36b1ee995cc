// SPDX-License-Identifier: GPL-2.0-or-later
/* What a program finds that was started inside: itself, and others. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"
#include "uapi.h"

static void print_ids(void)
{
	uid_t uid[3];
	gid_t gid[3], groups[64];
	int count = getgroups(64, groups);

	getresuid(&uid[0], &uid[1], &uid[2]);
	getresgid(&gid[0], &gid[1], &gid[2]);
	printf("uid=%u %u %u\n", uid[0], uid[1], uid[2]);
	printf("gid=%u %u %u\ngroups=", gid[0], gid[1], gid[2]);
	for (int i = 0; i < count; i++)
		printf("%s%u", i ? " " : "", groups[i]);
	putchar('\n');
}

static uint64_t whole(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

static void print_caps(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { 0 };
	uint64_t bounding = 0, ambient = 0;

	syscall(SYS_capget, &head, data);
	for (int cap = 0; cap < 64; cap++) {
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			bounding |= 1ULL << cap;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
			ambient |= 1ULL << cap;
	}
	printf("permitted=%016jx\n",
	       (uintmax_t)whole(data[0].permitted, data[1].permitted));
	printf("effective=%016jx\n",
	       (uintmax_t)whole(data[0].effective, data[1].effective));
	printf("inheritable=%016jx\n",
	       (uintmax_t)whole(data[0].inheritable, data[1].inheritable));
	printf("bounding=%016jx\n", (uintmax_t)bounding);
	printf("ambient=%016jx\n", (uintmax_t)ambient);
}

static void print_limits(void)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit limit;

		if (!getrlimit(i, &limit))
			printf("rlimit.%d=%jd:%jd\n", i, (intmax_t)limit.rlim_cur,
			       (intmax_t)limit.rlim_max);
	}
}

static void print_sched(void)
{
	cpu_set_t cpus;

	printf("nice=%d\n", getpriority(PRIO_PROCESS, 0));
	printf("policy=%d\ncpus=", sched_getscheduler(0));
	if (!sched_getaffinity(0, sizeof(cpus), &cpus))
		for (size_t i = 0, n = 0; i < CPU_SETSIZE; i++)
			if (CPU_ISSET(i, &cpus))
				printf("%s%zu", n++ ? " " : "", i);
	putchar('\n');
}

/* A file's first line as NAME=LINE; not where there is no such file. */
static void print_file(const char *name, const char *path)
{
	char line[4096];
	FILE *file = fopen(path, "re");

	if (!file)
		return;
	if (fgets(line, sizeof(line), file))
		printf("%s=%.*s\n", name, (int)strcspn(line, "\n"), line);
	fclose(file);
}

int probe_who(int argc, char **argv)
{
	mode_t mask = umask(0);
	char cwd[4096];

	umask(mask);
	print_ids();
	print_caps();
	printf("nnp=%d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	printf("seccomp=%d\n", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
	printf("umask=%03o\n", mask);
	print_limits();
	print_sched();
	printf("personality=%x\n", (unsigned int)personality(0xffffffff));
	print_file("oom", "/proc/self/oom_score_adj");
	if (syscall(SYS_getcwd, cwd, sizeof(cwd)) > 0)
		printf("cwd=%s\n", cwd);
	for (int i = 0; i < argc; i++) {
		errno = 0;
		syscall(strtol(argv[i], NULL, 10), 0, 0, 0, 0, 0, 0);
		printf("call.%s=%d\n", argv[i], errno);
	}
	return 0;
}

static bool opens(pid_t pid, const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Of a process that ends, some open and are empty. */
static bool reads(pid_t pid, const char *name)
{
	char path[64], byte;
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, &byte, 1);
	close(fd);
	return n > 0;
}

static bool reads_link(pid_t pid, const char *name)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return readlink(path, text, sizeof(text)) >= 0;
}

static bool attaches(pid_t pid)
{
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL))
		return false;
	waitpid(pid, NULL, __WALL);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return true;
}

static bool seizes(pid_t pid)
{
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		return false;
	if (!ptrace(PTRACE_INTERRUPT, pid, NULL, NULL))
		waitpid(pid, NULL, __WALL);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return true;
}

static bool takes_fd(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, 0, 0);

	if (fd >= 0)
		close(fd);
	if (pidfd >= 0)
		close(pidfd);
	return fd >= 0;
}

/* EFAULT is said only to who may. */
static bool reads_memory(pid_t pid)
{
	char byte;
	struct iovec mine = { &byte, 1 }, its = { NULL, 1 };

	return process_vm_readv(pid, &mine, 1, &its, 1, 0) >= 0 || errno == EFAULT;
}

/* Older kernels open it also of one that has no memory any more, and then it is empty;
   where there is some, nothing lies at 0. */
static bool opens_memory(pid_t pid)
{
	char path[32], byte;
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = pread(fd, &byte, 1, 0);
		close(fd);
	}
	return n != 0;
}

static const char *const ways[] = {
	"alive", "root", "file", "root-path", "cwd", "fd", "exe", "mem", "environ",
	"maps", "ns", "getfd", "memory", "attach", "seize",
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* A mask of the ways that are open. */
static unsigned int reach_now(pid_t pid)
{
	const bool open[WAYS] = {
		opens(pid, "status", O_RDONLY),
		opens(pid, "root", O_RDONLY),
		opens(pid, "root/etc/passwd", O_RDONLY),
		opens(pid, "root", O_PATH),
		opens(pid, "cwd", O_RDONLY),
		opens(pid, "fd/0", O_PATH) || reads_link(pid, "fd/0"),
		opens(pid, "exe", O_RDONLY) || reads_link(pid, "exe"),
		opens_memory(pid),
		reads(pid, "environ"),
		reads(pid, "maps"),
		opens(pid, "ns/mnt", O_RDONLY) || reads_link(pid, "ns/mnt"),
		takes_fd(pid),
		reads_memory(pid),
		attaches(pid),
		seizes(pid),
	};
	unsigned int found = 0;

	for (size_t i = 0; i < WAYS; i++)
		found |= (unsigned int)open[i] << i;
	return found;
}

/* Takes the ids of who owns it, and keeps all capabilities and the way back. */
static bool become(pid_t pid)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	unsigned int uid, gid;
	char path[64], text[4096], *line;
	size_t n;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	line = strstr(text, "\nUid:");
	if (!line || sscanf(line, "\nUid: %u", &uid) != 1)
		return false;
	line = strstr(text, "\nGid:");
	if (!line || sscanf(line, "\nGid: %u", &gid) != 1)
		return false;
	if (syscall(SYS_setresgid, gid, gid, 0) || syscall(SYS_setresuid, uid, uid, 0) ||
	    syscall(SYS_capget, &head, data))
		return false;
	data[0].effective = data[0].permitted;
	data[1].effective = data[1].permitted;
	return !syscall(SYS_capset, &head, data);
}

/* As root, and as who owns it: with the same ids no capability is needed for that. */
static unsigned int reach(pid_t pid)
{
	unsigned int found = reach_now(pid);

	if (become(pid))
		found |= reach_now(pid);
	if (syscall(SYS_setresuid, 0, 0, 0) || syscall(SYS_setresgid, 0, 0, 0))
		_exit(1);
	return found;
}

/* Whoever comes, as long as it is there, until the last has come. */
static unsigned int reach_all(pid_t first, pid_t last)
{
	unsigned int found = 0;

	while (kill(last, 0) && errno == ESRCH)
		for (pid_t pid = first; pid < last; pid++)
			if (!kill(pid, 0) || errno != ESRCH)
				found |= reach(pid);
	return found | reach(last);
}

void probe_serve(void)
{
	for (;;) {
		int ask = open("/ask", O_RDONLY | O_CLOEXEC), answer;
		char text[256] = "", *end;
		ssize_t n = read(ask, text, sizeof(text) - 1);
		unsigned int found;
		pid_t first, last;
		size_t len = 0;

		close(ask);
		if (ask < 0 || n < 0)
			_exit(1);
		first = (pid_t)strtol(text, &end, 10);
		last = (pid_t)strtol(end, NULL, 10);
		found = reach_all(first, last);
		for (size_t i = 0; i < WAYS; i++)
			if (found & 1U << i)
				len += (size_t)snprintf(text + len, sizeof(text) - len,
							"%s%s", len ? " " : "", ways[i]);
		text[len++] = '\n';
		answer = open("/answer", O_WRONLY | O_CLOEXEC);
		n = write(answer, text, len);
		close(answer);
		if (n < 0)
			_exit(1);
	}
}
