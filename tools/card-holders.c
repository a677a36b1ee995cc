/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a namespace's card: why it is still there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "holders.h"
#include "view.h"

#define NAMED 3		/* of each kind, unless all are asked for */
#define MIN_PATH 16	/* what is left at least of one that is cut */

struct keep {
	const struct holder_words *words;
	struct holders holders;
	size_t label;		/* column of the text */
};

static size_t count_of(const struct keep *keep, int kind)
{
	return keep->holders.first[kind + 1] - keep->holders.first[kind];
}

static size_t named_of(const struct keep *keep, int kind)
{
	size_t n = count_of(keep, kind);

	return keep->words->app->opts.all || n < NAMED ? n : NAMED;
}

static const struct held *get(const struct keep *keep, int kind, size_t index)
{
	return &keep->holders.held[keep->holders.first[kind] + index];
}

/* The longest head; the texts stand below each other. */
static void measure(struct keep *keep)
{
	char head[32];

	keep->label = CARD_LABEL;
	for (int kind = 0; kind < NSU_HOLDER_COUNT; kind++) {
		size_t n = count_of(keep, kind), width;

		if (!n)
			continue;
		width = strlen(holders_head(head, (enum nsu_holder_kind)kind, n)) + 3;
		if (width > keep->label)
			keep->label = width;
	}
}

static void put(const struct keep *keep, const char *head, const char *text)
{
	card_fact_at(keep->words->app, head, text, keep->label);
}

/* "a, b, c, and 2 more" */
static void print_list(const struct keep *keep, int kind, const char *head)
{
	size_t named = named_of(keep, kind), size;
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	for (size_t i = 0; i < named; i++) {
		char *one = holder_text(keep->words, get(keep, kind, i));

		fprintf(f, "%s%s", i ? ", " : "", one ? one : "?");
		free(one);
	}
	if (named < count_of(keep, kind))
		fprintf(f, ", and %zu more", count_of(keep, kind) - named);
	if (fclose(f) == 0)
		put(keep, head, text);
	free(text);
}

/* One a line: what has commas of its own. */
static void print_lines(const struct keep *keep, int kind, const char *head)
{
	size_t named = named_of(keep, kind);
	char more[40];

	for (size_t i = 0; i < named; i++) {
		char *one = holder_text(keep->words, get(keep, kind, i));

		put(keep, i ? "" : head, one);
		free(one);
	}
	if (named == count_of(keep, kind))
		return;
	snprintf(more, sizeof(more), "and %zu more", count_of(keep, kind) - named);
	put(keep, "", more);
}

struct mount {
	const struct held *held;
	size_t alike;		/* mounts of other namespaces at that path */
	char *path, *place;
	size_t width;
};

/* The mounts that get a line, and in *covered how many those tell of: a name in
   /run/netns is in each mount namespace that was made after it. */
static size_t choose_mounts(const struct keep *keep, struct mount *mount, size_t *covered)
{
	size_t count = count_of(keep, NSU_HOLDER_MOUNT), chosen = 0;
	bool all = keep->words->app->opts.all;

	*covered = 0;
	for (size_t i = 0; i < count; i++) {
		const struct held *held = get(keep, NSU_HOLDER_MOUNT, i);
		const char *path = held->holder.path;
		size_t m = 0;

		while (m < chosen && (all || !path || !mount[m].held->holder.path ||
				      strcmp(mount[m].held->holder.path, path) != 0))
			m++;
		if (m < chosen)
			mount[m].alike++;
		else if (all || chosen < NAMED)
			mount[chosen++].held = held;
		else
			continue;
		++*covered;
	}
	return chosen;
}

static char *place_text(const struct keep *keep, const struct mount *mount)
{
	char *place = holder_place(keep->words, &mount->held->holder), *text;

	if (!place || !mount->alike)
		return place;
	if (asprintf(&text, "%s, and in %zu more", place, mount->alike) < 0)
		text = NULL;
	free(place);
	return text;
}

static void read_mounts(const struct keep *keep, struct mount *mount, size_t count)
{
	const struct output *out = &keep->words->app->out;
	bool cuts = out->width > 0 && !keep->words->app->opts.notruncate;

	for (size_t i = 0; i < count; i++) {
		size_t used, room;

		mount[i].path = holder_text(keep->words, mount[i].held);
		mount[i].place = place_text(keep, &mount[i]);
		if (!mount[i].path || !mount[i].place)
			continue;
		used = keep->label + 2 + text_width(mount[i].place);
		room = (size_t)out->width > used + MIN_PATH ?
			(size_t)out->width - used : MIN_PATH;
		if (cuts && text_width(mount[i].path) > room) {
			char *cut = text_cut_middle(out, mount[i].path, room);

			free(mount[i].path);
			mount[i].path = cut;
		}
		mount[i].width = mount[i].path ? text_width(mount[i].path) : 1;
	}
}

/* Paths, and in line behind them which mount namespace they are in. */
static void print_mounts(const struct keep *keep, const char *head)
{
	size_t count = count_of(keep, NSU_HOLDER_MOUNT), width = 0, named, covered;
	struct mount *mount = calloc(count + 1, sizeof(*mount));
	int label = (int)keep->label - 2;

	if (!mount)
		return;
	named = choose_mounts(keep, mount, &covered);
	read_mounts(keep, mount, named);
	for (size_t i = 0; i < named; i++)
		if (mount[i].width > width)
			width = mount[i].width;
	for (size_t i = 0; i < named; i++) {
		printf("  %-*s%s%*s  %s\n", label, i ? "" : head,
		       mount[i].path ? mount[i].path : "?",
		       (int)(width - mount[i].width), "",
		       mount[i].place ? mount[i].place : "?");
		free(mount[i].path);
		free(mount[i].place);
	}
	free(mount);
	if (covered < count)
		printf("  %-*sand %zu more\n", label, "", count - covered);
}

static void print_kind(const struct keep *keep, int kind)
{
	char head[32];

	if (!count_of(keep, kind))
		return;
	holders_head(head, (enum nsu_holder_kind)kind, count_of(keep, kind));
	switch (kind) {
	case NSU_HOLDER_MOUNT:
		print_mounts(keep, head);
		break;
	case NSU_HOLDER_SOCKET:
	case NSU_HOLDER_TUN:
	case NSU_HOLDER_MESSAGE:
		print_lines(keep, kind, head);
		break;
	default:
		print_list(keep, kind, head);
	}
}

/* One of the kernel's own, which were there before the first process. */
static bool is_first(const struct nsu_snapshot *snap, const struct nsu_ns *ns)
{
	uint64_t initial = nsu_type_get_info(nsu_ns_get_type(ns))->initial;

	if (initial)
		return nsu_ns_get_inode(ns) == initial;
	return nsu_snapshot_sees_host(snap) > 0 &&
	       ns == view_host_ns(snap, nsu_ns_get_type(ns));
}

int card_holders(const struct holder_words *words, const struct nsu_ns *ns)
{
	struct keep keep = { .words = words };
	char *unsearched = holders_unsearched(words->snap);
	int r = holders_get(words->app, ns, &keep.holders);

	if (r == 0 && !unsearched)
		r = -ENOMEM;
	if (r == 0) {
		holders_own_first(words, &keep.holders);
		measure(&keep);
		puts("Kept alive by");
		if (is_first(words->snap, ns))
			put(&keep, "the kernel", "itself (the first of its type)");
		for (int kind = 0; kind < NSU_HOLDER_COUNT; kind++)
			print_kind(&keep, kind);
		if (!keep.holders.count && !is_first(words->snap, ns))
			put(&keep, "?", "nothing of what was searched");
		if (*unsearched)
			put(&keep, "not searched", unsearched);
		if (!nsu_ns_count_tasks(ns) && !nsu_ns_count_zombies(ns))
			printf("It goes when these are gone%s.\n", *unsearched ?
			       ", unless what was not searched holds it" : "");
	}
	holders_free(&keep.holders);
	free(unsearched);
	return r;
}
