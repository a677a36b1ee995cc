# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The pictures: lines, letters, folding, cards.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"

# line PID: the line of the tree for the sandbox that begins with that process
line() {
	grep -E "[ .A-Z^&?-] $1(/[0-9]+)*( |\$)" <<<"$out"
}

field() {
	grep -oE '[muinpCUT.^&?-]{8}' <<<"$1" | head -1
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
	# Elsewhere others come and go.
	[ "${NSU_PRIVATE:-}" != yes ] ||
		is 'host-and-two: two lines more' $(($(wc -l <<<"$out") - before)) 2
	local i pid
	for i in 0 1; do
		pid=$(fix ".sandboxes[$i].tasks[0].proc_pid")
		is "host-and-two: letters of $i" "$(field "$(line "$pid")")" \
			"$(letters ".sandboxes[$i].tasks[0]")"
		like "host-and-two: PID here/inside of $i" "$out" " $pid/1 "
	done
	run nstree -t pid
	for i in 0 1; do
		like "host-and-two: containers do not fold, $i" "$out" \
			"pid:.$(fix ".sandboxes[$i].tasks[0].ns.pid" | tr -dc 0-9)"
	done
	fixture_close
}

# Two that differ in minor types fold; one alone tells more than a line that counts it.
test_fold() {
	local first time=''
	fixture service || return 0
	first=$(fix '.tasks[0].proc_pid')
	# An ordinary user's fixture has a user namespace too, and so a line.
	if [ "$(letters '.tasks[0]')" != mu...... ]; then
		run nstree
		like 'service: its line' "$(line "$first")" mu
		fixture_close
		return
	fi
	[ "$(fix .self.ns.time)" = null ] || time=T
	fixture sandbox "iC$time" || return 0
	run nstree
	is 'minor ones: no lines of their own' \
		"$(line "$first")$(line "$(fix '.tasks[0].proc_pid')")" ''
	like 'minor ones: one counted line' "$out" \
		"[0-9]+ more, own m u i C${time:+ T} only +mu\\.*i?\\.*C?"
	[ "${NSU_PRIVATE:-}" != yes ] || is 'minor ones: all of it' \
		"$(awk '/more, own/ { $1 = $1; print }' <<<"$out")" \
		"\`-2 more, own m u i C${time:+ T} only mui..C.${time:-.} - 4 - - nsfix"
	run nstree -a
	is '-a: the line of each' \
		"$(field "$(line "$first")") $(field "$(line "$(fix '.tasks[0].proc_pid')")")" \
		"mu...... ..i..C.${time:-.}"
	fixture_close
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
	run nstree "$(fix .parent.ns.pid)"
	is 'twins: three children are named, the others counted' \
		"$(sed -nE 's/^ +children +([0-9]+):( pid:.[0-9]+.,){3} and ([0-9]+) more$/\1 \3/p' \
			<<<"$out" | awk '{ print $1 - $2 }')" 3
	fixture_close
}

# The same name alone makes no twins.
test_no_twins() {
	local first want
	fixture sandbox n || return 0
	first=$(fix '.tasks[0].proc_pid')
	want=$(letters '.tasks[0]')
	fixture sandbox nu || return 0
	run nstree
	is 'no twins: a line for each' \
		"$(field "$(line "$first")") $(field "$(line "$(fix '.tasks[0].proc_pid')")")" \
		"$want $(letters '.tasks[0]')"
	fixture_close
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
	# Its age and what its cgroup uses go on.
	local card
	card=$(sed '1d; /^  used there /d' <<<"$out")
	run nstree "$pid"
	is 'an operand is the same' "$(sed '1d; /^  used there /d' <<<"$out")" "$card"
	net=$(fix '.tasks[-1].ns.user')
	run nstree "$net"
	is 'a namespace: status' "$rc" 0
	like 'a namespace: named' "$out" "$(tr -dc 0-9 <<<"$net")"
	local plain
	run nstree "${net//[][]/}"
	# Others' processes come and go.
	plain=${out%not searched*}
	run nstree "$net"
	is 'without brackets: the same' "$plain" "${out%not searched*}"
	run nstree "1@$pid"
	like '1@PID: the init of its pid namespace' "$out" "$pid here"
	run nstree "$pid" "$net"
	is 'two operands: status' "$rc" 0
	local view other
	for view in '' -x --json; do
		for other in net:1 netns:nosuch; do
			# shellcheck disable=SC2086
			run nstree $view "$other" "$pid"
			is "one of two is nothing, ${view:-cards}, $other: status" "$rc" 1
			like "one of two is nothing, ${view:-cards}, $other: the other" \
				"$out" "$pid"
		done
	done
	run nstree -x "$pid"
	like '-x: every level' "$out" "\\($pid/"
	run nstree -t pid
	like '-t pid: its init' "$out" "$pid/"
	run nstree -t user
	is '-t user: status' "$rc" 0
	fixture_close
}

# opened FILE: how many processes' ns directories were
opened() {
	grep -oE '"[0-9]+/ns"' "$1" | sort -u | wc -l
}

# -p reads that task, its parent and the reference, however many others there are; a list
# opens each namespace once, and reads only the tasks that it shows.
test_few_reads() {
	local n tasks spaces
	if ! command -v strace >/dev/null || ! strace -o /dev/null true 2>/dev/null; then
		skip '-p reads few' 'no strace'
		return
	fi
	fixture zombies 40 || return 0
	fixture twins 9 || return 0
	strace -f -e trace=openat,readlinkat -o "$tmp/trace" "$NSTREE" -p $$ >/dev/null 2>&1
	n=$(opened "$tmp/trace")
	ok '-p reads at most four processes' test "$n" -le 4 -a "$n" -gt 0
	strace -f -e trace=openat -o "$tmp/trace" "$NSTREE" -l -p $$ -o NS,TYPE \
		>/dev/null 2>&1
	n=$(opened "$tmp/trace")
	ok '-l -p without NPROCS too' test "$n" -le 4 -a "$n" -gt 0
	strace -f -e trace=openat -o "$tmp/trace" "$NSTREE" -l -p $$ -o NS,NPROCS \
		>/dev/null 2>&1
	tasks=$("$NSTREE" --json 2>/dev/null | jq '.tasks | length')
	ok '-l -p with NPROCS reads all' test "$(opened "$tmp/trace")" -ge $((tasks - 5))
	strace -f -e trace=openat -o "$tmp/trace" "$NSTREE" -l -o NS,TYPE >/dev/null 2>&1
	is 'no command line is read that nobody shows' \
		"$(grep -cE '"cmdline"|/cmdline"|"stat"' "$tmp/trace")" 0
	strace -f -e trace=openat,ioctl -o "$tmp/trace" "$NSTREE" -l >/dev/null 2>&1
	spaces=$("$NSTREE" -l -n -r -o NS 2>/dev/null | wc -l)
	n=$(grep -cE 'ioctl\([0-9]+, (NS_GET|_IOC\(_IOC_(NONE|READ), 0xb7)' "$tmp/trace")
	ok 'a namespace is asked once' test "$n" -gt 0 -a "$n" -le $((spaces * 4))
	n=$(grep -c '"stat"' "$tmp/trace")
	ok 'of tasks only those that stand for a namespace are read' \
		test "$n" -gt 0 -a "$n" -le "$spaces"
	fixture_close
	fixture_close
}

# A kernel without cgroup and time namespaces, as a tree of files.
test_lacking() {
	local pid type inode
	for pid in 1 7; do
		mkdir -p "$tmp/proc/$pid/ns" "$tmp/proc/$pid/task/$pid"
		for type in mnt uts ipc net pid user; do
			inode=$((4026531832 + ${#type}))
			[ "$type" != net ] || inode=$((4026532000 + pid))
			ln -s "$type:[$inode]" "$tmp/proc/$pid/ns/$type"
		done
		ln -s "pid:[4026531835]" "$tmp/proc/$pid/ns/pid_for_children"
		printf 'Name:\tx\nState:\tS\nTgid:\t%s\nNSpid:\t%s\n' $pid $pid \
			>"$tmp/proc/$pid/status"
		echo "$pid (x) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 77 0" \
			>"$tmp/proc/$pid/stat"
		: >"$tmp/proc/$pid/cmdline"
	done
	run nstree --proc "$tmp/proc"
	is 'lacking types: status' "$rc" 0
	is 'lacking types: a dash in the field' "$(field "$(line 7)")" '...n.-.-'
	run nstree --proc "$tmp/proc" --strict --json
	is 'lacking types: no gap' "$rc" 0
	is 'lacking types: those that are there' "$(jq -r '.types | join(" ")' <<<"$out")" \
		'mnt uts ipc net pid user'
	run nstree --proc "$tmp/proc" -l -n -r -o TYPE
	is 'lacking types: none is listed' "$(sort -u <<<"$out" | tr '\n' ' ')" \
		'ipc mnt net pid user uts '
	rm -rf "$tmp/proc"
}

# The name of a user is the host's; in another mount namespace the number may mean another.
test_user_number() {
	local uid
	need_root 'users by number' || return 0
	uid=$(id -u nobody 2>/dev/null) || uid=65534
	fixture bystander "$uid" || return 0
	run nstree
	like 'another mount namespace: the number' \
		"$(line "$(fix '.tasks[0].proc_pid')")" " $uid +[^ ]"
	fixture_close
}

# A process that waits where no signal reaches it: what vfork(2) does to the parent.
test_waiting() {
	fixture waiting || return 0
	run nstree -p "$(fix '.tasks[0].proc_pid')"
	like 'waiting: its state' "$out" '^[0-9]+ [^ ]+ +D '
	like 'waiting: where' "$out" $'\n  state +D: waits'
	run nstree
	like 'waiting: said in the picture' "$out" ' \(D\) '
	run nstree -x
	like 'waiting: and in the tree of processes' "$out" '\) \(D\) '
	fixture_close
}

test_pid_children() {
	# Who may not read all cannot know: the init may be one of those.
	[ "$(nstree --json 2>/dev/null | jq .complete)" = true ] || return 0
	fixture pid-children || return 0
	run nstree -t pid
	like 'pid-children: the init has ended' "$out" \
		"$(fix .ended_pid_ns | tr -dc 0-9). +0 +ended"
	run nstree "$(fix .ended_pid_ns)"
	like 'pid-children: nothing can start' "$out" 'init +ended: nothing can start'
	fixture_close
}

# A namespace that no process is in is shown where a file names it.
test_file() {
	local net
	need_root 'a file that names a namespace' || return 0
	net=$(readlink /proc/self/ns/net)
	: >"$tmp/pin"
	run unshare -m bash -c 'unshare --net="$1" true && exec "$2" "$1"' - \
		"$tmp/pin" "$NSTREE"
	is 'a file: status' "$rc" 0
	like 'a file: its card' "$out" '^net:\[[0-9]+\]  no process'
	unlike 'a file: not our own' "$out" "^$net"
	like 'a file: its owner' "$out" 'owner +user:\['
	run nstree /dev/null
	is 'another file: status' "$rc" 1
	like 'another file: said' "$err" 'not a namespace file'
	: >"$tmp/odd"$'\n'name
	run unshare -m bash -c 'mount --bind /proc/self/ns/net "$1" &&
		exec "$2" -l -t net -o NSFS' - "$tmp/odd"$'\n'name "$NSTREE"
	like 'where it is mounted, escaped' "$out" 'odd\\nname'
	run unshare -m bash -c 'mkdir -p /run/netns && mount -t tmpfs none /run/netns &&
		: >/run/netns/blue && mount --bind /proc/self/ns/net /run/netns/blue &&
		"$1" blue && "$1" netns:blue' - "$NSTREE"
	is 'a name of ip-netns: twice the same' \
		"$(grep -cE "^${net//[][]/.}  of" <<<"$out")" 2
}

private "$@"
test_two
test_fold
test_twins
test_no_twins
test_pod
test_card
test_few_reads
test_lacking
test_user_number
test_waiting
test_pid_children
test_file
done_testing
