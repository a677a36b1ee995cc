// SPDX-License-Identifier: GPL-2.0-or-later
/* The scan as every view does it, and what has to be remarked about its picture. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include "target.h"
#include "view.h"
#include "word.h"

/* Only a scan that takes longer says that it is still at work. */
#define PATIENCE_SECONDS 1

static volatile sig_atomic_t shows_progress;
static volatile sig_atomic_t cancelled;

static void on_interrupt(int sig)
{
	(void)sig;
	cancelled = 1;
}

static void on_alarm(int sig)
{
	static const char text[] = "nstree: reading namespaces, ^C stops\r";
	int saved = errno;

	(void)sig;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) > 0)
		shows_progress = 1;
	errno = saved;
}

struct watch {
	struct sigaction interrupt, alarm;
	bool timed;
};

static void watch_start(struct watch *watch)
{
	const struct itimerval timer = { .it_value.tv_sec = PATIENCE_SECONDS };
	struct sigaction action = { .sa_handler = on_interrupt };

	cancelled = 0;
	sigaction(SIGINT, NULL, &watch->interrupt);
	if (watch->interrupt.sa_handler != SIG_IGN)
		sigaction(SIGINT, &action, NULL);
	watch->timed = isatty(STDERR_FILENO) == 1;
	if (!watch->timed)
		return;
	action.sa_handler = on_alarm;
	action.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &action, &watch->alarm);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void watch_stop(const struct watch *watch)
{
	static const char erase[] = "\r\033[K";

	if (watch->timed) {
		setitimer(ITIMER_REAL, &(const struct itimerval){ 0 }, NULL);
		sigaction(SIGALRM, &watch->alarm, NULL);
		if (shows_progress && write(STDERR_FILENO, erase, sizeof(erase) - 1) > 0)
			shows_progress = 0;
	}
	sigaction(SIGINT, &watch->interrupt, NULL);
}

static const char *pid_text(char buf[static 16], pid_t pid)
{
	snprintf(buf, 16, "%d", (int)pid);
	return buf;
}

struct nsu_snapshot *app_scan_by(struct app *app, const struct nsu_scan_options *opts,
				 const char *word)
{
	const char *proc = app->opts.proc != NULL ? app->opts.proc : "/proc";
	struct nsu_scan_options own = *opts;
	struct nsu_snapshot *snap = NULL;
	struct watch watch;
	char number[16];
	int r;

	own.cancel = &cancelled;
	if (app->opts.deep && own.pids == NULL)
		own.parts = (own.parts != 0 ? own.parts : NSU_PART_DEFAULT) |
			    NSU_PART_SOCKETS;
	/* Nothing is mounted in a tree of plain files. */
	if (!nsu_ctx_get_procfs(app->ctx)->real)
		own.parts &= ~(unsigned)NSU_PART_MOUNTS;
	watch_start(&watch);
	r = nsu_snapshot_new(app->ctx, &own, &snap);
	watch_stop(&watch);
	if (r >= 0)
		return snap;
	if (r == -ENODATA)
		msg(&app->out, "%s: there is no process in it that may be seen", proc);
	else if (r == -ECANCELED)
		raise(SIGINT);	/* ends as one who pressed ^C expects: with that signal */
	else if (r == -ESRCH)
		word_no_process(&app->out, app->ctx, app->opts.proc, word != NULL ? word :
				  pid_text(number, opts->pids[0]));
	else
		msg_errno(&app->out, r, "%s: read namespaces", proc);
	return NULL;
}

struct nsu_snapshot *app_scan(struct app *app, unsigned parts, unsigned types)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;

	opts.parts = parts;
	opts.types = types;
	return app_scan_by(app, &opts, NULL);
}

static const char *proc_name(const struct app *app)
{
	return app->opts.proc != NULL ? app->opts.proc : "/proc";
}

static void remark_hidden(struct app *app, const struct nsu_procfs *procfs)
{
	static const char *const values[] = {
		[NSU_HIDEPID_OFF] = "off",
		[NSU_HIDEPID_NOACCESS] = "noaccess",
		[NSU_HIDEPID_INVISIBLE] = "invisible",
		[NSU_HIDEPID_PTRACEABLE] = "ptraceable",
	};

	if (procfs->subset && (procfs->exempt || procfs->hidepid <= NSU_HIDEPID_OFF))
		return;	/* said already, and no process is missing by that */
	if (procfs->hidepid == NSU_HIDEPID_UNKNOWN)
		msg(&app->out, "how this /proc is mounted could not be read: processes "
		    "may be hidden by hidepid");
	else if (procfs->exempt || procfs->hidepid <= NSU_HIDEPID_OFF)
		msg(&app->out, "some processes are hidden, no one can say how many");
	else
		msg(&app->out, "processes of others are hidden, no one can say how many: "
		    "%s is mounted with hidepid=%s%s", proc_name(app),
		    values[procfs->hidepid],
		    geteuid() != 0 ? ": run as root for all" : "");
}

/* "the descriptors of 80 processes, the sockets of 2, the mounts of 3 mount namespaces";
   after "72 processes could not be read" they are of processes anyway. malloc'ed; "":
   all was read. */
static char *name_unread(const struct nsu_totals *totals)
{
	const struct {
		const char *what;
		long count;
	} of[] = {
		{ "the descriptors", totals->fds_unread },
		{ "the sockets", totals->sockets_unread },
	};
	bool named = totals->unread > 0;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; f != NULL && i < sizeof(of) / sizeof(of[0]); i++) {
		if (of[i].count <= 0)
			continue;
		fprintf(f, "%s%s of %ld", ftell(f) > 0 ? ", " : "", of[i].what,
			of[i].count);
		if (!named)
			fprintf(f, " process%s", of[i].count == 1 ? "" : "es");
		named = true;
	}
	if (f != NULL && totals->mounts_unread > 0)
		fprintf(f, "%sthe mounts of %ld mount namespace%s",
			ftell(f) > 0 ? ", " : "", totals->mounts_unread,
			totals->mounts_unread == 1 ? "" : "s");
	if (f != NULL && fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

/* What it says, or, where root would not have met it, that. */
static const char *reason_of(int error)
{
	return geteuid() != 0 && (error == EACCES || error == EPERM) ?
		"run as root for all" : strerror(error);
}

/* A reason is given only where it is that of all: what does not answer is no matter of
   permissions. */
static const char *common_reason(const struct app *app, const struct nsu_snapshot *snap)
{
	const char *reason = NULL;
	const struct nsu_gap *gap;

	for (size_t i = 0; (gap = nsu_snapshot_get_gap(snap, i)) != NULL; i++) {
		const char *one = reason_of(gap->error);

		if (reason != NULL && strcmp(reason, one) != 0)
			return app->opts.verbose ? "for several reasons" :
				"for several reasons, which -v tells";
		reason = one;
	}
	return reason != NULL ? reason : "reason unknown";
}

static void remark_unread(struct app *app, const struct nsu_snapshot *snap,
			  const char *others)
{
	const char *reason = common_reason(app, snap);
	const struct nsu_procfs *procfs = nsu_ctx_get_procfs(app->ctx);
	bool guarded = procfs->hidepid == NSU_HIDEPID_NOACCESS && !procfs->exempt;
	long unread = nsu_snapshot_get_totals(snap)->unread;

	if (unread > 0)
		msg(&app->out, "%ld process%s could not be read in full%s%s%s%s%s: %s",
		    unread, unread == 1 ? "" : "es", *others != '\0' ? ", nor " : "",
		    others, guarded ? ": " : "", guarded ? proc_name(app) : "",
		    guarded ? " is mounted with hidepid=noaccess" : "", reason);
	else
		msg(&app->out, "%s could not be read: %s", others, reason);
}

static void remark_step(struct app *app, const struct nsu_snapshot *snap,
			const struct nsu_gap *gap)
{
	size_t count = nsu_snapshot_count_gaps(snap);
	char what[40];

	if (gap->inode != 0)
		snprintf(what, sizeof(what), "%s:[%" PRIu64 "]",
			 nsu_type_get_name(gap->type), gap->inode);
	else
		snprintf(what, sizeof(what), "process %d", (int)gap->pid);
	msg(&app->out, "%zu step%s of the scan failed, the first: %s: %s: %s", count,
	    count == 1 ? "" : "s", what, gap->step, strerror(gap->error));
}

int app_remark_gaps(struct app *app, const struct nsu_snapshot *snap)
{
	const struct nsu_procfs *procfs = nsu_ctx_get_procfs(app->ctx);
	const struct nsu_totals *totals = nsu_snapshot_get_totals(snap);
	const struct nsu_gap *gap = nsu_snapshot_get_gap(snap, 0);
	char *others = name_unread(totals);

	if (procfs->real && !procfs->own_pids)
		msg(&app->out, "this /proc shows the processes of another pid namespace: "
		    "its numbers are not those of the caller");
	if (procfs->subset)
		msg(&app->out, "%s is mounted with subset=pid: it shows processes and "
		    "nothing else", proc_name(app));
	if (totals->hidden != 0)
		remark_hidden(app, procfs);
	if (totals->unread > 0 || (others != NULL && *others != '\0'))
		remark_unread(app, snap, others != NULL ? others : "");
	else if (gap != NULL)
		remark_step(app, snap, gap);
	if (view_refused(snap, "sockets"))
		msg(&app->out, "sockets cannot be asked here: %s",
		    strerror(view_refused(snap, "sockets")));
	free(others);
	return app->opts.strict && !nsu_snapshot_is_complete(snap) ? 3 : 0;
}

void app_remark_reference(struct app *app, const struct nsu_snapshot *snap)
{
	switch (nsu_snapshot_get_reference(snap, NULL)) {
	case NSU_REF_INIT:
		if (nsu_snapshot_sees_host(snap) == 0)
			msg(&app->out,
			    "the host is not visible from here: this is the inside "
			    "of a container");
		break;
	case NSU_REF_CALLER:
		msg(&app->out,
		    "process 1 could not be read: \"the host's\" are this process's "
		    "own namespaces%s", nsu_snapshot_sees_host(snap) != 0 ? "" :
		    ", and the host is not visible from here");
		break;
	case NSU_REF_NONE:
		msg(&app->out,
		    "neither process 1 nor this one could be read: no namespace is "
		    "called \"the host's\"");
		break;
	}
}
