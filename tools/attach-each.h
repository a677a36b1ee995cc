/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --each: attach-select.c finds the targets, attach-each.c runs in them. */
#ifndef NSATTACH_EACH_H
#define NSATTACH_EACH_H

#include "attach.h"

struct each_list {
	char **word;
	size_t count, size;
};

/* The target words, those ending in ":" made into all that begin so; the command is taken
   out of the operands. Negative errno when it has told what is wrong. */
int each_select(struct attach *app, struct each_list *ret);
void each_free(struct each_list *list);
/* JSON, an object a line. */
void each_json_line(const char *word, const char *stream, const char *text, size_t len);
void each_json_end(const char *word, int status, bool failed);

#endif
