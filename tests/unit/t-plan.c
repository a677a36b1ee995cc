/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans: what may be asked, what is refused, what is foretold. Nothing is entered. */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "box.h"

#define LARGER(type, name) struct { struct type ours; long later; } name

static struct kid kid;
static const char *box;			/* its pid, as a word */

static void test_names(void)
{
	for (unsigned i = 0; i < NSU_TRAIT_COUNT; i++) {
		const char *name = nsu_trait_get_name(i);

		ok(name && *name, "trait %u has a name", i);
		for (unsigned j = 0; name && j < i; j++)
			if (!strcmp(name, nsu_trait_get_name(j)))
				ok(false, "trait %u has that of %u", i, j);
	}
	is_str(nsu_trait_get_name(NSU_TRAIT_CGROUP), "cgroup", "the first trait");
	is_str(nsu_trait_get_name(NSU_TRAIT_SECCOMP), "seccomp", "the last trait");
	is_str(nsu_trait_get_name(NSU_TRAIT_COUNT), NULL, "no trait");
	is_str(nsu_trait_get_name(-1), NULL, "nor this");
	for (unsigned i = 0; i < NSU_STEP_COUNT; i++)
		ok(nsu_step_get_name(i), "step %u has a name", i);
	is_str(nsu_step_get_name(NSU_STEP_CGROUP), "join its cgroup", "in words");
	is_str(nsu_step_get_name(NSU_STEP_COUNT), NULL, "no step");
}

static void test_sizes(void)
{
	LARGER(nsu_plan_options, plan) = { .ours = NSU_PLAN_OPTIONS_INIT };
	LARGER(nsu_spawn_options, spawn) = { .ours = NSU_SPAWN_OPTIONS_INIT };
	LARGER(nsu_failure, why) = { .ours = NSU_FAILURE_INIT, .later = 7 };
	bool wide = sizeof(void *) == 8;
	struct nsu_plan *self;

	plan.ours.size = wide ? 208 : 128;
	is_int(plan_error("self", &plan.ours), 0, "0.1: nsu_plan_options");
	plan.ours.size = 8;
	is_int(plan_error("self", &plan.ours), -EINVAL, "plan: smaller than ever");
	plan.ours.size = sizeof(plan);
	is_int(plan_error("self", &plan.ours), 0, "plan: larger, and not used");
	plan.later = 1;
	is_int(plan_error("self", &plan.ours), -E2BIG, "plan: larger, and used");
	self = plan_for("self", NULL, NULL);
	spawn.ours.argv = WORDS("/bin/true");
	spawn.ours.size = 8;
	why.ours.size = sizeof(why);
	is_int(nsu_plan_spawn(self, &spawn.ours, &why.ours), -EINVAL,
	       "spawn: smaller than ever");
	ok(why.ours.step == NSU_STEP_CHECK && why.ours.error == -EINVAL &&
		   !why.later && why.ours.size == sizeof(why),
	   "failure: larger, and ours is filled in");
	spawn.ours.size = sizeof(spawn);
	spawn.later = 1;
	is_int(nsu_plan_spawn(self, &spawn.ours, NULL), -E2BIG,
	       "spawn: larger, and used");
	why.ours.size = 8;
	spawn.later = 0;
	is_int(nsu_plan_spawn(self, &spawn.ours, &why.ours), -EINVAL,
	       "failure: smaller than ever");
	is_int(nsu_plan_enter(self, &why.ours), -EINVAL, "and for enter");
	nsu_plan_free(self);
}

/* One member with one value of which there is no such. */
#define IS_REFUSED(member, value) do { \
	struct nsu_plan_options one = NSU_PLAN_OPTIONS_INIT; \
	one.member = (value); \
	is_int(plan_error("self", &one), -EINVAL, #member " " #value); \
} while (0)

static int nothing(void *data)
{
	(void)data;
	return 0;
}

static void test_arguments(void)
{
	struct nsu_plan_options opts = NSU_PLAN_OPTIONS_INIT;
	struct nsu_spawn_options spawn = NSU_SPAWN_OPTIONS_INIT;
	struct nsu_plan *plan = NULL, *self = plan_for("self", NULL, NULL);
	char *none[] = { NULL };

	is_int(nsu_plan_new(NULL, NULL, NULL, &plan), -EINVAL, "no context");
	is_int(nsu_plan_new(ctx, NULL, NULL, NULL), -EINVAL, "no result");
	is_int(nsu_plan_new(ctx, NULL, NULL, &plan), -EINVAL, "nothing to enter");
	opts.types = 1u << NSU_NET;
	is_int(nsu_plan_new(ctx, NULL, &opts, &plan), -EINVAL, "types of nothing");
	ok(!plan, "the result is untouched");
	IS_REFUSED(types, 1u << NSU_TYPE_COUNT);
	IS_REFUSED(traits_on, 1u << NSU_TRAIT_COUNT);
	IS_REFUSED(traits_off, 1u << NSU_TRAIT_COUNT);
	IS_REFUSED(host_tools, true);
	IS_REFUSED(uid_from, NSU_ID_NAME + 1);
	IS_REFUSED(gid_from, NSU_ID_NAME + 1);
	IS_REFUSED(uid_from, NSU_ID_NAME);
	IS_REFUSED(gid_from, NSU_ID_NAME);
	IS_REFUSED(env, NSU_ENV_HOST + 1);
	IS_REFUSED(cwd_from, NSU_CWD_INSIDE + 1);
	IS_REFUSED(cwd_from, NSU_CWD_INSIDE);
	IS_REFUSED(cwd_from, NSU_CWD_OUTSIDE);
	IS_REFUSED(proc, NSU_NO + 1);
	IS_REFUSED(root, -1);
	IS_REFUSED(setenv, ((const char *const[]){ "=x", NULL }));
	is_int(nsu_plan_check(NULL), -EINVAL, "check: no plan");
	is_int(nsu_plan_enter(NULL, NULL), -EINVAL, "enter: no plan");
	is_int(nsu_plan_exec(NULL, none, NULL), -EINVAL, "exec: no plan");
	is_int(nsu_plan_exec(self, NULL, NULL), -EINVAL, "exec: no command");
	is_int(nsu_plan_exec(self, none, NULL), -EINVAL, "exec: an empty one");
	is_int(nsu_plan_spawn(NULL, &spawn, NULL), -EINVAL, "spawn: no plan");
	is_int(nsu_plan_spawn(self, NULL, NULL), -EINVAL, "spawn: no options");
	is_int(nsu_plan_spawn(self, &spawn, NULL), -EINVAL, "spawn: nothing to run");
	spawn.argv = none;
	is_int(nsu_plan_spawn(self, &spawn, NULL), -EINVAL, "spawn: an empty command");
	spawn.function = nothing;
	is_int(nsu_plan_spawn(self, &spawn, NULL), -EINVAL, "spawn: both");
	nsu_plan_free(self);
	nsu_plan_free(NULL);
}

/* Errors of one member of the options, with our own process as the target. */
#define FAILS(error, set, what) do { \
	struct nsu_plan_options opts = NSU_PLAN_OPTIONS_INIT; \
	set; \
	is_int(plan_error("self", &opts), (error), what); \
} while (0)

static void test_errors(void)
{
	struct nsu_target *net = NULL;
	struct nsu_ctx *all = ctx, *few = NULL;
	struct nsu_ctx_options without = NSU_CTX_OPTIONS_INIT;

	FAILS(-ENOENT, opts.root_dir = "/no/such/place", "no root_dir");
	FAILS(-ENOTDIR, opts.root_dir = "/proc/self/status", "root_dir: a file");
	FAILS(-ENOENT, opts.cwd = "/no"; opts.cwd_from = NSU_CWD_OUTSIDE, "no cwd");
	FAILS(0, opts.cwd = "/no"; opts.cwd_from = NSU_CWD_INSIDE, "inside: not yet");
	FAILS(-ENOKEY, opts.uid_from = NSU_ID_NAME; opts.user = "nsutil-x", "no user");
	FAILS(-ENOKEY, opts.gid_from = NSU_ID_NAME; opts.group = "nsutil-x", "no group");
	FAILS(0, opts.gid_from = NSU_ID_NAME; opts.group = "root", "a group");
	is_int(nsu_target_new(ctx, "/proc/self/ns/net", &net), 0, "a namespace");
	FAILS(-EMEDIUMTYPE, opts.ns[NSU_UTS] = net, "of another type");
	FAILS(0, opts.ns[NSU_NET] = net, "of its own");
	nsu_target_free(net);
	is_int(plan_error("net:1", NULL), -ENOENT, "no such namespace");
	without.disable = "ns-id,pidfd";
	is_int(nsu_ctx_new(&without, &few), 0, "a context of an old kernel");
	ctx = few;
	is_int(plan_error(":1", NULL), -ENODATA, "by an id, and there are none");
	FAILS(-EOPNOTSUPP, opts.net_socket = 0, "a socket, and no pidfd");
	is_int(plan_error("self", NULL), 0, "without a pidfd");
	ctx = all;
	nsu_ctx_free(few);
}

static void test_socket(void)
{
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int file = open("/", O_RDONLY | O_CLOEXEC);
	struct nsu_plan_options opts = NSU_PLAN_OPTIONS_INIT;
	struct nsu_plan *plan = NULL;
	int r;

	opts.net_socket = sock;
	plan = plan_for("self", &opts, &r);
	if (r == -EOPNOTSUPP || r == -EPERM) {
		skip("net_socket", "no pidfd_getfd(2) or SIOCGSKNS for this user");
		close(sock);
		close(file);
		return;
	}
	is_int(r, 0, "a socket of ours");
	if (plan)
		is_int(nsu_plan_get_entry(plan, NSU_NET)->verdict, NSU_ENTRY_SAME,
		       "is in our network namespace");
	if (plan)
		is_int(nsu_plan_get_entry(plan, NSU_UTS)->verdict, NSU_ENTRY_NONE,
		       "and nothing else was asked for");
	nsu_plan_free(plan);
	opts.net_socket = file;
	is_int(plan_error("self", &opts), -ENOTSOCK, "a directory is none");
	opts.net_socket = 1000;
	is_int(plan_error("self", &opts), -EBADF, "not open");
	is_int(plan_error("/proc/self/ns/net", &opts), -EINVAL, "of no process");
	close(sock);
	close(file);
}

/* What only a process has. */
static void test_alone(void)
{
	const char *word = "/proc/self/ns/uts";
	struct nsu_plan_options opts = NSU_PLAN_OPTIONS_INIT;
	struct nsu_plan *plan = plan_for(word, NULL, NULL);

	is_int(nsu_plan_get_pid(plan), 0, "alone: no process");
	is_int(nsu_plan_get_entry(plan, NSU_UTS)->verdict, NSU_ENTRY_SAME, "alone: ours");
	is_int(nsu_plan_get_entry(plan, NSU_NET)->verdict, NSU_ENTRY_NONE, "and alone");
	nsu_plan_free(plan);
	opts.types = 1u << NSU_NET;
	is_int(plan_error(word, &opts), -EINVAL, "alone: of another type");
	opts.types = 1u << NSU_UTS;
	is_int(plan_error(word, &opts), 0, "alone: of its own");
	opts.uid_from = NSU_ID_FOLLOW;
	is_int(plan_error(word, &opts), -EINVAL, "alone: nobody to follow");
	opts.uid_from = NSU_ID_AUTO;
	opts.cwd_from = NSU_CWD_TARGET;
	is_int(plan_error(word, &opts), -EINVAL, "alone: no working directory");
	opts.cwd_from = NSU_CWD_AUTO;
	opts.env = NSU_ENV_TARGET;
	is_int(plan_error(word, &opts), -EINVAL, "alone: no environment");
	opts.env = NSU_ENV_AUTO;
	opts.root = NSU_YES;
	is_int(plan_error(word, &opts), -EINVAL, "alone: no root");
	opts.root = NSU_AUTO;
	opts.host_tools = true;
	opts.tree_dir = "/mnt";
	is_int(plan_error(word, &opts), -EINVAL, "alone: no files");
}

static void test_ended(void)
{
	struct nsu_target *target = NULL;
	struct nsu_plan *plan = NULL;
	siginfo_t info;
	struct kid ending;

	if (kid_start(&ending, 0, NULL) < 0) {
		ok(false, "a child");
		return;
	}
	is_int(nsu_target_new(ctx, fmt("%d", ending.pid), &target), 0, "a child");
	close(ending.hold);
	kill(ending.pid, SIGKILL);
	waitid(P_PID, ending.pid, &info, WEXITED | WNOWAIT);
	is_int(nsu_plan_new(ctx, target, NULL, &plan), -ESRCH, "ended, not yet reaped");
	waitpid(ending.pid, NULL, 0);
	is_int(nsu_plan_new(ctx, target, NULL, &plan), -ESRCH, "ended and reaped");
	nsu_target_free(target);
}

static void test_self(void)
{
	struct nsu_plan *plan = plan_for("self", NULL, NULL);
	const struct nsu_outlook *outlook = nsu_plan_get_outlook(plan);

	is_int(nsu_plan_get_pid(plan), getpid(), "self: its pid");
	is_int(nsu_plan_check(plan), 0, "self: may be entered");
	is_int(outlook->entered, 0, "self: nothing to do");
	ok(!outlook->by_pidfd && !outlook->changes_ids && !outlook->own_mounts,
	   "self: nor otherwise");
	is_int(outlook->traits, 0, "self: no traits");
	is_int(outlook->seccomp, -1, "self: which are not even read");
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		const struct nsu_entry *entry = nsu_plan_get_entry(plan, type);
		uint64_t inode = link_inode(getpid(), nsu_type_get_name(type));

		is_int(entry->type, type, "self: entry %u", type);
		is_int(entry->verdict, inode ? NSU_ENTRY_SAME : NSU_ENTRY_NONE,
		       "self: its verdict");
		is_int(entry->inode, inode, "self: its inode");
	}
	ok(!nsu_plan_get_entry(plan, NSU_TYPE_COUNT), "self: no such entry");
	ok(!nsu_plan_count_problems(plan) && !nsu_plan_get_problem(plan, 0),
	   "self: no problem");
	nsu_plan_free(plan);
}

static void test_entries(void)
{
	const unsigned want = 1u << NSU_MNT | 1u << NSU_UTS | 1u << NSU_IPC |
		1u << NSU_PID | 1u << NSU_USER;
	struct nsu_plan *plan = plan_for(box, NULL, NULL);
	const struct nsu_outlook *outlook = nsu_plan_get_outlook(plan);
	pid_t init;

	is_int(nsu_plan_check(plan), 0, "box: may be entered");
	is_int(outlook->entered, want, "box: just what differs");
	ok(outlook->changes_ids && !outlook->uid && !outlook->gid, "box: as root there");
	ok(outlook->traits & 1u << NSU_TRAIT_CAPS &&
		   !(outlook->traits & 1u << NSU_TRAIT_SECCOMP), "box: as its tasks are");
	is_int(outlook->seccomp >= 0, true, "box: its seccomp mode was read");
	init = nsu_plan_get_entry(plan, NSU_PID)->init;
	ok(!init || init == kid.pid, "box: its init, where the kernel tells: %d", init);
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		const struct nsu_entry *entry = nsu_plan_get_entry(plan, type);

		if (!(want & 1u << type))
			continue;
		is_int(entry->verdict, NSU_ENTRY_YES, "box: enters %u", type);
		is_int(entry->inode, link_inode(kid.pid, nsu_type_get_name(type)),
		       "box: that one");
		is_int(entry->owner, link_inode(type == NSU_USER ? getpid() : kid.pid,
						"user"), "box: owned by");
	}
	nsu_plan_free(plan);
}

static const char *env_of(const struct nsu_plan *plan, const char *name)
{
	size_t len = strlen(name);

	for (char *const *at = nsu_plan_get_outlook(plan)->environment; *at; at++)
		if (!strncmp(*at, name, len) && (*at)[len] == '=')
			return *at + len + 1;
	return NULL;
}

static void test_choices(void)
{
	struct nsu_plan_options opts = NSU_PLAN_OPTIONS_INIT;
	const char *const set[] = { "NSU_SET=x=y", "HOME", NULL };
	struct nsu_plan *plan;

	opts.environment = WORDS("TERM=nsu", "SECRET=x", "PATH=/nsu");
	opts.setenv = set;
	opts.traits_on = 1u << NSU_TRAIT_UMASK;
	opts.traits_off = 1u << NSU_TRAIT_CAPS | 1u << NSU_TRAIT_OOM;
	plan = plan_for(box, &opts, NULL);
	is_str(env_of(plan, "TERM"), "nsu", "clean: TERM");
	is_str(env_of(plan, "SECRET"), NULL, "clean: and no more of ours");
	is_str(env_of(plan, "HOME"), NULL, "setenv: unset");
	is_str(env_of(plan, "NSU_SET"), "x=y", "setenv: set");
	is_int(nsu_plan_get_outlook(plan)->traits & (opts.traits_on | opts.traits_off),
	       opts.traits_on, "traits: on and off");
	nsu_plan_free(plan);
	opts.types = 1u << NSU_UTS | 1u << NSU_USER;
	opts.traits_on = 0;
	plan = plan_for(box, &opts, NULL);
	is_int(nsu_plan_get_outlook(plan)->entered, opts.types, "types: those");
	is_int(nsu_plan_get_entry(plan, NSU_IPC)->verdict, NSU_ENTRY_NONE, "no other");
	is_int(nsu_plan_get_outlook(plan)->traits, 0, "types: without its traits");
	is_str(env_of(plan, "SECRET"), "x", "types: with our environment");
	nsu_plan_free(plan);
}

/* In a child: what a plan says of a word in the eyes of nobody. */
static int judge_as_nobody(const char *word, struct nsu_entry *entry, enum nsu_type type)
{
	struct nsu_failure why = NSU_FAILURE_INIT;
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;
	struct nsu_plan *plan;
	int r;

	nsu_ctx_free(ctx);
	ctx = NULL;
	if ((!geteuid() && syscall(SYS_setresuid, 65534, 65534, 65534) < 0) ||
	    nsu_ctx_new(NULL, &ctx) < 0)
		return -ENOTSUP;
	plan = plan_for(word, NULL, &r);
	if (!plan)
		return r;
	*entry = *nsu_plan_get_entry(plan, type);
	opts.argv = WORDS("/bin/true");
	if (nsu_plan_check(plan) != -EPERM ||
	    nsu_plan_spawn(plan, &opts, &why) != -EPERM ||
	    why.step != NSU_STEP_CHECK || nsu_plan_get_outlook(plan)->environment)
		return -EBADE;
	return nsu_plan_enter(plan, &why) == -EPERM ? 0 : -EBADE;
}

static void is_judged(const char *word, enum nsu_type type, enum nsu_verdict verdict,
		      enum nsu_rule rule, const char *what)
{
	struct { int r; struct nsu_entry entry; } said = { -EIO, { 0 } };
	int fds[2];

	if (pipe(fds) < 0)
		return;
	fflush(stdout);
	if (!fork()) {
		said.r = judge_as_nobody(word, &said.entry, type);
		_exit(write(fds[1], &said, sizeof(said)) < 0);
	}
	wait(NULL);
	if (read(fds[0], &said, sizeof(said)) != sizeof(said))
		said.r = -EIO;
	if (said.r == -ENOTSUP) {
		skip(what, "no other user can be taken on here");
	} else {
		is_int(said.r, 0, "%s: refused at check", what);
		is_int(said.entry.verdict, verdict, "%s: verdict", what);
		is_int(said.entry.rule, rule, "%s: rule", what);
	}
	close(fds[0]);
	close(fds[1]);
}

static void test_refused(void)
{
	struct kid other;
	int fd;

	if (geteuid()) {
		is_judged("1", NSU_UTS, NSU_ENTRY_UNREAD, NSU_RULE_UNREADABLE,
			  "process 1");
		skip("a container of root's", "needs root");
		return;
	}
	if (kid_start(&other, CLONE_NEWUTS, NULL) < 0) {
		skip("a container of root's", "clone: no UTS namespace can be made");
		return;
	}
	is_judged(fmt("%d", other.pid), NSU_UTS, NSU_ENTRY_UNREAD, NSU_RULE_UNREADABLE,
		  "root's process");
	fd = open(fmt("/proc/%d/ns/uts", other.pid), O_RDONLY | O_CLOEXEC);
	is_judged(fmt("/proc/self/fd/%d", fd), NSU_UTS, NSU_ENTRY_NO,
		  NSU_RULE_ADMIN_THERE, "root's namespace");
	close(fd);
	kid_end(&other);
}

static void test_often(void)
{
	struct rlimit old, few = { 12, 12 };
	int before = count_fds(), r = 0;

	for (int i = 0; i < 1000 && !r; i++)
		r = plan_error(box, NULL);
	is_int(r, 0, "a thousand plans");
	is_int(count_fds(), before, "no descriptor was left open");
	getrlimit(RLIMIT_NOFILE, &old);
	few.rlim_max = old.rlim_max;
	for (r = -EMFILE; few.rlim_cur < 100 && r == -EMFILE; few.rlim_cur++) {
		setrlimit(RLIMIT_NOFILE, &few);
		r = plan_error(box, NULL);
	}
	setrlimit(RLIMIT_NOFILE, &old);
	is_int(r, 0, "with ever more descriptors: -EMFILE, or the whole plan");
	is_int(count_fds(), before, "nor on failure");
}

static void test_live(void)
{
	char word[16];
	int r = box_start(&kid, BOX);

	if (r < 0) {
		skip("a box", fmt("clone: %s", strerror(-r)));
		return;
	}
	snprintf(word, sizeof(word), "%d", kid.pid);
	box = word;
	test_entries();
	test_choices();
	test_often();
	kid_end(&kid);
}

int main(void)
{
	if (nsu_ctx_new(NULL, &ctx) == 0 && !nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	ok(ctx, "a context");
	test_names();
	test_sizes();
	test_arguments();
	test_errors();
	test_socket();
	test_alone();
	test_ended();
	test_self();
	test_live();
	test_refused();
	nsu_ctx_free(ctx);
	return done();
}
