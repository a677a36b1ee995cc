// SPDX-License-Identifier: GPL-2.0-or-later
/* --explain: what would be entered, by which rule not, and what would run there as
   whom. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attach.h"
#include "attach-explain.h"

#define WIDE 100		/* columns: from there on with the owners */

const char *explain_verdict(const struct nsu_entry *entry)
{
	static const char *const words[] = {
		[NSU_ENTRY_NONE] = "-", [NSU_ENTRY_SAME] = "same",
		[NSU_ENTRY_YES] = "yes", [NSU_ENTRY_NO] = "no", [NSU_ENTRY_UNREAD] = "no",
	};

	return words[entry->verdict];
}

static int why_not(const struct nsu_entry *entry, char **ret)
{
	const char *cap = entry->rule == NSU_RULE_CHROOT ? "CAP_SYS_CHROOT" :
		"CAP_SYS_ADMIN";

	switch (entry->rule) {
	case NSU_RULE_ADMIN_HERE:
		if (entry->owned)
			return asprintf(ret, "user:[%" PRIu64 "] owns it, where you may: "
					"add -U", entry->owner);
		/* fall through */
	case NSU_RULE_ADMIN_THERE:
	case NSU_RULE_CHROOT:
		if (entry->needed_in == 0)
			return asprintf(ret, "needs %s in the user namespace that owns "
					"it, above yours", cap);
		return asprintf(ret, "needs %s in user:[%" PRIu64 "], where you have not",
				cap, entry->needed_in);
	case NSU_RULE_NOT_BELOW:
		return asprintf(ret, "it is not below your pid namespace");
	case NSU_RULE_NO_INIT:
		return asprintf(ret, "its init has ended, nothing can start in it");
	case NSU_RULE_UNREADABLE:
	case NSU_RULE_NONE:
		break;
	}
	return asprintf(ret, "read it: %s", strerror(-entry->error));
}

/* Malloc'ed; NULL: no memory. */
char *explain_why(const struct nsu_entry *entry)
{
	char *text = NULL;
	int r = 0;

	switch (entry->verdict) {
	case NSU_ENTRY_NONE:
		text = strdup("stays yours");
		break;
	case NSU_ENTRY_SAME:
		text = strdup("as yours");
		break;
	case NSU_ENTRY_NO:
	case NSU_ENTRY_UNREAD:
		r = why_not(entry, &text);
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

#define CELLS 5			/* TYPE NAMESPACE ENTER OWNER WHY */

struct row {
	char *cell[CELLS];
	bool trouble;
};

static int fill_row(struct row *row, const struct nsu_entry *entry)
{
	const char *type = nsu_type_get_name(entry->type);

	row->cell[0] = strdup(type);
	row->cell[1] = entry->verdict == NSU_ENTRY_NONE ? strdup("-") :
		name_ns(type, entry->inode);
	row->cell[2] = strdup(explain_verdict(entry));
	row->cell[3] = entry->owner == 0 ? strdup("-") : name_ns("user", entry->owner);
	row->cell[4] = explain_why(entry);
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
	for (size_t i = 0; i < CELLS - 1; i++) {
		bool last = i == CELLS - 2 && *row->cell[CELLS - 1] == '\0';

		if (width[i] == 0)
			continue;
		printf("%-*s", last ? 0 : width[i] + 1, row->cell[i]);
		column += (size_t)width[i] + 1;
	}
	print_wrapped(out, column, row->cell[CELLS - 1]);
	if (color)
		fputs("\033[0m", stdout);
}

static int print_table(const struct attach *app)
{
	struct row rows[NSU_TYPE_COUNT + 1] = {
		{ .cell = { (char *)"TYPE", (char *)"NAMESPACE", (char *)"ENTER",
			    (char *)"OWNER", (char *)"WHY" } },
	};
	bool wide = app->out.width == 0 || app->out.width >= WIDE;
	int width[CELLS] = { 0 }, r = 0;

	for (unsigned type = 0; type < NSU_TYPE_COUNT && r == 0; type++)
		r = fill_row(&rows[type + 1], nsu_plan_get_entry(app->plan, type));
	for (size_t i = 0; i <= NSU_TYPE_COUNT && r == 0; i++)
		for (size_t c = 0; c < CELLS - 1; c++)
			if ((wide || c != 3) && (int)strlen(rows[i].cell[c]) > width[c])
				width[c] = (int)strlen(rows[i].cell[c]);
	for (size_t i = 0; i <= NSU_TYPE_COUNT && r == 0; i++)
		print_row(&app->out, &rows[i], width);
	for (size_t i = 1; i <= NSU_TYPE_COUNT; i++)
		for (size_t c = 0; c < CELLS; c++)
			free(rows[i].cell[c]);
	return r;
}

static void print_escaped(const struct attach *app, const char *text)
{
	char *plain = text_escape(&app->out, text);

	fputs(plain != NULL ? plain : "?", stdout);
	free(plain);
}

static void print_head(const struct attach *app)
{
	pid_t pid = nsu_plan_get_pid(app->plan);
	char buf[32], number[16], path[32], name[64] = "";
	const char *what = say_target(app, buf);
	FILE *f;

	print_escaped(app, what);
	snprintf(number, sizeof(number), "%d", (int)pid);
	if (pid != 0) {
		snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
		f = fopen(path, "re");
		if (f != NULL && fgets(name, sizeof(name), f) != NULL)
			name[strcspn(name, "\n")] = '\0';
		if (f != NULL)
			fclose(f);
		printf(strcmp(what, number) == 0 ? "  " : "  process %d ", (int)pid);
		print_escaped(app, name);
	}
	putchar('\n');
}

static void print_entered(const struct nsu_outlook *outlook)
{
	printf("Would enter   ");
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (outlook->entered & 1U << type)
			printf("%s ", nsu_type_get_name(type));
	if (outlook->entered == 0)
		puts("nothing: all of it is yours already");
	else if (outlook->by_pidfd)
		puts("in one step by pidfd");
	else
		puts("one by one");
}

static void print_command(const struct attach *app, const struct nsu_outlook *outlook)
{
	bool inside = outlook->entered & 1U << NSU_MNT;

	printf("Would run     ");
	if (app->opts.command[0] == NULL && outlook->shell == NULL) {
		puts("no shell is there; try: -H");
	} else if (app->opts.command[0] == NULL) {
		print_escaped(app, outlook->shell);
		puts(inside ? " (login shell)" : "");
	} else {
		for (char **word = app->opts.command; *word != NULL; word++) {
			print_escaped(app, *word);
			putchar(word[1] != NULL ? ' ' : '\n');
		}
	}
}

static int count_caps(uint64_t mask)
{
	return __builtin_popcountll(mask);
}

static void print_who(const struct attach *app, const struct nsu_outlook *outlook)
{
	bool caps = outlook->traits & 1U << NSU_TRAIT_CAPS;

	printf("as            uid %u, gid %u%s; %d capabilities", (unsigned)outlook->uid,
	       (unsigned)outlook->gid, outlook->changes_ids ? "" : " (yours)",
	       count_caps(outlook->caps));
	if (outlook->traits & 1U << NSU_TRAIT_NNP && outlook->no_new_privs)
		printf(", no_new_privs");
	if (outlook->seccomp == 2)
		printf(outlook->traits & 1U << NSU_TRAIT_SECCOMP ? ", seccomp" :
		       ", without its seccomp filter");
	if (outlook->traits & 1U << NSU_TRAIT_LABEL && outlook->label != NULL) {
		printf(", label ");
		print_escaped(app, outlook->label);
	}
	putchar('\n');
	if (caps)
		printf("              as the target's; --privileged keeps yours\n");
}

static const char *name_env(const struct attach *app, const struct nsu_outlook *outlook)
{
	switch (app->opts.env) {
	case NSU_ENV_TARGET:
		return "the target's environment";
	case NSU_ENV_HOST:
		return "your environment";
	case NSU_ENV_CLEAN:
		break;
	case NSU_ENV_AUTO:
		if (!(outlook->entered & 1U << NSU_MNT))
			return "your environment";
	}
	return "environment clean + TERM PATH HOME USER";
}

static void print_where(const struct attach *app, const struct nsu_outlook *outlook)
{
	bool joins = outlook->traits & 1U << NSU_TRAIT_CGROUP;

	printf("in            cgroup ");
	if (joins && outlook->cgroup != NULL)
		print_escaped(app, outlook->cgroup);
	else
		printf("of yours");
	puts(outlook->frozen ? " (the target's is paused)" : "");
	if (outlook->own_mounts) {
		printf("mounts        of its own:%s%s%s", outlook->proc ? " /proc" : "",
		       outlook->sys ? " /sys" : "",
		       outlook->resolv ? " resolv.conf hosts" : "");
		if (outlook->tree_dir != NULL) {
			printf(", its files at ");
			print_escaped(app, outlook->tree_dir);
		}
		putchar('\n');
	}
	printf("with          %s\n              %s\n", app->opts.tty == NSU_NO ?
	       "your descriptors 0, 1, 2" : "a terminal of its own where you have one",
	       name_env(app, outlook));
}

static int print_text(const struct attach *app)
{
	const struct nsu_outlook *outlook = nsu_plan_get_outlook(app->plan);
	int allowed = nsu_plan_check(app->plan), r;

	print_head(app);
	r = print_table(app);
	if (r < 0) {
		msg_errno(&app->out, r, "--explain");
		return EXIT_OWN;
	}
	if (allowed == 0 || allowed == -EXDEV) {
		print_entered(outlook);
		print_command(app, outlook);
		print_who(app, outlook);
		print_where(app, outlook);
	}
	if (allowed == 0)
		say_problems(app);
	else
		puts("Nothing would be entered.");
	if (allowed < 0)
		say_verdicts(app);
	return 0;
}

int attach_explain(struct attach *app)
{
	int allowed = nsu_plan_check(app->plan);
	int r = app->opts.json ? explain_json(app) : print_text(app);

	return r != 0 ? r : allowed < 0 ? EXIT_MAY_NOT : 0;
}
