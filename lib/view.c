/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command's own mount namespace: its /proc, and the target's files shown in it. */
#include "uapi.h"
#include "view.h"

int nsi_mount_new(const char *fstype, const struct nsi_mount_option *options,
		  unsigned attributes, int *ret_context)
{
	nsi_autoclose int context = -1;
	int fd;

	context = syscall(SYS_fsopen, fstype, FSOPEN_CLOEXEC);
	if (context < 0)
		return nsi_errno();
	/* else mountinfo would call it "none" */
	if (nsi_fsconfig(context, FSCONFIG_SET_STRING, "source", fstype) < 0)
		return nsi_errno();
	for (; options && options->name; options++)
		if (nsi_fsconfig(context, FSCONFIG_SET_STRING, options->name,
				 options->value) < 0)
			return nsi_errno();
	if (nsi_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return nsi_errno();
	fd = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
	if (fd < 0)
		return nsi_errno();
	if (ret_context) {
		*ret_context = context;
		context = -1;
	}
	return fd;
}

void nsi_view_free(struct nsi_view *view)
{
	nsi_mountpoints_free(view->below_sys, view->below_count);
	for (size_t i = 0; i < ARRAY_SIZE(view->files); i++)
		free(view->files[i].text);
	free(view->tree_dir);
	/* Descriptors are the child's, and gone with its exec. */
	*view = (struct nsi_view)NSI_VIEW_INIT;
}

void nsi_view_forget(struct nsi_view *view)
{
	view->tree = -1;
	for (size_t i = 0; i < view->below_count; i++)
		view->below_sys[i].fd = -1;
}

void nsi_view_plan_proc(const struct nsu_ctx *ctx, struct nsi_view *view)
{
	view->proc = true;
	view->hidepid = nsu_ctx_get_procfs(ctx)->hidepid;
	view->subset = nsu_ctx_get_procfs(ctx)->subset;
}

/* setns(2) into a mount namespace leaves both at its root; the caller's may differ. */
struct place {
	int root, cwd;
};

static int open_place(struct place *ret)
{
	nsi_autoclose int root = -1, cwd = -1;

	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return nsi_errno();
	cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cwd < 0)
		return nsi_errno();
	/* A way back that would be refused is better known before leaving. */
	if (fchdir(cwd) < 0 || fchdir(root) < 0 || fchdir(cwd) < 0)
		return nsi_errno();
	*ret = (struct place){ root, cwd };
	root = cwd = -1;
	return 0;
}

static int come_back(const struct place *place)
{
	if (fchdir(place->root) < 0 || chroot(".") < 0 || fchdir(place->cwd) < 0)
		return -ENOTRECOVERABLE;
	return 0;
}

static void close_place(struct place *place)
{
	nsi_closep(&place->root);
	nsi_closep(&place->cwd);
}

static int make_private(void)
{
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? nsi_errno() : 0;
}

/* From the root of the namespace, to which setns(2) leads even out of a chroot(2). */
static int make_private_above(void)
{
	nsi_autoclose int self = -1;
	struct place place;
	int r;

	self = syscall(SYS_pidfd_open, getpid(), 0);
	if (self < 0)
		return nsi_errno();
	r = open_place(&place);
	if (r < 0)
		return r;
	r = setns(self, CLONE_NEWNS) < 0 ? nsi_errno() : 0;
	if (!r) {
		r = make_private();
		if (come_back(&place) < 0)
			r = -ENOTRECOVERABLE;
	}
	close_place(&place);
	return r;
}

int nsi_view_unshare(void)
{
	int r;

	if (unshare(CLONE_NEWNS) < 0)
		return nsi_errno();
	r = make_private();
	/* A root that is no mount point has no propagation of its own. */
	return r == -EINVAL ? make_private_above() : r;
}

/* As numbers: kernels before 5.8 know no words for them. */
static const char *get_hidepid(const struct nsi_view *view)
{
	switch (view->hidepid) {
	case NSU_HIDEPID_NOACCESS:
		return "1";
	case NSU_HIDEPID_INVISIBLE:
		return "2";
	case NSU_HIDEPID_PTRACEABLE:
		return "4";
	default:
		return NULL;
	}
}

/* gid= is not taken over: it would exempt a group of the host's from what is hidden. */
int nsi_view_mount_proc(const struct nsi_view *view)
{
	struct nsi_mount_option options[3] = { 0 };
	const char *hidepid = get_hidepid(view);
	nsi_autoclose int dir = -1, procfs = -1;
	size_t n = 0;

	if (!view->proc)
		return 0;
	/* in the target's mount namespace even this name is the target's */
	dir = open("/proc", NSI_DIR_FLAGS);
	if (dir < 0)
		return nsi_errno();
	if (hidepid)
		options[n++] = (struct nsi_mount_option){ "hidepid", hidepid };
	if (view->subset)
		options[n++] = (struct nsi_mount_option){ "subset", "pid" };
	procfs = nsi_mount_new("proc", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			       MOUNT_ATTR_NOEXEC, NULL);
	if (procfs < 0)
		return procfs;
	if (nsi_move_mount(procfs, dir, "") < 0)
		return nsi_errno();
	return 0;
}

static int copy_tree(int mntns, int root, int own_mntns)
{
	struct place place;
	int r, tree = -1;

	r = open_place(&place);
	if (r < 0)
		return r;
	r = setns(mntns, CLONE_NEWNS) < 0 ? nsi_errno() : 0;
	if (!r) {
		tree = nsi_open_tree(root, "", AT_EMPTY_PATH | AT_RECURSIVE);
		if (tree < 0)
			r = nsi_errno();
		if (setns(own_mntns, CLONE_NEWNS) < 0 || come_back(&place) < 0) {
			nsi_closep(&tree);
			r = -ENOTRECOVERABLE;
		}
	}
	close_place(&place);
	return r < 0 ? r : tree;
}

int nsi_view_take_tree(struct nsi_view *view, int mntns, int root, int own_mntns)
{
	/* struct mount_attr, which not every C library's headers have: set, clear,
	   propagation, user namespace */
	uint64_t attr[4] = { MOUNT_ATTR_NOSUID, 0, MS_PRIVATE, 0 };
	nsi_autoclose int tree = -1;

	tree = copy_tree(mntns, root, own_mntns);
	if (tree < 0)
		return tree;
	if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, attr,
		    sizeof(attr)) < 0 && errno != ENOSYS)
		return nsi_errno();
	view->tree = tree;
	tree = -1;
	return 0;
}

int nsi_view_mount_tree(struct nsi_view *view)
{
	nsi_autoclose int dir = -1;

	if (!view->tree_dir)
		return 0;
	dir = open(view->tree_dir, NSI_DIR_FLAGS);
	if (dir < 0)
		return nsi_errno();
	if (nsi_move_mount(view->tree, dir, "") < 0)
		return nsi_errno();
	nsi_closep(&view->tree);
	view->tree = -1;
	/* Where mount_setattr(2) is missing the copies are still the target's peers. */
	if (mount(NULL, view->tree_dir, NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return nsi_errno();
	return 0;
}
