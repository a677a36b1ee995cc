/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pods: containers that an engine put together, in entries of their own. */
#include <string.h>
#include "containers.h"

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Its uid is the same in all of them; where a file told no more than its names, those
   are. */
static bool is_pod_of(const struct nsu_container *pod, const struct nsu_container *c)
{
	const char *uid = c->text[NSU_CONTAINER_POD_UID];

	if (pod->outer != c->outer || pod->claim != c->claim || pod->uid != c->uid)
		return false;
	if (uid && pod->text[NSU_CONTAINER_POD_UID])
		return !strcmp(uid, pod->text[NSU_CONTAINER_POD_UID]);
	return c->text[NSU_CONTAINER_POD] &&
		same(c->text[NSU_CONTAINER_POD], pod->text[NSU_CONTAINER_POD]) &&
		same(c->text[NSU_CONTAINER_POD_NAMESPACE],
		     pod->text[NSU_CONTAINER_POD_NAMESPACE]);
}

static uint64_t key_of(const struct nsu_container *c, const char *text)
{
	uint64_t key = nsi_hash(NSI_HASH_START ^ c->outer, text, strlen(text));

	return key ? key : 1;
}

/* By what its pod is found again; several may come to the same. */
static uint32_t find_pod(struct nsi_naming *n, const struct nsi_idmap *map,
			 uint32_t index)
{
	const struct nsu_container *c = &n->snap->containers[index];
	const enum nsu_container_text by[] = { NSU_CONTAINER_POD_UID, NSU_CONTAINER_POD };

	for (size_t i = 0; i < ARRAY_SIZE(by); i++) {
		uint64_t key = c->text[by[i]] ? key_of(c, c->text[by[i]]) : 0;
		uint32_t pod;

		for (; key && (pod = nsi_idmap_find(map, key)) != NSI_NONE; key++)
			if (is_pod_of(&n->snap->containers[pod], c))
				return pod;
	}
	return NSI_NONE;
}

static int note_pod(struct nsi_naming *n, struct nsi_idmap *map, uint32_t index,
		    enum nsu_container_text what)
{
	const struct nsu_container *pod = &n->snap->containers[index];
	uint64_t key = pod->text[what] ? key_of(pod, pod->text[what]) : 0;
	uint32_t other;

	for (; key && (other = nsi_idmap_find(map, key)) != NSI_NONE; key++)
		if (other == index)
			return 0;
	return key ? nsi_idmap_add(map, key, index) : 0;
}

static int make_pod(struct nsi_naming *n, uint32_t index, uint32_t *ret)
{
	const struct nsi_engine *engine = n->snap->containers[index].engine;
	struct nsu_container *c, *pod;
	int r = nsi_container_add(n, engine->own_pods ? engine :
				  nsi_engine_find("kubernetes"), ret);

	if (r < 0)
		return r;
	c = &n->snap->containers[index];
	pod = &n->snap->containers[*ret];
	pod->kind = NSU_POD;
	pod->outer = c->outer;
	pod->claim = c->claim;
	pod->has_uid = c->has_uid;
	pod->uid = c->uid;
	return nsi_container_set(n, pod, NSU_CONTAINER_ENGINE, pod->engine->name);
}

/* What one of its containers knows of it. */
static int tell_pod(struct nsi_naming *n, uint32_t index, uint32_t pod_index)
{
	static const struct { enum nsu_container_text of, to; } texts[] = {
		{ NSU_CONTAINER_POD_UID, NSU_CONTAINER_ID },
		{ NSU_CONTAINER_POD_UID, NSU_CONTAINER_POD_UID },
		{ NSU_CONTAINER_POD, NSU_CONTAINER_NAME },
		{ NSU_CONTAINER_POD, NSU_CONTAINER_POD },
		{ NSU_CONTAINER_POD_NAMESPACE, NSU_CONTAINER_POD_NAMESPACE },
		{ NSU_CONTAINER_SOURCE, NSU_CONTAINER_SOURCE },
	};
	struct nsu_container *c = &n->snap->containers[index];
	struct nsu_container *pod = &n->snap->containers[pod_index];

	c->pod = pod_index;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (!pod->text[texts[i].to])
			pod->text[texts[i].to] = c->text[texts[i].of];
		if (!pod->text[texts[i].to] && !pod->state[texts[i].to])
			pod->state[texts[i].to] = c->state[texts[i].of];
	}
	if (!pod->text[NSU_CONTAINER_CGROUP])
		pod->text[NSU_CONTAINER_CGROUP] = nsi_finder(n)->hints[index].pod_cgroup;
	/* What its containers have it would have as well. */
	nsi_container_set_state(pod, NSU_CONTAINER_CGROUP,
				c->state[NSU_CONTAINER_CGROUP] ?
				c->state[NSU_CONTAINER_CGROUP] : -ENOENT);
	return 0;
}

/* The namespaces that they share are held by the pause container, else by whichever is
   the oldest. */
static void find_init(struct nsi_naming *n, uint32_t index, int64_t *start)
{
	const struct nsu_container *c = &n->snap->containers[index];
	struct nsu_container *pod = &n->snap->containers[c->pod];
	bool pause = c->kind == NSU_POD_PAUSE;
	int64_t its;

	if (c->init == NSI_NONE || start[c->pod] == INT64_MIN)
		return;
	its = pause ? INT64_MIN : nsi_start_of(n, &n->snap->tasks[c->init]);
	if (pod->init != NSI_NONE && its >= start[c->pod])
		return;
	pod->init = c->init;
	start[c->pod] = its;
}

static int group(struct nsi_naming *n, uint32_t index, struct nsi_idmap *map)
{
	uint32_t pod = find_pod(n, map, index);
	int r = pod == NSI_NONE ? make_pod(n, index, &pod) : 0;

	if (!r)
		r = tell_pod(n, index, pod);
	if (!r)
		r = note_pod(n, map, pod, NSU_CONTAINER_POD_UID);
	return r < 0 ? r : note_pod(n, map, pod, NSU_CONTAINER_POD);
}

int nsi_containers_make_pods(struct nsi_naming *n)
{
	struct nsu_snapshot *snap = n->snap;
	nsi_autofree int64_t *start = NULL;
	struct nsi_idmap map = { 0 };
	uint32_t count = snap->container_count;
	int r = 0;

	for (uint32_t i = 0; i < count && !r; i++)
		if (snap->containers[i].text[NSU_CONTAINER_POD_UID] ||
		    snap->containers[i].text[NSU_CONTAINER_POD])
			r = group(n, i, &map);
	nsi_idmap_free(&map);
	if (r < 0)
		return r;
	start = calloc(snap->container_count + 1, sizeof(*start));
	if (!start)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		if (snap->containers[i].pod != NSI_NONE)
			find_init(n, i, start);
	return 0;
}
