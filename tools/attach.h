/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of nsattach share: the options, and what each part does with them. */
#ifndef NSATTACH_H
#define NSATTACH_H

#include <stdatomic.h>
#include "nsutil.h"
#include "output.h"

enum seccomp_choice { SECCOMP_AUTO, SECCOMP_COPY, SECCOMP_NONE, SECCOMP_REQUIRE };
enum fork_choice { FORK_SUPERVISED, FORK_NOT };

/* What the command line asked for; filled by attach-options.c. */
struct attach_opts {
	const char *target;	/* -t or the first operand, NULL: none */
	bool target_by_operand;
	unsigned types;		/* mask of 1 << NSU_*, by letter */
	bool all;
	bool docker_it;		/* -it, which docker's fingers know */
	const char *ns[NSU_TYPE_COUNT]; /* FILE or :ID of a type */
	int net_socket;
	bool children, user_parent, host_tools, force;
	const char *target_dir;
	enum nsu_identity uid_from, gid_from;
	uid_t uid;
	gid_t gid;
	const char *user, *group;
	bool preserve_credentials, keep_caps, privileged;
	unsigned traits_on, traits_off;
	enum seccomp_choice seccomp;
	enum nsu_choice root, proc, sys, resolv;
	const char *root_dir;
	enum nsu_directory cwd_from;
	const char *cwd;
	enum nsu_environment env;
	const char **setenv;	/* NULL at its end */
	size_t setenv_count;
	enum nsu_choice tty;
	bool no_fork, trusted;
	int status_fd;
	bool explain, each, json;
	long jobs;
	bool verbose;
	enum color_when color;
	int action;
	char **command;		/* NULL at its end; [0] NULL: a shell */
};

struct attach {
	struct attach_opts opts;
	struct output out;
	struct nsu_ctx *ctx;
	struct nsu_target *target, *ns[NSU_TYPE_COUNT];
	const struct nsu_match *match; /* the target, of --each; NULL: opts.target is */
	bool of_pod;		/* it stands for its pod, what all in it share */
	char *pod_word;		/* of that pod */
	struct nsu_plan *plan;
	int dir;		/* the lock on the directory for the target's files, -1 */
	atomic_uint *unfiltered; /* of --each: counts instead of say_unfiltered(); NULL */
};

enum {			/* exit statuses, as of chroot(1), env(1), docker-exec(1) */
	EXIT_OWN = 125, EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127, EXIT_SIGNAL = 128,
	EXIT_MAY_NOT = 4,
};

/* attach-options.c. -1: go on; else the exit status. */
int attach_parse(struct attach *app, int argc, char **argv);
/* attach-help.c: --help */
void attach_help(void);
/* attach-plan.c: the target words and the plan. 0, or the exit status when it has told
   what is wrong. */
int attach_plan(struct attach *app);
void attach_close(struct attach *app);
/* attach-container.c. The container, or pod, that the target is, in a picture that is the
   caller's to free. -ENOENT: it is something else. */
int attach_container(const struct attach *app, struct nsu_snapshot **ret_snap,
		     const struct nsu_container **ret);
/* The target is a pod: makes it the container in it that is entered for these types, 0:
   all. Negative errno when it has told that several are meant. */
int attach_pod(struct attach *app, unsigned types);
/* attach-say.c: what stands in the way, and what runs otherwise than expected. */
void say_verdicts(const struct attach *app);
void say_failure(const struct attach *app, const struct nsu_failure *why);
void say_problem(const struct attach *app, const struct nsu_failure *problem);
void say_problems(const struct attach *app);
/* Of one or more targets, whose filter or filters were not taken over. */
void say_unfiltered(const struct output *out, const char *what, const char *which);
void say_partial(const struct attach *app);
const char *say_target(const struct attach *app, char buf[static 32]);
/* attach-explain.c: the exit status */
int attach_explain(struct attach *app);
/* attach-run.c: the exit status */
int attach_run(struct attach *app);
/* attach-become.c: -F, in this process; returns only on failure */
int attach_become(struct attach *app);
/* attach-each.c: the exit status */
int attach_each(struct attach *app);
/* attach-dir.c: the directory that the target's files are shown at; 0 or negative
   errno */
int target_dir_open(struct attach *app);
void target_dir_close(struct attach *app);

#endif
