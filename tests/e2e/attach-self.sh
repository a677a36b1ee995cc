# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What a container may not get of nsattach: its program's file, and a look into it.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/lib.sh"

ACTOR=$(built tests/nsfix/actor)

# begin NAME COMMAND...: in the background, to be talked to by $in and $from.
begin() {
	local name=$1
	shift
	mkfifo "$tmp/$name.in" "$tmp/$name.out"
	"$@" <"$tmp/$name.in" >"$tmp/$name.out" 2>"$tmp/$name.err" &
	job=$!
	exec {in}>"$tmp/$name.in" {from}<"$tmp/$name.out"
}

finish() {
	exec {in}>&- {from}<&-
	wait "$job"
}

# steal NAME ARG...: $stolen is yes if a thief in the container could write to the file of
# a nsattach that was run with ARGs, by what the container's own program made of it.
steal() {
	local name=$1 victim=$tmp/victim.$1 full line thief in from job status
	shift
	stolen=
	cp "$NSATTACH" "$victim"
	before=$(cksum <"$victim")
	begin "$name" "$NSATTACH" -t "$target" "$ACTOR" steal plant
	thief=$job
	read -r -t 20 line <&"$from"
	# It executes itself again there, and stands still at a pipe that is full.
	mkfifo "$tmp/$name.full" "$tmp/$name.status"
	exec {full}<>"$tmp/$name.full" {status}<>"$tmp/$name.status"
	"$ACTOR" fill >&"$full"
	"$victim" "$@" --status-fd "$status" -t "$target" "$tmp/plant" 1>&"$full" \
		2>/dev/null &
	victim_pid=$!
	read -r -t 20 line <&"$status"
	isnt "$name: it was executed inside" "${line#started}" "$line"
	echo go >&"$in"
	read -r -t 20 line <&"$from"
	is "$name: the thief has its file" "$line" caught
	timeout 20 cat <&"$full" >/dev/null &
	wait "$victim_pid"
	kill $!
	wait $! 2>/dev/null
	exec {full}>&- {status}>&-
	echo go >&"$in"
	while read -r line; do
		[[ $line != 'result '[67] ]] || stolen=yes
		[[ $line != result* ]] || break
	done <&"$from"
	job=$thief
	finish
	after=$(cksum <"$victim")
}

# A program of the container's is a script whose interpreter is whoever runs it.
test_steal() {
	local stolen before after
	need_root 'the file of the program' || return 0
	printf '#!/proc/self/exe --help-all\n' >"$tmp/plant"
	chmod 755 "$tmp/plant"
	steal sealed
	is 'by default: nothing could be written' "$stolen" ''
	is 'by default: the file is the same' "$after" "$before"
	steal whole -m -p -w --no-cgroup
	is 'by letters: the file is the same' "$after" "$before"
	steal trusted --trusted
	is '--trusted: without a copy it could' "$stolen" yes
	isnt '--trusted: the file is another' "$after" "$before"
}

# What the container opens by name, as the command that nsattach has become.
test_plant() {
	local sum what='a script that it is the interpreter of'
	sum=$(cksum <"$NSATTACH")
	printf '#!/proc/self/exe --version\n' >"$tmp/again"
	chmod 755 "$tmp/again"
	run "$NSATTACH" -t "$target" "$tmp/again"
	is "$what: status" "$rc" 0
	like "$what: runs it again" "$out" nsattach
	is "$what: the same file" "$(cksum <"$NSATTACH")" "$sum"
	run "$NSATTACH" -t "$target" sh -c 'for of in self $PPID; do
		echo x 1<>"/proc/$of/exe"; done'
	is 'whoever writes to what runs: the same file' "$(cksum <"$NSATTACH")" "$sum"
}

# Another process of the same user may look into each of his, but not into this.
test_dumpable() {
	local job in from line super dir
	begin dump as_user "$NSATTACH" -t "$target" "$ACTOR" hold
	read -r -t 20 line <&"$from"
	is 'not dumpable: it runs' "$line" ready
	# as_user may be a shell's process in between
	victim_pid=$job
	while [ "$(tr -d '\0' <"/proc/$victim_pid/comm")" != nsattach ]; do
		read -r victim_pid _ <"/proc/$victim_pid/task/$victim_pid/children"
	done
	read -r super _ <"/proc/$victim_pid/task/$victim_pid/children"
	for dir in fd map_files; do
		run as_user ls "/proc/$victim_pid/$dir"
		isnt "not dumpable: $dir of it" "$rc" 0
		run as_user ls "/proc/$super/$dir"
		isnt "not dumpable: $dir of the supervisor" "$rc" 0
	done
	run as_user readlink "/proc/$victim_pid/exe"
	isnt 'not dumpable: its program' "$rc" 0
	run as_user ls "/proc/$FIX_PID/fd"
	is 'not dumpable: other processes are' "$rc" 0
	kill -9 "$victim_pid"
	finish 2>/dev/null
}

[ -x "$ACTOR" ] || skip_all 'no actor or typist'
chmod 755 "$tmp"
fixture sandbox muinpC || done_testing
target=$(fix '.tasks[0].proc_pid')
test_steal
test_plant
fixture_close
if [ "$(id -u)" -eq 0 ]; then
	FIX_WRAP=(setpriv --reuid 65534 --regid 65534 --clear-groups --)
fi
if fixture sandbox mun; then
	target=$(fix '.tasks[0].proc_pid')
	test_dumpable
	fixture_close
fi
done_testing
