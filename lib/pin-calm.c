/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ctrl-C while a pin is half made is heeded once it is whole. */
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include "pin.h"

/* Those that someone sends to end or to stop what runs, and the one of a limit on the
   size of files, which is told by an errno as well. */
static const int signals[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGXFSZ,
};

sigset_t nsi_calm(void)
{
	sigset_t set, before;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	sigemptyset(&before);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	return before;
}

void nsi_calm_end(const sigset_t *before)
{
	const struct timespec none = { 0 };
	sigset_t size;

	sigemptyset(&size);
	sigaddset(&size, SIGXFSZ);
	if (!sigismember(before, SIGXFSZ))
		while (sigtimedwait(&size, NULL, &none) > 0)
			;
	pthread_sigmask(SIG_SETMASK, before, NULL);
}
