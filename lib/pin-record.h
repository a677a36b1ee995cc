/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What reading and writing a record share. */
#ifndef NSI_PIN_RECORD_H
#define NSI_PIN_RECORD_H

#include "pin.h"

#define NSI_RECORD_VERSION	1
#define NSI_STAGE_COUNT		3

extern const char *const nsi_stage_names[NSI_STAGE_COUNT];

#endif
