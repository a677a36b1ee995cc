// SPDX-License-Identifier: GPL-2.0-or-later
/* Zombies, hostile names, and coming and going. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "nsfix.h"

#define STABLE 20
#define RESUME "NSFIX_RESUME="

static void body_zombies(struct fix *f, int slot)
{
	pid_t first = -1;

	for (int i = 1; i < (int)f->count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fix_die(f, "fork");
		if (!pid) {
			fix_report(f, slot + i);
			_exit(0);
		}
		if (first < 0)
			first = pid;
	}
	/* Ended but not reaped: what WNOWAIT is for. In a new namespace pids count up. */
	for (int i = 1; i < (int)f->count; i++) {
		siginfo_t info;

		if (waitid(P_PID, (id_t)(first + i - 1), &info, WEXITED | WNOWAIT))
			fix_die(f, "wait for a zombie");
	}
}

int build_zombies(struct fix *f)
{
	long n = fix_number(f, 0, 500);

	if (n < 1 || n > 30000)
		return fix_fail(f, EINVAL, "number of zombies");
	f->count = (size_t)n + 1;
	fix_spawn(f, 0, CLONE_NEWPID, body_zombies);
	if (fix_collect(f, f->count))
		return -1;
	json_tasks(f->out, f->tasks, 1);
	fputs(",\"zombies\":[", f->out);
	for (size_t i = 1; i < f->count; i++)
		fprintf(f->out, "%s%d", i > 1 ? "," : "", f->tasks[i].pids[0]);
	fputs("]", f->out);
	json_key_string(f->out, "pid_ns", f->tasks[0].ns[4]);
	return 0;
}

/* By slot; the first is the one that the line of JSON tells. */
static const char *const hostile_comms[] = {
	"\033\033\033\033\033\033\033\033\033\033\033\033\033\033\033",
	"",
	"  ",
	" a) R 1 (b",
	"\xff\xfe\xc3(\xe2\x80\xae",
	"<b>&\"'\\x1b</b>",
	"a\nb\rc\td",
};
#define HOSTILE (sizeof(hostile_comms) / sizeof(hostile_comms[0]))

static const char *const hostile_argv[] = {
	"\033]0;owned\007",
	"line one\nline two\n",
	"a\tb",
	"\xff\xfe\xc3(",
	"\"quoted\" 'both'",
	"$(touch x)",
	"`touch x`",
	"",
	"\033[2J",
	NULL,
};

static void keep_over_exec(int fd)
{
	fcntl(fd, F_SETFD, 0);
}

static void body_hostile(struct fix *f, int slot)
{
	char resume[96];
	char *env[] = { resume, NULL };

	snprintf(resume, sizeof(resume), RESUME "%d %d %d %d", f->life_r, f->report_w,
		 f->depth, slot);
	keep_over_exec(f->life_r);
	keep_over_exec(f->report_w);
	execve("/proc/self/exe", (char *const *)hostile_argv, env);
	fix_die(f, "execute itself");
}

void resume_hostile(void)
{
	const char *text = getenv("NSFIX_RESUME");
	struct fix f = { .life_w = -1 };
	int slot;

	if (!text)
		return;
	if (sscanf(text, "%d %d %d %d", &f.life_r, &f.report_w, &f.depth, &slot) != 4 ||
	    slot < 0 || slot >= (int)HOSTILE)
		_exit(2);
	prctl(PR_SET_NAME, hostile_comms[slot]);
	fix_report(&f, slot);
	fix_hold(&f);
}

int build_hostile_name(struct fix *f)
{
	for (size_t i = 0; i < HOSTILE; i++)
		fix_spawn(f, (int)i, CLONE_NEWNET, body_hostile);
	if (fix_collect(f, HOSTILE))
		return -1;
	json_tasks(f->out, f->tasks, HOSTILE);
	json_key_string(f->out, "comm", hostile_comms[0]);
	/* As /proc/PID/cmdline has it: not UTF-8, so in hexadecimal. */
	fputs(",\"cmdline_hex\":\"", f->out);
	for (int i = 0; hostile_argv[i]; i++) {
		for (const char *p = hostile_argv[i]; *p; p++)
			fprintf(f->out, "%02x", (unsigned char)*p);
		fputs("00", f->out);
	}
	fputc('"', f->out);
	return 0;
}

/* The child of vfork(2) lends its parent's memory, and the parent waits in D for it. */
static void body_waiting(struct fix *f, int slot)
{
	pid_t pid;

	fix_report(f, slot);
	close(f->report_w);
	pid = vfork();
	if (!pid)
		fix_wait_end(f);
	_exit(0);
}

static char state_of(int pid)
{
	char path[32], text[256];
	const char *end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	end = fgets(text, sizeof(text), file) ? strrchr(text, ')') : NULL;
	fclose(file);
	return end && end[1] ? end[2] : 0;
}

int build_waiting(struct fix *f)
{
	fix_spawn(f, 0, CLONE_NEWNET, body_waiting);
	if (fix_collect(f, 1))
		return -1;
	/* There is no event for it: it is about to, or does. */
	while (state_of(f->tasks[0].proc_pid) != 'D')
		sched_yield();
	json_tasks(f->out, f->tasks, 1);
	return 0;
}

static const unsigned int kinds[] = {
	CLONE_NEWUTS, CLONE_NEWIPC | CLONE_NEWUTS, 0, CLONE_NEWNS | CLONE_NEWCGROUP,
	CLONE_NEWPID, CLONE_NEWUTS | CLONE_NEWPID, CLONE_NEWUTS, CLONE_NEWNET,
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void come_and_go(unsigned int flags)
{
	pid_t pid = fork();

	if (!pid) {
		/* A refusal is an exit like any other. */
		if (flags && !unshare((int)flags) && (flags & CLONE_NEWPID)) {
			pid = fork();
			if (!pid)
				_exit(0);
			waitpid(pid, NULL, 0);
		}
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void body_churn(struct fix *f, int slot)
{
	long seconds = fix_number(f, 1, 0);
	struct timespec start, now;

	fix_report(f, slot);
	close(f->report_w);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (unsigned int i = 0; !fix_ended(f); i++) {
		come_and_go(kinds[i % KINDS]);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (seconds && now.tv_sec - start.tv_sec >= seconds)
			fix_wait_end(f);
	}
	_exit(0);
}

int build_churn(struct fix *f)
{
	long loops = fix_number(f, 0, 1);

	if (loops < 0 || loops > 1000)
		return fix_fail(f, EINVAL, "number of loops");
	for (int i = 0; i < STABLE; i++)
		fix_spawn(f, i, kinds[(size_t)i % KINDS], NULL);
	for (int i = 0; i < loops; i++)
		fix_spawn(f, STABLE + i, f->user, body_churn);
	if (fix_collect(f, STABLE + (size_t)loops))
		return -1;
	json_tasks(f->out, f->tasks, STABLE);
	fputs(",\"loops\":[", f->out);
	for (size_t i = STABLE; i < f->count; i++)
		fprintf(f->out, "%s%d", i > STABLE ? "," : "", f->tasks[i].pids[0]);
	fputc(']', f->out);
	return 0;
}
