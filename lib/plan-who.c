/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who the command will be: uid, gid, groups, home, shell, environment. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "plan.h"
#include "visit.h"

#define ACCOUNT_LIMIT	(4 << 20)	/* of a passwd or group file */
#define ENVIRON_LIMIT	(64 << 20)
#define MAX_GROUPS	65536		/* NGROUPS_MAX */

/* As the user namespace that is entered counts. -1: it has no number there. */
static int64_t to_inside(const struct nsu_plan *plan, bool gid, uint32_t outside)
{
	if (!nsi_plan_enters(plan, NSU_USER) || plan->map_count[gid] < 0)
		return outside;
	for (ssize_t i = 0; i < plan->map_count[gid]; i++) {
		const struct nsu_id_range *range = &plan->maps[gid][i];

		if (outside >= range->outside && outside - range->outside < range->count)
			return range->inside + (outside - range->outside);
	}
	return -1;
}

static bool has_zero(const struct nsu_plan *plan, bool gid)
{
	if (plan->map_count[gid] < 0)
		return true;
	for (ssize_t i = 0; i < plan->map_count[gid]; i++)
		if (!plan->maps[gid][i].inside && plan->maps[gid][i].count)
			return true;
	return false;
}

bool nsi_plan_has_root(const struct nsu_plan *plan)
{
	return has_zero(plan, false) && has_zero(plan, true);
}

static int read_maps(struct nsu_plan *plan, int dir)
{
	for (int gid = 0; gid <= 1; gid++) {
		ssize_t n = nsi_read_idmap(dir, gid, &plan->maps[gid]);

		if (n == -ESRCH || n == -ENOMEM)
			return n;
		plan->map_count[gid] = n < 0 ? -1 : n;
	}
	return 0;
}

static int stay_there(struct nsi_visit *visit)
{
	int error = 0, r = nsi_courier_send(visit->out, &error, sizeof(error), NULL, 0);

	while (!r)
		pause();
	return r;
}

/* No task tells of a user namespace that only a file holds. Read by who enters it later,
   the ids outside are his; read from within they would be its parent's. */
static int visit_maps(struct nsu_plan *plan)
{
	struct nsi_visit visit = { .look = stay_there };
	nsi_autoclose int dir = -1;
	struct nsi_courier courier;
	char path[16];
	int error, r;

	r = nsi_visit_start_fd(plan->ctx, plan->fd[NSU_USER], NSU_USER, &visit, &courier);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = nsi_visit_receive(&courier, &error, sizeof(error), NULL);
	if (!r) {
		snprintf(path, sizeof(path), "%d", courier.pid);
		dir = openat(plan->ctx->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = dir < 0 ? 0 : read_maps(plan, dir);
	}
	nsi_courier_end(&courier);
	/* Who may not enter it is told so when it is judged. */
	return r == -ENOMEM ? r : 0;
}

int nsi_plan_take_maps(struct nsu_plan *plan)
{
	if (!nsi_plan_enters(plan, NSU_USER))
		return 0;
	if (plan->by_task & 1u << NSU_USER)
		return read_maps(plan, plan->hold.dir);
	return visit_maps(plan);
}

/* The database of the files that the command will see. NULL: there is none to read. */
static char *read_database(const struct nsu_plan *plan, const char *path)
{
	char *text = NULL;
	ssize_t n;

	if (!nsi_plan_enters(plan, NSU_MNT) && !nsi_plan_changes_root(plan))
		n = nsi_read_all_at(AT_FDCWD, path, ACCOUNT_LIMIT, &text);
	else if (plan->root < 0)
		return NULL;
	else
		n = nsi_inroot_read(plan->ctx, plan->root, path, ACCOUNT_LIMIT, &text);
	return n < 0 ? NULL : text;
}

/* Needed for its name, its home or its shell. */
static int take_account(struct nsu_plan *plan, const char *passwd, const char *name)
{
	struct nsi_account *account = &plan->account;
	int r = -ENOENT;

	if (passwd)
		r = nsi_account_find(passwd, name, plan->uid, account);
	if (r < 0 && name)
		return -ENOKEY;
	if (r < 0) {
		*account = (struct nsi_account){ .uid = plan->uid, .gid = plan->uid };
		if (!plan->uid)
			strcpy(account->name, "root");
	}
	if (!*account->home)
		strcpy(account->home, "/");
	return 0;
}

/* Nobody has a number there, and the target is the caller's own user anyway. Another's
   power must not get there in this way: its tasks could take it over. */
static bool is_unmapped_self(const struct nsu_plan *plan)
{
	const struct nsi_confine *confine = &plan->confine;

	return plan->hold.pid && !confine->status_error &&
	       confine->uid == plan->own.euid && confine->gid == getegid() &&
	       to_inside(plan, false, confine->uid) < 0 &&
	       to_inside(plan, true, confine->gid) < 0;
}

/* AUTO: root of what is entered, and where there is none who the target is; of namespaces
   without a process the caller stays who it is. */
static enum nsu_identity choose(const struct nsu_plan *plan, bool gid)
{
	enum nsu_identity from = gid ? plan->opts.gid_from : plan->opts.uid_from;

	if (from != NSU_ID_AUTO)
		return from;
	if (gid && (plan->opts.uid_from == NSU_ID_NUMBER ||
		    plan->opts.uid_from == NSU_ID_NAME))
		return NSU_ID_AUTO;	/* by passwd */
	if (gid && plan->opts.uid_from != NSU_ID_AUTO)
		return plan->opts.uid_from;
	if (nsi_plan_enters(plan, NSU_USER) && nsi_plan_has_root(plan))
		return NSU_ID_NUMBER;
	if (nsi_plan_enters(plan, NSU_USER))
		return !plan->hold.pid || is_unmapped_self(plan) ? NSU_ID_KEEP :
			NSU_ID_FOLLOW;
	return nsi_plan_enters(plan, NSU_MNT) && !plan->own.euid ? NSU_ID_NUMBER :
		NSU_ID_KEEP;
}

static int set_uid(struct nsu_plan *plan, enum nsu_identity from, const char *passwd)
{
	int64_t id = -1;
	int r;

	switch (from) {
	case NSU_ID_FOLLOW:
		if (!plan->hold.pid || plan->confine.status_error)
			return plan->confine.status_error ? : -EINVAL;
		id = to_inside(plan, false, plan->confine.uid);
		break;
	case NSU_ID_NUMBER:
		id = plan->opts.uid_from == NSU_ID_NUMBER ? plan->opts.uid : 0;
		break;
	case NSU_ID_NAME:
		if (!plan->opts.user)
			return -EINVAL;
		r = take_account(plan, passwd, plan->opts.user);
		if (r < 0)
			return r;
		id = plan->account.uid;
		break;
	default:
		id = to_inside(plan, false, plan->own.euid);
	}
	/* Without a number there it stays what the kernel makes of it. */
	plan->uid = id < 0 ? 65534 : id;
	return from == NSU_ID_NAME ? 0 : take_account(plan, passwd, NULL);
}

static int set_gid(struct nsu_plan *plan, enum nsu_identity from)
{
	nsi_autofree char *group = NULL;
	int64_t id = -1;
	int r = 0;

	switch (from) {
	case NSU_ID_FOLLOW:
		if (!plan->hold.pid || plan->confine.status_error)
			return plan->confine.status_error ? : -EINVAL;
		id = to_inside(plan, true, plan->confine.gid);
		break;
	case NSU_ID_NUMBER:
		id = plan->opts.gid_from == NSU_ID_NUMBER ? plan->opts.gid : 0;
		break;
	case NSU_ID_NAME:
		if (!plan->opts.group)
			return -EINVAL;
		group = read_database(plan, "/etc/group");
		r = group ? nsi_group_find(group, plan->opts.group, &plan->gid) : -ENOENT;
		return r == -ENOENT ? -ENOKEY : r;
	case NSU_ID_AUTO:
		id = plan->account.gid;
		break;
	default:
		id = to_inside(plan, true, getegid());
	}
	plan->gid = id < 0 ? 65534 : id;
	return 0;
}

/* An ordinary user's own user namespace forbids to set any (user_namespaces(7)): who is
   in one already has those that it has. */
static bool is_forbidden_groups(const struct nsu_plan *plan)
{
	nsi_autoclose int self = nsi_ctx_open_self(plan->ctx);
	char text[16];

	return self >= 0 && nsi_read_at(self, "setgroups", text, sizeof(text)) >= 4 &&
		!memcmp(text, "deny", 4);
}

static int set_groups(struct nsu_plan *plan, enum nsu_identity from)
{
	nsi_autofree char *group = NULL;

	plan->keeps_groups = is_forbidden_groups(plan);
	plan->groups = calloc(MAX_GROUPS, sizeof(*plan->groups));
	if (!plan->groups)
		return -ENOMEM;
	if (from == NSU_ID_FOLLOW) {
		for (size_t i = 0; i < plan->confine.group_count; i++) {
			int64_t id = to_inside(plan, true, plan->confine.groups[i]);

			if (id >= 0 && plan->group_count < MAX_GROUPS)
				plan->groups[plan->group_count++] = id;
		}
		return 0;
	}
	/* Whose names count: a user namespace without its files has no group file. */
	if (!*plan->account.name ||
	    (nsi_plan_enters(plan, NSU_USER) && !nsi_plan_enters(plan, NSU_MNT)))
		return 0;
	group = read_database(plan, "/etc/group");
	if (group)
		plan->group_count = nsi_group_list(group, plan->account.name,
						   plan->groups, MAX_GROUPS);
	return 0;
}

static const char *find_host(const struct nsu_plan *plan, const char *name)
{
	size_t len = strlen(name);

	for (char *const *at = plan->opts.environment; at && *at; at++)
		if (!strncmp(*at, name, len) && (*at)[len] == '=')
			return *at + len + 1;
	return NULL;
}

/* An account that nobody logs in to. */
static bool refuses_login(const char *shell)
{
	const char *name = strrchr(shell, '/');

	return name && (!strcmp(name, "/nologin") || !strcmp(name, "/false"));
}

/* A shell that is there: the account's, else sh. */
static void find_shell(struct nsu_plan *plan)
{
	bool inside = nsi_plan_enters(plan, NSU_MNT) || nsi_plan_changes_root(plan);
	struct nsi_account *account = &plan->account;
	const char *shell = inside ? NULL : find_host(plan, "SHELL");
	nsi_autoclose int own = -1;
	int root = plan->root;

	if (shell && *shell == '/' && strlen(shell) < sizeof(account->shell))
		strcpy(account->shell, shell);
	if (!inside) {
		own = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		root = own;
	}
	/* Entered by a file alone: its files are seen only from within. */
	plan->has_shell = root < 0 || (*account->shell &&
		!refuses_login(account->shell) &&
		!nsi_inroot_check_exec(plan->ctx, root, account->shell));
	if (plan->has_shell && *account->shell)
		return;
	strcpy(account->shell, "/bin/sh");
	plan->has_shell = root < 0 ||
		!nsi_inroot_check_exec(plan->ctx, root, account->shell);
}

int nsi_plan_take_identity(struct nsu_plan *plan)
{
	nsi_autofree char *passwd = NULL;
	enum nsu_identity uid, gid;
	int r;

	uid = choose(plan, false);
	gid = choose(plan, true);
	passwd = read_database(plan, "/etc/passwd");
	r = set_uid(plan, uid, passwd);
	if (!r)
		r = set_gid(plan, gid);
	plan->changes_ids = uid != NSU_ID_KEEP || gid != NSU_ID_KEEP;
	if (!r && plan->changes_ids)
		r = set_groups(plan, uid);
	find_shell(plan);
	return r;
}

static int take_clean(struct nsu_plan *plan)
{
	const struct nsi_account *account = &plan->account;
	nsi_autofree char *text = NULL;
	struct nsi_environ target = { 0 };
	const char *path = NULL, *term = find_host(plan, "TERM");
	struct { const char *name, *value; } set[6];
	ssize_t n = -ENOENT;
	int r = 0;

	if (plan->hold.pid && nsi_plan_enters(plan, NSU_MNT))
		n = nsi_read_all_at(plan->hold.dir, "environ", ENVIRON_LIMIT, &text);
	if (n >= 0) {
		r = nsi_environ_parse(&target, text, n);
		text = NULL;
		path = r < 0 ? NULL : nsi_environ_get(&target, "PATH");
	}
	if (!nsi_plan_enters(plan, NSU_MNT))
		path = find_host(plan, "PATH");
	set[0].name = "TERM", set[0].value = term;
	set[1].name = "PATH", set[1].value = path ? path : NSI_DEFAULT_PATH;
	set[2].name = "HOME", set[2].value = account->home;
	set[3].name = "USER", set[3].value = *account->name ? account->name : NULL;
	set[4].name = "LOGNAME", set[4].value = set[3].value;
	set[5].name = "SHELL", set[5].value = plan->has_shell ? account->shell : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(set) && !r; i++)
		if (set[i].value)
			r = nsi_environ_set(&plan->env, set[i].name, set[i].value);
	nsi_environ_free(&target);
	return r;
}

static int take_target(struct nsu_plan *plan)
{
	char *text;
	ssize_t n;
	int r;

	if (!plan->hold.pid)
		return -EINVAL;
	n = nsi_read_all_at(plan->hold.dir, "environ", ENVIRON_LIMIT, &text);
	if (n < 0)
		return n;
	r = nsi_environ_parse(&plan->env, text, n);
	/* Its variables are orders to the loader: not for a program of the host's. */
	if (!r && !nsi_plan_enters(plan, NSU_MNT)) {
		const char *path = find_host(plan, "PATH");

		plan->env.odd += nsi_environ_disarm(&plan->env);
		r = nsi_environ_set(&plan->env, "PATH", path ? path : NSI_DEFAULT_PATH);
	}
	return r;
}

/* NAME=VALUE of the caller's, taken as it is. */
static int set_assignment(struct nsu_plan *plan, const char *text)
{
	const char *sign = strchr(text, '=');
	nsi_autofree char *name = NULL;

	if (!sign || sign == text)
		return sign ? -EINVAL : nsi_environ_set(&plan->env, text, NULL);
	name = strndup(text, sign - text);
	return name ? nsi_environ_set(&plan->env, name, sign + 1) : -ENOMEM;
}

/* Parsed as the target's is: what has no name, or a name of control characters, is left
   out of it, and it is the caller's own doing. */
static int take_host(struct nsu_plan *plan)
{
	size_t len = 0;
	char *text, *at;
	int r;

	for (char *const *var = plan->opts.environment; var && *var; var++)
		len += strlen(*var) + 1;
	text = malloc(len + 1);
	if (!text)
		return -ENOMEM;
	at = text;
	for (char *const *var = plan->opts.environment; var && *var; var++)
		at = stpcpy(at, *var) + 1;
	text[len] = '\0';
	r = nsi_environ_parse(&plan->env, text, len);
	plan->env.odd = 0;
	return r;
}

int nsi_plan_take_environment(struct nsu_plan *plan)
{
	enum nsu_environment from = plan->opts.env;
	int r;

	if (from == NSU_ENV_AUTO)
		from = nsi_plan_enters(plan, NSU_MNT) ? NSU_ENV_CLEAN : NSU_ENV_HOST;
	if (from == NSU_ENV_CLEAN)
		r = take_clean(plan);
	else
		r = from == NSU_ENV_TARGET ? take_target(plan) : take_host(plan);
	for (const char *const *at = plan->opts.setenv; at && *at && !r; at++)
		r = set_assignment(plan, *at);
	/* An empty list, but a list. */
	if (!r && !plan->env.list) {
		plan->env.list = calloc(1, sizeof(char *));
		r = plan->env.list ? 0 : -ENOMEM;
	}
	return r;
}
