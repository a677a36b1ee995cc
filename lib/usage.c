/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a task's cgroup uses, and what it and those above it may; cgroups(7). */
#include <string.h>
#include "usage.h"

#define V1_NO_LIMIT	(1ll << 62)	/* none is the last page that a long can count */

unsigned nsi_usage_has(const struct nsi_cgroup *group)
{
	static const struct {
		const char *controller;
		unsigned bit;
	} rows[] = {
		{ "memory", NSI_HAS_MEMORY }, { "pids", NSI_HAS_PIDS },
		{ "cpu", NSI_HAS_CPU }, { "cpuacct", NSI_HAS_CPUACCT },
		{ "freezer", NSI_HAS_FREEZER }, { "blkio", NSI_HAS_IO },
	};
	unsigned has = 0;

	if (group->unified)
		return NSI_HAS_UNIFIED | NSI_HAS_MEMORY | NSI_HAS_PIDS | NSI_HAS_CPU |
			NSI_HAS_IO;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (nsi_cgroup_has(group, rows[i].controller))
			has |= rows[i].bit;
	return has;
}

unsigned nsi_usage_listed(int dir, const char *path)
{
	char text[512];
	unsigned has = NSI_HAS_UNIFIED;

	if (nsi_read_once_at(dir, path, text, sizeof(text)) < 0)
		return ~0u;
	text[strcspn(text, "\n")] = '\0';
	for (char *at = text; (at = strchr(at, ' ')); )
		*at = ',';
	has |= nsi_has_word(text, "memory", 6) ? NSI_HAS_MEMORY : 0;
	has |= nsi_has_word(text, "pids", 4) ? NSI_HAS_PIDS : 0;
	has |= nsi_has_word(text, "cpu", 3) ? NSI_HAS_CPU : 0;
	has |= nsi_has_word(text, "io", 2) ? NSI_HAS_IO : 0;
	return has;
}

/* up: how many levels above the cgroup asked about this one is. */
static void lower(struct nsi_limits *limits, int which, int64_t value, int up)
{
	int64_t *max = &limits->max[which];

	if (value < 0 || (*max >= 0 && value >= *max))
		return;
	*max = value;
	limits->level[which] = value == INT64_MAX ? -1 : up;
}

void nsi_limits_lower(struct nsi_limits *limits, const struct nsi_limits *by, int up)
{
	for (int i = 0; i < NSI_LIMITS; i++)
		lower(limits, i, by->max[i], by->level[i] + up);
	limits->frozen |= by->frozen;
}

static int64_t thousandths(int64_t quota, int64_t period)
{
	int64_t product;

	if (quota < 0 || period <= 0)
		return -1;
	if (__builtin_mul_overflow(quota, 1000, &product))
		return INT64_MAX;
	return product / period;
}

/* "max 100000", "50000 100000" */
static int64_t read_cpu_max(int dir)
{
	char text[64], *end;
	int64_t quota;

	if (nsi_read_once_at(dir, "cpu.max", text, sizeof(text)) < 0)
		return -1;
	if (!strncmp(text, "max", 3))
		return INT64_MAX;
	quota = strtoll(text, &end, 10);
	return end == text ? -1 : thousandths(quota, strtoll(end, NULL, 10));
}

static void read_v2(unsigned has, int dir, int up, bool top, struct nsi_limits *ret)
{
	if (has & NSI_HAS_MEMORY)
		lower(ret, NSI_LIMIT_MEMORY,
		      nsi_cgroup_read_count(dir, "memory.max"), up);
	if (has & NSI_HAS_PIDS)
		lower(ret, NSI_LIMIT_PIDS, nsi_cgroup_read_count(dir, "pids.max"), up);
	if (has & NSI_HAS_CPU)
		lower(ret, NSI_LIMIT_CPU, read_cpu_max(dir), up);
	/* "frozen 1" comes late: when all are that should be. */
	if (nsi_cgroup_says(dir, "cgroup.freeze", "1"))
		ret->frozen = true;
	if (!top)
		return;
	/* The topmost directory has no such files; what it hands down has no limit
	   there. */
	has = nsi_usage_listed(dir, "cgroup.controllers");
	if (has == ~0u)
		return;
	if (has & NSI_HAS_MEMORY)
		lower(ret, NSI_LIMIT_MEMORY, INT64_MAX, up);
	if (has & NSI_HAS_PIDS)
		lower(ret, NSI_LIMIT_PIDS, INT64_MAX, up);
	if (has & NSI_HAS_CPU)
		lower(ret, NSI_LIMIT_CPU, INT64_MAX, up);
}

static bool read_frozen(int dir)
{
	char text[16];

	return nsi_read_once_at(dir, "freezer.state", text, sizeof(text)) > 0 &&
		(!strcmp(text, "FROZEN\n") || !strcmp(text, "FREEZING\n"));
}

static void read_v1(unsigned has, int dir, int up, bool top, struct nsi_limits *ret)
{
	int64_t value;

	if (has & NSI_HAS_MEMORY) {
		value = nsi_cgroup_read_count(dir, "memory.limit_in_bytes");
		lower(ret, NSI_LIMIT_MEMORY, value > V1_NO_LIMIT ? INT64_MAX : value,
		      up);
	}
	if (has & NSI_HAS_PIDS) {
		lower(ret, NSI_LIMIT_PIDS, nsi_cgroup_read_count(dir, "pids.max"), up);
		/* Its topmost directory may lack the file. */
		if (top)
			lower(ret, NSI_LIMIT_PIDS, INT64_MAX, up);
	}
	if (has & NSI_HAS_CPU) {
		/* -1: none */
		value = nsi_cgroup_read_count(dir, "cpu.cfs_quota_us");
		lower(ret, NSI_LIMIT_CPU, value < 0 ? INT64_MAX : thousandths(
			value, nsi_cgroup_read_count(dir, "cpu.cfs_period_us")), up);
	}
	/* Those below are as well, and say so. */
	if (!up && has & NSI_HAS_FREEZER)
		ret->frozen = read_frozen(dir);
}

void nsi_limits_read(unsigned has, int dir, int up, bool top, struct nsi_limits *ret)
{
	if (has & NSI_HAS_UNIFIED)
		read_v2(has, dir, up, top, ret);
	else
		read_v1(has, dir, up, top, ret);
}

static void use(int64_t *to, int64_t value)
{
	if (*to < 0)
		*to = value;
}

static void read_own(unsigned has, int dir, struct nsu_cgroup *ret)
{
	bool v2 = has & NSI_HAS_UNIFIED;
	int64_t value;

	if (has & NSI_HAS_MEMORY)
		use(&ret->memory, nsi_cgroup_read_count(dir, v2 ? "memory.current" :
							"memory.usage_in_bytes"));
	if (has & NSI_HAS_PIDS)
		use(&ret->pids, nsi_cgroup_read_count(dir, "pids.current"));
	if (has & NSI_HAS_CPUACCT) {
		value = nsi_cgroup_read_count(dir, "cpuacct.usage");
		use(&ret->cpu_usage, value < 0 ? -1 : value / 1000);
	}
	if (v2)
		nsi_usage_stat_v2(has, dir, ret);
	else
		nsi_usage_stat_v1(has, dir, ret);
}

/* Of several hierarchies the tightest. */
static void take_limit(const struct nsi_limits *limits, int which, int64_t *max,
		       int *level)
{
	if (limits->max[which] < 0 || (*max >= 0 && limits->max[which] >= *max))
		return;
	*max = limits->max[which];
	*level = limits->level[which];
}

void nsi_usage_add(unsigned has, int dir, const struct nsi_limits *above,
		   struct nsu_cgroup *ret)
{
	struct nsi_limits limits = NSI_LIMITS_UNKNOWN;

	if (has & NSI_HAS_UNIFIED && above)
		has &= above->gives | NSI_HAS_UNIFIED | NSI_BRIEF;
	nsi_limits_read(has, dir, 0, !above, &limits);
	if (above)
		nsi_limits_lower(&limits, above, 1);
	take_limit(&limits, NSI_LIMIT_MEMORY, &ret->memory_max, &ret->memory_level);
	take_limit(&limits, NSI_LIMIT_PIDS, &ret->pids_max, &ret->pids_level);
	take_limit(&limits, NSI_LIMIT_CPU, &ret->cpu_max, &ret->cpu_level);
	if (has & (NSI_HAS_UNIFIED | NSI_HAS_FREEZER) &&
	    (limits.frozen || ret->frozen < 0))
		ret->frozen = limits.frozen;
	read_own(has, dir, ret);
}

int nsi_usage_read(const struct nsu_snapshot *snap, char *text,
		   bool (*cut)(char *path, void *data), void *data, size_t size,
		   struct nsu_cgroup *ret)
{
	bool brief = size <= offsetof(struct nsu_cgroup, memory_peak);
	struct nsi_usage_here *here = NULL;
	char *save = NULL;
	bool any = false;
	int r = nsi_usage_look_here(snap, &here);

	if (r < 0)
		return r;
	/* That of v2 is the last line: of a controller that v1 has it knows nothing, or
	   in its cpu.stat only that of a cgroup above. */
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct nsi_cgroup group = { .fd = -1 };

		if (!nsi_cgroup_parse(line, &group) && (!cut || cut(group.path, data)))
			any |= nsi_usage_read_group(here, &group, brief, ret);
	}
	return any ? 0 : -ENOENT;
}

int nsu_task_read_cgroup_usage(const struct nsu_task *task, struct nsu_cgroup *ret)
{
	struct nsu_cgroup found = NSI_USAGE_UNKNOWN;
	nsi_autofree char *text = NULL;
	nsi_autoclose int dir = -1;
	int r;

	if (!task || !ret || ret->size < NSI_USAGE_FIRST_SIZE)
		return -EINVAL;
	dir = nsi_task_open(task);
	if (dir < 0)
		return dir;
	r = nsi_cgroup_read_groups(dir, &text);
	if (!r)
		r = nsi_usage_read(task->snap, text, NULL, NULL, ret->size, &found);
	if (!r)
		nsi_give(ret, &found, sizeof(found));
	return r;
}
