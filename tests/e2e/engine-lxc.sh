# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# LXC: known by the names of its cgroups.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../engines/host.sh"
own_host "${layout:-hybrid}" lxc-start lxc-attach newuidmap
. "$(dirname "$0")/../engines/lxc.sh"
. "$(dirname "$0")/../engines/seen.sh"

map=('lxc.idmap = u 0 100000 65536' 'lxc.idmap = g 0 100000 65536')

test_names() {
	started lxc_run build || return
	known lxc lxc:build "$pid" build build
	lxc-freeze -n build
	like 'frozen' "$(line_of lxc:build --containers)" '^lxc:build .*paused'
	lxc-unfreeze -n build
}

# Whom lxc-attach(1) starts is no child of the container's, and in a cgroup beside its init.
test_attached() {
	lxc-attach -n build -- /bin/sleep 3598 </dev/null &
	eventually pgrep -f '^/bin/sleep 3598'
	look
	is 'attached: of the same container' "$(told lxc:build tasks | jq length)" 2
	is 'attached: not another' "$(words)" lxc:build
}

test_mapped() {
	local file
	for file in /etc/subuid /etc/subgid; do
		echo root:100000:65536 >>"$file"
	done
	started lxc_run mapped "${map[@]}" || return
	known lxc lxc:mapped "$pid" mapped mapped
}

test_gone() {
	lxc-stop -k -n mapped
	look
	gone 'stopped' lxc:mapped
	started lxc_run mapped "${map[@]}" || return
	look
	is_told 'started again' lxc:mapped "init=$pid"
}

test_names
test_attached
test_mapped
test_gone
done_testing
