/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of containers and of cgroup files: where they are kept. */
#include <string.h>
#include "containers.h"

#define TEXT_LIMIT	4096		/* of one text, by container.h */
#define BLOCK_SIZE	(16 << 10)

/* Blocks in a chain: they never move. */
struct nsi_texts {
	struct nsi_texts *next;
	size_t used, size;
	char text[];
};

static struct nsi_texts *with_room(struct nsu_snapshot *snap, size_t length)
{
	struct nsi_texts *block = snap->texts;
	size_t size = length > BLOCK_SIZE ? length : BLOCK_SIZE;

	if (block && block->size - block->used >= length)
		return block;
	block = malloc(sizeof(*block) + size);
	if (!block)
		return NULL;
	*block = (struct nsi_texts){ .next = snap->texts, .size = size };
	snap->texts = block;
	return block;
}

const char *nsi_naming_keep(struct nsi_naming *n, const char *text, size_t length)
{
	struct nsi_texts *block = with_room(n->snap, length + 1);
	char *copy;

	if (!block)
		return NULL;
	copy = block->text + block->used;
	memcpy(copy, text, length);
	copy[length] = '\0';
	block->used += length + 1;
	return copy;
}

int nsi_container_set(struct nsi_naming *n, struct nsu_container *c,
		      enum nsu_container_text what, const char *text)
{
	size_t length = text ? strlen(text) : 0;

	if (!length || c->text[what])
		return 0;
	if (length > TEXT_LIMIT)
		return -EBADMSG;
	text = nsi_naming_keep(n, text, length);
	if (!text)
		return -ENOMEM;
	c->text[what] = text;
	c->state[what] = 0;
	return 0;
}

void nsi_container_set_state(struct nsu_container *c, enum nsu_container_text what,
			     int error)
{
	if (!c->text[what])
		c->state[what] = error;
}

int nsi_builder_note_cgroup(struct nsi_builder *b, const char *text, uint32_t *ret)
{
	struct nsu_snapshot *snap = b->snap;
	uint64_t key = nsi_hash(NSI_HASH_START, text, strlen(text));
	uint32_t index;
	char *copy;
	int r;

	/* A key met with another text is a collision: the next key is tried. */
	for (;; key++) {
		if (!key)
			continue;
		index = nsi_idmap_find(&b->cgroups, key);
		if (index == NSI_NONE)
			break;
		if (!strcmp(snap->cgroups[index], text)) {
			*ret = index;
			return 0;
		}
	}
	r = nsi_grow((void **)&snap->cgroups, &snap->cgroup_size, snap->cgroup_count,
		     sizeof(*snap->cgroups));
	if (r < 0)
		return r;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	r = nsi_idmap_add(&b->cgroups, key, snap->cgroup_count);
	if (r < 0) {
		free(copy);
		return r;
	}
	snap->cgroups[snap->cgroup_count] = copy;
	*ret = snap->cgroup_count++;
	return 0;
}

void nsi_snapshot_free_containers(struct nsu_snapshot *snap)
{
	for (size_t i = 0; i < snap->cgroup_count; i++) {
		if (snap->places)
			nsi_cgroup_claims_free(&snap->places[i].claims);
		free(snap->cgroups[i]);
	}
	free(snap->cgroups);
	free(snap->places);
	free(snap->containers);
	while (snap->texts) {
		struct nsi_texts *next = snap->texts->next;

		free(snap->texts);
		snap->texts = next;
	}
}
