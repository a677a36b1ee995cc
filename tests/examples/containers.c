/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * containers         all of them: word, image, memory, its limit, where its veths lead
 * containers TARGET  those of a word: docker:web, docker:, pod:shop/, image:nginx
 *
 * Words and images are what an engine wrote: a terminal would need them escaped.
 */
#include <errno.h>
#include <inttypes.h>
#include <nsutil.h>
#include <stdio.h>
#include <string.h>

static void print_wires(const struct nsu_wiring *wiring, const struct nsu_ns *ns)
{
	const struct nsu_link *link;
	const struct nsu_net *net;

	if (nsu_wiring_get_net(wiring, ns, &net) < 0)
		return;
	for (size_t i = 0; (link = nsu_net_get_link(net, i)) != NULL; i++) {
		struct nsu_far_end end;

		if (strcmp(link->kind, "veth") != 0)
			continue;
		if (nsu_wiring_find_end(wiring, ns, link, &end) == 0)
			printf("\t%s -> %s in net:[%" PRIu64 "]\n", link->name,
			       end.link->name, nsu_ns_get_inode(end.ns));
		else
			printf("\t%s -> ?\n", link->name);
	}
}

static void print_container(const struct nsu_container *container)
{
	struct nsu_cgroup usage = NSU_CGROUP_INIT;
	const char *image;
	int r = nsu_container_get_text(container, NSU_CONTAINER_IMAGE, &image);

	printf("%s (%s)", nsu_container_get_word(container),
	       r == 0 ? image : r == -ENOENT ? "no image" : "image unknown");
	if (nsu_container_read_usage(container, &usage) < 0 || usage.memory < 0)
		printf(" memory unknown\n");
	else if (usage.memory_max < 0 || usage.memory_max == INT64_MAX)
		printf(" %" PRId64 " bytes, no limit\n", usage.memory);
	else
		printf(" %" PRId64 " of %" PRId64 " bytes\n", usage.memory,
		       usage.memory_max);
}

static void print_one(const struct nsu_container *container,
		      const struct nsu_wiring *wiring)
{
	const struct nsu_task *init;
	const struct nsu_ns *ns;

	if (nsu_container_get_kind(container) == NSU_POD_PAUSE)
		return;
	print_container(container);
	if (nsu_container_get_init(container, &init) == 0 &&
	    nsu_task_get_ns(init, NSU_NET, &ns) == 0)
		print_wires(wiring, ns);
}

static int print_all(const struct nsu_snapshot *snap, const struct nsu_wiring *wiring,
		     const char *word)
{
	const struct nsu_container *container;
	struct nsu_matches *matches;
	int r;

	if (!word) {
		nsu_foreach_container(container, snap)
			print_one(container, wiring);
		return 0;
	}
	r = nsu_matches_new(snap, word, &matches);
	if (r < 0)
		return r;
	for (size_t i = 0; i < nsu_matches_count(matches); i++)
		if (nsu_matches_get(matches, i)->container)
			print_one(nsu_matches_get(matches, i)->container, wiring);
	nsu_matches_free(matches);
	return 0;
}

int main(int argc, char **argv)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;
	struct nsu_wiring *wiring = NULL;
	struct nsu_ctx *ctx = NULL;
	int r;

	options.parts = NSU_PART_DEFAULT | NSU_PART_CONTAINERS;
	r = nsu_ctx_new(NULL, &ctx);
	if (r == 0)
		r = nsu_snapshot_new(ctx, &options, &snap);
	if (r == 0)
		r = nsu_wiring_new(snap, NULL, &wiring);
	if (r == 0)
		r = print_all(snap, wiring, argc > 1 ? argv[1] : NULL);
	if (r < 0)
		fprintf(stderr, "containers: %s\n", strerror(-r));
	nsu_wiring_free(wiring);
	nsu_snapshot_free(snap);
	nsu_ctx_free(ctx);
	return r < 0;
}
