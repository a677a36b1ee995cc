// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A user at a terminal, and the shell there: runs a command in the foreground of a
 * session of its own, types, looks at what comes, stops and continues it.
 *
 *	typist ENDS STEP... -- COMMAND...
 *
 * ENDS are the command's 0, 1, 2: t the terminal, p a pipe, n /dev/null, c closed.
 * It fails, and says so, at the first step that does not come true. See usage().
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "leaks.h"
#include "pattern.h"

#define PATIENCE_MS 20000
#define ROOM (1 << 16)

static struct {
	int master, terminal;
	int pipe[3];		/* our ends, -1 */
	pid_t pid;		/* of the command, which leads its process group */
	struct termios before;
	char got[3][ROOM];	/* seen from the terminal, and from pipes 1 and 2 */
	size_t len[3];
} me = { .pipe = { -1, -1, -1 } };

static int usage(void)
{
	fputs("usage: typist ENDS STEP... -- COMMAND...\n"
	      "see:TEXT out:TEXT err:TEXT  it comes from the terminal, pipe 1, pipe 2\n"
	      "type:TEXT in:TEXT eof       to the terminal, to pipe 0; its end\n"
	      "feed:N take:N               N bytes of a pattern to, from the terminal\n"
	      "size:ROWSxCOLUMNS           another window size\n"
	      "signal:N                    to the command\n"
	      "stopped fg                  it stops by job control; to the front again\n"
	      "raw same idle               the terminal is raw; has its first modes;\n"
	      "                            nothing that was typed waits in it\n"
	      "run:COMMAND                 of a shell, which knows $PID and $TTY\n"
	      "hangup                      of the terminal\n"
	      "end:STATUS                  the command ends: a number, or sigN\n",
	      stderr);
	return 2;
}

static bool fail(const char *what)
{
	fprintf(stderr, "typist: %s: %s\n", what, strerror(errno));
	return false;
}

/* Another program's output as C would write it. */
static void show(const char *label, const char *text, size_t len)
{
	fprintf(stderr, "typist: %s \"", label);
	for (size_t i = len > 300 ? len - 300 : 0; i < len; i++) {
		if (text[i] >= ' ' && text[i] < 0x7f)
			fputc(text[i], stderr);
		else
			fprintf(stderr, "\\%03o", (unsigned char)text[i]);
	}
	fputs("\"\n", stderr);
}

static bool see(int which, int fd, const char *text)
{
	char *got = me.got[which];
	size_t *len = &me.len[which];

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		char *found = memmem(got, *len, text, strlen(text));
		ssize_t n;

		if (found) {
			*len -= (size_t)(found - got) + strlen(text);
			memmove(got, found + strlen(text), *len);
			return true;
		}
		if (*len == ROOM || poll(&p, 1, PATIENCE_MS) <= 0)
			break;
		n = read(fd, got + *len, ROOM - *len);
		if (n <= 0)
			break;
		*len += (size_t)n;
	}
	show("instead came", got, *len);
	return false;
}

/* \NNN in octal is a character by its number. */
static size_t unescape(const char *text, char *ret, size_t size)
{
	size_t n = 0;

	while (*text && n < size) {
		if (*text == '\\' && strspn(text + 1, "01234567") >= 3) {
			char digits[4] = { text[1], text[2], text[3], 0 };

			ret[n++] = (char)strtol(digits, NULL, 8);
			text += 4;
		} else {
			ret[n++] = *text++;
		}
	}
	return n;
}

static bool give(int fd, const char *text)
{
	char keys[1024];
	size_t len = unescape(text, keys, sizeof(keys));

	return write(fd, keys, len) == (ssize_t)len || fail("type");
}

static bool feed(size_t count)
{
	for (size_t at = 0; at < count;) {
		char chunk[4096];
		size_t len = count - at < sizeof(chunk) ? count - at : sizeof(chunk);
		struct pollfd p = { .fd = me.master, .events = POLLOUT };
		ssize_t n;

		pattern_fill(chunk, at, len);
		if (poll(&p, 1, PATIENCE_MS) <= 0)
			return false;
		n = write(me.master, chunk, len);
		if (n < 0)
			return fail("feed");
		at += (size_t)n;
	}
	return true;
}

static bool take(size_t count)
{
	for (size_t at = 0; at < count;) {
		char chunk[4096];
		struct pollfd p = { .fd = me.master, .events = POLLIN };
		size_t len = count - at < sizeof(chunk) ? count - at : sizeof(chunk);
		ssize_t n = 0;

		if (me.len[0] > 0) {
			n = (ssize_t)(me.len[0] < len ? me.len[0] : len);
			memcpy(chunk, me.got[0], (size_t)n);
			me.len[0] -= (size_t)n;
			memmove(me.got[0], me.got[0] + n, me.len[0]);
		} else if (poll(&p, 1, PATIENCE_MS) > 0) {
			n = read(me.master, chunk, len);
		}
		if (n <= 0 || !pattern_is(chunk, at, (size_t)n)) {
			fprintf(stderr, "typist: differs or ends behind byte %zu\n", at);
			return false;
		}
		at += (size_t)n;
	}
	return true;
}

static bool same_modes(void)
{
	struct termios now;

	return tcgetattr(me.terminal, &now) == 0 &&
	       now.c_lflag == me.before.c_lflag && now.c_iflag == me.before.c_iflag &&
	       now.c_oflag == me.before.c_oflag && now.c_cflag == me.before.c_cflag;
}

static bool is_raw(void)
{
	struct termios now;

	return tcgetattr(me.terminal, &now) == 0 &&
	       !(now.c_lflag & (ICANON | ECHO | ISIG)) && !(now.c_oflag & OPOST);
}

/* What has been put into the terminal as input, lines or not, a shell would read. */
static bool is_idle(void)
{
	struct termios now, raw;
	int waits = -1;

	if (tcgetattr(me.terminal, &now))
		return fail("modes");
	raw = now;
	raw.c_lflag &= ~(tcflag_t)ICANON;
	tcsetattr(me.terminal, TCSANOW, &raw);
	ioctl(me.terminal, FIONREAD, &waits);
	tcsetattr(me.terminal, TCSANOW, &now);
	if (waits)
		fprintf(stderr, "typist: %d characters wait\n", waits);
	return waits == 0;
}

static bool resize(const char *text)
{
	struct winsize size = { 0 };

	return sscanf(text, "%hux%hu", &size.ws_row, &size.ws_col) == 2 &&
	       (ioctl(me.master, TIOCSWINSZ, &size) == 0 || fail("size"));
}

static bool awaits(int options, siginfo_t *info)
{
	while (waitid(P_PID, (id_t)me.pid, info, options) < 0)
		if (errno != EINTR)
			return fail("wait");
	return true;
}

/* As a shell does: the terminal is its own again. */
static bool stopped(void)
{
	siginfo_t info;

	if (!awaits(WSTOPPED | WEXITED | WNOWAIT, &info))
		return false;
	if (info.si_code != CLD_STOPPED) {
		fprintf(stderr, "typist: it ended with %d\n", info.si_status);
		return false;
	}
	waitid(P_PID, (id_t)me.pid, &info, WSTOPPED);
	tcsetpgrp(me.terminal, getpid());
	return true;
}

static bool to_front(void)
{
	tcsetpgrp(me.terminal, me.pid);
	return kill(-me.pid, SIGCONT) == 0 || fail("continue");
}

/* The terminal may have much to say before its end. */
static bool ended(const char *want)
{
	char status[32];
	siginfo_t info = { .si_pid = 0 };

	for (;;) {
		struct pollfd p = { .fd = me.master, .events = POLLIN };

		if (!awaits(WEXITED | WNOHANG, &info))
			return false;
		if (info.si_pid)
			break;
		if (poll(&p, 1, 20) > 0 && me.len[0] < ROOM) {
			ssize_t n = read(me.master, me.got[0] + me.len[0],
					 ROOM - me.len[0]);

			me.len[0] += n > 0 ? (size_t)n : 0;
		}
	}
	me.pid = 0;
	snprintf(status, sizeof(status), "%s%d", info.si_code == CLD_EXITED ? "" : "sig",
		 info.si_status);
	if (!strcmp(status, want))
		return true;
	fprintf(stderr, "typist: its status is %s\n", status);
	show("the terminal has", me.got[0], me.len[0]);
	return false;
}

static bool run(const char *command)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", me.pid);
	setenv("PID", pid, 1);
	return system(command) == 0;
}

static bool do_word(const char *word)
{
	if (!strcmp(word, "eof"))
		return close(me.pipe[0]) == 0;
	if (!strcmp(word, "hangup"))
		return close(me.master) == 0 && (me.master = -1);
	if (!strcmp(word, "stopped"))
		return stopped();
	if (!strcmp(word, "fg"))
		return to_front();
	if (!strcmp(word, "raw"))
		return is_raw();
	if (!strcmp(word, "same"))
		return same_modes();
	return !strcmp(word, "idle") && is_idle();
}

static bool do_step(const char *step)
{
	const char *arg = strchr(step, ':');
	size_t len = arg ? (size_t)(arg - step) : 0;

	if (!arg)
		return do_word(step);
	arg++;
	if (!strncmp(step, "see", len))
		return see(0, me.master, arg);
	if (!strncmp(step, "out", len))
		return see(1, me.pipe[1], arg);
	if (!strncmp(step, "err", len))
		return see(2, me.pipe[2], arg);
	if (!strncmp(step, "type", len))
		return give(me.master, arg);
	if (!strncmp(step, "in", len))
		return give(me.pipe[0], arg);
	if (!strncmp(step, "feed", len))
		return feed(strtoul(arg, NULL, 10));
	if (!strncmp(step, "take", len))
		return take(strtoul(arg, NULL, 10));
	if (!strncmp(step, "size", len))
		return resize(arg);
	if (!strncmp(step, "signal", len))
		return kill(me.pid, atoi(arg)) == 0;
	if (!strncmp(step, "run", len))
		return run(arg);
	return !strncmp(step, "end", len) && ended(arg);
}

static bool open_terminal(void)
{
	struct winsize size = { .ws_row = 33, .ws_col = 77 };

	me.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (me.master < 0 || unlockpt(me.master) < 0)
		return false;
	me.terminal = open(ptsname(me.master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (me.terminal < 0 || tcgetattr(me.terminal, &me.before) < 0)
		return false;
	setenv("TTY", ptsname(me.master), 1);
	return ioctl(me.master, TIOCSWINSZ, &size) == 0 &&
	       ioctl(me.terminal, TIOCSCTTY, 0) == 0;
}

/* Returns the command's end, -1: closed, -2: failed. */
static int open_end(char kind, int fd)
{
	int ends[2];

	if (kind == 'c')
		return -1;
	if (kind == 't')
		return me.terminal;
	if (kind == 'n')
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	if (kind != 'p' || pipe2(ends, O_CLOEXEC) < 0)
		return -2;
	me.pipe[fd] = ends[fd == 0];
	/* Not in the place of one that is to be closed. */
	return fcntl(ends[fd != 0], F_DUPFD_CLOEXEC, 10);
}

_Noreturn static void be_command(char **argv, const int *ends)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	tcsetpgrp(me.terminal, getpid());
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int fd = 0; fd < 3; fd++)
		if (ends[fd] >= 0)
			dup2(ends[fd], fd);
	for (int fd = 0; fd < 3; fd++)
		if (ends[fd] < 0)
			close(fd);
	execvp(argv[0], argv);
	_exit(127);
}

static bool start(const char *kinds, char **argv)
{
	int ends[3];
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTTOU);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	setsid();
	if (!open_terminal())
		return fail("make a terminal");
	for (int fd = 0; fd < 3; fd++) {
		ends[fd] = open_end(kinds[fd], fd);
		if (ends[fd] < -1)
			return fail(kinds);
	}
	me.pid = fork();
	if (me.pid == 0) {
		/* A shell ignores the second and third in what it runs in the
		   background. */
		static const int sigs[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE };

		for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
			signal(sigs[i], SIG_DFL);
		be_command(argv, ends);
	}
	if (me.pid < 0)
		return fail("fork");
	setpgid(me.pid, me.pid);
	tcsetpgrp(me.terminal, me.pid);
	for (int fd = 0; fd < 3; fd++)
		if (ends[fd] >= 0 && ends[fd] != me.terminal)
			close(ends[fd]);
	return true;
}

int main(int argc, char **argv)
{
	int command = 2, status = 0;

	while (command < argc && strcmp(argv[command], "--"))
		command++;
	if (command + 1 >= argc || strlen(argv[1]) != 3)
		return usage();
	/* The first process of a group cannot begin a session. */
	if (getpgrp() == getpid() && fork() > 0) {
		wait(&status);
		return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	}
	if (!start(argv[1], argv + command + 1))
		return 1;
	for (int i = 2; i < command && !status; i++)
		if (!do_step(argv[i])) {
			fprintf(stderr, "typist: failed: %s\n", argv[i]);
			status = 1;
		}
	if (me.pid > 0) {
		kill(-me.pid, SIGKILL);
		waitpid(me.pid, NULL, 0);
	}
	return status;
}
