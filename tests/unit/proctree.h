/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A private directory of plain files and links shaped like /proc. */
#ifndef NSU_PROCTREE_H
#define NSU_PROCTREE_H

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include "nsi.h"
#include "../tap.h"

static char tree_path[PATH_MAX];
static int tree_fd = -1;

static int tree_remove_one(const char *path, const struct stat *st, int flag,
			   struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static void tree_end(void)
{
	if (tree_fd < 0)
		return;
	close(tree_fd);
	tree_fd = -1;
	nftw(tree_path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* One at a time; the last goes when the test ends. */
static void tree_begin(void)
{
	static bool registered;
	const char *tmp = getenv("TMPDIR");

	tree_end();
	if (!registered)
		atexit(tree_end);
	registered = true;
	snprintf(tree_path, sizeof(tree_path), "%s/nsutil-tree.XXXXXX",
		 tmp ? tmp : "/tmp");
	if (mkdtemp(tree_path))
		tree_fd = open(tree_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree_fd >= 0)
		return;
	printf("Bail out! no directory for the fixture\n");
	exit(1);
}

static void tree_dirs(const char *path)
{
	char part[PATH_MAX];

	for (const char *end = strchr(path, '/'); end; end = strchr(end + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
		mkdirat(tree_fd, part, 0755);
	}
}

/* tree_link("net:[1]", "%d/ns/net", pid) */
__attribute__((format(printf, 2, 3)))
static void tree_link(const char *text, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	tree_dirs(path);
	unlinkat(tree_fd, path, 0);
	if (symlinkat(text, tree_fd, path) < 0)
		diag("link %s: %s", path, strerror(errno));
}

__attribute__((format(printf, 2, 3), unused))
static void tree_file(const char *text, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	int fd;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	tree_dirs(path);
	fd = openat(tree_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		diag("file %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* The first namespaces, by type; those of a process are these plus what it gives. */
#define TREE_FIRST(type) ((type) == NSU_PID ? 0xeffffffcu : \
			  (type) == NSU_USER ? 0xeffffffdu : 4026531840u + (type))

/* The links of a task at "PID" or "PID/task/TID". own is a mask of types; those have the
   inode number + type, the others the first one. number 0: none has its own. */
__attribute__((unused))
static void tree_task(const char *at, unsigned own, uint64_t number)
{
	char text[64];

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		const struct nsu_type_info *info = nsu_type_get_info(type);
		uint64_t inode = own & 1u << type ? number + type : TREE_FIRST(type);

		snprintf(text, sizeof(text), "%s:[%ju]", info->name, (uintmax_t)inode);
		tree_link(text, "%s/ns/%s", at, info->name);
		if (info->for_children)
			tree_link(text, "%s/ns/%s", at, info->for_children);
	}
}

__attribute__((unused))
static void tree_process(pid_t pid, unsigned own, uint64_t number)
{
	char at[32], tid[64];

	snprintf(at, sizeof(at), "%d", pid);
	tree_task(at, own, number);
	snprintf(tid, sizeof(tid), "%d/task/%d", pid, pid);
	tree_task(tid, own, number);
}

__attribute__((unused))
static struct nsu_snapshot *tree_scan_with(unsigned parts, unsigned types,
					   const char *disable, struct nsu_ctx **ret_ctx)
{
	struct nsu_ctx_options options = NSU_CTX_OPTIONS_INIT;
	struct nsu_scan_options scan = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;
	struct nsu_ctx *made = NULL;

	options.proc_fd = tree_fd;
	options.disable = disable;
	scan.parts = parts;
	scan.types = types;
	is_int(nsu_ctx_new(&options, &made), 0, "a context on the tree");
	is_int(nsu_snapshot_new(made, &scan, &snap), 0, "a scan of it");
	*ret_ctx = made;
	return snap;
}

#define TREE_PARTS (NSU_PART_TASKS | NSU_PART_THREADS | NSU_PART_CHILDREN | NSU_PART_PIDS)

#endif
