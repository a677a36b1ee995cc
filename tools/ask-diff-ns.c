// SPDX-License-Identifier: GPL-2.0-or-later
/* nstree --diff: what two namespaces of a type have. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ask-diff.h"
#include "hierarchy.h"
#include "view.h"

static char *owner_text(const struct nsu_ns *ns)
{
	char name[NS_TEXT_SIZE];
	const struct nsu_ns *owner;
	int r = nsu_ns_get_owner(ns, &owner);

	if (r < 0)
		return r == -ENOENT || r == -EPERM ? strdup("-") : NULL;
	return strdup(view_ns(name, owner));
}

/* idmap_text() says "?" for what is unknown. */
static char *map_text(const struct nsu_ns *user, bool gid)
{
	char *text = idmap_text(user, gid, true);

	if (text && strcmp(text, "?") == 0) {
		free(text);
		text = NULL;
	}
	return text;
}

static char *creator_text(const struct nsu_ns *user)
{
	uid_t creator;
	int r = nsu_ns_get_creator(user, &creator);

	return r == 0 ? diff_text("%u", (unsigned)creator) :
		r == -ENOENT ? strdup("-") : NULL;
}

static char *setgroups_text(const struct nsu_ns *user)
{
	int r = nsu_ns_count_tasks(user) ?
		nsu_task_read_setgroups(nsu_ns_get_task(user, 0)) : -ENODATA;

	return r < 0 ? NULL : strdup(r ? "allow" : "deny");
}

static void diff_users(struct diff *d, const struct nsu_ns *a, const struct nsu_ns *b)
{
	diff_line(d, "uid map", map_text(a, false), map_text(b, false));
	diff_line(d, "gid map", map_text(a, true), map_text(b, true));
	diff_detail(d, "setgroups", setgroups_text(a), setgroups_text(b));
	diff_detail(d, "creator", creator_text(a), creator_text(b));
}

static void diff_uts(struct diff *d, const struct nsu_ns *ns[2])
{
	struct nsu_uts uts[2] = { NSU_UTS_INIT, NSU_UTS_INIT };
	bool known[2];

	for (int i = 0; i < 2; i++)
		known[i] = nsu_ns_read_uts(ns[i], &uts[i]) == 0;
	diff_line(d, "hostname", known[0] ? strdup(uts[0].hostname) : NULL,
		  known[1] ? strdup(uts[1].hostname) : NULL);
	diff_detail(d, "domainname", known[0] ? strdup(uts[0].domainname) : NULL,
		    known[1] ? strdup(uts[1].domainname) : NULL);
}

static void diff_ipc(struct diff *d, const struct nsu_ns *ns[2])
{
#define COUNT(name, member) { name, offsetof(struct nsu_ipc, member) }
	static const struct {
		const char *name;
		size_t offset;
	} counts[] = {
		COUNT("message queues", queues),
		COUNT("shared memory segments", segments),
		COUNT("bytes in segments", segment_bytes),
		COUNT("semaphore sets", semaphore_sets),
		COUNT("largest segment", max_segment),
		COUNT("segments at most", max_segments),
		COUNT("queues at most", max_queues), COUNT("sets at most", max_sets),
	};
	struct nsu_ipc ipc[2] = { NSU_IPC_INIT, NSU_IPC_INIT };
	bool known[2];

	for (int i = 0; i < 2; i++)
		known[i] = nsu_ns_read_ipc(ns[i], &ipc[i]) == 0;
	if (!known[0] && !known[1]) {
		diff_line(d, "ipc objects", NULL, NULL);
		return;
	}
	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		char *text[2] = { NULL, NULL };

		for (int i = 0; i < 2; i++) {
			uint64_t value;

			memcpy(&value, (const char *)&ipc[i] + counts[c].offset,
			       sizeof(value));
			if (known[i])
				text[i] = diff_text("%" PRIu64, value);
		}
		diff_detail(d, counts[c].name, text[0], text[1]);
	}
#undef COUNT
}

static void diff_clocks(struct diff *d, const struct nsu_ns *ns[2])
{
	struct nsu_clocks clocks[2] = { NSU_CLOCKS_INIT, NSU_CLOCKS_INIT };
	char *monotonic[2] = { NULL, NULL }, *boottime[2] = { NULL, NULL };

	for (int i = 0; i < 2; i++)
		if (nsu_ns_read_clocks(ns[i], &clocks[i]) == 0) {
			monotonic[i] = diff_text("%" PRId64 " ns", clocks[i].monotonic);
			boottime[i] = diff_text("%" PRId64 " ns", clocks[i].boottime);
		}
	diff_line(d, "monotonic offset", monotonic[0], monotonic[1]);
	diff_line(d, "boottime offset", boottime[0], boottime[1]);
}

static void diff_cgroup_roots(struct diff *d, const struct nsu_ns *ns[2])
{
	char *root[2] = { NULL, NULL };

	for (int i = 0; i < 2; i++)
		nsu_ns_read_cgroup_root(ns[i], &root[i]);
	diff_line(d, "cgroup root", root[0], root[1]);
}

static char *mount_text(const struct nsu_mount *mount)
{
	return diff_text("%s %s %s %s", mount->fstype, mount->source, mount->root,
			 mount->options);
}

static const struct nsu_mount *mount_at(const struct nsu_mounts *mounts,
					const char *point)
{
	const struct nsu_mount *mount, *last = NULL;

	for (size_t i = 0; (mount = nsu_mounts_get(mounts, i)) != NULL; i++)
		if (strcmp(mount->point, point) == 0)
			last = mount;
	return last;
}

/* Each place where something is mounted in one of them, as the topmost has it. */
static void diff_mount_points(struct diff *d, struct nsu_mounts *mounts[2])
{
	for (int side = 0; side < 2; side++) {
		const struct nsu_mount *mount, *other;

		for (size_t i = 1; (mount = nsu_mounts_get(mounts[side], i)); i++) {
			char *what, *escaped;

			other = mount_at(mounts[!side], mount->point);
			if (mount_at(mounts[side], mount->point) != mount ||
			    (side && other))
				continue;
			escaped = text_escape(&d->app->out, mount->point);
			what = diff_text("mount %s", escaped ? escaped : "?");
			free(escaped);
			diff_detail(d, what ? what : "mount", side ? strdup("-") :
				    mount_text(mount), side ? mount_text(mount) :
				    other ? mount_text(other) : strdup("-"));
			free(what);
		}
	}
}

static void diff_mounts(struct diff *d, const struct nsu_ns *ns[2])
{
	struct nsu_mounts *mounts[2] = { NULL, NULL };
	char *root[2] = { NULL, NULL }, *count[2] = { NULL, NULL };

	for (int i = 0; i < 2; i++) {
		const struct nsu_mount *first;

		if (nsu_mounts_new(ns[i], &mounts[i]) < 0)
			continue;
		first = nsu_mounts_get(mounts[i], 0);
		root[i] = first ? mount_text(first) : strdup("-");
		count[i] = diff_text("%zu", nsu_mounts_count(mounts[i]));
	}
	diff_line(d, "root", root[0], root[1]);
	diff_line(d, "mounts", count[0], count[1]);
	if (mounts[0] && mounts[1])
		diff_mount_points(d, mounts);
	nsu_mounts_free(mounts[0]);
	nsu_mounts_free(mounts[1]);
}

/* "lo 127.0.0.1/8, eth0 10.0.0.2/24" */
static char *addresses_text(const struct nsu_net *net)
{
	const struct nsu_address *address;
	const struct nsu_link *link;
	const char *comma = "";
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (size_t i = 0; (address = nsu_net_get_address(net, i)) != NULL; i++) {
		const char *name = "?";

		for (size_t l = 0; (link = nsu_net_get_link(net, l)) != NULL; l++)
			if (link->index == address->link)
				name = link->name;
		fprintf(f, "%s%s %s", comma, name, address->text);
		comma = ", ";
	}
	if (!*comma)
		fputs("-", f);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

static char *links_text(const struct nsu_net *net)
{
	const struct nsu_link *link;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (size_t l = 0; (link = nsu_net_get_link(net, l)) != NULL; l++)
		fprintf(f, "%s%s%s", l ? ", " : "", link->name, link->up ? "" : " down");
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

static void diff_nets(struct diff *d, const struct nsu_ns *ns[2])
{
	char *links[2] = { NULL, NULL }, *addresses[2] = { NULL, NULL };

	for (int i = 0; i < 2; i++) {
		struct nsu_net *net;

		if (nsu_net_new(ns[i], NSU_NET_LINKS | NSU_NET_ADDRESSES,
				&net) < 0)
			continue;
		links[i] = links_text(net);
		addresses[i] = addresses_text(net);
		nsu_net_free(net);
	}
	diff_line(d, "links", links[0], links[1]);
	diff_line(d, "addresses", addresses[0], addresses[1]);
}

void diff_facts(struct diff *d, const struct nsu_ns *a, const struct nsu_ns *b)
{
	const struct nsu_ns *ns[2] = { a, b };
	char what[40];

	if (a == b)
		return;
	snprintf(what, sizeof(what), "owner of %s",
		 nsu_type_get_name(nsu_ns_get_type(a)));
	diff_detail(d, what, owner_text(a), owner_text(b));
	switch (nsu_ns_get_type(a)) {
	case NSU_MNT:
		diff_mounts(d, ns);
		break;
	case NSU_UTS:
		diff_uts(d, ns);
		break;
	case NSU_IPC:
		diff_ipc(d, ns);
		break;
	case NSU_NET:
		diff_nets(d, ns);
		break;
	case NSU_CGROUP:
		diff_cgroup_roots(d, ns);
		break;
	case NSU_USER:
		diff_users(d, a, b);
		break;
	case NSU_TIME:
		diff_clocks(d, ns);
		break;
	case NSU_PID:
		break;
	}
}
