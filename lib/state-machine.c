/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd-machined: a file of KEY=VALUE for each machine, called by its name. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "states.h"

#define MACHINES	"/run/systemd/machines"
#define MACHINE_LIMIT	(64 << 10)

struct machine {
	const char *service, *root, *leader;
};

static void parse(char *text, struct machine *ret)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(line, '=');

		if (!value)
			continue;
		*value++ = '\0';
		if (!strcmp(line, "SERVICE"))
			ret->service = value;
		else if (!strcmp(line, "ROOT"))
			ret->root = value;
		else if (!strcmp(line, "LEADER"))
			ret->leader = value;
	}
}

/* Its name with machined, which libvirt's own is a part of. */
static const char *name_of(const struct nsu_task *init, const struct nsu_container *c)
{
	const char *name;

	return nsu_task_get_place(init, NSU_PLACE_MACHINE, &name) < 0 ?
		c->text[NSU_CONTAINER_ID] : name;
}

static int take(struct nsi_naming *n, struct nsu_container *c,
		const struct machine *machine, const char *name)
{
	const char *root = machine->root ? strrchr(machine->root, '/') : NULL;
	char path[sizeof(MACHINES) + NAME_MAX + 1];
	int r = 0;

	if (machine->service && !strcmp(machine->service, "libvirt-lxc"))
		c->engine = nsi_engine_find("libvirt");
	/* What it was started from, where that is not called as it is. */
	if (root && root[1] && strcmp(root + 1, name))
		r = nsi_container_set(n, c, NSU_CONTAINER_IMAGE, root + 1);
	snprintf(path, sizeof(path), MACHINES "/%s", name);
	return r < 0 ? r : nsi_container_set(n, c, NSU_CONTAINER_SOURCE, path);
}

int nsi_machine_name(struct nsi_naming *n, struct nsu_container *c)
{
	struct machine machine = { 0 };
	nsi_autofree char *text = NULL;
	const struct nsu_task *init;
	const char *name;
	ssize_t len;
	int dir;

	if (c->init == NSI_NONE)
		return -ENOENT;
	init = &n->snap->tasks[c->init];
	name = name_of(init, c);
	if (!nsi_is_plain_name(name))
		return -ENOENT;
	dir = nsi_states_dir(n->states, MACHINES, 0);
	if (dir < 0)
		return dir;
	len = nsi_states_read(n->states, dir, name, 0, MACHINE_LIMIT, &text);
	if (len < 0)
		return len;
	if (memchr(text, '\0', len))
		return -EBADMSG;
	parse(text, &machine);
	/* Of one that is gone, whose name is another's by now. */
	if (!machine.leader || strtol(machine.leader, NULL, 10) != init->pid)
		return -ENOENT;
	return take(n, c, &machine, name);
}
