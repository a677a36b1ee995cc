/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The id maps of new user namespaces: root's, users', and those by newuidmap(1). */
#include "pin-made.h"

#define NOBODY	65534
#define SOMEONE	3456		/* has ranges in subuid(5) */

static bool has_maps(const struct nsi_made *made, const char *uids, const char *gids)
{
	pid_t pid = made->init.proc.pid;
	nsi_autofree char *uid = proc_text(pid, "uid_map");
	nsi_autofree char *gid = proc_text(pid, "gid_map");
	char *texts[] = { uid, gid };

	/* Numbers with one space between. */
	for (int i = 0; i < 2; i++) {
		char *to = texts[i];

		for (char *from = texts[i]; *from; from++)
			if (*from != ' ' || (to > texts[i] && !strchr(" \n", to[-1])))
				*to++ = *from;
		*to = '\0';
	}
	return !strcmp(uid, uids) && !strcmp(gid, gids);
}

static void check_maps(const struct nsu_pin_options *opts, const char *what,
		       const char *uids, const char *gids)
{
	struct nsi_made made;
	int r = make(opts, &made);

	check_int(r, 0, "%s: made", what);
	if (r < 0) {
		check_str(report.object, "", "%s", what);
		return;
	}
	check(has_maps(&made, uids, gids), "%s: as wanted", what);
	close_made(&made);
	no_child(what);
}

static const struct nsu_id_range some_uids[] = { { 0, 100000, 10 }, { 10, 5, 1 } };
static const struct nsu_id_range some_gids[] = { { 0, 200000, 10 } };

static void set_list(struct nsu_pin_options *opts)
{
	opts->map = NSU_PIN_MAP_LIST;
	opts->uids = some_uids;
	opts->uid_count = ARRAY_SIZE(some_uids);
	opts->gids = some_gids;
	opts->gid_count = ARRAY_SIZE(some_gids);
}

/* A file of /etc is another for this test. */
static void replace_file(const char *path, const char *text)
{
	char own[64];

	snprintf(own, sizeof(own), "/tmp/%s", strrchr(path, '/') + 1);
	write_text(own, text);
	if (access(path, F_OK) < 0)
		write_text(path, "");
	need(!mount(own, path, NULL, MS_BIND, NULL), path);
}

static void replace_accounts(void)
{
	need_mounts();
	replace_file("/etc/passwd", "root:x:0:0::/:/bin/sh\nfew:x:3456:3456::/:\n");
	replace_file("/etc/group", "root:x:0:\nfew:x:3456:\n");
	replace_file("/etc/subuid", "other:1:5\nfew:300000:100\nnoise\n3456:400000:50\n"
		     "root:500000:7\nfew:x:3\n");
	replace_file("/etc/subgid", "few:600000:20\nroot:700000:9\n");
}

static void test_maps(void)
{
	struct nsu_pin_options opts = NSU_PIN_OPTIONS_INIT;

	begin();
	replace_accounts();
	opts.types = 1u << NSU_USER | 1u << NSU_PID;
	check_maps(&opts, "none", "", "");
	opts.map = NSU_PIN_MAP_ROOT;
	check_maps(&opts, "root", "0 0 1\n", "0 0 1\n");
	opts.map = NSU_PIN_MAP_AUTO;
	check_maps(&opts, "auto", "0 0 1\n1 500000 7\n", "0 0 1\n1 700000 9\n");
	set_list(&opts);
	check_maps(&opts, "list", "0 100000 10\n10 5 1\n", "0 200000 10\n");
	opts.types |= 1u << NSU_TIME;
	opts.set_boottime = true;
	opts.boottime = 5;
	check_maps(&opts, "list with clocks", "0 100000 10\n10 5 1\n", "0 200000 10\n");
}

static void become(uid_t id)
{
	need(!syscall(SYS_setgroups, 0, NULL) && !setresgid(id, id, id) &&
	     !setresuid(id, id, id), "setresuid");
	/* As after an exec: a process of its user's. */
	prctl(PR_SET_DUMPABLE, 1);
}

static void need_users(struct nsu_pin_options *opts)
{
	struct nsi_made made;

	opts->types = 1u << NSU_USER | 1u << NSU_PID;
	if (make(opts, &made) < 0) {
		check_int(report.cause, NSU_PIN_CAUSE_FORBIDDEN, "users may not");
		need(false, "a user's user namespace");
	}
	close_made(&made);
}

static uid_t owner_of(pid_t pid)
{
	char path[32];
	struct stat st = { .st_uid = -1 };

	snprintf(path, sizeof(path), "%d/stat", pid);
	fstatat(inside_proc, path, &st, 0);
	return st.st_uid;
}

/* Of who cannot be traced the files in the procfs are root's. */
static void check_dumpable(struct nsu_pin_options *opts)
{
	struct nsi_made made;

	check_int(make(opts, &made), 0, "nobody: made");
	check_int(owner_of(made.init.proc.pid), NOBODY, "nobody: leashed it is ours");
	check_int(nsi_dweller_release(ctx, &made.init, name, false, &report), 0,
		  "nobody: released");
	check_int(owner_of(made.init.proc.pid), 0, "nobody: then it cannot be traced");
	check_int(nsi_init_dismiss(ctx, &made.init.proc), 1, "nobody: dismissed");
	nsi_leave_cgroup_clean(ctx, name, false);
	close_made(&made);
}

static void test_user(void)
{
	struct nsu_pin_options opts = NSU_PIN_OPTIONS_INIT;
	struct nsi_made made;
	int before;

	begin();
	replace_accounts();
	become(NOBODY);
	before = open_count();
	opts.types = 1u << NSU_NET;
	check_int(make(&opts, &made), -EPERM, "nobody: net alone");
	check_int(report.cause, NSU_PIN_CAUSE_NO_USERNS, "nobody: why");
	check_int(report.step, NSU_PIN_STEP_UNSHARE, "nobody: at what");
	check_int(report.type, NSU_NET, "nobody: of which type");
	need_users(&opts);
	opts.map = NSU_PIN_MAP_ROOT;
	check_maps(&opts, "nobody: root", "0 65534 1\n", "0 65534 1\n");
	opts.types = ALL & ~(1u << NSU_TIME);
	opts.loopback = true;
	opts.hostname = "green";
	check_maps(&opts, "nobody: all", "0 65534 1\n", "0 65534 1\n");
	check_dumpable(&opts);
	opts.map = NSU_PIN_MAP_AUTO;
	check_int(make(&opts, &made), -ENOENT, "nobody: auto");
	check_int(report.cause, NSU_PIN_CAUSE_NO_SUBIDS, "nobody: has no range");
	check_str(report.object, "/etc/subuid", "nobody: where");
	no_child("nobody");
	check_int(open_count(), before, "nobody: no descriptor is left");
}

static void test_helper(void)
{
	struct nsu_pin_options opts = NSU_PIN_OPTIONS_INIT;
	struct nsi_made made;

	begin();
	replace_accounts();
	need(!access("/usr/bin/newuidmap", X_OK), "newuidmap");
	become(SOMEONE);
	need_users(&opts);
	opts.types |= 1u << NSU_TIME | 1u << NSU_UTS;
	opts.hostname = "red";
	opts.set_boottime = true;
	opts.boottime = 3;
	opts.map = NSU_PIN_MAP_AUTO;
	check_maps(&opts, "auto", "0 3456 1\n1 300000 100\n101 400000 50\n",
		   "0 3456 1\n1 600000 20\n");
	set_list(&opts);
	check_int(make(&opts, &made), -EPERM, "others' ids");
	check_int(report.cause, NSU_PIN_CAUSE_NEWUIDMAP, "it says no");
	check(strstr(report.object, "newuidmap: ") != NULL, "its words");
	no_child("helper");
}

int main(void)
{
	place_need_host();
	pin_start();
	inside_test("maps", 0, test_maps);
	inside_test("user", 0, test_user);
	inside_test("helper", 0, test_helper);
	return done();
}
