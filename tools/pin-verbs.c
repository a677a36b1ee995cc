// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands of nspin, and which of them a word is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "pin-verbs.h"

#define LONGEST 64	/* letters of words that are compared */

static const struct pin_verb_info verbs[VERB_COUNT] = {
	[VERB_LIST] = { "list", "ls", "[NAME...]", 0, -1, "the pins that there are" },
	[VERB_ADD] = { "add", "", "NAME TARGET", 1, 2,
		       "pin what a process or container is in" },
	[VERB_CREATE] = { "create", "new", "NAME [-- COMMAND]", 1, 1,
			  "make new namespaces and pin them" },
	[VERB_REMOVE] = { "remove", "rm del delete", "NAME...", 1, -1, "unpin" },
	[VERB_RENAME] = { "rename", "mv", "NAME NEW", 2, 2, "give another name" },
	[VERB_SHOW] = { "show", "", "NAME...", 1, -1, "all about it: nstree pin:NAME" },
	[VERB_EXEC] = { "exec", "", "NAME [COMMAND [ARG...]]", 1, 1,
			"run a command in it: nsattach pin:NAME" },
	[VERB_CHECK] = { "check", "", "[NAME...]", 0, -1,
			 "say which are not ok, and why" },
	[VERB_REPAIR] = { "repair", "", "[NAME...]", 0, -1, "mend those" },
	[VERB_PRUNE] = { "prune", "", "[NAME...]", 0, -1, "remove the stale and dead" },
	[VERB_APPLY] = { "apply", "", "FILE", 1, 1,
			 "make the pins that a file declares" },
};

const struct pin_verb_info *pin_verb_get(enum pin_verb verb)
{
	return &verbs[verb];
}

const char *pin_verb_name(enum pin_verb verb)
{
	return (unsigned)verb < VERB_COUNT ? verbs[verb].name : NULL;
}

static bool has_alias(const char *aliases, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = aliases; len > 0 && *at != '\0'; at += strspn(at, " ")) {
		size_t one = strcspn(at, " ");

		if (one == len && strncmp(at, word, len) == 0)
			return true;
		at += one;
	}
	return false;
}

int pin_verb_find(const char *word, enum pin_verb *ret)
{
	for (int i = 0; i < VERB_COUNT; i++)
		if (strcmp(verbs[i].name, word) == 0 ||
		    has_alias(verbs[i].aliases, word)) {
			*ret = i;
			return 0;
		}
	return -ENOENT;
}

size_t pin_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), row[LONGEST + 1];

	if (la > LONGEST || lb > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

/* What other programs call it. */
static const struct {
	const char *words;
	enum pin_verb verb;
} habits[] = {
	{ "attach enter run shell sh", VERB_EXEC },
	{ "inspect info status", VERB_SHOW },
	{ "unpin destroy kill", VERB_REMOVE },
	{ "pin keep hold", VERB_ADD },
	{ "make", VERB_CREATE },
	{ "ps netns", VERB_LIST },
	{ "verify", VERB_CHECK },
	{ "fix mend", VERB_REPAIR },
	{ "clean gc", VERB_PRUNE },
};

const char *pin_verb_guess(const char *word)
{
	const char *best = NULL;
	size_t least = 3;

	for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++)
		if (has_alias(habits[i].words, word))
			return verbs[habits[i].verb].name;
	for (int i = 0; i < VERB_COUNT; i++) {
		size_t len = strlen(word), one = pin_distance(word, verbs[i].name);

		if (len > 1 && strncmp(verbs[i].name, word, len) == 0)
			return verbs[i].name;
		if (one < least && one < len) {
			least = one;
			best = verbs[i].name;
		}
	}
	return best;
}

void pin_verb_print_list(void)
{
	for (int i = 0; i < VERB_COUNT; i++)
		printf("%s\t%s\t%s\t%s\n", verbs[i].name, verbs[i].aliases,
		       verbs[i].operands, verbs[i].help);
}

void pin_verb_print_all(void)
{
	for (int i = 0; i < VERB_COUNT; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s %s", verbs[i].name, verbs[i].operands);
		printf(" %-32s %s%s%s\n", text, verbs[i].help,
		       *verbs[i].aliases != '\0' ? "; also: " : "", verbs[i].aliases);
	}
}
