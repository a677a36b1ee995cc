/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounts of a mount namespace, against what was mounted inside. */
#include <sys/mount.h>
#include <sys/stat.h>
#include "facts.h"

#define ODD "/tmp/a b\nc\\d"

static int mount_there(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("some source", "/tmp", "tmpfs", MS_NOSUID, "size=64k") < 0)
		return -errno;
	if (mkdir(ODD, 0755) < 0 || mkdir("/tmp/jail", 0755) < 0 ||
	    mkdir("/tmp/slave", 0755) < 0 || mkdir("/tmp/jail/sub", 0755) < 0)
		return -errno;
	if (mount("odd", ODD, "tmpfs", MS_RDONLY, NULL) < 0 ||
	    mount("jail", "/tmp/jail/sub", "tmpfs", 0, NULL) < 0 ||
	    mount(NULL, ODD, NULL, MS_SHARED, NULL) < 0 ||
	    mount(ODD, "/tmp/slave", NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, "/tmp/slave", NULL, MS_SLAVE, NULL) < 0 ||
	    mount(NULL, "/tmp/jail/sub", NULL, MS_UNBINDABLE, NULL) < 0)
		return -errno;
	return 0;
}

/* Who is in there alone sees one mount of all. */
static int mount_and_chroot(void)
{
	int r = mount_there();

	return r < 0 ? r : chroot("/tmp/jail") < 0 ? -errno : 0;
}

static int map_and_mount(void)
{
	int r = box_map();

	return r < 0 ? r : mount_and_chroot();
}

static const struct nsu_mount *find(const struct nsu_mounts *mounts, const char *point)
{
	const struct nsu_mount *found = NULL, *mount;

	for (size_t i = 0; (mount = nsu_mounts_get(mounts, i)); i++)
		if (!strcmp(mount->point, point))
			found = mount;
	return found;
}

static void check_mounts(const struct nsu_mounts *mounts, const char *what)
{
	const struct nsu_mount *top = nsu_mounts_get(mounts, 0), *mount, *odd;

	is_str(top->point, "/", "%s: the root is the first", what);
	mount = find(mounts, "/tmp");
	if (!ok(mount, "%s: /tmp", what))
		return;
	is_str(mount->fstype, "tmpfs", "%s: its type", what);
	is_str(mount->source, "some source", "%s: its source", what);
	ok(strstr(mount->options, "nosuid"), "%s: its options", what);
	ok(strstr(mount->super, "size=64k"), "%s: and the file system's", what);
	is_int(mount->propagation, 0, "%s: it is private", what);
	odd = find(mounts, ODD);
	if (!ok(odd, "%s: a mount point of odd bytes", what))
		return;
	is_int(odd->parent, mount->id, "%s: on /tmp", what);
	ok(odd->propagation == NSU_PROP_SHARED && odd->peers, "%s: is shared", what);
	mount = find(mounts, "/tmp/slave");
	if (!ok(mount, "%s: a slave", what))
		return;
	ok(mount->propagation == NSU_PROP_SLAVE && mount->master == odd->peers,
	   "%s: receives from that", what);
	ok(mount->major == odd->major && mount->minor == odd->minor,
	   "%s: the same file system", what);
	mount = find(mounts, "/tmp/jail/sub");
	ok(mount && mount->propagation == NSU_PROP_UNBINDABLE, "%s: unbindable", what);
}

static void test(const char *what, int (*body)(void), int flags,
		 int (*start)(struct kid *, int, int (*)(void)))
{
	struct nsu_mounts *mounts = NULL;
	struct nsu_snapshot *snap;
	struct traces traces;
	struct kid kid;

	if (start(&kid, flags, body) < 0) {
		skip(what, "no such namespace can be made");
		return;
	}
	is_int(kid.said, 0, "%s: mounted", what);
	snap = picture(kid.pid, 0);
	traces = traces_before(kid.pid);
	is_int(nsu_mounts_new(ns_of(snap, kid.pid, NSU_MNT), &mounts), 0,
	       "%s: mounts", what);
	if (mounts)
		check_mounts(mounts, what);
	nsu_mounts_free(mounts);
	traces_check(&traces, kid.pid, what);
	nsu_snapshot_free(snap);
	kid_end(&kid);
}

/* Field by field as the file has them. */
static void test_own(void)
{
	nsi_autofree char *text = mounts_text(getpid());
	struct nsu_snapshot *snap = picture(0, 0);
	struct nsu_mounts *mounts = NULL;
	char *save = NULL;
	size_t count = 0, same = 0;

	is_int(nsu_mounts_new(ns_of(snap, getpid(), NSU_MNT), &mounts), 0, "own");
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		unsigned major_number = 0, minor_number = 0;
		unsigned long id = 0, parent = 0;
		const struct nsu_mount *mount;

		sscanf(line, "%lu %lu %u:%u", &id, &parent, &major_number, &minor_number);
		count++;
		for (size_t i = 0; (mount = nsu_mounts_get(mounts, i)); i++)
			same += mount->id == id && mount->parent == parent &&
				mount->major == major_number &&
				mount->minor == minor_number;
	}
	is_int(nsu_mounts_count(mounts), count, "own: all lines");
	is_int(same, count, "own: ids and devices");
	nsu_mounts_free(mounts);
	is_int(nsu_mounts_new(ns_of(snap, getpid(), NSU_NET), &mounts), -EMEDIUMTYPE,
	       "net is no mnt");
	is_int(nsu_mounts_new(NULL, &mounts), -EINVAL, "no namespace");
	nsu_snapshot_free(snap);
}

int main(void)
{
	if (nsu_ctx_new(NULL, &ctx) < 0 || !nsu_ctx_get_procfs(ctx)->own_pids)
		skip_all("/proc shows another pid namespace than ours");
	test_own();
	test("a member with its root", mount_there, CLONE_NEWNS, kid_start);
	test("entered", mount_and_chroot, CLONE_NEWNS, kid_start);
	test("in a user namespace", map_and_mount, CLONE_NEWNS, box_start_as);
	nsu_ctx_free(ctx);
	return done();
}
