/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of engines below a root directory of the test's own. */
#ifndef NSU_TEST_STATES_H
#define NSU_TEST_STATES_H

#include <sys/prctl.h>
#include <sys/wait.h>
#include "kid.h"
#include "proctree.h"
#include "states.h"

static struct nsu_ctx *root_ctx;
static struct nsi_states *root_states;

static void root_close(void)
{
	nsi_states_free(root_states);
	nsu_ctx_free(root_ctx);
	root_states = NULL;
	root_ctx = NULL;
}

/* Reads what is below the tree, as it is from now on. */
static void root_open(void)
{
	struct nsu_ctx_options options = NSU_CTX_OPTIONS_INIT;

	root_close();
	options.root = tree_path;
	is_int(nsu_ctx_new(&options, &root_ctx), 0, "a context with a root");
	is_int(nsi_states_new(root_ctx, &root_states), 0, "its state can be read");
}

/* A process that calls it over and over until it is ended. */
__attribute__((unused))
static pid_t keep_doing(void (*one)(unsigned round))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned round = 0;; round++)
		one(round);
}

__attribute__((unused))
static void stop_doing(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

#endif
