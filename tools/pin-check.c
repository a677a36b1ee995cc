// SPDX-License-Identifier: GPL-2.0-or-later
/* nspin check, repair and prune: which pins are not ok, and what becomes of them. */
#include <stdarg.h>
#include <stdlib.h>
#include "pin-set.h"

#define UNHEALTHY 4	/* exit status: answered with no */

static const struct {
	const char *would, *did;
} cures[] = {
	[NSU_PIN_CURE_NONE] = { NULL, NULL },
	[NSU_PIN_CURE_REMOVE] = { "would remove what is left of it",
				  "removed what was left of it" },
	[NSU_PIN_CURE_RECORD] = { "would write its record again",
				  "wrote its record again" },
	[NSU_PIN_CURE_FORGET] = { "would forget the types of which nothing is left",
				  "forgot the types of which nothing was left" },
	[NSU_PIN_CURE_MOUNT] = { "would mount it here again", "mounted it here again" },
	[NSU_PIN_CURE_PRUNE] = { NULL, NULL },
};
#define CURE_COUNT (sizeof(cures) / sizeof(cures[0]))

/* A line of data; names and paths are anyone's. */
static void __attribute__((format(printf, 2, 3)))
say(const struct pin_app *app, const char *format, ...)
{
	char *raw = NULL, *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&raw, format, ap) >= 0)
		text = text_escape(&app->out, raw);
	va_end(ap);
	if (text != NULL)
		puts(text);
	free(raw);
	free(text);
}

/* Which of its types are not ok for the same reason as this one, and not said yet. */
static unsigned same_trouble(const struct nsu_pin *pin, int first, unsigned said)
{
	unsigned types = 0;

	for (int type = first; type < NSU_TYPE_COUNT; type++)
		if (pin->types & 1U << type && !(said & 1U << type) &&
		    pin->ns[type].state == pin->ns[first].state &&
		    pin->ns[type].reason == pin->ns[first].reason)
			types |= 1U << type;
	return types;
}

static void name_types(char *buf, size_t size, unsigned types)
{
	size_t len = 0;

	*buf = '\0';
	for (int type = 0; type < NSU_TYPE_COUNT && len < size; type++)
		if (types & 1U << type)
			len += (size_t)snprintf(buf + len, size - len, "%s%s",
						len > 0 ? " " : "",
						nsu_type_get_name(type));
}

static void tell(const struct pin_app *app, const struct nsu_pin *pin)
{
	char types[64];
	unsigned said = 0;

	for (int type = 0; type < NSU_TYPE_COUNT; type++) {
		const struct nsu_pin_ns *ns = &pin->ns[type];
		unsigned same;

		if (!(pin->types & 1U << type) || said & 1U << type ||
		    ns->state == NSU_PIN_OK)
			continue;
		same = same_trouble(pin, type, said);
		said |= same;
		name_types(types, sizeof(types), same);
		say(app, "%s: %s: %s: %s", pin_word(pin), types,
		    nsu_pin_state_get_name(ns->state), pin_why(pin, ns, true));
	}
	if (said == 0)
		say(app, "%s: %s: %s", pin_word(pin), nsu_pin_state_get_name(pin->state),
		    pin_why(pin, NULL, true));
	say(app, "  cure: nspin %s %s", pin_cure_verb(pin), pin_word(pin));
}

int pin_check(struct pin_app *app)
{
	struct pin_set set;
	size_t bad = 0;
	int status = pin_set_open(app, &set);
	bool gaps;

	if (status != 0)
		return status;
	for (size_t i = 0; i < set.count; i++)
		if (set.chosen[i]->state != NSU_PIN_OK) {
			tell(app, set.chosen[i]);
			bad++;
		}
	fflush(stdout);
	gaps = pin_set_gaps(app, &set);
	/* A script needs no words for what its status says. */
	if (bad == 0 && !gaps && !set.missing && app->out.terminal && !app->opts.quiet)
		printf("%zu pin%s, all ok\n", set.count, set.count == 1 ? "" : "s");
	status = set.missing ? 1 : bad > 0 || gaps ? UNHEALTHY : 0;
	pin_set_close(&set);
	return status;
}

/* What repair leaves: not ours, or nothing that could be mended. Asked for by name it is
   a failure. */
static int leave(const struct pin_app *app, const struct nsu_pin *pin)
{
	if (pin->state == NSU_PIN_OK)
		return 0;
	if (pin->maker != NSU_PIN_BY_NSUTIL) {
		if (app->opts.operand_count > 0)
			msg(&app->out, "repair %s: not made by nspin (%s); to remove it: "
			    "nspin remove --force %s", pin_word(pin),
			    nsu_pin_maker_get_name(pin->maker), pin_word(pin));
		return app->opts.operand_count > 0;
	}
	msg(&app->out, "%s: %s: %s", pin->name, nsu_pin_state_get_name(pin->state),
	    pin_why(pin, NULL, true));
	msg(&app->out, "it cannot be mended, only removed: nspin %s %s",
	    pin_cure_verb(pin), pin->name);
	return app->opts.operand_count > 0;
}

static int repair(const struct pin_app *app, const struct nsu_pin *pin)
{
	struct nsu_pin_report report = NSU_PIN_REPORT_INIT;
	enum nsu_pin_cure cure = nsu_pin_get_cure(pin);
	int r;

	if ((unsigned)cure >= CURE_COUNT || cures[cure].did == NULL)
		return leave(app, pin);
	if (app->opts.dry_run) {
		say(app, "%s: %s", pin->name, cures[cure].would);
		return 0;
	}
	r = nsu_pin_repair(app->ctx, pin, &report);
	if (r < 0) {
		report.error = r;
		pin_complain(app, pin->name, &report);
		return 1;
	}
	say(app, "%s: %s", pin->name, cures[cure].did);
	pin_remark(app, pin->name, &report);
	return 0;
}

static int prune(const struct pin_app *app, const struct nsu_pin *pin)
{
	struct nsu_pin_report report = NSU_PIN_REPORT_INIT;
	const char *state = nsu_pin_state_get_name(pin->state);
	int r;

	if (pin->maker != NSU_PIN_BY_NSUTIL ||
	    nsu_pin_get_cure(pin) != NSU_PIN_CURE_PRUNE) {
		if (app->opts.operand_count > 0)
			msg(&app->out, "prune %s: %s: nothing to prune", pin_word(pin),
			    state);
		return 0;
	}
	if (app->opts.dry_run) {
		say(app, "%s: would remove it, it is %s", pin->name, state);
		return 0;
	}
	r = nsu_pin_remove(app->ctx, pin->name, false, &report);
	if (r < 0) {
		report.error = r;
		pin_complain(app, pin->name, &report);
		return 1;
	}
	say(app, "%s: removed, it was %s", pin->name, state);
	pin_remark(app, pin->name, &report);
	return 0;
}

static int each(struct pin_app *app,
		int (*act)(const struct pin_app *, const struct nsu_pin *))
{
	struct pin_set set;
	int status = pin_set_open(app, &set);

	if (status != 0)
		return status;
	for (size_t i = 0; i < set.count; i++)
		if (act(app, set.chosen[i]) != 0)
			status = 1;
	fflush(stdout);
	pin_set_gaps(app, &set);
	if (set.missing)
		status = 1;
	pin_set_close(&set);
	return status;
}

int pin_repair(struct pin_app *app)
{
	return each(app, repair);
}

int pin_prune(struct pin_app *app)
{
	return each(app, prune);
}
