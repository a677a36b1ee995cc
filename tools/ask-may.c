// SPDX-License-Identifier: GPL-2.0-or-later
/* nstree --may: what setns(2) would tell another process, by the same rules and in the
   same words as nsattach --explain tells its caller. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "card.h"
#include "json.h"
#include "rules.h"
#include "view.h"

struct question {
	struct app *app;
	const struct nsu_snapshot *snap;
	struct shown_cache *cache;
	struct target who;
	const struct nsu_task *task;	/* who, in the picture */
	const struct nsu_ns *user;	/* its user namespace */
	const char *name;
	struct nsu_confinement has;
	struct json_writer *json;	/* NULL: text */
	bool refused;
};

/* What is looked at: the plan for one target. */
struct answer {
	const struct target *target;
	struct nsu_plan *plan;
	int only;			/* a type; -1: all of a process */
	const struct nsu_ns *user;	/* that the capabilities count in */
	uint64_t caps;			/* there */
};

/* The namespace below `top` on the way down to `ns`; NULL: it is not below it. */
static const struct nsu_ns *step_below(const struct nsu_ns *top, const struct nsu_ns *ns)
{
	const struct nsu_ns *up;

	while (nsu_ns_get_parent(ns, &up) == 0) {
		if (up == top)
			return ns;
		ns = up;
	}
	return NULL;
}

static int find_user(const struct question *q, struct answer *a)
{
	const struct nsu_task *task;
	const struct nsu_ns *ns;
	int r;

	a->only = -1;
	if (target_is_set(a->target)) {
		a->user = target_get_user(a->target, q->snap);
		return 0;
	}
	r = target_find(q->app, a->target, q->snap, &task, &ns);
	if (r < 0)
		return r;
	if (task) {
		a->user = view_task_ns(task, NSU_USER);
	} else {
		a->only = nsu_ns_get_type(ns);
		if (a->only == NSU_USER)
			a->user = ns;
		else if (nsu_ns_get_owner(ns, &a->user) < 0)
			a->user = NULL;
	}
	return 0;
}

static void find_caps(const struct question *q, struct answer *a)
{
	const struct nsu_entry *entry =
		nsu_plan_get_entry(a->plan, a->only < 0 ? NSU_USER :
				   (enum nsu_type)a->only);

	a->caps = entry->verdict == NSU_ENTRY_YES || entry->verdict == NSU_ENTRY_NO ?
		entry->caps : q->has.effective;
}

/* Why it has what it has in the user namespace. */
static char *caps_reason(const struct question *q, const struct answer *a)
{
	char own[NS_TEXT_SIZE], caps[16], *text;
	const struct nsu_ns *below = step_below(q->user, a->user);
	uid_t creator;
	int r;

	view_ns(own, q->user);
	if (a->user == q->user)
		return strdup("which is its own");
	if (!below)
		r = asprintf(&text, "it is in %s, which is not above that one", own);
	else if (a->caps == UINT64_MAX)
		r = asprintf(&text, "it is in %s above it, and its uid created %s", own,
			     below == a->user ? "that namespace" : "the one between");
	else if (a->caps)
		r = asprintf(&text, "it is in %s above it, and has %s there", own,
			     rules_caps(caps, q->has.effective));
	else
		r = asprintf(&text, "it is in %s %s it, but neither created that "
			     "namespace (%s did) nor has capabilities in its own", own,
			     below == a->user ? "above" : "far above",
			     nsu_ns_get_creator(below, &creator) == 0 ?
			     user_name(creator) : "?");
	return r < 0 ? NULL : text;
}

/* A sentence, wrapped between words. */
static void print_sentence(const struct app *app, const char *text)
{
	size_t width = app->out.width > 0 ? (size_t)app->out.width : 0, column = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (column && width && column + 1 + len > width) {
			putchar('\n');
			column = 0;
		} else if (column) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)len, text);
		column += len;
		text += len + (text[len] == ' ');
	}
	putchar('\n');
}

/* Which of several it is about. */
static char *reason_head(const struct question *q, const struct answer *a)
{
	char *word, *text;

	if (q->app->opts.operand_count < 2 && !a->target->own_word)
		return strdup("");
	word = text_escape(&q->app->out, a->target->word);
	if (asprintf(&text, "%s: ", word ? word : "?") < 0)
		text = NULL;
	free(word);
	return text;
}

static void print_reason(const struct question *q, const struct answer *a)
{
	char *head = reason_head(q, a);
	char name[NS_TEXT_SIZE], caps[16], *reason, *text;
	const char *many;

	if (!q->user || !a->user) {
		if (asprintf(&text, "%swhich user namespaces are concerned could not be "
			     "read", head ? head : "") >= 0)
			print_sentence(q->app, text);
		free(text);
		free(head);
		return;
	}
	reason = caps_reason(q, a);
	many = rules_caps(caps, a->caps);
	if (asprintf(&text, "%s%d %s has %s %s in %s%s %s", head ? head : "",
		     (int)nsu_task_get_tid(q->task), q->name, many,
		     strcmp(many, "1") ? "capabilities" : "capability",
		     view_ns(name, a->user), a->user == q->user ? "," : ":",
		     reason ? reason : "?") >= 0)
		print_sentence(q->app, text);
	free(head);
	free(text);
	free(reason);
}

static struct json_object *inode_value(uint64_t inode)
{
	return inode ? json_object_new_int64((int64_t)inode) : NULL;
}

static struct json_object *caps_value(uint64_t caps)
{
	char text[24];

	snprintf(text, sizeof(text), "%016" PRIx64, caps);
	return json_object_new_string(text);
}

static void put_answer(const struct question *q, const struct answer *a)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();

	json_object_object_add(o, "target", json_text(a->target->word));
	json_object_object_add(o, "may", json_object_new_boolean(
			nsu_plan_check(a->plan) == 0));
	json_object_object_add(o, "user", a->user ? inode_value(
			nsu_ns_get_inode(a->user)) : NULL);
	json_object_object_add(o, "caps", a->user ? caps_value(a->caps) : NULL);
	for (int type = 0; type < NSU_TYPE_COUNT; type++) {
		const struct nsu_entry *entry =
			nsu_plan_get_entry(a->plan, (enum nsu_type)type);
		struct json_object *one;
		const char *rule = rules_name(entry->rule);
		char *why;

		if (a->only >= 0 && a->only != type)
			continue;
		one = json_object_new_object();
		why = rules_why(entry, RULES_IT);
		json_object_object_add(one, "type", json_object_new_string(
				nsu_type_get_name((enum nsu_type)type)));
		json_object_object_add(one, "inode", inode_value(entry->inode));
		json_object_object_add(one, "enter", json_object_new_string(
				rules_verdict(entry)));
		json_object_object_add(one, "rule", rule ? json_text(rule) : NULL);
		json_object_object_add(one, "why", why ? json_text(why) : NULL);
		json_object_object_add(one, "owner", inode_value(entry->owner));
		json_object_object_add(one, "needed_in", inode_value(entry->needed_in));
		json_object_array_add(list, one);
		free(why);
	}
	json_object_object_add(o, "namespaces", list);
	json_entry(q->json, o);
}

/* What setns(2) asks of the process itself, and a child of it has. */
static void remark_threads(const struct question *q, const struct answer *a)
{
	static const enum nsu_type alone[] = { NSU_MNT, NSU_USER, NSU_TIME };
	const struct shown *shown = shown_get(q->cache, q->task, false);
	bool concerned = false;

	for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++)
		concerned |= nsu_plan_get_entry(a->plan, alone[i])->verdict ==
			NSU_ENTRY_YES;
	if (shown && shown->stat.threads > 1 && concerned)
		printf("It has %lu threads: a child of it can enter mnt, user and time, "
		       "it cannot.\n", shown->stat.threads);
}

static int answer(struct question *q, const struct target *target)
{
	struct nsu_plan_options opts = NSU_PLAN_OPTIONS_INIT;
	struct answer a = { .target = target };
	int r = find_user(q, &a);

	if (r < 0)
		return r;
	opts.as = q->who.target;
	r = nsu_plan_new(q->app->ctx, target->target, &opts, &a.plan);
	if (r < 0) {
		msg_errno(&q->app->out, r, "%s: may %s enter", target->word, q->who.word);
		return r;
	}
	find_caps(q, &a);
	if (q->json) {
		put_answer(q, &a);
	} else {
		print_reason(q, &a);
		r = rules_print(&q->app->out, a.plan, a.only, RULES_IT);
		remark_threads(q, &a);
	}
	q->refused |= nsu_plan_check(a.plan) < 0;
	nsu_plan_free(a.plan);
	return r;
}

static int answer_each(struct question *q, const struct targets *targets)
{
	int status = targets->failed;

	for (size_t i = 0; i < targets->count; i++) {
		if (i && !q->json)
			putchar('\n');
		if (answer(q, &targets->target[i]) < 0)
			status = 1;
	}
	return status ? status : q->refused ? ANSWER_NO : 0;
}

static int print_answers(struct question *q, const struct targets *targets)
{
	struct json_writer w = { .app = q->app, .snap = q->snap };
	int status;

	if (!q->app->opts.json)
		return answer_each(q, targets);
	q->json = &w;
	json_put_question(&w, "may", json_object_new_int(nsu_task_get_tid(q->task)));
	json_open(&w, "answers");
	status = answer_each(q, targets);
	json_close(&w);
	json_end_question(&w);
	return w.failed ? view_failed(q->app, -ENOMEM) : status;
}

/* The process that is asked about. */
static int find_who(struct question *q)
{
	const struct shown *shown;
	const struct nsu_ns *ns;
	int r = target_find(q->app, &q->who, q->snap, &q->task, &ns);

	if (r < 0)
		return r;
	if (!q->task) {
		msg(&q->app->out, "--may %s: a namespace enters nothing: give a process",
		    q->who.word);
		return -EINVAL;
	}
	q->user = view_task_ns(q->task, NSU_USER);
	shown = shown_get(q->cache, q->task, false);
	q->name = shown && shown->name ? shown->name : "?";
	q->has = (struct nsu_confinement)NSU_CONFINEMENT_INIT;
	r = nsu_task_read_confinement(q->task, &q->has);
	if (r < 0)
		msg_errno(&q->app->out, r, "process %s: read its capabilities",
			  q->who.word);
	return r;
}

/* The operands and the process: both are looked for in one picture. */
static struct nsu_snapshot *scan(struct question *q, const struct targets *targets)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	const struct nsu_target **all =
		calloc(targets->count + 1, sizeof(const struct nsu_target *));
	struct nsu_snapshot *snap;

	if (!all)
		return NULL;
	memcpy(all, targets->handle, targets->count * sizeof(*all));
	all[targets->count] = q->who.target;
	opts.parts = NSU_PART_DEFAULT | NSU_PART_PIDS;
	opts.targets = all;
	opts.target_count = targets->count + 1;
	snap = app_scan_by(q->app, &opts, NULL);
	free(all);
	return snap;
}

int view_ask_may(struct app *app)
{
	struct question q = { .app = app, .who = { .word = app->opts.may } };
	struct nsu_snapshot *snap = NULL;
	struct targets targets;
	int r = targets_open(app, &targets), status = 1;

	if (r < 0)
		view_failed(app, r);
	else if (app_target(app, q.who.word, &q.who.target) == 0 && targets.count)
		snap = scan(&q, &targets);
	q.cache = shown_new(&app->out);
	q.snap = snap;
	if (snap && q.cache && find_who(&q) == 0) {
		status = print_answers(&q, &targets);
		fflush(stdout);
		r = app_remark_gaps(app, snap);
		status = status ? status : r;
	}
	shown_free(q.cache);
	nsu_target_free(q.who.target);
	targets_close(&targets);
	nsu_snapshot_free(snap);
	return status;
}
