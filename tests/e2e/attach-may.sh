#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What nsattach may not enter: that it says why, and that --explain knows it before.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2016,SC2317
. "$(dirname "$0")/lib.sh"

private "$@" || :

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

# What we say no to is refused to nsenter(1) too: nothing is forbidden that would work.
table_peer=0
peer_agrees() {
	local description=$1 word words=() types=
	shift
	for word; do
		case $word in
		--force | --no-resolv) ;;
		--* | *=*) return 0 ;;
		*)
			[[ $word != -[muinpCUT] ]] || types=yes
			words+=("$word")
			;;
		esac
	done
	[ -n "$types" ] || words+=(-a)
	command -v nsenter >/dev/null || return 0
	table_peer=$((table_peer + 1))
	if timeout 20 "${caller_words[@]}" nsenter --preserve-credentials "${words[@]}" true \
		</dev/null >"$tmp/peer" 2>&1; then
		fail "$description: explained as no, and nsenter enters"
	fi
}

# tell DESCRIPTION CALLER ARG...: as who the array CALLER makes of us, --explain says yes
# exactly where the entry works.
table_rows=0
table_yes=0
tell() {
	local description=$1 said did why
	local -n caller_words=$2
	shift 2
	timeout 20 "${caller_words[@]}" "$NSATTACH" --explain "$@" true \
		</dev/null >"$tmp/why" 2>&1
	said=$?
	why=$(grep -E ' no ' "$tmp/why" | head -1)
	timeout 20 "${caller_words[@]}" "$NSATTACH" "$@" true >"$tmp/why" 2>&1 </dev/null
	did=$?
	table_rows=$((table_rows + 1))
	case $said,$did in
	0,0) table_yes=$((table_yes + 1)) ;;
	4,125) peer_agrees "$description" "$@" ;;
	# A FILE that may not be opened is a failure already.
	125,125) [[ $description == *=/proc/* ]] || fail "$description: 125 twice" ;;
	*) fail "$description: explained $said, done $did" "$why" "$(<"$tmp/why")" ;;
	esac
}

# The callers: as we are, an ordinary user, root in a user namespace of its own, and as
# we are but in a pid namespace of its own. The targets: by root and by the user.
test_table() {
	local p target set caller failed=$tap_failed sets
	local callers=(me user userns pidns)
	local targets=('root sandbox muinpC' 'root sandbox muinpCU' 'user sandbox muinpCU'
		'user bubble')
	# shellcheck disable=SC2034 # taken by their names
	local me=() user=("${ordinary[@]}") userns=("${ordinary[@]}" unshare -U -r --) \
		pidns=(unshare -p -f --)
	if is_root; then
		targets+=('root bystander 65534')
	else
		callers=(me userns)
		# shellcheck disable=SC2034 # as above
		user=() userns=(unshare -U -r --)
	fi
	for target in "${targets[@]}"; do
		FIX_WRAP=()
		[ "${target%% *}" = root ] || FIX_WRAP=("${user[@]}")
		# shellcheck disable=SC2086 # words
		fixture ${target#* } || continue
		FIX_WRAP=()
		p=$(fix '.tasks[0].proc_pid')
		for caller in "${callers[@]}"; do
			sets=('' -n '-p --force' '-U -m -p --force')
			[ "$caller" = pidns ] || sets+=(-m -U -T '-U -n' '-n --user-parent'
				'--children -p --force' "-n=/proc/$p/ns/net"
				"-U=/proc/$p/ns/user -u=/proc/$p/ns/uts
					--preserve-credentials")
			for set in "${sets[@]}"; do
				# shellcheck disable=SC2086 # words
				tell "$target: $caller: $set" "$caller" \
					-t "$p" --no-resolv $set
			done
		done
		fixture_close
	done
	FIX_WRAP=()
	is "explained as it is: $table_rows of it" "$tap_failed" "$failed"
	ok "something could be entered ($table_yes)" test "$table_yes" -gt 10
	if command -v nsenter >/dev/null; then
		ok "nsenter was asked too ($table_peer)" test "$table_peer" -gt 0
	else
		skip 'nsenter was asked too' 'no nsenter(1)'
	fi
}

# A file that everybody may open, of a user namespace that is not everybody's.
test_pinned() {
	local pin=$tmp/pinned
	[ "${NSU_PRIVATE:-}" = yes ] || return 0
	chmod 755 "$tmp"
	fixture sandbox uU || return 0
	: >"$pin"
	mount --bind "/proc/$(fix '.tasks[0].proc_pid')/ns/user" "$pin"
	run as_user nsattach --explain -U="$pin" true
	is "another user's, pinned: explained" "$rc" 4
	run as_user nsattach -U="$pin" true
	is "another user's, pinned: status" "$rc" 125
	like "another user's, pinned: said" "$err" 'enter user:.*: Operation not permitted'
	umount "$pin"
	fixture_close
}

test_not_allowed() {
	local p
	fixture sandbox p || return 0
	p=$(fix '.tasks[0].proc_pid')
	if is_root; then
		run no_leaks unshare -p -f timeout 20 "$NSATTACH" -p -t "$p" true
		is 'pid namespace not below: status' "$rc" 125
		is 'pid namespace not below: said' "$err" \
			"nsattach: $p: enter $(fix '.tasks[0].ns.pid'): Invalid argument
nsattach: a pid namespace can be entered only from one above it, which yours is not"
		run no_leaks unshare -p -f timeout 20 "$NSATTACH" --explain -p -t "$p" true
		is 'pid namespace not below: explained' "$rc" 4
		like 'pid namespace not below: by its rule' "$out" \
			'pid +pid:.* no .*not below your pid namespace'
		run as_user nsattach "$p" true
		is "root's container as a user: status" "$rc" 125
		like "root's container as a user: said" "$err" \
			"^nsattach: $p: read ns/[a-z]+: Permission denied"
		like "root's container as a user: the cure" "$err" "run as root \(sudo nsattach $p\)"
		run as_user nsattach -H "$p" true
		like "root's container as a user: the cure for -H" "$rc $err" \
			'^125 .*-H needs root of the host'
		run as_user nsattach --explain "$p" true
		is "root's container as a user: explained" "$rc" 4
		unlike "root's container as a user: no yes" "$out" ' yes '
	fi
	fixture_close
	test_pinned
	is_root || return 0
	fixture bystander 65534 || return 0
	p=$(fix '.tasks[0].proc_pid')
	run as_user nsattach "$p" true
	is "root's container, the user's task: status" "$rc" 125
	like "root's container, the user's task: said" "$err" \
		"needs CAP_SYS_ADMIN in user:\[[0-9]+\]; try: nsattach --explain $p\$"
	run as_user nsattach --explain "$p"
	is "root's container, the user's task: explained" "$rc" 4
	like "root's container, the user's task: what to do" \
		"$err" "run as root: sudo nsattach $p\$"
	fixture_close
}

test_zombie() {
	local p z
	fixture zombies 1 || return 0
	p=$(fix '.tasks[0].proc_pid')
	z=$(<"/proc/$p/task/$p/children")
	run attach "${z%% *}" true
	is 'a zombie: status' "$rc" 125
	is 'a zombie: said' "$err" "nsattach: ${z%% *}: has ended"
	run "$NSATTACH" -p "${z%% *}" true
	is 'a zombie, -p: said' "$err" "nsattach: ${z%% *}: has ended"
	fixture_close
}

test_thread() {
	local p t
	fixture thread-ns || return 0
	p=$(fix '.tasks[0].proc_pid')
	t=$(fix '.thread.proc_tid')
	run attach "$t" true
	is "a thread's number: status" "$rc" 125
	is "a thread's number: said" "$err" "nsattach: $t: a thread of process $p
nsattach: try: nsattach $p"
	fixture_close
}

test_ended() {
	local p inode
	fixture sandbox u || return 0
	p=$(fix '.tasks[0].proc_pid')
	run attach "$p:1" true
	if [[ $err =~ 'cannot tell processes by inode' ]]; then
		skip 'PID:INODE' 'no pidfd inodes here'
	else
		is 'PID:INODE of another: status' "$rc" 125
		is 'PID:INODE of another: said' "$err" \
			"nsattach: $p:1: ended and its number was given to another process"
	fi
	inode=$(fix '.tasks[0].ns.uts' | tr -dc 0-9)
	fixture_close
	run attach "$p" true
	is 'ended: status' "$rc" 125
	is 'ended: said' "$err" "nsattach: $p: no such process"
	run attach "uts:$inode" true
	is 'a namespace that is gone: status' "$rc" 125
	like 'a namespace that is gone: said' "$err" "^nsattach: uts:$inode: "
}

# A pid namespace whose first process has ended: held by a task's children-to-be, by a
# descriptor, by a bind mount.
test_dead_init() {
	local inode file held said
	fixture pid-children || return 0
	inode=$(fix .ended_pid_ns | tr -dc 0-9)
	file=/proc/$(fix .ended.proc_pid)/ns/pid_for_children
	said="^nsattach: pid:\[$inode\]: enter: its init has ended, nothing can start in it"
	exec {held}<"$file"
	local user=()
	[ "$(id -u)" -eq 0 ] || user=(-U="/proc/$(fix .ended.proc_pid)/ns/user")
	if [ "$(id -u)" -eq 0 ]; then
		run attach --children -p -t "$(fix .ended.proc_pid)" true
		is 'children of a dead init: status' "$rc" 125
		like 'children of a dead init: said' "$err" "$said"
	fi
	run attach "${user[@]}" --force -p="$file" true
	is 'dead init: status' "$rc" 125
	like 'dead init: said' "$err" "$said"
	run attach "${user[@]}" --force --explain -p="$file" true
	is 'dead init: explained' "$rc" 4
	like 'dead init: explained by its rule' "$out" 'its init has ended'
	if [ "${NSU_PRIVATE:-}" = yes ]; then
		: >"$tmp/pin"
		mount --bind "$file" "$tmp/pin"
	fi
	fixture_close
	if [ "$(id -u)" -eq 0 ]; then
		run attach -p="/proc/$$/fd/$held" true
		is 'dead init, held by a descriptor: status' "$rc" 125
		like 'dead init, held by a descriptor: said' "$err" "$said"
	fi
	exec {held}<&-
	[ "${NSU_PRIVATE:-}" = yes ] || return 0
	run attach "pid:$inode" true
	is 'dead init, pinned: status' "$rc" 125
	like 'dead init, pinned: said' "$err" "$said"
	umount "$tmp/pin"
}

if other_users; then
	test_table
	test_not_allowed
fi
test_zombie
test_thread
test_ended
test_dead_init
done_testing
