/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ways to a namespace, and to where it is mounted. */
#ifndef NSI_OPEN_H
#define NSI_OPEN_H

#include "nsi.h"

/* nsfs.c */
/* Takes over fd, or the errno if it is negative: 0 if it is of the namespace with this
   inode, which cannot become another's while it is held; -ESRCH. */
int nsi_take_ns(int fd, uint64_t inode, int *ret);
/* By its id, Linux 6.19; with type and inode 6.18. type -1, inode 0: not known. -ESRCH:
   it is gone, or is refused (the kernel makes no difference). -EOPNOTSUPP. */
int nsi_open_id(struct nsu_ctx *ctx, uint64_t id, int type, uint64_t inode, int *ret);
/* The type of an open namespace. -EMEDIUMTYPE: it is none, or of a newer kernel's. */
int nsi_ask_type(int fd, enum nsu_type *ret);
/* Opens what an O_PATH descriptor on nsfs is of, by its own link. */
int nsi_reopen_ns(const struct nsu_ctx *ctx, int path_fd, int *ret_fd,
		  enum nsu_type *ret_type);
/* Its 64-bit id. -ENODATA: this kernel does not tell. */
int nsi_nsfs_id(struct nsu_ctx *ctx, int fd, uint64_t *ret);

/* open.c */
/* pidfd_open(2) by a number of ctx's procfs; the inode is 0 where a pidfd has none of its
   own. -EOPNOTSUPP: there are no pidfds, or the numbers are not the caller's. -ESRCH. */
int nsi_open_pidfd(struct nsu_ctx *ctx, pid_t pid, int *ret_fd, uint64_t *ret_inode);
/* A descriptor of a process or thread, by number; nothing else than a namespace is
   opened. tid 0: of the process. */
int nsi_open_task_fd(struct nsu_ctx *ctx, pid_t pid, pid_t tid, int fd, uint64_t inode,
		     int *ret);
/* /proc/PID of a task of a picture that is being made. */
int nsi_open_task_dir(struct nsu_ctx *ctx, const struct nsu_task *task);
/* The same, if it is in the mount namespace with this inode; else -ESRCH. */
int nsi_open_member(struct nsu_ctx *ctx, const struct nsu_task *task, uint64_t inode);
/* Is its root that of its mount namespace? What it sees is all there is then. */
bool nsi_has_whole_root(int task_dir);

/* fetch.c: by a child, since whoever made what lies in the way may let it hang */
struct nsi_place {		/* a mount namespace */
	bool own;		/* the caller's */
	int task_dir;		/* /proc/PID of a task that has its root, -1 */
	int ns;			/* the namespace, to enter it; -1 */
	int fd_dir;		/* or /proc/PID/fd: paths are numbers there; -1 */
};
#define NSI_PLACE_INIT { .task_dir = -1, .ns = -1, .fd_dir = -1 }
struct nsi_pin {		/* a namespace mounted there */
	uint64_t inode;
	enum nsu_type type;
	char *path;		/* below the root of the mount namespace; NULL: unknown */
};
/* Opens each and calls with its descriptor, which is closed afterwards, or -1 and why
   not: -ETIMEDOUT: it hung, or there was no time left; -ESTALE: something else is there.
   Stops at a negative answer. */
int nsi_fetch_pins(struct nsu_ctx *ctx, const struct nsi_place *place,
		   const struct nsi_pin *const *pins, size_t count,
		   int (*each)(void *data, size_t index, int fd, int error), void *data);
int nsi_fetch_pin(struct nsu_ctx *ctx, const struct nsi_place *place, uint64_t inode,
		  const char *path, int *ret);
void nsi_place_close(struct nsi_place *place);
/* Its mountinfo, from its root on. */
int nsi_fetch_mountinfo(struct nsu_ctx *ctx, const struct nsi_place *place, int *ret);

/* pinlist.c: which there are */
#define NSI_PATHS_LIMIT (32u << 20) /* bytes, of a mount namespace */
struct nsi_pins {
	struct nsi_pin *pin;
	size_t count, size;
	size_t bytes;		/* of the paths */
	bool rooted;		/* by mountinfo: its reader's root is one of them */
	bool cut;		/* some were left out: there was too much of them */
};
void nsi_pins_free(struct nsi_pins *pins);
/* By listmount(2) and statmount(2). -ENOSYS; -EPERM: not shown to us. */
int nsi_pins_by_id(struct nsu_ctx *ctx, uint64_t mntns_id, struct nsi_pins *ret);
/* Of an open mountinfo. */
int nsi_pins_by_mountinfo(int fd, struct nsi_pins *ret);

/* binds.c: a text of mountinfo, which it takes over */
#define NSI_MOUNTS_LIMIT (64 << 20) /* 100,000 mounts, the kernel's limit, are 15 MiB */
int nsi_binds_parse(char *take_text, struct nsu_binds **ret);

#endif
