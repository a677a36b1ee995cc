/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network namespaces: the facts of one, and "networks", all of them with their wires. */
#include <errno.h>
#include <stdlib.h>

#include "json.h"
#include "net.h"
#include "view.h"
#include "wires.h"

/* What a namespace's members are made from. */
struct net_source {
	const struct nsu_net *net;
	unsigned parts;
	const struct net_owners *owners;	/* NULL: those of the wiring */
	const struct networks *nets;
	const struct wires *wires;	/* NULL: without far ends */
	size_t first;		/* in wires of the first link */
};

static void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_text(text));
}

static void put_number(struct json_object *o, const char *key, uint64_t number)
{
	json_object_object_add(o, key, json_object_new_int64((int64_t)number));
}

/* 0 is no link. */
static void put_index(struct json_object *o, const char *key, int index)
{
	json_object_object_add(o, key, index ? json_object_new_int(index) :
			       json_object_new_string("none"));
}

static void put_mac(struct json_object *o, const struct nsu_link *link)
{
	char text[sizeof(link->mac) * 3 + 1] = "";

	for (unsigned i = 0; i < link->mac_length && i < sizeof(link->mac); i++)
		snprintf(text + (i ? i * 3 - 1 : 0), 4, "%s%02x", i ? ":" : "",
			 link->mac[i]);
	put_text(o, "mac", link->mac_length ? text : "none");
}

/* "none": absent, as of all texts that are empty. */
static void put_word(struct json_object *o, const char *key, const char *text)
{
	put_text(o, key, text && *text ? text : "none");
}

static void put_more(struct json_object *o, const struct nsu_link *link)
{
	put_word(o, "state", link->state);
	json_object_object_add(o, "tag", link->tag >= 0 ?
			       json_object_new_int64(link->tag) :
			       json_object_new_string("none"));
	put_word(o, "mode", link->mode);
	put_word(o, "local", link->local);
	put_word(o, "remote", link->remote);
	put_number(o, "rx_packets", link->rx_packets);
	put_number(o, "tx_packets", link->tx_packets);
	put_number(o, "rx_errors", link->rx_errors);
	put_number(o, "tx_errors", link->tx_errors);
	put_number(o, "rx_dropped", link->rx_dropped);
	put_number(o, "tx_dropped", link->tx_dropped);
}

/* null: it is not known where it leads. */
static struct json_object *far_end(const struct wires *wires, const struct wire *wire)
{
	const struct wire *far = wire->far != NO_WIRE ? &wires->list[wire->far] : NULL;
	struct json_object *o;

	if (!far)
		return wire->far_error ? NULL : json_object_new_string("none");
	o = json_object_new_object();
	put_number(o, "namespace", nsu_ns_get_inode(far->network->ns));
	put_number(o, "index", (uint64_t)far->link->index);
	put_text(o, "name", far->link->name);
	put_text(o, "place", far->network->place);
	return o;
}

static struct json_object *link_entry(const struct nsu_link *link)
{
	struct json_object *o = json_object_new_object();

	put_number(o, "index", (uint64_t)link->index);
	put_text(o, "name", link->name);
	put_text(o, "kind", *link->kind ? link->kind : "none");
	json_object_object_add(o, "up", json_object_new_boolean(link->up));
	json_object_object_add(o, "carrier", json_object_new_boolean(link->carrier));
	put_number(o, "mtu", link->mtu);
	put_number(o, "rx_bytes", link->rx_bytes);
	put_number(o, "tx_bytes", link->tx_bytes);
	put_mac(o, link);
	put_index(o, "master", link->master);
	put_index(o, "peer", link->peer);
	json_object_object_add(o, "peer_nsid", link->peer_nsid >= 0 ?
			       json_object_new_int(link->peer_nsid) :
			       link->peer_nsid == -1 ? json_object_new_string("none") :
			       NULL);
	json_object_object_add(o, "peer_ns", link->peer_ns ? json_object_new_int64(
				       (int64_t)nsu_ns_get_inode(link->peer_ns)) :
			       link->peer || link->peer_nsid >= 0 ? NULL :
			       json_object_new_string("none"));
	put_more(o, link);
	return o;
}

static struct json_object *links(const struct net_source *source)
{
	struct json_object *list = json_object_new_array();
	const struct nsu_link *link;

	for (size_t i = 0; (link = nsu_net_get_link(source->net, i)) != NULL; i++) {
		struct json_object *o = link_entry(link);

		if (source->wires)
			json_object_object_add(o, "far", far_end(source->wires,
					&source->wires->list[source->first + i]));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *addresses(const struct nsu_net *net)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < nsu_net_count_addresses(net); i++) {
		const struct nsu_address *address = nsu_net_get_address(net, i);
		struct json_object *o = json_object_new_object();

		put_index(o, "link", address->link);
		put_text(o, "address", address->text);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *routes(const struct nsu_net *net)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < nsu_net_count_routes(net); i++) {
		const struct nsu_route *route = nsu_net_get_route(net, i);
		struct json_object *o = json_object_new_object();

		put_text(o, "to", route->to);
		put_text(o, "via", *route->via ? route->via : "none");
		put_index(o, "link", route->link);
		put_number(o, "metric", route->metric);
		json_object_array_add(list, o);
	}
	return list;
}

struct json_object *json_socket_owners(const struct nsu_wiring *wiring, uint64_t inode)
{
	struct json_object *list = json_object_new_array();
	const struct nsu_task *owner;

	for (size_t i = 0; (owner = nsu_wiring_get_owner(wiring, inode, i)) != NULL; i++)
		json_object_array_add(list, json_object_new_int(nsu_task_get_pid(owner)));
	return list;
}

static struct json_object *owners_of(const struct net_source *source, uint64_t inode)
{
	const struct net_owners *owners = source->owners;
	struct json_object *list;

	if (!owners)
		return json_socket_owners(source->nets->wiring, inode);
	list = json_object_new_array();
	for (size_t i = net_owners_of(owners, inode);
	     i < owners->count && owners->list[i].inode == inode; i++)
		json_object_array_add(list, json_object_new_int(
				nsu_task_get_pid(owners->list[i].task)));
	return list;
}

struct json_object *json_listener(const struct nsu_listener *listener)
{
	struct json_object *o = json_object_new_object();

	put_text(o, "protocol", listener->protocol);
	put_text(o, "local", listener->local);
	json_object_object_add(o, "port", listener->port ?
			       json_object_new_int((int)listener->port) :
			       json_object_new_string("none"));
	put_number(o, "inode", listener->inode);
	put_number(o, "uid", listener->uid);
	put_word(o, "state", listener->state);
	put_word(o, "remote", listener->remote);
	return o;
}

static struct json_object *listeners(const struct net_source *source)
{
	struct json_object *list = json_object_new_array();
	const struct nsu_listener *listener;

	for (size_t i = 0; (listener = nsu_net_get_listener(source->net, i)); i++) {
		struct json_object *o = json_listener(listener);

		json_object_object_add(o, "processes",
				       owners_of(source, listener->inode));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *nsids(const struct nsu_net *net)
{
	struct json_object *list = json_object_new_array();
	const struct nsu_nsid *nsid;

	for (size_t i = 0; (nsid = nsu_net_get_nsid(net, i)) != NULL; i++) {
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "nsid", json_object_new_int(nsid->nsid));
		json_object_object_add(o, "namespace", nsid->ns ? json_object_new_int64(
				(int64_t)nsu_ns_get_inode(nsid->ns)) : NULL);
		json_object_array_add(list, o);
	}
	return list;
}

/* What was not read is null. */
static void put_members(struct json_object *o, const struct net_source *source)
{
	unsigned parts = source->net ? source->parts : 0;

	json_object_object_add(o, "links", parts & NSU_NET_LINKS ? links(source) : NULL);
	json_object_object_add(o, "addresses", parts & NSU_NET_ADDRESSES ?
			       addresses(source->net) : NULL);
	json_object_object_add(o, "routes", parts & NSU_NET_ROUTES ?
			       routes(source->net) : NULL);
	json_object_object_add(o, "listeners", parts & NSU_NET_SOCKETS ?
			       listeners(source) : NULL);
}

struct json_object *json_net(const struct nsu_ns *ns)
{
	struct net_source source = { .parts = NET_ALL };
	struct net_owners owners = { 0 };
	struct nsu_net *net = NULL;
	struct json_object *o;

	if (net_read(ns, &source.parts, &net) < 0)
		return NULL;
	if (net_find_owners(ns, net, &owners) < 0) {
		nsu_net_free(net);
		return NULL;
	}
	source.net = net;
	source.owners = &owners;
	o = json_object_new_object();
	put_members(o, &source);
	net_free_owners(&owners);
	nsu_net_free(net);
	return o;
}

static struct json_object *network_entry(const struct wires *wires, size_t index)
{
	const struct network *network = &wires->nets->list[index];
	struct net_source source = {
		.net = network->net, .parts = wires->nets->parts, .nets = wires->nets,
		.wires = wires, .first = wires->first[index],
	};
	const struct nsu_container *container =
		view_ns_container(wires->nets->snap, network->ns);
	struct json_object *o = json_object_new_object();

	put_number(o, "namespace", nsu_ns_get_inode(network->ns));
	put_text(o, "place", network->place);
	put_word(o, "container", container ? nsu_container_get_word(container) : NULL);
	json_object_object_add(o, "error", network->error < 0 ?
			       json_object_new_int(-network->error) : NULL);
	put_members(o, &source);
	json_object_object_add(o, "nsids", network->net ? nsids(network->net) : NULL);
	return o;
}

/* Of words those namespaces of which something is shown. */
static bool is_wanted(const struct wires *wires, size_t index)
{
	if (!wires->narrow)
		return true;
	for (size_t i = wires->first[index]; i < wires->first[index + 1]; i++)
		if (wires->list[wires_shown(wires, i)].wanted)
			return true;
	return false;
}

static void put_networks(struct json_writer *w, void *data)
{
	const struct wires *wires = data;

	json_open(w, "networks");
	for (size_t i = 0; i < wires->nets->count; i++)
		if (is_wanted(wires, i))
			json_entry(w, network_entry(wires, i));
	json_close(w);
}

int json_networks(struct wires *wires)
{
	return json_document(wires->nets->app, wires->nets->snap, put_networks, wires);
}
