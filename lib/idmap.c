/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inode to index: linear probing in a table at most half full. 0 is no inode. */
#include "nsi.h"

static size_t slot_of(const struct nsi_idmap *map, uint64_t key)
{
	/* Inodes come in sequence: a multiplication spreads them over the high bits. */
	size_t i = (size_t)((key * 0x9e3779b97f4a7c15ull) >> 32) & (map->size - 1);

	while (map->keys[i] && map->keys[i] != key)
		i = (i + 1) & (map->size - 1);
	return i;
}

void nsi_idmap_free(struct nsi_idmap *map)
{
	free(map->keys);
	free(map->values);
	*map = (struct nsi_idmap){ 0 };
}

uint32_t nsi_idmap_find(const struct nsi_idmap *map, uint64_t key)
{
	size_t i;

	if (!map->size || !key)
		return NSI_NONE;
	i = slot_of(map, key);
	return map->keys[i] ? map->values[i] : NSI_NONE;
}

static int double_size(struct nsi_idmap *map)
{
	struct nsi_idmap bigger = { .size = map->size ? map->size * 2 : 64 };

	bigger.keys = calloc(bigger.size, sizeof(*bigger.keys));
	bigger.values = calloc(bigger.size, sizeof(*bigger.values));
	if (!bigger.keys || !bigger.values) {
		nsi_idmap_free(&bigger);
		return -ENOMEM;
	}
	for (size_t i = 0; i < map->size; i++) {
		size_t to;

		if (!map->keys[i])
			continue;
		to = slot_of(&bigger, map->keys[i]);
		bigger.keys[to] = map->keys[i];
		bigger.values[to] = map->values[i];
	}
	bigger.count = map->count;
	nsi_idmap_free(map);
	*map = bigger;
	return 0;
}

int nsi_idmap_add(struct nsi_idmap *map, uint64_t key, uint32_t value)
{
	size_t i;

	if (!key)
		return -EINVAL;
	if (!nsi_idmap_has_room(map)) {
		int r = double_size(map);

		if (r < 0)
			return r;
	}
	i = slot_of(map, key);
	if (!map->keys[i])
		map->count++;
	map->keys[i] = key;
	map->values[i] = value;
	return 0;
}

int nsi_idmap_reserve(struct nsi_idmap *map, size_t count)
{
	int r = 0;

	while (map->size / 2 < count && !r)
		r = double_size(map);
	return r;
}

int nsi_grow(void **items, size_t *size, size_t count, size_t item)
{
	size_t wanted = *size ? *size + *size / 2 : 64;
	void *more;

	if (count < *size)
		return 0;
	more = reallocarray(*items, wanted, item);
	if (!more)
		return -ENOMEM;
	*items = more;
	*size = wanted;
	return 0;
}
