// SPDX-License-Identifier: GPL-2.0-or-later
/* What stands in the way, and what runs otherwise than might be expected. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "attach.h"

/* What is printed can be typed again: the word that means just this one, or what was
   typed. */
const char *say_target(const struct attach *app, char buf[static 32])
{
	const struct attach_opts *opts = &app->opts;

	const char *word = app->pod_word;
	pid_t pid;

	if (word == NULL)
		word = nsu_target_get_word(app->target);
	if (word != NULL && text_is_plain(word))
		return word;
	/* A container's name can be a command for the shell that it is pasted to. */
	if (word != NULL && nsu_target_get_pid(app->target, &pid) == 0) {
		snprintf(buf, 32, "%d", (int)pid);
		return buf;
	}
	if (opts->target != NULL)
		return opts->target;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (opts->ns[type] != NULL)
			return opts->ns[type];
	snprintf(buf, 32, "socket %d", opts->net_socket);
	return buf;
}

static void say_needs(const struct attach *app, const struct nsu_entry *entry,
		      const char *cap)
{
	char buf[32], where[80] = "the user namespace that owns it, which is above yours";
	const char *what = say_target(app, buf), *cure = "; try: nsattach --explain ";

	if (entry->needed_in != 0)
		snprintf(where, sizeof(where), "user:[%" PRIu64 "]", entry->needed_in);
	/* Who has asked for the explanation is told what to do. */
	if (app->opts.explain)
		cure = geteuid() != 0 ? "; run as root: sudo nsattach " : NULL;
	msg(&app->out, "needs %s in %s%s%s", cap, where, cure != NULL ? cure : "",
	    cure != NULL ? what : "");
}

static void say_rule(const struct attach *app, const struct nsu_entry *entry)
{
	const struct output *out = &app->out;
	char buf[32];
	const char *what = say_target(app, buf);

	switch (entry->rule) {
	case NSU_RULE_ADMIN_HERE:
		if (entry->owned)
			msg(out, "it belongs to user:[%" PRIu64 "], where you may: enter "
			    "that too, -U", entry->owner);
		else
			say_needs(app, entry, "CAP_SYS_ADMIN");
		break;
	case NSU_RULE_ADMIN_THERE:
		say_needs(app, entry, "CAP_SYS_ADMIN");
		break;
	case NSU_RULE_CHROOT:
		say_needs(app, entry, "CAP_SYS_CHROOT");
		break;
	case NSU_RULE_NOT_BELOW:
		msg(out, "a pid namespace can be entered only from one above it, which "
		    "yours is not");
		break;
	case NSU_RULE_UNREADABLE:
		if (geteuid() != 0)
			msg(out, "it is another user's, or may not be traced: run as "
			    "root (sudo nsattach %s)", what);
		else
			msg(out, "it may not be traced: it has capabilities that you "
			    "lack, or a security module forbids it");
		break;
	case NSU_RULE_NO_INIT:
	case NSU_RULE_NONE:
		break;
	}
}

/* " -m -u": what would be entered but for the pid namespace. */
static const char *letters_without_pid(const struct attach *app,
				       char buf[static 3 * NSU_TYPE_COUNT + 1])
{
	char *at = buf;

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (type != NSU_PID &&
		    nsu_plan_get_entry(app->plan, type)->verdict == NSU_ENTRY_YES)
			at += sprintf(at, " -%c", nsu_type_get_info(type)->letter);
	*at = '\0';
	return buf;
}

/* The target's other namespaces may still be there. */
static void say_no_init(const struct attach *app, const struct nsu_entry *entry)
{
	char buf[32], room[3 * NSU_TYPE_COUNT + 1];
	const char *letters = letters_without_pid(app, room);

	msg(&app->out, "%s:[%" PRIu64 "]: enter: its init has ended, nothing can start "
	    "in it", nsu_type_get_name(entry->type), entry->inode);
	if (*letters != '\0')
		msg(&app->out, "what can be entered without it: nsattach%s -t %s",
		    letters, say_target(app, buf));
}

static void say_entry(const struct attach *app, const struct nsu_entry *entry)
{
	const char *type = nsu_type_get_name(entry->type);
	char buf[32];
	const char *what = say_target(app, buf);

	if (entry->verdict == NSU_ENTRY_UNREAD && entry->error == -ENOENT)
		msg(&app->out, "%s: it has no %s namespace", what, type);
	else if (entry->verdict == NSU_ENTRY_UNREAD)
		msg_errno(&app->out, entry->error, "%s: read ns/%s", what, type);
	else if (entry->rule == NSU_RULE_NO_INIT)
		say_no_init(app, entry);
	else
		msg(&app->out, "%s: enter %s:[%" PRIu64 "]: %s", what, type, entry->inode,
		    strerror(entry->rule == NSU_RULE_NOT_BELOW ? EINVAL : EPERM));
	say_rule(app, entry);
}

void say_verdicts(const struct attach *app)
{
	char buf[32], letters[3 * NSU_TYPE_COUNT + 1];
	const char *what = say_target(app, buf);

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		const struct nsu_entry *entry = nsu_plan_get_entry(app->plan, type);

		if (entry->verdict == NSU_ENTRY_NO ||
		    entry->verdict == NSU_ENTRY_UNREAD) {
			say_entry(app, entry);
			return;		/* the others have the same cause, most often */
		}
	}
	if (nsu_plan_check(app->plan) != -EXDEV)
		return;
	msg(&app->out, "%s: its tasks could reach this host's files through the command, "
	    "which they may trace", what);
	if (nsu_plan_get_pid(app->plan) == 0 &&
	    *letters_without_pid(app, letters) != '\0')
		msg(&app->out, "try: nsattach%s -t %s, without its pid namespace; "
		    "--force runs it nevertheless", letters, what);
	else if (nsu_plan_get_pid(app->plan) == 0)
		msg(&app->out, "--force runs it nevertheless");
	else
		msg(&app->out, "try: nsattach %s, with its own files, or the host's "
		    "tools without -H and -p; --force runs it nevertheless", what);
}

/* Whether the host has it where the command would be looked for. */
static bool host_has(const char *command)
{
	const char *path = getenv("PATH");
	char file[PATH_MAX];

	if (strchr(command, '/') != NULL)
		return access(command, X_OK) == 0;
	while (path != NULL && *command != '\0') {
		int len = (int)strcspn(path, ":");

		snprintf(file, sizeof(file), "%.*s/%s", len, path, command);
		if (len > 0 && access(file, X_OK) == 0)
			return true;
		path = path[len] == ':' ? path + len + 1 : NULL;
	}
	return false;
}

static void say_not_found(const struct attach *app, const char *what)
{
	const char *command = app->opts.command[0];

	if (app->opts.each && command[strspn(command, "0123456789")] == '\0')
		msg(&app->out, "try, for several targets: nsattach --each %s %s -- "
		    "COMMAND", what, command);
	else if (strchr(command, ' ') != NULL)
		msg(&app->out, "this is one word; try: nsattach %s sh -c '%s'", what,
		    command);
	else if (host_has(command))
		msg(&app->out, "not in the container; the host's: nsattach -H %s %s",
		    what, command);
}

static void say_no_command(const struct attach *app, int error)
{
	const char *command = app->opts.command[0];
	char buf[32];
	const char *what = say_target(app, buf);
	bool inside = nsu_plan_get_outlook(app->plan)->entered & 1U << NSU_MNT;

	if (command == NULL) {
		msg(&app->out, "%s: run sh: %s", what, strerror(-error));
		if (inside)
			msg(&app->out, "the container has no shell; try: nsattach -H %s",
			    what);
		return;
	}
	if (error == -ELIBACC)
		msg(&app->out, "%s: run %s: it is there, but not the interpreter or "
		    "loader that it needs", what, command);
	else
		msg_errno(&app->out, error, "%s: run %s", what, command);
	if (error == -ENOENT && inside)
		say_not_found(app, what);
	else if (error == -ENOEXEC)
		msg(&app->out, "a script needs a first line \"#!/bin/sh\"; or try: "
		    "nsattach %s sh %s", what, command);
}

static void say_fork_inside(const struct attach *app, int error)
{
	const struct nsu_outlook *outlook = nsu_plan_get_outlook(app->plan);
	char buf[32];
	const char *what = say_target(app, buf);

	if (error == -ENOMEM) {
		say_no_init(app, nsu_plan_get_entry(app->plan, NSU_PID));
	} else if (error == -EAGAIN && outlook->pids_max >= 0) {
		msg(&app->out, "%s: fork inside: the limit of processes of its cgroup is "
		    "reached (pids.max %" PRId64 ")", what, outlook->pids_max);
		msg(&app->out, "try: nsattach --no-cgroup %s", what);
	} else {
		msg_errno(&app->out, error, "%s: fork inside", what);
	}
}

static void say_setns(const struct attach *app, const struct nsu_failure *why)
{
	char buf[32], list[128] = "", *at = list;
	const char *what = say_target(app, buf);

	if (why->error == -ESRCH) {
		msg(&app->out, "%s: has ended", what);
		return;
	}
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (why->types & 1U << type)
			at += sprintf(at, " %s", nsu_type_get_name(type));
	msg_errno(&app->out, why->error, "%s: enter%s", what, list);
	msg(&app->out, "try: nsattach --explain %s", what);
}

void say_failure(const struct attach *app, const struct nsu_failure *why)
{
	char buf[32];
	const char *what = say_target(app, buf);

	switch (why->step) {
	case NSU_STEP_CHECK:
		say_verdicts(app);
		break;
	case NSU_STEP_SETNS:
		say_setns(app, why);
		break;
	case NSU_STEP_FORK_INSIDE:
		say_fork_inside(app, why->error);
		break;
	case NSU_STEP_EXEC:
		say_no_command(app, why->error);
		break;
	case NSU_STEP_CWD:
		if (app->opts.cwd != NULL) {
			msg_errno(&app->out, why->error, "%s: -W=%s", what,
				  app->opts.cwd);
			break;
		}
		/* fall through */
	default:
		msg_errno(&app->out, why->error, "%s: %s", what,
			  nsu_step_get_name(why->step));
		if (why->step == NSU_STEP_LABEL || why->step == NSU_STEP_CAPS ||
		    why->step == NSU_STEP_SECCOMP || why->step == NSU_STEP_NNP)
			msg(&app->out, "to run it less confined: --confine=-%s, or "
			    "--privileged", why->step == NSU_STEP_LABEL ? "label" :
			    why->step == NSU_STEP_CAPS ? "caps" :
			    why->step == NSU_STEP_NNP ? "nnp" : "seccomp");
		if ((why->step == NSU_STEP_GID || why->step == NSU_STEP_UID) &&
		    why->error == -EINVAL)
			msg(&app->out, "the user namespace has no such id; try others: "
			    "-S UID -G GID, or --preserve-credentials");
		if (why->step == NSU_STEP_TREE)
			msg(&app->out, "try another place: --target-dir=DIR");
	}
}

void say_problem(const struct attach *app, const struct nsu_failure *problem)
{
	char buf[32];
	const char *what = say_target(app, buf);

	if (problem->step == NSU_STEP_CWD)
		msg(&app->out, "%s: its working directory is %s; starting in /", what,
		    problem->error == -ENOENT ? "deleted" : "outside its root");
	else if (problem->step == NSU_STEP_CAPS && problem->error == -EXDEV)
		msg(&app->out, "%s: no capabilities: its own are of its user namespace, "
		    "which is not entered (-U)", what);
	else if (problem->step == NSU_STEP_CGROUP && problem->error == -EBUSY)
		msg(&app->out, "%s: its cgroup not joined: it has cgroups below it with "
		    "controllers, and cgroup v2 allows no process beside them", what);
	else if (problem->step == NSU_STEP_CGROUP)
		msg(&app->out, "%s: its cgroup not joined: %s", what,
		    strerror(-problem->error));
	else if (problem->step == NSU_STEP_SECCOMP && problem->error == -ETIMEDOUT)
		msg(&app->out, "%s: without its seccomp filter, which cannot be read "
		    "while it is paused or does not stop", what);
	else if (problem->step == NSU_STEP_SECCOMP && problem->error == -EACCES)
		msg(&app->out, "%s: without its seccomp filter, which only root of the "
		    "host can read", what);
	else
		msg(&app->out, "%s: otherwise than there: %s: %s", what,
		    nsu_step_get_name(problem->step), strerror(-problem->error));
}

void say_problems(const struct attach *app)
{
	const struct nsu_outlook *outlook = nsu_plan_get_outlook(app->plan);
	unsigned confined = 1U << NSU_TRAIT_CAPS | 1U << NSU_TRAIT_NNP;
	char buf[32];
	const char *what = say_target(app, buf);

	for (size_t i = 0; i < nsu_plan_count_problems(app->plan); i++)
		say_problem(app, nsu_plan_get_problem(app->plan, i));
	if (outlook->frozen && !(app->opts.traits_off & 1U << NSU_TRAIT_CGROUP))
		msg(&app->out, "%s: is paused; running beside its cgroup", what);
	if (outlook->odd > 0)
		msg(&app->out, "%s: %zu odd or dangerous variable%s of its environment "
		    "left out", what, outlook->odd, outlook->odd == 1 ? "" : "s");
	if (outlook->seccomp == 2 && app->opts.seccomp == SECCOMP_AUTO &&
	    outlook->traits & confined &&
	    !(outlook->traits & 1U << NSU_TRAIT_SECCOMP)) {
		if (app->unfiltered != NULL)
			atomic_fetch_add(app->unfiltered, 1);
		else
			say_unfiltered(&app->out, what, "its seccomp filter");
	}
}

void say_unfiltered(const struct output *out, const char *what, const char *which)
{
	msg(out, "%s: without %s%s=none says nothing", what, which, geteuid() == 0 ?
	    "; --seccomp=copy takes it, " :
	    ", which only root of the host can read; --seccomp");
}

/* "net is docker:web's; files, processes and all else are the host's" */
void say_partial(const struct attach *app)
{
	unsigned entered = nsu_plan_get_outlook(app->plan)->entered;
	const char *rest = "all else is";
	char list[80] = "", buf[32];
	const char *what = say_target(app, buf);
	size_t count = 0;

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (entered & 1U << type)
			strcat(strcat(list, count++ > 0 ? " " : ""),
			       nsu_type_get_name(type));
	if (!(entered & (1U << NSU_MNT | 1U << NSU_PID)))
		rest = "files, processes and all else are";
	else if (!(entered & 1U << NSU_MNT))
		rest = "files and all else are";
	else if (!(entered & 1U << NSU_PID))
		rest = "processes and all else are";
	if (count == 0)
		msg(&app->out, "%s: nothing of it differs from yours", what);
	else
		msg(&app->out, "%s %s %s's; %s the host's%s%s", list,
		    count == 1 ? "is" : "are", what, rest,
		    app->opts.docker_it ? "; for all of it: nsattach " : "",
		    app->opts.docker_it ? what : "");
}
