// SPDX-License-Identifier: GPL-2.0-or-later
/* nsattach: a command inside a container or in some of its namespaces. */
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
	       opts->ns[NSU_MNT] != NULL || opts->root_dir != NULL;
}

static int run(struct attach *app, char **argv)
{
	int status;

	/* Who is in the target already must not look into this process. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (needs_copy(&app->opts)) {
		int r = self_seal(argv);

		if (r < 0) {
			msg_errno(&app->out, r, "protect this program from the target by a "
				  "sealed copy or a read-only mount");
			msg(&app->out, "--trusted does without, where nobody hostile is "
			    "inside");
			return EXIT_OWN;
		}
	}
	if (app->opts.each)
		return attach_each(app);
	status = attach_plan(app);
	if (status == 0)
		status = app->opts.explain ? attach_explain(app) : attach_run(app);
	attach_close(app);
	return status;
}

int main(int argc, char **argv)
{
	struct attach app = { .dir = -1 };
	int status;

	output_begin();
	/* Messages are English, and so are the reasons behind their colons. */
	setlocale(LC_CTYPE, "");
	status = attach_parse(&app, argc, argv);
	if (status < 0)
		status = run(&app, argv);
	free(app.opts.setenv);
	if (output_finish(&app.out) != 0 && status == 0)
		status = EXIT_OWN;
	return status;
}
