/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of /proc/PID/mountinfo, proc_pid_mountinfo(5). */
#include <stdio.h>
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

bool nsi_has_word(const char *text, const char *word, size_t len)
{
	while (*text) {
		size_t here = strcspn(text, ",");

		if (here == len && !memcmp(text, word, len))
			return true;
		text += here + (text[here] == ',');
	}
	return false;
}

/* The tags between options and "-"; mount_namespaces(7). */
static void take_tag(const char *tag, struct nsi_mount *mount)
{
	if (!strncmp(tag, "shared:", 7)) {
		mount->propagation |= NSU_PROP_SHARED;
		mount->peers = strtoul(tag + 7, NULL, 10);
	} else if (!strncmp(tag, "master:", 7)) {
		mount->propagation |= NSU_PROP_SLAVE;
		mount->master = strtoul(tag + 7, NULL, 10);
	} else if (!strcmp(tag, "unbindable")) {
		mount->propagation |= NSU_PROP_UNBINDABLE;
	}
}

/* id parent major:minor root point options [tags...] - fstype source super */
int nsi_parse_mount(char *line, struct nsi_mount *ret)
{
	struct nsi_mount mount = { 0 };
	char *field[6], *save = NULL, *word, *end;

	for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
		field[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!field[i])
			return -EBADMSG;
	}
	while ((word = strtok_r(NULL, " ", &save)) && strcmp(word, "-"))
		take_tag(word, &mount);
	if (!word)
		return -EBADMSG;
	mount.fstype = strtok_r(NULL, " ", &save);
	word = strtok_r(NULL, " ", &save);
	mount.super = strtok_r(NULL, " ", &save);
	mount.source = word;
	if (!mount.super) {
		/* an empty source is written as nothing between two blanks */
		mount.super = word;
		mount.source = "";
	} else {
		nsi_unescape_octal(word);
	}
	if (!mount.fstype || !mount.super)
		return -EBADMSG;
	nsi_unescape_octal(mount.super);
	mount.id = strtoul(field[0], NULL, 10);
	mount.parent = strtoul(field[1], NULL, 10);
	mount.major = strtoul(field[2], &end, 10);
	mount.minor = *end == ':' ? strtoul(end + 1, NULL, 10) : 0;
	mount.root = field[3];
	mount.point = field[4];
	mount.options = field[5];
	nsi_unescape_octal(mount.root);
	nsi_unescape_octal(mount.point);
	*ret = mount;
	return 0;
}

/* "36 35 98:0 /mnt1 / rw...": the fifth word */
bool nsi_has_root_mount(const char *text)
{
	for (; text && *text; text = strchr(text, '\n')) {
		text += *text == '\n';
		for (int i = 0; i < 4; i++) {
			text += strcspn(text, " \n");
			text += *text == ' ';
		}
		if (!strncmp(text, "/ ", 2))
			return true;
	}
	return false;
}

int nsi_mount_id(int self, int fd, unsigned long *ret)
{
	char path[32], info[512];
	const char *value;
	ssize_t n;

	snprintf(path, sizeof(path), "fdinfo/%d", fd);
	n = nsi_read_at(self, path, info, sizeof(info));
	if (n < 0)
		return n;
	value = strstr(info, "\nmnt_id:");
	if (!value)
		return -ENODATA;
	*ret = strtoul(value + strlen("\nmnt_id:"), NULL, 10);
	return 0;
}

int nsi_mount_of(const struct nsu_ctx *ctx, int fd, char **ret_text,
		 struct nsi_mount *ret)
{
	nsi_autoclose int self = nsi_ctx_open_self(ctx);
	nsi_autofree char *text = NULL;
	unsigned long id;
	char *save = NULL;
	ssize_t n;
	int r;

	if (self < 0)
		return self;
	r = nsi_mount_id(self, fd, &id);
	if (r < 0)
		return r;
	n = nsi_read_all_at(self, "mountinfo", 16 << 20, &text);
	if (n < 0)
		return n;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (strtoul(line, NULL, 10) != id || nsi_parse_mount(line, ret) < 0)
			continue;
		*ret_text = text;
		text = NULL;
		return 0;
	}
	return -ENODATA;	/* in another mount namespace */
}
