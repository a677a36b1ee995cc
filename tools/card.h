/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A card: a heading, facts one a line, a table. card.c does processes, card-ns.c
 * namespaces. */
#ifndef NSTREE_CARD_H
#define NSTREE_CARD_H

#include "holders.h"

/* The column in which the text of a fact begins. */
#define CARD_LABEL 15

/* The heading, its right part against the right edge of a terminal. */
void card_heading(const struct app *app, const char *left, const char *right);
/* "  label        text", wrapped at ", " on a terminal. NULL text is no memory: "?" */
void card_fact(const struct app *app, const char *label, const char *text);
/* The same with its text in another column. */
void card_fact_at(const struct app *app, const char *label, const char *text,
		  size_t column);
/* The same for text that is not a list: on a terminal it is cut, not wrapped. */
void card_line(const struct app *app, const char *label, const char *text);
/* As card_fact(), and frees the text. */
void card_fact_take(const struct app *app, const char *label, char *take_text);

/* Each returns 0 or negative errno. */
int card_process(struct app *app, const struct nsu_snapshot *snap,
		 struct shown_cache *cache, const struct nsu_task *task);
int card_namespace(struct app *app, const struct nsu_snapshot *snap,
		   struct shown_cache *cache, const struct nsu_ns *ns);
/* card-container.c: a container, or a pod. */
int card_container(struct app *app, const struct nsu_snapshot *snap,
		   struct shown_cache *cache, const struct nsu_container *container);
/* card-pin.c: who made the pin, when and how, NULL: unknown; of a set also a line for
   each namespace. */
int card_pin(struct app *app, const struct nsu_snapshot *snap, struct shown_cache *cache,
	     const char *word, const struct nsu_pin *pin,
	     const struct nsu_ns *const *list, int count);
/* The pin of nsutil that the word names and the namespace is of; NULL. */
const struct nsu_pin *card_pin_find(const struct nsu_pins *pins, const char *word,
				    const struct nsu_ns *ns);
/* card-net.c: what a network namespace has: links, routes, sockets that wait. */
void card_net(struct app *app, const struct nsu_snapshot *snap,
	      struct shown_cache *cache, const struct nsu_ns *ns);

/* card-holders.c: what keeps the namespace alive. */
int card_holders(const struct holder_words *words, const struct nsu_ns *ns);

#endif
