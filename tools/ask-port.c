/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nstree --port: who listens on a port, in whatever container; else who else uses it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "sockets.h"
#include "view.h"

struct port {
	unsigned number;
	const char *protocol;	/* "": any */
	bool listens;		/* only those that do */
};

/* "443", "443/tcp", "53/udp". */
static int parse(const char *text, struct port *ret)
{
	static const char *const protocols[] = { "tcp", "udp", "sctp" };
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || number < 1 || number > 65535)
		return -EINVAL;
	*ret = (struct port){ .number = (unsigned)number, .protocol = "" };
	if (*end == '\0')
		return 0;
	for (size_t i = 0; *end == '/' && i < sizeof(protocols) / sizeof(*protocols); i++)
		if (strcmp(end + 1, protocols[i]) == 0) {
			ret->protocol = protocols[i];
			return 0;
		}
	return -EINVAL;
}

static bool is_asked(const struct nsu_listener *listener, const void *data)
{
	const struct port *port = data;

	return listener->port == port->number &&
	       (!*port->protocol || strcmp(listener->protocol, port->protocol) == 0) &&
	       (strcmp(listener->state, "listen") == 0) == port->listens;
}

static void say_nobody(const struct networks *nets)
{
	size_t read = nets->count - nets->unread;

	if (nets->unread)
		msg(&nets->app->out, "nobody that could be seen uses port %s (%zu "
		    "network namespace%s read, %zu refused)", nets->app->opts.port, read,
		    read == 1 ? "" : "s", nets->unread);
	else
		msg(&nets->app->out, "nobody uses port %s (%zu network namespace%s read, "
		    "none refused)", nets->app->opts.port, read, read == 1 ? "" : "s");
}

static int print_json(const struct sockets *sockets)
{
	struct app *app = sockets->nets->app;
	struct json_writer w = { .app = app, .snap = sockets->nets->snap, .whole = true };

	json_put_question(&w, "port", json_text(app->opts.port));
	sockets_put_json(sockets, &w);
	json_end_question(&w);
	return w.failed ? -ENOMEM : 0;
}

static int show(struct networks *nets, struct net_words *words)
{
	struct port port;
	struct sockets sockets;
	int r = parse(nets->app->opts.port, &port), status;

	port.listens = true;
	if (r == 0)
		r = sockets_new(nets, words, is_asked, &port, &sockets);
	if (r == 0 && !sockets.count) {
		sockets_free(&sockets);
		port.listens = false;
		r = sockets_new(nets, words, is_asked, &port, &sockets);
		sockets.states = true;
	}
	if (r < 0)
		return r;
	r = nets->app->opts.json ? print_json(&sockets) : sockets_print(&sockets);
	fflush(stdout);
	status = sockets.count ? 0 : ANSWER_NO;
	if (!sockets.count)
		say_nobody(nets);
	sockets_free(&sockets);
	return r < 0 ? r : status;
}

int view_ask_port(struct app *app)
{
	struct nsu_wiring_options opts = NSU_WIRING_OPTIONS_INIT;
	struct port port;

	if (parse(app->opts.port, &port) < 0) {
		msg(&app->out, "--port %s: not a port: 1 to 65535, perhaps with /tcp, "
		    "/udp or /sctp", app->opts.port);
		return 2;
	}
	opts.parts = NSU_NET_SOCKETS | NSU_NET_LINKS | NSU_NET_ADDRESSES;
	opts.port = port.number;
	opts.no_unix = true;
	opts.owners = true;
	return networks_view(app, false, &opts, show);
}
