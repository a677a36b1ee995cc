/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose tasks are: by names of cgroups, by who supervises, by what is on disk. */
#include <string.h>
#include "containers.h"
#include "walk.h"

int nsi_container_add(struct nsi_naming *n, const struct nsi_engine *engine,
		      uint32_t *ret)
{
	struct nsi_finder *finder = nsi_finder(n);
	struct nsu_snapshot *snap = n->snap;
	size_t count = snap->container_count;
	int r = nsi_grow((void **)&snap->containers, &finder->container_size, count,
			 sizeof(*snap->containers));

	if (!r)
		r = nsi_grow((void **)&finder->hints, &finder->hint_size, count,
			     sizeof(*finder->hints));
	if (r < 0)
		return r;
	snap->containers[count] = (struct nsu_container){
		.snap = snap, .engine = engine, .outer = NSI_NONE, .pod = NSI_NONE,
		.init = NSI_NONE,
	};
	finder->hints[count] = (struct nsi_hint){ 0 };
	*ret = snap->container_count++;
	return 0;
}

static int set_part(struct nsi_naming *n, struct nsu_container *c,
		    enum nsu_container_text what, const char *text, size_t length)
{
	const char *copy;

	if (!length)
		return 0;
	copy = nsi_naming_keep(n, text, length);
	if (!copy)
		return -ENOMEM;
	c->text[what] = copy;
	return 0;
}

/* Up to the name above the container's: that of its pod. */
static size_t pod_length(const char *path, size_t length)
{
	while (length && path[length - 1] != '/')
		length--;
	return length ? length - 1 : 0;
}

static int make_claimed(struct nsi_naming *n, const struct nsi_cgroup_claims *claims,
			size_t level, uint32_t outer, uint32_t *ret)
{
	const struct nsi_claim *claim = &claims->claim[level];
	struct nsu_container *c;
	struct nsi_hint *hint;
	size_t length = pod_length(claims->path, claim->path_length);
	int r = nsi_container_add(n, claim->engine, ret);

	if (r < 0)
		return r;
	c = &n->snap->containers[*ret];
	hint = &nsi_finder(n)->hints[*ret];
	c->outer = outer;
	c->claim = level > 0;
	c->uid = claims->uid;
	r = level ? -ENOENT : nsi_container_find_maker(n, claims, &c->uid);
	if (nsi_is_fatal(r))
		return r;
	c->claim |= r == -EPERM;
	c->has_uid = !c->claim;
	hint->by_cgroup = true;
	r = set_part(n, c, NSU_CONTAINER_ID, claim->id, claim->id_length);
	if (!r)
		r = set_part(n, c, NSU_CONTAINER_POD_UID, claim->pod_uid,
			     claim->pod_uid_length);
	if (!r)
		r = set_part(n, c, NSU_CONTAINER_CGROUP, claims->path,
			     claim->path_length);
	if (!r && claim->name_length) {
		hint->name = nsi_naming_keep(n, claim->name, claim->name_length);
		r = hint->name ? 0 : -ENOMEM;
	}
	if (!r && claim->pod_uid_length && length) {
		hint->pod_cgroup = nsi_naming_keep(n, claims->path, length);
		r = hint->pod_cgroup ? 0 : -ENOMEM;
	}
	return r;
}

/* The container of one level of a path: the same for all who are below that cgroup. */
static int find_claimed(struct nsi_naming *n, const struct nsi_cgroup_claims *claims,
			size_t level, uint32_t outer, uint32_t *ret)
{
	const struct nsi_claim *claim = &claims->claim[level];
	struct nsi_idmap *map = &nsi_finder(n)->places;
	uint64_t key = nsi_hash(NSI_HASH_START ^ outer, claims->path, claim->path_length);
	int r;

	for (;; key++) {
		const struct nsu_container *c;
		const char *path;

		if (!key)
			continue;
		*ret = nsi_idmap_find(map, key);
		if (*ret == NSI_NONE)
			break;
		c = &n->snap->containers[*ret];
		path = c->text[NSU_CONTAINER_CGROUP];
		if (c->engine == claim->engine && c->outer == outer &&
		    strlen(path) == claim->path_length &&
		    !memcmp(path, claims->path, claim->path_length))
			return 0;
	}
	r = make_claimed(n, claims, level, outer, ret);
	return r < 0 ? r : nsi_idmap_add(map, key, *ret);
}

static int read_claims(struct nsi_naming *n)
{
	struct nsu_snapshot *snap = n->snap;

	snap->places = calloc(snap->cgroup_count + 1, sizeof(*snap->places));
	if (!snap->places)
		return -ENOMEM;
	for (size_t i = 0; i < snap->cgroup_count; i++)
		snap->places[i].container = NSI_NONE;
	for (size_t i = 0; i < snap->task_count; i++) {
		struct nsu_task *task = &snap->tasks[i];
		struct nsi_places *places;
		int r = 0;

		task->container = NSI_NONE;
		if (task->cgroup == NSI_NONE)
			continue;
		places = &snap->places[task->cgroup];
		if (!places->claims.buf)
			r = nsi_cgroup_claims_parse(snap->cgroups[task->cgroup],
						    &places->claims);
		for (size_t k = 0; k < places->claims.count && !r &&
		     (k || places->container == NSI_NONE); k++)
			r = find_claimed(n, &places->claims, k, places->container,
					 &places->container);
		if (r < 0)
			return r;
		task->container = places->container;
	}
	return 0;
}

static size_t depth_of(const struct nsu_container *c)
{
	const char *path = c->text[NSU_CONTAINER_CGROUP];
	size_t depth = 0;

	for (; path && *path; path++)
		depth += *path == '/';
	return depth;
}

static bool are_one(const struct nsu_container *a, const struct nsu_container *b)
{
	return a->engine == b->engine && a->uid == b->uid &&
		!strcmp(a->text[NSU_CONTAINER_ID], b->text[NSU_CONTAINER_ID]);
}

/* An engine gives an id once. Who was given a part of the tree may make a cgroup that is
   called after another's container: the deeper one is not believed. */
static int doubt_twins(struct nsi_naming *n)
{
	struct nsu_snapshot *snap = n->snap;
	struct nsi_idmap map = { 0 };
	int r = 0;

	for (uint32_t i = 0; i < snap->container_count && !r; i++) {
		struct nsu_container *c = &snap->containers[i], *twin = NULL;
		const char *id = c->text[NSU_CONTAINER_ID];
		uint64_t key = nsi_hash(NSI_HASH_START ^ c->uid, id, strlen(id));
		uint32_t at = NSI_NONE;

		if (c->claim)
			continue;
		for (;; key++) {
			at = key ? nsi_idmap_find(&map, key) : NSI_NONE;
			twin = at == NSI_NONE ? NULL : &snap->containers[at];
			if (key && (!twin || are_one(twin, c)))
				break;
		}
		if (!twin || depth_of(c) < depth_of(twin))
			r = nsi_idmap_add(&map, key, i);
		if (twin)
			(depth_of(c) < depth_of(twin) ? twin : c)->claim = true;
	}
	nsi_idmap_free(&map);
	return r;
}

static int ask_supervisor(struct nsi_naming *n, uint32_t index)
{
	nsi_autofree char *buf = NULL;
	struct nsi_found found = { .start = -1 };
	int r = nsi_supervisor_find(n, &n->snap->tasks[index], &found, &buf);

	if (nsi_is_fatal(r))
		return r;
	if (r < 0)
		return 0;
	nsi_finder(n)->asked = index;
	r = nsi_naming_found(n, &found);
	nsi_finder(n)->asked = NSI_NONE;
	return r;
}

struct first {
	uint32_t task;
	unsigned levels;
};

static int by_levels(const void *a, const void *b)
{
	const struct first *x = a, *y = b;

	if (x->levels != y->levels)
		return x->levels < y->levels ? -1 : 1;
	return x->task < y->task ? -1 : x->task > y->task;
}

/* First processes of pid namespaces, the outer ones first: what is below those that are
   found is theirs. */
static int ask_of_inits(struct nsi_naming *n)
{
	struct nsu_snapshot *snap = n->snap;
	nsi_autofree struct first *firsts = NULL;
	size_t count = 0, size = 0;
	int r = 0;

	for (size_t i = 0; i < snap->task_count && !r; i++) {
		if (!nsi_is_init(&snap->tasks[i]) || snap->tasks[i].container != NSI_NONE)
			continue;
		r = nsi_grow((void **)&firsts, &size, count, sizeof(*firsts));
		if (!r)
			firsts[count++] = (struct first){
				i, nsi_levels_of(&snap->tasks[i]),
			};
	}
	if (count)
		qsort(firsts, count, sizeof(*firsts), by_levels);
	for (size_t i = 0; i < count && !r; i++)
		if (snap->tasks[firsts[i].task].container == NSI_NONE)
			r = ask_supervisor(n, firsts[i].task);
	return r;
}

/* Those with mounts of their own, whatever their pid namespace. */
static int ask_of_sandboxes(struct nsi_naming *n)
{
	struct nsu_snapshot *snap = n->snap;
	uint32_t host = NSI_NONE;

	if (snap->ref_task != NSI_NONE)
		host = snap->tasks[snap->ref_task].ns[NSU_MNT];
	for (size_t i = 0; i < snap->box_count; i++) {
		const struct nsi_list *list = &snap->boxes[i].tasks;
		const struct nsu_task *task = &snap->tasks[snap->refs[list->first]];
		uint32_t index = task - snap->tasks;
		int r;

		/* First ones of pid namespaces were asked about. */
		if (task->ns[NSU_MNT] == NSI_NONE || task->ns[NSU_MNT] == host ||
		    task->flags & NSI_TASK_THREAD || nsi_is_init(task))
			continue;
		if (task->container != NSI_NONE &&
		    !nsi_is_beside(snap, index, task->container))
			continue;
		r = ask_supervisor(n, index);
		if (r < 0)
			return r;
	}
	return 0;
}

static int ask_engines(struct nsi_naming *n)
{
	const struct nsi_engine *engine;
	int r = 0;

	for (size_t i = 0; (engine = nsi_engine_get(i)) && n->states; i++) {
		if (engine->find)
			r = engine->find(n);
		if (nsi_is_fatal(r))
			return r;
	}
	return 0;
}

static int find_all(struct nsi_naming *n)
{
	int r = read_claims(n);

	if (!r)
		r = doubt_twins(n);
	if (!r)
		r = nsi_containers_hear(n);
	if (!r)
		r = nsi_containers_find_inits(n);
	if (r < 0)
		return r;
	nsi_containers_adopt(n);
	r = nsi_containers_place(n);
	if (!r)
		r = ask_of_inits(n);
	if (!r)
		r = ask_of_sandboxes(n);
	if (!r)
		r = ask_engines(n);
	if (r < 0)
		return r;
	nsi_containers_nest(n);
	r = nsi_containers_name(n);
	if (!r)
		r = nsi_containers_make_pods(n);
	if (!r)
		r = nsi_containers_make_words(n);
	return r < 0 ? r : nsi_containers_sort(n);
}

int nsi_snapshot_find_containers(struct nsi_builder *b)
{
	struct nsi_finder finder = { .asked = NSI_NONE };
	struct nsi_naming n = {
		.ctx = b->ctx, .b = b, .snap = b->snap, .private = &finder,
	};
	int r = nsi_states_new(b->ctx, &n.states);

	if (nsi_is_fatal(r))
		return r;
	if (r < 0 && r != -ENOENT)
		nsi_log_errno(b->ctx, NSU_LOG_WARNING, r, "open what engines left");
	finder.of_pidns = malloc((b->snap->ns_count + 1) * sizeof(*finder.of_pidns));
	r = finder.of_pidns ? 0 : -ENOMEM;
	if (!r) {
		memset(finder.of_pidns, 0xff,
		       b->snap->ns_count * sizeof(*finder.of_pidns));
		r = find_all(&n);
	}
	free(finder.maker.line);
	free(finder.of_pidns);
	free(finder.hints);
	free(finder.seen);
	nsi_idmap_free(&finder.stats);
	nsi_idmap_free(&finder.places);
	nsi_states_free(n.states);
	return r;
}
