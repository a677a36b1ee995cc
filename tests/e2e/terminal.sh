# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What a terminal changes: width, colour, box characters.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"

# on COLUMNS COMMAND...: its output on a terminal that is so wide, in $out.
on() {
	local columns=$1 command
	shift
	printf -v command '%q ' "$@"
	rc=0
	script -qec "stty cols $columns rows 24 -opost; $command" "$tmp/typescript" \
		</dev/null >"$tmp/stdout" 2>&1 || rc=$?
	out=$(<"$tmp/stdout")
}

# Without what was remarked, which may be longer than a line.
widest() {
	sed $'s/\r//; s/\033\\[[0-9;]*m//g; /^nstree: /d' <<<"$out" | LC_ALL=C.UTF-8 wc -L
}

test_width() {
	local columns view first last
	first=$(fix '.tasks[0].proc_tid')
	last=$(fix '.tasks[4].proc_tid')
	for columns in 40 60 80 120; do
		for view in '' -a "-x $first" '-t user' '-t pid' '-t net' "-p $last"; do
			# shellcheck disable=SC2086
			on $columns env LC_ALL=C.UTF-8 TERM=xterm "$NSTREE" $view
			is "$columns columns, ${view:-tree}: status" "$rc" 0
			ok "$columns columns, ${view:-tree}: no wider" \
				test "$(widest)" -le "$columns"
		done
	done
	on 110 env LC_ALL=C.UTF-8 TERM=xterm "$NSTREE"
	ok 'a command is cut at its end' test "$(grep -c '…' <<<"$out")" -ge 5
	unlike 'a command is cut: the rest is gone' "$out" 'end of the line'
	on 110 env LC_ALL=C.UTF-8 TERM=xterm "$NSTREE" -u
	like '-u: nothing is cut' "$out" 'long command line to be cut at the end of the line'
	on 40 env LC_ALL=C.UTF-8 TERM=xterm "$NSTREE"
	unlike 'a narrow one: the command goes before the name is cut' "$out" COMMAND
	like 'a narrow one: the letters stay' "$out" '\.\.\.\.p\.U\.'
}

test_characters() {
	on 80 env LC_ALL=C.UTF-8 TERM=xterm "$NSTREE"
	like 'UTF-8: box characters' "$out" '└─'
	on 80 env LC_ALL=C TERM=xterm "$NSTREE"
	like 'C: ASCII' "$out" '`-'
	unlike 'C: nothing else' "$(tr -d '\033' <<<"$out")" '[^[:print:][:space:]]'
}

test_color() {
	local escape=$'\033['
	on 80 env LC_ALL=C.UTF-8 TERM=xterm "$NSTREE"
	ok 'a terminal: colour' grep -qF "$escape" <<<"$out"
	on 80 env LC_ALL=C.UTF-8 TERM=xterm NO_COLOR=1 "$NSTREE"
	ok 'NO_COLOR: none' test "${out#*"$escape"}" = "$out"
	on 80 env LC_ALL=C.UTF-8 TERM=xterm "$NSTREE" --color=never
	ok '--color=never: none' test "${out#*"$escape"}" = "$out"
	on 80 env LC_ALL=C.UTF-8 TERM=dumb "$NSTREE"
	ok 'TERM=dumb: none' test "${out#*"$escape"}" = "$out"
	run nstree --color=always
	ok '--color=always: in a pipe too' grep -qF "$escape" <<<"$out"
	run nstree
	ok 'a pipe: none' test "${out#*"$escape"}" = "$out"
}

private "$@"
command -v script >/dev/null || skip_all 'no script(1)'
fixture nested5 "a terminal with a very long command line to be cut at the end of the line" ||
	done_testing
test_width
test_characters
test_color
fixture_close
done_testing
