# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# --containers: limits on whatever level, usage, states, and what hangs from what.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2034,SC2119,SC2154
. "$(dirname "$0")/../engines/host.sh"
[ "$(wc -l </proc/self/cgroup)" -gt 1 ] || layout=v2
own_host "${layout:-hybrid}"
. "$(dirname "$0")/lib-containers.sh"

top=${abs_top_srcdir:-$(dirname "$0")/../..}
cgroups=/sys/fs/cgroup
[ "$NSU_HOST" = v2 ] || cgroups=$cgroups/unified
[ -d "$cgroups" ] || cgroups=/sys/fs/cgroup/systemd
trap 'containers_end; cleanup' EXIT
mkdir -p /var/lib/docker && chmod 710 /var/lib/docker

# hierarchy CONTROLLER: where it is; some are together with others.
hierarchy() {
	local dir
	for dir in /sys/fs/cgroup/*/; do
		[ "$NSU_HOST" != v2 ] || dir=/sys/fs/cgroup/
		[[ $NSU_HOST != v2 && ,$(basename "$dir"), != *,$1,* ]] || break
	done
	echo "$dir"
}

# spread CGROUP PID: into that cgroup of every hierarchy.
spread() {
	local controller dir
	for controller in memory pids cpu cpuacct freezer; do
		dir=$(hierarchy "$controller")
		[ -d "$dir" ] && mkdir -p "$dir/$1" && echo "$2" >"$dir/$1/cgroup.procs" ||
			return 1
	done
}

# limit CGROUP memory|pids|cpu VALUE: of the first, bytes; of the last, thousandths.
limit() {
	local dir
	case $NSU_HOST.$2 in
	v2.memory)	dir=memory.max ;;
	v2.cpu)		echo "$3"00 100000 >"$cgroups/$1/cpu.max"; return ;;
	*.memory)	dir=memory.limit_in_bytes ;;
	*.cpu)		echo "$3"00 >"$(hierarchy cpu)/$1/cpu.cfs_quota_us"; return ;;
	*)		dir=pids.max ;;
	esac
	echo "$3" >"$(hierarchy "$2")/$1/$dir"
}

# freeze CGROUP yes|no
freeze() {
	local -A word=([yes]=FROZEN [no]=THAWED) digit=([yes]=1 [no]=0)
	if [ "$NSU_HOST" = v2 ]; then
		echo "${digit[$2]}" >"$cgroups/$1/cgroup.freeze"
	else
		echo "${word[$2]}" >"$(hierarchy freezer)/$1/freezer.state"
	fi
}

# raw WORD COLUMN: a field of its line of --containers -r.
raw() {
	nstree --containers -r 2>/dev/null | awk -v word="$1" -v column="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		$1 == word { print $at[column] }'
}

# usage WORD KEY: of the document.
usage() {
	nstree --json --containers 2>/dev/null |
		jq -c --arg word "$1" ".containers[] | select(.word == \$word) | $2"
}

# have_controllers: for those of v2 somebody has to hand them down.
have_controllers() {
	local dir
	if [ "$NSU_HOST" = v2 ]; then
		mkdir -p "$cgroups/docker"
		for dir in "$cgroups" "$cgroups/docker"; do
			echo '+memory +pids +cpu' >"$dir/cgroup.subtree_control" || return 1
		done 2>/dev/null
	else
		for dir in memory pids cpu cpuacct freezer; do
			[[ ,$(basename "$(hierarchy "$dir")"), = *,$dir,* ]] || return 1
		done
	fi
}

test_none() {
	run nstree --containers
	is 'no container: status' "$rc" 0
	is 'no container: nothing on standard output' "$out" ''
	like 'no container: said' "$err" 'no container is running'
}

test_limits() {
	if ! have_controllers || ! spread "docker/$(id_of 'docker web')" "$web"; then
		skip 'limits' 'no controllers of memory, pids and cpu'
		return
	fi
	limit "docker/$(id_of 'docker web')" memory $((64 << 20))
	limit docker pids 40
	limit "docker/$(id_of 'docker web')" pids 90
	limit "docker/$(id_of 'docker web')" cpu 500
	is 'memory: the limit' "$(raw docker:web MEMMAX)" $((64 << 20))
	is 'memory: its own' "$(raw docker:web MEMLEVEL)" 0
	is 'tasks: one' "$(raw docker:web TASKS)" 1
	is 'tasks: the tightest limit' "$(raw docker:web TASKSMAX)" 40
	is 'tasks: of the cgroup above' "$(raw docker:web TASKSLEVEL)" 1
	is 'processors: half of one' "$(raw docker:web CPUMAX)" 500
	is 'another: no limit of memory' "$(raw docker:db MEMMAX)" "$other"
	is 'in JSON' "$(usage docker:web '.usage |
		[.memory_max, .memory_level, .pids_max, .pids_level, .cpu_max, .oom_kills]')" \
		'[67108864,0,40,1,500,0]'
	run nstree --containers docker:web
	like 'the table: the limits' "$out" ' 64M +[0-9]+% +0 +1/40 +0.5 '
	like 'the table: where they are set' "$out" 'docker: tasks( |$)'
}

# One that is frozen, and one whose processes were killed for want of memory.
test_states() {
	local cgroup
	cgroup=docker/$(id_of 'docker web')
	have_controllers || return 0
	freeze "$cgroup" yes
	is 'frozen: raw' "$(raw docker:web STATE)" paused
	like 'frozen: the table' "$(nstree --containers -n docker:web)" '^docker:web \(paused\) '
	like 'frozen: the picture' "$(nstree 2>&1)" 'docker:web .*\(paused\) '
	is 'frozen: JSON' "$(usage docker:web .usage.frozen)" true
	freeze "$cgroup" no
	is 'thawed' "$(raw docker:web STATE)" running
	limit "$cgroup" memory $((4 << 20))
	{
		(
			echo "$BASHPID" >"$(hierarchy memory)/$cgroup/cgroup.procs" || exit 0
			exec tail /dev/zero
		)
	} >/dev/null 2>&1
	is 'killed for want of memory' "$(raw docker:web OOM)" 1
	limit "$cgroup" memory $((64 << 20))
}

test_order() {
	local inner
	inner=$(id_of inner)
	container "docker/$(id_of 'docker db')/docker/$inner" -m
	pod shop cart java envoy
	run nstree --containers -n
	is 'what hangs from what' "$(sed 's/^\(.*[^ ]\)  *[0-9]*\(\/1\)\{0,1\} .*/\1/
		s/ .*[0-9]\/1$//' <<<"$out" | sed 's/ [0-9].*//; s/ *$//')" \
		"docker:db
\`-docker:${inner:0:12} (claimed)
docker:web
pod:shop/cart
|-/envoy
\`-/java"
	run nstree --containers -n pod:shop/cart/java
	like 'of a pod one container' "$out" '^pod:shop/cart/java +[0-9]+/1 '
	is 'and no other' "$(wc -l <<<"$out")" 1
	run nstree --containers -n "${pod_pid[java]}"
	like 'by a process within' "$out" '^pod:shop/cart/java '
	run nstree --containers -n pod:shop/cart docker:web
	is 'a pod with its containers, and another' "$(wc -l <<<"$out")" 4
	is 'whole words in the raw form' "$(raw pod:shop/cart/envoy KIND)" container
	is 'the pod' "$(raw pod:shop/cart KIND) $(raw pod:shop/cart PROCS)" 'pod 3'
}

test_json() {
	run nstree --json --containers
	is 'status' "$rc" 0
	if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
		is 'the schema' "$(/usr/bin/python3 -W ignore -c '
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
for e in list(jsonschema.Draft7Validator(schema).iter_errors(json.load(sys.stdin)))[:5]:
    print("/".join(map(str, e.absolute_path)), e.message[:200])' \
			"$top/tools/nstree.schema.json" <<<"$out")" ''
	else
		skip 'the schema' 'no python3-jsonschema'
	fi
	is 'what one has not is left out' "$(jq -c '.containers[] | select(.word == "docker:web")
		| [has("pod"), has("in_pod"), has("outer"), has("name"), .claim]' <<<"$out")" \
		'[false,false,false,true,false]'
	is 'the chain' "$(jq -r '.containers[] | select(.claim).outer' <<<"$out")" docker:db
	is 'its pod' "$(jq -r '.containers[] | select(.word == "pod:shop/cart/java").in_pod' \
		<<<"$out")" pod:shop/cart
	is 'the container of a task' "$(jq -r --argjson tid "$web" '.tasks[] |
		select(.tid == $tid) | .container' <<<"$out")" docker:web
	is 'the place of a task' "$(jq -r --argjson tid "$web" '.tasks[] |
		select(.tid == $tid) | .places.cgroup' <<<"$out")" "/docker/$(id_of 'docker web')"
	is 'of a task that is in none' "$(jq -r '.tasks[] | select(.tid == 1) | .container' \
		<<<"$out")" none
	run nstree --json
	is 'without --containers no usage' \
		"$(jq -c '[.containers[] | has("usage")] | unique' <<<"$out")" '[false]'
}

test_errors() {
	run nstree --containers docker:nosuch
	is 'no such container' "$rc:$out" 1:
	run nstree --containers 1
	is 'a process that is in none' "$rc:$out" 1:
	like 'a process that is in none: said' "$err" '1: not a container, and in none'
	run as_user nstree --containers -n
	is 'an ordinary user: status' "$rc" 0
	like 'an ordinary user: by the id' "$out" "docker:$(id_of 'docker web' | head -c 12) "
	like 'an ordinary user: not everything' "$err" 'could not be read'
	run as_user nstree --containers --strict
	is 'an ordinary user, --strict' "$rc" 3
}

# What has no room is left out, but never what is looked for first.
test_width() {
	if ! command -v script >/dev/null; then
		skip 'on a terminal' 'no script(1)'
		return
	fi
	out=$(script -qec "stty cols 80 -opost; '$NSTREE' --color=never --containers" /dev/null </dev/null)
	like '80 columns: OOM kills' "$out" ' OOM'
	is '80 columns: no more' "$(grep -E '^.{81}' <<<"$out")" ''
	out=$(script -qec "stty cols 200 -opost; '$NSTREE' --color=never --containers" /dev/null </dev/null)
	like '200 columns: images' "$out" 'nginx:1.25'
}

test_none
docker web nginx:1.25
web=$pid
docker db postgres:16
# In none but the hierarchy that tells who it is.
other="?"
[ "$NSU_HOST" != v2 ] || other=-
test_limits
test_states
test_order
test_json
test_errors
test_width
done_testing
