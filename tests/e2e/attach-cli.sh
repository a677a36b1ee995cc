#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nsattach's command line: operands, forms of options, exit statuses, what is said.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"

private "$@" || :

# Types as they are found in a process's ns directory, and the letters that enter them.
types=(mnt uts ipc net pid cgroup user time)
letters=(m u i n p C U T)
longs=(mount uts ipc net pid cgroup user time)
# Above what the kernel ever gives.
no_pid=4194304

attach() {
	timeout 20 "$NSATTACH" "$@"
}

# wrong DESCRIPTION REGEX [ARG...]: own failure, on standard error alone, in two lines.
wrong() {
	local description=$1 regex=$2
	shift 2
	run attach "$@"
	is "$description: status" "$rc" 125
	is "$description: two lines" "$(wc -l <"$tmp/stderr")" 2
	like "$description: said" "$err" "$regex"
	is "$description: nothing printed" "$out" ''
}

test_help() {
	local word
	run attach --help
	is '--help: status' "$rc" 0
	is '--help: nothing else' "$err" ''
	ok '--help: one screen' test "$(wc -l <"$tmp/stdout")" -le 24
	is '--help: 80 columns' "$(grep -E '.{81}' "$tmp/stdout")" ''
	word=$out
	run attach -h
	is '-h: the same' "$out" "$word"
	run attach -t 1 --help
	is '--help: behind a target' "$out" "$word"
	run attach --help-all
	is '--help-all: status' "$rc" 0
	for word in --wdns --status-fd --user-parent --seccomp -e --no-fork; do
		like "--help-all: $word" "$out" "(^|[ ,])$word"
	done
	run attach --version
	like '--version' "$rc $out" '^0 nsattach [0-9]+\.[0-9]+'
	rc=0
	attach --help >/dev/full 2>/dev/null || rc=$?
	is '--help: a full disk is a failure' "$rc" 125
}

test_no_target() {
	wrong 'nothing' 'no target given.*nsattach docker:web'
	wrong '-a alone' 'no target given' -a
	wrong '-n alone' 'no target given' -n
	wrong 'a command alone' 'no target given' -- true
	wrong '-n netstat' \
		'-n: no target given, and "netstat" is none.nsattach: try: nsattach 4711 -n netstat$' \
		-n netstat
	wrong '-m -p sh' '^nsattach: -m -p: no target .*try: nsattach 4711 -m -p sh$' -m -p sh
	wrong '-a sh' '^nsattach: -a: no target .*try: nsattach 4711 -a sh$' -a sh
	run attach nosuch-container true
	is 'no such name: status' "$rc" 125
	like 'no such name: said' "$err" '^nsattach: nosuch-container: no process, '
	run attach "$no_pid" true
	is 'no such process: status' "$rc" 125
	is 'no such process: said' "$err" "nsattach: $no_pid: no such process"
	run attach net true
	like 'a type: said' "$rc $err" '^125 .*net: no such target; try: nstree -t net'
	run attach docker:nsutil-nosuch true
	like 'a container: said' "$rc $err" '^125 .*docker:nsutil-nosuch: no such container'
	run attach /nonexistent/ns true
	like 'no such file' "$rc $err" '^125 nsattach: /nonexistent/ns: no such file$'
	run attach -n4711 true
	like 'a process where a file goes' "$err" 'a process is given by -t: -t 4711$'
	run attach /dev/null true
	like 'no namespace file' \
		"$rc $err" '^125 nsattach: /dev/null: not a namespace file$'
	run attach -n=/dev/null true
	like 'no namespace file as FILE' \
		"$rc $err" '^125 nsattach: /dev/null: not a namesp'
	run attach -n=/proc/self/ns/uts true
	is 'FILE of another type: status' "$rc" 125
	like 'FILE of another type: said' "$err" 'of another type'
	run attach '' true
	like 'an empty word' "$rc $err" '^125 nsattach: "": no such target'
}

# WHAT IS SAID then the command line, word by word.
test_wrong_use() {
	local line words
	while IFS='|' read -r line words; do
		read -ra words <<<"$words"
		wrong "${words[*]}" "$line" "${words[@]}"
	done <<-'END'
		-t: needs an argument, TARGET|-t
		-W: needs an argument, DIR|-t 1 -W
		--wdns: needs an argument, DIR|-t 1 --wdns
		-S: needs an argument|-t 1 -S
		-G: needs an argument|-t 1 -G
		-N: needs an argument|-t 1 -N
		--status-fd: needs an argument|1 --status-fd
		--setenv: needs an argument|1 --setenv
		--bogus: no such option|--bogus
		-Q: no such option|1 -Q true
		--e: could be several options|1 --e
		--all=x: takes no argument|--all=x 1
		nsattach TARGET COMMAND: a terminal|--interactive web sh
		nsattach -S USER TARGET|--user-id 5 web sh
		nsattach -W DIR TARGET|--workdir=/ web pwd
		-t 2: a target was given already, 1|-t 1 -t 2 true
		-t 2: a target was given already, 1|1 -t 2 true
		--env=mine: not one of clean target host|--env=mine 1
		--seccomp=on: not one of copy none require|--seccomp=on 1
		--color=red: not one of auto always never|--color=red 1
		--confine=capz: not one of cgroup|--confine caps,capz 1
		--net-socket x: not a number|-t 1 -N x
		--net-socket -1: not a number|-t 1 -N -1
		--jobs 0: at least one|--each --jobs 0 1 -- true
		--jobs is for --each|--jobs 2 1 true
		--json is for --each and --explain|--json 1 true
		--target-dir is for --host-tools|--target-dir /mnt 1
		--status-fd 77: not open|--status-fd 77 1 true
		--status-fd x: not a number|--status-fd x 1 true
		--setenv =x: no name|--setenv =x 1
		exclude each other|--tty --no-tty 1
		exclude each other|-w -W / 1
		exclude each other|--proc --no-proc 1
		exclude each other|--no-sys --sys 1
		exclude each other|--resolv --no-resolv 1
		exclude each other|--explain --each 1
		exclude each other|-H -a 1
		exclude each other|-H -r 1
		exclude each other|--preserve-credentials -S 5 1
		exclude each other|--preserve-credentials -G 5 1
		--each runs several|--each -F 1 -- true
		--each: no command given|--each 1
		"u" would be a file, as in --mount=u|-mu 1 true
		give each letter its own dash|-muinp 1 true
		"t" would be a file|-mt 1 true
		"et" would be a file|-net 1 true
	END
	wrong '-S ""' 'no user given' -S '' 1
	wrong '-G ""' 'no group given' -G '' 1
	wrong '--setenv ""' 'no name' --setenv '' 1
}

# enters DESCRIPTION NAMESPACE TYPE ARG...: the command is in that one
enters() {
	local description=$1 expected=$2 type=$3
	shift 3
	run attach "$@" readlink "/proc/self/ns/$type"
	is "$description" "$rc $out" "0 $expected"
}

test_operands() {
	local p uts
	fixture sandbox muinpCUT || return 0
	p=$(fix '.tasks[0].proc_pid')
	uts=$(fix '.tasks[0].ns.uts')
	enters 'target, command' "$uts" uts "$p"
	enters 'target, --, command' "$uts" uts "$p" --
	enters '-t' "$uts" uts -t "$p"
	enters '-tTARGET' "$uts" uts "-t$p"
	enters '--target TARGET' "$uts" uts --target "$p"
	enters '--target=TARGET' "$uts" uts "--target=$p"
	enters '-t, --' "$uts" uts -t "$p" --
	enters 'options before the target' "$uts" uts -U -u "$p"
	enters 'options behind the target' "$uts" uts "$p" -U -u
	enters 'options around the target' "$uts" uts -U "$p" -u --
	enters 'options behind -t' "$uts" uts -t "$p" -U -u
	enters '-a' "$uts" uts -a -t "$p"
	enters '--all' "$uts" uts "$p" --all
	enters 'FILE: no operand is a target' "$uts" uts -U="/proc/$p/ns/user" \
		-u="/proc/$p/ns/uts"
	enters 'a target and FILE' "$uts" uts "$p" -U -u="/proc/$p/ns/uts"

	run attach "$p" printf '<%s>' -t -a --help -- -n
	is "the command's own options" "$rc $out" '0 <-t><-a><--help><--><-n>'
	run attach -t "$p" printf '<%s>' -t -a --help -- -n
	is "the command's own options behind -t" "$rc $out" '0 <-t><-a><--help><--><-n>'
	run attach "$p" -- -u
	is '-- ends the options: status' "$rc" 127
	like '-- ends the options: said' "$err" "^nsattach: $p: run -u: No such file"
	run attach -t "$p" "$p"
	is 'with -t the operand is the command: status' "$rc" 127
	like 'with -t the operand is the command: said' \
		"$err" "^nsattach: $p: run $p: No such"
	run attach -U="/proc/$p/ns/user" nosuchcommand
	is 'with FILE the operand is the command' "$rc" 127
	run attach -- "$p" true
	like 'behind -- is no target' "$rc $err" '^125 .*no target given'
	run attach -it "$p" -U readlink /proc/self/ns/ipc
	is '-it TARGET: enters ipc' "$rc $out" "0 $(fix '.tasks[0].ns.ipc')"
	like '-it TARGET: says so' "$err" "ipc user are $p's; .*; for all of it: nsattach $p$"
	fixture_close
}

# Of each type every form. The user namespace is needed where the fixture is rootless.
test_forms() {
	local p i letter long type ns dir file id more
	fixture sandbox muinpCUT || return 0
	p=$(fix '.tasks[0].proc_pid')
	dir=$tmp/forms
	mkdir "$dir"
	for i in "${!types[@]}"; do
		letter=${letters[i]} long=${longs[i]} type=${types[i]}
		ns=$(fix ".tasks[0].ns.$type")
		file=/proc/$p/ns/$type
		more=()
		[ "$type" = user ] || more=(-U)
		# Its tasks could reach a command with our files: not the question here.
		[ "$type" != pid ] || more+=(--force)
		enters "-$letter" "$ns" "$type" "${more[@]}" -t "$p" "-$letter"
		enters "--$long" "$ns" "$type" "${more[@]}" "$p" "--$long" --
		[ "$type" = user ] || more[0]=-U=/proc/$p/ns/user
		enters "-$letter=FILE" "$ns" "$type" "${more[@]}" "-$letter=$file"
		enters "-${letter}FILE" "$ns" "$type" "${more[@]}" "-$letter$file"
		enters "--$long=FILE" "$ns" "$type" "${more[@]}" "--$long=$file"
		# A name like the letters that a dash was forgotten for.
		ln -s "$file" "$dir/u"
		ln -s "$file" "$dir/t"
		cd "$dir" || return
		enters "--$long=NAME" "$ns" "$type" "${more[@]}" "--$long=u"
		enters "-$letter=NAME" "$ns" "$type" "${more[@]}" "-$letter=t"
		cd / || return
		rm "$dir/u" "$dir/t"
		id=$("$NSTREE" -l -n -r -o ID -t "$type" -p "$p" 2>/dev/null | tr -d ' ')
		if [[ $id =~ ^[0-9]+$ ]]; then
			enters "--$long=:ID" "$ns" "$type" "${more[@]}" "--$long=:$id"
			enters "-$letter:ID" "$ns" "$type" "${more[@]}" "-$letter:$id"
		else
			skip "--$long=:ID" 'this kernel has no ids of namespaces'
		fi
	done
	run attach -U -n=nosuchfile "$p" true
	like 'plain FILE that is not there' \
		"$rc $err" '^125 nsattach: .*nosuchfile: no such fi'
	fixture_close
}

# -W and --wdns take a word, -w and -r only what is joined to them, -e takes none.
test_arguments() {
	local p form
	FIX_WRAP=(env "MARK=of the target")
	fixture sandbox mU || return 0
	FIX_WRAP=()
	p=$(fix '.tasks[0].proc_pid')
	for form in '-W /tmp' -W/tmp -W=/tmp '--wdns /tmp' --wdns=/tmp \
		-w/tmp -w=/tmp --wd=/tmp; do
		# shellcheck disable=SC2086 # two words
		run attach "$p" $form pwd
		is "$form" "$rc $out" '0 /tmp'
	done
	run attach -W /tmp "$p" pwd
	is '-W DIR before the target' "$rc $out" '0 /tmp'
	for form in -w --wd; do
		run attach "$form" "$p" pwd
		is "$form" "$rc $out" "0 $(readlink "/proc/$p/cwd")"
	done
	run attach "$p" -W /nonexistent pwd
	is '-W where nothing is: status' "$rc" 125
	is '-W where nothing is: said' "$err" \
		"nsattach: $p: -W=/nonexistent: No such file or directory"
	run attach "$p" -w=/nonexistent pwd
	like '-w=DIR where nothing is' \
		"$rc $err" '^125 nsattach: -w=/nonexistent: No such file'
	run attach "$p" -r=/nonexistent pwd
	like '-r=DIR where nothing is' \
		"$rc $err" '^125 nsattach: -r=/nonexistent: No such file'
	for form in -e --env --env=target; do
		run attach "$form" "$p" sh -c 'printf %s "$MARK"'
		is "$form" "$rc $out" '0 of the target'
		run attach "$p" "$form" sh -c 'printf %s "$MARK"'
		is "TARGET $form" "$rc $out" '0 of the target'
	done
	MARK=mine run attach "$p" --env=host sh -c 'printf %s "$MARK"'
	is '--env=host' "$rc $out" '0 mine'
	MARK=mine run attach "$p" sh -c 'printf %s "${MARK-none}"'
	is 'clean by default' "$rc $out" '0 none'
	fixture_close
}

test_statuses() {
	local p fork
	fixture sandbox mU || return 0
	p=$(fix '.tasks[0].proc_pid')
	printf 'echo no interpreter named\n' >"$tmp/plain"
	printf '#!%s/nowhere\n' "$tmp" >"$tmp/orphan"
	mkdir "$tmp/host"
	cp "$tmp/plain" "$tmp/host/hosts-own"
	chmod 755 "$tmp" "$tmp/plain" "$tmp/orphan" "$tmp/host/hosts-own"
	for fork in --fork --no-fork; do
		local a=()
		[ "$fork" = --fork ] || a=(-F)
		run attach "${a[@]}" "$p" true
		is "$fork: 0" "$rc" 0
		run attach "${a[@]}" "$p" sh -c 'exit 7'
		is "$fork: 7" "$rc" 7
		run attach "${a[@]}" "$p" sh -c 'exit 125'
		is "$fork: 125 of the command, nothing said" "$rc $err" '125 '
		run attach "${a[@]}" "$p" sh -c 'kill -KILL $$'
		is "$fork: SIGKILL" "$rc" 137
		run attach "${a[@]}" "$p" sh -c 'kill -TERM $$'
		# timeout(1) is asked, and tells a death by its own signal as such.
		ok "$fork: SIGTERM" test "$rc" -eq 143
		run attach "${a[@]}" "$p" nosuchcommand
		is "$fork: not found" "$rc" 127
		like "$fork: not found, said" "$err" \
			"^nsattach: $p: run nosuchcommand: No such file or directory"
		unlike "$fork: not found, nor on the host" "$err" 'nsattach -H'
		PATH=$PATH:$tmp/host run attach "${a[@]}" "$p" hosts-own
		like "$fork: not found, the cure" "$rc $err" \
			"^127 .*not in the container; the host's: nsattach -H $p hosts-own$"
		run attach "${a[@]}" "$p" 'ls -l'
		like "$fork: a command line in quotes" "$rc $err" \
			"^127 .*this is one word; try: nsattach $p sh -c 'ls -l'\$"
		run attach "${a[@]}" "$p" /etc/passwd/x
		is "$fork: below a file" "$rc" 127
		run attach "${a[@]}" "$p" /etc/passwd
		is "$fork: cannot be executed" "$rc" 126
		like "$fork: cannot be executed, said" "$err" \
			"^nsattach: $p: run /etc/passwd: Permission denied$"
		run attach "${a[@]}" "$p" /
		is "$fork: a directory" "$rc" 126
		run attach "${a[@]}" "$p" "$tmp/plain"
		is "$fork: without #!" "$rc" 126
		like "$fork: without #!, said" "$err" \
			'Exec format error.nsattach: a script needs a first line "#!/bin/sh"'
		run attach "${a[@]}" "$p" "$tmp/orphan"
		is "$fork: without its interpreter" "$rc" 126
		like "$fork: without its interpreter, said" "$err" \
			"run $tmp/orphan: it is there, but not the interpreter"
	done
	mkdir "$tmp/empty"
	run attach "$p" "-r=$tmp/empty"
	is 'no shell: status' "$rc" 127
	is 'no shell: said' "$err" "nsattach: $p: run sh: No such file or directory
nsattach: the container has no shell; try: nsattach -H $p"
	run attach --explain "$p" "-r=$tmp/empty"
	like 'no shell: explained' "$out" 'no shell is there'
	fixture_close
}

test_status_fd() {
	local p file=$tmp/status
	fixture sandbox mU || return 0
	p=$(fix '.tasks[0].proc_pid')
	attach --status-fd 9 "$p" sh -c 'exit 7' 9>"$file"
	is '--status-fd: its status' $? 7
	like '--status-fd: exit' "$(<"$file")" $'^started [0-9]+\nexit 7$'
	attach --status-fd 9 "$p" sh -c 'kill -KILL $$' 9>"$file"
	like '--status-fd: signal' "$(<"$file")" $'^started [0-9]+\nsignal 9$'
	attach --status-fd 9 "$p" nosuchcommand 9>"$file" 2>/dev/null
	is '--status-fd: not found' "$(<"$file")" 'failed 127'
	attach --status-fd 9 "$p" -W /nonexistent true 9>"$file" 2>/dev/null
	is '--status-fd: own failure' "$(<"$file")" 'failed 125'
	attach -F --status-fd 9 "$p" /etc/passwd 9>"$file" 2>/dev/null
	is '--status-fd: with -F' "$(<"$file")" 'failed 126'
	# 0, 1 and 2 are let go of while the command runs.
	attach --status-fd 1 "$p" sh -c 'echo hi' >"$file"
	like '--status-fd 1' "$(<"$file")" $'(^|\n)exit 0$'
	attach --status-fd 9 "$p" sh -c 'ls -l /proc/self/fd' 9>"$file" >"$tmp/fds"
	unlike '--status-fd: not for the command' "$(<"$tmp/fds")" "$file"
	fixture_close
}

# Whatever it is called: no control character comes out.
test_hostile() {
	local p word control=$'[\x01-\x09\x0b-\x1f\x7f]'
	fixture sandbox mU || return 0
	p=$(fix '.tasks[0].proc_pid')
	for word in $'\e[31mred' $'two\nlines' $'\e]0;title\a' $'del\x7f' $'\xff\xfe'; do
		run attach "$word" true
		is "hostile target ${word@Q}: status" "$rc" 125
		unlike "hostile target ${word@Q}: escaped" "$err" "$control"
		run attach "$p" "$word"
		is "hostile command ${word@Q}: status" "$rc" 127
		unlike "hostile command ${word@Q}: escaped" "$err" "$control"
		like "hostile command ${word@Q}: in its line" \
			"$err" '^nsattach: [0-9]+: run .*No such'
		run attach --explain "$p" "$word"
		is "hostile command explained ${word@Q}: status" "$rc" 0
		unlike "hostile command explained ${word@Q}: escaped" "$out$err" "$control"
		run attach "--net=$word" true
		unlike "hostile FILE ${word@Q}: escaped" "$err" "$control"
	done
	wrong 'hostile option' 'no such option' $'--\e[2J'
	unlike 'hostile option: escaped' "$err" "$control"
	run attach "$p" --setenv $'A=\e[1m' sh -c 'printf %s "$A"'
	is 'what the command prints is its own' "$out" $'\e[1m'
	fixture_close
}

test_explain() {
	local p command longest
	fixture sandbox mU || return 0
	p=$(fix '.tasks[0].proc_pid')
	run attach --explain "$p" true
	is '--explain: yes' "$rc" 0
	like '--explain: heading' "$out" $'\nTYPE +NAMESPACE +ENTER .*WHY'
	like '--explain: a type that is entered' "$out" \
		$'\nmnt +mnt:\[[0-9]+\] +yes '
	like '--explain: a type that is ours' \
		"$out" $'\nnet +net:\[[0-9]+\] +same .*as yours'
	unlike '--explain: plain for a pipe' "$out" $'\e'
	run attach --explain --color=always "$p" true
	is '--explain --color: status' "$rc" 0
	COLUMNS=20 run attach --explain "$p" true
	like '--explain: a pipe is not cut' "$out" $'\nuser +user:\[[0-9]+\] +yes '
	run attach --explain self
	is '--explain self: yes' "$rc" 0
	like '--explain self: nothing' "$out" 'Would enter +nothing'
	run attach --explain "$no_pid"
	is '--explain of nothing is a failure' "$rc" 125
	if command -v script >/dev/null; then
		command="stty cols 40 rows 24 -opost
			exec ${NSATTACH@Q} --explain --color=never $p"
		timeout 20 script -qec "$command" "$tmp/typescript" </dev/null >"$tmp/screen"
		is '40 columns: status' $? 0
		ok '40 columns: something' grep -q '^mnt ' "$tmp/screen"
		longest=$(sed -n '/^TYPE/,/^time/p' "$tmp/screen" | tr -d '\r' | wc -L)
		ok "40 columns: the table fits ($longest)" test "$longest" -le 40
		ok '40 columns: identities are whole' \
			grep -qF "$(fix '.tasks[0].ns.mnt')" "$tmp/screen"
	else
		skip '40 columns' 'no script(1)'
	fi
	fixture_close
}

test_help
test_no_target
test_wrong_use
test_operands
test_forms
test_arguments
test_statuses
test_status_fd
test_hostile
test_explain
done_testing
