/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/PID/mountinfo, proc_pid_mountinfo(5), and the namespaces bind-mounted in it. */
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

struct nsu_pins {
	char *text;			/* owns the paths */
	struct nsu_pin *pins;
	size_t count, size;
};

static int by_inode(const void *a, const void *b)
{
	const struct nsu_pin *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return strcmp(x->path, y->path);
}

static int take_line(struct nsu_pins *pins, char *line)
{
	struct nsi_mount mount;
	int r;

	if (nsi_parse_mount(line, &mount) < 0 || strcmp(mount.fstype, "nsfs"))
		return 0;
	r = nsi_grow((void **)&pins->pins, &pins->size, pins->count, sizeof(*pins->pins));
	if (r < 0)
		return r;
	for (unsigned type = 0; type < NSU_TYPE_COUNT; type++) {
		struct nsu_pin *pin = &pins->pins[pins->count];

		if (nsi_parse_link(mount.root, type, &pin->inode) < 0)
			continue;
		pin->type = type;
		pin->path = mount.point;
		pins->count++;
		break;
	}
	return 0;
}

int nsu_pins_new(struct nsu_ctx *ctx, struct nsu_pins **ret)
{
	struct nsu_pins *pins;
	char *save = NULL;
	ssize_t n;
	int r = 0;

	if (!ctx || !ret)
		return -EINVAL;
	pins = calloc(1, sizeof(*pins));
	if (!pins)
		return -ENOMEM;
	n = nsi_read_all_at(ctx->proc_fd, "self/mountinfo", 64 << 20, &pins->text);
	if (n < 0) {
		nsu_pins_free(pins);
		return n;
	}
	for (char *line = strtok_r(pins->text, "\n", &save); line && !r;
	     line = strtok_r(NULL, "\n", &save))
		r = take_line(pins, line);
	if (r < 0) {
		nsu_pins_free(pins);
		return r;
	}
	if (pins->count)
		qsort(pins->pins, pins->count, sizeof(*pins->pins), by_inode);
	*ret = pins;
	return 0;
}

void nsu_pins_free(struct nsu_pins *pins)
{
	if (!pins)
		return;
	free(pins->pins);
	free(pins->text);
	free(pins);
}

size_t nsu_pins_count(const struct nsu_pins *pins)
{
	return pins ? pins->count : 0;
}

const struct nsu_pin *nsu_pins_get(const struct nsu_pins *pins, size_t index)
{
	return pins && index < pins->count ? &pins->pins[index] : NULL;
}
