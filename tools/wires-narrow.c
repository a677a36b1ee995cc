/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the words behind --net leave of it. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ask.h"
#include "net.h"
#include "view.h"
#include "wires.h"

static void want(struct wires *wires, struct net_word *word, size_t wire)
{
	struct wire *shown = &wires->list[wires_shown(wires, wire)];

	shown->wanted = true;
	shown->whole |= !word->is_prefix;
	word->found = true;
}

static bool has_address(const struct wire *wire, const struct net_prefix *prefix)
{
	const struct nsu_address *address;

	for (size_t i = 0; (address = nsu_net_get_address(wire->network->net, i)); i++)
		if (address->link == wire->link->index && net_prefix_has(prefix, address))
			return true;
	return false;
}

/* Of a namespace lo only where it has nothing else. */
static bool is_worth(const struct wires *wires, const struct wire *wire)
{
	return !wire->idle || wires->nets->app->opts.all ||
	       wires_are_idle(wires, wire->network);
}

static void look_for(struct wires *wires, struct net_word *word)
{
	for (size_t i = 0; i < wires->count; i++) {
		const struct wire *wire = &wires->list[i];

		if (word->is_prefix) {
			if (has_address(wire, &word->prefix))
				want(wires, word, i);
		} else if (strcmp(wire->link->name, word->word) == 0 ||
			   (net_word_has_ns(word, wire->network->ns) &&
			    is_worth(wires, wire))) {
			want(wires, word, i);
		}
	}
	/* It is there, and has no link: that is an answer. */
	word->found |= word->ns_count > 0;
}

/* With a bridge its ports, with a device what is made of it; with each what it hangs
   from. */
static void spread(struct wires *wires)
{
	for (size_t i = 0; i < wires->count; i++)
		for (size_t at = wires->list[i].parent; at != NO_WIRE;
		     at = wires->list[at].parent)
			wires->list[i].wanted |= wires->list[at].whole;
	for (size_t i = 0; i < wires->count; i++)
		for (size_t at = wires->list[i].parent;
		     at != NO_WIRE && wires->list[i].wanted; at = wires->list[at].parent)
			wires->list[at].needed = true;
}

/* Nobody has the address: which way leads there. */
static void say_route(const struct wires *wires, const struct net_word *word)
{
	const struct output *out = &wires->nets->app->out;
	const struct network *host = wires->nets->count ? &wires->nets->list[0] : NULL;
	const char *seen = wires->nets->unread ? ", of those that could be read" : "";
	const struct nsu_route *route = NULL;
	char *text = NULL;

	if (host && host->net)
		route = net_prefix_route(&word->prefix, host->net);
	if (route)
		text = net_route_text(host->net, route);
	if (text)
		msg(out, "%s: no link has %s%s; from %s it goes by %s", word->word,
		    word->prefix.subnet ? "an address in it" : "this address", seen,
		    host->place, text);
	else
		msg(out, "%s: no link has %s%s, and no route of %s leads there",
		    word->word, word->prefix.subnet ? "an address in it" :
		    "this address", seen, host ? host->place : "the host");
	free(text);
}

int wires_narrow(struct wires *wires, struct net_words *words)
{
	const struct output *out = &wires->nets->app->out;
	int status = 0;

	wires->narrow = true;
	for (size_t i = 0; i < words->count; i++) {
		struct net_word *word = &words->list[i];

		wires->link_local |= word->is_prefix && word->prefix.family == AF_INET6 &&
			word->prefix.bytes[0] == 0xfe;
		look_for(wires, word);
		if (word->found)
			continue;
		status = ANSWER_NO;
		if (word->is_prefix)
			say_route(wires, word);
		else
			msg(out, "%s: no link has this name%s, and no target", word->word,
			    wires->nets->unread ? ", of those that could be read" : "");
	}
	spread(wires);
	return status;
}
