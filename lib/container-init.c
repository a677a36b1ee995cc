/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tasks of containers, and which of them was the first. */
#include <string.h>
#include "containers.h"

#define MAX_PARENTS	128

bool nsi_is_init(const struct nsu_task *task)
{
	const struct nsu_snapshot *snap = task->snap;

	return task->pid_count > 1 && !(task->flags & NSI_TASK_THREAD) &&
		snap->pids[task->pids + task->pid_count - 1] == 1;
}

int64_t nsi_start_of(struct nsi_naming *n, const struct nsu_task *task)
{
	int64_t start;
	char comm[64];
	pid_t ppid;

	return nsi_stat_of(n, task->pid, &ppid, &start, comm) < 0 ? INT64_MAX : start;
}

int nsi_stat_once(struct nsi_naming *n, pid_t pid, pid_t *ret_ppid, int64_t *ret_start,
		  char comm[static 64])
{
	struct nsi_finder *finder = nsi_finder(n);
	uint32_t at = finder ? nsi_idmap_find(&finder->stats, pid) : NSI_NONE;
	struct nsi_seen *seen;
	int r;

	if (at != NSI_NONE) {
		seen = &finder->seen[at];
		*ret_ppid = seen->ppid;
		*ret_start = seen->start;
		memcpy(comm, seen->comm, sizeof(seen->comm));
		return 0;
	}
	r = nsi_stat_of(n, pid, ret_ppid, ret_start, comm);
	if (r < 0 || !finder)
		return r;
	r = nsi_grow((void **)&finder->seen, &finder->seen_size, finder->seen_count,
		     sizeof(*seen));
	if (r < 0)
		return r;
	seen = &finder->seen[finder->seen_count];
	seen->ppid = *ret_ppid;
	seen->start = *ret_start;
	memcpy(seen->comm, comm, sizeof(seen->comm));
	return nsi_idmap_add(&finder->stats, pid, finder->seen_count++);
}

/* What is known of the processes of a container while they are looked through. */
struct pick {
	uint32_t init;			/* first of a pid namespace, of the least
					   levels */
	uint32_t oldest;
	int64_t start;			/* of the oldest */
	unsigned init_levels, inits;	/* how many are of so few levels */
	unsigned levels;		/* the fewest of any */
	bool any;
};

static void consider(struct pick *pick, const struct nsu_task *task, uint32_t index)
{
	unsigned levels = nsi_levels_of(task);

	if (!pick->any || levels < pick->levels)
		pick->levels = levels;
	pick->any = true;
	if (!nsi_is_init(task))
		return;
	if (pick->inits && levels > pick->init_levels)
		return;
	pick->inits = pick->inits && levels == pick->init_levels ? pick->inits + 1 : 1;
	if (pick->inits == 1)
		pick->init = index;
	pick->init_levels = levels;
}

/* That of its pid namespace: where it has one all its processes are in it or below. */
static bool is_plain(const struct pick *pick)
{
	return pick->inits == 1 && pick->init_levels <= pick->levels;
}

/* Where none is the first of all by its number, the oldest is. */
static void compare_start(struct nsi_naming *n, struct pick *pick, uint32_t index)
{
	const struct nsu_task *task = &n->snap->tasks[index];
	int64_t start;

	/* What is in a pid namespace below its own was not begun by its engine. */
	if (nsi_levels_of(task) > pick->levels)
		return;
	/* What is below the only first process of a pid namespace began after it. */
	if (pick->inits == 1 && index != pick->init &&
	    nsi_levels_of(task) >= pick->init_levels)
		return;
	start = nsi_start_of(n, task);
	if (pick->oldest != NSI_NONE && start >= pick->start)
		return;
	pick->oldest = index;
	pick->start = start;
}

/* inner: those within it count as well, for a container whose own are all in such. */
static void look(struct nsi_naming *n, struct pick *picks, bool inner, bool starts)
{
	struct nsu_snapshot *snap = n->snap;

	for (uint32_t i = 0; i < snap->task_count; i++) {
		const struct nsu_task *task = &snap->tasks[i];
		uint32_t c = task->container;
		bool own = true;

		if (task->flags & NSI_TASK_THREAD)
			continue;
		for (; c != NSI_NONE; c = snap->containers[c].outer, own = false) {
			struct pick *pick = &picks[c];

			if (own == inner || snap->containers[c].init != NSI_NONE)
				continue;
			if (!starts)
				consider(pick, task, i);
			else if (pick->any && !is_plain(pick))
				compare_start(n, pick, i);
		}
	}
}

static void settle(struct nsu_snapshot *snap, struct pick *picks)
{
	for (size_t i = 0; i < snap->container_count; i++) {
		struct nsu_container *c = &snap->containers[i];

		if (c->init == NSI_NONE && picks[i].any)
			c->init = is_plain(&picks[i]) ? picks[i].init : picks[i].oldest;
		picks[i] = (struct pick){ .oldest = NSI_NONE };
	}
}

static void own_pidns(struct nsi_naming *n, uint32_t container)
{
	const struct nsu_container *c = &n->snap->containers[container];
	const struct nsu_task *init;
	uint32_t *of;

	if (c->init == NSI_NONE)
		return;
	init = &n->snap->tasks[c->init];
	if (init->ns[NSU_PID] == NSI_NONE || !nsi_is_init(init))
		return;
	of = &nsi_finder(n)->of_pidns[init->ns[NSU_PID]];
	/* An outer one whose first process lies in a cgroup within has the same: it comes
	   before those within it. */
	if (*of == NSI_NONE)
		*of = container;
}

int nsi_containers_find_inits(struct nsi_naming *n)
{
	struct nsu_snapshot *snap = n->snap;
	nsi_autofree struct pick *picks = calloc(snap->container_count + 1,
						 sizeof(*picks));

	if (!picks)
		return -ENOMEM;
	for (size_t i = 0; i < snap->container_count; i++)
		picks[i].oldest = NSI_NONE;
	for (int inner = 0; inner < 2; inner++) {
		look(n, picks, inner, false);
		look(n, picks, inner, true);
		settle(snap, picks);
	}
	for (uint32_t i = 0; i < snap->container_count; i++)
		own_pidns(n, i);
	return 0;
}

uint32_t nsi_owner_of(struct nsi_naming *n, uint32_t ns)
{
	uint32_t owner = NSI_NONE;

	for (; ns != NSI_NONE && owner == NSI_NONE; ns = n->snap->ns[ns].parent)
		owner = nsi_finder(n)->of_pidns[ns];
	return owner;
}

void nsi_containers_adopt(struct nsi_naming *n)
{
	struct nsu_snapshot *snap = n->snap;

	for (size_t i = 0; i < snap->task_count; i++) {
		struct nsu_task *task = &snap->tasks[i];

		if (task->container == NSI_NONE)
			task->container = nsi_owner_of(n, task->ns[NSU_PID]);
	}
}

static void take_list(struct nsu_snapshot *snap, const struct nsi_list *list,
		      uint32_t container)
{
	for (size_t i = 0; i < list->count; i++) {
		struct nsu_task *task = &snap->tasks[snap->refs[list->first + i]];

		if (task->container == NSI_NONE)
			task->container = container;
	}
}

static void take_pidns(struct nsu_snapshot *snap, uint32_t ns, uint32_t container)
{
	const struct nsi_list *below = &snap->ns[ns].children;

	take_list(snap, &snap->ns[ns].tasks, container);
	take_list(snap, &snap->ns[ns].zombies, container);
	for (size_t i = 0; i < below->count; i++)
		take_pidns(snap, snap->refs[below->first + i], container);
}

const struct nsu_task *nsi_parent_of(struct nsi_naming *n, const struct nsu_task *task)
{
	const struct nsu_task *parent;
	int64_t start;
	char comm[64];
	pid_t ppid;

	if (nsi_stat_of(n, task->pid, &ppid, &start, comm) < 0 || ppid <= 0 ||
	    nsu_snapshot_find_task(n->snap, ppid, &parent) < 0)
		return NULL;
	return parent;
}

/* The process that began this one has another cgroup. */
static bool has_own_cgroup(struct nsi_naming *n, const struct nsu_task *task)
{
	const struct nsu_task *parent;
	const char *path;

	if (task->cgroup == NSI_NONE)
		return false;
	path = n->snap->places[task->cgroup].claims.shown;
	if (!path || !strcmp(path, "/"))
		return false;
	parent = nsi_parent_of(n, task);
	return parent && parent->cgroup != task->cgroup;
}

static bool descends(struct nsi_naming *n, const struct nsu_task *task,
		     const struct nsu_task *from)
{
	for (int i = 0; i < MAX_PARENTS && task && task != from; i++)
		task = nsi_parent_of(n, task);
	return task == from;
}

/* Its namespaces may not be read: by cgroup where that is its own, else whom it began. */
static void take_unread(struct nsi_naming *n, uint32_t container,
			const struct nsu_task *init)
{
	bool own = has_own_cgroup(n, init);

	for (size_t i = 0; i < n->snap->task_count; i++) {
		struct nsu_task *task = &n->snap->tasks[i];

		if (task->container != NSI_NONE ||
		    nsi_levels_of(task) < nsi_levels_of(init) ||
		    task->ns[NSU_MNT] != init->ns[NSU_MNT])
			continue;
		if ((own && task->cgroup == init->cgroup) ||
		    (nsi_levels_of(task) > 1 && descends(n, task, init)))
			task->container = container;
	}
}

static bool is_hosts(const struct nsu_snapshot *snap, uint32_t ns, enum nsu_type type)
{
	return snap->ref_task != NSI_NONE && snap->tasks[snap->ref_task].ns[type] == ns;
}

static int set_cgroup(struct nsi_naming *n, struct nsu_container *c,
		      const struct nsu_task *init)
{
	if (!has_own_cgroup(n, init))
		return 0;
	return nsi_container_set(n, c, NSU_CONTAINER_CGROUP,
				 n->snap->places[init->cgroup].claims.shown);
}

/* It shares the pid namespace of another, whose tasks it was counted with. */
static void take_beside(struct nsu_snapshot *snap, uint32_t container,
			const struct nsu_task *init)
{
	const struct nsi_list *list = &snap->ns[init->ns[NSU_MNT]].tasks;

	for (size_t i = 0; i < list->count; i++) {
		struct nsu_task *task = &snap->tasks[snap->refs[list->first + i]];

		if (task->ns[NSU_PID] == init->ns[NSU_PID])
			task->container = container;
	}
}

int nsi_container_take_tasks(struct nsi_naming *n, uint32_t container, uint32_t anchor)
{
	struct nsu_snapshot *snap = n->snap;
	struct nsu_container *c = &snap->containers[container];
	struct nsu_task *task = &snap->tasks[anchor];
	uint32_t pidns = task->ns[NSU_PID], mnt = task->ns[NSU_MNT];
	bool beside = task->container != NSI_NONE;
	int r = c->init == NSI_NONE ? 0 : set_cgroup(n, c, task);

	task->container = container;
	own_pidns(n, container);
	if (beside)
		take_beside(snap, container, task);
	else if (pidns != NSI_NONE && (nsi_is_init(task) || snap->limited) &&
		 !is_hosts(snap, pidns, NSU_PID))
		take_pidns(snap, pidns, container);
	else if (mnt != NSI_NONE && !is_hosts(snap, mnt, NSU_MNT))
		take_list(snap, &snap->ns[mnt].tasks, container);
	if (mnt == NSI_NONE)
		take_unread(n, container, task);
	return r;
}

/* Nobody's word is needed for it: one whose first process is in a pid namespace below
   that of another lies within the other. A cgroup it made at the root of the tree does
   not help. */
void nsi_containers_nest(struct nsi_naming *n)
{
	struct nsu_snapshot *snap = n->snap;

	for (uint32_t i = 0; i < snap->container_count; i++) {
		struct nsu_container *c = &snap->containers[i];
		uint32_t ns, outer;

		if (c->outer != NSI_NONE || c->init == NSI_NONE)
			continue;
		ns = snap->tasks[c->init].ns[NSU_PID];
		if (ns == NSI_NONE)
			continue;
		outer = nsi_owner_of(n, snap->ns[ns].parent);
		/* That in it lies what it is in: who is where cannot be told. */
		for (uint32_t up = outer; up != NSI_NONE; up = snap->containers[up].outer)
			if (up == i)
				outer = NSI_NONE;
		if (outer == NSI_NONE)
			continue;
		c->outer = outer;
		c->claim = true;
		c->has_uid = false;
	}
	for (size_t i = 0; i < snap->task_count; i++) {
		struct nsu_task *task = &snap->tasks[i];
		const struct nsu_task *leader;

		if (task->container == NSI_NONE && task->flags & NSI_TASK_THREAD &&
		    !nsu_snapshot_find_task(snap, task->pid, &leader))
			task->container = leader->container;
	}
}
