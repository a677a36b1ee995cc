/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which namespaces a plan enters: asked for, and other than the caller's. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include "plan.h"
#include "uapi.h"

#define ALL NSU_TYPES_DEFAULT
#define CAP_SYS_ADMIN_BIT 21

int nsi_plan_read_ns(int dir, const char *name, enum nsu_type type, uint64_t *ret)
{
	char path[40], text[64];
	ssize_t n;

	snprintf(path, sizeof(path), "ns/%s", name);
	n = readlinkat(dir, path, text, sizeof(text) - 1);
	if (n < 0)
		return nsi_errno();
	text[n] = '\0';
	return nsi_parse_link(text, type, ret);
}

static void mark(struct nsu_plan *plan, enum nsu_type type, enum nsu_verdict verdict)
{
	plan->entry[type].verdict = verdict;
	plan->entered &= ~(1u << type);
	if (verdict == NSU_ENTRY_YES)
		plan->entered |= 1u << type;
}

static void give_up(struct nsu_plan *plan, enum nsu_type type, int error)
{
	if (plan->fd[type] >= 0)
		close(plan->fd[type]);
	plan->fd[type] = -1;
	plan->by_task &= ~(1u << type);
	mark(plan, type, NSU_ENTRY_UNREAD);
	plan->entry[type].error = error;
	plan->entry[type].rule = error == -EACCES || error == -EPERM ?
		NSU_RULE_UNREADABLE : NSU_RULE_NONE;
}

/* Takes over the descriptor: what it is of is what will be entered. */
static int take_fd(struct nsu_plan *plan, enum nsu_type type, uint64_t own, int fd)
{
	uint64_t inode;
	dev_t device;
	int r = nsi_nsfs_inode(fd, &inode, &device);

	if (plan->fd[type] >= 0)
		close(plan->fd[type]);
	plan->fd[type] = -1;
	plan->by_task &= ~(1u << type);
	if (!r) {
		int flag = ioctl(fd, NS_GET_NSTYPE);

		if (flag < 0)
			r = nsi_errno();
		else if (flag != nsu_type_get_info(type)->clone_flag)
			r = -EMEDIUMTYPE;
	}
	if (r < 0) {
		close(fd);
		return r;
	}
	plan->entry[type].inode = inode;
	if (inode == own) {
		close(fd);
		mark(plan, type, NSU_ENTRY_SAME);
		return 0;
	}
	plan->fd[type] = fd;
	mark(plan, type, NSU_ENTRY_YES);
	return 0;
}

/* One of the target's own. That it cannot be read is a verdict, not an error. */
static int take_of_task(struct nsu_plan *plan, enum nsu_type type, uint64_t own)
{
	const struct nsu_type_info *info = nsu_type_get_info(type);
	bool next = plan->opts.children && info->for_children;
	const char *name = next ? info->for_children : info->name;
	uint64_t inode;
	char path[40];
	int r, fd;

	r = nsi_plan_read_ns(plan->hold.dir, name, type, &inode);
	if (r == -ENOENT) {
		/* A type that this kernel lacks, or nothing there yet, or a zombie; or
		   one that is about to be: it gave up what all others have. */
		r = nsi_hold_check_alive(&plan->hold);
		if (!r && own && !next)
			r = -ESRCH;
		if (r < 0)
			return r;
		if (own || plan->opts.types & 1u << type)
			give_up(plan, type, -ENOENT);
		return 0;
	}
	if (r < 0) {
		give_up(plan, type, r);
		return r == -ESRCH ? r : 0;
	}
	plan->entry[type].inode = inode;
	if (inode == own) {
		mark(plan, type, NSU_ENTRY_SAME);
		return 0;
	}
	snprintf(path, sizeof(path), "ns/%s", name);
	fd = openat(plan->hold.dir, path, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? nsi_errno() : take_fd(plan, type, own, fd);
	if (r < 0) {
		give_up(plan, type, r);
		return r == -ESRCH || r == -EMFILE || r == -ENFILE ? r : 0;
	}
	if (!next && plan->entry[type].verdict == NSU_ENTRY_YES)
		plan->by_task |= 1u << type;
	return 0;
}

/* The network namespace that a socket of the target belongs to. */
static int take_socket(struct nsu_plan *plan, uint64_t own)
{
	nsi_autoclose int sock = -1;
	struct stat st;
	int fd;

	if (plan->hold.pidfd < 0)
		return plan->hold.pid ? -EOPNOTSUPP : -EINVAL;
	sock = syscall(SYS_pidfd_getfd, plan->hold.pidfd, plan->opts.net_socket, 0);
	if (sock < 0)
		return nsi_errno();
	if (fstat(sock, &st) < 0)
		return nsi_errno();
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	fd = ioctl(sock, SIOCGSKNS);
	return fd < 0 ? nsi_errno() : take_fd(plan, NSU_NET, own, fd);
}

/*
 * The owner of the other namespaces; asked for together with the user namespace itself,
 * the parent of that one, as nsenter(1) has it.
 */
static int take_user_parent(struct nsu_plan *plan, uint64_t own)
{
	int from = plan->fd[NSU_USER], fd;
	bool unread = false;

	for (unsigned type = 0; type < NSU_TYPE_COUNT && from < 0; type++) {
		from = plan->fd[type];
		unread |= plan->entry[type].verdict == NSU_ENTRY_UNREAD;
	}
	if (from < 0)
		return unread ? 0 : -EINVAL;
	fd = ioctl(from, NS_GET_USERNS);
	return fd < 0 ? nsi_errno() : take_fd(plan, NSU_USER, own, fd);
}

static unsigned wanted_types(const struct nsu_plan *plan, bool elsewhere)
{
	const struct nsu_plan_options *opts = &plan->opts;
	unsigned types = opts->types;

	if (!types && !elsewhere)
		types = ALL;
	if (!opts->host_tools)
		return types;
	/* Without powers here nothing can be entered from here. */
	if (!(opts->types & 1u << NSU_USER) &&
	    plan->own.effective >> CAP_SYS_ADMIN_BIT & 1)
		types &= ~(1u << NSU_USER);
	return types & ~(1u << NSU_MNT);
}

static int take_own(struct nsu_plan *plan, int caller, uint64_t own[NSU_TYPE_COUNT])
{
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		int r = nsi_plan_read_ns(caller, nsu_type_get_name(type), type,
					 &own[type]);

		if (r < 0 && r != -ENOENT)
			return r;
		if (r == -ENOENT)
			own[type] = 0;
	}
	memcpy(plan->own.ns, own, sizeof(plan->own.ns));
	return 0;
}

int nsi_plan_compare(const struct nsu_plan *plan, enum nsu_type type)
{
	uint64_t inode;

	if (!plan->hold.pid || !plan->own.ns[type] ||
	    nsi_plan_read_ns(plan->hold.dir, nsu_type_get_name(type), type, &inode) < 0)
		return -1;
	return inode == plan->own.ns[type];
}

static int take_others(struct nsu_plan *plan, const uint64_t *own)
{
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		int r, fd;

		if (!plan->opts.ns[type])
			continue;
		r = nsi_target_open_ns(plan->opts.ns[type], type, &fd);
		if (!r)
			r = take_fd(plan, type, own[type], fd);
		if (r < 0)
			return r;
	}
	return 0;
}

/* As a process's, but each asked for is there: whoever named it meant just that one. */
static int take_set(struct nsu_plan *plan, const struct nsu_target *target,
		    const uint64_t *own, bool elsewhere)
{
	unsigned types = wanted_types(plan, elsewhere);
	int r = 0;

	for (unsigned type = 0; type < NSU_TYPE_COUNT && !r; type++) {
		int fd;

		if (!(types & 1u << type))
			continue;
		r = nsi_target_open_ns(target, type, &fd);
		if (!r)
			r = take_fd(plan, type, own[type], fd);
		else if (r == -EMEDIUMTYPE)
			r = plan->opts.types & 1u << type ? -EINVAL : 0;
	}
	return r;
}

static int take_target(struct nsu_plan *plan, const struct nsu_target *target,
		       const uint64_t *own, bool elsewhere)
{
	enum nsu_type type;
	int r = nsi_target_get_type(target, &type), fd;
	unsigned types;

	if (r == -ENOENT) {
		plan->whole = !plan->opts.types && !elsewhere && !plan->opts.host_tools;
		types = wanted_types(plan, elsewhere);
		r = nsi_target_hold(target, &plan->hold);
		for (type = 0; type < NSU_TYPE_COUNT && !r; type++)
			if (types & 1u << type)
				r = take_of_task(plan, type, own[type]);
		return r;
	}
	if (r == -ENOTUNIQ)
		return take_set(plan, target, own, elsewhere);
	if (r < 0)
		return r;
	/* A namespace alone: of no other type is there anything to take. */
	if (plan->opts.types & ~(1u << type))
		return -EINVAL;
	r = nsi_target_open_ns(target, type, &fd);
	return r < 0 ? r : take_fd(plan, type, own[type], fd);
}

int nsi_plan_take_namespaces(struct nsu_plan *plan, int caller,
			     const struct nsu_target *target)
{
	bool elsewhere = plan->opts.net_socket >= 0;
	uint64_t own[NSU_TYPE_COUNT];
	unsigned named = 0;
	int r = take_own(plan, caller, own);

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		named |= (unsigned)(plan->opts.ns[type] != NULL) << type;
	elsewhere |= named != 0;
	/* Without a target there is none to take the other types from. */
	if (!r && !target && (!elsewhere || plan->opts.types & ~named))
		r = -EINVAL;
	if (!r && target)
		r = take_target(plan, target, own, elsewhere);
	if (!r)
		r = take_others(plan, own);
	if (!r && plan->opts.net_socket >= 0)
		r = take_socket(plan, own[NSU_NET]);
	if (!r && plan->opts.user_parent)
		r = take_user_parent(plan, own[NSU_USER]);
	return r;
}
