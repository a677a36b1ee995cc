# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nspin beside ip-netns(8), and beside mount namespaces that have copies of its mounts.
# shellcheck source-path=SCRIPTDIR disable=SC2154,SC2016
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/pins.sh"

# Of a pin in the list, by its word: a member.
member() {
	nspin --json | jq -r --arg word "$1" \
		'[.. | objects | select(.word? == $word)][0]'"$2"
}

inode() {
	stat -L -c %i "$1"
}

test_ours() {
	run nspin create blue -n --netns
	is 'create --netns' "$rc $err" '0 '
	is 'ip netns lists ours' "$(ip netns list | cut -d' ' -f1)" blue
	is 'it is the same' "$(inode /run/netns/blue)" "$(inode "$store/blue/net")"
	is 'ip netns exec' "$(ip netns exec blue readlink /proc/self/ns/net)" \
		"net:[$(inode "$store/blue/net")]"
	is 'it is listed once' "$(nspin --json | jq '[.. | objects | select(.word?)] | length')" 1
	run nspin rename blue green
	is 'rename' "$rc $err" '0 '
	is 'ip netns knows the new name' "$(ip netns list | cut -d' ' -f1)" green
	run nspin remove green
	is 'remove' "$rc $err" '0 '
	is 'ip netns lists none' "$(ip netns list)" ''
	nothing_left '--netns'
}

test_deleted() {
	nspin create blue -n --netns
	ip netns del blue
	run nspin check
	is 'ip netns del: check' "$rc" 4
	like 'ip netns del: names it' "$out$err" blue
	run nspin repair
	is 'ip netns del: repair' "$rc" 0
	is 'ip netns del: it is there again' "$(inode /run/netns/blue)" \
		"$(inode "$store/blue/net")"
	run nspin check
	is 'ip netns del: check after repair' "$rc $err" '0 '
	nspin remove blue
	nothing_left 'ip netns del'
}

test_theirs() {
	ip netns add green
	is 'theirs: maker' "$(member netns:green .maker)" ip
	is 'theirs: state' "$(member netns:green .state)" ok
	run nspin remove green
	is 'theirs: is not removed' "$rc" 1
	like 'theirs: --force is named' "$err" '--force'
	run nspin create green -n --netns
	is 'theirs: not taken over' "$rc" 1
	like 'theirs: says so' "$err" 'exists|there'
	ok 'theirs: is as it was' ip netns exec green true
	run nspin add copy netns:green
	is 'theirs: can be added' "$rc $err" '0 '
	run nspin remove --force netns:green
	is 'theirs: removed by force' "$rc" 0
	like 'theirs: what still holds it is told' "$err" 'pin:copy'
	is 'theirs: gone' "$(ip netns list)" ''
	nspin remove copy
	: >/run/netns/empty
	is 'theirs: a plain file is empty' "$(member netns:empty .state)" empty
	run nspin check
	rm /run/netns/empty
	nothing_left theirs
}

test_other() {
	: >"$tmp/pin"
	unshare "--net=$tmp/pin" true
	is 'unshare --net=FILE: maker' "$(member "$tmp/pin" .maker)" other
	umount "$tmp/pin"
}

# A mount namespace that was copied while the pin was there holds it as well: a removal has
# to get there. Except for a mount namespace's pin, of which there must be no copy at all.
test_copy() {
	local slave type
	mkfifo "$tmp/go" "$tmp/ready"
	nspin create blue -n -u -m --netns
	unshare -m --propagation slave bash -c 'echo >"$1"; read -r _ <"$2"
		grep -c "blue" /proc/self/mountinfo >"$3"' - "$tmp/ready" "$tmp/go" "$tmp/count" &
	slave=$!
	read -r _ <"$tmp/ready"
	is 'a copy has them, but not the mount namespace' \
		"$(grep -c /blue/ "/proc/$slave/mountinfo")" 2
	run nspin remove blue
	is 'removed' "$rc" 0
	for type in net uts; do
		unlike "the removal of $type gets to a slave" "$(<"/proc/$slave/mountinfo")" \
			"pins/blue/$type"
	done
	unlike 'and that in /run/netns' "$(<"/proc/$slave/mountinfo")" 'netns/blue'
	echo >"$tmp/go"
	wait "$slave"
	nothing_left 'a copy'
}

own_host "$@"
command -v ip >/dev/null || skip_all 'no ip(8)'
command -v jq >/dev/null || skip_all 'no jq(1)'
ip netns add try 2>/dev/null || skip_all 'ip(8) makes no network namespace here'
ip netns del try
test_ours
test_deleted
test_theirs
test_other
test_copy
done_testing
