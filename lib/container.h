/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Containers while they are found and named. containers.c does it in steps, each of which
 * trusts the one before it more than itself: cgroup paths (cgroup-path.c, with the
 * patterns of engines.c), processes that supervise (supervisors.c), state on disk
 * (state-*.c).
 */
#ifndef NSI_CONTAINER_H
#define NSI_CONTAINER_H

#include <json-c/json.h>
#include "builder.h"

#define NSI_ID_DIGITS	12		/* of an id, where it stands for a name */
#define NSI_MAX_NESTED	8		/* containers within containers; deeper: untold */

struct nsi_naming;
struct nsi_engine;

struct nsu_container {
	const struct nsu_snapshot *snap;
	const struct nsi_engine *engine;
	enum nsu_container_kind kind;
	bool claim;
	bool has_uid;
	uid_t uid;
	uint32_t outer, pod;		/* in nsu_snapshot.containers; NSI_NONE */
	uint32_t init;			/* in nsu_snapshot.tasks; NSI_NONE */
	uint32_t processes;
	struct nsi_list tasks;		/* a range of nsu_snapshot.refs */
	const char *word;
	const char *text[NSU_CONTAINER_TEXTS]; /* NULL: see state */
	int16_t state[NSU_CONTAINER_TEXTS];	/* 0: has text; else what it returns */
};

/* What one line of /proc/PID/cgroup says, outermost container first. */
struct nsi_claim {
	const struct nsi_engine *engine;
	const char *id;			/* as in the path, unescaped; not ended by NUL */
	size_t id_length;
	const char *pod_uid;		/* with dashes; NULL: none */
	size_t pod_uid_length;
	size_t path_length;		/* of the container's own cgroup, in the line's */
	const char *name;		/* by the path (lxc, nspawn); NULL: none */
	size_t name_length;
	bool weak;			/* an app's: what begins in it is the host's */
};

struct nsi_cgroup_claims {
	struct nsi_claim claim[NSI_MAX_NESTED];
	size_t count;
	uid_t uid;			/* whose slice the outermost is in; else 0 */
	const char *path;		/* the line's that told most, ended by NUL */
	const char *shown;		/* what nsu_task_read_cgroup() gives; or NULL */
	const char *unit, *user_unit, *slice, *machine, *session; /* NULL: none */
	char *buf;			/* owns them all */
};

/* cgroup-path.c: the text of a /proc/PID/cgroup. 0 or -ENOMEM; what is no such text says
   nothing. */
int nsi_cgroup_claims_parse(const char *text, struct nsi_cgroup_claims *ret);
void nsi_cgroup_claims_free(struct nsi_cgroup_claims *claims);

/*
 * The table of engines: engines.c. A row is how its containers are typed, how they are
 * found where neither a cgroup (the patterns there) nor a process (supervisor-rows.c)
 * tells, and what names them. Two rows may have the name of one engine.
 */
struct nsi_engine {
	const char *name;		/* "docker" */
	const char *word;		/* what its target words begin with: "docker" */
	/* By what is on disk, containers that neither cgroups nor supervisors told: calls
	   nsi_naming_found() for each. NULL: there is no such state. */
	int (*find)(struct nsi_naming *n);
	/* Fills in what its state tells, by nsi_container_set(). 0; -ENOENT: it left
	   nothing that could be read; else why it could not be read, which becomes a gap.
	   NULL: no state. */
	int (*name_it)(struct nsi_naming *n, struct nsu_container *c);
	bool kubernetes;		/* of a CRI: named by its pod, typed as cri:ID */
	bool named_by_supervisor;	/* whose command line has the name as well */
	bool own_pods;			/* its pods are not Kubernetes': what is in them
					   is typed by its word, as all others */
};
/* Sorted by precedence: the first that names a container has it. NULL: no more. */
const struct nsi_engine *nsi_engine_get(size_t index);
/* By name; NULL: none. */
const struct nsi_engine *nsi_engine_find(const char *name);

/* A container that was found by a process or a file. Texts are copied. */
struct nsi_found {
	const struct nsi_engine *engine;
	pid_t init;			/* its first process */
	int64_t start;			/* in clock ticks, field 22 of stat; -1: not told.
					   A file of another start is of a container that
					   is gone */
	const char *id, *name, *image, *runtime, *source; /* NULL: not told */
	const char *directory;		/* its supervisor's: conmon's bundle, LXCPATH; not
					   looked at, and anyone's to claim */
	bool has_uid;
	uid_t uid;
};

struct nsi_naming {
	struct nsu_ctx *ctx;
	struct nsi_builder *b;
	struct nsu_snapshot *snap;
	struct nsi_states *states;	/* what is open; NULL: nothing may be read */
	void *private;			/* of containers.c */
};

/* containers.c: finds, names, groups; called when the snapshot is whole but for them. */
int nsi_snapshot_find_containers(struct nsi_builder *b);
/* The text of one process's cgroup file, kept once however many have it; *ret is what
   nsu_task.cgroup shall be. walk.c's caller reads it. */
int nsi_builder_note_cgroup(struct nsi_builder *b, const char *text, uint32_t *ret);
void nsi_snapshot_free_containers(struct nsu_snapshot *snap);
/* A copy of the text that lives as long as the snapshot. NULL: no memory. */
const char *nsi_naming_keep(struct nsi_naming *n, const char *text, size_t length);
/* Sets one of its texts, unless it has that already: who comes first is trusted more.
   NULL and an empty text are none; one of more than 4096 bytes is refused: -EBADMSG. */
int nsi_container_set(struct nsi_naming *n, struct nsu_container *c,
		      enum nsu_container_text what, const char *text);
/* What the getter returns for a text that it has not. */
void nsi_container_set_state(struct nsu_container *c, enum nsu_container_text what,
			     int error);
/* A container told by a file or a supervisor: made where the tasks of that process have
   none yet, completed where they have the same. */
int nsi_naming_found(struct nsi_naming *n, const struct nsi_found *found);
/* supervisors.c: who started this process, by its ancestors and itself: fills in ret, all
   texts of which live in *ret_buf, to be freed. -ENOENT: nobody who is known. */
int nsi_supervisor_find(struct nsi_naming *n, const struct nsu_task *task,
			struct nsi_found *ret, char **ret_buf);
/* arguments.c: the command line of a process, arguments separated by NUL. Its length, 0:
   it has none. -ESRCH. *ret is to be freed. */
ssize_t nsi_cmdline_of(struct nsi_naming *n, pid_t pid, char **ret);
/* Field 4 and field 22 of /proc/PID/stat, and its comm. */
int nsi_stat_of(struct nsi_naming *n, pid_t pid, pid_t *ret_ppid, int64_t *ret_start,
		char comm[static 64]);
/* container-init.c: the same, as it was when it was asked first: for ancestors, which
   many have in common. What is believed of one is to be verified. */
int nsi_stat_once(struct nsi_naming *n, pid_t pid, pid_t *ret_ppid, int64_t *ret_start,
		  char comm[static 64]);
/* The user who started it, whatever a setuid program like firejail runs as: such a one
   has the name and the arguments that this user gave it. */
bool nsi_real_uid_of(struct nsi_naming *n, pid_t pid, uid_t *ret);
/* It runs the program that it is called after, "conmon" or "lxc-*"; who may not see that
   takes its name. */
bool nsi_is_program(struct nsi_naming *n, pid_t pid, const char *program);
/* The value that an option has among arguments: "-n web", "-n=web", "--name=web". */
const char *nsi_argument(const char *args, size_t length, const char *option);
/* One name that can be opened below a directory, and has no control bytes. */
bool nsi_is_plain_name(const char *text);
/* 64 digits, as most engines have them. */
bool nsi_is_hex_id(const char *id);
/* The process that its first one hangs from, where that is called so and this user's;
   0: it is not. */
pid_t nsi_parent_called(struct nsi_naming *n, const struct nsu_container *c,
			const char *name, uid_t uid);

/*
 * state-file.c: files of engines, below the root of the context. An enemy may have
 * written any of them: each is a regular file, reached name by name without following
 * links, owned by the user whose it should be or root, writable by nobody else, of at
 * most so many bytes, on a file system that answers (nothing is read on FUSE, NFS and
 * their like: -EREMOTE). Of one user's, but root's, 32 MB are read and no more:
 * -EFBIG.
 */
#define NSI_STATE_LIMIT	(4 << 20)
/* -ENOENT: nothing may be read. In all of these: -EPERM: not a regular file or directory,
   or another may write it. -ELOOP: a link. -EFBIG. -EAGAIN: written all the time. More,
   for files of one engine: states.h. */
int nsi_states_new(struct nsu_ctx *ctx, struct nsi_states **ret);
void nsi_states_free(struct nsi_states *states);
/* The directory, "/var/lib/docker/containers", as it is below the root, also by links of
   root's own: a descriptor that states keeps and closes; asked again it is the same. uid:
   who may own it beside root. */
int nsi_states_dir(struct nsi_states *states, const char *path, uid_t uid);
/* Reads "ID/config.v2.json" below such a directory. Returns its length. */
ssize_t nsi_states_read(struct nsi_states *states, int dir, const char *path, uid_t uid,
			size_t limit, char **ret);
/* The same as JSON. -EBADMSG: it is none, or half written. */
int nsi_states_json(struct nsi_states *states, int dir, const char *path, uid_t uid,
		    struct json_object **ret);
/* Names in such a directory, up to NULL; freed with nsi_names_free(). Returns how many;
   at most 65536: -E2BIG. */
int nsi_states_list(struct nsi_states *states, int dir, char ***ret);
void nsi_names_free(char **names);
/* A text of an object by the names that lead to it, ended by NULL. NULL: none. */
const char *nsi_json_text(struct json_object *object, ...) __attribute__((sentinel));
bool nsi_json_number(struct json_object *object, int64_t *ret, ...)
	__attribute__((sentinel));

/* state-docker.c, state-podman.c, state-containerd.c, state-runc.c, state-lxc.c, ... */
int nsi_docker_name(struct nsi_naming *n, struct nsu_container *c);
int nsi_podman_name(struct nsi_naming *n, struct nsu_container *c);
int nsi_containerd_name(struct nsi_naming *n, struct nsu_container *c);
int nsi_crio_name(struct nsi_naming *n, struct nsu_container *c);
int nsi_runc_find(struct nsi_naming *n);
int nsi_crun_find(struct nsi_naming *n);
int nsi_runc_name(struct nsi_naming *n, struct nsu_container *c);
int nsi_lxc_name(struct nsi_naming *n, struct nsu_container *c);
/* What Incus and LXD call it: behind "PROJECT_", whose length is *ret unless NULL. */
const char *nsi_lxc_name_of(const char *id, size_t *ret);
int nsi_machine_name(struct nsi_naming *n, struct nsu_container *c);
int nsi_firejail_name(struct nsi_naming *n, struct nsu_container *c);
int nsi_gvisor_name(struct nsi_naming *n, struct nsu_container *c);

#endif
