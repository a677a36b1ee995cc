/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions that read when they are called: NULL, other types, plain files, what is gone;
   and each struct in sizes of other releases. */
#include "proctree.h"
#include "box.h"

#define ANY NSU_TYPE_COUNT	/* it takes all types */

static int open_ns(const struct nsu_ns *ns)
{
	int fd = nsu_ns_open(ns);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static int read_uts(const struct nsu_ns *ns)
{
	struct nsu_uts uts = NSU_UTS_INIT;

	return nsu_ns_read_uts(ns, &uts);
}

static int read_ipc(const struct nsu_ns *ns)
{
	struct nsu_ipc ipc = NSU_IPC_INIT;

	return nsu_ns_read_ipc(ns, &ipc);
}

static int read_clocks(const struct nsu_ns *ns)
{
	struct nsu_clocks clocks = NSU_CLOCKS_INIT;

	return nsu_ns_read_clocks(ns, &clocks);
}

static int read_root(const struct nsu_ns *ns)
{
	char *root = NULL;
	int r = nsu_ns_read_cgroup_root(ns, &root);

	free(root);
	return r;
}

static int read_mounts(const struct nsu_ns *ns)
{
	struct nsu_mounts *mounts = NULL;
	int r = nsu_mounts_new(ns, &mounts);

	nsu_mounts_free(mounts);
	return r;
}

static int read_net(const struct nsu_ns *ns)
{
	struct nsu_net *net = NULL;
	int r = nsu_net_new(ns, NSU_NET_LINKS, &net);

	nsu_net_free(net);
	return r;
}

static int read_nsid(const struct nsu_ns *ns)
{
	int nsid, r = nsu_ns_read_nsid(ns, &nsid);

	return r == -ENOENT ? 0 : r;	/* it has none */
}

static const struct {
	const char *name;
	int (*read)(const struct nsu_ns *ns);
	unsigned type;
} facts[] = {
	{ "open", open_ns, ANY },
	{ "uts", read_uts, NSU_UTS },
	{ "ipc", read_ipc, NSU_IPC },
	{ "clocks", read_clocks, NSU_TIME },
	{ "cgroup root", read_root, NSU_CGROUP },
	{ "mounts", read_mounts, NSU_MNT },
	{ "net", read_net, NSU_NET },
	{ "nsid", read_nsid, NSU_NET },
};

/* Each fact of each namespace of a task; what else than fits has is -EMEDIUMTYPE. */
static void check_facts(const struct nsu_task *task, int expected, const char *of)
{
	const struct nsu_ns *ns;

	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
			bool fits = facts[i].type == ANY || facts[i].type == type;

			if (nsu_task_get_ns(task, type, &ns) == 0)
				is_int(facts[i].read(ns),
				       fits ? expected : -EMEDIUMTYPE, "%s", of);
		}
}

static void check_null(const struct nsu_ns *ns)
{
	struct nsu_net *net;

	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		is_int(facts[i].read(NULL), -EINVAL, "%s", facts[i].name);
	is_int(nsu_ns_read_uts(ns, NULL), -EINVAL, "uts: nowhere to");
	is_int(nsu_ns_read_ipc(ns, NULL), -EINVAL, "ipc: nowhere to");
	is_int(nsu_ns_read_clocks(ns, NULL), -EINVAL, "clocks: nowhere to");
	is_int(nsu_ns_read_cgroup_root(ns, NULL), -EINVAL, "root: nowhere to");
	is_int(nsu_mounts_new(ns, NULL), -EINVAL, "mounts: nowhere to");
	is_int(nsu_net_new(ns, NSU_NET_LINKS, NULL), -EINVAL, "net: nowhere to");
	is_int(nsu_net_new(ns, 0, &net), -EINVAL, "net: nothing of it");
	is_int(nsu_net_new(ns, 1u << 5, &net), -EINVAL, "net: no such part");
	is_int(nsu_ns_read_nsid(ns, NULL), -EINVAL, "nsid: nowhere to");
}

static void check_nothing(void)
{
	struct nsu_holder holder = NSU_HOLDER_INIT;

	is_int(nsu_ns_count_holders(NULL), 0, "holders of none");
	is_int(nsu_ns_get_holder(NULL, 0, &holder), -EINVAL, "one of them");
	ok(!nsu_holder_get_name(-1) && !nsu_holder_get_name(NSU_HOLDER_COUNT),
	   "no such kind");
	ok(!nsu_mounts_count(NULL) && !nsu_mounts_get(NULL, 0), "no mounts");
	ok(!nsu_uses_count(NULL) && !nsu_uses_get(NULL, 0), "no uses");
	ok(!nsu_net_count_links(NULL) && !nsu_net_get_link(NULL, 0), "no links");
	ok(!nsu_net_count_addresses(NULL) && !nsu_net_get_address(NULL, 0),
	   "no addresses");
	ok(!nsu_net_count_routes(NULL) && !nsu_net_get_route(NULL, 0), "no routes");
	ok(!nsu_net_count_listeners(NULL) && !nsu_net_get_listener(NULL, 0),
	   "no listeners");
	ok(!nsu_net_count_nsids(NULL) && !nsu_net_get_nsid(NULL, 0), "no numbers");
	ok(!nsu_matches_count(NULL) && !nsu_matches_get(NULL, 0), "no matches");
	ok(!nsu_wiring_count_owners(NULL, 1) && !nsu_wiring_get_owner(NULL, 1, 0),
	   "no owners");
	ok(!nsu_container_text_get_name(-1) &&
	   !nsu_container_text_get_name(NSU_CONTAINER_TEXTS), "no such text");
	ok(!nsu_place_get_name(-1) && !nsu_place_get_name(NSU_PLACES), "no such place");
	nsu_matches_free(NULL);
	nsu_wiring_free(NULL);
	nsu_mounts_free(NULL);
	nsu_uses_free(NULL);
	nsu_net_free(NULL);
}

/* A struct of release 0.1 goes on being filled in when ours has grown, one of a release
   to come as far as we know it, and one that is smaller than ever is refused. */
#define CHECK_SIZES(type, init, last, call) do { \
		struct { struct type ours; long later; } s; \
		s.ours = (struct type)init; \
		s.later = 7; \
		s.ours.size = offsetof(struct type, last) + sizeof(s.ours.last); \
		is_int(call, 0, #type " of release 0.1"); \
		is_int(s.later, 7, "nothing behind it is touched"); \
		s.ours.size = sizeof(s); \
		is_int(call, 0, #type " of a later one"); \
		ok(s.ours.size == sizeof(s) && !s.later, "what we do not know is 0"); \
		s.ours.size = offsetof(struct type, last); \
		is_int(call, -EINVAL, #type " smaller than ever"); \
	} while (0)

static void check_sizes(const struct nsu_task *task)
{
	struct nsu_cgroup usage = NSU_CGROUP_INIT;
	const struct nsu_ns *ns[NSU_TYPE_COUNT];

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (nsu_task_get_ns(task, type, &ns[type]) < 0) {
			skip("sizes", "this kernel lacks a type");
			return;
		}
	CHECK_SIZES(nsu_uts, NSU_UTS_INIT, domainname,
		    nsu_ns_read_uts(ns[NSU_UTS], &s.ours));
	CHECK_SIZES(nsu_ipc, NSU_IPC_INIT, max_posix_queues,
		    nsu_ns_read_ipc(ns[NSU_IPC], &s.ours));
	CHECK_SIZES(nsu_clocks, NSU_CLOCKS_INIT, boottime,
		    nsu_ns_read_clocks(ns[NSU_TIME], &s.ours));
	CHECK_SIZES(nsu_holder, NSU_HOLDER_INIT, path,
		    nsu_ns_get_holder(ns[NSU_USER], 0, &s.ours));
	CHECK_SIZES(nsu_confinement, NSU_CONFINEMENT_INIT, hard,
		    nsu_task_read_confinement(task, &s.ours));
	CHECK_SIZES(nsu_file, NSU_FILE_INIT, minor, nsu_file_read("/", &s.ours));
	if (nsu_task_read_cgroup_usage(task, &usage) == 0)
		CHECK_SIZES(nsu_cgroup, NSU_CGROUP_INIT, frozen,
			    nsu_task_read_cgroup_usage(task, &s.ours));
	else
		skip("size of nsu_cgroup", "no cgroups are mounted here");
}

static const struct nsu_task *find(const struct nsu_snapshot *snap, pid_t pid)
{
	const struct nsu_task *task = NULL;

	nsu_snapshot_find_task(snap, pid, &task);
	return task;
}

static struct nsu_snapshot *scan(pid_t pid)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	struct nsu_snapshot *snap = NULL;

	opts.pids = &pid;
	opts.pid_count = 1;
	is_int(nsu_snapshot_new(ctx, &opts, &snap), 0, "a scan");
	return snap;
}

static void test_own(void)
{
	struct nsu_snapshot *snap = scan(getpid());
	const struct nsu_task *task = find(snap, getpid());
	const struct nsu_ns *ns;

	if (!task || nsu_task_get_ns(task, NSU_NET, &ns) < 0)
		return;
	check_null(ns);
	check_nothing();
	check_sizes(task);
	nsu_snapshot_free(snap);
}

/* A picture outlives what it shows. */
static void test_gone(void)
{
	struct nsu_snapshot *snap;
	struct kid kid;

	if (box_start(&kid, CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
		      CLONE_NEWPID | CLONE_NEWCGROUP) < 0) {
		skip("namespaces that are gone", "no user namespaces");
		return;
	}
	snap = scan(kid.pid);
	kid_end(&kid);
	if (snap && find(snap, kid.pid)) {
		const struct nsu_ns *ns = NULL;

		for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
			unsigned type = facts[i].type == ANY ? NSU_UTS : facts[i].type;

			if (type != NSU_TIME &&
			    nsu_task_get_ns(find(snap, kid.pid), type, &ns) == 0)
				is_int(facts[i].read(ns), -ESRCH,
				       "%s: gone", facts[i].name);
		}
	}
	nsu_snapshot_free(snap);
}

static void test_plain(void)
{
	struct nsu_ctx_options opts = NSU_CTX_OPTIONS_INIT;
	struct nsu_cgroup usage = NSU_CGROUP_INIT;
	struct nsu_snapshot *snap = NULL;
	struct nsu_uses *uses = NULL;
	struct nsu_ctx *plain = NULL;

	tree_begin();
	tree_process(1, 0, 0);
	opts.proc_fd = tree_fd;
	is_int(nsu_ctx_new(&opts, &plain), 0, "a tree of plain files");
	is_int(nsu_snapshot_new(plain, NULL, &snap), 0, "its picture");
	check_facts(find(snap, 1), -EOPNOTSUPP, "of plain files");
	is_int(nsu_uses_new(find(snap, 1), NSU_USES_FILES, &uses), -ESRCH,
	       "their uses");
	ok(nsu_task_read_cgroup_usage(find(snap, 1), &usage) < 0, "their cgroup");
	nsu_snapshot_free(snap);
	nsu_ctx_free(plain);
	tree_end();
}

int main(void)
{
	int before = count_fds();

	if (nsu_ctx_new(NULL, &ctx) < 0)
		skip_all("no procfs");
	test_own();
	test_gone();
	test_plain();
	nsu_ctx_free(ctx);
	is_int(count_fds(), before, "no descriptor is left");
	return done();
}
