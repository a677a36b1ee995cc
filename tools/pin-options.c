// SPDX-License-Identifier: GPL-2.0-or-later
/* nspin's command line: the one table of its options, and what each command may have. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "pin-values.h"
#include "pin-verbs.h"
#include "word.h"

enum {
	ACTION_NONE, ACTION_HELP, ACTION_HELP_ALL, ACTION_LIST, ACTION_COMMANDS,
	ACTION_VERSION,
};

#define IN(verb)	(1U << VERB_##verb)
#define MAKES		(IN(CREATE) | IN(ADD))
#define TYPED		(MAKES | IN(EXEC))
#define PRINTS		(IN(LIST) | IN(SHOW))

#define HEADING(text) { .kind = CLI_HEADING, .help = text }
#define FLAG(long_name, short_name, field, verbs, text) \
	{ .name = long_name, .letter = short_name, .kind = CLI_FLAG, .scope = verbs, \
	  .offset = offsetof(struct pin_opts, field), .help = text }
#define SET(long_name, short_name, arg_name, function, number, verbs, text) \
	{ .name = long_name, .letter = short_name, .arg = arg_name, .kind = CLI_SET, \
	  .set = function, .value = number, .scope = verbs, .help = text }
#define TYPE(long_name, short_name, type, text) \
	SET(long_name, short_name, NULL, pin_set_type, type, TYPED, text)
#define ACTION(long_name, short_name, number, text) \
	{ .name = long_name, .letter = short_name, .kind = CLI_ACTION, .value = number, \
	  .offset = offsetof(struct pin_opts, action), .help = text }

static const struct cli_option options[] = {
	HEADING("Which types; of add and exec without any: all that differ from yours:"),
	TYPE("mount", 'm', NSU_MNT, "the mount namespace"),
	TYPE("uts", 'u', NSU_UTS, "the UTS namespace (host name)"),
	TYPE("ipc", 'i', NSU_IPC, "the IPC namespace"),
	TYPE("net", 'n', NSU_NET, "the network namespace"),
	TYPE("pid", 'p', NSU_PID, "the pid namespace"),
	TYPE("cgroup", 'C', NSU_CGROUP, "the cgroup namespace"),
	TYPE("user", 'U', NSU_USER, "the user namespace"),
	TYPE("time", 'T', NSU_TIME, "the time namespace"),
	FLAG("all", 'a', all, TYPED, "all types; of create with --map-root"),

	HEADING("What new namespaces are like (create); each asks for its type:"),
	SET("map-root", 'r', NULL, pin_set_map, MAP_ROOT, IN(CREATE),
	    "root in the user namespace is you"),
	SET("map-auto", 0, NULL, pin_set_map, MAP_AUTO, IN(CREATE),
	    "and the other ids are your ranges of subuid(5)"),
	SET("map-users", 0, "INNER:OUTER:COUNT", pin_set_map, MAP_USERS, IN(CREATE),
	    "these uids, several with commas; or auto"),
	SET("map-groups", 0, "INNER:OUTER:COUNT", pin_set_map, MAP_GROUPS, IN(CREATE),
	    "these gids; or auto"),
	{ .name = "hostname", .arg = "HOSTNAME", .kind = CLI_STRING, .scope = IN(CREATE),
	  .offset = offsetof(struct pin_opts, hostname), .help = "the host name" },
	SET("boottime", 0, "OFFSET", pin_set_clock, 0, IN(CREATE),
	    "offset of CLOCK_BOOTTIME in seconds, or 5m, 2h, -90d"),
	SET("monotonic", 0, "OFFSET", pin_set_clock, 1, IN(CREATE),
	    "the same of CLOCK_MONOTONIC"),
	FLAG("up", 0, loopback, IN(CREATE), "set the loopback interface up"),
	SET("propagation", 0, "HOW", pin_set_propagation, 0, IN(CREATE),
	    "of its mounts: slave (the default), private, shared, unchanged"),

	HEADING("How it is done:"),
	FLAG("netns", 0, netns, MAKES, "also as /run/netns/NAME, for ip-netns(8)"),
	FLAG("force", 'f', force, IN(REMOVE), "also what another program has made"),
	FLAG("dry-run", 0, dry_run, IN(REPAIR) | IN(PRUNE) | IN(APPLY),
	     "change nothing, say what would be done"),
	FLAG("quiet", 'q', quiet, 0, "of list the names only; else no remarks"),

	HEADING("How to print it:"),
	FLAG("json", 0, json, PRINTS, "JSON: all there is"),
	FLAG("noheadings", 0, noheadings, PRINTS, "no line of headings"),
	FLAG("notruncate", 0, notruncate, PRINTS, "cut nothing to fit the terminal"),
	SET("color", 0, "[WHEN]", pin_set_color, 0, 0, "auto, always or never"),

	HEADING("Else:"),
	FLAG("verbose", 'v', verbose, 0, "what is tried"),
	ACTION("help", 'h', ACTION_HELP, "one screen of help"),
	ACTION("help-all", 0, ACTION_HELP_ALL, "this list"),
	ACTION("version", 'V', ACTION_VERSION, "the release"),
	ACTION("list-options", 0, ACTION_LIST, NULL),
	ACTION("list-commands", 0, ACTION_COMMANDS, NULL),
};
#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

static const struct cli_hint hints[] = {
	{ "--target", "nspin add NAME TARGET" },
	{ "-t", "without: nspin add NAME TARGET, nspin exec NAME COMMAND" },
	{ "--fork", "nspin create NAME -p -- COMMAND" },
	{ "--mount-proc", "nspin create NAME -p -m: it has a /proc of its own" },
	{ "--setgroups", "nspin create NAME -U --map-groups 0:100000:65536" },
	{ NULL, NULL },
};

/* The command's name is the first of the words; behind exec's NAME a command begins. */
static bool take_operand(const struct cli *cli, const char *word)
{
	struct pin_opts *opts = cli->opts;
	enum pin_verb verb;

	if (opts->operand_count == 2 && pin_verb_find(opts->words[0], &verb) == 0 &&
	    verb == VERB_EXEC)
		return false;
	opts->words[opts->operand_count++] = (char *)word;
	return true;
}

/* No command at all may be the name of a pin, as with docker. */
static bool is_pin(struct pin_app *app, const char *word)
{
	const struct nsu_pin *pin;
	struct nsu_pins *pins = NULL;
	struct nsu_ctx *ctx = NULL;
	bool found = nsu_ctx_new(NULL, &ctx) == 0 && nsu_pins_new(ctx, &pins) == 0 &&
		     nsu_pins_find(pins, word, &pin) == 0;

	(void)app;
	nsu_pins_free(pins);
	nsu_ctx_free(ctx);
	return found;
}

static int unknown_verb(struct pin_app *app, const char *word)
{
	const char *guess = pin_verb_guess(word);

	if (is_pin(app, word)) {
		msg(&app->out, "%s: no such command", word);
		msg(&app->out, "to see that pin: nspin show %s", word);
		return -EINVAL;
	}
	if (guess == NULL)
		return cli_wrong(&app->out, NULL, "%s: no such command", word);
	msg(&app->out, "%s: no such command", word);
	msg(&app->out, "did you mean: nspin %s", guess);
	return -EINVAL;
}

static int check_count(struct pin_app *app)
{
	const struct pin_opts *opts = &app->opts;
	const struct pin_verb_info *info = pin_verb_get(opts->verb);
	char usage[80];

	snprintf(usage, sizeof(usage), "nspin %s %s", info->name, info->operands);
	if (opts->operand_count < info->least)
		return cli_wrong(&app->out, usage, "%s: no %s given", info->name,
				 opts->verb == VERB_APPLY ? "file" :
				 opts->operand_count > 0 ? "new name" : "name");
	if (opts->verb == VERB_ADD && opts->operand_count == 1) {
		msg(&app->out, "add %s: no target given", opts->operands[0]);
		msg(&app->out, "to make a new namespace: nspin create %s -n; "
		    "to keep one: nspin add %s TARGET", opts->operands[0],
		    opts->operands[0]);
		return -EINVAL;
	}
	if (info->most >= 0 && opts->operand_count > info->most)
		return cli_wrong(&app->out, opts->verb == VERB_CREATE ?
				 "nspin create NAME [-n ...] -- COMMAND" : usage,
				 "%s: one word too many, %s", info->name,
				 opts->operands[info->most]);
	return 0;
}

/* What an option is about is asked for with it. */
static void imply_types(struct pin_opts *opts)
{
	if (opts->hostname != NULL)
		opts->types |= 1U << NSU_UTS;
	if (opts->loopback || (opts->netns && opts->verb == VERB_CREATE))
		opts->types |= 1U << NSU_NET;
	if (opts->set_boottime || opts->set_monotonic)
		opts->types |= 1U << NSU_TIME;
	if (opts->map != NSU_PIN_MAP_NONE)
		opts->types |= 1U << NSU_USER;
	if (opts->all && opts->verb == VERB_CREATE) {
		opts->types = (1U << NSU_TYPE_COUNT) - 1;
		if (opts->map == NSU_PIN_MAP_NONE)
			opts->map = NSU_PIN_MAP_ROOT;
	} else if (opts->all) {
		opts->types = 0;
	}
	if (opts->netns && opts->verb == VERB_ADD && opts->types != 0)
		opts->types |= 1U << NSU_NET;
}

static int not_for(struct pin_app *app, const struct cli_option *option)
{
	enum pin_verb other = option->scope & IN(CREATE) ? VERB_CREATE :
			      (enum pin_verb)__builtin_ctz(option->scope);
	const struct pin_verb_info *info = pin_verb_get(other);
	char usage[80];

	/* Without what may be left out. */
	snprintf(usage, sizeof(usage), "nspin %s %.*s%s--%s", info->name,
		 (int)strcspn(info->operands, "[ "), info->operands,
		 *info->operands == '[' ? "" : " ", option->name);
	if (app->opts.words[0] == NULL)
		return cli_wrong(&app->out, usage, "--%s: no command given",
				 option->name);
	return cli_wrong(&app->out, usage, "%s: --%s is not for it",
			 pin_verb_name(app->opts.verb), option->name);
}

static int check_options(struct pin_app *app, const bool *given)
{
	struct pin_opts *opts = &app->opts;

	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (given[i] && options[i].scope != 0 &&
		    !(options[i].scope & 1U << opts->verb))
			return not_for(app, &options[i]);
	imply_types(opts);
	if (opts->verb == VERB_CREATE && opts->types == 0) {
		msg(&app->out, "create %s: of which type?", opts->operands[0]);
		msg(&app->out, "for a network namespace: nspin create %s -n; others: "
		    "-m -u -i -p -C -U -T, all: -a", opts->operands[0]);
		return -EINVAL;
	}
	return 0;
}

/* "pin:blue" is blue where only names of pins can be meant. */
static void take_prefixes(struct pin_opts *opts)
{
	int names = opts->verb == VERB_APPLY ? 0 :
		    opts->verb == VERB_ADD ? 1 : opts->operand_count;

	for (int i = 0; i < names && i < opts->operand_count; i++)
		if (strncmp(opts->operands[i], "pin:", 4) == 0)
			opts->operands[i] += 4;
}

/* What follows the options: more operands where "--" came early, and a command. */
static int take_rest(struct pin_app *app, char **rest)
{
	struct pin_opts *opts = &app->opts;
	bool command;

	if (opts->operand_count == 0 && *rest != NULL)
		opts->words[opts->operand_count++] = *rest++;
	if (opts->operand_count == 0)
		opts->verb = VERB_LIST;
	else if (pin_verb_find(opts->words[0], &opts->verb) < 0)
		return unknown_verb(app, opts->words[0]);
	command = opts->verb == VERB_EXEC || opts->verb == VERB_CREATE;
	while (*rest != NULL && (!command || opts->operand_count < 2))
		opts->words[opts->operand_count++] = *rest++;
	if (*rest != NULL)
		opts->command = rest;
	opts->operands = opts->words + (opts->operand_count > 0);
	opts->operand_count -= opts->operand_count > 0;
	take_prefixes(opts);
	return check_count(app);
}

/* The words for the record: all but what is run in the pin, which is nobody's to know. */
static void take_args(struct pin_opts *opts, int argc, char **argv)
{
	int end = argc;

	if (opts->command != NULL)
		end = (int)(opts->command - argv);
	if (opts->command != NULL && strcmp(argv[end - 1], "--") == 0)
		end--;
	opts->args[0] = "nspin";
	for (int i = 1; i < end; i++)
		opts->args[i] = argv[i];
	opts->args[end] = NULL;
}

static int act(const struct cli *cli, int action)
{
	switch (action) {
	case ACTION_HELP:
		pin_help();
		return 0;
	case ACTION_HELP_ALL:
		puts("Usage: nspin [options] [COMMAND [NAME...]]\n");
		pin_verb_print_all();
		cli_print_all(cli);
		return 0;
	case ACTION_LIST:
		cli_print_list(cli);
		return 0;
	case ACTION_COMMANDS:
		pin_verb_print_list();
		return 0;
	case ACTION_VERSION:
		printf("nspin %s\n", nsu_version());
		return 0;
	default:
		return -1;
	}
}

/* Own failures of what runs a command are told apart from the command's. */
static int wrong_use(const struct pin_app *app)
{
	enum pin_verb verb = app->opts.verb;

	if (app->opts.words[0] != NULL)
		pin_verb_find(app->opts.words[0], &verb);
	return verb == VERB_EXEC ? 125 : 2;
}

int pin_parse(struct pin_app *app, int argc, char **argv)
{
	struct pin_opts *opts = &app->opts;
	bool given[OPTION_COUNT] = { false };
	const struct cli cli = { .out = &app->out, .options = options, .opts = opts,
				 .count = OPTION_COUNT, .hints = hints,
				 .operand = take_operand, .given = given };
	int r;

	output_init(&app->out, "nspin", COLOR_AUTO);
	opts->words = calloc((size_t)argc + 1, sizeof(*opts->words));
	opts->args = calloc((size_t)argc + 1, sizeof(*opts->args));
	if (opts->words == NULL || opts->args == NULL) {
		msg_errno(&app->out, ENOMEM, "command line");
		return 1;
	}
	optind = 0;
	r = cli_parse(&cli, argc, argv);
	if (r < 0)
		return wrong_use(app);
	output_init(&app->out, "nspin", opts->color);
	if (opts->operand_count > 0 && strcmp(opts->words[0], "help") == 0)
		opts->action = ACTION_HELP;
	if (opts->action != ACTION_NONE)
		return act(&cli, opts->action);
	if (take_rest(app, argv + r) < 0 || check_options(app, given) < 0)
		return wrong_use(app);
	take_args(opts, argc, argv);
	return -1;
}

void pin_forget(struct pin_app *app)
{
	free(app->opts.words);
	free(app->opts.args);
	free(app->opts.uids);
	free(app->opts.gids);
	app->opts = (struct pin_opts){ 0 };
}
