/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Docker: DATA/containers/ID/config.v2.json, which is replaced as a whole when something
 * changes. DATA is /var/lib/docker, or what the daemon's own file or command line says.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "states.h"

#define MAX_ROOTS	64
#define MAX_USERS	64

struct root {
	char *path;			/* ".../containers" */
	uid_t uid;
	int dir;
};

struct docker {
	struct root roots[MAX_ROOTS];
	size_t count;
	struct {
		uid_t uid;
		int error;		/* why some cannot be read */
	} users[MAX_USERS];		/* whose roots are known */
	size_t user_count;
	bool asked;			/* daemons that run */
};

static void free_docker(void *data)
{
	struct docker *docker = data;

	for (size_t i = 0; i < docker->count; i++)
		free(docker->roots[i].path);
	free(docker);
}

static int add_dir(struct nsi_naming *n, struct docker *docker, const char *path,
		   uid_t uid, uid_t owner)
{
	struct root *root = &docker->roots[docker->count];
	char *copy;
	int dir;

	for (size_t i = 0; i < docker->count; i++)
		if (docker->roots[i].uid == uid && !strcmp(docker->roots[i].path, path))
			return 0;
	dir = nsi_states_dir(n->states, path, owner);
	if (dir < 0 || docker->count == MAX_ROOTS)
		return dir < 0 && dir != -ENOENT && dir != -ENOTDIR ? dir : 0;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	*root = (struct root){ copy, uid, dir };
	docker->count++;
	return 0;
}

/* "100000.100000": what belongs to root of a user namespace of that daemon. */
static bool is_remapped(const char *name, unsigned *ret)
{
	unsigned gid;
	int len = 0;

	return sscanf(name, "%9u.%9u%n", ret, &gid, &len) == 2 && !name[len];
}

/* The first error of those that hide something. */
static int add_root(struct nsi_naming *n, struct docker *docker, const char *data,
		    uid_t uid)
{
	char path[PATH_MAX], **names = NULL;
	int dir, r;

	if (!data || data[0] != '/' || strlen(data) > PATH_MAX - 64)
		return 0;
	snprintf(path, sizeof(path), "%s/containers", data);
	r = add_dir(n, docker, path, uid, uid);
	dir = nsi_states_dir(n->states, data, uid);
	if (dir < 0 || nsi_states_list(n->states, dir, &names) < 0)
		return r;
	for (size_t i = 0; names[i]; i++) {
		unsigned owner;

		if (!is_remapped(names[i], &owner))
			continue;
		snprintf(path, sizeof(path), "%s/%s/containers", data, names[i]);
		add_dir(n, docker, path, uid, owner);
	}
	nsi_names_free(names);
	return r;
}

/* data-root in daemon.json; of old daemons graph. */
static void add_configured(struct nsi_naming *n, struct docker *docker,
			   const char *config, uid_t uid)
{
	struct json_object *object = NULL;
	const char *slash = strrchr(config, '/');
	char folder[PATH_MAX];
	int dir;

	if (!slash || strlen(config) >= sizeof(folder))
		return;
	snprintf(folder, sizeof(folder), "%.*s/", (int)(slash - config), config);
	dir = nsi_states_dir(n->states, folder, uid);
	if (dir < 0 || nsi_states_json(n->states, dir, slash + 1, uid, &object) < 0)
		return;
	add_root(n, docker, nsi_json_text(object, "data-root", NULL), uid);
	add_root(n, docker, nsi_json_text(object, "graph", NULL), uid);
	json_object_put(object);
}

static int add_roots(struct nsi_naming *n, struct docker *docker, uid_t uid)
{
	const char *home;
	char path[PATH_MAX];
	int r;

	if (!uid) {
		add_configured(n, docker, "/etc/docker/daemon.json", 0);
		r = add_root(n, docker, "/var/lib/docker", 0);
		add_root(n, docker, "/var/snap/docker/common/var-lib-docker", 0);
		return r;
	}
	r = nsi_states_home(n->states, uid, &home);
	if (r < 0 || strlen(home) > PATH_MAX - 64)
		return r < 0 ? r : -ENAMETOOLONG;
	snprintf(path, sizeof(path), "%s/.config/docker/daemon.json", home);
	add_configured(n, docker, path, uid);
	snprintf(path, sizeof(path), "%s/.local/share/docker", home);
	return add_root(n, docker, path, uid);
}

/* Once for each user: 0, or why some of what there is cannot be read. */
static int know_user(struct nsi_naming *n, struct docker *docker, uid_t uid)
{
	size_t i = 0;

	while (i < docker->user_count && docker->users[i].uid != uid)
		i++;
	if (i == MAX_USERS)
		return -E2BIG;
	if (i < docker->user_count)
		return docker->users[i].error;
	docker->users[i].uid = uid;
	docker->users[i].error = add_roots(n, docker, uid);
	docker->user_count++;
	return docker->users[i].error;
}

/* ---- daemons ---------------------------------------------------------------------- */

/* In a sandbox that nobody claims root's files are not where the path leads to here. */
static bool is_hosts(const struct nsu_snapshot *snap, const struct nsu_task *task)
{
	static const enum nsu_type types[] = { NSU_USER, NSU_PID };
	const struct nsu_task *host;

	if (snap->ref_task == NSI_NONE)
		return true;
	host = &snap->tasks[snap->ref_task];
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (task->ns[types[i]] != host->ns[types[i]] &&
		    task->ns[types[i]] != NSI_NONE && host->ns[types[i]] != NSI_NONE)
			return false;
	return true;
}

/* Only one that could be the container's: any process can call itself so. */
static void ask_daemon(struct nsi_naming *n, struct docker *docker,
		       const struct nsu_task *task)
{
	nsi_autofree char *args = NULL;
	char comm[64];
	const char *value;
	int64_t start;
	ssize_t length;
	pid_t ppid;
	uid_t uid;

	if (nsi_stat_of(n, task->pid, &ppid, &start, comm) < 0 ||
	    strcmp(comm, "dockerd") || !nsi_is_program(n, task->pid, "dockerd") ||
	    !nsi_real_uid_of(n, task->pid, &uid) || (!uid && !is_hosts(n->snap, task)))
		return;
	length = nsi_cmdline_of(n, task->pid, &args);
	if (length <= 0)
		return;
	value = nsi_argument(args, length, "--config-file");
	if (value)
		add_configured(n, docker, value, uid);
	value = nsi_argument(args, length, "--data-root");
	add_root(n, docker, value ? value : nsi_argument(args, length, "-g"), uid);
}

/* Once, and where a container is in none of the usual places. */
static bool ask_daemons(struct nsi_naming *n, struct docker *docker)
{
	size_t before = docker->count;

	if (docker->asked)
		return false;
	docker->asked = true;
	for (size_t i = 0; i < n->snap->task_count; i++) {
		const struct nsu_task *task = &n->snap->tasks[i];

		if (!(task->flags & NSI_TASK_THREAD) && task->container == NSI_NONE)
			ask_daemon(n, docker, task);
	}
	return docker->count > before;
}

/* ---- a container ------------------------------------------------------------------ */

/* k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT of dockershim and cri-dockerd; names there have
   no "_". Of a pod's sandbox CONTAINER is POD. */
static int take_kubernetes_name(struct nsi_naming *n, struct nsu_container *c,
				const char *name)
{
	static const enum nsu_container_text what[] = {
		NSU_CONTAINER_POD_CONTAINER, NSU_CONTAINER_POD,
		NSU_CONTAINER_POD_NAMESPACE, NSU_CONTAINER_POD_UID,
	};
	nsi_autofree char *copy = strdup(name + 4);
	char *part[5], *rest = copy;
	int r = 0;

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(part); i++)
		part[i] = strsep(&rest, "_");
	if (!part[ARRAY_SIZE(part) - 1])
		return 0;
	if (!strcmp(part[0], "POD"))
		c->kind = NSU_POD_PAUSE;
	for (size_t i = c->kind == NSU_POD_PAUSE; i < ARRAY_SIZE(what) && !r; i++)
		r = nsi_container_set(n, c, what[i], part[i]);
	return r;
}

static int take_labels(struct nsi_naming *n, struct nsu_container *c,
		       struct json_object *labels)
{
	static const struct nsi_json_want want[] = {
		{ NSU_CONTAINER_PROJECT, "com.docker.compose.project" },
		{ NSU_CONTAINER_SERVICE, "com.docker.compose.service" },
		{ NSU_CONTAINER_POD, "io.kubernetes.pod.name" },
		{ NSU_CONTAINER_POD_NAMESPACE, "io.kubernetes.pod.namespace" },
		{ NSU_CONTAINER_POD_UID, "io.kubernetes.pod.uid" },
		{ NSU_CONTAINER_POD_CONTAINER, "io.kubernetes.container.name" },
	};
	const char *type = nsi_json_text(labels, "io.kubernetes.docker.type", NULL);
	bool pause = type && !strcmp(type, "podsandbox");

	if (pause)
		c->kind = NSU_POD_PAUSE;
	/* A sandbox has a name for a container as well, "POD". */
	return nsi_container_take(n, c, labels, want, ARRAY_SIZE(want) - pause);
}

static int first_error(int a, int b)
{
	return a < 0 ? a : b;
}

static int take(struct nsi_naming *n, struct nsu_container *c, const char *id,
		struct json_object *object, const char *path)
{
	const char *own = nsi_json_text(object, "ID", NULL);
	const char *name = nsi_json_text(object, "Name", NULL);
	const char *image = nsi_json_text(object, "Config", "Image", NULL);
	struct json_object *config = NULL, *labels = NULL;
	int r = 0;

	if (!own || strcmp(own, id))
		return -EBADMSG;
	if (name) {
		name += *name == '/';
		r = nsi_container_set(n, c, NSU_CONTAINER_NAME, name);
	}
	if (image)
		r = first_error(r, nsi_container_set(n, c, NSU_CONTAINER_IMAGE, image));
	if (json_object_object_get_ex(object, "Config", &config) &&
	    json_object_is_type(config, json_type_object) &&
	    json_object_object_get_ex(config, "Labels", &labels))
		r = first_error(r, take_labels(n, c, labels));
	if (name && !strncmp(name, "k8s_", 4))
		r = first_error(r, take_kubernetes_name(n, c, name));
	return first_error(r, nsi_container_set(n, c, NSU_CONTAINER_SOURCE, path));
}

static int look(struct nsi_naming *n, struct docker *docker, struct nsu_container *c,
		uid_t uid)
{
	static const char *const keys[] = { "ID", "Name", "Config", NULL };
	const char *id = c->text[NSU_CONTAINER_ID];
	int error = -ENOENT;

	for (size_t i = 0; i < docker->count; i++) {
		const struct root *root = &docker->roots[i];
		struct json_object *object = NULL;
		char path[PATH_MAX + 128];
		int r;

		if (root->uid != uid)
			continue;
		snprintf(path, sizeof(path), "%s/config.v2.json", id);
		r = nsi_states_json_keys(n->states, root->dir, path, uid, keys, &object);
		if (r < 0) {
			error = error == -ENOENT ? r : error;
			continue;
		}
		snprintf(path, sizeof(path), "%s/%s/config.v2.json", root->path, id);
		r = take(n, c, id, object, path);
		json_object_put(object);
		return r;
	}
	return error;
}

int nsi_docker_name(struct nsi_naming *n, struct nsu_container *c)
{
	void **slot;
	uid_t uid = c->has_uid ? c->uid : 0;
	int hidden, r;

	if (!n->states || c->claim || !nsi_is_hex_id(c->text[NSU_CONTAINER_ID]))
		return -ENOENT;
	slot = nsi_states_slot(n->states, NSI_SLOT_DOCKER, free_docker);
	if (!*slot)
		*slot = calloc(1, sizeof(struct docker));
	if (!*slot)
		return -ENOMEM;
	hidden = know_user(n, *slot, uid);
	r = look(n, *slot, c, uid);
	if (r == -ENOENT && ask_daemons(n, *slot))
		r = look(n, *slot, c, uid);
	return r == -ENOENT && hidden ? hidden : r;
}
