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
sys.exit(bool(errors))' "$top/tools/nstree.schema.json" <<<"$out"
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
		[ -z "$situation" ] || fixture_close
	done
	run as_user "$NSTREE" --json
	is 'schema, an ordinary user' "$(validate)" ''
	run in_pidns "$NSTREE" --json
	is 'schema, a child pid namespace' "$(validate)" ''
}

# What is the same however it is read: without nstree's own process and what differs from
# run to run, and without what only the missing interface can tell.
essence() {
	jq -S --argjson self "$1" "
		del(.taken, .procfs.self, .reference, .boottime_ns, .time, .totals.vanished, .interfaces, .nsutil) |
		(.namespaces[] | .processes, .tasks) = null | (.sandboxes? // []) = null |
		.totals = null | .gaps |= map(select(.pid as \$p | \$self | index(\$p))) |
		.complete = null | .tasks |= map(select(.tid as \$t | \$self | index(\$t))) |
		.namespaces |= map(select(.inode as \$i | \$known | index(\$i))) |
		$2" --argjson known "$3"
}

test_disable() {
	local tids known all word drop
	fixture nested5 || return 0
	tids=$(jq -c '[.. | objects | .proc_tid? // empty] | unique' <<<"$FIX")
	known=$(jq -c '.self.ns as $host | [.tasks | .. | strings | capture("^[a-z]+:\\[(?<i>[0-9]+)\\]$").i | tonumber] |
		unique - [$host[] | capture("\\[(?<i>[0-9]+)\\]$").i | tonumber]' <<<"$FIX")
	for word in ns-id mntns-id owner owner-uid task-nlink nspid pidfd pidfs-inode; do
		case $word in
		ns-id)		drop='.namespaces[].id = null' ;;
		mntns-id)	drop='.namespaces[].mntns_id = null' ;;
		owner)		drop='(.namespaces[] | .owner, .parent, .level) = null' ;;
		owner-uid)	drop='.namespaces[].creator = null' ;;
		nspid)		drop='.tasks[].pids = null' ;;
		*)		drop=. ;;
		esac
		all=$("$NSTREE" --json 2>/dev/null | essence "$tids" "$drop" "$known")
		is "without $word: the same" "$(NSUTIL_DISABLE=$word "$NSTREE" --json \
			2>/dev/null | essence "$tids" "$drop" "$known" | md5sum)" \
			"$(md5sum <<<"$all")"
	done
	ok 'the comparison compares something' test "$(wc -l <<<"$all")" -gt 50
	run env NSUTIL_DISABLE=nosuch "$NSTREE"
	is 'an interface that is none' "$rc" 1
	fixture_close
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

test_sorted() {
	fixture pod || return 0
	run nstree --json
	is 'namespaces are sorted' "$(jq -c '[.namespaces[].type] | . == (. as $t |
		["mnt","uts","ipc","net","pid","cgroup","user","time"] |
		map(. as $x | $t | map(select(. == $x)))| add)' <<<"$out")" true
	is 'tasks are sorted' "$(jq -c '[.tasks[].tid] | . == sort' <<<"$out")" true
	fixture_close
}

test_schema
test_disable
test_dot
test_sorted
done_testing
