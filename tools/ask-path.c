// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nstree --path: who has a file system mounted or in use. Nothing is asked of it but the
 * file that was named, and that under a deadline: mounts are what mountinfo tells, files
 * in use what links and fdinfo tell.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ask.h"
#include "ask-path.h"
#include "view.h"

bool path_is_on(const struct path_question *q, const struct nsu_mount *mount)
{
	/* btrfs has numbers of its own, so that its devices are known by name only. */
	if (q->device && strcmp(mount->source, q->device) == 0)
		return true;
	return mount->major == q->major && mount->minor == q->minor &&
	       (!q->root || strcmp(mount->root, q->root) == 0);
}

/* The mount that a path is on: the longest point that it is below, of several there the
   last. */
static const struct nsu_mount *mount_below(const struct nsu_mounts *mounts,
					   const char *path)
{
	const struct nsu_mount *best = NULL, *mount;
	size_t most = 0;

	for (size_t i = 0; (mount = nsu_mounts_get(mounts, i)) != NULL; i++) {
		size_t len = strlen(mount->point);

		if (len == 1)
			len = 0;	/* the root is above all */
		if (len >= most && strncmp(path, mount->point, len) == 0 &&
		    (path[len] == '/' || path[len] == '\0')) {
			best = mount;
			most = len;
		}
	}
	return best;
}

static const struct path_place *place_of(const struct path_question *q,
					 const struct nsu_ns *ns)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (q->place[i].ns == ns)
			return &q->place[i];
	return NULL;
}

static void note_error(size_t *count, int *first, int error)
{
	if (!(*count)++)
		*first = error;
}

static int read_places(struct path_question *q, const struct nsu_ns *home)
{
	size_t count;
	const struct nsu_ns **list = ask_list(q->snap, NSU_MNT, home, &count);

	q->place = calloc(count + 1, sizeof(*q->place));
	for (size_t i = 0; list && q->place && i < count; i++) {
		struct path_place *place = &q->place[q->place_count];
		int r;

		place->ns = list[i];
		r = nsu_mounts_new(list[i], &place->mounts);
		if (r == 0)
			q->place_count++;
		else if (r != -ESRCH)
			note_error(&q->unread_places, &q->place_error, r);
	}
	free(list);
	return list && q->place ? 0 : -ENOMEM;
}

/* The file system of a mount by its id, in whichever namespace that is: a path may lead
   through /proc/PID/root. */
static int take_mount(struct path_question *q, uint64_t id)
{
	const struct nsu_mount *mount;

	for (size_t i = 0; i < q->place_count; i++)
		for (size_t m = 0; (mount = nsu_mounts_get(q->place[i].mounts, m)); m++) {
			if (mount->id != id)
				continue;
			q->major = mount->major;
			q->minor = mount->minor;
			if (strcmp(mount->fstype, "nsfs") == 0)
				q->root = mount->root;
			return 0;
		}
	return -ENOENT;
}

#define MAX_TRIES 8	/* of a second each */

/* What does not answer is on the mount that the nearest directory above it is on, which
   does: only what is below the root of a mount is asked of its file system. */
static int take_silent(struct path_question *q)
{
	struct nsu_file above = NSU_FILE_INIT;
	char *path = strdup(q->word), *slash;
	int r = path ? -ETIMEDOUT : -ENOMEM;

	for (int i = 0; r == -ETIMEDOUT && i < MAX_TRIES; i++) {
		size_t len = strlen(path);

		while (len > 1 && path[len - 1] == '/')
			path[--len] = '\0';
		slash = strrchr(path, '/');
		if (slash)
			slash[slash == path] = '\0';
		r = nsu_file_read(slash ? path : ".", &above);
		if (!slash || strcmp(path, "/") == 0)
			break;
	}
	free(path);
	return r == 0 ? take_mount(q, above.mount) : r;
}

static bool is_device_number(const char *word, unsigned *major, unsigned *minor)
{
	int end = 0;

	return *word >= '0' && *word <= '9' &&
	       sscanf(word, "%7u:%7u%n", major, minor, &end) == 2 && word[end] == '\0';
}

static int find_file_system(struct path_question *q)
{
	int r;

	q->file = (struct nsu_file)NSU_FILE_INIT;
	q->by_device = is_device_number(q->word, &q->major, &q->minor);
	if (q->by_device)
		return 0;
	r = nsu_file_read(q->word, &q->file);
	if (r == -ETIMEDOUT) {
		msg(&q->app->out, "%s: does not answer: asked of the directory above it",
		    q->word);
		return take_silent(q);
	}
	if (r == 0 && q->file.answered && S_ISBLK(q->file.mode)) {
		q->by_device = true;
		q->device = q->word;
		q->major = q->file.major;
		q->minor = q->file.minor;
		return 0;
	}
	if (r == 0) {
		r = take_mount(q, q->file.mount);
		q->nowhere = r == -ENOENT;
	}
	return q->nowhere ? 0 : r;
}

static bool is_wanted(const struct path_question *q, const struct nsu_ns *ns)
{
	for (size_t i = 0; q->only && i < q->only_count; i++)
		if (q->only[i] == ns)
			return true;
	return !q->only;
}

static int add_mount(struct path_question *q, const struct nsu_mount *mount)
{
	if (q->mount_count == q->mount_size) {
		size_t size = q->mount_size ? q->mount_size * 2 : 64;
		uint64_t *more = reallocarray(q->mount, size, sizeof(*more));

		if (!more)
			return -ENOMEM;
		q->mount = more;
		q->mount_size = size;
	}
	q->mount[q->mount_count++] = mount->id;
	if (!q->fstype) {
		q->fstype = mount->fstype;
		q->source = mount->source;
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int find_mounts(struct path_question *q)
{
	const struct nsu_mount *mount;
	int r = 0;

	for (size_t i = 0; i < q->place_count; i++) {
		struct path_place *place = &q->place[i];

		if (q->nowhere || !is_wanted(q, place->ns))
			continue;
		for (size_t m = 0; (mount = nsu_mounts_get(place->mounts, m)) && !r; m++)
			if (path_is_on(q, mount)) {
				place->found++;
				r = add_mount(q, mount);
			}
	}
	if (q->mount_count)
		qsort(q->mount, q->mount_count, sizeof(*q->mount), by_number);
	return r;
}

static bool has_mount(const struct path_question *q, uint64_t id)
{
	return id && q->mount_count &&
	       bsearch(&id, q->mount, q->mount_count, sizeof(id), by_number);
}

bool path_is_below(const struct path_question *q, const struct path_place *place,
		   const struct nsu_mount *mount)
{
	const struct nsu_mount *parent;

	if (!place->found || has_mount(q, mount->id) || !has_mount(q, mount->parent))
		return false;
	for (size_t i = 0; (parent = nsu_mounts_get(place->mounts, i)); i++)
		if (parent->id == mount->parent)
			return strcmp(parent->point, "/") != 0;
	return false;
}

static bool uses_it(const struct path_question *q, const struct path_place *place,
		    const struct nsu_use *use)
{
	const struct nsu_mount *mount;

	if (use->kind == NSU_USE_FD && use->mount)
		return has_mount(q, use->mount);
	mount = place ? mount_below(place->mounts, use->path) : NULL;
	return mount && has_mount(q, mount->id);
}

static void count_use(struct path_user *user, const struct nsu_use *use)
{
	switch (use->kind) {
	case NSU_USE_ROOT:
		user->root = true;
		break;
	case NSU_USE_CWD:
		user->cwd = true;
		break;
	case NSU_USE_EXE:
		user->exe = true;
		break;
	case NSU_USE_FD:
		user->files++;
		break;
	case NSU_USE_MAP:
		user->maps++;
		break;
	case NSU_USE_SOCKET:
		break;
	}
}

static int add_user(struct path_question *q, const struct path_user *user)
{
	const struct shown *shown;

	if (!user->root && !user->cwd && !user->exe && !user->files && !user->maps)
		return 0;
	/* A kernel thread stands at the root of all and keeps nothing busy. */
	shown = shown_get(q->cache, user->task, false);
	if (shown && !shown->error && shown->stat.kernel)
		return 0;
	if (q->user_count == q->user_size) {
		size_t size = q->user_size ? q->user_size * 2 : 64;
		struct path_user *more = reallocarray(q->user, size, sizeof(*more));

		if (!more)
			return -ENOMEM;
		q->user = more;
		q->user_size = size;
	}
	q->user[q->user_count++] = *user;
	return 0;
}

static int look_at(struct path_question *q, const struct nsu_task *task)
{
	const struct nsu_ns *mnt = view_task_ns(task, NSU_MNT);
	const struct path_place *place = mnt ? place_of(q, mnt) : NULL;
	struct path_user user = { .task = task };
	const struct nsu_use *use;
	struct nsu_uses *uses;
	int r;

	if (nsu_task_is_zombie(task) || (q->only && !is_wanted(q, mnt)))
		return 0;
	r = nsu_uses_new(task, q->app->opts.all ? NSU_USES_FILES | NSU_USES_MAPS :
			 NSU_USES_FILES, &uses);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		if (r != -ESRCH)
			note_error(&q->unread_tasks, &q->task_error, r);
		return 0;
	}
	for (size_t i = 0; (use = nsu_uses_get(uses, i)) != NULL; i++)
		if (uses_it(q, place, use))
			count_use(&user, use);
	nsu_uses_free(uses);
	return add_user(q, &user);
}

static int find_users(struct path_question *q)
{
	const struct nsu_task *task;
	int r = 0;

	if (!q->mount_count)
		return 0;
	nsu_foreach_task(task, q->snap)
		if (r == 0)
			r = look_at(q, task);
	return r;
}

/* The mount namespaces of the targets. */
static int restrict_to(struct path_question *q, const struct targets *targets)
{
	if (targets->count == 0)
		return 0;
	q->only = calloc(targets->count, sizeof(*q->only));
	for (size_t i = 0; q->only && i < targets->count; i++) {
		const struct nsu_task *task;
		const struct nsu_ns *ns;
		int r = target_find_type(q->app, &targets->target[i], q->snap, NSU_MNT,
					 &task, &ns);

		if (r == 0 && task)
			ns = view_task_ns(task, NSU_MNT);
		if (r < 0 || !ns || nsu_ns_get_type(ns) != NSU_MNT) {
			if (r == 0)
				msg(&q->app->out, "%s: no mount namespace of it can be "
				    "read", targets->target[i].word);
			return -ENOENT;
		}
		q->only[q->only_count++] = ns;
	}
	return q->only ? 0 : -ENOMEM;
}

static void remark(const struct path_question *q)
{
	const struct output *out = &q->app->out;

	fflush(stdout);
	if (q->unread_places)
		msg(out, "the mounts of %zu mount namespace%s could not be read: %s%s",
		    q->unread_places, q->unread_places == 1 ? "" : "s",
		    q->unread_places == 1 ? "" : "the first: ",
		    strerror(-q->place_error));
	if (q->unread_tasks)
		msg(out, "the files of %zu process%s could not be read: %s%s",
		    q->unread_tasks, q->unread_tasks == 1 ? "" : "es",
		    q->unread_tasks == 1 ? "" : "the first: ",
		    strerror(-q->task_error));
	if (!q->mount_count)
		msg(out, "%s: is mounted in no mount namespace (%zu read, %zu refused)",
		    q->word, q->place_count, q->unread_places);
}

static int answer(struct path_question *q, const struct targets *targets)
{
	const struct nsu_ns *home = view_host_ns(q->snap, NSU_MNT);
	int r = restrict_to(q, targets), status;

	if (r == -ENOENT)
		return 1;
	if (r == 0)
		r = read_places(q, home);
	if (r == 0) {
		r = find_file_system(q);
		if (r < 0 && r != -ENOMEM) {
			msg_errno(&q->app->out, r, "%s", q->word);
			return 1;
		}
	}
	if (r == 0)
		r = find_mounts(q);
	if (r == 0)
		r = find_users(q);
	if (r < 0)
		return view_failed(q->app, r);
	status = q->app->opts.json ? path_print_json(q) : path_print_text(q);
	remark(q);
	return status ? status : q->mount_count ? 0 : ANSWER_NO;
}

static void release(struct path_question *q)
{
	for (size_t i = 0; i < q->place_count; i++)
		nsu_mounts_free(q->place[i].mounts);
	free(q->place);
	free(q->mount);
	free(q->user);
	free(q->only);
	shown_free(q->cache);
}

int view_ask_path(struct app *app)
{
	struct path_question q = { .app = app, .word = app->opts.path };
	struct nsu_snapshot *snap = NULL;
	struct targets targets;
	int r = targets_open(app, &targets), status = 1;

	if (r < 0)
		view_failed(app, r);
	else if (!targets.failed)
		snap = targets_scan(app, &targets, NSU_PART_DEFAULT | NSU_PART_PIDS |
				    NSU_PART_FDS | NSU_PART_MOUNTS | NSU_PART_LISTED,
				    1U << NSU_MNT | 1U << NSU_USER);
	q.cache = shown_new(&app->out);
	q.snap = snap;
	if (snap && q.cache) {
		status = answer(&q, &targets);
		r = app_remark_gaps(app, snap);
		if (app->opts.strict && (q.unread_places || q.unread_tasks))
			r = 3;
		status = status ? status : r;
	}
	release(&q);
	targets_close(&targets);
	nsu_snapshot_free(snap);
	return status;
}
