/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The patterns of engines.c against one component of a path after the other. */
#include <string.h>
#include "cgroup-path.h"

static bool is(const struct nsi_part *part, const char *text)
{
	return part->length == strlen(text) && !memcmp(part->text, text, part->length);
}

bool nsi_part_begins(const struct nsi_part *part, const char *text)
{
	size_t length = strlen(text);

	return part->length >= length && !memcmp(part->text, text, length);
}

bool nsi_part_ends(const struct nsi_part *part, const char *text)
{
	size_t length = strlen(text);

	return part->length >= length &&
		!memcmp(part->text + part->length - length, text, length);
}

static bool are_hex(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!strchr("0123456789abcdef", text[i]) || !text[i])
			return false;
	return true;
}

static int hex_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_hex_id(const struct nsi_part *part)
{
	return part->length == 64 && are_hex(part->text, 64);
}

/* systemd writes what it would misread in a name as \xNN. */
struct nsi_part nsi_part_unescape(char **out, struct nsi_part from)
{
	struct nsi_part to = { *out, 0 };

	for (size_t i = 0; i < from.length; i++) {
		const char *c = from.text + i;

		**out = *c;
		/* A NUL is no part of a name. */
		if (i + 3 < from.length && c[0] == '\\' && c[1] == 'x' &&
		    hex_of(c[2]) >= 0 && hex_of(c[3]) >= 0 &&
		    hex_of(c[2]) + hex_of(c[3]) > 0) {
			**out = hex_of(c[2]) * 16 + hex_of(c[3]);
			i += 3;
		}
		(*out)++;
		to.length++;
	}
	return to;
}

/* The uid of a pod, as a name may hold it: with -, with _ in their place, or without. */
static bool is_uid(const struct nsi_part *part)
{
	if (part->length == 32)
		return are_hex(part->text, 32);
	if (part->length != 36)
		return false;
	for (size_t i = 0; i < 36; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ?
		    part->text[i] != '-' && part->text[i] != '_' :
		    hex_of(part->text[i]) < 0)
			return false;
	return true;
}

static struct nsi_part with_dashes(struct nsi_path_walk *w, struct nsi_part from)
{
	struct nsi_part to = { w->out, from.length };

	for (size_t i = 0; i < from.length; i++)
		*w->out++ = from.text[i] == '_' ? '-' : from.text[i];
	return to;
}

/* What stands behind the last such text. */
static bool find_behind(const struct nsi_part *part, const char *text,
			struct nsi_part *ret)
{
	size_t length = strlen(text);

	for (size_t at = part->length; at-- > 0;) {
		if (part->length - at < length || memcmp(part->text + at, text, length))
			continue;
		at += length;
		*ret = (struct nsi_part){ part->text + at, part->length - at };
		return true;
	}
	return false;
}

/* Is it that of a pod? What is behind the slice's name is a container of a runtime that
   takes systemd's notation for a name. */
static struct nsi_part pod_of(struct nsi_path_walk *w, struct nsi_part part)
{
	const struct nsi_part none = { 0 };
	struct nsi_part slice, uid;
	const char *colon = memchr(part.text, ':', part.length);

	if (colon)
		part.length = colon - part.text;
	slice = part;
	if (nsi_part_ends(&part, ".slice"))
		part.length -= strlen(".slice");
	if (find_behind(&part, "libpod_pod_", &uid) && is_hex_id(&uid))
		return uid;
	if (is(&w->above[0], "libpod_parent") && is_hex_id(&part))
		return part;
	if (part.length != slice.length ? !find_behind(&part, "-pod", &uid) :
	    !nsi_part_begins(&part, "pod") || !find_behind(&part, "pod", &uid))
		return none;
	if (!is_uid(&uid) ||
	    !(w->kubernetes || find_behind(&slice, "kubepods", &slice)))
		return none;
	return with_dashes(w, uid);
}

/* "docker", or "ecs" and any name between: the components above, nearest last. */
static bool is_below(const struct nsi_path_walk *w, const char *above)
{
	const char *slash = strchr(above, '/');
	struct nsi_part first = { above, slash ? (size_t)(slash - above) :
				  strlen(above) };

	if (!slash)
		return is(&w->above[0], above);
	return w->above[1].length == first.length &&
		!memcmp(w->above[1].text, first.text, first.length) &&
		(!strcmp(slash + 1, "*") || is(&w->above[0], slash + 1));
}

/* The part between prefix and suffix; false: the pattern is another. */
static bool take_id(const struct nsi_path_walk *w, const struct nsi_pattern *pattern,
		    const struct nsi_part *part, struct nsi_part *ret)
{
	size_t before = strlen(pattern->prefix), after = strlen(pattern->suffix);
	struct nsi_part head = *part, id;

	if (pattern->above && !is_below(w, pattern->above))
		return false;
	if (pattern->flags & NSI_PATTERN_IN_POD && (!w->pod.length || !w->kubernetes))
		return false;
	if (part->length <= before + after || !nsi_part_ends(part, pattern->suffix))
		return false;
	if (pattern->flags & NSI_PATTERN_BEHIND_SLICE) {
		if (part->length < before + 64)
			return false;
		head.length = part->length - before - 64;
		if (!nsi_part_ends(&head, ".slice"))
			return false;
		head = (struct nsi_part){ part->text + head.length, before + 64 };
	}
	if (!nsi_part_begins(&head, pattern->prefix))
		return false;
	id = (struct nsi_part){ head.text + before, head.length - before - after };
	if (pattern->flags & NSI_PATTERN_HEX && !is_hex_id(&id))
		return false;
	*ret = id;
	return true;
}

/* "org.app.Name-4711", "lxc-4711-web" behind its "lxc-": the name in it. */
static struct nsi_part name_in(const struct nsi_pattern *pattern, struct nsi_part id)
{
	const char *dash;

	if (pattern->flags & NSI_PATTERN_NUMBER_FIRST) {
		dash = memchr(id.text, '-', id.length);
		if (!dash || dash == id.text + id.length - 1)
			return id;
		return (struct nsi_part){ dash + 1, id.text + id.length - dash - 1 };
	}
	if (pattern->flags & NSI_PATTERN_NUMBER_LAST) {
		dash = memrchr(id.text, '-', id.length);
		if (dash && dash != id.text)
			id.length = dash - id.text;
	}
	if (pattern->flags & NSI_PATTERN_UUID_LAST && id.length > 37) {
		struct nsi_part uuid = { id.text + id.length - 36, 36 };

		if (uuid.text[-1] == '-' && is_uid(&uuid))
			id.length -= 37;
	}
	return id;
}

static void add_claim(struct nsi_path_walk *w, const struct nsi_pattern *pattern,
		      struct nsi_part id, const char *end)
{
	struct nsi_line *line = w->line;
	struct nsi_part name = { 0 };

	/* An app of the host: the engine that began the container below it is, too. */
	if (line->count && line->claim[line->count - 1].weak)
		line->count--;
	if (line->count == NSI_MAX_NESTED)
		return;
	if (pattern->flags & NSI_PATTERN_UNIT)
		id = nsi_part_unescape(&w->out, id);
	if (pattern->flags & NSI_PATTERN_NAMED)
		name = name_in(pattern, id);
	if (pattern->flags & NSI_PATTERN_NUMBER_FIRST)
		id = name;
	line->claim[line->count++] = (struct nsi_claim){
		.engine = nsi_engine_of_pattern(pattern),
		.id = id.text, .id_length = id.length,
		.pod_uid = w->pod.length ? w->pod.text : NULL,
		.pod_uid_length = w->pod.length, .path_length = end - line->path,
		.name = name.length ? name.text : NULL, .name_length = name.length,
		.weak = pattern->flags & NSI_PATTERN_WEAK,
	};
	w->kubernetes = false;
	w->pod = (struct nsi_part){ 0 };
	memset(w->above, 0, sizeof(w->above));
}

/* next: the component below; length 0: none. */
static bool claims(struct nsi_path_walk *w, const struct nsi_part *part,
		   const struct nsi_part *next)
{
	const struct nsi_pattern *pattern;
	struct nsi_part id;

	for (size_t i = 0; (pattern = nsi_pattern_get(i)); i++) {
		if (!take_id(w, pattern, part, &id))
			continue;
		/* The first that fits: it may say that this is no container. nspawn's own
		   process is beside what it runs, or alone in its unit. */
		if (!pattern->engine || (pattern->flags & NSI_PATTERN_WITH_BELOW &&
					 (!next->length || is(next, "supervisor"))))
			return false;
		add_claim(w, pattern, id, part->text + part->length);
		return true;
	}
	return false;
}

void nsi_path_step(struct nsi_path_walk *w, const struct nsi_part *part,
		   const struct nsi_part *next)
{
	struct nsi_part rest;

	if (find_behind(part, "kubepods", &rest))
		w->kubernetes = true;
	/* The pod may be named by what the container is named by. */
	if (memchr(part->text, ':', part->length))
		w->pod = pod_of(w, *part);
	if (part->length <= NSI_NAME_LIMIT && claims(w, part, next))
		return;
	w->pod = pod_of(w, *part);
	w->above[1] = w->above[0];
	w->above[0] = *part;
}
