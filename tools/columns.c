// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of nstree -l, and which of them were asked for. */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include "cells.h"
#include "list.h"

#define TASKS (NSU_PART_TASKS | NSU_PART_THREADS)
#define FACTS NSU_PART_DEFAULT	/* whatever leads into a namespace */
#define WHOSE (TASKS | NSU_PART_CONTAINERS)

static const struct column columns[] = {
	{ "NS", "namespace identifier (inode number)", 10, SCOLS_FL_RIGHT,
	  true, true, 0, 0, cell_inode },
	{ "TYPE", "kind of namespace", 5, 0,
	  false, true, 0, 0, cell_type },
	{ "PATH", "path to the namespace", 0, 0,
	  false, false, TASKS, READ_TASK, cell_path },
	{ "NPROCS", "number of processes in the namespace", 5, SCOLS_FL_RIGHT,
	  true, true, TASKS, READ_ALL, cell_nprocs },
	{ "PID", "lowest PID in the namespace", 5, SCOLS_FL_RIGHT,
	  true, true, TASKS, READ_TASK, cell_pid },
	{ "PPID", "parent of the PID", 5, SCOLS_FL_RIGHT,
	  true, false, TASKS, READ_TASK, cell_ppid },
	{ "COMMAND", "command line of the PID", 0, SCOLS_FL_TRUNC,
	  false, true, TASKS, READ_TASK, cell_command },
	{ "UID", "UID of the PID", 0, SCOLS_FL_RIGHT,
	  true, false, TASKS | NSU_PART_RELATIONS, READ_TASK, cell_uid },
	{ "USER", "name of the UID", 0, 0,
	  false, true, TASKS | NSU_PART_RELATIONS, READ_TASK, cell_user },
	{ "NETNSID", "number that the caller's network namespace has for it", 0,
	  SCOLS_FL_RIGHT, false, false, TASKS, 0, cell_netnsid },
	{ "NSFS", "where it is mounted", 0, SCOLS_FL_WRAP,
	  false, false, 0, READ_BINDS, cell_nsfs },
	{ "HOLDERS", "how many things keep it alive", 0, SCOLS_FL_RIGHT,
	  true, false, NSU_PART_DEFAULT | FIND_PARTS, READ_ALL, cell_holders },
	{ "PNS", "parent namespace (inode number)", 10, SCOLS_FL_RIGHT,
	  true, false, NSU_PART_RELATIONS, 0, cell_parent },
	{ "ONS", "user namespace that owns it (inode number)", 10, SCOLS_FL_RIGHT,
	  true, false, NSU_PART_RELATIONS, 0, cell_owner },
	{ "ID", "identifier of 64 bits, never used again", 0, SCOLS_FL_RIGHT,
	  true, false, NSU_PART_RELATIONS, 0, cell_id },
	{ "CREATOR", "UID that created a user namespace", 0, SCOLS_FL_RIGHT,
	  true, false, NSU_PART_RELATIONS, 0, cell_creator },
	{ "LEVEL", "how many user or pid namespaces are above it in the picture", 0,
	  SCOLS_FL_RIGHT,
	  true, false, NSU_PART_RELATIONS, 0, cell_level },
	{ "HOSTNAME", "uts: its host name", 0, 0,
	  false, false, FACTS, 0, cell_hostname },
	{ "DOMAINNAME", "uts: its domain name", 0, 0,
	  false, false, FACTS, 0, cell_domainname },
	{ "QUEUES", "ipc: message queues, System V and POSIX", 0, SCOLS_FL_RIGHT,
	  true, false, FACTS, 0, cell_queues },
	{ "SEGMENTS", "ipc: segments of shared memory", 0, SCOLS_FL_RIGHT,
	  true, false, FACTS, 0, cell_segments },
	{ "SEMAPHORES", "ipc: semaphores in all sets", 0, SCOLS_FL_RIGHT,
	  true, false, FACTS, 0, cell_semaphores },
	{ "IPCBYTES", "ipc: bytes of messages and shared memory", 0, SCOLS_FL_RIGHT,
	  true, false, FACTS, 0, cell_ipcbytes },
	{ "MONOTONIC", "time: seconds added to the monotonic clock", 0, SCOLS_FL_RIGHT,
	  false, false, FACTS, 0, cell_monotonic },
	{ "BOOTTIME", "time: seconds added to the time since boot", 0, SCOLS_FL_RIGHT,
	  false, false, FACTS, 0, cell_boottime },
	{ "CGROOT", "cgroup: the root of what it shows", 0, 0,
	  false, false, FACTS, 0, cell_cgroot },
	{ "CGROUP", "cgroup: that of its first process", 0, 0,
	  false, false, FACTS, 0, cell_cgroup },
	{ "MEMORY", "cgroup: bytes that it uses", 0, SCOLS_FL_RIGHT,
	  false, false, FACTS, 0, cell_memory },
	{ "MEMMAX", "cgroup: bytes that it may use", 0, SCOLS_FL_RIGHT,
	  false, false, FACTS, 0, cell_memmax },
	{ "TASKS", "cgroup: tasks in it", 0, SCOLS_FL_RIGHT,
	  false, false, FACTS, 0, cell_tasks },
	{ "TASKSMAX", "cgroup: how many tasks may be in it", 0, SCOLS_FL_RIGHT,
	  false, false, FACTS, 0, cell_tasksmax },
	{ "CPUMAX", "cgroup: percent of one processor that it may use", 0, SCOLS_FL_RIGHT,
	  false, false, FACTS, 0, cell_cpumax },
	{ "FROZEN", "cgroup: whether it is", 0, 0,
	  false, false, FACTS, 0, cell_frozen },
	{ "MOUNTS", "mnt: how many mounts", 0, SCOLS_FL_RIGHT,
	  true, false, FACTS, 0, cell_mounts },
	{ "ROOT", "mnt: file system of its root", 0, 0,
	  false, false, FACTS, 0, cell_root },
	{ "PROPAGATION", "mnt: propagation of its root", 0, 0,
	  false, false, FACTS, 0, cell_propagation },
	{ "UIDMAP", "user: its uid map, inside = here", 0, 0,
	  false, false, TASKS, 0, cell_uidmap },
	{ "GIDMAP", "user: its gid map", 0, 0,
	  false, false, TASKS, 0, cell_gidmap },
	{ "SETGROUPS", "user: whether setgroups(2) is allowed", 0, 0,
	  false, false, TASKS, 0, cell_setgroups },
	{ "INIT", "pid: the PID of its first process", 0, SCOLS_FL_RIGHT,
	  true, false, FACTS | NSU_PART_PIDS, READ_ALL, cell_init },
	{ "LINKS", "number of network interfaces", 0, SCOLS_FL_RIGHT,
	  true, false, FACTS, 0, cell_links },
	{ "ADDRESSES", "network addresses but those of the loopback", 0, SCOLS_FL_WRAP,
	  false, false, FACTS, 0, cell_addresses },
	{ "ROUTES", "default routes", 0, SCOLS_FL_WRAP,
	  false, false, FACTS, 0, cell_routes },
	{ "LISTENS", "sockets that wait for others, but those of UNIX", 0, SCOLS_FL_WRAP,
	  false, false, FACTS, 0, cell_listens },
	{ "NETNAME", "name in /run/netns", 0, 0,
	  false, false, 0, READ_BINDS, cell_netname },
	{ "CONTAINER", "container of the PID, as a target word", 0, 0,
	  false, false, WHOSE, READ_TASK, cell_container },
	{ "ENGINE", "what runs the container", 0, 0,
	  false, false, WHOSE, READ_TASK, cell_engine },
	{ "CONTAINERID", "identifier of the container, in full", 0, 0,
	  false, false, WHOSE, READ_TASK, cell_containerid },
	{ "NAME", "name of the container", 0, 0,
	  false, false, WHOSE, READ_TASK, cell_name },
	{ "IMAGE", "image of the container", 0, 0,
	  false, false, WHOSE, READ_TASK, cell_image },
	{ "POD", "pod of the container, as a target word", 0, 0,
	  false, false, WHOSE, READ_TASK, cell_pod },
	{ "PROJECT", "Compose project of the container", 0, 0,
	  false, false, WHOSE, READ_TASK, cell_project },
	{ "SERVICE", "Compose service of the container", 0, 0,
	  false, false, WHOSE, READ_TASK, cell_service },
	{ "UNIT", "systemd unit of the PID", 0, 0,
	  false, false, WHOSE, READ_TASK, cell_unit },
	{ "USERUNIT", "unit of the PID in its user's service manager", 0, 0,
	  false, false, WHOSE, READ_TASK, cell_userunit },
	{ "SLICE", "systemd slice of the PID", 0, 0,
	  false, false, WHOSE, READ_TASK, cell_slice },
	{ "MACHINE", "name that machined has for it", 0, 0,
	  false, false, WHOSE, READ_TASK, cell_machine },
	{ "SESSION", "login session of the PID", 0, 0,
	  false, false, WHOSE, READ_TASK, cell_session },
};
#define COUNT (sizeof(columns) / sizeof(columns[0]))
_Static_assert(COUNT * 2 <= COLUMN_MAX, "the default and all may be chosen together");

const struct column *columns_find(const char *name, size_t len)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strlen(columns[i].name) == len &&
		    strncasecmp(columns[i].name, name, len) == 0)
			return &columns[i];
	return NULL;
}

static void add(struct columns *to, const char *name)
{
	to->list[to->count++] = columns_find(name, strlen(name));
}

/* In lsns' order, which is not that of its table. */
static void add_default(const struct app *app, struct columns *to)
{
	if (app->opts.operand_count > 0) {
		add(to, "PID");
		add(to, "PPID");
		add(to, "USER");
		add(to, "COMMAND");
		return;
	}
	add(to, "NS");
	add(to, "TYPE");
	add(to, "NPROCS");
	add(to, "PID");
	add(to, "USER");
	if (app->opts.types & 1U << NSU_NET) {
		add(to, "NETNSID");
		add(to, "NSFS");
	}
	add(to, "COMMAND");
}

static int add_list(const struct app *app, struct columns *to, const char *list)
{
	while (*list != '\0') {
		size_t len = strcspn(list, ",");
		const struct column *column = columns_find(list, len);

		if (column == NULL) {
			msg(&app->out, "-o %.*s: no such column", (int)len, list);
			msg(&app->out, "try: nstree -H");
			return -EINVAL;
		}
		if (to->count == COLUMN_MAX) {
			msg(&app->out, "-o: more than %d columns", COLUMN_MAX);
			msg(&app->out, "try: nstree -H");
			return -EINVAL;
		}
		to->list[to->count++] = column;
		list += len + (list[len] == ',');
	}
	return 0;
}

int columns_choose(const struct app *app, struct columns *ret)
{
	const char *list = app->opts.columns;

	ret->count = 0;
	/* As in lsns, a list without + takes the place of all. */
	if (app->opts.output_all && (list == NULL || *list == '+'))
		for (size_t i = 0; i < COUNT; i++)
			ret->list[ret->count++] = &columns[i];
	else if (list == NULL || *list == '+')
		add_default(app, ret);
	if (list != NULL && add_list(app, ret, *list == '+' ? list + 1 : list) < 0)
		return -EINVAL;
	if (ret->count > 0)
		return 0;
	msg(&app->out, "-o: no column given");
	msg(&app->out, "try: nstree -H");
	return -EINVAL;
}

unsigned columns_get_parts(const struct columns *chosen)
{
	unsigned parts = 0;

	for (size_t i = 0; i < chosen->count; i++)
		parts |= chosen->list[i]->parts;
	return parts;
}

unsigned columns_get_reads(const struct columns *chosen)
{
	unsigned reads = 0;

	for (size_t i = 0; i < chosen->count; i++)
		reads |= chosen->list[i]->reads;
	return reads;
}

/* lsns 2.40 gives the same three fields, and the same names in JSON. */
int view_columns(struct app *app)
{
	const char *separator = "";

	if (app->opts.json)
		fputs("{\n   \"lsns-columns\": [\n      ", stdout);
	for (size_t i = 0; i < COUNT; i++) {
		const char *type = columns[i].number ? "<integer>" : "<string>";

		if (app->opts.json) {
			printf("%s{\n         \"holder\": \"%s\",\n"
			       "         \"type\": \"%s\",\n"
			       "         \"description\": \"%s\"\n      }",
			       separator, columns[i].name, type, columns[i].help);
			separator = ",";
		} else if (app->opts.raw) {
			printf("%s %s ", columns[i].name, type);
			list_put_raw(columns[i].help);
			putchar('\n');
		} else {
			printf("%12s  %-9s  %s\n", columns[i].name, type,
			       columns[i].help);
		}
	}
	if (app->opts.json)
		fputs("\n   ]\n}\n", stdout);
	return 0;
}
