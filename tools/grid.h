/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of text, perhaps nested, that are cut to the terminal before libsmartcols prints
 * them. */
#ifndef NSTREE_GRID_H
#define NSTREE_GRID_H

#include "nstree.h"

enum grid_flag {
	GRID_TREE = 1 << 0,	/* carries the branches */
	GRID_RIGHT = 1 << 1,
	GRID_CUT_MIDDLE = 1 << 2, /* a name: may be cut, last of all */
	GRID_CUT_END = 1 << 3,	/* a command: may be cut, first */
	GRID_DROP = 1 << 4,	/* left out where nothing was ever set */
	GRID_SPARE = 1 << 5,	/* left out where there is no room for it, last first */
};

struct grid_column {
	const char *heading;
	unsigned flags;
};

enum grid_color { GRID_PLAIN, GRID_BOLD, GRID_DIM, GRID_TROUBLE, GRID_BROKEN };

struct grid;

/* columns must outlive the grid. */
struct grid *grid_new(struct app *app, const struct grid_column *columns, size_t count);
void grid_free(struct grid *grid);
/* Adds a row below the row `parent`, or -1 for none; returns its number, which children
   give as theirs. -1: no memory, which every later call takes without harm. */
long grid_add(struct grid *grid, long parent);
/* Takes the text, malloc'ed; NULL counts as no memory. */
void grid_take(struct grid *grid, long row, size_t column, char *take_text);
/* Copies the text. */
void grid_set(struct grid *grid, long row, size_t column, const char *text);
void grid_setf(struct grid *grid, long row, size_t column, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The cell's text is cut, if at all, before its last len bytes, which are never. */
void grid_keep(struct grid *grid, long row, size_t column, size_t len);
void grid_color(struct grid *grid, long row, size_t column, enum grid_color color);
/* 0 or negative errno. */
int grid_print(struct grid *grid);

#endif
