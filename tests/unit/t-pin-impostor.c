/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes that call themselves keepers: not those of a container are believed. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "pin.h"
#include "../tap.h"

static char name[32];
static struct nsi_store home = NSI_STORE_INIT;	/* that it claims to be of */

/* As a keeper looks from outside, with a record of this process as its init. */
__attribute__((noreturn))
static void be_keeper(int unshared, int say)
{
	struct nsi_record record = { .stage = NSI_STAGE_MADE, .made = 1 };
	nsi_autofree char *json = NULL;
	int copy;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshared && unshare(unshared) < 0)
		_exit(1);
	record.init.pid = getppid();
	if (nsi_record_format(&record, &json) < 0)
		_exit(2);
	say = fcntl(say, F_DUPFD, 10);
	copy = memfd_create("nspin", 0);
	if (copy != 3 && dup2(copy, 3) < 0)
		_exit(3);
	dprintf(3, "%s\n0 0 %zu %s\n%s", name, strlen(home.path), home.path, json);
	if (write(3, "", 1) != 1)
		_exit(4);
	prctl(PR_SET_NAME, NSI_KEEPER_TITLE);
	if (write(say, "", 1) == 1)
		pause();
	_exit(5);
}

static int count(void *data, const char *found, const struct nsi_record *record)
{
	(void)record;
	*(int *)data += !strcmp(found, name);
	return 0;
}

/* -1: it cannot be tried here. */
static int find_one(int unshared)
{
	struct nsu_ctx *ctx = NULL;
	int say[2], found = 0;
	pid_t child;
	char c;

	if (pipe(say) < 0 || nsu_ctx_new(NULL, &ctx) < 0)
		return -1;
	child = fork();
	if (!child) {
		close(say[0]);
		be_keeper(unshared, say[1]);
	}
	close(say[1]);
	home.ctx = ctx;
	if (read(say[0], &c, 1) != 1 || nsi_keepers_find(&home, count, &found) < 0)
		found = -1;
	close(say[0]);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	nsu_ctx_free(ctx);
	return found;
}

int main(void)
{
	int found;

	snprintf(name, sizeof(name), "impostor-%d", getpid());
	snprintf(home.path, sizeof(home.path), "/nowhere/%s", name);
	is_int(find_one(0), 1, "one that is where its user is");
	found = find_one(CLONE_NEWUSER);
	if (found < 0)
		skip("in a user namespace", "user namespaces are not allowed here");
	else
		is_int(found, 0, "not one in a user namespace of its own");
	return done();
}
