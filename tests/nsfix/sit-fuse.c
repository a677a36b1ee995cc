// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A FUSE server that answers until its file is open and never again. The protocol is
 * spoken here: what is needed is small, and musl comes without <linux/fuse.h>.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsfix.h"

#define FILE_NAME "file"
#define FILE_NODE 2

/* Those opcodes of the FUSE protocol that are answered. */
enum { OP_LOOKUP = 1, OP_GETATTR = 3, OP_OPEN = 14, OP_INIT = 26 };

struct request {
	uint32_t len, opcode;
	uint64_t unique, node;
	uint32_t uid, gid, pid, padding;
};

struct reply_head {
	uint32_t len;
	int32_t error;
	uint64_t unique;
};

struct attributes {
	uint64_t ino, size, blocks, atime, mtime, ctime;
	uint32_t atimensec, mtimensec, ctimensec, mode, nlink, uid, gid, rdev, blksize,
		flags;
};

struct reply {
	struct reply_head head;
	union {
		struct {
			uint32_t major, minor, max_readahead, flags;
			uint16_t max_background, congestion_threshold;
			uint32_t max_write, time_gran;
			uint16_t max_pages, map_alignment;
			uint32_t unused[8];
		} init;
		struct {
			uint64_t node, generation, entry_valid, attr_valid;
			uint32_t entry_valid_nsec, attr_valid_nsec;
			struct attributes attr;
		} entry;
		struct {
			uint64_t valid;
			uint32_t valid_nsec, unused;
			struct attributes attr;
		} attr;
		struct {
			uint64_t handle;
			uint32_t flags, padding;
		} open;
	} body;
};

_Static_assert(sizeof(((struct reply *)0)->body.init) == 64, "fuse_init_out");
_Static_assert(sizeof(((struct reply *)0)->body.entry) == 128, "fuse_entry_out");

static void set_attributes(struct attributes *a, uint64_t node)
{
	a->ino = node;
	a->mode = node == FILE_NODE ? S_IFREG | 0644 : S_IFDIR | 0755;
	a->nlink = 1;
	a->blksize = 4096;
}

/* Returns the size of the body, or a negative errno for the kernel. */
static int answer(const struct request *q, struct reply *r)
{
	switch (q->opcode) {
	case OP_INIT:
		r->body.init.major = 7;
		r->body.init.minor = 31;
		r->body.init.max_write = 4096;
		return sizeof(r->body.init);
	case OP_LOOKUP:
		/* Validity 0: whoever stats it later has to ask, and waits for ever. */
		r->body.entry.node = FILE_NODE;
		set_attributes(&r->body.entry.attr, FILE_NODE);
		return sizeof(r->body.entry);
	case OP_GETATTR:
		set_attributes(&r->body.attr.attr, q->node);
		return sizeof(r->body.attr);
	case OP_OPEN:
		return sizeof(r->body.open);
	default:
		return -ENOSYS;
	}
}

static void serve_until_open(struct fix *f, int fd)
{
	union {
		struct request q;
		char space[16384];
	} in;

	do {
		struct reply r;
		int size;

		memset(&r, 0, sizeof(r));
		if (read(fd, &in, sizeof(in)) < (ssize_t)sizeof(in.q))
			fix_die(f, "read a FUSE request");
		size = answer(&in.q, &r);
		r.head.unique = in.q.unique;
		r.head.error = size < 0 ? size : 0;
		r.head.len = (uint32_t)(sizeof(r.head) + (size < 0 ? 0 : (size_t)size));
		if (write(fd, &r, r.head.len) < 0)
			fix_die(f, "answer a FUSE request");
	} while (in.q.opcode != OP_OPEN);
}

static const char *mount_point(void)
{
	static const char *const places[] = { "/mnt", "/media", "/tmp", "/run", "/" };
	size_t i = 0;

	/* Any directory will do: the mount namespace is our own. */
	while (i < 4 && access(places[i], X_OK))
		i++;
	return places[i];
}

static void body_fuse_user(struct fix *f, int slot)
{
	char path[64];
	int fd;

	/* Only the server may hold it, so that the connection ends with the server. */
	close(f->aux[0]);
	snprintf(path, sizeof(path), "%s/" FILE_NAME, mount_point());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fix_die(f, "open a file on FUSE");
	fix_report_fd(f, slot, fd);
	fix_hold(f);
}

static void body_fuse_server(struct fix *f, int slot)
{
	char options[128];
	int fd;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		fix_die(f, "make mounts private");
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fix_die(f, "open /dev/fuse");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%u,group_id=%u",
		 fd, geteuid(), getegid());
	if (mount("nsfix", mount_point(), "fuse.nsfix", MS_NOSUID | MS_NODEV, options))
		fix_die(f, "mount FUSE");
	f->aux[0] = fd;
	fix_spawn(f, slot + 1, 0, body_fuse_user);
	serve_until_open(f, fd);
}

int build_dead_fuse(struct fix *f)
{
	char path[64];

	fix_spawn(f, 0, CLONE_NEWNS, body_fuse_server);
	if (fix_collect(f, 2))
		return -1;
	json_tasks(f->out, f->tasks, 2);
	json_member(f->out, "server", &f->tasks[0]);
	json_member(f->out, "holder", &f->tasks[1]);
	snprintf(path, sizeof(path), "%s/" FILE_NAME, mount_point());
	json_key_string(f->out, "path", path);
	return 0;
}
