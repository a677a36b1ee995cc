/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where pins are kept: root's directories, which are mounts, and a user's, which are no
 * mounts. Everything is opened name by name from the directory above, without following
 * a link, and has to be the caller's own.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "pin.h"
#include "pin-store.h"

#define DIR_FLAGS	(O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define MAX_TRIES	1000	/* nsattach may be removing what is empty */
#define WAIT_CHANGE	10000	/* ms */
#define WAIT_LOOK	1000
#define WAIT_STEP	10

/* ---- names, directories ---- */

int nsi_pin_check_name(const char *name)
{
	size_t len = name ? strlen(name) : 0;

	if (!len || len > NSI_PIN_NAME_MAX || *name == '.' || *name == '-')
		return -EINVAL;
	for (const char *at = name; *at; at++)
		if (!(*at >= 'a' && *at <= 'z') && !(*at >= 'A' && *at <= 'Z') &&
		    !(*at >= '0' && *at <= '9') && !strchr("._+-", *at))
			return -EINVAL;
	return 0;
}

/* Nobody else can have put anything there. */
static int check_own(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return nsi_errno();
	return st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)) ? 0 : -EPERM;
}

/* -ELOOP: it is a link. */
static int open_dir(int at, const char *name)
{
	struct stat st;
	int fd = openat(at, name, DIR_FLAGS), r;

	if (fd >= 0)
		return fd;
	r = nsi_errno();
	if (r == -ENOTDIR && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))
		return -ELOOP;
	return r;
}

static int open_own(int at, const char *name)
{
	int fd = open_dir(at, name), r;

	if (fd < 0)
		return fd;
	r = check_own(fd);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

int nsi_store_fail(struct nsu_pin_report *report, enum nsu_pin_step step, int r,
		   const char *path)
{
	bool unsafe = r == -EPERM || r == -ELOOP || r == -ENOTDIR;

	return nsi_pin_fail(report, step, r, unsafe ? NSU_PIN_CAUSE_UNSAFE :
			    NSU_PIN_CAUSE_NONE, "%s", path);
}

int nsi_store_dir(int at, const char *name, mode_t make)
{
	int r = -EAGAIN;

	for (int tries = 0; tries < MAX_TRIES && r == -EAGAIN; tries++) {
		if (make && mkdirat(at, name, make) < 0 && errno != EEXIST)
			return nsi_errno();
		r = open_own(at, name);
		if (r == -ENOENT && make)
			r = -EAGAIN;
	}
	return r;
}

/* ---- the lock ---- */

int nsi_store_flock(int fd, int operation, int wait)
{
	for (;; wait -= WAIT_STEP) {
		int r = flock(fd, operation | LOCK_NB) < 0 ? nsi_errno() : 0;

		if (r != -EWOULDBLOCK && r != -EINTR)
			return r;
		if (wait <= 0)
			return -EBUSY;
		poll(NULL, 0, WAIT_STEP);
	}
}

int nsi_store_lock(struct nsi_store *store, bool exclusive, struct nsu_pin_report *report)
{
	int r = nsi_store_flock(store->pins, exclusive ? LOCK_EX : LOCK_SH,
				exclusive ? WAIT_CHANGE : WAIT_LOOK);

	if (r == 0)
		return 0;
	return nsi_pin_fail(report, NSU_PIN_STEP_LOCK, r, r == -EBUSY ?
			    NSU_PIN_CAUSE_BUSY : NSU_PIN_CAUSE_NONE, "%s", store->path);
}

/* ---- root's ---- */

/* Directories of a store that is being opened. */
struct opening {
	struct nsu_ctx *ctx;
	bool make;
	int run, top;		/* /run, /run/nsutil */
	bool mounted;		/* by this call */
	/* Of "/pins" below it in a store. */
	char path[sizeof(((struct nsi_store *)NULL)->path) - (sizeof("/pins") - 1)];
};

static int fail(const struct opening *o, int r, const char *name,
		struct nsu_pin_report *report)
{
	char path[sizeof(o->path) + NSI_PIN_NAME_MAX];

	snprintf(path, sizeof(path), "%s%s%s", o->path, name ? "/" : "",
		 name ? name : "");
	return nsi_store_fail(report, NSU_PIN_STEP_STORE, r, path);
}

static int take_mount(struct opening *o, const char *name, bool shared, int *ret,
		      struct nsu_pin_report *report)
{
	int fd = nsi_store_dir(o->top, name, o->make ? 0700 : 0), r = 0;
	bool made = false;

	/* Of the directory above that nsattach has removed since. */
	if (fd == -ENOENT && o->make)
		return -EAGAIN;
	if (fd < 0)
		return fail(o, fd, name, report);
	if (o->make)
		r = nsi_store_bind(o->ctx, o->top, name, shared, &fd, &made);
	o->mounted |= made;
	/* Unlike that of pins, which may have been changed on purpose: on a shared one no
	   mount namespace could be pinned. */
	if (!r && o->make && !shared)
		r = nsi_store_propagate(fd, false);
	if (r < 0) {
		close(fd);
		return nsi_pin_fail(report, NSU_PIN_STEP_STORE, r, NSU_PIN_CAUSE_NONE,
				    "%s/%s", o->path, name);
	}
	*ret = fd;
	return 0;
}

/* What was made of it in vain, if nothing is in there. */
static void clear_system(const struct opening *o)
{
	static const char *const names[] = { "pins", "mnt" };
	char path[48];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "/proc/thread-self/fd/%d/%s", o->top,
			 names[i]);
		if (o->mounted)
			umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
		unlinkat(o->top, names[i], AT_REMOVEDIR);
	}
	unlinkat(o->run, "nsutil", AT_REMOVEDIR);
}

/* Takes what is there; one that makes it has it for itself meanwhile. */
static int take_system(struct opening *o, struct nsi_store *store,
		       struct nsu_pin_report *report)
{
	int r = o->make ? nsi_store_flock(o->top, LOCK_EX, WAIT_CHANGE) : 0;

	if (r < 0)
		return nsi_pin_fail(report, NSU_PIN_STEP_LOCK, r, r == -EBUSY ?
				    NSU_PIN_CAUSE_BUSY : NSU_PIN_CAUSE_NONE, NSI_RUN);
	r = take_mount(o, "pins", true, &store->pins, report);
	if (!r)
		r = take_mount(o, "mnt", false, &store->mnt, report);
	if (r == -ENOENT && store->pins >= 0 && !o->make)
		r = 0;		/* nothing was pinned yet when its maker was killed */
	if (r < 0)
		nsi_store_close(store);
	if (r < 0 && o->make)
		clear_system(o);
	if (o->make)
		flock(o->top, LOCK_UN);
	return r;
}

static int open_system(struct nsu_ctx *ctx, bool make, struct nsi_store *store,
		       struct nsu_pin_report *report)
{
	struct opening o = { .ctx = ctx, .make = make, .path = NSI_RUN };
	nsi_autoclose int run = open_dir(AT_FDCWD, "/run");
	int r = -EAGAIN;

	if (run < 0)
		return nsi_store_fail(report, NSU_PIN_STEP_STORE, run, "/run");
	for (int tries = 0; tries < MAX_TRIES && r == -EAGAIN; tries++) {
		nsi_autoclose int top = nsi_store_dir(run, "nsutil", make ? 0700 : 0);

		/* Nothing there, and no right to make it: this is not root's system. */
		if (top == -ENOENT && !make && faccessat(run, ".", W_OK, AT_EACCESS) < 0)
			top = nsi_errno();
		if (top < 0)
			return fail(&o, top, NULL, report);
		o.top = top;
		o.run = run;
		r = take_system(&o, store, report);
	}
	if (r < 0)
		return r == -EAGAIN ? fail(&o, r, NULL, report) : r;
	store->system = true;
	snprintf(store->path, sizeof(store->path), "%s/pins", o.path);
	return 0;
}

/* ---- a user's ---- */

static int open_runtime(const char *path, struct nsu_pin_report *report)
{
	nsi_autoclose int root = open("/", DIR_FLAGS);
	int fd = root < 0 ? nsi_errno() : nsi_walk_dirs(root, path), r;

	if (fd == -ENOENT)
		return nsi_pin_fail(report, NSU_PIN_STEP_STORE, fd,
				    NSU_PIN_CAUSE_NO_RUNTIME, "%s", path);
	if (fd < 0)
		return nsi_store_fail(report, NSU_PIN_STEP_STORE,
				      fd == -ENOTDIR ? -ELOOP : fd, path);
	r = check_own(fd);
	if (r == 0)
		return fd;
	close(fd);
	return nsi_store_fail(report, NSU_PIN_STEP_STORE, r, path);
}

/* What the environment says, if that is the caller's; it may be from before a su(1). */
static int find_runtime(char *path, size_t size, struct nsu_pin_report *report)
{
	struct nsu_pin_report first = NSI_REPORT_INIT, second = NSI_REPORT_INIT;
	const char *given = secure_getenv("XDG_RUNTIME_DIR");
	int fd = -ENOENT, r;

	if (given && *given == '/') {
		if (strlen(given) + sizeof("/nsutil") > size)
			return nsi_store_fail(report, NSU_PIN_STEP_STORE, -ENAMETOOLONG,
					      given);
		fd = open_runtime(given, &first);
		if (fd >= 0) {
			strcpy(path, given);
			return fd;
		}
	}
	r = fd;
	snprintf(path, size, "/run/user/%u", geteuid());
	fd = open_runtime(path, &second);
	if (fd >= 0)
		return fd;
	if (fd != -ENOENT || r == -ENOENT)
		first = second;
	return nsi_pin_fail(report, first.step, first.error, first.cause, "%s",
			    first.object);
}

static int open_user(struct nsu_ctx *ctx, bool make, struct nsi_store *store,
		     struct nsu_pin_report *report)
{
	struct opening o = { .ctx = ctx, .make = make };
	nsi_autoclose int base = find_runtime(o.path, sizeof(o.path), report);
	nsi_autoclose int top = -1;
	mode_t mode = make ? 0700 : 0;

	if (base < 0)
		return base;
	strcat(o.path, "/nsutil");
	top = nsi_store_dir(base, "nsutil", mode);
	if (top < 0)
		return fail(&o, top, NULL, report);
	store->pins = nsi_store_dir(top, "pins", mode);
	if (store->pins < 0)
		return fail(&o, store->pins, "pins", report);
	snprintf(store->path, sizeof(store->path), "%s/pins", o.path);
	return 0;
}

/* ---- both ---- */

/* Root of a user namespace, or one that may not mount and so has never made any. */
static bool may_be_user(int r, const struct nsu_pin_report *report)
{
	return (r == -EACCES || r == -EPERM || r == -EROFS || r == -ENOENT) &&
		report->cause != NSU_PIN_CAUSE_UNSAFE;
}

int nsi_store_open(struct nsu_ctx *ctx, enum nsi_store_use use, struct nsi_store *ret,
		   struct nsu_pin_report *report)
{
	struct nsu_pin_report first = NSI_REPORT_INIT, second = NSI_REPORT_INIT;
	struct nsu_pin_report *found = &first;
	struct nsi_store store = NSI_STORE_INIT;
	bool make = use == NSI_STORE_CHANGE, root = geteuid() == 0;
	int r = -EACCES;

	store.ctx = ctx;
	if (root)
		r = open_system(ctx, make, &store, found);
	if (!root || (r < 0 && may_be_user(r, &first))) {
		int other = open_user(ctx, make, &store, &second);
		bool none = other == -ENOENT && second.cause == NSU_PIN_CAUSE_NONE &&
			r != -ENOENT;

		/* Of two that cannot be used the first is told of. */
		if (!root || other == 0 || none) {
			r = other;
			found = &second;
		}
	}
	if (r < 0)
		return nsi_pin_fail(report, found->step, r, found->cause, "%s",
				    found->object);
	*ret = store;
	return 0;
}

void nsi_store_expect(struct nsu_ctx *ctx, struct nsi_store *ret)
{
	const char *given = secure_getenv("XDG_RUNTIME_DIR");
	struct nsi_store store = NSI_STORE_INIT;

	store.ctx = ctx;
	if (given && *given == '/' &&
	    strlen(given) + sizeof("/nsutil/pins") <= sizeof(store.path))
		snprintf(store.path, sizeof(store.path), "%s/nsutil/pins", given);
	else
		snprintf(store.path, sizeof(store.path), "/run/user/%u/nsutil/pins",
			 geteuid());
	*ret = store;
}

void nsi_store_close(struct nsi_store *store)
{
	/* A child that was forked meanwhile has copies of it. */
	if (store->pins >= 0) {
		flock(store->pins, LOCK_UN);
		close(store->pins);
	}
	if (store->mnt >= 0)
		close(store->mnt);
	store->pins = store->mnt = -1;
}

static int open_named(int at, const char *name, bool make)
{
	int r = nsi_pin_check_name(name);

	if (r < 0)
		return r;
	if (at < 0)
		return -ENOENT;
	if (make && mkdirat(at, name, 0700) < 0)
		return nsi_errno();
	r = open_own(at, name);
	if (r < 0 && make)
		unlinkat(at, name, AT_REMOVEDIR);
	return r;
}

int nsi_store_open_pin(const struct nsi_store *store, const char *name, bool make)
{
	return open_named(store->pins, name, make);
}

int nsi_store_open_mnt(const struct nsi_store *store, const char *name, bool make)
{
	return open_named(store->mnt, name, make);
}

int nsi_store_open_place(const struct nsi_store *store, const char *name,
			 enum nsu_type type, int *ret)
{
	int fd = store->system && type == NSU_MNT ?
		nsi_store_open_mnt(store, name, false) :
		nsi_store_open_pin(store, name, false);

	if (fd < 0)
		return fd;
	*ret = fd;
	return 0;
}
