/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that a word means in a picture. */
#include <stdio.h>
#include <string.h>
#include "matches.h"
#include "target.h"

struct entry {
	struct nsu_match match;		/* first: nsi_match_ctx() gets here by it */
	struct nsu_ctx *ctx;
	const char *unit;		/* what it was found by; NULL: it is no unit */
	const char *manager;		/* of the user who has the unit; or NULL */
	int64_t start;			/* of the unit's process; INT64_MAX: unknown */
	char *word;			/* owned, where match.word is no container's */
};

struct nsu_matches {
	struct nsu_ctx *ctx;
	struct entry *entries;
	size_t count, size;
	bool claims;			/* they are nothing but claims */
};

static int add(struct nsu_matches *matches, const struct entry *entry)
{
	int r = nsi_grow((void **)&matches->entries, &matches->size, matches->count,
			 sizeof(*matches->entries));

	if (r < 0)
		return r;
	matches->entries[matches->count] = *entry;
	matches->entries[matches->count++].ctx = matches->ctx;
	return 0;
}

struct nsu_ctx *nsi_match_ctx(const struct nsu_match *match)
{
	return ((const struct entry *)match)->ctx;
}

static int add_word(struct nsu_matches *matches, struct entry *entry, const char *prefix,
		    const char *name)
{
	int r;

	if (asprintf(&entry->word, "%s%s", prefix, name) < 0)
		return -ENOMEM;
	entry->match.word = entry->word;
	r = add(matches, entry);
	if (r < 0)
		free(entry->word);
	return r;
}

static enum nsi_rank best_of(const struct nsu_snapshot *snap,
			     const struct nsi_query *query, bool claims)
{
	const struct nsu_container *c;
	enum nsi_rank best = RANK_NONE, rank;

	nsu_foreach_container(c, snap) {
		if (nsu_container_is_claim(c) != claims)
			continue;
		rank = nsi_query_rank(query, c);
		best = rank > best ? rank : best;
	}
	return best;
}

/* What one user calls his does not hide what begins so of another's. */
static bool has_better(const struct nsu_snapshot *snap, const struct nsi_query *query,
		       const struct nsu_container *than, enum nsi_rank rank)
{
	const struct nsu_container *c;

	nsu_foreach_container(c, snap)
		if (c->claim == than->claim && (c->claim || c->uid == than->uid) &&
		    nsi_query_rank(query, c) > rank)
			return true;
	return false;
}

/* best: that of all of them. */
static int add_containers(struct nsu_matches *matches, const struct nsu_snapshot *snap,
			  const struct nsi_query *query, bool claims, enum nsi_rank best)
{
	const struct nsu_container *c;
	int r = 0;

	nsu_foreach_container(c, snap) {
		struct entry entry = { .match.container = c,
				       .match.word = nsu_container_get_word(c) };

		enum nsi_rank rank = RANK_NONE;

		if (r == 0 && nsu_container_is_claim(c) == claims)
			rank = nsi_query_rank(query, c);
		if (!rank || (rank < best && has_better(snap, query, c, rank)))
			continue;
		/* One without any process is not running. */
		if (!nsu_container_get_init(c, &entry.match.task))
			r = add(matches, &entry);
	}
	return r;
}

/* One entry for each unit, with the oldest of its processes. */
static int add_unit(struct nsu_matches *matches, size_t first,
		    const struct nsu_task *task, const char *unit, const char *manager)
{
	struct nsu_task_stat stat = NSU_TASK_STAT_INIT;
	struct entry entry = { .match.task = task, .unit = unit, .manager = manager,
			       .start = INT64_MAX };

	if (!nsu_task_read_stat(task, &stat))
		entry.start = stat.start;
	for (size_t i = first; i < matches->count; i++) {
		struct entry *known = &matches->entries[i];

		if (strcmp(known->unit, unit) || !known->manager != !manager ||
		    (manager && strcmp(known->manager, manager)))
			continue;
		if (entry.start < known->start) {
			known->start = entry.start;
			known->match.task = task;
		}
		return 0;
	}
	return add_word(matches, &entry, "unit:", unit);
}

enum { OF_SYSTEM = 1, OF_USERS = 2 };

static int add_units_of(struct nsu_matches *matches, const struct nsu_snapshot *snap,
			const struct nsi_query *query, unsigned whose)
{
	size_t first = matches->count;
	const struct nsu_container *c;
	const struct nsu_task *task;
	int r = 0;

	nsu_foreach_task(task, snap) {
		const char *unit, *manager = NULL;

		if (r < 0 || nsu_task_is_thread(task) || nsu_task_is_zombie(task) ||
		    !nsu_task_get_container(task, &c))
			continue;
		if (whose & OF_USERS &&
		    !nsu_task_get_place(task, NSU_PLACE_USER_UNIT, &unit) &&
		    nsi_query_rank_unit(query, unit) &&
		    !nsu_task_get_place(task, NSU_PLACE_UNIT, &manager))
			r = add_unit(matches, first, task, unit, manager);
		else if (whose & OF_SYSTEM &&
			 !nsu_task_get_place(task, NSU_PLACE_UNIT, &unit) &&
			 nsi_query_rank_unit(query, unit))
			r = add_unit(matches, first, task, unit, NULL);
	}
	return r;
}

/* Any user may call a unit as the system's is called, and that one is meant. */
static int add_units(struct nsu_matches *matches, const struct nsu_snapshot *snap,
		     const struct nsi_query *query)
{
	size_t first = matches->count;
	int r;

	if (query->kind != QUERY_UNIT && query->kind != QUERY_NAME)
		return 0;
	if (query->many)
		return add_units_of(matches, snap, query, OF_SYSTEM | OF_USERS);
	r = add_units_of(matches, snap, query, OF_SYSTEM);
	return r < 0 || matches->count > first ? r :
		add_units_of(matches, snap, query, OF_USERS);
}

static int by_word(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->match.word, y->match.word);
	pid_t p, q;

	if (order)
		return order;
	p = x->match.task ? nsu_task_get_tid(x->match.task) : 0;
	q = y->match.task ? nsu_task_get_tid(y->match.task) : 0;
	return p < q ? -1 : p > q;
}

/* Two of one word are told apart by their processes. */
static int tell_apart(struct nsu_matches *matches)
{
	nsi_autofree bool *same = calloc(matches->count + 1, sizeof(*same));

	if (!same)
		return -ENOMEM;
	for (size_t i = 1; i < matches->count; i++)
		if (!strcmp(matches->entries[i].match.word,
			    matches->entries[i - 1].match.word))
			same[i] = same[i - 1] = true;
	for (size_t i = 0; i < matches->count; i++) {
		struct entry *entry = &matches->entries[i];
		char *word;

		if (!same[i] || !entry->match.task)
			continue;
		if (asprintf(&word, "%d", (int)nsu_task_get_pid(entry->match.task)) < 0)
			return -ENOMEM;
		free(entry->word);
		entry->match.word = entry->word = word;
	}
	return 0;
}

static int sort(struct nsu_matches *matches)
{
	int r;

	if (!matches->count)
		return -ENOENT;
	qsort(matches->entries, matches->count, sizeof(*matches->entries), by_word);
	r = tell_apart(matches);
	if (!r)
		qsort(matches->entries, matches->count, sizeof(*matches->entries),
		      by_word);
	return r;
}

/* Takes over matches; r: whether they are all. */
static int finish(struct nsu_matches *matches, int r, struct nsu_matches **ret)
{
	if (!r)
		r = sort(matches);
	if (r < 0)
		nsu_matches_free(matches);
	else
		*ret = matches;
	return r;
}

static int find_facts(struct nsu_matches *matches, const struct nsu_snapshot *snap,
		      const struct nsi_query *query)
{
	enum nsi_rank best = best_of(snap, query, false);
	int r = add_units(matches, snap, query);

	/* A unit of the system's that is called so is meant rather than an id that begins
	   so. */
	if (!r && best && (best == RANK_NAME || !matches->count ||
			   matches->entries[0].manager))
		r = add_containers(matches, snap, query, false, best);
	return r;
}

/* Where nothing else is called so. */
static int find_claims(struct nsu_matches *matches, const struct nsu_snapshot *snap,
		       const struct nsi_query *query)
{
	enum nsi_rank best;

	if (matches->count || query->many)
		return 0;
	matches->claims = true;
	best = best_of(snap, query, true);
	return best ? add_containers(matches, snap, query, true, best) : 0;
}

static struct nsu_matches *new_matches(const struct nsu_snapshot *snap)
{
	struct nsu_matches *matches = calloc(1, sizeof(*matches));

	if (matches)
		matches->ctx = snap->ctx;
	return matches;
}

int nsi_matches_find(const struct nsu_snapshot *snap, const struct nsi_query *query,
		     struct nsu_matches **ret)
{
	struct nsu_matches *matches = new_matches(snap);
	int r;

	if (!matches)
		return -ENOMEM;
	r = find_facts(matches, snap, query);
	if (!r)
		r = find_claims(matches, snap, query);
	return finish(matches, r, ret);
}

bool nsi_matches_are_claims(const struct nsu_matches *matches)
{
	return matches->claims;
}

bool nsi_matches_agree(const struct nsu_matches *matches)
{
	const struct nsu_task *first = matches->entries[0].match.task;

	for (size_t i = 1; i < matches->count; i++) {
		const struct nsu_task *task = matches->entries[i].match.task;

		if (!first || !task || task->unread || first->unread ||
		    memcmp(task->ns, first->ns, sizeof(task->ns)))
			return false;
	}
	return true;
}

int nsi_matches_scan(struct nsu_ctx *ctx, struct nsu_snapshot **ret)
{
	struct nsu_scan_options scan = NSU_SCAN_OPTIONS_INIT;

	scan.parts = NSU_PART_TASKS | NSU_PART_PIDS | NSU_PART_CONTAINERS;
	return nsu_snapshot_new(ctx, &scan, ret);
}

/* A process or a namespace, by whatever word names just one. */
static int add_target(struct nsu_matches *matches, const struct nsu_snapshot *snap,
		      const struct nsu_target *target, const char *word)
{
	struct entry entry = { 0 };
	int r;

	if (nsi_target_is_task(target)) {
		r = nsu_target_find_task(target, snap, &entry.match.task);
		if (r < 0)
			return r;
		nsu_target_find_container(target, snap, &entry.match.container);
	} else if (target->form != FORM_SET) {
		/* It need not be in the picture. */
		nsu_target_find_ns(target, snap, &entry.match.ns);
	}
	return add_word(matches, &entry, "", word);
}

/* A bare name may be that of a pin or of a network namespace, too. */
static int add_direct(struct nsu_matches *matches, const struct nsu_snapshot *snap,
		      const char *name)
{
	static const char *const prefixes[] = { "pin:", "netns:" };
	struct nsu_target *target;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes) && r >= 0; i++) {
		nsi_autofree char *word = NULL;

		if (asprintf(&word, "%s%s", prefixes[i], name) < 0) {
			word = NULL;
			return -ENOMEM;
		}
		if (nsi_target_new_direct(snap->ctx, word, &target))
			continue;
		r = add_target(matches, snap, target, word);
		nsu_target_free(target);
		/* The one that a pin and /run/netns have together. */
		if (!r && !nsi_target_new_direct(snap->ctx, name, &target)) {
			nsu_target_free(target);
			break;
		}
	}
	return r;
}

static int match_other(const struct nsu_snapshot *snap, const char *word,
		       struct nsu_matches *matches)
{
	struct nsu_target *target;
	int r = nsi_target_new_direct(snap->ctx, word, &target);

	if (r < 0)
		return r;
	r = add_target(matches, snap, target, word);
	nsu_target_free(target);
	return r;
}

int nsu_matches_new(const struct nsu_snapshot *snap, const char *word,
		    struct nsu_matches **ret)
{
	struct nsi_query query;
	struct nsu_matches *matches;
	int r;

	if (!snap || !word || !ret || !(snap->parts & NSU_PART_CONTAINERS))
		return -EINVAL;
	matches = new_matches(snap);
	if (!matches)
		return -ENOMEM;
	if (nsi_target_is_name(word) && !nsi_query_parse(word, &query)) {
		r = find_facts(matches, snap, &query);
		if (!r && query.kind == QUERY_NAME)
			r = add_direct(matches, snap, word);
		if (!r)
			r = find_claims(matches, snap, &query);
	} else {
		r = match_other(snap, word, matches);
	}
	return finish(matches, r, ret);
}

void nsu_matches_free(struct nsu_matches *matches)
{
	if (!matches)
		return;
	for (size_t i = 0; i < matches->count; i++)
		free(matches->entries[i].word);
	free(matches->entries);
	free(matches);
}

size_t nsu_matches_count(const struct nsu_matches *matches)
{
	return matches ? matches->count : 0;
}

const struct nsu_match *nsu_matches_get(const struct nsu_matches *matches, size_t index)
{
	return matches && index < matches->count ? &matches->entries[index].match : NULL;
}
