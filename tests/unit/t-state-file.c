/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of engines: what is read of them, and what of an enemy's is not. */
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include "rooted.h"

static ssize_t read_at(const char *dir, const char *path, uid_t uid, char **ret)
{
	*ret = NULL;
	return nsi_states_read(root_states, nsi_states_dir(root_states, dir, uid), path,
			       uid, NSI_STATE_LIMIT, ret);
}

static void refused(const char *path, uid_t uid, int error, const char *what)
{
	char *text;

	is_int(read_at("/var/lib/engine", path, uid, &text), error, "%s", what);
	ok(!text, "%s: nothing is returned", what);
	free(text);
}

static void test_plain(void)
{
	char *text;
	int dir;

	tree_begin();
	tree_file("one", "var/lib/engine/id/file");
	tree_file("", "var/lib/engine/empty");
	root_open();
	is_int(read_at("/var/lib/engine", "id/file", 0, &text), 3, "a file is read");
	is_str(text, "one", "as it is");
	free(text);
	is_int(read_at("/var/lib/engine", "empty", 0, &text), 0, "an empty one as well");
	free(text);
	dir = nsi_states_dir(root_states, "/var/lib/engine", 0);
	is_int(nsi_states_dir(root_states, "/var/lib/engine", 0), dir,
	       "a directory is opened once");
	is_int(nsi_states_dir(root_states, "/var/lib/none", 0), -ENOENT, "none there");
	is_int(nsi_states_dir(root_states, "/var/lib/engine/empty", 0), -ENOTDIR,
	       "a file is no directory");
	is_int(nsi_states_dir(root_states, "var/lib", 0), -EINVAL, "a relative path");
	is_int(nsi_states_dir(root_states, "/var/../var", 0), -EINVAL, "a way up");
	refused("../engine/id/file", 0, -EINVAL, "a way up in a name");
	refused("id/./file", 0, -EINVAL, "a dot in a name");
	refused("", 0, -EINVAL, "no name");
	refused("id", 0, -EISDIR, "a directory");
	refused("id/file/more", 0, -ENOTDIR, "a file on the way");
	refused("none", 0, -ENOENT, "no such file");
	is_int(nsi_states_read(root_states, dir, "id/file", 0, 2, &text), -EFBIG,
	       "larger than the limit");
	is_int(nsi_states_read(root_states, dir, "id/file", 0, 3, &text), 3,
	       "as large as that");
	free(text);
}

static void test_links(void)
{
	char path[PATH_MAX + 32];

	tree_begin();
	tree_file("secret", "etc/shadow");
	tree_file("one", "var/lib/engine/id/file");
	tree_link("/etc/shadow", "var/lib/engine/absolute");
	tree_link("../../../etc/shadow", "var/lib/engine/relative");
	tree_link("id", "var/lib/engine/folder");
	tree_link("engine", "var/lib/alias");
	tree_link("/var/lib/alias", "srv");
	tree_link("../lib/engine", "var/lib/up");
	tree_link("loop", "var/lib/loop");
	tree_link("/none", "var/lib/dangling");
	tree_link("engine", "var/lib/his");
	snprintf(path, sizeof(path), "%s/etc/shadow", tree_path);
	tree_link(path, "var/lib/engine/out");
	root_open();
	refused("absolute", 0, -ELOOP, "a link");
	refused("relative", 0, -ELOOP, "a relative link");
	refused("out", 0, -ELOOP, "a link to where it leads to");
	refused("folder/file", 0, -ELOOP, "a link on the way");
	ok(nsi_states_dir(root_states, "/var/lib/alias/id", 0) >= 0,
	   "a directory by a link of root's");
	ok(nsi_states_dir(root_states, "/srv/id", 0) >= 0, "by two, below the root");
	is_int(nsi_states_dir(root_states, "/var/lib/up", 0), -EINVAL,
	       "by one that leads up");
	is_int(nsi_states_dir(root_states, "/var/lib/loop", 0), -ELOOP, "by a loop");
	is_int(nsi_states_dir(root_states, "/var/lib/dangling", 0), -ENOENT,
	       "by one to nowhere");
	if (fchownat(tree_fd, "var/lib/his", 54321, 54321, AT_SYMLINK_NOFOLLOW) < 0)
		skip("a link of another", "only root can give it away");
	else
		is_int(nsi_states_dir(root_states, "/var/lib/his", 54321), -ELOOP,
		       "by a link of a user");
}

static void test_kinds(void)
{
	static const mode_t wrong[] = { 0664, 0646, 0666 };
	pid_t reader;
	char name[32];

	tree_begin();
	tree_file("one", "var/lib/engine/file");
	is_int(mkfifoat(tree_fd, "var/lib/engine/fifo", 0600), 0, "a FIFO is made");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(name, sizeof(name), "var/lib/engine/%o", wrong[i]);
		tree_file("one", "%s", name);
		fchmodat(tree_fd, name, wrong[i], 0);
	}
	root_open();
	alarm(20);
	refused("fifo", 0, -EPERM, "a FIFO");
	reader = openat(tree_fd, "var/lib/engine/fifo",
			O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	ok(reader < 0 && errno == ENXIO, "nobody has it open");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(name, sizeof(name), "%o", wrong[i]);
		refused(name, 0, -EPERM, "others may write it");
	}
	fchmodat(tree_fd, "var/lib/engine", 0777, 0);
	root_open();
	is_int(nsi_states_dir(root_states, "/var/lib/engine", 0), -EPERM,
	       "a directory that all may write");
	fchmodat(tree_fd, "var/lib/engine", 01777, 0);
	root_open();
	ok(nsi_states_dir(root_states, "/var/lib/engine", 0) >= 0,
	   "but for a sticky one");
	if (mknodat(tree_fd, "var/lib/engine/device", S_IFCHR | 0600, makedev(1, 5)) < 0)
		skip("a device", "may not be made");
	else
		refused("device", 0, -EPERM, "a device");
	alarm(0);
}

static void test_owners(void)
{
	char *text;

	tree_begin();
	tree_file("one", "var/lib/engine/his");
	tree_file("one", "home/u/.local/file");
	tree_file("one", "var/lib/engine/guest/file");
	if (fchownat(tree_fd, "var/lib/engine/his", 54321, 54321, 0) < 0) {
		skip("files of another", "only root can give them away");
		return;
	}
	fchownat(tree_fd, "home/u", 54321, 54321, 0);
	fchownat(tree_fd, "home/u/.local", 54321, 54321, 0);
	fchownat(tree_fd, "var/lib/engine/guest", 54321, 54321, 0);
	root_open();
	refused("his", 0, -EPERM, "a file of another");
	refused("his", 54322, -EPERM, "a file of a third");
	is_int(read_at("/var/lib/engine", "his", 54321, &text), 3, "his own");
	free(text);
	is_int(read_at("/var/lib/engine", "guest/file", 0, &text), 3,
	       "root's file in a directory of a container's root");
	free(text);
	is_int(nsi_states_dir(root_states, "/home/u/.local", 0), -EPERM,
	       "what is root's is not in a user's directory");
	is_int(read_at("/home/u/.local", "file", 54321, &text), 3,
	       "root's file in a user's directory is his");
	free(text);
}

/* ---- file systems ----------------------------------------------------------------- */

static void test_types(void)
{
	static const char text[] =
		"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
		"30 22 0:40 / /mnt rw - nfs4 server:/x rw\n"
		"31 22 0:41 / /home/u/x rw - fuse.sshfs u@h: rw\n"
		"32 22 0:42 / /home/u/y rw master:2 - fuse x rw\n"
		"33 22 0:43 / /run rw - tmpfs tmpfs rw\n"
		"34 22 0:44 / /a - autofs systemd-1 rw\n"
		"35 22\n"
		"36 22 0:45 / /b rw - fuseblk /dev/sdb1 rw\n"
		"37 22 0:46 / /var/lib/docker rw - fuse-overlayfs x rw\n"
		"38 22 0:47 / /c rw - 9p x rw";

	is_int(nsi_check_mount(text, 22), 0, "ext4 answers");
	is_int(nsi_check_mount(text, 33), 0, "tmpfs answers");
	is_int(nsi_check_mount(text, 30), -EREMOTE, "NFS may not");
	is_int(nsi_check_mount(text, 31), -EREMOTE, "nor a kind of FUSE");
	is_int(nsi_check_mount(text, 32), -EREMOTE, "nor FUSE");
	is_int(nsi_check_mount(text, 34), -EBADMSG, "what is no line");
	is_int(nsi_check_mount(text, 35), -EBADMSG, "half a line");
	is_int(nsi_check_mount(text, 36), -EREMOTE, "FUSE with a device");
	is_int(nsi_check_mount(text, 38), -EREMOTE, "the last line");
	is_int(nsi_check_mount(text, 3), -ENODATA, "no such mount");
	is_int(nsi_check_mount("", 3), -ENODATA, "no mount");
}

/* Its server answers nothing, for there is none: whoever asks hangs, until the alarm. */
static int look_at_fuse(void)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC), r;
	char options[64], path[PATH_MAX + 16], *text;

	alarm(20);
	if (fd < 0)
		return -errno;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0",
		 fd);
	snprintf(path, sizeof(path), "%s/dir", tree_path);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("fuse", path, "fuse", MS_NOSUID | MS_NODEV, options) < 0)
		return -errno;
	/* by the thread that made it */
	nsi_states_free(root_states);
	r = nsi_states_new(root_ctx, &root_states);
	if (r < 0)
		return 4;
	r = nsi_states_dir(root_states, "/dir", 0);
	if (r != -EREMOTE)
		return 1;
	if (nsi_states_dir(root_states, "/dir/below", 0) != -EREMOTE)
		return 2;
	if (nsi_states_read(root_states, nsi_states_dir(root_states, "/", 0), "dir/file",
			    0, 64, &text) != -EREMOTE)
		return 3;
	return 0;
}

static void test_fuse(void)
{
	struct kid kid;
	int r;

	tree_begin();
	tree_file("one", "dir/file");
	root_open();
	r = kid_start(&kid, CLONE_NEWNS, look_at_fuse);
	if (r == -EPERM || (!r && kid.said < 0))
		skip("FUSE is not asked", "it cannot be mounted");
	else
		is_int(r ? r : kid.said, 0, "FUSE is not asked");
	if (r != -EPERM)
		kid_end(&kid);
}

/* ---- lists ------------------------------------------------------------------------ */

static void test_list(void)
{
	char **names = NULL;
	int dir, count;

	tree_begin();
	tree_file("1", "dir/a");
	tree_file("1", "dir/b");
	tree_link("none", "dir/link");
	tree_file("1", "empty/x/y");
	unlinkat(tree_fd, "empty/x/y", 0);
	root_open();
	dir = nsi_states_dir(root_states, "/dir", 0);
	count = nsi_states_list(root_states, dir, &names);
	is_int(count, 3, "all names but . and ..");
	ok(names && names[0] && names[2] && !names[3], "ended by NULL");
	nsi_names_free(names);
	dir = nsi_states_dir(root_states, "/empty/x", 0);
	is_int(nsi_states_list(root_states, dir, &names), 0, "no names");
	ok(!names[0], "ended by NULL as well");
	nsi_names_free(names);
	is_int(nsi_states_list(root_states, -1, &names), -EINVAL, "no directory");
	nsi_names_free(NULL);
}

static void test_home(void)
{
	const char *home;

	tree_begin();
	tree_file("root:x:0:0:root:/root:/bin/sh\n"
		  "short:x:5\n"
		  "odd:x:12x:0::/nowhere:\n"
		  "rel:x:13:0::relative:\n"
		  "u:x:1000:1000:A,B:/home/u:/bin/sh\n"
		  "again:x:1000:1000::/home/again:/bin/sh\n"
		  "last:x:1001:1001::/home/last", "etc/passwd");
	root_open();
	ok(!nsi_states_home(root_states, 1000, &home) && !strcmp(home, "/home/u"),
	   "a home");
	ok(!nsi_states_home(root_states, 1001, &home) && !strcmp(home, "/home/last"),
	   "of the last line");
	is_int(nsi_states_home(root_states, 12, &home), -ENOENT, "of no user");
	is_int(nsi_states_home(root_states, 13, &home), -ENOENT, "no path");
	tree_begin();
	root_open();
	is_int(nsi_states_home(root_states, 1000, &home), -ENOENT, "no users");
}

/* ---- while it is written ---------------------------------------------------------- */

#define LINES	2000

static void replace_file(unsigned round)
{
	FILE *f;
	char path[PATH_MAX + 16], to[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/dir/new", tree_path);
	snprintf(to, sizeof(to), "%s/dir/file", tree_path);
	f = fopen(path, "we");
	for (int i = 0; f && i < LINES; i++)
		fprintf(f, "%08u\n", round);
	if (f)
		fclose(f);
	if (rename(path, to) < 0)
		_exit(1);
}

static void grow_file(unsigned round)
{
	static int fd = -1;

	if (fd < 0)
		fd = openat(tree_fd, "dir/file", O_WRONLY | O_APPEND | O_CLOEXEC);
	if (write(fd, "x", 1) < 0 || (round % 100000 == 99999 && ftruncate(fd, 0) < 0))
		_exit(1);
}

static bool is_one(const char *text)
{
	for (int i = 1; i < LINES; i++)
		if (memcmp(text, text + i * 9, 9))
			return false;
	return true;
}

static void test_replaced(void)
{
	unsigned good = 0, odd = 0, changes = 0;
	char last[9] = "";
	pid_t pid;

	tree_begin();
	tree_file("", "dir/file");
	replace_file(0);
	root_open();
	pid = keep_doing(replace_file);
	/* until it was seen to change */
	while ((good < 300 || changes < 3) && good < 1000000 && !odd) {
		char *text = NULL;
		ssize_t n = nsi_states_read(root_states,
					    nsi_states_dir(root_states, "/dir", 0),
					    "file", 0, NSI_STATE_LIMIT, &text);

		if (n == LINES * 9 && is_one(text))
			good++;
		else if (n != -EAGAIN)
			odd++;
		if (n > 0 && memcmp(last, text, 8)) {
			memcpy(last, text, 8);
			changes++;
		}
		free(text);
	}
	stop_doing(pid);
	is_int(odd, 0, "a file that is replaced is the one or the other");
	ok(changes >= 3, "it was replaced meanwhile");
}

static void test_growing(void)
{
	unsigned odd = 0, changes = 0;
	ssize_t last = 0;
	pid_t pid;

	tree_begin();
	tree_file("", "dir/file");
	root_open();
	pid = keep_doing(grow_file);
	for (int i = 0; (i < 300 || changes < 3) && i < 1000000; i++) {
		char *text = NULL;
		ssize_t n = nsi_states_read(root_states,
					    nsi_states_dir(root_states, "/dir", 0),
					    "file", 0, NSI_STATE_LIMIT, &text);

		if (n >= 0 ? strlen(text) != (size_t)n : n != -EAGAIN)
			odd++;
		changes += n != last;
		last = n;
		free(text);
	}
	stop_doing(pid);
	is_int(odd, 0, "one that grows is read whole, or -EAGAIN");
}

/* A user's files are read until they are enough, root's all. */
static void test_budget(void)
{
	int dir, fd, reads = 0;
	char *text = NULL;
	ssize_t n = 0;

	tree_begin();
	tree_file("", "big/file");
	tree_file("x", "big/small");
	fd = openat(tree_fd, "big/file", O_WRONLY | O_CLOEXEC);
	is_int(ftruncate(fd, NSI_STATE_LIMIT), 0, "a file of 4 MB");
	close(fd);
	root_open();
	dir = nsi_states_dir(root_states, "/big", 54321);
	ok(dir >= 0, "the directory it is in");
	for (int i = 0; i < 16 && n >= 0; i++) {
		n = nsi_states_read(root_states, dir, "file", 54321, NSI_STATE_LIMIT,
				    &text);
		if (n >= 0)
			free(text);
		reads += n >= 0;
	}
	is_int(n, -EFBIG, "a user's is read no more");
	is_int(reads, 8, "after 32 MB");
	is_int(nsi_states_read(root_states, dir, "small", 54321, 64, &text), -EFBIG,
	       "nor is a small one");
	n = nsi_states_read(root_states, dir, "small", 54322, 64, &text);
	is_int(n, 1, "another user's is");
	if (n >= 0)
		free(text);
	for (int i = 0; i < 9; i++) {
		n = nsi_states_read(root_states, dir, "file", 0, NSI_STATE_LIMIT, &text);
		if (n >= 0)
			free(text);
	}
	is_int(n, NSI_STATE_LIMIT, "and root's");
}

int main(void)
{
	umask(022);
	test_plain();
	test_links();
	test_kinds();
	test_owners();
	test_types();
	test_fuse();
	test_list();
	test_home();
	test_replaced();
	test_growing();
	test_budget();
	root_close();
	return done();
}
