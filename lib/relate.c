/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what sources gathered to a snapshot: sorted, linked, counted. */
#include <string.h>
#include "container.h"

static int by_tid(const void *a, const void *b)
{
	const struct nsu_task *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static int by_pid(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int by_place(const void *a, const void *b)
{
	const struct nsu_gap *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return strcmp(x->step, y->step);
}

/* The namespaces that are in the picture: those of its tasks, targets and holders, and
   all above them. One that only a vanished task named is not. */
static void mark(struct nsu_snapshot *snap, bool *used, uint32_t index)
{
	while (index != NSI_NONE && !used[index]) {
		used[index] = true;
		if (snap->ns[index].owner != snap->ns[index].parent)
			mark(snap, used, snap->ns[index].owner);
		index = snap->ns[index].parent;
	}
}

static void mark_all(struct nsu_snapshot *snap, bool *used)
{
	for (uint32_t i = 0; i < snap->ns_count; i++)
		if (snap->ns[i].wanted)
			mark(snap, used, i);
	for (size_t i = 0; i < snap->task_count; i++) {
		const struct nsu_task *task = &snap->tasks[i];

		for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
			mark(snap, used, task->ns[type]);
		mark(snap, used, task->child_pid);
		mark(snap, used, task->child_time);
	}
	for (size_t i = 0; i < snap->keeper_count; i++) {
		mark(snap, used, snap->keepers[i].ns);
		mark(snap, used, snap->keepers[i].in);
	}
}

struct place {
	uint64_t inode;
	uint32_t index;
	uint8_t type;
};

static int by_identity(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static uint32_t moved(const uint32_t *to, uint32_t index)
{
	return index == NSI_NONE ? NSI_NONE : to[index];
}

static void move_all(struct nsu_snapshot *snap, const uint32_t *to)
{
	for (size_t i = 0; i < snap->ns_count; i++) {
		snap->ns[i].owner = moved(to, snap->ns[i].owner);
		snap->ns[i].parent = moved(to, snap->ns[i].parent);
	}
	for (size_t i = 0; i < snap->task_count; i++) {
		struct nsu_task *task = &snap->tasks[i];

		for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
			task->ns[type] = moved(to, task->ns[type]);
		task->child_pid = moved(to, task->child_pid);
		task->child_time = moved(to, task->child_time);
	}
	for (size_t i = 0; i < snap->keeper_count; i++) {
		snap->keepers[i].ns = moved(to, snap->keepers[i].ns);
		snap->keepers[i].in = moved(to, snap->keepers[i].in);
	}
}

/* Sorts the namespaces that are used, drops the others, and turns all indices. */
static int sort_ns(struct nsu_snapshot *snap)
{
	size_t all = snap->ns_count, kept = 0;
	nsi_autofree bool *used = calloc(all + 1, sizeof(*used));
	nsi_autofree struct place *places = calloc(all + 1, sizeof(*places));
	nsi_autofree uint32_t *to = calloc(all + 1, sizeof(*to));
	struct nsu_ns *sorted = calloc(all + 1, sizeof(*sorted));

	if (!used || !places || !to || !sorted) {
		free(sorted);
		return -ENOMEM;
	}
	mark_all(snap, used);
	for (size_t i = 0; i < all; i++) {
		to[i] = NSI_NONE;
		if (used[i])
			places[kept++] = (struct place){ snap->ns[i].inode, i,
							 snap->ns[i].type };
	}
	qsort(places, kept, sizeof(*places), by_identity);
	for (size_t i = 0; i < kept; i++) {
		sorted[i] = snap->ns[places[i].index];
		sorted[i].snap = snap;
		to[places[i].index] = i;
		snap->by_type[sorted[i].type + 1] = i + 1;
		snap->types_seen |= 1u << sorted[i].type;
	}
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (snap->by_type[type + 1] < snap->by_type[type])
			snap->by_type[type + 1] = snap->by_type[type];
	free(snap->ns);
	snap->ns = sorted;
	snap->ns_count = kept;
	move_all(snap, to);
	return 0;
}

static const struct nsu_task *leader_of(const struct nsu_snapshot *snap,
					const struct nsu_task *task)
{
	const struct nsu_task *leader;

	if (nsu_snapshot_find_task(snap, task->pid, &leader) < 0)
		return NULL;
	return leader->flags & NSI_TASK_ZOMBIE ? NULL : leader;
}

static void link_zombie(struct nsu_snapshot *snap, uint32_t index,
			void (*link)(struct nsu_snapshot *, struct nsi_list *, uint32_t))
{
	const struct nsu_task *task = &snap->tasks[index];

	if (task->flags & NSI_TASK_DEAD_LEADER)
		return;
	if (task->ns[NSU_PID] != NSI_NONE)
		link(snap, &snap->ns[task->ns[NSU_PID]].zombies, index);
	if (task->ns[NSU_USER] != NSI_NONE)
		link(snap, &snap->ns[task->ns[NSU_USER]].zombies, index);
}

/* Calls for each entry of each list; twice: to count, then to fill. */
static void each_link(struct nsu_snapshot *snap,
		      void (*link)(struct nsu_snapshot *, struct nsi_list *, uint32_t))
{
	for (uint32_t i = 0; i < snap->task_count; i++) {
		const struct nsu_task *task = &snap->tasks[i], *leader = NULL;

		if (task->flags & NSI_TASK_ZOMBIE) {
			link_zombie(snap, i, link);
			continue;
		}
		if (task->flags & NSI_TASK_THREAD)
			leader = leader_of(snap, task);
		for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
			if (task->ns[type] != NSI_NONE &&
			    (!leader || leader->ns[type] != task->ns[type]))
				link(snap, &snap->ns[task->ns[type]].tasks, i);
		if (task->child_pid != NSI_NONE)
			link(snap, &snap->ns[task->child_pid].heirs, i);
		if (task->child_time != NSI_NONE)
			link(snap, &snap->ns[task->child_time].heirs, i);
	}
	for (uint32_t i = 0; i < snap->ns_count; i++) {
		const struct nsu_ns *ns = &snap->ns[i];

		if (ns->parent != NSI_NONE)
			link(snap, &snap->ns[ns->parent].children, i);
		if (ns->owner != NSI_NONE && ns->type != NSU_USER)
			link(snap, &snap->ns[ns->owner].owned, i);
	}
}

static void count_one(struct nsu_snapshot *snap, struct nsi_list *list, uint32_t index)
{
	(void)index;
	list->count++;
	snap->ref_count++;
}

static void fill_one(struct nsu_snapshot *snap, struct nsi_list *list, uint32_t index)
{
	snap->refs[list->first + list->count++] = index;
}

static void place_list(struct nsi_list *list, uint32_t *next)
{
	list->first = *next;
	*next += list->count;
	list->count = 0;
}

static int link_all(struct nsu_snapshot *snap)
{
	uint32_t next = 0;

	each_link(snap, count_one);
	/* sandbox.c puts each task into one more list */
	snap->refs = calloc(snap->ref_count + snap->task_count + 1, sizeof(*snap->refs));
	if (!snap->refs)
		return -ENOMEM;
	for (size_t i = 0; i < snap->ns_count; i++) {
		place_list(&snap->ns[i].tasks, &next);
		place_list(&snap->ns[i].zombies, &next);
		place_list(&snap->ns[i].heirs, &next);
		place_list(&snap->ns[i].children, &next);
		place_list(&snap->ns[i].owned, &next);
	}
	each_link(snap, fill_one);
	return 0;
}

/* Lists of tasks are sorted, as tasks are. */
static bool has_task(const struct nsu_snapshot *snap, const struct nsi_list *list,
		     pid_t tid)
{
	const uint32_t *refs = snap->refs + list->first;
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snap->tasks[refs[middle]].tid < tid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < list->count && snap->tasks[refs[low]].tid == tid;
}

long nsi_count_processes(const struct nsu_snapshot *snap, const struct nsi_list *list)
{
	const uint32_t *refs = snap->refs + list->first;
	nsi_autofree pid_t *pids = NULL;
	size_t threads = 0, n = 0, different = 0;

	for (size_t i = 0; i < list->count; i++)
		threads += snap->tasks[refs[i]].flags & NSI_TASK_THREAD;
	if (!threads)
		return list->count;
	pids = calloc(threads, sizeof(*pids));
	if (!pids)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++)
		if (snap->tasks[refs[i]].flags & NSI_TASK_THREAD)
			pids[n++] = snap->tasks[refs[i]].pid;
	qsort(pids, n, sizeof(*pids), by_pid);
	for (size_t i = 0; i < n; i++)
		different += (!i || pids[i] != pids[i - 1]) &&
			     !has_task(snap, list, pids[i]);
	return list->count - threads + different;
}

static int count_all(struct nsu_snapshot *snap)
{
	for (size_t i = 0; i < snap->ns_count; i++) {
		long n = nsi_count_processes(snap, &snap->ns[i].tasks);

		if (n < 0)
			return n;
		snap->ns[i].processes = n;
	}
	for (size_t i = 0; i < snap->ns_count; i++)
		for (uint32_t at = snap->ns[i].parent;
		     at != NSI_NONE && snap->ns[i].level < NSI_MAX_LEVELS;
		     at = snap->ns[at].parent)
			snap->ns[i].level++;
	return 0;
}

static bool is_readable(const struct nsu_snapshot *snap, pid_t pid, uint32_t *ret)
{
	const struct nsu_task *task;

	if (nsu_snapshot_find_task(snap, pid, &task) < 0 || task->error ||
	    task->flags & NSI_TASK_ZOMBIE)
		return false;
	*ret = task - snap->tasks;
	return true;
}

static void find_reference(struct nsi_builder *b)
{
	struct nsu_snapshot *snap = b->snap;

	snap->ref_task = NSI_NONE;
	if (is_readable(snap, 1, &snap->ref_task))
		snap->ref_kind = NSU_REF_INIT;
	else if (is_readable(snap, b->ctx->procfs.self, &snap->ref_task))
		snap->ref_kind = NSU_REF_CALLER;
}

/* A thread that ended, and its number is a process's now: both were read. */
static void drop_twice(struct nsu_snapshot *snap)
{
	size_t kept = 0;

	for (size_t i = 0; i < snap->task_count; i++) {
		struct nsu_task *last = kept ? &snap->tasks[kept - 1] : NULL;

		if (!last || last->tid != snap->tasks[i].tid)
			snap->tasks[kept++] = snap->tasks[i];
		else if (last->flags & NSI_TASK_THREAD)
			*last = snap->tasks[i];
	}
	snap->task_count = kept;
}

int nsi_snapshot_finish(struct nsi_builder *b)
{
	struct nsu_snapshot *snap = b->snap;
	const struct nsu_ns *pidns;
	int r;

	if (b->disordered) {
		qsort(snap->tasks, snap->task_count, sizeof(*snap->tasks), by_tid);
		drop_twice(snap);
	}
	for (size_t i = 0; i < snap->task_count; i++)
		snap->tasks[i].snap = snap;
	r = sort_ns(snap);
	if (!r)
		r = link_all(snap);
	if (!r)
		r = count_all(snap);
	if (!r)
		r = nsi_snapshot_link_keepers(snap);
	if (r < 0)
		return r;
	find_reference(b);
	snap->no_nspid = !nsi_if_usable(b->ctx, NSU_IF_NSPID);
	snap->proc_pidns = NSI_NONE;
	if (!nsu_snapshot_find_ns(snap, NSU_PID, b->proc_pidns_inode, &pidns))
		snap->proc_pidns = pidns - snap->ns;
	r = nsi_snapshot_group(snap);
	if (!r && snap->parts & NSU_PART_PIDS)
		r = nsi_snapshot_map_pids(snap);
	if (!r && snap->parts & NSU_PART_CONTAINERS)
		r = nsi_snapshot_find_containers(b);
	if (snap->gap_count)
		qsort(snap->gaps, snap->gap_count, sizeof(*snap->gaps), by_place);
	return r;
}
