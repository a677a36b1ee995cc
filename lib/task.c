/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* More about one task, read when it is asked: only the tasks that a view shows. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "container.h"
#include "open.h"

/* of struct nsu_task_stat in release 0.1 */
#define FIRST_SIZE (offsetof(struct nsu_task_stat, kernel) + sizeof(bool))

#define PF_KTHREAD 0x00200000 /* flags of /proc/PID/stat, include/linux/sched.h */

static int gone(int r)
{
	return r == -ENOENT ? -ESRCH : r;
}

/* A file that not every kernel has: is it that, or has the task ended? */
static int lacking(int dir, int r)
{
	struct stat st;

	return r == -ENOENT && fstatat(dir, "stat", &st, 0) < 0 ? -ESRCH : r;
}

int nsi_task_open(const struct nsu_task *task)
{
	return nsi_open_task_dir(task->snap->ctx, task);
}

/* The next number of text; *text is moved behind it. */
static bool next_number(const char **text, long long *ret)
{
	char *end;

	*ret = strtoll(*text, &end, 10);
	if (end == *text)
		return false;
	*text = end;
	return true;
}

/* "pid (comm) S ppid pgrp session tty tpgid flags ...": comm may hold anything, so its
   end is the last bracket. */
int nsi_parse_stat(const char *text, struct nsu_task_stat *ret, uint64_t tick_ns)
{
	const char *name = strchr(text, '('), *end = strrchr(text, ')');
	long long field[23] = { 0 };	/* by their numbers in proc_pid_stat(5) */
	size_t len;

	if (!name || !end || end < name || end[1] != ' ' || !end[2])
		return -EBADMSG;
	len = end - name - 1;
	if (len >= sizeof(ret->comm))
		len = sizeof(ret->comm) - 1;
	text = end + 3;
	for (size_t i = 4; i < ARRAY_SIZE(field); i++)
		if (!next_number(&text, &field[i]))
			return -EBADMSG;
	memcpy(ret->comm, name + 1, len);
	ret->comm[len] = '\0';
	ret->state = end[2];
	ret->ppid = field[4];
	ret->pgrp = field[5];
	ret->session = field[6];
	ret->kernel = field[9] & PF_KTHREAD;
	ret->threads = field[20];
	/* Negative in a time namespace whose boot was later; the kernel prints a
	   quotient of the wrapped number, and wrapping again undoes that. */
	ret->start = (int64_t)((uint64_t)field[22] * tick_ns);
	return 0;
}

int nsu_task_read_stat(const struct nsu_task *task, struct nsu_task_stat *ret)
{
	struct nsu_task_stat found = NSU_TASK_STAT_INIT;
	nsi_autoclose int dir = -1;
	const struct nsu_ctx *ctx;
	char text[1024];
	struct stat st;
	ssize_t n;
	int r;

	if (!task || !ret || ret->size < FIRST_SIZE)
		return -EINVAL;
	ctx = task->snap->ctx;
	dir = nsi_task_open(task);
	if (dir < 0)
		return dir;
	n = nsi_read_once_at(dir, "stat", text, sizeof(text));
	if (n < 0)
		return gone(n);
	r = nsi_parse_stat(text, &found, ctx->tick_ns);
	if (r < 0)
		return r;
	if (ctx->procfs.real && found.start > (int64_t)task->snap->time)
		return -ESRCH;	/* began after the scan: the number is another's now */
	if (fstat(dir, &st) < 0)
		return gone(nsi_errno());
	found.uid = st.st_uid;
	nsi_give(ret, &found, sizeof(found));
	return 0;
}

/* A whole file of a task, which may have ended. */
static ssize_t read_whole(const struct nsu_task *task, const char *name, size_t limit,
			  char **ret)
{
	nsi_autoclose int dir = nsi_task_open(task);
	ssize_t n;

	if (dir < 0)
		return dir;
	n = nsi_read_all_at(dir, name, limit, ret);
	return n < 0 ? gone(n) : n;
}

ssize_t nsu_task_read_cmdline(const struct nsu_task *task, size_t limit, char **ret)
{
	char *text;
	ssize_t n;

	if (!task || !ret)
		return -EINVAL;
	n = read_whole(task, "cmdline", limit ? limit : 4096, &text);
	if (n < 0)
		return n;
	while (n > 0 && !text[n - 1])
		n--;
	*ret = text;
	return n;
}

int nsu_task_read_wchan(const struct nsu_task *task, char **ret)
{
	nsi_autoclose int dir = -1;
	char text[512];		/* KSYM_NAME_LEN */
	ssize_t n;

	if (!task || !ret)
		return -EINVAL;
	dir = nsi_task_open(task);
	if (dir < 0)
		return dir;
	n = nsi_read_at(dir, "wchan", text, sizeof(text));
	if (n < 0)
		return lacking(dir, n);
	if (!n || !strcmp(text, "0"))
		return -ENOENT;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

int nsu_task_read_cgroup(const struct nsu_task *task, char **ret)
{
	nsi_autofree char *text = NULL;
	struct nsi_cgroup_claims claims;
	char *path = NULL;
	ssize_t n;
	int r;

	if (!task || !ret)
		return -EINVAL;
	n = read_whole(task, "cgroup", 64 << 10, &text);
	if (n < 0)
		return n;
	r = nsi_cgroup_claims_parse(text, &claims);
	if (r < 0)
		return r;
	r = claims.shown ? 0 : -ENOENT;
	if (!r) {
		path = strdup(claims.shown);
		r = path ? 0 : -ENOMEM;
	}
	nsi_cgroup_claims_free(&claims);
	if (!r)
		*ret = path;
	return r;
}

static int parse_range(const char *line, struct nsu_id_range *ret)
{
	long long inside, outside, count;

	if (!next_number(&line, &inside) || !next_number(&line, &outside) ||
	    !next_number(&line, &count) || line[strspn(line, " \t")])
		return -EBADMSG;
	if (inside < 0 || outside < 0 || count < 0 || inside > UINT32_MAX ||
	    outside > UINT32_MAX || count > UINT32_MAX)
		return -EBADMSG;
	*ret = (struct nsu_id_range){ inside, outside, count };
	return 0;
}

ssize_t nsi_read_idmap(int dir, bool gid, struct nsu_id_range **ret)
{
	nsi_autofree struct nsu_id_range *ranges = NULL;
	nsi_autofree char *text = NULL;
	size_t count = 0, size = 0;
	char *save = NULL;
	ssize_t n;

	n = nsi_read_all_at(dir, gid ? "gid_map" : "uid_map", 64 << 10, &text);
	if (n < 0)
		return gone(n);
	ranges = calloc(1, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct nsu_id_range *more = ranges;
		int r;

		if (count + 1 >= size) {
			size = size ? size * 2 : 8;
			more = reallocarray(ranges, size, sizeof(*ranges));
			if (!more)
				return -ENOMEM;
			ranges = more;
		}
		r = parse_range(line, &ranges[count]);
		if (r < 0)
			return r;
		count++;
	}
	*ret = ranges;
	ranges = NULL;
	return count;
}

ssize_t nsu_task_read_idmap(const struct nsu_task *task, bool gid,
			    struct nsu_id_range **ret)
{
	nsi_autoclose int dir = -1;

	if (!task || !ret)
		return -EINVAL;
	dir = nsi_task_open(task);
	return dir < 0 ? dir : nsi_read_idmap(dir, gid, ret);
}

int nsu_task_read_setgroups(const struct nsu_task *task)
{
	nsi_autoclose int dir = -1;
	char text[32];
	ssize_t n;

	if (!task)
		return -EINVAL;
	dir = nsi_task_open(task);
	if (dir < 0)
		return dir;
	n = nsi_read_at(dir, "setgroups", text, sizeof(text));
	if (n < 0)
		return lacking(dir, n);
	if (strncmp(text, "allow", 5) && strncmp(text, "deny", 4))
		return -EBADMSG;
	return text[0] == 'a';
}
