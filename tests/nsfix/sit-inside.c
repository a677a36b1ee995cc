// SPDX-License-Identifier: GPL-2.0-or-later
/* A container whose first task is made as odd as its arguments say, in their order. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nsfix.h"
#include "probe.h"

struct odd {
	const char *name;
	/* Returns 0, or -1 with errno set. */
	int (*make)(const char *value);
};

static long number(const char *text, int base)
{
	return strtol(text, NULL, base);
}

/* "A:B", where B may be left out. */
static const char *second(const char *value)
{
	const char *colon = strchr(value, ':');

	return colon ? colon + 1 : value;
}

static int make_root(const char *dir)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) ||
	    mount(dir, dir, NULL, MS_BIND | MS_REC, NULL))
		return -1;
	return chdir(dir);
}

/* "SOURCE:TARGET", the target below the working directory, which is the root to be. */
static int make_bind(const char *value)
{
	const char *target = second(value);
	char source[4096];

	snprintf(source, sizeof(source), "%.*s", (int)(target - value - 1), value);
	return mount(source, target, NULL, MS_BIND | MS_REC, NULL);
}

static int make_proc(const char *value)
{
	return mount("proc", *value ? value : "proc", "proc", 0, NULL);
}

static int make_tmpfs(const char *value)
{
	return mount("tmpfs", value, "tmpfs", 0, NULL);
}

static int make_pivot(const char *value)
{
	(void)value;
	if (syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH))
		return -1;
	return chdir("/");
}

/* The working directory stays, outside of it. */
static int make_chroot(const char *value)
{
	return chroot(value);
}

static int make_cwd(const char *value)
{
	return chdir(value);
}

static int make_gone(const char *value)
{
	return mkdir(value, 0700) || chdir(value) || rmdir(value) ? -1 : 0;
}

/* The file's text is its environment, whatever stands there; see PR_SET_MM. */
static int make_env(const char *value)
{
	struct prctl_mm_map map = { .exe_fd = (uint32_t)-1 };
	int fd = open(value, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;

	if (fd < 0 || fstat(fd, &st))
		return -1;
	text = mmap(NULL, (size_t)st.st_size + 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (text == MAP_FAILED || read(fd, text, (size_t)st.st_size) != st.st_size)
		return -1;
	close(fd);
	/* Any that are in order will do: nobody looks at the others. */
	map.start_code = map.start_data = map.start_brk = map.brk =
		map.start_stack = map.arg_start = (uintptr_t)text;
	map.end_code = map.end_data = map.arg_end = (uintptr_t)text + 1;
	map.env_start = (uintptr_t)text;
	map.env_end = (uintptr_t)text + (uintptr_t)st.st_size;
	return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0);
}

static int make_ids(uid_t uid, gid_t gid)
{
	if (syscall(SYS_setresgid, gid, gid, gid) ||
	    prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) ||
	    syscall(SYS_setresuid, uid, uid, uid))
		return -1;
	/* What changing them took away. */
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) ||
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) ? -1 : 0;
}

/* "UID:GID" */
static int make_user(const char *value)
{
	return make_ids((uid_t)number(value, 10), (gid_t)number(second(value), 10));
}

static int make_groups(const char *value)
{
	gid_t list[16];
	size_t count = 0;

	for (const char *at = value; *at && count < 16; at += *at == ',')
		list[count++] = (gid_t)strtol(at, (char **)&at, 10);
	return setgroups(count, list);
}

static int get_caps(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };

	return (int)syscall(SYS_capget, &head, data);
}

static int set_caps(const struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };

	return (int)syscall(SYS_capset, &head, data);
}

/* "19,24": from all sets. */
static int make_drop(const char *value)
{
	struct __user_cap_data_struct data[2];

	for (const char *at = value; *at; at += *at == ',') {
		long cap = strtol(at, (char **)&at, 10);

		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1 &&
		    prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			return -1;
		if (get_caps(data))
			return -1;
		data[cap / 32].permitted &= ~(1U << cap % 32);
		data[cap / 32].effective = data[cap / 32].permitted;
		if (set_caps(data))
			return -1;
	}
	return 0;
}

static int make_inheritable(const char *value)
{
	struct __user_cap_data_struct data[2];

	if (get_caps(data))
		return -1;
	for (const char *at = value; *at; at += *at == ',') {
		long cap = strtol(at, (char **)&at, 10);

		data[cap / 32].inheritable |= 1U << cap % 32;
	}
	return set_caps(data);
}

static int make_ambient(const char *value)
{
	if (make_inheritable(value))
		return -1;
	for (const char *at = value; *at; at += *at == ',')
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE,
			  strtol(at, (char **)&at, 10), 0, 0))
			return -1;
	return 0;
}

static int make_nnp(const char *value)
{
	(void)value;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* "NUMBER:SOFT:HARD" */
static int make_rlimit(const char *value)
{
	const char *soft = second(value);
	struct rlimit limit = { (rlim_t)number(soft, 10),
				(rlim_t)number(second(soft), 10) };

	return setrlimit((int)number(value, 10), &limit);
}

static int make_umask(const char *value)
{
	umask((mode_t)number(value, 8));
	return 0;
}

static int make_nice(const char *value)
{
	return setpriority(PRIO_PROCESS, 0, (int)number(value, 10));
}

static int make_cpu(const char *value)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)number(value, 10), &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static int make_policy(const char *value)
{
	struct sched_param param = { 0 };

	return sched_setscheduler(0, (int)number(value, 10), &param);
}

static int make_personality(const char *value)
{
	return personality((unsigned long)number(value, 16)) < 0 ? -1 : 0;
}

static int make_oom(const char *value)
{
	int r = write_all_at_once("/proc/self/oom_score_adj", value, strlen(value));

	errno = -r;
	return r;
}

/* "NUMBER:ERRNO": a filter that answers that system call so. */
static int make_filter(const char *value)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number(value, 10), 0, 1),
		BPF_STMT(BPF_RET | BPF_K,
			 SECCOMP_RET_ERRNO | (uint32_t)number(second(value), 10)),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 4, code };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

static const struct odd odds[] = {
	{ "root", make_root }, { "bind", make_bind }, { "proc", make_proc },
	{ "tmpfs", make_tmpfs }, { "pivot", make_pivot }, { "chroot", make_chroot },
	{ "cwd", make_cwd }, { "gone", make_gone }, { "env", make_env },
	{ "user", make_user }, { "groups", make_groups }, { "drop", make_drop },
	{ "inheritable", make_inheritable }, { "ambient", make_ambient },
	{ "nnp", make_nnp }, { "rlimit", make_rlimit }, { "umask", make_umask },
	{ "nice", make_nice }, { "cpu", make_cpu }, { "policy", make_policy },
	{ "personality", make_personality }, { "oom", make_oom },
	{ "filter", make_filter },
	/* for build_inside */
	{ "ns", NULL }, { "map", NULL }, { "reach", NULL },
};
#define ODDS (sizeof(odds) / sizeof(odds[0]))

static const char *find_argument(const struct fix *f, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < f->argc; i++)
		if (!strncmp(f->argv[i], name, len) &&
		    (f->argv[i][len] == '=' || !f->argv[i][len]))
			return f->argv[i] + len + (f->argv[i][len] == '=');
	return NULL;
}

static void make_odd(struct fix *f, const char *argument)
{
	size_t len = strcspn(argument, "=");

	for (size_t i = 0; i < ODDS; i++) {
		if (strlen(odds[i].name) != len || strncmp(odds[i].name, argument, len))
			continue;
		if (odds[i].make &&
		    odds[i].make(argument + len + (argument[len] == '=')))
			fix_die(f, argument);
		return;
	}
	errno = EINVAL;
	fix_die(f, argument);
}

/* What its /proc tells is read before that may be gone, and sent when all is made. */
static void body_inside(struct fix *f, int slot)
{
	struct task t = { .slot = slot, .fd = -1 };
	int r = task_read(&t, f->depth);

	if (r < 0) {
		errno = -r;
		fix_die(f, "read own identities");
	}
	for (int i = 0; i < f->argc; i++)
		make_odd(f, f->argv[i]);
	if (find_argument(f, "reach")) {
		pid_t pid = fork();

		if (pid < 0)
			fix_die(f, "fork");
		if (!pid) {
			close(f->report_w);
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			probe_serve();
		}
	}
	fix_send(f, &t);
	fix_hold(f);
}

static unsigned int inside_flags(const struct fix *f)
{
	const char *letters = find_argument(f, "ns");

	return letters ? letters_to_flags(letters) : CONTAINER;
}

/* A user namespace where who makes it is that uid and gid, and there is no other. */
static void body_mapped(struct fix *f, int slot)
{
	const char *id = find_argument(f, "map");
	char uid_line[32], gid_line[32];

	snprintf(uid_line, sizeof(uid_line), "%s %u 1\n", id, geteuid());
	snprintf(gid_line, sizeof(gid_line), "%s %u 1\n", id, getegid());
	if (unshare(CLONE_NEWUSER))
		fix_die(f, "new user namespace");
	if (write_all_at_once("/proc/self/setgroups", "deny", 4) ||
	    write_all_at_once("/proc/self/uid_map", uid_line, strlen(uid_line)) ||
	    write_all_at_once("/proc/self/gid_map", gid_line, strlen(gid_line))) {
		errno = EPERM;
		fix_die(f, "write the maps");
	}
	f->user = 0;
	fix_spawn(f, slot - 1, inside_flags(f), body_inside);
}

int build_inside(struct fix *f)
{
	bool mapped = find_argument(f, "map");

	if (mapped)
		fix_spawn(f, 1, 0, body_mapped);
	else
		fix_spawn(f, 0, inside_flags(f), body_inside);
	if (fix_collect(f, mapped ? 2 : 1))
		return -1;
	json_tasks(f->out, f->tasks, 1);
	return 0;
}
