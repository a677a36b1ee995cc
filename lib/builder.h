/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A snapshot while it is made: the builder, and the sources that fill it. */
#ifndef NSI_BUILDER_H
#define NSI_BUILDER_H

#include "nsi.h"

/* A snapshot while sources fill it. */
struct nsi_builder {
	struct nsu_snapshot *snap;
	struct nsu_ctx *ctx;
	const struct nsu_scan_options *opts;
	struct nsi_idmap inodes;	/* inode -> index in snap->ns */
	struct nsi_idmap cgroups;	/* hash of a text -> index in snap->cgroups */
	unsigned types;			/* whose links are read */
	unsigned lacking;		/* types this kernel turned out to lack */
	uint64_t proc_pidns_inode;	/* 0: not known yet */
	bool disordered;		/* tasks did not come sorted */
	struct nsi_candidate *candidates; /* sockets and devices that fds.c saw */
	size_t candidate_count, candidate_size;
	struct nsi_opened *opened;	/* descriptors that have a path */
	size_t opened_count, opened_size;
	bool fds_refused, fds_used;
	uint32_t *asked;		/* namespaces asked since the mark */
	size_t asked_count, asked_size;
};

/* A descriptor that was opened by a path: it may be that of a bind mount. */
struct nsi_opened {
	uint64_t hash;			/* of the path */
	pid_t pid, tid;
	int fd;
};

/* A descriptor that may hold a network namespace: asked when all processes are read. */
struct nsi_candidate {
	uint64_t socket;		/* inode; 0: it may be a tun device */
	pid_t pid, tid;
	int fd;
};

/* Where a snapshot stood before a task was read, which may turn out to have ended. */
struct nsi_mark {
	size_t tasks, gaps, keepers, candidates, opened;
	struct nsu_totals totals;
};

/* builder.c: how a source fills a snapshot */
int nsi_builder_add_gap(struct nsi_builder *b, pid_t pid, pid_t tid, const char *step,
			int error);
/* Index of the namespace, made when it is new. */
int nsi_builder_add_ns(struct nsi_builder *b, enum nsu_type type, uint64_t inode,
		       uint32_t *ret);
/* Takes over a copy of *task; index into snap->tasks. */
int nsi_builder_add_task(struct nsi_builder *b, const struct nsu_task *task);
int nsi_builder_add_pids(struct nsi_builder *b, struct nsu_task *task, const pid_t *pids,
			 size_t count);
int nsi_builder_set_asked(struct nsi_builder *b, uint32_t index);
/* Takes over a copy of *keeper, all but the path, which is that of a mount or NULL. */
int nsi_builder_add_keeper(struct nsi_builder *b, const struct nsi_keeper *keeper,
			   const char *path);
/* What could not be read of a namespace. */
int nsi_builder_add_ns_gap(struct nsi_builder *b, enum nsu_type type, uint64_t inode,
			   const char *step, int error);
/* Whether a source could be used: 0, or the negative errno of its refusal. */
int nsi_builder_tell_source(struct nsi_builder *b, const char *name, int error);
/* Asks an open namespace all that NSU_PART_RELATIONS wants, climbing to owners and
   parents that are not known yet. */
int nsi_builder_ask(struct nsi_builder *b, uint32_t index, int fd);
bool nsi_builder_cancelled(const struct nsi_builder *b);
struct nsi_mark nsi_builder_mark(struct nsi_builder *b);
/* Forgets what was added since, and what the namespaces met since then told: they may be
   gone as well, and their inodes another's. */
void nsi_builder_roll_back(struct nsi_builder *b, const struct nsi_mark *mark);
void nsi_builder_free(struct nsi_builder *b);

/* The sources, in the order in which they fill a snapshot; each returns 0, also where it
   cannot be used here, or the negative errno for which no picture can be made. Each tells
   by nsi_builder_tell_source() what came of it. */
int nsi_scan_procfs(struct nsi_builder *b);	/* procfs.c; fds.c for FDS */
int nsi_scan_sockets(struct nsi_builder *b);	/* sockets.c: what fds.c saw of them */
int nsi_scan_listed(struct nsi_builder *b);	/* listns.c */
int nsi_scan_mounts(struct nsi_builder *b);	/* pins.c */
/* opened.c: descriptors whose mount is detached, before nsi_scan_mounts(), and those
   opened by a bind mount, behind it */
int nsi_scan_detached(struct nsi_builder *b);
int nsi_scan_opened(struct nsi_builder *b);
int nsi_note_opened(struct nsi_builder *b, pid_t pid, pid_t tid, int fd,
		    const char *path);
/* Of nsfs, 0: not known. */
dev_t nsi_nsfs_device(const struct nsi_builder *b);
/* fds.c: a target of the scan is held by it */
bool nsi_is_of_target(const struct nsi_builder *b, pid_t pid, int fd, uint64_t inode);

#endif
