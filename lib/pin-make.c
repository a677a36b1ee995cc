/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* New namespaces: the side of the caller, who stays where it is. */
#include <stdio.h>
#include <string.h>
#include <fcntl.h>
#include <sys/socket.h>
#include "courier.h"
#include "open.h"
#include "pin-make.h"
#include "uapi.h"

/* ms that a step may take: networks are made and unmade one at a time, system wide. */
#define PATIENCE	60000

struct making {
	struct nsu_ctx *ctx;
	const struct nsu_pin_options *opts;
	struct nsi_courier maker;
	struct nsi_made *made;
	struct nsu_pin_report *report;
};

/* What the caller's own namespaces would get is no option. */
static int check(const struct nsu_pin_options *opts, struct nsu_pin_report *report)
{
	const unsigned all = (1u << NSU_TYPE_COUNT) - 1;
	bool clocks = opts->set_boottime || opts->set_monotonic;
	bool has_user = opts->types >> NSU_USER & 1;

	if (!opts->types || opts->types & ~all)
		return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, -EINVAL,
				    NSU_PIN_CAUSE_NO_TYPE, NULL);
	if ((opts->hostname && !(opts->types >> NSU_UTS & 1)) ||
	    (clocks && !(opts->types >> NSU_TIME & 1)) ||
	    (opts->loopback && !(opts->types >> NSU_NET & 1)) ||
	    (opts->map != NSU_PIN_MAP_NONE && !has_user) ||
	    (unsigned)opts->map > NSU_PIN_MAP_LIST ||
	    (unsigned)opts->propagation > NSU_PIN_UNCHANGED)
		return nsi_pin_fail(report, NSU_PIN_STEP_CHECK, -EINVAL,
				    NSU_PIN_CAUSE_NONE, NULL);
	return 0;
}

static enum nsu_pin_cause find_cause(const struct nsu_pin_options *opts, int type,
				     int error)
{
	if (error == -ENOSPC || error == -EUSERS)
		return NSU_PIN_CAUSE_LIMIT;
	if (error == -EMFILE || error == -ENFILE)
		return NSU_PIN_CAUSE_FULL;
	if (error != -EPERM && error != -EACCES)
		return NSU_PIN_CAUSE_NONE;
	/* Also powerless in one that it could make: AppArmor does that. */
	return type == NSU_USER || opts->types >> NSU_USER & 1 ? NSU_PIN_CAUSE_FORBIDDEN :
		NSU_PIN_CAUSE_NO_USERNS;
}

static int fail(struct making *making, enum nsu_pin_step step, int type, int error)
{
	enum nsu_pin_cause cause = step == NSU_PIN_STEP_UNSHARE ?
		find_cause(making->opts, type, error) : NSU_PIN_CAUSE_NONE;

	if (type < 0)
		return nsi_pin_fail(making->report, step, error, cause, NULL);
	return nsi_pin_fail_at(making->report, step, error, cause, type);
}

static int answer_maps(struct making *making, const struct nsi_parcel *parcel)
{
	int r;

	if (parcel->fd_count != 1)
		return fail(making, NSU_PIN_STEP_MAP, -1, -EMFILE);
	r = nsi_pin_write_maps(making->ctx, making->maker.pid, parcel->fds[0],
			       making->opts, making->report);
	if (r < 0)
		return r;
	r = nsi_courier_send(making->maker.fd, "", 1, NULL, 0);
	return r < 0 ? fail(making, NSU_PIN_STEP_MAP, -1, r) : 0;
}

/* Its parent still is there: it is no other process yet, even if it has ended. */
static int meet_init(struct making *making, pid_t pid)
{
	struct nsi_dweller *init = &making->made->init;
	uint64_t inode;
	int r;

	init->proc.pid = pid;
	r = nsi_open_pidfd(making->ctx, pid, &init->pidfd, &inode);
	if (!r || r == -EOPNOTSUPP)
		r = nsi_proc_describe(making->ctx, pid, &init->proc);
	if (!r)
		r = nsi_dweller_await(init);
	return r < 0 ? fail(making, NSU_PIN_STEP_INIT, NSU_PID, r) : 0;
}

static int take_all(struct making *making, struct nsi_parcel *parcel)
{
	size_t taken = 0;

	if (parcel->fd_count != (size_t)__builtin_popcount(making->opts->types))
		return fail(making, NSU_PIN_STEP_UNSHARE, -1, -EMFILE);
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (making->opts->types >> type & 1)
			making->made->fd[type] = parcel->fds[taken++];
	parcel->fd_count = 0;
	return 0;
}

/* 1: go on. */
static int hear(struct making *making, const struct nsi_told *told,
		struct nsi_parcel *parcel)
{
	int r;

	switch (told->kind) {
	case NSI_TOLD_MAPS:
		r = answer_maps(making, parcel);
		return r < 0 ? r : 1;
	case NSI_TOLD_INIT:
		r = meet_init(making, told->pid);
		return r < 0 ? r : 1;
	case NSI_TOLD_DONE:
		return take_all(making, parcel);
	case NSI_TOLD_FAILED:
		return fail(making, told->step, told->type, told->error);
	}
	return fail(making, NSU_PIN_STEP_UNSHARE, -1, -EBADMSG);
}

static int listen_to(struct making *making)
{
	struct nsi_parcel parcel;
	struct nsi_told told;
	int r;

	do {
		r = nsi_courier_receive(&making->maker, &told, sizeof(told), &parcel,
					PATIENCE);
		/* Nothing ends it but who has no memory, or no patience, left. */
		if (!r || (r > 0 && parcel.length != sizeof(told)))
			r = -ESRCH;
		if (r < 0)
			return fail(making, NSU_PIN_STEP_UNSHARE, -1, r);
		r = hear(making, &told, &parcel);
		nsi_parcel_close(&parcel);
	} while (r > 0);
	return r;
}

static void format_offsets(const struct nsu_pin_options *opts, char *ret, size_t size)
{
	int len = 0;

	*ret = '\0';
	if (opts->set_monotonic)
		len = snprintf(ret, size, "monotonic %lld 0\n",
			       (long long)opts->monotonic);
	if (opts->set_boottime)
		snprintf(ret + len, size - len, "boottime %lld 0\n",
			 (long long)opts->boottime);
}

static int start(struct making *making, const char *name)
{
	char title[sizeof(NSI_INIT_TITLE) + 1 + NSI_PIN_NAME_MAX];
	struct nsi_order order = { .ctx = making->ctx, .opts = making->opts,
				   .title = title, .leash = -1 };
	struct nsi_dweller *init = &making->made->init;
	int leash[2] = { -1, -1 }, r = 0;

	snprintf(title, sizeof(title), "%s %s", NSI_INIT_TITLE, name);
	format_offsets(making->opts, order.offsets, sizeof(order.offsets));
	if (making->opts->types >> NSU_PID & 1) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, leash) < 0)
			return fail(making, NSU_PIN_STEP_INIT, NSU_PID, nsi_errno());
		init->leash = leash[0];
		init->init = true;
		order.leash = leash[1];
	}
	r = nsi_courier_start(making->ctx, &making->maker, nsi_maker, &order);
	if (leash[1] >= 0)
		close(leash[1]);
	return r < 0 ? fail(making, NSU_PIN_STEP_UNSHARE, -1, r) : 0;
}

int nsi_make(struct nsu_ctx *ctx, const char *name, const struct nsu_pin_options *opts,
	     struct nsi_made *ret, struct nsu_pin_report *report)
{
	struct nsi_made made = { .init = NSI_DWELLER_INIT };
	struct making making = { .ctx = ctx, .opts = opts, .made = &made,
				 .report = report };
	int r = check(opts, report);

	if (r < 0)
		return r;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		made.fd[type] = -1;
	r = start(&making, name);
	if (!r) {
		r = listen_to(&making);
		nsi_courier_end(&making.maker);
	}
	if (r < 0) {
		nsi_made_close(&made);
		return r;
	}
	*ret = made;
	return 0;
}

void nsi_made_close(struct nsi_made *made)
{
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		nsi_closep(&made->fd[type]);
		made->fd[type] = -1;
	}
	nsi_dweller_end(&made->init);
}
