/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pins from the inside: where they are kept, what is noted of them, what holds them. */
#ifndef NSI_PIN_H
#define NSI_PIN_H

#include <signal.h>
#include "nsi.h"
#include "uapi.h"

#define NSI_PIN_NAME_MAX	200
#define NSI_RECORD_FILE		"record.json"
#define NSI_RECORD_NEW		"record.json.new" /* while it is written */
#define NSI_PIN_LINK_NEW	"mnt.new"	/* while the link is replaced */
#define NSI_RECORD_LIMIT	(64 << 10)	/* bytes of a record */
#define NSI_RUN			"/run/nsutil"
#define NSI_NETNS_DIR		"/run/netns"

/* ---- what failed ---- */

/* Fills in the report, which may be NULL. Returns error. Format NULL: no object.
   CAUSE_NONE with -ENOSPC and the like in a step that writes to the store becomes FULL.
 */
int nsi_pin_fail(struct nsu_pin_report *report, enum nsu_pin_step step, int error,
		 enum nsu_pin_cause cause, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* The same at a type. */
int nsi_pin_fail_at(struct nsu_pin_report *report, enum nsu_pin_step step, int error,
		    enum nsu_pin_cause cause, enum nsu_type type);
/* Reports start empty: what the caller's release knows of it. Every function of the API
   works on one of its own and gives it at the end. */
#define NSI_REPORT_INIT	NSU_PIN_REPORT_INIT
void nsi_pin_note(struct nsu_pin_report *report, unsigned notes);

/* ---- pin-store.c: the directories, by descriptor, and the lock ---- */

#define NSI_STORE_PATH	256

struct nsi_store {
	struct nsu_ctx *ctx;
	bool system;		/* root's: bind mounts. Else a user's: keepers */
	int pins;		/* the directory of pins; -1: there is none yet */
	int mnt;		/* system: that of mount namespaces; -1 */
	char path[NSI_STORE_PATH]; /* of pins */
};
#define NSI_STORE_INIT { .pins = -1, .mnt = -1 }

enum nsi_store_use {
	/* what is there; nothing is made. -ENOENT: it was never used */
	NSI_STORE_LOOK,
	/* makes what is missing: directories 0700, root's pins a shared mount and mnt a
	   private one */
	NSI_STORE_CHANGE,
};
/* -EPERM, -ELOOP: UNSAFE; -EACCES, -EROFS, ...: it cannot be read or made. */
int nsi_store_open(struct nsu_ctx *ctx, enum nsi_store_use use, struct nsi_store *ret,
		   struct nsu_pin_report *report);
/* Exclusive for who changes: waits up to ten seconds. Shared for who looks: waits up to
   one, and -EBUSY is no reason not to look. Unlocked by close. */
int nsi_store_lock(struct nsi_store *store, bool exclusive,
		   struct nsu_pin_report *report);
void nsi_store_close(struct nsi_store *store);
/* Where an ordinary user's would be, of which there is none now. */
void nsi_store_expect(struct nsu_ctx *ctx, struct nsi_store *ret);
/* 0, or -EINVAL. */
int nsi_pin_check_name(const char *name);
/* pins/NAME, mnt/NAME: an O_DIRECTORY descriptor; the caller's own, not a link. -ENOENT.
   make: mkdir 0700 first, -EEXIST. */
int nsi_store_open_pin(const struct nsi_store *store, const char *name, bool make);
int nsi_store_open_mnt(const struct nsi_store *store, const char *name, bool make);
/* The directory that TYPE lies in and what it is called there: of a system store's mnt
   that is mnt/NAME, "mnt". *ret is the caller's to close. */
int nsi_store_open_place(const struct nsi_store *store, const char *name,
			 enum nsu_type type, int *ret);

/* pin-calm.c: nothing is left half done by Ctrl-C; what came meanwhile comes at the end.
   Only where all waits are bounded. */
sigset_t nsi_calm(void);
void nsi_calm_end(const sigset_t *before);
#define NSI_CALM __attribute__((cleanup(nsi_calm_end), unused)) \
	const sigset_t calm = nsi_calm()

/* ---- pin-record.c: record.json, json-c ---- */

enum nsi_stage { NSI_STAGE_MAKING, NSI_STAGE_MADE, NSI_STAGE_REMOVING };

/* A process, in a way that is not another's after its end. */
struct nsi_proc {
	pid_t pid;		/* 0: none. As the procfs of the store numbers it */
	uint64_t start;		/* clock ticks since boot, field 22 of stat */
	uint64_t inode;		/* of its pidfd; 0: this kernel has none */
};
/* 0 with a pidfd where there are such (else *ret_pidfd is -1) if it is still that one and
   runs; -ESRCH. ret_pidfd may be NULL. */
int nsi_proc_find(struct nsu_ctx *ctx, const struct nsi_proc *proc, int *ret_pidfd);
/* Describes a child of ours or oneself, by pid. */
int nsi_proc_describe(struct nsu_ctx *ctx, pid_t pid, struct nsi_proc *ret);
/* Is it called so, as an init or a keeper calls itself? 0, -ESRCH, or why no one can
   tell. */
int nsi_proc_check_title(const struct nsu_ctx *ctx, pid_t pid, const char *title);

struct nsi_record {
	enum nsi_stage stage;
	uint64_t made;		/* seconds since 1970 */
	uid_t uid;
	char *user;		/* NULL: none */
	char **args;		/* NULL at the end; NULL: none */
	char *from, *from_command; /* NULL: none */
	pid_t from_pid;
	/* While it is renamed, both names; else NULL. Whichever directory this record is
	   found in has the name that counts: nsi_pin_settle() brings the rest there. */
	char *rename_from, *rename_to;
	bool netns;
	unsigned types;
	uint64_t inode[NSU_TYPE_COUNT], id[NSU_TYPE_COUNT]; /* id 0: unknown */
	int fd[NSU_TYPE_COUNT];	/* the keeper's descriptor */
	struct nsi_proc init, keeper;
};
void nsi_record_free(struct nsi_record *record);
/* Is it the namespace that the record says? Inodes come back within a second, ids never;
   what neither tells apart is the same. id 0: unknown. */
bool nsi_record_fits(const struct nsi_record *record, enum nsu_type type, uint64_t inode,
		     uint64_t id);
/* Hostile until proven: at most NSI_RECORD_LIMIT, every value checked. -EBADMSG. What it
   has beyond these members is left alone and lost when it is written. */
int nsi_record_parse(const char *text, size_t length, struct nsi_record *ret);
/* malloc'ed, with a newline at its end */
int nsi_record_format(const struct nsi_record *record, char **ret);
/* In pins/NAME, by another file and rename(2). -EINVAL of a file that is not the caller's
   own plain one: -EBADMSG. */
int nsi_record_read(int pin_dir, struct nsi_record *ret);
int nsi_record_write(int pin_dir, const struct nsi_record *record);

/* ---- pin-mount.c: by descriptor, never by a path that could change ---- */

/* Makes the file, which must not be there, and mounts the namespace on it: open_tree(2),
   move_mount(2). On failure the file is removed again, and the report tells EINVAL and
   ELOOP apart. */
int nsi_pin_mount(struct nsu_ctx *ctx, int ns, enum nsu_type type, int dir,
		  const char *file, struct nsu_pin_report *report);
/* All that is mounted there, then the file. 0 also where it is a plain file; -ENOENT.
   follows no link; a link is only unlinked. */
int nsi_pin_unmount(struct nsu_ctx *ctx, int dir, const char *file,
		    struct nsu_pin_report *report);
/* Namespaces alone, down to the first other mount; the file stays. */
int nsi_pin_detach(struct nsu_ctx *ctx, int dir, const char *file,
		   struct nsu_pin_report *report);
/* What is there: 0 and a descriptor of the namespace, its inode, its id (0: unknown).
   ret_fd may be NULL. -ENODATA: a plain file; -ENOENT: nothing; -EMEDIUMTYPE: another
   type; -EBADF: something else. Nothing that is not on nsfs is opened for more than its
   path. */
int nsi_pin_look(struct nsu_ctx *ctx, int dir, const char *file, enum nsu_type type,
		 int *ret_fd, uint64_t *ret_inode, uint64_t *ret_id);
/* /run/netns, made and shared as ip-netns(8) has it; the caller closes it. use LOOK:
   -ENOENT. */
int nsi_netns_dir(struct nsu_ctx *ctx, enum nsi_store_use use,
		  struct nsu_pin_report *report);

/* ---- pin-dwell.c: processes that stay: inits and keepers ---- */

/* A process that was forked and does not outlive its maker until it is released. */
struct nsi_dweller {
	struct nsi_proc proc;	/* pid 0: there is none */
	int pidfd;		/* -1: none */
	int leash;		/* our end of a socket; -1: it was released */
	bool init;		/* else a keeper */
};
#define NSI_DWELLER_INIT { .pidfd = -1, .leash = -1 }
/* Lets it live on, out of the caller's session and its cgroup; it answers that it has.
   The names: what its cgroup or scope is called after. NOTE_CGROUP, NOTE_SESSION. */
int nsi_dweller_release(struct nsu_ctx *ctx, struct nsi_dweller *dweller,
			const char *name, bool system, struct nsu_pin_report *report);
/* Waits until it is what it will be. -ESRCH: it has ended on the way. */
int nsi_dweller_await(const struct nsi_dweller *dweller);
/* Not released: kills it and waits until it is gone. Closes in any case. */
void nsi_dweller_end(struct nsi_dweller *dweller);
/* In the child, once it is what it will be: without files, terminal, signals, a name for
   ps(1); waits for the leash. Returns when it is released, else ends. keep: descriptors
   that stay open: the first becomes 3, the next 4, ... What malloc(3) gave is gone. */
void nsi_dwell(int leash, const char *title, int *keep, size_t count);

/* Sends an init that is alone, or will be, to its end; see pin-init.c. 1: it has ended,
   or there is none; 0: others still run there. */
int nsi_init_dismiss(struct nsu_ctx *ctx, const struct nsi_proc *init);
/* -ESRCH: it had ended. Waits until it is gone; -ETIMEDOUT: the kernel lets it not. */
int nsi_keeper_dismiss(struct nsu_ctx *ctx, const struct nsi_proc *keeper);
/* pin-session.c: out of the caller's cgroup: into a scope of systemd's, else into cgroups
   nsutil/NAME. pid: as we count. -EOPNOTSUPP: there was no way. */
int nsi_leave_cgroup(struct nsu_ctx *ctx, pid_t pid, const char *name, bool system);
/* Removes what was made for it where that is empty. */
void nsi_leave_cgroup_clean(struct nsu_ctx *ctx, const char *name, bool system);
/* cgroup-leave.c: the second way */
int nsi_cgroup_leave(struct nsu_ctx *ctx, pid_t pid, const char *name);
void nsi_cgroup_leave_clean(struct nsu_ctx *ctx, const char *name);
/* Do the user's processes and runtime directory outlive the last session? Also where
   there is no logind that would end them. */
bool nsi_session_lingers(struct nsu_ctx *ctx, uid_t uid);
/* Whose session the caller is in, also as root of a user namespace. */
uid_t nsi_session_uid(struct nsu_ctx *ctx);

/* program.c: runs a helper program, by a courier: no SIGCHLD, no zombie. path absolute,
   args NULL at the end and with args[0], env as execve(2) has it; input is /dev/null.
   Returns its exit status, 128 + a signal's number; -ETIMEDOUT: it was killed; or why it
   could not be executed. words: what it printed, cut to size, without the newline. */
int nsi_program_run(struct nsu_ctx *ctx, const char *path, const char *const *args,
		    const char *const *env, int milliseconds, char *words, size_t size);

/* pin-make.c: new namespaces, all held by descriptors. fd[type] -1: not asked for. The
   init, if any, is on its leash. */
struct nsi_made {
	int fd[NSU_TYPE_COUNT];
	struct nsi_dweller init;
};
int nsi_make(struct nsu_ctx *ctx, const char *name, const struct nsu_pin_options *opts,
	     struct nsi_made *ret, struct nsu_pin_report *report);
void nsi_made_close(struct nsi_made *made); /* ends an init that was not released */

/* pin-maps.c: of a child that waits in its new user namespace. dir: its /proc/PID */
int nsi_pin_write_maps(struct nsu_ctx *ctx, pid_t child, int dir,
		       const struct nsu_pin_options *opts, struct nsu_pin_report *report);

/* pin-keeper.c */
/* Holds fd[] of record->types, and the record in a memfd at 3, so that it can be found by
   it; fills in record->fd. On its leash. record->keeper is for the caller to set. */
int nsi_keeper_start(const struct nsi_store *store, const char *name,
		     struct nsi_record *record, const int fd[NSU_TYPE_COUNT],
		     struct nsi_dweller *ret, struct nsu_pin_report *report);
/* The record was written, or the pin has another name: the keeper's copy is to follow.
   By /proc/KEEPER/fd/3. -ESRCH: it has ended. */
int nsi_keeper_update(const struct nsi_store *store, const char *name,
		      const struct nsi_record *record);
/* comm; behind it in the command line the pin's name */
#define NSI_KEEPER_TITLE "nspin-keeper"
#define NSI_INIT_TITLE	"nspin-init"
/* What pins/NAME/TYPE of a user's is a link to: "/proc/KEEPER/fd/N". */
#define NSI_KEEPER_LINK	48
void nsi_keeper_link(const struct nsi_record *record, enum nsu_type type,
		     char ret[NSI_KEEPER_LINK]);
/* Each keeper of the caller's own that is of this store, or of one that was where it is
   now, in this mount namespace: name and record, both for the call only; its keeper is
   the process it was read of. Stops at a negative answer. */
int nsi_keepers_find(const struct nsi_store *store,
		     int (*each)(void *data, const char *name,
				 const struct nsi_record *record),
		     void *data);
/* The namespace that a keeper holds. -ESRCH: it has ended. -ESTALE: it holds another one
   there, or none. */
int nsi_keeper_open(struct nsu_ctx *ctx, const struct nsi_record *record,
		    enum nsu_type type, int *ret_fd);

/* ---- pin-resolve.c: a name to descriptors, for targets ---- */

struct nsi_pinned {
	unsigned types;		/* those that are there */
	int fd[NSU_TYPE_COUNT];
	uint64_t inode[NSU_TYPE_COUNT];
};
/* Root's store, or the user's where he is no root or root has none of that name. Errors
   as those of nsu_target_new(). */
int nsi_pin_resolve(struct nsu_ctx *ctx, const char *name, struct nsi_pinned *ret);
void nsi_pinned_close(struct nsi_pinned *pinned);

/* pin-put.c: what create and add have in common, under the lock: directory, record,
   mounts or keeper, links, /run/netns, the record again; undone when it fails. made->init
   is released by it. */
int nsi_pin_put(struct nsi_store *store, const char *name, struct nsi_record *record,
		struct nsi_made *made, struct nsu_pin_report *report);
/* Takes apart what is there of a pin, in an order that can be resumed; record NULL: there
   is none that can be read. */
int nsi_pin_take_apart(struct nsi_store *store, const char *name,
		       struct nsi_record *record, struct nsu_pin_report *report);
/* pin-rename.c: ends a renaming that was left half done (record->rename_to is set: list
   calls it EMPTY/HALF_RENAMED, never UNMOUNTED; repair calls this), under the lock: moves
   mnt/OTHER, the link to it and /run/netns/OTHER to the name that pins/NAME has; the
   record is written last. May be called again after any crash. */
int nsi_pin_settle(struct nsi_store *store, const char *name, struct nsi_record *record,
		   struct nsu_pin_report *report);
/* Is it one of the two names of a pin that is half renamed? Then mnt/NAME, without a
   pins/NAME, is that one's. */
bool nsi_pin_is_renamed(const struct nsi_store *store, const char *name);
/* pin-put.c: pins/NAME/mnt of root's store, the link to where it is mounted; another that
   is there is replaced. */
int nsi_pin_link_mnt(int pin_dir, const char *name);
/* pin-put.c: makes /run/netns/NAME, too. -EEXIST: something has that name. */
int nsi_pin_put_netns(struct nsu_ctx *ctx, int ns, const char *name,
		      struct nsu_pin_report *report);
/* pin-remove.c: undoes that, unless what is mounted there is another namespace. 0 also
   where there is nothing. */
int nsi_pin_drop_netns(struct nsu_ctx *ctx, const struct nsi_record *record,
		       const char *name, struct nsu_pin_report *report);
/* Is the namespace there that the record says? 1, 0; or why it cannot be told. */
int nsi_pin_is_recorded(struct nsu_ctx *ctx, const struct nsi_record *record,
			 enum nsu_type type, int dir, const char *file);
/* Types, inodes and ids of the report. */
void nsi_pin_tell(const struct nsi_record *record, struct nsu_pin_report *report);
/* The end of every function of the API: the caller's report, if any. Returns r. */
static inline int nsi_pin_give(struct nsu_pin_report *ret, struct nsu_pin_report *own,
			       int r)
{
	own->error = r;
	if (ret)
		nsi_give(ret, own, sizeof(*own));
	return r;
}

/* pin-remove-foreign.c: of another program, by netns:NAME, NAME or an absolute path */
int nsi_pin_remove_foreign(struct nsu_ctx *ctx, const char *word, bool force,
			   struct nsu_pin_report *report);
/* Is something called so in /run/netns? */
bool nsi_pin_is_netns(struct nsu_ctx *ctx, const char *name);

#endif
