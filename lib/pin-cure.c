/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What would mend a pin that is not in order. */
#include <string.h>
#include "pin-list.h"

static bool is_netns_path(const char *path)
{
	return !strncmp(path, NSI_NETNS_DIR "/", sizeof(NSI_NETNS_DIR));
}

enum nsu_pin_cure nsi_pin_cure_ns(const struct nsu_pin_ns *ns)
{
	switch (ns->reason) {
	case NSU_PIN_UNMOUNTED:
		/* Another program's is there now, or it is to be shown there again. */
		if (is_netns_path(ns->path))
			return ns->inode ? NSU_PIN_CURE_NONE : NSU_PIN_CURE_MOUNT;
		/* A user's keeper has it, only the link to that is missing. */
		return ns->inode ? NSU_PIN_CURE_MOUNT : NSU_PIN_CURE_FORGET;
	case NSU_PIN_KEEPER_ENDED:
		return NSU_PIN_CURE_FORGET;
	case NSU_PIN_ELSEWHERE:
		return NSU_PIN_CURE_MOUNT;
	case NSU_PIN_REPLACED: case NSU_PIN_INIT_ENDED:
		return NSU_PIN_CURE_PRUNE;
	default:
		return NSU_PIN_CURE_NONE;
	}
}

/* The most that one of them needs; nothing is left when all are forgotten. */
static enum nsu_pin_cure cure_all(const struct nsu_pin *pin)
{
	bool has[NSU_PIN_CURE_PRUNE + 1] = { false }, keeps = false;

	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		enum nsu_pin_cure cure;

		if (!(pin->types & 1u << type))
			continue;
		cure = nsi_pin_cure_ns(&pin->ns[type]);
		has[cure] = true;
		keeps |= cure != NSU_PIN_CURE_FORGET;
	}
	if (has[NSU_PIN_CURE_PRUNE])
		return NSU_PIN_CURE_PRUNE;
	if (has[NSU_PIN_CURE_FORGET])
		return keeps ? NSU_PIN_CURE_FORGET : NSU_PIN_CURE_REMOVE;
	return has[NSU_PIN_CURE_MOUNT] ? NSU_PIN_CURE_MOUNT : NSU_PIN_CURE_NONE;
}

static bool has_any(const struct nsu_pin *pin)
{
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++)
		if (pin->types & 1u << type && pin->ns[type].inode)
			return true;
	return false;
}

enum nsu_pin_cure nsu_pin_get_cure(const struct nsu_pin *pin)
{
	if (!pin || pin->maker != NSU_PIN_BY_NSUTIL || pin->state == NSU_PIN_OK)
		return NSU_PIN_CURE_NONE;
	switch (pin->reason) {
	case NSU_PIN_HALF_MADE: case NSU_PIN_HALF_REMOVED:
		return NSU_PIN_CURE_REMOVE;
	case NSU_PIN_NO_RECORD:
		/* What is still mounted is somebody's. */
		return has_any(pin) ? NSU_PIN_CURE_RECORD : NSU_PIN_CURE_REMOVE;
	case NSU_PIN_HALF_RENAMED:
		return NSU_PIN_CURE_MOUNT;
	case NSU_PIN_RECORD_LOST:
		return NSU_PIN_CURE_RECORD;
	default:
		return cure_all(pin);
	}
}
