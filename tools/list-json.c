// SPDX-License-Identifier: GPL-2.0-or-later
/* nstree -l --json: the document that lsns prints. It is written row by row, values by
   json-c: the document in memory would be several times what it says. */
#include <ctype.h>
#include <errno.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>
#include "list.h"

#define INDENT 6

static int put_string(const char *text, size_t len)
{
	char *valid = text_utf8(text, len);
	struct json_object *string = valid ? json_object_new_string(valid) : NULL;
	const char *quoted = string ? json_object_to_json_string_ext(string,
					JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;

	if (quoted)
		fputs(quoted, stdout);
	json_object_put(string);
	free(valid);
	return quoted ? 0 : -ENOMEM;
}

static void put_name(const struct column *column)
{
	putc_unlocked('"', stdout);
	for (const char *at = column->name; *at != '\0'; at++)
		putc_unlocked(tolower((unsigned char)*at), stdout);
	fputs("\": ", stdout);
}

static int put_cells(struct list *list, const struct row *row, int indent)
{
	for (size_t i = 0; i < list->columns.count; i++) {
		const struct column *column = list->columns.list[i];
		int r = list_get_cell(list, column, row);

		if (r == -ENOMEM)
			return r;
		printf("%s%*s", i > 0 ? ",\n" : "", indent, "");
		put_name(column);
		if (r < 0)
			fputs("null", stdout);
		else if (column->number)
			fputs(list->text.data, stdout);
		else if (put_string(list->text.data, list->text.len) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int put_rows(struct list *list, int index, int indent)
{
	const char *open = "{\n";
	int r;

	printf("%*s", indent, "");
	for (; index >= 0; index = list->rows[index].next) {
		const struct row *row = &list->rows[index];

		fputs(open, stdout);
		open = ",{\n";
		r = put_cells(list, row, indent + INDENT / 2);
		if (r < 0)
			return r;
		if (row->first >= 0) {
			printf(",\n%*s\"children\": [\n", indent + INDENT / 2, "");
			r = put_rows(list, row->first, indent + INDENT);
			if (r < 0)
				return r;
			printf("%*s]", indent + INDENT / 2, "");
		}
		printf("\n%*s}", indent, "");
	}
	putchar('\n');
	return 0;
}

/* A column chosen twice would be a key given twice. */
static void drop_repeated(struct columns *columns)
{
	size_t kept = 0;

	for (size_t i = 0; i < columns->count; i++) {
		size_t before = 0;

		while (before < kept && columns->list[before] != columns->list[i])
			before++;
		if (before == kept)
			columns->list[kept++] = columns->list[i];
	}
	columns->count = kept;
}

int list_print_json(struct list *list)
{
	int r;

	drop_repeated(&list->columns);
	if (list->count == 0) {
		fputs("{\n   \"namespaces\": []\n}\n", stdout);
		return 0;
	}
	fputs("{\n   \"namespaces\": [\n", stdout);
	r = put_rows(list, list->first, INDENT);
	if (r == 0)
		fputs("   ]\n}\n", stdout);
	return r;
}
