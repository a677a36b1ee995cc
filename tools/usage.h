/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cgroups use and may: of one task, and of those of a namespace's members. */
#ifndef NSTREE_USAGE_H
#define NSTREE_USAGE_H

#include <json-c/json.h>

#include "nstree.h"

/* A cgroup, and who of a namespace is in it. */
struct usage_group {
	char *path;		/* not escaped */
	size_t tasks;
	const struct nsu_task *first;
};
struct usage_groups {
	struct usage_group *group;
	size_t count;
};
/* Those that the members of a namespace are in, sorted by path; whose cgroup cannot be
   read is left out. -ENOMEM. */
int usage_find_groups(const struct nsu_ns *ns, struct usage_groups *ret);
void usage_free_groups(struct usage_groups *groups);

/* "memory 311M of 512M; tasks 9 of 100; cpu at most 200%; frozen", what is known of it.
   malloc'ed, NULL: nothing is, or no memory. */
char *usage_text(const struct nsu_cgroup *usage);
/* Numbers, null for what is unknown, "max" for no limit. */
void usage_add_json(struct json_object *o, const struct nsu_task *task);

#endif
