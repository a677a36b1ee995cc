// SPDX-License-Identifier: GPL-2.0-or-later
/* From the options to a plan: what is meant is opened here, and nowhere later. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "attach.h"
#include "cli.h"
#include "word-say.h"
#include "word.h"

/* "-n netstat": the word was meant for the command. */
static int complain_no_target(const struct attach *app)
{
	const struct attach_opts *opts = &app->opts;
	char letters[32] = "", *at = letters;

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (opts->types & 1U << type && !opts->all)
			at += sprintf(at, " -%c", nsu_type_get_info(type)->letter);
	if (opts->all)
		strcpy(letters, " -a");
	msg(&app->out, "%s: no target given, and \"%s\" is none", letters + 1,
	    opts->target);
	if (!word_say_near(&app->out, app->ctx, opts->target))
		msg(&app->out, "try: nsattach 4711%s %s", letters, opts->target);
	return -EINVAL;
}

/* The types that are all there is to it, so that any process with the same will do; 0:
   more of the target is taken. */
static unsigned types_alone(const struct attach_opts *opts)
{
	static const unsigned loose = 1U << NSU_UTS | 1U << NSU_IPC | 1U << NSU_NET |
		1U << NSU_TIME;

	if (opts->all || (opts->types & ~loose) != 0 || opts->host_tools ||
	    opts->children || opts->user_parent || opts->net_socket >= 0 ||
	    opts->traits_on != 0 || opts->uid_from == NSU_ID_FOLLOW ||
	    opts->gid_from == NSU_ID_FOLLOW || opts->root != NSU_AUTO ||
	    opts->cwd_from == NSU_CWD_TARGET || opts->env == NSU_ENV_TARGET)
		return 0;
	return opts->types;
}

/* A word that is no target and could be no name either is said to be so. */
static bool may_be_command(const struct attach_opts *opts)
{
	return opts->target_by_operand && (opts->types != 0 || opts->all) &&
	       strchr(opts->target, ':') == NULL && !opts->docker_it &&
	       opts->command[0] == NULL;
}

static int open_target(struct attach *app)
{
	const struct attach_opts *opts = &app->opts;
	int r;

	if (opts->target == NULL)
		return 0;
	if (app->match != NULL) {
		r = nsu_match_open(app->match, &app->target);
		if (r == -ESRCH)
			msg(&app->out, "%s: has ended", opts->target);
		else if (r < 0)
			msg_errno(&app->out, r, "%s", opts->target);
		return r;
	}
	if (may_be_command(opts)) {
		r = nsu_target_new(app->ctx, opts->target, &app->target);
		if (r == -ENOENT || r == -EINVAL)
			return complain_no_target(app);
		/* What else is wrong is told below. */
		nsu_target_free(app->target);
		app->target = NULL;
	}
	r = word_open_types(&app->out, app->ctx, NULL, opts->target, types_alone(opts),
			    &app->target);
	return r == 0 && nsu_target_is_pod(app->target) ?
		attach_pod(app, types_alone(opts)) : r;
}

/* --net=FILE: also one without a slash; --net=:ID, --net=pin:NAME */
static int open_ns(struct attach *app, enum nsu_type type)
{
	const char *word = app->opts.ns[type];
	char *path = NULL;
	int r;

	if (strchr(word, '/') == NULL && *word != ':' && strncmp(word, "pin:", 4) != 0 &&
	    asprintf(&path, "./%s", word) < 0)
		return -ENOMEM;
	r = word_open(&app->out, app->ctx, NULL, path != NULL ? path : word,
		      &app->ns[type]);
	free(path);
	return r;
}

static int open_words(struct attach *app)
{
	int r = open_target(app);

	for (unsigned type = 0; type < NSU_TYPE_COUNT && r == 0; type++)
		if (app->opts.ns[type] != NULL)
			r = open_ns(app, type);
	return r;
}

static void fill_options(const struct attach *app, struct nsu_plan_options *plan)
{
	const struct attach_opts *opts = &app->opts;
	unsigned types;

	plan->types = opts->types;
	/* -a of what is no process: all that it has. */
	if (opts->all && app->target && !nsu_target_get_types(app->target, &types))
		plan->types &= types;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		plan->ns[type] = app->ns[type];
	plan->net_socket = opts->net_socket;
	plan->children = opts->children;
	plan->user_parent = opts->user_parent;
	plan->host_tools = opts->host_tools;
	plan->force = opts->force;
	plan->tree_dir = opts->target_dir;
	plan->proc = opts->proc;
	plan->sys = opts->sys;
	plan->resolv = opts->resolv;
	plan->traits_on = opts->traits_on;
	plan->traits_off = opts->traits_off;
	if (opts->privileged)
		plan->traits_off |= NSU_TRAITS_CONFINING & ~opts->traits_on;
	if (opts->seccomp == SECCOMP_COPY || opts->seccomp == SECCOMP_REQUIRE)
		plan->traits_on |= 1U << NSU_TRAIT_SECCOMP;
	plan->uid_from = opts->preserve_credentials ? NSU_ID_KEEP : opts->uid_from;
	plan->gid_from = opts->preserve_credentials ? NSU_ID_KEEP : opts->gid_from;
	plan->uid = opts->uid;
	plan->gid = opts->gid;
	plan->user = opts->user;
	plan->group = opts->group;
	plan->keep_caps = opts->keep_caps;
	plan->env = opts->env;
	plan->environment = environ;
	plan->setenv = opts->setenv;
	plan->root = opts->root;
	plan->root_dir = opts->root_dir;
	plan->cwd_from = opts->cwd_from;
	plan->cwd = opts->cwd;
}

/* -r=DIR, -w=DIR: is it this one that cannot be opened? */
static bool complain_dir(const struct attach *app, const char *option, const char *dir)
{
	int fd = dir != NULL ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : 0;

	if (fd < 0)
		msg_errno(&app->out, errno, "%s=%s", option, dir);
	else if (dir != NULL)
		close(fd);
	return fd < 0;
}

/* "pin:blue: has no mnt" */
static bool complain_type(const struct attach *app, const char *word,
			  const struct nsu_target *target, unsigned wanted)
{
	enum nsu_target_kind kind;
	unsigned types;

	if (target == NULL || nsu_target_get_kind(target, &kind) < 0 ||
	    kind == NSU_TARGET_TASK || nsu_target_get_types(target, &types) < 0 ||
	    (wanted & ~types) == 0)
		return false;
	wanted &= ~types;
	msg(&app->out, "%s: has no %s", word,
	    nsu_type_get_name((enum nsu_type)__builtin_ctz(wanted)));
	return true;
}

/* What was asked for of namespaces that are not there. */
static bool complain_types(const struct attach *app)
{
	const struct attach_opts *opts = &app->opts;

	if (complain_type(app, opts->target, app->target, opts->types))
		return true;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (opts->ns[type] != NULL && strncmp(opts->ns[type], "pin:", 4) == 0 &&
		    complain_type(app, opts->ns[type], app->ns[type], 1U << type))
			return true;
	return false;
}

static void complain(const struct attach *app, int error)
{
	const struct attach_opts *opts = &app->opts;
	char buf[32];
	const char *what = say_target(app, buf);

	if ((error == -ENOENT || error == -ENODATA) && opts->target != NULL &&
	    strchr(opts->target, '@') != NULL) {
		msg(&app->out, "%s: no process has that number there%s", what,
		    error == -ENODATA ? ", as far as you may see" : "");
		return;
	}
	if ((error == -EMEDIUMTYPE || error == -EINVAL) && complain_types(app))
		return;
	if (complain_dir(app, "-r", opts->root_dir) ||
	    (opts->cwd_from == NSU_CWD_OUTSIDE && complain_dir(app, "-w", opts->cwd)))
		return;
	switch (error) {
	case -ESRCH:
		msg(&app->out, "%s: has ended", what);
		break;
	case -EMEDIUMTYPE:
		msg(&app->out, "%s: a namespace of another type than the option it was "
		    "given with", what);
		break;
	case -ENOKEY:
		/* Which of the two the library does not tell. */
		msg(&app->out, "%s: no user or group %s%s%s in %s", what,
		    opts->uid_from == NSU_ID_NAME ? opts->user : opts->group,
		    opts->uid_from == NSU_ID_NAME && opts->gid_from == NSU_ID_NAME ?
		    ", or " : "",
		    opts->uid_from == NSU_ID_NAME && opts->gid_from == NSU_ID_NAME ?
		    opts->group : "",
		    "its passwd or group file; a number works without one");
		break;
	case -EINVAL:
		if (opts->user_parent && app->target != NULL) {
			msg(&app->out, "%s: --user-parent: of the namespaces named none "
			    "differs from yours", what);
			break;
		}
		msg(&app->out, "%s: not with a namespace alone: that needs a process",
		    what);
		break;
	case -ENOTSOCK:
	case -EBADF:
		msg(&app->out, "%s: its descriptor %d is %s", what, opts->net_socket,
		    error == -EBADF ? "not open" : "no socket");
		break;
	case -ENOENT:
		msg(&app->out, "%s: %s: nothing that is in it or names it can be opened",
		    what, strerror(ENOENT));
		break;
	default:
		msg_errno(&app->out, error, "%s: look into it", what);
		if (error == -EACCES || error == -EPERM)
			msg(&app->out, "it is another user's: run as root "
			    "(sudo nsattach)");
	}
}

int attach_plan(struct attach *app)
{
	struct nsu_plan_options opts = NSU_PLAN_OPTIONS_INIT;
	int r = app->ctx != NULL ? 0 :
		context_open(&app->out, NULL, NULL, app->opts.verbose, &app->ctx);

	if (r == 0)
		r = open_words(app);
	if (r == 0)
		r = target_dir_open(app);
	if (r < 0)
		return EXIT_OWN;
	fill_options(app, &opts);
	r = nsu_plan_new(app->ctx, app->target, &opts, &app->plan);
	if (r < 0) {
		complain(app, r);
		return EXIT_OWN;
	}
	return 0;
}

void attach_close(struct attach *app)
{
	target_dir_close(app);
	nsu_plan_free(app->plan);
	nsu_target_free(app->target);
	free(app->pod_word);
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		nsu_target_free(app->ns[type]);
	nsu_ctx_free(app->ctx);
}
