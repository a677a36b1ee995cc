/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The init of a pid namespace for a pin: what it looks like, and its life. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/resource.h>
#include "pin-made.h"

static bool has_line(pid_t pid, const char *file, const char *line)
{
	nsi_autofree char *text = proc_text(pid, file);

	return strstr(text, line) != NULL;
}

static bool ends(int pidfd, int milliseconds)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };

	return poll(&pfd, 1, milliseconds) > 0;
}

/* Of nothing but a pid namespace. */
static void make_init(struct nsi_made *made)
{
	struct nsu_pin_options opts = NSU_PIN_OPTIONS_INIT;

	opts.types = 1u << NSU_PID;
	if (make(&opts, made) < 0)
		_exit(4);
}

static void release(struct nsi_made *made)
{
	check_int(nsi_dweller_release(ctx, &made->init, name, true, &report), 0,
		  "released");
}

/* A child of this process: one that did not end is not waited for in vain. */
static void end_for_sure(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_leash(void)
{
	struct nsi_made made;
	int say[2], pidfd;
	pid_t maker, pid = 0;

	begin();
	need(pipe(say) == 0, "pipe");
	maker = fork();
	if (!maker) {
		make_init(&made);
		if (write(say[1], &made.init.proc.pid, sizeof(pid)) < 0)
			_exit(5);
		pause();
	}
	check_int(read(say[0], &pid, sizeof(pid)), sizeof(pid), "made by another");
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	check(!ends(pidfd, 0), "an init runs");
	kill(maker, SIGKILL);
	waitpid(maker, NULL, 0);
	check(ends(pidfd, 5000), "not released it ends with its maker");
	end_for_sure(pid);
	no_child("leash");
}

static int open_dir_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/fd", pid);
	return openat(inside_proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int count_fds(pid_t pid)
{
	int dir = open_dir_of(pid), count = 0;

	for (int fd = 0; fd < 64; fd++) {
		char number[16];
		struct stat st;

		snprintf(number, sizeof(number), "%d", fd);
		count += fstatat(dir, number, &st, AT_SYMLINK_NOFOLLOW) == 0;
	}
	close(dir);
	return count;
}

/* kB of its own memory */
static long memory_of(pid_t pid)
{
	nsi_autofree char *text = proc_text(pid, "status");
	const char *line = strstr(text, "RssAnon:");

	return line ? strtol(line + 8, NULL, 10) : -1;
}

#define MUCH	(64 << 20)

static void test_look(void)
{
	char *volatile much = malloc(MUCH), *volatile some = malloc(100000);
	char want[128], *text;
	struct nsi_made made;
	pid_t pid;

	begin();
	memset(much, 1, MUCH);
	memset(some, 1, 100000);
	make_init(&made);
	pid = made.init.proc.pid;
	release(&made);
	check(has_line(pid, "status", "CapEff:\t0000000000000000"), "no capability");
	check(has_line(pid, "status", "CapBnd:\t0000000000000000"), "not even in bounds");
	check(has_line(pid, "status", "NoNewPrivs:\t1"), "nor a way to new ones");
	check(has_line(pid, "comm", NSI_INIT_TITLE "\n"), "comm");
	text = proc_text(pid, "cmdline");
	snprintf(want, sizeof(want), "%s %s", NSI_INIT_TITLE, name);
	check_str(text, want, "command line");
	free(text);
	if (!NSI_SANITIZED)
		check(memory_of(pid) < 2000, "little memory: %ld kB", memory_of(pid));
	check_str(much[MUCH - 1] == 1 && some[99999] == 1 ? "kept" : "lost", "kept",
		  "ours is as it was");
	free(much);
	free(some);
	check_int(count_fds(pid), 0, "no descriptor");
	check_int(getsid(pid), pid, "a session of its own");
	check_int(nsi_init_dismiss(ctx, &made.init.proc), 1, "alone it ends at once");
	end_for_sure(pid);
	check_int(nsi_init_dismiss(ctx, &made.init.proc), 1, "ended before");
	close_made(&made);
	nsi_leave_cgroup_clean(ctx, name, true);
	no_child("look");
}

/* As where the kernel cannot move the words: they are put in place of the caller's. */
static void test_in_place(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) +
			 (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_MM, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };
	struct nsi_made made;
	char want[128], *text;

	begin();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	need(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0), "a filter");
	make_init(&made);
	text = proc_text(made.init.proc.pid, "cmdline");
	snprintf(want, sizeof(want), "%s %s", NSI_INIT_TITLE, name);
	check_str(text, want, "command line");
	free(text);
	check(getenv("PATH") != NULL, "our environment is as it was");
	close_made(&made);
	no_child("in place");
}

static int hold[2];

static void send_term(void)
{
	kill(1, SIGTERM);
}

/* Where nothing more may be queued the kernel takes the signal without who sent it: as
   if one from outside had, by kill(2). */
static void forge_term(void)
{
	const struct rlimit none = { 0, 0 };
	siginfo_t info = { .si_signo = SIGTERM, .si_code = SI_QUEUE };

	if (prlimit(1, RLIMIT_SIGPENDING, &none, NULL) < 0 ||
	    syscall(SYS_rt_sigqueueinfo, 1, SIGTERM, &info) < 0)
		_exit(6);
}

static bool can_tell_threads(void)
{
	nsi_autoclose int self = syscall(SYS_pidfd_open, getpid(), 0);

	return syscall(SYS_pidfd_send_signal, self, 0, NULL, PIDFD_SIGNAL_THREAD) == 0;
}

/* Inside: one whose parent ends, so that it is the init's. It ends with hold. */
static void enter_orphan(int pid_ns, void (*act)(void))
{
	pid_t middle, first;
	int say[2];
	char c;

	need(pipe(say) == 0 && pipe(hold) == 0, "pipe");
	middle = fork();
	if (!middle) {
		first = setns(pid_ns, CLONE_NEWPID) < 0 ? -1 : fork();
		if (first)
			_exit(waitpid(first, NULL, 0) != first);
		if (fork())
			_exit(0);
		close(hold[1]);
		if (act)
			act();
		_exit(write(say[1], "", 1) < 0 || read(hold[0], &c, 1) < 0);
	}
	close(say[1]);
	check_int(read(say[0], &c, 1), 1, "one inside");
	waitpid(middle, NULL, 0);
	close(say[0]);
	close(hold[0]);
}

static bool has_children(pid_t pid)
{
	char path[64];
	nsi_autofree char *text = NULL;

	snprintf(path, sizeof(path), "task/%d/children", pid);
	text = proc_text(pid, path);
	return *text;
}

/* Its end was its parent's signal: that one has to be run, nothing else is waited for. */
static bool loses_children(pid_t pid)
{
	for (int i = 0; i < 5000 && has_children(pid); i++)
		poll(NULL, 0, 1);
	return !has_children(pid);
}

static void test_reap(void)
{
	struct nsi_made made;
	pid_t pid;

	begin();
	make_init(&made);
	pid = made.init.proc.pid;
	release(&made);
	enter_orphan(made.fd[NSU_PID], send_term);
	check(has_children(pid), "it got an orphan");
	close(hold[1]);
	check(loses_children(pid), "which it reaps");
	check(!ends(made.init.pidfd, 100), "whose SIGTERM is not heeded");
	enter_orphan(made.fd[NSU_PID], NULL);
	check_int(nsi_init_dismiss(ctx, &made.init.proc), 0, "dismissed, but not alone");
	check(!ends(made.init.pidfd, 0), "so it stays");
	close(hold[1]);
	check(ends(made.init.pidfd, 5000), "it ends with the last");
	reap_all();
	close_made(&made);
	nsi_leave_cgroup_clean(ctx, name, true);
	no_child("reap");
}

static void test_forged(void)
{
	struct nsi_made made;
	pid_t pid;

	begin();
	make_init(&made);
	pid = made.init.proc.pid;
	release(&made);
	enter_orphan(made.fd[NSU_PID], forge_term);
	close(hold[1]);
	check(loses_children(pid), "who forged a dismissal has ended");
	check(!ends(made.init.pidfd, 100) || !can_tell_threads(), "the init has not");
	end_for_sure(pid);
	close_made(&made);
	nsi_leave_cgroup_clean(ctx, name, true);
	no_child("forged");
}

static void test_released(void)
{
	int say[2], pidfd, status;
	struct nsi_made made;
	struct nsi_proc init = { 0 };
	pid_t maker;

	begin();
	need(pipe(say) == 0, "pipe");
	maker = fork();
	if (!maker) {
		make_init(&made);
		if (nsi_dweller_release(ctx, &made.init, name, true, &report) < 0 ||
		    write(say[1], &made.init.proc, sizeof(made.init.proc)) < 0)
			_exit(5);
		nsi_made_close(&made);
		_exit(0);
	}
	waitpid(maker, &status, 0);
	check_int(status, 0, "made and released by another process");
	check_int(read(say[0], &init, sizeof(init)), sizeof(init), "which said its init");
	pidfd = syscall(SYS_pidfd_open, init.pid, 0);
	check(pidfd >= 0 && !ends(pidfd, 50), "released it outlives its maker");
	check_int(nsi_init_dismiss(ctx, &init), 1, "and is dismissed by another");
	end_for_sure(init.pid);
	nsi_proc_describe(ctx, getpid(), &init);
	check_int(nsi_init_dismiss(ctx, &init), 1, "a process that is no init is let be");
	init.start++;
	check_int(nsi_init_dismiss(ctx, &init), 1, "of another process: there is none");
	nsi_leave_cgroup_clean(ctx, name, true);
	no_child("released");
}

int main(void)
{
	pin_start();
	inside_test("leash", 0, test_leash);
	inside_test("look", 0, test_look);
	inside_test("in place", 0, test_in_place);
	inside_test("reap", 0, test_reap);
	inside_test("forged", 0, test_forged);
	inside_test("released", 0, test_released);
	return done();
}
