// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "live.h"

int live_scan(struct nsu_ctx *ctx, struct nsu_snapshot **ret)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;

	opts.parts = NSU_PART_TASKS | NSU_PART_PIDS | NSU_PART_CONTAINERS;
	/* By these the first process of a container is found. */
	opts.types = 1U << NSU_PID;
	return nsu_snapshot_new(ctx, &opts, ret);
}

int live_add(struct live *live, char *take_word)
{
	char **grown;

	if (take_word == NULL)
		return -ENOMEM;
	if (live->count == live->size) {
		size_t size = live->size != 0 ? live->size * 2 : 64;

		grown = reallocarray(live->word, size, sizeof(*grown));
		if (grown == NULL) {
			free(take_word);
			return -ENOMEM;
		}
		live->word = grown;
		live->size = size;
	}
	live->word[live->count++] = take_word;
	return 0;
}

static int add_named(struct live *live, const char *prefix, const char *name)
{
	char *word;

	return live_add(live, asprintf(&word, "%s%s", prefix, name) < 0 ? NULL : word);
}

void live_free(struct live *live)
{
	for (size_t i = 0; i < live->count; i++)
		free(live->word[i]);
	free(live->word);
	*live = (struct live){ 0 };
}

int live_add_containers(struct live *live, const struct nsu_snapshot *snap)
{
	const struct nsu_container *container;
	int r = 0;

	nsu_foreach_container(container, snap) {
		/* The pod stands for that one. */
		if (r == 0 && !nsu_container_is_claim(container) &&
		    nsu_container_get_kind(container) != NSU_POD_PAUSE)
			r = live_add(live, strdup(nsu_container_get_word(container)));
	}
	return r;
}

static int add_unit(struct live *live, const struct nsu_task *task, enum nsu_place place,
		    const char **last)
{
	const char *unit;

	if (nsu_task_get_place(task, place, &unit) < 0)
		return 0;
	/* Many tasks have the same place, one behind the other. */
	if (*last == unit)
		return 0;
	*last = unit;
	return add_named(live, "unit:", unit);
}

int live_add_units(struct live *live, const struct nsu_snapshot *snap)
{
	const char *last = NULL, *last_user = NULL;
	const struct nsu_container *container;
	const struct nsu_task *task;
	int r = 0;

	nsu_foreach_task(task, snap) {
		if (r < 0 || nsu_task_is_thread(task) || nsu_task_is_zombie(task) ||
		    nsu_task_get_container(task, &container) == 0)
			continue;
		r = add_unit(live, task, NSU_PLACE_UNIT, &last);
		if (r == 0)
			r = add_unit(live, task, NSU_PLACE_USER_UNIT, &last_user);
	}
	return r;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "PREFIXname" for each name in the directory that has no other letters; NULL: any. */
static int add_entries(struct live *live, const char *path, const char *prefix,
		       const char *letters)
{
	DIR *dir = opendir(path);
	size_t first = live->count;
	struct dirent *entry;
	int r = 0;

	while (dir != NULL && r == 0 && (entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;

		if (*name != '.' &&
		    (letters == NULL || name[strspn(name, letters)] == '\0'))
			r = add_named(live, prefix, name);
	}
	if (dir != NULL)
		closedir(dir);
	if (live->count > first)
		qsort(live->word + first, live->count - first, sizeof(char *), by_text);
	return r;
}

int live_add_netns(struct live *live)
{
	return add_entries(live, "/run/netns", "netns:", NULL);
}

/* By the names in the stores alone: what is in each pin takes a look at all processes. */
static int add_pin_names(struct live *live)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char *own;
	int r = add_entries(live, "/run/nsutil/pins", "pin:", letters);

	if (r == 0)
		r = runtime != NULL ? asprintf(&own, "%s/nsutil/pins", runtime) :
			asprintf(&own, "/run/user/%u/nsutil/pins", (unsigned)geteuid());
	if (r < 0)
		return -ENOMEM;
	r = add_entries(live, own, "pin:", letters);
	free(own);
	return r;
}

int live_add_pins(struct live *live, struct nsu_ctx *ctx)
{
	const struct nsu_pin *pin;
	struct nsu_pins *pins;
	int r = nsu_pins_new(ctx, &pins);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && (pin = nsu_pins_get(pins, i)) != NULL; i++)
		if (pin->maker == NSU_PIN_BY_NSUTIL)
			r = live_add(live, strdup(pin->word));
	nsu_pins_free(pins);
	return r;
}

static void drop_twins(struct live *live)
{
	size_t kept = 0;

	if (live->count > 0)
		qsort(live->word, live->count, sizeof(char *), by_text);
	for (size_t i = 0; i < live->count; i++) {
		if (kept > 0 && strcmp(live->word[kept - 1], live->word[i]) == 0)
			free(live->word[i]);
		else
			live->word[kept++] = live->word[i];
	}
	live->count = kept;
}

int live_find(struct live *live, const struct nsu_snapshot *snap)
{
	int r = live_add_containers(live, snap);

	if (r == 0)
		r = live_add_units(live, snap);
	if (r == 0)
		r = live_add_netns(live);
	if (r == 0)
		r = add_pin_names(live);
	drop_twins(live);
	return r;
}
