// SPDX-License-Identifier: GPL-2.0-or-later
/* nstree: the namespaces of a Linux host. */
#include <locale.h>
#include "options.h"

int main(int argc, char **argv)
{
	struct app app = { 0 };
	view_fn view;
	int status;

	output_begin();
	/* Messages are English, and so are the reasons behind their colons. */
	setlocale(LC_CTYPE, "");
	view = options_parse(&app, argc, argv, &status);
	if (view != NULL) {
		status = 1;
		if (options_open(&app) == 0)
			status = view(&app);
		nsu_ctx_free(app.ctx);
	}
	if (output_finish(&app.out) != 0)
		return 1;
	return status;
}
