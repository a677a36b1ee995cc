// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A FUSE server that answers until its file is open and never again, or one that never
 * answers anybody but its accomplice. The protocol is
 * spoken here: what is needed is small, and musl comes without <linux/fuse.h>.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "held.h"

#define FILE_NAME "file"
#define FILE_NODE 2
#define EQUAL 50		/* calls that take about as long as a server's answer */

/* Those opcodes of the FUSE protocol that are answered. */
enum {
	OP_LOOKUP = 1, OP_FORGET = 2, OP_GETATTR = 3, OP_OPEN = 14, OP_RELEASE = 18,
	OP_FLUSH = 25, OP_INIT = 26, OP_BATCH_FORGET = 42,
};

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
	case OP_FLUSH:
	case OP_RELEASE:
		return 0;
	default:
		return -ENOSYS;
	}
}

/* Answers one request, but none of strangers if there is an accomplice; its opcode. */
static uint32_t serve(struct fix *f, int fd, uint32_t accomplice)
{
	union {
		struct request q;
		char space[16384];
	} in;
	struct reply r;
	int size;

	memset(&r, 0, sizeof(r));
	if (read(fd, &in, sizeof(in)) < (ssize_t)sizeof(in.q))
		fix_die(f, "read a FUSE request");
	if (in.q.opcode == OP_FORGET || in.q.opcode == OP_BATCH_FORGET)
		return in.q.opcode;
	if (accomplice && in.q.pid && in.q.pid != accomplice)
		return in.q.opcode;
	size = answer(&in.q, &r);
	r.head.unique = in.q.unique;
	r.head.error = size < 0 ? size : 0;
	r.head.len = (uint32_t)(sizeof(r.head) + (size < 0 ? 0 : (size_t)size));
	/* It may be gone: who asked was killed. */
	if (write(fd, &r, r.head.len) < 0 && errno != ENOENT)
		fix_die(f, "answer a FUSE request");
	return in.q.opcode;
}

const char *mount_point(void)
{
	static const char *const places[] = { "/mnt", "/media", "/tmp", "/run", "/" };
	size_t i = 0;

	/* Any directory will do: the mount namespace is our own. */
	while (i < 4 && access(places[i], X_OK))
		i++;
	return places[i];
}

static int open_file(struct fix *f)
{
	char path[64];
	int fd;

	/* Only the server may hold it, so that the connection ends with the server. */
	close(f->aux[0]);
	snprintf(path, sizeof(path), "%s/" FILE_NAME, mount_point());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fix_die(f, "open a file on FUSE");
	return fd;
}

static void body_fuse_user(struct fix *f, int slot)
{
	fix_report_fd(f, slot, open_file(f));
	fix_hold(f);
}

static pid_t mount_fuse(struct fix *f, int slot, fix_body *user)
{
	char options[128];

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		fix_die(f, "make mounts private");
	f->aux[0] = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (f->aux[0] < 0)
		fix_die(f, "open /dev/fuse");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%u,group_id=%u",
		 f->aux[0], geteuid(), getegid());
	if (mount("nsfix", mount_point(), "fuse.nsfix", MS_NOSUID | MS_NODEV, options))
		fix_die(f, "mount FUSE");
	return fix_spawn(f, slot, 0, user);
}

static void serve_until_open(struct fix *f, int slot, fix_body *user)
{
	mount_fuse(f, slot + 1, user);
	while (serve(f, f->aux[0], 0) != OP_OPEN)
		;
}

static void body_fuse_server(struct fix *f, int slot)
{
	serve_until_open(f, slot, body_fuse_user);
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

/* Whoever looks for the pin by its path asks the server for what lies below it. */
static void body_pinning_user(struct fix *f, int slot)
{
	char source[64], target[64], of[LINK_SIZE];
	int net = held_new(f, CLONE_NEWNET, "ns/net", NULL), file = open_file(f);
	struct holder *h;

	snprintf(source, sizeof(source), "/proc/thread-self/fd/%d", net);
	snprintf(target, sizeof(target), "/proc/thread-self/fd/%d", file);
	held_link(f, net, of);
	if (mount(source, target, NULL, MS_BIND, NULL))
		fix_die(f, "pin a namespace on a file on FUSE");
	close(net);
	h = held_note(f, "mount", of);
	snprintf(h->path, sizeof(h->path), "%s/" FILE_NAME, mount_point());
	held_own(f, "mnt", h->in);
	fix_report_fd(f, slot, file);
	fix_hold(f);
}

static void body_pinning_server(struct fix *f, int slot)
{
	serve_until_open(f, slot, body_pinning_user);
}

int build_dead_fuse_pin(struct fix *f)
{
	return held_build(f, CLONE_NEWNS, body_pinning_server, 2);
}

/* A socket of which this is the only descriptor. */
static void become_socket(int fd)
{
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	dup2(sock, fd);
	close(sock);
}

/* A hostile process: what its descriptor is changes while it is looked at. */
static void body_swapping_user(struct fix *f, int slot)
{
	int file = open_file(f), fd = dup(file);

	if (fd < 0)
		fix_die(f, "duplicate a descriptor");
	fix_report_fd(f, slot, fd);
	close(f->report_w);
	/* As long the one as the other: closing the file again waits for the server. */
	while (!fix_ended(f)) {
		become_socket(fd);
		dup2(file, fd);
		for (int i = 0; i < EQUAL; i++)
			fix_ended(f);
	}
	_exit(0);
}

static void body_hostile_server(struct fix *f, int slot)
{
	pid_t accomplice = mount_fuse(f, slot + 1, body_swapping_user);
	struct pollfd p[2] = {
		{ .fd = f->aux[0], .events = POLLIN },
		{ .fd = f->life_r, .events = POLLIN },
	};

	fix_report(f, slot);
	close(f->report_w);
	while (poll(p, 2, -1) > 0 && !p[1].revents)
		serve(f, f->aux[0], (uint32_t)accomplice);
	_exit(0);
}

int build_fuse_swap(struct fix *f)
{
	return held_build(f, CLONE_NEWNS, body_hostile_server, 2);
}
