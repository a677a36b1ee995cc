/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets one a line: for --listening and --port. */
#ifndef NSTREE_SOCKETS_H
#define NSTREE_SOCKETS_H

#include "json.h"
#include "networks.h"

struct socket_line {
	const struct network *network;
	const struct nsu_listener *listener;
	const struct nsu_task *owner;	/* NULL: nobody, or nobody that could be seen */
	size_t others;			/* further processes that have it open */
	char *where, *via;	/* via: what it stands for, "docker:web:80"; NULL */
	const struct network *to;	/* where that is; NULL: unknown, nowhere */
	const char *port;		/* of that, not escaped; "": none */
};

struct sockets {
	struct networks *nets;
	struct socket_line *list;	/* by port, then place; UNIX sockets last */
	size_t count;
	bool states;		/* others than those that listen are shown */
};

/* Those for which keep() holds; of words only those that they mean, if there are any. */
int sockets_new(struct networks *nets, struct net_words *words,
		bool (*keep)(const struct nsu_listener *listener, const void *data),
		const void *data, struct sockets *ret);
void sockets_free(struct sockets *sockets);
/* 0 or negative errno. */
int sockets_print(const struct sockets *sockets);
void sockets_put_json(const struct sockets *sockets, struct json_writer *w);

#endif
