/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts that facts are taken from, and that a tree of plain files has none. */
#include "proctree.h"

static void test_offsets(void)
{
	static const char *const bad[] = {
		"", "monotonic 1 0\n", "boottime 1 0\n", "monotonic x 0\nboottime 0 0\n",
		"monotonic 1 1000000000\nboottime 0 0\n",
		"monotonic 0 -1\nboottime 0 0\n",
		"monotonic 99999999999 0\nboottime 0 0\n", "monotonic 1\nboottime\n",
	};
	struct nsu_clocks clocks = { .monotonic = 77 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		is_int(nsi_parse_offsets(bad[i], &clocks), -EBADMSG, "offsets: bad %zu",
		       i);
	is_int(clocks.monotonic, 77, "offsets: the result is untouched");
	is_int(nsi_parse_offsets("monotonic          -2 500000000\n"
				 "boottime            3         1\n", &clocks), 0,
	       "offsets: good");
	is_int(clocks.monotonic, -1500000000, "offsets: a negative one");
	is_int(clocks.boottime, 3000000001, "offsets: a positive one");
}

static void root_is(const char *here, const char *inside, const char *want, int error)
{
	char *a = strdup(here), *b = strdup(inside), *root = NULL;

	is_int(nsi_find_cgroup_root(a, b, &root), error, "root: %s", want);
	if (!error)
		is_str(root, want, "root: is it");
	free(root);
	free(a);
	free(b);
}

static void test_root(void)
{
	root_is("0::/a/b/c\n", "0::/c\n", "/a/b", 0);
	root_is("0::/a/b\n", "0::/\n", "/a/b", 0);
	root_is("0::/a\n", "0::/a\n", "/", 0);
	root_is("0::/\n", "0::/\n", "/", 0);
	root_is("0::/../x/y\n", "0::/y\n", "/../x", 0);
	root_is("0::/..\n", "0::/\n", "/..", 0);
	root_is("0::/..x/y\n", "0::/y\n", "/..x", 0);
	root_is("0::/q\n", "0::/..x\n", "no: moved meanwhile", -EAGAIN);
	root_is("0::/a\n", "0::/../y\n", "no: outside of it", -ENODATA);
	root_is("0::/a\n", "0::/..\n", "no: above it", -ENODATA);
	root_is("", "", "no: no lines", -ENODATA);
	root_is("0::/a/b\n", "1:cpu:/b\n", "no: another hierarchy", -ENODATA);
	root_is("2:cpu:/x/y\n1:pids:/z\n0::/\n", "2:cpu:/y\n1:pids:/\n0::/\n", "/x", 0);
	root_is("2:cpu:/x\n0::/u/v\n", "2:cpu:/\n0::/v\n", "/u", 0);
	root_is("2:cpu:/x:0::/y/z\n", "2:cpu:/z\n", "/x:0::/y", 0);
	root_is("3:a:/\n2:cpu:/x\n1:b:/\n0::/\n", "3:a:/\n2:cpu:/../k\n1:b:/\n0::/\n",
		"/", 0);
	root_is("2:cpu:/x\n0::/q\n", "2:cpu:/\n0::/..\n", "no: v2 does not tell",
		-ENODATA);
}

static char hostile[] =
	"40 30 0:40 / /old rw - tmpfs  rw,size=4k\n"
	"30 1 8:17 /sub / ro,nosuid,idmapped shared:7 master:3 - ext4 /dev/a\\040b "
	"ro,x=a\\054b\n"
	"41 30 259:1048575 / /a\\012b\\134c\\040- rw,noidmapped unbindable - fuse.x "
	"\\043src rw\n"
	"42 41 0:4 net:[4026532281] /n rw propagate_from:2 master:9 shared:x - "
	"nsfs nsfs rw\n";

static void test_mounts(void)
{
	const struct nsu_mount *mount;
	struct nsu_mounts *mounts = NULL;

	is_int(nsi_mounts_parse(strdup(hostile), &mounts), 0, "mounts: good");
	is_int(nsu_mounts_count(mounts), 4, "mounts: all");
	mount = nsu_mounts_get(mounts, 0);
	ok(mount->id == 30 && mount->parent == 1, "mounts: the root is the first");
	ok(mount->major == 8 && mount->minor == 17, "mounts: device");
	is_str(mount->root, "/sub", "mounts: root");
	is_str(mount->options, "ro,nosuid,idmapped", "mounts: options");
	ok(mount->idmapped, "mounts: idmapped");
	is_str(mount->source, "/dev/a b", "mounts: source");
	is_str(mount->super, "ro,x=a,b", "mounts: options of the file system");
	ok(mount->propagation == (NSU_PROP_SHARED | NSU_PROP_SLAVE) &&
	   mount->peers == 7 && mount->master == 3, "mounts: shared and slave");
	mount = nsu_mounts_get(mounts, 1);
	ok(mount->id == 40 && !mount->propagation && !*mount->source && !mount->peers,
	   "mounts: private, without a source");
	mount = nsu_mounts_get(mounts, 2);
	is_str(mount->point, "/a\nb\\c -", "mounts: a point of odd bytes");
	is_str(mount->source, "#src", "mounts: a source like a comment");
	ok(mount->propagation == NSU_PROP_UNBINDABLE && !mount->idmapped &&
	   mount->minor == 1048575, "mounts: unbindable");
	mount = nsu_mounts_get(mounts, 3);
	is_str(mount->root, "net:[4026532281]", "mounts: a namespace");
	ok(mount->master == 9 && !mount->peers, "mounts: a tag without a number");
	ok(!nsu_mounts_get(mounts, 4), "mounts: no more");
	nsu_mounts_free(mounts);
	mounts = NULL;
	is_int(nsi_mounts_parse(strdup("1 2 0:4 / / rw - tmpfs x rw\n1 2 3\n"), &mounts),
	       -EBADMSG, "mounts: bad");
	ok(!mounts, "mounts: the result is untouched");
	is_int(nsi_mounts_parse(strdup(""), &mounts), 0, "mounts: none");
	is_int(nsu_mounts_count(mounts), 0, "mounts: none");
	nsu_mounts_free(mounts);
	nsu_mounts_free(NULL);
}

static void test_tree(void)
{
	struct nsu_clocks clocks = NSU_CLOCKS_INIT;
	struct nsu_uts uts = NSU_UTS_INIT;
	struct nsu_ctx *tree_ctx;
	struct nsu_snapshot *snap;
	const struct nsu_ns *ns = NULL;
	struct nsu_mounts *mounts;
	char *root;

	tree_begin();
	tree_process(1, 0, 0);
	snap = tree_scan_with(TREE_PARTS, 0, NULL, &tree_ctx);
	nsu_snapshot_find_ns(snap, NSU_UTS, TREE_FIRST(NSU_UTS), &ns);
	is_int(nsu_ns_read_uts(ns, &uts), -EOPNOTSUPP, "a tree of files: uts");
	nsu_snapshot_find_ns(snap, NSU_TIME, TREE_FIRST(NSU_TIME), &ns);
	is_int(nsu_ns_read_clocks(ns, &clocks), -EOPNOTSUPP, "time");
	nsu_snapshot_find_ns(snap, NSU_CGROUP, TREE_FIRST(NSU_CGROUP), &ns);
	is_int(nsu_ns_read_cgroup_root(ns, &root), -EOPNOTSUPP, "cgroup");
	nsu_snapshot_find_ns(snap, NSU_MNT, TREE_FIRST(NSU_MNT), &ns);
	is_int(nsu_mounts_new(ns, &mounts), -EOPNOTSUPP, "mounts");
	nsu_snapshot_free(snap);
	nsu_ctx_free(tree_ctx);
}

static void test_root_mount(void)
{
	static const char *const without[] = {
		"", "\n", "1 2 0:1 /", "1 2 0:1 / /a rw - tmpfs t rw\n",
		"1 2 0:1 / /\\040 rw - tmpfs t rw\n1 2 / /\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(without); i++)
		ok(!nsi_has_root_mount(without[i]), "no root: %zu", i);
	ok(nsi_has_root_mount("1 2 0:1 /x / rw - tmpfs t rw\n"), "the first");
	ok(nsi_has_root_mount("1 2 0:1 / /a rw - tmpfs t rw\n3 1 0:2 / / rw - a b c"),
	   "the last");
}

int main(void)
{
	test_offsets();
	test_root();
	test_mounts();
	test_tree();
	test_root_mount();
	return done();
}
