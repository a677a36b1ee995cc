/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nstree's command line. */
#ifndef NSTREE_OPTIONS_H
#define NSTREE_OPTIONS_H

#include "nstree.h"

typedef int (*view_fn)(struct app *app);

/* Fills app->opts and app->out. Returns the view that was asked for, NULL when there is
   nothing left to do; then *status is the exit status. */
view_fn options_parse(struct app *app, int argc, char **argv, int *status);
/* Opens app->ctx by the options and NSUTIL_DISABLE. Negative errno when it has told why
   not. */
int options_open(struct app *app);

#endif
