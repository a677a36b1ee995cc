/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of nspin: one table. */
#ifndef NSPIN_VERBS_H
#define NSPIN_VERBS_H

#include "pin.h"

struct pin_verb_info {
	const char *name;
	const char *aliases;	/* separated by blanks */
	const char *operands;	/* as the usage has them */
	int least, most;	/* how many; most -1: any number */
	const char *help;
};

const struct pin_verb_info *pin_verb_get(enum pin_verb verb);
/* By name or alias. -ENOENT. */
int pin_verb_find(const char *word, enum pin_verb *ret);
/* The name of a command that the word may be meant for; NULL: of none. */
const char *pin_verb_guess(const char *word);
/* How many letters have to be changed, added or taken to make the one of the other. */
size_t pin_distance(const char *a, const char *b);
/* For programs: name, aliases, operands, help, separated by tabs. */
void pin_verb_print_list(void);
/* The same for people. */
void pin_verb_print_all(void);

#endif
