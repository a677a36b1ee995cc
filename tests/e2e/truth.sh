# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For every situation: what nstree --json says of its tasks and namespaces is true.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"

# Every task in the fixture's line that the snapshot must have, with its namespaces.
# A dead leader is no such task: it has none left.
read -r -d '' wrong_tasks <<'EOQ'
($snap.tasks | map({key: (.tid | tostring), value: .}) | from_entries) as $seen
| [$fix | .. | objects | select(has("ns") and has("proc_tid"))
   | select($dead != .proc_tid)
   | . as $t | $seen[$t.proc_tid | tostring] as $s
   | if $s == null then "task \($t.proc_tid) is missing"
     else $t.ns | to_entries[] | select(.value != null)
       | (.value | capture("\\[(?<i>[0-9]+)\\]").i | tonumber) as $i
       | select($s.namespaces[.key] != $i)
       | "task \($t.proc_tid) \(.key): is \($i), shown \($s.namespaces[.key])"
     end] | .[]
EOQ
# Every identity in it that the snapshot must have.
read -r -d '' wrong_ns <<'EOQ'
([$snap.namespaces[] | "\(.type):[\(.inode)]"] | map({key: ., value: true}) | from_entries) as $seen
| [$fix | .. | strings | select(test("^[a-z]+:\\[[0-9]+\\]$")) | select(. != $not)
   | select($seen[.] == null) | "\(.) is missing"] | unique | .[]
EOQ

# check DESCRIPTION: the snapshot now against $FIX
check() {
	local dead=-1 not=-
	# The thread's process has a leader without namespaces of its own to compare.
	[ "$(fix .situation)" = dead-leader ] && dead=$(fix '.tasks[0].proc_tid') &&
		not=$(fix '.tasks[0].ns.net')
	run nstree --json
	is "$1: status" "$rc" 0
	printf '%s\n' "$FIX" >"$tmp/fix.json"
	printf '%s\n' "$out" >"$tmp/snap.json"
	is "$1: every task is there, with its true namespaces" \
		"$(jq -rn --argjson dead "$dead" --slurpfile f "$tmp/fix.json" \
			--slurpfile s "$tmp/snap.json" \
			'$f[0] as $fix | $s[0] as $snap | '"$wrong_tasks" 2>&1)" ''
	is "$1: every namespace is there" \
		"$(jq -rn --arg not "$not" --slurpfile f "$tmp/fix.json" \
			--slurpfile s "$tmp/snap.json" \
			'$f[0] as $fix | $s[0] as $snap | '"$wrong_ns" 2>&1)" ''
}

snap() {
	jq -r "$@" "$tmp/snap.json"
}

# ns TYPE:[INODE] FILTER: of that namespace in the snapshot
ns() {
	snap --arg id "$1" ".namespaces[] | select(\"\(.type):[\(.inode)]\" == \$id) | $2"
}

inode() {
	tr -dc 0-9 <<<"$1"
}

test_plain() {
	local situation situations=(sandbox twins uidmap340 thread-ns)
	[ -n "${NSU_LIGHT:-}" ] ||
		situations+=(host-and-two service service-net pod hostile-name)
	for situation in "${situations[@]}"; do
		fixture "$situation" || continue
		check "$situation"
		fixture_close
	done
}

test_nested() {
	local i level n
	fixture nested5 || return 0
	check nested5
	n=$(fix '.tasks | length')
	level=$(ns "$(fix '.tasks[0].ns.pid')" .level)
	# the second and the innermost: each question costs a process
	for i in 1 $((n - 1)); do
		is "nested5: parent of pid namespace $i" \
			"$(ns "$(fix ".tasks[$i].ns.pid")" .parent)" \
			"$(inode "$(fix ".tasks[$((i - 1))].ns.pid")")"
		is "nested5: its level" "$(ns "$(fix ".tasks[$i].ns.pid")" .level)" \
			$((level + i))
		is "nested5: parent of user namespace $i" \
			"$(ns "$(fix ".tasks[$i].ns.user")" .parent)" \
			"$(inode "$(fix ".tasks[$((i - 1))].ns.user")")"
		is "nested5: owner of pid namespace $i" \
			"$(ns "$(fix ".tasks[$i].ns.pid")" .owner)" \
			"$(inode "$(fix ".tasks[$i].ns.user")")"
		# The first number is that of the procfs; the fixture's begin at its own level.
		is "nested5: pids of task $i" \
			"$(snap -c --argjson t "$(fix ".tasks[$i].proc_tid")" \
				'.tasks[] | select(.tid == $t) | .pids[1:]')" \
			"$(fix ".tasks[$i].pids[1:] | tojson")"
	done
	fixture_close
}

test_memberless() {
	fixture memberless-user || return 0
	check memberless-user
	is 'memberless-user: no process' "$(ns "$(fix .memberless)" .processes)" 0
	is 'memberless-user: creator' "$(ns "$(fix .memberless)" .creator)" "$(fix .owner_uid)"
	is 'memberless-user: parent of C' "$(ns "$(fix '.chain[2]')" .parent)" \
		"$(inode "$(fix '.chain[1]')")"
	is 'memberless-user: parent of B' "$(ns "$(fix '.chain[1]')" .parent)" \
		"$(inode "$(fix '.chain[0]')")"
	fixture_close
	fixture memberless-owner || return 0
	check memberless-owner
	is 'memberless-owner: owner of the net namespace' "$(ns "$(fix .net)" .owner)" \
		"$(inode "$(fix .owner)")"
	is 'memberless-owner: has no process' "$(ns "$(fix .owner)" .processes)" 0
	fixture_close
}

test_thread() {
	fixture thread-ns || return 0
	check thread-ns
	is 'thread-ns: the net namespace has one process' \
		"$(ns "$(fix .thread.ns.net)" .processes)" 1
	is 'thread-ns: by its thread' "$(ns "$(fix .thread.ns.net)" -c .tasks 2>/dev/null ||
		ns "$(fix .thread.ns.net)" '.tasks | join(",")')" "$(fix .thread.proc_tid)"
	fixture_close
}

test_children() {
	fixture time-children || return 0
	check time-children
	is 'time-children: no process is in it' "$(ns "$(fix .time_for_children)" .processes)" 0
	is 'time-children: the heir is named' \
		"$(ns "$(fix .time_for_children)" '.heirs | join(",")' 2>/dev/null)" \
		"$(fix '.tasks[0].proc_tid')"
	fixture_close
	fixture pid-children || return 0
	check pid-children
	fixture_close
}

test_dead_leader() {
	local leader
	fixture dead-leader || return 0
	check dead-leader
	leader=$(fix '.tasks[0].proc_tid')
	is 'dead-leader: its thread holds the net namespace' \
		"$(ns "$(fix .thread.ns.net)" '.tasks | join(",")')" "$(fix .thread.proc_tid)"
	is 'dead-leader: is no gap' \
		"$(snap --argjson p "$leader" '[.gaps[] | select(.pid == $p)] | length')" 0
	fixture_close
}

test_zombies() {
	fixture zombies 500 || return 0
	check zombies
	is 'zombies: counted with their pid namespace' "$(ns "$(fix .pid_ns)" .zombies)" 500
	is 'zombies: are no gaps' "$(snap --argjson z "$(fix ".zombies | tojson")" \
		'[.gaps[].pid] | map(select(. as $p | $z | index($p))) | length')" 0
	run nstree
	like 'zombies: many are shown' "$out" '\(500 zombies\)'
	fixture_close
}

# A dead server must not hold the scan; timeout is there to fail instead of to hang.
test_fuse() {
	fixture dead-fuse || return 0
	run timeout 20 "$NSTREE" --json
	is 'dead-fuse: a scan ends' "$rc" 0
	run timeout 20 "$NSTREE"
	is 'dead-fuse: so does the tree' "$rc" 0
	run timeout 20 "$NSTREE" -p "$(fix .holder.proc_pid)"
	is 'dead-fuse: and the card of its holder' "$rc" 0
	fixture_close
}

test_plain
test_nested
test_memberless
test_thread
test_children
test_dead_leader
test_zombies
test_fuse
done_testing
