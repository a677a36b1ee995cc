// SPDX-License-Identifier: GPL-2.0-or-later
/* nstree --diff: two processes. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "ask-diff.h"
#include "rules.h"
#include "view.h"

static const char *const limit_names[16] = {
	[RLIMIT_CPU] = "cpu seconds", [RLIMIT_FSIZE] = "file size",
	[RLIMIT_DATA] = "data", [RLIMIT_STACK] = "stack", [RLIMIT_CORE] = "core file",
	[RLIMIT_RSS] = "resident set", [RLIMIT_NPROC] = "processes",
	[RLIMIT_NOFILE] = "open files", [RLIMIT_MEMLOCK] = "locked memory",
	[RLIMIT_AS] = "address space", [RLIMIT_LOCKS] = "file locks",
	[RLIMIT_SIGPENDING] = "pending signals", [RLIMIT_MSGQUEUE] = "message queues",
	[RLIMIT_NICE] = "nice", [RLIMIT_RTPRIO] = "realtime priority",
	[RLIMIT_RTTIME] = "realtime timeout",
};

static char *ns_name(const struct nsu_task *task, enum nsu_type type)
{
	char name[NS_TEXT_SIZE];
	const struct nsu_ns *ns;
	int r = nsu_task_get_ns(task, type, &ns);

	if (r < 0)
		return r == -ENOENT ? strdup("-") : NULL;
	return strdup(view_ns(name, ns));
}

static char *caps_text(uint64_t caps)
{
	char buf[16];

	return caps ? diff_text("%s: %016" PRIx64, rules_caps(buf, caps), caps) :
		strdup("none");
}

static char *seccomp_text(const struct nsu_confinement *c)
{
	if (c->seccomp < 0)
		return NULL;
	if (c->seccomp == 2 && c->filters)
		return diff_text("filter (%u)", c->filters);
	return strdup(c->seccomp == 0 ? "none" : c->seccomp == 1 ? "strict" : "filter");
}

static char *limit_text(uint64_t soft, uint64_t hard)
{
	char text[2][24] = { "unlimited", "unlimited" };

	if (soft != UINT64_MAX)
		snprintf(text[0], sizeof(text[0]), "%" PRIu64, soft);
	if (hard != UINT64_MAX)
		snprintf(text[1], sizeof(text[1]), "%" PRIu64, hard);
	return diff_text("%s of %s", text[0], text[1]);
}

static void diff_limits(struct diff *d, const struct nsu_confinement *a,
			const struct nsu_confinement *b)
{
	size_t before = d->differ;

	if (!a->has_limits || !b->has_limits) {
		diff_line(d, "limits", a->has_limits ? strdup("read") : NULL,
			  b->has_limits ? strdup("read") : NULL);
		return;
	}
	for (int i = 0; i < 16; i++) {
		char what[40];

		snprintf(what, sizeof(what), "limit: %s", limit_names[i]);
		diff_detail(d, what, limit_text(a->soft[i], a->hard[i]),
			    limit_text(b->soft[i], b->hard[i]));
	}
	if (d->differ == before && !d->app->opts.all)
		diff_line(d, "limits", strdup("all the same"), strdup("all the same"));
}

static void diff_confinement(struct diff *d, const struct nsu_task *task[2])
{
	static const struct {
		const char *name;
		size_t offset;
	} sets[] = {
		{ "capabilities", offsetof(struct nsu_confinement, effective) },
		{ "permitted", offsetof(struct nsu_confinement, permitted) },
		{ "inheritable", offsetof(struct nsu_confinement, inheritable) },
		{ "bounding", offsetof(struct nsu_confinement, bounding) },
		{ "ambient", offsetof(struct nsu_confinement, ambient) },
	};
	struct nsu_confinement c[2] = { NSU_CONFINEMENT_INIT, NSU_CONFINEMENT_INIT };
	char *text[2];
	bool known[2];

	for (int i = 0; i < 2; i++) {
		known[i] = nsu_task_read_confinement(task[i], &c[i]) == 0;
		text[i] = known[i] ? diff_text("%u:%u", (unsigned)c[i].uid,
					       (unsigned)c[i].gid) : NULL;
	}
	diff_line(d, "uid:gid here", text[0], text[1]);
	for (size_t s = 0; s < sizeof(sets) / sizeof(sets[0]); s++) {
		for (int i = 0; i < 2; i++) {
			uint64_t mask;

			memcpy(&mask, (const char *)&c[i] + sets[s].offset, sizeof(mask));
			text[i] = known[i] ? caps_text(mask) : NULL;
		}
		if (s == 0)
			diff_line(d, sets[s].name, text[0], text[1]);
		else
			diff_detail(d, sets[s].name, text[0], text[1]);
	}
	for (int i = 0; i < 2; i++)
		text[i] = known[i] ? strdup(c[i].no_new_privs ? "yes" : "no") : NULL;
	diff_line(d, "no_new_privs", text[0], text[1]);
	for (int i = 0; i < 2; i++)
		text[i] = known[i] ? seccomp_text(&c[i]) : NULL;
	diff_line(d, "seccomp", text[0], text[1]);
	diff_limits(d, &c[0], &c[1]);
}

static char *bound_text(int64_t value)
{
	return value < 0 ? NULL : value == INT64_MAX ? strdup("no limit") :
		diff_text("%" PRId64, value);
}

static void diff_cgroup(struct diff *d, const struct nsu_task *task[2])
{
	struct nsu_cgroup use[2] = { NSU_CGROUP_INIT, NSU_CGROUP_INIT };
	char *path[2] = { NULL, NULL };
	bool known[2];

	for (int i = 0; i < 2; i++) {
		if (nsu_task_read_cgroup(task[i], &path[i]) == -ENOENT)
			path[i] = strdup("-");
		known[i] = nsu_task_read_cgroup_usage(task[i], &use[i]) == 0;
	}
	diff_line(d, "cgroup", path[0], path[1]);
	if (!known[0] && !known[1])
		return;
	diff_detail(d, "memory limit", known[0] ? bound_text(use[0].memory_max) : NULL,
		    known[1] ? bound_text(use[1].memory_max) : NULL);
	diff_detail(d, "tasks limit", known[0] ? bound_text(use[0].pids_max) : NULL,
		    known[1] ? bound_text(use[1].pids_max) : NULL);
	diff_detail(d, "cpu limit", known[0] ? bound_text(use[0].cpu_max) : NULL,
		    known[1] ? bound_text(use[1].cpu_max) : NULL);
}

void diff_tasks(struct diff *d, const struct nsu_task *a, const struct nsu_task *b)
{
	const struct nsu_task *task[2] = { a, b };

	for (int t = 0; t < NSU_TYPE_COUNT; t++)
		diff_line(d, nsu_type_get_name((enum nsu_type)t),
			  ns_name(a, (enum nsu_type)t), ns_name(b, (enum nsu_type)t));
	for (int t = 0; t < NSU_TYPE_COUNT; t++) {
		const struct nsu_ns *x = view_task_ns(a, (enum nsu_type)t);
		const struct nsu_ns *y = view_task_ns(b, (enum nsu_type)t);

		if (x && y && x != y)
			diff_facts(d, x, y);
	}
	diff_confinement(d, task);
	diff_cgroup(d, task);
}
