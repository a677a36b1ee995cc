/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of setns(2) in words: of nsattach --explain and of nstree --may. */
#ifndef NSUTIL_RULES_H
#define NSUTIL_RULES_H

#include "output.h"

/* Who would enter: the caller, or another process. */
enum rules_person { RULES_YOU, RULES_IT };

const char *rules_verdict(const struct nsu_entry *entry);
/* A word for programs; NULL: by no rule. */
const char *rules_name(enum nsu_rule rule);
/* Malloc'ed; NULL: no memory. */
char *rules_why(const struct nsu_entry *entry, enum rules_person person);
/* "all", "no" or "12"; in buf. */
const char *rules_caps(char buf[static 16], uint64_t caps);
/* The table of what would be entered: of all types, or of one, -1: all. 0 or negative
   errno. */
int rules_print(const struct output *out, const struct nsu_plan *plan, int only,
		enum rules_person person);

#endif
