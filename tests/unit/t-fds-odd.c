/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors that are not what they seem, or not to be read. */
#include <linux/capability.h>
#include <sys/mman.h>
#include "holders.h"
#include "proctree.h"

#define PARTS	(NSU_PART_DEFAULT | NSU_PART_FDS)
#define HIGH	50		/* a descriptor that nothing else has */
#define KID	(CLONE_NEWUSER | CLONE_NEWUTS)

static struct nsu_ctx *ctx;

static void test_names(void)
{
	static const char *const names[] = { "net:[4026531840]", "tun", "socket:[1]",
					     "pid:[4026531836]" };
	pid_t self = getpid();
	struct nsu_snapshot *snap;
	int fds[ARRAY_SIZE(names)], memory = syscall(SYS_memfd_create, names[0], 1);

	tree_begin();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		fds[i] = openat(tree_fd, names[i], O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	snap = scan_these(ctx, PARTS, &self, 1);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		is_int(holders_by_fd(snap, NSU_HOLDER_FD, self, fds[i]), 0,
		       "a file called %s is no namespace", names[i]);
		close(fds[i]);
	}
	is_int(holders_by_fd(snap, NSU_HOLDER_FD, self, memory), 0, "nor memory");
	nsu_snapshot_free(snap);
	close(memory);
	tree_end();
}

static struct swap {
	uint64_t inodes[2];
	char fifo[PATH_MAX];
} *swap;

/* Two namespaces and a FIFO, which to open would take for ever, in turns. */
static int swap_for_ever(void)
{
	int fds[3] = { -1, -1, -1 }, zero = 0;

	swap->inodes[0] = make_ns("uts", CLONE_NEWUTS, &fds[0]);
	swap->inodes[1] = make_ns("uts", CLONE_NEWUTS, &fds[1]);
	fds[2] = open(swap->fifo, O_PATH | O_CLOEXEC);
	/* Behind the one that changes: that is opened first. */
	for (int i = 0; i < 3; i++) {
		int low = fds[i];

		fds[i] = fcntl(low, F_DUPFD_CLOEXEC, HIGH + 10);
		close(low);
	}
	if (write(kid_output, &zero, sizeof(zero)) < 0)
		_exit(1);
	for (unsigned i = 0;; i++)
		dup2(fds[i % 3], HIGH);
	return 0;
}

static void test_swapped(void)
{
	struct kid kid;
	int seen = 0, wrong = 0;

	swap = mmap(NULL, sizeof(*swap), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	tree_begin();
	snprintf(swap->fifo, sizeof(swap->fifo), "%.4000s/fifo", tree_path);
	if (mkfifo(swap->fifo, 0600) < 0 || !start(&kid, KID, swap_for_ever, "swapped"))
		return;
	for (int i = 0; i < 200; i++) {
		struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
		struct nsu_snapshot *snap = NULL;
		int mine = 0;

		options.parts = PARTS;
		options.pids = &kid.pid;
		options.pid_count = 1;
		if (nsu_snapshot_new(ctx, &options, &snap) < 0) {
			wrong++;
			continue;
		}
		for (int k = 0; k < 2; k++)
			mine += holders_of(snap, swap->inodes[k], NSU_HOLDER_FD, kid.pid,
					   HIGH, NULL) > 0;
		/* Those that it swaps it has, too. */
		for (int k = 0; k < 2; k++)
			wrong += holders_of(snap, swap->inodes[k], NSU_HOLDER_FD, kid.pid,
					    -1, NULL) < 1;
		wrong += holders_by_fd(snap, NSU_HOLDER_FD, kid.pid, HIGH) != mine;
		wrong += mine > 1 || has_gap(snap, kid.pid);
		seen += mine;
		nsu_snapshot_free(snap);
	}
	is_int(wrong, 0, "swapped while it is read: one of both or none, and no gap");
	ok(seen > 0, "and mostly one (%d of 200)", seen);
	kid_end(&kid);
	tree_end();
	munmap(swap, sizeof(*swap));
}

/* ---- what may not be read --------------------------------------------------------- */

static bool become_other(unsigned caps)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = caps, .permitted = caps },
	};

	return !prctl(PR_SET_KEEPCAPS, 1) && !syscall(SYS_setgroups, 0, NULL) &&
		!setresgid(65534, 65534, 65534) && !setresuid(65534, 65534, 65534) &&
		!syscall(SYS_capset, &head, data);
}

/* Exit status: what was wrong, as bits. */
static int look_as_other(pid_t pid, bool ptrace)
{
	struct nsu_ctx *other = NULL;
	struct nsu_snapshot *snap = NULL;
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	int want = ptrace ? EACCES : 0;

	if (!become_other(ptrace ? 1u << CAP_SYS_PTRACE : 0))
		return 64;
	options.parts = PARTS;
	options.pids = &pid;
	options.pid_count = 1;
	if (nsu_ctx_new(NULL, &other) < 0 || nsu_snapshot_new(other, &options, &snap) < 0)
		return 32;
	return (gap_error(snap, pid, "fd") != want) << 0 |
		(nsu_snapshot_get_totals(snap)->fds_unread != 1) << 1 |
		(source_error(snap, "fds") != EACCES) << 2 |
		(nsu_snapshot_is_complete(snap)) << 3;
}

static void test_unread(void)
{
	struct kid kid;

	if (geteuid() != 0) {
		skip("what may not be read", "needs root");
		return;
	}
	if (kid_start(&kid, 0, NULL) < 0)
		return;
	for (int ptrace = 0; ptrace < 2; ptrace++) {
		int status = 0;
		pid_t pid = fork();

		if (!pid)
			_exit(look_as_other(kid.pid, ptrace));
		waitpid(pid, &status, 0);
		if (WEXITSTATUS(status) == 64)
			skip("as another user", "no other user can be taken on here");
		else
			is_int(status, 0, ptrace ? "its links, but not its descriptors" :
			       "neither: one gap for both");
	}
	kid_end(&kid);
}

/* ---- a tree of plain files -------------------------------------------------------- */

static void test_tree(void)
{
	static const char *const odd[] = {
		"net:[6000", "net:[0]", "net:[06000]", "net:6000", "[6000]",
		"net:[6000]x", "net:[99999999999999999999999]", "/x/net:[6000]",
		"socket:[x]", "Net:[6000]", "mount:[6000]",
		"socket:[18446744073709551616]", "", "/", "tun", "/tun",
	};
	struct nsu_ctx *other = NULL;
	struct nsu_snapshot *snap;

	tree_begin();
	tree_process(1, 0, 0);
	tree_process(20, 0, 0);
	tree_task("20/task/21", 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		if (*odd[i])
			tree_link(odd[i], "1/fd/%zu", i + 10);
	tree_link("net:[5000]", "20/fd/0");
	tree_link("net:[5001]", "20/fd/x");
	tree_link("uts:[5002]", "20/fd/2147483647");
	tree_link("net:[5000]", "20/task/21/fd/0");
	tree_link("user:[5003]", "20/task/21/fd/1");
	tree_link("net:[5004]", "20/task/20/fd/7");
	tree_link("a FIFO's place", "20/fd/5");
	snap = tree_scan_with(TREE_PARTS | NSU_PART_FDS | NSU_PART_SOCKETS, 0, NULL,
			      &other);
	is_int(holders_of(snap, 5000, NSU_HOLDER_FD, 20, 0, NULL), 1, "once");
	is_int(holders_of(snap, 5001, NSU_HOLDER_FD, 20, -1, NULL), -1, "no number");
	is_int(holders_of(snap, 5002, NSU_HOLDER_FD, 20, INT32_MAX, NULL), 1, "the last");
	is_int(holders_of(snap, 5003, NSU_HOLDER_FD, 20, 1, NULL), 1, "of a thread");
	is_int(holders_of(snap, 6000, NSU_HOLDER_FD, 1, -1, NULL), -1, "odd texts");
	is_int(nsu_snapshot_get_totals(snap)->fds_unread, 0, "none unread");
	is_int(source_error(snap, "fds"), 0, "used");
	is_int(source_error(snap, "sockets"), EOPNOTSUPP, "no sockets in a tree");
	nsu_snapshot_free(snap);
	nsu_ctx_free(other);
	tree_end();
}

/* Two processes with one table: each has what is in it, but that of many is read once. */
static void test_shared(int count, int want)
{
	int fds[300], before = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct nsu_snapshot *snap;
	const struct nsu_gap *gap;
	pid_t pids[2] = { getpid() };
	int error = 0;

	for (int i = 0; i < count; i++)
		fds[i] = dup(before);
	pids[1] = syscall(SYS_clone, CLONE_FILES, 0, 0, 0, 0);
	if (!pids[1]) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	snap = scan_these(ctx, NSU_PART_DEFAULT | NSU_PART_FDS, pids, 2);
	for (size_t i = 0; (gap = nsu_snapshot_get_gap(snap, i)); i++)
		if (!strcmp(gap->step, "fd") && gap->pid == pids[1])
			error = gap->error;
	if (nsu_ctx_get_interface(ctx, NSU_IF_KCMP) == NSU_IF_PRESENT || !want)
		is_int(error, want, "a table of %d that two have", count);
	else
		skip("a table that two have", "kcmp(2)");
	nsu_snapshot_free(snap);
	kill(pids[1], SIGKILL);
	waitpid(pids[1], NULL, __WALL);
	for (int i = 0; i < count; i++)
		close(fds[i]);
	close(before);
}

int main(void)
{
	int open_before;

	alarm(60);		/* what hangs fails */
	if (nsu_ctx_new(NULL, &ctx) < 0)
		skip_all("no procfs here");
	if (!nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	open_before = count_open();
	test_names();
	test_swapped();
	test_unread();
	test_tree();
	test_shared(8, 0);
	test_shared(300, EFBIG);
	is_int(count_open(), open_before, "no descriptor is left open");
	ok(waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD, "nor a child");
	nsu_ctx_free(ctx);
	return done();
}
