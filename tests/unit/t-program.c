/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helper programs: what they print and return, and that nothing is seen of them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include "../tap.h"
#include "pin.h"

static struct nsu_ctx *ctx;
static char words[64];
static volatile sig_atomic_t children;

static void count_child(int sig)
{
	(void)sig;
	children++;
}

static int run(const char *path, const char *text, int milliseconds)
{
	const char *const args[] = { "sh", "-c", text, NULL };
	const char *const env[] = { "A=b", NULL };

	strcpy(words, "as before");
	return nsi_program_run(ctx, path, args, env, milliseconds, words, sizeof(words));
}

static int sh(const char *text)
{
	return run("/bin/sh", text, 20000);
}

static void test_words(void)
{
	is_int(sh("echo one; echo two >&2; exit 3"), 3, "its status");
	is_str(words, "one\ntwo", "both outputs");
	is_int(sh("exit 0"), 0, "a silent one");
	is_str(words, "", "says nothing");
	is_int(sh("echo $A$HOME; read x || echo end"), 0, "its environment and input");
	is_str(words, "b\nend", "are ours and empty");
	is_int(sh("i=0; while [ $i -lt 20000 ]; do echo 1234567890; i=$((i+1)); done"), 0,
	       "a talkative one comes to its end");
	is_int(strlen(words), sizeof(words) - 1, "its words are cut");
	is_int(sh("printf 'a\\000b'"), 0, "a NUL");
	is_str(words, "a", "ends them");
}

static void test_end(void)
{
	is_int(sh("kill -9 $$"), 128 + SIGKILL, "a signal");
	/* Of the caller's: they are not handed down. */
	signal(SIGTERM, SIG_IGN);
	is_int(sh("kill -15 $$"), 128 + SIGTERM, "one that is ignored here");
	signal(SIGTERM, SIG_DFL);
	is_int(run("/nowhere/sh", "", 20000), -ENOENT, "no such program");
	is_str(words, "as before", "has no words");
	is_int(run("/etc/passwd", "", 20000), -EACCES, "one that cannot be executed");
	is_int(run("/bin/sh", "exec sleep 1000", 100), -ETIMEDOUT, "one that hangs");
}

static void test_unseen(void)
{
	int zero = dup(STDIN_FILENO), fd;

	ok(waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD,
	   "no child is left");
	is_int(children, 0, "no SIGCHLD came");
	/* Numbers that the program's own input and output are to have. */
	close(STDIN_FILENO);
	is_int(sh("echo x"), 0, "without an input of ours");
	is_str(words, "x", "its words");
	dup2(zero, STDIN_FILENO);
	close(zero);
	fd = dup2(STDOUT_FILENO, 50);
	is_int(sh("[ -e /proc/$$/fd/50 ]"), 1, "descriptors are not handed down");
	close(fd);
}

int main(void)
{
	signal(SIGCHLD, count_child);
	alarm(60);
	is_int(nsu_ctx_new(NULL, &ctx), 0, "a context");
	test_words();
	test_end();
	test_unseen();
	nsu_ctx_free(ctx);
	return done();
}
