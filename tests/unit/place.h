/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the tests of pins cannot be made. */
#ifndef NSU_PLACE_H
#define NSU_PLACE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../tap.h"

/* By itself and not by the library, which may be what is wrong. */
static void place_need_own_proc(void)
{
	char self[16] = "";

	if (readlink("/proc/self", self, sizeof(self) - 1) < 0 || atoi(self) != getpid())
		skip_all("/proc shows another pid namespace than ours");
}

/* Root of a user namespace may take on no other user, and not return to the namespaces
   that it came from; nor can it see that nobody is left in others. */
__attribute__((unused))
static void place_need_host(void)
{
	unsigned first = 0, whose = 0, count = 0;
	FILE *file = fopen("/proc/self/uid_map", "re");

	place_need_own_proc();
	if (file) {
		if (fscanf(file, "%u %u %u", &first, &whose, &count) != 3)
			count = 0;
		fclose(file);
	}
	if (!geteuid() && (first || whose || count != UINT32_MAX))
		skip_all("needs root of the host");
}

#endif
