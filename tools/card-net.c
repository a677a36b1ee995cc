/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a network namespace has, in its card. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "net.h"
#include "view.h"

#define LINES 12	/* of a kind, unless all are asked for */
#define WIDE 100

struct net_card {
	struct app *app;
	const struct nsu_snapshot *snap;
	struct shown_cache *cache;
	const struct nsu_ns *ns;
	const struct nsu_net *net;
	const struct nsu_ns *far_ns;	/* the other end that was read last */
	struct nsu_net *far;
};

static size_t limit(const struct net_card *card, size_t count)
{
	return card->app->opts.all || count < LINES ? count : LINES;
}

static void put_escaped(const struct net_card *card, FILE *f, const char *text)
{
	char *escaped = text_escape(&card->app->out, text);

	fputs(escaped ? escaped : "?", f);
	free(escaped);
}

/* Pads to the width that all have. */
static void put_column(const struct net_card *card, FILE *f, const char *text,
		       size_t width)
{
	char *escaped = text_escape(&card->app->out, text);
	size_t used = text_width(escaped ? escaped : "?");

	fprintf(f, "%s%*s", escaped ? escaped : "?",
		(int)(used < width ? width - used : 0), "");
	free(escaped);
}

static size_t escaped_width(const struct net_card *card, const char *text)
{
	char *escaped = text_escape(&card->app->out, text);
	size_t width = escaped ? text_width(escaped) : 1;

	free(escaped);
	return width;
}

/* The line, which is freed, below the others of its kind. */
static void put_line(const struct net_card *card, const char *label, size_t index,
		     FILE *f, char **text)
{
	if (fclose(f) != 0) {
		free(*text);
		*text = NULL;
	}
	/* Blanks that would have stood before a further column. */
	for (size_t n = *text ? strlen(*text) : 0; n && (*text)[n - 1] == ' '; n--)
		(*text)[n - 1] = '\0';
	card_fact_take(card->app, index ? "" : label, *text);
}

static void put_more(const struct net_card *card, size_t count)
{
	char *text;

	if (limit(card, count) < count &&
	    asprintf(&text, "and %zu more", count - limit(card, count)) >= 0)
		card_fact_take(card->app, "", text);
}

static const char *state_of(const struct nsu_link *link)
{
	return !link->up ? "down" : link->carrier ? "up" : "no carrier";
}

/* A link's line, which is folded below its addresses. */
struct folded {
	FILE *f;
	char *text;
	size_t size, used, indent, lines;
};

static void end_line(const struct net_card *card, struct folded *line, bool first)
{
	put_line(card, "links", first && !line->lines++ ? 0 : 1, line->f, &line->text);
	line->f = NULL;
}

/* Adds the text, parted from what is before by a comma or by more room. */
static void put_piece(const struct net_card *card, struct folded *line, bool first,
		      bool comma, const char *text)
{
	size_t width = text_width(text);

	if (!line->f)
		return;
	if (line->used > line->indent && card->app->out.width > 0 &&
	    !card->app->opts.nowrap &&
	    CARD_LABEL + line->used + 3 + width > (size_t)card->app->out.width) {
		fputs(comma ? "," : "", line->f);
		end_line(card, line, first);
		line->f = open_memstream(&line->text, &line->size);
		if (!line->f)
			return;
		fprintf(line->f, "%*s", (int)line->indent, "");
		line->used = line->indent;
	} else if (line->used > line->indent) {
		fputs(comma ? ", " : "  ", line->f);
		line->used += 2;
	}
	fputs(text, line->f);
	line->used += width;
}

static void put_addresses(const struct net_card *card, struct folded *line, bool first,
			  int link)
{
	const struct nsu_address *address;
	bool comma = false;

	for (size_t i = 0; (address = nsu_net_get_address(card->net, i)) != NULL; i++) {
		if (address->link != link)
			continue;
		put_piece(card, line, first, comma, address->text);
		comma = true;
	}
}

/* That of the other end, which may be this one. */
static const struct nsu_net *far_net(struct net_card *card, const struct nsu_ns *ns)
{
	if (ns == card->ns)
		return card->net;
	if (ns == card->far_ns)
		return card->far;
	nsu_net_free(card->far);
	card->far = NULL;
	card->far_ns = ns;
	if (nsu_net_new(ns, NSU_NET_LINKS, &card->far) < 0)
		card->far = NULL;
	return card->far;
}

/* "host", "docker:web", "net:[4026532565] nginx (4711/1)"; malloc'ed. */
static char *place_of(const struct net_card *card, const struct nsu_ns *ns)
{
	const struct nsu_task *first = view_first_of_ns(ns);
	char name[NS_TEXT_SIZE], *process, *text;

	view_ns(name, ns);
	if (ns == view_host_ns(card->snap, NSU_NET))
		return strdup(nsu_snapshot_sees_host(card->snap) > 0 ? "host" : "here");
	text = view_ns_whose(&card->app->out, card->snap, ns);
	if (text || !first)
		return text ? text : strdup(name);
	process = view_process(card->cache, first, false);
	if (!process || asprintf(&text, "%s %s", name, process) < 0)
		text = NULL;
	free(process);
	return text;
}

/* "veth41d2 on br0"; malloc'ed. Others than veth have no other end: what they go by. */
static char *peer_text(const struct net_card *card, const struct nsu_link *link,
		       const struct nsu_net *far)
{
	const struct nsu_link *peer = net_find_link(far, link->peer), *master;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fputs(strcmp(link->kind, "veth") ? "over " : "-> ", f);
	put_escaped(card, f, peer ? peer->name : "?");
	master = peer ? net_find_link(far, peer->master) : NULL;
	if (master) {
		fputs(" on ", f);
		put_escaped(card, f, master->name);
	}
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

static void put_peer(struct net_card *card, struct folded *line, bool first,
		     const struct nsu_link *link)
{
	const struct nsu_net *far = link->peer_ns ? far_net(card, link->peer_ns) : NULL;
	char *text;

	if (!link->peer && link->peer_nsid == -1)
		return;
	text = peer_text(card, link, far);
	put_piece(card, line, first, false, text ? text : "?");
	free(text);
	text = NULL;
	if (link->peer_ns && link->peer_ns != card->ns)
		text = place_of(card, link->peer_ns);
	else if (!link->peer_ns && link->peer_nsid >= 0 &&
		 asprintf(&text, "nsid %d", link->peer_nsid) < 0)
		text = NULL;
	if (text)
		put_piece(card, line, first, true, text);
	free(text);
}

static void put_link(struct net_card *card, size_t index, size_t name_width,
		     size_t state_width)
{
	const struct nsu_link *link = nsu_net_get_link(card->net, index);
	const struct nsu_link *master = net_find_link(card->net, link->master);
	struct folded line = { .indent = name_width + 2 + state_width + 2 };
	char *text = NULL;

	line.f = open_memstream(&line.text, &line.size);
	if (!line.f)
		return;
	put_column(card, line.f, link->name, name_width);
	fprintf(line.f, "  %-*s  ", (int)state_width, state_of(link));
	if (view_is_wide(card->app, WIDE)) {
		fprintf(line.f, "%5u  ", (unsigned)link->mtu);
		line.indent += 7;
	}
	line.used = line.indent;
	put_addresses(card, &line, !index, link->index);
	if (master) {
		char *name = text_escape(&card->app->out, master->name);

		if (name && asprintf(&text, "on %s", name) >= 0)
			put_piece(card, &line, !index, false, text);
		free(name);
		free(text);
	}
	put_peer(card, &line, !index, link);
	if (line.f)
		end_line(card, &line, !index);
}

static void print_links(struct net_card *card)
{
	size_t n = nsu_net_count_links(card->net), names = 0, states = 0;

	for (size_t i = 0; i < limit(card, n); i++) {
		const struct nsu_link *link = nsu_net_get_link(card->net, i);
		size_t width = escaped_width(card, link->name);

		if (width > names)
			names = width;
		if (strlen(state_of(link)) > states)
			states = strlen(state_of(link));
	}
	for (size_t i = 0; i < limit(card, n); i++)
		put_link(card, i, names, states);
	if (!n)
		card_fact(card->app, "links", "-");
	put_more(card, n);
}

/* Where there is little room just the default ones. */
static void print_routes(const struct net_card *card)
{
	size_t n = nsu_net_count_routes(card->net), shown = 0, size;
	bool few = !card->app->opts.all && !view_is_wide(card->app, WIDE);
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	for (; shown < limit(card, n); shown++) {
		const struct nsu_route *route = nsu_net_get_route(card->net, shown);
		char *one;

		if (few && shown && strcmp(route->to, "default"))
			break;
		one = net_route_text(card->net, route);
		fputs(shown ? ", " : "", f);
		put_escaped(card, f, one ? one : "?");
		free(one);
	}
	if (shown < n)
		fprintf(f, ", and %zu more", n - shown);
	if (!n)
		fputc('-', f);
	put_line(card, "routes", 0, f, &text);
}

/* Sockets that say the same, as with SO_REUSEPORT, share a line. */
static size_t count_same(const struct nsu_net *net, size_t from)
{
	const struct nsu_listener *first = nsu_net_get_listener(net, from), *next;
	size_t n = 1;

	while ((next = nsu_net_get_listener(net, from + n)) != NULL &&
	       !strcmp(next->protocol, first->protocol) &&
	       !strcmp(next->local, first->local))
		n++;
	return n;
}

static void put_owners(const struct net_card *card, FILE *f,
		       const struct net_owners *owners, size_t from, size_t count)
{
	const struct nsu_task *first = NULL;
	size_t n = 0;
	char *process;

	for (size_t s = from; s < from + count; s++) {
		uint64_t inode = nsu_net_get_listener(card->net, s)->inode;

		for (size_t i = net_owners_of(owners, inode);
		     i < owners->count && owners->list[i].inode == inode; i++, n++)
			if (!first || nsu_task_get_tid(owners->list[i].task) <
			    nsu_task_get_tid(first))
				first = owners->list[i].task;
	}
	if (!first) {
		fputs(owners->partial || !nsu_snapshot_is_complete(card->snap) ? "?" :
		      "-", f);
		return;
	}
	process = view_process(card->cache, first, false);
	fputs(process ? process : "?", f);
	free(process);
	if (n > 1)
		fprintf(f, " +%zu", n - 1);
}

static void put_listener(const struct net_card *card, const struct net_owners *owners,
			 size_t index, size_t from, size_t same, size_t width)
{
	const struct nsu_listener *listener = nsu_net_get_listener(card->net, from);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	fprintf(f, "%-4s ", listener->protocol);
	put_column(card, f, listener->local, width);
	fputs("  ", f);
	put_owners(card, f, owners, from, same);
	put_line(card, "listens", index, f, &text);
}

/* UNIX sockets are many and of no interest to others: with all. */
static bool is_shown(const struct net_card *card, size_t index)
{
	return card->app->opts.all ||
		strcmp(nsu_net_get_listener(card->net, index)->protocol, "unix");
}

static void print_listeners(const struct net_card *card, const struct net_owners *owners)
{
	size_t n = nsu_net_count_listeners(card->net), lines = 0, hidden = 0, width = 0;
	char *text;

	for (size_t i = 0; i < n; i += count_same(card->net, i)) {
		size_t one = escaped_width(card,
					   nsu_net_get_listener(card->net, i)->local);

		if (is_shown(card, i) && one > width && one < 50)
			width = one;
		lines += is_shown(card, i);
		hidden += !is_shown(card, i);
	}
	for (size_t i = 0, line = 0; i < n && line < limit(card, lines);
	     i += count_same(card->net, i))
		if (is_shown(card, i))
			put_listener(card, owners, line++, i, count_same(card->net, i),
				     width);
	put_more(card, lines);
	if (hidden && asprintf(&text, "%s%zu of UNIX sockets: -a", lines ? "and " : "",
			       hidden) >= 0)
		card_fact_take(card->app, lines ? "" : "listens", text);
	if (!n)
		card_fact(card->app, "listens", "-");
}

/* By docker-proxy, on the host. */
static void print_reached(const struct net_card *card)
{
	char *text = NULL;

	if (card->ns != view_host_ns(card->snap, NSU_NET))
		text = net_reached_by(card->app, card->snap, card->cache, card->net);
	if (text)
		card_fact_take(card->app, "reached by", text);
}

/* A reason why there is nothing: what was asked for was not read. */
static void print_unread(struct app *app, int error)
{
	char *text;

	if (asprintf(&text, "? (%s)", strerror(-error)) >= 0)
		card_fact_take(app, "links", text);
	card_fact(app, "routes", "?");
	card_fact(app, "listens", "?");
}

void card_net(struct app *app, const struct nsu_snapshot *snap,
	      struct shown_cache *cache, const struct nsu_ns *ns)
{
	struct net_card card = { .app = app, .snap = snap, .cache = cache, .ns = ns };
	struct net_owners owners = { 0 };
	struct nsu_net *net = NULL;
	unsigned parts = NET_ALL;
	int r = net_read(ns, &parts, &net);

	if (r < 0) {
		print_unread(app, r);
		return;
	}
	card.net = net;
	print_links(&card);
	print_routes(&card);
	if (!(parts & NSU_NET_SOCKETS) || net_find_owners(ns, net, &owners) < 0 ||
	    net_find_others(snap, ns, net, &owners) < 0)
		card_fact(app, "listens", "?");
	else
		print_listeners(&card, &owners);
	print_reached(&card);
	net_free_owners(&owners);
	nsu_net_free(card.far);
	nsu_net_free(net);
}
