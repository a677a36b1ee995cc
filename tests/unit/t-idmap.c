/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hash from inodes to indices, and the growing of arrays. */
#include "nsi.h"
#include "../tap.h"

#define MANY 20000

static void test_empty(void)
{
	struct nsi_idmap map = { 0 };

	is_int(nsi_idmap_find(&map, 1), NSI_NONE, "empty: nothing is found");
	is_int(nsi_idmap_add(&map, 0, 1), -EINVAL, "0 is no key");
	is_int(nsi_idmap_find(&map, 0), NSI_NONE, "0 is not found");
	nsi_idmap_free(&map);
	nsi_idmap_free(&map);
	ok(!map.keys && !map.size, "freed twice");
}

static void test_replace(void)
{
	struct nsi_idmap map = { 0 };

	nsi_idmap_add(&map, 7, 1);
	nsi_idmap_add(&map, 7, 2);
	is_int(nsi_idmap_find(&map, 7), 2, "the last value of a key stays");
	is_int(map.count, 1, "a key counts once");
	nsi_idmap_free(&map);
}

/* Keys that begin their search at the same place of any table of up to 4,096. */
static void test_collisions(void)
{
	struct nsi_idmap map = { 0 };
	bool right = true;
	uint64_t key = 1;

	for (uint32_t i = 0; i < 200; i++, key++) {
		while (((key * 0x9e3779b97f4a7c15ull) >> 32 & 0xfff) != 5)
			key++;
		right &= !nsi_idmap_add(&map, key, i);
	}
	key = 1;
	for (uint32_t i = 0; i < 200; i++, key++) {
		while (((key * 0x9e3779b97f4a7c15ull) >> 32 & 0xfff) != 5)
			key++;
		right &= nsi_idmap_find(&map, key) == i;
	}
	ok(right, "200 keys that collide");
	nsi_idmap_free(&map);
}

static void test_many(uint64_t first, uint64_t step, const char *what)
{
	struct nsi_idmap map = { 0 };
	bool added = true, found = true, absent = true;

	for (uint32_t i = 0; i < MANY; i++)
		added &= !nsi_idmap_add(&map, first + i * step, i);
	for (uint32_t i = 0; i < MANY; i++) {
		found &= nsi_idmap_find(&map, first + i * step) == i;
		absent &= nsi_idmap_find(&map, first + (i + MANY) * step) == NSI_NONE;
	}
	ok(added && found, "%s: %d keys are found", what, MANY);
	ok(absent, "%s: others are not", what);
	is_int(map.count, MANY, "%s: count", what);
	ok(map.count * 2 <= map.size, "%s: at most half full", what);
	nsi_idmap_free(&map);
}

static void test_grow(void)
{
	uint32_t *items = NULL;
	size_t size = 0;
	bool right = true;

	for (uint32_t i = 0; i < 1000; i++) {
		right &= !nsi_grow((void **)&items, &size, i, sizeof(*items)) && size > i;
		items[i] = i;
	}
	for (uint32_t i = 0; i < 1000; i++)
		right &= items[i] == i;
	ok(right, "an array grows and keeps what it has");
	free(items);
}

int main(void)
{
	test_empty();
	test_replace();
	test_collisions();
	test_many(4026531840u, 1, "in sequence");
	test_many(1, 1ull << 32, "high bits only");
	test_many(UINT64_MAX - 4 * MANY, 2, "near the end");
	test_grow();
	return done();
}
