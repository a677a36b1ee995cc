# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# Podman, of root and of an ordinary user. Read after host.sh.

podman_as=()

# What an unprivileged test host refuses is not asked for: raised limits, bridges.
podman_setup() {
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >/etc/containers/policy.json
	cat >/etc/containers/containers.conf <<-END
		[containers]
		default_ulimits = []
		pids_limit = 0
		netns = "none"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime = "runc"
	END
	printf '[storage]\ndriver = "overlay"\nrunroot = "%s"\ngraphroot = "%s"\n' \
		/run/containers/storage /var/lib/containers/storage >/etc/containers/storage.conf
	tar -C "$rootfs" --numeric-owner --owner=0 --group=0 -cf /run/rootfs.tar .
	podman import -q /run/rootfs.tar localhost/nsutil:1 >/dev/null
}

# podman_user: from here on as a user who may have ids of their own. Nobody else's podman
# is run in the same script, as the files in /etc are for both.
podman_user() {
	local file
	echo 'keeper:x:4242:4242::/run/home/keeper:/bin/sh' >>/etc/passwd
	echo 'keeper:x:4242:' >>/etc/group
	for file in /etc/subuid /etc/subgid; do
		echo 'keeper:200000:65536' >>"$file" || return 1
	done
	mkdir -p /run/home /run/user &&
		install -d -m 700 -o 4242 -g 4242 /run/home/keeper /run/user/4242 &&
		cd /run/home/keeper || return 1
	podman_as=(setpriv --reuid 4242 --regid 4242 --clear-groups env -i "PATH=$PATH"
		HOME=/run/home/keeper XDG_RUNTIME_DIR=/run/user/4242 USER=keeper LOGNAME=keeper)
}

podman() {
	"${podman_as[@]}" "$(type -P podman)" "$@" </dev/null
}

# podman_told NAME: of a container its process in $pid and its id in $id.
podman_told() {
	read -r pid id < <(podman inspect -f '{{.State.Pid}} {{.ID}}' "$1")
}

# podman_run NAME [OPTION...]
podman_run() {
	local name=$1
	shift
	podman run -d --name "$name" "$@" localhost/nsutil:1 sleep 3600 >/dev/null &&
		podman_told "$name"
}
