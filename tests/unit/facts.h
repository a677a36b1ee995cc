/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces of children looked at, and that nothing is changed or left by it. */
#ifndef NSU_FACTS_H
#define NSU_FACTS_H

#include "box.h"

/* A picture of these processes alone: the caller, and up to two kids. */
static struct nsu_snapshot *picture(pid_t one, pid_t two)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	pid_t pids[] = { getpid(), one, two };
	struct nsu_snapshot *snap = NULL;
	int r;

	options.pids = pids;
	options.pid_count = two ? 3 : one ? 2 : 1;
	r = nsu_snapshot_new(ctx, &options, &snap);
	if (r < 0) {
		printf("Bail out! scan: %s\n", strerror(-r));
		exit(1);
	}
	return snap;
}

static const struct nsu_ns *ns_of(const struct nsu_snapshot *snap, pid_t pid,
				  enum nsu_type type)
{
	const struct nsu_task *task = NULL;
	const struct nsu_ns *ns = NULL;

	if (!nsu_snapshot_find_task(snap, pid, &task))
		nsu_task_get_ns(task, type, &ns);
	return ns;
}

/* What must be the same afterwards. */
struct traces {
	int fds;
	char *own, *theirs;		/* mounts */
};

static char *mounts_text(pid_t pid)
{
	char *text = NULL;

	nsi_read_all_at(AT_FDCWD, fmt("/proc/%d/mountinfo", pid), 16 << 20, &text);
	return text;
}

static struct traces traces_before(pid_t pid)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	/* that of an earlier kid */
	sigtimedwait(&child, NULL, &(struct timespec){ 0 });
	return (struct traces){ count_fds(), mounts_text(getpid()), mounts_text(pid) };
}

static void traces_check(struct traces *before, pid_t pid, const char *what)
{
	nsi_autofree char *own = mounts_text(getpid()), *theirs = mounts_text(pid);
	sigset_t pending;

	sigpending(&pending);
	ok(!sigismember(&pending, SIGCHLD), "%s: no SIGCHLD", what);
	/* Kids live: a zombie would be found, one that is not ours to wait for too. */
	is_int(waitpid(-1, NULL, WNOHANG | __WALL), 0, "%s: no child ended", what);
	is_int(count_fds(), before->fds, "%s: no descriptor is left", what);
	ok(own && before->own && !strcmp(own, before->own), "%s: own mounts", what);
	ok(theirs && before->theirs && !strcmp(theirs, before->theirs),
	   "%s: its mounts", what);
	free(before->own);
	free(before->theirs);
}

#endif
