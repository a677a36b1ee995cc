/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which interfaces this kernel has, each by using it, and which of them the library
   found: lines "kernel NAME yes|no" and "library NAME yes|no". Run as root. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "nsutil.h"

/* Numbers of the common part of the system call table, and ioctls newer than headers. */
enum {
	NR_OPEN_TREE = 428,
	NR_FSOPEN = 430,
	NR_FSCONFIG = 431,
	NR_PIDFD_OPEN = 434,
	NR_PIDFD_GETFD = 438,
	NR_STATMOUNT = 457,
	NR_LISTNS = 470,

	SET_STRING = 1,
	SET_FD = 5,
};

#define GET_USERNS	_IO(0xb7, 1)
#define GET_PARENT	_IO(0xb7, 2)
#define GET_OWNER_UID	_IO(0xb7, 4)
#define GET_MNTNS_ID	_IOR(0xb7, 5, uint64_t)
#define GET_PID_FROM	_IOR(0xb7, 6, int)
#define MNTNS_GET_INFO	_IOR(0xb7, 10, uint64_t[2])
#define MNTNS_GET_NEXT	_IOR(0xb7, 11, uint64_t[2])
#define GET_ID		_IOR(0xb7, 13, uint64_t)
#define PIDFD_NET	_IO(0xff, 4)
#define PIDFD_INFO	_IOWR(0xff, 11, char[64])
#define PIDFS		0x50494446
#define COOKIE		71
#define SOCKET_NS	0x894c
#define NSFS_ROOT	(-10003)

static int open_ns(const char *type)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", type);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* An answer, or a refusal by a kernel that knew the question. */
static bool ask_ns(const char *type, unsigned long request, void *answer)
{
	int fd = open_ns(type), r, error;

	if (fd < 0)
		return false;
	r = ioctl(fd, request, answer);
	error = errno;
	close(fd);
	return r >= 0 || error == EPERM;
}

static bool has_owner(void)
{
	return ask_ns("net", GET_USERNS, NULL);
}

static bool has_parent(void)
{
	return ask_ns("pid", GET_PARENT, NULL);
}

static bool has_owner_uid(void)
{
	uid_t uid;

	return ask_ns("user", GET_OWNER_UID, &uid);
}

static bool has_mntns_id(void)
{
	uint64_t id;

	return ask_ns("mnt", GET_MNTNS_ID, &id);
}

static bool has_mntns_info(void)
{
	uint64_t info[2] = { sizeof(info) };

	return ask_ns("mnt", MNTNS_GET_INFO, info);
}

/* There may be none behind ours, or none for us to see. */
static bool has_mnt_next(void)
{
	uint64_t info[2] = { sizeof(info) };
	int fd = open_ns("mnt"), next = ioctl(fd, MNTNS_GET_NEXT, info);
	bool found = next >= 0 || errno == ENOENT || errno == EPERM;

	if (next >= 0)
		close(next);
	close(fd);
	return found;
}

static bool has_pidns_translate(void)
{
	return ask_ns("pid", GET_PID_FROM, (void *)(intptr_t)getpid());
}

static bool has_ns_id(void)
{
	uint64_t id;

	return ask_ns("uts", GET_ID, &id);
}

struct handle {
	struct file_handle head;
	char data[128];
};

static bool take_handle(struct handle *ret)
{
	int fd = open_ns("net"), mount_id, r;

	*ret = (struct handle){ .head.handle_bytes = sizeof(ret->data) };
	r = name_to_handle_at(fd, "", &ret->head, &mount_id, AT_EMPTY_PATH);
	close(fd);
	return r == 0;
}

static bool opens(int fd)
{
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool has_ns_handle(void)
{
	struct handle handle;

	return take_handle(&handle);
}

static bool has_nsfs_handle(void)
{
	struct handle handle;

	return take_handle(&handle) &&
		opens(open_by_handle_at(NSFS_ROOT, &handle.head, O_RDONLY | O_CLOEXEC));
}

static bool has_file(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool has_time_ns(void)
{
	return has_file("/proc/self/ns/time");
}

static bool has_time_for_children(void)
{
	return has_file("/proc/self/ns/time_for_children");
}

static bool has_nspid(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = !strncmp(line, "NSpid:", 6);
	if (f)
		fclose(f);
	return found;
}

static bool has_task_nlink(void)
{
	struct stat st;

	return !stat("/proc/self/task", &st) && st.st_nlink == 3;
}

static int pidfd(unsigned flags)
{
	return syscall(NR_PIDFD_OPEN, getpid(), flags);
}

static bool has_pidfd(void)
{
	return opens(pidfd(0));
}

static bool has_pidfd_thread(void)
{
	return opens(pidfd(O_EXCL));
}

static bool has_pidfd_ns(void)
{
	int fd = pidfd(0);
	bool found = opens(ioctl(fd, PIDFD_NET, 0));

	close(fd);
	return found;
}

static bool has_pidfd_info(void)
{
	char info[64] = "";
	int fd = pidfd(0);
	bool found = ioctl(fd, PIDFD_INFO, info) == 0;

	close(fd);
	return found;
}

static bool has_pidfs_inode(void)
{
	int fd = pidfd(0);
	struct statfs fs;
	bool found = !fstatfs(fd, &fs) && fs.f_type == PIDFS;

	close(fd);
	return found;
}

static bool has_netns_cookie(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint64_t cookie;
	socklen_t len = sizeof(cookie);
	bool found = getsockopt(fd, SOL_SOCKET, COOKIE, &cookie, &len) == 0;

	close(fd);
	return found;
}

static bool has_socket_ns(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found = opens(ioctl(fd, SOCKET_NS));

	close(fd);
	return found;
}

static bool has_pidfd_getfd(void)
{
	int fd = pidfd(0);
	bool found = opens(syscall(NR_PIDFD_GETFD, fd, fd, 0));

	close(fd);
	return found;
}

static bool has_kcmp(void)
{
	return syscall(SYS_kcmp, getpid(), getpid(), 2 /* KCMP_FILES */, 0L, 0L) == 0;
}

/* Whether procfs takes an option, without mounting one. */
static bool has_proc_option(int how, const char *key, const char *value, int aux)
{
	int fd = syscall(NR_FSOPEN, "proc", 1);
	bool found = fd >= 0 && syscall(NR_FSCONFIG, fd, how, key, value, aux) == 0;

	close(fd);
	return found;
}

static bool has_proc_hidepid(void)
{
	return has_proc_option(SET_STRING, "hidepid", "invisible", 0);
}

static bool has_proc_subset(void)
{
	return has_proc_option(SET_STRING, "subset", "pid", 0);
}

static bool has_proc_pidns(void)
{
	int fd = open_ns("pid");
	bool found = has_proc_option(SET_FD, "pidns", NULL, fd);

	close(fd);
	return found;
}

static bool has_open_tree(void)
{
	return opens(syscall(NR_OPEN_TREE, AT_FDCWD, "/", O_CLOEXEC));
}

static bool known(long r)
{
	return r >= 0 || errno != ENOSYS;
}

static bool has_setns_pidfd(void)
{
	int fd = syscall(SYS_pidfd_open, getpid(), 0);
	bool has = fd >= 0 && (setns(fd, CLONE_NEWUTS) == 0 || errno != EINVAL);

	if (fd >= 0)
		close(fd);
	return has;
}

static bool has_statmount(void)
{
	return known(syscall(NR_STATMOUNT, NULL, NULL, 0, 0));
}

static bool has_listns(void)
{
	return known(syscall(NR_LISTNS, NULL, NULL, 0, 0));
}

static const struct {
	const char *name;
	bool (*has)(void);
} interfaces[] = {
	{ "owner", has_owner },
	{ "owner-uid", has_owner_uid },
	{ "parent", has_parent },
	{ "nspid", has_nspid },
	{ "task-nlink", has_task_nlink },
	{ "pidfd", has_pidfd },
	{ "setns-pidfd", has_setns_pidfd },
	{ "time-ns", has_time_ns },
	{ "time-for-children", has_time_for_children },
	{ "proc-hidepid", has_proc_hidepid },
	{ "proc-subset", has_proc_subset },
	{ "open-tree", has_open_tree },
	{ "netns-cookie", has_netns_cookie },
	{ "socket-ns", has_socket_ns },
	{ "pidfd-getfd", has_pidfd_getfd },
	{ "kcmp", has_kcmp },
	{ "pidfs-inode", has_pidfs_inode },
	{ "pidfd-thread", has_pidfd_thread },
	{ "pidfd-ns", has_pidfd_ns },
	{ "mntns-id", has_mntns_id },
	{ "mntns-info", has_mntns_info },
	{ "mnt-next", has_mnt_next },
	{ "pidns-translate", has_pidns_translate },
	{ "statmount", has_statmount },
	{ "pidfd-info", has_pidfd_info },
	{ "ns-id", has_ns_id },
	{ "ns-handle", has_ns_handle },
	{ "nsfs-handle", has_nsfs_handle },
	{ "proc-pidns", has_proc_pidns },
	{ "listns", has_listns },
};

static void print(const char *who, const char *name, bool yes)
{
	printf("%s %s %s\n", who, name, yes ? "yes" : "no");
}

static int print_library(void)
{
	struct nsu_ctx *ctx;
	int i, r;

	r = nsu_ctx_new(NULL, &ctx);
	if (r == 0)
		r = nsu_ctx_probe(ctx);
	for (i = 0; r == 0 && i < NSU_INTERFACE_COUNT; i++)
		print("library", nsu_interface_get_name(i),
		      nsu_ctx_get_interface(ctx, i) == NSU_IF_PRESENT);
	if (r < 0)
		fprintf(stderr, "probe: library: %s\n", strerror(-r));
	else
		nsu_ctx_free(ctx);
	return r < 0;
}

int main(void)
{
	size_t i;

	for (i = 0; i < sizeof(interfaces) / sizeof(*interfaces); i++)
		print("kernel", interfaces[i].name, interfaces[i].has());
	return print_library();
}
