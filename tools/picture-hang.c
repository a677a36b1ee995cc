/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sandbox hangs from which: by pid namespace, then by user namespace. */
#include <errno.h>
#include <stdlib.h>

#include "picture.h"
#include "view.h"

/* The sandboxes of one pid and one user namespace; the main one stands for all. */
struct pair {
	const struct nsu_ns *pid, *user;
	struct line *main;
	bool has_init;
};

struct pairs {
	struct pair *pair;
	size_t count;
};

static int compare_pair(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->pid != y->pid)
		return (uintptr_t)x->pid < (uintptr_t)y->pid ? -1 : 1;
	if (x->user != y->user)
		return (uintptr_t)x->user < (uintptr_t)y->user ? -1 : 1;
	return 0;
}

static struct pair *find_pair(const struct pairs *pairs, const struct nsu_ns *pid,
			      const struct nsu_ns *user)
{
	struct pair key = { .pid = pid, .user = user };

	return bsearch(&key, pairs->pair, pairs->count, sizeof(key), compare_pair);
}

static const struct nsu_ns *above(const struct nsu_ns *ns)
{
	const struct nsu_ns *parent;

	return ns && nsu_ns_get_parent(ns, &parent) == 0 ? parent : NULL;
}

bool picture_holds_init(const struct picture *picture, const struct line *line)
{
	const struct nsu_snapshot *snap = picture->snap;
	const struct nsu_ns *pid = view_box_ns(line->box, NSU_PID);
	const struct nsu_sandbox *box;
	const struct nsu_task *init;

	return pid && nsu_snapshot_find_pid(snap, pid, 1, &init) == 0 &&
	       nsu_task_get_sandbox(init, &box) == 0 && box == line->box;
}

/* One pair for each combination in use, its main sandbox chosen: the root, then that of
   the init, then the oldest. */
static int make_pairs(struct picture *picture, struct pairs *pairs)
{
	size_t n = 0;

	pairs->count = 0;
	pairs->pair = calloc(picture->box_count + 1, sizeof(*pairs->pair));
	if (!pairs->pair)
		return -ENOMEM;
	for (size_t i = 0; i < picture->box_count; i++) {
		struct line *line = picture->boxes[i];

		if (line && !line->thread)
			pairs->pair[n++] = (struct pair) {
				.pid = view_box_ns(line->box, NSU_PID),
				.user = view_box_ns(line->box, NSU_USER) };
	}
	if (n)
		qsort(pairs->pair, n, sizeof(*pairs->pair), compare_pair);
	for (size_t i = 0; i < n; i++)
		if (!i || compare_pair(&pairs->pair[i], &pairs->pair[pairs->count - 1]))
			pairs->pair[pairs->count++] = pairs->pair[i];
	for (size_t i = 0; i < picture->box_count; i++) {
		struct line *line = picture->boxes[i];
		struct pair *pair;
		bool init;

		if (!line || line->thread)
			continue;
		pair = find_pair(pairs, view_box_ns(line->box, NSU_PID),
				 view_box_ns(line->box, NSU_USER));
		init = picture_holds_init(picture, line);
		if (line == picture->root || !pair->main ||
		    (init && !pair->has_init && pair->main != picture->root)) {
			pair->main = line;
			pair->has_init = init;
		}
	}
	return 0;
}

/* The nearest above: of the same or the next outer pid namespace that has one whose user
   namespace is the same or an outer one. */
static struct line *find_parent(const struct picture *picture, const struct pairs *pairs,
				const struct line *line)
{
	const struct nsu_ns *pid = view_box_ns(line->box, NSU_PID);
	const struct nsu_ns *user = view_box_ns(line->box, NSU_USER);

	do {
		const struct nsu_ns *u = user;

		do {
			struct pair *pair = find_pair(pairs, pid, u);

			if (pair && pair->main && pair->main != line)
				return pair->main;
			u = above(u);
		} while (u);
		pid = above(pid);
	} while (pid);
	return picture->root;
}

static bool is_above(const struct line *upper, const struct line *line)
{
	for (line = line->parent; line; line = line->parent)
		if (line == upper)
			return true;
	return false;
}

/* A container hangs from its pod, or the one that it lies in, also where it shares
   nothing with that. */
static void place(const struct picture *picture, struct line *line)
{
	struct line *place = picture_find_place(picture, line);

	if (place && place != line && !is_above(place, line) && !is_above(line, place))
		line->parent = place;
}

/* Until it hangs somewhere a line belongs to boxes[] or loose[]; so nothing may fail in
   between. */
static int append(struct line **lines, size_t count, const struct line *root, int r)
{
	for (size_t i = 0; i < count; i++) {
		struct line *line = lines[i];

		if (!line || line == root)
			continue;
		if (r == 0)
			r = picture_append(line->parent, line);
		if (r < 0) {
			lines[i] = NULL;
			picture_free_line(line);
		}
	}
	return r;
}

int picture_hang(struct picture *picture)
{
	struct pairs pairs;
	int r = make_pairs(picture, &pairs);

	for (size_t i = 0; i < picture->box_count && r == 0; i++)
		if (picture->boxes[i] && picture->boxes[i] != picture->root)
			picture->boxes[i]->parent = find_parent(picture, &pairs,
								picture->boxes[i]);
	free(pairs.pair);
	for (size_t i = 0; i < picture->loose_count; i++)
		picture->loose[i]->parent = picture->loose[i]->beside ?
			picture->loose[i]->beside : picture->root;
	for (size_t i = 0; i < picture->box_count && r == 0; i++)
		if (picture->boxes[i] && picture->boxes[i] != picture->root)
			place(picture, picture->boxes[i]);
	for (size_t i = 0; i < picture->loose_count && r == 0; i++)
		place(picture, picture->loose[i]);
	r = append(picture->boxes, picture->box_count, picture->root, r);
	return append(picture->loose, picture->loose_count, picture->root, r);
}
