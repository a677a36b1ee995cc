# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nsattach: a /proc, a /sys and names that fit what was entered, which nobody else sees.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119,SC2154
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/inside.sh"

# Without CAP_SYS_PTRACE: else the host's files are not shown in its pid namespace.
plain=drop=19

mounts() {
	cat "/proc/$1/mountinfo"
}

# What is mounted for whom, to be the same whatever runs.
all_mounts() {
	mounts self
	echo ---
	mounts "$(target)"
}

mntns() {
	readlink "/proc/$1/ns/mnt"
}

# numbers: of the processes that "ls /proc" printed
numbers() {
	grep -c '^[0-9]' <<<"$out"
}

test_proc() {
	local before=''
	need_root '/proc' || return 0
	container "$plain" || return 0
	before=$(all_mounts)
	at -p "$(target)" sh -c 'ls /proc; readlink /proc/self; echo $$ >&2'
	is '-p: status' "$rc" 0
	is '-p: its first, and what runs' "$(grep -c '^1$' <<<"$out") $(numbers)" '1 4'
	is '-p: fits' "$((${out##*$'\n'} > err))" 1
	begin -p "$(target)" cat
	is '-p: seen by nobody' "$(all_mounts)" "$before"
	isnt '-p: a mount namespace of its own, not ours' \
		"$(mntns "$begun")" "$(mntns self)"
	isnt '-p: and not the target'"'"'s' "$(mntns "$begun")" "$(mntns "$(target)")"
	is '-p: one mount more' "$(mounts "$begun" | wc -l)" $(($(mounts self | wc -l) + 1))
	finish
	at -p --no-proc "$(target)" sh -c 'ls /proc; ls -d "/proc/$1"' - $$
	is '--no-proc: ours' "$rc $(tail -n 1 <<<"$out")" "0 /proc/$$"
	begin -p --no-proc "$(target)" cat
	is '--no-proc: nothing is mounted' "$(mntns "$begun")" "$(mntns self)"
	finish
	is '-p: nothing left' "$(all_mounts)" "$before"
	fixture_close
}

test_proc_inside() {
	local before=''
	need_root '/proc in its mount namespace' || return 0
	container || return 0
	before=$(all_mounts)
	begin -m "$(target)" cat
	is '-m: nothing is mounted' "$(mntns "$begun")" "$(mntns "$(target)")"
	finish
	at -m "$(target)" sh -c 'ls /proc'
	is '-m: its own /proc' "$(numbers)" 1
	begin -m --proc "$(target)" cat
	isnt '-m --proc: in a mount namespace of its own' "$(mntns "$begun")" \
		"$(mntns "$(target)")"
	is '-m --proc: seen by nobody' "$(all_mounts)" "$before"
	finish
	at -m --proc "$(target)" sh -c 'ls -d "/proc/$1"' - $$
	is '-m --proc: our processes' "$rc $out" "0 /proc/$$"
	begin "$(target)" cat
	is 'all of it: nothing is mounted' "$(mntns "$begun")" "$(mntns "$(target)")"
	finish
	is 'all: nothing left' "$(all_mounts)" "$before"
	fixture_close
}

# below /sys, sorted: mount points and what is there
below_sys() {
	awk '$5 ~ "^/sys/" { print $5 }' "/proc/$1/mountinfo" | sort -u
}

test_sys() {
	local before='' mine
	need_root '/sys' || return 0
	container || return 0
	before=$(all_mounts)
	mine=$(cat /sys/class/net/lo/flags)
	at -n "$(target)" cat /sys/class/net/lo/flags
	is '-n: status' "$rc $err" '0 '
	isnt '-n: lo of another net namespace' "$out" "$mine"
	at -n "$(target)" ls /sys/class/net
	is '-n: its interfaces' "$out" "$("$NSATTACH" -n --no-sys "$(target)" \
		sed -n 's/^ *\(.*\):.*/\1/p' /proc/net/dev | sort)"
	begin -n "$(target)" cat
	is '-n: all that was below /sys' "$(below_sys "$begun")" "$(below_sys self)"
	is '-n: seen by nobody' "$(all_mounts)" "$before"
	finish
	at -n "$(target)" ls /sys/fs/cgroup
	is '-n: /sys/fs/cgroup' "$out" "$(ls /sys/fs/cgroup)"
	at -n --no-sys "$(target)" cat /sys/class/net/lo/flags
	is '--no-sys: ours' "$out" "$mine"
	begin -n --no-sys --no-resolv "$(target)" cat
	is '--no-sys --no-resolv: nothing is mounted' "$(mntns "$begun")" "$(mntns self)"
	finish
	is '-n: nothing left' "$(all_mounts)" "$before"
	fixture_close
}

# Our own three files, so that it is known what they say.
our_files() {
	local file
	mkdir -p "$tmp/etc"
	echo 'nameserver 203.0.113.9' >"$tmp/etc/resolv.conf"
	echo '203.0.113.8 ours.example' >"$tmp/etc/hosts"
	printf '%s\n' 'passwd: files' 'hosts: mymachines resolve [!UNAVAIL=return] myhostname' \
		' hosts: dns' 'networks: files' >"$tmp/etc/nsswitch.conf"
	for file in resolv.conf hosts nsswitch.conf; do
		[ -f "/etc/$file" ] || return 1
		mount --bind "$tmp/etc/$file" "/etc/$file" || return 1
	done
}

test_resolv() {
	local before=''
	need_root 'names' || return 0
	if ! our_files; then
		skip 'names' 'no resolv.conf, hosts and nsswitch.conf here'
		return
	fi
	new_root
	echo 'nameserver 192.0.2.1' >"$root/etc/resolv.conf"
	echo '192.0.2.7 inner.example' >"$root/etc/hosts"
	fixture inside "${inside[@]}" || return 0
	before=$(all_mounts)
	at -n "$(target)" cat /etc/resolv.conf /etc/hosts
	is '-n: its names' "$rc $out" $'0 nameserver 192.0.2.1\n192.0.2.7 inner.example'
	at -n "$(target)" cat /etc/nsswitch.conf
	is '-n: and no services of ours for them' "$out" \
		$'passwd: files\nhosts: files dns\nhosts: files dns\nnetworks: files'
	if command -v getent >/dev/null; then
		at -n "$(target)" getent hosts inner.example
		like '-n: looked up' "$out" '^192.0.2.7 '
	fi
	at -n "$(target)" sh -c 'echo >/etc/hosts'
	isnt '-n: not to be written to' "$rc" 0
	begin -n "$(target)" cat
	is '-n: seen by nobody' "$(all_mounts)" "$before"
	finish
	at -n --no-resolv "$(target)" cat /etc/resolv.conf /etc/hosts
	is '--no-resolv: ours' "$out" "$(cat /etc/resolv.conf /etc/hosts)"
	at "$(target)" cat /etc/hosts
	is 'all of it: its own file' "$out" '192.0.2.7 inner.example'
	is 'names: nothing left' "$(all_mounts)" "$before"
	fixture_close
	fixture inside ns=nup || return 0
	at -n "$(target)" cat /etc/resolv.conf
	is 'a target without files of its own: ours' "$out $err" 'nameserver 203.0.113.9 '
	begin -n --no-sys "$(target)" cat
	is 'a target without files of its own: not a copy' \
		"$(mntns "$begun")" "$(mntns self)"
	finish
	fixture_close
}

# odd NAME: with what $root/etc/resolv.conf is by now nothing is read
odd() {
	fixture inside "${inside[@]}" || return 0
	at -n "$(target)" cat /etc/resolv.conf
	is "resolv.conf, $1: ours stays" "$rc $out" '0 nameserver 203.0.113.9'
	like "resolv.conf, $1: said" "$err" "$2"
	at -n "$(target)" cat /etc/hosts
	is "resolv.conf, $1: its hosts nevertheless" "$out" '192.0.2.7 inner.example'
	fixture_close
}

test_odd_resolv() {
	need_root 'odd resolv.conf' || return 0
	if [ ! -d "$tmp/etc" ]; then
		skip 'odd resolv.conf' 'no resolv.conf, hosts and nsswitch.conf here'
		return
	fi
	new_root
	echo '192.0.2.7 inner.example' >"$root/etc/hosts"
	mkfifo "$root/etc/resolv.conf"
	odd 'a FIFO' 'take its resolv.conf and hosts: '
	fixture inside "${inside[@]}" || return 0
	at -n --resolv "$(target)" true
	is 'resolv.conf, a FIFO, asked for by name: status' "$rc" 125
	isnt 'resolv.conf, a FIFO, asked for by name: said' "$err" ''
	fixture_close
	rm "$root/etc/resolv.conf"
	mknod "$root/etc/resolv.conf" c 1 5
	odd 'a device' 'take its resolv.conf and hosts: '
	rm "$root/etc/resolv.conf"
	truncate -s 10M "$root/etc/resolv.conf"
	odd 'of 10 MB' 'File too large'
	rm "$root/etc/resolv.conf"
	echo 'nameserver 198.51.100.66' >"$tmp/secret"
	ln -s "../../../../../../../../../../../../$tmp/secret" "$root/etc/resolv.conf"
	odd 'a link out of its root' '^$'
	ln -sf /proc/self/environ "$root/etc/resolv.conf"
	odd 'a link to /proc/self/environ' ''
	rm "$root/etc/resolv.conf"
	odd 'none' '^$'
}

test_tree() {
	local before='' type
	need_root '-H' || return 0
	container "$plain" || return 0
	echo ours >"$tmp/marker"
	echo its >"$root/marker"
	before=$(all_mounts)
	at -H "$(target)" cat "$tmp/marker" /run/nsutil/target/marker
	is '-H: our files, and its' "$rc $out" $'0 ours\nits'
	is '-H: nothing to say' "$err" ''
	at -H "$(target)" sh -c 'echo "$PATH"'
	is '-H: our PATH' "$out" "$PATH"
	at -H "$(target)" sh -c 'ls /proc'
	is '-H: its processes' "$(grep -c '^1$' <<<"$out")$(numbers)" 13
	begin -H "$(target)" cat
	for type in net uts ipc pid cgroup; do
		is "-H: entered, $type" "$(readlink "/proc/$begun/ns/$type")" \
			"$(fix ".tasks[0].ns.$type")"
	done
	is '-H: seen by nobody' "$(all_mounts)" "$before"
	is '-H: an empty directory here' "$(ls -A /run/nsutil/target; stat -c %u:%a \
		/run/nsutil/target)" 0:700
	finish
	ok '-H: nothing left' test ! -e /run/nsutil
	mkdir "$tmp/place"
	at -H --target-dir="$tmp/place" "$(target)" cat "$tmp/place/marker"
	is '--target-dir' "$rc $out" '0 its'
	is '--target-dir: stays as it was' "$(ls -A "$tmp/place")" ''
	ok '--target-dir: nothing made' test ! -e /run/nsutil
	at -H --target-dir=/nowhere "$(target)" true
	is '--target-dir that is not there: status' "$rc" 125
	like '--target-dir that is not there: said' "$err" 'No such file'
	at -H "$(target)" sh -c 'touch /run/nsutil/target/tmp/made && echo done'
	is '-H: writes there' "$out $(ls "$root/tmp")" 'done made'
	fixture_close
}

# Of several at a time the last removes the directory.
test_tree_twice() {
	local first first_by first_hold
	need_root '-H twice' || return 0
	container "$plain" || return 0
	echo its >"$root/marker"
	begin -H "$(target)" sh -c 'read -r x; cat /run/nsutil/target/marker'
	at -H "$(target)" true
	is 'the newer ends: status' "$rc" 0
	ok 'the newer ends: the directory stays' test -d /run/nsutil/target
	echo >&"$hold_end"
	finish
	is 'the newer ends: the older has its view' "$rc $out" '0 its'
	ok 'both ended: nothing left' test ! -e /run/nsutil
	begin -H "$(target)" cat
	first=$begun first_by=$begun_by first_hold=$hold_end
	exec {status_end}>&-
	begin -H "$(target)" sh -c 'read -r x; cat /run/nsutil/target/marker'
	kill -9 "$first"
	exec {first_hold}>&-
	{ wait "$first_by"; } 2>/dev/null
	ok 'the older ends: the directory stays' test -d /run/nsutil/target
	echo >&"$hold_end"
	finish
	is 'the older ends: the newer has its view' "$rc $out" '0 its'
	ok 'both ended again: nothing left' test ! -e /run/nsutil
	fixture_close
}

test_tree_killed() {
	local supervisor before=''
	need_root '-H killed' || return 0
	container "$plain" || return 0
	before=$(all_mounts)
	begin -H "$(target)" cat
	supervisor=$(awk '$1 == "PPid:" { print $2 }' "/proc/$begun/status")
	# At once, or the shell remarks on it.
	{ kill -9 "$begun_by"; wait "$begun_by"; } 2>/dev/null
	ok 'killed: the command ends' timeout 60 "$NSFIX" wait "$begun"
	ok 'killed: and who looked after it' timeout 60 "$NSFIX" wait "$supervisor"
	finish
	ok 'killed: nothing left' test ! -e /run/nsutil
	is 'killed: nothing mounted' "$(all_mounts)" "$before"
	fixture_close
}

# prepared NAME: with what is at /run/nsutil by now
prepared() {
	at -H "$(target)" true
	is "$1: refused" "$rc" 125
	like "$1: what helps" "$err" '--target-dir'
	is "$1: nothing there" "$(find "$tmp/trap" -mindepth 1)" ''
}

test_tree_prepared() {
	need_root '-H, a prepared place' || return 0
	container "$plain" || return 0
	mkdir "$tmp/trap"
	ln -s "$tmp/trap" /run/nsutil
	prepared '/run/nsutil a link'
	rm /run/nsutil
	mkdir /run/nsutil
	ln -s "$tmp/trap" /run/nsutil/target
	prepared '/run/nsutil/target a link'
	rm /run/nsutil/target
	chown 65534 /run/nsutil
	prepared "/run/nsutil another user's"
	chown 0 /run/nsutil
	chmod 777 /run/nsutil
	prepared '/run/nsutil for all to write'
	chmod 755 /run/nsutil
	mkdir /run/nsutil/target
	chown 65534 /run/nsutil/target
	prepared "/run/nsutil/target another user's"
	rm -r /run/nsutil
	at -H "$(target)" true
	is 'none of it: runs' "$rc $err" '0 '
	fixture_close
}

# No shell, no library, no /proc: nothing at all.
test_empty() {
	need_root '-H, an empty root' || return 0
	mkdir "$tmp/empty"
	fixture inside "root=$tmp/empty" pivot "$plain" || return 0
	at "$(target)" ls
	is 'empty: nothing can run' "$rc" 127
	at -H "$(target)" ls -A /run/nsutil/target
	is 'empty: -H' "$rc $out $err" '0  '
	at -H "$(target)" sh -c 'ls /proc'
	is 'empty: its processes' "$(numbers)" 3
	at -p -n "$(target)" cat /proc/1/comm
	is 'empty: -p -n' "$rc $out" '0 nsfix'
	fixture_close
}

# Everything here is seen where nothing is private: what leaked would show.
if private "$@"; then
	mount -t tmpfs none /run
	mount --make-rshared /
fi
test_proc
test_proc_inside
test_sys
test_resolv
test_odd_resolv
test_tree
test_tree_twice
test_tree_killed
test_tree_prepared
test_empty
done_testing
