// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes in new namespaces that report and wait: what all situations are made of. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nsfix.h"

_Static_assert(sizeof(struct task) <= PIPE_BUF, "a report must be written in one piece");

int fix_fail(struct fix *f, int error, const char *step)
{
	if (!f->why[0])
		snprintf(f->why, sizeof(f->why), "%s%s%s", step, error ? ": " : "",
			 error ? strerror(error) : "");
	return -1;
}

long fix_number(struct fix *f, int index, long fallback)
{
	return f->argc > index ? strtol(f->argv[index], NULL, 10) : fallback;
}

void fix_send(struct fix *f, const struct task *t)
{
	/* Shorter than PIPE_BUF: all of it, or the reader is gone and so its reason. */
	if (write(f->report_w, t, sizeof(*t)) != (ssize_t)sizeof(*t))
		_exit(1);
}

void fix_report_fd(struct fix *f, int slot, int fd)
{
	struct task t = { .slot = slot, .fd = fd };
	int r = task_read(&t, f->depth);

	if (r < 0) {
		errno = -r;
		fix_die(f, "read own identities");
	}
	fix_send(f, &t);
}

void fix_report(struct fix *f, int slot)
{
	fix_report_fd(f, slot, -1);
}

void fix_die(struct fix *f, const char *step)
{
	struct task t = { .slot = -1, .error = errno };

	snprintf(t.step, sizeof(t.step), "%s", step);
	fix_send(f, &t);
	_exit(1);
}

bool fix_ended(struct fix *f)
{
	struct pollfd p = { .fd = f->life_r, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

void fix_wait_end(struct fix *f)
{
	char c;

	while (read(f->life_r, &c, 1) < 0 && errno == EINTR)
		;
}

void fix_hold(struct fix *f)
{
	close(f->report_w);
	fix_wait_end(f);
	_exit(0);
}

/* The kernel wants an id map in one write. Returns 0 or a negative errno. */
int write_all_at_once(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0)
		r = -errno;
	else if ((size_t)n != len)
		r = -EIO;
	close(fd);
	return r;
}

static void write_map(struct fix *f, const char *path, unsigned int id)
{
	char line[32];
	int len = snprintf(line, sizeof(line), "0 %u 1\n", id);
	int r = write_all_at_once(path, line, (size_t)len);

	if (r < 0) {
		errno = -r;
		fix_die(f, path);
	}
}

static void write_maps(struct fix *f, uid_t uid, gid_t gid)
{
	int r = write_all_at_once("/proc/thread-self/setgroups", "deny", 4);

	if (r < 0) {
		errno = -r;
		fix_die(f, "deny setgroups");
	}
	write_map(f, "/proc/thread-self/uid_map", uid);
	write_map(f, "/proc/thread-self/gid_map", gid);
}

void enter_user(struct fix *f)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER))
		fix_die(f, "new user namespace");
	write_maps(f, uid, gid);
}

/* clone3 alone can make a time namespace, and takes its arguments alike everywhere. */
static pid_t clone_process(unsigned int flags)
{
	uint64_t args[8] = { [0] = flags, [4] = SIGCHLD };

	return (pid_t)syscall(SYS_clone3, args, sizeof(args));
}

static void start_child(struct fix *f)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Else the pipe would not end with nsfix. */
	if (f->life_w >= 0) {
		close(f->life_w);
		close(f->report_r);
		close(f->signals);
		f->life_w = -1;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

pid_t fix_spawn(struct fix *f, int slot, unsigned int flags, fix_body *body)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	/* A process that makes threads must be known to the C library: fork. */
	bool plain = flags == 0;
	pid_t pid;

	if (flags) {
		flags |= f->user;
		plain = flags == CLONE_NEWUSER;
	}
	pid = plain ? fork() : clone_process(flags);
	if (pid < 0 && f->life_w >= 0)
		return fix_fail(f, errno, "start a process in new namespaces");
	if (pid < 0)
		fix_die(f, "start a process in new namespaces");
	if (pid)
		return pid;
	start_child(f);
	if (plain && flags)
		enter_user(f);
	else if (flags & CLONE_NEWUSER)
		write_maps(f, uid, gid);
	if (flags & CLONE_NEWUSER)
		f->user = 0;
	if (body)
		body(f, slot);
	fix_report(f, slot);
	fix_hold(f);
}

void body_two_children(struct fix *f, int slot)
{
	fix_spawn(f, slot + 1, 0, NULL);
	fix_spawn(f, slot + 2, 0, NULL);
}

/* Returns 1 for a report, 0 for an end, -1 for a failure. */
static int receive(struct fix *f, struct task *t)
{
	struct pollfd p[2] = {
		{ .fd = f->report_r, .events = POLLIN },
		{ .fd = f->signals, .events = POLLIN },
	};
	ssize_t n;

	while (poll(p, 2, -1) < 0)
		if (errno != EINTR)
			return fix_fail(f, errno, "wait for reports");
	if (p[1].revents)
		return fix_fail(f, 0, "interrupted");
	n = read(f->report_r, t, sizeof(*t));
	if (n == 0)
		return fix_fail(f, 0, "a process ended before it reported");
	if (n != (ssize_t)sizeof(*t))
		return fix_fail(f, n < 0 ? errno : 0, "read a report");
	if (t->slot < 0)
		return fix_fail(f, t->error, t->step);
	return 0;
}

int fix_collect(struct fix *f, size_t count)
{
	/* The last writer but the children: from here on a silent death is noticed. */
	close(f->report_w);
	f->report_w = -1;
	if (f->why[0])
		return -1;
	f->tasks = calloc(count, sizeof(*f->tasks));
	if (!f->tasks)
		return fix_fail(f, errno, "allocate");
	f->count = count;
	for (size_t i = 0; i < count; i++) {
		struct task t;

		if (receive(f, &t) < 0)
			return -1;
		if ((size_t)t.slot >= count || f->tasks[t.slot].levels)
			return fix_fail(f, 0, "a report came twice");
		f->tasks[t.slot] = t;
	}
	return 0;
}

int fix_open(struct fix *f)
{
	int life[2], report[2], r;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	f->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (f->signals < 0 || pipe2(life, O_CLOEXEC) || pipe2(report, O_CLOEXEC))
		return fix_fail(f, errno, "make pipes");
	f->life_r = life[0];
	f->life_w = life[1];
	f->report_r = report[0];
	f->report_w = report[1];
	/* Orphans come here, so that the end of all of them can be awaited. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	f->self.fd = -1;
	r = task_read(&f->self, 1);
	if (r < 0)
		return fix_fail(f, -r, "/proc does not show this process");
	f->depth = f->self.levels;
	r = task_read(&f->self, f->depth);
	if (r < 0)
		return fix_fail(f, -r, "read own identities");
	f->user = is_capable() ? 0 : CLONE_NEWUSER;
	return 0;
}

void fix_close(struct fix *f)
{
	if (f->life_w > 0) {
		close(f->life_w);
		close(f->life_r);
		close(f->report_r);
		if (f->report_w >= 0)
			close(f->report_w);
		close(f->signals);
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
	free(f->tasks);
	f->tasks = NULL;
	f->life_w = 0;
}
