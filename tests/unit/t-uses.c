/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a task has of files and is confined by, and what another process may enter. */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "box.h"

#define ALL (NSU_USES_FILES | NSU_USES_MAPS | NSU_USES_SOCKETS)

static struct nsu_snapshot *snap;

static const struct nsu_task *scan(pid_t pid)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	const struct nsu_task *task = NULL;

	nsu_snapshot_free(snap);
	snap = NULL;
	opts.pids = &pid;
	opts.pid_count = 1;
	if (nsu_snapshot_new(ctx, &opts, &snap) < 0 ||
	    nsu_snapshot_find_task(snap, pid, &task) < 0)
		return NULL;
	return task;
}

static const struct nsu_use *find(const struct nsu_uses *uses, enum nsu_use_kind kind,
				  int fd)
{
	const struct nsu_use *use;

	for (size_t i = 0; (use = nsu_uses_get(uses, i)) != NULL; i++)
		if (use->kind == kind && use->fd == fd)
			return use;
	return NULL;
}

/* mnt_id of a descriptor of ours. */
static unsigned long mount_of(int fd)
{
	char path[64], line[128];
	unsigned long id = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "mnt_id: %lu", &id) == 1)
			break;
	if (f)
		fclose(f);
	return id;
}

static void test_uses(void)
{
	char cwd[4096], self[4096] = "", odd[] = "/tmp/nsu-odd\n \xff.XXXXXX";
	int pair[2], file = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int named = mkostemp(odd, O_CLOEXEC), before = count_fds();
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct nsu_task *task = scan(getpid());
	struct nsu_uses *uses = NULL;
	struct stat st;
	void *mapped;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		self[0] = '\0';
	if (pipe2(pair, O_CLOEXEC) < 0 || !task)
		return;
	mapped = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, named, 0);
	is_int(nsu_uses_new(task, ALL, &uses), 0, "our files");
	is_str(find(uses, NSU_USE_CWD, -1)->path, getcwd(cwd, sizeof(cwd)), "cwd");
	is_str(find(uses, NSU_USE_ROOT, -1)->path, "/", "root");
	is_str(find(uses, NSU_USE_EXE, -1)->path, self, "program");
	is_str(find(uses, NSU_USE_FD, file)->path, "/", "a descriptor");
	is_int(find(uses, NSU_USE_FD, file)->mount, mount_of(file), "its mount");
	ok(mount_of(file) > 0, "which there is");
	is_str(find(uses, NSU_USE_FD, named)->path, odd, "a name is as it is");
	ok(!find(uses, NSU_USE_FD, pair[0]), "a pipe is no file");
	fstat(sock, &st);
	is_int(find(uses, NSU_USE_SOCKET, sock)->socket, st.st_ino, "a socket");
	ok(!find(uses, NSU_USE_FD, sock), "which is no file either");
	ok(mapped == MAP_FAILED || find(uses, NSU_USE_MAP, -1), "something is mapped");
	for (size_t i = 1; i < nsu_uses_count(uses); i++)
		if (nsu_uses_get(uses, i)->kind < nsu_uses_get(uses, i - 1)->kind)
			ok(false, "not in the order of the kinds: %zu", i);
	ok(!nsu_uses_get(uses, nsu_uses_count(uses)), "none behind the last");
	nsu_uses_free(uses);
	is_int(nsu_uses_new(task, NSU_USES_FILES, &uses), 0, "without what is mapped");
	ok(!find(uses, NSU_USE_MAP, -1), "nothing mapped");
	ok(!find(uses, NSU_USE_SOCKET, sock), "no socket");
	nsu_uses_free(uses);
	is_int(nsu_uses_new(task, NSU_USES_SOCKETS, &uses), 0, "sockets alone");
	is_int(nsu_uses_get(uses, 0)->kind, NSU_USE_SOCKET, "no files");
	nsu_uses_free(uses);
	is_int(nsu_uses_new(task, NSU_USES_MAPS, &uses), 0, "what is mapped alone");
	is_int(nsu_uses_get(uses, 0)->kind, NSU_USE_EXE, "the program first");
	nsu_uses_free(uses);
	is_int(nsu_uses_new(task, 0, &uses), -EINVAL, "nothing");
	is_int(nsu_uses_new(task, 1u << 3, &uses), -EINVAL, "no such part");
	nsu_uses_free(NULL);
	is_int(nsu_uses_count(NULL), 0, "of none");
	is_int(nsu_uses_new(NULL, NSU_USES_FILES, &uses), -EINVAL, "no task");
	munmap(mapped, 1);
	close(pair[0]);
	close(pair[1]);
	close(sock);
	is_int(count_fds(), before, "no descriptor is left");
	close(file);
	close(named);
	unlink(odd);
}

static void test_gone(void)
{
	struct nsu_confinement c = NSU_CONFINEMENT_INIT;
	const struct nsu_task *task;
	struct nsu_uses *uses = NULL;
	struct kid kid;

	if (kid_start(&kid, 0, NULL) < 0)
		return;
	task = scan(kid.pid);
	kid_end(&kid);
	if (!task)
		return;
	is_int(nsu_uses_new(task, NSU_USES_FILES, &uses), -ESRCH, "has ended: files");
	ok(!uses, "and nothing was given");
	is_int(nsu_task_read_confinement(task, &c), -ESRCH, "has ended: confinement");
}

static void test_file(void)
{
	struct { struct nsu_file ours; long later; } file = { .ours = NSU_FILE_INIT };
	int root = open("/", O_PATH | O_CLOEXEC), before = count_fds();
	struct stat st;

	is_int(nsu_file_read("/", &file.ours), 0, "the root");
	ok(file.ours.answered && S_ISDIR(file.ours.mode), "is a directory");
	is_int(file.ours.mount, mount_of(root), "its mount");
	ok(stat("/", &st) == 0 && st.st_uid == file.ours.uid &&
		   st.st_gid == file.ours.gid, "its owner");
	is_int(nsu_file_read("/dev/null", &file.ours), 0, "a device");
	ok(S_ISCHR(file.ours.mode) && file.ours.major == 1 && file.ours.minor == 3,
	   "which is 1:3");
	is_int(nsu_file_read("/nonexistent/x", &file.ours), -ENOENT, "none");
	is_int(nsu_file_read("/dev/null/x", &file.ours), -ENOTDIR, "no directory");
	is_int(nsu_file_read(NULL, &file.ours), -EINVAL, "no path");
	file.ours.size = 8;
	is_int(nsu_file_read("/", &file.ours), -EINVAL, "smaller than ever");
	file.ours.size = sizeof(file);
	file.later = 7;
	is_int(nsu_file_read("/", &file.ours), 0, "larger");
	is_int(file.later, 0, "what is beyond becomes 0");
	is_int(count_fds(), before, "no descriptor is left");
	close(root);
}

static void test_confinement(void)
{
	struct nsu_confinement c = NSU_CONFINEMENT_INIT;
	const struct nsu_task *task = scan(getpid());
	unsigned long long effective = 0;
	struct rlimit limit;
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "CapEff: %llx", &effective);
	if (f)
		fclose(f);
	is_int(nsu_task_read_confinement(task, &c), 0, "what confines us");
	ok(c.effective == effective, "our capabilities");
	is_int(c.uid, geteuid(), "our uid");
	is_int(c.no_new_privs, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), "no_new_privs");
	getrlimit(RLIMIT_NOFILE, &limit);
	ok(c.has_limits && c.soft[RLIMIT_NOFILE] == limit.rlim_cur &&
		   c.hard[RLIMIT_NOFILE] == limit.rlim_max, "our limit of descriptors");
	c.size = 8;
	is_int(nsu_task_read_confinement(task, &c), -EINVAL, "smaller than ever");
}

/* A child in namespaces of its own, and we: each asked for the other. */
static void test_as(void)
{
	struct nsu_plan_options opts = NSU_PLAN_OPTIONS_INIT;
	struct nsu_spawn_options spawn = NSU_SPAWN_OPTIONS_INIT;
	struct nsu_failure why = NSU_FAILURE_INIT;
	struct nsu_target *self = NULL, *other = NULL, *net = NULL;
	struct nsu_plan *plan = NULL;
	const struct nsu_entry *entry;
	char word[32];
	struct kid kid;
	int r = box_start(&kid, CLONE_NEWNET), before;

	if (r < 0) {
		skip("for another process", "no user namespaces");
		return;
	}
	before = count_fds();
	snprintf(word, sizeof(word), "%d", kid.pid);
	is_int(nsu_target_new(ctx, word, &other), 0, "the child");
	is_int(nsu_target_new(ctx, "self", &self), 0, "we");
	opts.as = other;
	is_int(nsu_plan_new(ctx, self, &opts, &plan), 0, "for the child: planned");
	is_int(nsu_plan_check(plan), -EPERM, "it may not enter ours");
	entry = nsu_plan_get_entry(plan, NSU_NET);
	ok(entry->verdict == NSU_ENTRY_NO && entry->rule == NSU_RULE_ADMIN_THERE &&
		   entry->caps == 0, "for want of a capability");
	is_int(nsu_plan_get_entry(plan, NSU_UTS)->verdict, NSU_ENTRY_SAME,
	       "what it shares is the same");
	nsu_plan_free(plan);
	opts.as = self;
	is_int(nsu_plan_new(ctx, other, &opts, &plan), 0, "for us: planned");
	is_int(nsu_plan_check(plan), 0, "we may");
	ok(nsu_plan_get_entry(plan, NSU_NET)->caps >> 21 & 1, "CAP_SYS_ADMIN there");
	is_int(nsu_plan_enter(plan, &why), -EINVAL, "but cannot enter by it");
	is_int(why.step, NSU_STEP_CHECK, "which is found first");
	spawn.argv = WORDS("/bin/true");
	is_int(nsu_plan_spawn(plan, &spawn, &why), -EINVAL, "nor spawn");
	nsu_plan_free(plan);
	snprintf(word, sizeof(word), "/proc/%d/ns/net", kid.pid);
	is_int(nsu_target_new(ctx, word, &net), 0, "a namespace");
	opts.as = net;
	is_int(nsu_plan_new(ctx, self, &opts, &plan), -EINVAL, "is no process");
	opts.as = other;
	kid_end(&kid);
	is_int(nsu_plan_new(ctx, self, &opts, &plan), -ESRCH, "nor is one that ended");
	nsu_target_free(net);
	nsu_target_free(self);
	nsu_target_free(other);
	ok(count_fds() <= before, "no descriptor is left");
}

int main(void)
{
	if (nsu_ctx_new(NULL, &ctx) < 0)
		skip_all("no procfs");
	test_uses();
	test_gone();
	test_file();
	test_confinement();
	test_as();
	nsu_snapshot_free(snap);
	nsu_ctx_free(ctx);
	return done();
}
