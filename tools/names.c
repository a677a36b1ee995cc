// SPDX-License-Identifier: GPL-2.0-or-later
/* --list-names: what completion offers. */
#include <stdlib.h>
#include <string.h>
#include "live.h"
#include "nstree.h"

/* Whoever completes has lines to read, and a terminal to show them on. */
static bool is_typeable(const struct app *app, const char *word)
{
	char *shown = text_escape(&app->out, word);
	bool same = shown != NULL && strcmp(shown, word) == 0;

	free(shown);
	return same && strpbrk(word, " \t$`;&|<>()\"'") == NULL &&
	       !nsu_word_is_selection(word);
}

int view_names(struct app *app)
{
	struct nsu_snapshot *snap;
	struct live live = { 0 };
	int r = live_scan(app->ctx, &snap);

	if (r == 0) {
		r = live_find(&live, snap);
		nsu_snapshot_free(snap);
	}
	for (size_t i = 0; i < live.count; i++)
		if (is_typeable(app, live.word[i]))
			puts(live.word[i]);
	live_free(&live);
	if (r < 0)
		msg_errno(&app->out, r, "--list-names");
	return r < 0;
}
