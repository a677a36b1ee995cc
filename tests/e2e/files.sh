# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A tree of plain files instead of a procfs: situations that no live system holds still.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"

proc=$tmp/proc
hz=$(getconf CLK_TCK)
read -r now _ </proc/uptime
now=${now%.*}

# stat_of PID NAME SECONDS [PARENT]: began so long ago.
stat_of() {
	printf '%d (%s) S %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0\n' "$1" "$2" "${4-0}" \
		$(((now - $3) * hz)) >"$proc/$1/stat"
}

# entry PID INSIDE [TYPE:NUMBER...]: a process, its number in its own pid namespace, if
# that is not the host's, and which namespaces are not the host's.
entry() {
	local pid=$1 inside=$2 ns=$proc/$1/ns type
	shift 2
	mkdir -p "$ns" "$proc/$pid/task/$pid"
	for type in mnt:2001 uts:2002 ipc:2003 net:2004 cgroup:2005 time:2006 pid:1836 \
			user:1837 "$@"; do
		ln -sfn "${type%:*}:[402653${type#*:}]" "$ns/${type%:*}"
	done
	ln -s "$(readlink "$ns/pid")" "$ns/pid_for_children"
	ln -s "$(readlink "$ns/time")" "$ns/time_for_children"
	printf 'Name:\tx\nState:\tS\nTgid:\t%s\nNSpid:\t%s\n' "$pid" "$pid $inside" \
		>"$proc/$pid/status"
	: >"$proc/$pid/cmdline"
	stat_of "$pid" x 0
}

begin() {
	rm -rf "$proc"
	entry 1 ''
}

# line PID: its line of the picture, with single blanks.
line() {
	grep -E " $1(/[0-9]+)? " <<<"$out" | tr -s ' '
}

# In a time namespace that is up for days, which this machine may not be.
test_ages() {
	local age later=864000 now=$now
	need_root 'a time namespace' || return 0
	if ! unshare -T --boottime "$later" -f true 2>/dev/null; then
		skip 'a time namespace' 'no time namespace can be made here'
		return
	fi
	now=$((now + later))
	begin
	for age in 90:5 7000:6 129600:7 93600:8 259200:9 10800:10; do
		entry "${age#*:}" '' "net:$((3000 + ${age#*:}))"
		stat_of "${age#*:}" x "${age%:*}"
	done
	run unshare -T --boottime "$later" -f "$NSTREE" --proc "$proc" -a
	like 'seconds up to two minutes' "$(line 5)" ' 5 1 (9[0-9]|1[01][0-9])s '
	like 'minutes up to two hours' "$(line 6)" ' 6 1 11[6-9]m '
	like 'hours up to two days' "$(line 7)" ' 7 1 36h '
	like 'also behind one' "$(line 8)" ' 8 1 26h '
	like 'then days' "$(line 9)" ' 9 1 3d '
	like 'three hours' "$(line 10)" ' 10 1 3h '
}

test_ended_init() {
	begin
	entry 7 2 pid:3007 net:3107
	run nstree --proc "$proc"
	like 'a pid namespace without its init' "$(line 7)" 'x \(init ended\) \.\.\.np\.\.\. '
	mkdir "$proc/8"
	: >"$proc/8/ns"
	printf 'Name:\tx\nState:\tS\nTgid:\t8\n' >"$proc/8/status"
	run nstree --proc "$proc"
	unlike 'one that may have it unread' "$out" 'init ended'
	run nstree --proc "$proc" -t pid
	like 'is unknown' "$out" ':.4026533007. +1 \? '
	rm -r "$proc/8"
	entry 6 1 pid:3007 net:3106
	run nstree --proc "$proc"
	unlike 'one that has it' "$out" 'init ended'
}

# zombie PID [PARENT]: of the pid namespace 4026533008.
zombie() {
	local ns=$proc/$1/ns
	mkdir -p "$ns" "$proc/$1/task/$1/ns"
	ln -s 'pid:[4026533008]' "$ns/pid"
	ln -s 'user:[4026531837]' "$ns/user"
	stat_of "$1" z 0 "${2-0}"
}

# A zombie is in its pid and user namespace; they are not without a process.
test_zombie() {
	begin
	zombie 8
	run nstree --proc "$proc" -l -P -n -r -o NS
	is 'a namespace of a zombie is none without process' "$rc:$out" 0:
	run nstree --proc "$proc" -l -n -r -o NS,NPROCS -t pid
	like 'but one of one' "$out" '4026533008 1'
	entry 9 1 pid:3008
	run nstree --proc "$proc" -l -n -r -o NS,NPROCS,PID -t pid
	like 'and stands for it' "$out" '4026533008 2 8'
	entry 5 ''
	zombie 10 5
	zombie 11 1
	run nstree --proc "$proc" -x
	like 'zombies of two parents are told apart' "$out" 'z \(10\) \(zombie\)'
	zombie 12 5
	stat_of 11 z 0 5
	run nstree --proc "$proc" -x
	like 'those of one are counted' "$out" 'z x3 \(zombies\)'
}

# Who is older and in its mount namespace alone does not own what a container has.
test_owner() {
	begin
	entry 5 '' mnt:3005
	entry 6 1 mnt:3005 net:3106 pid:3006
	run nstree --proc "$proc"
	like 'the container owns its mounts' "$(line 6)" ' m\.\.np\.\.\. '
	like 'whoever looks into it does not' "$(line 5)" ' &\.\.\.\.\.\.\. '
	like "another kernel's first line has no host's name" "$out" $'\nhost +\\.'
}

# The sign is the same, the namespaces are not.
test_shares() {
	local pid
	begin
	entry 3 '' uts:3003 net:3013
	entry 4 '' uts:3004 net:3014
	entry 5 '' uts:3003 net:3005
	entry 6 '' uts:3004 net:3006
	entry 7 '' uts:3004 net:3007
	stat_of 3 '<&">' 0
	stat_of 4 y 0
	run nstree --proc "$proc"
	for pid in 5 6; do
		like "what is shared from two is no twin, $pid" "$(line "$pid")" \
			' \.&\.n\.\.\.\. '
	done
	like 'from one it is' "$(line 6)" '-x x2 '
	run nstree --proc "$proc" --dot
	like 'a name is no markup' "$out" '<b>&lt;&amp;&quot;&gt;</b>'
}

# Of a process of the host itself and what descends from it.
test_descendants() {
	begin
	entry 5 ''
	entry 6 ''
	entry 7 ''
	stat_of 5 x 0 1
	stat_of 6 x 0 5
	stat_of 7 x 0 1
	run nstree --proc "$proc" -n -x 5
	is 'itself and its child' "$(grep -oE '\([0-9]+\)' <<<"$out" | tr -d '\n')" '(5)(6)'
}

test_characters() {
	local name
	begin
	entry 5 '' net:3005
	for name in $'\xe2\x80\xae' $'\xc2\x9b' $'\xc0\x9b' $'\xe0\x82\x9b' $'\xef\xbb\xbf'; do
		stat_of 5 "a$name" 0
		run env LC_ALL=C.UTF-8 "$NSTREE" --proc "$proc"
		is "UTF-8: ${name@Q} is escaped" "$(grep -cF "a$name" <<<"$out")" 0
		like "UTF-8: ${name@Q} is told" "$out" 'a\\x[ce]'
	done
	stat_of 5 $'\xc3\xa4' 0
	run env LC_ALL=C.UTF-8 "$NSTREE" --proc "$proc"
	like 'UTF-8: a letter stays' "$out" $'\xc3\xa4'
}

# What a process calls itself is never taken for none or unknown.
test_raw() {
	local text want
	begin
	entry 5 '' net:3005
	while read -r text want; do
		printf '%s' "$text" >"$proc/5/cmdline"
		run nstree --proc "$proc" -r -n -t net -p 5 -o COMMAND,TYPE
		is "raw: $text" "$out" "$want net"
	done <<-'EOT'
		- \x2d
		? \x3f
		-- --
		a\x20b a\x5cx20b
	EOT
	: >"$proc/5/cmdline"
	stat_of 5 '' 0
	run nstree --proc "$proc" -r -n -t net -p 5 -o COMMAND,TYPE
	is 'raw: an empty name' "$out" '"" net'
	run nstree --proc "$proc" -l -J -o NS,TYPE,NS -p 5 -t net
	is 'JSON: a column chosen twice is one key' "$(grep -c '"ns"' <<<"$out")" 1
}

test_ages
test_ended_init
test_zombie
test_owner
test_shares
test_descendants
test_characters
test_raw
done_testing
