/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of every value, in which each place can be told from its neighbours. */
#ifndef NSU_PATTERN_H
#define NSU_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

static inline char pattern_at(size_t at)
{
	return (char)(at * 7 + (at >> 8) * 13 + (at >> 16));
}

static inline void pattern_fill(char *ret, size_t at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ret[i] = pattern_at(at + i);
}

static inline bool pattern_is(const char *text, size_t at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != pattern_at(at + i))
			return false;
	return true;
}

#endif
