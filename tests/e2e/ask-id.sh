#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nstree --uid, --gid: the same that uid_map tells, at every level, and both ways.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"

number() {
	tr -dc 0-9 <<<"$1"
}

# A middle user namespace in which a shell stays, where we are 5, and one in that, where
# this is 7.
test_levels() {
	local outer inner input
	if ! unshare -U --map-user=5 true 2>/dev/null; then
		skip 'levels' 'no user namespaces, or an unshare(1) that cannot map'
		return
	fi
	coproc chain {
		exec unshare -U --map-user=5 --map-group=6 -- sh -c 'echo $$
			unshare -U --map-user=7 --map-group=8 -- sh -c "echo \$\$; exec cat"; :'
	}
	# shellcheck disable=SC2154
	read -r outer <&"${chain[0]}" && read -r inner <&"${chain[0]}"
	run nstree --json --uid 7 "$inner"
	is 'levels: status' "$rc" 0
	is 'inside is we here' "$(jq '.answers[0].inside_is' <<<"$out")" "$(id -u)"
	is 'its namespace' "$(jq '.answers[0].namespace' <<<"$out")" \
		"$(number "$(readlink "/proc/$inner/ns/user")")"
	is 'the one between' "$(jq '.answers[0].levels[0].namespace' <<<"$out")" \
		"$(number "$(readlink "/proc/$outer/ns/user")")"
	is 'is 5 there' "$(jq '.answers[0].levels[0].inside_is' <<<"$out")" 5
	run nstree --json --uid "$(id -u)" "$inner"
	is 'we are 7 inside' "$(jq '.answers[0].here_is' <<<"$out")" 7
	is 'and 5 between' "$(jq '.answers[0].levels[0].here_is' <<<"$out")" 5
	run nstree --json --gid 8 "$inner"
	is 'a group is its own question' "$(jq -c '.answers[0] |
		[.inside_is, .levels[0].inside_is]' <<<"$out")" "[$(id -g),6]"
	run nstree --uid 7 "$inner"
	like 'in text: here' "$(sed -n 2p <<<"$out")" "^$inner +$(id -u) here"
	like 'a level has a line below' "$(sed -n 3p <<<"$out")" \
		"^\`-user:.$(number "$(readlink "/proc/$outer/ns/user")"). +5 there"
	run nstree --uid 9 "$inner"
	like 'not mapped' "$out" "^IN.*
$inner +not mapped +not mapped inside \(shown there as 65534\)"
	run nstree --json --uid 7
	is 'all: each user namespace once' "$(jq "[.answers[] | select(.namespace == \
		$(number "$(readlink "/proc/$inner/ns/user")"))] | length" <<<"$out")" 1
	is 'all: ours is the first' "$(jq '.answers[0].namespace' <<<"$out")" \
		"$(number "$(readlink /proc/self/ns/user)")"
	is 'and the same inside and here' "$(jq -c '.answers[0] | [.inside_is, .here_is]' <<<"$out")" \
		'[7,7]'
	input=${chain[1]}
	exec {input}>&-
	# shellcheck disable=SC2154
	wait "$chain_PID" 2>/dev/null
}

# The middle one has no process that could tell its map.
test_bubble() {
	local pid
	fixture bubble 1000 || return 0
	pid=$(fix '.tasks[0].proc_pid')
	run nstree --json --uid 1000 "$pid"
	is 'bubble: inside is we here' "$(jq '.answers[0].inside_is' <<<"$out")" "$(id -u)"
	is 'bubble: between is unknown' "$(jq -c '.answers[0].levels[0]' <<<"$out")" \
		"{\"namespace\":$(number "$(fix .outer)"),\"inside_is\":null,\"here_is\":null}"
	run nstree --uid 1000 "$(fix '.tasks[0].ns.net')"
	like 'of another type: its owner is asked' "$rc:$out" '^0:'
	fixture_close
}

test_long_map() {
	local pid
	fixture uidmap340 || return 0
	pid=$(grep -lE '^ +339 +339 +1$' /proc/*/uid_map 2>/dev/null | head -1 | tr -dc 0-9)
	run nstree --json --uid 339 "$pid"
	is 'the last of 340 lines' "$(jq -c '.answers[0] | [.inside_is, .here_is]' <<<"$out")" \
		'[339,339]'
	run nstree --json --uid 340 "$pid"
	is 'and what is behind it' "$(jq -c '.answers[0] | [.inside_is, .here_is]' <<<"$out")" \
		'["none","none"]'
	fixture_close
}

# Within a range, at its ends, and behind them.
test_range() {
	local pid input id
	need_root 'a range' || return 0
	coproc mapped { exec unshare -U -- sh -c 'echo $$; exec cat'; }
	# shellcheck disable=SC2154
	input=${mapped[1]}
	read -r pid <&"${mapped[0]}"
	# In one write(2), which the shell's own printf is not.
	if ! cat <<<$'10 100000 50\n200 7 1' >"/proc/$pid/uid_map" 2>/dev/null; then
		skip 'a range' 'no other user can be taken on here'
		exec {input}>&-
		return
	fi
	for id in 9:none 10:100000 23:100013 59:100049 60:none 199:none 200:7 201:none; do
		run nstree --json --uid "${id%:*}" "$pid"
		is "a range: ${id%:*} inside" "$(jq -r '.answers[0].inside_is' <<<"$out")" \
			"${id#*:}"
		[[ $id != *:none ]] || continue
		run nstree --json --uid "${id#*:}" "$pid"
		is "a range: ${id#*:} here" "$(jq -r '.answers[0].here_is' <<<"$out")" \
			"${id%:*}"
	done
	run nstree --json --uid 100050 "$pid"
	is 'a range: the first behind it' "$(jq -r '.answers[0].here_is' <<<"$out")" none
	exec {input}>&-
	# shellcheck disable=SC2154
	wait "$mapped_PID" 2>/dev/null
}

test_memberless() {
	local user
	fixture memberless-user || return 0
	user=$(fix .memberless)
	run nstree --uid 0
	like 'without a process it is unknown' "$(grep -F "$user" <<<"$out" | tail -1)" \
		'(\?|not mapped|[0-9]+ there)'
	run nstree --json --uid 0 "$user"
	is 'and null in JSON' "$(jq -c '.answers[0] | [.inside_is, .here_is]' <<<"$out")" '[null,null]'
	like 'said why' "$err" 'could not be read'
	fixture_close
}

test_words() {
	local word
	run nstree --json --uid root self
	is 'a name' "$(jq .question.about <<<"$out")" 0
	is 'ours here' "$(jq -c '.answers[0] | [.inside_is, .here_is, .levels]' <<<"$out")" '[0,0,[]]'
	for word in 4294967295 4294967296 99999999999999999999 -1 12x '' 0x10 'no such user' ' 1'; do
		run nstree "--uid=$word" self
		is "wrong: ${word@Q}: status" "$rc" 2
		is "wrong: ${word@Q}: two lines" "$(wc -l <"$tmp/stderr")" 2
	done
	run nstree --uid 4294967294 self
	is 'the largest number' "$rc" 0
	run nstree --uid 65534 self
	like 'the overflow id is explained' "$err" '65534 is also what is shown'
	run nstree --uid 0 999999999 self
	is 'an unknown target: status' "$rc" 1
	like 'and the other is answered' "$out" 'self +0 here'
}

test_alone() {
	local words
	for words in '-l' '-x' '--dot' '-t user' '-T' '-o NS' '-P' '-p 1' '--gid 0' '--path /' \
		'--may 1' '--diff 1' '-r' '--threads'; do
		# shellcheck disable=SC2086
		run nstree --uid 0 $words self
		is "excludes $words" "$rc" 2
		is "and says nothing else" "$out" ""
	done
}

test_user() {
	local pid
	fixture sandbox muinpCU || return 0
	pid=$(fix '.tasks[0].proc_pid')
	run as_user "$NSTREE" --json --uid 0
	is 'an ordinary user: status' "$rc" 0
	is 'valid JSON' "$(jq -r '.answers | type' <<<"$out")" array
	run as_user "$NSTREE" --uid 0 "$pid"
	if [ "$(id -u)" -eq 0 ]; then
		is 'may not read it: status' "$rc" 1
		like 'said' "$err" 'Permission denied'
	else
		is 'may read its own' "$rc" 0
	fi
	fixture_close
}

test_levels
test_bubble
test_long_map
test_range
test_memberless
test_words
test_alone
test_user
done_testing
