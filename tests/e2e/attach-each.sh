# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nsattach --each: which targets, whose output, how many at a time, and how it ends.
# shellcheck source-path=SCRIPTDIR disable=SC2001,SC2016
. "$(dirname "$0")/lib.sh"

ACTOR=$(built tests/nsfix/actor)
TYPIST=$(built tests/nsfix/typist)
export NSFIX tmp

each() {
	run "$NSATTACH" --each "$@"
}

user() {
	local what=$1 reason
	shift
	if reason=$("$TYPIST" "$@" 2>&1); then
		pass "$what"
	else
		fail "$what" "$reason"
	fi
}

test_output() {
	local own='readlink /proc/self/ns/uts' want i
	each "${pids[@]}" -- sh -c "$own"'; echo wrong >&2; echo more; printf end'
	is 'status' "$rc" 0
	want=$(for i in 0 1 2; do
		printf '%s: %s\n%s: more\n%s: end\n' "${pids[i]}" "${uts[i]}" \
			"${pids[i]}" "${pids[i]}"
	done | sort)
	is 'each line has its target' "$(sort <<<"$out")" "$want"
	is 'in the order of each' "$(grep "^${pids[0]}:" <<<"$out")" \
		"$(printf "${pids[0]}: %s\n" "${uts[0]}" more end)"
	is 'errors stay apart' "$(sort <<<"$err")" \
		"$(printf '%s: wrong\n' "${pids[@]}" | sort)"
	each "${pids[0]}" "self:" -- true
	is 'a word for several that is none: status' "$rc" 125
	each "${pids[0]}" "${pids[0]}:1" -- echo x
	like 'prefixes have one width' "$out" "(^|"$'\n'")${pids[0]}:   x"
	each -t "${pids[1]}" -- "$ACTOR" talk
	is '-t, and no input' "$out" "${pids[1]}: heard none"
	each "${pids[1]}" echo one
	is 'without --: one target' "$out" "${pids[1]}: one"
	each "${pids[@]}" --
	is 'no command: status' "$rc" 125
	each "${pids[0]}" -- sh -c 'head -c 150000 /dev/zero | tr "\0" x; echo; echo y'
	is 'a line that does not end: in pieces' \
		"$(sed 's/^[0-9]*: //' <<<"$out" | awk '{ printf "%d ", length }')" \
		'65536 65536 18928 1 '
}

test_status() {
	local pick='case $(readlink /proc/self/ns/uts) in '
	each "${pids[@]}" -- sh -c "$pick'${uts[1]}') exit 9;; *) exit 3;; esac"
	is 'the highest status' "$rc" 9
	each "${pids[@]}" -- sh -c "$pick'${uts[2]}') kill -9 \$\$;; esac"
	is 'the highest: of a signal' "$rc" 137
	each "${pids[@]}" -- /nosuch
	is 'no such command: 127' "$rc" 127
	each "${pids[0]}" 99999999:1 "${pids[1]}" -- sh -c 'echo here; exit 200'
	is 'one that cannot be entered: 125' "$rc" 125
	is 'the others have run' "$(tr -s ' ' <<<"$out" | sort)" \
		"$(printf '%s: here\n' "${pids[0]}" "${pids[1]}" | sort)"
	like 'and that one is told' "$err" '^99999999:1: nsattach: '
	each "${pids[0]}" -- sh -c 'exit 125'
	is "a command's own 125" "$rc" 125
}

test_json() {
	each --json "${pids[0]}" 99999999:1 "${pids[1]}" -- \
		sh -c 'printf "a\033\"\n"; printf "b\377" >&2; exit 4'
	is 'JSON: status' "$rc" 125
	is 'JSON: every line is an object' \
		"$(jq -s 'map(type) | unique | join(" ")' <<<"$out")" '"object"'
	is 'JSON: output' "$(jq -r 'select(.stdout) | .target' <<<"$out" | sort)" \
		"$(printf '%s\n' "${pids[0]}" "${pids[1]}" | sort)"
	is 'JSON: a line' "$(jq -s 'map(select(.stdout))[0].stdout' <<<"$out")" \
		'"a\u001b\""'
	is 'JSON: not UTF-8' "$(jq -r --arg target "${pids[0]}" \
		'select(.target == $target).stderr // empty' <<<"$out")" 'b\xff'
	is 'JSON: how each ended' \
		"$(jq -rs 'map(select(.status) | "\(.target) \(.status) \(.failed)") |
			sort | join(", ")' <<<"$out")" \
		"$(printf '%s\n' "${pids[0]} 4 false" "${pids[1]} 4 false" \
			'99999999:1 125 true' | sort | paste -sd, | sed 's/,/, /g')"
	isnt 'JSON: why is told there' "$(jq -r 'select(.target == "99999999:1").stderr //
		empty' <<<"$out")" ''
}

# Two begin, and no third before one of them has ended.
test_limit() {
	local log gate line job i kids
	mkfifo "$tmp/log" "$tmp/gate"
	exec {log}<>"$tmp/log" {gate}<>"$tmp/gate"
	"$NSATTACH" --each -j 2 "${pids[@]}" "${pids[@]}" -- sh -c \
		'echo in >"$1/log"; dd bs=1 count=1 <"$1/gate" 2>/dev/null' - "$tmp" \
		>"$tmp/all" 2>&1 &
	job=$!
	for i in 1 2; do
		read -r -t 20 line <&"$log"
	done
	is 'at most two: two have begun' "$line" in
	for i in 3 4 5 6; do
		read -r kids <"/proc/$job/task/$job/children"
		is "at most two: before number $i" "$(wc -w <<<"$kids")" 2
		printf x >&"$gate"
		line=
		read -r -t 20 line <&"$log"
		is "at most two: number $i begins" "$line" in
	done
	printf xx >&"$gate"
	wait "$job"
	is 'at most two: status' $? 0
	is 'at most two: all have run' "$(grep -c x "$tmp/all")" 6
	exec {log}>&- {gate}>&-
}

# What is shown on a terminal cannot move its cursor; in a file it is what it is.
test_hostile() {
	local hostile='printf "a\033[2Jb\rc\n"; printf "d\033[2Je\n" >&2'
	user 'a terminal: control characters are shown' ntp 'see:a\x1b[2Jb\x0dc' \
		$'err:d\033[2Je' end:0 -- \
		"$NSATTACH" --each "${pids[0]}" -- sh -c "$hostile"
	user 'a terminal: of errors alone' npt $'out:a\033[2Jb\rc' 'see:d\x1b[2Je' \
		end:0 -- "$NSATTACH" --each "${pids[0]}" -- sh -c "$hostile"
}

# ends DESCRIPTION STEP...: all that runs is gone then.
ends() {
	local what=$1 all
	shift
	rm -f "$tmp/family"
	mkfifo "$tmp/family"
	cat "$tmp/family" >"$tmp/born" &
	all=$!
	user "$what: it ends" ttp "$@" -- \
		"$NSATTACH" --each "${pids[@]}" -- "${command[@]}"
	ok "$what: nothing is left" timeout 20 tail --pid="$all" -f /dev/null
	wait "$all"
}

test_ends() {
	local command=(sh -c 'exec 3>"$1"; echo ready; exec sleep 60' - "$tmp/family")
	local see=(see:ready see:ready see:ready)
	ends '^C' "${see[@]}" 'type:\003' end:130
	ends SIGTERM "${see[@]}" signal:15 end:sig15
	ends SIGKILL "${see[@]}" signal:9 end:sig9
	command=("$ACTOR" family "$tmp/family")
	ends 'SIGTERM, all is ignored' "${see[@]}" signal:15 end:sig15
	ends 'SIGKILL, all is ignored' "${see[@]}" signal:9 end:sig9
}

test_words() {
	local all
	if [ "${NSU_PRIVATE:-}" != yes ]; then
		skip 'words for many' 'needs root'
		return
	fi
	each sandbox: -- readlink /proc/self/ns/uts
	is 'sandbox: all of them' "$(sort <<<"$out")" \
		"$(for i in 0 1 2; do echo "${pids[i]}: ${uts[i]}"; done | sort)"
	each net: -- readlink /proc/self/ns/net
	all=$(for i in 0 1 2; do readlink "/proc/${pids[i]}/ns/net"; done
		readlink /proc/self/ns/net)
	is 'net: every network namespace' "$(sed 's/^[^ ]* *//' <<<"$out" | sort)" \
		"$(sort -u <<<"$all")"
	is 'net: by its name' "$(sed 's/^net:\([0-9]*\): *net:\[\1\]$/same/' <<<"$out" |
		sort -u)" same
	each netns: -- true
	is 'netns: none: status' "$rc" 125
	like 'netns: none: said' "$err" 'netns: there is none'
	mkdir /run/netns
	for i in 0 1; do
		: >"/run/netns/n$i"
		mount --bind "/proc/${pids[i]}/ns/net" "/run/netns/n$i"
	done
	each netns: -- readlink /proc/self/ns/net
	is 'netns: by name' "$(sort <<<"$out")" \
		"$(for i in 0 1; do
			echo "netns:n$i: $(readlink "/proc/${pids[i]}/ns/net")"
		done)"
	umount /run/netns/n1
	rm /run/netns/n1
	umount /run/netns/n0
	mv /run/netns/n0 "/run/netns/"$'a\e[31m'
	mount --bind "/proc/${pids[0]}/ns/net" "/run/netns/"$'a\e[31m'
	each netns: -- echo its
	is 'netns: a hostile name' "$out" 'netns:a\x1b[31m: its'
	umount "/run/netns/"$'a\e[31m'
	each bogus: -- true
	is 'another word: status' "$rc" 125
	like 'another word: said' "$err" 'not one of docker: .* sandbox: pin: netns:'
}

for program in "$ACTOR" "$TYPIST"; do
	[ -x "$program" ] || skip_all 'no actor or typist'
done
! private "$@" || mount -t tmpfs none /run
chmod 711 "$tmp"
pids=() uts=()
for i in 0 1 2; do
	fixture sandbox muinpC || done_testing
	pids+=("$(fix '.tasks[0].proc_pid')")
	uts+=("$(fix '.tasks[0].ns.uts')")
done
test_output
test_status
test_json
test_limit
test_hostile
test_ends
test_words
for i in 0 1 2; do
	fixture_close
done
done_testing
