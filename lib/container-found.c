/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers that a process or a file told of, while no cgroup did. */
#include <string.h>
#include "containers.h"
#include "walk.h"

static int set_hint(struct nsi_naming *n, const char **hint, const char *text)
{
	if (*hint || !text || !*text)
		return 0;
	*hint = nsi_naming_keep(n, text, strlen(text));
	return *hint ? 0 : -ENOMEM;
}

static int complete(struct nsi_naming *n, uint32_t index, const struct nsi_found *found)
{
	struct nsi_hint *hint = &nsi_finder(n)->hints[index];
	struct nsu_container *c = &n->snap->containers[index];
	const char *runtime = found->runtime;
	int r;

	/* runc's state of what Docker started by it. */
	if (!runtime && found->engine != c->engine)
		runtime = found->engine->name;
	r = set_hint(n, &hint->runtime, runtime);
	if (!r && found->engine == c->engine && !hint->name) {
		r = set_hint(n, &hint->name, found->name);
		if (!r && found->name)
			r = set_hint(n, &hint->source, found->source);
	}
	if (!r)
		r = set_hint(n, &hint->image, found->image);
	if (!c->has_uid && found->has_uid) {
		c->has_uid = true;
		c->uid = found->uid;
	}
	return r;
}

static int make_found(struct nsi_naming *n, const struct nsi_found *found,
		      uint32_t anchor, uint32_t init)
{
	struct nsu_container *c;
	uint32_t index;
	int r = nsi_container_add(n, found->engine, &index);

	if (r < 0)
		return r;
	c = &n->snap->containers[index];
	c->has_uid = found->has_uid;
	c->uid = found->uid;
	c->init = init;
	r = nsi_container_set(n, c, NSU_CONTAINER_ID, found->id);
	if (nsi_is_fatal(r))
		return r;
	r = set_hint(n, &nsi_finder(n)->hints[index].source, found->source);
	if (!r)
		r = complete(n, index, found);
	return r < 0 ? r : nsi_container_take_tasks(n, index, anchor);
}

/* One that joined the pid namespace of another, like those of a pod: what is first in it
   is the other's, but not the mounts. */
bool nsi_is_beside(const struct nsu_snapshot *snap, uint32_t index, uint32_t container)
{
	const struct nsu_container *c = &snap->containers[container];
	const struct nsu_task *a = &snap->tasks[index], *b;

	if (c->init == NSI_NONE || c->init == index || c->text[NSU_CONTAINER_CGROUP])
		return false;
	b = &snap->tasks[c->init];
	return a->ns[NSU_PID] != NSI_NONE && a->ns[NSU_PID] == b->ns[NSU_PID] &&
		a->ns[NSU_MNT] != NSI_NONE && b->ns[NSU_MNT] != NSI_NONE &&
		a->ns[NSU_MNT] != b->ns[NSU_MNT];
}

static bool has_id(const struct nsu_container *c, const char *id)
{
	return id && c->text[NSU_CONTAINER_ID] && !strcmp(c->text[NSU_CONTAINER_ID], id);
}

int nsi_naming_found(struct nsi_naming *n, const struct nsi_found *found)
{
	struct nsu_snapshot *snap = n->snap;
	const struct nsu_task *task;
	uint32_t init = NSI_NONE, anchor = nsi_finder(n)->asked, has;

	if (found->init > 0 && !nsu_snapshot_find_task(snap, found->init, &task)) {
		if (found->start >= 0 && nsi_start_of(n, task) != found->start)
			return 0;
		init = task - snap->tasks;
	}
	/* Of some processes only: the one that was asked about may be all there is of
	   it. */
	if (init != NSI_NONE)
		anchor = init;
	else if (!snap->limited || anchor == NSI_NONE)
		return 0;
	has = snap->tasks[anchor].container;
	if (has != NSI_NONE && !snap->containers[has].claim &&
	    has_id(&snap->containers[has], found->id))
		return complete(n, has, found);
	if (has != NSI_NONE && !nsi_is_beside(snap, anchor, has))
		return 0;
	return make_found(n, found, anchor, init);
}
