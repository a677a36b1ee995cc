/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include "nsi.h"
#include "uapi.h"

/* procfs has plain files here; another tree may hold a FIFO or a link to a device. */
#define READ_FLAGS	(O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW)

ssize_t nsi_read_at(int dirfd, const char *path, char *buf, size_t size)
{
	nsi_autoclose int fd = -1;
	size_t len = 0;

	fd = openat(dirfd, path, READ_FLAGS);
	if (fd < 0)
		return nsi_errno();
	while (len < size - 1) {
		ssize_t n = read(fd, buf + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nsi_errno();
		if (n == 0)
			break;
		len += n;
	}
	buf[len] = '\0';
	return len;
}

ssize_t nsi_read_once_at(int dirfd, const char *path, char *buf, size_t size)
{
	nsi_autoclose int fd = -1;
	ssize_t n;

	fd = openat(dirfd, path, READ_FLAGS);
	if (fd < 0)
		return nsi_errno();
	do
		n = read(fd, buf, size - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return nsi_errno();
	buf[n] = '\0';
	return n;
}

DIR *nsi_open_entries(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);

	if (entries || fd < 0)
		return entries;
	error = errno;
	close(fd);
	errno = error;
	return NULL;
}

ssize_t nsi_read_all(int fd, size_t limit, char **ret)
{
	nsi_autofree char *buf = NULL;
	size_t len = 0, size = 0;

	while (len < limit) {
		ssize_t n;

		if (len + 1 >= size) {
			size_t wanted = size ? size * 2 : 1024;
			char *more = realloc(buf, wanted);

			if (!more)
				return -ENOMEM;
			buf = more;
			size = wanted;
		}
		n = read(fd, buf + len, size - 1 - len < limit - len ?
			 size - 1 - len : limit - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nsi_errno();
		if (n == 0)
			break;
		len += n;
	}
	if (!buf)
		return -EINVAL;
	buf[len] = '\0';
	*ret = buf;
	buf = NULL;
	return len;
}

ssize_t nsi_read_all_at(int dirfd, const char *path, size_t limit, char **ret)
{
	nsi_autoclose int fd = openat(dirfd, path, READ_FLAGS);

	return fd < 0 ? nsi_errno() : nsi_read_all(fd, limit, ret);
}

int nsi_walk_dirs(int from, const char *path)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(from, ".", flags);

	if (fd < 0)
		return nsi_errno();
	while (*(path += strspn(path, "/"))) {
		nsi_autoclose int up = fd;
		size_t len = strcspn(path, "/");
		char name[NAME_MAX + 1];

		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path, len);
		name[len] = '\0';
		fd = openat(up, name, flags);
		if (fd < 0)
			return nsi_errno();
		path += len;
	}
	return fd;
}

int nsi_stat_cached(int fd, struct nsi_statx *ret)
{
	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		    NSI_STATX_BASIC, ret) < 0)
		return nsi_errno();
	return 0;
}
