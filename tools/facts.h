/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of a namespace's type: in words, in its card, in JSON. */
#ifndef NSTREE_FACTS_H
#define NSTREE_FACTS_H

#include <json-c/json.h>

#include "nstree.h"

/* What is added to a clock, in seconds: "-6.75"; in buf. */
const char *facts_offset(char buf[static 32], int64_t nanoseconds);
/* "private", "shared", "private,slave"..., as findmnt(8) says it; in buf. */
const char *facts_propagation(char buf[static 40], unsigned propagation);
/* Of a user namespace, by its first members; -ENODATA: none can tell. */
int facts_setgroups(const struct nsu_ns *user);

/* The lines of a card; none for a type without. */
void card_facts(const struct app *app, const struct nsu_ns *ns);
/* true: the type has facts. *ret is an object, or NULL where they cannot be read. */
bool json_facts(const struct nsu_snapshot *snap, const struct nsu_ns *ns,
		struct json_object **ret);

#endif
