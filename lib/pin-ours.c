/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pins of the store, and how each of their namespaces is. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "open.h"
#include "pin-list.h"
#include "plan.h"
#include "walk.h"

struct reader {
	struct nsu_pins *pins;
	const struct nsi_store *store;
	const char *name;
	int dir, mnt_dir;		/* of the pin; -1 */
	unsigned files;			/* types that have a file here; mnt always may */
	bool locked;
	struct nsi_listed *listed;
};

int nsi_look_netns(struct nsu_ctx *ctx, const char *name, int *ret_fd,
		   uint64_t *ret_inode,
		   uint64_t *ret_id)
{
	nsi_autoclose int dir = nsi_netns_dir(ctx, NSI_STORE_LOOK, NULL);

	return dir < 0 ? dir :
		nsi_pin_look(ctx, dir, name, NSU_NET, ret_fd, ret_inode, ret_id);
}

/* ---- one namespace --------------------------------------------------------------- */

int nsi_look_keeper(struct nsu_ctx *ctx, const struct nsi_record *record,
		    enum nsu_type type, int *ret_fd, struct nsu_pin_ns *ns)
{
	dev_t device;
	int r = nsi_keeper_open(ctx, record, type, ret_fd);

	if (!r)
		r = nsi_nsfs_inode(*ret_fd, &ns->inode, &device);
	/* A kernel without ids has just none to compare. */
	if (!r)
		nsi_nsfs_id(ctx, *ret_fd, &ns->id);
	return r;
}

static int look(struct reader *reader, enum nsu_type type, int *ret_fd,
		struct nsu_pin_ns *ns)
{
	int dir = type == NSU_MNT ? reader->mnt_dir : reader->dir;

	if (!reader->store->system)
		return nsi_look_keeper(reader->pins->ctx, &reader->listed->record, type,
				       ret_fd, ns);
	return dir < 0 ? -ENOENT :
		nsi_pin_look(reader->pins->ctx, dir, nsu_type_get_name(type), type,
			     ret_fd,
			     &ns->inode, &ns->id);
}

/* People and other programs find a user's by a link; what is at work has none yet. */
static bool is_linked(const struct reader *reader, enum nsu_type type)
{
	const struct nsi_record *record = &reader->listed->record;
	char wanted[NSI_KEEPER_LINK], target[NSI_KEEPER_LINK];
	ssize_t n;

	if (reader->store->system || record->stage != NSI_STAGE_MADE)
		return true;
	nsi_keeper_link(record, type, wanted);
	n = readlinkat(reader->dir, nsu_type_get_name(type), target, sizeof(target));
	return n == (ssize_t)strlen(wanted) && !memcmp(wanted, target, n);
}

static void judge_there(struct reader *reader, enum nsu_type type, int fd)
{
	struct nsi_listed *listed = reader->listed;
	const struct nsu_pin_ns *ns = &listed->pin.ns[type];

	if (!listed->recorded)
		nsi_listed_set(listed, type, NSU_PIN_EMPTY, NSU_PIN_NO_RECORD);
	else if (!(listed->record.types & 1u << type) ||
		 !nsi_record_fits(&listed->record, type, ns->inode, ns->id))
		nsi_listed_set(listed, type, NSU_PIN_STALE, NSU_PIN_REPLACED);
	else if (type == NSU_PID && nsi_ask_init_in(reader->pins->ctx, fd, ns->inode,
						    &reader->pins->inits) == -ESRCH)
		nsi_listed_set(listed, type, NSU_PIN_DEAD, NSU_PIN_INIT_ENDED);
	else if (!is_linked(reader, type))
		nsi_listed_set(listed, type, NSU_PIN_EMPTY, NSU_PIN_UNMOUNTED);
	else
		nsi_listed_set(listed, type, NSU_PIN_OK, NSU_PIN_NO_REASON);
}

/* It may still be at hand as /run/netns/NAME: then it only has to be brought back. */
static bool is_in_netns(const struct reader *reader)
{
	const struct nsi_record *record = &reader->listed->record;
	uint64_t inode, id = 0;

	return record->netns &&
	       !nsi_look_netns(reader->pins->ctx, reader->name, NULL, &inode, &id) &&
	       nsi_record_fits(record, NSU_NET, inode, id);
}

static void judge_missing(struct reader *reader, enum nsu_type type)
{
	struct nsi_listed *listed = reader->listed;

	if (type == NSU_NET && is_in_netns(reader))
		nsi_listed_set(listed, type, NSU_PIN_HIDDEN, NSU_PIN_ELSEWHERE);
	else
		nsi_listed_set(listed, type, NSU_PIN_EMPTY, NSU_PIN_UNMOUNTED);
}

static int judge(struct reader *reader, enum nsu_type type)
{
	struct nsi_listed *listed = reader->listed;
	struct nsu_pin_ns *ns = &listed->pin.ns[type];
	bool wanted = listed->recorded && listed->record.types & 1u << type;
	nsi_autoclose int fd = -1;
	int r = 0;

	if (!wanted && (!reader->store->system || !(reader->files & 1u << type)))
		return 0;
	r = look(reader, type, &fd, ns);
	if (nsi_is_fatal(r))
		return r;
	if (!r)
		judge_there(reader, type, fd);
	else if (r == -EMEDIUMTYPE || r == -EBADF || r == -ESTALE)
		nsi_listed_set(listed, type, NSU_PIN_STALE, NSU_PIN_REPLACED);
	else if (!wanted)
		return 0;
	else if (r == -ESRCH && !reader->store->system)
		nsi_listed_set(listed, type, NSU_PIN_EMPTY, NSU_PIN_KEEPER_ENDED);
	else if (r == -ENODATA || r == -ENOENT)
		judge_missing(reader, type);
	/* Not known to be wrong: nothing that should be mended. */
	else if (nsi_pins_add_gap(reader->pins, r, "%s/%s/%s", reader->store->path,
				  reader->name, nsu_type_get_name(type)) < 0)
		return -ENOMEM;
	else
		listed->pin.types |= 1u << type;
	if (type == NSU_MNT && reader->store->system)
		return nsi_listed_set_path(listed, type, NSI_RUN "/mnt", reader->name,
					   "mnt");
	return nsi_listed_set_path(listed, type, reader->store->path, reader->name,
				   nsu_type_get_name(type));
}

/* Also in /run/netns, where it should be. What is another's there is listed as that. */
static int judge_netns(struct reader *reader)
{
	struct nsi_listed *listed = reader->listed;
	struct nsu_pin_ns *ns = &listed->pin.ns[NSU_NET];
	uint64_t inode = 0, id = 0;
	int r;

	if (!listed->recorded || !listed->record.netns || ns->state != NSU_PIN_OK ||
	    !(listed->pin.types & 1u << NSU_NET) || !reader->store->system)
		return 0;
	r = nsi_look_netns(reader->pins->ctx, reader->name, NULL, &inode, &id);
	if (nsi_is_fatal(r) || (!r && nsi_record_fits(&listed->record, NSU_NET, inode,
						      id)))
		return r;
	nsi_listed_set(listed, NSU_NET, NSU_PIN_EMPTY, NSU_PIN_UNMOUNTED);
	ns->inode = inode;
	ns->id = id;
	return nsi_listed_set_path(listed, NSU_NET, NSI_NETNS_DIR, reader->name, NULL);
}

/* ---- one pin --------------------------------------------------------------------- */

void nsi_listed_take_record(struct nsu_ctx *ctx, struct nsi_listed *listed)
{
	const struct nsi_record *record = &listed->record;
	struct nsu_pin *pin = &listed->pin;

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		if (!(record->types & 1u << type))
			continue;
		pin->ns[type].recorded_inode = record->inode[type];
		pin->ns[type].recorded_id = record->id[type];
	}
	pin->made = record->made;
	pin->uid = record->uid;
	pin->user = record->user;
	pin->args = (const char *const *)record->args;
	pin->from = record->from;
	pin->from_pid = record->from_pid;
	pin->from_command = record->from_command;
	pin->netns = record->netns;
	if (record->init.pid && !nsi_proc_find(ctx, &record->init, NULL))
		pin->init = record->init.pid;
	if (record->keeper.pid && !nsi_proc_find(ctx, &record->keeper, NULL))
		pin->keeper = record->keeper.pid;
}

/* What is at work right now is not half done. */
static enum nsu_pin_reason half(const struct reader *reader)
{
	const struct nsi_listed *listed = reader->listed;

	if (!listed->recorded)
		return reader->dir < 0 ? NSU_PIN_HALF_MADE : NSU_PIN_NO_RECORD;
	if (!reader->locked)
		return NSU_PIN_NO_REASON;
	if (listed->record.stage == NSI_STAGE_MAKING)
		return NSU_PIN_HALF_MADE;
	if (listed->record.stage == NSI_STAGE_REMOVING)
		return NSU_PIN_HALF_REMOVED;
	return listed->record.rename_to ? NSU_PIN_HALF_RENAMED : NSU_PIN_NO_REASON;
}

/* What else there may be: asking for each costs more than all else. */
static void read_files(struct reader *reader)
{
	struct {
		ino64_t inode;
		off64_t offset;
		unsigned short length;
		unsigned char type;
		char name[];
	} *entry;
	char text[1024] __attribute__((aligned(8)));
	long n;

	reader->files = 1u << NSU_MNT;
	while (reader->dir >= 0 &&
	       (n = syscall(SYS_getdents64, reader->dir, text, sizeof(text))) > 0)
		for (long at = 0; at < n; at += entry->length) {
			enum nsu_type type;

			entry = (void *)(text + at);
			if (nsu_type_find(entry->name, &type) == 0)
				reader->files |= 1u << type;
		}
}

static int read_pin(struct reader *reader)
{
	struct nsi_listed *listed = reader->listed;
	enum nsu_pin_reason reason;
	int r = 0;

	if (reader->dir >= 0)
		r = nsi_record_read(reader->dir, &listed->record);
	listed->recorded = reader->dir >= 0 && !r;
	if (r < 0 && r != -ENOENT && r != -EBADMSG)
		return r;
	if (listed->recorded)
		nsi_listed_take_record(reader->pins->ctx, listed);
	r = 0;
	if (reader->store->system)
		read_files(reader);
	for (unsigned type = 0; type < NSU_TYPE_COUNT && !r; type++)
		r = judge(reader, type);
	if (!r)
		r = judge_netns(reader);
	if (r < 0)
		return r;
	reason = half(reader);
	if (reason) {
		listed->pin.state = NSU_PIN_EMPTY;
		listed->pin.reason = reason;
		for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
			if (listed->pin.types & 1u << type)
				nsi_listed_set(listed, type, NSU_PIN_EMPTY, reason);
	}
	return 0;
}

int nsi_list_one(struct nsu_pins *pins, const struct nsi_store *store, const char *name,
		 bool locked, struct nsi_listed **ret)
{
	nsi_autoclose int dir = nsi_store_open_pin(store, name, false);
	nsi_autoclose int mnt_dir = -1;
	struct reader reader = { .pins = pins, .store = store, .name = name,
				 .locked = locked };
	int r;

	if (dir < 0 && dir != -ENOENT)
		return dir;
	if (store->system) {
		mnt_dir = nsi_store_open_mnt(store, name, false);
		if (nsi_is_fatal(mnt_dir))
			return mnt_dir;
	}
	if (dir < 0 && mnt_dir < 0)
		return -ENOENT;
	reader.dir = dir;
	reader.mnt_dir = mnt_dir;
	reader.listed = nsi_listed_new(name);
	r = reader.listed ? read_pin(&reader) : -ENOMEM;
	if (r < 0)
		nsi_listed_free(reader.listed);
	else
		*ret = reader.listed;
	return r;
}

/* ---- all of them ----------------------------------------------------------------- */

static int add_one(struct nsu_pins *pins, const struct nsi_store *store, const char *name,
		   bool locked)
{
	struct nsi_listed *listed;
	int r = nsi_pin_check_name(name);

	if (!r)
		r = nsi_list_one(pins, store, name, locked, &listed);
	if (!r)
		return nsi_pins_add(pins, listed);
	if (nsi_is_fatal(r))
		return r;
	/* Removed meanwhile. */
	return r == -ENOENT ? 0 :
		nsi_pins_add_gap(pins, r, "%s/%s", store->path, name);
}

/* What a rename has left of either name is that pin's. */
static bool is_known(const struct nsu_pins *pins, const char *name)
{
	if (nsi_pins_find_ours(pins, name))
		return true;
	for (size_t i = 0; i < pins->ours; i++) {
		const struct nsi_record *record = &pins->pin[i]->record;

		if (pins->pin[i]->recorded && record->rename_to &&
		    (!strcmp(record->rename_to, name) ||
		     (record->rename_from && !strcmp(record->rename_from, name))))
			return true;
	}
	return false;
}

/* Each entry of the pins, then those of mnt that no pin is known of. */
static int add_dir(struct nsu_pins *pins, const struct nsi_store *store, int fd,
		   bool locked)
{
	DIR *dir = nsi_open_entries(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return nsi_errno();
	for (; !r && (errno = 0, entry = readdir(dir));) {
		/* What is written anew has a name with a dot until it is renamed. */
		if (entry->d_name[0] == '.')
			continue;
		if (fd == store->pins || !is_known(pins, entry->d_name))
			r = add_one(pins, store, entry->d_name, locked);
	}
	if (!r && errno)
		r = nsi_errno();
	closedir(dir);
	return r;
}

static int add_store(struct nsu_pins *pins, struct nsi_store *store)
{
	int r = nsi_store_lock(store, false, NULL);
	bool locked = !r;

	if (nsi_is_fatal(r))
		return r;
	r = add_dir(pins, store, store->pins, locked);
	nsi_pins_sort(pins);
	/* Without the lock one may be made between the two, mnt first seen. */
	if (!r && store->mnt >= 0 && locked)
		r = add_dir(pins, store, store->mnt, locked);
	if (!r && !store->system && locked)
		r = nsi_list_lost(pins, store);
	return r;
}

/* Nobody but root can tell whether there are any. */
static int add_others(struct nsu_pins *pins)
{
	struct stat st;
	int r;

	if (lstat(NSI_RUN "/pins", &st) == 0)
		return nsi_pins_add_gap(pins, -EACCES, NSI_RUN "/pins");
	r = nsi_errno();
	return r == -ENOENT || r == -ENOTDIR ? 0 :
		nsi_pins_add_gap(pins, r, NSI_RUN "/pins");
}

int nsi_list_ours(struct nsu_pins *pins)
{
	struct nsi_store store = NSI_STORE_INIT;
	struct nsu_pin_report report = NSI_REPORT_INIT;
	int r = nsi_store_open(pins->ctx, NSI_STORE_LOOK, &store, &report);
	bool user = r < 0 ? geteuid() != 0 : !store.system;

	if (!r) {
		r = add_store(pins, &store);
		nsi_store_close(&store);
	} else if (r == -ENOENT && geteuid()) {
		/* It went with the user's last session, keepers need not. */
		nsi_store_expect(pins->ctx, &store);
		r = nsi_list_lost(pins, &store);
	} else if (!nsi_is_fatal(r)) {
		r = r == -ENOENT ? 0 :
			nsi_pins_add_gap(pins, r, "%s",
					 *report.object ? report.object : NSI_RUN);
	}
	nsi_pins_sort(pins);
	if (!r)
		r = nsi_list_elsewhere(pins);
	return !r && user ? add_others(pins) : r;
}
