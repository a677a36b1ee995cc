/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What namespaces of a type have beyond their members: uts, time, cgroup. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include "plan.h"
#include "visit.h"

#define MEMBERS		16	/* that are asked before it is given up */
#define GROUPS_LIMIT	(64 << 10)

/* of the structs in release 0.1 */
#define UTS_SIZE	(offsetof(struct nsu_uts, domainname) + 65)
#define CLOCKS_SIZE	(offsetof(struct nsu_clocks, boottime) + sizeof(int64_t))

/* Is it, by a link of an open directory of a task? */
static bool is_in(int dir, const char *link, const struct nsu_ns *ns)
{
	uint64_t inode;

	return !nsi_plan_read_ns(dir, link, ns->type, &inode) && inode == ns->inode;
}

struct names {
	int error;
	char host[65], domain[65];
};

static int look_at_names(struct nsi_visit *visit)
{
	struct names names = { 0 };
	struct utsname uts;

	if (uname(&uts) < 0)
		return nsi_errno();
	memcpy(names.host, uts.nodename, sizeof(names.host));
	memcpy(names.domain, uts.domainname, sizeof(names.domain));
	return nsi_courier_send(visit->out, &names, sizeof(names), NULL, 0);
}

int nsu_ns_read_uts(const struct nsu_ns *uts, struct nsu_uts *ret)
{
	struct nsu_ctx *ctx;
	struct nsi_visit visit = { .look = look_at_names };
	struct nsu_uts found = NSU_UTS_INIT;
	struct names names;
	int r;

	if (!uts || !ret || ret->size < UTS_SIZE)
		return -EINVAL;
	ctx = uts->snap->ctx;
	if (uts->type != NSU_UTS)
		return -EMEDIUMTYPE;
	r = nsi_visit_ask(ctx, uts, &visit, &names, sizeof(names), NULL);
	if (r < 0)
		return r;
	_Static_assert(sizeof(found.hostname) == sizeof(names.host), "__NEW_UTS_LEN + 1");
	memcpy(found.hostname, names.host, sizeof(found.hostname));
	memcpy(found.domainname, names.domain, sizeof(found.domainname));
	nsi_give(ret, &found, sizeof(found));
	return 0;
}

/* "monotonic  SECONDS NANOSECONDS": the second number is never negative. */
static int parse_offset(const char *text, const char *name, int64_t *ret)
{
	const char *line = strstr(text, name);
	long long seconds, rest;
	int64_t sum;
	char *end, *last;

	if (!line)
		return -EBADMSG;
	line += strlen(name);
	errno = 0;
	seconds = strtoll(line, &end, 10);
	rest = strtoll(end, &last, 10);
	if (errno || end == line || last == end || rest < 0 || rest >= 1000000000 ||
	    __builtin_mul_overflow(seconds, 1000000000, &sum) ||
	    __builtin_add_overflow(sum, rest, ret))
		return -EBADMSG;
	return 0;
}

int nsi_parse_offsets(const char *text, struct nsu_clocks *ret)
{
	int64_t monotonic, boottime;

	if (parse_offset(text, "monotonic ", &monotonic) < 0 ||
	    parse_offset(text, "boottime ", &boottime) < 0)
		return -EBADMSG;
	ret->monotonic = monotonic;
	ret->boottime = boottime;
	return 0;
}

struct offsets {
	int error;
	char text[256];
};

static int look_at_offsets(struct nsi_visit *visit)
{
	struct offsets offsets = { 0 };
	ssize_t n;

	n = nsi_read_at(visit->procfs, "self/timens_offsets", offsets.text,
			sizeof(offsets.text));
	if (n < 0)
		return n;
	return nsi_courier_send(visit->out, &offsets, sizeof(offsets), NULL, 0);
}

/* The file tells of the namespace that the task's children will be in. */
static int read_offsets_of(const struct nsu_ns *ns, const struct nsu_task *task,
			   struct nsu_clocks *ret)
{
	nsi_autoclose int dir = nsi_task_open(task);
	char text[256];
	ssize_t n;

	if (dir < 0)
		return dir;
	n = nsi_read_at(dir, "timens_offsets", text, sizeof(text));
	if (n < 0)
		return n;
	if (!is_in(dir, "time_for_children", ns))
		return -ESRCH;
	return nsi_parse_offsets(text, ret);
}

int nsu_ns_read_clocks(const struct nsu_ns *time, struct nsu_clocks *ret)
{
	struct nsu_ctx *ctx;
	struct nsi_visit visit = { .look = look_at_offsets };
	struct nsu_clocks found = NSU_CLOCKS_INIT;
	struct offsets offsets;
	int r = -ENODATA;

	if (!time || !ret || ret->size < CLOCKS_SIZE)
		return -EINVAL;
	ctx = time->snap->ctx;
	if (time->type != NSU_TIME)
		return -EMEDIUMTYPE;
	if (!ctx->procfs.real)
		return -EOPNOTSUPP;
	for (size_t i = 0; i < time->tasks.count && i < MEMBERS && r < 0; i++)
		r = read_offsets_of(time, nsu_ns_get_task(time, i), &found);
	for (size_t i = 0; i < time->heirs.count && i < MEMBERS && r < 0; i++)
		r = read_offsets_of(time, nsu_ns_get_heir(time, i), &found);
	if (r < 0) {
		r = nsi_visit_ask(ctx, time, &visit, &offsets, sizeof(offsets), NULL);
		if (!r)
			r = nsi_parse_offsets(offsets.text, &found);
	}
	if (r < 0)
		return r;
	nsi_give(ret, &found, sizeof(found));
	return 0;
}

/* What a path tells of the root: it is what "here" has before what "inside" has.
   -ENODATA: nothing, of a cgroup that is outside of it. */
static int cut_root(const char *here, const char *inside, size_t *ret)
{
	size_t whole = strlen(here), part = strlen(inside);

	if (!strncmp(inside, "/..", 3) && (!inside[3] || inside[3] == '/'))
		return -ENODATA;
	if (!strcmp(inside, "/"))
		part = 0;
	if (part > whole || strcmp(here + whole - part, part ? inside : ""))
		return -EAGAIN;
	*ret = whole - part;
	return 0;
}

static char *find_path(char *line)
{
	char *path = strchr(line, ':');

	path = path ? strchr(path + 1, ':') : NULL;
	return path ? path + 1 : NULL;
}

/* The line of the same hierarchy; the caller may write to it. */
static char *find_line(char *text, const char *line, size_t len)
{
	while (text && strncmp(text, line, len))
		text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL;
	return text;
}

int nsi_find_cgroup_root(char *here, char *inside, char **ret)
{
	const char *best = NULL;
	char *save = NULL;
	int last = -ENODATA;

	for (char *line = strtok_r(here, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *path = find_path(line), *other = NULL, *end;
		size_t len;
		int r;

		if (path)
			other = find_line(inside, line, path - line);
		if (!other)
			continue;
		end = strchrnul(other, '\n');
		other = strndup(other + (path - line), end - other - (path - line));
		if (!other)
			return -ENOMEM;
		r = cut_root(path, other, &len);
		free(other);
		if (r < 0) {
			last = r;
			/* Each hierarchy has a root; that of v2 is what is meant. */
			if (!strncmp(line, "0::", 3))
				best = NULL;
			continue;
		}
		path[len] = '\0';
		/* As nsu_task_read_cgroup(): v2's if that is not "/", else the first. */
		if (!best || (len > 1 && (!*best || !strncmp(line, "0::", 3))))
			best = len > 1 ? path : "";
	}
	if (!best)
		return last;
	*ret = strdup(*best ? best : "/");
	return *ret ? 0 : -ENOMEM;
}

/* Paths are told as the namespace of who reads sees them. They are long: memory that the
   child shares takes them. */
struct groups {
	const struct nsu_task *task;
	char path[48];
	char text[GROUPS_LIMIT];
};

static int look_at_groups(struct nsi_visit *visit)
{
	struct groups *groups = visit->data;
	ssize_t n;
	int error = 0;

	n = nsi_read_at(visit->procfs, groups->path, groups->text, sizeof(groups->text));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : n;
	return nsi_courier_send(visit->out, &error, sizeof(error), NULL, 0);
}

static int read_root_by(struct nsu_ctx *ctx, const struct nsu_ns *ns,
			struct groups *groups, char **ret)
{
	struct nsi_visit visit = { .look = look_at_groups, .data = groups };
	nsi_autoclose int dir = nsi_task_open(groups->task);
	nsi_autofree char *before = NULL, *after = NULL;
	ssize_t n;
	int r, error;

	if (dir < 0)
		return dir;
	n = nsi_read_all_at(dir, "cgroup", GROUPS_LIMIT, &before);
	if (n < 0)
		return n == -ENOENT ? -ESRCH : n;
	snprintf(groups->path, sizeof(groups->path), "%d/task/%d/cgroup",
		 nsu_task_get_pid(groups->task), nsu_task_get_tid(groups->task));
	r = nsi_visit_ask(ctx, ns, &visit, &error, sizeof(error), NULL);
	if (r < 0)
		return r;
	n = nsi_read_all_at(dir, "cgroup", GROUPS_LIMIT, &after);
	if (n < 0 || !is_in(dir, "cgroup", ns))
		return n < 0 && n != -ENOENT ? n : -ESRCH;
	return strcmp(before, after) ? -EAGAIN :
		nsi_find_cgroup_root(before, groups->text, ret);
}

int nsu_ns_read_cgroup_root(const struct nsu_ns *cgroup, char **ret)
{
	struct nsu_ctx *ctx;
	struct groups *groups;
	int r = -ENODATA;

	if (!cgroup || !ret)
		return -EINVAL;
	ctx = cgroup->snap->ctx;
	if (cgroup->type != NSU_CGROUP)
		return -EMEDIUMTYPE;
	if (!ctx->procfs.real)
		return -EOPNOTSUPP;
	if (!cgroup->tasks.count)
		return -ENODATA;
	groups = mmap(NULL, sizeof(*groups), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (groups == MAP_FAILED)
		return -ENOMEM;
	/* One may move meanwhile, one may be outside of the root. */
	for (size_t i = 0; i < cgroup->tasks.count && i < MEMBERS && r < 0; i++) {
		groups->task = nsu_ns_get_task(cgroup, i);
		r = read_root_by(ctx, cgroup, groups, ret);
		if (r == -ENOMEM || r == -EOPNOTSUPP)
			break;
	}
	munmap(groups, sizeof(*groups));
	return r == -EAGAIN ? -ENODATA : r;
}
