/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the cgroup of a container uses and may, in its card. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "card-container.h"

/* "limit here", "limit at /system.slice". */
static void put_level(const struct container_card *card, FILE *f, int level)
{
	const char *path;
	char *upper, *escaped;
	size_t len;

	if (level == 0)
		fputs(", limit here", f);
	if (level <= 0)
		return;
	if (nsu_container_get_text(card->container, NSU_CONTAINER_CGROUP, &path) < 0) {
		fprintf(f, ", limit %d level%s above", level, level == 1 ? "" : "s");
		return;
	}
	len = strlen(path);
	while (level-- > 0 && len > 1) {
		while (len > 1 && path[len - 1] != '/')
			len--;
		len -= len > 1;
	}
	upper = strndup(path, len);
	escaped = upper ? text_escape(&card->app->out, upper) : NULL;
	fprintf(f, ", limit at %s", escaped ? escaped : "?");
	free(escaped);
	free(upper);
}

static bool is_limit(int64_t limit)
{
	return limit >= 0 && limit != INT64_MAX;
}

static void put_line(const struct container_card *card, const char *label, FILE *f,
		     char **text)
{
	if (fclose(f) == 0 && **text)
		card_fact(card->app, label, *text);
	free(*text);
}

/* The age of its first process, microseconds; 0: unknown. */
static int64_t age_of(const struct container_card *card)
{
	const struct shown *shown =
		card->init ? shown_get(card->cache, card->init, false) : NULL;
	int64_t now = (int64_t)nsu_snapshot_get_time(card->snap);

	return shown && !shown->error && now > shown->stat.start ?
		(now - shown->stat.start) / 1000 : 0;
}

/* Of the time since its first process began: a look at how busy it is now takes two. */
static void print_cpu(const struct container_card *card)
{
	const struct nsu_cgroup *usage = &card->usage;
	int64_t age = age_of(card);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	if (usage->cpu_usage >= 0 && age > 0)
		fprintf(f, "%.0f%% of a core since it began",
			(double)usage->cpu_usage * 100 / (double)age);
	if (is_limit(usage->cpu_max)) {
		fprintf(f, "%s%" PRId64 "%% at most", ftell(f) > 0 ? "; " : "",
			usage->cpu_max / 10);
		put_level(card, f, usage->cpu_level);
	}
	if (usage->cpu_periods > 0 && usage->cpu_throttled >= 0)
		fprintf(f, "%sthrottled %.0f%%", ftell(f) > 0 ? "; " : "",
			(double)usage->cpu_throttled * 100 / (double)usage->cpu_periods);
	put_line(card, "cpu", f, &text);
}

static void print_memory(const struct container_card *card)
{
	const struct nsu_cgroup *usage = &card->usage;
	char *text = NULL, buf[16];
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	if (usage->memory >= 0)
		fputs(text_size(buf, (uint64_t)usage->memory), f);
	if (usage->memory >= 0 && is_limit(usage->memory_max)) {
		fprintf(f, " of %s", text_size(buf, (uint64_t)usage->memory_max));
		if (usage->memory_max > 0)
			fprintf(f, " (%.0f%%)", (double)usage->memory * 100 /
				(double)usage->memory_max);
		put_level(card, f, usage->memory_level);
	}
	if (usage->oom_kills >= 0)
		fprintf(f, "%sOOM kills %" PRId64, ftell(f) > 0 ? "; " : "",
			usage->oom_kills);
	put_line(card, "memory", f, &text);
}

static void print_threads(const struct container_card *card)
{
	const struct nsu_cgroup *usage = &card->usage;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	if (usage->pids >= 0)
		fprintf(f, "%" PRId64, usage->pids);
	if (usage->pids >= 0 && is_limit(usage->pids_max)) {
		fprintf(f, " of %" PRId64, usage->pids_max);
		put_level(card, f, usage->pids_level);
	}
	put_line(card, "threads", f, &text);
}

void card_usage(const struct container_card *card)
{
	if (card->usage_error < 0)
		return;
	print_cpu(card);
	print_memory(card);
	print_threads(card);
}
