/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What kubelet calls the logs of pods, /var/log/pods/NAMESPACE_POD_UID, and of
 * containers, /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log. Everyone may list them,
 * mostly; no name of Kubernetes has "_".
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "states.h"

#define PODS		"/var/log/pods"
#define CONTAINERS	"/var/log/containers"

struct logs {
	char **pods, **containers;
};

static void free_logs(void *data)
{
	struct logs *logs = data;

	nsi_names_free(logs->pods);
	nsi_names_free(logs->containers);
	free(logs);
}

static char **list(struct nsi_naming *n, const char *path)
{
	int dir = nsi_states_dir(n->states, path, 0);
	char **names = NULL;

	return dir < 0 || nsi_states_list(n->states, dir, &names) < 0 ? NULL : names;
}

static const struct logs *get_logs(struct nsi_naming *n)
{
	void **slot = nsi_states_slot(n->states, NSI_SLOT_LOGS, free_logs);
	struct logs *logs = *slot;

	if (logs)
		return logs;
	logs = calloc(1, sizeof(*logs));
	if (!logs)
		return NULL;
	logs->pods = list(n, PODS);
	logs->containers = list(n, CONTAINERS);
	*slot = logs;
	return logs;
}

/* The one that ends so, with before in front of that. */
static const char *find_name(char **names, char before, const char *end)
{
	size_t len = strlen(end);

	for (; names && *names; names++) {
		size_t all = strlen(*names);

		if (all > len + 1 && (*names)[all - len - 1] == before &&
		    !strcmp(*names + all - len, end))
			return *names;
	}
	return NULL;
}

/* Its first words, separated by "_", up to the end. */
static int take_words(struct nsi_naming *n, struct nsu_container *c, const char *name,
		      size_t length, const enum nsu_container_text *what, size_t count)
{
	nsi_autofree char *copy = strndup(name, length);
	char *rest = copy;
	int r = 0;

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < count && rest && !r; i++)
		r = nsi_container_set(n, c, what[i], strsep(&rest, "_"));
	return r;
}

static int take_container(struct nsi_naming *n, struct nsu_container *c,
			  const struct logs *logs)
{
	static const enum nsu_container_text what[] = {
		NSU_CONTAINER_POD, NSU_CONTAINER_POD_NAMESPACE,
		NSU_CONTAINER_POD_CONTAINER,
	};
	char end[NAME_MAX + 8], path[NAME_MAX + 64];
	const char *name, *last;
	int r;

	snprintf(end, sizeof(end), "%.240s.log", c->text[NSU_CONTAINER_ID]);
	name = find_name(logs->containers, '-', end);
	if (!name)
		return -ENOENT;
	r = take_words(n, c, name, strlen(name) - strlen(end) - 1, what,
		       ARRAY_SIZE(what));
	last = c->text[NSU_CONTAINER_POD_CONTAINER];
	if (!r && last)
		r = nsi_container_set(n, c, NSU_CONTAINER_NAME, last);
	snprintf(path, sizeof(path), CONTAINERS "/%s", name);
	return r < 0 ? r : nsi_container_set(n, c, NSU_CONTAINER_SOURCE, path);
}

static int take_pod(struct nsi_naming *n, struct nsu_container *c,
		    const struct logs *logs)
{
	static const enum nsu_container_text what[] = {
		NSU_CONTAINER_POD_NAMESPACE, NSU_CONTAINER_POD,
	};
	const char *uid = c->text[NSU_CONTAINER_POD_UID], *name;
	char path[NAME_MAX + 64];
	int r;

	name = uid ? find_name(logs->pods, '_', uid) : NULL;
	if (!name)
		return -ENOENT;
	r = take_words(n, c, name, strlen(name) - strlen(uid) - 1, what,
		       ARRAY_SIZE(what));
	snprintf(path, sizeof(path), PODS "/%s", name);
	return r < 0 ? r : nsi_container_set(n, c, NSU_CONTAINER_SOURCE, path);
}

int nsi_logs_name(struct nsi_naming *n, struct nsu_container *c)
{
	const struct logs *logs = get_logs(n);
	int r, pod;

	if (!logs)
		return -ENOMEM;
	r = take_container(n, c, logs);
	pod = take_pod(n, c, logs);
	return r < 0 && r != -ENOENT ? r : pod == -ENOENT ? r : pod;
}
