# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What cannot be read is said; other procfs, closed descriptors, full disks, narrow places.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"

# On other kernels, where time is dear, two are enough.
views=('' --json)
[ -n "${TEST_QUICK:-}" ] || views+=(-l '-l -t net' -x '-t pid' '-t user' --dot "-p $$")

json() {
	jq -r "$1" <<<"$out" 2>&1
}

# As somebody who may not look into the processes of root.
test_user() {
	local net view
	need_root 'as an ordinary user' || return 0
	if ! as_user true 2>/dev/null; then
		skip 'as an ordinary user' 'no other user can be taken on here'
		return
	fi
	run as_user "$NSTREE" --json
	is 'user: status' "$rc" 0
	is 'user: not complete' "$(json .complete)" false
	ok 'user: each unread process is a gap' \
		test "$(json '.gaps | length')" -ge "$(json .totals.unread)"
	isnt 'user: there are some' "$(json .totals.unread)" 0
	like 'user: one line says how many' "$err" \
		$'(^|\n)nstree: [0-9]+ process(es)? could not be read'
	run as_user "$NSTREE"
	is 'user, tree: status' "$rc" 0
	like 'user, tree: they are in the picture' "$out" '\?\?\?\?'
	for view in "${views[@]}"; do
		# shellcheck disable=SC2086
		run as_user "$NSTREE" --strict $view
		is "user: --strict ${view:-tree}" "$rc" 3
	done
	# A namespace that somebody is in who could not be read.
	net=$(readlink /proc/self/ns/net)
	run as_user "$NSTREE" "$net"
	like 'user: a card counts at least' "$out" 'processes +(\?|at least [0-9]+)'
	run as_user "$NSTREE" -v -l
	is 'user, -v: each gap is told' "$(grep -c '^nstree: process [0-9]*: read ' <<<"$err")" \
		"$(grep -oE '^nstree: [0-9]+ process' <<<"$err" | tr -dc 0-9)"
	# A process 1 that may not be looked into: the caller's own are taken for the host's.
	run as_user "$NSTREE" --json
	if [ "$(json '.reference.kind')" = caller ]; then
		is 'user: the reference is itself' "$(json '.reference.pid == .procfs.self')" true
		run as_user "$NSTREE"
		like 'user: and that is said' "$err" 'process 1 could not be read'
	else
		fail 'user: the reference is itself' "$(json .reference)"
	fi
}

# What is known of them all the same: who is in the pid namespace of which init.
test_unread_groups() {
	need_root 'unread groups' || return 0
	as_user true 2>/dev/null || return 0
	fixture sandbox || return 0
	run as_user "$NSTREE"
	like 'unread, in one pid namespace: one line' "$out" \
		"-nsfix +[?]{4}p[?]{3} +$(fix '.tasks[0].proc_pid')/1 +3 "
	fixture_close
	fixture nested5 || return 0
	run as_user "$NSTREE"
	# What this script itself is below may be unread too.
	like 'unread, nested: one below the other' "$out" \
		"nsfix +[?]{4}p[?]{3} +$(fix '.tasks[0].proc_pid')/1 +1 [^"$'\n'"]*"$'\n'"([| ] )+\
[|\`]-nsfix +[?]{4}p[?]{3} +$(fix '.tasks[1].proc_pid')/1 +1 "
	fixture_close
}

# A zombie has lost six of its namespaces, whoever asks.
test_unread_zombie() {
	need_root 'an unread zombie' || return 0
	as_user true 2>/dev/null || return 0
	fixture zombies 1 || return 0
	run as_user "$NSTREE" --json
	is 'an unread zombie: none and unknown' "$(json '.tasks[] | select(.zombie) |
		.namespaces | [.mnt, .net, .pid, .user] | tojson' | sort -u)" \
		'["none","none",null,null]'
	fixture_close
}

# A dead leader whose threads may not be looked into is no zombie, and not left out.
test_unread_leader() {
	need_root 'an unread dead leader' || return 0
	as_user true 2>/dev/null || return 0
	fixture dead-leader || return 0
	run as_user "$NSTREE" --json
	is 'an unread dead leader: is a gap' "$(json ".gaps[] |
		select(.pid == $(fix '.tasks[0].proc_pid')) | .reason")" 'Permission denied'
	is 'an unread dead leader: and no zombie' "$(json ".tasks[] |
		select(.tid == $(fix '.tasks[0].proc_pid')) | .dead_leader")" true
	fixture_close
}

# hidepid and subset=pid, each in a mount namespace of its own.
test_hidepid() {
	need_root hidepid || return 0
	local option
	run unshare -m bash -c "mount -t proc -o hidepid=1 proc /proc 2>/dev/null ||
		exit 77; exec setpriv --reuid 65534 --regid 65534 --clear-groups \
		\"\$1\" --json" - "$NSTREE"
	if [ "$rc" -eq 77 ]; then
		skip "hidepid=1" 'this kernel has no such mount option'
	else
		is 'hidepid=1: not complete' "$(json .complete)" false
		is 'hidepid=1: nobody is hidden' "$(json .totals.hidden)" 0
		like 'hidepid=1: the line says why' "$err" 'hidepid=noaccess'
		run unshare -m bash -c 'mount -t proc -o hidepid=1 proc /proc &&
			exec setpriv --reuid 65534 --regid 65534 --clear-groups "$1" 1' - "$NSTREE"
		is 'hidepid=1: a card of one that is there' "$rc" 1
		unlike 'hidepid=1: which is not denied' "$err" 'no such process'
		run unshare -m bash -c 'mount -t proc -o hidepid=2 proc /proc &&
			exec setpriv --reuid 65534 --regid 65534 --clear-groups "$1" 1' - "$NSTREE"
		like 'hidepid=2: one that may be there' "$err" 'it may be hidden'
	fi
	# The group may see all: the caller's, or one more that it is in.
	for option in 65534 1234; do
		run unshare -m bash -c "mount -t proc -o hidepid=2,gid=$option proc /proc \
			2>/dev/null || exit 77; exec setpriv --reuid 65534 --regid 65534 \
			--groups 1233,1234 \"\$1\" --json" - "$NSTREE"
		if [ "$rc" -eq 77 ]; then
			skip "hidepid=2,gid=$option" 'this kernel has no such mount option'
		else
			is "hidepid=2,gid=$option: nobody is hidden" "$(json .totals.hidden)" 0
		fi
	done
	# A capability in a user namespace of its own does not count.
	if as_user unshare -U -r true 2>/dev/null; then
		run unshare -m bash -c "mount -t proc -o hidepid=2 proc /proc 2>/dev/null ||
			exit 77; exec setpriv --reuid 65534 --regid 65534 --clear-groups \
			unshare -U -r \"\$1\" --json" - "$NSTREE"
		[ "$rc" -eq 77 ] ||
			is 'hidepid=2, root of a user namespace' "$(json .totals.hidden)" null
	fi
	for option in hidepid=2 hidepid=4 hidepid=4,gid=65534 subset=pid; do
		run unshare -m bash -c "mount -t proc -o $option proc /proc 2>/dev/null ||
			exit 77; exec setpriv --reuid 65534 --regid 65534 --clear-groups \
			\"\$1\" --json" - "$NSTREE"
		if [ "$rc" -eq 77 ]; then
			skip "$option" 'this kernel has no such mount option'
			continue
		fi
		is "$option: status" "$rc" 0
		is "$option: not complete" "$(json .complete)" false
		is "$option: nobody knows how many are hidden" "$(json .totals.hidden)" null
		like "$option: the line says why" "$err" "${option%%=*}"
	done
}

# Of strace's lines those that go by a number which is not that of a child of their own.
by_number() {
	awk '/clone(\(| resumed)/ { own[$NF] = 1 }
		/pidfd_open\(|kill\(|setns\(/ {
			pid = $0
			sub(/^[^(]*\(/, "", pid)
			sub(/[^0-9].*/, "", pid)
			if (/setns/ || !(pid in own))
				print
		}'
}

# In a child pid namespace whose /proc is the parent's: nothing goes by number.
test_old_proc() {
	if ! in_pidns_old_proc true 2>/dev/null; then
		skip 'an old /proc' 'no pid namespace can be made here'
		return
	fi
	run in_pidns_old_proc "$NSTREE" --json
	is 'old /proc: status' "$rc" 0
	is 'old /proc: noticed' "$(json .procfs.own_pids)" false
	like 'old /proc: said' "$err" 'another pid namespace'
	run in_pidns_old_proc "$NSTREE" 1:1
	is 'old /proc: PID:INODE is refused' "$rc" 1
	if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
		for view in "${views[@]}"; do
			# shellcheck disable=SC2086
			in_pidns_old_proc strace -f -e trace=pidfd_open,kill,tgkill,setns,clone \
				-o "$tmp/trace" "$NSTREE" $view >/dev/null 2>&1
			is "old /proc: nothing goes by number, ${view:-tree}" \
				"$(by_number <"$tmp/trace")" ""
		done
	fi
	run in_pidns "$NSTREE" --json
	is 'own /proc: noticed' "$(json .procfs.own_pids)" true
	run in_pidns "$NSTREE"
	like 'inside: the top line reads here' "$out" $'\nhere'
	like 'inside: one remark' "$err" 'host is not visible'
}

# A container that was given the host's /proc beside its own.
test_given_proc() {
	need_root "the host's /proc, given" || return 0
	fixture sandbox || return 0
	run unshare -mpf --mount-proc=/proc "$NSTREE" --proc /proc --json
	is 'given: its own' "$(json .procfs.own_pids)" true
	mkdir "$tmp/hostproc"
	run unshare -mpf bash -c 'mount --rbind /proc "$1" && mount -t proc proc /proc &&
		exec "$2" --proc "$1" --json' - "$tmp/hostproc" "$NSTREE"
	is 'given: the other' "$(json .procfs.own_pids)" false
	is "given: shows the host's tasks, in their namespaces" \
		"$(json ".tasks[] | select(.tid == $(fix '.tasks[0].proc_tid')) |
			\"net:[\(.namespaces.net)]\"")" "$(fix '.tasks[0].ns.net')"
	like 'given: and says that its numbers are not ours' "$err" 'another pid namespace'
	fixture_close
}

# In a time namespace whose boot was later than most processes: their start is negative.
test_time_namespace() {
	local up pid
	need_root 'a time namespace' || return 0
	up=$(cut -d. -f1 /proc/uptime)
	if ! unshare -T --boottime "-$up" -f true 2>/dev/null; then
		skip 'a time namespace' 'no time namespace can be made here'
		return
	fi
	# this shell as the procfs numbers it
	read -r pid _ </proc/self/stat
	run unshare -T --boottime "-$up" -f "$NSTREE" "$pid"
	is 'boot set back: status' "$rc" 0
	like 'boot set back: the process is there' "$out" "^$pid bash"
}

# A thread's number is not that of a process.
test_thread_number() {
	fixture thread-ns || return 0
	run nstree "$(fix .thread.proc_tid)"
	is 'the number of a thread' "$rc:$out" 1:
	like 'is no process' "$err" "a thread of process $(fix '.tasks[0].proc_pid')"
	like 'and the process is named' "$err" "try: nstree $(fix '.tasks[0].proc_pid')"
	fixture_close
}

test_output() {
	local status
	"$NSTREE" -l >/dev/full 2>"$tmp/err"
	status=$?
	is 'a full disk: status' "$status" 1
	like 'a full disk: said' "$(<"$tmp/err")" 'No space left'
	"$NSTREE" -l 2>"$tmp/err" | true
	unlike 'a reader that leaves: nothing is said' "$(<"$tmp/err")" 'Broken pipe'
	"$NSTREE" -l <&- >&- 2>&-
	ok 'standard descriptors closed: no crash' test $? -lt 126
	"$NSTREE" -l <&- 2>/dev/null >"$tmp/out"
	like 'standard input closed: all the same' "$(<"$tmp/out")" '^ *NS TYPE'
	for view in "${views[@]}"; do
		# shellcheck disable=SC2086
		"$NSTREE" $view >/dev/full 2>"$tmp/err"
		is "a full disk, ${view:-tree}: status" $? 1
		like "a full disk, ${view:-tree}: said" "$(<"$tmp/err")" 'standard output: '
		# shellcheck disable=SC2086
		"$NSTREE" $view >&- 2>"$tmp/err"
		is "standard output closed, ${view:-tree}" $? 1
	done
	unlike 'a pipe: no colour' "$(NO_COLOR='' nstree)" $'\033'
	unlike 'ASCII in the C locale' "$(LC_ALL=C nstree 2>&1)" '[^[:print:][:space:]]'
}

test_hostile() {
	local bad=$'\033'
	fixture hostile-name || return 0
	local pid
	pid=$(fix '.tasks[0].proc_pid')
	for option in '' -l -x --dot -a "-p $pid" '--json' '-l -J' '-l -r'; do
		# shellcheck disable=SC2086
		run nstree $option
		is "hostile, ${option:-tree}: status" "$rc" 0
		unlike "hostile, ${option:-tree}: no escape character" "$out$err" "$bad"
		ok "hostile, ${option:-tree}: valid UTF-8" \
			iconv -f UTF-8 -t UTF-8 -o /dev/null <(printf %s "$out")
	done
	fixture_close
}

test_wrong_use() {
	run nstree --nosuch
	is 'wrong option: status' "$rc" 2
	is 'wrong option: two lines' "$(wc -l <<<"$err")" 2
	run nstree -t 4711
	is '-t 4711: status' "$rc" 2
	like '-t 4711: hint' "$err" 'try: nstree 4711'
	run nstree net
	is 'net: status' "$rc" 1
	like 'net: hint' "$err" 'try: nstree -t net'
	run nstree 999999
	is 'no such pid' "$rc:$out:$err" '1::nstree: 999999: no such process'
	run nstree net:1
	is 'no such namespace: status' "$rc" 1
	run nstree -J -r
	is '-J -r exclude each other' "$rc" 2
	run nstree --help
	is '--help: status' "$rc" 0
	ok '--help: one screen' test "$(wc -l <<<"$out")" -le 24
	is '--help: 80 columns' "$(awk 'length > 80' <<<"$out")" ''
	run nstree --help-all
	is '--help-all: status' "$rc" 0
}

# What is typed first by who comes from another tool.
test_first_tries() {
	local words hint
	while IFS='|' read -r words hint; do
		# shellcheck disable=SC2086
		run nstree $words
		like "nstree $words" "$err$out" "$hint"
	done <<-'EOT'
		web|no process, container, unit, pin or network namespace of that name
		docker:nsutil-nosuch|no such container
		--target 4711|try: nstree 4711
		-t net,foo|-t foo: not a namespace type
		--json -t net|add --list
		-x -t net|leave out --type
		-p 1 -T|leave out --tree|--list
		-l host|a process, not a namespace
		-Q PID>1 -l|which are in 2.40|PID
		--nosuch|no such option
		--no|could be several
		4711:x|no such target
		1@net:[1]|neither a process nor a pid namespace
		./nosuch|no such file
	EOT
	run nstree ''
	like 'an empty word' "$err" '"": no such target'
}

test_user
test_unread_groups
test_unread_zombie
test_unread_leader
test_hidepid
test_old_proc
test_given_proc
test_time_namespace
test_thread_number
test_output
test_hostile
test_wrong_use
test_first_tries
done_testing
