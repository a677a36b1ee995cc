// SPDX-License-Identifier: GPL-2.0-or-later
/* nstree -l -Q: the expressions of scols-filter(5), which libsmartcols 2.40 brought. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "list.h"

#ifdef HAVE_SCOLS_NEW_FILTER

/* The columns that the expression names, in a table of its own that is never printed:
   they need not be among those that are shown. */
struct query {
	struct libscols_filter *filter;
	struct libscols_table *table;
	struct columns columns;
};

static int add_column(struct list *list, struct query *query, struct libscols_iter *iter,
		      const char *name)
{
	const struct column *column = columns_find(name, strlen(name));
	struct libscols_column *made;

	if (column == NULL || query->columns.count == COLUMN_MAX) {
		msg(&list->app->out, "-Q: %s: no such column", name);
		msg(&list->app->out, "try: nstree -H");
		return -EINVAL;
	}
	made = scols_table_new_column(query->table, column->name, 0, 0);
	if (made == NULL)
		return -ENOMEM;
	query->columns.list[query->columns.count++] = column;
	scols_column_set_data_type(made,
				   column->number ? SCOLS_DATA_U64 : SCOLS_DATA_STRING);
	if (scols_filter_assign_column(query->filter, iter, name, made) != 0)
		return -ENOMEM;
	return 0;
}

static int compile(struct list *list, struct query *query)
{
	struct libscols_iter *iter;
	const char *name;
	int r = 0;

	query->filter = scols_new_filter(NULL);
	query->table = scols_new_table();
	if (query->filter == NULL || query->table == NULL)
		return -ENOMEM;
	if (scols_filter_parse_string(query->filter, list->app->opts.filter) != 0) {
		const char *reason = scols_filter_get_errmsg(query->filter);

		msg(&list->app->out, "-Q: %s",
		    reason != NULL ? reason : "not an expression");
		return -EINVAL;
	}
	iter = scols_new_iter(SCOLS_ITER_FORWARD);
	if (iter == NULL)
		return -ENOMEM;
	while (r == 0 && scols_filter_next_holder(query->filter, iter, &name, 0) == 0)
		r = add_column(list, query, iter, name);
	scols_free_iter(iter);
	return r;
}

/* 1: the expression holds for the row. A cell that is none or unknown stays empty. */
static int matches(struct list *list, struct query *query, const struct row *row)
{
	struct libscols_line *line = scols_table_new_line(query->table, NULL);
	int r = 0, status = 0;

	if (line == NULL)
		return -ENOMEM;
	for (size_t i = 0; r != -ENOMEM && i < query->columns.count; i++) {
		r = list_get_cell(list, query->columns.list[i], row);
		if (r == 0 && scols_line_set_data(line, i, list->text.data) != 0)
			r = -ENOMEM;
	}
	if (r != -ENOMEM) {
		r = 0;
		if (scols_line_apply_filter(line, query->filter, &status) != 0)
			r = -EINVAL;
	}
	scols_table_remove_line(query->table, line);
	if (r == -EINVAL)
		msg(&list->app->out, "-Q: the expression does not fit its columns");
	return r == 0 ? status != 0 : r;
}

int list_filter(struct list *list)
{
	struct query query = { 0 };
	size_t kept = 0;
	int r = compile(list, &query);

	for (size_t i = 0; r >= 0 && i < list->count; i++) {
		r = matches(list, &query, &list->rows[i]);
		if (r > 0)
			list->rows[kept++] = list->rows[i];
	}
	list->count = kept;
	scols_unref_table(query.table);
	scols_unref_filter(query.filter);
	return r < 0 ? r : 0;
}

#else

int list_filter(struct list *list)
{
	msg(&list->app->out,
	    "-Q: nstree was built with a libsmartcols that has no filters, "
	    "which are in 2.40 and later");
	return -EINVAL;
}

#endif
