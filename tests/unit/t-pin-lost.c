/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A user's pins: keepers that have ended, records that are lost. */
#include "pinlist.h"
#include "place.h"

#define UTS	(1u << NSU_UTS)
#define USER	(1u << NSU_USER)
#define NOBODY	65534

/* Of this run alone: keepers are found whosever test they belong to. */
static char mine[32];

static const char *path_of(const char *name, const char *file)
{
	return fmt("%s/%s/%s", store, name, file);
}

static pid_t keeper_of(const char *name)
{
	struct nsu_pins *pins;
	const struct nsu_pin *pin = find(name, &pins);
	pid_t keeper = pin ? pin->keeper : 0;

	nsu_pins_free(pins);
	return keeper;
}

static void test_ended(void)
{
	is_int(create(mine, UTS | USER, false), 0, "a user's pin");
	is_ok(mine, "in order");
	end_process(keeper_of(mine));
	is_pin(mine, NSU_PIN_EMPTY, NSU_PIN_KEEPER_ENDED, NSU_PIN_CURE_REMOVE,
	       "without its keeper");
	is_int(keeper_of(mine), 0, "there is none");
	is_int(repair(mine), 0, "removed");
	ok(!is_listed(mine), "and gone");
}

static void lose(const char *name)
{
	unlink(path_of(name, "record.json"));
	unlink(path_of(name, "uts"));
	unlink(path_of(name, "user"));
	rmdir(fmt("%s/%s", store, name));
}

static void test_lost(void)
{
	struct nsu_pins *pins;
	const struct nsu_pin *pin;
	uint64_t inode = 0;
	pid_t keeper;

	is_int(create(mine, UTS | USER, false), 0, "a user's pin");
	keeper = keeper_of(mine);
	pin = find(mine, &pins);
	inode = pin ? pin->ns[NSU_UTS].inode : 0;
	nsu_pins_free(pins);
	unlink(path_of(mine, "record.json"));
	is_pin(mine, NSU_PIN_HIDDEN, NSU_PIN_RECORD_LOST, NSU_PIN_CURE_RECORD,
	       "without its record");
	lose(mine);
	is_pin(mine, NSU_PIN_HIDDEN, NSU_PIN_RECORD_LOST, NSU_PIN_CURE_RECORD,
	       "without anything");
	pin = find(mine, &pins);
	ok(pin && pin->ns[NSU_UTS].inode == inode && inode, "its keeper tells");
	is_str(pin && pin->args ? pin->args[0] : NULL, "create", "all that it knows");
	is_int(repair(mine), 0, "written again");
	is_int(nsu_pin_repair(ctx, pin, NULL), -EEXIST, "not twice");
	nsu_pins_free(pins);
	is_ok(mine, "by its keeper");
	is_int(keeper_of(mine), keeper, "the same one");
	pin = find(mine, &pins);
	ok(pin && pin->ns[NSU_UTS].inode == inode, "the same namespace");
	nsu_pins_free(pins);
	ok(is_there(path_of(mine, "uts")), "linked again");
}

static size_t count_mine(const struct nsu_pins *pins)
{
	size_t count = 0;

	for (size_t i = 0; i < nsu_pins_count(pins); i++)
		count += !strcmp(nsu_pins_get(pins, i)->name, mine);
	return count;
}

/* Of two that have one name, the one whose record is lost is told, too. */
static void test_two(void)
{
	struct nsu_pins *pins;
	size_t lost = 0;
	pid_t keeper = keeper_of(mine);

	lose(mine);
	is_int(create(mine, UTS | USER, false), 0, "another of that name");
	pins = list();
	is_int(count_mine(pins), 2, "both are listed");
	for (size_t i = 0; i < nsu_pins_count(pins); i++) {
		const struct nsu_pin *pin = nsu_pins_get(pins, i);

		if (pin->reason != NSU_PIN_RECORD_LOST || strcmp(pin->name, mine))
			continue;
		lost++;
		is_int(pin->keeper, keeper, "the older one");
		is_int(nsu_pin_repair(ctx, pin, NULL), -EEXIST, "finds its name taken");
	}
	is_int(lost, 1, "one is lost");
	nsu_pins_free(pins);
	end_process(keeper);
	is_ok(mine, "the other");
	is_int(remove_pin(mine), 0, "removed");
	pins = list();
	is_int(count_mine(pins), 0, "none is left");
	nsu_pins_free(pins);
}

/* Links are for people: without one all else is in order. */
static void test_links(void)
{
	is_int(create(mine, UTS | USER, false), 0, "a user's pin");
	unlink(path_of(mine, "uts"));
	is_pin(mine, NSU_PIN_EMPTY, NSU_PIN_UNMOUNTED, NSU_PIN_CURE_MOUNT,
	       "without a link");
	is_int(repair(mine), 0, "made again");
	is_ok(mine, "with it");
	unlink(path_of(mine, "user"));
	is_int(symlink("/proc/self/ns/user", path_of(mine, "user")), 0, "another link");
	is_pin(mine, NSU_PIN_EMPTY, NSU_PIN_UNMOUNTED, NSU_PIN_CURE_MOUNT,
	       "with a wrong one");
	is_int(repair(mine), 0, "put right");
	is_ok(mine, "with the right one");
	is_int(nsu_pin_rename(ctx, mine, "other", NULL), 0, "renamed");
	is_ok("other", "by another name");
	is_int(remove_pin("other"), 0, "removed");
}

/* Of one user, two runtime directories: neither knows of the other's. */
static void test_runtimes(const char *runtime)
{
	char second[] = "/tmp/nsutil-pin-XXXXXX", first[sizeof(store)];
	struct nsu_target *target = NULL;
	struct nsu_pins *pins;

	is_int(create(mine, UTS | USER, false), 0, "a pin of the first");
	memcpy(first, store, sizeof(store));
	if (!ok(mkdtemp(second) != NULL, "a second directory"))
		return;
	setenv("XDG_RUNTIME_DIR", second, 1);
	snprintf(store, sizeof(store), "%s/nsutil/pins", second);
	pins = list();
	is_int(count_mine(pins), 0, "the first's is not listed in the second");
	nsu_pins_free(pins);
	is_int(nsu_target_new(ctx, fmt("pin:%s", mine), &target), -ENOENT, "nor found");
	is_int(create(mine, UTS | USER, false), 0, "the same name in the second");
	pins = list();
	is_int(count_mine(pins), 1, "is listed once");
	nsu_pins_free(pins);
	is_ok(mine, "the second's");
	lose(mine);
	is_int(remove_pin(mine), 0, "removed without its record");
	pins = list();
	is_int(count_mine(pins), 0, "none is left in the second");
	nsu_pins_free(pins);
	/* As after a user's last session. */
	is_int(create(mine, UTS | USER, false), 0, "one more");
	lose(mine);
	rmdir(store);
	rmdir(fmt("%s/nsutil", second));
	is_pin(mine, NSU_PIN_HIDDEN, NSU_PIN_RECORD_LOST, NSU_PIN_CURE_RECORD,
	       "without any store");
	is_int(repair(mine), 0, "made with its record");
	is_ok(mine, "again");
	is_int(remove_pin(mine), 0, "removed");
	rmdir(store);
	rmdir(fmt("%s/nsutil", second));
	rmdir(second);
	setenv("XDG_RUNTIME_DIR", runtime, 1);
	memcpy(store, first, sizeof(store));
	is_ok(mine, "the first's is untouched");
	is_int(remove_pin(mine), 0, "removed");
}

static void test_gaps(void)
{
	struct nsu_pins *pins = list();

	for (size_t i = 0; i < nsu_pins_count_gaps(pins); i++)
		is_str(nsu_pins_get_gap(pins, i)->path, "/run/nsutil/pins",
		       "root's cannot be read");
	is_int(nsu_pins_count_gaps(pins), is_there("/run/nsutil/pins"),
	       "and nothing else");
	nsu_pins_free(pins);
}

static void test_podman(const char *runtime)
{
	char *dir = strdup(fmt("%s/netns", runtime));
	char *file = strdup(fmt("%s/netns-0a1b2c3d-0123-4567-89ab-0123456789ab", dir));
	struct nsu_pins *pins;
	const struct nsu_pin *pin;

	mkdir(dir, 0700);
	touch(file);
	pin = find(file, &pins);
	is_int(pin ? (int)pin->reason : -1, NSU_PIN_PLAIN_FILE, "a file in %s", "netns");
	is_int(pin ? (int)pin->maker : -1, NSU_PIN_BY_PODMAN, "is Podman's");
	nsu_pins_free(pins);
	unlink(file);
	rmdir(dir);
	free(file);
	free(dir);
}

static int be_nobody(void)
{
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -errno;
	/* Else its own /proc is root's. */
	prctl(PR_SET_DUMPABLE, 1);
	return 0;
}

int main(void)
{
	char runtime[] = "/tmp/nsutil-pin-XXXXXX";

	place_need_host();
	if (!mkdtemp(runtime))
		return 99;
	if (!geteuid() && (chown(runtime, NOBODY, NOBODY) < 0 || be_nobody() < 0))
		return 99;
	snprintf(mine, sizeof(mine), "mine%d", getpid());
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setenv("XDG_RUNTIME_DIR", runtime, 1);
	snprintf(store, sizeof(store), "%s/nsutil/pins", runtime);
	if (nsu_ctx_new(NULL, &ctx) < 0)
		return 99;
	test_gaps();
	test_podman(runtime);
	if (create(mine, UTS | USER, false) < 0) {
		skip("keepers", "no user namespace can be made");
	} else {
		remove_pin(mine);
		test_ended();
		test_lost();
		test_two();
		test_links();
		test_runtimes(runtime);
	}
	nsu_ctx_free(ctx);
	rmdir(store);
	rmdir(fmt("%s/nsutil", runtime));
	rmdir(runtime);
	return done();
}
