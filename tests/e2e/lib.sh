# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For end-to-end scripts: TAP, fixtures, and the built tool. A script reads
#
#	. "$(dirname "$0")/lib.sh"
#
#	test_pod() {
#		fixture pod || return 0
#		run nstree -l -p "$(fix .pause.pid)"
#		is "pod: status" "$rc" 0
#		like "pod: net" "$out" "$(fix .pause.ns.net | tr -dc 0-9)"
#		fixture_close
#	}
#
#	test_pod
#	done_testing
#
# NSTREE, NSATTACH, NSPIN and NSFIX name the programs where they are not in Automake's build directory.

set -u
export LC_ALL=C

# First of the given places in the build directory that holds a program.
built() {
	local top=${abs_top_builddir:-$PWD} place
	for place; do
		[ -f "$top/$place" ] && [ -x "$top/$place" ] && break
	done
	printf '%s\n' "$top/$place"
}

NSTREE=${NSTREE:-$(built tests/bin/nstree nstree)}
NSATTACH=${NSATTACH:-$(built tests/bin/nsattach nsattach)}
NSPIN=${NSPIN:-$(built tests/bin/nspin nspin)}
NSFIX=${NSFIX:-$(built tests/nsfix/nsfix nsfix)}

tap_run=0
tap_failed=0
tap_planned=
tmp=$(mktemp -d "${TMPDIR:-/tmp}/nsutil-test.XXXXXXXXXX") || exit 99

# Of each open fixture: its process, our ends of its input and output, its line of JSON.
fix_pids=()
fix_ins=()
fix_outs=()
fix_lines=()
fix_made=0
# Plain values of the newest fixture by their paths: a jq each is what a script waits for.
declare -A fix_known=()
FIX=
FIX_PID=
# shellcheck disable=SC2034 # for the scripts
fix_rc=0
# A command before nsfix, as in FIX_WRAP=(setpriv --reuid 1000 --).
FIX_WRAP=()
rc=0
out=
err=

diag() {
	local line
	while IFS= read -r line; do
		printf '# %s\n' "$line"
	done <<<"$*"
}

pass() {
	tap_run=$((tap_run + 1))
	printf 'ok %d - %s\n' "$tap_run" "$1"
}

# fail DESCRIPTION [DIAGNOSTIC...]
fail() {
	local description=$1
	shift
	tap_run=$((tap_run + 1))
	tap_failed=$((tap_failed + 1))
	printf 'not ok %d - %s\n' "$tap_run" "$description"
	[ $# -eq 0 ] || diag "$(printf '  %s\n' "$@")"
}

skip() {
	tap_run=$((tap_run + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tap_run" "$1" "$2"
}

# Nothing in this script can run here. Before the first check only.
skip_all() {
	printf '1..0 # SKIP %s\n' "$1"
	tap_planned=1
	exit 0
}

# ok DESCRIPTION COMMAND...: the command succeeds.
ok() {
	local description=$1 status=0
	shift
	"$@" || status=$?
	if [ "$status" -eq 0 ]; then
		pass "$description"
	else
		fail "$description" "failed with $status: ${*@Q}"
	fi
}

# is DESCRIPTION GOT EXPECTED
is() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "expected: ${3@Q}" "got: ${2@Q}"
	fi
}

isnt() {
	if [ "$2" != "$3" ]; then
		pass "$1"
	else
		fail "$1" "expected anything but: ${3@Q}"
	fi
}

# like DESCRIPTION GOT REGEX (extended, anywhere in it)
like() {
	if [[ $2 =~ $3 ]]; then
		pass "$1"
	else
		fail "$1" "expected to match: ${3@Q}" "got: ${2@Q}"
	fi
}

unlike() {
	if [[ $2 =~ $3 ]]; then
		fail "$1" "expected not to match: ${3@Q}" "got: ${2@Q}"
	else
		pass "$1"
	fi
}

done_testing() {
	printf '1..%d\n' "$tap_run"
	tap_planned=1
	[ "$tap_failed" -eq 0 ] && [ "$tap_run" -gt 0 ]
	exit
}

cleanup() {
	local status=$?
	trap - EXIT
	while [ ${#fix_pids[@]} -gt 0 ]; do
		fixture_close
	done
	rm -rf -- "$tmp"
	[ -n "$tap_planned" ] || printf 'Bail out! ended with %d before its plan\n' "$status"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# need_root DESCRIPTION || return 0
need_root() {
	[ "$(id -u)" -eq 0 ] && return 0
	skip "${1:-all}" "needs root"
	return 1
}

# private "$@": the script goes on in a pid namespace where nothing else is, so that whole
# views can be compared. 1: not as root, and it goes on here.
private() {
	[ "${NSU_PRIVATE:-}" != yes ] || return 0
	[ "$(id -u)" -eq 0 ] || return 1
	rm -rf -- "$tmp"
	export NSU_PRIVATE=yes
	exec unshare -p -f -m -u -i --mount-proc bash "$0" "$@"
}

# fixture SITUATION [ARG...] || return 0: builds it, reads its line into $FIX. Where it
# cannot be built that is one skipped check with the reason.
fixture() {
	local reason in out_end line
	if ! reason=$("${FIX_WRAP[@]}" "$NSFIX" can "$@" 2>&1); then
		skip "fixture $*" "$reason"
		return 1
	fi
	fix_made=$((fix_made + 1))
	line=$tmp/fix$fix_made
	mkfifo "$line.in" "$line.out" || exit 99
	"${FIX_WRAP[@]}" "$NSFIX" "$@" <"$line.in" >"$line.out" 2>"$line.err" &
	FIX_PID=$!
	exec {in}>"$line.in" {out_end}<"$line.out"
	fix_pids+=("$FIX_PID")
	fix_ins+=("$in")
	fix_outs+=("$out_end")
	if ! IFS= read -r FIX <&"$out_end"; then
		fail "fixture $*" "$(<"$line.err")"
		fix_lines+=("{}")
		fixture_close
		return 1
	fi
	fix_lines+=("$FIX")
	fix_learn
}

# What jq would say of a path alone; the rest is asked as it is.
fix_learn() {
	local path value
	fix_known=()
	while IFS=$'\t' read -r path value; do
		fix_known["$path"]=$value
	done < <(jq -r 'paths(scalars) as $p | getpath($p) | tostring
		| select(test("^[!-\\[\\]-~]+$"))
		| ($p | map(if type == "number" then "[\(.)]" else ".\(.)" end) | add) + "\t" + .' \
		<<<"$FIX")
}

# Ends the newest fixture and waits until nothing of it is left: all that it started has
# its output open, so the end of that is the end of them all. Its status is in $fix_rc.
# Then $FIX is the one before.
fixture_close() {
	local last=$((${#fix_pids[@]} - 1)) in out_end
	in=${fix_ins[last]}
	out_end=${fix_outs[last]}
	exec {in}>&-
	# Killing the fixture is a test's right, and the shell's remark about it is noise.
	{ wait "${fix_pids[last]}"; } 2>/dev/null
	# shellcheck disable=SC2034 # for the scripts
	fix_rc=$?
	cat <&"$out_end" >/dev/null
	exec {out_end}<&-
	unset "fix_pids[last]" "fix_ins[last]" "fix_outs[last]" "fix_lines[last]"
	fix_known=()
	FIX=
	FIX_PID=
	if [ "$last" -gt 0 ]; then
		FIX=${fix_lines[last - 1]}
		FIX_PID=${fix_pids[last - 1]}
	fi
}

# fix FILTER: a value of the newest fixture.
fix() {
	if [ -n "${fix_known["$1"]-}" ]; then
		printf '%s\n' "${fix_known["$1"]}"
	else
		jq -r "$1" <<<"$FIX"
	fi
}

nstree() {
	"$NSTREE" "$@"
}

nsattach() {
	"$NSATTACH" "$@"
}

nspin() {
	"$NSPIN" "$@"
}

# run COMMAND...: its status in $rc, output in $out and $tmp/stdout, errors in $err and
# $tmp/stderr. A newline at the end is cut from the variables, and so is any NUL.
# shellcheck disable=SC2034 # for the scripts
run() {
	rc=0
	"$@" </dev/null >"$tmp/stdout" 2>"$tmp/stderr" || rc=$?
	out=$(tr -d '\0' <"$tmp/stdout")
	# The address sanitizer misses its own name where there is no /proc.
	err=$(tr -d '\0' <"$tmp/stderr" | sed '/^==[0-9]*==WARNING: reading executable/d')
}

# no_leaks COMMAND...: where a sanitizer cannot search for leaks, since it cannot trace.
no_leaks() {
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 "$@"
}

# traced ARG...: strace(1)
traced() {
	no_leaks timeout -k 5 60 strace -f "$@"
}

# The tool's name as an operand of a wrapper, which can execute files only.
wrapped() {
	local command=("$@")
	case $1 in
	nstree) command[0]=$NSTREE ;;
	nsattach) command[0]=$NSATTACH ;;
	nspin) command[0]=$NSPIN ;;
	nsfix) command[0]=$NSFIX ;;
	esac
	"${wrapper[@]}" "${command[@]}"
}

# As nobody if we are root, else as we are.
as_user() {
	local wrapper=()
	[ "$(id -u)" -ne 0 ] ||
		wrapper=(setpriv --reuid 65534 --regid 65534 --clear-groups --)
	wrapped "$@"
}

# As root of a new user namespace.
in_userns() {
	local wrapper=(unshare -U -r --)
	wrapped "$@"
}

# In a new pid namespace with its own /proc.
in_pidns() {
	local wrapper=(unshare -p -f --mount-proc --)
	[ "$(id -u)" -eq 0 ] || wrapper=(unshare -U -r -p -f --mount-proc --)
	wrapped "$@"
}

# In a new pid namespace that still sees the old /proc.
in_pidns_old_proc() {
	local wrapper=(unshare -p -f --)
	[ "$(id -u)" -eq 0 ] || wrapper=(unshare -U -r -p -f --)
	wrapped "$@"
}
