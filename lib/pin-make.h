/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How new namespaces are made: what the caller, its child that makes them and the init
   tell each other. */
#ifndef NSI_PIN_MAKE_H
#define NSI_PIN_MAKE_H

#include "pin.h"

enum nsi_told_kind {
	NSI_TOLD_MAPS,		/* waits for its maps; with its directory in the procfs */
	NSI_TOLD_INIT,		/* the init runs: pid */
	NSI_TOLD_DONE,		/* with all that was asked for, by type */
	NSI_TOLD_FAILED,
};
struct nsi_told {
	enum nsi_told_kind kind;
	enum nsu_pin_step step;
	int type;		/* -1: of none */
	int error;
	pid_t pid;
};

struct nsi_order {
	const struct nsu_ctx *ctx;
	const struct nsu_pin_options *opts;
	const char *title;	/* of the init */
	char offsets[96];	/* for timens_offsets; "": none */
	int leash;		/* the init's end; -1 */
};

/* pin-maker.c: the body of a courier. */
void nsi_maker(int fd, void *data);
/* pin-init.c: what is the first process of a new pid namespace. */
void nsi_init_live(const struct nsi_order *order) __attribute__((noreturn));

#endif
