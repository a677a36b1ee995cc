# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# Docker's daemon. Read after host.sh.

# It makes its bridge and leaves packet filters alone: what is published goes by docker-proxy.
docker_setup() {
	mkdir -p /etc/docker
	echo '{}' >/etc/docker/daemon.json
	dockerd --iptables=false --ip6tables=false --ip-masq=false </dev/null \
		>"$tmp/dockerd.log" 2>&1 &
	eventually docker version || {
		diag "$(tail -n 3 "$tmp/dockerd.log")"
		return 1
	}
	tar -C "$rootfs" --numeric-owner --owner=0 --group=0 -c . |
		docker import - nsutil:1 >/dev/null
}

# The command of that name, not a script of the user's.
docker() {
	/usr/bin/docker -H unix:///run/docker.sock "$@"
}

# docker_told NAME: of a container its process in $pid and its id in $id.
docker_told() {
	read -r pid id < <(docker inspect -f '{{.State.Pid}} {{.Id}}' "$1")
}

# docker_run NAME [OPTION...]
docker_run() {
	local name=$1
	shift
	docker run -d --name "$name" "$@" nsutil:1 sleep 3600 >/dev/null && docker_told "$name"
}
