# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# systemd-nspawn that no machined knows of: by its supervisor's command line.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../engines/host.sh"
own_host "${layout:-hybrid}" systemd-nspawn
. "$(dirname "$0")/../engines/lxc.sh"
. "$(dirname "$0")/../engines/seen.sh"

test_names() {
	started nspawn_run mach || return
	known nspawn machine:mach "$pid" mach mach
	killed "$pid"
	wait "$supervisor"
	look
	gone 'ended' machine:mach
}

test_names
done_testing
