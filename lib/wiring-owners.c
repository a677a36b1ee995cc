/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose sockets are: the descriptors of all processes, one readlinkat(2) for each. */
#include "walk.h"
#include "wiring.h"

/* A socket may be shared by a thousand processes. */
#define LIMIT	(1 << 20)

struct owning {
	struct nsu_wiring *wiring;
	struct nsi_idmap sockets;	/* those that were read */
	uint32_t task;
	struct nsi_tables threads;	/* whose tables were read beside their leaders' */
};

static int note_sockets(struct owning *owning)
{
	const struct nsu_wiring *wiring = owning->wiring;
	int r = 0;

	for (size_t i = 0; i < wiring->count; i++) {
		const struct nsu_net *net = wiring->nets[i].net;

		for (size_t k = 0; net && k < net->listener_count && !r; k++)
			if (net->listeners[k].listener.inode)
				r = nsi_idmap_add(&owning->sockets,
						  net->listeners[k].listener.inode, 0);
	}
	return r;
}

static int take_socket(void *data, uint64_t socket)
{
	struct owning *owning = data;
	struct nsu_wiring *wiring = owning->wiring;
	int r;

	if (nsi_idmap_find(&owning->sockets, socket) == NSI_NONE)
		return 0;
	if (wiring->owner_count >= LIMIT) {
		wiring->lacks_owners = true;
		return 0;
	}
	r = nsi_grow((void **)&wiring->owners, &wiring->owner_size, wiring->owner_count,
		     sizeof(*wiring->owners));
	if (!r)
		wiring->owners[wiring->owner_count++] = (struct nsi_owner){
			.socket = socket, .task = owning->task,
		};
	return r;
}

/* One task of a process: the others have the same, as good as always. */
static bool stands_for_process(const struct nsu_snapshot *snap, size_t i)
{
	const struct nsu_task *task = &snap->tasks[i], *leader;

	if (!(task->flags & NSI_TASK_THREAD))
		return !(task->flags & NSI_TASK_ZOMBIE);
	if (nsu_snapshot_find_task(snap, task->pid, &leader) < 0 ||
	    !(leader->flags & NSI_TASK_DEAD_LEADER))
		return false;
	return !i || task[-1].pid != task->pid || !(task[-1].flags & NSI_TASK_THREAD);
}

static int by_socket(const void *a, const void *b)
{
	const struct nsi_owner *x = a, *y = b;

	if (x->socket != y->socket)
		return x->socket < y->socket ? -1 : 1;
	return (x->task > y->task) - (x->task < y->task);
}

/* Tasks that have it twice have it once; tasks are sorted by tid. */
static void sort(struct nsu_wiring *wiring)
{
	struct nsi_owner *owners = wiring->owners;
	size_t count = 0;

	if (!wiring->owner_count)
		return;
	qsort(owners, wiring->owner_count, sizeof(*owners), by_socket);
	for (size_t i = 0; i < wiring->owner_count; i++)
		if (!count || by_socket(&owners[count - 1], &owners[i]))
			owners[count++] = owners[i];
	wiring->owner_count = count;
}

/* Of a thread that has a namespace of its own, and so perhaps a table: the socket is its
   process's, as descriptors are. */
static int read_thread(struct owning *owning, size_t i)
{
	const struct nsu_snapshot *snap = owning->wiring->snap;
	const struct nsu_task *task = &snap->tasks[i], *leader;
	size_t at;
	int r;

	if (!(task->flags & NSI_TASK_THREAD) ||
	    nsu_snapshot_find_task(snap, task->pid, &leader) < 0 ||
	    leader->flags & NSI_TASK_DEAD_LEADER ||
	    nsi_tables_are_one(snap->ctx, leader->tid, task->tid) ||
	    nsi_tables_find(snap->ctx, &owning->threads, task->tid, &at))
		return 0;
	owning->task = leader - snap->tasks;
	r = nsi_uses_each_socket(task, take_socket, owning);
	return r < 0 ? r : nsi_tables_add(&owning->threads, task->tid, at);
}

static int read_all(struct owning *owning, const struct nsu_wiring_options *opts)
{
	struct nsu_wiring *wiring = owning->wiring;
	const struct nsu_snapshot *snap = wiring->snap;

	wiring->lacks_owners = snap->limited || snap->totals.hidden;
	for (size_t i = 0; i < snap->task_count; i++) {
		int r;

		if (nsi_wiring_is_cancelled(opts))
			return -ECANCELED;
		owning->task = i;
		r = stands_for_process(snap, i) ?
			nsi_uses_each_socket(&snap->tasks[i], take_socket, owning) :
			read_thread(owning, i);
		if (nsi_is_fatal(r))
			return r;
		if (r < 0 && r != -ESRCH)
			wiring->lacks_owners = true;
	}
	return 0;
}

int nsi_wiring_find_owners(struct nsu_wiring *wiring,
			   const struct nsu_wiring_options *opts)
{
	struct owning owning = { .wiring = wiring };
	int r = note_sockets(&owning);

	if (!r && owning.sockets.count)
		r = read_all(&owning, opts);
	if (!r)
		sort(wiring);
	free(owning.threads.tids);
	nsi_idmap_free(&owning.sockets);
	return r;
}
