/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking a pin apart. Every step may have been done already, by a removal that was cut
 * short; the record goes last, since it tells what else there is.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "pin-list.h"

struct apart {
	struct nsi_store *store;
	const char *name;
	struct nsi_record *record;	/* NULL: none */
	int dir;			/* pins/NAME; -1: there is none */
	int error;			/* the first; the report is of that one */
	struct nsu_pin_report *report;
};

/* Of what follows an error nobody is told. */
static struct nsu_pin_report *report_of(const struct apart *apart)
{
	return apart->error ? NULL : apart->report;
}

static void note(struct apart *apart, int r)
{
	if (r < 0 && r != -ENOENT && !apart->error)
		apart->error = r;
}

int nsi_pin_is_recorded(struct nsu_ctx *ctx, const struct nsi_record *record,
			enum nsu_type type, int dir, const char *file)
{
	uint64_t inode, id;
	int r = nsi_pin_look(ctx, dir, file, type, NULL, &inode, &id);

	if (r == -ENOENT || r == -ENODATA || r == -EMEDIUMTYPE || r == -EBADF)
		return 0;
	return r < 0 ? r : nsi_record_fits(record, type, inode, id);
}

void nsi_pin_tell(const struct nsi_record *record, struct nsu_pin_report *report)
{
	if (!report)
		return;
	report->types = record->types;
	memcpy(report->inode, record->inode, sizeof(report->inode));
	memcpy(report->id, record->id, sizeof(report->id));
}

int nsi_pin_drop_netns(struct nsu_ctx *ctx, const struct nsi_record *record,
		       const char *name, struct nsu_pin_report *report)
{
	nsi_autoclose int dir = nsi_netns_dir(ctx, NSI_STORE_LOOK, NULL);
	uint64_t inode, id;
	int r;

	if (dir < 0)
		return dir == -ENOENT ? 0 : nsi_pin_fail(report, NSU_PIN_STEP_NETNS, dir,
							  NSU_PIN_CAUSE_NONE, "%s",
							  NSI_NETNS_DIR);
	r = nsi_pin_look(ctx, dir, name, NSU_NET, NULL, &inode, &id);
	if (r == -ENOENT || r == -EMEDIUMTYPE || r == -EBADF ||
	    (!r && !nsi_record_fits(record, NSU_NET, inode, id)))
		return 0;
	/* A plain file is what a crash before or after the mount leaves. */
	if (r < 0 && r != -ENODATA)
		return nsi_pin_fail(report, NSU_PIN_STEP_NETNS, r, NSU_PIN_CAUSE_NONE,
				    "%s/%s", NSI_NETNS_DIR, name);
	r = nsi_pin_unmount(ctx, dir, name, report);
	if (r < 0 && r != -ENOENT && report)
		report->step = NSU_PIN_STEP_NETNS;
	return r == -ENOENT ? 0 : r;
}

static void drop_mnt(struct apart *apart, const char *name)
{
	const struct nsi_store *store = apart->store;
	nsi_autoclose int dir = nsi_store_open_mnt(store, name, false);
	int r = dir < 0 ? dir : 1;

	/* Under the other name of a renaming there may be another pin's. */
	if (dir >= 0 && name != apart->name)
		r = nsi_pin_is_recorded(store->ctx, apart->record, NSU_MNT, dir, "mnt");
	if (r < 0 && r != -ENOENT)
		note(apart, nsi_pin_fail_at(report_of(apart), NSU_PIN_STEP_STORE, r,
					    NSU_PIN_CAUSE_NONE, NSU_MNT));
	if (r <= 0)
		return;
	r = nsi_pin_unmount(store->ctx, dir, "mnt", report_of(apart));
	note(apart, r);
	if ((!r || r == -ENOENT) && unlinkat(store->mnt, name, AT_REMOVEDIR) < 0) {
		r = nsi_errno();
		note(apart, nsi_pin_fail_at(report_of(apart), NSU_PIN_STEP_UNMOUNT, r,
					    NSU_PIN_CAUSE_NONE, NSU_MNT));
	}
}

/* What lies outside of the pin's own directory. */
static void drop_named(struct apart *apart, const char *name)
{
	if (apart->store->system)
		drop_mnt(apart, name);
	if (apart->record && apart->record->netns)
		note(apart, nsi_pin_drop_netns(apart->store->ctx, apart->record, name,
					       report_of(apart)));
}

static void drop_types(struct apart *apart)
{
	const struct nsi_record *record = apart->record;

	for (unsigned type = 0; type < NSU_TYPE_COUNT && apart->dir >= 0; type++)
		note(apart, nsi_pin_unmount(apart->store->ctx, apart->dir,
					    nsu_type_get_name(type), report_of(apart)));
	drop_named(apart, apart->name);
	if (!record || !record->rename_from || !record->rename_to)
		return;
	drop_named(apart, strcmp(record->rename_from, apart->name) ? record->rename_from :
		   record->rename_to);
}

static void end_processes(struct apart *apart)
{
	struct nsu_ctx *ctx = apart->store->ctx;
	struct nsi_record *record = apart->record;
	int r;

	if (!record)
		return;
	if (record->init.pid) {
		r = nsi_init_dismiss(ctx, &record->init);
		if (!r)
			nsi_pin_note(apart->report, NSU_PIN_NOTE_INIT_STAYS);
		else if (r < 0 && r != -ESRCH)
			note(apart, nsi_pin_fail(report_of(apart), NSU_PIN_STEP_INIT, r,
						 NSU_PIN_CAUSE_NONE, "process %d",
						 record->init.pid));
	}
	if (record->keeper.pid) {
		r = nsi_keeper_dismiss(ctx, &record->keeper);
		if (r < 0 && r != -ESRCH)
			note(apart, nsi_pin_fail(report_of(apart), NSU_PIN_STEP_KEEPER, r,
						 NSU_PIN_CAUSE_NONE, "process %d",
						 record->keeper.pid));
	}
	if (record->init.pid || record->keeper.pid)
		nsi_leave_cgroup_clean(ctx, apart->name, apart->store->system);
}

static bool is_ours(const char *file)
{
	return !strcmp(file, ".") || !strcmp(file, "..") ||
	       !strcmp(file, NSI_RECORD_FILE) || !strcmp(file, NSI_RECORD_NEW) ||
	       !strcmp(file, NSI_PIN_LINK_NEW);
}

/* Nobody but us has a file in there; somebody's is not deleted, nor the record that shows
   that there is something. */
static int check_empty(const struct apart *apart)
{
	DIR *dir = nsi_open_entries(apart->dir);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return nsi_errno();
	while (!r && (entry = readdir(dir)))
		if (!is_ours(entry->d_name))
			r = nsi_pin_fail(report_of(apart), NSU_PIN_STEP_RECORD,
					 -ENOTEMPTY, NSU_PIN_CAUSE_NONE, "%s/%s/%s",
					 apart->store->path, apart->name,
					 entry->d_name);
	closedir(dir);
	return r;
}

static int drop_directory(struct apart *apart)
{
	static const char *const files[] = {
		NSI_PIN_LINK_NEW, NSI_RECORD_NEW, NSI_RECORD_FILE,
	};
	int r = check_empty(apart);

	if (r == -ENOTEMPTY)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(files) && !r; i++)
		if (unlinkat(apart->dir, files[i], 0) < 0 && errno != ENOENT)
			r = nsi_errno();
	if (!r && unlinkat(apart->store->pins, apart->name, AT_REMOVEDIR) < 0)
		r = nsi_errno();
	return !r ? 0 : nsi_pin_fail(report_of(apart), NSU_PIN_STEP_RECORD, r,
				     NSU_PIN_CAUSE_NONE, "%s/%s", apart->store->path,
				     apart->name);
}

/* A full file system is no reason not to remove: what was removed is then found missing
   by list, as if somebody had unmounted it. */
static void mark(struct apart *apart, enum nsi_stage stage)
{
	if (!apart->record || apart->dir < 0)
		return;
	apart->record->stage = stage;
	nsi_record_write(apart->dir, apart->record);
}

int nsi_pin_take_apart(struct nsi_store *store, const char *name,
		       struct nsi_record *record, struct nsu_pin_report *report)
{
	struct apart apart = {
		.store = store, .name = name, .record = record, .report = report,
	};
	enum nsi_stage was = record ? record->stage : NSI_STAGE_REMOVING;

	apart.dir = nsi_store_open_pin(store, name, false);
	if (apart.dir < 0 && apart.dir != -ENOENT)
		return nsi_pin_fail(report, NSU_PIN_STEP_STORE, apart.dir,
				    NSU_PIN_CAUSE_NONE, "%s/%s", store->path, name);
	mark(&apart, NSI_STAGE_REMOVING);
	drop_types(&apart);
	/* Who may not unmount has taken nothing away, and it stays as it was. */
	if (apart.error == -EPERM)
		mark(&apart, was);
	else
		end_processes(&apart);
	if (apart.dir >= 0) {
		if (!apart.error)
			note(&apart, drop_directory(&apart));
		close(apart.dir);
	}
	return apart.error;
}

struct lost {
	const char *name;
	struct nsi_record *record;
};

/* Strings of the record are the finder's. */
static int take_lost(void *data, const char *name, const struct nsi_record *record)
{
	struct lost *lost = data;

	if (strcmp(name, lost->name))
		return 0;
	lost->record->types = record->types;
	memcpy(lost->record->inode, record->inode, sizeof(record->inode));
	memcpy(lost->record->id, record->id, sizeof(record->id));
	memcpy(lost->record->fd, record->fd, sizeof(record->fd));
	lost->record->init = record->init;
	lost->record->keeper = record->keeper;
	return -ECANCELED;
}

/* Without a record: what its keeper has, or else what is mounted. 0; -ENOENT: nothing. */
static int find_rest(struct nsi_store *store, const char *name, int dir,
		     struct nsi_record *record)
{
	struct lost lost = { .name = name, .record = record };
	nsi_autoclose int mnt = -1;

	if (!store->system)
		nsi_keepers_find(store, take_lost, &lost);
	else
		mnt = nsi_store_open_mnt(store, name, false);
	for (unsigned type = 0; type < NSU_TYPE_COUNT && store->system; type++)
		if (!nsi_pin_look(store->ctx, type == NSU_MNT ? mnt : dir,
				  nsu_type_get_name(type), type, NULL,
				  &record->inode[type], &record->id[type]))
			record->types |= 1u << type;
	if (dir < 0 && mnt >= 0 && nsi_pin_is_renamed(store, name))
		return -ENOENT;
	return dir < 0 && mnt < 0 && !record->keeper.pid ? -ENOENT : 0;
}

static int remove_locked(struct nsi_store *store, const char *name,
			 struct nsu_pin_report *report)
{
	nsi_autoclose int dir = nsi_store_open_pin(store, name, false);
	struct nsi_record record = { 0 };
	NSI_CALM;
	int r;

	if (dir < 0 && dir != -ENOENT)
		return nsi_pin_fail(report, NSU_PIN_STEP_STORE, dir, NSU_PIN_CAUSE_UNSAFE,
				    "%s/%s", store->path, name);
	r = dir < 0 ? dir : nsi_record_read(dir, &record);
	/* It is there and knows of an init: without it that would stay for ever. */
	if (r < 0 && r != -ENOENT && r != -EBADMSG)
		return nsi_pin_fail(report, NSU_PIN_STEP_RECORD, r, NSU_PIN_CAUSE_NONE,
				    "%s/%s", store->path, name);
	if (r < 0) {
		record = (struct nsi_record){ 0 };
		r = find_rest(store, name, dir, &record);
	}
	if (r < 0)
		return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, r, NSU_PIN_CAUSE_ABSENT,
				    "%s", name);
	nsi_pin_tell(&record, report);
	r = nsi_pin_take_apart(store, name, &record, report);
	nsi_record_free(&record);
	return r;
}

static int remove_ours(struct nsu_ctx *ctx, const char *name,
		       struct nsu_pin_report *report)
{
	struct nsi_store store = NSI_STORE_INIT;
	int r = nsi_pin_check_name(name);

	if (r < 0)
		return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, r, NSU_PIN_CAUSE_NAME,
				    "%s", name);
	r = nsi_store_open(ctx, NSI_STORE_LOOK, &store, report);
	if (r == -ENOENT && (!report || report->cause == NSU_PIN_CAUSE_NONE))
		return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, r, NSU_PIN_CAUSE_ABSENT,
				    "%s", name);
	if (r < 0)
		return r;
	r = nsi_store_lock(&store, true, report);
	if (!r)
		r = remove_locked(&store, name, report);
	nsi_store_close(&store);
	return r;
}

int nsu_pin_remove(struct nsu_ctx *ctx, const char *name, bool force,
		   struct nsu_pin_report *report)
{
	struct nsu_pin_report own = NSI_REPORT_INIT;
	int r;

	if (!ctx || !name)
		return -EINVAL;
	if (!strncmp(name, "pin:", 4)) {
		r = remove_ours(ctx, name + 4, &own);
	} else if (*name == '/' || strchr(name, ':')) {
		r = nsi_pin_remove_foreign(ctx, name, force, &own);
	} else {
		r = remove_ours(ctx, name, &own);
		if (own.cause == NSU_PIN_CAUSE_ABSENT && nsi_pin_is_netns(ctx, name)) {
			own = (struct nsu_pin_report)NSI_REPORT_INIT;
			r = nsi_pin_remove_foreign(ctx, name, force, &own);
		}
	}
	return nsi_pin_give(report, &own, r);
}
