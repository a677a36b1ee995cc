// SPDX-License-Identifier: GPL-2.0-or-later
/* Filters are copied from targets in every state, and nobody else notices. */
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include "filtered.h"
#include "../tap.h"

#define SIGNALS 400
#define PATIENCE 10000

static struct kid other;		/* whom a kid acts on */
static int told[2];			/* a pipe from a kid */

static struct nsi_confine unread(void)
{
	return (struct nsi_confine){ .seccomp = -1 };
}

static void start_other(int (*body)(void), struct nsi_hold *hold)
{
	is_int(kid_start(&other, 0, body) ? : other.said, 0, "a process with filters");
	*hold = hold_of(other.pid);
}

static bool status_has(const struct nsi_hold *hold, const char *line)
{
	char text[4096];

	return nsi_read_at(hold->dir, "status", text, sizeof(text)) > 0 &&
		strstr(text, line);
}

static bool is_told(void)
{
	struct pollfd pfd = { .fd = told[0], .events = POLLIN };
	char c;

	return poll(&pfd, 1, PATIENCE) == 1 && read(told[0], &c, 1) == 1;
}

static volatile sig_atomic_t chlds;

static void count_chld(int sig)
{
	(void)sig;
	chlds++;
}

static void test_quiet(void)
{
	struct nsi_confine c = unread();
	struct nsi_hold hold;
	sigset_t before = { 0 }, after = { 0 };

	start_other(filter_twice, &hold);
	signal(SIGCHLD, count_chld);
	is_int(nsi_confine_copy_seccomp(&hold, &c), 0, "quiet: copied");
	if (is_int(c.filters_copied, 2, "quiet: both")) {
		ok(is_filter(&c.filters[0], older, ARRAY_SIZE(older)), "quiet: older");
		ok(is_filter(&c.filters[1], newer, ARRAY_SIZE(newer)), "quiet: newer");
	}
	is_int(c.seccomp, 2, "quiet: the mode is known now");
	is_int(chlds, 0, "quiet: no SIGCHLD");
	is_int(waitpid(-1, NULL, WNOHANG), 0, "quiet: no child to wait for");
	signal(SIGCHLD, SIG_IGN);
	sigprocmask(SIG_SETMASK, NULL, &before);
	is_int(nsi_confine_copy_seccomp(&hold, &c), 0, "quiet: SIGCHLD ignored");
	sigprocmask(SIG_SETMASK, NULL, &after);
	ok(!memcmp(&before, &after, sizeof(before)), "quiet: the signal mask");
	signal(SIGCHLD, SIG_DFL);
	c.filter_count = 3;
	is_int(nsi_confine_copy_seccomp(&hold, &c), -EBADMSG, "fewer than were counted");
	is_int(c.filters_copied, 2, "which leaves the first copy alone");
	close(hold.pidfd);
	hold.pidfd = -1;
	is_int(nsi_confine_copy_seccomp(&hold, &c), -EOPNOTSUPP, "nothing by number");
	kid_end(&other);
	hold_end(&hold);
	nsi_confine_free(&c);
	nsi_confine_free(&c);
	nsi_confine_free(NULL);
}

/* Nobody is told of the way from one stop to the other. */
static bool is_stopped_again(const struct nsi_hold *hold)
{
	for (int i = 0; i < PATIENCE; i++) {
		if (status_has(hold, "\nState:\tT (stopped)"))
			return true;
		poll(NULL, 0, 1);
	}
	return false;
}

static int body_trace(void)
{
	return ptrace(PTRACE_SEIZE, other.pid, NULL, NULL) < 0 ? -errno : 0;
}

static void test_states(void)
{
	struct nsi_confine c = unread();
	struct nsi_hold hold, ended;
	siginfo_t info;
	struct kid tracer, stranger;
	int status;

	start_other(filter_twice, &hold);
	kill(other.pid, SIGSTOP);
	waitpid(other.pid, &status, WUNTRACED);
	is_int(nsi_confine_copy_seccomp(&hold, &c), 0, "stopped: copied");
	ok(status_has(&hold, "\nTracerPid:\t0\n"), "stopped: not traced any more");
	ok(is_stopped_again(&hold), "stopped: still is");
	kill(other.pid, SIGCONT);
	is_int(waitpid(other.pid, &status, WCONTINUED), other.pid, "stopped: goes on");
	is_int(kid_start(&tracer, 0, body_trace) ? : tracer.said, 0, "another tracer");
	is_int(nsi_confine_copy_seccomp(&hold, &c), -EBUSY, "another traces it");
	kid_end(&tracer);
	is_int(nsi_confine_copy_seccomp(&hold, &c), 0, "no longer");
	/* A number that was reused: the directory is of one that has ended. */
	is_int(kid_start(&stranger, 0, NULL), 0, "another process");
	ended = hold_of(stranger.pid);
	kid_end(&stranger);
	close(ended.pidfd);
	ended.pid = hold.pid;
	ended.pidfd = hold.pidfd;
	is_int(nsi_confine_copy_seccomp(&ended, &c), -ESRCH, "a stranger's number");
	ok(status_has(&hold, "\nState:\tS"), "who lives on");
	close(ended.dir);
	kill(other.pid, SIGKILL);
	waitid(P_PID, other.pid, &info, WEXITED | WNOWAIT);
	is_int(nsi_confine_copy_seccomp(&hold, &c), -ESRCH, "a zombie");
	is_int(waitpid(other.pid, &status, 0), other.pid, "whose parent is told");
	is_int(nsi_confine_copy_seccomp(&hold, &c), -ESRCH, "which is gone");
	is_int(c.filters_copied, 2, "and nothing was lost");
	close(other.hold);
	hold_end(&hold);
	nsi_confine_free(&c);
}

static volatile sig_atomic_t signals;

static void count_signal(int sig)
{
	(void)sig;
	if (++signals == SIGNALS && write(told[1], "", 1) < 0)
		_exit(1);
}

static int body_count(void)
{
	signal(SIGRTMIN, count_signal);
	return filter_twice();
}

static int body_send(void)
{
	for (int i = 0; i < SIGNALS; i++) {
		if (sigqueue(other.pid, SIGRTMIN, (union sigval){ 0 }) < 0)
			return -errno;
		sched_yield();
	}
	if (write(told[1], "", 1) < 0)
		return -errno;
	return 0;
}

/* A target that stops for a signal that comes at the same time still gets it. */
static void test_signals(void)
{
	struct nsi_confine c = unread();
	struct nsi_hold hold;
	struct kid sender;
	int r = 0, n = 0;

	start_other(body_count, &hold);
	sender.pid = fork();
	if (!sender.pid)
		_exit(-body_send());
	while (!r && waitpid(sender.pid, NULL, WNOHANG) == 0) {
		r = nsi_confine_copy_seccomp(&hold, &c);
		n++;
	}
	is_int(r, 0, "signals: copied all the time");
	ok(n > 0 && is_told(), "signals: all sent");
	ok(is_told(), "signals: all came");
	kid_end(&other);
	hold_end(&hold);
	nsi_confine_free(&c);
}

/* A process that waits for its vfork(2) takes no signal but SIGKILL. */
static int body_busy(void)
{
	int r = filter_twice(), said = r;
	pid_t pid;

	if (r < 0)
		return r;
	pid = kid_clone(CLONE_VFORK);
	if (!pid) {
		char byte;

		if (write(kid_output, &said, sizeof(said)) < 0)
			_exit(1);
		_exit(read(kid_input, &byte, 1) < 0);
	}
	waitpid(pid, NULL, 0);
	_exit(write(told[1], "", 1) < 0);
}

static void test_busy(void)
{
	struct nsi_confine c = unread();
	struct nsi_hold hold;

	start_other(body_busy, &hold);
	is_int(nsi_confine_copy_seccomp(&hold, &c), -ETIMEDOUT, "busy: does not stop");
	ok(status_has(&hold, "\nTracerPid:\t0\n"), "busy: not traced any more");
	ok(!c.filters && c.seccomp == -1, "busy: the result is untouched");
	if (write(other.hold, "", 1) < 0)
		diag("write: %s", strerror(errno));
	ok(is_told(), "busy: goes on when it can");
	kid_end(&other);
	hold_end(&hold);
}

static int become_nobody(void)
{
	if (setgroups(0, NULL) < 0 || setresgid(65534, 65534, 65534) < 0 ||
	    setresuid(65534, 65534, 65534) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0)
		return -errno;
	return 0;
}

static int body_nobody(void)
{
	int r = become_nobody();

	return r ? r : filter_twice();
}

static int copy_other(void)
{
	struct nsi_confine c = unread();
	struct nsi_hold hold = hold_of(other.pid);
	int r = nsi_confine_copy_seccomp(&hold, &c);

	return !r && !c.filters_copied ? -ENODATA : r;
}

static int body_copy_unprivileged(void)
{
	int r = become_nobody();

	return r ? r : copy_other();
}

static int body_copy_filtered(void)
{
	int r = filter_twice();

	return r ? r : copy_other();
}

static void refused(int (*body)(void), int want, const char *what)
{
	struct kid kid;

	if (!is_int(kid_start(&kid, 0, body), 0, "a caller"))
		return;
	is_int(kid.said, want, "%s", what);
	kid_end(&kid);
}

static int body_strict(void)
{
	/* exit_group(2) is none of the four system calls that are left: nothing after
	   this but reading and writing. */
	int said = 0;

	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	if (write(kid_output, &said, sizeof(said)) == sizeof(said))
		while (read(kid_input, &said, 1) > 0)
			;
	syscall(SYS_exit, 0);
	return 0;
}

static void test_refusals(void)
{
	struct nsi_confine c = unread();
	struct nsi_hold hold;

	start_other(filter_twice, &hold);
	refused(copy_other, 0, "a caller like us");
	refused(body_copy_unprivileged, -EPERM, "a caller who may not trace");
	refused(body_copy_filtered, -EACCES, "a caller with a filter");
	kid_end(&other);
	hold_end(&hold);
	start_other(body_nobody, &hold);
	refused(body_copy_unprivileged, -EACCES, "a caller who may trace, no more");
	kid_end(&other);
	hold_end(&hold);
	start_other(NULL, &hold);
	is_int(nsi_confine_copy_seccomp(&hold, &c), 0, "a target without filters");
	ok(!c.filters && c.seccomp == -1, "of which nothing is known still");
	c.seccomp = 2;
	is_int(nsi_confine_copy_seccomp(&hold, &c), -EBADMSG, "that should have some");
	c.seccomp = 0;
	is_int(nsi_confine_copy_seccomp(&hold, &c), 0, "that should have none");
	kid_end(&other);
	hold_end(&hold);
	start_other(body_strict, &hold);
	c.seccomp = -1;
	is_int(nsi_confine_copy_seccomp(&hold, &c), 0, "a strict one, not known to be");
	c.seccomp = 1;
	is_int(nsi_confine_copy_seccomp(&hold, &c), -EOPNOTSUPP, "a strict one");
	kid_end(&other);
	hold_end(&hold);
}

static struct sock_filter long_code[BPF_MAXINSNS];

static int body_many(void)
{
	int r;

	/* As many as the kernel takes, of the longest and the shortest. */
	for (size_t i = 0; i < BPF_MAXINSNS; i++)
		long_code[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
							    SECCOMP_RET_ALLOW);
	do
		r = filter_self(long_code, BPF_MAXINSNS);
	while (!r);
	do
		r = filter_self(long_code, 1);
	while (!r);
	return r;
}

static void test_many(void)
{
	struct nsi_confine c = unread();
	struct nsi_hold hold;
	bool same = true;

	is_int(kid_start(&other, 0, body_many) ? : other.said, -ENOMEM, "many filters");
	hold = hold_of(other.pid);
	is_int(nsi_confine_copy_seccomp(&hold, &c), 0, "many: copied");
	ok(c.filters_copied > 8 && c.filters[0].count == BPF_MAXINSNS &&
	   c.filters[c.filters_copied - 1].count == 1, "many: all %zu", c.filters_copied);
	for (size_t i = 0; i < c.filters_copied; i++)
		same = same && ((struct sock_filter *)c.filters[i].code)->k ==
			SECCOMP_RET_ALLOW;
	ok(same, "many: each of them");
	kid_end(&other);
	hold_end(&hold);
	nsi_confine_free(&c);
}

/* Before the first check: may it be done at all? */
static void try_once(void)
{
	struct nsi_confine c = unread();
	struct nsi_hold hold;
	struct nsu_ctx *ctx;
	int r;

	if (nsu_ctx_new(NULL, &ctx) == 0 && !nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	nsu_ctx_free(ctx);
	if (link_inode(getpid(), "user") != NSI_INIT_USER || geteuid())
		skip_all("needs root");
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) > 0)
		skip_all("we have a filter ourselves");
	if (kid_start(&other, 0, filter_twice) || other.said)
		skip_all("no seccomp filters here");
	hold = hold_of(other.pid);
	r = nsi_confine_copy_seccomp(&hold, &c);
	kid_end(&other);
	hold_end(&hold);
	nsi_confine_free(&c);
	if (r == -EOPNOTSUPP)
		skip_all("this kernel cannot copy filters");
}

int main(void)
{
	if (pipe2(told, O_CLOEXEC) < 0)
		return 99;
	try_once();
	test_quiet();
	test_states();
	test_signals();
	test_busy();
	test_refusals();
	test_many();
	return done();
}
