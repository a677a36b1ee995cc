# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Containers in the views, on an imaginary host: a directory like /proc, and one with what the
# engines left on disk.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all 'needs root: files of several users'

proc=$tmp/proc
root=$tmp/root
ticks=$(getconf CLK_TCK)
read -r up _ </proc/uptime
up=${up%.*}
hour=3600
day=86400

declare -A host=([mnt]=4026531841 [uts]=4026531838 [ipc]=4026531839 [net]=4026531840
	[pid]=4026531836 [cgroup]=4026531835 [user]=4026531837 [time]=4026531834)

id() {
	printf '%s%052d' "$1" 0
}

web=$(id 3f2a9c41d07e)
db=$(id 77f01c5e93bd)
exporter=$(id e4a8d20b6c17)
pause=$(id 1b6dc0f2e8aa)
cart=$(id 5b0e77c2a914)
envoy=$(id 9e21b7d3046f)
inner=$(id aaaabbbbcccc)
pod_name='cart-7f9c6d-x2x4z'
pod_uid=6b3c2f5e-0d1a-4c8e-9a77-2f1d3e4b5a60
pod_slice=kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${pod_uid//-/_}.slice

# process PID PPID COMM UID AGE CGROUP "NSpid..." "TYPE=INODE..." COMMAND...
process() {
	local pid=$1 ppid=$2 comm=$3 uid=$4 age=$5 cgroup=$6 pids=$7 own=$8 word type
	local -A ns=()
	shift 8
	for type in "${!host[@]}"; do
		ns[$type]=${host[$type]}
	done
	for word in $own; do
		ns[${word%=*}]=${word#*=}
	done
	mkdir -p "$proc/$pid/ns" "$proc/$pid/task/$pid"
	for type in "${!ns[@]}"; do
		ln -s "$type:[${ns[$type]}]" "$proc/$pid/ns/$type"
	done
	printf '%d (%s) S %d %d %d 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0\n' \
		"$pid" "$comm" "$ppid" "$pid" "$pid" $(((up - age) * ticks)) >"$proc/$pid/stat"
	printf 'Name:\t%s\nState:\tS (sleeping)\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\nUid:\t%d\t%d\t%d\t%d\nNSpid:\t%s\n' \
		"$comm" "$pid" "$pid" "$ppid" "$uid" "$uid" "$uid" "$uid" \
		"$pid${pids:+$'\t'}${pids// /$'\t'}" >"$proc/$pid/status"
	printf '0::%s\n' "$cgroup" >"$proc/$pid/cgroup"
	printf '%s\0' "$@" >"$proc/$pid/cmdline"
	chown "$uid" "$proc/$pid"
}

make_host() {
	process 1 0 systemd 0 $((61 * day)) /init.scope '' '' /sbin/init
	process 2 0 kthreadd 0 $((61 * day)) / '' '' kthreadd
	process 911 1 sshd 0 $((61 * day)) /system.slice/ssh.service '' '' sshd: /usr/sbin/sshd
	process 702 1 systemd-logind 0 $((61 * day)) /system.slice/systemd-logind.service '' \
		'mnt=4026532101 uts=4026532102' /lib/systemd/systemd-logind
	process 703 1 chronyd 0 $((61 * day)) /system.slice/chrony.service '' \
		'mnt=4026532103 uts=4026532104' /usr/sbin/chronyd
	process 1204 1 thumbd 0 $((61 * day)) /system.slice/thumbd.service '' \
		'mnt=4026532110 net=4026532111' /usr/sbin/thumbd --no-fork
	process 1205 1204 thumbd 0 $((61 * day)) /system.slice/thumbd.service '' \
		'mnt=4026532110 net=4026532111' thumbd: worker
	# What a session starts is not the unit.
	process 1300 911 sleep 0 $((9 * hour)) /system.slice/ssh.service '' 'net=4026532120' \
		sleep 1000
}

docker() {
	process "$1" 900 "$2" "$3" "$4" "/system.slice/docker-$5.scope" "$6" "$7" "${@:8}"
}

make_docker() {
	local own='mnt=4026532561 uts=4026532562 ipc=4026532563 net=4026532565 pid=4026532564 cgroup=4026532627' i
	process 900 1 dockerd 0 $((61 * day)) /system.slice/docker.service '' '' /usr/bin/dockerd
	docker 4711 nginx 0 $((3 * day)) "$web" 1 "$own" nginx: master process nginx
	for i in 30 31 32 33; do
		docker $((4703 + i)) nginx 0 $((3 * day)) "$web" "$i" "$own" nginx: worker process
	done
	docker 4802 postgres 999 $((3 * day)) "$db" 1 'mnt=4026532661 uts=4026532662
		ipc=4026532663 net=4026532665 pid=4026532640 cgroup=4026532664' postgres
	docker 5190 node_exporter 65534 $((61 * day)) "$exporter" '' 'mnt=4026532701
		uts=4026532702 ipc=4026532703 cgroup=4026532704' /bin/node_exporter
	# A container that docker:db says it has.
	process 4850 4802 sh 999 $((2 * day)) \
		"/system.slice/docker-$db.scope/docker/$inner" '40 1' 'mnt=4026532671
		uts=4026532662 ipc=4026532663 net=4026532665 pid=4026532672
		cgroup=4026532664' sh
	config "$web" /web nginx:1.25 '{"com.docker.compose.project":"shop"}'
	config "$db" /db postgres:16 '{}'
	config "$exporter" /node-exporter prom/node-exporter:v1.8 '{}'
	# The host's Docker knows it by another name than its claimant.
	config "$inner" /secret private:1 '{}'
}

config() {
	local dir=$root/var/lib/docker/containers/$1
	mkdir -p "$dir"
	printf '{"ID":"%s","Name":"%s","Config":{"Image":"%s","Labels":%s}}\n' "$@" \
		>"$dir/config.v2.json"
}

make_pod() {
	local shared='uts=4026532891 ipc=4026532892 net=4026532895'
	process 6200 1 containerd-shim 0 $((9 * hour)) /system.slice/containerd.service '' '' \
		/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id "$pause" -address /run/x
	process 6240 6200 pause 65535 $((9 * hour)) \
		"/$pod_slice/cri-containerd-$pause.scope" 1 \
		"mnt=4026532890 pid=4026532893 cgroup=4026532894 $shared" /pause
	process 6301 6200 java 10001 $((9 * hour)) "/$pod_slice/cri-containerd-$cart.scope" 1 \
		"mnt=4026532958 pid=4026532960 cgroup=4026532961 $shared" java -jar cart.jar
	process 6377 6200 envoy 101 $((5 * hour)) "/$pod_slice/cri-containerd-$envoy.scope" 1 \
		"mnt=4026533017 pid=4026533019 cgroup=4026533020 $shared" envoy
	bundle "$pause" sandbox '' registry.k8s.io/pause:3.9
	bundle "$cart" container cart shop/cart:2.4
	bundle "$envoy" container envoy envoyproxy/envoy:v1.29
}

bundle() {
	local dir=$root/run/containerd/io.containerd.runtime.v2.task/k8s.io/$1
	mkdir -p "$dir"
	jq -n --arg type "$2" --arg name "$3" --arg image "$4" --arg pause "$pause" \
		--arg uid "$pod_uid" --arg pod "$pod_name" '{annotations: {
			"io.kubernetes.cri.container-type": $type,
			"io.kubernetes.cri.container-name": $name,
			"io.kubernetes.cri.image-name": $image,
			"io.kubernetes.cri.sandbox-id": $pause,
			"io.kubernetes.cri.sandbox-name": $pod,
			"io.kubernetes.cri.sandbox-namespace": "shop",
			"io.kubernetes.cri.sandbox-uid": $uid}}' >"$dir/config.json"
}

make_lxc() {
	local own='uts=4026533129 ipc=4026533130 net=4026533131 pid=4026533127 cgroup=4026533132 user=4026533120' i
	process 7100 1 lxc-start 0 $((12 * day)) /lxc.monitor.build '' '' \
		'[lxc monitor] /var/lib/lxc build'
	process 7120 7100 systemd 100000 $((12 * day)) /lxc.payload.build/init.scope 1 \
		"mnt=4026533128 $own" /sbin/init
	for i in 1 2; do
		process $((7130 + i)) 7120 "service-$i" 100000 $((12 * day)) \
			"/lxc.payload.build/system.slice/s$i.service" "1$i" \
			"mnt=402653314$i $own" "/lib/service-$i"
	done
}

# A container with no namespace of its own, a Podman pod with its infra container, a pod whose
# pause process is gone, and a name that an enemy chose.
make_odd() {
	local one two three four five store=$root/var/lib/containers/storage/overlay-containers
	one=$(id 0c0c0c0c0c0c) two=$(id 111111111111) three=$(id 222222222222)
	four=$(id 333333333333) five=$(id 444444444444)
	docker 8000 plain 0 $((2 * day)) "$one" '' '' plain
	docker 8001 plain 0 $((2 * day)) "$one" '' '' plain
	config "$one" /plain plain:1 '{}'
	local pod shared='uts=4026533602 ipc=4026533603 net=4026533604'
	pod=$(id 5a5a5a5a5a5a)
	process 8100 1 catatonit 0 $((2 * day)) "/libpod_parent/$pod/libpod-$two" 1 \
		"mnt=4026533601 pid=4026533605 $shared" /catatonit -P
	process 8110 1 httpd 0 $((2 * day)) "/libpod_parent/$pod/libpod-$three" 1 \
		"mnt=4026533611 pid=4026533615 $shared" httpd
	mkdir -p "$store/$two/userdata" "$store/$three/userdata"
	jq -n --arg two "$two" --arg three "$three" --arg infra "${pod:0:12}-infra" '[
		{id: $two, names: [$infra]},
		{id: $three, names: ["front"], metadata: ({"image-name": "httpd:2"} | tostring)}
		]' >"$store/containers.json"
	jq -n --arg two "$two" '{hostname: "web", annotations: {
		"io.container.manager": "libpod",
		"io.kubernetes.cri-o.SandboxID": $two,
		"io.kubernetes.cri-o.ContainerType": "sandbox"}}' >"$store/$two/userdata/config.json"
	jq -n --arg two "$two" '{annotations: {
		"io.container.manager": "libpod",
		"io.kubernetes.cri-o.SandboxID": $two,
		"io.kubernetes.cri-o.ContainerType": "container"}}' >"$store/$three/userdata/config.json"
	local slice=kubepods.slice/kubepods-pod11111111_2222_3333_4444_555555555555.slice
	process 8200 6200 lone 0 $((2 * day)) "/$slice/cri-containerd-$four.scope" 1 \
		'mnt=4026533701 pid=4026533705 net=4026533704' lone
	pod_name=half pause=$(id 9999aaaa0000) pod_uid=11111111-2222-3333-4444-555555555555 \
		bundle "$four" container lone lone:1
	docker 8300 evil 0 $((2 * day)) "$five" 1 'mnt=4026533801 net=4026533804' evil
	config "$five" "/ev\\u001b[31mil\\nhost" 'evil\u001b]0;x\u0007' '{}'
}

# shown COLUMNS [COMMAND...]: the tree on a terminal of so many columns, without remarks.
shown() {
	local command
	printf -v command '%q ' "${@:2}" "$NSTREE" --proc "$proc" --root "$root"
	COLUMNS=$1 NO_COLOR=1 no_leaks timeout 20 \
		script -qec "$command 2>/dev/null" /dev/null </dev/null | tr -d '\r'
}

test_root() {
	local narrow wide
	read -r -d '' narrow <<-'END'
	NAME                              muinpCUT PID    PROCS AGE COMMAND
	host                              ........ 1          6 61d systemd
	|-docker:db                       muinpC.. 4802/1     1  3d postgres
	| `-docker:aaaabbbbcccc (claimed) m^^^p^^^ 4850/1     1  2d sh
	|-docker:node-exporter            mui..C.. 5190       1 61d node_exporter
	|-docker:web                      muinpC.. 4711/1     5  3d nginx
	|-lxc:build                       muinpCU. 7120/1     1 12d systemd
	| `-2 more, own m only            m^^^^^^^ -          2   - service-1, service-2
	|-pod:shop/cart-7f9c6d-x2x4z      muinpC.. 6240/1     1  9h pause
	| |-/cart                         m^^^pC^^ 6301/1     1  9h java
	| `-/envoy                        m^^^pC^^ 6377/1     1  5h envoy
	|-sleep                           ...n.... 1300       1  9h sleep
	|-unit:thumbd.service             m..n.... 1204       2 61d thumbd
	`-2 more, own m u only            mu...... -          2   - systemd-logind, c...
	END
	read -r -d '' wide <<-'END'
	NAME                                             muinpCUT PID    PROCS AGE USER   COMMAND
	host                                             ........ 1          6 61d root   /sbin/init
	├─docker:db (postgres:16)                        muinpC.. 4802/1     1  3d 999    postgres
	│ └─docker:aaaabbbbcccc (claimed)                m^^^p^^^ 4850/1     1  2d 999    sh
	├─docker:node-exporter (prom/node-exporter:v1.8) mui..C.. 5190       1 61d 65534  /bin/node_exporter
	├─docker:web (nginx:1.25)                        muinpC.. 4711/1     5  3d root   nginx: master process nginx
	├─lxc:build                                      muinpCU. 7120/1     1 12d 100000 /sbin/init
	│ └─2 more, own m only                           m^^^^^^^ -          2   - -      service-1, service-2
	├─pod:shop/cart-7f9c6d-x2x4z                     muinpC.. 6240/1     1  9h 65535  /pause
	│ ├─/cart (shop/cart:2.4)                        m^^^pC^^ 6301/1     1  9h 10001  java -jar cart.jar
	│ └─/envoy (envoyproxy/envoy:v1.29)              m^^^pC^^ 6377/1     1  5h 101    envoy
	├─sleep                                          ...n.... 1300       1  9h root   sleep 1000
	├─unit:thumbd.service                            m..n.... 1204       2 61d root   /usr/sbin/thumbd --no-fork
	└─2 more, own m u only                           mu...... -          2   - -      systemd-logind, chronyd
	END
	if command -v script >/dev/null; then
		is '80 columns' "$(shown 80)" "$narrow"
		is '120 columns' "$(LC_ALL=C.UTF-8 shown 120)" "$wide"
		unlike '60 columns: a claim stays one' "$(shown 60 | grep aaaabbbb)" '^[^(]*$'
	else
		skip 'on a terminal' 'no script(1)'
	fi
	# The field of letters has no room at the edge of a pipe, which cuts nothing.
	run nstree --proc "$proc" --root "$root" -a
	is 'a pipe, -a: status' "$rc" 0
	like '-a: images' "$out" 'docker:node-exporter \(prom/node-exporter:v1\.8\) mui'
	unlike '-a: nothing is counted' "$out" ' more, own'
	like '-a: a service is named by its unit' "$out" 'unit:chrony\.service +mu\.'
	like '-a: what lies in a container is below it' "$out" '\| `-service-2 +m\^'
}

# Names that are for root to read are ids to others; whatever the namespaces are.
test_user() {
	local want
	chmod 700 "$root/var/lib/docker" "$root/run/containerd" "$proc"/*/ns
	run as_user nstree --proc "$proc" --root "$root"
	is 'a user: status' "$rc" 0
	read -r -d '' want <<-'END'
	|-cri:1b6dc0f2e8aa ????p??? 6240/1 1 9h 65535 /pause
	|-cri:5b0e77c2a914 ????p??? 6301/1 1 9h 10001 java -jar cart.jar
	|-cri:9e21b7d3046f ????p??? 6377/1 1 5h 101 envoy
	|-docker:3f2a9c41d07e ????p??? 4711/1 5 3d root nginx: master process nginx
	|-docker:77f01c5e93bd ????p??? 4802/1 1 3d 999 postgres
	| `-docker:aaaabbbbcccc (claimed) ????p??? 4850/1 1 2d 999 sh
	|-docker:e4a8d20b6c17 ????.??? 5190 1 61d 65534 /bin/node_exporter
	|-lxc:build ????p??? 7120/1 3 12d 100000 /sbin/init
	END
	is 'a user: the containers' "$(grep -E '(cri|docker|lxc):' <<<"$out" | tr -s ' ')" "$want"
	like 'a user: the rest' "$out" '`-unread +\?\?\?\?\.\?\?\? +1 '
	chmod 755 "$root/var/lib/docker" "$root/run/containerd" "$proc"/*/ns
}

# cells COLUMN... of the row of a PID, from a list of net namespaces
cells() {
	local columns
	printf -v columns '%s,' "${@:2}"
	nstree --proc "$proc" --root "$root" -l -n -r -t pid -o "PID,${columns%,}" 2>/dev/null |
		awk -v pid="$1" '$1 == pid { $1 = ""; print substr($0, 2) }'
}

test_columns() {
	is 'columns of a container' "$(cells 4711 CONTAINER ENGINE NAME IMAGE PROJECT POD UNIT)" \
		"docker:web docker web nginx:1.25 shop - docker-$web.scope"
	is 'columns: the whole id' "$(cells 4711 CONTAINERID)" "$web"
	is 'columns of a pod' "$(cells 6377 CONTAINER POD IMAGE)" \
		'pod:shop/cart-7f9c6d-x2x4z/envoy pod:shop/cart-7f9c6d-x2x4z envoyproxy/envoy:v1.29'
	is 'columns of the host' "$(cells 1 CONTAINER ENGINE SLICE SESSION)" '- - - -'
	is 'columns: NAME of a claim is not what the host has' "$(cells 4850 CONTAINER NAME IMAGE)" \
		'docker:aaaabbbbcccc ? ?'
	run nstree --proc "$proc" --root "$root" -l -J -t pid -o PID,CONTAINER
	is 'columns: JSON' "$(jq -r '.namespaces[] | select(.pid == 4711) | .container' <<<"$out")" \
		docker:web
}

test_names() {
	run nstree --proc "$proc" --root "$root" -t pid
	like '-t pid: the host' "$out" 'pid:\[4026531836\] .* host(.|$)'
	like '-t pid: a container' "$out" 'pid:\[4026532564\] +5 4711/1 nginx +\? +docker:web(.|$)'
	like '-t pid: in a pod' "$out" '6377/1 envoy +\? +pod:shop/cart-7f9c6d-x2x4z/envoy(.|$)'
	like '-t pid: a pause process' "$out" '6240/1 pause +\? +pod:shop/cart-7f9c6d-x2x4z(.|$)'
	run nstree --proc "$proc" --root "$root" -t net
	like '-t net: a pod' "$out" 'net:\[4026532895\] +3 6240/1 pause +pod:shop/cart-7f9c6d-x2x4z(.|$)'
	like '-t net: with what is claimed in it' "$out" \
		'net:\[4026532665\] +2 4802/1 postgres +docker:db(.|$)'
	like '-t net: a unit' "$out" 'net:\[4026532111\] +2 1204 thumbd +unit:thumbd\.service(.|$)'
	like '-t net: what a unit started' "$out" 'net:\[4026532120\] +1 1300 sleep +-(.|$)'
	run nstree --proc "$proc" --root "$root" net:4026532565
	like 'the card of a namespace: whose' "$out" '^net:\[4026532565\]  of docker:web'
	like 'the card of a namespace: its members' "$out" 'processes +5, all of docker:web: nginx'
	run nstree --proc "$proc" --root "$root" net:4026532895
	like 'the card of a namespace: of a pod' "$out" \
		'of pod:shop/cart-7f9c6d-x2x4z.* 3, all of pod:shop/cart-7f9c6d-x2x4z: '
	run nstree --proc "$proc" --root "$root" 4733
	like 'the card of a process: where it is' "$out" 'in +docker:web'
}

test_cards() {
	local want
	run nstree --proc "$proc" --root "$root" docker:web
	is 'the card of a container: status' "$rc" 0
	like 'the card of a container: heading' "$out" \
		'^docker:web  3f2a9c41d07e  nginx:1\.25  compose shop  running 3d'
	like 'the card of a container: first process' "$out" \
		'first +nginx \(4711/1\), uid 0; 5 processes, 5 threads'
	like 'the card of a container: its root' "$out" "its root is  the host's root"
	read -r -d '' want <<-'END'
	TYPE NAMESPACE PROCS SHARED WITH
	mnt mnt:[4026532561] 5 -
	uts uts:[4026532562] 5 -
	ipc ipc:[4026532563] 5 -
	net net:[4026532565] 5 -
	pid pid:[4026532564] 5 -
	cgroup cgroup:[4026532627] 5 -
	user user:[4026531837] 22 the host and 6 more
	time time:[4026531834] 25 everything
	END
	is 'the card of a container: shared with' "$(sed '1,/^$/d' <<<"$out" | tr -s ' ')" "$want"
	run nstree --proc "$proc" --root "$root" docker:node-exporter
	like 'the card of a container: with the network of the host' "$out" \
		"network +the host's"
	run nstree --proc "$proc" --root "$root" pod:shop/cart-7f9c6d-x2x4z/envoy
	like 'the card of a container in a pod' "$out" \
		'^pod:shop/cart-7f9c6d-x2x4z/envoy  9e21b7d3046f  envoyproxy/envoy:v1\.29 .*running 5h'
	like 'the card of a container in a pod: shares' "$out" \
		'net:\[4026532895\] +3 pod:shop/cart-7f9c6d-x2x4z(.user|.pid)'
	run nstree --proc "$proc" --root "$root" pod:shop/cart-7f9c6d-x2x4z
	like 'the card of a pod' "$out" '^pod:shop/cart-7f9c6d-x2x4z .*first +pause \(6240/1\)'
	like 'the card of a pod: its containers' "$out" \
		'CONTAINER .*x2x4z/cart +6301/1 +1 +9h shop/cart:2\.4 +java.*x2x4z/envoy +6377/1 '
	run nstree --proc "$proc" --root "$root" docker:aaaabbbbcccc
	like 'the card of a claim' "$out" '^docker:aaaabbbbcccc \(claimed\) .*within +docker:db'
}

test_odd() {
	make_odd
	run nstree --proc "$proc" --root "$root"
	is 'odd ones: status' "$rc" 0
	like 'no namespace of its own: a line' "$out" 'docker:plain \(plain:1\) +\.{8} 8000 +2 '
	like 'no namespace of its own: not counted twice' "$out" 'host +\.{8} 1 +6 '
	like 'Podman: the pod' "$out" 'pod:web +muinp\.\.\. 8100/1 +1 '
	like 'Podman: the container in it' "$out" '\| `-/front \(httpd:2\) +m\^\^\^p\^\^\^ 8110/1'
	like 'a pod without pause' "$out" 'pod:shop/half +-{8} - +0 +- - +-'
	like 'a pod without pause: its container' "$out" '\| `-/lone \(lone:1\) +m\.\.np\.\.\. 8200/1'
	like 'a hostile name' "$out" 'docker:ev\\x1b\[31mil\\nhost \(evil\\x1b\]0;x\\x07\)'
	unlike 'nothing raw' "$out$err" $'\033'
	run nstree --proc "$proc" --root "$root" --dot
	is '--dot: every name once' "$(grep -oE '^ *(host|[a-z]+[0-9]+) \[label' <<<"$out" |
		sort | uniq -d)" ''
	if command -v dot >/dev/null; then
		is '--dot: Graphviz reads it' "$(dot -Tplain <<<"$out" 2>&1 >/dev/null)" ''
	fi
}

make_host
make_docker
make_pod
make_lxc
chmod 755 "$tmp"
test_root
test_user
test_columns
test_names
test_cards
test_odd
done_testing
