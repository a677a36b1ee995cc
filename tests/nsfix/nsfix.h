/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nsfix builds a named situation of namespaces, prints one line of JSON that describes
 * it, and takes it all down when its standard input closes.
 *
 * Everything that a situation starts reads its own identities from /proc/thread-self and
 * sends them to nsfix in one record on a pipe, so that they are known without help of
 * the tool under test. Everything also waits on a second pipe whose only writer is nsfix:
 * when nsfix goes, however it goes, that pipe ends, and so does all that it started.
 */
#ifndef NSFIX_H
#define NSFIX_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "uapi.h"

/* What the kernel allows: 32 levels below the first. */
#define LEVELS_MAX 33
/* The links below /proc/PID/ns: the eight types, then the two for children. */
#define LINKS 10
#define TYPES 8

/* A container as every engine makes it: muinpC in nsenter's letters. */
#define CONTAINER (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | \
		   CLONE_NEWPID | CLONE_NEWCGROUP)

/* One process or thread: a record on the report pipe, so it must fit into PIPE_BUF. */
struct task {
	int slot;		/* place in fix.tasks, below 0: a failure */
	int error;		/* errno of a failure */
	char step[80];		/* what failed */
	int fd;			/* a descriptor worth telling, else -1 */
	int proc_pid;		/* as this /proc numbers them */
	int proc_tid;
	int levels;
	int pids[LEVELS_MAX];	/* of the process, from nsfix's level inwards */
	int tids[LEVELS_MAX];	/* of the thread */
	char ns[LINKS][32];	/* "net:[4026531840]", empty where the kernel has none */
};

struct fix;
struct board;

typedef void fix_body(struct fix *f, int slot);

struct situation {
	const char *name;
	const char *args;
	const char *help;
	/* Returns NULL, or why this situation cannot be built here. */
	const char *(*can)(struct fix *f);
	unsigned int needs;	/* for can_unshare: these namespaces */
	int (*build)(struct fix *f);
};

struct fix {
	const struct situation *sit;
	int argc;		/* of the situation's own arguments */
	char **argv;
	FILE *out;		/* the line of JSON */
	unsigned int user;	/* CLONE_NEWUSER where nothing goes without, else 0 */
	int depth;		/* pid namespaces between /proc and nsfix, plus 1 */
	int life_r, life_w;
	int report_r, report_w;
	int signals;
	int aux[2];		/* a situation's own pipe or descriptor */
	struct board *board;	/* held.h */
	bool closed;		/* every reporter is started: end of file means trouble */
	struct task self;
	struct task *tasks;
	size_t count;
	char why[256];		/* the first failure */
};

extern const struct situation situations[];

/* task.c: who am I */
extern const char *const link_names[LINKS];
unsigned int letters_to_flags(const char *letters);
int task_read(struct task *t, int depth);

/* spawn.c */
int fix_open(struct fix *f);
void fix_close(struct fix *f);
/* Notes the first failure in f->why; always -1. */
int fix_fail(struct fix *f, int error, const char *step);
/*
 * Starts a process in new namespaces `flags`. There it runs `body`, if any, reports
 * itself for `slot`, and waits for the end. Without the right to make namespaces a user
 * namespace is added. Returns the pid; in nsfix -1 on failure, noted; a failure in a
 * child ends it.
 */
pid_t fix_spawn(struct fix *f, int slot, unsigned int flags, fix_body *body);
/* As body: two children more, slots slot+1 and slot+2. */
void body_two_children(struct fix *f, int slot);
/* Waits for `count` reports, kept by slot in f->tasks. Nothing spawns after it. */
int fix_collect(struct fix *f, size_t count);
/* For children: report, die of a failure, wait for the end, ask for the end. */
void fix_report(struct fix *f, int slot);
void fix_report_fd(struct fix *f, int slot, int fd);
/* One that was read before, by task_read(). */
void fix_send(struct fix *f, const struct task *t);
_Noreturn void fix_die(struct fix *f, const char *step);
_Noreturn void fix_hold(struct fix *f);
void fix_wait_end(struct fix *f);
bool fix_ended(struct fix *f);
/* Enters a new user namespace with the caller's ids as 0. */
void enter_user(struct fix *f);
int write_all_at_once(const char *path, const char *text, size_t len);
/* The situation's argument, or `fallback` where it has none. */
long fix_number(struct fix *f, int index, long fallback);

/* can.c */
const char *can_unshare(struct fix *f);
const char *can_sandbox(struct fix *f);
const char *can_by_building(struct fix *f);
/* True if a process may make a namespace without a user namespace of its own. */
bool is_capable(void);

/* json.c */
void json_string(FILE *out, const char *text);
void json_pids(FILE *out, const int *pids, int count);
void json_task(FILE *out, const struct task *t);
void json_tasks(FILE *out, const struct task *t, size_t count);
/* `,"key":{task}` */
void json_member(FILE *out, const char *key, const struct task *t);
void json_key_string(FILE *out, const char *key, const char *text);

/* sit-thread.c: until the leader of the calling thread's process has ended */
void await_leader(struct fix *f);
/* sit-fuse.c: a directory to mount on, in a mount namespace of one's own */
const char *mount_point(void);

/* situations */
int build_sandbox(struct fix *f);
int build_host_and_two(struct fix *f);
int build_service(struct fix *f);
int build_pod(struct fix *f);
int build_twins(struct fix *f);
int build_bystander(struct fix *f);
int build_bubble(struct fix *f);
int build_clock(struct fix *f);
int build_socket(struct fix *f);
int build_inside(struct fix *f);
int build_nested5(struct fix *f);
int build_memberless_user(struct fix *f);
int build_memberless_owner(struct fix *f);
int build_uidmap340(struct fix *f);
int build_thread_ns(struct fix *f);
int build_dead_leader(struct fix *f);
int build_time_children(struct fix *f);
int build_pid_children(struct fix *f);
int build_zombies(struct fix *f);
int build_hostile_name(struct fix *f);
int build_churn(struct fix *f);
int build_waiting(struct fix *f);
int build_dead_fuse(struct fix *f);
int build_dead_fuse_pin(struct fix *f);
int build_fuse_swap(struct fix *f);
int build_held_tasks(struct fix *f);
int build_held_zombie(struct fix *f);
int build_held_children(struct fix *f);
int build_held_fd(struct fix *f);
int build_held_thread_fd(struct fix *f);
int build_held_dead_leader_fd(struct fix *f);
int build_held_socket(struct fix *f);
int build_held_shared_socket(struct fix *f);
int build_held_tun(struct fix *f);
int build_held_message(struct fix *f);
int build_held_second_message(struct fix *f);
int build_held_mount(struct fix *f);
int build_held_mount_other(struct fix *f);
int build_held_mount_nested(struct fix *f);
int build_held_mntns_fd(struct fix *f);
int build_held_orphan_pin(struct fix *f);
int build_held_detached(struct fix *f);
int build_held_opened(struct fix *f);
int build_held_child(struct fix *f);
int build_held_owned(struct fix *f);
int build_held_cred(struct fix *f);
/* hostile-name starts nsfix anew under its hostile arguments; main asks here first. */
void resume_hostile(void);

#endif
