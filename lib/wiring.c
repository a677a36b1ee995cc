/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All network namespaces at once: what is asked of them when they are read. */
#include "wiring.h"

/* of the struct in its first release */
#define FIRST_SIZE	sizeof(struct nsu_wiring_options)

static int check_options(const struct nsu_wiring_options *opts)
{
	if (!opts->parts || opts->parts & ~NSI_NET_PARTS || opts->port > UINT16_MAX)
		return -EINVAL;
	if ((opts->port || opts->no_unix || opts->owners) &&
	    !(opts->parts & NSU_NET_SOCKETS))
		return -EINVAL;
	return 0;
}

static int make(const struct nsu_snapshot *snap, struct nsu_wiring **ret)
{
	size_t first = snap->by_type[NSU_NET];
	size_t count = snap->by_type[NSU_NET + 1] - first;
	struct nsu_wiring *wiring = calloc(1, sizeof(*wiring));

	if (!wiring)
		return -ENOMEM;
	wiring->snap = snap;
	wiring->nets = calloc(count + 1, sizeof(*wiring->nets));
	if (!wiring->nets) {
		free(wiring);
		return -ENOMEM;
	}
	wiring->count = count;
	for (size_t i = 0; i < count; i++)
		wiring->nets[i].ns = &snap->ns[first + i];
	*ret = wiring;
	return 0;
}

int nsu_wiring_new(const struct nsu_snapshot *snap, const struct nsu_wiring_options *opts,
		   struct nsu_wiring **ret)
{
	struct nsu_wiring_options own = NSU_WIRING_OPTIONS_INIT;
	struct nsu_wiring *wiring;
	int r = 0;

	if (!snap || !ret)
		return -EINVAL;
	if (opts)
		r = nsi_take_options(&own, sizeof(own), FIRST_SIZE, opts);
	if (r < 0)
		return r;
	if (!own.parts)
		own.parts = NSU_NET_LINKS | NSU_NET_ADDRESSES;
	r = check_options(&own);
	if (r < 0)
		return r;
	if (!snap->ctx->procfs.real || !snap->ctx->procfs.own_pids)
		return -EOPNOTSUPP;
	r = make(snap, &wiring);
	if (r < 0)
		return r;
	r = nsi_wiring_read(wiring, &own);
	if (!r && own.parts & NSU_NET_LINKS)
		r = nsi_wiring_join(wiring, &own);
	if (!r && own.owners)
		r = nsi_wiring_find_owners(wiring, &own);
	if (r < 0)
		nsu_wiring_free(wiring);
	else
		*ret = wiring;
	return r;
}

void nsu_wiring_free(struct nsu_wiring *wiring)
{
	if (!wiring)
		return;
	for (size_t i = 0; i < wiring->count; i++)
		nsu_net_free(wiring->nets[i].net);
	free(wiring->nets);
	free(wiring->owners);
	free(wiring);
}

static const struct nsi_wired *find(const struct nsu_wiring *wiring,
				    const struct nsu_ns *ns)
{
	if (ns->snap != wiring->snap || ns->type != NSU_NET)
		return NULL;
	return &wiring->nets[ns - wiring->nets[0].ns];
}

int nsu_wiring_get_net(const struct nsu_wiring *wiring, const struct nsu_ns *ns,
		       const struct nsu_net **ret)
{
	const struct nsi_wired *wired;

	if (!wiring || !ns || !ret)
		return -EINVAL;
	wired = find(wiring, ns);
	if (!wired)
		return -ENOENT;
	if (!wired->net)
		return wired->error;
	*ret = wired->net;
	return 0;
}

/* The number is that of the link now: the other end says which it means. */
static bool leads_back(const struct nsu_link *link, const struct nsi_net_link *end)
{
	if (!nsi_net_is_pair(link->kind))
		return true;
	return nsi_net_is_pair(end->kind) && end->link.peer == link->index;
}

int nsu_wiring_find_end(const struct nsu_wiring *wiring, const struct nsu_ns *ns,
			const struct nsu_link *link, struct nsu_far_end *ret)
{
	const struct nsi_net_link *end = NULL;
	const struct nsi_wired *there;

	if (!wiring || !ns || !link || !ret || !find(wiring, ns))
		return -EINVAL;
	if (link->peer_nsid == -2)
		return -ENXIO;
	if (!link->peer && link->peer_nsid < 0)
		return -ENOENT;
	if (!link->peer_ns)
		return -ENODATA;
	there = find(wiring, link->peer_ns);
	if (!there || !there->net)
		return -ENODATA;
	if (link->peer) {
		end = nsi_net_find_link(there->net, link->peer);
		if (!end || !leads_back(link, end))
			return -ENXIO;
	}
	ret->ns = link->peer_ns;
	ret->net = there->net;
	ret->link = end ? &end->link : NULL;
	return 0;
}

/* The first of those of this socket, or where it would be. */
static size_t find_owner(const struct nsu_wiring *wiring, uint64_t socket)
{
	size_t low = 0, high = wiring->owner_count;

	while (low < high) {
		size_t at = low + (high - low) / 2;

		if (wiring->owners[at].socket < socket)
			low = at + 1;
		else
			high = at;
	}
	return low;
}

size_t nsu_wiring_count_owners(const struct nsu_wiring *wiring, uint64_t socket)
{
	return wiring && socket ?
		find_owner(wiring, socket + 1) - find_owner(wiring, socket) : 0;
}

const struct nsu_task *nsu_wiring_get_owner(const struct nsu_wiring *wiring,
					    uint64_t socket, size_t index)
{
	if (index >= nsu_wiring_count_owners(wiring, socket))
		return NULL;
	index += find_owner(wiring, socket);
	return &wiring->snap->tasks[wiring->owners[index].task];
}

bool nsu_wiring_lacks_owners(const struct nsu_wiring *wiring)
{
	return wiring && wiring->lacks_owners;
}
