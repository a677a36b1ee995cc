/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans: everything about a target, opened and read before anything is entered. */
#include <fcntl.h>
#include <string.h>
#include "plan.h"

/* of struct nsu_plan_options in release 0.1 */
#define FIRST_SIZE (offsetof(struct nsu_plan_options, cwd) + sizeof(char *))

static const char *const traits[NSU_TRAIT_COUNT] = {
	[NSU_TRAIT_CGROUP] = "cgroup",
	[NSU_TRAIT_RLIMITS] = "rlimits",
	[NSU_TRAIT_OOM] = "oom",
	[NSU_TRAIT_SCHED] = "sched",
	[NSU_TRAIT_UMASK] = "umask",
	[NSU_TRAIT_PERSONALITY] = "personality",
	[NSU_TRAIT_LABEL] = "label",
	[NSU_TRAIT_CAPS] = "caps",
	[NSU_TRAIT_NNP] = "nnp",
	[NSU_TRAIT_SECCOMP] = "seccomp",
};

static const char *const steps[NSU_STEP_COUNT] = {
	[NSU_STEP_CHECK] = "enter",
	[NSU_STEP_FORK] = "fork",
	[NSU_STEP_CGROUP] = "join its cgroup",
	[NSU_STEP_RLIMITS] = "take its resource limits",
	[NSU_STEP_OOM] = "take its oom_score_adj",
	[NSU_STEP_SCHED] = "take its scheduling",
	[NSU_STEP_PERSONALITY] = "take its personality",
	[NSU_STEP_LABEL] = "take its security label",
	[NSU_STEP_TREE] = "show its files",
	[NSU_STEP_SETNS] = "enter",
	[NSU_STEP_FORK_INSIDE] = "fork inside",
	[NSU_STEP_UNSHARE] = "make a mount namespace of its own",
	[NSU_STEP_PROC] = "mount /proc",
	[NSU_STEP_SYS] = "mount /sys",
	[NSU_STEP_RESOLV] = "take its resolv.conf and hosts",
	[NSU_STEP_ROOT] = "change the root directory",
	[NSU_STEP_CWD] = "change the working directory",
	[NSU_STEP_TERMINAL] = "take the terminal",
	[NSU_STEP_GROUPS] = "set groups",
	[NSU_STEP_GID] = "set gid",
	[NSU_STEP_UID] = "set uid",
	[NSU_STEP_CAPS] = "take its capabilities",
	[NSU_STEP_NNP] = "take its no_new_privs",
	[NSU_STEP_SECCOMP] = "take its seccomp filter",
	[NSU_STEP_KEYS] = "leave your session's keyring",
	[NSU_STEP_DEATH_SIGNAL] = "set the death signal",
	[NSU_STEP_EXEC] = "run",
};

const char *nsu_trait_get_name(enum nsu_trait trait)
{
	return (unsigned)trait < NSU_TRAIT_COUNT ? traits[trait] : NULL;
}

const char *nsu_step_get_name(enum nsu_step step)
{
	return (unsigned)step < NSU_STEP_COUNT ? steps[step] : NULL;
}

void nsi_plan_note(struct nsu_plan *plan, enum nsu_step step, int error)
{
	if (plan->problem_count == NSI_MAX_PROBLEMS)
		return;
	plan->problem[plan->problem_count++] = (struct nsu_failure){
		.size = sizeof(struct nsu_failure), .step = step, .error = error,
	};
}

int nsi_fail(struct nsu_failure *why, enum nsu_step step, int error)
{
	why->step = step;
	why->error = error;
	return error;
}

static int *descriptors(struct nsu_plan *plan, size_t index)
{
	int *const all[] = { &plan->root, &plan->cwd, &plan->own_mntns,
			     &plan->target_mntns, &plan->procfs };

	return index < ARRAY_SIZE(all) ? all[index] : NULL;
}

void nsu_plan_free(struct nsu_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; descriptors(plan, i); i++)
		if (*descriptors(plan, i) >= 0)
			close(*descriptors(plan, i));
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (plan->fd[type] >= 0)
			close(plan->fd[type]);
	nsi_hold_close(&plan->hold);
	nsi_confine_free(&plan->confine);
	nsi_cgroups_free(&plan->cgroups);
	nsi_view_free(&plan->view);
	nsi_environ_free(&plan->env);
	free(plan->cwd_path);
	free(plan->groups);
	free(plan->maps[0]);
	free(plan->maps[1]);
	free(plan);
}

static bool is_choice(unsigned choice)
{
	return choice <= NSU_NO;
}

static int check_options(const struct nsu_plan_options *opts)
{
	const unsigned traits_all = (1u << NSU_TRAIT_COUNT) - 1;

	if (opts->types & ~NSU_TYPES_DEFAULT || (opts->host_tools && !opts->tree_dir) ||
	    (opts->traits_on | opts->traits_off) & ~traits_all ||
	    opts->uid_from > NSU_ID_NAME || opts->gid_from > NSU_ID_NAME ||
	    opts->env > NSU_ENV_HOST || opts->cwd_from > NSU_CWD_INSIDE)
		return -EINVAL;
	return is_choice(opts->proc) && is_choice(opts->sys) && is_choice(opts->resolv) &&
	       is_choice(opts->root) ? 0 : -EINVAL;
}

static struct nsu_plan *new_plan(struct nsu_ctx *ctx, const struct nsu_plan_options *opts)
{
	struct nsu_plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return NULL;
	plan->ctx = ctx;
	plan->opts = *opts;
	plan->hold = (struct nsi_hold){ .dir = -1, .pidfd = -1 };
	plan->map_count[0] = plan->map_count[1] = -1;
	plan->view.tree = -1;
	plan->confine.seccomp = -1;
	for (size_t i = 0; descriptors(plan, i); i++)
		*descriptors(plan, i) = -1;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		plan->fd[type] = -1;
		plan->entry[type].type = type;
	}
	return plan;
}

static void choose_traits(struct nsu_plan *plan)
{
	const struct nsu_plan_options *opts = &plan->opts;
	unsigned traits_now = 0;

	if (plan->hold.pid && plan->by_task & 1u << NSU_MNT)
		traits_now = ((1u << NSU_TRAIT_COUNT) - 1) & ~(1u << NSU_TRAIT_SECCOMP);
	if (plan->hold.pid)
		plan->traits = (traits_now | opts->traits_on) & ~opts->traits_off;
}

/* A paused container is entered beside its cgroup: who joins a frozen one stands still
   at once, in v1 out of reach of SIGKILL. */
static void take_cgroups(struct nsu_plan *plan)
{
	int r;

	if (!nsi_plan_wants(plan, NSU_TRAIT_CGROUP))
		return;
	r = nsi_cgroups_open(plan->ctx, plan->hold.dir, &plan->cgroups);
	if (r < 0)
		nsi_plan_note(plan, NSU_STEP_CGROUP, r);
	if (r < 0 || plan->cgroups.frozen)
		plan->traits &= ~(1u << NSU_TRAIT_CGROUP);
}

/*
 * Capabilities count in a user namespace, and who has entered one of its own has the
 * whole bounding set again: what the target may in one that the command is not in is
 * nothing here. Asked after they were read: no task comes back from a namespace below.
 */
static void judge_capabilities(struct nsu_plan *plan)
{
	uint64_t its, here = nsi_plan_enters(plan, NSU_USER) ?
		plan->entry[NSU_USER].inode : plan->own.ns[NSU_USER];
	struct nsi_confine *confine = &plan->confine;
	int r;

	if (!nsi_plan_wants(plan, NSU_TRAIT_CAPS) || confine->status_error)
		return;
	r = nsi_plan_read_ns(plan->hold.dir, "user", NSU_USER, &its);
	/* A kernel without user namespaces has but one. */
	if (r == -ENOENT || (!r && its == here))
		return;
	confine->bounding = confine->permitted = confine->effective = 0;
	confine->inheritable = confine->ambient = 0;
	nsi_plan_note(plan, NSU_STEP_CAPS, -EXDEV);
}

static int take_confinement(struct nsu_plan *plan)
{
	int r;

	choose_traits(plan);
	if (!plan->hold.pid)
		return 0;
	take_cgroups(plan);
	if (!plan->traits && plan->opts.uid_from != NSU_ID_FOLLOW &&
	    plan->opts.gid_from != NSU_ID_FOLLOW && !nsi_plan_enters(plan, NSU_USER) &&
	    !nsi_plan_enters(plan, NSU_MNT))
		return 0;
	r = nsi_confine_read(plan->ctx, &plan->hold, &plan->confine);
	if (r < 0)
		return r;
	judge_capabilities(plan);
	if (nsi_plan_wants(plan, NSU_TRAIT_SECCOMP) && plan->confine.seccomp) {
		r = nsi_confine_copy_seccomp(&plan->hold, &plan->confine);
		if (r < 0) {
			nsi_plan_note(plan, NSU_STEP_SECCOMP, r);
			plan->traits &= ~(1u << NSU_TRAIT_SECCOMP);
		}
		if (r == -ESRCH)
			return r;
	}
	return 0;
}

static void look_out(struct nsu_plan *plan)
{
	const struct nsi_cgroup *cgroup = nsi_cgroups_get_main(&plan->cgroups);
	const struct nsi_view *view = &plan->view;

	plan->outlook = (struct nsu_outlook){
		.entered = plan->entered, .traits = plan->traits,
		.by_pidfd = plan->entered && plan->entered == plan->by_task &&
			plan->hold.pidfd >= 0 &&
			nsi_if_usable(plan->ctx, NSU_IF_SETNS_PIDFD),
		.changes_ids = plan->changes_ids, .uid = plan->uid, .gid = plan->gid,
		.groups = plan->groups, .group_count = plan->group_count,
		.caps = nsi_plan_wants(plan, NSU_TRAIT_CAPS) ? plan->confine.bounding :
			plan->own.permitted,
		.target_caps = plan->confine.bounding,
		.label = plan->confine.label,
		.seccomp = plan->confine.seccomp,
		.no_new_privs = plan->confine.no_new_privs,
		.cgroup = cgroup ? cgroup->path : NULL,
		.frozen = plan->cgroups.frozen, .cgroup_same = plan->cgroups.same,
		.pids_max = cgroup ? plan->cgroups.pids_max : -1,
		.pids_now = cgroup ? plan->cgroups.pids_current : -1,
		.own_mounts = plan->private_mounts,
		.proc = view->proc, .sys = view->sys,
		.resolv = view->files[0].text || view->files[1].text,
		.exposed = plan->exposed,
		.tree_dir = view->tree_dir,
		.shell = plan->has_shell ? plan->account.shell : NULL,
		.home = plan->account.home,
		.cwd = plan->cwd_path,
		.environment = plan->env.list,
		.odd = plan->env.odd,
	};
}

/* Who enters: this process, or the one that is asked about. */
static int take_caller(struct nsu_plan *plan, int *ret_dir)
{
	const struct nsu_target *as = plan->opts.as;
	struct nsi_hold hold = { .dir = -1, .pidfd = -1 };
	struct nsi_confine confine;
	enum nsu_target_kind kind;
	int r;

	if (!as) {
		*ret_dir = nsi_ctx_open_self(plan->ctx);
		plan->own.euid = geteuid();
		return *ret_dir < 0 ? *ret_dir :
			nsi_get_caps(&plan->own.effective, &plan->own.permitted, NULL);
	}
	if (!nsu_target_get_kind(as, &kind) && kind != NSU_TARGET_TASK)
		return -EINVAL;
	r = nsi_target_hold(as, &hold);
	if (r < 0)
		return r;
	plan->own.other = true;
	r = nsi_confine_read(plan->ctx, &hold, &confine);
	if (!r) {
		r = confine.status_error;
		plan->own.euid = confine.uid;
		plan->own.effective = confine.effective;
		plan->own.permitted = confine.permitted;
		nsi_confine_free(&confine);
	}
	if (!r) {
		*ret_dir = hold.dir;
		hold.dir = -1;
	}
	nsi_hold_close(&hold);
	return r;
}

static int fill(struct nsu_plan *plan, const struct nsu_target *target)
{
	nsi_autoclose int caller = -1;
	int r = take_caller(plan, &caller);

	if (!r)
		r = nsi_plan_take_namespaces(plan, caller, target);
	if (r < 0)
		return r;
	nsi_plan_judge(plan);
	/* What may not be entered may not be looked into either, most often. */
	if (nsu_plan_check(plan) < 0 || plan->own.other) {
		look_out(plan);
		/* Its end is the reason perhaps: an init took its pid namespace along. */
		return plan->hold.pid ? nsi_hold_check_alive(&plan->hold) : 0;
	}
	r = nsi_plan_take_maps(plan);
	if (!r)
		r = nsi_plan_judge_exposure(plan);
	if (!r)
		r = take_confinement(plan);
	if (!r)
		r = nsi_plan_take_places(plan);
	if (!r)
		r = nsi_plan_take_identity(plan);
	if (!r)
		r = nsi_plan_take_environment(plan);
	/* Still the process that was meant? Then all of this was its. */
	if (!r && plan->hold.pid)
		r = nsi_hold_check(&plan->hold);
	look_out(plan);
	return r;
}

int nsu_plan_new(struct nsu_ctx *ctx, const struct nsu_target *target,
		 const struct nsu_plan_options *opts, struct nsu_plan **ret)
{
	struct nsu_plan_options own = NSU_PLAN_OPTIONS_INIT;
	struct nsu_plan *plan;
	int r = 0;

	if (!ctx || !ret)
		return -EINVAL;
	if (opts)
		r = nsi_take_options(&own, sizeof(own), FIRST_SIZE, opts);
	if (r < 0)
		return r;
	r = check_options(&own);
	if (r < 0)
		return r;
	plan = new_plan(ctx, &own);
	if (!plan)
		return -ENOMEM;
	r = fill(plan, target);
	if (r < 0) {
		nsu_plan_free(plan);
		return r;
	}
	plan->planned_count = plan->problem_count;
	*ret = plan;
	return 0;
}

const struct nsu_entry *nsu_plan_get_entry(const struct nsu_plan *plan,
					   enum nsu_type type)
{
	return (unsigned)type < NSU_TYPE_COUNT ? &plan->entry[type] : NULL;
}

int nsu_plan_check(const struct nsu_plan *plan)
{
	if (!plan)
		return -EINVAL;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (plan->entry[type].verdict == NSU_ENTRY_NO ||
		    plan->entry[type].verdict == NSU_ENTRY_UNREAD)
			return -EPERM;
	return plan->exposed && !plan->opts.force ? -EXDEV : 0;
}

pid_t nsu_plan_get_pid(const struct nsu_plan *plan)
{
	return plan->hold.pid;
}

size_t nsu_plan_count_problems(const struct nsu_plan *plan)
{
	return plan->problem_count;
}

const struct nsu_failure *nsu_plan_get_problem(const struct nsu_plan *plan, size_t index)
{
	return index < plan->problem_count ? &plan->problem[index] : NULL;
}

const struct nsu_outlook *nsu_plan_get_outlook(const struct nsu_plan *plan)
{
	return &plan->outlook;
}
