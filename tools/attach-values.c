// SPDX-License-Identifier: GPL-2.0-or-later
/* The arguments of nsattach's options, understood and kept. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "attach-values.h"

static bool parse_number(const char *arg, unsigned long max, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(arg, &end, 10);
	return *arg >= '0' && *arg <= '9' && *end == '\0' && errno == 0 && *ret <= max;
}

/* -t once; and not after an operand that was one. */
int value_target(const struct cli *cli, const struct cli_option *option, const char *arg)
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
int value_ns(const struct cli *cli, const struct cli_option *option, const char *arg)
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

int value_net_socket(const struct cli *cli, const struct cli_option *option,
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

int value_uid(const struct cli *cli, const struct cli_option *option, const char *arg)
{
	struct attach_opts *opts = cli->opts;

	(void)option;
	opts->uid_from = read_identity(arg, &opts->uid);
	opts->user = arg;
	return *arg != '\0' ? 0 : cli_wrong(cli->out, NULL, "-S: no user given");
}

int value_gid(const struct cli *cli, const struct cli_option *option, const char *arg)
{
	struct attach_opts *opts = cli->opts;

	(void)option;
	opts->gid_from = read_identity(arg, &opts->gid);
	opts->group = arg;
	return *arg != '\0' ? 0 : cli_wrong(cli->out, NULL, "-G: no group given");
}

/* "-cgroup,label": each item alone, on or off. */
int value_confine(const struct cli *cli, const struct cli_option *option, const char *arg)
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
			return cli_wrong(cli->out, NULL, "--confine=%.*s: not one of "
					 "cgroup rlimits oom sched umask personality "
					 "label caps nnp seccomp all none",
					 (int)len, arg);
		opts->traits_on = off ? opts->traits_on & ~bits : opts->traits_on | bits;
		opts->traits_off = off ? opts->traits_off | bits :
			opts->traits_off & ~bits;
		arg += len + (arg[len] == ',');
	}
	return 0;
}

int value_trait(const struct cli *cli, const struct cli_option *option, const char *arg)
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

int value_seccomp(const struct cli *cli, const struct cli_option *option, const char *arg)
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

int value_env(const struct cli *cli, const struct cli_option *option, const char *arg)
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

int value_color(const struct cli *cli, const struct cli_option *option, const char *arg)
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

int value_setenv(const struct cli *cli, const struct cli_option *option, const char *arg)
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

int value_root(const struct cli *cli, const struct cli_option *option, const char *arg)
{
	struct attach_opts *opts = cli->opts;

	(void)option;
	opts->root = NSU_YES;
	opts->root_dir = arg != NULL && *arg == '=' ? arg + 1 : arg;
	return 0;
}

int value_wd(const struct cli *cli, const struct cli_option *option, const char *arg)
{
	struct attach_opts *opts = cli->opts;

	opts->cwd_from = arg == NULL ? NSU_CWD_TARGET : option->value;
	opts->cwd = arg != NULL && *arg == '=' ? arg + 1 : arg;
	return 0;
}

int value_choice(const struct cli *cli, const struct cli_option *option, const char *arg)
{
	(void)arg;
	*(enum nsu_choice *)((char *)cli->opts + option->offset) = option->value;
	return 0;
}

int value_count(const struct cli *cli, const struct cli_option *option, const char *arg)
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
