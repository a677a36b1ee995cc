// SPDX-License-Identifier: GPL-2.0-or-later
/* What standard output can show, and the messages on standard error. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "output.h"

#define DEFAULT_WIDTH 80

void output_begin(void)
{
	/* Who started this may ignore SIGPIPE; a reader that goes early is no error. */
	signal(SIGPIPE, SIG_DFL);
	/* Missing descriptors are opened the wrong way round, so that reading or writing
	   them still fails instead of reaching a file that got the number by chance. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			_exit(1);
}

static int terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (columns != NULL) {
		char *end;
		long width = strtol(columns, &end, 10);

		if (*end == '\0' && width > 0 && width < 100000)
			return (int)width;
	}
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return DEFAULT_WIDTH;
}

static bool want_color(const struct output *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return out->terminal && (no == NULL || *no == '\0') &&
	       term != NULL && strcmp(term, "dumb") != 0;
}

void output_init(struct output *out, const char *program, enum color_when when)
{
	out->program = program;
	out->terminal = isatty(STDOUT_FILENO) == 1;
	out->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	out->width = out->terminal ? terminal_width() : 0;
	out->color = when == COLOR_ALWAYS || (when == COLOR_AUTO && want_color(out));
}

int output_finish(const struct output *out)
{
	bool failed = ferror(stdout) != 0;
	int error = 0;

	if (fflush(stdout) != 0 || write(STDOUT_FILENO, "", 0) < 0)
		error = errno;
	/* Some file systems tell only at close(2) that there was no room. */
	if (fclose(stdout) != 0 && error == 0)
		error = errno;
	if (!failed && error == 0)
		return 0;
	if (error == EPIPE)
		return 1;
	/* A write that failed before has left no reason behind: most often the room. */
	if (error == 0)
		msg(out, "standard output: write failed, is there room?");
	else
		msg_errno(out, error, "standard output");
	return 1;
}

/* `reason` is NULL or what stands behind the last colon. */
static void __attribute__((format(printf, 3, 0)))
print_message(const struct output *out, const char *reason, const char *format,
	      va_list ap)
{
	char *raw = NULL, *text;

	if (out->quiet)
		return;
	if (vasprintf(&raw, format, ap) < 0)
		return;
	text = text_escape(out, raw);
	free(raw);
	if (text == NULL)
		return;
	/* On a terminal both streams meet, and the data printed so far comes first. */
	if (out->terminal)
		fflush(stdout);
	fprintf(stderr, "%s: ", out->program);
	if (out->where != NULL)
		fprintf(stderr, "%s: ", out->where);
	if (reason == NULL)
		fprintf(stderr, "%s\n", text);
	else
		fprintf(stderr, "%s: %s\n", text, reason);
	free(text);
}

void msg(const struct output *out, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_message(out, NULL, format, ap);
	va_end(ap);
}

void msg_errno(const struct output *out, int error, const char *format, ...)
{
	const char *reason = strerror(error < 0 ? -error : error);
	va_list ap;

	va_start(ap, format);
	print_message(out, reason, format, ap);
	va_end(ap);
}
