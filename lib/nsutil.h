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
 *   nsu_source, nsu_bind, nsu_mount, nsu_link, nsu_address, nsu_route, nsu_listener,
 *   nsu_nsid, nsu_match, nsu_entry, nsu_outlook, nsu_use, nsu_pin, nsu_pin_gap) may grow
 *   at its end as well: copy none, make no array of them. nsu_pin_ns, of which nsu_pin has
 *   an array, and nsu_far_end stay as they are. Enums may grow: take a value that you do not
 *   know for one.
 * - A snapshot is immutable and owns all it holds. Entries (struct nsu_ns, nsu_task,
 *   nsu_sandbox, nsu_container, nsu_gap) are borrowed and live until nsu_snapshot_free().
 *   A context is freed last: snapshots, targets and plans made from it use it.
 * - count/get pairs walk arrays: get with an index below the count never fails, above
 *   it returns NULL. Arrays are sorted; the order is given with each.
 * - "none" and "unknown" differ: a function that returns an entry says -ENOENT for
 *   there is none, -ENODATA for not asked for in the scan, and another errno for the
 *   reason why it could not be read.
 * - free functions accept NULL. Every descriptor the library opens is close-on-exec.
 * - The library prints nothing, never exits, changes no signal handler and keeps no
 *   global state. Different contexts may be used by different threads at once; one
 *   context by one thread at a time, and so the functions called new, read, open or free and
 *   those of targets, plans and pins, which use it. All others only look at a finished snapshot
 *   or list: any number of threads may call them. A context tells about the process that made
 *   it: after fork(2) the child makes its own, but may enter and execute by a plan.
 * - A process that ends while it is looked at is data, not failure.
 */

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/select.h>		/* sigset_t, where signal.h keeps to ISO C */
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct nsu_ctx;
struct nsu_snapshot;
struct nsu_ns;
struct nsu_task;
struct nsu_sandbox;
struct nsu_container;
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
	const char *root;	/* where the root directory of the host is whose procfs is read: what
				   the engines left on disk is read below it (root/run,
				   root/var/lib, ...). NULL: "/" where the procfs is the
				   caller's own, else nothing of it is read */
};
#define NSU_CTX_OPTIONS_INIT { \
	.size = sizeof(struct nsu_ctx_options), .proc_fd = -1, \
	.log_level = NSU_LOG_WARNING }

/*
 * opts may be NULL for /proc and no log. Reads fstatfs(2), /proc/self and its status;
 * where the procfs does not show the caller, the last by /proc. The options of the procfs
 * mount are read when they are first needed.
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
	NSU_IF_SETNS_PIDFD,	/* setns(2) takes a pidfd and several types, Linux 5.8 */
	NSU_IF_LISTNS,		/* listns(2), Linux 6.19 */
	NSU_IF_NSFS_HANDLE,	/* open_by_handle_at(2) of a namespace by its id and inode,
				   Linux 6.18; by its id alone 6.19 */
	NSU_IF_STATMOUNT,	/* statmount(2), listmount(2) of another mount namespace,
				   Linux 6.11 */
	NSU_IF_MNT_NEXT,	/* ioctl NS_MNT_GET_NEXT, Linux 6.12 */
	NSU_IF_PIDFD_GETFD,	/* pidfd_getfd(2), Linux 5.6 */
	NSU_IF_SOCKET_NS,	/* ioctl SIOCGSKNS, Linux 4.10 */
	NSU_IF_NETNS_COOKIE,	/* socket option SO_NETNS_COOKIE, Linux 5.14 */
	NSU_IF_KCMP,		/* kcmp(2) */
};
#define NSU_INTERFACE_COUNT 17

enum nsu_interface_state {
	NSU_IF_UNTRIED,		/* no call needed it yet */
	NSU_IF_PRESENT,
	NSU_IF_ABSENT,		/* the kernel said so */
	NSU_IF_DISABLED,	/* by nsu_ctx_options.disable */
};
/* "ns-id", "mntns-id", "owner", "owner-uid", "task-nlink", "nspid", "pidfd",
   "pidfs-inode", "setns-pidfd", "listns", "nsfs-handle", "statmount", "mnt-next",
   "pidfd-getfd", "socket-ns", "netns-cookie", "kcmp"; NULL for a value that is no
   interface. */
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
	/* What keeps namespaces alive beyond tasks, and by it the namespaces that have none. */
	NSU_PART_FDS = 1 << 5,		/* open descriptors of namespaces: one readlinkat(2) for
					   each descriptor of each process, and of each thread that
					   has a table of its own, which one kcmp(2) for each
					   further thread tells */
	NSU_PART_SOCKETS = 1 << 6,	/* the network namespaces of sockets and of tun devices, and
					   namespaces on their way in UNIX sockets: pidfd_getfd(2)
					   and four calls for each socket, in a child process; and
					   all of FDS */
	NSU_PART_MOUNTS = 1 << 7,	/* bind mounts of namespaces in every mount namespace */
	NSU_PART_LISTED = 1 << 8,	/* what the kernel lists itself: listns(2) */
	NSU_PART_CONTAINERS = 1 << 9,	/* containers, pods, units and sessions of tasks: a
					   small file for each process, another for those that began
					   a sandbox, and what the engines of the containers that
					   were found have on disk */
};
#define NSU_PART_DEFAULT (NSU_PART_TASKS | NSU_PART_THREADS | NSU_PART_CHILDREN | \
			  NSU_PART_RELATIONS)
/* Every namespace there is, and whatever keeps it: needed for nsu_ns_get_holder(). */
#define NSU_PART_ALL (NSU_PART_DEFAULT | NSU_PART_PIDS | NSU_PART_HOLDERS | \
		      NSU_PART_CONTAINERS)
#define NSU_PART_HOLDERS (NSU_PART_FDS | NSU_PART_SOCKETS | NSU_PART_MOUNTS | \
			  NSU_PART_LISTED)

struct nsu_scan_options {
	size_t size;		/* sizeof(struct nsu_scan_options) */
	unsigned parts;		/* NSU_PART_*. 0: NSU_PART_DEFAULT */
	unsigned types;		/* a mask of 1 << NSU_*: the types whose links are read.
				   0: the eight of this release, NSU_TYPES_DEFAULT. User is always
				   read, pid where PIDS or CHILDREN is asked for, mnt where
				   MOUNTS is */
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
	long fds_unread;	/* processes whose descriptors could not be listed */
	long sockets_unread;	/* processes with sockets that could not be asked */
	long mounts_unread;	/* mount namespaces whose mounts could not be read in full */
};
/* Never NULL. */
const struct nsu_totals *nsu_snapshot_get_totals(const struct nsu_snapshot *snap);
/*
 * Nothing of what was asked for was left out: no gap, nothing hidden, descriptors and sockets
 * asked if they should be. If not, the gaps, the sources and nsu_totals.hidden say what,
 * and nsu_procfs.hidepid and .subset why something is hidden.
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
				   "ns/time_for_children", "open ns", "status", "task", "fd",
				   "sockets", "cgroup"; of a container's first process: "state",
				   what its engine left; of a namespace: "mounts", "open pin" */
	int error;		/* positive errno */
	uint64_t inode;		/* the namespace that it is about, 0: of none */
	enum nsu_type type;	/* its type */
};
/* Sorted by pid, tid, inode, step. */
size_t nsu_snapshot_count_gaps(const struct nsu_snapshot *snap);
const struct nsu_gap *nsu_snapshot_get_gap(const struct nsu_snapshot *snap, size_t index);

/* What was tried as a source, in order. */
struct nsu_source {
	const char *name;	/* "procfs"; with the parts "fds", "sockets", "mnt-next" (mount
				   namespaces one after the other), "statmount", "mountinfo",
				   "enter" (a child in a mount namespace), "listns" */
	int error;		/* 0: used. Else the positive errno of its refusal; ENOSYS:
				   absent. Of listns EPERM: it names but a part of them */
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

/* ---- Holders: why a namespace is still there --------------------------------------------- */

enum nsu_holder_kind {
	NSU_HOLDER_PROCESS,	/* a process that is in it */
	NSU_HOLDER_THREAD,	/* a thread that is in it, other than its process */
	NSU_HOLDER_ZOMBIE,	/* an ended process: pid and user namespaces only */
	NSU_HOLDER_HEIR,	/* the children to come of a task */
	NSU_HOLDER_FD,		/* an open descriptor of it */
	NSU_HOLDER_SOCKET,	/* a socket that is in it */
	NSU_HOLDER_TUN,		/* /dev/net/tun that was opened in it: this keeps it alive, a
				   device that was moved into it later does not */
	NSU_HOLDER_MESSAGE,	/* a descriptor of it in a message that waits in a socket: the
				   first message of packets, in a stream the first that has
				   descriptors; not those behind it. Told of one of the
				   descriptors that show the socket */
	NSU_HOLDER_MOUNT,	/* a bind mount */
	NSU_HOLDER_CHILD,	/* a child namespace, of user and pid */
	NSU_HOLDER_OWNED,	/* a namespace that it owns */
	NSU_HOLDER_KERNEL,	/* something that the kernel holds and nothing names */
};
#define NSU_HOLDER_COUNT 12
/* "process", "thread", "zombie", "children", "fd", "socket", "tun", "message", "mount",
   "child", "owned", "kernel"; NULL for a value that is none. */
const char *nsu_holder_get_name(enum nsu_holder_kind kind);

/* One reason why a namespace is alive. */
struct nsu_holder {
	size_t size;		/* in: sizeof(struct nsu_holder) */
	enum nsu_holder_kind kind;
	const struct nsu_task *task; /* PROCESS to MESSAGE: whose it is; of a descriptor the
				   process. NULL: of no task */
	pid_t tid;		/* the thread that has the descriptor in a table of its own, else
				   that of task; 0: of no task */
	int fd;			/* FD to MESSAGE: the descriptor, of MESSAGE that of the socket;
				   else -1 */
	uint64_t socket;	/* SOCKET, MESSAGE: inode of the socket, as in "socket:[88121]" */
	const struct nsu_ns *ns; /* MOUNT: the mount namespace it is in; CHILD, OWNED: the
				   namespace; else NULL */
	const char *path;	/* MOUNT: where, below the root of that mount namespace; not
				   escaped, borrowed. NULL else, and where it is unknown */
};
#define NSU_HOLDER_INIT { .size = sizeof(struct nsu_holder) }

/*
 * All that keeps it alive, as far as was searched: the first four kinds and the last three
 * always, the others with their parts. In the order of the kinds, PROCESS and THREAD
 * together; then by tid and descriptor, or by mount namespace and path. A socket of a
 * process in its own network namespace goes with the process and is left out. KERNEL is
 * there where everything was searched and read, and nothing else was found (a descriptor
 * in transit that could not be asked, a mount below a detached one, a file that was opened
 * in a user namespace).
 *
 * FD: of the caller's own descriptors those are left out by which the targets of the scan
 * (nsu_scan_options.targets) hold their namespaces; all others are told, those of plans and
 * of other targets, too. A thread's table that equals its process's is not told again,
 * where kcmp(2) tells that.
 *
 * SOCKET, TUN, MESSAGE: nothing is changed but this: where cgroup v1 classes of traffic
 * (net_cls, net_prio) are in use, the kernel gives a socket those of whoever takes a copy
 * of it, and so the caller's. A socket with SO_PEEK_OFF, or with an error that waits to be
 * read, is not looked into for messages. In a limited scan all are those of the processes
 * asked for.
 */
size_t nsu_ns_count_holders(const struct nsu_ns *ns);
/* -ENOENT: index is not below the count. */
int nsu_ns_get_holder(const struct nsu_ns *ns, size_t index, struct nsu_holder *ret);
/*
 * What a socket is, read now: "tcp 0.0.0.0:80", "udp [::1]:53 -> [::1]:99", "unix @bus",
 * "netlink", "packet"; not escaped, the caller frees it. getsockname(2) and getsockopt(2)
 * by pidfd_getfd(2), in a child process. -ENOENT: the holder is no socket. -ESRCH: the
 * process has ended or has another file there now. -EPERM: it may not be taken.
 * -ETIMEDOUT: it did not answer. -EOPNOTSUPP: no pidfd, or another procfs.
 */
int nsu_holder_read_socket(const struct nsu_holder *holder, char **ret);

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

/* What the kernel lets a task do: capabilities(7), seccomp(2), getrlimit(2). */
struct nsu_confinement {
	size_t size;		/* in: sizeof(struct nsu_confinement) */
	uid_t uid;		/* effective, as the caller's user namespace sees them */
	gid_t gid;
	uint64_t effective;	/* masks of 1 << CAP_*, of the user namespace that it is in */
	uint64_t permitted;
	uint64_t inheritable;
	uint64_t bounding;
	uint64_t ambient;
	bool no_new_privs;
	int seccomp;		/* 0 none, 1 strict, 2 filter; -1: unknown */
	unsigned filters;	/* of seccomp; 0: none, or unknown (Linux before 5.9) */
	bool has_limits;	/* false: they could not be read */
	uint64_t soft[16];	/* by RLIMIT_*; UINT64_MAX: no limit */
	uint64_t hard[16];
};
#define NSU_CONFINEMENT_INIT { .size = sizeof(struct nsu_confinement) }
/* /proc/PID/status and limits. -EBADMSG: they are not what the kernel writes. */
int nsu_task_read_confinement(const struct nsu_task *task, struct nsu_confinement *ret);

/* What a task has of files, as links and fdinfo tell: nothing is opened, nor asked of a
   file system, so a dead one delays nothing. */
enum nsu_use_kind {
	NSU_USE_ROOT, NSU_USE_CWD, NSU_USE_EXE,
	NSU_USE_FD,		/* an open descriptor */
	NSU_USE_MAP,		/* a file mapped into memory, other than EXE */
	NSU_USE_SOCKET,		/* an open descriptor of a socket */
};
/* Which of them are read. */
enum nsu_use_part {
	NSU_USES_FILES = 1 << 0, /* ROOT, CWD, EXE, FD: a readlink(2) for each, and for each
				   FD a small file */
	NSU_USES_MAPS = 1 << 1,	/* EXE, MAP: a file of a line for each part of the memory */
	NSU_USES_SOCKETS = 1 << 2, /* SOCKET: a readlink(2) for each descriptor */
};
/* The library makes it. */
struct nsu_use {
	enum nsu_use_kind kind;
	int fd;			/* FD, SOCKET: its number; else -1 */
	uint64_t mount;		/* FD: id of its mount as in mountinfo (nsu_mount.id), of
				   whatever mount namespace; 0: unknown, and for the others */
	unsigned major, minor;	/* MAP: of the file system (of overlayfs, btrfs: perhaps not
				   as in mountinfo); else 0 */
	const char *path;	/* below the root of its mount namespace, as links in /proc tell
				   it; not escaped. Of a mount that was detached since: below the
				   root of that. NULL: of SOCKET */
	uint64_t socket;	/* SOCKET: its inode, as nsu_listener has it; else 0 */
};
struct nsu_uses;
/* parts: NSU_USES_*. What is no file in a file system (a pipe) is left out. -ESRCH: the
   task has ended. -EACCES, -EPERM: not readable; that of the memory alone makes no
   failure. */
int nsu_uses_new(const struct nsu_task *task, unsigned parts, struct nsu_uses **ret);
void nsu_uses_free(struct nsu_uses *uses);
/* In the order of the kinds, then as the kernel has them. */
size_t nsu_uses_count(const struct nsu_uses *uses);
const struct nsu_use *nsu_uses_get(const struct nsu_uses *uses, size_t index);

/* A file by its path as the caller sees it, found by a child process within a second:
   path may lead to a file system that does not answer. */
struct nsu_file {
	size_t size;		/* in: sizeof(struct nsu_file) */
	uint64_t mount;		/* id of the mount that it is on, as in mountinfo */
	bool answered;		/* it told what follows; false: it is there, and that is all */
	mode_t mode;		/* its type and permissions, inode(7) */
	uid_t uid;		/* owner, as the caller sees it */
	gid_t gid;
	unsigned major, minor;	/* of the device that a device file is; else 0 */
};
#define NSU_FILE_INIT { .size = sizeof(struct nsu_file) }
/* open(2) with O_PATH, /proc/self/fdinfo, statx(2) with AT_STATX_DONT_SYNC; symbolic links
   are followed, nothing is mounted by it. -ETIMEDOUT: no answer. Others: of open(2). */
int nsu_file_read(const char *path, struct nsu_file *ret);

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

/* ---- Containers: whose a task is ------------------------------------------------------------ */

/*
 * A container is a set of tasks that an engine started. It is found by the cgroups of tasks,
 * by the processes that supervise them, and by what engines leave on disk, in this order of
 * trust; names, images and pods come from what they left on disk, never from a daemon. A
 * snapshot without NSU_PART_CONTAINERS has none.
 *
 * Nothing of it is escaped, and all of it may be a lie of whoever may write it: of the
 * engine, which is root or the user whose containers they are. A container within another
 * one is what the outer says of itself: nsu_container_is_claim().
 */
enum nsu_container_kind {
	NSU_CONTAINER,		/* one container */
	NSU_POD,		/* a pod: the containers in it hang from it, its tasks are
				   those of them all */
	NSU_POD_PAUSE,		/* the container that only holds the namespaces of a pod */
};

/* What may be known of a container. */
enum nsu_container_text {
	NSU_CONTAINER_ENGINE,	/* "docker" "podman" "containerd" "cri-o" "lxc" "incus" "lxd"
				   "nspawn" "libvirt" "runc" "crun" "gvisor" "bwrap" "flatpak" "snap"
				   "firejail" "kubernetes" (a pod), ...: those of the table of
				   engines, and more to come */
	NSU_CONTAINER_ID,	/* in full */
	NSU_CONTAINER_NAME,
	NSU_CONTAINER_IMAGE,	/* as it was asked for: "nginx:1.25" */
	NSU_CONTAINER_POD,	/* name of its pod */
	NSU_CONTAINER_POD_NAMESPACE, /* Kubernetes' */
	NSU_CONTAINER_POD_UID,	/* Kubernetes' uid of the pod, with dashes; of Podman its id */
	NSU_CONTAINER_POD_CONTAINER, /* what the pod calls the container */
	NSU_CONTAINER_PROJECT,	/* of Compose; of LXD and Incus */
	NSU_CONTAINER_SERVICE,	/* of Compose */
	NSU_CONTAINER_RUNTIME,	/* what the engine started it by: "runc", "crun", "runsc" */
	NSU_CONTAINER_CGROUP,	/* its cgroup, as the caller's cgroup namespace sees it */
	NSU_CONTAINER_SOURCE,	/* what the names were learnt from: a file below the context's root,
				   "cgroup", "command line of PID" */
};
#define NSU_CONTAINER_TEXTS 13
/* "engine", "id", "name", "image", "pod", "pod-namespace", "pod-uid", "pod-container",
   "project", "service", "runtime", "cgroup", "source"; NULL for a value that is none. */
const char *nsu_container_text_get_name(enum nsu_container_text what);

/* Sorted by the word (nsu_container_get_word()), then the init's tid. */
size_t nsu_snapshot_count_containers(const struct nsu_snapshot *snap);
const struct nsu_container *nsu_snapshot_get_container(const struct nsu_snapshot *snap,
						       size_t index);
#define nsu_foreach_container(container, snap) \
	for (size_t container##_i = 0; \
	     ((container) = nsu_snapshot_get_container((snap), container##_i)) != NULL; \
	     container##_i++)

enum nsu_container_kind nsu_container_get_kind(const struct nsu_container *container);
/* The target word that names it: "docker:web", "pod:shop/cart", "pod:shop/cart/envoy",
   "lxc:build", "machine:x", "cri:1b6dc0f2e8aa" (the first 12 digits of its id, where no name is
   known). NULL only for NULL. */
const char *nsu_container_get_word(const struct nsu_container *container);
/* *ret is borrowed. -ENOENT: it has none. -ENODATA: nothing that could be read tells.
   -EACCES and others: why what would tell could not be read. */
int nsu_container_get_text(const struct nsu_container *container,
			   enum nsu_container_text what, const char **ret);
/* The user who runs it: 0 for those of root's engines. -ENODATA: unknown. */
int nsu_container_get_uid(const struct nsu_container *container, uid_t *ret);
/* It lies within another container, whose root chose what is told of it. */
bool nsu_container_is_claim(const struct nsu_container *container);
/* The container that it lies within. -ENOENT: none. */
int nsu_container_get_outer(const struct nsu_container *container,
			    const struct nsu_container **ret);
/* The pod that it is in. -ENOENT: none, or a pod itself. */
int nsu_container_get_pod(const struct nsu_container *container,
			  const struct nsu_container **ret);
/* Its first process: that of its pid namespace, else the one that its engine started, else
   the oldest; of a pod that of the pause container. -ENOENT: none is left. */
int nsu_container_get_init(const struct nsu_container *container,
			   const struct nsu_task **ret);
/* Its tasks, without those of containers within it; of a pod those of its containers.
   Sorted by tid. */
size_t nsu_container_count_tasks(const struct nsu_container *container);
const struct nsu_task *nsu_container_get_task(const struct nsu_container *container,
					      size_t index);
size_t nsu_container_count_processes(const struct nsu_container *container);
/* The innermost container of a task, never a pod. -ENOENT: none. -ENODATA: not asked for.
   Another errno: its cgroup could not be read, and nothing else told. */
int nsu_task_get_container(const struct nsu_task *task, const struct nsu_container **ret);

/* Where service managers put a task: systemd.unit(5), from the names of its cgroups. */
enum nsu_place {
	NSU_PLACE_CGROUP,	/* the path: as nsu_task_read_cgroup() */
	NSU_PLACE_UNIT,		/* of the system manager: "nginx.service", "session-4.scope" */
	NSU_PLACE_USER_UNIT,	/* of a user's manager: "app-foo.scope" */
	NSU_PLACE_SLICE,	/* innermost of the system's: "user-1000.slice" */
	NSU_PLACE_MACHINE,	/* machined's name */
	NSU_PLACE_SESSION,	/* logind's: "4" */
};
#define NSU_PLACES 6
/* "cgroup", "unit", "user-unit", "slice", "machine", "session"; NULL for a value that is
   none. */
const char *nsu_place_get_name(enum nsu_place what);
/* Of the host's service manager: what lies below a container is not looked at. *ret is
   borrowed. -ENOENT: none. -ENODATA: not asked for. Another errno: could not be read. */
int nsu_task_get_place(const struct nsu_task *task, enum nsu_place what, const char **ret);

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
 * ip-netns(8)). -ENOENT: it has none. -EMEDIUMTYPE: it is of another type. Others: those
 * of nsu_ns_open(), or rtnetlink(7) refused.
 */
int nsu_ns_read_nsid(const struct nsu_ns *net, int *ret);

/* ---- Facts by type ------------------------------------------------------------------------- */

/*
 * What a namespace of a type has beyond its members, read when these are called: without
 * entering where a file of a member tells it, else by a child process that enters it, never
 * by changing the caller.
 *
 * -EMEDIUMTYPE: it is of another type. -ESRCH: it is gone, or no way leads to it any more.
 * -ENODATA: nothing leads to it (no member that may be read, no holder that was searched).
 * -EPERM, -EACCES: it may not be opened or entered. -ETIMEDOUT: the child got no answer.
 * -EOPNOTSUPP: the procfs is no real one, or shows other numbers than the caller's.
 */

/*
 * A descriptor of the namespace, the caller's to close: by a member, a descriptor, a mount,
 * a child or owned namespace, or its id. It is checked to be the very one: by its id
 * where the snapshot has that, else by its inode alone. While it is open, it keeps the
 * namespace alive.
 */
int nsu_ns_open(const struct nsu_ns *ns);

struct nsu_uts {
	size_t size;		/* in: sizeof(struct nsu_uts) */
	char hostname[65];	/* not escaped; "": none */
	char domainname[65];	/* the kernel's "(none)" as it is */
};
#define NSU_UTS_INIT { .size = sizeof(struct nsu_uts) }
/* uname(2). */
int nsu_ns_read_uts(const struct nsu_ns *uts, struct nsu_uts *ret);

/* Counts, bytes and limits of interprocess communication: sysvipc(7), mq_overview(7). */
struct nsu_ipc {
	size_t size;		/* in: sizeof(struct nsu_ipc) */
	uint64_t queues;	/* System V message queues, the messages in them */
	uint64_t queue_messages;
	uint64_t queue_bytes;
	uint64_t segments;	/* shared memory */
	uint64_t segment_bytes;	/* as they were asked for */
	uint64_t segment_rss;	/* in memory */
	uint64_t semaphore_sets;
	uint64_t semaphores;
	int64_t posix_queues;	/* -1: unknown, mqueue cannot be mounted or is not there */
	int64_t posix_bytes;	/* in their messages; -1: unknown */
	uint64_t max_queues;	/* kernel.msgmni, msgmax, msgmnb */
	uint64_t max_message;
	uint64_t max_queue_bytes;
	uint64_t max_segments;	/* kernel.shmmni, shmmax (bytes), shmall (pages) */
	uint64_t max_segment;
	uint64_t max_pages;
	uint64_t max_sets;	/* the four of kernel.sem: SEMMNI, SEMMNS, SEMMSL, SEMOPM */
	uint64_t max_semaphores;
	uint64_t max_per_set;
	uint64_t max_operations;
	uint64_t max_posix_queues; /* fs.mqueue.queues_max */
};
#define NSU_IPC_INIT { .size = sizeof(struct nsu_ipc) }
/* /proc/sysvipc, /proc/sys/kernel, /proc/sys/fs/mqueue, mqueue file system. */
int nsu_ns_read_ipc(const struct nsu_ns *ipc, struct nsu_ipc *ret);

struct nsu_clocks {
	size_t size;		/* in: sizeof(struct nsu_clocks) */
	int64_t monotonic;	/* nanoseconds that are added to the kernel's first clock */
	int64_t boottime;
};
#define NSU_CLOCKS_INIT { .size = sizeof(struct nsu_clocks) }
/* /proc/PID/timens_offsets, time_namespaces(7). */
int nsu_ns_read_clocks(const struct nsu_ns *time, struct nsu_clocks *ret);

/* The root of a cgroup namespace's view, as the caller's own sees it: a path that begins
   with / ("/../x": outside of the caller's); the caller frees it. /proc/PID/cgroup of a
   member, read from within and from here. -ENODATA: also without a member. */
int nsu_ns_read_cgroup_root(const struct nsu_ns *cgroup, char **ret);

/* Limits and usage of a task's cgroup, the tightest limit on the way up to the caller's
   root. Of cgroup2, else of the v1 hierarchies memory, pids and cpu. */
struct nsu_cgroup {
	size_t size;		/* in: sizeof(struct nsu_cgroup) */
	int64_t memory;		/* bytes used; -1: unknown (no such controller there) */
	int64_t memory_max;	/* bytes; -1: unknown, INT64_MAX: no limit */
	int64_t pids;		/* tasks; -1, INT64_MAX as above */
	int64_t pids_max;
	int64_t cpu_usage;	/* microseconds of processor time used; -1 */
	int64_t cpu_max;	/* thousandths of a processor; -1, INT64_MAX */
	int frozen;		/* 1, 0; -1: unknown */
	/* How many levels above the cgroup asked about the limit is set, 0: at itself; -1:
	   there is none, or unknown */
	int memory_level, pids_level, cpu_level;
	int64_t oom_kills;	/* processes that were killed for want of memory, those of
				   cgroups below included; -1: unknown, as all that follow */
	int64_t cpu_periods, cpu_throttled; /* periods of cpu_max, and those throttled */
	int64_t cpu_throttled_time; /* microseconds */
	int64_t memory_peak;	/* bytes */
	int64_t memory_cache;	/* bytes of memory that are file cache */
	int64_t io_read, io_written; /* bytes */
	int32_t cpu_pressure, memory_pressure, io_pressure; /* "some avg10" of PSI in
				   hundredths of a percent */
};
#define NSU_CGROUP_INIT { .size = sizeof(struct nsu_cgroup) }
/* For many at once: what follows cpu_throttled_time is not read then, and stays as it is. */
#define NSU_CGROUP_BRIEF_INIT { .size = offsetof(struct nsu_cgroup, memory_peak) }
/* Files of the cgroup file systems of the caller's mount namespace. -ENOENT: the task is in
   none that is mounted here. */
int nsu_task_read_cgroup_usage(const struct nsu_task *task, struct nsu_cgroup *ret);
/* The same of a container's cgroup, wherever in it its tasks are; of a pod of that of the
   pod. What cgroups above it allow is read once for a snapshot. -ENOENT: also a container
   that has no cgroup of its own. -ESRCH: all in it have ended. */
int nsu_container_read_usage(const struct nsu_container *container,
			     struct nsu_cgroup *ret);

enum nsu_propagation {		/* bits; none: private */
	NSU_PROP_SHARED = 1, NSU_PROP_SLAVE = 2, NSU_PROP_UNBINDABLE = 4,
};
/* A mount, mount_namespaces(7); the library makes it. Texts are not escaped. */
struct nsu_mount {
	uint64_t id, parent;	/* as in mountinfo */
	unsigned major, minor;	/* of the file system */
	const char *root;	/* what of the file system is mounted; of nsfs "net:[4026531840]" */
	const char *point;	/* where, below the root of the mount namespace */
	const char *options;	/* of this mount: "rw,nosuid" */
	const char *fstype;
	const char *source;
	const char *super;	/* options of the file system: "rw,size=10k" */
	unsigned propagation;	/* NSU_PROP_* */
	uint32_t peers;		/* peer group that it shares in, 0: none */
	uint32_t master;	/* peer group that it receives from, 0: none */
	bool idmapped;		/* ids are mapped, mount_setattr(2) */
};
struct nsu_mounts;
/* All mounts of a mount namespace, its root first, in the order in which they were
   mounted: /proc/PID/mountinfo of a member that has the namespace's root for its own, else
   that of a child that enters. -EFBIG: more than 64 MiB. */
int nsu_mounts_new(const struct nsu_ns *mnt, struct nsu_mounts **ret);
void nsu_mounts_free(struct nsu_mounts *mounts);
size_t nsu_mounts_count(const struct nsu_mounts *mounts);
const struct nsu_mount *nsu_mounts_get(const struct nsu_mounts *mounts, size_t index);

/* A network namespace from inside: links, addresses, routes, sockets. */
struct nsu_net;
enum nsu_net_part {
	NSU_NET_LINKS = 1 << 0,
	NSU_NET_ADDRESSES = 1 << 1, /* and the links, but not whose their peers are */
	NSU_NET_ROUTES = 1 << 2,
	NSU_NET_SOCKETS = 1 << 3,	/* those that listen: TCP, UDP, SCTP, UNIX, raw */
	NSU_NET_NSIDS = 1 << 4,	/* the numbers that it has for other network namespaces */
};
/* A network interface. */
struct nsu_link {
	int index;
	const char *name;	/* not escaped */
	const char *kind;	/* "veth", "bridge", ...; "": none, as of lo and hardware */
	bool up, carrier;	/* IFF_UP, IFF_LOWER_UP */
	uint32_t mtu;
	uint64_t rx_bytes, tx_bytes;
	unsigned char mac[32];
	unsigned mac_length;	/* 0: none */
	int master;		/* index of the bridge or bond it is in, 0: none */
	int peer;		/* index of the other end (IFLA_LINK), of a VXLAN of the link that
				   it is bound to; 0: none */
	int peer_nsid;		/* number that this namespace has for the peer's; -1: its own;
				   -2: there is none, the peer's is going away */
	const struct nsu_ns *peer_ns; /* the peer's namespace in the picture, NULL: unknown */
	const char *state;	/* of operation, as ip-link(8) has it in lower case: "up", "down",
				   "unknown", "lowerlayerdown", ... */
	int64_t tag;		/* VLAN id, VNI of VXLAN, key of GRE; -1: none */
	const char *mode;	/* of macvlan, ipvlan, bond: "bridge", "l2", "active-backup"; ""
				   of others */
	const char *local, *remote; /* addresses of the ends of a tunnel; "": none */
	uint64_t rx_packets, tx_packets, rx_errors, tx_errors, rx_dropped, tx_dropped;
};
struct nsu_address {
	int link;		/* index */
	int family;		/* AF_INET, AF_INET6 */
	unsigned char bytes[16];
	unsigned prefix;
	const char *text;	/* "10.0.0.1/24" */
};
struct nsu_route {
	int family;
	const char *to;		/* "default", "10.0.0.0/24" */
	const char *via;	/* "10.0.0.1"; "": directly; of several ways the first's */
	int link;		/* index, 0: none (blackhole, several ways) */
	uint32_t table, metric;
};
/* A socket that waits for others; of UNIX ones for datagrams those that have a name. */
struct nsu_listener {
	const char *protocol;	/* "tcp" "udp" "sctp" "raw" "unix" */
	const char *local;	/* "0.0.0.0:80", "[::]:443", "*:80" (both families), "@abstract",
				   a path; not escaped. Of link-local ones with the link,
				   "[fe80::1%eth0]:80", without LINKS its index; of raw its
				   protocol for the port; NUL within names is @ */
	int family;
	unsigned port;		/* 0: none, raw and unix */
	uint64_t inode;		/* "socket:[INODE]"; whose it is: nsu_use.socket of the tasks in
				   the namespace, nsu_holder.socket of those outside */
	uid_t uid;		/* owner as the caller sees it; 65534: has none here */
	const char *state;	/* "listen"; of NSU_NET_PORT others too: "established",
				   "time-wait", "bound", ... */
	const char *remote;	/* the other end's address, as local; "": none */
};
/* netlink(7): rtnetlink, sock_diag, by sockets made inside. parts: NSU_NET_*. peer_ns is
   looked for among the network namespaces of the snapshot. As with ss(8), the kernel may load
   its modules of sock_diag. -EPROTONOSUPPORT: it has none of them; a kind of sockets that it
   does not know is left out. -EAGAIN: it changed faster than it could be read. -EFBIG: more
   than 262,144 of a kind. */
int nsu_net_new(const struct nsu_ns *net, unsigned parts, struct nsu_net **ret);
void nsu_net_free(struct nsu_net *net);
/* By index. */
size_t nsu_net_count_links(const struct nsu_net *net);
const struct nsu_link *nsu_net_get_link(const struct nsu_net *net, size_t index);
/* By link, family, then as the kernel has them. */
size_t nsu_net_count_addresses(const struct nsu_net *net);
const struct nsu_address *nsu_net_get_address(const struct nsu_net *net, size_t index);
/* Of table main; default routes first. */
size_t nsu_net_count_routes(const struct nsu_net *net);
const struct nsu_route *nsu_net_get_route(const struct nsu_net *net, size_t index);
/* By protocol, port, text. */
size_t nsu_net_count_listeners(const struct nsu_net *net);
const struct nsu_listener *nsu_net_get_listener(const struct nsu_net *net, size_t index);

/* The number that a network namespace has for another one. */
struct nsu_nsid {
	int nsid;
	const struct nsu_ns *ns; /* in the picture; NULL: unknown which */
};
/* By number. Needs NSU_NET_NSIDS; the namespaces are those that some link led to, or that
   nsu_net_new() found. */
size_t nsu_net_count_nsids(const struct nsu_net *net);
const struct nsu_nsid *nsu_net_get_nsid(const struct nsu_net *net, size_t index);

/*
 * All network namespaces of a picture at once, and how they are joined. A child process
 * enters each, makes a socket there and hands it over; it is asked, and closed before the
 * next: none is left when this returns. Which namespace a number means is asked of the kernel
 * only for links that lead there, never for all pairs.
 */
struct nsu_wiring;
struct nsu_wiring_options {
	size_t size;		/* sizeof(struct nsu_wiring_options) */
	unsigned parts;		/* NSU_NET_*; 0: LINKS and ADDRESSES */
	unsigned port;		/* with SOCKETS: just the sockets of this local port, and not only
				   those that listen; 0: all that listen */
	bool no_unix;		/* with SOCKETS: without UNIX sockets */
	bool owners;		/* with SOCKETS: whose they are: reads the descriptors of all
				   processes of the picture, one readlinkat(2) for each */
	volatile const sig_atomic_t *cancel; /* as in nsu_scan_options */
};
#define NSU_WIRING_OPTIONS_INIT { .size = sizeof(struct nsu_wiring_options) }
/* -EINVAL: also what goes with SOCKETS, asked for without. -ECANCELED: see cancel.
   -EOPNOTSUPP: no real procfs, or other numbers than the caller's.
   What failed of one namespace alone nsu_wiring_get_net() tells. snap is freed after it. */
int nsu_wiring_new(const struct nsu_snapshot *snap, const struct nsu_wiring_options *opts,
		   struct nsu_wiring **ret);
void nsu_wiring_free(struct nsu_wiring *wiring);
/* What was read of one; lives as long as wiring. Errors: those of nsu_net_new(). -ENOENT: not
   a network namespace of the picture. */
int nsu_wiring_get_net(const struct nsu_wiring *wiring, const struct nsu_ns *ns,
		       const struct nsu_net **ret);
/* Where a link leads: the other end of a veth, the lower device of a vlan, macvlan, ipvlan,
   macvtap, the underlay of a tunnel. Has all members that it will ever have. */
struct nsu_far_end {
	const struct nsu_ns *ns;
	const struct nsu_net *net;
	const struct nsu_link *link; /* NULL: a tunnel that is bound to no link there */
};
/* link: of ns in this wiring. -ENOENT: it leads nowhere. -ENODATA: to a namespace that is not
   in the picture, or to a link that could not be read. -ENXIO: what it led to is gone. */
int nsu_wiring_find_end(const struct nsu_wiring *wiring, const struct nsu_ns *ns,
			const struct nsu_link *link, struct nsu_far_end *ret);
/* Who has one of the sockets open that were read, with opts.owners: processes, by pid. */
size_t nsu_wiring_count_owners(const struct nsu_wiring *wiring, uint64_t socket);
const struct nsu_task *nsu_wiring_get_owner(const struct nsu_wiring *wiring, uint64_t socket,
					    size_t index);
/* Some descriptors could not be read: a socket without an owner may have one. */
bool nsu_wiring_lacks_owners(const struct nsu_wiring *wiring);

/* ---- Targets: what a user typed ------------------------------------------------------------- */

/*
 * Words:   4711  a pid of the procfs     4711:INODE  with its pidfd's inode
 *          net:[4026532281]  net:4026532281  a namespace     4026532281  the same
 *          :1234  a namespace by its 64-bit id
 *          /run/netns/blue  ./x  an nsfs file: any word with a slash before a colon or @
 *          pin:NAME  the namespaces of a pin      pin:NAME/TYPE  one of them
 *          netns:NAME  one in /run/netns
 *          docker:web  podman:web  lxc:web  machine:web  ...: a container by engine, and
 *                  name or id; first digits of the id will do
 *          cri:ID  a container of any engine of Kubernetes by its id
 *          pod:NAMESPACE/NAME  pod:NAME  a pod       pod:NAMESPACE/NAME/CONTAINER  pod:NAME/CONTAINER
 *          unit:nginx.service  the oldest process of a unit, the system's before users'
 *          NAME  any of these by name or first digits of an id, a pin or one in /run/netns, where
 *                no other form fits
 *          docker:  pod:shop/  all that begin so: nsu_matches_new()
 *          7@WORD  the process that has pid 7 in the pid namespace of WORD
 *          host    the topmost visible init       self  the caller
 *
 * "host" is process 1 of the procfs, readable or not: not always the reference.
 */
enum nsu_target_kind {
	NSU_TARGET_TASK,
	NSU_TARGET_NS,
	NSU_TARGET_SET,		/* namespaces, one of a type: a pin that has several */
};

/*
 * Understands a word and, where it names one thing directly, opens it at once and holds
 * it until nsu_target_free(), so that a number given to another process or namespace
 * later is noticed. pidfd_open(2), /proc/PID, open(2) with O_PATH and fstatfs(2): a path
 * is not followed into anything but nsfs.
 * -EINVAL: no target word has this form, and it is no name; 7@WORD, and WORD is a
 * namespace of another type than pid. -ESRCH: no such process. -ECHILD: the number is that
 * of a thread, not of a process. -ENOENT: no such file, or nothing has that name.
 * -EMEDIUMTYPE: the file is not a namespace. -ESTALE: PID:INODE, and the pid is another
 * process's now; or a pin's namespace is another than its record says. -EOPNOTSUPP:
 * PID:INODE where the kernel has no pidfs inodes, or the procfs does not show the caller's
 * pids. pin:NAME: -ENOENT: there is none, or nothing is left of it; of one that has lost
 * some of its namespaces it is the others.
 * A name is looked up in a scan of all processes, whose errors this may return. -ENOTUNIQ:
 * several have it, and are in different namespaces: nsu_matches_new() lists them; or the word
 * ends in : or / and means any number.
 * -E2BIG: more than eight words joined by @. Others: of open(2).
 */
int nsu_target_new(struct nsu_ctx *ctx, const char *word, struct nsu_target **ret);
void nsu_target_free(struct nsu_target *target);
/* -ENODATA: only a scan can tell. */
int nsu_target_get_kind(const struct nsu_target *target, enum nsu_target_kind *ret);
/* Mask of 1 << NSU_*: which namespaces it has, of a set or one alone; of a process all
   types. -ENODATA: only a scan can tell. */
int nsu_target_get_types(const struct nsu_target *target, unsigned *ret);
/* The pid that the word names directly: a scan of this one alone will do. -ENODATA: only a
   scan of all can tell. -ENOENT: a namespace. */
int nsu_target_get_pid(const struct nsu_target *target, pid_t *ret);
/*
 * The task that the target is in a snapshot that was made for it (nsu_scan_options.targets,
 * or by its pid). -ESRCH: has ended; for 7@WORD: WORD has. -ENOENT: no process has that
 * number there, or the target is a namespace. -ENODATA: as nsu_snapshot_find_pid().
 * -EACCES and others: what stands behind the @ could not be read.
 */
int nsu_target_find_task(const struct nsu_target *target, const struct nsu_snapshot *snap,
			 const struct nsu_task **ret);
/* The namespace that the target is. -ENOENT: not in the picture, or a process. -ENODATA:
   by id, and there are none; or of a type that was not asked for. -ENOTUNIQ: it is
   several, a set. */
int nsu_target_find_ns(const struct nsu_target *target, const struct nsu_snapshot *snap,
		       const struct nsu_ns **ret);
/* Of a set the namespace of this type; of a namespace that one, if it is. -ENOENT: it has
   none, or not in the picture, or a process. */
int nsu_target_find_ns_of(const struct nsu_target *target, const struct nsu_snapshot *snap,
			  enum nsu_type type, const struct nsu_ns **ret);

/* The word named a container or a pod: the process stands for that. */
bool nsu_target_is_container(const struct nsu_target *target);
/* Of a container, pod or unit that was found by a name or by nsu_match_open() the word that
   means just this one: struct nsu_match. Borrowed. NULL: it is something else. */
const char *nsu_target_get_word(const struct nsu_target *target);
/* Just a pod: its pause process stands for it, or that of one of its containers where
   that is gone. */
bool nsu_target_is_pod(const struct nsu_target *target);
/* The container that the word named, or the pod, in a snapshot with NSU_PART_CONTAINERS.
   -ENOENT: it named something else. -ESRCH: it has ended. -ENODATA: without that part. */
int nsu_target_find_container(const struct nsu_target *target,
			      const struct nsu_snapshot *snap,
			      const struct nsu_container **ret);

/* One of the things that a word may mean. */
struct nsu_match {
	const char *word;	/* the word that means just this one; not escaped */
	const struct nsu_task *task; /* the process that stands for it; NULL: a namespace or a
				   set of them */
	const struct nsu_container *container; /* or pod; NULL: none */
	const struct nsu_ns *ns; /* a namespace; NULL: none, or a set of them */
};
struct nsu_matches;
/*
 * All that a word means in a snapshot that has NSU_PART_CONTAINERS: for a word that ends
 * in : or / all that begin so, of pods their containers; for a name all that have it; for any
 * other word the one thing that it is. image:NAME and image:NAME:TAG are all containers
 * of an image. Claims (nsu_container_is_claim()) are among them only where nothing else
 * matches, of all that begin so never.
 * snap is freed after them. -ENOENT: nothing matches. -EINVAL: also a snapshot without that
 * part. Others: as nsu_target_new() and nsu_target_find_task().
 */
int nsu_matches_new(const struct nsu_snapshot *snap, const char *word,
		    struct nsu_matches **ret);
void nsu_matches_free(struct nsu_matches *matches);
/* Sorted by word. */
size_t nsu_matches_count(const struct nsu_matches *matches);
const struct nsu_match *nsu_matches_get(const struct nsu_matches *matches, size_t index);
/* As nsu_target_new() by the match's word, but the process is the one of the snapshot. The
   match is one of nsu_matches_get(), and not needed afterwards.
   -ESRCH: it has ended since, or its number is another's. */
int nsu_match_open(const struct nsu_match *match, struct nsu_target **ret);
/* The word ends in : or /, or is an image's: it means any number of containers. */
bool nsu_word_is_selection(const char *word);

/* ---- Entering ---------------------------------------------------------------------- */

/*
 * A plan is made from a target and options, looked at, and then entered:
 *
 *	r = nsu_target_new(ctx, "4711", &target);
 *	r = nsu_plan_new(ctx, target, NULL, &plan);
 *	r = nsu_plan_spawn(plan, &opts, &failure);	a child inside, and its pid
 *	waitpid(r, &status, 0);
 *
 * nsu_plan_new() opens and reads all it needs, through one verified pidfd and /proc
 * directory: the namespaces, root, working directory, environment, ids, cgroups, label.
 * From then on nothing is found by a number or a path of the target's any more, and a
 * process that gets its pid later is never entered. A plan holds descriptors of
 * namespaces and so keeps them alive until it is freed. It may be entered or spawned
 * from any number of times.
 *
 * What a plan cannot do: the program that makes it is the program that enters, and a
 * hostile container may reach its executable file through /proc/PID/exe and
 * "#!/proc/self/exe" once it runs a command there (CVE-2019-5736). nsattach runs from a
 * sealed copy of itself; the library cannot do that for its caller.
 */
struct nsu_plan;

/* What the target is beyond its namespaces, and the command may be too. */
enum nsu_trait {
	NSU_TRAIT_CGROUP,	/* its cgroups, v1 and v2; not while they are frozen */
	NSU_TRAIT_RLIMITS,	/* getrlimit(2), all of them */
	NSU_TRAIT_OOM,		/* oom_score_adj, proc(5) */
	NSU_TRAIT_SCHED,	/* policy, nice, CPUs, I/O priority: sched(7) */
	NSU_TRAIT_UMASK,
	NSU_TRAIT_PERSONALITY,	/* personality(2) */
	NSU_TRAIT_LABEL,	/* AppArmor profile or SELinux context */
	NSU_TRAIT_CAPS,		/* capabilities(7): its bounding, inheritable, ambient
				   sets */
	NSU_TRAIT_NNP,		/* no_new_privs, prctl(2) */
	NSU_TRAIT_SECCOMP,	/* its filters: stops the target's first thread for a
				   moment (ptrace(2)) and needs CAP_SYS_ADMIN in the
				   initial user namespace */
};
#define NSU_TRAIT_COUNT 10
/* Those that confine: without them the command may do more than the target may. */
#define NSU_TRAITS_CONFINING \
	(1u << NSU_TRAIT_LABEL | 1u << NSU_TRAIT_CAPS | 1u << NSU_TRAIT_NNP | \
	 1u << NSU_TRAIT_SECCOMP)
/* "cgroup", "rlimits", "oom", "sched", "umask", "personality", "label", "caps", "nnp",
   "seccomp"; NULL for a value that is none. */
const char *nsu_trait_get_name(enum nsu_trait trait);

enum nsu_choice { NSU_AUTO, NSU_YES, NSU_NO };

enum nsu_identity {
	NSU_ID_AUTO,		/* root inside, where the user namespace is entered and
				   has a root, or the mount namespace is entered by root;
				   who the target is, where the user namespace has none
				   (KEEP where that is the caller's own user and has no
				   number there); else KEEP */
	NSU_ID_KEEP,		/* who the caller is */
	NSU_ID_FOLLOW,		/* who the target is */
	NSU_ID_NUMBER,		/* the number in uid or gid, as the entered user namespace
				   counts */
	NSU_ID_NAME,		/* the name in user or group: of the target's passwd(5) or
				   group(5) where its mount namespace is entered or its
				   root is taken, else of the caller's /etc/passwd,
				   /etc/group */
};

enum nsu_environment {
	NSU_ENV_AUTO,		/* CLEAN where the mount namespace is entered, else
				   HOST */
	NSU_ENV_CLEAN,		/* TERM of the caller, PATH of the target, HOME, USER,
				   LOGNAME and SHELL of the user, and no more */
	NSU_ENV_TARGET,		/* all of the target's; without its mount namespace not
				   PATH and what makes a loader or an interpreter run
				   code */
	NSU_ENV_HOST,		/* all of nsu_plan_options.environment */
};

enum nsu_directory {
	NSU_CWD_AUTO,		/* the target's where no type was named and its mount
				   namespace is entered, else "/" where that is entered or
				   the root is changed, else the caller's */
	NSU_CWD_TARGET,		/* the target's; "/" where that was removed or is not
				   below the root: a problem, see
				   nsu_plan_get_problem() */
	NSU_CWD_OUTSIDE,	/* the path in cwd, opened now, as the caller sees it */
	NSU_CWD_INSIDE,		/* the path in cwd, gone to after entering, as the command
				   sees it */
};

/* All that it points to is borrowed for the call of nsu_plan_new(). */
struct nsu_plan_options {
	size_t size;		/* sizeof(struct nsu_plan_options) */
	unsigned types;		/* mask of 1 << NSU_*: of the target, those that differ
				   from the caller's. 0: all, if ns holds none and
				   net_socket is -1 */
	const struct nsu_target *ns[NSU_TYPE_COUNT]; /* a namespace from elsewhere,
				   instead of the target's; NULL: none. Of a process: its
				   namespace of that type */
	int net_socket;		/* number of a socket in the target's descriptor table,
				   whose network namespace is entered (pidfd_getfd(2),
				   SIOCGSKNS); -1 */
	bool children;		/* of pid and time those that the target's next children
				   will be in */
	bool user_parent;	/* the user namespace: the owner of the others, or with
				   the user type named the parent of that */
	bool host_tools;	/* all but mnt, and but user where the caller may do
				   without; the target's files are shown below tree_dir in
				   a mount namespace of the command's own */
	bool force;		/* even where a task of the target could reach the host
				   through the command: see nsu_plan_check() */
	const char *tree_dir;	/* an empty directory; needed with host_tools */
	enum nsu_choice proc;	/* mount a fitting procfs, in a mount namespace of the
				   command's own. AUTO: where the pid namespace is entered
				   and the mount namespace is not, and that it fails is
				   but a problem */
	enum nsu_choice sys;	/* a fitting sysfs; AUTO: likewise with the network
				   namespace */
	enum nsu_choice resolv;	/* the target's resolv.conf and hosts over the caller's;
				   AUTO: likewise with the network namespace, where the
				   target has a mount namespace of its own */
	unsigned traits_on;	/* mask of 1 << NSU_TRAIT_*: get these */
	unsigned traits_off;	/* mask: not these, whatever traits_on says. In neither:
				   where the target's mount namespace is entered, all but
				   SECCOMP; else none */
	enum nsu_identity uid_from;
	enum nsu_identity gid_from; /* AUTO with uid_from NUMBER or NAME: the primary
				   group that passwd(5) gives, else the same number; else
				   as uid_from */
	uid_t uid;		/* for NUMBER */
	gid_t gid;
	const char *user, *group; /* for NAME */
	bool keep_caps;		/* capabilities permitted after entering a user namespace
				   stay with a command that is not root there: ambient */
	enum nsu_environment env;
	char *const *environment; /* the caller's, NULL at its end. NULL: an empty one */
	const char *const *setenv; /* NAME=VALUE, or NAME to unset; NULL at the end;
				   applied last. NULL: none */
	enum nsu_choice root;	/* chroot(2): AUTO: to root_dir, else to the target's root
				   where its mount namespace is entered. YES: also where
				   it is not. NO: not at all */
	const char *root_dir;	/* a directory as the caller sees it, opened now; NULL:
				   the target's */
	enum nsu_directory cwd_from;
	const char *cwd;	/* for OUTSIDE and INSIDE */
	const struct nsu_target *as; /* ask for this process instead of for the caller: the
				   verdicts are what setns(2) would tell it. Nothing can be
				   entered by such a plan, and of its outlook only entered and
				   caps are filled in. That it may open the namespaces (ptrace(2))
				   is taken for granted. NULL: the caller */
};
#define NSU_PLAN_OPTIONS_INIT { .size = sizeof(struct nsu_plan_options), \
	.net_socket = -1 }

/*
 * opts may be NULL for the defaults, target where opts->ns holds all that is entered. A
 * target that is a namespace is entered alone, of a set those of opts->types, or all. The
 * target may be freed afterwards, the context not. Nothing is entered yet, and that
 * entering is forbidden is no error here: nsu_plan_check() and nsu_plan_get_entry() tell.
 *
 * -ESRCH: the target has ended, reaped or not. -EACCES, -EPERM: something of it beyond
 * its namespaces may not be looked into, or what opts->ns names, or its descriptor table
 * (ptrace(2), PTRACE_MODE_READ_FSCREDS, for net_socket PTRACE_MODE_ATTACH_REALCREDS).
 * -ENOENT: a namespace that is not found, or that nothing can be opened by: no task, no
 * child, nothing it owns, no bind mount here; root_dir or cwd is not there. -ENOTDIR:
 * they are no directories. -ENODATA: a target by 64-bit id, and there are none.
 * -EMEDIUMTYPE: opts->ns[type] is of another type. -EBADF, -ENOTSOCK: net_socket is not
 * open in the target, is no socket. -EOPNOTSUPP: net_socket, and the kernel or this
 * procfs gives no pidfd. -ENOKEY: no such user or group name. -EMFILE, -ENFILE: no
 * descriptor left. -EINVAL: also that nothing to enter was named; types without a target, or
 * that it lacks, being no process;
 * what only a process has, and the target is none: net_socket, host_tools, FOLLOW, the
 * target's root, directory or environment. Others: of the scan for a target that takes
 * one. With as also -ESRCH: it has ended; -EACCES, -EPERM: its namespaces cannot be read;
 * -EINVAL: it is no process.
 */
int nsu_plan_new(struct nsu_ctx *ctx, const struct nsu_target *target,
		 const struct nsu_plan_options *opts, struct nsu_plan **ret);
/* The context is freed after it. */
void nsu_plan_free(struct nsu_plan *plan);

enum nsu_verdict {
	NSU_ENTRY_NONE,		/* not asked for, or not in this kernel: stays the
				   caller's */
	NSU_ENTRY_SAME,		/* the caller is in it already */
	NSU_ENTRY_YES,		/* will be entered */
	NSU_ENTRY_NO,		/* setns(2) would refuse: rule says why */
	NSU_ENTRY_UNREAD,	/* it could not even be told which it is: error */
};

/* The rules of setns(2). */
enum nsu_rule {
	NSU_RULE_NONE,
	NSU_RULE_ADMIN_THERE,	/* CAP_SYS_ADMIN in the user namespace that owns it */
	NSU_RULE_ADMIN_HERE,	/* CAP_SYS_ADMIN in the user namespace that the caller is
				   in by then */
	NSU_RULE_CHROOT,	/* CAP_SYS_CHROOT in that one */
	NSU_RULE_NOT_BELOW,	/* a pid namespace must be the caller's own or below it */
	NSU_RULE_NO_INIT,	/* its first process has ended: nothing can start in it */
	NSU_RULE_UNREADABLE,	/* ptrace access to the target is needed */
};

struct nsu_entry {
	enum nsu_type type;
	enum nsu_verdict verdict;
	enum nsu_rule rule;	/* NO, UNREAD: why; NONE: see error */
	int error;		/* UNREAD: negative errno */
	uint64_t inode;		/* of the namespace; 0: unknown */
	uint64_t owner;		/* YES, NO: inode of the user namespace that owns it, of a
				   user namespace its parent; 0: unknown, or above what
				   the caller may see */
	uint64_t needed_in;	/* ADMIN_*, CHROOT: inode of the user namespace where the
				   capability is missing; 0: not visible from here */
	bool owned;		/* the owner is not the caller's own, and the caller has
				   CAP_SYS_ADMIN in it: entering that as well would do */
	pid_t init;		/* pid: its first process as the procfs numbers it; 0:
				   unknown */
	uint64_t caps;		/* YES, NO: mask of 1 << CAP_* that the caller has in the user
				   namespace that owns it, of a user namespace in itself.
				   UINT64_MAX: all, since its uid created it or one above */
};
/* One for each type, as they stand before anything is entered; never NULL for a valid
   type, NULL for a value that is none. */
const struct nsu_entry *nsu_plan_get_entry(const struct nsu_plan *plan,
					   enum nsu_type type);
/*
 * May all of it be entered? 0. -EPERM: a verdict is NO or UNREAD. -EXDEV: a task of the
 * target could reach the host's files through the command, whose root is the caller's
 * while its pid namespace is the target's, and which nothing protects (a task there may
 * have CAP_SYS_PTRACE over it): opts->force enters nevertheless.
 */
int nsu_plan_check(const struct nsu_plan *plan);
/* The task of the target, as the procfs numbers it; 0: a namespace alone. */
pid_t nsu_plan_get_pid(const struct nsu_plan *plan);

/* What the command will be. Borrowed; it lives until the plan is freed. Where a verdict
   is NO or UNREAD there will be none, and only entered and caps are filled in. */
struct nsu_outlook {
	unsigned entered;	/* mask of the types that will be entered */
	unsigned traits;	/* mask: those of the target that the command gets */
	bool by_pidfd;		/* in one setns(2) with the target's pidfd, unless the
				   kernel turns out to lack that */
	bool changes_ids;	/* uid, gid and groups are set; else they stay the
				   caller's */
	uid_t uid;		/* in the user namespace that it will be in */
	gid_t gid;
	const gid_t *groups;	/* supplementary: with FOLLOW the target's, else those
				   that group(5) gives the user */
	size_t group_count;
	uint64_t caps;		/* mask of 1 << CAP_*: what root may have there at most;
				   with CAPS the target's bounding set, else the caller's
				   permitted set */
	uint64_t target_caps;	/* the target's bounding set; 0: none or not read */
	const char *label;	/* the target's, NULL: none or not read */
	int seccomp;		/* of the target: 0 none, 1 strict, 2 filter; -1: not
				   read */
	bool no_new_privs;	/* of the target; false: or not read */
	const char *cgroup;	/* path of the target's, NULL: none or not read */
	bool frozen;		/* it is paused: the cgroup is not joined */
	bool cgroup_same;	/* the caller is in it already */
	int64_t pids_max, pids_now; /* of the tightest limit above the target, cgroup's
				   pids; -1: none or not read */
	bool own_mounts;	/* in a mount namespace of the command's own */
	bool proc, sys, resolv;	/* mounted there */
	bool exposed;		/* see nsu_plan_check(), -EXDEV; entered by force or
				   not */
	const char *tree_dir;	/* NULL: none */
	const char *shell;	/* what to run where no command is given; NULL: there is
				   none */
	const char *home;	/* of the user, "/" where passwd does not say */
	const char *cwd;	/* what will be gone to, as it was named; NULL: the
				   caller's, or a directory that is held */
	char *const *environment; /* ends with NULL */
	size_t odd;		/* entries of the target's environment that were left out:
				   odd, or too much */
};
/* Never NULL. */
const struct nsu_outlook *nsu_plan_get_outlook(const struct nsu_plan *plan);

/* What is done between here and the command, in this order. */
enum nsu_step {
	NSU_STEP_CHECK, NSU_STEP_FORK, NSU_STEP_CGROUP, NSU_STEP_RLIMITS, NSU_STEP_OOM,
	NSU_STEP_SCHED, NSU_STEP_PERSONALITY, NSU_STEP_LABEL, NSU_STEP_TREE,
	NSU_STEP_KEYS, NSU_STEP_SETNS, NSU_STEP_FORK_INSIDE, NSU_STEP_UNSHARE,
	NSU_STEP_PROC, NSU_STEP_SYS, NSU_STEP_RESOLV, NSU_STEP_ROOT, NSU_STEP_CWD, NSU_STEP_TERMINAL,
	NSU_STEP_GROUPS, NSU_STEP_GID, NSU_STEP_UID, NSU_STEP_CAPS, NSU_STEP_NNP,
	NSU_STEP_SECCOMP, NSU_STEP_DEATH_SIGNAL, NSU_STEP_EXEC,
};
#define NSU_STEP_COUNT 27
/* What was tried, in words: "join its cgroup". NULL for a value that is none. */
const char *nsu_step_get_name(enum nsu_step step);

struct nsu_failure {
	size_t size;		/* in: sizeof(struct nsu_failure) */
	enum nsu_step step;
	int error;		/* negative errno */
	unsigned types;		/* SETNS: mask of those that were entered in that call */
};
#define NSU_FAILURE_INIT { .size = sizeof(struct nsu_failure) }

/* What does not stop the command, but was not as wished: found in planning, then by the
   last nsu_plan_enter() or nsu_plan_spawn(); in the order in which it happened, the first
   32. Borrowed until the next call of these. */
size_t nsu_plan_count_problems(const struct nsu_plan *plan);
const struct nsu_failure *nsu_plan_get_problem(const struct nsu_plan *plan, size_t index);

/*
 * Enters in the calling process, which becomes what the command would be: namespaces,
 * mounts, root, working directory, ids, traits; not the environment. It cannot be undone,
 * and a failure may leave it half entered: end then. Into a pid namespace only children
 * go: the first fork(2) after it makes one, and a procfs for it is not mounted. The
 * caller may be the fork of the process that made the plan.
 *
 * On failure *why, which may be NULL, says which step. -EBUSY at CHECK: a process of
 * more than one thread cannot enter. -EPERM, -EXDEV at CHECK: as nsu_plan_check().
 * -ESRCH at SETNS: the target has ended meanwhile. Others: of the step.
 */
int nsu_plan_enter(struct nsu_plan *plan, struct nsu_failure *why);

/* Executes a command in the calling process, with the plan's environment and found in
   its PATH, as nsu_plan_spawn() does. All descriptors but 0, 1 and 2 are closed by it.
   argv0: what the command is called, "-sh"; NULL: argv[0]. Returns only when it fails:
   errors as those at EXEC. */
int nsu_plan_exec(struct nsu_plan *plan, char *const *argv, const char *argv0);

struct nsu_spawn_options {
	size_t size;		/* sizeof(struct nsu_spawn_options) */
	char *const *argv;	/* the command, NULL at its end. Without a slash it is
				   looked for in the PATH of the plan's environment,
				   inside. NULL: a function is called; one of the two is
				   given */
	int (*function)(void *data); /* called in the child, whose exit status is what it
				   returns, by _exit(2): flush what it prints. After the
				   fork of a program with threads it may only do what
				   signal-safety(7) lists */
	void *data;		/* its argument */
	int fds[3];		/* become 0, 1, 2 of the child, in any order; -1: the
				   caller's. A command gets no others, a function keeps
				   them all */
	int terminal;		/* -1, or the controlling terminal of the caller's
				   session: the child gets a process group of its own, in
				   the foreground there */
	bool group;		/* a process group of its own also without a terminal */
	int death_signal;	/* sent to the child when the thread that spawned it ends
				   (PR_SET_PDEATHSIG); 0: none. A set-uid program is not
				   sent it */
	const char *argv0;	/* what the command is called, "-sh"; NULL: argv[0] */
	const sigset_t *mask;	/* the child's signal mask, NULL: the caller's */
};
#define NSU_SPAWN_OPTIONS_INIT { .size = sizeof(struct nsu_spawn_options), \
	.fds = { -1, -1, -1 }, .terminal = -1 }

/*
 * Runs a command or a function inside, in a child of the caller; the caller stays
 * outside. Returns the child's pid once the command was executed or the function is about
 * to be called; the caller waits for it. May be called by a program with threads. Where
 * there are two forks, a SIGCHLD for the first comes as well; it is waited for here. No
 * signal handler of the caller's runs in a command.
 *
 * On failure no child is left, and *why, which may be NULL, says which step.
 * -EINVAL, -E2BIG at CHECK: also argv and function both given, or neither; no argv[0].
 * -EPERM, -EXDEV at CHECK: as nsu_plan_check(). -ESRCH at SETNS: the target has ended
 * meanwhile, or the child was killed on its way. -EAGAIN at FORK, FORK_INSIDE: the limit
 * of processes of the user, of the cgroup. -ENOMEM at FORK_INSIDE: the pid namespace's
 * first process has ended. -EBADF at TERMINAL: one of fds is not open. -ENOENT at EXEC:
 * no such command; -ELIBACC: it is there, but not the interpreter or loader that it
 * names; -ENOEXEC: it is no program, nor does it begin with "#!"; -EACCES and others: it
 * cannot be executed. Others: of the step.
 */
pid_t nsu_plan_spawn(struct nsu_plan *plan, const struct nsu_spawn_options *opts,
		     struct nsu_failure *why);

/* ---- Pins --------------------------------------------------------------------------- */

/*
 * A pin is a name for namespaces, at most one of each type, that keeps them alive when
 * their processes are gone. What it is made of, so that other programs can use it:
 *
 *	/run/nsutil/pins/NAME/TYPE	root's: a bind mount of the namespace
 *	/run/nsutil/mnt/NAME/mnt	that of a mount namespace: apart, since the mount that
 *					it lies on must not be shared with it
 *	/run/nsutil/pins/NAME/mnt	a symbolic link there
 *	$XDG_RUNTIME_DIR/nsutil/pins/NAME/TYPE	a user's, if that is unset /run/user/UID: a
 *					symbolic link to a descriptor of the pin's keeper, a
 *					process that does nothing but hold them
 *	.../pins/NAME/record.json	who made it, when, how, and which namespaces
 *
 * Whose store is used: root's by who may write there, else the user's. In all of it only
 * the caller's own files count; nothing is followed that could lead elsewhere.
 *
 * A name: 1 to 200 bytes, of letters, digits and . _ + - only, no dot or dash at the
 * start.
 */
enum nsu_pin_state {
	NSU_PIN_OK,
	NSU_PIN_EMPTY,		/* a file or a record that is left over: no namespace */
	NSU_PIN_STALE,		/* another namespace than the record says */
	NSU_PIN_HIDDEN,		/* in another mount namespace; or known to its keeper alone,
				   since the record is lost */
	NSU_PIN_DEAD,		/* a pid namespace without its init */
};
#define NSU_PIN_STATE_COUNT 5
/* "ok", "empty", "stale", "hidden", "dead"; NULL for a value that is none. */
const char *nsu_pin_state_get_name(enum nsu_pin_state state);

/* Why it is in that state. */
enum nsu_pin_reason {
	NSU_PIN_NO_REASON,	/* OK */
	NSU_PIN_PLAIN_FILE,	/* EMPTY: of another program, nothing is mounted there */
	NSU_PIN_UNMOUNTED,	/* EMPTY: the record knows it, nothing is mounted there; of a
				   user's: the link to what its keeper has is missing */
	NSU_PIN_KEEPER_ENDED,	/* EMPTY: so the namespaces have no one to hold them */
	NSU_PIN_HALF_MADE,	/* EMPTY: who made it did not come to the end */
	NSU_PIN_HALF_REMOVED,	/* EMPTY: who removed it did not come to the end */
	NSU_PIN_NO_RECORD,	/* EMPTY: a directory without a record that can be read; what is
				   still mounted there has an inode, and its cure is RECORD */
	NSU_PIN_REPLACED,	/* STALE */
	NSU_PIN_ELSEWHERE,	/* HIDDEN: mounted at this path in another mount namespace; or
				   here in /run/netns alone */
	NSU_PIN_RECORD_LOST,	/* HIDDEN: found by its keeper */
	NSU_PIN_INIT_ENDED,	/* DEAD: nothing can be started in it any more */
	NSU_PIN_HALF_RENAMED,	/* EMPTY: who renamed it did not come to the end; the
				   namespaces are all there */
};
#define NSU_PIN_REASON_COUNT 12
/* "plain-file", "unmounted", ... as in the JSON of nspin(1); NULL for NO_REASON and for a
   value that is none. */
const char *nsu_pin_reason_get_name(enum nsu_pin_reason reason);

/* Who made it. Of others by the place and the name; a row of a table in the library. */
enum nsu_pin_maker {
	NSU_PIN_BY_NSUTIL, NSU_PIN_BY_IP, NSU_PIN_BY_CNI, NSU_PIN_BY_CRIO,
	NSU_PIN_BY_CONTAINERD, NSU_PIN_BY_DOCKER, NSU_PIN_BY_PODMAN,
	NSU_PIN_BY_OTHER,	/* unshare --net=FILE and whatever else mounts one */
};
#define NSU_PIN_MAKER_COUNT 8
/* "nsutil", "ip", "cni", "crio", "containerd", "docker", "podman", "other"; NULL. */
const char *nsu_pin_maker_get_name(enum nsu_pin_maker maker);

/* One namespace of a pin. Has all members that it will ever have. */
struct nsu_pin_ns {
	enum nsu_pin_state state;
	enum nsu_pin_reason reason;
	const char *path;	/* where it is mounted or linked; not escaped */
	uint64_t inode;		/* of what is there; 0: nothing is */
	uint64_t id;		/* its 64-bit id; 0: unknown */
	uint64_t recorded_inode, recorded_id; /* what the record says; 0: it says nothing */
};

/* A pin of a list, which owns it. */
struct nsu_pin {
	const char *name;	/* of ours and in /run/netns its name, else the path; not
				   escaped */
	const char *word;	/* the target word: "pin:blue", "netns:green", the path */
	enum nsu_pin_maker maker;
	enum nsu_pin_state state; /* the worst of its namespaces */
	enum nsu_pin_reason reason;
	unsigned types;		/* mask of 1 << NSU_*: those it has, or should have */
	struct nsu_pin_ns ns[NSU_TYPE_COUNT]; /* of those */
	uint64_t made;		/* seconds since 1970; of others when the namespace was first
				   opened by anyone; 0: unknown */
	/* Only of ours; what the record does not say is 0 or NULL. */
	uid_t uid;		/* who made it: by sudo(8) who called that */
	const char *user;	/* the name then; NULL: had none */
	const char *const *args; /* the words of nsu_pin_options.args; NULL at the end */
	const char *from;	/* add: the target word */
	pid_t from_pid;		/* add: of which task; 0: of none */
	const char *from_command; /* add: its command line, the words joined by blanks */
	bool netns;		/* is to be in /run/netns, too */
	pid_t init;		/* create: the process that nsutil started as the pid
				   namespace's first and that still runs; 0: none */
	pid_t keeper;		/* who holds it, where nothing is mounted; 0: none */
};

struct nsu_pins;		/* all that there are, as they were when it was made */
/*
 * Ours, then those of others that the caller's mount namespace has, each by name. A pin
 * that was made by another program is a nsfs mount somewhere, or a plain file where such
 * a program has its own. mountinfo(5), nsfs; other mount namespaces are searched, by a
 * scan of the host, only where one is missing here that is ours or has left a plain file.
 * Nothing is changed; waits at most a second for who is changing the pins.
 * The caller frees it; it needs the context no more once it is made.
 * -EMFILE, -ENFILE: no descriptor left. What cannot be read, a store included, is no error
 * but a gap.
 */
int nsu_pins_new(struct nsu_ctx *ctx, struct nsu_pins **ret);
void nsu_pins_free(struct nsu_pins *pins);
/* Pins, and all they point to, live until nsu_pins_free(). */
size_t nsu_pins_count(const struct nsu_pins *pins);
const struct nsu_pin *nsu_pins_get(const struct nsu_pins *pins, size_t index);
/* By name or word: of ours NAME or pin:NAME, of others NAME or netns:NAME where they are in
   /run/netns, else the path. Where one of ours has the name, too, it is that. -ENOENT. */
int nsu_pins_find(const struct nsu_pins *pins, const char *name, const struct nsu_pin **ret);
/* What could not be read while it was made: where, why. */
struct nsu_pin_gap {
	const char *path;
	int error;		/* negative errno */
};
size_t nsu_pins_count_gaps(const struct nsu_pins *pins);
const struct nsu_pin_gap *nsu_pins_get_gap(const struct nsu_pins *pins, size_t index);

/* What a pin is made of. All that it points to is borrowed for the call. */
enum nsu_pin_map { NSU_PIN_MAP_NONE, NSU_PIN_MAP_ROOT, NSU_PIN_MAP_AUTO, NSU_PIN_MAP_LIST };
enum nsu_pin_propagation { NSU_PIN_SLAVE, NSU_PIN_PRIVATE, NSU_PIN_SHARED,
			   NSU_PIN_UNCHANGED };
struct nsu_pin_options {
	size_t size;		/* sizeof(struct nsu_pin_options) */
	unsigned types;		/* mask of 1 << NSU_*. create: the new ones, not 0. add: of the
				   target; 0: those that differ from the caller's */
	bool netns;		/* also /run/netns/NAME, for ip-netns(8); root only */
	const char *const *args; /* the words it was asked for by, kept in the record; NULL
				   at the end. NULL: none */
	const char *from;	/* add: the target word, kept in the record */
	/* nsu_pin_create() only */
	const char *hostname;	/* in the new uts namespace; NULL: as here */
	bool set_boottime, set_monotonic;
	int64_t boottime, monotonic; /* offsets of the new time namespace, in seconds */
	bool loopback;		/* lo is set up in the new net namespace */
	enum nsu_pin_map map;	/* of the new user namespace. ROOT: root there is the caller;
				   AUTO: also 1 and on are the caller's ranges of subuid(5), for
				   root those of user "root"; LIST: as given */
	const struct nsu_id_range *uids, *gids; /* LIST; outside as the caller counts */
	size_t uid_count, gid_count;
	enum nsu_pin_propagation propagation; /* of the new mount namespace */
};
#define NSU_PIN_OPTIONS_INIT { .size = sizeof(struct nsu_pin_options) }

/* What was being done. */
enum nsu_pin_step {
	NSU_PIN_STEP_CHECK,	/* the arguments */
	NSU_PIN_STEP_STORE,	/* open or make the directories */
	NSU_PIN_STEP_LOCK,	/* wait for another that is at work there */
	NSU_PIN_STEP_RECORD,	/* read or write the record */
	NSU_PIN_STEP_TARGET,	/* open the target's namespace */
	NSU_PIN_STEP_UNSHARE,	/* make the namespace */
	NSU_PIN_STEP_MAP,	/* write the id maps */
	NSU_PIN_STEP_HOSTNAME, NSU_PIN_STEP_CLOCKS, NSU_PIN_STEP_LOOPBACK,
	NSU_PIN_STEP_MOUNTS,	/* the new mount namespace's propagation, its /proc */
	NSU_PIN_STEP_INIT, NSU_PIN_STEP_KEEPER, /* start it, or end it */
	NSU_PIN_STEP_MOUNT, NSU_PIN_STEP_UNMOUNT, NSU_PIN_STEP_RENAME,
	NSU_PIN_STEP_NETNS,	/* the same in /run/netns */
};
#define NSU_PIN_STEP_COUNT 17
/* In words: "make the directories", "unshare"; NULL for a value that is none. */
const char *nsu_pin_step_get_name(enum nsu_pin_step step);

/* Why, where the errno alone does not tell. */
enum nsu_pin_cause {
	NSU_PIN_CAUSE_NONE,
	NSU_PIN_CAUSE_NAME,	/* -EINVAL: not a name, see above */
	NSU_PIN_CAUSE_NO_TYPE,	/* -EINVAL: no type; add: no namespace differs */
	NSU_PIN_CAUSE_EXISTS,	/* -EEXIST: a pin has that name; NETNS: a file there has */
	NSU_PIN_CAUSE_ABSENT,	/* -ENOENT: no pin has that name */
	NSU_PIN_CAUSE_BUSY,	/* -EBUSY: another was at work for ten seconds */
	NSU_PIN_CAUSE_FOREIGN,	/* -EPERM: another program's, and not by force */
	NSU_PIN_CAUSE_OWN_MNTNS, /* -ELOOP: the caller's own mount namespace */
	NSU_PIN_CAUSE_OLDER_MNTNS, /* -ELOOP: one that is older than the caller's */
	NSU_PIN_CAUSE_ORDER,	/* -ELOOP: Linux 6.18 numbers them by CPU: takes it for older,
				   or it is; from the initial mount namespace it works */
	NSU_PIN_CAUSE_SHARED,	/* -EINVAL: the mount that it would lie on is shared with it */
	NSU_PIN_CAUSE_UNSAFE,	/* -EPERM: a directory of the store is another's, or others may
				   write to it; -ELOOP: a symbolic link is on the way */
	NSU_PIN_CAUSE_NO_RUNTIME, /* -ENOENT: no $XDG_RUNTIME_DIR, no /run/user/UID */
	NSU_PIN_CAUSE_NO_USERNS, /* -EPERM: make the other types needs a user namespace */
	NSU_PIN_CAUSE_FORBIDDEN, /* -EPERM: users may make no user namespaces here (sysctl
				   kernel.unprivileged_userns_clone, AppArmor's) */
	NSU_PIN_CAUSE_LIMIT,	/* -ENOSPC: /proc/sys/user/max_*_namespaces, or 32 deep */
	NSU_PIN_CAUSE_FULL,	/* -ENOSPC, -EDQUOT: of the store's file system; -EMFILE... */
	NSU_PIN_CAUSE_NO_SUBIDS, /* -ENOENT: the user has no range in subuid(5), subgid(5) */
	NSU_PIN_CAUSE_NEWUIDMAP, /* newuidmap(1), newgidmap(1): not there, or it said no */
	NSU_PIN_CAUSE_MAP_REFUSED, /* -EPERM: ids that the caller may not map */
};
#define NSU_PIN_CAUSE_COUNT 21

/* What is worth to be known though it was done: bits of nsu_pin_report.notes. */
enum {
	NSU_PIN_NOTE_SESSION = 1 << 0,	/* ends with the user's last session: no linger */
	NSU_PIN_NOTE_CGROUP = 1 << 1,	/* its init or keeper stays in the caller's cgroup */
	NSU_PIN_NOTE_OTHER_INIT = 1 << 2, /* add: a pid namespace is dead once its init ends,
				   which is not nsutil's */
	NSU_PIN_NOTE_DEAD = 1 << 3,	/* add: it is dead already */
	NSU_PIN_NOTE_INIT_STAYS = 1 << 4, /* remove: others run in the pid namespace; its init
				   ends with the last of them */
};

struct nsu_pin_report {
	size_t size;		/* in: sizeof(struct nsu_pin_report) */
	enum nsu_pin_step step;
	int error;		/* negative errno; 0: it was done */
	enum nsu_pin_cause cause;
	int type;		/* enum nsu_type that it failed at; -1: none */
	unsigned notes;
	unsigned types;		/* mask: of which types the pin is, was */
	uint64_t inode[NSU_TYPE_COUNT]; /* of those; 0: there was none */
	uint64_t id[NSU_TYPE_COUNT]; /* their 64-bit ids; 0: unknown */
	char object[256];	/* a path, a program's last words, ...: what step failed at; not
				   escaped; empty: nothing to say */
};
#define NSU_PIN_REPORT_INIT { .size = sizeof(struct nsu_pin_report), .type = -1 }

/*
 * All of these work under a lock, flock(2), that one process holds at a time; a crash at
 * any moment leaves nothing that nsu_pins_new() does not show as EMPTY or HIDDEN and
 * nsu_pin_repair() does not mend; an error leaves nothing. A list that was made before
 * stays as it was. report may be NULL; else it is filled in whenever context and names
 * are not NULL: which step failed, at what, and why. It points to nothing and need not be
 * freed. Errors of all of them:
 * -EINVAL at CHECK: NAME, NO_TYPE. -EBUSY at LOCK: BUSY, after ten seconds. -EPERM, -ELOOP
 * at STORE: UNSAFE. -ENOENT at STORE: NO_RUNTIME. -EACCES, -EROFS and others at STORE: of
 * mkdir(2), openat(2). -ENOSPC, -EDQUOT, -EMFILE, -ENFILE: FULL. -EOPNOTSUPP at UNMOUNT:
 * there is no /proc. Others: of the calls of the step.
 */

/*
 * New namespaces, by unshare(2) in a child process, pinned by open_tree(2) and
 * move_mount(2). With pid among them an init is started that does nothing but reap; it is
 * in all of the new namespaces, not dumpable and without capabilities. A user's are held
 * by a keeper instead; neither is the caller's child to wait for.
 * name, opts: borrowed. Any number may be made with one context.
 * -EINVAL at CHECK: also an option without its type, or a value that is none. -E2BIG:
 * opts is newer than the library. -EEXIST at CHECK: EXISTS; at NETNS: EXISTS; at STORE:
 * EXISTS, of what is left of another. -EPERM at NETNS: netns, and the store is a user's.
 * -EPERM at UNSHARE: NO_USERNS, FORBIDDEN. -ENOSPC, -EUSERS at UNSHARE: LIMIT. -ENOENT at
 * MAP: NO_SUBIDS, NEWUIDMAP. -EPERM at MAP: MAP_REFUSED, NEWUIDMAP. -EINVAL, -ELOOP at
 * MOUNT, of a mount namespace: SHARED, OWN_MNTNS, OLDER_MNTNS, ORDER. -ESRCH at INIT,
 * KEEPER: it was killed on its way.
 */
int nsu_pin_create(struct nsu_ctx *ctx, const char *name, const struct nsu_pin_options *opts,
		   struct nsu_pin_report *report);
/*
 * Those of a target that exist, pinned as nsu_pin_create() does, with its errors from NETNS
 * on. opts NULL: NSU_PIN_OPTIONS_INIT. The target is borrowed, and holds its namespaces
 * until it is freed.
 * -EINVAL at TARGET: NO_TYPE, none of a process differs from the caller's. -ENOENT,
 * -EMEDIUMTYPE at TARGET: it has none of a type that opts asks for. -ESRCH: it has ended.
 * -EACCES: not for the caller to open, ptrace(2). Other errors at TARGET: of
 * nsu_plan_new().
 */
int nsu_pin_add(struct nsu_ctx *ctx, const char *name, const struct nsu_target *target,
		const struct nsu_pin_options *opts, struct nsu_pin_report *report);
/*
 * Unmounts it, by umount2(2) without following links, lets its init end once nobody else
 * runs there, ends its keeper, deletes the record last. name: also its word, or the word
 * or path of a pin of another program, which needs force: of that the mount and its file
 * are removed. What else keeps a namespace alive is not looked for: report->inode tells
 * which to look for. Needs no room in the file system.
 * -ENOENT at CHECK: ABSENT. -EPERM at CHECK: FOREIGN; object is the maker's name.
 * -EINVAL at CHECK: NAME, also a path that is not absolute, or is in nsutil's own
 * directories. -EMEDIUMTYPE at CHECK: at that path is no namespace. -ENOTEMPTY at RECORD: a
 * file is in its directory that is not nsutil's; that stays, and the record with it.
 * -ETIMEDOUT at INIT, KEEPER: the kernel does not let it end.
 */
int nsu_pin_remove(struct nsu_ctx *ctx, const char *name, bool force,
		   struct nsu_pin_report *report);
/* Names alone, no words. renameat2(2); the mounts stay what they are. -ENOENT at CHECK:
   ABSENT. -EEXIST at CHECK, RENAME, NETNS: EXISTS. -EUCLEAN at RECORD: it is half made or
   half removed: to be repaired or removed, not renamed. -EBADMSG at RECORD: a record that
   cannot be read; repair writes it again. */
int nsu_pin_rename(struct nsu_ctx *ctx, const char *from, const char *to,
		   struct nsu_pin_report *report);
/* Of a namespace that was pinned, by report->inode and id: 1 it is gone, 0 it lives on.
   Without a scan, by a file handle of nsfs. -EOPNOTSUPP: this kernel does not tell, before
   Linux 6.18, or not this caller, who has to be root of the host. */
int nsu_pin_is_gone(struct nsu_ctx *ctx, enum nsu_type type, uint64_t inode, uint64_t id);

/* What would mend a pin that is not OK. */
enum nsu_pin_cure {
	NSU_PIN_CURE_NONE,	/* it is OK; or another program's; or nothing does */
	NSU_PIN_CURE_REMOVE,	/* what is left of it */
	NSU_PIN_CURE_RECORD,	/* write its record again */
	NSU_PIN_CURE_FORGET,	/* the types of which nothing is left; the others stay */
	NSU_PIN_CURE_MOUNT,	/* bring it here from where it is mounted; /run/netns; after
				   HALF_RENAMED to its name */
	NSU_PIN_CURE_PRUNE,	/* STALE, DEAD: is not mended, only removed */
};
enum nsu_pin_cure nsu_pin_get_cure(const struct nsu_pin *pin);
/* Carries it out, but for PRUNE, if it is still so. 0 also where nothing was to be done: a
   new list tells. pin: of a list, borrowed. -EEXIST at RECORD: EXISTS, another has that
   name now. -ESRCH at MOUNT: what was found elsewhere is gone. Others: as of create. */
int nsu_pin_repair(struct nsu_ctx *ctx, const struct nsu_pin *pin,
		   struct nsu_pin_report *report);

/* The release of the library that is running, "0.1.0". */
const char *nsu_version(void);

#ifdef __cplusplus
}
#endif
#endif
