/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts by descriptor, for view.c, view-sys.c and view-files.c. */
#ifndef NSI_VIEW_H
#define NSI_VIEW_H

#include <fcntl.h>
#include <sys/mount.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include "enter.h"

/* What is mounted over: a directory in its own name, never one that a link leads to. */
#define NSI_DIR_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct nsi_mount_option {
	const char *name, *value;	/* name NULL: the end */
};

static inline int nsi_open_tree(int dirfd, const char *path, unsigned flags)
{
	return syscall(SYS_open_tree, dirfd, path,
		       flags | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

/* to "": onto dirfd itself. Returns -1 with errno set, as a system call does. */
static inline int nsi_move_mount(int mount, int dirfd, const char *to)
{
	return syscall(SYS_move_mount, mount, "", dirfd, to,
		       MOVE_MOUNT_F_EMPTY_PATH | (*to ? 0 : MOVE_MOUNT_T_EMPTY_PATH));
}

static inline int nsi_fsconfig(int context, unsigned command, const char *name,
			       const char *value)
{
	return syscall(SYS_fsconfig, context, command, name, value, 0);
}

/* view-sys.c */
void nsi_mountpoints_free(struct nsi_mountpoint *list, size_t count);
/* view.c. Child: a new mount that is attached nowhere. ret_context, where it is not
   NULL: what its superblock can be reconfigured with. */
int nsi_mount_new(const char *fstype, const struct nsi_mount_option *options,
		  unsigned attributes, int *ret_context);

#endif
