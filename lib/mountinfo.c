/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of /proc/PID/mountinfo, proc_pid_mountinfo(5). */
#include <string.h>
#include "nsi.h"

void nsi_unescape_octal(char *text)
{
	char *to = text;

	for (; *text; to++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' &&
		    text[2] >= '0' && text[2] <= '7' && text[3] >= '0' &&
		    text[3] <= '7') {
			*to = (text[1] - '0') << 6 | (text[2] - '0') << 3 |
			      (text[3] - '0');
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = '\0';
}

/* id parent major:minor root point options [tags...] - fstype source super */
int nsi_parse_mount(char *line, struct nsi_mount *ret)
{
	struct nsi_mount mount = { 0 };
	char *field[6], *save = NULL, *word;

	for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
		field[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!field[i])
			return -EBADMSG;
	}
	do {
		word = strtok_r(NULL, " ", &save);
		if (!word)
			return -EBADMSG;
	} while (strcmp(word, "-"));
	mount.fstype = strtok_r(NULL, " ", &save);
	word = strtok_r(NULL, " ", &save);
	mount.super = strtok_r(NULL, " ", &save);
	mount.source = word;
	if (!mount.super) {
		/* an empty source is written as nothing between two blanks */
		mount.super = word;
		mount.source = "";
	}
	if (!mount.fstype || !mount.super)
		return -EBADMSG;
	mount.id = strtoul(field[0], NULL, 10);
	mount.parent = strtoul(field[1], NULL, 10);
	mount.root = field[3];
	mount.point = field[4];
	mount.options = field[5];
	nsi_unescape_octal(mount.root);
	nsi_unescape_octal(mount.point);
	*ret = mount;
	return 0;
}
