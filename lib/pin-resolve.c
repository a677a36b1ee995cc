/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pin's name to descriptors of what is pinned, for target words. */
#include <string.h>
#include "open.h"
#include "pin.h"

void nsi_pinned_close(struct nsi_pinned *pinned)
{
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (pinned->types & 1u << type && pinned->fd[type] >= 0)
			close(pinned->fd[type]);
	*pinned = (struct nsi_pinned){ 0 };
	memset(pinned->fd, 0xff, sizeof(pinned->fd));
}

/* Nothing that is there in the way of errors: what is left is told from what is wrong. */
static bool is_absent(int error)
{
	return error == -ENOENT || error == -ENODATA || error == -EBADF ||
	       error == -ESRCH;
}

/* Takes over fd. */
static int keep(struct nsi_pinned *pinned, const struct nsi_record *record,
		enum nsu_type type, int fd, uint64_t inode, uint64_t id)
{
	if (record && !nsi_record_fits(record, type, inode, id)) {
		close(fd);
		return -ESTALE;
	}
	pinned->types |= 1u << type;
	pinned->fd[type] = fd;
	pinned->inode[type] = inode;
	return 0;
}

/* Without a record all that is mounted there counts: root alone can have done it. */
static int open_mounted(const struct nsi_store *store, const char *name,
			const struct nsi_record *record, struct nsi_pinned *pinned)
{
	unsigned types = record ? record->types : NSU_TYPES_DEFAULT;
	int r = 0;

	for (unsigned type = 0; type < NSU_TYPE_COUNT && !r; type++) {
		nsi_autoclose int place = -1;
		uint64_t inode, id;
		int fd;

		if (!(types & 1u << type))
			continue;
		r = nsi_store_open_place(store, name, type, &place);
		if (!r)
			r = nsi_pin_look(store->ctx, place, nsu_type_get_name(type), type,
					 &fd, &inode, &id);
		if (!r)
			r = keep(pinned, record, type, fd, inode, id);
		else if (r == -EMEDIUMTYPE)
			r = -ESTALE;
		else if (is_absent(r))
			r = 0;
	}
	return r;
}

static int open_kept(struct nsu_ctx *ctx, const struct nsi_record *record,
		     struct nsi_pinned *pinned)
{
	int r = 0;

	for (unsigned type = 0; type < NSU_TYPE_COUNT && !r; type++) {
		enum nsu_type found;
		uint64_t inode;
		dev_t device;
		int fd;

		if (!(record->types & 1u << type))
			continue;
		r = nsi_keeper_open(ctx, record, type, &fd);
		if (r < 0) {
			r = is_absent(r) ? 0 : r;
			continue;
		}
		r = nsi_ask_type(fd, &found);
		if (!r)
			r = nsi_nsfs_inode(fd, &inode, &device);
		if (r < 0)
			close(fd);
		else if (found != type)
			r = (close(fd), -ESTALE);
		else
			r = keep(pinned, record, type, fd, inode, 0);
	}
	return r;
}

struct lost {
	struct nsu_ctx *ctx;
	const char *name;
	struct nsi_pinned *pinned;
	int result;
};

static int is_lost_one(void *data, const char *name, const struct nsi_record *record)
{
	struct lost *lost = data;

	if (strcmp(name, lost->name))
		return 0;
	lost->result = open_kept(lost->ctx, record, lost->pinned);
	return -ECANCELED;
}

/* The runtime directory goes with the user's last session, keepers need not. */
static int open_lost(const struct nsi_store *store, const char *name,
		     struct nsi_pinned *pinned)
{
	struct lost lost = { store->ctx, name, pinned, -ENOENT };
	int r = nsi_keepers_find(store, is_lost_one, &lost);

	return r < 0 && r != -ECANCELED ? r : lost.result;
}

static int open_pin(const struct nsi_store *store, const char *name,
		    struct nsi_pinned *pinned)
{
	nsi_autoclose int dir = nsi_store_open_pin(store, name, false);
	struct nsi_record record = { 0 };
	int r = dir < 0 ? dir : nsi_record_read(dir, &record);
	bool known = !r;

	if (dir < 0 && (store->system || dir != -ENOENT))
		return dir;
	if (r < 0 && r != -ENOENT && r != -EBADMSG)
		return r;
	if (store->system)
		r = open_mounted(store, name, known ? &record : NULL, pinned);
	else
		r = known ? open_kept(store->ctx, &record, pinned) :
			open_lost(store, name, pinned);
	if (known)
		nsi_record_free(&record);
	return r;
}

int nsi_pin_resolve(struct nsu_ctx *ctx, const char *name, struct nsi_pinned *ret)
{
	struct nsi_pinned pinned = { 0 };
	struct nsi_store store = NSI_STORE_INIT;
	int r = nsi_pin_check_name(name);

	if (r < 0)
		return r;
	memset(pinned.fd, 0xff, sizeof(pinned.fd));
	r = nsi_store_open(ctx, NSI_STORE_LOOK, &store, NULL);
	if (r == -ENOENT && geteuid()) {
		nsi_store_expect(ctx, &store);
		r = open_lost(&store, name, &pinned);
	}
	if (store.pins >= 0) {
		/* Not half of what is just being made; but none waits long to look. */
		nsi_store_lock(&store, false, NULL);
		r = open_pin(&store, name, &pinned);
	}
	nsi_store_close(&store);
	if (!r && !pinned.types)
		r = -ENOENT;
	if (r < 0)
		nsi_pinned_close(&pinned);
	else
		*ret = pinned;
	return r;
}
