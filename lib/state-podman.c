/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Podman: STORAGE/DRIVER-containers/containers.json has the names and images of all, and
 * follows a rename. It is read once. Only of those in pods more is looked at.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "podman.h"


static void free_store(struct nsi_store *store)
{
	for (size_t i = 0; i < ARRAY_SIZE(store->files); i++)
		json_object_put(store->files[i]);
	free(store->entries);
	free(store->path);
}

static void free_podman(void *data)
{
	struct nsi_podman *podman = data;

	for (size_t i = 0; i < podman->store_count; i++)
		free_store(&podman->stores[i]);
	for (size_t i = 0; i < podman->pod_count; i++)
		free(podman->pods[i].name);
	free(podman->pods);
	free(podman);
}

static int compare_entries(const void *a, const void *b)
{
	const struct nsi_store_entry *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static int index_file(struct nsi_store *store, struct json_object *file)
{
	size_t count = json_object_is_type(file, json_type_array) ?
		json_object_array_length(file) : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *object = json_object_array_get_idx(file, i);
		const char *id = nsi_json_text(object, "id", NULL);

		if (!id)
			continue;
		if (nsi_grow((void **)&store->entries, &store->size, store->count,
			     sizeof(*store->entries)) < 0)
			return -ENOMEM;
		store->entries[store->count++] = (struct nsi_store_entry){ id, object };
	}
	return 0;
}

/* Newer Podman has those that do not outlive the host in a file of their own. */
static int read_store(struct nsi_naming *n, struct nsi_store *store)
{
	static const char *const names[] = {
		"containers.json", "volatile-containers.json",
	};
	int error = 0;

	_Static_assert(ARRAY_SIZE(names) == ARRAY_SIZE(store->files), "one for each");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int r = nsi_states_json(n->states, store->dir, names[i], store->uid,
					&store->files[i]);

		if (!r)
			r = index_file(store, store->files[i]);
		if (r < 0 && r != -ENOENT && !error)
			error = r;
	}
	if (store->count)
		qsort(store->entries, store->count, sizeof(*store->entries),
		      compare_entries);
	return error;
}

int nsi_podman_add_store(struct nsi_naming *n, struct nsi_podman *podman,
			 const char *path, uid_t uid)
{
	struct nsi_store *store = &podman->stores[podman->store_count];
	int dir;

	for (size_t i = 0; i < podman->store_count; i++)
		if (podman->stores[i].uid == uid && !strcmp(podman->stores[i].path, path))
			return 0;
	dir = nsi_states_dir(n->states, path, uid);
	if (dir < 0)
		return dir == -ENOENT || dir == -ENOTDIR ? 0 : dir;
	if (podman->store_count == ARRAY_SIZE(podman->stores))
		return -E2BIG;
	*store = (struct nsi_store){ .path = strdup(path), .uid = uid, .dir = dir };
	if (!store->path)
		return -ENOMEM;
	podman->store_count++;
	return read_store(n, store);
}

static struct json_object *find_entry(const struct nsi_store *store, const char *id)
{
	struct nsi_store_entry key = { id, NULL }, *found = NULL;

	if (store->count)
		found = bsearch(&key, store->entries, store->count, sizeof(key),
				compare_entries);
	return found ? found->object : NULL;
}

static const char *first_name(struct json_object *entry)
{
	struct json_object *names;

	if (!json_object_object_get_ex(entry, "names", &names) ||
	    !json_object_is_type(names, json_type_array) ||
	    !json_object_array_length(names))
		return NULL;
	return nsi_json_text(json_object_array_get_idx(names, 0), NULL);
}

/* ---- pods ------------------------------------------------------------------------- */

/* That of the container which holds its namespaces: the host name of it, which is the
   pod's unless it was given another. *ret is kept. -ENOENT. */
static int find_pod_name(struct nsi_naming *n, struct nsi_podman *podman,
			 const struct nsi_store *store, const char *infra,
			 const char **ret)
{
	struct json_object *object = NULL;
	struct nsi_podman_pod *pod;
	char path[128];
	const char *host;
	int r;

	if (!nsi_is_hex_id(infra))
		return -ENOENT;
	for (size_t i = 0; i < podman->pod_count; i++) {
		pod = &podman->pods[i];
		if (strcmp(pod->infra, infra))
			continue;
		*ret = pod->name;
		return pod->name ? 0 : pod->error;
	}
	if (nsi_grow((void **)&podman->pods, &podman->pod_size, podman->pod_count,
		     sizeof(*pod)) < 0)
		return -ENOMEM;
	pod = &podman->pods[podman->pod_count++];
	*pod = (struct nsi_podman_pod){ .error = -ENOENT };
	memcpy(pod->infra, infra, sizeof(pod->infra));
	snprintf(path, sizeof(path), "%s/userdata/config.json", infra);
	r = nsi_states_json(n->states, store->dir, path, store->uid, &object);
	host = r < 0 ? NULL : nsi_json_text(object, "hostname", NULL);
	if (host && *host)
		pod->name = strdup(host);
	pod->error = r < 0 ? r : -ENOENT;
	json_object_put(object);
	*ret = pod->name;
	return pod->name ? 0 : pod->error;
}

/* "81fa248e034d-infra": 12 digits of the pod's id. */
static bool is_infra_name(const char *name)
{
	return name && strspn(name, "0123456789abcdef") == NSI_ID_DIGITS &&
		!strcmp(name + NSI_ID_DIGITS, "-infra");
}

static int set_pod_id(struct nsi_naming *n, struct nsu_container *c, const char *name)
{
	char digits[NSI_ID_DIGITS + 1];

	if (!is_infra_name(name))
		return 0;
	snprintf(digits, sizeof(digits), "%s", name);
	return nsi_container_set(n, c, NSU_CONTAINER_POD_UID, digits);
}

/* Where its cgroup tells that it is in none, its own configuration is not read. */
static int take_pod(struct nsi_naming *n, struct nsi_podman *podman,
		    const struct nsi_store *store, struct nsu_container *c,
		    const char *own_name)
{
	const char *id = c->text[NSU_CONTAINER_ID], *infra, *name;
	struct json_object *object = NULL, *entry;
	char path[128];
	int r;

	if (c->text[NSU_CONTAINER_CGROUP] && !c->text[NSU_CONTAINER_POD_UID] &&
	    !is_infra_name(own_name))
		return 0;
	snprintf(path, sizeof(path), "%s/userdata/config.json", id);
	r = nsi_states_json_part(n->states, store->dir, path, store->uid, "annotations",
				 &object);
	if (r < 0 && r != -ENOENT)
		return r;
	infra = nsi_json_text(object, "io.kubernetes.cri-o.SandboxID", NULL);
	/* In a pod all but that one name it. */
	if (is_infra_name(own_name) || (!infra && c->text[NSU_CONTAINER_POD_UID])) {
		c->kind = NSU_POD_PAUSE;
		infra = id;
	}
	r = infra ? find_pod_name(n, podman, store, infra, &name) : -ENOENT;
	if (!r)
		r = nsi_container_set(n, c, NSU_CONTAINER_POD, name);
	entry = infra ? find_entry(store, infra) : NULL;
	if (entry && (!r || r == -ENOENT))
		r = set_pod_id(n, c, first_name(entry));
	json_object_put(object);
	return r == -ENOENT ? 0 : r;
}

/* ---- a container ------------------------------------------------------------------ */

/* The name in there is the one that it was made with. */
static int take_metadata(struct nsi_naming *n, struct nsu_container *c,
			 const char *metadata, bool named)
{
	static const struct nsi_json_want want[] = {
		{ NSU_CONTAINER_IMAGE, "image-name" },
		{ NSU_CONTAINER_IMAGE, "image-id" },
		{ NSU_CONTAINER_NAME, "name" },
	};
	struct json_object *object = NULL;
	int r = metadata ? nsi_json_parse(metadata, strlen(metadata), &object) : 0;

	if (!r)
		r = nsi_container_take(n, c, object, want, ARRAY_SIZE(want) - named);
	json_object_put(object);
	return r;
}

static int take(struct nsi_naming *n, struct nsi_podman *podman,
		const struct nsi_store *store, struct nsu_container *c,
		struct json_object *entry)
{
	const char *name = first_name(entry);
	char path[PATH_MAX + 32];
	int r = 0, rest;

	if (name)
		r = nsi_container_set(n, c, NSU_CONTAINER_NAME, name);
	rest = take_metadata(n, c, nsi_json_text(entry, "metadata", NULL), name != NULL);
	r = r < 0 ? r : rest;
	snprintf(path, sizeof(path), "%s/containers.json", store->path);
	rest = nsi_container_set(n, c, NSU_CONTAINER_SOURCE, path);
	r = r < 0 ? r : rest;
	rest = take_pod(n, podman, store, c, name);
	return r < 0 ? r : rest;
}

static int look(struct nsi_naming *n, struct nsi_podman *podman, struct nsu_container *c,
		uid_t uid)
{
	for (size_t i = 0; i < podman->store_count; i++) {
		const struct nsi_store *store = &podman->stores[i];
		struct json_object *entry = NULL;

		if (store->uid == uid)
			entry = find_entry(store, c->text[NSU_CONTAINER_ID]);
		if (entry)
			return take(n, podman, store, c, entry);
	}
	return -ENOENT;
}

int nsi_podman_name(struct nsi_naming *n, struct nsu_container *c)
{
	void **slot;
	uid_t uid = c->has_uid ? c->uid : 0;
	int hidden, r;

	if (!n->states || c->claim || !nsi_is_hex_id(c->text[NSU_CONTAINER_ID]))
		return -ENOENT;
	slot = nsi_states_slot(n->states, NSI_SLOT_PODMAN, free_podman);
	if (!*slot)
		*slot = calloc(1, sizeof(struct nsi_podman));
	if (!*slot)
		return -ENOMEM;
	hidden = nsi_podman_know_user(n, *slot, uid);
	r = look(n, *slot, c, uid);
	if (r == -ENOENT) {
		int error = nsi_podman_ask_conmon(n, *slot, c, uid);

		hidden = error < 0 ? error : hidden;
		r = look(n, *slot, c, uid);
	}
	return r == -ENOENT && hidden ? hidden : r;
}
