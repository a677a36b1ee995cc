// SPDX-License-Identifier: GPL-2.0-or-later
/* Threads, dead leaders, and what children will get. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nsfix.h"

struct thread {
	struct fix *f;
	int slot;
	sem_t reported;
};

static void start_thread(struct fix *f, struct thread *t, void *(*run)(void *))
{
	pthread_t id;

	sem_init(&t->reported, 0, 0);
	errno = pthread_create(&id, NULL, run, t);
	if (errno)
		fix_die(f, "start a thread");
}

static void *run_apart(void *arg)
{
	struct thread *t = arg;

	if (unshare(CLONE_NEWNET | CLONE_NEWUTS))
		fix_die(t->f, "new namespaces of a thread");
	fix_report(t->f, t->slot);
	sem_post(&t->reported);
	fix_wait_end(t->f);
	_exit(0);
}

static void body_thread_ns(struct fix *f, int slot)
{
	struct thread t = { .f = f, .slot = slot + 1 };

	start_thread(f, &t, run_apart);
	while (sem_wait(&t.reported))
		;
	fix_report(f, slot);
	fix_hold(f);
}

int build_thread_ns(struct fix *f)
{
	fix_spawn(f, 0, f->user, body_thread_ns);
	if (fix_collect(f, 2))
		return -1;
	json_tasks(f->out, f->tasks, 1);
	json_member(f->out, "thread", &f->tasks[1]);
	return 0;
}

/* The state letter of this process, which is its leader's; '?' if unreadable. */
static char leader_state(void)
{
	char buf[512], *p;
	ssize_t len;
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return '?';
	len = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (len <= 0)
		return '?';
	buf[len] = '\0';
	p = strrchr(buf, ')');
	return p && p[1] ? p[2] : '?';
}

void await_leader(struct fix *f)
{
	char state;

	while ((state = leader_state()) != 'Z') {
		errno = EIO;
		if (state == '?')
			fix_die(f, "read the leader's state");
		sched_yield();
	}
}

static void *run_without_leader(void *arg)
{
	struct thread *t = arg;

	if (unshare(CLONE_NEWNET))
		fix_die(t->f, "new net namespace of a thread");
	await_leader(t->f);
	fix_report(t->f, t->slot);
	fix_hold(t->f);
}

static void body_dead_leader(struct fix *f, int slot)
{
	/* Not on the stack: it outlives the leader. */
	struct thread *t = malloc(sizeof(*t));

	if (!t)
		fix_die(f, "allocate");
	t->f = f;
	t->slot = slot + 1;
	fix_report(f, slot);
	start_thread(f, t, run_without_leader);
	/* This thread only: pthread_exit would end the process if it were the last. */
	for (;;)
		syscall(SYS_exit, 0);
}

int build_dead_leader(struct fix *f)
{
	fix_spawn(f, 0, f->user, body_dead_leader);
	if (fix_collect(f, 2))
		return -1;
	json_tasks(f->out, f->tasks, 1);
	json_member(f->out, "thread", &f->tasks[1]);
	return 0;
}

static void body_time_children(struct fix *f, int slot)
{
	(void)slot;
	if (unshare(CLONE_NEWTIME))
		fix_die(f, "new time namespace");
}

int build_time_children(struct fix *f)
{
	fix_spawn(f, 0, f->user, body_time_children);
	if (fix_collect(f, 1))
		return -1;
	json_tasks(f->out, f->tasks, 1);
	json_key_string(f->out, "time_for_children", f->tasks[0].ns[9]);
	return 0;
}

/* The child lives a day and two after the rest of the world. */
static void body_clock(struct fix *f, int slot)
{
	static const char offsets[] = "monotonic 86400 0\nboottime 172800 0\n";
	int r;

	if (unshare(CLONE_NEWTIME))
		fix_die(f, "new time namespace");
	r = write_all_at_once("/proc/self/timens_offsets", offsets, strlen(offsets));
	if (r < 0) {
		errno = -r;
		fix_die(f, "write timens_offsets");
	}
	fix_spawn(f, slot + 1, 0, NULL);
}

int build_clock(struct fix *f)
{
	fix_spawn(f, 0, f->user, body_clock);
	if (fix_collect(f, 2))
		return -1;
	json_tasks(f->out, f->tasks + 1, 1);
	json_member(f->out, "parent", &f->tasks[0]);
	return 0;
}

static void body_live_init(struct fix *f, int slot)
{
	if (unshare(CLONE_NEWPID))
		fix_die(f, "new pid namespace");
	fix_spawn(f, slot + 1, 0, NULL);
}

static void body_ended_init(struct fix *f, int slot)
{
	pid_t pid;

	(void)slot;
	if (unshare(CLONE_NEWPID))
		fix_die(f, "new pid namespace");
	pid = fork();
	if (pid < 0)
		fix_die(f, "fork");
	if (!pid)
		_exit(0);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int build_pid_children(struct fix *f)
{
	fix_spawn(f, 0, f->user, body_live_init);
	fix_spawn(f, 2, f->user, body_ended_init);
	if (fix_collect(f, 3))
		return -1;
	json_tasks(f->out, f->tasks, 3);
	json_member(f->out, "parent", &f->tasks[0]);
	json_member(f->out, "init", &f->tasks[1]);
	json_member(f->out, "ended", &f->tasks[2]);
	json_key_string(f->out, "live_pid_ns", f->tasks[0].ns[8]);
	json_key_string(f->out, "ended_pid_ns", f->tasks[2].ns[8]);
	return 0;
}
