# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Facts of network namespaces, beside what ip(8) and ss(8) say inside.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# shellcheck source=nets.sh
. "$(dirname "$0")/nets.sh"

need_nets ss
hold_open

# cell PID COLUMN: what nstree -l says of it, sorted.
cell() {
	"$NSTREE" -l -t net -p "$1" -J -o "$2" 2>/dev/null |
		jq -r ".namespaces[0].${2,,} // \"-\"" | sort
}

addresses() {
	# Its JSON would not be valid: it escapes nothing.
	within "$1" ip -o address | awk '!/ scope host/ { print $4 }' | sort
}

test_addresses() {
	is 'links: as ip says' "$(cell "$box" LINKS)" \
		"$(within "$box" ip -j link | jq length)"
	is 'addresses: as ip says' "$(cell "$box" ADDRESSES)" "$(addresses "$box")"
	is 'addresses: of the bridge' "$(cell "$outer" ADDRESSES)" "$(addresses "$outer")"
	is 'routes: as ip says' "$(cell "$box" ROUTES)" \
		"$(within "$box" ip route show default | sed 's/ *$//')"
	is 'routes: none' "$(cell "$outer" ROUTES)" -
}

test_listens() {
	is 'listens: as ss says' "$(cell "$box" LISTENS)" \
		"$(within "$box" ss -Hltun | awk '{ print $1, $5 }' | sort)"
	is 'listens: none' "$(cell "$outer" LISTENS)" -
}

test_card() {
	run "$NSTREE" "net:$box_ns"
	is 'card: status' "$rc" 0
	like 'card: the far end' "$out" \
		"eth0 +up +1500  172.18.0.3/16, .*-> e.x1b\[1mx on br0, net:.$outer_ns. cat"
	like 'card: routes' "$out" 'routes +default via 172.18.0.1 dev eth0, '
	like 'card: whose the socket is' "$out" \
		"listens +tcp +0.0.0.0:80 +python3 \\($server\\) \\+1"$'\n'
	like 'card: both families' "$out" $'udp +\\*:53 +python3'
	like 'card: UNIX sockets are counted' "$out" 'and 1 of UNIX sockets: -a'
	unlike 'card: nothing raw' "$out" $'\e'
	run "$NSTREE" -a "net:$box_ns"
	like 'card: all' "$out" 'unix @net-test +python3'
	run "$NSTREE" "net:$outer_ns"
	like 'card: a bridge' "$out" \
		"x +up +1500 +.*on br0  -> eth0, net:\\[$box_ns\\] cat"
}

test_name() {
	# shellcheck disable=SC2016
	run unshare -m sh -c 'mount -t tmpfs none /run && mkdir /run/netns &&
		: >/run/netns/blue && mount --bind "/proc/$1/ns/net" /run/netns/blue &&
		"$2" -l -t net -p "$1" -n -o NETNAME' - "$box" "$NSTREE" 9>&-
	is 'name: in /run/netns' "$out" blue
	is 'name: none' "$(cell "$outer" NETNAME)" -
	is 'columns: - of others' "$("$NSTREE" -l -t uts -p "$box" -n -o \
		LINKS,ADDRESSES,ROUTES,LISTENS,NETNAME 2>/dev/null | tr -s ' ')" ' - - - - -'
}

# A user sees the own namespace without entering it, and of others that they are unread.
test_user() {
	# shellcheck disable=SC2016
	run within "$box" setpriv --reuid 65533 --clear-groups sh -c \
		'exec "$0" -l -t net -p $$ -n -o LINKS' "$NSTREE"
	is 'user: the own one' "$(tr -d ' ' <<<"$out")" 2
}

outer='' outer_ns='' box='' box_ns=''
namespace outer
namespace box
odd=$'e\e[1mx'
within "$outer" ip link add br0 type bridge
if ! within "$outer" ip link add "$odd" type veth peer name eth0 netns "$box" \
		2>/dev/null; then
	skip_all 'no veth pair can be made here'
fi
within "$outer" ip link set br0 up
within "$outer" ip address add 172.18.0.1/16 dev br0
within "$outer" ip link set "$odd" master br0 up
within "$box" sh -c 'ip link set lo up; ip link set eth0 up
	ip address add 172.18.0.3/16 dev eth0; ip address add fd00::3/64 dev eth0 nodad
	ip route add default via 172.18.0.1'
mkfifo "$tmp/server"
# No copy of the shell may stay and hold what everything here waits on.
(
	exec 9>&-
	exec nsenter -n -t "$box" python3 -c '
import os, socket, sys
tcp = socket.socket()
tcp.bind(("0.0.0.0", 80))
tcp.listen()
udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
udp.bind(("::", 53))
unix = socket.socket(socket.AF_UNIX)
unix.bind("\0net-test")
unix.listen()
if os.fork():
    print(os.getpid(), flush=True)
sys.stdout.close()
os.close(1)
sys.stdin.read()
' <"$hold" >"$tmp/server"
) &
read -r server <"$tmp/server"

test_addresses
test_listens
test_card
test_name
test_user
exec 9>&-
wait
done_testing
