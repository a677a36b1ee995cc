// SPDX-License-Identifier: GPL-2.0-or-later
/* The pseudo-terminal between a user's terminal and a command, in every arrangement. */
#include "tty-rig.h"

static struct rig rig;
static char sent[MIB];

static void raw_tty(int fd)
{
	struct termios modes;

	tcgetattr(fd, &modes);
	cfmakeraw(&modes);
	tcsetattr(fd, TCSANOW, &modes);
}

static void fill(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(sent); i++) {
		x = x * 1664525 + 1013904223;
		sent[i] = x >> 24;
	}
}

static void begin(unsigned terminals, void (*body)(void))
{
	rig.terminals = terminals;
	rig.wanted = TTY_AUTO;
	rig.background = false;
	rig.body = body;
	if (!rig_start(&rig))
		skip_all("no pseudo-terminals");
}

static void finish(const char *what)
{
	ok(rig_hear(&rig, rig.side, "end 0\n"), "%s: ends", what);
	ok(rig_is_restored(&rig), "%s: modes restored", what);
	rig_end(&rig);
}

/* ---- size, and a mebibyte each way ---- */

static void body_size(void)
{
	struct winsize size;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ioctl(0, TIOCGWINSZ, &size);
	dprintf(1, "first %dx%d.\n", size.ws_row, size.ws_col);
	sigwaitinfo(&set, NULL);
	ioctl(0, TIOCGWINSZ, &size);
	dprintf(1, "then %dx%d.\n", size.ws_row, size.ws_col);
}

static void test_size(void)
{
	struct winsize size = { .ws_row = 5, .ws_col = 500 };

	begin(7, body_size);
	ok(rig_see(&rig, rig.user, "first 33x77."), "size: at the start");
	ioctl(rig.user, TIOCSWINSZ, &size);
	ok(rig_see(&rig, rig.user, "then 5x500."), "size: changed");
	finish("size");
}

static void body_copy(void)
{
	char buf[8192];

	raw_tty(0);
	dprintf(1, "ready");
	for (size_t left = MIB; left > 0;) {
		ssize_t n = read(0, buf, left < sizeof(buf) ? left : sizeof(buf));

		for (ssize_t done = 0, m; done < n; done += m) {
			m = write(1, buf + done, n - done);
			if (m <= 0)
				_exit(1);
		}
		left -= n > 0 ? (size_t)n : left;
	}
}

static void test_through(void)
{
	size_t written = 0, got = 0;
	ssize_t n;

	begin(7, body_copy);
	ok(rig_see(&rig, rig.user, "ready"), "through: raw");
	ok(rig_is_raw(&rig), "through: the terminal, too");
	fcntl(rig.user, F_SETFL, O_NONBLOCK);
	while (got < MIB) {
		struct pollfd fd = { .fd = rig.user, .events = POLLIN };

		fd.events |= written < MIB ? POLLOUT : 0;
		if (poll(&fd, 1, PATIENCE_MS) <= 0)
			break;
		n = fd.revents & POLLIN ? read(rig.user, rig.got + got, MIB - got) : 0;
		got += n > 0 ? n : 0;
		n = fd.revents & POLLOUT ?
			    write(rig.user, sent + written, MIB - written) : 0;
		written += n > 0 ? n : 0;
	}
	is_int(got, MIB, "through: a mebibyte, there and back");
	ok(memcmp(sent, rig.got, MIB) == 0, "through: unharmed");
	finish("through");
}

/* ---- which descriptors are the pty ---- */

static void body_which(void)
{
	char line[64] = "nothing\n", text[80];
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC), n;

	n = snprintf(text, sizeof(text), "isatty %d%d%d tty %d.", isatty(0), isatty(1),
		     isatty(2), tty >= 0);
	if (write(rig_side, text, n) != n || read(0, line, sizeof(line) - 1) < 0)
		_exit(1);
	dprintf(1, "out:%s", line);
	dprintf(2, "err:%s", line);
}

static void test_which(unsigned mask)
{
	char want[32];
	int where[3];

	begin(mask, body_which);
	for (int fd = 0; fd <= 2; fd++)
		where[fd] = mask & (1u << fd) ? rig.user : rig.pipe[fd];
	snprintf(want, sizeof(want), "isatty %d%d%d tty %d.", !!(mask & 1), !!(mask & 2),
		 !!(mask & 4), mask != 0);
	ok(rig_see(&rig, rig.side, want), "which %u: the right ones", mask);
	if (write(where[0], "word\n", 5) != 5)
		diag("cannot write");
	if (where[1] == where[2]) {
		ok(rig_see(&rig, where[1], "out:word"), "which %u: output", mask);
		ok(rig_see(&rig, where[2], "err:word"), "which %u: errors", mask);
	} else {
		ok(rig_hear(&rig, where[1], "out:word"), "which %u: output", mask);
		ok(!memmem(rig.got, rig.len, "err", 3), "which %u: only that", mask);
		ok(rig_hear(&rig, where[2], "err:word"), "which %u: errors", mask);
		ok(!memmem(rig.got, rig.len, "out", 3), "which %u: only those", mask);
	}
	finish("which");
}

/* --tty where there is none, and --no-tty */
static void test_wanted(void)
{
	rig = (struct rig){ .wanted = 7, .body = body_which };
	if (!rig_start(&rig))
		return;
	ok(rig_see(&rig, rig.side, "isatty 111 tty 1."), "forced: it has one");
	if (write(rig.pipe[0], "word\n", 5) != 5)
		diag("cannot write");
	ok(rig_hear(&rig, rig.pipe[1], "out:word\r\n"), "forced: output at 1");
	finish("forced");
	rig = (struct rig){ .wanted = 7, .body = body_size };
	if (!rig_start(&rig))
		return;
	ok(rig_hear(&rig, rig.pipe[1], "first 24x80."), "forced: a size");
	rig_end(&rig);
	rig = (struct rig){ .wanted = 0, .terminals = 7, .body = body_which };
	if (!rig_start(&rig))
		return;
	ok(rig_see(&rig, rig.side, "isatty 111 tty 0."), "none: the terminal itself");
	rig_end(&rig);
}

static void body_end(void)
{
	char c;
	int n = 0;

	dprintf(1, "ready");
	while (read(0, &c, 1) == 1)
		n++;
	dprintf(1, "bytes %d.", n);
}

static void test_forced_end(void)
{
	rig = (struct rig){ .wanted = 7, .body = body_end };
	if (!rig_start(&rig))
		return;
	ok(rig_hear(&rig, rig.pipe[1], "ready"), "forced: reads a pipe");
	if (write(rig.pipe[0], "one\ntwo", 7) != 7)
		diag("cannot write");
	close(rig.pipe[0]);
	rig.pipe[0] = -1;
	ok(rig_see(&rig, rig.pipe[1], "bytes 7."), "forced: the pipe's end is its end");
	finish("forced end");
}

/* ---- killed ---- */

static void body_restore(void)
{
	char c;

	prctl(PR_SET_PDEATHSIG, 0);
	signal(SIGHUP, SIG_IGN);
	dprintf(1, "ready");
	if (read(rig_life, &c, 1) == 0 && tty_restore_by(&rig_tty) == 0)
		say("restored\n");
}

/* seen: in what modes the terminal is before. */
static void test_killed(void)
{
	struct termios shell;

	begin(7, body_restore);
	ok(rig_see(&rig, rig.user, "ready") && rig_is_raw(&rig), "killed: is raw");
	kill(rig.relay, SIGKILL);
	ok(rig_see(&rig, rig.side, "restored\n"), "killed: the other restores");
	ok(rig_is_restored(&rig), "killed: modes restored");
	rig_end(&rig);

	begin(7, body_restore);
	ok(rig_see(&rig, rig.user, "ready"), "killed: again");
	/* What a shell that edits a line makes of it. */
	shell = rig.before;
	shell.c_lflag &= ~(ICANON | ECHO);
	tcsetattr(rig.term, TCSANOW, &shell);
	kill(rig.relay, SIGKILL);
	ok(rig_see(&rig, rig.side, "restored\n"), "killed: it looks");
	tcgetattr(rig.term, &shell);
	ok(!(shell.c_lflag & ECHO) && (shell.c_lflag & ISIG), "killed: the shell's stay");
	rig_end(&rig);
}

/* ---- stopped output ---- */

static void flood(int lines)
{
	for (int i = 0; i < lines; i++)
		dprintf(1, "%07d\n", i);
}

static void body_stopped(void)
{
	char c;

	raw_tty(0);
	dprintf(1, "ready");
	/* Told by a key: only then is the output stopped. */
	if (read(0, &c, 1) == 1)
		flood(700);
	say("flooded\n");
	if (read(0, &c, 1) == 1)
		say("key\n");
	if (read(0, &c, 1) == 1)
		flood(32768);
}

static bool see_flood(int lines)
{
	char line[16];

	for (int i = 0; i < lines; i++) {
		snprintf(line, sizeof(line), "%07d", i);
		if (!rig_see(&rig, rig.user, line))
			return false;
	}
	return true;
}

static void test_stopped(void)
{
	begin(7, body_stopped);
	ok(rig_see(&rig, rig.user, "ready"), "stopped: ready");
	tcflow(rig.term, TCOOFF);
	rig_type(&rig, "a");
	ok(rig_hear(&rig, rig.side, "flooded\n"), "stopped: the command goes on");
	rig_type(&rig, "b");
	ok(rig_hear(&rig, rig.side, "key\n"), "stopped: keys go through");
	tcflow(rig.term, TCOON);
	rig.len = rig.pos = 0;
	ok(see_flood(700), "stopped: goes on by itself");
	rig_type(&rig, "c");
	ok(see_flood(32768), "stopped: nothing is lost");
	finish("stopped");
}

static void body_last(void)
{
	char c;

	raw_tty(0);
	dprintf(1, "ready");
	/* More than the relay's buffer, less than that and the pty's. */
	if (read(0, &c, 1) == 1)
		flood(TTY_BUFFER / 8 + 300);
	say("done\n");
}

static void test_last(void)
{
	begin(7, body_last);
	ok(rig_see(&rig, rig.user, "ready"), "last: ready");
	tcflow(rig.term, TCOOFF);
	rig_type(&rig, "a");
	ok(rig_hear(&rig, rig.side, "done\n"), "last: the command has ended");
	tcflow(rig.term, TCOON);
	rig.len = rig.pos = 0;
	ok(see_flood(TTY_BUFFER / 8 + 300), "last: its output comes");
	finish("last");
}

/* ---- a command that does not read for long ---- */

static void body_late(void)
{
	char buf[4096];
	sigset_t set;
	size_t bytes = 0;
	ssize_t n;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raw_tty(0);
	dprintf(1, "pid %d.", getpid());
	sigwaitinfo(&set, NULL);
	while ((n = read(0, buf, sizeof(buf))) > 0 && !memchr(buf, 'Z', n))
		bytes += n;
	dprintf(1, "bytes %zu.", bytes + n);
}

static void test_late(void)
{
	/* The relay has room for that, the slave has not. */
	size_t typed = 48 * 1024;
	char want[32], *pid;

	begin(7, body_late);
	ok(rig_see(&rig, rig.user, "."), "late: does not read");
	pid = strstr(rig.got, "pid ");
	memset(sent, 'x', sizeof(sent));
	is_int(write(rig.user, sent, typed), typed, "late: typed ahead");
	if (pid)
		kill(atoi(pid + 4), SIGUSR1);
	rig_type(&rig, "Z");
	snprintf(want, sizeof(want), "bytes %zu.", typed + 1);
	ok(rig_see(&rig, rig.user, want), "late: reads all of it");
	finish("late");
}

/* ---- background ---- */

static void body_key(void)
{
	char c = 0;

	dprintf(1, "hello\n");
	raw_tty(0);
	say("waits\n");
	if (read(0, &c, 1) == 1)
		dprintf(1, "key %c.", c);
}

static void test_background(void)
{
	begin(7, body_key);
	rig_hear(&rig, rig.side, "waits\n");
	rig_type(&rig, "f");
	ok(rig_hear(&rig, rig.user, "key f."), "front: a key");
	finish("front");

	rig = (struct rig){ .terminals = 7, .wanted = TTY_AUTO, .background = true,
			    .body = body_key };
	rig_start(&rig);
	ok(rig_see(&rig, rig.side, "waits\n"), "background: runs");
	ok(rig_hear(&rig, rig.user, "hello"), "background: writes");
	ok(rig_is_restored(&rig), "background: leaves the modes alone");
	rig_type(&rig, "k");
	kill(rig.shell, SIGUSR1);
	ok(rig_see(&rig, rig.user, "key k."), "background: brought to the front");
	ok(rig_hear(&rig, rig.side, "end 0\n"), "background: ends, never stopped");
	ok(!memmem(rig.got, rig.len, "stop", 4), "background: not once");
	ok(rig_is_restored(&rig), "background: modes restored");
	rig_end(&rig);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	fill();
	test_size();
	test_through();
	for (unsigned mask = 0; mask <= 7; mask++)
		test_which(mask);
	test_wanted();
	test_forced_end();
	test_killed();
	test_stopped();
	test_last();
	test_late();
	test_background();
	return done();
}
