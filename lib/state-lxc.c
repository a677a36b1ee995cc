/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LXC, which has LXCPATH/NAME/config, and LXD and Incus, which are built on it. Cgroups
 * of all three are called the same; the monitor tells LXCPATH, and that whose it is.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "states.h"
#include "walk.h"

#define CONFIG_LIMIT	(1 << 20)

const char *nsi_lxc_name_of(const char *id, size_t *ret)
{
	/* No instance has one in its name, a project may. */
	const char *end = strrchr(id, '_');

	if (ret)
		*ret = end ? (size_t)(end - id) : 0;
	return end ? end + 1 : id;
}

/* What LXC's templates note at the beginning: how they were called. */
static char *find_parameters(char *config)
{
	static const char note[] = "# Parameters passed to the template:";
	char *save = NULL;

	for (char *line = strtok_r(config, "\n", &save); line && *line == '#';
	     line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, note, sizeof(note) - 1))
			return line + sizeof(note) - 1;
	return NULL;
}

/* "--dist debian --release bookworm": "debian/bookworm" */
static bool read_image(char *config, char *ret, size_t size)
{
	const char *dist = NULL, *release = NULL;
	char *save = NULL, *parameters = find_parameters(config), *word;

	word = parameters ? strtok_r(parameters, " ", &save) : NULL;
	for (; word; word = strtok_r(NULL, " ", &save)) {
		const char **to = NULL;

		if (!strcmp(word, "-d") || !strcmp(word, "--dist"))
			to = &dist;
		if (!strcmp(word, "-r") || !strcmp(word, "--release"))
			to = &release;
		if (to)
			*to = strtok_r(NULL, " ", &save);
	}
	if (!dist)
		return false;
	snprintf(ret, size, "%s%s%s", dist, release ? "/" : "", release ? release : "");
	return true;
}

static int take_config(struct nsi_naming *n, struct nsu_container *c,
		       const char *lxcpath)
{
	const char *id = c->text[NSU_CONTAINER_ID];
	uid_t uid = c->has_uid ? c->uid : 0;
	nsi_autofree char *text = NULL;
	char path[PATH_MAX], image[256];
	int dir = nsi_states_dir(n->states, lxcpath, uid), r = 0;
	ssize_t len;

	if (dir < 0)
		return dir;
	snprintf(path, sizeof(path), "%s/config", id);
	len = nsi_states_read(n->states, dir, path, uid, CONFIG_LIMIT, &text);
	if (len < 0)
		return len;
	if (memchr(text, '\0', len))
		return -EBADMSG;
	if (read_image(text, image, sizeof(image)))
		r = nsi_container_set(n, c, NSU_CONTAINER_IMAGE, image);
	snprintf(path, sizeof(path), "%s/%s/config", lxcpath, id);
	return r < 0 ? r : nsi_container_set(n, c, NSU_CONTAINER_SOURCE, path);
}

static bool is_lxc(const struct nsi_engine *engine)
{
	return !strcmp(engine->name, "lxc") || !strcmp(engine->name, "incus") ||
		!strcmp(engine->name, "lxd");
}

/* In the name of the same user only. */
static int ask_monitor(struct nsi_naming *n, struct nsu_container *c,
		       struct nsi_found *found, char **buf)
{
	int r = -ENOENT;

	if (c->init != NSI_NONE)
		r = nsi_supervisor_find(n, &n->snap->tasks[c->init], found, buf);
	if (r < 0)
		return r;
	if (!is_lxc(found->engine) || strcmp(found->id, c->text[NSU_CONTAINER_ID]) ||
	    !c->has_uid || found->uid != c->uid)
		return -ENOENT;
	c->engine = found->engine;
	return 0;
}

/* Its name within its project. */
static int take_names(struct nsi_naming *n, struct nsu_container *c)
{
	const char *id = c->text[NSU_CONTAINER_ID], *name, *project;
	size_t length;
	int r;

	name = nsi_lxc_name_of(id, &length);
	r = nsi_container_set(n, c, NSU_CONTAINER_NAME, name);
	if (r < 0 || !length)
		return r;
	project = nsi_naming_keep(n, id, length);
	return !project ? -ENOMEM :
		nsi_container_set(n, c, NSU_CONTAINER_PROJECT, project);
}

int nsi_lxc_name(struct nsi_naming *n, struct nsu_container *c)
{
	const char *lxcpath = "/var/lib/lxc";
	struct nsi_found found = { 0 };
	nsi_autofree char *buf = NULL;
	int r;

	if (!nsi_is_plain_name(c->text[NSU_CONTAINER_ID]))
		return -ENOENT;
	r = ask_monitor(n, c, &found, &buf);
	if (nsi_is_fatal(r))
		return r;
	/* The others have their configuration in a database. */
	if (strcmp(c->engine->name, "lxc")) {
		r = take_names(n, c);
		return r < 0 ? r : -ENOENT;
	}
	if (!r && found.directory && *found.directory == '/')
		lxcpath = found.directory;
	r = take_config(n, c, lxcpath);
	return r == -EINVAL ? -ENOENT : r;
}
