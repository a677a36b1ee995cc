# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nsattach: a command is as the target's tasks are: who they are, and what confines them.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/inside.sh"

# The numbers of getsid(2) and getpgid(2), which nobody needs.
case $(uname -m) in
x86_64) getsid=124 getpgid=121 ;;
i?86 | arm*) getsid=147 getpgid=132 ;;
*) getsid=156 getpgid=155 ;;
esac
last_cpu=$("$NSFIX" who | sed -n 's/^cpus=\(.* \)*//p')
odd=("groups=7,8" "drop=12,19" inheritable=10 ambient=13 nnp umask=027
	rlimit=7:100:200 rlimit=4:0:4096 nice=5 policy=3 "cpu=$last_cpu"
	personality=0040000 oom=300)

# without MASK BIT...
without() {
	local mask=$((16#$1)) bit
	shift
	for bit; do
		mask=$((mask & ~(1 << bit)))
	done
	printf '%016x\n' "$mask"
}

# what is the target's in "odd" as "nsfix who" prints it, without capabilities
traits='nnp=1
umask=027
rlimit.4=0:4096
rlimit.7=100:200
nice=5
policy=3
personality=40000
oom=300'

has_traits() {
	grep -E '^(nnp|umask|rlimit\.[47]|nice|policy|personality|oom)=' "$1" | sort
}

test_default() {
	local bounding
	need_root 'as the target is' || return 0
	container "${odd[@]}" || return 0
	bounding=$(without "$("$NSFIX" who | sed -n 's/^bounding=//p')" 12 19)
	at "$(target)" /nsfix who
	is 'default: status' "$rc" 0
	is 'default: nothing to say' "$err" ''
	is 'default: root' "$(got uid) $(got gid)" '0 0 0 0 0 0'
	is 'default: groups of its group file' "$(got groups)" 10
	is 'default: bounding set' "$(got bounding)" "$bounding"
	is 'default: all of that, and no more' "$(got permitted) $(got effective)" \
		"$bounding $bounding"
	is 'default: inheritable set' "$(got inheritable)" 0000000000002400
	is 'default: ambient set' "$(got ambient)" 0000000000002000
	is 'default: cpus' "$(got cpus)" "$last_cpu"
	is 'default: the rest' "$(has_traits "$tmp/stdout")" "$(sort <<<"$traits")"
	at -S 4321 "$(target)" /nsfix who
	is 'another user: no more than what is ambient' \
		"$(got permitted) $(got effective) $(got ambient)" \
		'0000000000002000 0000000000002000 0000000000002000'
	at -S 4321 --keep-caps "$(target)" /nsfix who
	is '--keep-caps: all that the target may have' \
		"$(got uid) $(got permitted) $(got effective)" \
		"4321 4321 4321 $bounding $bounding"
	fixture_close
}

test_less_confined() {
	local all=
	need_root 'less confined' || return 0
	container "${odd[@]}" || return 0
	all=$("$NSFIX" who | sed -n 's/^permitted=//p')
	at --privileged "$(target)" /nsfix who
	is '--privileged: all powers' "$(got bounding) $(got permitted) $(got nnp)" \
		"$all $all 0"
	is '--privileged: the rest as there' "$(has_traits "$tmp/stdout")" \
		"$(sort <<<"${traits/nnp=1/nnp=0}")"
	at --confine=none "$(target)" /nsfix who
	is '--confine=none: all as here' "$(has_traits "$tmp/stdout"; got permitted)" \
		"$("$NSFIX" who >"$tmp/mine"; has_traits "$tmp/mine"; echo "$all")"
	at --confine=-caps "$(target)" /nsfix who
	is '--confine=-caps: powers' "$(got bounding)" "$all"
	is '--confine=-caps: the rest as there' "$(has_traits "$tmp/stdout")" \
		"$(sort <<<"$traits")"
	at --confine=-nnp,-umask "$(target)" /nsfix who
	is '--confine=-nnp,-umask: both' "$(got nnp) $(got umask)" "0 $(umask | tail -c 4)"
	is '--confine=-nnp,-umask: the others' "$(got bounding) $(got nice)" \
		"$(without "$all" 12 19) 5"
	at --privileged --confine=nnp "$(target)" /nsfix who
	is '--privileged --confine=nnp: that nevertheless' "$(got nnp) $(got bounding)" \
		"1 $all"
	fixture_close
}

# which lines differ from those of the file "base"
changed() {
	diff "$tmp/base" "$tmp/stdout" | sed -n 's/^> \([^=]*\)=.*/\1/p' |
		sort | tr '\n' ' '
}

# With a part of the namespaces nothing but what is asked for.
test_single() {
	need_root 'single items' || return 0
	container "${odd[@]}" || return 0
	at -n "$(target)" "$NSFIX" who
	cp "$tmp/stdout" "$tmp/base"
	is '-n: nothing of the target' "$("$NSFIX" who)" "$out"
	single 'caps' 'ambient bounding effective inheritable permitted '
	single 'nnp' 'nnp '
	single 'umask' 'umask '
	single 'rlimits' 'rlimit.4 rlimit.7 '
	single 'oom' 'oom '
	single 'personality' 'personality '
	if [ "$last_cpu" = 0 ]; then
		single 'sched' 'nice policy '
	else
		single 'sched' 'cpus nice policy '
	fi
	single 'oom,nnp' 'nnp oom '
	single 'all,-caps,-rlimits,-sched' 'nnp oom personality umask '
	at -n --confine=frobnicate "$(target)" true
	is '--confine of nothing known' "$rc" 125
	fixture_close
}

single() {
	at -n --confine="$1" "$(target)" "$NSFIX" who
	is "-n --confine=$1: nothing else" "$(changed)" "$2"
	is "-n --confine=$1: nothing to say" "$rc $err" '0 '
}

test_users() {
	need_root 'users' || return 0
	container groups=7,8 user=1500:1501 || return 0
	at "$(target)" /nsfix who
	is 'no user named: root' "$(got uid) $(got gid)" '0 0 0 0 0 0'
	at -S follow -G follow "$(target)" /nsfix who
	is 'follow' "$(got uid) $(got gid) $(got groups)" \
		'1500 1500 1500 1501 1501 1501 7 8'
	at -S follow "$(target)" /nsfix who
	is 'the group follows as well' "$(got gid)" '1501 1501 1501'
	at -S alice "$(target)" /nsfix who
	is 'a name: of its files' "$(got uid) $(got gid) $(got groups)" \
		'1234 1234 1234 1235 1235 1235 1236'
	at -S 1234 "$(target)" /nsfix who
	is 'the number of a name: its group' "$(got gid) $(got groups)" \
		'1235 1235 1235 1236'
	at -S 4321 "$(target)" /nsfix who
	is 'a number of none: the same group' "$(got uid) $(got gid) $(got groups)" \
		'4321 4321 4321 4321 4321 4321 '
	at -S 4321 -G staff "$(target)" /nsfix who
	is 'a group by name' "$(got gid)" '1236 1236 1236'
	at -G 99 "$(target)" /nsfix who
	is 'a group alone' "$(got uid) $(got gid)" '0 0 0 99 99 99'
	at -S 4294967295 "$(target)" true
	is 'no uid can be -1' "$rc" 125
	# nobody is a user of the host's alone
	at -S nobody "$(target)" true
	is 'a name it has not: status' "$rc" 125
	like 'a name it has not: said' "$err" 'no user or group nobody'
	at -S alice -G nosuch "$(target)" true
	like 'a group it has not: said, and which' "$err" \
		'no user or group alice, or nosuch in its'
	at -n -S nobody "$(target)" "$NSFIX" who
	is 'its files not entered: the host'"'"'s names' "$(got uid)" \
		"$(id -u nobody) $(id -u nobody) $(id -u nobody)"
	at -n -S alice "$(target)" true
	is 'and not its' "$rc" 125
	run setpriv --groups 5,6 -- timeout 60 "$NSATTACH" "$(target)" /nsfix who
	is 'groups of here do not go there' "$(got groups)" 10
	run setpriv --groups 5,6 --egid 77 --rgid 77 -- \
		timeout 60 "$NSATTACH" --preserve-credentials "$(target)" /nsfix who
	is '--preserve-credentials' "$(got uid) $(got gid) $(got groups)" \
		'0 0 0 77 77 77 5 6'
	at --preserve-credentials -S 1 "$(target)" true
	is '--preserve-credentials and -S' "$rc" 125
	fixture_close
}

# No root inside: then as the target. Also as an ordinary user, who made it.
test_unmapped() {
	local ids
	fixture inside map=1000 || return 0
	at "$(target)" "$NSFIX" who
	is 'no root there: status' "$rc" 0
	is 'no root there: as the target' "$(got uid) $(got gid)" \
		'1000 1000 1000 1000 1000 1000'
	is 'no root there: no powers' "$(got effective)" 0000000000000000
	at -S 0 "$(target)" true
	is 'no root there: asked for' "$rc" 125
	like 'no root there: said' "$err" 'set [ug]id: Invalid argument'
	at --keep-caps "$(target)" "$NSFIX" who
	isnt '--keep-caps: powers there' "$(got effective)" 0000000000000000
	fixture_close
	fixture sandbox U || return 0
	at "$(target)" "$NSFIX" who
	ids='0 0 0 0 0 0'
	is 'root there: root' "$(got uid) $(got gid)" "$ids"
	isnt 'root there: its powers' "$(got effective)" 0000000000000000
	fixture_close
}

test_seccomp() {
	local pid
	need_root 'filters' || return 0
	container "filter=$getsid:101" "filter=$getpgid:103" || return 0
	pid=$(target)
	at "$pid" /nsfix who "$getsid" "$getpgid"
	is 'without a word: status' "$rc" 0
	is 'without a word: not filtered' "$(got seccomp) $(got "call.$getsid")" '0 0'
	is 'without a word: one line' "$(wc -l <<<"$err")" 1
	like 'without a word: and which' "$err" 'without its seccomp filter; --seccomp=copy'
	at --seccomp=none "$pid" /nsfix who "$getsid"
	is '=none: silent' "$rc $err" '0 '
	is '=none: not filtered' "$(got "call.$getsid")" 0
	at --seccomp=copy "$pid" /nsfix who "$getsid" "$getpgid"
	is '=copy: silent' "$rc $err" '0 '
	is '=copy: both filters act' "$(got "call.$getsid") $(got "call.$getpgid")" '101 103'
	is '=copy: said by the kernel' "$(got seccomp) $(got nnp)" '2 0'
	at --seccomp=require "$pid" /nsfix who "$getsid"
	is '=require: acts' "$rc $(got "call.$getsid")" '0 101'
	at --seccomp=copy -S alice "$pid" /nsfix who "$getsid"
	is '=copy, another user: acts' "$(got uid) $(got "call.$getsid")" '1234 1234 1234 101'
	is 'its tasks go on' "$(sed -n 's/^\(State\|TracerPid\):\t\(.\).*/\2/p' \
		"/proc/$pid/status" | tr -d '\n')" S0
	at -n "$pid" true
	is 'not asked for with a part' "$err" ''
	fixture_close
	container nnp "filter=$getsid:101" || return 0
	at --seccomp=copy "$(target)" /nsfix who "$getsid"
	is 'no_new_privs and a filter' "$(got nnp) $(got "call.$getsid")" '1 101'
	fixture_close
	container || return 0
	at --seccomp=require "$(target)" /nsfix who
	is '=require: where there is none' "$rc $(got seccomp)" '0 0'
	fixture_close
}

# Who may not copy it is told so, and may go without.
test_seccomp_user() {
	local wrap=(env)
	[ "$(id -u)" -ne 0 ] || wrap=(setpriv --reuid 65534 --regid 65534 --clear-groups --)
	FIX_WRAP=("${wrap[@]}")
	fixture inside ns=muU nnp "filter=$getsid:101" || { FIX_WRAP=(); return 0; }
	FIX_WRAP=()
	run "${wrap[@]}" timeout 60 "$NSATTACH" --seccomp=require "$(target)" true
	is '=require, may not: status' "$rc" 125
	like '=require, may not: said' "$err" \
		'seccomp filter: (Operation not permitted|Permission denied)'
	run "${wrap[@]}" timeout 60 "$NSATTACH" --seccomp=none "$(target)" \
		"$NSFIX" who "$getsid"
	is '=none, may not: runs' "$rc $err $(got "call.$getsid")" '0  0'
	fixture_close
}

# hierarchy CONTROLLER: where that is mounted; "cgroup2": the unified one. "": nowhere.
hierarchy() {
	awk -v want="$1" '$3 == "cgroup" && ("," $4 ",") ~ ("," want ",") ||
		$3 == want { print $2; exit }' /proc/self/mounts
}

# new_group CONTROLLER || return 0: a cgroup of the test's own, $group
new_group() {
	local top
	top=$(hierarchy "$1")
	group=$top/nsutil-test-$$-$((${#groups[@]} + 1))
	if [ -z "$top" ] || ! mkdir "$group" 2>"$tmp/mkdir"; then
		skip "a cgroup of $1" "$1: $(cat "$tmp/mkdir" 2>/dev/null || echo not mounted)"
		return 1
	fi
	groups+=("$group")
}

# Whatever happened: thawed, or what is in it does not even die. It is empty once those in
# it have ended and been reaped, of which there is no event.
drop_groups() {
	local dir tries
	for dir in "${groups[@]}"; do
		[ ! -e "$dir/freezer.state" ] || echo THAWED >"$dir/freezer.state"
		[ ! -e "$dir/cgroup.freeze" ] || echo 0 >"$dir/cgroup.freeze"
	done
	while [ ${#fix_pids[@]} -gt 0 ]; do
		fixture_close
	done
	for dir in "${groups[@]}"; do
		for ((tries = 0; tries < 1000; tries++)); do
			rmdir "$dir" 2>/dev/null && break
			"$NSFIX" who >/dev/null
		done
	done
	groups=()
}

# shellcheck disable=SC2317 # by the trap
leave() {
	local status=$?
	drop_groups
	(exit "$status")
	cleanup
}
groups=()
trap leave EXIT

# Its place in the hierarchy, as it is seen here.
path_of() {
	grep -F "${group##*/}" "/proc/$1/cgroup" | sed 's/^.*:[^:]*://'
}

test_join() {
	local kind
	need_root 'cgroups' || return 0
	for kind in pids freezer cgroup2; do
		new_group "$kind" || continue
		container || continue
		target >"$group/cgroup.procs"
		begin "$(target)" cat
		is "$kind: joined" "$(path_of "$begun")" "$(path_of "$(target)")"
		like "$kind: is one" "$(path_of "$begun")" nsutil-test
		is "$kind: nsattach has not" "$(path_of "$begun_by")" ''
		finish
		is "$kind: nothing to say" "$rc $err" '0 '
		begin --no-cgroup "$(target)" cat
		is "$kind: --no-cgroup" "$(path_of "$begun")" ''
		finish
		begin -n "$(target)" cat
		is "$kind: not with a part" "$(path_of "$begun")" ''
		finish
		begin -n -c "$(target)" cat
		like "$kind: but with -c" "$(path_of "$begun")" nsutil-test
		finish
		drop_groups
	done
}

frozen() {
	need_root 'a paused target' || return 0
	new_group "$1" || return 0
	container || return 0
	target >"$group/cgroup.procs"
	freeze "$group"
	at "$(target)" /nsfix who
	is "$1, paused: runs" "$rc" 0
	like "$1, paused: said" "$err" 'is paused; running beside its cgroup'
	is "$1, paused: said once" "$(wc -l <<<"$err")" 1
	begin "$(target)" cat
	is "$1, paused: not joined" "$(path_of "$begun")" ''
	kill -9 "$begun"
	finish
	is "$1, paused: can be killed" "$rc" 137
	at --no-cgroup "$(target)" true
	is "$1, paused: known, and so not said" "$rc $err" '0 '
	at --explain "$(target)" true
	like "$1, paused: explained" "$out" 'paused'
	drop_groups
}

# Returns when it is.
freeze() {
	if [ -e "$1/freezer.state" ]; then
		echo FROZEN >"$1/freezer.state"
		while [ "$(cat "$1/freezer.state")" != FROZEN ]; do
			"$NSFIX" who >/dev/null
		done
	else
		echo 1 >"$1/cgroup.freeze"
		until grep -q 'frozen 1' "$1/cgroup.events"; do
			"$NSFIX" who >/dev/null
		done
	fi
}

test_pids_max() {
	local kind=pids
	need_root 'the limit of processes' || return 0
	[ -n "$(hierarchy pids)" ] || kind=cgroup2
	new_group "$kind" || return 0
	if [ ! -e "$group/pids.max" ]; then
		skip 'pids.max' 'no controller for pids in cgroup2 here'
		drop_groups
		return
	fi
	container || return 0
	target >"$group/cgroup.procs"
	echo 1 >"$group/pids.max"
	at "$(target)" /nsfix who
	is 'pids.max: status' "$rc" 125
	like 'pids.max: said' "$err" 'the limit of processes .*pids.max 1\)'
	like 'pids.max: and what helps' "$err" 'try: nsattach --no-cgroup'
	at --no-cgroup "$(target)" /nsfix who
	is 'pids.max: that helps' "$rc $err" '0 '
	drop_groups
}

# The kernel's word for a v2 cgroup that got controllers for those below it meanwhile.
test_busy() {
	local kind=cgroup2
	need_root 'a cgroup that takes no process' || return 0
	if ! strace -f -e inject=write:error=EBUSY -P /dev/null true 2>/dev/null; then
		skip 'a cgroup that takes no process' 'no strace(1) that injects errors'
		return
	fi
	[ -n "$(hierarchy cgroup2)" ] || kind=pids
	new_group "$kind" || return 0
	container || return 0
	target >"$group/cgroup.procs"
	run traced -o /dev/null -P "$group/cgroup.procs" \
		-e inject=write:error=EBUSY "$NSATTACH" "$(target)" /nsfix who
	is 'busy: runs nevertheless' "$rc" 0
	like 'busy: said' "$err" 'cgroup not joined: it has cgroups below it'
	drop_groups
}

# Root of a user namespace that forbids setgroups(2), and enters a container in it.
test_no_setgroups() {
	FIX_WRAP=(unshare -U -r --)
	fixture sandbox mp || { FIX_WRAP=(); return 0; }
	FIX_WRAP=()
	run timeout 60 nsenter -U --preserve-credentials -t "$(fix '.tasks[0].proc_pid')" -- \
		"$NSATTACH" "$(fix '.tasks[0].proc_pid')" sh -c 'id -u; id -G'
	is 'no setgroups: runs' "$rc:$err" 0:
	like 'no setgroups: as root inside, groups as they were' "$out" $'^0\n0'
	fixture_close
}

private "$@"
test_default
test_less_confined
test_single
test_users
test_unmapped
test_no_setgroups
test_seccomp
test_seccomp_user
test_join
frozen freezer
frozen cgroup2
test_pids_max
test_busy
done_testing
