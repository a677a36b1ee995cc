/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "facts.h"
#include "hierarchy.h"
#include "view.h"

#define NAMED 3		/* of each kind, unless all are asked for */

struct card {
	struct app *app;
	const struct nsu_snapshot *snap;
	struct shown_cache *cache;
	const struct nsu_ns *ns;
};

static bool is_host(const struct card *card, const struct nsu_ns *ns)
{
	return ns == view_host_ns(card->snap, nsu_ns_get_type(ns));
}

static const char *host_word(const struct card *card)
{
	if (nsu_snapshot_sees_host(card->snap) > 0)
		return "the host";
	return nsu_snapshot_get_reference(card->snap, NULL) == NSU_REF_INIT ?
		"this container" : "this process";
}

static int print_heading(const struct card *card)
{
	char name[NS_TEXT_SIZE], id_text[32] = "", *left, *who;
	uint64_t id;
	int r;

	if (nsu_ns_get_id(card->ns, &id) == 0)
		snprintf(id_text, sizeof(id_text), "id %" PRIu64, id);
	view_ns(name, card->ns);
	if (is_host(card, card->ns)) {
		r = asprintf(&left, "%s  of %s", name, host_word(card));
	} else if (nsu_ns_count_tasks(card->ns)) {
		who = view_ns_whose(&card->app->out, card->snap, card->ns);
		if (!who)
			who = view_process(card->cache, view_first_of_ns(card->ns),
					   false);
		r = asprintf(&left, "%s  of %s", name, who ? who : "?");
		free(who);
	} else {
		r = asprintf(&left, "%s  no process%s", name,
			     view_knows_tasks(card->snap) ? "" :
			     " that can be read");
	}
	if (r < 0)
		return -ENOMEM;
	card_heading(card->app, left, id_text);
	free(left);
	return 0;
}

static void print_relation(const struct card *card, const char *label, int r,
			   const struct nsu_ns *other)
{
	const char *whose = nsu_snapshot_sees_host(card->snap) > 0 ? ", the host's" :
		nsu_snapshot_get_reference(card->snap, NULL) == NSU_REF_INIT ?
		", this container's" : ", this process's own";
	char name[NS_TEXT_SIZE], *text;

	if (r == -EPERM) {
		card_fact(card->app, label, "above what can be seen from here");
	} else if (r < 0) {
		card_fact(card->app, label, r == -ENOENT ? "-" : "?");
	} else {
		r = asprintf(&text, "%s%s", view_ns(name, other),
			     is_host(card, other) ? whose : "");
		card_fact_take(card->app, label, r < 0 ? NULL : text);
	}
}

static void print_relations(const struct card *card)
{
	const struct nsu_ns *other = NULL;
	enum nsu_type type = nsu_ns_get_type(card->ns);
	int r;

	if (nsu_type_get_info(type)->nested) {
		r = nsu_ns_get_parent(card->ns, &other);
		print_relation(card, "parent", r, other);
	}
	if (type != NSU_USER) {
		r = nsu_ns_get_owner(card->ns, &other);
		print_relation(card, "owner", r, other);
	}
}

static void print_user(const struct card *card)
{
	uid_t creator;
	int r = nsu_ns_get_creator(card->ns, &creator), setgroups;

	card_fact(card->app, "creator", r == 0 ? user_name(creator) :
		  r == -ENOENT ? "-" : "?");
	card_fact_take(card->app, "uid map", idmap_text(card->ns, false, true));
	card_fact_take(card->app, "gid map", idmap_text(card->ns, true, true));
	setgroups = nsu_ns_count_tasks(card->ns) ?
		nsu_task_read_setgroups(nsu_ns_get_task(card->ns, 0)) : -ENODATA;
	card_fact(card->app, "setgroups", setgroups < 0 ? "?" :
		  setgroups ? "allow" : "deny");
	card_fact_take(card->app, "owns", view_owns(card->ns));
}

typedef char *(*name_fn)(const struct card *card, size_t index);

static char *child_name(const struct card *card, size_t index)
{
	char name[NS_TEXT_SIZE];

	return strdup(view_ns(name, nsu_ns_get_child(card->ns, index)));
}

static char *task_name(const struct card *card, size_t index)
{
	const struct nsu_task *task = nsu_ns_get_task(card->ns, index);
	char *process = view_process(card->cache, task, false), *text;

	if (!nsu_task_is_thread(task) || !process)
		return process;
	/* One bracket with both: a comma parts the items of the list. */
	if (asprintf(&text, "%.*s; thread of %d)", (int)strlen(process) - 1, process,
		     (int)nsu_task_get_pid(task)) < 0)
		text = NULL;
	free(process);
	return text;
}

/* ", all of docker:web", ", 3 of docker:web"; nothing where they are nobody's. */
static void put_whose(const struct card *card, FILE *f, size_t count)
{
	const struct nsu_container *whose = view_ns_container(card->snap, card->ns);
	const struct nsu_task *task;
	size_t own = 0;
	char *word;

	if (!whose)
		return;
	for (size_t i = 0; (task = nsu_ns_get_task(card->ns, i)); i++)
		own += !nsu_task_is_thread(task) &&
		       view_is_within(view_task_container(task), whose);
	word = view_container_word(&card->app->out, whose);
	if (own == count)
		fprintf(f, ", all of %s", word ? word : "?");
	else
		fprintf(f, ", %zu of %s", own, word ? word : "?");
	free(word);
}

/* "3: a, b, c", or "12: a, b, c and 9 more"; "0" for none. */
static void print_counted(const struct card *card, const char *label, size_t count,
			  size_t listed, name_fn name)
{
	bool least = name == task_name && !view_knows_tasks(card->snap);
	size_t shown = card->app->opts.all || listed < NAMED ? listed : NAMED, size;
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	/* Who could not be read may be in it. */
	if (least && !count)
		fputs("?", f);
	else
		fprintf(f, "%s%zu", least ? "at least " : "", count);
	if (name == task_name && count)
		put_whose(card, f, count);
	for (size_t i = 0; i < shown; i++) {
		char *one = name(card, i);

		fprintf(f, "%s%s", i ? ", " : ": ", one ? one : "?");
		free(one);
	}
	if (shown < listed)
		fprintf(f, ", and %zu more", listed - shown);
	if (fclose(f) == 0)
		card_fact(card->app, label, text);
	free(text);
}

static void print_members(const struct card *card)
{
	size_t tasks = nsu_ns_count_tasks(card->ns);
	enum nsu_type type = nsu_ns_get_type(card->ns);
	const struct nsu_task *init;
	char *text;

	print_counted(card, "processes", nsu_ns_count_processes(card->ns), tasks,
		      task_name);
	if (nsu_ns_count_zombies(card->ns) &&
	    asprintf(&text, "%zu", nsu_ns_count_zombies(card->ns)) >= 0)
		card_fact_take(card->app, "zombies", text);
	if (type != NSU_PID)
		return;
	if (view_init_ended(card->snap, card->ns))
		card_fact(card->app, "init", "ended: nothing can start in it");
	else if (view_init(card->snap, card->ns, &init) == 0)
		card_fact_take(card->app, "init", view_process(card->cache, init, true));
	else
		card_fact(card->app, "init", "?");
}

/* Its bind mounts here, and what the caller's network namespace calls it. */
static void print_named(const struct card *card)
{
	struct nsu_binds *binds = NULL;
	char *text = NULL;
	size_t size;
	int nsid;
	FILE *f = open_memstream(&text, &size);
	const char *comma = "";

	if (!f)
		return;
	if (nsu_binds_new(card->app->ctx, NULL, &binds) == 0) {
		uint64_t inode = nsu_ns_get_inode(card->ns);
		const struct nsu_bind *bind;

		for (size_t i = view_first_bind(binds, inode);
		     (bind = nsu_binds_get(binds, i)) && bind->inode == inode; i++) {
			char *path = text_escape(&card->app->out, bind->path);
			char word[PIN_WORD_SIZE];

			fprintf(f, "%s%s", comma, path ? path : "?");
			if (view_pin_word(word, bind->path))
				fprintf(f, " (%s)", word);
			free(path);
			comma = ", ";
		}
		nsu_binds_free(binds);
	}
	if (nsu_ns_get_type(card->ns) == NSU_NET &&
	    nsu_ns_read_nsid(card->ns, &nsid) == 0)
		fprintf(f, "%snsid %d as seen from here", comma, nsid);
	if (fclose(f) == 0 && *text)
		card_fact(card->app, "named", text);
	free(text);
}

int card_namespace(struct app *app, const struct nsu_snapshot *snap,
		   struct shown_cache *cache, const struct nsu_ns *ns)
{
	struct card card = { .app = app, .snap = snap, .cache = cache, .ns = ns };
	struct holder_words words = { app, snap, cache, view_ns_container(snap, ns) };
	enum nsu_type type = nsu_ns_get_type(ns);
	int r = print_heading(&card);

	if (r < 0)
		return r;
	print_relations(&card);
	if (type == NSU_USER)
		print_user(&card);
	card_facts(app, ns);
	if (nsu_type_get_info(type)->nested)
		print_counted(&card, "children", nsu_ns_count_children(ns),
			      nsu_ns_count_children(ns), child_name);
	print_members(&card);
	print_named(&card);
	if (type == NSU_NET)
		card_net(app, snap, cache, ns);
	return card_holders(&words, ns);
}
