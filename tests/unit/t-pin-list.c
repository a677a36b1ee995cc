/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Root's pins: each state and reason made for real, each cure carried out; in a mount
   namespace of the test's own. */
#include <time.h>
#include "pinlist.h"
#include "place.h"

#define UTS	(1u << NSU_UTS)
#define NET	(1u << NSU_NET)
#define MANY	1000

static const char *path_of(const char *name, const char *type)
{
	return fmt("%s/%s/%s", store, name, type);
}

/* ---- in order ---- */

static void test_ok(void)
{
	struct nsu_pins *pins;
	const struct nsu_pin *pin;

	is_int(create("web", UTS | NET, false), 0, "a pin");
	pin = find("pin:web", &pins);
	if (!ok(pin, "is found by its word")) {
		nsu_pins_free(pins);
		return;
	}
	is_str(pin->name, "web", "its name");
	is_str(pin->word, "pin:web", "its word");
	is_int(pin->maker, NSU_PIN_BY_NSUTIL, "its maker");
	is_int(pin->state, NSU_PIN_OK, "in order");
	is_int(pin->types, UTS | NET, "its types");
	is_str(pin->ns[NSU_UTS].path, path_of("web", "uts"), "its path");
	ok(pin->ns[NSU_UTS].inode &&
	   pin->ns[NSU_UTS].inode == pin->ns[NSU_UTS].recorded_inode,
	   "as the record says");
	ok(pin->ns[NSU_NET].id == pin->ns[NSU_NET].recorded_id, "by id, too");
	is_str(pin->args ? pin->args[1] : NULL, "web", "how it was made");
	ok(pin->made + 100 > (uint64_t)time(NULL), "when");
	is_int(pin->uid, 0, "by whom");
	is_int(nsu_pins_count_gaps(pins), 0, "all was read");
	is_int(nsu_pin_repair(ctx, pin, NULL), 0, "nothing to mend");
	is_int(nsu_pins_find(pins, "nobody", &pin), -ENOENT, "no such pin");
	nsu_pins_free(pins);
	is_int(remove_pin("web"), 0, "removed");
	ok(!is_listed("web"), "and gone");
}

/* ---- missing ---- */

static void test_unmounted(void)
{
	struct nsu_pins *pins;
	const struct nsu_pin *pin;
	struct nsi_record record = { 0 };

	create("web", UTS | NET, false);
	umount2(path_of("web", "uts"), MNT_DETACH);
	is_pin("web", NSU_PIN_EMPTY, NSU_PIN_UNMOUNTED, NSU_PIN_CURE_FORGET,
	       "a plain file");
	pin = find("web", &pins);
	is_int(pin ? (int)pin->ns[NSU_NET].state : -1, NSU_PIN_OK, "the other type");
	is_int(repair("web"), 0, "forgotten");
	is_ok("web", "without it");
	ok(!is_there(path_of("web", "uts")), "the file is gone");
	is_int(read_record("web", &record), 0, "the record");
	is_int(record.types, NET, "knows the rest alone");
	nsi_record_free(&record);
	/* That list is of before. */
	is_int(nsu_pin_repair(ctx, pin, NULL), 0, "mended meanwhile: nothing to be done");
	is_ok("web", "as it is");
	nsu_pins_free(pins);
	umount2(path_of("web", "net"), MNT_DETACH);
	unlink(path_of("web", "net"));
	is_pin("web", NSU_PIN_EMPTY, NSU_PIN_UNMOUNTED, NSU_PIN_CURE_REMOVE,
	       "nothing left");
	is_int(repair("web"), 0, "removed");
	ok(!is_listed("web") && !is_there(fmt("%s/web", store)), "and gone");
}

static int be_private(void)
{
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

static void test_elsewhere(void)
{
	struct nsu_pins *pins;
	const struct nsu_pin *pin;
	struct kid kid;

	is_int(create("web", UTS | NET | 1u << NSU_MNT, false), 0, "with mounts");
	is_ok("web", "in its places");
	pin = find("web", &pins);
	is_str(pin ? pin->ns[NSU_MNT].path : NULL, "/run/nsutil/mnt/web/mnt",
	       "that of mounts");
	nsu_pins_free(pins);
	if (kid_start(&kid, CLONE_NEWNS, be_private) < 0) {
		skip("elsewhere", "no mount namespace can be made");
		remove_pin("web");
		return;
	}
	umount2(path_of("web", "uts"), MNT_DETACH);
	is_pin("web", NSU_PIN_HIDDEN, NSU_PIN_ELSEWHERE, NSU_PIN_CURE_MOUNT, "elsewhere");
	umount2(path_of("web", "net"), MNT_DETACH);
	mount("/proc/self/ns/net", path_of("web", "net"), NULL, MS_BIND, NULL);
	is_pin("web", NSU_PIN_STALE, NSU_PIN_REPLACED, NSU_PIN_CURE_PRUNE,
	       "another one here");
	umount2(path_of("web", "net"), MNT_DETACH);
	is_int(repair("web"), 0, "brought back");
	is_ok("web", "all three");
	/* The other's went with the file; mounts of mount namespaces are not copied. */
	kid_end(&kid);
	is_int(kid_start(&kid, CLONE_NEWNS, be_private), 0, "another copy");
	umount2(path_of("web", "uts"), MNT_DETACH);
	umount2("/run/nsutil/mnt/web/mnt", MNT_DETACH);
	is_pin("web", NSU_PIN_EMPTY, NSU_PIN_UNMOUNTED, NSU_PIN_CURE_FORGET,
	       "one of two");
	is_int(repair("web"), 0, "brought back, and forgotten");
	is_ok("web", "what is left");
	pin = find("web", &pins);
	is_int(pin ? pin->types : 0, UTS | NET, "without its mounts");
	nsu_pins_free(pins);
	ok(!is_there("/run/nsutil/mnt/web") && !is_there(path_of("web", "mnt")),
	   "nor their file");
	kid_end(&kid);
	is_int(remove_pin("web"), 0, "removed");
}

/* ---- another, dead ---- */

static void test_replaced(void)
{
	create("web", UTS, false);
	touch(path_of("web", "ipc"));
	mount("/proc/self/ns/ipc", path_of("web", "ipc"), NULL, MS_BIND, NULL);
	is_pin("web", NSU_PIN_STALE, NSU_PIN_REPLACED, NSU_PIN_CURE_PRUNE,
	       "one too many");
	umount2(path_of("web", "ipc"), MNT_DETACH);
	unlink(path_of("web", "ipc"));
	is_ok("web", "without");
	mount("/proc/self/ns/uts", path_of("web", "uts"), NULL, MS_BIND, NULL);
	is_pin("web", NSU_PIN_STALE, NSU_PIN_REPLACED, NSU_PIN_CURE_PRUNE, "covered");
	is_int(repair("web"), 0, "which is not mended");
	is_pin("web", NSU_PIN_STALE, NSU_PIN_REPLACED, NSU_PIN_CURE_PRUNE,
	       "covered still");
	umount2(path_of("web", "uts"), MNT_DETACH);
	mount("/proc/self/ns/ipc", path_of("web", "uts"), NULL, MS_BIND, NULL);
	is_pin("web", NSU_PIN_STALE, NSU_PIN_REPLACED, NSU_PIN_CURE_PRUNE,
	       "another type");
	umount2(path_of("web", "uts"), MNT_DETACH);
	mount("tmpfs", path_of("web", ""), "tmpfs", 0, "mode=700");
	is_pin("web", NSU_PIN_EMPTY, NSU_PIN_NO_RECORD, NSU_PIN_CURE_REMOVE,
	       "all covered");
	umount2(path_of("web", ""), MNT_DETACH);
	is_ok("web", "uncovered");
	is_int(remove_pin("web"), 0, "removed");
}

static void test_dead(void)
{
	struct nsu_pins *pins;
	const struct nsu_pin *pin;
	pid_t init;

	is_int(create("web", UTS | 1u << NSU_PID, false), 0, "with processes");
	is_ok("web", "its init runs");
	pin = find("web", &pins);
	init = pin ? pin->init : 0;
	ok(init > 0, "and is known");
	nsu_pins_free(pins);
	end_process(init);
	is_pin("web", NSU_PIN_DEAD, NSU_PIN_INIT_ENDED, NSU_PIN_CURE_PRUNE,
	       "its init ended");
	pin = find("web", &pins);
	is_int(pin ? pin->init : -1, 0, "none runs");
	is_int(pin ? (int)pin->ns[NSU_UTS].state : -1, NSU_PIN_OK, "the other type");
	nsu_pins_free(pins);
	is_int(repair("web"), 0, "which is not mended");
	is_int(remove_pin("web"), 0, "removed");
}

/* ---- half done ---- */

static void set_stage(const char *name, enum nsi_stage stage)
{
	struct nsi_record record = { 0 };

	is_int(read_record(name, &record), 0, "its record");
	record.stage = stage;
	is_int(write_record(name, &record), 0, "says that it is half done");
	nsi_record_free(&record);
}

static void test_half(void)
{
	struct nsi_store opened = NSI_STORE_INIT;
	struct nsi_record record = { 0 };
	const struct nsu_pin *pin;
	struct nsu_pins *pins;

	create("web", UTS, false);
	set_stage("web", NSI_STAGE_MAKING);
	is_pin("web", NSU_PIN_EMPTY, NSU_PIN_HALF_MADE, NSU_PIN_CURE_REMOVE, "half made");
	pin = find("web", &pins);
	set_stage("web", NSI_STAGE_MADE);
	is_int(nsu_pin_repair(ctx, pin, NULL), 0, "made meanwhile");
	is_ok("web", "it stays");
	nsu_pins_free(pins);
	set_stage("web", NSI_STAGE_MAKING);
	is_int(repair("web"), 0, "removed");
	ok(!is_listed("web"), "and gone");
	create("web", UTS, false);
	set_stage("web", NSI_STAGE_REMOVING);
	is_pin("web", NSU_PIN_EMPTY, NSU_PIN_HALF_REMOVED, NSU_PIN_CURE_REMOVE,
	       "half removed");
	nsi_store_open(ctx, NSI_STORE_LOOK, &opened, NULL);
	is_int(nsi_store_lock(&opened, true, NULL), 0, "while another is at work");
	is_ok("web", "as far as can be seen");
	nsi_store_close(&opened);
	is_int(repair("web"), 0, "removed");
	ok(!is_listed("web"), "and gone");
	create("web", UTS, false);
	read_record("web", &record);
	record.rename_from = strdup("old");
	record.rename_to = strdup("web");
	write_record("web", &record);
	nsi_record_free(&record);
	is_pin("web", NSU_PIN_EMPTY, NSU_PIN_HALF_RENAMED, NSU_PIN_CURE_MOUNT,
	       "half renamed");
	is_int(repair("web"), 0, "settled");
	is_ok("web", "renamed");
	remove_pin("web");
	mkdir("/run/nsutil/mnt/orphan", 0700);
	is_pin("orphan", NSU_PIN_EMPTY, NSU_PIN_HALF_MADE, NSU_PIN_CURE_REMOVE,
	       "mnt alone");
	is_int(repair("orphan"), 0, "removed");
	ok(!is_listed("orphan") && !is_there("/run/nsutil/mnt/orphan"), "and gone");
}

static void test_half_renamed_mnt(void)
{
	struct nsi_record record = { 0 };

	if (create("old", 1u << NSU_MNT, false) < 0) {
		skip("half renamed", "no mount namespace can be pinned");
		return;
	}
	read_record("old", &record);
	record.rename_from = strdup("old");
	record.rename_to = strdup("new");
	write_record("old", &record);
	nsi_record_free(&record);
	rename(fmt("%s/old", store), fmt("%s/new", store));
	is_pin("new", NSU_PIN_EMPTY, NSU_PIN_HALF_RENAMED, NSU_PIN_CURE_MOUNT,
	       "mnt stayed");
	ok(!is_listed("old"), "what is left of the old name is that pin's");
	is_int(repair("new"), 0, "settled");
	is_ok("new", "all of it");
	is_int(remove_pin("new"), 0, "removed");
}

/* ---- records ---- */

static void hostile(const char *what)
{
	is_pin("bad", NSU_PIN_EMPTY, NSU_PIN_NO_RECORD, NSU_PIN_CURE_REMOVE, what);
	unlink(path_of("bad", "record.json"));
	rmdir(path_of("bad", "record.json"));
}

static void test_records(void)
{
	struct nsi_record record = { 0 };

	mkdir(fmt("%s/bad", store), 0700);
	hostile("no record");
	write_file(path_of("bad", "record.json"), 1 << 20, '[');
	hostile("1 MiB");
	if (symlink("/etc/passwd", path_of("bad", "record.json")) == 0)
		hostile("a link");
	if (mkfifo(path_of("bad", "record.json"), 0600) == 0)
		hostile("a FIFO");
	mkdir(path_of("bad", "record.json"), 0700);
	hostile("a directory");
	is_int(repair("bad"), 0, "removed");
	ok(!is_listed("bad"), "and gone");
	create("web", UTS | NET, false);
	create("bad", UTS, false);
	is_int(read_record("web", &record), 0, "a record");
	is_int(write_record("bad", &record), 0, "which another has");
	nsi_record_free(&record);
	is_pin("bad", NSU_PIN_STALE, NSU_PIN_REPLACED, NSU_PIN_CURE_PRUNE,
	       "another's record");
	remove_pin("bad");
	unlink(path_of("web", "record.json"));
	is_pin("web", NSU_PIN_EMPTY, NSU_PIN_NO_RECORD, NSU_PIN_CURE_RECORD,
	       "lost record");
	is_int(repair("web"), 0, "written again");
	is_ok("web", "by what is mounted");
	remove_pin("web");
}

static void test_names(void)
{
	struct nsu_pins *pins;

	mkdir(fmt("%s/a b", store), 0700);
	mkdir(fmt("%s/-x", store), 0700);
	touch(fmt("%s/plain", store));
	if (symlink("/", fmt("%s/link", store)) < 0)
		diag("symlink: %s", strerror(errno));
	pins = list();
	is_int(count_ours(pins), 0, "none of them is a pin");
	is_int(nsu_pins_count_gaps(pins), 4, "all are told");
	for (size_t i = 0; i < nsu_pins_count_gaps(pins); i++)
		ok(!strncmp(nsu_pins_get_gap(pins, i)->path, store, strlen(store)) &&
		   nsu_pins_get_gap(pins, i)->error < 0, "%s",
		   nsu_pins_get_gap(pins, i)->path);
	nsu_pins_free(pins);
	rmdir(fmt("%s/a b", store));
	rmdir(fmt("%s/-x", store));
	unlink(fmt("%s/plain", store));
	unlink(fmt("%s/link", store));
}

/* ---- /run/netns ---- */

static void test_netns(void)
{
	struct nsu_pins *pins;
	const struct nsu_pin *pin;

	is_int(create("web", NET, true), 0, "with --netns");
	is_ok("web", "in both places");
	ok(!is_listed("netns:web"), "told once");
	umount2("/run/netns/web", MNT_DETACH);
	is_pin("web", NSU_PIN_EMPTY, NSU_PIN_UNMOUNTED, NSU_PIN_CURE_MOUNT,
	       "a plain file");
	pin = find("web", &pins);
	is_str(pin ? pin->ns[NSU_NET].path : NULL, "/run/netns/web", "where");
	nsu_pins_free(pins);
	ok(!is_listed("netns:web"), "the file is that pin's");
	is_int(repair("web"), 0, "mounted again");
	is_ok("web", "in both places");
	umount2("/run/netns/web", MNT_DETACH);
	unlink("/run/netns/web");
	is_int(repair("web"), 0, "without the file, too");
	is_ok("web", "in both places");
	umount2(path_of("web", "net"), MNT_DETACH);
	is_pin("web", NSU_PIN_HIDDEN, NSU_PIN_ELSEWHERE, NSU_PIN_CURE_MOUNT,
	       "there alone");
	is_int(repair("web"), 0, "brought back");
	is_ok("web", "in both places");
	umount2("/run/netns/web", MNT_DETACH);
	mount("/proc/self/ns/net", "/run/netns/web", NULL, MS_BIND, NULL);
	is_pin("web", NSU_PIN_EMPTY, NSU_PIN_UNMOUNTED, NSU_PIN_CURE_NONE,
	       "another's there");
	pin = find("netns:web", &pins);
	is_int(pin ? (int)pin->maker : -1, NSU_PIN_BY_IP, "who is listed");
	nsu_pins_free(pins);
	is_int(repair("web"), 0, "and left alone");
	umount2("/run/netns/web", MNT_DETACH);
	unlink("/run/netns/web");
	is_int(remove_pin("web"), 0, "removed");
}

static void put_utsns(int dir, int ns, const char *name)
{
	struct nsi_record record = { .stage = NSI_STAGE_MADE, .types = UTS };
	struct stat st;
	int pin;

	fstat(ns, &st);
	record.inode[NSU_UTS] = st.st_ino;
	mkdirat(dir, name, 0700);
	pin = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (nsi_pin_mount(ctx, ns, NSU_UTS, pin, "uts", NULL) < 0 ||
	    nsi_record_write(pin, &record) < 0)
		diag("%s: cannot be made", name);
	close(pin);
}

static double seconds(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void test_many(void)
{
	int dir = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fds = count_fds();
	int ns = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	struct nsu_pins *pins;
	size_t count, good = 0;
	double begin, busy;

	for (int i = 0; i < MANY; i++)
		put_utsns(dir, ns, fmt("many%d", i));
	begin = seconds(CLOCK_MONOTONIC);
	busy = seconds(CLOCK_PROCESS_CPUTIME_ID);
	pins = list();
	diag("%d pins: listed in %.1f ms, %.1f ms of the CPU's", MANY,
	     (seconds(CLOCK_MONOTONIC) - begin) * 1e3,
	     (seconds(CLOCK_PROCESS_CPUTIME_ID) - busy) * 1e3);
	count = count_ours(pins);
	for (size_t i = 0; i < count; i++) {
		const struct nsu_pin *pin = nsu_pins_get(pins, i);

		good += pin->state == NSU_PIN_OK &&
			(!i || strcmp(nsu_pins_get(pins, i - 1)->name, pin->name) < 0);
	}
	is_int(count, MANY, "many");
	is_int(good, MANY, "all in order, sorted");
	nsu_pins_free(pins);
	is_int(count_fds(), fds + 1, "no descriptor is left");
	for (int i = 0; i < MANY; i++)
		remove_pin(fmt("many%d", i));
	pins = list();
	is_int(count_ours(pins), 0, "all removed");
	nsu_pins_free(pins);
	close(ns);
	close(dir);
}

static void test_none(void)
{
	struct nsu_pins *pins = list();

	is_int(count_ours(pins), 0, "none yet");
	is_int(nsu_pins_count_gaps(pins), 0, "and nothing that could not be read");
	ok(!is_there("/run/nsutil"), "nothing is made by looking");
	nsu_pins_free(pins);
	is_int(nsu_pins_new(NULL, &pins), -EINVAL, "no context");
	is_int(nsu_pin_repair(ctx, NULL, NULL), -EINVAL, "no pin");
	is_int(nsu_pin_get_cure(NULL), NSU_PIN_CURE_NONE, "no cure of none");
	nsu_pins_free(NULL);
	is_int(nsu_pins_count(NULL), 0, "none of none");
	ok(!nsu_pins_get(NULL, 0) && !nsu_pins_get_gap(NULL, 0), "no first of none");
}

int main(void)
{
	place_need_host();
	if (geteuid())
		skip_all("needs root");
	stay_here();
	unsetenv("SUDO_UID");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (unshare(CLONE_NEWNS) < 0 || be_private() < 0)
		skip_all("needs a mount namespace of its own");
	/* What the host has there is not our business. */
	umount2("/run", MNT_DETACH);
	if (mount("tmpfs", "/run", "tmpfs", 0, "mode=755") < 0)
		skip_all("needs a mount namespace of its own");
	if (nsu_ctx_new(NULL, &ctx) < 0)
		return 99;
	test_none();
	test_ok();
	test_unmounted();
	test_elsewhere();
	test_replaced();
	test_dead();
	test_half();
	test_half_renamed_mnt();
	test_records();
	test_names();
	test_netns();
	test_many();
	nsu_ctx_free(ctx);
	return done();
}
