/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who started a container: its first process hangs from one that says so. Names and
 * arguments are anyone's to choose, so the word of a supervisor holds for its descendants
 * only, in the name of the user who runs it, and never from inside of a container.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "supervisor.h"

#define MAX_ANCESTORS	128
/* What is appended to its arguments: "command line of PID", and the PID alone. */
#define SOURCE_ROOM	48

struct link {
	pid_t pid;
	int64_t start;
	char comm[64];
};

/* From a process up, without process 1, which supervises everything. */
struct chain {
	size_t count;
	struct link link[MAX_ANCESTORS];
};

static int climb(struct nsi_naming *n, pid_t pid, struct chain *ret)
{
	ret->count = 0;
	while (pid > 0 && (pid != 1 || !ret->count)) {
		struct link *link = &ret->link[ret->count];
		int r;

		/* Who is above that cannot be seen, and may be what counts. */
		if (ret->count == MAX_ANCESTORS)
			return -ENOENT;
		link->pid = pid;
		r = !ret->count ? nsi_stat_of(n, pid, &pid, &link->start, link->comm) :
			nsi_stat_once(n, pid, &pid, &link->start, link->comm);
		if (r < 0)
			return !ret->count || nsi_is_fatal(r) ? r : 0;
		ret->count++;
	}
	return 0;
}

/* The last part of a path, whose end the kernel marks where the file was removed. */
static void take_base(char *path)
{
	static const char removed[] = " (deleted)";
	size_t len = strlen(path), mark = sizeof(removed) - 1;
	const char *slash;

	if (len > mark && !strcmp(path + len - mark, removed))
		path[len - mark] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		memmove(path, slash + 1, strlen(slash));
}

static bool fits(const char *name, const char *pattern)
{
	size_t len = strcspn(pattern, "*");

	return pattern[len] ? !strncmp(name, pattern, len) : !strcmp(name, pattern);
}

bool nsi_is_program(struct nsi_naming *n, pid_t pid, const char *program)
{
	char path[32], exe[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), "%d/exe", pid);
	len = readlinkat(n->ctx->proc_fd, path, exe, sizeof(exe) - 1);
	if (len < 0)
		return true;
	exe[len] = '\0';
	take_base(exe);
	return fits(exe, program);
}

/* Of two processes; -1: they show neither. */
static int differ_in(struct nsi_naming *n, pid_t a, pid_t b, enum nsu_type type)
{
	const pid_t pids[] = { a, b };
	char path[32], text[2][64];

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		ssize_t len;

		snprintf(path, sizeof(path), "%d/ns/%s", pids[i],
			 nsu_type_get_name(type));
		len = readlinkat(n->ctx->proc_fd, path, text[i], sizeof(text[i]) - 1);
		if (len < 0)
			return -1;
		text[i][len] = '\0';
	}
	return strcmp(text[0], text[1]) != 0;
}

static int count_levels(struct nsi_naming *n, pid_t pid)
{
	pid_t pids[NSI_MAX_LEVELS];
	char path[32];

	snprintf(path, sizeof(path), "%d/status", pid);
	return nsi_read_nspid(n->ctx->proc_fd, path, pids);
}

/* What it started is in namespaces of its own. Else whatever is below is where the
   supposed supervisor is as well: a user's process can adopt orphans of root's. */
static bool is_confined(struct nsi_naming *n, pid_t inner, pid_t outer)
{
	static const enum nsu_type types[] = { NSU_MNT, NSU_PID, NSU_USER, NSU_NET };
	int levels[2];

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		int r = differ_in(n, inner, outer, types[i]);

		if (r > 0)
			return true;
		if (r < 0)
			break;
	}
	levels[0] = count_levels(n, inner);
	levels[1] = count_levels(n, outer);
	return levels[0] > levels[1] && levels[1] > 0;
}

/* It lies in the cgroup of a container: what it says is said from inside. Not so of an
   app's, from which engines of the host are used as well. */
static bool is_inside(struct nsi_naming *n, pid_t pid)
{
	nsi_autofree char *own = NULL;
	struct nsi_cgroup_claims claims;
	const struct nsu_task *task;
	const char *text = NULL;
	char path[32];
	bool inside = false;

	if (!nsu_snapshot_find_task(n->snap, pid, &task) && task->cgroup != NSI_NONE)
		text = n->snap->cgroups[task->cgroup];
	snprintf(path, sizeof(path), "%d/cgroup", pid);
	if (!text && nsi_read_all_at(n->ctx->proc_fd, path, 64 << 10, &own) >= 0)
		text = own;
	if (!text || nsi_cgroup_claims_parse(text, &claims) < 0)
		return false;
	for (size_t i = 0; i < claims.count; i++)
		inside |= !claims.claim[i].weak;
	nsi_cgroup_claims_free(&claims);
	return inside;
}

bool nsi_real_uid_of(struct nsi_naming *n, pid_t pid, uid_t *ret)
{
	static const char field[] = "\nUid:\t";
	char path[32], text[4096], *at, *end;
	unsigned long uid;

	snprintf(path, sizeof(path), "%d/status", pid);
	if (nsi_read_at(n->ctx->proc_fd, path, text, sizeof(text)) < 0)
		return false;
	at = strstr(text, field);
	if (!at)
		return false;
	at += sizeof(field) - 1;
	uid = strtoul(at, &end, 10);
	if (end == at || uid > UINT32_MAX)
		return false;
	*ret = uid;
	return true;
}

/* Its arguments, with what is told of them behind. */
static int read_arguments(struct nsi_supervisor *s)
{
	nsi_autofree char *text = NULL;
	ssize_t len = nsi_cmdline_of(s->n, s->pid, &text);
	char *more;

	if (len <= 0)
		return len < 0 ? len : -ENOENT;
	more = realloc(text, len + 1 + SOURCE_ROOM);
	if (!more)
		return -ENOMEM;
	text = NULL;
	s->args = more;
	s->length = len;
	s->own_pid = more + len + 1 + snprintf(more + len + 1, SOURCE_ROOM,
					       "command line of ");
	snprintf(s->own_pid, 16, "%d", s->pid);
	return 0;
}

/* That the child still hangs from it means that it has been there all the time, and its
   number is not another's. */
static bool is_parent(struct nsi_naming *n, pid_t parent, const struct link *child)
{
	char comm[64];
	int64_t start;
	pid_t ppid;

	return !nsi_stat_of(n, child->pid, &ppid, &start, comm) && ppid == parent &&
		start == child->start;
}

static int ask(struct nsi_naming *n, const struct nsi_supervisor_row *row,
	       const struct link *link, const struct link *child, struct nsi_found *ret,
	       char **ret_buf)
{
	struct nsi_supervisor s = { .n = n, .pid = link->pid, .comm = link->comm,
				    .init = child->pid };
	struct nsi_found found = { .init = child->pid, .start = child->start };
	int r;

	if (!nsi_is_program(n, link->pid, row->program) ||
	    (!row->itself && !is_confined(n, child->pid, link->pid)))
		return -ENOENT;
	found.has_uid = nsi_real_uid_of(n, link->pid, &found.uid);
	if (!found.has_uid || is_inside(n, link->pid))
		return -ENOENT;
	r = read_arguments(&s);
	if (!r)
		r = row->tell(&s, &found);
	if (!r && !row->itself && !is_parent(n, link->pid, child))
		r = -ENOENT;
	if (r < 0) {
		free(s.args);
		return r;
	}
	found.source = s.args + s.length + 1;
	*ret = found;
	*ret_buf = s.args;
	return 0;
}

bool nsi_is_supervisor(const char *comm)
{
	const struct nsi_supervisor_row *row;

	for (size_t i = 0; (row = nsi_supervisor_row_get(i)); i++)
		if (fits(comm, row->comm))
			return true;
	return false;
}

static int ask_link(struct nsi_naming *n, const struct chain *chain, size_t i,
		    struct nsi_found *ret, char **ret_buf)
{
	const struct nsi_supervisor_row *row;
	const struct link *link = &chain->link[i];

	for (size_t k = 0; (row = nsi_supervisor_row_get(k)); k++) {
		const struct link *child = row->itself ? link : link - 1;
		int r;

		if ((!i && !row->itself) || !fits(link->comm, row->comm))
			continue;
		r = ask(n, row, link, child, ret, ret_buf);
		if (!r || nsi_is_fatal(r))
			return r;
	}
	return -ENOENT;
}

int nsi_supervisor_find(struct nsi_naming *n, const struct nsu_task *task,
			struct nsi_found *ret, char **ret_buf)
{
	struct chain chain;
	int r = climb(n, task->pid, &chain);

	if (r < 0)
		return r == -ESRCH || nsi_is_fatal(r) ? r : -ENOENT;
	/* Its number is another's since. */
	if (n->ctx->procfs.real &&
	    chain.link[0].start * (int64_t)n->ctx->tick_ns > (int64_t)n->snap->time)
		return -ESRCH;
	/* The outermost: what supervises below it does so inside of a container. */
	for (size_t i = chain.count; i-- > 0; ) {
		r = ask_link(n, &chain, i, ret, ret_buf);
		if (!r || nsi_is_fatal(r))
			return r;
	}
	return nsi_supervisor_by_mounts(n, task, chain.link[0].start, ret, ret_buf);
}
