// SPDX-License-Identifier: GPL-2.0-or-later
/* nsattach --help, one screen of 80 columns and 24 lines. */
#include <stdio.h>
#include "attach.h"

void attach_help(void)
{
	fputs(
"Usage: nsattach [options] [TARGET] [COMMAND [ARG...]]\n"
"Run a command, or a shell, inside a container or in some of its namespaces.\n"
"\n"
" nsattach docker:web                a shell in it, confined as it is\n"
" nsattach docker:web -n ss -ltn     the host's ss in its network namespace\n"
" nsattach -H docker:web strace -p 1 the host's tools on it; it needs no shell\n"
" nsattach -t 4711 -m -p ps ax       as with nsenter\n"
" nsattach --explain docker:web      may I, as whom, with what; enters nothing\n"
" nsattach --each docker: -- uptime  in every Docker container\n"
"\n"
" -m mnt  -u uts  -i ipc  -n net  -p pid  -C cgroup  -U user  -T time  -a all\n"
"    (none: all that differ from yours); also --net=FILE, --net=:ID ...\n"
" -t TARGET       the target; without it the first operand is the target\n"
" -H --host-tools this host's files and PATH, its root at /run/nsutil/target\n"
" -S USER  -G GROUP  run as; \"follow\": as the target   -W DIR  start in it\n"
" --privileged  keep my powers   --confine=-ITEM   -c join its cgroup   -Z label\n"
" --env=clean|target|host  --setenv NAME=VALUE  --tty  --no-tty  --status-fd FD\n"
"\n"
"TARGET: docker:NAME, pod:NAMESPACE/NAME, unit:NAME, NAME, PID, TYPE:INODE, FILE,\n"
"pin:NAME, netns:NAME, 7@TARGET ...: nsutil(7).  All options: --help-all\n"
"Exit: the command's own; 125 nsattach failed, 126 cannot execute, 127 not found,\n"
"128+n signal n; with --explain 0 yes, 4 no\n", stdout);
}
