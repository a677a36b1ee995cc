/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What processes that stay have in common. All of it is async-signal-safe. */
#ifndef NSI_PIN_DWELL_H
#define NSI_PIN_DWELL_H

#include "pin.h"

/* pin-self.c */
/* "nspin-init blue": its first word becomes comm, all of it the command line. */
void nsi_self_name(const char *title);
/* Gives back the memory that a forked process has of its caller's, which may have
   gigabytes; what malloc(3) and mmap(2) gave is gone. */
void nsi_self_shrink(void);

/* nsi_dwell() for an init: all signals stay blocked, and before it tells that it is
   released it cannot be traced any more. */
void nsi_dwell_as_init(int leash, const char *title);

#endif
