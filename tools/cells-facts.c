// SPDX-License-Identifier: GPL-2.0-or-later
/* The values of columns that are facts of one type of namespaces. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cells.h"
#include "facts.h"
#include "hierarchy.h"
#include "view.h"

/* Of the row at hand: what several columns show is read once. */
struct fact_cache {
	const struct nsu_ns *ns;	/* what the rest is of; NULL: of none yet */
	int error;
	struct nsu_uts uts;
	struct nsu_ipc ipc;
	struct nsu_clocks clocks;
	struct nsu_mounts *mounts;
	struct nsu_cgroup usage;	/* of the first process */
};

struct fact_cache *fact_cache_new(void)
{
	return calloc(1, sizeof(struct fact_cache));
}

void fact_cache_free(struct fact_cache *cache)
{
	if (cache != NULL)
		nsu_mounts_free(cache->mounts);
	free(cache);
}

static int read_facts(const struct nsu_ns *ns, struct fact_cache *cache)
{
	switch (nsu_ns_get_type(ns)) {
	case NSU_UTS:
		return nsu_ns_read_uts(ns, &cache->uts);
	case NSU_IPC:
		return nsu_ns_read_ipc(ns, &cache->ipc);
	case NSU_TIME:
		return nsu_ns_read_clocks(ns, &cache->clocks);
	case NSU_MNT:
		return nsu_mounts_new(ns, &cache->mounts);
	case NSU_CGROUP:
		return nsu_ns_count_tasks(ns) == 0 ? -ENODATA :
			nsu_task_read_cgroup_usage(view_first_of_ns(ns), &cache->usage);
	default:
		return -ENOENT;
	}
}

/* 0 and what was read; -ENOENT: the row is of another type; else why it is unknown. */
static int get_facts(const struct facts *facts, const struct row *row, enum nsu_type type,
		     const struct fact_cache **ret)
{
	struct fact_cache *cache = facts->cache;

	if (nsu_ns_get_type(row->ns) != type)
		return -ENOENT;
	if (cache->ns != row->ns) {
		nsu_mounts_free(cache->mounts);
		*cache = (struct fact_cache){
			.ns = row->ns, .uts = NSU_UTS_INIT, .ipc = NSU_IPC_INIT,
			.clocks = NSU_CLOCKS_INIT, .usage = NSU_CGROUP_INIT,
		};
		cache->error = read_facts(row->ns, cache);
	}
	*ret = cache;
	return cache->error == -ENOENT ? -ENODATA : cache->error;
}

/* A name that is not set is none. */
static int add_name(const struct facts *facts, struct text *text, const char *name)
{
	if (*name == '\0' || strcmp(name, "(none)") == 0)
		return -ENOENT;
	text_add_foreign(facts, text, name);
	return 0;
}

int cell_hostname(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct fact_cache *cache;
	int r = get_facts(facts, row, NSU_UTS, &cache);

	return r < 0 ? r : add_name(facts, text, cache->uts.hostname);
}

int cell_domainname(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct fact_cache *cache;
	int r = get_facts(facts, row, NSU_UTS, &cache);

	return r < 0 ? r : add_name(facts, text, cache->uts.domainname);
}

int cell_queues(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct fact_cache *cache;
	int r = get_facts(facts, row, NSU_IPC, &cache);

	if (r < 0)
		return r;
	if (cache->ipc.posix_queues < 0)
		return -ENODATA;
	text_format(text, "%" PRIu64,
		    cache->ipc.queues + (uint64_t)cache->ipc.posix_queues);
	return 0;
}

int cell_segments(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct fact_cache *cache;
	int r = get_facts(facts, row, NSU_IPC, &cache);

	if (r == 0)
		text_format(text, "%" PRIu64, cache->ipc.segments);
	return r;
}

int cell_semaphores(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct fact_cache *cache;
	int r = get_facts(facts, row, NSU_IPC, &cache);

	if (r == 0)
		text_format(text, "%" PRIu64, cache->ipc.semaphores);
	return r;
}

int cell_ipcbytes(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct fact_cache *cache;
	int r = get_facts(facts, row, NSU_IPC, &cache);
	uint64_t bytes;
	char size[16];

	if (r < 0)
		return r;
	if (cache->ipc.posix_bytes < 0)
		return -ENODATA;
	bytes = cache->ipc.queue_bytes + cache->ipc.segment_bytes +
		(uint64_t)cache->ipc.posix_bytes;
	if (facts->form == FORM_TABLE)
		text_format(text, "%s", text_size(size, bytes));
	else
		text_format(text, "%" PRIu64, bytes);
	return 0;
}

int cell_monotonic(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct fact_cache *cache;
	int r = get_facts(facts, row, NSU_TIME, &cache);
	char buf[32];

	if (r == 0)
		text_format(text, "%s", facts_offset(buf, cache->clocks.monotonic));
	return r;
}

int cell_boottime(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct fact_cache *cache;
	int r = get_facts(facts, row, NSU_TIME, &cache);
	char buf[32];

	if (r == 0)
		text_format(text, "%s", facts_offset(buf, cache->clocks.boottime));
	return r;
}

int cell_cgroot(const struct facts *facts, const struct row *row, struct text *text)
{
	char *root = NULL;
	int r;

	if (nsu_ns_get_type(row->ns) != NSU_CGROUP)
		return -ENOENT;
	r = nsu_ns_read_cgroup_root(row->ns, &root);
	if (r < 0)
		return r == -ENOENT ? -ENODATA : r;
	text_add_foreign(facts, text, root);
	free(root);
	return 0;
}

int cell_cgroup(const struct facts *facts, const struct row *row, struct text *text)
{
	char *path = NULL;
	int r;

	if (nsu_ns_get_type(row->ns) != NSU_CGROUP || nsu_ns_count_tasks(row->ns) == 0)
		return -ENOENT;
	r = nsu_task_read_cgroup(view_first_of_ns(row->ns), &path);
	if (r < 0)
		return r == -ENOENT ? -ENODATA : r;
	text_add_foreign(facts, text, path);
	free(path);
	return 0;
}

/* One number of the usage, divided; "max" where there is no limit. */
static int add_usage(const struct facts *facts, const struct row *row, struct text *text,
		     size_t at, int64_t divisor)
{
	const struct fact_cache *cache;
	int r = get_facts(facts, row, NSU_CGROUP, &cache);
	int64_t value;

	if (r < 0)
		return r;
	memcpy(&value, (const char *)&cache->usage + at, sizeof(value));
	if (value < 0)
		return -ENODATA;
	if (value == INT64_MAX)
		text_format(text, "max");
	else
		text_format(text, "%" PRId64, value / divisor);
	return 0;
}

#define USAGE_CELL(name, member, divisor) \
	int name(const struct facts *facts, const struct row *row, struct text *text) \
	{ \
		return add_usage(facts, row, text, offsetof(struct nsu_cgroup, member), \
				 divisor); \
	}
USAGE_CELL(cell_memory, memory, 1)
USAGE_CELL(cell_memmax, memory_max, 1)
USAGE_CELL(cell_tasks, pids, 1)
USAGE_CELL(cell_tasksmax, pids_max, 1)
USAGE_CELL(cell_cpumax, cpu_max, 10)

int cell_frozen(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct fact_cache *cache;
	int r = get_facts(facts, row, NSU_CGROUP, &cache);

	if (r == 0 && cache->usage.frozen < 0)
		return -ENODATA;
	if (r == 0)
		text_format(text, "%s", cache->usage.frozen ? "yes" : "no");
	return r;
}

int cell_mounts(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct fact_cache *cache;
	int r = get_facts(facts, row, NSU_MNT, &cache);

	if (r == 0)
		text_format(text, "%zu", nsu_mounts_count(cache->mounts));
	return r;
}

static int get_root(const struct facts *facts, const struct row *row,
		    const struct nsu_mount **ret)
{
	const struct fact_cache *cache;
	int r = get_facts(facts, row, NSU_MNT, &cache);

	if (r < 0)
		return r;
	*ret = nsu_mounts_get(cache->mounts, 0);
	return *ret != NULL ? 0 : -ENODATA;
}

int cell_root(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct nsu_mount *root;
	int r = get_root(facts, row, &root);

	if (r == 0)
		text_add_foreign(facts, text, root->fstype);
	return r;
}

int cell_propagation(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct nsu_mount *root;
	int r = get_root(facts, row, &root);
	char buf[40];

	if (r == 0)
		text_format(text, "%s", facts_propagation(buf, root->propagation));
	return r;
}

static int add_map(const struct row *row, bool gid, struct text *text)
{
	char *map;
	int r = 0;

	if (nsu_ns_get_type(row->ns) != NSU_USER)
		return -ENOENT;
	map = idmap_text(row->ns, gid, true);
	if (map == NULL)
		text->failed = true;
	else if (strcmp(map, "?") == 0)
		r = -ENODATA;
	else
		text_add(text, map, strlen(map));
	free(map);
	return r;
}

int cell_uidmap(const struct facts *facts, const struct row *row, struct text *text)
{
	(void)facts;
	return add_map(row, false, text);
}

int cell_gidmap(const struct facts *facts, const struct row *row, struct text *text)
{
	(void)facts;
	return add_map(row, true, text);
}

int cell_setgroups(const struct facts *facts, const struct row *row, struct text *text)
{
	int r;

	(void)facts;
	if (nsu_ns_get_type(row->ns) != NSU_USER)
		return -ENOENT;
	r = facts_setgroups(row->ns);
	if (r < 0)
		return -ENODATA;
	text_format(text, "%s", r ? "allow" : "deny");
	return 0;
}

int cell_init(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct nsu_snapshot *snap = facts->snap;
	const struct nsu_task *init;
	int r;

	if (nsu_ns_get_type(row->ns) != NSU_PID || view_init_ended(snap, row->ns))
		return -ENOENT;
	r = view_init(snap, row->ns, &init);
	if (r == 0)
		text_format(text, "%d", (int)nsu_task_get_tid(init));
	return r;
}
