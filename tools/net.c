// SPDX-License-Identifier: GPL-2.0-or-later
/* Network namespaces: what is read of them, and whose their sockets are. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "net.h"

#define MOST_SOCKETS 1000000	/* that are looked at for one namespace */

int net_read(const struct nsu_ns *ns, unsigned *parts, struct nsu_net **ret)
{
	int r = nsu_net_new(ns, *parts, ret);

	if (r != -EPROTONOSUPPORT || (*parts & ~NSU_NET_SOCKETS) == 0)
		return r;
	*parts &= ~(unsigned)NSU_NET_SOCKETS;
	return nsu_net_new(ns, *parts, ret);
}

const struct nsu_link *net_find_link(const struct nsu_net *net, int index)
{
	size_t low = 0, high = nsu_net_count_links(net);

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct nsu_link *link = nsu_net_get_link(net, middle);

		if (link->index == index)
			return link;
		if (link->index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

char *net_route_text(const struct nsu_net *net, const struct nsu_route *route)
{
	const struct nsu_link *link = net_find_link(net, route->link);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return NULL;
	fputs(route->to, f);
	if (*route->via != '\0')
		fprintf(f, " via %s%s", route->via,
			route->link == 0 ? " and others" : "");
	if (link != NULL)
		fprintf(f, " dev %s", link->name);
	else if (route->link != 0)
		fprintf(f, " dev %d", route->link);
	else if (*route->via == '\0')
		fputs(" nowhere", f);
	/* IPv6 routes have one always. */
	if (route->metric != 0 && strchr(route->to, ':') == NULL &&
	    strchr(route->via, ':') == NULL)
		fprintf(f, " metric %" PRIu32, route->metric);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

static int add_owner(struct net_owners *owners, uint64_t inode,
		     const struct nsu_task *task)
{
	if (owners->count == owners->size) {
		size_t size = owners->size > 0 ? owners->size * 2 : 32;
		struct net_owner *list = reallocarray(owners->list, size, sizeof(*list));

		if (list == NULL)
			return -ENOMEM;
		owners->list = list;
		owners->size = size;
	}
	owners->list[owners->count++] = (struct net_owner){ inode, task };
	return 0;
}

static int compare_inodes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

struct search {
	uint64_t *inodes;	/* sorted: those that are looked for */
	size_t count, left;
	struct net_owners *owners;
};

static bool is_sought(const struct search *search, uint64_t inode)
{
	return search->count > 0 && bsearch(&inode, search->inodes, search->count,
					    sizeof(inode), compare_inodes) != NULL;
}

static int search_task(struct search *search, const struct nsu_task *task)
{
	const struct nsu_use *use;
	struct nsu_uses *uses;
	int r = nsu_uses_new(task, NSU_USES_SOCKETS, &uses);

	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		search->owners->partial |= r != -ESRCH;
		return 0;
	}
	for (size_t i = 0; r == 0 && (use = nsu_uses_get(uses, i)) != NULL; i++) {
		if (search->left == 0) {
			search->owners->partial = true;
			break;
		}
		search->left--;
		if (is_sought(search, use->socket))
			r = add_owner(search->owners, use->socket, task);
	}
	nsu_uses_free(uses);
	return r;
}

/* A socket of a task that is elsewhere now, which the scan found already. */
static int add_holders(struct search *search, const struct nsu_ns *ns)
{
	struct nsu_holder holder = NSU_HOLDER_INIT;

	for (size_t i = 0; nsu_ns_get_holder(ns, i, &holder) == 0; i++)
		if (holder.kind == NSU_HOLDER_SOCKET && holder.task != NULL &&
		    is_sought(search, holder.socket) &&
		    add_owner(search->owners, holder.socket, holder.task) < 0)
			return -ENOMEM;
	return 0;
}

static int compare_owners(const void *a, const void *b)
{
	const struct net_owner *x = a, *y = b;
	pid_t x_tid = nsu_task_get_tid(x->task), y_tid = nsu_task_get_tid(y->task);

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return (x_tid > y_tid) - (x_tid < y_tid);
}

/* Once each, however many descriptors and threads of it there are. */
static void sort_owners(struct net_owners *owners)
{
	size_t kept = 0;

	if (owners->count == 0)
		return;
	qsort(owners->list, owners->count, sizeof(*owners->list), compare_owners);
	for (size_t i = 1; i < owners->count; i++) {
		const struct net_owner *last = &owners->list[kept], *next =
			&owners->list[i];

		if (next->inode != last->inode ||
		    nsu_task_get_pid(next->task) != nsu_task_get_pid(last->task))
			owners->list[++kept] = *next;
	}
	owners->count = kept + 1;
}

static int search_begin(struct search *search, const struct nsu_net *net,
			struct net_owners *owners)
{
	size_t n = nsu_net_count_listeners(net);

	*search = (struct search){ .left = MOST_SOCKETS, .owners = owners };
	search->inodes = calloc(n + 1, sizeof(*search->inodes));
	if (search->inodes == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		uint64_t inode = nsu_net_get_listener(net, i)->inode;
		size_t at = net_owners_of(owners, inode);

		if (at == owners->count || owners->list[at].inode != inode)
			search->inodes[search->count++] = inode;
	}
	qsort(search->inodes, search->count, sizeof(*search->inodes), compare_inodes);
	return 0;
}

/* Frees the owners where the search failed. */
static int search_end(struct search *search, int r)
{
	free(search->inodes);
	if (r < 0)
		net_free_owners(search->owners);
	else
		sort_owners(search->owners);
	return r;
}

int net_find_owners(const struct nsu_ns *ns, const struct nsu_net *net,
		    struct net_owners *ret)
{
	struct net_owners owners = { 0 };
	const struct nsu_task *task;
	struct search search;
	int r = search_begin(&search, net, &owners);

	if (r < 0)
		return r;
	if (search.count > 0)
		r = add_holders(&search, ns);
	for (size_t i = 0; search.count > 0 && r == 0 &&
	     (task = nsu_ns_get_task(ns, i)) != NULL; i++)
		r = search_task(&search, task);
	r = search_end(&search, r);
	if (r == 0)
		*ret = owners;
	return r;
}

int net_find_others(const struct nsu_snapshot *snap, const struct nsu_ns *ns,
		    const struct nsu_net *net, struct net_owners *owners)
{
	const struct nsu_task *task;
	const struct nsu_ns *own;
	struct search search;
	int r = search_begin(&search, net, owners);

	if (r < 0)
		return r;
	for (size_t i = 0; search.count > 0 && r == 0 &&
	     (task = nsu_snapshot_get_task(snap, i)) != NULL; i++)
		if (!nsu_task_is_thread(task) &&
		    (nsu_task_get_ns(task, NSU_NET, &own) < 0 || own != ns))
			r = search_task(&search, task);
	return search_end(&search, r);
}

void net_free_owners(struct net_owners *owners)
{
	free(owners->list);
	*owners = (struct net_owners){ 0 };
}

size_t net_owners_of(const struct net_owners *owners, uint64_t inode)
{
	size_t low = 0, high = owners->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (owners->list[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
