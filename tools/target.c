/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"
#include "word.h"

int target_other_type(const struct app *app, const char *word, const struct nsu_ns *ns)
{
	if (!ns)
		msg(&app->out, "%s: has none of the types of --type", word);
	else
		msg(&app->out, "%s: is of type %s, which --type leaves out", word,
		    nsu_type_get_name(nsu_ns_get_type(ns)));
	return -ENOENT;
}

void target_complain(const struct app *app, const struct target *target, int error)
{
	switch (error) {
	case -ESRCH:
		word_no_process(&app->out, app->ctx, app->opts.proc, target->word);
		break;
	case -ENOENT:
		msg(&app->out, "%s: no process has this number", target->word);
		break;
	case -ENODATA:
		msg(&app->out, "%s: this kernel tells no ids or inner pids",
		    target->word);
		break;
	case -EACCES:
	case -EPERM:
		msg_errno(&app->out, error, "%s: read its namespaces", target->word);
		break;
	default:
		msg_errno(&app->out, error, "%s", target->word);
	}
}


int app_target(struct app *app, const char *word, struct nsu_target **ret)
{
	return word_open(&app->out, app->ctx, app->opts.proc, word, ret);
}

static int make_room(struct targets *targets, size_t more)
{
	size_t size = targets->count + more;
	const struct nsu_target **handle;
	struct target *target;

	if (size <= targets->size)
		return 0;
	target = reallocarray(targets->target, size, sizeof(*target));
	if (!target)
		return -ENOMEM;
	targets->target = target;
	handle = reallocarray(targets->handle, size, sizeof(*handle));
	if (!handle)
		return -ENOMEM;
	targets->handle = handle;
	targets->size = size;
	return 0;
}

static void add(struct targets *targets, const char *word, char *take_own,
		struct nsu_target *take)
{
	targets->target[targets->count] = (struct target){ word, take_own, take };
	targets->handle[targets->count++] = take;
}

/* Each that the word means, by the word that means it alone. */
static int open_matches(struct targets *targets, const struct nsu_matches *matches)
{
	int r = make_room(targets, nsu_matches_count(matches));

	for (size_t i = 0; i < nsu_matches_count(matches) && r == 0; i++) {
		const struct nsu_match *match = nsu_matches_get(matches, i);
		struct nsu_target *target;
		char *word;

		/* What has ended meanwhile is not among them. */
		if (nsu_match_open(match, &target) < 0)
			continue;
		word = strdup(match->word);
		if (!word) {
			nsu_target_free(target);
			return -ENOMEM;
		}
		add(targets, word, word, target);
	}
	return r;
}

static int open_selection(struct app *app, struct targets *targets, const char *word)
{
	struct nsu_matches *matches = NULL;
	struct nsu_snapshot *snap = app_scan(app, NSU_PART_TASKS | NSU_PART_PIDS |
					     NSU_PART_CONTAINERS, 0);
	size_t before = targets->count;
	int r;

	if (!snap) {
		targets->failed = true;
		return 0;
	}
	r = nsu_matches_new(snap, word, &matches);
	if (r == 0)
		r = open_matches(targets, matches);
	if (r != -ENOMEM && targets->count == before) {
		targets->failed = true;
		word_no_match(&app->out, word);
	}
	nsu_matches_free(matches);
	nsu_snapshot_free(snap);
	return r == -ENOMEM ? r : 0;
}

static int open_word(struct app *app, struct targets *targets, const char *word)
{
	struct nsu_target *target;
	int r = make_room(targets, 1);

	if (r < 0)
		return r;
	if (nsu_word_is_selection(word))
		return open_selection(app, targets, word);
	r = app_target(app, word, &target);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		targets->failed = true;
	else
		add(targets, word, NULL, target);
	return 0;
}

int targets_open(struct app *app, struct targets *targets)
{
	const struct opts *opts = &app->opts;
	int r = 0;

	memset(targets, 0, sizeof(*targets));
	if (opts->pid > 0) {
		snprintf(targets->pid, sizeof(targets->pid), "%d", (int)opts->pid);
		r = open_word(app, targets, targets->pid);
	}
	for (int i = 0; i < opts->operand_count && r == 0; i++)
		r = open_word(app, targets, opts->operands[i]);
	return r;
}

void targets_close(struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++) {
		nsu_target_free(targets->target[i].target);
		free(targets->target[i].own_word);
	}
	free(targets->target);
	free(targets->handle);
	targets->target = NULL;
	targets->handle = NULL;
	targets->count = 0;
}

bool targets_name_ns(const struct targets *targets)
{
	enum nsu_target_kind kind;

	for (size_t i = 0; i < targets->count; i++)
		if (nsu_target_get_kind(targets->target[i].target, &kind) == 0 &&
		    kind != NSU_TARGET_TASK)
			return true;
	return false;
}

struct nsu_snapshot *targets_scan(struct app *app, const struct targets *targets,
				  unsigned parts, unsigned types)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;

	/* A target may be one that only a descriptor or a mount holds. */
	opts.parts = parts | (targets_name_ns(targets) ? FIND_PARTS : 0);
	opts.types = types;
	opts.targets = targets->handle;
	opts.target_count = targets->count;
	return app_scan_by(app, &opts, NULL);
}

bool target_is_set(const struct target *target)
{
	enum nsu_target_kind kind;

	return nsu_target_get_kind(target->target, &kind) == 0 &&
	       kind == NSU_TARGET_SET;
}

/* Its first type stands for what can be typed. */
static int complain_set(const struct app *app, const struct target *target)
{
	unsigned types = 0;

	nsu_target_get_types(target->target, &types);
	msg(&app->out, "%s: several namespaces: name one, as in %s/%s", target->word,
	    target->word, nsu_type_get_name((enum nsu_type)__builtin_ctz(types | 0x80)));
	return -ENOTUNIQ;
}

int target_list(const struct app *app, const struct target *target,
		const struct nsu_snapshot *snap,
		const struct nsu_ns *list[static NSU_TYPE_COUNT])
{
	const struct nsu_task *task;
	int count = 0, r;

	if (!target_is_set(target)) {
		r = target_find(app, target, snap, &task, &list[0]);
		return r < 0 ? r : task ? -ESRCH : 1;
	}
	for (enum nsu_type type = 0; type < NSU_TYPE_COUNT; type++) {
		r = nsu_target_find_ns_of(target->target, snap, type, &list[count]);
		if (r == 0)
			count++;
	}
	return count;
}

const struct nsu_ns *target_get_user(const struct target *target,
				     const struct nsu_snapshot *snap)
{
	const struct nsu_ns *ns, *user;

	if (nsu_target_find_ns_of(target->target, snap, NSU_USER, &user) == 0)
		return user;
	for (enum nsu_type type = 0; type < NSU_TYPE_COUNT; type++)
		if (nsu_target_find_ns_of(target->target, snap, type, &ns) == 0 &&
		    nsu_ns_get_owner(ns, &user) == 0)
			return user;
	return NULL;
}

int target_find_type(const struct app *app, const struct target *target,
		     const struct nsu_snapshot *snap, enum nsu_type type,
		     const struct nsu_task **task, const struct nsu_ns **ns)
{
	int r;

	if (!target_is_set(target))
		return target_find(app, target, snap, task, ns);
	*task = NULL;
	r = nsu_target_find_ns_of(target->target, snap, type, ns);
	if (r < 0)
		msg(&app->out, "%s: has no %s namespace", target->word,
		    nsu_type_get_name(type));
	return r;
}

int target_find(const struct app *app, const struct target *target,
		const struct nsu_snapshot *snap, const struct nsu_task **task,
		const struct nsu_ns **ns)
{
	enum nsu_target_kind kind;
	int r = nsu_target_get_kind(target->target, &kind);

	*task = NULL;
	*ns = NULL;
	if (r == 0 && kind == NSU_TARGET_SET)
		return complain_set(app, target);
	if (r == 0 && kind == NSU_TARGET_NS) {
		r = nsu_target_find_ns(target->target, snap, ns);
		if (r == -ENOENT)
			msg(&app->out, "%s: no such namespace%s", target->word,
			    nsu_snapshot_is_complete(snap) ? "" : " in what can be read");
		else if (r < 0)
			target_complain(app, target, r);
		return r;
	}
	r = nsu_target_find_task(target->target, snap, task);
	/* What stands behind the last @ is no pid namespace, or nothing. */
	if (r == -ESRCH && strchr(target->word, '@'))
		msg(&app->out, "%s: no process has this number: what stands behind the @ "
		    "has no numbers", target->word);
	else if (r == -ESRCH)
		msg(&app->out, "%s: has ended", target->word);
	else if (r < 0)
		target_complain(app, target, r);
	return r;
}
