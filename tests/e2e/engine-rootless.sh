# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Podman of an ordinary user, whose containers have no cgroup: by their supervisor and that
# user's own state.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../engines/host.sh"
own_host hybrid podman conmon newuidmap
. "$(dirname "$0")/../engines/podman.sh"
. "$(dirname "$0")/../engines/seen.sh"

test_names() {
	started podman_run web || return
	known podman podman:web "$pid" "$id" web localhost/nsutil:1
	is_told 'whose it is' podman:web uid=4242
	run "${podman_as[@]}" "$NSTREE" --json
	cp "$tmp/stdout" "$tmp/picture"
	is_told 'for that user' podman:web name=web "id=$id" "init=$pid" uid=4242
	podman rename web front
	look
	is_told 'renamed' podman:front "id=$id" "init=$pid"
	podman rm -f -t 0 front >/dev/null
	look
	gone 'removed' podman:front
}

# A user namespace within the user's; a pod, one of which is in the pid namespace of another.
test_shared() {
	local a
	started podman_run kept --userns keep-id || return
	look
	is_told 'with ids kept' podman:kept "id=$id" "init=$pid" claim=false uid=4242
	podman pod create --name duo >/dev/null && started podman_run a --pod duo || return
	a=$pid
	started podman_run b --pod duo --pid container:a || return
	look
	is_told 'in a pod' podman:a "init=$a" pod=duo
	is_told 'beside another' podman:b "id=$id" "init=$pid" pod=duo
	is_told 'the pod' pod:duo kind=pod uid=4242 cgroup=null
	like 'a pod without a cgroup uses nothing that is known' \
		"$(line_of pod:duo --containers)" ' 3 [0-9]+s - - - - - - -$'
}

if ! podman_user || ! podman_setup; then
	skip 'all' 'podman makes no image here'
else
	test_names
	test_shared
fi
done_testing
