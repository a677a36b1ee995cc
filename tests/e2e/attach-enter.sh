#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What nsattach enters: all that was meant, and nothing else; and what it may not.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"

private "$@" || :

types=(mnt uts ipc net pid cgroup user time)
letters=(m u i n p C U T)

attach() {
	timeout 20 "$NSATTACH" "$@"
}

ordinary=(setpriv --reuid 65534 --regid 65534 --clear-groups --)

is_root() {
	[ "$(id -u)" -eq 0 ]
}

# In a user namespace of one id there are no others.
other_users() {
	! is_root || "${ordinary[@]}" true 2>/dev/null || {
		skip 'as another user' 'no other user can be taken on here'
		return 1
	}
}

# What a command inside is in, a line for each type.
show='for type in mnt uts ipc net pid cgroup user time; do readlink /proc/self/ns/$type; done'

# want LETTERS [TASK]: that of the types named, of that task of the fixture, the rest ours.
want() {
	local i
	for i in "${!types[@]}"; do
		if [[ $1 == *${letters[i]}* ]]; then
			fix "${2:-.tasks[0]}.ns.${types[i]}"
		else
			readlink "/proc/self/ns/${types[i]}"
		fi
	done
}

# enters DESCRIPTION EXPECTED ARG...: the command finds itself in these.
enters() {
	local description=$1 expected=$2
	shift 2
	run attach "$@" sh -c "$show"
	is "$description" "$rc $out" "0 $expected"
}

# Nothing of a mount namespace of the command's own.
plain=(--no-proc --no-sys --no-resolv --force)

test_words() {
	local p inode type word id
	fixture sandbox muinpCUT || return 0
	p=$(fix '.tasks[0].proc_pid')
	enters 'PID' "$(want muinpCUT)" "$p"
	inode=$("$NSFIX" inode "$p")
	run attach "$p:$inode" true
	if [[ $err == *'cannot tell processes by'* ]]; then
		skip 'PID:INODE' 'no pidfd inodes here'
	else
		enters 'PID:INODE' "$(want muinpCUT)" "$p:$inode"
		run attach "$p:$((inode + 1))" true
		is 'PID:INODE of another' "$rc $err" \
			"125 nsattach: $p:$((inode + 1)): ended and its number was given to another process"
	fi
	enters '2@PID' "$(want muinpCUT)" "2@$p"
	enters '2@pid:INODE' "$(want muinpCUT)" "2@$(fix '.tasks[0].ns.pid' | tr -d '[]')"
	run attach "77@$p" true
	like '77@PID: nobody' \
		"$rc $err" "^125 nsattach: 77@$p: no process has that number"
	run attach "1@uts:$(fix '.tasks[0].ns.uts' | tr -dc 0-9)" true
	like '1@uts: no numbers there' \
		"$rc $err" '^125 .*neither a process nor a pid namespace'
	for type in mnt uts ipc net cgroup user time; do
		local user=()
		[ "$type" = user ] || user=(-U="/proc/$p/ns/user")
		word=$(fix ".tasks[0].ns.$type")
		inode=${word//[!0-9]/}
		id=$("$NSTREE" -l -n -r -o ID -t "$type" -p "$p" 2>/dev/null | tr -d ' ')
		[[ $id =~ ^[0-9]+$ ]] || id=
		for word in "$word" "$type:$inode" "$inode" "/proc/$p/ns/$type" \
			${id:+":$id"}; do
			run attach -t "$word" "${user[@]}" --no-sys \
				readlink "/proc/self/ns/$type"
			is "-t ${word%%[0-9]*}, $type" \
				"$rc $out" "0 $(fix ".tasks[0].ns.$type")"
		done
	done
	for word in "user:$(fix '.tasks[0].ns.user' | tr -dc 0-9)" "/proc/$p/ns/user"; do
		enters "${word%%[0-9]*} as operand" "$(want U)" "$word"
	done
	run attach -n -t "uts:$(fix '.tasks[0].ns.uts' | tr -dc 0-9)" true
	is 'a type that the namespace is not: status' "$rc" 125
	like 'a type that the namespace is not: said' "$err" 'uts:[0-9]*: has no net'
	run attach uts:1 true
	like 'no such namespace' "$rc $err" '^125 nsattach: uts:1: '
	run attach :18446744073709551615 true
	like 'no such id' "$rc $err" '^125 nsattach: :18446744073709551615: '
	fixture_close
}

test_self_and_host() {
	enters 'self: nothing' "$(want '')" self
	run attach self sh -c 'exit 3'
	is 'self: the command runs' "$rc" 3
	is_root || return 0
	run unshare -u "$NSATTACH" host readlink /proc/self/ns/uts
	is 'host: out again' "$rc $out" "0 $(readlink /proc/1/ns/uts)"
}

# In a mount namespace of the script's own alone.
test_netns_name() {
	local name=blue-$$
	[ "${NSU_PRIVATE:-}" = yes ] || {
		skip 'netns:NAME' 'needs root'
		return 0
	}
	fixture sandbox n || return 0
	mount -t tmpfs none /run && mkdir /run/netns && : >"/run/netns/$name" &&
		mount --bind "/proc/$(fix '.tasks[0].proc_pid')/ns/net" "/run/netns/$name"
	for word in "netns:$name" "$name" "/run/netns/$name"; do
		enters "${word/$$/N}" "$(want n)" --no-sys "$word"
		enters "-t ${word/$$/N}" "$(want n)" --no-sys -t "$word"
		enters "-n ${word/$$/N}" "$(want n)" --no-sys -n "$word" --
	done
	run attach netns:other true
	like 'netns: of no such name' \
		"$rc $err" '^125 nsattach: netns:other: no such network'
	local inode
	inode=$(fix '.tasks[0].ns.net' | tr -dc 0-9)
	local all
	all=$(want n)
	fixture_close
	# Now nobody is in it.
	enters 'pinned alone, TYPE:INODE' "$all" --no-sys "net:$inode"
	enters 'pinned alone, INODE' "$all" --no-sys "$inode"
	enters 'pinned alone, FILE' "$all" --no-sys -n="/run/netns/$name"
	umount "/run/netns/$name" /run
}

# By one setns(2), one by one, without pidfds: the same.
test_all() {
	local set disabled p
	for set in muinpC muinpCU muinpCUT mu n uU T; do
		fixture sandbox "$set" || continue
		p=$(fix '.tasks[0].proc_pid')
		is_root || set+=U
		for disabled in '' setns-pidfd pidfd; do
			export NSUTIL_DISABLE=$disabled
			[ -n "$disabled" ] || unset NSUTIL_DISABLE
			enters "$set ${disabled:+without $disabled}" "$(want "$set")" \
				"${plain[@]}" "$p"
			enters "$set -a ${disabled:+without $disabled}" "$(want "$set")" \
				"${plain[@]}" -a -t "$p"
		done
		unset NSUTIL_DISABLE
		fixture_close
	done
}

test_one_call() {
	local p
	if ! command -v strace >/dev/null ||
		! strace -o "$tmp/trace" -f true 2>/dev/null; then
		skip 'one setns(2)' 'no strace(1), or not allowed'
		return 0
	fi
	fixture sandbox muinpCU || return 0
	p=$(fix '.tasks[0].proc_pid')
	run traced -e trace=setns -o "$tmp/trace" "$NSATTACH" "$p" true
	is 'one setns(2): status' "$rc" 0
	is 'one setns(2)' "$(grep -c 'setns(.*= 0' "$tmp/trace")" 1
	NSUTIL_DISABLE=setns-pidfd run traced -e trace=setns -o "$tmp/trace" \
		"$NSATTACH" "$p" true
	is 'one by one: status' "$rc" 0
	is 'one by one' "$(grep -c 'setns(.*= 0' "$tmp/trace")" 7
	fixture_close
}

# Each type alone enters that alone; two of them those two.
test_single() {
	local p i with
	fixture sandbox muinpCT || return 0
	p=$(fix '.tasks[0].proc_pid')
	with=
	is_root || with=U
	for i in "${!letters[@]}"; do
		[ "${letters[i]}" != U ] || continue
		enters "-${letters[i]} alone" "$(want "${letters[i]}$with")" "${plain[@]}" \
			-t "$p" "-${letters[i]}" ${with:+-U}
	done
	enters '-u -i' "$(want "ui$with")" -u -i ${with:+-U} "$p" --
	enters '-m -p' "$(want "mp$with")" -m -p ${with:+-U} "$p" --
	enters 'equal ones are skipped' \
		"$(want "u$with")" "$p" -u ${with:+-U} -n="/proc/$$/ns/net"
	fixture_close
}

test_several_sources() {
	local a b expected
	fixture host-and-two || return 0
	a=$(fix '.sandboxes[0].tasks[0].proc_pid')
	b=$(fix '.sandboxes[1].tasks[0].proc_pid')
	expected=$(
		fix '.sandboxes[1].tasks[0].ns.uts, .sandboxes[0].tasks[0].ns.ipc,
			.sandboxes[1].tasks[0].ns.net'
	)
	if is_root; then
		run attach -t "$a" -i -u="/proc/$b/ns/uts" --no-sys \
			-n="/proc/$b/ns/net" sh -c 'cd /proc/self/ns && readlink uts ipc net'
		is 'types of several sources' "$rc $out" "0 $expected"
		run attach -a -t "$a" -u="/proc/$b/ns/uts" sh -c \
			'cd /proc/self/ns && readlink uts ipc'
		is 'all, but one from elsewhere' "$rc $out" \
			"0 $(fix '.sandboxes[1].tasks[0].ns.uts, .sandboxes[0].tasks[0].ns.ipc')"
		like 'all, but one from elsewhere: explained' \
			"$(attach --explain -a -t "$a" -u="/proc/$b/ns/uts" 2>&1)" 'one by one'
	else
		# Siblings: no way leads from the one user namespace to the other.
		run attach -t "$a" -U -u="/proc/$b/ns/uts" true
		is 'from a sibling: status' "$rc" 125
		like 'from a sibling: said' "$err" "enter uts:.*not permitted"
		run attach --explain -t "$a" -U -u="/proc/$b/ns/uts" true
		is 'from a sibling: explained' "$rc" 4
	fi
	fixture_close
}

# Two nested user namespaces, the inner one without power over the rest.
test_bubble() {
	local p disabled outer
	fixture bubble 1000 || return 0
	p=$(fix '.tasks[0].proc_pid')
	outer=$(fix .outer)
	for disabled in '' setns-pidfd pidfd; do
		export NSUTIL_DISABLE=$disabled
		[ -n "$disabled" ] || unset NSUTIL_DISABLE
		enters "bubble ${disabled:+without $disabled}" "$(want muinpCU)" "$p"
		enters "bubble -a ${disabled:+without $disabled}" \
			"$(want muinpCU)" -a -t "$p"
		run attach "$p" id -u
		is "bubble: uid ${disabled:+without $disabled}" "$rc $out" '0 1000'
	done
	unset NSUTIL_DISABLE
	run attach -t "$p" --user-parent -n --no-sys \
		sh -c 'cd /proc/self/ns && readlink user net'
	is '--user-parent: the owner' "$rc $out" "0 $outer
$(fix '.tasks[0].ns.net')"
	run attach -t "$p" --user-parent -U readlink /proc/self/ns/user
	is '--user-parent -U: its parent' "$rc $out" "0 $outer"
	run attach -t self --user-parent -n true
	is '--user-parent of nothing: status' "$rc" 125
	like '--user-parent of nothing: said' "$err" \
		'^nsattach: self: --user-parent: of the namespaces named none'
	fixture_close
}

test_bwrap() {
	local child end up pid p type who expected=''
	if ! command -v bwrap >/dev/null; then
		skip 'bwrap' 'no bwrap(1)'
		return 0
	fi
	other_users || return 0
	mkfifo "$tmp/bwrap.in" "$tmp/bwrap.info" "$tmp/bwrap.up"
	chmod 666 "$tmp/bwrap.in" "$tmp/bwrap.info" "$tmp/bwrap.up"
	exec {up}<>"$tmp/bwrap.up"
	chmod 755 "$tmp"
	local as=()
	! is_root || as=("${ordinary[@]}")
	"${as[@]}" bwrap --unshare-all --uid 1000 --ro-bind / / --proc /proc --dev /dev \
		--die-with-parent --info-fd 9 sh -c 'echo up; exec cat' \
		<"$tmp/bwrap.in" 9>"$tmp/bwrap.info" >"$tmp/bwrap.up" 2>"$tmp/bwrap.err" &
	pid=$!
	exec {end}>"$tmp/bwrap.in"
	child=$(timeout 20 jq -r '."child-pid"' <"$tmp/bwrap.info")
	# Its first task is bwrap still; the shell is told by its own word.
	if [ -z "$child" ] || ! read -rt 20 -u "$up"; then
		skip 'bwrap' "$(head -1 "$tmp/bwrap.err")"
	else
		p=$(cat "/proc/$child/task/$child/children")
		p=${p%% *}
		for type in "${types[@]}"; do
			expected+=$(readlink "/proc/$p/ns/$type")$'\n'
		done
		for who in root user; do
			[ "$who" = user ] || as=()
			[ "$who" = root ] || ! is_root || as=("${ordinary[@]}")
			run "${as[@]}" timeout 20 "$NSATTACH" -a -t "$p" sh -c "$show; id -u"
			is "bwrap as $who" "$rc $out" "0 ${expected}1000"
			run "${as[@]}" env NSUTIL_DISABLE=setns-pidfd timeout 20 "$NSATTACH" \
				"$p" sh -c "$show; id -u"
			is "bwrap as $who, one by one" "$rc $out" "0 ${expected}1000"
		done
	fi
	exec {end}>&- {up}<&-
	wait "$pid" 2>/dev/null
}

test_children() {
	local p with=U
	! is_root || with=
	fixture pid-children || return 0
	p=$(fix .parent.proc_pid)
	run attach "${plain[@]}" --children -p ${with:+-U} -t "$p" readlink /proc/self/ns/pid
	is '--children -p' "$rc $out" "0 $(fix .live_pid_ns)"
	run attach "${plain[@]}" --children "$p" readlink /proc/self/ns/pid
	is '--children' "$rc $out" "0 $(fix .live_pid_ns)"
	run attach "$p" readlink /proc/self/ns/pid
	is 'without --children: ours' "$rc $out" "0 $(readlink /proc/self/ns/pid)"
	fixture_close
	fixture time-children || return 0
	p=$(fix '.tasks[0].proc_pid')
	run attach --children -T ${with:+-U} -t "$p" readlink /proc/self/ns/time
	is '--children -T' "$rc $out" "0 $(fix .time_for_children)"
	run attach "$p" readlink /proc/self/ns/time
	is 'without --children: the same time' \
		"$rc $out" "0 $(readlink /proc/self/ns/time)"
	fixture_close
}

test_socket() {
	local p fd with=U
	! is_root || with=
	fixture socket || return 0
	p=$(fix '.tasks[0].proc_pid')
	fd=$(fix '.tasks[0].fd')
	run attach -t "$p" ${with:+-U} -N "$fd" readlink /proc/self/ns/net
	is '-N' "$rc $out" "0 $(fix .socket_net)"
	run attach -t "$p" ${with:+-U} --net-socket="$fd" readlink /proc/self/ns/net
	is '--net-socket=' "$rc $out" "0 $(fix .socket_net)"
	isnt '-N: not its own' "$(fix .socket_net)" "$(fix '.tasks[0].ns.net')"
	run attach -t "$p" -N 1 true
	is '-N with no socket' \
		"$rc $err" "125 nsattach: $p: its descriptor 1 is no socket"
	run attach -t "$p" -N 77 true
	is '-N with nothing' "$rc $err" "125 nsattach: $p: its descriptor 77 is not open"
	fixture_close
}

# A user namespace container: by root, and by who made it.
test_owner() {
	local p
	is_root && other_users || return 0
	FIX_WRAP=("${ordinary[@]}")
	fixture sandbox muinpCU || {
		FIX_WRAP=()
		return 0
	}
	FIX_WRAP=()
	p=$(fix '.tasks[0].proc_pid')
	enters 'rootless container as root' "$(want muinpCU)" "$p"
	run "${ordinary[@]}" timeout 20 "$NSATTACH" "$p" sh -c "$show; id -u"
	is 'as its owner' "$rc $out" "0 $(want muinpCU)
0"
	run "${ordinary[@]}" env NSUTIL_DISABLE=setns-pidfd timeout 20 "$NSATTACH" \
		-a -t "$p" sh -c "$show"
	is 'as its owner, one by one' "$rc $out" "0 $(want muinpCU)"
	run "${ordinary[@]}" timeout 20 "$NSATTACH" -n -t "$p" true
	is 'as its owner without -U: status' "$rc" 125
	like 'as its owner without -U: the cure' "$err" \
		"to user:.$(fix '.tasks[0].ns.user' | tr -dc 0-9)., where you may: .* -U$"
	run "${ordinary[@]}" timeout 20 "$NSATTACH" -n -U --no-sys -t "$p" \
		readlink /proc/self/ns/net
	is 'as its owner with -U' "$rc $out" "0 $(fix '.tasks[0].ns.net')"
	run setpriv --reuid 65533 --regid 65533 --clear-groups -- \
		timeout 20 "$NSATTACH" "$p" true
	is 'as another user: status' "$rc" 125
	like 'as another user: said' "$err" "^nsattach: $p: .*(denied|not permitted)"
	fixture_close
}

test_words
test_self_and_host
test_netns_name
test_all
test_one_call
test_single
test_several_sources
test_bubble
test_bwrap
test_children
test_socket
test_owner
done_testing
