/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who started a container, on fixture trees: every supervisor there is, and impostors. */
#include <inttypes.h>
#include "container.h"
#include "proctree.h"

#define OWN(type) (1u << NSU_##type)
#define CONTAINER (OWN(MNT) | OWN(UTS) | OWN(IPC) | OWN(NET) | OWN(PID))
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static struct nsu_ctx *ctx;
static struct nsu_snapshot *snap;
static struct nsi_found found;
static char *buf;

/* A process that began at 1000 + its number. */
static void process(pid_t pid, pid_t ppid, const char *comm, unsigned own,
		    uint64_t number)
{
	char text[256], numbers[32];

	tree_process(pid, own, number);
	snprintf(text, sizeof(text), "%d (%s) S %d 0 0 0 -1 4194560 0 0 0 0 0 0 0 0 20 "
		 "0 1 0 %d 0 0\n", pid, comm, ppid, 1000 + pid);
	tree_file(text, "%d/stat", pid);
	snprintf(numbers, sizeof(numbers), own & OWN(PID) ? "%d\t1" : "%d", pid);
	snprintf(text, sizeof(text), "Name:\t%s\nTgid:\t%d\nUid:\t0\t0\t0\t0\n"
		 "NSpid:\t%s\n", comm, pid, numbers);
	tree_file(text, "%d/status", pid);
	tree_file("0::/\n", "%d/cgroup", pid);
}

static void set_uid(pid_t pid, unsigned uid)
{
	char text[128];

	snprintf(text, sizeof(text), "Name:\tx\nUid:\t%u\t0\t0\t0\nNSpid:\t%d\n",
		 uid, pid);
	tree_file(text, "%d/status", pid);
}

/* Its arguments are separated by |. */
static void arguments(pid_t pid, const char *text, const char *exe)
{
	char *copy = strdup(text), path[32];
	size_t len = strlen(text);
	int fd;

	for (size_t i = 0; i < len; i++)
		copy[i] = copy[i] == '|' ? '\0' : copy[i];
	snprintf(path, sizeof(path), "%d/cmdline", pid);
	fd = openat(tree_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, copy, len + 1) < 0)
		diag("%s: %s", path, strerror(errno));
	close(fd);
	free(copy);
	if (exe)
		tree_link(exe, "%d/exe", pid);
}

static void begin(void)
{
	tree_begin();
	process(1, 0, "init", 0, 0);
	arguments(1, "/sbin/init", "/sbin/init");
}

static int find(pid_t pid)
{
	const struct nsu_task *task = NULL;
	struct nsi_naming naming = { 0 };
	int r;

	free(buf);
	buf = NULL;
	nsu_snapshot_free(snap);
	nsu_ctx_free(ctx);
	snap = tree_scan_with(TREE_PARTS, 0, NULL, &ctx);
	found = (struct nsi_found){ 0 };
	is_int(nsu_snapshot_find_task(snap, pid, &task), 0, "process %d is there", pid);
	naming = (struct nsi_naming){ .ctx = ctx, .snap = snap };
	r = nsi_supervisor_find(&naming, task, &found, &buf);
	if (r < 0)
		ok(!buf && !found.engine, "nothing is told of it");
	return r;
}

static void end(void)
{
	free(buf);
	buf = NULL;
	nsu_snapshot_free(snap);
	nsu_ctx_free(ctx);
	snap = NULL;
	ctx = NULL;
}

#define CONMON "/usr/bin/conmon|--api-version|1|-c|" ID "|-u|" ID "|-r|/usr/bin/crun|" \
	"-b|/b/userdata|-p|/b/pid|-n|web|--exit-dir|/run/libpod/exits|--exit-command|" \
	"/usr/bin/podman|--exit-command-arg|-n|--exit-command-arg|x"
#define SHIM "/usr/bin/containerd-shim-runc-v2|-namespace|"

static const struct {
	const char *comm, *exe, *args;
	const char *engine, *id, *name, *runtime, *directory;
} rows[] = {
	{ "conmon", "/usr/bin/conmon",
	  CONMON,
	  "podman", ID, "web", "crun", "/b/userdata" },
	{ "conmon", "/usr/bin/conmon (deleted)",
	  "conmon|--cid=" ID "|--name=web",
	  "podman", ID, "web", NULL, NULL },
	{ "conmon", NULL,
	  "conmon|-c|" ID "|-n|k8s_a_b_c_d_0|--exit-dir|/run/crio/exits",
	  "cri-o", ID, NULL, NULL, NULL },
	{ "containerd-shim", "/usr/bin/containerd-shim-runc-v2",
	  SHIM "moby|-id|" ID "|-address|/run/docker/containerd/containerd.sock",
	  "docker", ID, NULL, "runc", NULL },
	{ "containerd-shim", NULL,
	  SHIM "default|-id|my-box",
	  "containerd", "my-box", NULL, "runc", NULL },
	{ "containerd-shim", NULL,
	  "containerd-shim|-namespace|moby|-workdir|/var/lib/containerd/moby/" ID,
	  "docker", ID, NULL, NULL, NULL },
	{ "lxc-start", "/usr/bin/lxc-start",
	  "[lxc monitor] /var/lib/lxc web",
	  "lxc", "web", "web", NULL, "/var/lib/lxc" },
	{ "lxc-start", NULL,
	  "[lxc monitor] /srv/my boxes web",
	  "lxc", "web", "web", NULL, "/srv/my boxes" },
	{ "lxc-start", NULL,
	  "/usr/bin/lxc-start|-F|-n|100",
	  "lxc", "100", "100", NULL, NULL },
	{ "incusd", NULL,
	  "[lxc monitor] /var/lib/incus/containers shop_web",
	  "incus", "shop_web", "web", NULL, "/var/lib/incus/containers" },
	{ "lxd", NULL,
	  "[lxc monitor] /var/snap/lxd/common/lxd/containers web",
	  "lxd", "web", "web", NULL, "/var/snap/lxd/common/lxd/containers" },
	{ "systemd-nspawn", "/usr/bin/systemd-nspawn",
	  "systemd-nspawn|-q|-D|/srv/d|-M|box|/bin/sh|-M|other",
	  "nspawn", "box", "box", NULL, "/srv/d" },
	{ "systemd-nspawn", NULL,
	  "systemd-nspawn|--boot|--machine=box",
	  "nspawn", "box", "box", NULL, NULL },
	{ "systemd-nspawn", NULL,
	  "systemd-nspawn|-D|/srv/debian",
	  "nspawn", "debian", "debian", NULL, "/srv/debian" },
	{ "libvirt_lxc", NULL,
	  "/usr/lib/libvirt/libvirt_lxc|--name|box|--console|23",
	  "libvirt", "box", "box", NULL, NULL },
	{ "firejail", NULL,
	  "firejail|--noprofile|--name=web|--|sleep|--name=x",
	  "firejail", "20", "web", NULL, NULL },
	{ "firejail", NULL,
	  "firejail|--|sleep|--name=x",
	  "firejail", "20", NULL, NULL, NULL },
	{ "bwrap", "/usr/bin/bwrap",
	  "bwrap|--unshare-all|sh",
	  "bwrap", NULL, NULL, NULL, NULL },
	{ "flatpak-bwrap", NULL,
	  "/usr/libexec/flatpak-bwrap|--args|40|x",
	  "flatpak", NULL, NULL, NULL, NULL },
};

static void test_rows(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin();
		process(20, 1, rows[i].comm, 0, 0);
		arguments(20, rows[i].args, rows[i].exe);
		set_uid(20, 1000);
		process(30, 20, "sh", CONTAINER, 5000);
		process(40, 30, "sh", CONTAINER | OWN(USER), 6000);
		diag("%s", rows[i].args);
		is_int(find(40), 0, "a supervisor two levels up");
		if (!found.engine)
			continue;
		is_str(found.engine->name, rows[i].engine, "its engine");
		is_str(found.id, rows[i].id, "its id");
		is_str(found.name, rows[i].name, "its name");
		is_str(found.runtime, rows[i].runtime, "its runtime");
		is_str(found.directory, rows[i].directory, "its directory");
		is_int(found.init, 30, "the first process is that below the supervisor");
		is_int(found.start, 1030, "and began then");
		is_str(found.source, "command line of 20", "who said so");
		ok(found.has_uid && found.uid == 1000, "in whose name");
	}
}

static void test_gvisor(void)
{
	begin();
	process(20, 1, "exe", CONTAINER & ~OWN(PID), 5000);
	arguments(20, "runsc-sandbox|--root=/run/runsc|--log-fd=3|boot|--cpu-num=2|box",
		  "/usr/local/bin/runsc");
	is_int(find(20), 0, "gVisor's kernel is the container");
	is_str(found.engine ? found.engine->name : NULL, "gvisor", "its engine");
	is_str(found.id, "box", "its id");
	is_str(found.directory, "/run/runsc", "its root");
	is_int(found.init, 20, "nothing else of it is a process");
	tree_link("/usr/bin/perl", "20/exe");
	is_int(find(20), -ENOENT, "another program of that name");
}

/* Of a pod's containers the shim has one id only: the sandbox's. */
static void test_pod(void)
{
	begin();
	process(20, 1, "containerd-shim", 0, 0);
	arguments(20, SHIM "k8s.io|-id|" ID "|-address|/run/containerd/containerd.sock",
		  NULL);
	process(30, 20, "app", CONTAINER, 5000);
	is_int(find(30), -ENOENT, "a container of a pod without a cgroup");
	tree_file("1:name=systemd:/\n0::/k8s.io/" OTHER "\n", "30/cgroup");
	is_int(find(30), 0, "one with a cgroup");
	is_str(found.engine ? found.engine->name : NULL, "kubernetes", "its engine");
	is_str(found.id, OTHER, "its own id");
}

static const struct {
	const char *comm, *exe, *args, *why;
} nobody[] = {
	{ "bash", NULL, CONMON, "arguments without the name" },
	{ "conmon", "/usr/bin/perl", CONMON, "a name without the program" },
	{ "conmon", "/usr/bin/conmonster", CONMON, "a longer name" },
	{ "conmon", NULL, "conmon|-c|web|-n|web", "no id" },
	{ "conmon", NULL, "conmon|-c|" ID "0|-n|web", "too long an id" },
	{ "conmon", NULL, "conmon|--|-c|" ID, "an id for another program" },
	{ "conmon", NULL, "conmon|-c", "an option without its value" },
	{ "containerd-shim", NULL, SHIM "moby|-id|web", "Docker's ids are long" },
	{ "containerd-shim", NULL, SHIM "default|-id|../../etc", "a way out" },
	{ "containerd-shim", NULL, SHIM "default|-id|..", "the directory above" },
	{ "containerd-shim", NULL, SHIM "default|-id|a\033[2J", "control bytes" },
	{ "containerd-shim", NULL, "containerd-shim|-id|" ID, "no namespace" },
	{ "lxc-start", NULL, "[lxc monitor] web", "no directory" },
	{ "lxc-start", NULL, "[lxc monitor] /var/lib/lxc ", "an empty name" },
	{ "lxc-start", NULL, "", "no arguments" },
	{ "lxc-attach", NULL, "lxc-attach|-n|web", "who visits a container" },
	{ "systemd-nspawn", NULL, "systemd-nspawn|-M|a/b", "more than a name" },
	{ "systemd-nspawn", NULL, "systemd-nspawn|-x", "no name" },
	{ "exe", NULL, "runsc-gofer|--root=/x|gofer|box", "gVisor's helper" },
};

static void test_nobody(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(nobody); i++) {
		begin();
		process(20, 1, nobody[i].comm, 0, 0);
		arguments(20, nobody[i].args, nobody[i].exe);
		process(30, 20, "sh", CONTAINER, 5000);
		is_int(find(30), -ENOENT, "nobody: %s", nobody[i].why);
	}
}

/* A user's process adopts a container of root, whose own supervisor stays the one. */
static void test_adopter(void)
{
	begin();
	process(10, 1, "lxc-start", 0, 0);
	arguments(10, "[lxc monitor] /home/eve evil", NULL);
	set_uid(10, 1000);
	process(20, 10, "conmon", 0, 0);
	arguments(20, CONMON, "/usr/bin/conmon");
	process(30, 20, "sh", CONTAINER, 5000);
	is_int(find(30), 0, "a container below two supervisors");
	is_str(found.id, ID, "it is of the one that confines it");
	is_int(found.uid, 0, "who is root");
}

/* What supervises inside of a container is that container's. */
static void test_within(void)
{
	begin();
	process(10, 1, "lxc-start", 0, 0);
	arguments(10, "[lxc monitor] /var/lib/lxc web", NULL);
	process(15, 10, "systemd", CONTAINER, 5000);
	process(20, 15, "conmon", CONTAINER, 5000);
	arguments(20, CONMON, "/usr/bin/conmon");
	process(30, 20, "sh", CONTAINER, 6000);
	is_int(find(30), 0, "a container in a container");
	is_str(found.id, "web", "the outer one is fact");
	is_int(found.init, 15, "with its first process");
	tree_file("not conmon", "10/cmdline");
	is_int(find(30), 0, "nobody knows the outer one");
	is_str(found.id, ID, "then the inner one's word is all there is");
	tree_file("0::/docker/" OTHER "\n", "20/cgroup");
	is_int(find(30), -ENOENT, "but not from a container's cgroup");
}

/* Supervised, but confined in nothing. */
static void test_unconfined(void)
{
	begin();
	process(20, 1, "conmon", 0, 0);
	arguments(20, CONMON, NULL);
	process(30, 20, "sh", OWN(UTS) | OWN(IPC), 5000);
	is_int(find(30), -ENOENT, "namespaces that confine nobody");
	process(30, 20, "sh", OWN(MNT), 5000);
	is_int(find(30), 0, "one that does");
}

/* What may not be read cannot be made for root; what is no link cannot be read either. */
static void hide(pid_t pid, const char *type)
{
	char path[32];

	snprintf(path, sizeof(path), "%d/ns/%s", pid, type);
	unlinkat(tree_fd, path, 0);
	tree_file("", "%s", path);
}

/* Links are read by root only; the numbers in pid namespaces are not. */
static void test_unprivileged(void)
{
	begin();
	process(20, 1, "conmon", 0, 0);
	arguments(20, CONMON, NULL);
	process(30, 20, "sh", CONTAINER, 5000);
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		hide(30, nsu_type_get_name(type));
	is_int(find(30), 0, "by the numbers alone");
	is_str(found.id, ID, "its id");
	tree_file("Name:\tsh\nTgid:\t30\nUid:\t0\t0\t0\t0\nNSpid:\t30\n", "30/status");
	is_int(find(30), -ENOENT, "numbers that tell nothing");
}

/* The numbers of processes that end are given again while we read. */
static void test_odd_chains(void)
{
	begin();
	for (pid_t pid = 20; pid < 400; pid++)
		process(pid, pid == 20 ? 1 : pid - 1, "conmon", 0, 0);
	arguments(399, CONMON, NULL);
	process(400, 399, "sh", CONTAINER, 5000);
	is_int(find(400), -ENOENT, "too many ancestors");
	begin();
	process(20, 21, "sh", CONTAINER, 5000);
	process(21, 20, "sh", 0, 0);
	is_int(find(20), -ENOENT, "a circle");
	begin();
	process(20, 99, "sh", CONTAINER, 5000);
	is_int(find(20), -ENOENT, "a parent that has gone");
	tree_file("garbage", "20/stat");
	is_int(find(20), -ENOENT, "a stat file that is none");
	unlinkat(tree_fd, "20/stat", 0);
	is_int(find(20), -ESRCH, "a process that has gone");
}

#define MOUNT(root, point) "9 8 0:1 " root " " point " rw - ext4 /dev/vda rw\n"

static void test_mounts(void)
{
	begin();
	process(30, 1, "sh", CONTAINER, 5000);
	tree_file(MOUNT("/", "/") MOUNT("/lib/docker/containers/" ID "/hostname",
					"/etc/hostname"), "30/mountinfo");
	is_int(find(30), 0, "Docker's files, when its shim has died");
	is_str(found.engine ? found.engine->name : NULL, "docker", "its engine");
	is_str(found.id, ID, "its id");
	ok(found.has_uid && !found.uid, "root mounted them");
	is_str(found.source, "mountinfo", "what tells");
	process(31, 1, "sh", CONTAINER, 5000);
	tree_link("mnt:[7777]", "31/ns/mnt");
	tree_link("mnt:[7777]", "31/task/31/ns/mnt");
	is_int(find(30), -ENOENT, "two share a network: the files are of either");
	tree_file(MOUNT("/containers/overlay-containers/" ID "/userdata/.containerenv",
			"/run/.containerenv"), "30/mountinfo");
	is_int(find(30), 0, "Podman's file is the container's own");
	is_str(found.engine ? found.engine->name : NULL, "podman", "its engine");
	is_str(found.id, ID, "its id");
	tree_link("user:[8888]", "30/ns/user");
	tree_link("user:[8888]", "30/task/30/ns/user");
	is_int(find(30), -ENOENT, "nobody knows who mounted it");
}

static const char *const strange[] = {
	"", "garbage", MOUNT("/" ID "/hostname", "/etc/hostname"),
	MOUNT("/containers/" ID, "/etc/hostname"), MOUNT("/hostname", "/etc/hostname"),
	MOUNT("/containers/0" ID "/hostname", "/etc/hostname"),
	MOUNT("/overlay-containers/" ID "/userdata/hostname", "/etc/hostname"),
	MOUNT("/containers/" ID "/hostname", "/mnt/etc/hostname"),
	MOUNT("/sandboxes/" ID "/hostname", "/etc/hostname"),
	MOUNT("/.containerenv", "/run/.containerenv"),
};

static void test_strange_mounts(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(strange); i++) {
		begin();
		process(30, 1, "sh", CONTAINER, 5000);
		tree_file(strange[i], "30/mountinfo");
		is_int(find(30), -ENOENT, "no file of an engine: %s", strange[i]);
	}
}

static void test_argument(void)
{
	static const char args[] = "x\0-name\0a\0-n\0b\0--name=c\0--empty=\0--last";
	size_t length = sizeof(args);

	is_str(nsi_argument(args, length, "-n"), "b", "an argument behind its option");
	is_str(nsi_argument(args, length, "-name"), "a", "one with a single dash");
	is_str(nsi_argument(args, length, "--name"), "c", "one behind =");
	is_str(nsi_argument(args, length, "--empty"), "", "an empty one");
	is_str(nsi_argument(args, length, "--last"), NULL, "none");
	is_str(nsi_argument(args, length, "--nam"), NULL, "a part of an option");
	is_str(nsi_argument("", 0, "-n"), NULL, "no arguments at all");
}

int main(void)
{
	test_argument();
	test_rows();
	test_gvisor();
	test_pod();
	test_nobody();
	test_adopter();
	test_within();
	test_unconfined();
	test_unprivileged();
	test_odd_chains();
	test_mounts();
	test_strange_mounts();
	end();
	return done();
}
