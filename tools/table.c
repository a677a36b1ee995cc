// SPDX-License-Identifier: GPL-2.0-or-later
/* libsmartcols, set up for the output; and lines without blanks at their end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "output.h"

struct libscols_table *table_new(const struct output *out, bool noheadings)
{
	struct libscols_table *table = scols_new_table();

	if (table == NULL)
		return NULL;
	/* What is put into the table has been escaped already; once more would turn each
	   backslash into \x5c. */
	scols_table_enable_noencoding(table, 1);
	scols_table_enable_noheadings(table, noheadings);
	scols_table_enable_ascii(table, !out->utf8);
	scols_table_enable_colors(table, out->color);
	if (out->width > 0) {
		scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
		scols_table_set_termwidth(table, (size_t)out->width);
	} else {
		scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	}
	return table;
}

/* A stream that holds back blanks until it is known that something follows them. */
struct trimmer {
	FILE *to;
	size_t blanks;
};

static bool put(struct trimmer *t, const char *text, size_t len)
{
	size_t end = len;

	while (end > 0 && text[end - 1] == ' ')
		end--;
	if (end > 0) {
		for (; t->blanks > 0; t->blanks--)
			if (putc_unlocked(' ', t->to) == EOF)
				return false;
		if (fwrite_unlocked(text, 1, end, t->to) != end)
			return false;
	}
	t->blanks += len - end;
	return true;
}

static ssize_t trim_write(void *cookie, const char *buf, size_t len)
{
	struct trimmer *t = cookie;
	const char *end = buf + len;

	for (const char *at = buf, *newline; at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (newline == NULL)
			return put(t, at, (size_t)(end - at)) ? (ssize_t)len : -1;
		if (!put(t, at, (size_t)(newline - at)))
			return -1;
		t->blanks = 0;
		if (putc_unlocked('\n', t->to) == EOF)
			return -1;
	}
	return (ssize_t)len;
}

int table_print(struct libscols_table *table, const struct output *out)
{
	const cookie_io_functions_t functions = { .write = trim_write };
	struct trimmer trimmer = { .to = stdout };
	FILE *stream;
	int r;

	(void)out;
	stream = fopencookie(&trimmer, "w", functions);
	if (stream == NULL)
		return errno > 0 ? -errno : -ENOMEM;
	scols_table_set_stream(table, stream);
	r = scols_print_table(table);
	/* A failed write is found again, and told, when the program ends. */
	fclose(stream);
	scols_table_set_stream(table, stdout);
	return r > 0 ? -r : r;
}
