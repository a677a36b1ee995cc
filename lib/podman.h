/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Podman's storage while a scan reads it: state-podman.c, state-storage.c. */
#ifndef NSI_PODMAN_H
#define NSI_PODMAN_H

#include "states.h"

struct nsi_store_entry {
	const char *id;
	struct json_object *object;
};

/* One directory, "/var/lib/containers/storage/overlay-containers". */
struct nsi_store {
	char *path;
	uid_t uid;
	int dir;
	struct json_object *files[2];
	struct nsi_store_entry *entries; /* sorted by id */
	size_t count, size;
};

struct nsi_podman_pod {
	char infra[65];			/* the container that holds its namespaces */
	char *name;
	int error;
};

struct nsi_podman {
	struct nsi_store stores[64];
	size_t store_count;
	struct {
		uid_t uid;
		int error;		/* why some of what there is cannot be read */
	} users[64];
	size_t user_count;
	struct nsi_podman_pod *pods;
	size_t pod_count, pod_size;
};

/* state-podman.c: reads it. 0 also where there is none. */
int nsi_podman_add_store(struct nsi_naming *n, struct nsi_podman *podman,
			 const char *path, uid_t uid);

/* state-storage.c: where a user's storage is. Once for each user: 0, or why some of it
   cannot be read. */
int nsi_podman_know_user(struct nsi_naming *n, struct nsi_podman *podman, uid_t uid);
/* By the command line of the conmon of that container. */
int nsi_podman_ask_conmon(struct nsi_naming *n, struct nsi_podman *podman,
			  const struct nsu_container *c, uid_t uid);
/* The value of a key in storage.conf, containers-storage.conf(5), in *ret of size. */
int nsi_storage_value(const char *text, const char *key, char *ret, size_t size);

#endif
