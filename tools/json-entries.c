/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "json.h"
#include "view.h"

/* A namespace by its inode; "none" and null, which is unknown, are two things. */
static struct json_object *inode_of(int r, const struct nsu_ns *ns)
{
	if (r == 0)
		return json_object_new_int64((int64_t)nsu_ns_get_inode(ns));
	return r == -ENOENT ? json_object_new_string("none") : NULL;
}

static bool is_member(const struct nsu_task *task, const struct nsu_ns *ns)
{
	const struct nsu_ns *child;
	enum nsu_type type = nsu_ns_get_type(ns);

	return view_task_ns(task, type) == ns ||
	       (nsu_type_get_info(type)->for_children &&
		nsu_task_get_child_ns(task, type, &child) == 0 && child == ns);
}

/* A task that was selected, or one of the container that was. */
static bool is_of(const struct selected *s, const struct nsu_task *task)
{
	const struct nsu_container *own, *pod;

	if (!s->container)
		return s->task == task;
	if (nsu_task_get_container(task, &own) < 0)
		return false;
	return own == s->container ||
		(nsu_container_get_pod(own, &pod) == 0 && pod == s->container);
}

static bool holds_any(const struct selected *s, const struct nsu_ns *ns)
{
	if (!s->container)
		return is_member(s->task, ns);
	for (size_t i = 0; i < nsu_container_count_tasks(s->container); i++)
		if (is_member(nsu_container_get_task(s->container, i), ns))
			return true;
	return false;
}

static bool keeps_ns(const struct json_writer *w, const struct nsu_ns *ns)
{
	if (w->whole)
		return true;
	for (size_t i = 0; i < w->selected_count; i++) {
		const struct selected *s = &w->selected[i];

		if (s->task ? holds_any(s, ns) : s->ns == ns)
			return true;
	}
	return false;
}

bool json_keeps_task(const struct json_writer *w, const struct nsu_task *task)
{
	if (w->whole)
		return true;
	for (size_t i = 0; i < w->selected_count; i++) {
		const struct selected *s = &w->selected[i];

		if (s->task ? is_of(s, task) : is_member(task, s->ns))
			return true;
	}
	return false;
}

static bool keeps_box(const struct json_writer *w, const struct nsu_sandbox *box)
{
	if (w->whole)
		return true;
	for (size_t i = 0; i < w->selected_count; i++) {
		const struct selected *s = &w->selected[i];

		for (size_t k = 0; s->task && k < nsu_sandbox_count_tasks(box); k++)
			if (is_of(s, nsu_sandbox_get_task(box, k)))
				return true;
		if (!s->task && view_box_ns(box, nsu_ns_get_type(s->ns)) == s->ns)
			return true;
	}
	return false;
}

void json_put_selection(struct json_writer *w)
{
	struct json_object *list = NULL;

	if (!w->whole)
		list = json_object_new_array();
	/* Those of a set have one word. */
	for (size_t i = 0; i < w->selected_count; i++)
		if (!i || w->selected[i].word != w->selected[i - 1].word)
			json_object_array_add(list, json_text(w->selected[i].word));
	json_put(w, "selection", list);
}

static struct json_object *idmap(const struct nsu_ns *ns, bool gid)
{
	struct nsu_id_range *range = NULL;
	struct json_object *list;
	ssize_t n;

	if (!nsu_ns_count_tasks(ns))
		return NULL;
	n = nsu_task_read_idmap(nsu_ns_get_task(ns, 0), gid, &range);
	if (n < 0)
		return NULL;
	list = json_object_new_array();
	for (ssize_t i = 0; i < n; i++) {
		struct json_object *line = json_object_new_object();

		json_object_object_add(line, "inside",
				       json_object_new_int64(range[i].inside));
		json_object_object_add(line, "outside",
				       json_object_new_int64(range[i].outside));
		json_object_object_add(line, "count",
				       json_object_new_int64(range[i].count));
		json_object_array_add(list, line);
	}
	free(range);
	return list;
}

static void add_user(struct json_object *o, const struct nsu_ns *ns)
{
	uid_t creator;
	int r;

	if (nsu_ns_get_type(ns) != NSU_USER)
		return;
	r = nsu_ns_get_creator(ns, &creator);
	json_object_object_add(o, "creator", r == 0 ? json_object_new_int64(creator) :
			       r == -ENOENT ? json_object_new_string("none") : NULL);
	json_object_object_add(o, "uid_map", idmap(ns, false));
	json_object_object_add(o, "gid_map", idmap(ns, true));
	r = nsu_ns_count_tasks(ns) ? nsu_task_read_setgroups(nsu_ns_get_task(ns, 0)) : -1;
	json_object_object_add(o, "setgroups", r < 0 ? NULL : json_object_new_boolean(r));
}

static struct json_object *tids(const struct nsu_ns *ns, size_t count,
				const struct nsu_task *(*get)(const struct nsu_ns *,
							      size_t))
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < count; i++)
		json_object_array_add(list,
				      json_object_new_int(nsu_task_get_tid(get(ns, i))));
	return list;
}

/* Members that do not apply to the kind are left out; null is an unknown one. */
static struct json_object *holder_entry(const struct nsu_holder *holder)
{
	struct json_object *o = json_object_new_object();
	enum nsu_holder_kind kind = holder->kind;

	json_object_object_add(o, "kind",
			       json_object_new_string(nsu_holder_get_name(kind)));
	if (kind <= NSU_HOLDER_MESSAGE) {
		json_object_object_add(o, "pid", holder->task ? json_object_new_int(
				nsu_task_get_pid(holder->task)) : NULL);
		json_object_object_add(o, "tid", holder->tid > 0 ?
				       json_object_new_int(holder->tid) : NULL);
	}
	if (kind >= NSU_HOLDER_FD && kind <= NSU_HOLDER_MESSAGE)
		json_object_object_add(o, "fd", holder->fd < 0 ? NULL :
				       json_object_new_int(holder->fd));
	if (kind == NSU_HOLDER_SOCKET || kind == NSU_HOLDER_MESSAGE)
		json_object_object_add(o, "socket", holder->socket ?
				json_object_new_int64((int64_t)holder->socket) : NULL);
	if (kind == NSU_HOLDER_MOUNT)
		json_object_object_add(o, "path", json_text(holder->path));
	if (kind == NSU_HOLDER_MOUNT || kind == NSU_HOLDER_CHILD ||
	    kind == NSU_HOLDER_OWNED)
		json_object_object_add(o, kind == NSU_HOLDER_MOUNT ? "in" : "ns",
				       inode_of(holder->ns ? 0 : -ENODATA, holder->ns));
	return o;
}

static struct json_object *holders(const struct nsu_ns *ns)
{
	struct json_object *list = json_object_new_array();
	struct nsu_holder holder = NSU_HOLDER_INIT;

	for (size_t i = 0; nsu_ns_get_holder(ns, i, &holder) == 0; i++)
		if (nsu_holder_get_name(holder.kind))
			json_object_array_add(list, holder_entry(&holder));
	return list;
}

static struct json_object *namespace_entry(const struct json_writer *w,
					   const struct nsu_ns *ns)
{
	struct json_object *o = json_object_new_object(), *facts = NULL;
	enum nsu_type type = nsu_ns_get_type(ns);
	const struct nsu_ns *other = NULL;
	uint64_t id;
	int r;

	json_object_object_add(o, "type",
			       json_object_new_string(nsu_type_get_name(type)));
	json_object_object_add(o, "inode",
			       json_object_new_int64((int64_t)nsu_ns_get_inode(ns)));
	json_object_object_add(o, "id", nsu_ns_get_id(ns, &id) == 0 ?
			       json_object_new_int64((int64_t)id) : NULL);
	if (type == NSU_MNT)
		json_object_object_add(o, "mntns_id", nsu_ns_get_mntns_id(ns, &id) == 0 ?
				       json_object_new_int64((int64_t)id) : NULL);
	if (nsu_type_get_info(type)->nested) {
		r = nsu_ns_get_parent(ns, &other);
		json_object_object_add(o, "parent", inode_of(r, other));
		json_object_object_add(o, "level", nsu_ns_get_level(ns) < 0 ? NULL :
				       json_object_new_int(nsu_ns_get_level(ns)));
	}
	r = nsu_ns_get_owner(ns, &other);
	json_object_object_add(o, "owner", inode_of(r, other));
	add_user(o, ns);
	json_object_object_add(o, "processes",
			       json_count((long)nsu_ns_count_processes(ns)));
	if (nsu_type_get_info(type)->nested)
		json_object_object_add(o, "zombies",
				       json_count((long)nsu_ns_count_zombies(ns)));
	json_object_object_add(o, "tasks",
			       tids(ns, nsu_ns_count_tasks(ns), nsu_ns_get_task));
	json_object_object_add(o, "heirs",
			       tids(ns, nsu_ns_count_heirs(ns), nsu_ns_get_heir));
	json_object_object_add(o, "holders", holders(ns));
	if (w->app->opts.facts && json_facts(w->snap, ns, &facts))
		json_object_object_add(o, "facts", facts);
	return o;
}

void json_put_namespaces(struct json_writer *w)
{
	const struct nsu_ns *ns;

	json_open(w, "namespaces");
	nsu_foreach_ns(ns, w->snap)
		if (keeps_ns(w, ns))
			json_entry(w, namespace_entry(w, ns));
	json_close(w);
}

static struct json_object *task_namespaces(const struct json_writer *w,
					   const struct nsu_task *task, bool children)
{
	struct json_object *o = json_object_new_object();

	for (int t = 0; t < NSU_TYPE_COUNT; t++) {
		enum nsu_type type = (enum nsu_type)t;
		const struct nsu_ns *ns = NULL;
		int r;

		if (!(nsu_snapshot_get_types(w->snap) & (1U << t)) ||
		    (children && !nsu_type_get_info(type)->for_children))
			continue;
		r = children ? nsu_task_get_child_ns(task, type, &ns) :
			nsu_task_get_ns(task, type, &ns);
		json_object_object_add(o, nsu_type_get_name(type), inode_of(r, ns));
	}
	return o;
}

static struct json_object *task_pids(const struct nsu_task *task)
{
	struct json_object *list;
	const pid_t *pids;
	int n = nsu_task_get_pids(task, &pids);

	if (n < 0)
		return NULL;
	list = json_object_new_array();
	for (int i = 0; i < n; i++)
		json_object_array_add(list, json_object_new_int(pids[i]));
	return list;
}

static struct json_object *task_entry(const struct json_writer *w,
				      const struct nsu_task *task)
{
	struct json_object *o = json_object_new_object();
	struct nsu_task_stat stat = NSU_TASK_STAT_INIT;
	int error = nsu_task_get_error(task);
	bool known = nsu_task_read_stat(task, &stat) == 0;

	json_object_object_add(o, "pid", json_object_new_int(nsu_task_get_pid(task)));
	json_object_object_add(o, "tid", json_object_new_int(nsu_task_get_tid(task)));
	json_object_object_add(o, "pids", task_pids(task));
	json_object_object_add(o, "name", known ? json_text(stat.comm) : NULL);
	json_object_object_add(o, "ppid", known ? json_object_new_int(stat.ppid) : NULL);
	json_object_object_add(o, "uid", known ? json_object_new_int64(stat.uid) : NULL);
	json_object_object_add(o, "start", known ?
			       json_object_new_int64(stat.start) : NULL);
	json_object_object_add(o, "kernel", known ?
			       json_object_new_boolean(stat.kernel) : NULL);
	json_object_object_add(o, "zombie",
			       json_object_new_boolean(nsu_task_is_zombie(task)));
	json_object_object_add(o, "dead_leader",
			       json_object_new_boolean(nsu_task_is_dead_leader(task)));
	json_object_object_add(o, "namespaces", task_namespaces(w, task, false));
	json_object_object_add(o, "for_children", task_namespaces(w, task, true));
	json_add_places(o, task);
	json_object_object_add(o, "error", json_object_new_int(-error));
	return o;
}

void json_put_tasks(struct json_writer *w)
{
	const struct nsu_task *task;

	json_open(w, "tasks");
	nsu_foreach_task(task, w->snap)
		if (json_keeps_task(w, task))
			json_entry(w, task_entry(w, task));
	json_close(w);
}

static struct json_object *box_entry(const struct json_writer *w,
				     const struct nsu_sandbox *box)
{
	struct json_object *o = json_object_new_object();
	struct json_object *spaces = json_object_new_object();
	struct json_object *tasks = json_object_new_array();

	for (int t = 0; t < NSU_TYPE_COUNT; t++) {
		const struct nsu_ns *ns = view_box_ns(box, (enum nsu_type)t);

		if (nsu_snapshot_get_types(w->snap) & (1U << t))
			json_object_object_add(spaces,
					       nsu_type_get_name((enum nsu_type)t),
					       inode_of(ns ? 0 : -ENODATA, ns));
	}
	for (size_t i = 0; i < nsu_sandbox_count_tasks(box); i++)
		json_object_array_add(tasks, json_object_new_int(
				nsu_task_get_tid(nsu_sandbox_get_task(box, i))));
	json_object_object_add(o, "processes",
			       json_count((long)nsu_sandbox_count_processes(box)));
	json_object_object_add(o, "namespaces", spaces);
	json_object_object_add(o, "tasks", tasks);
	return o;
}

void json_put_sandboxes(struct json_writer *w)
{
	size_t n = nsu_snapshot_count_sandboxes(w->snap);

	json_open(w, "sandboxes");
	for (size_t i = 0; i < n; i++) {
		const struct nsu_sandbox *box = nsu_snapshot_get_sandbox(w->snap, i);

		if (keeps_box(w, box))
			json_entry(w, box_entry(w, box));
	}
	json_close(w);
}
