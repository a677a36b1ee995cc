/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All pins there are, in order. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "pin-list.h"

void nsi_listed_free(struct nsi_listed *listed)
{
	if (!listed)
		return;
	if (listed->recorded)
		nsi_record_free(&listed->record);
	free(listed->name);
	free(listed->word);
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		free(listed->path[type]);
	free(listed);
}

struct nsi_listed *nsi_listed_new(const char *name)
{
	struct nsi_listed *listed = calloc(1, sizeof(*listed));

	if (!listed)
		return NULL;
	listed->ours = true;
	listed->name = strdup(name);
	if (!listed->name || asprintf(&listed->word, "pin:%s", name) < 0) {
		listed->word = NULL;
		nsi_listed_free(listed);
		return NULL;
	}
	listed->pin.name = listed->name;
	listed->pin.word = listed->word;
	listed->pin.maker = NSU_PIN_BY_NSUTIL;
	return listed;
}

int nsi_listed_set_path(struct nsi_listed *listed, enum nsu_type type, const char *dir,
			const char *name, const char *file)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s%s%s", dir, name, file ? "/" : "",
		     file ? file : "") < 0)
		return -ENOMEM;
	free(listed->path[type]);
	listed->path[type] = path;
	listed->pin.ns[type].path = path;
	return 0;
}

int nsi_pins_add(struct nsu_pins *pins, struct nsi_listed *take_listed)
{
	int r = nsi_grow((void **)&pins->pin, &pins->size, pins->count,
			 sizeof(*pins->pin));

	if (r < 0)
		nsi_listed_free(take_listed);
	else
		pins->pin[pins->count++] = take_listed;
	return r;
}

int nsi_pins_add_gap(struct nsu_pins *pins, int error, const char *format, ...)
{
	char *path = NULL;
	va_list ap;
	int r = nsi_grow((void **)&pins->gap, &pins->gap_size, pins->gap_count,
			 sizeof(*pins->gap));

	if (r < 0)
		return r;
	va_start(ap, format);
	if (vasprintf(&path, format, ap) < 0)
		path = NULL;
	va_end(ap);
	if (!path)
		return -ENOMEM;
	nsi_log_errno(pins->ctx, NSU_LOG_WARNING, error, "pin: read %s", path);
	pins->gap[pins->gap_count++] = (struct nsu_pin_gap){ path, error };
	return 0;
}

void nsi_listed_set(struct nsi_listed *listed, enum nsu_type type,
		    enum nsu_pin_state state, enum nsu_pin_reason reason)
{
	listed->pin.types |= 1u << type;
	listed->pin.ns[type].state = state;
	listed->pin.ns[type].reason = reason;
}

void nsi_listed_sum(struct nsi_listed *listed)
{
	static const uint8_t rank[NSU_PIN_STATE_COUNT] = {
		[NSU_PIN_OK] = 0, [NSU_PIN_HIDDEN] = 1, [NSU_PIN_EMPTY] = 2,
		[NSU_PIN_STALE] = 3, [NSU_PIN_DEAD] = 4,
	};
	struct nsu_pin *pin = &listed->pin;

	/* Without a namespace to tell it of, it is the pin's own. */
	if (!pin->types)
		return;
	pin->state = NSU_PIN_OK;
	pin->reason = NSU_PIN_NO_REASON;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		const struct nsu_pin_ns *ns = &pin->ns[type];

		if (!(pin->types & 1u << type) || rank[ns->state] <= rank[pin->state])
			continue;
		pin->state = ns->state;
		pin->reason = ns->reason;
	}
}

static int by_word(const void *a, const void *b)
{
	const struct nsi_listed *const *x = a, *const *y = b;

	return strcmp((*x)->word, (*y)->word);
}

static void sort(struct nsu_pins *pins, size_t first)
{
	if (pins->count > first)
		qsort(pins->pin + first, pins->count - first, sizeof(*pins->pin),
		      by_word);
}

static struct nsi_listed *find(const struct nsu_pins *pins, size_t first, size_t end,
			       const char *prefix, const char *name)
{
	nsi_autofree char *word = NULL;
	struct nsi_listed key, *pointer = &key, **found;

	if (first == end || asprintf(&word, "%s%s", prefix, name) < 0)
		return NULL;
	key.word = word;
	found = bsearch(&pointer, pins->pin + first, end - first, sizeof(*pins->pin),
			by_word);
	return found ? *found : NULL;
}

void nsi_pins_sort(struct nsu_pins *pins)
{
	sort(pins, 0);
	pins->ours = pins->count;
}

struct nsi_listed *nsi_pins_find_ours(const struct nsu_pins *pins, const char *name)
{
	return find(pins, 0, pins->ours, "pin:", name);
}

int nsu_pins_new(struct nsu_ctx *ctx, struct nsu_pins **ret)
{
	struct nsu_pins *pins;
	int r;

	if (!ctx || !ret)
		return -EINVAL;
	pins = calloc(1, sizeof(*pins));
	if (!pins)
		return -ENOMEM;
	pins->ctx = ctx;
	r = nsi_list_ours(pins);
	if (!r)
		r = nsi_list_foreign(pins);
	sort(pins, pins->ours);
	for (size_t i = 0; i < pins->count; i++)
		nsi_listed_sum(pins->pin[i]);
	/* Nothing is read by the finished list. */
	nsu_snapshot_free(pins->inits);
	nsi_mounted_free(pins->mounted);
	pins->inits = NULL;
	pins->mounted = NULL;
	if (r < 0)
		nsu_pins_free(pins);
	else
		*ret = pins;
	return r;
}

void nsu_pins_free(struct nsu_pins *pins)
{
	if (!pins)
		return;
	for (size_t i = 0; i < pins->count; i++)
		nsi_listed_free(pins->pin[i]);
	for (size_t i = 0; i < pins->gap_count; i++)
		free((char *)pins->gap[i].path);
	nsu_snapshot_free(pins->inits);
	nsi_mounted_free(pins->mounted);
	free(pins->pin);
	free(pins->gap);
	free(pins);
}

size_t nsu_pins_count(const struct nsu_pins *pins)
{
	return pins ? pins->count : 0;
}

const struct nsu_pin *nsu_pins_get(const struct nsu_pins *pins, size_t index)
{
	return pins && index < pins->count ? &pins->pin[index]->pin : NULL;
}

int nsu_pins_find(const struct nsu_pins *pins, const char *name,
		  const struct nsu_pin **ret)
{
	static const char netns[] = NSI_NETNS_DIR "/";
	struct nsi_listed *found;

	if (!pins || !name || !ret)
		return -EINVAL;
	/* Ours come first, and of others that name is one by which it is listed. */
	found = nsi_pins_find_ours(pins, name);
	if (!found)
		found = find(pins, 0, pins->ours, "", name);
	if (!found)
		found = find(pins, pins->ours, pins->count, "", name);
	if (!found)
		found = find(pins, pins->ours, pins->count, "netns:", name);
	if (!found && !strncmp(name, netns, strlen(netns)))
		found = find(pins, pins->ours, pins->count, "netns:",
			     name + strlen(netns));
	if (!found)
		return -ENOENT;
	*ret = &found->pin;
	return 0;
}

size_t nsu_pins_count_gaps(const struct nsu_pins *pins)
{
	return pins ? pins->gap_count : 0;
}

const struct nsu_pin_gap *nsu_pins_get_gap(const struct nsu_pins *pins, size_t index)
{
	return pins && index < pins->gap_count ? &pins->gap[index] : NULL;
}
