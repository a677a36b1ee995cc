// SPDX-License-Identifier: GPL-2.0-or-later
/* "did you mean docker:web?" */
#include <stdlib.h>
#include <string.h>
#include "live.h"
#include "word-say.h"

#define MOST_LONG	64	/* bytes; a longer word has no likes */
#define MOST_SAID	3
#define SHORT_ID	4	/* digits that the library wants at least */

struct likes {
	const char *word[MOST_SAID];
	size_t count;
	unsigned distance;
};

/* Letters added, left out, changed, or two of them swapped. */
static unsigned distance_of(const char *a, const char *b)
{
	unsigned rows[3][MOST_LONG + 1];
	size_t n = strlen(a), m = strlen(b);
	unsigned *before = rows[0], *last = rows[1], *now = rows[2], *spare;

	if (n > MOST_LONG || m > MOST_LONG)
		return MOST_LONG;
	for (size_t j = 0; j <= m; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);

			best = last[j] + 1 < best ? last[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[m];
}

static const char *behind(const char *word, char sign)
{
	const char *at = strrchr(word, sign);

	return at != NULL ? at + 1 : word;
}

/* "web" of "web-1", and "pod:shop/cart" of "pod:shop/cart-7f9c", not of what is in it. */
static bool is_begun(const char *typed, const char *live)
{
	size_t length = strlen(typed);

	return strncmp(live, typed, length) == 0 && strchr(live + length, '/') == NULL;
}

/* Of "shop/cart" in "pod:shop/cart" all, and "cart" alone. */
static unsigned best_distance(const char *typed, const char *live)
{
	const char *name = strchr(live, ':') != NULL ? strchr(live, ':') + 1 : live;
	const char *colon = strchr(typed, ':');
	unsigned best = distance_of(typed, live), other;

	if (colon != NULL ? is_begun(typed, live) :
	    is_begun(typed, name) || is_begun(typed, behind(name, '/')))
		best = best < 1 ? best : 1;
	if (colon != NULL) {
		/* That of another engine. */
		other = strcmp(colon + 1, name) == 0 ? 1 : best;
		return other < best ? other : best;
	}
	other = distance_of(typed, name);
	best = other < best ? other : best;
	other = distance_of(typed, behind(name, '/'));
	return other < best ? other : best;
}

static void add_like(struct likes *likes, const char *word, unsigned distance)
{
	if (distance > likes->distance)
		return;
	if (distance < likes->distance)
		likes->count = 0;
	likes->distance = distance;
	if (likes->count < MOST_SAID)
		likes->word[likes->count++] = word;
}

static void find_likes(struct likes *likes, const struct live *live, const char *typed)
{
	const char *colon = strchr(typed, ':');
	size_t len = strlen(colon != NULL ? colon + 1 : typed);

	/* Of two letters alone anything is alike. */
	likes->distance = len < 3 ? colon != NULL : len <= 4 ? 1 : len <= 8 ? 2 : 3;
	for (size_t i = 0; len > 0 && i < live->count; i++)
		add_like(likes, live->word[i], best_distance(typed, live->word[i]));
}

/* "pod:shop": a namespace, of which all pods are meant by "pod:shop/". */
static bool say_all(const struct output *out, const struct live *live, const char *typed)
{
	size_t length = strlen(typed);

	for (size_t i = 0; i < live->count; i++)
		if (strncmp(typed, "pod:", 4) == 0 && typed[4] != '\0' &&
		    strncmp(live->word[i], typed, length) == 0 &&
		    live->word[i][length] == '/') {
			char *quoted = NULL, *all;

			if (asprintf(&all, "%s/", typed) >= 0) {
				quoted = text_quote_word(out, all);
				free(all);
			}
			msg(out, "did you mean %s, which is all that begin so?",
			    quoted != NULL ? quoted : "?");
			free(quoted);
			return true;
		}
	return false;
}

/* "docker:3f": some id begins so, but then too many may. */
static bool find_ids(struct likes *likes, const struct nsu_snapshot *snap,
		     const char *typed)
{
	const char *id = strchr(typed, ':') != NULL ? strchr(typed, ':') + 1 : typed;
	const struct nsu_container *container;
	size_t len = strlen(id);
	const char *whole;

	if (len == 0 || len >= SHORT_ID || id[strspn(id, "0123456789abcdef")] != '\0')
		return false;
	nsu_foreach_container(container, snap)
		if (!nsu_container_is_claim(container) &&
		    nsu_container_get_text(container, NSU_CONTAINER_ID, &whole) == 0 &&
		    strncmp(whole, id, len) == 0)
			add_like(likes, nsu_container_get_word(container), 0);
	return likes->count > 0;
}

static void say(const struct output *out, const struct likes *likes)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return;
	for (size_t i = 0; i < likes->count; i++) {
		char *quoted = text_quote_word(out, likes->word[i]);

		fprintf(f, "%s%s", i == 0 ? "" : i + 1 < likes->count ? ", " : " or ",
			quoted != NULL ? quoted : "?");
		free(quoted);
	}
	if (fclose(f) == 0)
		msg(out, "did you mean %s?", text);
	free(text);
}

bool word_say_near(const struct output *out, struct nsu_ctx *ctx, const char *word)
{
	struct likes likes = { .count = 0 };
	struct nsu_snapshot *snap;
	struct live live = { 0 };
	bool said = false;

	if (live_scan(ctx, &snap) < 0)
		return false;
	if (find_ids(&likes, snap, word))
		msg(out, "of an id %d digits or more are wanted", SHORT_ID);
	else if (live_find(&live, snap) == 0) {
		find_likes(&likes, &live, word);
		said = say_all(out, &live, word);
	}
	if (likes.count > 0)
		say(out, &likes);
	live_free(&live);
	nsu_snapshot_free(snap);
	return said || likes.count > 0;
}
