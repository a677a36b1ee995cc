# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Docker's daemon: names, networks, what is published; and a container that tells tales.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../engines/host.sh"
own_host "${layout:-hybrid}" dockerd docker-proxy containerd runc
. "$(dirname "$0")/../engines/docker.sh"
. "$(dirname "$0")/../engines/seen.sh"

test_names() {
	started docker_run web --hostname webhost -p 8080:80 || return
	known docker docker:web "$pid" "$id" web nsutil:1
	entered 'by the beginning of its id' "${id::10}" "$pid"
	run nsattach docker:web -- hostname
	is 'its host name' "$out" webhost
	started docker_run shop-web-1 --network none -l com.docker.compose.project=shop \
		-l com.docker.compose.service=web || return
	look
	is_told 'of Compose' docker:shop-web-1 project=shop service=web "init=$pid"
}

# Others' namespaces: what tells them apart is their cgroup alone.
test_shared() {
	local web
	docker_told web
	web=$pid
	started docker_run side --network container:web --pid container:web || return
	look
	is_told "in another's namespaces" docker:side name=side "id=$id" "init=$pid"
	is_told 'whose namespaces they are' docker:web "init=$web"
	started docker_run bare --network host --pid host --ipc host --uts host || return
	look
	is_told "in the host's namespaces" docker:bare name=bare "id=$id" "init=$pid"
	like "in the host's namespaces: its line" "$(line_of docker:bare)" \
		"^docker:bare .* $pid "
	entered "in the host's namespaces: is entered" docker:bare "$pid"
}

test_network() {
	local address
	docker_told web
	address=$(docker inspect -f '{{.NetworkSettings.IPAddress}}' web)
	docker exec -d web nc -l -p 80 || return
	eventually nsattach docker:web -n -- sh -c 'ss -ltn | grep -q :80'
	run nstree --listening
	like 'who listens' "$out" ":80 +docker:web "
	run nstree --port 8080
	like 'who publishes it' "$out" ':8080 +(host|here), for docker:web:80 .*docker-proxy'
	run nstree --net
	like 'its wire' "$out" "veth[0-9a-f]+ -> eth0 .*$address/16 .*docker:web"
	run nstree --net "$address"
	like 'whose address it is' "$out" 'docker:web'
}

test_states() {
	docker pause web >/dev/null
	like 'paused' "$(line_of docker:web --containers)" '^docker:web .*paused'
	like 'paused, in the default view' "$(line_of docker:web)" '^docker:web .*\(paused\)'
	docker unpause web >/dev/null
	docker rename web front
	look
	docker_told front
	is_told 'renamed' docker:front name=front "id=$id" "init=$pid"
	gone 'renamed: its old name' docker:web
	docker restart -t 0 front >/dev/null
	docker_told front
	look
	is_told 'restarted' docker:front "id=$id" "init=$pid"
}

# Below its own cgroup a container may call itself what it likes.
test_claim() {
	local other dir tale
	docker_told shop-web-1
	other=$id
	docker_told front
	docker exec -d front sleep 3599
	eventually pgrep -f '^sleep 3599'
	tale=$(pgrep -f '^sleep 3599')
	while read -r dir; do
		mkdir -p "$dir/docker/$other"
		# Those of cpuset(7) take nobody in as they are.
		echo "$tale" 2>/dev/null >"$dir/docker/$other/cgroup.procs"
	done < <(find /sys/fs/cgroup -name "$id" -path '*/docker/*')
	look
	is 'the fact is who it was' "$(jq -r --arg id "$other" '.containers[] |
		select(.id == $id and (.claim | not)) | .word' "$tmp/picture")" docker:shop-web-1
	is 'the claim is one, and names nobody' "$(jq -r --arg id "$other" '.containers[] |
		select(.id == $id and .claim) | .name != "shop-web-1"' "$tmp/picture")" true
	entered 'the fact is entered' docker:shop-web-1 \
		"$(docker inspect -f '{{.State.Pid}}' shop-web-1)"
	entered 'and so it is by its id' "${other::12}" \
		"$(docker inspect -f '{{.State.Pid}}' shop-web-1)"
}

# in_evil COMMAND WORD...: as root of it, who may write all of the host's cgroups.
in_evil() {
	# shellcheck disable=SC2016 # for the shell in there
	/usr/bin/docker -H unix:///run/docker.sock exec evil sh -c "$@"
}

# Who is in another's cgroup is not that one, and is not entered as it.
test_writer() {
	local evil victim
	started docker_run evil --network none -v /sys/fs/cgroup:/sys/fs/cgroup || return
	evil=$pid
	started docker_run victim --network none || return
	victim=$pid
	# shellcheck disable=SC2016 # for the shell in there
	in_evil 'for dir in /sys/fs/cgroup/*/docker /sys/fs/cgroup/docker; do
		[ -d "$dir" ] || continue
		mkdir -p "${dir%/*}/lxc.payload.db"
		sleep 3598 &
		echo $! >"${dir%/*}/lxc.payload.db/cgroup.procs"
		echo 1 >"$dir/$1/cgroup.procs"
	done 2>/dev/null' sh "$id"
	like 'it did move' "$(cat "/proc/$evil/cgroup")" "/docker/$id"
	look
	is_told "in another's cgroup" docker:evil "init=$evil" claim=false
	is_told 'whose that is' docker:victim "init=$victim" "id=$id" claim=false
	entered 'whose that is' docker:victim "$victim"
	is 'what it calls itself is its claim' \
		"$(told lxc:db claim outer | paste -sd ' ')" 'true docker:evil'
	docker rm -f evil victim >/dev/null
}

test_gone() {
	started docker_run brief --network none || return
	killed "$pid"
	look
	gone 'killed' docker:brief
	docker rm -f front >/dev/null
	look
	gone 'removed' docker:front
}

if ! docker_setup; then
	skip 'all' 'dockerd does not run here'
else
	test_names
	test_shared
	test_network
	test_states
	test_claim
	test_writer
	test_gone
fi
done_testing
