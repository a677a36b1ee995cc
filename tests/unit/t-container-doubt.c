/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Containers that write to the file system of cgroups, on trees shaped like /proc. */
#include "proctree.h"

#define X16(c)	c c c c c c c c c c c c c c c c
#define X64(c)	X16(c) X16(c) X16(c) X16(c)
#define A	X64("a")
#define B	X64("b")
#define SHIM	"containerd-shim"
#define OWN	(1u << NSU_PID | 1u << NSU_MNT | 1u << NSU_NET)

static struct nsu_ctx *ctx;
static struct nsu_snapshot *snap;

static void process(pid_t pid, pid_t parent, const char *comm, unsigned own,
		    unsigned number, const char *numbers, const char *cgroup)
{
	char text[512];

	tree_process(pid, own, number);
	snprintf(text, sizeof(text), "Name:\t%s\nState:\tS (sleeping)\nTgid:\t%d\n"
		 "PPid:\t%d\nUid:\t0\t0\t0\t0\nThreads:\t1\nNSpid:\t%s\n", comm, pid,
		 parent, numbers);
	tree_file(text, "%d/status", pid);
	snprintf(text, sizeof(text),
		 "%d (%s) S %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0\n", pid, comm,
		 parent, pid);
	tree_file(text, "%d/stat", pid);
	snprintf(text, sizeof(text), "0::%s\n", cgroup);
	tree_file(text, "%d/cgroup", pid);
}

/* Blanks between its arguments. */
static void supervisor(pid_t pid, const char *comm, const char *numbers, const char *args)
{
	char text[512], path[32];
	size_t len = strlen(args);
	int fd;

	process(pid, 1, comm, 0, 0, numbers, "/system.slice/engine.service");
	snprintf(text, sizeof(text), "%s", args);
	for (size_t i = 0; i < len; i++)
		text[i] = text[i] == ' ' && text[0] != '[' ? '\0' : text[i];
	snprintf(path, sizeof(path), "%d/cmdline", pid);
	fd = openat(tree_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, len + 1) < 0)
		diag("%s: %s", path, strerror(errno));
	close(fd);
}

static void set_uid(pid_t pid, unsigned uid)
{
	char text[128];

	snprintf(text, sizeof(text), "Name:\tx\nState:\tS\nUid:\t%u\t0\t0\t0\n"
		 "Threads:\t1\nNSpid:\t%d\n", uid, pid);
	tree_file(text, "%d/status", pid);
}

static const struct nsu_container *of(pid_t pid)
{
	const struct nsu_container *found = NULL;
	const struct nsu_task *task = NULL;

	nsu_snapshot_find_task(snap, pid, &task);
	return nsu_task_get_container(task, &found) ? NULL : found;
}

static pid_t init(pid_t pid)
{
	const struct nsu_task *found;

	return nsu_container_get_init(of(pid), &found) ? -1 : nsu_task_get_pid(found);
}

static bool is_within(pid_t inner, pid_t outer)
{
	const struct nsu_container *found = NULL;

	return nsu_container_is_claim(of(inner)) &&
		!nsu_container_get_outer(of(inner), &found) && found == of(outer);
}

static void begin(void)
{
	tree_begin();
	process(1, 0, "init", 0, 0, "1", "/init.scope");
	supervisor(10, SHIM, "10", SHIM " -namespace moby -id " A " -address x");
	supervisor(20, SHIM, "20", SHIM " -namespace moby -id " B " -address x");
}

static void scan(void)
{
	snap = tree_scan_with(TREE_PARTS | NSU_PART_CONTAINERS, 0, NULL, &ctx);
}

static void end(void)
{
	nsu_snapshot_free(snap);
	nsu_ctx_free(ctx);
	tree_end();
}

/* A process of it moved to where another's is called so, or to another's. */
static void test_moved_task(void)
{
	begin();
	process(100, 10, "sh", OWN, 1000, "100 1", "/docker/" A);
	process(101, 100, "liar", OWN, 1000, "101 2", "/lxc.payload.web");
	process(102, 10, "exec", OWN, 1000, "102 3", "/lxc.payload.db");
	process(103, 100, "other", OWN, 1000, "103 4", "/docker/" B);
	process(200, 20, "real", OWN, 2000, "200 1", "/docker/" B);
	scan();
	ok(!nsu_container_is_claim(of(100)), "who it moved from is a fact");
	ok(is_within(101, 100), "what it made is its claim");
	ok(is_within(102, 100), "also of one that was begun from outside, by its shim");
	ok(of(103) == of(100), "in another's cgroup it is what it was");
	is_int(init(200), 200, "the other's first process");
	is_int(nsu_container_count_tasks(of(200)), 1, "is alone");
	end();
}

/* Its first process did so. */
static void test_moved_init(void)
{
	const struct nsu_container *c;
	size_t facts = 0;

	begin();
	process(100, 10, "liar", OWN, 1000, "100 1", "/docker/" B);
	process(101, 100, "sh", OWN, 1000, "101 2", "/docker/" A);
	process(200, 20, "real", OWN, 2000, "200 1", "/docker/" B);
	scan();
	is_int(init(200), 200, "an older first process in its cgroup is not its own");
	ok(of(100) == of(101) && init(101) == 100, "but the one of where it came from");
	end();

	begin();
	process(100, 10, "liar", OWN, 1000, "100 1", "/lxc.payload.web");
	process(101, 100, "sh", OWN, 1000, "101 2", "/lxc.payload.web");
	scan();
	is_str(nsu_container_get_word(of(100)), "docker:aaaaaaaaaaaa",
	       "of which nothing else is left: its shim tells");
	ok(is_within(101, 100) || of(101) == of(100), "whose the rest is, too");
	nsu_foreach_container(c, snap)
		facts += !nsu_container_is_claim(c);
	is_int(facts, 1, "and nothing else is a fact");
	end();
}

/* A container in the host's pid namespace; an older process in one below it. */
static void test_no_pidns(void)
{
	begin();
	process(100, 10, "sh", OWN, 1000, "100 1", "/docker/" A);
	process(101, 100, "liar", OWN, 1000, "101 2", "/docker/" B);
	process(200, 20, "real", OWN & ~(1u << NSU_PID), 2000, "200", "/docker/" B);
	scan();
	is_int(init(200), 200, "the first is one that its engine began");
	ok(of(101) == of(100), "not one of another's pid namespace");
	end();
}

/* What engines do themselves is no lie. */
static void test_honest(void)
{
	begin();
	supervisor(30, "lxc-start", "30", "[lxc monitor] /var/lib/lxc web");
	supervisor(40, SHIM, "40", SHIM " -namespace moby -id " B " -address x");
	set_uid(40, 1000);
	process(100, 10, "sh", OWN, 1000, "100 1", "/docker/" A);
	process(200, 20, "beside", OWN & ~(1u << NSU_PID), 2000, "200 7", "/docker/" B);
	tree_link("pid:[1004]", "200/ns/pid");
	process(300, 30, "init", OWN, 3000, "300 1", "/lxc.payload.web-2");
	process(400, 40, "x", OWN, 4000, "400 1", "/lxc.payload.user");
	scan();
	ok(!nsu_container_is_claim(of(200)) && of(200) != of(100),
	   "a container that was put into the pid namespace of another is one");
	is_int(init(200), 200, "with a first process");
	is_str(nsu_container_get_word(of(300)), "lxc:web-2",
	       "LXC's cgroup may be called otherwise");
	is_str(nsu_container_get_word(of(400)), "lxc:user",
	       "a user's word does not count against root's cgroup");
	end();
}

int main(void)
{
	test_moved_task();
	test_moved_init();
	test_no_pidns();
	test_honest();
	return done();
}
