# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nstree --net: five namespaces in a chain, beside what ip(8) says in each.
# shellcheck source-path=SCRIPTDIR disable=SC2119
. "$(dirname "$0")/lib.sh"
# shellcheck source=nets.sh
. "$(dirname "$0")/nets.sh"

need_nets
alone "$@"
hold_open

top=${abs_top_srcdir:-$(dirname "$0")/../..}
a='' b='' c='' d='' e='' a_ns='' b_ns='' c_ns='' d_ns='' e_ns=''

# here - a: a bridge's port. a - b: a pair. b - c: a port of b's bridge. d: a macvlan of c's.
# e: made of d's, moved there; a vlan where there are any.
build() {
	local odd=$'v\e[31m'
	for name in a b c d e; do
		namespace "$name"
	done
	ip link set lo up
	ip link add br0 type bridge
	ip address add 10.9.0.1/24 dev br0
	ip link set br0 up
	ip link add "$odd" type veth peer name eth0 netns "$a" 2>/dev/null ||
		skip_all 'no veth pair can be made here'
	ip link set "$odd" master br0 up
	ip route add default via 10.9.0.2
	within "$a" sh -c "ip address add 10.9.0.2/24 dev eth0; ip link set eth0 up
		ip link add ab type veth peer name ba netns $b
		ip address add 10.8.0.1/30 dev ab; ip link set ab up mtu 1400"
	within "$b" sh -c "ip address add 10.8.0.2/30 dev ba; ip link set ba up mtu 1400
		ip link add br1 type bridge; ip link set br1 up
		ip link add bc type veth peer name cb netns $c; ip link set bc master br1 up"
	within "$c" ip link set cb up
	has_macvlan=$(within "$c" sh -c "ip link add mv0 link cb type macvlan mode bridge &&
		ip link set mv0 netns $d && echo yes" 2>/dev/null)
	[ -n "$has_macvlan" ] || return
	within "$d" sh -c 'ip address add 10.7.0.4/24 dev mv0; ip link set mv0 up'
	upper=vlan
	within "$d" ip link add link mv0 name up5 type vlan id 5 2>/dev/null ||
		{ upper=macvlan; within "$d" ip link add link mv0 name up5 type macvlan; }
	within "$d" ip link set up5 netns "$e"
	within "$e" sh -c 'ip address add fd00::5/64 dev up5 nodad; ip link set up5 up'
}

# said: the lines, one blank between words, processes as their names.
said() {
	"$NSTREE" --net "$@" 2>"$tmp/err" |
		sed -e "s/cat ($a)/A/; s/cat ($b)/B/; s/cat ($c)/C/; s/cat ($d)/D/; s/cat ($e)/E/" \
			-e 's/  */ /g; s/ \([0-9]\{4\}\) [0-9.]*[KM]* [0-9.]*[KM]* / \1 /'
}

# facts: what ip says of links, in the form of both.
ip_facts() {
	within "$1" ip -d -j link | jq -Sc '[.[] | {index: .ifindex, name: .ifname, mtu: .mtu,
		kind: (.linkinfo.info_kind // "none"), state: (.operstate | ascii_downcase),
		up: (.flags | index("UP") != null), carrier: (.flags | index("LOWER_UP") != null),
		mac: (if .link_type == "ether" then .address else "00:00:00:00:00:00" end),
		nsid: (.link_netnsid // "none"), tag: (.linkinfo.info_data.id // "none"),
		mode: (if .linkinfo.info_kind == "macvlan" then .linkinfo.info_data.mode else "none" end)
		}] | sort_by(.index)'
}

our_facts() {
	jq -Sc --argjson ns "$1" '[.networks[] | select(.namespace == $ns).links[] |
		{index, name, mtu, kind, state, up, carrier, mac, nsid: .peer_nsid, tag, mode}]' \
		<<<"$json"
}

# far NAMESPACE LINK: where it leads, "INODE NAME".
far() {
	jq -r --argjson ns "$1" --arg name "$2" '.networks[] | select(.namespace == $ns).links[] |
		select(.name == $name).far | if type == "object" then "\(.namespace) \(.name)" else . end' \
		<<<"$json"
}

test_facts() {
	local name
	run "$NSTREE" --net --json
	is 'json: status' "$rc" 0
	json=$out
	for name in a b c d e; do
		local inode=${name}_ns
		is "links of $name: as ip says" "$(our_facts "${!inode}")" "$(ip_facts "${!name}")"
		is "addresses of $name: as ip says" "$(jq -r --argjson ns "${!inode}" '.networks[] |
			select(.namespace == $ns).addresses[].address' <<<"$json" | sort)" \
			"$(within "${!name}" ip -j address | jq -r \
			'.[].addr_info[] | "\(.local)/\(.prefixlen)"' | sort)"
	done
}

test_ends() {
	is 'far: of a' "$(far "$a_ns" ab)" "$b_ns ba"
	is 'far: of b' "$(far "$b_ns" ba)" "$a_ns ab"
	is 'far: of a port' "$(far "$b_ns" bc)" "$c_ns cb"
	is 'far: lo leads nowhere' "$(far "$a_ns" lo)" none
	[ -n "$has_macvlan" ] || { skip 'far: lower devices' 'no macvlan here'; return; }
	is 'far: a macvlan elsewhere' "$(far "$d_ns" mv0)" "$c_ns cb"
	if [ $upper = vlan ]; then
		is 'far: a vlan that was moved' "$(far "$e_ns" up5)" "$d_ns mv0"
	else
		is 'far: a macvlan that was moved' "$(far "$e_ns" up5)" "$c_ns cb"
	fi
}

test_lines() {
	local lines
	lines=$(said)
	like 'lines: a bridge of this one' "$lines" '[|]?`?-br0 bridge up 1500 10.9.0.1/24 here'
	like 'lines: its port leads to a, nothing raw' "$lines" \
		'`-v.x1b\[31m -> eth0 veth up 1500 10.9.0.2/24 A'
	like 'lines: both addresses, one line a pair' "$lines" \
		'ab -> ba veth up 1400 10.8.0.1/30 -> 10.8.0.2/30 B'
	unlike 'lines: not a second time' "$lines" 'ba -> ab|eth0 -> v|cb -> bc'
	like 'lines: a port of another' "$lines" '`-bc -> cb veth up 1500 - C'
	[ -z "$has_macvlan" ] ||
		like 'lines: what is made of it hangs from it' "$lines" \
			'-mv0 macvlan bridge up 1500 10.7.0.4/24 D'
	is 'lines: no remark' "$(<"$tmp/err")" ''
}

test_words() {
	run "$NSTREE" --net 10.9.0.2
	is 'address: status' "$rc" 0
	like 'address: who has it' "$out" "eth0 .*10.9.0.2/24 +cat \\($a\\)"
	unlike 'address: nobody else' "$out" 'ab|bc'
	like 'subnet' "$(said 10.8.0.0/24)" 'ab -> ba'
	like 'link: by the far end too' "$(said cb)" 'bc -> cb'
	like 'link: with its ports' "$(said br1)" 'br1.*bc -> cb'
	like 'target: by pid' "$(said "$b")" 'ab -> ba.*br1.*bc -> cb'
	unlike 'target: not others' "$(said "$b")" 'br0'
	like 'target: net:INODE' "$(said "net:$a_ns")" 'br0.*eth0.*ab -> ba'
	run "$NSTREE" --net 10.9.0.77
	is 'nobody has it: status' "$rc" 4
	is 'nobody has it: nothing' "$out" ''
	like 'nobody has it: the way there' "$err" '10.9.0.77: no link has .* 10.9.0.0/24 dev br0'
	like 'nobody has it: by default' "$("$NSTREE" --net 10.66.0.1 2>&1)" \
		'10.66.0.1: .* default via 10.9.0.2 dev br0'
	run "$NSTREE" --net fd66::1
	like 'nobody has it: no way' "$err" 'no route of here leads there'
	run "$NSTREE" --net wbe
	is 'no such link: status' "$rc" 4
	like 'no such link' "$err" 'nstree: wbe: no link has this name, and no target'
	run "$NSTREE" --net net:1
	is 'no such namespace: status' "$rc" 1
	run "$NSTREE" --net --json 10.9.0.2
	is 'json of words' "$(jq -c '[.networks[].namespace] | sort' <<<"$out")" \
		"$(jq -nc "[$a_ns, $(readlink /proc/self/ns/net | tr -dc 0-9)] | sort")"
}

test_states() {
	within "$b" ip link set ba down
	like 'state: of both ends' "$(said ab)" 'ab -> ba veth up/down'
	within "$a" ip link set ab down
	like 'state: down' "$(said ab)" 'ab -> ba veth down'
	within "$b" ip link set ba up
	within "$a" ip link set ab up
}

# The kernel numbers links anew in each namespace: the same number everywhere.
test_gone() {
	within "$a" ip link add lost type veth peer name gone netns "$b"
	within "$b" ip link set gone up
	like 'a new wire' "$(said lost)" 'lost -> gone'
	within "$a" ip link delete lost
	run "$NSTREE" --net gone
	is 'a wire that is gone: status' "$rc" 4
}

test_forms() {
	local graph
	graph=$("$NSTREE" --net --dot 2>/dev/null)
	like 'dot: the bridge to a, by its port' "$graph" \
		"link_[0-9]*_[0-9]* -> link_${a_ns}_[0-9]* .label=.v..x1b.31m"
	if command -v dot >/dev/null; then
		is 'dot: Graphviz takes it' "$(dot -Tplain <<<"$graph" 2>&1 >/dev/null)" ''
	else
		skip 'dot: Graphviz takes it' 'no dot(1)'
	fi
	run "$NSTREE" --net
	unlike 'nothing raw' "$out" $'\e'
	is 'all: lo too' "$("$NSTREE" --net -a | grep -c ' lo ')" \
		"$("$NSTREE" --net --json | jq '[.networks[].links[] | select(.name == "lo")] | length')"
	if command -v script >/dev/null; then
		script -qec "stty cols 80 rows 24 -opost; LC_ALL=C.UTF-8 TERM=xterm $NSTREE --net" \
			"$tmp/typescript" </dev/null >"$tmp/screen" 2>&1
		ok 'no wider than the terminal' test "$(LC_ALL=C.UTF-8 wc -L <"$tmp/screen")" -le 80
		like 'the far end has room' "$(<"$tmp/screen")" '10.8.0.1/30 -> 10.8.0.2/30 '
	else
		skip 'no wider than the terminal' 'no script(1)'
	fi
	/usr/bin/python3 -c 'import jsonschema' 2>/dev/null ||
		{ skip 'json: by its schema' 'no python3-jsonschema'; return; }
	is 'json: by its schema' "$(/usr/bin/python3 -W ignore -c '
import json, sys, jsonschema
for e in jsonschema.Draft7Validator(json.load(open(sys.argv[1]))).iter_errors(
        json.load(sys.stdin)):
    print("/".join(map(str, e.absolute_path)), e.message[:200])' \
		"$top/tools/nstree.schema.json" <<<"$json")" ''
}

test_user() {
	run setpriv --reuid 65533 --clear-groups "$NSTREE" --net
	like 'user: what was refused' "$err" 'could not be read in full'
	like 'user: the own one' "$out" 'br0'
	run setpriv --reuid 65533 --clear-groups "$NSTREE" --net --strict
	is 'user: strict' "$rc" 3
}

test_wrong() {
	local words
	for words in '--net --listening' '--net -l' '--net --orphans' '--net --port 1' \
		'--net -o NS' '--net -t net'; do
		# shellcheck disable=SC2086
		run "$NSTREE" $words
		is "wrong use: $words" "$rc" 2
	done
}

has_macvlan='' upper=''
build
# The kernel tells the state of a bridge some moments after that of its port.
for _ in {1..1000}; do
	[ "$(within "$b" ip -j link show br1 | jq -r '.[0].operstate')" != UP ] || break
done
test_facts
test_ends
test_lines
test_words
test_states
test_gone
test_forms
test_user
test_wrong
exec 9>&-
wait
done_testing
