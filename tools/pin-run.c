// SPDX-License-Identifier: GPL-2.0-or-later
/* nspin show and exec: by nstree and nsattach, which know pins by their word. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "pin-set.h"

#define EXIT_OWN 125	/* as nsattach has it */
#define MAX_OPTIONS 24

/* Where the word opens nothing: another program's pin of that name, or what is wrong is
   told, and NULL. */
static char *find_word(const struct pin_app *app, const char *name)
{
	struct nsu_pins *pins = NULL;
	const struct nsu_pin *pin;
	char *word = NULL;

	if (nsu_pins_new(app->ctx, &pins) < 0 || nsu_pins_find(pins, name, &pin) < 0) {
		pin_say_absent(app, name);
	} else if (pin->maker == NSU_PIN_BY_NSUTIL && pin->state == NSU_PIN_EMPTY) {
		msg(&app->out, "%s %s: %s: %s", pin_verb_name(app->opts.verb), name,
		    nsu_pin_state_get_name(pin->state), pin_why(pin, NULL, true));
		msg(&app->out, "cure: nspin %s %s", pin_cure_verb(pin), name);
	} else {
		word = strdup(pin->word);
	}
	nsu_pins_free(pins);
	return word;
}

/* The word by which every tool finds it; others' have one already. malloc'ed, NULL: there
   is none, which was told. */
static char *make_word(const struct pin_app *app, const char *name)
{
	struct nsu_target *target = NULL;
	char *word;

	if (strpbrk(name, ":/") != NULL)
		return strdup(name);
	if (asprintf(&word, "pin:%s", name) < 0)
		return NULL;
	if (nsu_target_new(app->ctx, word, &target) == 0) {
		nsu_target_free(target);
		return word;
	}
	free(word);
	return find_word(app, name);
}

/* The tool beside this one, since they are of one release; else that of the PATH.
   Returns on failure only. */
static void run_tool(const struct pin_app *app, const char *tool, char **argv)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	fflush(stdout);
	path[len > 0 ? len : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL && (size_t)(slash - path) + strlen(tool) + 2 < sizeof(path)) {
		strcpy(slash + 1, tool);
		execv(path, argv);
	}
	execvp(tool, argv);
	msg_errno(&app->out, errno, "run %s", tool);
}

static size_t add_common(const struct pin_app *app, char **argv, size_t count)
{
	static const char *const colors[] = {
		[COLOR_ALWAYS] = "--color=always", [COLOR_NEVER] = "--color=never",
	};

	if (app->opts.color != COLOR_AUTO)
		argv[count++] = (char *)colors[app->opts.color];
	if (app->opts.verbose)
		argv[count++] = (char *)"-v";
	return count;
}

int pin_show(struct pin_app *app)
{
	const struct pin_opts *opts = &app->opts;
	size_t count = 0, words;
	char **argv = calloc((size_t)opts->operand_count + MAX_OPTIONS, sizeof(*argv));

	if (argv == NULL)
		goto out;
	argv[count++] = (char *)"nstree";
	count = add_common(app, argv, count);
	if (opts->json)
		argv[count++] = (char *)"--json";
	if (opts->noheadings)
		argv[count++] = (char *)"--noheadings";
	if (opts->notruncate)
		argv[count++] = (char *)"--notruncate";
	argv[count++] = (char *)"--";
	words = count;
	for (int i = 0; i < opts->operand_count; i++) {
		char *word = make_word(app, opts->operands[i]);

		if (word != NULL)
			argv[count++] = word;
	}
	/* Its exit status is nstree's own: with one that is missing there is none. */
	if (count - words == (size_t)opts->operand_count)
		run_tool(app, "nstree", argv);
	while (count > words)
		free(argv[--count]);
out:
	free(argv);
	return 1;
}

int pin_enter(const struct pin_app *app, const char *name, unsigned types, char **command)
{
	char letters[NSU_TYPE_COUNT][3], *word = make_word(app, name), **argv;
	size_t count = 0, words = 0;

	while (command != NULL && command[words] != NULL)
		words++;
	argv = calloc(words + MAX_OPTIONS, sizeof(*argv));
	if (argv != NULL && word != NULL) {
		argv[count++] = (char *)"nsattach";
		count = add_common(app, argv, count);
		for (int type = 0; type < NSU_TYPE_COUNT; type++) {
			if (!(types & 1U << type))
				continue;
			snprintf(letters[type], sizeof(letters[type]), "-%c",
				 nsu_type_get_info(type)->letter);
			argv[count++] = letters[type];
		}
		argv[count++] = (char *)"-t";
		argv[count++] = word;
		argv[count++] = (char *)"--";
		for (size_t i = 0; i < words; i++)
			argv[count++] = command[i];
		run_tool(app, "nsattach", argv);
	}
	free(argv);
	free(word);
	return EXIT_OWN;
}

int pin_exec(struct pin_app *app)
{
	return pin_enter(app, app->opts.operands[0], app->opts.types, app->opts.command);
}
