/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Target words: each form, right, wrong and malformed. */
#include <limits.h>
#include <sys/stat.h>
#include "nsi.h"
#include "kid.h"
#include "uapi.h"
#include "../tap.h"

static struct nsu_ctx *ctx;
static struct nsu_snapshot *snap;
static struct kid kid;			/* in its own user, pid and net namespace */
static bool have_kid;

/* What the word finds in the snapshot: a tid, or an error of any of the two steps. */
static int find_task(const char *word)
{
	struct nsu_target *target = NULL;
	const struct nsu_task *task = NULL;
	int r = nsu_target_new(ctx, word, &target);

	if (r < 0)
		return target ? 1 : r;
	r = nsu_target_find_task(target, snap, &task);
	nsu_target_free(target);
	return r < 0 ? r : nsu_task_get_tid(task);
}

/* 0 if the word finds just this namespace, else an error; 1: another one. */
static int find_ns(const char *word, enum nsu_type type, uint64_t inode)
{
	struct nsu_target *target = NULL;
	const struct nsu_ns *ns = NULL;
	int r = nsu_target_new(ctx, word, &target);

	if (r < 0)
		return r;
	r = nsu_target_find_ns(target, snap, &ns);
	nsu_target_free(target);
	if (r < 0)
		return r;
	return nsu_ns_get_type(ns) != type || nsu_ns_get_inode(ns) != inode;
}

__attribute__((format(printf, 1, 2)))
static const char *fmt(const char *format, ...)
{
	static char text[PATH_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return text;
}

static void test_malformed(void)
{
	static const char *const bad[] = {
		"", " ", "4711 ", " 4711", "-1", "+1", "4711:",
		"4711:x", "4711:1:2", "net:", "net:[", "net:[]", "net:[1",
		"net:1]", "net:[1]x", "net:[ 1]", "net:-1", "nett:1", ":", ":x", ":-1",
		":1x", "@", "1@", "@1", "x@1", "1@@1", "0@self", "99999999@self",
		"netns:", "netns:.", "netns:..", "netns:a/b", "netns:../../etc/passwd",
		"net:99999999999999999999999999", "\n", "\x1b[0m",
		"verylongnameofatype:1", "self:1", "::1", "web:", "a b", ".", "..",
		"1@net:4026531833", "1@uts:1",
	};
	static const char *const names[] = {
		"nsutil-web", "4711nsutil", "nsutil.5", "SELF-nsutil", "_nsutil",
		"99999999999999999999999999", "nsutil/x",
	};
	char longest[400] = "netns:";

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		is_int(find_task(bad[i]), -EINVAL, "malformed word %zu", i);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		is_int(find_task(names[i]), -ENOENT, "nobody's name: %s", names[i]);
	memset(longest + 6, 'a', 300);
	is_int(find_task(longest), -EINVAL, "a name longer than any file's");
	is_int(nsu_target_new(ctx, NULL, &(struct nsu_target *){ NULL }), -EINVAL,
	       "no word");
	is_int(nsu_target_new(NULL, "1", &(struct nsu_target *){ NULL }), -EINVAL,
	       "no ctx");
	is_int(find_task("1@2@3@4@5@6@7@8@self"), -E2BIG, "nine words joined");
}

static void test_pids(void)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *other = NULL;
	struct nsu_target *target = NULL;
	enum nsu_target_kind kind;
	pid_t pid = 0;

	is_int(find_task("self"), getpid(), "self");
	is_int(find_task(fmt("%d", getpid())), getpid(), "our pid");
	is_int(find_task("4194304"), -ESRCH, "a pid that no process has");
	is_int(find_task("0"), -ESRCH, "0");
	is_int(find_ns("self", NSU_NET, 1), -ENOENT, "a process is no namespace");
	is_int(nsu_target_new(ctx, "host", &target), 0, "host");
	ok(!nsu_target_get_pid(target, &pid) && pid == 1, "is process 1");
	ok(!nsu_target_get_kind(target, &kind) && kind == NSU_TARGET_TASK, "a task");
	nsu_target_free(target);
	is_int(nsu_target_new(ctx, "1@self", &target), 0, "1@self");
	is_int(nsu_target_get_pid(target, &pid), -ENODATA, "only a scan can tell");
	opts.parts = NSU_PART_TASKS;
	opts.types = 1u << NSU_NET;
	opts.targets = (const struct nsu_target *const *)&target;
	opts.target_count = 1;
	is_int(nsu_snapshot_new(ctx, &opts, &other), 0, "a scan for it");
	ok(nsu_snapshot_get_parts(other) & NSU_PART_PIDS &&
		   nsu_snapshot_get_asked(other) & 1u << NSU_PID,
	   "reads the pids at every level");
	nsu_snapshot_free(other);
	nsu_target_free(target);
	is_int(nsu_target_new(ctx, "net:1", &target), 0, "net:1");
	is_int(nsu_target_get_pid(target, &pid), -ENOENT, "a namespace has no pid");
	ok(!nsu_target_get_kind(target, &kind) && kind == NSU_TARGET_NS, "a namespace");
	nsu_target_free(target);
}

static void test_ended(void)
{
	struct nsu_target *target = NULL;
	const struct nsu_task *task;
	struct kid ending;

	if (kid_start(&ending, 0, NULL) < 0) {
		ok(false, "a child");
		return;
	}
	is_int(nsu_target_new(ctx, fmt("%d", ending.pid), &target), 0, "a child");
	kid_end(&ending);
	is_int(nsu_target_find_task(target, snap, &task), -ESRCH, "has ended meanwhile");
	nsu_target_free(target);
	is_int(find_task(fmt("%d", ending.pid)), -ESRCH, "and is not found again");
}

static void test_pidfs(void)
{
	int fd = syscall(SYS_pidfd_open, getpid(), 0), want = -EOPNOTSUPP;
	struct stat st = { 0 };

	if (fd >= 0 && !fstat(fd, &st) &&
	    nsu_ctx_get_interface(ctx, NSU_IF_PIDFS_INODE) == NSU_IF_PRESENT)
		want = getpid();
	if (fd >= 0)
		close(fd);
	is_int(find_task(fmt("%d:%ju", getpid(), (uintmax_t)st.st_ino)), want,
	       "PID:INODE");
	is_int(find_task(fmt("%d:%ju", getpid(), (uintmax_t)st.st_ino + 1)),
	       want > 0 ? -ESTALE : want, "another's inode");
	is_int(find_task("4194304:1"), -ESRCH, "of no process");
}

static void test_ns(void)
{
	uintmax_t inode = link_inode(getpid(), "net");
	const struct nsu_ns *ns = NULL;
	uint64_t id;

	is_int(find_ns(fmt("net:[%ju]", inode), NSU_NET, inode), 0, "net:[INODE]");
	is_int(find_ns(fmt("net:%ju", inode), NSU_NET, inode), 0, "net:INODE");
	is_int(find_ns(fmt("network:%ju", inode), NSU_NET, inode), 0, "by its title");
	is_int(find_ns(fmt("%ju", inode), NSU_NET, inode), 0, "INODE");
	is_int(find_ns(fmt("uts:%ju", inode), NSU_UTS, inode), -ENOENT,
	       "of another type");
	is_int(find_ns("net:[1]", NSU_NET, 1), -ENOENT, "of none");
	is_int(find_ns("4194305", NSU_NET, 1), -ENOENT, "an inode of none");
	is_int(find_task(fmt("net:%ju", inode)), -ENOENT, "a namespace is no process");
	if (!nsu_snapshot_find_inode(snap, inode, &ns) && !nsu_ns_get_id(ns, &id))
		is_int(find_ns(fmt(":%ju", (uintmax_t)id), NSU_NET, inode), 0, ":ID");
	else
		is_int(find_ns(":1", NSU_NET, inode), -ENODATA, ":ID without ids");
}

static void test_paths(void)
{
	char dir[] = "/tmp/nsutil-target.XXXXXX";
	uint64_t net = link_inode(getpid(), "net");

	is_int(find_ns("/proc/self/ns/net", NSU_NET, net), 0, "a path to a namespace");
	is_int(find_ns("/proc/thread-self/ns/user", NSU_USER,
		       link_inode(getpid(), "user")),
	       0, "a path to another type");
	is_int(find_task("/nowhere/at/all"), -ENOENT, "no such file");
	is_int(find_task("netns:no-such-name"), -ENOENT, "no such name");
	is_int(find_task("/"), -EMEDIUMTYPE, "a directory");
	is_int(find_task("/dev/null"), -EMEDIUMTYPE, "a device");
	is_int(find_task("/proc/self/status"), -EMEDIUMTYPE, "a file of procfs");
	is_int(find_task("./."), -EMEDIUMTYPE, "a relative path");
	if (!mkdtemp(dir)) {
		ok(false, "a directory");
		return;
	}
	ok(!mkfifo(fmt("%s/fifo", dir), 0600), "a FIFO that nobody writes to");
	is_int(find_task(fmt("%s/fifo", dir)), -EMEDIUMTYPE, "does not hang");
	unlink(fmt("%s/fifo", dir));
	ok(!symlink("/proc/self/ns/net", fmt("%s/link", dir)), "a link");
	is_int(find_ns(fmt("%s/link", dir), NSU_NET, net), 0, "is followed");
	unlink(fmt("%s/link", dir));
	rmdir(dir);
}

static void test_inner(void)
{
	uintmax_t pidns = link_inode(kid.pid, "pid");
	int r;

	is_int(find_task(fmt("%d@self", getpid())), getpid(),
	       "a pid in our own namespace");
	is_int(find_task("4194304@self"), -ENOENT, "that nobody has");
	is_int(find_task(fmt("1@net:%ju", (uintmax_t)link_inode(getpid(), "net"))),
	       -EINVAL, "in what numbers no process");
	if (!have_kid) {
		skip("pids inside", "user namespaces are not allowed here");
		return;
	}
	is_int(find_task(fmt("1@%d", kid.pid)), kid.pid, "1@PID");
	is_int(find_task(fmt("1@pid:[%ju]", pidns)), kid.pid, "1@pid:[INODE]");
	is_int(find_task(fmt("1@%ju", pidns)), kid.pid, "1@INODE");
	is_int(find_task(fmt("1@/proc/%d/ns/pid", kid.pid)), kid.pid, "1@PATH");
	is_int(find_task(fmt("1@1@1@%d", kid.pid)), kid.pid, "joined");
	/* One who may not be looked into could have it. */
	r = find_task(fmt("2@%d", kid.pid));
	ok(r == -ENOENT || (r == -ENODATA && !nsu_snapshot_is_complete(snap)),
	   "nobody has it in there");
}

int main(void)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;

	if (nsu_ctx_new(NULL, &ctx) < 0)
		skip_all("no /proc");
	if (!nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	have_kid = !kid_start(&kid, CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET, NULL);
	nsu_ctx_probe(ctx);
	options.parts = NSU_PART_DEFAULT | NSU_PART_PIDS;
	is_int(nsu_snapshot_new(ctx, &options, &snap), 0, "a snapshot");
	test_malformed();
	test_pids();
	test_ended();
	test_pidfs();
	test_ns();
	test_paths();
	test_inner();
	if (have_kid)
		kid_end(&kid);
	nsu_snapshot_free(snap);
	nsu_ctx_free(ctx);
	return done();
}
