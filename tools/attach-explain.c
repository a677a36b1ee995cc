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
#include "rules.h"

#define ID_DIGITS 12

static void print_escaped(const struct attach *app, const char *text)
{
	char *plain = text_escape(&app->out, text);

	fputs(plain != NULL ? plain : "?", stdout);
	free(plain);
}

/* "docker:3f2a9c41d07e", where nothing else names it */
static bool ends_in_id(const char *word, const char *id)
{
	size_t length = strlen(word);

	return length > ID_DIGITS &&
	       strncmp(word + length - ID_DIGITS, id, ID_DIGITS) == 0;
}

/* "docker:web  3f2a9c41d07e  nginx:1.25  first" */
static bool print_container(const struct attach *app)
{
	const struct nsu_container *container;
	struct nsu_snapshot *snap;
	const char *text;
	bool pod;

	if (attach_container(app, &snap, &container) < 0)
		return false;
	pod = nsu_container_get_kind(container) == NSU_POD;
	print_escaped(app, nsu_container_get_word(container));
	if (nsu_container_is_claim(container))
		printf(" (claimed)");
	if (!pod && nsu_container_get_text(container, NSU_CONTAINER_ID, &text) == 0 &&
	    strspn(text, "0123456789abcdef") == 64 &&
	    !ends_in_id(nsu_container_get_word(container), text))
		printf("  %.*s", ID_DIGITS, text);
	if (nsu_container_get_text(container, NSU_CONTAINER_IMAGE, &text) == 0) {
		printf("  ");
		print_escaped(app, text);
	}
	printf(pod ? "  by" : "  first");
	nsu_snapshot_free(snap);
	return true;
}

static void print_head(const struct attach *app)
{
	pid_t pid = nsu_plan_get_pid(app->plan);
	char buf[32], number[16], path[32], name[64] = "";
	const char *what = say_target(app, buf);
	FILE *f;

	if (!print_container(app))
		print_escaped(app, what);
	snprintf(number, sizeof(number), "%d", (int)pid);
	if (pid != 0) {
		snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
		f = fopen(path, "re");
		if (f != NULL && fgets(name, sizeof(name), f) != NULL)
			name[strcspn(name, "\n")] = '\0';
		if (f != NULL)
			fclose(f);
		printf(strcmp(what, number) == 0 ? "  " : "%s process %d ",
		       nsu_target_is_container(app->target) ? "" : " ", (int)pid);
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
	r = rules_print(&app->out, app->plan, -1, RULES_YOU);
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
