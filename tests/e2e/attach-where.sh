#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where nsattach's command is, and as whom: directories, ids, clocks, and -F.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2016,SC2317
. "$(dirname "$0")/lib.sh"

private "$@" || :

attach() {
	timeout 20 "$NSATTACH" "$@"
}

is_root() {
	[ "$(id -u)" -eq 0 ]
}

# -F: no child of nsattach's, the process itself.
test_no_fork() {
	local p with=U
	! is_root || with=
	fixture sandbox mu || return 0
	p=$(fix '.tasks[0].proc_pid')
	run attach -F "$p" sh -c 'cd /proc/self/ns && readlink mnt uts ipc'
	is '-F' "$rc $out" "0 $(fix '.tasks[0].ns | .mnt, .uts, .ipc')"
	timeout 20 sh -c 'echo $$; exec "$@"' sh "$NSATTACH" -F "$p" \
		sh -c 'echo $$' >"$tmp/pids"
	is '-F: the same process' "$(uniq "$tmp/pids" | wc -l)" 1
	timeout 20 sh -c 'echo $$; exec "$@"' sh "$NSATTACH" "$p" \
		sh -c 'echo $$' >"$tmp/pids"
	is 'without it: another' "$(uniq "$tmp/pids" | wc -l)" 2
	fixture_close
}

test_places() {
	local p root=$tmp/root
	mkdir -p "$root/etc" "$root/deep"
	chmod 755 "$tmp" "$root" "$root/etc" "$root/deep"
	: >"$root/etc/marked"
	fixture sandbox mU || return 0
	p=$(fix '.tasks[0].proc_pid')
	run attach "$p" pwd
	is "the target's directory" "$rc $out" "0 $(readlink "/proc/$p/cwd")"
	run attach -m -U -t "$p" pwd
	is 'part of it: /' "$rc $out" '0 /'
	run attach -m -U -w -t "$p" pwd
	is '-w' "$rc $out" "0 $(readlink "/proc/$p/cwd")"
	cd /etc || return
	run attach -w=../usr "$p" pwd
	is '-w=DIR: as we see it' "$rc $out" '0 /usr'
	run attach -U --force -t "$p" pwd
	is 'without files: ours' "$rc $out" '0 /etc'
	cd / || return
	run attach -W usr/../etc "$p" pwd
	is '-W: inside' "$rc $out" '0 /etc'
	run attach -r -w "$p" sh -c 'test / -ef /proc/self/root && pwd'
	is '-r -w' "$rc $out" "0 $(readlink "/proc/$p/cwd")"
	# A root of ours has no sh: a program that needs no other file.
	run attach "-r=$root" "$p" /etc/marked
	is '-r=DIR: its files' "$rc $err" \
		"126 nsattach: $p: run /etc/marked: Permission denied"
	run attach "-r=$root" -W /deep "$p" /etc/marked
	is '-r=DIR -W: below it' "$rc" 126
	run attach "-r=$root" -W /usr "$p" /etc/marked
	is '-r=DIR -W: not beside it' "$rc" 125
	run attach "-r=$root" -W ../../.. "$p" /etc/marked
	is '-r=DIR -W ..: not out of it' "$rc" 126
	fixture_close
}

# A directory of other mounts, with files of ours: where it was asked for, as nsenter has it.
test_cwd_alone() {
	local p with=U
	! is_root || with=
	cd "$tmp" || return
	fixture sandbox mu || return 0
	cd / || return
	p=$(fix '.tasks[0].proc_pid')
	run attach --force -u ${with:+-U} -w -t "$p" stat -c %d:%i .
	is '-w without -m' "$rc $out" "0 $(stat -c %d:%i "$tmp")"
	run attach --force -u ${with:+-U} -t "$p" stat -c %d:%i .
	is 'without -w: ours' "$rc $out" "0 $(stat -c %d:%i /)"
	fixture_close
}

# A target in another root of our own mount namespace: -r and -w alone go there.
test_chrooted() {
	local jail=$tmp/jail dir up end pid
	[ "${NSU_PRIVATE:-}" = yes ] || return 0
	mkdir "$jail" && mount -t tmpfs none "$jail" || return
	for dir in bin lib lib64 usr proc; do
		[ -d "/$dir" ] || continue
		mkdir "$jail/$dir" && mount --rbind "/$dir" "$jail/$dir"
	done
	mkdir "$jail/work"
	: >"$jail/marked"
	mkfifo "$tmp/jail.in" "$tmp/jail.up"
	exec {up}<>"$tmp/jail.up"
	chroot "$jail" sh -c 'cd /work && echo up && read -r end' \
		<"$tmp/jail.in" >"$tmp/jail.up" 2>&1 &
	pid=$!
	exec {end}>"$tmp/jail.in"
	read -rt 20 -u "$up" || fail 'chrooted: it starts'
	run attach -t "$pid" test -e /marked
	is 'chrooted: our own root without -r' "$rc" 1
	run attach -t "$pid" -r test -e /marked
	is 'chrooted: -r' "$rc $err" '0 '
	run attach -t "$pid" -r pwd
	is 'chrooted: -r, and / of it' "$rc $out" '0 /'
	run attach -t "$pid" -r -w pwd
	is 'chrooted: -r -w' "$rc $out" '0 /work'
	run attach -t "$pid" -w pwd
	is 'chrooted: -w alone' "$rc $out" "0 $jail/work"
	exec {end}>&- {up}<&-
	wait "$pid"
	umount -R "$jail"
}

test_who() {
	local p
	fixture sandbox mU || return 0
	p=$(fix '.tasks[0].proc_pid')
	run attach "$p" sh -c 'id -u; id -g'
	is 'root inside' "$rc $out" $'0 0\n0'
	run attach --preserve-credentials -m -U -t "$p" id -u
	if is_root; then
		is '--preserve-credentials' "$rc $out" '0 0'
	else
		# Who made it is 0 there.
		is '--preserve-credentials, as it counts' "$rc $out" '0 0'
	fi
	fixture_close
	is_root || return 0
	if ! setpriv --reuid 1234 true 2>/dev/null; then
		skip 'ids' 'no other user can be taken on here'
		return 0
	fi
	fixture sandbox mu || return 0
	p=$(fix '.tasks[0].proc_pid')
	run attach -S 1234 -G 2345 "$p" sh -c 'id -u; id -g; id -G'
	is '-S -G' "$rc $out" $'0 1234\n2345\n2345'
	run attach -S 1234 "$p" sh -c 'id -u; id -g'
	is '-S without a line in passwd: the same group' "$rc $out" $'0 1234\n1234'
	run attach -G 2345 "$p" sh -c 'id -u; id -g'
	is '-G alone' "$rc $out" $'0 0\n2345'
	run attach -S 4294967294 "$p" id -u
	is '-S of the last uid' "$rc $out" '0 4294967294'
	run attach -S 4294967295 "$p" id -u
	is '-S -1 is nobody' "$rc" 125
	run setpriv --groups 7,8 -- "$NSATTACH" --preserve-credentials "$p" id -G
	is '--preserve-credentials: groups' "$rc $out" '0 0 7 8'
	run setpriv --groups 7,8 -- "$NSATTACH" "$p" id -G
	unlike 'without it: none of ours' "$out" '(^| )[78]( |$)'
	run setpriv --groups 7,8 -- "$NSATTACH" -u -t "$p" id -G
	is 'files of ours: as we are' "$rc $out" '0 0 7 8'
	fixture_close
}

# A day and two after the rest of the world.
test_time() {
	local p ours theirs with=U
	! is_root || with=
	fixture clock || return 0
	p=$(fix '.tasks[0].proc_pid')
	ours=$(cut -d. -f1 /proc/uptime)
	for form in '' -T; do
		run attach ${form:+${with:+-U}} -t "$p" $form cut -d. -f1 /proc/uptime
		theirs=$((out - ours - 172800))
		is "${form:-all}: status" "$rc" 0
		ok "${form:-all}: two days later" test "$theirs" -ge 0 -a "$theirs" -lt 60
	done
	run attach -T ${with:+-U} -t "$p" \
		readlink /proc/self/ns/time /proc/self/ns/time_for_children
	is 'time: the command itself is in it' "$rc $out" \
		"0 $(fix '.tasks[0].ns.time')
$(fix '.tasks[0].ns.time')"
	fixture_close
}

test_no_fork
test_places
test_cwd_alone
test_chrooted
test_who
test_time
done_testing
