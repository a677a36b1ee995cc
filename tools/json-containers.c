/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Containers and places in the document of --json. */
#include <errno.h>
#include <string.h>

#include "containers.h"
#include "json.h"

/* What it has not is left out; null is unknown. */
static void add_text(struct json_object *o, const char *key, int r, const char *text)
{
	if (r == 0)
		json_object_object_add(o, key, json_text(text));
	else if (r != -ENOENT)
		json_object_object_add(o, key, NULL);
}

static void add_word(struct json_object *o, const char *key, int r,
		     const struct nsu_container *container)
{
	add_text(o, key, r, r == 0 ? nsu_container_get_word(container) : NULL);
}

/* By the words of the library, with _ for -: the members of JSON have no other. */
static const char *member(char buf[static 32], const char *name)
{
	snprintf(buf, 32, "%s", name);
	for (char *at = buf; *at != '\0'; at++)
		if (*at == '-')
			*at = '_';
	return buf;
}

static void add_texts(struct json_object *o, const struct nsu_container *container)
{
	char key[32];

	for (int i = 0; i < NSU_CONTAINER_TEXTS; i++) {
		enum nsu_container_text what = (enum nsu_container_text)i;
		const char *text = NULL;
		int r = nsu_container_get_text(container, what, &text);

		add_text(o, member(key, nsu_container_text_get_name(what)), r, text);
	}
}

static struct json_object *amount(int64_t value)
{
	if (value < 0)
		return NULL;
	return value == INT64_MAX ? json_object_new_string("max") :
		json_object_new_int64(value);
}

static struct json_object *hundredths(int32_t value)
{
	return value < 0 ? NULL : json_object_new_double(value / 100.0);
}

/* A limit, and how many levels above it is set. */
static void add_limit(struct json_object *o, const char *key, const char *level_key,
		      int64_t value, int level)
{
	json_object_object_add(o, key, amount(value));
	json_object_object_add(o, level_key, level < 0 ? NULL :
			       json_object_new_int(level));
}

static struct json_object *usage_of(const struct nsu_container *container)
{
	struct nsu_cgroup usage = NSU_CGROUP_INIT;
	struct json_object *o;
	int r = nsu_container_read_usage(container, &usage);

	if (r < 0)
		return r == -ENOENT ? json_object_new_string("none") : NULL;
	o = json_object_new_object();
	json_object_object_add(o, "frozen", usage.frozen < 0 ? NULL :
			       json_object_new_boolean(usage.frozen));
	json_object_object_add(o, "memory", amount(usage.memory));
	add_limit(o, "memory_max", "memory_level", usage.memory_max, usage.memory_level);
	json_object_object_add(o, "memory_peak", amount(usage.memory_peak));
	json_object_object_add(o, "memory_cache", amount(usage.memory_cache));
	json_object_object_add(o, "oom_kills", amount(usage.oom_kills));
	json_object_object_add(o, "pids", amount(usage.pids));
	add_limit(o, "pids_max", "pids_level", usage.pids_max, usage.pids_level);
	json_object_object_add(o, "cpu_usage", amount(usage.cpu_usage));
	add_limit(o, "cpu_max", "cpu_level", usage.cpu_max, usage.cpu_level);
	json_object_object_add(o, "cpu_periods", amount(usage.cpu_periods));
	json_object_object_add(o, "cpu_throttled", amount(usage.cpu_throttled));
	json_object_object_add(o, "cpu_throttled_time",
			       amount(usage.cpu_throttled_time));
	json_object_object_add(o, "io_read", amount(usage.io_read));
	json_object_object_add(o, "io_written", amount(usage.io_written));
	json_object_object_add(o, "cpu_pressure", hundredths(usage.cpu_pressure));
	json_object_object_add(o, "memory_pressure", hundredths(usage.memory_pressure));
	json_object_object_add(o, "io_pressure", hundredths(usage.io_pressure));
	return o;
}

static struct json_object *tasks_of(const struct nsu_container *container)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < nsu_container_count_tasks(container); i++)
		json_object_array_add(list, json_object_new_int(nsu_task_get_tid(
				nsu_container_get_task(container, i))));
	return list;
}

static struct json_object *container_entry(const struct json_writer *w,
					   const struct nsu_container *container)
{
	static const char *const kinds[] = {
		[NSU_CONTAINER] = "container", [NSU_POD] = "pod",
		[NSU_POD_PAUSE] = "pause",
	};
	struct json_object *o = json_object_new_object();
	const struct nsu_container *other = NULL;
	const struct nsu_task *init = NULL;
	uid_t uid;
	int r;

	json_object_object_add(o, "word", json_text(nsu_container_get_word(container)));
	json_object_object_add(o, "kind", json_object_new_string(
			kinds[nsu_container_get_kind(container)]));
	add_texts(o, container);
	json_object_object_add(o, "claim", json_object_new_boolean(
			nsu_container_is_claim(container)));
	r = nsu_container_get_outer(container, &other);
	add_word(o, "outer", r, other);
	r = nsu_container_get_pod(container, &other);
	add_word(o, "in_pod", r, other);
	r = nsu_container_get_uid(container, &uid);
	json_object_object_add(o, "uid", r == 0 ? json_object_new_int64(uid) : NULL);
	r = nsu_container_get_init(container, &init);
	json_object_object_add(o, "init", r == 0 ? json_object_new_int(
			nsu_task_get_tid(init)) : json_object_new_string("none"));
	json_object_object_add(o, "processes", json_count((long)
			nsu_container_count_processes(container)));
	json_object_object_add(o, "tasks", tasks_of(container));
	if (w->app->opts.containers)
		json_object_object_add(o, "usage", usage_of(container));
	return o;
}

static bool keeps_container(const struct json_writer *w,
			    const struct nsu_container *container)
{
	if (w->whole)
		return true;
	for (size_t i = 0; i < nsu_container_count_tasks(container); i++)
		if (json_keeps_task(w, nsu_container_get_task(container, i)))
			return true;
	return false;
}

void json_put_containers(struct json_writer *w)
{
	const struct nsu_container *container;

	json_open(w, "containers");
	nsu_foreach_container(container, w->snap)
		if (keeps_container(w, container))
			json_entry(w, container_entry(w, container));
	json_close(w);
}

void json_add_places(struct json_object *o, const struct nsu_task *task)
{
	const struct nsu_container *container = NULL;
	struct json_object *places = json_object_new_object();
	char key[32];
	int r = nsu_task_get_container(task, &container);

	json_object_object_add(o, "container", r == 0 ?
			       json_text(nsu_container_get_word(container)) :
			       r == -ENOENT ? json_object_new_string("none") : NULL);
	for (int i = 0; i < NSU_PLACES; i++) {
		enum nsu_place what = (enum nsu_place)i;
		const char *text = NULL;

		r = nsu_task_get_place(task, what, &text);
		add_text(places, member(key, nsu_place_get_name(what)), r, text);
	}
	json_object_object_add(o, "places", places);
}
