/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an ipc namespace holds. Its files in procfs are those of whoever opens and reads
 * them, so all of it is done by the child; async-signal-safe, and with little memory,
 * however many lines there are.
 */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include "view.h"
#include "visit.h"

/* of struct nsu_ipc in release 0.1 */
#define FIRST_SIZE (offsetof(struct nsu_ipc, max_posix_queues) + sizeof(uint64_t))

struct counts {
	int error;
	struct nsu_ipc ipc;
};

struct posix {
	int error;
	int64_t queues, bytes;
};

#define AT(member) offsetof(struct nsu_ipc, member)
#define NONE SIZE_MAX

/* Lists in /proc/sysvipc, a heading first: the lines are counted, and two columns summed;
   sysvipc(7). */
static const struct list {
	const char *path;
	size_t lines;
	struct {
		unsigned column;
		size_t sum;
	} columns[2];
} lists[] = {
	{ "sysvipc/msg", AT(queues),
	  { { 3, AT(queue_bytes) }, { 4, AT(queue_messages) } } },
	{ "sysvipc/shm", AT(segments),
	  { { 3, AT(segment_bytes) }, { 14, AT(segment_rss) } } },
	{ "sysvipc/sem", AT(semaphore_sets), { { 3, AT(semaphores) }, { 0, NONE } } },
};

/* Numbers in /proc/sys, proc(5), in the order of the file. */
static const struct limit {
	const char *path;
	size_t value[4];
} limits[] = {
	{ "sys/kernel/msgmni", { AT(max_queues), NONE, NONE, NONE } },
	{ "sys/kernel/msgmax", { AT(max_message), NONE, NONE, NONE } },
	{ "sys/kernel/msgmnb", { AT(max_queue_bytes), NONE, NONE, NONE } },
	{ "sys/kernel/shmmni", { AT(max_segments), NONE, NONE, NONE } },
	{ "sys/kernel/shmmax", { AT(max_segment), NONE, NONE, NONE } },
	{ "sys/kernel/shmall", { AT(max_pages), NONE, NONE, NONE } },
	{ "sys/kernel/sem", { AT(max_per_set), AT(max_semaphores), AT(max_operations),
			      AT(max_sets) } },
	{ "sys/fs/mqueue/queues_max", { AT(max_posix_queues), NONE, NONE, NONE } },
};

static void add(struct nsu_ipc *ipc, size_t at, uint64_t value)
{
	uint64_t *sum;

	if (at == NONE)
		return;
	sum = (uint64_t *)((char *)ipc + at);
	if (__builtin_add_overflow(*sum, value, sum))
		*sum = UINT64_MAX;
}

/* Where a text of words and lines is; it comes in pieces. */
struct reader {
	unsigned line, column;
	bool in_word;
	uint64_t value;
};

static void take_byte(struct reader *reader, const struct list *list, char c,
		      struct nsu_ipc *ipc)
{
	bool is_blank = c == ' ' || c == '\t' || c == '\n';

	if (!is_blank) {
		if (!reader->in_word)
			reader->value = 0;
		reader->in_word = true;
		if (c >= '0' && c <= '9')
			reader->value = reader->value * 10 + (c - '0');
		return;
	}
	if (reader->in_word && reader->line) {
		for (size_t i = 0; i < ARRAY_SIZE(list->columns); i++)
			if (reader->column == list->columns[i].column)
				add(ipc, list->columns[i].sum, reader->value);
		reader->column++;
	}
	reader->in_word = false;
	if (c == '\n') {
		/* as a number: more of them than that no kernel has */
		if (reader->line++)
			add(ipc, list->lines, 1);
		reader->column = 0;
	}
}

static int read_list(int procfs, const struct list *list, struct nsu_ipc *ipc)
{
	nsi_autoclose int fd = openat(procfs, list->path, O_RDONLY | O_CLOEXEC);
	struct reader reader = { 0 };
	char text[4096];
	ssize_t n;

	/* A kernel may be without those of System V. */
	if (fd < 0)
		return errno == ENOENT ? 0 : nsi_errno();
	while ((n = read(fd, text, sizeof(text)))) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nsi_errno();
		for (ssize_t i = 0; i < n; i++)
			take_byte(&reader, list, text[i], ipc);
	}
	return 0;
}

/* Takes digits; false: there are none. */
static bool take_number(const char **text, uint64_t *ret)
{
	uint64_t value = 0;

	while (**text == ' ' || **text == '\t')
		++*text;
	if (**text < '0' || **text > '9')
		return false;
	for (; **text >= '0' && **text <= '9'; ++*text)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, **text - '0', &value))
			value = UINT64_MAX;
	*ret = value;
	return true;
}

static int read_limit(int procfs, const struct limit *limit, struct nsu_ipc *ipc)
{
	const char *at;
	char text[128];
	uint64_t value;
	ssize_t n;

	n = nsi_read_at(procfs, limit->path, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT ? 0 : n;
	at = text;
	for (size_t i = 0; i < ARRAY_SIZE(limit->value); i++)
		if (limit->value[i] != NONE && take_number(&at, &value))
			add(ipc, limit->value[i], value);
	return 0;
}

int nsi_ipc_read(int procfs, struct nsu_ipc *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		int r = read_list(procfs, &lists[i], ret);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		int r = read_limit(procfs, &limits[i], ret);

		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * A mount that is attached nowhere shows the queues of the ipc namespace that the caller
 * is in. Where the mount namespace is not one of its own, the child makes one.
 */
static int mount_queues(void)
{
	unsigned attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			      MOUNT_ATTR_NOEXEC;
	nsi_autoclose int mount = nsi_mount_new("mqueue", NULL, attributes, NULL);
	int dir;

	if (mount == -EPERM && !unshare(CLONE_NEWNS))
		mount = nsi_mount_new("mqueue", NULL, attributes, NULL);
	if (mount < 0)
		return mount;
	dir = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? nsi_errno() : dir;
}

/* "QSIZE:129     NOTIFY:2 ...", mq_overview(7). */
static void add_queue(int dir, const char *name, struct posix *posix)
{
	static const char word[] = "QSIZE:";
	const char *at;
	uint64_t bytes;
	char text[128];

	posix->queues++;
	if (posix->bytes < 0)
		return;
	at = nsi_read_at(dir, name, text, sizeof(text)) < 0 ? "" : text;
	if (strncmp(at, word, strlen(word))) {
		posix->bytes = -1;
		return;
	}
	at += strlen(word);
	if (!take_number(&at, &bytes) ||
	    __builtin_add_overflow(posix->bytes, bytes, &posix->bytes))
		posix->bytes = -1;
}

static int look_at_queues(int dir, struct posix *ret)
{
	struct entry {
		uint64_t inode, offset;
		unsigned short length;
		unsigned char type;
		char name[];
	};
	char entries[4096] __attribute__((aligned(8)));
	long n;

	while ((n = syscall(SYS_getdents64, dir, entries, sizeof(entries)))) {
		if (n < 0)
			return nsi_errno();
		for (long at = 0; at < n;) {
			const struct entry *entry = (const void *)(entries + at);
			const char *name = entries + at + offsetof(struct entry, name);

			at += entry->length;
			/* A queue may begin with a dot. */
			if (strcmp(name, ".") && strcmp(name, ".."))
				add_queue(dir, name, ret);
		}
	}
	return 0;
}

static int look_at_ipc(struct nsi_visit *visit)
{
	struct counts counts = { .ipc = NSU_IPC_INIT };
	struct posix posix = { 0 };
	nsi_autoclose int dir = -1;
	int r;

	r = nsi_ipc_read(visit->procfs, &counts.ipc);
	if (!r)
		r = nsi_courier_send(visit->out, &counts, sizeof(counts), NULL, 0);
	if (r < 0)
		return r;
	dir = mount_queues();
	r = dir < 0 ? dir : look_at_queues(dir, &posix);
	return r < 0 ? r : nsi_courier_send(visit->out, &posix, sizeof(posix), NULL, 0);
}

int nsu_ns_read_ipc(const struct nsu_ns *ipc, struct nsu_ipc *ret)
{
	struct nsu_ctx *ctx;
	struct nsi_visit visit = { .look = look_at_ipc };
	struct nsi_courier courier;
	struct counts counts;
	struct posix posix;
	int r;

	if (!ipc || !ret || ret->size < FIRST_SIZE)
		return -EINVAL;
	ctx = ipc->snap->ctx;
	if (ipc->type != NSU_IPC)
		return -EMEDIUMTYPE;
	/* Mounted so, procfs has none of these files. */
	if (nsu_ctx_get_procfs(ctx)->subset)
		return -EOPNOTSUPP;
	r = nsi_visit_start(ctx, ipc, &visit, &courier);
	if (r < 0)
		return r;
	r = nsi_visit_receive(&courier, &counts, sizeof(counts), NULL);
	if (!r && nsi_visit_receive(&courier, &posix, sizeof(posix), NULL) < 0)
		posix = (struct posix){ .queues = -1, .bytes = -1 };
	nsi_courier_end(&courier);
	if (r < 0)
		return r;
	counts.ipc.posix_queues = posix.queues;
	counts.ipc.posix_bytes = posix.bytes;
	nsi_give(ret, &counts.ipc, sizeof(counts.ipc));
	return 0;
}
