# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The documents: valid by their schema, the same twice, the same without an interface.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"

top=${abs_top_srcdir:-$(dirname "$0")/../..}

validate() {
	/usr/bin/python3 -W ignore -c '
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
errors = list(jsonschema.Draft7Validator(schema).iter_errors(json.load(sys.stdin)))
for e in errors[:5]:
    print("/".join(map(str, e.absolute_path)), e.message[:200])
sys.exit(bool(errors))' "$top/tools/${1:-nstree}.schema.json" <<<"$out"
}

test_questions() {
	local words
	if ! /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
		skip 'the schema of questions' 'no python3-jsonschema'
		return
	fi
	fixture nested5 || return 0
	nstree --json >"$tmp/before" 2>/dev/null
	for words in '--uid 0' '--gid 7 self' "--path $tmp" "--may $$ $(fix '.tasks[2].proc_pid')" \
		'--port 1' \
		"--may $(fix '.tasks[2].proc_pid') $$" "--diff $$ $(fix '.tasks[2].proc_pid')" \
		"--diff $tmp/before $tmp/before"; do
		# shellcheck disable=SC2086
		run nstree --json $words
		is "schema, ${words%% *}" "$(validate nstree-question)" ''
	done
	fixture_close
}

test_schema() {
	local situation
	if ! /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
		skip 'the schema' 'no python3-jsonschema'
		return
	fi
	for situation in '' nested5 dead-leader hostile-name 'zombies 20' time-children; do
		# shellcheck disable=SC2086
		if [ -n "$situation" ]; then
			fixture $situation || continue
		fi
		run nstree --json
		is "schema, ${situation:-this host}" "$(validate)" ''
		run nstree --json --facts
		is "schema with facts, ${situation:-this host}" "$(validate)" ''
		run nstree --json --net
		is "schema with wires, ${situation:-this host}" "$(validate)" ''
		run nstree --json --listening --unix
		is "schema with sockets, ${situation:-this host}" "$(validate)" ''
		[ -z "$situation" ] || fixture_close
	done
	run as_user "$NSTREE" --json --facts
	is 'schema, an ordinary user' "$(validate)" ''
	run in_pidns "$NSTREE" --json
	is 'schema, a child pid namespace' "$(validate)" ''
}

# What is the same however and whenever it is read: of the fixture's tasks and namespaces
# alone, and without what $1 takes out.
essence() {
	jq -S --argjson tids "$tids" --argjson known "$known" "
		{complete, types, procfs: (.procfs | del(.self)),
		 gaps: [.gaps[] | select(.pid as \$p | \$tids | index(\$p))],
		 tasks: [.tasks[] | select(.tid as \$t | \$tids | index(\$t))],
		 sandboxes: [.sandboxes[] | select(.tasks[0] as \$t | \$tids | index(\$t))],
		 namespaces: [.namespaces[] | select(.inode as \$i | \$known | index(\$i))]} |
		$1"
}

# of FIXTURE: the numbers and inodes that are its own, in $tids and $known.
own_numbers() {
	tids=$(jq -c '[(.. | objects | .proc_tid? // empty), (.zombies // [])[]] | unique' \
		<<<"$FIX")
	known=$(jq -c '[.self.ns[] | strings] as $host |
		[.. | strings | select(test("^[a-z]+:\\[[0-9]+\\]$"))] | unique - $host |
		map(capture("\\[(?<i>[0-9]+)\\]").i | tonumber)' <<<"$FIX")
}

test_disable() {
	local tids known all word drop situation
	local situations=(nested5)
	[ -n "${TEST_QUICK:-}" ] || situations+=(thread-ns dead-leader 'zombies 20'
		time-children memberless-user pod)
	for situation in "${situations[@]}"; do
		# shellcheck disable=SC2086
		fixture $situation || continue
		own_numbers
		for word in '' ns-id mntns-id owner owner-uid task-nlink nspid pidfd \
				pidfs-inode setns-pidfd kcmp \
				listns,nsfs-handle,statmount,mnt-next; do
			case $word in
			ns-id)		drop='.namespaces[].id = null' ;;
			mntns-id)	drop='.namespaces[].mntns_id = null' ;;
			owner)		drop='(.namespaces[] | .owner, .parent, .level, .creator,
						.uid_map, .gid_map, .setgroups, .children, .owned, .holders) = null |
					.namespaces |= map(select(.tasks + .heirs + [.zombies] != [0]))' ;;
			owner-uid)	drop='.namespaces[].creator = null' ;;
			nspid)		drop='.tasks[].pids = null' ;;
			*)		drop=. ;;
			esac
			all=$("$NSTREE" --json 2>/dev/null | essence "$drop")
			is "$situation, ${word:+without }${word:-twice}: the same" \
				"$(NSUTIL_DISABLE=$word "$NSTREE" --json 2>/dev/null |
					essence "$drop" | diff - <(echo "$all") | head -n 20)" ''
		done
		ok "$situation: something is compared" test "$(wc -l <<<"$all")" -gt 50
		fixture_close
	done
	run env NSUTIL_DISABLE=nosuch "$NSTREE"
	is 'an interface that is none' "$rc" 1
	run env NSUTIL_DISABLE=owner "$NSTREE" --json
	is 'without owner: the level is unknown' \
		"$(jq -c '[.namespaces[] | select(.type == "pid") | .level] | unique' <<<"$out")" \
		'[null]'
}

test_dot() {
	local situation
	if command -v dot >/dev/null; then
		for situation in hostile-name nested5; do
			fixture "$situation" || continue
			run nstree --dot -a
			dot -Tsvg <<<"$out" >"$tmp/svg" 2>"$tmp/dot.err"
			is "--dot, $situation: Graphviz takes it" "$?:$(<"$tmp/dot.err")" 0:
			fixture_close
		done
	fi
	fixture pod || return 0
	run nstree --dot
	is '--dot: status' "$rc" 0
	like '--dot: a graph' "$out" '^(strict )?digraph'
	if command -v dot >/dev/null; then
		dot -Tsvg <<<"$out" >"$tmp/svg" 2>"$tmp/dot.err"
		is '--dot: Graphviz takes it' "$?:$(<"$tmp/dot.err")" 0:
		ok '--dot: the picture has the sandbox' \
			grep -q "$(fix .pause.proc_pid)" "$tmp/svg"
	else
		skip '--dot: rendered' 'no dot'
	fi
	fixture_close
}

# Of a target: itself and what it is in.
test_selection() {
	local net
	fixture sandbox || return 0
	net=$(fix '.tasks[0].ns.net' | tr -dc 0-9)
	run nstree --json "$(fix '.tasks[1].proc_pid')"
	is 'of a process: it alone' "$(jq -c '[.tasks[].tid]' <<<"$out")" \
		"[$(fix '.tasks[1].proc_pid')]"
	is 'of a process: its namespaces' \
		"$(jq -r '.namespaces[] | "\(.type):[\(.inode)]"' <<<"$out" | sort)" \
		"$(fix '.tasks[1].ns[] | strings' | sort)"
	is 'of a process: its sandbox' "$(jq '.sandboxes | length' <<<"$out")" 1
	run nstree --json "net:$net"
	is 'of a namespace: it alone' "$(jq -c '[.namespaces[].inode]' <<<"$out")" "[$net]"
	is 'of a namespace: its members' "$(jq -c '[.tasks[].tid]' <<<"$out")" \
		"$(fix '[.tasks[].proc_tid] | sort | tojson')"
	is 'of a namespace: their sandbox' "$(jq '.sandboxes | length' <<<"$out")" 1
	is 'said' "$(jq -c .selection <<<"$out")" "[\"net:$net\"]"
	run nstree --json net:1
	is 'of nothing: no document' "$rc:$out" 1:
	fixture_close
}

test_sorted() {
	fixture pod || return 0
	run nstree --json
	is 'namespaces are sorted' "$(jq -c '[.namespaces[].type] | . == (. as $t |
		["mnt","uts","ipc","net","pid","cgroup","user","time"] |
		map(. as $x | $t | map(select(. == $x)))| add)' <<<"$out")" true
	is 'tasks are sorted' "$(jq -c '[.tasks[].tid] | . == sort' <<<"$out")" true
	fixture_close
}

# With --facts the links of a network namespace; what each is, net.sh and facts.sh compare.
test_net() {
	local want
	run nstree --json --facts
	want=$(sed -n 's/^ *\([^ :]*\):.*/\1/p' /proc/self/net/dev | jq -cRn '[inputs] | sort')
	is 'the links of this network namespace' "$(jq -c \
		--argjson own "$(stat -Lc %i /proc/self/ns/net)" '[.namespaces[] |
		select(.type == "net" and .inode == $own).facts.links[].name] | sort' \
		<<<"$out")" "$want"
	run nstree --json
	is 'none without --facts' "$(jq '[.namespaces[] | has("facts")] | any' <<<"$out")" false
}

test_questions
test_schema
test_net
test_disable
test_dot
test_selection
test_sorted
done_testing
