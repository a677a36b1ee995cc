/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ways to a mount namespace of a picture that is being made. */
#include <fcntl.h>
#include "pins.h"
#include "target.h"

#define MAX_ROOTS	64	/* tasks whose root is looked at */
#define MAX_DEPTH	40	/* of pins in pinned mount namespaces */
#define MAX_PINS	16	/* of a mount namespace, that are tried one by one */
#define MAX_FETCHED	512	/* of all: a child for each */

uint32_t nsi_search_task(const struct nsi_search *s, uint32_t ns)
{
	return ns < s->first_count ? s->first[ns] : NSI_NONE;
}

int nsi_search_member_dir(const struct nsi_search *s, uint32_t ns, uint32_t task)
{
	const struct nsu_snapshot *snap = s->b->snap;

	return nsi_open_member(s->b->ctx, &snap->tasks[task], snap->ns[ns].inode);
}

int nsi_search_member(const struct nsi_search *s, uint32_t ns)
{
	int r = -ESRCH, tries = 0;

	for (uint32_t i = nsi_search_task(s, ns); i != NSI_NONE && tries < MAX_ROOTS;
	     i = s->next[i], tries++) {
		int dir = nsi_search_member_dir(s, ns, i);

		if (dir >= 0 && nsi_has_whole_root(dir))
			return dir;
		if (dir >= 0) {
			close(dir);
			r = -ENOENT;
		} else if (r == -ESRCH) {
			r = dir;
		}
	}
	return r;
}

static int open_by_task(const struct nsi_search *s, uint32_t ns)
{
	int fd = -1, r = -ENODATA, tries = 0;

	for (uint32_t i = nsi_search_task(s, ns); i != NSI_NONE && tries < MAX_ROOTS;
	     i = s->next[i], tries++) {
		nsi_autoclose int dir = nsi_search_member_dir(s, ns, i);

		r = dir < 0 ? dir : nsi_take_ns(openat(dir, "ns/mnt", O_RDONLY |
						       O_CLOEXEC),
						s->b->snap->ns[ns].inode, &fd);
		if (!r)
			return fd;
	}
	return r;
}

/* By what holds it, a mount or a descriptor, the caller's word as well. */
static int open_by_keeper(struct nsi_search *s, uint32_t index, int depth)
{
	const struct nsu_snapshot *snap = s->b->snap;
	const struct nsu_ns *ns = &snap->ns[index];
	struct nsi_place place;
	int fd = -1, r = -ENODATA, pins = 0;

	for (size_t i = 0; i < s->b->opts->target_count; i++) {
		uint64_t inode;
		int held = nsi_target_get_fd(s->b->opts->targets[i], ns->type, &inode);

		if (held >= 0 && inode == ns->inode)
			return fcntl(held, F_DUPFD_CLOEXEC, 3);
	}
	for (size_t i = 0; i < snap->keeper_count && r < 0; i++) {
		const struct nsi_keeper *keeper = &snap->keepers[i];

		if (keeper->ns != index)
			continue;
		if (keeper->kind == NSU_HOLDER_FD)
			r = nsi_open_task_fd(s->b->ctx, keeper->pid, keeper->tid,
					     keeper->fd, ns->inode, &fd);
		if (keeper->kind != NSU_HOLDER_MOUNT || keeper->path == NSI_NONE ||
		    depth == MAX_DEPTH || s->hung >= NSI_MAX_HUNG ||
		    pins++ >= MAX_PINS || s->fetched >= MAX_FETCHED)
			continue;
		s->fetched++;
		r = nsi_search_place(s, keeper->in, -1, depth + 1, &place);
		if (r < 0)
			continue;
		r = nsi_fetch_pin(s->b->ctx, &place, ns->inode,
				  snap->paths + keeper->path, &fd);
		s->hung += r == -ETIMEDOUT;
		nsi_place_close(&place);
	}
	return r < 0 ? r : fd;
}

int nsi_search_open(struct nsi_search *s, uint32_t index, int depth)
{
	const struct nsu_ns *ns = &s->b->snap->ns[index];
	int fd = -1, r, r2;

	for (size_t i = 0; i < s->held_count; i++)
		if (s->held[i].ns == index)
			return fcntl(s->held[i].fd, F_DUPFD_CLOEXEC, 3);
	r = open_by_task(s, index);
	if (r >= 0)
		return r;
	if (ns->id_state == 0 &&
	    nsi_open_id(s->b->ctx, ns->id, NSU_MNT, ns->inode, &fd) == 0)
		return fd;
	r2 = open_by_keeper(s, index, depth);
	return r2 == -ENODATA ? r : r2;
}

int nsi_search_place(struct nsi_search *s, uint32_t index, int ns_fd, int depth,
		     struct nsi_place *ret)
{
	struct nsi_place place = NSI_PLACE_INIT;

	place.own = s->b->snap->ns[index].inode == s->own;
	if (!place.own)
		place.task_dir = nsi_search_member(s, index);
	if (!place.own && place.task_dir < 0) {
		place.ns = ns_fd >= 0 ? fcntl(ns_fd, F_DUPFD_CLOEXEC, 3) :
			nsi_search_open(s, index, depth);
		if (place.ns < 0)
			return place.ns;
	}
	*ret = place;
	return 0;
}

int nsi_search_hold(struct nsi_search *s, uint32_t index, int fd)
{
	int copy;

	if (s->b->snap->limited || s->state[index] & NSI_SEARCHED ||
	    nsi_search_task(s, index) != NSI_NONE || s->held_count == NSI_MAX_HELD)
		return 0;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return nsi_errno();
	s->held[s->held_count++] = (struct nsi_held){ index, copy };
	return 0;
}

void nsi_search_release(struct nsi_search *s, uint32_t index)
{
	for (size_t i = 0; i < s->held_count; i++)
		if (s->held[i].ns == index) {
			close(s->held[i].fd);
			s->held[i--] = s->held[--s->held_count];
		}
}

static int read_again(struct nsi_search *s, uint32_t in)
{
	const struct nsu_ns *ns = &s->b->snap->ns[in];
	nsi_autoclose int dir = -1, fd = -1;
	int r = -ENOSYS;

	if (nsi_if_usable(s->b->ctx, NSU_IF_STATMOUNT) && ns->mntns_state >= 0)
		r = nsi_pins_by_id(s->b->ctx, ns->mntns_id, &s->again);
	if (r >= 0)
		return r;
	dir = nsi_search_member(s, in);
	if (dir < 0)
		return dir;
	fd = openat(dir, "mountinfo", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd < 0 ? nsi_errno() : nsi_pins_by_mountinfo(fd, &s->again);
}

bool nsi_search_is_gone(struct nsi_search *s, const struct nsi_failed *failed)
{
	const struct nsu_ns *ns = &s->b->snap->ns[failed->ns];

	/* Those of one mount namespace come one after the other. */
	if (s->again_in != failed->in) {
		nsi_pins_free(&s->again);
		s->again_in = failed->in;
		s->again_error = read_again(s, failed->in);
	}
	if (s->again_error < 0 || s->again.cut)
		return false;
	for (size_t i = 0; i < s->again.count; i++)
		if (s->again.pin[i].inode == ns->inode)
			return false;
	return true;
}
