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

test_inside() {
	local pid host
	run "$examples/inside" self
	host=$(</proc/sys/kernel/hostname)
	is "inside: our own" "$rc" 0
	like "inside: our host name" "$out" "^$host: process [0-9]+:"
	like "inside: our namespaces" "$out " " net " " uts " " user "
	run "$examples/inside" self sh -c 'echo $#; exit 7' sh a b
	is "inside: a command" "$out" 2
	is "inside: its exit status" "$rc" 7
	run "$examples/inside" self sh -c 'kill -TERM $$'
	is "inside: a signal" "$rc" 143
	run "$examples/inside" self nsutil-no-such-command
	is "inside: no such command" "$rc" 125
	is "inside: why" "$err" "inside: run: No such file or directory"
	run "$examples/inside" 4194304
	is "inside: no such process" "$err" "inside: No such process"
	fixture pod || return 0
	pid=$(fix .pause.pid)
	run "$examples/inside" "$pid"
	is "inside: another" "$rc" 0
	like "inside: with a number there" "$out" ": process [0-9]{1,2}:"
	run "$examples/inside" "$pid" readlink /proc/self/ns/uts /proc/self/ns/net
	is "inside: a command in another" "$(tr -dc '0-9\n' <<<"$out")" \
		"$(ns_of "$pid" uts; echo; ns_of "$pid" net)"
	fixture_close
}

test_holders() {
	local own fd
	exec {fd}</proc/self/ns/net
	own="net:[$(ns_of self net)]"
	run "$examples/holders" "$own"
	is "holders: status" "$rc" 0
	ok "holders: this shell" grep -qx "process of process $$" <<<"$out"
	like "holders: its descriptor" "$out" "fd of process $$ descriptor $fd"
	run "$examples/holders" net:[1]
	is "holders: no such namespace" "$(tail -n 1 <<<"$err")" \
		"holders: net:[1]: No such file or directory"
	is "holders: status then" "$rc" 1
	run "$examples/holders"
	is "holders: wrong use" "$rc" 2
	exec {fd}<&-
}

# in_empty_run COMMAND...: where no pins are, and the host's are not touched.
in_empty_run() {
	# shellcheck disable=SC2016 # of that shell
	run unshare -m -- sh -c 'mount -t tmpfs tmpfs /run && exec "$@"' sh "$@"
}

test_pins() {
	local name=example
	in_empty_run true
	if [ "$rc" != 0 ]; then
		skip "pins" "needs root and a mount namespace"
		return 0
	fi
	in_empty_run "$examples/pins" "$name"
	is "pins: status" "$rc" 0
	is "pins: says nothing else" "$err" ""
	is "pins: in the list" "$(grep -c "^pin:$name ok -$" <<<"$out")" 1
	like "pins: what it has" "$out" $'\n''uts:\[[0-9]+\] 0 processes'
	like "pins: looked into" "$out" "host name $name"
	is "pins: both are gone" "$(grep -cE '^(net|uts):\[[0-9]+\] (is|may be) gone$' \
		<<<"$out")" 2
	# shellcheck disable=SC2016 # of that shell
	in_empty_run sh -c '"$0" "$1"; find /run/nsutil -mindepth 2; grep nsfs /proc/self/mountinfo' \
		"$examples/pins" "$name"
	unlike "pins: nothing is left" "$out" "/run/"
	in_empty_run "$examples/pins" .hidden
	is "pins: no name" "$err" "pins: create: check the arguments: Invalid argument: .hidden"
	is "pins: status then" "$rc" 1
	# shellcheck disable=SC2016
	in_empty_run sh -c 'mkdir /run/nsutil && chmod 777 /run/nsutil && exec "$0" x' \
		"$examples/pins"
	is "pins: an unsafe store" "$rc" 1
	like "pins: at which step" "$err" "^pins: create: make the directories: "
	run "$examples/pins"
	is "pins: wrong use" "$rc" 2
}

[ "$(readlink /proc/self/ns/net)" ] || skip_all "no /proc"
test_members
test_pidmap
test_inside
test_holders
test_pins
done_testing
