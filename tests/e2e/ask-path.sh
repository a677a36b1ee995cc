#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nstree --path: every mount namespace that has a file system, and who uses it.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"

# A mount namespace with a tmpfs of its own, read-only in a second place; a shell stands in
# it and holds a file. As root in no user namespace. Its end is that of our pipe.
holder_open() {
	local user=(-U -r)
	[ "$(id -u)" -ne 0 ] || user=()
	unshare "${user[@]}" -m true 2>/dev/null || {
		skip "$1" 'no mount namespaces'
		return 1
	}
	mkdir -p "$tmp/fs" "$tmp/second"
	coproc holder {
		exec unshare "${user[@]}" -m -- bash -c '
			mount -t tmpfs -o size=64k nsu-test "$0/fs" && cd "$0/fs" &&
			echo x >file && exec 7<file && mount --bind . "$0/second" &&
			mount -o remount,bind,ro "$0/second" && echo $$ && read -r _' "$tmp"
	}
	# shellcheck disable=SC2154
	read -r held <&"${holder[0]}" || {
		skip "$1" 'no tmpfs can be mounted'
		return 1
	}
}

holder_close() {
	local input=${holder[1]} pid
	# shellcheck disable=SC2154
	pid=$holder_PID
	exec {input}>&-
	wait "$pid" 2>/dev/null
}

test_mount() {
	local mnt device root
	holder_open 'a mount elsewhere' || return 0
	mnt=$(readlink "/proc/$held/ns/mnt" | tr -dc 0-9)
	root=/proc/$held/root$tmp
	device=$(awk -v at="$tmp/fs" '$5 == at { print $3 }' "/proc/$held/mountinfo")
	cp "/proc/$held/mountinfo" "$tmp/before"
	run nstree --json --path "$root/fs/file"
	is 'a file elsewhere: status' "$rc" 0
	is 'its device' "$(jq -r .device <<<"$out")" "$device"
	is 'its mounts' "$(jq -c '[.mounted[] | [.namespace, .at, .read_only]]' <<<"$out")" \
		"[[$mnt,\"$tmp/fs\",false],[$mnt,\"$tmp/second\",true]]"
	is 'its owner as seen there' "$(jq -c '.mounted[0] | [.uid, .gid]' <<<"$out")" '[0,0]'
	is 'who uses it' "$(jq -c "[.used[] | select(.pid == $held)]" <<<"$out")" \
		"[{\"pid\":$held,\"tid\":$held,\"root\":false,\"cwd\":true,\"program\":false,\"files\":1,\"mapped\":0}]"
	is 'and nobody else' "$(jq '.used | length' <<<"$out")" 1
	run nstree --path "$device"
	is 'by its number: status' "$rc" 0
	like 'by its number: where' "$out" "mnt:\[$mnt\] $tmp/fs +rw +"
	like 'read-only there' "$out" "mnt:\[$mnt\] $tmp/second +ro +"
	like 'by whom' "$out" "
$held bash +cwd, 1 file "
	run nstree --path "$device" self
	is 'asked of another: status' "$rc" 4
	run nstree --path "$device" "$held"
	is 'asked of it: status' "$rc" 0
	is 'nothing was changed by looking' "$(diff "$tmp/before" "/proc/$held/mountinfo")" ''
	run nstree --path "$tmp/fs"
	unlike 'the directory here is of another file system' "$out" "is on $device "
	holder_close
	run nstree --path "$device"
	is 'unmounted: status' "$rc" 4
	like 'unmounted: said' "$err" 'is mounted in no mount namespace'
	is 'and nothing on standard output' "$out" ''
}

# What is mounted on it keeps it busy as well.
test_below() {
	local user=(-U -r) root
	[ "$(id -u)" -ne 0 ] || user=()
	coproc holder {
		exec unshare "${user[@]}" -m -- bash -c 'cd / && mount -t tmpfs nsu-test "$0/fs" &&
			mkdir "$0/fs/sub" && mount -t tmpfs nsu-test "$0/fs/sub" && echo $$ &&
			read -r _' "$tmp" 2>/dev/null
	}
	if ! read -r held <&"${holder[0]}"; then
		skip 'a mount on a mount' 'no tmpfs can be mounted'
		return 0
	fi
	root=/proc/$held/root$tmp
	run nstree --path "$root/fs"
	like 'what is mounted on it' "$out" "
$tmp/fs/sub +mount of tmpfs "
	run nstree --json --path "$root/fs"
	is 'the same as JSON' "$(jq -c '[.below[] | [.at, .fstype]]' <<<"$out")" \
		"[[\"$tmp/fs/sub\",\"tmpfs\"]]"
	run nstree --path "$root/fs/sub"
	unlike 'that is not busy' "$out" 'mount of'
	like 'which is said' "$out" 'In use by no process'
	holder_close
	run nstree --path /proc/self/ns/net
	is 'what is mounted nowhere: status' "$rc" 4
	like 'what is mounted nowhere: said' "$err" 'is mounted in no mount namespace'
}

# The owner is told as the user namespace has it that owns the mount namespace.
test_owner() {
	local pid input mnt
	need_root 'an owner' || return 0
	coproc mapped { exec unshare -U -m -- sh -c 'echo $$; exec cat'; }
	# shellcheck disable=SC2154
	input=${mapped[1]}
	read -r pid <&"${mapped[0]}"
	touch "$tmp/owned"
	if ! { printf '0 100000 1000\n' >"/proc/$pid/uid_map" &&
		printf '0 200000 1000\n' >"/proc/$pid/gid_map" &&
		chown 100007:200008 "$tmp/owned"; } 2>/dev/null; then
		skip 'an owner' 'no other user can be taken on here'
		exec {input}>&-
		return
	fi
	mnt=$(readlink "/proc/$pid/ns/mnt" | tr -dc 0-9)
	run nstree --json --path "$tmp/owned"
	is 'an owner: as seen there' "$(jq -c "[.mounted[] | select(.namespace == $mnt)][0] |
		[.uid, .gid]" <<<"$out")" '[7,8]'
	run nstree --path "$tmp/owned"
	like 'an owner: here' "${out%%$'\n'*}" '; owner 100007:200008$'
	like 'an owner: in text' "$(grep -F "mnt:[$mnt]" <<<"$out" | head -1)" ' 7:8 '
	chown 5:6 "$tmp/owned"
	run nstree --path "$tmp/owned"
	like 'an owner: none there' "$(grep -F "mnt:[$mnt]" <<<"$out" | head -1)" \
		' 65534:65534 \(not mapped\) '
	exec {input}>&-
	# shellcheck disable=SC2154
	wait "$mapped_PID" 2>/dev/null
}

test_here() {
	local device
	run nstree --json --path "$0"
	is 'a file here: status' "$rc" 0
	# Of btrfs and overlayfs stat(1) tells another number.
	device=$(findmnt -n -o MAJ:MIN -T "$0" 2>/dev/null | tr -d ' ')
	[ -z "$device" ] || is 'a file here: device' "$(jq -r .device <<<"$out")" "$device"
	is 'we use it ourselves' "$(jq -c ".used | any(.pid == $$)" <<<"$out")" true
	run nstree --json -a --path "$(readlink "/proc/$$/exe")"
	is 'the program of this shell' "$(jq -c ".used[] | select(.pid == $$).program" \
		<<<"$out")" true
	run nstree --path "$tmp/no such file"
	is 'no such file: status' "$rc" 1
	like 'no such file: said' "$err" 'no such file: No such file'
	run nstree --path $'\e[2J'
	is 'what is not printed as it is' "$(tr -d '\n -~' <"$tmp/stderr")" ''
	run nstree --path 4095:1048575
	is 'a device that nobody has' "$rc" 4
	run as_user "$NSTREE" --path /
	like 'an ordinary user' "$rc" '^[04]$'
}

test_block() {
	local source device
	while read -r source device; do
		[ -b "$source" ] || continue
		run nstree --json --path "$source"
		is 'a block device: the fs on it' "$(jq -r .device <<<"$out")" "$device"
		return
	done < <(findmnt -n -r -o SOURCE,MAJ:MIN 2>/dev/null)
	skip 'a block device' 'none is mounted here'
}

# A file server that answers no one any more.
test_dead() {
	local pid device
	fixture dead-fuse || return 0
	pid=$(fix .holder.proc_pid)
	run timeout 20 "$NSTREE" --json --path "/proc/$pid/root$(fix .path)"
	device=$(awk '/ - fuse.nsfix / { print $3 }' "/proc/$pid/mountinfo")
	is 'dead-fuse: a file on it: status' "$rc" 0
	is 'dead-fuse: a file on it: device' "$(jq -r .device <<<"$out")" "$device"
	like 'dead-fuse: said' "$err" 'does not answer: asked of the directory above it'
	run timeout 20 "$NSTREE" --json --path "$device"
	is 'dead-fuse: by number: status' "$rc" 0
	is 'dead-fuse: who holds it' "$(jq -c ".used | any(.pid == $pid and .files > 0)" \
		<<<"$out")" true
	fixture_close
}

test_mount
test_below
test_owner
test_here
test_block
test_dead
done_testing
