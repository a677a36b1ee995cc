# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# LXC and systemd-nspawn: containers that are known by their names alone. Read after host.sh.

# lxc_run NAME [LINE...]: of configuration. Its first process is in $pid.
lxc_run() {
	local name=$1
	shift
	mkdir -p "/var/lib/lxc/$name"
	printf '%s\n' "lxc.uts.name = $name" "lxc.rootfs.path = dir:$rootfs" \
		'lxc.net.0.type = empty' 'lxc.mount.auto = proc:mixed' \
		'lxc.init.cmd = /bin/sleep 3600' "$@" >"/var/lib/lxc/$name/config"
	lxc-start -n "$name" -d -l ERROR -o "$tmp/lxc.log" 2>/dev/null || {
		diag "$(grep -v unsupported "$tmp/lxc.log" | head -n 2)"
		return 1
	}
	pid=$(lxc-info -n "$name" -p -H)
}

# The child of a process that has become a program, in $pid: those before it prepare.
child_of() {
	local supervisor=$1 comm=$2
	for pid in $(<"/proc/$supervisor/task/$supervisor/children"); do
		[ "$(cat "/proc/$pid/comm")" != "$comm" ] || return 0
	done
	return 1
}

# nspawn_run NAME: its first process is in $pid.
nspawn_run() {
	cp -a "$rootfs" "$tmp/$1"
	systemd-nspawn --register=no --keep-unit -q -D "$tmp/$1" -M "$1" --private-network \
		/bin/sleep 3600 </dev/null >"$tmp/$1.log" 2>&1 &
	supervisor=$!
	eventually child_of "$supervisor" sleep && return 0
	diag "$(<"$tmp/$1.log")"
	return 1
}
