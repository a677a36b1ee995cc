// SPDX-License-Identifier: GPL-2.0-or-later
/* The values that the columns of nstree -l show. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "cells.h"
#include "holders.h"
#include "view.h"

/* Makes room for len bytes and a NUL. */
static bool reserve(struct text *text, size_t len)
{
	size_t size = text->size > 0 ? text->size : 128;
	char *data;

	while (size < text->len + len + 1)
		size *= 2;
	if (size == text->size)
		return true;
	data = realloc(text->data, size);
	if (data == NULL) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->size = size;
	return true;
}

void text_add(struct text *text, const char *data, size_t len)
{
	if (!reserve(text, len))
		return;
	memcpy(text->data + text->len, data, len);
	text->len += len;
	text->data[text->len] = '\0';
}

void text_format(struct text *text, const char *format, ...)
{
	char buf[64];
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(buf, sizeof(buf), format, ap);
	va_end(ap);
	if (len > 0 && (size_t)len < sizeof(buf)) {
		text_add(text, buf, (size_t)len);
		return;
	}
	if (len < 0 || !reserve(text, (size_t)len))
		return;
	va_start(ap, format);
	vsnprintf(text->data + text->len, (size_t)len + 1, format, ap);
	va_end(ap);
	text->len += (size_t)len;
}

/* Most cells are numbers, and printf(3) would be most of their cost. */
static void add_number(struct text *text, uint64_t number)
{
	char buf[24], *at = buf + sizeof(buf);

	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	text_add(text, at, (size_t)(buf + sizeof(buf) - at));
}

static void add_string(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void text_add_foreign(const struct facts *facts, struct text *text, const char *string)
{
	char *escaped;

	if (facts->form != FORM_TABLE) {
		add_string(text, string);
		return;
	}
	escaped = text_escape(&facts->app->out, string);
	if (escaped == NULL)
		text->failed = true;
	else
		add_string(text, escaped);
	free(escaped);
}

int cell_inode(const struct facts *facts, const struct row *row, struct text *text)
{
	(void)facts;
	add_number(text, nsu_ns_get_inode(row->ns));
	return 0;
}

int cell_type(const struct facts *facts, const struct row *row, struct text *text)
{
	(void)facts;
	add_string(text, nsu_type_get_name(nsu_ns_get_type(row->ns)));
	return 0;
}

int cell_path(const struct facts *facts, const struct row *row, struct text *text)
{
	const char *proc =
		facts->app->opts.proc != NULL ? facts->app->opts.proc : "/proc";
	const struct nsu_type_info *info = nsu_type_get_info(nsu_ns_get_type(row->ns));
	int pid, tid;

	if (row->task == NULL)
		return -ENOENT;
	text_add_foreign(facts, text, proc);
	pid = (int)nsu_task_get_pid(row->task);
	tid = (int)nsu_task_get_tid(row->task);
	text_format(text, "/%d", pid);
	if (nsu_task_is_thread(row->task))
		text_format(text, "/task/%d", tid);
	text_format(text, "/ns/%s", row->heir ? info->for_children : info->name);
	return 0;
}

int cell_nprocs(const struct facts *facts, const struct row *row, struct text *text)
{
	(void)facts;
	/* as in lsns, for which a zombie is a process */
	add_number(text, nsu_ns_count_processes(row->ns) +
			 nsu_ns_count_zombies(row->ns));
	return 0;
}

int cell_pid(const struct facts *facts, const struct row *row, struct text *text)
{
	(void)facts;
	if (row->task == NULL || row->heir)
		return -ENOENT;
	add_number(text, (uint64_t)nsu_task_get_tid(row->task));
	return 0;
}

/* 0 and what is shown of the row's task; -ENOENT: it has none; else why not. */
static int get_shown(const struct facts *facts, const struct row *row, bool command,
		     const struct shown **ret)
{
	if (row->task == NULL || row->heir)
		return -ENOENT;
	*ret = shown_get(facts->shown, row->task, command);
	if (*ret == NULL)
		return -ENOMEM;
	return (*ret)->error == -ENOENT ? -ESRCH : (*ret)->error;
}

int cell_ppid(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct shown *shown;
	int r = get_shown(facts, row, false, &shown);

	if (r == 0)
		text_format(text, "%d", (int)shown->stat.ppid);
	return r;
}

/* As in lsns, a name that stands for a missing command line has no brackets. */
int cell_command(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct shown *shown;
	int r = get_shown(facts, row, true, &shown);
	char *joined;

	if (r < 0)
		return r;
	if (shown->args_len == 0) {
		add_string(text,
			   facts->form == FORM_TABLE ? shown->name : shown->stat.comm);
	} else if (facts->form == FORM_TABLE) {
		add_string(text, shown->command);
	} else {
		joined = text_join_argv(shown->args, shown->args_len);
		if (joined == NULL)
			return -ENOMEM;
		add_string(text, joined);
		free(joined);
	}
	return 0;
}

/* Of the process; as in lsns of a user namespace without one its creator. */
static int get_uid(const struct facts *facts, const struct row *row, uid_t *ret)
{
	const struct shown *shown;
	int r = get_shown(facts, row, false, &shown);

	if (r == -ENOENT && row->task == NULL)
		return nsu_ns_get_creator(row->ns, ret);
	if (r == 0)
		*ret = shown->stat.uid;
	return r;
}

int cell_uid(const struct facts *facts, const struct row *row, struct text *text)
{
	uid_t uid;
	int r = get_uid(facts, row, &uid);

	if (r == 0)
		add_number(text, uid);
	return r;
}

int cell_user(const struct facts *facts, const struct row *row, struct text *text)
{
	uid_t uid;
	int r = get_uid(facts, row, &uid);

	if (r == 0)
		text_add_foreign(facts, text, user_name(uid));
	return r;
}

int cell_netnsid(const struct facts *facts, const struct row *row, struct text *text)
{
	int nsid, r;

	(void)facts;
	if (nsu_ns_get_type(row->ns) != NSU_NET)
		return -ENOENT;
	r = nsu_ns_read_nsid(row->ns, &nsid);
	if (r == -ENOENT)
		add_string(text, "unassigned");
	else if (r < 0)
		return r;
	else
		text_format(text, "%d", nsid);
	return 0;
}

static void add_path(const struct facts *facts, struct text *text, size_t start,
		     const char *path)
{
	if (text->len > start)
		add_string(text, facts->form == FORM_RAW || facts->app->opts.nowrap ?
			   "," : "\n");
	text_add_foreign(facts, text, path);
}

static int compare_places(const void *a, const void *b)
{
	const struct nsu_holder *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	if (r != 0)
		return r;
	return (nsu_ns_get_inode(x->ns) > nsu_ns_get_inode(y->ns)) -
	       (nsu_ns_get_inode(x->ns) < nsu_ns_get_inode(y->ns));
}

/* Mounts in other mount namespaces than the caller's, sorted by path. */
static size_t find_places(const struct facts *facts, const struct nsu_ns *ns,
			  struct nsu_holder *ret)
{
	struct nsu_holder holder = NSU_HOLDER_INIT;
	size_t count = 0;

	for (size_t i = 0; nsu_ns_get_holder(ns, i, &holder) == 0; i++) {
		if (holder.kind != NSU_HOLDER_MOUNT || holder.path == NULL ||
		    holder.ns == NULL || holder.ns == facts->own)
			continue;
		if (ret != NULL)
			ret[count] = holder;
		count++;
	}
	return count;
}

/* A path that is the same in many of them is told of one: "/run/x in mnt:[1] +19". */
static int add_places(const struct facts *facts, const struct nsu_ns *ns,
		      struct text *text, size_t start)
{
	size_t count = find_places(facts, ns, NULL), next;
	struct nsu_holder *place;
	char name[NS_TEXT_SIZE];

	if (count == 0)
		return 0;
	place = calloc(count, sizeof(*place));
	if (place == NULL)
		return -ENOMEM;
	find_places(facts, ns, place);
	qsort(place, count, sizeof(*place), compare_places);
	for (size_t i = 0; i < count; i = next) {
		next = i + 1;
		while (next < count && strcmp(place[next].path, place[i].path) == 0)
			next++;
		add_path(facts, text, start, place[i].path);
		text_format(text, " in %s", view_ns(name, place[i].ns));
		if (next - i > 1)
			text_format(text, " +%zu", next - i - 1);
	}
	free(place);
	return 0;
}

/* As in lsns those of the caller's mount namespace, then all others. */
int cell_nsfs(const struct facts *facts, const struct row *row, struct text *text)
{
	uint64_t inode = nsu_ns_get_inode(row->ns);
	const struct nsu_bind *bind;
	size_t start = text->len;

	for (size_t i = view_first_bind(facts->binds, inode);
	     (bind = nsu_binds_get(facts->binds, i)) != NULL && bind->inode == inode;
	     i++)
		add_path(facts, text, start, bind->path);
	if (add_places(facts, row->ns, text, start) < 0)
		return -ENOMEM;
	if (text->len > start)
		return 0;
	return facts->binds != NULL ? -ENOENT :
		facts->binds_error == -ENOENT ? -ENODATA : facts->binds_error;
}

int cell_holders(const struct facts *facts, const struct row *row, struct text *text)
{
	struct holders holders;
	int r;

	r = holders_get(facts->app, row->ns, &holders);
	if (r == 0)
		add_number(text, holders.count);
	holders_free(&holders);
	return r;
}

/* lsns says 0 where there is none, and scripts that read its JSON expect a number. */
static int add_relation(const struct facts *facts, struct text *text, int r,
			const struct nsu_ns *ns)
{
	if (r == 0)
		add_number(text, nsu_ns_get_inode(ns));
	if (r != -ENOENT || facts->form != FORM_JSON)
		return r;
	add_string(text, "0");
	return 0;
}

int cell_parent(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct nsu_ns *ns = NULL;
	int r = nsu_ns_get_parent(row->ns, &ns);

	return add_relation(facts, text, r, ns);
}

int cell_owner(const struct facts *facts, const struct row *row, struct text *text)
{
	const struct nsu_ns *ns = NULL;
	int r = nsu_ns_get_owner(row->ns, &ns);

	return add_relation(facts, text, r, ns);
}

int cell_id(const struct facts *facts, const struct row *row, struct text *text)
{
	uint64_t id;
	int r = nsu_ns_get_id(row->ns, &id);

	(void)facts;
	if (r == 0)
		add_number(text, id);
	return r;
}

int cell_creator(const struct facts *facts, const struct row *row, struct text *text)
{
	uid_t uid;
	int r = nsu_ns_get_creator(row->ns, &uid);

	(void)facts;
	if (r == 0)
		text_format(text, "%u", (unsigned)uid);
	return r;
}

int cell_level(const struct facts *facts, const struct row *row, struct text *text)
{
	int level = nsu_ns_get_level(row->ns);

	(void)facts;
	if (level < 0)
		return level;
	add_number(text, (uint64_t)level);
	return 0;
}
