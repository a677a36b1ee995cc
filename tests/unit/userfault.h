/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A read that never ends: into memory whose pages no one brings. */
#ifndef NSU_USERFAULT_H
#define NSU_USERFAULT_H

#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

static void *missing;		/* the page */

static void *read_into_it(void *data)
{
	ssize_t n = read(*(int *)data, missing, 4096);

	return n ? data : NULL;
}

/* A thread of the caller's reads fd, and holds it, for ever. A negative errno where that
   cannot be arranged here. */
static int stick(int fd)
{
	static int from;
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffd_msg msg;
	pthread_t thread;
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) < 0)
		return -errno;
	missing = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)missing;
	range.range.len = 4096;
	if (ioctl(uffd, UFFDIO_REGISTER, &range) < 0)
		return -errno;
	from = fd;
	if (pthread_create(&thread, NULL, read_into_it, &from))
		return -EAGAIN;
	/* It is told that the page is missed: then the reader holds what it reads. */
	return read(uffd, &msg, sizeof(msg)) == sizeof(msg) ? 0 : -errno;
}

#endif
