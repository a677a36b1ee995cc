/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of engines while a scan reads them: what state-*.c share. */
#ifndef NSI_STATES_H
#define NSI_STATES_H

#include "container.h"

struct nsi_statx;

struct nsi_states_dir {
	char *path;
	uid_t uid;
	int fd;				/* or why it cannot be opened */
};

/* What an engine read once for all of its containers. */
enum nsi_slot {
	NSI_SLOT_HOMES, NSI_SLOT_DOCKER, NSI_SLOT_PODMAN, NSI_SLOT_CONTAINERD,
	NSI_SLOT_LOGS, NSI_SLOTS
};

/* What may still be read of a user's files. */
struct nsi_budget {
	uid_t uid;
	size_t left;
};

struct nsi_states {
	struct nsi_budget *budgets;
	size_t budget_count, budget_size;
	int root, self;
	uid_t owner;			/* of the root */
	char *mounts;			/* the caller's mountinfo; NULL: not read yet */
	bool rooted;			/* the file system of the root is known */
	struct nsi_device {
		uint32_t major, minor;
	} local[16];			/* devices of file systems that answer */
	size_t local_count;
	struct nsi_states_dir *dirs;
	size_t dir_count, dir_size;
	void *slot[NSI_SLOTS];
	void (*release[NSI_SLOTS])(void *);
};

/* state-mount.c: what fd is, O_PATH, asking no server. -EREMOTE: it may be on one. */
int nsi_states_look(struct nsi_states *states, int fd, struct nsi_statx *ret);
/* The type of the mount of that number, by the text of a mountinfo: 0, -EREMOTE, -ENODATA
   where there is none. */
int nsi_check_mount(const char *mountinfo, unsigned long id);
/* Where an engine keeps that. NULL there: it has not read it yet. */
void **nsi_states_slot(struct nsi_states *states, enum nsi_slot which,
		       void (*release)(void *));
/* state-home.c: the home directory of a user, by /etc/passwd below the root, until the
   next call. -ENOENT. */
int nsi_states_home(struct nsi_states *states, uid_t uid, const char **ret);

/* state-json.c: the value that an object has by that key, without reading the rest: where
   it is in text. -ENOENT: none. -EBADMSG: no object, or not a whole one. */
int nsi_json_cut(const char *text, size_t length, const char *key, const char **ret,
		 size_t *ret_length);
int nsi_json_parse(const char *text, size_t length, struct json_object **ret);
/* As nsi_states_json(), but of a large object only what it has by that key. */
int nsi_states_json_part(struct nsi_states *states, int dir, const char *path, uid_t uid,
			 const char *key, struct json_object **ret);
/* An object of no more than these. */
int nsi_states_json_keys(struct nsi_states *states, int dir, const char *path, uid_t uid,
			 const char *const *keys, struct json_object **ret);
/* Texts by one key each. */
struct nsi_json_want {
	enum nsu_container_text what;
	const char *key;
};
/* Those of object that it has. The first error. */
int nsi_container_take(struct nsi_naming *n, struct nsu_container *c,
		       struct json_object *object, const struct nsi_json_want *want,
		       size_t count);
/* state-logs.c: what the names of Kubernetes' logs tell. -ENOENT: nothing. */
int nsi_logs_name(struct nsi_naming *n, struct nsu_container *c);

#endif
