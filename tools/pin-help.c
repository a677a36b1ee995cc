// SPDX-License-Identifier: GPL-2.0-or-later
/* nspin --help, one screen of 80 columns and 24 lines. */
#include <stdio.h>
#include "pin.h"

void pin_help(void)
{
	fputs(
"Usage: nspin [options] [COMMAND [NAME...]]\n"
"Give namespaces a name, and keep them when their processes are gone.\n"
"\n"
" nspin                           the pins that there are, anyone's (list, ls)\n"
" nspin create blue -n --up       a new network namespace, its loopback up\n"
" nspin create lab -a -- bash     new ones of all types, and a shell in them\n"
" nspin add web docker:web        keep what that container is in\n"
" nspin exec blue ss -ltn         a command in it, as nsattach pin:blue\n"
" nspin show blue                 all about it, as nstree pin:blue\n"
" nspin remove blue               unpin (rm, del); says what keeps it alive\n"
" nspin rename blue green         another name (mv)\n"
" nspin check                     what is wrong with any of them, and the cure\n"
" nspin repair, nspin prune       mend; remove the stale and dead (--dry-run)\n"
" nspin apply FILE                make what the file declares and is not yet\n"
"\n"
" -m mnt  -u uts  -i ipc  -n net  -p pid  -C cgroup  -U user  -T time  -a all\n"
"    (add: without any all that differ from yours)\n"
" --netns  for ip-netns(8), too   --hostname H  --boottime OFFSET  --up\n"
" -r --map-root  --map-auto  --map-users 0:100000:65536  who is who inside\n"
" -f --force  remove those of others, too   -q names only, no remarks   --json\n"
"\n"
"Every tool takes pin:NAME.  All options: --help-all\n"
"Exit: 0 done, 1 failed, 2 wrong use, 4 check: not ok; exec: the command's own\n",
	stdout);
}
