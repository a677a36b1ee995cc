/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

void target_complain(const struct app *app, const struct target *target, int error)
{
	switch (error) {
	case -ESRCH:
		msg(&app->out, "%s: no such process", target->word);
		break;
	case -ENOENT:
		msg(&app->out, "%s: no process has this number", target->word);
		break;
	case -ENODATA:
		msg(&app->out, "%s: this kernel tells no ids or inner pids",
		    target->word);
		break;
	default:
		msg_errno(&app->out, error, "%s", target->word);
	}
}

static int open_word(struct app *app, struct targets *targets, const char *word)
{
	struct target *target = &targets->target[targets->count];
	int r;

	target->word = word;
	r = app_target(app, word, &target->target);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		targets->failed = true;
	else
		targets->count++;
	return 0;
}

int targets_open(struct app *app, struct targets *targets)
{
	const struct opts *opts = &app->opts;
	int r = 0;

	memset(targets, 0, sizeof(*targets));
	targets->target = calloc((size_t)opts->operand_count + 2, sizeof(struct target));
	if (!targets->target)
		return -ENOMEM;
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
	for (size_t i = 0; i < targets->count; i++)
		nsu_target_free(targets->target[i].target);
	free(targets->target);
	targets->target = NULL;
	targets->count = 0;
}

int target_find(const struct app *app, const struct target *target,
		const struct nsu_snapshot *snap, const struct nsu_task **task,
		const struct nsu_ns **ns)
{
	int r;

	*task = NULL;
	*ns = NULL;
	if (nsu_target_get_kind(target->target) == NSU_TARGET_NS) {
		r = nsu_target_find_ns(target->target, snap, ns);
		if (r == -ENOENT)
			msg(&app->out, "%s: no such namespace%s", target->word,
			    nsu_snapshot_is_complete(snap) ? "" : " in what can be read");
		else if (r < 0)
			target_complain(app, target, r);
		return r;
	}
	r = nsu_target_find_task(target->target, snap, task);
	if (r == -ESRCH)
		msg(&app->out, "%s: has ended", target->word);
	else if (r < 0)
		target_complain(app, target, r);
	return r;
}
