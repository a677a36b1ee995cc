/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of nstree --net. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"
#include "view.h"
#include "wires.h"

enum { LINK, KIND, STATE, MTU, RX, TX, ADDRESS, WHERE };

static const struct grid_column columns[] = {
	[LINK] = { "LINK", GRID_TREE | GRID_CUT_MIDDLE },
	[KIND] = { "KIND", GRID_DROP | GRID_SPARE },
	[STATE] = { "STATE", 0 },
	[MTU] = { "MTU", GRID_RIGHT | GRID_DROP | GRID_SPARE },
	[RX] = { "RX", GRID_RIGHT | GRID_DROP | GRID_SPARE },
	[TX] = { "TX", GRID_RIGHT | GRID_DROP | GRID_SPARE },
	[ADDRESS] = { "ADDRESS", 0 },
	[WHERE] = { "WHERE", GRID_CUT_MIDDLE },
};

struct printer {
	const struct wires *wires;
	const struct app *app;
	struct grid *grid;
	size_t *child, *next;	/* of each wire: its first child, the one behind it */
};

static const struct wire *far_of(const struct wires *wires, const struct wire *wire)
{
	return wire->far != NO_WIRE ? &wires->list[wire->far] : NULL;
}

/* The line it hangs from says already where it leads. */
static bool has_arrow(const struct wires *wires, const struct wire *wire)
{
	if (wire->pair)
		return true;
	if (wire->far != NO_WIRE)
		return wire->parent != wires_shown(wires, wire->far);
	return wire->far_error != 0;
}

static char *link_text(const struct printer *p, const struct wire *wire)
{
	const struct output *out = &p->app->out;
	const struct wire *far = far_of(p->wires, wire);
	char *name = text_escape(out, wire->link->name), *to, *text;

	if (!name || !has_arrow(p->wires, wire))
		return name;
	to = far ? text_escape(out, far->link->name) : strdup("?");
	if (!to || asprintf(&text, "%s -> %s", name, to) < 0)
		text = NULL;
	free(name);
	free(to);
	return text;
}

static const char *state_of(const struct nsu_link *link)
{
	return !link->up ? "down" : link->carrier ? "up" : "no carrier";
}

/* That one end of a wire is down takes the carrier from the other. */
static void set_state(const struct printer *p, long row, const struct wire *wire)
{
	const struct nsu_link *far = wire->pair ? far_of(p->wires, wire)->link : NULL;
	const char *state = state_of(wire->link);

	if (far && far->up != wire->link->up)
		grid_setf(p->grid, row, STATE, "%s/%s", wire->link->up ? "up" : "down",
			  far->up ? "up" : "down");
	else
		grid_set(p->grid, row, STATE, state);
	if ((far && far->up != wire->link->up) || strcmp(state, "up") != 0)
		grid_color(p->grid, row, STATE, GRID_TROUBLE);
}

/* "vlan 5", "macvlan bridge". */
static void set_kind(const struct printer *p, long row, const struct nsu_link *link)
{
	char *kind = text_escape(&p->app->out, *link->kind ? link->kind :
				 strcmp(link->name, "lo") == 0 ? "lo" : "phys");
	char tag[24] = "";

	if (link->tag >= 0)
		snprintf(tag, sizeof(tag), " %lld", (long long)link->tag);
	grid_setf(p->grid, row, KIND, "%s%s%s%s", kind ? kind : "?", tag,
		  link->mode && *link->mode ? " " : "", link->mode ? link->mode : "");
	free(kind);
}

/* Not the link-local ones, which every link has: but they may have been asked for. */
static bool is_shown(const struct printer *p, const struct nsu_address *address, int link)
{
	return address->link == link &&
	       (p->app->opts.all || p->wires->link_local ||
		!network_is_link_local(address));
}

/* One address, on a terminal; a pipe gets all. */
static bool put_addresses(const struct printer *p, FILE *f, const struct wire *wire)
{
	bool cuts = p->app->out.width > 0 && !p->app->opts.all;
	const struct nsu_address *address;
	size_t count = 0;

	for (size_t i = 0; (address = nsu_net_get_address(wire->network->net, i)); i++) {
		if (!is_shown(p, address, wire->link->index))
			continue;
		if (!count || !cuts)
			fprintf(f, "%s%s", count ? ", " : "", address->text);
		count++;
	}
	if (count > 1 && cuts)
		fprintf(f, " +%zu", count - 1);
	return count > 0;
}

static bool has_own(const struct wire *wire)
{
	const struct nsu_address *address;

	for (size_t i = 0; (address = nsu_net_get_address(wire->network->net, i)); i++)
		if (address->link == wire->link->index && !network_is_link_local(address))
			return true;
	return false;
}

/* That of the far end; where this end has one too, as "10.0.0.1/24 -> 10.0.0.2/24". */
static void set_address(const struct printer *p, long row, const struct wire *wire)
{
	const struct wire *far = wire->pair ? far_of(p->wires, wire) : NULL;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f) {
		if (far && has_own(wire)) {
			put_addresses(p, f, wire);
			fputs(" -> ", f);
		}
		if (!put_addresses(p, f, far ? far : wire))
			fputc('-', f);
		if (fclose(f) != 0) {
			free(text);
			text = NULL;
		}
	}
	grid_take(p->grid, row, ADDRESS, text);
}

static const struct nsu_link *master_of(const struct wire *wire)
{
	const struct nsu_link *link;

	for (size_t i = 0; (link = nsu_net_get_link(wire->network->net, i)) != NULL; i++)
		if (wire->link->master && link->index == wire->link->master)
			return link;
	return NULL;
}

static void set_where(const struct printer *p, long row, const struct wire *wire)
{
	const struct wire *far =
		has_arrow(p->wires, wire) ? far_of(p->wires, wire) : NULL;
	const struct nsu_link *master = far ? master_of(far) : NULL;
	char *name = master ? text_escape(&p->app->out, master->name) : NULL;
	int nsid = wire->link->peer_nsid;

	if (far)
		grid_setf(p->grid, row, WHERE, "%s%s%s", far->network->place,
			  name ? ", on " : "", name ? name : "");
	else if (wire->under)
		grid_setf(p->grid, row, WHERE, "%s, over %s", wire->network->place,
			  wire->under->place);
	else if (!wire->far_error)
		grid_set(p->grid, row, WHERE, wire->network->place);
	else if (wire->far_error == -ENXIO)
		grid_set(p->grid, row, WHERE, "gone");
	else if (nsid >= 0)
		grid_setf(p->grid, row, WHERE, "?, nsid %d", nsid);
	else
		grid_set(p->grid, row, WHERE, "?");
	free(name);
}

static void set_row(const struct printer *p, long row, const struct wire *wire)
{
	const struct nsu_link *link = wire->link;
	const struct nsu_link *far = wire->pair ? far_of(p->wires, wire)->link : NULL;
	char size[16];

	grid_take(p->grid, row, LINK, link_text(p, wire));
	set_kind(p, row, link);
	set_state(p, row, wire);
	if (far && far->mtu != link->mtu)
		grid_setf(p->grid, row, MTU, "%u/%u", (unsigned)link->mtu,
			  (unsigned)far->mtu);
	else
		grid_setf(p->grid, row, MTU, "%u", (unsigned)link->mtu);
	grid_set(p->grid, row, RX, text_size(size, link->rx_bytes));
	grid_set(p->grid, row, TX, text_size(size, link->tx_bytes));
	set_address(p, row, wire);
	set_where(p, row, wire);
}

static bool is_line(const struct printer *p, const struct wire *wire)
{
	if (wire->hidden)
		return false;
	return p->wires->narrow ? wire->wanted || wire->needed :
				  p->app->opts.all || !wire->idle;
}

static void put_line(const struct printer *p, size_t wire, long parent)
{
	long row;

	if (!is_line(p, &p->wires->list[wire]))
		return;
	row = grid_add(p->grid, parent);
	set_row(p, row, &p->wires->list[wire]);
	for (size_t i = p->child[wire]; i != NO_WIRE; i = p->next[i])
		put_line(p, i, row);
}

static void put_network(const struct printer *p, size_t index)
{
	const struct network *network = &p->wires->nets->list[index];
	char name[NS_TEXT_SIZE];
	long row = -1;

	for (size_t i = p->wires->first[index]; i < p->wires->first[index + 1]; i++) {
		const struct wire *wire = &p->wires->list[i];

		if (wire->parent != NO_WIRE || !is_line(p, wire))
			continue;
		if (row < 0) {
			row = grid_add(p->grid, -1);
			grid_set(p->grid, row, LINK, network->place);
			grid_set(p->grid, row, WHERE, view_ns(name, network->ns));
		}
		put_line(p, i, row);
	}
}

/* "3 more, lo only", and which: on a terminal the first of them. */
static void put_idle(const struct printer *p)
{
	size_t most = p->app->out.width <= 0 ? SIZE_MAX : p->app->out.width < 100 ? 1 : 2;
	const struct networks *nets = p->wires->nets;
	char *text = NULL;
	size_t size, count = 0;
	long row;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; f && i < nets->count; i++)
		if (wires_are_idle(p->wires, &nets->list[i]) &&
		    count++ < most)
			fprintf(f, "%s%s", count > 1 ? ", " : "", nets->list[i].place);
	if (f && count > most)
		fprintf(f, " and %zu more", count - most);
	if (f && fclose(f) == 0 && count) {
		row = grid_add(p->grid, -1);
		grid_setf(p->grid, row, LINK, "%zu more, lo only", count);
		grid_take(p->grid, row, WHERE, text);
		return;
	}
	free(text);
}

/* Backwards, so that each list is in order. */
static int list_children(struct printer *p)
{
	p->child = calloc(p->wires->count + 1, sizeof(*p->child));
	p->next = calloc(p->wires->count + 1, sizeof(*p->next));
	if (!p->child || !p->next)
		return -ENOMEM;
	for (size_t i = 0; i < p->wires->count; i++)
		p->child[i] = NO_WIRE;
	for (size_t i = p->wires->count; i-- > 0;) {
		size_t parent = p->wires->list[i].parent;

		if (parent == NO_WIRE)
			continue;
		p->next[i] = p->child[parent];
		p->child[parent] = i;
	}
	return 0;
}

int wires_print(const struct wires *wires)
{
	struct printer p = { .wires = wires, .app = wires->nets->app };
	int r = list_children(&p);

	p.grid = grid_new(wires->nets->app, columns,
			  sizeof(columns) / sizeof(columns[0]));
	if (!p.grid)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < wires->nets->count; i++)
		put_network(&p, i);
	if (r == 0 && !wires->narrow && !p.app->opts.all)
		put_idle(&p);
	if (r == 0)
		r = grid_print(p.grid);
	grid_free(p.grid);
	free(p.child);
	free(p.next);
	return r;
}
