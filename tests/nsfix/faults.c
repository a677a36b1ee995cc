// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a command does when it is killed, or refused something, at one of its system
 * calls:
 *
 *	faults [-a] kill N TOLD COMMAND...	who makes the Nth call is killed
 *	faults [-a] main N TOLD COMMAND...	COMMAND is, at a child's Nth call
 *	faults ENOSPC N TOLD COMMAND...		that call fails (or EPERM, ENOMEM, ...)
 *	faults can				77: not here
 *
 * Calls count from the first that changes something outside of the process, those of
 * children, too. To kill, only they count, unless -a is given: what lies between two of
 * them leaves the same behind. The file TOLD gets one line: N, the call, main or child,
 * and "exit STATUS", "signal N" or "hung": the end of COMMAND. Status 1: it has ended
 * before its Nth call.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "leaks.h"

#define SKIP 77
#define TRACED_MAX 64
#define LIFE_SECONDS 30		/* longer than nspin waits for its lock */

enum effect {
	CHANGES,		/* something that others can see */
	BEGINS,			/* the same, and is the first that counts */
	INERT,			/* looks, or is about this process alone */
	SURE,			/* and does not fail */
};

#define CALL(name, effect) { SYS_##name, #name, effect }
/* Whatever is not here changes something. */
static const struct call {
	long number;
	const char *name;
	enum effect effect;
} calls[] = {
	CALL(clone, BEGINS), CALL(clone3, BEGINS), CALL(flock, BEGINS),
	CALL(mkdirat, BEGINS), CALL(setns, BEGINS), CALL(unshare, BEGINS),
	CALL(openat, CHANGES), CALL(close, SURE), CALL(close_range, SURE),
	CALL(write, CHANGES), CALL(renameat, CHANGES), CALL(renameat2, CHANGES),
	CALL(unlinkat, CHANGES), CALL(umount2, CHANGES), CALL(mount, CHANGES),
	CALL(symlinkat, CHANGES), CALL(fsync, INERT), CALL(prctl, CHANGES),
	CALL(sendmsg, CHANGES), CALL(sendto, CHANGES), CALL(socketpair, INERT),
	CALL(kill, CHANGES), CALL(setsid, CHANGES), CALL(memfd_create, INERT),
	CALL(execve, CHANGES), CALL(wait4, INERT), CALL(waitid, INERT),
	CALL(fcntl, INERT), CALL(fstat, INERT),
	CALL(getdents64, INERT), CALL(ioctl, INERT), CALL(lseek, INERT),
	CALL(ppoll, INERT), CALL(pread64, INERT), CALL(read, INERT),
	CALL(readlinkat, INERT), CALL(recvmsg, INERT), CALL(socket, INERT),
	CALL(statx, INERT), CALL(uname, INERT), CALL(dup3, INERT),
	CALL(getsockopt, INERT), CALL(recvfrom, INERT), CALL(fstatfs, INERT),
	CALL(statfs, INERT), CALL(fchdir, INERT), CALL(capget, INERT),
	CALL(prlimit64, SURE), CALL(getpgid, SURE), CALL(getsid, SURE),
	CALL(brk, SURE), CALL(clock_gettime, SURE), CALL(exit, SURE),
	CALL(exit_group, SURE), CALL(futex, SURE), CALL(getegid, SURE),
	CALL(geteuid, SURE), CALL(getgid, SURE), CALL(getpid, SURE), CALL(getppid, SURE),
	CALL(getrandom, SURE), CALL(gettid, SURE), CALL(getuid, SURE),
	CALL(madvise, SURE),
	CALL(mprotect, SURE), CALL(munmap, SURE), CALL(rt_sigaction, SURE),
	CALL(rt_sigprocmask, SURE), CALL(rt_sigreturn, SURE), CALL(rseq, SURE),
	CALL(set_robust_list, SURE), CALL(set_tid_address, SURE), CALL(umask, SURE),
#ifdef SYS_fork
	CALL(fork, BEGINS), CALL(vfork, BEGINS), CALL(rename, CHANGES),
	CALL(unlink, CHANGES), CALL(rmdir, CHANGES), CALL(symlink, CHANGES),
	CALL(mkdir, BEGINS), CALL(open, CHANGES),
	CALL(access, INERT), CALL(dup2, INERT), CALL(poll, INERT), CALL(readlink, INERT),
	CALL(stat, INERT), CALL(lstat, INERT), CALL(arch_prctl, SURE), CALL(time, SURE),
#endif
	/* Machines of 32 bits have others in their place, or not both. */
#ifdef SYS_newfstatat
	CALL(newfstatat, INERT),
#endif
#ifdef SYS_mmap
	CALL(mmap, INERT),
#endif
#ifdef SYS_move_mount
	CALL(move_mount, CHANGES), CALL(open_tree, INERT),
#endif
#ifdef SYS_pidfd_send_signal
	CALL(pidfd_send_signal, CHANGES),
#endif
#ifdef SYS_pidfd_open
	CALL(pidfd_open, INERT), CALL(openat2, INERT),
#endif
};

struct traced {
	pid_t pid;		/* 0: free */
	int error;		/* that its call is to return */
};

struct faults {
	enum { KILL, KILL_MAIN, FAIL } what;
	int error;
	bool all;
	unsigned long at, seen;
	bool started, struck;
	pid_t main;
	struct traced traced[TRACED_MAX];
	char told[64];
};

static volatile sig_atomic_t too_long;

static void on_alarm(int sig)
{
	(void)sig;
	too_long = 1;
}

static const struct call *find_call(long number)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}

/* ---- registers: a call that is not made, and what it returns ---- */

#if defined(__x86_64__)
static int set_call(pid_t pid, long number)
{
	return (int)ptrace(PTRACE_POKEUSER, pid,
			   offsetof(struct user_regs_struct, orig_rax), number);
}

static int set_result(pid_t pid, long result)
{
	return (int)ptrace(PTRACE_POKEUSER, pid,
			   offsetof(struct user_regs_struct, rax), result);
}
#elif defined(__aarch64__)
#include <elf.h>
static int set_call(pid_t pid, long number)
{
	int call = (int)number;
	struct iovec to = { &call, sizeof(call) };

	return (int)ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &to);
}

static int set_result(pid_t pid, long result)
{
	struct user_regs_struct regs;
	struct iovec to = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &to) < 0)
		return -1;
	regs.regs[0] = (uint64_t)result;
	return (int)ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &to);
}
#else
#define NO_REGISTERS
static int set_call(pid_t pid, long number)
{
	(void)pid, (void)number;
	return -1;
}

static int set_result(pid_t pid, long result)
{
	return set_call(pid, result);
}
#endif

/* ---- the calls ---- */

static struct traced *find(struct faults *faults, pid_t pid)
{
	struct traced *free_one = NULL;

	for (int i = 0; i < TRACED_MAX; i++) {
		if (faults->traced[i].pid == pid)
			return &faults->traced[i];
		if (faults->traced[i].pid == 0 && free_one == NULL)
			free_one = &faults->traced[i];
	}
	if (free_one == NULL) {
		fputs("faults: too many processes\n", stderr);
		exit(2);
	}
	*free_one = (struct traced){ .pid = pid };
	return free_one;
}

static enum effect get_effect(const struct __ptrace_syscall_info *info)
{
	const struct call *call = find_call((long)info->entry.nr);

	/* Read only; capabilities that are dropped one by one. */
	if (info->entry.nr == SYS_openat &&
	    (info->entry.args[2] & (O_CREAT | O_WRONLY | O_RDWR)) == 0)
		return INERT;
	if (info->entry.nr == SYS_prctl && info->entry.args[0] != PR_SET_PDEATHSIG)
		return INERT;
	return call != NULL ? call->effect : CHANGES;
}

static bool counts(struct faults *faults, const struct traced *traced,
		   const struct __ptrace_syscall_info *info)
{
	enum effect effect = get_effect(info);

	if (effect == BEGINS)
		faults->started = true;
	if (!faults->started ||
	    (faults->what == KILL_MAIN && traced->pid == faults->main))
		return false;
	if (faults->what != FAIL)
		return faults->all || effect < INERT;
	/* That nothing can be said any more is another matter. */
	if (info->entry.nr == SYS_write && info->entry.args[0] <= STDERR_FILENO)
		return false;
	return effect != SURE;
}

static void strike(struct faults *faults, struct traced *traced, long number)
{
	const struct call *call = find_call(number);
	const char *who = traced->pid == faults->main ? "main" : "child";

	faults->struck = true;
	if (call != NULL)
		snprintf(faults->told, sizeof(faults->told), "%s %s", call->name, who);
	else
		snprintf(faults->told, sizeof(faults->told), "%ld %s", number, who);
	if (faults->what != FAIL) {
		kill(faults->what == KILL ? traced->pid : faults->main, SIGKILL);
	} else if (set_call(traced->pid, -1) < 0) {
		perror("faults: set a register");
		exit(2);
	} else {
		traced->error = faults->error;
	}
}

static void on_call(struct faults *faults, struct traced *traced)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, traced->pid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && traced->error != 0) {
		set_result(traced->pid, -traced->error);
		traced->error = 0;
	} else if (info.op == PTRACE_SYSCALL_INFO_ENTRY && !faults->struck &&
		   counts(faults, traced, &info) && ++faults->seen == faults->at) {
		strike(faults, traced, (long)info.entry.nr);
	}
}

static void on_stop(struct faults *faults, pid_t pid, int status)
{
	struct traced *traced = find(faults, pid);
	int sig = WSTOPSIG(status);

	if (sig == (SIGTRAP | 0x80)) {
		on_call(faults, traced);
		sig = 0;
	} else if (status >> 16 != 0) {
		sig = 0;
	}
	/* When it was struck the rest runs at its own speed. */
	ptrace(faults->struck && traced->error == 0 ? PTRACE_CONT : PTRACE_SYSCALL,
	       pid, 0, sig);
}

/* Until the command has ended, which returns its status. What it leaves running goes on
   untraced when this program ends. */
static int follow(struct faults *faults)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno == EINTR && too_long) {
			kill(faults->main, SIGKILL);
		} else if (pid < 0) {
			perror("faults: wait");
			exit(2);
		} else if (WIFSTOPPED(status)) {
			on_stop(faults, pid, status);
		} else {
			find(faults, pid)->pid = 0;
			if (pid == faults->main)
				return status;
		}
	}
}

/* Seized, for then no SIGSTOP is on its way to a new child when this program ends. */
static pid_t begin(char **argv)
{
	int start[2], status;
	char byte = 0;
	pid_t pid;

	if (pipe2(start, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		perror("faults: fork");
		exit(2);
	}
	if (pid == 0) {
		close(start[1]);
		if (read(start[0], &byte, 1) == 1)
			execvp(argv[0], argv);
		_exit(127);
	}
	close(start[0]);
	if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
		   PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC) < 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0 || waitpid(pid, &status, 0) != pid ||
	    !WIFSTOPPED(status) || ptrace(PTRACE_SYSCALL, pid, 0, 0) < 0 ||
	    write(start[1], &byte, 1) != 1) {
		perror("faults: trace");
		exit(2);
	}
	close(start[1]);
	return pid;
}

static int tell(const struct faults *faults, const char *path, int status)
{
	FILE *to = fopen(path, "we");

	if (to == NULL) {
		perror(path);
		return 2;
	}
	fprintf(to, "%lu %s ", faults->seen, faults->struck ? faults->told : "none none");
	if (too_long)
		fputs("hung\n", to);
	else if (WIFSIGNALED(status))
		fprintf(to, "signal %d\n", WTERMSIG(status));
	else
		fprintf(to, "exit %d\n", WEXITSTATUS(status));
	return fclose(to) != 0 ? 2 : !faults->struck;
}

/* Where a tracer reads what a call is and, but to kill, can keep it from being made. */
static int can(void)
{
#ifdef NO_REGISTERS
	puts("no registers of this machine's are known");
	return SKIP;
#else
	char *argv[] = { (char *)"true", NULL };
	struct faults faults = { .what = FAIL, .error = ENOSYS, .at = 1,
				 .started = true };

	faults.main = begin(argv);
	follow(&faults);
	if (faults.struck)
		return 0;
	puts("no PTRACE_GET_SYSCALL_INFO here");
	return SKIP;
#endif
}

static int parse(struct faults *faults, const char *word)
{
	static const struct { const char *name; int error; } errors[] = {
		{ "ENOSPC", ENOSPC }, { "EMFILE", EMFILE }, { "ENOMEM", ENOMEM },
		{ "EPERM", EPERM }, { "EIO", EIO }, { "ENOSYS", ENOSYS },
	};

	faults->what = strcmp(word, "main") == 0 ? KILL_MAIN : KILL;
	if (faults->what == KILL_MAIN || strcmp(word, "kill") == 0)
		return 0;
	faults->what = FAIL;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(word, errors[i].name) == 0)
			faults->error = errors[i].error;
	return faults->error != 0 ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct faults faults = { 0 };
	int status;

	if (argc == 2 && strcmp(argv[1], "can") == 0)
		return can();
	if (argc > 1 && strcmp(argv[1], "-a") == 0) {
		faults.all = true;
		argv++;
		argc--;
	}
	if (argc < 5 || parse(&faults, argv[1]) < 0) {
		fputs("Usage: faults [-a] kill|main|ERROR N TOLD COMMAND...\n", stderr);
		return 2;
	}
	faults.at = strtoul(argv[2], NULL, 10);
	sigaction(SIGALRM, &action, NULL);
	faults.main = begin(argv + 4);
	alarm(LIFE_SECONDS);
	status = follow(&faults);
	return tell(&faults, argv[3], status);
}
