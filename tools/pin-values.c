// SPDX-License-Identifier: GPL-2.0-or-later
/* The arguments of nspin's options, understood and kept. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "pin-values.h"

int pin_set_type(const struct cli *cli, const struct cli_option *option, const char *arg)
{
	struct pin_opts *opts = cli->opts;

	(void)arg;
	opts->types |= 1U << option->value;
	return 0;
}

/* One number of INNER:OUTER:COUNT; what follows it is moved to. */
static bool take_number(const char **text, char end, uint32_t *ret)
{
	unsigned long long number;
	char *after;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	number = strtoull(*text, &after, 10);
	if (errno != 0 || number > UINT32_MAX || (*after != end && *after != '\0') ||
	    (*after == '\0' && end != ','))
		return false;
	*text = after + (*after != '\0');
	*ret = (uint32_t)number;
	return true;
}

static int add_range(const struct cli *cli, const char **text,
		     struct nsu_id_range **ranges, size_t *count)
{
	struct nsu_id_range range, *grown;

	if (!take_number(text, ':', &range.inside) ||
	    !take_number(text, ':', &range.outside) ||
	    !take_number(text, ',', &range.count) || range.count == 0)
		return -EINVAL;
	grown = reallocarray(*ranges, *count + 1, sizeof(*grown));
	if (grown == NULL) {
		msg_errno(cli->out, ENOMEM, "id map");
		return -ENOMEM;
	}
	*ranges = grown;
	grown[(*count)++] = range;
	return 0;
}

static int set_ranges(const struct cli *cli, const struct cli_option *option,
		      const char *arg)
{
	struct pin_opts *opts = cli->opts;
	bool users = option->value == MAP_USERS;
	const char *at = arg;
	int r;

	do
		r = add_range(cli, &at, users ? &opts->uids : &opts->gids,
			      users ? &opts->uid_count : &opts->gid_count);
	while (r == 0 && *at != '\0');
	if (r == -EINVAL)
		return cli_wrong(cli->out, NULL, "--%s %s: not INNER:OUTER:COUNT[,...] "
				 "or \"auto\"", option->name, arg);
	return r;
}

int pin_set_map(const struct cli *cli, const struct cli_option *option, const char *arg)
{
	struct pin_opts *opts = cli->opts;
	enum nsu_pin_map map = NSU_PIN_MAP_LIST;
	bool list = option->value == MAP_USERS || option->value == MAP_GROUPS;

	if (option->value == MAP_ROOT)
		map = NSU_PIN_MAP_ROOT;
	else if (option->value == MAP_AUTO || strcmp(arg, "auto") == 0)
		map = NSU_PIN_MAP_AUTO;
	if (opts->map != NSU_PIN_MAP_NONE && opts->map != map)
		return cli_wrong(cli->out, NULL,
				 "--%s: another map of ids was asked for already",
				 option->name);
	opts->map = map;
	return list && map == NSU_PIN_MAP_LIST ? set_ranges(cli, option, arg) : 0;
}

/* "-3600", "90d" */
int pin_set_clock(const struct cli *cli, const struct cli_option *option, const char *arg)
{
	static const struct { char unit; int64_t seconds; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
	};
	struct pin_opts *opts = cli->opts;
	int64_t *offset = option->value == 0 ? &opts->boottime : &opts->monotonic;
	int64_t factor = 1, number;
	char *end;

	errno = 0;
	number = strtoll(arg, &end, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (end != arg && *end == units[i].unit && end[1] == '\0') {
			factor = units[i].seconds;
			end++;
		}
	if (errno != 0 || end == arg || *end != '\0' ||
	    strchr("+-0123456789", *arg) == NULL ||
	    __builtin_mul_overflow(number, factor, offset))
		return cli_wrong(cli->out, NULL,
				 "--%s %s: not a number of seconds, nor of m, h or d",
				 option->name, arg);
	*(option->value == 0 ? &opts->set_boottime : &opts->set_monotonic) = true;
	return 0;
}

static int find_word(const struct cli *cli, const struct cli_option *option,
		     const char *arg, const char *const *words)
{
	char all[80] = "";

	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], arg) == 0)
			return i;
		strcat(strcat(all, " "), words[i]);
	}
	return cli_wrong(cli->out, NULL, "--%s=%s: not one of%s", option->name, arg, all);
}

int pin_set_propagation(const struct cli *cli, const struct cli_option *option,
			const char *arg)
{
	static const char *const words[] = {
		[NSU_PIN_SLAVE] = "slave", [NSU_PIN_PRIVATE] = "private",
		[NSU_PIN_SHARED] = "shared", [NSU_PIN_UNCHANGED] = "unchanged", NULL,
	};
	struct pin_opts *opts = cli->opts;
	int value = find_word(cli, option, arg, words);

	if (value < 0)
		return value;
	opts->propagation = (enum nsu_pin_propagation)value;
	opts->types |= 1U << NSU_MNT;
	return 0;
}

int pin_set_color(const struct cli *cli, const struct cli_option *option, const char *arg)
{
	static const char *const words[] = {
		[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always",
		[COLOR_NEVER] = "never", NULL,
	};
	struct pin_opts *opts = cli->opts;
	int value = arg != NULL ? find_word(cli, option, arg, words) : COLOR_ALWAYS;

	if (value < 0)
		return value;
	opts->color = (enum color_when)value;
	return 0;
}
