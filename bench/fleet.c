/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fleet PROCS SETS [-t THREADS] [-f FILES] [-s SOCKETS]: a host to measure on.
 *
 * Builds SETS namespace sets as a container has them (mnt uts ipc net pid cgroup) with
 * PROCS processes in all, this one counted, prints one line beginning with "ready", and
 * takes everything down when its standard input ends or it dies.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SET_FLAGS (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | \
		   CLONE_NEWPID | CLONE_NEWCGROUP)
#define THREAD_STACK (32 * 1024)

struct plan {
	long procs, sets, threads, files, sockets;
	int ready[2]; /* each process writes one byte: 0, or the errno that stopped it */
	int alive[2];	/* only the first process keeps the write end */
};

/* What the kernel must allow, and what it said before it was raised. */
struct limit {
	const char *path;
	long need;
	long before;
};

static long number_from(const char *path)
{
	FILE *f = fopen(path, "re");
	long n = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%ld", &n) != 1)
		n = -1;
	fclose(f);
	return n;
}

static int number_to(const char *path, long n)
{
	FILE *f = fopen(path, "we");
	int bad;

	if (!f)
		return -1;
	bad = fprintf(f, "%ld\n", n) < 0;
	return fclose(f) || bad ? -1 : 0;
}

static void raise_limits(struct limit *l, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		long now = number_from(l[i].path);

		l[i].before = -1;
		if (now < 0 || now >= l[i].need)
			continue;
		if (number_to(l[i].path, l[i].need) < 0)
			errx(77, "%s is %ld, too low: at least %ld is needed and it "
			     "cannot be raised", l[i].path, now, l[i].need);
		l[i].before = now;
	}
}

static void restore_limits(const struct limit *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (l[i].before >= 0 && number_to(l[i].path, l[i].before) < 0)
			warn("%s stays at %ld", l[i].path, l[i].need);
}

static void own_limits(const struct plan *p)
{
	long files = p->files + p->sockets;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < (rlim_t)files + 32) {
		r.rlim_cur = files + 32;
		if (r.rlim_max < r.rlim_cur)
			r.rlim_max = r.rlim_cur;
		if (setrlimit(RLIMIT_NOFILE, &r) < 0)
			errx(77, "%ld descriptors in a process: %s", files,
			     strerror(errno));
	}
}

static void tell(const struct plan *p, int error)
{
	unsigned char c = error;

	while (write(p->ready[1], &c, 1) < 0 && errno == EINTR)
		;
}

static void *sleeper(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static int start_threads(long n)
{
	pthread_attr_t attr;
	pthread_t t;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, THREAD_STACK);
	for (; n > 0; n--) {
		r = pthread_create(&t, &attr, sleeper, NULL);
		if (r)
			return r;
	}
	return 0;
}

static _Noreturn void be_member(const struct plan *p)
{
	int r = 0;

	for (long i = 0; i < p->files && !r; i++)
		if (dup(0) < 0)
			r = errno;
	for (long i = 0; i < p->sockets && !r; i++)
		if (socket(AF_INET, SOCK_DGRAM, 0) < 0)
			r = errno;
	if (!r)
		r = start_threads(p->threads - 1);
	tell(p, r);
	sleeper(NULL);
	_exit(1);
}

/* The first process of a set; whoever it forks dies with it, as it is a pid 1. */
static _Noreturn void be_init(const struct plan *p, long children)
{
	struct pollfd alive = { .fd = p->alive[0] };
	int null;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(p->alive[1]);
	if (poll(&alive, 1, 0) != 0)	/* the parent died before the prctl above */
		_exit(1);
	close(p->alive[0]);
	close(p->ready[0]);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0)
		for (int fd = 0; fd < 3; fd++)
			dup2(null, fd);
	close(null);
	/* Else a mount made by one test run on the host would reach every set. */
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	while (children-- > 0) {
		pid_t pid = fork();

		if (pid == 0)
			be_member(p);
		if (pid < 0) {
			tell(p, errno);
			break;
		}
	}
	be_member(p);
}

static pid_t start_set(const struct plan *p, long children)
{
	struct clone_args a = { .flags = SET_FLAGS, .exit_signal = SIGCHLD };
	pid_t pid = syscall(SYS_clone3, &a, sizeof(a));

	if (pid == 0)
		be_init(p, children);
	return pid;
}

/* Returns 0, or the errno that kept a process from being made. */
static int await_members(const struct plan *p)
{
	unsigned char buf[512];
	long left = p->procs - 1;

	while (left > 0) {
		ssize_t n = read(p->ready[0], buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : EPIPE;
		for (ssize_t i = 0; i < n; i++)
			if (buf[i])
				return buf[i];
		left -= n;
	}
	return 0;
}

static void take_down(const pid_t *inits, long n)
{
	for (long i = 0; i < n; i++)
		kill(inits[i], SIGKILL);
	for (long i = 0; i < n; i++)
		while (waitpid(inits[i], NULL, 0) < 0 && errno == EINTR)
			;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* Returns 0 when the fleet stood and was taken down again, else an errno. */
static int run(const struct plan *p)
{
	pid_t *inits = calloc(p->sets, sizeof(*inits));
	long rest = p->procs - 1 - p->sets, n = 0;
	double start = now_ms();
	char c;
	int r = 0;

	if (!inits)
		return ENOMEM;
	for (; n < p->sets && !r; n++) {
		long here = rest / p->sets + (n < rest % p->sets);

		inits[n] = start_set(p, here);
		if (inits[n] < 0) {
			r = errno;
			break;
		}
	}
	close(p->ready[1]);
	if (!r)
		r = await_members(p);
	if (!r) {
		printf("ready processes %ld sets %ld threads %ld files %ld sockets %ld "
		       "ms %.0f\n", p->procs, p->sets, p->threads, p->files,
		       p->sockets, now_ms() - start);
		fflush(stdout);
		while (read(0, &c, 1) > 0 || errno == EINTR)
			errno = 0;
	}
	take_down(inits, n);
	free(inits);
	return r;
}

static long count_arg(const char *s, long least, const char *what)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(s, &end, 10);
	if (errno || end == s || *end || n < least || n > 10000000)
		errx(2, "%s: not a number of %s from %ld up", s, what, least);
	return n;
}

static void parse(int argc, char **argv, struct plan *p)
{
	int c;

	*p = (struct plan){ .threads = 1 };
	while ((c = getopt(argc, argv, "t:f:s:")) != -1) {
		if (c == 't')
			p->threads = count_arg(optarg, 1, "threads");
		else if (c == 'f')
			p->files = count_arg(optarg, 0, "files");
		else if (c == 's')
			p->sockets = count_arg(optarg, 0, "sockets");
		else
			exit(2);
	}
	if (argc - optind != 2)
		errx(2, "usage: fleet [-t THREADS] [-f FILES] [-s SOCKETS] PROCESSES "
		     "SETS");
	p->procs = count_arg(argv[optind], 2, "processes");
	p->sets = count_arg(argv[optind + 1], 1, "sets");
	if (p->procs <= p->sets)
		errx(2, "%ld processes are too few for %ld sets", p->procs, p->sets);
}

int main(int argc, char **argv)
{
	struct plan p;
	long spare = 2000, tasks, ns;
	int r;

	parse(argc, argv, &p);
	tasks = p.procs * p.threads + spare;
	ns = p.sets + spare;
	struct limit limits[] = {
		{ .path = "/proc/sys/kernel/pid_max", .need = tasks },
		{ .path = "/proc/sys/kernel/threads-max", .need = tasks },
		{ .path = "/proc/sys/user/max_mnt_namespaces", .need = ns },
		{ .path = "/proc/sys/user/max_uts_namespaces", .need = ns },
		{ .path = "/proc/sys/user/max_ipc_namespaces", .need = ns },
		{ .path = "/proc/sys/user/max_net_namespaces", .need = ns },
		{ .path = "/proc/sys/user/max_pid_namespaces", .need = ns },
		{ .path = "/proc/sys/user/max_cgroup_namespaces", .need = ns },
	};

	own_limits(&p);
	if (pipe2(p.ready, O_CLOEXEC) < 0 || pipe2(p.alive, O_CLOEXEC) < 0)
		err(1, "pipe");
	raise_limits(limits, sizeof(limits) / sizeof(*limits));
	r = run(&p);
	restore_limits(limits, sizeof(limits) / sizeof(*limits));
	if (r == EAGAIN || r == ENOSPC)
		errx(77,
		     "%s: a limit was met: see pids.max of this cgroup, ulimit -u and "
		     "/proc/sys/user/max_*_namespaces",
		     strerror(r));
	if (r)
		errx(r == EPERM ? 77 : 1, "%s", strerror(r));
	return 0;
}
