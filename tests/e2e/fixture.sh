#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The fixtures themselves: what nsfix prints is what /proc shows, and nothing outlives it.
# The checks are called by the names of their situations.
# shellcheck disable=SC2317

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Every task that the fixture tells, nsfix too, but a leader that has died.
tasks='(if .situation | endswith("dead-leader") or endswith("dead-leader-fd") then del(.tasks) else . end) |
	[.. | objects | select(has("tids"))] | unique'

check_links() {
	local paths=() expected
	# shellcheck disable=SC2016 # jq's variables
	mapfile -t paths < <(fix "$tasks"' | .[] |
		"/proc/\(.proc_pid)/task/\(.proc_tid)/ns/" as $p |
		((.ns + .for_children) | to_entries[] | select(.value) | $p + .key)')
	expected=$(fix "$tasks"' | .[] | (.ns + .for_children) | to_entries[] |
		select(.value) | .value')
	is "$1: identities" "$(readlink -- "${paths[@]}")" "$expected"
}

# The kernel tells levels above nsfix's too where /proc is older than the pid namespace.
check_pids() {
	local above files=() skipped
	above=$(awk '/^NSpid:/ { print NF - 2 }' "/proc/$(fix .self.proc_pid)/status")
	mapfile -t files < <(fix "$tasks"' | .[] |
		"/proc/\(.proc_pid)/task/\(.proc_tid)/status"')
	skipped=$((above + 2))
	is "$1: pids at every level" \
		"$(awk -v from="$skipped" '/^NSpid:/ {
			line = $from
			for (i = from + 1; i <= NF; i++)
				line = line " " $i
			print line
		}' "${files[@]}")" \
		"$(fix "$tasks"' | .[] | .tids | map(tostring) | join(" ")')"
}

state() {
	sed 's/.*) \(.\).*/\1/' "/proc/$1/stat"
}

# is_member TYPE:[INODE]: any task is in it that may be asked.
is_member() {
	find /proc/[0-9]*/task/[0-9]*/ns -lname "$1" 2>/dev/null |
		grep -qv '_for_children$'
}

nobody_in() {
	! is_member "${1//[\[\]]/?}"
}

own_each() {
	is "$1: each has its own $2" "$(fix "[$3.ns.$2] | unique | length")" \
		"$(fix "[$3] | length")"
}

check_sandbox() {
	is "sandbox: three tasks" "$(fix '.tasks | map(.inner) | join(" ")')" "1 2 3"
	is "sandbox: shared" "$(fix '.tasks | map(.ns) | unique | length')" 1
	for type in mnt uts ipc net pid cgroup; do
		isnt "sandbox: own $type" "$(fix ".tasks[0].ns.$type")" "$(fix ".self.ns.$type")"
	done
}

check_host_and_two() {
	for type in mnt uts ipc net pid cgroup; do
		own_each host-and-two "$type" '(.self, .sandboxes[].tasks[0])'
	done
}

check_service() {
	own_each service mnt '(.self, .tasks[0])'
	own_each service uts '(.self, .tasks[0])'
	is "service: not its own net" "$(fix .tasks[0].ns.net)" "$(fix .self.ns.net)"
}

check_service_net() {
	own_each service-net mnt '(.self, .tasks[0])'
	own_each service-net net '(.self, .tasks[0])'
	is "service-net: not its own uts" "$(fix .tasks[0].ns.uts)" "$(fix .self.ns.uts)"
}

check_pod() {
	for type in mnt pid cgroup; do
		own_each pod "$type" '(.self, .pause, .member)'
	done
	for type in uts ipc net; do
		is "pod: shared $type" "$(fix ".member.ns.$type")" "$(fix ".pause.ns.$type")"
		isnt "pod: $type" "$(fix ".pause.ns.$type")" "$(fix ".self.ns.$type")"
	done
}

check_nested5() {
	own_each nested5 user '(.self, .tasks[])'
	own_each nested5 pid '(.self, .tasks[])'
	is "nested5: depth" "$(fix '.tasks | map(.pids | length) | join(" ")')" "2 3 4 5 6"
}

check_memberless_user() {
	ok "memberless-user: nobody is in B" nobody_in "$(fix .memberless)"
	ok "memberless-user: A has its process" is_member "$(fix .a.ns.user | tr '[]' '??')"
	is "memberless-user: chain" "$(fix '.chain | join(" ")')" \
		"$(fix '[.a.ns.user, .memberless, .c.ns.user] | join(" ")')"
	is "memberless-user: owner" "$(fix .owner_uid)" "$(id -u)"
}

check_memberless_owner() {
	ok "memberless-owner: nobody is in the owner" nobody_in "$(fix .owner)"
	is "memberless-owner: net" "$(fix .tasks[0].ns.net)" "$(fix .net)"
}

check_thread_ns() {
	for type in net uts; do
		own_each thread-ns "$type" '(.tasks[0], .thread)'
	done
	is "thread-ns: one process" "$(fix .thread.pid)" "$(fix .tasks[0].pid)"
	isnt "thread-ns: two tasks" "$(fix .thread.tid)" "$(fix .thread.pid)"
}

check_time_children() {
	isnt "time-children: only for children" "$(fix .time_for_children)" \
		"$(fix .tasks[0].ns.time)"
}

check_pid_children() {
	is "pid-children: live init" "$(fix .init.ns.pid)" "$(fix .live_pid_ns)"
	is "pid-children: init's pid" "$(fix .init.inner)" 1
	ok "pid-children: nobody is in the ended one" nobody_in "$(fix .ended_pid_ns)"
}

check_dead_leader() {
	is "dead-leader: leader" "$(state "$(fix .tasks[0].proc_pid)")" Z
	isnt "dead-leader: net" "$(fix .thread.ns.net)" "$(fix .tasks[0].ns.net)"
}

check_zombies() {
	local file states=
	# Their numbers are of nsfix's level: with an old /proc they are not /proc's.
	if [ "$(fix .self.pid)" != "$(fix .self.proc_pid)" ]; then
		skip "zombies: states" "/proc is of another pid namespace"
	else
		for file in $(fix '.zombies[]'); do
			states+=$(state "$file")
		done
		is "zombies: states" "$states" ZZZZZZZ
	fi
}

check_hostile_name() {
	local pid
	pid=$(fix .tasks[0].proc_pid)
	is "hostile-name: comm" "$(cat "/proc/$pid/comm")" "$(fix .comm)"
	is "hostile-name: 15 characters" "$(fix '.comm | length')" 15
	is "hostile-name: cmdline" "$(od -An -v -tx1 "/proc/$pid/cmdline" | tr -d ' \n')" \
		"$(fix .cmdline_hex)"
}

check_inside() {
	own_each inside mnt '(.self, .tasks[0])'
	own_each inside pid '(.self, .tasks[0])'
}

check_uidmap340() {
	local pid
	pid=$(fix .tasks[0].proc_pid)
	is "uidmap340: lines" "$(grep -c . "/proc/$pid/uid_map")" "$(fix .lines)"
}

check_dead_fuse() {
	local pid
	pid=$(fix .holder.proc_pid)
	is "dead-fuse: the file" "$(readlink "/proc/$pid/fd/$(fix .holder.fd)")" "$(fix .path)"
	ok "dead-fuse: the mount" grep -q ' - fuse.nsfix ' "/proc/$pid/mountinfo"
	isnt "dead-fuse: own mounts" "$(fix .holder.ns.mnt)" "$(fix .self.ns.mnt)"
}

check_twins() {
	own_each twins pid '(.self, .tasks[])'
	is "twins: number" "$(fix '.tasks | length')" 9
}

check_churn() {
	is "churn: lasting processes" "$(fix '.tasks | length')" 20
	is "churn: loops" "$(fix '.loops | length')" 2
}

check_waiting() {
	is "waiting: state" "$(state "$(fix .tasks[0].proc_pid)")" D
}

check_clock() {
	isnt "clock: own time" "$(fix .tasks[0].ns.time)" "$(fix .parent.ns.time)"
	is "clock: that of its parent's children" "$(fix .tasks[0].ns.time)" \
		"$(fix .parent.for_children.time_for_children)"
}

check_bubble() {
	own_each bubble user '(.self, .tasks[0])'
	is "bubble: the inner one" "$(fix .tasks[0].ns.user)" "$(fix .inner)"
	isnt "bubble: the outer one" "$(fix .outer)" "$(fix .inner)"
	is "bubble: its id" "$(awk '{ print $1, $3 }' "/proc/$(fix .tasks[0].proc_pid)/uid_map")" \
		'1000 1'
}

check_socket() {
	isnt "socket: another net" "$(fix .socket_net)" "$(fix .tasks[0].ns.net)"
	like "socket: its number" "$(readlink "/proc/$(fix .tasks[0].proc_pid)/fd/$(
		fix '.tasks[0].fd')")" '^socket:'
}

check_bystander() {
	is "bystander: uid" \
		"$(awk '/^Uid:/ { print $2 }' "/proc/$(fix .tasks[0].proc_pid)/status")" 1000
}

# What holds a namespace: a process or thread that is there, a descriptor of what it says,
# a mount. What has no task in it shows none.
check_held() {
	local of kind pid tid fd socket path in
	while IFS=$'\t' read -r of kind pid tid fd socket path in; do
		case $kind in
		fd)
			# Its link may be the path by which it was opened.
			is "$1: a descriptor of it" \
				"${of%%:*}:[$(stat -Lc %i "/proc/$pid/task/$tid/fd/$fd")]" "$of"
			;;
		socket | message*)
			is "$1: a socket" "$(readlink "/proc/$pid/fd/$fd")" "socket:[$socket]"
			;;
		tun)
			is "$1: a device" "$(readlink "/proc/$pid/fd/$fd")" /dev/net/tun
			ok "$1: of the tun driver" grep -q '^iff:' "/proc/$pid/fdinfo/$fd"
			;;
		mount)
			ok "$1: below the root" test "${path#/}" != "$path"
			like "$1: a mount namespace" "$in" '^[0-9]+$'
			;;
		esac
		case $kind in
		zombie) is "$1: a zombie" "$(state "$pid")" Z ;;
		process | thread) ok "$1: somebody is in it" is_member "${of//[\[\]]/?}" ;;
		*) ok "$1: nobody is in $of" nobody_in "$of" ;;
		esac
	done < <(jq -r '[.holders[] | select(.kind == "zombie") | .of] as $in | .holders[] |
		select(.kind == "zombie" or (.of as $o | $in | index($o) | not)) |
		[.of, .kind // "-", .pid // "-", .tid // "-", .fd // "-", .socket // "-",
		 .path // "-", .in // "-"] | @tsv' <<<"$FIX")
	ok "$1: holders are told" test "$(fix '.holders | length')" -gt 0
}

check_dead_fuse_pin() {
	local pid
	pid=$(fix '.tasks[1].proc_pid')
	ok "dead-fuse-pin: the pin" grep -q " $(fix '.holders[0].path') .* - nsfs " \
		"/proc/$pid/mountinfo"
	check_held dead-fuse-pin
}

check_fuse_swap() {
	like "fuse-swap: one or the other" "$(readlink "/proc/$(fix '.tasks[1].proc_pid')/fd/$(
		fix '.tasks[1].fd')")" '^(socket:.*|/.*/file)?$'
}

# How it ends: by its input, by a signal, by the signal that nobody can answer.
check_end() {
	local situation=$1 how=$2 pids status
	shift 2
	fixture "$@" || return 0
	mapfile -t pids < <(fix '([.. | objects | select(has("tids")) | .pid] +
		(.zombies // []) + (.loops // [])) | unique[]')
	case $how in
	close) status=0 ;;
	TERM) status=143 ;;
	KILL) status=137 ;;
	esac
	[ "$how" = close ] || kill -s "$how" "$FIX_PID"
	fixture_close
	is "$situation: status after $how" "$fix_rc" "$status"
	ok "$situation: all ended after $how" timeout 60 "$NSFIX" wait "${pids[@]}"
}

check_situation() {
	local situation=$1 arguments=() ends=(close TERM KILL)
	case $situation in
	zombies) arguments=(7) ;;
	churn) arguments=(2) ;;
	bystander) arguments=(1000) ;;
	esac
	fixture "$situation" "${arguments[@]}" || return 0
	is "$situation: its name" "$(fix .situation)" "$situation"
	check_links "$situation"
	check_pids "$situation"
	case $situation in
	held-*) check_held "$situation" ;;
	*) "check_${situation//-/_}" ;;
	esac
	fixture_close
	is "$situation: status" "$fix_rc" 0
	# Those of one kind end alike: as hard as can be is enough.
	[[ $situation == held-* ]] && ends=(KILL)
	for how in "${ends[@]}"; do
		check_end "$situation" "$how" "$situation" "${arguments[@]}"
	done
}

test_letters() {
	fixture sandbox mu || return 0
	own_each "sandbox mu" mnt '(.self, .tasks[0])'
	is "sandbox mu: not its own net" "$(fix .tasks[0].ns.net)" "$(fix .self.ns.net)"
	fixture_close
	fixture sandbox muinpCUT || return 0
	for type in mnt uts ipc net pid cgroup user time; do
		own_each "sandbox muinpCUT" "$type" '(.self, .tasks[0])'
	done
	check_links "sandbox muinpCUT"
	fixture_close
}

test_several() {
	local first
	fixture service || return 0
	first=$(fix .tasks[0].pid)
	fixture service || return 0
	isnt "several: the newest" "$(fix .tasks[0].pid)" "$first"
	fixture_close
	is "several: the one before" "$(fix .tasks[0].pid)" "$first"
	fixture_close
}

test_usage() {
	run "$NSFIX" nonesuch
	is "unknown situation" "$rc" 2
	run "$NSFIX"
	is "no situation" "$rc" 2
	run "$NSFIX" list
	is "list" "$rc" 0
}

test_usage
while read -r situation _; do
	check_situation "$situation"
done < <("$NSFIX" list)
test_letters
test_several
done_testing
