/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that to close takes until its server is gone. */
#ifndef NSU_FUSE_H
#define NSU_FUSE_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kid.h"

enum { OP_LOOKUP = 1, OP_GETATTR = 3, OP_OPEN = 14, OP_INIT = 26 };

struct fuse_request {
	uint32_t len, opcode;
	uint64_t unique, node;
	uint32_t uid, gid, pid, padding;
};

/* The longest of those bodies that are answered has 128 bytes. */
struct fuse_reply {
	uint32_t len;
	int32_t error;
	uint64_t unique;
	uint64_t body[16];
};

/* struct fuse_attr: ino first, mode at byte 60. */
static void put_attributes(uint64_t *attr, uint64_t node)
{
	uint32_t mode = node == 2 ? S_IFREG | 0644 : S_IFDIR | 0755, one = 1;

	attr[0] = node;
	memcpy((char *)attr + 60, &mode, sizeof(mode));
	memcpy((char *)attr + 64, &one, sizeof(one));
}

static size_t answer_fuse(const struct fuse_request *q, struct fuse_reply *r)
{
	uint32_t init[] = { 7, 31, 0, 0, 0, 4096 };

	switch (q->opcode) {
	case OP_INIT:
		memcpy(r->body, init, sizeof(init));
		return 64;
	case OP_LOOKUP:
		r->body[0] = 2;
		put_attributes(r->body + 5, 2);
		return 128;
	case OP_GETATTR:
		put_attributes(r->body + 2, q->node);
		return 104;
	case OP_OPEN:
		return 16;
	default:
		r->error = -ENOSYS;
		return 0;
	}
}

/* Serves until the file is open, then nothing any more. */
static void serve_fuse(int fd)
{
	union {
		struct fuse_request q;
		char space[16384];
	} in;

	do {
		struct fuse_reply r = { 0 };

		if (read(fd, &in, sizeof(in)) < (ssize_t)sizeof(in.q))
			_exit(1);
		r.unique = in.q.unique;
		r.len = 16 + answer_fuse(&in.q, &r);
		if (write(fd, &r, r.len) < 0)
			_exit(1);
	} while (in.q.opcode != OP_OPEN);
}

/* In a kid with a mount namespace of its own. A negative errno where that cannot be. The
   server is to be killed before whoever has the file, who cannot end otherwise; should
   the test not come to that, the alarm does it. */
static int open_fuse(pid_t *ret_server)
{
	char options[64];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC), r;
	pid_t pid;

	if (fd < 0)
		return -errno;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0",
		 fd);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("fuse", "/tmp", "fuse", MS_NOSUID | MS_NODEV, options) < 0)
		return -errno;
	pid = fork();
	if (!pid) {
		alarm(30);
		serve_fuse(fd);
		for (;;)
			pause();
	}
	*ret_server = pid;
	close(fd);
	r = open("/tmp/file", O_RDWR | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

#endif
