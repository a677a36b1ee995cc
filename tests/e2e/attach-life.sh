# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A command's life: its session, descriptors, signals and end, and that nothing is left.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/lib.sh"

ACTOR=$(built tests/nsfix/actor)
TYPIST=$(built tests/nsfix/typist)
export NSFIX tmp

# user DESCRIPTION ENDS STEP... -- COMMAND...: all comes true. Descriptor 3 is a FIFO for
# --status-fd, which the steps can read.
user() {
	local what=$1 reason
	shift
	rm -f "$tmp/command" "$tmp/status"
	mkfifo "$tmp/status"
	if reason=$("$TYPIST" "$@" 2>&1 3<>"$tmp/status"); then
		pass "$what"
	else
		fail "$what" "$reason"
	fi
}

# For steps, which begin in shells of their own: the processes by their numbers here, and
# the wait for the end of all. The command may be heard of before its start is told.
know='[ -s "$tmp/command" ] || {
		read -r _ command <&3
		echo "$command" >"$tmp/command"
	}
	read -r command <"$tmp/command"
	read -r super _ <"/proc/$PID/task/$PID/children"'
gone='timeout 20 "$NSFIX" wait $PID $super $command'

# Where the script has all processes to itself none may be left but the fixture's.
nothing_left() {
	local dir comm found=
	[ "${NSU_PRIVATE:-}" = yes ] || return 0
	for dir in /proc/[0-9]*; do
		comm=
		read -r comm 2>/dev/null <"$dir/comm"
		# Who was orphaned is the script's, which reaps it when it waits.
		[[ $comm != @(nsattach*|actor) || $(<"$dir/stat") == *') Z '* ]] ||
			found+="$dir $comm "
	done
	is "$1: no process is left" "$found" ''
	is "$1: no mount is left" "$(<"/proc/self/mountinfo")" "$mounts"
	ok "$1: no directory is left" test ! -e /run/nsutil
}

test_session() {
	local own sid group pid
	run "$NSATTACH" -t "$plain" "$ACTOR" session
	read -r sid group pid <<<"$out"
	read -r _ _ _ _ _ own _ <"/proc/self/stat"
	isnt 'a session of its own' "$sid" "$own"
	is 'a process group of its own' "$group" "$pid"
	ok 'which another process leads' test "$sid" -ne "$pid"
	run "$NSATTACH" -t "$plain" --status-fd 3 "$ACTOR" session 3>"$tmp/status"
	is '--status-fd: the pid, and the status' "$(<"$tmp/status")" \
		"started $(awk '{ print $3 }' <<<"$out")"$'\nexit 0'
}

test_signals() {
	local sig
	local inside=("$NSATTACH" -t "$target")
	for sig in 1 2 3 10 12 14 28; do
		user "signal $sig is forwarded" npp out:ready signal:$sig \
			"out:signal $sig" signal:15 end:143 -- \
			"${inside[@]}" "$ACTOR" signals
	done
	user 'SIGTERM ends the command: 143' npp out:ready signal:15 end:143 -- \
		"${inside[@]}" "$ACTOR" signals
	user 'SIGTERM that it handles: its own status' npp out:ready signal:15 end:7 -- \
		"${inside[@]}" "$ACTOR" signals 7
	user 'SIGHUP ends it: 129' npn out:size signal:1 end:129 -- \
		"${inside[@]}" sh -c 'echo size; exec sleep 60'
	user 'SIGKILL of the command: 137' npp out:ready "run:$know; kill -9 \$command" \
		end:137 'run:read -r line <&3; test "$line" = "signal 9"' -- \
		"${inside[@]}" --status-fd 3 "$ACTOR" hold
	# That nobody reads what is told is no signal to the command.
	user 'a reader of --status-fd that has ended' ppp $'out:ready\n' 'in:x\012' \
		end:5 -- bash -c 'mkfifo "$tmp/gone"
			exec 4<>"$tmp/gone" 5>"$tmp/gone" 4<&-
			exec "$@"' - "${inside[@]}" --status-fd 5 \
		sh -c 'echo ready; read -r x; exit 5'
}

test_stop() {
	user 'SIGSTOP of the command stops it, SIGCONT continues both' npp out:ready \
		"run:$know; kill -STOP \$command" stopped fg signal:10 'out:signal 10' \
		"run:$know; kill -TSTP \$command" stopped fg signal:12 'out:signal 12' \
		signal:15 end:143 -- \
		"$NSATTACH" -t "$target" --status-fd 3 "$ACTOR" signals
	user 'stopped: SIGKILL ends the command' npp out:ready \
		"run:$know; kill -STOP \$command" stopped \
		"run:$know; kill -9 \$PID; $gone" end:sig9 -- \
		"$NSATTACH" -t "$target" --status-fd 3 "$ACTOR" hold
}

# kills DESCRIPTION ARG... -- COMMAND...: dies with nsattach, and with the supervisor.
kills() {
	local what=$1 ends args=()
	shift
	while [ "$1" != -- ]; do
		args+=("$1")
		shift
	done
	shift
	for ends in npp ttt; do
		local see=see
		[ $ends = ttt ] || see=out
		user "$what, $ends: dies with nsattach" $ends $see:ready \
			"run:$know; kill -9 \$PID; $gone" end:sig9 same -- \
			"$NSATTACH" --status-fd 3 "${args[@]}" "$@"
		nothing_left "$what, $ends"
		user "$what, $ends: dies with the supervisor" $ends $see:ready \
			"run:$know; kill -9 \$super" end:125 \
			'run:timeout 20 "$NSFIX" wait $(cat "$tmp/command")' same -- \
			"$NSATTACH" --status-fd 3 "${args[@]}" "$@"
	done
}

test_kill() {
	kills 'in a pid namespace' -t "$target" -- "$ACTOR" hold
	kills 'in none' -t "$plain" -- "$ACTOR" hold
	if [ "$(id -u)" -eq 0 ]; then
		kills '-H' -H --force -t "$target" -- "$ACTOR" hold
		install -m 4755 "$ACTOR" "$tmp/setuid"
		kills 'a set-uid program' -S 65534 -t "$target" -- "$tmp/setuid" hold
		kills 'a set-uid program, in no pid namespace' -S 65534 -G 65534 \
			-t "$plain" -- "$tmp/setuid" hold
	else
		skip 'a set-uid program' 'needs root'
	fi
	nothing_left 'after SIGKILL'
}

# What the command started in its own process group ends with it.
test_family() {
	local all
	mkfifo "$tmp/family"
	cat "$tmp/family" >"$tmp/born" &
	all=$!
	user 'its children: the group ends' npp out:ready \
		"run:$know; kill -9 \$PID; $gone" end:sig9 -- \
		"$NSATTACH" --status-fd 3 -t "$target" "$ACTOR" family "$tmp/family"
	ok 'its children: none is left' timeout 20 tail --pid="$all" -f /dev/null
	wait "$all"
	is 'its children: they had begun' "$(<"$tmp/born")" born
}

test_zombies() {
	local seen
	user 'while it runs: no zombie' npp out:ready \
		"run:$know"'; for pid in $PID $super; do
			cat /proc/$pid/task/*/children; done >"$tmp/kids"
		for pid in $(cat "$tmp/kids"); do
			cat /proc/$pid/stat; done >"$tmp/stats"' signal:15 end:143 -- \
		"$NSATTACH" --status-fd 3 -t "$target" "$ACTOR" signals
	is 'while it runs: two processes more' "$(wc -l <"$tmp/stats")" 2
	seen=$(grep -c ') Z ' "$tmp/stats")
	is 'while it runs: none of them a zombie' "$seen" 0
}

# Descriptors that whoever runs nsattach has open stop there.
test_descriptors() {
	local args
	for args in '' -c -nU --no-tty --trusted -F -w -C -p\ --no-proc\ --force \
		-H\ --force; do
		[[ $(id -u) -eq 0 || $args != -[Hpc]* ]] || continue
		# shellcheck disable=SC2086
		run "$NSATTACH" $args -t "$target" "$ACTOR" fds "$tmp/fds" \
			9</dev/null 77>/dev/null 13</proc/self
		is "descriptors, ${args:-all}: 0 1 2" "$(<"$tmp/fds")" '0 1 2 '
	done
}

test_closed() {
	local ends want fd what='what the command has'
	for ends in cpp pcp ppc ccp cpc pcc ccc; do
		user "closed, $ends: it runs" $ends end:0 -- \
			"$NSATTACH" -t "$target" "$ACTOR" what "$tmp/what"
		want=
		for fd in 0 1 2; do
			case ${ends:fd:1} in
			p) want+='pipe ' ;;
			# Not to be read or written by who has nothing open there.
			c) want+='(closed|wrong) ' ;;
			esac
		done
		like "closed, $ends: $what" "$(<"$tmp/what")" "^${want}free\$"
		user "closed, $ends: no descriptor more" $ends end:0 -- \
			"$NSATTACH" -c -t "$target" "$ACTOR" fds "$tmp/fds"
		like "closed, $ends: none beyond 2" "$(<"$tmp/fds")" '^(0 )?(1 )?(2 )?$'
	done
}

test_pipes() {
	local hold user=()
	[ "$(id -u)" -eq 0 ] || user=(-U)
	is 'a pipe' "$(echo hi |
		timeout 20 "$NSATTACH" -c -t "$target" -m "${user[@]}" cat)" hi
	head -c 1048576 /dev/urandom >"$tmp/random"
	ok '1 MB through pipes' cmp -s "$tmp/random" \
		<("$NSATTACH" -t "$target" sh -c 'cat; cat >&2' <"$tmp/random" | cat)
	ok 'and in and out of files' \
		bash -c '"$1" -t "$2" cat <"$3" >"$4" && cmp "$3" "$4"' - \
		"$NSATTACH" "$target" "$tmp/random" "$tmp/copied"
	# Its reader sees the end that the command makes, though that goes on.
	mkfifo "$tmp/hold"
	exec {hold}<>"$tmp/hold"
	ok 'its end is seen' timeout 20 cat < <(exec "$NSATTACH" -t "$target" \
		sh -c 'exec >&- 2>&-; read -r x' <&"$hold" 2>/dev/null)
	echo x >&"$hold"
	wait $!
	exec {hold}>&-
}

for program in "$ACTOR" "$TYPIST"; do
	[ -x "$program" ] || skip_all 'no actor or typist'
done
if private "$@"; then
	mount -t tmpfs none /run
	mounts=$(<"/proc/self/mountinfo")
fi
chmod 711 "$tmp"
fixture sandbox mun || done_testing
plain=$(fix '.tasks[0].proc_pid')
fixture sandbox muinpC || done_testing
target=$(fix '.tasks[0].proc_pid')
test_session
test_signals
test_stop
test_kill
test_family
test_zombies
test_descriptors
test_closed
test_pipes
fixture_close
fixture_close
nothing_left 'at the end'
done_testing
