/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nstree TARGET: which card, from which scan. A process is looked up by itself, its
 * parent and the reference, so that it costs the same however many processes there are.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "target.h"
#include "view.h"

struct cards {
	struct app *app;
	struct targets targets;
	struct nsu_snapshot *whole;	/* scanned when first needed */
	int status;
	size_t printed;
	bool remarked;		/* what "the host's" means was said */
	struct nsu_pins *pins;	/* read when first needed; NULL: or none can be read */
	bool pins_read;
};

void card_heading(const struct app *app, const char *left, const char *right)
{
	size_t used = text_width(left) + text_width(right);
	int gap = 2;

	if (app->out.width > 0 && (size_t)app->out.width > used + 2)
		gap = (int)((size_t)app->out.width - used);
	if (*right)
		printf("%s%*s%s\n", left, gap, "", right);
	else
		printf("%s\n", left);
}

void card_fact_at(const struct app *app, const char *label, const char *text,
		  size_t first)
{
	size_t width =
		app->out.width > 0 && !app->opts.nowrap ? (size_t)app->out.width : 0;
	size_t column = first;

	if (!text)
		text = "?";
	printf("  %-*s", (int)first - 2, label);
	while (*text) {
		const char *end = strstr(text, ", ");
		size_t len = end ? (size_t)(end - text) + 1 : strlen(text);
		char *part = strndup(text, len);
		size_t wide = part ? text_width(part) : len;

		free(part);
		if (column > first && width && column + 1 + wide > width) {
			printf("\n%*s", (int)first, "");
			column = first;
		} else if (column > first) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)len, text);
		column += wide;
		text += len;
		text += *text == ' ';
	}
	putchar('\n');
}

void card_fact(const struct app *app, const char *label, const char *text)
{
	card_fact_at(app, label, text, CARD_LABEL);
}

void card_line(const struct app *app, const char *label, const char *text)
{
	bool cuts = app->out.width > CARD_LABEL && !app->opts.notruncate;
	size_t room = cuts ? (size_t)(app->out.width - CARD_LABEL) : 0;
	char *copy = strdup(text ? text : "?"), *cut = copy;

	if (copy && cuts && text_width(copy) > room)
		cut = text_cut_end(&app->out, copy, room);
	printf("  %-*s%s\n", CARD_LABEL - 2, label, cut ? cut : "?");
	if (cut != copy)
		free(cut);
	free(copy);
}

void card_fact_take(const struct app *app, const char *label, char *take_text)
{
	card_fact(app, label, take_text);
	free(take_text);
}

static struct nsu_snapshot *scan_pids(struct cards *cards, const struct target *target,
				      unsigned parts, const pid_t *pids, size_t count)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;

	options.parts = parts;
	options.pids = pids;
	options.pid_count = count;
	return app_scan_by(cards->app, &options, target->word);
}

/* The process, then its parent too: which one that is, only the process tells. */
static struct nsu_snapshot *scan_process(struct cards *cards, const struct target *target,
					 pid_t pid)
{
	struct nsu_task_stat stat = NSU_TASK_STAT_INIT;
	pid_t pids[3] = { pid };
	const struct nsu_task *task;
	struct nsu_snapshot *snap = scan_pids(cards, target, NSU_PART_TASKS, pids, 1);
	size_t n = 1;

	if (!snap)
		return NULL;
	if (nsu_snapshot_find_task(snap, pid, &task) == 0 &&
	    nsu_task_read_stat(task, &stat) == 0 && stat.ppid > 0)
		pids[n++] = stat.ppid;
	if (nsu_ctx_get_procfs(cards->app->ctx)->self > 0)
		pids[n++] = nsu_ctx_get_procfs(cards->app->ctx)->self;
	nsu_snapshot_free(snap);
	return scan_pids(cards, target, NSU_PART_DEFAULT | NSU_PART_PIDS |
			 NSU_PART_CONTAINERS, pids, n);
}

static const struct nsu_pin *find_pin(struct cards *cards, const struct target *target,
				      const struct nsu_ns *ns)
{
	if (!cards->pins_read && nsu_pins_new(cards->app->ctx, &cards->pins) < 0)
		cards->pins = NULL;
	cards->pins_read = true;
	return cards->pins ? card_pin_find(cards->pins, target->word, ns) : NULL;
}

static bool is_left_out(const struct cards *cards, const struct nsu_ns *ns)
{
	return cards->app->opts.types &&
	       !(cards->app->opts.types & 1U << nsu_ns_get_type(ns));
}

/* Of a set the pin, and with -a all of each: eight cards are more than anyone reads. */
static int print_set(struct cards *cards, const struct target *target,
		     const struct nsu_snapshot *snap, struct shown_cache *cache,
		     const struct nsu_ns *const *list, int count)
{
	const struct nsu_pin *pin = find_pin(cards, target, list[0]);
	bool full = cards->app->opts.all || cards->app->opts.types || count == 1;
	int r = 0;

	if (pin || !full) {
		if (cards->printed++)
			putchar('\n');
		r = card_pin(cards->app, snap, cache, target->word, pin, list,
			     full ? 0 : count);
	}
	for (int i = 0; full && i < count && r == 0; i++) {
		if (cards->printed++)
			putchar('\n');
		r = card_namespace(cards->app, snap, cache, list[i]);
	}
	if (r < 0)
		view_failed(cards->app, r);
	return r;
}

static int print_namespaces(struct cards *cards, const struct target *target,
			    const struct nsu_snapshot *snap)
{
	const struct nsu_ns *list[NSU_TYPE_COUNT];
	struct shown_cache *cache = shown_new(&cards->app->out);
	int count = target_list(cards->app, target, snap, list), kept = 0, r;

	for (int i = 0; i < count; i++)
		if (!is_left_out(cards, list[i]))
			list[kept++] = list[i];
	if (!cache)
		r = -ENOMEM;
	else if (count <= 0)
		r = count;
	else if (kept == 0)
		r = target_other_type(cards->app, target->word,
				      count > 1 ? NULL : list[0]);
	else
		r = print_set(cards, target, snap, cache, list, kept);
	shown_free(cache);
	return r;
}

static int print_process(struct cards *cards, const struct target *target,
			 const struct nsu_snapshot *snap)
{
	const struct nsu_task *task;
	const struct nsu_ns *ns;
	struct shown_cache *cache;
	int r = target_find(cards->app, target, snap, &task, &ns);

	if (r < 0)
		return r;
	cache = shown_new(&cards->app->out);
	if (!cache)
		return -ENOMEM;
	if (task && shown_get(cache, task, true))
		r = shown_get(cache, task, true)->error;
	if (r == -ESRCH) {
		msg(&cards->app->out, "%s: has ended", target->word);
	} else if (r < 0) {
		msg_errno(&cards->app->out, r, "%s: read its status", target->word);
	} else {
		if (cards->printed++)
			putchar('\n');
		r = card_process(cards->app, snap, cache, task);
		if (r < 0)
			view_failed(cards->app, r);
	}
	shown_free(cache);
	return r;
}

static int print_container(struct cards *cards, const struct nsu_snapshot *snap,
			   const struct nsu_container *container)
{
	struct shown_cache *cache = shown_new(&cards->app->out);
	int r = -ENOMEM;

	if (cards->printed++)
		putchar('\n');
	if (cache)
		r = card_container(cards->app, snap, cache, container);
	if (r < 0)
		view_failed(cards->app, r);
	shown_free(cache);
	return r;
}

static int print_card(struct cards *cards, const struct target *target,
		      const struct nsu_snapshot *snap)
{
	const struct nsu_container *container;
	pid_t pid;

	if (nsu_target_find_container(target->target, snap, &container) == 0)
		return print_container(cards, snap, container);
	return nsu_target_get_pid(target->target, &pid) == -ENOENT ?
		print_namespaces(cards, target, snap) :
		print_process(cards, target, snap);
}

/* Only the card of a namespace tells them. */
static unsigned holder_parts(const struct targets *targets)
{
	return targets_name_ns(targets) ? NSU_PART_HOLDERS : 0;
}

static void one_card(struct cards *cards, const struct target *target)
{
	struct nsu_snapshot *snap = NULL;
	pid_t pid;
	bool alone = !cards->app->opts.all &&
		     !nsu_target_is_container(target->target) &&
		     nsu_target_get_pid(target->target, &pid) == 0;

	if (alone) {
		snap = scan_process(cards, target, pid);
	} else {
		if (!cards->whole)
			cards->whole = targets_scan(cards->app, &cards->targets,
						    NSU_PART_DEFAULT | NSU_PART_PIDS |
						    NSU_PART_CONTAINERS |
						    holder_parts(&cards->targets), 0);
		snap = cards->whole;
	}
	if (!snap || print_card(cards, target, snap) < 0)
		cards->status = 1;
	fflush(stdout);
	if (snap && !cards->remarked)
		app_remark_reference(cards->app, snap);
	cards->remarked |= snap != NULL;
	if (snap && alone) {
		int r = app_remark_gaps(cards->app, snap);

		if (!cards->status)
			cards->status = r;
		nsu_snapshot_free(snap);
	}
}

int view_cards(struct app *app)
{
	struct cards cards = { .app = app };
	int r = targets_open(app, &cards.targets);

	if (r < 0)
		r = view_failed(app, r);
	else
		cards.status = cards.targets.failed;
	for (size_t i = 0; i < cards.targets.count && r == 0; i++)
		one_card(&cards, &cards.targets.target[i]);
	targets_close(&cards.targets);
	if (cards.whole && r == 0) {
		r = app_remark_gaps(app, cards.whole);
		if (!cards.status)
			cards.status = r;
	}
	nsu_pins_free(cards.pins);
	nsu_snapshot_free(cards.whole);
	return cards.status ? cards.status : r;
}
