/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nstree --net --dot: a frame for each network namespace, a box for each link. A port of
 * a bridge that is one end of a wire is no box but the text of the line that leaves the
 * bridge, so that thirty containers are thirty frames around one bridge.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dot.h"
#include "view.h"
#include "wires.h"

static const struct wire *get(const struct wires *wires, size_t index)
{
	return &wires->list[index];
}

static size_t master_of(const struct wires *wires, size_t index)
{
	const struct wire *wire = get(wires, index);
	size_t at = (size_t)(wire->network - wires->nets->list);

	if (!wire->link->master)
		return NO_WIRE;
	for (size_t i = wires->first[at]; i < wires->first[at + 1]; i++)
		if (get(wires, i)->link->index == wire->link->master)
			return i;
	return NO_WIRE;
}

/* Something is made of it: then it is a box whatever else it is. */
static bool is_device(const struct wires *wires, size_t index)
{
	for (size_t i = 0; i < wires->count; i++)
		if (!get(wires, i)->pair && get(wires, i)->far == index)
			return true;
	return false;
}

/* The box that a link is drawn as: itself, or the bridge of a port. */
static size_t box_of(const struct wires *wires, size_t index)
{
	size_t master = get(wires, index)->pair ? master_of(wires, index) : NO_WIRE;

	return master == NO_WIRE || is_device(wires, index) ? index : master;
}

static bool is_drawn(const struct wires *wires, size_t index)
{
	const struct wire *wire = get(wires, index), *shown;

	if (wires->narrow) {
		shown = get(wires, wires_shown(wires, index));
		return shown->wanted || shown->needed;
	}
	return wires->nets->app->opts.all || !wire->idle;
}

static void put_escaped(const struct wires *wires, const char *text, bool html)
{
	char *escaped = text_escape(&wires->nets->app->out, text);

	dot_text(escaped ? escaped : "?", html);
	free(escaped);
}

static void put_id(const struct wires *wires, size_t index)
{
	const struct wire *wire = get(wires, index);

	printf("link_%" PRIu64 "_%d", nsu_ns_get_inode(wire->network->ns),
	       wire->link->index);
}

static void put_box(const struct wires *wires, size_t index)
{
	const struct wire *wire = get(wires, index);
	const struct nsu_address *address;
	bool up = wire->link->up && wire->link->carrier;

	fputs("    ", stdout);
	put_id(wires, index);
	fputs(" [label=<<b>", stdout);
	put_escaped(wires, wire->link->name, true);
	fputs("</b>", stdout);
	if (*wire->link->kind && strcmp(wire->link->kind, "veth") != 0) {
		putchar(' ');
		put_escaped(wires, wire->link->kind, true);
		if (wire->link->tag >= 0)
			printf(" %" PRId64, wire->link->tag);
	}
	if (!up)
		fputs(wire->link->up ? " (no carrier)" : " (down)", stdout);
	for (size_t i = 0; (address = nsu_net_get_address(wire->network->net, i)); i++)
		if (address->link == wire->link->index &&
		    !network_is_link_local(address))
			printf("<br/>%s", address->text);
	printf(">%s];\n", strcmp(wire->link->kind, "bridge") == 0 ?
	       ", fillcolor=\"#ffe8b3\"" : !up ? ", fontcolor=\"#808080\"" : "");
}

static void put_frame(const struct wires *wires, size_t index)
{
	const struct network *network = &wires->nets->list[index];
	bool begun = false;

	for (size_t i = wires->first[index]; i < wires->first[index + 1]; i++) {
		if (!is_drawn(wires, i) || box_of(wires, i) != i)
			continue;
		if (!begun) {
			printf("  subgraph cluster_%" PRIu64 " {\n    label=\"",
			       nsu_ns_get_inode(network->ns));
			dot_text(network->place, false);
			printf("\"; labeljust=l; bgcolor=\"%s\";\n",
			       network->ns == wires->nets->host ? "#dbe9f6" : "#f4f9f4");
		}
		begun = true;
		put_box(wires, i);
	}
	if (begun)
		puts("  }");
}

static void put_end(const struct wires *wires, const char *key, size_t index)
{
	if (box_of(wires, index) == index)
		return;
	printf("%s=\"", key);
	put_escaped(wires, get(wires, index)->link->name, false);
	fputs("\", ", stdout);
}

static void put_edge(const struct wires *wires, size_t from, size_t to, const char *style)
{
	if (!is_drawn(wires, from) || !is_drawn(wires, to))
		return;
	fputs("  ", stdout);
	put_id(wires, box_of(wires, from));
	fputs(" -> ", stdout);
	put_id(wires, box_of(wires, to));
	fputs(" [", stdout);
	put_end(wires, "label", from);
	put_end(wires, "headlabel", to);
	printf("style=%s];\n", style);
}

static void put_edges(const struct wires *wires, size_t index)
{
	const struct wire *wire = get(wires, index);
	size_t master = master_of(wires, index);

	if (wire->pair && !wire->hidden)
		put_edge(wires, index, wire->far, get(wires, wire->far)->link->up &&
			 wire->link->up ? "solid" : "dotted");
	else if (!wire->pair && wire->far != NO_WIRE)
		put_edge(wires, wire->far, index, "dashed");
	if (master != NO_WIRE && box_of(wires, index) == index)
		put_edge(wires, index, master, "bold");
}

static void put_idle(const struct wires *wires)
{
	size_t count = 0;

	for (size_t i = 0; i < wires->nets->count; i++)
		count += wires_are_idle(wires, &wires->nets->list[i]);
	if (count && !wires->narrow && !wires->nets->app->opts.all)
		printf("  idle [label=\"%zu more, lo only\", style=\"dashed\"];\n",
		       count);
}

int wires_draw(const struct wires *wires)
{
	fputs("digraph \"nstree --net\" {\n"
	      "  charset=\"UTF-8\"; rankdir=LR; ranksep=1.1; nodesep=0.12;\n"
	      "  fontname=\"sans-serif\"; fontsize=10;\n"
	      "  style=\"rounded\"; color=\"#7f93a8\"; fontcolor=\"#303a44\";\n"
	      "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", "
	      "fontsize=10, height=0.3, margin=\"0.08,0.04\", color=\"#50606f\", "
	      "fillcolor=\"#ffffff\"];\n"
	      "  edge [color=\"#506a85\", fontname=\"monospace\", fontsize=8, "
	      "dir=none];\n", stdout);
	for (size_t i = 0; i < wires->nets->count; i++)
		put_frame(wires, i);
	for (size_t i = 0; i < wires->count; i++)
		put_edges(wires, i);
	put_idle(wires);
	puts("}");
	return 0;
}
