// SPDX-License-Identifier: GPL-2.0-or-later
/* Who holds what: told by the holders themselves, on a page that all of them share. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "held.h"

static void read_link(struct fix *f, const char *path, char *ret, size_t size)
{
	ssize_t len = readlink(path, ret, size - 1);

	if (len < 0)
		fix_die(f, path);
	ret[len] = '\0';
}

void held_own(struct fix *f, const char *type, char *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", type);
	read_link(f, path, ret, LINK_SIZE);
}

void held_link(struct fix *f, int fd, char *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
	read_link(f, path, ret, LINK_SIZE);
}

struct holder *held_note(struct fix *f, const char *kind, const char *of)
{
	unsigned int at = __atomic_fetch_add(&f->board->count, 1, __ATOMIC_SEQ_CST);
	struct holder *h = &f->board->holders[at];

	errno = ENOSPC;
	if (at >= HOLDERS)
		fix_die(f, "note a holder");
	h->kind = kind;
	h->fd = -1;
	snprintf(h->of, sizeof(h->of), "%s", of);
	return h;
}

struct holder *held_note_task(struct fix *f, const char *kind, const char *of)
{
	struct holder *h = held_note(f, kind, of);
	char self[LINK_SIZE];

	read_link(f, "/proc/thread-self", self, sizeof(self));
	if (sscanf(self, "%d/task/%d", &h->pid, &h->tid) != 2)
		fix_die(f, "read own number");
	return h;
}

/* One that only the process's own table has is told by the process. */
struct holder *held_note_fd(struct fix *f, const char *kind, const char *of, int fd,
			    bool own_table)
{
	struct holder *h = held_note_task(f, kind, of);
	struct stat st;

	h->fd = fd;
	if (!own_table)
		h->tid = h->pid;
	if (fstat(fd, &st))
		fix_die(f, "stat a descriptor");
	if (S_ISSOCK(st.st_mode))
		h->socket = st.st_ino;
	return h;
}

void held_note_ns(struct fix *f, const char *kind, const char *of, const char *ns)
{
	struct holder *h = held_note(f, kind, of);

	snprintf(h->ns, sizeof(h->ns), "%s", ns);
}

int held_new(struct fix *f, unsigned int flags, const char *link,
	     void (*inside)(struct fix *f))
{
	/* The table of descriptors is shared: what the child opens stays here. */
	uint64_t args[8] = { [0] = flags | CLONE_FILES, [4] = SIGCHLD };
	char path[64];
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s%s", *link == '/' ? "" : "/proc/thread-self/",
		 link);
	pid = (pid_t)syscall(SYS_clone3, args, sizeof(args));
	if (pid < 0)
		fix_die(f, "start a process in new namespaces");
	if (!pid) {
		int fd;

		if (inside)
			inside(f);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fd > 200)
			fix_die(f, path);
		_exit(fd);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fix_die(f, "wait");
	errno = EIO;
	if (!WIFEXITED(status) || WEXITSTATUS(status) <= 2)
		fix_die(f, "make a namespace");
	return WEXITSTATUS(status);
}

static void json_number(FILE *out, const char *key, uint64_t n)
{
	if (n)
		fprintf(out, ",\"%s\":%llu", key, (unsigned long long)n);
}

/* `net:[1]` is told by its number: as text it would be taken for a holder's own. */
static void json_inode(FILE *out, const char *key, const char *link)
{
	const char *number = strchr(link, '[');

	if (number)
		json_number(out, key, strtoull(number + 1, NULL, 10));
}

static void print(FILE *out, const struct holder *h)
{
	fputs("{\"of\":", out);
	json_string(out, h->of);
	if (h->kind)
		json_key_string(out, "kind", h->kind);
	json_number(out, "pid", (uint64_t)h->pid);
	json_number(out, "tid", (uint64_t)h->tid);
	if (h->fd >= 0)
		fprintf(out, ",\"fd\":%d", h->fd);
	json_number(out, "socket", h->socket);
	if (h->path[0])
		json_key_string(out, "path", h->path);
	json_inode(out, "in", h->in);
	json_inode(out, "ns", h->ns);
	fputc('}', out);
}

int held_build(struct fix *f, unsigned int flags, fix_body *body, size_t tasks)
{
	f->board = mmap(NULL, sizeof(*f->board), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (f->board == MAP_FAILED)
		return fix_fail(f, errno, "share memory");
	fix_spawn(f, 0, flags | f->user, body);
	if (fix_collect(f, tasks))
		return -1;
	json_tasks(f->out, f->tasks, tasks);
	fputs(",\"holders\":[", f->out);
	for (unsigned int i = 0; i < f->board->count; i++) {
		if (i)
			fputc(',', f->out);
		print(f->out, &f->board->holders[i]);
	}
	fputc(']', f->out);
	return 0;
}
