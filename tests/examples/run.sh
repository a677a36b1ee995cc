#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual's programs: what they print against the links of /proc.

. "$(dirname "$0")/../e2e/lib.sh"

examples=${EXAMPLES_DIR:-${abs_top_builddir:-$PWD}/tests/examples}

# ns_of PID TYPE: the inode.
ns_of() {
	readlink "/proc/$1/ns/$2" | tr -dc 0-9
}

test_members() {
	local own pid line
	own=$(ns_of self net)
	run "$examples/members"
	is "members: status" "$rc" 0
	line=$(grep -F "net:[$own] " <<<"$out")
	like "members: our own namespace has this shell" "$line " " $$ "
	is "members: each namespace once" "$(cut -d' ' -f1 <<<"$out" | sort | uniq -d)" ""
	like "members: counted" "$line" "^net:\[$own\] [1-9][0-9]* processes: [0-9]"
	fixture pod || return 0
	pid=$(fix .pause.pid)
	own=$(ns_of "$pid" net)
	run "$examples/members"
	line=$(grep -F "net:[$own] " <<<"$out")
	like "members: another namespace has its process" "$line " " $pid "
	unlike "members: and not this shell" "$line " " $$ "
	fixture_close
}

test_pidmap() {
	local own pid inode inside
	own=$(ns_of self pid)
	run "$examples/pidmap" "$$"
	is "pidmap: status" "$rc" 0
	is "pidmap: our own number" "$(head -n 1 <<<"$out")" "pid:[$own] $$"
	run "$examples/pidmap" "$own" "$$"
	is "pidmap: and back" "$out" "$$"
	run "$examples/pidmap" 4194304
	is "pidmap: no such process" "$rc" 1
	run "$examples/pidmap"
	is "pidmap: wrong use" "$rc" 2
	fixture nested5 || return 0
	pid=$(fix '.tasks[-1].pid')
	inode=$(ns_of "$pid" pid)
	inside=$(awk '$1 == "NSpid:" { print $NF }' "/proc/$pid/status")
	run "$examples/pidmap" "$pid"
	is "pidmap: as many levels as NSpid has" "$(wc -l <<<"$out")" \
		"$(awk '$1 == "NSpid:" { print NF - 1 }' "/proc/$pid/status")"
	is "pidmap: innermost first" "$(head -n 1 <<<"$out")" "pid:[$inode] $inside"
	is "pidmap: then ours" "$(tail -n 1 <<<"$out")" "pid:[$own] $pid"
	run "$examples/pidmap" "$inode" "$inside"
	is "pidmap: from inside" "$out" "$pid"
	fixture_close
}

[ "$(readlink /proc/self/ns/net)" ] || skip_all "no /proc"
test_members
test_pidmap
done_testing
