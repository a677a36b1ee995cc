/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Target words: what a user may type for a process or for namespaces. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "matches.h"
#include "open.h"
#include "target.h"
#include "uapi.h"

#define MAX_PID		4194304		/* PID_MAX_LIMIT: a larger number is an inode */
#define MAX_JOINED	8

void nsu_target_free(struct nsu_target *target)
{
	if (!target)
		return;
	if (target->fd >= 0)
		close(target->fd);
	nsi_pinned_close(&target->set);
	nsu_target_free(target->outer);
	free(target->word);
	free(target);
}

/* Digits only, no sign, no overflow. Returns what follows them, NULL: no number. */
static const char *parse_number(const char *text, uint64_t *ret)
{
	uint64_t number = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (number > (UINT64_MAX - 9) / 10)
			return NULL;
		number = number * 10 + (*text - '0');
	}
	*ret = number;
	return text;
}

static bool is_number(const char *text, uint64_t *ret)
{
	const char *end = parse_number(text, ret);

	return end && !*end;
}

/* /proc/PID, held: a process that gets the number later is told from it. */
static int take_pid(struct nsu_target *target, uint64_t pid)
{
	char path[16];

	if (!pid || pid > MAX_PID)
		return -ESRCH;
	target->form = FORM_TASK;
	target->pid = pid;
	snprintf(path, sizeof(path), "%d", target->pid);
	target->fd = openat(target->ctx->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target->fd < 0)
		return errno == ENOENT ? -ESRCH : nsi_errno();
	return nsi_check_process(target->ctx, pid);
}

/* The /proc directory is opened first, then the pidfd: if that one has the inode asked
   for, its process was there for both. */
static int check_pidfs(struct nsu_target *target, uint64_t inode)
{
	nsi_autoclose int fd = -1;
	uint64_t found;
	int r;

	if (!nsi_if_usable(target->ctx, NSU_IF_PIDFS_INODE))
		return -EOPNOTSUPP;
	r = nsi_open_pidfd(target->ctx, target->pid, &fd, &found);
	if (r < 0)
		return r;
	if (!found)
		return -EOPNOTSUPP;
	return found == inode ? 0 : -ESTALE;
}

/* Only what lies on nsfs is opened for more than its path: no device, no FIFO. */
static int take_path(struct nsu_target *target, const char *path)
{
	nsi_autoclose int fd = -1;
	struct statfs fs;
	struct stat st;
	int r;

	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return nsi_errno();
	if (fs.f_type != NSFS_MAGIC)
		return -EMEDIUMTYPE;
	target->number = st.st_ino;
	r = nsi_reopen_ns(target->ctx, fd, &target->fd, &target->type);
	if (!r)
		target->form = FORM_NS;
	/* No procfs shows this process: the inode is all there is. */
	if (r == -ENOENT || r == -EACCES || r == -ENOTTY) {
		target->form = FORM_INODE;
		return 0;
	}
	return r;
}

static int take_netns_name(struct nsu_target *target, const char *name)
{
	char path[300];

	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") ||
	    strlen(name) > NAME_MAX)
		return -EINVAL;
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	return take_path(target, path);
}

/* Of what the pin has this type, or all; one of it is a namespace like another. */
static int keep_pinned(struct nsu_target *target, const char *type_name)
{
	struct nsi_pinned *set = &target->set;
	enum nsu_type type;

	if (type_name) {
		if (nsu_type_find(type_name, &type) < 0)
			return -EINVAL;
		if (!(set->types & 1u << type))
			return -ENOENT;
	} else if (__builtin_popcount(set->types) == 1) {
		type = __builtin_ctz(set->types);
	} else {
		target->form = FORM_SET;
		return set->types ? 0 : -ENOENT;
	}
	target->form = FORM_NS;
	target->type = type;
	target->number = set->inode[type];
	target->fd = set->fd[type];
	set->fd[type] = -1;
	nsi_pinned_close(set);
	return 0;
}

/* "blue", "blue/net" */
static int take_pin(struct nsu_target *target, const char *word)
{
	const char *slash = strchr(word, '/');
	nsi_autofree char *name = slash ? strndup(word, slash - word) : strdup(word);
	enum nsu_type type;
	int r;

	if (!name)
		return -ENOMEM;
	if (slash && nsu_type_find(slash + 1, &type) < 0)
		return -EINVAL;
	r = nsi_pin_resolve(target->ctx, name, &target->set);
	return r < 0 ? r : keep_pinned(target, slash ? slash + 1 : NULL);
}

/* "net:[4026532281]", "net:4026532281" */
static int take_type(struct nsu_target *target, const char *word)
{
	const char *colon = strchr(word, ':'), *end;
	char name[16];

	if (!colon || (size_t)(colon - word) >= sizeof(name))
		return -EINVAL;
	memcpy(name, word, colon - word);
	name[colon - word] = '\0';
	if (nsu_type_find(name, &target->type) < 0)
		return -EINVAL;
	colon++;
	end = parse_number(colon + (*colon == '['), &target->number);
	if (!end || strcmp(end, *colon == '[' ? "]" : ""))
		return -EINVAL;
	target->form = FORM_NS;
	return 0;
}

/* "4711", "4711:INODE", "4026532281" */
static int take_digits(struct nsu_target *target, const char *word)
{
	uint64_t first, inode = 0;
	const char *end = parse_number(word, &first);
	int r;

	if (!end || (*end && *end != ':'))
		return -EINVAL;
	if (!*end && first > MAX_PID) {
		target->form = FORM_INODE;
		target->number = first;
		return 0;
	}
	if (*end && !is_number(end + 1, &inode))
		return -EINVAL;
	r = take_pid(target, first);
	return r < 0 || !*end ? r : check_pidfs(target, inode);
}

static int take_self(struct nsu_target *target)
{
	return take_pid(target, target->ctx->procfs.self);
}

/* Could be somebody's name for something: nothing that would have to be quoted. */
static bool is_name(const char *word)
{
	unsigned char first = *word;

	for (const char *at = word; *at; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f || strchr(":/@", *at))
			return false;
	return first >= 0x80 || first == '_' || (first >= '0' && first <= '9') ||
	       (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
}

static int take_form(struct nsu_target *target, const char *word)
{
	size_t plain = strcspn(word, ":@/");

	if (!strcmp(word, "host")) {
		target->form = FORM_HOST;
		return 0;
	}
	if (!strcmp(word, "self"))
		return take_self(target);
	if (word[plain] == '/')
		return take_path(target, word);
	if (!strncmp(word, "netns:", 6))
		return take_netns_name(target, word + 6);
	if (!strncmp(word, "pin:", 4))
		return take_pin(target, word + 4);
	if (*word == ':') {
		target->form = FORM_ID;
		return is_number(word + 1, &target->number) ? 0 : -EINVAL;
	}
	if (*word >= '0' && *word <= '9')
		return take_digits(target, word);
	return take_type(target, word);
}

/*
 * A pin, or a network namespace of /run/netns: what is found of both is one thing where
 * the pin has just that namespace, as "nspin create --netns" makes it.
 */
static int take_name(struct nsu_target *target, const char *word)
{
	struct nsu_target netns = { .ctx = target->ctx, .fd = -1 };
	int r = take_pin(target, word), other;
	bool same = false;

	/* A store that cannot be read has none of that name, as far as anyone knows. */
	if (r < 0 && r != -ESTALE && r != -ENOMEM && r != -EMFILE && r != -ENFILE)
		return take_netns_name(target, word);
	other = take_netns_name(&netns, word);
	if (netns.fd >= 0)
		close(netns.fd);
	if (other < 0)
		return r;
	if (!r && target->form == FORM_SET)
		same = target->set.types & 1u << NSU_NET &&
			target->set.inode[NSU_NET] == netns.number;
	else if (!r)
		same = target->type == NSU_NET && target->number == netns.number;
	return same ? 0 : -ENOTUNIQ;
}

bool nsi_target_is_name(const char *word)
{
	size_t plain = strcspn(word, ":@/");
	enum nsu_type type;
	uint64_t number;
	const char *end;
	char name[16];

	if (!strcmp(word, "host") || !strcmp(word, "self") || word[plain] == '/' ||
	    *word == ':' || !strncmp(word, "netns:", 6) || !strncmp(word, "pin:", 4))
		return false;
	end = parse_number(word, &number);
	if (end && (!*end || *end == ':' || *end == '@'))
		return false;
	if (word[plain] != ':' || plain >= sizeof(name))
		return word[plain] != '@';
	memcpy(name, word, plain);
	name[plain] = '\0';
	return nsu_type_find(name, &type) < 0;
}

/* The process of a picture, held from now on: that its number was given to another one
   since is noticed by its start. */
static int take_task(struct nsu_target *target, const struct nsu_task *task)
{
	struct nsu_task_stat stat = NSU_TASK_STAT_INIT;

	target->form = FORM_TASK;
	target->pid = nsu_task_get_pid(task);
	target->fd = nsi_task_open(task);
	return target->fd < 0 ? target->fd : nsu_task_read_stat(task, &stat);
}

static int take_match(struct nsu_target *target, const struct nsu_match *match)
{
	if (!match->task)
		return -ESRCH;
	target->by = !match->container ? BY_UNIT :
		nsu_container_get_kind(match->container) == NSU_POD ? BY_POD :
		BY_CONTAINER;
	target->word = strdup(match->word);
	return target->word ? take_task(target, match->task) : -ENOMEM;
}

int nsu_match_open(const struct nsu_match *match, struct nsu_target **ret)
{
	struct nsu_target *target;
	int r;

	if (!match || !ret)
		return -EINVAL;
	if (!match->task)
		return nsi_target_new_direct(nsi_match_ctx(match), match->word, ret);
	target = calloc(1, sizeof(*target));
	if (!target)
		return -ENOMEM;
	target->ctx = match->task->snap->ctx;
	target->fd = -1;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		target->set.fd[type] = -1;
	r = take_match(target, match);
	if (r < 0)
		nsu_target_free(target);
	else
		*ret = target;
	return r;
}

/* A pin or a namespace of that name was found already: then it must be all there is. */
static int take_query(struct nsu_target *target, const struct nsi_query *query,
		      int direct)
{
	struct nsu_matches *matches = NULL;
	struct nsu_snapshot *snap;
	int r;

	r = nsi_matches_scan(target->ctx, &snap);
	if (r < 0)
		return r;
	r = nsi_matches_find(snap, query, &matches);
	if (r == -ENOENT) {
		r = direct;
	} else if (!r && (direct == 0 || direct == -ENOTUNIQ || direct == -ESTALE)) {
		r = nsi_matches_are_claims(matches) ? direct : -ENOTUNIQ;
	} else if (!r) {
		r = nsi_matches_agree(matches) ?
			take_match(target, nsu_matches_get(matches, 0)) : -ENOTUNIQ;
	}
	nsu_matches_free(matches);
	nsu_snapshot_free(snap);
	return r;
}

static int take_word(struct nsu_target *target, const char *word, bool direct)
{
	struct nsi_query query;
	int r = -ENOENT;

	if (!nsi_target_is_name(word))
		return take_form(target, word);
	if (nsi_query_parse(word, &query) < 0)
		return -EINVAL;
	if (query.many)
		return -ENOTUNIQ;
	if (query.kind == QUERY_NAME && !is_name(word))
		return -EINVAL;
	if (query.kind == QUERY_NAME)
		r = take_name(target, word);
	return direct || r == -ENOMEM || r == -EMFILE || r == -ENFILE ? r :
		take_query(target, &query, r);
}

/* By inode or id only a scan can tell. */
static bool could_have_pids(const struct nsu_target *target)
{
	if (target->form == FORM_SET)
		return target->set.types & 1u << NSU_PID;
	return target->form != FORM_NS || target->type == NSU_PID;
}

static int new_target(struct nsu_ctx *ctx, const char *word, int joined, bool direct,
		      struct nsu_target **ret)
{
	struct nsu_target *target;
	const char *at = NULL;
	uint64_t number;
	int r;

	if (joined >= MAX_JOINED)
		return -E2BIG;
	target = calloc(1, sizeof(*target));
	if (!target)
		return -ENOMEM;
	target->ctx = ctx;
	target->fd = -1;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		target->set.fd[type] = -1;
	at = parse_number(word, &number);
	if (at && *at == '@') {
		target->form = FORM_INNER;
		target->pid = number <= MAX_PID ? number : 0;
		r = !target->pid ? -EINVAL :
			new_target(ctx, at + 1, joined + 1, direct, &target->outer);
		if (!r && !could_have_pids(target->outer))
			r = -EINVAL;
	} else {
		r = take_word(target, word, direct);
	}
	if (r < 0) {
		nsu_target_free(target);
		return r;
	}
	*ret = target;
	return 0;
}

int nsu_target_new(struct nsu_ctx *ctx, const char *word, struct nsu_target **ret)
{
	if (!ctx || !word || !ret)
		return -EINVAL;
	return new_target(ctx, word, 0, false, ret);
}

int nsi_target_new_direct(struct nsu_ctx *ctx, const char *word, struct nsu_target **ret)
{
	return new_target(ctx, word, 0, true, ret);
}
