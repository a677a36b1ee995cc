/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * containerd: STATE/io.containerd.runtime.v2.task/NAMESPACE/ID, a directory that goes
 * with the container. Whatever STATE is, a shim has such a directory for its own: that
 * of the first container of its pod.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "states.h"

#define TASKS		"io.containerd.runtime.v2.task"
#define MAX_DIRS	64

struct containerd {
	struct tasks {
		char *path;		/* ".../k8s.io" */
		int dir;
	} tasks[MAX_DIRS];
	size_t count;
	int error;			/* why some of the usual ones cannot be read */
};

static void free_containerd(void *data)
{
	struct containerd *containerd = data;

	for (size_t i = 0; i < containerd->count; i++)
		free(containerd->tasks[i].path);
	free(containerd);
}

static int add_tasks(struct nsi_naming *n, struct containerd *containerd,
		     const char *path, uid_t uid)
{
	struct tasks *tasks = &containerd->tasks[containerd->count];
	int dir;

	for (size_t i = 0; i < containerd->count; i++)
		if (!strcmp(containerd->tasks[i].path, path))
			return 0;
	dir = nsi_states_dir(n->states, path, uid);
	if (dir < 0)
		return dir == -ENOENT || dir == -ENOTDIR ? 0 : dir;
	if (containerd->count == MAX_DIRS)
		return -E2BIG;
	tasks->path = strdup(path);
	if (!tasks->path)
		return -ENOMEM;
	tasks->dir = dir;
	containerd->count++;
	return 0;
}

static int add_state(struct nsi_naming *n, struct containerd *containerd,
		     const char *state)
{
	char path[PATH_MAX], **names = NULL;
	int dir, r, error = 0;

	snprintf(path, sizeof(path), "%s/" TASKS, state);
	dir = nsi_states_dir(n->states, path, 0);
	if (dir < 0)
		return dir == -ENOENT || dir == -ENOTDIR ? 0 : dir;
	r = nsi_states_list(n->states, dir, &names);
	if (r < 0)
		return r;
	for (size_t i = 0; names[i]; i++) {
		snprintf(path, sizeof(path), "%s/" TASKS "/%s", state, names[i]);
		r = add_tasks(n, containerd, path, 0);
		error = error ? error : r;
	}
	nsi_names_free(names);
	return error;
}

static struct containerd *get_containerd(struct nsi_naming *n)
{
	static const char *const states[] = {
		"/run/containerd", "/run/docker/containerd/daemon", "/run/k3s/containerd",
		"/run/k0s/containerd", "/var/snap/microk8s/common/run/containerd",
	};
	void **slot = nsi_states_slot(n->states, NSI_SLOT_CONTAINERD, free_containerd);
	struct containerd *containerd = *slot;

	if (containerd)
		return containerd;
	containerd = calloc(1, sizeof(*containerd));
	if (!containerd)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		int r = add_state(n, containerd, states[i]);

		containerd->error = containerd->error ? containerd->error : r;
	}
	*slot = containerd;
	return containerd;
}

/* The process whose child its first one is, where that is a shim. */
static int add_shims(struct nsi_naming *n, struct containerd *containerd,
		     const struct nsu_container *c)
{
	char name[32], path[PATH_MAX], *slash;
	uid_t uid = c->has_uid ? c->uid : 0;
	pid_t shim = nsi_parent_called(n, c, "containerd-shim", uid);
	ssize_t len;

	if (!shim)
		return 0;
	snprintf(name, sizeof(name), "%d/cwd", (int)shim);
	len = readlinkat(n->ctx->proc_fd, name, path, sizeof(path) - 1);
	if (len < 0)
		return nsi_errno();
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (!slash || path[0] != '/' || !strstr(path, "/" TASKS "/"))
		return 0;
	*slash = '\0';
	return add_tasks(n, containerd, path, uid);
}

static bool is_of(const struct tasks *tasks, const char *namespace)
{
	return !strcmp(strrchr(tasks->path, '/') + 1, namespace);
}

/* Of an id that anyone may choose, another containerd may have the same. */
static int check_init(struct nsi_naming *n, const struct tasks *tasks,
		      const struct nsu_container *c)
{
	const char *id = c->text[NSU_CONTAINER_ID];
	nsi_autofree char *text = NULL;
	char path[NAME_MAX + 16];
	ssize_t len;

	if (nsi_is_hex_id(id))
		return 0;
	snprintf(path, sizeof(path), "%s/init.pid", id);
	len = nsi_states_read(n->states, tasks->dir, path, c->has_uid ? c->uid : 0, 32,
			      &text);
	if (len < 0)
		return len;
	return c->init != NSI_NONE &&
		strtol(text, NULL, 10) == n->snap->tasks[c->init].pid ? 0 : -ENOENT;
}

static int take_annotations(struct nsi_naming *n, struct nsu_container *c,
			    struct json_object *annotations)
{
	static const struct nsi_json_want want[] = {
		{ NSU_CONTAINER_NAME, "io.kubernetes.cri.container-name" },
		{ NSU_CONTAINER_IMAGE, "io.kubernetes.cri.image-name" },
		{ NSU_CONTAINER_POD_CONTAINER, "io.kubernetes.cri.container-name" },
		{ NSU_CONTAINER_POD, "io.kubernetes.cri.sandbox-name" },
		{ NSU_CONTAINER_POD_NAMESPACE, "io.kubernetes.cri.sandbox-namespace" },
		{ NSU_CONTAINER_POD_UID, "io.kubernetes.cri.sandbox-uid" },
		/* as nerdctl has it */
		{ NSU_CONTAINER_NAME, "nerdctl/name" },
		{ NSU_CONTAINER_IMAGE, "nerdctl/image-name" },
		{ NSU_CONTAINER_PROJECT, "com.docker.compose.project" },
		{ NSU_CONTAINER_SERVICE, "com.docker.compose.service" },
	};
	const char *type = nsi_json_text(annotations, "io.kubernetes.cri.container-type",
					 NULL);

	if (type && !strcmp(type, "sandbox"))
		c->kind = NSU_POD_PAUSE;
	return nsi_container_take(n, c, annotations, want, ARRAY_SIZE(want));
}

static int take(struct nsi_naming *n, const struct tasks *tasks, struct nsu_container *c)
{
	static const char *const keys[] = { "annotations", NULL };
	const char *id = c->text[NSU_CONTAINER_ID];
	struct json_object *object = NULL, *annotations = NULL;
	char path[PATH_MAX + NAME_MAX + 16];
	int r = check_init(n, tasks, c), rest;

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/config.json", id);
	r = nsi_states_json_keys(n->states, tasks->dir, path, c->has_uid ? c->uid : 0,
				 keys, &object);
	if (r < 0)
		return r;
	/* Without any it is a configuration as well. */
	json_object_object_get_ex(object, keys[0], &annotations);
	if (annotations)
		r = json_object_is_type(annotations, json_type_object) ?
			take_annotations(n, c, annotations) : -EBADMSG;
	json_object_put(object);
	if (!nsi_is_hex_id(id)) {
		rest = nsi_container_set(n, c, NSU_CONTAINER_NAME, id);
		r = r < 0 ? r : rest;
	}
	snprintf(path, sizeof(path), "%s/%s/config.json", tasks->path, id);
	rest = nsi_container_set(n, c, NSU_CONTAINER_SOURCE, path);
	return r < 0 ? r : rest;
}

/* Docker's own containerd has its containers in there, but not their names. */
static int ask_docker(struct nsi_naming *n, const struct tasks *tasks,
		      struct nsu_container *c)
{
	int r;

	if (faccessat(tasks->dir, c->text[NSU_CONTAINER_ID], F_OK,
		      AT_SYMLINK_NOFOLLOW) < 0)
		return nsi_errno();
	r = nsi_docker_name(n, c);
	if (!r)
		c->engine = nsi_engine_find("docker");
	return r;
}

static int look(struct nsi_naming *n, const struct containerd *containerd,
		struct nsu_container *c, size_t from)
{
	int error = -ENOENT;

	for (size_t i = from; i < containerd->count; i++) {
		const struct tasks *tasks = &containerd->tasks[i];
		int r = is_of(tasks, "moby") ? ask_docker(n, tasks, c) :
			take(n, tasks, c);

		if (!r)
			return 0;
		if (error == -ENOENT)
			error = r;
	}
	return error;
}

int nsi_containerd_name(struct nsi_naming *n, struct nsu_container *c)
{
	struct containerd *containerd;
	int r, error;

	if (!n->states || c->claim || !nsi_is_plain_name(c->text[NSU_CONTAINER_ID]))
		return -ENOENT;
	containerd = get_containerd(n);
	if (!containerd)
		return -ENOMEM;
	error = containerd->error;
	r = look(n, containerd, c, 0);
	if (r == -ENOENT) {
		size_t known = containerd->count;
		int added = add_shims(n, containerd, c);

		error = added < 0 ? added : error;
		r = look(n, containerd, c, known);
	}
	/* They tell less, and not that it is containerd's. */
	if (r < 0 && c->engine->kubernetes && nsi_logs_name(n, c) == -ENOMEM)
		return -ENOMEM;
	return r == -ENOENT && error ? error : r;
}
