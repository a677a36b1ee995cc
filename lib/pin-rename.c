/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pin's name is in up to four places, and its directory's is the one that counts: the
 * record says both names, then the directory is renamed, then all else follows, and the
 * record forgets them. Cut short anywhere, nsi_pin_settle() brings it to the name that
 * the directory has: to the old one or to the new one.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "pin-list.h"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

/* The lock keeps other nspins out: where the kernel or the file system cannot do it at
   once, looking first is as good. */
static int move(int dir, const char *from, const char *to)
{
	struct stat st;
	int r;

	if (syscall(SYS_renameat2, dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	r = nsi_errno();
	if (r != -ENOSYS && r != -EINVAL)
		return r;
	if (fstatat(dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	return renameat(dir, from, dir, to) < 0 ? nsi_errno() : 0;
}

/* Only this pin's: the other name may have become another's since. */
static int settle_mnt(const struct nsi_store *store, const char *name, const char *other,
		      const struct nsi_record *record)
{
	nsi_autoclose int dir = nsi_store_open_mnt(store, other, false);
	int r;

	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	r = nsi_pin_is_recorded(store->ctx, record, NSU_MNT, dir, "mnt");
	if (r <= 0)
		return r;
	r = move(store->mnt, other, name);
	return r == -EEXIST ? 0 : r;
}

static int settle_netns(const struct nsi_store *store, const char *name,
			const char *other, const struct nsi_record *record, int pin_dir,
			struct nsu_pin_report *report)
{
	nsi_autoclose int dir = nsi_netns_dir(store->ctx, NSI_STORE_LOOK, NULL);
	nsi_autoclose int fd = -1;
	uint64_t inode, id;
	int r = dir < 0 ? dir : nsi_pin_is_recorded(store->ctx, record, NSU_NET, dir,
						    name);

	if (!r || r == -ENOENT) {
		r = nsi_pin_look(store->ctx, pin_dir, "net", NSU_NET, &fd, &inode, &id);
		/* What list finds missing anyway. */
		if (r == -ENOENT || r == -ENODATA ||
		    (!r && !nsi_record_fits(record, NSU_NET, inode, id)))
			return 0;
	}
	if (r < 0)
		return nsi_pin_fail(report, NSU_PIN_STEP_NETNS, r, NSU_PIN_CAUSE_NONE,
				    "%s/%s", NSI_NETNS_DIR, name);
	if (!r) {
		/* A plain file of an earlier try is in the way. */
		nsi_pin_drop_netns(store->ctx, record, name, NULL);
		r = nsi_pin_put_netns(store->ctx, fd, name, report);
	}
	return r < 0 ? r : nsi_pin_drop_netns(store->ctx, record, other, report);
}

/* The processes may be in a cgroup or a scope of the old name, which the next pin of that
   name is to have. Not to find another is no failure. */
static void settle_processes(const struct nsi_store *store, const char *name,
			     const char *other, const struct nsi_record *record)
{
	const struct nsi_proc *procs[] = { &record->init, &record->keeper };

	if (record->keeper.pid)
		nsi_keeper_update(store, name, record);
	for (size_t i = 0; i < ARRAY_SIZE(procs); i++) {
		nsi_autoclose int pidfd = -1;

		if (!procs[i]->pid || nsi_proc_find(store->ctx, procs[i], &pidfd) < 0)
			continue;
		nsi_leave_cgroup(store->ctx, procs[i]->pid, name, store->system);
	}
	nsi_leave_cgroup_clean(store->ctx, other, store->system);
}

static int settle(struct nsi_store *store, const char *name, const char *other,
		  struct nsi_record *record, int pin_dir, struct nsu_pin_report *report)
{
	int r = 0;

	if (store->system && record->types & 1u << NSU_MNT) {
		r = settle_mnt(store, name, other, record);
		if (!r)
			r = nsi_pin_link_mnt(pin_dir, name);
		if (r < 0)
			return nsi_pin_fail_at(report, NSU_PIN_STEP_RENAME, r,
					       NSU_PIN_CAUSE_NONE, NSU_MNT);
	}
	if (record->netns)
		r = settle_netns(store, name, other, record, pin_dir, report);
	return r;
}

/* The strings are moved out, so that the record is written without them. */
static int forget_names(int pin_dir, struct nsi_record *record)
{
	char *from = record->rename_from, *to = record->rename_to;
	int r;

	record->rename_from = record->rename_to = NULL;
	r = nsi_record_write(pin_dir, record);
	if (r < 0) {
		record->rename_from = from;
		record->rename_to = to;
		return r;
	}
	free(from);
	free(to);
	return 0;
}

bool nsi_pin_is_renamed(const struct nsi_store *store, const char *name)
{
	DIR *dir = nsi_open_entries(store->pins);
	const struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		nsi_autoclose int pin = nsi_store_open_pin(store, entry->d_name, false);
		struct nsi_record record = { 0 };

		if (pin < 0 || nsi_record_read(pin, &record) < 0)
			continue;
		found = record.rename_from && record.rename_to &&
			(!strcmp(record.rename_from, name) ||
			 !strcmp(record.rename_to, name));
		nsi_record_free(&record);
	}
	if (dir)
		closedir(dir);
	return found;
}

int nsi_pin_settle(struct nsi_store *store, const char *name, struct nsi_record *record,
		   struct nsu_pin_report *report)
{
	nsi_autoclose int dir = nsi_store_open_pin(store, name, false);
	const char *other;
	int r;

	if (dir < 0)
		return nsi_pin_fail(report, NSU_PIN_STEP_RENAME, dir, NSU_PIN_CAUSE_NONE,
				    "%s/%s", store->path, name);
	if (!record->rename_from || !record->rename_to)
		return 0;
	other = strcmp(record->rename_from, name) ? record->rename_from :
		record->rename_to;
	r = settle(store, name, other, record, dir, report);
	if (r < 0)
		return r;
	settle_processes(store, name, other, record);
	r = forget_names(dir, record);
	if (!r && record->keeper.pid)
		nsi_keeper_update(store, name, record);
	return !r ? 0 : nsi_pin_fail(report, NSU_PIN_STEP_RECORD, r, NSU_PIN_CAUSE_NONE,
				     "%s/%s/%s", store->path, name, NSI_RECORD_FILE);
}

static int exists(struct nsu_pin_report *report, const char *name)
{
	return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, -EEXIST, NSU_PIN_CAUSE_EXISTS,
			    "%s", name);
}

static int check_free(const struct nsi_store *store, const char *to,
		      const struct nsi_record *record, struct nsu_pin_report *report)
{
	struct stat st;

	if (fstatat(store->pins, to, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	    (store->mnt >= 0 && fstatat(store->mnt, to, &st, AT_SYMLINK_NOFOLLOW) == 0))
		return exists(report, to);
	if (record->netns && nsi_pin_is_netns(store->ctx, to))
		return nsi_pin_fail(report, NSU_PIN_STEP_NETNS, -EEXIST,
				    NSU_PIN_CAUSE_EXISTS, "%s/%s", NSI_NETNS_DIR, to);
	return 0;
}

static int note_names(int dir, struct nsi_record *record, const char *from,
		      const char *to)
{
	record->rename_from = strdup(from);
	record->rename_to = strdup(to);
	if (!record->rename_from || !record->rename_to)
		return -ENOMEM;
	return nsi_record_write(dir, record);
}

/* What does not go on goes back. Of an error on the way back repair takes care. */
static int carry_out(struct nsi_store *store, const char *from, const char *to, int dir,
		     struct nsi_record *record, struct nsu_pin_report *report)
{
	int r = note_names(dir, record, from, to);

	if (r < 0)
		return nsi_pin_fail(report, NSU_PIN_STEP_RECORD, r, NSU_PIN_CAUSE_NONE,
				    "%s/%s/%s", store->path, from, NSI_RECORD_FILE);
	r = move(store->pins, from, to);
	if (r < 0) {
		nsi_pin_fail(report, NSU_PIN_STEP_RENAME, r, r == -EEXIST ?
			     NSU_PIN_CAUSE_EXISTS : NSU_PIN_CAUSE_NONE, "%s", to);
		forget_names(dir, record);
		return r;
	}
	r = nsi_pin_settle(store, to, record, report);
	/* All but the record is settled: that is for repair, not to be undone. */
	if (r < 0 && (!report || report->step != NSU_PIN_STEP_RECORD) &&
	    !move(store->pins, to, from))
		nsi_pin_settle(store, from, record, NULL);
	return r;
}

static int rename_found(struct nsi_store *store, const char *from, const char *to,
			int dir, struct nsi_record *record, struct nsu_pin_report *report)
{
	int r = nsi_record_read(dir, record);

	/* What is half made or half removed is not renamed, but mended. */
	if (!r && record->stage != NSI_STAGE_MADE)
		r = -EUCLEAN;
	if (r < 0)
		return nsi_pin_fail(report, NSU_PIN_STEP_RECORD, r, NSU_PIN_CAUSE_NONE,
				    "%s/%s/%s", store->path, from, NSI_RECORD_FILE);
	r = nsi_pin_settle(store, from, record, report);
	if (!r)
		r = check_free(store, to, record, report);
	if (r < 0)
		return r;
	nsi_pin_tell(record, report);
	return carry_out(store, from, to, dir, record, report);
}

static int rename_locked(struct nsi_store *store, const char *from, const char *to,
			 struct nsu_pin_report *report)
{
	nsi_autoclose int dir = nsi_store_open_pin(store, from, false);
	struct nsi_record record = { 0 };
	NSI_CALM;
	int r;

	if (dir == -ENOENT)
		return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, dir, NSU_PIN_CAUSE_ABSENT,
				    "%s", from);
	if (dir < 0)
		return nsi_pin_fail(report, NSU_PIN_STEP_STORE, dir, NSU_PIN_CAUSE_NONE,
				    "%s/%s", store->path, from);
	r = rename_found(store, from, to, dir, &record, report);
	nsi_record_free(&record);
	return r;
}

static int rename_pin(struct nsu_ctx *ctx, const char *from, const char *to,
		      struct nsu_pin_report *report)
{
	const char *names[] = { from, to };
	struct nsi_store store = NSI_STORE_INIT;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		r = nsi_pin_check_name(names[i]);
		if (r < 0)
			return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, r,
					    NSU_PIN_CAUSE_NAME, "%s", names[i]);
	}
	r = nsi_store_open(ctx, NSI_STORE_LOOK, &store, report);
	if (r == -ENOENT && report->cause == NSU_PIN_CAUSE_NONE)
		return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, r, NSU_PIN_CAUSE_ABSENT,
				    "%s", from);
	if (r < 0)
		return r;
	r = nsi_store_lock(&store, true, report);
	if (!r)
		r = rename_locked(&store, from, to, report);
	nsi_store_close(&store);
	return r;
}

int nsu_pin_rename(struct nsu_ctx *ctx, const char *from, const char *to,
		   struct nsu_pin_report *report)
{
	struct nsu_pin_report own = NSI_REPORT_INIT;
	int r;

	if (!ctx || !from || !to)
		return -EINVAL;
	if (!strncmp(from, "pin:", 4))
		from += 4;
	r = rename_pin(ctx, from, to, &own);
	return nsi_pin_give(report, &own, r);
}
