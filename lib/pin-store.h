/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories that are mounts: what pin-store.c and pin-bind.c share. */
#ifndef NSI_PIN_STORE_H
#define NSI_PIN_STORE_H

#include <sys/types.h>
#include "pin.h"

/* pin-store.c */
/* A directory of the caller's own. make: its mode when it has to be made; 0: is not. */
int nsi_store_dir(int at, const char *name, mode_t make);
/* Waits so many ms; -EBUSY. */
int nsi_store_flock(int fd, int operation, int wait);
/* -EPERM, -ELOOP: UNSAFE */
int nsi_store_fail(struct nsu_pin_report *report, enum nsu_pin_step step, int r,
		   const char *path);

/* pin-bind.c */
/* Mounts it on itself, if no mount begins there yet; then *fd becomes the new one. If
   shared, in a group of its own: what is mounted there does not appear under it, too. */
int nsi_store_bind(struct nsu_ctx *ctx, int at, const char *name, bool shared, int *fd,
		   bool *ret_made);
/* fd: the root of a mount. */
int nsi_store_propagate(int fd, bool shared);

#endif
