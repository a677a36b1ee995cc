/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entering in-process; entering and spawning among threads and signals. */
#include <pthread.h>
#include "spawn.h"

static void handler(int sig)
{
	(void)sig;
	if (getpid() != shared->value[1])
		shared->value[0]++;
}

static void *send_signals(void *data)
{
	while (!__atomic_load_n((bool *)data, __ATOMIC_ACQUIRE)) {
		kill(0, SIGUSR1);
		usleep(50);
	}
	return NULL;
}

/* In a process group of its own, to which signals come all the time. */
static int storm(void)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESTART };
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;
	bool end = false;
	pthread_t thread;
	int failed = 0;

	setpgid(0, 0);
	shared->value[0] = 0;
	shared->value[1] = getpid();
	sigaction(SIGUSR1, &act, NULL);
	if (pthread_create(&thread, NULL, send_signals, &end))
		return -1;
	opts.argv = WORDS("/bin/true");
	for (int i = 0; i < 100; i++) {
		int r = run_with(plan, &opts, NULL);

		failed += r && r != 128 + SIGUSR1;
	}
	__atomic_store_n(&end, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	return failed;
}

static void test_handlers(void)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(storm());
	waitpid(pid, &status, 0);
	is_int(status, 0, "signals while entering: started, or ended by one");
	is_int(shared->value[0], 0, "none of our handlers ran inside");
}

static void test_enter(void)
{
	struct nsu_failure why = NSU_FAILURE_INIT;
	int status = 3, got = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (nsu_plan_enter(plan, &why) < 0)
			_exit(100 + why.step);
		pid = fork();		/* into the pid namespace */
		if (!pid)
			_exit(look(&status));
		waitpid(pid, &status, 0);
		_exit(WEXITSTATUS(status));
	}
	waitpid(pid, &got, 0);
	is_int(WEXITSTATUS(got), 3, "enter: in a fork, and its child");
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		is_int(shared->inode[type], link_inode(kid.pid, nsu_type_get_name(type)),
		       "enter: inside %u", type);
	pid = fork();
	if (!pid) {
		if (nsu_plan_enter(plan, NULL) < 0)
			_exit(1);
		_exit(-nsu_plan_exec(plan, WORDS("sh", "-c", "exit 4"), NULL));
	}
	waitpid(pid, &got, 0);
	is_int(WEXITSTATUS(got), 4, "enter, and exec");
	pid = fork();
	if (!pid)
		_exit(-nsu_plan_exec(plan, WORDS("nsutil-no"), NULL));
	waitpid(pid, &got, 0);
	is_int(WEXITSTATUS(got), ENOENT, "exec: what it returns");
}

/* Both threads' functions end only when both were started: a child that holds a copy of
   the other's pipe keeps nobody waiting. */
struct spawner {
	int hold;
	pthread_barrier_t *barrier;
	const char *word;
	int failed;
};

static void *spawn_often(void *data)
{
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;
	struct spawner *spawner = data;
	struct nsu_target *target = NULL;
	struct nsu_plan *own = NULL;
	struct nsu_ctx *own_ctx = NULL;

	if (nsu_ctx_new(NULL, &own_ctx) < 0 ||
	    nsu_target_new(own_ctx, spawner->word, &target) < 0 ||
	    nsu_plan_new(own_ctx, target, NULL, &own) < 0)
		spawner->failed++;
	opts.function = wait_here;
	opts.data = &spawner->hold;
	for (int i = 0; i < 100; i++) {
		pid_t pid = own ? nsu_plan_spawn(own, &opts, NULL) : -1;

		pthread_barrier_wait(spawner->barrier);
		if (pid < 0)
			spawner->failed++;
		else
			kill(pid, SIGKILL);
		if (pid > 0 && waitpid(pid, NULL, 0) != pid)
			spawner->failed++;
		pthread_barrier_wait(spawner->barrier);
	}
	nsu_plan_free(own);
	nsu_target_free(target);
	nsu_ctx_free(own_ctx);
	return NULL;
}

static void test_threads(void)
{
	struct nsu_failure why = NSU_FAILURE_INIT;
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;
	struct spawner spawner[2] = { { 0 } };
	pthread_barrier_t barrier;
	pthread_t thread[2];
	char word[16];
	int hold[2];

	snprintf(word, sizeof(word), "%d", kid.pid);
	pthread_barrier_init(&barrier, NULL, 2);
	if (pipe(hold) < 0)
		return;
	for (int i = 0; i < 2; i++) {
		spawner[i] = (struct spawner){ hold[0], &barrier, word, 0 };
		pthread_create(&thread[i], NULL, spawn_often, &spawner[i]);
	}
	is_int(run_shell(&opts, "exit 6"), 6, "threads: a command");
	is_int(nsu_plan_enter(plan, &why), -EBUSY, "threads: may not enter");
	is_int(why.step, NSU_STEP_CHECK, "threads: nothing was done");
	for (int i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		is_int(spawner[i].failed, 0, "threads: with a context each");
	}
	pthread_barrier_destroy(&barrier);
	close(hold[0]);
	close(hold[1]);
}

/* The first process of its children's pid namespace has come and gone. */
static int lose_init(void)
{
	int r = box_map();
	pid_t init;

	if (r < 0 || unshare(CLONE_NEWPID) < 0)
		return r < 0 ? r : -errno;
	init = fork();
	if (!init)
		_exit(0);
	return waitpid(init, NULL, 0) == init ? 0 : -errno;
}

static int keep_init(void)
{
	int r = box_map();
	pid_t init;

	if (r < 0 || unshare(CLONE_NEWPID) < 0)
		return r < 0 ? r : -errno;
	init = fork();
	if (!init) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		kid_wait();
	}
	return 0;
}

/* What is said of entering it, and what comes of it. */
static void is_entered(int (*body)(void), enum nsu_verdict verdict, enum nsu_rule rule,
		       int got, const char *what)
{
	struct nsu_plan_options opts = NSU_PLAN_OPTIONS_INIT;
	const struct nsu_entry *entry;
	struct nsu_plan *inside = plan;
	int status = 3, r;
	struct kid other;

	r = box_start_as(&other, 0, body);
	if (r < 0) {
		skip(what, fmt("clone, unshare: %s", strerror(-r)));
		return;
	}
	opts.types = 1u << NSU_PID | 1u << NSU_USER;
	opts.children = true;
	opts.force = true;
	plan = plan_for(fmt("%d", other.pid), &opts, &r);
	is_int(r, 0, "%s: a plan", what);
	if (plan) {
		entry = nsu_plan_get_entry(plan, NSU_PID);
		is_int(entry->verdict, verdict, "%s: verdict", what);
		is_int(entry->rule, rule, "%s: rule", what);
		is_int(run_function(look, &status), got, "%s: entered", what);
	}
	if (plan && got == status)
		is_int(shared->inode[NSU_PID], link_inode(other.pid, "pid_for_children"),
		       "%s: into that one", what);
	nsu_plan_free(plan);
	plan = inside;
	kid_end(&other);
}

/* A child looks up: its own pid namespace is below that of the target, which is us. */
static char above[16];

static int look_up(void)
{
	struct nsu_plan_options opts = NSU_PLAN_OPTIONS_INIT;
	const struct nsu_entry *entry;
	struct nsu_plan *up;
	int r;

	nsu_ctx_free(ctx);
	ctx = NULL;
	if (nsu_ctx_new(NULL, &ctx) < 0)
		return 100;
	opts.types = 1u << NSU_PID;
	up = plan_for(above, &opts, &r);
	if (!up)
		return 101;
	entry = nsu_plan_get_entry(up, NSU_PID);
	return entry->verdict == NSU_ENTRY_NO ? (int)entry->rule : 102;
}

static void test_verdicts(void)
{
	struct kid below;

	snprintf(above, sizeof(above), "%d", getpid());
	is_entered(keep_init, NSU_ENTRY_YES, NSU_RULE_NONE, 3, "children");
	/* It may have had none yet for all that the kernel tells: only the fork does. */
	is_entered(lose_init, NSU_ENTRY_YES, NSU_RULE_NONE, -ENOMEM, "no init");
	/* Elsewhere a capability is missed first. */
	if (geteuid() || link_inode(getpid(), "user") != NSI_INIT_USER ||
	    kid_start(&below, CLONE_NEWPID, look_up) < 0) {
		skip("from below", "needs root of the host");
		return;
	}
	is_int(below.said, NSU_RULE_NOT_BELOW, "from below");
	kid_end(&below);
}

/* Its own root directory in our mount namespace. */
static int change_root(void)
{
	int r = box_map();

	return r < 0 || (!chroot("/proc/self") && !chdir("/")) ? r : -errno;
}

static int look_at_root(void *data)
{
	struct stat st;

	return stat("/ns/user", &st) < 0 ? 1 : st.st_ino == *(uint64_t *)data ? 0 : 2;
}

static void test_root(void)
{
	struct nsu_plan_options opts = NSU_PLAN_OPTIONS_INIT;
	struct nsu_plan *inside = plan;
	uint64_t inode;
	struct kid other;
	int r = box_start_as(&other, 0, change_root);

	if (r < 0) {
		skip("root", fmt("clone, chroot: %s", strerror(-r)));
		return;
	}
	inode = link_inode(other.pid, "user");
	opts.types = 1u << NSU_USER;
	plan = plan_for(fmt("%d", other.pid), &opts, NULL);
	is_int(run_function(look_at_root, &inode), 1, "root: ours, by default");
	nsu_plan_free(plan);
	opts.root = NSU_YES;
	plan = plan_for(fmt("%d", other.pid), &opts, NULL);
	is_int(run_function(look_at_root, &inode), 0, "root: the target's");
	is_str(nsu_plan_get_outlook(plan)->cwd, "/", "root: and the directory");
	nsu_plan_free(plan);
	plan = inside;
	kid_end(&other);
}

/* A user namespace in which nobody has a number. */
static void test_unmapped(void)
{
	struct nsu_plan *inside = plan;
	struct kid other;
	int status = 3;

	if (kid_start(&other, CLONE_NEWUSER, NULL) < 0) {
		skip("unmapped", "clone: no user namespace can be made");
		return;
	}
	plan = plan_for(fmt("%d", other.pid), NULL, NULL);
	is_int(run_function(look, &status), 3, "unmapped: entered as who we are");
	is_int(shared->inode[NSU_USER], link_inode(other.pid, "user"), "unmapped: there");
	ok(shared->value[1] > 0, "unmapped: a uid without a name");
	nsu_plan_free(plan);
	plan = inside;
	kid_end(&other);
}

int main(void)
{
	char word[16];

	if (nsu_ctx_new(NULL, &ctx) == 0 && !nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	if (on_valgrind())
		skip_all("valgrind: no program is run as the kernel does");
	if (!spawn_start())
		skip_all("no child");
	snprintf(word, sizeof(word), "%d", kid.pid);
	plan = plan_for(word, NULL, NULL);
	ok(plan, "a plan");
	if (plan) {
		test_handlers();
		test_enter();
		test_threads();
		test_verdicts();
		test_root();
		test_unmapped();
	}
	nsu_plan_free(plan);
	kid_end(&kid);
	nsu_ctx_free(ctx);
	return done();
}
