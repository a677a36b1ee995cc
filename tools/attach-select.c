// SPDX-License-Identifier: GPL-2.0-or-later
/* Which targets --each means. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "attach-each.h"
#include "cli.h"
#include "live.h"
#include "word.h"

static int add_match(struct each_list *list, char *take_word,
		     const struct nsu_match *match)
{
	if (take_word == NULL)
		return -ENOMEM;
	if (list->count == list->size) {
		size_t size = list->size != 0 ? list->size * 2 : 16;
		struct each_target *grown = reallocarray(list->target, size,
							 sizeof(*grown));

		if (grown == NULL) {
			free(take_word);
			return -ENOMEM;
		}
		list->target = grown;
		list->size = size;
	}
	list->target[list->count++] = (struct each_target){ take_word, match };
	return 0;
}

static int add(struct each_list *list, char *take_word)
{
	return add_match(list, take_word, NULL);
}

void each_free(struct each_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->target[i].word);
	free(list->target);
	for (size_t i = 0; i < list->matches_count; i++)
		nsu_matches_free(list->matches[i]);
	free(list->matches);
	nsu_snapshot_free(list->snap);
}

static int add_names(const struct attach *app, bool pins, struct each_list *list)
{
	struct live live = { 0 };
	int r = pins ? live_add_pins(&live, app->ctx) : live_add_netns(&live);

	for (size_t i = 0; i < live.count && r == 0; i++) {
		r = add(list, live.word[i]);
		live.word[i] = NULL;
	}
	live_free(&live);
	return r;
}

/* Containers and units: of one picture, however many words there are. They are opened
   when it is their turn, and one that has ended by then is not taken for another. */
static int add_matches(struct attach *app, const char *word, struct each_list *list)
{
	struct nsu_scan_options opts = NSU_SCAN_OPTIONS_INIT;
	struct nsu_matches *matches, **grown;
	const struct nsu_match *match;
	int r = 0;

	opts.parts = NSU_PART_TASKS | NSU_PART_PIDS | NSU_PART_CONTAINERS;
	if (list->snap == NULL)
		r = nsu_snapshot_new(app->ctx, &opts, &list->snap);
	if (r == 0)
		r = nsu_matches_new(list->snap, word, &matches);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	grown = reallocarray(list->matches, list->matches_count + 1, sizeof(*grown));
	if (grown == NULL) {
		nsu_matches_free(matches);
		return -ENOMEM;
	}
	list->matches = grown;
	list->matches[list->matches_count++] = matches;
	for (size_t i = 0; r == 0 && (match = nsu_matches_get(matches, i)) != NULL; i++)
		r = add_match(list, strdup(match->word), match);
	return r;
}

static int add_type(const struct nsu_snapshot *snap, enum nsu_type type,
		    struct each_list *list)
{
	const struct nsu_ns *ns;
	int r = 0;

	nsu_foreach_ns(ns, snap) {
		char *word = NULL;

		if (nsu_ns_get_type(ns) == type && r == 0)
			r = add(list, asprintf(&word, "%s:%" PRIu64,
					       nsu_type_get_name(type),
					       nsu_ns_get_inode(ns)) < 0 ? NULL : word);
	}
	return r;
}

/* kdevtmpfs has mounts of its own, and nothing to run there. */
static bool is_kernel(const struct nsu_task *task)
{
	struct nsu_task_stat stat = NSU_TASK_STAT_INIT;

	return nsu_task_read_stat(task, &stat) == 0 && stat.kernel;
}

/* Every set of tasks that shares all namespaces, but the host's and ours: by its
   first. */
static int add_sandboxes(const struct attach *app, const struct nsu_snapshot *snap,
			 struct each_list *list)
{
	const struct nsu_sandbox *box, *host = NULL, *own = NULL;
	const struct nsu_task *task;
	int r = 0;

	if (nsu_snapshot_get_reference(snap, &task) != NSU_REF_NONE)
		nsu_task_get_sandbox(task, &host);
	if (nsu_snapshot_find_task(snap, nsu_ctx_get_procfs(app->ctx)->self, &task) == 0)
		nsu_task_get_sandbox(task, &own);
	for (size_t i = 0; i < nsu_snapshot_count_sandboxes(snap) && r == 0; i++) {
		char *word = NULL;

		box = nsu_snapshot_get_sandbox(snap, i);
		task = nsu_sandbox_get_task(box, 0);
		if (box != host && box != own && !nsu_task_is_thread(task) &&
		    !is_kernel(task))
			r = add(list, asprintf(&word, "%d",
					       (int)nsu_task_get_pid(task)) < 0 ?
				NULL : word);
	}
	return r;
}

static int add_scanned(const struct attach *app, const char *word, enum nsu_type type,
		       struct each_list *list)
{
	struct nsu_snapshot *snap;
	int r = nsu_snapshot_new(app->ctx, NULL, &snap);

	if (r < 0)
		return r;
	r = strcmp(word, "sandbox:") == 0 ? add_sandboxes(app, snap, list) :
		add_type(snap, type, list);
	nsu_snapshot_free(snap);
	return r;
}

/* Words ending in ":" stand for all that begin so. */
static int add_all(struct attach *app, const char *word, struct each_list *list)
{
	bool names = strcmp(word, "netns:") == 0, pins = strcmp(word, "pin:") == 0;
	size_t before = list->count;
	enum nsu_type type = NSU_MNT;
	char name[16];
	int r;

	snprintf(name, sizeof(name), "%.*s", (int)strlen(word) - 1, word);
	if (!names && !pins && strcmp(word, "sandbox:") != 0 &&
	    nsu_type_find(name, &type) < 0 && !nsu_word_is_selection(word))
		return cli_wrong(&app->out, NULL,
				 "%s: not one of docker: podman: pod: cri: lxc: machine: "
				 "unit: image:NAME ..., sandbox: pin: netns: mnt: uts: "
				 "ipc: net: pid: cgroup: user: time:", word);
	r = nsu_word_is_selection(word) ? add_matches(app, word, list) :
		names || pins ? add_names(app, pins, list) :
		add_scanned(app, word, type, list);
	if (r < 0)
		msg_errno(&app->out, r, "%s", word);
	else if (list->count == before && nsu_word_is_selection(word))
		word_no_match(&app->out, word);
	else if (list->count == before)
		msg(&app->out, "%s there is none", word);
	return r;
}

/* Operands up to "--" are targets, what follows is the command; without "--" the first
   is the target. */
static size_t count_targets(char **operand)
{
	for (size_t i = 0; operand[i] != NULL; i++)
		if (strcmp(operand[i], "--") == 0)
			return i;
	return operand[0] != NULL;
}

static int add_word(struct attach *app, const char *word, struct each_list *list)
{
	size_t len = strlen(word);

	if (nsu_word_is_selection(word))
		return add_all(app, word, list);
	if (len > 1 && (word[len - 1] == ':' || (word[len - 1] == '/' && *word != '/' &&
						 *word != '.')))
		return add_all(app, word, list);
	return add(list, strdup(word));
}

int each_select(struct attach *app, struct each_list *ret)
{
	char **operand = app->opts.command;
	size_t count = app->opts.target != NULL ? 0 : count_targets(operand);
	int r = context_open(&app->out, NULL, NULL, false, &app->ctx);

	if (r == 0 && app->opts.target != NULL)
		r = add_word(app, app->opts.target, ret);
	for (size_t i = 0; i < count && r == 0; i++)
		r = add_word(app, operand[i], ret);
	operand += count;
	if (*operand != NULL && strcmp(*operand, "--") == 0)
		operand++;
	app->opts.command = operand;
	if (r == 0 && *operand == NULL)
		r = cli_wrong(&app->out, "nsattach --each TARGET... -- COMMAND",
			      "--each: no command given");
	if (r == 0 && ret->count == 0)
		r = -ENOENT;
	if (r < 0)
		each_free(ret);
	return r;
}
