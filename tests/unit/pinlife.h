/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pins made and counted: what the tests of their life share. */
#ifndef NSU_PINLIFE_H
#define NSU_PINLIFE_H

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "pinroom.h"
#include "place.h"

static const char *store = "/run/nsutil/pins";
static struct nsu_pin_report report;

/* ---- counting ---- */

__attribute__((unused))
static int count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	int count = 0, c;

	while (file && (c = getc(file)) != EOF)
		count += c == '\n';
	if (file)
		fclose(file);
	return count;
}

/* What a pin consists of. */
struct sum {
	int fds, mounts, pins, mnt, netns;
};

__attribute__((unused))
static struct sum take_sum(void)
{
	return (struct sum){
		.fds = count_fds(), .mounts = count_lines("/proc/self/mountinfo"),
		.pins = pinroom_count(store), .mnt = pinroom_count("/run/nsutil/mnt"),
		.netns = pinroom_count("/run/netns"),
	};
}

__attribute__((unused))
static void same_sum(const struct sum *was, const char *what)
{
	struct sum now = take_sum();

	if (!ok(!memcmp(was, &now, sizeof(now)), "%s: nothing is left", what))
		diag("fds %d %d, mounts %d %d, pins %d %d, mnt %d %d, netns %d %d",
		     was->fds, now.fds, was->mounts, now.mounts, was->pins, now.pins,
		     was->mnt, now.mnt, was->netns, now.netns);
}

/* ---- doing ---- */

__attribute__((unused))
static int add_as(const char *name, const char *word, unsigned types, bool netns)
{
	struct nsu_pin_options opts = NSU_PIN_OPTIONS_INIT;
	struct nsu_target *target = NULL;
	int r = nsu_target_new(ctx, word, &target);

	opts.types = types;
	opts.netns = netns;
	opts.from = word;
	opts.args = (const char *const *)WORDS("add", name, word);
	report = (struct nsu_pin_report)NSU_PIN_REPORT_INIT;
	if (!r)
		r = nsu_pin_add(ctx, name, target, &opts, &report);
	nsu_target_free(target);
	return r;
}

__attribute__((unused))
static int add(const char *name, pid_t pid)
{
	return add_as(name, fmt("%d", pid), 0, false);
}

__attribute__((unused))
static int remove_pin(const char *name)
{
	report = (struct nsu_pin_report)NSU_PIN_REPORT_INIT;
	return nsu_pin_remove(ctx, name, false, &report);
}

__attribute__((unused))
static int rename_pin(const char *from, const char *to)
{
	report = (struct nsu_pin_report)NSU_PIN_REPORT_INIT;
	return nsu_pin_rename(ctx, from, to, &report);
}

/* The namespace there, 0: none. */
__attribute__((unused))
static uint64_t inode_at(const char *path)
{
	struct statfs fs;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint64_t inode = 0;

	if (fd >= 0 && !fstatfs(fd, &fs) && (unsigned)fs.f_type == NSFS_MAGIC &&
	    !fstat(fd, &st))
		inode = st.st_ino;
	if (fd >= 0)
		close(fd);
	return inode;
}

__attribute__((unused))
static uint64_t pinned(const char *name, const char *type)
{
	return inode_at(fmt("%s/%s/%s", store, name, type));
}

__attribute__((unused))
static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

__attribute__((unused))
static int read_record(const char *name, struct nsi_record *ret)
{
	int dir = open(fmt("%s/%s", store, name), O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (dir < 0)
		return -errno;
	r = nsi_record_read(dir, ret);
	close(dir);
	return r;
}

__attribute__((unused))
static int write_record(const char *name, const struct nsi_record *record)
{
	int dir = open(fmt("%s/%s", store, name), O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (dir < 0)
		return -errno;
	r = nsi_record_write(dir, record);
	close(dir);
	return r;
}

/* Not one that only waits for whoever is its parent now. */
__attribute__((unused))
static bool runs(pid_t pid)
{
	char stat[256] = "";
	const char *end;

	if (pid <= 0 || nsi_read_at(AT_FDCWD, fmt("/proc/%d/stat", pid), stat,
				    sizeof(stat)) < 0)
		return false;
	end = strrchr(stat, ')');
	return end && end[2] != 'Z' && end[2] != 'X';
}


/* A mount namespace that the kernel takes for an older one, which this test avoids by
   staying on one CPU. */
__attribute__((unused))
static bool is_refused(enum nsu_type type)
{
	return type == NSU_MNT && (report.cause == NSU_PIN_CAUSE_ORDER ||
				   report.cause == NSU_PIN_CAUSE_OLDER_MNTNS);
}


#define refused(call, want, why, at, what) __extension__ ({ \
	is_int((call), (want), "%s: refused", (what)); \
	is_int(report.cause, NSU_PIN_CAUSE_##why, "%s: why", (what)); \
	is_int(report.step, NSU_PIN_STEP_##at, "%s: where", (what)); \
})

__attribute__((unused))
static int create(const char *name, unsigned types, bool netns)
{
	struct nsu_pin_options opts = NSU_PIN_OPTIONS_INIT;

	opts.types = types;
	opts.netns = netns;
	report = (struct nsu_pin_report)NSU_PIN_REPORT_INIT;
	return nsu_pin_create(ctx, name, &opts, &report);
}

/* Mount namespaces are numbered in order on one CPU alone; Linux 6.18. */
__attribute__((unused))
static void stay_here(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

/* Ready for tests of root's store, which is made by the first pin and stays: the child
   that is pinned; or why not. */
__attribute__((unused))
static const char *start_root(struct kid *kid)
{
	const char *why;
	int r;

	place_need_own_proc();
	stay_here();
	unsetenv("SUDO_UID");
	why = pinroom_enter();
	if (why)
		return why;
	r = nsu_ctx_new(NULL, &ctx);
	if (!r)
		r = kid_start(kid, CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
			      CLONE_NEWNET, NULL);
	if (r < 0)
		return fmt("clone: %s", strerror(-r));
	/* /run/netns as well, which ip-netns(8) would make. */
	r = add_as("first", fmt("%d", kid->pid), 1u << NSU_NET, true);
	is_int(r, 0, "the first pin");
	is_int(remove_pin("first"), 0, "removed");
	return NULL;
}

__attribute__((unused))
static int end_root(struct kid *kid)
{
	kid_end(kid);
	nsu_ctx_free(ctx);
	return done();
}

#endif
