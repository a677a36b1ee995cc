# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nstree --listening and --port: who listens, beside what ss(8) says in each namespace.
# shellcheck source-path=SCRIPTDIR disable=SC2119
. "$(dirname "$0")/lib.sh"
# shellcheck source=nets.sh
. "$(dirname "$0")/nets.sh"

need_nets ss
alone "$@"
hold_open

# shellcheck disable=SC2034 # b_ns, indirectly
a='' b='' a_ns='' b_ns=''
web='' dns='' held='' proxy='' liar='' user='' rootless=''

build() {
	namespace a
	namespace b
	ip link set lo up
	ip link add br0 type bridge
	ip address add 10.9.0.1/24 dev br0
	ip link set br0 up
	ip link add veth-a type veth peer name eth0 netns "$a" 2>/dev/null ||
		skip_all 'no veth pair can be made here'
	ip link set veth-a master br0 up
	within "$a" sh -c 'ip link set lo up; ip link set eth0 up
		ip address add 10.9.0.2/24 dev eth0'
	within "$b" ip link set lo up
	# Forked, so that two have it.
	serve web "$a" "${PY_LISTEN/print(os.getpid()/if os.fork() == 0: os.close(1), sys.stdin.read(), sys.exit()
print(os.getpid()}" 'tcp 0.0.0.0 80,udp :: 53,tcp ::1 8080'
	serve dns "$b" "$PY_LISTEN" 'udp 127.0.0.1 53,unix @listening.test,bound 127.0.0.1 7777'
}

# A listener in a namespace that no task is in: whoever has the descriptor.
build_held() {
	serve held 0 '
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
before = os.open("/proc/self/ns/net", os.O_RDONLY)
if libc.unshare(0x40000000):
    sys.exit(1)
s = socket.socket()
s.bind(("0.0.0.0", 4242))
s.listen()
there = os.open("/proc/self/ns/net", os.O_RDONLY)
inode = os.fstat(there).st_ino
libc.setns(before, 0)
print(os.getpid(), inode, flush=True)
os.close(1)
sys.stdin.read()
'
	held_ns=${held#* }
	held=${held% *}
}

# What docker-proxy looks like: the name of the file that was executed, and its words.
build_proxies() {
	local words=(-proto tcp -host-ip 0.0.0.0 -host-port 8443 -container-ip 10.9.0.2
		-container-port 80)
	local python
	python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')
	cp "$python" "$tmp/docker-proxy"
	mkdir "$tmp/link" && ln -s "$python" "$tmp/link/docker-proxy"
	PYTHON=$tmp/docker-proxy serve proxy 0 "$PY_LISTEN" 'tcp 0.0.0.0 8443,tcp :: 9443' \
		"${words[@]}"
	PYTHON=$tmp/docker-proxy serve user 0 "${PY_LISTEN/kept =/os.setuid(65533); kept =}" 'tcp 0.0.0.0 8445' "${words[@]/8443/8445}"
	PYTHON=$tmp/docker-proxy serve rootless 0 "import ctypes
ctypes.CDLL(None).unshare(0x10000000)$PY_LISTEN" 'tcp 0.0.0.0 8446' "${words[@]/8443/8446}"
	# As a user has it with a setuid program: the name, and another program.
	PYTHON=$tmp/link/docker-proxy serve named 0 "$PY_LISTEN" 'tcp 0.0.0.0 8447' "${words[@]/8443/8447}"
	PYTHON=$tmp/docker-proxy serve liar "$b" "$PY_LISTEN" 'tcp 0.0.0.0 8444' "${words[@]}"
}

# lines [ARG...]: PROTO LOCAL WHERE PID, those of one process; places by their letters.
lines() {
	"$NSTREE" -n "$@" 2>"$tmp/err" | sed -e "s/  *[^ ]*python3* .*//; s/cat ($a)/A/; s/cat ($b)/B/; s/  */ /g; s/ $//"
}

test_lines() {
	local all
	all=$(lines --listening)
	like 'a line a socket, +1 for another who has it' "$all" \
		"tcp 0.0.0.0:80 A $web \\+1 root"
	like 'udp, both families' "$all" "udp \\*:53 A $web"
	like 'one address' "$all" "tcp \\[::1\\]:8080 A $web"
	like 'elsewhere' "$all" "udp 127.0.0.1:53 B $dns root"
	unlike 'no UNIX sockets' "$(cut -d' ' -f1 <<<"$all")" unix
	unlike 'none that only is bound' "$(cut -d' ' -f2 <<<"$all")" 7777
	like 'a namespace without tasks' "$all" \
		"tcp 0.0.0.0:4242 net:.$held_ns., no process $held root"
	is 'by port' "$(cut -d' ' -f2 <<<"$all" | sed 's/.*://' | sort -nc 2>&1)" ''
	like 'UNIX sockets' "$(lines --listening --unix)" "unix @listening.test B $dns"
	is 'UNIX sockets: all' "$(lines --listening -a)" "$(lines --listening --unix)"
}

# test_truth NAME
test_truth() {
	local inode=${1}_ns
	is "as ss says of $1" "$("$NSTREE" --listening --json 2>/dev/null |
		jq -r --argjson ns "${!inode}" '.sockets[] | select(.namespace == $ns) |
			"\(.protocol) \(.local)"' | sort)" "$(ss_of "${!1}")"
}

test_words() {
	is 'of a process' "$(lines --listening "$dns")" "$(lines --listening | grep " $dns ")"
	like 'of a namespace' "$(lines --listening "net:$a_ns")" '0.0.0.0:80 A'
	unlike 'of a namespace: no other' "$(lines --listening "net:$a_ns")" ' B '
	run "$NSTREE" --listening "$a"
	is 'of one that has none: status' "$rc" 4
	like 'of one that has none' "$err" "nstree: $a: no socket of it listens"
	run "$NSTREE" --listening nobody-has-this-name
	is 'nothing of that name: status' "$rc" 1
}

test_proxy() {
	local all
	all=$(lines --listening)
	like 'docker-proxy: for whom' "$all" "tcp 0.0.0.0:8443 here, for A:80 $proxy "
	like 'docker-proxy: not another port' "$all" "tcp \\*:9443 here $proxy "
	like 'docker-proxy: not to be forged' "$all" "tcp 0.0.0.0:8444 B $liar "
	like "docker-proxy: not a user's" "$all" "tcp 0.0.0.0:8445 here $user "
	like 'docker-proxy: not in a user namespace' "$all" "tcp 0.0.0.0:8446 here $rootless "
	# shellcheck disable=SC2154 # serve sets it
	like 'docker-proxy: not of another program' "$all" "tcp 0.0.0.0:8447 here $named "
	is 'docker-proxy: JSON' "$("$NSTREE" --port 8443 --json 2>/dev/null |
		jq -c '.sockets[] | [.for, .processes]')" "[\"cat ($a):80\",[$proxy]]"
}

test_port() {
	is 'port: all who listen' "$(lines --port 53 | cut -d' ' -f1-4)" \
		"udp *:53 A $web"$'\n'"udp 127.0.0.1:53 B $dns"
	run "$NSTREE" --port 53
	is 'port: status' "$rc" 0
	run "$NSTREE" --port 53/tcp
	is 'port: of another protocol' "$rc" 4
	run "$NSTREE" --port 9999
	is 'port: nobody: status' "$rc" 4
	is 'port: nobody: nothing' "$out" ''
	like 'port: nobody' "$err" \
		'nstree: nobody uses port 9999 \([0-9]+ network namespaces read, none refused\)'
	like 'port: only bound' "$(lines --port 7777)" "tcp 127.0.0.1:7777 - bound B $dns"
	is 'port: of a target' "$(lines --port 53 "$dns")" "$(lines --port 53 | grep B)"
	run "$NSTREE" --port 80 --json
	is 'port: JSON' "$(jq -c '[.question.about, .sockets[0].namespace]' <<<"$out")" \
		"[\"80\",$a_ns]"
}

test_connection() {
	local client
	serve client "$a" '
import os, socket, sys
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
client = socket.create_connection(server.getsockname())
print(os.getpid(), client.getsockname()[1], flush=True)
os.close(1)
sys.stdin.read()
'
	like 'port: a connection' "$(lines --port "${client#* }")" \
		"tcp 127.0.0.1:${client#* } 127.0.0.1:[0-9]+ established A ${client% *} "
}

test_sctp() {
	local sctp
	if ! python3 -c 'import socket; socket.socket(2, 1, 132)' 2>/dev/null; then
		skip 'sctp' 'this kernel has no SCTP'
		return
	fi
	serve sctp "$a" "$PY_LISTEN" 'sctp 127.0.0.1 3868'
	like 'sctp' "$(lines --port 3868/sctp)" "sctp 127.0.0.1:3868 A $sctp"
}

test_wrong() {
	local words
	for words in '--port 0' '--port 65536' '--port web' '--port 80/icmp' '--port 80 --net' \
		'--listening --dot' '--listening -l'; do
		# shellcheck disable=SC2086
		run "$NSTREE" $words
		is "wrong use: $words" "$rc" 2
	done
}

test_terminal() {
	command -v script >/dev/null || { skip 'terminal' 'no script(1)'; return; }
	script -qec "stty cols 80 rows 24 -opost; LC_ALL=C.UTF-8 TERM=xterm $NSTREE --listening" \
		"$tmp/typescript" </dev/null >"$tmp/screen" 2>&1
	ok 'no wider than the terminal' test "$(LC_ALL=C.UTF-8 wc -L <"$tmp/screen")" -le 80
	like 'a short name has room' "$(<"$tmp/screen")" "PID +USER +COMMAND"
}

test_user() {
	run setpriv --reuid 65533 --clear-groups "$NSTREE" --port 8443
	is 'user: it is seen' "$rc" 0
	like 'user: whose is unknown' "$out" 'tcp +0.0.0.0:8443 +here +\? +root +\?'
}

build
build_held
build_proxies
test_lines
test_truth a
test_truth b
test_words
test_proxy
test_port
test_connection
test_sctp
test_wrong
test_terminal
test_user
exec 9>&-
wait
done_testing
