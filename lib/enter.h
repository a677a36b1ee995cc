/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the modules of entering share. Everything about a target is opened and read
 * before anything is entered, into the structs here. Functions marked "child" run
 * between fork and exec, perhaps of a threaded program: they allocate nothing and call
 * nothing but what signal-safety(7) lists and plain system calls.
 */
#ifndef NSI_ENTER_H
#define NSI_ENTER_H

#include <sched.h>
#include <sys/resource.h>
#include "nsi.h"

/* hold.c: one process, verified to be the one that was meant, by every way to it */
struct nsi_hold {
	pid_t pid;		/* in the context's procfs */
	int dir;		/* /proc/PID, O_PATH */
	int pidfd;		/* -1: this kernel has none, or pid is no number of
				   ours */
};

/* inroot.c: files below the target's root, which belong to an enemy */
/* Opens a regular file as the target would find it (openat2(2), RESOLVE_IN_ROOT,
   no magic links), without opening anything else on the way to knowing that. */
int nsi_inroot_open(const struct nsu_ctx *ctx, int root, const char *path);
/* The whole of it, at most limit bytes (-EFBIG beyond), NUL behind it. */
ssize_t nsi_inroot_read(const struct nsu_ctx *ctx, int root, const char *path,
			size_t limit, char **ret);
/* 0: a regular file with an execute bit is there. */
int nsi_inroot_check_exec(const struct nsu_ctx *ctx, int root, const char *path);

/* accounts.c: passwd(5) and group(5) as text */
/* ASCII's control characters, or UTF-8's U+0080 to U+009F. */
bool nsi_has_control(const char *text, size_t len);
struct nsi_account {
	uid_t uid;
	gid_t gid;
	char name[64], home[256], shell[256]; /* "" where the line has none fit to use */
};
/* The first line for that user. -ENOENT: none. name NULL: by uid. */
int nsi_account_find(const char *passwd, const char *name, uid_t uid,
		     struct nsi_account *ret);
int nsi_group_find(const char *group, const char *name, gid_t *ret);
/* The groups that name the user as a member, at most max, sorted; their number. */
size_t nsi_group_list(const char *group, const char *user, gid_t *ret, size_t max);

/* environ.c: an environment as data */
struct nsi_environ {
	char *text;		/* owned; entries point into it or were allocated */
	char **list;		/* NULL at its end; what execve(2) takes */
	size_t count, size;
	size_t odd;		/* entries that were left out: no name, no '=' */
	size_t len;		/* of text */
};
void nsi_environ_free(struct nsi_environ *env);
/* Takes over the text of a /proc/PID/environ, len bytes with a NUL behind them; on
   failure it is freed. What env held before is not. */
int nsi_environ_parse(struct nsi_environ *env, char *take_text, size_t len);
/* NAME=VALUE, replacing one of that name; value NULL removes it. -EINVAL: no name. */
int nsi_environ_set(struct nsi_environ *env, const char *name, const char *value);
const char *nsi_environ_get(const struct nsi_environ *env, const char *name);
/* Removes what makes a dynamic linker, a shell or an interpreter run code: the entries
   of another's environment that a program of ours must not see. Their number. */
size_t nsi_environ_disarm(struct nsi_environ *env);

/* cgroup.c: the cgroups of the target, held to be joined */
struct nsi_cgroup {
	int fd;			/* its cgroup.procs, open for writing; -1 */
	int error;		/* negative errno: why it cannot be joined; 0 with fd -1:
				   the caller is in it already */
	bool unified;		/* cgroup v2 */
	char *controllers;	/* "pids", "name=systemd"; "" for v2 */
	char *path;		/* as /proc/PID/cgroup says it */
};
struct nsi_cgroups {
	struct nsi_cgroup *list;
	size_t count;
	bool frozen;		/* by a v2 or v1 freezer: the target is paused */
	bool same;		/* the caller is in all of them already */
	int64_t pids_max;	/* of the tightest level, -1: no limit or unknown */
	int64_t pids_current;	/* at that level */
};
/*
 * dir: the target's /proc/PID. The error of a group: -ENODEV: its hierarchy is mounted
 * nowhere here; -EXDEV: it is outside of all that is; -ENOENT: it was removed; -EACCES,
 * -EROFS: of its cgroup.procs.
 * -ESRCH: the target has ended. -EAGAIN: it was moved again and again. -EBADMSG, -EFBIG.
 */
int nsi_cgroups_open(const struct nsu_ctx *ctx, int dir, struct nsi_cgroups *ret);
void nsi_cgroups_free(struct nsi_cgroups *groups);
/* The line of most meaning: v2's unless it is "/", else the first that is not. NULL. */
const struct nsi_cgroup *nsi_cgroups_get_main(const struct nsi_cgroups *groups);
/*
 * Child: the calling process joins it; 0 where it is in it already. -EBUSY: v2, has
 * controllers for its children. -EOPNOTSUPP: v2, a domain made invalid by threads.
 * -EACCES: nor may it write the common ancestor's (v2). -ENODEV: removed since.
 * -ENOSPC: v1, a cpuset without processors or memory. A process that joins a frozen one
 * stops there; that of v1 not even SIGKILL ends.
 */
int nsi_cgroup_join(const struct nsi_cgroup *group);
/* A line of /proc/PID/cgroup, whose words its strings point to then. -EBADMSG. */
int nsi_cgroup_parse(char *line, struct nsi_cgroup *ret);
/* Whether it is of the hierarchy with that controller of v1. */
bool nsi_cgroup_has(const struct nsi_cgroup *group, const char *controller);
/* Whether it is of the hierarchy that is mounted there. */
bool nsi_cgroup_match(const struct nsi_cgroup *group, const struct nsi_mount *mount);
/* What of path is below root, without a slash before it; "": the root. -EXDEV. */
int nsi_cgroup_get_below(const char *root, const char *path, const char **ret);

/* cgroup-dir.c */
struct nsi_cgroup_place {	/* where a hierarchy is mounted */
	struct nsi_mount mount;
	dev_t dev;
};
/* The caller: where it sees which hierarchy, and its own place in each. self is opened by
   nsi_ctx_open_self(). */
struct nsi_cgroup_here {
	int self;
	char *groups;			/* its /proc/PID/cgroup */
	char *mounts;			/* owns the words of places */
	struct nsi_cgroup_place *places;
	size_t count, size;
};
int nsi_cgroup_here_read_mounts(struct nsi_cgroup_here *here);
void nsi_cgroup_here_free(struct nsi_cgroup_here *here);
/* The /proc/PID/cgroup of an open /proc/PID; "" where the kernel has none. */
int nsi_cgroup_read_groups(int dir, char **ret);
/* Its directory, O_PATH, and how far below the mount's that is. self: the caller's own
   directory in a procfs. -ENODEV: the mount cannot be reached. -EXDEV: not below it. */
int nsi_cgroup_open_dir(int self, const struct nsi_cgroup_place *place,
			const struct nsi_cgroup *group, unsigned *ret_depth);
/* The same in two steps: the directory of the mount, then what is below that. */
int nsi_cgroup_open_mount(int self, const struct nsi_cgroup_place *place);
int nsi_cgroup_open_below(int self, const struct nsi_cgroup_place *place, int mount,
			  const char *path);
unsigned nsi_cgroup_count_levels(const char *path);
/* The file is this one word. */
bool nsi_cgroup_says(int dir, const char *path, const char *what);
/* A file of one number. INT64_MAX: "max"; -1: anything else, no such file. */
int64_t nsi_cgroup_read_count(int dir, const char *path);
/* Adds whether it is frozen, and the room for processes in it and up to the mount's
   directory, which is that many levels above dir. */
void nsi_cgroup_read_state(const struct nsi_cgroup *group, int dir, unsigned depth,
			   struct nsi_cgroups *groups);

/* confine.c: what the kernel lets the target do, as it stands in its /proc directory.
   confine-set.c: the same given to the calling process */
enum nsi_lsm { NSI_LSM_NONE, NSI_LSM_APPARMOR, NSI_LSM_SELINUX, NSI_LSM_OTHER };
struct nsi_filter {		/* a seccomp filter: struct sock_filter code[count] */
	uint64_t *code;
	unsigned count;
};
struct nsi_sched {		/* struct sched_attr of sched_setattr(2), first version */
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};
struct nsi_confine {
	uid_t uid, gid;			/* effective, as the caller sees them */
	gid_t *groups;
	size_t group_count;
	uint64_t bounding, permitted, effective, inheritable, ambient;
	bool no_new_privs;
	int seccomp;			/* 0 none, 1 strict, 2 filter; -1 unknown */
	unsigned filter_count;		/* Seccomp_filters:, 0 where the kernel says
					   none */
	int umask;			/* -1: unknown */
	int oom_score_adj;
	unsigned long personality;
	struct rlimit64 limits[RLIM_NLIMITS];
	struct nsi_sched sched;			/* size 0: not read */
	cpu_set_t cpus;				/* none: not read */
	int ioprio;				/* -1: not read */
	enum nsi_lsm lsm;
	char *label;			/* without AppArmor's " (enforce)"; NULL: none,
					   unconfined */
	char *mode;			/* AppArmor's "enforce"; NULL */
	/* 0, or the negative errno for which that could not be read */
	int status_error, limits_error, oom_error, personality_error, sched_error,
		label_error;
	struct nsi_filter *filters;	/* the oldest first; NULL: not copied */
	size_t filters_copied;
};
int nsi_confine_read(const struct nsu_ctx *ctx, const struct nsi_hold *hold,
		     struct nsi_confine *ret);
void nsi_confine_free(struct nsi_confine *confine);
/* Stops one task of the target for a moment (ptrace(2)) and copies its filters. */
int nsi_confine_copy_seccomp(const struct nsi_hold *hold, struct nsi_confine *confine);
/* Child, each 0 or a negative errno. procfs: the host's, held from before. */
int nsi_set_limits_up(const struct nsi_confine *confine); /* while still privileged */
int nsi_set_limits(const struct nsi_confine *confine);		/* last */
int nsi_set_oom(const struct nsi_confine *confine, int procfs);
int nsi_set_personality(const struct nsi_confine *confine);
int nsi_set_sched(const struct nsi_confine *confine);
int nsi_set_label(const struct nsi_confine *confine, int procfs); /* at the next exec */
int nsi_set_bounding(uint64_t bounding);	/* drops all others; never gains */
/* capset(2): permitted = effective, inheritable; then the ambient set. */
int nsi_set_caps(uint64_t permitted, uint64_t inheritable, uint64_t ambient);
/* A session keyring of its own (keyrings(7)), where the kernel has any. */
int nsi_leave_keyring(void);
/* bounding may be NULL: it takes a call for each capability. */
int nsi_get_caps(uint64_t *effective, uint64_t *permitted, uint64_t *bounding);
int nsi_set_seccomp(const struct nsi_confine *confine);

/* view.c: a mount namespace of the command's own, where it does not enter the target's */
struct nsi_mountpoint {
	char *path;		/* below /sys, with it */
	int fd;			/* child: a detached copy of what is mounted there */
};
struct nsi_file {		/* a small file to be bound over one of the host's */
	const char *path;	/* "/etc/resolv.conf" */
	char *text;
	size_t len;
};
struct nsi_view {
	bool proc, sys;		/* mount a procfs, a sysfs that fits */
	bool shared_procfs;	/* /proc is mounted in the target's mount namespace */
	bool subset;		/* options of the procfs */
	enum nsu_hidepid hidepid;
	unsigned long sys_flags; /* MS_RDONLY ... of the sysfs that is there */
	struct nsi_mountpoint *below_sys;
	size_t below_count;
	struct nsi_file files[3]; /* resolv.conf, hosts, nsswitch.conf; text NULL: not */
	bool nscd;		/* hide /run/nscd */
	int tree;		/* child: the target's files, a detached mount; -1 */
	char *tree_dir;		/* where they are shown; NULL: not wanted */
};
#define NSI_VIEW_INIT { .tree = -1 }
void nsi_view_free(struct nsi_view *view);
/* The descriptors that a child noted in memory that was lent to it are not ours. */
void nsi_view_forget(struct nsi_view *view);
/* Has anything to mount, for which it takes a mount namespace of the command's own? */
static inline bool nsi_view_mounts(const struct nsi_view *view)
{
	return view->proc || view->sys || view->tree_dir || view->files[0].text ||
	       view->files[1].text;
}
/* A procfs with the hidepid= and subset= of the one that is there. */
void nsi_view_plan_proc(const struct nsu_ctx *ctx, struct nsi_view *view);
/* Reads what stands below /sys, from the caller's own mountinfo. */
int nsi_view_plan_sys(const struct nsu_ctx *ctx, struct nsi_view *view);
/* The target's resolv.conf and hosts, and the host's nsswitch.conf with "hosts: files
   dns". A file that the target does not have stays as it is here. */
int nsi_view_plan_resolv(const struct nsu_ctx *ctx, int root, struct nsi_view *view);
/* Child. A private mount namespace: nothing that is mounted in it is seen elsewhere.
   -ENOTRECOVERABLE: root and working directory are others now, and it must end. */
int nsi_view_unshare(void);
/* Child: a detached copy of all that is mounted at root, a directory of the target's,
   taken from within its mount namespace mntns, and back into own_mntns, to the same root
   and working directory. -ENOTRECOVERABLE: it could not come back and must end. */
int nsi_view_take_tree(struct nsi_view *view, int mntns, int root, int own_mntns);
/* Child, after the fork into the pid namespace and after nsi_view_unshare(); each of them
   does nothing where it is not asked for. */
int nsi_view_mount_tree(struct nsi_view *view);
int nsi_view_mount_proc(const struct nsi_view *view);
int nsi_view_mount_sys(struct nsi_view *view);
int nsi_view_mount_files(const struct nsi_view *view);

#endif
