/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structs of callers that were built with another release. */
#include <string.h>
#include "nsi.h"

int nsi_take_options(void *to, size_t to_size, size_t first, const void *from)
{
	const unsigned char *bytes = from;
	size_t size;

	memcpy(&size, from, sizeof(size));
	if (size < first)
		return -EINVAL;
	for (size_t i = to_size; i < size; i++)
		if (bytes[i])
			return -E2BIG;
	memcpy(to, from, size < to_size ? size : to_size);
	memcpy(to, &to_size, sizeof(to_size));
	return 0;
}

void nsi_give(void *ret, const void *found, size_t found_size)
{
	size_t size;

	memcpy(&size, ret, sizeof(size));
	memset(ret, 0, size);
	memcpy(ret, found, size < found_size ? size : found_size);
	memcpy(ret, &size, sizeof(size));
}
