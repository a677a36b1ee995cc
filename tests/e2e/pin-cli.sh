# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nspin's command line: commands, options, wrong use, names; in a /run of its own.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/pin.sh"

# wrong "WORDS" STATUS FIRST-LINE [SECOND]
wrong() {
	# shellcheck disable=SC2086
	run nspin $1
	is "nspin $1: status" "$rc" "$2"
	like "nspin $1: what is wrong" "${err%%$'\n'*}" "$3"
	is "nspin $1: nothing else is printed" "$out" ''
	[ -z "${4:-}" ] || like "nspin $1: what to type" "${err#*$'\n'}" "$4"
}

test_help() {
	local screen
	run nspin --help
	is '--help: status' "$rc:$err" 0:
	screen=$out
	is 'help is the same' "$(nspin help)" "$screen"
	is 'help of a command, too' "$(nspin help create)" "$screen"
	ok 'at most 24 lines' test "$(wc -l <"$tmp/stdout")" -le 24
	is 'of at most 80 columns' "$(grep -E '^.{81}' "$tmp/stdout")" ''
	run nspin --version
	like '--version' "$out" '^nspin [0-9]'
	run nspin --list-commands
	is '--list-commands: four fields each' "$(awk -F'\t' 'NF != 4' <<<"$out")" ''
	is 'the help names each command' "$(cut -f1 <<<"$out" | while read -r verb; do
		grep -qw -e "$verb" <<<"$screen" || echo "$verb"
	done)" ''
}

test_wrong() {
	wrong 'add blue' 2 'add blue: no target given' 'nspin create blue -n;.*nspin add blue TARGET'
	wrong 'add' 2 'add: no name given' 'nspin add NAME TARGET'
	wrong 'create' 2 'create: no name given'
	wrong 'create blue' 2 'create blue: of which type\?' 'nspin create blue -n'
	wrong 'create blue sh -n' 2 'one word too many, sh' '-- COMMAND'
	wrong 'rename blue' 2 'no new name given' 'nspin rename NAME NEW'
	wrong 'rename a b c' 2 'one word too many, c'
	wrong 'remove' 2 'no name given' 'nspin remove NAME'
	wrong 'lst' 2 'lst: no such command' 'did you mean: nspin list'
	wrong 'dance' 2 'dance: no such command' 'nspin --help'
	wrong 'attach blue' 2 'attach: no such command' 'did you mean: nspin exec'
	wrong '--bogus' 2 'no such option'
	wrong '-n' 2 'net: no command given' 'nspin create NAME --net'
	wrong 'exec -it blue sh' 125 '-t: no such option' 'nspin exec NAME COMMAND'
	wrong 'list --up' 2 '--up is not for it' 'nspin create NAME --up'
	wrong 'remove --json blue' 2 '--json is not for it' 'nspin list --json'
	wrong 'create a -n --boottime x' 2 'not a number of seconds'
	wrong 'create a -n --monotonic 5y' 2 'not a number of seconds'
	wrong 'create a -m --propagation odd' 2 'not one of slave private shared unchanged'
	wrong 'create a --map-users 0:1' 2 'not INNER:OUTER:COUNT'
	wrong 'create a --map-users 0:1:0' 2 'not INNER:OUTER:COUNT'
	wrong 'create a --map-users 0:1:2, --map-auto' 2 'another map of ids'
	wrong 'create a --map-users 0:1:4294967296' 2 'not INNER:OUTER:COUNT'
	wrong 'exec' 125 'exec: no name given'
	wrong 'exec --up blue' 125 '--up is not for it'
	wrong 'remove nosuch' 1 'remove nosuch: no pin has this name' 'to see which there are: nspin'
	wrong 'list nosuch' 1 'no pin has this name'
	wrong 'add blue 4194305@x' 1 '4194305@x: '
}

# Refused with the rule, whatever of it would be printed.
test_names() {
	local name long
	printf -v long 'n%.0s' {1..300}
	for name in a/b .. . -x 'a b' $'a\nb' $'\e[31mred' "$long" '' .hidden 'a:b' $'\xff'; do
		run nspin create -n -- "$name"
		is "the name ${name@Q}: status" "$rc" 1
		like "the name ${name@Q}: the rule" "$err" '1 to 200 of the letters, digits and \. _ \+ -'
		unlike "the name ${name@Q}: shown escaped" "$err" $'\e'
		ok "the name ${name@Q}: a short message" test "${#err}" -lt 400
	done
	is 'nothing was made of any' "$(ls /run/nsutil/pins 2>/dev/null)" ''
	run nspin create -n -- a_b.c+d-9
	is 'all letters that may be' "$rc:$err" 0:
	run nspin remove a_b.c+d-9
	is 'are those of its removal, too' "$rc:$err" 0:
}

test_habits() {
	run nspin create blue -n
	is 'create: status, and nothing said' "$rc:$out:$err" 0::
	run nspin create blue -n
	is 'again: status' "$rc" 1
	like 'again: it is there' "$err" '^nspin: create blue: there is one of that name already'
	like 'and what to do' "$err" 'nspin show blue; .*nspin remove blue'
	run nspin blue
	is 'the name alone: status' "$rc" 2
	is 'the name alone: what to type' "${err#*$'\n'}" \
		'nspin: to see that pin: nspin show blue'
	run nspin mv pin:blue green
	is 'mv: status' "$rc:$err" 0:
	run nspin rm gren
	like 'rm: a near name' "$err" 'did you mean green\?'
	run nspin ls -q
	is 'ls -q: the name alone' "$out" green
	run nspin rm pin:green
	is 'rm: status' "$rc:$err" 0:
	run nspin
	is 'none is left' "$rc:$out" 0:
	like 'and that is said' "$err" 'there are no pins; to make one'
}

test_command() {
	run nspin create blue -n -- sh -c 'readlink /proc/self/ns/net; exit 7'
	is 'create -- COMMAND: its status' "$rc" 7
	is 'it is inside' "$out" "net:[$(nspin list --json blue | jq '.pins[0].namespaces[0].inode')]"
	run nspin exec blue sh -c 'exit 9'
	is 'exec: the status' "$rc" 9
	run nspin exec blue -- sh -c 'kill -9 $$'
	is 'exec: a signal' "$rc" 137
	run nspin exec blue /nosuch
	is 'exec: no such command' "$rc" 127
	run nspin exec nosuch true
	is 'exec: no such pin' "$rc" 125
	run nspin create other -n -- /nosuch
	is 'create -- /nosuch: status' "$rc" 127
	run nspin show blue
	is 'show: status' "$rc" 0
	like 'show: its namespace' "$out" 'net:\[?[0-9]+'
	run nspin show nosuch
	is 'show: no such pin' "$rc" 1
	run nspin remove blue other
	is 'both are removed' "$rc:$err" 0:
}


# types NAME: those of a pin, by their letters.
types() {
	nspin list "$1" 2>/dev/null | awk -v name="$1" '$1 == name { print $2 }'
}

# What an option is about is asked for with it; and the option did it.
is_up() {
	if command -v ip >/dev/null; then
		like '--up: it is' "$(nspin exec it ip -o link show lo)" '<LOOPBACK,UP'
	else
		skip '--up: it is' 'no ip(8)'
	fi
}

test_implied() {
	local words
	local -A letters=([--up]=...n.... [--netns]=...n.... ['--hostname h']=.u......
		['--boottime 90d']=.......T ['--monotonic -5']=.......T [--map-root]=......U.
		['--propagation slave']=m....... [-a]=muinpCUT
		['--map-users 0:0:1 --map-groups 0:0:1']=......U.)
	for words in "${!letters[@]}"; do
		# shellcheck disable=SC2086
		run nspin create it $words
		if [ "$rc" -ne 0 ] && [[ $err == *'Function not implemented'* ||
			$err == *'Invalid argument'* ]] &&
			[[ $words == @(--boottime|--monotonic|-a)* ]]; then
			skip "create $words" 'no time namespace can be made here'
			continue
		fi
		is "create $words: done" "$rc:$err" 0:
		is "create $words: its type" "$(types it)" "${letters[$words]}"
		case $words in
		--up) is_up ;;
		--netns) ok '--netns: it is there' mountpoint -q /run/netns/it ;;
		--hostname*) is '--hostname: it has it' "$(nspin exec it uname -n)" h ;;
		--boottime*) ok '--boottime: it is ahead' test \
			"$(nspin exec it cut -d. -f1 /proc/uptime)" -gt 7776000 ;;
		--map-root) is '--map-root: root inside' "$(nspin exec it id -u)" 0 ;;
		esac
		run nspin remove it
		is "create $words: removed" "$rc" 0
	done
	run nspin add it self -n -u
	is 'add: types by letter' "$rc:$(types it)" 0:.u.n....
	run nspin exec it -u readlink /proc/self/ns/uts
	run nspin remove -q it
	is 'add: removed' "$rc" 0
}

# As an ordinary user, whose pins a process holds: as one of whom there is no other.
test_user() {
	local keeper wrapper=(setpriv --reuid 54321 --regid 54321 --clear-groups
		env -u XDG_RUNTIME_DIR --)
	"${wrapper[@]}" true 2>/dev/null || {
		skip 'pins of a user' 'no other user can be taken on here'
		return 0
	}
	run wrapped nspin create blue -n
	is 'a user without a runtime directory: status' "$rc" 1
	like 'and what to do' "$err" 'neither \$XDG_RUNTIME_DIR nor /run/user/UID.*log in'
	mkdir -p /run/user/54321 && chmod 755 /run /run/user && chmod 700 /run/user/54321 &&
		chown 54321:54321 /run/user/54321
	run wrapped nspin create blue -n
	if [ "$rc" -ne 0 ] && [[ $err == *'users may make no user namespaces'* ]]; then
		skip 'pins of a user' 'users may make no user namespaces'
		return 0
	fi
	is 'a user: status' "$rc" 0
	like 'the user namespace is added, and said' "$err" 'blue: with a user namespace .* -U --map-root'
	run wrapped nspin --json
	is 'both types' "$(jq -c '[.pins[0].namespaces[].type]' <<<"$out")" '["net","user"]'
	keeper=$(jq '.pins[0].keeper' <<<"$out")
	ok 'a process holds them' test -e "/proc/$keeper"
	run wrapped nspin exec blue id -u
	is 'root inside' "$rc:$out" 0:0
	run wrapped nspin create -q -u other
	is '-q: no remark' "$rc:$out:$err" 0::
	run wrapped nspin create more -n --netns
	is '--netns is not for users' "$rc" 1
	run wrapped nspin rm -q blue other
	is 'removed' "$rc:$err" 0:
	nspin create roots -n
	run wrapped nspin
	like "root's are not shown, which is said" "$err" 'those of root are not shown: sudo nspin$'
	run wrapped nspin check
	is "root's are no trouble" "$rc:$out:$err" 0::
	run wrapped nspin show roots
	like "root's are hinted at" "$rc $err" '^1 .*those of root: sudo nspin$'
	nspin remove roots
	ok 'its keeper has ended' test ! -e "/proc/$keeper" -o -n \
		"$(grep -s '^State:.Z' "/proc/$keeper/status")"
	run wrapped nspin -q
	is 'none is left' "$rc:$out" 0:
	is 'of root neither' "$(nspin -q 2>/dev/null)" ''
}

# Two at once: one has the name, the other says so.
test_two() {
	local first=0 second=0
	nspin create twice -n 2>"$tmp/first" &
	nspin create twice -u 2>"$tmp/second" || second=$?
	wait $! || first=$?
	is 'two at once: one has it' "$((first + second))" 1
	like 'two at once: the other says so' "$(cat "$tmp/first" "$tmp/second")" 'there is one of that name already'
	run nspin check
	is 'two at once: it is whole' "$rc:$out" 0:
	run nspin remove twice
	is 'two at once: removed' "$rc" 0
}

# What does not fit is not there at all.
test_full() {
	run unshare -m -- bash -c 'mount -t tmpfs -o nr_inodes=14 tmpfs /run || exit 77
		for i in 1 2 3 4 5 6 7; do
			"$1" create "p$i" -n -u || break
		done
		"$1" check && echo "$i"; "$1" rm $("$1" -q)' full "$NSPIN"
	[ "$rc" -ne 77 ] || {
		skip 'a full /run' 'no such mount here'
		return 0
	}
	like 'a full /run: some were made' "$out" '^[2-6]$'
	like 'a full /run: why no more' "$err" 'create p[0-9]: .*No space left on device'
	like 'a full /run: what to look at' "$err" 'is there room\? df'
}

pin_private "$@"
test_help
test_wrong
test_names
test_habits
test_command
test_implied
test_user
test_two
test_full
pin_leaves_nothing
done_testing
