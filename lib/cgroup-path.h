/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Patterns of cgroups: rows of engines.c, read by cgroup-path.c. */
#ifndef NSI_CGROUP_PATH_H
#define NSI_CGROUP_PATH_H

#include "container.h"

enum {
	NSI_PATTERN_HEX = 1 << 0,	/* the id is 64 hexadecimal digits, else any
					   text */
	NSI_PATTERN_UNIT = 1 << 1,	/* escaped as systemd's units are */
	NSI_PATTERN_NAMED = 1 << 2,	/* the id holds what the engine calls it */
	NSI_PATTERN_NUMBER_FIRST = 1 << 3, /* "4711-web": the name is behind, and the id
					      is it */
	NSI_PATTERN_NUMBER_LAST = 1 << 4, /* "app-4711": the name is before */
	NSI_PATTERN_UUID_LAST = 1 << 5,
	NSI_PATTERN_IN_POD = 1 << 6,	/* right below a pod of Kubernetes */
	NSI_PATTERN_BEHIND_SLICE = 1 << 7, /* "X.slice" and the prefix, in one name: what
					      a runtime makes of systemd's notation
					      without systemd */
	NSI_PATTERN_WITH_BELOW = 1 << 8, /* something is below it: else it is the
					    supervisor's */
	NSI_PATTERN_WEAK = 1 << 9,	/* see nsi_claim */
	NSI_PATTERN_CRI = 1 << 10,	/* the engine's row that is of Kubernetes */
};

struct nsi_pattern {
	const char *above;		/* names above it: "docker", "ecs/" and * for any;
					   NULL: whatever they are */
	const char *prefix, *suffix;	/* around the id */
	const char *engine;		/* by its name; NULL: this is no container */
	unsigned flags;
};
/* The first that fits counts. NULL: no more. */
const struct nsi_pattern *nsi_pattern_get(size_t index);
const struct nsi_engine *nsi_engine_of_pattern(const struct nsi_pattern *pattern);

#define NSI_NAME_LIMIT	255		/* of a cgroup's name: longer ones are none */

/* One component of a path: text is not ended by NUL. */
struct nsi_part {
	const char *text;
	size_t length;
};

/* One line of the file, while its path is walked. */
struct nsi_line {
	struct nsi_claim claim[NSI_MAX_NESTED];
	size_t count;
	const char *path;
	int trust;			/* 0 the most: cgroup2, systemd's hierarchy,
					   others */
	uid_t uid;
	struct nsi_part unit, user_unit, slice;
};

struct nsi_path_walk {
	struct nsi_line *line;
	char *out;			/* room for what is not as in the path */
	struct nsi_part above[2];	/* since the last container: the nearest first */
	bool kubernetes;		/* such a component was met since then */
	struct nsi_part pod;		/* the pod that the component above was of */
	bool placing;			/* units are still looked for */
};

bool nsi_part_begins(const struct nsi_part *part, const char *text);
bool nsi_part_ends(const struct nsi_part *part, const char *text);
/* As systemd escapes names of units; into out, which is moved. */
struct nsi_part nsi_part_unescape(char **out, struct nsi_part from);
/* Looks at the next component of a path, below which is next: that of a container is
   added to the line. */
void nsi_path_step(struct nsi_path_walk *w, const struct nsi_part *part,
		   const struct nsi_part *next);

#endif
