/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of containers.c: nobody else's. */
#ifndef NSI_CONTAINERS_H
#define NSI_CONTAINERS_H

#include "container.h"

struct nsi_places {
	struct nsi_cgroup_claims claims;
	uint32_t container;		/* the innermost; NSI_NONE */
};

/* What was learnt on the way and is trusted less than the files of the engine. */
struct nsi_hint {
	const char *name, *image, *runtime, *source;
	const char *pod_cgroup;		/* NULL: not told */
	bool by_cgroup;
};

/* Of a process: see nsi_stat_once(). */
struct nsi_seen {
	pid_t ppid;
	int64_t start;
	char comm[64];
};

/* See nsi_container_find_maker(). */
struct nsi_maker {
	char *line;
	int error;
	uid_t uid;
};

struct nsi_finder {
	struct nsi_maker maker;		/* the last that was asked for */
	struct nsi_idmap stats;		/* pid -> seen */
	struct nsi_seen *seen;
	size_t seen_count, seen_size;
	struct nsi_hint *hints;		/* by the number of the container */
	size_t hint_size, container_size;
	struct nsi_idmap places;	/* hash of cgroup, engine and outer ->
					   container */
	uint32_t *of_pidns;		/* by pid namespace: whose init is its first
					   process */
	uint32_t asked;			/* the task that a supervisor is sought for */
};

static inline struct nsi_finder *nsi_finder(struct nsi_naming *n)
{
	return n->private;
}

/* containers.c: index of a new one. */
int nsi_container_add(struct nsi_naming *n, const struct nsi_engine *engine,
		      uint32_t *ret);

/* container-found.c: it joined the pid namespace of another one that no cgroup told. */
bool nsi_is_beside(const struct nsu_snapshot *snap, uint32_t task, uint32_t container);

/* container-init.c */
/* How many numbers it has, as far as this procfs shows; of a process above: 1. */
static inline unsigned nsi_levels_of(const struct nsu_task *task)
{
	return task->pid_count ? task->pid_count : 1;
}
/* First process of a pid namespace below the procfs's own. */
bool nsi_is_init(const struct nsu_task *task);
/* Its start, INT64_MAX: unknown. */
int64_t nsi_start_of(struct nsi_naming *n, const struct nsu_task *task);
/* Finds the first process of each, and whose their pid namespaces are. */
int nsi_containers_find_inits(struct nsi_naming *n);
/* Whose pid namespace it is, or whose is the nearest above. */
uint32_t nsi_owner_of(struct nsi_naming *n, uint32_t ns);
const struct nsu_task *nsi_parent_of(struct nsi_naming *n, const struct nsu_task *task);
/* Tasks in pid namespaces of containers that are not in one yet. */
void nsi_containers_adopt(struct nsi_naming *n);
/* The tasks that go with the first process of a container that no cgroup told. */
int nsi_container_take_tasks(struct nsi_naming *n, uint32_t container, uint32_t anchor);
/* Containers that are within others though their cgroups are not. */
void nsi_containers_nest(struct nsi_naming *n);

/* container-owner.c: the user who was given the part of the tree that the outermost of
   them lies in. -ENOENT: nobody, or nothing tells. -EPERM: anybody. */
int nsi_container_find_maker(struct nsi_naming *n, const struct nsi_cgroup_claims *claims,
			     uid_t *ret);

/* container-doubt.c: first processes whose supervisors say that they are of another
   container than their cgroups do; later, when pid namespaces have owners, all tasks that
   are in another's. */
int nsi_containers_hear(struct nsi_naming *n);
int nsi_containers_place(struct nsi_naming *n);

/* container-name.c: asks the engines what they call them. */
int nsi_containers_name(struct nsi_naming *n);

/* container-pods.c: groups containers to pods. */
int nsi_containers_make_pods(struct nsi_naming *n);

/* container-words.c */
int nsi_containers_make_words(struct nsi_naming *n);
/* Sorts them, and makes lists of their tasks. */
int nsi_containers_sort(struct nsi_naming *n);

#endif
