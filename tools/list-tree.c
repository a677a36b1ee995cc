// SPDX-License-Identifier: GPL-2.0-or-later
/* nstree -l -T: which row hangs from which. */
#include <errno.h>
#include "list.h"

/* The rows are sorted by inode; those of an operand, which are tasks, by tid. */
static int find_row(const struct list *list, uint64_t key, bool by_task)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct row *row = &list->rows[middle];
		uint64_t found = by_task ? (uint64_t)nsu_task_get_tid(row->task) :
				 nsu_ns_get_inode(row->ns);

		if (found == key)
			return (int)middle;
		if (found < key)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

/* The nearest owner or parent that has a row: -t may have left out those between. */
static int find_above(const struct list *list, const struct row *row)
{
	bool by_owner = list->app->opts.tree == TREE_OWNER;
	const struct nsu_ns *ns = row->ns;
	int found;

	while ((by_owner ? nsu_ns_get_owner(ns, &ns) : nsu_ns_get_parent(ns, &ns)) == 0) {
		found = find_row(list, nsu_ns_get_inode(ns), false);
		if (found >= 0)
			return found;
	}
	return -1;
}

static const struct nsu_task *get_parent_task(const struct list *list,
					      const struct nsu_task *task)
{
	const struct shown *shown = shown_get(list->facts.shown, task, false);
	const struct nsu_task *parent;

	if (shown == NULL || shown->error < 0 ||
	    nsu_snapshot_find_task(list->snap, shown->stat.ppid, &parent) < 0)
		return NULL;
	return parent;
}

/* The namespace of the same type that the process came from. Numbers that were given
   again may make a ring of parents, so the climb has an end. */
static int find_origin(const struct list *list, const struct row *row)
{
	size_t steps = nsu_snapshot_count_tasks(list->snap);
	enum nsu_type type = nsu_ns_get_type(row->ns);
	const struct nsu_task *task = row->heir ? NULL : row->task;
	const struct nsu_ns *ns;

	for (; task != NULL && steps > 0; steps--) {
		task = get_parent_task(list, task);
		if (task != NULL && nsu_task_get_ns(task, type, &ns) == 0 &&
		    ns != row->ns)
			return find_row(list, nsu_ns_get_inode(ns), false);
	}
	return -1;
}

static int find_parent(const struct list *list, const struct row *row)
{
	const struct nsu_task *task;

	if (list->app->opts.operand_count > 0) {
		task = get_parent_task(list, row->task);
		return task == NULL ? -1 :
		       find_row(list, (uint64_t)nsu_task_get_tid(task), true);
	}
	if (list->app->opts.tree == TREE_PROCESS)
		return find_origin(list, row);
	return find_above(list, row);
}

/* Processes of two namespaces may have started each other's. */
static bool hangs_from(const struct list *list, int index, int from)
{
	while (index >= 0 && index != from)
		index = list->rows[index].parent;
	return index == from;
}

static void append(struct list *list, int index)
{
	int parent = list->rows[index].parent;
	int *first = parent >= 0 ? &list->rows[parent].first : &list->first;
	int *last = parent >= 0 ? &list->rows[parent].last : &list->last;

	if (*last >= 0)
		list->rows[*last].next = index;
	else
		*first = index;
	*last = index;
}

bool list_is_tree(const struct list *list)
{
	return list->app->opts.tree != TREE_DEFAULT && list->app->opts.tree != TREE_NONE;
}

int list_link(struct list *list)
{
	bool tree = list_is_tree(list);

	for (int i = 0; tree && i < (int)list->count; i++) {
		int parent = find_parent(list, &list->rows[i]);

		if (parent >= 0 && !hangs_from(list, parent, i))
			list->rows[i].parent = parent;
	}
	for (int i = 0; i < (int)list->count; i++)
		append(list, i);
	return 0;
}
