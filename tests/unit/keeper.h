/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keepers started, opened and found. */
#ifndef NSU_KEEPER_H
#define NSU_KEEPER_H

#include <dirent.h>
#include <grp.h>
#include <sys/stat.h>
#include "../tap.h"
#include "kid.h"
#include "pin.h"

#define NOBODY	65534

static struct nsu_ctx *ctx;
static struct nsi_store home = NSI_STORE_INIT; /* that the keepers are of */
static char name[64];			/* of the pin: the cgroup is called so */

__attribute__((unused))
static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* All that are of this test end with it: also those that their maker let go. */
__attribute__((unused))
static bool has_children(void)
{
	return waitpid(-1, NULL, WNOHANG | __WALL) >= 0;
}

/* A uts namespace that nothing but the descriptor holds; where the host lets us not have
   any, our own. */
__attribute__((unused))
static int new_ns(void)
{
	struct kid kid;
	char path[64];
	int fd;

	if (kid_start(&kid, CLONE_NEWUSER | CLONE_NEWUTS, NULL) < 0)
		return open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", kid.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	kid_end(&kid);
	return fd;
}

struct held {
	struct nsi_record record;
	struct nsi_dweller dweller;
};

/* A keeper of a uts namespace and of our net. */
__attribute__((unused))
static int start(struct held *held)
{
	struct nsu_pin_report report = NSI_REPORT_INIT;
	int fd[NSU_TYPE_COUNT], r = 0;
	dev_t dev;

	*held = (struct held){ .dweller = NSI_DWELLER_INIT };
	held->record.made = 1;
	held->record.uid = geteuid();
	held->record.types = 1u << NSU_UTS | 1u << NSU_NET;
	memset(fd, 0xff, sizeof(fd));
	fd[NSU_UTS] = new_ns();
	fd[NSU_NET] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	for (unsigned type = 0; type < NSU_TYPE_COUNT && !r; type++)
		if (held->record.types & 1u << type)
			r = nsi_nsfs_inode(fd[type], &held->record.inode[type], &dev);
	if (!r)
		r = nsi_keeper_start(&home, name, &held->record, fd, &held->dweller,
				     &report);
	held->record.keeper = held->dweller.proc;
	close(fd[NSU_UTS]);
	close(fd[NSU_NET]);
	return r;
}

__attribute__((unused))
static int opens(const struct nsi_record *record, enum nsu_type type)
{
	uint64_t inode;
	dev_t dev;
	int fd, r = nsi_keeper_open(ctx, record, type, &fd);

	if (r < 0)
		return r;
	r = nsi_nsfs_inode(fd, &inode, &dev);
	close(fd);
	return r < 0 ? r : inode == record->inode[type];
}

/* ---- what nsi_keepers_find() has found ---- */

struct found {
	const char *name;		/* the one looked for */
	int count;
	struct nsi_record record;	/* its numbers */
};

__attribute__((unused))
static int take(void *data, const char *found_name, const struct nsi_record *record)
{
	struct found *found = data;

	if (strcmp(found->name, found_name))
		return 0;
	found->count++;
	found->record = *record;
	return 0;
}

__attribute__((unused))
static struct found find(const char *what)
{
	struct found found = { .name = what };

	is_int(nsi_keepers_find(&home, take, &found), 0, "keepers are looked for");
	return found;
}

static bool become_nobody(void)
{
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return false;
	/* As if it had been executed so. */
	prctl(PR_SET_DUMPABLE, 1);
	return true;
}

__attribute__((unused))
static void begin(const char *who)
{
	diag("as %s", who);
	snprintf(name, sizeof(name), "t.keeper.%d", getpid());
	is_int(nsu_ctx_new(NULL, &ctx), 0, "a context");
	home.ctx = ctx;
	snprintf(home.path, sizeof(home.path), "/nowhere/%s", name);
	/* What is let go comes to us. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static void run_as_nobody(void (*run)(const char *who))
{
	int say[2];
	pid_t pid;

	if (pipe2(say, O_CLOEXEC) < 0)
		return;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (!become_nobody())
			_exit(1);
		run("an ordinary user");
		_exit(write(say[1], &tap, sizeof(tap)) < 0);
	}
	close(say[1]);
	/* The count goes on. */
	ok(read(say[0], &tap, sizeof(tap)) == sizeof(tap), "came to the end");
	close(say[0]);
	waitpid(pid, NULL, 0);
}

#endif
