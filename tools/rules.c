// SPDX-License-Identifier: GPL-2.0-or-later
/* What setns(2) would say of each namespace, in words and as a table. */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include "rules.h"

#define WIDE 100		/* columns: from there on with the owners */

static const struct {
	const char *stays, *same, *above, *not_below, *owned, *heading;
} words[] = {
	[RULES_YOU] = {
		"stays yours", "as yours", ", above yours",
		"it is not below your pid namespace", "where you may: add -U",
		"YOU HAVE THERE",
	},
	[RULES_IT] = {
		"stays its own", "as its own", ", above its own",
		"it is not below the pid namespace of the process",
		"where it may: entered together", "IT HAS THERE",
	},
};

const char *rules_verdict(const struct nsu_entry *entry)
{
	static const char *const verdicts[] = {
		[NSU_ENTRY_NONE] = "-", [NSU_ENTRY_SAME] = "same",
		[NSU_ENTRY_YES] = "yes", [NSU_ENTRY_NO] = "no", [NSU_ENTRY_UNREAD] = "no",
	};

	return verdicts[entry->verdict];
}

const char *rules_name(enum nsu_rule rule)
{
	static const char *const names[] = {
		[NSU_RULE_NONE] = NULL,
		[NSU_RULE_ADMIN_THERE] = "admin-there",
		[NSU_RULE_ADMIN_HERE] = "admin-here",
		[NSU_RULE_CHROOT] = "chroot",
		[NSU_RULE_NOT_BELOW] = "not-below",
		[NSU_RULE_NO_INIT] = "no-init",
		[NSU_RULE_UNREADABLE] = "unreadable",
	};

	return names[rule];
}

static int why_not(const struct nsu_entry *entry, enum rules_person person, char **ret)
{
	const char *cap = entry->rule == NSU_RULE_CHROOT ? "CAP_SYS_CHROOT" :
		"CAP_SYS_ADMIN";

	switch (entry->rule) {
	case NSU_RULE_ADMIN_HERE:
		if (entry->owned)
			return asprintf(ret, "user:[%" PRIu64 "] owns it, %s",
					entry->owner, words[person].owned);
		/* fall through */
	case NSU_RULE_ADMIN_THERE:
	case NSU_RULE_CHROOT:
		if (entry->needed_in == 0)
			return asprintf(ret, "needs %s in the user namespace that owns "
					"it%s", cap, words[person].above);
		return asprintf(ret, "needs %s in user:[%" PRIu64 "]", cap,
				entry->needed_in);
	case NSU_RULE_NOT_BELOW:
		return asprintf(ret, "%s", words[person].not_below);
	case NSU_RULE_NO_INIT:
		return asprintf(ret, "its init has ended, nothing can start in it");
	case NSU_RULE_UNREADABLE:
	case NSU_RULE_NONE:
		break;
	}
	return asprintf(ret, "read it: %s", strerror(-entry->error));
}

char *rules_why(const struct nsu_entry *entry, enum rules_person person)
{
	char *text = NULL;
	int r = 0;

	switch (entry->verdict) {
	case NSU_ENTRY_NONE:
		text = strdup(words[person].stays);
		break;
	case NSU_ENTRY_SAME:
		text = strdup(words[person].same);
		break;
	case NSU_ENTRY_NO:
	case NSU_ENTRY_UNREAD:
		r = why_not(entry, person, &text);
		break;
	case NSU_ENTRY_YES:
		if (entry->type == NSU_PID && entry->init > 0)
			r = asprintf(&text, "forks; its init %d is alive",
				     (int)entry->init);
		else
			text = strdup(entry->type == NSU_PID ? "forks" : "");
	}
	return r < 0 ? NULL : text;
}

const char *rules_caps(char buf[static 16], uint64_t caps)
{
	const uint64_t all = (UINT64_C(2) << CAP_LAST_CAP) - 1;

	if (caps == 0)
		return "no";
	if ((caps & all) == all)
		return "all";
	snprintf(buf, 16, "%d", __builtin_popcountll(caps));
	return buf;
}

static char *name_ns(const char *type, uint64_t inode)
{
	char *text = NULL;

	if (inode == 0)
		return strdup("?");
	return asprintf(&text, "%s:[%" PRIu64 "]", type, inode) < 0 ? NULL : text;
}

/* The reason in the last column, wrapped between words below itself. */
static void print_wrapped(const struct output *out, size_t column, const char *text)
{
	size_t width = out->width > 0 ? (size_t)out->width : 0;
	size_t room = width > column ? width - column : 0;

	/* Too narrow for words: in lines of their own. */
	if (width > 0 && room < 20 && strlen(text) > room) {
		column = 7;
		room = width > column + 20 ? width - column : 0;
		printf("\n%*s", (int)column, "");
	}
	while (room > 0 && strlen(text) > room) {
		size_t len = room;

		while (len > 0 && text[len] != ' ')
			len--;
		if (len == 0)
			break;
		printf("%.*s\n%*s", (int)len, text, (int)column, "");
		text += len + 1;
	}
	puts(text);
}

enum { TYPE, NAMESPACE, ENTER, OWNER, THERE, WHY, CELLS };

struct row {
	char *cell[CELLS];
	bool trouble;
};

static int fill_row(struct row *row, const struct nsu_entry *entry,
		    enum rules_person person)
{
	const char *type = nsu_type_get_name(entry->type);
	bool judged = entry->verdict == NSU_ENTRY_YES || entry->verdict == NSU_ENTRY_NO;
	char buf[16];

	row->cell[TYPE] = strdup(type);
	row->cell[NAMESPACE] = entry->verdict == NSU_ENTRY_NONE ? strdup("-") :
		name_ns(type, entry->inode);
	row->cell[ENTER] = strdup(rules_verdict(entry));
	row->cell[OWNER] = entry->owner == 0 ? strdup("-") :
		name_ns("user", entry->owner);
	row->cell[THERE] = strdup(judged ? rules_caps(buf, entry->caps) : "-");
	row->cell[WHY] = rules_why(entry, person);
	row->trouble = entry->verdict == NSU_ENTRY_NO ||
		entry->verdict == NSU_ENTRY_UNREAD;
	for (size_t i = 0; i < CELLS; i++)
		if (row->cell[i] == NULL)
			return -ENOMEM;
	return 0;
}

/* Not libsmartcols: nsattach is linked statically, and eight lines need no library. */
static void print_row(const struct output *out, const struct row *row, const int *width)
{
	bool color = out->color && row->trouble;
	size_t column = 0;

	if (color)
		fputs("\033[33m", stdout);
	for (size_t i = 0; i < WHY; i++) {
		bool last = i == WHY - 1 && *row->cell[WHY] == '\0';

		if (width[i] == 0)
			continue;
		printf("%-*s", last ? 0 : width[i] + 1, row->cell[i]);
		column += (size_t)width[i] + 1;
	}
	print_wrapped(out, column, row->cell[WHY]);
	if (color)
		fputs("\033[0m", stdout);
}

int rules_print(const struct output *out, const struct nsu_plan *plan, int only,
		enum rules_person person)
{
	struct row rows[NSU_TYPE_COUNT + 1] = {
		{ .cell = { (char *)"TYPE", (char *)"NAMESPACE", (char *)"ENTER",
			    (char *)"OWNER", (char *)words[person].heading,
			    (char *)"WHY" } },
	};
	bool wide = out->width == 0 || out->width >= WIDE;
	int width[CELLS] = { 0 }, count = 1, r = 0;

	for (int type = 0; type < NSU_TYPE_COUNT && r == 0; type++)
		if (only < 0 || only == type)
			r = fill_row(&rows[count++],
				     nsu_plan_get_entry(plan, (enum nsu_type)type),
				     person);
	for (int i = 0; i < count && r == 0; i++)
		for (int c = 0; c < WHY; c++)
			if ((wide || (c != OWNER && c != THERE)) &&
			    (int)strlen(rows[i].cell[c]) > width[c])
				width[c] = (int)strlen(rows[i].cell[c]);
	for (int i = 0; i < count && r == 0; i++)
		print_row(out, &rows[i], width);
	for (int i = 1; i < count; i++)
		for (int c = 0; c < CELLS; c++)
			free(rows[i].cell[c]);
	return r;
}
