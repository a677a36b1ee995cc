# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A command at a terminal: which of 0, 1, 2 are one, keys, windows, modes.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/lib.sh"

ACTOR=$(built tests/nsfix/actor)
TYPIST=$(built tests/nsfix/typist)
export NSFIX tmp

# user DESCRIPTION ENDS STEP... -- COMMAND...: all comes true.
user() {
	local what=$1 reason
	shift
	if reason=$("$TYPIST" "$@" 2>&1); then
		pass "$what"
	else
		fail "$what" "$reason"
	fi
}

# Steps that begin in shells of their own.
supervisor='read -r super _ <"/proc/$PID/task/$PID/children"'
ended='timeout 20 "$NSFIX" wait "$super"'

# Each combination: what is a terminal becomes another one, what is not stays.
test_ends() {
	local ends want steps fd
	for ends in ttt ttp tpt tpp ptt ptp ppt ppp; do
		steps=('run:echo "${TTY##*/}" >"$tmp/own"')
		case $ends in
		t??) steps+=('type:hi\012') ;;
		p??) steps+=('in:hi\012' eof) ;;
		esac
		case $ends in
		??t) steps+=(see:complaint) ;;
		??p) steps+=(err:complaint) ;;
		esac
		case $ends in
		?t?) steps+=('see:heard hi') ;;
		?p?) steps+=('out:heard hi') ;;
		esac
		user "$ends: all comes through" "$ends" "${steps[@]}" end:0 same idle -- \
			"$NSATTACH" -t "$target" "$ACTOR" talk "$tmp/what"
		want=
		for fd in 0 1 2; do
			case ${ends:fd:1} in
			t) want+='tty[0-9]+ ' ;;
			p) want+='pipe ' ;;
			esac
		done
		case $ends in
		*t*) want+=controlled ;;
		*) want+=free ;;
		esac
		like "$ends: what the command has" "$(<"$tmp/what")" "^$want\$"
		unlike "$ends: not the terminal itself" "$(<"$tmp/what")" \
			"tty$(<"$tmp/own") "
	done
}

test_options() {
	user '--tty: pipes become a terminal' ppp 'in:hi\012' eof out:complaint \
		'out:heard hi' end:0 -- \
		"$NSATTACH" --tty -t "$target" "$ACTOR" talk "$tmp/what"
	like '--tty: of all three' "$(<"$tmp/what")" '^(tty[0-9]+ )\1\1controlled$'
	user '--no-tty: the terminal itself' ttt 'run:echo "${TTY##*/}" >"$tmp/own"' \
		'type:hi\012' 'see:heard hi' end:0 same -- \
		"$NSATTACH" --no-tty -t "$target" "$ACTOR" talk "$tmp/what"
	is '--no-tty: but it does not control the command' "$(<"$tmp/what")" \
		"$(printf 'tty%s ' "$(<"$tmp/own")"{,,})free"
	user '--trusted: the terminal itself' ttt 'run:echo "${TTY##*/}" >"$tmp/own"' \
		'type:hi\012' 'see:heard hi' end:0 -- \
		"$NSATTACH" --trusted -t "$target" "$ACTOR" talk "$tmp/what"
	like '--trusted: no other' "$(<"$tmp/what")" "^tty$(<"$tmp/own") "
	user '-n alone: a terminal too' ttt 'type:hi\012' 'see:heard hi' end:0 same -- \
		"$NSATTACH" -n -U -t "$target" "$ACTOR" talk "$tmp/what"
}

# Characters pushed into the command's terminal are not typed into the user's.
test_push() {
	local ends
	run "$TYPIST" ttt end:0 -- "$NSATTACH" -t "$target" "$ACTOR" push x
	if [ "$rc" -ne 0 ]; then
		skip TIOCSTI "not allowed here"
		return
	fi
	run "$TYPIST" ttt end:0 idle -- "$NSATTACH" --no-tty -t "$target" "$ACTOR" push x
	# With CAP_SYS_ADMIN only, since it is not what controls the command.
	[ "$(id -u)" -ne 0 ] ||
		like 'TIOCSTI: without another terminal it does' "$err" 'characters wait'
	for ends in ttt tpp ptp ppt ttp ptt; do
		user "TIOCSTI, $ends: the user's terminal gets nothing" $ends \
			end:0 same idle -- \
			"$NSATTACH" -t "$target" "$ACTOR" push $'echo pushed\n'
	done
}

test_window() {
	user 'window: its size, and each new one' ttt 'see:size 33x77' size:40x111 \
		'see:size 40x111' size:5x6 'see:size 5x6' end:0 -- \
		"$NSATTACH" -t "$target" "$ACTOR" size 3
	user 'window: of the output alone' ntn 'see:size 33x77' size:40x111 \
		'see:size 40x111' end:0 -- "$NSATTACH" -t "$target" "$ACTOR" size 2
}

# The supervisor is slow in taking orders: the SIGCONT of the first stop has come to the
# command when the keyboard's second one does, and no other is on its way.
test_slow() {
	local what='^Z twice, told slowly' slow
	need_root "$what" || return 0
	if ! no_leaks strace -o "$tmp/calls" -e inject=getpid:delay_exit=1 true 2>/dev/null; then
		skip "$what" "no strace(1) that delays calls"
		return
	fi
	slow="$supervisor"'; strace -o "$tmp/calls" -e trace=recvfrom \
		-e inject=recvfrom:delay_enter=50000 -p "$super" >/dev/null 2>"$tmp/traced" &
		until grep -q attached "$tmp/traced"; do kill -0 $! || exit; done'
	user "$what" ttt see:ready "run:$slow" 'type:\032' stopped signal:10 fg \
		'see:signal 10' 'type:\032' stopped fg signal:15 end:143 same -- \
		"$NSATTACH" -t "$target" "$ACTOR" signals
}

test_keys() {
	local ends
	for ends in ttt tpt ttp; do
		local see=see
		[ "$ends" != tpt ] || see=out
		user "^C, $ends: the command gets it" $ends $see:ready 'type:\003' \
			"$see:signal 2" signal:15 end:143 same idle -- \
			"$NSATTACH" -t "$target" "$ACTOR" signals
		user "^\\, $ends" $ends $see:ready 'type:\034' "$see:signal 3" signal:15 \
			end:143 same idle -- "$NSATTACH" -t "$target" "$ACTOR" signals
		user "^Z, $ends, and fg" $ends $see:ready 'type:\032' stopped same fg \
			signal:10 "$see:signal 10" signal:15 end:143 same idle -- \
			"$NSATTACH" -t "$target" "$ACTOR" signals
	done
	user '^C: 130' ttt see:size 'type:\003' end:130 same -- \
		"$NSATTACH" -t "$target" "$ACTOR" size 2
	user '^\: 131' ttt see:size 'type:\034' end:131 same -- \
		"$NSATTACH" -t "$target" "$ACTOR" size 2
	user '^Z twice' ttt see:ready 'type:\032' stopped same fg signal:10 \
		'see:signal 10' raw 'type:\032' stopped same fg signal:10 'see:signal 10' \
		signal:15 end:143 same -- "$NSATTACH" -t "$target" "$ACTOR" signals
	test_slow
	# As a shell does that edits its next line while this starts.
	user '&, then fg: lines are lines' ttt 'see:in front' 'run:sleep 1' raw \
		'type:hi\015' 'see:heard hi' end:0 same -- bash -c 'set -m
			old=$(stty -g)
			stty -icanon -icrnl -echo
			"$@" &
			until [ -s "$tmp/started" ]; do sleep 0.01; done
			stty "$old"
			echo in front
			fg >/dev/null' - "$NSATTACH" -t "$target" sh -c \
		'echo >"$1"; read -r line; echo "heard $line"' - "$tmp/started"
	# No descriptor is a terminal, but the user has one.
	user '^C, ppp' ppp out:ready 'type:\003' 'out:signal 2' signal:15 end:143 -- \
		"$NSATTACH" -t "$target" "$ACTOR" signals
	user '^C, ppp: 130' ntp see:size 'type:\003' end:130 same -- \
		"$NSATTACH" -t "$target" "$ACTOR" size 2
}

test_restored() {
	user 'modes: raw while it runs, as before after its end' ttt see:size raw \
		size:1x1 end:0 same -- "$NSATTACH" -t "$target" "$ACTOR" size 2
	user 'modes: after SIGTERM' ttt see:size raw signal:15 end:143 same -- \
		"$NSATTACH" -t "$target" "$ACTOR" size 2
	user 'modes: after SIGKILL' ttt see:size raw \
		"run:$supervisor; kill -9 \$PID; $ended" end:sig9 same idle -- \
		"$NSATTACH" -t "$target" "$ACTOR" size 2
	user 'modes: after SIGKILL of one that leaves its own raw' ttt see:ready raw \
		"run:$supervisor; kill -9 \$PID; $ended" end:sig9 same -- \
		"$NSATTACH" -t "$target" "$ACTOR" mirror 9
	user 'modes: after SIGKILL of the supervisor' ttt see:size raw \
		"run:$supervisor; kill -9 \$super" end:125 same -- \
		"$NSATTACH" -t "$target" "$ACTOR" size 2
	user 'modes: after one that left its own raw' ttt $'see:ready\n' feed:9 take:9 \
		end:0 same -- "$NSATTACH" -t "$target" "$ACTOR" mirror 9
	user 'modes: where the command cannot be run' ttt see:nosuch end:127 same -- \
		"$NSATTACH" -t "$target" /nosuch
	user 'hangup of the terminal ends it' ttt see:size hangup end:129 -- \
		"$NSATTACH" -t "$target" "$ACTOR" size 2
}

test_much() {
	user '1 MB in and 1 MB out, unharmed' ttt $'see:ready\n' feed:1048576 \
		take:1048576 end:0 same idle -- \
		"$NSATTACH" -t "$target" "$ACTOR" mirror 1048576
}

for program in "$ACTOR" "$TYPIST"; do
	[ -x "$program" ] || skip_all 'no actor or typist'
done
chmod 711 "$tmp"
fixture sandbox muinpC || done_testing
target=$(fix '.tasks[0].proc_pid')
test_ends
test_options
test_push
test_window
test_keys
test_restored
test_much
fixture_close
done_testing
