/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Directories that are mounted on themselves. That of pins is shared, so that a removal
 * reaches the copies in other mount namespaces, but not with the mount that it lies on: a
 * pin would be mounted twice. That of mount namespaces is not shared at all.
 */
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "pin-store.h"
#include "view.h"

static int is_mount(struct nsu_ctx *ctx, int at, int fd)
{
	struct nsi_statx st;
	nsi_autoclose int self = -1;
	unsigned long id, above;
	int r = nsi_stat_cached(fd, &st);

	if (!r && st.attributes_mask & STATX_ATTR_MOUNT_ROOT)
		return !!(st.attributes & STATX_ATTR_MOUNT_ROOT);
	self = nsi_ctx_open_self(ctx);
	if (self < 0)
		return self;
	r = nsi_mount_id(self, fd, &id);
	if (!r)
		r = nsi_mount_id(self, at, &above);
	return r < 0 ? r : id != above;
}

static int change(int fd, unsigned long propagation)
{
	struct mount_attr attr = { .propagation = propagation };
	char path[32];
	int r = 0;

	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		r = nsi_errno();
	/* Linux before 5.12; EPERM: what old filters of system calls say */
	if (r != -ENOSYS && r != -EPERM)
		return r;
	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
	return mount(NULL, path, NULL, propagation, NULL) < 0 ? nsi_errno() : 0;
}

int nsi_store_propagate(int fd, bool shared)
{
	return change(fd, shared ? MS_SHARED : MS_PRIVATE);
}

int nsi_store_bind(struct nsu_ctx *ctx, int at, const char *name, bool shared, int *fd,
		   bool *ret_made)
{
	nsi_autoclose int tree = -1;
	int r = is_mount(ctx, at, *fd);

	if (r != 0)
		return r < 0 ? r : 0;
	tree = nsi_open_tree(*fd, "", AT_EMPTY_PATH);
	if (tree < 0)
		return nsi_errno();
	/* The copy is in the group of what it was copied from. */
	r = change(tree, MS_PRIVATE);
	if (!r && shared)
		r = change(tree, MS_SHARED);
	if (r < 0)
		return r;
	if (nsi_move_mount(tree, *fd, "") < 0)
		return nsi_errno();
	/* What was opened before lies below it. */
	r = nsi_store_dir(at, name, 0);
	if (r < 0)
		return r;
	close(*fd);
	*fd = r;
	*ret_made = true;
	return 0;
}

#define NETNS_PATIENCE	2000	/* ms */

/* As ip-netns(8) makes it, which takes the same lock meanwhile, for a moment. Anyone may
   open the directory and lock it for ever, so it is only asked for. */
static int share_netns(struct nsu_ctx *ctx, int run, int *fd)
{
	nsi_autoclose int locked = -1;
	bool made = false;
	int r = is_mount(ctx, run, *fd);

	if (r > 0)
		return nsi_store_propagate(*fd, true);
	locked = *fd;
	*fd = -1;
	if (!r)
		r = nsi_store_flock(locked, LOCK_EX, NETNS_PATIENCE);
	if (r < 0 && r != -EBUSY)
		return r;
	/* Another may have mounted it while this waited. */
	*fd = nsi_store_dir(run, "netns", 0755);
	if (*fd < 0)
		return *fd;
	r = nsi_store_bind(ctx, run, "netns", true, fd, &made);
	if (!r && !made)
		r = nsi_store_propagate(*fd, true);
	flock(locked, LOCK_UN);
	return r;
}

int nsi_netns_dir(struct nsu_ctx *ctx, enum nsi_store_use use,
		  struct nsu_pin_report *report)
{
	nsi_autoclose int run = open("/run", NSI_DIR_FLAGS);
	int fd, r;

	if (run < 0) {
		r = nsi_errno();
		return nsi_store_fail(report, NSU_PIN_STEP_NETNS, r, "/run");
	}
	fd = nsi_store_dir(run, "netns", use == NSI_STORE_CHANGE ? 0755 : 0);
	if (fd < 0)
		return nsi_store_fail(report, NSU_PIN_STEP_NETNS, fd, NSI_NETNS_DIR);
	r = use == NSI_STORE_CHANGE ? share_netns(ctx, run, &fd) : 0;
	if (r == 0)
		return fd;
	nsi_closep(&fd);
	return nsi_pin_fail(report, NSU_PIN_STEP_NETNS, r, r == -EBUSY ?
			    NSU_PIN_CAUSE_BUSY : NSU_PIN_CAUSE_NONE, "%s", NSI_NETNS_DIR);
}
