/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sysfs that shows the entered net namespace, with all that was mounted below /sys. */
#include <stdio.h>
#include <string.h>
#include "view.h"

#define LIMIT (64 << 20)	/* as of binds.c */

static const struct {
	const char *word;		/* in mountinfo */
	unsigned long flag;
	unsigned attribute;
} flags[] = {
	{ "ro", MS_RDONLY, MOUNT_ATTR_RDONLY },
	{ "nosuid", MS_NOSUID, MOUNT_ATTR_NOSUID },
	{ "nodev", MS_NODEV, MOUNT_ATTR_NODEV },
	{ "noexec", MS_NOEXEC, MOUNT_ATTR_NOEXEC },
	{ "nosymfollow", MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW },
	{ "noatime", MS_NOATIME, MOUNT_ATTR_NOATIME },
	{ "nodiratime", MS_NODIRATIME, MOUNT_ATTR_NODIRATIME },
	{ "relatime", MS_RELATIME, MOUNT_ATTR_RELATIME },
	{ "", MS_STRICTATIME, MOUNT_ATTR_STRICTATIME },	/* has no word */
};

struct plan {
	struct nsi_mountpoint *list;
	size_t count, size;
	unsigned long id, flags;	/* of the mount at /sys */
	bool found;
};

void nsi_mountpoints_free(struct nsi_mountpoint *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i].path);
	free(list);
}

/* The number that mountinfo has for what is on top at /sys. */
static int find_id(int self, unsigned long *ret)
{
	char path[32], info[256];
	const char *value;
	nsi_autoclose int dir = -1;
	ssize_t n;

	dir = open("/sys", NSI_DIR_FLAGS);
	if (dir < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? -ENODEV :
			nsi_errno();
	snprintf(path, sizeof(path), "fdinfo/%d", dir);
	n = nsi_read_at(self, path, info, sizeof(info));
	if (n < 0)
		return n;
	value = strstr(info, "mnt_id:");
	if (!value)
		return -ENODATA;
	*ret = strtoul(value + strlen("mnt_id:"), NULL, 10);
	return 0;
}

static unsigned long parse_flags(char *options)
{
	unsigned long found = 0;
	char *save = NULL;

	for (char *word = strtok_r(options, ",", &save); word;
	     word = strtok_r(NULL, ",", &save))
		for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
			if (!strcmp(word, flags[i].word))
				found |= flags[i].flag;
	if (!(found & (MS_NOATIME | MS_RELATIME)))
		found |= MS_STRICTATIME;
	return found;
}

static int take_line(struct plan *plan, char *line)
{
	struct nsi_mount mount;
	char *path;
	int r;

	if (nsi_parse_mount(line, &mount) < 0)
		return 0;
	if (mount.id == plan->id) {
		/* a part of a sysfs has other paths than the whole of one */
		plan->found = !strcmp(mount.fstype, "sysfs") &&
			!strcmp(mount.root, "/") && !strcmp(mount.point, "/sys");
		plan->flags = parse_flags(mount.options);
		plan->flags |= parse_flags(mount.super) & MS_RDONLY;
		return 0;
	}
	/* Of several at one point the others stand on the first. */
	if (mount.parent != plan->id || strncmp(mount.point, "/sys/", 5))
		return 0;
	r = nsi_grow((void **)&plan->list, &plan->size, plan->count,
		     sizeof(*plan->list));
	if (r < 0)
		return r;
	path = strdup(mount.point);
	if (!path)
		return -ENOMEM;
	plan->list[plan->count++] = (struct nsi_mountpoint){ path, -1 };
	return 0;
}

static bool is_below(const char *path, const char *other)
{
	size_t len = strlen(other);

	return !strncmp(path, other, len) && path[len] == '/';
}

/* Drops what another mount on the same sysfs has covered since. */
static void drop_hidden(struct plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->count; i++)
		for (size_t j = 0; j < plan->count; j++)
			if (is_below(plan->list[i].path, plan->list[j].path))
				plan->list[i].fd = -2;
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->list[i].fd == -2)
			free(plan->list[i].path);
		else
			plan->list[kept++] = plan->list[i];
	}
	plan->count = kept;
}

int nsi_view_plan_sys(const struct nsu_ctx *ctx, struct nsi_view *view)
{
	nsi_autofree char *text = NULL;
	nsi_autoclose int self = -1;
	struct plan plan = { 0 };
	char *save = NULL;
	ssize_t n;
	int r;

	view->sys = false;
	self = nsi_ctx_open_self(ctx);
	if (self < 0)
		return self;
	r = find_id(self, &plan.id);
	if (r < 0)
		return r;
	n = nsi_read_all_at(self, "mountinfo", LIMIT, &text);
	if (n < 0)
		return n;
	if (n >= LIMIT)
		return -EFBIG;
	for (char *line = strtok_r(text, "\n", &save); line && !r;
	     line = strtok_r(NULL, "\n", &save))
		r = take_line(&plan, line);
	if (!r && !plan.found)
		r = -ENODEV;
	if (r < 0) {
		nsi_mountpoints_free(plan.list, plan.count);
		return r;
	}
	drop_hidden(&plan);
	nsi_mountpoints_free(view->below_sys, view->below_count);
	view->below_sys = plan.list;
	view->below_count = plan.count;
	view->sys_flags = plan.flags;
	view->sys = true;
	return 0;
}

static bool is_gone(int error)
{
	return error == -ENOENT || error == -ENOTDIR;
}

static int copy_below(struct nsi_view *view)
{
	for (size_t i = 0; i < view->below_count; i++) {
		struct nsi_mountpoint *point = &view->below_sys[i];
		int r;

		point->fd = nsi_open_tree(AT_FDCWD, point->path,
					  AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);
		r = point->fd < 0 ? nsi_errno() : 0;
		if (r < 0 && !is_gone(r))
			return r;
	}
	return 0;
}

/* Below the new sysfs by the same paths; a device of another net namespace has none. */
static int put_back(struct nsi_view *view, int sysfs)
{
	for (size_t i = 0; i < view->below_count; i++) {
		struct nsi_mountpoint *point = &view->below_sys[i];
		const char *path = point->path + strlen("/sys/");
		int r;

		if (point->fd < 0)
			continue;
		r = nsi_move_mount(point->fd, sysfs, path) < 0 ? nsi_errno() : 0;
		if (r < 0 && !is_gone(r))
			return r;
		nsi_closep(&point->fd);
		point->fd = -1;
	}
	return 0;
}

/*
 * Kernels from 6.15 on let mounts be attached to what is not attached itself: then /sys
 * changes at once. Others say EINVAL, and /sys lacks them for a moment.
 */
static int replace_sys(struct nsi_view *view, int sysfs, int dir)
{
	bool whole;
	int r;

	r = put_back(view, sysfs);
	if (r < 0 && r != -EINVAL)
		return r;
	whole = !r;
	if (nsi_move_mount(sysfs, dir, "") < 0)
		return nsi_errno();
	if (whole)
		return 0;
	r = put_back(view, sysfs);
	if (r < 0)
		umount2("/sys", MNT_DETACH | UMOUNT_NOFOLLOW);
	return r;
}

int nsi_view_mount_sys(struct nsi_view *view)
{
	nsi_autoclose int dir = -1, sysfs = -1;
	unsigned attributes = 0;
	int r;

	if (!view->sys)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (view->sys_flags & flags[i].flag)
			attributes |= flags[i].attribute;
	dir = open("/sys", NSI_DIR_FLAGS);
	if (dir < 0)
		return nsi_errno();
	r = copy_below(view);
	if (!r)
		r = sysfs = nsi_mount_new("sysfs", NULL, attributes, NULL);
	if (r >= 0)
		r = replace_sys(view, sysfs, dir);
	for (size_t i = 0; i < view->below_count; i++) {
		nsi_closep(&view->below_sys[i].fd);
		view->below_sys[i].fd = -1;
	}
	return r;
}
