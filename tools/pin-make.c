// SPDX-License-Identifier: GPL-2.0-or-later
/* nspin create and add. */
#include <errno.h>
#include <unistd.h>
#include "pin.h"
#include "word.h"

static void fill(struct pin_app *app, struct nsu_pin_options *to)
{
	struct pin_opts *opts = &app->opts;

	to->types = opts->types;
	to->netns = opts->netns;
	to->args = (const char *const *)opts->args;
	if (opts->verb == VERB_ADD) {
		to->from = opts->operands[1];
		return;
	}
	to->hostname = opts->hostname;
	to->set_boottime = opts->set_boottime;
	to->set_monotonic = opts->set_monotonic;
	to->boottime = opts->boottime;
	to->monotonic = opts->monotonic;
	to->loopback = opts->loopback;
	to->map = opts->map;
	to->uids = opts->uids;
	to->gids = opts->gids;
	to->uid_count = opts->uid_count;
	to->gid_count = opts->gid_count;
	to->propagation = opts->propagation;
}

/* All other types have an owner, which for an ordinary user has to be a new one. */
static void add_user(struct nsu_pin_options *to)
{
	if (geteuid() == 0 || to->types & 1U << NSU_USER)
		return;
	to->types |= 1U << NSU_USER;
	to->map = NSU_PIN_MAP_ROOT;
}

static void tell_user(const struct pin_app *app, const struct nsu_pin_options *made)
{
	const char *name = app->opts.operands[0];

	if (app->opts.quiet || app->opts.verb != VERB_CREATE ||
	    !(made->types & 1U << NSU_USER))
		return;
	if (!(app->opts.types & 1U << NSU_USER))
		msg(&app->out, "%s: with a user namespace in which you are root, which "
		    "an ordinary user needs: -U --map-root", name);
	else if (made->map == NSU_PIN_MAP_NONE)
		msg(&app->out, "%s: no id is mapped in its user namespace, so no one is "
		    "root there; for that: --map-root or --map-auto", name);
}

int pin_make(struct pin_app *app)
{
	struct nsu_pin_report report = NSU_PIN_REPORT_INIT;
	struct nsu_pin_options options = NSU_PIN_OPTIONS_INIT;
	const char *name = app->opts.operands[0];
	struct nsu_target *target = NULL;
	int r;

	fill(app, &options);
	if (app->opts.verb == VERB_ADD) {
		if (word_open(&app->out, app->ctx, NULL, app->opts.operands[1],
			      &target) < 0)
			return 1;
		r = nsu_pin_add(app->ctx, name, target, &options, &report);
		nsu_target_free(target);
	} else {
		add_user(&options);
		r = nsu_pin_create(app->ctx, name, &options, &report);
	}
	if (r < 0) {
		report.error = r;
		pin_complain(app, name, &report);
		return 1;
	}
	tell_user(app, &options);
	pin_remark(app, name, &report);
	return 0;
}

int pin_create(struct pin_app *app)
{
	int status = pin_make(app);

	if (status != 0 || app->opts.command == NULL)
		return status;
	return pin_enter(app, app->opts.operands[0], 0, app->opts.command);
}

int pin_add(struct pin_app *app)
{
	return pin_make(app);
}
