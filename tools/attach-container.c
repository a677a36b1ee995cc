// SPDX-License-Identifier: GPL-2.0-or-later
/* A target that is a container, or a pod of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "attach.h"

/* What the containers of a pod may have in common with each other. */
#define SHAREABLE (1U << NSU_UTS | 1U << NSU_IPC | 1U << NSU_NET)

static int scan(const struct attach *app, struct nsu_snapshot **ret)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;

	opts.parts = NSU_PART_TASKS | NSU_PART_PIDS | NSU_PART_CONTAINERS;
	return nsu_snapshot_new(app->ctx, &opts, ret);
}

int attach_container(const struct attach *app, struct nsu_snapshot **ret_snap,
		     const struct nsu_container **ret)
{
	struct nsu_snapshot *snap;
	int r;

	if (!nsu_target_is_container(app->target))
		return -ENOENT;
	r = scan(app, &snap);
	if (r < 0)
		return r;
	r = nsu_target_find_container(app->target, snap, ret);
	/* One of its containers may stand for it. */
	if (r == 0 && app->of_pod)
		nsu_container_get_pod(*ret, ret);
	if (r < 0)
		nsu_snapshot_free(snap);
	else
		*ret_snap = snap;
	return r;
}

/* The next container of the pod from that index on; NULL: no more. */
static const struct nsu_container *next_of(const struct nsu_snapshot *snap,
					   const struct nsu_container *pod, size_t *at)
{
	const struct nsu_container *container, *in;

	while ((container = nsu_snapshot_get_container(snap, *at)) != NULL) {
		const struct nsu_task *init;

		++*at;
		if (nsu_container_get_pod(container, &in) == 0 && in == pod &&
		    nsu_container_get_kind(container) == NSU_CONTAINER &&
		    nsu_container_get_init(container, &init) == 0)
			return container;
	}
	return NULL;
}

static bool has_same(const struct nsu_task *a, const struct nsu_task *b, unsigned types)
{
	const struct nsu_ns *x, *y;

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (types & 1U << type &&
		    (nsu_task_get_ns(a, type, &x) < 0 ||
		     nsu_task_get_ns(b, type, &y) < 0 || x != y))
			return false;
	return true;
}

/* Whichever is entered, these are the same. */
static bool all_share(const struct nsu_snapshot *snap, const struct nsu_container *pod,
		      const struct nsu_task *first, unsigned types)
{
	const struct nsu_container *container;
	const struct nsu_task *init;
	size_t at = 0;

	if (types == 0 || (types & ~SHAREABLE) != 0)
		return false;
	while ((container = next_of(snap, pod, &at)) != NULL)
		if (nsu_container_get_init(container, &init) < 0 ||
		    !has_same(first, init, types))
			return false;
	return true;
}

static void complain(const struct attach *app, const struct nsu_snapshot *snap,
		     const struct nsu_container *pod, size_t count)
{
	const struct nsu_container *container, *first = NULL;
	const char *word = nsu_target_get_word(app->target);
	size_t at = 0;

	msg(&app->out, "%s: %zu containers are in it, each with files of its own", word,
	    count);
	while ((container = next_of(snap, pod, &at)) != NULL) {
		char *shown = text_quote_word(&app->out,
					      nsu_container_get_word(container));

		fprintf(stderr, "  %s\n", shown != NULL ? shown : "?");
		free(shown);
		first = first != NULL ? first : container;
	}
	if (first != NULL && text_is_plain(word) &&
	    text_is_plain(nsu_container_get_word(first)))
		msg(&app->out, "try: nsattach %s; what they share: nsattach -n %s",
		    nsu_container_get_word(first), word);
}

/* From now on it is this container that is meant. */
static int go_to(struct attach *app, const struct nsu_snapshot *snap,
		 const struct nsu_container *container)
{
	struct nsu_target *target = NULL;
	struct nsu_matches *matches;
	const struct nsu_match *match;
	int r = nsu_matches_new(snap, nsu_container_get_word(container), &matches);

	if (r < 0)
		return r;
	r = -ESRCH;
	for (size_t i = 0; (match = nsu_matches_get(matches, i)) != NULL; i++)
		if (match->container == container)
			r = nsu_match_open(match, &target);
	nsu_matches_free(matches);
	if (r < 0)
		return r;
	nsu_target_free(app->target);
	app->target = target;
	return 0;
}

static int choose(struct attach *app, const struct nsu_snapshot *snap, unsigned types)
{
	const struct nsu_container *pod, *first;
	const struct nsu_task *init;
	size_t at = 0, count = 1;
	int r = nsu_target_find_container(app->target, snap, &pod);

	if (r < 0)
		return r;
	first = next_of(snap, pod, &at);
	/* Nothing but its pause process is there, which then is what is meant. */
	if (first == NULL || nsu_container_get_init(first, &init) < 0)
		return 0;
	while (next_of(snap, pod, &at) != NULL)
		count++;
	if (count > 1 && !all_share(snap, pod, init, types)) {
		complain(app, snap, pod, count);
		return -ENOTUNIQ;
	}
	/* The files of a container, not of the pause process, say what its hosts are
	   called. */
	app->of_pod = count > 1;
	app->pod_word = app->of_pod ? strdup(nsu_target_get_word(app->target)) : NULL;
	return go_to(app, snap, first);
}

int attach_pod(struct attach *app, unsigned types)
{
	struct nsu_snapshot *snap;
	int r = scan(app, &snap);

	if (r == 0) {
		r = choose(app, snap, types);
		nsu_snapshot_free(snap);
	}
	if (r == -ESRCH)
		msg(&app->out, "%s: has ended", app->opts.target);
	else if (r < 0 && r != -ENOTUNIQ)
		msg_errno(&app->out, r, "%s", app->opts.target);
	return r;
}
