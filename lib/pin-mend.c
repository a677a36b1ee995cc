/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done about a pin that is not in order. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "pin-list.h"

struct mend {
	struct nsi_store *store;
	const struct nsu_pin *was;	/* as the caller knows it */
	struct nsu_pins *pins;		/* what the search needs besides */
	struct nsi_listed *now;
	const char *name;
	struct nsu_pin_report *report;
};

/* ---- the record again ------------------------------------------------------------ */

static int write_record(struct mend *mend, int dir, const struct nsi_record *record)
{
	int r = nsi_record_write(dir, record);

	return !r ? 0 : nsi_pin_fail(mend->report, NSU_PIN_STEP_RECORD, r,
				     NSU_PIN_CAUSE_NONE,
				     "%s/%s/%s", mend->store->path, mend->name,
				     NSI_RECORD_FILE);
}

static int open_pin(struct mend *mend, bool make)
{
	int dir = nsi_store_open_pin(mend->store, mend->name, make);

	if (dir >= 0)
		return dir;
	return nsi_pin_fail(mend->report, NSU_PIN_STEP_STORE, dir, dir == -EEXIST ?
			    NSU_PIN_CAUSE_EXISTS : NSU_PIN_CAUSE_NONE, "%s/%s",
			    mend->store->path, mend->name);
}

/* Who made it, and when, nobody knows any more. */
static int record_mounts(struct mend *mend)
{
	nsi_autoclose int dir = open_pin(mend, false);
	struct nsi_record record = { .stage = NSI_STAGE_MADE, .made = time(NULL) };
	const struct nsu_pin *now = &mend->now->pin;

	if (dir < 0)
		return dir;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		if (!(now->types & 1u << type) || !now->ns[type].inode)
			continue;
		record.types |= 1u << type;
		record.inode[type] = now->ns[type].inode;
		record.id[type] = now->ns[type].id;
	}
	return write_record(mend, dir, &record);
}

static int link_type(struct mend *mend, int dir, const struct nsi_record *record,
		     enum nsu_type type)
{
	const char *file = nsu_type_get_name(type);
	char target[NSI_KEEPER_LINK];
	int r;

	nsi_keeper_link(record, type, target);
	if (unlinkat(dir, file, 0) == 0 || errno == ENOENT)
		if (symlinkat(target, dir, file) == 0)
			return 0;
	r = nsi_errno();
	return nsi_pin_fail_at(mend->report, NSU_PIN_STEP_MOUNT, r, NSU_PIN_CAUSE_NONE,
			       type);
}

static int link_types(struct mend *mend, int dir, const struct nsi_record *record)
{
	int r = 0;

	for (unsigned type = 0; type < NSU_TYPE_COUNT && !r; type++)
		if (record->types & 1u << type)
			r = link_type(mend, dir, record, type);
	return r;
}

/* The record is what makes it whole: until then it is found as lost again. */
static int record_keeper(void *data, const char *name, const struct nsi_record *record)
{
	struct mend *mend = data;
	struct nsi_record copy = *record;
	nsi_autoclose int dir = -1;
	int r;

	if (strcmp(name, mend->name) || record->keeper.pid != mend->was->keeper)
		return 0;
	copy.stage = NSI_STAGE_MADE;
	dir = open_pin(mend, mend->now == NULL);
	if (dir < 0)
		return dir;
	r = link_types(mend, dir, record);
	if (!r)
		r = write_record(mend, dir, &copy);
	return r < 0 ? r : -ECANCELED;
}

static int record_again(struct mend *mend)
{
	int r;

	if (mend->was->reason != NSU_PIN_RECORD_LOST)
		return record_mounts(mend);
	/* A pin that is in order has that name now. */
	if (mend->now && mend->now->recorded)
		return nsi_pin_fail(mend->report, NSU_PIN_STEP_RECORD, -EEXIST,
				    NSU_PIN_CAUSE_EXISTS, "%s/%s", mend->store->path,
				    mend->name);
	r = nsi_keepers_find(mend->store, record_keeper, mend);
	return r == -ECANCELED ? 0 : r;
}

/* ---- mounts again ---------------------------------------------------------------- */

/* By another mount namespace, or by /run/netns of this one. */
static int open_elsewhere(struct mend *mend, enum nsu_type type, int *ret)
{
	const struct nsu_pin_ns *at = &mend->now->pin.ns[type];
	const struct nsu_ns *ns = NULL;
	uint64_t inode = 0, id = 0;
	int fd = -1, r = -ENOENT;

	if (type == NSU_NET && mend->now->record.netns &&
	    !nsi_look_netns(mend->store->ctx, mend->name, &fd, &inode, &id))
		r = 0;
	if (!r && !nsi_record_fits(&mend->now->record, type, inode, id)) {
		close(fd);
		r = -ENOENT;
	}
	if (r < 0) {
		r = nsi_list_mounted(mend->pins);
		if (!r && mend->pins->mounted)
			ns = nsi_mounted_find(mend->pins->mounted, at->path, type,
					      at->recorded_inode);
		fd = r < 0 ? r : ns ? nsu_ns_open(ns) : -ESRCH;
		if (ns)
			nsu_ns_get_id(ns, &id);
		r = fd < 0 ? fd : 0;
	}
	if (!r && id && at->recorded_id && id != at->recorded_id) {
		close(fd);
		r = -ESRCH;
	}
	if (!r)
		*ret = fd;
	return r;
}

static int bring(struct mend *mend, int dir, enum nsu_type type)
{
	nsi_autoclose int ns = -1;
	nsi_autoclose int place = -1;
	const char *file = nsu_type_get_name(type);
	int r = open_elsewhere(mend, type, &ns);

	if (!r && type == NSU_MNT) {
		place = nsi_store_open_mnt(mend->store, mend->name, true);
		if (place == -EEXIST)
			place = nsi_store_open_mnt(mend->store, mend->name, false);
		r = place < 0 ? place : nsi_pin_link_mnt(dir, mend->name);
	} else if (!r) {
		r = nsi_store_open_place(mend->store, mend->name, type, &place);
	}
	if (r < 0)
		return nsi_pin_fail_at(mend->report, NSU_PIN_STEP_MOUNT, r,
				       NSU_PIN_CAUSE_NONE,
				       type);
	/* The file that it was mounted on. */
	r = nsi_pin_unmount(mend->store->ctx, place, file, mend->report);
	if (r < 0 && r != -ENOENT)
		return r;
	return nsi_pin_mount(mend->store->ctx, ns, type, place, file, mend->report);
}

static int show_netns(struct mend *mend, int dir)
{
	nsi_autoclose int ns = -1;
	uint64_t inode, id;
	int r = nsi_pin_look(mend->store->ctx, dir, "net", NSU_NET, &ns, &inode, &id);

	if (r < 0)
		return nsi_pin_fail_at(mend->report, NSU_PIN_STEP_NETNS, r,
				       NSU_PIN_CAUSE_NONE, NSU_NET);
	/* A plain file that is in the way. */
	r = nsi_pin_drop_netns(mend->store->ctx, &mend->now->record, mend->name,
			       mend->report);
	return r < 0 ? r : nsi_pin_put_netns(mend->store->ctx, ns, mend->name,
					     mend->report);
}

static int forget(struct mend *mend, int dir, enum nsu_type type)
{
	struct nsi_record *record = &mend->now->record;
	nsi_autoclose int place = -1;
	int r = 0;

	/* A file there is its last trace. */
	if (type == NSU_NET && record->netns)
		r = nsi_pin_drop_netns(mend->store->ctx, record, mend->name,
				       mend->report);
	if (r < 0)
		return r;
	record->types &= ~(1u << type);
	record->inode[type] = record->id[type] = 0;
	if (type == NSU_NET)
		record->netns = false;
	r = nsi_store_open_place(mend->store, mend->name, type, &place);
	if (!r)
		r = nsi_pin_unmount(mend->store->ctx, place, nsu_type_get_name(type),
				    mend->report);
	/* The link to it, and the directory of it alone. */
	if (type == NSU_MNT && mend->store->system) {
		unlinkat(dir, "mnt", 0);
		unlinkat(mend->store->mnt, mend->name, AT_REMOVEDIR);
	}
	return r == -ENOENT ? 0 : r;
}

/* As the record wants it, where no other program has the name. */
static int show_brought(struct mend *mend, int dir)
{
	uint64_t inode, id;
	int r = nsi_look_netns(mend->store->ctx, mend->name, NULL, &inode, &id);

	return r == -ENOENT || r == -ENODATA ? show_netns(mend, dir) : 0;
}

static int mend_types(struct mend *mend)
{
	nsi_autoclose int dir = open_pin(mend, false);
	unsigned before = mend->now->record.types;
	int r = dir < 0 ? dir : 0;

	for (unsigned type = 0; type < NSU_TYPE_COUNT && !r; type++) {
		const struct nsu_pin_ns *ns = &mend->now->pin.ns[type];
		enum nsu_pin_cure cure = nsi_pin_cure_ns(ns);

		if (!(mend->now->pin.types & 1u << type))
			continue;
		if (mend->was->ns[type].reason == NSU_PIN_ELSEWHERE)
			r = bring(mend, dir, type);
		else if (cure == NSU_PIN_CURE_MOUNT)
			r = mend->store->system ? show_netns(mend, dir) :
				link_type(mend, dir, &mend->now->record, type);
		else if (cure == NSU_PIN_CURE_FORGET)
			r = forget(mend, dir, type);
		if (!r && type == NSU_NET && mend->now->record.netns &&
		    mend->was->ns[type].reason == NSU_PIN_ELSEWHERE)
			r = show_brought(mend, dir);
	}
	return r < 0 || mend->now->record.types == before ? r :
		write_record(mend, dir, &mend->now->record);
}

/* ---- repair ---------------------------------------------------------------------- */

/* What was found in another mount namespace is again missed here. */
static bool is_same_ns(const struct nsu_pin_ns *was, const struct nsu_pin_ns *now)
{
	return was->inode == now->inode &&
	       (was->reason == now->reason || (was->reason == NSU_PIN_ELSEWHERE &&
					       now->reason == NSU_PIN_UNMOUNTED));
}

static bool is_same(const struct mend *mend)
{
	const struct nsu_pin *was = mend->was, *now = &mend->now->pin;

	if (was->types != now->types)
		return false;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (was->types & 1u << type && !is_same_ns(&was->ns[type],
							   &now->ns[type]))
			return false;
	return was->reason == now->reason || was->reason == NSU_PIN_ELSEWHERE;
}

static int mend_locked(struct mend *mend)
{
	struct nsi_record *record;
	NSI_CALM;
	int r = nsi_list_one(mend->pins, mend->store, mend->name, true, &mend->now);

	if (r < 0 && r != -ENOENT)
		return nsi_pin_fail(mend->report, NSU_PIN_STEP_STORE, r,
				    NSU_PIN_CAUSE_NONE,
				    "%s/%s", mend->store->path, mend->name);
	if (mend->now)
		nsi_listed_sum(mend->now);
	if (mend->was->reason == NSU_PIN_RECORD_LOST)
		return record_again(mend);
	if (!mend->now || !is_same(mend))
		return 0;
	record = mend->now->recorded ? &mend->now->record : NULL;
	switch (nsu_pin_get_cure(mend->was)) {
	case NSU_PIN_CURE_REMOVE:
		return nsi_pin_take_apart(mend->store, mend->name, record, mend->report);
	case NSU_PIN_CURE_RECORD:
		return record_again(mend);
	case NSU_PIN_CURE_FORGET: case NSU_PIN_CURE_MOUNT:
		if (mend->was->reason == NSU_PIN_HALF_RENAMED && record)
			return nsi_pin_settle(mend->store, mend->name, record,
					      mend->report);
		return record ? mend_types(mend) : 0;
	default:
		return 0;
	}
}

static int repair(struct nsu_ctx *ctx, const struct nsu_pin *pin,
		  struct nsu_pin_report *report)
{
	struct nsi_store store = NSI_STORE_INIT;
	struct nsu_pins *pins;
	struct mend mend = { .store = &store, .was = pin, .name = pin->name,
			     .report = report };
	int r = nsi_store_open(ctx, NSI_STORE_CHANGE, &store, report);

	if (r < 0)
		return r;
	pins = calloc(1, sizeof(*pins));
	r = pins ? nsi_store_lock(&store, true, report) : -ENOMEM;
	if (!r) {
		pins->ctx = ctx;
		mend.pins = pins;
		r = mend_locked(&mend);
	}
	nsi_listed_free(mend.now);
	nsu_pins_free(pins);
	nsi_store_close(&store);
	return r;
}

int nsu_pin_repair(struct nsu_ctx *ctx, const struct nsu_pin *pin,
		   struct nsu_pin_report *report)
{
	struct nsu_pin_report own = NSI_REPORT_INIT;
	enum nsu_pin_cure cure;
	int r = 0;

	if (!ctx || !pin)
		return -EINVAL;
	cure = nsu_pin_get_cure(pin);
	if (cure != NSU_PIN_CURE_NONE && cure != NSU_PIN_CURE_PRUNE)
		r = repair(ctx, pin, &own);
	return nsi_pin_give(report, &own, r);
}
