/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan from the inside: made by plan*.c, judged by rules.c, carried out by enter.c. */
#ifndef NSI_PLAN_H
#define NSI_PLAN_H

#include "enter.h"

#define NSI_MAX_PROBLEMS	32
#define NSI_DEFAULT_PATH	\
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct nsi_caller {		/* where it is, and what it may there */
	uint64_t ns[NSU_TYPE_COUNT];	/* of all types; 0: unknown, or lacking */
	uid_t euid;
	uint64_t effective, permitted;
	bool other;		/* it is not this process: nothing is entered */
};

struct nsu_plan {
	struct nsu_ctx *ctx;		/* not owned */
	struct nsu_plan_options opts;	/* pointers are dead after nsu_plan_new() */
	struct nsi_hold hold;		/* pid 0: there is no process */
	struct nsi_caller own;
	struct nsu_entry entry[NSU_TYPE_COUNT];
	int fd[NSU_TYPE_COUNT];		/* the namespace, -1: not to be entered */
	unsigned by_task;		/* mask: setns(2) gives it by pidfd, too */
	unsigned entered;		/* mask: differ, and are wanted */
	bool whole;			/* no type was named: all of the target */
	int root, cwd;			/* of the target or as named; O_PATH, -1 */
	int own_mntns;			/* for the way back, with host_tools */
	int target_mntns;
	int procfs;			/* of the host: for the child's own files */
	char *cwd_path;
	struct nsi_confine confine;
	struct nsi_cgroups cgroups;
	struct nsi_view view;
	unsigned traits;
	bool changes_ids, keeps_groups, exposed, private_mounts;
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t group_count;
	struct nsi_account account;	/* of the user; shell is one that can be run */
	bool has_shell;
	struct nsi_environ env;
	struct nsu_outlook outlook;
	struct nsu_id_range *maps[2];	/* uid_map, gid_map of what is entered */
	ssize_t map_count[2];		/* -1: not entered, or unknown */
	struct nsu_failure problem[NSI_MAX_PROBLEMS];
	size_t problem_count;
	size_t planned_count;		/* of these, what planning found */
};

/* The target's root, or the one named, will be the command's. */
static inline bool nsi_plan_changes_root(const struct nsu_plan *plan)
{
	return plan->root >= 0 && plan->opts.root != NSU_NO &&
	       (plan->opts.root_dir || plan->by_task & 1u << NSU_MNT ||
		(plan->opts.root == NSU_YES && !plan->opts.host_tools));
}
/* Keeps what was amiss; the oldest NSI_MAX_PROBLEMS of it. */
void nsi_plan_note(struct nsu_plan *plan, enum nsu_step step, int error);
static inline bool nsi_plan_enters(const struct nsu_plan *plan, enum nsu_type type)
{
	return plan->entered & 1u << type;
}
static inline bool nsi_plan_wants(const struct nsu_plan *plan, enum nsu_trait trait)
{
	return plan->traits & 1u << trait;
}

/* hold.c */
int nsi_target_hold(const struct nsu_target *target, struct nsi_hold *ret);
void nsi_hold_close(struct nsi_hold *hold);
/* Still there, unreaped? Then all that was read through it was its own. */
int nsi_hold_check(const struct nsi_hold *hold);
/* 0: it runs. -ESRCH: it has ended, though nobody may have waited for it yet. Child. */
int nsi_hold_check_alive(const struct nsi_hold *hold);
/* The target's namespace of a type, or the one that it is. */
int nsi_target_open_ns(const struct nsu_target *target, enum nsu_type type, int *ret_fd);
/* Its type, for a target that is a namespace. -ENOENT: it is a process. -ENOTUNIQ: it is
   several. */
int nsi_target_get_type(const struct nsu_target *target, enum nsu_type *ret);

/* plan-ns.c: which namespaces, and their descriptors */
/* The inode that a link below ns in a /proc/PID names. */
int nsi_plan_read_ns(int dir, const char *name, enum nsu_type type, uint64_t *ret);
/* Is the target in the caller's namespace of a type? 1, 0; -1: unknown. */
int nsi_plan_compare(const struct nsu_plan *plan, enum nsu_type type);
/* caller: the /proc/PID of who enters */
int nsi_plan_take_namespaces(struct nsu_plan *plan, int caller,
			     const struct nsu_target *target);
/* plan-who.c: ids, groups, environment, shell, directories */
int nsi_plan_take_maps(struct nsu_plan *plan);
/* Is there a root in the user namespace that is entered? Unknown: yes. */
bool nsi_plan_has_root(const struct nsu_plan *plan);
int nsi_plan_take_identity(struct nsu_plan *plan);
int nsi_plan_take_environment(struct nsu_plan *plan);
/* plan-where.c: root, cwd, mounts */
int nsi_plan_take_places(struct nsu_plan *plan);
/* rules.c: fills the verdicts */
void nsi_plan_judge(struct nsu_plan *plan);
/* The pid of a pid namespace's first process, 0: not told. -ESRCH: it has ended. lives:
   it is known to run, so that no picture of all needs to tell. */
int nsi_ask_init(struct nsu_ctx *ctx, int fd, uint64_t inode, bool lives);
/* For many of them: the picture is made when one needs it, and the caller's to free.
   NULL: as lives. */
int nsi_ask_init_in(struct nsu_ctx *ctx, int fd, uint64_t inode,
		    struct nsu_snapshot **picture);
/* exposed.c: could a task of the target reach the command? */
int nsi_plan_judge_exposure(struct nsu_plan *plan);

/* enter.c, the child's half. why is filled on failure; problems that do not stop it are
   told to tell(). */
struct nsi_teller {
	int fd;			/* a pipe of struct nsi_word; -1: into plan->problem */
	struct nsu_plan *plan;
};
struct nsi_word {		/* of the child to its parent */
	enum { NSI_WORD_PROBLEM, NSI_WORD_FAILURE, NSI_WORD_PID, NSI_WORD_STARTED } kind;
	int32_t step, error, value;
};
void nsi_tell(const struct nsi_teller *teller, enum nsu_step step, int error);
/* What needs the caller's powers, then setns(2). */
int nsi_enter_namespaces(struct nsu_plan *plan, const struct nsi_teller *teller,
			 struct nsu_failure *why);
/* In the process that will be the command. */
int nsi_enter_places(struct nsu_plan *plan, const struct nsi_teller *teller,
		     struct nsu_failure *why);
/* Its ids and capabilities: from here on it may no more than the command will. Before a
   fork into a pid namespace, so that the target's tasks never see it with more. */
int nsi_become_user(struct nsu_plan *plan, struct nsu_failure *why);
/* What is left to do by the process that will be it, right before exec. */
int nsi_become_command(struct nsu_plan *plan, const struct nsi_teller *teller,
		       int death_signal, int parent, struct nsu_failure *why);
/* parent: its pidfd, from before the fork; -1: not known. -ESRCH: it has ended. */
int nsi_set_death_signal(int signal, int parent);
/* command.c */
struct nsi_command {
	const struct nsi_environ *env;
	const char *name;
	char **argv;
	char *path;		/* room for a directory of PATH and the name */
	size_t path_size;
};
int nsi_command_prepare(struct nsi_command *command, const struct nsu_plan *plan,
			char *const *argv, const char *argv0);
void nsi_command_free(struct nsi_command *command);
/* Child: returns only when it fails. */
int nsi_command_run(const struct nsi_command *command);
void nsi_close_others(void);
/* Child: closes all from 3 on but these, which it sorts; -1 is none. */
void nsi_close_except(int *keep, size_t count);

int nsi_fail(struct nsu_failure *why, enum nsu_step step, int error);

#endif
