// SPDX-License-Identifier: GPL-2.0-or-later
/* nsattach: a command inside a container or in some of its namespaces. */
#include <getopt.h>
#include <locale.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include "attach.h"
#include "attach-self.h"

/* May the command run with the target's files, among which it could find this program's
   own file again? */
static bool needs_copy(const struct attach_opts *opts)
{
	if (opts->trusted || opts->explain)
		return false;
	return opts->types == 0 || opts->types & 1U << NSU_MNT ||
	       opts->ns[NSU_MNT] != NULL || opts->root == NSU_YES;
}

/* 0, or the exit status when it has told what is wrong. */
static int protect(struct attach *app, char **argv)
{
	int r;

	/* Who is in the target already must not look into this process. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (!needs_copy(&app->opts))
		return 0;
	r = self_seal(argv);
	if (r == 0)
		return 0;
	msg_errno(&app->out, r, "protect this program from the target by a sealed copy "
		  "or a read-only mount");
	msg(&app->out, "--trusted does without, where nobody hostile is inside");
	return EXIT_OWN;
}

static int run(struct attach *app)
{
	int status;

	status = app->opts.each ? attach_each(app) : attach_plan(app);
	if (status == 0 && !app->opts.each)
		status = app->opts.explain ? attach_explain(app) : attach_run(app);
	attach_close(app);
	return status;
}

/*
 * Most often this image is left for a protected one at once, and needs no locale until
 * then: to load it takes longer than all of the rest. Only a wrong command line is read
 * once more, to be told in it. Messages are English, and so are the reasons behind
 * their colons.
 */
static int parse(struct attach *app, int argc, char **argv)
{
	int status;

	app->out.quiet = true;
	status = attach_parse(app, argc, argv);
	app->out.quiet = false;
	if (status < 0) {
		status = protect(app, argv);
	} else if (status == EXIT_OWN) {
		setlocale(LC_CTYPE, "");
		free(app->opts.setenv);
		*app = (struct attach){ .dir = -1 };
		optind = 0;
		return attach_parse(app, argc, argv);
	} else {
		return status;
	}
	setlocale(LC_CTYPE, "");
	output_init(&app->out, app->out.program, app->opts.color);
	return status != 0 ? status : -1;
}

int main(int argc, char **argv)
{
	struct attach app = { .dir = -1 };
	int status;

	output_begin();
	status = parse(&app, argc, argv);
	if (status < 0)
		status = run(&app);
	free(app.opts.setenv);
	if (output_finish(&app.out) != 0 && status == 0)
		status = EXIT_OWN;
	return status;
}
