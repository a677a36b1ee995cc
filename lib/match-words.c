/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a word for containers asks for, and whether one is that. */
#include <string.h>
#include "matches.h"

#define LEAST_DIGITS	4		/* of an id that is not given in full */
#define WHOLE_ID	32		/* a shorter id is a name, not cut anywhere */

static bool begins(const char *word, const char *prefix, size_t length)
{
	return strlen(prefix) == length && !strncmp(word, prefix, length);
}

static bool is_engine(const char *word, size_t length)
{
	const struct nsi_engine *engine;

	for (size_t i = 0; (engine = nsi_engine_get(i)) != NULL; i++)
		if (begins(word, engine->word, length))
			return true;
	return false;
}

/* A name with a slash is a path; one with @ or a second colon has another form. */
static bool is_bare(const char *word)
{
	for (const char *at = word; *at; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f || strchr(":/@", *at))
			return false;
	return *word != '\0';
}

int nsi_query_parse(const char *word, struct nsi_query *ret)
{
	static const struct { const char *prefix; enum nsi_query_kind kind; } table[] = {
		{ "cri", QUERY_CRI }, { "pod", QUERY_POD }, { "unit", QUERY_UNIT },
		{ "image", QUERY_IMAGE },
	};
	size_t length = strcspn(word, ":");
	struct nsi_query query = { .kind = QUERY_NAME, .word = word, .rest = word };

	if (!word[length]) {
		*ret = query;
		return is_bare(word) ? 0 : -EINVAL;
	}
	query.prefix_length = length;
	query.rest = word + length + 1;
	query.many = !*query.rest || query.rest[strlen(query.rest) - 1] == '/';
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (begins(word, table[i].prefix, length)) {
			query.kind = table[i].kind;
			query.many |= query.kind == QUERY_IMAGE;
			*ret = query;
			return 0;
		}
	query.kind = QUERY_ENGINE;
	if (!is_engine(word, length))
		return -EINVAL;
	*ret = query;
	return 0;
}

static const char *text_of(const struct nsu_container *c, enum nsu_container_text what)
{
	const char *text;

	return nsu_container_get_text(c, what, &text) ? "" : text;
}

static enum nsi_rank rank_id(const char *id, const char *typed)
{
	size_t length = strlen(typed);

	if (!length || strncmp(id, typed, length))
		return RANK_NONE;
	if (!id[length])
		return RANK_NAME;
	return length >= LEAST_DIGITS && strlen(id) >= WHOLE_ID ? RANK_ID : RANK_NONE;
}

static bool is(const char *text, const char *typed)
{
	return *text && !strcmp(text, typed);
}

static enum nsi_rank rank_name(const struct nsu_container *c, const char *typed)
{
	if (is(text_of(c, NSU_CONTAINER_NAME), typed))
		return RANK_NAME;
	return rank_id(text_of(c, NSU_CONTAINER_ID), typed);
}

/* "a/b" of the parts from *at on: whether the next one is text; *at is then behind it. */
static bool take_part(const char **at, const char *text)
{
	size_t length = strlen(text);

	if (!length || strncmp(*at, text, length) ||
	    ((*at)[length] && (*at)[length] != '/'))
		return false;
	*at += length + ((*at)[length] == '/');
	return true;
}

static bool is_of_pod(const struct nsu_container *c, const char *typed)
{
	const char *own = text_of(c, NSU_CONTAINER_POD_CONTAINER);

	return is(own, typed) || is(text_of(c, NSU_CONTAINER_NAME), typed);
}

/* NAMESPACE/POD, POD, and with a CONTAINER behind each. */
static enum nsi_rank rank_pod(const struct nsi_query *query,
			      const struct nsu_container *c)
{
	const char *space = text_of(c, NSU_CONTAINER_POD_NAMESPACE);
	const char *pod = text_of(c, NSU_CONTAINER_POD), *rest = query->rest;
	bool is_pod = nsu_container_get_kind(c) == NSU_POD;

	for (int with_space = 0; with_space < 2; with_space++) {
		rest = query->rest;
		if (with_space && !take_part(&rest, space))
			continue;
		if (query->many && !is_pod && *pod &&
		    (!*rest || (take_part(&rest, pod) && !*rest)))
			return RANK_NAME;
		if (query->many || !take_part(&rest, pod))
			continue;
		if (is_pod ? !*rest : is_of_pod(c, rest))
			return RANK_NAME;
	}
	return is_pod && !query->many ?
		rank_id(text_of(c, NSU_CONTAINER_POD_UID), query->rest) : RANK_NONE;
}

/* "nginx", "nginx:1.25" of "docker.io/library/nginx:1.25": as it was asked for, and
   without the parts before its name and without its tag. */
static enum nsi_rank rank_image(const struct nsi_query *query,
				const struct nsu_container *c)
{
	const char *image = text_of(c, NSU_CONTAINER_IMAGE);
	size_t length = strlen(query->rest);

	while (length && *image) {
		const char *slash = strchr(image, '/');

		if (!strncmp(image, query->rest, length) &&
		    (!image[length] || image[length] == ':' || image[length] == '@'))
			return RANK_NAME;
		if (!slash)
			break;
		image = slash + 1;
	}
	return RANK_NONE;
}

static enum nsi_rank rank_bare(const struct nsi_query *query,
			       const struct nsu_container *c)
{
	if (nsu_container_get_kind(c) == NSU_POD)
		return rank_pod(query, c);
	if (is(text_of(c, NSU_CONTAINER_POD_CONTAINER), query->rest))
		return RANK_NAME;
	return rank_name(c, query->rest);
}

enum nsi_rank nsi_query_rank(const struct nsi_query *query, const struct nsu_container *c)
{
	enum nsu_container_kind kind = nsu_container_get_kind(c);
	const char *word = nsu_container_get_word(c);

	/* A pause container is no place to go: its pod stands for it. */
	if (kind == NSU_POD_PAUSE && (query->many || query->kind == QUERY_NAME))
		return RANK_NONE;
	if (!query->many && !strcmp(word, query->word))
		return RANK_NAME;
	switch (query->kind) {
	case QUERY_ENGINE:
		if (kind == NSU_POD || !begins(query->word, c->engine->word,
					       query->prefix_length))
			return RANK_NONE;
		return query->many ? *query->rest ? RANK_NONE : RANK_NAME :
			rank_name(c, query->rest);
	case QUERY_CRI:
		if (kind == NSU_POD || !*text_of(c, NSU_CONTAINER_POD_UID) ||
		    c->engine->own_pods)
			return RANK_NONE;
		return query->many ? RANK_NAME :
			rank_id(text_of(c, NSU_CONTAINER_ID), query->rest);
	case QUERY_POD:
		return rank_pod(query, c);
	case QUERY_IMAGE:
		return rank_image(query, c);
	case QUERY_NAME:
		return rank_bare(query, c);
	case QUERY_UNIT:
		break;
	}
	return RANK_NONE;
}

enum nsi_rank nsi_query_rank_unit(const struct nsi_query *query, const char *unit)
{
	size_t length = strlen(query->rest);

	if (query->kind != QUERY_UNIT && query->kind != QUERY_NAME)
		return RANK_NONE;
	if (query->many)
		return *query->rest ? RANK_NONE : RANK_NAME;
	if (length && !strncmp(unit, query->rest, length) &&
	    (!unit[length] || !strcmp(unit + length, ".service")))
		return RANK_NAME;
	return RANK_NONE;
}

bool nsu_word_is_selection(const char *word)
{
	struct nsi_query query;

	return word && !nsi_query_parse(word, &query) && query.many;
}
