/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nstree --listening: who listens, in whatever container. */
#include <errno.h>
#include <sys/socket.h>

#include "ask.h"
#include "sockets.h"
#include "view.h"

static bool is_shown(const struct nsu_listener *listener, const void *data)
{
	const struct opts *opts = data;

	return listener->family != AF_UNIX || opts->unix_too || opts->all;
}

/* 0 or ANSWER_NO. */
static int say_missing(const struct app *app, const struct networks *nets,
		       const struct net_words *words, size_t count)
{
	const char *seen = nets->unread ? ", of those that could be seen" : "";
	int status = 0;

	if (!count && !words->count)
		msg(&app->out, "no socket listens%s", seen);
	for (size_t i = 0; i < words->count; i++) {
		if (words->list[i].found)
			continue;
		msg(&app->out, "%s: no socket of it listens%s", words->list[i].word,
		    seen);
		status = ANSWER_NO;
	}
	return status;
}

static void put_sockets(struct json_writer *w, void *data)
{
	sockets_put_json(data, w);
}

static int show(struct networks *nets, struct net_words *words)
{
	struct app *app = nets->app;
	struct sockets sockets;
	int r = sockets_new(nets, words, is_shown, &app->opts, &sockets), status;

	if (r < 0)
		return r;
	if (app->opts.json)
		r = json_document(app, nets->snap, put_sockets, &sockets);
	else
		r = sockets_print(&sockets);
	fflush(stdout);
	status = say_missing(app, nets, words, sockets.count);
	sockets_free(&sockets);
	return r < 0 ? r : status;
}

int view_listening(struct app *app)
{
	struct nsu_wiring_options opts = NSU_WIRING_OPTIONS_INIT;

	/* Addresses tell for whom docker-proxy listens, links by which of two it goes. */
	opts.parts = NSU_NET_SOCKETS | NSU_NET_LINKS | NSU_NET_ADDRESSES;
	opts.no_unix = !app->opts.unix_too && !app->opts.all;
	opts.owners = true;
	return networks_view(app, false, &opts, show);
}
