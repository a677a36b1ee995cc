// SPDX-License-Identifier: GPL-2.0-or-later
/* nsattach's command line: the one table of its options, and what they say together. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "attach.h"
#include "cli.h"

enum { ACTION_NONE, ACTION_HELP, ACTION_HELP_ALL, ACTION_LIST, ACTION_VERSION };

/* In the value of an option: not that of the target. */
#define TRAIT_OFF (1 << 8)

/* Bits of what excludes each other. */
enum {
	ONE_TTY = 1 << 0, ONE_WD = 1 << 1, ONE_PROC = 1 << 2, ONE_SYS = 1 << 3,
	ONE_RESOLV = 1 << 4, ONE_MODE = 1 << 5, TOOLS_OR_ALL = 1 << 6,
	TOOLS_OR_ROOT = 1 << 7,
};

static bool parse_number(const char *arg, unsigned long max, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(arg, &end, 10);
	return *arg >= '0' && *arg <= '9' && *end == '\0' && errno == 0 && *ret <= max;
}

/* -t once; and not after an operand that was one. */
static int set_target(const struct cli *cli, const struct cli_option *option,
		      const char *arg)
{
	struct attach_opts *opts = cli->opts;

	(void)option;
	if (opts->target != NULL)
		return cli_wrong(cli->out, NULL, "-t %s: a target was given already, %s",
				 arg, opts->target);
	opts->target = arg;
	return 0;
}

/* -n, -n=FILE, -n/FILE, -n=:ID, --net=FILE, ... */
static int set_ns(const struct cli *cli, const struct cli_option *option, const char *arg)
{
	struct attach_opts *opts = cli->opts;
	enum nsu_type type = option->value;
	/* What stands behind a "=" is a file, whatever its name. */
	bool glued = arg != NULL && *arg != '=' && arg[-1] != '=';

	if (arg != NULL && *arg == '=')
		arg++;
	/* docker exec -it: the target is the next operand. */
	if (glued && type == NSU_IPC && strcmp(arg, "t") == 0) {
		opts->docker_it = true;
		arg = NULL;
	}
	if (arg == NULL) {
		opts->types |= 1U << type;
		return 0;
	}
	if (glued && strchr(arg, '/') == NULL && strchr(arg, ':') == NULL) {
		const char *rest = arg;

		while (*rest != '\0' && strchr("amuinpCUTHFeZctNSGrwWvj", *rest) != NULL)
			rest++;
		if (*rest == '\0')
			return cli_wrong(cli->out, "give each letter its own dash: -m -u",
					 "-%c%s: \"%s\" would be a file, as in --%s=%s",
					 option->letter, arg, arg, option->name, arg);
	}
	opts->ns[type] = arg;
	return 0;
}

static int set_net_socket(const struct cli *cli, const struct cli_option *option,
			  const char *arg)
{
	struct attach_opts *opts = cli->opts;
	unsigned long fd;

	if (!parse_number(arg, INT_MAX, &fd))
		return cli_wrong(cli->out, NULL, "--%s %s: not a number", option->name,
				 arg);
	opts->net_socket = (int)fd;
	return 0;
}

/* A number, "follow", or a name. */
static enum nsu_identity read_identity(const char *arg, unsigned *ret)
{
	unsigned long id;

	if (strcmp(arg, "follow") == 0)
		return NSU_ID_FOLLOW;
	if (!parse_number(arg, UINT_MAX - 1, &id))
		return NSU_ID_NAME;
	*ret = (unsigned)id;
	return NSU_ID_NUMBER;
}

static int set_uid(const struct cli *cli, const struct cli_option *option,
		   const char *arg)
{
	struct attach_opts *opts = cli->opts;

	(void)option;
	opts->uid_from = read_identity(arg, &opts->uid);
	opts->user = arg;
	return *arg != '\0' ? 0 : cli_wrong(cli->out, NULL, "-S: no user given");
}

static int set_gid(const struct cli *cli, const struct cli_option *option,
		   const char *arg)
{
	struct attach_opts *opts = cli->opts;

	(void)option;
	opts->gid_from = read_identity(arg, &opts->gid);
	opts->group = arg;
	return *arg != '\0' ? 0 : cli_wrong(cli->out, NULL, "-G: no group given");
}

/* "-cgroup,label": each item alone, on or off. */
static int set_confine(const struct cli *cli, const struct cli_option *option,
		       const char *arg)
{
	struct attach_opts *opts = cli->opts;

	(void)option;
	while (*arg != '\0') {
		bool off = *arg == '-';
		size_t len;
		unsigned bits = 0;

		arg += off || *arg == '+';
		len = strcspn(arg, ",");
		for (enum nsu_trait i = 0; i < NSU_TRAIT_COUNT; i++)
			if (strlen(nsu_trait_get_name(i)) == len &&
			    strncmp(nsu_trait_get_name(i), arg, len) == 0)
				bits = 1U << i;
		if (len == 3 && strncmp(arg, "all", len) == 0)
			bits = ((1U << NSU_TRAIT_COUNT) - 1) & ~(1U << NSU_TRAIT_SECCOMP);
		if (len == 4 && strncmp(arg, "none", len) == 0 && !off)
			bits = (1U << NSU_TRAIT_COUNT) - 1, off = true;
		if (bits == 0)
			return cli_wrong(cli->out, NULL, "--confine=%.*s: not one of cgroup "
					 "rlimits oom sched umask personality label caps nnp "
					 "seccomp all none", (int)len, arg);
		opts->traits_on = off ? opts->traits_on & ~bits : opts->traits_on | bits;
		opts->traits_off = off ? opts->traits_off | bits : opts->traits_off & ~bits;
		arg += len + (arg[len] == ',');
	}
	return 0;
}

static int set_trait(const struct cli *cli, const struct cli_option *option,
		     const char *arg)
{
	struct attach_opts *opts = cli->opts;
	unsigned bit = 1U << (option->value & ~TRAIT_OFF);
	bool off = option->value & TRAIT_OFF;

	(void)arg;
	opts->traits_on = off ? opts->traits_on & ~bit : opts->traits_on | bit;
	opts->traits_off = off ? opts->traits_off | bit : opts->traits_off & ~bit;
	return 0;
}

struct word {
	const char *word;
	int value;
};

/* Without an argument *ret stays as it is. */
static int set_word(const struct cli *cli, const struct cli_option *option,
		    const char *arg, const struct word *words, int *ret)
{
	char all[80] = "";

	if (arg == NULL)
		return 0;
	for (; words->word != NULL; words++) {
		if (strcmp(words->word, arg) == 0) {
			*ret = words->value;
			return 0;
		}
		strcat(strcat(all, " "), words->word);
	}
	return cli_wrong(cli->out, NULL, "--%s=%s: not one of%s", option->name, arg, all);
}

static int set_seccomp(const struct cli *cli, const struct cli_option *option,
		       const char *arg)
{
	static const struct word words[] = {
		{ "copy", SECCOMP_COPY }, { "none", SECCOMP_NONE },
		{ "require", SECCOMP_REQUIRE }, { NULL, 0 },
	};
	struct attach_opts *opts = cli->opts;
	int value, r = set_word(cli, option, arg, words, &value);

	if (r == 0)
		opts->seccomp = value;
	return r;
}

static int set_env(const struct cli *cli, const struct cli_option *option,
		   const char *arg)
{
	static const struct word words[] = {
		{ "clean", NSU_ENV_CLEAN }, { "target", NSU_ENV_TARGET },
		{ "host", NSU_ENV_HOST }, { NULL, 0 },
	};
	struct attach_opts *opts = cli->opts;
	int value = NSU_ENV_TARGET, r = set_word(cli, option, arg, words, &value);

	if (r == 0)
		opts->env = value;
	return r;
}

static int set_color(const struct cli *cli, const struct cli_option *option,
		     const char *arg)
{
	static const struct word words[] = {
		{ "auto", COLOR_AUTO }, { "always", COLOR_ALWAYS },
		{ "never", COLOR_NEVER }, { NULL, 0 },
	};
	struct attach_opts *opts = cli->opts;
	int value = COLOR_ALWAYS, r = set_word(cli, option, arg, words, &value);

	if (r == 0)
		opts->color = value;
	return r;
}

static int add_setenv(const struct cli *cli, const struct cli_option *option,
		      const char *arg)
{
	struct attach_opts *opts = cli->opts;
	const char **grown;

	(void)option;
	if (*arg == '=' || *arg == '\0')
		return cli_wrong(cli->out, NULL, "--setenv %s: no name", arg);
	grown = realloc(opts->setenv, (opts->setenv_count + 2) * sizeof(*grown));
	if (grown == NULL) {
		msg_errno(cli->out, ENOMEM, "--setenv");
		return -ENOMEM;
	}
	opts->setenv = grown;
	opts->setenv[opts->setenv_count++] = arg;
	opts->setenv[opts->setenv_count] = NULL;
	return 0;
}

static int set_root(const struct cli *cli, const struct cli_option *option,
		    const char *arg)
{
	struct attach_opts *opts = cli->opts;

	(void)option;
	opts->root = NSU_YES;
	opts->root_dir = arg != NULL && *arg == '=' ? arg + 1 : arg;
	return 0;
}

static int set_wd(const struct cli *cli, const struct cli_option *option, const char *arg)
{
	struct attach_opts *opts = cli->opts;

	opts->cwd_from = arg == NULL ? NSU_CWD_TARGET : option->value;
	opts->cwd = arg != NULL && *arg == '=' ? arg + 1 : arg;
	return 0;
}

static int set_choice(const struct cli *cli, const struct cli_option *option,
		      const char *arg)
{
	(void)arg;
	*(enum nsu_choice *)((char *)cli->opts + option->offset) = option->value;
	return 0;
}

static int set_count(const struct cli *cli, const struct cli_option *option,
		     const char *arg)
{
	unsigned long number;

	if (!parse_number(arg, 100000, &number))
		return cli_wrong(cli->out, NULL, "--%s %s: not a number", option->name,
				 arg);
	if (option->value == 0 && number == 0)
		return cli_wrong(cli->out, NULL, "--%s 0: at least one", option->name);
	if (option->value == 0)
		((struct attach_opts *)cli->opts)->jobs = (long)number;
	else
		((struct attach_opts *)cli->opts)->status_fd = (int)number;
	return 0;
}

#define HEADING(text) { .kind = CLI_HEADING, .help = text }
#define FLAG(long_name, short_name, field, group_bits, text) \
	{ .name = long_name, .letter = short_name, .kind = CLI_FLAG, \
	  .offset = offsetof(struct attach_opts, field), .groups = group_bits, .help = text }
#define SET(long_name, short_name, arg_name, function, number, text) \
	{ .name = long_name, .letter = short_name, .arg = arg_name, .kind = CLI_SET, \
	  .set = function, .value = number, .help = text }
#define CHOICE(long_name, field, number, group_bits, text) \
	{ .name = long_name, .kind = CLI_SET, .set = set_choice, .value = number, \
	  .offset = offsetof(struct attach_opts, field), .groups = group_bits, .help = text }
#define ACTION(long_name, short_name, number, text) \
	{ .name = long_name, .letter = short_name, .kind = CLI_ACTION, .value = number, \
	  .offset = offsetof(struct attach_opts, action), .help = text }

static const struct cli_option options[] = {
	HEADING("What to enter; without any of these all that differ from yours:"),
	SET("target", 't', "TARGET", set_target, 0,
	    "the target; without it the first operand is"),
	{ .name = "all", .letter = 'a', .kind = CLI_FLAG, .groups = TOOLS_OR_ALL,
	  .offset = offsetof(struct attach_opts, all), .help = "all namespaces of the target" },
	SET("mount", 'm', "[FILE|:ID]", set_ns, NSU_MNT, "the mount namespace"),
	SET("uts", 'u', "[FILE|:ID]", set_ns, NSU_UTS, "the UTS namespace (host name)"),
	SET("ipc", 'i', "[FILE|:ID]", set_ns, NSU_IPC, "the IPC namespace"),
	SET("net", 'n', "[FILE|:ID]", set_ns, NSU_NET, "the network namespace"),
	SET("net-socket", 'N', "FD", set_net_socket, 0,
	    "the network namespace of a socket of the target's"),
	SET("pid", 'p', "[FILE|:ID]", set_ns, NSU_PID, "the pid namespace"),
	SET("cgroup", 'C', "[FILE|:ID]", set_ns, NSU_CGROUP, "the cgroup namespace"),
	SET("user", 'U', "[FILE|:ID]", set_ns, NSU_USER, "the user namespace"),
	FLAG("user-parent", 0, user_parent, 0,
	     "the user namespace that owns the others, with -U its parent"),
	SET("time", 'T', "[FILE|:ID]", set_ns, NSU_TIME, "the time namespace"),
	FLAG("children", 0, children, 0,
	     "of pid and time what the target's children will be in"),
	FLAG("host-tools", 'H', host_tools, TOOLS_OR_ALL | TOOLS_OR_ROOT,
	     "this host's files and PATH, the target's at a directory"),
	{ .name = "target-dir", .arg = "DIR", .kind = CLI_STRING,
	  .offset = offsetof(struct attach_opts, target_dir),
	  .help = "that directory; if left out /run/nsutil/target" },
	FLAG("force", 0, force, 0, "even where the target's tasks could reach the host"),

	HEADING("As whom, and how confined; if the mount namespace is entered as the target is:"),
	SET("setuid", 'S', "USER", set_uid, 0, "uid or name; \"follow\": the target's"),
	SET("setgid", 'G', "GROUP", set_gid, 0, "gid or name; \"follow\": the target's"),
	FLAG("preserve-credentials", 0, preserve_credentials, 0,
	     "leave uid, gid and groups as they are"),
	FLAG("keep-caps", 0, keep_caps, 0,
	     "capabilities stay though the command is not root"),
	FLAG("privileged", 0, privileged, 0,
	     "keep your powers: no caps, nnp, label, seccomp"),
	SET("confine", 0, "LIST", set_confine, 0,
	    "take over cgroup, rlimits, caps ...: all, none, ITEM or -ITEM of them"),
	SET("seccomp", 0, "WHAT", set_seccomp, 0,
	    "copy: the target's filter; none: without a word; require: or fail"),
	SET("join-cgroup", 'c', NULL, set_trait, NSU_TRAIT_CGROUP, "join its cgroup"),
	SET("no-cgroup", 0, NULL, set_trait, NSU_TRAIT_CGROUP | TRAIT_OFF, "stay in yours"),
	SET("follow-context", 'Z', NULL, set_trait, NSU_TRAIT_LABEL,
	    "take its SELinux or AppArmor label"),

	HEADING("Where, and with what:"),
	{ .name = "root", .letter = 'r', .arg = "[DIR]", .kind = CLI_SET, .set = set_root,
	  .groups = TOOLS_OR_ROOT, .help = "the target's root directory, or DIR of yours" },
	{ .name = "wd", .letter = 'w', .arg = "[DIR]", .kind = CLI_SET, .set = set_wd,
	  .value = NSU_CWD_OUTSIDE, .groups = ONE_WD,
	  .help = "the target's working directory, or DIR of yours" },
	{ .name = "wdns", .letter = 'W', .arg = "DIR", .kind = CLI_SET, .set = set_wd,
	  .value = NSU_CWD_INSIDE, .groups = ONE_WD, .help = "DIR as it is inside" },
	CHOICE("proc", proc, NSU_YES, ONE_PROC, "mount a /proc that fits"),
	CHOICE("no-proc", proc, NSU_NO, ONE_PROC, "not even with -p and without -m"),
	CHOICE("sys", sys, NSU_YES, ONE_SYS, "mount a /sys that fits"),
	CHOICE("no-sys", sys, NSU_NO, ONE_SYS, "not even with -n and without -m"),
	CHOICE("resolv", resolv, NSU_YES, ONE_RESOLV, "the target's resolv.conf and hosts"),
	CHOICE("no-resolv", resolv, NSU_NO, ONE_RESOLV, "not even with -n and without -m"),
	SET("env", 0, "[WHICH]", set_env, 0,
	    "the environment: target (if left out), host or clean"),
	SET(NULL, 'e', NULL, set_env, 0, "the target's environment"),
	SET("setenv", 0, "NAME=VALUE", add_setenv, 0, "set or, without =, unset a variable"),

	HEADING("How it runs:"),
	CHOICE("tty", tty, NSU_YES, ONE_TTY, "a terminal of its own for 0, 1 and 2"),
	CHOICE("no-tty", tty, NSU_NO, ONE_TTY, "0, 1 and 2 as they are"),
	FLAG("no-fork", 'F', no_fork, 0, "execute it in this process, as nsenter -F"),
	SET("status-fd", 0, "FD", set_count, 1, "tell there how it ended"),
	FLAG("trusted", 0, trusted, 0,
	     "faster, for who trusts the target: no copy, no terminal of its own"),
	FLAG("explain", 0, explain, ONE_MODE, "enter nothing, say what would be"),
	FLAG("each", 0, each, ONE_MODE, "in every target: all operands up to --, or PREFIX:"),
	SET("jobs", 'j', "N", set_count, 0, "with --each: so many at a time"),
	FLAG("json", 0, json, 0, "with --each and --explain: JSON"),

	HEADING("Else:"),
	SET("color", 0, "[WHEN]", set_color, 0, "auto, always or never"),
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
		return cli_wrong(&app->out, "nsattach 4711, or nsattach --help",
				 "no target given");
	if (opts->jobs != 0 && !opts->each)
		return cli_wrong(&app->out, NULL, "--jobs is for --each");
	if (opts->json && !opts->each && !opts->explain)
		return cli_wrong(&app->out, NULL, "--json is for --each and --explain");
	if (opts->target_dir != NULL && !opts->host_tools)
		return cli_wrong(&app->out, NULL, "--target-dir is for --host-tools");
	if (opts->status_fd >= 0) {
		/* Out of the way of 0, 1 and 2, which are let go of, and of what is opened. */
		int fd = fcntl(opts->status_fd, F_DUPFD_CLOEXEC, 3);

		if (fd < 0)
			return cli_wrong(&app->out, NULL, "--status-fd %d: not open",
					 opts->status_fd);
		opts->status_fd = fd;
	}
	if (opts->each && opts->no_fork)
		return cli_wrong(&app->out, NULL, "--each runs several: not with --no-fork");
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
