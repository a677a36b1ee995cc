/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Open descriptors: of namespaces, and of what may hold one, sockets and tun devices. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include "target.h"
#include "uapi.h"
#include "walk.h"

#define PF_EXITING 0x00000004 /* flags of /proc/PID/stat, include/linux/sched.h */

/* How often a descriptor may be another one each time it is looked at. */
#define MAX_TRIES 8
/* Descriptors from which on a table that processes share is read but once. */
#define LARGE 256
/* Where no one tells which tables are one: descriptors of a process, in all of them. */
#define MAX_COMPARED (1 << 19)

/* The tables of one process. */
struct tables {
	struct nsi_walk *w;
	pid_t tid;		/* whose is read */
	int dir;		/* its directory */
	pid_t first, last;	/* whose were told: the first, the last; 0: none */
	struct nsi_tables told;	/* all, where kcmp(2) tells which are one */
	bool compare;		/* what the first has as well is left out */
	size_t compared;	/* descriptors, in all tables */
	bool lost;		/* some of it was gone when it was looked at */
	size_t count, own;	/* what is in it, and what of that was not told yet */
	int refused;		/* by how many threads */
};

/* A target is held by the caller because someone asks about it. */
bool nsi_is_of_target(const struct nsi_builder *b, pid_t pid, int fd, uint64_t inode)
{
	const struct nsu_scan_options *opts = b->opts;

	if (pid != b->ctx->procfs.self)
		return false;
	for (size_t i = 0; i < opts->target_count; i++)
		for (const struct nsu_target *t = opts->targets[i]; t; t = t->outer)
			if (nsi_target_holds(t, fd, inode))
				return true;
	return false;
}

/*
 * What had this text when it was read may be anything by now, and to open a stranger's
 * file may hang or have an effect: it is held without being opened, and looked at again
 * where no one else can change it. -ESTALE: it is another one now.
 */
static int open_checked(const struct nsi_walk *w, int dir, int fd, const char *text)
{
	nsi_autoclose int held = -1, self = -1, ns = -1;
	char path[32], now[64];
	struct statfs fs;
	ssize_t n;
	int r;

	snprintf(path, sizeof(path), "%d", fd);
	held = openat(dir, path, O_PATH | O_CLOEXEC);
	if (held < 0)
		return errno == ENOENT ? -ESTALE : nsi_errno();
	self = nsi_ctx_open_self(w->b->ctx);
	if (self < 0)
		return self;
	snprintf(path, sizeof(path), "fd/%d", held);
	n = readlinkat(self, path, now, sizeof(now) - 1);
	if (n < 0)
		return nsi_errno();
	now[n] = '\0';
	if (strcmp(now, text))
		return -ESTALE;
	ns = openat(self, path, O_RDONLY | O_CLOEXEC);
	if (ns < 0)
		return nsi_errno();
	if (fstatfs(ns, &fs) < 0)
		return nsi_errno();
	if (fs.f_type != NSFS_MAGIC)
		return -ESTALE;
	r = ns;
	ns = -1;
	return r;
}

/* Asks a namespace that no one has shown yet. */
static int ask(const struct tables *t, int fd, const char *text, enum nsu_type type,
	       uint32_t *ret)
{
	struct nsi_builder *b = t->w->b;
	nsi_autoclose int ns = open_checked(t->w, t->dir, fd, text);
	uint64_t inode;
	int r;

	if (ns < 0)
		return ns;
	r = nsi_nsfs_inode(ns, &inode, &b->snap->device);
	if (!r)
		r = nsi_builder_add_ns(b, type, inode, ret);
	if (r < 0 || b->snap->ns[*ret].asked)
		return r;
	return nsi_builder_ask(b, *ret, ns);
}

static int take_ns(const struct tables *t, int fd, const char *text, enum nsu_type type,
		   uint64_t inode)
{
	struct nsi_builder *b = t->w->b;
	struct nsi_keeper keeper = {
		.kind = NSU_HOLDER_FD, .pid = t->w->pid, .tid = t->tid, .fd = fd,
		.in = NSI_NONE,
	};
	const struct nsu_ns *ns;
	int r;

	if (!(b->types & 1u << type) || nsi_is_of_target(b, t->w->pid, fd, inode))
		return 0;
	keeper.ns = nsi_idmap_find(&b->inodes, inode);
	ns = keeper.ns == NSI_NONE ? NULL : &b->snap->ns[keeper.ns];
	if (ns && ns->type == type && ns->asked)
		r = 0;
	else if (b->snap->parts & NSU_PART_RELATIONS && b->ctx->procfs.real)
		r = ask(t, fd, text, type, &keeper.ns);
	else
		r = nsi_builder_add_ns(b, type, inode, &keeper.ns);
	return r < 0 ? r : nsi_builder_add_keeper(b, &keeper, NULL);
}

static int add_candidate(const struct tables *t, uint64_t socket, int fd)
{
	struct nsi_builder *b = t->w->b;
	int r;

	if (!(b->snap->parts & NSU_PART_SOCKETS))
		return 0;
	r = nsi_grow((void **)&b->candidates, &b->candidate_size, b->candidate_count,
		     sizeof(*b->candidates));
	if (!r)
		b->candidates[b->candidate_count++] = (struct nsi_candidate){
			.socket = socket, .pid = t->w->pid, .tid = t->tid, .fd = fd,
		};
	return r;
}

/* By its name: whether it is one is seen when it is asked. */
static bool may_be_tun(char *text)
{
	static const char gone[] = " (deleted)";
	size_t n = strlen(text);

	if (n > strlen(gone) && !strcmp(text + n - strlen(gone), gone))
		text[n - strlen(gone)] = '\0';
	return !strcmp(strrchr(text, '/') + 1, "tun");
}

static bool has_same(const struct nsi_walk *w, pid_t tid, int fd, const char *text)
{
	char path[64], other[64];
	ssize_t n;

	if (!tid)
		return false;
	if (tid == w->pid)
		snprintf(path, sizeof(path), "../fd/%d", fd);
	else
		snprintf(path, sizeof(path), "../task/%d/fd/%d", tid, fd);
	n = readlinkat(w->nsdir, path, other, sizeof(other));
	return n > 0 && (size_t)n == strlen(text) && !memcmp(text, other, n);
}

/* Where no one tells whether two tables are one: one told has the same at this place. */
static bool is_told(struct tables *t, int fd, const char *text)
{
	bool told = t->compare && (has_same(t->w, t->first, fd, text) ||
				   has_same(t->w, t->last, fd, text));

	t->own += !told;
	return told;
}

static int take_path(struct tables *t, int fd, char *text)
{
	int r;

	if (is_told(t, fd, text))
		return 0;
	r = nsi_note_opened(t->w->b, t->w->pid, t->tid, fd, text);
	return !r && may_be_tun(text) ? add_candidate(t, 0, fd) : r;
}

static int take_text(struct tables *t, int fd, char *text)
{
	uint64_t inode;

	if (text[0] == '/')
		return take_path(t, fd, text);
	if (!nsi_parse_inode(text, "socket", &inode))
		return is_told(t, fd, text) ? 0 :
			add_candidate(t, inode, fd);
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (!nsi_parse_link(text, type, &inode))
			return is_told(t, fd, text) ? 0 :
				take_ns(t, fd, text, type, inode);
	return 0;
}

static int each_fd(void *data, int fd)
{
	struct tables *t = data;
	char name[16], text[PATH_MAX];
	int r = -ESTALE;

	snprintf(name, sizeof(name), "%d", fd);
	t->count++;
	for (int i = 0; i < MAX_TRIES && r == -ESTALE; i++) {
		ssize_t n = readlinkat(t->dir, name, text, sizeof(text) - 1);

		if (n < 0) {
			r = nsi_errno();
			t->lost |= r == -ENOENT;
			/* What has so long a path is no namespace. */
			return r == -ENOENT || r == -ENAMETOOLONG ? 0 : r;
		}
		text[n] = '\0';
		r = take_text(t, fd, text);
	}
	return r == -ESTALE ? 0 : r;
}

static int read_table(struct tables *t, pid_t tid, const char *path)
{
	struct nsi_walk *w = t->w;
	nsi_autoclose int dir = -1;
	int r;

	t->tid = tid;
	t->lost = false;
	t->count = t->own = 0;
	dir = openat(w->nsdir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A tree of plain files may do without. */
	if (dir < 0)
		return errno == ENOENT && !w->b->ctx->procfs.real ? 0 : nsi_errno();
	t->dir = dir;
	r = nsi_each_number(dir, w->text, sizeof(w->text), each_fd, t);
	if (!r && w->pid != w->b->ctx->procfs.self)
		w->b->fds_used = true;
	return r;
}

void nsi_walk_refuse_fds(struct nsi_walk *w)
{
	w->b->snap->totals.fds_unread++;
	w->b->fds_refused = true;
}

/* On its way out a task loses its memory first, and then its directories are root's. */
static bool is_ending(struct nsi_walk *w, pid_t tid)
{
	unsigned flags = 0;
	char path[32];
	const char *end;

	snprintf(path, sizeof(path), "../task/%d/stat", tid);
	if (nsi_read_at(w->nsdir, path, w->text, sizeof(w->text)) < 0)
		return false;
	end = strrchr(w->text, ')');
	return end && sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
		flags & PF_EXITING;
}

static int refuse(struct tables *t, pid_t tid, int error)
{
	if (is_ending(t->w, tid))
		return 0;
	if (!t->refused++)
		nsi_walk_refuse_fds(t->w);
	return nsi_builder_add_gap(t->w->b, t->w->pid, tid, "fd", error);
}

static int each_thread(void *data, int tid)
{
	struct tables *t = data;
	struct nsi_walk *w = t->w;
	size_t at = 0;
	char path[32];
	int found, r;

	if (!tid || tid == w->pid || tid == t->first)
		return 0;
	if (nsi_builder_cancelled(w->b))
		return -ECANCELED;
	/* A thousand threads may well have one table that is not their leader's. */
	found = nsi_tables_find(w->b->ctx, &t->told, tid, &at);
	if (found == 1)
		return 0;
	t->compare = found < 0;
	if (t->compare && t->compared > MAX_COMPARED)
		return refuse(t, tid, -EFBIG);
	snprintf(path, sizeof(path), "../task/%d/fd", tid);
	r = read_table(t, tid, path);
	if (nsi_is_fatal(r))
		return r;
	if (!r && t->first && t->own)
		t->last = tid;
	if (!r && !t->first && t->count && !t->lost)
		t->first = tid;
	if (t->compare)
		t->compared += t->count;
	else if (!r && t->count && !t->lost)
		return nsi_tables_add(&t->told, tid, at);
	if (!r || faccessat(w->nsdir, path, F_OK, 0) < 0)
		return 0;
	return refuse(t, tid, r);
}

static int read_threads(struct tables *t)
{
	nsi_autoclose int fd = -1;
	char names[4096];
	int r;

	fd = openat(t->w->nsdir, "../task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		r = nsi_errno();
		return r == -ENOENT ? -ESRCH : r;
	}
	r = nsi_each_number(fd, names, sizeof(names), each_thread, t);
	return r == -ENOENT ? -ESRCH : r;
}

static int walk_tables(struct tables *t, bool dead)
{
	struct nsi_walk *w = t->w;
	size_t at = 0;
	int found, r;

	if (dead)
		return read_threads(t);
	/* Processes may share a table as well, clone(2): each names what is in it, but
	   not of one that is large, or they would take as long as they are many. */
	found = nsi_tables_find(w->b->ctx, &w->large, w->pid, &at);
	if (found == 1)
		return refuse(t, w->pid, -EFBIG);
	r = read_table(t, w->pid, "../fd");
	if (!r && !found && t->count >= LARGE)
		r = nsi_tables_add(&w->large, w->pid, at);
	if (nsi_is_fatal(r))
		return r;
	/* One that has ended has none, and to ask is refused or answered by nothing. */
	if ((r < 0 || t->lost || !t->count) && !nsi_walk_is_alive(w))
		return -ESRCH;
	if (r < 0)
		return refuse(t, w->pid, r);
	t->first = w->pid;
	r = nsi_walk_count_threads(w);
	if (r == 1 || r == -ESRCH)
		return r == 1 ? 0 : r;
	r = nsi_tables_add(&t->told, w->pid, 0);
	return r < 0 ? r : read_threads(t);
}

int nsi_walk_fds(struct nsi_walk *w, bool dead)
{
	struct tables t = { .w = w };
	int r = w->fds ? walk_tables(&t, dead) : 0;

	free(t.told.tids);
	return r;
}
