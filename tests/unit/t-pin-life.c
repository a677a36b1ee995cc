/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a pin: added, created, renamed, removed; as root with mounts in a mount
   namespace of the test's own, as a user with a keeper. */
#include <grp.h>
#include "pinlife.h"
#include "place.h"

#define NOBODY		65534

static void test_type(enum nsu_type type)
{
	const struct nsu_type_info *info = nsu_type_get_info(type);
	struct sum sum = take_sum();
	struct kid kid;
	uint64_t inode;
	int r = kid_start(&kid, info->clone_flag, NULL);

	if (r < 0) {
		skip(info->name, fmt("clone: %s", strerror(-r)));
		return;
	}
	inode = link_inode(kid.pid, info->name);
	r = add("one", kid.pid);
	if (r < 0 && is_refused(type)) {
		skip(info->name, "this kernel numbers mount namespaces by CPU");
		kid_end(&kid);
		return;
	}
	is_int(r, 0, "%s: pinned", info->name);
	is_int(report.types, 1u << type,
	       "%s: what differs, and no more", info->name);
	ok(report.inode[type] == inode, "%s: reported", info->name);
	kid_end(&kid);
	ok(inode && pinned("one", info->name) == inode, "%s: outlives its task",
	   info->name);
	if (type == NSU_PID)
		is_int(report.notes, NSU_PIN_NOTE_OTHER_INIT, "its init is not nsutil's");
	is_int(remove_pin("one"), 0, "%s: removed", info->name);
	ok(report.types == 1u << type && report.inode[type] == inode,
	   "%s: removed: reported", info->name);
	same_sum(&sum, info->name);
}

static int time_below(void)
{
	return unshare(CLONE_NEWTIME) < 0 ? -errno : 0;
}

static void test_time(void)
{
	struct sum sum = take_sum();
	struct kid kid;
	uint64_t inode;
	int r = kid_start(&kid, 0, time_below);

	if (r < 0 || kid.said < 0) {
		skip("time", "unshare: no time namespaces");
		if (!r)
			kid_end(&kid);
		return;
	}
	inode = link_inode(kid.pid, "time_for_children");
	is_int(add_as("t", fmt("time:%ju", (uintmax_t)inode), 0, false), 0,
	       "time: pinned");
	is_int(report.types, 1u << NSU_TIME, "time: a namespace as target");
	kid_end(&kid);
	ok(pinned("t", "time") == inode, "time: stays");
	is_int(remove_pin("t"), 0, "time: removed");
	same_sum(&sum, "time");
}

static void test_names(pid_t pid)
{
	static const char *const names[] = {
		"", ".", "..", ".a", "-a", "a/b", "a b", "a\n", "\xc3\xa4", "a\x1b[m",
		"a:b",
	};
	char longest[NSI_PIN_NAME_MAX + 2];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		refused(add(names[i], pid), -EINVAL, NAME, CHECK,
			fmt("name %zu", i));
		refused(rename_pin("web", names[i]), -EINVAL, NAME,
			CHECK, fmt("new name %zu", i));
	}
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	refused(add(longest, pid), -EINVAL, NAME, CHECK, "201");
	longest[NSI_PIN_NAME_MAX] = '\0';
	is_int(add(longest, pid), 0, "200 letters: a name");
	is_int(remove_pin(longest), 0, "200 letters: removed");
}

static void test_refusals(pid_t pid)
{
	struct sum sum = take_sum();

	test_names(pid);
	is_int(add("web", pid), 0, "a pin");
	refused(add("web", pid), -EEXIST, EXISTS, CHECK, "twice");
	is_int(remove_pin("pin:web"), 0, "removed by its word");
	refused(remove_pin("web"), -ENOENT, ABSENT, CHECK, "gone");
	refused(rename_pin("web", "new"), -ENOENT, ABSENT, CHECK,
		"no such pin is renamed");
	refused(add("web", getpid()), -EINVAL, NO_TYPE, TARGET,
		"the same namespaces as here");
	refused(add_as("web", fmt("%d", pid), 1u << NSU_UTS, true), -EINVAL,
		NO_TYPE, CHECK, "--netns without net");
	is_int(add_as("web", fmt("%d", pid), 1u << 8, false), -EINVAL, "no such type");
	is_int(add_as("web", fmt("/proc/%d/ns/uts", pid), 1u << NSU_NET, false),
	       -EMEDIUMTYPE, "a namespace of another type");
	is_int(report.step, NSU_PIN_STEP_TARGET, "which is the target's fault");
	is_int(add_as("web", "self", 1u << NSU_MNT, false), -ELOOP, "one's own mounts");
	is_int(report.cause, NSU_PIN_CAUSE_OWN_MNTNS, "the cause is told");
	is_int(nsu_pin_add(ctx, "web", NULL, NULL, NULL), -EINVAL, "no target");
	is_int(nsu_pin_create(ctx, "web", NULL, NULL), -EINVAL, "no options");
	is_int(nsu_pin_remove(ctx, NULL, false, NULL), -EINVAL, "no name");
	same_sum(&sum, "refusals");
}

static void test_record(pid_t pid)
{
	struct nsi_record record = { 0 };

	setenv("SUDO_UID", "1234", 1);
	setenv("SUDO_USER", "anna", 1);
	is_int(add_as("rec", fmt("%d", pid), 1u << NSU_UTS | 1u << NSU_NET, false), 0,
	       "two of them");
	is_int(report.types, 1u << NSU_UTS | 1u << NSU_NET, "no others");
	is_int(read_record("rec", &record), 0, "its record");
	is_int(record.stage, NSI_STAGE_MADE, "made");
	is_int(record.uid, 1234, "by who called sudo");
	is_str(record.user, "anna", "by name");
	is_int(record.from_pid, pid, "of which task");
	is_str(record.from, fmt("%d", pid), "the target");
	ok(record.from_command && strstr(record.from_command,
					 program_invocation_short_name),
	   "its command");
	is_str(record.args ? record.args[1] : NULL, "rec", "the words");
	ok(record.made > 1600000000, "when");
	nsi_record_free(&record);
	remove_pin("rec");
	setenv("SUDO_UID", "4294967295", 1);
	setenv("SUDO_USER", "an\x1b[mna", 1);
	is_int(add("rec", pid), 0, "odd words of sudo");
	is_int(read_record("rec", &record), 0, "its record");
	is_int(record.uid, 0, "are not believed");
	ok(!record.user || !strchr(record.user, '\x1b'), "nor written");
	nsi_record_free(&record);
	remove_pin("rec");
	unsetenv("SUDO_UID");
	unsetenv("SUDO_USER");
}


static void test_netns(pid_t pid)
{
	uint64_t inode = link_inode(pid, "net");
	struct sum sum;

	/* The directory is made once. */
	is_int(add_as("net", fmt("%d", pid), 0, true), 0, "with --netns");
	is_int(remove_pin("net"), 0, "removed");
	sum = take_sum();
	is_int(add_as("net", fmt("%d", pid), 1u << NSU_NET, true), 0, "with --netns");
	ok(inode_at("/run/netns/net") == inode, "as ip-netns(8) sees it");
	is_int(rename_pin("net", "ten"), 0, "renamed");
	ok(inode_at("/run/netns/ten") == inode, "so there, too");
	ok(!is_there("/run/netns/net"), "and not under the old name");
	is_int(remove_pin("ten"), 0, "removed");
	same_sum(&sum, "--netns");
	close(open("/run/netns/net", O_CREAT | O_RDONLY | O_CLOEXEC, 0));
	refused(add_as("net", fmt("%d", pid), 0, true), -EEXIST, EXISTS,
		NETNS, "another's of that name");
	ok(is_there("/run/netns/net"), "which stays");
	is_int(add_as("web", fmt("%d", pid), 0, true), 0, "under another name");
	refused(rename_pin("web", "net"), -EEXIST, EXISTS, NETNS,
		"nor by renaming");
	ok(pinned("web", "net") == inode && inode_at("/run/netns/web") == inode,
	   "it keeps its name");
	umount2("/run/netns/web", MNT_DETACH);
	mount("/proc/self/ns/net", "/run/netns/web", NULL, MS_BIND, NULL);
	is_int(remove_pin("web"), 0, "removed while another has its place");
	ok(inode_at("/run/netns/web") == link_inode(getpid(), "net"), "which stays");
	umount2("/run/netns/web", MNT_DETACH);
	unlink("/run/netns/web");
	unlink("/run/netns/net");
	same_sum(&sum, "--netns: others");
}

static void test_create(void)
{
	unsigned types = 1u << NSU_NET | 1u << NSU_UTS | 1u << NSU_PID;
	struct sum sum = take_sum();
	struct nsi_record record = { 0 };
	pid_t init;

	refused(create("new", 0, false), -EINVAL, NO_TYPE, CHECK,
		"nothing to create");
	refused(create("new", 1u << NSU_UTS, true), -EINVAL, NO_TYPE,
		CHECK, "--netns without net");
	is_int(create("new", types, true), 0, "created");
	is_int(report.types, types, "what was asked for");
	ok(report.inode[NSU_NET] && pinned("new", "net") == report.inode[NSU_NET] &&
	   inode_at("/run/netns/new") == report.inode[NSU_NET], "a new one");
	is_int(read_record("new", &record), 0, "its record");
	init = record.init.pid;
	/* Which only root itself may look into. */
	ok(runs(init) && (link_inode(init, "pid") == report.inode[NSU_PID] ||
			  !link_inode(init, "pid")), "its init");
	nsi_record_free(&record);
	is_int(create("new", types, true), -EEXIST, "twice");
	is_int(rename_pin("new", "old"), 0, "renamed");
	ok(runs(init), "its init lives on");
	is_int(remove_pin("old"), 0, "removed");
	is_int(report.notes & NSU_PIN_NOTE_INIT_STAYS, 0, "with its init");
	if (!ok(!runs(init), "which has ended") && init > 0)
		kill(init, SIGKILL);
	same_sum(&sum, "created");
}


static int map_box(void)
{
	return box_map();
}

static void test_user(void)
{
	/* Keepers of other runs have names of their own. */
	const char *mine = strdup(fmt("mine-%d", getpid()));
	const char *yours = strdup(fmt("yours-%d", getpid()));
	struct sum sum;
	struct nsi_record record = { 0 };
	uint64_t uts, user;
	struct kid kid;
	pid_t keeper;
	int r = box_start_as(&kid, CLONE_NEWUTS | CLONE_NEWNET, map_box);

	if (r < 0) {
		skip("as a user", fmt("clone: %s", strerror(-r)));
		goto out;
	}
	uts = link_inode(kid.pid, "uts");
	user = link_inode(kid.pid, "user");
	r = add(mine, kid.pid);
	is_int(r, 0, "a user's pin");
	is_int(report.types, 1u << NSU_UTS | 1u << NSU_NET | 1u << NSU_USER, "all of it");
	ok(pinned(mine, "uts") == uts, "while its task runs");
	is_int(remove_pin(mine), 0, "removed");
	sum = take_sum();
	is_int(add(mine, kid.pid), 0, "again");
	kid_end(&kid);
	ok(pinned(mine, "uts") == uts && pinned(mine, "user") == user,
	   "kept by its keeper");
	is_int(read_record(mine, &record), 0, "its record");
	keeper = record.keeper.pid;
	ok(runs(keeper), "knows the keeper");
	nsi_record_free(&record);
	is_int(rename_pin(mine, yours), 0, "renamed");
	ok(pinned(yours, "uts") == uts && !is_there(fmt("%s/%s", store, mine)),
	   "with all of it");
	is_int(add_as(yours, fmt("uts:%ju", (uintmax_t)uts), 0, false), -EEXIST,
	       "twice");
	unlink(fmt("%s/%s/record.json", store, yours));
	is_int(remove_pin(yours), 0, "removed, though its record was lost");
	ok(report.inode[NSU_UTS] == uts, "by what its keeper knows");
	if (!ok(!runs(keeper), "which has ended") && keeper > 0)
		kill(keeper, SIGKILL);
	sum.fds--;	/* the child's input */
	same_sum(&sum, "a user's");
	refused(create(mine, 0, false), -EINVAL, NO_TYPE, CHECK,
		"nothing to create");
	is_int(create(mine, 1u << NSU_USER | 1u << NSU_NET, true), -EPERM,
	       "--netns is root's");
	is_int(report.step, NSU_PIN_STEP_NETNS, "which is told");
	same_sum(&sum, "refused");
out:
	free((char *)mine);
	free((char *)yours);
}

static void test_root(void)
{
	struct kid kid;
	const char *why = start_root(&kid);

	if (why) {
		skip("as root", why);
		return;
	}
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (type != NSU_TIME)
			test_type(type);
	test_time();
	test_refusals(kid.pid);
	test_record(kid.pid);
	test_netns(kid.pid);
	test_create();
	kid_end(&kid);
	nsu_ctx_free(ctx);
}

static int be_nobody(void)
{
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -errno;
	/* Else its own /proc is root's. */
	prctl(PR_SET_DUMPABLE, 1);
	return 0;
}

/* In a runtime directory of its own. Where this is root, it is nobody from here on. */
static int run_as_user(void)
{
	char runtime[] = "/tmp/nsutil-pin-XXXXXX";
	const char *system = store;

	if (!mkdtemp(runtime))
		return -errno;
	if (!geteuid() && (chown(runtime, NOBODY, NOBODY) < 0 || be_nobody() < 0))
		return -errno;
	setenv("XDG_RUNTIME_DIR", runtime, 1);
	store = strdup(fmt("%s/nsutil/pins", runtime));
	nsu_ctx_new(NULL, &ctx);
	test_user();
	nsu_ctx_free(ctx);
	rmdir(store);
	rmdir(fmt("%s/nsutil", runtime));
	rmdir(runtime);
	free((char *)store);
	store = system;
	return 0;
}

int main(void)
{
	bool root = !geteuid();

	place_need_host();
	/* Who is no user becomes root of a user namespace for the other half. */
	if (root)
		test_root();
	is_int(run_as_user(), 0, "a runtime directory");
	if (!root)
		test_root();
	return done();
}
