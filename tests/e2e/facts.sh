# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Facts by type: columns, cards and JSON against what programs say inside.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# A column of a namespace: column NS COLUMN
column() {
	"$NSTREE" -l -n -r -o "NS,$2" 2>/dev/null | awk -v ns="${1//[!0-9]/}" \
		'$1 == ns { print $2 }'
}

# A line of its card, and of the facts in JSON.
card_line() {
	"$NSTREE" "${1//[][]/}" 2>/dev/null | sed -n "s/^  $2  *//p"
}

json_fact() {
	"$NSTREE" --json --facts "${1//[][]/}" 2>/dev/null |
		jq -r ".namespaces[] | select(.inode == ${1//[!0-9]/}) | .facts | $2"
}

need() {
	local program
	for program; do
		command -v "$program" >/dev/null && continue
		skip "against $program" "no $program"
		return 1
	done
}

inside() {
	"$NSATTACH" "$@" 2>"$tmp/err" || cat "$tmp/err"
}

test_uts() {
	local ns p
	need hostname || return 0
	ns=$(fix .tasks[0].ns.uts) p=$(fix .tasks[0].pid)
	inside -u "$p" hostname inner-host
	is "uts: column" "$(column "$ns" HOSTNAME)" "$(inside -u "$p" hostname)"
	is "uts: card" "$(card_line "$ns" hostname)" inner-host
	is "uts: JSON" "$(json_fact "$ns" .hostname)" inner-host
	is "uts: no domain" "$(column "$ns" DOMAINNAME) $(card_line "$ns" domain)" "- -"
}

test_ipc() {
	local ns p
	need ipcs ipcmk || return 0
	ns=$(fix .tasks[0].ns.ipc) p=$(fix .tasks[0].pid)
	is "ipc: nothing" "$(card_line "$ns" ipc) $(column "$ns" IPCBYTES)" "- 0"
	inside -i "$p" sh -c 'ipcmk -Q; ipcmk -Q; ipcmk -M 12345; ipcmk -S 5' >"$tmp/made"
	is "ipc: queues" "$(json_fact "$ns" .queues)" \
		"$(inside -i "$p" ipcs -q | grep -c '^0x')"
	is "ipc: segments" "$(column "$ns" SEGMENTS)" \
		"$(inside -i "$p" ipcs -m | grep -c '^0x')"
	is "ipc: bytes" "$(column "$ns" IPCBYTES)" \
		"$(inside -i "$p" ipcs -m | awk '/^0x/ { n += $5 } END { print n }')"
	is "ipc: semaphores" "$(column "$ns" SEMAPHORES)" \
		"$(inside -i "$p" ipcs -s | awk '/^0x/ { n += $5 } END { print n }')"
	like "ipc: card" "$(card_line "$ns" segments)" '^1, 12K, 0 in memory$'
	is "ipc: limit" "$(json_fact "$ns" .max_queues)" \
		"$(inside -i "$p" sysctl -n kernel.msgmni 2>&1 | tail -n 1)"
}

test_mnt() {
	local ns p
	need findmnt || return 0
	ns=$(fix .tasks[0].ns.mnt) p=$(fix .tasks[0].pid)
	is "mnt: mounts" "$(column "$ns" MOUNTS)" "$(inside -m "$p" findmnt -rn | wc -l)"
	is "mnt: root" "$(column "$ns" ROOT)" "$(inside -m "$p" findmnt -rno FSTYPE /)"
	is "mnt: propagation" "$(column "$ns" PROPAGATION)" \
		"$(inside -m "$p" findmnt -rno PROPAGATION /)"
	is "mnt: card" "$(card_line "$ns" mounts)" "$(json_fact "$ns" .mounts)"
}

# As /proc/PID/cgroup has it: of cgroup2, and where that is the root of a v1 hierarchy.
test_cgroup() {
	local ns p path
	ns=$(fix .tasks[0].ns.cgroup) p=$(fix .tasks[0].pid)
	path=$(awk -F: '$1 == 0 { print $3 }' "/proc/$p/cgroup")
	[ "${path:-/}" != / ] ||
		path=$(awk -F: '$1 != 0 && $3 != "/" { print $3; exit }' "/proc/$p/cgroup")
	is "cgroup: column" "$(column "$ns" CGROUP)" "${path:-/}"
	is "cgroup: members" "$(json_fact "$ns" '.members | map(.tasks) | add')" \
		"$(fix '.tasks | length')"
	is "cgroup: JSON" "$(json_fact "$ns" '.members[0].path')" "${path:-/}"
	is "cgroup: card" "$(card_line "$ns" 'members in')" "${path:-/}"
	like "cgroup: not frozen" "$(column "$ns" FROZEN)" '^(no|\?)$'
	run nstree "$p"
	like "cgroup: in the process's card" "$out" "cgroup +${path:-/}"
}

test_other() {
	local ns
	ns=$(fix .tasks[0].ns.user)
	is "of another type" "$(column "$ns" HOSTNAME) $(column "$ns" MOUNTS) $(
		column "$ns" INIT)" "- - -"
	run nstree --facts
	is "--facts without --json" "$rc" 2
	run nstree --json --facts -l
	is "--facts with the list" "$rc" 2
}

test_sandbox() {
	fixture sandbox muiC || return 0
	test_uts
	test_ipc
	test_mnt
	test_cgroup
	test_other
	fixture_close
}

test_user() {
	local ns p
	fixture sandbox pU || return 0
	ns=$(fix .tasks[0].ns.user) p=$(fix .tasks[0].pid)
	is "user: setgroups" "$(column "$ns" SETGROUPS)" "$(cat "/proc/$p/setgroups")"
	like "user: map" "$(column "$ns" UIDMAP)" '^0'
	ns=$(fix .tasks[0].ns.pid)
	is "pid: init" "$(column "$ns" INIT)" "$p"
	is "pid: JSON" "$(json_fact "$ns" .init)" "$p"
	fixture_close
}

test_time() {
	local ns offsets
	fixture clock || return 0
	ns=$(fix .tasks[0].ns.time)
	offsets=$(awk '{ printf "%d ", $2 }' "/proc/$(fix .tasks[0].pid)/timens_offsets")
	is "time: columns" "$(column "$ns" MONOTONIC | cut -d. -f1) $(
		column "$ns" BOOTTIME | cut -d. -f1) " "$offsets"
	like "time: card" "$(card_line "$ns" boottime)" '^[+-][0-9.]+ s$'
	fixture_close
}

[ "$(id -u)" -eq 0 ] || skip_all "needs root"
if ! "$NSFIX" can sandbox muiC >/dev/null 2>&1; then
	skip_all "$("$NSFIX" can sandbox muiC 2>&1 | tail -n 1)"
fi
test_sandbox
test_user
test_time
done_testing
