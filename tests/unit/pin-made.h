/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of new namespaces for pins share; each test is a child of its own. */
#ifndef NSU_PIN_MADE_H
#define NSU_PIN_MADE_H

#include "inside.h"
#include "pin.h"
#include "place.h"

#define ALL	((1u << NSU_TYPE_COUNT) - 1)

static struct nsu_ctx *ctx;
static struct nsu_pin_report report;
static char name[64];

__attribute__((unused))
static int make(const struct nsu_pin_options *opts, struct nsi_made *made)
{
	report = (struct nsu_pin_report)NSU_PIN_REPORT_INIT;
	return nsi_make(ctx, name, opts, made, &report);
}

/* In the child of a test: orphans become its, so that it sees whether one is left. */
__attribute__((unused))
static void begin(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	need(nsu_ctx_new(NULL, &ctx) == 0, "a context");
}

__attribute__((unused))
static void no_child(const char *what)
{
	check_int(waitpid(-1, NULL, __WALL | WNOHANG), -1, "%s: no process is left",
		  what);
}

__attribute__((unused))
static char *proc_text(pid_t pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/%s", pid, file);
	return read_text(inside_proc, path);
}

__attribute__((unused))
static void close_made(struct nsi_made *made)
{
	nsi_made_close(made);
	while (waitpid(-1, NULL, __WALL | WNOHANG) > 0)
		;
}

__attribute__((unused))
static void reap_all(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void pin_start(void)
{
	if (geteuid())
		skip_all("not root");
	place_need_own_proc();
	inside_start();
	snprintf(name, sizeof(name), "t-%d", getpid());
}

#endif
