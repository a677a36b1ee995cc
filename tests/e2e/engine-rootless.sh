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

if ! podman_user || ! podman_setup; then
	skip 'all' 'podman makes no image here'
else
	test_names
fi
done_testing
