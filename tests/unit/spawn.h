/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A box and a plan into it, and what to run there. */
#ifndef NSU_SPAWN_H
#define NSU_SPAWN_H

#include <sys/mman.h>
#include <sys/stat.h>
#include "box.h"

static struct kid kid;
static struct nsu_plan *plan;		/* into it */
static bool boxed;			/* it has namespaces of its own, not only ours */
static volatile struct {
	uint64_t inode[NSU_TYPE_COUNT];
	int value[4];
} *shared;

/* The wait status as an exit status; negative errno where it was not started. */
static int run_with(struct nsu_plan *in, struct nsu_spawn_options *opts,
		    struct nsu_failure *why)
{
	pid_t pid = nsu_plan_spawn(in, opts, why);
	int status;

	if (pid < 0)
		return pid;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

__attribute__((unused))
static int run_function(int (*function)(void *), void *data)
{
	struct nsu_spawn_options opts = NSU_SPAWN_OPTIONS_INIT;

	opts.function = function;
	opts.data = data;
	return run_with(plan, &opts, NULL);
}

__attribute__((unused))
static int run_shell(struct nsu_spawn_options *opts, const char *script)
{
	opts->argv = WORDS("/bin/sh", "-c", script);
	return run_with(plan, opts, NULL);
}

__attribute__((unused))
static int look(void *data)
{
	struct stat st;

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		char path[64] = "/proc/self/ns/";

		strcat(path, nsu_type_get_name(type));
		shared->inode[type] = stat(path, &st) < 0 ? 0 : st.st_ino;
	}
	shared->value[0] = getpid();
	shared->value[1] = getuid();
	return *(int *)data;
}

__attribute__((unused))
static int wait_here(void *data)
{
	char c;

	return read(*(int *)data, &c, 1) != 1;
}

/* It executes programs otherwise than the kernel does, and knows no new system calls. */
static bool on_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

/* Where no box can be made, a plain child has to do. */
static bool spawn_start(void)
{
	int r = box_start(&kid, BOX);

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	alarm(120);
	boxed = !r;
	if (r < 0)
		skip("namespaces", fmt("clone: %s", strerror(-r)));
	return !r || !kid_start(&kid, 0, NULL);
}

#endif
