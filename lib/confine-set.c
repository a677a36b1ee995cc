/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What confine.c read, given to the calling process, which is a child between fork and
 * exec: plain system calls only. What could not be read is refused with its own error,
 * never set to 0.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include "enter.h"
#include "uapi.h"

static void keep_first(int *first, int r)
{
	if (!*first)
		*first = r;
}

static int set_limit(int what, const struct rlimit64 *limit)
{
	return syscall(SYS_prlimit64, 0, what, limit, NULL) < 0 ? nsi_errno() : 0;
}

int nsi_set_limits_up(const struct nsi_confine *confine)
{
	int first = 0;

	if (confine->limits_error)
		return confine->limits_error;
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit64 own;

		if (syscall(SYS_prlimit64, 0, i, NULL, &own) < 0) {
			keep_first(&first, nsi_errno());
			continue;
		}
		if (confine->limits[i].rlim_max <= own.rlim_max)
			continue;
		own.rlim_max = confine->limits[i].rlim_max;
		keep_first(&first, set_limit(i, &own));
	}
	return first;
}

int nsi_set_limits(const struct nsi_confine *confine)
{
	int first = 0;

	if (confine->limits_error)
		return confine->limits_error;
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit64 limit = confine->limits[i], own;
		int r = set_limit(i, &limit);

		keep_first(&first, r);
		if (r != -EPERM || syscall(SYS_prlimit64, 0, i, NULL, &own) < 0)
			continue;
		/* It may not have a higher one; a lower one still holds. */
		if (limit.rlim_cur > own.rlim_max)
			limit.rlim_cur = own.rlim_max;
		limit.rlim_max = own.rlim_max;
		keep_first(&first, set_limit(i, &limit));
	}
	return first;
}

static int check_procfs(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return nsi_errno();
	return fs.f_type == PROC_SUPER_MAGIC ? 0 : -ENODEV;
}

/*
 * Opens a file of the calling process for writing. Nothing may be mounted over it: what
 * is written there could have any effect (CVE-2019-16884).
 */
static int open_own(int procfs, const char *path)
{
	struct open_how how = {
		.flags = O_WRONLY | O_CLOEXEC | O_NOCTTY,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	int fd, r;

	r = check_procfs(procfs);
	if (r < 0)
		return r;
	fd = syscall(SYS_openat2, procfs, path, &how, sizeof(how));
	/* Old container runtimes refuse it with EPERM. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(procfs, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return nsi_errno();
	r = check_procfs(fd);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static int write_whole(int fd, const char *text, size_t len)
{
	ssize_t n;

	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return nsi_errno();
	return (size_t)n == len ? 0 : -EIO;
}

/*
 * The files of a process that is not dumpable are root's. It is dumpable for the one
 * system call that asks who owns them.
 */
static int open_oom(int procfs)
{
	int fd = open_own(procfs, "self/oom_score_adj"), dumpable;

	if (fd != -EACCES && fd != -EPERM)
		return fd;
	dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	if (dumpable < 0 || dumpable == 1 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return fd;
	fd = open_own(procfs, "self/oom_score_adj");
	/* The 2 of fs.suid_dumpable cannot be set; 0 is the safer one. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		int r = nsi_errno();

		nsi_closep(&fd);
		return r;
	}
	return fd;
}

int nsi_set_oom(const struct nsi_confine *confine, int procfs)
{
	int value = confine->oom_score_adj;
	char text[16], *at = text + sizeof(text);
	nsi_autoclose int fd = -1;

	if (confine->oom_error)
		return confine->oom_error;
	for (unsigned rest = value < 0 ? -value : value; ; rest /= 10) {
		*--at = '0' + rest % 10;
		if (rest < 10)
			break;
	}
	if (value < 0)
		*--at = '-';
	fd = open_oom(procfs);
	return fd < 0 ? fd : write_whole(fd, at, text + sizeof(text) - at);
}

int nsi_set_personality(const struct nsi_confine *confine)
{
	long now;

	if (confine->personality_error)
		return confine->personality_error;
	if (confine->personality >= UINT32_MAX)
		return -EINVAL;
	/* What it was may look like an error where long has 32 bits: errno tells. */
	errno = 0;
	if (syscall(SYS_personality, confine->personality) < 0 && errno)
		return nsi_errno();
	/* Some architectures leave out what they do not know. */
	now = syscall(SYS_personality, UINT32_MAX);
	return (uint32_t)now == confine->personality ? 0 : -EOPNOTSUPP;
}

/* Each is left alone where it is the same: to set it would be to pin it. */
int nsi_set_sched(const struct nsi_confine *confine)
{
	struct nsi_sched sched = confine->sched, own = { 0 };
	int first = confine->sched_error;
	cpu_set_t cpus;

	/* A deadline is refused to a process that is bound to fewer cpus, and binding
	   one that has it. */
	CPU_ZERO(&cpus);
	if (CPU_COUNT(&confine->cpus) &&
	    (sched_getaffinity(0, sizeof(cpus), &cpus) < 0 ||
	     !CPU_EQUAL(&cpus, &confine->cpus)) &&
	    sched_setaffinity(0, sizeof(cpus), &confine->cpus) < 0)
		keep_first(&first, nsi_errno());
	if (sched.size &&
	    (syscall(SYS_sched_getattr, 0, &own, sizeof(own), 0) < 0 ||
	     memcmp(&own, &sched, sizeof(own))) &&
	    syscall(SYS_sched_setattr, 0, &sched, 0) < 0)
		keep_first(&first, nsi_errno());
	if (confine->ioprio >= 0 &&
	    syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) != confine->ioprio &&
	    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, confine->ioprio) < 0)
		keep_first(&first, nsi_errno());
	return first;
}

static int open_attr(int procfs, bool apparmor)
{
	/* A thread may write its own attributes only; "self" is the whole process. */
	static const char *const paths[] = {
		"thread-self/attr/apparmor/exec", "self/attr/apparmor/exec",
		"thread-self/attr/exec", "self/attr/exec",
	};
	int fd = -ENOENT;

	for (size_t i = apparmor ? 0 : 2; i < ARRAY_SIZE(paths) && fd == -ENOENT; i++)
		fd = open_own(procfs, paths[i]);
	return fd;
}

int nsi_set_label(const struct nsi_confine *confine, int procfs)
{
	bool apparmor = confine->lsm == NSI_LSM_APPARMOR;
	nsi_autoclose int fd = -1;
	char text[4096];
	size_t len = 0, label;

	if (confine->label_error)
		return confine->label_error;
	if (!confine->label)
		return 0;
	if (!apparmor && confine->lsm != NSI_LSM_SELINUX)
		return -EOPNOTSUPP;
	label = strlen(confine->label);
	if (apparmor) {
		memcpy(text, "exec ", 5);
		len = 5;
	}
	if (label > sizeof(text) - len)
		return -E2BIG;
	memcpy(text + len, confine->label, label);
	fd = open_attr(procfs, apparmor);
	return fd < 0 ? fd : write_whole(fd, text, len + label);
}

int nsi_set_bounding(uint64_t bounding)
{
	for (int cap = 0; cap < 64; cap++) {
		int have = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (have < 0) {
			int r = nsi_errno();

			return r == -EINVAL ? 0 : r;
		}
		if (!have || bounding >> cap & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return nsi_errno();
	}
	return 0;
}

static int set_ambient(uint64_t ambient)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) {
		int r = nsi_errno();

		/* A kernel without an ambient set. */
		return r == -EINVAL && !ambient ? 0 : r;
	}
	for (int cap = 0; cap < 64; cap++)
		if (ambient >> cap & 1 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return nsi_errno();
	return 0;
}

int nsi_set_caps(uint64_t permitted, uint64_t inheritable, uint64_t ambient)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		data[i].effective = data[i].permitted = permitted >> 32 * i;
		data[i].inheritable = inheritable >> 32 * i;
	}
	if (syscall(SYS_capset, &head, data) < 0)
		return nsi_errno();
	return set_ambient(ambient);
}

int nsi_leave_keyring(void)
{
	/* EPERM: a filter that forbids it to the caller too, who has no keys then. */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 ||
	    errno == ENOSYS || errno == EPERM)
		return 0;
	return nsi_errno();
}

int nsi_get_caps(uint64_t *effective, uint64_t *permitted, uint64_t *bounding)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	uint64_t bound = 0;

	if (syscall(SYS_capget, &head, data) < 0)
		return nsi_errno();
	for (int cap = 0; bounding && cap < 64; cap++) {
		int have = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (have < 0) {
			int r = nsi_errno();

			if (r != -EINVAL)
				return r;
			break;
		}
		bound |= (uint64_t)have << cap;
	}
	*effective = data[0].effective | (uint64_t)data[1].effective << 32;
	*permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	if (bounding)
		*bounding = bound;
	return 0;
}
