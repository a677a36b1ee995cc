/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The child that makes namespaces: it leaves the caller's one by one, so that it is known
   which could not be made. Async-signal-safe. */
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include "courier.h"
#include "pin-make.h"
#include "plan.h"
#include "uapi.h"

struct maker {
	const struct nsi_order *order;
	const struct nsu_pin_options *opts;
	int fd, self;		/* self: its directory in the procfs */
	struct nsi_told why;
};

static int fail(struct maker *maker, enum nsu_pin_step step, int type, int error)
{
	maker->why.step = step;
	maker->why.type = type;
	maker->why.error = error;
	return error;
}

static bool is_asked(const struct maker *maker, enum nsu_type type)
{
	return maker->opts->types >> type & 1;
}

static int leave(struct maker *maker, enum nsu_type type)
{
	int r;

	if (!is_asked(maker, type) || !unshare(nsu_type_get_info(type)->clone_flag))
		return 0;
	r = nsi_errno();
	/* One flag, and the only thread: this kernel has no such namespaces. */
	return fail(maker, NSU_PIN_STEP_UNSHARE, type, r == -EINVAL ? -EOPNOTSUPP : r);
}

/* Only the caller may say whom they map; it is told whose maps. */
static int get_maps(struct maker *maker)
{
	const struct nsi_told told = { .kind = NSI_TOLD_MAPS, .type = -1 };
	char answer;
	ssize_t n;
	int r;

	if (!is_asked(maker, NSU_USER) || maker->opts->map == NSU_PIN_MAP_NONE)
		return 0;
	r = nsi_courier_send(maker->fd, &told, sizeof(told), &maker->self, 1);
	if (r < 0)
		return fail(maker, NSU_PIN_STEP_MAP, -1, r);
	do
		n = read(maker->fd, &answer, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : fail(maker, NSU_PIN_STEP_MAP, -1, -ESRCH);
}

/* The number that decides who may be pinned from where; 0: this kernel does not tell. */
static uint64_t mntns_id(const struct maker *maker)
{
	nsi_autoclose int ns = openat(maker->self, "ns/mnt", O_RDONLY | O_CLOEXEC);
	uint64_t id;

	return ns < 0 || ioctl(ns, NS_GET_MNTNS_ID, &id) < 0 ? 0 : id;
}

#define CPU_WORDS (8192 / (8 * sizeof(unsigned long)))

/* Linux 6.18 gives each CPU numbers in advance, so that a later mount namespace may have
   a lower one, and takes the order for that of their age. On some CPU it is right: there
   at least where the caller's was made. */
static void put_in_order(struct maker *maker, uint64_t before)
{
	const size_t bits = 8 * sizeof(unsigned long);
	unsigned long may[CPU_WORDS] = { 0 }, one[CPU_WORDS];
	long size = syscall(SYS_sched_getaffinity, 0, sizeof(may), may);
	bool ordered = false;

	for (size_t cpu = 0; size > 0 && cpu < size * 8ul && !ordered; cpu++) {
		if (!(may[cpu / bits] >> cpu % bits & 1))
			continue;
		memset(one, 0, sizeof(one));
		one[cpu / bits] = 1ul << cpu % bits;
		if (syscall(SYS_sched_setaffinity, 0, size, one) < 0)
			continue;
		ordered = unshare(CLONE_NEWNS) < 0 || mntns_id(maker) > before;
	}
	if (size > 0)
		syscall(SYS_sched_setaffinity, 0, size, may);
}

static int leave_mounts(struct maker *maker)
{
	uint64_t before = mntns_id(maker), after;
	int r = leave(maker, NSU_MNT);

	if (r < 0 || !is_asked(maker, NSU_MNT))
		return r;
	after = mntns_id(maker);
	if (before && after && after <= before)
		put_in_order(maker, before);
	return 0;
}

/* Of those that are not entered yet. Now, since the file is the caller's until this
   process becomes another's. */
static int set_clocks(struct maker *maker)
{
	static const char *const paths[] = { "timens_offsets", "../../timens_offsets" };
	const char *text = maker->order->offsets;
	nsi_autoclose int fd = -1;
	int r = 0;

	if (!*text)
		return 0;
	/* The second: seen by way of its thread. */
	for (size_t i = 0; i < ARRAY_SIZE(paths) && fd < 0; i++) {
		fd = openat(maker->self, paths[i], O_WRONLY | O_CLOEXEC);
		r = fd < 0 ? nsi_errno() : 0;
	}
	if (!r && write(fd, text, strlen(text)) < 0)
		r = nsi_errno();
	return r < 0 ? fail(maker, NSU_PIN_STEP_CLOCKS, NSU_TIME, r) : 0;
}

/* Where there is one: so that what is made inside belongs to it, and its init too. */
static int become_root(struct maker *maker)
{
	int r = 0;

	if (!is_asked(maker, NSU_USER) || maker->opts->map == NSU_PIN_MAP_NONE)
		return 0;
	/* EPERM: the map of groups had to do without. EINVAL: 0 is not mapped. */
	if (syscall(SYS_setgroups, 0, NULL) < 0 && errno != EPERM)
		r = nsi_errno();
	if (!r && syscall(SYS_setresgid, 0, 0, 0) < 0 && errno != EINVAL)
		r = nsi_errno();
	if (!r && syscall(SYS_setresuid, 0, 0, 0) < 0 && errno != EINVAL)
		r = nsi_errno();
	/* It is lost with the ids. */
	if (!r && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		r = nsi_errno();
	return r < 0 ? fail(maker, NSU_PIN_STEP_MAP, -1, r) : 0;
}

static int set_hostname(struct maker *maker)
{
	const char *name = maker->opts->hostname;

	if (!name || sethostname(name, strlen(name)) == 0)
		return 0;
	return fail(maker, NSU_PIN_STEP_HOSTNAME, NSU_UTS, nsi_errno());
}

/* Of any family: there may be none of internet sockets. */
static int set_loopback(struct maker *maker)
{
	struct ifreq request = { .ifr_name = "lo" };
	nsi_autoclose int fd = -1;
	int r = 0;

	if (!maker->opts->loopback)
		return 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		r = nsi_errno();
	request.ifr_flags |= IFF_UP;
	if (!r && ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		r = nsi_errno();
	return r < 0 ? fail(maker, NSU_PIN_STEP_LOOPBACK, NSU_NET, r) : 0;
}

static int set_propagation(struct maker *maker)
{
	static const unsigned long flags[] = {
		[NSU_PIN_SLAVE] = MS_SLAVE, [NSU_PIN_PRIVATE] = MS_PRIVATE,
		[NSU_PIN_SHARED] = MS_SHARED, [NSU_PIN_UNCHANGED] = 0,
	};
	unsigned long flag = flags[maker->opts->propagation];

	if (!is_asked(maker, NSU_MNT) || !flag ||
	    mount(NULL, "/", NULL, MS_REC | flag, NULL) == 0)
		return 0;
	return fail(maker, NSU_PIN_STEP_MOUNTS, NSU_MNT, nsi_errno());
}

/* No child of the caller's, who would have to wait for it some day. */
static int start_init(struct maker *maker)
{
	struct nsi_told told = { .kind = NSI_TOLD_INIT, .type = NSU_PID };
	int r;

	if (!is_asked(maker, NSU_PID))
		return 0;
	told.pid = syscall(SYS_clone, 0, 0, 0, 0, 0);
	if (told.pid == 0) {
		close(maker->fd);
		nsi_init_live(maker->order);
	}
	if (told.pid < 0)
		return fail(maker, NSU_PIN_STEP_INIT, NSU_PID, nsi_errno());
	/* What it hears at its end must not depend on this process. */
	close(maker->order->leash);
	r = nsi_courier_send(maker->fd, &told, sizeof(told), NULL, 0);
	if (r < 0)
		kill(told.pid, SIGKILL);
	return r < 0 ? fail(maker, NSU_PIN_STEP_INIT, NSU_PID, r) : 0;
}

static int hand_over(struct maker *maker)
{
	const struct nsi_told told = { .kind = NSI_TOLD_DONE, .type = -1 };
	int fds[NSU_TYPE_COUNT];
	size_t count = 0;
	int r;

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		const struct nsu_type_info *info = nsu_type_get_info(type);
		char path[32] = "ns/";

		if (!is_asked(maker, type))
			continue;
		strcat(path, info->for_children ? info->for_children : info->name);
		fds[count] = openat(maker->self, path, O_RDONLY | O_CLOEXEC);
		if (fds[count++] < 0)
			return fail(maker, NSU_PIN_STEP_UNSHARE, type, nsi_errno());
	}
	r = nsi_courier_send(maker->fd, &told, sizeof(told), fds, count);
	return r < 0 ? fail(maker, NSU_PIN_STEP_UNSHARE, -1, r) : 0;
}

/*
 * The user namespace first, since it owns the others; then those, with the powers that
 * its first process has, whatever its ids are; then what is done in them as root.
 */
static int make(struct maker *maker)
{
	static const enum nsu_type plain[] = { NSU_UTS, NSU_IPC, NSU_NET, NSU_CGROUP };
	static int (*const settle[])(struct maker *) = {
		set_clocks, become_root, set_hostname, set_loopback, set_propagation,
	};
	int r = leave(maker, NSU_USER);

	if (!r)
		r = get_maps(maker);
	if (!r)
		r = leave_mounts(maker);
	for (size_t i = 0; i < ARRAY_SIZE(plain) && !r; i++)
		r = leave(maker, plain[i]);
	if (!r)
		r = leave(maker, NSU_TIME);
	for (size_t i = 0; i < ARRAY_SIZE(settle) && !r; i++)
		r = settle[i](maker);
	if (!r)
		r = leave(maker, NSU_PID);
	if (!r)
		r = start_init(maker);
	return r < 0 ? r : hand_over(maker);
}

/* At the end it waits until the caller has seen the init: while its parent is here its
   number is its own. */
void nsi_maker(int fd, void *data)
{
	const struct nsi_order *order = data;
	struct maker maker = { .order = order, .opts = order->opts, .fd = fd,
			       .why = { .kind = NSI_TOLD_FAILED, .type = -1 } };
	int keep[] = { fd, order->leash, order->ctx->proc_fd };
	char end;

	/* Above all the caller's end of the leash. */
	nsi_close_except(keep, ARRAY_SIZE(keep));
	maker.self = nsi_ctx_open_self(order->ctx);
	if (maker.self < 0)
		fail(&maker, NSU_PIN_STEP_UNSHARE, -1, maker.self);
	if (maker.self < 0 || make(&maker) < 0)
		nsi_courier_send(fd, &maker.why, sizeof(maker.why), NULL, 0);
	while (read(fd, &end, 1) < 0 && errno == EINTR)
		;
}
