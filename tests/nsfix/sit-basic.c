// SPDX-License-Identifier: GPL-2.0-or-later
/* Containers, services, pods. */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nsfix.h"

int build_sandbox(struct fix *f)
{
	unsigned int flags = f->argc ? letters_to_flags(f->argv[0]) : f->sit->needs;

	if (!flags)
		return fix_fail(f, EINVAL, "letters");
	fix_spawn(f, 0, flags, body_two_children);
	if (fix_collect(f, 3))
		return -1;
	json_tasks(f->out, f->tasks, 3);
	return 0;
}

int build_host_and_two(struct fix *f)
{
	fix_spawn(f, 0, CONTAINER, body_two_children);
	fix_spawn(f, 3, CONTAINER, body_two_children);
	if (fix_collect(f, 6))
		return -1;
	fputs("\"sandboxes\":[{", f->out);
	json_tasks(f->out, f->tasks, 3);
	fputs("},{", f->out);
	json_tasks(f->out, f->tasks + 3, 3);
	fputs("}]", f->out);
	return 0;
}

int build_service(struct fix *f)
{
	fix_spawn(f, 0, f->sit->needs, NULL);
	if (fix_collect(f, 1))
		return -1;
	json_tasks(f->out, f->tasks, 1);
	return 0;
}

static void body_pod_member(struct fix *f, int slot)
{
	(void)slot;
	if (setns(f->aux[0], CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET))
		fix_die(f, "join the pause process");
	close(f->aux[0]);
}

/* The shim: it starts both, as an engine does, so that the member finds the pause. */
static void body_pod(struct fix *f, int slot)
{
	pid_t pause = fix_spawn(f, slot + 1, CONTAINER, NULL);

	f->aux[0] = (int)syscall(SYS_pidfd_open, pause, 0);
	if (f->aux[0] < 0)
		fix_die(f, "pidfd_open");
	fix_spawn(f, slot + 2, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWCGROUP,
		  body_pod_member);
	close(f->aux[0]);
}

int build_pod(struct fix *f)
{
	fix_spawn(f, 0, f->user, body_pod);
	if (fix_collect(f, 3))
		return -1;
	json_tasks(f->out, f->tasks, 3);
	json_member(f->out, "shim", &f->tasks[0]);
	json_member(f->out, "pause", &f->tasks[1]);
	json_member(f->out, "member", &f->tasks[2]);
	return 0;
}

static void body_twins(struct fix *f, int slot)
{
	for (int i = 1; i < (int)f->count; i++)
		fix_spawn(f, slot + i, CLONE_NEWPID, NULL);
}

int build_twins(struct fix *f)
{
	long n = fix_number(f, 0, 9);

	if (n < 1 || n > 10000)
		return fix_fail(f, EINVAL, "number of twins");
	f->count = (size_t)n + 1;
	fix_spawn(f, 0, f->user, body_twins);
	if (fix_collect(f, f->count))
		return -1;
	json_tasks(f->out, f->tasks + 1, f->count - 1);
	json_member(f->out, "parent", &f->tasks[0]);
	return 0;
}

/* Its socket stays in the network namespace that it was made in. */
static void body_socket(struct fix *f, int slot)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fix_die(f, "make a socket");
	fix_report(f, slot + 1);
	if (unshare(CLONE_NEWNET))
		fix_die(f, "second network namespace");
	fix_report_fd(f, slot, fd);
	fix_hold(f);
}

int build_socket(struct fix *f)
{
	fix_spawn(f, 0, f->sit->needs, body_socket);
	if (fix_collect(f, 2))
		return -1;
	json_tasks(f->out, f->tasks, 1);
	json_key_string(f->out, "socket_net", f->tasks[1].ns[3]);
	return 0;
}

static void body_bystander(struct fix *f, int slot)
{
	uid_t uid = (uid_t)fix_number(f, 0, 65534);

	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		fix_die(f, "become that user");
	/* Changing the user took both away; a container's processes became dumpable by
	   exec. */
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	body_two_children(f, slot);
}

int build_bystander(struct fix *f)
{
	fix_spawn(f, 0, CONTAINER, body_bystander);
	if (fix_collect(f, 3))
		return -1;
	json_tasks(f->out, f->tasks, 3);
	fprintf(f->out, ",\"uid\":%ld", fix_number(f, 0, 65534));
	return 0;
}
