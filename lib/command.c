/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Executing a command as the last thing inside: found in PATH, with nothing left open. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include "plan.h"
#include "uapi.h"

int nsi_command_prepare(struct nsi_command *command, const struct nsu_plan *plan,
			char *const *argv, const char *argv0)
{
	size_t count = 0;

	while (argv[count])
		count++;
	if (!count)
		return -EINVAL;
	*command = (struct nsi_command){ .env = &plan->env, .name = argv[0] };
	command->path_size = strlen(argv[0]) + PATH_MAX;
	command->path = malloc(command->path_size);
	command->argv = calloc(count + 1, sizeof(char *));
	if (!command->path || !command->argv) {
		nsi_command_free(command);
		return -ENOMEM;
	}
	memcpy(command->argv, argv, count * sizeof(char *));
	if (argv0)
		command->argv[0] = (char *)argv0;
	return 0;
}

void nsi_command_free(struct nsi_command *command)
{
	free(command->path);
	free(command->argv);
	command->path = NULL;
	command->argv = NULL;
}

/* Whatever the caller was started with: nothing but 0, 1 and 2 goes to a command. */
void nsi_close_others(void)
{
	if (syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	for (int fd = 3; fd < 65536; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags >= 0)
			fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
	}
}

static void close_between(unsigned from, unsigned to)
{
	if (from > to || syscall(SYS_close_range, from, to, 0u) == 0)
		return;
	for (unsigned fd = from; fd <= to && fd < 65536; fd++)
		close(fd);
}

void nsi_close_except(int *keep, size_t count)
{
	unsigned from = STDERR_FILENO + 1;

	/* A handful: sorted by insertion, as nothing else may be called here. */
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && keep[j - 1] > keep[j]; j--) {
			int swap = keep[j];

			keep[j] = keep[j - 1];
			keep[j - 1] = swap;
		}
	for (size_t i = 0; i < count; i++) {
		if (keep[i] < (int)from)
			continue;
		close_between(from, keep[i] - 1);
		from = keep[i] + 1;
	}
	close_between(from, ~0u);
}

/* The kernel says ENOENT as well where the file is there but not what it names to run
   it. */
static int try(const struct nsi_command *command, const char *path)
{
	struct stat st;
	int r;

	execve(path, command->argv, command->env->list);
	r = nsi_errno();
	return r == -ENOENT && stat(path, &st) == 0 ? -ELIBACC : r;
}

/* As execvp(3), but without a shell for what has no "#!", and ENOENT only if nothing was
   there at all, so that what is there and cannot be run is told. */
int nsi_command_run(const struct nsi_command *command)
{
	const char *path = nsi_environ_get(command->env, "PATH");
	int r = -ENOENT;

	if (!*command->name)
		return -ENOENT;
	if (strchr(command->name, '/'))
		return try(command, command->name);
	for (path = path ? path : NSI_DEFAULT_PATH; path;
	     path = strchr(path, ':') ? strchr(path, ':') + 1 : NULL) {
		size_t len = strcspn(path, ":");
		struct stat st;
		int tried;

		/* An empty or relative place would be what the working directory has. */
		if (*path != '/' || len + strlen(command->name) + 2 > command->path_size)
			continue;
		memcpy(command->path, path, len);
		command->path[len] = '/';
		strcpy(command->path + len + 1, command->name);
		tried = try(command, command->path);
		/* A place that may not be searched has nothing for this user. */
		if (tried == -EACCES && stat(command->path, &st) < 0)
			continue;
		if (tried != -ENOENT && tried != -ENOTDIR &&
		    (r == -ENOENT || tried != -EACCES))
			r = tried;
	}
	return r;
}

int nsu_plan_exec(struct nsu_plan *plan, char *const *argv, const char *argv0)
{
	struct nsi_command command;
	int r;

	if (!plan || !argv)
		return -EINVAL;
	r = nsi_command_prepare(&command, plan, argv, argv0);
	if (r < 0)
		return r;
	nsi_close_others();
	r = nsi_command_run(&command);
	nsi_command_free(&command);
	return r;
}
