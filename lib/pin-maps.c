/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The id maps of a new user namespace. The kernel lets the caller write what it may; for
 * the rest there is newuidmap(1), which is set-uid and knows subuid(5).
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "enter.h"
#include "pin.h"

#define MAX_RANGES	340		/* Linux 4.15 */
#define FILE_LIMIT	(1 << 20)	/* of passwd(5), subuid(5) */
#define PATIENCE	20000		/* ms of a helper, that may ask servers */

struct map {
	bool gid;
	struct nsu_id_range ranges[MAX_RANGES];
	size_t count;
};

static const char *subid_path(bool gid)
{
	return gid ? "/etc/subgid" : "/etc/subuid";
}

static const char *helper_name(bool gid)
{
	return gid ? "newgidmap" : "newuidmap";
}

static int add(struct map *map, uint32_t inside, uint32_t outside, uint32_t count)
{
	if (map->count == MAX_RANGES || !count)
		return -EINVAL;
	map->ranges[map->count++] = (struct nsu_id_range){ inside, outside, count };
	return 0;
}

/* A field of digits only, up to the separator or the line's end. */
static bool take_number(const char **at, char end, uint32_t *ret)
{
	uint64_t value = 0;
	const char *p = *at;

	for (; *p >= '0' && *p <= '9' && value <= UINT32_MAX; p++)
		value = value * 10 + (*p - '0');
	if (p == *at || value > UINT32_MAX || *p != end)
		return false;
	*ret = value;
	*at = p + 1;
	return true;
}

static bool is_owner(const char *line, size_t len, const char *user, uid_t uid)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", uid);
	return (*user && strlen(user) == len && !memcmp(line, user, len)) ||
		(strlen(number) == len && !memcmp(line, number, len));
}

/* Behind each other from 1 on. A line that is none is left out, as newuidmap(1) does. */
static int add_subids(struct map *map, char *text, const char *user, uid_t uid)
{
	uint32_t inside = 1, first, count;
	char *save = NULL;
	int r = 0;

	for (char *line = strtok_r(text, "\n", &save); line && !r;
	     line = strtok_r(NULL, "\n", &save)) {
		size_t len = strcspn(line, ":");
		const char *at = line + len + 1;

		if (!line[len] || !is_owner(line, len, user, uid) ||
		    !take_number(&at, ':', &first) || !take_number(&at, '\0', &count) ||
		    !count || count > UINT32_MAX - first || count > UINT32_MAX - inside)
			continue;
		r = add(map, inside, first, count);
		inside += count;
	}
	return r;
}

static void find_user(uid_t uid, char *ret, size_t size)
{
	nsi_autofree char *text = NULL;
	struct nsi_account account;

	*ret = '\0';
	if (nsi_read_all_at(AT_FDCWD, "/etc/passwd", FILE_LIMIT, &text) >= 0 &&
	    nsi_account_find(text, NULL, uid, &account) == 0)
		snprintf(ret, size, "%s", account.name);
}

static int find_subids(struct map *map, struct nsu_pin_report *report)
{
	nsi_autofree char *text = NULL;
	const char *path = subid_path(map->gid);
	size_t before = map->count;
	char user[64];
	int r;

	find_user(geteuid(), user, sizeof(user));
	r = nsi_read_all_at(AT_FDCWD, path, FILE_LIMIT, &text);
	if (r >= 0)
		r = add_subids(map, text, user, geteuid());
	if (r == -ENOENT || (!r && map->count == before))
		return nsi_pin_fail(report, NSU_PIN_STEP_MAP, -ENOENT,
				    NSU_PIN_CAUSE_NO_SUBIDS, "%s", path);
	return r < 0 ? nsi_pin_fail(report, NSU_PIN_STEP_MAP, r, NSU_PIN_CAUSE_NONE, "%s",
				    path) : 0;
}

static int collect(struct map *map, const struct nsu_pin_options *opts,
		   struct nsu_pin_report *report)
{
	const struct nsu_id_range *list = map->gid ? opts->gids : opts->uids;
	size_t count = map->gid ? opts->gid_count : opts->uid_count;
	int r = 0;

	if (opts->map != NSU_PIN_MAP_LIST) {
		add(map, 0, map->gid ? getegid() : geteuid(), 1);
		return opts->map == NSU_PIN_MAP_AUTO ? find_subids(map, report) : 0;
	}
	for (size_t i = 0; i < count && !r; i++)
		r = add(map, list[i].inside, list[i].outside, list[i].count);
	return r < 0 ? nsi_pin_fail(report, NSU_PIN_STEP_CHECK, r, NSU_PIN_CAUSE_NONE,
				    "%s", map->gid ? "gid map" : "uid map") : 0;
}

static int write_at(int dir, const char *file, const char *text, size_t len)
{
	nsi_autoclose int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, len) < 0)
		return nsi_errno();
	return 0;
}

static int write_map(const struct map *map, int dir)
{
	char text[MAX_RANGES * sizeof("4294967295 4294967295 4294967295")];
	size_t len = 0;

	for (size_t i = 0; i < map->count; i++) {
		const struct nsu_id_range *range = &map->ranges[i];

		len += snprintf(text + len, sizeof(text) - len, "%u %u %u\n",
				range->inside, range->outside, range->count);
	}
	return write_at(dir, map->gid ? "gid_map" : "uid_map", text, len);
}

/* Of a group alone, who has no power over groups may map it where setgroups(2) is denied,
   since a group may be there to keep its members out. */
static int write_own_gid(const struct map *map, int dir)
{
	int r;

	if (!map->gid || map->count != 1 || map->ranges[0].count != 1 ||
	    map->ranges[0].outside != getegid())
		return -EPERM;
	r = write_at(dir, "setgroups", "deny", 4);
	return r < 0 ? r : write_map(map, dir);
}

#define WORDS_PER_RANGE	3

/* newuidmap PID INSIDE OUTSIDE COUNT ... */
static int run_helper(struct nsu_ctx *ctx, pid_t child, const struct map *map,
		      const char *path, char *words, size_t size)
{
	static const char *const env[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };
	char number[MAX_RANGES * WORDS_PER_RANGE + 1][12];
	const char *args[ARRAY_SIZE(number) + 2] = { path };
	size_t count = 0;

	snprintf(number[count++], sizeof(*number), "%d", child);
	for (size_t i = 0; i < map->count; i++) {
		const struct nsu_id_range *range = &map->ranges[i];
		uint32_t value[] = { range->inside, range->outside, range->count };

		for (size_t j = 0; j < WORDS_PER_RANGE; j++)
			snprintf(number[count++], sizeof(*number), "%u", value[j]);
	}
	for (size_t i = 0; i < count; i++)
		args[i + 1] = number[i];
	return nsi_program_run(ctx, path, args, env, PATIENCE, words, size);
}

static const char *last_line(char *words)
{
	size_t len = strlen(words);
	char *start;

	while (len && words[len - 1] == '\n')
		words[--len] = '\0';
	start = strrchr(words, '\n');
	return start ? start + 1 : words;
}

/* Not by PATH: it gets powers that the caller has not. */
static int ask_helper(struct nsu_ctx *ctx, pid_t child, const struct map *map,
		      struct nsu_pin_report *report)
{
	static const char *const places[] = { "/usr/bin", "/bin", "/usr/local/bin" };
	const char *name = helper_name(map->gid);
	char words[1024] = "", path[64];
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(places) && r == -ENOENT; i++) {
		snprintf(path, sizeof(path), "%s/%s", places[i], name);
		r = run_helper(ctx, child, map, path, words, sizeof(words));
	}
	if (r == 0)
		return 0;
	return nsi_pin_fail(report, NSU_PIN_STEP_MAP, r < 0 ? r : -EPERM,
			    NSU_PIN_CAUSE_NEWUIDMAP, "%s",
			    *words ? last_line(words) : name);
}

static int set_map(struct nsu_ctx *ctx, pid_t child, int dir, bool gid,
		   const struct nsu_pin_options *opts, struct nsu_pin_report *report)
{
	struct map map = { .gid = gid };
	int r = collect(&map, opts, report);

	if (r < 0 || !map.count)
		return r;
	r = write_map(&map, dir);
	if (r == -EPERM)
		r = write_own_gid(&map, dir);
	/* Root has all that a helper has. */
	if (r == -EPERM && geteuid())
		return ask_helper(ctx, child, &map, report);
	return r < 0 ? nsi_pin_fail(report, NSU_PIN_STEP_MAP, r, r == -EPERM ?
				    NSU_PIN_CAUSE_MAP_REFUSED : NSU_PIN_CAUSE_NONE,
				    "%s", gid ? "gid_map" : "uid_map") : 0;
}

int nsi_pin_write_maps(struct nsu_ctx *ctx, pid_t child, int dir,
		       const struct nsu_pin_options *opts, struct nsu_pin_report *report)
{
	int r;

	if (opts->map == NSU_PIN_MAP_NONE)
		return 0;
	r = set_map(ctx, child, dir, false, opts, report);
	return r < 0 ? r : set_map(ctx, child, dir, true, opts, report);
}
