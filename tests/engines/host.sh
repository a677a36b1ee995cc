# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For scripts that start real engines: a host of their own. It has its own pid, mount, network,
# uts, ipc and cgroup namespaces, a root cgroup that is below the caller's, and empty file
# systems where engines keep state; so their paths are those of a real host, and all that they
# made goes with the script, however it ends. A script reads
#
#	. "$(dirname "$0")/../engines/host.sh"
#	own_host hybrid runc crun	# the cgroups' layout; commands that are needed
#	...
#	done_testing

PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
unset DOCKER_HOST CONTAINERS_CONF CONTAINERS_STORAGE_CONF NOTIFY_SOCKET XDG_RUNTIME_DIR
engines=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# hierarchies: a line for each in /proc/self/cgroup, "controllers path mountpoint", where the
# caller's cgroup of it can be reached; the controllers of cgroup2 are "unified".
hierarchies() {
	local number controllers path root point
	while IFS=: read -r number controllers path; do
		[ "$number" != 0 ] || controllers=unified
		while read -r root point; do
			[ "$root" = / ] || [[ $path/ = "$root"/* ]] || continue
			[ "$root" = / ] || path=${path#"$root"}
			printf '%s %s %s\n' "$controllers" "${path%/}" "$point"
			break
		done < <(awk -v what="$controllers" '
			{
				for (i = 7; $i != "-"; i++)
					;
				type = $(i + 1)
				listed = index("," $NF ",", "," what ",")
			}
			type == "cgroup" && listed || type == "cgroup2" && what == "unified" {
				print $4, $5
			}' /proc/self/mountinfo)
	done </proc/self/cgroup
}

# cgroups_make: a cgroup below the caller's in each hierarchy, ${cgroups[@]}.
cgroups_make() {
	local controllers path point dir file
	cgroups=()
	while read -r controllers path point; do
		# An empty path is not read as one.
		[ -n "$point" ] || point=$path path=
		dir=$point$path/nsutil-engines.$$
		mkdir "$dir" 2>/dev/null || return 1
		cgroups+=("$dir")
		for file in cpuset.cpus cpuset.mems; do
			[ "$controllers" = unified ] || [ ! -e "$dir/$file" ] ||
				cat "$point$path/$file" >"$dir/$file"
		done
	done < <(hierarchies)
	[ ${#cgroups[@]} -gt 0 ]
}

# cgroups_enter PID DIR...
cgroups_enter() {
	local pid=$1 dir
	shift
	for dir; do
		echo "$pid" >"$dir/cgroup.procs" || return 1
	done
}

# cgroups_remove: what is in them has ended, but the kernel may still be about it.
cgroups_remove() {
	local dir try
	for dir in "${cgroups[@]}"; do
		for ((try = 0; try < 200; try++)); do
			find "$dir" -depth -type d -exec rmdir {} + 2>/dev/null
			[ -d "$dir" ] || break
			read -r -t 0.02 <> <(:) || :
		done
		[ ! -d "$dir" ] || diag "left behind: $dir"
	done
}

# cgroups_mount LAYOUT: hybrid (v1, and cgroup2 beside it, as it is here), v1 or v2.
cgroups_mount() {
	local number controllers dir options
	umount -R -l /sys/fs/cgroup || return 1
	if [ "$1" = v2 ]; then
		# Only a cgroup without processes can give controllers to those below it.
		mount -t cgroup2 cgroup2 /sys/fs/cgroup && mkdir /sys/fs/cgroup/nsutil.scope &&
			echo 1 >/sys/fs/cgroup/nsutil.scope/cgroup.procs
		return
	fi
	mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup || return 1
	while IFS=: read -r number controllers _; do
		dir=${controllers#name=} options=$controllers
		[ "$dir" = "$controllers" ] || options=none,$controllers
		[ "$number" != 0 ] || dir=unified
		[ "$number$1" != 0v1 ] || continue
		mkdir "/sys/fs/cgroup/$dir" || return 1
		if [ "$number" = 0 ]; then
			mount -t cgroup2 cgroup2 "/sys/fs/cgroup/$dir" || return 1
		else
			mount -t cgroup -o "$options" cgroup "/sys/fs/cgroup/$dir" || return 1
		fi
	done </proc/self/cgroup
	[ -d /sys/fs/cgroup/memory ]
}

# Where engines and users are written down: a copy that is this host's own.
own_file() {
	cp "$1" "/run/${1##*/}" && mount --bind "/run/${1##*/}" "$1"
}

# Within: nothing of the host's engines is to be seen, and all that is written goes to memory.
host_enter() {
	local dir file
	# shellcheck disable=SC2086 # one word each
	cgroups_enter $$ $NSU_CGROUPS && mount -t tmpfs -o mode=755 tmpfs /run &&
		cgroups_mount "$NSU_HOST" || return 1
	for dir in docker containers containerd lxc cni kubelet nerdctl cri-dockerd; do
		[ ! -e "/var/lib/$dir" ] || mount -t tmpfs -o mode=755 tmpfs "/var/lib/$dir" ||
			return 1
	done
	for dir in /var/log /etc/containers /etc/cni /etc/docker; do
		[ ! -e "$dir" ] || mount -t tmpfs -o mode=755 tmpfs "$dir" || return 1
	done
	for file in /etc/passwd /etc/group /etc/subuid /etc/subgid; do
		[ ! -e "$file" ] || own_file "$file" || return 1
	done
	mkdir -p /run/lock /run/test
}

if [ -n "${NSU_HOST:-}" ]; then
	host_refused=$(host_enter 2>&1) || host_refused=${host_refused:-refused}
	export TMPDIR=/run/test
fi
# shellcheck source-path=SCRIPTDIR source=../e2e/lib.sh
. "$engines/../e2e/lib.sh"

# own_host LAYOUT COMMAND...: the script goes on in it.
own_host() {
	local layout=$1 command
	shift
	if [ -n "${NSU_HOST:-}" ]; then
		[ -z "$host_refused" ] || skip_all "no such host: ${host_refused%%$'\n'*}"
		rootfs=/run/rootfs
		host_rootfs "$rootfs"
		ip link set lo up
		return
	fi
	[ "$(id -u)" -eq 0 ] || skip_all 'needs root'
	for command in unshare jq ip "$@"; do
		command -v "$command" >/dev/null || skip_all "no $command"
	done
	host_busybox >/dev/null || skip_all 'no static busybox'
	unshare -m -u -i -p -f -n -C --mount-proc true 2>/dev/null ||
		skip_all 'no such namespaces can be made here'
	trap 'rc=$?; cgroups_remove; (exit "$rc"); cleanup' EXIT
	cgroups_make || skip_all 'no cgroups can be made here'
	export NSU_HOST=$layout NSU_CGROUPS="${cgroups[*]}"
	# Its root cgroup has to be without processes for some engines, so who waits for it leaves
	# what is its cgroup namespace's root. Its session is its own: what it kills is within.
	# shellcheck disable=SC2016 # for the inner shell
	(cgroups_enter "$BASHPID" "${cgroups[@]}" && exec unshare -m -u -i -n -C bash -c '
		for dir in $NSU_CGROUPS; do
			echo 0 >"${dir%/*}/cgroup.procs" || exit 99
		done
		exec unshare -p -f --mount-proc --kill-child setsid -w bash "$0"' "$0")
	rc=$?
	tap_planned=1
	exit "$rc"
}

# A busybox that needs no libraries.
host_busybox() {
	local path
	path=$(command -v busybox) && ! ldd "$path" >/dev/null 2>&1 && echo "$path"
}

# host_rootfs DIR: files enough for a container, that any user may read.
host_rootfs() {
	local applet busybox
	busybox=$(host_busybox)
	mkdir -p "$1"/{bin,dev,etc,proc,run,sbin,sys,tmp,usr/bin,var/tmp}
	cp "$busybox" "$1/bin/busybox"
	for applet in cat echo hostname id nc readlink sh sleep true; do
		ln -s busybox "$1/bin/$applet"
	done
	echo 'root:x:0:0:root:/:/bin/sh' >"$1/etc/passwd"
	echo 'root:x:0:' >"$1/etc/group"
	echo 'ID=nsutil' >"$1/etc/os-release"
	: >"$1/etc/hostname"
	: >"$1/etc/hosts"
	: >"$1/etc/resolv.conf"
	chmod 1777 "$1/tmp"
}

# eventually COMMAND...: once it succeeds; what it waits for has no event that a script gets.
eventually() {
	local try
	for ((try = 0; try < 1000; try++)); do
		"$@" >/dev/null 2>&1 && return 0
		read -r -t 0.01 <> <(:) || :
	done
	diag "never: ${*@Q}"
	return 1
}

# killed PID: for good.
killed() {
	kill -KILL $((${1:-0} > 1 ? $1 : 4194305)) && eventually ended "$1"
}

ended() {
	[ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}

# started COMMAND...: it starts a container, or the checks of it are skipped.
started() {
	"$@" && return 0
	skip "$*" 'it does not start here'
	return 1
}
