/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --explain, as text and as JSON. */
#ifndef NSATTACH_EXPLAIN_H
#define NSATTACH_EXPLAIN_H

#include "attach.h"

const char *explain_verdict(const struct nsu_entry *entry);
char *explain_why(const struct nsu_entry *entry);
int explain_json(const struct attach *app);

#endif
