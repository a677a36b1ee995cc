/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each of nspin's options does with its argument; see cli_set_fn. */
#ifndef NSPIN_VALUES_H
#define NSPIN_VALUES_H

#include "cli.h"
#include "pin.h"

int pin_set_type(const struct cli *cli, const struct cli_option *option, const char *arg);
int pin_set_map(const struct cli *cli, const struct cli_option *option, const char *arg);
int pin_set_clock(const struct cli *cli, const struct cli_option *option,
		  const char *arg);
int pin_set_propagation(const struct cli *cli, const struct cli_option *option,
			const char *arg);
int pin_set_color(const struct cli *cli, const struct cli_option *option,
		  const char *arg);

enum { MAP_ROOT, MAP_AUTO, MAP_USERS, MAP_GROUPS };

#endif
