/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Targets to enter: children in namespaces of their own, as root and as anyone. */
#ifndef NSU_BOX_H
#define NSU_BOX_H

#include <stdlib.h>
#include <string.h>
#include "nsi.h"
#include "kid.h"
#include "uapi.h"
#include "../tap.h"

/* An argument vector. */
#define WORDS(...) ((char *const *)(const char *const[]){ __VA_ARGS__, NULL })
#define BOX (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID)

static struct nsu_ctx *ctx;
static uid_t box_uid;			/* of the test: a child may have none yet */
static gid_t box_gid;

__attribute__((unused, format(printf, 1, 2)))
static const char *fmt(const char *format, ...)
{
	static char text[4][256];
	static unsigned next;
	char *to = text[next++ % 4];
	va_list ap;

	va_start(ap, format);
	vsnprintf(to, sizeof(text[0]), format, ap);
	va_end(ap);
	return to;
}

static int put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* A body for kid_start(): the caller's user is root in the new user namespace. */
__attribute__((unused))
static int box_map(void)
{
	int r = put_file("/proc/self/setgroups", "deny");

	if (!r)
		r = put_file("/proc/self/uid_map", fmt("0 %d 1", box_uid));
	return r < 0 ? r : put_file("/proc/self/gid_map", fmt("0 %d 1", box_gid));
}

/* 0, or why there can be none; with a user namespace around all others, in which body,
   that begins with box_map(), has all capabilities. */
__attribute__((unused))
static int box_start_as(struct kid *kid, int flags, int (*body)(void))
{
	int r;

	box_uid = geteuid();
	box_gid = getegid();
	r = kid_start(kid, flags | CLONE_NEWUSER, body);
	if (!r && kid->said < 0) {
		r = kid->said;
		kid_end(kid);
	}
	return r;
}

__attribute__((unused))
static int box_start(struct kid *kid, int flags)
{
	return box_start_as(kid, flags, box_map);
}

/* The plan for a word; NULL: *ret says why not. */
__attribute__((unused))
static struct nsu_plan *plan_for(const char *word, const struct nsu_plan_options *opts,
				 int *ret)
{
	struct nsu_target *target = NULL;
	struct nsu_plan *plan = NULL;
	int r = nsu_target_new(ctx, word, &target);

	if (!r)
		r = nsu_plan_new(ctx, target, opts, &plan);
	nsu_target_free(target);
	if (ret)
		*ret = r;
	return plan;
}

__attribute__((unused))
static int plan_error(const char *word, const struct nsu_plan_options *opts)
{
	int r;

	nsu_plan_free(plan_for(word, opts, &r));
	return r;
}

/* Open descriptors. */
__attribute__((unused))
static int count_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

#endif
