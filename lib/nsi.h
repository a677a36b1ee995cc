/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the modules of libnsutil share. Nothing here is exported. */
#ifndef NSI_H
#define NSI_H

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "nsutil.h"

#define NSI_NONE	UINT32_MAX	/* an index that points at nothing */
/* Built with the address sanitizer, which takes malloc(3) and the stack for its own. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NSI_SANITIZED	1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define NSI_SANITIZED	1
#endif
#ifndef NSI_SANITIZED
#define NSI_SANITIZED	0
#endif

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* A negative errno, never 0: to be called on the line after the failed call. */
static inline int nsi_errno(void)
{
	return errno > 0 ? -errno : -EIO;
}

static inline void nsi_closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}
#define nsi_autoclose __attribute__((cleanup(nsi_closep)))

static inline void nsi_freep(void *p)
{
	free(*(void **)p);
}
#define nsi_autofree __attribute__((cleanup(nsi_freep)))

/*
 * Takes over an option struct of the caller, whose release may be another one: what it
 * lacks stays as it is in *to, what it has beyond must be 0. first: the size of the
 * struct in release 0.1. -EINVAL, -E2BIG.
 */
int nsi_take_options(void *to, size_t to_size, size_t first, const void *from);
/* The other way: fills in a struct of the caller, whose size it begins with. What it has
   beyond ours becomes 0. */
void nsi_give(void *ret, const void *found, size_t found_size);

/* ctx.c, log.c, interface.c */
#define NSI_MAX_STUCK 128
struct nsu_ctx {
	int proc_fd; /* the procfs root, O_PATH or readable directory */
	/* hidepid, subset and all of exempt: by nsu_ctx_get_procfs() only */
	struct nsu_procfs procfs;
	bool looked_at_mount;
	nsu_log_fn log;
	void *log_data;
	enum nsu_log_level log_level;
	enum nsu_interface_state interface[NSU_INTERFACE_COUNT];
	char *root;	/* nsu_ctx_options.root */
	struct nsi_usage_here *here; /* usage-here.c: of the snapshot of that time */
	uint64_t here_time;
	/* Children that had not ended when they were killed: see courier.h */
	pid_t stuck[NSI_MAX_STUCK];
	int stuck_count;
	uint64_t tick_ns; /* nanoseconds of a clock tick of /proc/PID/stat */
	/* In place of listns(2), for tests: count or negative errno. NULL: it is asked */
	long (*listns)(uint64_t after, uint64_t *ids, size_t count);
};

void nsi_log(const struct nsu_ctx *ctx, enum nsu_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, with ": " and what the negative errno means behind it. */
void nsi_log_errno(const struct nsu_ctx *ctx, enum nsu_log_level level, int error,
		   const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The caller's own directory in the procfs, or where that does not show it in /proc. */
int nsi_ctx_open_self(const struct nsu_ctx *ctx);
/* May the interface be used? Then the caller tries it and tells what came of it. */
bool nsi_if_usable(const struct nsu_ctx *ctx, enum nsu_interface what);
void nsi_if_tell(struct nsu_ctx *ctx, enum nsu_interface what, bool present);
int nsi_if_disable(struct nsu_ctx *ctx, const char *words);

/* file.c: small files below a directory descriptor */
/* Reads at most size-1 bytes and ends them with NUL; returns the length. */
ssize_t nsi_read_at(int dirfd, const char *path, char *buf, size_t size);
/* The same by one read(2), for files that the kernel writes as a whole: those of cgroups,
   and cgroup, stat and status of a process. */
ssize_t nsi_read_once_at(int dirfd, const char *path, char *buf, size_t size);
/* The whole file, at most limit bytes, malloc'ed, NUL behind it. */
ssize_t nsi_read_all_at(int dirfd, const char *path, size_t limit, char **ret);
ssize_t nsi_read_all(int fd, size_t limit, char **ret);
/* For readdir(3), whatever dir was opened for and has been read of. NULL: see errno. */
DIR *nsi_open_entries(int dir);
/* Down from a directory, name by name without openat2(2): an O_PATH descriptor. A link on
   the way is no directory: -ENOTDIR. */
int nsi_walk_dirs(int from, const char *path);

struct nsi_statx;
/* fstat(2) that asks no server: what the kernel has in memory, statx(2). fd may be
   O_PATH. -ENOSYS: Linux before 4.11. */
int nsi_stat_cached(int fd, struct nsi_statx *ret);

/* nsfs.c: what a namespace's own file tells */
struct nsi_facts {			/* each state is 0 or a negative errno */
	uint64_t inode, id, mntns_id;
	uid_t creator;
	int id_state, mntns_state, creator_state;
	int owner_state, parent_state;
	int owner_fd, parent_fd; /* open where the state is 0 and the answer is wanted */
};
/* "net:[4026531840]": -EBADMSG for anything else. */
int nsi_parse_link(const char *text, enum nsu_type type, uint64_t *ret);
/* "NAME:[INODE]", as sockets have it too. */
int nsi_parse_inode(const char *text, const char *name, uint64_t *ret);
int nsi_nsfs_inode(int fd, uint64_t *ret_inode, dev_t *ret_dev);
/* Asks all of fd, a namespace of this type. The caller closes owner_fd and parent_fd. */
void nsi_nsfs_ask(struct nsu_ctx *ctx, int fd, enum nsu_type type, struct nsi_facts *ret);

/* idmap.c: inode -> index, open addressing */
struct nsi_idmap {
	uint64_t *keys;
	uint32_t *values;
	size_t count, size;
};
void nsi_idmap_free(struct nsi_idmap *map);
uint32_t nsi_idmap_find(const struct nsi_idmap *map, uint64_t key);
int nsi_idmap_add(struct nsi_idmap *map, uint64_t key, uint32_t value);
/* Room for so many: then adding does not allocate. */
int nsi_idmap_reserve(struct nsi_idmap *map, size_t count);
/* There is room for one more. */
static inline bool nsi_idmap_has_room(const struct nsi_idmap *map)
{
	return (map->count + 1) * 2 <= map->size;
}

/* FNV-1a. A key of a map is made of it: 0 is none, and where it is met with another text
   the next is tried. That one can make them collide costs but comparing. */
#define NSI_HASH_START	0xcbf29ce484222325ull
static inline uint64_t nsi_hash(uint64_t hash, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3ull;
	return hash;
}

/* Room for one more item behind count; items and size change together. */
int nsi_grow(void **items, size_t *size, size_t count, size_t item);

/* Entries of a snapshot. Indices instead of pointers while it grows and is sorted. */
struct nsi_list {
	uint32_t first, count;		/* a range of nsu_snapshot.refs */
};

struct nsu_ns {
	const struct nsu_snapshot *snap;
	uint64_t inode, id, mntns_id;
	uint32_t owner, parent;
	struct nsi_list tasks, zombies, heirs, children, owned;
	struct nsi_list keepers;	/* a range of nsu_snapshot.keepers */
	uint32_t processes;
	uid_t creator;
	int16_t id_state, mntns_state, creator_state, owner_state, parent_state;
	uint16_t level;
	uint8_t type;
	bool asked;			/* its facts were read, or cannot be */
	bool wanted;			/* by a target, or listed by the kernel: in the
					   picture whether or not anything is in it */
};

/* What holds a namespace that is no task and no namespace. While sources fill the
   snapshot task is not known yet, only whose it is. */
struct nsi_keeper {
	uint32_t ns;
	uint32_t task;			/* the process; NSI_NONE: of none, or unknown */
	uint32_t in;			/* MOUNT: the mount namespace */
	uint32_t path;			/* MOUNT: offset in nsu_snapshot.paths */
	pid_t pid, tid;			/* 0: of no task */
	int fd;				/* -1: none */
	uint64_t socket;
	uint8_t kind;			/* enum nsu_holder_kind, FD to MOUNT */
};

enum {
	NSI_TASK_THREAD = 1 << 0,
	NSI_TASK_ZOMBIE = 1 << 1,
	NSI_TASK_DEAD_LEADER = 1 << 2,
};

struct nsu_task {
	const struct nsu_snapshot *snap;
	pid_t tid, pid;
	uint32_t ns[NSU_TYPE_COUNT];
	uint32_t child_pid, child_time;	/* NSI_NONE: the same as its own, or unknown */
	uint32_t sandbox;
	uint32_t cgroup;	/* in nsu_snapshot.cgroups; NSI_NONE: not read */
	uint32_t container;	/* in nsu_snapshot.containers; NSI_NONE: none */
	int16_t cgroup_error;	/* why it was not read */
	uint32_t pids; /* first of its numbers in nsu_snapshot.pids; NSI_NONE:
			  the one number is its tid */
	int16_t error;			/* why it could not be read in full */
	uint16_t pid_count;		/* 0: not read */
	uint8_t flags;
	uint8_t unread;			/* types that could not be read */
	uint8_t child;			/* NSI_CHILD_* of pid_for_children, time_... */
	uint8_t child_error;		/* the errno of NSI_CHILD_UNREAD */
};
#define NSI_CHILD_NONE(type)	(1u << ((type) == NSU_TIME))
#define NSI_CHILD_UNREAD(type)	(4u << ((type) == NSU_TIME))
_Static_assert(NSU_TYPE_COUNT <= 8, "a mask of types is one byte");

struct nsu_sandbox {
	const struct nsu_snapshot *snap;
	struct nsi_list tasks;
	uint32_t processes;
};

struct nsi_inner {			/* pid maps: sorted by ns, pid */
	uint32_t ns, task;
	pid_t pid;
};

struct nsu_snapshot {
	struct nsu_ctx *ctx;		/* for what is read later; not owned */
	unsigned parts, types_asked, types_seen;
	struct nsu_totals totals;
	dev_t device;
	uint64_t time;
	struct nsu_ns *ns;
	struct nsu_task *tasks;
	struct nsu_sandbox *boxes;
	struct nsu_container *containers;
	char **cgroups;			/* distinct cgroup files, by nsu_task.cgroup */
	struct nsi_places *places;	/* what they say, by the same number */
	struct nsi_texts *texts;	/* what containers are called; containers.c */
	struct nsu_gap *gaps;
	struct nsu_source *sources;
	struct nsi_inner *inner;
	pid_t *pids;			/* the numbers of tasks, see nsu_task.pids */
	uint32_t *refs;			/* the lists of all entries, end to end */
	struct nsi_keeper *keepers;	/* sorted by namespace, then as they are told */
	char *paths;			/* those of mounts, each ended by NUL */
	size_t ns_count, task_count, box_count, gap_count, source_count, inner_count;
	size_t pids_count, ref_count, keeper_count, paths_length;
	size_t container_count, cgroup_count, cgroup_size;
	size_t keeper_size, paths_size, source_size;
	size_t ns_size, task_size, box_size, gap_size, pids_size;
	size_t by_type[NSU_TYPE_COUNT + 1]; /* where each type begins in ns */
	enum nsu_reference ref_kind;
	uint32_t ref_task;
	uint32_t proc_pidns;		/* the pid namespace that the procfs shows */
	bool inner_partial;		/* there are numbers whose namespace is unknown */
	bool limited;			/* of some processes only */
	bool no_nspid;			/* this kernel does not tell inner numbers */
};

struct nsi_builder;

/* relate.c: sorts, links and counts what was gathered. sandbox.c: groups tasks.
   pidmap.c: numbers in inner pid namespaces. */
int nsi_snapshot_finish(struct nsi_builder *b);
int nsi_snapshot_group(struct nsu_snapshot *snap);
int nsi_snapshot_map_pids(struct nsu_snapshot *snap);
/* How many processes the tasks of a list belong to. Negative errno. */
long nsi_count_processes(const struct nsu_snapshot *snap, const struct nsi_list *list);

/* keepers.c: resolves and sorts what holds namespaces, which are sorted already. */
int nsi_snapshot_link_keepers(struct nsu_snapshot *snap);

/* target.c */
/* Adds what finding it takes. */
void nsi_target_widen(const struct nsu_target *target, unsigned *parts, unsigned *types);
/* Adds what it holds open to the picture. */
int nsi_target_add(const struct nsu_target *target, struct nsi_builder *b);

/* procfs.c */
/* 0; -ESRCH: there is none; -ECHILD: it is a thread's number. */
int nsi_check_process(const struct nsu_ctx *ctx, pid_t pid);

/* task.c */
/* An open /proc/PID, checked to be the task still where that can be. */
int nsi_task_open(const struct nsu_task *task);
/* The numbers of the NSpid: line; their count. -ENODATA: no such line. */
int nsi_parse_nspid(const char *status, pid_t *pids, size_t max);
int nsi_parse_stat(const char *text, struct nsu_task_stat *ret, uint64_t tick_ns);
/* The same of a status file, however long. */
int nsi_read_nspid(int dirfd, const char *path, pid_t *pids);
/* nsu_task_read_idmap() by an open /proc/PID. */
ssize_t nsi_read_idmap(int dir, bool gid, struct nsu_id_range **ret);
#define NSI_MAX_LEVELS 33		/* MAX_PID_NS_LEVEL is 32, and the first */

/* uses.c: calls each with the inode of every socket that the task has open, for each
   descriptor; stops at a negative answer. -ESRCH: it has ended. */
int nsi_uses_each_socket(const struct nsu_task *task,
			 int (*each)(void *data, uint64_t socket), void *data);

/* facts.c, facts-ipc.c: what is behind the functions of "Facts by type" */
/* /proc/PID/timens_offsets. -EBADMSG. */
int nsi_parse_offsets(const char *text, struct nsu_clocks *ret);
/* /proc/PID/cgroup of one task as read from here and from inside of the namespace; both
   are written to. -ENODATA: they do not tell. -EAGAIN: they do not fit together. */
int nsi_find_cgroup_root(char *here, char *inside, char **ret);
/* Adds what a procfs tells of the ipc namespace that the caller is in.
   Async-signal-safe. */
int nsi_ipc_read(int procfs, struct nsu_ipc *ret);
/* mounts.c: takes over the text of a mountinfo. -EBADMSG. */
int nsi_mounts_parse(char *take_text, struct nsu_mounts **ret);
/* mountinfo.c: unescapes \ooo in place */
void nsi_unescape_octal(char *text);
struct nsi_mount {			/* points into the line that was parsed */
	unsigned long id, parent;
	char *root, *point, *options, *fstype, *super;
	const char *source;
	unsigned major, minor;
	unsigned propagation;		/* NSU_PROP_* */
	uint32_t peers, master;
};
int nsi_parse_mount(char *line, struct nsi_mount *ret);
/* The number of the mount that fd is on, fdinfo; self: the caller's /proc directory. */
int nsi_mount_id(int self, int fd, unsigned long *ret);
/* The line of it in mountinfo, parsed; *ret_text holds its words, and is to be freed. */
int nsi_mount_of(const struct nsu_ctx *ctx, int fd, char **ret_text,
		 struct nsi_mount *ret);
/* Has a mountinfo its reader's root? Not where that is in a mount that is attached
   nowhere: then it has no mount at all, and the link of that root says "/" even so. */
bool nsi_has_root_mount(const char *text);
/* Whether text, words with commas between them, has the word of that length. */
bool nsi_has_word(const char *text, const char *word, size_t len);

#endif
