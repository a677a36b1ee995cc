/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of nspin share: the options, and what each command does. */
#ifndef NSPIN_H
#define NSPIN_H

#include "nsutil.h"
#include "output.h"

enum pin_verb {
	VERB_LIST, VERB_ADD, VERB_CREATE, VERB_REMOVE, VERB_RENAME, VERB_SHOW, VERB_EXEC,
	VERB_CHECK, VERB_REPAIR, VERB_PRUNE, VERB_APPLY,
};
#define VERB_COUNT 11

/* What the command line asked for; filled by pin-options.c. */
struct pin_opts {
	enum pin_verb verb;
	char **words;		/* what operands is a part of */
	char **operands;	/* behind the verb; of create and add: NAME, TARGET */
	int operand_count;
	char **command;		/* behind "--"; of exec: behind NAME. NULL: none */
	unsigned types;		/* mask of 1 << NSU_*, by letter and by what needs one */
	bool all;
	bool netns, force, dry_run, json, quiet, noheadings, notruncate;
	bool loopback, verbose;
	const char *hostname;
	bool set_boottime, set_monotonic;
	int64_t boottime, monotonic;
	enum nsu_pin_map map;
	struct nsu_id_range *uids, *gids;
	size_t uid_count, gid_count;
	enum nsu_pin_propagation propagation;
	enum color_when color;
	int action;
	const char **args;	/* all words as they were given, for the record */
};

struct pin_app {
	struct pin_opts opts;
	struct output out;
	struct nsu_ctx *ctx;
};

/* pin-options.c */
/* -1: go on; else the exit status when it has told what is wrong or wanted. argv[0] is
   the program. May be called again for words that come from elsewhere, after
   pin_forget(). */
int pin_parse(struct pin_app *app, int argc, char **argv);
void pin_forget(struct pin_app *app);
/* pin-verbs.c */
const char *pin_verb_name(enum pin_verb verb);
/* pin-help.c: --help */
void pin_help(void);

/* Each returns the exit status. */
int pin_list(struct pin_app *app);	/* pin-list.c; --json: pin-json.c */
int pin_check(struct pin_app *app);	/* pin-check.c */
int pin_repair(struct pin_app *app);
int pin_prune(struct pin_app *app);
int pin_create(struct pin_app *app);	/* pin-make.c */
int pin_add(struct pin_app *app);
int pin_remove(struct pin_app *app);	/* pin-remove.c */
int pin_rename(struct pin_app *app);
int pin_show(struct pin_app *app);	/* pin-run.c: nstree, nsattach */
int pin_exec(struct pin_app *app);
int pin_apply(struct pin_app *app);	/* pin-apply.c */

/* pin-run.c: nsattach by the pin, with types by those letters; command NULL: a shell.
   Returns on failure only, the exit status. */
int pin_enter(const struct pin_app *app, const char *name, unsigned types,
	      char **command);

/* pin-make.c: the pin that the options describe, without its COMMAND. 0, or the exit
   status when it has told what is wrong. */
int pin_make(struct pin_app *app);
/* pin-say.c */
/* What went wrong with a pin, and the cure where there is one. */
void pin_complain(const struct pin_app *app, const char *name,
		  const struct nsu_pin_report *report);
/* What is worth to be known though it was done. */
void pin_remark(const struct pin_app *app, const char *name,
		const struct nsu_pin_report *report);

#endif
