/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * measure [-n ROUNDS] [-b SECONDS] 'COMMAND WORD...' ...: wall time and peak memory.
 *
 * Runs the commands by turns, A B C A B C, so that whatever else the host does falls on
 * all of them alike, with output to /dev/null. Leading VAR=VALUE words are their
 * environment. Prints a line for each: min and median milliseconds, peak KiB, rounds,
 * and how many runs failed.
 *
 * The kernel carries the peak of the memory that execve drops over into the new program's
 * ru_maxrss. So this program stays small, and nothing is to be measured below its size.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORDS 64
#define MAX_ROUNDS 200
#define LEAST_ROUNDS 3

struct command {
	char *words[MAX_WORDS + 1];
	char **argv;			/* words, behind those that set the environment */
	double ms[MAX_ROUNDS];
	long peak_kib;
	int failed;
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void split(struct command *c, char *text)
{
	int n = 0;

	for (char *w = strtok(text, " "); w; w = strtok(NULL, " ")) {
		if (n == MAX_WORDS)
			errx(2, "more than %d words in a command", MAX_WORDS);
		c->words[n++] = w;
	}
	c->argv = c->words;
	while (*c->argv && strchr(*c->argv, '='))
		c->argv++;
	if (!*c->argv)
		errx(2, "an empty command");
}

static void set_env(struct command *c, int on)
{
	for (char **w = c->words; w < c->argv; w++) {
		char *eq = strchr(*w, '=');

		*eq = '\0';
		if (on)
			setenv(*w, eq + 1, 1);
		else
			unsetenv(*w);
		*eq = '=';
	}
}

static void run_once(struct command *c, int round, posix_spawn_file_actions_t *fa)
{
	double start;
	struct rusage ru;
	int r, status;
	pid_t pid;

	set_env(c, 1);
	start = now_ms();
	r = posix_spawnp(&pid, c->argv[0], fa, NULL, c->argv, environ);
	if (r)
		errx(1, "%s: %s", c->argv[0], strerror(r));
	while (wait4(pid, &status, 0, &ru) < 0)
		if (errno != EINTR)
			err(1, "wait4");
	c->ms[round] = now_ms() - start;
	set_env(c, 0);
	if (ru.ru_maxrss > c->peak_kib)
		c->peak_kib = ru.ru_maxrss;
	if (status != 0)
		c->failed++;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t fa;
	struct command *cmds;
	int rounds = 5, done = 0, n, opt;
	double budget = 1e9, start;

	while ((opt = getopt(argc, argv, "n:b:")) != -1) {
		if (opt == 'n')
			rounds = atoi(optarg);
		else if (opt == 'b')
			budget = atof(optarg) * 1e3;
		else
			return 2;
	}
	n = argc - optind;
	if (n < 1 || rounds < 1 || rounds > MAX_ROUNDS)
		errx(2, "usage: measure [-n ROUNDS] [-b SECONDS] COMMAND...");
	cmds = calloc(n, sizeof(*cmds));
	if (!cmds)
		err(1, "memory");
	for (int i = 0; i < n; i++)
		split(&cmds[i], argv[optind + i]);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	start = now_ms();
	while (done < rounds && (done < LEAST_ROUNDS || now_ms() - start < budget)) {
		for (int i = 0; i < n; i++)
			run_once(&cmds[i], done, &fa);
		done++;
	}
	for (int i = 0; i < n; i++) {
		struct command *c = &cmds[i];

		qsort(c->ms, done, sizeof(*c->ms), by_size);
		printf("%.3f %.3f %ld %d %d\n", c->ms[0], c->ms[done / 2], c->peak_kib,
		       done, c->failed);
	}
	return 0;
}
