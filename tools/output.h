/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How every tool prints: width, colour, character set, and nothing raw from outside. */
#ifndef NSUTIL_OUTPUT_H
#define NSUTIL_OUTPUT_H

#include <libsmartcols.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "nsutil.h"

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct output {
	const char *program;	/* for messages */
	const char *where;	/* behind it: the line of a file, "FILE:7"; NULL: none */
	bool terminal;		/* standard output is one */
	bool color;
	bool utf8;		/* box characters, × and … may be printed */
	bool quiet;		/* no messages for now */
	int width;		/* columns of the terminal; 0: do not cut (a pipe) */
};

/* First of all in main(): standard descriptors that were closed must not become those of
   the files that are opened. */
void output_begin(void);
void output_init(struct output *out, const char *program, enum color_when when);
/* Last of all: 0, or 1 if standard output could not be written, and says so. */
int output_finish(const struct output *out);

/* "nstree: " FORMAT "\n" on standard error, with escapes for what is not printable. */
void msg(const struct output *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same ending in ": " strerror(error); error may have either sign. */
void msg_errno(const struct output *out, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Text from outside made fit to print: control characters, escape sequences, bad UTF-8
   and bidirectional marks as \xHH or \n; malloc'ed. ARGV: NUL separated, joined by
   blanks. */
char *text_escape(const struct output *out, const char *text);
char *text_escape_argv(const struct output *out, const char *args, size_t len);
/* The same made valid UTF-8 for JSON, losing nothing that is valid (json-c escapes
   control characters itself). */
char *text_utf8(const char *text, size_t len);
/* NUL separated arguments with blanks between; malloc'ed, not escaped. */
char *text_join_argv(const char *args, size_t len);
/* Words with blanks between, quoted where a shell would need it, up to NULL; malloc'ed,
   escaped. */
char *text_quote_words(const struct output *out, const char *const *words);
char *text_quote_word(const struct output *out, const char *word);
/* A shell leaves it as it is; what is no text to print is not looked for. */
bool text_is_plain(const char *word);
/* Cut to so many columns with … (or ...): names in the middle, commands at the end;
   malloc'ed. */
char *text_cut_middle(const struct output *out, const char *text, size_t width);
char *text_cut_end(const struct output *out, const char *text, size_t width);
size_t text_width(const char *text);

/* "0", "999", "4.0K", "311M", "1.3G": powers of 1024. */
const char *text_size(char buf[static 16], uint64_t bytes);
/* "41s", "12m", "9h", "61d". */
const char *text_age(char buf[static 16], uint64_t seconds);
/* The user's name in the database here if it is fit to print, else the number; 0 is
   root. Cached. */
const char *user_name(uid_t uid);

/* A libsmartcols table set up for this output: headings, width, ASCII tree symbols... */
struct libscols_table *table_new(const struct output *out, bool noheadings);
/* Prints it, trailing blanks removed; 0 or negative errno. */
int table_print(struct libscols_table *table, const struct output *out);

/* What is shown of a task of one snapshot, read once and kept. */
struct shown {
	const struct nsu_task *task;
	int error;		/* negative errno: has ended meanwhile, ... */
	struct nsu_task_stat stat;
	char *name;		/* escaped comm */
	char *command; /* escaped command line, the name in [brackets] for kernel threads,
			  which have none; NULL until command was asked */
	char *args;    /* the command line as it was read, NUL separated; NULL: none, or
			  command was not asked */
	size_t args_len;
};
struct shown_cache;
struct shown_cache *shown_new(const struct output *out);
void shown_free(struct shown_cache *cache);
/* Never NULL but for no memory. command: read the command line too. */
const struct shown *shown_get(struct shown_cache *cache, const struct nsu_task *task,
			      bool command);
#endif
