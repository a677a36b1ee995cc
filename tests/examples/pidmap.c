/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pidmap PID       the number of a process in each pid namespace that it is in
 * pidmap INODE N   the process that has number N in the pid namespace with that inode
 */
#include <inttypes.h>
#include <nsutil.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From its own pid namespace up to ours. */
static int print_numbers(const struct nsu_snapshot *snap, pid_t pid)
{
	const struct nsu_task *task;
	const struct nsu_ns *ns;
	int r = nsu_snapshot_find_task(snap, pid, &task);

	if (r == 0)
		r = nsu_task_get_ns(task, NSU_PID, &ns);
	while (r == 0) {
		pid_t number;

		if (nsu_task_get_pid_in(task, ns, &number) < 0)
			break;
		printf("pid:[%" PRIu64 "] %d\n", nsu_ns_get_inode(ns), number);
		/* -ENOENT: the first. -EPERM: it is above what we may see. */
		if (nsu_ns_get_parent(ns, &ns) < 0)
			break;
	}
	return r;
}

static int print_process(const struct nsu_snapshot *snap, uint64_t inode, pid_t number)
{
	const struct nsu_task *task;
	const struct nsu_ns *ns;
	int r = nsu_snapshot_find_ns(snap, NSU_PID, inode, &ns);

	if (r == 0)
		r = nsu_snapshot_find_pid(snap, ns, number, &task);
	if (r == 0)
		printf("%d\n", nsu_task_get_pid(task));
	return r;
}

int main(int argc, char **argv)
{
	struct nsu_scan_options options = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;
	struct nsu_ctx *ctx = NULL;
	int r;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: pidmap PID | pidmap INODE NUMBER\n");
		return 2;
	}
	options.parts = NSU_PART_TASKS | NSU_PART_RELATIONS | NSU_PART_PIDS;
	options.types = 1u << NSU_PID;
	r = nsu_ctx_new(NULL, &ctx);
	if (r == 0)
		r = nsu_snapshot_new(ctx, &options, &snap);
	if (r == 0 && argc == 2)
		r = print_numbers(snap, atoi(argv[1]));
	else if (r == 0)
		r = print_process(snap, strtoull(argv[1], NULL, 10), atoi(argv[2]));
	if (r < 0)
		fprintf(stderr, "pidmap: %s\n", strerror(-r));
	nsu_snapshot_free(snap);
	nsu_ctx_free(ctx);
	return r < 0;
}
