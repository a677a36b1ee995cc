// SPDX-License-Identifier: GPL-2.0-or-later
/* nstree -l as a table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "list.h"

/* The column that the tree is drawn in: of processes COMMAND, else NS. */
static size_t find_tree_column(const struct list *list)
{
	bool processes = list->app->opts.tree == TREE_PROCESS ||
			 list->app->opts.operand_count > 0;
	const struct column *wanted = processes ? columns_find("COMMAND", 7) :
				      columns_find("NS", 2);

	for (size_t i = 0; i < list->columns.count; i++)
		if (list->columns.list[i] == wanted)
			return i;
	return 0;
}

static int add_columns(const struct list *list, struct libscols_table *table)
{
	const struct opts *opts = &list->app->opts;
	bool tree = list_is_tree(list);
	size_t tree_column = find_tree_column(list);

	for (size_t i = 0; i < list->columns.count; i++) {
		const struct column *column = list->columns.list[i];
		int flags = column->flags;
		struct libscols_column *made;

		if (tree && i == tree_column)
			flags = (flags & ~SCOLS_FL_RIGHT) | SCOLS_FL_TREE;
		if (opts->notruncate)
			flags &= ~SCOLS_FL_TRUNC;
		if (opts->nowrap)
			flags &= ~SCOLS_FL_WRAP;
		made = scols_table_new_column(table, column->name, column->whint, flags);
		if (made == NULL)
			return -ENOMEM;
		if (flags & SCOLS_FL_WRAP) {
			scols_column_set_safechars(made, "\n");
			scols_column_set_wrapfunc(made, scols_wrapnl_chunksize,
						  scols_wrapnl_nextchunk, NULL);
		}
	}
	return 0;
}

static int add_cells(struct list *list, const struct row *row)
{
	for (size_t i = 0; i < list->columns.count; i++) {
		int r = list_get_cell(list, list->columns.list[i], row);
		char *cell;

		if (r == -ENOMEM)
			return r;
		cell = strdup(list_get_text(list, r));
		if (cell == NULL)
			return -ENOMEM;
		if (scols_line_refer_data(row->line, i, cell) != 0) {
			free(cell);
			return -ENOMEM;
		}
	}
	return 0;
}

/* Parents before their children, which is how libsmartcols keeps the order. */
static int add_rows(struct list *list, struct libscols_table *table, int index)
{
	int r = 0;

	for (; r == 0 && index >= 0; index = list->rows[index].next) {
		struct row *row = &list->rows[index];

		row->line = scols_table_new_line(table, row->parent >= 0 ?
						 list->rows[row->parent].line : NULL);
		if (row->line == NULL)
			return -ENOMEM;
		r = add_cells(list, row);
		if (r == 0)
			r = add_rows(list, table, row->first);
	}
	return r;
}

int list_print_table(struct list *list)
{
	struct libscols_table *table =
		table_new(&list->app->out, list->app->opts.noheadings);
	int r;

	if (table == NULL)
		return -ENOMEM;
	r = add_columns(list, table);
	if (r == 0)
		r = add_rows(list, table, list->first);
	if (r == 0)
		r = table_print(table, &list->app->out);
	scols_unref_table(table);
	return r;
}
