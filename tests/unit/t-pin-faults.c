/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A full /run, no files or descriptors left: what fails leaves nothing. */
#include <sys/resource.h>
#include "pinlife.h"

static void test_full(pid_t pid)
{
	bool small = !mount(NULL, "/run", NULL, MS_REMOUNT, "size=256k,nr_inodes=200");
	int fd = open("/run/fill", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	static const char block[4096];
	struct sum sum;

	ok(small, "a small /run");
	is_int(add("before", pid), 0, "a pin, while there is room");
	while (write(fd, block, sizeof(block)) > 0)
		;
	sum = take_sum();
	refused(add("full", pid), -ENOSPC, FULL, RECORD,
		"a full /run");
	same_sum(&sum, "a full /run");
	refused(rename_pin("before", "after"), -ENOSPC, FULL,
		RECORD, "renaming there");
	ok(pinned("before", "net"), "it keeps its name");
	is_int(remove_pin("before"), 0, "removing needs no room");
	close(fd);
	unlink("/run/fill");
}

/* So many files can still be made. */
static void leave_inodes(int count)
{
	int made = 0;

	while (mknod(fmt("/run/fill-%d", made), S_IFREG | 0600, 0) == 0)
		made++;
	while (count-- > 0 && made > 0)
		unlink(fmt("/run/fill-%d", --made));
}

static void free_inodes(void)
{
	for (int i = 0; unlink(fmt("/run/fill-%d", i)) == 0 || i < 300; i++)
		;
}

static void test_inodes(pid_t pid)
{
	struct sum sum = take_sum();
	int room = 0, r = -1, wrong = 0;

	for (; r < 0 && room < 30; room++) {
		struct sum now;

		leave_inodes(room);
		r = add_as("i", fmt("%d", pid), 0, true);
		free_inodes();
		if (!r)
			continue;
		now = take_sum();
		wrong += memcmp(&sum, &now, sizeof(now)) || r != -ENOSPC ||
			report.cause != NSU_PIN_CAUSE_FULL;
	}
	is_int(wrong, 0, "each file that could not be made: nothing is left");
	ok(!r && room > 6, "until there was room for all: %d", room - 1);
	is_int(remove_pin("i"), 0, "removed");
	same_sum(&sum, "no room for files");
}

static void test_descriptors(pid_t pid)
{
	struct rlimit was, limit;
	struct sum sum = take_sum();
	int r = -1, wrong = 0, tries = 0;

	getrlimit(RLIMIT_NOFILE, &was);
	for (limit = was, limit.rlim_cur = 3; r < 0 && tries < 100; tries++) {
		struct sum now;

		limit.rlim_cur++;
		setrlimit(RLIMIT_NOFILE, &limit);
		r = add_as("d", fmt("%d", pid), 0, true);
		setrlimit(RLIMIT_NOFILE, &was);
		if (!r)
			break;
		now = take_sum();
		if (memcmp(&sum, &now, sizeof(now))) {
			diag("%ju: step %d: %d: pins %d mnt %d",
			     (uintmax_t)limit.rlim_cur, report.step, r, now.pins,
			     now.mnt);
			wrong++;
			remove_pin("d");
		}
	}
	is_int(wrong, 0, "each descriptor that there was none for: nothing is left");
	is_int(r, 0, "enough at last: %d", tries);
	for (r = -1, limit.rlim_cur = 3; r < 0 && tries < 200; tries++) {
		limit.rlim_cur++;
		setrlimit(RLIMIT_NOFILE, &limit);
		r = remove_pin("d");
		setrlimit(RLIMIT_NOFILE, &was);
	}
	is_int(r, 0, "removing goes on where it stopped");
	same_sum(&sum, "no descriptors");
}

/* A full file system stops it before and after the init lives on its own. */
static void test_create_full(void)
{
	struct sum sum = take_sum();
	int r = -1, wrong = 0, room = 0;

	for (; r < 0 && room < 30; room++) {
		struct sum now;

		leave_inodes(room);
		r = create("i", 1u << NSU_PID | 1u << NSU_UTS, false);
		free_inodes();
		now = take_sum();
		wrong += r < 0 && memcmp(&sum, &now, sizeof(now));
	}
	is_int(wrong, 0, "created where there is no room: nothing is left");
	is_int(r, 0, "until there was");
	is_int(remove_pin("i"), 0, "removed");
	is_int(waitpid(-1, NULL, WNOHANG), 0, "no child is left to be waited for");
}

int main(void)
{
	struct kid kid;
	const char *why = start_root(&kid);

	if (why)
		skip_all(why);
	test_descriptors(kid.pid);
	test_full(kid.pid);
	test_inodes(kid.pid);
	test_create_full();
	return end_root(&kid);
}
