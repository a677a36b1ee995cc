/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The card of a container. card-usage.c tells its limits, card-shared.c who is in its
   namespaces. */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#include "card-container.h"
#include "grid.h"
#include "view.h"

#define ID_DIGITS 12

static char *text_of(const struct container_card *card, enum nsu_container_text what)
{
	return view_container_text(&card->app->out, card->container, what);
}

static const char *state_of(const struct container_card *card)
{
	if (!card->init)
		return "no process left";
	if (nsu_task_is_zombie(card->init) && !nsu_task_is_dead_leader(card->init))
		return "init ended";
	return card->usage_error == 0 && card->usage.frozen > 0 ? "paused" : "running";
}

static void put_part(FILE *f, const char *before, char *take_text)
{
	if (take_text)
		fprintf(f, "  %s%s", before, take_text);
	free(take_text);
}

/* "docker:web  3f2a9c41d07e  nginx:1.25  compose shop" */
static char *heading_text(const struct container_card *card)
{
	char *text = NULL, *word = view_container_word(&card->app->out, card->container);
	char *id = text_of(card, NSU_CONTAINER_ID);
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f) {
		free(word);
		free(id);
		return NULL;
	}
	fputs(word ? word : "?", f);
	if (id && strspn(id, "0123456789abcdef") == 64)
		id[card->app->opts.all ? 64 : ID_DIGITS] = '\0';
	/* Where nothing else names it, the word has it already. */
	if (id && word && strstr(word, id)) {
		free(id);
		id = NULL;
	}
	free(word);
	put_part(f, "", id);
	put_part(f, "", text_of(card, NSU_CONTAINER_IMAGE));
	put_part(f, "compose ", text_of(card, NSU_CONTAINER_PROJECT));
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

static int print_heading(const struct container_card *card)
{
	const struct shown *shown =
		card->init ? shown_get(card->cache, card->init, true) : NULL;
	char *left = heading_text(card), *right, age[16];
	int r;

	r = left ? asprintf(&right, shown ? "%s %s" : "%s", state_of(card),
			    view_age(age, card->snap, shown)) : -1;
	if (r >= 0) {
		card_heading(card->app, left, right);
		free(right);
	}
	free(left);
	return r < 0 ? -ENOMEM : 0;
}

static unsigned long count_threads(const struct container_card *card)
{
	const struct nsu_task *task;
	unsigned long threads = 0;

	for (size_t i = 0; (task = nsu_container_get_task(card->container, i)); i++) {
		const struct shown *shown = nsu_task_is_thread(task) ? NULL :
			shown_get(card->cache, task, false);

		threads += shown && !shown->error ? shown->stat.threads : 0;
	}
	return threads;
}

/* "nginx (4711/1), uid 0; 5 processes, 9 threads" */
static void print_first(const struct container_card *card)
{
	const struct shown *shown = shown_get(card->cache, card->init, true);
	size_t processes = nsu_container_count_processes(card->container);
	unsigned long threads = count_threads(card);
	char *process = view_process(card->cache, card->init, false), *text;
	char uid[16] = "?";

	if (shown && !shown->error)
		snprintf(uid, sizeof(uid), "%u", (unsigned)shown->stat.uid);
	if (!process || asprintf(&text, "%s, uid %s; %zu process%s, %lu thread%s",
				 process, uid, processes, processes == 1 ? "" : "es",
				 threads, threads == 1 ? "" : "s") < 0)
		text = NULL;
	free(process);
	card_fact_take(card->app, "first", text);
	if (shown && shown->command && !shown->stat.kernel)
		card_line(card->app, "command", shown->command);
}

/* The user that its root is, as seen from here. */
static void print_root_user(const struct container_card *card)
{
	const struct nsu_ns *user = view_task_ns(card->init, NSU_USER);
	struct nsu_id_range *range = NULL;
	const char *fact = "nobody here: 0 is not mapped";
	char *text = NULL;
	ssize_t count;

	if (!user || user == view_host_ns(card->snap, NSU_USER)) {
		card_fact(card->app, "its root is", !user ? "?" :
			  nsu_snapshot_sees_host(card->snap) > 0 ?
			  "the host's root: no user namespace of its own" :
			  "root here: no user namespace of its own");
		return;
	}
	count = nsu_task_read_idmap(card->init, false, &range);
	for (ssize_t i = 0; i < count && !text; i++)
		if (range[i].inside == 0 && range[i].count > 0 &&
		    range[i].outside != UINT32_MAX &&
		    asprintf(&text, "%u here%s", (unsigned)range[i].outside,
			     range[i].outside ? "" : ", root") < 0)
			text = NULL;
	free(range);
	card_fact(card->app, "its root is", text ? text : count < 0 ? "?" : fact);
	free(text);
}

static void print_confined(const struct container_card *card)
{
	struct nsu_confinement c = NSU_CONFINEMENT_INIT;
	int caps;
	char *text;

	if (nsu_task_read_confinement(card->init, &c) < 0) {
		card_fact(card->app, "confined by", "?");
		return;
	}
	/* What it has not now it may get, unless it is not bounded to. */
	caps = __builtin_popcountll(c.no_new_privs ? c.permitted : c.bounding);
	if (asprintf(&text, "%d of %d capabilities%s%s", caps, CAP_LAST_CAP + 1,
		     c.no_new_privs ? ", no_new_privs" : "",
		     c.seccomp == 1 ? ", strict seccomp" :
		     c.seccomp == 2 ? ", seccomp filter" :
		     c.seccomp == 0 ? ", no seccomp" : "") < 0)
		text = NULL;
	card_fact_take(card->app, "confined by", text);
}

/* "overlay, read-write; 14 mounts" */
static void print_root(const struct container_card *card)
{
	const struct nsu_ns *mnt = view_task_ns(card->init, NSU_MNT);
	const struct nsu_mount *root;
	struct nsu_mounts *mounts;
	char *text = NULL, *type;

	if (!mnt || nsu_mounts_new(mnt, &mounts) < 0) {
		card_fact(card->app, "root", "?");
		return;
	}
	root = nsu_mounts_get(mounts, 0);
	type = root ? text_escape(&card->app->out, root->fstype) : NULL;
	if (type && asprintf(&text, "%s, %s; %zu mounts", type,
			     strncmp(root->options, "ro", 2) == 0 &&
			     (root->options[2] == ',' || !root->options[2]) ?
			     "read-only" : "read-write", nsu_mounts_count(mounts)) < 0)
		text = NULL;
	free(type);
	nsu_mounts_free(mounts);
	card_fact_take(card->app, "root", text);
}

static void print_net(const struct container_card *card)
{
	const struct nsu_ns *net = view_task_ns(card->init, NSU_NET);
	char *whose;

	if (!net) {
		card_fact(card->app, "network", "?");
		return;
	}
	if (net == view_host_ns(card->snap, NSU_NET)) {
		card_fact(card->app, "network", nsu_snapshot_sees_host(card->snap) > 0 ?
			  "the host's" : "that of process 1 here");
		return;
	}
	whose = view_ns_container(card->snap, net) == card->container ? NULL :
		view_ns_whose(&card->app->out, card->snap, net);
	if (whose)
		card_line(card->app, "network of", whose);
	free(whose);
	card_net(card->app, card->snap, card->cache, net);
}

static void print_place(const struct container_card *card)
{
	const struct nsu_container *other;
	char *word, *text = text_of(card, NSU_CONTAINER_CGROUP);

	if (nsu_container_get_pod(card->container, &other) == 0) {
		word = view_container_word(&card->app->out, other);
		card_line(card->app, "pod", word);
		free(word);
	}
	if (nsu_container_get_outer(card->container, &other) == 0) {
		word = view_container_word(&card->app->out, other);
		card_line(card->app, "within", word);
		free(word);
	}
	if (text)
		card_line(card->app, "cgroup", text);
	free(text);
	text = text_of(card, NSU_CONTAINER_SOURCE);
	if (text)
		card_line(card->app, "known by", text);
	free(text);
}

int card_container(struct app *app, const struct nsu_snapshot *snap,
		   struct shown_cache *cache, const struct nsu_container *container)
{
	struct container_card card = { .app = app, .snap = snap, .cache = cache,
				       .container = container,
				       .usage = NSU_CGROUP_INIT };
	const struct nsu_container *pod;
	int r;

	/* The pause container is nothing but the pod. */
	if (nsu_container_get_kind(container) == NSU_POD_PAUSE &&
	    nsu_container_get_pod(container, &pod) == 0)
		card.container = container = pod;
	if (nsu_container_get_init(container, &card.init) < 0)
		card.init = NULL;
	card.usage_error = nsu_container_read_usage(container, &card.usage);
	r = print_heading(&card);
	if (r < 0)
		return r;
	if (card.init)
		print_first(&card);
	if (card.init)
		print_root_user(&card);
	if (card.init)
		print_confined(&card);
	print_place(&card);
	card_usage(&card);
	if (card.init)
		print_root(&card);
	if (card.init)
		print_net(&card);
	if (nsu_container_get_kind(container) == NSU_POD)
		r = card_members(&card);
	return r < 0 || !card.init ? r : card_shared(&card);
}
