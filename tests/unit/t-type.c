/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of types. */
#include <sched.h>
#include "nsi.h"
#include "../tap.h"

static void test_table(void)
{
	static const char *const names[] = {
		"mnt", "uts", "ipc", "net", "pid", "cgroup", "user", "time",
	};
	char letters[NSU_TYPE_COUNT + 1] = "";
	int flags = 0;

	for (unsigned i = 0; i < NSU_TYPE_COUNT; i++) {
		const struct nsu_type_info *info = nsu_type_get_info(i);

		is_str(info->name, names[i], "%s: name", names[i]);
		is_str(nsu_type_get_name(i), names[i], "%s: the short way", names[i]);
		ok(info->nested == (i == NSU_PID || i == NSU_USER), "%s: nested",
		   names[i]);
		ok(!info->for_children == (i != NSU_PID && i != NSU_TIME),
		   "%s: second link", names[i]);
		ok(info->clone_flag && !(flags & info->clone_flag),
		   "%s: a flag of its own", names[i]);
		flags |= info->clone_flag;
		letters[i] = info->letter;
	}
	is_str(letters, "muinpCUT", "nsenter's letters, in their order");
	is_int(nsu_type_get_info(NSU_USER)->clone_flag, CLONE_NEWUSER, "user: flag");
	is_int(nsu_type_get_info(NSU_MNT)->clone_flag, CLONE_NEWNS, "mnt: flag");
	is_int(nsu_type_get_info(NSU_PID)->initial, 0xeffffffcu, "pid: the first inode");
	is_int(nsu_type_get_info(NSU_NET)->initial, 0, "net: the first inode varies");
	ok(!nsu_type_get_info(NSU_TYPE_COUNT) && !nsu_type_get_info(-1),
	   "no info of what is no type");
	ok(!nsu_type_get_name(NSU_TYPE_COUNT), "no name of what is no type");
}

static void test_find(void)
{
	static const char *const bad[] = {
		"", "n", "ne", "nett", "NET", " net", "net ", "net:", "pid_for_children",
	};
	enum nsu_type type = NSU_TIME;

	for (unsigned i = 0; i < NSU_TYPE_COUNT; i++) {
		const struct nsu_type_info *info = nsu_type_get_info(i);

		ok(!nsu_type_find(info->name, &type) && type == i, "find %s", info->name);
		ok(!nsu_type_find(info->title, &type) && type == i, "find %s",
		   info->title);
	}
	type = NSU_UTS;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		is_int(nsu_type_find(bad[i], &type), -ENOENT, "find \"%s\"", bad[i]);
	is_int(type, NSU_UTS, "the result is untouched on failure");
	is_int(nsu_type_find(NULL, &type), -EINVAL, "find without a word");
	is_int(nsu_type_find("net", NULL), -EINVAL, "find without a result");
}

int main(void)
{
	test_table();
	test_find();
	return done();
}
