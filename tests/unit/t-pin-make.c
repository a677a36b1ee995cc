/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New namespaces for pins: each type, how they are set up, what cannot be. */
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include "pin-made.h"
#include "uapi.h"

static uint64_t own_inode(enum nsu_type type)
{
	char path[64];
	struct stat st = { 0 };

	snprintf(path, sizeof(path), "/proc/self/ns/%s", nsu_type_get_name(type));
	stat(path, &st);
	return st.st_ino;
}

static bool is_new(const struct nsi_made *made, enum nsu_type type)
{
	uint64_t inode = 0;
	dev_t dev;

	return nsi_nsfs_inode(made->fd[type], &inode, &dev) == 0 &&
		inode != own_inode(type) && ioctl(made->fd[type], NS_GET_NSTYPE) ==
		nsu_type_get_info(type)->clone_flag;
}

static bool has_line(pid_t pid, const char *file, const char *line)
{
	nsi_autofree char *text = proc_text(pid, file);

	return strstr(text, line) != NULL;
}

static void test_each(void)
{
	struct nsi_made made;

	begin();
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		struct nsu_pin_options opts = NSU_PIN_OPTIONS_INIT;
		const char *word = nsu_type_get_name(type);
		int before = open_count(), r, others = 0;

		opts.types = 1u << type;
		opts.propagation = NSU_PIN_PRIVATE;
		r = make(&opts, &made);
		if (r == -EOPNOTSUPP) {
			check_int(report.type, type, "%s: there are none, told so", word);
			continue;
		}
		check_int(r, 0, "%s: made", word);
		if (r < 0)
			continue;
		check(is_new(&made, type), "%s: a new one", word);
		for (unsigned i = 0; i < NSU_TYPE_COUNT; i++)
			others += i != type && made.fd[i] >= 0;
		check_int(others, 0, "%s: no other", word);
		check_int(made.init.proc.pid > 0, type == NSU_PID, "%s: init", word);
		close_made(&made);
		no_child(word);
		check_int(open_count(), before, "%s: no descriptor is left", word);
	}
}

static bool lo_is_up(int net)
{
	struct ifreq request = { .ifr_name = "lo" };
	nsi_autoclose int old = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd = -1;
	bool up;

	if (setns(net, CLONE_NEWNET) < 0)
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	up = ioctl(fd, SIOCGIFFLAGS, &request) == 0 && request.ifr_flags & IFF_UP;
	return setns(old, CLONE_NEWNET) == 0 && up;
}

static bool has_hostname(int uts, const char *want)
{
	nsi_autoclose int old = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	struct utsname names;

	if (setns(uts, CLONE_NEWUTS) < 0 || uname(&names) < 0)
		return false;
	return setns(old, CLONE_NEWUTS) == 0 && !strcmp(names.nodename, want);
}

static void test_all(void)
{
	struct nsu_pin_options opts = NSU_PIN_OPTIONS_INIT;
	struct utsname before, after;
	struct nsi_made made;
	pid_t pid;
	int r;

	begin();
	opts.types = ALL;
	opts.map = NSU_PIN_MAP_ROOT;
	opts.hostname = "blue";
	opts.set_monotonic = opts.set_boottime = true;
	opts.monotonic = 86400;
	opts.boottime = 7 * 86400;
	opts.loopback = true;
	uname(&before);
	r = make(&opts, &made);
	if (r == -EOPNOTSUPP) {
		errno = -r;
		need(false, "all types");
	}
	check_int(r, 0, "made");
	if (r < 0)
		return;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		check(is_new(&made, type), "%s is new", nsu_type_get_name(type));
	pid = made.init.proc.pid;
	check(has_line(pid, "timens_offsets", "monotonic       86400"), "a clock is set");
	check(has_line(pid, "timens_offsets", "boottime       604800"), "the other too");
	check(has_line(pid, "mountinfo", " /proc rw,nosuid,nodev,noexec"), "its /proc");
	check(has_line(pid, "uid_map", "         0          0          1"), "a map");
	check(has_hostname(made.fd[NSU_UTS], "blue"), "the host name is set");
	uname(&after);
	check_str(after.nodename, before.nodename, "ours is as it was");
	check(lo_is_up(made.fd[NSU_NET]), "the loopback device is up");
	close_made(&made);
	no_child("all");
}

/* What the new one mounts must not come to be where it was copied from. */
static void test_shared(void)
{
	static const char *const words[] = { "slave", "private", "shared", "unchanged" };
	struct nsu_pin_options opts = NSU_PIN_OPTIONS_INIT;
	struct nsi_made made;

	begin();
	need_mounts();
	need(!mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), "make / shared");
	opts.types = 1u << NSU_MNT | 1u << NSU_PID;
	for (unsigned how = NSU_PIN_SLAVE; how <= NSU_PIN_UNCHANGED; how++) {
		static const char *const tags[] = { " master:", " - ", " shared:",
						    " shared:" };
		nsi_autofree char *before = proc_text(getpid(), "mountinfo");
		nsi_autofree char *after = NULL, *line = NULL;

		opts.propagation = how;
		check_int(make(&opts, &made), 0, "%s: made", words[how]);
		after = proc_text(getpid(), "mountinfo");
		check(!strcmp(before, after), "%s: our mounts are as before", words[how]);
		line = proc_text(made.init.proc.pid, "mountinfo");
		check(has_line(made.init.proc.pid, "mountinfo", " - proc proc rw"),
		      "%s: it has its /proc", words[how]);
		line[strcspn(line, "\n")] = '\0';
		check(strstr(line, tags[how]) != NULL, "%s: so it is", words[how]);
		check_int(strstr(line, " shared:") != NULL, how >= NSU_PIN_SHARED,
			  "%s: no more", words[how]);
		close_made(&made);
	}
	no_child("shared");
}

static void refused(struct nsu_pin_options *opts, const char *what)
{
	struct nsi_made made;

	check_int(make(opts, &made), -EINVAL, "%s: no", what);
	check_int(report.step, NSU_PIN_STEP_CHECK, "%s: no option", what);
	no_child(what);
}

static void test_wrong(void)
{
	struct nsu_pin_options opts = NSU_PIN_OPTIONS_INIT;
	struct nsi_made made;
	struct rlimit old, few;
	int before;

	begin();
	refused(&opts, "no type");
	opts.types = 1u << NSU_NET;
	opts.hostname = "blue";
	refused(&opts, "the host's name");
	opts.hostname = NULL;
	opts.set_boottime = true;
	refused(&opts, "the host's clock");
	opts.set_boottime = false;
	opts.map = NSU_PIN_MAP_ROOT;
	refused(&opts, "no user namespace");
	opts.map = NSU_PIN_MAP_NONE;
	opts.types = 1u << NSU_TIME;
	opts.set_boottime = true;
	opts.boottime = INT64_MAX;
	if (make(&opts, &made) != -EOPNOTSUPP) {
		check_int(report.step, NSU_PIN_STEP_CLOCKS, "too far");
		check_int(report.error, -ERANGE, "too far: why");
	}
	opts = (struct nsu_pin_options)NSU_PIN_OPTIONS_INIT;
	opts.types = 1u << NSU_UTS | 1u << NSU_IPC | 1u << NSU_NET | 1u << NSU_PID;
	before = open_count();
	getrlimit(RLIMIT_NOFILE, &old);
	for (int room = 0; room < 9; room++) {
		int r;

		few = (struct rlimit){ before + room, old.rlim_max };
		setrlimit(RLIMIT_NOFILE, &few);
		r = make(&opts, &made);
		setrlimit(RLIMIT_NOFILE, &old);
		if (!r)
			close_made(&made);
		check(!r || r == -EMFILE, "%d descriptors: %d", room, r);
		reap_all();
		check_int(open_count(), before, "%d descriptors: none is left", room);
		no_child("few descriptors");
	}
}

static void test_limit(void)
{
	struct nsu_pin_options opts = NSU_PIN_OPTIONS_INIT;
	struct nsi_made made;

	begin();
	need(!unshare(CLONE_NEWUSER), "unshare");
	write_text("/proc/self/uid_map", "0 0 1");
	write_text("/proc/sys/user/max_uts_namespaces", "0");
	opts.types = 1u << NSU_IPC | 1u << NSU_UTS;
	check_int(make(&opts, &made), -ENOSPC, "one too many");
	check_int(report.cause, NSU_PIN_CAUSE_LIMIT, "the limit");
	check_int(report.type, NSU_UTS, "of which type");
	no_child("limit");
}

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	need(!sched_setaffinity(0, sizeof(set), &set), "a second CPU");
}

/* The mount namespace that is pinned from has numbers of CPU 1, new ones have those of
   CPU 0, unless something is done about it. */
static void test_order(void)
{
	struct nsu_pin_options opts = NSU_PIN_OPTIONS_INIT;
	int made_count = 0, pinned = 0, dir;
	cpu_set_t before, after;

	begin();
	need(!sched_getaffinity(0, sizeof(before), &before), "sched_getaffinity");
	run_on(1);
	need_mounts();
	run_on(0);
	need(!sched_setaffinity(0, sizeof(before), &before), "sched_setaffinity");
	dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	opts.types = 1u << NSU_MNT;
	for (int i = 0; i < 40; i++) {
		struct nsi_made made;
		char file[16];

		snprintf(file, sizeof(file), "%d", i);
		if (make(&opts, &made) < 0)
			continue;
		made_count++;
		pinned += !nsi_pin_mount(ctx, made.fd[NSU_MNT], NSU_MNT, dir, file,
					 &report);
		close_made(&made);
	}
	check_int(made_count, 40, "40 mount namespaces");
	check_int(pinned, 40, "40 of them can be pinned");
	sched_getaffinity(0, sizeof(after), &after);
	check(CPU_EQUAL(&before, &after), "the CPUs are as they were");
	no_child("order");
}

int main(void)
{
	place_need_host();
	pin_start();
	inside_test("each", 0, test_each);
	inside_test("all", 0, test_all);
	inside_test("shared", 0, test_shared);
	inside_test("wrong", 0, test_wrong);
	inside_test("limit", 0, test_limit);
	inside_test("order", 0, test_order);
	return done();
}
