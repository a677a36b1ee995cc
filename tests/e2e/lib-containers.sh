# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# Containers that no engine started, in a mount and a pid namespace of the script's own: a
# cgroup called as an engine calls it, a process in it with namespaces of its own, and what
# the engine would have left on disk. Read after lib.sh; own_engines comes first of all.

# own_engines "$@": from here on /run and /var/lib are the script's own and empty, and cgroups
# begin where it is.
own_engines() {
	private "$@" || skip_all 'needs root'
	[ -n "${NSU_CGROUPS:-}" ] || in_own_cgroup "$@"
	read -r cgroups cgroup_type cgroup_options <<<"$NSU_CGROUPS"
	trap 'containers_end; cleanup' EXIT
	mount --make-rprivate / && mount -t tmpfs -o mode=755 nsutil-test /run &&
		mount -t tmpfs -o mode=755 nsutil-test /var/lib && mkdir /run/netns && umount "$cgroups" &&
		mount -t "$cgroup_type" -o "$cgroup_options" nsutil-test "$cgroups" || exit 99
}

# This script once more, in a cgroup of the hierarchy that the tools look at first.
in_own_cgroup() {
	local top type options dir status
	while read -r _ top type options; do
		dir=$top/nsutil-test-$(id_of "$(date +%s%N)" | head -c 16)
		mkdir "$dir" 2>/dev/null || continue
		rm -rf -- "$tmp"
		(
			trap - EXIT
			echo "$BASHPID" >"$dir/cgroup.procs" || exit 99
			NSU_CGROUPS="$top $type $options" exec unshare -C -m bash "$0" "$@"
		)
		status=$?
		find "$dir" -depth -type d -exec rmdir {} \;
		tap_planned=1
		exit "$status"
	done < <(awk '$3 == "cgroup2" { print 1, $2, $3, "rw" }
		$3 == "cgroup" && $4 ~ /(^|,)name=systemd(,|$)/ { print 2, $2, $3, "none,name=systemd" }
		$3 == "cgroup" && $4 ~ /(^|,)pids(,|$)/ { print 3, $2, $3, "pids" }' /proc/mounts |
		sort -n)
	skip_all 'no cgroup can be made'
}

containers_end() {
	local one
	for one in "${!container_end[@]}"; do
		container_end "$one"
	done
}
declare -A container_end=()

# id_of TEXT: 64 hexadecimal digits.
id_of() {
	printf '%s' "$1" | sha256sum | head -c 64
}

# container CGROUP OPTION...: a process in that cgroup, in the namespaces that unshare(1) makes
# by these; its number here is $pid. joined: options of nsenter(1), for those it shares.
joined=()
container() {
	local cgroup=$1 parent end ready
	shift
	mkdir -p "$cgroups/$cgroup" && mkfifo "$tmp/ready" || exit 99
	set -- "${joined[@]}" unshare "$@"
	"$@" --fork sh -c 'echo ready; exec sleep 1000' >"$tmp/ready" 2>&1 &
	parent=$!
	exec {end}<"$tmp/ready"
	read -r ready <&"$end"
	rm "$tmp/ready"
	[ "$ready" = ready ] || exit 99
	read -r pid <"/proc/$parent/task/$parent/children"
	# It is in the namespaces, too, but would be no part of the container.
	kill -KILL "$parent"
	{ wait "$parent"; } 2>/dev/null
	echo "$pid" >"$cgroups/$cgroup/cgroup.procs" || exit 99
	container_end[$pid]=$end
}

# container_end PID: and nothing of it is left, which has its output open.
container_end() {
	local end=${container_end[$1]}
	kill -KILL "$1"
	cat <&"$end" >/dev/null
	exec {end}<&-
	unset "container_end[$1]"
}

# docker NAME IMAGE: a container of Docker's, $pid and $id.
docker() {
	local dir
	id=$(id_of "docker $1")
	container "docker/$id" -muinpC
	dir=/var/lib/docker/containers/$id
	mkdir -p "$dir"
	jq -n --arg id "$id" --arg name "$1" --arg image "$2" '{ID: $id, Name: "/\($name)",
		Config: {Image: $image}}' >"$dir/config.v2.json"
}

# pod NAMESPACE NAME CONTAINER...: of containerd; the numbers of its processes are $pause and
# those of ${pod_pid[CONTAINER]}.
declare -A pod_pid=()
pod() {
	local space=$1 pod=$2 uid sandbox joined=()
	shift 2
	uid=$(id_of "uid $space/$pod")
	uid=${uid:0:8}-${uid:8:4}-${uid:12:4}-${uid:16:4}-${uid:20:12}
	sandbox=$(id_of "pause $space/$pod")
	container "kubepods/besteffort/pod$uid/$sandbox" -muinpC
	pause=$pid
	pod_bundle "$sandbox" sandbox '' pause:3
	pod_pid=()
	joined=(nsenter -u -i -n -t "$pause")
	while [ $# -gt 0 ]; do
		id=$(id_of "$space/$pod/$1")
		container "kubepods/besteffort/pod$uid/$id" -mpC
		pod_pid[$1]=$pid
		pod_bundle "$id" container "$1" "$1:1"
		shift
	done
}

# pod_bundle ID TYPE NAME IMAGE, with the pod of the function that calls it.
pod_bundle() {
	local dir=/run/containerd/io.containerd.runtime.v2.task/k8s.io/$1
	mkdir -p "$dir"
	jq -n --arg type "$2" --arg name "$3" --arg image "$4" --arg sandbox "$sandbox" \
		--arg uid "$uid" --arg space "$space" --arg pod "$pod" '{annotations: {
			"io.kubernetes.cri.container-type": $type,
			"io.kubernetes.cri.container-name": $name,
			"io.kubernetes.cri.image-name": $image,
			"io.kubernetes.cri.sandbox-id": $sandbox,
			"io.kubernetes.cri.sandbox-name": $pod,
			"io.kubernetes.cri.sandbox-namespace": $space,
			"io.kubernetes.cri.sandbox-uid": $uid}}' >"$dir/config.json"
}
