/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What cgroups use: usage.c, usage-here.c, usage-stat.c, usage-container.c. */
#ifndef NSI_USAGE_H
#define NSI_USAGE_H

#include "enter.h"

/* of struct nsu_cgroup in release 0.1 */
#define NSI_USAGE_FIRST_SIZE	(offsetof(struct nsu_cgroup, frozen) + sizeof(int))
#define NSI_USAGE_UNKNOWN { \
	.memory = -1, .memory_max = -1, .pids = -1, .pids_max = -1, \
	.cpu_usage = -1, .cpu_max = -1, .frozen = -1, \
	.memory_level = -1, .pids_level = -1, .cpu_level = -1, \
	.memory_peak = -1, .memory_cache = -1, .oom_kills = -1, .cpu_periods = -1, \
	.cpu_throttled = -1, .cpu_throttled_time = -1, .io_read = -1, \
	.io_written = -1, .cpu_pressure = -1, .memory_pressure = -1, \
	.io_pressure = -1 }

/* What of a hierarchy is of interest here. v2: what the cgroup may have of it. */
enum {
	NSI_HAS_MEMORY = 1, NSI_HAS_PIDS = 2, NSI_HAS_CPU = 4, NSI_HAS_CPUACCT = 8,
	NSI_HAS_FREEZER = 16, NSI_HAS_IO = 32, NSI_HAS_UNIFIED = 64,
	NSI_BRIEF = 128,	/* what follows cpu_throttled_time is not asked for */
};
unsigned nsi_usage_has(const struct nsi_cgroup *group);
/* v2: in a file that lists controllers. ~0u: it cannot be read. */
unsigned nsi_usage_listed(int dir, const char *path);

/* What a cgroup and those above it allow, and how many levels above it that is set; as in
   struct nsu_cgroup. */
enum { NSI_LIMIT_MEMORY, NSI_LIMIT_PIDS, NSI_LIMIT_CPU, NSI_LIMITS };
struct nsi_limits {
	int64_t max[NSI_LIMITS];
	int level[NSI_LIMITS];
	bool frozen;
	unsigned gives;		/* NSI_HAS_*: what cgroups right below it have */
};
#define NSI_LIMITS_UNKNOWN { \
	.max = { -1, -1, -1 }, .level = { -1, -1, -1 }, .gives = ~0u }
/* Lowers those of a cgroup by what another allows, so many levels above it. */
void nsi_limits_lower(struct nsi_limits *limits, const struct nsi_limits *by, int up);
/* By the files of one directory. top: that of the mount. Without gives. */
void nsi_limits_read(unsigned has, int dir, int up, bool top, struct nsi_limits *ret);
/* Adds to *ret, which begins with -1 in all, what of it is not known yet. above: what is
   allowed above of dir; NULL: nothing is there. */
void nsi_usage_add(unsigned has, int dir, const struct nsi_limits *above,
		   struct nsu_cgroup *ret);

/* usage-stat.c: likewise. */
void nsi_usage_stat_v2(unsigned has, int dir, struct nsu_cgroup *ret);
void nsi_usage_stat_v1(unsigned has, int dir, struct nsu_cgroup *ret);

/*
 * usage-here.c: what is kept while one snapshot is looked at. Its mounts are found and
 * opened once, and what is above of many containers is read once.
 */
struct nsi_hierarchy {
	char *controllers;
	bool unified;
	unsigned has;
	size_t first;		/* the first place that shows it */
};
struct nsi_above {		/* a cgroup that others are below of */
	size_t place;
	char *path;		/* from that mount's directory */
	struct nsi_limits limits;
};
struct nsi_usage_here {
	struct nsi_cgroup_here mounts;
	int *fd;		/* of each place, once it was opened */
	struct nsi_hierarchy *hierarchies;
	size_t hierarchy_count, hierarchy_size;
	struct nsi_above *above;
	size_t above_count, above_size;
	struct nsi_idmap paths;	/* hash of place and path -> index in above */
};
int nsi_usage_look_here(const struct nsu_snapshot *snap, struct nsi_usage_here **ret);
/* The snapshot ends, or the context: no descriptor is left. */
void nsi_usage_end(const struct nsu_snapshot *snap);
void nsi_usage_forget(struct nsu_ctx *ctx);
/* Adds what the cgroup tells, by the first mount that shows it. */
bool nsi_usage_read_group(struct nsi_usage_here *here, const struct nsi_cgroup *group,
			  bool brief, struct nsu_cgroup *ret);
/* What is above of dir, which is path, at so many levels below the mount's directory; not
   none. here NULL: nothing is kept. *room is for what is not kept. */
const struct nsi_limits *nsi_usage_read_above(struct nsi_usage_here *here, size_t place,
					      unsigned has, const char *path, int dir,
					      unsigned depth, struct nsi_limits *room);

/*
 * All cgroups of one task, by the text of its /proc/PID/cgroup, which is changed. cut,
 * unless it is NULL, makes each path that of the container in it: it cuts in place, or
 * returns false where the hierarchy knows nothing of it. size: of the caller's struct.
 */
int nsi_usage_read(const struct nsu_snapshot *snap, char *text,
		   bool (*cut)(char *path, void *data), void *data, size_t size,
		   struct nsu_cgroup *ret);

#endif
