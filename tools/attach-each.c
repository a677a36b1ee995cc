// SPDX-License-Identifier: GPL-2.0-or-later
/* --each: the command in several targets at a time, each line with its target's name. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "attach-each.h"

#define LINE_MOST 65536		/* a longer line is given in pieces */

enum { PIPE_OUT, PIPE_ERR, PIPE_STATUS, PIPE_COUNT };

struct stream {
	int fd;			/* -1: ended */
	char *data;
	size_t len;
};

struct job {
	const char *word;
	const struct nsu_match *match;
	pid_t pid;		/* 0: not running */
	struct stream stream[PIPE_COUNT];
	bool failed;		/* it could not be entered, or the command not run */
};

struct crowd {
	struct attach *app;
	struct each_list words;
	struct job *job;	/* those that run now, at most as many as may */
	size_t running, next;
	size_t width;		/* of the widest word */
	bool terminal[2];	/* standard output, standard error */
	pid_t own;
	int status;
	bool failed;
};

static void __attribute__((noreturn)) be_job(const struct crowd *crowd,
					     const struct job *job,
					     int ends[PIPE_COUNT][2])
{
	struct attach app = *crowd->app;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), status;

	/* Killed with it, and its supervisor kills the command. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	signal(SIGINT, SIG_DFL);
	if (getppid() != crowd->own || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(ends[PIPE_OUT][1], STDOUT_FILENO) < 0 ||
	    dup2(ends[PIPE_ERR][1], STDERR_FILENO) < 0)
		_exit(EXIT_OWN);
	app.opts.target = job->word;
	app.match = job->match;
	/* One of its own: "self" is the job, not who started it. */
	if (job->match == NULL)
		app.ctx = NULL;
	app.opts.target_by_operand = false;
	app.opts.status_fd = ends[PIPE_STATUS][1];
	app.opts.tty = NSU_NO;
	status = attach_plan(&app);
	if (status == 0)
		status = attach_run(&app);
	else if (write(app.opts.status_fd, "failed\n", 7) != 7)
		status = EXIT_OWN;
	attach_close(&app);
	_exit(status);
}

static int start_job(struct crowd *crowd, struct job *job)
{
	int ends[PIPE_COUNT][2], r = 0;

	memset(ends, 0xff, sizeof(ends));
	for (int i = 0; i < PIPE_COUNT && r == 0; i++)
		if (pipe2(ends[i], O_CLOEXEC) < 0)
			r = -errno;
	*job = (struct job){ .word = crowd->words.target[crowd->next].word,
			     .match = crowd->words.target[crowd->next].match };
	if (r == 0) {
		job->pid = fork();
		if (job->pid < 0)
			r = -errno;
	}
	if (r == 0 && job->pid == 0)
		be_job(crowd, job, ends);
	for (int i = 0; i < PIPE_COUNT; i++) {
		if (ends[i][1] >= 0)
			close(ends[i][1]);
		if (r < 0 && ends[i][0] >= 0)
			close(ends[i][0]);
		job->stream[i].fd = r < 0 ? -1 : ends[i][0];
	}
	if (r < 0)
		job->pid = 0;
	return r;
}

static void give_text(const struct crowd *crowd, const struct job *job, int which,
		      const char *text, size_t len)
{
	FILE *to = which == PIPE_OUT ? stdout : stderr;
	bool terminal = crowd->terminal[which == PIPE_ERR];
	char *line, *shown, *name;
	size_t width;

	if (which == PIPE_STATUS)
		return;
	if (crowd->app->opts.json) {
		each_json_line(job->word, which == PIPE_OUT ? "stdout" : "stderr", text,
			       len);
		return;
	}
	/* On a terminal what comes from many places may not move the cursor; elsewhere
	   it is data. */
	line = strndup(text, len);
	shown = line != NULL && terminal ? text_escape(&crowd->app->out, line) : NULL;
	/* Whoever may make a file in /run/netns chose it. */
	name = text_escape(&crowd->app->out, job->word);
	width = name != NULL ? strlen(name) : 1;
	fprintf(to, "%s:%*s ", name != NULL ? name : "?",
		width < crowd->width ? (int)(crowd->width - width) : 0, "");
	if (shown != NULL)
		fputs(shown, to);
	else
		fwrite(text, 1, len, to);
	fputc('\n', to);
	free(name);
	free(shown);
	free(line);
}

static void give_lines(const struct crowd *crowd, struct job *job, int which, bool end)
{
	struct stream *stream = &job->stream[which];
	char *at = stream->data, *newline;
	size_t left = stream->len;

	while (left > 0 && (newline = memchr(at, '\n', left)) != NULL) {
		give_text(crowd, job, which, at, (size_t)(newline - at));
		left -= (size_t)(newline + 1 - at);
		at = newline + 1;
	}
	if (left > 0 && (end || left == LINE_MOST)) {
		give_text(crowd, job, which, at, left);
		left = 0;
	}
	memmove(stream->data, at, left);
	stream->len = left;
}

static void end_stream(const struct crowd *crowd, struct job *job, int which)
{
	struct stream *stream = &job->stream[which];

	if (stream->data != NULL)
		give_lines(crowd, job, which, true);
	close(stream->fd);
	stream->fd = -1;
	free(stream->data);
	stream->data = NULL;
}

/* That many bytes at most; how many. 0: it was interrupted, or has ended. */
static int read_stream(const struct crowd *crowd, struct job *job, int which, size_t most)
{
	struct stream *stream = &job->stream[which];
	ssize_t n;

	if (stream->data == NULL)
		stream->data = malloc(LINE_MOST);
	if (most > LINE_MOST - stream->len)
		most = LINE_MOST - stream->len;
	n = stream->data == NULL ? 0 : read(stream->fd, stream->data + stream->len, most);
	if (n < 0 && errno == EINTR)
		return 0;
	if (n > 0) {
		stream->len += (size_t)n;
		if (which == PIPE_STATUS &&
		    memmem(stream->data, stream->len, "failed", 6))
			job->failed = true;
	}
	if (n <= 0)
		end_stream(crowd, job, which);
	else
		give_lines(crowd, job, which, false);
	return n > 0 ? (int)n : 0;
}

/* What the command left behind may keep its pipes open for ever, and write to them: they
   end with what was in them when the job did. */
static void drain(struct crowd *crowd, struct job *job, int which)
{
	int fd = job->stream[which].fd, left = 0;

	if (fd < 0)
		return;
	ioctl(fd, FIONREAD, &left);
	while (left > 0 && job->stream[which].fd >= 0)
		left -= read_stream(crowd, job, which, (size_t)left);
	if (job->stream[which].fd >= 0)
		end_stream(crowd, job, which);
}

static void end_job(struct crowd *crowd, struct job *job)
{
	int status = 0, code;

	/* Nobody but the job itself has this one. */
	if (job->stream[PIPE_STATUS].fd >= 0)
		return;
	drain(crowd, job, PIPE_OUT);
	drain(crowd, job, PIPE_ERR);
	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNAL + WTERMSIG(status);
	if (crowd->app->opts.json)
		each_json_end(job->word, code, job->failed);
	/* Entered, but not executed, is a status like another: 126, 127. */
	if (job->failed && code == EXIT_OWN)
		crowd->failed = true;
	if (code > crowd->status)
		crowd->status = code;
	job->pid = 0;
	crowd->running--;
}

static void turn(struct crowd *crowd, size_t limit)
{
	struct pollfd *fds = calloc(limit * PIPE_COUNT, sizeof(*fds));

	if (fds == NULL)
		return;
	for (size_t i = 0; i < limit * PIPE_COUNT; i++) {
		const struct job *job = &crowd->job[i / PIPE_COUNT];

		fds[i].fd = job->pid != 0 ? job->stream[i % PIPE_COUNT].fd : -1;
		fds[i].events = POLLIN;
	}
	if (poll(fds, limit * PIPE_COUNT, -1) > 0)
		for (size_t i = 0; i < limit * PIPE_COUNT; i++)
			if (fds[i].revents != 0)
				read_stream(crowd, &crowd->job[i / PIPE_COUNT],
					    (int)(i % PIPE_COUNT), LINE_MOST);
	for (size_t i = 0; i < limit; i++)
		if (crowd->job[i].pid != 0)
			end_job(crowd, &crowd->job[i]);
	fflush(stdout);
	free(fds);
}

static void run_all(struct crowd *crowd, size_t limit)
{
	int r = 0;

	while ((r == 0 && crowd->next < crowd->words.count) || crowd->running > 0) {
		for (size_t i = 0;
		     i < limit && crowd->next < crowd->words.count && r == 0; i++) {
			if (crowd->job[i].pid != 0)
				continue;
			r = start_job(crowd, &crowd->job[i]);
			if (r < 0) {
				msg_errno(&crowd->app->out, r, "start");
				crowd->failed = true;
				break;
			}
			crowd->next++;
			crowd->running++;
		}
		if (crowd->running > 0)
			turn(crowd, limit);
	}
}

/* What they all lack is not said with each line; JSON has it of each. */
static void share_count(struct attach *app)
{
	void *at = app->opts.json ? MAP_FAILED :
		mmap(NULL, sizeof(*app->unfiltered), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at != MAP_FAILED)
		app->unfiltered = at;
}

static void say_count(struct attach *app)
{
	unsigned count = app->unfiltered != NULL ? atomic_load(app->unfiltered) : 0;
	char what[40];

	if (count > 0) {
		snprintf(what, sizeof(what), "%u target%s", count, count == 1 ? "" : "s");
		say_unfiltered(&app->out, what, count == 1 ? "its seccomp filter" :
			       "their seccomp filters");
	}
	if (app->unfiltered != NULL)
		munmap(app->unfiltered, sizeof(*app->unfiltered));
	app->unfiltered = NULL;
}

int attach_each(struct attach *app)
{
	struct crowd crowd = {
		.app = app, .own = getpid(),
		.terminal = { isatty(STDOUT_FILENO), isatty(STDERR_FILENO) },
	};
	size_t limit;
	int r = each_select(app, &crowd.words);

	if (r < 0)
		return EXIT_OWN;
	limit = app->opts.jobs > 0 ? (size_t)app->opts.jobs :
		(size_t)sysconf(_SC_NPROCESSORS_ONLN) * 2;
	if (limit > crowd.words.count)
		limit = crowd.words.count;
	for (size_t i = 0; i < crowd.words.count; i++)
		if (strlen(crowd.words.target[i].word) > crowd.width)
			crowd.width = strlen(crowd.words.target[i].word);
	crowd.job = calloc(limit, sizeof(*crowd.job));
	/* ^C goes to each of them, and what they still say is to be seen. */
	signal(SIGINT, SIG_IGN);
	share_count(app);
	if (crowd.job != NULL)
		run_all(&crowd, limit);
	else
		crowd.failed = true;
	say_count(app);
	free(crowd.job);
	each_free(&crowd.words);
	return crowd.failed ? EXIT_OWN : crowd.status;
}
