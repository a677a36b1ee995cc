/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OCI runtimes that keep a directory for each container: runc, crun. */
#ifndef NSI_STATE_OCI_H
#define NSI_STATE_OCI_H

#include "states.h"

struct nsi_oci_visit;

struct nsi_oci_root {
	const char *path;
	bool spaces;			/* containerd's: a directory for each namespace */
};

struct nsi_oci {
	const char *name;		/* of its engine, too */
	const char *file;		/* of a container */
	struct nsi_oci_root roots[3], user_roots[2]; /* these below /run/user/UID/ */
	int (*read)(const struct nsi_oci_visit *v, const char *id);
};

/* One directory whose entries are containers. */
struct nsi_oci_visit {
	struct nsi_naming *n;
	const struct nsi_oci *runtime;
	const struct nsi_idmap *known;
	const char *path, *space;	/* space: NULL where its containers are in none */
	int dir;
	uid_t uid;
	bool told;			/* there is a gap for one of this user's */
};

/* state-oci.c: calls read for those in the runtime's directories whom nobody told yet. */
int nsi_oci_find(struct nsi_naming *n, const struct nsi_oci *runtime);

#endif
