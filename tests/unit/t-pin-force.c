/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pins of other programs: removed by force only, and nothing else by that. */
#include "pinlife.h"

static int force(const char *word)
{
	report = (struct nsu_pin_report)NSU_PIN_REPORT_INIT;
	return nsu_pin_remove(ctx, word, true, &report);
}

static void bind_ns(pid_t pid, const char *path)
{
	close(open(path, O_CREAT | O_RDONLY | O_CLOEXEC, 0600));
	mount(fmt("/proc/%d/ns/net", pid), path, NULL, MS_BIND, NULL);
}

static void test_foreign(pid_t pid)
{
	uint64_t inode = link_inode(pid, "net");
	struct sum sum = take_sum();

	bind_ns(pid, "/run/netns/green");
	refused(remove_pin("netns:green"), -EPERM, FOREIGN, CHECK,
		"ip's");
	is_str(report.object, "ip", "whose it is");
	refused(remove_pin("green"), -EPERM, FOREIGN, CHECK,
		"by its bare name");
	ok(inode_at("/run/netns/green") == inode, "it stays");
	is_int(force("netns:green"), 0, "by force");
	ok(report.types == 1u << NSU_NET && report.inode[NSU_NET] == inode, "reported");
	same_sum(&sum, "by force");
	bind_ns(pid, "/run/netns/green");
	bind_ns(pid, "/run/netns/green");
	is_int(force("/var/run/netns/green"), 0, "by its old path, mounted twice");
	same_sum(&sum, "by its old path");
	close(open("/run/netns/green", O_CREAT | O_RDONLY | O_CLOEXEC, 0));
	is_int(force("netns:green"), 0, "a file that is left over");
	same_sum(&sum, "left over");
	refused(force("netns:green"), -ENOENT, ABSENT, CHECK,
		"none");
	refused(force("netns:../x"), -EINVAL, NAME, CHECK, "..");
	refused(force("/run/nsutil/pins/a/net"), -EINVAL, NAME,
		CHECK, "one of ours by path");
	refused(force("/run/./nsutil/pins/a/net"), -EINVAL, NAME, CHECK, "nor otherwise");
	refused(force("/run//nsutil/pins/a/net"), -EINVAL, NAME, CHECK, "so, too");
	refused(force("/run/.."), -EINVAL, NAME, CHECK, "no file");
}

static void test_below(pid_t pid)
{
	struct sum sum = take_sum();

	close(open("/run/data", O_CREAT | O_RDONLY | O_CLOEXEC, 0600));
	close(open("/run/place", O_CREAT | O_RDONLY | O_CLOEXEC, 0600));
	mount("/run/data", "/run/place", NULL, MS_BIND, NULL);
	bind_ns(pid, "/run/place");
	bind_ns(pid, "/run/place");
	is_int(force("/run/place"), 0, "a namespace over a mount of something else");
	is_int(pinroom_mounts(" /run/place ", NULL, 0), 1, "of which that one stays");
	is_int(force("/run/place"), -EMEDIUMTYPE, "and is no pin");
	umount2("/run/place", MNT_DETACH);
	unlink("/run/place");
	unlink("/run/data");
	same_sum(&sum, "over another mount");
}

static void test_other_file(pid_t pid)
{
	struct sum sum = take_sum();
	int fd = open("/run/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	is_int(write(fd, "x", 1), 1, "a file with something in it");
	close(fd);
	is_int(force("/run/file"), -EMEDIUMTYPE, "a plain file somewhere is no pin");
	mkdir("/run/docker", 0755);
	close(open("/run/docker/lock", O_CREAT | O_RDONLY | O_CLOEXEC, 0600));
	is_int(force("/run/docker/lock"), -EMEDIUMTYPE, "nor any of docker's");
	ok(is_there("/run/docker/lock"), "which stays");
	unlink("/run/docker/lock");
	rmdir("/run/docker");
	bind_ns(pid, "/run/file");
	refused(remove_pin("/run/file"), -EPERM, FOREIGN, CHECK,
		"unshare's");
	symlink("/run/file", "/run/link");
	ok(force("/run/link") < 0, "no link is followed");
	symlink("/run", "/run/dir");
	ok(force("/run/dir/file") < 0, "nor one on the way");
	unlink("/run/link");
	unlink("/run/dir");
	ok(inode_at("/run/file"), "it is still mounted");
	is_int(force("/run/file"), 0, "by force");
	ok(is_there("/run/file") && !inode_at("/run/file"), "what it covered stays");
	unlink("/run/file");
	mkdir("/run/file", 0700);
	ok(force("/run/file") < 0, "a directory");
	rmdir("/run/file");
	same_sum(&sum, "somewhere");
}

int main(void)
{
	struct kid kid;
	const char *why = start_root(&kid);

	if (why)
		skip_all(why);
	test_foreign(kid.pid);
	test_below(kid.pid);
	test_other_file(kid.pid);
	return end_root(&kid);
}
