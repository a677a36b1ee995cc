/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers of tasks in the pid namespaces below the procfs's own, both ways. */
#include <string.h>
#include "nsi.h"

/* "NSpid:\t4711\t12\t1" */
int nsi_parse_nspid(const char *status, pid_t *pids, size_t max)
{
	const char *at = strstr(status, "\nNSpid:");
	size_t n = 0;

	if (!at)
		return -ENODATA;
	at += strlen("\nNSpid:");
	for (;;) {
		uint64_t number = 0;

		at += strspn(at, "\t ");
		if (*at < '0' || *at > '9')
			break;
		for (; *at >= '0' && *at <= '9'; at++) {
			number = number * 10 + (*at - '0');
			if (number > INT32_MAX)
				return -EBADMSG;
		}
		if (n == max)
			return -EBADMSG;
		pids[n++] = number;
	}
	return n ? (int)n : -ENODATA;
}

static int by_number(const void *a, const void *b)
{
	const struct nsi_inner *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

int nsi_snapshot_map_pids(struct nsu_snapshot *snap)
{
	snap->inner = calloc(snap->pids_count + 1, sizeof(*snap->inner));
	if (!snap->inner)
		return -ENOMEM;
	for (uint32_t i = 0; i < snap->task_count; i++) {
		const struct nsu_task *task = &snap->tasks[i];
		uint32_t ns = task->ns[NSU_PID];
		size_t n;

		if (task->pid_count < 2)
			continue;
		/* The first number is the tid itself: found without this map. */
		for (n = task->pid_count - 1; n > 0 && ns != NSI_NONE; n--) {
			snap->inner[snap->inner_count++] = (struct nsi_inner){
				.ns = ns, .task = i, .pid = snap->pids[task->pids + n],
			};
			ns = snap->ns[ns].parent;
		}
		snap->inner_partial |= n > 0;
	}
	qsort(snap->inner, snap->inner_count, sizeof(*snap->inner), by_number);
	return 0;
}

static bool is_pidns_of(const struct nsu_snapshot *snap, const struct nsu_ns *ns)
{
	return snap && ns && ns->snap == snap && ns->type == NSU_PID;
}

static uint32_t index_of(const struct nsu_ns *ns)
{
	return ns - ns->snap->ns;
}

int nsu_snapshot_find_pid(const struct nsu_snapshot *snap, const struct nsu_ns *pidns,
			  pid_t pid, const struct nsu_task **ret)
{
	struct nsi_inner key = { .pid = pid };
	const struct nsi_inner *found;
	int r;

	if (!is_pidns_of(snap, pidns) || !ret || pid <= 0)
		return -EINVAL;
	if (index_of(pidns) == snap->proc_pidns) {
		r = nsu_snapshot_find_task(snap, pid, ret);
		return r == -ENOENT && snap->limited ? -ENODATA : r;
	}
	if (!(snap->parts & NSU_PART_PIDS) || snap->no_nspid)
		return -ENODATA;
	key.ns = index_of(pidns);
	found = bsearch(&key, snap->inner, snap->inner_count, sizeof(key), by_number);
	if (!found)
		return snap->inner_partial || snap->limited ? -ENODATA : -ENOENT;
	*ret = &snap->tasks[found->task];
	return 0;
}

int nsu_task_get_pids(const struct nsu_task *task, const pid_t **ret)
{
	const struct nsu_snapshot *snap;

	if (!task || !ret)
		return -EINVAL;
	snap = task->snap;
	if (task->pid_count > 1) {
		*ret = snap->pids + task->pids;
		return task->pid_count;
	}
	if (task->pid_count == 1 ||
	    (snap->proc_pidns != NSI_NONE && task->ns[NSU_PID] == snap->proc_pidns)) {
		*ret = &task->tid;
		return 1;
	}
	return -ENODATA;
}

int nsu_task_get_pid_in(const struct nsu_task *task, const struct nsu_ns *pidns,
			pid_t *ret)
{
	const pid_t *pids;
	uint32_t ns;
	int n;

	if (!task || !ret || !is_pidns_of(task->snap, pidns))
		return -EINVAL;
	if (index_of(pidns) == task->snap->proc_pidns) {
		*ret = task->tid;
		return 0;
	}
	n = nsu_task_get_pids(task, &pids);
	if (n < 0)
		return n;
	for (ns = task->ns[NSU_PID]; n > 0 && ns != NSI_NONE;
	     ns = task->snap->ns[ns].parent) {
		n--;
		if (ns != index_of(pidns))
			continue;
		*ret = pids[n];
		return 0;
	}
	return n > 1 ? -ENODATA : -ENOENT;	/* a level whose namespace is unknown */
}
