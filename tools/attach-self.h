/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program's own file, kept from what runs in a container that it enters. */
#ifndef NSATTACH_SELF_H
#define NSATTACH_SELF_H

/*
 * To be called first of all in main(), with its argv. 0: the program runs from a copy
 * that nobody can write to. Where it does not yet, it is executed anew from one, with
 * the same arguments, environment and descriptors. A negative errno: neither a copy nor
 * a mount of its own can be had or executed, and it is better to enter nothing.
 * File capabilities and the set-user-ID bit do not outlive this.
 */
int self_seal(char **argv);

#endif
