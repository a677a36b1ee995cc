/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "facts.h"

#define SECOND 1000000000u

const char *facts_offset(char buf[static 32], int64_t nanoseconds)
{
	uint64_t amount = nanoseconds < 0 ? -(uint64_t)nanoseconds :
					    (uint64_t)nanoseconds;
	int len = snprintf(buf, 32, "%s%" PRIu64 ".%09" PRIu64,
			   nanoseconds < 0 ? "-" : "", amount / SECOND, amount % SECOND);

	while (buf[len - 1] == '0')
		buf[--len] = '\0';
	if (buf[len - 1] == '.')
		buf[--len] = '\0';
	return buf;
}

const char *facts_propagation(char buf[static 40], unsigned propagation)
{
	snprintf(buf, 40, "%s%s%s", propagation & NSU_PROP_SHARED ? "shared" : "private",
		 propagation & NSU_PROP_SLAVE ? ",slave" : "",
		 propagation & NSU_PROP_UNBINDABLE ? ",unbindable" : "");
	return buf;
}

int facts_setgroups(const struct nsu_ns *user)
{
	int r = -ENODATA;

	for (size_t i = 0; i < nsu_ns_count_tasks(user) && i < 4 && r < 0; i++)
		r = nsu_task_read_setgroups(nsu_ns_get_task(user, i));
	return r;
}
