// SPDX-License-Identifier: GPL-2.0-or-later
/* What confines a process is read from texts that the kernel writes, and never would. */
#include <sys/syscall.h>
#include "enter.h"
#include "uapi.h"
#include "proctree.h"

#define CAPS "CapInh:\t0000000000000000\nCapPrm:\t0000000000000001\n" \
	"CapEff:\t00000000000000ff\nCapBnd:\t000001ffffffffff\n"
#define IDS "Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t9 10 \n"
#define LINE(name, soft, hard) name " " soft " " hard " \n"
#define SIX_LIMITS LINE("Max cpu time", "1", "2") LINE("Max file size", "1", "2") \
	LINE("Max data size", "1", "2") LINE("Max stack size", "1", "2") \
	LINE("Max core file size", "1", "2") LINE("Max resident set", "1", "2")
#define MORE_LIMITS LINE("Max locked memory", "1", "2") \
	LINE("Max address space", "1", "2") LINE("Max file locks", "1", "2") \
	LINE("Max pending signals", "1", "2") LINE("Max msgqueue size", "1", "2") \
	LINE("Max nice priority", "0", "0") LINE("Max realtime priority", "0", "0") \
	LINE("Max realtime timeout", "unlimited", "unlimited")
#define FILES LINE("Max open files", "18446744073709551614", "unlimited")
#define PROCESSES LINE("Max processes", "0", "0")

/* A directory of that one file; the result is to be freed. */
static struct nsi_confine read_tree(const char *name, const char *text)
{
	struct nsu_ctx_options options = NSU_CTX_OPTIONS_INIT;
	struct nsi_hold hold = { .pid = 7, .pidfd = -1 };
	struct nsi_confine c = { 0 };
	struct nsu_ctx *tree = NULL;

	tree_begin();
	tree_file("7 (x) S", "7/stat");
	if (name)
		tree_file(text, "7/%s", name);
	options.proc_fd = tree_fd;
	nsu_ctx_new(&options, &tree);
	hold.dir = openat(tree_fd, "7", O_PATH | O_DIRECTORY | O_CLOEXEC);
	is_int(nsi_confine_read(tree, &hold, &c), 0, "tree: read %s", name);
	is_int(c.sched_error, -EOPNOTSUPP, "tree: nothing by number");
	unlinkat(tree_fd, "7/stat", 0);
	is_int(nsi_confine_read(tree, &hold, &(struct nsi_confine){ 0 }), -ESRCH,
	       "tree: gone");
	close(hold.dir);
	nsu_ctx_free(tree);
	return c;
}

static void test_status(void)
{
	static const char *const bad[] = {
		"", "Uid:", IDS, CAPS, IDS CAPS "\nUmask:\t", IDS CAPS "Umask:\t8\n",
		IDS CAPS "Umask:\t1000\n", IDS CAPS "Seccomp:\t3\n",
		IDS CAPS "Seccomp:\t\n", IDS CAPS "NoNewPrivs:\t2\n",
		IDS CAPS "NoNewPrivs: 1\n", IDS CAPS "Seccomp_filters:\t-1\n",
		IDS CAPS "CapAmb:\t10000000000000000\n", IDS "X" CAPS,
		"Uid:\t1\t2\t3\nGid:\t5\t6\t7\t8\nGroups:\t\n" CAPS,
		"Uid:\t1\t-2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t\n" CAPS,
		"Uid:\t1\t4294967295\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t\n" CAPS,
		"Uid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t1,2\n" CAPS,
		"Uid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n" CAPS "Groups:\t1 2",
		"Name:\tUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t\n" CAPS,
	};
	struct nsi_confine c;
	size_t len = 0;
	char *many;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		c = read_tree("status", bad[i]);
		is_int(c.status_error, -EBADMSG, "status: bad %zu", i);
		ok(c.uid == (uid_t)-1 && !c.groups && c.umask == -1 && c.seccomp == -1,
		   "status: bad %zu leaves nothing", i);
		nsi_confine_free(&c);
	}
	c = read_tree("status", IDS CAPS "Seccomp:\t1\nCapAmb:\t0000000000000004\n");
	is_int(c.status_error, 0, "status: good");
	ok(c.uid == 2 && c.gid == 6 && c.group_count == 2 && c.groups[1] == 10,
	   "status: the effective ids");
	ok(c.permitted == 1 && c.effective == 255 && c.bounding == 0x1ffffffffff &&
	   c.ambient == 4 && !c.no_new_privs && c.seccomp == 1, "status: the rest");
	nsi_confine_free(&c);
	many = malloc(70000 * 12 + 400);
	for (unsigned count = 65536; count <= 65537; count++) {
		len = sprintf(many, "Uid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t");
		for (unsigned i = 0; i < count; i++)
			len += sprintf(many + len, "%u ", 4000000000u + i);
		strcpy(many + len, "\n" CAPS);
		c = read_tree("status", many);
		is_int(c.status_error, count > 65536 ? -EBADMSG : 0, "status: %u groups",
		       count);
		ok(c.group_count == (count > 65536 ? 0 : 65536) &&
		   (!c.groups || c.groups[65535] == 4000065535), "status: all or none");
		nsi_confine_free(&c);
	}
	free(many);
	c = read_tree(NULL, NULL);
	ok(c.status_error == -ENOENT && c.limits_error == -ENOENT &&
	   c.oom_error == -ENOENT && c.personality_error == -ENOENT, "none of the files");
	ok(!c.label_error && c.lsm == NSI_LSM_NONE, "no label");
}

static void test_limits(void)
{
	static const char *const bad[] = {
		"", SIX_LIMITS MORE_LIMITS FILES, SIX_LIMITS PROCESSES FILES,
		SIX_LIMITS MORE_LIMITS FILES LINE("Max processes", "2", "1"),
		SIX_LIMITS MORE_LIMITS FILES LINE("Max processes", "unlimited", "1"),
		SIX_LIMITS MORE_LIMITS FILES LINE("Max processes", "-1", "1"),
		SIX_LIMITS MORE_LIMITS FILES LINE("Max processes", "0x1", "1"),
		SIX_LIMITS MORE_LIMITS FILES LINE("Max processes", "1k", "1k"),
		SIX_LIMITS MORE_LIMITS FILES LINE("Max processes", "1", ""),
		SIX_LIMITS MORE_LIMITS FILES LINE("Max processes", "1", "unlimitedx"),
		SIX_LIMITS MORE_LIMITS FILES "Max processes 1 2",
		SIX_LIMITS MORE_LIMITS FILES
			LINE("Max processes", "1", "18446744073709551616"),
	};
	struct nsi_confine c;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		c = read_tree("limits", bad[i]);
		is_int(c.limits_error, -EBADMSG, "limits: bad %zu", i);
		ok(!c.limits[RLIMIT_CPU].rlim_max, "limits: bad %zu leaves nothing", i);
	}
	c = read_tree("limits", FILES PROCESSES MORE_LIMITS "Max x 1 2\n" SIX_LIMITS);
	is_int(c.limits_error, 0, "limits: in any order, one unknown");
	ok(c.limits[RLIMIT_NOFILE].rlim_cur == UINT64_MAX - 1 &&
	   c.limits[RLIMIT_NOFILE].rlim_max == RLIM64_INFINITY, "limits: of files");
	ok(c.limits[RLIMIT_RSS].rlim_cur == 1 && c.limits[RLIMIT_RSS].rlim_max == 2,
	   "limits: of memory");
}

/* Where the file cannot be read the number is asked, which here is our own. */
static void test_number(void)
{
	struct nsi_hold hold = { .pid = getpid() };
	struct nsi_confine c = { 0 };
	struct nsu_ctx *ctx = NULL;
	bool allowed;

	hold.pidfd = syscall(SYS_pidfd_open, hold.pid, 0);
	nsu_ctx_new(NULL, &ctx);
	allowed = nsu_ctx_get_procfs(ctx)->own_pids && hold.pidfd >= 0;
	tree_begin();
	tree_file("x", "7/stat");
	hold.dir = openat(tree_fd, "7", O_PATH | O_DIRECTORY | O_CLOEXEC);
	is_int(nsi_confine_read(ctx, &hold, &c), 0, "number: read");
	is_int(c.limits_error, allowed ? 0 : -ENOENT, "number: limits");
	is_int(c.sched_error, allowed ? 0 : -EOPNOTSUPP, "number: sched");
	for (int i = 0; i < RLIM_NLIMITS && allowed; i++) {
		struct rlimit64 own;

		getrlimit64(i, &own);
		ok(!memcmp(&own, &c.limits[i], sizeof(own)), "number: limit %d", i);
	}
	ok(!allowed || (c.sched.size == sizeof(c.sched) && CPU_COUNT(&c.cpus) > 0),
	   "number: policy and cpus");
	close(hold.dir);
	if (hold.pidfd >= 0)
		close(hold.pidfd);
	nsu_ctx_free(ctx);
}

static void test_small(void)
{
	static const struct { const char *text; int oom; long personality; } table[] = {
		{ "0\n", 0, 0 }, { "-1000\n", -1000, -1 }, { "1000\n", 1000, 0x1000 },
		{ "1001\n", -1001, 0x1001 }, { "", -1001, -1 }, { "-\n", -1001, -1 },
		{ "1 2\n", -1001, -1 }, { "00c00008\n", -1001, 0xc00008 },
		{ "ffffffff\n", -1001, -1 }, { "fffffffe\n", -1001, 0xfffffffe },
		{ "--1\n", -1001, -1 }, { "+1\n", -1001, -1 }, { "0x1", -1001, -1 },
		{ "0000000000000000000000000000000000000000", -1001, -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *text = table[i].text;
		struct nsi_confine c = read_tree("oom_score_adj", text);

		is_int(c.oom_error ? -1001 : c.oom_score_adj, table[i].oom,
		       "oom: %zu", i);
		c = read_tree("personality", text);
		is_int(c.personality_error ? -1 : (long)c.personality,
		       table[i].personality, "personality: %zu", i);
	}
}

static void test_label(void)
{
	static char huge[5000];
	static const struct {
		const char *file, *text, *label, *mode;
		enum nsi_lsm lsm;
		int error;
	} table[] = {
#define AA "attr/apparmor/current"
#define ANY "attr/current"
		{ AA, "docker-default (enforce)\n", "docker-default", "enforce", 1, 0 },
		{ AA, "unconfined\n", NULL, NULL, 1, 0 },
		{ AA, "a b (x) (kill)", "a b (x)", "kill", 1, 0 },
		{ AA, ":n://p//&:m:q (mixed)", ":n://p//&:m:q", "mixed", 1, 0 },
		{ AA, "/usr/bin/x", "/usr/bin/x", NULL, 1, 0 },
		{ AA, "x ()", "x ()", NULL, 1, 0 }, { AA, "(x)", "(x)", NULL, 1, 0 },
		{ AA, " (x)", " (x)", NULL, 1, 0 }, { AA, "x(y)", "x(y)", NULL, 1, 0 },
		{ AA, "a\nexec b (enforce)", NULL, NULL, 3, -EBADMSG },
		{ AA, "a\033[0m (enforce)", NULL, NULL, 3, -EBADMSG },
		{ AA, huge, NULL, NULL, 3, -EFBIG },
		{ ANY, "s:r:t:s0:c1,c2", "s:r:t:s0:c1,c2", NULL, 2, 0 },
		{ ANY, "u:r:t:s0\n", "u:r:t:s0", NULL, 2, 0 },
		{ ANY, "p (complain)\n", "p", "complain", 1, 0 },
		{ ANY, ":a:b:c:d (enforce)\n", ":a:b:c:d", "enforce", 1, 0 },
		{ ANY, "a:b:c", "a:b:c", NULL, 3, 0 }, { ANY, "_", "_", NULL, 3, 0 },
		{ ANY, "", NULL, NULL, 3, 0 },
	};

	memset(huge, 'x', sizeof(huge) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct nsi_confine c = read_tree(table[i].file, table[i].text);

		is_int(c.label_error, table[i].error, "label %zu", i);
		is_str(c.label, table[i].label, "label %zu: itself", i);
		is_str(c.mode, table[i].mode, "label %zu: its mode", i);
		/* Where SELinux runs, it is not another's. */
		ok(c.lsm == table[i].lsm || (table[i].lsm == 3 && !access(
			"/sys/fs/selinux/enforce", F_OK)), "label %zu: whose", i);
		nsi_confine_free(&c);
	}
}

int main(void)
{
	test_status();
	test_limits();
	test_number();
	test_small();
	test_label();
	return done();
}
