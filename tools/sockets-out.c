/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets as lines and as JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "grid.h"
#include "net.h"
#include "sockets.h"
#include "view.h"

#define WIDE 100

enum { PROTO, LOCAL, REMOTE, STATE, WHERE, PID, USER, COMMAND };

static const struct grid_column columns[] = {
	[PROTO] = { "PROTO", 0 },
	[LOCAL] = { "LOCAL", 0 },
	[REMOTE] = { "REMOTE", GRID_DROP },
	[STATE] = { "STATE", GRID_DROP },
	[WHERE] = { "WHERE", GRID_CUT_MIDDLE },
	[PID] = { "PID", 0 },
	[USER] = { "USER", GRID_SPARE },
	[COMMAND] = { "COMMAND", GRID_CUT_END },
};

/* Nobody has it; or somebody who could not be read may. */
static const char *unowned(const struct sockets *sockets)
{
	return nsu_wiring_lacks_owners(sockets->nets->wiring) ? "?" : "-";
}

static void set_owner(const struct sockets *sockets, struct grid *grid, long row,
		      const struct socket_line *line)
{
	const struct networks *nets = sockets->nets;
	const struct app *app = nets->app;
	bool wide = view_is_wide(app, WIDE);
	const struct shown *shown;
	char user[64], *pids;

	shown = line->owner ? shown_get(nets->cache, line->owner, wide) : NULL;
	if (!shown) {
		grid_set(grid, row, PID, unowned(sockets));
		if (line->network->ns == nets->host || line->listener->uid == 0)
			grid_set(grid, row, USER, user_name(line->listener->uid));
		else
			grid_setf(grid, row, USER, "%u", (unsigned)line->listener->uid);
		grid_set(grid, row, COMMAND, unowned(sockets));
		return;
	}
	pids = view_pids(line->owner, false);
	if (line->others)
		grid_setf(grid, row, PID, "%s +%zu", pids ? pids : "?", line->others);
	else
		grid_set(grid, row, PID, pids ? pids : "?");
	free(pids);
	grid_set(grid, row, USER, view_user(user, app, nets->snap, line->owner, shown));
	grid_set(grid, row, COMMAND, wide && shown->command ? shown->command :
		 shown->name);
}

/* Paths are long, and are cut like names. */
static void set_local(const struct sockets *sockets, struct grid *grid, long row,
		      const struct nsu_listener *listener)
{
	const struct output *out = &sockets->nets->app->out;
	char *text = text_escape(out, listener->local), *cut;

	if (text && listener->family == AF_UNIX && out->width > 0) {
		cut = text_cut_middle(out, text, (size_t)out->width / 3);
		free(text);
		text = cut;
	}
	grid_take(grid, row, LOCAL, text);
}

int sockets_print(const struct sockets *sockets)
{
	struct grid *grid = grid_new(sockets->nets->app, columns,
				     sizeof(columns) / sizeof(columns[0]));
	int r = 0;

	if (!grid)
		return -ENOMEM;
	for (size_t i = 0; i < sockets->count; i++) {
		const struct socket_line *line = &sockets->list[i];
		const struct nsu_listener *listener = line->listener;
		long row = grid_add(grid, -1);

		grid_set(grid, row, PROTO, listener->protocol);
		set_local(sockets, grid, row, listener);
		if (sockets->states) {
			grid_take(grid, row, REMOTE, text_escape(
				&sockets->nets->app->out,
				*listener->remote ? listener->remote : "-"));
			grid_set(grid, row, STATE, listener->state);
		}
		grid_set(grid, row, WHERE, line->where);
		set_owner(sockets, grid, row, line);
	}
	if (sockets->count)
		r = grid_print(grid);
	grid_free(grid);
	return r;
}

/* Of who has it open, else of the namespace that it is in. */
static struct json_object *container_of(const struct sockets *sockets,
					const struct socket_line *line)
{
	const struct nsu_container *container = view_task_container(line->owner);

	if (!container)
		container = view_ns_container(sockets->nets->snap, line->network->ns);
	return container ? json_text(nsu_container_get_word(container)) :
		json_object_new_string("none");
}

void sockets_put_json(const struct sockets *sockets, struct json_writer *w)
{
	json_open(w, "sockets");
	for (size_t i = 0; i < sockets->count; i++) {
		const struct socket_line *line = &sockets->list[i];
		struct json_object *o = json_listener(line->listener);

		json_object_object_add(o, "namespace", json_object_new_int64(
			(int64_t)nsu_ns_get_inode(line->network->ns)));
		json_object_object_add(o, "place", json_text(line->network->place));
		json_object_object_add(o, "container", container_of(sockets, line));
		json_object_object_add(o, "for",
				       json_text(line->via ? line->via : "none"));
		json_object_object_add(o, "processes", json_socket_owners(
				sockets->nets->wiring, line->listener->inode));
		json_entry(w, o);
	}
	json_close(w);
}
