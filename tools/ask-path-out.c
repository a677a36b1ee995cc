// SPDX-License-Identifier: GPL-2.0-or-later
/* nstree --path: what was found, as text and as JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "ask-path.h"
#include "grid.h"
#include "json.h"
#include "view.h"

enum { MOUNTED, AT, OPT, OWNER, WHERE, MOUNT_COLUMNS };
enum { USED_BY, WITH, USED_WHERE, USE_COLUMNS };

static const struct grid_column mount_columns[] = {
	[MOUNTED] = { "MOUNTED IN", 0 },
	[AT] = { "AT", GRID_CUT_MIDDLE },
	[OPT] = { "OPT", 0 },
	[OWNER] = { "OWNER SEEN AS", GRID_DROP },
	[WHERE] = { "WHERE", GRID_CUT_END },
};

static const struct grid_column use_columns[] = {
	[USED_BY] = { "USED BY", GRID_CUT_END },
	[WITH] = { "AS", 0 },
	[USED_WHERE] = { "WHERE", GRID_CUT_END },
};

static bool has_option(const char *options, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = options; (at = strstr(at, word)) != NULL; at += len)
		if ((at == options || at[-1] == ',') && (at[len] == ',' || !at[len]))
			return true;
	return false;
}

static bool is_read_only(const struct nsu_mount *mount)
{
	return has_option(mount->options, "ro") || has_option(mount->super, "ro");
}

/* The owner of the file as the user namespace of a mount namespace has it. */
static int owner_seen(const struct path_question *q, const struct nsu_ns *mnt,
		      uint32_t ret[2], int state[2])
{
	const struct nsu_ns *user;
	struct ask_map map;
	int r;

	if (q->by_device || !q->file.answered)
		return -ENOENT;
	r = nsu_ns_get_owner(mnt, &user);
	if (r < 0)
		return r;
	for (int gid = 0; gid < 2; gid++) {
		ask_map_read(&map, user, ask_home(q->app, q->snap), gid);
		state[gid] = ask_map_inside(&map, gid ? q->file.gid : q->file.uid,
					    &ret[gid]);
		if (state[gid] == -ENOENT)
			ret[gid] = ask_overflow_id(q->app, gid);
		ask_map_free(&map);
	}
	return 0;
}

static void put_owner(const struct path_question *q, struct grid *grid, long row,
		      const struct path_place *place, const struct nsu_mount *mount)
{
	uint32_t seen[2];
	int state[2], r = owner_seen(q, place->ns, seen, state);

	if (r == -ENOENT)
		return;
	/* What an idmapped mount makes of it, only the mount knows. */
	if (mount->idmapped || r < 0 || (state[0] && state[0] != -ENOENT) ||
	    (state[1] && state[1] != -ENOENT))
		grid_set(grid, row, OWNER, "?");
	else
		grid_setf(grid, row, OWNER, "%u:%u%s", (unsigned)seen[0],
			  (unsigned)seen[1], state[0] ? " (not mapped)" : "");
}

static void put_mounts(struct path_question *q, struct grid *grid,
		       const struct path_place *place)
{
	const struct nsu_mount *mount;
	char name[NS_TEXT_SIZE];

	for (size_t m = 0; (mount = nsu_mounts_get(place->mounts, m)) != NULL; m++) {
		long row;

		if (!path_is_on(q, mount))
			continue;
		row = grid_add(grid, -1);
		grid_set(grid, row, MOUNTED, view_ns(name, place->ns));
		grid_take(grid, row, AT, text_escape(&q->app->out, mount->point));
		grid_setf(grid, row, OPT, "%s%s", is_read_only(mount) ? "ro" : "rw",
			  mount->idmapped ? ",idmapped" : "");
		put_owner(q, grid, row, place, mount);
		grid_take(grid, row, WHERE, ask_place(q->snap, q->cache, place->ns));
	}
}

/* They keep it busy as files in use do. */
static size_t put_below(struct path_question *q, struct grid *grid,
			const struct path_place *place)
{
	const struct nsu_mount *mount;
	size_t count = 0;

	for (size_t m = 0; (mount = nsu_mounts_get(place->mounts, m)) != NULL; m++) {
		char *fstype;
		long row;

		if (!path_is_below(q, place, mount))
			continue;
		fstype = text_escape(&q->app->out, mount->fstype);
		row = grid_add(grid, -1);
		grid_take(grid, row, USED_BY, text_escape(&q->app->out, mount->point));
		grid_setf(grid, row, WITH, "mount of %s", fstype ? fstype : "?");
		grid_take(grid, row, USED_WHERE, ask_place(q->snap, q->cache, place->ns));
		free(fstype);
		count++;
	}
	return count;
}

/* "root, cwd, 4 files" */
static char *uses_text(const struct path_user *user)
{
	char *text = NULL;
	size_t size;
	const char *comma = "";
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	if (user->root)
		fputs("root", f), comma = ", ";
	if (user->cwd)
		fprintf(f, "%scwd", comma), comma = ", ";
	if (user->exe)
		fprintf(f, "%sprogram", comma), comma = ", ";
	if (user->files)
		fprintf(f, "%s%zu file%s", comma, user->files,
			user->files == 1 ? "" : "s"), comma = ", ";
	if (user->maps)
		fprintf(f, "%s%zu mapped", comma, user->maps);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

static void put_user(struct path_question *q, struct grid *grid,
		     const struct path_user *user)
{
	const struct nsu_ns *mnt = view_task_ns(user->task, NSU_MNT);
	const struct shown *shown = shown_get(q->cache, user->task, false);
	char *pids = view_pids(user->task, false);
	long row = grid_add(grid, -1);

	grid_setf(grid, row, USED_BY, "%s %s", pids ? pids : "?",
		  shown && shown->name ? shown->name : "?");
	grid_take(grid, row, WITH, uses_text(user));
	grid_take(grid, row, USED_WHERE, mnt ? ask_place(q->snap, q->cache, mnt) :
		  strdup("?"));
	free(pids);
}

static void print_head(const struct path_question *q)
{
	char *word = text_escape(&q->app->out, q->word);
	char *source = text_escape(&q->app->out, q->source);
	char *fstype = text_escape(&q->app->out, q->fstype);

	printf("%s is %s%u:%u %s (%s)", word ? word : "?", q->by_device ? "" : "on ",
	       q->major, q->minor, fstype ? fstype : "?", source ? source : "?");
	if (!q->by_device && q->file.answered)
		printf("; owner %u:%u", (unsigned)q->file.uid, (unsigned)q->file.gid);
	putchar('\n');
	free(word);
	free(source);
	free(fstype);
}

static int print_users(struct path_question *q, struct grid *users)
{
	size_t count = q->user_count;

	for (size_t i = 0; i < q->user_count; i++)
		put_user(q, users, &q->user[i]);
	for (size_t i = 0; i < q->place_count; i++)
		count += put_below(q, users, &q->place[i]);
	if (count) {
		putchar('\n');
		return grid_print(users);
	}
	puts(q->unread_tasks ? "In use by no process that could be read." :
	     "In use by no process.");
	return 0;
}

int path_print_text(struct path_question *q)
{
	struct grid *mounts = grid_new(q->app, mount_columns, MOUNT_COLUMNS);
	struct grid *users = grid_new(q->app, use_columns, USE_COLUMNS);
	int r = mounts && users ? 0 : -ENOMEM;

	if (r == 0 && q->mount_count) {
		print_head(q);
		for (size_t i = 0; i < q->place_count; i++)
			if (q->place[i].found)
				put_mounts(q, mounts, &q->place[i]);
		r = grid_print(mounts);
		if (r == 0)
			r = print_users(q, users);
	}
	grid_free(mounts);
	grid_free(users);
	return r < 0 ? view_failed(q->app, r) : 0;
}

static struct json_object *id_value(int state, uint32_t id)
{
	if (state == 0)
		return json_object_new_int64(id);
	return state == -ENOENT ? json_object_new_string("none") : NULL;
}

static struct json_object *mount_entry(const struct path_question *q,
				       const struct path_place *place,
				       const struct nsu_mount *mount)
{
	struct json_object *o = json_object_new_object();
	static const char *const names[] = { "uid", "gid" };
	uint32_t seen[2];
	int state[2], r = owner_seen(q, place->ns, seen, state);

	json_object_object_add(o, "namespace", json_object_new_int64(
			(int64_t)nsu_ns_get_inode(place->ns)));
	json_object_object_add(o, "at", json_text(mount->point));
	json_object_object_add(o, "root", json_text(mount->root));
	json_object_object_add(o, "read_only", json_object_new_boolean(
			is_read_only(mount)));
	json_object_object_add(o, "idmapped", json_object_new_boolean(mount->idmapped));
	for (int i = 0; i < 2; i++)
		json_object_object_add(o, names[i], r < 0 || mount->idmapped ? NULL :
				       id_value(state[i], seen[i]));
	json_object_object_add(o, "processes",
			       json_count((long)nsu_ns_count_processes(place->ns)));
	return o;
}

static struct json_object *below_entry(const struct path_place *place,
				       const struct nsu_mount *mount)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "namespace", json_object_new_int64(
			(int64_t)nsu_ns_get_inode(place->ns)));
	json_object_object_add(o, "at", json_text(mount->point));
	json_object_object_add(o, "fstype", json_text(mount->fstype));
	return o;
}

static struct json_object *user_entry(const struct path_user *user)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "pid", json_object_new_int(
			nsu_task_get_pid(user->task)));
	json_object_object_add(o, "tid", json_object_new_int(
			nsu_task_get_tid(user->task)));
	json_object_object_add(o, "root", json_object_new_boolean(user->root));
	json_object_object_add(o, "cwd", json_object_new_boolean(user->cwd));
	json_object_object_add(o, "program", json_object_new_boolean(user->exe));
	json_object_object_add(o, "files", json_count((long)user->files));
	json_object_object_add(o, "mapped", json_count((long)user->maps));
	return o;
}

static void put_all_below(const struct path_question *q, struct json_writer *w)
{
	const struct nsu_mount *mount;

	json_open(w, "below");
	for (size_t i = 0; i < q->place_count; i++)
		for (size_t m = 0; (mount = nsu_mounts_get(q->place[i].mounts, m)); m++)
			if (path_is_below(q, &q->place[i], mount))
				json_entry(w, below_entry(&q->place[i], mount));
	json_close(w);
}

int path_print_json(struct path_question *q)
{
	struct json_writer w = { .app = q->app, .snap = q->snap };
	const struct nsu_mount *mount;
	char device[32];

	snprintf(device, sizeof(device), "%u:%u", q->major, q->minor);
	json_put_question(&w, "path", json_text(q->word));
	json_put(&w, "device", q->nowhere ? NULL : json_object_new_string(device));
	json_put(&w, "fstype", q->fstype ? json_text(q->fstype) : NULL);
	json_put(&w, "source", q->source ? json_text(q->source) : NULL);
	json_open(&w, "mounted");
	for (size_t i = 0; i < q->place_count; i++)
		for (size_t m = 0; q->place[i].found &&
		     (mount = nsu_mounts_get(q->place[i].mounts, m)) != NULL; m++)
			if (path_is_on(q, mount))
				json_entry(&w, mount_entry(q, &q->place[i], mount));
	json_close(&w);
	json_open(&w, "used");
	for (size_t i = 0; i < q->user_count; i++)
		json_entry(&w, user_entry(&q->user[i]));
	json_close(&w);
	put_all_below(q, &w);
	json_put(&w, "unread_namespaces", json_count((long)q->unread_places));
	json_put(&w, "unread_processes", json_count((long)q->unread_tasks));
	json_end_question(&w);
	return w.failed ? view_failed(q->app, -ENOMEM) : 0;
}
