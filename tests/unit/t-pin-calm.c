/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ctrl-C in the midst of work on a pin, and who holds a lock that anyone may hold. */
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include "pinlife.h"

#define NET	(1u << NSU_NET)

static void do_create(void)
{
	create("one", NET | 1u << NSU_PID | 1u << NSU_UTS, true);
}

static void do_rename(void)
{
	rename_pin("one", "two");
}

static void do_remove(void)
{
	remove_pin("two");
}

/* Another process begins with it, and is interrupted as soon as the event tells that it
   has. Its own end is how it finds that out, then or later. */
static void interrupt(void (*work)(void), const char *dir, uint32_t event,
		      const char *what)
{
	nsi_autoclose int watch = inotify_init1(IN_CLOEXEC);
	struct pollfd pfd = { .fd = watch, .events = POLLIN };
	int status = 0;
	pid_t child;

	ok(inotify_add_watch(watch, dir, event) >= 0, "%s: watched", what);
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Who was started in the background by a plain shell ignores it. */
		signal(SIGINT, SIG_DFL);
		work();
		for (;;)
			pause();
	}
	ok(poll(&pfd, 1, 5000) > 0, "%s: it has begun", what);
	kill(child, SIGINT);
	waitpid(child, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT, "%s: interrupted", what);
}

/* Made to the end, and by now under one name. */
static void is_whole(const char *name, const char *what)
{
	struct nsi_record record = { 0 };

	is_int(read_record(name, &record), 0, "%s: there is a record", what);
	is_int(record.stage, NSI_STAGE_MADE, "%s: of one that is made", what);
	ok(!record.rename_to, "%s: with one name", what);
	ok(record.inode[NSU_NET] && pinned(name, "net") == record.inode[NSU_NET] &&
	   inode_at(fmt("/run/netns/%s", name)) == record.inode[NSU_NET],
	   "%s: all of it", what);
	ok(runs(record.init.pid), "%s: its init runs", what);
	nsi_record_free(&record);
}

static void test_interrupt(void)
{
	struct sum sum;

	is_int(create("before", NET, true), 0, "one before: there is a store");
	sum = take_sum();
	interrupt(do_create, store, IN_CREATE, "create");
	is_whole("one", "create");
	interrupt(do_rename, store, IN_MOVED_FROM, "rename");
	is_whole("two", "rename");
	interrupt(do_remove, fmt("%s/two", store), IN_MOVED_TO, "remove");
	same_sum(&sum, "remove");
}

/* The limit's own signal would end the process in the middle. */
static void test_limit(void)
{
	const struct rlimit limit = { 10, 10 };
	struct sum sum = take_sum();
	int status = 0;
	pid_t child = fork();

	if (!child) {
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(create("large", NET, true) != -EFBIG);
	}
	waitpid(child, &status, 0);
	is_int(status, 0, "a record that would be too large a file");
	same_sum(&sum, "too large a file");
}

static void test_lock(void)
{
	nsi_autoclose int other = open("/run/netns", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	is_int(flock(other, LOCK_EX), 0, "anyone may lock /run/netns");
	is_int(create("locked", NET, true), 0, "which is no obstacle");
	is_int(remove_pin("locked"), 0, "nor later");
}

int main(void)
{
	struct kid kid;
	const char *why = start_root(&kid);

	if (why)
		skip_all(why);
	test_interrupt();
	test_limit();
	test_lock();
	is_int(remove_pin("before"), 0, "the first one");
	return end_root(&kid);
}
