/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds a namespace, looked for in a scan of a few processes. */
#ifndef NSU_HOLDERS_H
#define NSU_HOLDERS_H

#include <dirent.h>
#include <sys/stat.h>
#include "nsi.h"
#include "kid.h"
#include "../tap.h"

__attribute__((unused))
static struct nsu_snapshot *scan_these(struct nsu_ctx *ctx, unsigned parts,
				       const pid_t *pids, size_t count)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;

	options.parts = parts;
	options.pids = pids;
	options.pid_count = count;
	is_int(nsu_snapshot_new(ctx, &options, &snap), 0, "a scan");
	if (!snap)
		exit(done());
	return snap;
}

/* How many holders of that kind a namespace has of that process; the last is *ret. fd
   -1: whatever descriptor. */
__attribute__((unused))
static int holders_of(const struct nsu_snapshot *snap, uint64_t inode,
		      enum nsu_holder_kind kind, pid_t pid, int fd,
		      struct nsu_holder *ret)
{
	struct nsu_holder holder = NSU_HOLDER_INIT;
	const struct nsu_ns *ns;
	int found = 0;

	if (nsu_snapshot_find_inode(snap, inode, &ns) < 0)
		return -1;
	for (size_t i = 0; !nsu_ns_get_holder(ns, i, &holder); i++) {
		if (holder.kind != kind || !holder.task ||
		    nsu_task_get_pid(holder.task) != pid || (fd >= 0 && holder.fd != fd))
			continue;
		found++;
		if (ret)
			*ret = holder;
	}
	return found;
}

/* Any holder of this kind with this descriptor, whatever the namespace. */
__attribute__((unused))
static int holders_by_fd(const struct nsu_snapshot *snap, enum nsu_holder_kind kind,
			 pid_t pid, int fd)
{
	const struct nsu_ns *ns;
	int found = 0;

	nsu_foreach_ns(ns, snap)
		found += holders_of(snap, nsu_ns_get_inode(ns), kind, pid, fd, NULL);
	return found;
}

/* The errno that a source was told with; -1: it was not. */
__attribute__((unused))
static int source_error(const struct nsu_snapshot *snap, const char *name)
{
	for (size_t i = 0; i < nsu_snapshot_count_sources(snap); i++)
		if (!strcmp(nsu_snapshot_get_source(snap, i)->name, name))
			return nsu_snapshot_get_source(snap, i)->error;
	return -1;
}

/* Of sockets that only the network namespace itself could tell: without cookies, and
   without the powers to ask for it. */
static inline int no_cookies(const struct nsu_ctx *ctx)
{
	return geteuid() && nsu_ctx_get_interface(ctx, NSU_IF_NETNS_COOKIE) !=
		NSU_IF_PRESENT ? EPERM : 0;
}

/* The errno of a gap of a process at a step; 0: there is none. */
__attribute__((unused))
static int gap_error(const struct nsu_snapshot *snap, pid_t pid, const char *step)
{
	for (size_t i = 0; i < nsu_snapshot_count_gaps(snap); i++) {
		const struct nsu_gap *gap = nsu_snapshot_get_gap(snap, i);

		if (gap->pid == pid && !strcmp(gap->step, step))
			return gap->error;
	}
	return 0;
}

__attribute__((unused))
static bool has_gap(const struct nsu_snapshot *snap, pid_t pid)
{
	for (size_t i = 0; i < nsu_snapshot_count_gaps(snap); i++)
		if (nsu_snapshot_get_gap(snap, i)->pid == pid)
			return true;
	return false;
}

static uint64_t inode_of_fd(int fd)
{
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) ? st.st_ino : 0;
}

/* In a kid with a user namespace of its own: a new namespace that only the descriptor in
   *ret shows. */
__attribute__((unused))
static uint64_t make_ns(const char *name, int flag, int *ret)
{
	char path[64];
	int home, fd;

	snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", name);
	home = open(path, O_RDONLY | O_CLOEXEC);
	if (home < 0 || unshare(flag) < 0)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (setns(home, flag) < 0)
		return 0;
	close(home);
	*ret = fd;
	return inode_of_fd(fd);
}

/* What a kid said is an inode. */
__attribute__((unused))
static uint64_t said_inode(const struct kid *kid)
{
	return (uint32_t)kid->said;
}

__attribute__((unused))
static int count_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

/* false: skipped. */
__attribute__((unused))
static bool start(struct kid *kid, int flags, int (*body)(void), const char *what)
{
	int r = kid_start(kid, flags, body);

	if (r < 0)
		skip(what, "user namespaces are not allowed here");
	return !r;
}

/* In a kid: into a new network namespace; *ret is the way back. */
__attribute__((unused))
static uint64_t go_to_new_net(int *ret)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), fd;
	uint64_t inode;

	if (home < 0 || unshare(CLONE_NEWNET) < 0)
		return 0;
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	inode = inode_of_fd(fd);
	close(fd);
	*ret = home;
	return inode;
}

__attribute__((unused))
static void go_back(int home)
{
	if (setns(home, CLONE_NEWNET) < 0)
		_exit(1);
	close(home);
}

#endif
