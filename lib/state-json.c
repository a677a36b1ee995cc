/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON of engines, which may be an enemy's: what it makes of memory is bounded. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "states.h"

#define MAX_DEPTH	64
/* An empty list takes json-c 350 bytes and an empty object 900, a value of either 100. */
#define MAX_OPENED	32768
#define MAX_VALUES	262144

static bool is_bulky(const char *text, size_t length)
{
	size_t opened = 0, values = 0;

	for (size_t i = 0; i < length; i++) {
		opened += text[i] == '{' || text[i] == '[';
		values += text[i] == ',';
	}
	return opened > MAX_OPENED || values > MAX_VALUES;
}

static size_t skip_space(const char *text, size_t at, size_t length)
{
	while (at < length && text[at] && strchr(" \t\r\n", text[at]))
		at++;
	return at;
}

int nsi_json_parse(const char *text, size_t length, struct json_object **ret)
{
	struct json_tokener *tokener;
	struct json_object *object;
	size_t end;
	bool whole;

	if (length > NSI_STATE_LIMIT || is_bulky(text, length))
		return -EFBIG;
	tokener = json_tokener_new_ex(MAX_DEPTH);
	if (!tokener)
		return -ENOMEM;
	object = json_tokener_parse_ex(tokener, text, length);
	end = tokener->char_offset;
	whole = json_tokener_get_error(tokener) == json_tokener_success &&
		end <= length && skip_space(text, end, length) == length;
	json_tokener_free(tokener);
	if (whole && (json_object_is_type(object, json_type_object) ||
		      json_object_is_type(object, json_type_array))) {
		*ret = object;
		return 0;
	}
	json_object_put(object);
	return -EBADMSG;
}

/* Behind the string that begins at its quote; length: it has no end. */
static size_t skip_string(const char *text, size_t at, size_t length)
{
	for (at++; at < length && text[at] != '"'; at++)
		at += text[at] == '\\';
	return at < length ? at + 1 : length;
}

/* Behind the value that begins there: where it ends, not whether it is one. */
static size_t skip_value(const char *text, size_t at, size_t length)
{
	size_t depth = 0;

	while (at < length) {
		char c = text[at];

		if (c == '"') {
			at = skip_string(text, at, length);
			if (!depth)
				return at;
			continue;
		}
		if (!depth && strchr(",}]", c))
			return at;
		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		at++;
		if (!depth && (c == '}' || c == ']'))
			return at;
	}
	return length;
}

struct value {
	const char *key, *text;		/* text NULL: there is none */
	size_t length;
};

static void take_value(struct value *values, size_t count, const char *key,
		       size_t key_length, const char *text, size_t length)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(values[i].key) != key_length ||
		    memcmp(values[i].key, key, key_length))
			continue;
		values[i].text = text;
		values[i].length = length;
	}
}

/* The values of many keys in one go. */
static int find_values(const char *text, size_t length, struct value *values,
		       size_t count)
{
	size_t at = skip_space(text, 0, length);

	for (size_t i = 0; i < count; i++)
		values[i].text = NULL;
	if (at == length || text[at] != '{' || memchr(text, '\0', length))
		return -EBADMSG;
	/* To the end, for one that is half written has none. */
	do {
		size_t begin = skip_space(text, at + 1, length), end, value;

		if (begin < length && text[begin] == '}' && text[at] == '{')
			at = begin;
		if (begin >= length || text[begin] != '"')
			break;
		end = skip_string(text, begin, length);
		at = skip_space(text, end, length);
		if (at == length || text[at] != ':')
			return -EBADMSG;
		value = skip_space(text, at + 1, length);
		at = skip_value(text, value, length);
		take_value(values, count, text + begin + 1, end - begin - 2,
			   text + value, at - value);
		at = skip_space(text, at, length);
	} while (at < length && text[at] == ',');
	if (at >= length || text[at] != '}' ||
	    skip_space(text, at + 1, length) != length)
		return -EBADMSG;
	return 0;
}

int nsi_json_cut(const char *text, size_t length, const char *key, const char **ret,
		 size_t *ret_length)
{
	struct value value = { .key = key };
	int r = find_values(text, length, &value, 1);

	if (r < 0 || !value.text)
		return r < 0 ? r : -ENOENT;
	*ret = value.text;
	*ret_length = value.length;
	return 0;
}

#define MAX_KEYS	8

/* What is parsed takes ten times as long as what is skipped. */
static int parse_keys(const char *text, size_t length, const char *const *keys,
		      struct json_object **ret)
{
	struct value values[MAX_KEYS];
	nsi_autofree char *less = malloc(length + 3);
	size_t count = 0, at = 0;
	int r;

	if (!less)
		return -ENOMEM;
	while (keys[count] && count < MAX_KEYS) {
		values[count].key = keys[count];
		count++;
	}
	r = find_values(text, length, values, count);
	if (r < 0)
		return r;
	/* No longer than it was: each was there with its key. */
	less[at++] = '{';
	for (size_t i = 0; i < count; i++)
		if (values[i].text)
			at += sprintf(less + at, "%s\"%s\":%.*s", at > 1 ? "," : "",
				      keys[i], (int)values[i].length, values[i].text);
	less[at++] = '}';
	return nsi_json_parse(less, at, ret);
}

static int parse_part(const char *text, size_t length, const char *key,
		      struct json_object **ret)
{
	const char *part = text;
	size_t part_length = length;
	int r = 0;

	if (memchr(text, '\0', length))
		return -EBADMSG;
	if (key)
		r = nsi_json_cut(text, length, key, &part, &part_length);
	return r < 0 ? r : nsi_json_parse(part, part_length, ret);
}

/* keys, or one key's value, or all. Once more where it is none: some are written in
   place. */
static int read_json(struct nsi_states *states, int dir, const char *path, uid_t uid,
		     const char *const *keys, const char *key, struct json_object **ret)
{
	int r = -EBADMSG;

	for (int i = 0; i < 2 && r == -EBADMSG; i++) {
		nsi_autofree char *text = NULL;
		ssize_t n = nsi_states_read(states, dir, path, uid, NSI_STATE_LIMIT,
					    &text);

		if (n < 0)
			return n;
		r = keys ? parse_keys(text, n, keys, ret) : parse_part(text, n, key, ret);
	}
	return r;
}

int nsi_states_json_keys(struct nsi_states *states, int dir, const char *path, uid_t uid,
			 const char *const *keys, struct json_object **ret)
{
	return read_json(states, dir, path, uid, keys, NULL, ret);
}

int nsi_states_json_part(struct nsi_states *states, int dir, const char *path, uid_t uid,
			 const char *key, struct json_object **ret)
{
	return read_json(states, dir, path, uid, NULL, key, ret);
}

int nsi_states_json(struct nsi_states *states, int dir, const char *path, uid_t uid,
		    struct json_object **ret)
{
	return read_json(states, dir, path, uid, NULL, NULL, ret);
}

static struct json_object *find(struct json_object *object, va_list names)
{
	const char *name;

	while ((name = va_arg(names, const char *)))
		if (!json_object_is_type(object, json_type_object) ||
		    !json_object_object_get_ex(object, name, &object))
			return NULL;
	return object;
}

const char *nsi_json_text(struct json_object *object, ...)
{
	const char *text;
	va_list names;

	va_start(names, object);
	object = find(object, names);
	va_end(names);
	if (!json_object_is_type(object, json_type_string))
		return NULL;
	text = json_object_get_string(object);
	/* What has a NUL in it would be taken for another text. */
	return text && strlen(text) == (size_t)json_object_get_string_len(object) ?
		text : NULL;
}

bool nsi_json_number(struct json_object *object, int64_t *ret, ...)
{
	va_list names;

	va_start(names, ret);
	object = find(object, names);
	va_end(names);
	if (!json_object_is_type(object, json_type_int))
		return false;
	*ret = json_object_get_int64(object);
	return true;
}

int nsi_container_take(struct nsi_naming *n, struct nsu_container *c,
		       struct json_object *object, const struct nsi_json_want *want,
		       size_t count)
{
	int error = 0;

	for (size_t i = 0; i < count; i++) {
		const char *text = nsi_json_text(object, want[i].key, NULL);
		int r = text && *text ? nsi_container_set(n, c, want[i].what, text) : 0;

		if (r < 0 && !error)
			error = r;
	}
	return error;
}
