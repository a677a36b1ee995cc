/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a task's cgroup uses, and what it and those above it may; cgroups(7). */
#include <fcntl.h>
#include <string.h>
#include "enter.h"

/* of struct nsu_cgroup in release 0.1 */
#define FIRST_SIZE	(offsetof(struct nsu_cgroup, frozen) + sizeof(int))

#define V1_NO_LIMIT	(1ll << 62)	/* none is the last page that a long can count */
#define DIR_FLAGS	(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static void lower(int64_t *limit, int64_t value)
{
	if (value >= 0 && (*limit < 0 || value < *limit))
		*limit = value;
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

	if (nsi_read_at(dir, "cpu.max", text, sizeof(text)) < 0)
		return -1;
	if (!strncmp(text, "max", 3))
		return INT64_MAX;
	quota = strtoll(text, &end, 10);
	return end == text ? -1 : thousandths(quota, strtoll(end, NULL, 10));
}

static int64_t read_cpu_usage(int dir)
{
	static const char word[] = "usage_usec ";
	char text[1024], *line;
	int64_t value;

	if (nsi_read_at(dir, "cpu.stat", text, sizeof(text)) < 0)
		return -1;
	line = strncmp(text, word, strlen(word)) ? strstr(text, "\nusage_usec ") : text;
	if (!line)
		return -1;
	line += strlen(word) + (*line == '\n');
	value = strtoll(line, NULL, 10);
	return value < 0 ? -1 : value;
}

static void read_level_v2(int dir, struct nsu_cgroup *ret)
{
	lower(&ret->memory_max, nsi_cgroup_read_count(dir, "memory.max"));
	lower(&ret->pids_max, nsi_cgroup_read_count(dir, "pids.max"));
	lower(&ret->cpu_max, read_cpu_max(dir));
}

static void read_level_v1(const struct nsi_cgroup *group, int dir, struct nsu_cgroup *ret)
{
	int64_t value;

	if (nsi_cgroup_has(group, "memory")) {
		value = nsi_cgroup_read_count(dir, "memory.limit_in_bytes");
		lower(&ret->memory_max, value > V1_NO_LIMIT ? INT64_MAX : value);
	}
	if (nsi_cgroup_has(group, "pids"))
		lower(&ret->pids_max, nsi_cgroup_read_count(dir, "pids.max"));
	if (nsi_cgroup_has(group, "cpu")) {
		/* -1: none */
		value = nsi_cgroup_read_count(dir, "cpu.cfs_quota_us");
		lower(&ret->cpu_max, value < 0 ? INT64_MAX : thousandths(
			value, nsi_cgroup_read_count(dir, "cpu.cfs_period_us")));
	}
}

static void use(int64_t *to, int64_t value)
{
	if (*to < 0)
		*to = value;
}

/* The topmost directory has no such files; what it hands down has no limit there. */
static void read_top_v2(int dir, struct nsu_cgroup *ret)
{
	char text[512], *save = NULL;

	if (nsi_read_at(dir, "cgroup.controllers", text, sizeof(text)) < 0)
		return;
	for (char *word = strtok_r(text, " \n", &save); word;
	     word = strtok_r(NULL, " \n", &save)) {
		if (!strcmp(word, "memory"))
			use(&ret->memory_max, INT64_MAX);
		else if (!strcmp(word, "pids"))
			use(&ret->pids_max, INT64_MAX);
		else if (!strcmp(word, "cpu"))
			use(&ret->cpu_max, INT64_MAX);
	}
}

static void read_own(const struct nsi_cgroup *group, int dir, struct nsu_cgroup *ret)
{
	if (group->unified) {
		use(&ret->memory, nsi_cgroup_read_count(dir, "memory.current"));
		use(&ret->pids, nsi_cgroup_read_count(dir, "pids.current"));
		use(&ret->cpu_usage, read_cpu_usage(dir));
		return;
	}
	if (nsi_cgroup_has(group, "memory"))
		use(&ret->memory, nsi_cgroup_read_count(dir, "memory.usage_in_bytes"));
	if (nsi_cgroup_has(group, "pids"))
		use(&ret->pids, nsi_cgroup_read_count(dir, "pids.current"));
	if (nsi_cgroup_has(group, "cpuacct")) {
		int64_t value = nsi_cgroup_read_count(dir, "cpuacct.usage");

		use(&ret->cpu_usage, value < 0 ? -1 : value / 1000);
	}
}

void nsi_cgroup_read_usage(const struct nsi_cgroup *group, int dir, unsigned depth,
			   struct nsu_cgroup *ret)
{
	nsi_autoclose int level = openat(dir, ".", DIR_FLAGS);
	struct nsi_cgroups state = { .pids_max = -1, .pids_current = -1 };

	read_own(group, dir, ret);
	if (group->unified || nsi_cgroup_has(group, "freezer")) {
		nsi_cgroup_read_state(group, dir, depth, &state);
		if (state.frozen || ret->frozen < 0)
			ret->frozen = state.frozen;
	}
	while (level >= 0) {
		nsi_autoclose int below = level;

		level = -1;
		if (group->unified)
			read_level_v2(below, ret);
		else
			read_level_v1(group, below, ret);
		if (depth--)
			level = openat(below, "..", DIR_FLAGS);
		else if (group->unified)
			read_top_v2(below, ret);
	}
	/* A hierarchy of its own, whose topmost directory may lack the file. */
	if (nsi_cgroup_has(group, "pids"))
		use(&ret->pids_max, INT64_MAX);
}

static bool tells(const struct nsi_cgroup *group)
{
	static const char *const controllers[] = {
		"memory", "pids", "cpu", "cpuacct", "freezer",
	};

	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		if (nsi_cgroup_has(group, controllers[i]))
			return true;
	return group->unified;
}

/* By the first mount that shows it. */
static bool read_group(const struct nsi_cgroup_here *here, const struct nsi_cgroup *group,
		       struct nsu_cgroup *ret)
{
	for (size_t i = 0; i < here->count; i++) {
		nsi_autoclose int dir = -1;
		unsigned depth;

		if (!nsi_cgroup_match(group, &here->places[i].mount))
			continue;
		dir = nsi_cgroup_open_dir(here->self, &here->places[i], group, &depth);
		if (dir < 0)
			continue;
		nsi_cgroup_read_usage(group, dir, depth, ret);
		return true;
	}
	return false;
}

int nsu_task_read_cgroup_usage(const struct nsu_task *task, struct nsu_cgroup *ret)
{
	__attribute__((cleanup(nsi_cgroup_here_free)))
	struct nsi_cgroup_here here = { .self = -1 };
	struct nsu_cgroup found = {
		.memory = -1, .memory_max = -1, .pids = -1, .pids_max = -1,
		.cpu_usage = -1, .cpu_max = -1, .frozen = -1,
	};
	nsi_autofree char *text = NULL;
	nsi_autoclose int dir = -1;
	char *save = NULL;
	bool any = false;
	int r;

	if (!task || !ret || ret->size < FIRST_SIZE)
		return -EINVAL;
	dir = nsi_task_open(task);
	if (dir < 0)
		return dir;
	r = nsi_cgroup_read_groups(dir, &text);
	if (r < 0)
		return r;
	here.self = nsi_ctx_open_self(task->snap->ctx);
	if (here.self < 0)
		return here.self;
	r = nsi_cgroup_here_read_mounts(&here);
	if (r < 0)
		return r;
	/* That of v2 is the last line: of a controller that v1 has it knows nothing, or
	   in its cpu.stat only that of a cgroup above. */
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct nsi_cgroup group = { .fd = -1 };

		if (!nsi_cgroup_parse(line, &group) && tells(&group))
			any |= read_group(&here, &group, &found);
	}
	if (!any)
		return -ENOENT;
	nsi_give(ret, &found, sizeof(found));
	return 0;
}
