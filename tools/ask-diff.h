/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nstree --diff: ask-diff.c says what is compared, -task.c and -ns.c do it, -json.c
   compares documents. */
#ifndef NSTREE_ASK_DIFF_H
#define NSTREE_ASK_DIFF_H

#include "grid.h"
#include "json.h"

struct diff {
	struct app *app;
	const struct nsu_snapshot *snap;
	struct shown_cache *cache;
	struct grid *grid;
	struct json_writer *json;	/* one of the two */
	size_t differ, unknown;		/* lines */
	bool failed;			/* no memory */
};

/* One thing of both; the texts are the kernel's or a stranger's, not escaped, and freed.
   NULL: unknown. */
void diff_line(struct diff *d, const char *what, char *take_a, char *take_b);
/* The same only where they differ, or with -a. */
void diff_detail(struct diff *d, const char *what, char *take_a, char *take_b);
/* malloc'ed; NULL for no memory too. */
char *diff_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

void diff_tasks(struct diff *d, const struct nsu_task *a, const struct nsu_task *b);
/* What two namespaces of a type have. */
void diff_facts(struct diff *d, const struct nsu_ns *a, const struct nsu_ns *b);

/* Is it the name of a document? */
bool diff_is_document(const char *word);
/* Returns the exit status. */
int diff_documents(struct app *app, const char *a, const char *b);

#endif
