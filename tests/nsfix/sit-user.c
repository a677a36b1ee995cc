// SPDX-License-Identifier: GPL-2.0-or-later
/* User namespaces: nested, without members, with long maps. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nsfix.h"

#define NESTED 5
#define MAP_LINES 340

static void body_nested(struct fix *f, int slot)
{
	if (slot + 1 < NESTED)
		fix_spawn(f, slot + 1, CLONE_NEWUSER | CLONE_NEWPID, body_nested);
}

int build_nested5(struct fix *f)
{
	fix_spawn(f, 0, CLONE_NEWUSER | CLONE_NEWPID, body_nested);
	if (fix_collect(f, NESTED))
		return -1;
	json_tasks(f->out, f->tasks, NESTED);
	return 0;
}

/* Begins in B and goes on to C: B is left without anybody. */
static void body_leave_user(struct fix *f, int slot)
{
	fix_report(f, slot);
	enter_user(f);
	fix_report(f, slot + 1);
	fix_hold(f);
}

static void body_first_user(struct fix *f, int slot)
{
	fix_spawn(f, slot + 1, CLONE_NEWUSER, body_leave_user);
}

int build_memberless_user(struct fix *f)
{
	const char *user;

	fix_spawn(f, 0, CLONE_NEWUSER, body_first_user);
	if (fix_collect(f, 3))
		return -1;
	user = f->tasks[1].ns[6];
	/* A's 0 made B, and A maps 0 to us. */
	fprintf(f->out, "\"owner_uid\":%u", geteuid());
	json_key_string(f->out, "memberless", user);
	fputs(",\"chain\":[", f->out);
	for (int i = 0; i < 3; i++) {
		if (i)
			fputc(',', f->out);
		json_string(f->out, f->tasks[i].ns[6]);
	}
	fputc(']', f->out);
	json_member(f->out, "a", &f->tasks[0]);
	json_member(f->out, "c", &f->tasks[2]);
	return 0;
}

/*
 * As bubblewrap does it: made with powers in the outer one, left to an inner one where
 * the ids are those from before. What the outer one owns the inner one cannot enter.
 */
static void body_bubble(struct fix *f, int slot)
{
	uid_t uid = (uid_t)fix_number(f, 0, 1000);
	char map[32];
	int len = snprintf(map, sizeof(map), "%u 0 1\n", uid);

	fix_report(f, slot + 1);
	if (unshare(CLONE_NEWUSER))
		fix_die(f, "inner user namespace");
	if (write_all_at_once("/proc/thread-self/uid_map", map, (size_t)len) < 0 ||
	    write_all_at_once("/proc/thread-self/gid_map", map, (size_t)len) < 0)
		fix_die(f, "map ids of the inner user namespace");
}

int build_bubble(struct fix *f)
{
	fix_spawn(f, 0, f->sit->needs, body_bubble);
	if (fix_collect(f, 2))
		return -1;
	json_tasks(f->out, f->tasks, 1);
	json_key_string(f->out, "outer", f->tasks[1].ns[6]);
	json_key_string(f->out, "inner", f->tasks[0].ns[6]);
	return 0;
}

static void body_reports_and_ends(struct fix *f, int slot)
{
	char c;

	close(f->aux[1]);
	fix_report(f, slot);
	while (read(f->aux[0], &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

/* Takes the net namespace of a child that then ends: its owner's last member. */
static void body_inherit_net(struct fix *f, int slot)
{
	pid_t pid;
	int pidfd;

	if (pipe2(f->aux, O_CLOEXEC))
		fix_die(f, "make a pipe");
	pid = fix_spawn(f, slot + 1, CLONE_NEWUSER | CLONE_NEWNET, body_reports_and_ends);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		fix_die(f, "pidfd_open");
	if (setns(pidfd, CLONE_NEWNET))
		fix_die(f, "join the child's net namespace");
	close(pidfd);
	close(f->aux[0]);
	close(f->aux[1]);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int build_memberless_owner(struct fix *f)
{
	fix_spawn(f, 0, f->user, body_inherit_net);
	if (fix_collect(f, 2))
		return -1;
	json_tasks(f->out, f->tasks, 1);
	json_key_string(f->out, "net", f->tasks[0].ns[3]);
	json_key_string(f->out, "owner", f->tasks[1].ns[6]);
	fprintf(f->out, ",\"owner_uid\":%u", geteuid());
	return 0;
}

/* Returns 0 or an errno. */
static int write_long_maps(int proc_pid)
{
	char text[4096], path[64];
	size_t len = 0;
	int r;

	for (int i = 0; i < MAP_LINES; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%d %d 1\n", i,
					i);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", proc_pid);
	r = write_all_at_once(path, text, len);
	if (r == 0) {
		snprintf(path, sizeof(path), "/proc/%d/gid_map", proc_pid);
		r = write_all_at_once(path, text, len);
	}
	return -r;
}

/* A map of more than the own id is written from outside: by a child left there. */
static void body_long_map(struct fix *f, int slot)
{
	struct task me = { .slot = slot };
	int go[2], status, r = task_read(&me, f->depth);
	pid_t pid;
	char c;

	errno = -r;
	if (r < 0 || pipe2(go, O_CLOEXEC))
		fix_die(f, "prepare");
	pid = fork();
	if (pid < 0)
		fix_die(f, "fork");
	if (!pid) {
		close(go[1]);
		_exit(read(go[0], &c, 1) == 1 ? write_long_maps(me.proc_pid) : EIO);
	}
	close(go[0]);
	if (unshare(CLONE_NEWUSER) || write(go[1], "", 1) != 1)
		fix_die(f, "new user namespace");
	close(go[1]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fix_die(f, "wait");
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
	if (errno)
		fix_die(f, "write a uid_map of 340 lines");
}

int build_uidmap340(struct fix *f)
{
	fix_spawn(f, 0, 0, body_long_map);
	if (fix_collect(f, 1))
		return -1;
	json_tasks(f->out, f->tasks, 1);
	fprintf(f->out, ",\"lines\":%d", MAP_LINES);
	return 0;
}
