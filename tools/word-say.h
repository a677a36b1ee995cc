/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What word.c says of a word that means nothing, or more than one thing. */
#ifndef NSUTIL_WORD_SAY_H
#define NSUTIL_WORD_SAY_H

#include "output.h"

/* "did you mean docker:web?" of the words that are alike; false: there are none. */
bool word_say_near(const struct output *out, struct nsu_ctx *ctx, const char *word);
/* What it means, a line each. */
void word_say_matches(const struct output *out, const char *word,
		      const struct nsu_snapshot *snap, const struct nsu_matches *matches);

#endif
