/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The seccomp filters of a process, copied (ptrace(2)) and installed. A process that is
 * being traced but does not come to a stop, since it sleeps where nothing wakes it, can
 * be let go in one way only: its tracer has to end. So a helper traces, which can be
 * ended at any time; the kernel lets its tracees run on then.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "enter.h"
#include "uapi.h"

/* kernel/seccomp.c: a chain holds so many instructions, and each filter counts 4 more. */
#define MAX_CODE	32768
#define MAX_FILTERS	(MAX_CODE / 5)
#define DEADLINE_NS	500000000

struct copy {			/* shared by the helper and its parent */
	int result;		/* 1: none yet; then 0 or a negative errno */
	unsigned count;
	uint16_t len[MAX_FILTERS];
	uint64_t code[MAX_CODE + BPF_MAXINSNS];	/* room for one that is too many */
};

_Static_assert(sizeof(struct sock_filter) == sizeof(uint64_t), "one is the other");

static void unmap_copyp(struct copy **copy)
{
	if (*copy)
		munmap(*copy, sizeof(**copy));
}

static int get_filters(pid_t pid, struct copy *copy)
{
	size_t used = 0;

	/* The kernel numbers them from the oldest on. */
	for (unsigned i = 0; ; i++) {
		long n;

		if (i == MAX_FILTERS || used > MAX_CODE)
			return -E2BIG;
		n = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)(uintptr_t)i,
			   copy->code + used);
		if (n < 0) {
			int r = nsi_errno();

			/* EIO: no CHECKPOINT_RESTORE. EINVAL: no filters */
			if (r == -EIO)
				return -EOPNOTSUPP;
			return r == -ENOENT || (r == -EINVAL && !i) ? 0 : r;
		}
		if (n == 0 || n > BPF_MAXINSNS)
			return -EPROTO;
		copy->len[i] = n;
		copy->count = i + 1;
		used += n;
	}
}

/* Helper. Whatever it leaves undone is undone by its end. */
static int stop_and_get(const struct nsi_hold *hold, struct copy *copy)
{
	struct stat st;
	int status, r;
	long signal;

	/* Seizing disturbs nobody yet, so that it may still turn out to be a stranger. */
	if (ptrace(PTRACE_SEIZE, hold->pid, NULL, NULL) < 0)
		return nsi_errno();
	if (fstatat(hold->dir, "stat", &st, AT_SYMLINK_NOFOLLOW) < 0) {
		r = nsi_errno();
		return r == -ENOENT ? -ESRCH : r;
	}
	if (ptrace(PTRACE_INTERRUPT, hold->pid, NULL, NULL) < 0)
		return nsi_errno();
	if (waitpid(hold->pid, &status, __WALL) < 0)
		return nsi_errno();
	if (!WIFSTOPPED(status))
		return -ESRCH;
	r = get_filters(hold->pid, copy);
	/* It may have stopped for a signal that came first: that is still its own. */
	signal = status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);
	ptrace(PTRACE_DETACH, hold->pid, NULL, (void *)signal);
	return r;
}

__attribute__((noreturn))
static void help(const struct nsi_hold *hold, struct copy *copy, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == parent)
		copy->result = stop_and_get(hold, copy);
	_exit(0);
}

/* A fork without a signal at its end: no wait of the caller's finds it (__WALL). */
static pid_t fork_quietly(int *ret_pidfd)
{
#ifdef __s390__
	return syscall(SYS_clone, 0, CLONE_PIDFD, ret_pidfd, 0, 0);
#else
	return syscall(SYS_clone, CLONE_PIDFD, 0, ret_pidfd, 0, 0);
#endif
}

static int run_helper(const struct nsi_hold *hold, struct copy *copy)
{
	const struct timespec deadline = { 0, DEADLINE_NS };
	nsi_autoclose int pidfd = -1;
	struct pollfd poll = { .events = POLLIN };
	pid_t parent = getpid(), helper;
	sigset_t all, before;
	int n, r = 0;

	/* The caller's handlers must not run in the helper, nor twice. */
	sigfillset(&all);
	r = -pthread_sigmask(SIG_BLOCK, &all, &before);
	if (r < 0)
		return r;
	helper = fork_quietly(&pidfd);
	if (helper < 0)
		r = nsi_errno();
	if (!helper)
		help(hold, copy, parent);
	if (!r) {
		poll.fd = pidfd;
		do
			n = ppoll(&poll, 1, &deadline, NULL);
		while (n < 0 && errno == EINTR);
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		while (waitpid(helper, NULL, __WALL) < 0 && errno == EINTR)
			;
		r = copy->result;
		if (r > 0)
			r = n == 0 ? -ETIMEDOUT : -EIO;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

/* Why may it not be traced? It has ended, another one traces it, or -EPERM. */
static int explain_refusal(const struct nsi_hold *hold)
{
	char text[4096];
	const char *at;
	ssize_t n;

	n = nsi_read_at(hold->dir, "status", text, sizeof(text));
	if (n < 0)
		return n == -ENOENT || n == -ESRCH ? -ESRCH : -EPERM;
	at = strstr(text, "\nState:\t");
	if (at && (at[8] == 'Z' || at[8] == 'X'))
		return -ESRCH;
	at = strstr(text, "\nTracerPid:\t");
	return at && strtoul(at + 12, NULL, 10) ? -EBUSY : -EPERM;
}

static int take_copy(const struct copy *copy, struct nsi_confine *confine)
{
	struct nsi_filter *list = calloc(copy->count + 1, sizeof(*list));
	const uint64_t *code = copy->code;

	if (!list)
		return -ENOMEM;
	for (unsigned i = 0; i < copy->count; i++) {
		size_t size = copy->len[i] * sizeof(*code);

		list[i].code = malloc(size);
		if (!list[i].code) {
			while (i--)
				free(list[i].code);
			free(list);
			return -ENOMEM;
		}
		memcpy(list[i].code, code, size);
		list[i].count = copy->len[i];
		code += copy->len[i];
	}
	for (size_t i = 0; i < confine->filters_copied; i++)
		free(confine->filters[i].code);
	free(confine->filters);
	confine->filters = list;
	confine->filters_copied = copy->count;
	confine->seccomp = SECCOMP_MODE_FILTER;
	return 0;
}

int nsi_confine_copy_seccomp(const struct nsi_hold *hold, struct nsi_confine *confine)
{
	__attribute__((cleanup(unmap_copyp))) struct copy *copy = NULL;
	int r;

	if (confine->seccomp == SECCOMP_MODE_DISABLED)
		return 0;
	/* Without a pidfd the number may be one of another pid namespace. */
	if (confine->seccomp == SECCOMP_MODE_STRICT || hold->pidfd < 0)
		return -EOPNOTSUPP;
	copy = mmap(NULL, sizeof(*copy), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (copy == MAP_FAILED) {
		r = nsi_errno();
		copy = NULL;
		return r;
	}
	copy->result = 1;
	r = run_helper(hold, copy);
	if (r < 0)
		return r == -EPERM ? explain_refusal(hold) : r;
	if (copy->count < confine->filter_count)
		return -EBADMSG;
	if (!copy->count)
		return confine->seccomp < 0 ? 0 : -EBADMSG;
	return take_copy(copy, confine);
}

int nsi_set_seccomp(const struct nsi_confine *confine)
{
	if (confine->seccomp == SECCOMP_MODE_DISABLED)
		return 0;
	if (confine->seccomp == SECCOMP_MODE_STRICT)
		return -EOPNOTSUPP;
	if (!confine->filters_copied)
		return -ENODATA;
	for (size_t i = 0; i < confine->filters_copied; i++) {
		struct sock_fprog program = {
			.len = confine->filters[i].count,
			.filter = (struct sock_filter *)confine->filters[i].code,
		};

		/* A filter may refuse one way to install the next and allow the other,
		   which is the one that the target went. */
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 &&
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
			return nsi_errno();
	}
	return 0;
}
