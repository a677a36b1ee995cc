/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

int target_other_type(const struct app *app, const char *word, const struct nsu_ns *ns)
{
	msg(&app->out, "%s: is of type %s, which --type leaves out", word,
	    nsu_type_get_name(nsu_ns_get_type(ns)));
	return -ENOENT;
}

void target_no_process(const struct app *app, const char *word)
{
	const struct nsu_procfs *procfs = nsu_ctx_get_procfs(app->ctx);

	msg(&app->out, "%s: no such process", word);
	if (procfs->hidepid >= NSU_HIDEPID_INVISIBLE && !procfs->exempt)
		msg(&app->out, "it may be hidden: %s is mounted with hidepid, "
		    "run as root for all",
		    app->opts.proc != NULL ? app->opts.proc : "/proc");
}

void target_complain(const struct app *app, const struct target *target, int error)
{
	switch (error) {
	case -ESRCH:
		target_no_process(app, target->word);
		break;
	case -ENOENT:
		msg(&app->out, "%s: no process has this number", target->word);
		break;
	case -ENODATA:
		msg(&app->out, "%s: this kernel tells no ids or inner pids",
		    target->word);
		break;
	case -EACCES:
	case -EPERM:
		msg_errno(&app->out, error, "%s: read its namespaces", target->word);
		break;
	default:
		msg_errno(&app->out, error, "%s", target->word);
	}
}

/* Of which process a number is a thread's; 0: no one can tell. */
static int process_of(const struct app *app, const char *number)
{
	const char *proc = app->opts.proc != NULL ? app->opts.proc : "/proc";
	char path[PATH_MAX], line[256];
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/status", proc, number);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "Tgid: %d", &pid) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return pid;
}

static void explain_thread(const struct app *app, const char *word)
{
	int pid = process_of(app, word);

	if (pid > 0) {
		msg(&app->out, "%s: a thread of process %d", word, pid);
		msg(&app->out, "try: nstree %d", pid);
	} else {
		msg(&app->out, "%s: a thread's number, not a process's", word);
	}
}

static void explain_name(const struct app *app, const char *word)
{
	const struct output *out = &app->out;
	enum nsu_type type;

	if (nsu_type_find(word, &type) == 0)
		msg(out, "%s: no such target; try: nstree -t %s", word,
		    nsu_type_get_name(type));
	else if (strchr(word, '/') != NULL)
		msg(out, "%s: no such file", word);
	else if (strncmp(word, "netns:", 6) == 0)
		msg(out, "%s: no such network namespace", word);
	else
		msg(out, "%s: no process, namespace or network namespace has this name; "
		    "those of containers are not known yet", word);
}

static void explain_form(const struct app *app, const char *word)
{
	static const char *const later[] = {
		"docker:", "podman:", "lxc:", "machine:", "pod:", "cri:", "unit:",
		"pin:",
	};

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (strncmp(word, later[i], strlen(later[i])) == 0) {
			msg(&app->out, "%s: names of containers, pods, units and pins "
			    "are not known yet", word);
			msg(&app->out, "try: nstree, which shows them by their commands");
			return;
		}
	if (strchr(word, '@') != NULL && word[strspn(word, "0123456789@")] != '\0')
		msg(&app->out, "%s: what stands behind the @ is neither a process nor a "
		    "pid namespace", word);
	else
		msg(&app->out, "%s: no such target; one is PID, TYPE:INODE, INODE, :ID, "
		    "FILE, netns:NAME, 7@TARGET, host or self",
		    *word != '\0' ? word : "\"\"");
}

int app_target(struct app *app, const char *word, struct nsu_target **ret)
{
	int r = nsu_target_new(app->ctx, word, ret);

	switch (r) {
	case 0:
		break;
	case -ESRCH:
		target_no_process(app, word);
		break;
	case -ECHILD:
		explain_thread(app, word);
		break;
	case -ENOENT:
		explain_name(app, word);
		break;
	case -EINVAL:
		explain_form(app, word);
		break;
	case -EMEDIUMTYPE:
		msg(&app->out, "%s: not a namespace file", word);
		break;
	case -ESTALE:
		msg(&app->out, "%s: ended and its number was given to another process",
		    word);
		break;
	case -EOPNOTSUPP:
		msg(&app->out, "%s: this kernel or this /proc cannot tell processes by "
		    "inode", word);
		break;
	default:
		msg_errno(&app->out, r, "%s", word);
	}
	return r;
}

static int open_word(struct app *app, struct targets *targets, const char *word)
{
	struct target *target = &targets->target[targets->count];
	int r;

	target->word = word;
	r = app_target(app, word, &target->target);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		targets->failed = true;
	else
		targets->handle[targets->count++] = target->target;
	return 0;
}

int targets_open(struct app *app, struct targets *targets)
{
	const struct opts *opts = &app->opts;
	int r = 0;

	memset(targets, 0, sizeof(*targets));
	targets->target = calloc((size_t)opts->operand_count + 2, sizeof(struct target));
	targets->handle = calloc((size_t)opts->operand_count + 2,
				 sizeof(struct nsu_target *));
	if (!targets->target || !targets->handle)
		return -ENOMEM;
	if (opts->pid > 0) {
		snprintf(targets->pid, sizeof(targets->pid), "%d", (int)opts->pid);
		r = open_word(app, targets, targets->pid);
	}
	for (int i = 0; i < opts->operand_count && r == 0; i++)
		r = open_word(app, targets, opts->operands[i]);
	return r;
}

void targets_close(struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		nsu_target_free(targets->target[i].target);
	free(targets->target);
	free(targets->handle);
	targets->target = NULL;
	targets->handle = NULL;
	targets->count = 0;
}

struct nsu_snapshot *targets_scan(struct app *app, const struct targets *targets,
				  unsigned parts, unsigned types)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;

	opts.parts = parts;
	opts.types = types;
	opts.targets = targets->handle;
	opts.target_count = targets->count;
	return app_scan_by(app, &opts, NULL);
}

int target_find(const struct app *app, const struct target *target,
		const struct nsu_snapshot *snap, const struct nsu_task **task,
		const struct nsu_ns **ns)
{
	enum nsu_target_kind kind;
	int r = nsu_target_get_kind(target->target, &kind);

	*task = NULL;
	*ns = NULL;
	if (r == 0 && kind == NSU_TARGET_NS) {
		r = nsu_target_find_ns(target->target, snap, ns);
		if (r == -ENOENT)
			msg(&app->out, "%s: no such namespace%s", target->word,
			    nsu_snapshot_is_complete(snap) ? "" : " in what can be read");
		else if (r < 0)
			target_complain(app, target, r);
		return r;
	}
	r = nsu_target_find_task(target->target, snap, task);
	/* What stands behind the last @ is no pid namespace, or nothing. */
	if (r == -ESRCH && strchr(target->word, '@'))
		msg(&app->out, "%s: no process has this number: what stands behind the @ "
		    "has no numbers", target->word);
	else if (r == -ESRCH)
		msg(&app->out, "%s: has ended", target->word);
	else if (r < 0)
		target_complain(app, target, r);
	return r;
}
