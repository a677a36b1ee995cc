/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where links lead to. A link names the other namespace by a number that its own
 * namespace has for it, and the kernel tells only which number a namespace has for a
 * given one. To ask that of all pairs takes a million questions for a thousand
 * containers: here only those are asked that have the other end, as far as numbers, names
 * and addresses of links tell, in the namespace with the most open ends first. Of a pair
 * that answers for both of its ends.
 */
#include <string.h>
#include "wiring.h"

/* Others that may have the end of one link, in the worst case, and questions in all. */
#define MAX_ASKED	64
#define MAX_QUESTIONS(slots)	(1024 + 4 * (slots))
/* So many may be it without that more is found out about the end. */
#define FEW		1

/* A number that one namespace has for another, and a link that leads there. */
struct slot {
	uint32_t net, link;
	int nsid;
	uint32_t found;			/* in nsu_wiring.nets; NSI_NONE */
};

/* Every link there is, by its index and then that of its other end. */
struct end {
	int index, peer;
	uint32_t net, link;
};

struct joining {
	struct nsu_wiring *wiring;
	const struct nsu_wiring_options *opts;
	struct slot *slots;		/* by namespace, then number */
	size_t slot_count, slot_size;
	struct end *ends;
	size_t end_count;
	uint32_t *asked;		/* of each namespace: by which it was last, + 1 */
	uint32_t host;			/* of the reference; NSI_NONE */
	uint64_t own;
	struct nsi_net_way way;
	struct nsi_nl nl;		/* in the namespace that is asked */
	size_t limit;			/* questions */
};

static struct nsi_net_link *link_of(const struct joining *j, uint32_t net, uint32_t link)
{
	return &j->wiring->nets[net].net->links[link];
}

static bool is_pair(const struct nsi_net_link *link)
{
	return nsi_net_is_pair(link->kind);
}

static int by_number(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	if (x->net != y->net)
		return x->net < y->net ? -1 : 1;
	if (x->nsid != y->nsid)
		return x->nsid < y->nsid ? -1 : 1;
	return (x->link > y->link) - (x->link < y->link);
}

static int by_index(const void *a, const void *b)
{
	const struct end *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	if (x->peer != y->peer)
		return x->peer < y->peer ? -1 : 1;
	return (x->net > y->net) - (x->net < y->net);
}

static int take_net(struct joining *j, uint32_t net)
{
	const struct nsu_net *links = j->wiring->nets[net].net;
	int r = 0;

	for (size_t i = 0; i < links->link_count && !r; i++) {
		const struct nsu_link *link = &links->links[i].link;

		j->ends[j->end_count++] = (struct end){
			.index = link->index, .peer = link->peer, .net = net, .link = i,
		};
		if (link->peer_nsid < 0)
			continue;
		r = nsi_grow((void **)&j->slots, &j->slot_size, j->slot_count,
			     sizeof(*j->slots));
		if (!r)
			j->slots[j->slot_count++] = (struct slot){
				.net = net, .link = i, .nsid = link->peer_nsid,
				.found = NSI_NONE,
			};
	}
	return r;
}

/* One of each number. Of several links that lead there one end of a veth pair tells most,
   then one that leads to a link at all. */
static void merge_slots(struct joining *j)
{
	size_t count = 0;

	for (size_t i = 0; i < j->slot_count; i++) {
		struct slot *next = &j->slots[i];
		struct slot *last = &j->slots[count ? count - 1 : 0];
		const struct nsi_net_link *link = link_of(j, next->net, next->link), *had;

		if (!count || last->net != next->net || last->nsid != next->nsid) {
			j->slots[count++] = *next;
			continue;
		}
		had = link_of(j, last->net, last->link);
		if (is_pair(link) > is_pair(had) ||
		    (!had->link.peer && link->link.peer))
			last->link = next->link;
	}
	j->slot_count = count;
}

static int gather(struct joining *j)
{
	struct nsu_wiring *wiring = j->wiring;
	size_t links = 0;
	int r = 0;

	for (size_t i = 0; i < wiring->count; i++)
		links += wiring->nets[i].net ? wiring->nets[i].net->link_count : 0;
	j->asked = calloc(wiring->count + 1, sizeof(*j->asked));
	j->ends = calloc(links + 1, sizeof(*j->ends));
	if (!j->asked || !j->ends)
		return -ENOMEM;
	for (size_t i = 0; i < wiring->count && !r; i++)
		r = wiring->nets[i].net ? take_net(j, i) : 0;
	if (r < 0 || !j->slot_count)
		return r;
	qsort(j->ends, j->end_count, sizeof(*j->ends), by_index);
	qsort(j->slots, j->slot_count, sizeof(*j->slots), by_number);
	merge_slots(j);
	j->limit = MAX_QUESTIONS(j->slot_count);
	return 0;
}

static struct slot *find_slot(const struct joining *j, uint32_t net, int nsid)
{
	size_t low = 0, high = j->slot_count;

	while (low < high) {
		size_t at = low + (high - low) / 2;
		struct slot *slot = &j->slots[at];

		if (slot->net == net && slot->nsid == nsid)
			return slot;
		if (slot->net < net || (slot->net == net && slot->nsid < nsid))
			low = at + 1;
		else
			high = at;
	}
	return NULL;
}

/* The other end of a veth in that namespace, if it is one. */
static const struct nsi_net_link *find_other_end(const struct joining *j,
						 const struct nsi_net_link *link,
						 uint32_t net)
{
	const struct nsu_net *there = j->wiring->nets[net].net;
	const struct nsi_net_link *end =
		there ? nsi_net_find_link(there, link->link.peer) : NULL;

	return end && is_pair(end) && end->link.peer == link->link.index &&
		end->link.peer_nsid >= 0 ? end : NULL;
}

/* Numbers are given anew: an answer counts if the end is there. */
static void settle(struct joining *j, struct slot *slot, uint32_t net)
{
	const struct nsi_net_link *link = link_of(j, slot->net, slot->link), *end;
	const struct nsu_net *there = j->wiring->nets[net].net;
	struct slot *back;

	if (slot->found != NSI_NONE)
		return;
	if (is_pair(link)) {
		end = find_other_end(j, link, net);
		if (there && !end)
			return;
		back = end ? find_slot(j, net, end->link.peer_nsid) : NULL;
		if (back && back->found == NSI_NONE)
			back->found = slot->net;
	} else if (there && link->link.peer &&
		   !nsi_net_find_link(there, link->link.peer)) {
		return;
	}
	slot->found = net;
}

static bool may_ask(const struct joining *j)
{
	return j->wiring->questions < j->limit;
}

/* Which number has the namespace for this one? Once for each pair. */
static void ask(struct joining *j, uint32_t view, uint32_t net)
{
	nsi_autoclose int fd = -1;
	struct slot *slot;
	int nsid;

	if (net == view || j->asked[net] == view + 1 || !may_ask(j))
		return;
	j->asked[net] = view + 1;
	fd = nsu_ns_open(j->wiring->nets[net].ns);
	if (fd < 0)
		return;
	j->wiring->questions++;
	nsid = nsi_nl_get_nsid(&j->nl, fd);
	slot = nsid < 0 ? NULL : find_slot(j, view, nsid);
	if (slot)
		settle(j, slot, net);
}

/* What may be the other end of a slot's link: from where on in ends. */
static size_t find_ends(const struct joining *j, int index, int peer)
{
	size_t low = 0, high = j->end_count;

	while (low < high) {
		size_t at = low + (high - low) / 2;
		const struct end *end = &j->ends[at];

		if (end->index < index || (end->index == index && end->peer < peer))
			low = at + 1;
		else
			high = at;
	}
	return low;
}

struct search {
	const struct slot *slot;
	const struct nsi_net_link *link;	/* its own */
	bool seen;			/* the kernel showed the end, this is it: */
	struct nsi_net_link end;
	size_t asked;
};

static bool fits(const struct joining *j, const struct search *search,
		 const struct end *end)
{
	const struct nsi_net_link *link = link_of(j, end->net, end->link);

	if (end->net == search->slot->net || j->asked[end->net] == search->slot->net + 1)
		return false;
	if (is_pair(search->link) && (!is_pair(link) || link->link.peer_nsid < 0))
		return false;
	return !search->seen || (!strcmp(link->name, search->end.name) &&
		!strcmp(link->kind, search->end.kind) &&
		link->link.mac_length == search->end.link.mac_length &&
		!memcmp(link->link.mac, search->end.link.mac, link->link.mac_length));
}

/* Those that fit; ask_them: each is asked until the slot is settled. */
static size_t try_ends(struct joining *j, struct search *search, size_t most,
		       bool ask_them)
{
	const struct nsu_link *link = &search->link->link;
	bool pair = is_pair(search->link);
	size_t found = 0;

	for (size_t i = find_ends(j, link->peer, pair ? link->index : INT32_MIN);
	     i < j->end_count && j->ends[i].index == link->peer &&
	     (!pair || j->ends[i].peer == link->index) && found < most &&
	     search->slot->found == NSI_NONE; i++) {
		if (!fits(j, search, &j->ends[i]))
			continue;
		found++;
		if (ask_them)
			ask(j, search->slot->net, j->ends[i].net);
	}
	return found;
}

/* Most that do not end in the next namespace end in the host's. */
static void ask_host(struct joining *j, const struct slot *slot)
{
	if (j->host != NSI_NONE && slot->found == NSI_NONE)
		ask(j, slot->net, j->host);
}

static void resolve(struct joining *j, struct slot *slot)
{
	struct search search = {
		.slot = slot, .link = link_of(j, slot->net, slot->link),
	};

	if (!is_pair(search.link))
		ask_host(j, slot);
	if (slot->found != NSI_NONE)
		return;
	/* A tunnel that is bound to no link is in a namespace all the same. */
	if (!search.link->link.peer) {
		for (uint32_t i = 0; i < j->wiring->count && i < MAX_ASKED &&
		     slot->found == NSI_NONE; i++)
			ask(j, slot->net, i);
		return;
	}
	if (try_ends(j, &search, FEW + 1, false) > FEW && may_ask(j)) {
		j->wiring->questions++;
		search.seen = nsi_net_ask_link(&j->nl, slot->nsid,
					       search.link->link.peer, &search.end) == 0;
	}
	try_ends(j, &search, MAX_ASKED, true);
	/* Nothing of these could be read, but they can be asked. */
	for (uint32_t i = 0, n = 0; i < j->wiring->count && n < MAX_ASKED &&
	     slot->found == NSI_NONE; i++)
		if (!j->wiring->nets[i].net) {
			ask(j, slot->net, i);
			n++;
		}
}

static int open_view(struct joining *j, uint32_t view)
{
	const struct nsu_ns *ns = j->wiring->nets[view].ns;
	struct nsi_net_entry entry = { .diag = -1 };
	nsi_autoclose int fd = -1;
	int r;

	if (ns->inode == j->own) {
		r = nsi_net_make(false, &entry);
	} else {
		entry.ns = fd = nsu_ns_open(ns);
		if (fd < 0)
			return fd;
		r = nsi_net_enter(&j->way, &entry, 1, false);
		r = r < 0 ? r : entry.error;
	}
	return r < 0 ? r : nsi_nl_open(&j->nl, j->way.ctx, entry.route);
}

static size_t count_open(const struct slot *first, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += first[i].found == NSI_NONE;
	return n;
}

/* Asks one namespace for all that it alone can tell. */
static void visit(struct joining *j, struct slot *first, size_t count)
{
	if (!count_open(first, count) || open_view(j, first->net) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (first[i].found != NSI_NONE)
			j->asked[first[i].found] = first->net + 1;
	for (size_t i = 0; i < count; i++)
		if (first[i].found == NSI_NONE)
			resolve(j, &first[i]);
	nsi_nl_hang_up(&j->nl);
}

struct view {
	size_t first, count;
};

static int most_first(const void *a, const void *b)
{
	const struct view *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return (x->first > y->first) - (x->first < y->first);
}

static int visit_all(struct joining *j)
{
	nsi_autofree struct view *views = calloc(j->slot_count + 1, sizeof(*views));
	size_t count = 0;

	if (!views)
		return -ENOMEM;
	for (size_t i = 0; i < j->slot_count; i++) {
		if (!i || j->slots[i].net != j->slots[i - 1].net)
			views[count++].first = i;
		views[count - 1].count++;
	}
	qsort(views, count, sizeof(*views), most_first);
	for (size_t i = 0; i < count; i++) {
		if (nsi_wiring_is_cancelled(j->opts))
			return -ECANCELED;
		visit(j, &j->slots[views[i].first], views[i].count);
	}
	return 0;
}

static void tell(struct joining *j)
{
	struct nsi_wired *nets = j->wiring->nets;

	for (size_t i = 0; i < j->wiring->count; i++) {
		struct nsu_net *net = nets[i].net;

		for (size_t k = 0; net && k < net->link_count; k++) {
			struct nsu_link *link = &net->links[k].link;
			const struct slot *slot = link->peer_nsid < 0 ? NULL :
				find_slot(j, i, link->peer_nsid);

			if (slot && slot->found != NSI_NONE)
				link->peer_ns = nets[slot->found].ns;
		}
		for (size_t k = 0; net && k < net->nsid_count; k++) {
			const struct slot *slot = find_slot(j, i, net->nsids[k].nsid);

			if (slot && slot->found != NSI_NONE)
				net->nsids[k].ns = nets[slot->found].ns;
		}
	}
}

static uint32_t find_host(const struct nsu_wiring *wiring)
{
	const struct nsu_task *host = NULL;
	const struct nsu_ns *ns;

	nsu_snapshot_get_reference(wiring->snap, &host);
	if (!host || !wiring->count || nsu_task_get_ns(host, NSU_NET, &ns) < 0)
		return NSI_NONE;
	return ns - wiring->nets[0].ns;
}

int nsi_wiring_join(struct nsu_wiring *wiring, const struct nsu_wiring_options *opts)
{
	struct joining j = {
		.wiring = wiring, .opts = opts, .host = find_host(wiring),
		.own = nsi_net_own(wiring->snap->ctx), .way.ctx = wiring->snap->ctx,
		.nl.fd = -1,
	};
	int r = gather(&j);

	if (!r && j.slot_count)
		r = visit_all(&j);
	if (!r)
		tell(&j);
	nsi_net_way_close(&j.way);
	nsi_nl_close(&j.nl);
	free(j.slots);
	free(j.ends);
	free(j.asked);
	return r;
}
