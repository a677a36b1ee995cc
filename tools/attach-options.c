// SPDX-License-Identifier: GPL-2.0-or-later
/* nsattach's command line: the one table of its options, and what they say together. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "attach-values.h"

enum { ACTION_NONE, ACTION_HELP, ACTION_HELP_ALL, ACTION_LIST, ACTION_VERSION };

/* Bits of what excludes each other. */
enum {
	ONE_TTY = 1 << 0, ONE_WD = 1 << 1, ONE_PROC = 1 << 2, ONE_SYS = 1 << 3,
	ONE_RESOLV = 1 << 4, ONE_MODE = 1 << 5, TOOLS_OR_ALL = 1 << 6,
	TOOLS_OR_ROOT = 1 << 7,
};

#define HEADING(text) { .kind = CLI_HEADING, .help = text }
#define FLAG(long_name, short_name, field, group_bits, text) \
	{ .name = long_name, .letter = short_name, .kind = CLI_FLAG, \
	  .offset = offsetof(struct attach_opts, field), .groups = group_bits, \
	  .help = text }
#define SET(long_name, short_name, arg_name, function, number, text) \
	{ .name = long_name, .letter = short_name, .arg = arg_name, .kind = CLI_SET, \
	  .set = function, .value = number, .help = text }
#define CHOICE(long_name, field, number, group_bits, text) \
	{ .name = long_name, .kind = CLI_SET, .set = value_choice, .value = number, \
	  .offset = offsetof(struct attach_opts, field), .groups = group_bits, \
	  .help = text }
#define ACTION(long_name, short_name, number, text) \
	{ .name = long_name, .letter = short_name, .kind = CLI_ACTION, .value = number, \
	  .offset = offsetof(struct attach_opts, action), .help = text }

static const struct cli_option options[] = {
	HEADING("What to enter; without any of these all that differ from yours:"),
	SET("target", 't', "TARGET", value_target, 0,
	    "the target; without it the first operand is"),
	{ .name = "all", .letter = 'a', .kind = CLI_FLAG, .groups = TOOLS_OR_ALL,
	  .offset = offsetof(struct attach_opts, all),
	  .help = "all namespaces of the target" },
	SET("mount", 'm', "[FILE|:ID]", value_ns, NSU_MNT, "the mount namespace"),
	SET("uts", 'u', "[FILE|:ID]", value_ns, NSU_UTS, "the UTS namespace (host name)"),
	SET("ipc", 'i', "[FILE|:ID]", value_ns, NSU_IPC, "the IPC namespace"),
	SET("net", 'n', "[FILE|:ID]", value_ns, NSU_NET, "the network namespace"),
	SET("net-socket", 'N', "FD", value_net_socket, 0,
	    "the network namespace of a socket of the target's"),
	SET("pid", 'p', "[FILE|:ID]", value_ns, NSU_PID, "the pid namespace"),
	SET("cgroup", 'C', "[FILE|:ID]", value_ns, NSU_CGROUP, "the cgroup namespace"),
	SET("user", 'U', "[FILE|:ID]", value_ns, NSU_USER, "the user namespace"),
	FLAG("user-parent", 0, user_parent, 0,
	     "the user namespace that owns the others, with -U its parent"),
	SET("time", 'T', "[FILE|:ID]", value_ns, NSU_TIME, "the time namespace"),
	FLAG("children", 0, children, 0,
	     "of pid and time what the target's children will be in"),
	FLAG("host-tools", 'H', host_tools, TOOLS_OR_ALL | TOOLS_OR_ROOT,
	     "this host's files and PATH, the target's at a directory"),
	{ .name = "target-dir", .arg = "DIR", .kind = CLI_STRING,
	  .offset = offsetof(struct attach_opts, target_dir),
	  .help = "that directory; if left out /run/nsutil/target" },
	FLAG("force", 0, force, 0, "even where the target's tasks could reach the host"),

	HEADING("As whom, and how confined; if the mount namespace is entered as the "
		"target is:"),
	SET("setuid", 'S', "USER", value_uid, 0, "uid or name; \"follow\": the target's"),
	SET("setgid", 'G', "GROUP", value_gid, 0,
	    "gid or name; \"follow\": the target's"),
	FLAG("preserve-credentials", 0, preserve_credentials, 0,
	     "leave uid, gid and groups as they are"),
	FLAG("keep-caps", 0, keep_caps, 0,
	     "capabilities stay though the command is not root"),
	FLAG("privileged", 0, privileged, 0,
	     "keep your powers: no caps, nnp, label, seccomp"),
	SET("confine", 0, "LIST", value_confine, 0,
	    "take over cgroup, rlimits, caps ...: all, none, ITEM or -ITEM of them"),
	SET("seccomp", 0, "WHAT", value_seccomp, 0,
	    "copy: the target's filter; none: without a word; require: or fail"),
	SET("join-cgroup", 'c', NULL, value_trait, NSU_TRAIT_CGROUP, "join its cgroup"),
	SET("no-cgroup", 0, NULL, value_trait, NSU_TRAIT_CGROUP | TRAIT_OFF,
	    "stay in yours"),
	SET("follow-context", 'Z', NULL, value_trait, NSU_TRAIT_LABEL,
	    "take its SELinux or AppArmor label"),

	HEADING("Where, and with what:"),
	{ .name = "root", .letter = 'r', .arg = "[DIR]", .kind = CLI_SET,
	  .set = value_root, .groups = TOOLS_OR_ROOT,
	  .help = "the target's root directory, or DIR of yours" },
	{ .name = "wd", .letter = 'w', .arg = "[DIR]", .kind = CLI_SET, .set = value_wd,
	  .value = NSU_CWD_OUTSIDE, .groups = ONE_WD,
	  .help = "the target's working directory, or DIR of yours" },
	{ .name = "wdns", .letter = 'W', .arg = "DIR", .kind = CLI_SET, .set = value_wd,
	  .value = NSU_CWD_INSIDE, .groups = ONE_WD, .help = "DIR as it is inside" },
	CHOICE("proc", proc, NSU_YES, ONE_PROC, "mount a /proc that fits"),
	CHOICE("no-proc", proc, NSU_NO, ONE_PROC, "not even with -p and without -m"),
	CHOICE("sys", sys, NSU_YES, ONE_SYS, "mount a /sys that fits"),
	CHOICE("no-sys", sys, NSU_NO, ONE_SYS, "not even with -n and without -m"),
	CHOICE("resolv", resolv, NSU_YES, ONE_RESOLV,
	       "the target's resolv.conf and hosts"),
	CHOICE("no-resolv", resolv, NSU_NO, ONE_RESOLV,
	       "not even with -n and without -m"),
	SET("env", 0, "[WHICH]", value_env, 0,
	    "the environment: target (if left out), host or clean"),
	SET(NULL, 'e', NULL, value_env, 0, "the target's environment"),
	SET("setenv", 0, "NAME=VALUE", value_setenv, 0,
	    "set or, without =, unset a variable"),

	HEADING("How it runs:"),
	CHOICE("tty", tty, NSU_YES, ONE_TTY, "a terminal of its own for 0, 1 and 2"),
	CHOICE("no-tty", tty, NSU_NO, ONE_TTY, "0, 1 and 2 as they are"),
	FLAG("no-fork", 'F', no_fork, 0, "execute it in this process, as nsenter -F"),
	SET("status-fd", 0, "FD", value_count, 1, "tell there how it ended"),
	FLAG("trusted", 0, trusted, 0,
	     "faster, for who trusts the target: no copy, no terminal of its own"),
	FLAG("explain", 0, explain, ONE_MODE, "enter nothing, say what would be"),
	FLAG("each", 0, each, ONE_MODE,
	     "in every target: all operands up to --, or PREFIX:"),
	SET("jobs", 'j', "N", value_count, 0, "with --each: so many at a time"),
	FLAG("json", 0, json, 0, "with --each and --explain: JSON"),

	HEADING("Else:"),
	SET("color", 0, "[WHEN]", value_color, 0, "auto, always or never"),
	FLAG("verbose", 'v', verbose, 0, "what is tried"),
	ACTION("help", 'h', ACTION_HELP, "one screen of help"),
	ACTION("help-all", 0, ACTION_HELP_ALL, "this list"),
	ACTION("version", 'V', ACTION_VERSION, "the release"),
	ACTION("list-options", 0, ACTION_LIST, NULL),
};

static const struct cli_hint hints[] = {
	{ "--interactive", "nsattach TARGET COMMAND: a terminal is passed on by itself" },
	{ "--user-", "nsattach -S USER TARGET" },
	{ "--workdir", "nsattach -W DIR TARGET" },
	{ "--detach", "nsattach TARGET COMMAND &" },
	{ NULL, NULL },
};

static bool has_elsewhere(const struct attach_opts *opts)
{
	bool any = opts->net_socket >= 0;

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		any |= opts->ns[type] != NULL;
	return any;
}

static bool take_operand(const struct cli *cli, const char *word)
{
	struct attach_opts *opts = cli->opts;

	if (opts->target != NULL || has_elsewhere(opts) || opts->each)
		return false;
	opts->target = word;
	opts->target_by_operand = true;
	return true;
}

static int check(struct attach *app, char **argv, int first)
{
	struct attach_opts *opts = &app->opts;

	opts->command = argv + first;
	/* As no letter at all; beside a FILE or :ID all the others. */
	if (opts->all)
		opts->types = has_elsewhere(opts) ? NSU_TYPES_DEFAULT : 0;
	if (opts->target == NULL && !has_elsewhere(opts) && !opts->each)
		return cli_wrong(&app->out, "nsattach docker:web, or nsattach --help",
				 "no target given");
	if (opts->jobs != 0 && !opts->each)
		return cli_wrong(&app->out, NULL, "--jobs is for --each");
	if (opts->json && !opts->each && !opts->explain)
		return cli_wrong(&app->out, NULL, "--json is for --each and --explain");
	if (opts->target_dir != NULL && !opts->host_tools)
		return cli_wrong(&app->out, NULL, "--target-dir is for --host-tools");
	if (opts->status_fd >= 0) {
		/* Out of the way of 0, 1 and 2, which are let go of, and of what is
		   opened. */
		int fd = fcntl(opts->status_fd, F_DUPFD_CLOEXEC, 3);

		if (fd < 0)
			return cli_wrong(&app->out, NULL, "--status-fd %d: not open",
					 opts->status_fd);
		opts->status_fd = fd;
	}
	if (opts->each && opts->no_fork)
		return cli_wrong(&app->out, NULL,
				 "--each runs several: not with --no-fork");
	if (opts->preserve_credentials &&
	    (opts->uid_from != NSU_ID_AUTO || opts->gid_from != NSU_ID_AUTO))
		return cli_wrong(&app->out, NULL, "--preserve-credentials and -S or -G "
				 "exclude each other");
	return 0;
}

int attach_parse(struct attach *app, int argc, char **argv)
{
	const struct cli cli = { .out = &app->out, .options = options, .opts = &app->opts,
				 .count = sizeof(options) / sizeof(options[0]),
				 .hints = hints, .operand = take_operand };
	int r;

	app->opts.net_socket = app->opts.status_fd = -1;
	output_init(&app->out, "nsattach", COLOR_AUTO);
	r = cli_parse(&cli, argc, argv);
	if (r < 0)
		return EXIT_OWN;
	output_init(&app->out, "nsattach", app->opts.color);
	switch (app->opts.action) {
	case ACTION_HELP:
		attach_help();
		return 0;
	case ACTION_HELP_ALL:
		puts("Usage: nsattach [options] [TARGET] [COMMAND [ARG...]]");
		cli_print_all(&cli);
		return 0;
	case ACTION_LIST:
		cli_print_list(&cli);
		return 0;
	case ACTION_VERSION:
		printf("nsattach %s\n", nsu_version());
		return 0;
	default:
		return check(app, argv, r) < 0 ? EXIT_OWN : -1;
	}
}
