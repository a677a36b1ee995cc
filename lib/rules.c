/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What setns(2) will say, told before it is asked. The kernel's rules: *_install() of
 * each type in kernel/nsproxy.c's table, and cap_capable() in security/commoncap.c.
 */
#include <poll.h>
#include <sys/ioctl.h>
#include "plan.h"
#include "uapi.h"

#define CAP_SYS_CHROOT_BIT	18
#define CAP_SYS_ADMIN_BIT	21

static uint64_t inode_of(int fd)
{
	uint64_t inode = 0;
	dev_t device;

	nsi_nsfs_inode(fd, &inode, &device);
	return inode;
}

/*
 * The capabilities that who enters has in a user namespace. In its own one what is
 * effective counts; whose uid created a child of that one has all in it and below it; and
 * what it has in a namespace it has in all below.
 */
static uint64_t caps_in(const struct nsi_caller *own, int userns)
{
	nsi_autoclose int held = -1;
	int fd = userns;

	for (unsigned level = 0; level < NSI_MAX_LEVELS; level++) {
		uid_t creator = (uid_t)-1;
		int parent;

		if (inode_of(fd) == own->ns[NSU_USER])
			return own->effective;
		parent = ioctl(fd, NS_GET_PARENT);
		/* Above the view of this process: there it has nothing. */
		if (parent < 0)
			return 0;
		if (inode_of(parent) == own->ns[NSU_USER] &&
		    !ioctl(fd, NS_GET_OWNER_UID, &creator) && creator == own->euid) {
			close(parent);
			return UINT64_MAX;
		}
		if (held >= 0)
			close(held);
		held = fd = parent;
	}
	return 0;
}

static bool is_capable(const struct nsi_caller *own, int userns, unsigned cap)
{
	return caps_in(own, userns) >> cap & 1;
}

static void refuse(struct nsu_entry *entry, enum nsu_rule rule, uint64_t where)
{
	if (entry->verdict != NSU_ENTRY_YES)
		return;
	entry->verdict = NSU_ENTRY_NO;
	entry->rule = rule;
	entry->needed_in = where;
}

/* In the user namespace that the caller is in by then: the one that is entered too, or
   its own. */
static bool is_capable_here(const struct nsu_plan *plan, unsigned cap)
{
	if (nsi_plan_enters(plan, NSU_USER))
		return is_capable(&plan->own, plan->fd[NSU_USER], cap);
	return plan->own.effective >> cap & 1;
}

/* Is a user namespace that one or above it? */
static bool is_above(int above, int userns)
{
	nsi_autoclose int held = -1;
	uint64_t inode = inode_of(above);

	for (unsigned level = 0; level < NSI_MAX_LEVELS; level++) {
		int parent;

		if (inode_of(userns) == inode)
			return true;
		parent = ioctl(userns, NS_GET_PARENT);
		if (held >= 0)
			close(held);
		held = userns = parent;
		if (parent < 0)
			break;
	}
	return false;
}

/* One by one, without powers here, only what is owned on the way down to the user
   namespace that is entered too, or below that. */
static bool is_on_way(const struct nsu_plan *plan, enum nsu_type type, int userns)
{
	int user = plan->fd[NSU_USER];

	if (!nsi_plan_enters(plan, NSU_USER) ||
	    plan->own.effective >> CAP_SYS_ADMIN_BIT & 1)
		return true;
	if (plan->by_task & 1u << type && plan->by_task & 1u << NSU_USER &&
	    plan->hold.pidfd >= 0 && nsi_if_usable(plan->ctx, NSU_IF_SETNS_PIDFD))
		return true;
	return is_above(userns, user) || is_above(user, userns);
}

/* Its first process as the procfs numbers it, by a picture of all: of a namespace without
   tasks it has ended. 0: not told. */
static int find_init(struct nsu_ctx *ctx, uint64_t inode, struct nsu_snapshot **picture)
{
	struct nsu_scan_options scan = NSU_SCAN_OPTIONS_INIT;
	const struct nsu_task *task;
	const struct nsu_ns *ns;
	int r;

	scan.parts = NSU_PART_TASKS | NSU_PART_PIDS | NSU_PART_RELATIONS;
	/* A zombie is told by the others that it has lost. */
	scan.types = 1u << NSU_PID | 1u << NSU_MNT;
	if (!*picture && nsu_snapshot_new(ctx, &scan, picture) < 0)
		return 0;
	r = nsu_snapshot_find_ns(*picture, NSU_PID, inode, &ns);
	if (!r)
		r = nsu_snapshot_find_pid(*picture, ns, 1, &task);
	if (!r)
		return nsu_task_is_zombie(task) && !nsu_task_is_dead_leader(task) ?
			-ESRCH : nsu_task_get_tid(task);
	return r == -ENOENT && nsu_snapshot_is_complete(*picture) ? -ESRCH : 0;
}

/* It keeps its number until its parent has waited for it, which may be never: nothing can
   be started there from its end on. */
static bool has_ended(const struct nsu_ctx *ctx, int fd, pid_t init)
{
	struct pollfd pfd = { .fd = -1, .events = POLLIN };
	bool ended;

	if (nsi_if_usable(ctx, NSU_IF_PIDFD))
		pfd.fd = syscall(SYS_pidfd_open, init, 0);
	ended = pfd.fd >= 0 && poll(&pfd, 1, 0) > 0;
	nsi_closep(&pfd.fd);
	/* With the same number still its own it was no other's before. */
	return ended && ioctl(fd, NS_GET_TGID_FROM_PIDNS, 1) == init;
}

int nsi_ask_init_in(struct nsu_ctx *ctx, int fd, uint64_t inode,
		    struct nsu_snapshot **picture)
{
	int r = ioctl(fd, NS_GET_TGID_FROM_PIDNS, 1);

	if (r < 0)
		r = nsi_errno();
	if (r > 0)
		return has_ended(ctx, fd, r) ? -ESRCH : r;
	if (r == -ESRCH)
		return r;
	/* A kernel that does not tell; a process of the target's lives only with it. */
	return picture ? find_init(ctx, inode, picture) : 0;
}

int nsi_ask_init(struct nsu_ctx *ctx, int fd, uint64_t inode, bool lives)
{
	struct nsu_snapshot *picture = NULL;
	int r = nsi_ask_init_in(ctx, fd, inode, lives ? NULL : &picture);

	nsu_snapshot_free(picture);
	return r;
}

static void judge_pid(const struct nsu_plan *plan, struct nsu_entry *entry)
{
	uint64_t mine = plan->own.ns[NSU_PID], at;
	int fd = plan->fd[NSU_PID], init;
	nsi_autoclose int above = -1;

	for (at = inode_of(fd); mine && at != mine; at = inode_of(above)) {
		int parent = ioctl(above < 0 ? fd : above, NS_GET_PARENT);

		if (above >= 0)
			close(above);
		above = parent;
		if (parent < 0) {
			refuse(entry, NSU_RULE_NOT_BELOW, 0);
			return;
		}
	}
	init = nsi_ask_init(plan->ctx, fd, entry->inode, plan->by_task & 1u << NSU_PID);
	if (init > 0)
		entry->init = init;
	/* What a task's children will be in may have had none yet: the first of them
	   is it. */
	else if (init == -ESRCH && !plan->opts.children)
		refuse(entry, NSU_RULE_NO_INIT, 0);
}

static void judge(const struct nsu_plan *plan, struct nsu_entry *entry)
{
	nsi_autoclose int owner = -1;
	uint64_t here = nsi_plan_enters(plan, NSU_USER) ?
		plan->entry[NSU_USER].inode : plan->own.ns[NSU_USER];
	int fd = plan->fd[entry->type], userns = fd;

	if (entry->type != NSU_USER) {
		owner = ioctl(fd, NS_GET_USERNS);
		userns = owner;
		if (owner < 0 && errno != EPERM)
			return;		/* a kernel that cannot tell: let it decide */
	}
	if (userns < 0) {
		refuse(entry, NSU_RULE_ADMIN_THERE, 0);
		return;
	}
	entry->owner = inode_of(userns);
	if (entry->type == NSU_USER) {
		owner = ioctl(fd, NS_GET_PARENT);
		entry->owner = owner < 0 ? 0 : inode_of(owner);
	}
	entry->caps = caps_in(&plan->own, userns);
	entry->owned = entry->owner != plan->own.ns[NSU_USER] &&
		entry->caps >> CAP_SYS_ADMIN_BIT & 1;
	if (!(entry->caps >> CAP_SYS_ADMIN_BIT & 1))
		refuse(entry, NSU_RULE_ADMIN_THERE, inode_of(userns));
	if (entry->type == NSU_USER)
		return;
	if (!is_on_way(plan, entry->type, userns))
		refuse(entry, NSU_RULE_ADMIN_THERE, entry->owner);
	if (!is_capable_here(plan, CAP_SYS_ADMIN_BIT))
		refuse(entry, NSU_RULE_ADMIN_HERE, here);
	if (entry->type == NSU_MNT && !is_capable_here(plan, CAP_SYS_CHROOT_BIT))
		refuse(entry, NSU_RULE_CHROOT, here);
	if (entry->type == NSU_PID)
		judge_pid(plan, entry);
}

void nsi_plan_judge(struct nsu_plan *plan)
{
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (nsi_plan_enters(plan, type))
			judge(plan, &plan->entry[type]);
}
