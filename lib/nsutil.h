/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NSUTIL_H
#define NSUTIL_H

/*
 * libnsutil: the namespaces of a Linux host, read from procfs and nsfs.
 *
 *	struct nsu_ctx *ctx;
 *	struct nsu_snapshot *snap;
 *
 *	r = nsu_ctx_new(NULL, &ctx);                 where to read
 *	r = nsu_snapshot_new(ctx, NULL, &snap);      one picture of the host
 *	nsu_foreach_ns(ns, snap)                     look at it
 *		printf("%s:[%ju] %zu\n", nsu_type_get_name(nsu_ns_get_type(ns)),
 *		       (uintmax_t)nsu_ns_get_inode(ns), nsu_ns_count_processes(ns));
 *	nsu_snapshot_free(snap);
 *	nsu_ctx_free(ctx);
 *
 * Rules that every function keeps, so that they are not repeated below:
 *
 * - A function that can fail returns 0 or a count on success and a negative errno on
 *   failure; a parameter called `ret` is written on success only. There is no other
 *   error channel: errno itself means nothing to the caller.
 * - -EINVAL: an argument was NULL or outside its range. -ENOMEM: no memory. Any function
 *   that says it can fail may return these.
 * - A struct that the caller makes begins with its size and with its INIT macro: zeroes
 *   alone are no defaults. Members are only ever added at its end, where 0 means as
 *   before, so that programs and libraries of different releases go together. -EINVAL:
 *   size is below that of release 0.1. -E2BIG: a member is set that is newer than the
 *   library.
 * - A struct that the library makes (nsu_type_info, nsu_procfs, nsu_totals, nsu_gap,
 *   nsu_source, nsu_bind) may grow at its end as well: copy none, make no array of them.
 *   Enums may grow: take a value that you do not know for one.
 * - A snapshot is immutable and owns all it holds. Entries (struct nsu_ns, nsu_task,
 *   nsu_sandbox, nsu_gap) are borrowed and live until nsu_snapshot_free(). A context is
 *   freed last: snapshots and targets made from it use it.
 * - count/get pairs walk arrays: get with an index below the count never fails, above
 *   it returns NULL. Arrays are sorted; the order is given with each.
 * - "none" and "unknown" differ: a function that returns an entry says -ENOENT for
 *   there is none, -ENODATA for not asked for in the scan, and another errno for the
 *   reason why it could not be read.
 * - free functions accept NULL. Every descriptor the library opens is close-on-exec.
 * - The library prints nothing, never exits, changes no signal handler and keeps no
 *   global state. Different contexts may be used by different threads at once; one
 *   context by one thread at a time, and so the functions called read or open and those
 *   of targets, which use it. All others only look at a finished snapshot: any number of
 *   threads may call them. A context tells about the process that made it: after
 *   fork(2) the child makes its own.
 * - A process that ends while it is looked at is data, not failure.
 */

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct nsu_ctx;
struct nsu_snapshot;
struct nsu_ns;
struct nsu_task;
struct nsu_sandbox;
struct nsu_target;

/* ---- Types of namespaces ------------------------------------------------------- */

/* In the order of the letters muinpCUT, which are nsenter's options. */
enum nsu_type {
	NSU_MNT, NSU_UTS, NSU_IPC, NSU_NET, NSU_PID, NSU_CGROUP, NSU_USER, NSU_TIME,
};
#define NSU_TYPE_COUNT 8

struct nsu_type_info {
	const char *name;	/* the link in /proc/PID/ns: "mnt" */
	const char *for_children; /* its second link: "pid_for_children", or NULL */
	const char *title;	/* in words: "mount" */
	uint64_t initial;	/* inode of the kernel's first one (include/uapi/linux/
				   nsfs.h of Linux 6.18), 0 where it varies */
	int clone_flag;		/* CLONE_NEW*, as clone(2), unshare(2), setns(2) take it */
	char letter;		/* nsenter's option: 'm' */
	bool nested;		/* has a parent of its own kind: user and pid */
};

/* All that is fixed about a type; never NULL for a valid type. */
const struct nsu_type_info *nsu_type_get_info(enum nsu_type type);
/* "mnt", "uts", ... as in /proc/PID/ns and lsns. */
const char *nsu_type_get_name(enum nsu_type type);
/* The type called so; word may also be the type in words ("mount", "network").
   -ENOENT: no type is called so. */
int nsu_type_find(const char *word, enum nsu_type *ret);

/* ---- Context: where to read ------------------------------------------------------ */

enum nsu_log_level { NSU_LOG_ERROR, NSU_LOG_WARNING, NSU_LOG_INFO, NSU_LOG_DEBUG };

/* One message, without a newline, naming object and action: "process 812: read ns/net:
   Permission denied". ERROR: why a call failed. WARNING: each gap. DEBUG: which kernel
   interfaces there are. Text that came from a process is not escaped. It must not call
   the library with this context. */
typedef void (*nsu_log_fn)(void *data, enum nsu_log_level level, const char *message);

struct nsu_ctx_options {
	size_t size;		/* sizeof(struct nsu_ctx_options) */
	int proc_fd;		/* a directory: procfs, another host's procfs bind-mounted, or a
				   tree of plain files and links shaped like it (for tests: links
				   PID/ns/TYPE, files PID/status and PID/stat, directories
				   PID/task/TID; no relations); it is duplicated. -1: open /proc */
	nsu_log_fn log;		/* NULL: no messages */
	void *log_data;		/* first argument of log */
	enum nsu_log_level log_level; /* the least urgent level that is still wanted */
	const char *disable;	/* interfaces to do without, as if the kernel lacked them:
				   words of nsu_interface_get_name(), separated by commas. For
				   tests of the fall backs. NULL: none */
};
#define NSU_CTX_OPTIONS_INIT { \
	.size = sizeof(struct nsu_ctx_options), .proc_fd = -1, \
	.log_level = NSU_LOG_WARNING }

/*
 * opts may be NULL for /proc and no log. Reads fstatfs(2), /proc/self, its status, and
 * the options of the procfs mount; where the procfs does not show the caller, the last
 * two by /proc.
 * -ENOENT, -EACCES: /proc could not be opened. -ENODEV: /proc is no procfs.
 * -ENOTDIR: proc_fd is no directory. -EBADF: proc_fd is not open. -EINVAL: also a word in
 * disable that is no interface.
 */
int nsu_ctx_new(const struct nsu_ctx_options *opts, struct nsu_ctx **ret);
void nsu_ctx_free(struct nsu_ctx *ctx);

enum nsu_hidepid {
	NSU_HIDEPID_UNKNOWN = -1, /* the mount options could not be read */
	NSU_HIDEPID_OFF,	/* every process is listed */
	NSU_HIDEPID_NOACCESS,	/* listed, but others' cannot be looked into */
	NSU_HIDEPID_INVISIBLE,	/* others' are not listed */
	NSU_HIDEPID_PTRACEABLE,	/* those the caller may not ptrace(2) are not listed */
};

/* What kind of procfs the context reads; proc(5). */
struct nsu_procfs {
	bool real;		/* a procfs, not a tree of plain files */
	bool own_pids;		/* it shows the caller's own pid namespace: its pids may be used
				   with pidfd_open(2) and kill(2). If not, nothing may go by number */
	bool subset;		/* mounted with subset=pid */
	bool exempt;		/* hidepid hides nothing from this caller: in the initial user
				   namespace CAP_SYS_PTRACE, or the group of the mount's gid=.
				   false: it does, or no one can tell */
	enum nsu_hidepid hidepid;
	pid_t self;		/* the caller's pid as this procfs shows it, 0: it does not */
};
/* Never NULL; lives as long as ctx. */
const struct nsu_procfs *nsu_ctx_get_procfs(const struct nsu_ctx *ctx);

/* Newer kernel interfaces that the library tries and can do without. Whether the
   kernel has one is known once it was tried. */
enum nsu_interface {
	NSU_IF_NS_ID,		/* ioctl NS_GET_ID, Linux 6.18 */
	NSU_IF_MNTNS_ID,	/* ioctl NS_GET_MNTNS_ID, Linux 6.11 */
	NSU_IF_OWNER,		/* ioctls NS_GET_USERNS, NS_GET_PARENT, Linux 4.9 */
	NSU_IF_OWNER_UID,	/* ioctl NS_GET_OWNER_UID, Linux 4.11 */
	NSU_IF_TASK_NLINK,	/* st_nlink of /proc/PID/task counts threads */
	NSU_IF_NSPID,		/* NSpid: in /proc/PID/status, Linux 4.1 */
	NSU_IF_PIDFD,		/* pidfd_open(2), Linux 5.3 */
	NSU_IF_PIDFS_INODE,	/* a pidfd's inode number is its process's own, Linux 6.9 */
};
#define NSU_INTERFACE_COUNT 8

enum nsu_interface_state {
	NSU_IF_UNTRIED,		/* no call needed it yet */
	NSU_IF_PRESENT,
	NSU_IF_ABSENT,		/* the kernel said so */
	NSU_IF_DISABLED,	/* by nsu_ctx_options.disable */
};
/* "ns-id", "mntns-id", "owner", "owner-uid", "task-nlink", "nspid", "pidfd",
   "pidfs-inode"; NULL for a value that is no interface. */
const char *nsu_interface_get_name(enum nsu_interface what);
enum nsu_interface_state nsu_ctx_get_interface(const struct nsu_ctx *ctx,
					       enum nsu_interface what);
/* Tries every interface that was not tried yet, on the caller's own namespaces and
   process. No effect on anything. One stays untried where neither this procfs nor /proc
   shows the caller. */
int nsu_ctx_probe(struct nsu_ctx *ctx);

/* ---- Scan: one picture of the host ------------------------------------------------ */

/* What a scan reads. Each part costs; what is not asked for is not read. */
enum nsu_part {
	NSU_PART_TASKS = 1 << 0,	/* processes and their eight namespaces: an open,
					   eight readlinkat(2) and a close each. Always read */
	NSU_PART_THREADS = 1 << 1,	/* threads with a namespace of their own: one
					   fstatat(2) for a process of one thread, one open and seven
					   readlinkat(2) for each further thread. Those of a process
					   whose leader has ended are always read */
	NSU_PART_CHILDREN = 1 << 2,	/* pid_for_children, time_for_children: two
					   readlinkat(2) for each task */
	NSU_PART_RELATIONS = 1 << 3,	/* owners, parents, creators, 64-bit ids, and by them the
					   namespaces that have no task: an open and up to six
					   calls for each namespace, none for each task */
	NSU_PART_PIDS = 1 << 4,		/* pids at every level: one status file for each task
					   in a pid namespace below the procfs's own */
};
#define NSU_PART_DEFAULT (NSU_PART_TASKS | NSU_PART_THREADS | NSU_PART_CHILDREN | \
			  NSU_PART_RELATIONS)

struct nsu_scan_options {
	size_t size;		/* sizeof(struct nsu_scan_options) */
	unsigned parts;		/* NSU_PART_*. 0: NSU_PART_DEFAULT */
	unsigned types;		/* a mask of 1 << NSU_*: the types whose links are read.
				   0: the eight of this release, NSU_TYPES_DEFAULT. User is always
				   read, and pid where PIDS or CHILDREN is asked for */
	const pid_t *pids;	/* NULL: every process. Else just these processes (a thread's number
				   is none; those that do not exist are left out) and the
				   reference: the cost does not depend on how many processes
				   there are */
	size_t pid_count;
	volatile const sig_atomic_t *cancel; /* NULL, or a flag that a signal handler may
				   set: the scan stops with -ECANCELED */
	const struct nsu_target *const *targets; /* NULL, or what shall be found in the
				   picture: the parts and types that it needs are read too,
				   and a namespace that a target holds open is in it, whether
				   or not anything else shows it */
	size_t target_count;
};
#define NSU_TYPES_DEFAULT 0xffu
#define NSU_SCAN_OPTIONS_INIT { .size = sizeof(struct nsu_scan_options) }

/*
 * Reads /proc/PID/ns/ (readlink(2); ptrace access mode PTRACE_MODE_READ_FSCREDS,
 * ptrace(2)) and asks nsfs (ioctl_ns(2)).
 *
 * What cannot be read becomes a gap and the scan goes on. A process that ended
 * meanwhile is neither a gap nor in the picture; one that was there and unchanged from
 * beginning to end is in it with its true namespaces, and these with their true owners
 * and parents. (Of two namespaces that both came or went meanwhile, and had the same
 * inode one after the other, the second may be given the facts of the first.) A zombie
 * has only its pid and user namespaces left. A type that the kernel lacks has no
 * namespaces and no gaps.
 *
 * opts may be NULL for the defaults. -ESRCH: pids was given and none of them exists.
 * -ENODATA: there is not one process that the caller may see.
 * -EMFILE, -ENFILE: no descriptor left, and the picture would not be whole.
 * -ECANCELED: see cancel. Other errors: the procfs itself could not be listed.
 */
int nsu_snapshot_new(struct nsu_ctx *ctx, const struct nsu_scan_options *opts,
		     struct nsu_snapshot **ret);
void nsu_snapshot_free(struct nsu_snapshot *snap);

/* How many of what the scan met. -1: unknown. */
struct nsu_totals {
	long processes;		/* in the picture, zombies included */
	long threads;		/* further threads in the picture: those that differ from
				   their process, and those of one whose leader has ended */
	long zombies;
	long unread;		/* processes of the picture with a namespace that could not be read */
	long vanished;		/* ended while they were read: not in the picture */
	long hidden;		/* not listed by the procfs: 0, or -1: some, no one can say
				   how many (hidepid) */
};
/* Never NULL. */
const struct nsu_totals *nsu_snapshot_get_totals(const struct nsu_snapshot *snap);
/*
 * Nothing of what was asked for was left out: no gap, nothing hidden. If not, the gaps and
 * nsu_totals.hidden say what, and nsu_procfs.hidepid and .subset why something is hidden.
 * Of a limited scan it speaks only of the processes asked for.
 */
bool nsu_snapshot_is_complete(const struct nsu_snapshot *snap);
/* pids was given: a namespace may have more tasks than the picture. */
bool nsu_snapshot_is_limited(const struct nsu_snapshot *snap);
/* The parts that were read. */
unsigned nsu_snapshot_get_parts(const struct nsu_snapshot *snap);
/* The types whose links were read: bit 1 << type. */
unsigned nsu_snapshot_get_asked(const struct nsu_snapshot *snap);
/* Those among them that this kernel has (that any task showed). */
unsigned nsu_snapshot_get_types(const struct nsu_snapshot *snap);
/* Device number of nsfs, the other half of an identity; 0: nothing was opened. */
dev_t nsu_snapshot_get_device(const struct nsu_snapshot *snap);
/* CLOCK_BOOTTIME of the end of the scan, nanoseconds; nsu_task_stat.start has the same base. */
uint64_t nsu_snapshot_get_time(const struct nsu_snapshot *snap);

/* One thing that could not be read. */
struct nsu_gap {
	pid_t pid;		/* process, 0: of none */
	pid_t tid;		/* thread, or pid */
	const char *step;	/* what failed: "ns", "ns/TYPE", "ns/pid_for_children",
				   "ns/time_for_children", "open ns", "status", "task" */
	int error;		/* positive errno */
};
/* Sorted by pid, tid, step. */
size_t nsu_snapshot_count_gaps(const struct nsu_snapshot *snap);
const struct nsu_gap *nsu_snapshot_get_gap(const struct nsu_snapshot *snap, size_t index);

/* What was tried as a source, in order. */
struct nsu_source {
	const char *name;	/* "procfs" */
	int error;		/* 0: used. Else the positive errno of its refusal; ENOSYS: absent */
};
size_t nsu_snapshot_count_sources(const struct nsu_snapshot *snap);
const struct nsu_source *nsu_snapshot_get_source(const struct nsu_snapshot *snap,
						 size_t index);

enum nsu_reference {
	NSU_REF_NONE,		/* neither could be read */
	NSU_REF_INIT,		/* process 1 of the procfs */
	NSU_REF_CALLER,		/* the calling process, since process 1 could not be read */
};
/*
 * The task whose namespaces are "the host's": process 1 of the procfs, else, where that
 * one cannot be read, the caller. *ret is NULL for NSU_REF_NONE. ret may be NULL.
 * Whether it is the host that this shows, or the inside of a container, is another
 * question: see nsu_snapshot_sees_host().
 */
enum nsu_reference nsu_snapshot_get_reference(const struct nsu_snapshot *snap,
					      const struct nsu_task **ret);
/* 1: the reference is in the kernel's first pid and user namespaces, nothing lies above
   it. 0: it is not. -ENODATA: no pid links were asked for, or they could not be read. */
int nsu_snapshot_sees_host(const struct nsu_snapshot *snap);

/* ---- Namespaces ------------------------------------------------------------------ */

/* Sorted by type, then inode. */
size_t nsu_snapshot_count_ns(const struct nsu_snapshot *snap);
const struct nsu_ns *nsu_snapshot_get_ns(const struct nsu_snapshot *snap, size_t index);
/* By identity. The inode of a namespace that is gone is soon another's: keep the id
   where there is one. -ENOENT: not in the picture. -ENODATA: that type was not asked for. */
int nsu_snapshot_find_ns(const struct nsu_snapshot *snap, enum nsu_type type,
			 uint64_t inode, const struct nsu_ns **ret);
/* By inode alone (inodes are unique over all types at any one time). -ENOENT; -ENODATA:
   not among the types that were asked for, which were not all. */
int nsu_snapshot_find_inode(const struct nsu_snapshot *snap, uint64_t inode,
			    const struct nsu_ns **ret);
/* By 64-bit id. -ENOENT; -ENODATA: the scan or the kernel gave no ids. */
int nsu_snapshot_find_id(const struct nsu_snapshot *snap, uint64_t id,
			 const struct nsu_ns **ret);

#define nsu_foreach_ns(ns, snap) \
	for (size_t ns##_i = 0; \
	     ((ns) = nsu_snapshot_get_ns((snap), ns##_i)) != NULL; ns##_i++)

enum nsu_type nsu_ns_get_type(const struct nsu_ns *ns);
/* st_ino of its nsfs file, the number in "net:[4026531840]". */
uint64_t nsu_ns_get_inode(const struct nsu_ns *ns);
/* The kernel's 64-bit id, never used again (NS_GET_ID). -ENODATA: not asked for, or the
   kernel has none; another errno: the namespace could not be opened. */
int nsu_ns_get_id(const struct nsu_ns *ns, uint64_t *ret);
/* A mount namespace's id as statmount(2) and listmount(2) take it (NS_GET_MNTNS_ID).
   -ENOENT: of another type. -ENODATA and others: as nsu_ns_get_id(). */
int nsu_ns_get_mntns_id(const struct nsu_ns *ns, uint64_t *ret);
/*
 * Parent, for user and pid (NS_GET_PARENT). -ENOENT: it has none, being the first or
 * of a type without. -EPERM: it is above what the caller may see. -ENODATA: not asked
 * for, or the kernel cannot tell. Another errno: the namespace could not be opened.
 */
int nsu_ns_get_parent(const struct nsu_ns *ns, const struct nsu_ns **ret);
/* The user namespace that owns it (NS_GET_USERNS); for a user namespace its parent.
   Errors as nsu_ns_get_parent(). */
int nsu_ns_get_owner(const struct nsu_ns *ns, const struct nsu_ns **ret);
/* The uid that created a user namespace, as the caller sees it (NS_GET_OWNER_UID; the
   overflow uid, 65534, where it has none here). -ENOENT: of another type, or the kernel's
   first. -ENODATA and others: as nsu_ns_get_id(). */
int nsu_ns_get_creator(const struct nsu_ns *ns, uid_t *ret);
/* How many ancestors a user or pid namespace has in the picture. -ENOENT: of another
   type. -ENODATA, others: as nsu_ns_get_parent() of the topmost of them. */
int nsu_ns_get_level(const struct nsu_ns *ns);

/* Processes with a task in it, zombies left out; a process whose threads are in two
   counts in both. */
size_t nsu_ns_count_processes(const struct nsu_ns *ns);
/* Zombies: in pid and user namespaces only, since a zombie has no others. */
size_t nsu_ns_count_zombies(const struct nsu_ns *ns);
const struct nsu_task *nsu_ns_get_zombie(const struct nsu_ns *ns, size_t index);
/* Its tasks: processes (by their leaders) and threads in another namespace of this type
   than their leader. Without zombies. Sorted by tid. */
size_t nsu_ns_count_tasks(const struct nsu_ns *ns);
const struct nsu_task *nsu_ns_get_task(const struct nsu_ns *ns, size_t index);
/* Tasks whose next children will be in it while they are not (pid and time). Sorted. */
size_t nsu_ns_count_heirs(const struct nsu_ns *ns);
const struct nsu_task *nsu_ns_get_heir(const struct nsu_ns *ns, size_t index);
/* Child namespaces, of user and pid. Sorted by inode. */
size_t nsu_ns_count_children(const struct nsu_ns *ns);
const struct nsu_ns *nsu_ns_get_child(const struct nsu_ns *ns, size_t index);
/* Namespaces that a user namespace owns, user namespaces left out (those are its
   children). Sorted by type, then inode. */
size_t nsu_ns_count_owned(const struct nsu_ns *ns);
const struct nsu_ns *nsu_ns_get_owned(const struct nsu_ns *ns, size_t index);

/* ---- Tasks -------------------------------------------------------------------------- */

/* Sorted by tid. */
size_t nsu_snapshot_count_tasks(const struct nsu_snapshot *snap);
const struct nsu_task *nsu_snapshot_get_task(const struct nsu_snapshot *snap,
					     size_t index);
/* A process by its pid, or by its tid a thread of the picture: one that differs from its
   process, or whose leader has ended. -ENOENT. */
int nsu_snapshot_find_task(const struct nsu_snapshot *snap, pid_t tid,
			   const struct nsu_task **ret);

#define nsu_foreach_task(task, snap) \
	for (size_t task##_i = 0; \
	     ((task) = nsu_snapshot_get_task((snap), task##_i)) != NULL; task##_i++)

/* Its number in the procfs that was read. */
pid_t nsu_task_get_tid(const struct nsu_task *task);
/* That of its process: the same for a process's leader. */
pid_t nsu_task_get_pid(const struct nsu_task *task);
bool nsu_task_is_thread(const struct nsu_task *task);
/* Has ended and waits for its parent; a leader that ended before its threads is one too. */
bool nsu_task_is_zombie(const struct nsu_task *task);
/* A leader that has ended while other threads of its process live. */
bool nsu_task_is_dead_leader(const struct nsu_task *task);
/* 0, or the negative errno for which not all its namespaces could be read. */
int nsu_task_get_error(const struct nsu_task *task);
/* -ENOENT: it has none (zombie; the kernel lacks the type). -ENODATA: not asked for.
   Another errno: could not be read. */
int nsu_task_get_ns(const struct nsu_task *task, enum nsu_type type,
		    const struct nsu_ns **ret);
/* Where its next child will be: pid and time; for other types as nsu_task_get_ns().
   -ENOENT: also a pid namespace that has no first process yet, and of a zombie, which
   has no children any more. */
int nsu_task_get_child_ns(const struct nsu_task *task, enum nsu_type type,
			  const struct nsu_ns **ret);
/*
 * Its number at each level: *ret[0] in the procfs's pid namespace, the last in its own.
 * Returns how many (1 or more). *ret is borrowed. -ENODATA: below the procfs's own pid
 * namespace and NSU_PART_PIDS was not asked for, or no NSpid in the status file.
 */
int nsu_task_get_pids(const struct nsu_task *task, const pid_t **ret);

/* The other way: the task that has this number in that pid namespace. Needs
   NSU_PART_PIDS for namespaces below the procfs's own, and NSU_PART_RELATIONS for the
   levels between. -ENOENT: no process has. -ENODATA: not enough was read to tell; in a
   limited scan every one that was not asked for. -EINVAL: not a pid namespace. */
int nsu_snapshot_find_pid(const struct nsu_snapshot *snap, const struct nsu_ns *pidns,
			  pid_t pid, const struct nsu_task **ret);
/* The number of a task in a pid namespace that is its own or an ancestor of it.
   -ENOENT: it has none there. -ENODATA, -EINVAL: as above. */
int nsu_task_get_pid_in(const struct nsu_task *task, const struct nsu_ns *pidns,
			pid_t *ret);

/* ---- More about one task, read now ---------------------------------------------------- */

/*
 * These read when they are called, for the tasks that are shown. nsu_task_read_stat()
 * notices by the start time that a number was given to another process after the scan
 * (nsu_snapshot_get_time()); called after the others it vouches for what they read, too.
 * That it was given away while the scan was still at work, it does not notice.
 * -ESRCH: the task has ended, or its number is another's now. -EACCES, -EPERM: not
 * readable. -EBADMSG: the file is not what the kernel writes.
 */
struct nsu_task_stat {
	size_t size;		/* in: sizeof(struct nsu_task_stat) */
	pid_t ppid;		/* 0: none, or outside the procfs's pid namespace */
	pid_t pgrp;
	pid_t session;
	char state;		/* R S D Z T t I X: proc_pid_stat(5) */
	char comm[64];		/* name; up to 15 bytes, kernel threads up to 63; not escaped */
	uid_t uid;		/* effective, as the caller's user namespace sees it */
	int64_t start;		/* nanoseconds after boot, in steps of a clock tick; negative
				   where a time namespace sets boot back */
	unsigned long threads;
	bool kernel;		/* a kernel thread: has no user memory, never had */
};
#define NSU_TASK_STAT_INIT { .size = sizeof(struct nsu_task_stat) }
/* /proc/PID/stat, and fstat(2) of /proc/PID for the uid. */
int nsu_task_read_stat(const struct nsu_task *task, struct nsu_task_stat *ret);
/* Its command line from /proc/PID/cmdline, arguments separated by NUL, at most limit
   bytes (0: 4096; more is cut off). *ret has one further NUL behind it; the caller frees
   it. Returns the length without NULs at its end, and so without empty last arguments;
   0: it has none (kernel thread, zombie). Not escaped. */
ssize_t nsu_task_read_cmdline(const struct nsu_task *task, size_t limit, char **ret);
/* The kernel function it sleeps in, /proc/PID/wchan; the caller frees *ret. -ENOENT: none,
   or not told. */
int nsu_task_read_wchan(const struct nsu_task *task, char **ret);
/* Its cgroup path: of the cgroup2 line of /proc/PID/cgroup, if that is "/" of the first
   other line that is not. Relative to the caller's cgroup namespace. Not escaped. The
   caller frees *ret. -ENOENT: no line. */
int nsu_task_read_cgroup(const struct nsu_task *task, char **ret);

/* A line of /proc/PID/uid_map or gid_map, user_namespaces(7). */
struct nsu_id_range {
	uint32_t inside;	/* first id in the task's user namespace */
	uint32_t outside;	/* what that is in the caller's, 4294967295: not mapped there; if
				   the task is in the caller's own: in the parent's */
	uint32_t count;
};
/* Up to 340 lines (Linux 4.15). Returns their number, 0: nothing is mapped; *ret is the
   caller's to free. gid: false the uids, true the gids. */
ssize_t nsu_task_read_idmap(const struct nsu_task *task, bool gid,
			    struct nsu_id_range **ret);
/* /proc/PID/setgroups: 1 allow, 0 deny. -ENOENT: Linux before 3.19. */
int nsu_task_read_setgroups(const struct nsu_task *task);

/* ---- Sandboxes -------------------------------------------------------------------------- */

/*
 * A sandbox is the set of tasks that share all eight namespaces. Every process whose
 * namespaces were read is in exactly one; zombies, unread tasks and types that were not
 * asked for are left out of it. Sorted by the lowest tid in each.
 */
size_t nsu_snapshot_count_sandboxes(const struct nsu_snapshot *snap);
const struct nsu_sandbox *nsu_snapshot_get_sandbox(const struct nsu_snapshot *snap,
						   size_t index);
/* Its namespace of a type. -ENOENT: the kernel lacks the type. -ENODATA: not asked for. */
int nsu_sandbox_get_ns(const struct nsu_sandbox *box, enum nsu_type type,
		       const struct nsu_ns **ret);
/* Sorted by tid: the first is its oldest by number. */
size_t nsu_sandbox_count_tasks(const struct nsu_sandbox *box);
const struct nsu_task *nsu_sandbox_get_task(const struct nsu_sandbox *box, size_t index);
size_t nsu_sandbox_count_processes(const struct nsu_sandbox *box);
/* The sandbox of a task. -ENOENT: in none. */
int nsu_task_get_sandbox(const struct nsu_task *task, const struct nsu_sandbox **ret);

/* ---- Facts around nsfs ---------------------------------------------------------------------- */

/* A bind mount of a namespace, as it is found in one mount namespace. */
struct nsu_bind {
	enum nsu_type type;
	uint64_t inode;
	const char *path;	/* mount point, below the root of who was asked; unescaped from
				   mountinfo, not fit for a terminal */
};
struct nsu_binds;
/* Reads /proc/PID/mountinfo of a task of a snapshot of this context; in NULL: the caller's.
   -ENOENT: neither this procfs nor /proc shows the caller. -ESRCH: the task has ended. -EACCES: its
   mounts may not be read. -EFBIG: more than 64 MiB of them. */
int nsu_binds_new(struct nsu_ctx *ctx, const struct nsu_task *in, struct nsu_binds **ret);
void nsu_binds_free(struct nsu_binds *binds);
/* Sorted by inode, path. */
size_t nsu_binds_count(const struct nsu_binds *binds);
const struct nsu_bind *nsu_binds_get(const struct nsu_binds *binds, size_t index);

/*
 * The number that the caller's network namespace has for another one (RTM_GETNSID,
 * ip-netns(8)). -ENOENT: it has none. -ENODATA: it has no task to ask by, or the procfs
 * is no real one. -ESRCH: its tasks have ended or moved since. -EACCES: none of them may
 * be looked into. Others: rtnetlink(7) refused.
 */
int nsu_ns_read_nsid(const struct nsu_ns *net, int *ret);

/* ---- Targets: what a user typed ------------------------------------------------------------- */

/*
 * Words:   4711  a pid of the procfs     4711:INODE  with its pidfd's inode
 *          net:[4026532281]  net:4026532281  a namespace     4026532281  the same
 *          :1234  a namespace by its 64-bit id
 *          /run/netns/blue  ./x  an nsfs file: any word with a slash before a colon or @
 *          netns:NAME  one in /run/netns          NAME  the same, where no other form fits
 *          7@WORD  the process that has pid 7 in the pid namespace of WORD
 *          host    the topmost visible init       self  the caller
 *
 * "host" is process 1 of the procfs, readable or not: not always the reference.
 */
enum nsu_target_kind { NSU_TARGET_TASK, NSU_TARGET_NS };

/*
 * Understands a word and, where it names one thing directly, opens it at once and holds
 * it until nsu_target_free(), so that a number given to another process or namespace
 * later is noticed. pidfd_open(2), /proc/PID, open(2) with O_PATH and fstatfs(2): a path
 * is not followed into anything but nsfs.
 * -EINVAL: no target word has this form, and it is no name; 7@WORD, and WORD is a
 * namespace of another type than pid. -ESRCH: no such process. -ECHILD: the number is that
 * of a thread, not of a process. -ENOENT: no such file, or nothing has that name.
 * -EMEDIUMTYPE: the file is not a namespace. -ESTALE: PID:INODE, and the pid is another
 * process's now. -EOPNOTSUPP: PID:INODE where the kernel has no pidfs inodes, or the
 * procfs does not show the caller's pids.
 * -E2BIG: more than eight words joined by @. Others: of open(2).
 */
int nsu_target_new(struct nsu_ctx *ctx, const char *word, struct nsu_target **ret);
void nsu_target_free(struct nsu_target *target);
/* -ENODATA: only a scan can tell (kinds of words to come). */
int nsu_target_get_kind(const struct nsu_target *target, enum nsu_target_kind *ret);
/* The pid that the word names directly: a scan of this one alone will do. -ENODATA: only a
   scan of all can tell. -ENOENT: a namespace. */
int nsu_target_get_pid(const struct nsu_target *target, pid_t *ret);
/*
 * The task that the target is in a snapshot that was made for it (nsu_scan_options.targets,
 * or by its pid). -ESRCH: has ended; for 7@WORD: WORD has. -ENOENT: no process has that
 * number there, or the target is a namespace. -ENOTUNIQ: it is several (kinds of words to
 * come). -ENODATA: as nsu_snapshot_find_pid(). -EACCES and others: what stands behind the
 * @ could not be read.
 */
int nsu_target_find_task(const struct nsu_target *target, const struct nsu_snapshot *snap,
			 const struct nsu_task **ret);
/* The namespace that the target is. -ENOENT: not in the picture, or a process. -ENODATA:
   by id, and there are none; or of a type that was not asked for. -ENOTUNIQ: as above. */
int nsu_target_find_ns(const struct nsu_target *target, const struct nsu_snapshot *snap,
		       const struct nsu_ns **ret);

/* The release of the library that is running, "0.1.0". */
const char *nsu_version(void);

#ifdef __cplusplus
}
#endif
#endif
