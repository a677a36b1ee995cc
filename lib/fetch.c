/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A courier among the files of another mount namespace. Below its root anything may lie
 * in the way to a mount point: a FUSE whose server never answers, an automount whose
 * walking has effects. What the kernel has in memory it walks without asking anyone, and
 * the way to a mount point is in memory. The rest is tried step by step, for a while.
 */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include "courier.h"
#include "open.h"
#include "uapi.h"

#define PATIENCE	1000	/* ms for a mount namespace, and one more for each pin */
#define MAX_HUNG	2	/* children that may hang in it */

struct job {
	struct nsu_ctx *ctx;
	const struct nsi_place *place;
	const struct nsi_pin *const *pins;	/* NULL: its mountinfo is asked for */
	size_t first, count;
	int self;		/* child: its own directory in the procfs */
};

struct answer {
	size_t index;
	int error;
};

/* snprintf(3) is not for a fork of a process with threads. */
static const char *fd_name(char *buf, size_t size, int fd)
{
	char *at = buf + size - 1;

	*at = '\0';
	do
		*--at = '0' + fd % 10;
	while (fd /= 10);
	at -= 3;
	memcpy(at, "fd/", 3);
	return at;
}

static int enter(int ns)
{
	nsi_autoclose int user = -1;

	if (setns(ns, CLONE_NEWNS) == 0)
		return 0;
	if (errno != EPERM)
		return nsi_errno();
	/* A user may do in a user namespace of his own what he may not here. */
	user = ioctl(ns, NS_GET_USERNS);
	if (user < 0 || setns(user, CLONE_NEWUSER) < 0)
		return -EPERM;
	return setns(ns, CLONE_NEWNS) < 0 ? nsi_errno() : 0;
}

static int open_root(const struct nsi_place *place)
{
	int fd = -1, r = -EACCES;

	if (place->fd_dir >= 0)
		return place->fd_dir;
	if (place->task_dir >= 0) {
		fd = openat(place->task_dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = fd < 0 ? nsi_errno() : fd;
	}
	if (r >= 0 || (!place->own && place->ns < 0))
		return r;
	r = place->own ? 0 : enter(place->ns);
	if (r < 0)
		return r;
	fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? nsi_errno() : fd;
}

/* All of it at once, of what is in memory. */
static int open_cached(int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_IN_ROOT | RESOLVE_CACHED,
	};
	int fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? nsi_errno() : fd;
}

/* One name, which is no way up, and no link is followed: that needs no openat2(2), which
   an old filter of system calls may refuse. */
static int open_step(int dir, const char *name)
{
	int fd;

	if (!strcmp(name, ".."))
		return -EXDEV;
	fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? nsi_errno() : fd;
}

/* The last name of a path is not mounted automatically by O_PATH; all others are. */
static int walk(int root, const char *path)
{
	int dir = open_step(root, ".");

	while (dir >= 0 && *(path += strspn(path, "/"))) {
		size_t len = strcspn(path, "/");
		struct statfs fs;
		char name[256];
		int next;

		if (len >= sizeof(name))
			next = -ENAMETOOLONG;
		else if (fstatfs(dir, &fs) < 0)
			next = nsi_errno();
		else if (fs.f_type == AUTOFS_SUPER_MAGIC)
			next = -EAGAIN;
		else {
			memcpy(name, path, len);
			name[len] = '\0';
			next = open_step(dir, name);
		}
		close(dir);
		dir = next;
		path += len;
	}
	return dir;
}

static int open_path(const struct nsi_place *place, int root, const char *path)
{
	int fd;

	if (place->fd_dir >= 0) {
		fd = openat(root, path, O_PATH | O_CLOEXEC);
		return fd < 0 ? nsi_errno() : fd;
	}
	fd = open_cached(root, path);
	return fd == -EAGAIN || fd == -EINVAL || fd == -ENOSYS || fd == -EPERM ?
		walk(root, path) : fd;
}

static int open_pin(const struct job *job, int root, const struct nsi_pin *pin)
{
	nsi_autoclose int fd = -1;
	struct statfs fs;
	struct stat st;
	char name[24];
	int found;

	fd = open_path(job->place, root, pin->path);
	if (fd < 0)
		return fd;
	if (fstatfs(fd, &fs) < 0)
		return nsi_errno();
	if (fs.f_type != NSFS_MAGIC)
		return -ESTALE;
	if (fstat(fd, &st) < 0)
		return nsi_errno();
	if (st.st_ino != pin->inode)
		return -ESTALE;
	found = openat(job->self, fd_name(name, sizeof(name), fd), O_RDONLY | O_CLOEXEC);
	return found < 0 ? nsi_errno() : found;
}

static int tell(int fd, size_t index, int found)
{
	struct answer answer = { index, found < 0 ? found : 0 };
	int r = nsi_courier_send(fd, &answer, sizeof(answer), &found, found >= 0);

	if (found >= 0)
		close(found);
	return r;
}

static void tell_mountinfo(const struct job *job, int fd)
{
	int found = job->place->own ? 0 : enter(job->place->ns);

	if (!found) {
		found = openat(job->self, "mountinfo", O_RDONLY | O_CLOEXEC);
		if (found < 0)
			found = nsi_errno();
	}
	tell(fd, 0, found);
}

/* In the child. */
static void run(int fd, void *data)
{
	struct job *job = data;
	const struct nsi_place *place = job->place;
	int keep[] = { fd, job->ctx->proc_fd, place->task_dir, place->ns, place->fd_dir };
	int root;

	nsi_courier_keep(keep, ARRAY_SIZE(keep));
	/* Whoever is root in the user namespace that is entered must not get at it. */
	prctl(PR_SET_DUMPABLE, 0);
	job->self = nsi_ctx_open_self(job->ctx);
	if (!job->pins) {
		tell_mountinfo(job, fd);
		return;
	}
	root = open_root(place);
	for (size_t i = job->first; i < job->count; i++)
		if (tell(fd, i, root < 0 ? root : open_pin(job, root, job->pins[i])) < 0)
			return;
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The next answer. 0: none is to come. -EMFILE: its descriptor found no room here. */
static int receive(struct nsi_courier *courier, int64_t deadline, struct answer *ret,
		   int *ret_fd)
{
	int64_t left = deadline - now();
	struct nsi_parcel parcel;
	struct answer answer;
	int r = nsi_courier_receive(courier, &answer, sizeof(answer), &parcel,
				    left > 0 ? left : 0);

	if (r <= 0)
		return r;
	if (parcel.length != sizeof(answer) || (!answer.error && !parcel.fd_count)) {
		nsi_parcel_close(&parcel);
		return parcel.length != sizeof(answer) ? -EBADMSG : -EMFILE;
	}
	*ret_fd = parcel.fd_count ? parcel.fds[0] : -1;
	*ret = answer;
	return 1;
}

struct caller {
	int (*each)(void *data, size_t index, int fd, int error);
	void *data;
};

/* What one child fetches, until it is done or hangs: then at job->first. */
static int fetch_some(struct job *job, const struct caller *caller)
{
	int64_t deadline = now() + PATIENCE + (int64_t)(job->count - job->first);
	struct nsi_courier courier;
	int r = nsi_courier_start(job->ctx, &courier, run, job);

	if (r < 0)
		return r;
	while (job->first < job->count) {
		struct answer answer;
		int fd = -1;

		r = receive(&courier, deadline, &answer, &fd);
		if (r <= 0)
			break;
		job->first++;
		r = caller->each(caller->data, answer.index, fd, answer.error);
		if (fd >= 0)
			close(fd);
		if (r < 0)
			break;
	}
	nsi_courier_end(&courier);
	return r > 0 ? 0 : r;
}

int nsi_fetch_pins(struct nsu_ctx *ctx, const struct nsi_place *place,
		   const struct nsi_pin *const *pins, size_t count,
		   int (*each)(void *data, size_t index, int fd, int error), void *data)
{
	struct job job = { .ctx = ctx, .place = place, .pins = pins, .count = count };
	struct caller caller = { each, data };
	int hung = 0, r = 0;

	while (job.first < count && r >= 0) {
		r = hung < MAX_HUNG ? fetch_some(&job, &caller) : -ETIMEDOUT;
		if (job.first == count || (r < 0 && r != -ETIMEDOUT))
			break;
		/* It hangs at this one, or something has killed it. */
		hung++;
		r = each(data, job.first++, -1, r ? r : -EIO);
	}
	return r;
}

static int keep(void *data, size_t index, int fd, int error)
{
	int *ret = data;

	(void)index;
	if (fd >= 0)
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	*ret = fd >= 0 ? fd : error ? error : -EMFILE;
	return 0;
}

int nsi_fetch_pin(struct nsu_ctx *ctx, const struct nsi_place *place, uint64_t inode,
		  const char *path, int *ret)
{
	const struct nsi_pin pin = { .inode = inode, .path = (char *)path };
	const struct nsi_pin *pins = &pin;
	int fd = -EIO, r = nsi_fetch_pins(ctx, place, &pins, 1, keep, &fd);

	if (r < 0 || fd < 0)
		return r < 0 ? r : fd;
	*ret = fd;
	return 0;
}

void nsi_place_close(struct nsi_place *place)
{
	nsi_closep(&place->task_dir);
	nsi_closep(&place->ns);
	nsi_closep(&place->fd_dir);
}

int nsi_fetch_mountinfo(struct nsu_ctx *ctx, const struct nsi_place *place, int *ret)
{
	struct job job = { .ctx = ctx, .place = place, .count = 1 };
	struct nsi_courier courier;
	struct answer answer;
	int r = nsi_courier_start(ctx, &courier, run, &job);

	if (r < 0)
		return r;
	r = receive(&courier, now() + PATIENCE, &answer, ret);
	nsi_courier_end(&courier);
	if (r <= 0)
		return r ? r : -EIO;
	return answer.error;
}
