/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keepers: they hold, are found and opened, outlive their maker or do not, and end. */
#include <poll.h>
#include <sys/mman.h>
#include "place.h"
#include "keeper.h"

/* ---- the checks ---- */

static void check_words(pid_t pid)
{
	char path[64], text[256], want[128];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	n = nsi_read_at(AT_FDCWD, path, text, sizeof(text));
	is_str(n > 0 ? text : NULL, "nspin-keeper\n", "its name for ps(1)");
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	n = nsi_read_at(AT_FDCWD, path, text, sizeof(text));
	for (ssize_t i = 0; i + 1 < n; i++)
		text[i] = text[i] ? text[i] : ' ';
	snprintf(want, sizeof(want), "nspin-keeper %s", name);
	is_str(n > 0 ? text : NULL, want, "its command line says whose it is");
}

static void test_record(struct held *held)
{
	char *many[100], word[200], other[80];
	struct found found = find(name);
	const char *green = "green";

	is_int(found.count, 1, "is found by the name that it was started with");
	is_int(found.record.keeper.pid, held->dweller.proc.pid, "with its process");
	is_int(opens(&found.record, NSU_UTS), 1, "what was found opens the namespace");
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	for (int i = 0; i < 99; i++)
		many[i] = word;
	many[99] = NULL;
	held->record.args = many;
	is_int(nsi_keeper_update(&home, name, &held->record), 0, "a much longer record");
	is_int(find(name).count, 1, "can be read");
	held->record.args = NULL;
	snprintf(other, sizeof(other), "%s-%s", green, name);
	is_int(nsi_keeper_update(&home, other, &held->record), 0,
	       "a shorter one, renamed");
	is_int(find(name).count, 0, "nothing has the old name");
	found = find(other);
	is_int(found.count, 1, "it has the new one");
	is_int(found.record.types, held->record.types, "its types");
	is_int(found.record.inode[NSU_UTS], held->record.inode[NSU_UTS], "its namespace");
	is_int(nsi_keeper_update(&home, name, &held->record), 0, "and back");
}

static void test_life(void)
{
	int before = count_fds();
	struct nsi_record odd;
	struct held held;

	if (!is_int(start(&held), 0, "a keeper starts"))
		return;
	check_words(held.dweller.proc.pid);
	is_int(opens(&held.record, NSU_UTS), 1, "it alone holds a namespace");
	is_int(opens(&held.record, NSU_NET), 1, "and a second one");
	is_int(opens(&held.record, NSU_IPC), -ESTALE, "and no third");
	odd = held.record;
	odd.inode[NSU_UTS]++;
	is_int(opens(&odd, NSU_UTS), -ESTALE, "another one than it holds");
	odd = held.record;
	odd.fd[NSU_UTS] = 3;
	is_int(opens(&odd, NSU_UTS), -ESTALE, "its record is no namespace");
	test_record(&held);
	nsi_dweller_end(&held.dweller);
	is_int(opens(&held.record, NSU_UTS), -ESRCH, "ended before it was released");
	is_int(nsi_keeper_update(&home, name, &held.record), -ESRCH, "no record either");
	is_int(find(name).count, 0, "and is not found");
	ok(!has_children(), "no process is left");
	is_int(count_fds(), before, "no descriptor is left");
}

static void test_refused(void)
{
	struct nsu_pin_report report = NSI_REPORT_INIT;
	struct nsi_dweller dweller = NSI_DWELLER_INIT;
	struct nsi_record record = { .types = 1u << NSU_UTS };
	int before = count_fds(), fd[NSU_TYPE_COUNT];

	memset(fd, 0xff, sizeof(fd));
	ok(nsi_keeper_start(&home, name, &record, fd, &dweller, &report) < 0,
	   "one that cannot hold what it should");
	is_int(report.step, NSU_PIN_STEP_KEEPER, "the step");
	is_int(dweller.pidfd, -1, "gives nothing");
	ok(!has_children(), "no process is left");
	is_int(count_fds(), before, "no descriptor is left");
}

/* ---- keepers whose maker ends ---- */

static struct held *lent;		/* shared with the makers */
static bool letting_go;

static int make_one(void)
{
	struct nsu_pin_report report = NSI_REPORT_INIT;
	int r;

	/* Of a caller that ignores it, and must not hand that down. */
	signal(SIGTERM, SIG_IGN);
	r = start(lent);
	if (!r && letting_go)
		r = nsi_dweller_release(ctx, &lent->dweller, name, false, &report);
	return r;
}

/* By a process that is killed as soon as it has made one. Returns a pidfd of it. */
static int made_by_another(bool let_go)
{
	struct kid kid;
	int fd = -1;

	letting_go = let_go;
	lent->record.keeper.pid = INT32_MAX;
	if (!is_int(kid_start(&kid, 0, make_one), 0, "a maker"))
		return -1;
	is_int(kid.said, 0, let_go ? "makes one and releases it" : "makes one");
	/* Number 0 would be that of all of us. */
	if (!is_int(nsi_proc_find(ctx, &lent->record.keeper, &fd), 0, "it runs"))
		lent->record.keeper.pid = INT32_MAX;
	kid_end(&kid);
	return fd;
}

static void test_leash(void)
{
	struct pollfd pfd = { .fd = made_by_another(false), .events = POLLIN };

	if (pfd.fd < 0) {
		skip("its end", "no pidfd");
		return;
	}
	is_int(poll(&pfd, 1, 10000), 1, "not released: it ends with its maker");
	close(pfd.fd);
	waitpid(lent->record.keeper.pid, NULL, 0);
	is_int(opens(&lent->record, NSU_UTS), -ESRCH, "and holds nothing");
}

/* As a service manager ends it. */
static void test_sigterm(void)
{
	struct pollfd pfd = { .fd = made_by_another(true), .events = POLLIN };

	if (pfd.fd < 0)
		return;
	kill(lent->record.keeper.pid, SIGTERM);
	is_int(poll(&pfd, 1, 10000), 1, "SIGTERM ends it");
	close(pfd.fd);
	waitpid(lent->record.keeper.pid, NULL, 0);
	nsi_leave_cgroup_clean(ctx, name, false);
}

static void test_release(bool stopped)
{
	int before = count_fds(), fd = made_by_another(true);
	const struct nsi_proc *keeper = &lent->record.keeper;

	if (stopped)
		kill(keeper->pid, SIGSTOP);
	is_int(nsi_proc_find(ctx, keeper, NULL), 0, "released: it outlives its maker");
	is_int(opens(&lent->record, NSU_UTS), 1, "and holds what it held");
	is_int(nsi_keeper_update(&home, name, &lent->record), 0, "a record is written");
	is_int(find(name).count, 1, "and found");
	is_int(getsid(keeper->pid) == getsid(0), 0, "it has left the session");
	is_int(nsi_keeper_dismiss(ctx, keeper), 0, "%s is sent away",
	       stopped ? "one that was stopped" : "one");
	is_int(nsi_keeper_dismiss(ctx, keeper), -ESRCH, "which can be done once");
	is_int(opens(&lent->record, NSU_UTS), -ESRCH, "it holds nothing");
	if (fd >= 0)
		close(fd);
	nsi_leave_cgroup_clean(ctx, name, false);
	ok(!has_children(), "no process is left");
	is_int(count_fds(), before, "no descriptor is left");
}

static int make_as_nobody(void)
{
	return become_nobody() ? start(lent) : -EPERM;
}

static void test_anothers(void)
{
	struct kid kid;

	if (geteuid())
		return;
	if (!is_int(kid_start(&kid, 0, make_as_nobody), 0, "another user"))
		return;
	is_int(kid.said, 0, "has a keeper");
	is_int(opens(&lent->record, NSU_UTS), 1, "which root can open");
	is_int(find(name).count, 0, "and does not take for its own");
	kid_end(&kid);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

/* Another process has the number now. */
static void test_other(void)
{
	struct nsi_record record = { .types = 1u << NSU_UTS };
	struct nsi_proc real;
	struct kid kid;

	if (!is_int(kid_start(&kid, 0, NULL), 0, "a process that is no keeper"))
		return;
	is_int(nsi_proc_describe(ctx, kid.pid, &real), 0, "is described");
	record.keeper = real;
	record.keeper.start += 1000;
	record.fd[NSU_UTS] = 4;
	record.inode[NSU_UTS] = link_inode(kid.pid, "uts");
	is_int(opens(&record, NSU_UTS), -ESRCH, "its number of a later one: open");
	is_int(nsi_keeper_update(&home, name, &record), -ESRCH, "update");
	is_int(nsi_keeper_dismiss(ctx, &record.keeper), -ESRCH, "dismiss");
	is_int(nsi_keeper_dismiss(ctx, &real), -ESRCH, "itself, which is no keeper");
	is_int(nsi_proc_find(ctx, &real, NULL), 0, "and it is still there");
	record.keeper = (struct nsi_proc){ 0 };
	is_int(nsi_keeper_dismiss(ctx, &record.keeper), -ESRCH, "no process at all");
	kid_end(&kid);
}

static void run(const char *who)
{
	begin(who);
	test_life();
	test_refused();
	test_leash();
	test_release(false);
	test_release(true);
	test_sigterm();
	test_anothers();
	test_other();
	nsu_ctx_free(ctx);
}

int main(void)
{
	place_need_host();
	/* Of a hostile file a read may never end. */
	alarm(60);
	lent = mmap(NULL, sizeof(*lent), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (lent == MAP_FAILED)
		return 99;
	run(geteuid() ? "an ordinary user" : "root");
	if (!geteuid())
		run_as_nobody(run);
	return done();
}
