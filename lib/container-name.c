/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What containers are called: by what their engines have on disk, then by what was learnt
   while they were found. */
#include <string.h>
#include "containers.h"
#include "walk.h"

/* What only the engine's files tell. */
static const enum nsu_container_text told[] = {
	NSU_CONTAINER_NAME, NSU_CONTAINER_IMAGE, NSU_CONTAINER_POD,
	NSU_CONTAINER_POD_NAMESPACE, NSU_CONTAINER_POD_UID, NSU_CONTAINER_POD_CONTAINER,
	NSU_CONTAINER_PROJECT, NSU_CONTAINER_SERVICE, NSU_CONTAINER_RUNTIME,
};

static int ask_as(struct nsi_naming *n, struct nsu_container *c,
		  const struct nsi_engine *engine)
{
	const struct nsi_engine *before = c->engine;
	int r;

	if (!engine->name_it)
		return -ENOENT;
	c->engine = engine;
	r = engine->name_it(n, c);
	if (r < 0 && c->engine == engine)
		c->engine = before;
	return r;
}

/* Only its path says that it is of Kubernetes: the first whose files know it has it. */
static int ask_each(struct nsi_naming *n, struct nsu_container *c)
{
	const struct nsi_engine *engine;
	int r = -ENOENT, first = -ENOENT;

	for (size_t i = 0; (engine = nsi_engine_get(i)) && r < 0; i++) {
		if (!engine->kubernetes && strcmp(engine->name, "docker"))
			continue;
		r = ask_as(n, c, engine);
		if (nsi_is_fatal(r))
			return r;
		if (first == -ENOENT)
			first = r;
	}
	return r < 0 ? first : r;
}

/* Files that could be read, and do not have it. Each is started by a runtime. */
static int missing(enum nsu_container_text what, int error)
{
	if (!error)
		return what == NSU_CONTAINER_RUNTIME ? -ENODATA : -ENOENT;
	return error == -ENOENT ? -ENODATA : error;
}

static int ask_files(struct nsi_naming *n, struct nsu_container *c)
{
	int error = -ENOENT, r;

	if (n->states)
		error = strcmp(c->engine->name, "kubernetes") ? ask_as(n, c, c->engine) :
			ask_each(n, c);
	if (nsi_is_fatal(error))
		return error;
	for (size_t i = 0; i < ARRAY_SIZE(told); i++)
		if (!c->text[told[i]] && !c->state[told[i]])
			c->state[told[i]] = missing(told[i], error);
	if (!error || error == -ENOENT)
		return 0;
	r = c->init == NSI_NONE ? 0 : n->snap->tasks[c->init].pid;
	return nsi_builder_add_gap(n->b, r, r, "state", error);
}

/* Who may not read the files can still read what conmon was told. */
static int ask_supervisor(struct nsi_naming *n, struct nsu_container *c)
{
	struct nsi_hint *hint = &nsi_finder(n)->hints[c - n->snap->containers];
	nsi_autofree char *buf = NULL;
	struct nsi_found found = { .start = -1 };
	int r;

	if (c->init == NSI_NONE || !hint->by_cgroup || hint->name ||
	    !c->engine->named_by_supervisor || c->text[NSU_CONTAINER_NAME])
		return 0;
	r = nsi_supervisor_find(n, &n->snap->tasks[c->init], &found, &buf);
	if (r < 0)
		return nsi_is_fatal(r) ? r : 0;
	if (found.engine != c->engine || !found.id || !c->text[NSU_CONTAINER_ID] ||
	    strcmp(found.id, c->text[NSU_CONTAINER_ID]))
		return 0;
	return nsi_naming_found(n, &found);
}

static int refused(int r)
{
	return r == -EBADMSG ? 0 : r;
}

static int take_hints(struct nsi_naming *n, struct nsu_container *c)
{
	const struct nsi_hint *hint = &nsi_finder(n)->hints[c - n->snap->containers];
	const char *source = "cgroup";
	int r;

	if (!hint->by_cgroup || (!c->text[NSU_CONTAINER_NAME] && hint->source))
		source = hint->source;
	r = refused(nsi_container_set(n, c, NSU_CONTAINER_NAME, hint->name));
	if (!r)
		r = refused(nsi_container_set(n, c, NSU_CONTAINER_IMAGE, hint->image));
	if (!r)
		r = refused(nsi_container_set(n, c, NSU_CONTAINER_RUNTIME,
					      hint->runtime));
	if (!r)
		r = refused(nsi_container_set(n, c, NSU_CONTAINER_SOURCE, source));
	if (!r)
		r = refused(nsi_container_set(n, c, NSU_CONTAINER_ENGINE,
					      c->engine->name));
	nsi_container_set_state(c, NSU_CONTAINER_CGROUP, -ENOENT);
	return r;
}

int nsi_containers_name(struct nsi_naming *n)
{
	int r = 0;

	/* Only the outermost is in the host's files: what it says of those within is all
	   there is of them. */
	for (size_t i = 0; i < n->snap->container_count && !r; i++) {
		struct nsu_container *c = &n->snap->containers[i];

		if (!c->claim)
			r = ask_files(n, c);
		if (!r && !c->claim)
			r = ask_supervisor(n, c);
		if (!r)
			r = take_hints(n, &n->snap->containers[i]);
	}
	return r;
}
