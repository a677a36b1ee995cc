/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cgroups that a test makes, and processes in them. All of it goes when the test ends. */
#ifndef NSU_CGTREE_H
#define NSU_CGTREE_H

#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include "enter.h"
#include "kid.h"
#include "../tap.h"

/* Those from MEMORY on are for usage and limits alone. */
enum { UNIFIED, PIDS, FREEZER, MEMORY, CPU, CPUSET, HIERARCHIES };

/* What the test makes is below these; "": the host has no such hierarchy to use. */
static char top[HIERARCHIES][PATH_MAX];
static const char *const controller[] = { "", "pids", "freezer", "memory", "cpu",
					"cpuset" };

static struct nsu_ctx *ctx;
static int target = -1;			/* the /proc/PID of what is looked at */

__attribute__((format(printf, 2, 3)))
static int put(const char *text, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	int fd, r = 0;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int put_pid(pid_t pid, int which, const char *below)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return put(text, "%s/%s/cgroup.procs", top[which], below);
}

static void make(int which, const char *below)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", top[which], below);
	if (mkdir(path, 0755) < 0)
		diag("mkdir %s: %s", path, strerror(errno));
}

static void look_at(pid_t pid)
{
	char path[32];

	if (target >= 0)
		close(target);
	snprintf(path, sizeof(path), "/proc/%d", pid);
	target = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* A process of ours in that cgroup, which is looked at then. */
static struct kid kid_in(int which, const char *below)
{
	struct kid kid = { .pid = -1 };

	is_int(kid_start(&kid, 0, NULL), 0, "a process");
	is_int(put_pid(kid.pid, which, below), 0, "is put into %s/%s", controller[which],
	       below);
	look_at(kid.pid);
	return kid;
}

static const struct nsi_cgroup *find(const struct nsi_cgroups *groups, int which)
{
	for (size_t i = 0; i < groups->count; i++)
		if (which == UNIFIED ? groups->list[i].unified :
		    nsi_cgroup_has(&groups->list[i], controller[which]))
			return &groups->list[i];
	return NULL;
}

/* 1: it can be joined; 0: it need not; else its error. */
static int outcome(const struct nsi_cgroups *groups, int which)
{
	const struct nsi_cgroup *group = find(groups, which);

	if (!group)
		return -ENODATA;
	return group->fd >= 0 ? 1 : group->error;
}

/* Which a kid looks at with its own eyes. */
static int asked;

__attribute__((unused))
static int open_asked(void)
{
	struct nsi_cgroups groups = { 0 };
	int r = nsi_cgroups_open(ctx, target, &groups);

	return r < 0 ? r : outcome(&groups, asked);
}

__attribute__((unused))
static int said_by(int (*body)(void))
{
	struct kid kid;
	int r = kid_start(&kid, 0, body);

	if (r < 0)
		return r;
	kid_end(&kid);
	return kid.said;
}

__attribute__((unused))
static int open_and_join(void)
{
	struct nsi_cgroups groups = { 0 };
	const struct nsi_cgroup *group;
	int r = nsi_cgroups_open(ctx, target, &groups);

	group = r < 0 ? NULL : find(&groups, asked);
	if (!group || group->fd < 0)
		return -ENODATA;
	return nsi_cgroup_join(group);
}

/* Finds where the host has the hierarchies, and makes a place for the test in each. */
static void find_tops(void)
{
	nsi_autofree char *text = NULL;
	char *save = NULL;

	if (nsi_read_all_at(AT_FDCWD, "/proc/self/mountinfo", 16 << 20, &text) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct nsi_mount mount;

		if (nsi_parse_mount(line, &mount) < 0)
			continue;
		for (int i = 0; i < HIERARCHIES; i++) {
			nsi_autofree char *name = strdup(controller[i]);
			struct nsi_cgroup group = {
				.unified = i == UNIFIED, .controllers = name,
			};

			if (*top[i] || !nsi_cgroup_match(&group, &mount))
				continue;
			snprintf(top[i], sizeof(top[i]), "%.3000s/nsutil-test-%d",
				 mount.point, getpid());
			if (mkdir(top[i], 0755) < 0)
				*top[i] = '\0';
		}
	}
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)ftw;
	/* A cgroup's files go with it. */
	if (flag == FTW_DP && rmdir(path) < 0)
		diag("rmdir %s: %s", path, strerror(errno));
	return 0;
}

static int thaw_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)ftw;
	if (flag != FTW_D)
		return 0;
	put("0", "%s/cgroup.freeze", path);
	put("THAWED", "%s/freezer.state", path);
	return 0;
}

/*
 * Runs the checks in a process of their own and cleans up behind it, however it ends.
 * Its children end with it, and come to this process then.
 */
static int supervise(void (*checks)(void))
{
	struct nsu_ctx *own;
	int status = 0;
	pid_t pid;

	if (geteuid())
		skip_all("only root may make cgroups");
	if (nsu_ctx_new(NULL, &own) == 0 && !nsu_ctx_get_procfs(own)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	nsu_ctx_free(own);
	find_tops();
	if (!*top[UNIFIED] && !*top[PIDS] && !*top[FREEZER])
		skip_all("no cgroup can be made");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (!pid) {
		checks();
		exit(done());
	}
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	waitpid(pid, &status, 0);
	for (int i = 0; i < HIERARCHIES; i++)
		if (*top[i])
			nftw(top[i], thaw_one, 16, FTW_PHYS);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	for (int i = 0; i < HIERARCHIES; i++)
		if (*top[i])
			nftw(top[i], remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

#endif
