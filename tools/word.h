/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every tool does with a target word. */
#ifndef NSUTIL_WORD_H
#define NSUTIL_WORD_H

#include "output.h"

/* nsu_ctx_new() by NSUTIL_DISABLE and a directory, NULL: /proc. On failure it prints the
   error. out lives as long as *ret. */
int context_open(struct output *out, const char *proc, const char *root, bool verbose,
		 struct nsu_ctx **ret);
/* nsu_target_new(); on failure it prints the error, and the cure where it knows one. */
int word_open(const struct output *out, struct nsu_ctx *ctx, const char *proc,
	      const char *word, struct nsu_target **ret);
/* The same of a name that several have: where these types do not differ between them, a
   mask of 1 << NSU_*, any of them will do. */
int word_open_types(const struct output *out, struct nsu_ctx *ctx, const char *proc,
		    const char *word, unsigned types, struct nsu_target **ret);
/* Says that a selection is empty. */
void word_no_match(const struct output *out, const char *word);
/* Says that there is no such process, and whether it may be hidden. */
void word_no_process(const struct output *out, const struct nsu_ctx *ctx,
		     const char *proc, const char *word);

#endif
