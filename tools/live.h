/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of what is there right now, as they can be typed. */
#ifndef NSUTIL_LIVE_H
#define NSUTIL_LIVE_H

#include <stddef.h>
#include "nsutil.h"

struct live {
	char **word;		/* not escaped */
	size_t count, size;
};

/* A picture that names are looked up in, and which has no more than that. */
int live_scan(struct nsu_ctx *ctx, struct nsu_snapshot **ret);
/* NULL: -ENOMEM, as for a word that could not be made. */
int live_add(struct live *live, char *take_word);
/* Containers and pods of a picture, but those which others claim to have; units. */
int live_add_containers(struct live *live, const struct nsu_snapshot *snap);
int live_add_units(struct live *live, const struct nsu_snapshot *snap);
/* Those in /run/netns; pins of nsutil: another program's have no word of this form. */
int live_add_netns(struct live *live);
int live_add_pins(struct live *live, struct nsu_ctx *ctx);
/* All of these, each once, sorted; pins by their names alone, which is fast. What cannot
   be read has none. */
int live_find(struct live *live, const struct nsu_snapshot *snap);
void live_free(struct live *live);

#endif
