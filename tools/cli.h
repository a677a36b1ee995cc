/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One table of options per tool: it parses, helps, and is what the completions read. */
#ifndef NSUTIL_CLI_H
#define NSUTIL_CLI_H

#include <stddef.h>
#include "output.h"

struct cli;
struct cli_option;

/* Stores what was given, -EINVAL after cli_wrong(). arg is NULL where it is optional and
   was left out. */
typedef int (*cli_set_fn)(const struct cli *cli, const struct cli_option *option,
			  const char *arg);

enum cli_kind {
	CLI_HEADING,	/* no option: help is the heading of those that follow */
	CLI_FLAG,	/* a bool */
	CLI_STRING,	/* a const char * */
	CLI_PID,	/* a pid_t */
	CLI_ACTION,	/* an int that becomes value */
	CLI_SET,	/* set() is called */
};

struct cli_option {
	const char *name;	/* long, without dashes */
	char letter;		/* 0: none */
	const char *arg; /* what its argument is called, "[WHEN]": optional; NULL: none */
	const char *help;	/* NULL: hidden */
	enum cli_kind kind;
	size_t offset;		/* of the target in the tool's struct of options */
	int value;
	cli_set_fn set;
	unsigned groups;	/* two options that share a bit exclude each other */
	unsigned scope;		/* the tool's own: of which of its commands it is */
};

/* What is typed by habit of another tool, and what to type instead. */
struct cli_hint {
	const char *word;	/* how an unknown option begins, with its dashes */
	const char *text;
};

struct cli {
	const struct output *out;
	const struct cli_option *options;
	size_t count;
	void *opts;		/* the tool's struct of options */
	const struct cli_hint *hints; /* NULL, or ended by one without a word */
	/* Asked at each operand, NULL: options and operands may be mixed. true: it was
	   taken, and options may follow; false: a command begins there, whose options are
	   its own. */
	bool (*operand)(const struct cli *cli, const char *word);
	/* Of each option whether it was given, count of them; NULL: not to be told */
	bool *given;
};

/* Returns the index of the first operand in argv, or -EINVAL when it has told what is
   wrong. */
int cli_parse(const struct cli *cli, int argc, char **argv);
/* Wrong use, in two lines: the message, and what to type instead; hint may be NULL.
   Returns -EINVAL. */
int cli_wrong(const struct output *out, const char *hint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Every option that is not hidden, under its headings. */
void cli_print_all(const struct cli *cli);
/* The same for programs: long, short, argument, help, separated by tabs. */
void cli_print_list(const struct cli *cli);

#endif
