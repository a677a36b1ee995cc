/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors of namespaces that were opened by the path of a bind mount: their links do
 * not say "net:[4026532281]" but that path, and "/" when the mount is gone. Asking each
 * open file what it is would cost more than all the rest, so the paths are compared with
 * those of the mounts that were found.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "open.h"
#include "uapi.h"
#include "walk.h"

/* Inodes of namespaces are given from here on (PROC_DYNAMIC_FIRST, fs/proc). */
#define FIRST_INODE 0xf0000000u

static uint64_t hash_of(const char *text)
{
	return nsi_hash(NSI_HASH_START, text, strlen(text));
}

int nsi_note_opened(struct nsi_builder *b, pid_t pid, pid_t tid, int fd, const char *path)
{
	int r;

	if (!b->ctx->procfs.real ||
	    (path[1] && !(b->snap->parts & NSU_PART_MOUNTS)))
		return 0;
	r = nsi_grow((void **)&b->opened, &b->opened_size, b->opened_count,
		     sizeof(*b->opened));
	if (!r)
		b->opened[b->opened_count++] = (struct nsi_opened){
			.hash = hash_of(path), .pid = pid, .tid = tid, .fd = fd,
		};
	return r;
}

/* What fdinfo says of any file, whoever made it: Linux 5.14. false: certainly no
   namespace. */
static bool may_be_ns(const struct nsi_builder *b, const struct nsi_opened *o)
{
	char path[64], text[1024], *line;
	ssize_t n;

	snprintf(path, sizeof(path), "%d/task/%d/fdinfo/%d", o->pid, o->tid, o->fd);
	n = nsi_read_at(b->ctx->proc_fd, path, text, sizeof(text));
	/* Without a descriptor left it is not known: to open it says so. */
	if (n < 0)
		return nsi_is_fatal(n);
	line = strstr(text, "\nino:\t");
	return !line || strtoull(line + 6, NULL, 10) >= FIRST_INODE;
}

dev_t nsi_nsfs_device(const struct nsi_builder *b)
{
	nsi_autoclose int self = -1;
	struct stat st;

	if (b->snap->device)
		return b->snap->device;
	self = nsi_ctx_open_self(b->ctx);
	if (self < 0 || fstatat(self, "ns/mnt", &st, 0) < 0)
		return 0;
	return st.st_dev;
}

/* Held without being opened, and looked at without asking whoever serves it. */
static int open_ns(struct nsi_builder *b, const struct nsi_opened *o, uint64_t *ret_inode)
{
	nsi_autoclose int held = -1, self = -1;
	struct nsi_statx st;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%d/task/%d/fd/%d", o->pid, o->tid, o->fd);
	held = openat(b->ctx->proc_fd, path, O_PATH | O_CLOEXEC);
	if (held < 0)
		return nsi_errno();
	if (nsi_stat_cached(held, &st) < 0 ||
	    makedev(st.dev_major, st.dev_minor) != nsi_nsfs_device(b))
		return -ENOENT;
	self = nsi_ctx_open_self(b->ctx);
	if (self < 0)
		return self;
	snprintf(path, sizeof(path), "fd/%d", held);
	fd = openat(self, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return nsi_errno();
	*ret_inode = st.ino;
	return fd;
}

static int take(struct nsi_builder *b, const struct nsi_opened *o)
{
	struct nsi_keeper keeper = {
		.kind = NSU_HOLDER_FD, .pid = o->pid, .tid = o->tid, .fd = o->fd,
		.in = NSI_NONE,
	};
	nsi_autoclose int ns = -1;
	enum nsu_type type;
	uint64_t inode = 0;
	int r;

	if (nsi_builder_cancelled(b))
		return -ECANCELED;
	if (!may_be_ns(b, o))
		return 0;
	ns = open_ns(b, o, &inode);
	if (nsi_is_fatal(ns))
		return ns;
	/* Closed meanwhile, or something else. */
	if (ns < 0 || nsi_ask_type(ns, &type) < 0 || !(b->types & 1u << type) ||
	    nsi_is_of_target(b, o->pid, o->fd, inode))
		return 0;
	r = nsi_builder_add_ns(b, type, inode, &keeper.ns);
	if (!r && b->snap->parts & NSU_PART_RELATIONS && !b->snap->ns[keeper.ns].asked)
		r = nsi_builder_ask(b, keeper.ns, ns);
	return r < 0 ? r : nsi_builder_add_keeper(b, &keeper, NULL);
}

int nsi_scan_detached(struct nsi_builder *b)
{
	uint64_t root = hash_of("/");
	int r = 0;

	for (size_t i = 0; i < b->opened_count && !r; i++)
		if (b->opened[i].hash == root)
			r = take(b, &b->opened[i]);
	return r;
}

int nsi_scan_opened(struct nsi_builder *b)
{
	const struct nsu_snapshot *snap = b->snap;
	struct nsi_idmap paths = { 0 };
	uint64_t root = hash_of("/");
	int r = 0;

	for (size_t i = 0; i < snap->keeper_count && !r; i++) {
		const struct nsi_keeper *keeper = &snap->keepers[i];

		if (keeper->kind == NSU_HOLDER_MOUNT && keeper->path != NSI_NONE)
			r = nsi_idmap_add(&paths, hash_of(snap->paths + keeper->path), 1);
	}
	for (size_t i = 0; i < b->opened_count && paths.count && !r; i++)
		if (b->opened[i].hash != root &&
		    nsi_idmap_find(&paths, b->opened[i].hash) != NSI_NONE)
			r = take(b, &b->opened[i]);
	nsi_idmap_free(&paths);
	return r;
}
