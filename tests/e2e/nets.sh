# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Network namespaces for a script that has read lib.sh. What lives in them reads from
# $hold, and ends with the script.

# need_nets PROGRAM...: skips all where namespaces, or these, cannot be had.
need_nets() {
	local program
	for program in ip jq nsenter python3 unshare "$@"; do
		command -v "$program" >/dev/null || skip_all "no $program"
	done
	[ "$(id -u)" = 0 ] || skip_all 'needs root'
	unshare -n true 2>/dev/null || skip_all 'no network namespace can be made here'
}

# alone "$@": the script goes on where nothing else is, in pid, mount and network
# namespaces of its own.
alone() {
	[ "${NSU_ALONE:-}" != yes ] || return 0
	# shellcheck disable=SC2154 # of lib.sh
	rm -rf -- "$tmp"
	export NSU_ALONE=yes
	exec unshare -p -f -m -n --mount-proc bash "$0" "$@"
}

hold_open() {
	hold=$tmp/hold
	mkfifo "$hold"
	exec 9<>"$hold"
}

# namespace NAME: its process in $NAME, its inode in ${NAME}_ns.
namespace() {
	local pid said=$tmp/$1
	mkfifo "$said"
	# shellcheck disable=SC2016
	unshare -n sh -c 'echo $$ >"$1"; exec cat' - "$said" <"$hold" 9>&- >/dev/null &
	read -r pid <"$said"
	printf -v "$1" %s "$pid"
	printf -v "${1}_ns" %s "$(readlink "/proc/$pid/ns/net" | tr -dc 0-9)"
}

within() {
	nsenter -n -t "$@" 9>&-
}

# serve NAME PID PROGRAM [ARG...]: runs Python in the network namespace of PID, its pid in
# $NAME once it has printed a line. PID 0: here. It ends with the script.
serve() {
	local name=$1 pid=$2 said=$tmp/$1.said program=$tmp/$1.py line
	printf '%s' "$3" >"$program"
	shift 3
	mkfifo "$said"
	(
		exec 9>&-
		[ "$pid" = 0 ] || exec nsenter -n -t "$pid" "${PYTHON:-python3}" "$program" "$@"
		exec "${PYTHON:-python3}" "$program" "$@"
	) <"$hold" >"$said" &
	read -r line <"$said" || fail "$name: it serves"
	printf -v "$name" %s "${line:-0}"
}

# For serve: opens sockets "tcp 0.0.0.0 80", "udp :: 53", "unix @x", ... that wait, in order.
# shellcheck disable=SC2034
PY_LISTEN='
import os, socket, sys
kept = []
for word in sys.argv[1].split(","):
    kind, *where = word.split()
    if kind == "unix":
        s = socket.socket(socket.AF_UNIX)
        s.bind("\0" + where[0][1:])
    else:
        s = socket.socket(socket.AF_INET6 if ":" in where[0] else socket.AF_INET,
                          socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM,
                          132 if kind == "sctp" else 0)
        s.bind((where[0], int(where[1])))
    if kind not in ("udp", "bound"):
        s.listen()
    kept.append(s)
print(os.getpid(), flush=True)
os.close(1)
sys.stdin.read()
'

# ss_of PID: what ss says that listens there, as nstree writes it.
ss_of() {
	within "$1" ss -Hlntu | awk '{ print $1, $5 }' | sed 's/%[a-z0-9]*:/:/' | sort
}
