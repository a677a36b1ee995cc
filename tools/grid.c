/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libsmartcols can cut, but not a name in the middle, and without a sign that something
 * was cut. So the texts are measured and cut here, and it draws what then fits.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"

#define MAX_COLUMNS 16
/* First what a command may do without, then a name, then the rest of both. */
#define GOOD_END 14
#define GOOD_MIDDLE 28
#define MIN_END 8
#define MIN_MIDDLE 12
#define MIN_TEXT 4	/* what is left at least of one that is cut */

struct row {
	long parent;
	unsigned depth;
	char *text[MAX_COLUMNS];
	unsigned char color[MAX_COLUMNS];
	unsigned short kept[MAX_COLUMNS]; /* bytes at the end that are never cut */
	struct libscols_line *line;
};

struct grid {
	struct app *app;
	const struct grid_column *columns;
	size_t column_count;
	struct row *rows;
	size_t count, allocated;
	bool used[MAX_COLUMNS];	/* some row has a text in it */
	bool left_out[MAX_COLUMNS];
	bool failed;
};

struct grid *grid_new(struct app *app, const struct grid_column *columns, size_t count)
{
	struct grid *grid;

	if (count > MAX_COLUMNS)
		return NULL;
	grid = calloc(1, sizeof(*grid));
	if (!grid)
		return NULL;
	grid->app = app;
	grid->columns = columns;
	grid->column_count = count;
	return grid;
}

void grid_free(struct grid *grid)
{
	if (!grid)
		return;
	for (size_t i = 0; i < grid->count; i++)
		for (size_t c = 0; c < grid->column_count; c++)
			free(grid->rows[i].text[c]);
	free(grid->rows);
	free(grid);
}

long grid_add(struct grid *grid, long parent)
{
	struct row *row;

	if (grid->count == grid->allocated) {
		size_t more = grid->allocated ? grid->allocated * 2 : 64;
		struct row *rows = reallocarray(grid->rows, more, sizeof(*rows));

		if (!rows) {
			grid->failed = true;
			return -1;
		}
		grid->rows = rows;
		grid->allocated = more;
	}
	row = &grid->rows[grid->count];
	memset(row, 0, sizeof(*row));
	row->parent = parent;
	row->depth = parent >= 0 ? grid->rows[parent].depth + 1 : 0;
	return (long)grid->count++;
}

void grid_take(struct grid *grid, long row, size_t column, char *take_text)
{
	if (!take_text)
		grid->failed = true;
	if (row < 0) {
		free(take_text);
		return;
	}
	free(grid->rows[row].text[column]);
	grid->rows[row].text[column] = take_text;
	grid->used[column] |= take_text != NULL;
}

void grid_set(struct grid *grid, long row, size_t column, const char *text)
{
	grid_take(grid, row, column, strdup(text));
}

void grid_setf(struct grid *grid, long row, size_t column, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	grid_take(grid, row, column, text);
}

void grid_keep(struct grid *grid, long row, size_t column, size_t len)
{
	if (row >= 0 && len <= USHRT_MAX)
		grid->rows[row].kept[column] = (unsigned short)len;
}

void grid_color(struct grid *grid, long row, size_t column, enum grid_color color)
{
	if (row >= 0)
		grid->rows[row].color[column] = color;
}

static size_t branch_width(const struct grid *grid, const struct row *row, size_t column)
{
	return grid->columns[column].flags & GRID_TREE ? row->depth * 2 : 0;
}

static size_t column_width(const struct grid *grid, size_t column)
{
	bool headed = !grid->app->opts.noheadings;
	size_t width = headed ? strlen(grid->columns[column].heading) : 0;

	for (size_t i = 0; i < grid->count; i++) {
		const struct row *row = &grid->rows[i];
		size_t w = row->text[column] ? text_width(row->text[column]) : 0;

		w += branch_width(grid, row, column);
		if (w > width)
			width = w;
	}
	return width;
}

static bool is_dropped(const struct grid *grid, size_t column)
{
	return grid->left_out[column] ||
	       (grid->columns[column].flags & GRID_DROP && !grid->used[column]);
}

/* What stands in a cell behind all that may be cut. */
static const char *kept_part(const struct row *row, size_t column)
{
	const char *text = row->text[column];

	return text ? text + strlen(text) - row->kept[column] : "";
}

/* The least width of a column in which all is that may not be cut. */
static size_t least_width(const struct grid *grid, size_t column)
{
	size_t least = 0;

	for (size_t i = 0; i < grid->count; i++) {
		const struct row *row = &grid->rows[i];
		size_t width;

		if (!row->kept[column])
			continue;
		width = branch_width(grid, row, column) + MIN_TEXT +
			text_width(kept_part(row, column));
		if (width > least)
			least = width;
	}
	return least;
}

/* Takes from the columns with this flag what is too much, from the widest first, so that
   those of one kind end alike; down to a least width. */
static void shrink(const struct grid *grid, size_t *width, unsigned flag, size_t least,
		   size_t *excess)
{
	size_t most[MAX_COLUMNS];

	for (size_t c = 0; c < grid->column_count; c++) {
		most[c] = least_width(grid, c);
		if (most[c] < least)
			most[c] = least;
	}
	while (*excess > 0) {
		size_t widest = grid->column_count;

		for (size_t c = 0; c < grid->column_count; c++)
			if (grid->columns[c].flags & flag && width[c] > most[c] &&
			    (widest == grid->column_count || width[c] >= width[widest]))
				widest = c;
		if (widest == grid->column_count)
			return;
		width[widest]--;
		--*excess;
	}
}

static void cut_column(struct grid *grid, size_t column, size_t width)
{
	const struct output *out = &grid->app->out;

	for (size_t i = 0; i < grid->count; i++) {
		struct row *row = &grid->rows[i];
		const char *kept = kept_part(row, column);
		size_t used = branch_width(grid, row, column) + text_width(kept);
		size_t room = width > used + MIN_TEXT ? width - used : MIN_TEXT;
		char *text = row->text[column], *head, *cut, *whole;

		if (!text || text_width(text) - text_width(kept) <= room)
			continue;
		head = strndup(text, (size_t)(kept - text));
		cut = !head ? NULL : grid->columns[column].flags & GRID_CUT_MIDDLE ?
			text_cut_middle(out, head, room) : text_cut_end(out, head, room);
		if (!cut || asprintf(&whole, "%s%s", cut, kept) < 0)
			whole = NULL;
		free(head);
		free(cut);
		grid_take(grid, (long)i, column, whole);
	}
}

/* What is too much for the terminal once commands and names are as short as is good. */
static size_t measure(const struct grid *grid, size_t *natural, size_t *width)
{
	size_t total = 0, room = (size_t)grid->app->out.width, excess;

	for (size_t c = 0; c < grid->column_count; c++) {
		natural[c] = width[c] = is_dropped(grid, c) ? 0 : column_width(grid, c);
		total += width[c] + (width[c] && c ? 1 : 0);
	}
	if (total <= room)
		return 0;
	excess = total - room;
	shrink(grid, width, GRID_CUT_END, GOOD_END, &excess);
	shrink(grid, width, GRID_CUT_MIDDLE, GOOD_MIDDLE, &excess);
	shrink(grid, width, GRID_CUT_END, MIN_END, &excess);
	return excess;
}

/* Leaves out the last column that may be. */
static bool leave_out(struct grid *grid)
{
	for (size_t c = grid->column_count; c-- > 0;)
		if (grid->columns[c].flags & GRID_SPARE && !is_dropped(grid, c)) {
			grid->left_out[c] = true;
			return true;
		}
	return false;
}

static void fit(struct grid *grid)
{
	size_t width[MAX_COLUMNS], natural[MAX_COLUMNS], excess;

	if (grid->app->out.width <= 0 || grid->app->opts.notruncate)
		return;
	do
		excess = measure(grid, natural, width);
	while (excess > 0 && leave_out(grid));
	shrink(grid, width, GRID_CUT_MIDDLE, MIN_MIDDLE, &excess);
	for (size_t c = 0; c < grid->column_count; c++)
		if (width[c] < natural[c])
			cut_column(grid, c, width[c]);
}

static const char *color_name(unsigned color)
{
	switch (color) {
	case GRID_BOLD:
		return "\033[1m";
	case GRID_DIM:
		return "\033[2m";
	case GRID_TROUBLE:
		return "\033[33m";
	case GRID_BROKEN:
		return "\033[31m";
	default:
		return NULL;
	}
}

static int fill_line(struct grid *grid, struct libscols_table *table, struct row *row)
{
	struct libscols_line *parent =
		row->parent >= 0 ? grid->rows[row->parent].line : NULL;
	size_t n = 0;

	row->line = scols_table_new_line(table, parent);
	if (!row->line)
		return -ENOMEM;
	for (size_t c = 0; c < grid->column_count; c++) {
		const char *color = color_name(row->color[c]);

		if (is_dropped(grid, c))
			continue;
		if (scols_line_set_data(row->line, n, row->text[c] ? row->text[c] : ""))
			return -ENOMEM;
		if (color && grid->app->out.color)
			scols_cell_set_color(scols_line_get_cell(row->line, n), color);
		n++;
	}
	return 0;
}

static int fill(struct grid *grid, struct libscols_table *table)
{
	int r = 0;

	for (size_t c = 0; c < grid->column_count; c++) {
		unsigned flags = grid->columns[c].flags;
		int how = (flags & GRID_TREE ? SCOLS_FL_TREE : 0) |
			  (flags & GRID_RIGHT ? SCOLS_FL_RIGHT : 0);

		if (is_dropped(grid, c))
			continue;
		if (!scols_table_new_column(table, grid->columns[c].heading, 0, how))
			return -ENOMEM;
	}
	for (size_t i = 0; i < grid->count && r == 0; i++)
		r = fill_line(grid, table, &grid->rows[i]);
	return r;
}

int grid_print(struct grid *grid)
{
	struct libscols_table *table;
	int r;

	if (!grid->failed)
		fit(grid);
	if (grid->failed)
		return -ENOMEM;
	table = table_new(&grid->app->out, grid->app->opts.noheadings);
	if (!table)
		return -ENOMEM;
	r = fill(grid, table);
	if (r == 0)
		r = table_print(table, &grid->app->out);
	scols_unref_table(table);
	return r;
}
