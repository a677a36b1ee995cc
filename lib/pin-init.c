/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The init of a pid namespace that was made: it reaps, and ends when it is told to and
 * nobody else is left. No program of its own: a fork of the caller that has given back
 * the caller's memory, files and powers.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "enter.h"
#include "pin-dwell.h"
#include "pin-make.h"
#include "uapi.h"

#define PATIENCE	500	/* ms that who is alone needs at most to end */
#define PAUSE		10	/* ms, where there is no pidfd to wait on */

/* What is mounted below must not be seen where the mounts came from. No /proc, or one
   that hides something so that no whole one may be mounted: then there is none. */
static void mount_proc(void)
{
	if (mount(NULL, "/proc", NULL, MS_PRIVATE | MS_REC, NULL) == 0)
		mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

/* As far as that is granted: the init of someone who may little has little. */
static void drop_powers(void)
{
	nsi_leave_keyring();
	nsi_set_bounding(0);
	nsi_set_caps(0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* EPERM: those that run are others'. */
static bool is_alone(void)
{
	return kill(-1, 0) < 0 && errno == ESRCH;
}

/* As tgkill(2) does it, with a code that nobody else can give. Linux 6.9 */
static int signal_thread(int pidfd, int sig)
{
	return syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, PIDFD_SIGNAL_THREAD);
}

static bool can_signal_thread(void)
{
	nsi_autoclose int self = syscall(SYS_pidfd_open, getpid(), 0);

	return self >= 0 && signal_thread(self, 0) == 0;
}

/* From outside a signal has no sender. Inside anyone who is root could send it, too, and
   one that is queued where no more may be queued looks as if kill(2) had sent it, from
   outside: of another code than that no such one can be. */
static bool is_dismissal(const siginfo_t *info, bool by_thread)
{
	return info->si_signo == SIGTERM && info->si_pid == 0 &&
	       (info->si_code == SI_TKILL || (!by_thread && info->si_code == SI_USER));
}

/* The C library's makes one code of both. */
static int wait_signal(const sigset_t *set, siginfo_t *ret, bool forever)
{
	static const struct { long seconds, nanoseconds; } second = { .seconds = 1 };

	return syscall(SYS_rt_sigtimedwait, set, ret, forever ? NULL : &second,
		       _NSIG / 8);
}

/* Who entered is no child of this process, so its end is not told: asked for each
   second. */
__attribute__((noreturn))
static void reap(void)
{
	bool by_thread = can_signal_thread();
	bool dismissed = false;
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	for (;;) {
		int sig = wait_signal(&set, &info, !dismissed);

		while (waitpid(-1, NULL, __WALL | WNOHANG) > 0)
			;
		if (sig > 0 && is_dismissal(&info, by_thread))
			dismissed = true;
		if (dismissed && is_alone())
			_exit(0);
	}
}

void nsi_init_live(const struct nsi_order *order)
{
	unsigned both = 1u << NSU_MNT | 1u << NSU_PID;

	if ((order->opts->types & both) == both)
		mount_proc();
	drop_powers();
	nsi_dwell_as_init(order->leash, order->title);
	reap();
}

static int send_term(const struct nsi_proc *init, int pidfd)
{
	const struct rlimit any = { RLIM_INFINITY, RLIM_INFINITY };
	int r = -1;

	/* Who is root inside may have lowered it: then nothing would tell who sent it. */
	prlimit(init->pid, RLIMIT_SIGPENDING, &any, NULL);
	errno = EINVAL;
	if (pidfd >= 0)
		r = signal_thread(pidfd, SIGTERM);
	/* Linux before 6.9 */
	if (r < 0 && errno == EINVAL)
		r = pidfd < 0 ? kill(init->pid, SIGTERM) :
			syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0);
	if (r < 0)
		return errno == ESRCH ? 1 : nsi_errno();
	return 0;
}

int nsi_init_dismiss(struct nsu_ctx *ctx, const struct nsi_proc *init)
{
	nsi_autoclose int pidfd = -1;
	struct pollfd pfd = { .events = POLLIN };
	int r;

	if (!init->pid)
		return 1;
	r = nsi_proc_find(ctx, init, &pidfd);
	/* A record may be of an earlier boot, or of a stranger's making. */
	if (!r)
		r = nsi_proc_check_title(ctx, init->pid, NSI_INIT_TITLE);
	if (r < 0)
		return r == -ESRCH ? 1 : r;
	r = send_term(init, pidfd);
	if (r)
		return r;
	pfd.fd = pidfd;
	if (pidfd >= 0)
		return poll(&pfd, 1, PATIENCE) > 0;
	for (int i = 0; i < PATIENCE / PAUSE; i++) {
		if (nsi_proc_find(ctx, init, NULL) == -ESRCH)
			return 1;
		poll(NULL, 0, PAUSE);
	}
	return 0;
}
