/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pins that are not where they should be: in another mount namespace, without record. */
#include <string.h>
#include "pin-list.h"
#include "plan.h"
#include "walk.h"

/* ---- in another mount namespace --------------------------------------------------- */

struct mounted {
	const char *path;
	const struct nsu_ns *ns;
};

struct nsi_mounted {
	struct nsu_snapshot *snap;
	struct mounted *entry;
	size_t count;
};

static int by_path(const void *a, const void *b)
{
	const struct mounted *x = a, *y = b;

	return strcmp(x->path, y->path);
}

void nsi_mounted_free(struct nsi_mounted *mounted)
{
	if (!mounted)
		return;
	nsu_snapshot_free(mounted->snap);
	free(mounted->entry);
	free(mounted);
}

/* What is in our own mount namespace and yet not to be seen is covered. */
static int gather(struct nsi_mounted *mounted, uint64_t own)
{
	const struct nsu_snapshot *snap = mounted->snap;

	mounted->entry = calloc(snap->keeper_count + 1, sizeof(*mounted->entry));
	if (!mounted->entry)
		return -ENOMEM;
	for (size_t i = 0; i < snap->keeper_count; i++) {
		const struct nsi_keeper *keeper = &snap->keepers[i];

		if (keeper->kind != NSU_HOLDER_MOUNT || keeper->path == NSI_NONE ||
		    keeper->in == NSI_NONE || snap->ns[keeper->in].inode == own)
			continue;
		mounted->entry[mounted->count++] = (struct mounted){
			snap->paths + keeper->path, &snap->ns[keeper->ns],
		};
	}
	if (mounted->count)
		qsort(mounted->entry, mounted->count, sizeof(*mounted->entry), by_path);
	return 0;
}

int nsi_mounted_new(struct nsu_ctx *ctx, struct nsi_mounted **ret)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	struct nsi_mounted *mounted = calloc(1, sizeof(*mounted));
	nsi_autoclose int self = nsi_ctx_open_self(ctx);
	uint64_t own = 0;
	int r = mounted ? 0 : -ENOMEM;

	opts.parts = NSU_PART_TASKS | NSU_PART_RELATIONS | NSU_PART_MOUNTS;
	if (!r)
		r = self < 0 ? self : nsi_plan_read_ns(self, "mnt", NSU_MNT, &own);
	if (!r)
		r = nsu_snapshot_new(ctx, &opts, &mounted->snap);
	if (!r)
		r = gather(mounted, own);
	if (r < 0)
		nsi_mounted_free(mounted);
	else
		*ret = mounted;
	return r;
}

const struct nsu_ns *nsi_mounted_find(const struct nsi_mounted *mounted, const char *path,
				      enum nsu_type type, uint64_t inode)
{
	size_t low = 0, high = mounted->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(mounted->entry[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < mounted->count && !strcmp(mounted->entry[low].path, path); low++) {
		const struct nsu_ns *ns = mounted->entry[low].ns;

		if (ns->type == type && (!inode || ns->inode == inode))
			return ns;
	}
	return NULL;
}

int nsi_list_mounted(struct nsu_pins *pins)
{
	int r = 0;

	if (pins->searched)
		return 0;
	pins->searched = true;
	r = nsi_mounted_new(pins->ctx, &pins->mounted);
	return !r || nsi_is_fatal(r) ? r : nsi_pins_add_gap(pins, r, "/proc");
}

static int look_elsewhere(struct nsu_pins *pins, struct nsi_listed *listed,
			  enum nsu_type type)
{
	const struct nsu_pin_ns *at = &listed->pin.ns[type];
	const struct nsu_ns *ns;
	uint64_t id = 0;
	int r;

	/* In /run/netns it is not missed but from our own, and a link is no mount. */
	if (at->reason != NSU_PIN_UNMOUNTED || at->inode ||
	    !strncmp(at->path, NSI_NETNS_DIR "/", sizeof(NSI_NETNS_DIR)))
		return 0;
	r = nsi_list_mounted(pins);
	if (r < 0 || !pins->mounted)
		return r;
	ns = nsi_mounted_find(pins->mounted, at->path, type, at->recorded_inode);
	if (ns)
		nsu_ns_get_id(ns, &id);
	if (ns && nsi_record_fits(&listed->record, type, ns->inode, id))
		nsi_listed_set(listed, type, NSU_PIN_HIDDEN, NSU_PIN_ELSEWHERE);
	return 0;
}

int nsi_list_elsewhere(struct nsu_pins *pins)
{
	int r = 0;

	for (size_t i = 0; i < pins->ours && !r; i++)
		for (unsigned type = 0; type < NSU_TYPE_COUNT && !r; type++)
			if (pins->pin[i]->pin.types & 1u << type)
				r = look_elsewhere(pins, pins->pin[i], type);
	return r;
}

/* ---- without record --------------------------------------------------------------- */

struct lost {
	struct nsu_pins *pins;
	const struct nsi_store *store;
	struct nsi_idmap keepers;	/* pid -> pin */
};

static int copy_record(const struct nsi_record *record, struct nsi_record *ret)
{
	nsi_autofree char *text = NULL;
	int r = nsi_record_format(record, &text);

	return r < 0 ? r : nsi_record_parse(text, strlen(text), ret);
}

static int set_lost(struct lost *lost, struct nsi_listed *listed,
		    const struct nsi_record *record)
{
	int r = copy_record(record, &listed->record);

	if (r < 0)
		return r;
	listed->recorded = true;
	nsi_listed_take_record(lost->pins->ctx, listed);
	for (unsigned type = 0; type < NSU_TYPE_COUNT && !r; type++) {
		nsi_autoclose int fd = -1;

		if (!(record->types & 1u << type))
			continue;
		nsi_look_keeper(lost->pins->ctx, record, type, &fd,
				&listed->pin.ns[type]);
		nsi_listed_set(listed, type, NSU_PIN_HIDDEN, NSU_PIN_RECORD_LOST);
		r = nsi_listed_set_path(listed, type, lost->store->path, listed->name,
					nsu_type_get_name(type));
	}
	return r;
}

static int take_keeper(void *data, const char *name, const struct nsi_record *record)
{
	struct lost *lost = data;
	uint32_t i = nsi_idmap_find(&lost->keepers, record->keeper.pid);
	struct nsi_listed *listed;
	int r;

	if (i != NSI_NONE &&
	    lost->pins->pin[i]->record.keeper.start == record->keeper.start)
		return 0;
	if (nsi_pin_check_name(name) < 0)
		return 0;
	listed = nsi_pins_find_ours(lost->pins, name);
	if (listed && !listed->recorded)
		return set_lost(lost, listed, record);
	listed = nsi_listed_new(name);
	r = listed ? set_lost(lost, listed, record) : -ENOMEM;
	if (r < 0)
		nsi_listed_free(listed);
	return r < 0 ? r : nsi_pins_add(lost->pins, listed);
}

int nsi_list_lost(struct nsu_pins *pins, const struct nsi_store *store)
{
	struct lost lost = { pins, store, { 0 } };
	int r = 0;

	for (size_t i = 0; i < pins->ours && !r; i++)
		if (pins->pin[i]->recorded && pins->pin[i]->record.keeper.pid)
			r = nsi_idmap_add(&lost.keepers,
					  pins->pin[i]->record.keeper.pid, i);
	if (!r)
		r = nsi_keepers_find(store, take_keeper, &lost);
	nsi_idmap_free(&lost.keepers);
	if (r < 0 && !nsi_is_fatal(r))
		r = nsi_pins_add_gap(pins, r, "/proc");
	return r;
}
