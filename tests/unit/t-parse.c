/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every parser meets what the kernel writes, and what it never would. */
#include <fcntl.h>
#include "nsi.h"
#include "../tap.h"

static void test_link(void)
{
	static const char *const bad[] = {
		"", "net", "net:", "net:[", "net:[]", "net:[1", "net:1]", "net[1]",
		"net:[1] ", "net:[1]]", "net:[ 1]", "net:[-1]", "net:[+1]", "net:[0]",
		"net:[01]", "net:[0x10]", "net:[1a]", "net:[99999999999999999999]",
		"net:[184467440737095516150]", "Net:[1]", " net:[1]", "nett:[1]",
		"uts:[1]", "/etc/passwd", "net:[1]\n", "net:[4026531840](deleted)",
	};
	uint64_t inode = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		is_int(nsi_parse_link(bad[i], NSU_NET, &inode), -EBADMSG, "link: bad %zu",
		       i);
	is_int(inode, 7, "link: the result is untouched");
	is_int(nsi_parse_link("net:[4026531840]", NSU_NET, &inode), 0, "link: good");
	is_int(inode, 4026531840u, "link: its inode");
	is_int(nsi_parse_link("user:[1]", NSU_USER, &inode), 0, "link: one digit");
	is_int(nsi_parse_link("cgroup:[18446744073709551599]", NSU_CGROUP, &inode), 0,
	       "link: 64 bits");
	ok(inode == 18446744073709551599ull, "link: all of them");
	is_int(nsi_parse_link("pid:[5]", NSU_NET, &inode), -EBADMSG,
	       "link: another type");
}

static void test_nspid(void)
{
	static const char *const none[] = {
		"",
		"Name:\tx\n",
		"NSpid:\t1\n",
		"\nNSpid:",
		"\nNSpid:\n",
		"\nNSpid:\tx\n",
		"\nNSpid:\t-1\n",
		"Name:\tNSpid:\t1\nState:\tS\n",
	};
	char text[1024] = "\nNSpid:";
	pid_t pids[NSI_MAX_LEVELS] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		is_int(nsi_parse_nspid(none[i], pids, NSI_MAX_LEVELS), -ENODATA,
		       "nspid: none %zu", i);
	is_int(nsi_parse_nspid("Name:\tx\nNSpid:\t12\nNSpgid:\t3\n", pids, 33), 1,
	       "nspid: one");
	is_int(pids[0], 12, "nspid: it");
	is_int(nsi_parse_nspid("\nNSpid:\t4711\t12\t1\nNSsid:\t9\n", pids, 33), 3,
	       "nspid: three");
	ok(pids[0] == 4711 && pids[1] == 12 && pids[2] == 1, "nspid: them");
	is_int(nsi_parse_nspid("\nNSpid:\t5\t6", pids, 33), 2,
	       "nspid: cut off at the end");
	is_int(nsi_parse_nspid("\nNSpid:\t2147483647\n", pids, 33), 1,
	       "nspid: the largest");
	is_int(nsi_parse_nspid("\nNSpid:\t2147483648\n", pids, 33), -EBADMSG,
	       "nspid: more");
	is_int(nsi_parse_nspid("\nNSpid:\t99999999999999999999999\n", pids, 33), -EBADMSG,
	       "nspid: much more");
	for (int i = 1; i <= 33; i++)
		sprintf(text + strlen(text), "\t%d", i);
	is_int(nsi_parse_nspid(text, pids, NSI_MAX_LEVELS), 33, "nspid: every level");
	strcat(text, "\t34");
	is_int(nsi_parse_nspid(text, pids, NSI_MAX_LEVELS), -EBADMSG,
	       "nspid: one too many");
}

#define REST                                                                             \
	" 1 2 3 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 4 0 1000 0 0 18446744073709551615 0"

static struct nsu_task_stat stat_of(const char *text, int want, const char *what)
{
	struct nsu_task_stat st = NSU_TASK_STAT_INIT;

	st.ppid = -77;
	is_int(nsi_parse_stat(text, &st, 10000000), want, "stat: %s", what);
	if (want < 0)
		ok(st.ppid == -77 && !st.comm[0], "stat: %s: untouched", what);
	return st;
}

static void test_stat(void)
{
	static const char *const bad[] = {
		"", "4711", "4711 (", "4711 )", "4711 ()", "4711 () ", "4711 (x) S",
		"4711 (x)S" REST, ")(", ") S 1 (", "4711 (x) S 1 2 3", "4711 (x" REST,
		"4711 (x) S a b c d e f g h i j k l m n o p q r s t u v w",
	};
	struct nsu_task_stat st = stat_of("4711 (sh) S" REST, 0, "plain");
	char longer[400];

	is_str(st.comm, "sh", "stat: comm");
	ok(st.state == 'S' && st.ppid == 1 && st.pgrp == 2 && st.session == 3,
	   "stat: ids");
	ok(st.threads == 4 && st.start == 10000000000ull && !st.kernel, "stat: numbers");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		stat_of(bad[i], -EBADMSG, bad[i]);
	is_str(stat_of("1 (a) R 9 9) Z" REST, 0, "a false end").comm, "a) R 9 9",
	       "stat: the last bracket ends the name");
	is_str(stat_of("1 ((((()) S" REST, 0, "brackets").comm, "(((()",
	       "stat: brackets");
	is_str(stat_of("1 (a\nb\x1b[0m) S" REST, 0, "escapes").comm, "a\nb\x1b[0m",
	       "stat: a newline and an escape");
	is_str(stat_of("1 () S" REST, 0, "no name").comm, "", "stat: no name");
	is_str(stat_of("1 ()) S" REST, 0, "a name of one bracket").comm, ")", "stat: )");
	snprintf(longer, sizeof(longer), "1 (%0200d) S" REST, 0);
	is_int(strlen(stat_of(longer, 0, "a long name").comm), 63, "stat: cut at 63");
	st = stat_of("2 (k) I 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 0", 0,
		     "kthread");
	ok(st.kernel && !st.ppid && !st.start, "stat: a kernel thread");
	/* 5 s before the boot of the reader's time namespace: (2^64 - 5e9) / 1e7 */
	st = stat_of("1 (x) S 1 2 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 4 0 1844674406870", 0,
		     "a start before the boot");
	ok(st.start <= -5000000000 && st.start > -5010000000,
	   "stat: a start before the boot is negative");
	stat_of("1 (x) S 99999999999999999999999 2 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 4 0 1",
		0, "a number of any size");
}

static void unescaped(const char *in, const char *want)
{
	char text[64];

	snprintf(text, sizeof(text), "%s", in);
	nsi_unescape_octal(text);
	is_str(text, want, "unescape %s", in);
}

static void test_unescape(void)
{
	unescaped("", "");
	unescaped("/run/netns/blue", "/run/netns/blue");
	unescaped("a\\040b\\011c\\012d\\134e", "a b\tc\nd\\e");
	unescaped("\\040", " ");
	unescaped("\\", "\\");
	unescaped("\\0", "\\0");
	unescaped("\\04", "\\04");
	unescaped("\\400", "\\400");
	unescaped("\\048", "\\048");
	unescaped("\\134040", "\\040");
	unescaped("\\377", "\377");
}

static void test_mount(void)
{
	static const char *const bad[] = {
		"",
		"1",
		"1 2 0:4 /",
		"1 2 0:4 / /x rw",
		"1 2 0:4 / /x rw -",
		"1 2 0:4 / /x rw - nsfs",
		"1 2 0:4 / /x rw shared:1 nsfs nsfs rw",
		"      ",
	};
	char line[200] = "37 22 0:4 net:[4026532281] /run/netns/a\\040b rw shared:5 "
		"master:1 - nsfs nsfs rw,x=y";
	struct nsi_mount mount = { .id = 77 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", bad[i]);
		is_int(nsi_parse_mount(text, &mount), -EBADMSG, "mount: bad %zu", i);
	}
	is_int(mount.id, 77, "mount: the result is untouched");
	is_int(nsi_parse_mount(line, &mount), 0, "mount: good");
	ok(mount.id == 37 && mount.parent == 22, "mount: ids");
	is_str(mount.root, "net:[4026532281]", "mount: root");
	is_str(mount.point, "/run/netns/a b", "mount: point");
	is_str(mount.fstype, "nsfs", "mount: type");
	is_str(mount.super, "rw,x=y", "mount: options of the superblock");
	strcpy(line, "1 2 0:4 / /- rw - tmpfs  rw,size=4k");
	is_int(nsi_parse_mount(line, &mount), 0, "mount: an empty source");
	ok(!strcmp(mount.super, "rw,size=4k") && !*mount.source, "mount: which is empty");
	is_str(mount.point, "/-", "mount: a point like the separator");
}

static int write_file(int dir, const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

static void test_file(void)
{
	char dir[] = "/tmp/nsutil-parse.XXXXXX", small[5] = "none", *text = NULL;
	int fd = mkdtemp(dir) ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	ok(fd >= 0 && !write_file(fd, "f", "123456789"), "file: made");
	is_int(nsi_read_at(fd, "f", small, sizeof(small)), 4, "file: cut to the buffer");
	is_str(small, "1234", "file: and ended");
	is_int(nsi_read_at(fd, "none", small, sizeof(small)), -ENOENT, "file: none");
	is_int(nsi_read_all_at(fd, "none", 9, &text), -ENOENT, "file: all of none");
	is_int(nsi_read_all_at(fd, "f", 3, &text), 3, "file: up to a limit");
	is_str(text, "123", "file: what is below it");
	free(text);
	is_int(nsi_read_all_at(fd, "f", 100, &text), 9, "file: all");
	is_str(text, "123456789", "file: whole");
	free(text);
	ok(!write_file(fd, "f", ""), "file: emptied");
	is_int(nsi_read_all_at(fd, "f", 100, &text), 0, "file: empty");
	is_str(text, "", "file: as a string");
	free(text);
	is_int(nsi_read_at(fd, ".", small, sizeof(small)), -EISDIR, "file: a directory");
	unlinkat(fd, "f", 0);
	close(fd);
	rmdir(dir);
}

int main(void)
{
	test_link();
	test_nspid();
	test_stat();
	test_unescape();
	test_mount();
	test_file();
	return done();
}
