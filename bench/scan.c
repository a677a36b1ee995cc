/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan PART[,PART...]: one snapshot of these parts by the library, and nothing shown.
 *
 * Held against `floor` of the same parts, it tells what the library adds to the calls.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nsutil.h"

static const struct part {
	const char *name;
	unsigned bit;
} parts[] = {
	{ "tasks", NSU_PART_TASKS },
	{ "threads", NSU_PART_THREADS },
	{ "children", NSU_PART_CHILDREN },
	{ "relations", NSU_PART_RELATIONS },
	{ "pids", NSU_PART_PIDS },
	{ "fds", NSU_PART_FDS },
	{ "sockets", NSU_PART_SOCKETS },
	{ "mounts", NSU_PART_MOUNTS },
	{ "listed", NSU_PART_LISTED },
};

static unsigned part_named(const char *word)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (strcmp(word, parts[i].name) == 0)
			return parts[i].bit;
	return 0;
}

static unsigned parse_parts(char *list)
{
	unsigned mask = 0;

	for (char *w = strtok(list, ","); w; w = strtok(NULL, ",")) {
		unsigned bit = part_named(w);

		if (!bit) {
			fprintf(stderr, "scan: %s: not tasks, threads, children, "
				"relations, pids, fds, sockets, mounts, listed\n", w);
			exit(2);
		}
		mask |= bit;
	}
	return mask;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;
	struct nsu_ctx *ctx = NULL;
	double start = now_ms();
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: scan PART[,PART...]\n");
		return 2;
	}
	opts.parts = parse_parts(argv[1]);
	r = nsu_ctx_new(NULL, &ctx);
	if (r >= 0)
		r = nsu_snapshot_new(ctx, &opts, &snap);
	if (r < 0)
		fprintf(stderr, "scan: %s: %s\n", ctx ? "snapshot" : "/proc",
			strerror(-r));
	else
		printf("ms %.3f\n", now_ms() - start);
	nsu_snapshot_free(snap);
	nsu_ctx_free(ctx);
	return r < 0;
}
