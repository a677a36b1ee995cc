/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inside TARGET                       what a function sees in the target's namespaces
 * inside TARGET COMMAND [ARGUMENT]... a command there
 */
#include <dirent.h>
#include <nsutil.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Called in the child, which is inside; what it returns is the exit status. */
static int look_around(void *data)
{
	FILE *out = data;
	struct dirent *entry;
	char name[65] = "";
	DIR *dir;

	gethostname(name, sizeof(name) - 1);
	fprintf(out, "%s: process %d:", name, getpid());
	dir = opendir("/proc/self/ns");
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			fprintf(out, " %s", entry->d_name);
	fputc('\n', out);
	return dir && !fflush(out) ? 0 : 1;
}

/* Exit status of the child, 128 and more for a signal. */
static int run(struct nsu_plan *plan, const struct nsu_spawn_options *options)
{
	struct nsu_failure why = NSU_FAILURE_INIT;
	pid_t pid = nsu_plan_spawn(plan, options, &why);
	int status;

	if (pid < 0)
		fprintf(stderr, "inside: %s: %s\n", nsu_step_get_name(why.step),
			strerror(-pid));
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct nsu_spawn_options options = NSU_SPAWN_OPTIONS_INIT;
	struct nsu_target *target = NULL;
	struct nsu_plan *plan = NULL;
	struct nsu_ctx *ctx = NULL;
	int r;

	options.argv = argc > 2 ? argv + 2 : NULL;
	options.function = argc > 2 ? NULL : look_around;
	options.data = stdout;
	r = nsu_ctx_new(NULL, &ctx);
	if (r == 0)
		r = nsu_target_new(ctx, argc > 1 ? argv[1] : "self", &target);
	if (r == 0)
		r = nsu_plan_new(ctx, target, NULL, &plan);
	if (r < 0)
		fprintf(stderr, "inside: %s\n", strerror(-r));
	r = r < 0 ? 125 : run(plan, &options);
	nsu_plan_free(plan);
	nsu_target_free(target);
	nsu_ctx_free(ctx);
	return r;
}
