/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --each: attach-select.c finds the targets, attach-each.c runs in them. */
#ifndef NSATTACH_EACH_H
#define NSATTACH_EACH_H

#include "attach.h"

struct each_target {
	char *word;
	const struct nsu_match *match;	/* what was found; NULL: the word is looked up */
};

struct each_list {
	struct each_target *target;
	size_t count, size;
	/* Where names were looked up, all at once. */
	struct nsu_snapshot *snap;
	struct nsu_matches **matches;
	size_t matches_count;
};

/* The targets, words that mean many made into all of these; the command is taken out of
   the operands. app->ctx is open from then on. Negative errno when it has told what is
   wrong. */
int each_select(struct attach *app, struct each_list *ret);
void each_free(struct each_list *list);
/* JSON, an object a line. */
void each_json_line(const char *word, const char *stream, const char *text, size_t len);
void each_json_end(const char *word, int status, bool failed);

#endif
