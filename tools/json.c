/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nstree --json: the whole snapshot. One entry is made, printed on a line of its own and
 * freed, so that the document costs no memory and two of them can be compared by diff(1).
 * nstree.schema.json describes every member; a change there that takes one away or gives
 * it another meaning raises SCHEMA.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "view.h"

#define SCHEMA 1

void json_put(struct json_writer *w, const char *key, struct json_object *take_value)
{
	const char *text = json_object_to_json_string_ext(
		take_value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	printf("%s\n\"%s\":%s", w->members++ ? "," : "", key,
	       text ? text : "null");
	if (!text)
		w->failed = true;
	json_object_put(take_value);
}

void json_open(struct json_writer *w, const char *key)
{
	printf("%s\n\"%s\":[", w->members++ ? "," : "", key);
	w->entries = 0;
}

void json_entry(struct json_writer *w, struct json_object *take_value)
{
	const char *text = take_value ?
		json_object_to_json_string_ext(take_value, JSON_C_TO_STRING_PLAIN |
					       JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;

	printf("%s\n %s", w->entries++ ? "," : "", text ? text : "null");
	if (!text)
		w->failed = true;
	json_object_put(take_value);
}

void json_close(struct json_writer *w)
{
	fputs(w->entries ? "\n]" : "]", stdout);
}

struct json_object *json_count(long number)
{
	return number < 0 ? NULL : json_object_new_int64(number);
}

static void put_release(struct json_writer *w)
{
	struct json_object *head = json_object_new_object();

	json_object_object_add(head, "version", json_object_new_string(nsu_version()));
	json_object_object_add(head, "schema", json_object_new_int(SCHEMA));
	json_put(w, "nsutil", head);
}

static void put_head(struct json_writer *w)
{
	struct json_object *taken = json_object_new_object();
	struct timespec now = { 0 };
	char host[256] = "", time_text[32] = "";
	struct tm tm;

	put_release(w);
	/* Told only of the uts namespace that this process is in. */
	json_put(w, "host",
		 gethostname(host, sizeof(host) - 1) == 0 ? json_text(host) : NULL);
	clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &tm))
		strftime(time_text, sizeof(time_text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_object_object_add(taken, "time", json_object_new_string(time_text));
	json_object_object_add(taken, "boottime", json_object_new_int64(
			(int64_t)nsu_snapshot_get_time(w->snap)));
	json_put(w, "taken", taken);
	json_put(w, "complete",
		 json_object_new_boolean(nsu_snapshot_is_complete(w->snap)));
	json_put(w, "sees_host",
		 json_object_new_boolean(nsu_snapshot_sees_host(w->snap) > 0));
}

static void put_reference(struct json_writer *w)
{
	static const char *const kinds[] = {
		[NSU_REF_NONE] = "none",
		[NSU_REF_INIT] = "init",
		[NSU_REF_CALLER] = "caller",
	};
	struct json_object *reference = json_object_new_object();
	const struct nsu_task *task = NULL;
	enum nsu_reference kind = nsu_snapshot_get_reference(w->snap, &task);

	json_object_object_add(reference, "kind", json_object_new_string(kinds[kind]));
	json_object_object_add(reference, "pid", task ?
			       json_object_new_int(nsu_task_get_pid(task)) : NULL);
	json_put(w, "reference", reference);
}

static void put_procfs(struct json_writer *w)
{
	static const char *const hidepid[] = {
		[NSU_HIDEPID_OFF] = "off",
		[NSU_HIDEPID_NOACCESS] = "noaccess",
		[NSU_HIDEPID_INVISIBLE] = "invisible",
		[NSU_HIDEPID_PTRACEABLE] = "ptraceable",
	};
	const struct nsu_procfs *procfs = nsu_ctx_get_procfs(w->app->ctx);
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "real", json_object_new_boolean(procfs->real));
	json_object_object_add(o, "own_pids", json_object_new_boolean(procfs->own_pids));
	json_object_object_add(o, "subset", json_object_new_boolean(procfs->subset));
	json_object_object_add(o, "exempt", json_object_new_boolean(procfs->exempt));
	json_object_object_add(o, "hidepid", procfs->hidepid < 0 ? NULL :
			       json_object_new_string(hidepid[procfs->hidepid]));
	json_object_object_add(o, "self", procfs->self > 0 ?
			       json_object_new_int(procfs->self) : NULL);
	json_put(w, "procfs", o);
}

static void put_totals(struct json_writer *w)
{
	const struct nsu_totals *totals = nsu_snapshot_get_totals(w->snap);
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "processes", json_count(totals->processes));
	json_object_object_add(o, "threads", json_count(totals->threads));
	json_object_object_add(o, "zombies", json_count(totals->zombies));
	json_object_object_add(o, "unread", json_count(totals->unread));
	json_object_object_add(o, "vanished", json_count(totals->vanished));
	json_object_object_add(o, "hidden", json_count(totals->hidden));
	json_object_object_add(o, "fds_unread", json_count(totals->fds_unread));
	json_object_object_add(o, "sockets_unread", json_count(totals->sockets_unread));
	json_object_object_add(o, "mounts_unread", json_count(totals->mounts_unread));
	json_put(w, "totals", o);
}

static void put_types(struct json_writer *w)
{
	struct json_object *list = json_object_new_array();

	for (int t = 0; t < NSU_TYPE_COUNT; t++)
		if (nsu_snapshot_get_types(w->snap) & (1U << t))
			json_object_array_add(list, json_object_new_string(
					nsu_type_get_name((enum nsu_type)t)));
	json_put(w, "types", list);
}

static void put_sources(struct json_writer *w)
{
	size_t n = nsu_snapshot_count_sources(w->snap);

	json_open(w, "sources");
	for (size_t i = 0; i < n; i++) {
		const struct nsu_source *source = nsu_snapshot_get_source(w->snap, i);
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "name", json_text(source->name));
		json_object_object_add(o, "used",
				       json_object_new_boolean(!source->error));
		json_object_object_add(o, "error", source->error ?
				       json_object_new_int(source->error) : NULL);
		json_entry(w, o);
	}
	json_close(w);
}

/* Those of the whole snapshot, whatever was selected: they tell how far it can be
 * trusted. */
static void put_gaps(struct json_writer *w)
{
	size_t n = nsu_snapshot_count_gaps(w->snap);

	json_open(w, "gaps");
	for (size_t i = 0; i < n; i++) {
		const struct nsu_gap *gap = nsu_snapshot_get_gap(w->snap, i);
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "pid", gap->pid > 0 ?
				       json_object_new_int(gap->pid) : NULL);
		json_object_object_add(o, "tid", gap->tid > 0 ?
				       json_object_new_int(gap->tid) : NULL);
		json_object_object_add(o, "type", gap->inode ? json_object_new_string(
				nsu_type_get_name(gap->type)) : NULL);
		json_object_object_add(o, "inode", gap->inode ?
				json_object_new_int64((int64_t)gap->inode) : NULL);
		json_object_object_add(o, "step", json_text(gap->step));
		json_object_object_add(o, "error", json_object_new_int(gap->error));
		json_object_object_add(o, "reason", json_text(strerror(gap->error)));
		json_entry(w, o);
	}
	json_close(w);
}

void json_put_question(struct json_writer *w, const char *question,
		       struct json_object *take_about)
{
	struct json_object *o = json_object_new_object();

	putchar('{');
	if (w->snap)
		put_head(w);
	else
		put_release(w);
	json_object_object_add(o, "asked", json_object_new_string(question));
	json_object_object_add(o, "about", take_about);
	json_put(w, "question", o);
}

void json_end_question(struct json_writer *w)
{
	if (w->snap)
		put_gaps(w);
	puts("\n}");
}

static void put_document(struct json_writer *w,
			 void (*more)(struct json_writer *w, void *data), void *data)
{
	putchar('{');
	put_head(w);
	put_reference(w);
	put_procfs(w);
	put_totals(w);
	put_types(w);
	json_put_selection(w);
	put_sources(w);
	json_put_namespaces(w);
	json_put_tasks(w);
	json_put_sandboxes(w);
	json_put_containers(w);
	if (more)
		more(w, data);
	put_gaps(w);
	puts("\n}");
}

int json_document(struct app *app, const struct nsu_snapshot *snap,
		  void (*more)(struct json_writer *w, void *data), void *data)
{
	struct json_writer w = { .app = app, .snap = snap, .whole = true };

	put_document(&w, more, data);
	return w.failed ? -ENOMEM : 0;
}

static void select_set(struct json_writer *w, const struct target *target)
{
	const struct nsu_ns *list[NSU_TYPE_COUNT];
	int count = target_list(w->app, target, w->snap, list);

	for (int i = 0; i < count; i++)
		w->selected[w->selected_count++] =
			(struct selected){ .word = target->word, .ns = list[i] };
}

static int select_one(struct json_writer *w, const struct target *target)
{
	struct selected *s = &w->selected[w->selected_count];
	int r = target_find(w->app, target, w->snap, &s->task, &s->ns);

	if (r < 0)
		return r;
	s->word = target->word;
	if (nsu_target_find_container(target->target, w->snap, &s->container) < 0)
		s->container = NULL;
	w->selected_count++;
	return 0;
}

/* What the operands are in the snapshot; those that are nothing are said. */
static int select_targets(struct json_writer *w, const struct targets *targets)
{
	int status = targets->failed ? 1 : 0;

	w->selected = calloc(targets->count * NSU_TYPE_COUNT + 1, sizeof(*w->selected));
	if (!w->selected)
		return -ENOMEM;
	for (size_t i = 0; i < targets->count; i++) {
		if (target_is_set(&targets->target[i]))
			select_set(w, &targets->target[i]);
		else if (select_one(w, &targets->target[i]) < 0)
			status = 1;
	}
	return status;
}

static int print_json(struct app *app, const struct nsu_snapshot *snap,
		      const struct targets *targets)
{
	struct json_writer w = { .app = app, .snap = snap };
	bool all = targets->count == 0 && !targets->failed;
	int status = select_targets(&w, targets);

	if (status >= 0 && (all || w.selected_count)) {
		w.whole = all;
		put_document(&w, NULL, NULL);
	}
	free(w.selected);
	if (status < 0 || w.failed)
		return view_failed(app, -ENOMEM);
	return status;
}

int view_json(struct app *app)
{
	struct targets targets;
	struct nsu_snapshot *snap = NULL;
	int r = targets_open(app, &targets), status;

	if (r == 0 && (targets.count || !targets.failed))
		snap = targets_scan(app, &targets, NSU_PART_DEFAULT | NSU_PART_PIDS |
				    NSU_PART_CONTAINERS |
				    (targets_name_ns(&targets) ? NSU_PART_HOLDERS :
				     targets.count ? 0 : FIND_PARTS), 0);
	if (!snap) {
		targets_close(&targets);
		return 1;
	}
	r = print_json(app, snap, &targets);
	targets_close(&targets);
	fflush(stdout);
	status = app_remark_gaps(app, snap);
	nsu_snapshot_free(snap);
	return r ? r : status;
}
