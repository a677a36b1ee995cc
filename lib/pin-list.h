/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of pins while it is made, and what repair reads again of one of them. */
#ifndef NSI_PIN_LIST_H
#define NSI_PIN_LIST_H

#include "pin.h"

struct nsi_listed {
	struct nsu_pin pin;		/* first: the caller has a pointer to it */
	bool ours, recorded;
	struct nsi_record record;	/* if recorded; owns what the pin points to */
	char *name, *word, *path[NSU_TYPE_COUNT];
};

struct nsu_pins {
	struct nsu_ctx *ctx;
	struct nsi_listed **pin;
	struct nsu_pin_gap *gap;
	size_t count, size, ours, gap_count, gap_size;
	struct nsu_snapshot *inits;	/* made when a kernel does not tell of them */
	struct nsi_mounted *mounted;	/* made when one is missing here; NULL: cannot */
	bool searched;			/* it was made, or tried */
};

/* pin-list.c */
/* One of ours. NULL: no memory. */
struct nsi_listed *nsi_listed_new(const char *name);
void nsi_listed_free(struct nsi_listed *listed);
/* DIR/NAME/FILE; file may be NULL. */
int nsi_listed_set_path(struct nsi_listed *listed, enum nsu_type type, const char *dir,
			const char *name, const char *file);
/* Takes over listed, also when it fails. */
int nsi_pins_add(struct nsu_pins *pins, struct nsi_listed *take_listed);
int nsi_pins_add_gap(struct nsu_pins *pins, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* All that there are by now are ours. */
void nsi_pins_sort(struct nsu_pins *pins);
/* Of ours by name, once they are sorted. NULL. */
struct nsi_listed *nsi_pins_find_ours(const struct nsu_pins *pins, const char *name);
void nsi_listed_set(struct nsi_listed *listed, enum nsu_type type,
		    enum nsu_pin_state state, enum nsu_pin_reason reason);
/* The whole pin is in the state of the worst of its namespaces. */
void nsi_listed_sum(struct nsi_listed *listed);

/* pin-ours.c: those of the store */
int nsi_list_ours(struct nsu_pins *pins);
/* One of them as it is now. -ENOENT: nothing of it is left. locked: no one is at work on
   it. pins: for gaps and inits. */
int nsi_list_one(struct nsu_pins *pins, const struct nsi_store *store, const char *name,
		 bool locked, struct nsi_listed **ret);
/* What the record says, for the pin that is given away. */
void nsi_listed_take_record(struct nsu_ctx *ctx, struct nsi_listed *listed);
/* What its keeper holds: inode and id. The caller closes the descriptor. */
int nsi_look_keeper(struct nsu_ctx *ctx, const struct nsi_record *record,
		    enum nsu_type type, int *ret_fd, struct nsu_pin_ns *ns);
/* /run/netns/NAME of one of ours. -ENOENT; else as nsi_pin_look(). */
int nsi_look_netns(struct nsu_ctx *ctx, const char *name, int *ret_fd,
		   uint64_t *ret_inode,
		   uint64_t *ret_id);

/* pin-elsewhere.c: what other mount namespaces have mounted, by path; a scan of all */
struct nsi_mounted;
int nsi_mounted_new(struct nsu_ctx *ctx, struct nsi_mounted **ret);
void nsi_mounted_free(struct nsi_mounted *mounted);
/* The namespace of this type there; inode 0: any. NULL. */
const struct nsu_ns *nsi_mounted_find(const struct nsi_mounted *mounted, const char *path,
				      enum nsu_type type, uint64_t inode);
/* Makes pins->mounted; that stays NULL where they cannot be searched. */
int nsi_list_mounted(struct nsu_pins *pins);
/* Ours that are missing here and mounted there. */
int nsi_list_elsewhere(struct nsu_pins *pins);

/* A user's: keepers whose pin has no record; ours are sorted. */
int nsi_list_lost(struct nsu_pins *pins, const struct nsi_store *store);

/* pin-cure.c: of one namespace alone */
enum nsu_pin_cure nsi_pin_cure_ns(const struct nsu_pin_ns *ns);

/* pin-foreign.c: those of other programs, once ours are sorted */
int nsi_list_foreign(struct nsu_pins *pins);

/* pin-makers.c */
enum nsu_pin_maker nsi_pin_maker_of(const char *path);
/* Directories in which a program has one file for each of its namespaces. NULL behind the
   last of them. */
struct nsi_pin_place {
	const char *dir;
	enum nsu_type type;
};
const struct nsi_pin_place *nsi_pin_get_place(size_t index);
/* The same below each user's runtime directory. */
#define NSI_USER_NETNS	"netns"

/* pin-places.c: each plain file there, mounted on or not. Stops at a negative answer. */
int nsi_each_left_file(struct nsu_ctx *ctx,
		       int (*each)(void *data, const char *path, enum nsu_type type),
		       int (*gap)(void *data, const char *path, int error), void *data);

#endif
