// SPDX-License-Identifier: GPL-2.0-or-later
/* What the questions share: ids and their maps, the names of places. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "view.h"

#define NO_ID UINT32_MAX
#define OVERFLOW_ID 65534

static int find_name(bool gid, const char *name, uint32_t *ret)
{
	const struct passwd *user = gid ? NULL : getpwnam(name);
	const struct group *group = gid ? getgrnam(name) : NULL;

	if (!user && !group)
		return -ENOENT;
	*ret = user ? user->pw_uid : group->gr_gid;
	return 0;
}

int ask_parse_id(const struct cli *cli, struct opts *opts, bool gid, const char *arg)
{
	const char *option = gid ? "gid" : "uid";
	char *end;
	unsigned long long id;

	opts->asks_id = true;
	opts->asks_gid = gid;
	if (*arg < '0' || *arg > '9') {
		if (*arg && *arg != '-' && find_name(gid, arg, &opts->id) == 0)
			return 0;
		return cli_wrong(cli->out, NULL, "--%s %s: neither a number nor a %s of "
				 "this host", option, arg, gid ? "group" : "user");
	}
	errno = 0;
	id = strtoull(arg, &end, 10);
	if (errno || *end || id > NO_ID)
		return cli_wrong(cli->out, NULL, "--%s %s: not a number of a %s", option,
				 arg, gid ? "group" : "user");
	if (id == NO_ID)
		return cli_wrong(cli->out, NULL, "--%s %s: is no id: it stands for none",
				 option, arg);
	opts->id = (uint32_t)id;
	return 0;
}

void ask_map_read(struct ask_map *map, const struct nsu_ns *user,
		  const struct nsu_ns *home, bool gid)
{
	size_t n = user ? nsu_ns_count_tasks(user) : 0;

	*map = (struct ask_map){ .same = user && user == home, .count = -ENODATA };
	/* The first that still lives knows; a few tries are enough to outlive a race. */
	for (size_t i = 0; !map->same && i < n && i < 4 && map->count < 0; i++)
		map->count = nsu_task_read_idmap(nsu_ns_get_task(user, i), gid,
						 &map->range);
}

void ask_map_free(struct ask_map *map)
{
	free(map->range);
	map->range = NULL;
}

int ask_map_outside(const struct ask_map *map, uint32_t inside, uint32_t *ret)
{
	const struct nsu_id_range *range = map->range;

	*ret = inside;
	if (map->same)
		return 0;
	if (map->count < 0)
		return (int)map->count;
	for (ssize_t i = 0; i < map->count; i++, range++)
		if (inside >= range->inside && inside - range->inside < range->count &&
		    range->outside != NO_ID) {
			*ret = range->outside + (inside - range->inside);
			return 0;
		}
	return -ENOENT;
}

int ask_map_inside(const struct ask_map *map, uint32_t outside, uint32_t *ret)
{
	const struct nsu_id_range *range = map->range;

	*ret = outside;
	if (map->same)
		return 0;
	if (map->count < 0)
		return (int)map->count;
	for (ssize_t i = 0; i < map->count; i++, range++)
		if (range->outside != NO_ID && outside >= range->outside &&
		    outside - range->outside < range->count) {
			*ret = range->inside + (outside - range->outside);
			return 0;
		}
	return -ENOENT;
}

const struct nsu_ns *ask_home(const struct app *app, const struct nsu_snapshot *snap)
{
	const struct nsu_task *self = view_self(app, snap);

	return self ? view_task_ns(self, NSU_USER) : view_host_ns(snap, NSU_USER);
}

const char *ask_id_name(uint32_t id, bool gid)
{
	static char buf[48];
	const struct group *group;
	const char *name;

	if (!gid) {
		name = user_name(id);
		return *name >= '0' && *name <= '9' ? NULL : name;
	}
	group = getgrgid(id);
	if (!group || strlen(group->gr_name) >= sizeof(buf))
		return NULL;
	strcpy(buf, group->gr_name);
	for (name = buf; *name; name++)
		if (*name <= ' ' || *name >= 0x7f)
			return NULL;
	return buf;
}

uint32_t ask_overflow_id(const struct app *app, bool gid)
{
	const char *proc = app->opts.proc ? app->opts.proc : "/proc";
	uint32_t id = OVERFLOW_ID;
	char *path;
	FILE *f;

	if (asprintf(&path, "%s/sys/kernel/overflow%s", proc, gid ? "gid" : "uid") < 0)
		return id;
	f = fopen(path, "re");
	free(path);
	if (f && fscanf(f, "%u", &id) != 1)
		id = OVERFLOW_ID;
	if (f)
		fclose(f);
	return id;
}

static int by_place(const void *a, const void *b, void *data)
{
	const struct nsu_ns *x = *(const struct nsu_ns *const *)a, *first = data;
	const struct nsu_ns *y = *(const struct nsu_ns *const *)b;
	const struct nsu_task *s = nsu_ns_get_task(x, 0), *t = nsu_ns_get_task(y, 0);

	if ((x == first) != (y == first))
		return x == first ? -1 : 1;
	if (!s != !t)
		return s ? -1 : 1;
	if (s && nsu_task_get_tid(s) != nsu_task_get_tid(t))
		return nsu_task_get_tid(s) < nsu_task_get_tid(t) ? -1 : 1;
	return nsu_ns_get_inode(x) < nsu_ns_get_inode(y) ? -1 : x != y;
}

const struct nsu_ns **ask_list(const struct nsu_snapshot *snap, enum nsu_type type,
			       const struct nsu_ns *first, size_t *ret_count)
{
	size_t n = nsu_snapshot_count_ns(snap), count = 0;
	const struct nsu_ns **list = calloc(n + 1, sizeof(const struct nsu_ns *)), *ns;

	if (!list)
		return NULL;
	nsu_foreach_ns(ns, snap)
		if (nsu_ns_get_type(ns) == type)
			list[count++] = ns;
	qsort_r(list, count, sizeof(const struct nsu_ns *), by_place, (void *)first);
	*ret_count = count;
	return list;
}

static const char *why_alive(const struct nsu_ns *ns)
{
	struct nsu_holder holder = NSU_HOLDER_INIT;

	for (size_t i = 0; nsu_ns_get_holder(ns, i, &holder) == 0; i++)
		if (holder.kind == NSU_HOLDER_MOUNT)
			return ", pinned";
		else if (holder.kind == NSU_HOLDER_FD)
			return ", held open";
	return "";
}

char *ask_place(const struct nsu_snapshot *snap, struct shown_cache *cache,
		const struct nsu_ns *ns)
{
	const struct nsu_task *first = view_first_of_ns(ns);
	const struct shown *shown;
	char *pids, *text;

	if (ns == view_host_ns(snap, nsu_ns_get_type(ns)) &&
	    nsu_snapshot_get_reference(snap, NULL) != NSU_REF_NONE)
		return strdup(nsu_snapshot_sees_host(snap) > 0 ? "host" : "here");
	if (!first) {
		if (asprintf(&text, "no process%s%s", nsu_snapshot_is_complete(snap) ?
			     "" : " that can be read", why_alive(ns)) < 0)
			text = NULL;
		return text;
	}
	shown = shown_get(cache, first, false);
	pids = view_pids(first, false);
	if (!pids || asprintf(&text, "%s %s", pids,
			      shown && shown->name ? shown->name : "?") < 0)
		text = NULL;
	free(pids);
	return text;
}
