/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the programs that play a part inside a container, in their main file. Built with
 * sanitizers they also run where the search for leaks cannot: without powers to trace
 * themselves, or at the limit of processes. They leak by their exit alone.
 */
#ifndef LEAKS_H
#define LEAKS_H

const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
	return "detect_leaks=0";
}

#endif
