/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The walk over procfs: shared by its processes (procfs.c), links and threads. */
#ifndef NSI_WALK_H
#define NSI_WALK_H

#include "builder.h"

/* What the last task showed: most tasks show the same, and then nothing is parsed. */
struct nsi_last {
	char text[48];
	size_t len;
	uint32_t ns;
};

/* Whose tables of descriptors are known: one task for each, in the order of kcmp(2). */
struct nsi_tables {
	pid_t *tids;
	size_t count, size;
};

struct nsi_walk {
	struct nsi_builder *b;
	struct nsi_last last[NSU_TYPE_COUNT];
	pid_t pid, tid;			/* the task at hand */
	int nsdir;			/* its ns directory, O_PATH; -1: not open */
	bool fds;			/* descriptors are read as well */
	int threads;			/* of the process at hand; 0: not counted yet */
	struct nsi_tables large;	/* tables of processes that were read */
	const char *step;		/* what was read last, for a gap */
	char text[8192];		/* a status file, a directory */
};

/* links.c. Each returns 0, -ESRCH when the task has ended (or is a zombie), or why the
   task's links cannot be read. */
int nsi_walk_open(struct nsi_walk *w, const char *path);
int nsi_walk_link(struct nsi_walk *w, enum nsu_type type, uint32_t *ret);
int nsi_walk_links(struct nsi_walk *w, struct nsu_task *task, unsigned types);
/* It has links that a task has lost when it has ended. */
bool nsi_walk_is_alive(struct nsi_walk *w);
int nsi_walk_children(struct nsi_walk *w, struct nsu_task *task);
int nsi_walk_ask(struct nsi_walk *w, struct nsu_task *task);
int nsi_walk_pids(struct nsi_walk *w, struct nsu_task *task);

/* walk-cgroup.c: what containers are known by; nothing where they are not asked for. */
int nsi_walk_cgroup(struct nsi_walk *w, struct nsu_task *task);

/* threads.c */
int nsi_walk_threads(struct nsi_walk *w, const struct nsu_task *leader, bool all);
/* -ENODATA: must be found out by listing. */
int nsi_walk_count_threads(struct nsi_walk *w);

/* fd-tables.c. 1: one of these has the same table; 0: none, it belongs at *ret; -1: not
   told. */
int nsi_tables_find(struct nsu_ctx *ctx, struct nsi_tables *set, pid_t tid, size_t *ret);
int nsi_tables_add(struct nsi_tables *set, pid_t tid, size_t at);
bool nsi_tables_are_one(struct nsu_ctx *ctx, pid_t a, pid_t b);

/* fds.c: what the process at hand has open. dead: its leader has nothing any more. */
int nsi_walk_fds(struct nsi_walk *w, bool dead);
/* They cannot be read, and a gap says so already. */
void nsi_walk_refuse_fds(struct nsi_walk *w);

/* Calls each with the numbers in a directory of procfs; stops at a negative answer.
   buf is for getdents64(2). */
int nsi_each_number(int dirfd, char *buf, size_t size,
		    int (*each)(void *data, int number), void *data);

/* No descriptor or memory left: the whole picture would be wrong, not one task of it. */
static inline bool nsi_is_fatal(int r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOMEM || r == -ECANCELED;
}

#endif
