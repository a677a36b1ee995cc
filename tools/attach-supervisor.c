// SPDX-License-Identifier: GPL-2.0-or-later
/* The supervisor: the command's parent, outside of what the command is in. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "attach-run.h"
#include "uapi.h"

static void tell(const struct run *run, const struct note *note)
{
	/* Where nobody listens any more the loop finds out. */
	while (send(run->supervisor, note, sizeof(*note), MSG_NOSIGNAL) < 0 &&
	       errno == EINTR)
		;
}

/* With its pidfd, so that nsattach reaches the command when this was killed: the number
   may be another's by then. */
static void tell_started(const struct run *run, pid_t pid)
{
	struct note note = { .kind = NOTE_STARTED, .value = pid };
	int fd = syscall(SYS_pidfd_open, pid, 0);
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec part = { &note, sizeof(note) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	if (fd < 0) {
		tell(run, &note);
		return;
	}
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	while (sendmsg(run->supervisor, &msg, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
	close(fd);
}

/* Our own ends of the command's pipes would keep their readers waiting. */
static void let_go(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && null >= 0; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

static char **shell_argv(const struct run *run, const char *shell, char *name,
			 size_t size, char **argv)
{
	const char *base = strrchr(shell, '/');
	bool login = nsu_plan_get_outlook(run->app->plan)->entered & 1U << NSU_MNT;

	/* A login shell reads the profile of the place that it is in. */
	snprintf(name, size, "%s%s", login ? "-" : "", base != NULL ? base + 1 : shell);
	argv[0] = (char *)shell;
	argv[1] = NULL;
	return argv;
}

static pid_t start(struct run *run)
{
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;
	struct nsu_failure why = NSU_FAILURE_INIT;
	struct attach *app = run->app;
	const char *shell = nsu_plan_get_outlook(app->plan)->shell;
	size_t known = nsu_plan_count_problems(app->plan);
	char name[260], *argv[2];
	pid_t pid;

	opts.argv = app->opts.command;
	if (app->opts.command[0] == NULL) {
		opts.argv = shell_argv(run, shell != NULL ? shell : "/bin/sh", name,
				       sizeof(name), argv);
		opts.argv0 = name;
	}
	opts.group = true;
	opts.death_signal = SIGKILL;
	opts.mask = &run->mask;
	if (run->tty != NULL) {
		opts.terminal = run->tty->slave;
		for (int fd = 0; fd < 3; fd++)
			if (run->tty->slaves & 1U << fd)
				opts.fds[fd] = run->tty->slave;
	}
	pid = nsu_plan_spawn(app->plan, &opts, &why);
	for (size_t i = known; i < nsu_plan_count_problems(app->plan); i++) {
		const struct nsu_failure *problem = nsu_plan_get_problem(app->plan, i);

		tell(run, &(struct note){ .kind = NOTE_PROBLEM, .value = problem->step,
					  .error = problem->error });
	}
	if (pid < 0)
		tell(run, &(struct note){ .kind = NOTE_FAILURE, .value = why.step,
					  .error = why.error, .types = why.types });
	return pid;
}

/* The command's process group, not only itself: a shell's pipeline too. The number is
   its own until it is waited for, which only happens here. */
static void end_all(const struct run *run, pid_t pid)
{
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	if (run->tty != NULL)
		tty_restore_by(run->tty);
	target_dir_close(run->app);
	_exit(EXIT_OWN);
}

static void take_order(const struct run *run, pid_t pid)
{
	struct note note;
	ssize_t n = recv(run->supervisor, &note, sizeof(note), 0);

	if (n == 0 || (n < 0 && errno != EINTR))
		end_all(run, pid);
	if (n == sizeof(note) && note.kind == NOTE_SIGNAL)
		kill(note.group ? -pid : pid, note.value);
}

/* True when it has ended. */
static bool look_after(const struct run *run, pid_t pid)
{
	int status;

	while (waitpid(pid, &status, WUNTRACED | WNOHANG) == pid) {
		if (WIFSTOPPED(status)) {
			tell(run, &(struct note){ .kind = NOTE_STOPPED,
						  .value = WSTOPSIG(status) });
			continue;
		}
		tell(run, &(struct note){ .kind = NOTE_ENDED, .value = status });
		return true;
	}
	return false;
}

static int watch_children(void)
{
	sigset_t all, children;

	/* The hangup of the terminal, when nsattach is gone, must not end this before the
	   command. Nothing else may either; only what stands still for ever, or kills. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	return signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Once is nsattach's end, the second time is a second later. */
static void give_up(int sig)
{
	static volatile sig_atomic_t times;

	(void)sig;
	if (times++ > 0)
		_exit(EXIT_OWN);
	alarm(1);
}

/*
 * While the command is being started nothing here looks for nsattach's end, and that may
 * take for ever. Most often it does not: then the command, which may have children or be
 * a set-uid program by then, is ended by the one who looks for it after that.
 */
static void hear_of_end(bool on)
{
	struct sigaction action = { .sa_handler = give_up, .sa_flags = SA_RESTART };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	if (on)
		sigaction(SIGALRM, &action, NULL);
	prctl(PR_SET_PDEATHSIG, on ? SIGALRM : 0, 0, 0, 0);
	sigprocmask(on ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
	if (!on)
		alarm(0);
}

void supervise(struct run *run)
{
	struct signalfd_siginfo info;
	struct pollfd fds[2];
	int children = watch_children();
	pid_t pid;

	prctl(PR_SET_NAME, "nsattach:super", 0, 0, 0);
	setsid();
	/* Without a controlling terminal there are no job control and no ^C: then the
	   command is told by signals alone. */
	if (run->tty != NULL && ioctl(run->tty->slave, TIOCSCTTY, 0) < 0) {
		tell(run, &(struct note){ .kind = NOTE_FAILURE, .error = -errno,
					  .value = NSU_STEP_TERMINAL });
		_exit(EXIT_OWN);
	}
	hear_of_end(true);
	pid = start(run);
	hear_of_end(false);
	if (pid < 0)
		_exit(EXIT_OWN);
	tell_started(run, pid);
	let_go();
	if (run->tty != NULL) {
		close(run->tty->slave);
		close(run->tty->master);
	}
	fds[0] = (struct pollfd){ .fd = run->supervisor, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = children, .events = POLLIN };
	while (!look_after(run, pid)) {
		if (poll(fds, 2, -1) < 0)
			continue;
		while (read(children, &info, sizeof(info)) > 0)
			;
		if (fds[0].revents != 0)
			take_order(run, pid);
	}
	_exit(0);
}
