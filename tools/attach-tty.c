// SPDX-License-Identifier: GPL-2.0-or-later
/* Which descriptors become the pseudo-terminal, and the modes of the user's terminal. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include "attach-tty.h"
#include "nsi.h"

#define RECHECK_MS	200

/*
 * A description of our own of what fd is, not to block in it: O_NONBLOCK on the user's
 * would be seen by everyone who shares it, and stay after us. Where that cannot be had
 * it is a duplicate. Never of a pty's master (opened again it is another one) or of a
 * file (which has a position).
 */
static int open_again(int fd, int flags)
{
	unsigned number;
	char path[32];
	struct stat st;
	int again = -1;

	if (fstat(fd, &st) < 0)
		return nsi_errno();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (S_ISFIFO(st.st_mode) || (isatty(fd) && ioctl(fd, TIOCGPTN, &number) < 0))
		again = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (again < 0)
		again = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return again < 0 ? nsi_errno() : again;
}

static int open_terminal(struct tty *tty, int number)
{
	int r = open_again(number, O_RDWR);

	if (r < 0)
		return r;
	tty->terminal = r;
	if (tcgetattr(r, &tty->saved) < 0)
		return nsi_errno();
	return 0;
}

static int open_out(struct tty *tty, int number)
{
	int r = open_again(number, isatty(number) ? O_RDWR : O_WRONLY);
	struct stat st;

	if (r < 0)
		return r;
	tty->out = r;
	r = fcntl(tty->out, F_GETFL);
	/* POLLOUT promises room for one byte in a terminal, for a page in a pipe. */
	tty->out_most = isatty(number) ? 1 : PIPE_BUF;
	if ((r >= 0 && (r & O_NONBLOCK)) ||
	    (fstat(tty->out, &st) == 0 && S_ISREG(st.st_mode)))
		tty->out_most = TTY_BUFFER;
	return 0;
}

static bool is_same_terminal(int a, int b)
{
	unsigned dev_a, dev_b;

	/* Of /dev/tty and /dev/console it is what they stand for. */
	return ioctl(a, TIOCGDEV, &dev_a) == 0 && ioctl(b, TIOCGDEV, &dev_b) == 0 &&
	       dev_a == dev_b;
}

/* By the descriptors that are terminals: where keys come from and output goes to. */
static int open_ends(struct tty *tty, unsigned terminals)
{
	int first = -1, r = 0, out;

	for (int fd = STDERR_FILENO; fd >= 0; fd--)
		if (terminals & (1u << fd))
			first = fd;
	if (first >= 0)
		r = open_terminal(tty, first);
	if (r < 0)
		return r;
	tty->in = tty->terminal;
	if ((tty->slaves & 1) && !(terminals & 1)) {
		tty->in = open_again(STDIN_FILENO, O_RDONLY);
		if (tty->in < 0)
			return tty->in;
	}
	tty->full = (tty->slaves & terminals & 3) == 3 &&
		    is_same_terminal(STDIN_FILENO, STDOUT_FILENO);
	out = tty->slaves & 2 ? STDOUT_FILENO : tty->slaves & 4 ? STDERR_FILENO : first;
	return out >= 0 ? open_out(tty, out) : 0;
}

static int open_pty(struct tty *tty)
{
	int unlock = 0;

	tty->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (tty->master < 0 || ioctl(tty->master, TIOCSPTLCK, &unlock) < 0)
		return nsi_errno();
	/* Not by path: what is at /dev/pts is another's instance perhaps. */
	tty->slave = ioctl(tty->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return tty->slave < 0 ? nsi_errno() : 0;
}

/* A program of the same pipeline, or the shell that started this in the background and
   edits its next line, may have the terminal raw already: those modes are not what the
   command should start with, nor what to leave behind. */
static void make_sane(struct termios *modes)
{
	if (modes->c_lflag & ICANON)
		return;
	modes->c_iflag |= ICRNL | IXON;
	modes->c_oflag |= OPOST | ONLCR;
	modes->c_lflag |= ICANON | ISIG | IEXTEN | ECHO | ECHOE | ECHOK | ECHOCTL |
			  ECHOKE;
}

static int prepare(struct tty *tty)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };

	if (tty->terminal < 0)
		return ioctl(tty->master, TIOCSWINSZ, &size) < 0 ? nsi_errno() : 0;
	if (!tty->full || !tty_in_front(tty))
		make_sane(&tty->saved);
	if (tcsetattr(tty->slave, TCSANOW, &tty->saved) < 0)
		return nsi_errno();
	return tty_resize(tty);
}

int tty_open(struct tty *tty, unsigned wanted)
{
	unsigned terminals = 0;
	int r;

	memset(tty, 0, offsetof(struct tty, keys.data));
	tty->output.start = tty->output.end = 0;
	tty->master = tty->slave = tty->terminal = tty->in = tty->out = -1;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (isatty(fd))
			terminals |= 1u << fd;
	tty->slaves = wanted == TTY_AUTO ? terminals : wanted & 7;
	if (!tty->slaves)
		return 0;
	r = open_ends(tty, terminals);
	if (r == 0)
		r = open_pty(tty);
	if (r == 0)
		r = prepare(tty);
	if (r < 0)
		tty_close(tty);
	return r < 0 ? r : 1;
}

void tty_close(struct tty *tty)
{
	int fds[] = { tty->master, tty->slave, tty->terminal, tty->out,
		      tty->in == tty->terminal ? -1 : tty->in };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		nsi_closep(&fds[i]);
	tty->master = tty->slave = tty->terminal = tty->in = tty->out = -1;
}

static bool is_same(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag &&
	       a->c_cflag == b->c_cflag && a->c_lflag == b->c_lflag &&
	       a->c_cc[VMIN] == b->c_cc[VMIN] && a->c_cc[VTIME] == b->c_cc[VTIME];
}

static int set_modes(int fd, const struct termios *modes)
{
	int r = tcsetattr(fd, TCSADRAIN, modes);

	/* Stopped output may keep it waiting; whoever sends a signal then means it. */
	if (r < 0 && errno == EINTR)
		r = tcsetattr(fd, TCSANOW, modes);
	return r < 0 ? nsi_errno() : 0;
}

bool tty_in_front(const struct tty *tty)
{
	pid_t front = tcgetpgrp(tty->terminal);

	/* Negative: it does not control us, and nothing that we do with it stops us. */
	return front < 0 || front == getpgrp();
}

static void make_raw(struct termios *modes)
{
	tcflag_t line = modes->c_cflag;

	cfmakeraw(modes);
	modes->c_cflag = line;		/* a serial line's bits and parity are not ours */
}

/*
 * The modes that the terminal is to have. Of a pipeline's terminal only as much as the
 * command asks for: others use it, too. Where the slave ends lines with a carriage
 * return the terminal may go on doing that for those others.
 */
static bool choose(const struct tty *tty, struct termios *ret)
{
	struct termios slave;

	*ret = tty->saved;
	if (tty->in != tty->terminal)
		return false;
	if (tty->full) {
		make_raw(ret);
		return true;
	}
	if (tcgetattr(tty->master, &slave) < 0)
		return false;
	if (!(slave.c_lflag & ICANON)) {
		make_raw(ret);
		if ((slave.c_oflag & OPOST) && (slave.c_oflag & ONLCR))
			ret->c_oflag = tty->saved.c_oflag;
		return true;
	}
	if (!(slave.c_lflag & ECHO))
		ret->c_lflag &= ~ECHO;		/* it asks for a password */
	return false;
}

void tty_settle(struct tty *tty)
{
	struct termios now, want;

	tty->reads = tty->in >= 0 && tty->in != tty->terminal;
	if (!tty->started || tty->terminal < 0 || !tty_in_front(tty) ||
	    tcgetattr(tty->terminal, &now) < 0)
		return;
	/* Somebody else has set them since: what was saved is not what to restore. */
	if (tty->changed && !is_same(&now, &tty->applied))
		tty->changed = false;
	if (!tty->changed) {
		tty->raw = false;
		/* Raw, and not by us: another one of the pipeline reads the keyboard. */
		if (!tty->full && !(now.c_lflag & ICANON))
			return;
		tty->saved = now;
	}
	tty->raw = choose(tty, &want);
	tty->reads = tty->in >= 0;
	if (is_same(&want, &now) || set_modes(tty->terminal, &want) < 0)
		return;
	tty->changed = !is_same(&want, &tty->saved);
	if (tcgetattr(tty->terminal, &tty->applied) < 0)
		tty->applied = want;
}

int tty_start(struct tty *tty)
{
	tty->started = true;
	tty_settle(tty);
	return 0;
}

int tty_stop(struct tty *tty)
{
	struct termios now;

	tty->started = tty->raw = false;
	if (!tty->changed || !tty_in_front(tty))
		return 0;
	if (tcgetattr(tty->terminal, &now) < 0)
		return nsi_errno();
	tty->changed = false;
	return is_same(&now, &tty->applied) ? set_modes(tty->terminal, &tty->saved) : 0;
}

int tty_resize(struct tty *tty)
{
	struct winsize size;

	if (tty->terminal < 0)
		return 0;
	if (ioctl(tty->terminal, TIOCGWINSZ, &size) < 0 ||
	    ioctl(tty->master, TIOCSWINSZ, &size) < 0)
		return nsi_errno();
	return 0;
}

int tty_timeout(const struct tty *tty)
{
	bool settled = tty->full && tty->reads;

	/* Neither another's modes nor a change of the foreground tell that they come. */
	return tty->terminal < 0 || tty->out_gone || settled ? -1 : RECHECK_MS;
}

int tty_restore_by(const struct tty *tty)
{
	struct termios now, raw = tty->saved, raw_lines, silent = tty->saved;

	if (tty->terminal < 0)
		return 0;
	if (tcgetattr(tty->terminal, &now) < 0)
		return nsi_errno();
	make_raw(&raw);
	raw_lines = raw;
	raw_lines.c_oflag = tty->saved.c_oflag;
	silent.c_lflag &= ~ECHO;
	/* Others may have changed them since: a shell that edits its next line. */
	if (!is_same(&now, &raw) && (tty->full || (!is_same(&now, &raw_lines) &&
						   !is_same(&now, &silent))))
		return 0;
	/* Not to wait for output that is stopped: nobody is left to be told. */
	return tcsetattr(tty->terminal, TCSANOW, &tty->saved) < 0 ? nsi_errno() : 0;
}
