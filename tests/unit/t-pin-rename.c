/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Renaming, whole and half, and what is half made or half gone. */
#include "pinlife.h"

static bool is_linked(const char *name)
{
	char text[256] = "";

	return readlink(fmt("%s/%s/mnt", store, name), text, sizeof(text) - 1) > 0 &&
	       !strcmp(text, fmt("../../mnt/%s/mnt", name));
}

static void check_named(const char *name, const char *other, uint64_t net, uint64_t mnt,
			const char *what)
{
	struct nsi_record record = { 0 };

	ok(pinned(name, "net") == net, "%s: net", what);
	ok(pinned(name, "mnt") == mnt && is_linked(name), "%s: mnt", what);
	ok(inode_at(fmt("/run/netns/%s", name)) == net, "%s: in /run/netns", what);
	ok(!is_there(fmt("/run/netns/%s", other)) &&
	   !is_there(fmt("/run/nsutil/mnt/%s", other)) &&
	   !is_there(fmt("%s/%s", store, other)), "%s: not under the other name", what);
	is_int(read_record(name, &record), 0, "%s: its record", what);
	ok(!record.rename_from && !record.rename_to, "%s: has come to the end", what);
	nsi_record_free(&record);
}

static int settle(const char *name)
{
	struct nsi_store opened = NSI_STORE_INIT;
	struct nsi_record record = { 0 };
	int r = read_record(name, &record);

	if (!r)
		r = nsi_store_open(ctx, NSI_STORE_LOOK, &opened, &report);
	if (!r) {
		r = nsi_pin_settle(&opened, name, &record, &report);
		nsi_store_close(&opened);
	}
	nsi_record_free(&record);
	return r;
}

/* As a crash would leave it after so many steps on the way from "a" to "b". */
static void go_half(int steps)
{
	struct nsi_record record = { 0 };

	read_record("a", &record);
	record.rename_from = strdup("a");
	record.rename_to = strdup("b");
	write_record("a", &record);
	if (steps > 0)
		renameat(AT_FDCWD, fmt("%s/a", store), AT_FDCWD, fmt("%s/b", store));
	if (steps > 1)
		renameat(AT_FDCWD, "/run/nsutil/mnt/a", AT_FDCWD, "/run/nsutil/mnt/b");
	if (steps > 2) {
		close(open("/run/netns/b", O_CREAT | O_RDONLY | O_CLOEXEC, 0));
		if (steps > 3)
			mount("/run/netns/a", "/run/netns/b", NULL, MS_BIND, NULL);
	}
	nsi_record_free(&record);
}

static void test_rename(pid_t pid)
{
	uint64_t net = link_inode(pid, "net"), mnt = link_inode(pid, "mnt");
	unsigned types = 1u << NSU_NET | 1u << NSU_MNT;
	struct sum sum = take_sum();

	if (add_as("a", fmt("%d", pid), types, true) < 0 && is_refused(NSU_MNT)) {
		skip("renaming", "this kernel numbers mount namespaces by CPU");
		return;
	}
	check_named("a", "b", net, mnt, "made");
	is_int(rename_pin("pin:a", "b"), 0, "renamed");
	check_named("b", "a", net, mnt, "renamed");
	refused(rename_pin("b", "b"), -EEXIST, EXISTS, CHECK,
		"to its own name");
	is_int(add_as("a", fmt("%d", pid), 1u << NSU_NET, false), 0,
	       "the old name is free");
	refused(rename_pin("a", "b"), -EEXIST, EXISTS, CHECK,
		"to another's name");
	is_int(remove_pin("a"), 0, "removed");
	is_int(rename_pin("b", "a"), 0, "and back");
	for (int steps = 0; steps <= 4; steps++) {
		const char *name = steps ? "b" : "a", *other = steps ? "a" : "b";

		go_half(steps);
		is_int(settle(name), 0, "cut short after %d: mended", steps);
		check_named(name, other, net, mnt, fmt("cut short after %d", steps));
		if (steps)
			rename_pin("b", "a");
	}
	go_half(1);
	refused(remove_pin("pin:a"), -ENOENT, ABSENT, CHECK,
		"what is left under the old name");
	ok(inode_at("/run/nsutil/mnt/a/mnt") == mnt, "is the pin's still");
	refused(add_as("a", fmt("%d", pid), 1u << NSU_NET, false), -EEXIST,
		EXISTS, STORE, "a new one in its way");
	is_int(rename_pin("b", "c"), 0, "cut short, and renamed again");
	check_named("c", "a", net, mnt, "renamed again");
	is_int(remove_pin("c"), 0, "removed");
	same_sum(&sum, "renaming");
	add_as("a", fmt("%d", pid), types, true);
	go_half(3);
	is_int(remove_pin("b"), 0, "cut short, and removed");
	same_sum(&sum, "removed half renamed");
}


static void test_partial(pid_t pid)
{
	struct sum sum = take_sum();
	struct nsi_record record = { 0 };
	int dir;

	is_int(add("p", pid), 0, "all that differ");
	umount2(fmt("%s/p/uts", store), MNT_DETACH);
	unlink(fmt("%s/p/ipc", store));
	is_int(remove_pin("p"), 0, "removed though one is unmounted");
	same_sum(&sum, "in part");
	is_int(add("p", pid), 0, "a pin");
	unlink(fmt("%s/p/record.json", store));
	is_int(remove_pin("p"), 0, "removed without a record");
	ok(report.types & 1u << NSU_UTS && report.inode[NSU_UTS],
	   "what was there is told");
	same_sum(&sum, "without a record");
	mkdir(fmt("%s/p", store), 0700);
	is_int(remove_pin("p"), 0, "an empty directory");
	mkdir("/run/nsutil/mnt/p", 0700);
	is_int(add("p", pid), -EEXIST, "a leftover in mnt");
	is_int(remove_pin("p"), 0, "which can be removed");
	same_sum(&sum, "leftovers");
	is_int(add("p", pid), 0, "a pin");
	dir = open(fmt("%s/p/strange", store), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(dir);
	is_int(remove_pin("p"), -ENOTEMPTY, "somebody's file in there");
	is_str(report.object, fmt("%s/p/strange", store), "is told");
	is_int(read_record("p", &record), 0, "the record stays with it");
	is_int(record.stage, NSI_STAGE_REMOVING, "and says how far it came");
	nsi_record_free(&record);
	refused(rename_pin("p", "q"), -EUCLEAN, NONE, RECORD,
		"half removed");
	unlink(fmt("%s/p/strange", store));
	is_int(remove_pin("p"), 0, "the rest is removed");
	symlink("/run", fmt("%s/p", store));
	ok(remove_pin("p") < 0 && is_there("/run/nsutil"), "a link is not followed");
	ok(rename_pin("p", "q") < 0, "nor renamed");
	unlink(fmt("%s/p", store));
	same_sum(&sum, "odd things");
}

int main(void)
{
	struct kid kid;
	const char *why = start_root(&kid);

	if (why)
		skip_all(why);
	test_rename(kid.pid);
	test_partial(kid.pid);
	return end_root(&kid);
}
