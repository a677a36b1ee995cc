// SPDX-License-Identifier: GPL-2.0-or-later
/* Values of every JSON document, nstree's and nspin's. */
#include <stdlib.h>
#include <string.h>

#include "json.h"

struct json_object *json_text(const char *text)
{
	char *valid = text ? text_utf8(text, strlen(text)) : NULL;
	struct json_object *value = valid ? json_object_new_string(valid) : NULL;

	free(valid);
	return value;
}
