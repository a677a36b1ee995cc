# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nsattach: what the target says (accounts, environment, PATH, directories) is an enemy's.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119,SC2154
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/inside.sh"

# An account that no file below the root has: read, it was read elsewhere.
leak=leak:x:4242:4242::/leak:/bin/sh

# accounts NAME: with $root/etc/passwd as it is by now
accounts() {
	fixture inside "${inside[@]}" || return 0
	at "$(target)" /nsfix who
	is "passwd, $1: root all the same" "$rc $(got uid)" '0 0 0 0'
	at -S leak "$(target)" /nsfix who
	is "passwd, $1: no account read" "$rc" 125
	like "passwd, $1: said" "$err" 'no user or group leak'
	fixture_close
}

test_passwd() {
	need_root 'hostile passwd' || return 0
	new_root
	echo "$leak" >"$tmp/elsewhere"
	echo "$leak" >"$root/etc/passwd"
	truncate -s 100M "$root/etc/passwd"
	accounts 'of 100 MB'
	rm "$root/etc/passwd"
	mkfifo "$root/etc/passwd"
	accounts 'a FIFO'
	ln -sf "$tmp/elsewhere" "$root/etc/passwd"
	accounts 'a link to a path of ours'
	ln -sf "../../../../../../../../../../..$tmp/elsewhere" "$root/etc/passwd"
	accounts 'a link upwards'
	ln -sf passwd "$root/etc/passwd"
	accounts 'a link to itself'
	ln -sf /proc/self/environ "$root/etc/passwd"
	export LEAK=$'\n'$leak
	accounts 'a link to /proc/self/environ'
	unset LEAK
	rm "$root/etc/passwd"
	mknod "$root/etc/passwd" c 1 5
	accounts 'a device'
	rm "$root/etc/passwd"
	mkdir "$root/etc/passwd"
	accounts 'a directory'
	rmdir "$root/etc/passwd"
	accounts 'missing'
	rm -r "${root:?}/etc"
	ln -s "$tmp" "$root/etc"
	cp "$tmp/elsewhere" "$tmp/passwd"
	accounts '/etc a link to a directory of ours'
}

test_group() {
	need_root 'hostile group' || return 0
	new_root
	echo 'leak:x:4343:alice' >"$tmp/group"
	ln -sf "$tmp/group" "$root/etc/group"
	fixture inside "${inside[@]}" || return 0
	at -S alice "$(target)" /nsfix who
	is 'group, a link to a path of ours: not read' "$rc $(got groups)" '0 '
	at -G leak "$(target)" true
	is 'group, a link: no name of it' "$rc" 125
	fixture_close
	rm "$root/etc/group"
	mkfifo "$root/etc/group"
	fixture inside "${inside[@]}" || return 0
	at -S alice "$(target)" /nsfix who
	is 'group, a FIFO: runs' "$rc $(got groups)" '0 '
	fixture_close
}

test_lines() {
	need_root 'odd lines of passwd' || return 0
	new_root
	{
		printf 'ev\033il:x:1:1::/:/bin/sh\n::::\nroot\n:x:0:0::/:/evil\n'
		printf 'neg:x:-1:-1::/:/bin/sh\nbig:x:4294967295:0::/:/bin/sh\n'
		printf 'root:x:0:0::/ro\033ot:/bin/s\th\n'
		printf 'far:x:5:5::../..:bin/sh\n'
		printf 'last:x:77:78::/last:/bin/sh'
	} >"$root/etc/passwd"
	fixture inside "${inside[@]}" || return 0
	at "$(target)" env
	is 'control characters: home' "$(got HOME)" /
	is 'control characters: shell' "$(got SHELL)" /bin/sh
	at -S last "$(target)" env
	is 'no newline at the end: read' "$(got HOME) $(got USER)" '/last last'
	at -S far "$(target)" env
	is 'a relative home' "$(got HOME)" /
	at -S neg "$(target)" true
	is 'uid -1 is none' "$rc" 125
	at -S big "$(target)" true
	is 'uid 4294967295 is none' "$rc" 125
	at -S $'ev\033il' "$(target)" true
	unlike 'a name is printed escaped' "$err" $'\033'
	fixture_close
}

test_environment() {
	need_root 'the environment' || return 0
	new_root
	printf '%s\0' noequals =x A=1 A=2 '' $'BAD\033=1' PATH=/usr/bin:/bin OF_TARGET=1 \
		LD_PRELOAD=/evil.so EMPTY= 'EQUALS=a=b' >"$tmp/environ"
	export SECRET=ours TERM=vt100
	fixture inside "env=$tmp/environ" "${inside[@]}" || return 0
	at "$(target)" env
	is 'clean, the default: nothing else' "$(cut -d= -f1 <<<"$out" | sort | tr '\n' ' ')" \
		'HOME LOGNAME PATH SHELL TERM USER '
	is 'clean: values' "$(got TERM) $(got HOME) $(got PATH)" 'vt100 /root /usr/bin:/bin'
	is 'clean: nothing to say' "$err" ''
	at --env=clean -S alice "$(target)" env
	is 'clean: the user' "$(got USER) $(got LOGNAME) $(got HOME)" 'alice alice /home/alice'
	for option in --env=target --env -e; do
		at "$option" "$(target)" env
		is "$option: its" "$(got OF_TARGET) $(got A) $(got EMPTY)$(got EQUALS)" '1 1 a=b'
		is "$option: not ours" "$(got SECRET)$(got TERM)" ''
		like "$option: what is odd is left out, and said" "$err" \
			'3 odd or dangerous variables of its environment left out'
	done
	at --env=host "$(target)" env
	is '--env=host: ours' "$(got SECRET)$(got OF_TARGET)" ours
	at -n "$(target)" env
	is '-n: ours' "$(got SECRET)$(got OF_TARGET)" ours
	at -n --env=target "$(target)" env
	is '-n --env=target: its, but PATH' "$(got OF_TARGET)$(got SECRET) $(got PATH)" "1 $PATH"
	is '-n --env=target: no orders for the loader' "$(got LD_PRELOAD)" ''
	at -n --env=clean "$(target)" env
	is '-n --env=clean: ours, and few' "$(got PATH) $(got SECRET)" "$PATH "
	at --env=nothing "$(target)" true
	is '--env of nothing known' "$rc" 125
	fixture_close
}

test_setenv() {
	need_root '--setenv' || return 0
	container || return 0
	at --setenv A=1 --setenv B= --setenv C=x=y --setenv HOME "$(target)" env
	is '--setenv: set, empty, with a sign, unset' \
		"$(got A)|$(grep -c '^B=$' <<<"$out")|$(got C)|$(grep -c ^HOME <<<"$out")" \
		'1|1|x=y|0'
	at --setenv A=1 --setenv A=2 "$(target)" env
	is '--setenv: the last counts' "$(grep ^A= <<<"$out")" A=2
	at --setenv =x "$(target)" true
	is '--setenv without a name' "$rc" 125
	run env -u TERM timeout 60 "$NSATTACH" "$(target)" env
	is 'no TERM here, none there' "$(grep -c ^TERM <<<"$out")" 0
	fixture_close
}

test_large_environment() {
	need_root 'an environment of 10 MB' || return 0
	new_root
	{
		printf 'PATH=/usr/bin:/bin\0'
		# 10,000 of 1000 bytes each
		yes "X=$(printf %0997d 0)" | head -n 10000 | tr '\n' '\0' |
			awk -v RS='\0' -v ORS='\0' '{ print "N" NR $0 }'
	} >"$tmp/environ"
	fixture inside "env=$tmp/environ" "${inside[@]}" || return 0
	ok '10 MB: it is' test "$(wc -c <"/proc/$(target)/environ")" -gt 10000000
	at "$(target)" env
	is '10 MB: clean' "$rc $(got PATH)" '0 /usr/bin:/bin'
	at --env=target "$(target)" env
	is '10 MB, all of it: the kernel takes no such' "$rc" 126
	like '10 MB, all of it: said' "$err" 'run env: Argument list too long'
	fixture_close
}

# A command is not what lies in the working directory.
test_path() {
	local place
	need_root 'hostile PATH' || return 0
	new_root
	mkdir -p "$root/home/bin"
	for place in home home/bin; do
		printf '#!/bin/sh\necho evil\n' >"$root/$place/gadget"
		chmod 755 "$root/$place/gadget"
	done
	printf 'PATH=:.:bin:../home:/usr/bin:/bin:\0' >"$tmp/environ"
	fixture inside "env=$tmp/environ" "${inside[@]}" cwd=/home || return 0
	at "$(target)" pwd
	is 'PATH: there' "$out" /home
	at "$(target)" gadget
	is 'PATH: relative places are none' "$rc $out" '127 '
	like 'PATH: said' "$err" 'run gadget: No such file or directory'
	at "$(target)" ./gadget
	is 'PATH: by a path it may be run' "$rc $out" '0 evil'
	fixture_close
	printf 'PATH=\0' >"$tmp/environ"
	fixture inside "env=$tmp/environ" "${inside[@]}" cwd=/home || return 0
	at "$(target)" gadget
	is 'PATH, empty: nothing' "$rc $out" '127 '
	fixture_close
}

test_directories() {
	need_root 'odd working directories' || return 0
	new_root
	mkdir -p "$root/jail" "$root/away" "$root/jail/inner"
	fixture inside "${inside[@]}" gone=/away/gone || return 0
	at "$(target)" /nsfix who
	is 'cwd deleted: runs in /' "$rc $(got cwd)" '0 /'
	like 'cwd deleted: said' "$err" 'working directory is deleted; starting in /'
	at -W /away "$(target)" /nsfix who
	is 'cwd deleted: by -W elsewhere, silent' "$(got cwd) $err" '/away '
	at -W /nowhere "$(target)" true
	is '-W to nothing: status' "$rc" 125
	fixture_close
	# Its programs as seen from the jail: what runs must be there.
	mkdir -p "$root/jail"/{usr,bin,lib,lib64,proc}
	: >"$root/jail/nsfix"
	inside=("root=$root" "bind=/usr:jail/usr" "bind=/bin:jail/bin" "bind=/lib:jail/lib"
		"bind=$NSFIX:jail/nsfix")
	[ ! -d /lib64 ] || inside+=("bind=/lib64:jail/lib64")
	fixture inside "${inside[@]}" pivot cwd=/away chroot=/jail || return 0
	at "$(target)" /nsfix who
	is 'cwd outside its root: runs in /' "$rc $(got cwd)" '0 /'
	like 'cwd outside its root: said' "$err" 'working directory is outside its root'
	at "$(target)" ls -d /inner
	is 'its root is the one it has' "$out" /inner
	at "$(target)" ls /../away
	isnt 'and nothing is above' "$rc" 0
	fixture_close
	fixture inside "${inside[@]}" pivot chroot=/jail cwd=/inner || return 0
	at "$(target)" /nsfix who
	is 'cwd within a root of its own' "$rc $(got cwd) $err" '0 /inner '
	fixture_close
}

test_bare() {
	need_root 'bare containers' || return 0
	new_root
	rm "$root/etc/passwd" "$root/etc/group"
	# as new_root has it, but no /proc
	fixture inside "${inside[@]/#proc/ns=muinpC}" || return 0
	at "$(target)" env
	is 'no passwd, no /proc: runs' "$rc $(got HOME) $(got USER)" '0 / root'
	at -S 5 "$(target)" /nsfix who
	is 'no passwd: a number' "$rc $(got uid) $(got gid)" '0 5 5 5 5 5 5'
	at -S alice "$(target)" true
	is 'no passwd: no name' "$rc" 125
	like 'no passwd: what helps' "$err" 'a number works without one'
	at "$(target)" ls /proc
	is 'no /proc: none is mounted' "$rc $out" '0 '
	fixture_close
	mkdir "$tmp/empty"
	fixture inside "root=$tmp/empty" pivot || return 0
	at "$(target)"
	is 'empty, no command: status' "$rc" 127
	like 'empty, no command: said' "$err" 'no shell; try: nsattach -H'
	at "$(target)" sh
	is 'empty: no sh' "$rc" 127
	like 'empty: what helps' "$err" 'nsattach -H'
	fixture_close
}

private "$@"
test_passwd
test_group
test_lines
test_environment
test_setenv
test_large_environment
test_path
test_directories
test_bare
done_testing
