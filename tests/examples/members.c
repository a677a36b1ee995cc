/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network namespaces of this host, and the processes in each. */
#include <inttypes.h>
#include <nsutil.h>
#include <stdio.h>
#include <string.h>

static void print_members(const struct nsu_ns *ns)
{
	const struct nsu_task *task;

	printf("net:[%" PRIu64 "] %zu processes:", nsu_ns_get_inode(ns),
	       nsu_ns_count_processes(ns));
	for (size_t i = 0; (task = nsu_ns_get_task(ns, i)) != NULL; i++) {
		if (nsu_task_is_thread(task))
			printf(" %d/%d", nsu_task_get_pid(task), nsu_task_get_tid(task));
		else
			printf(" %d", nsu_task_get_pid(task));
	}
	putchar('\n');
}

int main(void)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;
	struct nsu_ctx *ctx = NULL;
	const struct nsu_ns *ns;
	int r;

	options.parts = NSU_PART_TASKS | NSU_PART_THREADS;
	options.types = 1u << NSU_NET;
	r = nsu_ctx_new(NULL, &ctx);
	if (r == 0)
		r = nsu_snapshot_new(ctx, &options, &snap);
	if (r < 0) {
		fprintf(stderr, "members: %s\n", strerror(-r));
		nsu_ctx_free(ctx);
		return 1;
	}
	nsu_foreach_ns(ns, snap)
		if (nsu_ns_get_type(ns) == NSU_NET)
			print_members(ns);
	if (nsu_snapshot_count_gaps(snap))
		fprintf(stderr, "members: %zu things could not be read\n",
			nsu_snapshot_count_gaps(snap));
	if (nsu_snapshot_get_totals(snap)->hidden)
		fprintf(stderr, "members: /proc hides processes\n");
	nsu_snapshot_free(snap);
	nsu_ctx_free(ctx);
	return 0;
}
