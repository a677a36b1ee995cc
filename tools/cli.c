// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line by a table: getopt_long(3), groups that exclude each other, help. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

/* What getopt_long(3) returns for the option at an index: out of the letters' way. */
#define FIRST_VALUE 256
#define HELP_COLUMN 26

int cli_wrong(const struct output *out, const char *hint, const char *format, ...)
{
	char *text = NULL;
	va_list ap;
	int r;

	va_start(ap, format);
	r = vasprintf(&text, format, ap);
	va_end(ap);
	if (r >= 0)
		msg(out, "%s", text);
	free(text);
	if (hint != NULL)
		msg(out, "try: %s", hint);
	else if (out->where == NULL)
		msg(out, "try: %s --help", out->program);
	return -EINVAL;
}

static int has_arg(const struct cli_option *option)
{
	if (option->arg == NULL)
		return no_argument;
	return option->arg[0] == '[' ? optional_argument : required_argument;
}

/* getopt's two tables. `letters` has room for three characters an option and three
   more. */
static void build_tables(const struct cli *cli, struct option *longs, char *letters)
{
	if (cli->operand != NULL)
		*letters++ = '+';
	*letters++ = ':';
	for (size_t i = 0; i < cli->count; i++) {
		const struct cli_option *option = &cli->options[i];
		int colons = has_arg(option);

		if (option->kind == CLI_HEADING)
			continue;
		if (option->name != NULL)
			*longs++ = (struct option){ option->name, colons, NULL,
						    FIRST_VALUE + (int)i };
		if (option->letter == 0)
			continue;
		*letters++ = option->letter;
		for (; colons > 0; colons--)
			*letters++ = ':';
	}
	*letters = '\0';
	*longs = (struct option){ 0 };
}

static const struct cli_option *find_option(const struct cli *cli, int value)
{
	if (value >= FIRST_VALUE)
		return &cli->options[value - FIRST_VALUE];
	for (size_t i = 0; i < cli->count; i++)
		if (cli->options[i].letter == value && value != 0)
			return &cli->options[i];
	return NULL;
}

static int set_pid(const struct cli *cli, const struct cli_option *option,
		   const char *arg, pid_t *ret)
{
	char *end;
	long pid;

	errno = 0;
	pid = strtol(arg, &end, 10);
	if (errno != 0 || end == arg || *end != '\0' || pid <= 0 || pid > INT_MAX)
		return cli_wrong(cli->out, NULL, "-%c %s: not a process id%s",
				 option->letter, arg, *arg >= '0' && *arg <= '9' ? "" :
				 "; names are operands");
	*ret = (pid_t)pid;
	return 0;
}

static int apply(const struct cli *cli, const struct cli_option *option, const char *arg)
{
	void *target = (char *)cli->opts + option->offset;

	switch (option->kind) {
	case CLI_HEADING:
		break;
	case CLI_FLAG:
		*(bool *)target = true;
		break;
	case CLI_STRING:
		*(const char **)target = arg;
		break;
	case CLI_PID:
		return set_pid(cli, option, arg, target);
	case CLI_ACTION:
		*(int *)target = option->value;
		break;
	case CLI_SET:
		return option->set(cli, option, arg);
	}
	return 0;
}

/* The option given earlier that excludes this one, NULL: none. */
static const struct cli_option *find_rival(const struct cli *cli, const bool *given,
					   const struct cli_option *option)
{
	for (size_t i = 0; i < cli->count; i++)
		if (given[i] && &cli->options[i] != option &&
		    (cli->options[i].groups & option->groups) != 0)
			return &cli->options[i];
	return NULL;
}

/* How many options begin so. */
static size_t count_begun(const struct cli *cli, const char *word)
{
	size_t len, count = 0;

	word += strspn(word, "-");
	len = strcspn(word, "=");
	for (size_t i = 0; i < cli->count; i++)
		count += cli->options[i].name != NULL && len > 0 &&
			 strncmp(cli->options[i].name, word, len) == 0;
	return count;
}

static const char *hint_for(const struct cli *cli, const char *word)
{
	for (const struct cli_hint *hint = cli->hints; hint && hint->word; hint++)
		if (strncmp(word, hint->word, strlen(hint->word)) == 0)
			return hint->text;
	return NULL;
}

static int complain(const struct cli *cli, int what, const char *word)
{
	const struct cli_option *option = optopt != 0 ? find_option(cli, optopt) : NULL;

	if (option == NULL && optopt > 0 && optopt < FIRST_VALUE) {
		const char letter[] = { '-', (char)optopt, '\0' };

		return cli_wrong(cli->out, hint_for(cli, letter), "%s: no such option",
				 letter);
	}
	if (what == ':')
		return cli_wrong(cli->out, NULL, "%s: needs an argument, %s", word,
				 option != NULL ? option->arg : "");
	if (option != NULL)
		return cli_wrong(cli->out, NULL, "%s: takes no argument", word);
	return cli_wrong(cli->out, hint_for(cli, word), "%s: %s", word,
			 count_begun(cli, word) > 1 ? "could be several options" :
			 "no such option");
}

/* The next option; with an operand() operands are passed over while it takes them. */
static int next_option(const struct cli *cli, int argc, char **argv, const char *letters,
		       const struct option *longs)
{
	for (;;) {
		/* 0 asks getopt(3) to begin anew, which is at 1. */
		int before = optind > 0 ? optind : 1;
		int value = getopt_long(argc, argv, letters, longs, NULL);

		if (value != -1 || cli->operand == NULL || optind >= argc)
			return value;
		/* "--" was stepped over: what follows is the command. */
		if (optind == before + 1 && strcmp(argv[before], "--") == 0)
			return -1;
		if (!cli->operand(cli, argv[optind]))
			return -1;
		optind++;
	}
}

static int parse(const struct cli *cli, int argc, char **argv, const char *letters,
		 const struct option *longs, bool *given)
{
	int value, r;

	opterr = 0;
	while ((value = next_option(cli, argc, argv, letters, longs)) != -1) {
		const struct cli_option *option = find_option(cli, value), *rival;

		if (value == '?' || value == ':')
			return complain(cli, value, argv[optind - 1]);
		rival = find_rival(cli, given, option);
		if (rival != NULL)
			return cli_wrong(cli->out, NULL,
					 "--%s and --%s exclude each other", rival->name,
					 option->name);
		given[option - cli->options] = true;
		r = apply(cli, option, optarg);
		if (r < 0)
			return r;
	}
	return optind;
}

int cli_parse(const struct cli *cli, int argc, char **argv)
{
	struct option *longs = calloc(cli->count + 1, sizeof(*longs));
	char *letters = malloc(cli->count * 3 + 3);
	bool *given = calloc(cli->count, sizeof(*given));
	int r = -ENOMEM;

	if (longs != NULL && letters != NULL && given != NULL) {
		build_tables(cli, longs, letters);
		r = parse(cli, argc, argv, letters, longs, given);
		if (cli->given != NULL)
			memcpy(cli->given, given, cli->count * sizeof(*given));
	} else {
		msg_errno(cli->out, r, "command line");
	}
	free(longs);
	free(letters);
	free(given);
	return r;
}

/* "-t, --type TYPE", "--color[=WHEN]", "-T, --tree[=TREE]" as in the manual. */
static void name_option(const struct cli_option *option, char *buf, size_t size)
{
	const char *arg = option->arg != NULL ? option->arg : "";
	char letter[8] = "    ";

	if (option->letter != 0)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	if (option->name == NULL)
		snprintf(buf, size, "-%c", option->letter);
	else if (*arg == '[')
		snprintf(buf, size, "%s--%s[=%s", letter, option->name, arg + 1);
	else
		snprintf(buf, size, "%s--%s%s%s", letter, option->name, *arg ? " " : "",
			 arg);
}

void cli_print_all(const struct cli *cli)
{
	for (size_t i = 0; i < cli->count; i++) {
		const struct cli_option *option = &cli->options[i];
		char name[64];

		if (option->help == NULL)
			continue;
		if (option->kind == CLI_HEADING) {
			printf("\n%s\n", option->help);
			continue;
		}
		name_option(option, name, sizeof(name));
		if (strlen(name) < HELP_COLUMN - 2)
			printf(" %-*s%s\n", HELP_COLUMN - 1, name, option->help);
		else
			printf(" %s\n%*s%s\n", name, HELP_COLUMN, "", option->help);
	}
}

void cli_print_list(const struct cli *cli)
{
	for (size_t i = 0; i < cli->count; i++) {
		const struct cli_option *option = &cli->options[i];
		char letter[2] = { option->letter, '\0' };

		if (option->help != NULL && option->kind != CLI_HEADING)
			printf("%s\t%s\t%s\t%s\n",
			       option->name != NULL ? option->name : "", letter,
			       option->arg != NULL ? option->arg : "", option->help);
	}
}
