/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ask.h"
#include "networks.h"
#include "view.h"

/* "host", "docker:web", "netns:blue", "nginx (4711/1)", "net:[4026532565]". */
static char *place_of(const struct networks *nets, const struct nsu_ns *ns)
{
	const struct app *app = nets->app;
	const struct nsu_task *first = view_first_of_ns(ns);
	char name[NS_TEXT_SIZE], *text, *whose;

	if (ns == nets->host)
		return strdup(nsu_snapshot_sees_host(nets->snap) > 0 ? "host" : "here");
	whose = view_ns_whose(&app->out, nets->snap, ns);
	if (!whose)
		whose = view_ns_name(app, nets->binds, ns);
	if (!whose && first)
		return view_process(nets->cache, first, false);
	if (!whose)
		whose = strdup(view_ns(name, ns));
	if (!whose || !view_is_orphan(ns) || !view_knows_tasks(nets->snap))
		return whose;
	if (asprintf(&text, "%s, no process", whose) < 0)
		text = NULL;
	free(whose);
	return text;
}

static int by_ns(const void *a, const void *b)
{
	const struct network *const *x = a, *const *y = b;

	return (*x)->ns < (*y)->ns ? -1 : (*x)->ns > (*y)->ns;
}

static int read_network(struct networks *nets, struct network *network,
			const struct nsu_ns *ns)
{
	network->ns = ns;
	network->error = nsu_wiring_get_net(nets->wiring, ns, &network->net);
	if (network->error < 0) {
		network->net = NULL;
		if (network->error != -ESRCH && !nets->unread++)
			nets->error = network->error;
	}
	network->place = place_of(nets, ns);
	return network->place ? 0 : -ENOMEM;
}

static int read_all(struct networks *nets)
{
	size_t count;
	const struct nsu_ns **list = ask_list(nets->snap, NSU_NET, nets->host, &count);
	int r = 0;

	if (!list)
		return -ENOMEM;
	nets->list = calloc(count + 1, sizeof(*nets->list));
	nets->by_address = calloc(count + 1, sizeof(struct network *));
	if (!nets->list || !nets->by_address)
		r = -ENOMEM;
	for (size_t i = 0; i < count && r == 0; i++) {
		r = read_network(nets, &nets->list[i], list[i]);
		nets->by_address[i] = &nets->list[i];
		nets->count++;
	}
	free(list);
	if (nets->count)
		qsort(nets->by_address, nets->count, sizeof(struct network *), by_ns);
	return r;
}

int networks_open(struct networks *nets, struct app *app, const struct nsu_snapshot *snap,
		  struct nsu_wiring_options *opts)
{
	int r;

	*nets = (struct networks){ .app = app, .snap = snap,
				   .host = view_host_ns(snap, NSU_NET) };
	nets->cache = shown_new(&app->out);
	if (!nets->cache)
		return -ENOMEM;
	nsu_binds_new(app->ctx, NULL, &nets->binds);
	r = nsu_wiring_new(snap, opts, &nets->wiring);
	/* A kernel without sock_diag still tells of links. */
	if (r == -EPROTONOSUPPORT && opts->parts & ~(unsigned)NSU_NET_SOCKETS) {
		opts->parts &= ~(unsigned)NSU_NET_SOCKETS;
		r = nsu_wiring_new(snap, opts, &nets->wiring);
	}
	nets->parts = opts->parts;
	return r < 0 ? r : read_all(nets);
}

void networks_close(struct networks *nets)
{
	for (size_t i = 0; i < nets->count; i++)
		free(nets->list[i].place);
	free(nets->list);
	free(nets->by_address);
	nsu_wiring_free(nets->wiring);
	nsu_binds_free(nets->binds);
	shown_free(nets->cache);
	*nets = (struct networks){ 0 };
}

struct network *networks_find(const struct networks *nets, const struct nsu_ns *ns)
{
	const struct network key = { .ns = ns }, *of = &key;
	struct network **found;

	if (!nets->count)
		return NULL;
	found = bsearch(&of, nets->by_address, nets->count, sizeof(struct network *),
			by_ns);
	return found ? *found : NULL;
}

bool networks_remark(const struct networks *nets)
{
	char name[NS_TEXT_SIZE];

	for (size_t i = 0; nets->unread && i < nets->count; i++) {
		const struct network *network = &nets->list[i];

		if (network->error >= 0 || network->error == -ESRCH)
			continue;
		view_ns(name, network->ns);
		if (nets->unread == 1)
			msg_errno(&nets->app->out, network->error, "%s could not be read",
				  name);
		else
			msg_errno(&nets->app->out, network->error,
				  "%zu network namespaces could not be read, the first: "
				  "%s", nets->unread, name);
		return true;
	}
	return false;
}

bool network_is_link_local(const struct nsu_address *address)
{
	return address->family == AF_INET6 && address->bytes[0] == 0xfe &&
	       (address->bytes[1] & 0xc0) == 0x80;
}

static bool has_address(const struct network *network, int family,
			const unsigned char bytes[static 16])
{
	const struct nsu_address *address;
	size_t size = family == AF_INET ? 4 : 16;

	for (size_t i = 0; network->net &&
	     (address = nsu_net_get_address(network->net, i)) != NULL; i++)
		if (address->family == family &&
		    memcmp(address->bytes, bytes, size) == 0)
			return true;
	return false;
}

static bool is_wired(const struct networks *nets, const struct network *network,
		     const struct network *to)
{
	const struct nsu_link *link;
	struct nsu_far_end end;

	for (size_t i = 0; (link = nsu_net_get_link(network->net, i)) != NULL; i++)
		if (nsu_wiring_find_end(nets->wiring, network->ns, link, &end) == 0 &&
		    end.ns == to->ns)
			return true;
	return false;
}

struct network *networks_find_address(const struct networks *nets,
				      const struct network *near, int family,
				      const unsigned char bytes[static 16])
{
	struct network *wired = NULL, *any = NULL;
	size_t wired_count = 0, any_count = 0;

	for (size_t i = 0; i < nets->count; i++) {
		struct network *network = &nets->list[i];

		if (!has_address(network, family, bytes))
			continue;
		if (network == near)
			return network;
		any = network;
		any_count++;
		if (near && is_wired(nets, network, near)) {
			wired = network;
			wired_count++;
		}
	}
	return wired_count == 1 ? wired : !wired_count && any_count == 1 ? any : NULL;
}

int networks_view(struct app *app, bool links, struct nsu_wiring_options *opts,
		  int (*show)(struct networks *nets, struct net_words *words))
{
	struct nsu_snapshot *snap = app_scan(app, NETWORKS_PARTS, 0);
	struct networks nets = { 0 };
	struct net_words words = { 0 };
	int status = 1, r;

	if (!snap)
		return 1;
	r = net_words_find(app, links, snap, &words);
	if (r == 0)
		r = networks_open(&nets, app, snap, opts);
	if (r == 0)
		r = status = show(&nets, &words);
	if (r < 0 && r != -EINVAL)
		status = view_failed(app, r);
	fflush(stdout);
	r = app_remark_gaps(app, snap);
	if (networks_remark(&nets) && app->opts.strict)
		r = 3;
	networks_close(&nets);
	net_words_free(&words);
	nsu_snapshot_free(snap);
	return status ? status : r;
}
