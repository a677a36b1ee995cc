/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include "uapi.h"
#include "visit.h"

/* Is the child there already? Then it need not enter, which takes capabilities then as
   well. */
static bool is_own(const struct nsi_visit *visit)
{
	char path[32] = "self/ns/";
	struct stat own, wanted;

	strcat(path, nsu_type_get_name(visit->type));
	return !fstatat(visit->procfs, path, &own, 0) && !fstat(visit->ns, &wanted) &&
		own.st_ino == wanted.st_ino && own.st_dev == wanted.st_dev;
}

/* Who owns the user namespace has all capabilities once inside of it. */
static int enter(const struct nsi_visit *visit)
{
	int flag = nsu_type_get_info(visit->type)->clone_flag;
	nsi_autoclose int owner = -1;
	int r;

	if (!setns(visit->ns, flag))
		return 0;
	r = nsi_errno();
	if (is_own(visit))
		return 0;
	if (r != -EPERM)
		return r;
	owner = ioctl(visit->ns, NS_GET_USERNS);
	if (owner < 0 || setns(owner, CLONE_NEWUSER) < 0)
		return r;
	return setns(visit->ns, flag) < 0 ? nsi_errno() : 0;
}

static void go(int out, void *data)
{
	struct nsi_visit *visit = data;
	int keep[] = { out, visit->ns, visit->procfs };
	int r;

	nsi_courier_keep(keep, ARRAY_SIZE(keep));
	visit->out = out;
	/* Whoever is root in a user namespace that is entered must not get at it. */
	prctl(PR_SET_DUMPABLE, 0);
	r = enter(visit);
	if (!r)
		r = visit->look(visit);
	if (r < 0)
		nsi_courier_send(out, &r, sizeof(r), NULL, 0);
}

int nsi_visit_start_fd(struct nsu_ctx *ctx, int fd, enum nsu_type type,
		       struct nsi_visit *visit, struct nsi_courier *ret)
{
	if (!ctx->procfs.real || !ctx->procfs.own_pids)
		return -EOPNOTSUPP;
	visit->type = type;
	visit->ns = fd;
	visit->procfs = ctx->proc_fd;
	return nsi_courier_start(ctx, ret, go, visit);
}

int nsi_visit_start(struct nsu_ctx *ctx, const struct nsu_ns *ns, struct nsi_visit *visit,
		    struct nsi_courier *ret)
{
	nsi_autoclose int fd = -1;

	if (!ctx->procfs.real || !ctx->procfs.own_pids)
		return -EOPNOTSUPP;
	fd = nsu_ns_open(ns);
	return fd < 0 ? fd : nsi_visit_start_fd(ctx, fd, ns->type, visit, ret);
}

int nsi_visit_receive(struct nsi_courier *courier, void *message, size_t size,
		      struct nsi_parcel *parcel)
{
	struct nsi_parcel came = { 0 };
	int r, said;

	r = nsi_courier_receive(courier, message, size, &came, NSI_VISIT_PATIENCE);
	if (r <= 0)
		return r < 0 ? r : -EIO;
	memcpy(&said, message, sizeof(said));
	if (came.length < sizeof(said) || (!said && came.length != size))
		said = -EIO;
	if (said < 0 || !parcel)
		nsi_parcel_close(&came);
	else
		*parcel = came;
	return said;
}

int nsi_visit_ask(struct nsu_ctx *ctx, const struct nsu_ns *ns, struct nsi_visit *visit,
		  void *message, size_t size, struct nsi_parcel *parcel)
{
	struct nsi_courier courier;
	int r;

	r = nsi_visit_start(ctx, ns, visit, &courier);
	if (r < 0)
		return r;
	r = nsi_visit_receive(&courier, message, size, parcel);
	nsi_courier_end(&courier);
	return r;
}
