/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans carried out: functions and commands inside, and what stays out. */
#include <poll.h>
#include <sys/stat.h>
#include "spawn.h"

/* While this is set, another process than this one may not allocate. */
static pid_t guarded;

#if defined(__GLIBC__) && !NSI_SANITIZED
#define HAVE_GUARD 1
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void __libc_free(void *);

static void guard(void)
{
	if (guarded && guarded != getpid())
		abort();
}

void *malloc(size_t size)
{
	guard();
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	guard();
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	guard();
	return __libc_realloc(old, size);
}

void free(void *old)
{
	if (old)
		guard();
	__libc_free(old);
}
#else
#define HAVE_GUARD 0
#endif

static void test_function(void)
{
	int status = 7;

	is_int(run_function(look, &status), 7, "function: its result");
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		is_int(shared->inode[type], link_inode(kid.pid, nsu_type_get_name(type)),
		       "function: inside %u", type);
	if (boxed)
		ok(shared->value[0] > 1 && shared->value[0] < 100, "with its number");
	is_int(shared->value[1], boxed ? 0 : (int)getuid(), "function: as root there");
	status = 0x1234;
	is_int(run_function(look, &status), 0x34, "function: eight bits of it");
	is_int(waitpid(-1, NULL, WNOHANG), 0, "function: nothing else to wait for");
}

static void test_codes(void)
{
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;

	is_int(run_shell(&opts, "exit 0"), 0, "exit 0");
	is_int(run_shell(&opts, "exit 42"), 42, "exit 42");
	is_int(run_shell(&opts, "kill -TERM $$; exit 3"), 143, "a signal");
	is_int(run_shell(&opts, "test -z \"$SECRET\" && test -n \"$PATH\""), 0,
	       "the plan's environment");
	opts.argv0 = "-nsu";
	is_int(run_shell(&opts, "test \"$0\" = -nsu"), 0, "argv0");
	opts.argv = WORDS("sh", "-c", "exit 5");
	is_int(run_with(plan, &opts, NULL), 5, "by PATH");
}

static void is_failure(const char *word, int error, const char *what)
{
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;
	struct nsu_failure why = NSU_FAILURE_INIT;

	opts.argv = WORDS(word);
	is_int(run_with(plan, &opts, &why), error, "%s", what);
	ok(why.step == NSU_STEP_EXEC && why.error == error, "%s: at exec", what);
}

static void test_exec_failures(void)
{
	char dir[] = "/tmp/nsu-spawn-XXXXXX", path[64];
	static const struct { const char *text; mode_t mode; int error; } files[] = {
		{ "exit 0\n", 0755, -ENOEXEC },
		{ "#!/no/such/shell\n", 0755, -ELIBACC },
		{ "#!/bin/sh\n", 0644, -EACCES },
	};

	is_failure("/no/such", -ENOENT, "no such file");
	is_failure("nsutil-no-such", -ENOENT, "no such name");
	is_failure("", -ENOENT, "no name at all");
	is_failure("/", -EACCES, "a directory");
	if (!mkdtemp(dir) || chmod(dir, 0755) < 0) {
		skip("files that cannot be run", "no temporary directory");
		return;
	}
	snprintf(path, sizeof(path), "%s/run", dir);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

		if (fd < 0 || fchmod(fd, files[i].mode) < 0)
			break;
		close(fd);
		put_file(path, files[i].text);
		is_failure(path, files[i].error, fmt("file %zu", i));
	}
	unlink(path);
	rmdir(dir);
	is_int(waitpid(-1, NULL, WNOHANG), 0, "failures: no child is left");
}

static int read_letter(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char c = 0;

	return poll(&poll_fd, 1, 20000) > 0 && read(fd, &c, 1) == 1 ? c : -1;
}

/* Standard input and output in each other's place, and nothing above 2. */
static void test_fds(void)
{
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;
	int in[2], out[2], old[2] = { dup(0), dup(1) }, status;
	pid_t pid;

	fflush(stdout);
	if (pipe(in) < 0 || pipe(out) < 0 || write(in[1], "a", 1) != 1)
		return;
	dup2(in[0], 1);
	dup2(out[1], 0);
	opts.fds[0] = 1;
	opts.fds[1] = 0;
	opts.argv = WORDS("/bin/sh", "-c", "head -c 1; ls /proc/self/fd | wc -l");
	pid = nsu_plan_spawn(plan, &opts, NULL);
	dup2(old[0], 0);
	dup2(old[1], 1);
	close(out[1]);
	is_int(read_letter(out[0]), 'a', "fds: crosswise");
	is_int(read_letter(out[0]), '4', "fds: 0, 1, 2 and ls's own");
	waitpid(pid, &status, 0);
	opts.fds[0] = 1000;
	is_int(run_shell(&opts, "true"), -EBADF, "fds: not open");
	for (int i = 0; i < 2; i++) {
		close(in[i]);
		close(old[i]);
	}
	close(out[0]);
}

/* A caller without 0, 1 and 2 has the library's own descriptors there. */
static void test_closed(void)
{
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), r, old[3];

	fflush(stdout);
	for (int i = 0; i < 3; i++) {
		old[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
		close(i);
	}
	for (int i = 0; i < 3; i++)
		opts.fds[i] = null;
	opts.death_signal = SIGKILL;
	r = run_shell(&opts, "exit 9");
	for (int i = 0; i < 3; i++) {
		dup2(old[i], i);
		close(old[i]);
	}
	close(null);
	is_int(r, 9, "closed 0, 1 and 2, with a death signal");
}

static int see_signals(void *data)
{
	sigset_t set;
	int signal;

	(void)data;
	sigprocmask(SIG_SETMASK, NULL, &set);
	shared->value[0] = sigismember(&set, SIGUSR1);
	shared->value[1] = sigismember(&set, SIGUSR2);
	shared->value[2] = getpgrp() == getpid();
	prctl(PR_GET_PDEATHSIG, &signal);
	shared->value[3] = signal;
	return 0;
}

static void test_signals(void)
{
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;
	sigset_t ours, theirs, old, now;

	sigemptyset(&ours);
	sigemptyset(&theirs);
	sigaddset(&ours, SIGUSR1);
	sigaddset(&theirs, SIGUSR2);
	sigprocmask(SIG_BLOCK, &ours, &old);
	opts.function = see_signals;
	is_int(run_with(plan, &opts, NULL), 0, "plain");
	ok(shared->value[0] && !shared->value[1], "mask: ours");
	ok(!shared->value[2] && !shared->value[3], "no group, no death signal");
	opts.mask = &theirs;
	opts.group = true;
	opts.death_signal = SIGUSR1;
	is_int(run_with(plan, &opts, NULL), 0, "with all of it");
	ok(!shared->value[0] && shared->value[1], "mask: the one given");
	ok(shared->value[2], "a group of its own");
	is_int(shared->value[3], SIGUSR1, "the death signal");
	sigprocmask(SIG_SETMASK, &old, &now);
	ok(sigismember(&now, SIGUSR1) == 1 && sigismember(&now, SIGUSR2) == 0,
	   "our own mask is what it was");
}

/* The caller dies, and its child of it. */
static void test_death(void)
{
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;
	int said[2], hold[2];
	pid_t caller;

	if (pipe(said) < 0 || pipe(hold) < 0)
		return;
	opts.function = wait_here;
	opts.data = &hold[0];
	opts.death_signal = SIGKILL;
	fflush(stdout);
	caller = fork();
	if (!caller) {
		close(said[0]);
		shared->value[0] = nsu_plan_spawn(plan, &opts, NULL);
		_exit(0);
	}
	close(said[1]);
	waitpid(caller, NULL, 0);
	ok(shared->value[0] > 0, "death: a child of a child");
	is_int(read_letter(said[0]), -1, "death: the pipe that it held is closed");
	/* Where we are who it falls to, it keeps the box from ending until then. */
	while (waitpid(shared->value[0], NULL, 0) < 0 && errno == EINTR)
		;
	close(said[0]);
	close(hold[0]);
	close(hold[1]);
}

static void test_often(void)
{
	int before = count_fds(), status = 0, failed = 0;

	for (int i = 0; i < 100; i++)
		failed += run_function(look, &status) != 0;
	is_int(failed, 0, "a hundred times by one plan");
	is_int(count_fds(), before, "no descriptor was left open");
	is_int(waitpid(-1, NULL, WNOHANG), 0, "nor a zombie");
}

/* A target that has changed its root, and stayed outside. */
static int stay_outside(void)
{
	int r = box_map();

	return r < 0 || !chroot("/proc") ? r : -errno;
}

static void test_problems(void)
{
	const struct nsu_failure *problem;
	struct nsu_plan *inside = plan;
	struct kid other;
	int status = 0, r = box_start_as(&other, CLONE_NEWNS, stay_outside);

	if (r < 0) {
		skip("problems", fmt("clone, chroot: %s", strerror(-r)));
		return;
	}
	plan = plan_for(fmt("%d", other.pid), NULL, NULL);
	for (int i = 0; i < 2 && plan; i++) {
		is_int(nsu_plan_count_problems(plan), i, "problems before");
		is_int(run_function(look, &status), 0, "problems: runs nevertheless");
		is_int(nsu_plan_count_problems(plan), 1, "problems: of the last time");
		problem = nsu_plan_get_problem(plan, 0);
		ok(problem && problem->step == NSU_STEP_CWD && problem->error == -EXDEV,
		   "problems: the working directory is outside");
		ok(!nsu_plan_get_problem(plan, 1), "problems: no other");
	}
	nsu_plan_free(plan);
	plan = inside;
	kid_end(&other);
}

/* By a plain fork, and by what a caller that is not dumpable gets. */
static void test_guard(void)
{
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;
	int status = 0;

	if (!HAVE_GUARD) {
		skip("no allocation", "malloc(3) cannot be watched here");
		return;
	}
	guarded = getpid();
	is_int(run_function(look, &status), 0, "no allocation: a function");
	is_int(run_shell(&opts, "exit 8"), 8, "no allocation: a command");
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	status = run_shell(&opts, "exit 8");
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	guarded = 0;
	is_int(status, 8, "no allocation: by one that is not dumpable");
}

/* Last: the target ends, and the plan still holds its namespaces. */
static void test_outlived(struct nsu_plan *by_fds)
{
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;
	struct nsu_failure why = NSU_FAILURE_INIT;
	siginfo_t info;

	opts.argv = WORDS("/bin/true");
	kill(kid.pid, SIGKILL);
	waitid(P_PID, kid.pid, &info, WEXITED | WNOWAIT);
	is_int(run_with(plan, &opts, &why), -ESRCH, "outlived: not yet reaped");
	ok(!boxed || why.step == NSU_STEP_SETNS, "outlived: at setns");
	is_int(run_with(by_fds, &opts, NULL), -ESRCH, "outlived: one by one");
	kid_end(&kid);
	is_int(run_with(plan, &opts, NULL), -ESRCH, "outlived: and reaped");
	is_int(run_with(by_fds, &opts, NULL), -ESRCH, "outlived: one by one");
	is_int(waitpid(-1, NULL, WNOHANG), -1, "no child is left at all");
}

static void test_all(void)
{
	struct nsu_ctx_options without = NSU_CTX_OPTIONS_INIT;
	struct nsu_plan *by_fds;
	struct nsu_ctx *other = NULL, *ours = ctx;
	char word[16];
	int status = 2;

	snprintf(word, sizeof(word), "%d", kid.pid);
	plan = plan_for(word, NULL, NULL);
	without.disable = "setns-pidfd";
	nsu_ctx_new(&without, &other);
	ctx = other;
	by_fds = plan_for(word, NULL, NULL);
	ctx = ours;
	if (!plan || !by_fds) {
		ok(false, "plans");
		return;
	}
	test_function();
	test_often();
	if (on_valgrind()) {
		skip("commands", "valgrind: no program is run as the kernel does");
		nsu_plan_free(by_fds);
		nsu_plan_free(plan);
		nsu_ctx_free(other);
		kid_end(&kid);
		return;
	}
	test_codes();
	test_exec_failures();
	test_fds();
	test_closed();
	test_signals();
	test_death();
	test_problems();
	test_guard();
	nsu_plan_free(plan);
	plan = by_fds;
	is_int(run_function(look, &status), 2, "one by one");
	is_int(shared->inode[NSU_UTS], link_inode(kid.pid, "uts"), "one by one: inside");
	plan = plan_for(word, NULL, NULL);
	test_outlived(by_fds);
	nsu_plan_free(by_fds);
	nsu_plan_free(plan);
	nsu_ctx_free(other);
}

int main(void)
{
	if (nsu_ctx_new(NULL, &ctx) == 0 && !nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	setenv("SECRET", "x", 1);
	if (spawn_start())
		test_all();
	nsu_ctx_free(ctx);
	return done();
}
