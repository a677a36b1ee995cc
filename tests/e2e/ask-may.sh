#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nstree --may: what setns(2) then does, and what nsattach --explain says to its caller.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"

# type of the answer for each type, as "mnt=yes ..."
verdicts() {
	jq -r '.answers[0].namespaces[] | "\(.type)=\(.enter)"' <<<"$1" | tr '\n' ' '
}

# Five user namespaces below each other: only those below can be entered. The truth is
# what nsenter(1) does in the place of each.
test_nested() {
	local i j tasks want did status
	fixture nested5 || return 0
	mapfile -t tasks < <(fix '.tasks[].proc_pid')
	for i in 0 2 4; do
		for j in 0 2 4; do
			run nstree --json --may "${tasks[i]}" "${tasks[j]}"
			want=no
			[ "$j" -le "$i" ] || want=yes
			[ "$j" -ne "$i" ] || want=same
			is "from level $i to $j" "$(jq -r '.answers[0].namespaces[] |
				select(.type == "user").enter' <<<"$out")" $want
			status=0
			[ $want != no ] || status=4
			is "from level $i to $j: status" "$rc" $status
			[ $want != same ] || continue
			command -v nsenter >/dev/null || continue
			did=no
			! nsenter --preserve-credentials -t "${tasks[i]}" -U \
				nsenter --preserve-credentials -t "${tasks[j]}" -U true 2>/dev/null ||
				did=yes
			is "from level $i to $j, done" $did $want
		done
	done
	run nstree --may "${tasks[4]}" "${tasks[0]}"
	like 'says why' "$out" "^${tasks[4]} nsfix has no capabilities in user:\[[0-9]+\]: it is in user"
	like 'which capability, where' "$out" 'needs CAP_SYS_ADMIN in user:\[[0-9]+\]'
	fixture_close
}

# The caller of nsattach --explain and --may of a process that is as it is.
test_agrees() {
	local pid
	fixture sandbox muinpCU || return 0
	pid=$(fix '.tasks[0].proc_pid')
	run nsattach --explain --json "$pid"
	cp "$tmp/stdout" "$tmp/explained"
	run nstree --json --may $$ "$pid"
	is 'as --explain says: status' "$rc" 0
	is 'as --explain says' "$(verdicts "$out")" "$(jq -r '.namespaces[] |
		"\(.type)=\(.enter)"' "$tmp/explained" | tr '\n' ' ')"
	run nstree --may $$ "$pid"
	like 'all, since it made it or has them' "$out" "^$$ [^ ]* has all capabilities in user"
	run nstree --json --may "$pid" $$
	is 'not the other way: status' "$rc" 4
	is 'the answer is no' "$(jq .answers[0].may <<<"$out")" false
	run nstree --may "$pid" "$pid"
	is 'its own: status' "$rc" 0
	like 'its own' "$out" 'as its own'
	run nstree --may "$(fix '.tasks[1].proc_pid')" "$(fix '.tasks[0].ns.net')"
	is 'a namespace alone: a line' "$(grep -cE '^[a-z]+ +[a-z]+:\[' <<<"$out")" 1
	run nstree --may $$ "$pid" "$pid"
	is 'two targets: two tables' "$(grep -c '^TYPE' <<<"$out")" 2
	fixture_close
}

test_no_powers() {
	local pid input
	need_root 'an ordinary process and root'"'"'s container' || return 0
	fixture sandbox muinpC || return 0
	pid=$(fix '.tasks[0].proc_pid')
	coproc user { exec setpriv --reuid 65534 --regid 65534 --clear-groups -- cat; }
	# It is he as soon as he answers.
	# shellcheck disable=SC2154
	echo >&"${user[1]}" && read -r _ <&"${user[0]}"
	# shellcheck disable=SC2154
	run nstree --may "$user_PID" "$pid"
	is 'no capabilities: status' "$rc" 4
	like 'has none' "$out" 'has no capabilities in user:\[[0-9]+\], which is its own'
	input=${user[1]}
	exec {input}>&-
	wait "$user_PID" 2>/dev/null
	fixture_close
}

test_wrong() {
	run nstree --may $$
	is 'no target: status' "$rc" 2
	like 'no target: said' "$err" 'No target is given'
	run nstree --may 999999999 self
	is 'no such process: status' "$rc" 1
	like 'no such process: said' "$err" '999999999'
	run nstree --may "net:$(readlink /proc/self/ns/net | tr -dc 0-9)" self
	is 'a namespace enters nothing' "$rc" 1
	run nstree --may self nosuchname
	is 'no such target: status' "$rc" 1
	run as_user "$NSTREE" --may 1 self
	isnt 'an ordinary user about process 1: not yes by mistake' "$rc" 0
}

test_nested
test_agrees
test_no_powers
test_wrong
done_testing
