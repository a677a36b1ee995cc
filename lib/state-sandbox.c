/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What firejail and gVisor left of a sandbox. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "states.h"
#include "walk.h"

#define FIREJAIL	"/run/firejail"

/* Names outlive who was killed: the process inside must be the one that is known. */
static int check_firejail(struct nsi_naming *n, const struct nsu_container *c)
{
	int dir = nsi_states_dir(n->states, FIREJAIL "/sandbox", 0);
	nsi_autofree char *text = NULL;
	ssize_t len;

	if (dir < 0)
		return dir;
	len = nsi_states_read(n->states, dir, c->text[NSU_CONTAINER_ID], 0, 64, &text);
	if (len < 0)
		return len;
	return c->init != NSI_NONE &&
		strtol(text, NULL, 10) == n->snap->tasks[c->init].pid ? 0 : -ESTALE;
}

int nsi_firejail_name(struct nsi_naming *n, struct nsu_container *c)
{
	const char *id = c->text[NSU_CONTAINER_ID];
	nsi_autofree char *text = NULL;
	char path[sizeof(FIREJAIL "/name/") + NAME_MAX];
	ssize_t len;
	int dir, r;

	if (!nsi_is_plain_name(id))
		return -ENOENT;
	r = check_firejail(n, c);
	/* Only root may read which process it is, anybody its name. */
	if (r == -ESTALE || nsi_is_fatal(r))
		return r == -ESTALE ? -ENOENT : r;
	dir = nsi_states_dir(n->states, FIREJAIL "/name", 0);
	if (dir < 0)
		return dir;
	len = nsi_states_read(n->states, dir, id, 0, 4096, &text);
	if (len < 0)	/* it need not have one */
		return len == -ENOENT ? r : (int)len;
	text[strcspn(text, "\n")] = '\0';
	r = nsi_container_set(n, c, NSU_CONTAINER_NAME, text);
	snprintf(path, sizeof(path), FIREJAIL "/name/%s", id);
	return r < 0 ? r : nsi_container_set(n, c, NSU_CONTAINER_SOURCE, path);
}

static int take_gvisor(struct nsi_naming *n, struct nsu_container *c, const char *root)
{
	static const char *const keys[] = {
		"io.kubernetes.cri.image-name", "org.opencontainers.image.ref.name",
	};
	const char *id = c->text[NSU_CONTAINER_ID];
	uid_t uid = c->has_uid ? c->uid : 0;
	struct json_object *spec = NULL;
	char path[PATH_MAX];
	int dir = nsi_states_dir(n->states, root, uid), r;

	if (dir < 0)
		return dir;
	snprintf(path, sizeof(path), "%s_sandbox:%s.state", id, id);
	r = nsi_states_json_part(n->states, dir, path, uid, "spec", &spec);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(keys) && !r; i++) {
		const char *image = nsi_json_text(spec, "annotations", keys[i], NULL);

		r = image ? nsi_container_set(n, c, NSU_CONTAINER_IMAGE, image) : 0;
	}
	json_object_put(spec);
	snprintf(path, sizeof(path), "%s/%s_sandbox:%s.state", root, id, id);
	return r < 0 ? r : nsi_container_set(n, c, NSU_CONTAINER_SOURCE, path);
}

int nsi_gvisor_name(struct nsi_naming *n, struct nsu_container *c)
{
	struct nsi_found found = { 0 };
	nsi_autofree char *buf = NULL;
	const char *root = "/run/runsc";
	int r = -ENOENT;

	if (!nsi_is_plain_name(c->text[NSU_CONTAINER_ID]))
		return -ENOENT;
	if (c->init != NSI_NONE)
		r = nsi_supervisor_find(n, &n->snap->tasks[c->init], &found, &buf);
	if (nsi_is_fatal(r))
		return r;
	if (!r && found.directory && *found.directory == '/')
		root = found.directory;
	if (!strncmp(root, "/var/run/", 9))	/* a link on hosts */
		root += strlen("/var");
	r = take_gvisor(n, c, root);
	return r == -EINVAL ? -ENOENT : r;
}
