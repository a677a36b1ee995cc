/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of nstree -l. */
#ifndef NSTREE_LIST_H
#define NSTREE_LIST_H

#include "columns.h"

struct list {
	struct app *app;
	const struct nsu_snapshot *snap;
	struct columns columns;
	struct facts facts;
	struct row *rows;
	size_t count, size;
	int first, last;	/* of the rows that hang from none; -1: no rows */
	struct text text;	/* where cells are written */
};

/* Writes the cell into list->text. 0, -ENOENT: none, else unknown. */
int list_get_cell(struct list *list, const struct column *column, const struct row *row);
/* What stands for it in text, by that result. */
const char *list_get_text(const struct list *list, int result);

/* list-tree.c: -T asked for a tree. */
bool list_is_tree(const struct list *list);
/* Links the rows to what -T asks for, in the order they have. */
int list_link(struct list *list);

/* Each returns 0 or a negative errno; errors of writing are found at the end. */
int list_print_table(struct list *list);	/* list-table.c */
bool list_is_plain(const struct list *list); /* list-plain.c: prints the same, faster */
int list_print_plain(struct list *list);
int list_print_raw(struct list *list);		/* list-raw.c */
int list_print_json(struct list *list);		/* list-json.c */
/* A text of the raw form: blanks, backslashes and what is not ASCII as \xHH. */
void list_put_raw(const char *text);

/* list-filter.c: leaves only the rows for which -Q holds; -EINVAL after it has told why
   it cannot. */
int list_filter(struct list *list);

#endif
