/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads every network namespace of a snapshot: a few are entered at a time, each is read
   and let go. */
#include "wiring.h"

struct reading {
	struct nsu_wiring *wiring;
	const struct nsu_wiring_options *opts;
	struct nsi_net_way way;
	struct nsi_net_reader reader;
	/* Those that are entered together: in nsu_wiring.nets, the same entered. */
	size_t at[NSI_NET_BATCH];
	struct nsi_net_entry entries[NSI_NET_BATCH];
	size_t count;
	uint64_t own;			/* inode of the caller's */
};

static void read_one(struct reading *reading, struct nsi_wired *wired,
		     const struct nsi_net_entry *entry)
{
	struct nsi_net_reader *reader = &reading->reader;
	int r;

	reader->ns = wired->ns;
	reader->net = calloc(1, sizeof(*reader->net));
	r = nsi_net_connect(reader, entry, &reading->way);
	if (!r)
		r = reader->net ? nsi_net_read(reader, reading->opts->parts) : -ENOMEM;
	if (r < 0)
		nsu_net_free(reader->net);
	else
		wired->net = reader->net;
	wired->error = r;
	nsi_nl_hang_up(&reader->route);
	nsi_nl_hang_up(&reader->diag);
}

static void drop(struct reading *reading, size_t from, int error)
{
	for (size_t i = from; i < reading->count; i++) {
		reading->wiring->nets[reading->at[i]].error = error;
		close(reading->entries[i].ns);
	}
}

/* Enters and reads those that wait. */
static int flush(struct reading *reading)
{
	bool diag = reading->opts->parts & NSU_NET_SOCKETS;
	size_t done = 0;
	int r = 0;

	while (done < reading->count) {
		struct nsi_net_entry *entries = reading->entries + done;

		r = nsi_net_enter(&reading->way, entries, reading->count - done, diag);
		if (r < 0)
			break;
		for (int i = 0; i < r; i++, done++) {
			struct nsi_wired *wired =
				&reading->wiring->nets[reading->at[done]];

			close(entries[i].ns);
			wired->error = entries[i].error;
			if (!wired->error)
				read_one(reading, wired, &entries[i]);
		}
	}
	drop(reading, done, r);
	reading->count = 0;
	return r == -ENOMEM ? r : 0;
}

static int take(struct reading *reading, size_t index)
{
	struct nsi_wired *wired = &reading->wiring->nets[index];
	struct nsi_net_entry entry = { .diag = -1 };

	if (nsi_wiring_is_cancelled(reading->opts))
		return -ECANCELED;
	if (wired->ns->inode == reading->own) {
		wired->error = nsi_net_make(reading->opts->parts & NSU_NET_SOCKETS,
					    &entry);
		if (!wired->error)
			read_one(reading, wired, &entry);
		return 0;
	}
	entry.ns = nsu_ns_open(wired->ns);
	if (entry.ns < 0) {
		wired->error = entry.ns;
		return 0;
	}
	reading->at[reading->count] = index;
	reading->entries[reading->count++] = entry;
	return reading->count == NSI_NET_BATCH ? flush(reading) : 0;
}

struct place {
	uint32_t owner, index;
};

static int by_owner(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static int read_all(struct reading *reading)
{
	struct nsu_wiring *wiring = reading->wiring;
	struct place *places = calloc(wiring->count + 1, sizeof(*places));
	int r = 0;

	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < wiring->count; i++)
		places[i] = (struct place){ .owner = wiring->nets[i].ns->owner,
					    .index = i };
	/* Who is not root enters by the user namespaces that own them, a courier for
	   each. */
	qsort(places, wiring->count, sizeof(*places), by_owner);
	for (size_t i = 0; i < wiring->count && !r; i++)
		r = take(reading, places[i].index);
	if (r < 0)
		drop(reading, 0, r);
	else
		r = flush(reading);
	free(places);
	return r;
}

int nsi_wiring_read(struct nsu_wiring *wiring, const struct nsu_wiring_options *opts)
{
	struct reading reading = {
		.wiring = wiring, .opts = opts, .way.ctx = wiring->snap->ctx,
		.own = nsi_net_own(wiring->snap->ctx),
		.reader = { .ctx = wiring->snap->ctx, .route.fd = -1, .diag.fd = -1,
			    .port = opts->port, .no_unix = opts->no_unix },
	};
	int r = read_all(&reading);

	for (size_t i = 0; i < wiring->count && !r; i++)
		if (wiring->nets[i].error && wiring->nets[i].error != -ESRCH)
			nsi_log_errno(reading.way.ctx, NSU_LOG_WARNING,
				      wiring->nets[i].error, "net:[%llu]: read",
				      (unsigned long long)wiring->nets[i].ns->inode);
	nsi_net_way_close(&reading.way);
	nsi_nl_close(&reading.reader.route);
	nsi_nl_close(&reading.reader.diag);
	return r;
}
