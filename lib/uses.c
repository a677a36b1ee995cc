/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which files a task has, and on which mounts. A link in /proc is read, never followed:
 * to follow one may ask its file system, and a dead one does not answer.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "courier.h"
#include "enter.h"
#include "uapi.h"
#include "walk.h"

#define PATIENCE	1000		/* ms that a file has for its answer */
#define MAPS_LIMIT	(16 << 20)
#define PARTS		((unsigned)(NSU_USES_FILES | NSU_USES_MAPS | NSU_USES_SOCKETS))

/* of the structs in release 0.1 */
#define CONFINEMENT_SIZE (offsetof(struct nsu_confinement, hard) + 16 * sizeof(uint64_t))
#define FILE_SIZE	(offsetof(struct nsu_file, minor) + sizeof(unsigned))

struct nsu_uses {
	struct nsu_use *items;
	size_t count, size;
};

/* While the descriptors of a task are listed. */
struct listing {
	struct nsu_uses *uses;
	enum nsu_use_kind kind;	/* FD or SOCKET, the others are passed over */
	int fds, infos;
	char text[PATH_MAX + 1];
};

void nsu_uses_free(struct nsu_uses *uses)
{
	if (!uses)
		return;
	for (size_t i = 0; i < uses->count; i++)
		free((void *)uses->items[i].path);
	free(uses->items);
	free(uses);
}

size_t nsu_uses_count(const struct nsu_uses *uses)
{
	return uses ? uses->count : 0;
}

const struct nsu_use *nsu_uses_get(const struct nsu_uses *uses, size_t index)
{
	return uses && index < uses->count ? &uses->items[index] : NULL;
}

static int add(struct nsu_uses *uses, const struct nsu_use *use)
{
	char *path = use->path ? strdup(use->path) : NULL;
	int r;

	if (use->path && !path)
		return -ENOMEM;
	r = nsi_grow((void **)&uses->items, &uses->size, uses->count,
		     sizeof(*uses->items));
	if (r < 0) {
		free(path);
		return r;
	}
	uses->items[uses->count] = *use;
	uses->items[uses->count++].path = path;
	return 0;
}

/* Of what is no path the text does not begin with a slash. */
static int read_link(int dir, const char *name, char *text, size_t size)
{
	ssize_t n = readlinkat(dir, name, text, size - 1);

	if (n < 0)
		return nsi_errno();
	text[n] = '\0';
	return *text == '/';
}

static int take_link(struct nsu_uses *uses, int dir, const char *name,
		     enum nsu_use_kind kind)
{
	char text[PATH_MAX + 1];
	int r = read_link(dir, name, text, sizeof(text));

	/* A kernel thread has no executable, and who is about to end has none at all. */
	if (r <= 0)
		return r == -ENOENT ? 0 : r;
	return add(uses, &(struct nsu_use){ .kind = kind, .fd = -1, .path = text });
}

static uint64_t mount_of(int infos, const char *number)
{
	char text[1024];
	const char *at;

	if (nsi_read_at(infos, number, text, sizeof(text)) < 0)
		return 0;
	at = strstr(text, "mnt_id:");
	return at ? strtoull(at + 7, NULL, 10) : 0;
}

static int take_fd(void *data, pid_t number)
{
	struct listing *listing = data;
	struct nsu_use use = { .kind = listing->kind, .fd = number };
	char name[16];
	int r;

	snprintf(name, sizeof(name), "%d", number);
	r = read_link(listing->fds, name, listing->text, sizeof(listing->text));
	/* Closed meanwhile. */
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (use.kind == NSU_USE_SOCKET) {
		r = nsi_parse_inode(listing->text, "socket", &use.socket);
		return r < 0 ? 0 : add(listing->uses, &use);
	}
	if (!r)
		return 0;
	use.path = listing->text;
	use.mount = mount_of(listing->infos, name);
	return add(listing->uses, &use);
}

static int take_fds(struct nsu_uses *uses, int dir, enum nsu_use_kind kind)
{
	nsi_autoclose int fds = -1, infos = -1;
	struct listing listing = { .uses = uses, .kind = kind };
	char room[8192];

	fds = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fds < 0)
		return nsi_errno();
	infos = openat(dir, "fdinfo", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (infos < 0)
		return nsi_errno();
	listing.fds = fds;
	listing.infos = infos;
	return nsi_each_number(fds, room, sizeof(room), take_fd, &listing);
}

static bool is_known(const struct nsu_uses *uses, const struct nsu_use *use)
{
	const struct nsu_use *last = nsu_uses_get(uses, uses->count - 1);

	/* The parts of one file follow each other. */
	if (last && last->kind == NSU_USE_MAP && !strcmp(last->path, use->path))
		return true;
	for (size_t i = 0; i < uses->count && i < 3; i++)
		if (uses->items[i].kind == NSU_USE_EXE)
			return !strcmp(uses->items[i].path, use->path);
	return false;
}

/* "7f00-7f01 r--p 00001000 08:01 131 /usr/lib/x": newlines in a path are \012. */
static int take_map(struct nsu_uses *uses, char *line)
{
	struct nsu_use use = { .kind = NSU_USE_MAP, .fd = -1 };
	int at = 0;

	if (sscanf(line, "%*s %*s %*s %x:%x %*s %n", &use.major, &use.minor, &at) < 2 ||
	    !at || line[at] != '/')
		return 0;
	nsi_unescape_octal(line + at);
	use.path = line + at;
	return is_known(uses, &use) ? 0 : add(uses, &use);
}

static int take_maps(struct nsu_uses *uses, int dir)
{
	nsi_autofree char *text = NULL;
	char *save = NULL;
	ssize_t n = nsi_read_all_at(dir, "maps", MAPS_LIMIT, &text);
	int r = 0;

	if (n < 0)
		return n == -ENOMEM ? n : 0;
	for (char *line = strtok_r(text, "\n", &save); line && !r;
	     line = strtok_r(NULL, "\n", &save))
		r = take_map(uses, line);
	return r;
}

int nsu_uses_new(const struct nsu_task *task, unsigned parts, struct nsu_uses **ret)
{
	static const char *const links[] = {
		[NSU_USE_ROOT] = "root", [NSU_USE_CWD] = "cwd", [NSU_USE_EXE] = "exe",
	};
	nsi_autoclose int dir = -1;
	struct nsu_uses *uses;
	struct stat st;
	int r = 0;

	if (!task || !ret || !parts || parts & ~PARTS)
		return -EINVAL;
	dir = nsi_task_open(task);
	if (dir < 0)
		return dir;
	uses = calloc(1, sizeof(*uses));
	if (!uses)
		return -ENOMEM;
	/* The executable is mapped, too. */
	for (unsigned kind = parts & NSU_USES_FILES ? 0 : NSU_USE_EXE;
	     parts & ~NSU_USES_SOCKETS && kind < ARRAY_SIZE(links) && !r; kind++)
		r = take_link(uses, dir, links[kind], kind);
	if (!r && parts & NSU_USES_FILES)
		r = take_fds(uses, dir, NSU_USE_FD);
	if (!r && parts & NSU_USES_MAPS)
		r = take_maps(uses, dir);
	if (!r && parts & NSU_USES_SOCKETS)
		r = take_fds(uses, dir, NSU_USE_SOCKET);
	if (r == -ENOENT || (!r && fstatat(dir, "stat", &st, 0) < 0))
		r = -ESRCH;
	if (r < 0)
		nsu_uses_free(uses);
	else
		*ret = uses;
	return r < 0 ? r : 0;
}

struct sockets {
	int fds;
	int (*each)(void *data, uint64_t socket);
	void *data;
};

static int take_socket(void *data, pid_t number)
{
	const struct sockets *sockets = data;
	char name[16], text[64];
	uint64_t inode;
	ssize_t n;

	snprintf(name, sizeof(name), "%d", number);
	n = readlinkat(sockets->fds, name, text, sizeof(text) - 1);
	if (n < 0)
		return errno == ENOENT || errno == ENAMETOOLONG ? 0 : nsi_errno();
	text[n] = '\0';
	return nsi_parse_inode(text, "socket", &inode) < 0 ? 0 :
		sockets->each(sockets->data, inode);
}

int nsi_uses_each_socket(const struct nsu_task *task,
			 int (*each)(void *data, uint64_t socket), void *data)
{
	nsi_autoclose int dir = nsi_task_open(task), fds = -1;
	struct sockets sockets = { .each = each, .data = data };
	char room[8192];
	int r;

	if (dir < 0)
		return dir;
	fds = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fds < 0)
		return errno == ENOENT ? -ESRCH : nsi_errno();
	sockets.fds = fds;
	r = nsi_each_number(fds, room, sizeof(room), take_socket, &sockets);
	return r == -ENOENT ? -ESRCH : r;
}

int nsu_task_read_confinement(const struct nsu_task *task, struct nsu_confinement *ret)
{
	struct nsu_confinement found = { .size = 0 };
	struct nsi_hold hold = { .pidfd = -1 };
	nsi_autoclose int dir = -1;
	struct nsi_confine c;
	int r;

	if (!task || !ret || ret->size < CONFINEMENT_SIZE)
		return -EINVAL;
	hold.dir = dir = nsi_task_open(task);
	if (dir < 0)
		return dir;
	r = nsi_confine_read(task->snap->ctx, &hold, &c);
	if (r < 0)
		return r;
	r = c.status_error;
	found = (struct nsu_confinement){
		.uid = c.uid, .gid = c.gid, .effective = c.effective,
		.permitted = c.permitted, .inheritable = c.inheritable,
		.bounding = c.bounding, .ambient = c.ambient,
		.no_new_privs = c.no_new_privs, .seccomp = c.seccomp,
		.filters = c.filter_count, .has_limits = !c.limits_error,
	};
	_Static_assert(ARRAY_SIZE(found.soft) == RLIM_NLIMITS, "every limit has room");
	for (int i = 0; found.has_limits && i < RLIM_NLIMITS; i++) {
		found.soft[i] = c.limits[i].rlim_cur;
		found.hard[i] = c.limits[i].rlim_max;
	}
	nsi_confine_free(&c);
	if (r < 0)
		return r;
	nsi_give(ret, &found, sizeof(found));
	return 0;
}

/* What the child says: first that it is there, then what it is. */
struct answer {
	int error;
	struct nsu_file file;
};

static void ask_file(int fd, void *data)
{
	struct answer answer = { 0 };
	char name[16], *digit = name + sizeof(name) - 1;
	struct nsi_statx st;
	int file, infos, keep[] = { fd };

	nsi_courier_keep(keep, ARRAY_SIZE(keep));
	file = open(data, O_PATH | O_CLOEXEC);
	if (file < 0) {
		answer.error = nsi_errno();
		nsi_courier_send(fd, &answer, sizeof(answer), NULL, 0);
		return;
	}
	*digit = '\0';
	for (int n = file; n || digit == name + sizeof(name) - 1; n /= 10)
		*--digit = '0' + n % 10;
	infos = open("/proc/self/fdinfo", O_PATH | O_DIRECTORY | O_CLOEXEC);
	answer.file.mount = infos < 0 ? 0 : mount_of(infos, digit);
	nsi_courier_send(fd, &answer, sizeof(answer), NULL, 0);
	if (nsi_stat_cached(file, &st) < 0)
		return;
	answer.file.answered = true;
	answer.file.mode = st.mode;
	answer.file.uid = st.uid;
	answer.file.gid = st.gid;
	answer.file.major = st.rdev_major;
	answer.file.minor = st.rdev_minor;
	nsi_courier_send(fd, &answer, sizeof(answer), NULL, 0);
}

int nsu_file_read(const char *path, struct nsu_file *ret)
{
	struct nsi_courier courier;
	struct answer answer = { 0 };
	struct nsi_parcel parcel;
	int r;

	if (!path || !ret || ret->size < FILE_SIZE)
		return -EINVAL;
	r = nsi_courier_start(NULL, &courier, ask_file, (void *)path);
	if (r < 0)
		return r;
	r = nsi_courier_receive(&courier, &answer, sizeof(answer), &parcel, PATIENCE);
	if (r > 0 && !answer.error)
		nsi_courier_receive(&courier, &answer, sizeof(answer), &parcel, PATIENCE);
	nsi_courier_end(&courier);
	if (r <= 0)
		return r < 0 ? r : -EIO;
	if (answer.error)
		return answer.error;
	nsi_give(ret, &answer.file, sizeof(answer.file));
	return 0;
}
