/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a namespace's card that are of its type alone. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "facts.h"
#include "usage.h"

#define NAMED 3			/* pins, unless all are asked for */
#define GROUPS 3		/* cgroups, likewise */
#define NO_LIMIT (UINT64_MAX / 4)

static void print_text(const struct app *app, const char *label, const char *text)
{
	char *escaped = text_escape(&app->out, text);

	card_line(app, label, escaped);
	free(escaped);
}

static void print_uts(const struct app *app, const struct nsu_ns *ns)
{
	struct nsu_uts uts = NSU_UTS_INIT;
	bool known = nsu_ns_read_uts(ns, &uts) == 0;
	bool domain = *uts.domainname && strcmp(uts.domainname, "(none)") != 0;

	print_text(app, "hostname", !known ? "?" : *uts.hostname ? uts.hostname : "-");
	print_text(app, "domain", !known ? "?" : domain ? uts.domainname : "-");
}

static void print_counts(const struct app *app, const struct nsu_ipc *ipc)
{
	char size[16], more[16], *text;

	if (ipc->queues && asprintf(&text, "%" PRIu64 ", %s in %" PRIu64 " message%s",
				    ipc->queues, text_size(size, ipc->queue_bytes),
				    ipc->queue_messages,
				    ipc->queue_messages == 1 ? "" : "s") >= 0)
		card_fact_take(app, "queues", text);
	if (ipc->segments && asprintf(&text, "%" PRIu64 ", %s, %s in memory",
				      ipc->segments, text_size(size, ipc->segment_bytes),
				      text_size(more, ipc->segment_rss)) >= 0)
		card_fact_take(app, "segments", text);
	if (ipc->semaphore_sets && asprintf(&text, "%" PRIu64 " in %" PRIu64 " set%s",
					    ipc->semaphores, ipc->semaphore_sets,
					    ipc->semaphore_sets == 1 ? "" : "s") >= 0)
		card_fact_take(app, "semaphores", text);
	if (ipc->posix_queues < 0)
		card_fact(app, "posix queues", "?");
	else if (ipc->posix_queues &&
		 asprintf(&text, "%" PRId64 ", messages of %s", ipc->posix_queues,
			  ipc->posix_bytes < 0 ? "?" :
			  text_size(size, (uint64_t)ipc->posix_bytes)) >= 0)
		card_fact_take(app, "posix queues", text);
}

static void add_limit(FILE *f, const char *format, uint64_t limit)
{
	if (!limit || limit > NO_LIMIT)
		return;
	fputs(ftell(f) > 0 ? ", " : "", f);
	fprintf(f, "%" PRIu64 " %s", limit, format);
}

static void add_size_limit(FILE *f, const char *what, uint64_t limit)
{
	char size[16];

	if (limit && limit <= NO_LIMIT)
		fprintf(f, " %s %s", what, text_size(size, limit));
}

static void print_limits(const struct app *app, const struct nsu_ipc *ipc)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	add_limit(f, "queues", ipc->max_queues);
	add_size_limit(f, "of", ipc->max_queue_bytes);
	add_limit(f, "segments", ipc->max_segments);
	add_size_limit(f, "of", ipc->max_segment);
	add_limit(f, "semaphores", ipc->max_semaphores);
	add_limit(f, "sets", ipc->max_sets);
	add_limit(f, "posix queues", ipc->max_posix_queues);
	if (fclose(f) == 0 && *text)
		card_fact(app, "limits", text);
	free(text);
}

static void print_ipc(const struct app *app, const struct nsu_ns *ns)
{
	struct nsu_ipc ipc = NSU_IPC_INIT;

	if (nsu_ns_read_ipc(ns, &ipc) < 0) {
		card_fact(app, "ipc", "?");
		return;
	}
	if (!ipc.queues && !ipc.segments && !ipc.semaphore_sets && !ipc.posix_queues)
		card_fact(app, "ipc", "-");
	print_counts(app, &ipc);
	print_limits(app, &ipc);
}

static void print_offset(const struct app *app, const char *label, bool known,
			 int64_t offset)
{
	char buf[32], *text = NULL;

	if (known && asprintf(&text, "%s%s s", offset < 0 ? "" : "+",
			      facts_offset(buf, offset)) < 0)
		text = NULL;
	card_fact_take(app, label, text);
}

static void print_time(const struct app *app, const struct nsu_ns *ns)
{
	struct nsu_clocks clocks = NSU_CLOCKS_INIT;
	bool known = nsu_ns_read_clocks(ns, &clocks) == 0;

	print_offset(app, "monotonic", known, clocks.monotonic);
	print_offset(app, "boottime", known, clocks.boottime);
}

/* Where its members are, and what they use there. */
static void print_groups(const struct app *app, const struct nsu_ns *ns)
{
	struct usage_groups groups;
	size_t shown;

	if (usage_find_groups(ns, &groups) < 0)
		return;
	shown = app->opts.all || groups.count < GROUPS ? groups.count : GROUPS;
	for (size_t i = 0; i < shown; i++) {
		struct nsu_cgroup usage = NSU_CGROUP_INIT;
		char *path = text_escape(&app->out, groups.group[i].path), *text = NULL;

		if (nsu_task_read_cgroup_usage(groups.group[i].first, &usage) == 0)
			text = usage_text(&usage);
		card_line(app, i ? "" : "members in", path);
		if (text)
			card_fact(app, "", text);
		free(text);
		free(path);
	}
	if (shown < groups.count) {
		char more[48];

		snprintf(more, sizeof(more), "and in %zu more", groups.count - shown);
		card_fact(app, "", more);
	}
	usage_free_groups(&groups);
}

static void print_cgroup(const struct app *app, const struct nsu_ns *ns)
{
	char *root = NULL;

	if (nsu_ns_read_cgroup_root(ns, &root) < 0)
		root = NULL;
	print_text(app, "root", root ? root : "?");
	free(root);
	print_groups(app, ns);
}

/* Namespaces that are bound to files there: they last as long. */
static void print_pins(const struct app *app, const struct nsu_mounts *mounts)
{
	const struct nsu_mount *mount;
	size_t count = 0, size;
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	for (size_t i = 0; (mount = nsu_mounts_get(mounts, i)); i++) {
		char *root, *point;

		if (strcmp(mount->fstype, "nsfs") != 0 ||
		    (count++ >= NAMED && !app->opts.all))
			continue;
		root = text_escape(&app->out, mount->root);
		point = text_escape(&app->out, mount->point);
		fprintf(f, "%s%s at %s", count > 1 ? ", " : "", root ? root : "?",
			point ? point : "?");
		free(root);
		free(point);
	}
	if (count > NAMED && !app->opts.all)
		fprintf(f, ", and %zu more", count - NAMED);
	if (fclose(f) == 0)
		card_fact(app, "pins", count ? text : "-");
	free(text);
}

static void print_mnt(const struct app *app, const struct nsu_ns *ns)
{
	const struct nsu_mount *root;
	struct nsu_mounts *mounts;
	char buf[40], *text;

	if (nsu_mounts_new(ns, &mounts) < 0) {
		card_fact(app, "mounts", "?");
		return;
	}
	if (asprintf(&text, "%zu", nsu_mounts_count(mounts)) >= 0)
		card_fact_take(app, "mounts", text);
	root = nsu_mounts_get(mounts, 0);
	if (root) {
		if (asprintf(&text, "%s %s, %s%s", root->fstype,
			     *root->source ? root->source : "none", root->options,
			     strcmp(root->root, "/") == 0 ? "" : ", a part of it") >= 0) {
			print_text(app, "root", text);
			free(text);
		}
		card_fact(app, "propagation", facts_propagation(buf, root->propagation));
	}
	print_pins(app, mounts);
	nsu_mounts_free(mounts);
}

void card_facts(const struct app *app, const struct nsu_ns *ns)
{
	static void (*const print[NSU_TYPE_COUNT])(const struct app *,
						   const struct nsu_ns *) = {
		[NSU_UTS] = print_uts,
		[NSU_IPC] = print_ipc,
		[NSU_TIME] = print_time,
		[NSU_CGROUP] = print_cgroup,
		[NSU_MNT] = print_mnt,
	};

	if (print[nsu_ns_get_type(ns)])
		print[nsu_ns_get_type(ns)](app, ns);
}
