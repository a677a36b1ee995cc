/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --explain, as text and as JSON. */
#ifndef NSATTACH_EXPLAIN_H
#define NSATTACH_EXPLAIN_H

#include "attach.h"

int explain_json(const struct attach *app);

#endif
