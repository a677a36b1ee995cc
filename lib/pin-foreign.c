/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pins of other programs: what is mounted in the caller's mount namespace, and the files
   that are left where something was. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "open.h"
#include "pin-list.h"
#include "plan.h"
#include "walk.h"

struct mount {
	const struct nsu_bind *bind;
	int error;			/* 0: it is what is seen there */
	bool dead;
	uint64_t made, id;
};

struct foreign {
	struct nsu_pins *pins;
	struct mount *mount;		/* sorted by path */
	const struct nsi_pin **fetched;
	struct nsi_pin *pin;
	size_t count;
};

static int by_path(const void *a, const void *b)
{
	const struct mount *x = a, *y = b;

	return strcmp(x->bind->path, y->bind->path);
}

static int by_seen(const void *a, const void *b)
{
	const struct mount *x = a, *y = b;
	int r = by_path(a, b);

	return r ? r : !!x->error - !!y->error;
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && path[len] == '/';
}

/* The name of a file in /run/netns; NULL: it is not there. */
static const char *netns_name(const char *path, enum nsu_type type)
{
	const char *name = path + sizeof(NSI_NETNS_DIR);

	return type == NSU_NET && is_below(path, NSI_NETNS_DIR) && *name &&
	       !strchr(name, '/') ? name : NULL;
}

/* What is in /run/netns for one of ours is told with that. inode 0: a plain file. */
static bool is_ours(const struct foreign *foreign, const char *path, enum nsu_type type,
		    uint64_t inode)
{
	const char *name = netns_name(path, type);
	const struct nsi_listed *ours =
		name ? nsi_pins_find_ours(foreign->pins, name) : NULL;

	return ours && ours->recorded && ours->record.netns &&
	       (!inode || inode == ours->record.inode[NSU_NET]);
}

static struct nsi_listed *new_listed(const char *path, enum nsu_type type)
{
	struct nsi_listed *listed = calloc(1, sizeof(*listed));
	const char *name = netns_name(path, type);

	if (!listed)
		return NULL;
	listed->name = strdup(name ? name : path);
	listed->path[type] = strdup(path);
	if (asprintf(&listed->word, "%s%s", name ? "netns:" : "", name ? name : path) < 0)
		listed->word = NULL;
	if (!listed->name || !listed->path[type] || !listed->word) {
		nsi_listed_free(listed);
		return NULL;
	}
	listed->pin.name = listed->name;
	listed->pin.word = listed->word;
	listed->pin.maker = nsi_pin_maker_of(path);
	listed->pin.ns[type].path = listed->path[type];
	return listed;
}

/* ---- mounts ---------------------------------------------------------------------- */

static int take_fetched(void *data, size_t i, int fd, int error)
{
	struct foreign *foreign = data;
	struct mount *mount = &foreign->mount[i];
	struct stat st;

	mount->error = error;
	/* Something else lies over it, or over the way to it. */
	if (error == -ENOENT || error == -ENOTDIR || error == -ELOOP || error == -EXDEV)
		mount->error = -ESTALE;
	if (fd < 0)
		return nsi_is_fatal(error) ? error : 0;
	mount->error = 0;
	/* The file of a namespace is made, with its times, when it is first opened. */
	if (fstat(fd, &st) == 0)
		mount->made = st.st_mtim.tv_sec;
	nsi_nsfs_id(foreign->pins->ctx, fd, &mount->id);
	mount->dead = mount->bind->type == NSU_PID &&
		nsi_ask_init_in(foreign->pins->ctx, fd, mount->bind->inode,
				&foreign->pins->inits) == -ESRCH;
	return 0;
}

/* What lies on the way may let whoever looks hang: a child does. */
static int fetch(struct foreign *foreign)
{
	struct nsi_place place = NSI_PLACE_INIT;
	bool real = foreign->pins->ctx->procfs.real;

	place.own = true;
	for (size_t i = 0; i < foreign->count; i++) {
		const struct nsu_bind *bind = foreign->mount[i].bind;

		foreign->pin[i] = (struct nsi_pin){ bind->inode, bind->type,
						    (char *)bind->path };
		foreign->fetched[i] = &foreign->pin[i];
		foreign->mount[i].error = real ? -ETIMEDOUT : 0;
	}
	if (!foreign->count || !real)
		return 0;
	return nsi_fetch_pins(foreign->pins->ctx, &place, foreign->fetched,
			      foreign->count,
			      take_fetched, foreign);
}

static int add_mount(struct foreign *foreign, const struct mount *mount)
{
	const struct nsu_bind *bind = mount->bind;
	struct nsi_listed *listed = new_listed(bind->path, bind->type);
	struct nsu_pin_ns *ns;

	if (!listed)
		return -ENOMEM;
	ns = &listed->pin.ns[bind->type];
	ns->inode = bind->inode;
	ns->id = mount->id;
	listed->pin.made = mount->made;
	if (mount->dead) {
		nsi_listed_set(listed, bind->type, NSU_PIN_DEAD, NSU_PIN_INIT_ENDED);
	} else if (mount->error == -ESTALE) {
		/* Covered: the path leads to something else. */
		nsi_listed_set(listed, bind->type, NSU_PIN_STALE, NSU_PIN_REPLACED);
		ns->recorded_inode = bind->inode;
		ns->inode = 0;
	} else {
		nsi_listed_set(listed, bind->type, NSU_PIN_OK, NSU_PIN_NO_REASON);
	}
	return nsi_pins_add(foreign->pins, listed);
}

static int add_mounts(struct foreign *foreign)
{
	const char *last = NULL;
	int r = 0;

	/* Of several at one path that one which is seen, and once. */
	if (foreign->count)
		qsort(foreign->mount, foreign->count, sizeof(*foreign->mount), by_seen);
	for (size_t i = 0; i < foreign->count && !r; i++) {
		const struct mount *mount = &foreign->mount[i];
		const struct nsu_bind *bind = mount->bind;

		if (last && !strcmp(last, bind->path))
			continue;
		last = bind->path;
		if (is_ours(foreign, bind->path, bind->type, bind->inode))
			continue;
		r = add_mount(foreign, mount);
		if (!r && mount->error < 0 && mount->error != -ESTALE)
			r = nsi_pins_add_gap(foreign->pins, mount->error, "%s",
					     bind->path);
	}
	return r;
}

/* ---- files that are left --------------------------------------------------------- */

static bool is_mounted(const struct foreign *foreign, const char *path)
{
	const struct nsu_bind bind = { .path = path };
	const struct mount key = { .bind = &bind };

	return foreign->count && bsearch(&key, foreign->mount, foreign->count,
					 sizeof(key), by_path);
}

/* It may be no leftover, but mounted in another mount namespace: rootless Podman's is. */
static int add_file(void *data, const char *path, enum nsu_type type)
{
	struct foreign *foreign = data;
	const struct nsu_ns *ns = NULL;
	struct nsi_listed *listed;
	int r;

	if (is_mounted(foreign, path) || is_ours(foreign, path, type, 0))
		return 0;
	r = nsi_list_mounted(foreign->pins);
	if (r < 0)
		return r;
	listed = new_listed(path, type);
	if (!listed)
		return -ENOMEM;
	if (foreign->pins->mounted)
		ns = nsi_mounted_find(foreign->pins->mounted, path, type, 0);
	if (ns)
		nsi_listed_set(listed, type, NSU_PIN_HIDDEN, NSU_PIN_ELSEWHERE);
	else
		nsi_listed_set(listed, type, NSU_PIN_EMPTY, NSU_PIN_PLAIN_FILE);
	return nsi_pins_add(foreign->pins, listed);
}

static int add_gap(void *data, const char *path, int error)
{
	struct foreign *foreign = data;

	/* Engines show root alone what they left. */
	if (error == -EACCES && geteuid())
		return 0;
	return nsi_is_fatal(error) ? error :
		nsi_pins_add_gap(foreign->pins, error, "%s", path);
}

static int list(struct foreign *foreign, const struct nsu_binds *binds)
{
	size_t all = nsu_binds_count(binds);
	int r;

	foreign->mount = calloc(all + 1, sizeof(*foreign->mount));
	foreign->fetched = calloc(all + 1, sizeof(*foreign->fetched));
	foreign->pin = calloc(all + 1, sizeof(*foreign->pin));
	if (!foreign->mount || !foreign->fetched || !foreign->pin)
		return -ENOMEM;
	for (size_t i = 0; i < all; i++) {
		const struct nsu_bind *bind = nsu_binds_get(binds, i);

		if (!is_below(bind->path, NSI_RUN))
			foreign->mount[foreign->count++].bind = bind;
	}
	r = fetch(foreign);
	if (!r)
		r = add_mounts(foreign);
	return r < 0 ? r : nsi_each_left_file(foreign->pins->ctx, add_file, add_gap,
					      foreign);
}

int nsi_list_foreign(struct nsu_pins *pins)
{
	struct foreign foreign = { .pins = pins };
	struct nsu_binds *binds;
	int r = nsu_binds_new(pins->ctx, NULL, &binds);

	if (r < 0)
		return nsi_is_fatal(r) ? r :
			nsi_pins_add_gap(pins, r, "/proc/self/mountinfo");
	r = list(&foreign, binds);
	free(foreign.mount);
	free(foreign.fetched);
	free(foreign.pin);
	nsu_binds_free(binds);
	return r;
}
