# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# firejail, which makes no sandbox where it does not see the kernel's own threads: among this
# host's processes, but with a /run of its own.
# shellcheck source-path=SCRIPTDIR disable=SC2154
if [ "${NSU_PRIVATE:-}" != yes ] && [ "$(id -u)" -eq 0 ]; then
	export NSU_PRIVATE=yes
	exec unshare -m bash "$0"
fi
if [ "${NSU_PRIVATE:-}" = yes ]; then
	mount -t tmpfs -o mode=755 tmpfs /run
fi
. "$(dirname "$0")/../engines/host.sh"
. "$(dirname "$0")/../engines/seen.sh"

[ "$(id -u)" -eq 0 ] || skip_all 'needs root'
command -v firejail >/dev/null || skip_all 'no firejail'
name=nsutil-$$
firejail --noprofile --quiet --net=none --name="$name" /bin/sleep 3600 \
	</dev/null >"$tmp/firejail.log" 2>&1 &
outside=$!
trap 'rc=$?; kill "$outside" 2>/dev/null; (exit "$rc"); cleanup' EXIT

test_names() {
	eventually test -s "/run/firejail/sandbox/$outside" || {
		skip firejail 'it does not start here'
		return
	}
	look
	is_told firejail "firejail:$name" engine=firejail "name=$name" claim=false \
		"init=$(tr -d '\n' <"/run/firejail/sandbox/$outside")"
	pid=$(told "firejail:$name" init)
	like 'its line' "$(line_of "firejail:$name")" "^firejail:$name .* $pid/1 "
	entered 'is entered' "firejail:$name" "$pid"
	kill "$outside"
	wait "$outside" 2>/dev/null
	look
	gone 'ended' "firejail:$name"
}

test_names
done_testing
