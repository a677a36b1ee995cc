/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that stay, and the leash that they are on until all is done. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "pin-dwell.h"
#include "plan.h"

/* What is said over the leash: READY and RELEASED by the dweller. */
enum { LEASH_READY = 'r', LEASH_RELEASE = 'g', LEASH_RELEASED = 'd' };
#define PATIENCE	10000	/* ms; it has to be run at all, no more */
#define END_PATIENCE	2000	/* ms for a killed one to be gone */
#define MAX_KEEP	16

/* ---- the dweller's side ---- */

/* Handlers are the caller's code; what was ignored is none of ours. */
static void reset_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &action, NULL);
}

/* keep[i] becomes 3 + i, the leash the one behind. */
static int arrange(int leash, int *keep, size_t count)
{
	int place[MAX_KEEP + 1], high = 3 + count + 1;

	if (count > MAX_KEEP)
		return -EINVAL;
	for (size_t i = 0; i <= count; i++) {
		place[i] = fcntl(i < count ? keep[i] : leash, F_DUPFD_CLOEXEC, high);
		if (place[i] < 0)
			return nsi_errno();
	}
	for (size_t i = 0; i <= count; i++) {
		if (dup3(place[i], 3 + i, O_CLOEXEC) < 0)
			return nsi_errno();
		place[i] = 3 + i;
		if (i < count)
			keep[i] = place[i];
	}
	nsi_close_except(place, count + 1);
	return 3 + count;
}

/* For what of the C library would write there. */
static void nullify(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (null < 0)
			close(fd);
		else if (null != fd)
			dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

static bool say(int leash, char word)
{
	ssize_t n;

	do
		n = send(leash, &word, 1, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

static bool hear(int leash, char *ret)
{
	ssize_t n;

	do
		n = read(leash, ret, 1);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

static void dwell(int leash, const char *title, int *keep, size_t count, bool init)
{
	char name[sizeof(NSI_KEEPER_TITLE) + 1 + NSI_PIN_NAME_MAX] = "";
	sigset_t none;
	char word;

	strncpy(name, title, sizeof(name) - 1);
	leash = arrange(leash, keep, count);
	if (leash < 0)
		_exit(1);
	nullify();
	setsid();
	if (chdir("/") < 0)
		_exit(1);
	reset_signals();
	nsi_self_shrink();
	nsi_self_name(name);
	if (!say(leash, LEASH_READY) || !hear(leash, &word) || word != LEASH_RELEASE)
		_exit(0);
	prctl(PR_SET_PDEATHSIG, 0);
	if (init) {
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		/* Its files would be of a mount that could then not be unmounted. */
		for (int fd = 0; fd <= STDERR_FILENO; fd++)
			close(fd);
	} else {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
	}
	say(leash, LEASH_RELEASED);
	close(leash);
}

void nsi_dwell(int leash, const char *title, int *keep, size_t count)
{
	dwell(leash, title, keep, count, false);
}

void nsi_dwell_as_init(int leash, const char *title)
{
	dwell(leash, title, NULL, 0, true);
}

/* ---- the maker's side ---- */

/* What it says next. -ESRCH: it has ended. */
static int listen_to(int leash, bool peek, char *ret)
{
	struct pollfd pfd = { .fd = leash, .events = POLLIN };
	ssize_t n;
	int r;

	do
		r = poll(&pfd, 1, PATIENCE);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? nsi_errno() : -ETIMEDOUT;
	do
		n = recv(leash, ret, 1, peek ? MSG_PEEK : 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -ESRCH : nsi_errno();
	return n ? 0 : -ESRCH;
}

int nsi_dweller_await(const struct nsi_dweller *dweller)
{
	char word;

	return listen_to(dweller->leash, true, &word);
}

static int release(struct nsi_dweller *dweller)
{
	char word = 0;
	int r = 0;

	if (!say(dweller->leash, LEASH_RELEASE))
		return errno == EPIPE ? -ESRCH : nsi_errno();
	while (!r && word != LEASH_RELEASED)
		r = listen_to(dweller->leash, false, &word);
	if (r < 0)
		return r;
	/* Then it lets go of the leash, its last descriptor of ours. */
	r = listen_to(dweller->leash, false, &word);
	return r == -ESRCH ? 0 : r;
}

int nsi_dweller_release(struct nsu_ctx *ctx, struct nsi_dweller *dweller,
			const char *name, bool system, struct nsu_pin_report *report)
{
	int r;

	if (dweller->leash < 0)
		return 0;
	if (nsi_leave_cgroup(ctx, dweller->proc.pid, name, system) < 0)
		nsi_pin_note(report, NSU_PIN_NOTE_CGROUP);
	if (!system && !nsi_session_lingers(ctx, nsi_session_uid(ctx)))
		nsi_pin_note(report, NSU_PIN_NOTE_SESSION);
	r = release(dweller);
	if (r < 0)
		return nsi_pin_fail(report, dweller->init ? NSU_PIN_STEP_INIT :
				    NSU_PIN_STEP_KEEPER, r, NSU_PIN_CAUSE_NONE, NULL);
	close(dweller->leash);
	dweller->leash = -1;
	return 0;
}

/* Of one that may be a child of ours, and then is to be waited for. */
static void wait_end(const struct nsi_dweller *dweller)
{
	struct pollfd pfd = { .fd = dweller->pidfd, .events = POLLIN };
	pid_t pid = dweller->proc.pid;
	siginfo_t info;

	/* By number only where it cannot be another's: see nsi_keeper_dismiss(). */
	if (dweller->pidfd >= 0) {
		poll(&pfd, 1, END_PATIENCE);
		waitid(P_PIDFD, dweller->pidfd, &info, WEXITED | WNOHANG | __WALL);
		return;
	}
	for (int i = 0; i < END_PATIENCE; i++) {
		pid_t found = waitpid(pid, NULL, __WALL | WNOHANG);

		if (found == pid || (found < 0 && kill(pid, 0) < 0))
			return;
		poll(NULL, 0, 1);
	}
}

void nsi_dweller_end(struct nsi_dweller *dweller)
{
	bool leashed = dweller->leash >= 0;

	/* Where there is no pidfd it ends by that alone. */
	if (leashed)
		close(dweller->leash);
	if (leashed && dweller->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, dweller->pidfd, SIGKILL, NULL, 0);
	if (leashed && dweller->proc.pid > 0)
		wait_end(dweller);
	if (dweller->pidfd >= 0)
		close(dweller->pidfd);
	*dweller = (struct nsi_dweller)NSI_DWELLER_INIT;
}
