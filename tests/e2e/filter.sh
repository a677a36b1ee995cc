# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nstree -l -Q, where libsmartcols has filters, and its refusal where it has none.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"

test_filters() {
	local pid net
	fixture sandbox || return 0
	pid=$(fix '.tasks[0].proc_pid')
	net=$(fix '.tasks[0].ns.net' | tr -dc 0-9)
	run nstree -l -n -r -o TYPE -Q 'TYPE == "net"'
	is 'by type' "$(sort -u <<<"$out")" net
	run nstree -n -r -o NS -Q "PID == $pid && TYPE == \"net\""
	is 'by a number and a word' "$out" "$net"
	run nstree -n -r -o NS,TYPE -Q "ONS == 1"
	is 'none' "$rc:$out" 0:
	run nstree -n -r -o TYPE -Q 'NPROCS >= 3' -p "$pid"
	like 'of one process: all are counted' "$out" net
	run nstree -n -r -o TYPE -p "$pid" -Q "ONS != 0"
	like 'of one process: relations are read' "$out" net
	run nstree -l -J -o NS -Q "NS == $net"
	is 'in JSON' "$(jq -c '[.namespaces[].ns]' <<<"$out")" "[$net]"
	run nstree -l -Q 'NOSUCH == 1'
	is 'an unknown column' "$rc" 2
	like 'is named' "$err" 'NOSUCH: no such column'
	run nstree -l -Q 'TYPE =='
	is 'no expression' "$rc" 2
	fixture_close
}

run nstree -l -Q 'TYPE == "net"'
if [[ $err == *'has no filters'* ]]; then
	is 'no filters here: status' "$rc" 2
	like 'no filters here: said' "$err" 'which are in 2.40 and later'
else
	test_filters
fi
done_testing
