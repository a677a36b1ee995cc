/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command or a function inside: a child that enters and tells how far it came. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "plan.h"
#include "uapi.h"

/* of the structs in release 0.1 */
#define FIRST_SIZE (offsetof(struct nsu_spawn_options, mask) + sizeof(void *))
#define FAILURE_SIZE (offsetof(struct nsu_failure, types) + sizeof(unsigned))

struct spawn {
	struct nsu_plan *plan;
	struct nsu_spawn_options opts;
	struct nsi_teller teller;
	int parent;			/* pidfd of the caller, -1 */
	struct nsi_command command;
	sigset_t mask;
};

static void __attribute__((noreturn)) die(const struct spawn *spawn,
					  const struct nsu_failure *why)
{
	struct nsi_word word = { NSI_WORD_FAILURE, why->step, why->error, why->types };
	ssize_t n = write(spawn->teller.fd, &word, sizeof(word));

	_exit(n < 0 ? 126 : 125);
}

/* Each in its place, even where they are given crosswise. */
static int place_fds(const struct spawn *spawn)
{
	int fds[3];

	for (int i = 0; i < 3; i++) {
		fds[i] = spawn->opts.fds[i];
		if (fds[i] < 0 || fds[i] > STDERR_FILENO || fds[i] == i)
			continue;
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
		if (fds[i] < 0)
			return nsi_errno();
	}
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0 && (fds[i] == i ? fcntl(i, F_SETFD, 0) :
				    dup2(fds[i], i)) < 0)
			return nsi_errno();
	return 0;
}

/* A process group of the command's own, in the foreground of the session's terminal. */
static int take_terminal(const struct spawn *spawn)
{
	sigset_t block, old;
	pid_t group = 0;
	int r = 0;

	if (spawn->opts.terminal < 0 && !spawn->opts.group)
		return 0;
	if (setpgid(0, 0) < 0)
		return nsi_errno();
	if (spawn->opts.terminal < 0)
		return 0;
	/* Still in the background there, where this raises SIGTTOU. The number is that of
	   the pid namespace that this process is in. */
	sigemptyset(&block);
	sigaddset(&block, SIGTTOU);
	sigprocmask(SIG_BLOCK, &block, &old);
	group = getpgrp();
	if (ioctl(spawn->opts.terminal, TIOCSPGRP, &group) < 0)
		r = nsi_errno();
	sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

/* What came meanwhile ends the command, and runs nothing of the caller's. */
static void reset_handlers(void)
{
	struct sigaction action;

	for (int sig = 1; sig < NSIG; sig++)
		if (sigaction(sig, NULL, &action) == 0 && action.sa_handler != SIG_DFL &&
		    action.sa_handler != SIG_IGN) {
			action = (struct sigaction){ .sa_handler = SIG_DFL };
			sigaction(sig, &action, NULL);
		}
}

/* Where it is, and as whom. */
static int settle(struct spawn *spawn, struct nsu_failure *why)
{
	int r = nsi_enter_places(spawn->plan, &spawn->teller, why);

	return r < 0 ? r : nsi_become_user(spawn->plan, why);
}

static void __attribute__((noreturn)) be_command(struct spawn *spawn, bool settled)
{
	const struct nsi_word started = { .kind = NSI_WORD_STARTED };
	struct nsu_failure why = NSU_FAILURE_INIT;
	int r;

	/* Already now, should anything below take long; it is lost with credentials. */
	if (spawn->opts.death_signal)
		nsi_set_death_signal(spawn->opts.death_signal, -1);
	r = settled ? 0 : settle(spawn, &why);
	if (r < 0)
		die(spawn, &why);
	r = take_terminal(spawn);
	if (!r)
		r = place_fds(spawn);
	if (r < 0) {
		nsi_fail(&why, NSU_STEP_TERMINAL, r);
		die(spawn, &why);
	}
	if (!spawn->opts.function)
		nsi_close_others();
	r = nsi_become_command(spawn->plan, &spawn->teller, spawn->opts.death_signal,
			       spawn->parent, &why);
	if (r < 0)
		die(spawn, &why);
	if (!spawn->opts.function)
		reset_handlers();
	sigprocmask(SIG_SETMASK, &spawn->mask, NULL);
	if (spawn->opts.function) {
		/* Told, since a copy of the pipe may be in another thread's child. */
		if (write(spawn->teller.fd, &started, sizeof(started)) < 0)
			_exit(125);
		close(spawn->teller.fd);
		_exit(spawn->opts.function(spawn->opts.data));
	}
	nsi_fail(&why, NSU_STEP_EXEC, nsi_command_run(&spawn->command));
	die(spawn, &why);
}

/* The host's procfs and all else that is held: who may trace the command inside could
   take it from there. */
static void close_ours(const struct spawn *spawn)
{
	int keep[] = { spawn->teller.fd, spawn->parent, spawn->opts.terminal,
		       spawn->opts.fds[0], spawn->opts.fds[1], spawn->opts.fds[2] };

	nsi_close_except(keep, ARRAY_SIZE(keep));
}

/* Flags first, but on s390, where it is the second. */
static long fork_beside(void)
{
#ifdef __s390__
	return syscall(SYS_clone, NULL, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL);
#else
	return syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
#endif
}

/*
 * Only children are in a pid namespace that was entered. The command is made a child of
 * the caller, not of this process, which has done its work: so the caller waits for it,
 * stops and continues with it, and its death signal is tied to the caller's end. What the
 * target's tasks get to see has no more powers than they, unless it still has to mount.
 */
static void __attribute__((noreturn)) be_entrant(struct spawn *spawn)
{
	bool settled = !spawn->plan->private_mounts;
	struct nsu_failure why = NSU_FAILURE_INIT;
	struct nsi_word word = { .kind = NSI_WORD_PID };
	long pid;

	/* Nothing of the target may look into what is on its way in; exec ends that. */
	if (!spawn->opts.function)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (nsi_enter_namespaces(spawn->plan, &spawn->teller, &why) < 0)
		die(spawn, &why);
	if (!nsi_plan_enters(spawn->plan, NSU_PID))
		be_command(spawn, false);
	if (settled && settle(spawn, &why) < 0)
		die(spawn, &why);
	if (settled && !spawn->opts.function)
		close_ours(spawn);
	pid = fork_beside();
	if (pid == 0)
		be_command(spawn, settled);
	if (pid < 0) {
		nsi_fail(&why, NSU_STEP_FORK_INSIDE, nsi_errno());
		die(spawn, &why);
	}
	word.value = pid;
	_exit(write(spawn->teller.fd, &word, sizeof(word)) != sizeof(word));
}

/* Until a function begins, or the other end is closed by exec or death. */
static void listen(struct nsu_plan *plan, int fd, pid_t *pid, struct nsu_failure *why)
{
	bool twice = nsi_plan_enters(plan, NSU_PID), started = false;
	struct nsi_word word;
	ssize_t n;

	while (!started || (twice && !*pid)) {
		n = read(fd, &word, sizeof(word));
		if (n < 0 && errno == EINTR)
			continue;
		if (n != sizeof(word))
			return;
		if (word.kind == NSI_WORD_PID) {
			*pid = word.value;
		} else if (word.kind == NSI_WORD_STARTED) {
			started = true;
		} else if (word.kind == NSI_WORD_PROBLEM) {
			nsi_plan_note(plan, word.step, word.error);
		} else {
			why->types = word.value;
			nsi_fail(why, word.step, word.error);
		}
	}
}

static void reap(pid_t pid, int *status)
{
	while (waitpid(pid, status, __WALL) < 0 && errno == EINTR)
		;
}

static int __attribute__((noreturn)) start_entrant(void *data)
{
	be_entrant(data);
}

#define STACK	(256 << 10)

/*
 * The entrant borrows the caller's memory, as vfork(2) does, for that spares a third of
 * the time; but not for a function, which is to go on beside the caller, not where the
 * caller would be made non-dumpable by it, and not into a time namespace, which needs
 * memory of one's own. What goes into a pid namespace never shares it: the target's tasks
 * see that.
 */
static pid_t fork_entrant(struct spawn *spawn)
{
	struct nsu_plan *plan = spawn->plan;
	char *stack;
	pid_t pid;

	if (NSI_SANITIZED || spawn->opts.function || nsi_plan_enters(plan, NSU_TIME) ||
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) {
		pid = fork();
		if (pid == 0)
			be_entrant(spawn);
		return pid < 0 ? nsi_errno() : pid;
	}
	stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return nsi_errno();
	pid = clone(start_entrant, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD,
		    spawn);
	if (pid < 0)
		pid = nsi_errno();
	munmap(stack, STACK);
	/* It noted the numbers of its descriptors, which are none of ours; and the kernel
	   may have set this anew with its credentials. */
	nsi_view_forget(&plan->view);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return pid;
}

static pid_t run(struct spawn *spawn, int fd, struct nsu_failure *why)
{
	bool twice = nsi_plan_enters(spawn->plan, NSU_PID);
	pid_t first, pid = 0;
	sigset_t all, old;
	int status = 0;

	/* No handler of the caller's may run inside. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	spawn->mask = spawn->opts.mask ? *spawn->opts.mask : old;
	first = fork_entrant(spawn);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (first < 0)
		return nsi_fail(why, NSU_STEP_FORK, first);
	close(spawn->teller.fd);
	spawn->teller.fd = -1;
	listen(spawn->plan, fd, &pid, why);
	if (twice)
		reap(first, &status);
	else
		pid = first;
	if (!why->error && !pid) {
		/* Killed on the way: by whom the kernel does not say, the OOM killer
		   may. */
		nsi_fail(why, NSU_STEP_SETNS, -ESRCH);
		return why->error;
	}
	if (!why->error)
		return pid;
	if (pid)
		reap(pid, NULL);
	return why->error;
}

/* 0, 1 and 2 may be closed, and are about to be replaced. */
static int lift(int *fd)
{
	int high = fcntl(*fd, F_DUPFD_CLOEXEC, 3);

	if (high < 0)
		return nsi_errno();
	close(*fd);
	*fd = high;
	return 0;
}

static int prepare(struct spawn *spawn, int pipe_fds[2])
{
	int r;

	if (!spawn->opts.argv == !spawn->opts.function)
		return -EINVAL;
	if (spawn->opts.argv) {
		r = nsi_command_prepare(&spawn->command, spawn->plan, spawn->opts.argv,
					spawn->opts.argv0);
		if (r < 0)
			return r;
	}
	if (spawn->opts.death_signal) {
		spawn->parent = syscall(SYS_pidfd_open, getpid(), 0);
		if (spawn->parent < 0 && errno != ENOSYS)
			return nsi_errno();
		r = spawn->parent < 0 ? 0 : lift(&spawn->parent);
		if (r < 0)
			return r;
	}
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return nsi_errno();
	r = lift(&pipe_fds[0]);
	return r < 0 ? r : lift(&pipe_fds[1]);
}

pid_t nsu_plan_spawn(struct nsu_plan *plan, const struct nsu_spawn_options *opts,
		     struct nsu_failure *why)
{
	struct nsu_failure failure = NSU_FAILURE_INIT;
	struct spawn spawn = { .plan = plan, .opts = NSU_SPAWN_OPTIONS_INIT, .parent = -1,
			       .teller = { .fd = -1, .plan = plan } };
	int pipe_fds[2] = { -1, -1 };
	pid_t r;

	if (!plan || !opts || (why && why->size < FAILURE_SIZE))
		return -EINVAL;
	r = nsi_take_options(&spawn.opts, sizeof(spawn.opts), FIRST_SIZE, opts);
	if (!r)
		r = prepare(&spawn, pipe_fds);
	if (r < 0) {
		nsi_fail(&failure, r == -EINVAL || r == -E2BIG ? NSU_STEP_CHECK :
			 NSU_STEP_FORK, r);
	} else {
		plan->problem_count = plan->planned_count;
		spawn.teller.fd = pipe_fds[1];
		r = run(&spawn, pipe_fds[0], &failure);
		if (spawn.teller.fd < 0)
			pipe_fds[1] = -1;
	}
	for (int i = 0; i < 2; i++)
		if (pipe_fds[i] >= 0)
			close(pipe_fds[i]);
	if (spawn.parent >= 0)
		close(spawn.parent);
	nsi_command_free(&spawn.command);
	if (r < 0 && why)
		nsi_give(why, &failure, sizeof(failure));
	return r;
}

static bool is_threaded(void)
{
	struct stat st;

	/* Changes nothing, and is refused to a process of several threads. */
	if (unshare(CLONE_THREAD) == 0)
		return false;
	if (errno == EINVAL)
		return true;
	/* One entry for each thread, besides "." and "..". */
	return stat("/proc/self/task", &st) == 0 && st.st_nlink > 3;
}

int nsu_plan_enter(struct nsu_plan *plan, struct nsu_failure *why)
{
	struct nsu_failure failure = NSU_FAILURE_INIT;
	struct nsi_teller teller = { .fd = -1, .plan = plan };
	int r;

	if (!plan || (why && why->size < FAILURE_SIZE))
		return -EINVAL;
	plan->problem_count = plan->planned_count;
	if (is_threaded())
		r = nsi_fail(&failure, NSU_STEP_CHECK, -EBUSY);
	else
		r = nsi_enter_namespaces(plan, &teller, &failure);
	if (!r) {
		/* Who is not in the pid namespace itself can mount no procfs for it. */
		if (nsi_plan_enters(plan, NSU_PID))
			plan->view.proc = false;
		plan->private_mounts = nsi_view_mounts(&plan->view);
		r = nsi_enter_places(plan, &teller, &failure);
	}
	if (!r)
		r = nsi_become_user(plan, &failure);
	if (!r)
		r = nsi_become_command(plan, &teller, 0, -1, &failure);
	if (r < 0 && why)
		nsi_give(why, &failure, sizeof(failure));
	return r;
}
