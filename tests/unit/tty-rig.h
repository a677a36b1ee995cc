/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A user at a terminal, which is a pty whose master the test holds; a shell, which leads
 * the session there; the relay in a process group of its own; and the command behind it.
 */
#ifndef NSU_TTY_RIG_H
#define NSU_TTY_RIG_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../../tools/attach-tty.h"
#include "../tap.h"

#ifndef PATIENCE_MS
#define PATIENCE_MS	20000
#endif
#define MIB		(1 << 20)

struct rig {
	/* What the test asks for: */
	unsigned terminals;	/* which of 0, 1, 2 are the terminal, the others pipes */
	unsigned wanted;	/* for tty_open */
	bool background;
	bool raw_before;	/* another program was there first */
	void (*body)(void);	/* the command */
	/* What it gets: */
	int user;		/* the terminal's master */
	int term;		/* the terminal, as another program has it */
	int pipe[3];		/* the other end of 0, 1, 2 */
	int side;		/* what the command, and the shell, say past the pty */
	int hold;		/* closed: the shell ends */
	pid_t shell, relay;
	struct termios before;
	char got[2 * MIB];
	size_t len, pos;
	int last;		/* read from */
};

static struct tty rig_tty;	/* the relay's; its command has a copy */
static int rig_side = -1, rig_life = -1;

static void say(const char *text)
{
	if (write(rig_side, text, strlen(text)) < 0)
		_exit(9);
}

static void rig_loop(pid_t command, int signals)
{
	struct pollfd fds[TTY_EVENTS + 1];
	struct signalfd_siginfo info;

	for (;;) {
		int count = tty_events(&rig_tty, fds), r;

		fds[count] = (struct pollfd){ .fd = signals, .events = POLLIN };
		if (poll(fds, count + 1, tty_timeout(&rig_tty)) < 0)
			_exit(91);
		r = tty_step(&rig_tty, fds, count);
		if (r < 0)
			_exit(92);
		if (r & TTY_GONE)
			kill(command, SIGHUP);
		if (!(fds[count].revents & POLLIN) ||
		    read(signals, &info, sizeof(info)) != sizeof(info))
			continue;
		if (info.ssi_signo == SIGWINCH)
			tty_resize(&rig_tty);
		else if (info.ssi_signo == SIGCONT)
			tty_start(&rig_tty);
		else if (info.ssi_signo == SIGCHLD)
			return;
		else if (!tty_signal(&rig_tty, info.ssi_signo))
			kill(command, info.ssi_signo);
	}
}

__attribute__((noreturn))
static void rig_command(void (*body)(void), int life)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGHUP, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	if (rig_tty.slave >= 0)
		ioctl(rig_tty.slave, TIOCSCTTY, 0);
	for (int fd = 0; fd <= 2; fd++)
		if (rig_tty.slaves & (1u << fd))
			dup2(rig_tty.slave, fd);
	rig_life = life;
	body();
	_exit(0);
}

__attribute__((noreturn))
static void rig_relay(struct rig *rig)
{
	int life[2], signals, status, r;
	pid_t command;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGCONT);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	r = tty_open(&rig_tty, rig->wanted);
	if (r < 0 || pipe2(life, O_CLOEXEC) < 0)
		_exit(93);
	command = fork();
	if (command == 0) {
		close(life[1]);
		rig_command(rig->body, life[0]);
	}
	if (r == 0) {
		waitpid(command, &status, 0);
		_exit(WEXITSTATUS(status) ? 94 : 0);
	}
	close(rig_tty.slave);
	rig_tty.slave = -1;
	/* The command's ends are its own alone, and their end is seen. */
	close(rig_side);
	tty_start(&rig_tty);
	rig_loop(command, signals);
	if (tty_drain(&rig_tty, -1) < 0)
		_exit(95);
	waitpid(command, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 96);
}

/* Tells "end N\n" or "stop\n", and brings the relay to the front at a SIGUSR1. */
__attribute__((noreturn))
static void rig_shell(struct rig *rig, int hold, pid_t relay)
{
	int status;
	char text[32];
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (rig->background) {
		sigwaitinfo(&set, NULL);
		tcsetpgrp(rig->term, relay);
	}
	while (waitpid(relay, &status, WUNTRACED) == relay && WIFSTOPPED(status))
		say("stop\n");
	snprintf(text, sizeof(text), "end %d\n",
		 WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
	say(text);
	while (read(hold, text, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static void rig_fork(struct rig *rig, const int *ends, int hold)
{
	pid_t relay;
	sigset_t set;

	setsid();
	ioctl(rig->term, TIOCSCTTY, 0);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTTOU);
	sigprocmask(SIG_BLOCK, &set, NULL);
	relay = fork();
	if (relay != 0) {
		setpgid(relay, relay);
		if (!rig->background)
			tcsetpgrp(rig->term, relay);
		rig_shell(rig, hold, relay);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	relay = getpid();
	if (!rig->background)
		tcsetpgrp(rig->term, relay);
	/* Before the command can say anything there. */
	if (write(rig_side, &relay, sizeof(relay)) < 0)
		_exit(9);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	for (int fd = 0; fd <= 2; fd++)
		dup2(ends[fd], fd);
	rig_relay(rig);
}

static bool rig_start(struct rig *rig)
{
	int ends[3], fds[2], hold[2], unlock = 0;
	struct winsize size = { .ws_row = 33, .ws_col = 77 };

	rig->len = rig->pos = 0;
	rig->last = -1;
	rig->user = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	ioctl(rig->user, TIOCSPTLCK, &unlock);
	rig->term = ioctl(rig->user, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (rig->term < 0 || tcgetattr(rig->term, &rig->before) < 0)
		return false;
	ioctl(rig->user, TIOCSWINSZ, &size);
	if (rig->raw_before) {
		struct termios raw = rig->before;

		cfmakeraw(&raw);
		tcsetattr(rig->term, TCSANOW, &raw);
	}
	for (int fd = 0; fd <= 2; fd++) {
		rig->pipe[fd] = -1;
		ends[fd] = rig->term;
		if (rig->terminals & (1u << fd))
			continue;
		if (pipe2(fds, O_CLOEXEC) < 0)
			return false;
		ends[fd] = fds[fd != 0];
		rig->pipe[fd] = fds[fd == 0];
	}
	if (pipe2(fds, O_CLOEXEC) < 0 || pipe2(hold, O_CLOEXEC) < 0)
		return false;
	rig->side = fds[0];
	rig->hold = hold[1];
	rig_side = fds[1];
	fflush(stdout);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	rig->shell = fork();
	if (rig->shell == 0) {
		close(hold[1]);
		close(rig->user);
		for (int fd = 0; fd <= 2; fd++)
			if (rig->pipe[fd] >= 0)
				close(rig->pipe[fd]);
		rig_fork(rig, ends, hold[0]);
	}
	close(hold[0]);
	close(fds[1]);
	for (int fd = 0; fd <= 2; fd++)
		if (ends[fd] != rig->term)
			close(ends[fd]);
	return read(rig->side, &rig->relay, sizeof(rig->relay)) == sizeof(rig->relay);
}

/* Reads on until text comes, and forgets what was before it. */
static bool rig_see(struct rig *rig, int fd, const char *text)
{
	rig->last = fd;
	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		char *found = memmem(rig->got + rig->pos, rig->len - rig->pos, text,
				     strlen(text));
		ssize_t n;

		if (found) {
			rig->pos = found + strlen(text) - rig->got;
			return true;
		}
		if (rig->len == sizeof(rig->got) - 1 || poll(&pfd, 1, PATIENCE_MS) <= 0)
			break;
		n = read(fd, rig->got + rig->len, sizeof(rig->got) - 1 - rig->len);
		if (n <= 0)
			break;
		rig->len += n;
		rig->got[rig->len] = '\0';
	}
	diag("waited for: %s", text);
	tap_value("came", rig->got + rig->pos);
	return false;
}

/* The same, and nothing that came from another descriptor is in what came. */
static bool rig_hear(struct rig *rig, int fd, const char *text)
{
	if (rig->last != fd) {
		rig->len = rig->pos = 0;
		rig->got[0] = '\0';
	}
	return rig_see(rig, fd, text);
}

static void rig_type(struct rig *rig, const char *text)
{
	if (write(rig->user, text, strlen(text)) != (ssize_t)strlen(text))
		diag("cannot type");
}

static bool rig_is_restored(const struct rig *rig)
{
	struct termios now;

	return tcgetattr(rig->term, &now) == 0 &&
	       now.c_lflag == rig->before.c_lflag && now.c_iflag == rig->before.c_iflag &&
	       now.c_oflag == rig->before.c_oflag;
}

static bool rig_is_raw(const struct rig *rig)
{
	struct termios now;

	return tcgetattr(rig->term, &now) == 0 && !(now.c_lflag & (ICANON | ECHO | ISIG));
}

static void rig_end(struct rig *rig)
{
	int fds[] = { rig->user, rig->term, rig->side, rig->hold, rig->pipe[0],
		      rig->pipe[1], rig->pipe[2] };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	/* The relay dies with it, the command with that. */
	kill(rig->shell, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

#endif
