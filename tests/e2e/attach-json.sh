# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nsattach's JSON: valid by its schema, and telling what is.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"

top=${abs_top_srcdir:-$(dirname "$0")/../..}

# validate DEFINITION: of the schema, of each document in $tmp/stdout.
validate() {
	/usr/bin/python3 -W ignore -c '
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
whole = jsonschema.Draft7Validator(schema)
part = jsonschema.Draft7Validator({"$ref": "#/$defs/" + sys.argv[2], "$defs": schema["$defs"]})
text = open(sys.argv[3], "rb").read().decode("utf-8")
documents = [text] if sys.argv[2] == "explanation" else text.splitlines()
if not documents:
    print("nothing")
for document in map(json.loads, documents):
    chosen = part
    if sys.argv[2] == "line" and "status" in document:
        chosen = whole
    for e in list(chosen.iter_errors(document))[:5] or list(whole.iter_errors(document))[:5]:
        print("/".join(map(str, e.absolute_path)), e.message[:200])' \
		"$top/tools/nsattach.schema.json" "$1" "$tmp/stdout" 2>&1
}

json() {
	jq -c "$1" <"$tmp/stdout"
}

# explain DESCRIPTION STATUS [ARGUMENT...]: the document is valid, and says what the exit
# status says.
explain() {
	local what=$1 status=$2
	shift 2
	run "${wrapper[@]}" "$NSATTACH" --explain --json "$@"
	is "$what: status" "$rc" "$status"
	[ -z "$schema" ] || is "$what: schema" "$(validate explanation)" ''
	is "$what: allowed" "$(json .allowed)" "$([ "$rc" -eq 0 ] && echo true || echo false)"
}

wrapper=()
schema=yes
/usr/bin/python3 -c 'import jsonschema' 2>/dev/null || schema=

# Of each type: same, or other than ours, as the links in /proc say.
verdicts() {
	local type
	for type in mnt uts ipc net pid cgroup user time; do
		if [ "$(readlink "/proc/$1/ns/$type")" = "$(readlink "/proc/self/ns/$type")" ]; then
			echo same
		else
			echo yes
		fi
	done | paste -sd' '
}

inodes() {
	local type
	for type in mnt uts ipc net pid cgroup user time; do
		readlink "/proc/$1/ns/$type" | tr -dc '0-9\n'
	done | paste -sd' '
}

test_self() {
	explain 'oneself' 0 self
	is 'oneself: the type of each' "$(json '[.namespaces[].type]')" \
		'["mnt","uts","ipc","net","pid","cgroup","user","time"]'
	is 'oneself: all is the same' "$(json '[.namespaces[].enter] | unique')" '["same"]'
	is 'oneself: not exposed' "$(json .exposed)" false
	is 'a shell' "$(json .outlook.command)" null
	is 'the release' "$(json .nsutil.version | tr -d '"')" \
		"$(nsattach --version | cut -d' ' -f2)"
	explain 'hostile words' 0 self --setenv A=$'\e[2J\xff"\\' -- $'\xffa"\\\n\e[2J' ''
	is 'hostile words: no raw control character' \
		"$(tr -d '\n' <"$tmp/stdout" | LC_ALL=C grep -c '[[:cntrl:]]')" 0
	is 'hostile words: what is valid is as it was' "$(json '.outlook.command[0]')" \
		'"\\xffa\"\\\n\u001b[2J"'
	explain 'one letter' 0 -n self
	is 'one letter: the others stay' "$(json '[.namespaces[].enter] | join(" ")')" \
		'"- - - same - - - -"'
	explain 'by a file' 0 --net=/proc/self/ns/net
	is 'by a file: no process' "$(json .pid)" null
}

test_situations() {
	local situation
	for situation in sandbox 'sandbox n' nested5 time-children hostile-name; do
		# shellcheck disable=SC2086
		fixture $situation || continue
		fixture_explain "$situation" "$(fix '[.tasks[] | select(.proc_pid != null)
			| .proc_pid][0] // .self.proc_pid')"
		fixture_close
	done
}

fixture_explain() {
	local what=$1 pid=$2
	[ -e "/proc/$pid/ns/mnt" ] || return 0
	explain "$what" 0 "$pid"
	is "$what: what would be entered" "$(json '[.namespaces[].enter] | join(" ")' | tr -d '"')" \
		"$(verdicts "$pid")"
	is "$what: which they are" "$(json '[.namespaces[].inode] | map(tostring) | join(" ")' |
		tr -d '"')" "$(inodes "$pid")"
	is "$what: the process" "$(json .pid)" "$pid"
}

# Those that may not be entered, by the rules that can be had here.
test_refusals() {
	local pid
	if fixture pid-children; then
		pid=$(fix '.tasks[0].proc_pid')
		explain 'pid_for_children' 0 --children -U -p "$pid"
		is 'pid_for_children: that one' "$(json '.namespaces[4].inode')" \
			"$(fix '.tasks[0].for_children.pid_for_children' | tr -dc 0-9)"
		fixture_close
	fi
	need_root 'an ordinary user' || return 0
	if ! setpriv --reuid 65534 --regid 65534 --clear-groups -- true 2>/dev/null; then
		skip 'an ordinary user' 'no other user can be taken on here'
		return 0
	fi
	fixture sandbox || return 0
	pid=$(fix '.tasks[0].proc_pid')
	wrapper=(setpriv --reuid 65534 --regid 65534 --clear-groups --)
	explain 'an ordinary user' 4 "$pid"
	is 'an ordinary user: nothing would run' "$(json .outlook)" null
	is 'an ordinary user: why' "$(json '[.namespaces[].rule] | unique')" '["unreadable"]'
	wrapper=(setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin
		setpriv --reuid 0 --)
	explain 'root without CAP_SYS_ADMIN' 4 "$pid"
	is 'root without CAP_SYS_ADMIN: where it is missing' \
		"$(json '[.namespaces[].needed_in | numbers] | unique[0]')" \
		"$(readlink /proc/self/ns/user | tr -dc 0-9)"
	wrapper=(unshare -p -f --)
	explain 'from another pid namespace' 4 "$pid"
	is 'from another pid namespace: why' \
		"$(json '[.namespaces[] | select(.type == "pid").rule]')" '["not-below"]'
	wrapper=()
	fixture_close
}

# A container of a user namespace's own: nothing would protect the host's files.
test_exposed() {
	local pid
	fixture sandbox mpU || return 0
	pid=$(fix '.tasks[0].proc_pid')
	explain 'the host'\''s files in its pids' 4 -U -p "$pid"
	is 'the host'\''s files in its pids: exposed' "$(json .exposed)" true
	is 'the host'\''s files in its pids: what it would be' \
		"$(json '.outlook | type')" '"object"'
	explain 'the same with --force' 0 -U -p --force "$pid"
	is 'the same with --force: still exposed' "$(json .exposed)" true
	explain 'with its own files' 0 "$pid"
	is 'with its own files: not exposed' "$(json .exposed)" false
	fixture_close
}

test_each() {
	local pid
	fixture sandbox || return 0
	pid=$(fix '.tasks[0].proc_pid')
	run "$NSATTACH" --each --json "$pid" self 999999999:1 -- \
		sh -c 'printf "a\\n\\377\\033[2J\"\\n"; echo wrong >&2; exit 3'
	is '--each: status' "$rc" 125
	[ -z "$schema" ] || is '--each: schema' "$(validate line)" ''
	is '--each: no raw control character' \
		"$(tr -d '\n' <"$tmp/stdout" | LC_ALL=C grep -c '[[:cntrl:]]')" 0
	is '--each: what it wrote' \
		"$(json "select(.target == \"$pid\") | .stdout | strings")" \
		"$(printf '%s\n' '"a"' '"\\xff\u001b[2J\""')"
	is '--each: and wrote to standard error' \
		"$(json "select(.target == \"$pid\") | .stderr | strings")" '"wrong"'
	is '--each: how it ended' "$(json 'select(has("status")) | [.target, .status, .failed]' |
		sort)" "$(printf '%s\n' "[\"$pid\",3,false]" '["999999999:1",125,true]' \
		'["self",3,false]' | sort)"
	is '--each: nothing on standard error' "$err" ''
	fixture_close
}

[ -n "$schema" ] || skip 'the schema' 'no python3-jsonschema'
test_self
test_situations
test_refusals
test_exposed
test_each
done_testing
