/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON of engines: half of it, too much of it, and what is found in it. */
#include "rooted.h"

static int parse(const char *text)
{
	struct json_object *object = NULL;
	int r = nsi_json_parse(text, strlen(text), &object);

	json_object_put(object);
	return r;
}

static void test_parse(void)
{
	static const char whole[] = "{\"a\": [1, {\"b\": \"x\"}], \"c\": null}";

	is_int(parse(whole), 0, "an object");
	is_int(parse("[]"), 0, "a list");
	is_int(parse(" {}\r\n\t "), 0, "space around it");
	for (size_t i = 0; i < strlen(whole); i++) {
		struct json_object *object = NULL;
		int r = nsi_json_parse(whole, i, &object);

		if (r != -EBADMSG || object)
			is_int(r, -EBADMSG, "%zu bytes of it", i);
		json_object_put(object);
	}
	is_int(parse("{} x"), -EBADMSG, "something behind it");
	is_int(parse("{}{}"), -EBADMSG, "two of them");
	is_int(parse("\"text\""), -EBADMSG, "a text is none");
	is_int(parse("17"), -EBADMSG, "nor a number");
	is_int(parse("nonsense"), -EBADMSG, "nor nonsense");
}

static char *repeat(const char *what, size_t count, const char *end)
{
	size_t len = strlen(what);
	char *text = malloc(len * count + strlen(end) + 2);

	if (!text)
		exit(1);
	text[0] = '[';
	for (size_t i = 0; i < count; i++)
		memcpy(text + 1 + i * len, what, len);
	strcpy(text + 1 + count * len, end);
	return text;
}

static void test_bounds(void)
{
	char *deep = repeat("[", 1000, ""), *many = repeat("[],", 100000, "1]");
	char *values = repeat("1,", 1000000, "1]"), *list = repeat("1,", 1000, "1]");
	char *large = repeat("          ", 500000, "1]"), *text = malloc(1 << 20);

	is_int(parse(deep), -EBADMSG, "nested deeply");
	is_int(parse(many), -EFBIG, "a great many lists");
	is_int(parse(values), -EFBIG, "a great many values");
	is_int(parse(list), 0, "some values");
	is_int(parse(large), -EFBIG, "more than the limit");
	if (!text)
		exit(1);
	memset(text, 'x', 1 << 20);
	memcpy(text, "[\"", 2);
	strcpy(text + (1 << 20) - 3, "\"]");
	is_int(parse(text), 0, "a huge text is one");
	free(text);
	free(large);
	free(list);
	free(values);
	free(many);
	free(deep);
}

static void cut(const char *text, const char *key, int want, const char *value)
{
	const char *found = NULL;
	size_t length = 0;
	int r = nsi_json_cut(text, strlen(text), key, &found, &length);

	is_int(r, want, "%s in %.60s", key, text);
	if (!r)
		ok(strlen(value) == length && !memcmp(value, found, length),
		   "is %s: %.*s", value, (int)length, found);
}

static void test_cut(void)
{
	static const char whole[] = "{ \"x\": {\"key\": [1,\"}\"]}, "
		"\"key\" : {\"a\":\"\\\"}\"} ,"
		"\"z\":[{}] }\n";

	cut(whole, "key", 0, "{\"a\":\"\\\"}\"}");
	cut(whole, "x", 0, "{\"key\": [1,\"}\"]}");
	cut(whole, "z", 0, "[{}]");
	cut(whole, "a", -ENOENT, NULL);
	cut("{}", "key", -ENOENT, NULL);
	cut("{\"key\":1}", "key", 0, "1");
	cut("{\"key\":\"a,b\",\"k\":2}", "key", 0, "\"a,b\"");
	cut("{\"key\":1,\"key\":2}", "key", 0, "2");
	cut("{\"key\":1,}", "key", -EBADMSG, NULL);
	cut("{\"key\" 1}", "key", -EBADMSG, NULL);
	cut("{\"key\":1} x", "key", -EBADMSG, NULL);
	cut("[\"key\"]", "key", -EBADMSG, NULL);
	cut("", "key", -EBADMSG, NULL);
	for (size_t i = 0; i < strlen(whole) - 1; i++) {
		const char *found;
		size_t length;

		if (nsi_json_cut(whole, i, "key", &found, &length) != -EBADMSG)
			ok(false, "%zu bytes of it", i);
	}
}

static void test_text(void)
{
	static const char text[] = "{\"a\":{\"b\":\"x\",\"n\":7,\"nul\":\"x\\u0000y\","
		"\"big\":99999999999999999999,\"neg\":-1,\"f\":1.5},\"l\":[1]}";
	struct json_object *object = NULL;
	int64_t n = 5;

	is_int(nsi_json_parse(text, strlen(text), &object), 0, "an object");
	is_str(nsi_json_text(object, "a", "b", NULL), "x", "a text by two names");
	is_str(nsi_json_text(object, "a", NULL), NULL, "an object is none");
	is_str(nsi_json_text(object, "a", "n", NULL), NULL, "nor a number");
	is_str(nsi_json_text(object, "a", "nul", NULL), NULL, "nor one with a NUL");
	is_str(nsi_json_text(object, "a", "b", "c", NULL), NULL, "nothing is in a text");
	is_str(nsi_json_text(object, "l", "b", NULL), NULL, "no name is in a list");
	is_str(nsi_json_text(NULL, "a", NULL), NULL, "nor in nothing");
	ok(nsi_json_number(object, &n, "a", "n", NULL) && n == 7, "a number");
	ok(!nsi_json_number(object, &n, "a", "b", NULL) && n == 7, "a text is none");
	ok(!nsi_json_number(object, &n, "a", "f", NULL), "nor a fraction");
	ok(nsi_json_number(object, &n, "a", "neg", NULL) && n == -1, "a negative one");
	ok(nsi_json_number(object, &n, "a", "big", NULL) && n > 0, "one too large");
	json_object_put(object);
}

static void test_keys(void)
{
	static const char *const keys[] = { "c", "a", "none", NULL };
	static const char *const odd[] = {
		"{\"a\":1,\"c\":}", "{\"a\":[}", "{\"a\":1", "[1]", "{\"a\":1 2}", "",
	};
	struct json_object *object = NULL;
	int dir;

	tree_begin();
	tree_file("{\"x\":[1,{}],\"a\" : {\"b\":\"x\"}, \"c\":\"y\\\"}\", \"d\":7}",
		  "dir/file");
	tree_file("{}", "dir/empty");
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		tree_file(odd[i], "dir/%zu", i);
	root_open();
	dir = nsi_states_dir(root_states, "/dir", 0);
	is_int(nsi_states_json_keys(root_states, dir, "file", 0, keys, &object), 0,
	       "some keys of an object");
	is_str(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN),
	       "{\"c\":\"y\\\"}\",\"a\":{\"b\":\"x\"}}", "no more of it");
	json_object_put(object);
	object = NULL;
	is_int(nsi_states_json_keys(root_states, dir, "empty", 0, keys, &object), 0,
	       "an object without them");
	is_int(json_object_object_length(object), 0, "is empty");
	json_object_put(object);
	object = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		char name[8];

		snprintf(name, sizeof(name), "%zu", i);
		is_int(nsi_states_json_keys(root_states, dir, name, 0, keys, &object),
		       -EBADMSG, "no object: %s", odd[i]);
	}
	ok(!object, "nothing is returned");
}

static void test_files(void)
{
	struct json_object *object = NULL;
	int dir;

	tree_begin();
	tree_file("{\"a\":{\"b\":\"x\"},\"c\":[", "dir/half");
	tree_file("{\"a\":{\"b\":\"x\"},\"c\":[]}", "dir/whole");
	root_open();
	dir = nsi_states_dir(root_states, "/dir", 0);
	is_int(nsi_states_json(root_states, dir, "half", 0, &object), -EBADMSG,
	       "half written");
	is_int(nsi_states_json_part(root_states, dir, "half", 0, "a", &object), -EBADMSG,
	       "a part of it");
	ok(!object, "nothing is returned");
	is_int(nsi_states_json(root_states, dir, "whole", 0, &object), 0, "a whole one");
	is_str(nsi_json_text(object, "a", "b", NULL), "x", "what is in it");
	json_object_put(object);
	is_int(nsi_states_json_part(root_states, dir, "whole", 0, "a", &object), 0,
	       "a part");
	is_str(nsi_json_text(object, "b", NULL), "x", "what is in that");
	json_object_put(object);
	is_int(nsi_states_json_part(root_states, dir, "whole", 0, "z", &object), -ENOENT,
	       "no such part");
	is_int(nsi_states_json(root_states, dir, "none", 0, &object), -ENOENT, "no file");
}

int main(void)
{
	umask(022);
	test_parse();
	test_bounds();
	test_cut();
	test_text();
	test_files();
	test_keys();
	root_close();
	return done();
}
