/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts of a network namespace, all of them. */
#include <stdlib.h>

#include "json.h"
#include "net.h"

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
	return o;
}

static struct json_object *links(const struct nsu_net *net)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < nsu_net_count_links(net); i++)
		json_object_array_add(list, link_entry(nsu_net_get_link(net, i)));
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

static struct json_object *owners_of(const struct net_owners *owners, uint64_t inode)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = net_owners_of(owners, inode);
	     i < owners->count && owners->list[i].inode == inode; i++)
		json_object_array_add(list, json_object_new_int(
				nsu_task_get_pid(owners->list[i].task)));
	return list;
}

static struct json_object *listeners(const struct nsu_net *net,
				     const struct net_owners *owners)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < nsu_net_count_listeners(net); i++) {
		const struct nsu_listener *listener = nsu_net_get_listener(net, i);
		struct json_object *o = json_object_new_object();

		put_text(o, "protocol", listener->protocol);
		put_text(o, "local", listener->local);
		json_object_object_add(o, "port", listener->port ?
				       json_object_new_int((int)listener->port) :
				       json_object_new_string("none"));
		put_number(o, "inode", listener->inode);
		put_number(o, "uid", listener->uid);
		json_object_object_add(o, "processes",
				       owners_of(owners, listener->inode));
		json_object_array_add(list, o);
	}
	return list;
}

struct json_object *json_net(const struct nsu_ns *ns)
{
	struct net_owners owners = { 0 };
	struct nsu_net *net = NULL;
	unsigned parts = NET_ALL;
	struct json_object *o;

	if (net_read(ns, &parts, &net) < 0)
		return NULL;
	if (net_find_owners(ns, net, &owners) < 0) {
		nsu_net_free(net);
		return NULL;
	}
	o = json_object_new_object();
	json_object_object_add(o, "links", links(net));
	json_object_object_add(o, "addresses", addresses(net));
	json_object_object_add(o, "routes", routes(net));
	json_object_object_add(o, "listeners", parts & NSU_NET_SOCKETS ?
			       listeners(net, &owners) : NULL);
	net_free_owners(&owners);
	nsu_net_free(net);
	return o;
}
