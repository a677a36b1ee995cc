/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "proxy.h"
#include "sockets.h"
#include "view.h"

static void find_owner(const struct networks *nets, struct socket_line *line)
{
	const struct nsu_wiring *wiring = nets->wiring;
	uint64_t inode = line->listener->inode;
	size_t n = inode ? nsu_wiring_count_owners(wiring, inode) : 0;

	if (n > 0) {
		line->owner = nsu_wiring_get_owner(wiring, inode, 0);
		line->others = n - 1;
	}
}

/* "docker:web", "host", "docker:exporter (host net)": the container of its owner, if that
   is in the same network namespace as the socket. */
static char *where_of(const struct networks *nets, const struct socket_line *line)
{
	char *whose = NULL, *text;

	if (line->owner && view_task_ns(line->owner, NSU_NET) == line->network->ns)
		whose = view_task_whose(&nets->app->out, line->owner);
	if (whose && line->network->ns == nets->host &&
	    nsu_snapshot_sees_host(nets->snap) > 0) {
		if (asprintf(&text, "%s (host net)", whose) < 0)
			text = NULL;
		free(whose);
		return text;
	}
	return whose ? whose : strdup(line->network->place);
}

static int describe(const struct networks *nets, struct socket_line *line)
{
	struct proxy proxy;
	char *text;

	find_owner(nets, line);
	line->where = where_of(nets, line);
	line->port = "";
	if (!line->where)
		return -ENOMEM;
	if (line->network->ns != nets->host || line->listener->family == AF_UNIX ||
	    !proxy_read(nets->snap, nets->cache, line->owner, &proxy) ||
	    !proxy_has_port(&proxy, line->listener->port))
		return 0;
	line->via = proxy_target(nets, &proxy, &line->to);
	line->port = proxy.port;
	if (!line->via || asprintf(&text, "%s, for %s", line->where, line->via) < 0)
		return -ENOMEM;
	free(line->where);
	line->where = text;
	return 0;
}

static bool is_within(const struct nsu_container *inner,
		      const struct nsu_container *outer)
{
	const struct nsu_container *up;

	for (; inner; inner = up) {
		if (inner == outer)
			return true;
		if (nsu_container_get_pod(inner, &up) < 0 &&
		    nsu_container_get_outer(inner, &up) < 0)
			break;
	}
	return false;
}

/* A container is its processes; where nobody has the socket, and for what stands for it
   elsewhere, its network namespace. */
static bool is_of_container(const struct networks *nets, const struct net_word *word,
			    const struct socket_line *line)
{
	const struct network *in = line->to ? line->to :
		line->owner ? NULL : line->network;

	for (size_t i = 0; i < word->container_count; i++)
		if (is_within(view_task_container(line->owner), word->container[i]))
			return true;
	return in && in->ns != nets->host && net_word_has_ns(word, in->ns);
}

static bool is_of_task(const struct networks *nets, const struct net_word *word,
		       const struct socket_line *line)
{
	uint64_t inode = line->listener->inode;
	size_t n = nsu_wiring_count_owners(nets->wiring, inode);

	for (size_t i = 0; inode && i < n; i++)
		if (nsu_task_get_pid(nsu_wiring_get_owner(nets->wiring, inode, i)) ==
		    nsu_task_get_pid(word->task))
			return true;
	return false;
}

static bool is_of_unit(const struct net_word *word, const struct socket_line *line)
{
	const char *unit;

	return line->owner &&
	       nsu_task_get_place(line->owner, NSU_PLACE_UNIT, &unit) == 0 &&
	       strcmp(unit, word->unit) == 0;
}

static bool is_wanted(const struct networks *nets, struct net_words *words,
		      const struct socket_line *line)
{
	bool wanted = words->count == 0;

	for (size_t i = 0; i < words->count; i++) {
		struct net_word *word = &words->list[i];
		bool fits = word->container_count ? is_of_container(nets, word, line) :
			word->unit ? is_of_unit(word, line) :
			word->task ? is_of_task(nets, word, line) :
			net_word_has_ns(word, line->network->ns);

		word->found |= fits;
		wanted |= fits;
	}
	return wanted;
}

static int by_port(const void *a, const void *b)
{
	const struct socket_line *x = a, *y = b;
	const struct nsu_listener *s = x->listener, *t = y->listener;
	bool x_unix = s->family == AF_UNIX, y_unix = t->family == AF_UNIX;
	int r;

	if (x_unix != y_unix)
		return x_unix ? 1 : -1;
	if (s->port != t->port)
		return s->port < t->port ? -1 : 1;
	if (x->network != y->network)
		return x->network < y->network ? -1 : 1;
	r = strcmp(s->protocol, t->protocol);
	if (r == 0)
		r = strcmp(s->local, t->local);
	if (r == 0)
		r = strcmp(s->remote, t->remote);
	return r ? r : s->inode < t->inode ? -1 : s->inode > t->inode;
}

static int add(struct sockets *sockets, struct net_words *words,
	       const struct network *network, const struct nsu_listener *listener)
{
	struct socket_line line = { .network = network, .listener = listener };
	int r = describe(sockets->nets, &line);

	if (r < 0 || !is_wanted(sockets->nets, words, &line)) {
		free(line.where);
		free(line.via);
		return r;
	}
	/* Grown by powers of two, so that the count tells how much there is. */
	if ((sockets->count & (sockets->count - 1)) == 0) {
		size_t n = sockets->count ? sockets->count * 2 : 1;
		struct socket_line *list = reallocarray(sockets->list, n, sizeof(*list));

		if (!list) {
			free(line.where);
			free(line.via);
			return -ENOMEM;
		}
		sockets->list = list;
	}
	sockets->list[sockets->count++] = line;
	return 0;
}

int sockets_new(struct networks *nets, struct net_words *words,
		bool (*keep)(const struct nsu_listener *listener, const void *data),
		const void *data, struct sockets *ret)
{
	struct sockets sockets = { .nets = nets };
	const struct nsu_listener *listener;
	int r = 0;

	for (size_t i = 0; i < nets->count; i++)
		for (size_t l = 0; r == 0 && nets->list[i].net &&
		     (listener = nsu_net_get_listener(nets->list[i].net, l)); l++)
			if (keep(listener, data))
				r = add(&sockets, words, &nets->list[i], listener);
	if (r < 0) {
		sockets_free(&sockets);
		return r;
	}
	if (sockets.count)
		qsort(sockets.list, sockets.count, sizeof(*sockets.list), by_port);
	*ret = sockets;
	return 0;
}

void sockets_free(struct sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++) {
		free(sockets->list[i].where);
		free(sockets->list[i].via);
	}
	free(sockets->list);
	*sockets = (struct sockets){ 0 };
}
