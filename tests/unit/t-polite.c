// SPDX-License-Identifier: GPL-2.0-or-later
/* The pseudo-terminal of a command in a pipeline, which shares the user's terminal. */
#include "tty-rig.h"

static struct rig rig;

static void begin(unsigned terminals, void (*body)(void))
{
	rig = (struct rig){ .terminals = terminals, .wanted = TTY_AUTO, .body = body };
	if (!rig_start(&rig))
		skip_all("no pseudo-terminals");
}

static void finish(const char *what)
{
	ok(rig_hear(&rig, rig.side, "end 0\n"), "%s: ends", what);
	ok(rig_is_restored(&rig), "%s: modes as before", what);
	rig_end(&rig);
}

/* How often it came to where the last thing was seen. */
static int times(const char *text)
{
	const char *at = rig.got;
	int n = 0;

	while ((at = memmem(at, rig.got + rig.pos - at, text, strlen(text)))) {
		at += strlen(text);
		n++;
	}
	return n;
}

static void forget(void)
{
	rig.len = rig.pos = 0;
	rig.got[0] = '\0';
}

static void set_modes(int fd, tcflag_t without)
{
	struct termios modes;

	tcgetattr(fd, &modes);
	modes.c_lflag &= ~without;
	tcsetattr(fd, TCSANOW, &modes);
}

static int open_tty(void)
{
	return open("/dev/tty", O_RDWR | O_CLOEXEC);
}

/* ---- lines ---- */

static void body_lines(void)
{
	struct termios modes;
	int tty = open_tty();
	char line[512];
	ssize_t n;

	tcgetattr(tty, &modes);
	dprintf(tty, "start %d.", (modes.c_lflag & ICANON) && (modes.c_lflag & ECHO) &&
		(modes.c_oflag & OPOST) && (modes.c_iflag & ICRNL));
	while ((n = read(tty, line, sizeof(line))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			dprintf(rig_side, "%02x", line[i]);
		dprintf(rig_side, ".");
		dprintf(tty, "next.");
	}
	dprintf(rig_side, "eof.");
}

static void test_lines(unsigned mask)
{
	begin(mask, body_lines);
	ok(rig_see(&rig, rig.user, "start 1."), "lines %u: a usual terminal", mask);
	ok(rig_is_restored(&rig), "lines %u: the user's stays as it is", mask);
	forget();
	rig_type(&rig, "abc\n");
	ok(rig_see(&rig, rig.user, "next."), "lines %u: one", mask);
	is_int(times("abc"), 1, "lines %u: shown once", mask);
	is_int(times("\n"), 1, "lines %u: with one newline", mask);
	forget();
	rig_type(&rig, "\026\003\026\004d\177e\tx\n");
	ok(rig_see(&rig, rig.user, "next."), "lines %u: two", mask);
	is_int(times("^\b^C^\b^Dd"), 1, "lines %u: quoted ones shown once", mask);
	rig_type(&rig, "fg\004");
	ok(rig_see(&rig, rig.user, "next."), "lines %u: a part of one", mask);
	rig_type(&rig, "\004");
	ok(rig_hear(&rig, rig.side, "6162630a.030465" "09780a.6667.eof."),
	   "lines %u: what the command read", mask);
	finish("lines");
}

/* ---- a program that was there first, and later ---- */

static void test_first(void)
{
	rig = (struct rig){ .terminals = 2, .wanted = TTY_AUTO, .body = body_lines,
			    .raw_before = true };
	rig_start(&rig);
	ok(rig_see(&rig, rig.user, "start 1."), "first: the command's is usual");
	ok(rig_is_raw(&rig), "first: the user's stays raw");
	kill(rig.relay, SIGHUP);	/* ignored */
	tcsetattr(rig.term, TCSANOW, &rig.before);
	rig_type(&rig, "\004");
	finish("first");
}

static void body_size(void)
{
	struct winsize size = { .ws_row = 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	say("ready\n");
	for (int i = 0; i < 2; i++) {
		sigwaitinfo(&set, NULL);
		ioctl(open_tty(), TIOCGWINSZ, &size);
		dprintf(rig_side, "rows %d.", size.ws_row);
	}
}

/* less(1) reads the keyboard: whatever wakes the relay it must not. */
static void test_stolen(void)
{
	struct winsize size = { .ws_row = 11, .ws_col = 80 };
	struct pollfd fd;
	char c = 0;

	begin(2, body_size);
	ok(rig_hear(&rig, rig.side, "ready\n"), "stolen: runs");
	set_modes(rig.term, ICANON | ECHO);
	rig_type(&rig, "k");
	ioctl(rig.user, TIOCSWINSZ, &size);
	ok(rig_hear(&rig, rig.side, "rows 11."), "stolen: the relay took a turn");
	fd = (struct pollfd){ .fd = rig.term, .events = POLLIN };
	ok(poll(&fd, 1, 0) == 1 && read(rig.term, &c, 1) == 1 && c == 'k',
	   "stolen: the key is there for whom it is");
	size.ws_row = 12;
	ioctl(rig.user, TIOCSWINSZ, &size);
	ok(rig_hear(&rig, rig.side, "end 0\n"), "stolen: ends");
	ok(!rig_is_restored(&rig), "stolen: the other's modes stay");
	set_modes(rig.term, ICANON | ECHO);
	rig_end(&rig);
}

/* ---- raw and back ---- */

static void body_raw(void)
{
	struct termios modes, before;
	int tty = open_tty();
	char c = 0, line[64];

	tcgetattr(tty, &before);
	set_modes(tty, ICANON | ECHO);
	dprintf(tty, "keys.");
	if (read(tty, &c, 1) == 1)
		dprintf(tty, "key %c.", c);
	modes = before;
	cfmakeraw(&modes);
	tcsetattr(tty, TCSANOW, &modes);
	dprintf(tty, "raw.");
	if (read(tty, &c, 1) == 1)
		dprintf(tty, "key %02x.", c);
	tcsetattr(tty, TCSANOW, &before);
	dprintf(tty, "cooked.");
	if (read(tty, line, sizeof(line)) > 0)
		dprintf(tty, "line.");
}

static void test_raw(unsigned mask)
{
	struct termios now;

	begin(mask, body_raw);
	ok(rig_see(&rig, rig.user, "keys."), "raw %u: keys", mask);
	tcgetattr(rig.term, &now);
	ok(rig_is_raw(&rig), "raw %u: the terminal gives keys", mask);
	ok(now.c_oflag == rig.before.c_oflag, "raw %u: and lines to the others", mask);
	rig_type(&rig, "x");
	ok(rig_see(&rig, rig.user, "key x."), "raw %u: a key", mask);
	ok(rig_see(&rig, rig.user, "raw."), "raw %u: all raw", mask);
	tcgetattr(rig.term, &now);
	ok(rig_is_raw(&rig) && !(now.c_oflag & OPOST), "raw %u: the terminal, too", mask);
	rig_type(&rig, "\003");
	ok(rig_see(&rig, rig.user, "key 03."), "raw %u: ^C is a key", mask);
	ok(rig_see(&rig, rig.user, "cooked."), "raw %u: back", mask);
	ok(rig_is_restored(&rig), "raw %u: the terminal is, too", mask);
	rig_type(&rig, "y\n");
	ok(rig_see(&rig, rig.user, "line."), "raw %u: a line", mask);
	finish("raw");
}

static void body_password(void)
{
	int tty = open_tty();
	char line[64] = "";

	set_modes(tty, ECHO);
	dprintf(tty, "password:");
	if (read(tty, line, sizeof(line) - 1) > 0)
		dprintf(rig_side, "got %s", line);
	dprintf(tty, "thanks.");
}

static void test_password(void)
{
	begin(5, body_password);
	ok(rig_see(&rig, rig.user, "password:"), "password: asked for");
	ok(!rig_is_restored(&rig), "password: the terminal does not echo by then");
	rig_type(&rig, "secret\n");
	ok(rig_see(&rig, rig.user, "thanks."), "password: given");
	is_int(times("secret"), 0, "password: not shown");
	ok(rig_hear(&rig, rig.side, "got secret\n"), "password: it");
	finish("password");
}

/* ---- signals ---- */

static void on_signal(int sig)
{
	if (sig == SIGINT)
		say("int\n");
	else if (sig == SIGQUIT)
		say("quit\n");
	else if (sig == SIGTSTP)
		say("stop\n");
	else
		say("hup\n");
}

static void body_signals(void)
{
	sigset_t set, old;
	struct sigaction action = { .sa_handler = on_signal };
	int tty = open_tty();

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGQUIT, &action, NULL);
	sigaction(SIGTSTP, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	dprintf(tty, "ready.");
	for (int i = 0; i < 3; i++) {
		sigsuspend(&old);
		dprintf(tty, "next.");
	}
	sigsuspend(&old);
}

static void test_signals(void)
{
	begin(5, body_signals);
	ok(rig_see(&rig, rig.user, "ready."), "signals: ready");
	forget();
	rig_type(&rig, "\003");
	ok(rig_see(&rig, rig.user, "next."), "signals: ^C");
	is_int(times("^C"), 1, "signals: shown once");
	rig_type(&rig, "\034");
	ok(rig_see(&rig, rig.user, "next."), "signals: ^\\");
	rig_type(&rig, "\032");
	ok(rig_see(&rig, rig.user, "next."), "signals: ^Z");
	ok(rig_hear(&rig, rig.side, "int\nquit\nstop\n"), "signals: those");
	close(rig.user);
	rig.user = -1;
	ok(rig_see(&rig, rig.side, "hup\n"), "signals: the terminal is gone");
	ok(rig_see(&rig, rig.side, "end 0\n"), "signals: ends");
	rig_end(&rig);
}

/* Nobody reads what was typed: ^C must come through all the same. */
static void test_full(void)
{
	char line[2048];

	begin(5, body_signals);
	ok(rig_see(&rig, rig.user, "ready."), "full: ready");
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 2] = '\n';
	line[sizeof(line) - 1] = '\0';
	for (int i = 0; i < 8; i++) {
		rig_type(&rig, line);
		ok(rig_see(&rig, rig.user, "x\r\n"), "full: typed %d", i);
	}
	rig_type(&rig, "\003");
	ok(rig_hear(&rig, rig.side, "int\n"), "full: ^C");
	rig_end(&rig);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	for (unsigned mask = 1; mask <= 6; mask++)
		if (mask != 3)
			test_lines(mask);
	test_first();
	test_stolen();
	test_raw(5);
	test_raw(6);
	test_raw(4);
	test_password();
	test_signals();
	test_full();
	return done();
}
