/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each of nsattach's options does with its argument; see cli_set_fn. */
#ifndef NSATTACH_VALUES_H
#define NSATTACH_VALUES_H

#include "attach.h"
#include "cli.h"

/* In the value of an option: not that trait of the target's. */
#define TRAIT_OFF (1 << 8)

int value_target(const struct cli *cli, const struct cli_option *option, const char *arg);
int value_ns(const struct cli *cli, const struct cli_option *option, const char *arg);
int value_net_socket(const struct cli *cli, const struct cli_option *option,
		     const char *arg);
int value_uid(const struct cli *cli, const struct cli_option *option, const char *arg);
int value_gid(const struct cli *cli, const struct cli_option *option, const char *arg);
int value_confine(const struct cli *cli, const struct cli_option *option,
		     const char *arg);
int value_trait(const struct cli *cli, const struct cli_option *option, const char *arg);
int value_seccomp(const struct cli *cli, const struct cli_option *option,
		     const char *arg);
int value_env(const struct cli *cli, const struct cli_option *option, const char *arg);
int value_color(const struct cli *cli, const struct cli_option *option, const char *arg);
int value_setenv(const struct cli *cli, const struct cli_option *option, const char *arg);
int value_root(const struct cli *cli, const struct cli_option *option, const char *arg);
int value_wd(const struct cli *cli, const struct cli_option *option, const char *arg);
int value_choice(const struct cli *cli, const struct cli_option *option, const char *arg);
int value_count(const struct cli *cli, const struct cli_option *option, const char *arg);

#endif
