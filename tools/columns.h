/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of nstree -l: one table says what each is and what is read for it. */
#ifndef NSTREE_COLUMNS_H
#define NSTREE_COLUMNS_H

#include "nstree.h"

/* Text that grows; the cells are written into one and the same. */
struct text {
	char *data;
	size_t len, size;
	bool failed;		/* no memory */
};

void text_add(struct text *text, const char *data, size_t len);
void text_format(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

enum list_form {
	FORM_TABLE,	/* escaped; - none, ? unknown */
	FORM_RAW,	/* as it is, the writer escapes; - none, ? unknown */
	FORM_JSON,	/* as it is, the writer escapes; null */
};

/* A line: a namespace, and the task that stands for it, which is NULL if it has none. */
struct row {
	const struct nsu_ns *ns;
	const struct nsu_task *task;
	bool heir;		/* the task is not in it, its next child will be */
	int parent, first, last, next;	/* the tree, by index; -1: none */
	struct libscols_line *line;
};

struct facts {
	const struct app *app;
	enum list_form form;
	struct shown_cache *shown;
	struct nsu_binds *binds; /* NULL: not wanted, or mountinfo could not be read */
	int binds_error;
	const struct nsu_snapshot *snap;
	struct fact_cache *cache; /* of facts by type */
	const struct nsu_ns *own; /* with binds: the mount namespace that they are of */
	struct net_facts *net;	/* what was read last of a network namespace */
};

/* Text from outside: a table gets it escaped, raw and JSON have their own way. */
void text_add_foreign(const struct facts *facts, struct text *text, const char *string);
struct fact_cache *fact_cache_new(void);
void fact_cache_free(struct fact_cache *cache);

/* What a column reads besides the scan. */
enum {
	READ_TASK = 1 << 0,	/* facts of the task: a scan of all says which it is */
	READ_BINDS = 1 << 1,	/* the mount table of the caller */
	READ_ALL = 1 << 2,	/* a number of tasks: needs a scan of all */
};

struct column {
	const char *name;
	const char *help;
	double whint;		/* libsmartcols: 0..1 of the width, or columns */
	int flags;		/* SCOLS_FL_* */
	bool number;		/* a number in JSON */
	bool usual;		/* one of the default */
	unsigned parts;		/* of the scan */
	unsigned reads;
	/* Adds the value to text. -ENOENT: none; other negative errno: unknown. */
	int (*get)(const struct facts *facts, const struct row *row, struct text *text);
};

#define COLUMN_MAX 128

/* What was chosen, in order. */
struct columns {
	const struct column *list[COLUMN_MAX];
	size_t count;
};

/* By the options, and the default. -EINVAL after it has told which is no column. */
int columns_choose(const struct app *app, struct columns *ret);
/* Any column, chosen or not, NULL: there is none of that name. */
const struct column *columns_find(const char *name, size_t len);
/* All that the columns need together. */
unsigned columns_get_parts(const struct columns *columns);
unsigned columns_get_reads(const struct columns *columns);

#endif
