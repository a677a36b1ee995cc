/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Entering, by the process that does it: perhaps the fork of a program with threads, so
 * nothing here allocates, and ids are set by plain system calls (the C library's own
 * would signal threads that are not there).
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include "plan.h"
#include "uapi.h"

#define CAP_SYS_PTRACE_BIT	19

#ifdef SYS_setresuid32		/* the plain numbers take 16 bits there */
#define NSI_SYS_setresuid	SYS_setresuid32
#define NSI_SYS_setresgid	SYS_setresgid32
#define NSI_SYS_setgroups	SYS_setgroups32
#else
#define NSI_SYS_setresuid	SYS_setresuid
#define NSI_SYS_setresgid	SYS_setresgid
#define NSI_SYS_setgroups	SYS_setgroups
#endif

void nsi_tell(const struct nsi_teller *teller, enum nsu_step step, int error)
{
	struct nsi_word word = { NSI_WORD_PROBLEM, step, error, 0 };

	if (teller->fd < 0)
		nsi_plan_note(teller->plan, step, error);
	else if (write(teller->fd, &word, sizeof(word)) < 0)
		return;		/* nobody listens any more, and soon we end too */
}

static void join_cgroups(const struct nsu_plan *plan, const struct nsi_teller *teller)
{
	int error = 0;

	for (size_t i = 0; i < plan->cgroups.count; i++) {
		const struct nsi_cgroup *group = &plan->cgroups.list[i];
		int r = group->fd < 0 ? group->error : nsi_cgroup_join(group);

		if (r < 0 && !error)
			error = r;
	}
	if (error)
		nsi_tell(teller, NSU_STEP_CGROUP, error);
}

/* What is inherited by a fork and needs the powers that the caller still has. */
static int take_inherited(const struct nsu_plan *plan, const struct nsi_teller *teller,
			  struct nsu_failure *why)
{
	const struct nsi_confine *confine = &plan->confine;
	struct { enum nsu_trait trait; enum nsu_step step; int r; } all[] = {
		{ NSU_TRAIT_RLIMITS, NSU_STEP_RLIMITS, confine->limits_error },
		{ NSU_TRAIT_OOM, NSU_STEP_OOM, confine->oom_error },
		{ NSU_TRAIT_SCHED, NSU_STEP_SCHED, confine->sched_error },
		{ NSU_TRAIT_PERSONALITY, NSU_STEP_PERSONALITY,
		  confine->personality_error },
	};
	int r;

	if (nsi_plan_wants(plan, NSU_TRAIT_CGROUP))
		join_cgroups(plan, teller);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (!nsi_plan_wants(plan, all[i].trait))
			continue;
		r = all[i].r;
		if (!r && all[i].trait == NSU_TRAIT_RLIMITS)
			nsi_set_limits_up(confine); /* what fails is seen at the end */
		else if (!r && all[i].trait == NSU_TRAIT_OOM)
			r = nsi_set_oom(confine, plan->procfs);
		else if (!r && all[i].trait == NSU_TRAIT_SCHED)
			r = nsi_set_sched(confine);
		else if (!r)
			r = nsi_set_personality(confine);
		if (r < 0)
			nsi_tell(teller, all[i].step, r);
	}
	if (!nsi_plan_wants(plan, NSU_TRAIT_LABEL))
		return 0;
	/* One that cannot be read is not "none": the target may have chosen its name. */
	r = nsi_set_label(confine, plan->procfs);
	return r < 0 ? nsi_fail(why, NSU_STEP_LABEL, r) : 0;
}

static int flags_of(unsigned types)
{
	int flags = 0;

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (types & 1u << type)
			flags |= nsu_type_get_info(type)->clone_flag;
	return flags;
}

/* All of the target's at once, or none of them. */
static int enter_by_pidfd(const struct nsu_plan *plan, unsigned types)
{
	if (!types || plan->hold.pidfd < 0 ||
	    !nsi_if_usable(plan->ctx, NSU_IF_SETNS_PIDFD))
		return -EOPNOTSUPP;
	if (setns(plan->hold.pidfd, flags_of(types)) < 0)
		return errno == EINVAL ? -EOPNOTSUPP : nsi_errno();
	return 0;
}

/* One by one; those that are refused are left over. Returns the last refusal. */
static int enter_by_fd(const struct nsu_plan *plan, unsigned *left, unsigned types,
		       unsigned *at)
{
	int refused = 0;

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		if (!(*left & types & 1u << type))
			continue;
		if (setns(plan->fd[type], nsu_type_get_info(type)->clone_flag) == 0) {
			*left &= ~(1u << type);
			continue;
		}
		refused = nsi_errno();
		*at = 1u << type;
		if (refused != -EPERM)
			return refused;
	}
	return refused;
}

/*
 * An ordinary user goes down from its own user namespace to the wanted one step by step,
 * and at each takes what that one owns: of two that are nested, as bubblewrap does it,
 * the inner one has no power over what the outer one owns.
 */
static int enter_downwards(const struct nsu_plan *plan, unsigned *left, unsigned *at)
{
	const unsigned others = ~(1u << NSU_USER);
	int above[NSI_MAX_LEVELS], r = 0;
	unsigned depth = 0;

	for (int fd = plan->fd[NSU_USER]; depth < NSI_MAX_LEVELS; depth++) {
		uint64_t inode = 0;
		dev_t device;

		fd = above[depth] = ioctl(fd, NS_GET_PARENT);
		if (fd < 0 || nsi_nsfs_inode(fd, &inode, &device) < 0 ||
		    inode == plan->own.ns[NSU_USER]) {
			depth += fd >= 0;
			break;
		}
	}
	/* The topmost is the caller's own, or none of it. */
	for (unsigned i = depth; i > 1 && *left & others && (!r || r == -EPERM); i--)
		if (setns(above[i - 2], CLONE_NEWUSER) == 0)
			r = enter_by_fd(plan, left, others, at);
	for (unsigned i = 0; i < depth; i++)
		close(above[i]);
	return r == -EPERM ? 0 : r;
}

/*
 * Whose power is needed differs: root enters a container's namespaces before it gives
 * its own user namespace up, an ordinary user after it has become root in the other.
 */
static int enter_all(struct nsu_plan *plan, struct nsu_failure *why)
{
	const unsigned user = 1u << NSU_USER;
	unsigned left = plan->entered;
	int r;

	/* Descriptors outlive it, and what it was confined by does not. */
	r = plan->hold.pid ? nsi_hold_check_alive(&plan->hold) : 0;
	if (r < 0)
		return r;
	why->types = left & plan->by_task;
	r = enter_by_pidfd(plan, why->types);
	if (!r)
		left &= ~plan->by_task;
	/* With a user namespace from elsewhere the power may come with that alone. */
	else if (r != -EOPNOTSUPP &&
		 (r != -EPERM || why->types & user || !(left & user)))
		return r;
	r = enter_by_fd(plan, &left, ~user, &why->types);
	if (r < 0 && (r != -EPERM || !(left & user)))
		return r;
	if (left & user && left & ~user)
		r = enter_downwards(plan, &left, &why->types);
	if (!r || r == -EPERM)
		r = enter_by_fd(plan, &left, user, &why->types);
	return r < 0 ? r : enter_by_fd(plan, &left, ~user, &why->types);
}

/* New credentials make a process what fs.suid_dumpable says, which may be open to all:
   who was closed to the target's tasks stays so until it executes something. */
static int stay_closed(int dumpable, struct nsu_failure *why)
{
	if (dumpable == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return nsi_fail(why, NSU_STEP_CHECK, nsi_errno());
	return 0;
}

/* What the target's programs would find else: keys of the caller's session, and the
   caller's groups where it is forbidden inside to give them up. */
static int drop_own(const struct nsu_plan *plan, struct nsu_failure *why)
{
	const struct nsu_plan_options *opts = &plan->opts;
	bool inside = nsi_plan_enters(plan, NSU_MNT) || nsi_plan_changes_root(plan);
	int r = inside ? nsi_leave_keyring() : 0;

	if (r < 0)
		return nsi_fail(why, NSU_STEP_KEYS, r);
	if (!nsi_plan_enters(plan, NSU_USER) ||
	    (opts->uid_from == NSU_ID_KEEP && opts->gid_from == NSU_ID_KEEP))
		return 0;
	if (syscall(NSI_SYS_setgroups, 0, NULL) < 0 && errno != EPERM)
		return nsi_fail(why, NSU_STEP_GROUPS, nsi_errno());
	return 0;
}

int nsi_enter_namespaces(struct nsu_plan *plan, const struct nsi_teller *teller,
			 struct nsu_failure *why)
{
	int r = plan->own.other ? -EINVAL : nsu_plan_check(plan), dumpable;

	if (r < 0)
		return nsi_fail(why, NSU_STEP_CHECK, r);
	r = take_inherited(plan, teller, why);
	if (!r && plan->view.tree_dir) {
		r = nsi_view_take_tree(&plan->view, plan->target_mntns, plan->root,
				       plan->own_mntns);
		if (r < 0)
			nsi_fail(why, NSU_STEP_TREE, r);
	}
	if (!r)
		r = drop_own(plan, why);
	if (r < 0)
		return r;
	dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	r = enter_all(plan, why);
	if (r < 0)
		return nsi_fail(why, NSU_STEP_SETNS, r);
	return stay_closed(dumpable, why);
}

/* By default it is a convenience, asked for by name it is what was wanted. */
static int soften(enum nsu_choice choice, const struct nsi_teller *teller,
		  enum nsu_step step, int r, struct nsu_failure *why)
{
	if (r >= 0)
		return 0;
	/* Half done: no place to go on from. */
	if (choice == NSU_YES || r == -ENOTRECOVERABLE)
		return nsi_fail(why, step, r);
	nsi_tell(teller, step, r);
	return 0;
}

static int enter_mounts(struct nsu_plan *plan, const struct nsi_teller *teller,
			struct nsu_failure *why)
{
	const struct nsu_plan_options *opts = &plan->opts;
	struct nsi_view *view = &plan->view;
	enum nsu_choice strict = NSU_AUTO;
	int r = nsi_view_unshare();

	if (view->tree_dir || opts->proc == NSU_YES || opts->sys == NSU_YES ||
	    opts->resolv == NSU_YES)
		strict = NSU_YES;
	if (r < 0)
		return soften(strict, teller, NSU_STEP_UNSHARE, r, why);
	r = nsi_view_mount_tree(view);
	if (r < 0)
		return nsi_fail(why, NSU_STEP_TREE, r);
	r = soften(opts->sys, teller, NSU_STEP_SYS, nsi_view_mount_sys(view), why);
	if (!r)
		r = soften(opts->resolv, teller, NSU_STEP_RESOLV,
			   nsi_view_mount_files(view), why);
	if (!r)
		r = soften(opts->proc, teller, NSU_STEP_PROC,
			   nsi_view_mount_proc(view), why);
	return r;
}

static int change_root(const struct nsu_plan *plan)
{
	if (!nsi_plan_changes_root(plan))
		return 0;
	return fchdir(plan->root) < 0 || chroot(".") < 0 ? nsi_errno() : 0;
}

/* A working directory that is not below the root would lead out of it (CVE-2024-21626):
   the kernel then answers with "(unreachable)" before a path. One that is too long for
   an answer may be either. */
static bool is_reachable(void)
{
	char path[PATH_MAX];

	return syscall(SYS_getcwd, path, sizeof(path)) > 0 && path[0] == '/';
}

/* The target's own, or one of the caller's: by a descriptor from before. */
static int change_cwd(const struct nsu_plan *plan, const struct nsi_teller *teller)
{
	bool inside = nsi_plan_enters(plan, NSU_MNT) || nsi_plan_changes_root(plan);

	if (plan->cwd < 0)
		return 0;
	if (fchdir(plan->cwd) < 0)
		return nsi_errno();
	/* With the caller's own root, into the target is no way out of it. */
	if (!inside || is_reachable() || plan->opts.cwd_from == NSU_CWD_OUTSIDE)
		return 0;
	nsi_tell(teller, NSU_STEP_CWD, -EXDEV);
	return chdir("/") < 0 ? nsi_errno() : 0;
}

/*
 * Root and working directory first: a mount namespace made after that has them among its
 * own mounts, while a descriptor from before would lead back to the old ones. A directory
 * given by its path inside comes last, since it may be one of what is mounted.
 */
int nsi_enter_places(struct nsu_plan *plan, const struct nsi_teller *teller,
		     struct nsu_failure *why)
{
	int r = change_root(plan);

	if (r < 0)
		return nsi_fail(why, NSU_STEP_ROOT, r);
	r = change_cwd(plan, teller);
	if (r < 0)
		return nsi_fail(why, NSU_STEP_CWD, r);
	if (plan->private_mounts)
		r = enter_mounts(plan, teller, why);
	if (r < 0)
		return r;
	if (plan->cwd < 0 && plan->cwd_path && chdir(plan->cwd_path) < 0)
		return nsi_fail(why, NSU_STEP_CWD, nsi_errno());
	return 0;
}

static int set_ids(const struct nsu_plan *plan, bool keep_caps, struct nsu_failure *why)
{
	long r;

	if (!plan->changes_ids)
		return 0;
	r = syscall(NSI_SYS_setgroups, plan->group_count, plan->groups);
	/* Where the user namespace forbids it, it was done before, by who may. */
	if (r < 0 && !(errno == EPERM &&
		       (nsi_plan_enters(plan, NSU_USER) || plan->keeps_groups)))
		return nsi_fail(why, NSU_STEP_GROUPS, nsi_errno());
	if (syscall(NSI_SYS_setresgid, plan->gid, plan->gid, plan->gid) < 0)
		return nsi_fail(why, NSU_STEP_GID, nsi_errno());
	if (keep_caps && plan->uid && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return nsi_fail(why, NSU_STEP_CAPS, nsi_errno());
	if (syscall(NSI_SYS_setresuid, plan->uid, plan->uid, plan->uid) < 0)
		return nsi_fail(why, NSU_STEP_UID, nsi_errno());
	return 0;
}

/* The host's files and the target's pids: what keeps its tasks off, see exposed.c. */
static uint64_t get_shield(const struct nsu_plan *plan)
{
	bool needed = nsi_plan_enters(plan, NSU_PID) && !nsi_plan_enters(plan, NSU_MNT) &&
		!nsi_plan_enters(plan, NSU_USER);

	return needed ? 1ull << CAP_SYS_PTRACE_BIT : 0;
}

static bool is_root(const struct nsu_plan *plan)
{
	return plan->changes_ids ? !plan->uid : !syscall(SYS_geteuid);
}

/* What exec will make of it: root has all of the bounding set again, others only what is
   ambient (capabilities(7), "Transformation of capabilities during execve"). */
static int set_caps(const struct nsu_plan *plan)
{
	const struct nsi_confine *confine = &plan->confine;
	uint64_t effective, permitted, kept, shield;
	int r = nsi_get_caps(&effective, &permitted, NULL);

	if (r < 0)
		return r;
	shield = permitted & get_shield(plan);
	if (nsi_plan_wants(plan, NSU_TRAIT_CAPS)) {
		uint64_t inheritable = confine->inheritable & permitted;
		uint64_t ambient = confine->ambient & inheritable;

		kept = is_root(plan) || plan->opts.keep_caps ?
			permitted & confine->bounding : inheritable;
		kept |= shield;
		if (plan->opts.keep_caps && !is_root(plan))
			inheritable = ambient = kept;
		else if (!is_root(plan))
			inheritable |= shield, ambient |= shield;
		return nsi_set_caps(kept, inheritable & kept, ambient & kept);
	}
	if (is_root(plan))
		return 0;
	kept = plan->opts.keep_caps ? permitted : shield;
	return kept ? nsi_set_caps(kept, kept, kept) : 0;
}

/* Whoever ended before the signal was set is told by the pidfd. */
int nsi_set_death_signal(int signal, int parent)
{
	struct pollfd fds = { .fd = parent, .events = POLLIN };

	if (!signal)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) < 0)
		return nsi_errno();
	return parent >= 0 && poll(&fds, 1, 0) > 0 ? -ESRCH : 0;
}

static int set_seccomp(const struct nsu_plan *plan)
{
	if (!nsi_plan_wants(plan, NSU_TRAIT_SECCOMP) || !plan->confine.filters)
		return 0;
	return nsi_set_seccomp(&plan->confine);
}

/* Without no_new_privs a filter needs CAP_SYS_ADMIN, so it comes before that is given
   up; with it as late as can be, since it may forbid what is still to do. */
static bool is_filtered_first(const struct nsu_plan *plan)
{
	return nsi_plan_wants(plan, NSU_TRAIT_SECCOMP) && plan->confine.filters &&
	       !(nsi_plan_wants(plan, NSU_TRAIT_NNP) && plan->confine.no_new_privs);
}

static int give_up_caps(const struct nsu_plan *plan, struct nsu_failure *why)
{
	int r = set_caps(plan);

	if (r < 0)
		return nsi_fail(why, NSU_STEP_CAPS, r);
	if (nsi_plan_wants(plan, NSU_TRAIT_NNP) && plan->confine.no_new_privs &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return nsi_fail(why, NSU_STEP_NNP, nsi_errno());
	return 0;
}


int nsi_become_user(struct nsu_plan *plan, struct nsu_failure *why)
{
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), r;
	bool caps = nsi_plan_wants(plan, NSU_TRAIT_CAPS);

	if (plan->confine.status_error && (caps || nsi_plan_wants(plan, NSU_TRAIT_NNP)))
		return nsi_fail(why, caps ? NSU_STEP_CAPS : NSU_STEP_NNP,
				plan->confine.status_error);
	if (caps) {
		r = nsi_set_bounding(plan->confine.bounding | get_shield(plan));
		if (r < 0)
			return nsi_fail(why, NSU_STEP_CAPS, r);
	}
	r = set_ids(plan, caps || plan->opts.keep_caps || get_shield(plan) ||
		    nsi_plan_wants(plan, NSU_TRAIT_SECCOMP), why);
	if (!r)
		r = stay_closed(dumpable, why);
	if (!r && !is_filtered_first(plan))
		r = give_up_caps(plan, why);
	return r;
}

int nsi_become_command(struct nsu_plan *plan, const struct nsi_teller *teller,
		       int death_signal, int parent, struct nsu_failure *why)
{
	uint64_t effective, permitted;
	int r;

	if (nsi_plan_wants(plan, NSU_TRAIT_RLIMITS) && !plan->confine.limits_error) {
		r = nsi_set_limits(&plan->confine);
		if (r < 0)
			nsi_tell(teller, NSU_STEP_RLIMITS, r);
	}
	if (nsi_plan_wants(plan, NSU_TRAIT_UMASK) && plan->confine.umask >= 0)
		umask(plan->confine.umask);
	r = nsi_set_death_signal(death_signal, parent);
	if (r < 0)
		return nsi_fail(why, NSU_STEP_DEATH_SIGNAL, r);
	if (is_filtered_first(plan)) {
		r = nsi_get_caps(&effective, &permitted, NULL);
		if (!r && effective != permitted)
			r = nsi_set_caps(permitted, 0, 0);
	}
	if (!r)
		r = set_seccomp(plan);
	if (r < 0)
		return nsi_fail(why, NSU_STEP_SECCOMP, r);
	return is_filtered_first(plan) ? give_up_caps(plan, why) : 0;
}
