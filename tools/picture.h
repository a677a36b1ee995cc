/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree that nstree prints first: the host, and below it each sandbox, nested by pid,
 * then user namespace, folded to what a person wants to see. Built here, printed by
 * others.
 */
#ifndef NSTREE_PICTURE_H
#define NSTREE_PICTURE_H

#include "nstree.h"

enum line_kind {
	LINE_ROOT,   /* the host, or here */
	LINE_BOX,    /* one sandbox */
	LINE_TWINS,  /* sandboxes of one command, one parent and one field */
	LINE_MORE,   /* sandboxes that differ from their parent only in mnt, uts, ... */
	LINE_UNREAD, /* processes whose namespaces could not be read */
};

struct line {
	enum line_kind kind;
	struct line *parent;	/* NULL: the root */
	struct line **children;	/* in the order to print */
	size_t child_count;

	const struct nsu_sandbox *box;	/* NULL: of unread processes, or several, or of a
					   pod without a process of its own */
	/* whose line it is: the container, the pod; NULL: none */
	const struct nsu_container *container;
	struct line *beside;	/* of a container that has no sandbox of its own: the line
				   that its processes are counted in, too; else NULL */
	const struct nsu_task *task;	/* the one to show; NULL: none */
	const struct nsu_task *
		*tasks; /* the first of each folded sandbox, or all unread */
	size_t task_count;

	char field[NSU_TYPE_COUNT + 1];	/* muinpCUT, see nstree(1) */
	size_t processes;
	char *name;		/* escaped; what is behind it is in state */
	char *state;		/* "(init ended)", or NULL */
	size_t index;		/* of its first sandbox in picture.boxes */
	bool thread;		/* nothing but threads is in the sandbox */
};

/* Which line stands for a container. */
struct owned {
	const struct nsu_container *container;
	struct line *line;	/* NULL: none, or none yet */
};

struct picture {
	const struct nsu_snapshot *snap;
	struct shown_cache *cache;
	const struct output *out;
	bool all, threads;
	bool own_uts;		/* the host's name is this process's */
	struct line *root;
	struct line **boxes;	/* by sandbox, while it is built; NULL: has no line */
	size_t box_count;
	struct owned *owned;	/* by address of the container */
	size_t owned_count;
	struct line **loose;	/* those that are in no boxes[] */
	size_t loose_count;
};

/* Scans these parts beside what it needs, makes the picture, prints it by print, which
   returns 0 or a negative errno, and remarks what there is to remark: by remark, if not
   NULL, and gaps. The exit status. */
int picture_show(struct app *app, unsigned parts,
		 int (*print)(struct app *, struct picture *),
		 void (*remark)(struct app *, const struct nsu_snapshot *));

/* Differs from the line it hangs from in nothing but mnt, uts, ipc, cgroup or time. */
bool picture_is_minor(const struct line *line);

/* The line that a namespace is counted as belonging to: the root, then the oldest sandbox
   with an init, then the oldest that is not minor, then the oldest. NULL: none. A folded
   sandbox is found as the line it went into. */
const struct line *picture_find_owner(const struct picture *picture,
				      const struct nsu_ns *ns);

/* The names of what a line folds, without repetition: "nginx, sshd, …"; malloc'ed. */
char *picture_names(const struct picture *picture, const struct line *line);

/* The line of a sandbox, or the one it was folded into; NULL: it has none. */
struct line *picture_find_line(const struct picture *picture,
			       const struct nsu_sandbox *box);

/* picture-containers.c. Says whose lines the sandboxes are, and adds those that
   containers have beside them. */
int picture_add_containers(struct picture *picture);
/* The line of a container or a pod, NULL: it has none (yet). container may be NULL. */
struct line *picture_container_line(const struct picture *picture,
				    const struct nsu_container *container);
void picture_own(struct picture *picture, const struct nsu_container *container,
		 struct line *line);
/* Below which line it shall be, whatever its namespaces are: that of its pod, the outer
   container, its container. NULL: any. */
struct line *picture_find_place(const struct picture *picture, const struct line *line);
/* The container of its pause process, NULL: it has none. */
const struct nsu_container *picture_find_pause(const struct nsu_container *pod);
/* The word of the container of a line that hangs already, below its pod "/NAME"; escaped,
   malloc'ed. */
char *picture_container_name(const struct picture *picture, const struct line *line);

/* picture-hang.c, picture-fold.c, picture-unread.c: later steps of making it. */
int picture_hang(struct picture *picture);
/* The first process of its pid namespace is in it. */
bool picture_holds_init(const struct picture *picture, const struct line *line);
int picture_fold(struct picture *picture, struct line *line);
int picture_add_unread(struct picture *picture);
/* An unread line of one container, or one pid namespace, and not of all the rest. */
bool picture_is_named(const struct line *line);
/* A new line below parent; NULL: no memory. */
struct line *picture_add_line(struct line *parent, enum line_kind kind);
int picture_append(struct line *parent, struct line *line);
int picture_add_task(struct line *line, const struct nsu_task *task);
void picture_free_line(struct line *line);

#endif
