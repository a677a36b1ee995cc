// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be built here is found out by trying. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nsfix.h"

/* Returns 0 or the errno with which a process of its own was refused these namespaces. */
static int try_unshare(unsigned int flags)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return errno;
	if (!pid)
		_exit(unshare((int)flags) ? errno : 0);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

bool is_capable(void)
{
	return try_unshare(CLONE_NEWUTS) == 0;
}

static const char *can_flags(struct fix *f, unsigned int flags)
{
	int error = try_unshare(flags | f->user);

	if (!error)
		return NULL;
	fix_fail(f, error, f->user ? "new namespaces, user namespace included"
				   : "new namespaces");
	return f->why;
}

const char *can_unshare(struct fix *f)
{
	return can_flags(f, f->sit->needs);
}

const char *can_sandbox(struct fix *f)
{
	unsigned int flags = f->argc ? letters_to_flags(f->argv[0]) : f->sit->needs;

	return flags ? can_flags(f, flags) : "no such letters";
}

/* For what no smaller question tells: it is built, and taken down by the caller. */
const char *can_by_building(struct fix *f)
{
	char *text = NULL;
	size_t len;
	int r;

	f->out = open_memstream(&text, &len);
	if (!f->out)
		return "out of memory";
	r = f->sit->build(f);
	fclose(f->out);
	free(text);
	f->out = NULL;
	return r < 0 ? f->why : NULL;
}
