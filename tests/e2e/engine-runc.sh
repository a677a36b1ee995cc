# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# runc by itself: named by its state, which outlives a container that is killed.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../engines/host.sh"
own_host "${layout:-hybrid}" runc
. "$(dirname "$0")/../engines/bundle.sh"
. "$(dirname "$0")/../engines/seen.sh"

hex=$(printf 'a%.0s' {1..64})
uid=11111111-2222-3333-4444-555555555555

test_plain() {
	started oci_run runc plain || return
	known runc runc:plain "$pid" plain null
	started oci_run runc mapped '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings' || return
	known runc runc:mapped "$pid" mapped null
}

# Whoever starts it chooses what its cgroup is called, and that is all there is of engines
# whose state cannot be read.
test_worn() {
	started oci_run runc as-docker ".linux.cgroupsPath = \"/docker/$hex\"" || return
	look
	is_told 'by its cgroup' "docker:${hex::12}" engine=docker "id=$hex" "init=$pid"
	entered 'by the beginning of its id' "docker:${hex::8}" "$pid"
	started oci_run runc as-pod ".linux.cgroupsPath =
		\"/kubepods/burstable/pod$uid/${hex//a/b}\"" || return
	look
	is_told 'of a pod without a name' "cri:bbbbbbbbbbbb" "id=${hex//a/b}" "pod_uid=$uid" \
		"init=$pid"
	entered 'of a pod without a name, is entered' cri:bbbbbbbbbbbb "$pid"
}

test_paused() {
	runc pause plain || return
	like 'paused' "$(line_of runc:plain --containers)" '^runc:plain .*paused'
	runc resume plain
	like 'resumed' "$(line_of runc:plain --containers)" '^runc:plain [0-9]'
}

# again PID: a process of that number, once more; its predecessor has ended.
again() {
	local try
	for ((try = 0; try < 50; try++)); do
		echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid || return 1
		sleep 3600 &
		[ $! -ne "$1" ] || return 0
		kill $!
	done
	return 1
}

test_state_left() {
	local was
	was=$("$(type -P runc)" state plain | jq .pid)
	killed "$was"
	ok 'its state is there' test -s /run/runc/plain/state.json
	look
	gone 'who was killed is not shown' runc:plain
	run nsattach runc:plain true
	is 'nor entered' "$rc" 125
	if again "$was" 2>/dev/null; then
		look
		gone 'nor who has its number now' runc:plain
	else
		skip 'nor who has its number now' 'no number can be chosen here'
	fi
	runc delete plain
	runc delete -f mapped
	look
	gone 'who was removed is not shown' runc:mapped
}

test_plain
test_worn
test_paused
test_state_left
done_testing
