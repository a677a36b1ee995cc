/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Target words: what a user may type for a process or a namespace. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "builder.h"
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
	nsu_target_free(target->outer);
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
	struct nsu_ctx *ctx = target->ctx;
	nsi_autoclose int fd = -1;
	struct statfs fs;
	struct stat st;

	if (!ctx->procfs.own_pids || !nsi_if_usable(ctx, NSU_IF_PIDFD) ||
	    !nsi_if_usable(ctx, NSU_IF_PIDFS_INODE))
		return -EOPNOTSUPP;
	fd = syscall(SYS_pidfd_open, target->pid, 0);
	if (fd < 0) {
		int r = nsi_errno();

		nsi_if_tell(ctx, NSU_IF_PIDFD, r != -ENOSYS);
		if (r == -EINVAL)	/* has just been reaped, before 6.9 */
			return -ESRCH;
		return r == -ENOSYS ? -EOPNOTSUPP : r;
	}
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return nsi_errno();
	nsi_if_tell(ctx, NSU_IF_PIDFD, true);
	nsi_if_tell(ctx, NSU_IF_PIDFS_INODE, fs.f_type == PID_FS_MAGIC);
	if (fs.f_type != PID_FS_MAGIC)
		return -EOPNOTSUPP;
	return st.st_ino == inode ? 0 : -ESTALE;
}

/* Opens what the O_PATH descriptor is of, by its own link, and asks for the type. */
static int take_nsfs(struct nsu_target *target, int path_fd)
{
	nsi_autoclose int self = -1;
	char name[32];

	snprintf(name, sizeof(name), "fd/%d", path_fd);
	self = nsi_ctx_open_self(target->ctx);
	if (self < 0)
		return self;
	target->fd = openat(self, name, O_RDONLY | O_CLOEXEC);
	if (target->fd < 0)
		return nsi_errno();
	target->form = FORM_NS;
	return nsi_ask_type(target->fd, &target->type);
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
	r = take_nsfs(target, fd);
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
	if (*word == ':') {
		target->form = FORM_ID;
		return is_number(word + 1, &target->number) ? 0 : -EINVAL;
	}
	if (*word >= '0' && *word <= '9')
		return take_digits(target, word);
	return take_type(target, word);
}

static int take_word(struct nsu_target *target, const char *word)
{
	int r = take_form(target, word);

	return r == -EINVAL && is_name(word) ? take_netns_name(target, word) : r;
}

static int new_target(struct nsu_ctx *ctx, const char *word, int joined,
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
	at = parse_number(word, &number);
	if (at && *at == '@') {
		target->form = FORM_INNER;
		target->pid = number <= MAX_PID ? number : 0;
		r = !target->pid ? -EINVAL :
			new_target(ctx, at + 1, joined + 1, &target->outer);
		if (!r && target->outer->form == FORM_NS &&
		    target->outer->type != NSU_PID)
			r = -EINVAL;
	} else {
		r = take_word(target, word);
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
	return new_target(ctx, word, 0, ret);
}

void nsi_target_widen(const struct nsu_target *target, unsigned *parts, unsigned *types)
{
	switch (target->form) {
	case FORM_TASK:
	case FORM_HOST:
		return;
	case FORM_INNER:
		*parts |= NSU_PART_RELATIONS | NSU_PART_PIDS;
		*types |= 1u << NSU_PID;
		nsi_target_widen(target->outer, parts, types);
		return;
	case FORM_NS:
		*parts |= NSU_PART_DEFAULT;
		*types |= 1u << target->type;
		return;
	case FORM_INODE:
	case FORM_ID:
		*parts |= NSU_PART_DEFAULT;
		*types |= NSU_TYPES_DEFAULT;
		return;
	}
}

int nsi_target_add(const struct nsu_target *target, struct nsi_builder *b)
{
	uint32_t index;
	int r;

	if (target->form == FORM_INNER)
		return nsi_target_add(target->outer, b);
	if (target->form != FORM_NS || target->fd < 0)
		return 0;
	r = nsi_builder_add_ns(b, target->type, target->number, &index);
	if (!r && b->snap->parts & NSU_PART_RELATIONS && !b->snap->ns[index].asked)
		r = nsi_builder_ask(b, index, target->fd);
	if (!r)
		b->snap->ns[index].wanted = true;
	return r;
}

int nsu_target_get_kind(const struct nsu_target *target, enum nsu_target_kind *ret)
{
	if (!target || !ret)
		return -EINVAL;
	*ret = nsi_target_is_task(target) ? NSU_TARGET_TASK : NSU_TARGET_NS;
	return 0;
}

int nsu_target_get_pid(const struct nsu_target *target, pid_t *ret)
{
	if (!target || !ret)
		return -EINVAL;
	if (!nsi_target_is_task(target))
		return -ENOENT;
	if (target->form == FORM_INNER)
		return -ENODATA;
	/* "the topmost visible init" is process 1 of the procfs */
	*ret = target->form == FORM_HOST ? 1 : target->pid;
	return 0;
}

static int find_inner(const struct nsu_target *target, const struct nsu_snapshot *snap,
		      const struct nsu_task **ret)
{
	const struct nsu_task *outer;
	const struct nsu_ns *pidns;
	int r;

	if (nsi_target_is_task(target->outer)) {
		r = nsu_target_find_task(target->outer, snap, &outer);
		if (!r)
			r = nsu_task_get_ns(outer, NSU_PID, &pidns);
	} else {
		r = nsu_target_find_ns(target->outer, snap, &pidns);
	}
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	/* By inode or id it may have turned out to be of another type. */
	r = nsu_snapshot_find_pid(snap, pidns, target->pid, ret);
	return r == -EINVAL ? -ESRCH : r;
}

int nsu_target_find_task(const struct nsu_target *target, const struct nsu_snapshot *snap,
			 const struct nsu_task **ret)
{
	struct stat st;
	pid_t pid;
	int r;

	if (!target || !snap || !ret)
		return -EINVAL;
	if (target->form == FORM_INNER)
		return find_inner(target, snap, ret);
	r = nsu_target_get_pid(target, &pid);
	if (r < 0)
		return r;
	/* Looked up below the held directory: fails once its process was reaped. */
	if (target->fd >= 0 && fstatat(target->fd, "stat", &st, 0) < 0 &&
	    (errno == ENOENT || errno == ESRCH))
		return -ESRCH;
	return nsu_snapshot_find_task(snap, pid, ret);
}

int nsu_target_find_ns(const struct nsu_target *target, const struct nsu_snapshot *snap,
		       const struct nsu_ns **ret)
{
	if (!target || !snap || !ret)
		return -EINVAL;
	switch (target->form) {
	case FORM_NS:
		return nsu_snapshot_find_ns(snap, target->type, target->number, ret);
	case FORM_INODE:
		return nsu_snapshot_find_inode(snap, target->number, ret);
	case FORM_ID:
		return nsu_snapshot_find_id(snap, target->number, ret);
	default:
		return -ENOENT;
	}
}
