/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Engines mount files into a container, from a directory that is called by its id. */
#include <stdio.h>
#include <string.h>
#include "supervisor.h"

#define MOUNTINFO_LIMIT	(1 << 20)

/* Who could have mounted them: root of its user namespace, whose maker that is. */
static int find_mounter(struct nsi_naming *n, const struct nsu_task *task, uid_t *ret)
{
	const struct nsu_snapshot *snap = n->snap;
	uint32_t ns = task->ns[NSU_USER];
	const struct nsu_task *host;

	if (ns == NSI_NONE || snap->ref_task == NSI_NONE)
		return -ENOENT;
	host = &snap->tasks[snap->ref_task];
	/* Services have mounts of their own as well, and are many. */
	if (task->ns[NSU_PID] == host->ns[NSU_PID])
		return -ENOENT;
	if (ns == host->ns[NSU_USER]) {
		*ret = 0;
		return 0;
	}
	if (snap->ns[ns].creator_state)
		return -ENOENT;
	*ret = snap->ns[ns].creator;
	return 0;
}

/* Docker gives a container that joins the network of another the files of that one. */
static bool shares_network(struct nsi_naming *n, const struct nsu_task *task)
{
	const struct nsu_snapshot *snap = n->snap;
	const struct nsi_list *list;

	if (task->ns[NSU_NET] == NSI_NONE || task->ns[NSU_MNT] == NSI_NONE)
		return true;
	list = &snap->ns[task->ns[NSU_NET]].tasks;
	for (uint32_t i = 0; i < list->count; i++)
		if (snap->tasks[snap->refs[list->first + i]].ns[NSU_MNT] !=
		    task->ns[NSU_MNT])
			return true;
	return false;
}

/* ".../containers/ID/hostname": the id, ended by NUL. A file system of its own for /var
   hides what is before. */
static char *id_within(char *root, const char *before, const char *behind)
{
	size_t len = strlen(root), tail = strlen(behind), head = strlen(before);
	char *id;

	if (len < tail + 64 + head || strcmp(root + len - tail, behind))
		return NULL;
	root[len - tail] = '\0';
	id = root + len - tail - 64;
	return !memcmp(id - head, before, head) && nsi_is_hex_id(id) ? id : NULL;
}

static char *id_in_mount(struct nsi_naming *n, const struct nsu_task *task,
			 struct nsi_mount *mount, const char **ret_engine)
{
	if (!strcmp(mount->point, "/run/.containerenv")) {
		*ret_engine = "podman";
		return id_within(mount->root, "-containers/", "/userdata/.containerenv");
	}
	if (!strcmp(mount->point, "/etc/hostname") && !shares_network(n, task)) {
		*ret_engine = "docker";
		return id_within(mount->root, "/containers/", "/hostname");
	}
	return NULL;
}

int nsi_supervisor_by_mounts(struct nsi_naming *n, const struct nsu_task *task,
			     int64_t start, struct nsi_found *ret, char **ret_buf)
{
	struct nsi_found found = { .init = task->pid, .start = start, .has_uid = true };
	nsi_autofree char *text = NULL;
	const char *engine;
	char path[32], *save = NULL, *id = NULL;
	ssize_t len;

	if (find_mounter(n, task, &found.uid) < 0)
		return -ENOENT;
	snprintf(path, sizeof(path), "%d/mountinfo", task->pid);
	len = nsi_read_all_at(n->ctx->proc_fd, path, MOUNTINFO_LIMIT, &text);
	if (len < 0)
		return nsi_is_fatal(len) ? len : -ENOENT;
	for (char *line = strtok_r(text, "\n", &save); line && !id;
	     line = strtok_r(NULL, "\n", &save)) {
		struct nsi_mount mount;

		if (!nsi_parse_mount(line, &mount))
			id = id_in_mount(n, task, &mount, &engine);
	}
	if (!id)
		return -ENOENT;
	*ret_buf = strdup(id);
	if (!*ret_buf)
		return -ENOMEM;
	found.engine = nsi_engine_find(engine);
	found.id = *ret_buf;
	found.source = "mountinfo";
	*ret = found;
	return 0;
}
