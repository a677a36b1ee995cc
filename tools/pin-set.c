// SPDX-License-Identifier: GPL-2.0-or-later
/* The pins that a command is about, and their states in words. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "pin-set.h"
#include "pin-verbs.h"

static const struct {
	const char *brief, *full;
} reasons[NSU_PIN_REASON_COUNT] = {
	[NSU_PIN_NO_REASON] = { "-", "-" },
	[NSU_PIN_PLAIN_FILE] = { "a plain file, no namespace",
		"a plain file, no namespace behind it" },
	[NSU_PIN_UNMOUNTED] = { "nothing is mounted there",
		"nothing is mounted or linked where the record says" },
	[NSU_PIN_KEEPER_ENDED] = { "its keeper has ended",
		"its keeper has ended, and the namespaces with it" },
	[NSU_PIN_HALF_MADE] = { "was not made to the end",
		"who made it did not come to the end" },
	[NSU_PIN_HALF_REMOVED] = { "was not removed to the end",
		"who removed it did not come to the end" },
	[NSU_PIN_NO_RECORD] = { "no record that can be read",
		"it has no record that can be read" },
	[NSU_PIN_REPLACED] = { "another namespace is there now",
		"another namespace is mounted there than the record says" },
	[NSU_PIN_ELSEWHERE] = { "in another mount namespace",
		"it is mounted in another mount namespace, not in this one" },
	[NSU_PIN_RECORD_LOST] = { "its record is lost",
		"its record is lost; its keeper still has it" },
	[NSU_PIN_INIT_ENDED] = { "its init has ended",
		"its init has ended: nothing can be started in it" },
	[NSU_PIN_HALF_RENAMED] = { "was not renamed to the end",
		"who renamed it did not come to the end; nothing of it is lost" },
};

const char *pin_reason(enum nsu_pin_reason reason, bool full)
{
	if ((unsigned)reason >= NSU_PIN_REASON_COUNT)
		return "?";
	return full ? reasons[reason].full : reasons[reason].brief;
}

/* Where it is in /run/netns, too, that alone may be lost. */
static bool lacks_netns(const struct nsu_pin *pin, const struct nsu_pin_ns *ns)
{
	static const char dir[] = "/run/netns/";

	return pin->netns && ns->reason == NSU_PIN_UNMOUNTED && ns->path != NULL &&
	       strncmp(ns->path, dir, strlen(dir)) == 0;
}

const char *pin_why(const struct nsu_pin *pin, const struct nsu_pin_ns *ns, bool full)
{
	if (lacks_netns(pin, ns != NULL ? ns : &pin->ns[NSU_NET]) &&
	    (ns != NULL || pin->reason == NSU_PIN_UNMOUNTED))
		return full ? "it is no longer in /run/netns, only here" :
		       "not in /run/netns any more";
	/* Others have no record that it could differ from. */
	if (pin->maker != NSU_PIN_BY_NSUTIL && pin->reason == NSU_PIN_REPLACED)
		return "another mount covers it";
	return pin_reason(ns != NULL ? ns->reason : pin->reason, full);
}

const char *pin_cure_verb(const struct nsu_pin *pin)
{
	if (pin->maker != NSU_PIN_BY_NSUTIL)
		return "remove --force";
	switch (nsu_pin_get_cure(pin)) {
	case NSU_PIN_CURE_PRUNE:
		return "prune";
	case NSU_PIN_CURE_NONE:
		return "remove";
	default:
		return "repair";
	}
}

const char *pin_field(char buf[static PIN_FIELD_SIZE], unsigned types)
{
	for (int type = 0; type < NSU_TYPE_COUNT; type++)
		buf[type] = types & 1U << type ? nsu_type_get_info(type)->letter : '.';
	buf[NSU_TYPE_COUNT] = '\0';
	return buf;
}

/* Root's are no one else's to see or to mend: nothing is wrong with that. */
static bool is_roots(const struct nsu_pin_gap *gap)
{
	static const char dir[] = "/run/nsutil";

	return gap->error == -EACCES && geteuid() != 0 &&
	       strncmp(gap->path, dir, strlen(dir)) == 0;
}

static bool has_roots(const struct nsu_pins *pins)
{
	for (size_t i = 0; i < nsu_pins_count_gaps(pins); i++)
		if (is_roots(nsu_pins_get_gap(pins, i)))
			return true;
	return false;
}

void pin_say_absent(const struct pin_app *app, const char *name)
{
	struct nsu_pins *pins = NULL;
	const char *best = NULL;
	size_t least = 3;

	msg(&app->out, "%s %s: no pin has this name", pin_verb_name(app->opts.verb),
	    name);
	if (nsu_pins_new(app->ctx, &pins) < 0)
		return;
	for (size_t i = 0; i < nsu_pins_count(pins); i++) {
		const char *word = pin_word(nsu_pins_get(pins, i));
		size_t one = pin_distance(word, name);

		if (one < least && one < strlen(name)) {
			least = one;
			best = word;
		}
	}
	if (best != NULL)
		msg(&app->out, "did you mean %s?", best);
	else
		msg(&app->out, "to see which there are: nspin%s", has_roots(pins) ?
		    "; those of root: sudo nspin" : "");
	nsu_pins_free(pins);
}

int pin_set_open(struct pin_app *app, struct pin_set *ret)
{
	const struct pin_opts *opts = &app->opts;
	size_t all;
	int r;

	*ret = (struct pin_set){ 0 };
	r = nsu_pins_new(app->ctx, &ret->pins);
	if (r < 0) {
		msg_errno(&app->out, r, "%s: read the pins", pin_verb_name(opts->verb));
		return 1;
	}
	all = nsu_pins_count(ret->pins);
	ret->chosen = calloc(all + (size_t)opts->operand_count + 1, sizeof(*ret->chosen));
	if (ret->chosen == NULL) {
		msg_errno(&app->out, ENOMEM, "%s", pin_verb_name(opts->verb));
		pin_set_close(ret);
		return 1;
	}
	for (size_t i = 0; opts->operand_count == 0 && i < all; i++)
		ret->chosen[ret->count++] = nsu_pins_get(ret->pins, i);
	for (int i = 0; i < opts->operand_count; i++) {
		if (nsu_pins_find(ret->pins, opts->operands[i],
				  &ret->chosen[ret->count]) == 0) {
			ret->count++;
			continue;
		}
		pin_say_absent(app, opts->operands[i]);
		ret->missing = true;
	}
	return 0;
}

void pin_set_close(struct pin_set *set)
{
	free(set->chosen);
	nsu_pins_free(set->pins);
	*set = (struct pin_set){ 0 };
}

static void tell_gap(const struct pin_app *app, const struct nsu_pin_gap *gap)
{
	if (gap->error == -EINVAL)
		msg(&app->out, "%s: not a name of a pin, so none of nspin's; look at it",
		    gap->path);
	else if (gap->error == -ENOTDIR)
		msg(&app->out, "%s: not a directory, so none of nspin's; look at it",
		    gap->path);
	else
		msg_errno(&app->out, gap->error, "%s: read the pin", gap->path);
}

bool pin_set_gaps(const struct pin_app *app, const struct pin_set *set)
{
	size_t count = nsu_pins_count_gaps(set->pins);
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		const struct nsu_pin_gap *gap = nsu_pins_get_gap(set->pins, i);

		if (is_roots(gap)) {
			if (app->opts.verb == VERB_LIST && !app->opts.quiet)
				msg(&app->out, "those of root are not shown: sudo nspin");
			continue;
		}
		tell_gap(app, gap);
		found = true;
	}
	return found;
}
