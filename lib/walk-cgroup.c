/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroup file of the task at hand: all that containers are told by at first. */
#include <stdio.h>
#include "container.h"
#include "walk.h"

#define LIMIT (64 << 10)

/* Its descriptor stays with the task; one that may not be passed through is asked by
   number, as its status is. */
static ssize_t read_text(struct nsi_walk *w, const char **ret, char **ret_large)
{
	int dir = w->nsdir;
	char path[32] = "../cgroup";
	ssize_t n = -EACCES;

	if (dir >= 0)
		n = nsi_read_once_at(dir, path, w->text, sizeof(w->text));
	if (n == -EACCES && w->tid == w->pid) {
		dir = w->b->ctx->proc_fd;
		snprintf(path, sizeof(path), "%d/cgroup", w->pid);
		n = nsi_read_once_at(dir, path, w->text, sizeof(w->text));
	}
	*ret = w->text;
	if (n != sizeof(w->text) - 1)
		return n;
	n = nsi_read_all_at(dir, path, LIMIT, ret_large);
	*ret = *ret_large;
	return n;
}

/* Also of one whose links may not be read. */
static bool has_ended(struct nsi_walk *w)
{
	char c;

	return w->nsdir >= 0 && readlinkat(w->nsdir, "mnt", &c, 1) < 0 &&
		(errno == ENOENT || errno == ESRCH);
}

int nsi_walk_cgroup(struct nsi_walk *w, struct nsu_task *task)
{
	nsi_autofree char *large = NULL;
	const char *text;
	ssize_t n;

	if (!(w->b->snap->parts & NSU_PART_CONTAINERS))
		return 0;
	n = read_text(w, &text, &large);
	if (n >= 0)
		return nsi_builder_note_cgroup(w->b, text, &task->cgroup);
	if (nsi_is_fatal(n))
		return n;
	/* A kernel without cgroups has no such file; of a zombie nobody knows the
	   difference. */
	task->cgroup_error = -n;
	if (n == -ENOENT || n == -ESRCH)
		return !(task->flags & NSI_TASK_ZOMBIE) && has_ended(w) ? -ESRCH : 0;
	return nsi_builder_add_gap(w->b, w->pid, w->tid, "cgroup", n);
}
