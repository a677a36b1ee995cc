/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Out of the session: cgroups of our own, scopes of a systemd, who lingers. */
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "cgtree.h"
#include "pin.h"

#define NOBODY	65534

static char name[64];

/* Where it is in a hierarchy; "": it is in none of that. */
static const char *place_of(pid_t pid, int which)
{
	static char place[PATH_MAX];
	nsi_autofree char *text = NULL;
	char path[32], *save = NULL;

	*place = '\0';
	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	if (nsi_read_all_at(AT_FDCWD, path, 65536, &text) < 0)
		return place;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct nsi_cgroup group;

		if (nsi_cgroup_parse(line, &group) < 0)
			continue;
		if (which == UNIFIED ? group.unified :
		    nsi_cgroup_has(&group, controller[which]))
			snprintf(place, sizeof(place), "%s", group.path);
	}
	return place;
}

static bool is_there(int which, const char *what)
{
	char path[PATH_MAX + 128];

	snprintf(path, sizeof(path), "%s/../nsutil/%s", top[which], what);
	return !access(path, F_OK);
}

/* ---- cgroups ---- */

static void test_leave(int which)
{
	char want[80];
	struct kid kid;

	if (!*top[which]) {
		skip("leave", "no such hierarchy");
		return;
	}
	make(which, "session");
	if (which == CPUSET) {
		/* What it is in has them, so that it can be. */
		char text[256];

		nsi_read_at(AT_FDCWD, "/sys/fs/cgroup/cpuset/cpuset.cpus", text,
			    sizeof(text));
		put(text, "%s/cpuset.cpus", top[which]);
		put(text, "%s/session/cpuset.cpus", top[which]);
		put("0", "%s/cpuset.mems", top[which]);
		put("0", "%s/session/cpuset.mems", top[which]);
	}
	kid = kid_in(which, "session");
	is_int(nsi_leave_cgroup(ctx, kid.pid, name, true), 0, "leaves %s",
	       controller[which]);
	snprintf(want, sizeof(want), "/nsutil/%s", name);
	is_str(place_of(kid.pid, which), want, "to one of its own");
	is_int(nsi_leave_cgroup(ctx, kid.pid, name, true), 0, "and once more");
	nsi_leave_cgroup_clean(ctx, name, true);
	is_str(place_of(kid.pid, which), want, "which stays while it is in there");
	kid_end(&kid);
	nsi_leave_cgroup_clean(ctx, name, true);
	ok(!is_there(which, name), "and goes after it");
}

/* Nothing is to be left: the topmost cgroup is no session's. */
static void test_topmost(void)
{
	struct kid kid;

	if (!*top[UNIFIED])
		return;
	is_int(kid_start(&kid, 0, NULL), 0, "a process");
	is_int(put_pid(kid.pid, UNIFIED, ".."), 0, "in the topmost cgroup");
	is_int(nsi_leave_cgroup(ctx, kid.pid, name, true), 0, "leaves it");
	is_str(place_of(kid.pid, UNIFIED), "/", "not");
	kid_end(&kid);
	nsi_leave_cgroup_clean(ctx, name, true);
}

/* The pin was renamed: no one knows the old name any more. */
static void test_renamed(void)
{
	char other[80];
	struct kid kid;

	if (!*top[UNIFIED])
		return;
	make(UNIFIED, "renamed");
	kid = kid_in(UNIFIED, "renamed");
	is_int(nsi_leave_cgroup(ctx, kid.pid, name, true), 0, "leaves");
	snprintf(other, sizeof(other), "%s.other", name);
	nsi_leave_cgroup_clean(ctx, other, true);
	ok(is_there(UNIFIED, name), "another's end takes no cgroup that is in use");
	kid_end(&kid);
	nsi_leave_cgroup_clean(ctx, other, true);
	ok(!is_there(UNIFIED, name), "but one that has no name any more");
}

static pid_t mover;

static int leave_as_nobody(void)
{
	int r;

	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -EIO;
	r = nsi_leave_cgroup(ctx, mover, name, false);
	nsi_leave_cgroup_clean(ctx, name, false);
	return r;
}

static void test_ordinary(void)
{
	char before[PATH_MAX];
	struct kid kid;

	if (!*top[UNIFIED])
		return;
	make(UNIFIED, "ordinary");
	kid = kid_in(UNIFIED, "ordinary");
	mover = kid.pid;
	snprintf(before, sizeof(before), "%s", place_of(kid.pid, UNIFIED));
	is_int(said_by(leave_as_nobody), -EOPNOTSUPP, "an ordinary user has no way");
	is_str(place_of(kid.pid, UNIFIED), before, "it stays where it is");
	kid_end(&kid);
	is_int(nsi_leave_cgroup(ctx, kid.pid, name, true), -ESRCH, "no process");
	ok(!is_there(UNIFIED, name), "nothing is left");
}

/* ---- a systemd, as far as it matters here: /run, the first process, busctl ---- */

static const char script[] =
	"#!/bin/sh\n"
	"echo \"$@\" >/run/said; /usr/bin/env >/run/env\n"
	"[ -e /run/refuse ] && { echo no >&2; exit 1; }\n"
	"for word; do\n"
	"	case $word in nspin-*.scope) scope=$word;; esac\n"
	"	[ \"$last\" = 1 ] && pid=$word; last=$word\n"
	"done\n"
	"read -r top </run/top; top=$top/$scope\n"
	"mkdir \"$top\" && echo $pid >\"$top/cgroup.procs\"\n";

static int write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n < 0 ? -errno : 0;
}

static bool says(const char *path, const char *what)
{
	char text[2048];

	return nsi_read_at(AT_FDCWD, path, text, sizeof(text)) > 0 && strstr(text, what);
}

static int make_world(const char *init)
{
	struct nsu_ctx_options opts = NSU_CTX_OPTIONS_INIT;

	prctl(PR_SET_NAME, init);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0 ||
	    mount("run", "/run", "tmpfs", 0, NULL) < 0 ||
	    mkdir("/run/systemd", 0755) < 0 || mkdir("/run/systemd/system", 0755) < 0)
		return -errno;
	if (write_file("/run/busctl", script, 0755) < 0 ||
	    write_file("/run/top", top[UNIFIED], 0644) < 0)
		return -EIO;
	if (mount("/run/busctl", "/usr/bin/busctl", NULL, MS_BIND, NULL) < 0)
		return -errno;
	return nsu_ctx_new(&opts, &ctx);
}

/* Each returns 0, or the number of the check that failed. */
static int with_systemd(void)
{
	char want[128];
	struct kid kid;
	int r = make_world("systemd");

	if (r < 0)
		return r;
	if (kid_start(&kid, 0, NULL) < 0)
		return 1;
	put_pid(kid.pid, UNIFIED, "");
	if (nsi_leave_cgroup(ctx, kid.pid, "a-b.c+d_e", true) < 0)
		return 2;
	snprintf(want, sizeof(want), "/nspin-a\\x2db.c\\x2bd_e-%d.scope", kid.pid);
	if (!strstr(place_of(kid.pid, UNIFIED), want))
		return 3;
	if (!says("/run/said", "--system ") || says("/run/env", "HOME="))
		return 4;
	kid_end(&kid);
	return 0;
}

static int with_stubborn_systemd(void)
{
	char want[128];
	struct kid kid;
	int r = make_world("systemd");

	if (r < 0)
		return r;
	if (write_file("/run/refuse", "", 0644) < 0 || kid_start(&kid, 0, NULL) < 0)
		return 1;
	put_pid(kid.pid, UNIFIED, "");
	if (nsi_leave_cgroup(ctx, kid.pid, name, true) < 0)
		return 2;
	snprintf(want, sizeof(want), "/nsutil/%s", name);
	if (strcmp(place_of(kid.pid, UNIFIED), want) || access("/run/said", F_OK))
		return 3;
	kid_end(&kid);
	nsi_leave_cgroup_clean(ctx, name, true);
	return 0;
}

/* A container with the host's /run: the numbers are not those that systemd has. */
static int with_others_systemd(void)
{
	struct kid kid;
	int r = make_world("sh");

	if (r < 0)
		return r;
	if (kid_start(&kid, 0, NULL) < 0)
		return 1;
	nsi_leave_cgroup(ctx, kid.pid, name, true);
	if (!access("/run/said", F_OK))
		return 2;
	kid_end(&kid);
	nsi_leave_cgroup_clean(ctx, name, true);
	return 0;
}

static int with_user_manager(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int r = make_world("systemd");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct kid kid;

	if (r < 0)
		return r;
	setenv("XDG_RUNTIME_DIR", "/run/mine", 1);
	if (kid_start(&kid, 0, NULL) < 0)
		return 1;
	put_pid(kid.pid, UNIFIED, "");
	nsi_leave_cgroup(ctx, kid.pid, name, false);
	if (!access("/run/said", F_OK))
		return 2;
	/* Only now there is one. */
	if (mkdir("/run/mine", 0700) < 0 || mkdir("/run/mine/systemd", 0700) < 0)
		return 3;
	strcpy(address.sun_path, "/run/mine/systemd/private");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return 4;
	if (nsi_leave_cgroup(ctx, kid.pid, name, false) < 0)
		return 5;
	if (!says("/run/said", "--user ") ||
	    !says("/run/env", "XDG_RUNTIME_DIR=/run/mine\n"))
		return 6;
	if (!strstr(place_of(kid.pid, UNIFIED), ".scope"))
		return 7;
	kid_end(&kid);
	nsi_leave_cgroup_clean(ctx, name, false);
	return 0;
}

static void test_systemd(const char *what, int (*body)(void))
{
	struct kid kid;
	int r;

	if (!*top[UNIFIED] || access("/usr/bin/busctl", F_OK)) {
		skip(what, "no cgroup v2, or no busctl");
		return;
	}
	r = kid_start(&kid, CLONE_NEWPID | CLONE_NEWNS, body);
	if (r == -EPERM) {
		skip(what, "no namespaces");
		return;
	}
	is_int(r, 0, "a world of its own");
	kid_end(&kid);
	is_int(kid.said, 0, "%s", what);
}

/* ---- who lingers ---- */

static int lingering(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("run", "/run", "tmpfs", 0, NULL) < 0 ||
	    mount("var", "/var", "tmpfs", 0, NULL) < 0 || mkdir("/var/lib", 0755) < 0)
		return -errno;
	if (!nsi_session_lingers(ctx, 1234))
		return 1;
	if (mkdir("/run/systemd", 0755) < 0 || mkdir("/run/systemd/users", 0755) < 0 ||
	    mkdir("/var/lib/systemd", 0755) < 0 ||
	    mkdir("/var/lib/systemd/linger", 0755) < 0)
		return -errno;
	write_file("/run/systemd/users/1234",
		   "# This is private data. Do not parse.\nNAME=jo\nSTATE=active\n",
		   0644);
	if (nsi_session_lingers(ctx, 1234))
		return 2;
	if (!nsi_session_lingers(ctx, 1235))
		return 3;
	write_file("/var/lib/systemd/linger/jo", "", 0644);
	if (!nsi_session_lingers(ctx, 1234))
		return 4;
	write_file("/run/systemd/users/1234", "NAME=../linger/jo\n", 0644);
	return nsi_session_lingers(ctx, 1234) ? 5 : 0;
}

/* Root of a user namespace that a user made: what logind knows is the user. */
static int be_inner_root(void)
{
	uid_t uid = geteuid() ? geteuid() : 1234;
	char map[32];

	if (setresuid(uid, uid, uid) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0 ||
	    unshare(CLONE_NEWUSER) < 0)
		return -errno;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_file("/proc/self/uid_map", map, 0);
	if (geteuid() || getuid())
		return 1;
	return nsi_session_uid(ctx) == uid ? 0 : 2;
}

static void test_inner_root(void)
{
	struct kid kid;

	if (!is_int(kid_start(&kid, 0, be_inner_root), 0, "one who makes a namespace"))
		return;
	kid_end(&kid);
	if (kid.said == -EPERM || kid.said == -ENOSPC)
		skip("root of a user namespace", "users may make none here");
	else
		is_int(kid.said, 0, "root of a user namespace is who made it");
}

static void test_linger(void)
{
	struct kid kid;

	if (!is_int(kid_start(&kid, CLONE_NEWNS, lingering), 0, "another /run"))
		return;
	kid_end(&kid);
	is_int(kid.said, 0, "who lingers, as logind notes it");
}

static void checks(void)
{
	alarm(60);
	is_int(nsu_ctx_new(NULL, &ctx), 0, "a context");
	snprintf(name, sizeof(name), "t-session-%d", getpid());
	for (int which = 0; which < HIERARCHIES; which++)
		if (which == UNIFIED || which == PIDS || which == CPUSET)
			test_leave(which);
	test_topmost();
	test_renamed();
	test_ordinary();
	test_systemd("a scope of systemd's", with_systemd);
	test_systemd("systemd says no: a cgroup", with_stubborn_systemd);
	test_systemd("another pid namespace's systemd is not asked", with_others_systemd);
	test_systemd("a scope of the user's manager", with_user_manager);
	test_inner_root();
	test_linger();
	nsu_ctx_free(ctx);
}

int main(void)
{
	return supervise(checks);
}
