/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that engines left, below the root of the context. Who owns one may be an enemy:
 * each name on the way to it is opened by O_PATH, which asks no server, mounts nothing
 * and wakes no device, and is looked at before the next.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "container.h"
#include "states.h"
#include "uapi.h"

#define MAX_DIRS	256	/* that are kept open */
#define MAX_NAMES	65536
#define MAX_LINKS	8	/* on the way to one of them */
#define TRIES		4	/* of a file that is being written */
/* Of one user in one scan, not root: a thousand containers of Podman's take 4 MB. */
#define BUDGET		(32 << 20)

int nsi_states_new(struct nsu_ctx *ctx, struct nsi_states **ret)
{
	struct nsi_states *states;
	struct nsi_statx st;
	int r;

	if (!ctx->root && (!ctx->procfs.real || !ctx->procfs.self))
		return -ENOENT;
	states = calloc(1, sizeof(*states));
	if (!states)
		return -ENOMEM;
	/* The caller's own, whatever procfs the context is of. */
	states->self = open("/proc/thread-self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	states->root = open(ctx->root ? ctx->root : "/",
			    O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = states->root < 0 ? nsi_errno() : nsi_states_look(states, states->root, &st);
	if (r < 0) {
		nsi_states_free(states);
		return r;
	}
	states->owner = st.uid;
	*ret = states;
	return 0;
}

void nsi_states_free(struct nsi_states *states)
{
	if (!states)
		return;
	for (size_t i = 0; i < NSI_SLOTS; i++)
		if (states->slot[i] && states->release[i])
			states->release[i](states->slot[i]);
	for (size_t i = 0; i < states->dir_count; i++) {
		if (states->dirs[i].fd >= 0)
			close(states->dirs[i].fd);
		free(states->dirs[i].path);
	}
	if (states->root >= 0)
		close(states->root);
	if (states->self >= 0)
		close(states->self);
	free(states->budgets);
	free(states->dirs);
	free(states->mounts);
	free(states);
}

void **nsi_states_slot(struct nsi_states *states, enum nsi_slot which,
		       void (*release)(void *))
{
	states->release[which] = release;
	return &states->slot[which];
}

/*
 * root of a user namespace sees the host's root as nobody: then "/" is that user's, who
 * is as much to be trusted. Who may replace what is in a directory could as well have
 * written it, but for a sticky one; a group's directories, Debian's /var/log, are no
 * more than on the way to what root or the user owns.
 */
static bool is_trusted(const struct nsi_states *states, const struct nsi_statx *st,
		       uid_t uid)
{
	if (st->uid != 0 && st->uid != uid && st->uid != states->owner &&
	    st->uid != geteuid())
		return false;
	if (S_ISDIR(st->mode))
		return !(st->mode & S_IWOTH) || st->mode & S_ISVTX;
	return S_ISREG(st->mode) && !(st->mode & (S_IWGRP | S_IWOTH));
}

/* Whose files are read and whose directories are listed. */
struct owner {
	uid_t uid;
	bool of_files;		/* Podman gives directories to the container's root, but
				   not the file in it that is read: others gain nothing
				   by putting theirs there */
};

/* One name further: an O_PATH descriptor, looked at. Takes over from. */
static int step(struct nsi_states *states, int take_from, const char *name, size_t len,
		const struct owner *owner, struct nsi_statx *st)
{
	nsi_autoclose int from = take_from, fd = -1;
	char copy[NAME_MAX + 1];
	int r;

	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(copy, name, len);
	copy[len] = '\0';
	if (!strcmp(copy, "..") || !strcmp(copy, "."))
		return -EINVAL;
	fd = openat(from, copy, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return nsi_errno();
	r = nsi_states_look(states, fd, st);
	if (r < 0)
		return r;
	if (S_ISLNK(st->mode))
		return -ELOOP;
	if (!(owner->of_files && S_ISDIR(st->mode)) &&
	    !is_trusted(states, st, owner->uid))
		return -EPERM;
	r = fd;
	fd = -1;
	return r;
}

/* Down from a directory: what is there, whatever it is but a link. *at: the name that it
   got to. */
static int walk(struct nsi_states *states, int dir, const char *path,
		const struct owner *owner, struct nsi_statx *st, const char **at)
{
	int fd = openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return nsi_errno();
	st->mode = S_IFDIR;
	while (*(path += strspn(path, "/"))) {
		size_t len = strcspn(path, "/");

		*at = path;
		if (!S_ISDIR(st->mode)) {
			close(fd);
			return -ENOTDIR;
		}
		fd = step(states, fd, path, len, owner, st);
		if (fd < 0)
			return fd;
		path += len;
	}
	return fd;
}

/* The link that path has at that name is root's own: the path by which it leads on. It
   begins at the root again, and a way up in it is not taken. */
static int follow(struct nsi_states *states, const char *path, const char *at,
		  const struct owner *owner, char *ret)
{
	nsi_autofree char *before = strndup(path, at - path);
	nsi_autofree char *name = strndup(at, strcspn(at, "/"));
	nsi_autoclose int dir = -1, fd = -1;
	char target[PATH_MAX];
	struct nsi_statx st;
	ssize_t len;

	if (!before || !name)
		return -ENOMEM;
	dir = walk(states, states->root, before, owner, &st, &(const char *){ NULL });
	if (dir < 0)
		return dir;
	fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return nsi_errno();
	if (nsi_states_look(states, fd, &st) < 0 || !S_ISLNK(st.mode) ||
	    (st.uid != 0 && st.uid != states->owner))
		return -ELOOP;
	len = readlinkat(fd, "", target, sizeof(target) - 1);
	if (len < 0)
		return nsi_errno();
	target[len] = '\0';
	len = snprintf(ret, PATH_MAX, "%s%s%s", target[0] == '/' ? "" : before, target,
		       at + strlen(name));
	return len < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Administrators put a link where an engine wants to have its data, /var/lib/docker. */
static int open_dir(struct nsi_states *states, const char *path, uid_t uid)
{
	const struct owner owner = { uid, false };
	char paths[2][PATH_MAX];
	struct nsi_statx st;
	const char *at = path;
	int fd = walk(states, states->root, path, &owner, &st, &at);

	for (int i = 0; i < MAX_LINKS && fd == -ELOOP; i++) {
		int r = follow(states, path, at, &owner, paths[i % 2]);

		if (r < 0)
			return r;
		path = paths[i % 2];
		fd = walk(states, states->root, path, &owner, &st, &at);
	}
	if (fd >= 0 && !S_ISDIR(st.mode)) {
		close(fd);
		return -ENOTDIR;
	}
	return fd;
}

int nsi_states_dir(struct nsi_states *states, const char *path, uid_t uid)
{
	struct nsi_states_dir *dir;

	if (!states || path[0] != '/')
		return -EINVAL;
	for (size_t i = 0; i < states->dir_count; i++) {
		dir = &states->dirs[i];
		if (dir->uid == uid && !strcmp(dir->path, path))
			return dir->fd;
	}
	if (states->dir_count == MAX_DIRS)
		return -E2BIG;
	if (nsi_grow((void **)&states->dirs, &states->dir_size, states->dir_count,
		     sizeof(*dir)) < 0)
		return -ENOMEM;
	dir = &states->dirs[states->dir_count];
	dir->path = strdup(path);
	if (!dir->path)
		return -ENOMEM;
	dir->uid = uid;
	dir->fd = open_dir(states, path, uid);
	states->dir_count++;
	return dir->fd;
}

static bool is_same(const struct nsi_statx *a, const struct nsi_statx *b)
{
	/* Four times of two words: of access, birth, change, writing. */
	return a->size == b->size && !memcmp(a->times + 4, b->times + 4, 32);
}

/* By its descriptor: a name could by now be another file's, and to open that have an
   effect. */
static ssize_t read_whole(struct nsi_states *states, int fd, size_t size, char *buf)
{
	nsi_autoclose int file = -1;
	char name[24];
	size_t len = 0;
	ssize_t n;

	snprintf(name, sizeof(name), "fd/%d", fd);
	file = openat(states->self, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file < 0)
		return nsi_errno();
	do {
		n = read(file, buf + len, size - len);
		if (n < 0 && errno != EINTR)
			return nsi_errno();
		len += n > 0 ? n : 0;
	} while (n && len < size);
	return len;
}

/* Who fills directories with large files would let every scan take minutes. */
static int spend(struct nsi_states *states, uid_t uid, size_t size)
{
	size_t i = 0;
	int r;

	if (!uid)
		return 0;
	while (i < states->budget_count && states->budgets[i].uid != uid)
		i++;
	if (i == states->budget_count) {
		r = nsi_grow((void **)&states->budgets, &states->budget_size, i,
			     sizeof(*states->budgets));
		if (r < 0)
			return r;
		states->budgets[states->budget_count++] = (struct nsi_budget){
			uid, BUDGET,
		};
	}
	if (size > states->budgets[i].left)
		return -EFBIG;
	states->budgets[i].left -= size;
	return 0;
}

/* -EAGAIN: it was written meanwhile. */
static ssize_t read_once(struct nsi_states *states, int dir, const char *path,
			 uid_t uid, size_t limit, char **ret)
{
	const struct owner owner = { uid, true };
	nsi_autofree char *buf = NULL;
	nsi_autoclose int fd = -1;
	struct nsi_statx before, after;
	ssize_t n;

	fd = walk(states, dir, path, &owner, &before, &(const char *){ NULL });
	if (fd < 0)
		return fd;
	if (!S_ISREG(before.mode))
		return -EISDIR;
	if (before.size > limit)
		return -EFBIG;
	n = spend(states, uid, before.size);
	if (n < 0)
		return n;
	buf = malloc(before.size + 2);
	if (!buf)
		return -ENOMEM;
	n = read_whole(states, fd, before.size + 1, buf);
	if (n < 0)
		return n;
	if (nsi_states_look(states, fd, &after) < 0 || !is_same(&before, &after) ||
	    (size_t)n != before.size)
		return -EAGAIN;
	buf[n] = '\0';
	*ret = buf;
	buf = NULL;
	return n;
}

ssize_t nsi_states_read(struct nsi_states *states, int dir, const char *path, uid_t uid,
			size_t limit, char **ret)
{
	ssize_t n = -EAGAIN;

	if (!states || dir < 0 || !path[strspn(path, "/")])
		return -EINVAL;
	for (int i = 0; i < TRIES && n == -EAGAIN; i++)
		n = read_once(states, dir, path, uid, limit, ret);
	return n;
}

static int add_name(char ***names, size_t *size, size_t count, const char *name)
{
	if (count == MAX_NAMES)
		return -E2BIG;
	/* one more for the NULL at the end */
	if (nsi_grow((void **)names, size, count + 1, sizeof(**names)) < 0)
		return -ENOMEM;
	(*names)[count] = strdup(name);
	if (!(*names)[count])
		return -ENOMEM;
	(*names)[count + 1] = NULL;
	return 0;
}

int nsi_states_list(struct nsi_states *states, int dir, char ***ret)
{
	size_t size = 0, count = 0;
	const struct dirent *entry;
	char **names = NULL;
	DIR *entries;
	int r;

	if (!states || dir < 0)
		return -EINVAL;
	entries = nsi_open_entries(dir);
	if (!entries)
		return nsi_errno();
	r = nsi_grow((void **)&names, &size, 0, sizeof(*names));
	if (!r)
		names[0] = NULL;
	while (!r && (errno = 0, entry = readdir(entries))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		r = add_name(&names, &size, count, entry->d_name);
		count += !r;
	}
	if (!r && errno)
		r = nsi_errno();
	closedir(entries);
	if (r < 0) {
		nsi_names_free(names);
		return r;
	}
	*ret = names;
	return count;
}

void nsi_names_free(char **names)
{
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}
