/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pin is made in an order in which every moment leaves either nothing, or a directory
 * whose record says MAKING, with all that is needed to undo it: whom to end, what to
 * unmount.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include "open.h"
#include "pin.h"

struct put {
	struct nsi_store *store;
	const char *name;
	struct nsi_record *record;
	struct nsi_made *made;
	struct nsi_dweller keeper;
	int dir;			/* pins/NAME */
	struct nsu_pin_report *report;
};

static int identify(struct put *put)
{
	struct nsi_record *record = put->record;

	record->types = 0;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		int fd = put->made->fd[type], r;
		dev_t device;

		if (fd < 0)
			continue;
		r = nsi_nsfs_inode(fd, &record->inode[type], &device);
		if (r < 0)
			return nsi_pin_fail_at(put->report, NSU_PIN_STEP_RECORD, r,
					       NSU_PIN_CAUSE_NONE, type);
		record->types |= 1u << type;
		record->id[type] = 0;
		nsi_nsfs_id(put->store->ctx, fd, &record->id[type]);
	}
	record->init = put->made->init.proc;
	if (!record->made)
		record->made = time(NULL);
	return 0;
}

static int write_record(struct put *put, enum nsi_stage stage)
{
	int r;

	put->record->stage = stage;
	r = nsi_record_write(put->dir, put->record);
	if (r < 0)
		return nsi_pin_fail(put->report, NSU_PIN_STEP_RECORD, r,
				    NSU_PIN_CAUSE_NONE, "%s/%s/%s", put->store->path,
				    put->name, NSI_RECORD_FILE);
	return 0;
}

int nsi_pin_link_mnt(int pin_dir, const char *name)
{
	char target[NSI_PIN_NAME_MAX + 32];

	snprintf(target, sizeof(target), "../../mnt/%s/mnt", name);
	if (unlinkat(pin_dir, NSI_PIN_LINK_NEW, 0) < 0 && errno != ENOENT)
		return nsi_errno();
	if (symlinkat(target, pin_dir, NSI_PIN_LINK_NEW) < 0 ||
	    renameat(pin_dir, NSI_PIN_LINK_NEW, pin_dir, "mnt") < 0)
		return nsi_errno();
	return 0;
}

static int mount_type(struct put *put, enum nsu_type type)
{
	const struct nsi_store *store = put->store;
	nsi_autoclose int dir = -1;
	int r;

	if (type == NSU_MNT) {
		dir = nsi_store_open_mnt(store, put->name, true);
		r = dir < 0 ? dir : nsi_pin_link_mnt(put->dir, put->name);
	} else {
		r = nsi_store_open_place(store, put->name, type, &dir);
	}
	if (r < 0)
		return nsi_pin_fail_at(put->report, NSU_PIN_STEP_STORE, r,
				       r == -EEXIST ? NSU_PIN_CAUSE_EXISTS :
				       NSU_PIN_CAUSE_NONE, type);
	return nsi_pin_mount(store->ctx, put->made->fd[type], type, dir,
			     nsu_type_get_name(type), put->report);
}

static int link_type(struct put *put, enum nsu_type type)
{
	char target[NSI_KEEPER_LINK];
	int r;

	nsi_keeper_link(put->record, type, target);
	if (symlinkat(target, put->dir, nsu_type_get_name(type)) == 0)
		return 0;
	r = nsi_errno();
	return nsi_pin_fail_at(put->report, NSU_PIN_STEP_MOUNT, r, NSU_PIN_CAUSE_NONE,
			       type);
}

static int put_types(struct put *put)
{
	int r = 0;

	for (unsigned type = 0; type < NSU_TYPE_COUNT && !r; type++)
		if (put->record->types & 1u << type)
			r = put->store->system ? mount_type(put, type) :
				link_type(put, type);
	return r;
}

int nsi_pin_put_netns(struct nsu_ctx *ctx, int ns, const char *name,
		      struct nsu_pin_report *report)
{
	nsi_autoclose int dir = nsi_netns_dir(ctx, NSI_STORE_CHANGE, report);
	int r;

	if (dir < 0)
		return dir;
	r = nsi_pin_mount(ctx, ns, NSU_NET, dir, name, report);
	if (r == -EEXIST)
		nsi_pin_fail(report, NSU_PIN_STEP_NETNS, r, NSU_PIN_CAUSE_EXISTS,
			     "%s/%s", NSI_NETNS_DIR, name);
	else if (r < 0 && report)
		report->step = NSU_PIN_STEP_NETNS;
	return r;
}

static int start_keeper(struct put *put)
{
	int r;

	if (put->store->system)
		return 0;
	r = nsi_keeper_start(put->store, put->name, put->record, put->made->fd,
			     &put->keeper, put->report);
	if (!r)
		put->record->keeper = put->keeper.proc;
	return r;
}

/* From here on they live without us: the record has them already. */
static int release(struct put *put, struct nsi_dweller *dweller)
{
	int r;

	if (!dweller->proc.pid)
		return 0;
	r = nsi_dweller_release(put->store->ctx, dweller, put->name, put->store->system,
				put->report);
	/* It is closed, not ended, once it was released. */
	if (!r)
		nsi_dweller_end(dweller);
	return r;
}

static int update_keeper(struct put *put)
{
	int r;

	if (put->store->system)
		return 0;
	r = nsi_keeper_update(put->store, put->name, put->record);
	return !r ? 0 : nsi_pin_fail(put->report, NSU_PIN_STEP_KEEPER, r,
				     NSU_PIN_CAUSE_NONE, NULL);
}

static int carry_out(struct put *put)
{
	int r = start_keeper(put);

	if (!r)
		r = write_record(put, NSI_STAGE_MAKING);
	if (!r)
		r = put_types(put);
	if (!r && put->record->netns)
		r = nsi_pin_put_netns(put->store->ctx, put->made->fd[NSU_NET], put->name,
				      put->report);
	if (!r)
		r = release(put, &put->made->init);
	if (!r)
		r = release(put, &put->keeper);
	if (!r)
		r = write_record(put, NSI_STAGE_MADE);
	return r < 0 ? r : update_keeper(put);
}

/* Those that were not released are ended by their leash: they do not listen yet to what
   a record's are dismissed by. */
static void undo(struct put *put)
{
	if (put->made->init.leash >= 0)
		put->record->init.pid = 0;
	if (put->keeper.leash >= 0)
		put->record->keeper.pid = 0;
	nsi_dweller_end(&put->made->init);
	nsi_dweller_end(&put->keeper);
	nsi_pin_take_apart(put->store, put->name, put->record, NULL);
	nsi_leave_cgroup_clean(put->store->ctx, put->name, put->store->system);
}

int nsi_pin_put(struct nsi_store *store, const char *name, struct nsi_record *record,
		struct nsi_made *made, struct nsu_pin_report *report)
{
	struct put put = {
		.store = store, .name = name, .record = record, .made = made,
		.keeper = NSI_DWELLER_INIT, .report = report, .dir = -1,
	};
	struct stat st;
	NSI_CALM;
	int r = identify(&put);

	if (r < 0)
		return r;
	/* Of a pin that is half renamed, or half gone: not ours to be undone. */
	if (store->mnt >= 0 && fstatat(store->mnt, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return nsi_pin_fail(report, NSU_PIN_STEP_STORE, -EEXIST,
				    NSU_PIN_CAUSE_EXISTS, "%s/mnt/%s", NSI_RUN, name);
	put.dir = nsi_store_open_pin(store, name, true);
	if (put.dir < 0)
		return nsi_pin_fail(report, NSU_PIN_STEP_STORE, put.dir,
				    put.dir == -EEXIST ? NSU_PIN_CAUSE_EXISTS :
				    NSU_PIN_CAUSE_NONE, "%s/%s", store->path, name);
	r = carry_out(&put);
	if (r < 0)
		undo(&put);
	else
		nsi_pin_tell(record, report);
	close(put.dir);
	return r;
}
