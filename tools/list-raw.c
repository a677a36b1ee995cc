// SPDX-License-Identifier: GPL-2.0-or-later
/* nstree -l -r: fields separated by one blank, which no field has in it. */
#include <errno.h>
#include <string.h>
#include "list.h"

void list_put_raw(const char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c > ' ' && c < 0x7f && c != '\\') {
			putc_unlocked(c, stdout);
			continue;
		}
		putc_unlocked('\\', stdout);
		putc_unlocked('x', stdout);
		putc_unlocked(digits[c >> 4], stdout);
		putc_unlocked(digits[c & 15], stdout);
	}
}

/* As many fields in each line as columns, and "-" and "?" for nothing else than none and
   unknown, whatever a process calls itself. */
static void put_field(const char *text, bool known)
{
	if (known && *text == '\0')
		fputs("\"\"", stdout);
	else if (known && (strcmp(text, "-") == 0 || strcmp(text, "?") == 0))
		printf("\\x%02x", (unsigned)*text);
	else
		list_put_raw(text);
}

static int print_row(struct list *list, const struct row *row)
{
	for (size_t i = 0; i < list->columns.count; i++) {
		int r = list_get_cell(list, list->columns.list[i], row);

		if (r == -ENOMEM)
			return r;
		if (i > 0)
			putc_unlocked(' ', stdout);
		put_field(list_get_text(list, r), r == 0);
	}
	putc_unlocked('\n', stdout);
	return 0;
}

static int print_rows(struct list *list, int index)
{
	int r = 0;

	for (; r == 0 && index >= 0; index = list->rows[index].next) {
		r = print_row(list, &list->rows[index]);
		if (r == 0)
			r = print_rows(list, list->rows[index].first);
	}
	return r;
}

int list_print_raw(struct list *list)
{
	if (!list->app->opts.noheadings && list->count > 0)
		for (size_t i = 0; i < list->columns.count; i++)
			printf("%s%s", list->columns.list[i]->name,
			       i + 1 < list->columns.count ? " " : "\n");
	return print_rows(list, list->first);
}
