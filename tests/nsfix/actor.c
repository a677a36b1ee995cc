// SPDX-License-Identifier: GPL-2.0-or-later
/* What runs inside in the tests: a command that does one thing, and says what it met. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "leaks.h"
#include "pattern.h"

#define SKIP 77
#define LIFE_SECONDS 60		/* a test that failed leaves nothing for longer */

static int say_errno(const char *what)
{
	fprintf(stderr, "actor: %s: %s\n", what, strerror(errno));
	return 1;
}

/* Numbers of the open descriptors. */
static int do_fds(char **argv)
{
	FILE *out = fopen(argv[0], "we");
	bool open[4096];

	if (!out)
		return say_errno(argv[0]);
	for (int fd = 0; fd < 4096; fd++)
		open[fd] = fd != fileno(out) && fcntl(fd, F_GETFD) >= 0;
	for (int fd = 0; fd < 4096; fd++)
		if (open[fd])
			fprintf(out, "%d ", fd);
	return fclose(out) != 0;
}

static void tell_one(FILE *out, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		fputs("closed", out);
	else if (isatty(fd))
		fprintf(out, "tty%u", minor(st.st_rdev));
	else if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
		fputs((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR ? "null" : "wrong", out);
	else
		fputs(S_ISFIFO(st.st_mode) ? "pipe" : "other", out);
	fputc(' ', out);
}

/* What 0, 1 and 2 are, and is there a controlling terminal? */
static int do_what(char **argv)
{
	FILE *out = fopen(argv[0], "we");
	int fd;

	if (!out)
		return say_errno(argv[0]);
	for (fd = 0; fd < 3; fd++)
		tell_one(out, fd);
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	fputs(fd >= 0 ? "controlled" : "free", out);
	return fclose(out) != 0;
}

/* A line from 0 to 1 and another to 2. */
static int do_talk(char **argv)
{
	char line[256];
	int r = argv[0] ? do_what(argv) : 0;
	ssize_t n = read(0, line, sizeof(line));

	dprintf(2, "complaint\n");
	dprintf(1, "heard %.*s", n > 0 ? (int)n : 5, n > 0 ? line : "none\n");
	return r;
}

static int do_session(char **argv)
{
	(void)argv;
	printf("%d %d %d\n", getsid(0), getpgrp(), getpid());
	return 0;
}

/* Puts keys into the terminal's input, as if they were typed. */
static int do_push(char **argv)
{
	int done = 0;

	for (int fd = 0; fd < 3; fd++)
		for (const char *key = argv[0]; *key; key++)
			if (ioctl(fd, TIOCSTI, key) == 0)
				done++;
			else if (errno != ENOTTY && errno != EBADF)
				return SKIP;
	return done ? 0 : 1;
}

static void be_ready(void)
{
	if (write(1, "ready\n", 6) < 0)
		_exit(1);
}

/* Nothing but SIGKILL ends it. */
static int do_hold(char **argv)
{
	(void)argv;
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_IGN);
	be_ready();
	sleep(LIFE_SECONDS);
	return 0;
}

/* Says each signal's number; SIGTERM makes it exit with N, 0: is not caught. */
static int do_signals(char **argv)
{
	struct signalfd_siginfo info;
	int fd, status = argv[0] ? atoi(argv[0]) : 0;
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, SIGTSTP);
	sigdelset(&set, SIGCONT);
	if (!status)
		sigdelset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	alarm(LIFE_SECONDS);
	be_ready();
	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM)
			return status;
		if (info.ssi_signo == SIGALRM && info.ssi_code == SI_KERNEL)
			return 1;
		dprintf(1, "signal %u\n", info.ssi_signo);
	}
	return 1;
}

/* The window's size, and again when it changes. */
static int do_size(char **argv)
{
	struct winsize size;
	int sig, count = atoi(argv[0]);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	alarm(LIFE_SECONDS);
	for (int i = 0; i < count; i++) {
		if (i && sigwait(&set, &sig))
			return 1;
		if (ioctl(0, TIOCGWINSZ, &size) && ioctl(1, TIOCGWINSZ, &size))
			return say_errno("size");
		dprintf(1, "size %ux%u\n", size.ws_row, size.ws_col);
	}
	return 0;
}

static int make_raw(void)
{
	struct termios modes;

	if (tcgetattr(1, &modes) < 0)
		return -1;
	cfmakeraw(&modes);
	return tcsetattr(1, TCSANOW, &modes);
}

/* N bytes of the pattern in, then as many out, by a raw terminal. */
static int do_mirror(char **argv)
{
	size_t count = strtoul(argv[0], NULL, 10), at = 0;
	char chunk[4096];

	alarm(LIFE_SECONDS);
	if (make_raw() < 0)
		return say_errno("make it raw");
	be_ready();
	while (at < count) {
		ssize_t n = read(0, chunk, sizeof(chunk));

		if (n <= 0 || !pattern_is(chunk, at, (size_t)n)) {
			dprintf(1, "differs in the %zu bytes behind %zu", (size_t)n, at);
			return 1;
		}
		at += (size_t)n;
	}
	for (at = 0; at < count;) {
		size_t len = count - at < sizeof(chunk) ? count - at : sizeof(chunk);
		ssize_t n;

		pattern_fill(chunk, at, len);
		n = write(1, chunk, len);
		if (n <= 0)
			return say_errno("write");
		at += (size_t)n;
	}
	return 0;
}

/* A child and a grandchild in the same group, which ignore all signals, too. They have a
   FIFO open, so that their end can be seen as its end. */
static int do_family(char **argv)
{
	int born[2], fd = open(argv[0], O_WRONLY | O_CLOEXEC);
	char c;

	if (fd < 0 || pipe2(born, O_CLOEXEC) < 0)
		return say_errno(argv[0]);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_IGN);
	if (fork() == 0) {
		for (int i = 0; i < 3; i++)
			close(i);
		if (fork() == 0)
			dprintf(fd, "born\n");
		close(born[0]);
		close(born[1]);
		sleep(LIFE_SECONDS);
		_exit(0);
	}
	close(fd);
	close(born[1]);
	if (read(born[0], &c, 1) < 0)
		return say_errno("wait");
	return do_hold(argv);
}

/* Fills the pipe that is its output. */
static int do_fill(char **argv)
{
	static const char zeros[4096];

	(void)argv;
	fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK);
	while (write(1, zeros, sizeof(zeros)) > 0)
		;
	fcntl(1, F_SETFL, fcntl(1, F_GETFL) & ~O_NONBLOCK);
	return errno == EAGAIN ? 0 : say_errno("fill");
}

/* Of a process NAMED so: its program's file, which is kept open beyond its end. */
static int catch_exe(const char *name)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int fd = -1;

	while (proc && fd < 0 && (entry = readdir(proc))) {
		char path[300], comm[32] = "";
		FILE *file;

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "re");
		if (file && fgets(comm, sizeof(comm), file))
			comm[strcspn(comm, "\n")] = '\0';
		if (file)
			fclose(file);
		snprintf(path, sizeof(path), "/proc/%s/exe", entry->d_name);
		if (!strcmp(comm, name))
			fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (proc)
		closedir(proc);
	return fd;
}

/*
 * Steals the program of the process NAME that runs here, as CVE-2019-5736 did: waits for
 * a line, opens its file, says so, waits for another line, by which time it has ended and
 * the file is no longer busy; and writes to it. 0: it could.
 */
static int do_steal(char **argv)
{
	static const int flags[] = { O_WRONLY, O_RDWR, O_WRONLY | O_TRUNC };
	char line[16], path[32];
	int fd, done = 0;

	be_ready();
	if (read(0, line, sizeof(line)) <= 0)
		return SKIP;
	fd = catch_exe(argv[0]);
	if (fd < 0)
		return SKIP;
	dprintf(1, "caught\n");
	if (read(0, line, sizeof(line)) <= 0)
		return SKIP;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	done += fchmod(fd, 0777) == 0;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		int again = open(path, flags[i] | O_CLOEXEC);

		if (again < 0)
			dprintf(1, "open: %s\n", strerror(errno));
		else if (write(again, "stolen", 6) == 6 || ftruncate(again, 0) == 0)
			done += 2;
	}
	dprintf(1, "result %d\n", done);
	return done < 2;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **argv);
} acts[] = {
	{ "fds", 1, do_fds },
	{ "what", 1, do_what },
	{ "talk", 0, do_talk },
	{ "session", 0, do_session },
	{ "push", 1, do_push },
	{ "hold", 0, do_hold },
	{ "signals", 0, do_signals },
	{ "size", 1, do_size },
	{ "mirror", 1, do_mirror },
	{ "family", 1, do_family },
	{ "fill", 0, do_fill },
	{ "steal", 1, do_steal },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]) && argc > 1; i++)
		if (!strcmp(argv[1], acts[i].name) && argc - 2 >= acts[i].args)
			return acts[i].run(argv + 2);
	fputs("usage: actor fds|what FILE | talk [FILE] | session | push KEYS | hold |\n"
	      "  signals [STATUS] | size COUNT | mirror N | family FIFO | fill |\n"
	      "  steal NAME\n", stderr);
	return 2;
}
