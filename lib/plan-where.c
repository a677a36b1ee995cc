/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the command will be: its root, its working directory, what is mounted for it. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "plan.h"

static int open_dir(int at, const char *path, int *ret)
{
	int fd = openat(at, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return nsi_errno();
	*ret = fd;
	return 0;
}

/* Of the target's process, which has neither once it has ended. */
static int open_its(const struct nsu_plan *plan, const char *name, int *ret)
{
	int r = open_dir(plan->hold.dir, name, ret);

	return r == -ENOENT ? -ESRCH : r;
}

static int take_root(struct nsu_plan *plan)
{
	const struct nsu_plan_options *opts = &plan->opts;
	bool needed = opts->host_tools || opts->resolv != NSU_NO ||
		plan->by_task & 1u << NSU_MNT || opts->root == NSU_YES;

	if (opts->root_dir)
		return open_dir(AT_FDCWD, opts->root_dir, &plan->root);
	if (!plan->hold.pid && opts->root == NSU_YES)
		return -EINVAL;
	if (!plan->hold.pid || !needed)
		return 0;
	return open_its(plan, "root", &plan->root);
}

/* A directory that was removed can be held but not worked in: "/" is gone to instead. */
static int check_deleted(struct nsu_plan *plan)
{
	struct stat st;

	if (fstat(plan->cwd, &st) < 0)
		return nsi_errno();
	if (st.st_nlink)
		return 0;
	nsi_plan_note(plan, NSU_STEP_CWD, -ENOENT);
	close(plan->cwd);
	plan->cwd = -1;
	plan->cwd_path = strdup("/");
	return plan->cwd_path ? 0 : -ENOMEM;
}

static int take_cwd(struct nsu_plan *plan)
{
	enum nsu_directory from = plan->opts.cwd_from;
	const char *path = plan->opts.cwd;
	int r = 0;

	if (from == NSU_CWD_AUTO && plan->by_task & 1u << NSU_MNT && plan->whole &&
	    !plan->opts.root_dir)
		from = NSU_CWD_TARGET;
	else if (from == NSU_CWD_AUTO &&
		 (nsi_plan_enters(plan, NSU_MNT) || nsi_plan_changes_root(plan)))
		from = NSU_CWD_INSIDE, path = "/";
	if ((from == NSU_CWD_INSIDE || from == NSU_CWD_OUTSIDE) && !path)
		return -EINVAL;
	if (from == NSU_CWD_TARGET) {
		if (!plan->hold.pid)
			return -EINVAL;
		r = open_its(plan, "cwd", &plan->cwd);
		return r < 0 ? r : check_deleted(plan);
	}
	if (from == NSU_CWD_OUTSIDE)
		return open_dir(AT_FDCWD, path, &plan->cwd);
	if (from == NSU_CWD_INSIDE) {
		plan->cwd_path = strdup(path);
		return plan->cwd_path ? 0 : -ENOMEM;
	}
	return 0;
}

/* Wanted by default, it may fail; asked for by name, it may not. */
static int soften(struct nsu_plan *plan, enum nsu_choice choice, enum nsu_step step,
		  int r)
{
	if (r >= 0 || choice == NSU_YES)
		return r < 0 ? r : 0;
	nsi_plan_note(plan, step, r);
	return 0;
}

static int take_view(struct nsu_plan *plan)
{
	const struct nsu_plan_options *opts = &plan->opts;
	bool inside = nsi_plan_enters(plan, NSU_MNT);
	struct nsi_view *view = &plan->view;
	int r = 0;

	if (opts->proc == NSU_YES || (opts->proc == NSU_AUTO && !inside &&
				      nsi_plan_enters(plan, NSU_PID)))
		nsi_view_plan_proc(plan->ctx, view);
	view->shared_procfs = inside;
	if (!inside && (opts->sys == NSU_YES || (opts->sys == NSU_AUTO &&
						 nsi_plan_enters(plan, NSU_NET)))) {
		view->sys = true;
		r = nsi_view_plan_sys(plan->ctx, view);
		r = soften(plan, opts->sys, NSU_STEP_SYS, r == -ENODEV ? 0 : r);
		if (r < 0)
			return r;
	}
	if (!inside && plan->root >= 0 &&
	    (opts->resolv == NSU_YES || (opts->resolv == NSU_AUTO &&
	     nsi_plan_enters(plan, NSU_NET) && nsi_plan_compare(plan, NSU_MNT) == 0))) {
		r = nsi_view_plan_resolv(plan->ctx, plan->root, view);
		r = soften(plan, opts->resolv, NSU_STEP_RESOLV, r);
	}
	return r;
}

static int take_tree(struct nsu_plan *plan)
{
	nsi_autoclose int self = -1;

	if (!plan->opts.host_tools)
		return 0;
	if (!plan->hold.pid)
		return -EINVAL;
	plan->view.tree_dir = strdup(plan->opts.tree_dir);
	if (!plan->view.tree_dir)
		return -ENOMEM;
	self = nsi_ctx_open_self(plan->ctx);
	if (self < 0)
		return self;
	plan->own_mntns = openat(self, "ns/mnt", O_RDONLY | O_CLOEXEC);
	if (plan->own_mntns < 0)
		return nsi_errno();
	plan->target_mntns = openat(plan->hold.dir, "ns/mnt", O_RDONLY | O_CLOEXEC);
	return plan->target_mntns < 0 ? nsi_errno() : 0;
}

int nsi_plan_take_places(struct nsu_plan *plan)
{
	int r;

	plan->procfs = openat(plan->ctx->proc_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (plan->procfs < 0)
		return nsi_errno();
	r = take_root(plan);
	if (!r)
		r = take_cwd(plan);
	if (!r)
		r = take_view(plan);
	if (!r)
		r = take_tree(plan);
	plan->private_mounts = nsi_view_mounts(&plan->view);
	return r;
}
