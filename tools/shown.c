// SPDX-License-Identifier: GPL-2.0-or-later
/* What is shown of tasks, each read once: a hash table by the task's address. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "output.h"

#define FIRST_SLOTS 256

struct shown_cache {
	const struct output *out;
	struct shown **slots;	/* a power of two, at most three quarters in use */
	size_t slot_count, used;
};

struct shown_cache *shown_new(const struct output *out)
{
	struct shown_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		return NULL;
	cache->out = out;
	cache->slot_count = FIRST_SLOTS;
	cache->slots = calloc(FIRST_SLOTS, sizeof(struct shown *));
	if (cache->slots == NULL) {
		free(cache);
		return NULL;
	}
	return cache;
}

void shown_free(struct shown_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < cache->slot_count; i++)
		if (cache->slots[i] != NULL) {
			free(cache->slots[i]->name);
			free(cache->slots[i]->command);
			free(cache->slots[i]->args);
			free(cache->slots[i]);
		}
	free(cache->slots);
	free(cache);
}

static struct shown **find_slot(struct shown **slots, size_t count,
				const struct nsu_task *task)
{
	size_t at = (size_t)(((uintptr_t)task >> 4) * 0x9e3779b1U) & (count - 1);

	while (slots[at] != NULL && slots[at]->task != task)
		at = (at + 1) & (count - 1);
	return &slots[at];
}

static int grow(struct shown_cache *cache)
{
	size_t count = cache->slot_count * 2;
	struct shown **slots = calloc(count, sizeof(struct shown *));

	if (slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < cache->slot_count; i++)
		if (cache->slots[i] != NULL)
			*find_slot(slots, count, cache->slots[i]->task) = cache->slots[i];
	free(cache->slots);
	cache->slots = slots;
	cache->slot_count = count;
	return 0;
}

/* A name that cannot be seen, or not where it begins or ends, is put in quotes. */
static char *make_name(const struct output *out, const char *comm)
{
	size_t len = strlen(comm);
	char quoted[sizeof(((struct nsu_task_stat *)NULL)->comm) + 2];

	if (len > 0 && comm[0] != ' ' && comm[len - 1] != ' ')
		return text_escape(out, comm);
	snprintf(quoted, sizeof(quoted), "\"%s\"", comm);
	return text_escape(out, quoted);
}

static struct shown *add(struct shown_cache *cache, const struct nsu_task *task)
{
	struct shown *shown = calloc(1, sizeof(*shown));

	if (shown == NULL)
		return NULL;
	shown->task = task;
	shown->stat.size = sizeof(shown->stat);
	shown->error = nsu_task_read_stat(task, &shown->stat);
	shown->name = make_name(cache->out, shown->error == 0 ? shown->stat.comm : "?");
	if (shown->name == NULL) {
		free(shown);
		return NULL;
	}
	return shown;
}

/* Every process may clear its command line; then, as in ps, its name stands for it. */
static int read_command(struct shown_cache *cache, struct shown *shown)
{
	ssize_t len = -ESRCH;

	if (shown->error == 0)
		len = nsu_task_read_cmdline(shown->task, 0, &shown->args);
	if (len > 0) {
		shown->args_len = (size_t)len;
		shown->command = text_escape_argv(cache->out, shown->args, (size_t)len);
	} else if (shown->error != 0) {
		shown->command = strdup("?");
	} else if (asprintf(&shown->command, "[%s]", shown->name) < 0) {
		shown->command = NULL;
	}
	return shown->command != NULL ? 0 : -ENOMEM;
}

const struct shown *shown_get(struct shown_cache *cache, const struct nsu_task *task,
			      bool command)
{
	struct shown **slot;

	if (cache->used >= cache->slot_count / 4 * 3 && grow(cache) < 0)
		return NULL;
	slot = find_slot(cache->slots, cache->slot_count, task);
	if (*slot == NULL) {
		*slot = add(cache, task);
		if (*slot == NULL)
			return NULL;
		cache->used++;
	}
	if (command && (*slot)->command == NULL && read_command(cache, *slot) < 0)
		return NULL;
	return *slot;
}
