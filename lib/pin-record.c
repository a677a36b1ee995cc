/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* record.json: read as if a stranger had written it. Written by pin-record-format.c. */
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "pin.h"
#include "pin-record.h"

#define MAX_DEPTH	8
#define MAX_PID		4194304		/* PID_MAX_LIMIT */
#define MAX_FD		(1 << 24)

const char *const nsi_stage_names[NSI_STAGE_COUNT] = {
	[NSI_STAGE_MAKING] = "making",
	[NSI_STAGE_MADE] = "made",
	[NSI_STAGE_REMOVING] = "removing",
};

void nsi_record_free(struct nsi_record *record)
{
	if (!record)
		return;
	for (size_t i = 0; record->args && record->args[i]; i++)
		free(record->args[i]);
	free(record->args);
	free(record->user);
	free(record->from);
	free(record->from_command);
	free(record->rename_from);
	free(record->rename_to);
	*record = (struct nsi_record){ 0 };
}

bool nsi_record_fits(const struct nsi_record *record, enum nsu_type type, uint64_t inode,
		     uint64_t id)
{
	return inode == record->inode[type] &&
	       (!id || !record->id[type] || id == record->id[type]);
}

/* 0 with *ret NULL: it has no such member. */
static int take(struct json_object *from, const char *name, enum json_type type,
		struct json_object **ret)
{
	if (!json_object_object_get_ex(from, name, ret))
		*ret = NULL;
	else if (!json_object_is_type(*ret, type))
		return -EBADMSG;
	return 0;
}

/* Stays as it is if there is none. json-c gives the largest for all that are larger. */
static int take_number(struct json_object *from, const char *name, int64_t least,
		       int64_t most, int64_t *ret)
{
	struct json_object *value;
	int64_t number;
	int r = take(from, name, json_type_int, &value);

	if (r < 0 || !value)
		return r;
	number = json_object_get_int64(value);
	if (number < least || number > most || number == INT64_MAX)
		return -EBADMSG;
	*ret = number;
	return 0;
}

static int take_u64(struct json_object *from, const char *name, uint64_t *ret)
{
	int64_t number = 0;
	int r = take_number(from, name, 0, INT64_MAX, &number);

	if (!r)
		*ret = number;
	return r;
}

static int copy_text(struct json_object *value, char **ret)
{
	const char *text = json_object_get_string(value);

	if (!text)
		return -ENOMEM;
	if (strlen(text) != (size_t)json_object_get_string_len(value))
		return -EBADMSG;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int take_text(struct json_object *from, const char *name, char **ret)
{
	struct json_object *value;
	int r = take(from, name, json_type_string, &value);

	return r < 0 || !value ? r : copy_text(value, ret);
}

static int take_proc(struct json_object *from, const char *name, struct nsi_proc *ret)
{
	struct json_object *value;
	int64_t pid = 0;
	int r = take(from, name, json_type_object, &value);

	if (r < 0 || !value)
		return r;
	r = take_number(value, "pid", 1, MAX_PID, &pid);
	if (!r)
		r = pid ? take_u64(value, "start", &ret->start) : -EBADMSG;
	if (!r)
		r = take_u64(value, "inode", &ret->inode);
	ret->pid = pid;
	return r;
}

static int take_args(struct json_object *from, struct nsi_record *ret)
{
	struct json_object *list, *word;
	size_t count;
	int r = take(from, "args", json_type_array, &list);

	if (r < 0 || !list)
		return r;
	count = json_object_array_length(list);
	ret->args = calloc(count + 1, sizeof(*ret->args));
	if (!ret->args)
		return -ENOMEM;
	for (size_t i = 0; i < count && !r; i++) {
		word = json_object_array_get_idx(list, i);
		r = json_object_is_type(word, json_type_string) ?
			copy_text(word, &ret->args[i]) : -EBADMSG;
	}
	return r;
}

static int take_from(struct json_object *root, struct nsi_record *ret)
{
	struct json_object *from;
	int64_t pid = 0;
	int r = take(root, "from", json_type_object, &from);

	if (r < 0 || !from)
		return r;
	r = take_text(from, "target", &ret->from);
	if (!r)
		r = take_text(from, "command", &ret->from_command);
	if (!r)
		r = take_number(from, "pid", 1, MAX_PID, &pid);
	ret->from_pid = pid;
	return r;
}

/* Both names or none: they become paths. */
static int take_rename(struct json_object *root, struct nsi_record *ret)
{
	struct json_object *names;
	int r = take(root, "rename", json_type_object, &names);

	if (r < 0 || !names)
		return r;
	r = take_text(names, "from", &ret->rename_from);
	if (!r)
		r = take_text(names, "to", &ret->rename_to);
	if (!r && (nsi_pin_check_name(ret->rename_from) < 0 ||
		   nsi_pin_check_name(ret->rename_to) < 0))
		r = -EBADMSG;
	return r;
}

static int take_types(struct json_object *root, struct nsi_record *ret)
{
	struct json_object *types, *one;
	int r = take(root, "types", json_type_object, &types);

	for (unsigned i = 0; !r && types && i < NSU_TYPE_COUNT; i++) {
		int64_t fd = -1;

		r = take(types, nsu_type_get_name(i), json_type_object, &one);
		if (r < 0 || !one)
			continue;
		ret->types |= 1u << i;
		r = take_u64(one, "inode", &ret->inode[i]);
		if (!r)
			r = take_u64(one, "id", &ret->id[i]);
		if (!r)
			r = take_number(one, "fd", 0, MAX_FD, &fd);
		ret->fd[i] = fd;
	}
	return r;
}

/* Which kind of record, and how far its pin was. */
static int take_stage(struct json_object *root, struct nsi_record *ret)
{
	nsi_autofree char *stage = NULL;
	int64_t version = 0;
	int r = take_number(root, "version", NSI_RECORD_VERSION, NSI_RECORD_VERSION,
			    &version);

	if (!r)
		r = version ? take_text(root, "stage", &stage) : -EBADMSG;
	for (unsigned i = 0; !r && stage && i < NSI_STAGE_COUNT; i++)
		if (!strcmp(stage, nsi_stage_names[i])) {
			ret->stage = i;
			return 0;
		}
	return r < 0 ? r : -EBADMSG;
}

static int take_all(struct json_object *root, struct nsi_record *ret)
{
	struct json_object *netns;
	int64_t uid = -1;
	int r = take_stage(root, ret);

	if (!r)
		r = take_u64(root, "made", &ret->made);
	if (!r)
		r = take_number(root, "uid", 0, UINT32_MAX - 1, &uid);
	if (!r)
		r = uid >= 0 ? take_text(root, "user", &ret->user) : -EBADMSG;
	if (!r)
		r = take_args(root, ret);
	if (!r)
		r = take_from(root, ret);
	if (!r)
		r = take_rename(root, ret);
	if (!r)
		r = take(root, "netns", json_type_boolean, &netns);
	if (!r)
		r = take_types(root, ret);
	if (!r)
		r = take_proc(root, "init", &ret->init);
	if (!r)
		r = take_proc(root, "keeper", &ret->keeper);
	if (r < 0)
		return r;
	ret->uid = uid;
	ret->netns = netns && json_object_get_boolean(netns);
	return 0;
}

static bool is_blank(const char *text, const char *end)
{
	while (text < end && strchr(" \t\r\n", *text))
		text++;
	return text == end;
}

static int parse_text(const char *text, size_t length, struct json_object **ret)
{
	struct json_tokener *parser;
	struct json_object *root;
	int r = 0;

	if (!length || length > NSI_RECORD_LIMIT || memchr(text, '\0', length))
		return -EBADMSG;
	parser = json_tokener_new_ex(MAX_DEPTH);
	if (!parser)
		return -ENOMEM;
	json_tokener_set_flags(parser, JSON_TOKENER_STRICT);
	root = json_tokener_parse_ex(parser, text, length);
	if (json_tokener_get_error(parser) != json_tokener_success ||
	    !json_object_is_type(root, json_type_object) ||
	    !is_blank(text + parser->char_offset, text + length))
		r = -EBADMSG;
	json_tokener_free(parser);
	if (r < 0)
		json_object_put(root);
	else
		*ret = root;
	return r;
}

int nsi_record_parse(const char *text, size_t length, struct nsi_record *ret)
{
	struct nsi_record record = { 0 };
	struct json_object *root;
	int r = parse_text(text, length, &root);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < NSU_TYPE_COUNT; i++)
		record.fd[i] = -1;
	r = take_all(root, &record);
	json_object_put(root);
	if (r < 0)
		nsi_record_free(&record);
	else
		*ret = record;
	return r;
}

int nsi_record_read(int pin_dir, struct nsi_record *ret)
{
	nsi_autofree char *text = NULL;
	nsi_autoclose int fd = -1;
	struct stat st;
	ssize_t n;

	fd = openat(pin_dir, NSI_RECORD_FILE,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && (errno == ELOOP || errno == ENXIO))
		return -EBADMSG;	/* a link, a socket */
	if (fd < 0 || fstat(fd, &st) < 0)
		return nsi_errno();
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1 ||
	    st.st_mode & (S_IWGRP | S_IWOTH) || st.st_size > NSI_RECORD_LIMIT)
		return -EBADMSG;
	n = nsi_read_all(fd, NSI_RECORD_LIMIT, &text);
	return n < 0 ? n : nsi_record_parse(text, n, ret);
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nsi_errno();
		text += n;
		left -= n;
	}
	return 0;
}

int nsi_record_write(int pin_dir, const struct nsi_record *record)
{
	nsi_autofree char *text = NULL;
	nsi_autoclose int fd = -1;
	int r = nsi_record_format(record, &text);

	if (r < 0)
		return r;
	/* Of one that was killed: under the lock there is no other that writes it. */
	if (unlinkat(pin_dir, NSI_RECORD_NEW, 0) < 0 && errno != ENOENT)
		return nsi_errno();
	fd = openat(pin_dir, NSI_RECORD_NEW,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return nsi_errno();
	r = write_all(fd, text);
	if (!r && renameat(pin_dir, NSI_RECORD_NEW, pin_dir, NSI_RECORD_FILE) < 0)
		r = nsi_errno();
	if (r < 0)
		unlinkat(pin_dir, NSI_RECORD_NEW, 0);
	return r;
}
