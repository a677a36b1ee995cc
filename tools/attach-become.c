// SPDX-License-Identifier: GPL-2.0-or-later
/* -F: this process enters and becomes the command; nothing is left to relay or to
   wait. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "attach.h"

int attach_become(struct attach *app)
{
	const struct nsu_outlook *outlook = nsu_plan_get_outlook(app->plan);
	struct nsu_failure why = NSU_FAILURE_INIT;
	char *shell[2] = { (char *)outlook->shell, NULL };
	char **argv = app->opts.command[0] != NULL ? app->opts.command : shell;
	int r = nsu_plan_enter(app->plan, &why);

	if (r < 0) {
		say_failure(app, &why);
		return EXIT_OWN;
	}
	r = nsu_plan_exec(app->plan, argv, NULL);
	why.step = NSU_STEP_EXEC;
	why.error = r;
	say_failure(app, &why);
	return r == -ENOENT || r == -ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}
