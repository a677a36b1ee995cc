/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Helper programs: run by a courier, so that whoever uses the library sees no child. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "courier.h"
#include "pin.h"

struct outcome {
	int status;		/* of the exit, or a negative errno */
	char words[512];	/* not ended by a NUL */
};

struct program {
	const char *path;
	const char *const *args, *const *env;
};

__attribute__((noreturn))
static void execute(const struct program *program, pid_t parent, int say, int null,
		    int output)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	int error;
	sigset_t none;

	for (int i = 1; i < SIGRTMIN; i++)
		sigaction(i, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
	    dup2(null, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
	    dup2(output, STDERR_FILENO) >= 0)
		execve(program->path, (char **)program->args, (char **)program->env);
	error = nsi_errno();
	nsi_courier_send(say, &error, sizeof(error), NULL, 0);
	_exit(127);
}

/* What it says beyond that is read as well: it must not wait for a reader. */
static size_t read_words(int fd, char *words, size_t size)
{
	char rest[512];
	size_t len = 0;
	ssize_t n;

	do {
		bool full = len == size;

		n = read(fd, full ? rest : words + len, full ? sizeof(rest) : size - len);
		if (n > 0 && !full)
			len += n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return len;
}

/* Sends the outcome, if it comes so far: a number alone says that it does not. */
static int run(int say, int null, const struct program *program)
{
	struct outcome outcome;
	pid_t self = getpid(), pid;
	size_t len;
	int output[2], status;

	if (pipe2(output, O_CLOEXEC) < 0)
		return nsi_errno();
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!pid)
		execute(program, self, say, null, output[1]);
	if (pid < 0)
		return nsi_errno();
	close(output[1]);
	len = read_words(output[0], outcome.words, sizeof(outcome.words));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return nsi_errno();
	outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return nsi_courier_send(say, &outcome, offsetof(struct outcome, words) + len,
				NULL, 0);
}

static void be_runner(int fd, void *data)
{
	int keep[1], error, null;

	/* Numbers that no dup2() takes away. */
	keep[0] = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	nsi_courier_keep(keep, 1);
	do
		null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
	while (null >= 0 && null <= STDERR_FILENO);
	error = null < 0 ? nsi_errno() : run(keep[0], null, data);
	if (error < 0)
		nsi_courier_send(keep[0], &error, sizeof(error), NULL, 0);
}

static void give_words(const struct outcome *outcome, size_t length, char *words,
		       size_t size)
{
	size_t len = length - offsetof(struct outcome, words);

	while (len && outcome->words[len - 1] == '\n')
		len--;
	if (len >= size)
		len = size - 1;
	memcpy(words, outcome->words, len);
	words[len] = '\0';
}

int nsi_program_run(struct nsu_ctx *ctx, const char *path, const char *const *args,
		    const char *const *env, int milliseconds, char *words, size_t size)
{
	struct program program = { .path = path, .args = args, .env = env };
	struct nsi_courier courier;
	struct nsi_parcel parcel;
	struct outcome outcome;
	int r;

	r = nsi_courier_start(ctx, &courier, be_runner, &program);
	if (r < 0)
		return r;
	r = nsi_courier_receive(&courier, &outcome, sizeof(outcome), &parcel,
				milliseconds);
	nsi_courier_end(&courier);
	if (r < 0)
		return r;
	if (!r || parcel.length < sizeof(outcome.status))
		return -EIO;
	nsi_parcel_close(&parcel);
	if (outcome.status >= 0 && size)
		give_words(&outcome, parcel.length, words, size);
	return outcome.status;
}
