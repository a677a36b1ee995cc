/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entering targets that end at any moment, and whose numbers are at once another's: never
 * a wrong namespace. Each has a host name that tells which one it is, from the beginning:
 * its parent had that name when it made it. In a pid namespace of our own, where numbers
 * can be chosen. NSU_CHURN_TRIES: how many; TEST_QUICK=1: fewer.
 */
#include <dirent.h>
#include <linux/sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <time.h>
#include "nsi.h"
#include "kid.h"
#include "../tap.h"

#define TRIES		10000
#define SLOTS		4
#define FIRST_NUMBER	200	/* from 300 on are those that come by themselves */
#define NO_NUMBERS	99	/* body: no number can be chosen */
#define NO_PROC		98

enum { STAGE_TARGET, STAGE_PLAN, STAGE_SPAWN, STAGE_INSIDE, STAGES };

static const char *const stages[STAGES] = { "looked up", "planned", "entered", "inside" };

/* Of a number: which generation has it. Written by its maker only. */
struct slot {
	atomic_int begun;	/* this one, or it is about to */
	atomic_int ended;	/* this one has, and was waited for */
};

static struct shared {
	struct slot slot[SLOTS];
	int ended_at[STAGES];	/* tries that found its end there; INSIDE: none */
	unsigned life;		/* of the longest target, in microseconds */
	int reused;		/* tries in which its number became another's */
	int wrong, odd_error, odd_step, unended;
	int descriptors, zombies;
} *shared;

struct expected {
	int first, last;	/* generations that it may be */
	uint64_t uts, pid;
};

static uint32_t seed = 1;

static unsigned any(unsigned below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static int fds_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

/* A process with that number, every other one the first of a pid namespace. */
static pid_t fork_numbered(pid_t number, bool first)
{
	pid_t numbers[] = { 1, number };
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.flags = first ? CLONE_NEWPID : 0,
		.set_tid = (uintptr_t)(first ? numbers : numbers + 1),
		.set_tid_size = first ? 2 : 1,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

__attribute__((noreturn))
static void be_target(unsigned microseconds)
{
	struct timespec life = { .tv_nsec = microseconds * 1000l };

	nanosleep(&life, NULL);
	syscall(SYS_exit_group, 0);
	__builtin_unreachable();
}

/* Whose children all have the same number, one after the other. */
__attribute__((noreturn))
static void make_targets(int which)
{
	struct slot *slot = &shared->slot[which];
	char name[16];

	seed = which + 1;
	for (int generation = 1;; generation++) {
		pid_t pid;

		snprintf(name, sizeof(name), "g%d", generation);
		if (unshare(CLONE_NEWUTS) < 0 || sethostname(name, strlen(name)) < 0)
			_exit(NO_NUMBERS);
		atomic_store(&slot->begun, generation);
		do
			pid = fork_numbered(FIRST_NUMBER + which, generation % 2);
		while (pid < 0 && errno == EEXIST);
		if (pid < 0)
			_exit(NO_NUMBERS);
		if (pid == 0)
			be_target(any(any(4) ? shared->life : shared->life / 30));
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		atomic_store(&slot->ended, generation);
	}
}

/* /proc numbers this process otherwise than it does itself. */
static uint64_t own_inode(const char *type)
{
	char path[32], text[64];
	unsigned long long inode = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", type);
	n = readlink(path, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return sscanf(text, "%*[a-z]:[%llu]", &inode) == 1 ? inode : 0;
}

/* In the target: 0, or which of it is not the expected one. */
static int look_around(void *data)
{
	const struct expected *want = data;
	char name[65];
	int generation;

	if (gethostname(name, sizeof(name)) < 0 ||
	    sscanf(name, "g%d", &generation) != 1 || generation < want->first ||
	    generation > want->last)
		return 1;
	if (own_inode("uts") != want->uts)
		return 2;
	return want->pid && own_inode("pid") != want->pid ? 3 : 0;
}

/* The target's end, and the next one has its number. */
static void force_reuse(int which, int last)
{
	struct slot *slot = &shared->slot[which];

	kill(FIRST_NUMBER + which, SIGKILL);
	while (atomic_load(&slot->ended) < last || atomic_load(&slot->begun) <= last)
		sched_yield();
}

/* Which failures the end of a target may be. */
static void note_failure(int stage, int r, enum nsu_step step)
{
	bool no_init = stage == STAGE_SPAWN && step == NSU_STEP_FORK_INSIDE &&
		       r == -ENOMEM;

	shared->ended_at[stage]++;
	if (r != -ESRCH && r != -ENOENT && !no_init) {
		if (!shared->odd_error) {
			shared->odd_error = r;
			shared->odd_step = step;
		}
	}
}

static void enter(struct nsu_plan *plan, struct expected *want)
{
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;
	struct nsu_failure why = NSU_FAILURE_INIT;
	int status;
	pid_t pid;

	opts.function = look_around;
	opts.data = want;
	pid = nsu_plan_spawn(plan, &opts, &why);
	if (pid < 0) {
		note_failure(STAGE_SPAWN, pid, why.step);
		return;
	}
	shared->ended_at[STAGE_INSIDE]++;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* The end of a pid namespace is that of all who are in it. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && want->pid)
		shared->unended++;
	else if (status)
		shared->wrong |= 1 << (WIFEXITED(status) ? WEXITSTATUS(status) : 7);
}

static uint64_t entered_inode(const struct nsu_plan *plan, enum nsu_type type)
{
	const struct nsu_entry *entry = nsu_plan_get_entry(plan, type);

	return entry->verdict == NSU_ENTRY_YES ? entry->inode : 0;
}

static void try_plan(struct nsu_ctx *ctx, const struct nsu_target *target, int which,
		     struct expected *want, unsigned force)
{
	struct nsu_plan_options opts = NSU_PLAN_OPTIONS_INIT;
	struct nsu_plan *plan;
	int r;

	opts.proc = NSU_NO;
	r = nsu_plan_new(ctx, target, &opts, &plan);
	if (r < 0) {
		note_failure(STAGE_PLAN, r, NSU_STEP_COUNT);
		return;
	}
	/* Planned for a process that had ended before. */
	if (force == STAGE_PLAN)
		shared->wrong++;
	if (force == STAGE_SPAWN)
		force_reuse(which, want->last);
	want->uts = entered_inode(plan, NSU_UTS);
	want->pid = entered_inode(plan, NSU_PID);
	enter(plan, want);
	nsu_plan_free(plan);
}

static void try_once(struct nsu_ctx *ctx)
{
	int which = any(SLOTS), r;
	struct slot *slot = &shared->slot[which];
	unsigned force = any(4);	/* STAGE_PLAN, STAGE_SPAWN, else by chance */
	struct expected want = { .first = atomic_load(&slot->ended) + 1 };
	struct nsu_target *target;
	char word[16];

	snprintf(word, sizeof(word), "%d", FIRST_NUMBER + which);
	r = nsu_target_new(ctx, word, &target);
	want.last = atomic_load(&slot->begun);
	if (r < 0) {
		note_failure(STAGE_TARGET, r, NSU_STEP_COUNT);
		return;
	}
	if (force == STAGE_PLAN)
		force_reuse(which, want.last);
	try_plan(ctx, target, which, &want, force);
	nsu_target_free(target);
	if (atomic_load(&slot->begun) > want.last)
		shared->reused++;
}

static int count_tries(void)
{
	const char *tries = getenv("NSU_CHURN_TRIES"), *quick = getenv("TEST_QUICK");

	if (tries)
		return atoi(tries);
	return quick && *quick == '1' ? TRIES / 10 : TRIES;
}

static unsigned now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000u + now.tv_nsec / 1000;
}

static int say_nothing(void *data)
{
	return data != NULL;
}

/*
 * How long it takes to enter a process that does not end, on this machine now: then the
 * others end on the way about as often as not. Its number is chosen: false where none
 * can be.
 */
static bool measure(struct nsu_ctx *ctx)
{
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;
	struct nsu_plan_options plan_opts = NSU_PLAN_OPTIONS_INIT;
	struct nsu_target *target = NULL;
	struct nsu_plan *plan = NULL;
	pid_t inside = -1, pid = fork_numbered(FIRST_NUMBER, true);
	unsigned begin = now_us();

	if (pid == 0)
		for (;;)
			pause();
	if (pid < 0)
		return false;
	plan_opts.proc = NSU_NO;
	opts.function = say_nothing;
	if (nsu_target_new(ctx, "200", &target) == 0 &&
	    nsu_plan_new(ctx, target, &plan_opts, &plan) == 0)
		inside = nsu_plan_spawn(plan, &opts, NULL);
	if (inside > 0)
		waitpid(inside, NULL, 0);
	shared->life = 500 + (now_us() - begin) * 2;
	if (shared->life > 900000)
		shared->life = 900000;
	nsu_plan_free(plan);
	nsu_target_free(target);
	kill(pid, SIGKILL);
	return waitpid(pid, NULL, 0) == pid;
}

/* The first process of the pid namespace: all ends with it. */
static int body(void)
{
	struct nsu_ctx *ctx;
	siginfo_t info = { .si_pid = 0 };
	int before;

	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ||
	    nsu_ctx_new(NULL, &ctx) < 0)
		return NO_PROC;
	if (!measure(ctx))
		return NO_NUMBERS;
	for (int i = 0; i < SLOTS; i++)
		if (fork() == 0)
			make_targets(i);
	for (int i = 0; i < SLOTS; i++)
		while (atomic_load(&shared->slot[i].begun) == 0)
			sched_yield();
	before = fds_open();
	for (int i = 0, n = count_tries(); i < n; i++)
		try_once(ctx);
	shared->descriptors = fds_open() - before;
	shared->zombies = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) ||
			  info.si_pid;
	nsu_ctx_free(ctx);
	return 0;
}

int main(void)
{
	struct kid kid;
	int r, failures, flags = CLONE_NEWPID | CLONE_NEWNS;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	r = kid_start(&kid, flags | (geteuid() ? CLONE_NEWUSER : 0), body);
	if (r < 0)
		skip_all("no pid namespace can be made here");
	if (kid.said == NO_PROC)
		skip_all("no /proc can be mounted here");
	if (kid.said == NO_NUMBERS)
		skip_all("no number can be chosen here");
	failures = count_tries() - shared->ended_at[STAGE_INSIDE];
	for (int i = 0; i < STAGES; i++)
		diag("%d of %d: %s%s", shared->ended_at[i], count_tries(),
		     i < STAGE_INSIDE ? "ended before it was " : "", stages[i]);
	diag("targets lived for up to %u us", shared->life);
	diag("%d: the number was another's before it was done", shared->reused);
	is_int(shared->wrong, 0, "never a wrong namespace");
	is_int(shared->odd_error, 0, "no failure but that the target has ended");
	if (shared->odd_error)
		diag("step %d", shared->odd_step);
	ok(shared->ended_at[STAGE_INSIDE] > count_tries() / 20, "many were entered");
	ok(failures > count_tries() / 20, "many ended on the way");
	ok(shared->reused > count_tries() / 4, "numbers were another's");
	is_int(shared->descriptors, 0, "no descriptor is left open");
	is_int(shared->zombies, 0, "no zombie is left");
	kid_end(&kid);
	return done();
}
