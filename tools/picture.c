/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Its lines, and what each shares. picture-hang.c says which hangs from which,
   picture-fold.c makes it short. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "picture.h"
#include "view.h"

#define PARTS (NSU_PART_DEFAULT | NSU_PART_PIDS | NSU_PART_CONTAINERS)

int picture_append(struct line *parent, struct line *line)
{
	/* Grown by powers of two, so that the count tells how much there is. */
	if ((parent->child_count & (parent->child_count - 1)) == 0) {
		size_t n = parent->child_count ? parent->child_count * 2 : 1;
		struct line **children = reallocarray(parent->children, n,
						      sizeof(*children));

		if (!children)
			return -ENOMEM;
		parent->children = children;
	}
	parent->children[parent->child_count++] = line;
	line->parent = parent;
	return 0;
}

struct line *picture_add_line(struct line *parent, enum line_kind kind)
{
	struct line *line = calloc(1, sizeof(*line));

	if (!line)
		return NULL;
	line->kind = kind;
	memset(line->field, '?', NSU_TYPE_COUNT);
	if (parent && picture_append(parent, line) < 0) {
		free(line);
		return NULL;
	}
	return line;
}

int picture_add_task(struct line *line, const struct nsu_task *task)
{
	if ((line->task_count & (line->task_count - 1)) == 0) {
		size_t n = line->task_count ? line->task_count * 2 : 1;
		const struct nsu_task **tasks = reallocarray(line->tasks, n,
							     sizeof(struct nsu_task *));

		if (!tasks)
			return -ENOMEM;
		line->tasks = tasks;
	}
	line->tasks[line->task_count++] = task;
	return 0;
}

void picture_free_line(struct line *line)
{
	if (!line)
		return;
	for (size_t i = 0; i < line->child_count; i++)
		picture_free_line(line->children[i]);
	free(line->children);
	free(line->tasks);
	free(line->name);
	free(line->state);
	free(line);
}

static void free_picture(struct picture *picture)
{
	if (!picture)
		return;
	picture_free_line(picture->root);
	free(picture->boxes);
	free(picture->owned);
	free(picture->loose);
	free(picture);
}

/* Threads that left their process's namespaces; those of a dead leader are its process.
 */
static bool is_of_threads(const struct nsu_snapshot *snap, const struct nsu_sandbox *box)
{
	size_t n = nsu_sandbox_count_tasks(box);

	for (size_t i = 0; i < n; i++) {
		const struct nsu_task *task = nsu_sandbox_get_task(box, i), *leader;

		if (!nsu_task_is_thread(task))
			return false;
		if (nsu_snapshot_find_task(snap, nsu_task_get_pid(task), &leader) < 0 ||
		    nsu_task_is_dead_leader(leader))
			return false;
	}
	return true;
}

/* Sandboxes are sorted by their first task. */
struct line *picture_find_line(const struct picture *picture,
			       const struct nsu_sandbox *box)
{
	pid_t first = nsu_task_get_tid(nsu_sandbox_get_task(box, 0));
	size_t low = 0, high = picture->box_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct nsu_sandbox *it =
			nsu_snapshot_get_sandbox(picture->snap, middle);

		if (nsu_task_get_tid(nsu_sandbox_get_task(it, 0)) < first)
			low = middle + 1;
		else
			high = middle;
	}
	return low < picture->box_count ? picture->boxes[low] : NULL;
}

bool picture_is_minor(const struct line *line)
{
	static const enum nsu_type major[] = { NSU_NET, NSU_PID, NSU_USER };

	if (line->kind == LINE_MORE)
		return true;
	if (line->kind == LINE_ROOT || line->container || !line->box || !line->parent ||
	    !line->parent->box)
		return false;
	for (size_t i = 0; i < sizeof(major) / sizeof(major[0]); i++)
		if (view_box_ns(line->box, major[i]) !=
		    view_box_ns(line->parent->box, major[i]))
			return false;
	return true;
}

/* What a pod's containers share is the pod's, whichever of them is older. */
static const struct line *pod_of(const struct line *line, const struct nsu_ns *ns)
{
	const struct line *up = line ? line->parent : NULL;

	return up && up->box && up->container &&
	       nsu_container_get_kind(up->container) == NSU_POD &&
	       view_box_ns(up->box, nsu_ns_get_type(ns)) == ns ? up : line;
}

/* The host, then a container, by its init: what was put into it later may have a lower
   number. What started it may stay in its mount namespace, and is older: only where
   nothing else is in a namespace does it belong to such a one. */
const struct line *picture_find_owner(const struct picture *picture,
				      const struct nsu_ns *ns)
{
	const struct line *minor = NULL, *major = NULL, *line;
	const struct nsu_sandbox *box, *last = NULL;
	size_t n = nsu_ns_count_tasks(ns);

	for (size_t i = 0; i < n; i++) {
		if (nsu_task_get_sandbox(nsu_ns_get_task(ns, i), &box) < 0 || box == last)
			continue;
		last = box;
		line = picture_find_line(picture, box);
		if (!line)
			continue;
		if (line == picture->root || (line->box && !picture_is_minor(line) &&
					      picture_holds_init(picture, line)))
			return pod_of(line, ns);
		if (!minor)
			minor = line;
		if (!major && !picture_is_minor(line))
			major = line;
	}
	return pod_of(major ? major : minor, ns);
}

static char letter_of(const struct picture *picture, const struct line *line,
		      enum nsu_type type)
{
	const struct nsu_ns *ns = view_box_ns(line->box, type), *host, *up = NULL;
	const struct line *owner;

	if (!ns)
		return nsu_snapshot_get_types(picture->snap) & (1U << type) ? '?' : '-';
	host = picture->root->box ? view_box_ns(picture->root->box, type) : NULL;
	if (line->parent && line->parent->parent && line->parent->box)
		up = view_box_ns(line->parent->box, type);
	if (up == ns)
		return '^';
	if (host == ns || line == picture->root)
		return '.';
	owner = picture_find_owner(picture, ns);
	return owner == line || (line->beside && owner == line->beside) ?
		nsu_type_get_info(type)->letter : '&';
}

/* One that is frozen may look as if it waited where no signal reaches it. */
static bool is_paused(const struct line *line)
{
	struct nsu_cgroup usage = NSU_CGROUP_BRIEF_INIT;

	return line->container &&
	       nsu_container_read_usage(line->container, &usage) == 0 && usage.frozen > 0;
}

static int describe_state(struct picture *picture, struct line *line)
{
	const struct nsu_ns *pid =
		line->box ? view_box_ns(line->box, NSU_PID) : NULL;
	const struct shown *shown = shown_get(picture->cache, line->task, false);
	size_t zombies = 0;
	char number[40] = "";
	const char *word = NULL;

	if (pid && (line == picture->root || line->field[NSU_PID] == 'p')) {
		zombies = nsu_ns_count_zombies(pid);
		if (line != picture->root && view_init_ended(picture->snap, pid))
			word = "(init ended)";
	}
	if (!word && is_paused(line))
		word = "(paused)";
	if (zombies >= MANY_ZOMBIES)
		snprintf(number, sizeof(number), "(%zu zombies)", zombies);
	else if (!word && shown && !shown->error && shown->stat.state == 'D')
		snprintf(number, sizeof(number), "(D)");
	if (!word && !*number)
		return 0;
	return asprintf(&line->state, "%s%s%s", word ? word : "",
			word && *number ? " " : "", number) < 0 ?
		       -ENOMEM :
		       0;
}

static int name_line(struct picture *picture, struct line *line)
{
	const struct shown *shown;
	const char *unit = NULL;

	if (line->container) {
		line->name = picture_container_name(picture, line);
		return line->name ? 0 : -ENOMEM;
	}
	if (!line->thread)
		unit = view_box_unit(picture->snap, line->box);
	if (unit) {
		line->name = view_unit_word(picture->out, unit);
	} else {
		shown = shown_get(picture->cache, line->task, false);
		line->name = shown ? strdup(shown->name ? shown->name : "?") : NULL;
	}
	return line->name ? 0 : -ENOMEM;
}

static int describe(struct picture *picture, struct line *line)
{
	int r = 0;

	for (int t = 0; t < NSU_TYPE_COUNT && line->box; t++)
		line->field[t] = letter_of(picture, line, (enum nsu_type)t);
	if (line->box && !line->beside)
		line->processes += nsu_sandbox_count_processes(line->box);
	/* In whatever order: what is taken before it is there comes out even. */
	if (line->beside)
		line->beside->processes -= line->processes;
	if (line != picture->root)
		r = name_line(picture, line);
	return r < 0 || !line->task ? r : describe_state(picture, line);
}

/* Its name may be told only where the uts namespace is the caller's own. */
static int name_root(struct picture *picture)
{
	struct line *root = picture->root;
	char host[256] = "", *escaped;

	if (nsu_snapshot_sees_host(picture->snap) <= 0) {
		root->name = strdup("here");
		return root->name ? 0 : -ENOMEM;
	}
	if (picture->own_uts && gethostname(host, sizeof(host) - 1) == 0 && *host) {
		escaped = text_escape(picture->out, host);
		if (!escaped || asprintf(&root->name, "host %s", escaped) < 0)
			root->name = NULL;
		free(escaped);
	} else {
		root->name = strdup("host");
	}
	return root->name ? 0 : -ENOMEM;
}

static int make_root(struct picture *picture)
{
	const struct nsu_sandbox *box;
	struct line *root = picture_add_line(NULL, LINE_ROOT);
	enum nsu_reference kind;

	if (!root)
		return -ENOMEM;
	picture->root = root;
	kind = nsu_snapshot_get_reference(picture->snap, &root->task);
	if (root->task && nsu_task_get_sandbox(root->task, &box) == 0)
		root->box = box;
	/* The caller itself tells nothing: the oldest process beside it does. */
	if (root->box && kind == NSU_REF_CALLER)
		root->task = view_first_of_box(root->box);
	return name_root(picture);
}

static int make_lines(struct picture *picture)
{
	picture->boxes = calloc(picture->box_count + 1, sizeof(struct line *));
	if (!picture->boxes) {
		picture->box_count = 0;
		return -ENOMEM;
	}
	for (size_t i = 0; i < picture->box_count; i++) {
		const struct nsu_sandbox *box =
			nsu_snapshot_get_sandbox(picture->snap, i);
		bool thread = is_of_threads(picture->snap, box);
		struct line *line;

		if (box == picture->root->box) {
			picture->boxes[i] = picture->root;
			continue;
		}
		if (thread && !picture->threads)
			continue;
		line = picture_add_line(NULL, LINE_BOX);
		if (!line)
			return -ENOMEM;
		line->box = box;
		line->task = view_first_of_box(box);
		line->thread = thread;
		line->index = i;
		picture->boxes[i] = line;
	}
	return 0;
}

static int describe_below(struct picture *picture, struct line *line)
{
	int r = describe(picture, line);

	for (size_t i = 0; i < line->child_count && r == 0; i++)
		r = describe_below(picture, line->children[i]);
	return r;
}

static int build(struct picture *picture)
{
	int r = make_root(picture);

	if (r < 0)
		return r;
	r = make_lines(picture);
	if (r == 0)
		r = picture_add_containers(picture);
	/* It also frees what it cannot hang. */
	r = picture_hang(picture) ? -ENOMEM : r;
	if (r == 0)
		r = describe_below(picture, picture->root);
	if (r == 0)
		r = picture_add_unread(picture);
	return r < 0 ? r : picture_fold(picture, picture->root);
}

static int new_picture(struct app *app, const struct nsu_snapshot *snap,
		       struct shown_cache *cache, struct picture **ret)
{
	const struct nsu_ns *uts = view_task_ns(view_self(app, snap), NSU_UTS);
	struct picture *picture = calloc(1, sizeof(*picture));
	int r;

	if (!picture)
		return -ENOMEM;
	picture->snap = snap;
	picture->cache = cache;
	picture->out = &app->out;
	picture->all = app->opts.all;
	picture->threads = app->opts.threads;
	picture->own_uts = uts && uts == view_host_ns(snap, NSU_UTS);
	picture->box_count = nsu_snapshot_count_sandboxes(snap);
	r = build(picture);
	if (r < 0) {
		free_picture(picture);
		return r;
	}
	*ret = picture;
	return 0;
}

int picture_show(struct app *app, unsigned parts,
		 int (*print)(struct app *, struct picture *),
		 void (*remark)(struct app *, const struct nsu_snapshot *))
{
	struct nsu_snapshot *snap = app_scan(app, PARTS | parts, 0);
	struct picture *picture = NULL;
	struct shown_cache *cache;
	int r;

	if (!snap)
		return 1;
	cache = shown_new(&app->out);
	r = cache ? new_picture(app, snap, cache, &picture) : -ENOMEM;
	if (r == 0)
		r = print(app, picture);
	free_picture(picture);
	shown_free(cache);
	fflush(stdout);
	if (r == 0 && remark)
		remark(app, snap);
	r = r < 0 ? view_failed(app, r) : app_remark_gaps(app, snap);
	nsu_snapshot_free(snap);
	return r;
}
