/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ends with a session of its user, and how a process leaves that: its cgroup. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "enter.h"
#include "pin.h"

#define DEADLINE	3000	/* ms for systemd to answer */
#define MOVED_WITHIN	2000	/* ms for its job to be done */
#define STEP		5	/* ms between two looks */
#define UNIT_MAX	256	/* bytes of a unit's name, UNIT_NAME_MAX of systemd */

static bool is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/*
 * Does systemd run, and as the first of the very pid namespace whose numbers we use? In a
 * container with the host's /run it would move another process than was meant.
 */
static bool has_systemd(const struct nsu_ctx *ctx)
{
	char comm[32];

	return is_dir("/run/systemd/system") && ctx->procfs.own_pids &&
	       nsi_read_at(ctx->proc_fd, "1/comm", comm, sizeof(comm)) > 0 &&
	       !strcmp(comm, "systemd\n");
}

static bool has_user_manager(const char *runtime_dir)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/systemd/private", runtime_dir);
	return !stat(path, &st) && S_ISSOCK(st.st_mode) && st.st_uid == geteuid();
}

/* Where the user's manager is: the environment may be from before a su(1). NULL. */
static const char *find_user_manager(char *buf, size_t size)
{
	const char *dir = secure_getenv("XDG_RUNTIME_DIR");

	if (dir && *dir == '/' && has_user_manager(dir))
		return dir;
	snprintf(buf, size, "/run/user/%u", geteuid());
	return has_user_manager(buf) ? buf : NULL;
}

/* As systemd.unit(5) has it. The number at the end makes it the only one: a scope keeps
   its name when its pin gets another one. */
static void name_scope(const char *name, pid_t pid, char ret[UNIT_MAX])
{
	size_t len = snprintf(ret, UNIT_MAX, "nspin-");

	for (; *name && len < UNIT_MAX - sizeof("-4194304.scope") - 4; name++)
		if ((*name >= '0' && *name <= '9') || *name == '_' || *name == '.' ||
		    ((*name | 0x20) >= 'a' && (*name | 0x20) <= 'z'))
			ret[len++] = *name;
		else
			len += snprintf(ret + len, UNIT_MAX - len, "\\x%02x",
					(unsigned char)*name);
	snprintf(ret + len, UNIT_MAX - len, "-%d.scope", pid);
}

static int open_pid(const struct nsu_ctx *ctx, pid_t pid)
{
	char path[16];
	int dir;

	snprintf(path, sizeof(path), "%d", pid);
	dir = openat(ctx->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? nsi_errno() : dir;
}

/* systemd answers as soon as it has the job; whether that came to something only the
   process shows. */
static int await_scope(const struct nsu_ctx *ctx, pid_t pid, const char *scope)
{
	nsi_autoclose int dir = open_pid(ctx, pid);

	if (dir < 0)
		return dir;
	for (int i = 0; i < MOVED_WITHIN / STEP; i++) {
		nsi_autofree char *groups = NULL;
		int r = nsi_cgroup_read_groups(dir, &groups);

		if (r < 0)
			return r;
		if (strstr(groups, scope))
			return 0;
		poll(NULL, 0, STEP);
	}
	return -ETIMEDOUT;
}

static int call_systemd(struct nsu_ctx *ctx, const char *const *args,
			const char *const *env)
{
	static const char *const paths[] = {
		"/usr/bin/busctl", "/bin/busctl", "/run/current-system/sw/bin/busctl",
	};
	char words[256] = "";
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(paths) && r == -ENOENT; i++)
		r = nsi_program_run(ctx, paths[i], args, env, DEADLINE, words,
				    sizeof(words));
	if (r < 0)
		nsi_log_errno(ctx, NSU_LOG_INFO, r, "run busctl");
	if (r > 0) {
		nsi_log(ctx, NSU_LOG_INFO, "busctl: status %d: %s", r, words);
		r = -EOPNOTSUPP;
	}
	return r;
}

/* Nothing of the caller's environment but where its user's bus is. On shutdown an init of
   a pid namespace does not heed SIGTERM, and is not to be waited for. */
static int make_scope(struct nsu_ctx *ctx, pid_t pid, const char *name, bool system,
		      const char *runtime_dir)
{
	char scope[UNIT_MAX], number[16], about[256], runtime[PATH_MAX];
	const char *const args[] = {
		"busctl", system ? "--system" : "--user", "--quiet", "--timeout=3",
		"call",
		"org.freedesktop.systemd1", "/org/freedesktop/systemd1",
		"org.freedesktop.systemd1.Manager", "StartTransientUnit",
		"ssa(sv)a(sa(sv))", scope, "fail", "4",
		"PIDs", "au", "1", number,
		"Description", "s", about,
		"CollectMode", "s", "inactive-or-failed",
		"TimeoutStopUSec", "t", "1000000",
		"0", NULL,
	};
	const char *const env[] = { "LC_ALL=C", system ? NULL : runtime, NULL };
	int r;

	name_scope(name, pid, scope);
	snprintf(number, sizeof(number), "%d", pid);
	snprintf(about, sizeof(about), "Namespaces pinned as %s", name);
	snprintf(runtime, sizeof(runtime), "XDG_RUNTIME_DIR=%s", runtime_dir);
	r = call_systemd(ctx, args, env);
	return r < 0 ? r : await_scope(ctx, pid, scope);
}

int nsi_leave_cgroup(struct nsu_ctx *ctx, pid_t pid, const char *name, bool system)
{
	char buf[32];
	const char *bus = system ? "" : find_user_manager(buf, sizeof(buf));

	if (bus && has_systemd(ctx) && !make_scope(ctx, pid, name, system, bus))
		return 0;
	return nsi_cgroup_leave(ctx, pid, name);
}

void nsi_leave_cgroup_clean(struct nsu_ctx *ctx, const char *name, bool system)
{
	/* A scope goes with its last process. What root left may be a user's now. */
	(void)system;
	nsi_cgroup_leave_clean(ctx, name);
}

/* By logind's own note of a user who has a session, or lingers: KEY=VALUE lines. false:
   there is none. "": it does not tell. */
static bool read_user_name(uid_t uid, char *ret, size_t size)
{
	char path[48], text[4096];
	const char *line;

	snprintf(path, sizeof(path), "/run/systemd/users/%u", uid);
	if (nsi_read_at(AT_FDCWD, path, text, sizeof(text)) < 0)
		return false;
	line = strncmp(text, "NAME=", 5) ? strstr(text, "\nNAME=") : text;
	line = line ? strchr(line, '=') + 1 : "";
	snprintf(ret, size, "%.*s", (int)strcspn(line, "\n"), line);
	if (*ret == '.' || strchr(ret, '/'))
		*ret = '\0';
	return true;
}

/* As the parent of a user namespace numbers it; where that is no login's either nothing
   can be told. */
uid_t nsi_session_uid(struct nsu_ctx *ctx)
{
	nsi_autofree struct nsu_id_range *map = NULL;
	nsi_autoclose int self = nsi_ctx_open_self(ctx);
	ssize_t n = self < 0 ? self : nsi_read_idmap(self, false, &map);
	uid_t uid = geteuid();

	for (ssize_t i = 0; i < n; i++)
		if (uid >= map[i].inside && uid - map[i].inside < map[i].count)
			return map[i].outside + (uid - map[i].inside);
	return uid;
}

bool nsi_session_lingers(struct nsu_ctx *ctx, uid_t uid)
{
	static const char *const dirs[] = {
		"/var/lib/systemd/linger", "/var/lib/elogind/linger",
	};
	char name[256], path[320];
	struct stat st;

	(void)ctx;
	if (!read_user_name(uid, name, sizeof(name)))
		return true;
	for (size_t i = 0; *name && i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		if (!lstat(path, &st))
			return true;
	}
	return false;
}
