# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# bubblewrap; and a sandbox that nobody made, which is no container.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../engines/host.sh"
own_host hybrid bwrap
. "$(dirname "$0")/../engines/seen.sh"

test_bwrap() {
	bwrap --ro-bind "$rootfs" / --proc /proc --dev /dev --unshare-all --unshare-user \
		--info-fd 3 /bin/sleep 3600 3>"$tmp/bwrap" </dev/null 2>"$tmp/bwrap.log" &
	eventually jq -e '."child-pid"' "$tmp/bwrap" || {
		skip bwrap 'bwrap does not run here'
		return
	}
	pid=$(jq '."child-pid"' "$tmp/bwrap")
	look
	is 'bwrap: its engine' "$(jq -r --argjson pid "$pid" \
		'.containers[] | select(.init == $pid).engine' "$tmp/picture")" bwrap
	like 'bwrap: its line' "$("$NSTREE" 2>/dev/null)" "bwrap.* $pid/1 "
}

test_nobody() {
	local count
	look
	count=$(words | wc -w)
	unshare -m -u -i -n -p -f --mount-proc sleep 3600 &
	eventually pgrep -P $!
	look
	is 'a sandbox that nobody claims' "$(words | wc -w)" "$count"
}

test_bwrap
test_nobody
done_testing
