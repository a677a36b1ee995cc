# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# crun by itself, which takes no hybrid cgroups: on a host that has only those of version 1.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../engines/host.sh"
own_host "${layout:-v1}" crun
. "$(dirname "$0")/../engines/bundle.sh"
. "$(dirname "$0")/../engines/seen.sh"

test_plain() {
	started oci_run crun plain || return
	known crun crun:plain "$pid" plain null
	started oci_run crun plain2 || return
	known crun crun:plain2 "$pid" plain2 null
	run nsattach plain true
	is 'a whole name is not the beginning of another' "$rc" 0
}

test_state_left() {
	killed "$pid"
	ok 'its state is there' test -s /run/crun/plain2/status
	look
	gone 'who was killed is not shown' crun:plain2
	crun delete plain2
	started oci_run crun plain2 || return
	look
	is_told 'started again' crun:plain2 "init=$pid"
	crun delete -f plain2
	look
	gone 'who was removed is not shown' crun:plain2
}

test_plain
test_state_left
done_testing
