# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nsattach: the host's files in a target's pid namespace, and a task there that wants them.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/inside.sh"

PTRACE=19
# All that docker-run takes from root by default, CAP_SYS_PTRACE among it.
DOCKER=2,9,11,12,14,15,16,17,19,20,21,22,23,24,25,26,28,30,32,33,34,35,36,37,38,39,40
# What is reached of a command that is shielded: that it is there. Since Linux 6.14
# CAP_PERFMON and CAP_SYS_ADMIN of the host show more, but nothing of the host's files.
NOTHING='^alive( environ)?( maps)?$'

# hostile [NAME=VALUE...] || return 0: a container with a task that tries what it is asked
hostile() {
	new_root
	mkfifo "$root/ask" "$root/answer"
	fixture inside "${inside[@]}" "$@" reach
}

# Its pid there.
number() {
	awk '$1 == "NSpid:" { print $NF }' "/proc/$1/status"
}

# reached FIRST LAST: by which ways the hostile task reaches those, "alive" being none
reached() {
	echo "$1 $2" >"$root/ask"
	timeout 60 cat "$root/answer"
}

# What it may: with less this would prove nothing.
test_attacker() {
	local file all mask
	need_root 'the hostile task' || return 0
	hostile "drop=$PTRACE" || return 0
	all=$("$NSFIX" who | sed -n 's/^bounding=//p')
	mask=$(printf '%016x' $((16#$all & ~(1 << PTRACE))))
	for file in /proc/[0-9]*/status; do
		grep -q "^PPid:.$(target)\$" "$file" 2>/dev/null || continue
		is 'the hostile task: all but one' \
			"$(sed -n 's/^CapEff:\t//p' "$file")" "$mask"
		is 'the hostile task: root' "$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "$file")" 0
	done
	fixture_close
}

# closed NAME ARG...: a command with these arguments cannot be reached
closed() {
	local name=$1 there
	shift
	begin "$@" cat
	like "$name: runs" "$heard" started
	if [ -n "$begun" ]; then
		there=$(number "$begun")
		like "$name: nothing reaches it" "$(reached "$there" "$there")" "$nothing"
	fi
	finish
	is "$name: status" "$rc $err" '0 '
}

test_closed() {
	local nothing=$2
	need_root 'the shield' || return 0
	hostile "drop=$1" || return 0
	closed '-p' -p "$(target)"
	closed '-p -n, not a root' -p -n -S 65534 "$(target)"
	closed '-p, another group' -p -S 65534 -G 65534 --keep-caps "$(target)"
	closed '-p, its capabilities' -p --confine=caps "$(target)"
	closed '-p, its capabilities and not a root' -p --confine=caps -S 65534 "$(target)"
	closed '-p, as it is' -p --confine=all -S follow "$(target)"
	mount -t tmpfs none /run
	closed '-H' -H "$(target)"
	closed '-H, not a root' -H -S 65534 "$(target)"
	fixture_close
}

# From its first moment in there, not only when it is what it will be.
test_race() {
	local first i answer tries
	need_root 'the shield in time' || return 0
	hostile "drop=$1" || return 0
	at -p "$(target)" sh -c 'echo $$'
	first=$((out + 1))
	for i in 65534 0; do
		{ echo "$first $((first + 15))" >"$root/ask"
			timeout 60 cat "$root/answer"; } >"$tmp/answer" &
		answer=$!
		for ((tries = 0; tries < 15; tries++)); do
			"$NSATTACH" -p -S "$i" "$(target)" true
		done
		begin -p -S "$i" "$(target)" cat
		is "uid $i: counted right" "$(number "$begun")" $((first + 15))
		wait "$answer"
		like "uid $i: nothing reached any of them" "$(<"$tmp/answer")" "$2"
		finish
		first=$((first + 16))
	done
	fixture_close
}

# Where nothing would keep it off it is refused; and with --force it does get at all of it.
test_refused() {
	local there also='environ maps ns getfd memory'
	need_root 'what is refused' || return 0
	hostile || return 0
	for option in -p -H '-p -n'; do
		# shellcheck disable=SC2086
		at $option "$(target)" true
		is "CAP_SYS_PTRACE there, $option: refused" "$rc" 125
		like "CAP_SYS_PTRACE there, $option: why" "$err" 'could reach this host'
		like "CAP_SYS_PTRACE there, $option: what helps" "$err" '--force'
	done
	at -p --explain "$(target)" true
	is 'explained: no' "$rc" 4
	at "$(target)" true
	is 'with its own files: yes' "$rc $err" '0 '
	at -n "$(target)" true
	is 'without its pids: yes' "$rc $err" '0 '
	begin -p --force "$(target)" cat
	there=$(number "$begun")
	is '--force: then it is reached, in every way' "$(reached "$there" "$there")" \
		"alive root file root-path cwd fd exe mem $also attach seize"
	finish
	is '--force: runs' "$rc" 0
	fixture_close
	fixture inside ns=pn || return 0
	at -p "$(target)" true
	is 'without files of its own there is nothing to reach' "$rc $err" '0 '
	fixture_close
}

# A service may have the host's root and yet not all of its files.
test_same_root() {
	need_root 'the same root' || return 0
	fixture inside ns=mp || return 0
	at -p "$(target)" true
	is 'the same root, other mounts: refused' "$rc" 125
	at -p --force "$(target)" true
	is 'the same root, other mounts: forced' "$rc $err" '0 '
	fixture_close
}

# One task of many is enough.
test_other_task() {
	need_root 'another task' || return 0
	hostile "drop=$PTRACE" || return 0
	at -p "$(target)" true
	is 'before: allowed' "$rc" 0
	begin --privileged "$(target)" cat
	at -p "$(target)" true
	is 'one with all powers came: refused' "$rc" 125
	finish
	at -p "$(target)" true
	is 'it ended: allowed' "$rc" 0
	fixture_close
}

# Who has not the capability itself has no shield either.
test_without() {
	need_root 'without CAP_SYS_PTRACE' || return 0
	hostile "drop=$PTRACE" || return 0
	run setpriv --bounding-set -sys_ptrace -- timeout 60 "$NSATTACH" -p "$(target)" true
	is 'no CAP_SYS_PTRACE here: refused' "$rc" 125
	fixture_close
}

# In a user namespace of the target's its root has all, whatever there is here.
test_rootless() {
	fixture inside ns=muipnU || return 0
	at -p -U "$(target)" true
	is 'rootless, -p: refused' "$rc" 125
	like 'rootless, -p: why' "$err" 'could reach this host'
	at -p -U --force "$(target)" true
	is 'rootless, -p --force' "$rc" 0
	at "$(target)" true
	is 'rootless, with its own files' "$rc" 0
	fixture_close
}

private "$@"
test_attacker
test_closed "$DOCKER" '^alive$'
test_closed "$PTRACE" "$NOTHING"
test_race "$DOCKER" '^alive$'
test_race "$PTRACE" "$NOTHING"
test_refused
test_same_root
test_other_task
test_without
test_rootless
done_testing
