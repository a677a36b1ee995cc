/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What LXC, LXD, Incus, machined, libvirt, firejail and gVisor left on disk. */
#include "enginetree.h"

#define TEMPLATE "# Parameters passed to the template: "
#define word_of(pid) (of(pid) ? nsu_container_get_word(of(pid)) : NULL)

/* One string, as monitors write it. */
static void title(pid_t pid, const char *text)
{
	tree_file(text, "%d/cmdline", pid);
}

static void test_lxc(void)
{
	engines_begin();
	process(20, "lxc-start", 1, "/lxc.monitor.web");
	title(20, "[lxc monitor] /srv/boxes web");
	process(100, "init", 20, "/lxc.payload.web");
	tree_file("# Template used to create this container: lxc-download\n"
		  TEMPLATE "-d debian --release bookworm -a amd64\n"
		  "lxc.uts.name = web\n", "srv/boxes/web/config");
	process(101, "init", 1, "/lxc.payload.db");
	tree_file("lxc.uts.name = db\n", "var/lib/lxc/db/config");
	process(102, "init", 1, "/lxc.payload.none");
	process(103, "init", 1, "/lxc.payload.zero");
	tree_file(TEMPLATE "-d\n", "var/lib/lxc/zero/config");
	scan();
	is_named(100, "lxc", "web", "debian/bookworm");
	is_str(word_of(100), "lxc:web", "its word");
	is_str(text_of(100, NSU_CONTAINER_SOURCE), "/srv/boxes/web/config",
	       "by its monitor");
	is_named(101, "lxc", "db", NULL);
	is_int(error_of(101, NSU_CONTAINER_IMAGE), -ENOENT, "made without a template");
	is_str(text_of(101, NSU_CONTAINER_SOURCE), "/var/lib/lxc/db/config",
	       "where LXC has its containers");
	is_named(102, "lxc", "none", NULL);
	is_int(error_of(102, NSU_CONTAINER_IMAGE), -ENODATA, "nothing tells");
	is_named(103, "lxc", "zero", NULL);
	is_int(nsu_snapshot_count_gaps(snap), 0, "nothing is amiss");
	scan_end();
}

static void test_incus(void)
{
	engines_begin();
	process(20, "incusd", 1, "/lxc.monitor.shop_web");
	title(20, "[lxc monitor] /var/lib/incus/containers shop_web");
	process(100, "init", 20, "/lxc.payload.shop_web");
	process(21, "lxd", 1, "/lxc.monitor.db");
	title(21, "[lxc monitor] /var/snap/lxd/common/lxd/containers db");
	process(101, "init", 21, "/lxc.payload.db");
	process(22, "lxc-start", 1, "/lxc.monitor.a_b");
	title(22, "[lxc monitor] /var/lib/lxc a_b");
	process(102, "init", 22, "/lxc.payload.a_b");
	scan();
	is_named(100, "incus", "web", NULL);
	is_str(word_of(100), "incus:web", "its word");
	is_str(text_of(100, NSU_CONTAINER_ID), "shop_web", "its id");
	is_str(text_of(100, NSU_CONTAINER_PROJECT), "shop", "its project");
	is_named(101, "lxd", "db", NULL);
	is_str(text_of(101, NSU_CONTAINER_PROJECT), NULL, "in no project");
	is_named(102, "lxc", "a_b", NULL);
	scan_end();
}

/* A monitor of another user is not believed of a container of root. */
static void test_lxc_impostor(void)
{
	engines_begin();
	process(20, "incusd", 1, NULL);
	title(20, "[lxc monitor] /home/eve web");
	tree_file("Name:\tincusd\nState:\tS\nTgid:\t20\nPPid:\t1\nUid:\t1000\t0\t0\t0\n"
		  "Threads:\t1\nNSpid:\t20\n", "20/status");
	process(100, "init", 20, "/lxc.payload.web");
	tree_file(TEMPLATE "-d evil\n", "home/eve/web/config");
	scan();
	is_named(100, "lxc", "web", NULL);
	scan_end();
}

static void test_lxc_hostile(void)
{
	engines_begin();
	process(20, "lxc-start", 1, NULL);
	title(20, "[lxc monitor] /srv/../etc web");
	process(100, "init", 20, "/lxc.payload.web");
	tree_file(TEMPLATE "-d up\n", "etc/web/config");
	process(101, "init", 1, "/lxc.payload.link");
	tree_file(TEMPLATE "-d linked\n", "elsewhere/config");
	tree_link("../../../elsewhere", "var/lib/lxc/link");
	scan();
	is_named(100, "lxc", "web", NULL);
	is_int(gap_of(100), 0, "what is no path is nobody's file");
	is_named(101, "lxc", "link", NULL);
	is_int(gap_of(101), -ELOOP, "a file that could not be read");
	scan_end();
}

#define MACHINE(leader, more) "# This is private data. Do not parse.\nNAME=web\n" \
	"CLASS=container\nLEADER=" leader "\n" more

static void test_machine(void)
{
	engines_begin();
	process(100, "systemd", 1, "/machine.slice/machine-web.scope/payload/init.scope");
	tree_file(MACHINE("100", "SERVICE=systemd-nspawn\n"
			  "ROOT=/var/lib/machines/debian\n"),
		  "run/systemd/machines/web");
	process(101, "systemd", 1, "/machine.slice/machine-old.scope/payload");
	tree_file(MACHINE("4000", "ROOT=/var/lib/machines/other\n"),
		  "run/systemd/machines/old");
	process(102, "init", 1, "/machine.slice/machine-lxc\\x2d77\\x2dbox.scope");
	tree_file(MACHINE("102", "SERVICE=libvirt-lxc\n"),
		  "run/systemd/machines/lxc-77-box");
	process(20, "systemd-nspawn", 1, NULL);
	command_line(20, "systemd-nspawn -q -M bare -D /srv/d");
	process(103, "sh", 20, NULL);
	scan();
	is_named(100, "nspawn", "web", "debian");
	is_str(word_of(100), "machine:web", "its word");
	is_str(text_of(100, NSU_CONTAINER_SOURCE), "/run/systemd/machines/web",
	       "where that was read");
	is_named(101, "nspawn", "old", NULL);
	is_named(102, "libvirt", "box", NULL);
	is_str(text_of(102, NSU_CONTAINER_SOURCE), "/run/systemd/machines/lxc-77-box",
	       "by machined's name for it");
	is_named(103, "nspawn", "bare", NULL);
	is_str(text_of(103, NSU_CONTAINER_SOURCE), "command line of 20",
	       "without machined");
	scan_end();
}

static void test_firejail(void)
{
	engines_begin();
	process(20, "firejail", 1, NULL);
	command_line(20, "firejail --name=web sh");
	process(100, "firejail", 20, NULL);
	tree_file("100\n", "run/firejail/sandbox/20");
	tree_file("web-1\n", "run/firejail/name/20");
	process(21, "firejail", 1, NULL);
	command_line(21, "firejail --name=db sh");
	process(101, "firejail", 21, NULL);
	tree_file("4000\n", "run/firejail/sandbox/21");
	tree_file("old\n", "run/firejail/name/21");
	process(22, "firejail", 1, NULL);
	command_line(22, "firejail sh");
	process(102, "firejail", 22, NULL);
	scan();
	is_named(100, "firejail", "web-1", NULL);
	is_str(word_of(100), "firejail:web-1", "its word");
	is_str(text_of(100, NSU_CONTAINER_ID), "20", "its id");
	is_named(101, "firejail", "db", NULL);
	is_str(word_of(102), "firejail:22", "one without a name");
	scan_end();
}

static void test_gvisor(void)
{
	engines_begin();
	process(100, "exe", 1, NULL);
	command_line(100, "runsc-sandbox --root=/var/run/runsc boot box");
	tree_file("{\"id\":\"box\",\"spec\":{\"annotations\":"
		  "{\"org.opencontainers.image.ref.name\":\"cart:2\"}}}",
		  "run/runsc/box_sandbox:box.state");
	process(101, "exe", 1, NULL);
	command_line(101, "runsc-sandbox --root=/srv/r boot other");
	tree_file("{\"spec\":", "srv/r/other_sandbox:other.state");
	scan();
	is_named(100, "gvisor", NULL, "cart:2");
	is_str(word_of(100), "gvisor:box", "its word");
	is_str(text_of(100, NSU_CONTAINER_RUNTIME), "runsc", "its runtime");
	is_str(word_of(101), "gvisor:other", "half written state");
	is_int(gap_of(101), -EBADMSG, "is told");
	scan_end();
}

/* No name at all: a sandbox by the number of its first process. */
static void test_bwrap(void)
{
	engines_begin();
	process(20, "bwrap", 1, NULL);
	command_line(20, "bwrap --unshare-all sh");
	process(100, "bwrap", 20, NULL);
	scan();
	is_named(100, "bwrap", NULL, NULL);
	is_str(word_of(100), "bwrap:100", "its word");
	scan_end();
}

int main(void)
{
	test_lxc();
	test_incus();
	test_lxc_impostor();
	test_lxc_hostile();
	test_machine();
	test_firejail();
	test_gvisor();
	test_bwrap();
	return done();
}
