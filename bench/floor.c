/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor PART[,PART...] [-n RUNS]: what a scan cannot go below.
 *
 * A bare loop of the system calls that the best scan must make, ioctls included, and
 * nothing else: no model, no sorting, no output. README lists the calls of each part.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/* By number: what is measured must not depend on the age of the headers. */
#define GET_USERNS _IO(0xb7, 0x1)
#define GET_PARENT _IO(0xb7, 0x2)
#define GET_OWNER_UID _IO(0xb7, 0x4)
#define GET_MNTNS_ID _IOR(0xb7, 0x5, uint64_t)
#define GET_ID _IOR(0xb7, 0xd, uint64_t)

#define MNT_GET_NEXT _IOR(0xb7, 0xb, struct mnt_ns)
#define MNT_GET_PREV _IOR(0xb7, 0xc, struct mnt_ns)
#define NR_STATMOUNT 457
#define NR_LISTMOUNT 458

enum {
	TASKS = 1, RELATIONS = 2, CHILDREN = 4, THREADS = 8, LEADERS = 16, FDS = 32,
	MOUNTS = 64,
};
enum { USER, PID, MNT, UTS, IPC, NET, CGROUP, TIME, NTYPES };

static const char *const part_names[] = {
	"tasks", "relations", "children", "threads", "leaders", "fds", "mounts",
};
static const char *const type_names[NTYPES] = {
	"user", "pid", "mnt", "uts", "ipc", "net", "cgroup", "time",
};

struct dirent64 {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
};

struct mnt_ns {
	uint32_t size, mounts;
	uint64_t id;
};

struct mount_request {
	uint32_t size, spare;
	uint64_t id, param, ns;
};

struct scan {
	unsigned parts;
	int proc;
	bool no_id, no_mntns_id;	/* said ENOTTY once: not asked again */
	unsigned long calls, tasks, threads, fds, mounts;
	uint64_t *seen;			/* open addressing; 0 is free */
	size_t mask, used;
	char (*leaders)[16];		/* pids that are the lowest of some namespace */
	size_t nleaders, room;
};

#define CALL(s, call) ((s)->calls++, (call))

static void seen_grow(struct scan *s)
{
	size_t old = s->seen ? s->mask + 1 : 0, mask = old ? old * 2 - 1 : 4095;
	uint64_t *seen = calloc(mask + 1, sizeof(*seen));

	if (!seen)
		err(1, "memory");
	for (size_t i = 0; i < old; i++) {
		size_t at = s->seen[i] * 0x9e3779b97f4a7c15 >> 40;

		if (!s->seen[i])
			continue;
		while (seen[at & mask])
			at++;
		seen[at & mask] = s->seen[i];
	}
	free(s->seen);
	s->seen = seen;
	s->mask = mask;
}

/* True when the namespace was not there before. */
static bool seen_add(struct scan *s, uint64_t ino)
{
	size_t at = ino * 0x9e3779b97f4a7c15 >> 40;

	if (s->used * 2 > s->mask)
		seen_grow(s);
	for (; s->seen[at & s->mask]; at++)
		if (s->seen[at & s->mask] == ino)
			return false;
	s->seen[at & s->mask] = ino;
	s->used++;
	return true;
}

static void relate(struct scan *s, int fd, int type);

/* A namespace that an ioctl led to: known already, or one without members. */
static void climb(struct scan *s, int fd, int type)
{
	struct stat st;

	if (fd < 0)
		return;
	if (CALL(s, fstat(fd, &st)) == 0 && seen_add(s, st.st_ino))
		relate(s, fd, type);
	CALL(s, close(fd));
}

static void relate(struct scan *s, int fd, int type)
{
	uint64_t id;
	uid_t uid;

	if (!s->no_id && CALL(s, ioctl(fd, GET_ID, &id)) < 0)
		s->no_id = errno == ENOTTY;
	if (type == MNT && s->no_id && !s->no_mntns_id &&
	    CALL(s, ioctl(fd, GET_MNTNS_ID, &id)) < 0)
		s->no_mntns_id = errno == ENOTTY;
	if (type == USER)
		CALL(s, ioctl(fd, GET_OWNER_UID, &uid));
	else
		climb(s, CALL(s, ioctl(fd, GET_USERNS)), USER);
	if (type == USER || type == PID)
		climb(s, CALL(s, ioctl(fd, GET_PARENT)), type);
}

/* Returns whether the link named a namespace not seen before. */
static bool read_link(struct scan *s, int dir, const char *name, int type)
{
	char link[64], *at;
	ssize_t n = CALL(s, readlinkat(dir, name, link, sizeof(link) - 1));
	struct stat st;
	int fd;

	if (n < 0)
		return false;
	link[n] = '\0';
	at = strchr(link, '[');
	if (!at || !seen_add(s, strtoull(at + 1, NULL, 10)))
		return false;
	if (!(s->parts & RELATIONS))
		return true;
	fd = CALL(s, openat(dir, name, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return true;
	CALL(s, fstat(fd, &st));
	relate(s, fd, type);
	CALL(s, close(fd));
	return true;
}

static void read_children(struct scan *s, int dir)
{
	if (!(s->parts & CHILDREN))
		return;
	read_link(s, dir, "pid_for_children", PID);
	read_link(s, dir, "time_for_children", TIME);
}

static void each_number(struct scan *s, int dir, char *buf, size_t size,
			void (*fn)(struct scan *, int, const char *, const void *),
			const void *arg)
{
	long n;

	while ((n = CALL(s, syscall(SYS_getdents64, dir, buf, size))) > 0) {
		for (char *p = buf; p < buf + n; ) {
			struct dirent64 *d = (struct dirent64 *)p;

			if (d->name[0] >= '0' && d->name[0] <= '9')
				fn(s, dir, d->name, arg);
			p += d->len;
		}
	}
}

static int open_ns(struct scan *s, int dir, const char *number)
{
	char path[32];

	memcpy(stpcpy(path, number), "/ns", 4);
	return CALL(s, openat(dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/* The three types that a thread cannot have of its own are not read. */
static void one_thread(struct scan *s, int dir, const char *tid, const void *pid)
{
	static const int own[] = { MNT, UTS, IPC, NET, CGROUP };
	int ns;

	if (strcmp(tid, pid) == 0)
		return;
	ns = open_ns(s, dir, tid);
	if (ns < 0)
		return;
	s->threads++;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		read_link(s, ns, type_names[own[i]], own[i]);
	read_children(s, ns);
	CALL(s, close(ns));
}

static void read_threads(struct scan *s, int ns, const char *pid)
{
	char buf[32768] __attribute__((aligned(8)));
	struct stat st;
	int dir;

	if (CALL(s, fstatat(ns, "../task", &st, 0)) < 0 || st.st_nlink <= 3)
		return;
	dir = CALL(s, openat(ns, "../task", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (dir < 0)
		return;
	each_number(s, dir, buf, sizeof(buf), one_thread, pid);
	CALL(s, close(dir));
}

static void one_fd(struct scan *s, int dir, const char *fd, const void *arg)
{
	char link[64];

	(void)arg;
	s->fds++;
	CALL(s, readlinkat(dir, fd, link, sizeof(link)));
}

static void read_fds(struct scan *s, int proc, const char *pid)
{
	char buf[32768] __attribute__((aligned(8))), path[32];
	int dir;

	strcpy(stpcpy(path, pid), "/fd");
	dir = CALL(s, openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (dir < 0)
		return;
	each_number(s, dir, buf, sizeof(buf), one_fd, NULL);
	CALL(s, close(dir));
}

/* Which file system each mount is of: that tells a pin. */
static void list_mounts(struct scan *s, uint64_t ns)
{
	struct mount_request req = { .size = sizeof(req), .id = UINT64_MAX, .ns = ns };
	uint64_t ids[512], answer[64];
	long n;

	do {
		n = CALL(s, syscall(NR_LISTMOUNT, &req, ids, 512, 0));
		for (long i = 0; i < n; i++) {
			struct mount_request one = { .size = sizeof(one), .id = ids[i],
						     .param = 1, .ns = ns };

			s->mounts++;
			CALL(s, syscall(NR_STATMOUNT, &one, answer, sizeof(answer), 0));
		}
		if (n > 0)
			req.param = ids[n - 1];
	} while (n == 512);
}

/* From the first mount namespace to the last, whoever is in them. */
static void read_mounts(struct scan *s)
{
	struct mnt_ns info = { .size = sizeof(info) };
	int fd = CALL(s, open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)), next;

	while ((next = CALL(s, ioctl(fd, MNT_GET_PREV, &info))) >= 0) {
		CALL(s, close(fd));
		fd = next;
	}
	if (CALL(s, ioctl(fd, GET_MNTNS_ID, &info.id)) < 0)
		errx(77, "mounts: this kernel does not list mount namespaces");
	list_mounts(s, info.id);
	while ((next = CALL(s, ioctl(fd, MNT_GET_NEXT, &info))) >= 0) {
		CALL(s, close(fd));
		fd = next;
		list_mounts(s, info.id);
	}
	CALL(s, close(fd));
}

static void add_leader(struct scan *s, const char *pid)
{
	if (s->nleaders == s->room) {
		s->room = s->room ? s->room * 2 : 256;
		s->leaders = reallocarray(s->leaders, s->room, sizeof(*s->leaders));
		if (!s->leaders)
			err(1, "memory");
	}
	strcpy(s->leaders[s->nleaders++], pid);
}

static void one_process(struct scan *s, int dir, const char *pid, const void *arg)
{
	bool first = false;
	int ns = open_ns(s, dir, pid);

	(void)arg;
	if (ns < 0)
		return;
	s->tasks++;
	for (int t = 0; t < NTYPES; t++)
		first |= read_link(s, ns, type_names[t], t);
	read_children(s, ns);
	if (s->parts & THREADS)
		read_threads(s, ns, pid);
	CALL(s, close(ns));
	if (s->parts & FDS)
		read_fds(s, dir, pid);
	/* /proc lists by number: whoever shows a namespace first is its lowest. */
	if (first && s->parts & LEADERS)
		add_leader(s, pid);
}

static void read_file(struct scan *s, const char *pid, const char *name)
{
	char path[32], buf[4096];
	int fd;

	strcpy(stpcpy(path, pid), name);
	fd = CALL(s, openat(s->proc, path, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return;
	if (CALL(s, read(fd, buf, sizeof(buf))) < 0)
		warn("%s", path);
	CALL(s, close(fd));
}

/* What lsns' default columns show of a namespace's lowest process. */
static void read_leaders(struct scan *s)
{
	struct stat st;

	for (size_t i = 0; i < s->nleaders; i++) {
		read_file(s, s->leaders[i], "/stat");
		read_file(s, s->leaders[i], "/cmdline");
		CALL(s, fstatat(s->proc, s->leaders[i], &st, 0));
	}
}

static void run(struct scan *s)
{
	static char buf[32768] __attribute__((aligned(8)));

	*s = (struct scan){ .parts = s->parts };
	s->proc = CALL(s, open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (s->proc < 0)
		err(1, "/proc");
	seen_grow(s);
	each_number(s, s->proc, buf, sizeof(buf), one_process, NULL);
	read_leaders(s);
	if (s->parts & MOUNTS)
		read_mounts(s);
	CALL(s, close(s->proc));
	free(s->seen);
	free(s->leaders);
}

static unsigned parse_parts(char *list)
{
	unsigned parts = TASKS;

	for (char *w = strtok(list, ","); w; w = strtok(NULL, ",")) {
		size_t i = 0, n = sizeof(part_names) / sizeof(*part_names);

		while (i < n && strcmp(w, part_names[i]) != 0)
			i++;
		if (i == n)
			errx(2, "%s: not tasks, relations, children, threads, leaders, "
			     "fds, mounts", w);
		parts |= 1u << i;
	}
	return parts;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	struct scan s = { 0 };
	double ms[1000];
	long runs = 1;
	int c;

	while ((c = getopt(argc, argv, "n:")) != -1) {
		if (c != 'n')
			return 2;
		runs = strtol(optarg, NULL, 10);
	}
	if (argc - optind != 1 || runs < 1 || runs > 1000)
		errx(2, "usage: floor [-n RUNS up to 1000] PART[,PART...]");
	s.parts = parse_parts(argv[optind]);
	for (long i = 0; i < runs; i++) {
		double start = now_ms();

		run(&s);
		ms[i] = now_ms() - start;
	}
	qsort(ms, runs, sizeof(*ms), by_size);
	printf("min_ms %.3f median_ms %.3f calls %lu processes %lu threads %lu "
	       "namespaces %zu fds %lu mounts %lu\n",
	       ms[0], ms[runs / 2], s.calls, s.tasks, s.threads, s.used, s.fds,
	       s.mounts);
	return 0;
}
