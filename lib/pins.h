/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The search of all mount namespaces: pins.c; the ways to each: mntns.c. */
#ifndef NSI_PINS_H
#define NSI_PINS_H

#include "builder.h"
#include "open.h"

#define NSI_MAX_HELD	128	/* mount namespaces that are open at a time */
#define NSI_MAX_HUNG	4	/* pins that may hang before none is opened any more */

/* Bytes of the paths of all: 100,000 mounts of an ordinary length are a tenth of it. */
#define NSI_ALL_PATHS	(128u << 20)

enum nsi_pin_source {
	NSI_FROM_NEXT, NSI_FROM_STATMOUNT, NSI_FROM_MOUNTINFO, NSI_FROM_ENTERING,
};
#define NSI_PIN_SOURCES 4

enum {				/* what a mount namespace is */
	NSI_SEARCHED = 1,
	NSI_USED = 2,		/* in the picture */
	NSI_HELD = 4,		/* by more than tasks and their descriptors */
};

struct nsi_search {
	struct nsi_builder *b;
	uint64_t own;			/* the caller's mount namespace */
	uint32_t *first;		/* of a namespace: its first task */
	uint32_t *next;			/* of a task: the next in its mount namespace */
	size_t first_count;
	uint8_t *state;			/* of a namespace */
	size_t state_size;
	struct nsi_held {
		uint32_t ns;
		int fd;
	} held[NSI_MAX_HELD];		/* are yet to be searched */
	size_t held_count;
	struct nsi_failed {
		uint32_t ns, in;
		int error;
	} *failed;			/* pins that were not opened */
	size_t failed_count, failed_size;
	struct nsi_pins again;		/* of again_in, read anew */
	uint32_t again_in;
	int again_error;
	int source[NSI_PIN_SOURCES];	/* 1: not needed; 0, or a negative errno */
	int hung;
	int fetched;			/* pins, one at a time */
};

/* mntns.c: index and ns are those of a mount namespace in the snapshot. */
/* Its first task; next[] of that is the next. */
uint32_t nsi_search_task(const struct nsi_search *s, uint32_t ns);
/* /proc/PID of a task, while it is in it. */
int nsi_search_member_dir(const struct nsi_search *s, uint32_t ns, uint32_t task);
/* Of one that has the namespace's root for its own. -ENOENT: none has. */
int nsi_search_member(const struct nsi_search *s, uint32_t ns);
/* A descriptor of it. */
int nsi_search_open(struct nsi_search *s, uint32_t index, int depth);
/* How to get among its files. ns_fd: the namespace, if it is open; is not taken over. */
int nsi_search_place(struct nsi_search *s, uint32_t index, int ns_fd, int depth,
		     struct nsi_place *ret);
/* Keeps what was opened until it is searched. */
int nsi_search_hold(struct nsi_search *s, uint32_t index, int fd);
void nsi_search_release(struct nsi_search *s, uint32_t index);
/* That pin is not there any more: a vanished one is no failure. */
bool nsi_search_is_gone(struct nsi_search *s, const struct nsi_failed *failed);

#endif
