/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of work on a pin: the report; and the names of states, reasons, makers and
   steps. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "pin.h"

static const char *const states[] = {
	[NSU_PIN_OK] = "ok",
	[NSU_PIN_EMPTY] = "empty",
	[NSU_PIN_STALE] = "stale",
	[NSU_PIN_HIDDEN] = "hidden",
	[NSU_PIN_DEAD] = "dead",
};
_Static_assert(ARRAY_SIZE(states) == NSU_PIN_STATE_COUNT, "one of each");

static const char *const reasons[] = {
	[NSU_PIN_NO_REASON] = NULL,
	[NSU_PIN_PLAIN_FILE] = "plain-file",
	[NSU_PIN_UNMOUNTED] = "unmounted",
	[NSU_PIN_KEEPER_ENDED] = "keeper-ended",
	[NSU_PIN_HALF_MADE] = "half-made",
	[NSU_PIN_HALF_REMOVED] = "half-removed",
	[NSU_PIN_NO_RECORD] = "no-record",
	[NSU_PIN_REPLACED] = "replaced",
	[NSU_PIN_ELSEWHERE] = "elsewhere",
	[NSU_PIN_RECORD_LOST] = "record-lost",
	[NSU_PIN_INIT_ENDED] = "init-ended",
	[NSU_PIN_HALF_RENAMED] = "half-renamed",
};
_Static_assert(ARRAY_SIZE(reasons) == NSU_PIN_REASON_COUNT, "one of each");

static const char *const makers[] = {
	[NSU_PIN_BY_NSUTIL] = "nsutil",
	[NSU_PIN_BY_IP] = "ip",
	[NSU_PIN_BY_CNI] = "cni",
	[NSU_PIN_BY_CRIO] = "crio",
	[NSU_PIN_BY_CONTAINERD] = "containerd",
	[NSU_PIN_BY_DOCKER] = "docker",
	[NSU_PIN_BY_PODMAN] = "podman",
	[NSU_PIN_BY_OTHER] = "other",
};
_Static_assert(ARRAY_SIZE(makers) == NSU_PIN_MAKER_COUNT, "one of each");

/* writes: what it may find no room for is of the store, not of the kernel's tables. */
static const struct { const char *name; bool writes; } steps[] = {
	[NSU_PIN_STEP_CHECK] = { "check the arguments", false },
	[NSU_PIN_STEP_STORE] = { "make the directories", true },
	[NSU_PIN_STEP_LOCK] = { "lock the pins", false },
	[NSU_PIN_STEP_RECORD] = { "read or write the record", true },
	[NSU_PIN_STEP_TARGET] = { "open the target's namespace", false },
	[NSU_PIN_STEP_UNSHARE] = { "unshare", false },
	[NSU_PIN_STEP_MAP] = { "write the id maps", false },
	[NSU_PIN_STEP_HOSTNAME] = { "set the host name", false },
	[NSU_PIN_STEP_CLOCKS] = { "set the clocks", false },
	[NSU_PIN_STEP_LOOPBACK] = { "set the loopback device up", false },
	[NSU_PIN_STEP_MOUNTS] = { "prepare the new mounts", false },
	[NSU_PIN_STEP_INIT] = { "start or end the init", false },
	[NSU_PIN_STEP_KEEPER] = { "start or end the keeper", false },
	[NSU_PIN_STEP_MOUNT] = { "mount", true },
	[NSU_PIN_STEP_UNMOUNT] = { "unmount", false },
	[NSU_PIN_STEP_RENAME] = { "rename", true },
	[NSU_PIN_STEP_NETNS] = { "show it in /run/netns", true },
};
_Static_assert(ARRAY_SIZE(steps) == NSU_PIN_STEP_COUNT, "one of each");

const char *nsu_pin_state_get_name(enum nsu_pin_state state)
{
	return (unsigned)state < NSU_PIN_STATE_COUNT ? states[state] : NULL;
}

const char *nsu_pin_reason_get_name(enum nsu_pin_reason reason)
{
	return (unsigned)reason < NSU_PIN_REASON_COUNT ? reasons[reason] : NULL;
}

const char *nsu_pin_maker_get_name(enum nsu_pin_maker maker)
{
	return (unsigned)maker < NSU_PIN_MAKER_COUNT ? makers[maker] : NULL;
}

const char *nsu_pin_step_get_name(enum nsu_pin_step step)
{
	return (unsigned)step < NSU_PIN_STEP_COUNT ? steps[step].name : NULL;
}

static enum nsu_pin_cause guess(enum nsu_pin_step step, int error)
{
	bool no_room = error == -ENOSPC || error == -EDQUOT || error == -EMFILE ||
		error == -ENFILE;

	return no_room && steps[step].writes ? NSU_PIN_CAUSE_FULL : NSU_PIN_CAUSE_NONE;
}

static void fill(struct nsu_pin_report *report, enum nsu_pin_step step, int error,
		 enum nsu_pin_cause cause, int type)
{
	report->step = step;
	report->error = error;
	report->cause = cause != NSU_PIN_CAUSE_NONE ? cause : guess(step, error);
	report->type = type;
	report->object[0] = '\0';
}

int nsi_pin_fail(struct nsu_pin_report *report, enum nsu_pin_step step, int error,
		 enum nsu_pin_cause cause, const char *format, ...)
{
	char object[sizeof(report->object)] = "";
	va_list ap;

	if (!report)
		return error;
	/* An argument may be the object of this very report. */
	if (format) {
		va_start(ap, format);
		vsnprintf(object, sizeof(object), format, ap);
		va_end(ap);
	}
	fill(report, step, error, cause, -1);
	memcpy(report->object, object, sizeof(object));
	return error;
}

int nsi_pin_fail_at(struct nsu_pin_report *report, enum nsu_pin_step step, int error,
		    enum nsu_pin_cause cause, enum nsu_type type)
{
	if (report)
		fill(report, step, error, cause, type);
	return error;
}

void nsi_pin_note(struct nsu_pin_report *report, unsigned notes)
{
	if (report)
		report->notes |= notes;
}
