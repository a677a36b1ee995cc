/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every network namespace of the picture, what it has and whose it is: for --net,
 * --listening and --port. networks.c reads them, networks-words.c finds what operands
 * mean.
 */
#ifndef NSTREE_NETWORKS_H
#define NSTREE_NETWORKS_H

#include "nstree.h"

struct network {
	const struct nsu_ns *ns;
	const struct nsu_net *net;	/* NULL: could not be read */
	int error;
	char *place;		/* whose it is: a word that can be typed, if it has one */
};

struct networks {
	struct app *app;
	const struct nsu_snapshot *snap;
	struct shown_cache *cache;
	struct nsu_binds *binds;	/* the caller's own; NULL: could not be read */
	struct nsu_wiring *wiring;
	const struct nsu_ns *host;	/* NULL: unknown which */
	struct network *list;	/* the host's, by their oldest task, those without */
	struct network **by_address; /* of the namespace */
	size_t count, unread;
	int error;		/* of the first that was not read */
	unsigned parts;		/* that were read of each */
};

/* What finds all of them. */
#define NETWORKS_PARTS (NSU_PART_DEFAULT | NSU_PART_PIDS | FIND_PARTS | \
			NSU_PART_CONTAINERS)

/* 0 or negative errno; networks_close() takes also what failed. snap is borrowed. */
int networks_open(struct networks *nets, struct app *app, const struct nsu_snapshot *snap,
		  struct nsu_wiring_options *opts);
void networks_close(struct networks *nets);
/* NULL: none of the picture. */
struct network *networks_find(const struct networks *nets, const struct nsu_ns *ns);
/* Says what could not be read. true: something. */
bool networks_remark(const struct networks *nets);
/* Of nobody but the kernel itself: fe80:: */
bool network_is_link_local(const struct nsu_address *address);
/* The one that has this address: it, or one that is joined to it by a wire, else the only
   one. NULL: none, or who knows. */
struct network *networks_find_address(const struct networks *nets,
				      const struct network *near, int family,
				      const unsigned char bytes[static 16]);

/* An address or subnet as it was typed. */
struct net_prefix {
	int family;
	unsigned char bytes[16];
	unsigned bits;
	bool subnet;		/* a length was typed with it */
};
/* false: is none. */
bool net_prefix_parse(const char *text, struct net_prefix *ret);
/* The address is in it. */
bool net_prefix_has(const struct net_prefix *prefix, const struct nsu_address *address);
/* The route by which a namespace reaches it; NULL: none. */
const struct nsu_route *net_prefix_route(const struct net_prefix *prefix,
					 const struct nsu_net *net);

/* What one operand may mean: all at once, for a link may have the name of a container. */
struct net_word {
	const char *word;
	bool is_prefix;
	struct net_prefix prefix;
	const struct nsu_ns **ns;	/* of the target: its network namespaces, */
	size_t ns_count;
	const struct nsu_container **container; /* the containers that it names, */
	size_t container_count;
	const char *unit;	/* the unit, */
	const struct nsu_task *task; /* and the process, if it was one by number */
	bool found;		/* something was shown for it */
};

struct net_words {
	struct net_word *list;
	size_t count;
	char pid[16];
};

/* The operands and -p in a picture that has NETWORKS_PARTS. links: a word may also be an
   address or the name of a link, so that nothing is said of one that is no target. 0;
   -EINVAL: a word named nothing, which was said; -ENOMEM. */
int net_words_find(struct app *app, bool links, const struct nsu_snapshot *snap,
		   struct net_words *ret);
void net_words_free(struct net_words *words);
bool net_word_has_ns(const struct net_word *word, const struct nsu_ns *ns);

/*
 * What the views do alike: scans, finds what the operands are, reads the networks, shows
 * them by show, which returns an exit status or a negative errno, and remarks what is to
 * be remarked. The exit status.
 */
int networks_view(struct app *app, bool links, struct nsu_wiring_options *opts,
		  int (*show)(struct networks *nets, struct net_words *words));

#endif
