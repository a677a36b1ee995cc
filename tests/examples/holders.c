/* SPDX-License-Identifier: GPL-2.0-or-later */
/* holders TARGET: why a namespace is still there. */
#include <inttypes.h>
#include <nsutil.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_holder(const struct nsu_holder *holder)
{
	char *socket;

	fputs(nsu_holder_get_name(holder->kind), stdout);
	if (holder->task)
		printf(" of process %d", nsu_task_get_pid(holder->task));
	if (holder->task && holder->tid != nsu_task_get_pid(holder->task))
		printf(" thread %d", holder->tid);
	if (holder->fd >= 0)
		printf(" descriptor %d", holder->fd);
	if (nsu_holder_read_socket(holder, &socket) == 0) {
		printf(" %s", socket);
		free(socket);
	}
	if (holder->path)
		printf(" at %s", holder->path);
	if (holder->ns)
		printf(" %s:[%" PRIu64 "]",
		       nsu_type_get_name(nsu_ns_get_type(holder->ns)),
		       nsu_ns_get_inode(holder->ns));
	putchar('\n');
}

/* 0, or a negative errno. */
static int print_holders(struct nsu_ctx *ctx, const struct nsu_target *target)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	struct nsu_holder holder = NSU_HOLDER_INIT;
	struct nsu_snapshot *snap;
	const struct nsu_ns *ns;
	int r;

	options.parts = NSU_PART_ALL;
	options.targets = &target;
	options.target_count = 1;
	r = nsu_snapshot_new(ctx, &options, &snap);
	if (r < 0)
		return r;
	r = nsu_target_find_ns(target, snap, &ns);
	for (size_t i = 0; r == 0 && nsu_ns_get_holder(ns, i, &holder) == 0; i++)
		print_holder(&holder);
	if (!nsu_snapshot_is_complete(snap))
		fprintf(stderr, "holders: there may be more: not all could be read\n");
	nsu_snapshot_free(snap);
	return r;
}

int main(int argc, char **argv)
{
	struct nsu_target *target = NULL;
	struct nsu_ctx *ctx = NULL;
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: holders TYPE:[INODE]\n");
		return 2;
	}
	r = nsu_ctx_new(NULL, &ctx);
	if (r == 0)
		r = nsu_target_new(ctx, argv[1], &target);
	if (r == 0)
		r = print_holders(ctx, target);
	if (r < 0)
		fprintf(stderr, "holders: %s: %s\n", argv[1], strerror(-r));
	nsu_target_free(target);
	nsu_ctx_free(ctx);
	return r < 0;
}
