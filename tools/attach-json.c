// SPDX-License-Identifier: GPL-2.0-or-later
/* --explain --json: one document, nsattach.schema.json. */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attach-explain.h"

#define SCHEMA 1

/* Text from outside, as valid UTF-8; null where there is none. */
static struct json_object *text(const char *value)
{
	char *valid = value != NULL ? text_utf8(value, strlen(value)) : NULL;
	struct json_object *object = valid != NULL ? json_object_new_string(valid) : NULL;

	free(valid);
	return object;
}

static void put(struct json_object *to, const char *key, struct json_object *take_value)
{
	json_object_object_add(to, key, take_value);
}

static struct json_object *number_or_null(uint64_t value)
{
	return value != 0 ? json_object_new_uint64(value) : NULL;
}

static struct json_object *make_entry(const struct nsu_entry *entry)
{
	static const char *const rules[] = {
		[NSU_RULE_ADMIN_THERE] = "admin-there", [NSU_RULE_ADMIN_HERE] = "admin-here",
		[NSU_RULE_CHROOT] = "chroot", [NSU_RULE_NOT_BELOW] = "not-below",
		[NSU_RULE_NO_INIT] = "no-init", [NSU_RULE_UNREADABLE] = "unreadable",
	};
	struct json_object *object = json_object_new_object();
	char *why = explain_why(entry);

	put(object, "type", text(nsu_type_get_name(entry->type)));
	put(object, "inode", number_or_null(entry->inode));
	put(object, "enter", text(explain_verdict(entry)));
	put(object, "rule", entry->rule != NSU_RULE_NONE ? text(rules[entry->rule]) : NULL);
	put(object, "why", text(why));
	put(object, "owner", number_or_null(entry->owner));
	put(object, "needed_in", number_or_null(entry->needed_in));
	put(object, "error", entry->error != 0 ? text(strerror(-entry->error)) : NULL);
	free(why);
	return object;
}

static struct json_object *make_types(const struct attach *app)
{
	struct json_object *array = json_object_new_array();

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		json_object_array_add(array, make_entry(nsu_plan_get_entry(app->plan, type)));
	return array;
}

static struct json_object *make_traits(const struct nsu_outlook *outlook)
{
	struct json_object *array = json_object_new_array();

	for (enum nsu_trait i = 0; i < NSU_TRAIT_COUNT; i++)
		if (outlook->traits & 1U << i)
			json_object_array_add(array, text(nsu_trait_get_name(i)));
	return array;
}

static struct json_object *make_strings(char *const *list)
{
	struct json_object *array = json_object_new_array();

	for (; list != NULL && *list != NULL; list++)
		json_object_array_add(array, text(*list));
	return array;
}

static struct json_object *make_outlook(const struct attach *app)
{
	const struct nsu_outlook *outlook = nsu_plan_get_outlook(app->plan);
	struct json_object *object = json_object_new_object();
	char caps[20];

	snprintf(caps, sizeof(caps), "%016" PRIx64, outlook->caps);
	put(object, "by_pidfd", json_object_new_boolean(outlook->by_pidfd));
	if (app->opts.command[0] != NULL)
		put(object, "command", make_strings(app->opts.command));
	else
		put(object, "command", NULL);
	put(object, "shell", text(outlook->shell));
	put(object, "changes_ids", json_object_new_boolean(outlook->changes_ids));
	put(object, "uid", json_object_new_int64(outlook->uid));
	put(object, "gid", json_object_new_int64(outlook->gid));
	put(object, "capabilities", text(caps));
	put(object, "as_target", make_traits(outlook));
	put(object, "label", text(outlook->label));
	put(object, "seccomp", json_object_new_int(outlook->seccomp));
	put(object, "no_new_privs", json_object_new_boolean(outlook->no_new_privs));
	put(object, "cgroup", text(outlook->cgroup));
	put(object, "paused", json_object_new_boolean(outlook->frozen));
	put(object, "own_mounts", json_object_new_boolean(outlook->own_mounts));
	put(object, "target_dir", text(outlook->tree_dir));
	put(object, "environment", make_strings(outlook->environment));
	return object;
}

int explain_json(const struct attach *app)
{
	struct json_object *object = json_object_new_object();
	int allowed = nsu_plan_check(app->plan);
	pid_t pid = nsu_plan_get_pid(app->plan);
	char buf[32];

	put(object, "schema", json_object_new_int(SCHEMA));
	put(object, "target", text(say_target(app, buf)));
	put(object, "pid", number_or_null((uint64_t)pid));
	put(object, "allowed", json_object_new_boolean(allowed == 0));
	put(object, "exposed", json_object_new_boolean(allowed == -EXDEV));
	put(object, "namespaces", make_types(app));
	put(object, "outlook", allowed == -EPERM ? NULL : make_outlook(app));
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return 0;
}
