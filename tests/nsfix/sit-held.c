// SPDX-License-Identifier: GPL-2.0-or-later
/* Namespaces that tasks, descriptors, sockets, messages or other namespaces keep. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "held.h"

static void hold_fd(struct fix *f, int fd, bool own_table)
{
	char of[LINK_SIZE];

	held_link(f, fd, of);
	held_note_fd(f, "fd", of, fd, own_table);
}

static void body_fd(struct fix *f, int slot)
{
	static const struct {
		unsigned int flag;
		const char *link;
	} types[] = {
		{ CLONE_NEWNS, "ns/mnt" }, { CLONE_NEWUTS, "ns/uts" },
		{ CLONE_NEWIPC, "ns/ipc" }, { CLONE_NEWNET, "ns/net" },
		{ CLONE_NEWPID, "ns/pid" }, { CLONE_NEWCGROUP, "ns/cgroup" },
		{ CLONE_NEWUSER, "ns/user" }, { CLONE_NEWTIME, "ns/time" },
	};

	(void)slot;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		hold_fd(f, held_new(f, types[i].flag, types[i].link, NULL), false);
}

int build_held_fd(struct fix *f)
{
	return held_build(f, 0, body_fd, 1);
}

struct thread {
	struct fix *f;
	int slot;
	bool last;		/* waits until it is alone */
	sem_t reported;
};

static void *run_with_table(void *arg)
{
	struct thread *t = arg;

	if (unshare(CLONE_FILES))
		fix_die(t->f, "own table of descriptors");
	hold_fd(t->f, held_new(t->f, CLONE_NEWNET, "ns/net", NULL), true);
	if (t->last)
		await_leader(t->f);
	fix_report(t->f, t->slot);
	sem_post(&t->reported);
	fix_hold(t->f);
}

static void *run_apart(void *arg)
{
	struct thread *t = arg;
	char of[LINK_SIZE];

	if (unshare(CLONE_NEWUTS))
		fix_die(t->f, "new namespace of a thread");
	held_own(t->f, "uts", of);
	held_note_task(t->f, "thread", of);
	fix_report(t->f, t->slot);
	sem_post(&t->reported);
	/* The pipe is the leader's too, who has not reported yet. */
	fix_wait_end(t->f);
	_exit(0);
}

/* Not on the stack: a thread may outlive its leader. */
static struct thread *start_thread(struct fix *f, int slot, bool last,
				   void *(*run)(void *))
{
	struct thread *t = calloc(1, sizeof(*t));
	pthread_t id;

	if (!t)
		fix_die(f, "allocate");
	t->f = f;
	t->slot = slot;
	t->last = last;
	sem_init(&t->reported, 0, 0);
	errno = pthread_create(&id, NULL, run, t);
	if (errno)
		fix_die(f, "start a thread");
	return t;
}

static void with_thread(struct fix *f, int slot, void *(*run)(void *))
{
	struct thread *t = start_thread(f, slot + 1, false, run);

	while (sem_wait(&t->reported))
		;
	fix_report(f, slot);
	fix_hold(f);
}

static void body_thread_fd(struct fix *f, int slot)
{
	with_thread(f, slot, run_with_table);
}

int build_held_thread_fd(struct fix *f)
{
	return held_build(f, 0, body_thread_fd, 2);
}

static void body_dead_leader_fd(struct fix *f, int slot)
{
	fix_report(f, slot);
	start_thread(f, slot + 1, true, run_with_table);
	for (;;)
		syscall(SYS_exit, 0);
}

int build_held_dead_leader_fd(struct fix *f)
{
	return held_build(f, 0, body_dead_leader_fd, 2);
}

static void body_tasks(struct fix *f, int slot)
{
	char of[LINK_SIZE];

	if (unshare(CLONE_NEWNET))
		fix_die(f, "new net namespace");
	held_own(f, "net", of);
	held_note_task(f, "process", of);
	with_thread(f, slot, run_apart);
}

int build_held_tasks(struct fix *f)
{
	return held_build(f, 0, body_tasks, 2);
}

static void inside_zombie(struct fix *f)
{
	char pid[LINK_SIZE], user[LINK_SIZE];

	held_own(f, "pid", pid);
	held_own(f, "user", user);
	held_note_task(f, "zombie", pid);
	held_note_task(f, "zombie", user);
	held_note_ns(f, "owned", user, pid);
	_exit(0);
}

static void body_zombie(struct fix *f, int slot)
{
	uint64_t args[8] = { [0] = CLONE_NEWPID | CLONE_NEWUSER, [4] = SIGCHLD };
	siginfo_t info;
	pid_t pid = (pid_t)syscall(SYS_clone3, args, sizeof(args));

	(void)slot;
	if (!pid)
		inside_zombie(f);
	if (pid < 0 || waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
		fix_die(f, "make a zombie");
}

int build_held_zombie(struct fix *f)
{
	return held_build(f, 0, body_zombie, 1);
}

static void body_children(struct fix *f, int slot)
{
	char of[LINK_SIZE];
	pid_t pid;

	(void)slot;
	if (unshare(CLONE_NEWPID | CLONE_NEWTIME))
		fix_die(f, "new namespaces for children");
	/* Until it has its first process no link shows a pid namespace. */
	pid = fork();
	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) < 0)
		fix_die(f, "make a child");
	held_own(f, "pid_for_children", of);
	held_note_task(f, "children", of);
	held_own(f, "time_for_children", of);
	held_note_task(f, "children", of);
}

int build_held_children(struct fix *f)
{
	return held_build(f, 0, body_children, 1);
}

/* A new network namespace for as long as `make` runs; its descriptor. */
static int make_elsewhere(struct fix *f, int (*make)(struct fix *f, const void *arg),
			  const void *arg, char *of)
{
	int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), fd;

	if (here < 0 || unshare(CLONE_NEWNET))
		fix_die(f, "new net namespace");
	held_own(f, "net", of);
	fd = make(f, arg);
	if (setns(here, CLONE_NEWNET))
		fix_die(f, "come back");
	close(here);
	return fd;
}

struct family {
	int domain, type, protocol;
};

static int make_socket(struct fix *f, const void *arg)
{
	const struct family *a = arg;
	int fd = socket(a->domain, a->type | SOCK_CLOEXEC, a->protocol);

	if (fd < 0)
		fix_die(f, "make a socket");
	return fd;
}

static void body_socket(struct fix *f, int slot)
{
	static const struct family families[] = {
		{ AF_INET, SOCK_STREAM, 0 }, { AF_INET, SOCK_DGRAM, 0 },
		{ AF_UNIX, SOCK_STREAM, 0 }, { AF_NETLINK, SOCK_RAW, NETLINK_ROUTE },
	};
	char of[LINK_SIZE];

	(void)slot;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		int fd = make_elsewhere(f, make_socket, &families[i], of);

		held_note_fd(f, "socket", of, fd, false);
	}
}

int build_held_socket(struct fix *f)
{
	return held_build(f, 0, body_socket, 1);
}

static void body_second_owner(struct fix *f, int slot)
{
	(void)slot;
	held_note_fd(f, "socket", f->board->text, f->aux[0], false);
	/* And by a second number of the same socket. */
	f->aux[1] = fcntl(f->aux[0], F_DUPFD_CLOEXEC, f->aux[0] + 1);
	held_note_fd(f, "socket", f->board->text, f->aux[1], false);
}

static void body_shared_socket(struct fix *f, int slot)
{
	static const struct family family = { AF_INET, SOCK_STREAM, 0 };

	f->aux[0] = make_elsewhere(f, make_socket, &family, f->board->text);
	held_note_fd(f, "socket", f->board->text, f->aux[0], false);
	fix_spawn(f, slot + 1, 0, body_second_owner);
}

int build_held_shared_socket(struct fix *f)
{
	return held_build(f, 0, body_shared_socket, 2);
}

static int make_tun(struct fix *f, const void *arg)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fix_die(f, "open /dev/net/tun");
	strcpy(ifr.ifr_name, arg);
	if (ioctl(fd, TUNSETIFF, &ifr))
		fix_die(f, "make a tun device");
	return fd;
}

static void body_tun(struct fix *f, int slot)
{
	char of[LINK_SIZE];
	int fd = make_elsewhere(f, make_tun, "nsfix%d", of);

	(void)slot;
	held_note_fd(f, "tun", of, fd, false);
}

int build_held_tun(struct fix *f)
{
	return held_build(f, 0, body_tun, 1);
}

static void send_fd(struct fix *f, int over, int fd)
{
	struct iovec part = { .iov_base = (char[]){ "x" }, .iov_len = 1 };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	if (sendmsg(over, &msg, 0) != 1)
		fix_die(f, "send a descriptor");
	if (fd >= 0)
		close(fd);
}

static void hold_message(struct fix *f, int type, bool second)
{
	char of[LINK_SIZE];
	int pair[2], fd = held_new(f, CLONE_NEWNET, "ns/net", NULL);

	held_link(f, fd, of);
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair))
		fix_die(f, "make a pair of sockets");
	if (second)
		send_fd(f, pair[0], -1);
	send_fd(f, pair[0], fd);
	/* Only the first message of a socket can be looked at. */
	held_note_fd(f, second ? "message?" : "message", of, pair[1], false);
}

static void body_message(struct fix *f, int slot)
{
	(void)slot;
	hold_message(f, SOCK_STREAM, false);
	hold_message(f, SOCK_DGRAM, false);
	hold_message(f, SOCK_SEQPACKET, false);
}

int build_held_message(struct fix *f)
{
	return held_build(f, 0, body_message, 1);
}

static void body_second_message(struct fix *f, int slot)
{
	(void)slot;
	hold_message(f, SOCK_SEQPACKET, true);
}

int build_held_second_message(struct fix *f)
{
	return held_build(f, 0, body_second_message, 1);
}

/* Makes the inner one of two, that the outer one does not end with its maker. */
static void nest(struct fix *f, unsigned int flag, const char *type)
{
	char outer[LINK_SIZE], inner[LINK_SIZE], path[32];

	snprintf(path, sizeof(path), "ns/%s", type);
	held_own(f, type, outer);
	f->board->left = held_new(f, flag, path, NULL);
	held_link(f, f->board->left, inner);
	held_note_ns(f, "child", outer, inner);
}

static void nest_pid(struct fix *f)
{
	nest(f, CLONE_NEWPID, "pid");
}

static void nest_user(struct fix *f)
{
	/* With its ids mapped: else it may not make another. */
	enter_user(f);
	nest(f, CLONE_NEWUSER, "user");
}

/* The inner one's descriptor is left in the table that the makers share with us. */
static void body_child(struct fix *f, int slot)
{
	(void)slot;
	close(held_new(f, CLONE_NEWPID, "ns/pid", nest_pid));
	hold_fd(f, f->board->left, false);
	close(held_new(f, 0, "ns/user", nest_user));
	hold_fd(f, f->board->left, false);
}

int build_held_child(struct fix *f)
{
	return held_build(f, 0, body_child, 1);
}

static void body_owned(struct fix *f, int slot)
{
	char of[LINK_SIZE], owner[LINK_SIZE];
	int fd = held_new(f, CLONE_NEWUSER | CLONE_NEWNET, "ns/net", NULL), user;

	(void)slot;
	user = ioctl(fd, NS_GET_USERNS);
	if (user < 0)
		fix_die(f, "ask for the owner");
	held_link(f, user, owner);
	close(user);
	held_link(f, fd, of);
	held_note_ns(f, "owned", owner, of);
	if (setns(fd, CLONE_NEWNET))
		fix_die(f, "enter a net namespace");
	close(fd);
	held_note_task(f, "process", of);
}

int build_held_owned(struct fix *f)
{
	return held_build(f, 0, body_owned, 1);
}

static void note_user(struct fix *f)
{
	char of[LINK_SIZE];

	held_own(f, "user", of);
	held_note(f, NULL, of);
}

/* A file remembers with whose powers it was opened. */
static void body_cred(struct fix *f, int slot)
{
	(void)slot;
	held_new(f, CLONE_NEWUSER, "/dev/null", note_user);
}

int build_held_cred(struct fix *f)
{
	return held_build(f, 0, body_cred, 1);
}
