// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nspin list --json, nspin.schema.json: a pin a line. A change that takes a member away
 * or gives it another meaning raises SCHEMA.
 */
#include <errno.h>
#include <string.h>

#include "json.h"
#include "pin-set.h"

#define SCHEMA 1

static void put(struct json_object *in, const char *key, struct json_object *value)
{
	json_object_object_add(in, key, value);
}

static void put_text(struct json_object *in, const char *key, const char *text)
{
	put(in, key, json_text(text));
}

/* 0 is unknown, or that there is none. */
static void put_number(struct json_object *in, const char *key, uint64_t number)
{
	put(in, key, number ? json_object_new_uint64(number) : NULL);
}

static struct json_object *make_ns(const struct nsu_pin *pin, enum nsu_type type)
{
	const struct nsu_pin_ns *ns = &pin->ns[type];
	struct json_object *object = json_object_new_object();

	put_text(object, "type", nsu_type_get_name(type));
	put_text(object, "state", nsu_pin_state_get_name(ns->state));
	put_text(object, "reason", nsu_pin_reason_get_name(ns->reason));
	put_text(object, "path", ns->path);
	put_number(object, "inode", ns->inode);
	put_number(object, "id", ns->id);
	put_number(object, "recorded_inode", ns->recorded_inode);
	put_number(object, "recorded_id", ns->recorded_id);
	return object;
}

static void put_record(struct json_object *object, const struct nsu_pin *pin)
{
	struct json_object *args = NULL;

	if (pin->maker == NSU_PIN_BY_NSUTIL && pin->args) {
		args = json_object_new_array();
		for (size_t i = 0; pin->args[i]; i++)
			json_object_array_add(args, json_text(pin->args[i]));
	}
	put(object, "uid", pin->maker == NSU_PIN_BY_NSUTIL ?
	    json_object_new_int64(pin->uid) : NULL);
	put_text(object, "user", pin->user);
	put(object, "args", args);
	put_text(object, "from", pin->from);
	put_number(object, "from_pid", (uint64_t)pin->from_pid);
	put_text(object, "from_command", pin->from_command);
	put(object, "netns", json_object_new_boolean(pin->netns));
	put_number(object, "init", (uint64_t)pin->init);
	put_number(object, "keeper", (uint64_t)pin->keeper);
}

static struct json_object *make_pin(const struct nsu_pin *pin)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();

	put_text(object, "name", pin->name);
	put_text(object, "word", pin->word);
	put_text(object, "maker", nsu_pin_maker_get_name(pin->maker));
	put_text(object, "state", nsu_pin_state_get_name(pin->state));
	put_text(object, "reason", nsu_pin_reason_get_name(pin->reason));
	put_number(object, "made", pin->made);
	put_record(object, pin);
	for (int type = 0; type < NSU_TYPE_COUNT; type++)
		if (pin->types & 1U << type)
			json_object_array_add(list, make_ns(pin, type));
	put(object, "namespaces", list);
	return object;
}

/* A line; what could not be made leaves the document no document. */
static bool print_line(const char *before, struct json_object *take_value)
{
	const char *text = take_value ?
		json_object_to_json_string_ext(take_value, JSON_C_TO_STRING_PLAIN |
					       JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;

	if (text)
		printf("%s%s", before, text);
	json_object_put(take_value);
	return text != NULL;
}

static bool print_gaps(const struct pin_set *set)
{
	bool good = true;

	for (size_t i = 0; i < nsu_pins_count_gaps(set->pins) && good; i++) {
		const struct nsu_pin_gap *gap = nsu_pins_get_gap(set->pins, i);
		struct json_object *object = json_object_new_object();

		put_text(object, "path", gap->path);
		put_text(object, "error", strerror(-gap->error));
		good = print_line(i ? ",\n " : "\n ", object);
	}
	return good;
}

int pin_print_json(struct pin_app *app, const struct pin_set *set)
{
	bool good = true;

	printf("{\n\"nsutil\":{\"version\":\"%s\",\"schema\":%d},\n\"complete\":%s,\n"
	       "\"pins\":[", nsu_version(), SCHEMA,
	       nsu_pins_count_gaps(set->pins) ? "false" : "true");
	for (size_t i = 0; i < set->count && good; i++)
		good = print_line(i ? ",\n " : "\n ", make_pin(set->chosen[i]));
	fputs("],\n\"gaps\":[", stdout);
	good = good && print_gaps(set);
	puts("]\n}");
	if (!good)
		msg_errno(&app->out, ENOMEM, "list");
	return good ? 0 : 1;
}
