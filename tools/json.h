/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.c has the document, json-entries.c the namespaces, tasks and sandboxes in it. */
#ifndef NSTREE_JSON_H
#define NSTREE_JSON_H

#include <json-c/json.h>

#include "nstree.h"
#include "target.h"

struct selected {
	const char *word;
	const struct nsu_task *task;	/* one of the two */
	const struct nsu_ns *ns;
	const struct nsu_container *container; /* with task: all that is in it */
};

struct json_writer {
	struct app *app;
	const struct nsu_snapshot *snap;
	struct selected *selected;	/* what operands named */
	size_t selected_count;
	bool whole;			/* no operands: everything */
	size_t members, entries;	/* printed so far: a comma is due */
	bool failed;
};

/* A member of the document, on a line of its own; NULL is null. */
void json_put(struct json_writer *w, const char *key, struct json_object *take_value);
/* An array, an entry a line. */
void json_open(struct json_writer *w, const char *key);
void json_entry(struct json_writer *w, struct json_object *take_value);
void json_close(struct json_writer *w);
/* Text from outside, as valid UTF-8. */
struct json_object *json_text(const char *text);
/* null for a negative number, which is an unknown one. */
struct json_object *json_count(long number);

/* The document of a question: between the two, its answers. Without a snapshot it tells
   of none. */
void json_put_question(struct json_writer *w, const char *question,
		       struct json_object *take_about);
void json_end_question(struct json_writer *w);

/* The document of nstree --json without operands; more: puts further members. 0 or
   negative errno. */
int json_document(struct app *app, const struct nsu_snapshot *snap,
		  void (*more)(struct json_writer *w, void *data), void *data);

void json_put_selection(struct json_writer *w);
void json_put_namespaces(struct json_writer *w);
void json_put_tasks(struct json_writer *w);
void json_put_sandboxes(struct json_writer *w);
/* It is selected. */
bool json_keeps_task(const struct json_writer *w, const struct nsu_task *task);
/* json-containers.c. The second: of one task, where it belongs. */
void json_put_containers(struct json_writer *w);
void json_add_places(struct json_object *o, const struct nsu_task *task);

#endif
