# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nsattach: what a hostile container tries on who enters it.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/inside.sh"

ACTOR=$(built tests/nsfix/actor)
ATTACKER=$(built tests/nsfix/attacker)
none=0000000000000000

# armed || return 0: a container with the attacker in it
armed() {
	new_root
	: >"$root/attacker"
	fixture inside "${inside[0]}" "bind=$ATTACKER:attacker" "${inside[@]:1}"
}

# attack ARG...: the attacker in the background, its output in $from, its input in $to
attack() {
	rm -f "$tmp/from" "$tmp/to"
	mkfifo "$tmp/from" "$tmp/to" || exit 99
	"$@" <"$tmp/to" >"$tmp/from" 2>"$tmp/attack.err" &
	attacker=$!
	exec {to}>"$tmp/to" {from}<"$tmp/from"
	heard=
	read -r -t 20 heard <&"$from"
}

attack_end() {
	exec {to}>&- {from}<&-
	{ wait "$attacker"; } 2>/dev/null
}

# The groups of who calls, where the user namespace forbids setgroups(2).
test_groups() {
	need_root 'groups of the caller' || return 0
	container map=0 || return 0
	run setpriv --groups 0,4,6,42 -- "$NSATTACH" -t "$(target)" /nsfix who
	is 'setgroups denied: it runs' "$rc" 0
	is 'setgroups denied: none of the groups of the caller' "$(got groups)" ''
	run setpriv --groups 4,6 -- "$NSATTACH" --preserve-credentials -t "$(target)" \
		/nsfix who
	is '--preserve-credentials: all of them' "$(got groups)" '65534 65534'
	fixture_close
}

# Capabilities that are those of the target's own user namespace, in another one.
test_capabilities() {
	local all
	need_root 'capabilities of elsewhere' || return 0
	container map=0 || return 0
	all=$("$NSFIX" who | sed -n 's/^permitted=//p')
	at -m -p -t "$(target)" /nsfix who
	is 'its user namespace not entered: it runs' "$rc" 0
	is 'its user namespace not entered: no powers here' \
		"$(got bounding) $(got permitted) $(got inheritable) $(got ambient)" \
		"$none $none $none $none"
	like 'its user namespace not entered: it is said' "$err" 'no capabilities: .*-U'
	at --privileged -m -p -t "$(target)" /nsfix who
	is '--privileged: those of the caller' "$(got permitted)" "$all"
	is '--privileged: nothing to say' "$err" ''
	at "$(target)" /nsfix who
	isnt 'entered: its own' "$(got permitted)" "$none"
	is 'entered: nothing to say' "$err" ''
	fixture_close
}

# What is executed is opened by whoever executes it, and may be kept waiting for that.
test_held_up() {
	local sig by heard attacker to from status=0
	need_root 'held up on the way in' || return 0
	container || return 0
	cp "$(type -P true)" "$root/held"
	for sig in TERM INT; do
		status=0
		attack "$ATTACKER" lease "$root/held"
		if [ "$heard" != ready ]; then
			skip "held up, SIG$sig" "no leases here"
			attack_end
			continue
		fi
		# A shell has SIGINT ignored for what it starts in the background.
		env --default-signal=INT "$NSATTACH" -t "$(target)" /held \
			</dev/null >"$tmp/held.out" 2>&1 &
		by=$!
		read -r -t 20 heard <&"$from"
		is "held up, SIG$sig: it executes" "$heard" wanted
		kill -s "$sig" "$by"
		ok "held up, SIG$sig: it ends at once" timeout 10 "$NSFIX" wait "$by"
		kill -s KILL "$by" 2>/dev/null
		wait "$by" || status=$?
		is "held up, SIG$sig: by the signal" "$status" \
			"$((128 + $(kill -l "$sig")))"
		attack_end
	done
	fixture_close
}

# Between its fork into the pid namespace and exec it can be looked into by whoever has
# CAP_SYS_PTRACE there: it may no more than the target by then, and holds nothing of ours.
test_on_the_way() {
	local by heard attacker to from task fd held=''
	need_root 'on the way in' || return 0
	container drop=0,21 || return 0
	cp "$(type -P true)" "$root/held"
	attack "$ATTACKER" lease "$root/held"
	if [ "$heard" != ready ]; then
		skip 'on the way in' 'no leases here'
	else
		"$NSATTACH" -t "$(target)" /held </dev/null >"$tmp/held.out" 2>&1 &
		by=$!
		read -r -t 20 heard <&"$from"
		is 'on the way in: it executes' "$heard" wanted
		read -r task <"/proc/$by/task/$by/children"
		for task in $(<"/proc/${task%% *}/task/${task%% *}/children"); do
			[ "$(readlink "/proc/$task/ns/pid")" = \
				"$(readlink "/proc/$(target)/ns/pid")" ] || continue
			for fd in /proc/"$task"/fd/*; do
				case $(readlink "$fd") in
				/dev/null | *tmp*held.out | pipe:* | anon_inode:* | '') ;;
				*) held+=" $(readlink "$fd")" ;;
				esac
			done
			is 'on the way in: nothing of ours' "$held" ''
			is 'on the way in: no more powers' \
				"$(sed -n 's/^CapPrm:\s*//p' "/proc/$task/status")" \
				"$(sed -n 's/^CapBnd:\s*//p' "/proc/$(target)/status")"
			held=seen
		done
		is 'on the way in: it was seen' "$held" seen
		kill -s KILL "$by"
		wait "$by" 2>/dev/null
	fi
	attack_end
	fixture_close
}

# A command that leaves something behind which keeps its output open.
test_left_behind() {
	need_root 'left behind' || return 0
	new_root
	# A shell reads it for what it starts in the background.
	mkdir "$root/dev"
	: >"$root/dev/null"
	fixture inside "${inside[@]}" || return 0
	at --each -t "$(target)" -- sh -c 'sleep 1000 & echo said; exit 3'
	is '--each: does not wait for what was left behind' "$rc" 3
	is '--each: all that was said' "$out:$err" "$(target): said:"
	at --each -t "$(target)" -- sh -c 'while :; do echo x; done & echo said'
	is '--each: nor for what goes on saying something' "$rc" 0
	at --each --json -t "$(target)" -- printf 'a\302\2332J\177\033cb\303\251'
	like '--each --json: no orders to a terminal' "$out" \
		'"a\\u009b2J\\u007f\\u001bcb'$'\303\251''"'
	fixture_close
}

# Keys that the caller's session has.
test_keys() {
	need_root 'keys of the session' || return 0
	armed || return 0
	if ! "$ATTACKER" with-key "$ATTACKER" key; then
		skip 'keys of the session' 'no keyrings here'
	else
		run "$ATTACKER" with-key "$NSATTACH" -t "$(target)" /attacker key
		is 'inside: no key of the session' "$rc:$err" 1:
		run "$ATTACKER" with-key "$NSATTACH" -t "$(target)" -F /attacker key
		is 'inside, -F: no key of the session' "$rc:$err" 1:
		run "$ATTACKER" with-key "$NSATTACH" -t "$(target)" -n "$ATTACKER" key
		is 'a command of the host: with the key' "$rc" 0
	fi
	fixture_close
}

# loosen NAME ARG...: a victim that was made to execute itself inside, by a script of the
# container's, stands still at a pipe that is full; $exe is what its program seems to be.
loosen() {
	local name=$1 victim=$tmp/victim full status line pid inner heard attacker to from
	shift
	cp "$NSATTACH" "$victim"
	rm -f "$tmp/full" "$tmp/status"
	mkfifo "$tmp/full" "$tmp/status"
	exec {full}<>"$tmp/full" {status}<>"$tmp/status"
	"$ACTOR" fill >&"$full"
	"$victim" "$@" --status-fd "$status" -t "$(target)" /plant 1>&"$full" \
		2>/dev/null &
	line=
	read -r -t 20 line <&"$status"
	pid=${line#started }
	isnt "$name: it was executed inside" "$pid" "$line"
	exe=$(readlink "/proc/$pid/exe")
	inner=$(sed -n 's/^NSpid:.*\t//p' "/proc/$pid/status")
	attack "$NSATTACH" -t "$(target)" /attacker loosen "/proc/$inner/exe" /etc/group
	is "$name: no mount was made writable" "$heard" ready
	timeout 20 cat <&"$full" >/dev/null &
	"$NSFIX" wait "$pid"
	echo go >&"$to"
	read -r -t 20 line <&"$from"
	is "$name: nor when it has ended" "$line" 'result 0'
	attack_end
	kill $!
	wait $! 2>/dev/null
	exec {full}>&- {status}>&-
	ok "$name: the file is the same" cmp -s "$NSATTACH" "$victim"
}

test_loosen() {
	local exe
	need_root 'the mount of the program' || return 0
	armed || return 0
	printf '#!/proc/self/exe --help-all\n' >"$root/plant"
	chmod 755 "$root/plant"
	loosen 'by default'
	isnt 'by default: not the file itself' "$exe" "$tmp/victim"
	loosen '-p -r' --force -p -r
	isnt '-p -r: not the file itself' "$exe" "$tmp/victim"
	fixture_close
}

# The target's own pid namespace is the caller's: nothing to enter, all the same to see.
test_seen() {
	fixture sandbox Umn || return 0
	run "$NSATTACH" -t "$(target)" -U -n true
	is 'seen in a shared pid namespace: refused' "$rc" 125
	like 'seen in a shared pid namespace: why' "$err" 'could reach this host'
	run "$NSATTACH" --force -t "$(target)" -U -n true
	is 'seen in a shared pid namespace: --force' "$rc" 0
	run "$NSATTACH" -t "$(target)" -U -m -n true
	is 'with its own files: nothing to see' "$rc" 0
	fixture_close
}

# In the pid namespace between the caller's and the target's are tasks with more power.
test_seen_from_above() {
	local heard attacker to from inner
	need_root 'seen from a pid namespace above' || return 0
	container || return 0
	attack "$NSATTACH" -t "$(target)" setpriv --bounding-set -sys_ptrace \
		--inh-caps -sys_ptrace unshare -p -f sh -c 'echo up; cat'
	is 'seen from above: there is a container in it' "$heard" up
	inner=$(pid_of_inner "$(target)")
	run "$NSATTACH" -H "$inner" true
	is 'seen from above: refused' "$rc" 125
	like 'seen from above: why' "$err" 'could reach this host'
	attack_end
	fixture_close
}

# The one process two pid namespaces below the script's.
pid_of_inner() {
	grep -lE '^NSpid:(\s[0-9]+){3}$' /proc/[0-9]*/status 2>/dev/null |
		while IFS=/ read -r _ _ pid _; do
			if [ "/proc/$pid/root/nsfix" -ef "/proc/$1/root/nsfix" ]; then
				printf '%s\n' "$pid"
				break
			fi
		done
}

for program in "$ATTACKER" "$ACTOR"; do
	[ -x "$program" ] || skip_all 'no attacker or actor'
done
chmod 755 "$tmp"
test_groups
test_capabilities
test_held_up
test_on_the_way
test_left_behind
test_keys
test_loosen
test_seen
test_seen_from_above
done_testing
