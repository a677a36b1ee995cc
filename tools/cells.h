/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value of each column; see struct column. */
#ifndef NSTREE_CELLS_H
#define NSTREE_CELLS_H

#include "columns.h"

typedef int cell_fn(const struct facts *facts, const struct row *row, struct text *text);

cell_fn cell_inode, cell_type, cell_path, cell_nprocs, cell_pid, cell_ppid, cell_command,
	cell_uid, cell_user, cell_netnsid, cell_nsfs, cell_parent, cell_owner, cell_id,
	cell_creator, cell_level;

#endif
