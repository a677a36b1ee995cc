# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Namespaces without a process, as the views show them: --orphans, cards, columns, JSON,
# the remark. Of each kind of holder: holders.sh.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119,SC2317
. "$(dirname "$0")/lib.sh"

private "$@" || skip_all 'needs root'

# The inode of what a link or file leads to.
inode() {
	stat -L -c %i "$1"
}

# pin PATH [FLAG]: a namespace that only a mount here holds.
pin() {
	touch -- "$1" &&
		unshare "${2--n}" mount --bind "/proc/self/ns/${3-net}" "$1"
}

# held: a uts namespace that only descriptor 8 of this shell holds.
held() {
	coproc kid { exec unshare -u sh -c 'echo ready; read -r _'; }
	read -r _ <&"${kid[0]}"
	# shellcheck disable=SC2154 # of coproc
	exec 8<"/proc/$kid_PID/ns/uts"
	{ kill "$kid_PID" && wait "$kid_PID"; } 2>/dev/null
	uts=$(inode /proc/self/fd/8)
}

# bare ARG...: the tool without the descriptors of this shell, which it would hold too.
bare() {
	"$NSTREE" "$@" 8<&- 41<&- 42<&- 43<&-
}

line() {
	grep -F -e "$1" <<<"$out"
}

test_none() {
	run bare --orphans -t cgroup
	is 'none: nothing is printed' "$rc:$out" 0:
	like 'none: that is said' "$err" 'nstree: no namespace is without a process'
}

# A name is in every mount namespace that was made after it: it is told once.
test_copied() {
	local net
	pin "$tmp/copied" || return 0
	net=$(inode "$tmp/copied")
	coproc kid { exec unshare -m sh -c 'echo ready; read -r _'; }
	read -r _ <&"${kid[0]}"
	run bare --orphans
	like 'a path that is in two: once' "$(line "net:[$net]")" "$tmp/copied \\+1\$"
	run bare "net:$net"
	like 'so in the card' "$out" "2 mounts +$tmp/copied  in mnt:.*, and in 1 more"
	run bare -a "net:$net"
	is 'with -a both' "$(grep -c "$tmp/copied  in mnt:" <<<"$out")" 2
	{ kill "$kid_PID" && wait "$kid_PID"; } 2>/dev/null
	out=$("$NSTREE" "net:$net" 9<"$tmp/copied" 2>/dev/null)
	unlike "the tool's own descriptor is no matter" "$out" 'descriptor'
	like 'but the mount is' "$out" '1 mount '
	out=$(exec 9<"$tmp/copied" && umount -l "$tmp/copied" &&
		exec "$NSTREE" "net:$net" 2>/dev/null)
	like 'unless nothing else is left' "$out" 'descriptor.* 9 of [0-9]+ nstree'
}

test_remark() {
	run bare
	like 'the picture: how many it knows of' "$err" \
		'nstree: 1 namespace has no process: nstree --orphans'
}

test_table() {
	run bare --orphans
	is 'the table: status' "$rc" 0
	like 'the table: its headings' "$out" '^NAMESPACE +NAME +OWNER +HELD BY'
	like 'of a mount: name and holder are the path' "$(line "net:[$net]" | tr -s ' ')" \
		"^net:.$net. $pin (user:.[0-9]+.|\?) $pin\$"
	like 'of a descriptor: it and whose' "$(line "uts:[$uts]" | tr -s ' ')" \
		"^uts:.$uts. - (user:.[0-9]+.|\?) descriptor 8 of $$ bash"
	unlike 'and nothing that has a process' "$out" "$(inode /proc/self/ns/net)"
	run bare --orphans -n -t uts
	unlike '-t: one type' "$out" 'net:'
	unlike '-n: no headings' "$out" NAMESPACE
	run bare -P
	like '-P alone is the same' "$out" '^NAMESPACE +NAME +OWNER +HELD BY'
	run env COLUMNS=80 script -qec "$NSTREE --orphans" /dev/null
	is 'of 80 columns: no line is longer' "$(tr -d '\r' <<<"$out" | grep -E '^.{81}')" ''
	unlike 'of 80 columns: no owner' "$out" OWNER
}

test_list() {
	run bare -l -P -n -r -o NS,NPROCS,HOLDERS
	like '-l -P: the list' "$out" "(^|"$'\n'")$net 0 1(\$|"$'\n'")"
	like '-l -P: what a descriptor holds' "$out" "$uts 0 1"
	unlike '-l -P: nothing else' "$out" '^[0-9]+ [1-9]'
	run bare -P --json
	is '-P --json: the list' \
		"$(jq --argjson net "$net" '[.namespaces[] | select(.ns == $net)] | length' \
			<<<"$out")" 1
	run bare -t net
	like '-t: in the hierarchy' "$out" "net:.$net.. +0 "
	run bare --dot
	like '--dot: in the graph' "$out" "net:.$net..*no process"
	run bare -l -t net -n -r -o NS,NSFS
	like 'NSFS' "$out" "$net $pin(\$|"$'\n'")"
}

# Elsewhere the path is said with the mount namespace.
test_elsewhere() {
	local mnt
	touch "$pin.2"
	coproc other { exec unshare -m sh -c 'mount --bind "$1" "$1.2" && echo ready; read -r _' \
		- "$pin"; }
	read -r _ <&"${other[0]}"
	# shellcheck disable=SC2154 # of coproc
	mnt=$(inode "/proc/$other_PID/ns/mnt")
	run bare -l -t net -n -W -o NS,NSFS
	like 'NSFS: first those here, then those elsewhere' "$(line "$net")" \
		" $pin,$pin in mnt:.$mnt.,$pin.2 in mnt:.$mnt.\$"
	run bare "net:$net"
	like 'a card: mounts elsewhere' "$out" \
		"  3 mounts .*$pin +in mnt:.[0-9]+., here.*$pin.2 +in mnt:.$mnt., $other_PID sh"
	{ kill "$other_PID" && wait "$other_PID"; } 2>/dev/null
}

test_card() {
	local i
	run bare "net:$net"
	like 'a card: no process' "$out" "^net:.$net.  no process"
	like 'a card: what holds it' "$out" \
		"Kept alive by"$'\n'"  1 mount +$pin  in mnt:.$(inode /proc/self/ns/mnt)., here"
	like 'a card: when it goes' "$out" 'It goes when these are gone'
	for i in 41 42 43; do
		eval "exec $i<&8"
	done
	run bare "uts:$uts"
	like 'a card: three are named' "$out" \
		"  4 descriptors 8 of $$ bash, 41 of $$ bash, 42 of $$ bash, and 1 more"
	run bare -a "uts:$uts"
	like '-a: all are' "$out" "42 of $$ bash, 43 of $$ bash"$'\n'
	for i in 41 42 43; do
		eval "exec $i<&-"
	done
	run bare "net:$(inode /proc/self/ns/net)"
	like 'of one with processes: they hold it' "$out" "  [0-9]+ processes .*$$ bash"
	unlike 'and it stays' "$out" 'It goes when'
}

test_json() {
	run bare --json
	is 'JSON: of the mount' "$(jq -c --argjson net "$net" \
		'.namespaces[] | select(.inode == $net) | .holders' <<<"$out")" \
		"[{\"kind\":\"mount\",\"path\":\"$pin\",\"in\":$(inode /proc/self/ns/mnt)}]"
	is 'JSON: of the descriptor' "$(jq -c --argjson uts "$uts" \
		'.namespaces[] | select(.inode == $uts) | .holders' <<<"$out")" \
		"[{\"kind\":\"fd\",\"pid\":$$,\"tid\":$$,\"fd\":8}]"
	is 'JSON: of processes too' "$(jq -c --argjson ns "$(inode /proc/self/ns/net)" \
		'.namespaces[] | select(.inode == $ns) |
		.processes == ([.holders[] | select(.kind == "process")] | length)' \
		<<<"$out")" true
}

# A user who may not read the others' descriptors is told so.
test_user() {
	run as_user nstree --orphans --strict
	is 'a user: exit status of --strict' "$rc" 3
	is 'a user: one line says what was not read' \
		"$(grep -c 'could not be read in full.*: run as root for all$' <<<"$err")" 1
	run as_user nstree "$pin"
	like 'a user: in the card too' "$out" "  not searched .* unreadable process"
	like 'a user: nothing is promised' "$out" \
		'It goes when these are gone, unless what was not searched holds it'
}

test_hostile() {
	local odd=$tmp/$'x\e[31m\ny'
	pin "$odd" || return 0
	run bare --orphans
	like 'a hostile path is escaped' "$out" 'x\\x1b\[31m\\ny'
	run bare "net:$(inode "$odd")"
	unlike 'in the card, too' "$out" $'\e'
	like 'and shown' "$out" '1 mount +[^ ]*x\\x1b\[31m\\ny  in mnt'
	umount "$odd"
}

test_wrong() {
	local word
	for word in -l -x --json --dot -T '-p 1' '-o NS' -r self; do
		# shellcheck disable=SC2086
		run bare --orphans $word
		is "--orphans $word: wrong use" "$rc:$out" 2:
	done
	run bare -P self
	is '-P self: wrong use' "$rc:$out" 2:
}

chmod 755 "$tmp"
pin=$tmp/pin
pin "$pin" || skip_all 'nothing can be mounted here'
net=$(inode "$pin")
test_remark
test_copied
held
test_none
test_table
test_list
test_card
test_elsewhere
test_json
test_user
test_hostile
test_wrong
umount "$pin"
done_testing
