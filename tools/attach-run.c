// SPDX-License-Identifier: GPL-2.0-or-later
/* One command in one target: its processes, signals, terminal and end. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "attach-run.h"
#include "uapi.h"

#define PATIENCE_MS	1000

struct loop {
	struct run *run;
	int signals;
	pid_t supervisor;
	int command;		/* its pidfd, -1 */
	bool started, ended;
	sigset_t early;		/* came before the command was there to be told */
	int status;		/* of the command, as an exit status */
};

/* All that can be caught and is not about our own children or faults. */
static void forwarded(sigset_t *set)
{
	static const int not[] = {
		SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT,
		SIGSYS, SIGTTIN, SIGTTOU,
	};

	sigfillset(set);
	for (size_t i = 0; i < sizeof(not) / sizeof(not[0]); i++)
		sigdelset(set, not[i]);
}

/* "--status-fd": a line for a program that has to tell our failures from the
   command's. */
static void report(const struct attach *app, const char *word, int status)
{
	char line[64];
	int n = snprintf(line, sizeof(line), "%s %d\n", word, status);

	if (app->opts.status_fd >= 0 && write(app->opts.status_fd, line, (size_t)n) != n)
		msg_errno(&app->out, errno, "--status-fd");
}

static int failure_status(const struct nsu_failure *why)
{
	if (why->step != NSU_STEP_EXEC)
		return EXIT_OWN;
	return why->error == -ENOENT || why->error == -ENOTDIR ? EXIT_NOT_FOUND :
		EXIT_CANNOT_RUN;
}

/*
 * The command stopped: so does this, and when it goes on, so does the command. Where no
 * shell would wake us, the kernel does not stop us, and both go on at once. The SIGCONT
 * that woke us is passed on here; passed on once more, behind signals that came since, it
 * might undo the next stop.
 */
static void stop_with(struct loop *loop, int sig)
{
	struct note note = { .kind = NOTE_SIGNAL, .value = SIGCONT, .group = true };
	static const struct timespec now;
	struct tty *tty = loop->run->tty;
	sigset_t set, old;

	if (tty != NULL)
		tty_stop(tty);
	if (sig == SIGTTIN || sig == SIGTTOU)
		sig = SIGTSTP;
	sigemptyset(&set);
	sigaddset(&set, sig);
	kill(getpid(), sig);
	if (sig != SIGSTOP) {
		sigprocmask(SIG_UNBLOCK, &set, &old);
		sigprocmask(SIG_SETMASK, &old, NULL);
	}
	sigemptyset(&set);
	sigaddset(&set, SIGCONT);
	sigtimedwait(&set, NULL, &now);
	if (tty != NULL)
		tty_start(tty);
	send(loop->run->supervisor, &note, sizeof(note), MSG_NOSIGNAL);
}

static void take_note(struct loop *loop, const struct note *note)
{
	const struct attach *app = loop->run->app;
	struct nsu_failure why = NSU_FAILURE_INIT;

	switch (note->kind) {
	case NOTE_PROBLEM:
		why.step = note->value;
		why.error = note->error;
		say_problem(app, &why);
		break;
	case NOTE_FAILURE:
		why.step = note->value;
		why.error = note->error;
		why.types = note->types;
		if (loop->run->tty != NULL)
			tty_stop(loop->run->tty);
		say_failure(app, &why);
		loop->ended = true;
		loop->status = failure_status(&why);
		report(app, "failed", loop->status);
		break;
	case NOTE_STARTED:
		loop->started = true;
		report(app, "started", note->value);
		break;
	case NOTE_STOPPED:
		stop_with(loop, note->value);
		break;
	case NOTE_ENDED:
		loop->ended = true;
		loop->status = WIFSIGNALED(note->value) ?
			EXIT_SIGNAL + WTERMSIG(note->value) : WEXITSTATUS(note->value);
		report(app, WIFSIGNALED(note->value) ? "signal" : "exit",
		       WIFSIGNALED(note->value) ? WTERMSIG(note->value) : loop->status);
		break;
	case NOTE_SIGNAL:
		break;
	}
}

/* A set-uid program is not sent the death signal that its parent's end would be. */
static void kill_command(const struct loop *loop)
{
	if (loop->command < 0)
		return;
	syscall(SYS_pidfd_send_signal, loop->command, SIGKILL, NULL,
		PIDFD_SIGNAL_PROCESS_GROUP);
	syscall(SYS_pidfd_send_signal, loop->command, SIGKILL, NULL, 0);
}

/* With the note that it started comes the command's pidfd. */
static ssize_t receive(struct loop *loop, struct note *note)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = { note, sizeof(*note) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(loop->run->supervisor, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *head = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;

	if (head != NULL && head->cmsg_type == SCM_RIGHTS && loop->command < 0)
		memcpy(&loop->command, CMSG_DATA(head), sizeof(int));
	return n;
}

static void hear(struct loop *loop)
{
	struct note note;
	ssize_t n = receive(loop, &note);

	if (n == sizeof(note)) {
		take_note(loop, &note);
	} else if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
		kill_command(loop);
		msg(&loop->run->app->out, "the supervisor of the command was killed, and "
		    "the command with it");
		loop->ended = true;
		loop->status = EXIT_OWN;
		report(loop->run->app, "failed", EXIT_OWN);
	}
}

static void take_signal(struct loop *loop)
{
	struct note note = { .kind = NOTE_SIGNAL };
	struct tty *tty = loop->run->tty;
	struct signalfd_siginfo info;

	if (read(loop->signals, &info, sizeof(info)) != sizeof(info))
		return;
	note.value = (int)info.ssi_signo;
	/* From the keyboard of a terminal it goes to all in the foreground, as there. */
	note.group = info.ssi_code == SI_KERNEL;
	/* SIGPIPE of our own: nobody reads what we told; that is not the command's. */
	if (note.value == SIGCHLD ||
	    (note.value == SIGPIPE && (pid_t)info.ssi_pid == getpid()))
		return;
	if (note.value == SIGWINCH && tty != NULL) {
		tty_resize(tty);
		return;
	}
	if (note.value == SIGCONT && tty != NULL)
		tty_start(tty);
	if (note.group && tty != NULL && tty_signal(tty, note.value))
		return;
	send(loop->run->supervisor, &note, sizeof(note), MSG_NOSIGNAL);
}

static void relay(struct loop *loop, const struct pollfd *fds, int count)
{
	struct note note = { .kind = NOTE_SIGNAL, .value = SIGHUP, .group = true };
	struct tty *tty = loop->run->tty;
	int r = tty_step(tty, fds, count);

	if (r > 0 && r & TTY_GONE)
		send(loop->run->supervisor, &note, sizeof(note), MSG_NOSIGNAL);
}

static void turn(struct loop *loop)
{
	struct pollfd fds[2 + TTY_EVENTS];
	struct tty *tty = loop->run->tty;
	int count = 0, timeout = -1;

	if (tty != NULL) {
		count = tty_events(tty, fds + 2);
		timeout = tty_timeout(tty);
	}
	fds[0] = (struct pollfd){ .fd = loop->run->supervisor, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = loop->signals, .events = POLLIN };
	if (poll(fds, 2 + (nfds_t)count, timeout) < 0)
		return;
	if (fds[1].revents != 0)
		take_signal(loop);
	if (tty != NULL)
		relay(loop, fds + 2, count);
	if (fds[0].revents != 0)
		hear(loop);
}

/* Whoever reads the command's output must see its end, and not wait for ours. */
static void let_go(const struct tty *tty)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO && null >= 0; fd++)
		if (tty == NULL || !(tty->slaves & 1U << fd || fd == tty->in ||
				     fd == tty->out || fd == tty->terminal))
			dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

/* The terminal may be stopped by ^S, with nobody left to tell of a signal but us. */
static void drain(struct loop *loop)
{
	struct tty *tty = loop->run->tty;
	struct signalfd_siginfo info;

	while (tty_drain(tty, loop->signals) == -EINTR) {
		if (read(loop->signals, &info, sizeof(info)) != sizeof(info))
			continue;
		if (info.ssi_signo == SIGCHLD || info.ssi_signo == SIGWINCH ||
		    info.ssi_signo == SIGCONT)
			continue;
		tty_stop(tty);
		return;
	}
}

static bool ends(int sig)
{
	struct sigaction action;

	return (sig == SIGINT || sig == SIGQUIT || sig == SIGTERM || sig == SIGHUP) &&
	       sigaction(sig, NULL, &action) == 0 && action.sa_handler != SIG_IGN;
}

/* The signal that tells to end, 0: it is another. */
static int take_early(struct loop *loop)
{
	struct signalfd_siginfo info;

	if (read(loop->signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	sigaddset(&loop->early, (int)info.ssi_signo);
	return ends((int)info.ssi_signo) ? (int)info.ssi_signo : 0;
}

static void give_up(struct loop *loop, int sig)
{
	kill(loop->supervisor, SIGKILL);
	loop->ended = true;
	loop->status = EXIT_SIGNAL + sig;
	report(loop->run->app, "failed", loop->status);
}

/*
 * On its way in the command may be held up by the target, which stops or freezes it or
 * serves the file system of what it executes: whoever is told to end meanwhile does,
 * soon, for it may run already and we have not heard of it. The command is killed with
 * its parent, or finds out that it has none any more.
 */
static void wait_for_start(struct loop *loop)
{
	struct pollfd fds[2] = {
		{ .fd = loop->run->supervisor, .events = POLLIN },
		{ .fd = loop->signals, .events = POLLIN },
	};
	struct note note = { .kind = NOTE_SIGNAL };
	int end = 0;

	sigemptyset(&loop->early);
	while (!loop->started && !loop->ended) {
		int n = poll(fds, 2, end != 0 ? PATIENCE_MS : -1);

		if (n == 0)
			give_up(loop, end);
		else if (n > 0 && fds[0].revents != 0)
			hear(loop);
		else if (n > 0)
			end = end != 0 ? end : take_early(loop);
		if (end != 0)
			fds[1].fd = -1;
	}
	for (note.value = 1; loop->started && note.value < NSIG; note.value++)
		if (note.value != SIGCHLD && sigismember(&loop->early, note.value) &&
		    (note.value != SIGWINCH || loop->run->tty == NULL))
			send(loop->run->supervisor, &note, sizeof(note), MSG_NOSIGNAL);
}

static int wait_for(struct loop *loop)
{
	struct run *run = loop->run;
	struct tty *tty = run->tty;

	if (tty != NULL) {
		close(tty->slave);
		tty->slave = -1;
	}
	wait_for_start(loop);
	if (loop->started) {
		let_go(tty);
		if (tty != NULL && sigismember(&loop->early, SIGWINCH))
			tty_resize(tty);
		if (tty != NULL)
			tty_start(tty);
	}
	while (!loop->ended)
		turn(loop);
	if (tty != NULL && loop->started)
		drain(loop);
	while (waitpid(loop->supervisor, NULL, 0) < 0 && errno == EINTR)
		;
	return loop->status;
}

static int open_tty(struct run *run, struct tty *tty)
{
	const struct attach_opts *opts = &run->app->opts;
	int r;

	if (opts->tty == NSU_NO || (opts->trusted && opts->tty != NSU_YES))
		return 0;
	r = tty_open(tty, opts->tty == NSU_YES ? 7 : TTY_AUTO);
	if (r < 0)
		msg_errno(&run->app->out, r, "make a terminal for the command");
	else if (r > 0)
		run->tty = tty;
	return r < 0 ? r : 0;
}

static int start(struct loop *loop)
{
	struct run *run = loop->run;
	int ends[2];
	sigset_t set;

	forwarded(&set);
	sigprocmask(SIG_BLOCK, &set, &run->mask);
	loop->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signals < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	loop->supervisor = fork();
	if (loop->supervisor < 0)
		return -errno;
	run->supervisor = ends[loop->supervisor == 0];
	close(ends[loop->supervisor != 0]);
	if (loop->supervisor == 0)
		supervise(run);
	return 0;
}

static bool will_be_shell(const struct attach *app)
{
	return app->opts.command[0] == NULL;
}

/* What can be said before anything is started. */
static int look_ahead(const struct attach *app)
{
	const struct nsu_outlook *outlook = nsu_plan_get_outlook(app->plan);
	bool inside = outlook->entered & 1U << NSU_MNT;
	struct nsu_failure why = NSU_FAILURE_INIT;

	if (nsu_plan_check(app->plan) < 0) {
		say_verdicts(app);
		return EXIT_OWN;
	}
	say_problems(app);
	if (app->opts.seccomp == SECCOMP_REQUIRE && outlook->seccomp != 0 &&
	    !(outlook->traits & 1U << NSU_TRAIT_SECCOMP)) {
		why.step = NSU_STEP_SECCOMP;
		why.error = -EPERM;
		say_failure(app, &why);
		return EXIT_OWN;
	}
	if (will_be_shell(app) && outlook->shell == NULL) {
		why.step = NSU_STEP_EXEC;
		why.error = -ENOENT;
		say_failure(app, &why);
		return EXIT_NOT_FOUND;
	}
	if (app->opts.docker_it ||
	    (will_be_shell(app) && !inside && isatty(STDERR_FILENO)))
		say_partial(app);
	return 0;
}

int attach_run(struct attach *app)
{
	struct run run = { .app = app, .supervisor = -1 };
	struct loop loop = { .run = &run, .command = -1 };
	struct tty *tty = NULL;
	int status = look_ahead(app), r;

	if (status != 0) {
		report(app, "failed", status);
		return status;
	}
	if (app->opts.no_fork) {
		status = attach_become(app);
		report(app, "failed", status);
		return status;
	}
	tty = malloc(sizeof(*tty));
	r = tty != NULL ? open_tty(&run, tty) : -ENOMEM;
	if (r == 0)
		r = start(&loop);
	if (r < 0)
		msg_errno(&app->out, r, "start");
	status = r < 0 ? EXIT_OWN : wait_for(&loop);
	if (run.tty != NULL)
		tty_close(run.tty);
	if (loop.command >= 0)
		close(loop.command);
	free(tty);
	return status;
}
