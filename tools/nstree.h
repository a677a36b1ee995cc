/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of nstree share: the options, and one entry for each view. */
#ifndef NSTREE_H
#define NSTREE_H

#include "nsutil.h"
#include "output.h"

enum tree_mode { TREE_DEFAULT, TREE_NONE, TREE_OWNER, TREE_PARENT, TREE_PROCESS };

/* What the command line asked for; filled by options.c, read by the views. */
struct opts {
	bool list;		/* -l, or implied by -r */
	bool json, dot;		/* -J and --json; --dot */
	bool raw, noheadings, notruncate, nowrap;
	bool all;		/* -a: unfold */
	bool processes;		/* -x */
	bool threads;		/* --threads */
	bool persistent;	/* -P */
	bool strict;
	bool orphans;		/* --orphans, or -P without the list */
	bool deep;		/* --deep */
	bool containers;	/* --containers */
	bool net, listening;	/* --net, --listening */
	bool unix_too;		/* --unix */
	bool list_names;	/* --list-names: what completion offers */
	bool facts;		/* --facts */
	bool list_columns;	/* -H */
	bool output_all;
	bool verbose;
	unsigned types;		/* -t: a mask of 1 << NSU_*, 0: not given */
	enum tree_mode tree;	/* -T */
	pid_t pid;		/* -p, 0: not given */
	const char *columns;	/* -o, NULL: not given */
	const char *filter;	/* -Q */
	const char *proc;	/* --proc, NULL: /proc */
	const char *root;	/* --root, NULL: not given */
	const char *port;	/* --port, NULL: not asked */
	bool asks_id, asks_gid;	/* --uid, --gid: id */
	uint32_t id;
	const char *path, *may, *diff; /* questions, NULL: not asked */
	enum color_when color;
	int action;		/* --help and its like */
	char **operands;	/* target words */
	int operand_count;
};

struct app {
	struct opts opts;
	struct nsu_ctx *ctx;
	struct output out;	/* width, colour, UTF-8: every view prints by it */
};

/* Each scans the parts it needs, prints, reports gaps by app_remark_gaps() and returns
   the exit status. */
int view_tree(struct app *app);		/* tree.c: no arguments */
int view_hierarchy(struct app *app);	/* hierarchy.c: -t without -l */
int view_processes(struct app *app);	/* procs.c: -x, with or without operands */
int view_list(struct app *app);		/* list.c: -l */
int view_columns(struct app *app);	/* columns.c: -H */
int view_cards(struct app *app);	/* card.c: operands, and -p without -l */
int view_json(struct app *app);		/* json.c: --json without -l */
int view_dot(struct app *app);		/* dot.c: --dot */
int view_containers(struct app *app);	/* containers.c: --containers */
int view_net(struct app *app);		/* wires.c: --net */
int view_listening(struct app *app);	/* listening.c: --listening */
int view_ask_port(struct app *app);	/* ask-port.c: --port */
int view_names(struct app *app);	/* names.c: --list-names */
int view_orphans(struct app *app);	/* orphans.c: --orphans, and -P without -l */

/* What finds all namespaces there are, but for those that only a socket holds. */
#define FIND_PARTS (NSU_PART_FDS | NSU_PART_MOUNTS | NSU_PART_LISTED)
int view_ask_id(struct app *app);	/* ask-id.c: --uid, --gid */
int view_ask_path(struct app *app);	/* ask-path.c: --path */
int view_ask_may(struct app *app);	/* ask-may.c: --may */
int view_ask_diff(struct app *app);	/* ask-diff.c: --diff */

/* remarks.c. Says on standard error what could not be read or is hidden, once and short;
   returns 3 under --strict if the picture is not complete, else 0. */
int app_remark_gaps(struct app *app, const struct nsu_snapshot *snap);
/* nsu_snapshot_new() with cancel by SIGINT and progress, and with sockets where --deep
   asks for them and all processes are read; on failure it prints the error and returns
   NULL.
   word: what is not there if no process is, NULL: the pid. */
struct nsu_snapshot *app_scan_by(struct app *app, const struct nsu_scan_options *opts,
				 const char *word);
struct nsu_snapshot *app_scan(struct app *app, unsigned parts, unsigned types);
/* Says whose namespaces "the host's" are, where they are not those of process 1, and that
   the host is not visible. For the views that call namespaces the host's. */
void app_remark_reference(struct app *app, const struct nsu_snapshot *snap);
/* target.c: nsu_target_new(); on failure it prints the error, and the cure where it
   knows one. */
int app_target(struct app *app, const char *word, struct nsu_target **ret);

#endif
