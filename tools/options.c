// SPDX-License-Identifier: GPL-2.0-or-later
/* nstree's options: the one table of them, and what they ask for together. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ask.h"
#include "cli.h"
#include "help.h"
#include "options.h"
#include "word.h"

enum { ACTION_NONE, ACTION_HELP, ACTION_HELP_ALL, ACTION_LIST, ACTION_VERSION };

/* Bits of what excludes each other. */
enum {
	ONE_FORM = 1 << 0,	/* --json, --raw, --dot */
	ONE_CHOICE = 1 << 1,	/* -p, -P */
	LIST_OR_DOT = 1 << 2,
	LIST_OR_PROCESSES = 1 << 3,
	RAW_OR_PROCESSES = 1 << 4,
	DOT_OR_PROCESSES = 1 << 5,
	JSON_OR_PROCESSES = 1 << 6,
	VIEW_OR_QUESTION = 1 << 7,
	ONE_VIEW = 1 << 8,	/* a view of its own: no list, no graph, no processes */
	DOT_OR_QUESTION = 1 << 9,
};

static int set_types(const struct cli *cli, const struct cli_option *option,
		     const char *arg)
{
	struct opts *opts = cli->opts;

	(void)option;
	while (*arg != '\0') {
		size_t len = strcspn(arg, ",");
		char word[16], hint[40] = "nstree --help";
		enum nsu_type type;

		snprintf(word, sizeof(word), "%.*s", (int)len, arg);
		if (len >= sizeof(word) || nsu_type_find(word, &type) < 0) {
			if (len < sizeof(word) && strspn(word, "0123456789") == len &&
			    len > 0)
				snprintf(hint, sizeof(hint), "nstree %s", word);
			return cli_wrong(cli->out, hint,
					 "-t %.*s: not a namespace type "
					 "(mnt uts ipc net pid cgroup user time)",
					 (int)len, arg);
		}
		opts->types |= 1U << type;
		arg += len + (arg[len] == ',');
	}
	return opts->types != 0 ? 0 : cli_wrong(cli->out, NULL, "-t: no type given");
}

static int set_tree(const struct cli *cli, const struct cli_option *option,
		    const char *arg)
{
	struct opts *opts = cli->opts;

	(void)option;
	if (arg == NULL || strcmp(arg, "owner") == 0)
		opts->tree = TREE_OWNER;
	else if (strcmp(arg, "parent") == 0)
		opts->tree = TREE_PARENT;
	else if (strcmp(arg, "process") == 0)
		opts->tree = TREE_PROCESS;
	else
		return cli_wrong(cli->out, NULL,
				 "-T%s: not a tree (owner parent process)", arg);
	return 0;
}

static int set_color(const struct cli *cli, const struct cli_option *option,
		     const char *arg)
{
	struct opts *opts = cli->opts;

	(void)option;
	if (arg == NULL || strcmp(arg, "always") == 0)
		opts->color = COLOR_ALWAYS;
	else if (strcmp(arg, "never") == 0)
		opts->color = COLOR_NEVER;
	else if (strcmp(arg, "auto") == 0)
		opts->color = COLOR_AUTO;
	else
		return cli_wrong(cli->out, NULL,
				 "--color=%s: not one of auto always never", arg);
	return 0;
}

/* A number, or a name of the host's user database. */
static int set_id(const struct cli *cli, const struct cli_option *option,
		  const char *arg)
{
	return ask_parse_id(cli, cli->opts, strcmp(option->name, "gid") == 0, arg);
}

#define HEADING(text) { .kind = CLI_HEADING, .help = text }
#define ROW(long_name, short_name, arg_name, what, field, group_bits, text) \
	{ .name = long_name, .letter = short_name, .arg = arg_name, .kind = what, \
	  .offset = offsetof(struct opts, field), .groups = group_bits, .help = text }
#define SET(long_name, short_name, arg_name, function, text) \
	{ .name = long_name, .letter = short_name, .arg = arg_name, .kind = CLI_SET, \
	  .set = function, .help = text }
#define QUESTION(long_name, arg_name, field, text) \
	ROW(long_name, 0, arg_name, CLI_STRING, field, \
	    ONE_CHOICE | VIEW_OR_QUESTION | DOT_OR_QUESTION, text)
#define ACTION(long_name, short_name, number, text) \
	{ .name = long_name, .letter = short_name, .kind = CLI_ACTION, .value = number, \
	  .offset = offsetof(struct opts, action), .help = text }

static const struct cli_option options[] = {
	HEADING("What to show:"),
	ROW("list", 'l', NULL, CLI_FLAG, list,
	    LIST_OR_DOT | LIST_OR_PROCESSES | VIEW_OR_QUESTION,
	    "one line for each namespace, as lsns prints it"),
	ROW("processes", 'x', NULL, CLI_FLAG, processes,
	    LIST_OR_PROCESSES | RAW_OR_PROCESSES | DOT_OR_PROCESSES |
	    JSON_OR_PROCESSES | VIEW_OR_QUESTION,
	    "process trees, each PID at every level"),
	SET("type", 't', "TYPE", set_types,
	    "namespaces of this type only; may be given again"),
	SET("tree", 'T', "[TREE]", set_tree,
	    "a tree by owner (if left out), parent or process"),
	ROW("orphans", 0, NULL, CLI_FLAG, orphans,
	    LIST_OR_DOT | JSON_OR_PROCESSES | VIEW_OR_QUESTION | ONE_VIEW,
	    "namespaces without a process, and what holds them"),
	ROW("containers", 0, NULL, CLI_FLAG, containers,
	    ONE_VIEW | LIST_OR_DOT | LIST_OR_PROCESSES | VIEW_OR_QUESTION,
	    "a line for each container: state, age, limits and usage"),
	ROW("net", 0, NULL, CLI_FLAG, net,
	    ONE_VIEW | LIST_OR_PROCESSES | VIEW_OR_QUESTION,
	    "where links lead, a line a wire; of targets, links or addresses"),
	ROW("listening", 0, NULL, CLI_FLAG, listening,
	    ONE_VIEW | LIST_OR_DOT | LIST_OR_PROCESSES | VIEW_OR_QUESTION,
	    "a line for each socket that listens, in whatever container"),
	ROW("unix", 0, NULL, CLI_FLAG, unix_too, 0, "with --listening UNIX sockets too"),
	ROW("task", 'p', "PID", CLI_PID, pid, ONE_CHOICE,
	    "this process; with --list its namespaces"),
	ROW("all", 'a', NULL, CLI_FLAG, all, 0, "unfold what is counted in one line"),
	ROW("threads", 0, NULL, CLI_FLAG, threads, 0,
	    "threads whose namespaces differ from their process's"),
	HEADING("Questions, of the targets or of the whole host:"),
	{ .name = "uid", .arg = "UID", .kind = CLI_SET, .set = set_id,
	  .groups = ONE_CHOICE | VIEW_OR_QUESTION | DOT_OR_QUESTION,
	  .help = "what this user inside is here, and the other way round" },
	{ .name = "gid", .arg = "GID", .kind = CLI_SET, .set = set_id,
	  .groups = ONE_CHOICE | VIEW_OR_QUESTION | DOT_OR_QUESTION,
	  .help = "the same of a group" },
	QUESTION("path", "FILE", path,
		 "who has it mounted or open: a file, block device or MAJOR:MINOR"),
	QUESTION("port", "PORT", port, "who uses this port, in whatever container"),
	QUESTION("may", "PID", may,
		 "may this process enter the targets, and by what rule"),
	QUESTION("diff", "TARGET", diff, "what differs from a second one; also of two "
		 "documents of --json"),
	HEADING("The list; each of these asks for it, or is for it alone:"),
	ROW("persistent", 'P', NULL, CLI_FLAG, persistent, ONE_CHOICE,
	    "only namespaces without a process; without --list as --orphans"),
	ROW("output", 'o', "COLUMNS", CLI_STRING, columns, 0,
	    "columns, separated by commas; +COLUMNS: also these"),
	ROW("output-all", 0, NULL, CLI_FLAG, output_all, 0, "all columns"),
	ROW("list-columns", 'H', NULL, CLI_FLAG, list_columns, 0,
	    "say which columns there are"),
	ROW("filter", 'Q', "EXPRESSION", CLI_STRING, filter, 0,
	    "only lines for which it holds, see scols-filter(5)"),
	ROW("nowrap", 'W', NULL, CLI_FLAG, nowrap, 0, "no cells of several lines"),
	HEADING("How to print it:"),
	ROW("json", 'J', NULL, CLI_FLAG, json, ONE_FORM | JSON_OR_PROCESSES,
	    "JSON: all there is; with --list what lsns prints"),
	ROW("facts", 0, NULL, CLI_FLAG, facts, 0,
	    "with --json also what is known of each by its type"),
	ROW("dot", 0, NULL, CLI_FLAG, dot,
	    ONE_FORM | LIST_OR_DOT | DOT_OR_PROCESSES | DOT_OR_QUESTION,
	    "a graph for dot(1); with --net of the wires"),
	ROW("raw", 'r', NULL, CLI_FLAG, raw, ONE_FORM | RAW_OR_PROCESSES,
	    "the list, blanks in it as \\x20; implies --list"),
	ROW("noheadings", 'n', NULL, CLI_FLAG, noheadings, 0, "no line of headings"),
	ROW("notruncate", 'u', NULL, CLI_FLAG, notruncate, 0,
	    "cut nothing to fit the terminal"),
	SET("color", 0, "[WHEN]", set_color, "auto, always or never"),
	HEADING("Else:"),
	ROW("deep", 0, NULL, CLI_FLAG, deep, 0,
	    "ask sockets too which namespace they hold"),
	ROW("strict", 0, NULL, CLI_FLAG, strict, 0,
	    "exit 3 if anything could not be read"),
	ROW("proc", 0, "DIRECTORY", CLI_STRING, proc, 0, "a procfs other than /proc"),
	ROW("root", 0, "DIRECTORY", CLI_STRING, root, 0,
	    "the root of that host, for what its engines left on disk"),
	ROW("verbose", 'v', NULL, CLI_FLAG, verbose, 0,
	    "what could not be read; with --version the interfaces"),
	ACTION("help", 'h', ACTION_HELP, "one screen of help"),
	ACTION("help-all", 0, ACTION_HELP_ALL, "this list"),
	ACTION("version", 'V', ACTION_VERSION, "the release"),
	ACTION("list-options", 0, ACTION_LIST, NULL),
	ROW("list-names", 0, NULL, CLI_FLAG, list_names, 0, NULL),
};

/* nsenter's and docker's */
static const struct cli_hint hints[] = {
	{ "--target", "nstree 4711" },
	{ "--pid", "nstree 4711, or nstree -t pid" },
	{ "--mount", "nstree -t mnt" },
	{ "--uts", "nstree -t uts" },
	{ "--ipc", "nstree -t ipc" },
	{ "--user", "nstree -t user" },
	{ "--cgroup", "nstree -t cgroup" },
	{ "--time", "nstree -t time" },
	{ "--format", "nstree --json | jq, or nstree -o COLUMNS" },
	{ NULL, NULL },
};

static view_fn choose_view(const struct opts *opts)
{
	if (opts->action == ACTION_VERSION)
		return version_print;
	if (opts->list_columns)
		return view_columns;
	if (opts->asks_id)
		return view_ask_id;
	if (opts->path != NULL)
		return view_ask_path;
	if (opts->may != NULL)
		return view_ask_may;
	if (opts->diff != NULL)
		return view_ask_diff;
	if (opts->port != NULL)
		return view_ask_port;
	if (opts->list_names)
		return view_names;
	if (opts->containers && !opts->json)
		return view_containers;
	if (opts->net)
		return view_net;
	if (opts->listening)
		return view_listening;
	if (opts->list)
		return view_list;
	if (opts->json)
		return view_json;
	if (opts->dot)
		return view_dot;
	if (opts->processes)
		return view_processes;
	if (opts->orphans)
		return view_orphans;
	if (opts->operand_count > 0 || opts->pid != 0)
		return view_cards;
	if (opts->types != 0 || opts->tree != TREE_DEFAULT)
		return view_hierarchy;
	return view_tree;
}

/* Columns, filters and the like are the list's alone: they ask for it. */
static bool implies_list(const struct opts *opts)
{
	return (opts->raw && !opts->containers) || opts->columns != NULL ||
	       opts->output_all || opts->filter != NULL || opts->nowrap ||
	       (opts->persistent && (opts->json || opts->tree != TREE_DEFAULT));
}

/* -t and -T choose for the list and the hierarchy; -t also for the card of a process. */
static int check_choice(const struct app *app)
{
	const struct opts *opts = &app->opts;
	const char *view = opts->list ? NULL : opts->processes ? "processes" :
		opts->net ? "net" : opts->listening ? "listening" :
		opts->dot ? "dot" : opts->json ? "json" : NULL;

	if (opts->unix_too && !opts->listening)
		return cli_wrong(&app->out, "nstree --listening --unix",
				 "--unix is for --listening");
	if (opts->orphans && opts->tree != TREE_DEFAULT)
		return cli_wrong(&app->out, NULL, "--orphans is no tree: "
				 "leave out --tree");
	if (view != NULL && (opts->types != 0 || opts->tree != TREE_DEFAULT))
		return cli_wrong(&app->out, NULL, "--%s shows all types: "
				 "leave out --%s%s", view,
				 opts->types != 0 ? "type" : "tree",
				 opts->json ? ", or add --list" : "");
	if (!opts->list && opts->tree != TREE_DEFAULT &&
	    (opts->operand_count > 0 || opts->pid != 0))
		return cli_wrong(&app->out, NULL, "--tree is not for one target: "
				 "leave it out, or add --list");
	return 0;
}

/* What a question takes no part of, and how many targets it has. */
static int check_question(const struct app *app, const char *question)
{
	const struct opts *opts = &app->opts;

	if (opts->types != 0 || opts->tree != TREE_DEFAULT || opts->threads)
		return cli_wrong(&app->out, NULL, "--%s and --%s exclude each other",
				 question, opts->types != 0 ? "type" :
				 opts->threads ? "threads" : "tree");
	if (implies_list(opts))
		return cli_wrong(&app->out, NULL, "--%s has no columns to choose: "
				 "leave out the options of the list", question);
	if (opts->may != NULL && opts->operand_count == 0)
		return cli_wrong(&app->out, NULL,
				 "--may %s: enter what? No target is given", opts->may);
	if (opts->diff != NULL && opts->operand_count != 1)
		return cli_wrong(&app->out, NULL, opts->operand_count == 0 ?
				 "--diff %s: compare it with what? No second target is "
				 "given" : "--diff %s: compares two targets, not more",
				 opts->diff);
	return 0;
}

static int check(struct app *app)
{
	struct opts *opts = &app->opts;
	bool asked = implies_list(opts);
	const char *question = opts->asks_id ? opts->asks_gid ? "gid" : "uid" :
		opts->path ? "path" : opts->port ? "port" : opts->may ? "may" :
		opts->diff ? "diff" : NULL;

	if (question != NULL)
		return check_question(app, question);
	if ((asked || opts->persistent) && !opts->list_columns) {
		if (opts->processes || opts->dot || opts->net || opts->listening ||
		    opts->containers || (asked && opts->orphans))
			return cli_wrong(&app->out, NULL,
					 "--%s has no columns to choose: "
					 "leave out the options of the list",
					 opts->net ? "net" :
					 opts->listening ? "listening" :
					 opts->containers ? "containers" :
					 opts->dot ? "dot" :
					 opts->orphans ? "orphans" : "processes");
		opts->list |= asked;
		opts->orphans |= !opts->list;
	}
	if (opts->facts && (!opts->json || opts->list))
		return cli_wrong(&app->out, NULL, "--facts is for --json without a list: "
				 "for columns see nstree -H");
	if (!opts->list && ((opts->dot && !opts->net) || opts->orphans) &&
	    (opts->operand_count > 0 || opts->pid != 0))
		return cli_wrong(&app->out, NULL,
				 "--%s shows the whole host and takes no target",
				 opts->dot ? "dot" : "orphans");
	if (opts->operand_count > 0 && opts->list && (opts->pid != 0 || opts->persistent))
		return cli_wrong(
			&app->out, NULL, "%s: a namespace and --%s exclude each other",
			opts->operands[0], opts->pid != 0 ? "task" : "persistent");
	return check_choice(app);
}

view_fn options_parse(struct app *app, int argc, char **argv, int *status)
{
	const struct cli cli = { .out = &app->out, .options = options, .opts = &app->opts,
				 .count = sizeof(options) / sizeof(options[0]),
				 .hints = hints };
	int r;

	output_init(&app->out, "nstree", COLOR_AUTO);
	r = cli_parse(&cli, argc, argv);
	*status = r == -EINVAL ? 2 : r < 0;
	if (r < 0)
		return NULL;
	output_init(&app->out, "nstree", app->opts.color);
	if (app->opts.notruncate)
		app->out.width = 0;
	if (app->opts.action == ACTION_HELP) {
		help_print();
	} else if (app->opts.action == ACTION_HELP_ALL) {
		puts("Usage: nstree [options] [TARGET...]");
		cli_print_all(&cli);
	} else if (app->opts.action == ACTION_LIST) {
		cli_print_list(&cli);
	} else {
		app->opts.operands = argv + r;
		app->opts.operand_count = argc - r;
		if (check(app) == 0)
			return choose_view(&app->opts);
		*status = 2;
	}
	return NULL;
}

int options_open(struct app *app)
{
	return context_open(&app->out, app->opts.proc, app->opts.root, app->opts.verbose,
			    &app->ctx);
}
