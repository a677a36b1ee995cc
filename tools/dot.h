/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the graphs for Graphviz share: dot.c draws sandboxes, wires-dot.c wires. */
#ifndef NSTREE_DOT_H
#define NSTREE_DOT_H

#include <stdbool.h>

/* Prints it as part of a string in quotes, or with html of a label in <>. */
void dot_text(const char *text, bool html);

#endif
