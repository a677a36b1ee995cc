/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Supervisors: climbed to in supervisors.c, understood in supervisor-rows.c. */
#ifndef NSI_SUPERVISOR_H
#define NSI_SUPERVISOR_H

#include "states.h"
#include "walk.h"

struct nsi_supervisor {
	struct nsi_naming *n;
	pid_t pid;
	pid_t init;			/* its child that leads to the container */
	const char *comm;
	char *args;			/* may be written to */
	size_t length;
	char *own_pid;			/* its number as text */
};

/* One kind of supervisor. A name that ends in * is the beginning of one. */
struct nsi_supervisor_row {
	const char *comm;		/* field 2 of its stat, of 15 bytes at most */
	const char *program;		/* the last part of its executable file's path */
	bool itself;			/* it is all of the container that is a process */
	/* Fills in engine and texts from its arguments. -ENOENT: it supervises none. */
	int (*tell)(struct nsi_supervisor *s, struct nsi_found *ret);
};
/* NULL: no more. */
const struct nsi_supervisor_row *nsi_supervisor_row_get(size_t index);

/* Called as one of them is; field 2 of its stat. */
bool nsi_is_supervisor(const char *comm);

/* supervisor-mounts.c: by the files that an engine mounts into its containers, for one
   whose supervisor has died and whose cgroup does not tell. As nsi_supervisor_find(). */
int nsi_supervisor_by_mounts(struct nsi_naming *n, const struct nsu_task *task,
			     int64_t start, struct nsi_found *ret, char **ret_buf);

#endif
