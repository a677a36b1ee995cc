/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A command with the host's files that the target's tasks can see: may one of them reach
 * it, through /proc/N/root or ptrace(2)? The kernel lets a task look into another whose
 * capabilities it has too, or with CAP_SYS_PTRACE in the other's user namespace.
 */
#include <string.h>
#include <sys/stat.h>
#include "plan.h"

#define CAP_SYS_PTRACE_BIT	19

/* What it has or could come to have: the bounding set is what a set-uid program gives. */
static bool could_trace(const struct nsu_task *task)
{
	nsi_autofree char *text = NULL;
	nsi_autoclose int dir = nsi_task_open(task);
	static const char *const sets[] = { "\nCapBnd:\t", "\nCapPrm:\t" };
	ssize_t n;

	if (dir < 0)
		return false;
	n = nsi_read_all_at(dir, "status", 1 << 20, &text);
	if (n < 0)
		return n != -ENOENT && n != -ESRCH;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		const char *at = strstr(text, sets[i]);

		if (!at || strtoull(at + strlen(sets[i]), NULL, 16) >>
		    CAP_SYS_PTRACE_BIT & 1)
			return true;
	}
	return false;
}

static bool has_our_root(const struct nsu_task *task)
{
	nsi_autoclose int dir = nsi_task_open(task);
	struct stat ours, its;

	return dir >= 0 && stat("/", &ours) == 0 && fstatat(dir, "root", &its, 0) == 0 &&
		ours.st_dev == its.st_dev && ours.st_ino == its.st_ino;
}

#define MAX_ANCESTORS 64

/* Its first ancestor in the pid namespace came in from outside and did not begin it. */
static bool is_visitor(const struct nsu_task *task)
{
	const struct nsu_ns *in, *above;
	const pid_t *pids;
	int count;

	if (nsu_task_get_ns(task, NSU_PID, &in) < 0)
		return false;
	for (int i = 0; i < MAX_ANCESTORS; i++) {
		struct nsu_task_stat stat = NSU_TASK_STAT_INIT;
		const struct nsu_task *parent;

		if (nsu_task_read_stat(task, &stat) < 0)
			return false;
		count = nsu_task_get_pids(task, &pids);
		if (count < 1 || pids[count - 1] == 1)
			return false;
		if (nsu_snapshot_find_task(task->snap, stat.ppid, &parent) < 0 ||
		    nsu_task_get_ns(parent, NSU_PID, &above) < 0)
			return false;
		if (above != in)
			return true;
		task = parent;
	}
	return false;
}

/*
 * A command of this kind that runs there already has the capability to be protected by
 * it. That it has the caller's root is not enough: so has a service that is kept from
 * some of the host's files only.
 */
static bool is_another_command(const struct nsu_task *task)
{
	return has_our_root(task) && is_visitor(task);
}

/* a is b or above it; what cannot be told counts as so. */
static bool is_above(const struct nsu_ns *a, const struct nsu_ns *b)
{
	int r = 0;

	while (a != b && !r)
		r = nsu_ns_get_parent(b, &b);
	return a == b || (r != -ENOENT && r != -EPERM);
}

static bool is_first(const struct nsu_task *task)
{
	const pid_t *pids;
	int count = nsu_task_get_pids(task, &pids);

	return count > 0 && pids[count - 1] == 1;
}

/* The command has a number in its pid namespace and in all above it. Who sees it in the
   caller's own could reach all else of the caller's, too. */
static bool is_exposed_to(const struct nsu_task *task, const struct nsu_ns *pidns,
			  const struct nsu_ns *own_pidns, const struct nsu_ns *userns,
			  bool shielded)
{
	const struct nsu_ns *in;

	if (nsu_task_get_ns(task, NSU_PID, &in) < 0 || in == own_pidns ||
	    is_above(in, own_pidns) || (!is_above(pidns, in) && !is_above(in, pidns)))
		return false;
	if (nsu_task_get_ns(task, NSU_USER, &in) < 0)
		return true;
	/* Capabilities in a namespace below are none over the command. Without a shield
	   whoever is the same user needs none: but not an init that could come to none
	   and does nothing. */
	return is_above(in, userns) &&
	       (could_trace(task) || (!shielded && !is_first(task))) &&
	       !is_another_command(task);
}

/* In whose eyes the command will have its powers. */
static uint64_t get_power_ns(const struct nsu_plan *plan)
{
	return nsi_plan_enters(plan, NSU_USER) ? plan->entry[NSU_USER].inode :
		plan->own.ns[NSU_USER];
}

static int look_at_all(struct nsu_plan *plan, const struct nsu_snapshot *snap,
		       bool shielded)
{
	const struct nsu_ns *pidns, *own_pidns, *userns;
	const struct nsu_task *task;
	int r = nsu_snapshot_find_ns(snap, NSU_PID, plan->entry[NSU_PID].inode, &pidns);

	if (r == -ENOENT)
		return 0;	/* nobody is in it */
	if (!r)
		r = nsu_snapshot_find_ns(snap, NSU_USER, get_power_ns(plan), &userns);
	if (!r)
		r = nsu_snapshot_find_ns(snap, NSU_PID, plan->own.ns[NSU_PID],
					 &own_pidns);
	if (r < 0)
		return r;
	nsu_foreach_task(task, snap)
		if (!nsu_task_is_zombie(task) &&
		    is_exposed_to(task, pidns, own_pidns, userns, shielded)) {
			plan->exposed = true;
			break;
		}
	return 0;
}

/*
 * Will tasks of the target see the command, which has files that they have not? Its pid
 * namespace may be the target's from the start: what is another there is the user
 * namespace then, in which its tasks have power over all that enters.
 */
static bool is_seen(const struct nsu_plan *plan)
{
	if (nsi_plan_enters(plan, NSU_MNT) || nsi_plan_compare(plan, NSU_MNT) == 1)
		return false;
	return nsi_plan_enters(plan, NSU_PID) ||
	       (nsi_plan_enters(plan, NSU_USER) && nsi_plan_compare(plan, NSU_PID) == 1);
}

/*
 * Has it the capability all the time by which it is protected? Not in the target's user
 * namespace, whose root the target's tasks most often are. But of namespaces alone, as a
 * pin holds them, the only task may be an init that has given up all: then root there is
 * above it.
 */
static bool is_shielded(const struct nsu_plan *plan)
{
	if (!nsi_plan_enters(plan, NSU_USER))
		return plan->own.permitted >> CAP_SYS_PTRACE_BIT & 1;
	return !plan->hold.pid && (plan->opts.uid_from == NSU_ID_AUTO ?
		nsi_plan_has_root(plan) :
		plan->opts.uid_from == NSU_ID_NUMBER && !plan->opts.uid);
}

/* Where nobody is root it is the caller without powers: then who else is there counts. */
static bool is_lone(const struct nsu_plan *plan)
{
	return nsi_plan_enters(plan, NSU_USER) && !plan->hold.pid &&
	       plan->opts.uid_from == NSU_ID_AUTO;
}

int nsi_plan_judge_exposure(struct nsu_plan *plan)
{
	struct nsu_scan_options scan = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap;
	bool shielded;
	int r;

	if (!is_seen(plan))
		return 0;
	/* What protects the command is this capability, which it keeps: see enter.c. */
	shielded = is_shielded(plan);
	if (!shielded && !is_lone(plan)) {
		plan->exposed = true;
		return 0;
	}
	scan.parts = NSU_PART_TASKS | NSU_PART_RELATIONS | NSU_PART_PIDS;
	/* A zombie, which reaches nothing any more, is told by the others that it
	   has lost. */
	scan.types = 1u << NSU_PID | 1u << NSU_USER | 1u << NSU_MNT;
	r = nsu_snapshot_new(plan->ctx, &scan, &snap);
	if (r < 0)
		return r;
	r = look_at_all(plan, snap, shielded);
	nsu_snapshot_free(snap);
	return r;
}
