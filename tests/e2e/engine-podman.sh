# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Podman: containers, a pod, new names; and one that another engine's container has too.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../engines/host.sh"
own_host "${layout:-hybrid}" podman conmon catatonit lxc-start
. "$(dirname "$0")/../engines/podman.sh"
. "$(dirname "$0")/../engines/lxc.sh"
. "$(dirname "$0")/../engines/seen.sh"

image=localhost/nsutil:1

test_names() {
	started podman_run web || return
	known podman podman:web "$pid" "$id" web "$image"
	entered 'by the beginning of its id' "${id::10}" "$pid"
	entered 'by that and its engine' "podman:${id::10}" "$pid"
	podman rename web front
	look
	is_told 'renamed' podman:front name=front "id=$id" "init=$pid"
	gone 'renamed: its old name' podman:web
	entered 'renamed: is entered' podman:front "$pid"
	podman restart -t 0 front >/dev/null
	podman_told front
	look
	is_told 'restarted' podman:front "id=$id" "init=$pid"
}

test_pod() {
	local app db infra
	podman pod create --name shop >/dev/null && started podman_run app --pod shop || return
	entered 'in a pod: is entered' podman:app "$pid"
	app=$pid
	started podman_run db --pod shop || return
	db=$pid
	read -r infra < <(podman pod inspect -f '{{.InfraContainerID}}' shop)
	podman_told "$infra"
	look
	is_told 'a pod' pod:shop kind=pod "init=$pid"
	is_told 'its container' podman:app name=app pod=shop "image=$image" "init=$app"
	like 'its line' "$(line_of pod:shop)" "^pod:shop .* $pid(/1)? "
	like 'that of its container' "$(line_of /app)" "^/app .* $app(/1)? "
	like 'that of another' "$(line_of /db)" "^/db .* $db(/1)? "
	is 'its pause process is no line of its own' "$("$NSTREE" 2>/dev/null | grep -c catatonit)" 1
	run nsattach pod:shop -n -- readlink /proc/self/ns/net
	is 'is entered' "$out" "$(readlink "/proc/$pid/ns/net")"
}

test_same_name() {
	started podman_run build && started lxc_run build || return
	run nsattach build true
	is 'a name that two have' "$rc" 125
	like 'both are told: one' "$err" podman:build
	like 'both are told: the other' "$err" lxc:build
	entered 'with its engine: one' lxc:build "$pid"
	podman_told build
	entered 'with its engine: the other' podman:build "$pid"
}

test_gone() {
	podman rm -f -t 0 front >/dev/null
	podman pod rm -f -t 0 shop >/dev/null
	look
	gone 'removed' podman:front
	gone 'removed: a pod' pod:shop
	gone "removed: a pod's" podman:app
}

if ! podman_setup; then
	skip 'all' 'podman makes no image here'
else
	test_names
	test_pod
	[ "${layout:-hybrid}" != hybrid ] || test_same_name
	test_gone
fi
done_testing
