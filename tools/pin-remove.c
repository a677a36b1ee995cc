// SPDX-License-Identifier: GPL-2.0-or-later
/* nspin remove, which says what lives on and why, and rename. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "holders.h"
#include "pin.h"
#include "view.h"

#define NAMED 2		/* holders of each kind that are named */

/* A namespace that was pinned. */
struct left {
	enum nsu_type type;
	uint64_t inode;
	char *text;	/* what keeps it */
};

struct lefts {
	struct left *list;
	size_t count;
	unsigned types;
};

/* Those that are gone, as most are, need no scan of the host. */
static void note_left(const struct pin_app *app, struct lefts *lefts,
		      const struct nsu_pin_report *report)
{
	struct left *grown = reallocarray(lefts->list, lefts->count + NSU_TYPE_COUNT,
					  sizeof(*grown));

	if (!grown)
		return;
	lefts->list = grown;
	for (int type = 0; type < NSU_TYPE_COUNT; type++) {
		if (!(report->types & 1U << type) || !report->inode[type] ||
		    nsu_pin_is_gone(app->ctx, type, report->inode[type],
				    report->id[type]) == 1)
			continue;
		lefts->list[lefts->count++] = (struct left){ type, report->inode[type],
							 NULL };
		lefts->types |= 1U << type;
	}
}

static bool is_left(const struct lefts *lefts, const struct nsu_ns *ns)
{
	for (size_t i = 0; ns && i < lefts->count; i++)
		if (lefts->list[i].type == nsu_ns_get_type(ns) &&
		    lefts->list[i].inode == nsu_ns_get_inode(ns))
			return true;
	return false;
}

/* A namespace that was pinned beside it has a line of its own. */
static bool is_told(const struct lefts *lefts, const struct nsu_holder *holder)
{
	return (holder->kind == NSU_HOLDER_OWNED || holder->kind == NSU_HOLDER_CHILD) &&
	       is_left(lefts, holder->ns);
}

/* Something else than a zombie, which goes by itself. */
static bool is_held(const struct lefts *lefts, const struct holders *holders)
{
	for (size_t i = 0; i < holders->count; i++)
		if (holders->held[i].holder.kind != NSU_HOLDER_ZOMBIE &&
		    !is_told(lefts, &holders->held[i].holder))
			return true;
	return false;
}

/* "3 processes (4711 nginx, 4712 nginx, ...)"; of descriptors whose they are. */
static void put_kind(FILE *f, const struct holder_words *words, const struct lefts *lefts,
		     const struct holders *holders, enum nsu_holder_kind kind)
{
	size_t end = holders->first[kind + 1], count = 0, named = 0;
	char head[32], *last = NULL;

	for (size_t i = holders->first[kind]; i < end; i++)
		count += !is_told(lefts, &holders->held[i].holder);
	if (!count)
		return;
	fprintf(f, "%s%s (", ftell(f) > 0 ? ", " : "", holders_head(head, kind, count));
	for (size_t i = holders->first[kind]; i < end && named <= NAMED; i++) {
		char *text = NULL, *whose;

		if (is_told(lefts, &holders->held[i].holder))
			continue;
		text = holder_text(words, &holders->held[i]);
		whose = text && kind == NSU_HOLDER_FD ? strstr(text, "of ") : NULL;
		whose = whose ? whose : text;
		if (last && whose && strcmp(last, whose) == 0) {
			free(text);
			continue;
		}
		fprintf(f, "%s%s", named ? ", " : "", named == NAMED ? "..." :
			whose ? whose : "?");
		named++;
		free(last);
		last = whose ? strdup(whose) : NULL;
		free(text);
	}
	free(last);
	fputc(')', f);
}

/* What keeps it; malloc'ed, NULL: nothing, or no memory. */
static char *make_left(const struct holder_words *words, const struct lefts *lefts,
		       const struct left *left)
{
	const struct nsu_ns *ns;
	struct holders holders;
	char *text = NULL;
	size_t size;
	FILE *f;

	if (nsu_snapshot_find_ns(words->snap, left->type, left->inode, &ns) < 0 ||
	    holders_get(words->app, ns, &holders) < 0)
		return NULL;
	f = is_held(lefts, &holders) ? open_memstream(&text, &size) : NULL;
	for (int kind = 0; f && kind < NSU_HOLDER_COUNT; kind++)
		put_kind(f, words, lefts, &holders, kind);
	holders_free(&holders);
	if (f && fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

/* Those that the same keeps share a line, of which this one is the first. */
static void tell_left(const struct pin_app *app, struct lefts *lefts, size_t first)
{
	char *text = lefts->list[first].text, *names = NULL;
	size_t size, count = 0;
	FILE *f = text ? open_memstream(&names, &size) : NULL;

	for (size_t i = first; f && i < lefts->count; i++) {
		struct left *left = &lefts->list[i];

		if (!left->text || strcmp(left->text, text) != 0)
			continue;
		fprintf(f, "%s%s:%" PRIu64, count++ ? " " : "",
			nsu_type_get_name(left->type), left->inode);
		if (i == first)
			continue;
		free(left->text);
		left->text = NULL;
	}
	if (f && fclose(f) == 0)
		msg(&app->out, "%s live%s on: %s", names, count == 1 ? "s" : "", text);
	free(names);
}

static void tell_lefts(struct pin_app *app, struct lefts *lefts)
{
	struct app view = { .ctx = app->ctx, .out = app->out };
	struct holder_words words = { .app = &view };
	struct nsu_snapshot *snap;

	if (!lefts->count)
		return;
	snap = app_scan(&view, NSU_PART_DEFAULT | NSU_PART_HOLDERS, 0);
	words.snap = snap;
	words.cache = shown_new(&view.out);
	for (size_t i = 0; snap && words.cache && i < lefts->count; i++)
		lefts->list[i].text = make_left(&words, lefts, &lefts->list[i]);
	shown_free(words.cache);
	nsu_snapshot_free(snap);
	for (size_t i = 0; i < lefts->count; i++)
		tell_left(app, lefts, i);
	for (size_t i = 0; i < lefts->count; i++)
		free(lefts->list[i].text);
}

int pin_remove(struct pin_app *app)
{
	const struct pin_opts *opts = &app->opts;
	struct lefts lefts = { 0 };
	int status = 0;

	for (int i = 0; i < opts->operand_count; i++) {
		struct nsu_pin_report report = NSU_PIN_REPORT_INIT;
		int r = nsu_pin_remove(app->ctx, opts->operands[i], opts->force, &report);

		if (r < 0) {
			report.error = r;
			pin_complain(app, opts->operands[i], &report);
			status = 1;
			continue;
		}
		pin_remark(app, opts->operands[i], &report);
		if (!opts->quiet)
			note_left(app, &lefts, &report);
	}
	tell_lefts(app, &lefts);
	free(lefts.list);
	return status;
}

/* Only what is nspin's own has a name that can be another. */
static bool tell_foreign(const struct pin_app *app, const char *name)
{
	struct nsu_pins *pins = NULL;
	const struct nsu_pin *pin;
	bool foreign = nsu_pins_new(app->ctx, &pins) == 0 &&
		       nsu_pins_find(pins, name, &pin) == 0 &&
		       pin->maker != NSU_PIN_BY_NSUTIL;

	if (foreign)
		msg(&app->out, "rename %s: not made by nspin (%s), so not its to rename",
		    name, nsu_pin_maker_get_name(pin->maker));
	nsu_pins_free(pins);
	return foreign;
}

int pin_rename(struct pin_app *app)
{
	struct nsu_pin_report report = NSU_PIN_REPORT_INIT;
	char **names = app->opts.operands;
	int r = nsu_pin_rename(app->ctx, names[0], names[1], &report);

	if (r == 0) {
		pin_remark(app, names[1], &report);
		return 0;
	}
	report.error = r;
	if (report.cause == NSU_PIN_CAUSE_EXISTS && strcmp(names[0], names[1]) == 0) {
		msg(&app->out, "rename %s: that is its name already", names[0]);
		return 1;
	}
	if (tell_foreign(app, names[0]))
		return 1;
	/* Either may be the one that is wrong. */
	pin_complain(app, report.cause == NSU_PIN_CAUSE_EXISTS ||
		     (report.cause == NSU_PIN_CAUSE_NAME &&
		      strcmp(report.object, names[1]) == 0) ? names[1] : names[0],
		     &report);
	return 1;
}
