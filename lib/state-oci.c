/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where runc and crun have their directories, and in whose name they are read. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "state-oci.h"
#include "walk.h"

#define MAX_USERS	256
#define MAX_OF_USER	1024	/* names in a directory of a user's */

static uint64_t key_of(const char *id)
{
	char digits[17];

	snprintf(digits, sizeof(digits), "%.16s", id);
	return strtoull(digits, NULL, 16) | 1;
}

/* Those that cgroups told, by their ids: nothing of them is read here. */
static int note_known(struct nsi_naming *n, struct nsi_idmap *known)
{
	int r = 0;

	for (uint32_t i = 0; i < n->snap->container_count && !r; i++) {
		const struct nsu_container *c = &n->snap->containers[i];
		const char *id = c->text[NSU_CONTAINER_ID];

		if (!c->claim && nsi_is_hex_id(id))
			r = nsi_idmap_add(known, key_of(id), i);
	}
	return r;
}

static struct nsu_container *find_known(const struct nsi_oci_visit *v,
					const char *id)
{
	uint32_t index = NSI_NONE;
	struct nsu_container *c;

	if (nsi_is_hex_id(id))
		index = nsi_idmap_find(v->known, key_of(id));
	if (index == NSI_NONE)
		return NULL;
	c = &v->n->snap->containers[index];
	return !strcmp(c->text[NSU_CONTAINER_ID], id) && c->has_uid && c->uid == v->uid ?
		c : NULL;
}

/* Docker and containerd have the same root for whichever they use. */
static bool has_file(const struct nsi_oci_visit *v, const char *id)
{
	char path[NAME_MAX + 16];
	int fd;

	if (!v->space)
		return true;
	snprintf(path, sizeof(path), "%s/%s", id, v->runtime->file);
	fd = openat(v->dir, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int take_one(struct nsi_oci_visit *v, const char *id)
{
	struct nsu_container *c = find_known(v, id);
	int r;

	/* A directory of a user may lead anywhere. */
	if (c && (v->uid || !has_file(v, id)))
		return 0;
	if (c)
		return nsi_container_set(v->n, c, NSU_CONTAINER_RUNTIME,
					 v->runtime->name);
	r = v->runtime->read(v, id);
	/* Removed since; and what another user has is not ours to read. */
	if (r >= 0 || r == -ENOENT || r == -ENOTDIR || r == -EACCES || nsi_is_fatal(r))
		return nsi_is_fatal(r) ? r : 0;
	if (v->uid && v->told)
		return 0;
	v->told = true;
	return v->n->b ? nsi_builder_add_gap(v->n->b, 0, 0, "state", r) : 0;
}

static int take_dir(struct nsi_oci_visit *v, const char *path)
{
	char **names = NULL;
	int r = 0, count;

	v->path = path;
	v->dir = nsi_states_dir(v->n->states, path, v->uid);
	if (v->dir < 0)
		return nsi_is_fatal(v->dir) ? v->dir : 0;
	count = nsi_states_list(v->n->states, v->dir, &names);
	if (count < 0)
		return nsi_is_fatal(count) ? count : 0;
	for (int i = 0; i < count && !r && (!v->uid || i < MAX_OF_USER); i++)
		if (nsi_is_plain_name(names[i]))
			r = take_one(v, names[i]);
	nsi_names_free(names);
	return r;
}

static int take_spaces(struct nsi_oci_visit *v, const char *path)
{
	int dir = nsi_states_dir(v->n->states, path, v->uid), count, r = 0;
	char **names = NULL;

	if (dir < 0)
		return nsi_is_fatal(dir) ? dir : 0;
	count = nsi_states_list(v->n->states, dir, &names);
	if (count < 0)
		return nsi_is_fatal(count) ? count : 0;
	for (int i = 0; i < count && !r; i++) {
		char below[PATH_MAX];

		if (!nsi_is_plain_name(names[i]))
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, names[i]);
		v->space = names[i];
		r = take_dir(v, below);
	}
	v->space = NULL;
	nsi_names_free(names);
	return r;
}

static int take_root(struct nsi_oci_visit *v, const struct nsi_oci_root *root,
		     const char *path)
{
	return root->spaces ? take_spaces(v, path) : take_dir(v, path);
}

/* Few users have one: looked for without keeping what is not there. */
static int take_user(struct nsi_oci_visit *v, int users, const char *name)
{
	char path[PATH_MAX], *end;
	unsigned long uid = strtoul(name, &end, 10);
	int r = 0;

	if (*end || !uid || uid >= UINT32_MAX)
		return 0;
	v->uid = uid;
	v->told = false;
	for (size_t i = 0; i < ARRAY_SIZE(v->runtime->user_roots) && !r; i++) {
		const struct nsi_oci_root *root = &v->runtime->user_roots[i];
		nsi_autoclose int fd = -1;

		if (!root->path)
			break;
		/* Not further: below may be a file system of the user's own. */
		snprintf(path, sizeof(path), "%s/%.*s", name,
			 (int)strcspn(root->path, "/"), root->path);
		fd = openat(users, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			continue;
		snprintf(path, sizeof(path), "/run/user/%s/%s", name, root->path);
		r = take_root(v, root, path);
	}
	return r;
}

static int take_users(struct nsi_oci_visit *v)
{
	int users = nsi_states_dir(v->n->states, "/run/user", 0), count, r = 0;
	char **names = NULL;

	if (users < 0)
		return nsi_is_fatal(users) ? users : 0;
	count = nsi_states_list(v->n->states, users, &names);
	if (count < 0)
		return nsi_is_fatal(count) ? count : 0;
	for (int i = 0; i < count && i < MAX_USERS && !r; i++)
		r = take_user(v, users, names[i]);
	nsi_names_free(names);
	return r;
}

int nsi_oci_find(struct nsi_naming *n, const struct nsi_oci *runtime)
{
	struct nsi_idmap known = { 0 };
	struct nsi_oci_visit v = { .n = n, .runtime = runtime, .known = &known };
	int r;

	if (!n->states)
		return 0;
	r = note_known(n, &known);
	for (size_t i = 0; i < ARRAY_SIZE(runtime->roots) && !r; i++)
		if (runtime->roots[i].path)
			r = take_root(&v, &runtime->roots[i], runtime->roots[i].path);
	if (!r)
		r = take_users(&v);
	nsi_idmap_free(&known);
	return r;
}
