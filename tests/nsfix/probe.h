/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program finds that was started inside: itself, and others. */
#ifndef PROBE_H
#define PROBE_H

/*
 * "nsfix who [NUMBER...]": what it was given, a line each, asked of the kernel and not of
 * /proc where that can be; and what the system calls of these numbers answer.
 */
int probe_who(int argc, char **argv);

/*
 * As a task of a target: reads two pids from /ask, tries every way to reach the processes
 * from the one to the other and what is below their roots, again and again until the last
 * has come, writes the ways that were open to /answer; and so on.
 */
_Noreturn void probe_serve(void);

#endif
