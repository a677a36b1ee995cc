/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where Podman and CRI-O keep containers: containers-storage.conf(5). */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "podman.h"

#define CONF_LIMIT	(1 << 20)

/* A line: KEY = "VALUE". Of TOML this is all that Podman itself writes there. */
int nsi_storage_value(const char *text, const char *key, char *ret, size_t size)
{
	size_t len = strlen(key);

	for (const char *line = text; *line; line += *line == '\n') {
		const char *at = line + strspn(line, " \t"), *end;

		line += strcspn(line, "\n");
		if (strncmp(at, key, len))
			continue;
		at += len + strspn(at + len, " \t");
		if (*at++ != '=')
			continue;
		at += strspn(at, " \t");
		if (*at != '"' && *at != '\'')
			continue;
		end = memchr(at + 1, *at, line - at - 1);
		if (!end || end == at + 1 || (size_t)(end - at) > size)
			continue;
		snprintf(ret, size, "%.*s", (int)(end - at - 1), at + 1);
		return 0;
	}
	return -ENOENT;
}

/* $HOME and $UID, at the beginning or in between. */
static int expand(const char *text, const char *home, uid_t uid, char *ret, size_t size)
{
	size_t len = 0;

	while (*text) {
		int n;

		if (!strncmp(text, "$HOME", 5)) {
			n = snprintf(ret + len, size - len, "%s", home);
			text += 5;
		} else if (!strncmp(text, "$UID", 4)) {
			n = snprintf(ret + len, size - len, "%u", uid);
			text += 4;
		} else if (*text == '$') {
			return -EINVAL;
		} else {
			n = snprintf(ret + len, size - len, "%c", *text++);
		}
		if (n < 0 || (size_t)n >= size - len)
			return -ENAMETOOLONG;
		len += n;
	}
	ret[len] = '\0';
	return 0;
}

/* One for each driver that was ever used. */
static int add_storage(struct nsi_naming *n, struct nsi_podman *podman,
		       const char *storage, uid_t uid)
{
	static const char *const drivers[] = { "overlay", "vfs", "btrfs", "zfs" };
	char path[PATH_MAX + 32];
	int error = 0;

	if (storage[0] != '/')
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		int r;

		snprintf(path, sizeof(path), "%s/%s-containers", storage, drivers[i]);
		r = nsi_podman_add_store(n, podman, path, uid);
		error = error ? error : r;
	}
	return error;
}

static void add_configured(struct nsi_naming *n, struct nsi_podman *podman,
			   const char *folder, const char *key, const char *home,
			   uid_t uid)
{
	int dir = nsi_states_dir(n->states, folder, uid);
	char value[PATH_MAX], path[PATH_MAX];
	nsi_autofree char *text = NULL;

	if (dir < 0 || nsi_states_read(n->states, dir, "storage.conf", uid, CONF_LIMIT,
				       &text) < 0)
		return;
	if (!nsi_storage_value(text, key, value, sizeof(value)) &&
	    !expand(value, home, uid, path, sizeof(path)))
		add_storage(n, podman, path, uid);
}

static int add_stores_of_root(struct nsi_naming *n, struct nsi_podman *podman)
{
	add_configured(n, podman, "/etc/containers", "graphroot", "/root", 0);
	add_configured(n, podman, "/usr/share/containers", "graphroot", "/root", 0);
	add_storage(n, podman, "/run/containers/storage", 0);
	return add_storage(n, podman, "/var/lib/containers/storage", 0);
}

static int add_stores_of_user(struct nsi_naming *n, struct nsi_podman *podman, uid_t uid)
{
	char path[PATH_MAX];
	const char *home;
	int r;

	snprintf(path, sizeof(path), "/run/user/%u/containers", uid);
	add_storage(n, podman, path, uid);
	r = nsi_states_home(n->states, uid, &home);
	if (r < 0 || strlen(home) > PATH_MAX - 64)
		return r == -ENOMEM ? r : 0;
	snprintf(path, sizeof(path), "%s/.config/containers", home);
	add_configured(n, podman, path, "graphroot", home, uid);
	add_configured(n, podman, "/etc/containers", "rootless_storage_path", home, uid);
	snprintf(path, sizeof(path), "%s/.local/share/containers/storage", home);
	return add_storage(n, podman, path, uid);
}

int nsi_podman_know_user(struct nsi_naming *n, struct nsi_podman *podman, uid_t uid)
{
	size_t i = 0;

	while (i < podman->user_count && podman->users[i].uid != uid)
		i++;
	if (i == ARRAY_SIZE(podman->users))
		return -E2BIG;
	if (i < podman->user_count)
		return podman->users[i].error;
	podman->user_count++;
	podman->users[i].uid = uid;
	podman->users[i].error = uid ? add_stores_of_user(n, podman, uid) :
		add_stores_of_root(n, podman);
	return podman->users[i].error;
}

/* "-b STORAGE/DRIVER-containers/ID/userdata" */
int nsi_podman_ask_conmon(struct nsi_naming *n, struct nsi_podman *podman,
			  const struct nsu_container *c, uid_t uid)
{
	const char *id = c->text[NSU_CONTAINER_ID], *bundle, *end;
	nsi_autofree char *args = NULL;
	pid_t conmon = nsi_parent_called(n, c, "conmon", uid);
	char path[PATH_MAX];
	ssize_t length;

	if (!conmon)
		return 0;
	length = nsi_cmdline_of(n, conmon, &args);
	bundle = length > 0 ? nsi_argument(args, length, "-b") : NULL;
	end = bundle ? strstr(bundle, id) : NULL;
	if (!end || end - bundle < 2 || (size_t)(end - bundle) >= sizeof(path) ||
	    strcmp(end + strlen(id), "/userdata"))
		return 0;
	snprintf(path, sizeof(path), "%.*s", (int)(end - bundle - 1), bundle);
	return nsi_podman_add_store(n, podman, path, uid);
}
