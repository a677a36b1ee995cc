# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nstree -l: lsns' list, and what lsns gives is given.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"

columns() {
	awk '{ $1 = $1 } 1' | sort
}

# Both lists of one quiet moment: lsns before and after says the same. An ordinary user
# has others beside, who come and go, so it is tried until it is quiet.
compare_with_lsns() {
	local try before ours after what
	for what in NS,TYPE,NPROCS NS,TYPE,PID,UID,USER; do
		for ((try = 0; try < 50; try++)); do
			before=$(lsns -r -n -o "$what" | columns)
			ours=$("$NSTREE" -l -r -n -o "$what" 2>/dev/null | columns)
			after=$(lsns -r -n -o "$what" | columns)
			[ -n "$before" ] && [ "$before" = "$after" ] && [ "$(comm -23 - <(echo "$ours") \
				<<<"$before")" = '' ] && break
		done
		# One process called a\nb empties the listing of lsns 2.38.
		if [ -z "$before" ]; then
			skip "$1: all that lsns gives ($what)" 'lsns lists nothing here'
			continue
		fi
		is "$1: all that lsns gives ($what)" \
			"$(comm -23 - <(echo "$ours") <<<"$before")" ''
	done
}

# relations COMMAND...: type, namespace, parent and owner, a line each. lsns says 0 for none
# and for unknown, we say which; and it draws a tree before the first column.
relations() {
	"$@" -r -n -o TYPE,NS,PNS,ONS 2>/dev/null |
		sed -E 's/ [-?]/ 0/g; s/^([a-z]+) .*([0-9]{10}) ([0-9]+) ([0-9]+) *$/\1 \2 \3 \4/' |
		sort
}

test_lsns() {
	if ! command -v lsns >/dev/null; then
		skip 'as lsns' 'no lsns'
		return
	fi
	compare_with_lsns 'this host'
	local situation try
	for situation in host-and-two nested5 pod; do
		fixture $situation || continue
		compare_with_lsns $situation
		fixture_close
	done
	for situation in nested5 memberless-user memberless-owner pod; do
		fixture $situation || continue
		for ((try = 0; try < 20; try++)); do
			[ "$(relations lsns -Tparent)" = "$(relations lsns -Tparent)" ] && break
		done
		is "$situation: the parents and owners that lsns gives" \
			"$(comm -23 <(relations lsns -Tparent) <(relations "$NSTREE" -l))" ''
		fixture_close
	done
	is 'the default columns' "$("$NSTREE" -l 2>/dev/null | awk 'NR == 1 { $1 = $1; print }')" \
		'NS TYPE NPROCS PID USER COMMAND'
	run nstree -l -t net
	like 'and with -t net' "$out" '^ *NS TYPE +NPROCS +PID +USER +NETNSID +NSFS +COMMAND'
}

test_options() {
	local pid net
	fixture sandbox || return 0
	pid=$(fix '.tasks[0].proc_pid')
	net=$(fix '.tasks[0].ns.net' | tr -dc 0-9)
	run nstree -l -p "$pid" -t net -no NS
	is '-l -p PID -t net -no NS' "${out// /}" "$net"
	run nstree -l -p "$pid" -r -n -o TYPE
	is '-p: one line a type' "$(sort <<<"$out" | paste -sd' ')" \
		'cgroup ipc mnt net pid time user uts'
	run nstree -r -n -o NS,PNS,ONS -t pid
	# The kernel's first has no parent; that of a namespace seen from inside is unknown.
	local none='?'
	[ "$(readlink /proc/self/ns/pid)" != 'pid:[4026531836]' ] || none=-
	is '-r implies -l; none and unknown are no 0' "$(awk -v \
		ns="$(readlink /proc/self/ns/pid | tr -dc 0-9)" '$1 == ns { print $2 }' \
		<<<"$out")" "$none"
	run nstree -l -J -o NS,NPROCS,TYPE -t net
	is '-J: the document' "$(jq -r --argjson n "$net" \
		'.namespaces[] | select(.ns == $n) | "\(.type) \(.nprocs | type)"' <<<"$out")" \
		'net number'
	run nstree -l --json -o +ID
	is '--json with -l is the same' "$(jq -r 'keys[]' <<<"$out")" namespaces
	run nstree -l -H
	like '-H lists the columns' "$out" NPROCS
	run nstree -l -Tparent -t pid -o NS,PNS
	is '-Tparent: status' "$rc" 0
	run nstree -l -r -n -o NS
	is 'sorted by number' "$out" "$(sort -n <<<"$out")"
	run nstree -l --output-all
	is '--output-all: status' "$rc" 0
	run nstree -l -o NS,NOSUCH
	is 'an unknown column' "$rc" 2
	like 'is named' "$err" NOSUCH
	run nstree -l -p 999999
	is 'a pid that is not there' "$rc:$out:$err" '1::nstree: 999999: no such process'
	fixture_close
}

# The list of one namespace has what its NPROCS counts, as lsns' has.
test_members() {
	local ns
	fixture zombies 5 || return 0
	ns=$(fix .pid_ns | tr -dc 0-9)
	run nstree -l -n -r -o PID "$ns"
	is 'members: zombies too' "$(wc -l <<<"$out")" \
		"$(nstree -l -n -r -o NPROCS -t pid -p "$(fix '.tasks[0].proc_pid')" 2>/dev/null)"
	fixture_close
	fixture thread-ns || return 0
	run nstree -l -n -r -o PID "$(fix .thread.ns.net | tr -dc 0-9)"
	is 'members: a process that is there by a thread' "$out" "$(fix .thread.proc_tid)"
	run nstree -l -t mnt "$(fix .thread.ns.net | tr -dc 0-9)"
	is 'members: of another type than asked for' "$rc" 1
	like 'members: said' "$err" 'is of type net, which --type leaves out'
	fixture_close
}

test_persistent() {
	fixture memberless-user || return 0
	run nstree -l -P -n -r -o NS,NPROCS
	like '-P lists what has no process' "$out" "$(fix .memberless | tr -dc 0-9) 0"
	unlike 'and nothing else' "$out" ' [1-9]'
	fixture_close
}

private "$@"
test_lsns
test_options
test_members
test_persistent
done_testing
