/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value of each column; see struct column. */
#ifndef NSTREE_CELLS_H
#define NSTREE_CELLS_H

#include "columns.h"

typedef int cell_fn(const struct facts *facts, const struct row *row, struct text *text);

cell_fn cell_inode, cell_type, cell_path, cell_nprocs, cell_pid, cell_ppid, cell_command,
	cell_uid, cell_user, cell_netnsid, cell_nsfs, cell_holders, cell_parent,
	cell_owner, cell_id, cell_creator, cell_level;
/* cells-facts.c */
cell_fn cell_hostname, cell_domainname, cell_queues, cell_segments, cell_semaphores,
	cell_ipcbytes, cell_monotonic, cell_boottime, cell_cgroot, cell_mounts, cell_root,
	cell_cgroup, cell_memory, cell_memmax, cell_tasks, cell_tasksmax, cell_cpumax,
	cell_frozen,
	cell_propagation, cell_uidmap, cell_gidmap, cell_setgroups, cell_init;
/* cells-net.c */
cell_fn cell_links, cell_addresses, cell_routes, cell_listens, cell_netname;
/* cells-containers.c */
cell_fn cell_container, cell_engine, cell_containerid, cell_name, cell_image, cell_pod,
	cell_project, cell_service, cell_unit, cell_userunit, cell_slice, cell_machine,
	cell_session;
struct net_facts *net_facts_new(void);
void net_facts_free(struct net_facts *net);

#endif
