// SPDX-License-Identifier: GPL-2.0-or-later
/* What cgroups use and may. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "json.h"
#include "usage.h"

static int by_path(const void *a, const void *b)
{
	const struct usage_group *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	if (order != 0)
		return order;
	return nsu_task_get_tid(x->first) < nsu_task_get_tid(y->first) ? -1 : 1;
}

int usage_find_groups(const struct nsu_ns *ns, struct usage_groups *ret)
{
	size_t n = nsu_ns_count_tasks(ns), found = 0, kept = 0;
	struct usage_group *all = calloc(n + 1, sizeof(*all));

	if (all == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct usage_group *group = &all[found];

		group->first = nsu_ns_get_task(ns, i);
		group->tasks = 1;
		if (nsu_task_read_cgroup(group->first, &group->path) == 0)
			found++;
	}
	qsort(all, found, sizeof(*all), by_path);
	for (size_t i = 0; i < found; i++) {
		if (kept > 0 && strcmp(all[kept - 1].path, all[i].path) == 0) {
			all[kept - 1].tasks++;
			free(all[i].path);
		} else {
			all[kept++] = all[i];
		}
	}
	*ret = (struct usage_groups){ all, kept };
	return 0;
}

void usage_free_groups(struct usage_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		free(groups->group[i].path);
	free(groups->group);
}

static void add_memory(FILE *f, const struct nsu_cgroup *usage)
{
	char used[16], limit[16];

	fprintf(f, "memory %s", text_size(used, (uint64_t)usage->memory));
	if (usage->memory_max >= 0 && usage->memory_max != INT64_MAX)
		fprintf(f, " of %s", text_size(limit, (uint64_t)usage->memory_max));
}

char *usage_text(const struct nsu_cgroup *usage)
{
	const char *between = "";
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return NULL;
	if (usage->memory >= 0) {
		add_memory(f, usage);
		between = ", ";
	}
	if (usage->pids >= 0) {
		fprintf(f, "%stasks %" PRId64, between, usage->pids);
		if (usage->pids_max >= 0 && usage->pids_max != INT64_MAX)
			fprintf(f, " of %" PRId64, usage->pids_max);
		between = ", ";
	}
	if (usage->cpu_max >= 0 && usage->cpu_max != INT64_MAX) {
		fprintf(f, "%scpu at most %" PRId64 "%%", between, usage->cpu_max / 10);
		between = ", ";
	}
	if (usage->frozen > 0)
		fprintf(f, "%sfrozen", between);
	if (fclose(f) != 0 || *text == '\0') {
		free(text);
		return NULL;
	}
	return text;
}

static struct json_object *number(int64_t value)
{
	if (value < 0)
		return NULL;
	return value == INT64_MAX ? json_object_new_string("max") :
		json_object_new_int64(value);
}

void usage_add_json(struct json_object *o, const struct nsu_task *task)
{
	struct nsu_cgroup usage = NSU_CGROUP_INIT;
	bool known = nsu_task_read_cgroup_usage(task, &usage) == 0;
	const struct {
		const char *name;
		int64_t value;
	} members[] = {
		{ "memory", usage.memory }, { "memory_max", usage.memory_max },
		{ "pids", usage.pids }, { "pids_max", usage.pids_max },
		{ "cpu_usage", usage.cpu_usage }, { "cpu_max", usage.cpu_max },
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_object_object_add(o, members[i].name,
				       known ? number(members[i].value) : NULL);
	json_object_object_add(o, "frozen", !known || usage.frozen < 0 ? NULL :
			       json_object_new_boolean(usage.frozen));
}
