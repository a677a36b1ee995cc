/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pins of other programs, told by where they are and what they are called. */
#include "pinlist.h"
#include "place.h"

#define UUID	"0a1b2c3d-0123-4567-89ab-0123456789ab"

static const struct known {
	const char *path;
	enum nsu_type type;
	enum nsu_pin_maker maker;
} known[] = {
	{ "/run/netns/green", NSU_NET, NSU_PIN_BY_IP },
	{ "/run/netns/cni-" UUID, NSU_NET, NSU_PIN_BY_CNI },
	{ "/run/netns/netns-" UUID, NSU_NET, NSU_PIN_BY_PODMAN },
	{ "/run/netns/" UUID, NSU_NET, NSU_PIN_BY_CRIO },
	{ "/run/utsns/" UUID, NSU_UTS, NSU_PIN_BY_CRIO },
	{ "/run/ipcns/" UUID, NSU_IPC, NSU_PIN_BY_CRIO },
	{ "/run/userns/" UUID, NSU_USER, NSU_PIN_BY_CRIO },
	{ "/run/pidns/" UUID, NSU_PID, NSU_PIN_BY_CRIO },
	{ "/run/docker/netns/5f3c2a1b9d0e", NSU_NET, NSU_PIN_BY_DOCKER },
	{ "/run/user/1000/netns/netns-" UUID, NSU_NET, NSU_PIN_BY_PODMAN },
	{ "/run/containerd/s/netns/cni-x", NSU_NET, NSU_PIN_BY_CONTAINERD },
	{ "/run/a b\n\\040\x1b[m", NSU_UTS, NSU_PIN_BY_OTHER },
};

static void make_dirs(const char *path)
{
	char text[256];

	snprintf(text, sizeof(text), "%s", path);
	for (char *at = strchr(text + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(text, 0755);
		*at = '/';
	}
}

static void bind_here(enum nsu_type type, const char *path)
{
	if (mount(fmt("/proc/self/ns/%s", nsu_type_get_name(type)), path, NULL, MS_BIND,
		  NULL) < 0)
		diag("mount: %s", strerror(errno));
}

static void test_known(const struct known *row)
{
	bool netns = !strncmp(row->path, "/run/netns/", 11);
	const char *name = netns ? row->path + 11 : row->path;
	char *word = strdup(netns ? fmt("netns:%s", name) : name);
	struct nsu_pins *pins;
	const struct nsu_pin *pin, *same = NULL;
	uint64_t inode = link_inode(getpid(), nsu_type_get_name(row->type));

	make_dirs(row->path);
	touch(row->path);
	bind_here(row->type, row->path);
	pin = find(row->path, &pins);
	if (ok(pin, "a mount of %s's", nsu_pin_maker_get_name(row->maker))) {
		is_str(pin->name, name, "its name");
		is_str(pin->word, word, "its word");
		is_int(pin->maker, row->maker, "its maker");
		is_int(pin->state, NSU_PIN_OK, "is in order");
		is_int(pin->types, 1u << row->type, "its type");
		is_str(pin->ns[row->type].path, row->path, "its path");
		ok(pin->ns[row->type].inode == inode, "its inode");
		ok(pin->made, "when");
		is_int(nsu_pin_get_cure(pin), NSU_PIN_CURE_NONE, "not to be mended");
		ok(!nsu_pins_find(pins, word, &same) && same == pin, "found by word");
		ok(!nsu_pins_find(pins, name, &same) && same == pin, "found by name");
	}
	nsu_pins_free(pins);
	umount2(row->path, MNT_DETACH);
	free(word);
}

static void test_left(const struct known *row)
{
	bool is_place = row->maker != NSU_PIN_BY_OTHER &&
		row->maker != NSU_PIN_BY_CONTAINERD;
	struct nsu_pins *pins;
	const struct nsu_pin *pin = find(row->path, &pins);

	if (is_place && ok(pin, "a file of %s's", nsu_pin_maker_get_name(row->maker))) {
		is_int(pin->state, NSU_PIN_EMPTY, "is empty");
		is_int(pin->reason, NSU_PIN_PLAIN_FILE, "a plain file");
		is_int(pin->maker, row->maker, "its maker");
		is_int(pin->types, 1u << row->type, "its type");
		is_int(nsu_pin_get_cure(pin), NSU_PIN_CURE_NONE, "not to be mended");
		is_int(nsu_pin_repair(ctx, pin, NULL), 0, "nor is it");
		ok(is_there(row->path), "it stays");
	} else if (!is_place) {
		ok(!pin, "a file elsewhere is none");
	}
	nsu_pins_free(pins);
	unlink(row->path);
}

static int in_own_mounts(void)
{
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

/* As rootless Podman has them: here there is but the file. */
static void test_elsewhere(void)
{
	struct kid kid;

	touch("/run/netns/far");
	bind_here(NSU_NET, "/run/netns/far");
	if (kid_start(&kid, CLONE_NEWNS, in_own_mounts) < 0) {
		skip("elsewhere", "no mount namespace can be made");
		return;
	}
	umount2("/run/netns/far", MNT_DETACH);
	is_pin("netns:far", NSU_PIN_HIDDEN, NSU_PIN_ELSEWHERE, NSU_PIN_CURE_NONE,
	       "elsewhere");
	kid_end(&kid);
	is_pin("netns:far", NSU_PIN_EMPTY, NSU_PIN_PLAIN_FILE, NSU_PIN_CURE_NONE,
	       "ended");
	unlink("/run/netns/far");
}

static size_t count_word(const char *word)
{
	struct nsu_pins *pins = list();
	size_t count = 0;

	for (size_t i = 0; i < nsu_pins_count(pins); i++)
		count += !strcmp(nsu_pins_get(pins, i)->word, word);
	nsu_pins_free(pins);
	return count;
}

/* One path, several mounts. */
static void test_covered(void)
{
	struct nsu_pins *pins;
	const struct nsu_pin *pin;

	/* As ip-netns(8) has it: every mount is there twice. */
	mount(NULL, "/run", NULL, MS_SHARED, NULL);
	mount("/run/netns", "/run/netns", NULL, MS_BIND, NULL);
	mount(NULL, "/run/netns", NULL, MS_SHARED, NULL);
	touch("/run/netns/twice");
	bind_here(NSU_NET, "/run/netns/twice");
	is_int(count_word("netns:twice"), 1, "told once");
	bind_here(NSU_UTS, "/run/netns/twice");
	pin = find("/run/netns/twice", &pins);
	is_int(pin ? pin->types : 0, 1u << NSU_UTS, "the one that is seen");
	is_str(pin ? pin->word : NULL, "/run/netns/twice", "which is no net namespace");
	is_int(count_word("netns:twice"), 0, "the other is not told");
	nsu_pins_free(pins);
	umount2("/run/netns/twice", MNT_DETACH);
	mount("tmpfs", "/run/netns", "tmpfs", 0, NULL);
	is_pin("netns:twice", NSU_PIN_STALE, NSU_PIN_REPLACED, NSU_PIN_CURE_NONE,
	       "covered");
	umount2("/run/netns", MNT_DETACH);
	umount2("/run/netns", MNT_DETACH);
	is_int(count_word("netns:twice"), 1, "the file is left");
	unlink("/run/netns/twice");
}

static void test_dead(void)
{
	struct kid kid;

	if (kid_start(&kid, CLONE_NEWPID, NULL) < 0) {
		skip("dead", "no pid namespace can be made");
		return;
	}
	touch("/run/pidns/dead");
	mount(fmt("/proc/%d/ns/pid", kid.pid), "/run/pidns/dead", NULL, MS_BIND, NULL);
	is_pin("/run/pidns/dead", NSU_PIN_OK, NSU_PIN_NO_REASON, NSU_PIN_CURE_NONE,
	       "alive");
	kid_end(&kid);
	is_pin("/run/pidns/dead", NSU_PIN_DEAD, NSU_PIN_INIT_ENDED, NSU_PIN_CURE_NONE,
	       "dead");
	umount2("/run/pidns/dead", MNT_DETACH);
	unlink("/run/pidns/dead");
}

/* What a user puts into his own directory is looked at with care. */
static void test_hostile(void)
{
	struct nsu_pins *pins;

	rmdir("/run/user/1000/netns");
	if (symlink("/etc", "/run/user/1000/netns") < 0)
		diag("symlink: %s", strerror(errno));
	mkdir("/run/user/1001", 0700);
	mkdir("/run/user/1001/netns", 0700);
	if (mkfifo("/run/user/1001/netns/fifo", 0600) < 0 ||
	    symlink("/etc/passwd", "/run/user/1001/netns/link") < 0)
		diag("make: %s", strerror(errno));
	mkdir("/run/user/1002", 0700);
	mkdir("/run/user/1002/netns", 0700);
	/* No tmpfs: may be anything. */
	if (mount("ramfs", "/run/user/1002", "ramfs", 0, NULL) < 0)
		diag("mount: %s", strerror(errno));
	mkdir("/run/user/1002/netns", 0700);
	touch("/run/user/1002/netns/x");
	pins = list();
	for (size_t i = 0; i < nsu_pins_count(pins); i++)
		ok(strncmp(nsu_pins_get(pins, i)->word, "/run/user/", 10), "%s",
		   "nothing of it is listed");
	ok(!nsu_pins_count_gaps(pins), "nothing of it is a gap");
	nsu_pins_free(pins);
	umount2("/run/user/1002", MNT_DETACH);
	for (int i = 0; i < 1002; i++)
		touch(fmt("/run/user/1002/netns/%d", i));
	pins = list();
	is_int(nsu_pins_count_gaps(pins), 1, "too many of them are told");
	is_int(nsu_pins_count_gaps(pins) ? nsu_pins_get_gap(pins, 0)->error : 0, -E2BIG,
	       "as that");
	nsu_pins_free(pins);
	for (int i = 0; i < 1002; i++)
		unlink(fmt("/run/user/1002/netns/%d", i));
}

int main(void)
{
	int fds;

	place_need_host();
	if (geteuid())
		skip_all("needs root");
	if (unshare(CLONE_NEWNS) < 0 || in_own_mounts() < 0)
		skip_all("needs a mount namespace of its own");
	stay_here();
	/* What the host has there is not our business. */
	umount2("/run", MNT_DETACH);
	if (mount("tmpfs", "/run", "tmpfs", 0, "mode=755") < 0)
		skip_all("needs a mount namespace of its own");
	if (nsu_ctx_new(NULL, &ctx) < 0)
		return 99;
	fds = count_fds();
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		test_known(&known[i]);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		test_left(&known[i]);
	test_elsewhere();
	test_covered();
	test_dead();
	test_hostile();
	is_int(count_fds(), fds, "no descriptor is left");
	nsu_ctx_free(ctx);
	return done();
}
