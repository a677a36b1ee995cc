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
		lefts->list[lefts->count++] = (struct left){ type, report->inode[type] };
		lefts->types |= 1U << type;
	}
}

/* "3 processes (4711 nginx, 4712 nginx, ...)" */
static void put_kind(FILE *f, const struct holder_words *words,
		     const struct holders *holders, enum nsu_holder_kind kind)
{
	size_t first = holders->first[kind], count = holders->first[kind + 1] - first;
	char head[32];

	if (!count)
		return;
	fprintf(f, "%s%s", ftell(f) > 0 ? ", " : "", holders_head(head, kind, count));
	for (size_t i = 0; i < count && i < NAMED; i++) {
		char *text = holder_text(words, &holders->held[first + i]);

		fprintf(f, "%s%s", i ? ", " : " (", text ? text : "?");
		free(text);
	}
	fputs(count > NAMED ? ", ...)" : ")", f);
}

static bool is_left(const struct lefts *lefts, const struct nsu_ns *ns)
{
	for (size_t i = 0; ns && i < lefts->count; i++)
		if (lefts->list[i].type == nsu_ns_get_type(ns) &&
		    lefts->list[i].inode == nsu_ns_get_inode(ns))
			return true;
	return false;
}

/* Something else than what goes by itself: a zombie, or a namespace that was pinned
   beside it and is told of in its own line. */
static bool is_held(const struct lefts *lefts, const struct holders *holders)
{
	for (size_t i = 0; i < holders->count; i++) {
		const struct nsu_holder *holder = &holders->held[i].holder;

		if (holder->kind != NSU_HOLDER_ZOMBIE &&
		    ((holder->kind != NSU_HOLDER_OWNED &&
		      holder->kind != NSU_HOLDER_CHILD) || !is_left(lefts, holder->ns)))
			return true;
	}
	return false;
}

static void tell_left(const struct holder_words *words, const struct lefts *lefts,
		      const struct left *left)
{
	const struct nsu_ns *ns;
	struct holders holders;
	char *text = NULL;
	size_t size;
	FILE *f;

	if (nsu_snapshot_find_ns(words->snap, left->type, left->inode, &ns) < 0 ||
	    holders_get(words->app, ns, &holders) < 0)
		return;
	f = is_held(lefts, &holders) ? open_memstream(&text, &size) : NULL;
	for (int kind = 0; f && kind < NSU_HOLDER_COUNT; kind++)
		put_kind(f, words, &holders, kind);
	if (f && fclose(f) == 0)
		msg(&words->app->out, "%s:%" PRIu64 " lives on: %s",
		    nsu_type_get_name(left->type), left->inode, text);
	free(text);
	holders_free(&holders);
}

static void tell_lefts(struct pin_app *app, const struct lefts *lefts)
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
		tell_left(&words, lefts, &lefts->list[i]);
	shown_free(words.cache);
	nsu_snapshot_free(snap);
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
	/* Either may be the one that is wrong. */
	pin_complain(app, report.cause == NSU_PIN_CAUSE_EXISTS ||
		     (report.cause == NSU_PIN_CAUSE_NAME &&
		      strcmp(report.object, names[1]) == 0) ? names[1] : names[0],
		     &report);
	return 1;
}
