/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nstree --net: which links are one wire, and which hangs from which. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "net.h"
#include "view.h"
#include "wires.h"

#define MOST_DEEP 64	/* links upon links; a read while they change may show a ring */

static size_t find_wire(const struct wires *wires, const struct nsu_ns *ns, int index)
{
	const struct network *network = networks_find(wires->nets, ns);
	size_t low, high, end;

	if (!network || !network->net)
		return NO_WIRE;
	low = wires->first[network - wires->nets->list];
	end = high = wires->first[network - wires->nets->list + 1];
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (wires->list[middle].link->index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < end && wires->list[low].link->index == index ? low : NO_WIRE;
}

/* What the modules of tunnels put into each new namespace. */
static bool is_idle(const struct nsu_link *link)
{
	static const char *const names[] = {
		"tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0",
		"ip6tnl0", "ip6gre0",
	};

	if (!*link->kind)
		return strcmp(link->name, "lo") == 0;
	for (size_t i = 0; !link->up && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(link->name, names[i]) == 0)
			return true;
	return false;
}

static void lead_to(const struct wires *wires, struct wire *wire)
{
	struct nsu_far_end end;
	int r = nsu_wiring_find_end(wires->nets->wiring, wire->network->ns, wire->link,
				    &end);

	wire->far = NO_WIRE;
	if (r == 0 && !end.link && end.ns != wire->network->ns)
		wire->under = networks_find(wires->nets, end.ns);
	if (r == 0 && end.link)
		wire->far = find_wire(wires, end.ns, end.link->index);
	else if (r < 0 && r != -ENOENT)
		wire->far_error = r;
	if (r == 0 && end.link && wire->far == NO_WIRE)
		wire->far_error = -ENODATA;
}

/* A wire is shown at one of its ends: the host's, else a port of a bridge, else that of
   the older namespace. */
static bool is_better(const struct wires *wires, size_t a, size_t b)
{
	const struct wire *x = &wires->list[a], *y = &wires->list[b];
	const struct nsu_ns *host = wires->nets->host;

	if ((x->network->ns == host) != (y->network->ns == host))
		return x->network->ns == host;
	if ((x->link->master != 0) != (y->link->master != 0))
		return x->link->master != 0;
	return a < b;
}

static void pair_up(struct wires *wires)
{
	for (size_t i = 0; i < wires->count; i++) {
		struct wire *wire = &wires->list[i];

		if (wire->far == NO_WIRE || wires->list[wire->far].far != i ||
		    wire->far == i)
			continue;
		wire->pair = true;
		wire->hidden = !is_better(wires, i, wire->far);
	}
}

size_t wires_shown(const struct wires *wires, size_t wire)
{
	return wire != NO_WIRE && wires->list[wire].hidden ? wires->list[wire].far : wire;
}

static bool is_below(const struct wires *wires, size_t wire, size_t above)
{
	for (int deep = 0; wire != NO_WIRE; wire = wires->list[wire].parent)
		if (wire == above || ++deep > MOST_DEEP)
			return true;
	return false;
}

/* A port hangs from its bridge, what is made of another device from that, in whatever
   namespace it is. */
static void hang(struct wires *wires, size_t index)
{
	struct wire *wire = &wires->list[index];
	size_t parent = NO_WIRE;

	if (wire->link->master)
		parent = find_wire(wires, wire->network->ns, wire->link->master);
	if (parent == NO_WIRE && !wire->pair)
		parent = wire->far;
	parent = wires_shown(wires, parent);
	if (!wire->hidden && parent != NO_WIRE && !is_below(wires, parent, index))
		wire->parent = parent;
}

int wires_new(struct networks *nets, struct wires *ret)
{
	struct wires wires = { .nets = nets };
	size_t n = 0;

	for (size_t i = 0; i < nets->count; i++)
		n += nets->list[i].net ? nsu_net_count_links(nets->list[i].net) : 0;
	wires.list = calloc(n + 1, sizeof(*wires.list));
	wires.first = calloc(nets->count + 1, sizeof(*wires.first));
	if (!wires.list || !wires.first) {
		wires_free(&wires);
		return -ENOMEM;
	}
	for (size_t i = 0; i < nets->count; i++) {
		const struct nsu_link *link;

		wires.first[i] = wires.count;
		for (size_t l = 0; nets->list[i].net &&
		     (link = nsu_net_get_link(nets->list[i].net, l)) != NULL; l++)
			wires.list[wires.count++] = (struct wire){
				.network = &nets->list[i], .link = link,
				.idle = is_idle(link), .parent = NO_WIRE,
			};
	}
	wires.first[nets->count] = wires.count;
	for (size_t i = 0; i < wires.count; i++)
		lead_to(&wires, &wires.list[i]);
	pair_up(&wires);
	for (size_t i = 0; i < wires.count; i++)
		hang(&wires, i);
	*ret = wires;
	return 0;
}

void wires_free(struct wires *wires)
{
	free(wires->list);
	free(wires->first);
	*wires = (struct wires){ 0 };
}

bool wires_are_idle(const struct wires *wires, const struct network *network)
{
	size_t at = (size_t)(network - wires->nets->list);

	for (size_t i = wires->first[at]; i < wires->first[at + 1]; i++)
		if (!wires->list[i].idle)
			return false;
	return network->net != NULL;
}

static int show(struct networks *nets, struct net_words *words)
{
	struct wires wires;
	int r = wires_new(nets, &wires), status = 0;

	if (r < 0)
		return r;
	if (words->count > 0)
		status = wires_narrow(&wires, words);
	if (nets->app->opts.json)
		r = json_networks(&wires);
	else if (nets->app->opts.dot)
		r = wires_draw(&wires);
	else
		r = wires_print(&wires);
	wires_free(&wires);
	return r < 0 ? r : status;
}

int view_net(struct app *app)
{
	struct nsu_wiring_options opts = NSU_WIRING_OPTIONS_INIT;

	opts.parts = NSU_NET_LINKS | NSU_NET_ADDRESSES | NSU_NET_ROUTES;
	if (app->opts.json) {
		opts.parts |= NSU_NET_NSIDS | NSU_NET_SOCKETS;
		opts.owners = true;
	}
	return networks_view(app, true, &opts, show);
}
