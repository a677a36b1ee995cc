/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Namespaces that a bind mount keeps, in every mount namespace there is. */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include "pins.h"
#include "plan.h"
#include "uapi.h"
#include "walk.h"

static const char *const source_names[NSI_PIN_SOURCES] = {
	[NSI_FROM_NEXT] = "mnt-next", [NSI_FROM_STATMOUNT] = "statmount",
	[NSI_FROM_MOUNTINFO] = "mountinfo", [NSI_FROM_ENTERING] = "enter",
};

static void note_source(struct nsi_search *s, enum nsi_pin_source which, int error)
{
	if (s->source[which])
		s->source[which] = error;
}

static int set_state(struct nsi_search *s, uint32_t ns, uint8_t bits)
{
	if (ns >= s->state_size) {
		size_t size = (size_t)ns * 2 + 64;
		uint8_t *more = realloc(s->state, size);

		if (!more)
			return -ENOMEM;
		memset(more + s->state_size, 0, size - s->state_size);
		s->state = more;
		s->state_size = size;
	}
	s->state[ns] |= bits;
	return 0;
}

/* The tasks of each mount namespace, as lists, and what else is in the picture. */
static int gather(struct nsi_search *s)
{
	const struct nsu_snapshot *snap = s->b->snap;
	int r = 0;

	s->first_count = snap->ns_count;
	s->first = malloc((s->first_count + 1) * sizeof(*s->first));
	s->next = malloc((snap->task_count + 1) * sizeof(*s->next));
	if (!s->first || !s->next)
		return -ENOMEM;
	memset(s->first, 0xff, (s->first_count + 1) * sizeof(*s->first));
	for (size_t i = snap->task_count; i-- > 0 && !r;) {
		uint32_t ns = snap->tasks[i].ns[NSU_MNT];

		if (ns == NSI_NONE)
			continue;
		s->next[i] = s->first[ns];
		s->first[ns] = i;
		r = set_state(s, ns, NSI_USED);
	}
	if (snap->limited)
		return r;
	for (size_t i = 0; i < snap->keeper_count && !r; i++)
		r = set_state(s, snap->keepers[i].ns, NSI_USED);
	for (size_t i = 0; i < snap->ns_count && !r; i++)
		if (snap->ns[i].wanted)
			r = set_state(s, i, NSI_USED | NSI_HELD);
	return r;
}

/* ---- what is mounted there -------------------------------------------------------- */

static int read_by_id(struct nsi_search *s, uint32_t index, int ns_fd,
		      struct nsi_pins *ret)
{
	const struct nsu_ns *ns = &s->b->snap->ns[index];
	uint64_t id = ns->mntns_id;
	int r;

	if (!s->b->ctx->procfs.real)
		return -ENODATA;
	if (!nsi_if_usable(s->b->ctx, NSU_IF_STATMOUNT) ||
	    !nsi_if_usable(s->b->ctx, NSU_IF_MNTNS_ID)) {
		note_source(s, NSI_FROM_STATMOUNT, -ENOSYS);
		return -ENOSYS;
	}
	if (ns->mntns_state < 0 &&
	    (ns_fd < 0 || ioctl(ns_fd, NS_GET_MNTNS_ID, &id) < 0))
		return -ENODATA;
	r = nsi_pins_by_id(s->b->ctx, id, ret);
	note_source(s, NSI_FROM_STATMOUNT, r);
	return r;
}

static int read_mountinfo(struct nsi_search *s, enum nsi_pin_source source, int dir,
			  struct nsi_pins *ret)
{
	nsi_autoclose int fd = -1;
	int r;

	fd = openat(dir, "mountinfo", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	r = fd < 0 ? nsi_errno() : nsi_pins_by_mountinfo(fd, ret);
	note_source(s, source, r);
	return r;
}

static int read_by_member(struct nsi_search *s, uint32_t index, struct nsi_pins *ret)
{
	nsi_autoclose int dir = nsi_search_member(s, index);
	uint64_t inode = 0;
	int r;

	if (dir < 0)
		return dir;
	r = read_mountinfo(s, NSI_FROM_MOUNTINFO, dir, ret);
	/* It may have moved, or changed its root, in between. */
	if (!r && ((s->b->ctx->procfs.real && !ret->rooted) ||
		   nsi_plan_read_ns(dir, "mnt", NSU_MNT, &inode) < 0 ||
		   inode != s->b->snap->ns[index].inode || !nsi_has_whole_root(dir))) {
		nsi_pins_free(ret);
		r = -ENOENT;
	}
	return r;
}

static int read_by_entering(struct nsi_search *s, uint32_t index, int ns_fd,
			    struct nsi_pins *ret)
{
	struct nsi_place place = NSI_PLACE_INIT;
	nsi_autoclose int fd = -1;
	int r;

	place.ns = ns_fd >= 0 ? fcntl(ns_fd, F_DUPFD_CLOEXEC, 3) :
		nsi_search_open(s, index, 0);
	if (place.ns < 0)
		return place.ns;
	r = nsi_fetch_mountinfo(s->b->ctx, &place, &fd);
	if (!r)
		r = nsi_pins_by_mountinfo(fd, ret);
	note_source(s, NSI_FROM_ENTERING, r);
	nsi_place_close(&place);
	return r;
}

/* All its tasks have errors already, which say the same. */
static bool is_told(const struct nsi_search *s, uint32_t index)
{
	uint32_t i = nsi_search_task(s, index);

	if (i == NSI_NONE)
		return false;
	for (; i != NSI_NONE; i = s->next[i])
		if (!s->b->snap->tasks[i].error)
			return false;
	return true;
}

static int read_pins(struct nsi_search *s, uint32_t index, int ns_fd,
		     struct nsi_pins *ret)
{
	nsi_autoclose int dir = -1;
	int r = read_by_id(s, index, ns_fd, ret), r2;

	if (r < 0 && !nsi_is_fatal(r))
		r = read_by_member(s, index, ret);
	if (r < 0 && !nsi_is_fatal(r) && s->b->ctx->procfs.real)
		r = read_by_entering(s, index, ns_fd, ret);
	if (r >= 0 || nsi_is_fatal(r))
		return r;
	/* What its tasks see of it is better than nothing, but not all. */
	for (uint32_t i = nsi_search_task(s, index); i != NSI_NONE && dir < 0;
	     i = s->next[i])
		dir = nsi_search_member_dir(s, index, i);
	if (dir >= 0)
		read_mountinfo(s, NSI_FROM_MOUNTINFO, dir, ret);
	/* It went with its last task. */
	else if (r == -ESRCH && !(s->state[index] & NSI_HELD))
		return 0;
	s->b->snap->totals.mounts_unread++;
	r2 = is_told(s, index) ? 0 :
		nsi_builder_add_ns_gap(s->b, NSU_MNT, s->b->snap->ns[index].inode,
				       "mounts", r);
	return r2;
}

/* ---- namespaces that only a mount showed ------------------------------------------- */

static int note_failed(struct nsi_search *s, uint32_t in, uint32_t index, int error)
{
	int r = nsi_grow((void **)&s->failed, &s->failed_size, s->failed_count,
			 sizeof(*s->failed));

	if (!r)
		s->failed[s->failed_count++] = (struct nsi_failed){ index, in, error };
	return r;
}

struct fetch {
	struct nsi_search *s;
	uint32_t in;
	const uint32_t *ns;		/* of each pin that is fetched */
};

static int take_fetched(void *data, size_t i, int fd, int error)
{
	const struct fetch *fetch = data;
	struct nsi_search *s = fetch->s;
	struct nsu_snapshot *snap = s->b->snap;
	uint32_t index = fetch->ns[i];
	uint64_t inode;
	int r;

	if (nsi_builder_cancelled(s->b))
		return -ECANCELED;
	if (snap->ns[index].asked)
		return 0;
	if (fd >= 0)
		error = nsi_nsfs_inode(fd, &inode, &snap->device);
	if (error == -ETIMEDOUT)
		s->hung++;
	if (error < 0)
		return nsi_is_fatal(error) ? error :
			note_failed(s, fetch->in, index, error);
	r = nsi_builder_ask(s->b, index, fd);
	if (!r && snap->ns[index].type == NSU_MNT)
		r = nsi_search_hold(s, index, fd);
	return r;
}

static int fetch_pins(struct nsi_search *s, uint32_t in, int ns_fd,
		      const struct nsi_pin *const *pins, const uint32_t *ns, size_t count)
{
	struct fetch fetch = { s, in, ns };
	struct nsi_place place;
	int r = -ETIMEDOUT;

	if (!count)
		return 0;
	if (s->hung < NSI_MAX_HUNG)
		r = nsi_search_place(s, in, ns_fd, 0, &place);
	if (!r) {
		r = nsi_fetch_pins(s->b->ctx, &place, pins, count, take_fetched, &fetch);
		nsi_place_close(&place);
		return r;
	}
	if (nsi_is_fatal(r))
		return r;
	for (size_t i = 0; i < count; i++)
		if (note_failed(s, in, ns[i], r) < 0)
			return -ENOMEM;
	return 0;
}

/* A path may be of 4 KiB, at each of 100,000 mounts, in any number of mount namespaces: a
   mount is told without, when there is too much of them. */
static int add_mount(struct nsi_search *s, const struct nsi_keeper *keeper,
		     const char *path, bool *cut)
{
	if (path && s->b->snap->paths_length >= NSI_ALL_PATHS) {
		*cut = true;
		path = NULL;
	}
	return nsi_builder_add_keeper(s->b, keeper, path);
}

/* Adds them to the picture, and asks those that are not known yet. */
static int add_pins(struct nsi_search *s, uint32_t in, int ns_fd,
		    const struct nsi_pins *pins)
{
	bool cut = pins->cut;
	struct nsu_snapshot *snap = s->b->snap;
	nsi_autofree const struct nsi_pin **unknown = NULL;
	nsi_autofree uint32_t *ns = NULL;
	struct nsi_keeper keeper = { .kind = NSU_HOLDER_MOUNT, .in = in, .fd = -1,
				     .task = NSI_NONE };
	size_t count = 0;
	int r = 0;

	unknown = calloc(pins->count + 1, sizeof(*unknown));
	ns = calloc(pins->count + 1, sizeof(*ns));
	if (!unknown || !ns)
		return -ENOMEM;
	for (size_t i = 0; i < pins->count && !r; i++) {
		const struct nsi_pin *pin = &pins->pin[i];

		if (!(s->b->types & 1u << pin->type))
			continue;
		r = nsi_builder_add_ns(s->b, pin->type, pin->inode, &keeper.ns);
		if (!r)
			r = add_mount(s, &keeper, pin->path, &cut);
		if (!r && !snap->limited)
			r = set_state(s, keeper.ns, NSI_USED | NSI_HELD);
		if (!pin->path || !(snap->parts & NSU_PART_RELATIONS) ||
		    snap->ns[keeper.ns].asked || !s->b->ctx->procfs.real)
			continue;
		unknown[count] = pin;
		ns[count++] = keeper.ns;
	}
	if (cut && !r)
		r = nsi_builder_add_ns_gap(s->b, NSU_MNT, snap->ns[in].inode, "paths",
					   -EFBIG);
	return r < 0 ? r : fetch_pins(s, in, ns_fd, unknown, ns, count);
}

static int search_one(struct nsi_search *s, uint32_t index, int ns_fd)
{
	struct nsi_pins pins = { 0 };
	int r = set_state(s, index, NSI_SEARCHED);

	if (!r && nsi_builder_cancelled(s->b))
		r = -ECANCELED;
	if (!r)
		r = read_pins(s, index, ns_fd, &pins);
	if (!r)
		r = add_pins(s, index, ns_fd, &pins);
	nsi_pins_free(&pins);
	return r;
}

/* ---- which mount namespaces there are --------------------------------------------- */

static int take_mntns(struct nsi_search *s, int fd)
{
	struct nsu_snapshot *snap = s->b->snap;
	uint32_t index;
	uint64_t inode;
	int r = nsi_nsfs_inode(fd, &inode, &snap->device);

	if (!r)
		r = nsi_builder_add_ns(s->b, NSU_MNT, inode, &index);
	if (!r && snap->parts & NSU_PART_RELATIONS && !snap->ns[index].asked)
		r = nsi_builder_ask(s->b, index, fd);
	if (!r)
		r = set_state(s, index, NSI_USED | NSI_HELD);
	if (r < 0)
		return r;
	snap->ns[index].wanted = true;
	return s->state[index] & NSI_SEARCHED ? 0 : search_one(s, index, fd);
}

/* From the caller's to the one end, or to the other: -ENOENT: there it is, or behind
   last. s NULL: only to see which is the last. */
static int walk_mntns(struct nsi_search *s, int own, unsigned long request,
		      uint64_t *last)
{
	int fd = fcntl(own, F_DUPFD_CLOEXEC, 3), r = 0;

	while (fd >= 0 && !r) {
		struct mnt_ns_info info = { .size = sizeof(info) };
		int next = ioctl(fd, request, &info);

		if (next < 0)
			r = nsi_errno();
		close(fd);
		fd = next;
		if (!r && s && info.mnt_ns_id > *last)
			r = -ENOENT;
		if (!r && s)
			r = take_mntns(s, fd);
		else if (!r)
			*last = info.mnt_ns_id;
	}
	if (fd < 0 && !r)
		return -EMFILE;
	nsi_closep(&fd);
	return r;
}

static int walk_all(struct nsi_search *s)
{
	nsi_autoclose int self = nsi_ctx_open_self(s->b->ctx);
	nsi_autoclose int own = -1;
	uint64_t all = UINT64_MAX, last = 0;
	int r;

	if (!nsi_if_usable(s->b->ctx, NSU_IF_MNT_NEXT)) {
		note_source(s, NSI_FROM_NEXT, -ENOSYS);
		return 0;
	}
	own = self < 0 ? self : openat(self, "ns/mnt", O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return 0;
	r = walk_mntns(s, own, NS_MNT_GET_PREV, &all);
	/* Who goes on making new ones must not keep us here: those there are now. */
	if (r == -ENOENT)
		r = walk_mntns(NULL, own, NS_MNT_GET_NEXT, &last);
	if (r == -ENOENT && last)
		r = walk_mntns(s, own, NS_MNT_GET_NEXT, &last);
	if (nsi_is_fatal(r))
		return r;
	if (r == -ENOTTY || r == -EINVAL)
		r = -ENOSYS;
	nsi_if_tell(s->b->ctx, NSU_IF_MNT_NEXT, r != -ENOSYS);
	note_source(s, NSI_FROM_NEXT, r == -ENOENT ? 0 : r);
	return 0;
}

/* The array grows while this goes on: what a mount leads to is searched as well. */
static int search_all(struct nsi_search *s, bool with_task)
{
	const struct nsu_snapshot *snap = s->b->snap;
	int r = 0;

	for (uint32_t i = 0; i < snap->ns_count && !r; i++) {
		if (snap->ns[i].type != NSU_MNT || i >= s->state_size ||
		    (s->state[i] & (NSI_USED | NSI_SEARCHED)) != NSI_USED)
			continue;
		if (with_task && nsi_search_task(s, i) == NSI_NONE)
			continue;
		r = search_one(s, i, -1);
		nsi_search_release(s, i);
	}
	return r;
}

/* A pin that was not opened in one place may have been in another. */
static int tell_failed(struct nsi_search *s)
{
	for (size_t i = 0; i < s->failed_count; i++) {
		const struct nsi_failed *failed = &s->failed[i];
		struct nsu_ns *ns = &s->b->snap->ns[failed->ns];
		int r = 0;

		if (ns->asked)
			continue;
		/* Engines come and go while we read. */
		if (!nsi_search_is_gone(s, failed)) {
			r = nsi_builder_set_asked(s->b, failed->ns);
			if (!r)
				r = nsi_builder_add_ns_gap(s->b, ns->type, ns->inode,
							   "open pin", failed->error);
		}
		if (r < 0)
			return r;
		ns->id_state = ns->owner_state = failed->error;
		ns->mntns_state = ns->creator_state = failed->error;
		ns->parent_state = failed->error;
	}
	return 0;
}

static int search(struct nsi_search *s)
{
	nsi_autoclose int self = nsi_ctx_open_self(s->b->ctx);
	int r = gather(s);

	if (self >= 0)
		nsi_plan_read_ns(self, "mnt", NSU_MNT, &s->own);
	/* The caller's and the host's first: their pins are likely to be opened. */
	if (!r)
		r = search_all(s, true);
	if (!r && !s->b->snap->limited && s->b->ctx->procfs.real)
		r = walk_all(s);
	if (!r)
		r = search_all(s, false);
	if (!r)
		r = tell_failed(s);
	for (size_t i = 0; i < NSI_PIN_SOURCES && !r; i++)
		if (s->source[i] <= 0)
			r = nsi_builder_tell_source(s->b, source_names[i], s->source[i]);
	return r;
}

int nsi_scan_mounts(struct nsi_builder *b)
{
	struct nsi_search *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->b = b;
	s->again_in = NSI_NONE;
	for (size_t i = 0; i < NSI_PIN_SOURCES; i++)
		s->source[i] = 1;
	r = search(s);
	for (size_t i = 0; i < s->held_count; i++)
		close(s->held[i].fd);
	free(s->first);
	free(s->next);
	free(s->state);
	free(s->failed);
	nsi_pins_free(&s->again);
	free(s);
	return r;
}
