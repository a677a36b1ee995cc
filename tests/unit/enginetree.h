/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A root directory with a procfs in it and what engines left: scanned as a whole. */
#ifndef NSU_ENGINETREE_H
#define NSU_ENGINETREE_H

#include "proctree.h"

#define X16(c)	c c c c c c c c c c c c c c c c
#define X64(c)	X16(c) X16(c) X16(c) X16(c)
#define A	X64("a")
#define B	X64("b")
#define C	X64("c")
#define D	X64("d")
#define P	X64("1")

static struct nsu_ctx *ctx;
static struct nsu_snapshot *snap;

/* cgroup NULL: "/". */
static void process(pid_t pid, const char *comm, pid_t parent, const char *cgroup)
{
	char text[512];

	tree_process(pid, pid > 99 ? 1u << NSU_PID | 1u << NSU_MNT : 0, pid * 16);
	snprintf(text, sizeof(text), "Name:\t%s\nState:\tS (sleeping)\nTgid:\t%d\n"
		 "PPid:\t%d\nUid:\t0\t0\t0\t0\nThreads:\t1\nNSpid:\t%d%s\n", comm,
		 pid, parent, pid, pid > 99 ? "\t1" : "");
	tree_file(text, "%d/status", pid);
	snprintf(text, sizeof(text),
		 "%d (%s) S %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0\n", pid, comm,
		 parent, pid);
	tree_file(text, "%d/stat", pid);
	snprintf(text, sizeof(text), "0::%s\n", cgroup ? cgroup : "/");
	tree_file(text, "%d/cgroup", pid);
	tree_file("", "%d/cmdline", pid);
}

/* The arguments, separated by blanks. */
__attribute__((unused))
static void command_line(pid_t pid, const char *text)
{
	char path[32], *copy = strdup(text);
	size_t len = strlen(text) + 1;
	int fd;

	snprintf(path, sizeof(path), "%d/cmdline", pid);
	fd = openat(tree_fd, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	for (char *c = copy; c && *c; c++)
		*c = *c == ' ' ? '\0' : *c;
	if (!copy || fd < 0 || write(fd, copy, len) != (ssize_t)len)
		diag("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(copy);
}

static void engines_begin(void)
{
	umask(022);
	tree_begin();
	process(1, "init", 0, "/init.scope");
}

static int scan_quietly(void)
{
	struct nsu_ctx_options options = NSU_CTX_OPTIONS_INIT;
	struct nsu_scan_options scan = NSU_SCAN_OPTIONS_INIT;
	int r;

	options.proc_fd = tree_fd;
	options.root = tree_path;
	options.log_level = NSU_LOG_ERROR;
	scan.parts = NSU_PART_TASKS | NSU_PART_PIDS | NSU_PART_CONTAINERS;
	r = nsu_ctx_new(&options, &ctx);
	return r < 0 ? r : nsu_snapshot_new(ctx, &scan, &snap);
}

__attribute__((unused))
static void scan(void)
{
	is_int(scan_quietly(), 0, "a scan");
}

static void scan_end(void)
{
	nsu_snapshot_free(snap);
	nsu_ctx_free(ctx);
	snap = NULL;
	ctx = NULL;
}

static const struct nsu_container *of(pid_t pid)
{
	const struct nsu_container *found = NULL;
	const struct nsu_task *task = NULL;

	return nsu_snapshot_find_task(snap, pid, &task) ||
		nsu_task_get_container(task, &found) ? NULL : found;
}

__attribute__((unused))
static const char *text_of(pid_t pid, enum nsu_container_text what)
{
	const struct nsu_container *c = of(pid);
	const char *found = NULL;

	return !c || nsu_container_get_text(c, what, &found) ? NULL : found;
}

__attribute__((unused))
static int error_of(pid_t pid, enum nsu_container_text what)
{
	const struct nsu_container *c = of(pid);
	const char *found = NULL;

	return c ? nsu_container_get_text(c, what, &found) : -ESRCH;
}

__attribute__((unused))
static int gap_of(pid_t pid)
{
	const struct nsu_gap *gap;

	for (size_t i = 0; (gap = nsu_snapshot_get_gap(snap, i)); i++)
		if (gap->pid == pid && !strcmp(gap->step, "state"))
			return -gap->error;
	return 0;
}

/* name, image: NULL for none. */
#define is_named(pid, engine, name, image) do { \
	is_str(text_of((pid), NSU_CONTAINER_ENGINE), (engine), "%d: its engine", (pid)); \
	is_str(text_of((pid), NSU_CONTAINER_NAME), (name), "%d: its name", (pid)); \
	is_str(text_of((pid), NSU_CONTAINER_IMAGE), (image), "%d: its image", (pid)); \
} while (0)

#define is_in_pod(pid, namespace, pod, uid, name) do { \
	is_str(text_of((pid), NSU_CONTAINER_POD_NAMESPACE), (namespace), \
	       "%d: its namespace", (pid)); \
	is_str(text_of((pid), NSU_CONTAINER_POD), (pod), "%d: its pod", (pid)); \
	is_str(text_of((pid), NSU_CONTAINER_POD_UID), (uid), "%d: its uid", (pid)); \
	is_str(text_of((pid), NSU_CONTAINER_POD_CONTAINER), (name), \
	       "%d: its name in the pod", (pid)); \
} while (0)

#endif
