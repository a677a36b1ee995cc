// SPDX-License-Identifier: GPL-2.0-or-later
/* nspin: namespaces with a name and a life of their own. */
#include <locale.h>
#include "pin.h"
#include "word.h"

static int (*const commands[VERB_COUNT])(struct pin_app *) = {
	[VERB_LIST] = pin_list, [VERB_ADD] = pin_add, [VERB_CREATE] = pin_create,
	[VERB_REMOVE] = pin_remove, [VERB_RENAME] = pin_rename, [VERB_SHOW] = pin_show,
	[VERB_EXEC] = pin_exec, [VERB_CHECK] = pin_check, [VERB_REPAIR] = pin_repair,
	[VERB_PRUNE] = pin_prune, [VERB_APPLY] = pin_apply,
};

int main(int argc, char **argv)
{
	struct pin_app app = { 0 };
	int status;

	output_begin();
	/* Messages are English, and so are the reasons behind their colons. */
	setlocale(LC_CTYPE, "");
	status = pin_parse(&app, argc, argv);
	if (status < 0) {
		status = 1;
		if (context_open(&app.out, NULL, NULL, app.opts.verbose, &app.ctx) == 0)
			status = commands[app.opts.verb](&app);
		nsu_ctx_free(app.ctx);
	}
	pin_forget(&app);
	if (output_finish(&app.out) != 0 && status == 0)
		status = 1;
	return status;
}
