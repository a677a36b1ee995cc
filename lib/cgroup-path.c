/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the names of cgroups tell: containers, from the outermost to the innermost, and
   the units of service managers. */
#include <string.h>
#include "cgroup-path.h"

static bool is_unit(const struct nsi_part *part)
{
	static const char *const types[] = {
		".service", ".scope", ".socket", ".mount", ".swap",
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (part->length > strlen(types[i]) && nsi_part_ends(part, types[i]))
			return true;
	return false;
}

/* "user-1000.slice", "user@1000.service" */
static bool take_user(struct nsi_line *line, const struct nsi_part *part,
		      const char *prefix, const char *suffix)
{
	size_t before = strlen(prefix), after = strlen(suffix);
	const char *end = part->text + part->length - after;
	uint64_t uid = 0;

	if (part->length <= before + after || part->length > before + after + 10 ||
	    !nsi_part_begins(part, prefix) || !nsi_part_ends(part, suffix))
		return false;
	for (const char *c = part->text + before; c < end; c++) {
		if (*c < '0' || *c > '9')
			return false;
		uid = uid * 10 + (*c - '0');
	}
	if (uid >= UINT32_MAX)
		return false;
	line->uid = uid;
	return true;
}

/* Slices, then one unit; where that is a user's manager, its slices and a unit again. */
static void place(struct nsi_path_walk *w, const struct nsi_part *part)
{
	struct nsi_line *line = w->line;
	bool users = line->unit.length;

	if (!users)
		take_user(line, part, "user-", ".slice");
	if (part->length > strlen(".slice") && nsi_part_ends(part, ".slice")) {
		if (!users)
			line->slice = *part;
		return;
	}
	w->placing = false;
	if (!is_unit(part))
		return;
	if (users)
		line->user_unit = *part;
	else
		line->unit = *part;
	w->placing = !users && take_user(line, part, "user@", ".service");
}

static struct nsi_part next_part(const char **at, const char *end)
{
	struct nsi_part part;

	do {
		while (*at < end && **at == '/')
			(*at)++;
		part.text = *at;
		while (*at < end && **at != '/')
			(*at)++;
		part.length = *at - part.text;
		/* What lies beside the root of the reader's cgroup namespace. */
	} while (part.length == 2 && !memcmp(part.text, "..", 2));
	return part;
}

static void walk_path(struct nsi_line *line, char **out)
{
	static const char deleted[] = " (deleted)";
	struct nsi_path_walk w = { .line = line, .out = *out, .placing = true };
	const char *at = line->path, *end = at + strlen(at);
	struct nsi_part all = { at, end - at }, part, next;

	/* The kernel says so of a cgroup2 that is removed while a zombie is in it. */
	if (nsi_part_ends(&all, deleted))
		end -= strlen(deleted);
	for (part = next_part(&at, end); part.length; part = next) {
		next = next_part(&at, end);
		if (w.placing && !line->count && part.length <= NSI_NAME_LIMIT)
			place(&w, &part);
		nsi_path_step(&w, &part, &next);
	}
	*out = w.out;
}

static bool same_first(const struct nsi_line *a, const struct nsi_line *b)
{
	const struct nsi_claim *x = &a->claim[0], *y = &b->claim[0];

	return a->count && b->count && x->engine == y->engine &&
		x->id_length == y->id_length && !memcmp(x->id, y->id, x->id_length);
}

static bool is_better(const struct nsi_line *a, const struct nsi_line *b)
{
	if (!b->path || !a->count != !b->count)
		return !b->path || a->count;
	if (same_first(a, b) && a->count != b->count)
		return a->count > b->count;
	return a->trust != b->trust ? a->trust < b->trust : a->count > b->count;
}

static const char *keep(char **out, const char *text, size_t length)
{
	char *copy = *out;

	if (!length)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	*out += length + 1;
	return copy;
}

/* Names that systemd gives units for what it did not make itself. */
static const char *name_of(struct nsi_path_walk *w, const struct nsi_part *unit,
			   const char *prefix, const char *suffix)
{
	size_t before = strlen(prefix), after = strlen(suffix);
	struct nsi_part name = *unit;

	if (!nsi_part_begins(unit, prefix) || !nsi_part_ends(unit, suffix) ||
	    unit->length <= before + after)
		return NULL;
	name.text += before;
	name.length -= before + after;
	name = nsi_part_unescape(&w->out, name);
	*w->out++ = '\0';
	return name.text;
}

static void take_places(const struct nsi_line *line, char **out,
			struct nsi_cgroup_claims *ret)
{
	struct nsi_path_walk w = { .out = *out };

	ret->unit = keep(&w.out, line->unit.text, line->unit.length);
	ret->user_unit = keep(&w.out, line->user_unit.text, line->user_unit.length);
	ret->slice = keep(&w.out, line->slice.text, line->slice.length);
	ret->session = name_of(&w, &line->unit, "session-", ".scope");
	ret->machine = name_of(&w, &line->unit, "machine-", ".scope");
	if (!ret->machine)
		ret->machine = name_of(&w, &line->unit, "systemd-nspawn@", ".service");
	*out = w.out;
}

/* "ID:CONTROLLERS:PATH"; cgroups(7). */
static char *path_of(char *text, int *ret_trust)
{
	char *list = strchr(text, ':'), *path = list ? strchr(list + 1, ':') : NULL;

	if (!path)
		return NULL;
	*ret_trust = !strncmp(text, "0::", 3) ? 0 :
		!strncmp(list, ":name=systemd:", 14) ? 1 : 2;
	return path + 1;
}

static void show(struct nsi_cgroup_claims *ret, const char *path, int trust, int *shown)
{
	bool root = !strcmp(path, "/");

	if (ret->shown && (root || (strcmp(ret->shown, "/") && (trust || !*shown))))
		return;
	ret->shown = path;
	*shown = trust;
}

int nsi_cgroup_claims_parse(const char *text, struct nsi_cgroup_claims *ret)
{
	size_t length = strlen(text);
	struct nsi_cgroup_claims found = { 0 };
	struct nsi_line best = { 0 }, placed = { .trust = 2 };
	char *save = NULL, *rest, *out, *at;
	int shown = 2;

	/* Behind a copy of the text there is room for each id and each pod that is not as
	   in it, then for what service managers call it. */
	found.buf = malloc(3 * length + 6 * (NSI_NAME_LIMIT + 1) + 1);
	if (!found.buf)
		return -ENOMEM;
	memcpy(found.buf, text, length + 1);
	out = found.buf + length + 1;
	rest = found.buf;
	while ((at = strtok_r(rest, "\n", &save))) {
		struct nsi_line line = { 0 };

		rest = NULL;
		line.path = path_of(at, &line.trust);
		if (!line.path)
			continue;
		show(&found, line.path, line.trust, &shown);
		if (line.path[0] != '/')
			continue;
		walk_path(&line, &out);
		if (is_better(&line, &best))
			best = line;
		if (line.trust < placed.trust && (line.unit.length || line.slice.length))
			placed = line;
	}
	memcpy(found.claim, best.claim, sizeof(found.claim));
	found.count = best.count;
	found.path = best.path;
	found.uid = best.uid;
	take_places(&placed, &out, &found);
	*ret = found;
	return 0;
}

void nsi_cgroup_claims_free(struct nsi_cgroup_claims *claims)
{
	free(claims->buf);
	*claims = (struct nsi_cgroup_claims){ 0 };
}
