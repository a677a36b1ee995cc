/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "holders.h"
#include "view.h"

/* Of each kind: how a line of them begins, and what makes the text behind it a phrase. */
static const struct {
	const char *one, *many, *phrase;
} kinds[NSU_HOLDER_COUNT] = {
	[NSU_HOLDER_PROCESS] = { "process", "processes", "process " },
	[NSU_HOLDER_THREAD] = { "thread", "threads", "thread " },
	[NSU_HOLDER_ZOMBIE] = { "zombie", "zombies", "zombie " },
	[NSU_HOLDER_HEIR] = { "heir", "heirs", "" },
	[NSU_HOLDER_FD] = { "descriptor", "descriptors", "descriptor " },
	[NSU_HOLDER_SOCKET] = { "socket", "sockets", "" },
	[NSU_HOLDER_TUN] = { "tun device", "tun devices", "tun device, " },
	[NSU_HOLDER_MESSAGE] = { "message", "messages", "a message " },
	[NSU_HOLDER_MOUNT] = { "mount", "mounts", "" },
	[NSU_HOLDER_CHILD] = { "child", "children", "parent of " },
	[NSU_HOLDER_OWNED] = { "owned", "owned", "owns " },
	[NSU_HOLDER_KERNEL] = { "the kernel", "the kernel", "the kernel, " },
};

static int by_order(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

static int by_socket(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	if (x->holder.socket != y->holder.socket)
		return x->holder.socket < y->holder.socket ? -1 : 1;
	return by_order(a, b);
}

/* Leaves the first of each socket; how many are left. */
static size_t merge_sockets(struct held *held, size_t count)
{
	size_t kept = 0;

	if (count < 2)
		return count;
	qsort(held, count, sizeof(*held), by_socket);
	for (size_t i = 0; i < count; i++) {
		if (kept && held[i].holder.socket &&
		    held[kept - 1].holder.socket == held[i].holder.socket)
			held[kept - 1].more++;
		else
			held[kept++] = held[i];
	}
	qsort(held, kept, sizeof(*held), by_order);
	return kept;
}

static void merge(struct holders *holders)
{
	size_t begin[NSU_HOLDER_COUNT + 1], to = 0;

	memcpy(begin, holders->first, sizeof(begin));
	for (int kind = 0; kind < NSU_HOLDER_COUNT; kind++) {
		struct held *from = holders->held + begin[kind];
		size_t n = begin[kind + 1] - begin[kind];

		if (kind == NSU_HOLDER_SOCKET || kind == NSU_HOLDER_MESSAGE)
			n = merge_sockets(from, n);
		memmove(holders->held + to, from, n * sizeof(*from));
		holders->first[kind] = to;
		to += n;
	}
	holders->first[NSU_HOLDER_COUNT] = holders->count = to;
}

/* A kind of a later library is not known here and left out. */
static bool next_holder(const struct nsu_ns *ns, size_t *index, struct nsu_holder *ret)
{
	*ret = (struct nsu_holder)NSU_HOLDER_INIT;
	while (nsu_ns_get_holder(ns, (*index)++, ret) == 0)
		if ((unsigned)ret->kind < NSU_HOLDER_COUNT)
			return true;
	return false;
}

static bool is_open_here(const struct app *app, const struct nsu_holder *holder)
{
	return (holder->kind == NSU_HOLDER_FD || holder->kind == NSU_HOLDER_SOCKET ||
		holder->kind == NSU_HOLDER_TUN) && holder->task &&
	       nsu_task_get_pid(holder->task) == nsu_ctx_get_procfs(app->ctx)->self;
}

/* How many of each kind, and whether those of this process are among them. */
static bool count_kinds(const struct app *app, const struct nsu_ns *ns,
			size_t at[NSU_HOLDER_COUNT])
{
	size_t others = 0, own[NSU_HOLDER_COUNT] = { 0 };
	struct nsu_holder holder;

	for (size_t i = 0; next_holder(ns, &i, &holder);)
		if (is_open_here(app, &holder))
			own[holder.kind]++;
		else
			at[holder.kind]++, others++;
	for (int kind = 0; kind < NSU_HOLDER_COUNT && !others; kind++)
		at[kind] = own[kind];
	return !others;
}

int holders_get(const struct app *app, const struct nsu_ns *ns, struct holders *ret)
{
	size_t at[NSU_HOLDER_COUNT] = { 0 }, total = 0;
	bool own = count_kinds(app, ns, at);
	struct nsu_holder holder;

	memset(ret, 0, sizeof(*ret));
	for (int kind = 0; kind < NSU_HOLDER_COUNT; kind++) {
		size_t n = at[kind];

		at[kind] = ret->first[kind] = total;
		total += n;
	}
	ret->first[NSU_HOLDER_COUNT] = total;
	ret->held = calloc(total + 1, sizeof(*ret->held));
	if (!ret->held)
		return -ENOMEM;
	for (size_t i = 0; next_holder(ns, &i, &holder);)
		if (own || !is_open_here(app, &holder))
			ret->held[at[holder.kind]++] = (struct held){ holder, i, 0 };
	merge(ret);
	return 0;
}

void holders_free(struct holders *holders)
{
	free(holders->held);
	holders->held = NULL;
	holders->count = 0;
}

void holders_own_first(const struct holder_words *words, struct holders *holders)
{
	const struct nsu_ns *own = view_task_ns(view_self(words->app, words->snap),
						NSU_MNT);
	size_t first = holders->first[NSU_HOLDER_MOUNT];

	for (size_t i = first; i < holders->first[NSU_HOLDER_MOUNT + 1]; i++) {
		struct held held = holders->held[i];

		if (held.holder.ns != own)
			continue;
		memmove(&holders->held[first + 1], &holders->held[first],
			(i - first) * sizeof(held));
		holders->held[first++] = held;
	}
}

const char *holders_head(char buf[static 32], enum nsu_holder_kind kind, size_t count)
{
	if (kind == NSU_HOLDER_KERNEL)
		snprintf(buf, 32, "%s", kinds[kind].one);
	else
		snprintf(buf, 32, "%zu %s", count,
			 count == 1 ? kinds[kind].one : kinds[kind].many);
	return buf;
}

static const char *name_of(const struct holder_words *words, const struct nsu_task *task)
{
	const struct shown *shown = task ? shown_get(words->cache, task, false) : NULL;

	return shown && shown->name ? shown->name : "?";
}

/* "4711 nginx", of a thread "4712 of 4711 nginx". */
static int put_task(FILE *f, const struct holder_words *words,
		    const struct nsu_task *task)
{
	const struct nsu_task *process = task;

	if (!task)
		return fputs("?", f);
	if (nsu_task_is_thread(task)) {
		fprintf(f, "%d of ", (int)nsu_task_get_tid(task));
		nsu_snapshot_find_task(words->snap, nsu_task_get_pid(task), &process);
	}
	return fprintf(f, "%d %s", (int)nsu_task_get_pid(task), name_of(words, process));
}

/* "27 of 912 dockerd", of a thread's own table "27 of thread 913 of 912 dockerd". */
static void put_descriptor(FILE *f, const struct holder_words *words,
			   const struct nsu_holder *holder)
{
	fprintf(f, "%d of ", holder->fd);
	if (holder->task && holder->tid != nsu_task_get_tid(holder->task))
		fprintf(f, "thread %d of ", (int)holder->tid);
	put_task(f, words, holder->task);
}

static void put_socket(FILE *f, const struct holder_words *words, const struct held *held)
{
	char *address = NULL, *text = NULL;

	fprintf(f, "socket:[%" PRIu64 "]", held->holder.socket);
	if (held->holder.kind == NSU_HOLDER_SOCKET &&
	    nsu_holder_read_socket(&held->holder, &address) == 0)
		text = text_escape(&words->app->out, address);
	if (text && *text)
		fprintf(f, " %s", text);
	free(text);
	free(address);
	fputs(", descriptor ", f);
	put_descriptor(f, words, &held->holder);
}

/* Only where the caller sees it at that place: a container may mount what it likes
   at its own. */
static const char *pin_of(char word[static PIN_WORD_SIZE],
			  const struct holder_words *words,
			  const struct nsu_holder *mount)
{
	const struct nsu_task *self = view_self(words->app, words->snap);

	if (mount->kind != NSU_HOLDER_MOUNT || !mount->path || !mount->ns ||
	    mount->ns != view_task_ns(self, NSU_MNT))
		return NULL;
	return view_pin_word(word, mount->path);
}

static void put_path(FILE *f, const struct holder_words *words, const char *path)
{
	char *text = path ? text_escape(&words->app->out, path) : NULL;

	fputs(text ? text : "?", f);
	free(text);
}

/* " in docker:web", where the namespace itself is not that container's: of its own it
   would be said again and again. */
static void put_whose(FILE *f, const struct holder_words *words, const struct held *held)
{
	const struct nsu_task *task = held->holder.task;
	char *whose;

	if (!task || view_task_container(task) == words->container)
		return;
	whose = view_task_whose(&words->app->out, task);
	if (whose)
		fprintf(f, " in %s", whose);
	free(whose);
}

static void put_text(FILE *f, const struct holder_words *words, const struct held *held)
{
	const struct nsu_holder *holder = &held->holder;
	char name[NS_TEXT_SIZE];

	switch (holder->kind) {
	case NSU_HOLDER_HEIR:
		fputs("children of ", f);
		/* fall through */
	case NSU_HOLDER_PROCESS:
	case NSU_HOLDER_THREAD:
	case NSU_HOLDER_ZOMBIE:
		put_task(f, words, holder->task);
		break;
	case NSU_HOLDER_TUN:
		fputs("descriptor ", f);
		/* fall through */
	case NSU_HOLDER_FD:
		put_descriptor(f, words, holder);
		break;
	case NSU_HOLDER_MESSAGE:
		fputs("in ", f);
		/* fall through */
	case NSU_HOLDER_SOCKET:
		put_socket(f, words, held);
		break;
	case NSU_HOLDER_MOUNT:
		put_path(f, words, holder->path);
		break;
	case NSU_HOLDER_CHILD:
	case NSU_HOLDER_OWNED:
		fputs(holder->ns ? view_ns(name, holder->ns) : "?", f);
		break;
	case NSU_HOLDER_KERNEL:
		fputs("not nameable", f);
		break;
	}
}

/* What was written, NULL: no memory. */
static char *finish(FILE *f, char **text)
{
	if (f && fclose(f) == 0)
		return *text;
	free(*text);
	return NULL;
}

char *holder_text(const struct holder_words *words, const struct held *held)
{
	char *text = NULL, word[PIN_WORD_SIZE];
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f)
		put_text(f, words, held);
	if (f)
		put_whose(f, words, held);
	if (f && pin_of(word, words, &held->holder))
		fprintf(f, " (%s)", word);
	if (f && held->more)
		fprintf(f, " +%zu", held->more);
	return finish(f, &text);
}

/* A path of the mount namespace that the caller is in stands for itself. */
char *holder_phrase(const struct holder_words *words, const struct held *held)
{
	const struct nsu_task *self = view_self(words->app, words->snap);
	const struct nsu_ns *in = held->holder.ns, *own = view_task_ns(self, NSU_MNT);
	char *text = NULL, name[NS_TEXT_SIZE], word[PIN_WORD_SIZE];
	size_t size;
	FILE *f;

	if (pin_of(word, words, &held->holder))
		return strdup(word);
	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	fputs(kinds[held->holder.kind].phrase, f);
	put_text(f, words, held);
	if (held->holder.kind == NSU_HOLDER_MOUNT && in != own)
		fprintf(f, " in %s", in ? view_ns(name, in) : "?");
	return finish(f, &text);
}

char *holder_place(const struct holder_words *words, const struct nsu_holder *mount)
{
	const struct nsu_task *first;
	char *text = NULL, *whose, name[NS_TEXT_SIZE];
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fprintf(f, "in %s", mount->ns ? view_ns(name, mount->ns) : "?");
	first = mount->ns ? view_first_of_ns(mount->ns) : NULL;
	whose = view_ns_whose(&words->app->out, words->snap, mount->ns);
	if (mount->ns && mount->ns == view_host_ns(words->snap, NSU_MNT)) {
		fputs(nsu_snapshot_sees_host(words->snap) == 0 ? ", here" : ", host", f);
	} else if (whose) {
		fprintf(f, ", %s", whose);
	} else if (first) {
		fputs(", ", f);
		put_task(f, words, first);
	} else if (mount->ns) {
		fputs(", no process", f);
	}
	free(whose);
	return finish(f, &text);
}

/* "descriptors of 91 unreadable processes, sockets of 91". */
static void put_unread(FILE *f, const char *what, long count, const char *of_many,
		       bool *named)
{
	if (count <= 0)
		return;
	fprintf(f, "%s%s of %ld", ftell(f) > 0 ? ", " : "", what, count);
	if (!*named)
		fprintf(f, " %s%s", of_many, count == 1 ? "" : "es");
	*named = true;
}

char *holders_unsearched(const struct nsu_snapshot *snap)
{
	const struct nsu_totals *totals = nsu_snapshot_get_totals(snap);
	unsigned parts = nsu_snapshot_get_parts(snap);
	bool named = false;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	if (totals->hidden)
		fputs("processes that are hidden", f);
	if (totals->fds_unread < totals->unread)
		put_unread(f, "namespaces", totals->unread, "unreadable process", &named);
	put_unread(f, "descriptors", totals->fds_unread, "unreadable process", &named);
	put_unread(f, "sockets", totals->sockets_unread, "unreadable process", &named);
	if (totals->mounts_unread > 0)
		fprintf(f, "%smounts of %ld mount namespace%s", ftell(f) > 0 ? ", " : "",
			totals->mounts_unread, totals->mounts_unread == 1 ? "" : "s");
	if (!(parts & NSU_PART_FDS))
		fprintf(f, "%sdescriptors", ftell(f) > 0 ? ", " : "");
	if (!(parts & NSU_PART_MOUNTS))
		fprintf(f, "%smounts", ftell(f) > 0 ? ", " : "");
	if (!(parts & NSU_PART_SOCKETS))
		fprintf(f, "%ssockets (run with --deep)", ftell(f) > 0 ? ", " : "");
	else if (view_refused(snap, "sockets"))
		fprintf(f, "%ssockets (%s)", ftell(f) > 0 ? ", " : "",
			strerror(view_refused(snap, "sockets")));
	return finish(f, &text);
}
