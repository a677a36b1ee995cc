# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The pictures: lines, letters, folding, cards.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"

# line PID: the line of the tree for the sandbox that begins with that process
line() {
	grep -E "[ .A-Z^&?] $1(/[0-9]+)*( |\$)" <<<"$out"
}

field() {
	grep -oE '[muinpCUT.^&?]{8}' <<<"$1" | head -1
}

# letters TASK: what its field must be, on a line that hangs from the host's
letters() {
	fix "(.self.ns) as \$host | ($1).ns as \$own |
		[\"mnt m\", \"uts u\", \"ipc i\", \"net n\", \"pid p\", \"cgroup C\",
		 \"user U\", \"time T\"] |
		map(split(\" \") | if \$own[.[0]] == null then \"-\"
			elif \$own[.[0]] == \$host[.[0]] then \".\" else .[1] end) | add"
}

test_two() {
	local before
	run nstree
	before=$(wc -l <<<"$out")
	fixture host-and-two || return 0
	run nstree
	is 'host-and-two: status' "$rc" 0
	is 'host-and-two: two lines more' $(($(wc -l <<<"$out") - before)) 2
	local i pid
	for i in 0 1; do
		pid=$(fix ".sandboxes[$i].tasks[0].proc_pid")
		is "host-and-two: letters of $i" "$(field "$(line "$pid")")" \
			"$(letters ".sandboxes[$i].tasks[0]")"
		like "host-and-two: PID here/inside of $i" "$out" " $pid/1 "
	done
	fixture_close
}

test_fold() {
	fixture service || return 0
	run nstree
	# An ordinary user's fixture has a user namespace too, and so a line.
	if [ "$(letters '.tasks[0]')" = mu...... ]; then
		is 'service: no line of its own' "$(line "$(fix '.tasks[0].proc_pid')")" ''
		like 'service: counted' "$out" '[0-9]+ more, own m'
	else
		like 'service: its line' "$(line "$(fix '.tasks[0].proc_pid')")" mu
	fi
	run nstree -a
	is 'service, -a: its line' \
		"$(field "$(line "$(fix '.tasks[0].proc_pid')")")" "$(letters '.tasks[0]')"
	fixture_close
	fixture service-net || return 0
	run nstree
	is 'service-net: its line' \
		"$(field "$(line "$(fix '.tasks[0].proc_pid')")")" "$(letters '.tasks[0]')"
	fixture_close
}

test_twins() {
	fixture twins 9 || return 0
	run nstree
	like 'twins: one line' "$out" 'x9|×9'
	run nstree -a
	is 'twins, -a: nine lines' "$(fix '.tasks[].proc_pid' | while read -r pid; do
		line "$pid"
	done | grep -cE ' [.^&]{4}p[.^&U]{3} ')" 9
	fixture_close
}

test_pod() {
	local member
	fixture pod || return 0
	run nstree
	member=$(line "$(fix .member.proc_pid)")
	like 'pod: the pause process' "$(field "$(line "$(fix .pause.proc_pid)")")" ^muinpC
	like 'pod: the member shares another line' "$(field "$member")" '^m[&^][&^][&^]pC'
	fixture_close
}

test_card() {
	local pid net
	fixture nested5 || return 0
	pid=$(fix '.tasks[-1].proc_pid')
	run nstree -p "$pid"
	is '-p: status' "$rc" 0
	like '-p: the numbers' "$out" "$pid here"
	like '-p: its pid namespace' "$out" "$(fix '.tasks[-1].ns.pid' | tr -dc 0-9)"
	local card=$out
	run nstree "$pid"
	is 'an operand is the same' "${out#*$'\n'}" "${card#*$'\n'}"
	net=$(fix '.tasks[-1].ns.user')
	run nstree "$net"
	is 'a namespace: status' "$rc" 0
	like 'a namespace: named' "$out" "$(tr -dc 0-9 <<<"$net")"
	local plain
	run nstree "${net//[][]/}"
	plain=$out
	run nstree "$net"
	is 'without brackets: the same' "$plain" "$out"
	run nstree "1@$pid"
	like '1@PID: the init of its pid namespace' "$out" "$pid here"
	run nstree "$pid" "$net"
	is 'two operands: status' "$rc" 0
	run nstree -x "$pid"
	like '-x: every level' "$out" "\\($pid/"
	run nstree -t pid
	like '-t pid: its init' "$out" "$pid/"
	run nstree -t user
	is '-t user: status' "$rc" 0
	fixture_close
}

# -p reads that task, its parent and the reference, however many others there are.
test_few_reads() {
	local n
	if ! command -v strace >/dev/null || ! strace -o /dev/null true 2>/dev/null; then
		skip '-p reads few' 'no strace'
		return
	fi
	strace -f -e trace=openat,readlinkat -o "$tmp/trace" "$NSTREE" -p $$ >/dev/null 2>&1
	n=$(grep -oE '"[0-9]+/ns"' "$tmp/trace" | sort -u | wc -l)
	ok '-p reads at most four processes' test "$n" -le 4 -a "$n" -gt 0
	strace -f -e trace=openat -o "$tmp/trace" "$NSTREE" -l -p $$ -o NS,TYPE \
		>/dev/null 2>&1
	n=$(grep -oE '"[0-9]+/ns"' "$tmp/trace" | sort -u | wc -l)
	ok '-l -p without NPROCS too' test "$n" -le 4 -a "$n" -gt 0
	strace -f -e trace=openat -o "$tmp/trace" "$NSTREE" -l -o NS,TYPE >/dev/null 2>&1
	is 'no command line is read that nobody shows' \
		"$(grep -cE '"cmdline"|/cmdline"|"stat"' "$tmp/trace")" 0
}

test_two
test_fold
test_twins
test_pod
test_card
test_few_reads
done_testing
