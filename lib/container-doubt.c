/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What cgroups say, held against what nobody chooses: the pid namespace that a process
 * is in, and who began it. Who may write to a file system of cgroups from within a
 * container makes there what other engines make, and moves itself wherever it likes.
 */
#include <string.h>
#include "containers.h"
#include "supervisor.h"

static uint32_t top_of(const struct nsu_snapshot *snap, uint32_t container)
{
	while (snap->containers[container].outer != NSI_NONE)
		container = snap->containers[container].outer;
	return container;
}

/* Engines that have the same supervisors. */
static const char *family_of(const struct nsi_engine *engine)
{
	if (engine->kubernetes || !strcmp(engine->name, "containerd"))
		return "containerd";
	if (!strcmp(engine->name, "incus") || !strcmp(engine->name, "lxd"))
		return "lxc";
	return engine->word;
}

static bool are_alike(const struct nsi_engine *a, const struct nsi_engine *b)
{
	return !strcmp(family_of(a), family_of(b));
}

/* LXC's cgroup of "web" where one of that name is left: "web-1". */
static bool is_renamed(const char *id, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(id, name, length) && id[length] == '-' && id[length + 1] &&
		!id[length + 1 + strspn(id + length + 1, "0123456789")];
}

/* Root's word alone counts against what root's cgroups say. A shim of Kubernetes knows
   its pod, and takes the id from the cgroup. */
static bool contradicts(const struct nsi_found *found, const struct nsu_container *c)
{
	const char *id = c->text[NSU_CONTAINER_ID];
	bool alike;

	if (!found->id || !found->has_uid || found->uid != c->uid)
		return false;
	alike = are_alike(found->engine, c->engine);
	if (found->engine->kubernetes || !strcmp(found->id, id))
		return found->engine->kubernetes && !alike;
	if (alike && !strcmp(family_of(c->engine), "lxc"))
		return !is_renamed(id, found->id);
	return !alike || (nsi_is_hex_id(found->id) && nsi_is_hex_id(id));
}

/* The common case, at the price of one file. */
static bool is_named(struct nsi_naming *n, pid_t supervisor, const char *id)
{
	nsi_autofree char *args = NULL;
	ssize_t length;

	if (!nsi_is_hex_id(id))
		return false;
	length = nsi_cmdline_of(n, supervisor, &args);
	return length > 0 && memmem(args, length, id, strlen(id));
}

/* Whether the supervisor that began it says that it is of another container. 1: *ret is
   what it says, and its texts are in *ret_buf. */
static int is_denied(struct nsi_naming *n, const struct nsu_task *task,
		     const struct nsu_container *c, struct nsi_found *ret, char **ret_buf)
{
	pid_t parent, above;
	int64_t start;
	char comm[64];
	int r;

	if (nsi_stat_of(n, task->pid, &parent, &start, comm) < 0 || parent <= 1 ||
	    nsi_stat_once(n, parent, &above, &start, comm) < 0 ||
	    !nsi_is_supervisor(comm) || is_named(n, parent, c->text[NSU_CONTAINER_ID]))
		return 0;
	r = nsi_supervisor_find(n, task, ret, ret_buf);
	if (r < 0)
		return nsi_is_fatal(r) ? r : 0;
	return contradicts(ret, c);
}

/* That container may be known by its cgroup, from which others did not move. */
static int put_right(struct nsi_naming *n, struct nsu_task *task,
		     const struct nsi_found *found)
{
	struct nsu_snapshot *snap = n->snap;
	uint32_t before = task->container;
	int r;

	for (uint32_t i = 0; i < snap->container_count; i++) {
		const struct nsu_container *c = &snap->containers[i];

		if (c->claim || c->uid != found->uid ||
		    !are_alike(c->engine, found->engine) ||
		    strcmp(c->text[NSU_CONTAINER_ID], found->id))
			continue;
		task->container = i;
		return 0;
	}
	task->container = NSI_NONE;
	r = nsi_naming_found(n, found);
	if (!r && task->container == NSI_NONE)
		task->container = before;
	return r;
}

/* Before it is asked which process was the first in each. */
int nsi_containers_hear(struct nsi_naming *n)
{
	struct nsu_snapshot *snap = n->snap;

	for (size_t i = 0; i < snap->task_count; i++) {
		struct nsu_task *task = &snap->tasks[i];
		nsi_autofree char *buf = NULL;
		struct nsi_found found = { .start = -1 };
		const struct nsu_container *c;
		int r;

		if (task->container == NSI_NONE || !nsi_is_init(task) ||
		    nsi_levels_of(task) > 2)
			continue;
		c = &snap->containers[top_of(snap, task->container)];
		if (c->claim || c->uid)
			continue;
		r = is_denied(n, task, c, &found, &buf);
		if (r > 0)
			r = put_right(n, task, &found);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_within(const struct nsu_snapshot *snap, uint32_t ns, uint32_t outer)
{
	while (ns != NSI_NONE && ns != outer)
		ns = snap->ns[ns].parent;
	return ns == outer;
}

/* Its first process lies in the pid namespace of another. An engine may have put it
   there, and then began it from outside and gave it files of its own. */
static int is_begun_within(struct nsi_naming *n, uint32_t container, uint32_t owner)
{
	struct nsu_snapshot *snap = n->snap;
	const struct nsu_container *c = &snap->containers[container];
	const struct nsu_task *task = &snap->tasks[c->init], *parent;
	const struct nsu_task *init = &snap->tasks[snap->containers[owner].init];
	nsi_autofree char *buf = NULL;
	struct nsi_found found = { .start = -1 };

	parent = nsi_parent_of(n, task);
	if (parent && is_within(snap, parent->ns[NSU_PID], task->ns[NSU_PID]))
		return 1;
	if (task->ns[NSU_MNT] != NSI_NONE && task->ns[NSU_MNT] == init->ns[NSU_MNT])
		return 1;
	return c->claim ? 0 : is_denied(n, task, c, &found, &buf);
}

static void make_claim(struct nsu_snapshot *snap, uint32_t container, uint32_t outer)
{
	struct nsu_container *c = &snap->containers[container];

	c->claim = true;
	c->has_uid = false;
	c->outer = outer;
}

/* Nobody gets into a pid namespace but by being begun there, or by who is root outside:
   whose that is has what is in it. */
static int place(struct nsi_naming *n, uint32_t index, bool *asked)
{
	struct nsu_snapshot *snap = n->snap;
	struct nsu_task *task = &snap->tasks[index];
	uint32_t ns = task->ns[NSU_PID], owner = nsi_owner_of(n, ns), top, first;
	int r;

	if (owner == NSI_NONE || task->container == NSI_NONE)
		return 0;
	top = top_of(snap, task->container);
	if (top == top_of(snap, owner))
		return 0;
	first = snap->containers[top].init;
	first = first == NSI_NONE ? NSI_NONE : snap->tasks[first].ns[NSU_PID];
	if (first == ns) {
		if (asked[top])
			return 0;
		asked[top] = true;
		r = is_begun_within(n, top, owner);
		if (r > 0)
			make_claim(snap, top, owner);
		return r < 0 ? r : 0;
	}
	/* That of one which lies in there altogether is seen later. */
	if (!is_within(snap, first, ns))
		task->container = owner;
	return 0;
}

/* What has no process left was never there. */
static int doubt_empty(struct nsu_snapshot *snap)
{
	nsi_autofree bool *used = calloc(snap->container_count + 1, sizeof(*used));

	if (!used)
		return -ENOMEM;
	for (size_t i = 0; i < snap->task_count; i++)
		for (uint32_t c = snap->tasks[i].container; c != NSI_NONE && !used[c];
		     c = snap->containers[c].outer)
			used[c] = true;
	for (uint32_t i = 0; i < snap->container_count; i++)
		if (!used[i])
			make_claim(snap, i, NSI_NONE);
	return 0;
}

int nsi_containers_place(struct nsi_naming *n)
{
	nsi_autofree bool *asked = calloc(n->snap->container_count + 1, sizeof(*asked));
	int r = asked ? 0 : -ENOMEM;

	for (size_t i = 0; i < n->snap->task_count && !r; i++)
		r = place(n, i, asked);
	return r < 0 ? r : doubt_empty(n->snap);
}
