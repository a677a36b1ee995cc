/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tasks that share all eight namespaces. */
#include <string.h>
#include "nsi.h"

static uint64_t hash_of(const struct nsu_task *task)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		hash = (hash ^ task->ns[type]) * 0x100000001b3ull;
	return hash;
}

static bool in_a_box(const struct nsu_task *task)
{
	return !(task->flags & NSI_TASK_ZOMBIE) && !task->error;
}

/* The box of tasks like this one; first[] has one task of each box. A key met with
   other namespaces is a collision: the next key is tried. */
static int find_box(struct nsu_snapshot *snap, struct nsi_idmap *map, uint32_t *first,
		    uint32_t index, uint32_t *ret)
{
	const struct nsu_task *task = &snap->tasks[index];

	for (uint64_t key = hash_of(task);; key++) {
		uint32_t box;

		if (!key)
			continue;
		box = nsi_idmap_find(map, key);
		if (box == NSI_NONE) {
			first[snap->box_count] = index;
			*ret = snap->box_count++;
			return nsi_idmap_add(map, key, *ret);
		}
		if (!memcmp(task->ns, snap->tasks[first[box]].ns, sizeof(task->ns))) {
			*ret = box;
			return 0;
		}
	}
}

static int fill_boxes(struct nsu_snapshot *snap)
{
	uint32_t next = snap->ref_count;

	snap->boxes = calloc(snap->box_count + 1, sizeof(*snap->boxes));
	if (!snap->boxes)
		return -ENOMEM;
	for (size_t i = 0; i < snap->task_count; i++)
		if (snap->tasks[i].sandbox != NSI_NONE)
			snap->boxes[snap->tasks[i].sandbox].tasks.count++;
	for (size_t i = 0; i < snap->box_count; i++) {
		struct nsi_list *list = &snap->boxes[i].tasks;

		snap->boxes[i].snap = snap;
		list->first = next;
		next += list->count;
		list->count = 0;
	}
	for (size_t i = 0; i < snap->task_count; i++) {
		struct nsi_list *list;

		if (snap->tasks[i].sandbox == NSI_NONE)
			continue;
		list = &snap->boxes[snap->tasks[i].sandbox].tasks;
		snap->refs[list->first + list->count++] = i;
	}
	for (size_t i = 0; i < snap->box_count; i++) {
		long n = nsi_count_processes(snap, &snap->boxes[i].tasks);

		if (n < 0)
			return n;
		snap->boxes[i].processes = n;
	}
	return 0;
}

int nsi_snapshot_group(struct nsu_snapshot *snap)
{
	nsi_autofree uint32_t *first = calloc(snap->task_count + 1, sizeof(*first));
	struct nsi_idmap map = { 0 };
	int r = 0;

	if (!first)
		return -ENOMEM;
	for (uint32_t i = 0; i < snap->task_count && !r; i++) {
		snap->tasks[i].sandbox = NSI_NONE;
		if (in_a_box(&snap->tasks[i]))
			r = find_box(snap, &map, first, i, &snap->tasks[i].sandbox);
	}
	nsi_idmap_free(&map);
	return r < 0 ? r : fill_boxes(snap);
}

size_t nsu_snapshot_count_sandboxes(const struct nsu_snapshot *snap)
{
	return snap ? snap->box_count : 0;
}

const struct nsu_sandbox *nsu_snapshot_get_sandbox(const struct nsu_snapshot *snap,
						   size_t index)
{
	return snap && index < snap->box_count ? &snap->boxes[index] : NULL;
}

const struct nsu_task *nsu_sandbox_get_task(const struct nsu_sandbox *box, size_t index)
{
	if (!box || index >= box->tasks.count)
		return NULL;
	return &box->snap->tasks[box->snap->refs[box->tasks.first + index]];
}

int nsu_sandbox_get_ns(const struct nsu_sandbox *box, enum nsu_type type,
		       const struct nsu_ns **ret)
{
	return nsu_task_get_ns(nsu_sandbox_get_task(box, 0), type, ret);
}

size_t nsu_sandbox_count_tasks(const struct nsu_sandbox *box)
{
	return box ? box->tasks.count : 0;
}

size_t nsu_sandbox_count_processes(const struct nsu_sandbox *box)
{
	return box ? box->processes : 0;
}

int nsu_task_get_sandbox(const struct nsu_task *task, const struct nsu_sandbox **ret)
{
	if (!task || !ret)
		return -EINVAL;
	if (task->sandbox == NSI_NONE)
		return -ENOENT;
	*ret = &task->snap->boxes[task->sandbox];
	return 0;
}
