/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs of another release: smaller and larger option structs. And the log. */
#include <fcntl.h>
#include <string.h>
#include "nsi.h"
#include "proctree.h"
#include "../tap.h"

/* A struct of a release to come: ours, and what it has behind. */
#define LARGER(type, name) struct { struct type ours; long later; } name

static int seen[NSU_LOG_DEBUG + 1];
static char last[256];

static void take(void *data, enum nsu_log_level level, const char *message)
{
	(void)data;
	seen[level]++;
	snprintf(last, sizeof(last), "%s", message);
}

/* Programs built with release 0.1, on 64 bits and on 32, go on working. */
static void test_sizes(void)
{
	bool wide = sizeof(void *) == 8;
	struct nsu_ctx_options ctx_opts = NSU_CTX_OPTIONS_INIT;
	struct nsu_scan_options scan_opts = NSU_SCAN_OPTIONS_INIT;
	struct nsu_task_stat st = { .size = wide ? 120 : 104 };
	const struct nsu_task *task = NULL;
	struct nsu_snapshot *snap = NULL;
	struct nsu_ctx *ctx = NULL;

	tree_file("1 (x) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 3 0 77 0", "1/stat");
	ctx_opts.size = wide ? 48 : 24;
	ctx_opts.proc_fd = tree_fd;
	is_int(nsu_ctx_new(&ctx_opts, &ctx), 0, "0.1: nsu_ctx_options");
	scan_opts.size = wide ? 56 : 32;
	is_int(nsu_snapshot_new(ctx, &scan_opts, &snap), 0, "0.1: nsu_scan_options");
	is_int(nsu_snapshot_find_task(snap, 1, &task), 0, "0.1: a task");
	is_int(nsu_task_read_stat(task, &st), 0, "0.1: nsu_task_stat");
	nsu_snapshot_free(snap);
	nsu_ctx_free(ctx);
}

static void test_ctx(void)
{
	LARGER(nsu_ctx_options, larger) = { .ours = NSU_CTX_OPTIONS_INIT };
	struct nsu_ctx_options smaller = NSU_CTX_OPTIONS_INIT;
	struct nsu_ctx *ctx = NULL;

	larger.ours.proc_fd = tree_fd;
	larger.ours.size = sizeof(larger);
	is_int(nsu_ctx_new(&larger.ours, &ctx), 0, "ctx: larger, and not used");
	nsu_ctx_free(ctx);
	larger.later = 1;
	ctx = NULL;
	is_int(nsu_ctx_new(&larger.ours, &ctx), -E2BIG, "ctx: larger, and used");
	ok(!ctx, "ctx: the result is untouched");
	smaller.size = 8;
	is_int(nsu_ctx_new(&smaller, &ctx), -EINVAL, "ctx: smaller than ever");
}

static void test_scan(struct nsu_ctx *ctx)
{
	LARGER(nsu_scan_options, larger) = { .ours = NSU_SCAN_OPTIONS_INIT };
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;
	volatile sig_atomic_t cancel = 1;

	larger.ours.size = sizeof(larger);
	is_int(nsu_snapshot_new(ctx, &larger.ours, &snap), 0, "scan: larger");
	nsu_snapshot_free(snap);
	larger.later = 1;
	is_int(nsu_snapshot_new(ctx, &larger.ours, &snap), -E2BIG, "scan: and used");
	opts.size = 8;
	is_int(nsu_snapshot_new(ctx, &opts, &snap), -EINVAL, "scan: smaller than ever");
	opts.size = sizeof(opts);
	opts.types = 1u << NSU_TYPE_COUNT;
	is_int(nsu_snapshot_new(ctx, &opts, &snap), -EINVAL, "scan: no such type");
	opts.types = 0;
	opts.parts = 1u << 30;
	is_int(nsu_snapshot_new(ctx, &opts, &snap), -EINVAL, "scan: no such part");
	opts.parts = NSU_PART_PIDS;
	is_int(nsu_snapshot_new(ctx, &opts, &snap), 0, "scan: one part");
	is_int(nsu_snapshot_get_parts(snap), NSU_PART_PIDS | NSU_PART_TASKS,
	       "scan: tasks are always read");
	nsu_snapshot_free(snap);
	opts.cancel = &cancel;
	is_int(nsu_snapshot_new(ctx, &opts, &snap), -ECANCELED, "scan: cancelled before");
}

static void test_stat(struct nsu_ctx *ctx)
{
	LARGER(nsu_task_stat, larger) = { .ours = NSU_TASK_STAT_INIT, .later = 7 };
	struct nsu_task_stat smaller = NSU_TASK_STAT_INIT;
	const struct nsu_task *task = NULL;
	struct nsu_snapshot *snap = NULL;

	tree_file("1 (x) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 3 0 77 0", "1/stat");
	is_int(nsu_snapshot_new(ctx, NULL, &snap), 0, "stat: a scan");
	nsu_snapshot_find_task(snap, 1, &task);
	larger.ours.size = sizeof(larger);
	is_int(nsu_task_read_stat(task, &larger.ours), 0, "stat: larger");
	ok(larger.ours.size == sizeof(larger) && !larger.later,
	   "stat: what we do not know is 0, its size its own");
	smaller.size = 8;
	is_int(nsu_task_read_stat(task, &smaller), -EINVAL, "stat: smaller than ever");
	nsu_snapshot_free(snap);
}

static void test_log(void)
{
	struct nsu_ctx_options opts = NSU_CTX_OPTIONS_INIT;
	struct nsu_scan_options limited = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;
	struct nsu_ctx *ctx = NULL;
	const pid_t absent = 4194304;

	tree_link("what", "1/ns/pid_for_children");
	opts.proc_fd = tree_fd;
	opts.log = take;
	is_int(nsu_ctx_new(&opts, &ctx), 0, "log: a context");
	is_int(nsu_snapshot_new(ctx, NULL, &snap), 0, "log: a scan with a gap");
	is_int(seen[NSU_LOG_WARNING], 1, "log: which is told");
	is_str(last, "process 1: read ns/pid_for_children: Bad message",
	       "log: its words");
	nsu_snapshot_free(snap);
	limited.pids = &absent;
	limited.pid_count = 1;
	is_int(nsu_snapshot_new(ctx, &limited, &snap), -ESRCH, "log: of nobody");
	is_int(seen[NSU_LOG_ERROR], 1, "log: why it failed");
	is_str(last, "scan: No such process", "log: its words");
	nsu_ctx_free(ctx);
}

/* A directory that is none of a procfs is no empty host. */
static void test_nothing(void)
{
	struct nsu_ctx_options opts = NSU_CTX_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;
	struct nsu_ctx *ctx = NULL;

	opts.proc_fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	is_int(nsu_ctx_new(&opts, &ctx), 0, "nothing: a context on /dev");
	is_int(nsu_snapshot_new(ctx, NULL, &snap), -ENODATA, "nothing: no process");
	nsu_ctx_free(ctx);
	close(opts.proc_fd);
	opts.proc_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	is_int(nsu_ctx_new(&opts, &ctx), -ENOTDIR, "nothing: no directory");
	close(opts.proc_fd);
	is_int(nsu_ctx_new(&opts, &ctx), -EBADF, "nothing: not open");
}

static void test_limited(struct nsu_ctx *ctx)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	const pid_t pids[] = { 2, 4194304, 2, -1 };
	struct nsu_snapshot *snap = NULL;
	const struct nsu_task *task;
	const struct nsu_ns *ns;

	tree_process(2, 0, 0);
	tree_process(3, 0, 0);
	opts.pids = pids;
	opts.pid_count = ARRAY_SIZE(pids);
	opts.parts = NSU_PART_TASKS | NSU_PART_PIDS;
	opts.types = 1u << NSU_NET;
	is_int(nsu_snapshot_new(ctx, &opts, &snap), 0, "limited: a scan");
	ok(nsu_snapshot_is_limited(snap), "limited: says so");
	is_int(nsu_snapshot_get_totals(snap)->processes, 2,
	       "limited: it and process 1");
	is_int(nsu_snapshot_get_totals(snap)->vanished, 0, "limited: nobody vanished");
	is_int(nsu_snapshot_get_asked(snap),
	       1u << NSU_NET | 1u << NSU_USER | 1u << NSU_PID, "limited: types");
	is_int(nsu_snapshot_find_ns(snap, NSU_MNT, 1, &ns), -ENODATA,
	       "limited: mnt was not asked for");
	is_int(nsu_snapshot_find_inode(snap, 1, &ns), -ENODATA, "limited: who knows");
	is_int(nsu_snapshot_find_ns(snap, NSU_PID, TREE_FIRST(NSU_PID), &ns), 0,
	       "limited: pid was");
	is_int(nsu_ns_get_level(ns), -ENODATA, "limited: its level was not");
	is_int(nsu_snapshot_find_pid(snap, ns, 3, &task), -ENODATA,
	       "limited: nobody looked at process 3");
	nsu_snapshot_free(snap);
}

int main(void)
{
	struct nsu_ctx_options opts = NSU_CTX_OPTIONS_INIT;
	struct nsu_ctx *ctx = NULL;

	tree_begin();
	tree_process(1, 0, 0);
	opts.proc_fd = tree_fd;
	is_int(nsu_ctx_new(&opts, &ctx), 0, "a context");
	test_sizes();
	test_ctx();
	test_scan(ctx);
	test_stat(ctx);
	test_limited(ctx);
	test_log();
	test_nothing();
	nsu_ctx_free(ctx);
	tree_end();
	return done();
}
