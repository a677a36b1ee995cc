/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A picture of the host: made by the sources in their table, looked at by the getters. */
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include "nsi.h"

/* In the order in which they are tried; the tasks are those of the first that can. */
static const struct nsi_source *const sources[] = {
	&nsi_source_procfs,
};

static int run_sources(struct nsi_builder *b)
{
	struct nsu_snapshot *snap = b->snap;
	int r = -ENOSYS;

	snap->sources = calloc(ARRAY_SIZE(sources), sizeof(*snap->sources));
	if (!snap->sources)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(sources) && r < 0; i++) {
		r = sources[i]->scan(b);
		snap->sources[snap->source_count++] = (struct nsu_source){
			.name = sources[i]->name, .error = -r,
		};
	}
	return r;
}

static void count_hidden(struct nsu_snapshot *snap)
{
	const struct nsu_procfs *proc = &snap->ctx->procfs;

	/* The capability may not be enough: a security module has its own word. Process 1
	   is always there, and the one most guarded. */
	if (proc->hidepid >= NSU_HIDEPID_INVISIBLE &&
	    (!proc->exempt || faccessat(snap->ctx->proc_fd, "1", F_OK, 0) < 0))
		snap->totals.hidden = -1;
	if (proc->subset)
		snap->totals.hidden = -1;
}

static int scan(struct nsi_builder *b)
{
	struct nsu_snapshot *snap = b->snap;
	struct timespec now;
	int r;

	r = run_sources(b);
	if (r < 0)
		return r;
	clock_gettime(CLOCK_BOOTTIME, &now);
	snap->time = (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	count_hidden(snap);
	return nsi_snapshot_finish(b);
}

int nsu_snapshot_new(struct nsu_ctx *ctx, const struct nsu_scan_options *opts,
		     struct nsu_snapshot **ret)
{
	static const struct nsu_scan_options defaults = NSU_SCAN_OPTIONS_INIT;
	struct nsi_builder b = { .ctx = ctx, .opts = opts ? opts : &defaults };
	unsigned types = (1u << NSU_TYPE_COUNT) - 1;
	struct nsu_snapshot *snap;
	int r;

	if (!ctx || !ret || b.opts->size < sizeof(*opts) || b.opts->types & ~types ||
	    b.opts->parts & ~(NSU_PART_DEFAULT | NSU_PART_PIDS))
		return -EINVAL;
	snap = calloc(1, sizeof(*snap));
	if (!snap)
		return -ENOMEM;
	b.snap = snap;
	snap->ctx = ctx;
	snap->parts = b.opts->parts ? b.opts->parts : NSU_PART_DEFAULT;
	b.types = b.opts->types ? b.opts->types | 1u << NSU_USER : types;
	if (snap->parts & (NSU_PART_PIDS | NSU_PART_CHILDREN))
		b.types |= 1u << NSU_PID;
	snap->types_asked = b.types;
	r = scan(&b);
	nsi_idmap_free(&b.inodes);
	if (r < 0) {
		nsu_snapshot_free(snap);
		return r;
	}
	*ret = snap;
	return 0;
}

void nsu_snapshot_free(struct nsu_snapshot *snap)
{
	if (!snap)
		return;
	free(snap->ns);
	free(snap->tasks);
	free(snap->boxes);
	free(snap->gaps);
	free(snap->sources);
	free(snap->inner);
	free(snap->pids);
	free(snap->refs);
	free(snap);
}

const struct nsu_totals *nsu_snapshot_get_totals(const struct nsu_snapshot *snap)
{
	return &snap->totals;
}

bool nsu_snapshot_is_complete(const struct nsu_snapshot *snap)
{
	return !snap->gap_count && !snap->totals.hidden;
}

unsigned nsu_snapshot_get_parts(const struct nsu_snapshot *snap)
{
	return snap->parts;
}

unsigned nsu_snapshot_get_types(const struct nsu_snapshot *snap)
{
	return snap->types_seen;
}

dev_t nsu_snapshot_get_device(const struct nsu_snapshot *snap)
{
	return snap->device;
}

uint64_t nsu_snapshot_get_time(const struct nsu_snapshot *snap)
{
	return snap->time;
}

size_t nsu_snapshot_count_gaps(const struct nsu_snapshot *snap)
{
	return snap ? snap->gap_count : 0;
}

const struct nsu_gap *nsu_snapshot_get_gap(const struct nsu_snapshot *snap, size_t index)
{
	return snap && index < snap->gap_count ? &snap->gaps[index] : NULL;
}

size_t nsu_snapshot_count_sources(const struct nsu_snapshot *snap)
{
	return snap ? snap->source_count : 0;
}

const struct nsu_source *nsu_snapshot_get_source(const struct nsu_snapshot *snap,
						 size_t index)
{
	return snap && index < snap->source_count ? &snap->sources[index] : NULL;
}

enum nsu_reference nsu_snapshot_get_reference(const struct nsu_snapshot *snap,
					      const struct nsu_task **ret)
{
	if (ret)
		*ret = snap->ref_task == NSI_NONE ? NULL : &snap->tasks[snap->ref_task];
	return snap->ref_kind;
}

bool nsu_snapshot_sees_host(const struct nsu_snapshot *snap)
{
	uint32_t pidns;

	if (snap->ref_task == NSI_NONE)
		return false;
	pidns = snap->tasks[snap->ref_task].ns[NSU_PID];
	return pidns != NSI_NONE &&
		snap->ns[pidns].inode == nsu_type_get_info(NSU_PID)->initial;
}

size_t nsu_snapshot_count_tasks(const struct nsu_snapshot *snap)
{
	return snap ? snap->task_count : 0;
}

const struct nsu_task *nsu_snapshot_get_task(const struct nsu_snapshot *snap,
					     size_t index)
{
	return snap && index < snap->task_count ? &snap->tasks[index] : NULL;
}

static int by_tid(const void *key, const void *item)
{
	const pid_t *tid = key;
	const struct nsu_task *task = item;

	return *tid < task->tid ? -1 : *tid > task->tid;
}

int nsu_snapshot_find_task(const struct nsu_snapshot *snap, pid_t tid,
			   const struct nsu_task **ret)
{
	const struct nsu_task *found;

	if (!snap || !ret)
		return -EINVAL;
	if (!snap->task_count)
		return -ENOENT;
	found = bsearch(&tid, snap->tasks, snap->task_count, sizeof(*found), by_tid);
	if (!found)
		return -ENOENT;
	*ret = found;
	return 0;
}
