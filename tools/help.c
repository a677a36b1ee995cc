// SPDX-License-Identifier: GPL-2.0-or-later
/* nstree --help, one screen of 80 columns and 24 lines; and --version. */
#include "help.h"
#include "options.h"

void help_print(void)
{
	fputs(
"Usage: nstree [options] [TARGET...]\n"
"Show the namespaces and containers of this host, or all about each TARGET.\n"
"\n"
" nstree                   containers and sandboxes, and what each isolates\n"
" nstree docker:web        a container, process (4711) or namespace (net:INODE)\n"
" nstree --containers      which are paused, near a limit, throttled, OOM-killed\n"
" nstree --listening       who listens, in any container; --port 443: who on that\n"
" nstree --net [WORD]      where veths lead; WORD: veth42, 10.244.1.7, docker:web\n"
" nstree -t pid            the hierarchy of one type (mnt uts ipc net pid ...)\n"
" nstree -x [TARGET]       process trees, each PID at every level\n"
" nstree --orphans         namespaces without a process, and what holds them\n"
" nstree --path FILE       who has it mounted or open (\"device is busy\")\n"
" nstree --uid N [TARGET]  what uid N inside is here, and the other way round\n"
" nstree --diff A B        what differs between two targets or two documents\n"
" nstree --may PID TARGET  may that process enter it, and by which rule\n"
" nstree --json | jq .     the whole picture, for programs;  --dot: for dot(1)\n"
" -a unfold all lines  --threads threads too  -T[owner|parent|process] which tree\n"
" -l list, as lsns, with -p PID  -P no process  -o COLUMNS (-H: which)  -r raw\n"
" -n no heading  -u cut nothing  --deep ask sockets too  --strict exit 3 on gaps\n"
"In the field muinpCUT: letter own, ^ as the line it hangs from, . the host's,\n"
"& another line's, ? unread, - none.  Numbers: 0 is zero, - none, ? unknown.\n"
"TARGET: docker:NAME, pod:NAMESPACE/NAME, unit:NAME, NAME, PID, TYPE:INODE, FILE,\n"
"pin:NAME, netns:NAME, 7@TARGET ...: nsutil(7).  All options: --help-all\n"
"Exit: 0 done or yes, 1 failed, 2 wrong use, 3 gaps (--strict), 4 no, differs\n",
	stdout);
}

int version_print(struct app *app)
{
	static const char *const states[] = {
		[NSU_IF_UNTRIED] = "untried", [NSU_IF_PRESENT] = "present",
		[NSU_IF_ABSENT] = "absent", [NSU_IF_DISABLED] = "disabled",
	};
	int r;

	printf("nstree %s\n", nsu_version());
	if (!app->opts.verbose)
		return 0;
	r = nsu_ctx_probe(app->ctx);
	if (r < 0) {
		msg_errno(&app->out, r, "interfaces");
		return 1;
	}
	for (enum nsu_interface i = 0; i < NSU_INTERFACE_COUNT; i++)
		printf("interface %s %s\n", nsu_interface_get_name(i),
		       states[nsu_ctx_get_interface(app->ctx, i)]);
	return 0;
}
