/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A snapshot while sources fill it. */
#include <inttypes.h>
#include <string.h>
#include "uapi.h"
#include "walk.h"

static int add_gap(struct nsu_snapshot *snap, const struct nsu_gap *gap)
{
	int r = nsi_grow((void **)&snap->gaps, &snap->gap_size, snap->gap_count,
			 sizeof(*snap->gaps));

	if (!r)
		snap->gaps[snap->gap_count++] = *gap;
	return r;
}

int nsi_builder_add_gap(struct nsi_builder *b, pid_t pid, pid_t tid, const char *step,
			int error)
{
	struct nsu_gap gap = { .pid = pid, .tid = tid, .step = step, .error = -error };

	if (tid == pid)
		nsi_log_errno(b->ctx, NSU_LOG_WARNING, error, "process %d: read %s", pid,
			      step);
	else
		nsi_log_errno(b->ctx, NSU_LOG_WARNING, error,
			      "process %d: thread %d: read %s", pid, tid, step);
	return add_gap(b->snap, &gap);
}

int nsi_builder_add_ns_gap(struct nsi_builder *b, enum nsu_type type, uint64_t inode,
			   const char *step, int error)
{
	struct nsu_gap gap = { .step = step, .error = -error, .inode = inode,
			       .type = type };

	nsi_log_errno(b->ctx, NSU_LOG_WARNING, error, "%s:[%" PRIu64 "]: read %s",
		      nsu_type_get_name(type), inode, step);
	return add_gap(b->snap, &gap);
}

int nsi_builder_tell_source(struct nsi_builder *b, const char *name, int error)
{
	struct nsu_snapshot *snap = b->snap;
	int r = nsi_grow((void **)&snap->sources, &snap->source_size, snap->source_count,
			 sizeof(*snap->sources));

	if (!r)
		snap->sources[snap->source_count++] = (struct nsu_source){
			.name = name, .error = -error,
		};
	return r;
}

int nsi_builder_add_keeper(struct nsi_builder *b, const struct nsi_keeper *keeper,
			   const char *path)
{
	struct nsu_snapshot *snap = b->snap;
	size_t length = path ? strlen(path) + 1 : 0;
	int r = nsi_grow((void **)&snap->keepers, &snap->keeper_size, snap->keeper_count,
			 sizeof(*snap->keepers));

	if (r < 0)
		return r;
	if (snap->paths_length + length > snap->paths_size) {
		size_t size = (snap->paths_length + length) * 2;
		char *paths = size < NSI_NONE ? realloc(snap->paths, size) : NULL;

		if (!paths)
			return -ENOMEM;
		snap->paths = paths;
		snap->paths_size = size;
	}
	snap->keepers[snap->keeper_count] = *keeper;
	snap->keepers[snap->keeper_count].task = NSI_NONE;
	snap->keepers[snap->keeper_count++].path = path ? snap->paths_length : NSI_NONE;
	if (path)
		memcpy(snap->paths + snap->paths_length, path, length);
	snap->paths_length += length;
	return 0;
}

static struct nsu_ns new_ns(enum nsu_type type, uint64_t inode)
{
	return (struct nsu_ns){
		.type = type, .inode = inode, .owner = NSI_NONE, .parent = NSI_NONE,
		.id_state = -ENODATA, .mntns_state = -ENODATA, .creator_state = -ENODATA,
		.owner_state = -ENODATA, .parent_state = -ENODATA,
	};
}

int nsi_builder_add_ns(struct nsi_builder *b, enum nsu_type type, uint64_t inode,
		       uint32_t *ret)
{
	struct nsu_snapshot *snap = b->snap;
	uint32_t index = nsi_idmap_find(&b->inodes, inode);
	int r;

	if (index != NSI_NONE && snap->ns[index].type == type) {
		*ret = index;
		return 0;
	}
	r = nsi_grow((void **)&snap->ns, &snap->ns_size, snap->ns_count,
		     sizeof(*snap->ns));
	if (r < 0)
		return r;
	/* An inode of another type: that namespace went, its number was given again. */
	r = nsi_idmap_add(&b->inodes, inode, snap->ns_count);
	if (r < 0)
		return r;
	snap->ns[snap->ns_count] = new_ns(type, inode);
	*ret = snap->ns_count++;
	return 0;
}

struct nsi_mark nsi_builder_mark(struct nsi_builder *b)
{
	b->asked_count = 0;
	return (struct nsi_mark){ b->snap->task_count, b->snap->gap_count,
				  b->snap->keeper_count, b->candidate_count,
				  b->opened_count, b->snap->totals };
}

void nsi_builder_roll_back(struct nsi_builder *b, const struct nsi_mark *mark)
{
	struct nsu_snapshot *snap = b->snap;

	snap->task_count = mark->tasks;
	snap->gap_count = mark->gaps;
	snap->keeper_count = mark->keepers;
	b->candidate_count = mark->candidates;
	b->opened_count = mark->opened;
	snap->totals = mark->totals;
	for (size_t i = 0; i < b->asked_count; i++) {
		struct nsu_ns *ns = &snap->ns[b->asked[i]];

		*ns = new_ns(ns->type, ns->inode);
	}
	b->asked_count = 0;
}

void nsi_builder_free(struct nsi_builder *b)
{
	nsi_idmap_free(&b->inodes);
	nsi_idmap_free(&b->cgroups);
	free(b->asked);
	free(b->candidates);
	free(b->opened);
}

/* From now on its facts are known, be it that they cannot be. */
int nsi_builder_set_asked(struct nsi_builder *b, uint32_t index)
{
	int r = nsi_grow((void **)&b->asked, &b->asked_size, b->asked_count,
			 sizeof(*b->asked));

	if (r < 0)
		return r;
	b->asked[b->asked_count++] = index;
	b->snap->ns[index].asked = true;
	return 0;
}

int nsi_builder_add_pids(struct nsi_builder *b, struct nsu_task *task, const pid_t *pids,
			 size_t count)
{
	struct nsu_snapshot *snap = b->snap;

	task->pid_count = count;
	task->pids = count < 2 ? NSI_NONE : snap->pids_count;
	if (count < 2)
		return 0;
	for (size_t i = 0; i < count; i++) {
		int r = nsi_grow((void **)&snap->pids, &snap->pids_size, snap->pids_count,
				 sizeof(*snap->pids));

		if (r < 0)
			return r;
		snap->pids[snap->pids_count++] = pids[i];
	}
	return 0;
}

int nsi_builder_add_task(struct nsi_builder *b, const struct nsu_task *task)
{
	struct nsu_snapshot *snap = b->snap;
	int r = nsi_grow((void **)&snap->tasks, &snap->task_size, snap->task_count,
			 sizeof(*snap->tasks));

	if (r < 0)
		return r;
	if (snap->task_count && snap->tasks[snap->task_count - 1].tid > task->tid)
		b->disordered = true;
	snap->tasks[snap->task_count++] = *task;
	return 0;
}

/* The namespace behind an answer of the kernel. Closes fd; climbs on when it is new. */
static int climb(struct nsi_builder *b, int fd, enum nsu_type type, uint32_t *ret)
{
	uint64_t inode;
	dev_t dev;
	int r = nsi_nsfs_inode(fd, &inode, &dev);

	if (!r)
		r = nsi_builder_add_ns(b, type, inode, ret);
	if (!r && !b->snap->ns[*ret].asked)
		r = nsi_builder_ask(b, *ret, fd);
	close(fd);
	return r;
}

/* The first user namespace of all has no parent; the kernel says EPERM, as it does for
   one above what the caller may see. The first pid namespace's answer is the same. */
static int relation_state(int state, const struct nsu_ns *ns)
{
	const struct nsu_type_info *info = nsu_type_get_info(ns->type);

	if (state == -EPERM && info->nested && ns->inode == info->initial)
		return -ENOENT;
	return state;
}

/* Recursion is bounded by the depth the kernel allows to user and pid namespaces: 32. */
int nsi_builder_ask(struct nsi_builder *b, uint32_t index, int fd)
{
	struct nsu_ns *ns = &b->snap->ns[index];
	uint32_t owner = NSI_NONE, parent = NSI_NONE;
	struct nsi_facts facts;
	int r = nsi_builder_set_asked(b, index);

	if (r < 0)
		return r;
	nsi_nsfs_ask(b->ctx, fd, ns->type, &facts);
	ns->id = facts.id;
	ns->mntns_id = facts.mntns_id;
	ns->creator = facts.creator;
	ns->id_state = facts.id_state;
	ns->mntns_state = facts.mntns_state;
	/* The kernel says 0 of its first user namespace, which nobody created. */
	ns->creator_state = ns->type == NSU_USER && ns->inode == NSI_INIT_USER ? -ENOENT :
		facts.creator_state;
	ns->parent_state = relation_state(facts.parent_state, ns);
	ns->owner_state = ns->type == NSU_USER ? ns->parent_state : facts.owner_state;
	if (nsi_is_fatal(facts.parent_state) || nsi_is_fatal(facts.owner_state))
		r = nsi_is_fatal(facts.parent_state) ? facts.parent_state :
			facts.owner_state;
	if (facts.parent_fd >= 0) {
		int r2 = climb(b, facts.parent_fd, ns->type, &parent);

		r = r < 0 ? r : r2;
	}
	if (facts.owner_fd >= 0) {
		int r2 = climb(b, facts.owner_fd, NSU_USER, &owner);

		r = r < 0 ? r : r2;
	}
	ns = &b->snap->ns[index];	/* climbing may have moved the array */
	ns->parent = parent;
	ns->owner = ns->type == NSU_USER ? parent : owner;
	return r;
}

bool nsi_builder_cancelled(const struct nsi_builder *b)
{
	return b->opts->cancel && *b->opts->cancel;
}
