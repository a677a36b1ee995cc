/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From words to descriptors: each kind of target, and what alone keeps a namespace. */
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "plan.h"
#include "box.h"

#define OTHER		1	/* a descriptor, but of another namespace */

/* 0: the word leads to that namespace of this type, by a close-on-exec descriptor. */
static int open_word(const char *word, enum nsu_type type, uint64_t inode)
{
	struct nsu_target *target = NULL;
	struct stat st;
	int r = nsu_target_new(ctx, word, &target), fd = -1;

	if (!r)
		r = nsi_target_open_ns(target, type, &fd);
	if (r < 0 && fd != -1)
		r = -EBADE;	/* the result was touched */
	if (!r && (fstat(fd, &st) < 0 || st.st_ino != inode ||
		   !(fcntl(fd, F_GETFD) & FD_CLOEXEC)))
		r = OTHER;
	if (fd >= 0)
		close(fd);
	nsu_target_free(target);
	return r;
}

/* The type of a target that is a namespace, or an error. */
static int type_of(const char *word)
{
	struct nsu_target *target = NULL;
	enum nsu_type type = NSU_TYPE_COUNT;
	int r = nsu_target_new(ctx, word, &target);

	if (!r)
		r = nsi_target_get_type(target, &type);
	nsu_target_free(target);
	return r < 0 ? r : (int)type;
}

/* The pid that is held, or an error; then its directory is that process's. */
static int hold_word(const char *word, bool *has_pidfd)
{
	struct nsi_hold hold = { .dir = -1, .pidfd = -1 };
	struct nsu_target *target = NULL;
	char stat[32] = "";
	int r = nsu_target_new(ctx, word, &target);

	if (!r)
		r = nsi_target_hold(target, &hold);
	nsu_target_free(target);
	if (r < 0)
		return r;
	if (has_pidfd)
		*has_pidfd = hold.pidfd >= 0;
	r = nsi_read_at(hold.dir, "stat", stat, sizeof(stat)) < 0 ||
		atoi(stat) != hold.pid || nsi_hold_check(&hold) < 0 ? -EBADE : hold.pid;
	nsi_hold_close(&hold);
	return hold.dir != -1 || hold.pidfd != -1 ? -EBADE : r;
}

static void test_processes(const struct kid *kid)
{
	const char *pid = fmt("%d", kid->pid);
	uint64_t uts = link_inode(kid->pid, "uts");
	bool has_pidfd = false;
	struct stat st;
	int fd = syscall(SYS_pidfd_open, kid->pid, 0), r;

	is_int(hold_word(pid, &has_pidfd), kid->pid, "PID");
	is_int(has_pidfd, fd >= 0, "PID: with a pidfd, where there are any");
	is_int(open_word(pid, NSU_UTS, uts), 0, "PID: its namespace");
	is_int(type_of(pid), -ENOENT, "PID: is none itself");
	is_int(hold_word("self", NULL), getpid(), "self");
	is_int(hold_word("host", NULL), 1, "host");
	if (fd >= 0 && !fstat(fd, &st) &&
	    nsu_ctx_get_interface(ctx, NSU_IF_PIDFS_INODE) == NSU_IF_PRESENT) {
		pid = fmt("%d:%ju", kid->pid, (uintmax_t)st.st_ino);
		is_int(hold_word(pid, NULL), kid->pid, "PID:INODE");
	} else {
		skip("PID:INODE", "this kernel has no pidfs");
	}
	if (fd >= 0)
		close(fd);
	pid = fmt("1@%d", kid->pid);
	is_int(hold_word(pid, &has_pidfd), kid->pid, "7@WORD");
	is_int(open_word(pid, NSU_UTS, uts), 0, "7@WORD: its namespace");
	is_int(hold_word(fmt("1@pid:%ju", (uintmax_t)link_inode(kid->pid, "pid")), NULL),
	       kid->pid, "7@TYPE:INODE");
	/* Who may not see all cannot tell. */
	r = hold_word(fmt("77@%d", kid->pid), NULL);
	ok(r == -ENOENT || (r == -ENODATA && geteuid()), "7@WORD: nobody: %d", r);
	is_int(hold_word("/proc/self/ns/net", NULL), -ENOENT, "a namespace, no process");
}

static void test_namespaces(const struct kid *kid)
{
	uintmax_t uts = link_inode(kid->pid, "uts"), user = link_inode(kid->pid, "user");
	struct nsu_snapshot *snap = NULL;
	const struct nsu_ns *ns;
	uint64_t id;

	is_int(open_word(fmt("uts:%ju", uts), NSU_UTS, uts), 0, "TYPE:INODE");
	is_int(open_word(fmt("uts:[%ju]", uts), NSU_UTS, uts), 0, "with brackets");
	is_int(open_word(fmt("%ju", uts), NSU_UTS, uts), 0, "INODE");
	is_int(open_word(fmt("/proc/%d/ns/uts", kid->pid), NSU_UTS, uts), 0, "FILE");
	is_int(open_word(fmt("%ju", user), NSU_USER, user), 0, "INODE: of a user's");
	is_int(open_word(fmt("uts:%ju", uts), NSU_NET, uts), -EMEDIUMTYPE,
	       "another type");
	is_int(open_word(fmt("/proc/%d/ns/uts", kid->pid), NSU_NET, uts), -EMEDIUMTYPE,
	       "FILE of another type");
	is_int(open_word(fmt("%ju", uts), NSU_NET, uts), -EMEDIUMTYPE,
	       "INODE of another type");
	is_int(open_word("uts:4294967295", NSU_UTS, 1), -ENOENT, "no such");
	is_int(open_word("4294967295", NSU_UTS, 1), -ENOENT, "no such inode");
	is_int(type_of(fmt("%ju", uts)), NSU_UTS, "INODE: its type");
	is_int(type_of(fmt("user:%ju", user)), NSU_USER, "TYPE:INODE: its type");
	is_int(type_of(fmt("/proc/%d/ns/uts", kid->pid)), NSU_UTS, "FILE: its type");
	nsu_snapshot_new(ctx, NULL, &snap);
	if (nsu_snapshot_find_ns(snap, NSU_UTS, uts, &ns) < 0 ||
	    nsu_ns_get_id(ns, &id) < 0) {
		skip(":ID", "this kernel has no ids");
	} else {
		is_int(open_word(fmt(":%ju", (uintmax_t)id), NSU_UTS, uts), 0, ":ID");
		is_int(type_of(fmt(":%ju", (uintmax_t)id)), NSU_UTS, ":ID: its type");
		is_int(open_word(":9223372036854775807", NSU_UTS, 1), -ENOENT,
		       ":ID: no such");
	}
	nsu_snapshot_free(snap);
}

/* Its own process is in a child of the namespace by then. */
static int go_below(void)
{
	int r = box_map();

	return r < 0 || !unshare(CLONE_NEWUSER) ? r : -errno;
}

/* Nobody but a child namespace has it. */
static void test_parent(void)
{
	struct kid kid;
	uint64_t own, inode = 0;
	int r, fd, parent;

	r = box_start_as(&kid, 0, go_below);
	if (r < 0) {
		skip("kept by its child", fmt("clone, unshare: %s", strerror(-r)));
		return;
	}
	own = link_inode(kid.pid, "user");
	fd = open(fmt("/proc/%d/ns/user", kid.pid), O_RDONLY | O_CLOEXEC);
	parent = ioctl(fd, NS_GET_PARENT);
	if (parent >= 0)
		nsi_nsfs_inode(parent, &inode, &(dev_t){ 0 });
	close(parent);
	close(fd);
	ok(inode && inode != own && inode != link_inode(getpid(), "user"), "a parent");
	is_int(open_word(fmt("user:%ju", (uintmax_t)inode), NSU_USER, inode), 0,
	       "kept by its child");
	is_int(type_of(fmt("%ju", (uintmax_t)inode)), NSU_USER, "found by inode as well");
	kid_end(&kid);
	is_int(open_word(fmt("user:%ju", (uintmax_t)inode), NSU_USER, inode), -ENOENT,
	       "and gone with it");
}

static int namespace_fd = -1;

static int enter_uts(void)
{
	return setns(namespace_fd, CLONE_NEWUTS) < 0 ? -errno : 0;
}

/* Nobody but a namespace that it owns has it. */
static void test_owner(void)
{
	struct kid creator, guest;
	uint64_t user;
	int r = box_start(&creator, CLONE_NEWUTS);

	if (r < 0) {
		skip("kept by what it owns", fmt("clone: %s", strerror(-r)));
		return;
	}
	user = link_inode(creator.pid, "user");
	namespace_fd = open(fmt("/proc/%d/ns/uts", creator.pid), O_RDONLY | O_CLOEXEC);
	r = kid_start(&guest, 0, enter_uts);
	close(namespace_fd);
	kid_end(&creator);
	if (r < 0 || guest.said < 0)
		skip("kept by what it owns", fmt("setns: %s", strerror(-guest.said)));
	else
		is_int(open_word(fmt("user:%ju", (uintmax_t)user), NSU_USER, user), 0,
		       "kept by what it owns");
	if (!r)
		kid_end(&guest);
}

static int give_children_time(void)
{
	int r = box_map();

	return r < 0 || !unshare(CLONE_NEWTIME) ? r : -errno;
}

/* Only children to come will be in it. */
static void test_heir(void)
{
	struct kid kid;
	uint64_t inode;
	int r = box_start_as(&kid, 0, give_children_time);

	if (r < 0) {
		skip("kept for children", fmt("clone, unshare: %s", strerror(-r)));
		return;
	}
	inode = link_inode(kid.pid, "time_for_children");
	ok(inode && inode != link_inode(kid.pid, "time"), "for children: another");
	is_int(open_word(fmt("time:%ju", (uintmax_t)inode), NSU_TIME, inode), 0,
	       "kept for children");
	kid_end(&kid);
}

/* In a mount namespace of its own: what lies on the mount alone. Says the number of the
   first check that fails, then why. */
static int check_bound(void)
{
	struct nsu_ctx_options opts = NSU_CTX_OPTIONS_INIT;
	struct kid kid;
	uintmax_t uts;
	const char *file = "/tmp/netns/nsutil-blue";
	int r = box_map();

	if (r < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0)
		return r < 0 ? r : -errno;
	if (mkdir("/tmp/netns", 0755) < 0 || mknod(file, S_IFREG | 0644, 0) < 0 ||
	    kid_start(&kid, CLONE_NEWUTS, NULL) < 0)
		return -errno;
	uts = link_inode(kid.pid, "uts");
	r = mount(fmt("/proc/%d/ns/uts", kid.pid), file, NULL, MS_BIND, NULL);
	kid_end(&kid);
	if (r < 0 || mount("/tmp", "/run", NULL, MS_BIND | MS_REC, NULL) < 0)
		return -errno;
	nsu_ctx_free(ctx);
	if (nsu_ctx_new(&opts, &ctx) < 0)
		return 1;
	if (open_word(fmt("uts:%ju", uts), NSU_UTS, uts))
		return 2;
	if (open_word(fmt("%ju", uts), NSU_UTS, uts) ||
	    type_of(fmt("%ju", uts)) != NSU_UTS)
		return 3;
	if (open_word(file, NSU_UTS, uts) ||
	    open_word("netns:nsutil-blue", NSU_UTS, uts) ||
	    open_word("nsutil-blue", NSU_UTS, uts))
		return 4;
	return type_of("netns:nsutil-blue") == NSU_UTS ? 0 : 5;
}

static void test_bound(void)
{
	struct kid kid;
	int r = box_start_as(&kid, CLONE_NEWNS, check_bound);

	if (r < 0) {
		skip("kept by a mount", fmt("clone, mount: %s", strerror(-r)));
		return;
	}
	is_int(kid.said, 0, "kept by a mount, and by its name: the check that fails");
	kid_end(&kid);
}

static void test_ended(void)
{
	struct nsi_hold hold = { .dir = -1, .pidfd = -1 };
	struct nsu_target *target = NULL, *inner = NULL;
	siginfo_t info;
	struct kid kid;
	int fd = -1;

	if (kid_start(&kid, 0, NULL) < 0)
		return;
	nsu_target_new(ctx, fmt("%d", kid.pid), &target);
	nsu_target_new(ctx, fmt("%d@%d", kid.pid, kid.pid), &inner);
	is_int(nsi_target_hold(target, &hold), 0, "ended: not yet");
	is_int(nsi_hold_check_alive(&hold), 0, "ended: it lives");
	close(kid.hold);
	kill(kid.pid, SIGKILL);
	waitid(P_PID, kid.pid, &info, WEXITED | WNOWAIT);
	is_int(nsi_hold_check(&hold), 0, "ended: a zombie keeps its number");
	is_int(nsi_hold_check_alive(&hold), -ESRCH, "ended: but does not live");
	close(hold.pidfd);
	hold.pidfd = -1;
	is_int(nsi_hold_check_alive(&hold), -ESRCH, "ended: nor without a pidfd");
	waitpid(kid.pid, NULL, 0);
	is_int(nsi_hold_check(&hold), -ESRCH, "ended: and reaped");
	is_int(nsi_hold_check_alive(&hold), -ESRCH, "ended: anyway");
	nsi_hold_close(&hold);
	is_int(nsi_target_hold(target, &hold), -ESRCH, "ended: held no more");
	is_int(nsi_target_open_ns(target, NSU_NET, &fd), -ESRCH, "ended: nor opened");
	is_int(nsi_target_hold(inner, &hold), -ESRCH, "ended: WORD of 7@WORD");
	ok(hold.dir == -1 && hold.pidfd == -1 && fd == -1, "ended: results untouched");
	nsu_target_free(target);
	nsu_target_free(inner);
}

/* Kernels without pidfds. */
static void test_without(void)
{
	struct nsu_ctx_options opts = NSU_CTX_OPTIONS_INIT;
	struct nsu_ctx *ours = ctx;
	bool has_pidfd = true;

	opts.disable = "pidfd";
	ctx = NULL;
	is_int(nsu_ctx_new(&opts, &ctx), 0, "without pidfds");
	is_int(hold_word("self", &has_pidfd), getpid(), "without: held");
	ok(!has_pidfd, "without: by the directory alone");
	nsu_ctx_free(ctx);
	ctx = ours;
}

int main(void)
{
	struct kid kid;
	int before, r;

	if (nsu_ctx_new(NULL, &ctx) == 0 && !nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	nsu_ctx_probe(ctx);
	before = count_fds();
	r = box_start(&kid, BOX);
	if (r < 0) {
		skip("a box", fmt("clone: %s", strerror(-r)));
	} else {
		test_processes(&kid);
		test_namespaces(&kid);
		kid_end(&kid);
	}
	test_parent();
	test_owner();
	test_heir();
	test_bound();
	test_ended();
	test_without();
	is_int(count_fds(), before, "no descriptor was left open");
	nsu_ctx_free(ctx);
	return done();
}
