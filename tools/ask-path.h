/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nstree --path: ask-path.c finds who has a file system, ask-path-out.c prints it. */
#ifndef NSTREE_ASK_PATH_H
#define NSTREE_ASK_PATH_H

#include "nstree.h"
#include "target.h"

/* A mount namespace that was read. */
struct path_place {
	const struct nsu_ns *ns;
	struct nsu_mounts *mounts;
	size_t found;		/* how many of them are of the file system */
};

/* A task that has something of it. */
struct path_user {
	const struct nsu_task *task;
	bool root, cwd, exe;
	size_t files, maps;
};

struct path_question {
	struct app *app;
	const struct nsu_snapshot *snap;
	struct shown_cache *cache;
	const char *word;
	unsigned major, minor;	/* the file system */
	bool by_device;		/* a device was named, no file */
	bool nowhere;		/* of the kernel's own mounts: a pipe, a file of nsfs */
	const char *device;	/* its path, NULL: by number, or no device */
	struct nsu_file file;	/* answered: has an owner */
	const char *fstype, *source; /* of the first mount, NULL: none */
	const char *root;	/* of nsfs, where every namespace is a file: which one */
	struct path_place *place;
	size_t place_count;
	uint64_t *mount;	/* ids of its mounts everywhere, sorted */
	size_t mount_count, mount_size;
	struct path_user *user;
	size_t user_count, user_size;
	const struct nsu_ns **only; /* mount namespaces of the targets, NULL: all */
	size_t only_count;
	size_t unread_places, unread_tasks;
	int place_error, task_error; /* of the first of each */
};

bool path_is_on(const struct path_question *q, const struct nsu_mount *mount);
/* Mounted on one of its mounts, which that keeps busy. Nobody unmounts a root. */
bool path_is_below(const struct path_question *q, const struct path_place *place,
		   const struct nsu_mount *mount);
/* Each returns the exit status. */
int path_print_text(struct path_question *q);
int path_print_json(struct path_question *q);

#endif
