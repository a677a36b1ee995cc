/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nstree pin:NAME: what is noted of the pin, and what its namespaces are now. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "card.h"
#include "holders.h"
#include "view.h"

const struct nsu_pin *card_pin_find(const struct nsu_pins *pins, const char *word,
				    const struct nsu_ns *ns)
{
	size_t len = strncmp(word, "pin:", 4) == 0 ? strcspn(word, "/") : strlen(word);
	char *name = strndup(word, len);
	const struct nsu_pin_ns *pinned;
	const struct nsu_pin *pin;
	int r = name ? nsu_pins_find(pins, name, &pin) : -ENOMEM;

	free(name);
	/* The word may be that of a file, or of another program's pin. */
	if (r < 0 || pin->maker != NSU_PIN_BY_NSUTIL)
		return NULL;
	pinned = &pin->ns[nsu_ns_get_type(ns)];
	return pinned->inode == nsu_ns_get_inode(ns) ||
	       pinned->recorded_inode == nsu_ns_get_inode(ns) ? pin : NULL;
}

/* "40m ago, 2026-07-30 14:02, by root" */
static void print_made(const struct app *app, const struct nsu_pin *pin)
{
	uint64_t now = (uint64_t)time(NULL);
	time_t made = (time_t)pin->made;
	char age[16], when[32] = "?";
	struct tm tm;
	char *user, *text;

	if (!pin->made)
		return;
	if (localtime_r(&made, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	user = text_escape(&app->out, pin->user ? pin->user : user_name(pin->uid));
	if (asprintf(&text, "%s ago, %s, by %s",
		     text_age(age, now > pin->made ? now - pin->made : 0), when,
		     user ? user : "?") < 0)
		text = NULL;
	free(user);
	card_line(app, "made", text);
	free(text);
}

/* "process 4711 nginx -g daemon off;", or the word that it was asked for by */
static void print_from(const struct app *app, const struct nsu_pin *pin)
{
	char *from, *text;
	int r;

	if (!pin->from)
		return;
	from = text_escape(&app->out, pin->from_command ? pin->from_command : pin->from);
	if (pin->from_pid)
		r = asprintf(&text, "process %d %s", (int)pin->from_pid,
			     from ? from : "?");
	else
		r = asprintf(&text, "%s", from ? from : "?");
	free(from);
	card_line(app, "from", r < 0 ? NULL : text);
	if (r >= 0)
		free(text);
}

static void print_dweller(const struct app *app, const char *label, pid_t pid)
{
	char text[32];

	snprintf(text, sizeof(text), "process %d", (int)pid);
	if (pid)
		card_fact(app, label, text);
}

static int print_heading(const struct app *app, const char *word,
			 const struct nsu_pin *pin)
{
	const char *state = pin ? nsu_pin_state_get_name(pin->state) : "?";
	char *name = text_escape(&app->out, pin ? pin->word : word), *left;
	int r = asprintf(&left, "%s  %s%s", name ? name : "?", state ? state : "?",
			 pin && pin->state == NSU_PIN_OK ? "" :
			 ": nspin check says why");

	free(name);
	if (r < 0)
		return -ENOMEM;
	card_heading(app, left, "");
	free(left);
	return 0;
}

static void print_pin(const struct app *app, const struct nsu_pin *pin)
{
	print_made(app, pin);
	if (pin->args) {
		char *text = text_quote_words(&app->out, pin->args);

		card_line(app, "command", text);
		free(text);
	}
	print_from(app, pin);
	print_dweller(app, "init", pin->init);
	print_dweller(app, "keeper", pin->keeper);
	if (pin->netns)
		card_fact(app, "also", "in /run/netns");
}

/* "; 1 descriptor, 2 mounts": what but processes keeps it; malloc'ed. */
static char *make_holders(const struct app *app, const struct nsu_ns *ns)
{
	struct holders holders;
	char *text = NULL, head[32];
	size_t size;
	FILE *f;

	if (holders_get(app, ns, &holders) < 0)
		return NULL;
	f = open_memstream(&text, &size);
	for (int kind = NSU_HOLDER_THREAD; f && kind < NSU_HOLDER_COUNT; kind++) {
		size_t count = holders.first[kind + 1] - holders.first[kind];

		if (count)
			fprintf(f, "%s%s", ftell(f) > 0 ? ", " : "; ",
				holders_head(head, kind, count));
	}
	holders_free(&holders);
	if (f && fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

/* "net:[4026533417]  3 processes: iperf3 (9120/1), ...; 1 mount" */
static void print_type(const struct app *app, const struct nsu_snapshot *snap,
		       struct shown_cache *cache, const struct nsu_ns *ns)
{
	char *held = make_holders(app, ns), *line;
	const struct nsu_task *first = view_first_of_ns(ns);
	size_t count = nsu_ns_count_processes(ns);
	char name[NS_TEXT_SIZE], *process = NULL, *text;
	int r;

	view_ns(name, ns);
	if (ns == view_host_ns(snap, nsu_ns_get_type(ns))) {
		r = asprintf(&text, "%s  %s", name, nsu_snapshot_sees_host(snap) > 0 ?
			     "the host's" : "as here");
	} else if (nsu_ns_get_type(ns) == NSU_PID && view_init_ended(snap, ns)) {
		r = asprintf(&text, "%s  its init has ended: nothing can start in it",
			     name);
	} else if (first) {
		process = view_process(cache, first, false);
		r = asprintf(&text, count == 1 ? "%s  %zu process: %s" :
			     "%s  %zu processes: %s, ...", name, count,
			     process ? process : "?");
	} else {
		r = asprintf(&text, "%s  no process%s", name, view_knows_tasks(snap) ?
			     "" : " that can be read");
	}
	free(process);
	if (r >= 0) {
		if (asprintf(&line, "%s%s", text, held ? held : "") < 0)
			line = NULL;
		card_line(app, nsu_type_get_name(nsu_ns_get_type(ns)), line);
		free(line);
		free(text);
	}
	free(held);
}

int card_pin(struct app *app, const struct nsu_snapshot *snap, struct shown_cache *cache,
	     const char *word, const struct nsu_pin *pin,
	     const struct nsu_ns *const *list, int count)
{
	int r = print_heading(app, word, pin);

	if (r < 0)
		return r;
	if (pin)
		print_pin(app, pin);
	for (int i = 0; i < count; i++)
		print_type(app, snap, cache, list[i]);
	if (count && pin)
		printf("All of one: nstree %s/%s; of all: nstree -a %s\n", pin->word,
		       nsu_type_get_name(nsu_ns_get_type(list[count - 1])), pin->word);
	return 0;
}
