/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* record.json as it is written: for people, too. */
#include <json-c/json.h>
#include <string.h>
#include "pin.h"
#include "pin-record.h"

#define FLAGS	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | \
		 JSON_C_TO_STRING_NOSLASHESCAPE)

/* What is left out of a record that would be too long to be read again. */
enum { ALL, NO_WORDS, NO_NAMES, LEVELS };

/* Of the character at text its length, 0 if it is not UTF-8. There is a NUL behind it. */
static size_t get_utf8(const unsigned char *s)
{
	size_t size = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (s[0] >= 0xf5 || (s[0] >= 0x80 && s[0] < 0xc2))
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Too long for what they say, surrogates, beyond U+10FFFF. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90))
		return 0;
	return size;
}

/* Other bytes become \x80 and the like, as the tools print them. */
static struct json_object *new_text(const char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t len = strlen(text);
	nsi_autofree char *valid = malloc(len * 4 + 1);
	char *to = valid;

	if (!valid)
		return NULL;
	for (const unsigned char *at = (const unsigned char *)text; *at;) {
		size_t size = get_utf8(at);

		if (size) {
			memcpy(to, at, size);
			to += size;
			at += size;
			continue;
		}
		*to++ = '\\';
		*to++ = 'x';
		*to++ = digits[*at >> 4];
		*to++ = digits[*at++ & 15];
	}
	return json_object_new_string_len(valid, to - valid);
}

/* Takes over the value. NULL is none that memory was found for, and stops all. */
static int put(struct json_object *to, const char *name, struct json_object *take_value)
{
	if (take_value && json_object_object_add(to, name, take_value) == 0)
		return 0;
	json_object_put(take_value);
	return -ENOMEM;
}

static int put_number(struct json_object *to, const char *name, uint64_t number)
{
	return put(to, name, json_object_new_int64(number < INT64_MAX ? number : 0));
}

static int put_known(struct json_object *to, const char *name, uint64_t number)
{
	return number ? put_number(to, name, number) : 0;
}

static int put_text(struct json_object *to, const char *name, const char *text)
{
	return text ? put(to, name, new_text(text)) : 0;
}

/* An object within, or NULL. */
static struct json_object *put_object(struct json_object *to, const char *name)
{
	struct json_object *object = json_object_new_object();

	return put(to, name, object) < 0 ? NULL : object;
}

static int put_proc(struct json_object *to, const char *name, const struct nsi_proc *proc)
{
	struct json_object *object;
	int r;

	if (!proc->pid)
		return 0;
	object = put_object(to, name);
	r = object ? put_number(object, "pid", proc->pid) : -ENOMEM;
	if (!r)
		r = put_number(object, "start", proc->start);
	return r < 0 ? r : put_known(object, "inode", proc->inode);
}

static int put_args(struct json_object *to, char *const *args)
{
	struct json_object *list;
	int r;

	if (!args)
		return 0;
	list = json_object_new_array();
	r = put(to, "args", list);
	for (size_t i = 0; args[i] && !r; i++) {
		struct json_object *word = new_text(args[i]);

		if (!word || json_object_array_add(list, word) < 0) {
			json_object_put(word);
			r = -ENOMEM;
		}
	}
	return r;
}

static int put_from(struct json_object *to, const struct nsi_record *record, int level)
{
	struct json_object *from;
	int r = 0;

	if (!record->from && !record->from_command && !record->from_pid)
		return 0;
	from = put_object(to, "from");
	if (!from)
		return -ENOMEM;
	if (level < NO_NAMES)
		r = put_text(from, "target", record->from);
	if (!r)
		r = put_known(from, "pid", record->from_pid);
	if (!r && level < NO_WORDS)
		r = put_text(from, "command", record->from_command);
	return r;
}

static int put_rename(struct json_object *to, const struct nsi_record *record)
{
	struct json_object *names;
	int r;

	if (!record->rename_from || !record->rename_to)
		return 0;
	names = put_object(to, "rename");
	r = names ? put_text(names, "from", record->rename_from) : -ENOMEM;
	return r < 0 ? r : put_text(names, "to", record->rename_to);
}

static int put_types(struct json_object *to, const struct nsi_record *record)
{
	struct json_object *types = put_object(to, "types"), *one;
	int r = types ? 0 : -ENOMEM;

	for (unsigned i = 0; !r && i < NSU_TYPE_COUNT; i++) {
		if (!(record->types & 1u << i))
			continue;
		one = put_object(types, nsu_type_get_name(i));
		r = one ? put_number(one, "inode", record->inode[i]) : -ENOMEM;
		if (!r)
			r = put_known(one, "id", record->id[i]);
		if (!r && record->fd[i] > 0)
			r = put_number(one, "fd", record->fd[i]);
	}
	return r;
}

static int put_all(struct json_object *root, const struct nsi_record *record, int level)
{
	int r = put_number(root, "version", NSI_RECORD_VERSION);

	if (!r)
		r = put_text(root, "stage", nsi_stage_names[record->stage]);
	if (!r)
		r = put_number(root, "made", record->made);
	if (!r)
		r = put_number(root, "uid", record->uid);
	if (!r && level < NO_NAMES)
		r = put_text(root, "user", record->user);
	if (!r && level < NO_WORDS)
		r = put_args(root, record->args);
	if (!r)
		r = put_from(root, record, level);
	if (!r)
		r = put_rename(root, record);
	if (!r)
		r = put(root, "netns", json_object_new_boolean(record->netns));
	if (!r)
		r = put_types(root, record);
	if (!r)
		r = put_proc(root, "init", &record->init);
	return r < 0 ? r : put_proc(root, "keeper", &record->keeper);
}

/* -E2BIG: with less of it it may do. */
static int format(const struct nsi_record *record, int level, char **ret)
{
	struct json_object *root = json_object_new_object();
	const char *text = NULL;
	size_t length = 0;
	int r = root ? put_all(root, record, level) : -ENOMEM;

	if (!r) {
		text = json_object_to_json_string_length(root, FLAGS, &length);
		r = !text ? -ENOMEM : length >= NSI_RECORD_LIMIT ? -E2BIG : 0;
	}
	if (!r) {
		char *copy = malloc(length + 2);

		r = copy ? 0 : -ENOMEM;
		if (copy) {
			memcpy(copy, text, length);
			memcpy(copy + length, "\n", 2);
			*ret = copy;
		}
	}
	json_object_put(root);
	return r;
}

int nsi_record_format(const struct nsi_record *record, char **ret)
{
	int r = -E2BIG;

	if ((unsigned)record->stage >= NSI_STAGE_COUNT)
		return -EINVAL;
	for (int level = ALL; level < LEVELS && r == -E2BIG; level++)
		r = format(record, level, ret);
	return r;
}
