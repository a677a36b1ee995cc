/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

#define PIN_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-"

const char *view_ns(char buf[static NS_TEXT_SIZE], const struct nsu_ns *ns)
{
	snprintf(buf, NS_TEXT_SIZE, "%s:[%" PRIu64 "]",
		 nsu_type_get_name(nsu_ns_get_type(ns)), nsu_ns_get_inode(ns));
	return buf;
}

char *view_pids(const struct nsu_task *task, bool every_level)
{
	char text[33 * 12];
	const pid_t *pids;
	int n = nsu_task_get_pids(task, &pids), len;

	len = snprintf(text, sizeof(text), "%d", (int)nsu_task_get_tid(task));
	for (int i = every_level ? 1 : n - 1; n > 1 && i < n; i++) {
		if ((size_t)len + 13 > sizeof(text))
			break;
		len += snprintf(text + len, sizeof(text) - (size_t)len, "/%d",
				(int)pids[i]);
	}
	return strdup(text);
}

char *view_process(struct shown_cache *cache, const struct nsu_task *task,
		   bool every_level)
{
	const struct shown *shown = shown_get(cache, task, false);
	char *pids = view_pids(task, every_level), *text;

	if (!pids || asprintf(&text, "%s (%s)",
			      shown && shown->name ? shown->name : "?", pids) < 0)
		text = NULL;
	free(pids);
	return text;
}

const char *view_age(char buf[static 16], const struct nsu_snapshot *snap,
		     const struct shown *shown)
{
	uint64_t now = nsu_snapshot_get_time(snap);

	if (!shown || shown->error)
		return "?";
	return text_age(buf, (int64_t)now > shown->stat.start ?
			((int64_t)now - shown->stat.start) / 1000000000 : 0);
}

const struct nsu_task *view_self(const struct app *app, const struct nsu_snapshot *snap)
{
	pid_t self = nsu_ctx_get_procfs(app->ctx)->self;
	const struct nsu_task *task;

	if (self <= 0 || nsu_snapshot_find_task(snap, self, &task) < 0)
		return NULL;
	return task;
}

const struct nsu_ns *view_task_ns(const struct nsu_task *task, enum nsu_type type)
{
	const struct nsu_ns *ns;

	if (!task || nsu_task_get_ns(task, type, &ns) < 0)
		return NULL;
	return ns;
}

const struct nsu_ns *view_box_ns(const struct nsu_sandbox *box, enum nsu_type type)
{
	const struct nsu_ns *ns;

	return nsu_sandbox_get_ns(box, type, &ns) == 0 ? ns : NULL;
}

static pid_t inner_number(const struct nsu_task *task)
{
	const pid_t *pids;
	int n = nsu_task_get_pids(task, &pids);

	return n > 0 ? pids[n - 1] : nsu_task_get_tid(task);
}

/* The lower of the two; a thread only where there is nothing else. */
static const struct nsu_task *lower_of(const struct nsu_task *a, const struct nsu_task *b)
{
	if (!a || (nsu_task_is_thread(a) && !nsu_task_is_thread(b)))
		return b;
	if (nsu_task_is_thread(b) && !nsu_task_is_thread(a))
		return a;
	return inner_number(b) < inner_number(a) ? b : a;
}

const struct nsu_task *view_first_of_ns(const struct nsu_ns *ns)
{
	const struct nsu_task *first = NULL;
	size_t n = nsu_ns_count_tasks(ns);

	for (size_t i = 0; i < n; i++)
		first = lower_of(first, nsu_ns_get_task(ns, i));
	return first;
}

const struct nsu_task *view_first_of_box(const struct nsu_sandbox *box)
{
	const struct nsu_task *first = NULL;
	size_t n = nsu_sandbox_count_tasks(box);

	for (size_t i = 0; i < n; i++)
		first = lower_of(first, nsu_sandbox_get_task(box, i));
	return first;
}

const struct nsu_ns *view_host_ns(const struct nsu_snapshot *snap, enum nsu_type type)
{
	const struct nsu_task *host = NULL;

	nsu_snapshot_get_reference(snap, &host);
	return view_task_ns(host, type);
}

const char *view_user(char buf[static 64], const struct app *app,
		      const struct nsu_snapshot *snap, const struct nsu_task *task,
		      const struct shown *shown)
{
	const struct nsu_ns *mnt, *home;

	if (!shown || shown->error)
		return "?";
	if (shown->stat.uid == 0)
		return "root";
	mnt = view_task_ns(task, NSU_MNT);
	home = view_task_ns(view_self(app, snap), NSU_MNT);
	if (!home)
		home = view_host_ns(snap, NSU_MNT);
	if (mnt && mnt == home)
		snprintf(buf, 64, "%s", user_name(shown->stat.uid));
	else
		snprintf(buf, 64, "%u", (unsigned)shown->stat.uid);
	return buf;
}

/* Some process might be the first one of any pid namespace: it is hidden, or it is unread
   and not known to have a number at the topmost level alone. */
static bool may_hide_init(const struct nsu_snapshot *snap)
{
	const struct nsu_task *task;
	const pid_t *pids;

	if (nsu_snapshot_get_totals(snap)->hidden)
		return true;
	nsu_foreach_task(task, snap)
		if (nsu_task_get_error(task) < 0 && nsu_task_get_pids(task, &pids) != 1)
			return true;
	return false;
}

int view_init(const struct nsu_snapshot *snap, const struct nsu_ns *pidns,
	      const struct nsu_task **ret)
{
	int r = nsu_snapshot_find_pid(snap, pidns, 1, ret);

	if (r == -ENOENT && !view_knows_tasks(snap) && may_hide_init(snap))
		return -ENODATA;
	return r;
}

bool view_init_ended(const struct nsu_snapshot *snap, const struct nsu_ns *pidns)
{
	const struct nsu_task *init;
	int r = view_init(snap, pidns, &init);

	if (r < 0)
		return r == -ENOENT;
	return nsu_task_is_zombie(init) && !nsu_task_is_dead_leader(init);
}

char *view_owns(const struct nsu_ns *user)
{
	size_t count[NSU_TYPE_COUNT] = { 0 }, n = nsu_ns_count_owned(user);
	char text[NSU_TYPE_COUNT * 24] = "";
	int len = 0;

	for (size_t i = 0; i < n; i++)
		count[nsu_ns_get_type(nsu_ns_get_owned(user, i))]++;
	count[NSU_USER] = nsu_ns_count_children(user);
	for (int t = 0; t < NSU_TYPE_COUNT; t++)
		if (count[t])
			len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%c%zu",
					len ? " " : "",
					nsu_type_get_info((enum nsu_type)t)->letter,
					count[t]);
	return strdup(len ? text : "-");
}

size_t view_first_bind(const struct nsu_binds *binds, uint64_t inode)
{
	size_t low = 0, high = nsu_binds_count(binds);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (nsu_binds_get(binds, middle)->inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool view_knows_tasks(const struct nsu_snapshot *snap)
{
	const struct nsu_gap *gap;

	if (nsu_snapshot_get_totals(snap)->hidden)
		return false;
	for (size_t i = 0; (gap = nsu_snapshot_get_gap(snap, i)); i++)
		if (!gap->inode && strcmp(gap->step, "fd") != 0 &&
		    strcmp(gap->step, "sockets") != 0)
			return false;
	return true;
}

bool view_is_orphan(const struct nsu_ns *ns)
{
	return !nsu_ns_count_tasks(ns) && !nsu_ns_count_zombies(ns);
}

const char *view_netns_find(const struct nsu_binds *binds, const struct nsu_ns *net)
{
	static const char *const dirs[] = { "/run/netns/", "/var/run/netns/" };
	uint64_t inode = nsu_ns_get_inode(net);
	const struct nsu_bind *bind;

	for (size_t i = view_first_bind(binds, inode);
	     (bind = nsu_binds_get(binds, i)) && bind->inode == inode; i++) {
		if (bind->type != NSU_NET)
			continue;
		for (size_t d = 0; d < sizeof(dirs) / sizeof(dirs[0]); d++) {
			size_t len = strlen(dirs[d]);

			if (strncmp(bind->path, dirs[d], len) == 0 &&
			    !strchr(bind->path + len, '/'))
				return bind->path + len;
		}
	}
	return NULL;
}

char *view_netns_name(const struct app *app, const struct nsu_binds *binds,
		      const struct nsu_ns *net)
{
	const char *found = view_netns_find(binds, net);
	char *name = found ? text_escape(&app->out, found) : NULL, *text;

	if (!name || asprintf(&text, "netns:%s", name) < 0)
		text = NULL;
	free(name);
	return text;
}

/* Of the system's: a user's pins are no mounts. */
const char *view_pin_word(char buf[static PIN_WORD_SIZE], const char *path)
{
	static const char *const stores[] = { "/run/nsutil/pins/", "/run/nsutil/mnt/" };

	for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
		const char *name = path + strlen(stores[i]);
		size_t len;
		enum nsu_type type;

		if (strncmp(path, stores[i], strlen(stores[i])) != 0)
			continue;
		len = strcspn(name, "/");
		if (len == 0 || len > PIN_WORD_SIZE - 5 || name[len] != '/' ||
		    strspn(name, PIN_LETTERS) < len ||
		    nsu_type_find(name + len + 1, &type) < 0)
			continue;
		snprintf(buf, PIN_WORD_SIZE, "pin:%.*s", (int)len, name);
		return buf;
	}
	return NULL;
}

char *view_ns_name(const struct app *app, const struct nsu_binds *binds,
		   const struct nsu_ns *ns)
{
	const char *type = nsu_type_get_name(nsu_ns_get_type(ns));
	uint64_t inode = nsu_ns_get_inode(ns);
	char word[PIN_WORD_SIZE], *name = view_netns_name(app, binds, ns);
	const struct nsu_bind *bind;

	for (size_t i = view_first_bind(binds, inode);
	     !name && (bind = nsu_binds_get(binds, i)) && bind->inode == inode; i++)
		if (view_pin_word(word, bind->path) &&
		    asprintf(&name, "%s/%s", word, type) < 0)
			return NULL;
	return name;
}

bool view_is_wide(const struct app *app, int columns)
{
	return app->out.width <= 0 || app->out.width >= columns;
}

int view_failed(const struct app *app, int error)
{
	msg_errno(&app->out, error, "print");
	return 1;
}

int view_refused(const struct nsu_snapshot *snap, const char *source)
{
	for (size_t i = 0; i < nsu_snapshot_count_sources(snap); i++) {
		const struct nsu_source *found = nsu_snapshot_get_source(snap, i);

		if (strcmp(found->name, source) == 0)
			return found->error;
	}
	return 0;
}

char *view_name_in_pod(const struct output *out, const struct nsu_container *container)
{
	const char *name;
	char *escaped, *text;

	if (nsu_container_get_text(container, NSU_CONTAINER_POD_CONTAINER, &name) < 0 &&
	    nsu_container_get_text(container, NSU_CONTAINER_NAME, &name) < 0)
		return NULL;
	escaped = text_escape(out, name);
	if (escaped == NULL || asprintf(&text, "/%s", escaped) < 0)
		text = NULL;
	free(escaped);
	return text;
}
