/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a process says of itself: its parent, its name, its arguments; what is a name. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "container.h"

/* conmon's has the whole command line of its exit command, podman's, among its own. */
#define ARGUMENTS_LIMIT	(128 << 10)

static ssize_t gone(ssize_t r)
{
	return r == -ENOENT ? -ESRCH : r;
}

int nsi_stat_of(struct nsi_naming *n, pid_t pid, pid_t *ret_ppid, int64_t *ret_start,
		char comm[static 64])
{
	struct nsu_task_stat stat;
	char path[32], text[1024];
	ssize_t len;
	int r;

	snprintf(path, sizeof(path), "%d/stat", pid);
	len = nsi_read_once_at(n->ctx->proc_fd, path, text, sizeof(text));
	if (len < 0)
		return gone(len);
	r = nsi_parse_stat(text, &stat, 1);	/* in ticks, as engines write it down */
	if (r < 0)
		return r;
	*ret_ppid = stat.ppid;
	*ret_start = stat.start;
	snprintf(comm, 64, "%s", stat.comm);
	return 0;
}

ssize_t nsi_cmdline_of(struct nsi_naming *n, pid_t pid, char **ret)
{
	char path[32];

	snprintf(path, sizeof(path), "%d/cmdline", pid);
	return gone(nsi_read_all_at(n->ctx->proc_fd, path, ARGUMENTS_LIMIT, ret));
}

const char *nsi_argument(const char *args, size_t length, const char *option)
{
	size_t option_length = strlen(option);
	const char *end = args + length;

	for (const char *arg = args; arg < end; arg += strnlen(arg, end - arg) + 1) {
		const char *next = arg + strnlen(arg, end - arg) + 1;

		/* What follows is for the program that it starts. */
		if (!strcmp(arg, "--"))
			return NULL;
		if (strncmp(arg, option, option_length))
			continue;
		if (arg[option_length] == '=')
			return arg + option_length + 1;
		if (!arg[option_length])
			return next < end ? next : NULL;
	}
	return NULL;
}

bool nsi_is_plain_name(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (!len || len > NAME_MAX || !strcmp(text, ".") || !strcmp(text, ".."))
		return false;
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f || *text == '/')
			return false;
	return true;
}

bool nsi_is_hex_id(const char *id)
{
	return id && strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64;
}

pid_t nsi_parent_called(struct nsi_naming *n, const struct nsu_container *c,
			const char *name, uid_t uid)
{
	char comm[64], program[32];
	int64_t start;
	uid_t real;
	pid_t pid;

	if (c->init == NSI_NONE ||
	    nsi_stat_of(n, n->snap->tasks[c->init].pid, &pid, &start, comm) < 0 ||
	    nsi_stat_of(n, pid, &(pid_t){ 0 }, &start, comm) < 0 || strcmp(comm, name))
		return 0;
	/* The name of a process ends where its program's may go on. */
	snprintf(program, sizeof(program), "%s%s", name, strlen(name) >= 15 ? "*" : "");
	if (!nsi_is_program(n, pid, program) || !nsi_real_uid_of(n, pid, &real) ||
	    real != uid)
		return 0;
	return pid;
}
