/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CRI-O: the configuration of each container, in storage as Podman has it. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "states.h"

static int take(struct nsi_naming *n, struct nsu_container *c,
		struct json_object *annotations)
{
	static const struct nsi_json_want from_labels[] = {
		{ NSU_CONTAINER_POD, "io.kubernetes.pod.name" },
		{ NSU_CONTAINER_POD_NAMESPACE, "io.kubernetes.pod.namespace" },
		{ NSU_CONTAINER_POD_UID, "io.kubernetes.pod.uid" },
		{ NSU_CONTAINER_NAME, "io.kubernetes.container.name" },
		{ NSU_CONTAINER_POD_CONTAINER, "io.kubernetes.container.name" },
	}, own[] = {
		{ NSU_CONTAINER_IMAGE, "io.kubernetes.cri-o.ImageName" },
		{ NSU_CONTAINER_POD_NAMESPACE, "io.kubernetes.cri-o.Namespace" },
		{ NSU_CONTAINER_POD, "io.kubernetes.cri-o.KubeName" },
	};
	const char *type, *labels;
	struct json_object *object = NULL;
	size_t count = ARRAY_SIZE(from_labels);
	int r = 0, rest;

	type = nsi_json_text(annotations, "io.kubernetes.cri-o.ContainerType", NULL);
	labels = nsi_json_text(annotations, "io.kubernetes.cri-o.Labels", NULL);
	if (type && !strcmp(type, "sandbox")) {
		c->kind = NSU_POD_PAUSE;
		count -= 2;	/* "POD" */
	}
	if (labels)
		r = nsi_json_parse(labels, strlen(labels), &object);
	if (!r)
		r = nsi_container_take(n, c, object, from_labels, count);
	json_object_put(object);
	rest = nsi_container_take(n, c, annotations, from_labels, count);
	r = r < 0 ? r : rest;
	rest = nsi_container_take(n, c, annotations, own, ARRAY_SIZE(own));
	return r < 0 ? r : rest;
}

static int look(struct nsi_naming *n, struct nsu_container *c, const char *storage)
{
	const char *id = c->text[NSU_CONTAINER_ID];
	struct json_object *annotations = NULL;
	char path[PATH_MAX];
	int dir = nsi_states_dir(n->states, storage, 0), r, rest;

	if (dir < 0)
		return dir == -ENOTDIR ? -ENOENT : dir;
	snprintf(path, sizeof(path), "%s/userdata/config.json", id);
	r = nsi_states_json_part(n->states, dir, path, 0, "annotations", &annotations);
	if (r < 0)
		return r;
	r = take(n, c, annotations);
	json_object_put(annotations);
	snprintf(path, sizeof(path), "%s/%s/userdata/config.json", storage, id);
	rest = nsi_container_set(n, c, NSU_CONTAINER_SOURCE, path);
	return r < 0 ? r : rest;
}

int nsi_crio_name(struct nsi_naming *n, struct nsu_container *c)
{
	static const char *const storages[] = {
		"/run/containers/storage/overlay-containers",
		"/var/lib/containers/storage/overlay-containers",
		"/run/containers/storage/vfs-containers",
		"/var/lib/containers/storage/vfs-containers",
	};
	int error = -ENOENT;

	if (!n->states || c->claim || !nsi_is_hex_id(c->text[NSU_CONTAINER_ID]))
		return -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(storages); i++) {
		int r = look(n, c, storages[i]);

		if (!r)
			return 0;
		error = error == -ENOENT ? r : error;
	}
	return nsi_logs_name(n, c) == -ENOMEM ? -ENOMEM : error;
}
