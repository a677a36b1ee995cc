/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A picture of the host: made by the sources in their table, looked at by the getters. */
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include "container.h"
#include "courier.h"
#include "usage.h"
#include "walk.h"

/* of struct nsu_scan_options in release 0.1 */
#define FIRST_SIZE (offsetof(struct nsu_scan_options, target_count) + sizeof(size_t))

static int run_sources(struct nsi_builder *b)
{
	int r = nsi_scan_procfs(b);

	for (size_t i = 0; i < b->opts->target_count && r >= 0; i++)
		r = nsi_target_add(b->opts->targets[i], b);
	if (r >= 0 && b->snap->parts & NSU_PART_SOCKETS)
		r = nsi_scan_sockets(b);
	if (r >= 0 && b->snap->parts & NSU_PART_LISTED)
		r = nsi_scan_listed(b);
	if (r >= 0 && b->snap->parts & NSU_PART_FDS)
		r = nsi_scan_detached(b);
	/* Last: each mount namespace that the others found is searched, too. */
	if (r >= 0 && b->snap->parts & NSU_PART_MOUNTS)
		r = nsi_scan_mounts(b);
	if (r >= 0 && b->snap->parts & NSU_PART_FDS)
		r = nsi_scan_opened(b);
	return r;
}

static void count_hidden(struct nsu_snapshot *snap)
{
	const struct nsu_procfs *proc = nsu_ctx_get_procfs(snap->ctx);

	/* The capability may not be enough: a security module has its own word. Process 1
	   is always there, and the one most guarded. */
	if (proc->hidepid >= NSU_HIDEPID_INVISIBLE &&
	    (!proc->exempt || faccessat(snap->ctx->proc_fd, "1", F_OK, 0) < 0))
		snap->totals.hidden = -1;
	if (proc->hidepid == NSU_HIDEPID_UNKNOWN && !proc->exempt)
		snap->totals.hidden = -1;
	if (proc->subset)
		snap->totals.hidden = -1;
}

static int scan(struct nsi_builder *b)
{
	struct nsu_snapshot *snap = b->snap;
	struct timespec now;
	int r;

	if (nsi_builder_cancelled(b))
		return -ECANCELED;
	r = run_sources(b);
	if (r >= 0 && !snap->totals.processes)
		r = -ENODATA;
	if (r < 0)
		return r;
	clock_gettime(CLOCK_BOOTTIME, &now);
	snap->time = (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	count_hidden(snap);
	return nsi_snapshot_finish(b);
}

/* What is asked for, with what goes with it. */
static int settle(struct nsi_builder *b)
{
	const struct nsu_scan_options *opts = b->opts;
	struct nsu_snapshot *snap = b->snap;

	if (opts->types & ~NSU_TYPES_DEFAULT || (opts->target_count && !opts->targets) ||
	    opts->parts & ~NSU_PART_ALL)
		return -EINVAL;
	snap->parts = opts->parts ? opts->parts | NSU_PART_TASKS : NSU_PART_DEFAULT;
	if (snap->parts & NSU_PART_SOCKETS)
		snap->parts |= NSU_PART_FDS;
	/* Who is first in its pid namespace, and which of them lie in which. */
	if (snap->parts & NSU_PART_CONTAINERS)
		snap->parts |= NSU_PART_PIDS | NSU_PART_RELATIONS;
	b->types = opts->types ? opts->types | 1u << NSU_USER : NSU_TYPES_DEFAULT;
	for (size_t i = 0; i < opts->target_count; i++)
		nsi_target_widen(opts->targets[i], &snap->parts, &b->types);
	if (snap->parts & (NSU_PART_PIDS | NSU_PART_CHILDREN))
		b->types |= 1u << NSU_PID;
	if (snap->parts & (NSU_PART_MOUNTS | NSU_PART_CONTAINERS))
		b->types |= 1u << NSU_MNT;
	snap->types_asked = b->types;
	snap->limited = opts->pids;
	return 0;
}

int nsu_snapshot_new(struct nsu_ctx *ctx, const struct nsu_scan_options *opts,
		     struct nsu_snapshot **ret)
{
	struct nsu_scan_options own = NSU_SCAN_OPTIONS_INIT;
	struct nsi_builder b = { .ctx = ctx, .opts = &own };
	int r = 0;

	if (!ctx || !ret)
		return -EINVAL;
	if (opts)
		r = nsi_take_options(&own, sizeof(own), FIRST_SIZE, opts);
	if (r < 0)
		return r;
	b.snap = calloc(1, sizeof(*b.snap));
	if (!b.snap)
		return -ENOMEM;
	b.snap->ctx = ctx;
	nsi_courier_reap(ctx);
	r = settle(&b);
	if (!r)
		r = scan(&b);
	nsi_builder_free(&b);
	if (r < 0) {
		nsi_log_errno(ctx, NSU_LOG_ERROR, r, "scan");
		nsu_snapshot_free(b.snap);
		return r;
	}
	*ret = b.snap;
	return 0;
}

void nsu_snapshot_free(struct nsu_snapshot *snap)
{
	if (!snap)
		return;
	nsi_usage_end(snap);
	free(snap->ns);
	free(snap->tasks);
	free(snap->boxes);
	nsi_snapshot_free_containers(snap);
	free(snap->gaps);
	free(snap->sources);
	free(snap->inner);
	free(snap->pids);
	free(snap->refs);
	free(snap->keepers);
	free(snap->paths);
	free(snap);
}

const struct nsu_totals *nsu_snapshot_get_totals(const struct nsu_snapshot *snap)
{
	return &snap->totals;
}

/* Refused, and nothing stands in for it. Of mounts gaps tell what was missed. */
static bool lacks_source(const struct nsu_snapshot *snap, const char *name)
{
	for (size_t i = 0; i < snap->source_count; i++)
		if (snap->sources[i].error && !strcmp(snap->sources[i].name, name))
			return true;
	return false;
}

bool nsu_snapshot_is_complete(const struct nsu_snapshot *snap)
{
	return !snap->gap_count && !snap->totals.hidden && !lacks_source(snap, "fds") &&
		!lacks_source(snap, "sockets");
}

unsigned nsu_snapshot_get_parts(const struct nsu_snapshot *snap)
{
	return snap->parts;
}

bool nsu_snapshot_is_limited(const struct nsu_snapshot *snap)
{
	return snap->limited;
}

unsigned nsu_snapshot_get_asked(const struct nsu_snapshot *snap)
{
	return snap->types_asked;
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

int nsu_snapshot_sees_host(const struct nsu_snapshot *snap)
{
	static const enum nsu_type nested[] = { NSU_PID, NSU_USER };

	if (!snap)
		return -EINVAL;
	if (snap->ref_task == NSI_NONE)
		return -ENODATA;
	for (size_t i = 0; i < ARRAY_SIZE(nested); i++) {
		uint32_t index = snap->tasks[snap->ref_task].ns[nested[i]];

		if (index == NSI_NONE)
			return -ENODATA;
		if (snap->ns[index].inode != nsu_type_get_info(nested[i])->initial)
			return 0;
	}
	return 1;
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
