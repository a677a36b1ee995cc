#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nstree --diff: of processes, of namespaces, of documents.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"

# line WHAT: of the answer in $out, as "same: a b"
line() {
	jq -r --arg what "$1" '.lines[] | select(.what == $what) | "\(.same): \(.a) \(.b)"' \
		<<<"$out"
}

test_tasks() {
	local pid type here there
	fixture sandbox muinpCU || return 0
	pid=$(fix '.tasks[0].proc_pid')
	run nstree --json --diff $$ "$pid"
	is 'two processes: status' "$rc" 4
	for type in mnt uts ipc net pid user time; do
		here=$(readlink "/proc/$$/ns/$type") there=$(readlink "/proc/$pid/ns/$type")
		[ -n "$here" ] || continue
		is "namespace $type" "$(line $type)" \
			"$([ "$here" = "$there" ] && echo true || echo false): $here $there"
	done
	is 'the whole' "$(jq .same <<<"$out")" false
	is 'capabilities are the kernel'"'"'s' "$(line capabilities | grep -o '[0-9a-f]\{16\}$')" \
		"$(awk '$1 == "CapEff:" { print $2 }' "/proc/$pid/status")"
	run nstree --diff $$ "$pid"
	like 'in text' "$out" "
net +other net:\[[0-9]+\] +net:\[[0-9]+\]"
	run nstree --diff "$pid" "$(fix '.tasks[1].proc_pid')"
	like 'of one sandbox: all namespaces the same' "$out" 'mnt +same'
	unlike 'and no line of facts' "$out" 'hostname'
	run nstree --diff "$pid" "net:$(readlink /proc/self/ns/net | tr -dc 0-9)"
	is 'a process and a namespace: status' "$rc" 4
	like 'that namespace of the process' "$out" "
namespace +other $(fix '.tasks[0].ns.net' | sed 's/[][]/\\&/g') "
	run nstree --diff "$(fix '.tasks[0].ns.net')" "$(fix '.tasks[0].ns.net')"
	is 'a namespace and itself' "$rc" 0
	run nstree --diff "$(fix '.tasks[0].ns.net')" "$(fix '.tasks[0].ns.mnt')"
	is 'of two types: wrong use' "$rc" 2
	is 'in two lines' "$(grep -vc 'could not be read in full' "$tmp/stderr")" 2
	fixture_close
}

test_limits() {
	coproc limited { ulimit -S -n 33; exec cat; }
	# shellcheck disable=SC2154
	local input=${limited[1]} pid=$limited_PID
	# The limit is set when it answers.
	# shellcheck disable=SC2154
	echo >&"$input" && read -r _ <&"${limited[0]}"
	run nstree --diff $$ "$pid"
	is 'limits: status' "$rc" 4
	like 'the limit that differs' "$out" '
limit: open files +other [0-9a-z]+ of [0-9a-z]+ +33 of'
	unlike 'and only that' "$out" 'limit: stack'
	run nstree -a --diff $$ "$pid"
	like 'with -a all' "$out" 'limit: stack +same'
	exec {input}>&-
	wait "$pid" 2>/dev/null
	run nstree --diff self self
	is 'the same process: status' "$rc" 0
	run nstree --json --diff self self
	is 'the same process' "$(jq -c '[.lines[].same] | unique' <<<"$out")" '[true]'
}

test_documents() {
	local net
	nstree --json >"$tmp/before" 2>/dev/null
	run nstree --diff "$tmp/before" "$tmp/before"
	is 'a document and itself' "$rc:$out" 0:
	fixture sandbox n || return 0
	net=$(fix '.tasks[0].ns.net')
	nstree --json >"$tmp/after" 2>/dev/null
	run nstree --diff "$tmp/before" "$tmp/after"
	is 'two documents: status' "$rc" 4
	like 'what came' "$out" "\+ ${net//[\[\]]/.}  [0-9]+ process"
	run nstree --json --diff "$tmp/after" "$tmp/before"
	is 'what went' "$(jq -r --arg net "$net" '.changes[] | select(.name == $net).change' \
		<<<"$out")" gone
	jq -c '(.namespaces[] | select(.type == "net")).owner = 7' "$tmp/after" >"$tmp/changed"
	run nstree --diff "$tmp/after" "$tmp/changed"
	like 'what changed' "$out" "! ${net//[\[\]]/.}  owner [0-9]+ -> 7"
	unlike 'and nothing else' "$out" '^[-+] '
	jq -c '.namespaces |= reverse | .tasks |= reverse' "$tmp/after" >"$tmp/turned"
	run nstree --diff "$tmp/after" "$tmp/turned"
	is 'order is no difference' "$rc:$out" 0:
	rc=0
	cp "$tmp/after" "$tmp/copy"
	out=$(nstree --diff - "$tmp/after" <"$tmp/copy" 2>/dev/null) || rc=$?
	is 'from standard input' "$rc:$out" 0:
	fixture_close
}

test_wrong() {
	nstree --json >"$tmp/now" 2>/dev/null
	run nstree --diff self
	is 'one is not enough' "$rc" 2
	run nstree --diff self self self
	is 'three are too many' "$rc" 2
	run nstree --diff "$tmp/now" self
	is 'a document and a target' "$rc" 2
	run nstree --diff - -
	is 'standard input twice' "$rc" 2
	echo '{"namespaces":[' >"$tmp/broken"
	run nstree --diff "$tmp/now" "$tmp/broken"
	is 'not JSON' "$rc" 1
	like 'said' "$err" 'not a document of nstree --json'
	nstree -l --json >"$tmp/list" 2>/dev/null
	run nstree --diff "$tmp/list" "$tmp/now"
	is 'another document' "$rc" 1
	jq -c '.nsutil.schema = 99' "$tmp/now" >"$tmp/future"
	run nstree --diff "$tmp/now" "$tmp/future"
	like 'a later one' "$rc:$err" '^1:.*schema 99'
	jq -c '.namespaces[0].type = "\u001b]0;x\u0007" | .namespaces[1].owner = "\u202e\n"' \
		"$tmp/now" >"$tmp/hostile"
	run nstree --diff "$tmp/now" "$tmp/hostile"
	is 'hostile: status' "$rc" 4
	is 'hostile: escaped' "$(tr -d '\n -~' <"$tmp/stdout")" ''
	jq -c '.namespaces = 7 | .sandboxes = [1, null, [], {"namespaces": []}]' "$tmp/now" \
		>"$tmp/odd"
	run nstree --diff "$tmp/odd" "$tmp/now"
	is 'odd: status' "$rc" 4
	run nstree --diff "$tmp/now" "$tmp/odd"
	is 'odd the other way: status' "$rc" 4
	run as_user "$NSTREE" --diff self self
	is 'an ordinary user' "$rc" 0
}

# Facts are compared one by one; what was sent meanwhile is no difference. With sed: jq
# rounds numbers of 64 bits.
test_facts() {
	nstree --json --facts >"$tmp/a" 2>/dev/null
	sed 's/"domainname": *"[^"]*"/"domainname":"elsewhere"/' "$tmp/a" >"$tmp/b"
	run nstree --diff "$tmp/a" "$tmp/b"
	is 'a fact: status' "$rc" 4
	like 'a fact: from what to what' "$out" \
		"! uts:\[$(stat -Lc %i /proc/self/ns/uts)\]  domainname \"[^\"]*\" -> \"elsewhere\""
	sed 's/"rx_bytes": *[0-9]*/"rx_bytes":12345678901/g' "$tmp/a" >"$tmp/b"
	is 'traffic, the test' "$(cmp -s "$tmp/a" "$tmp/b"; echo $?)" 1
	run nstree --diff "$tmp/a" "$tmp/b"
	is 'traffic is none' "$rc:$out" 0:
}

test_tasks
test_limits
test_documents
test_wrong
test_facts
done_testing
