# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Containers, pods and units by their names, for every tool: what is meant, and what is said
# where nothing or several things are.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2154
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-containers.sh"
own_engines "$@"

# enters WHAT PID ARG...: nsattach goes where that process is.
enters() {
	local what=$1 pid=$2
	shift 2
	run nsattach "$@" readlink /proc/self/ns/mnt
	is "$what" "$rc $out$err" "0 $(readlink "/proc/$pid/ns/mnt")"
}

# says WHAT STATUS TEXT COMMAND...: no output, this on standard error.
says() {
	local what=$1 status=$2 text=$3
	shift 3
	run "$@"
	is "$what: status" "$rc" "$status"
	is "$what" "$out$err" "$text"
}

test_enter() {
	enters 'by engine and name' "$web" docker:web
	enters 'by name' "$db" db
	enters 'by id' "$web" "docker:$web_id"
	enters 'by digits of the id' "$web" "${web_id::12}"
	enters 'with -t' "$web" -t docker:web
	enters 'of another engine' "$build" lxc:build
	enters 'of a unit' "$unit" unit:thing
	enters 'the process 1 in it' "$web" 1@docker:web
	enters 'of a pod' "${cart[envoy]}" pod:shop/cart/envoy
	enters 'of a pod by the name in it' "${cart[envoy]}" envoy
	run nsattach db -- sh -c 'exit 3'
	is 'the status of the command' "$rc" 3
	says 'the command is not there' 127 \
		'nsattach: docker:db: run nosuch: No such file or directory' nsattach db nosuch
	run nsattach -it db true
	is '-it: what that is' "$rc $err" "0 nsattach: ipc is docker:db's; files, processes and all else are the host's; for all of it: nsattach docker:db"
}

test_pods() {
	enters 'a pod of one container' "${lone[one]}" pod:shop/lone
	says 'a pod of several' 125 'nsattach: pod:shop/cart: 2 containers are in it, each with files of its own
  pod:shop/cart/cart
  pod:shop/cart/envoy
nsattach: try: nsattach pod:shop/cart/cart; what they share: nsattach -n pod:shop/cart' \
		nsattach pod:shop/cart true
	run nsattach -n pod:shop/cart -- readlink /proc/self/ns/net
	is 'a pod of several: its network' "$rc $out$err" "0 $(readlink "/proc/$pause/ns/net")"
	run nsattach -p -n pod:shop/cart -- true
	is 'a pod of several: what they do not share' "$rc" 125
	run nsattach --explain -n pod:shop/cart
	like 'a pod: explained' "$out" "^pod:shop/cart  by process ${cart[cart]} sleep"
	container_end "$pause"
	run nsattach -n pod:shop/cart -- readlink /proc/self/ns/net
	is 'without its pause process' "$rc $out$err" \
		"0 $(readlink "/proc/${cart[cart]}/ns/net")"
}

test_explain() {
	run nsattach --explain db
	like 'explained: its name, id, image' "$out" \
		"^docker:db  ${db_id::12}  postgres:16  first process $db sleep"
	run nsattach --explain --json db
	is 'explained: JSON' "$(jq -c '[.target, .container.word, .container.engine,
		.container.id, .container.image, .container.pod, .pid]' <<<"$out")" \
		"[\"docker:db\",\"docker:db\",\"docker\",\"$db_id\",\"postgres:16\",false,$db]"
	run nsattach --explain --json "$db"
	is 'explained: JSON of a process' "$(jq -c .container <<<"$out")" null
}

test_absent() {
	says 'a name of nobody' 1 'nstree: dbb: no process, container, unit, pin or network namespace of that name
nstree: did you mean docker:db?' nstree dbb
	says 'with an engine' 125 'nsattach: docker:bd: no such container
nsattach: did you mean docker:db?' nsattach docker:bd
	says 'nothing like it' 125 'nsattach: docker:nosuch: no such container
nsattach: try: nstree --containers, which lists those that run' nsattach docker:nosuch
	says 'of another engine' 1 'nspin: podman:db: no such container
nspin: did you mean docker:db?' nspin add x podman:db
	says 'a pod' 1 'nstree: pod:shop/crat: no such pod, or container in one
nstree: did you mean pod:shop/cart?' nstree pod:shop/crat
	says 'too few digits' 1 "nstree: docker:${db_id::2}: no such container
nstree: of an id 4 digits or more are wanted
nstree: did you mean docker:db?" nstree "docker:${db_id::2}"
	run nstree dokcer:db
	like 'no such engine' "$err" 'nstree: did you mean docker:db\?$'
	says 'a command in place of a target' 125 'nsattach: -n: no target given, and "bd" is none
nsattach: try: nsattach 4711 -n bd' nsattach -n bd
}

test_many() {
	local net
	says 'several' 1 'nstree: web: 3 targets match
  docker:web        running Ns  nginx:1.25
  lxc:web           running Ns  sleep
  unit:web.service  running Ns  sleep' bash -c '"$1" web 2>&1 | sed "s/[0-9]*s  /Ns  /"; exit 1' - "$NSTREE"
	run nsattach web true
	is 'several: nsattach' "$rc" 125
	run nspin add x web
	is 'several: nspin' "$rc" 1
	run nsattach -n shared readlink /proc/self/ns/net
	net=$(readlink "/proc/$shared/ns/net")
	is 'several, where it does not matter which' "$rc $out$err" "0 $net"
	run nsattach -n web -- true
	is 'several, whose network differs' "$rc" 125
	run nsattach shared true
	is 'several, where it does matter' "$rc" 125
	says 'a selection where one is meant' 125 'nsattach: docker: means all that begin so, and just one is wanted here
nsattach: try: nsattach --each docker: COMMAND' nsattach docker: true
	run nstree docker:
	is 'a selection: cards' "$rc $(grep -o '^docker:[a-z]*' <<<"$out" | paste -sd ' ')" \
		'0 docker:db docker:shared docker:web'
	says 'a selection of none' 1 'nstree: podman: nothing runs whose name begins so' \
		nstree podman:
	says 'an image of none' 1 'nstree: image:none: no container of this image runs' \
		nstree image:none
	run nstree --uid 0 docker:
	is 'a selection: asked of each' "$rc $(grep -c '^docker:' <<<"$out")" '0 3'
}

# each WORD... -- WANT...: in all of these, and each is said to be what it is.
each() {
	local words=() pid want=
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	run nsattach --each "${words[@]}" -- readlink /proc/self/ns/mnt
	while [ $# -gt 0 ]; do
		pid=$2
		want+="$1: $(readlink "/proc/$pid/ns/mnt")"$'\n'
		shift 2
	done
	is "--each ${words[*]}" "$rc $(tr -s ' ' <<<"$out" | sort)$err" "0 ${want%$'\n'}"
}

test_each() {
	each docker: -- docker:db "$db" docker:shared "$shared" docker:web "$web"
	each pod:shop/ -- pod:shop/cart/cart "${cart[cart]}" pod:shop/cart/envoy \
		"${cart[envoy]}" pod:shop/lone/one "${lone[one]}"
	each image:nginx unit:thing -- docker:web "$web" unit:thing "$unit"
	run nsattach --each nosuch: -- true
	like '--each: no such prefix' "$rc $err" '^125 nsattach: nosuch:: not one of docker: '
	says '--each: none' 125 'nsattach: podman: nothing runs whose name begins so' \
		nsattach --each podman: -- true
	run nsattach --each docker: -- sh -c 'exit $(($$ > 0 ? 4 : 0))'
	is '--each: the highest status' "$rc" 4
}

test_pin() {
	run nspin add kept docker:web
	is 'pinned by name' "$rc" 0
	run nsattach pin:kept/net -- readlink /proc/self/ns/net
	is 'pinned: that one' "$out" "$(readlink "/proc/$web/ns/net")"
	run nspin rm kept
	is 'and removed' "$rc" 0
}

test_questions() {
	run nstree -x pod:shop/cart
	is 'all processes of a pod' "$rc $(grep -c '^sleep' <<<"$out")" '0 3'
	run nstree --may docker:db docker:web
	like 'may it' "$rc $out" "^4 $db sleep has "
	run nstree --diff docker:web docker:db
	is 'what differs' "$rc $(grep -c '^mnt  *other' <<<"$out")" '4 1'
	run nstree --path /var/lib docker:web
	is 'who has it mounted' "$rc" 0
	run nstree -l docker:web
	is 'the list is of a namespace' "$rc $err" "1 nstree: docker:web: a container, not a namespace
nstree: try: nstree -l -p $web"
	run nstree -p docker:web
	like '-p wants a number' "$err" 'not a process id; names are operands'
}

test_names() {
	local name
	: >/run/netns/blue
	mount --bind "/proc/$build/ns/net" /run/netns/blue
	nspin add kept "net:$(readlink "/proc/$build/ns/net" | tr -dc 0-9)" 2>/dev/null
	run nstree --list-names
	is 'names to complete' "$out" 'docker:db
docker:shared
docker:web
lxc:build
lxc:shared
lxc:web
netns:blue
pin:kept
pod:shop/cart
pod:shop/cart/cart
pod:shop/cart/envoy
pod:shop/lone
pod:shop/lone/one
unit:thing.service
unit:web.service'
	while read -r name; do
		run nstree "$name"
		is "a name to complete: $name" "$rc" 0
	done <<<"$out"
	nspin rm kept 2>/dev/null
	umount /run/netns/blue
	run nsattach --each docker: -- true
	is 'hostile names: all are entered' "$rc" 0
	unlike 'hostile names: nothing raw' "$err" $'\033'
}

docker web nginx:1.25
web=$pid web_id=$id
docker db postgres:16
db=$pid db_id=$id
docker shared s:1
shared=$pid
container lxc.payload.build -muinpC
build=$pid
container lxc.payload.web -muinpC
joined=(nsenter -n -t "$shared")
container lxc.payload.shared -muipC
joined=()
container system.slice/web.service -m
container system.slice/thing.service -m
unit=$pid
pod shop lone one
declare -A lone=([one]=${pod_pid[one]}) cart
pod shop cart cart envoy
cart=([cart]=${pod_pid[cart]} [envoy]=${pod_pid[envoy]})

test_enter
test_explain
test_absent
test_many
test_each
test_pin
test_questions
# From here on there are names that nobody would type.
docker '$(touch_x)' h:1
docker $'e\033[2Jv\nil' h:2
docker 'all/' h:3
test_names
test_pods
done_testing
