/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What listns(2) lists: by the kernel where it can, and by a stand-in for its answers. */
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "open.h"
#include "box.h"

#define PARTS	(NSU_PART_DEFAULT | NSU_PART_LISTED)
#define MAX_IDS	65536

/* The stand-in lists these, ascending, so many at a time. */
static struct {
	uint64_t ids[MAX_IDS];
	size_t count, page, calls;
	long error;
	bool repeat;			/* the same page for ever */
} list;

static long stand_in(uint64_t after, uint64_t *ids, size_t count)
{
	size_t n = 0;

	list.calls++;
	if (list.error)
		return list.error;
	if (list.repeat)
		after = 0;
	for (size_t i = 0; i < list.count && n < count && n < list.page; i++)
		if (list.ids[i] > after)
			ids[n++] = list.ids[i];
	return n ? (long)n : -ENOENT;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static struct nsu_snapshot *scan(unsigned parts, const pid_t *pid)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;

	opts.parts = parts;
	opts.pids = pid;
	opts.pid_count = pid != NULL;
	nsu_snapshot_new(ctx, &opts, &snap);
	return snap;
}

/* The positive errno; -1: not told; -2: told twice. */
static int listns_error(const struct nsu_snapshot *snap)
{
	const struct nsu_source *source;
	int found = -1;

	for (size_t i = 0; (source = nsu_snapshot_get_source(snap, i)); i++)
		if (!strcmp(source->name, "listns"))
			found = found == -1 ? source->error : -2;
	return found;
}

static int scan_error(const pid_t *pid)
{
	struct nsu_snapshot *snap = scan(PARTS, pid);
	int error = listns_error(snap);

	nsu_snapshot_free(snap);
	return error;
}

static void renew(const char *disable)
{
	struct nsu_ctx_options options = NSU_CTX_OPTIONS_INIT;

	options.disable = disable;
	nsu_ctx_free(ctx);
	ctx = NULL;
	nsu_ctx_new(&options, &ctx);
}

/* What is known without it. false: this kernel tells no ids. */
static bool learn(void)
{
	struct nsu_snapshot *snap = scan(NSU_PART_DEFAULT, NULL);
	const struct nsu_ns *ns;

	list.count = 0;
	list.page = MAX_IDS;
	nsu_foreach_ns(ns, snap)
		if (list.count < MAX_IDS && !nsu_ns_get_id(ns, &list.ids[list.count]))
			list.count++;
	nsu_snapshot_free(snap);
	qsort(list.ids, list.count, sizeof(*list.ids), by_number);
	return list.count;
}

/* One of a living task's is not listed. */
static void drop(uint64_t id)
{
	for (size_t i = 0; i < list.count; i++)
		if (list.ids[i] == id)
			memmove(&list.ids[i], &list.ids[i + 1],
				(--list.count - i) * sizeof(*list.ids));
}

static void test_stand_in(const struct kid *kid)
{
	struct nsu_snapshot *snap = scan(NSU_PART_DEFAULT, NULL);
	const struct nsu_ns *ns;
	uint64_t id = 0;
	size_t calls;

	if (!nsu_snapshot_find_ns(snap, NSU_UTS, link_inode(kid->pid, "uts"), &ns))
		nsu_ns_get_id(ns, &id);
	nsu_snapshot_free(snap);
	/* Other processes come and go: theirs may be new, which is a part as well. */
	list.page = 3;
	ctx->listns = stand_in;
	drop(id);
	is_int(scan_error(NULL), EPERM, "one of a living task is missing");
	list.count = 0;
	is_int(scan_error(NULL), EPERM, "all are missing");
	list.calls = 0;
	is_int(scan_error(&kid->pid), -1, "not read in a limited scan");
	snap = scan(NSU_PART_TASKS | NSU_PART_LISTED, NULL);
	is_int(listns_error(snap), -1, "nor without relations");
	nsu_snapshot_free(snap);
	is_int(list.calls, 0, "not called at all");
	list.error = -EPERM;
	is_int(scan_error(NULL), EPERM, "refused");
	list.error = -EINVAL;
	is_int(scan_error(NULL), EINVAL, "refused otherwise");
	list.error = 0;
	learn();
	list.page = 7;
	list.repeat = true;
	list.calls = 0;
	is_int(scan_error(NULL), EBADMSG, "the same page again and again");
	is_int(list.calls, 2, "asked no more");
	list.repeat = false;
	list.page = 1;
	list.calls = 0;
	scan_error(NULL);
	calls = list.calls;
	is_int(calls, list.count + 1, "page by page, to the end");
	is_int(nsu_ctx_get_interface(ctx, NSU_IF_LISTNS), NSU_IF_PRESENT, "is there");
	renew(NULL);
	ctx->listns = stand_in;
	list.error = -ENOSYS;
	is_int(scan_error(NULL), ENOSYS, "absent");
	is_int(nsu_ctx_get_interface(ctx, NSU_IF_LISTNS), NSU_IF_ABSENT, "and noticed");
	list.calls = 0;
	is_int(scan_error(NULL), ENOSYS, "absent still");
	is_int(list.calls, 0, "not tried again");
	list.error = 0;
	renew("listns");
	ctx->listns = stand_in;
	is_int(scan_error(NULL), ENOSYS, "forced off");
	renew(NULL);
}

/* Root of the host. */
static bool sees_all(void)
{
	return !geteuid() && link_inode(getpid(), "pid") == NSI_INIT_PID &&
		link_inode(getpid(), "user") == NSI_INIT_USER;
}

/* All that the tasks have is listed, but for what others made meanwhile: of their own
   world there is nothing else. Then the list is whole. */
static int whole_list(void)
{
	if (!learn())
		return -ENODATA;
	list.page = 5;
	ctx->listns = stand_in;
	return scan_error(NULL);
}

static void test_whole(void)
{
	int error = EPERM;

	/* Who does not see all tasks cannot tell by them. */
	if (!sees_all()) {
		is_int(whole_list(), EPERM, "never whole for who may not see all");
		ctx->listns = NULL;
		return;
	}

	/* A new process of someone else between the two makes it a part: try again. */
	for (int i = 0; i < 50 && error == EPERM; i++)
		error = whole_list();
	is_int(error, 0, "whole");
	/* What is listed and cannot be opened has gone meanwhile. */
	for (int i = 0; i < 50; i++) {
		learn();
		list.ids[list.count++] = UINT64_MAX - 1;
		error = scan_error(NULL);
		if (error != EPERM)
			break;
	}
	is_int(error, 0, "an id of none");
	ctx->listns = NULL;
}

/* The namespace of a child that has ended, and that nothing but fd holds. */
static int make_uts(int *ret, uint64_t *ret_inode)
{
	struct kid kid;
	dev_t dev;
	int r = kid_start(&kid, CLONE_NEWUTS, NULL);

	if (r < 0)
		return r;
	*ret = open(fmt("/proc/%d/ns/uts", kid.pid), O_RDONLY | O_CLOEXEC);
	kid_end(&kid);
	return *ret < 0 ? -errno : nsi_nsfs_inode(*ret, ret_inode, &dev);
}

/* Sent, and not received yet: no process has it. */
static int send_away(int fd, int pair[2])
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec part = { .iov_base = (char[]){ 0 }, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	return sendmsg(pair[0], &msg, 0) < 0 ? -errno : 0;
}

/* Only the kernel's own list shows it. */
static void check_listed(const char *what, uint64_t inode)
{
	struct nsu_snapshot *snap = scan(PARTS, NULL);
	const struct nsu_ns *ns, *owner;
	int fd = -1;

	if (listns_error(snap) == 0) {
		is_int(nsu_snapshot_find_ns(snap, NSU_UTS, inode, &ns), 0, "%s", what);
		ok(!nsu_snapshot_find_ns(snap, NSU_UTS, inode, &ns) &&
		   !nsu_ns_get_owner(ns, &owner) && !nsu_ns_count_tasks(ns) &&
		   (fd = nsu_ns_open(ns)) >= 0, "%s: asked, and opened", what);
	} else {
		skip(what, fmt("listns: %s", strerror(listns_error(snap))));
	}
	if (fd >= 0)
		close(fd);
	nsu_snapshot_free(snap);
}

static void test_kernel(void)
{
	uint64_t inode = 0;
	int fd = -1, pair[2] = { -1, -1 }, r, clone = -1;

	r = make_uts(&fd, &inode);
	if (!r)
		r = send_away(fd, pair);
	if (r < 0) {
		skip("a descriptor in flight", strerror(-r));
		skip("a detached mount", strerror(-r));
		return;
	}
	clone = syscall(SYS_open_tree, fd, "", 1 /* OPEN_TREE_CLONE */ |
			O_CLOEXEC | AT_EMPTY_PATH);
	close(fd);
	check_listed("a descriptor in flight", inode);
	close(pair[0]);
	close(pair[1]);
	if (clone >= 0)
		check_listed("a detached mount", inode);
	else
		skip("a detached mount", "open_tree is refused");
	if (clone >= 0)
		close(clone);
}

/* The list of who may not see all is one. */
static void test_ordinary(void)
{
	int error = scan_error(NULL);

	if (!sees_all())
		ok(error == ENOSYS || error == EPERM, "not whole for anyone else: %d",
		   error);
	else
		ok(error == ENOSYS || error == EPERM || !error, "told: %d", error);
}

int main(void)
{
	struct kid kid;
	int before, r;

	if (nsu_ctx_new(NULL, &ctx) == 0 && !nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	before = count_fds();
	r = box_start(&kid, CLONE_NEWUTS);
	if (r < 0) {
		skip("a stand-in", fmt("clone: %s", strerror(-r)));
	} else if (!learn()) {
		skip("a stand-in", "this kernel tells no ids");
		kid_end(&kid);
	} else {
		test_stand_in(&kid);
		test_whole();
		kid_end(&kid);
	}
	test_kernel();
	test_ordinary();
	is_int(count_fds(), before, "no descriptor was left open");
	nsu_ctx_free(ctx);
	return done();
}
