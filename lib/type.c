/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one table of namespace types. */
#include <sched.h>
#include <string.h>
#include "nsi.h"
#include "uapi.h"

static const struct nsu_type_info types[NSU_TYPE_COUNT] = {
	[NSU_MNT] = { "mnt", NULL, "mount", 0, CLONE_NEWNS, 'm', false },
	[NSU_UTS] = { "uts", NULL, "hostname", NSI_INIT_UTS, CLONE_NEWUTS, 'u', false },
	[NSU_IPC] = { "ipc", NULL, "interprocess", NSI_INIT_IPC, CLONE_NEWIPC, 'i',
		      false },
	[NSU_NET] = { "net", NULL, "network", 0, CLONE_NEWNET, 'n', false },
	[NSU_PID] = { "pid", "pid_for_children", "process", NSI_INIT_PID, CLONE_NEWPID,
		      'p', true },
	[NSU_CGROUP] = { "cgroup", NULL, "control group", NSI_INIT_CGROUP,
			 CLONE_NEWCGROUP, 'C', false },
	[NSU_USER] = { "user", NULL, "user", NSI_INIT_USER, CLONE_NEWUSER, 'U', true },
	[NSU_TIME] = { "time", "time_for_children", "time", NSI_INIT_TIME, CLONE_NEWTIME,
		       'T', false },
};

const struct nsu_type_info *nsu_type_get_info(enum nsu_type type)
{
	return (unsigned)type < NSU_TYPE_COUNT ? &types[type] : NULL;
}

const char *nsu_type_get_name(enum nsu_type type)
{
	return (unsigned)type < NSU_TYPE_COUNT ? types[type].name : NULL;
}

int nsu_type_find(const char *word, enum nsu_type *ret)
{
	if (!word || !ret)
		return -EINVAL;
	for (unsigned i = 0; i < NSU_TYPE_COUNT; i++) {
		if (strcmp(word, types[i].name) && strcmp(word, types[i].title))
			continue;
		*ret = i;
		return 0;
	}
	return -ENOENT;
}
