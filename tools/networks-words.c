/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operands of --net and --listening mean: addresses, targets, names of links. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "networks.h"
#include "view.h"
#include "word.h"

static unsigned full_bits(int family)
{
	return family == AF_INET ? 32 : 128;
}

static bool parse_bits(const char *text, unsigned most, unsigned *ret)
{
	char *end;
	unsigned long bits = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || bits > most)
		return false;
	*ret = (unsigned)bits;
	return true;
}

bool net_prefix_parse(const char *text, struct net_prefix *ret)
{
	struct net_prefix prefix = { .family = AF_INET };
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char buf[INET6_ADDRSTRLEN];

	/* As browsers and --listening write it. */
	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len >= sizeof(buf))
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	if (inet_pton(AF_INET, buf, prefix.bytes) != 1) {
		prefix.family = AF_INET6;
		if (inet_pton(AF_INET6, buf, prefix.bytes) != 1)
			return false;
	}
	prefix.bits = full_bits(prefix.family);
	prefix.subnet = slash != NULL;
	if (slash && !parse_bits(slash + 1, prefix.bits, &prefix.bits))
		return false;
	*ret = prefix;
	return true;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(a, b, whole) == 0 &&
	       (!rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

bool net_prefix_has(const struct net_prefix *prefix, const struct nsu_address *address)
{
	return address->family == prefix->family &&
	       same_bits(prefix->bytes, address->bytes, prefix->bits);
}

const struct nsu_route *net_prefix_route(const struct net_prefix *prefix,
					 const struct nsu_net *net)
{
	const struct nsu_route *best = NULL, *route;
	unsigned best_bits = 0;

	for (size_t i = 0; net && (route = nsu_net_get_route(net, i)) != NULL; i++) {
		struct net_prefix to = { .bits = 0 };

		if (route->family != prefix->family)
			continue;
		if (strcmp(route->to, "default") != 0 &&
		    !net_prefix_parse(route->to, &to))
			continue;
		if (to.bits > prefix->bits ||
		    !same_bits(to.bytes, prefix->bytes, to.bits))
			continue;
		if (!best || to.bits > best_bits ||
		    (to.bits == best_bits && route->metric < best->metric)) {
			best = route;
			best_bits = to.bits;
		}
	}
	return best;
}

/* A target is given as one, whatever else may have its name: a process, a namespace, a
   prefix that says of what it is. */
static bool is_target_form(const char *word)
{
	return strpbrk(word, ":@[/") != NULL || word[strspn(word, "0123456789")] == '\0';
}

bool net_word_has_ns(const struct net_word *word, const struct nsu_ns *ns)
{
	for (size_t i = 0; i < word->ns_count; i++)
		if (word->ns[i] == ns)
			return true;
	return false;
}

static void add_ns(struct net_word *word, const struct nsu_ns *ns)
{
	if (ns && nsu_ns_get_type(ns) == NSU_NET && !net_word_has_ns(word, ns))
		word->ns[word->ns_count++] = ns;
}

/* The network namespace of a pin that has several. */
static void add_set(struct net_word *word, const struct nsu_match *match,
		    const struct nsu_snapshot *snap)
{
	struct nsu_target *target;
	const struct nsu_ns *ns;

	if (nsu_match_open(match, &target) < 0)
		return;
	if (nsu_target_find_ns_of(target, snap, NSU_NET, &ns) == 0)
		add_ns(word, ns);
	nsu_target_free(target);
}

static void add_match(struct net_word *word, const struct nsu_match *match,
		      const struct nsu_snapshot *snap)
{
	static const char unit[] = "unit:";
	const struct nsu_container *container = match->container;
	const struct nsu_task *task = match->task;

	/* Not that of a process which was given by its number. */
	if (container && strcmp(match->word, nsu_container_get_word(container)) != 0)
		container = NULL;
	if (container)
		word->container[word->container_count++] = container;
	else if (strncmp(match->word, unit, strlen(unit)) == 0)
		word->unit = word->word + (strncmp(word->word, unit, strlen(unit)) == 0 ?
					   strlen(unit) : 0);
	else if (task && *word->word >= '0' && *word->word <= '9')
		word->task = task;
	if (task)
		add_ns(word, view_task_ns(task, NSU_NET));
	else if (match->ns)
		add_ns(word, match->ns);
	else
		add_set(word, match, snap);
}

static int take_matches(struct net_word *word, const struct nsu_matches *matches,
			const struct nsu_snapshot *snap)
{
	size_t count = nsu_matches_count(matches);

	word->ns = calloc(count + 1, sizeof(struct nsu_ns *));
	word->container = calloc(count + 1, sizeof(struct nsu_container *));
	if (!word->ns || !word->container)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		add_match(word, nsu_matches_get(matches, i), snap);
	return 0;
}

/* Why it is none is told as for every other view. */
static int complain(struct app *app, const char *word)
{
	struct nsu_target *target;

	if (nsu_word_is_selection(word)) {
		word_no_match(&app->out, word);
	} else if (app_target(app, word, &target) == 0) {
		msg(&app->out, "%s: is not in what can be read", word);
		nsu_target_free(target);
	}
	return -EINVAL;
}

static int find_word(struct app *app, bool links, const struct nsu_snapshot *snap,
		     struct net_word *word)
{
	struct nsu_matches *matches;
	int r;

	word->is_prefix = links && net_prefix_parse(word->word, &word->prefix);
	if (word->is_prefix)
		return 0;
	r = nsu_matches_new(snap, word->word, &matches);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return links && !is_target_form(word->word) ? 0 :
			complain(app, word->word);
	r = take_matches(word, matches, snap);
	nsu_matches_free(matches);
	if (r == 0 && !word->ns_count && (!links || is_target_form(word->word))) {
		msg(&app->out, "%s: is, or has, no network namespace that can be read",
		    word->word);
		r = -EINVAL;
	}
	return r;
}

int net_words_find(struct app *app, bool links, const struct nsu_snapshot *snap,
		   struct net_words *words)
{
	const struct opts *opts = &app->opts;
	int r = 0;

	words->list = calloc((size_t)opts->operand_count + 2, sizeof(*words->list));
	if (!words->list)
		return -ENOMEM;
	if (opts->pid > 0) {
		snprintf(words->pid, sizeof(words->pid), "%d", (int)opts->pid);
		words->list[words->count++].word = words->pid;
	}
	for (int i = 0; i < opts->operand_count; i++)
		words->list[words->count++].word = opts->operands[i];
	for (size_t i = 0; i < words->count && r != -ENOMEM; i++) {
		int one = find_word(app, links, snap, &words->list[i]);

		if (one < 0)
			r = one;
	}
	return r;
}

void net_words_free(struct net_words *words)
{
	for (size_t i = 0; words->list && i < words->count; i++) {
		free(words->list[i].ns);
		free(words->list[i].container);
	}
	free(words->list);
	memset(words, 0, sizeof(*words));
}
