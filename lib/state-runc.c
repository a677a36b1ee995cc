/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * runc and crun: ROOT/ID has one file of JSON with the first process and its start, which
 * tells whether that is the container's still. Those that Podman, Docker and containerd
 * start by them are there as well, containerd's below a directory for each namespace.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "state-oci.h"
#include "walk.h"

/* A user's file may name any process: it is the user's where a user namespace of the
   user's making confines it. */
static bool is_of(const struct nsi_oci_visit *v, pid_t pid)
{
	const struct nsu_snapshot *snap = v->n->snap;
	const struct nsu_task *task;
	const struct nsu_ns *ns;

	if (!v->uid)
		return true;
	if (nsu_snapshot_find_task(snap, pid, &task) < 0 ||
	    task->ns[NSU_USER] == NSI_NONE)
		return false;
	ns = &snap->ns[task->ns[NSU_USER]];
	return !ns->creator_state && ns->creator == v->uid;
}

static const struct nsi_engine *engine_of(const struct nsi_oci_visit *v,
					  const char *manager)
{
	static const struct { const char *word, *engine; } spaces[] = {
		{ "moby", "docker" }, { "k8s.io", "kubernetes" },
	}, managers[] = {
		{ "libpod", "podman" }, { "cri-o", "cri-o" },
	};

	for (size_t i = 0; v->space && i < ARRAY_SIZE(spaces); i++)
		if (!strcmp(v->space, spaces[i].word))
			return nsi_engine_find(spaces[i].engine);
	for (size_t i = 0; manager && i < ARRAY_SIZE(managers); i++)
		if (!strcmp(manager, managers[i].word))
			return nsi_engine_find(managers[i].engine);
	return nsi_engine_find(v->space ? "containerd" : v->runtime->name);
}

/* What it has of annotations, a list of "KEY=VALUE" or an object. */
static const char *annotation(struct json_object *from, const char *key)
{
	size_t length = strlen(key);

	if (!json_object_is_type(from, json_type_array))
		return nsi_json_text(from, key, NULL);
	for (size_t i = 0; i < json_object_array_length(from); i++) {
		struct json_object *item = json_object_array_get_idx(from, i);
		const char *text = nsi_json_text(item, NULL);

		if (text && !strncmp(text, key, length) && text[length] == '=')
			return text + length + 1;
	}
	return NULL;
}

static int tell(const struct nsi_oci_visit *v, const char *id, pid_t pid, int64_t start,
		struct json_object *annotations)
{
	const char *manager = annotation(annotations, "io.container.manager");
	char source[PATH_MAX];
	struct nsi_found found = {
		.engine = engine_of(v, manager), .init = pid, .start = start, .id = id,
		.runtime = v->runtime->name, .source = source, .has_uid = true,
		.uid = v->uid,
		.image = annotation(annotations, "org.opencontainers.image.ref.name"),
	};

	snprintf(source, sizeof(source), "%s/%s/%s", v->path, id, v->runtime->file);
	return nsi_naming_found(v->n, &found);
}

static bool cut_number(const char *text, size_t length, const char *key, int64_t *ret)
{
	const char *value;
	size_t value_length;
	char *end;

	if (nsi_json_cut(text, length, key, &value, &value_length) < 0)
		return false;
	errno = 0;
	*ret = strtoll(value, &end, 10);
	return !errno && end == value + value_length;
}

/* Its file has the whole configuration, of which little is wanted: no more is parsed. */
static int read_runc(const struct nsi_oci_visit *v, const char *id)
{
	struct json_object *labels = NULL;
	nsi_autofree char *text = NULL;
	const char *config, *list;
	char path[NAME_MAX + 16];
	size_t config_length, list_length;
	int64_t pid, start;
	ssize_t length;
	int r;

	snprintf(path, sizeof(path), "%s/%s", id, v->runtime->file);
	length = nsi_states_read(v->n->states, v->dir, path, v->uid, NSI_STATE_LIMIT,
				 &text);
	if (length < 0)
		return length;
	if (!cut_number(text, length, "init_process_pid", &pid) ||
	    !cut_number(text, length, "init_process_start", &start))
		return -EBADMSG;
	/* None yet. */
	if (pid <= 0 || pid > INT_MAX || start < 0 || !is_of(v, pid))
		return 0;
	if (!nsi_json_cut(text, length, "config", &config, &config_length) &&
	    !nsi_json_cut(config, config_length, "labels", &list, &list_length))
		nsi_json_parse(list, list_length, &labels);
	r = tell(v, id, pid, start, labels);
	json_object_put(labels);
	return r;
}

static int read_crun(const struct nsi_oci_visit *v, const char *id)
{
	struct json_object *status = NULL, *annotations = NULL;
	char path[NAME_MAX + 16];
	int64_t pid = 0, start = -1;
	bool whole;
	int r;

	snprintf(path, sizeof(path), "%s/%s", id, v->runtime->file);
	r = nsi_states_json(v->n->states, v->dir, path, v->uid, &status);
	if (r < 0)
		return r;
	whole = nsi_json_number(status, &pid, "pid", NULL) &&
		nsi_json_number(status, &start, "process-start-time", NULL);
	json_object_put(status);
	if (!whole)
		return -EBADMSG;
	if (pid <= 0 || pid > INT_MAX || start < 0 || !is_of(v, pid))
		return 0;
	snprintf(path, sizeof(path), "%s/config.json", id);
	r = nsi_states_json_part(v->n->states, v->dir, path, v->uid, "annotations",
				 &annotations);
	if (nsi_is_fatal(r))
		return r;
	r = tell(v, id, pid, start, annotations);
	json_object_put(annotations);
	return r;
}

int nsi_runc_find(struct nsi_naming *n)
{
	static const struct nsi_oci runc = {
		"runc", "state.json",
		{ { "/run/runc", false }, { "/run/docker/runtime-runc", true },
		  { "/run/containerd/runc", true } },
		{ { "runc", false }, { "docker/runtime-runc", true } }, read_runc,
	};

	return nsi_oci_find(n, &runc);
}

int nsi_crun_find(struct nsi_naming *n)
{
	static const struct nsi_oci crun = {
		"crun", "status",
		{ { "/run/crun", false }, { "/run/docker/runtime-runc", true },
		  { "/run/containerd/runc", true } },
		{ { "crun", false } }, read_crun,
	};

	return nsi_oci_find(n, &crun);
}

/* All there is was told when it was found. */
int nsi_runc_name(struct nsi_naming *n, struct nsu_container *c)
{
	return nsi_container_set(n, c, NSU_CONTAINER_RUNTIME, c->engine->name);
}
