/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nstree says about itself. */
#ifndef NSTREE_HELP_H
#define NSTREE_HELP_H

#include "nstree.h"

void help_print(void);
/* The release; with --verbose also the kernel's interfaces. Returns the exit status. */
int version_print(struct app *app);

#endif
