// SPDX-License-Identifier: GPL-2.0-or-later
/* A word that means several things: which ones, and in what state. */
#include <stdlib.h>
#include <string.h>
#include "word-say.h"

#define MOST_SAID	20
#define MOST_WIDE	40

static bool is_paused(const struct nsu_container *container)
{
	struct nsu_cgroup usage = NSU_CGROUP_INIT;

	return nsu_container_read_usage(container, &usage) == 0 && usage.frozen == 1;
}

static void say_namespace(const struct nsu_match *match)
{
	size_t count = match->ns != NULL ? nsu_ns_count_tasks(match->ns) : 0;

	if (count > 0)
		fprintf(stderr, "%zu task%s", count, count == 1 ? "" : "s");
	else
		fputs(strncmp(match->word, "pin:", 4) == 0 ? "pinned" : "no process",
		      stderr);
}

static void say_state(const struct output *out, const struct nsu_snapshot *snap,
		      const struct nsu_match *match)
{
	const struct nsu_container *container = match->container;
	struct nsu_task_stat stat = NSU_TASK_STAT_INIT;
	int64_t now = (int64_t)nsu_snapshot_get_time(snap);
	const char *what = stat.comm;
	char age[16], *shown;
	uid_t uid = 0;

	if (match->task == NULL) {
		say_namespace(match);
		return;
	}
	if (nsu_task_read_stat(match->task, &stat) < 0) {
		fputs("ended", stderr);
		return;
	}
	if (container != NULL &&
	    nsu_container_get_text(container, NSU_CONTAINER_IMAGE, &what) < 0)
		what = stat.comm;
	shown = text_escape(out, what);
	fprintf(stderr, "%s %s  %s%s",
		container != NULL && is_paused(container) ? "paused" : "running",
		text_age(age, now > stat.start ?
			 (uint64_t)(now - stat.start) / 1000000000 : 0),
		shown != NULL ? shown : "?",
		container != NULL && nsu_container_is_claim(container) ?
			"  (claimed)" : "");
	/* Any user may call what he runs as root does. */
	if (container != NULL && nsu_container_get_uid(container, &uid) == 0 && uid != 0)
		fprintf(stderr, "  (of user %u)", (unsigned)uid);
	free(shown);
}

void word_say_matches(const struct output *out, const char *word,
		      const struct nsu_snapshot *snap, const struct nsu_matches *matches)
{
	size_t count = nsu_matches_count(matches), width = 0;
	size_t said = count > MOST_SAID ? MOST_SAID : count;

	msg(out, "%s: %zu targets match", word, count);
	for (size_t i = 0; i < said; i++) {
		size_t wide = text_width(nsu_matches_get(matches, i)->word);

		if (wide > width && wide <= MOST_WIDE)
			width = wide;
	}
	for (size_t i = 0; i < said; i++) {
		const struct nsu_match *match = nsu_matches_get(matches, i);
		char *shown = text_quote_word(out, match->word);
		size_t wide = shown != NULL ? text_width(shown) : 1;

		fprintf(stderr, "  %s%*s  ", shown != NULL ? shown : "?",
			wide < width ? (int)(width - wide) : 0, "");
		say_state(out, snap, match);
		fputc('\n', stderr);
		free(shown);
	}
	if (said < count)
		fprintf(stderr, "  and %zu more\n", count - said);
}
