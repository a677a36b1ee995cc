/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts about cgroups, from trees of plain files. t-cgroup-live has real ones. */
#include "proctree.h"

/*
 * A target that moves while it is looked at cannot be had on order; so this test stands
 * between the module and its reads.
 */
static int target = -1;
static int moves_left;
static bool caller_moves, ends;

static ssize_t moving_read(int dirfd, const char *path, size_t limit, char **ret)
{
	static const char *const places[] = { "3:pids:/a\n0::/\n", "3:pids:/b\n0::/\n" };
	ssize_t n = nsi_read_all_at(dirfd, path, limit, ret);

	if (caller_moves && dirfd != target && !strcmp(path, "cgroup")) {
		tree_file(places[1], "thread-self/cgroup");
		caller_moves = false;
	}
	if (dirfd != target || strcmp(path, "cgroup"))
		return n;
	if (moves_left)
		tree_file(places[moves_left-- % 2], "77/cgroup");
	if (ends) {
		unlinkat(target, "cgroup", 0);
		unlinkat(target, "stat", 0);
	}
	return n;
}
#define nsi_read_all_at moving_read
#include "../../lib/cgroup.c"
#undef nsi_read_all_at

static struct nsi_cgroup parsed(const char *text, int want)
{
	static char line[256], kept[] = "kept";
	struct nsi_cgroup group = { .fd = -7, .path = kept };

	snprintf(line, sizeof(line), "%s", text);
	is_int(nsi_cgroup_parse(line, &group), want, "parse \"%s\"", text);
	is_int(group.fd, -7, "its other members stay");
	return group;
}

static void test_parse(void)
{
	static const char *const bad[] = {
		"", ":", "::", "0", "0:", "0::", ":pids:/", "x:pids:/", "-1:pids:/",
		" 0::/", "0::a", "0:: /", "5:pids:", "5:pids", "5:/pids", "5::/", "00::/",
		"5:pids:pids:/",
	};
	struct nsi_cgroup group;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		is_str(parsed(bad[i], -EBADMSG).path, "kept", "and is untouched");
	group = parsed("0::/", 0);
	ok(group.unified && !*group.controllers, "v2");
	is_str(group.path, "/", "its root");
	group = parsed("11:cpu,cpuacct:/a/b", 0);
	ok(!group.unified, "v1");
	is_str(group.controllers, "cpu,cpuacct", "two controllers");
	is_str(group.path, "/a/b", "their path");
	group = parsed("1:name=systemd:/x:/y: z", 0);
	is_str(group.controllers, "name=systemd", "a named one");
	is_str(group.path, "/x:/y: z", "a path with colons");
	group = parsed("0:pids:/", 0);
	ok(!group.unified, "a controller: not v2");
	group = parsed("0::/../x (deleted)", 0);
	is_str(group.path, "/../x (deleted)", "the path as it is");
}

static void test_match(void)
{
	static const struct {
		const char *type, *super, *controllers;
		bool want;
	} table[] = {
		{ "cgroup2", "rw,nsdelegate", "", true },
		{ "cgroup2", "rw,pids", "pids", false },
		{ "cgroup", "rw", "", false },
		{ "cgroup", "rw,pids", "pids", true },
		{ "cgroup", "rw,pids", "pid", false },
		{ "cgroup", "rw,pids", "pidss", false },
		{ "cgroup", "rw,cpuacct,cpu", "cpu,cpuacct", true },
		{ "cgroup", "rw,cpu,cpuacct", "cpuacct,cpu", true },
		{ "cgroup", "rw,cpu", "cpu,cpuacct", false },
		{ "cgroup", "rw,cpuset", "cpu", false },
		{ "cgroup", "rw,xattr,name=systemd", "name=systemd", true },
		{ "cgroup", "rw,xattr,name=systemd2", "name=systemd", false },
		{ "cgroup", "rw,release_agent=/x\\054pids", "pids", false },
		{ "tmpfs", "rw,pids", "pids", false },
		{ "cgroupx", "rw,pids", "pids", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char type[16], super[64], controllers[32];
		struct nsi_mount mount = { .fstype = type, .super = super };
		struct nsi_cgroup group = { .controllers = controllers };

		snprintf(type, sizeof(type), "%s", table[i].type);
		snprintf(super, sizeof(super), "%s", table[i].super);
		snprintf(controllers, sizeof(controllers), "%s", table[i].controllers);
		group.unified = !*controllers;
		is_int(nsi_cgroup_match(&group, &mount), table[i].want,
		       "match \"%s\" with %s %s", controllers, type, super);
	}
}

static void test_below(void)
{
	static const struct { const char *root, *path, *want; } table[] = {
		{ "/", "/", "" }, { "/", "/a", "a" }, { "/", "/a/b", "a/b" },
		{ "/a", "/a", "" }, { "/a", "/a/b", "b" }, { "/a/b", "/a/b/c/d", "c/d" },
		{ "/a", "/", NULL }, { "/a", "/b", NULL }, { "/a", "/ab", NULL },
		{ "/a/b", "/a", NULL }, { "/a", "/a/../b", NULL }, { "/", "/..", NULL },
		{ "/", "/../a", NULL }, { "/", "/../../a", NULL }, { "/", "/a/..", NULL },
		{ "/..", "/..", "" }, { "/..", "/../a", "a" }, { "/..", "/../..", NULL },
		{ "/..", "/../../a", NULL }, { "/..", "/a", NULL }, { "/..", "/", NULL },
		{ "/../..", "/..", NULL }, { "/../..", "/../../a", "a" },
		{ "/", "/...", "..." }, { "/", "/..a/.b", "..a/.b" },
		{ "/", "/./a", NULL }, { "/", "//a", NULL }, { "/", "/a//b", NULL },
		{ "/", "/a/", NULL }, { "/", "/a/.", NULL }, { "/a", "/a/", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *below = NULL;

		is_int(nsi_cgroup_get_below(table[i].root, table[i].path, &below),
		       table[i].want ? 0 : -EXDEV, "%s from %s", table[i].path,
		       table[i].root);
		is_str(below, table[i].want, "which is it");
	}
}

static struct nsi_cgroups state_of(const char *at, const char *controllers,
				   unsigned depth)
{
	struct nsi_cgroups groups = { .pids_max = -1, .pids_current = -1 };
	struct nsi_cgroup group = { .unified = !*controllers };
	nsi_autofree char *copy = strdup(controllers);
	nsi_autoclose int dir = -1;

	dir = openat(tree_fd, at, O_PATH | O_DIRECTORY | O_CLOEXEC);
	group.controllers = copy;
	nsi_cgroup_read_state(&group, dir, depth, &groups);
	return groups;
}

static void is_room(struct nsi_cgroups groups, int max, int current, const char *what)
{
	is_int(groups.pids_max, max, "room: %s: max", what);
	is_int(groups.pids_current, current, "room: %s: current", what);
}

static void test_room(void)
{
	static const char *const odd[] = {
		"", "max", "max\n", "-1\n", "+1\n", " 1\n", "x\n", "1x\n",
		"99999999999999999999\n",
	};

	tree_begin();
	tree_file("", "a/b/c/cgroup.procs");
	is_room(state_of("a/b/c", "", 2), -1, -1, "no files");
	tree_file("100\n", "a/pids.max");
	tree_file("40\n", "a/pids.current");
	tree_file("30\n", "a/b/pids.max");
	tree_file("12\n", "a/b/pids.current");
	tree_file("max\n", "a/b/c/pids.max");
	tree_file("11\n", "a/b/c/pids.current");
	is_room(state_of("a/b/c", "", 2), 30, 12, "one level up");
	is_room(state_of("a/b/c", "pids", 2), 30, 12, "v1");
	is_room(state_of("a/b/c", "cpu,pids", 2), 30, 12, "v1, with another");
	is_room(state_of("a/b/c", "cpu", 2), -1, -1, "v1, without");
	is_room(state_of("a/b/c", "", 0), -1, -1, "not above the mount");
	tree_file("95\n", "a/pids.current");
	is_room(state_of("a/b/c", "", 2), 100, 95, "the least, not the lowest");
	is_room(state_of("a/b/c", "", 1), 30, 12, "up to the mount");
	tree_file("10\n", "a/b/c/pids.max");
	is_room(state_of("a/b/c", "", 2), 10, 11, "more than allowed");
	tree_file("0\n", "a/b/c/pids.max");
	tree_file("0", "a/b/c/pids.current");
	is_room(state_of("a/b/c", "", 0), 0, 0, "none at all");
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		tree_file(odd[i], "a/b/c/pids.max");
		is_room(state_of("a/b/c", "", 0), -1, -1, "no number");
	}
}

static void test_frozen(void)
{
	static const struct { const char *events; bool want; } table[] = {
		{ "populated 1\nfrozen 1\n", true }, { "frozen 1\npopulated 1\n", true },
		{ "populated 1\nfrozen 0\n", false }, { "populated 1\nfrozen 1", true },
		{ "populated 1\nfrozen 10\n", false }, { "unfrozen 1\n", false },
		{ "", false },
	};

	tree_begin();
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		tree_file(table[i].events, "a/b/cgroup.events");
		is_int(state_of("a/b", "", 1).frozen, table[i].want, "events %zu", i);
		ok(!state_of("a/b", "freezer", 1).frozen, "not those of v1");
	}
	tree_file("0\n", "a/b/cgroup.freeze");
	tree_file("1\n", "a/cgroup.freeze");
	ok(state_of("a/b", "", 1).frozen, "an ancestor freezes");
	ok(!state_of("a/b", "", 0).frozen, "above the mount nothing is read");
	tree_file("0\n", "a/cgroup.freeze");
	ok(!state_of("a/b", "", 1).frozen, "none does");
	tree_file("THAWED\n", "a/b/freezer.state");
	ok(!state_of("a/b", "freezer", 1).frozen, "v1: thawed");
	tree_file("FREEZING\n", "a/b/freezer.state");
	ok(state_of("a/b", "freezer", 1).frozen, "v1: freezing");
	tree_file("FROZEN\n", "a/b/freezer.state");
	ok(state_of("a/b", "cpu,freezer", 1).frozen, "v1: frozen");
	ok(!state_of("a/b", "cpu", 1).frozen && !state_of("a/b", "", 1).frozen,
	   "of another hierarchy");
}

static int open_tree(const struct nsu_ctx *ctx, struct nsi_cgroups *ret)
{
	target = openat(tree_fd, "77", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = nsi_cgroups_open(ctx, target, ret);

	close(target);
	target = -1;
	return r;
}

static void test_errors(const struct nsu_ctx *ctx)
{
	struct nsi_cgroups groups = { .count = 99 };
	nsi_autofree char *huge = malloc((256 << 10) + 1);

	tree_file("", "77/stat");
	tree_file("0::/\n", "thread-self/cgroup");
	is_int(open_tree(ctx, &groups), -ENOENT, "no mountinfo");
	tree_file("", "thread-self/mountinfo");
	tree_file("0::/\nx\n", "77/cgroup");
	is_int(open_tree(ctx, &groups), -EBADMSG, "a line that is none");
	memset(huge, 'x', 256 << 10);
	huge[256 << 10] = '\0';
	tree_file(huge, "77/cgroup");
	is_int(open_tree(ctx, &groups), -EFBIG, "a text without end");
	tree_file("3:pids:/\n0::/\n", "77/cgroup");
	moves_left = 1000;
	is_int(open_tree(ctx, &groups), -EAGAIN, "it moves all the time");
	ok(moves_left > 900, "which ends soon");
	moves_left = 0;
	ends = true;
	is_int(open_tree(ctx, &groups), -ESRCH, "it ends meanwhile");
	is_int(open_tree(ctx, &groups), -ESRCH, "it ended before");
	ends = false;
	is_int(groups.count, 99, "the result is untouched");
	tree_file("", "77/stat");
	is_int(open_tree(ctx, &groups), 0, "a kernel without cgroups");
	ok(groups.same && !groups.count, "has none to join");
	nsi_cgroups_free(&groups);
}

static void test_tree(void)
{
	struct nsu_ctx_options options = NSU_CTX_OPTIONS_INIT;
	struct nsi_cgroups groups = { 0 };
	struct nsu_ctx *ctx = NULL;

	tree_begin();
	options.proc_fd = tree_fd;
	is_int(nsu_ctx_new(&options, &ctx), 0, "a context on the tree");
	test_errors(ctx);
	tree_file("3:pids:/a\n1:name=x:/\n0::/\n", "thread-self/cgroup");
	tree_file("1 1 0:1 / /nowhere rw - cgroup cgroup rw,pids\n"
		  "2 1 0:1 /other / rw - cgroup cgroup rw,name=x\nnonsense\n"
		  "3 1 0:1 / / rw - cgroup2 cgroup2 rw\n", "thread-self/mountinfo");
	tree_file("3:pids:/a\n0::/\n", "77/cgroup");
	is_int(open_tree(ctx, &groups), 0, "the same place");
	ok(groups.same && groups.count == 2, "is the caller's");
	ok(groups.list[0].fd == -1 && !groups.list[0].error && !groups.list[1].error,
	   "and takes no mount");
	is_int(nsi_cgroup_join(&groups.list[0]), 0, "it is joined by doing nothing");
	is_int(groups.pids_max, -1, "no limit is known");
	nsi_cgroups_free(&groups);
	tree_file("4:memory:/a\n3:pids:/\n1:name=x:/y\n0::/b\n", "77/cgroup");
	is_int(open_tree(ctx, &groups), 0, "another place");
	ok(!groups.same && groups.count == 4, "is not");
	is_int(groups.list[0].error, -ENODEV, "not mounted");
	is_int(groups.list[1].error, -ENODEV, "mounted where nothing is");
	is_int(groups.list[2].error, -EXDEV, "outside of what is mounted");
	is_int(groups.list[3].error, -ENODEV, "covered");
	is_int(nsi_cgroup_join(&groups.list[2]), -EXDEV, "the error stays");
	nsi_cgroups_free(&groups);
	tree_file("3:pids:/a (deleted)\n0::/b (deleted)\n", "77/cgroup");
	is_int(open_tree(ctx, &groups), 0, "removed ones");
	is_int(groups.list[0].error, -ENODEV, "v1 has no such mark");
	is_int(groups.list[1].error, -ENOENT, "v2 has");
	nsi_cgroups_free(&groups);
	moves_left = 1;
	is_int(open_tree(ctx, &groups), 0, "it moves once");
	is_str(groups.list[0].path, "/b", "where it is then");
	ok(!groups.same, "where the caller is not");
	nsi_cgroups_free(&groups);
	caller_moves = true;
	is_int(open_tree(ctx, &groups), 0, "the caller is moved there");
	ok(groups.same, "which counts");
	nsi_cgroups_free(&groups);
	nsi_cgroups_free(NULL);
	nsu_ctx_free(ctx);
	tree_end();
}

static void test_main(void)
{
	char a[] = "/a", b[] = "/b", root[] = "/";
	struct nsi_cgroup list[] = { { .path = root }, { .path = a }, { .path = b },
				     { .path = root, .unified = true } };
	struct nsi_cgroups groups = { .list = list, .count = ARRAY_SIZE(list) };

	ok(nsi_cgroups_get_main(&groups) == &list[1], "main: the first that is not /");
	list[3].path = b;
	ok(nsi_cgroups_get_main(&groups) == &list[3], "main: v2");
	groups.count = 1;
	ok(!nsi_cgroups_get_main(&groups), "main: none");
}

int main(void)
{
	test_parse();
	test_match();
	test_below();
	test_room();
	test_frozen();
	test_tree();
	test_main();
	return done();
}
