# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The same on a host that has only cgroups of version 2.
# shellcheck source-path=SCRIPTDIR disable=SC2034
layout=v2
. "$(dirname "$0")/engine-runc.sh"
